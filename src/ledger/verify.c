/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: everything recomputed, from the entries up, and every file of the store looked at. What
 * does not hold is named with its file and place. Where an entry and its hash disagree, the levels above
 * and at the end the signed root say which of the two was changed.
 *
 * What it cannot see alone: that the whole store was put back to an earlier day. An anchor, a receipt or
 * a checkpoint kept elsewhere, shows that; so does a witness that is asked.
 */
#include "ledger_int.h"

#include <stdio.h>

enum { BUNDLE_MAX = LEDGER_TILE * (2 + HBS_LEDGER_ENTRY_MAX), WITNESS_IDS = 64 };

struct check {
    struct hbs_ctx *ctx;
    const struct hbs_ledger_store *store;
    const struct hbs_ledger_verify_options *options;
    struct hbs_ledger_report *report;
    struct hbs_ledger *log; /* what was recomputed: its edge and cache */
    struct ledger_tile *tile, *mine;
    struct hbs_buf data, parent, text; /* text: of the last config entry */
    struct hbs_ledger_note *note;
    uint64_t size;        /* the published size: what the tiles are of */
    bool key_known, config_seen;
    struct hbs_ledger_config config; /* in force */
    uint32_t witness_id[WITNESS_IDS], witness_ids; /* all that were ever named */
    uint64_t parent_index;
    bool parent_there;
    enum hbs_err err; /* what stops the checking */
};

static void problem(struct check *c, const char *where, const char *format, ...) HBS_PRINTF(3, 4);
static void problem(struct check *c, const char *where, const char *format, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    c->report->problems++;
    if (c->options->problem)
        c->options->problem(c->options->arg, where, what);
}

static void problem_at(struct check *c, const char *name, size_t byte, const char *what)
{
    char where[192];
    snprintf(where, sizeof where, "%s byte %zu", name, byte);
    problem(c, where, "%s", what);
}

/* A file; false when it is not there or too long, which is told unless `quiet`. */
static bool get(struct check *c, const char *name, size_t most, struct hbs_buf *out, bool quiet)
{
    hbs_buf_close(out);
    hbs_buf_init(out, c->ctx, most);
    enum hbs_err err = c->store->get(c->store->user, c->ctx, name, out);
    if (!err) {
        c->report->files++;
        c->report->bytes += out->size;
        return true;
    }
    if (err == HBS_ERR_NO_MEMORY)
        c->err = err;
    else if (!quiet)
        problem(c, name, "%s", err == HBS_ERR_NOT_FOUND ? "is missing"
                               : err == HBS_ERR_LIMIT   ? "is longer than it can be"
                                                        : hbs_ctx_what(c->ctx));
    return false;
}

/* ---- Tiles ------------------------------------------------------------------------------------ */

/* Compares a stored tile with what was recomputed; each hash that differs is told. */
static void compare_tile(struct check *c, int level, uint64_t index, const struct ledger_tile *mine, uint32_t width)
{
    char name[LEDGER_TILE_NAME], below[LEDGER_TILE_NAME], what[128];
    ledger_tile_name(level, index, width, name);
    if (!get(c, name, LEDGER_TILE * HBS_LEDGER_HASH, &c->data, false))
        return;
    if (c->data.size != width * (size_t)HBS_LEDGER_HASH) {
        problem(c, name, "has %zu bytes instead of %zu", c->data.size, width * (size_t)HBS_LEDGER_HASH);
        return;
    }
    for (uint32_t i = 0; i < width; i++) {
        if (!memcmp(c->data.data + i * (size_t)32, mine->node[i], 32))
            continue;
        ledger_tile_name(level - 1, index * LEDGER_TILE + i, LEDGER_TILE, below);
        snprintf(what, sizeof what, "the hash is not the root of %s", below);
        problem_at(c, name, i * (size_t)32, what);
    }
}

static void full_tile(void *arg, int level, uint64_t index, const struct ledger_tile *tile)
{
    struct check *c = arg;
    ledger_cache_add(c->log, level, index, tile);
    if (level && ((index + 1) << (8 * (level + 1))) <= c->size)
        compare_tile(c, level, index, tile, LEDGER_TILE);
}

