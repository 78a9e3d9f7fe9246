/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: receipts: a tlog-proof whose extra data open one commitment of the leaf
 * (docs/formats/ledger-entry.md). Everything in the extra data is unauthenticated until it hashes to
 * the leaf that the proof places in the tree (c2sp.org/tlog-proof says so too): that is checked here.
 */
#include "ledger_int.h"

enum { RECEIPT_HEAD = 4 + 1 + 32, RECEIPT_MAX = RECEIPT_HEAD + 4 + HBS_LEDGER_ENTRY_MAX + LEDGER_CONTENT_MAX };
static const uint8_t mark[4] = {'H', 'L', 'R', 1};

static enum hbs_err put_sized(struct hbs_buf *out, const struct hbs_buf *what)
{
    uint8_t length[2];
    hbs_put_be16(length, (uint16_t)what->size);
    enum hbs_err err = hbs_buf_put(out, length, 2);
    return err ? err : hbs_buf_put(out, what->data, what->size);
}

enum hbs_err hbs_ledger_receipt_print(struct hbs_ctx *ctx, const struct hbs_ledger_sealed *sealed, uint32_t person,
                                      const struct hbs_ledger_proof *proof, struct hbs_buf *out)
{
    if (person >= sealed->persons)
        return hbs_fail(ctx, HBS_ERR_USAGE, "receipt", "name one of its persons", "the entry concerns %u persons",
                        sealed->persons);
    struct hbs_buf raw, text;
    hbs_buf_init(&raw, ctx, RECEIPT_MAX);
    hbs_buf_init(&text, ctx, HBS_LEDGER_RECEIPT_MAX);
    uint8_t slot = (uint8_t)person;
    struct hbs_ledger_proof with = *proof;
    enum hbs_err err = hbs_buf_reserve(&raw, RECEIPT_HEAD + 4 + sealed->entry.size + sealed->content.size);
    if (!err)
        err = hbs_buf_put(&raw, mark, 4);
    if (!err)
        err = hbs_buf_put(&raw, &slot, 1);
    if (!err)
        err = hbs_buf_put(&raw, sealed->person_key[person], 32);
    if (!err)
        err = put_sized(&raw, &sealed->entry);
    if (!err)
        err = put_sized(&raw, &sealed->content);
    if (!err)
        err = ledger_base64_put(&text, raw.data, raw.size);
    if (!err) {
        with.extra = (const char *)text.data;
        with.extra_size = text.size;
        err = hbs_ledger_proof_print(&with, out);
    }
    if (raw.data)
        sodium_memzero(raw.data, raw.capacity);
    if (text.data)
        sodium_memzero(text.data, text.capacity);
    hbs_buf_close(&raw);
    hbs_buf_close(&text);
    return err;
}

/* A part after its length; false when it does not fit. */
static bool take_sized(const uint8_t **p, const uint8_t *end, const uint8_t **part, size_t *size)
{
    if (end - *p < 2)
        return false;
    *size = hbs_be16(*p);
    *part = *p + 2;
    if ((size_t)(end - *part) < *size)
        return false;
    *p = *part + *size;
    return true;
}

enum hbs_err hbs_ledger_receipt_open(struct hbs_ctx *ctx, const void *data, size_t size,
                                     const struct hbs_ledger_key *log, const struct hbs_ledger_key *witnesses,
                                     uint32_t witness_count, struct hbs_ledger_receipt *out,
                                     struct hbs_ledger_opened *opened)
{
    struct hbs_ledger_proof *proof = hbs_alloc(ctx, 1, sizeof *proof);
    struct hbs_ledger_note *note = hbs_alloc(ctx, 1, sizeof *note);
    uint8_t *raw = NULL, sum[32];
    struct hbs_ledger_receipt r = {.index = 0};
    struct ledger_entry e;
    enum hbs_err err = proof && note ? ledger_ready(ctx) : hbs_fail_memory(ctx, sizeof *proof + sizeof *note);
    if (!err)
        err = hbs_ledger_proof_parse(ctx, data, size, proof);
    if (!err && !proof->extra)
        err = hbs_fail(ctx, HBS_ERR_FORMAT, "receipt", "give a receipt, not a bare proof", "nothing in it opens a leaf");
    if (err)
        goto done;
    size_t most = proof->extra_size / 4 * 3 + 3;
    if (!(raw = hbs_alloc(ctx, 1, most))) {
        err = hbs_fail_memory(ctx, most);
        goto done;
    }
    long n = ledger_base64(proof->extra, proof->extra_size, raw, most);
    const uint8_t *p = raw + RECEIPT_HEAD, *end = raw + (n > 0 ? n : 0), *entry, *content;
    size_t entry_size, content_size;
    if (n < RECEIPT_HEAD || memcmp(raw, mark, 4) != 0 || !take_sized(&p, end, &entry, &entry_size) ||
        !take_sized(&p, end, &content, &content_size) || p != end) {
        err = hbs_fail(ctx, HBS_ERR_FORMAT, "receipt", "give the receipt as it was written",
                       "its extra line is not that of a receipt");
        goto done;
    }
    if ((err = ledger_entry_parse(ctx, entry, entry_size, &e)))
        goto done;
    if ((err = hbs_ledger_checkpoint_open(ctx, proof->checkpoint, proof->checkpoint_size, log, note, &r.checkpoint)))
        goto done;
    r.index = proof->index;
    hbs_ledger_leaf_hash(entry, entry_size, r.leaf);
    if ((err = hbs_ledger_check_inclusion(ctx, r.index, r.checkpoint.size, r.leaf,
                                          (const uint8_t(*)[HBS_LEDGER_HASH])proof->hash, proof->count,
                                          r.checkpoint.root)))
        goto done;
    ledger_person_commitment(raw + 5, content, content_size, sum);
    if (raw[4] >= e.slots || sodium_memcmp(sum, e.slot + 64 * (size_t)raw[4], 32)) {
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "receipt", "ask for it again", "it does not open that leaf");
        goto done;
    }
    for (uint32_t i = 0; i < witness_count && i < HBS_LEDGER_WITNESSES_MAX; i++) {
        enum hbs_err seen = hbs_ledger_note_verify(ctx, note, &witnesses[i], &r.witnessed[i]);
        if (seen && seen != HBS_ERR_NOT_FOUND) {
            err = seen;
            goto done;
        }
    }
    err = ledger_content_read(ctx, content, content_size, opened);
    if (!err)
        *out = r;
done:
    if (raw)
        sodium_memzero(raw, most);
    hbs_free(ctx, raw);
    hbs_free(ctx, note);
    hbs_free(ctx, proof);
    return err;
}
