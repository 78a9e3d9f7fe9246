#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Which room may include which: every #include of src/, checked against the house's table."""
import os
import re
import sys

ROOT = os.environ.get("HABEAS_SOURCE", os.path.join(os.path.dirname(__file__), ".."))
BELOW = {
    "base": [],
    "image": ["base"],
    "finger": ["base", "image"],
    "iris": ["base", "image"],
    "face": ["base", "image"],
    "dna": ["base"],
    "law": ["base"],
    "ledger": ["base"],
    "vault": ["base"],
    "score": ["base"],
    "search": ["base", "image", "finger", "iris", "face", "dna"],
    "store": ["base", "vault"],
    # records hold templates, so exchange sees the shape of a finger template (its public header)
    "exchange": ["base", "image", "finger"],
    "synth": ["base", "image", "finger", "iris", "face", "dna"],
    "eval": ["base", "image", "finger", "iris", "face", "dna", "score", "search"],
}
BELOW["registry"] = [r for r in BELOW if r != "registry"]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)

count = failed = 0


def check(good, text):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}")


def room_of(name, room):
    m = re.match(r"habeas/(\w+)\.h$", name)
    if m:
        return m.group(1)
    if "/" in name:
        return name.split("/")[0] if name.split("/")[0] in BELOW else room
    return room


for room in sorted(os.listdir(os.path.join(ROOT, "src"))):
    folder = os.path.join(ROOT, "src", room)
    if not os.path.isdir(folder):
        continue
    check(room in BELOW, f"{room} is a room of the house")
    bad = []
    for at, _, files in os.walk(folder):
        for f in files:
            if not f.endswith((".c", ".h")):
                continue
            with open(os.path.join(at, f), encoding="utf-8") as h:
                for name in INCLUDE.findall(h.read()):
                    other = room_of(name, room)
                    if other != room and other not in BELOW.get(room, []):
                        bad.append(f"{f} includes {name}")
                    if other != room and not name.startswith("habeas/") and other != "base":
                        bad.append(f"{f} includes the private {name} of {other}")
    check(not bad, f"{room} includes only what lies below it" + "".join("\n#   " + b for b in bad))
for room in sorted(os.listdir(os.path.join(ROOT, "include", "habeas"))):
    name = room[:-2]
    if name == "habeas":
        continue
    bad = []
    with open(os.path.join(ROOT, "include", "habeas", room), encoding="utf-8") as h:
        for inc in INCLUDE.findall(h.read()):
            other = room_of(inc, name)
            if other != name and other not in BELOW.get(name, []):
                bad.append(inc)
    check(not bad, f"public header {room} includes only what lies below it" + " ".join(bad))
print(f"1..{count}")
sys.exit(1 if failed else 0)
