#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""habeas eval ...: answers, exit codes, --json. TAP."""
import json
import math
import os
import subprocess
import sys
import tempfile

HABEAS = os.environ["HABEAS"]
count = failed = 0


def check(good, text, note=""):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}" + (f"\n# {note}" if not good and note else ""))


def run(*args, stdin=b""):
    r = subprocess.run([HABEAS, *args], input=stdin, capture_output=True, timeout=900)
    return r.returncode, r.stdout.decode(), r.stderr.decode()


def answer(*args, stdin=b""):
    code, out, _ = run(*args, "--json", stdin=stdin)
    return code, json.loads(out) if out.count("\n") == 1 else None


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(text)
    return path


GOOD = (b"# four genuine, four impostor\n"
        b"G 1_1 1_2 4\nG 2_1 2_2 3\nG 3_1 3_2 2\nG 4_1 4_2 1\n"
        b"I 1_1 2_1 3\nI 1_1 3_1 2\nI 2_1 3_1 1\nI 3_1 4_1 0\n")

with tempfile.TemporaryDirectory() as d:
    good = write(d, "good.txt", GOOD)
    code, o = answer("eval", "scores", good)
    check(code == 0 and o is not None, "scores: one JSON object, exit 0")
    check(all(k in o for k in ("genuine", "impostor", "eer", "fnmr_fmr100", "fnmr_fmr1000",
                               "fnmr_zero_fmr", "ci95", "failed", "extract_ms", "compares_per_s")),
          "it has the contract's members")
    check(o["genuine"] == 4 and o["impostor"] == 4, "pairs are counted")
    check(abs(o["eer"] - 0.375) < 1e-9 and o["fnmr_zero_fmr"] == 0.75, "hand-computed rates", str(o))
    check(set(o["ci95"]) == {"eer", "fnmr_fmr100", "fnmr_fmr1000", "fnmr_zero_fmr"} and
          all(lo <= hi for lo, hi in o["ci95"].values()), "intervals of all four rates")
    check(answer("eval", "scores", good, "--threads", "1")[1] == answer("eval", "scores", good, "--threads", "3")[1],
          "the same for one and three threads")
    code, o = answer("eval", "scores", "-", stdin=GOOD)
    check(code == 0 and o["genuine"] == 4, "standard input")
    code, o = answer("eval", "scores", good, "--resamples", "0")
    check(code == 0 and o["ci95"] == {} and o["resamples"] == 0, "no resamples, no intervals")
    code, out, err = run("eval", "scores", good)
    check(code == 0 and "EER" in out and "37.50 %" in out and not err, "a table for people", out)
    svg = os.path.join(d, "det.svg")
    code, out, _ = run("eval", "scores", good, "--svg", svg)
    with open(svg, encoding="utf-8") as f:
        text = f.read()
    check(code == 0 and text.startswith("<svg") and text.endswith("</svg>\n") and "37.50 %" in text,
          "a DET plot")
    import xml.dom.minidom
    check(xml.dom.minidom.parseString(text).documentElement.tagName == "svg", "which is well-formed XML")
    code, o = answer("eval", "scores", good, "--svg", os.path.join(d, "no", "det.svg"))
    check(code == 6 and o["error"]["code"] == 6, "a plot that cannot be written: 6")

    bad = [
        ("nan", b"G a_1 a_2 nan\n", ":1"), ("inf", b"G a_1 a_2 1\nI a_1 b_1 -inf\n", ":2"),
        ("too few fields", b"#\n#\nG a_1 1\n", ":3"), ("another file", b"\x89PNG\r\n\x1a\n\0\0", ":1"),
        ("label", b"M a_1 a_2 1\n", ":1"),
    ]
    for name, content, where in bad:
        path = write(d, "bad.txt", content)
        code, out, err = run("eval", "scores", path)
        check(code == 2 and not out and err.count("\n") == 1 and path + where in err,
              f"{name}: one line with file and line number, exit 2", err)
        code, o = answer("eval", "scores", path)
        check(code == 2 and o is not None and set(o["error"]) == {"code", "what", "where", "do"} and
              "eer" not in o, f"{name}: --json is one object with the error")
    for name, content in (("empty", b""), ("only genuine", b"G a_1 a_2 1\n"), ("only impostors", b"I a_1 b_2 1\n")):
        path = write(d, "bad.txt", content)
        code, out, err = run("eval", "scores", path)
        check(code == 2 and not out and err.count("\n") == 1 and path in err, f"{name}: one line, exit 2", err)
    code, o = answer("eval", "scores", os.path.join(d, "none.txt"))
    check(code == 2 and o["error"]["where"].endswith("none.txt"), "no such file: exit 2")
    code, o = answer("eval", "scores", d)
    check(code == 2, "a folder: exit 2")
    code, o = answer("eval", "scores")
    check(code == 2 and o["error"]["code"] == 2, "no file named: exit 2")
    code, o = answer("eval", "scores", good, "--resamples", "-3")
    check(code == 2, "a bad number of resamples: exit 2")
    path = write(d, "odd.txt", GOOD + b"G 1_1 4_2 9\n")
    code, out, err = run("eval", "scores", path)
    check(code == 0 and "contradict" in err, "a label against the names is warned of")
    code, out, err = run("eval", "scores", "--help")
    check(code == 0 and "example" in out, "--help has an example")

