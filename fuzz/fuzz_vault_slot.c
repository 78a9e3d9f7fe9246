/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the file of a root slot. First byte: bit 0, the rest is the file as it lies; else two
 * blocks, 96 bytes each, whose magic and sum are made right here so that what lies behind them is
 * reached. What the slot gives is a sound root; after a put it gives that one and nothing else is left.
 */
#include "fuzz.h"
#include "../tests/vault_disk.h"
#include "vault/vault_int.h"

#include <sodium.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || sodium_init() < 0)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    struct disk d = {0};
    struct hbs_vault_io io = disk_io(&d);
    uint8_t file[1024] = {0}, root[HBS_VAULT_ROOT_BYTES], again[HBS_VAULT_ROOT_BYTES];
    size_t length = sizeof file;
    if (data[0] & 1) {
        length = size - 1 < sizeof file ? size - 1 : sizeof file;
        memcpy(file, data + 1, length);
    } else {
        for (size_t b = 0; b < 2 && size > 1 + b * 96; b++) {
            uint8_t *block = file + b * 512;
            size_t n = size - 1 - b * 96 < 96 ? size - 1 - b * 96 : 96;
            memcpy(block, "HbsSlot1", 8);
            memcpy(block + 16, data + 1 + b * 96, n);
            memcpy(block + 16, "HbsRoot1", 8);
            crypto_generichash(block + 16 + 96, 32, block + 16, 96, NULL, 0);
        }
    }
    void *f = NULL;
    FUZZ_PROMISE(!disk_open(&d, "root", true, false, &f) && !disk_write(&d, f, file, length, 0));
    struct hbs_vault_slot *slot;
    struct vault_root decoded, fresh = {.epoch = 99, .page = 7, .height = 2, .slots = 1};
    bool found = false, remains = false;
    FUZZ_PROMISE(!hbs_vault_slot_file(ctx, &io, "root", &slot));
    enum hbs_err err = slot->get(slot, root, &found, &remains);
    FUZZ_PROMISE(!err || err == HBS_ERR_INTEGRITY);
    if (!err && found)
        FUZZ_PROMISE(vault_root_decode(root, &decoded) && decoded.height >= 1 && decoded.height <= VAULT_LEVELS &&
                     decoded.slots >= 1 && decoded.slots <= HBS_VAULT_SLOTS_MAX && decoded.page > 0);
    vault_root_encode(&fresh, root);
    FUZZ_PROMISE(!slot->put(slot, root));
    FUZZ_PROMISE(!slot->get(slot, again, &found, &remains) && found && !remains && !memcmp(root, again, sizeof root));
    hbs_vault_slot_close(slot);
    disk_free(&d);
    fuzz_close(ctx);
    return 0;
}
