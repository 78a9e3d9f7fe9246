#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""scripts/fuzz.py BUILD SECONDS [NAME...]: fuzz each target for SECONDS of processor time.

BUILD is a build directory made with -Dfuzz=true (docs/fuzz.md). Seconds are the target's own
processor time, not the wall's, so that a busy machine does not pass for a long run. What is found
lies in BUILD/found/NAME/; inputs that reached something new stay in BUILD/inputs/NAME/ and are used
again by the next run. One line a target on stdout: ok or not ok, name, seconds, runs.
Exit: 0 nothing found, 1 something found, 2 usage.
"""
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

CHUNK = 120  # seconds of wall time a start; the processor time is looked at between starts


def children_cpu() -> float:
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def fuzz(build: Path, name: str, seconds: float) -> bool:
    program = build / "fuzz" / f"fuzz_{name}"
    corpus = Path("fuzz/corpus") / name
    work, found = build / "inputs" / name, build / "found" / name
    work.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    used, runs, good = 0.0, 0, True
    while good and used < seconds:
        before = children_cpu()
        chunk = max(1, min(CHUNK, int(seconds - used + 1)))
        done = subprocess.run(
            [str(program), f"-max_total_time={chunk}", "-timeout=20", "-rss_limit_mb=2048", "-detect_leaks=0",
             "-print_final_stats=1", f"-artifact_prefix={found}/", str(work), str(corpus)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        used += children_cpu() - before
        said = re.search(r"stat::number_of_executed_units: *(\d+)", done.stderr)
        runs += int(said.group(1)) if said else 0
        good = done.returncode == 0
    print(f"{'ok' if good else 'not ok'} - fuzz {name} {used:.0f} s, {runs} runs", flush=True)
    if not good:
        sys.stderr.write(done.stderr[-6000:])
        print(f"what broke it: {found}/", file=sys.stderr)
    return good


def main() -> int:
    if len(sys.argv) < 3 or not sys.argv[2].isdigit():
        print(__doc__, file=sys.stderr)
        return 2
    os.chdir(Path(__file__).resolve().parent.parent)
    build = Path(sys.argv[1])
    names = sys.argv[3:] or sorted(p.name[5:] for p in (build / "fuzz").glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK) and "." not in p.name)
    if not names:
        print(f"{build}/fuzz: no targets; build with -Dfuzz=true (docs/fuzz.md)", file=sys.stderr)
        return 2
    return 0 if all([fuzz(build, name, float(sys.argv[2])) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
