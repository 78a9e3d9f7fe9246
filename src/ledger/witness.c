/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: both sides of c2sp.org/tlog-witness, without the network. The log asks with its
 * checkpoint and a consistency proof from what the witness has seen; the witness cosigns only what
 * holds that unchanged. What the witness keeps is the note that it cosigned, with both signatures, so
 * its memory proves itself.
 */
#include "ledger_int.h"

#include <stdio.h>

enum { REQUEST_PROOF_MAX = 63 };

void ledger_witness_name(const struct hbs_ledger_key *key, char out[32])
{
    snprintf(out, 32, "witness/%08x", (unsigned)key->id);
}

/* ---- The log's side --------------------------------------------------------------------------- */

/* The note of one witness, checked with both keys. */
static enum hbs_err load_one(struct hbs_ledger *l, struct hbs_ctx *ctx, const struct hbs_ledger_key *key,
                             struct hbs_buf *data, struct hbs_ledger_note *note, uint64_t *size, uint64_t *time)
{
    char name[32];
    struct hbs_ledger_checkpoint c;
    ledger_witness_name(key, name);
    data->size = 0;
    enum hbs_err err = l->store.get(l->store.user, ctx, name, data);
    if (!err)
        err = hbs_ledger_checkpoint_open(ctx, data->data, data->size, &l->config.log, note, &c);
    else if (err == HBS_ERR_NOT_FOUND)
        return err;
    if (!err)
        err = hbs_ledger_note_verify(ctx, note, key, time);
    if (err == HBS_ERR_NOT_FOUND || err == HBS_ERR_FORMAT || err == HBS_ERR_INTEGRITY || err == HBS_ERR_LIMIT)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "run 'habeas ledger verify'",
                       "this is not a note that the witness cosigned");
    if (!err)
        *size = c.size;
    return err;
}

/* With the state locked, or before anybody else has the log. */
enum hbs_err ledger_witness_load(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    struct hbs_buf data;
    struct hbs_ledger_note *note = hbs_alloc(ctx, 1, sizeof *note);
    if (!note)
        return hbs_fail_memory(ctx, sizeof *note);
    enum hbs_err err = HBS_OK;
    hbs_buf_init(&data, ctx, HBS_LEDGER_NOTE_MAX);
    l->witnessed = l->witnessed_time = 0;
    for (uint32_t i = 0; !err && i < l->config.witness_count; i++) {
        uint64_t size = 0, time = 0;
        err = load_one(l, ctx, &l->config.witness[i].key, &data, note, &size, &time);
        if (err == HBS_ERR_NOT_FOUND)
            err = HBS_OK;
        if (err)
            break;
        l->witness_size[i] = size;
        if (time > l->witnessed_time)
            l->witnessed_time = time;
        if (size > l->witnessed)
            l->witnessed = size;
    }
    if (!err && l->witnessed > l->edge.size && l->writing)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "witness", "find the newer copy: this one was put back",
                       "a witness cosigned %llu entries, here are %llu", (unsigned long long)l->witnessed,
                       (unsigned long long)l->edge.size);
    hbs_buf_close(&data);
    hbs_free(ctx, note);
    return err;
}

enum hbs_err ledger_witness_fresh(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    enum { AHEAD = 600 }; /* seconds that clocks may differ */
    if (!l->config.witness_count)
        return HBS_OK;
    uint64_t now = ledger_now(l), last = l->witnessed_time;
    if (!last && l->config.since > last) /* none yet: from when it was named */
        last = l->config.since;
    if (last > now + AHEAD)
        return hbs_fail(ctx, HBS_ERR_REFUSED, "witness", "set this machine's clock",
                        "the last cosignature is from the future: the clock here is behind");
    uint64_t minutes = now > last ? (now - last) / 60 : 0;
    if (minutes >= l->config.refuse_after)
        return hbs_fail(ctx, HBS_ERR_REFUSED, "witness", "reach a witness: habeas ledger checkpoint DIR --cosign",
                        "no witness has cosigned for %llu minutes, acts are refused after %u",
                        (unsigned long long)minutes, l->config.refuse_after);
    return HBS_OK;
}

static enum hbs_err no_witness(struct hbs_ctx *ctx)
{
    return hbs_fail(ctx, HBS_ERR_USAGE, "witness", "see the ledger's config", "there is no witness of that number");
}

