#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""examples/enrol_and_search on synthetic prints: the finger that was pressed again comes first."""
import os
import subprocess
import sys
import tempfile

HABEAS, EXAMPLE = os.environ["HABEAS"], os.environ["HABEAS_EXAMPLE"]
count = failed = 0


def check(good, text, note=""):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}")
    if not good and note:
        print("# " + str(note).replace("\n", "\n# "))


def run(*args):
    r = subprocess.run([EXAMPLE, *args], capture_output=True, text=True, timeout=300)
    return r.returncode, r.stdout, r.stderr


with tempfile.TemporaryDirectory() as top:
    prints = os.path.join(top, "prints")
    r = subprocess.run([HABEAS, "synth", "finger", "--out", prints, "--people", "4", "--fingers", "1", "--impressions",
                        "2", "--difficulty", "0.5", "--seed", "3"], capture_output=True, text=True, timeout=600)
    check(r.returncode == 0, "four people's prints are made", r.stderr)
    enrolled = [os.path.join(prints, f"{p:04}-01_1.png") for p in range(1, 5)]
    for person in (1, 3):
        probe = os.path.join(prints, f"{person:04}-01_2.png")
        gallery = os.path.join(top, f"gallery{person}")
        code, out, err = run(gallery, probe, *enrolled)
        lines = out.splitlines()
        check(code == 0 and not err and lines[0] == "4 of 4 prints searched" and len(lines) == 5,
              "all are searched and listed", (code, out, err))
        check(len(lines) > 1 and lines[1].endswith(f" {person:04}-01_1.png"), f"person {person} comes first", out)
        code, out, err = run(gallery, probe, *enrolled)
        check(code == 2 and err.count("\n") == 1 and not out, "a gallery is not written over", (code, out, err))
    bad, gallery = os.path.join(top, "bad.png"), os.path.join(top, "none")
    with open(bad, "wb") as h:
        h.write(b"\x89PNG\r\n\x1a\n and no more")
    code, out, err = run(gallery, enrolled[0], enrolled[1], bad)
    check(code == 2 and err.count("\n") == 1 and bad in err and not out and not os.path.exists(gallery),
          "a broken picture: one line, nothing written", (code, out, err))
    code, out, err = run(gallery, bad, enrolled[1])
    check(code == 2 and err.count("\n") == 1 and bad in err and not out, "a broken probe is told once", (code, out, err))
    code, out, err = run(gallery, enrolled[0])
    check(code == 2 and err.startswith("usage"), "usage", (code, out, err))
print(f"1..{count}")
sys.exit(1 if failed else 0)