/* The hash that level 1 stores for full tile `index` of level 0, NULL when there is none. */
static const uint8_t *stored_parent(struct check *c, uint64_t index)
{
    char name[LEDGER_TILE_NAME];
    uint64_t count = c->size >> 8, at = index / LEDGER_TILE;
    uint32_t width = at == count / LEDGER_TILE ? (uint32_t)(count % LEDGER_TILE) : LEDGER_TILE;
    if (!c->parent_there || c->parent_index != at) {
        ledger_tile_name(1, at, width, name);
        c->parent_there = get(c, name, LEDGER_TILE * HBS_LEDGER_HASH, &c->parent, true) &&
                          c->parent.size == width * (size_t)HBS_LEDGER_HASH;
        c->parent_index = at;
    }
    return c->parent_there ? c->parent.data + index % LEDGER_TILE * HBS_LEDGER_HASH : NULL;
}

/* ---- Entries ---------------------------------------------------------------------------------- */

static void check_config_entry(struct check *c, const char *where, uint64_t index, const uint8_t *entry, size_t size)
{
    struct hbs_ledger_config now;
    enum hbs_err err = ledger_config_parse(c->ctx, (const char *)entry + 1, size - 1, &now);
    if (err == HBS_ERR_NO_MEMORY) {
        c->err = err;
        return;
    }
    if (err) {
        problem(c, where, "entry %llu is a config that cannot be read", (unsigned long long)index);
        return;
    }
    if (now.entry != index)
        problem(c, where, "entry %llu says that it is entry %llu", (unsigned long long)index,
                (unsigned long long)now.entry);
    if (c->config_seen && ledger_config_follows(c->ctx, &c->config, &now))
        problem(c, where, "entry %llu: %s", (unsigned long long)index, hbs_ctx_what(c->ctx));
    c->config = now;
    c->config_seen = true;
    for (uint32_t i = 0; i < now.witness_count && c->witness_ids < WITNESS_IDS; i++)
        c->witness_id[c->witness_ids++] = now.witness[i].key.id;
    c->text.size = 0;
    c->err = c->err ? c->err : hbs_buf_put(&c->text, entry + 1, size - 1);
}

/* The inside of an entry whose hash holds. */
static void check_entry(struct check *c, const char *where, uint64_t index, const uint8_t *entry, size_t size)
{
    struct ledger_entry e;
    if (!index && (!size || entry[0] != LEDGER_ENTRY_CONFIG))
        problem(c, where, "entry 0 is not the ledger's config");
    if (size > 1 && entry[0] == LEDGER_ENTRY_CONFIG)
        check_config_entry(c, where, index, entry, size);
    else if (ledger_entry_parse(c->ctx, entry, size, &e))
        problem(c, where, "entry %llu is of no known form", (unsigned long long)index);
    else if (c->config_seen && e.inspectors != c->config.inspector_count)
        problem(c, where, "entry %llu is sealed to %u inspectors, there were %u", (unsigned long long)index,
                e.inspectors, c->config.inspector_count);
    c->report->entries++;
}