enum hbs_err hbs_ledger_witness_request(struct hbs_ledger *l, struct hbs_ctx *ctx, uint32_t witness,
                                        struct hbs_buf *out)
{
    if (witness >= l->config.witness_count)
        return no_witness(ctx);
    uint8_t hashes[HBS_LEDGER_PROOF_MAX][HBS_LEDGER_HASH];
    uint32_t count = 0;
    pthread_mutex_lock(&l->state);
    uint64_t old = l->witness_size[witness];
    struct ledger_nodes nodes = ledger_log_nodes(l);
    enum hbs_err err = HBS_OK;
    if (old > l->edge.size)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, l->config.witness[witness].key.name,
                       "find the newer copy: this one was put back", "the witness has seen %llu entries, here are %llu",
                       (unsigned long long)old, (unsigned long long)l->edge.size);
    if (!err)
        err = ledger_tree_consistency(&nodes, ctx, old, l->edge.size, hashes, &count);
    if (!err)
        err = hbs_buf_printf(out, "old %llu\n", (unsigned long long)old);
    for (uint32_t i = 0; !err && i < count; i++)
        if (!(err = ledger_base64_put(out, hashes[i], HBS_LEDGER_HASH)))
            err = hbs_buf_put(out, "\n", 1);
    if (!err && !(err = hbs_buf_put(out, "\n", 1)))
        err = hbs_buf_put(out, l->note, l->note_size);
    if (!err) { /* the log may have grown when the answer comes */
        l->asked[witness].size = l->edge.size;
        l->asked[witness].note_size = l->note_size;
        memcpy(l->asked[witness].note, l->note, l->note_size);
    }
    pthread_mutex_unlock(&l->state);
    return err;
}

/* A 200: signature lines, which belong to the note that was asked with. */
static enum hbs_err take_cosignature(struct hbs_ledger *l, struct hbs_ctx *ctx, uint32_t witness, const void *body,
                                     size_t size)
{
    const struct hbs_ledger_key *key = &l->config.witness[witness].key;
    struct hbs_buf all;
    uint64_t time = 0;
    char name[32];
    hbs_buf_init(&all, ctx, HBS_LEDGER_NOTE_MAX);
    struct hbs_ledger_note *note = hbs_alloc(ctx, 1, sizeof *note);
    enum hbs_err err = note ? hbs_buf_put(&all, l->asked[witness].note, l->asked[witness].note_size)
                            : hbs_fail_memory(ctx, sizeof *note);
    if (!err)
        err = hbs_buf_put(&all, body, size);
    if (!err)
        err = hbs_ledger_note_parse(ctx, all.data, all.size, note);
    if (!err)
        err = hbs_ledger_note_verify(ctx, note, key, &time);
    if (err == HBS_ERR_FORMAT || err == HBS_ERR_NOT_FOUND || err == HBS_ERR_LIMIT)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, key->name, "see that the witness's key and address are right",
                       "its answer is not its cosignature");
    if (err)
        goto done;
    /* keep what is known: the log's line and this witness's */
    all.size = l->asked[witness].note_size;
    if ((err = hbs_ledger_note_parse(ctx, all.data, all.size, note)))
        goto done;
    const char *p = body, *end = p + size, *line;
    size_t n;
    bool kept = false;
    while (!err && !kept && ledger_line(&p, end, &line, &n)) { /* each line was parsed above */
        size_t before = all.size;
        uint64_t at = 0;
        if ((err = hbs_buf_put(&all, line, n + 1)) || (err = hbs_ledger_note_parse(ctx, all.data, all.size, note)))
            break;
        kept = !hbs_ledger_note_verify(ctx, note, key, &at) && at == time;
        if (!kept)
            all.size = before;
    }
    if (!err && time > ledger_now(l) + 600)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, key->name, "compare the clocks", "its cosignature is from the future");
    if (err)
        goto done;
    ledger_witness_name(key, name);
    struct hbs_ledger_store *s = &l->store;
    if ((err = s->lock(s->user, ctx, HBS_LEDGER_LOCK_PUBLISH, false, 5)))
        goto done;
    if (!(err = s->put(s->user, ctx, name, all.data, all.size)))
        err = s->sync(s->user, ctx);
    s->unlock(s->user, HBS_LEDGER_LOCK_PUBLISH);
    if (!err) {
        l->witness_size[witness] = l->asked[witness].size;
        if (l->asked[witness].size > l->witnessed)
            l->witnessed = l->asked[witness].size;
        if (time > l->witnessed_time)
            l->witnessed_time = time;
    }
done:
    hbs_buf_close(&all);
    hbs_free(ctx, note);
    return err;
}

