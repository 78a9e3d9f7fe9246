/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger inspector add DIR KEY.
 */
#include "ledger_input.h"

static struct ledger_use use = {.wait = 10};

static const struct cmd_option options[] = {LEDGER_WRITE_OPTIONS(use), {0}};

static int add(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct hbs_ledger_key key;
    int code = ledger_key_read(run, argv[1], &key);
    if (!code && key.kind != HBS_LEDGER_KEY_READER)
        code = cmd_misuse(run, argv[1], "make one with 'habeas ledger keygen'", "this is not a reader's key");
    if (code || (code = ledger_begin(run, argv[0], true, &use)))
        return code;
    struct hbs_ledger_config c = *hbs_ledger_config(use.ledger);
    if (c.inspector_count == HBS_LEDGER_INSPECTORS_MAX) {
        code = cmd_misuse(run, argv[0], "begin another ledger", "it has %u inspectors, the most", c.inspector_count);
    } else {
        c.inspector[c.inspector_count++] = key;
        enum hbs_err err = hbs_ledger_configure(use.ledger, run->ctx, &c);
        if (err)
            code = cmd_fail(run, err);
    }
    if (!code) {
        uint64_t entry = hbs_ledger_config(use.ledger)->entry;
        json_object_update_new(run->answer, json_pack("{s:s,s:s,s:i,s:I}", "ledger", argv[0], "inspector", key.name,
                                                      "inspectors", (int)c.inspector_count, "entry", (json_int_t)entry));
        cmd_say(run, "entry %llu: from now on entries are sealed to %s too\n", (unsigned long long)entry, key.name);
    }
    int end = ledger_end(run, &use);
    return code ? code : end;
}

const struct cmd cmd_ledger_inspector_add = {
    .name = "ledger inspector add",
    .summary = "seal entries to a further inspector from now on",
    .arguments = "DIR KEY",
    .text = "KEY is the inspector's public key, or a file with it. The change is itself an entry of the ledger. Inspectors\n"
            "cannot be taken away, and what was logged before is not opened to the new one.",
    .example = "habeas ledger inspector add acts inspector.pub",
    .least = 2,
    .most = 2,
    .options = options,
    .run = add,
};
