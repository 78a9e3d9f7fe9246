/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: what the public may have: the checkpoint, with what witnesses said of it, and the hash
 * tiles, in c2sp.org/tlog-tiles' layout, for any web server. Never an entry: none is read here. Partial
 * tiles of sizes published before stay there until their tile is full, as tlog-tiles asks.
 */
#include "ledger_int.h"

struct copy {
    struct hbs_ledger *l;
    struct hbs_ctx *ctx;
    const struct hbs_ledger_store *to;
    struct hbs_buf have, want, checkpoint; /* checkpoint: the file's, which the tiles are of */
    uint64_t files;
};

/* Puts `want` under the name unless it lies there already. */
static enum hbs_err put(struct copy *c, const char *name)
{
    c->have.size = 0;
    enum hbs_err err = c->to->get(c->to->user, c->ctx, name, &c->have);
    if (!err && c->have.size == c->want.size && !memcmp(c->have.data, c->want.data, c->want.size))
        return HBS_OK;
    if (err && err != HBS_ERR_NOT_FOUND && err != HBS_ERR_LIMIT)
        return err;
    c->files++;
    return c->to->put(c->to->user, c->ctx, name, c->want.data, c->want.size);
}

static enum hbs_err copy_tile(struct copy *c, int level, uint64_t index, uint32_t width)
{
    char name[LEDGER_TILE_NAME];
    ledger_tile_name(level, index, width, name);
    c->want.size = 0;
    enum hbs_err err = c->l->store.get(c->l->store.user, c->ctx, name, &c->want);
    if (!err && c->want.size != width * (size_t)HBS_LEDGER_HASH)
        err = hbs_fail(c->ctx, HBS_ERR_INTEGRITY, name, "run 'habeas ledger verify'", "a tile has a wrong length");
    return err ? err : put(c, name);
}

static enum hbs_err copy_checkpoint(struct copy *c)
{
    struct hbs_buf seen;
    struct hbs_ledger_note *note = hbs_alloc(c->ctx, 1, sizeof *note);
    if (!note)
        return hbs_fail_memory(c->ctx, sizeof *note);
    c->want.size = 0;
    hbs_buf_init(&seen, c->ctx, HBS_LEDGER_NOTE_MAX);
    enum hbs_err err = hbs_buf_put(&c->want, c->checkpoint.data, c->checkpoint.size);
    for (uint32_t i = 0; !err && i < c->l->config.witness_count; i++) {
        seen.size = 0;
        err = hbs_ledger_witness_note(c->l, c->ctx, i, &seen);
        if (err == HBS_ERR_NOT_FOUND) {
            err = HBS_OK;
            continue;
        }
        if (!err)
            err = hbs_ledger_note_parse(c->ctx, seen.data, seen.size, note);
        /* the same text: the witness's line belongs to this checkpoint too */
        if (!err && c->checkpoint.size > note->text_size && !memcmp(c->checkpoint.data, note->text, note->text_size) &&
            c->checkpoint.data[note->text_size] == '\n')
            for (uint32_t k = 0; !err && k < note->count; k++)
                if (note->signature[k].id == c->l->config.witness[i].key.id) {
                    const char *line = note->signature[k].name - 4;
                    const char *end = note->signature[k].base64 + note->signature[k].base64_size + 1;
                    err = hbs_buf_put(&c->want, line, (size_t)(end - line));
                }
    }
    if (!err)
        err = put(c, "checkpoint");
    hbs_buf_close(&seen);
    hbs_free(c->ctx, note);
    return err;
}

enum hbs_err hbs_ledger_export(struct hbs_ledger *ledger, struct hbs_ctx *ctx, const struct hbs_ledger_store *to,
                               uint64_t *files)
{
    struct copy c = {.l = ledger, .ctx = ctx, .to = to};
    hbs_buf_init(&c.have, ctx, HBS_LEDGER_NOTE_MAX);
    hbs_buf_init(&c.want, ctx, HBS_LEDGER_NOTE_MAX);
    hbs_buf_init(&c.checkpoint, ctx, LEDGER_CHECKPOINT_MAX);
    enum hbs_err err = HBS_OK;
    if (ledger->writing)
        err = hbs_ledger_publish(ledger, ctx);
    if (!err)
        err = ledger->store.lock(ledger->store.user, ctx, HBS_LEDGER_LOCK_PUBLISH, true, 10);
    if (err)
        goto close;
    /* what a reader has is of when it was opened: its partial tiles may be gone since */
    struct hbs_ledger_checkpoint now = {.size = 0};
    err = ledger->store.get(ledger->store.user, ctx, "checkpoint", &c.checkpoint);
    if (!err) {
        struct hbs_ledger_note *note = hbs_alloc(ctx, 1, sizeof *note);
        err = note ? hbs_ledger_checkpoint_open(ctx, c.checkpoint.data, c.checkpoint.size, &ledger->config.log, note, &now)
                   : hbs_fail_memory(ctx, sizeof *note);
        hbs_free(ctx, note);
    }
    if (!err && (now.size != ledger->published || memcmp(now.root, ledger->published_root, sizeof now.root) != 0))
        err = hbs_fail(ctx, HBS_ERR_BUSY, "checkpoint", "try again", "the ledger grew meanwhile");
    for (int level = 0; !err && level < LEDGER_LEVELS; level++) {
        uint64_t count = ledger->published >> (8 * level);
        for (uint64_t i = 0; !err && i < count / LEDGER_TILE; i++)
            err = copy_tile(&c, level, i, LEDGER_TILE);
        if (!err && count % LEDGER_TILE)
            err = copy_tile(&c, level, count / LEDGER_TILE, (uint32_t)(count % LEDGER_TILE));
    }
    if (!err)
        err = to->sync(to->user, ctx);
    if (!err)
        err = copy_checkpoint(&c);
    if (!err)
        err = to->sync(to->user, ctx);
    ledger->store.unlock(ledger->store.user, HBS_LEDGER_LOCK_PUBLISH);
    if (!err)
        *files = c.files;
close:
    hbs_buf_close(&c.have);
    hbs_buf_close(&c.want);
    hbs_buf_close(&c.checkpoint);
    return err;
}
