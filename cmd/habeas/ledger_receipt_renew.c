/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger receipt renew DIR FILE.
 */
#include "ledger_input.h"
#include "base/base_int.h"

static struct ledger_use use;
static const char *out;

static const struct cmd_option options[] = {
    {"out", 'o', CMD_FILE, &out, "FILE", "where the renewed receipt goes; else over the old one", 0, 0},
    {0},
};

/* The newest checkpoint that covers the entry and that witnesses have cosigned, with all their lines; the
 * ledger's own when there is none. */
static enum hbs_err best_checkpoint(struct cmd_run *run, uint64_t index, struct hbs_buf *note, uint64_t *size,
                                    unsigned *witnesses)
{
    const struct hbs_ledger_config *c = hbs_ledger_config(use.ledger);
    struct hbs_buf one;
    struct hbs_ledger_note *parsed = hbs_alloc(run->ctx, 1, sizeof *parsed);
    enum hbs_err err = parsed ? HBS_OK : HBS_ERR_NO_MEMORY;
    *witnesses = 0;
    *size = 0;
    for (uint32_t i = 0; !err && i < c->witness_count; i++) {
        struct hbs_ledger_checkpoint seen;
        hbs_buf_init(&one, run->ctx, HBS_LEDGER_NOTE_MAX);
        if (!hbs_ledger_witness_note(use.ledger, run->ctx, i, &one) &&
            !hbs_ledger_checkpoint_open(run->ctx, one.data, one.size, &c->log, parsed, &seen) && seen.size > index &&
            !hbs_ledger_note_verify(run->ctx, parsed, &c->witness[i].key, NULL)) {
            if (seen.size > *size) {
                *size = seen.size;
                *witnesses = 1;
                note->size = 0;
                err = hbs_buf_put(note, one.data, one.size);
            } else if (seen.size == *size) { /* of the same text: its line too, the last of its note */
                size_t line = one.size - 1;
                while (line && one.data[line - 1] != '\n')
                    line--;
                err = hbs_buf_put(note, one.data + line, one.size - line);
                ++*witnesses;
            }
        }
        hbs_buf_close(&one);
    }
    if (!err && !*size) {
        *size = hbs_ledger_size(use.ledger);
        err = hbs_ledger_checkpoint(use.ledger, run->ctx, note);
    }
    hbs_free(run->ctx, parsed);
    return err;
}

static int renew(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct hbs_buf data, note, text;
    struct hbs_ledger_receipt r;
    unsigned witnesses = 0;
    uint64_t size = 0;
    uint8_t leaf[32];
    int code = ledger_begin(run, argv[0], false, &use);
    if (code)
        return code;
    struct hbs_ledger_proof *proof = hbs_alloc(run->ctx, 1, sizeof *proof);
    struct hbs_ledger_opened *o = hbs_alloc(run->ctx, 1, sizeof *o);
    enum hbs_err err = proof && o ? HBS_OK : HBS_ERR_NO_MEMORY;
    hbs_buf_init(&data, run->ctx, HBS_LEDGER_RECEIPT_MAX);
    hbs_buf_init(&note, run->ctx, HBS_LEDGER_NOTE_MAX);
    hbs_buf_init(&text, run->ctx, HBS_LEDGER_RECEIPT_MAX);
    if (o)
        hbs_ledger_opened_init(o, run->ctx);
    if (!err)
        err = hbs_file_read(run->ctx, argv[1], &data);
    if (!err && (err = hbs_ledger_receipt_open(run->ctx, data.data ? data.data : (uint8_t *)"", data.size,
                                               &hbs_ledger_config(use.ledger)->log, NULL, 0, &r, o)))
        hbs_ctx_set_where(run->ctx, argv[1]);
    if (!err && r.index >= hbs_ledger_size(use.ledger))
        err = hbs_fail(run->ctx, HBS_ERR_INTEGRITY, argv[0], "find the newer copy: this one was put back",
                       "the receipt is of entry %llu, here are %llu", (unsigned long long)r.index,
                       (unsigned long long)hbs_ledger_size(use.ledger));
    if (!err)
        err = hbs_ledger_leaf(use.ledger, run->ctx, r.index, leaf);
    if (!err && memcmp(leaf, r.leaf, 32) != 0)
        err = hbs_fail(run->ctx, HBS_ERR_INTEGRITY, argv[1], "keep both: they prove it",
                       "the ledger now has another entry %llu", (unsigned long long)r.index);
    if (!err)
        err = best_checkpoint(run, r.index, &note, &size, &witnesses);
    if (!err)
        err = hbs_ledger_proof_parse(run->ctx, data.data, data.size, proof);
    if (!err)
        err = hbs_ledger_prove(use.ledger, run->ctx, r.index, size, proof->hash, &proof->count);
    if (!err) {
        proof->checkpoint = (char *)note.data;
        proof->checkpoint_size = note.size;
        err = hbs_ledger_proof_print(proof, &text);
    }
    if (!err) /* what is written holds */
        o->document.size = 0;
    if (!err)
        err = hbs_ledger_receipt_open(run->ctx, text.data, text.size, &hbs_ledger_config(use.ledger)->log, NULL, 0, &r, o);
    if (!err)
        err = hbs_file_write(run->ctx, out ? out : argv[1], text.data, text.size);
    if (err) {
        code = cmd_fail(run, err);
    } else {
        json_object_update_new(run->answer, json_pack("{s:s,s:{s:I,s:o},s:I,s:i}", "receipt", out ? out : argv[1], "leaf",
                                                      "index", (json_int_t)r.index, "hash", ledger_hash_json(r.leaf), "size",
                                                      (json_int_t)size, "witnesses", (int)witnesses));
        cmd_say(run, "the receipt of entry %llu now rests on the checkpoint of %llu entries, cosigned by %u\n",
                (unsigned long long)r.index, (unsigned long long)size, witnesses);
    }
    if (o)
        hbs_ledger_opened_close(o);
    hbs_free(run->ctx, o);
    hbs_free(run->ctx, proof);
    hbs_buf_close(&data);
    hbs_buf_close(&note);
    hbs_buf_close(&text);
    int end = ledger_end(run, &use);
    return code ? code : end;
}

const struct cmd cmd_ledger_receipt_renew = {
    .name = "ledger receipt renew",
    .summary = "put a receipt on a newer checkpoint, with cosignatures",
    .arguments = "DIR FILE",
    .text = "A receipt is given at once, on a checkpoint that only the ledger has signed. When witnesses have cosigned a\n"
            "later one, this writes the receipt anew with that checkpoint and the proof that goes with it. What it opens\n"
            "does not change. Needs no key. Exit code 4 when the ledger does not have that entry any more.",
    .example = "habeas ledger receipt renew acts 12-0.tlog-proof",
    .least = 2,
    .most = 2,
    .options = options,
    .run = renew,
};
