/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: appending. Threads seal on their own, then stand in a queue; one of those who wait takes
 * all that wait, writes one journal record with the checkpoint that covers them, syncs once, and
 * wakes them (group commit: Gray and Reuter 1993, 9.4.7). Nobody is answered before that sync returned.
 */
#include "ledger_int.h"

#include <stdio.h>

struct ledger_wait {
    struct ledger_wait *next;
    const struct hbs_buf *entry;
    bool done;
    bool stale; /* the inspectors changed since it was sealed */
    enum hbs_err err;
    uint64_t index, size;
    char note[LEDGER_CHECKPOINT_MAX];
    size_t note_size;
    char what[256], where[192], action[160]; /* of an error: the leader's context is not ours */
};

/* Makes the journal: its head, durable. What follows is allotted with the records. */
enum hbs_err ledger_journal_begin(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    struct hbs_ledger_store *s = &l->store;
    memset(l->journal, 0, JOURNAL_HEAD);
    journal_head_make(l->edge.size, l->root, l->journal);
    enum hbs_err err = s->lock(s->user, ctx, HBS_LEDGER_LOCK_PUBLISH, false, 5);
    if (err)
        return err;
    if (!(err = s->put(s->user, ctx, "journal", l->journal, JOURNAL_HEAD)))
        err = s->sync(s->user, ctx);
    s->unlock(s->user, HBS_LEDGER_LOCK_PUBLISH);
    if (!err)
        l->journal_size = l->journal_allotted = JOURNAL_HEAD;
    return err;
}

/* The bytes of a record of these entries, with room for the note. */
static size_t record_most(const struct hbs_buf *const *entries, uint32_t count)
{
    size_t bytes = JOURNAL_RECORD_HEAD + LEDGER_CHECKPOINT_MAX + 32;
    for (uint32_t i = 0; i < count; i++)
        bytes += 2 + entries[i]->size;
    return bytes;
}

enum hbs_err ledger_commit_locked(struct hbs_ledger *l, struct hbs_ctx *ctx, const struct hbs_buf *const *entries,
                                  uint32_t count)
{
    struct hbs_ledger_store *s = &l->store;
    struct hbs_buf note;
    size_t most = record_most(entries, count);
    if (l->broken || !l->writing)
        return hbs_fail(ctx, HBS_ERR_IO, "ledger", "open it anew",
                        l->writing ? "a write failed before" : "it is open for reading only");
    enum hbs_err err = HBS_OK;
    if (l->journal_allotted && (l->journal_size + most > JOURNAL_MAX ||
                                l->edge.size - l->published + count > LEDGER_PENDING_MAX))
        err = ledger_publish_locked(l, ctx);
    if (!err && !l->journal_allotted) {
        if (!l->edge.size)
            ledger_edge_root(&l->edge, l->root);
        err = ledger_journal_begin(l, ctx);
    }
    if (err)
        return err;
    hbs_buf_init(&note, ctx, LEDGER_CHECKPOINT_MAX);
    if ((err = hbs_buf_reserve(&note, LEDGER_CHECKPOINT_MAX))) {
        hbs_buf_close(&note);
        return err;
    }
    /* from here on a failure leaves it open what the disk holds */
    uint64_t first = l->edge.size;
    uint8_t *record = l->journal + l->journal_size, *p = record + JOURNAL_RECORD_HEAD;
    uint8_t leaf[HBS_LEDGER_HASH], acknowledge[24];
    for (uint32_t i = 0; i < count; i++) {
        l->journal_at[l->edge.size - l->published] = (uint32_t)(p - l->journal);
        hbs_put_be16(p, (uint16_t)entries[i]->size);
        memcpy(p + 2, entries[i]->data, entries[i]->size);
        hbs_ledger_leaf_hash(entries[i]->data, entries[i]->size, leaf);
        ledger_edge_add(&l->edge, leaf, ledger_cache_add, l);
        p += 2 + entries[i]->size;
    }
    ledger_edge_root(&l->edge, l->root);
    if ((err = ledger_checkpoint_sign(ctx, &l->keys->secret, l->edge.size, l->root, &note)))
        goto done;
    memcpy(p, note.data, note.size);
    p += note.size + 32;
    size_t bytes = (size_t)(p - record), end = l->journal_size + bytes;
    journal_record_close(l->journal + 48, record, bytes, count, first, (uint16_t)note.size);
    if (end > l->journal_allotted) { /* zeros ahead, so that most syncs have no growth to record */
        size_t allot = (end + JOURNAL_ALLOT - 1) / JOURNAL_ALLOT * JOURNAL_ALLOT;
        allot = allot < JOURNAL_MAX ? allot : JOURNAL_MAX;
        memset(l->journal + end, 0, allot - end);
        if ((err = s->write(s->user, ctx, "journal", end, l->journal + end, allot - end)))
            goto done;
        l->journal_allotted = allot;
    }
    if ((err = s->write(s->user, ctx, "journal", l->journal_size, record, bytes)) ||
        (err = s->flush(s->user, ctx, "journal")))
        goto done;
    /* only now: a number that is ahead would make a crash look like tampering. Not synced. */
    journal_acknowledge(l->journal, l->edge.size, acknowledge);
    memcpy(l->journal + 64, acknowledge, sizeof acknowledge);
    if ((err = s->write(s->user, ctx, "journal", 64, acknowledge, sizeof acknowledge)))
        goto done;
    l->journal_size = journal_next(l->journal_size, bytes);
    memcpy(l->note, note.data, note.size);
    l->note_size = note.size;
done:
    l->broken |= err != HBS_OK;
    hbs_buf_close(&note);
    return err;
}

