/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: making a log, opening it, mending what a crash left, closing it. The order of writes
 * that this relies on is in publish.c and append.c, the reasons in docs/decisions/ledger-durability.md.
 */
#include "ledger_int.h"

#include <stdio.h>
#include <time.h>

uint64_t ledger_now(const struct hbs_ledger *ledger)
{
    if (ledger->now)
        return ledger->now(ledger->now_arg);
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec > 0 ? (uint64_t)t.tv_sec : 1;
}

void ledger_set_clock(struct hbs_ledger *ledger, uint64_t (*now)(void *arg), void *arg)
{
    ledger->now = now;
    ledger->now_arg = arg;
}

enum hbs_err ledger_alloc(struct hbs_ctx *ctx, const struct hbs_ledger_store *store, struct hbs_ledger **out)
{
    enum hbs_err err = ledger_ready(ctx);
    if (err)
        return err;
    struct hbs_ledger *l = hbs_alloc(ctx, 1, sizeof *l);
    if (!l)
        return hbs_fail_memory(ctx, sizeof *l);
    l->ctx = ctx;
    l->store = *store;
    l->last = &l->first;
    pthread_mutex_init(&l->queue, NULL);
    pthread_mutex_init(&l->state, NULL);
    pthread_cond_init(&l->done, NULL);
    l->cache = hbs_alloc(ctx, LEDGER_CACHE, sizeof *l->cache);
    l->journal = hbs_alloc(ctx, 1, JOURNAL_MAX);
    l->journal_at = hbs_alloc(ctx, LEDGER_PENDING_MAX, sizeof *l->journal_at);
    if (!l->cache || !l->journal || !l->journal_at) {
        ledger_free(ctx, l);
        return hbs_fail_memory(ctx, LEDGER_CACHE * sizeof *l->cache);
    }
    *out = l;
    return HBS_OK;
}

void ledger_free(struct hbs_ctx *ctx, struct hbs_ledger *ledger)
{
    if (ledger->keys)
        sodium_free(ledger->keys); /* wipes */
    hbs_free(ctx, ledger->journal_at);
    hbs_free(ctx, ledger->journal);
    hbs_free(ctx, ledger->cache);
    pthread_cond_destroy(&ledger->done);
    pthread_mutex_destroy(&ledger->state);
    pthread_mutex_destroy(&ledger->queue);
    hbs_free(ctx, ledger);
}

static enum hbs_err keys_set(struct hbs_ledger *l, struct hbs_ctx *ctx, const struct hbs_ledger_secret *secret)
{
    l->keys = sodium_malloc(sizeof *l->keys);
    if (!l->keys)
        return hbs_fail_memory(ctx, sizeof *l->keys);
    memset(l->keys, 0, sizeof *l->keys);
    l->keys->secret = *secret;
    l->keys->uses = LEDGER_SEALER_USES; /* the first use makes a sealer */
    l->writing = true;
    return HBS_OK;
}

enum hbs_err ledger_config_put(struct hbs_ledger *l, struct hbs_ctx *ctx, const void *text, size_t size)
{
    struct hbs_ledger_store *s = &l->store;
    enum hbs_err err = s->lock(s->user, ctx, HBS_LEDGER_LOCK_PUBLISH, false, 5);
    if (err)
        return err;
    if (!(err = s->put(s->user, ctx, "config", text, size)))
        err = s->sync(s->user, ctx);
    s->unlock(s->user, HBS_LEDGER_LOCK_PUBLISH);
    return err;
}

/* ---- Making ----------------------------------------------------------------------------------- */

struct look {
    bool published, foreign;
    char name[64];
};

static void look_at(void *arg, const char *name, uint64_t size)
{
    struct look *l = arg;
    int level;
    uint64_t index;
    uint32_t width;
    size_t n = strlen(name);
    l->published |= !strcmp(name, "checkpoint");
    if (l->foreign || !strcmp(name, "config") || !strcmp(name, "journal") ||
        ledger_tile_name_parse(name, &level, &index, &width) || (n > 4 && !strcmp(name + n - 4, ".new")))
        return;
    l->foreign = true;
    snprintf(l->name, sizeof l->name, "%.63s", name);
}

