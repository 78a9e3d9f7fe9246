/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger checkpoint DIR.
 */
#include "ledger_input.h"

#include <string.h>

static struct ledger_use use = {.wait = 10};
static bool cosign;
static const char *out;

static const struct cmd_option options[] = {
    LEDGER_WRITE_OPTIONS(use),
    {"cosign", 0, CMD_FLAG, &cosign, NULL, "ask the witnesses for their cosignatures first", 0, 0},
    {"out", 'o', CMD_FILE, &out, "FILE", "write it there, whole or not at all", 0, 0},
    {0},
};

static int checkpoint(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct hbs_buf text;
    unsigned cosigned = 0;
    hbs_buf_init(&text, run->ctx, HBS_LEDGER_NOTE_MAX);
    int code = ledger_begin(run, argv[0], cosign, &use);
    if (code)
        return code;
    if (cosign && !hbs_ledger_config(use.ledger)->witness_count)
        code = cmd_misuse(run, argv[0], "see 'habeas ledger witness add --help'", "the ledger has no witness");
    else if (cosign)
        code = ledger_ask_witnesses(run, use.ledger, &cosigned);
    uint64_t size = hbs_ledger_size(use.ledger), seen = 0, time = 0;
    uint8_t root[32];
    enum hbs_err err = hbs_ledger_checkpoint(use.ledger, run->ctx, &text);
    if (!err)
        err = hbs_ledger_root(use.ledger, run->ctx, size, root);
    if (!err)
        err = hbs_ledger_witnessed(use.ledger, run->ctx, &seen, &time);
    size_t own = text.size;
    /* with the witnesses' lines, when they saw just this */
    for (uint32_t i = 0; !err && seen == size && i < hbs_ledger_config(use.ledger)->witness_count; i++) {
        struct hbs_buf note;
        hbs_buf_init(&note, run->ctx, HBS_LEDGER_NOTE_MAX);
        if (!hbs_ledger_witness_note(use.ledger, run->ctx, i, &note) && note.size > own &&
            !memcmp(note.data, text.data, own))
            err = hbs_buf_put(&text, note.data + own, note.size - own);
        hbs_buf_close(&note);
    }
    if (!err && out)
        err = hbs_file_write(run->ctx, out, text.data, text.size);
    if (!code && err)
        code = cmd_fail(run, err);
    if (!code) {
        json_object_update_new(run->answer, json_pack("{s:s,s:I,s:o,s:s%,s:I,s:I}", "origin",
                                                      hbs_ledger_config(use.ledger)->log.name, "size", (json_int_t)size,
                                                      "root", ledger_hash_json(root), "checkpoint", (char *)text.data,
                                                      text.size, "witnessed_size", (json_int_t)seen, "witnessed_time",
                                                      (json_int_t)time));
        if (!out)
            cmd_say(run, "%.*s", (int)text.size, (char *)text.data);
        if (cosign && !cosigned)
            code = 7;
    }
    hbs_buf_close(&text);
    int end = ledger_end(run, &use);
    return code ? code : end;
}

const struct cmd cmd_ledger_checkpoint = {
    .name = "ledger checkpoint",
    .summary = "the signed checkpoint, with witnesses' cosignatures",
    .arguments = "DIR",
    .text = "Prints the ledger's checkpoint (c2sp.org/tlog-checkpoint): name, size, root, signature. Whoever keeps one\n"
            "can later find out that the ledger was put back or changed: habeas ledger verify --anchor.\n\n"
            "With --cosign the witnesses are asked first, which needs the ledger's key; exit code 7 when none of\n"
            "them answered, 4 when one has seen another history or more of this one than is here.",
    .example = "habeas ledger checkpoint acts > kept-elsewhere.checkpoint",
    .least = 1,
    .most = 1,
    .options = options,
    .run = checkpoint,
};
