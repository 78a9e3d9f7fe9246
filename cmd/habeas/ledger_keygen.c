/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger keygen NAME -o FILE.
 */
#include "ledger_input.h"

#include <string.h>

static const char *kind = "reader", *out;

static const struct cmd_option options[] = {
    {"out", 'o', CMD_FILE, &out, "FILE", "where the private key goes; must not exist", 0, 0},
    {"kind", 0, CMD_TEXT, &kind, "KIND", "reader (inspector or person; the default), witness or log", 0, 0},
    {0},
};

static int keygen(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct hbs_ledger_secret secret;
    struct hbs_buf text;
    enum hbs_ledger_key_kind k = !strcmp(kind, "reader")    ? HBS_LEDGER_KEY_READER
                                 : !strcmp(kind, "witness") ? HBS_LEDGER_KEY_WITNESS
                                                            : HBS_LEDGER_KEY_LOG;
    if (k == HBS_LEDGER_KEY_LOG && strcmp(kind, "log") != 0)
        return cmd_misuse(run, kind, "give reader, witness or log", "no such kind of key");
    if (!out)
        return cmd_misuse(run, "--out", "name the file for the private key", "is missing");
    enum hbs_err err = hbs_ledger_secret_make(run->ctx, k, argv[0], &secret);
    if (err)
        return cmd_fail(run, err);
    hbs_buf_init(&text, run->ctx, 4096);
    int code = ledger_secret_write(run, out, &secret);
    if (!code && ((err = hbs_ledger_key_print(&secret.key, &text)) || (err = hbs_buf_put(&text, "", 1))))
        code = cmd_fail(run, err);
    if (!code) {
        json_object_update_new(run->answer, json_pack("{s:s,s:s,s:s}", "key", (char *)text.data, "kind", kind,
                                                      "key_file", out));
        cmd_say(run, "%s\n", (char *)text.data);
    }
    hbs_ledger_secret_wipe(&secret);
    hbs_buf_close(&text);
    return code;
}

const struct cmd cmd_ledger_keygen = {
    .name = "ledger keygen",
    .summary = "a key pair for an inspector, a person, a witness or a log",
    .arguments = "NAME",
    .text = "Makes a key pair, writes the private key to a file that its owner alone may read, and prints the\n"
            "public key, which is what others are given. The name is like an address without its scheme:\n"
            "inspectorate.example/2026.",
    .example = "habeas ledger keygen inspectorate.example -o inspector.key > inspector.pub",
    .least = 1,
    .most = 1,
    .options = options,
    .run = keygen,
};
