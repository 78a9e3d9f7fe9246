/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: tiles (c2sp.org/tlog-tiles): names, the tree inside a tile, the right edge of the tree,
 * and the nodes of a log that proofs are made of: from the edge in memory, a small cache, or a tile's
 * file, whose inner nodes are computed when it is read.
 */
#include "ledger_int.h"

#include <stdio.h>

/* ---- Names ------------------------------------------------------------------------------------ */

void ledger_tile_name(int level, uint64_t index, uint32_t width, char out[LEDGER_TILE_NAME])
{
    char path[40];
    size_t at = sizeof path;
    path[--at] = 0;
    for (bool last = true;; last = false) { /* three digits at a time, from the right */
        unsigned part = (unsigned)(index % 1000);
        path[--at] = (char)('0' + part % 10);
        path[--at] = (char)('0' + part / 10 % 10);
        path[--at] = (char)('0' + part / 100);
        if (!last)
            path[--at] = 'x';
        index /= 1000;
        if (!index)
            break;
        path[--at] = '/';
    }
    char of[12] = "entries", partial[16] = "";
    if (level >= 0)
        snprintf(of, sizeof of, "%d", level);
    if (width && width < LEDGER_TILE)
        snprintf(partial, sizeof partial, ".p/%u", (unsigned)width);
    snprintf(out, LEDGER_TILE_NAME, "tile/%s/%s%s", of, path + at, partial);
}

bool ledger_tile_name_parse(const char *name, int *level, uint64_t *index, uint32_t *width)
{
    uint64_t number = 0, n = 0, w = LEDGER_TILE;
    const char *p = name;
    if (strncmp(p, "tile/", 5) != 0)
        return false;
    p += 5;
    const char *slash = strchr(p, '/');
    if (!slash)
        return false;
    *level = -1;
    if (strncmp(p, "entries", (size_t)(slash - p)) != 0 || slash - p != 7) {
        if (!ledger_decimal(p, (size_t)(slash - p), &number) || number > 63)
            return false;
        *level = (int)number;
    }
    for (p = slash + 1;;) {
        bool more = *p == 'x';
        p += more;
        for (int i = 0; i < 3; i++, p++) {
            if (*p < '0' || *p > '9' || n > UINT64_MAX / 10 - 1)
                return false;
            n = n * 10 + (uint64_t)(*p - '0');
        }
        if (!more)
            break;
        if (*p++ != '/')
            return false;
    }
    if (*p && (strncmp(p, ".p/", 3) != 0 || !ledger_decimal(p + 3, strlen(p + 3), &w) || !w || w >= LEDGER_TILE))
        return false;
    *index = n;
    *width = (uint32_t)w;
    char again[LEDGER_TILE_NAME]; /* no leading zeros, no other spelling */
    ledger_tile_name(*level, n, *width, again);
    return !strcmp(again, name);
}

/* ---- The tree inside a tile ------------------------------------------------------------------- */

void ledger_tile_fill(struct ledger_tile *tile)
{
    uint32_t width = tile->width;
    for (unsigned h = 0; width > 1; h++, width /= 2)
        ledger_hash_pairs((const uint8_t(*)[HBS_LEDGER_HASH])tile->node + ledger_tile_at(h, 0), width / 2,
                          tile->node + ledger_tile_at(h + 1, 0));
}

bool ledger_tile_add(struct ledger_tile *tile, const uint8_t hash[HBS_LEDGER_HASH])
{
    uint32_t k = tile->width++;
    memcpy(tile->node[ledger_tile_at(0, k)], hash, HBS_LEDGER_HASH);
    for (unsigned h = 0; k & 1; h++, k >>= 1)
        hbs_ledger_node_hash(tile->node[ledger_tile_at(h, k - 1)], tile->node[ledger_tile_at(h, k)],
                             tile->node[ledger_tile_at(h + 1, k >> 1)]);
    return tile->width == LEDGER_TILE;
}

/* ---- The right edge --------------------------------------------------------------------------- */

void ledger_edge_add(struct ledger_edge *edge, const uint8_t leaf[HBS_LEDGER_HASH],
                     void (*full)(void *arg, int level, uint64_t index, const struct ledger_tile *tile), void *arg)
{
    uint8_t hash[HBS_LEDGER_HASH];
    memcpy(hash, leaf, sizeof hash);
    uint64_t count = ++edge->size; /* of the hashes at this level */
    for (int level = 0; level < LEDGER_LEVELS && ledger_tile_add(&edge->tile[level], hash); level++) {
        struct ledger_tile *t = &edge->tile[level];
        if (full)
            full(arg, level, count / LEDGER_TILE - 1, t);
        memcpy(hash, t->node[ledger_tile_at(8, 0)], sizeof hash);
        t->width = 0;
        count /= LEDGER_TILE;
    }
}

void ledger_edge_root(const struct ledger_edge *edge, uint8_t out[HBS_LEDGER_HASH])
{
    bool any = false;
    crypto_hash_sha256(out, NULL, 0);
    for (int level = 0; level < LEDGER_LEVELS; level++) { /* complete subtrees, smallest first */
        const struct ledger_tile *t = &edge->tile[level];
        for (unsigned h = 0; h < 8; h++) {
            if (!(t->width >> h & 1))
                continue;
            const uint8_t *node = t->node[ledger_tile_at(h, (t->width >> h) - 1)];
            if (any)
                hbs_ledger_node_hash(node, out, out);
            else
                memcpy(out, node, HBS_LEDGER_HASH);
            any = true;
        }
    }
}