with tempfile.TemporaryDirectory() as d:
    # Two sets: genuine 20..59, impostor 0..39 in steps, some overlap.
    files = []
    for k in range(2):
        lines = [f"G {f}_1 {f}_{i + 2} {20 + (f * 7 + i * 5 + k) % 40}" for f in range(10) for i in range(4)]
        lines += [f"I {f}_1 {g}_1 {(f * 3 + g * 11 + k) % 30}" for f in range(10) for g in range(f)]
        files.append(write(d, f"s{k}.txt", "\n".join(lines).encode() + b"\n"))
    for method in ("isotonic", "logistic"):
        table = os.path.join(d, method)
        code, o = answer("eval", "calibrate", *files, "--method", method, "--name", "t-1", "-o", table)
        check(code == 0 and o["genuine"] == 80 and o["impostor"] == 90, f"calibrate {method}: a table", str(o))
        check(0 <= o["cllr_min"] <= o["cllr"] + 1e-9 and o["cllr_left_out"] < 1, "it says something, also left out", str(o))
        check(o["llr_bounds"][1] <= 1.9591 and o["fmr_least"] >= 1 / 91 - 1e-9, "and no more than 90 impostors support")
        with open(table, encoding="ascii") as f:
            text = f.read()
        check(text.startswith("habeas-score 1\nname t-1\n") and text.endswith("\nend\n"), "the table's file")
    code, o = answer("eval", "calibrate", files[0], "--units", "fingers")
    check(code == 0 and o["units"] == [10, 45] and o["cllr_left_out"] is None, "units are fingers; one file is not left out")
    c = os.path.join(d, "t.c")
    code, out, err = run("eval", "calibrate", *files, "--c", c, "--symbol", "hbs_t")
    with open(c, encoding="ascii") as f:
        text = f.read()
    check(code == 0 and "const struct hbs_score_table hbs_t = {" in text and "Cllr" in out, "the table as C")
    for args in (("--method", "magic"), ("--units", "people"), ("--c", c), ("--name", "a b")):
        code, o = answer("eval", "calibrate", files[0], *args)
        check(code == 2 and o["error"]["code"] == 2, " ".join(args).replace(d, "") + ": exit 2")
    code, out, err = run("eval", "calibrate", files[0], os.path.join(d, "none"))
    check(code == 2 and not out and err.count("\n") == 1, "a missing file among them: exit 2")
    code, o = answer("eval", "calibrate", files[0], "-o", os.path.join(d, "no", "table"))
    check(code == 6 and o["error"]["code"] == 6, "a table that cannot be written: 6")

def pgm(seed):
    """Waves whose direction and period follow the seed: a picture any extractor takes."""
    w, h, dx, dy = 180, 200, 0.5 + seed % 3 * 0.2, 0.4 + seed % 5 * 0.1
    px = bytes(128 + int(100 * math.sin(x * dx + y * dy + math.sin(y / 17 + seed))) for y in range(h) for x in range(w))
    return b"P5\n%d %d\n255\n" % (w, h) + px


with tempfile.TemporaryDirectory() as d:
    code, out, err = run("eval", "finger", "--fvc", d)
    check(code == 2 and not out and err.count("\n") == 1 and d in err, "a folder without pictures: one line, exit 2", err)
    code, o = answer("eval", "finger", "--fvc", os.path.join(d, "none"))
    check(code == 2 and o["error"]["where"].endswith("none"), "no such folder: exit 2")
    code, o = answer("eval", "finger")
    check(code == 2 and o["error"]["where"] == "--fvc", "no folder named: exit 2")
    for f in range(3):
        for i in range(2):
            write(d, f"{f}_{i + 1}.pgm", pgm(5 * f + i))
    write(d, "0_1.txt", b"not a picture")
    write(d, "2_3.png", b"\x89PNG\r\n\x1a\n broken")
    scores, again = os.path.join(d, "scores"), os.path.join(d, "again")
    code, o = answer("eval", "finger", "--fvc", d, "--protocol", "full", "--scores", scores, "--threads", "1")
    check(code == 0 and o["genuine"] == 5 and o["impostor"] == 16 and o["failed"] == 1 and o["passed_over"] == 1,
          "finger: pairs, failures and files passed over are counted", str(o))
    check(o["extract_ms"] > 0 and o["compares_per_s"] > 0 and o["genuine_compares_per_s"] > 0 and
          o["impostor_compares_per_s"] > 0 and o["kernel"], "finger: speeds are told")
    code, p = answer("eval", "scores", scores)
    check(code == 0 and all(p[k] == o[k] for k in ("eer", "fnmr_fmr100", "fnmr_zero_fmr", "ci95", "genuine")),
          "finger: its scores give the same rates to 'eval scores'")
    code, out, err = run("eval", "finger", "--fvc", d, "--protocol", "full", "--scores", again, "--threads", "3",
                         "--no-timing")
    with open(scores, "rb") as a, open(again, "rb") as b:
        check(code == 0 and a.read() == b.read(), "finger: the same scores with three threads")
    check("2_3.png" in err and "EER" in out and "1 failed" in out, "finger: a failed picture is named, the table tells it")
    code, o = answer("eval", "finger", "--fvc", d, "--no-timing")
    check(code == 0 and o["impostor"] == 3 and o["protocol"] == "fvc" and o["compares_per_s"] is None,
          "finger: protocol fvc is the default")
    for args in (("--protocol", "all"), ("--ppi", "12"), ("--threads", "x")):
        code, o = answer("eval", "finger", "--fvc", d, *args)
        check(code == 2 and o["error"]["code"] == 2, " ".join(args) + ": exit 2")

data = os.path.join(os.environ.get("HABEAS_DATA", ""), "finger", "fvc2002_db1b")
if os.path.isdir(data):
    code, o = answer("eval", "finger", "--fvc", data, "--no-timing")
    check(code == 0 and (o["genuine"], o["impostor"], o["failed"]) == (280, 45, 0),
          "a published set: 280 and 45 pairs, none failed", str(o))
else:
    count += 1
    print(f"ok {count} # SKIP no published sets here")

print(f"1..{count}")
sys.exit(1 if failed else 0)
