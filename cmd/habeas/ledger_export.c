/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger export DIR OUT.
 */
#include "ledger_input.h"

static struct ledger_use use;
static const struct cmd_option options[] = {{0}};

static int export(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    uint64_t files = 0;
    int code = ledger_begin(run, argv[0], false, &use);
    if (code)
        return code;
    struct hbs_ledger_store to = {0};
    enum hbs_err err = hbs_ledger_folder_open(run->ctx, argv[1], true, &to);
    if (!err)
        err = hbs_ledger_export(use.ledger, run->ctx, &to, &files);
    hbs_ledger_folder_close(&to);
    if (err)
        code = cmd_fail(run, err);
    else {
        json_object_update_new(run->answer, json_pack("{s:s,s:s,s:I,s:I}", "ledger", argv[0], "out", argv[1], "size",
                                                      (json_int_t)hbs_ledger_size(use.ledger), "files", (json_int_t)files));
        cmd_say(run, "%llu files written to %s, for %llu entries\n", (unsigned long long)files, argv[1],
                (unsigned long long)hbs_ledger_size(use.ledger));
    }
    int end = ledger_end(run, &use);
    return code ? code : end;
}

const struct cmd cmd_ledger_export = {
    .name = "ledger export",
    .summary = "what the public may have: checkpoint and hash tiles",
    .arguments = "DIR OUT",
    .text = "Writes checkpoint and hash tiles (c2sp.org/tlog-tiles) to the folder OUT, which any web server can publish.\n"
            "Entries are never among them. Run it again to bring OUT up to date: only what is new is written, the\n"
            "checkpoint last. Needs no key.",
    .example = "habeas ledger export acts public/",
    .least = 2,
    .most = 2,
    .options = options,
    .run = export,
};
