#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""habeas synth finger: names, repeatability, refusals, exit codes."""
import csv
import hashlib
import json
import os
import stat
import struct
import subprocess
import sys
import tempfile

HABEAS = os.environ["HABEAS"]
count = failed = 0


def check(good, text, note=""):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}")
    if not good and note:
        print("# " + str(note).replace("\n", "\n# "))


def run(*args):
    r = subprocess.run([HABEAS, "synth", "finger", *args], capture_output=True, text=True, timeout=300)
    return r.returncode, r.stdout, r.stderr


def digest(folder):
    return {f: hashlib.sha256(open(os.path.join(folder, f), "rb").read()).hexdigest()
            for f in sorted(os.listdir(folder))}


def is_refused(result, code, text):
    c, out, err = result
    check(c == code and not out and err.startswith("habeas: ") and err.count("\n") == 1, text, (c, out, err))


with tempfile.TemporaryDirectory() as top:
    a, b, c = (os.path.join(top, n) for n in "abc")
    args = ("--people", "2", "--fingers", "3", "--impressions", "2", "--preset", "capacitive-500", "--seed", "5",
            "--truth")
    code, out, err = run("--out", a, *args, "--threads", "1", "--json")
    check(code == 0 and not err, "prints are made", err)
    answer = json.loads(out)
    check(out.count("\n") == 1 and answer["pictures"] == 12 and answer["fingers"] == 6, "one object says so", out)
    check(sum(answer["classes"].values()) == 6 and answer["minutiae"] > 5, "with classes and minutiae", out)
    names = sorted(os.listdir(a))
    want = sorted(f"{p:04}-{f:02}_{k}.{e}" for p in (1, 2) for f in (1, 2, 3) for k in (1, 2) for e in ("png", "csv"))
    check(names == want, "names are PERSON-FINGER_IMPRESSION and sort", names)
    whole = True
    for n in names:
        with open(os.path.join(a, n), "rb") as h:
            data = h.read()
        if n.endswith(".png"):
            whole &= data[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", data[16:24]) == (300, 300)
        else:
            rows = list(csv.DictReader(data.decode().splitlines()))
            whole &= len(rows) > 2 and all(
                0 <= float(r["x"]) <= 300 and 0 <= float(r["y"]) <= 300 and 0 <= float(r["direction"]) < 360 and
                r["type"] in ("ending", "bifurcation") and 1 <= int(r["quality"]) <= 100 for r in rows)
    check(whole, "pictures have the preset's size and truth lies in them")
    code, out, err = run("--out", b, *args, "--threads", "3")
    check(code == 0 and "12 pictures of 6 fingers of 2 people" in out, "told to people", out + err)
    check(digest(a) == digest(b), "any number of threads writes the same bytes")
    before = digest(a)
    is_refused(run("--out", a, *args), 2, "files that exist are not written over")
    check(digest(a) == before, "and nothing has changed")
    with open(os.path.join(top, "0007-01_1.png"), "w") as h:
        h.write("mine")
    is_refused(run("--out", top, "--people", "9", "--fingers", "1"), 2, "one taken name refuses the whole run")
    check(sorted(os.listdir(top)) == ["0007-01_1.png", "a", "b"], "before anything is written")
    code, out, err = run("--out", c, "--people", "1", "--fingers", "1", "--first-person", "2", "--first-finger", "3",
                         "--first-impression", "2", "--preset", "capacitive-500", "--seed", "5")
    check(code == 0 and digest(c) == {"0002-03_2.png": before["0002-03_2.png"]},
          "a part of a population is that part", err)
    code, out, err = run("--out", c, "--people", "1", "--fingers", "1", "--seed", "6", "--difficulty", "2")
    check(code == 0 and digest(c)["0001-01_1.png"] != before["0001-01_1.png"], "another seed, another person", err)

    is_refused(run("--out", b, "--preset", "optical-5000"), 2, "an unknown preset")
    is_refused(run(), 2, "no folder")
    is_refused(run("--out", os.path.join(top, "0007-01_1.png")), 2, "a file for a folder")
    is_refused(run("--out", os.path.join(top, "x", "y")), 2, "a folder in no folder")
    is_refused(run("--out", b, "--people", "0"), 2, "no people")
    is_refused(run("--out", b, "--people", "-1"), 2, "fewer than none")
    is_refused(run("--out", b, "--fingers", "11"), 2, "eleven fingers")
    is_refused(run("--out", b, "--fingers", "10", "--first-finger", "2"), 2, "fingers beyond the tenth")
    is_refused(run("--out", b, "--difficulty", "nan"), 2, "no number")
    is_refused(run("--out", b, "extra"), 2, "an argument too many")
    code, out, err = run("--out", b, "--preset", "x", "--json")
    check(code == 2 and not err and json.loads(out)["error"]["code"] == 2, "a mistake is an object too", out + err)
    locked = os.path.join(top, "locked")
    os.mkdir(locked)
    os.chmod(locked, stat.S_IRUSR | stat.S_IXUSR)
    if os.geteuid() == 0:
        count += 1
        print(f"ok {count} # SKIP root may write anywhere")
    else:
        is_refused(run("--out", locked, "--people", "1", "--fingers", "1"), 6, "a folder that may not be written")
    code, out, err = run("--help")
    check(code == 0 and "example" in out and "capacitive-500" in out, "help")
print(f"1..{count}")
sys.exit(1 if failed else 0)
