#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""habeas finger extract, compare, quality and show: good input of every kind, bad input of every kind,
one JSON object whatever happens, the documented exit codes, nothing written on failure."""
import json
import math
import os
import random
import stat
import struct
import subprocess
import sys
import tempfile
import zlib

HABEAS = os.environ["HABEAS"]
DATA = os.environ.get("HABEAS_DATA", "")
count = failed = 0


def check(good, text, note=""):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {text}")
    if not good and note:
        print("# " + str(note).replace("\n", "\n# "))


def skip(why):
    global count
    count += 1
    print(f"ok {count} # SKIP {why}")


def run(*args):
    r = subprocess.run([HABEAS, *args], capture_output=True, text=True, timeout=300)
    return r.returncode, r.stdout, r.stderr


def write(path, data):
    with open(path, "wb") as h:
        h.write(data)
    return path


def read(path):
    with open(path, "rb") as h:
        return h.read()


def read_png(path):
    """Width, height, channels and pixels of an 8-bit PNG without interlacing."""
    data, at, packed = read(path), 8, b""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            w, h, depth, colour = struct.unpack(">IIBB", body[:10])
        if kind == b"IDAT":
            packed += body
        at += size + 12
    assert depth == 8 and colour in (0, 2)
    n = 1 if colour == 0 else 3
    raw, out, above = zlib.decompress(packed), [], bytearray(w * n)
    for y in range(h):
        f, line = raw[y * (w * n + 1)], bytearray(raw[y * (w * n + 1) + 1:(y + 1) * (w * n + 1)])
        for x in range(w * n):
            a, b = (line[x - n] if x >= n else 0), above[x]
            c = above[x - n] if x >= n else 0
            if f == 1:
                line[x] = line[x] + a & 255
            elif f == 2:
                line[x] = line[x] + b & 255
            elif f == 3:
                line[x] = line[x] + (a + b) // 2 & 255
            elif f == 4:
                p = a + b - c
                line[x] = line[x] + min((a, b, c), key=lambda v: abs(p - v)) & 255
        out.append(bytes(line))
        above = line
    return w, h, n, out


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def palette_png(rows, ppi):
    """Grey rows as a palette whose entries are in disorder."""
    order = list(range(256))
    random.Random(1).shuffle(order)  # order[grey] is the index of that grey
    palette = bytearray(768)
    for grey, index in enumerate(order):
        palette[3 * index:3 * index + 3] = bytes([grey] * 3)
    table = bytes(order)
    per_metre = round(ppi / 0.0254)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)) +
            chunk(b"PLTE", bytes(palette)) + chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)) +
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r.translate(table) for r in rows))) + chunk(b"IEND", b""))


def pgm(rows):
    return b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + b"".join(rows)


def one_object(out):
    try:
        return out.count("\n") == 1 and isinstance(json.loads(out), dict)
    except ValueError:
        return False


with tempfile.TemporaryDirectory() as top:
    def at(name):
        return os.path.join(top, name)

    prints = at("prints")
    code, out, err = run("synth", "finger", "--out", prints, "--people", "2", "--fingers", "2", "--impressions", "2",
                         "--difficulty", "0.5", "--seed", "11")
    check(code == 0, "prints to test with", err)
    a, b, c = (os.path.join(prints, n) for n in ("0001-01_1.png", "0001-01_2.png", "0002-01_1.png"))
    w, h, n, rows = read_png(a)

    # ---- extract
    hft = at("a.hft")
    code, out, err = run("finger", "extract", a, "-o", hft, "--json")
    answer = json.loads(out) if one_object(out) else {}
    check(code == 0 and not err and answer.get("minutiae", 0) > 10 and answer["bytes"] == os.path.getsize(hft) < 1000 and
          answer["ppi"] == 500 and answer["prints"] == 1 and answer["finger"] is True, "a template is made", out + err)
    check(read(hft)[:4] == b"HFT\x01", "in our format, version 1")
    code, out, err = run("finger", "extract", a, "-o", at("again.hft"))
    check(code == 0 and out.count("\n") == 1 and "minutiae" in out and read(hft) == read(at("again.hft")),
          "told to people; the same again", out + err)
    for form in ("iso2005", "iso2011", "incits378"):
        record = at("a." + form)
        code, out, err = run("finger", "extract", a, "--format", form, "-o", record, "--json")
        check(code == 0 and read(record)[:4] == b"FMR\0" and json.loads(out)["format"] == form, f"a record of {form}", out + err)
        code, out, err = run("finger", "compare", a, record, "--json")
        answer_r = json.loads(out)
        check(code == 0 and answer_r["paired"] >= 0.9 * min(answer_r["minutiae"]), f"which is the same finger's ({form})", out + err)
    code, out, err = run("finger", "extract", at("a.iso2005"), "-o", at("back.hft"), "--json")
    check(code == 0 and json.loads(out)["minutiae"] == answer["minutiae"], "a record becomes a template", out + err)

    # ---- compare
    code, out, err = run("finger", "compare", a, b, "--json")
    same = json.loads(out) if one_object(out) else {}
    need = {"score", "llr", "fmr", "minutiae", "paired", "kernel", "class"}
    check(code == 0 and need <= set(same) and same["class"] == "lead" and len(same["minutiae"]) == 2, "two impressions compare", out + err)
    code, out, err = run("finger", "compare", a, c, "--json")
    other = json.loads(out)
    check(code == 0 and other["score"] < same["score"] and other["llr"] < same["llr"] and other["fmr"] > same["fmr"],
          "two people's are less alike, and that is no failure", out + err)
    code, out, err = run("finger", "compare", b, a, "--json")
    check(json.loads(out)["score"] == same["score"], "the same both ways")
    code, out, err = run("finger", "compare", hft, b, "--json")
    check(json.loads(out)["score"] == same["score"], "a stored template scores as a fresh one", out)
    code, out, err = run("finger", "compare", a, b, "--pairs")
    check(code == 0 and "a lead, not a verdict" in out and len([l for l in out.splitlines() if l.startswith("  ")]) == same["paired"],
          "pairs are listed for people", out)

    # ---- quality
    code, out, err = run("finger", "quality", a, b, hft, "--json")
    files = json.loads(out).get("files", []) if one_object(out) else []
    check(code == 0 and [f["file"] for f in files] == [a, b, hft] and all(0 <= f["quality"] <= 100 for f in files) and
          files[0]["quality"] == files[2]["quality"], "quality of several", out + err)
    code, out, err = run("finger", "quality", a, "--json")
    check(code == 0 and json.loads(out)["quality"] == files[0]["quality"], "and of one")

    # ---- show
    png = at("show.png")
    code, out, err = run("finger", "show", a, "-o", png, "--json")
    shown = json.loads(out) if one_object(out) else {}
    sw, sh, sn, srows = read_png(png)
    check(code == 0 and (sw, sh, sn) == (shown["width"], shown["height"], 3) and sw >= 2 * w and sh > 2 * h and
          shown["minutiae"] == answer["minutiae"] and shown["layers"] == ["minutiae", "orientation", "mask", "quality"],
          "a picture of what was found", out + err)

    def colours(lines):
        return {r[i:i + 3] for r in lines for i in range(0, len(r), 3)}

    check(any(p[0] > p[2] + 60 for p in colours(srows)) and any(p[2] > p[0] + 60 for p in colours(srows)), "in colours")
    code, out, err = run("finger", "show", hft, "-o", at("white.png"), "--layers", "minutiae,quality")
    white = read_png(at("white.png"))
    inside = white[3][white[1] // 2 - 150:white[1] // 2 + 150]
    check(code == 0 and white[:2] == (sw, sh) and sum(r.count(b"\xff\xff\xff") for r in inside) > 0.8 * 300 * sw,
          "a template is drawn on white", out + err)
    code, out, err = run("finger", "show", a, "--pair", b, "-o", at("pair.png"), "--json")
    pair = json.loads(out) if one_object(out) else {}
    check(code == 0 and pair["class"] == "lead" and abs(pair["score"] - same["score"]) < 1e-6 and pair["paired"] == same["paired"] and
          read_png(at("pair.png"))[0] > 2 * sw - 200, "two prints side by side, with the score of compare", out + err)
    code, out, err = run("finger", "show", hft, "--pair", at("a.iso2011"), "-o", at("pair2.png"))
    check(code == 0 and "a lead, not a verdict" in out, "two templates too", out + err)
    code, out, err = run("finger", "show", a, "-o", at("again.png"))
    check(read(at("again.png")) == read(png), "the same picture again")

    # ---- resolution
    code, out, err = run("finger", "extract", write(at("palette.png"), palette_png(rows, 96)), "-o", at("palette.hft"), "--json")
    tagged = json.loads(out) if one_object(out) else {}
    check(code == 0 and tagged.get("ppi") == 500 and tagged["ppi_source"] == "assumed" and "96 ppi" in err and err.count("\n") == 1,
          "a palette picture tagged 96 dpi is taken as 500 with a warning", out + err)
    check(read(at("palette.hft")) == read(hft), "and gives the same template")
    code, out, err = run("finger", "extract", a, "--ppi", "700", "-o", at("told.hft"), "--json")
    check(code == 0 and json.loads(out)["ppi"] == 700 and json.loads(out)["ppi_source"] == "told", "--ppi overrules", out + err)

    # ---- bad input: file, exit code, words
    whole = read(a)
    slap = at("slap.pgm")
    other_finger = read_png(os.path.join(prints, "0001-02_1.png"))[3]
    third = read_png(c)[3]
    gap = b"\xff" * 60
    write(slap, pgm([x + gap + y + gap + z for x, y, z in zip(rows, other_finger, third)]))
    noise = random.Random(3)
    cases = [
        ("missing", at("nothing.png"), None, 2, ""),
        ("a folder", prints, None, None, ""),
        ("empty", at("empty.png"), b"", 2, "empty"),
        ("text", at("text.txt"), b"To whom it may concern:\nthis is a letter.\n" * 20, 2, ""),
        ("a cut PNG", at("cut.png"), whole[:len(whole) // 2], 2, ""),
        ("a cut template", at("cut.hft"), read(hft)[:60], None, "template"),
        ("a changed template", at("flip.hft"), read(hft)[:40] + bytes([read(hft)[40] ^ 4]) + read(hft)[41:], 4, "checksum"),
        ("a cut record", at("cut.iso"), read(at("a.iso2005"))[:50], 2, ""),
        ("a later version", at("later.hft"), b"HFT\x02" + read(hft)[4:], 2, "version"),
        ("20,000 x 20,000 as PGM", at("huge.pgm"), b"P5 20000 20000 255\n" + b"\x80" * 1000, 2, "20000"),
        ("20,000 x 20,000 as PNG", at("huge.png"), b"\x89PNG\r\n\x1a\n" +
         chunk(b"IHDR", struct.pack(">IIBBBBB", 20000, 20000, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0" * 4000)) +
         chunk(b"IEND", b""), 2, "20000"),
        ("6 x 4 inches at 500 ppi", at("large.pgm"), pgm([b"\x80" * 3000] * 100), 2, "2000"),
        ("blank", at("blank.pgm"), pgm([b"\xff" * 300] * 300), 2, "fingerprint"),
        ("black", at("black.pgm"), pgm([b"\0" * 300] * 300), 2, "fingerprint"),
        ("one pixel", at("one.pgm"), pgm([b"\x80"]), 2, "fingerprint"),
        ("noise", at("noise.pgm"), pgm([noise.randbytes(300) for _ in range(300)]), 2, "fingerprint"),
        ("three fingers", slap, None, 2, "3 fingers"),
    ]
    for name, path, data, want, words in cases:
        if data is not None:
            write(path, data)
        before = sorted(os.listdir(top))
        outputs = {"extract": [path, "-o", at("new.out")], "compare": [a, path], "show": [path, "-o", at("new.out")],
                   "show pair": [a, "--pair", path, "-o", at("new.out")], "quality": [path]}
        looks = "fingerprint" in words
        for verb, args in outputs.items():
            if verb == "quality" and looks:  # quality measures anything
                code, out, err = run("finger", "quality", path, "--json")
                check(code == 0 and json.loads(out)["finger"] is False and json.loads(out)["quality"] <= 100,
                      f"quality of what is no finger says so: {name}", out + err)
                continue
            code, out, err = run("finger", verb.split()[0], *args)
            bad = code not in (2, 4, 6) if want is None else code != want
            if bad or out or err.count("\n") != 1 or not err.startswith("habeas: ") or words not in err:
                check(False, f"{verb}: {name}", (code, out, err))
                break
            code_j, out, err_j = run("finger", verb.split()[0], *args, "--json")
            e = json.loads(out).get("error", {}) if one_object(out) else {}
            if code_j != code or err_j or set(e) != {"code", "what", "where", "do"} or e["code"] != code or not e["what"]:
                check(False, f"{verb} --json: {name}", (code_j, out, err_j))
                break
            if sorted(os.listdir(top)) != before:
                check(False, f"{verb}: {name}: something was written", os.listdir(top))
                break
        else:
            check(True, f"{name}: one line, one object, exit {code}, nothing written")
    code, out, err = run("finger", "extract", at("blank.pgm"), "--anyway", "-o", at("blank.hft"), "--json")
    check(code == 0 and json.loads(out)["minutiae"] == 0 and json.loads(out)["quality"] == 0, "--anyway takes a blank", out + err)
    code, out, err = run("finger", "compare", at("blank.hft"), a, "--json")
    check(code == 0 and json.loads(out)["paired"] == 0 and json.loads(out)["llr"] <= 0, "which is like nothing", out + err)
    code, out, err = run("finger", "show", at("blank.hft"), "-o", at("blank.png"))
    check(code == 0 and "0 minutiae" in out, "and can be shown", out + err)

    # ---- usage
    before = sorted(os.listdir(top))
    new = at("new.out")
    for name, args in [
            ("extract without a picture", ("extract", "-o", new)), ("extract without an output", ("extract", a)),
            ("an unknown format", ("extract", a, "--format", "iso1999", "-o", new)), ("two pictures", ("extract", a, b, "-o", new)),
            ("200 ppi", ("extract", a, "--ppi", "200", "-o", new)), ("1001 ppi", ("show", a, "--ppi", "1001", "-o", new)),
            ("ppi in words", ("compare", a, b, "--ppi", "many")), ("one print to compare", ("compare", a)),
            ("three to compare", ("compare", a, b, c)), ("quality of nothing", ("quality",)),
            ("show without an output", ("show", a)), ("an unknown layer", ("show", a, "-o", new, "--layers", "minutiae,pores")),
            ("no layer", ("show", a, "-o", new, "--layers", "")), ("an empty layer", ("show", a, "-o", new, "--layers", "mask,")),
            ("an unknown option", ("extract", a, "-o", new, "--fast"))]:
        code, out, err = run("finger", *args)
        code_j, out_j, err_j = run("finger", *args, "--json")
        check(code == code_j == 2 and not out and err.count("\n") == 1 and one_object(out_j) and not err_j and
              json.loads(out_j)["error"]["code"] == 2 and sorted(os.listdir(top)) == before, f"usage: {name}", (code, out, err, out_j, err_j))
    for verb in ("extract", "compare", "quality", "show"):
        code, out, err = run("finger", verb, "--help")
        check(code == 0 and "example" in out and "usage: habeas finger " + verb in out, f"{verb} --help")
    nowhere = os.path.join(top, "no", "where.out")
    for verb, args in (("extract", (a,)), ("show", (a,))):
        code, out, err = run("finger", verb, *args, "-o", nowhere, "--json")
        check(code in (2, 6) and one_object(out) and json.loads(out)["error"]["code"] == code, f"{verb} into no folder", out + err)
    locked = at("locked")
    os.mkdir(locked)
    os.chmod(locked, stat.S_IRUSR | stat.S_IXUSR)
    if os.geteuid() == 0:
        skip("root may write anywhere")
    else:
        code, out, err = run("finger", "extract", a, "-o", os.path.join(locked, "x"))
        check(code == 6 and not os.listdir(locked), "a folder that may not be written", err)

    # ---- bare pixels
    w, h, _, pixels = read_png(a)
    bare, size = write(at("bare.bin"), b"".join(bytes(row) for row in pixels)), f"{w}x{h}"
    code, out, err = run("finger", "compare", bare, a, "--raw", size, "--ppi", "500", "--json")
    same = json.loads(run("finger", "compare", a, a, "--ppi", "500", "--json")[1])
    check(code == 0 and json.loads(out)["score"] == same["score"], "bare pixels beside a picture, same score", out + err)
    for wrong in ("10x10", "10", "x10", "10x", "9999x1", "3x3x3", ""):
        code, out, err = run("finger", "extract", bare, "--raw", wrong, "-o", new)
        check(code == 2 and err.count("\n") == 1 and not out and not os.path.exists(new), f"--raw '{wrong}'", out + err)

    # ---- four fingers of a published card
    card = os.path.join(DATA, "exchange/annist/libbiomeval/type4-slaps.an2k")
    if os.path.exists(card):
        write(at("slap.wsq"), read(card)[154853:154853 + 112517])
        code, out, err = run("finger", "extract", at("slap.wsq"), "-o", new, "--json")
        e = json.loads(out).get("error", {}) if one_object(out) else {}
        check(code == 2 and "fingers in one picture" in e.get("what", "") and not os.path.exists(new), "a slap is several fingers", out + err)
    else:
        skip("no slaps here (HABEAS_DATA/exchange)")
print(f"1..{count}")
sys.exit(1 if failed else 0)