enum hbs_err hbs_ledger_create(struct hbs_ctx *ctx, const struct hbs_ledger_store *store,
                               const struct hbs_ledger_secret *secret, const struct hbs_ledger_config *config)
{
    struct hbs_ledger *l = NULL;
    struct look seen = {false};
    struct hbs_buf entry;
    hbs_buf_init(&entry, ctx, HBS_LEDGER_CONFIG_MAX);
    uint8_t kind = LEDGER_ENTRY_CONFIG;
    enum hbs_err err = ledger_alloc(ctx, store, &l);
    if (err)
        return err;
    if ((err = store->lock(store->user, ctx, HBS_LEDGER_LOCK_WRITE, false, 2)))
        goto free;
    if ((err = store->list(store->user, ctx, look_at, &seen)))
        goto done;
    if (seen.published || seen.foreign) { /* what a crash left of a making has no checkpoint yet */
        err = hbs_fail(ctx, HBS_ERR_USAGE, seen.published ? "" : seen.name, "name a new folder",
                       seen.published ? "there is a ledger already" : "the folder is not empty");
        goto done;
    }
    if ((err = keys_set(l, ctx, secret)))
        goto done;
    l->config = *config;
    l->config.log = secret->key;
    l->config.entry = 0;
    if (!l->config.since)
        l->config.since = ledger_now(l);
    if (!l->config.cosign_within)
        l->config.cosign_within = 5;
    if (!l->config.refuse_after)
        l->config.refuse_after = 60;
    if ((err = ledger_config_check(ctx, &l->config)) || (err = hbs_buf_put(&entry, &kind, 1)) ||
        (err = ledger_config_print(&l->config, &entry)))
        goto done;
    /* the journal first, so that the rest is the ordinary way */
    const struct hbs_buf *one = &entry;
    if (!(err = ledger_commit_locked(l, ctx, &one, 1)) &&
        !(err = ledger_config_put(l, ctx, entry.data + 1, entry.size - 1)))
        err = ledger_publish_locked(l, ctx);
done:
    store->unlock(store->user, HBS_LEDGER_LOCK_WRITE);
free:
    hbs_buf_close(&entry);
    ledger_free(ctx, l);
    return err;
}

/* ---- Opening ---------------------------------------------------------------------------------- */

static enum hbs_err get(struct hbs_ledger *l, struct hbs_ctx *ctx, const char *name, size_t most, struct hbs_buf *out)
{
    hbs_buf_init(out, ctx, most);
    return l->store.get(l->store.user, ctx, name, out);
}

/* The signed checkpoint: size, root and the note itself. */
static enum hbs_err read_checkpoint(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    struct hbs_buf data;
    struct hbs_ledger_checkpoint c;
    struct hbs_ledger_note *note = hbs_alloc(ctx, 1, sizeof *note);
    if (!note)
        return hbs_fail_memory(ctx, sizeof *note);
    enum hbs_err err = get(l, ctx, "checkpoint", LEDGER_CHECKPOINT_MAX, &data);
    if (err == HBS_ERR_NOT_FOUND)
        err = hbs_fail(ctx, HBS_ERR_NOT_FOUND, hbs_ctx_where(ctx), "make one with 'habeas ledger init'",
                       "this is not a ledger");
    else if (!err)
        err = hbs_ledger_checkpoint_open(ctx, data.data, data.size, &l->config.log, note, &c);
    if (err == HBS_ERR_FORMAT)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "checkpoint", "run 'habeas ledger verify'", "not a signed checkpoint");
    if (!err) {
        l->published = l->edge.size = c.size;
        memcpy(l->published_root, c.root, sizeof c.root);
        memcpy(l->root, c.root, sizeof c.root);
        memcpy(l->note, data.data, data.size);
        l->note_size = data.size;
    }
    hbs_buf_close(&data);
    hbs_free(ctx, note);
    return err;
}

