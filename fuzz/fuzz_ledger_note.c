/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: notes, checkpoints and keys of room ledger. What parses stays within the input; what is a
 * checkpoint prints as it was read, but for extension lines; a key prints as it was.
 */
#include "fuzz_ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hbs_ledger_secret log, witness;
    static struct hbs_ledger_note note;
    if (!log.key.id) {
        fuzz_secret(HBS_LEDGER_KEY_LOG, "example.org/log", 1, &log);
        fuzz_secret(HBS_LEDGER_KEY_WITNESS, "wit.example/w", 2, &witness);
    }
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_buf text;
    struct hbs_ledger_checkpoint c;
    struct hbs_ledger_key key;
    struct hbs_ledger_secret secret;
    uint64_t time;
    hbs_buf_init(&text, ctx, 1 << 20);
    enum hbs_err err = hbs_ledger_note_parse(ctx, data, size, &note);
    FUZZ_PROMISE(err == HBS_OK || *hbs_ctx_what(ctx));
    if (!err) {
        FUZZ_PROMISE(note.count && note.text_size < size && note.text[note.text_size - 1] == '\n');
        for (uint32_t i = 0; i < note.count; i++)
            FUZZ_PROMISE((const uint8_t *)note.signature[i].base64 + note.signature[i].base64_size < data + size);
        (void)!hbs_ledger_note_verify(ctx, &note, &log.key, &time);
        (void)!hbs_ledger_note_verify(ctx, &note, &witness.key, &time);
        (void)!hbs_ledger_checkpoint_open(ctx, data, size, &log.key, &note, &c);
    }
    if (!hbs_ledger_checkpoint_parse(ctx, (const char *)data, size, &c)) {
        FUZZ_PROMISE(!hbs_ledger_checkpoint_print(&c, &text));
        FUZZ_PROMISE(text.size <= size && !memcmp(text.data, data, text.size));
    }
    text.size = 0;
    if (size && !hbs_ledger_key_parse(ctx, (const char *)data, size, &key)) {
        struct hbs_ledger_key again;
        FUZZ_PROMISE(!hbs_ledger_key_print(&key, &text) && text.size <= size);
        FUZZ_PROMISE(!hbs_ledger_key_parse(ctx, (char *)text.data, text.size, &again) && hbs_ledger_key_same(&key, &again));
    }
    if (size)
        (void)!hbs_ledger_secret_parse(ctx, (const char *)data, size, &secret);
    hbs_buf_close(&text);
    fuzz_close(ctx);
    return 0;
}