/* Bundle and level-0 tile number `b`, with `width` entries. */
static void check_bundle(struct check *c, uint64_t b, uint32_t width)
{
    char bundle_name[LEDGER_TILE_NAME], tile_name[LEDGER_TILE_NAME], what[160];
    static const uint8_t none[1];
    uint32_t offset[LEDGER_TILE + 1] = {0};
    uint32_t whole = 0; /* entries that can be read */
    ledger_tile_name(-1, b, width, bundle_name);
    ledger_tile_name(0, b, width, tile_name);
    /* the stored hashes */
    bool have_tile = get(c, tile_name, LEDGER_TILE * HBS_LEDGER_HASH, &c->data, false);
    if (have_tile && c->data.size != width * (size_t)HBS_LEDGER_HASH) {
        problem(c, tile_name, "has %zu bytes instead of %zu", c->data.size, width * (size_t)HBS_LEDGER_HASH);
        have_tile = false;
    }
    if (have_tile)
        memcpy(c->tile->node, c->data.data, c->data.size);
    c->tile->width = c->mine->width = width;
    /* the entries */
    bool have_bundle = get(c, bundle_name, BUNDLE_MAX, &c->data, false);
    const uint8_t *data = have_bundle && c->data.data ? c->data.data : none;
    size_t size = have_bundle ? c->data.size : 0, at = 0;
    for (; have_bundle && whole < width && size - at >= 2; whole++) {
        size_t n = hbs_be16(data + at);
        if (n > size - at - 2)
            break;
        offset[whole] = (uint32_t)at;
        hbs_ledger_leaf_hash(data + at + 2, n, c->mine->node[whole]);
        at += 2 + n;
    }
    offset[whole] = (uint32_t)at;
    if (have_bundle && (whole < width || at != size)) {
        snprintf(what, sizeof what, whole < width ? "entry %llu is cut off, %u are there" : "bytes behind entry %llu",
                 (unsigned long long)(b * LEDGER_TILE + whole - (whole == width)), whole);
        problem_at(c, bundle_name, at, what);
    }
    for (uint32_t i = whole; i < width; i++) /* what cannot be read stands by its hash */
        memcpy(c->mine->node[i], have_tile ? c->tile->node[i] : none, have_tile ? 32 : 1);
    /* where they differ: who is right? */
    bool differ = have_tile && memcmp(c->tile->node, c->mine->node, width * (size_t)32) != 0;
    bool tile_right = false, entries_right = false;
    if (differ && width == LEDGER_TILE) {
        const uint8_t *parent = stored_parent(c, b);
        ledger_tile_fill(c->tile);
        ledger_tile_fill(c->mine);
        tile_right = parent && !memcmp(parent, c->tile->node[ledger_tile_at(8, 0)], 32);
        entries_right = parent && !memcmp(parent, c->mine->node[ledger_tile_at(8, 0)], 32);
    } else if (differ) { /* the edge: the signed root tells */
        uint8_t root[HBS_LEDGER_HASH];
        for (int of = 0; of < 2; of++) {
            struct ledger_tile *t = of ? c->mine : c->tile;
            struct ledger_tile kept = c->log->edge.tile[0];
            ledger_tile_fill(t);
            c->log->edge.tile[0] = *t;
            ledger_edge_root(&c->log->edge, root);
            c->log->edge.tile[0] = kept;
            *(of ? &entries_right : &tile_right) = !memcmp(root, c->report->checkpoint.root, sizeof root);
        }
    }
    for (uint32_t i = 0; differ && i < width; i++) {
        uint64_t index = b * LEDGER_TILE + i;
        if (!memcmp(c->tile->node[i], c->mine->node[i], 32))
            continue;
        if (entries_right) {
            snprintf(what, sizeof what, "the hash is not that of entry %llu", (unsigned long long)index);
            problem_at(c, tile_name, i * (size_t)32, what);
        } else if (tile_right) {
            snprintf(what, sizeof what, "entry %llu is not what was logged", (unsigned long long)index);
            problem_at(c, bundle_name, offset[i], what);
        } else {
            snprintf(what, sizeof what, "entry %llu and its hash, %s byte %u, disagree", (unsigned long long)index,
                     tile_name, i * 32u);
            problem_at(c, bundle_name, offset[i], what);
        }
    }
    for (uint32_t i = 0; i < width; i++) {
        bool wrong = differ && !entries_right && memcmp(c->tile->node[i], c->mine->node[i], 32) != 0;
        if (i < whole && !wrong)
            check_entry(c, bundle_name, b * LEDGER_TILE + i, data + offset[i] + 2, offset[i + 1] - offset[i] - 2);
        /* a level above is compared with what was logged, so that one change is told once */
        ledger_edge_add(&c->log->edge, tile_right ? c->tile->node[i] : c->mine->node[i], full_tile, c);
    }
}

/* ---- Journal ---------------------------------------------------------------------------------- */

static void check_journal(struct check *c)
{
    struct journal_head head;
    if (!get(c, "journal", JOURNAL_MAX, &c->data, true)) {
        return;
    }
    if (journal_head_read(c->ctx, c->data.data, c->data.size, &head)) {
        problem(c, "journal", "its head does not hold");
        return;
    }
    if (!head.acknowledged_good)
        problem_at(c, "journal", 64, "the number of acknowledged entries does not hold");
    if (head.base != c->size && head.acknowledged_good && head.acknowledged == c->size)
        return; /* published, not yet taken away; the next opening does */
    if (head.base != c->size || memcmp(head.root, c->log->root, HBS_LEDGER_HASH) != 0) {
        problem(c, "journal", "goes on from %llu entries that are not those of the checkpoint",
                (unsigned long long)head.base);
        return;
    }
    size_t torn = 0;
    memcpy(c->log->journal, c->data.data, c->data.size);
    enum hbs_err err = ledger_journal_replay(c->log, c->ctx, &head, c->data.size, &torn);
    if (err == HBS_ERR_NO_MEMORY) {
        c->err = err;
        return;
    }
    if (err) {
        problem(c, hbs_ctx_where(c->ctx), "%s", hbs_ctx_what(c->ctx));
        return;
    }
    for (uint64_t i = c->size; i < c->log->edge.size; i++) {
        const uint8_t *p = c->log->journal + c->log->journal_at[i - c->size];
        check_entry(c, "journal", i, p + 2, hbs_be16(p));
    }
    if (head.acknowledged_good && head.acknowledged > c->log->edge.size) {
        char what[128];
        snprintf(what, sizeof what, "%llu entries were acknowledged, %llu hold", (unsigned long long)head.acknowledged,
                 (unsigned long long)c->log->edge.size);
        problem_at(c, "journal", c->log->journal_size, what);
    }
    c->report->unfinished = torn;
    if (c->log->edge.size > c->size) {
        c->report->checkpoint.size = c->log->edge.size;
        memcpy(c->report->checkpoint.root, c->log->root, HBS_LEDGER_HASH);
    }
}

