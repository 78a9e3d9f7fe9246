#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""habeas gallery create, add, info and identify: good input, bad input of every kind, one JSON object
whatever happens, the documented exit codes, nothing changed on failure; fingers fused over people."""
import json
import os
import random
import shutil
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
    if not good and note != "":
        print("# " + str(note).replace("\n", "\n# "))


def run(*args):
    r = subprocess.run([HABEAS, *args], capture_output=True, text=True, timeout=300)
    return r.returncode, r.stdout, r.stderr


def answer(*args):
    """Exit code and the one object of --json."""
    code, out, err = run(*args, "--json")
    try:
        return code, json.loads(out)
    except ValueError:
        return code, {"error": {"code": -1, "what": out + err, "where": "", "do": ""}}


def refused(want, text, *args):
    """A bad call: its exit code, the same in the object with all its words, one line without --json."""
    code, o = answer(*args)
    e = o.get("error", {})
    plain, out, err = run(*args)
    good = code == plain == want and e.get("code") == want and all(e.get(k) for k in ("what", "do")) and "where" in e
    check(good and not out and err.count("\n") == 1, f"{text}: exit {want}, one line", f"{code} {plain} {o} {out} {err}")
    return e


def read(path):
    with open(path, "rb") as h:
        return h.read()


def write(path, data):
    with open(path, "wb") as h:
        h.write(data)
    return path


PEOPLE = 12


def basics(d, prints, probes):
    g = os.path.join(d, "g.hgal")
    code, o = answer("gallery", "create", g, prints)
    check(code == 0 and o["added"] == 2 * PEOPLE and o["passed_over"] == 0 and o["gallery"] == g and
          o["stamp"] == "evaluation", "create: a folder of pictures", o)
    whole = read(g)
    code, out, err = run("gallery", "info", g)
    check(code == 0 and f"{2 * PEOPLE} prints" in out and "every sum" not in out, "info: for people", out + err)
    code, o = answer("gallery", "info", g, "--verify")
    wanted = {"gallery", "stamp", "prints", "epoch", "cylinders", "file_bytes", "screen_bytes", "stage1_bytes",
              "template_bytes", "memory_bytes", "bytes_per_print", "verified"}
    check(code == 0 and wanted <= set(o) and o["prints"] == 2 * PEOPLE and o["epoch"] == 1 and o["verified"] is True and
          o["file_bytes"] == len(whole), "info --verify: every member", o)
    refused(2, "create over a file that is there", "gallery", "create", g, prints)
    check(read(g) == whole, "and it is as it was")
    one = os.path.join(prints, "0001-01_1.png")
    e = refused(2, "add: an id that is in the gallery already", "gallery", "add", g, one)
    check(e["where"].endswith("0001-01_1.png") and "already" in e["what"], "and says which", e)
    check(read(g) == whole, "nothing was added")
    other = os.path.join(d, "sub")
    os.mkdir(other)
    shutil.copy(one, os.path.join(other, "twice.png"))
    shutil.copy(one, os.path.join(d, "twice.png"))
    refused(2, "create: two files of one name", "gallery", "create", os.path.join(d, "two.hgal"),
            os.path.join(other, "twice.png"), os.path.join(d, "twice.png"))
    check(not os.path.exists(os.path.join(d, "two.hgal")), "and makes no file")
    code, o = answer("gallery", "add", g, os.path.join(other, "twice.png"))
    check(code == 0 and o["added"] == 1, "add: one picture", o)
    code, o = answer("gallery", "info", g, "--verify")
    check(code == 0 and o["prints"] == 2 * PEOPLE + 1 and o["epoch"] == 2, "a second commit", o)
    template = os.path.join(d, "t.hft")
    code, o = answer("finger", "extract", os.path.join(probes, "0002-01_2.png"), "-o", template, "--anyway")
    check(code == 0 and answer("gallery", "add", g, template)[0] == 0, "add: a template", o)
    c = os.path.join(d, "compact.hgal")
    code, o = answer("gallery", "create", c, prints, "--compact")
    check(code == 0 and answer("gallery", "info", c)[1]["bytes_per_print"] <
          answer("gallery", "info", g)[1]["bytes_per_print"], "create --compact: less a print", o)
    return g


def bad_input(d, prints, g):
    new, none = os.path.join(d, "new.hgal"), os.path.join(d, "none")
    junk = write(os.path.join(d, "junk.png"), b"not a picture at all")
    empty = os.path.join(d, "empty")
    os.mkdir(empty)
    one = os.path.join(prints, "0001-01_1.png")
    refused(2, "create: a broken picture", "gallery", "create", new, one, junk)
    refused(2, "create: no such file", "gallery", "create", new, none)
    refused(2, "create: an empty folder", "gallery", "create", new, empty)
    refused(2, "create: nothing named", "gallery", "create", new)
    refused(2, "create: an unknown option", "gallery", "create", new, one, "--what")
    refused(2, "create: a resolution out of range", "gallery", "create", new, one, "--ppi", "12")
    check(not os.path.exists(new), "none of these made a file")
    refused(6, "create: a folder that is not there", "gallery", "create", os.path.join(none, "new"), one)
    code, o = answer("gallery", "create", new, one, junk, "--keep-going")
    check(code == 0 and o["added"] == 1 and o["passed_over"] == 1, "create --keep-going passes over it", o)
    check("junk.png" in run("gallery", "create", new + "2", one, junk, "--keep-going")[2], "and names it on stderr")
    for args in (("info",), ("identify", one, "--gallery"), ("add",)):
        tail = (one,) if args[0] == "add" else ()
        refused(2, args[0] + ": not a gallery", "gallery", *args, junk, *tail)
        refused(2, args[0] + ": no such file", "gallery", *args, none, *tail)
        refused(2, args[0] + ": a folder", "gallery", *args, empty, *tail)
    refused(2, "info: no file named", "gallery", "info")
    refused(2, "identify: no gallery named", "gallery", "identify", one)
    refused(2, "identify: no probe", "gallery", "identify", "--gallery", g)
    e = refused(2, "identify: no such probe", "gallery", "identify", none, "--gallery", g)
    check(e["where"].endswith("none"), "and says which", e)
    refused(2, "identify: a probe that is no picture", "gallery", "identify", junk, "--gallery", g)
    refused(2, "identify --top 0", "gallery", "identify", one, "--gallery", g, "--top", "0")
    refused(2, "identify --top 101", "gallery", "identify", one, "--gallery", g, "--top", "101")
    refused(2, "identify --top x", "gallery", "identify", one, "--gallery", g, "--top", "x")
    refused(2, "identify --deadline -1", "gallery", "identify", one, "--gallery", g, "--deadline", "-1")
    refused(3, "identify: a looser threshold than the system's", "gallery", "identify", one, "--gallery", g,
            "--threshold", "0")
    refused(2, "identify --person-end of two characters", "gallery", "identify", one, "--gallery", g, "--fuse",
            "--person-end", "ab")
    refused(2, "identify --fuse of eleven fingers", "gallery", "identify", *[one] * 11, "--gallery", g, "--fuse")


def damage(d, g, probe):
    """Cut anywhere, or a byte changed anywhere: refused by open or by --verify, in one line."""
    whole, hurt = read(g), os.path.join(d, "hurt.hgal")
    rng = random.Random(11)
    for size in [0, 1, 4096, 8191, 8192, len(whole) // 2, len(whole) - 1] + [rng.randrange(len(whole)) for _ in range(5)]:
        write(hurt, whole[:size])
        a, b = answer("gallery", "info", hurt), answer("gallery", "identify", probe, "--gallery", hurt)
        # a file cut behind its first commit may serve as it was then; it never serves as whole
        older = a[0] == 0 and a[1]["epoch"] < 3 and b[0] in (0, 1)
        check(older or (a[0] in (2, 4) and b[0] == a[0] and a[1]["error"]["do"]), f"cut to {size} of {len(whole)} bytes",
              (a, b))
    passed = []
    for i in range(60):
        at = rng.randrange(len(whole)) if i % 2 else rng.randrange(8192)
        data = bytearray(whole)
        data[at] ^= 1 << rng.randrange(8)
        write(hurt, data)
        code, o = answer("gallery", "info", hurt, "--verify")
        if code not in (2, 4) or o["error"]["code"] != code:
            passed.append((at, code))
    check(not passed, "60 files with a changed bit: --verify passes none", passed)
    data = bytearray(whole)
    data[16:26] = b"production"
    write(hurt, data)
    check(answer("gallery", "info", hurt, "--verify")[0] in (2, 4), "another stamp is no evaluation gallery")


def searching(d, prints, probes, g):
    probe = os.path.join(prints, "0003-02_1.png")
    code, o = answer("gallery", "identify", probe, "--gallery", g)
    wanted = {"class", "probe", "gallery", "searched", "total", "complete", "exhaustive", "expected_false", "threshold",
              "kernel", "epoch", "screened", "compared", "seconds", "candidates"}
    total = 2 * PEOPLE + 2
    check(code == 0 and wanted <= set(o) and o["class"] == "lead" and o["searched"] == o["total"] == total and
          o["complete"] is True and len(o["seconds"]) == 3 and o["threshold"]["set_by"] == "system",
          "identify: every member of the contract", o)
    c = o["candidates"]
    check(c and c[0]["ref"] == "0003-02_1" and {"ref", "llr", "score", "fmr", "number"} <= set(c[0]) and
          all(a["score"] >= b["score"] for a, b in zip(c, c[1:])), "the print itself is first, best first", c)
    code, out, err = run("gallery", "identify", probe, "--gallery", g)
    check(code == 0 and "0003-02_1" in out and "leads, not verdicts" in out and not err, "and for people", out + err)
    same = []
    for extra in (("--threads", "1"), ("--threads", "3"), ("--exhaustive",), ("--quick",), ("--quick", "--exhaustive")):
        code, p = answer("gallery", "identify", probe, "--gallery", g, *extra)
        same.append(code == 0 and p["candidates"] == o["candidates"] and
                    p["exhaustive"] is (extra != ("--quick",)))
    check(all(same) and o["exhaustive"] is True, "threads and --quick change no candidate here; exhaustive is the default", same)
    code, p = answer("gallery", "identify", probe, "--gallery", g, "--threshold", "2.0")
    check(code == 0 and p["threshold"]["set_by"] == "caller" and p["threshold"]["score"] >= o["threshold"]["score"],
          "a stricter threshold is the caller's", p["threshold"])
    code, p = answer("gallery", "identify", probe, "--gallery", g, "--top", "1")
    check(code == 0 and len(p["candidates"]) == 1, "--top 1", p)
    stranger = os.path.join(d, "stranger", "0099-01_1.png")
    code, p = answer("gallery", "identify", stranger, "--gallery", g)
    check(code == 1 and p["candidates"] == [] and "error" not in p, "a stranger: no candidate, exit 1", p)
    check("no candidate" in run("gallery", "identify", stranger, "--gallery", g)[1], "and for people")
    code, p = answer("gallery", "identify", probe, stranger, "--gallery", g)
    check(code == 0 and [len(s["candidates"]) > 0 for s in p["searches"]] == [True, False] and
          p["searches"][0]["candidates"] == o["candidates"], "two probes: an answer each", p)
    code, p = answer("gallery", "identify", probe, "--gallery", g, "--deadline", "0.0000001")
    check(code == 7 and p["complete"] is False and p["searched"] < total, "a deadline that passes: exit 7", p)


def people(d, prints, probes):
    """Hard impressions of two fingers of each person: together they find more people than one by one, and
    the second finger puts right what one alone got wrong."""
    g = os.path.join(d, "people.hgal")
    answer("gallery", "create", g, prints)
    single = fused = 0
    shape = ordered = kept = True
    for n in range(1, PEOPLE + 1):
        pair = [os.path.join(probes, f"{n:04}-{f:02}_2.png") for f in (1, 2)]
        code, o = answer("gallery", "identify", *pair, "--gallery", g, "--fuse", "--anyway")
        c = o.get("candidates", [])
        for s in o.get("searches", []):
            single += bool(s["candidates"]) and s["candidates"][0]["ref"].startswith(f"{n:04}-")
            # whom a single finger names is a candidate of both
            kept &= {x["ref"].split("-")[0] for x in s["candidates"]} <= {x["ref"] for x in c}
        fused += bool(c) and c[0]["ref"] == f"{n:04}"
        shape &= ({"class", "gallery", "searched", "total", "complete", "expected_false", "threshold", "candidates",
                   "searches", "fused", "people"} <= set(o) and o["class"] == "lead" and len(o["searches"]) == 2 and
                  o["people"] == PEOPLE and o["fused"] == {"probes": 2, "rho": 0.5, "rho_is": "assumed"} and
                  code == (0 if c else 1) and
                  all(len(x["fingers"]) == 2 and x["prints"] == 2 for x in c))
        ordered &= all(a["llr"] >= b["llr"] for a, b in zip(c, c[1:]))
    print(f"# first: {single} of {2 * PEOPLE} fingers alone, {fused} of {PEOPLE} people by two fingers")
    check(fused * 2 > single + 2, "two fingers of a person beat one", f"{fused} of {PEOPLE}, {single} of {2 * PEOPLE}")
    check(shape, "the fused answer has the members of a single one", o)
    check(ordered and kept, "best first, and no single finger's lead is lost")
    one = os.path.join(prints, "0002-01_1.png")
    code, o = answer("gallery", "identify", one, one, "--gallery", g, "--fuse")
    c = o["candidates"][0]
    refs = [f["ref"] for f in c["fingers"]]
    check(code == 0 and c["ref"] == "0002" and len(set(refs)) == 2,
          "one finger given twice counts once: a gallery finger speaks for one probe", c)
    code, p = answer("gallery", "identify", one, "--gallery", g, "--fuse")
    check(code == 0 and c["llr"] <= p["candidates"][0]["llr"] + 0.01, "and proves no more than once", (c, p))
    code, o = answer("gallery", "identify", one, "--gallery", g, "--fuse", "--person-end", "_")
    check(code == 0 and o["people"] == 2 * PEOPLE and o["candidates"][0]["ref"] == "0002-01",
          "--person-end says where a person's name ends", o)
    code, out, err = run("gallery", "identify", one, os.path.join(prints, "0002-02_1.png"), "--gallery", g, "--fuse")
    check(code == 0 and "2 fingers together" in out and "0002" in out and "leads, not verdicts" in out, "for people", out)


with tempfile.TemporaryDirectory() as d:
    prints, probes = os.path.join(d, "prints"), os.path.join(d, "probes")
    made = [run("synth", "finger", "--out", prints, "--people", str(PEOPLE), "--fingers", "2", "--seed", "7"),
            run("synth", "finger", "--out", probes, "--people", str(PEOPLE), "--fingers", "2", "--seed", "7",
                "--first-impression", "2", "--difficulty", "2.6"),
            run("synth", "finger", "--out", os.path.join(d, "stranger"), "--people", "1", "--first-person", "99",
                "--fingers", "1", "--seed", "7")]
    check(all(m[0] == 0 for m in made), "synthetic people", made)
    gallery = basics(d, prints, probes)
    bad_input(d, prints, gallery)
    searching(d, prints, probes, gallery)
    damage(d, gallery, os.path.join(prints, "0001-01_1.png"))
    people(d, prints, probes)

print(f"1..{count}")
sys.exit(1 if failed else 0)