enum hbs_err hbs_ledger_witness_answer(struct hbs_ledger *l, struct hbs_ctx *ctx, uint32_t witness, int status,
                                       const void *body, size_t size)
{
    if (witness >= l->config.witness_count)
        return no_witness(ctx);
    const char *name = l->config.witness[witness].key.name;
    enum hbs_err err;
    pthread_mutex_lock(&l->state);
    if (!l->writing) {
        err = hbs_fail(ctx, HBS_ERR_IO, "ledger", "open it with its key", "it is open for reading only");
    } else if (!l->asked[witness].size) {
        err = hbs_fail(ctx, HBS_ERR_USAGE, name, "make the request first", "this witness was not asked");
    } else if (status == 200) {
        err = take_cosignature(l, ctx, witness, body, size);
    } else if (status == 409) {
        const char *p = body, *line;
        size_t n;
        uint64_t seen;
        if (!ledger_line(&p, p + size, &line, &n) || !ledger_decimal(line, n, &seen))
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "see that its address is right",
                           "it says that it knows another size, and no size");
        else if (seen > l->edge.size)
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "find the newer copy: this one was put back",
                           "the witness has seen %llu entries, here are %llu", (unsigned long long)seen,
                           (unsigned long long)l->edge.size);
        else {
            l->witness_size[witness] = seen;
            err = hbs_fail(ctx, HBS_ERR_INCOMPLETE, name, "ask again", "the witness knows %llu entries",
                           (unsigned long long)seen);
        }
    } else if (status == 422) {
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "compare with its checkpoint of this log",
                       "the witness has seen another history of this ledger");
    } else {
        err = hbs_fail(ctx, HBS_ERR_REFUSED, name, "ask whoever runs it", "the witness answered %d", status);
    }
    pthread_mutex_unlock(&l->state);
    return err;
}

enum hbs_err hbs_ledger_witnessed(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t *size, uint64_t *time)
{
    (void)ctx;
    pthread_mutex_lock(&l->state);
    *size = l->witnessed;
    *time = l->witnessed_time;
    pthread_mutex_unlock(&l->state);
    return HBS_OK;
}

enum hbs_err hbs_ledger_witness_note(struct hbs_ledger *l, struct hbs_ctx *ctx, uint32_t witness, struct hbs_buf *out)
{
    if (witness >= l->config.witness_count)
        return no_witness(ctx);
    char name[32];
    ledger_witness_name(&l->config.witness[witness].key, name);
    return l->store.get(l->store.user, ctx, name, out);
}

/* ---- The witness's side ----------------------------------------------------------------------- */

struct request {
    uint64_t old;
    uint32_t count;
    uint8_t hash[REQUEST_PROOF_MAX][HBS_LEDGER_HASH];
    struct hbs_ledger_note note;
    const char *note_at;
    size_t note_size;
    struct hbs_ledger_checkpoint checkpoint;
};

static enum hbs_err bad_request(struct hbs_ctx *ctx, const char *what)
{
    return hbs_fail(ctx, HBS_ERR_FORMAT, "request", "see c2sp.org/tlog-witness", "%s", what);
}

static enum hbs_err request_parse(struct hbs_ctx *ctx, const void *body, size_t size, struct request *out)
{
    const char *p = body, *end = p + size, *line;
    size_t n;
    if (!ledger_line(&p, end, &line, &n) || n < 5 || memcmp(line, "old ", 4) != 0 ||
        !ledger_decimal(line + 4, n - 4, &out->old))
        return bad_request(ctx, "the first line is not 'old' and a size");
    for (out->count = 0;;) {
        if (!ledger_line(&p, end, &line, &n))
            return bad_request(ctx, "it ends before the checkpoint");
        if (!n)
            break;
        if (out->count == REQUEST_PROOF_MAX)
            return bad_request(ctx, "more than 63 proof lines");
        if (n != 44 || ledger_base64(line, n, out->hash[out->count], HBS_LEDGER_HASH) != HBS_LEDGER_HASH)
            return bad_request(ctx, "a proof line is no hash");
        out->count++;
    }
    out->note_at = p;
    out->note_size = (size_t)(end - p);
    enum hbs_err err = hbs_ledger_note_parse(ctx, p, out->note_size, &out->note);
    return err ? err
               : ledger_checkpoint_read(ctx, out->note.text, out->note.text_size, &out->checkpoint);
}

enum hbs_err hbs_ledger_witness_origin(struct hbs_ctx *ctx, const void *body, size_t size,
                                       char out[HBS_LEDGER_NAME_MAX + 1])
{
    struct request *r = hbs_alloc(ctx, 1, sizeof *r);
    if (!r)
        return hbs_fail_memory(ctx, sizeof *r);
    enum hbs_err err = request_parse(ctx, body, size, r);
    if (!err)
        memcpy(out, r->checkpoint.origin, sizeof r->checkpoint.origin);
    hbs_free(ctx, r);
    return err;
}

/* An error status with its words as the body. */
static enum hbs_err say(struct hbs_ctx *ctx, int status, int *out, struct hbs_buf *reply)
{
    *out = status;
    reply->size = 0;
    return hbs_buf_printf(reply, "%s\n", hbs_ctx_what(ctx));
}