static enum hbs_err read_edge(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    uint8_t root[HBS_LEDGER_HASH];
    enum hbs_err err = ledger_edge_read(ctx, &l->store, l->published, &l->edge);
    if (err)
        return err;
    ledger_edge_root(&l->edge, root);
    return memcmp(root, l->published_root, sizeof root)
               ? hbs_fail(ctx, HBS_ERR_INTEGRITY, "tile", "run 'habeas ledger verify'",
                          "the tree's edge is not that of the checkpoint")
               : HBS_OK;
}

enum hbs_err ledger_journal_replay(struct hbs_ledger *l, struct hbs_ctx *ctx, const struct journal_head *head,
                                   size_t size, size_t *torn)
{
    size_t at = JOURNAL_HEAD;
    struct journal_record r;
    uint8_t root[HBS_LEDGER_HASH], leaf[HBS_LEDGER_HASH];
    struct hbs_ledger_checkpoint c;
    struct hbs_ledger_note *note = hbs_alloc(ctx, 1, sizeof *note);
    if (!note)
        return hbs_fail_memory(ctx, sizeof *note);
    enum hbs_err err = HBS_OK;
    while (!err && journal_record_read(head, l->journal, size, at, l->edge.size, &r)) {
        if (r.count > LEDGER_PENDING_MAX - (l->edge.size - head->base))
            break;
        const uint8_t *p = r.entries;
        for (uint32_t i = 0; i < r.count; i++) {
            size_t n = hbs_be16(p);
            l->journal_at[l->edge.size - head->base] = (uint32_t)(p - l->journal);
            hbs_ledger_leaf_hash(p + 2, n, leaf);
            ledger_edge_add(&l->edge, leaf, ledger_cache_add, l);
            p += 2 + n;
        }
        ledger_edge_root(&l->edge, root);
        err = hbs_ledger_checkpoint_open(ctx, r.note, r.note_size, &l->config.log, note, &c);
        if (err || c.size != l->edge.size || memcmp(c.root, root, sizeof root) != 0 ||
            r.note_size > sizeof l->note) {
            char where[48];
            snprintf(where, sizeof where, "journal byte %zu", at);
            if (err != HBS_ERR_NO_MEMORY)
                err = hbs_fail(ctx, HBS_ERR_INTEGRITY, where, "run 'habeas ledger verify'",
                               "the record's checkpoint is not that of its entries");
            break;
        }
        memcpy(l->root, root, sizeof root);
        memcpy(l->note, r.note, r.note_size);
        l->note_size = r.note_size;
        at = journal_next(at, r.bytes);
    }
    hbs_free(ctx, note);
    l->journal_size = at;
    *torn = 0;
    for (size_t i = at; i < size; i++)
        *torn += l->journal[i] != 0;
    return err;
}

static enum hbs_err too_few(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t acknowledged)
{
    char where[48];
    snprintf(where, sizeof where, "journal byte %zu", l->journal_size);
    return hbs_fail(ctx, HBS_ERR_INTEGRITY, where, "run 'habeas ledger verify' and keep the folder as it is",
                    "%llu entries were acknowledged, %llu are there", (unsigned long long)acknowledged,
                    (unsigned long long)l->edge.size);
}

/* A reader sees what is in the journal too, of a writer at work or one that crashed; it changes nothing. */
static enum hbs_err look_into_journal(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    struct hbs_buf data;
    struct journal_head head;
    size_t torn;
    enum hbs_err err = get(l, ctx, "journal", JOURNAL_MAX, &data);
    if (err == HBS_ERR_NOT_FOUND) {
        err = HBS_OK;
    } else if (!err && !(err = journal_head_read(ctx, data.data, data.size, &head)) && head.base == l->published &&
               !memcmp(head.root, l->published_root, HBS_LEDGER_HASH)) { /* else it is of another size: published since */
        memcpy(l->journal, data.data, data.size);
        err = ledger_journal_replay(l, ctx, &head, data.size, &torn);
        if (!err && head.acknowledged_good && head.acknowledged > l->edge.size)
            err = too_few(l, ctx, head.acknowledged);
    }
    hbs_buf_close(&data);
    return err;
}

struct leftover {
    struct hbs_ledger *l;
    struct hbs_ctx *ctx;
    enum hbs_err err;
};

