/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger consistency DIR OLD NEW.
 */
#include "ledger_input.h"
#include "base/base_int.h"

#include <errno.h>
#include <stdlib.h>

static struct ledger_use use;

static const struct cmd_option options[] = {{0}};

/* A size, or a checkpoint's file, which must be of this ledger's history. */
static int take(struct cmd_run *run, const char *text, uint64_t *size, uint8_t root[32])
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    enum hbs_err err;
    if (text[0] >= '0' && text[0] <= '9' && !*end && !errno) {
        *size = v;
        err = hbs_ledger_root(use.ledger, run->ctx, v, root);
        return err ? cmd_fail(run, err) : 0;
    }
    struct hbs_buf data;
    struct hbs_ledger_checkpoint c;
    hbs_buf_init(&data, run->ctx, HBS_LEDGER_NOTE_MAX);
    struct hbs_ledger_note *note = hbs_alloc(run->ctx, 1, sizeof *note);
    err = note ? hbs_file_read(run->ctx, text, &data) : HBS_ERR_NO_MEMORY;
    if (!err && (err = hbs_ledger_checkpoint_open(run->ctx, data.data, data.size, &hbs_ledger_config(use.ledger)->log, note,
                                                  &c)))
        hbs_ctx_set_where(run->ctx, text);
    if (!err && c.size > hbs_ledger_size(use.ledger))
        err = hbs_fail(run->ctx, HBS_ERR_INTEGRITY, text, "find the newer copy: this one was put back",
                       "the ledger had %llu entries, here are %llu", (unsigned long long)c.size,
                       (unsigned long long)hbs_ledger_size(use.ledger));
    if (!err)
        err = hbs_ledger_root(use.ledger, run->ctx, c.size, root);
    if (!err && memcmp(root, c.root, 32) != 0)
        err = hbs_fail(run->ctx, HBS_ERR_INTEGRITY, text, "keep both: they prove it", "the ledger had another history then");
    *size = c.size;
    hbs_buf_close(&data);
    hbs_free(run->ctx, note);
    return err ? cmd_fail(run, err) : 0;
}

static int consistency(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    uint64_t before = 0, after = 0;
    uint8_t old_root[32], new_root[32], hashes[HBS_LEDGER_PROOF_MAX][32];
    uint32_t count = 0;
    int code = ledger_begin(run, argv[0], false, &use);
    if (code)
        return code;
    code = take(run, argv[1], &before, old_root);
    if (!code)
        code = take(run, argv[2], &after, new_root);
    enum hbs_err err = code ? HBS_OK : hbs_ledger_consistency(use.ledger, run->ctx, before, after, hashes, &count);
    if (err) {
        code = cmd_fail(run, err);
    } else if (!code) {
        json_t *list = json_array();
        for (uint32_t i = 0; i < count; i++) {
            json_t *hash = ledger_base64_json(hashes[i]);
            cmd_say(run, "%s\n", json_string_value(hash));
            json_array_append_new(list, hash);
        }
        json_object_update_new(run->answer, json_pack("{s:{s:I,s:o},s:{s:I,s:o},s:o}", "old", "size", (json_int_t)before,
                                                      "root", ledger_hash_json(old_root), "new", "size", (json_int_t)after,
                                                      "root", ledger_hash_json(new_root), "proof", list));
    }
    int end = ledger_end(run, &use);
    return code ? code : end;
}

const struct cmd cmd_ledger_consistency = {
    .name = "ledger consistency",
    .summary = "that a newer state holds an older one unchanged",
    .arguments = "DIR OLD NEW",
    .text = "OLD and NEW are numbers of entries, or files with checkpoints of this ledger. Prints the hashes of a\n"
            "consistency proof (RFC 6962, 2.1.2), one a line; with --json also sizes and roots. A checkpoint that is\n"
            "not of this ledger's history is an integrity failure (4).",
    .example = "habeas ledger consistency acts yesterday.checkpoint 1500",
    .least = 3,
    .most = 3,
    .options = options,
    .run = consistency,
};