/* One group: as many of the queue as a record carries. The queue is locked on entry and on return. */
static void lead(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    const struct hbs_buf *entries[JOURNAL_GROUP_MAX];
    struct ledger_wait *group = l->first, *w = group;
    uint32_t count = 0;
    size_t bytes = 0;
    for (; w && count < JOURNAL_GROUP_MAX && (!count || bytes + w->entry->size < JOURNAL_MAX / 2); w = w->next) {
        entries[count++] = w->entry;
        bytes += 2 + w->entry->size;
    }
    l->first = w;
    if (!w)
        l->last = &l->first;
    l->leading = true;
    pthread_mutex_unlock(&l->queue);
    pthread_mutex_lock(&l->state);
    uint64_t first = l->edge.size;
    uint32_t fresh = 0;
    w = group;
    for (uint32_t i = 0; i < count; i++, w = w->next) {
        w->stale = w->entry->data[1] != l->config.inspector_count;
        if (!w->stale)
            entries[fresh++] = w->entry;
    }
    enum hbs_err err = fresh ? ledger_commit_locked(l, ctx, entries, fresh) : HBS_OK;
    w = group;
    for (uint32_t i = 0, at = 0; i < count; i++, w = w->next) {
        w->err = err;
        w->index = first + at;
        at += !w->stale;
        w->size = l->edge.size;
        memcpy(w->note, l->note, l->note_size);
        w->note_size = l->note_size;
        if (err) {
            snprintf(w->what, sizeof w->what, "%s", hbs_ctx_what(ctx));
            snprintf(w->where, sizeof w->where, "%s", hbs_ctx_where(ctx));
            snprintf(w->action, sizeof w->action, "%s", hbs_ctx_do(ctx));
        }
    }
    pthread_mutex_unlock(&l->state);
    pthread_mutex_lock(&l->queue);
    w = group;
    for (uint32_t i = 0; i < count; i++) {
        struct ledger_wait *next = w->next; /* once done, its owner may be gone */
        w->done = true;
        w = next;
    }
    l->leading = false;
    pthread_cond_broadcast(&l->done);
}

/* Seals with the log's sealer, made anew now and then. */
static enum hbs_err seal(struct hbs_ledger *l, struct hbs_ctx *ctx, const struct hbs_ledger_item *item,
                         struct hbs_ledger_sealed *out)
{
    struct hbs_ledger_sealer sealer;
    enum hbs_err err = HBS_OK;
    pthread_mutex_lock(&l->state);
    if (!l->writing)
        err = hbs_fail(ctx, HBS_ERR_IO, "ledger", "open it with its key", "it is open for reading only");
    else if (!(err = ledger_witness_fresh(l, ctx)) && ++l->keys->uses > LEDGER_SEALER_USES &&
             !(err = ledger_sealer_make(ctx, l->config.inspector, l->config.inspector_count, &l->keys->sealer)))
        l->keys->uses = 1;
    if (!err)
        sealer = l->keys->sealer;
    pthread_mutex_unlock(&l->state);
    if (err)
        return err;
    err = hbs_ledger_seal(ctx, &sealer, item, out);
    sodium_memzero(&sealer, sizeof sealer);
    return err;
}

