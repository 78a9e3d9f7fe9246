/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger verify DIR.
 */
#include "ledger_input.h"
#include "base/base_int.h"
#include "http.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char *anchor, *key;
static bool offline;

static const struct cmd_option options[] = {
    {"anchor", 0, CMD_FILE, &anchor, "FILE", "a checkpoint or receipt of this ledger, kept elsewhere", 0, 0},
    {"log", 0, CMD_TEXT, &key, "KEY", "the ledger's public key, or a file with it; else the one in DIR", 0, 0},
    {"offline", 0, CMD_FLAG, &offline, NULL, "do not ask the witnesses what they have seen", 0, 0},
    {0},
};

enum { TOLD = 100 };

struct told {
    struct cmd_run *run;
    json_t *list;
    size_t count;
};

static void problem(void *arg, const char *where, const char *what)
{
    struct told *t = arg;
    if (t->count++ < TOLD) {
        json_array_append_new(t->list, json_pack("{s:s,s:s}", "where", where, "what", what));
        cmd_say(t->run, "%s: %s\n", where, what);
    }
}

static void progress(void *arg, uint64_t done, uint64_t total)
{
    struct told *t = arg;
    cmd_progress(t->run, "verifying", done, total);
}

/* Compares with what a witness has cosigned last. Returns whether it was compared. */
static bool ask(struct told *t, struct hbs_ledger_store *store, const struct hbs_ledger_report *r, uint32_t i,
                uint64_t *seen)
{
    struct cmd_run *run = t->run;
    const struct hbs_ledger_witness *w = &r->config.witness[i];
    uint8_t hash[32];
    char hex[65], url[HBS_LEDGER_URL_MAX + 96];
    size_t n = strlen(w->url);
    int status = 0;
    bool compared = false;
    struct hbs_buf reply;
    struct hbs_ledger_checkpoint c;
    struct hbs_ledger *ledger = NULL;
    uint8_t root[32];
    struct hbs_ledger_note *note = hbs_alloc(run->ctx, 1, sizeof *note);
    if (!note)
        return false;
    crypto_hash_sha256(hash, (const uint8_t *)r->config.log.name, strlen(r->config.log.name));
    ledger_hex(hash, hex);
    snprintf(url, sizeof url, "%s%s%s/checkpoint", w->url, n && w->url[n - 1] == '/' ? "" : "/", hex);
    hbs_buf_init(&reply, run->ctx, HBS_LEDGER_NOTE_MAX);
    if (http_ask(run->ctx, url, NULL, 0, 5, &status, &reply) || (status != 200 && status != 404)) {
        cmd_warn(run, "%s does not say what it has seen (%s)", w->key.name, w->url);
    } else if (status == 404) {
        cmd_warn(run, "%s has seen nothing of this ledger", w->key.name);
    } else if (hbs_ledger_checkpoint_open(run->ctx, reply.data, reply.size, &r->config.log, note, &c) ||
               hbs_ledger_note_verify(run->ctx, note, &w->key, NULL)) {
        cmd_warn(run, "%s: its answer is not its cosignature of this ledger: %s", w->key.name, hbs_ctx_what(run->ctx));
    } else if (c.size > r->checkpoint.size) {
        char what[160];
        snprintf(what, sizeof what, "it has cosigned %llu entries, here are %llu: the ledger was put back or cut",
                 (unsigned long long)c.size, (unsigned long long)r->checkpoint.size);
        problem(t, w->key.name, what);
        compared = true;
    } else if (!hbs_ledger_open(run->ctx, store, NULL, 0, &ledger)) {
        if (c.size <= hbs_ledger_size(ledger) && !hbs_ledger_root(ledger, run->ctx, c.size, root)) {
            compared = true;
            if (memcmp(root, c.root, 32) != 0)
                problem(t, w->key.name, "it has cosigned another history of this ledger");
        }
        hbs_ledger_close(run->ctx, ledger);
    }
    if (compared && c.size > *seen)
        *seen = c.size;
    hbs_buf_close(&reply);
    hbs_free(run->ctx, note);
    return compared;
}