/* ---- Notes ------------------------------------------------------------------------------------ */

/* Whether a checkpoint of this log is of a tree that this one holds unchanged. */
static void check_history(struct check *c, const char *where, const struct hbs_ledger_checkpoint *old)
{
    uint8_t root[HBS_LEDGER_HASH];
    if (old->size > c->log->edge.size) {
        problem(c, where, "the ledger had %llu entries, here are %llu: it was put back or cut",
                (unsigned long long)old->size, (unsigned long long)c->log->edge.size);
        return;
    }
    struct ledger_nodes nodes = ledger_log_nodes(c->log);
    enum hbs_err err = ledger_tree_root(&nodes, c->ctx, old->size, root);
    if (err == HBS_ERR_NO_MEMORY)
        c->err = err;
    else if (err)
        problem(c, where, "it cannot be compared: %s", hbs_ctx_what(c->ctx));
    else if (memcmp(root, old->root, sizeof root) != 0)
        problem(c, where, "the first %llu entries are not those that were signed then: another history",
                (unsigned long long)old->size);
}

static void check_witness(struct check *c, const char *name)
{
    struct hbs_ledger_checkpoint old;
    uint64_t time = 0;
    const struct hbs_ledger_key *key = NULL;
    char mine[32];
    for (uint32_t i = 0; i < c->config.witness_count && !key; i++) {
        ledger_witness_name(&c->config.witness[i].key, mine);
        if (!strcmp(mine, name))
            key = &c->config.witness[i].key;
    }
    if (!get(c, name, HBS_LEDGER_NOTE_MAX, &c->data, false))
        return;
    if (hbs_ledger_checkpoint_open(c->ctx, c->data.data, c->data.size, &c->config.log, c->note, &old) ||
        (key && hbs_ledger_note_verify(c->ctx, c->note, key, &time)) || c->note->count != 2) {
        problem(c, name, "not a checkpoint of this ledger with the witness's cosignature: %s", hbs_ctx_what(c->ctx));
        return;
    }
    if (time > c->report->witnessed_time)
        c->report->witnessed_time = time;
    if (key && old.size > c->report->witnessed)
        c->report->witnessed = old.size;
    check_history(c, name, &old);
}

static void check_anchor(struct check *c)
{
    const char *data = c->options->anchor;
    size_t size = c->options->anchor_size;
    struct hbs_ledger_checkpoint old;
    if (size > 22 && !memcmp(data, "c2sp.org/tlog-proof@v1", 22)) { /* a receipt holds a checkpoint */
        struct hbs_ledger_proof *proof = hbs_alloc(c->ctx, 1, sizeof *proof);
        if (!proof) {
            c->err = hbs_fail_memory(c->ctx, sizeof *proof);
            return;
        }
        enum hbs_err err = hbs_ledger_proof_parse(c->ctx, data, size, proof);
        data = proof->checkpoint;
        size = proof->checkpoint_size;
        hbs_free(c->ctx, proof);
        if (err) {
            c->err = err;
            return;
        }
    }
    enum hbs_err err = hbs_ledger_checkpoint_open(c->ctx, data, size, &c->config.log, c->note, &old);
    if (err == HBS_ERR_FORMAT || err == HBS_ERR_LIMIT || err == HBS_ERR_NO_MEMORY) {
        c->err = err; /* what was given is no anchor: the caller's mistake */
    } else if (err) {
        problem(c, "anchor", "%s", hbs_ctx_what(c->ctx));
    } else {
        c->report->anchored = old.size;
        check_history(c, "anchor", &old);
    }
}