enum hbs_err hbs_ledger_append(struct hbs_ledger *l, struct hbs_ctx *ctx, const struct hbs_ledger_item *item,
                               struct hbs_ledger_answer *out)
{
    struct ledger_wait w;
    enum hbs_err err;
    out->checkpoint.size = 0;
    do {
        err = seal(l, ctx, item, &out->sealed);
        /* what the answer needs is there before anything is logged: nothing can fail but the disk */
        if (!err)
            err = hbs_buf_reserve(&out->checkpoint, LEDGER_CHECKPOINT_MAX);
        if (err)
            return err;
        w = (struct ledger_wait){.entry = &out->sealed.entry};
        pthread_mutex_lock(&l->queue);
        *l->last = &w;
        l->last = &w.next;
        while (!w.done) {
            if (l->leading)
                pthread_cond_wait(&l->done, &l->queue);
            else
                lead(l, ctx);
        }
        pthread_mutex_unlock(&l->queue);
    } while (w.stale);
    if (w.err)
        return hbs_fail(ctx, w.err, w.where, w.action, "%s", w.what);
    hbs_ledger_leaf_hash(out->sealed.entry.data, out->sealed.entry.size, out->leaf);
    if ((err = hbs_buf_put(&out->checkpoint, w.note, w.note_size)))
        return err;
    memset(&out->proof, 0, sizeof out->proof);
    out->proof.index = w.index;
    out->proof.checkpoint = (const char *)out->checkpoint.data;
    out->proof.checkpoint_size = out->checkpoint.size;
    return hbs_ledger_prove(l, ctx, w.index, w.size, out->proof.hash, &out->proof.count);
}

void hbs_ledger_answer_init(struct hbs_ledger_answer *answer, struct hbs_ctx *ctx)
{
    memset(answer, 0, sizeof *answer);
    hbs_ledger_sealed_init(&answer->sealed, ctx);
    hbs_buf_init(&answer->checkpoint, ctx, LEDGER_CHECKPOINT_MAX);
}

void hbs_ledger_answer_close(struct hbs_ledger_answer *answer)
{
    hbs_ledger_sealed_close(&answer->sealed);
    hbs_buf_close(&answer->checkpoint);
}

enum hbs_err hbs_ledger_configure(struct hbs_ledger *l, struct hbs_ctx *ctx, const struct hbs_ledger_config *config)
{
    struct hbs_ledger_config c = *config;
    struct hbs_buf entry;
    uint8_t kind = LEDGER_ENTRY_CONFIG;
    hbs_buf_init(&entry, ctx, HBS_LEDGER_CONFIG_MAX + 1);
    pthread_mutex_lock(&l->state);
    c.log = l->config.log;
    c.entry = l->edge.size;
    c.since = ledger_now(l);
    enum hbs_err err = ledger_config_check(ctx, &c);
    if (!err)
        err = ledger_config_follows(ctx, &l->config, &c);
    if (!err)
        err = hbs_buf_put(&entry, &kind, 1);
    if (!err)
        err = ledger_config_print(&c, &entry);
    const struct hbs_buf *one = &entry;
    if (!err && !(err = ledger_commit_locked(l, ctx, &one, 1))) {
        l->config = c; /* logged: in force, whatever becomes of the file */
        if (l->keys)
            l->keys->uses = LEDGER_SEALER_USES;
        if (!(err = ledger_config_put(l, ctx, entry.data + 1, entry.size - 1)))
            err = ledger_publish_locked(l, ctx);
        if (!err)
            err = ledger_witness_load(l, ctx);
    }
    hbs_buf_close(&entry);
    pthread_mutex_unlock(&l->state);
    return err;
}

/* ---- Reading ---------------------------------------------------------------------------------- */

enum hbs_err hbs_ledger_checkpoint(struct hbs_ledger *l, struct hbs_ctx *ctx, struct hbs_buf *out)
{
    pthread_mutex_lock(&l->state);
    enum hbs_err err = hbs_buf_put(out, l->note, l->note_size);
    pthread_mutex_unlock(&l->state);
    return err;
}

