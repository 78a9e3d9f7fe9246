/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: a key file that lies, by somebody who has the keys: its pages are given in the clear and are
 * enciphered here. Input: height, page of the root, key of the root, pages of the file, key of the canary;
 * then pages: number, level, which of its level, key, entries (at most 31), each of place, child, key. Keys are
 * one byte, repeated. A tree that opens can be read, verified, added to and erased from without a fault;
 * and if it verified before, it does after.
 */
#include "fuzz.h"
#include "../tests/vault_disk.h"
#include "vault/vault_int.h"

#include <sodium.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 5 || sodium_init() < 0)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    struct disk d = {0};
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_vault_slot *slot;
    static uint8_t body[VAULT_BODY], page[VAULT_PAGE];
    uint8_t bytes[HBS_VAULT_ROOT_BYTES], key[HBS_VAULT_KEY];
    void *f = NULL, *r = NULL;
    struct vault_root root = {.epoch = 3, .page = data[1] % 16, .height = 1 + data[0] % 4, .slots = 1};
    memset(root.key, data[2], sizeof root.key);
    root.subjects = data[0] >> 4;
    memset(root.id, 0x1d, sizeof root.id);
    FUZZ_PROMISE(!disk_open(&d, "keys", true, false, &f) && !disk_open(&d, "root", true, false, &r));
    memset(page, 0, sizeof page);
    memcpy(page, "HbsKeys1", 8);
    hbs_put_le32(page + 8, VAULT_PAGE);
    memcpy(page + 16, root.id, VAULT_ID);
    struct hbs_buf sealed;
    hbs_buf_init(&sealed, ctx, 1024);
    memset(key, data[4], sizeof key);
    memcpy(bytes, "habeas canary", 13);
    memset(bytes + 13, 0, VAULT_CANARY - 13);
    FUZZ_PROMISE(!hbs_vault_seal(ctx, key, &(struct hbs_vault_label){"canary", 0, 1}, bytes, VAULT_CANARY, &sealed));
    memcpy(page + VAULT_CANARY_AT, sealed.data, sealed.size);
    hbs_buf_close(&sealed);
    disk_write(&d, f, page, VAULT_PAGE, 0);
    memset(page, 0, sizeof page);
    disk_write(&d, f, page, data[3] % 8 ? VAULT_PAGE : 100, (uint64_t)(data[3] % 16) * VAULT_PAGE);
    for (size_t at = 5; at + 5 <= size;) {
        int number = data[at] % 16, level = data[at + 1] % 4;
        uint64_t first = data[at + 2] * vault_span(level);
        int entries = data[at + 4] & 31;
        memset(key, data[at + 3], sizeof key);
        memset(body, 0, sizeof body);
        if (data[at + 4] & 32) /* what is not used */
            body[VAULT_BODY - 1] = 1;
        at += 5;
        for (int i = 0; i < entries && at + 3 <= size; i++, at += 3) {
            if (level == 0) {
                vault_set(body, data[at] % 128);
                if (data[at] % 128 < VAULT_LEAF)
                    memset(body + VAULT_LEAF_MAP + data[at] % 128 * HBS_VAULT_KEY, data[at + 2], HBS_VAULT_KEY);
            } else {
                uint8_t *entry = body + data[at] % VAULT_FAN * VAULT_ENTRY;
                hbs_put_le32(entry, data[at + 1] > 250 ? 0xfffffff0u + data[at + 1] % 16 : data[at + 1]);
                memset(entry + 4, data[at + 2], HBS_VAULT_KEY);
            }
        }
        if (number) {
            vault_page_seal(root.id, level, (uint64_t)number, first, key, body, page);
            disk_write(&d, f, page, VAULT_PAGE, (uint64_t)number * VAULT_PAGE);
        }
    }
    uint8_t block[512] = "HbsSlot1";
    vault_root_encode(&root, block + 16);
    disk_write(&d, r, block, sizeof block, 0);
    struct hbs_vault *v = NULL;
    FUZZ_PROMISE(!hbs_vault_slot_file(ctx, &io, "root", &slot));
    enum hbs_err err = hbs_vault_open(ctx, &io, "keys", &slot, 1, &v);
    if (!err) {
        bool sound = !hbs_vault_verify(v);
        struct hbs_vault_status s;
        hbs_vault_status(v, &s);
        for (uint64_t i = 0; i < 200; i++) {
            enum hbs_err e = hbs_vault_get(v, i * i * 31, key);
            FUZZ_PROMISE(!sound || !e || e == HBS_ERR_NOT_FOUND);
        }
        uint64_t who[] = {3, 126, 127, 15000, 2000000};
        size_t n = 0;
        for (size_t i = 0; i < HBS_COUNT(who); i++) /* those who have no key yet */
            if (hbs_vault_get(v, who[i], key) == HBS_ERR_NOT_FOUND)
                who[n++] = who[i];
        enum hbs_err added = hbs_vault_add(v, who, n), erased = hbs_vault_erase(v, who, n);
        FUZZ_PROMISE(!sound || (!added && !erased && !hbs_vault_verify(v)));
        uint64_t had = s.subjects;
        hbs_vault_status(v, &s);
        FUZZ_PROMISE(!sound || s.subjects == had);
        (void)!hbs_vault_drill(v, 0);
    } else {
        FUZZ_PROMISE(err != HBS_ERR_BUG);
    }
    hbs_vault_close(v);
    hbs_vault_slot_close(slot);
    disk_free(&d);
    fuzz_close(ctx);
    return 0;
}
