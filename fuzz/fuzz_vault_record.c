/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: a sealed record. First byte: bit 0, the rest is the sealed form; else it is a record that is
 * sealed here, changed at one place (3 bytes: where, with what) and opened. Nothing opens that was not
 * sealed so, and what does not open gives nothing out.
 */
#include "fuzz.h"
#include "habeas/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    static const uint8_t key[HBS_VAULT_KEY] = {7, 1, 1};
    const struct hbs_vault_label label = {"samples", 5, 1};
    uint8_t out[4096];
    size_t inside = 0;
    if (data[0] & 1) {
        data++;
        size--;
        enum hbs_err head = hbs_vault_sealed_size(ctx, data, size, &inside);
        FUZZ_PROMISE(head || inside == size - HBS_VAULT_SEALED_EXTRA);
        memset(out, 0xee, sizeof out);
        enum hbs_err err = hbs_vault_unseal(ctx, key, &label, data, size, out, sizeof out, &inside);
        FUZZ_PROMISE(err && (!head || err == head)); /* nobody guesses a tag */
        if (err == HBS_ERR_INTEGRITY)
            for (size_t i = 0; i < inside && i < sizeof out; i++)
                FUZZ_PROMISE(out[i] == 0);
    } else {
        size_t n = size - 4 < sizeof out ? size - 4 : sizeof out;
        struct hbs_buf buf;
        hbs_buf_init(&buf, ctx, sizeof out + HBS_VAULT_SEALED_EXTRA);
        FUZZ_PROMISE(hbs_vault_seal(ctx, key, &label, data + 4, n, &buf) == HBS_OK);
        size_t at = (size_t)(data[1] | data[2] << 8) % buf.size;
        buf.data[at] ^= data[3];
        enum hbs_err err = hbs_vault_unseal(ctx, key, &label, buf.data, buf.size, out, sizeof out, &inside);
        FUZZ_PROMISE(data[3] ? err != HBS_OK : err == HBS_OK && inside == n && !memcmp(out, data + 4, n));
        hbs_buf_close(&buf);
    }
    fuzz_close(ctx);
    return 0;
}
