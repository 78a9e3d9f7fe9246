#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes the corpora of the fuzz_record_* targets: small records of invented minutiae and pictures,
laid out field by field from the tables in docs/rooms/exchange.md, so that they do not depend on the
writers they are used to test. Run it in fuzz/; its output is committed.
"""
import os
import struct


def be(*fields):
    """Big-endian fields: (value, bytes) pairs, or bytes as they are."""
    return b"".join(f if isinstance(f, bytes) else f[0].to_bytes(f[1], "big") for f in fields)


def minutiae(count, width, height, steps=256, quality=True, kind=None):
    """A spiral of invented minutiae; every value follows from its number."""
    out = b""
    for i in range(count):
        x, y = (37 * i + 11) % width, (53 * i + 29) % height
        t = i % 3 if kind is None else kind
        out += be((t << 14 | x, 2), (y, 2), (29 * i % steps, 1))
        if quality:
            out += be((i * 7 % 101, 1))
    return out


def extended(*blocks):
    body = b"".join(be((kind, 2), (len(data) + 4, 2), data) for kind, data in blocks)
    return be((len(body), 2), body)


COUNTS = (1, bytes([1, 0, 1, 2, 1, 2, 3]))
CORES = (2, bytes([1, 0, 40, 0, 50, 9, 0]))


def fmr2004(views, width, height, per_cm, iso, length=None, padding=b""):
    body = b""
    for finger, number, quality, count, ext in views:
        body += be((finger, 1), (number << 4, 1), (quality, 1), (count, 1))
        body += minutiae(count, width, height, 256 if iso else 180) + ext
    tail = be((0, 2), (width, 2), (height, 2), (per_cm, 2), (per_cm, 2), (len(views), 1), (0, 1), body)
    if iso:
        total = 12 + len(tail)
        head = be((total if length is None else length, 4))
    else:
        tail = be((0, 4), tail)
        total = 10 + len(tail)
        if total > 65535:
            total += 4
            head = be((0, 2), (total, 4))
        else:
            head = be((total if length is None else length, 2))
    return b"FMR\0 20\0" + head + tail + padding


def fmr2009(views, width, height, per_cm, version, equipment):
    body = b""
    for finger, number, quality, count, ext in views:
        body += be((finger, 1), (number, 1), (0, 1), (quality, 1), (0, 4), (width, 2), (height, 2),
                   (per_cm, 2), (per_cm, 2), (count, 1))
        body += minutiae(count, width, height, 180) + ext
    tail = be((0, 4), (0, equipment), (len(views), 1), (0, 1), body)
    return b"FMR\0" + version + be((12 + len(tail), 4)) + tail


def fmr2011(views, width, height, per_cm, qualities=1, certificates=None, minutia_quality=True):
    body = b""
    for finger, number, quality, count, ext in views:
        r = be(b"\xff" * 9, (0, 5), (qualities, 1)) + be((quality, 1), (0, 4)) * qualities
        if certificates is not None:
            r += be((certificates, 1)) + be((1, 2), (2, 1)) * certificates
        r += be((finger, 1), (number, 1), (per_cm, 2), (per_cm, 2), (0, 1), (width, 2), (height, 2),
                ((6 if minutia_quality else 5) << 4, 1), (count, 1))
        r += minutiae(count, width, height, 256, minutia_quality) + ext
        body += be((len(r) + 4, 4), r)
    return b"FMR\0" + b"030\0" + be((15 + len(body), 4), (len(views), 2),
                                    (0 if certificates is None else 1, 1), body)


def fir2005(pictures, compression, width, height, units=1, resolution=500, depth=8):
    body = b""
    for position, data in pictures:
        body += be((14 + len(data), 4), (position, 1), (1, 1), (1, 1), (60, 1), (0, 1), (width, 2),
                   (height, 2), (0, 1), data)
    return b"FIR\0" + b"010\0" + be((32 + len(body), 6), (0, 2), (30, 2), (len(pictures), 1), (units, 1),
                                    *[(resolution, 2)] * 4, (depth, 1), (compression, 1), (0, 2), body)


def fir2011(pictures, compression, width, height, units=1, resolution=500, qualities=1,
            certificates=None, behind=b"", depth=8):
    body = b""
    for number, (position, data) in enumerate(pictures):
        r = be((2026, 2), (0, 7), (0, 5), (qualities, 1)) + be((70, 1), (0, 4)) * qualities
        if certificates is not None:
            r += be((certificates, 1)) + be((1, 2), (2, 1)) * certificates
        r += be((position, 1), (number, 1), (units, 1), *[(resolution, 2)] * 4, (depth, 1),
                (compression, 1), (0, 1), (width, 2), (height, 2), (len(data), 4), data, behind)
        body += be((len(r) + 4, 4), r)
    return b"FIR\0" + b"020\0" + be((16 + len(body), 4), (len(pictures), 2),
                                    (0 if certificates is None else 1, 1), (len(pictures), 1), body)


NONE = extended()
ONE = [(2, 0, 80, 5, NONE)]
TWO = [(7, 0, 90, 27, extended(COUNTS)), (7, 1, 70, 22, extended(COUNTS, CORES))]
EMPTY = [(0, 0, 0, 0, NONE)]
RAW = bytes((x * 7 + y * 11) % 256 for y in range(10) for x in range(12))

CORPUS = {
    "record_iso2005": {
        "one": fmr2004(ONE, 300, 400, 197, True),
        "two": fmr2004(TWO, 388, 374, 197, True),
        "empty": fmr2004(EMPTY, 1, 1, 197, True),
        "full": fmr2004([(1, 0, 100, 255, NONE)], 500, 500, 197, True),
        "fine": fmr2004(ONE, 800, 900, 394, True),
        "odd": fmr2004(ONE, 350, 420, 224, True),
        "no_view": fmr2004([], 300, 400, 197, True),
        "length_off_by_one": fmr2004(TWO, 388, 374, 197, True, length=400),
        "padded": fmr2004(ONE, 300, 400, 197, True, padding=bytes(20)),
        "extended_without_header": fmr2004([(2, 0, 80, 5, be((10, 2), (7, 2), (6, 2), bytes(6)))], 300, 400,
                                           197, True),
        "extended_short": fmr2004([(2, 0, 80, 5, be((11, 2), (2, 2), (11, 2), bytes(6)))], 300, 400, 197, True),
        "card": minutiae(12, 500, 500, quality=False),
    },
    "record_iso2011": {
        "one": fmr2011(ONE, 300, 400, 197),
        "two": fmr2011(TWO, 388, 374, 197),
        "empty": fmr2011(EMPTY, 1, 1, 197, qualities=0),
        "certified": fmr2011(TWO, 388, 374, 197, 3, 2),
        "five_bytes": fmr2011(ONE, 300, 400, 197, minutia_quality=False),
        "full": fmr2011([(1, 0, 100, 255, NONE)], 500, 500, 394),
    },
    "record_incits378": {
        "one": fmr2004(ONE, 300, 400, 197, False),
        "two": fmr2004(TWO, 388, 374, 197, False),
        "empty": fmr2004(EMPTY, 1, 1, 197, False),
        "full": fmr2004([(1, 0, 100, 255, NONE)], 500, 500, 197, False),
        "long_form": (lambda r: r[:8] + be((0, 2), (65600, 4)) + r[10:])(fmr2004(ONE, 300, 400, 197, False)),
        "y2009": fmr2009(TWO, 388, 374, 197, b"030\0", 3),
        "y2009_draft": fmr2009(TWO, 388, 374, 197, b"030\0", 2),
        "y2009_am1": fmr2009(TWO, 388, 374, 197, b"035\0", 3),
    },
    "record_fir": {
        "y2005_raw": fir2005([(3, RAW)], 0, 12, 10),
        "y2005_two": fir2005([(3, RAW), (4, RAW)], 0, 12, 10, units=2, resolution=197),
        "y2005_jp2": fir2005([(3, b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(8))], 4, 300, 400),
        "y2011_raw": fir2011([(7, RAW)], 0, 12, 10),
        "y2011_two": fir2011([(7, RAW), (8, RAW)], 0, 12, 10, certificates=1),
        "y2011_wsq": fir2011([(7, b"\xff\xa0\xff\xa8" + bytes(8))], 2, 300, 400),
        "y2011_behind": fir2011([(7, b"\xff\xd8\xff\xe0")], 3, 300, 400, certificates=2,
                                behind=be((3, 2), (10, 2), b"remark")),
        "y2011_lies": fir2011([(7, RAW)], 0, 12, 10).replace(be((182, 4)), be((1820, 4)), 1),
        "y2011_deep": fir2011([(7, RAW + RAW)], 0, 12, 10, depth=16),
    },
}

if __name__ == "__main__":
    for target, inputs in CORPUS.items():
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", target)
        os.makedirs(folder, exist_ok=True)
        for name, data in inputs.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
