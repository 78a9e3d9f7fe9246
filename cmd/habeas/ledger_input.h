/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what the ledger's commands share: key files, opening, acts as JSON, asking
 * witnesses.
 */
#ifndef HABEAS_LEDGER_INPUT_H
#define HABEAS_LEDGER_INPUT_H

#include "cmd.h"

enum { LEDGER_PATH = 4096 };

struct ledger_use {
    const char *key;  /* the log's private key; NULL: DIR.key */
    uint64_t wait;    /* seconds for another process */
    struct hbs_ledger_store store;
    struct hbs_ledger *ledger;
};
#define LEDGER_WRITE_OPTIONS(use)                                                                                \
    {"key", 0, CMD_FILE, &(use).key, "FILE", "the ledger's private key; else DIR.key", 0, 0},                    \
    {"wait", 0, CMD_COUNT, &(use).wait, "SECONDS", "how long to wait for another process; else 10", 0, 3600}

/* Opens for writing (with the key) or reading; ledger_end closes either, and reports. They return an exit
 * code, 0 when all is well. */
int ledger_begin(struct cmd_run *run, const char *dir, bool write, struct ledger_use *use);
int ledger_end(struct cmd_run *run, struct ledger_use *use);

/* DIR.key, for DIR with or without slashes at its end. */
int ledger_key_path(struct cmd_run *run, const char *dir, char out[LEDGER_PATH]);
/* A private key's file, which nobody else may read. */
int ledger_secret_read(struct cmd_run *run, const char *path, struct hbs_ledger_secret *out);
/* Makes the file, which must not exist, for its owner alone. */
int ledger_secret_write(struct cmd_run *run, const char *path, const struct hbs_ledger_secret *secret);
/* A public key: the text itself, or the name of a file with one. */
int ledger_key_read(struct cmd_run *run, const char *text, struct hbs_ledger_key *out);
/* All keys of a file, one a line; empty lines and those that begin with # are passed over. */
int ledger_keys_read(struct cmd_run *run, const char *path, struct hbs_ledger_key *out, uint32_t most, uint32_t *count);

/* An act from a JSON object; `name` is the file's, for mistakes. `person_keys` gets the persons' keys, and
 * `has_key` says which have one. */
struct ledger_act_input {
    struct hbs_ledger_act act;
    uint32_t persons;
    struct hbs_ledger_key person_key[HBS_LEDGER_PERSONS_MAX];
    bool has_key[HBS_LEDGER_PERSONS_MAX];
};
int ledger_act_read(struct cmd_run *run, const char *name, const json_t *object, struct ledger_act_input *out);
json_t *ledger_act_json(const struct hbs_ledger_opened *opened);
/* The same for people. */
void ledger_act_say(struct cmd_run *run, const struct hbs_ledger_opened *opened);

/* Asks every witness for its cosignature; warns of those that fail. The answer's "witnesses" tells; the worst
 * thing found (a fork, a rollback) is returned as an exit code, silence is not an error. */
int ledger_ask_witnesses(struct cmd_run *run, struct hbs_ledger *ledger, unsigned *cosigned);

json_t *ledger_hash_json(const uint8_t hash[32]);   /* hex */
json_t *ledger_base64_json(const uint8_t hash[32]); /* as in proofs */
void ledger_hex(const uint8_t hash[32], char out[65]);

#endif
