#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""fuzz/make_vault_corpus.py fuzz/corpus: writes the corpora of vault_record, vault_slot, vault_keys and
store_pages, whose inputs are described at the head of their targets."""
import os
import struct
import sys

top = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)


def write(target, name, data):
    folder = os.path.join(top, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as h:
        h.write(bytes(data))


# vault_record
head = b"HbsS\x01\0\0\0"
write("vault_record", "sealed_here", b"\0\0\0\0a template")
write("vault_record", "changed_head", b"\0\x04\0\x02a template")
write("vault_record", "changed_key", b"\0\x30\0\x01a template")
write("vault_record", "changed_text", b"\0\x70\0\x80a template")
write("vault_record", "empty", b"\0\0\0\0")
write("vault_record", "raw", b"\x01" + head + bytes(range(130)))
write("vault_record", "raw_short", b"\x01" + head + bytes(50))
write("vault_record", "raw_version", b"\x01HbsS\x02\0\0\0" + bytes(130))
write("vault_record", "raw_reserved", b"\x01HbsS\x01\0\x01\0" + bytes(130))


# vault_slot: a root's 96 bytes
def root(epoch=3, height=2, slots=1, page=9, reserved=0):
    return (b"HbsRoot1" + bytes([height, slots]) + bytes(5) + bytes([reserved]) + b"i" * 16 +
            struct.pack("<QQQ", epoch, 5, page) + b"k" * 32 + bytes(8))


write("vault_slot", "one", b"\0" + root())
write("vault_slot", "two", b"\0" + root(3) + root(4))
write("vault_slot", "same_epoch", b"\0" + root(3) + root(3, page=8))
write("vault_slot", "height", b"\0" + root(height=5))
write("vault_slot", "slots", b"\0" + root(slots=3))
write("vault_slot", "page", b"\0" + root(page=0) + root(page=1 << 40))
write("vault_slot", "reserved", b"\0" + root(reserved=1))
write("vault_slot", "raw_empty", b"\x01")
write("vault_slot", "raw_zeros", b"\x01" + bytes(1024))
write("vault_slot", "raw_magic", b"\x01HbsSlot1" + bytes(600))
write("vault_slot", "raw_sealed_kind", b"\x01HbsSlot1\x01" + bytes(600))


# vault_keys
def page(number, level, which, key, entries, flags=0):
    return bytes([number, level, which, key, len(entries) | flags]) + b"".join(bytes(e) for e in entries)


leaf = page(2, 0, 0, 11, [(0, 0, 77), (5, 0, 5), (9, 0, 9)])
write("vault_keys", "one_leaf", bytes([0x20, 2, 11, 2, 77]) + leaf)
write("vault_keys", "two_levels", bytes([0x41, 3, 12, 5, 77]) + leaf + page(3, 1, 0, 12, [(0, 2, 11), (4, 4, 14)]) +
      page(4, 0, 4, 14, [(1, 0, 1), (126, 0, 2)]))
write("vault_keys", "four_levels", bytes([0x23, 5, 15, 6, 77]) + leaf + page(3, 1, 0, 12, [(0, 2, 11)]) +
      page(4, 2, 0, 13, [(0, 3, 12)]) + page(5, 3, 0, 15, [(0, 4, 13)]))
write("vault_keys", "wrong_canary", bytes([0x20, 2, 11, 2, 78]) + leaf)
write("vault_keys", "child_behind_end", bytes([0x21, 3, 12, 5, 77]) + leaf + page(3, 1, 0, 12, [(0, 2, 11), (1, 200, 1)]))
write("vault_keys", "child_huge", bytes([0x21, 3, 12, 5, 77]) + leaf + page(3, 1, 0, 12, [(0, 2, 11), (1, 255, 1)]))
write("vault_keys", "child_twice", bytes([0x21, 3, 12, 5, 77]) + leaf + page(3, 1, 0, 12, [(0, 2, 11), (1, 2, 11)]))
write("vault_keys", "no_child", bytes([0x21, 3, 12, 5, 77]) + page(3, 1, 0, 12, []))
write("vault_keys", "empty_leaf", bytes([0x20, 2, 11, 2, 77]) + page(2, 0, 0, 11, []))
write("vault_keys", "bit_127", bytes([0x20, 2, 11, 2, 77]) + page(2, 0, 0, 11, [(0, 0, 77), (127, 0, 1)]))
write("vault_keys", "reserved", bytes([0x11, 3, 12, 5, 77]) + leaf + page(3, 1, 0, 12, [(0, 2, 11)], 32))
write("vault_keys", "count", bytes([0x90, 2, 11, 2, 77]) + leaf)
write("vault_keys", "cut", bytes([0x20, 2, 11, 8, 77]) + leaf)


# store_pages
# 0x80 % 7 == 2: the file's bit takes part in the kind, so kinds are written such that both come out right.
def of(kind, log):
    return next(k for k in range(128 * log, 128 * log + 128) if k % 7 == kind)


def op(kind, place, a, b, log=0):
    return struct.pack("<BHBB", of(kind, log), place, a, b)


write("store_pages", "sound", b"")
write("store_pages", "raw_db", op(0, 900, 3, 1))
write("store_pages", "raw_mark", op(0, 1, 0, 255, 1))
write("store_pages", "raw_header", op(0, 150, 0, 1, 1))
write("store_pages", "raw_frame", op(0, 400, 0, 1, 1))
write("store_pages", "cut_db", op(1, 9000, 0, 0))
write("store_pages", "cut_log", op(1, 9000, 0, 0, 1))
write("store_pages", "cut_log_short", op(1, 1000, 0, 0, 1))
write("store_pages", "grown_log", op(1, 65000, 1, 0, 1))
write("store_pages", "mark_frames", op(2, 0, 16, 64) + op(2, 1, 16, 64))
write("store_pages", "mark_number", op(2, 0, 0, 255) + op(2, 1, 7, 255))
write("store_pages", "mark_salts", op(2, 0, 9, 1) + op(2, 1, 9, 1))
write("store_pages", "header_page_size", op(3, 0, 10, 255))
write("store_pages", "header_salt", op(3, 0, 17, 1))
write("store_pages", "frame_page", op(4, 1, 3, 7))
write("store_pages", "frame_commit", op(4, 0, 7, 1))
write("store_pages", "content", op(5, 2 + 64 * 3, 1, 255))
write("store_pages", "db_head", op(6, 0, 1, 255))
write("store_pages", "db_reserved", op(6, 16 * 4, 1, 40))
write("store_pages", "db_root", op(6, 2 + 16 * 8, 6, 255))
