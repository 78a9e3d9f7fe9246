/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger prove DIR INDEX.
 */
#include "ledger_input.h"

#include <errno.h>
#include <stdlib.h>

static struct ledger_use use;
static const char *out;

static const struct cmd_option options[] = {
    {"out", 'o', CMD_FILE, &out, "FILE", "write it there, whole or not at all", 0, 0},
    {0},
};

static int prove(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    char *end;
    errno = 0;
    unsigned long long index = strtoull(argv[1], &end, 10);
    if (argv[1][0] < '0' || argv[1][0] > '9' || *end || errno)
        return cmd_misuse(run, argv[1], "give a whole number, from 0 on", "this is no index");
    int code = ledger_begin(run, argv[0], false, &use);
    if (code)
        return code;
    struct hbs_ledger_proof *proof = hbs_alloc(run->ctx, 1, sizeof *proof);
    struct hbs_buf note, text;
    uint8_t leaf[32];
    hbs_buf_init(&note, run->ctx, HBS_LEDGER_NOTE_MAX);
    hbs_buf_init(&text, run->ctx, HBS_LEDGER_RECEIPT_MAX);
    enum hbs_err err = proof ? HBS_OK : HBS_ERR_NO_MEMORY;
    uint64_t size = hbs_ledger_size(use.ledger);
    if (!err)
        err = hbs_ledger_leaf(use.ledger, run->ctx, index, leaf);
    if (!err)
        err = hbs_ledger_prove(use.ledger, run->ctx, index, size, proof->hash, &proof->count);
    if (!err)
        err = hbs_ledger_checkpoint(use.ledger, run->ctx, &note);
    if (!err) {
        proof->index = index;
        proof->checkpoint = (char *)note.data;
        proof->checkpoint_size = note.size;
        err = hbs_ledger_proof_print(proof, &text);
    }
    if (!err && out)
        err = hbs_file_write(run->ctx, out, text.data, text.size);
    if (err) {
        code = cmd_fail(run, err);
    } else {
        json_t *hashes = json_array();
        for (uint32_t i = 0; i < proof->count; i++)
            json_array_append_new(hashes, ledger_base64_json(proof->hash[i]));
        json_object_update_new(run->answer, json_pack("{s:{s:I,s:o},s:I,s:o,s:s%,s:s%}", "leaf", "index", (json_int_t)index,
                                                      "hash", ledger_hash_json(leaf), "size", (json_int_t)size, "proof",
                                                      hashes, "checkpoint", (char *)note.data, note.size, "tlog_proof",
                                                      (char *)text.data, text.size));
        if (!out)
            cmd_say(run, "%.*s", (int)text.size, (char *)text.data);
    }
    hbs_buf_close(&note);
    hbs_buf_close(&text);
    hbs_free(run->ctx, proof);
    int ended = ledger_end(run, &use);
    return code ? code : ended;
}

const struct cmd cmd_ledger_prove = {
    .name = "ledger prove",
    .summary = "that an entry is in the ledger",
    .arguments = "DIR INDEX",
    .text = "Prints a proof (c2sp.org/tlog-proof) that entry INDEX is in the tree of the checkpoint that is in it. It\n"
            "opens nothing: receipts do. With --json also the leaf hash that it is about.",
    .example = "habeas ledger prove acts 12 -o 12.tlog-proof",
    .least = 2,
    .most = 2,
    .options = options,
    .run = prove,
};