/* ---- Files ------------------------------------------------------------------------------------ */

/* A partial tile or bundle of an earlier size: the beginning of what is there now. */
static bool stale_good(struct check *c, const char *name, int level, uint64_t index, uint32_t width)
{
    uint64_t count = c->size >> (level < 0 ? 0 : 8 * level);
    uint32_t now = index == count / LEDGER_TILE ? (uint32_t)(count % LEDGER_TILE) : LEDGER_TILE;
    char current[LEDGER_TILE_NAME];
    ledger_tile_name(level, index, now, current);
    if (index > count / LEDGER_TILE || width >= now || !get(c, name, BUNDLE_MAX, &c->data, false) ||
        !get(c, current, BUNDLE_MAX, &c->parent, true))
        return false;
    c->parent_there = false;
    size_t want = width * (size_t)HBS_LEDGER_HASH;
    if (level < 0) {
        want = 0;
        for (uint32_t i = 0; i < width && c->parent.size - want >= 2; i++) {
            want += 2 + (size_t)hbs_be16(c->parent.data + want);
            if (want > c->parent.size)
                return false;
        }
    }
    return c->data.size == want && want <= c->parent.size && !memcmp(c->data.data, c->parent.data, want);
}

static void check_file(void *arg, const char *name, uint64_t size)
{
    struct check *c = arg;
    int level;
    uint64_t index;
    uint32_t width;
    if (!strcmp(name, "checkpoint") || !strcmp(name, "config") || !strcmp(name, "journal"))
        return;
    if (!strncmp(name, "witness/", 8)) {
        for (uint32_t i = 0; i < c->witness_ids; i++) {
            char mine[32];
            snprintf(mine, sizeof mine, "witness/%08x", (unsigned)c->witness_id[i]);
            if (!strcmp(mine, name)) {
                check_witness(c, name);
                return;
            }
        }
    } else if (ledger_tile_name_parse(name, &level, &index, &width) && level < LEDGER_LEVELS) {
        uint64_t count = c->size >> (level < 0 ? 0 : 8 * level);
        bool current = width == LEDGER_TILE ? index < count / LEDGER_TILE
                                            : index == count / LEDGER_TILE && width == count % LEDGER_TILE;
        if (current || stale_good(c, name, level, index, width))
            return;
    }
    problem(c, name, "does not belong to this ledger (%llu bytes)", (unsigned long long)size);
}

/* ---- All -------------------------------------------------------------------------------------- */

/* The config's file and the checkpoint; false when there is no tree to go on with. */
static bool begin(struct check *c)
{
    if (get(c, "config", HBS_LEDGER_CONFIG_MAX, &c->data, false)) {
        enum hbs_err bad = ledger_config_parse(c->ctx, (const char *)c->data.data, c->data.size, &c->log->config);
        if (bad == HBS_ERR_NO_MEMORY) {
            c->err = bad;
            return false;
        }
        if (bad)
            problem(c, "config", "this is not a ledger's config");
        c->key_known = !bad;
    }
    if (c->options->key) {
        if (c->key_known && !hbs_ledger_key_same(c->options->key, &c->log->config.log))
            problem(c, "config", "names another key than the one given");
        c->log->config.log = *c->options->key;
        c->key_known = true;
    }
    if (!get(c, "checkpoint", LEDGER_CHECKPOINT_MAX, &c->data, false))
        return false;
    struct hbs_ledger_checkpoint *now = &c->report->checkpoint;
    enum hbs_err err = c->key_known ? hbs_ledger_checkpoint_open(c->ctx, c->data.data, c->data.size,
                                                                 &c->log->config.log, c->note, now)
                                    : hbs_ledger_note_parse(c->ctx, c->data.data, c->data.size, c->note);
    if (err == HBS_ERR_NO_MEMORY) {
        c->err = err;
        return false;
    }
    if (err)
        problem(c, "checkpoint", "%s", hbs_ctx_what(c->ctx));
    else if (c->note->count != 1)
        problem(c, "checkpoint", "has %u signatures instead of the log's", c->note->count);
    /* also what is not signed tells how much there should be */
    if ((err || !c->key_known) && (hbs_ledger_note_parse(c->ctx, c->data.data, c->data.size, c->note) ||
                                   hbs_ledger_checkpoint_parse(c->ctx, c->note->text, c->note->text_size, now)))
        return false;
    if (now->size >> 40) { /* a lie: no folder holds so many */
        problem(c, "checkpoint", "%llu entries cannot be", (unsigned long long)now->size);
        return false;
    }
    c->size = now->size;
    return true;
}