static enum hbs_err tile_read(struct hbs_ctx *ctx, const struct hbs_ledger_store *store, int level, uint64_t index,
                              uint32_t width, struct ledger_tile *out)
{
    char name[LEDGER_TILE_NAME];
    struct hbs_buf data;
    ledger_tile_name(level, index, width, name);
    hbs_buf_init(&data, ctx, LEDGER_TILE * HBS_LEDGER_HASH);
    enum hbs_err err = store->get(store->user, ctx, name, &data);
    if (err == HBS_ERR_NOT_FOUND)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "run 'habeas ledger verify'", "a tile is missing");
    else if (err == HBS_ERR_LIMIT || (!err && data.size != (size_t)width * HBS_LEDGER_HASH))
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, name, "run 'habeas ledger verify'", "a tile has a wrong length");
    if (!err) {
        out->width = width;
        memcpy(out->node, data.data, data.size);
        ledger_tile_fill(out);
    }
    hbs_buf_close(&data);
    return err;
}

enum hbs_err ledger_edge_read(struct hbs_ctx *ctx, const struct hbs_ledger_store *store, uint64_t size,
                              struct ledger_edge *edge)
{
    edge->size = size;
    for (int level = 0; level < LEDGER_LEVELS; level++) {
        uint64_t count = size >> (8 * level);
        edge->tile[level].width = 0;
        if (count % LEDGER_TILE) {
            enum hbs_err err = tile_read(ctx, store, level, count / LEDGER_TILE, (uint32_t)(count % LEDGER_TILE),
                                         &edge->tile[level]);
            if (err)
                return err;
        }
    }
    return HBS_OK;
}

/* ---- Nodes of a log --------------------------------------------------------------------------- */

/* The slot to use next: an empty or the longest unused one that is not pinned. */
static struct ledger_slot *cache_slot(struct hbs_ledger *ledger)
{
    struct ledger_slot *best = NULL;
    for (int i = 0; i < LEDGER_CACHE; i++) {
        struct ledger_slot *s = &ledger->cache[i];
        if (!s->pinned && (!best || s->used < best->used))
            best = s;
    }
    return best;
}

const struct ledger_tile *ledger_cache_find(struct hbs_ledger *ledger, int level, uint64_t index)
{
    for (int i = 0; i < LEDGER_CACHE; i++) {
        struct ledger_slot *s = &ledger->cache[i];
        if (s->used && s->index == index && s->level == level) {
            s->used = ++ledger->cache_clock;
            return &s->tile;
        }
    }
    return NULL;
}

void ledger_cache_add(void *arg, int level, uint64_t index, const struct ledger_tile *tile)
{
    struct hbs_ledger *ledger = arg;
    struct ledger_slot *s = cache_slot(ledger);
    if (NEVER(!s)) /* the journal is published before it completes so many tiles */
        return;
    s->level = level;
    s->index = index;
    s->pinned = ((index + 1) << (8 * (level + 1))) > ledger->published;
    s->used = ++ledger->cache_clock;
    s->tile = *tile;
}

static enum hbs_err log_node(void *user, struct hbs_ctx *ctx, unsigned height, uint64_t index,
                             uint8_t out[HBS_LEDGER_HASH])
{
    struct hbs_ledger *ledger = user;
    unsigned level = height / 8, inner = height % 8;
    uint64_t number = index >> (8 - inner), k = index & ((1u << (8 - inner)) - 1);
    const struct ledger_tile *tile = NULL;
    if (NEVER(level >= LEDGER_LEVELS))
        return hbs_fail(ctx, HBS_ERR_BUG, "", "report this", "a node above the tree");
    uint64_t unfinished = ledger->edge.size >> (8 * level) >> 8;
    if (number == unfinished) {
        tile = &ledger->edge.tile[level];
        if (NEVER(((k + 1) << inner) > tile->width))
            return hbs_fail(ctx, HBS_ERR_BUG, "", "report this", "a node beyond the tree");
    } else if (!(tile = ledger_cache_find(ledger, (int)level, number))) {
        struct ledger_slot *s = cache_slot(ledger);
        if (NEVER(!s || number > unfinished))
            return hbs_fail(ctx, HBS_ERR_BUG, "", "report this", "a node beyond the tree");
        s->used = 0;
        enum hbs_err err = tile_read(ctx, &ledger->store, (int)level, number, LEDGER_TILE, &s->tile);
        if (err)
            return err;
        s->level = (int)level;
        s->index = number;
        s->used = ++ledger->cache_clock;
        tile = &s->tile;
    }
    memcpy(out, tile->node[ledger_tile_at(inner, k)], HBS_LEDGER_HASH);
    return HBS_OK;
}

struct ledger_nodes ledger_log_nodes(struct hbs_ledger *ledger) { return (struct ledger_nodes){log_node, ledger}; }
