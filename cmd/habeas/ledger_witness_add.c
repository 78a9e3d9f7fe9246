/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger witness add DIR KEY URL.
 */
#include "ledger_input.h"

#include <string.h>

static struct ledger_use use = {.wait = 10};
static uint64_t cosign_within, refuse_after;

static const struct cmd_option options[] = {
    LEDGER_WRITE_OPTIONS(use),
    {"cosign-within", 0, CMD_COUNT, &cosign_within, "MINUTES", "when a cosignature is due; else as it was", 1, 525600},
    {"refuse-after", 0, CMD_COUNT, &refuse_after, "MINUTES", "without one, acts are refused; else as it was", 1, 525600},
    {0},
};

static int add(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct hbs_ledger_key key;
    int code = ledger_key_read(run, argv[1], &key);
    if (!code && key.kind != HBS_LEDGER_KEY_WITNESS)
        code = cmd_misuse(run, argv[1], "ask for its key of type 4 (cosignature/v1)", "this is not a witness's key");
    if (!code && strlen(argv[2]) > HBS_LEDGER_URL_MAX)
        code = cmd_misuse(run, argv[2], "use a shorter one", "the address is too long");
    if (code || (code = ledger_begin(run, argv[0], true, &use)))
        return code;
    struct hbs_ledger_config c = *hbs_ledger_config(use.ledger);
    struct hbs_ledger_witness *w = NULL;
    unsigned cosigned = 0;
    for (uint32_t i = 0; i < c.witness_count; i++) /* one that is there gets a new address */
        if (hbs_ledger_key_same(&c.witness[i].key, &key))
            w = &c.witness[i];
    if (!w && c.witness_count < HBS_LEDGER_WITNESSES_MAX)
        w = &c.witness[c.witness_count++];
    if (!w) {
        code = cmd_misuse(run, argv[0], "take fewer", "it has %u witnesses, the most", c.witness_count);
    } else {
        memset(w, 0, sizeof *w);
        w->key = key;
        memcpy(w->url, argv[2], strlen(argv[2]) + 1);
        c.cosign_within = cosign_within ? (uint32_t)cosign_within : c.cosign_within;
        c.refuse_after = refuse_after ? (uint32_t)refuse_after : c.refuse_after;
        enum hbs_err err = hbs_ledger_configure(use.ledger, run->ctx, &c);
        code = err ? cmd_fail(run, err) : ledger_ask_witnesses(run, use.ledger, &cosigned);
    }
    if (!code) {
        uint64_t entry = hbs_ledger_config(use.ledger)->entry;
        json_object_update_new(run->answer, json_pack("{s:s,s:s,s:s,s:I,s:i,s:i}", "ledger", argv[0], "witness", key.name,
                                                      "url", argv[2], "entry", (json_int_t)entry, "cosign_within",
                                                      (int)c.cosign_within, "refuse_after", (int)c.refuse_after));
        cmd_say(run, "entry %llu: %s witnesses this ledger; %u of %u have cosigned\nwithout a cosignature for %u minutes "
                     "acts are refused\n",
                (unsigned long long)entry, key.name, cosigned, c.witness_count, c.refuse_after);
    }
    int end = ledger_end(run, &use);
    return code ? code : end;
}

const struct cmd cmd_ledger_witness_add = {
    .name = "ledger witness add",
    .summary = "name a witness, who sees that the ledger is not put back",
    .arguments = "DIR KEY URL",
    .text = "KEY is the witness's public key (NAME+ID+BASE64, type 4) or a file with it, URL its submission prefix\n"
            "(c2sp.org/tlog-witness). The witness must know this ledger's public key. It is asked at once, and after each\n"
            "append; when no witness has cosigned for --refuse-after minutes, the ledger takes no acts. The change is itself\n"
            "an entry. Naming a witness again changes its address.",
    .example = "habeas ledger witness add acts witness.pub https://witness.example/",
    .least = 3,
    .most = 3,
    .options = options,
    .run = add,
};