static enum hbs_err beyond(struct hbs_ctx *ctx, uint64_t asked, uint64_t size)
{
    return hbs_fail(ctx, HBS_ERR_NOT_FOUND, "ledger", "ask for a smaller one", "%llu lies beyond the %llu entries",
                    (unsigned long long)asked, (unsigned long long)size);
}

enum hbs_err hbs_ledger_entry(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t index, struct hbs_buf *out)
{
    struct hbs_buf bundle;
    hbs_buf_init(&bundle, ctx, LEDGER_TILE * (2 + (size_t)HBS_LEDGER_ENTRY_MAX));
    pthread_mutex_lock(&l->state);
    enum hbs_err err = HBS_OK;
    if (index >= l->edge.size) {
        err = beyond(ctx, index, l->edge.size);
    } else if (index >= l->published) {
        const uint8_t *p = l->journal + l->journal_at[index - l->published];
        err = hbs_buf_put(out, p + 2, hbs_be16(p));
    } else if (!(err = ledger_bundle_get(l, ctx, index / LEDGER_TILE, l->published, &bundle))) {
        const uint8_t *p = bundle.data, *end = p + bundle.size;
        for (uint64_t i = index % LEDGER_TILE;; i--) {
            size_t n = end - p >= 2 ? hbs_be16(p) : 0;
            if (end - p < 2 || n > (size_t)(end - p) - 2) {
                err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "tile/entries", "run 'habeas ledger verify'",
                               "entry %llu is cut off", (unsigned long long)index);
                break;
            }
            if (!i) {
                err = hbs_buf_put(out, p + 2, n);
                break;
            }
            p += 2 + n;
        }
    }
    pthread_mutex_unlock(&l->state);
    hbs_buf_close(&bundle);
    return err;
}

enum hbs_err hbs_ledger_leaf(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t index, uint8_t out[HBS_LEDGER_HASH])
{
    pthread_mutex_lock(&l->state);
    struct ledger_nodes nodes = ledger_log_nodes(l);
    enum hbs_err err = index < l->edge.size ? nodes.node(nodes.user, ctx, 0, index, out)
                                            : beyond(ctx, index, l->edge.size);
    pthread_mutex_unlock(&l->state);
    return err;
}

enum hbs_err hbs_ledger_root(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t size, uint8_t out[HBS_LEDGER_HASH])
{
    pthread_mutex_lock(&l->state);
    struct ledger_nodes nodes = ledger_log_nodes(l);
    enum hbs_err err = size <= l->edge.size ? ledger_tree_root(&nodes, ctx, size, out)
                                            : beyond(ctx, size, l->edge.size);
    pthread_mutex_unlock(&l->state);
    return err;
}

enum hbs_err hbs_ledger_prove(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t index, uint64_t size,
                              uint8_t (*hashes)[HBS_LEDGER_HASH], uint32_t *count)
{
    pthread_mutex_lock(&l->state);
    struct ledger_nodes nodes = ledger_log_nodes(l);
    enum hbs_err err;
    if (size > l->edge.size)
        err = beyond(ctx, size, l->edge.size);
    else if (index >= size)
        err = beyond(ctx, index, size);
    else
        err = ledger_tree_prove(&nodes, ctx, index, size, hashes, count);
    pthread_mutex_unlock(&l->state);
    return err;
}

enum hbs_err hbs_ledger_consistency(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t old_size, uint64_t new_size,
                                    uint8_t (*hashes)[HBS_LEDGER_HASH], uint32_t *count)
{
    pthread_mutex_lock(&l->state);
    struct ledger_nodes nodes = ledger_log_nodes(l);
    enum hbs_err err;
    if (new_size > l->edge.size)
        err = beyond(ctx, new_size, l->edge.size);
    else if (old_size > new_size)
        err = hbs_fail(ctx, HBS_ERR_USAGE, "sizes", "name the older first", "%llu is larger than %llu",
                       (unsigned long long)old_size, (unsigned long long)new_size);
    else
        err = ledger_tree_consistency(&nodes, ctx, old_size, new_size, hashes, count);
    pthread_mutex_unlock(&l->state);
    return err;
}
