/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger init DIR --origin NAME.
 */
#include "ledger_input.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *origin, *key, *inspectors;
static uint64_t cosign_within = 5, refuse_after = 60;

static const struct cmd_option options[] = {
    {"origin", 0, CMD_TEXT, &origin, "NAME", "the log's name, like example.org/ledger", 0, 0},
    {"key", 0, CMD_FILE, &key, "FILE", "its private key, made if it is not there; else DIR.key", 0, 0},
    {"inspectors", 0, CMD_FILE, &inspectors, "FILE", "inspectors' public keys, one a line", 0, 0},
    {"cosign-within", 0, CMD_COUNT, &cosign_within, "MINUTES", "when a cosignature is due; else 5", 1, 525600},
    {"refuse-after", 0, CMD_COUNT, &refuse_after, "MINUTES", "without one, acts are refused; else 60", 1, 525600},
    {0},
};

static int init(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    char path[LEDGER_PATH];
    struct hbs_ledger_secret secret;
    struct hbs_ledger_store store = {0};
    struct hbs_ledger_config *config = hbs_alloc(run->ctx, 1, sizeof *config);
    bool made = false;
    enum hbs_err err = HBS_OK;
    int code = 0;
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, 4096);
    if (!config)
        return cmd_fail(run, HBS_ERR_NO_MEMORY);
    if (!origin)
        code = cmd_misuse(run, "--origin", "name the log, like example.org/ledger", "is missing");
    if (!code && !key) {
        code = ledger_key_path(run, argv[0], path);
        key = path;
    }
    if (!code && inspectors)
        code = ledger_keys_read(run, inspectors, config->inspector, HBS_LEDGER_INSPECTORS_MAX, &config->inspector_count);
    if (!code && !access(key, F_OK)) {
        code = ledger_secret_read(run, key, &secret);
        if (!code && strcmp(secret.key.name, origin) != 0)
            code = cmd_misuse(run, key, "name another key file", "this key is of '%s'", secret.key.name);
    } else if (!code) {
        if ((err = hbs_ledger_secret_make(run->ctx, HBS_LEDGER_KEY_LOG, origin, &secret)))
            code = cmd_fail(run, err);
        else if (!(code = ledger_secret_write(run, key, &secret)))
            made = true;
    }
    if (code)
        goto done;
    config->cosign_within = (uint32_t)cosign_within;
    config->refuse_after = (uint32_t)refuse_after;
    bool there = !access(argv[0], F_OK);
    if (!(err = hbs_ledger_folder_open(run->ctx, argv[0], true, &store)))
        err = hbs_ledger_create(run->ctx, &store, &secret, config);
    hbs_ledger_folder_close(&store);
    if (!err && !(err = hbs_ledger_key_print(&secret.key, &text)))
        err = hbs_buf_put(&text, "", 1);
    if (err) {
        code = cmd_fail(run, err);
        if (made)
            unlink(key);
        if (!there) {
            char tile[LEDGER_PATH + 8];
            snprintf(tile, sizeof tile, "%s/tile", argv[0]);
            rmdir(tile); /* only while they are empty */
            rmdir(argv[0]);
        }
        goto done;
    }
    json_object_update_new(run->answer, json_pack("{s:s,s:s,s:s,s:s,s:i}", "ledger", argv[0], "origin", origin, "key",
                                                  (char *)text.data, "key_file", key, "inspectors",
                                                  (int)config->inspector_count));
    cmd_say(run, "ledger %s made in %s; its private key is %s\ngive this public key to whoever is to check it:\n%s\n", origin,
            argv[0], key, (char *)text.data);
    if (!config->inspector_count)
        cmd_warn(run, "there are no inspectors: only receipts open entries; see 'habeas ledger inspector add --help'");
done:
    hbs_ledger_secret_wipe(&secret);
    hbs_buf_close(&text);
    hbs_free(run->ctx, config);
    return code;
}

const struct cmd cmd_ledger_init = {
    .name = "ledger init",
    .summary = "a new ledger",
    .arguments = "DIR",
    .text = "Makes a ledger in the new folder DIR. Its first entry says what it is: its key, its inspectors,\n"
            "its witnesses. The private key lies outside of DIR, so that DIR can be copied; whoever has\n"
            "it can sign for the ledger, so keep it as you keep such things.\n\n"
            "Entries are sealed to the inspectors there are when they are made. Inspectors can be added later,\n"
            "never taken away.",
    .example = "habeas ledger init acts --origin example.org/acts --inspectors inspectors.pub",
    .least = 1,
    .most = 1,
    .options = options,
    .run = init,
};
