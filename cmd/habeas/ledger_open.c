/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger open DIR INDEX... --key FILE.
 */
#include "ledger_input.h"
#include "base/base_int.h"

#include <errno.h>
#include <stdlib.h>

static struct ledger_use use;
static const char *key;

static const struct cmd_option options[] = {
    {"key", 0, CMD_FILE, &key, "FILE", "the inspector's private key", 0, 0},
    {0},
};

static int one(struct cmd_run *run, uint64_t index, const struct hbs_ledger_secret *secret, json_t *list)
{
    struct hbs_buf entry;
    uint8_t leaf[32], want[32];
    struct hbs_ledger_opened *o = hbs_alloc(run->ctx, 1, sizeof *o);
    if (!o)
        return cmd_fail(run, HBS_ERR_NO_MEMORY);
    hbs_ledger_opened_init(o, run->ctx);
    hbs_buf_init(&entry, run->ctx, HBS_LEDGER_ENTRY_MAX);
    enum hbs_err err = hbs_ledger_entry(use.ledger, run->ctx, index, &entry);
    if (!err)
        err = hbs_ledger_leaf(use.ledger, run->ctx, index, leaf);
    if (!err) {
        hbs_ledger_leaf_hash(entry.data, entry.size, want);
        if (memcmp(leaf, want, 32) != 0)
            err = hbs_fail(run->ctx, HBS_ERR_INTEGRITY, "entry", "run 'habeas ledger verify'", "it is not what was logged");
    }
    if (!err && entry.size > 1 && entry.data[0] == 2) { /* a config is in clear */
        json_array_append_new(list, json_pack("{s:I,s:s%}", "index", (json_int_t)index, "config", (char *)entry.data + 1,
                                              entry.size - 1));
        cmd_say(run, "entry %llu, a config\n%.*s", (unsigned long long)index, (int)entry.size - 1, (char *)entry.data + 1);
    } else if (!err && !(err = hbs_ledger_unseal(run->ctx, entry.data, entry.size, secret, o))) {
        json_t *act = ledger_act_json(o);
        json_object_set_new(act, "index", json_integer((json_int_t)index));
        json_array_append_new(list, act);
        cmd_say(run, "entry %llu\n", (unsigned long long)index);
        ledger_act_say(run, o);
        if (o->is_document)
            cmd_say(run, "%.*s\n", (int)o->document.size, o->document.data ? (char *)o->document.data : "");
    }
    hbs_ledger_opened_close(o);
    hbs_free(run->ctx, o);
    hbs_buf_close(&entry);
    return err ? cmd_fail(run, err) : 0;
}

static int open_entries(struct cmd_run *run, int argc, char **argv)
{
    struct hbs_ledger_secret secret;
    if (!key)
        return cmd_misuse(run, "--key", "name the inspector's private key", "is missing");
    int code = ledger_secret_read(run, key, &secret);
    if (code)
        return code;
    json_t *list = json_array();
    json_object_set_new(run->answer, "entries", list);
    code = ledger_begin(run, argv[0], false, &use);
    if (!code) {
        uint64_t size = hbs_ledger_size(use.ledger);
        for (uint64_t i = 0; argc == 1 && i < size && !code; i++)
            code = one(run, i, &secret, list);
        for (int i = 1; i < argc && !code; i++) {
            char *end;
            errno = 0;
            unsigned long long index = strtoull(argv[i], &end, 10);
            code = argv[i][0] < '0' || argv[i][0] > '9' || *end || errno
                       ? cmd_misuse(run, argv[i], "give whole numbers, from 0 on", "this is no index")
                       : one(run, index, &secret, list);
        }
        int end = ledger_end(run, &use);
        code = code ? code : end;
    }
    hbs_ledger_secret_wipe(&secret);
    return code;
}

const struct cmd cmd_ledger_open = {
    .name = "ledger open",
    .summary = "read entries with an inspector's key",
    .arguments = "DIR [INDEX...]",
    .text = "Opens entries that were sealed to this inspector, all of them or those named, and checks that each is what was\n"
            "logged and that every person's commitment in it holds the same. Neither the ledger's key nor its operator's\n"
            "leave is needed, only the folder with the entries.",
    .example = "habeas ledger open acts 12 --key inspector.key",
    .least = 1,
    .most = -1,
    .options = options,
    .run = open_entries,
};
