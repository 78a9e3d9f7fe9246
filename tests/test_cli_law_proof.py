#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""habeas law prove, lint, diff: answers, exit codes, counterexamples that law check takes as they are; in a
build without a prover, that it says so."""
import json
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
    print(("" if good else "not ") + f"ok {count} - {text}")
    if not good and note:
        print("# " + str(note).replace("\n", "\n# "))


def run(*args, stdin=None):
    r = subprocess.run([HABEAS, "law", *args], capture_output=True, text=True, timeout=300, input=stdin)
    return r.returncode, r.stdout, r.stderr


def answer(*args, stdin=None):
    code, out, err = run(*args, "--json", stdin=stdin)
    if out.count("\n") != 1 or err:
        check(False, "one JSON object", (out, err))
    return code, json.loads(out)


def confirmed(pack, example, code):
    """law check on the example as it stands."""
    c, ruling = answer("check", "--law", pack, "--on", example["on"], "--facts", "-", stdin=json.dumps(example["facts"]))
    return c == code and ruling["ruling"] == ("allow" if code == 0 else "refuse")


RULE = """rule {id} {effect} "words"
  cites "c"
  status final
  in force from {since}
  acts {acts}
  modalities dna
  purposes custody
  when {when}
{more}
"""


def pack(*rules, name="p"):
    text = f'pack {name} version "1"\n'
    for r in rules:
        text += RULE.format(**{"id": "a", "effect": "permit", "since": "2020-01-10", "acts": "collect", "when": "true",
                               "more": "  keeps for 1 year", **r})
    return text


with tempfile.TemporaryDirectory() as top:
    def write(name, text):
        path = os.path.join(top, name)
        with open(path, "w", encoding="utf-8") as h:
            h.write(text)
        return path

    adults = write("adults.law", pack({"when": "subject.age >= 14"}))
    code, out, err = run("prove", "--law", adults, "never(subject.age < 14)")
    if code == 7 and "no prover" in err:
        check(err.count("\n") == 1 and not out, "a build without a prover says so in a line", err)
        code, a = answer("prove", "--law", adults, "never(true)")
        check(code == 7 and a["proved"] is None and a["error"]["code"] == 7, "and in JSON", a)
        for args in (("lint", "--law", adults), ("diff", adults, adults)):
            code, a = answer(*args)
            check(code == 7 and a["error"]["code"] == 7, f"law {args[0]} too", a)
        print(f"1..{count}")
        sys.exit(1 if failed else 0)

    check(code == 0 and out.startswith("proved for all facts and all dates") and not err, "a claim is proved", (code, out, err))
    code, a = answer("prove", "--law", adults, "never(subject.age < 14)")
    check(code == 0 and a["proved"] is True and "counterexample" not in a, "and in JSON", a)
    code, a = answer("prove", "--law", adults, "always(subject.age > 14)")
    want = {"act": "collect", "modality": "dna", "purpose": "custody", "actor": {"id": "x", "role": "x"}, "subject": {"age": 14},
            "assessment": {"id": "x", "until": "2020-01-10"}}
    check(code == 1 and a["proved"] is False and a["counterexample"] == {"on": "2020-01-10", "facts": want} and a["rules"] == ["a"],
          "a claim is refuted by the smallest act", a)
    check(confirmed(adults, a["counterexample"], 0), "which law check allows as it stands")
    code, out, err = run("prove", "--law", adults, "always(subject.age > 14)")
    check(code == 1 and "refuted" in out and "subject.age 14" in out and "on 2020-01-10" in out and not err, "and in words", out)
    check(run("prove", "--law", adults, "always(subject.age > 14)")[1] == out, "twice the same")
    code, a = answer("prove", "--law", adults, "never(subject.age < 14)", "--seconds", "0.001")
    check(code in (0, 7) and a["proved"] in (True, None), "a short deadline proves or cannot say", a)
    for args, where in ((("prove", "--law", adults, "never(subjct.age < 14)"), "subject.age"),
                        (("prove", "--law", adults, "maybe(true)"), "never"),
                        (("prove", "--law", adults), "usage"), (("prove", "never(true)"), "--law"),
                        (("prove", "--law", adults, "never(true)", "--seconds", "0"), "--seconds"),
                        (("prove", "--law", os.path.join(top, "none.law"), "never(true)"), "none.law"),
                        (("lint",), "--law"), (("diff", adults), "usage")):
        code, out, err = run(*args)
        check(code == 2 and not out and err.count("\n") == 1 and where in err, f"a mistake is told in a line: {' '.join(args[:1])}", (code, out, err))
        code, a = answer(*args)
        check(code == 2 and a["error"]["code"] == 2 and "proved" not in a, "and in JSON", a)

    # ---- lint ----
    code, a = answer("lint", "--law", adults)
    check(code == 0 and a["findings"] == [] and a["complete"] is True and a["errors"] == 0, "nothing is found", a)
    odd = write("odd.law", pack({"id": "wide"}, {"id": "narrow", "when": "subject.age > 20"},
                                {"id": "none", "when": "subject.age < 0"},
                                {"id": "gone", "acts": "share"}, {"id": "no", "effect": "forbid", "acts": "share", "more": ""}))
    code, a = answer("lint", "--law", odd)
    found = {f["rule"]: f for f in a["findings"]}
    check(code == 1 and a["errors"] == 2 and sorted(found) == ["gone", "narrow", "none"], "errors make exit 1", a)
    check(found["none"]["fault"] == "unreachable" and found["none"]["severity"] == "error" and found["none"]["example"] is None and
          found["narrow"]["fault"] == "shadowed" and found["narrow"]["other"] == "wide" and
          found["gone"]["fault"] == "contradictory" and found["gone"]["other"] == "no", "each with its name", a)
    check(confirmed(odd, found["narrow"]["example"], 0) and confirmed(odd, found["gone"]["example"], 3), "and an example", a)
    with open(odd, encoding="utf-8") as h:
        lines = h.read().splitlines()
    check(all(lines[f["line"] - 1][f["column"] - 1:].startswith(f["rule"]) and f["file"] == odd for f in a["findings"]),
          "at its place", a)
    code, out, err = run("lint", "--law", odd)
    check(code == 1 and f"{odd}:{found['none']['line']}:6: error: rule none is unreachable" in out and not err, "and in words", out)
    code, out, err = run("lint", "--law", write("forever.law", pack({"more": "  keeps for ever"})))
    check(code == 2 and "forever.law:" in err, "retention without end cannot be written", err)

    # ---- diff ----
    code, a = answer("diff", adults, adults)
    check(code == 0 and a["equal"] is True and a["changes"] == [] and not a["obligations"]["differs"] and not a["end"]["differs"] and
          not a["threshold"]["differs"], "a pack equals itself", a)
    code, out, err = run("diff", adults, adults)
    check(code == 0 and out == "equal in every ruling, with the same obligations, ends and thresholds\n" and not err, "in words", out)
    moved = write("moved.law", pack({"when": "subject.age >= 15 || place.city == 'a'", "since": "2020-02-01"}, name="q"))
    code, a = answer("diff", adults, moved)
    check(code == 1 and a["equal"] is False and [(c["act"], c["modality"], c["purpose"], c["becomes"]) for c in a["changes"]] ==
          [("collect", "dna", "custody", "both")], "what changes both ways", a)
    c = a["changes"][0]
    check(c["refused"]["on"] == "2020-01-10" and c["refused"]["facts"]["subject"]["age"] == 14 and c["refused"]["before"] == ["a"] and
          c["refused"]["after"] == [], "refused from an earlier date", c)
    check(confirmed(adults, c["refused"], 0) and confirmed(moved, c["refused"], 3) and confirmed(adults, c["allowed"], 3) and
          confirmed(moved, c["allowed"], 0), "law check agrees about both", c)
    code, out, err = run("diff", adults, moved)
    check(code == 1 and "becomes allowed" in out and "becomes refused" in out and not err, "in words", out)
    other = write("other.law", pack({"when": "subject.age >= 14", "more": "  obliges notice\n  keeps for 12 months"}))
    code, a = answer("diff", adults, other)
    check(code == 0 and a["equal"] is True and a["obligations"]["differs"] and not a["end"]["differs"] and
          confirmed(other, a["obligations"]["example"], 0), "rulings alike, obligations not", a)
print(f"1..{count}")
sys.exit(1 if failed else 0)