/* What a put that a crash cut off left. */
static void drop_leftover(void *arg, const char *name, uint64_t size)
{
    struct leftover *o = arg;
    size_t n = strlen(name);
    if (!o->err && n > 4 && !strcmp(name + n - 4, ".new"))
        o->err = o->l->store.drop(o->l->store.user, o->ctx, name);
}

/* Reads the journal, if there is one, brings the edge up to it, publishes it and takes it away. */
static enum hbs_err mend(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    struct hbs_buf data;
    struct journal_head head;
    size_t torn;
    enum hbs_err err = get(l, ctx, "journal", JOURNAL_MAX, &data);
    if (err == HBS_ERR_NOT_FOUND) {
        hbs_buf_close(&data);
        return read_edge(l, ctx);
    }
    if (!err)
        err = journal_head_read(ctx, data.data, data.size, &head);
    if (!err) { /* nobody closed it: a put may have been cut off */
        struct leftover o = {l, ctx, HBS_OK};
        err = l->store.list(l->store.user, ctx, drop_leftover, &o);
        err = err ? err : o.err;
    }
    if (err)
        goto done;
    memcpy(l->journal, data.data, data.size);
    if (head.base == l->published && !memcmp(head.root, l->published_root, HBS_LEDGER_HASH)) {
        if ((err = read_edge(l, ctx)) || (err = ledger_journal_replay(l, ctx, &head, data.size, &torn)))
            goto done;
        if (head.acknowledged_good && head.acknowledged > l->edge.size) {
            err = too_few(l, ctx, head.acknowledged);
            goto done;
        }
        /* a config among them may not have reached its file */
        for (uint64_t i = l->published; i < l->edge.size && !err; i++) {
            const uint8_t *p = l->journal + l->journal_at[i - l->published];
            size_t n = hbs_be16(p);
            if (n > 1 && p[2] == LEDGER_ENTRY_CONFIG &&
                !(err = ledger_config_parse(ctx, (const char *)p + 3, n - 1, &l->config)))
                err = ledger_config_put(l, ctx, p + 3, n - 1);
        }
    } else if (head.base < l->published && (!head.acknowledged_good || head.acknowledged <= l->published)) {
        /* it was published, and what of it is not needed any more was not yet taken away */
        uint64_t size = l->published;
        if ((err = read_edge(l, ctx)))
            goto done;
        for (int level = -1; level < LEDGER_LEVELS && !err; level++) {
            uint64_t before = head.base >> (8 * (level < 0 ? 0 : level)), now = size >> (8 * (level < 0 ? 0 : level));
            char name[LEDGER_TILE_NAME];
            ledger_tile_name(level, before / LEDGER_TILE, (uint32_t)(before % LEDGER_TILE), name);
            if (before % LEDGER_TILE && before != now)
                err = l->store.drop(l->store.user, ctx, name);
        }
    } else {
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "journal", "run 'habeas ledger verify' and keep the folder as it is",
                       "the journal goes on from %llu entries, the checkpoint is of %llu",
                       (unsigned long long)head.base, (unsigned long long)l->published);
    }
    if (!err) {
        l->journal_allotted = data.size; /* so that publishing takes it away */
        err = ledger_publish_locked(l, ctx);
    }
done:
    hbs_buf_close(&data);
    return err;
}

/* The config is the entry that it says it is. */
static enum hbs_err check_config(struct hbs_ledger *l, struct hbs_ctx *ctx, const struct hbs_buf *text)
{
    uint8_t leaf[HBS_LEDGER_HASH], want[HBS_LEDGER_HASH], kind = LEDGER_ENTRY_CONFIG;
    struct hbs_buf entry;
    hbs_buf_init(&entry, ctx, HBS_LEDGER_CONFIG_MAX + 1);
    enum hbs_err err = hbs_buf_put(&entry, &kind, 1);
    if (!err)
        err = hbs_buf_put(&entry, text->data, text->size);
    if (!err && l->config.entry >= l->edge.size)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "config", "run 'habeas ledger verify'", "its entry is not there");
    if (!err)
        err = hbs_ledger_leaf(l, ctx, l->config.entry, leaf);
    if (!err) {
        hbs_ledger_leaf_hash(entry.data, entry.size, want);
        if (memcmp(leaf, want, sizeof leaf) != 0)
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "config", "restore it from the entry that it names",
                           "it is not what entry %llu says", (unsigned long long)l->config.entry);
    }
    hbs_buf_close(&entry);
    return err;
}