static void check_tree(struct check *c)
{
    uint64_t bundles = (c->size + LEDGER_TILE - 1) / LEDGER_TILE;
    uint32_t lost = 0;
    for (uint64_t b = 0; b < bundles && !c->err; b++) {
        uint64_t left = c->size - b * LEDGER_TILE, before = c->report->problems;
        check_bundle(c, b, left < LEDGER_TILE ? (uint32_t)left : LEDGER_TILE);
        lost = c->report->problems > before ? lost + 1 : 0;
        if (lost > 1000) { /* the checkpoint promises what is not there: enough was said */
            problem(c, "checkpoint", "the rest of the %llu entries was not looked for", (unsigned long long)c->size);
            c->log->edge.size = 0;
            return;
        }
        if (c->options->progress)
            c->options->progress(c->options->arg, b + 1, bundles);
    }
    for (int level = 1; level < LEDGER_LEVELS && !c->err; level++)
        if (c->log->edge.tile[level].width)
            compare_tile(c, level, c->size >> (8 * level) >> 8, &c->log->edge.tile[level],
                         c->log->edge.tile[level].width);
    ledger_edge_root(&c->log->edge, c->log->root);
    if (!c->err && memcmp(c->log->root, c->report->checkpoint.root, HBS_LEDGER_HASH) != 0)
        problem(c, "checkpoint", "the root is not that of the %llu entries", (unsigned long long)c->size);
}

enum hbs_err hbs_ledger_verify(struct hbs_ctx *ctx, const struct hbs_ledger_store *store,
                               const struct hbs_ledger_verify_options *options, struct hbs_ledger_report *out)
{
    struct check c = {.ctx = ctx, .store = store, .options = options, .report = out};
    memset(out, 0, sizeof *out);
    hbs_buf_init(&c.data, ctx, 1);
    hbs_buf_init(&c.parent, ctx, 1);
    hbs_buf_init(&c.text, ctx, HBS_LEDGER_CONFIG_MAX);
    enum hbs_err err = ledger_alloc(ctx, store, &c.log);
    if (err)
        goto close;
    c.tile = hbs_alloc(ctx, 2, sizeof *c.tile);
    c.note = hbs_alloc(ctx, 1, sizeof *c.note);
    if (!c.tile || !c.note) {
        err = hbs_fail_memory(ctx, 2 * sizeof *c.tile);
        goto done;
    }
    c.mine = c.tile + 1;
    err = store->lock(store->user, ctx, HBS_LEDGER_LOCK_PUBLISH, true, options->wait);
    if (err == HBS_ERR_NOT_FOUND) { /* there is no tile/: the rest tells */
        problem(&c, "tile", "is missing");
    } else if (err) {
        goto done;
    }
    bool locked = !err;
    if (begin(&c)) {
        c.log->published = c.size;
        check_tree(&c);
        if (c.config_seen && c.key_known && !hbs_ledger_key_same(&c.config.log, &c.log->config.log))
            problem(&c, "config", "the log's key is not the one in the entries");
        if (!c.err && c.key_known)
            check_journal(&c);
        out->files -= c.config_seen; /* read twice */
        if (!c.err && c.config_seen && get(&c, "config", HBS_LEDGER_CONFIG_MAX, &c.data, true) &&
            (c.data.size != c.text.size || memcmp(c.data.data, c.text.data, c.text.size) != 0))
            problem(&c, "config", "is not what the last config, entry %llu, says", (unsigned long long)c.config.entry);
        if (!c.config_seen)
            c.config = c.log->config;
        out->config = c.config;
        if (!c.err && options->anchor)
            check_anchor(&c);
    }
    if (!c.err)
        c.err = store->list(store->user, ctx, check_file, &c);
    if (locked)
        store->unlock(store->user, HBS_LEDGER_LOCK_PUBLISH);
    err = c.err;
    if (!err && out->problems)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "", "keep the folder as it is and compare it with copies and witnesses",
                       "it does not hold: problems told: %llu", (unsigned long long)out->problems);
done:
    hbs_free(ctx, c.tile);
    hbs_free(ctx, c.note);
    ledger_free(ctx, c.log);
close:
    hbs_buf_close(&c.data);
    hbs_buf_close(&c.parent);
    hbs_buf_close(&c.text);
    return err;
}
