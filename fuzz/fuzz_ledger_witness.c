/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: a witness's requests, room ledger. Whatever comes, the witness answers with one of the
 * protocol's statuses, keeps something only when it cosigns, and never cosigns less than it has seen.
 * With the first byte odd the checkpoint's signature is put right, so that what lies behind it is reached.
 */
#include "fuzz_ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hbs_ledger_secret log, witness;
    if (!log.key.id) {
        fuzz_secret(HBS_LEDGER_KEY_LOG, "example.org/log", 1, &log);
        fuzz_secret(HBS_LEDGER_KEY_WITNESS, "wit.example/w", 2, &witness);
    }
    if (!size || size > 200000)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_buf body, last, reply, keep, *all[] = {&body, &last, &reply, &keep};
    for (int i = 0; i < 4; i++)
        hbs_buf_init(all[i], ctx, 1 << 20);
    const char *type = NULL;
    int status = 0;
    bool mend = data[0] & 1, seen = data[0] & 2;
    FUZZ_PROMISE(!hbs_buf_put(&body, data + 1, size - 1));
    if (seen) { /* it has cosigned five leaves, whose root is a known one */
        struct hbs_ledger_checkpoint c = {.origin = "example.org/log", .size = 5};
        char text[256];
        memset(c.root, 7, 32);
        FUZZ_PROMISE(!hbs_ledger_checkpoint_print(&c, &last));
        size_t n = last.size;
        memcpy(text, last.data, n);
        FUZZ_PROMISE(!hbs_buf_put(&last, "\n", 1) && !hbs_ledger_note_sign(ctx, text, n, &log, 0, &last) &&
                     !hbs_ledger_note_sign(ctx, text, n, &witness, 1000, &last));
    }
    if (mend && body.size) { /* the text between the first empty line and the end, signed anew */
        const char *p = (const char *)body.data, *begin = memmem(p, body.size, "\n\n", 2);
        const char *from = begin ? begin + 2 : NULL, *end = from ? memmem(from, body.size - (size_t)(from - p), "\n\n", 2) : NULL;
        if (end) {
            struct hbs_buf fresh;
            hbs_buf_init(&fresh, ctx, 1 << 20);
            size_t n = (size_t)(end + 1 - from);
            FUZZ_PROMISE(!hbs_buf_put(&fresh, p, (size_t)(end + 2 - p)) && !hbs_ledger_note_sign(ctx, from, n, &log, 0, &fresh));
            hbs_buf_close(&body);
            body = fresh;
        }
    }
    enum hbs_err err = hbs_ledger_witness_serve(ctx, &witness, &log.key, 1, 2000, body.data ? body.data : (uint8_t *)"", body.size,
                                                last.data, last.size, &status, &type, &reply, &keep);
    FUZZ_PROMISE(err == HBS_OK || err == HBS_ERR_LIMIT); /* a text that is too long to cosign */
    if (!err) {
        FUZZ_PROMISE(status == 200 || status == 400 || status == 403 || status == 404 || status == 409 || status == 422);
        FUZZ_PROMISE((status == 200) == (keep.size > 0) && reply.size && type);
        if (status == 200) {
            static struct hbs_ledger_note note;
            struct hbs_ledger_checkpoint c;
            FUZZ_PROMISE(!hbs_ledger_checkpoint_open(ctx, keep.data, keep.size, &log.key, &note, &c));
            FUZZ_PROMISE(!hbs_ledger_note_verify(ctx, &note, &witness.key, NULL) && note.count == 2);
            FUZZ_PROMISE(!seen || c.size >= 5);
        }
    }
    for (int i = 0; i < 4; i++)
        hbs_buf_close(all[i]);
    fuzz_close(ctx);
    return 0;
}
