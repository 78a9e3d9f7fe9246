/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: from the journal to the files that others read: bundles, tiles, then the checkpoint,
 * then away with what they replace. Each step is durable before the next begins, and all of them can
 * be done again: a crash between any two leaves the journal, from which opening begins anew.
 */
#include "ledger_int.h"

enum { BUNDLE_MAX = LEDGER_TILE * (2 + HBS_LEDGER_ENTRY_MAX) };

/* The entries of bundle `bundle` as they lie in the store when the log had `size` entries. */
enum hbs_err ledger_bundle_get(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t bundle, uint64_t size,
                               struct hbs_buf *out)
{
    char name[LEDGER_TILE_NAME];
    uint64_t last = size / LEDGER_TILE;
    enum hbs_err err = HBS_ERR_NOT_FOUND;
    if (bundle == last) {
        ledger_tile_name(-1, bundle, (uint32_t)(size % LEDGER_TILE), name);
        err = l->store.get(l->store.user, ctx, name, out);
    }
    if (err == HBS_ERR_NOT_FOUND) { /* full, also when a writer filled it meanwhile */
        ledger_tile_name(-1, bundle, LEDGER_TILE, name);
        err = l->store.get(l->store.user, ctx, name, out);
    }
    if (err == HBS_ERR_LIMIT)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "run 'habeas ledger verify'", "a bundle is too long");
    return err;
}

/* Puts bundle `bundle` with the entries before `end`. */
static enum hbs_err put_bundle(struct hbs_ledger *l, struct hbs_ctx *ctx, uint64_t bundle, uint64_t end)
{
    char name[LEDGER_TILE_NAME];
    struct hbs_buf data;
    uint64_t first = bundle * LEDGER_TILE, from = l->published;
    hbs_buf_init(&data, ctx, BUNDLE_MAX);
    enum hbs_err err = HBS_OK;
    if (from > first) {
        ledger_tile_name(-1, bundle, (uint32_t)(from - first), name);
        err = l->store.get(l->store.user, ctx, name, &data);
        if (err == HBS_ERR_NOT_FOUND || err == HBS_ERR_LIMIT)
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "run 'habeas ledger verify'",
                           "the bundle to go on with is missing or too long");
        /* what lies there is copied on: it must be what was logged */
        uint8_t leaf[HBS_LEDGER_HASH], want[HBS_LEDGER_HASH];
        size_t at = 0;
        for (uint64_t i = first; !err && i < from; i++) {
            size_t n = data.size - at >= 2 ? hbs_be16(data.data + at) : 0;
            bool good = data.size - at >= 2 && n <= data.size - at - 2;
            if (good) {
                struct ledger_nodes nodes = ledger_log_nodes(l);
                hbs_ledger_leaf_hash(data.data + at + 2, n, leaf);
                if ((err = nodes.node(nodes.user, ctx, 0, i, want)))
                    break;
                good = !memcmp(leaf, want, sizeof leaf);
            }
            if (!good || (i + 1 == from && at + 2 + n != data.size))
                err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "run 'habeas ledger verify'",
                               "entry %llu is not what was logged", (unsigned long long)i);
            at += 2 + n;
        }
    } else {
        from = first;
    }
    for (uint64_t i = from; !err && i < end; i++) {
        const uint8_t *p = l->journal + l->journal_at[i - l->published];
        err = hbs_buf_put(&data, p, 2 + (size_t)hbs_be16(p));
    }
    ledger_tile_name(-1, bundle, (uint32_t)(end - first), name);
    if (!err)
        err = l->store.put(l->store.user, ctx, name, data.data, data.size);
    hbs_buf_close(&data);
    return err;
}

static enum hbs_err put_tiles(struct hbs_ledger *l, struct hbs_ctx *ctx, int level)
{
    char name[LEDGER_TILE_NAME];
    enum hbs_err err = HBS_OK;
    uint64_t before = l->published >> (8 * level), now = l->edge.size >> (8 * level);
    for (uint64_t i = before / LEDGER_TILE; !err && i < now / LEDGER_TILE; i++) {
        const struct ledger_tile *t = ledger_cache_find(l, level, i);
        ledger_tile_name(level, i, LEDGER_TILE, name);
        if (NEVER(!t))
            return hbs_fail(ctx, HBS_ERR_BUG, name, "report this", "a tile was not kept");
        err = l->store.put(l->store.user, ctx, name, t->node, LEDGER_TILE * HBS_LEDGER_HASH);
    }
    uint32_t width = (uint32_t)(now % LEDGER_TILE);
    if (!err && width && now != before) {
        ledger_tile_name(level, now / LEDGER_TILE, width, name);
        err = l->store.put(l->store.user, ctx, name, l->edge.tile[level].node, width * (size_t)HBS_LEDGER_HASH);
    }
    return err;
}

/* Takes away the partial tiles of the size before. */
static enum hbs_err drop_partials(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    char name[LEDGER_TILE_NAME];
    enum hbs_err err = HBS_OK;
    for (int level = -1; !err && level < LEDGER_LEVELS; level++) {
        unsigned shift = level < 0 ? 0 : 8 * (unsigned)level;
        uint64_t before = l->published >> shift, now = l->edge.size >> shift;
        if (!(before % LEDGER_TILE) || before == now)
            continue;
        ledger_tile_name(level, before / LEDGER_TILE, (uint32_t)(before % LEDGER_TILE), name);
        err = l->store.drop(l->store.user, ctx, name);
    }
    return err;
}

enum hbs_err ledger_publish_locked(struct hbs_ledger *l, struct hbs_ctx *ctx)
{
    struct hbs_ledger_store *s = &l->store;
    if (!l->journal_allotted && l->edge.size == l->published)
        return HBS_OK;
    enum hbs_err err = s->lock(s->user, ctx, HBS_LEDGER_LOCK_PUBLISH, false, 5);
    if (err)
        return err;
    if (l->edge.size != l->published) {
        for (uint64_t b = l->published / LEDGER_TILE; !err && b * LEDGER_TILE < l->edge.size; b++) {
            uint64_t end = (b + 1) * LEDGER_TILE;
            err = put_bundle(l, ctx, b, end < l->edge.size ? end : l->edge.size);
        }
        for (int level = 0; !err && level < LEDGER_LEVELS; level++)
            err = put_tiles(l, ctx, level);
        if (!err)
            err = s->sync(s->user, ctx);
        if (!err)
            err = s->put(s->user, ctx, "checkpoint", l->note, l->note_size);
        if (!err)
            err = s->sync(s->user, ctx);
        if (!err)
            err = drop_partials(l, ctx);
    }
    if (!err)
        err = s->drop(s->user, ctx, "journal");
    if (!err)
        err = s->sync(s->user, ctx);
    if (!err) {
        l->published = l->edge.size;
        memcpy(l->published_root, l->root, sizeof l->root);
        l->journal_size = l->journal_allotted = 0;
        for (int i = 0; i < LEDGER_CACHE; i++)
            l->cache[i].pinned = false;
    }
    s->unlock(s->user, HBS_LEDGER_LOCK_PUBLISH);
    return err;
}

enum hbs_err hbs_ledger_publish(struct hbs_ledger *ledger, struct hbs_ctx *ctx)
{
    pthread_mutex_lock(&ledger->state);
    enum hbs_err err = ledger->broken || !ledger->writing
                           ? hbs_fail(ctx, HBS_ERR_IO, "ledger", "open it anew",
                                      ledger->writing ? "a write failed before" : "it is open for reading only")
                           : ledger_publish_locked(ledger, ctx);
    pthread_mutex_unlock(&ledger->state);
    return err;
}
