/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: entries, contents and configs of room ledger. The first byte says which. A content that
 * reads is written back as the same bytes; so is a config; an entry made here opens unless it is changed,
 * and never when it is.
 */
#include "fuzz_ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hbs_ledger_secret inspector;
    if (!inspector.key.id)
        fuzz_secret(HBS_LEDGER_KEY_READER, "inspector", 3, &inspector);
    if (!size)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_buf text;
    struct hbs_ledger_opened opened;
    struct ledger_entry entry;
    hbs_buf_init(&text, ctx, 1 << 20);
    hbs_ledger_opened_init(&opened, ctx);
    unsigned what = *data++;
    size--;
    if (what % 4 == 0) {
        if (!ledger_content_read(ctx, data, size, &opened)) {
            struct hbs_ledger_item item = {.act = opened.is_document ? NULL : &opened.act, .document = opened.document.data,
                                           .document_size = opened.document.size, .persons = opened.persons};
            FUZZ_PROMISE(!ledger_content_make(ctx, &item, &text) && text.size == size && !memcmp(text.data, data, size));
        }
    } else if (what % 4 == 1) {
        struct hbs_ledger_config config;
        if (!ledger_config_parse(ctx, (const char *)data, size, &config))
            FUZZ_PROMISE(!ledger_config_print(&config, &text) && text.size == size && !memcmp(text.data, data, size));
    } else if (what % 4 == 2) {
        if (!ledger_entry_parse(ctx, data, size, &entry))
            FUZZ_PROMISE(entry.head_size + entry.payload_size == size && entry.slot + 64 * entry.slots == entry.payload);
        enum hbs_err err = hbs_ledger_unseal(ctx, data, size, &inspector, &opened);
        FUZZ_PROMISE(err == HBS_OK || *hbs_ctx_what(ctx));
    } else if (size <= HBS_LEDGER_DOCUMENT_MAX) { /* sealed here, then changed as the input's end says */
        struct hbs_ledger_sealer sealer;
        struct hbs_ledger_sealed sealed;
        struct hbs_ledger_item item = {.document = data, .document_size = size, .persons = what / 4 % 17};
        hbs_ledger_sealed_init(&sealed, ctx);
        FUZZ_PROMISE(!ledger_sealer_make(ctx, &inspector.key, 1, &sealer) && !hbs_ledger_seal(ctx, &sealer, &item, &sealed));
        FUZZ_PROMISE(!hbs_ledger_unseal(ctx, sealed.entry.data, sealed.entry.size, &inspector, &opened));
        FUZZ_PROMISE(opened.is_document && opened.document.size == size && opened.persons == item.persons);
        if (size >= 3 && data[size - 1]) {
            sealed.entry.data[(data[size - 3] | (size_t)data[size - 2] << 8) % sealed.entry.size] ^= data[size - 1];
            opened.document.size = 0;
            FUZZ_PROMISE(hbs_ledger_unseal(ctx, sealed.entry.data, sealed.entry.size, &inspector, &opened));
        }
        hbs_ledger_sealed_close(&sealed);
    }
    hbs_ledger_opened_close(&opened);
    hbs_buf_close(&text);
    fuzz_close(ctx);
    return 0;
}