enum hbs_err hbs_ledger_witness_serve(struct hbs_ctx *ctx, const struct hbs_ledger_secret *secret,
                                      const struct hbs_ledger_key *logs, uint32_t log_count, uint64_t time,
                                      const void *body, size_t size, const void *last, size_t last_size, int *status,
                                      const char **type, struct hbs_buf *reply, struct hbs_buf *keep)
{
    struct request *r = hbs_alloc(ctx, 1, sizeof *r);
    struct hbs_ledger_note *before = hbs_alloc(ctx, 1, sizeof *before);
    struct hbs_ledger_checkpoint seen = {.size = 0}, now;
    enum hbs_err err = HBS_OK;
    *type = "text/plain; charset=utf-8";
    reply->size = keep->size = 0;
    crypto_hash_sha256(seen.root, NULL, 0);
    if (!r || !before) {
        err = hbs_fail_memory(ctx, sizeof *r);
        goto done;
    }
    if ((err = ledger_ready(ctx)))
        goto done;
    err = request_parse(ctx, body, size, r);
    if (err == HBS_ERR_FORMAT || err == HBS_ERR_LIMIT) {
        err = say(ctx, 400, status, reply);
        goto done;
    }
    if (err)
        goto done;
    now = r->checkpoint;
    const struct hbs_ledger_key *known = NULL;
    bool is_signed = false, broken = false;
    for (uint32_t i = 0; i < log_count; i++) {
        if (logs[i].kind != HBS_LEDGER_KEY_LOG || strcmp(logs[i].name, now.origin) != 0)
            continue;
        enum hbs_err v = hbs_ledger_note_verify(ctx, &r->note, &logs[i], NULL);
        if (!known || !v)
            known = &logs[i];
        is_signed |= !v;
        broken |= v == HBS_ERR_INTEGRITY;
    }
    if (!known) {
        hbs_fail(ctx, HBS_ERR_NOT_FOUND, "", "", "this witness does not know the log");
        err = say(ctx, 404, status, reply);
        goto done;
    }
    if (!is_signed || broken) {
        hbs_fail(ctx, HBS_ERR_REFUSED, "", "", "no good signature of the log");
        err = say(ctx, 403, status, reply);
        goto done;
    }
    if (r->old > now.size) {
        hbs_fail(ctx, HBS_ERR_FORMAT, "", "", "the old size is larger than the checkpoint");
        err = say(ctx, 400, status, reply);
        goto done;
    }
    if (last_size) { /* our own memory: if it does not hold, we sign nothing */
        err = hbs_ledger_note_parse(ctx, last, last_size, before);
        if (!err)
            err = hbs_ledger_checkpoint_parse(ctx, before->text, before->text_size, &seen);
        if (!err)
            err = hbs_ledger_note_verify(ctx, before, &secret->key, NULL);
        if (err || strcmp(seen.origin, now.origin) != 0) {
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, now.origin, "restore the witness's folder",
                           "what this witness remembers does not verify");
            goto done;
        }
    }
    if (r->old != seen.size) {
        *status = 409;
        *type = "text/x.tlog.size";
        err = hbs_buf_printf(reply, "%llu\n", (unsigned long long)seen.size);
        goto done;
    }
    if (!ledger_checkpoint_empty_good(&now)) {
        hbs_fail(ctx, HBS_ERR_FORMAT, "", "", "the hash is not that of an empty tree");
        err = say(ctx, 422, status, reply);
        goto done;
    }
    if (hbs_ledger_check_consistency(ctx, seen.size, seen.root, now.size, now.root,
                                     (const uint8_t(*)[HBS_LEDGER_HASH])r->hash, r->count) ||
        (seen.size == now.size && memcmp(seen.root, now.root, sizeof now.root) != 0)) {
        err = say(ctx, 422, status, reply);
        goto done;
    }
    if ((err = hbs_ledger_note_sign(ctx, r->note.text, r->note.text_size, secret, time, reply)))
        goto done;
    /* kept: the text, the log's line, ours */
    if ((err = hbs_buf_put(keep, r->note.text, r->note.text_size)) || (err = hbs_buf_put(keep, "\n", 1)))
        goto done;
    for (uint32_t i = 0; !err && i < r->note.count; i++)
        if (r->note.signature[i].id == known->id && r->note.signature[i].name_size == strlen(known->name) &&
            !memcmp(r->note.signature[i].name, known->name, r->note.signature[i].name_size)) {
            const char *line = r->note.signature[i].name - 4;
            err = hbs_buf_put(keep, line, (size_t)(r->note.signature[i].base64 + r->note.signature[i].base64_size + 1 -
                                                   line));
            break;
        }
    if (!err)
        err = hbs_buf_put(keep, reply->data, reply->size);
    *status = 200;
done:
    if (err)
        reply->size = keep->size = 0;
    hbs_free(ctx, before);
    hbs_free(ctx, r);
    return err;
}
