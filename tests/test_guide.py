#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Runs what the guide shows: the blocks marked sh of each page of docs/guide, in order, in an empty folder of
the page's own. A page that shows a command which fails, fails."""
import os
import re
import subprocess
import sys
import tempfile

HABEAS, SOURCE = os.environ["HABEAS"], os.environ["HABEAS_SOURCE"]
GUIDE = os.path.join(SOURCE, "docs", "guide")
env = {**os.environ, "PATH": os.path.dirname(HABEAS) + os.pathsep + os.environ["PATH"]}
count = failed = blocks = 0
for page in sorted(os.listdir(GUIDE)):
    if not page.endswith(".md"):
        continue
    with open(os.path.join(GUIDE, page), encoding="utf-8") as h:
        shown = re.findall(r"^```sh\n(.*?)^```$", h.read(), re.M | re.S)
    if not shown:
        continue
    if page == "law-proofs.md" and os.environ.get("HABEAS_PROOFS") == "0":
        count += 1
        print(f"ok {count} # SKIP this build has no prover, so {page} shows what it cannot do")
        continue
    with tempfile.TemporaryDirectory() as top:
        for i, block in enumerate(shown, 1):
            r = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=top, env=env, stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, timeout=600)
            count += 1
            good = r.returncode == 0 and not re.search(r"^habeas: (?!warning)", r.stderr, re.M)
            failed += not good
            print(("" if good else "not ") + f"ok {count} - {page}, block {i}")
            if not good:
                print("# " + f"exit {r.returncode}\n{block}{r.stdout}{r.stderr}".replace("\n", "\n# "))
if not count:
    print("ok 1 # SKIP the guide shows nothing to run")
    count = 1
print(f"1..{count}")
sys.exit(1 if failed else 0)