enum hbs_err hbs_ledger_open(struct hbs_ctx *ctx, const struct hbs_ledger_store *store,
                             const struct hbs_ledger_secret *secret, double wait, struct hbs_ledger **out)
{
    struct hbs_ledger *l = NULL;
    struct hbs_buf text;
    bool locked = false;
    hbs_buf_init(&text, ctx, HBS_LEDGER_CONFIG_MAX);
    enum hbs_err err = ledger_alloc(ctx, store, &l);
    if (err)
        return err;
    if (secret) {
        if ((err = store->lock(store->user, ctx, HBS_LEDGER_LOCK_WRITE, false, wait)))
            goto done;
        locked = true;
        if ((err = keys_set(l, ctx, secret)))
            goto done;
    }
    for (int attempt = 0;; attempt++) {
        text.size = 0;
        err = store->get(store->user, ctx, "config", &text);
        if (err == HBS_ERR_NOT_FOUND)
            err = hbs_fail(ctx, HBS_ERR_NOT_FOUND, hbs_ctx_where(ctx), "make one with 'habeas ledger init'",
                           "this is not a ledger");
        else if (!err && (err = ledger_config_parse(ctx, (const char *)text.data, text.size, &l->config)) ==
                             HBS_ERR_FORMAT)
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "config", "run 'habeas ledger verify'",
                           "this is not a ledger's config");
        if (!err && secret && !hbs_ledger_key_same(&secret->key, &l->config.log))
            err = hbs_fail(ctx, HBS_ERR_USAGE, secret->key.name, "give the key that 'habeas ledger init' made",
                           "this is not the ledger's key");
        if (!err)
            err = read_checkpoint(l, ctx);
        if (!err)
            err = secret ? mend(l, ctx) : read_edge(l, ctx);
        if (!err && !secret)
            err = look_into_journal(l, ctx);
        if (!err) {
            if (secret) { /* mending may have renewed it */
                text.size = 0;
                err = store->get(store->user, ctx, "config", &text);
            }
            if (!err)
                err = check_config(l, ctx, &text);
        }
        /* a reader may meet a writer that replaces what it reads */
        if (err != HBS_ERR_INTEGRITY || secret || attempt == 5)
            break;
        if (!store->lock(store->user, ctx, HBS_LEDGER_LOCK_PUBLISH, true, 1))
            store->unlock(store->user, HBS_LEDGER_LOCK_PUBLISH);
        memset(l->cache, 0, LEDGER_CACHE * sizeof *l->cache);
    }
    if (!err)
        err = ledger_witness_load(l, ctx);
done:
    hbs_buf_close(&text);
    if (err) {
        if (locked)
            store->unlock(store->user, HBS_LEDGER_LOCK_WRITE);
        ledger_free(ctx, l);
        return err;
    }
    *out = l;
    return HBS_OK;
}

enum hbs_err hbs_ledger_close(struct hbs_ctx *ctx, struct hbs_ledger *ledger)
{
    enum hbs_err err = HBS_OK;
    if (!ledger)
        return err;
    if (ledger->writing) {
        if (!ledger->broken)
            err = ledger_publish_locked(ledger, ctx);
        if (err == HBS_ERR_BUSY) /* somebody verifies: the journal has it all, the next opening publishes */
            err = HBS_OK;
        ledger->store.unlock(ledger->store.user, HBS_LEDGER_LOCK_WRITE);
    }
    ledger_free(ctx, ledger);
    return err;
}

const struct hbs_ledger_config *hbs_ledger_config(const struct hbs_ledger *ledger) { return &ledger->config; }

uint64_t hbs_ledger_size(const struct hbs_ledger *ledger)
{
    pthread_mutex_t *state = (pthread_mutex_t *)(uintptr_t)&ledger->state;
    pthread_mutex_lock(state);
    uint64_t size = ledger->edge.size;
    pthread_mutex_unlock(state);
    return size;
}
