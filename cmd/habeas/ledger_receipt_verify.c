/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger receipt verify FILE --log KEY.
 */
#include "ledger_input.h"

static const char *key, *witness;

static const struct cmd_option options[] = {
    {"log", 0, CMD_TEXT, &key, "KEY", "the ledger's public key, or a file with it", 0, 0},
    {"witnesses", 0, CMD_FILE, &witness, "FILE", "witnesses' public keys, one a line: all must have signed", 0, 0},
    {0},
};

static int receipt_verify(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct hbs_ledger_key log, witnesses[HBS_LEDGER_WITNESSES_MAX];
    uint32_t count = 0;
    if (!key)
        return cmd_misuse(run, "--log", "give the ledger's public key, from a source that you trust", "is missing");
    int code = ledger_key_read(run, key, &log);
    if (!code && witness)
        code = ledger_keys_read(run, witness, witnesses, HBS_LEDGER_WITNESSES_MAX, &count);
    if (code)
        return code;
    struct hbs_buf data;
    struct hbs_ledger_receipt r;
    struct hbs_ledger_opened *o = hbs_alloc(run->ctx, 1, sizeof *o);
    if (!o)
        return cmd_fail(run, HBS_ERR_NO_MEMORY);
    hbs_ledger_opened_init(o, run->ctx);
    hbs_buf_init(&data, run->ctx, HBS_LEDGER_RECEIPT_MAX);
    enum hbs_err err = hbs_file_read(run->ctx, argv[0], &data);
    if (!err && (err = hbs_ledger_receipt_open(run->ctx, data.data ? data.data : (uint8_t *)"", data.size, &log, witnesses,
                                               count, &r, o)))
        hbs_ctx_set_where(run->ctx, argv[0]);
    unsigned seen = 0;
    if (err) {
        code = cmd_fail(run, err);
    } else {
        json_t *list = json_array();
        for (uint32_t i = 0; i < count; i++) {
            seen += r.witnessed[i] != 0;
            json_array_append_new(list, json_pack("{s:s,s:I}", "name", witnesses[i].name, "time",
                                                  (json_int_t)r.witnessed[i]));
        }
        json_object_update_new(run->answer, json_pack("{s:b,s:s,s:{s:I,s:o},s:I,s:o,s:o}", "verified", 1, "origin",
                                                      r.checkpoint.origin, "leaf", "index", (json_int_t)r.index, "hash",
                                                      ledger_hash_json(r.leaf), "size", (json_int_t)r.checkpoint.size,
                                                      "content", ledger_act_json(o), "witnesses", list));
        cmd_say(run, "the receipt holds: entry %llu of %s\n", (unsigned long long)r.index, r.checkpoint.origin);
        ledger_act_say(run, o);
        for (uint32_t i = 0; i < count; i++)
            cmd_say(run, "witness    %s: %s\n", witnesses[i].name, r.witnessed[i] ? "cosigned" : "has not cosigned this");
        if (seen < count)
            code = 7; /* the log says so, the witnesses do not yet */
    }
    hbs_ledger_opened_close(o);
    hbs_free(run->ctx, o);
    hbs_buf_close(&data);
    return code;
}

const struct cmd cmd_ledger_receipt_verify = {
    .name = "ledger receipt verify",
    .summary = "check a receipt, offline",
    .arguments = "FILE",
    .text = "Checks that the receipt opens one entry of the log with that public key, and prints what the entry says was\n"
            "done. Needs no network, no ledger and nobody's leave. Exit code 4 when it does not hold; 7 when it holds and a\n"
            "witness asked for has not cosigned the checkpoint in it.",
    .example = "habeas ledger receipt verify 12-0.tlog-proof --log example.pub",
    .least = 1,
    .most = 1,
    .options = options,
    .run = receipt_verify,
};
