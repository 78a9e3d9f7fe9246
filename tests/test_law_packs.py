#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Every shipped law pack: it reads, its cases hold, every rule is decisive in one, and no change of a rule, integer,
date or span goes unnoticed (habeas law test --mutants). TAP."""
import json
import os
import subprocess
import sys

HABEAS = os.environ["HABEAS"]
LAW = os.path.join(os.environ.get("HABEAS_SOURCE", os.path.join(os.path.dirname(__file__), "..")), "law")
SHIPPED = ["civil-registry", "humanitarian", "missing-persons", "us-benefits", "us-border-crossing", "us-dna-custody",
           "us-family-unit", "us-field-identification"]
count = failed = 0


def check(good, text, note=""):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}" + (f"\n# {note}" if not good and note else ""))


packs = sorted(f[:-4] for f in os.listdir(LAW) if f.endswith(".law"))
check(packs == SHIPPED, f"the packs are those that are promised: {' '.join(packs)}")
for pack in packs:
    done = subprocess.run([HABEAS, "law", "test", os.path.join(LAW, pack + ".law"), "--mutants", "--json"],
                          capture_output=True, text=True, check=False, timeout=600)
    answer = json.loads(done.stdout) if done.stdout.count("\n") == 1 else {}
    note = (done.stdout + done.stderr)[:1500]
    check(done.returncode == 0 and answer.get("failed") == [], f"{pack}: {answer.get('cases')} cases hold", note)
    check(answer.get("cases", 0) >= 10 and answer.get("not_decisive") == [], f"{pack}: each rule is decisive in one", note)
    mutants = answer.get("mutants", {})
    check(mutants.get("made", 0) > 0 and mutants.get("survived") == [],
          f"{pack}: each of {mutants.get('made')} changes is noticed", note)
print(f"1..{count}")
sys.exit(1 if failed else 0)