static int verify(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct told t = {run, json_array(), 0};
    struct hbs_ledger_store store = {0};
    struct hbs_ledger_key pinned;
    struct hbs_ledger_report *r = hbs_alloc(run->ctx, 1, sizeof *r);
    struct hbs_buf kept;
    hbs_buf_init(&kept, run->ctx, HBS_LEDGER_RECEIPT_MAX);
    json_object_set_new(run->answer, "ledger", json_string(argv[0]));
    json_object_set_new(run->answer, "problems", t.list);
    struct hbs_ledger_verify_options o = {.problem = problem, .progress = progress, .arg = &t, .wait = 10};
    int code = r ? 0 : cmd_fail(run, HBS_ERR_NO_MEMORY);
    enum hbs_err err = HBS_OK;
    if (!code && key && !(code = ledger_key_read(run, key, &pinned)))
        o.key = &pinned;
    if (!code && anchor) {
        if ((err = hbs_file_read(run->ctx, anchor, &kept)))
            code = cmd_fail(run, err);
        o.anchor = kept.data ? kept.data : (uint8_t *)"";
        o.anchor_size = kept.size;
    }
    if (!code && (err = hbs_ledger_folder_open(run->ctx, argv[0], false, &store)))
        code = cmd_fail(run, err);
    if (!code) {
        err = hbs_ledger_verify(run->ctx, &store, &o, r);
        uint64_t seen = r->anchored;
        bool checked = r->anchored != 0;
        if (!err && !offline)
            for (uint32_t i = 0; i < r->config.witness_count; i++)
                checked |= ask(&t, &store, r, i, &seen);
        if (!err && t.count)
            err = hbs_fail(run->ctx, HBS_ERR_INTEGRITY, "", "keep the folder as it is and compare it with copies",
                           "it does not hold: problems told: %zu", t.count);
        const char *rollback = err ? "unknown" : checked ? "none" : "unchecked";
        json_object_update_new(run->answer,
            json_pack("{s:b,s:I,s:o,s:I,s:I,s:s,s:s,s:I,s:I,s:I,s:I}", "verified", !err, "size",
                      (json_int_t)r->checkpoint.size, "root", ledger_hash_json(r->checkpoint.root), "files",
                      (json_int_t)r->files, "bytes", (json_int_t)r->bytes, "key", key ? "given" : "its own", "rollback",
                      rollback, "anchored_size", (json_int_t)seen, "witnessed_size", (json_int_t)r->witnessed,
                      "witnessed_time", (json_int_t)r->witnessed_time, "unfinished_bytes", (json_int_t)r->unfinished));
        if (r->unfinished)
            cmd_warn(run, "%llu bytes of a write that a crash cut off, never acknowledged; the next append takes them away",
                     (unsigned long long)r->unfinished);
        if (err) {
            if (t.count > TOLD)
                cmd_say(run, "and %zu more\n", t.count - TOLD);
            code = cmd_fail(run, err);
        } else {
            cmd_say(run, "%llu entries in %llu files hold, signed by %s%s\n", (unsigned long long)r->checkpoint.size,
                    (unsigned long long)r->files, r->config.log.name, key ? "" : " with the key that lies in the ledger");
            if (checked)
                cmd_say(run, "rollback: none, up to the %llu entries known elsewhere\n", (unsigned long long)seen);
            else
                cmd_say(run, "rollback: unchecked; a ledger put back to an earlier day looks like this too: give --anchor\n");
        }
        hbs_ledger_folder_close(&store);
    }
    hbs_buf_close(&kept);
    hbs_free(run->ctx, r);
    return code;
}

const struct cmd cmd_ledger_verify = {
    .name = "ledger verify",
    .summary = "recompute a whole ledger and look at every file of it",
    .arguments = "DIR",
    .text = "Recomputes every hash from the entries up, checks every signature, and tells each file that is changed,\n"
            "missing or does not belong, with the place (exit code 4). Nothing is changed; no key is needed.\n\n"
            "That the whole folder was put back to an earlier day cannot be seen in it. Give --anchor, a checkpoint or a\n"
            "receipt that was kept elsewhere, or have a witness in the config that can be reached; without either the\n"
            "answer says \"rollback\":\"unchecked\". Give --log, too: who writes a new ledger writes its key.",
    .example = "habeas ledger verify acts --anchor kept-elsewhere.checkpoint",
    .least = 1,
    .most = 1,
    .options = options,
    .run = verify,
};
