/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: the key file opened. From the newest root of the slots down to the keys of subjects: a
 * radix tree, the subject's number says which child and which entry. Opening reads the inner pages,
 * which tells which pages are in use, so no list of free ones is kept anywhere. Reading only;
 * change.c writes. Key disclosure graph: Reardon et al., CCS 2013.
 */
#include "vault_int.h"

#include <sodium.h>
#include <stdio.h>

static const uint8_t magic[8] = "HbsKeys1";
static const struct hbs_vault_label canary_label = {"canary", 0, 1};
#define CANARY_SIZE (VAULT_CANARY + HBS_VAULT_SEALED_EXTRA)

/* What the drill opens: a record in page 0 under subject 0's key, so the proof goes the whole way that a
 * person's record goes, from the slot through every level of pages to a sealed text. */
static void canary_text(uint8_t out[VAULT_CANARY])
{
    memset(out, 0, VAULT_CANARY);
    memcpy(out, "habeas canary", 13);
}

/* Also wipes: what was read may hold the keys of people who are gone now. */
void vault_forget_path(struct hbs_vault *v)
{
    memset(v->path_page, 0, sizeof v->path_page);
    sodium_memzero(v->s->path, sizeof v->s->path);
    sodium_memzero(v->s->work, sizeof v->s->work);
    sodium_memzero(v->s->seen, sizeof v->s->seen);
}

void hbs_vault_close(struct hbs_vault *v)
{
    if (!v)
        return;
    if (v->file)
        v->io->close(v->io->user, v->file);
    hbs_secret_close(v->s);
    hbs_free(v->ctx, v->used);
    hbs_free(v->ctx, v->next);
    hbs_free(v->ctx, v->path);
    hbs_free(v->ctx, v);
}

/* The vault's memory, nothing of it open yet. All secrets are in one piece, so a refused lock is found before
 * anything is read. */
static enum hbs_err vault_make(struct hbs_ctx *ctx, const struct hbs_vault_io *io, const char *path,
                               struct hbs_vault_slot *const *slots, int count, struct hbs_vault **out)
{
    enum hbs_err err = vault_sodium(ctx);
    if (err)
        return err;
    if (count < 1 || count > HBS_VAULT_SLOTS_MAX)
        return hbs_fail(ctx, HBS_ERR_USAGE, path, "give one slot or two", "%d slots", count);
    if (count == 2 && !strcmp(slots[0]->name, slots[1]->name))
        return hbs_fail(ctx, HBS_ERR_USAGE, slots[0]->name, "give two places that fail apart from each other",
                        "the same slot twice");
    struct hbs_vault *v = hbs_alloc(ctx, 1, sizeof *v);
    if (!v)
        return hbs_fail_memory(ctx, sizeof *v);
    v->ctx = ctx;
    v->io = io;
    v->slots = count;
    for (int i = 0; i < count; i++)
        v->slot[i] = slots[i];
    size_t size = strlen(path) + 1;
    if (!(v->path = hbs_alloc(ctx, 1, size))) {
        hbs_vault_close(v);
        return hbs_fail_memory(ctx, size);
    }
    memcpy(v->path, path, size);
    void *s;
    if ((err = hbs_secret_open(ctx, sizeof *v->s, &s))) {
        hbs_vault_close(v);
        return err;
    }
    v->s = s;
    *out = v;
    return HBS_OK;
}

/* ---- Opening --------------------------------------------------------------------------------------- */

/* Page 0 is not secret. What a change of its bytes does is found here or by the canary; its id is part of
 * what every page is bound to. */
static enum hbs_err read_head(struct hbs_vault *v)
{
    uint64_t size;
    int code = v->io->size(v->io->user, v->file, &size);
    size_t got = 0;
    if (!code)
        code = v->io->read(v->io->user, v->file, v->head, VAULT_PAGE, 0, &got);
    if (code)
        return vault_io_fail(v->ctx, v->path, "read", code);
    if (got < VAULT_PAGE || memcmp(v->head, magic, 7))
        return hbs_fail(v->ctx, HBS_ERR_FORMAT, v->path, "name the key file", "this is no key file");
    if (v->head[7] != magic[7] || hbs_le32(v->head + 8) != VAULT_PAGE)
        return hbs_fail(v->ctx, HBS_ERR_UNSUPPORTED, v->path, "use a later Habeas",
                        "a key file of another version, this build reads 1");
    if (!sodium_is_zero(v->head + 12, 4) ||
        !sodium_is_zero(v->head + VAULT_CANARY_AT + CANARY_SIZE, VAULT_PAGE - VAULT_CANARY_AT - CANARY_SIZE))
        return hbs_fail(v->ctx, HBS_ERR_INTEGRITY, v->path, "put the present key file back",
                        "page 0 has bytes where none are written");
    v->pages = size / VAULT_PAGE; /* a torn page at the end was never acknowledged */
    if (v->pages > VAULT_PAGES_MAX)
        return hbs_fail(v->ctx, HBS_ERR_LIMIT, v->path, "check that this is the key file",
                        "%llu pages, at most %u", (unsigned long long)v->pages, VAULT_PAGES_MAX);
    return HBS_OK;
}

/* Opens the canary with subject 0's key as the given root reaches it, past the cache. */
static enum hbs_err open_canary(struct hbs_vault *v, const struct vault_root *root)
{
    uint64_t page = root->page;
    const uint8_t *key = root->key;
    for (int level = root->height - 1; level >= 0; level--) {
        uint8_t *body = v->s->work[level];
        enum hbs_err err = vault_page_read(v, level, page, 0, key, body);
        if (err)
            return err;
        page = hbs_le32(body); /* of an inner page */
        key = body + 4;
    }
    if (!vault_bit(v->s->work[0], 0))
        return hbs_fail(v->ctx, HBS_ERR_INTEGRITY, v->path, "put the present key file back",
                        "the tree has lost its own key");
    uint8_t want[VAULT_CANARY];
    size_t size;
    canary_text(want);
    memcpy(v->s->own, v->s->work[0] + VAULT_LEAF_MAP, HBS_VAULT_KEY);
    enum hbs_err err = hbs_vault_unseal(v->ctx, v->s->own, &canary_label, v->head + VAULT_CANARY_AT,
                                        CANARY_SIZE, v->s->canary, VAULT_CANARY, &size);
    if (err == HBS_ERR_FORMAT || err == HBS_ERR_UNSUPPORTED || (!err && memcmp(want, v->s->canary, size)))
        err = hbs_fail(v->ctx, HBS_ERR_INTEGRITY, v->path, "put the present key file back",
                       "the canary of page 0 is not the one that was written");
    return err;
}

/* In this order: the lock, so that nobody else heals or changes; the roots; the inner pages, which prove that
 * the file is the newest root's and tell which pages are free; the canary; and only then, with a root that is
 * known to open this file, the slots that were left behind. A root that does not open the file must never
 * replace one that may. */
enum hbs_err hbs_vault_open(struct hbs_ctx *ctx, const struct hbs_vault_io *io, const char *path,
                            struct hbs_vault_slot *const *slots, int count, struct hbs_vault **out)
{
    struct hbs_vault *v;
    enum hbs_err err = vault_make(ctx, io, path, slots, count, &v);
    if (err)
        return err;
    bool behind[HBS_VAULT_SLOTS_MAX] = {false};
    uint64_t subjects;
    int code = io->open(io->user, path, false, true, &v->file);
    if (code) {
        err = vault_io_fail(ctx, path, "open", code);
        goto done;
    }
    if ((err = read_head(v)) || (err = vault_roots_read(v, behind)) || (err = vault_map_room(v, v->pages)))
        goto done;
    memset(v->used, 0, v->map_room);
    vault_set(v->used, 0);
    v->used_pages = 1;
    if ((err = vault_walk(v, &v->s->root, false, v->used, &v->used_pages, &subjects)) ||
        (err = open_canary(v, &v->s->root)))
        goto done;
    /* The newest root opens: end what was interrupted, so that an older one is nowhere. */
    for (int i = 0; v->writable && i < v->slots; i++)
        if (behind[i] && vault_root_put(v, i, &v->s->root)) {
            v->writable = false;
            snprintf(v->note, sizeof v->note, "%.80s: %.100s", v->slot[i]->name, hbs_ctx_what(ctx));
        }
    vault_forget_path(v); /* older roots were seen */
done:
    if (err)
        hbs_vault_close(v);
    else
        *out = v;
    hbs_secret_scrub();
    return err;
}

/* The file first, whole and synced with its name; then the slots. Stopped before the first slot there is a
 * file without a root, which says so when it is opened and can be removed; stopped between the slots, opening
 * ends the job. */
enum hbs_err hbs_vault_create(struct hbs_ctx *ctx, const struct hbs_vault_io *io, const char *path,
                              struct hbs_vault_slot *const *slots, int count)
{
    struct hbs_vault *v;
    enum hbs_err err = vault_make(ctx, io, path, slots, count, &v);
    if (err)
        return err;
    bool made = false;
    for (int i = 0; i < count; i++) {
        bool found = false, remains;
        if ((err = v->slot[i]->get(v->slot[i], v->s->bytes, &found, &remains)))
            goto done;
        if (found) {
            err = hbs_fail(ctx, HBS_ERR_USAGE, v->slot[i]->name, "give an empty slot",
                           "the slot holds a root already, and its key file would be lost");
            goto done;
        }
    }
    int code = io->open(io->user, path, true, true, &v->file);
    if (code) {
        err = vault_io_fail(ctx, path, "make", code);
        goto done;
    }
    made = true;
    struct vault_root *root = &v->s->root;
    root->epoch = 1;
    root->height = 1;
    root->slots = count;
    root->page = 1;
    randombytes_buf(root->id, VAULT_ID);
    uint8_t *leaf = v->s->work[0];
    vault_set(leaf, 0);
    randombytes_buf(leaf + VAULT_LEAF_MAP, HBS_VAULT_KEY);
    memcpy(v->head, magic, 8);
    hbs_put_le32(v->head + 8, VAULT_PAGE);
    memcpy(v->head + 16, root->id, VAULT_ID);
    canary_text(v->s->canary);
    struct hbs_buf sealed;
    hbs_buf_init(&sealed, ctx, CANARY_SIZE);
    err = hbs_vault_seal(ctx, leaf + VAULT_LEAF_MAP, &canary_label, v->s->canary, VAULT_CANARY, &sealed);
    if (!err)
        memcpy(v->head + VAULT_CANARY_AT, sealed.data, CANARY_SIZE);
    hbs_buf_close(&sealed);
    if (err)
        goto done;
    v->pages = 2;
    if ((err = vault_page_write(v, 0, 1, 0, root->key, leaf)))
        goto done;
    if ((code = io->write(io->user, v->file, v->head, VAULT_PAGE, 0)) ||
        (code = io->sync(io->user, v->file)) || (code = io->sync_folder(io->user, path))) {
        err = vault_io_fail(ctx, path, "write", code);
        goto done;
    }
    made = false; /* from the first slot on the file is needed */
    for (int i = 0; !err && i < count; i++)
        err = vault_root_put(v, i, root);
done:
    hbs_vault_close(v);
    hbs_secret_scrub();
    if (made)
        (void)io->remove(io->user, path);
    return err;
}

/* ---- Looking up ------------------------------------------------------------------------------------ */

/* From the root page down, one page a level. The page last read at each level is kept in the clear (in secret
 * memory), so reading subjects in order opens each page once; a change wipes them all. The number of a page
 * names its content within an epoch, since nothing in use is ever written over. */
enum hbs_err vault_find(struct hbs_vault *v, uint64_t subject, const uint8_t **out)
{
    const struct vault_root *root = &v->s->root;
    *out = NULL;
    if (subject >= vault_span(root->height - 1))
        return HBS_OK;
    uint64_t page = root->page, first = 0;
    const uint8_t *key = root->key;
    for (int level = root->height - 1;; level--) {
        uint8_t *body = v->s->path[level];
        if (v->path_page[level] != page) { /* a page number is one page, within an epoch */
            v->path_page[level] = 0;
            enum hbs_err err = vault_page_read(v, level, page, first, key, body);
            if (err)
                return err;
            v->path_page[level] = page;
        }
        if (level == 0) {
            uint64_t i = subject - first;
            if (vault_bit(body, i))
                *out = body + VAULT_LEAF_MAP + i * HBS_VAULT_KEY;
            return HBS_OK;
        }
        uint64_t span = vault_span(level - 1), i = (subject - first) / span;
        page = hbs_le32(body + i * VAULT_ENTRY);
        key = body + i * VAULT_ENTRY + 4;
        first += i * span;
        if (!page)
            return HBS_OK;
    }
}

static enum hbs_err ready(const struct hbs_vault *v)
{
    return v->broken ? hbs_fail(v->ctx, HBS_ERR_IO, v->path, "open the vault again",
                                "an error stopped the last change between its slots")
                     : HBS_OK;
}

enum hbs_err hbs_vault_get(struct hbs_vault *v, uint64_t subject, uint8_t key[HBS_VAULT_KEY])
{
    enum hbs_err err = ready(v);
    const uint8_t *found = NULL;
    if (!err && subject)
        err = vault_find(v, subject, &found);
    if (err)
        return err;
    if (found) {
        memcpy(key, found, HBS_VAULT_KEY);
        hbs_secret_scrub();
        return HBS_OK;
    }
    return hbs_fail(v->ctx, HBS_ERR_NOT_FOUND, v->path, "check the number; an erased subject has no key",
                    "subject %llu has no key", (unsigned long long)subject);
}

enum hbs_err hbs_vault_own_key(struct hbs_vault *v, const char *purpose, uint8_t key[HBS_VAULT_KEY])
{
    enum hbs_err err = ready(v);
    if (!err)
        hbs_secret_derive(v->s->own, purpose, key);
    return err;
}

void hbs_vault_status(const struct hbs_vault *v, struct hbs_vault_status *out)
{
    memset(out, 0, sizeof *out);
    out->epoch = v->s->root.epoch;
    out->subjects = v->s->root.subjects;
    out->pages = v->pages;
    out->used = v->used_pages;
    out->height = v->s->root.height;
    out->slots = v->s->root.slots;
    out->writable = v->writable && !v->broken;
    snprintf(out->note, sizeof out->note, "%s", v->broken ? "open the vault again" : v->note);
}

/* ---- Checking -------------------------------------------------------------------------------------- */

/* One page and all below it. `map` is also what stops a tree that names a page twice: a page is bound to its
 * level and its first subject, so that cannot open, but counting on it would make the free pages wrong. */
static enum hbs_err walk(struct hbs_vault *v, int level, uint64_t page, uint64_t first, const uint8_t *key,
                         bool leaves, uint8_t *map, uint64_t *pages, uint64_t *subjects)
{
    if (page == 0 || page >= v->pages || vault_bit(map, page)) {
        char where[160];
        snprintf(where, sizeof where, "%.120s page %llu", v->path, (unsigned long long)page);
        return hbs_fail(v->ctx, HBS_ERR_INTEGRITY, where, "put the present key file back",
                        "the page is named twice or lies behind the end");
    }
    vault_set(map, page);
    ++*pages;
    if (level == 0 && !leaves)
        return HBS_OK;
    uint8_t *body = v->s->work[level];
    enum hbs_err err = vault_page_read(v, level, page, first, key, body);
    if (err)
        return err;
    if (level == 0) {
        for (unsigned i = 0; i < VAULT_LEAF; i++) {
            *subjects += vault_bit(body, i);
            if (!vault_bit(body, i) &&
                !sodium_is_zero(body + VAULT_LEAF_MAP + i * HBS_VAULT_KEY, HBS_VAULT_KEY))
                return hbs_fail(v->ctx, HBS_ERR_INTEGRITY, v->path, "report this",
                                "a key was left where subject %llu was erased",
                                (unsigned long long)(first + i));
        }
        return HBS_OK;
    }
    for (unsigned i = 0; !err && i < VAULT_FAN; i++) {
        uint32_t child = hbs_le32(body + i * VAULT_ENTRY);
        if (child)
            err = walk(v, level - 1, child, first + i * vault_span(level - 1), body + i * VAULT_ENTRY + 4,
                       leaves, map, pages, subjects);
    }
    return err;
}

enum hbs_err vault_walk(struct hbs_vault *v, const struct vault_root *root, bool leaves, uint8_t *map,
                        uint64_t *pages, uint64_t *subjects)
{
    *subjects = 0;
    return walk(v, root->height - 1, root->page, 0, root->key, leaves, map, pages, subjects);
}

enum hbs_err hbs_vault_verify(struct hbs_vault *v)
{
    enum hbs_err err = ready(v);
    if (err)
        return err;
    uint64_t pages = 1, subjects;
    memset(v->next, 0, v->map_room);
    vault_set(v->next, 0);
    err = vault_walk(v, &v->s->root, true, v->next, &pages, &subjects);
    hbs_secret_scrub();
    if (err)
        return err;
    if (subjects != v->s->root.subjects + 1 || pages != v->used_pages)
        return hbs_fail(v->ctx, HBS_ERR_INTEGRITY, v->path, "report this",
                        "the root counts %llu subjects, the leaves have %llu",
                        (unsigned long long)v->s->root.subjects, (unsigned long long)subjects - 1);
    return open_canary(v, &v->s->root);
}

/* With the one slot's root and nothing else that is in memory: past the cache of pages, past today's root. */
enum hbs_err hbs_vault_drill(struct hbs_vault *v, int index)
{
    enum hbs_err err = ready(v);
    if (err)
        return err;
    if (index < 0 || index >= v->slots)
        return hbs_fail(v->ctx, HBS_ERR_USAGE, v->path, "count from 0", "there is no slot %d", index);
    struct hbs_vault_slot *slot = v->slot[index];
    struct vault_root *root = &v->s->next; /* free between changes */
    bool found = false, remains = false;
    if ((err = slot->get(slot, v->s->bytes, &found, &remains)))
        goto done;
    if (!found || !vault_root_decode(v->s->bytes, root)) {
        err = hbs_fail(v->ctx, HBS_ERR_INTEGRITY, slot->name, "declare the slot lost", "the slot holds no root");
    } else if (memcmp(root->id, v->s->root.id, VAULT_ID) || root->epoch != v->s->root.epoch) {
        err = hbs_fail(v->ctx, HBS_ERR_INTEGRITY, slot->name, "open the vault again, which renews the slot",
                       "the slot has epoch %llu, today's is %llu", (unsigned long long)root->epoch,
                       (unsigned long long)v->s->root.epoch);
    } else if (remains) {
        err = hbs_fail(v->ctx, HBS_ERR_INTEGRITY, slot->name, "open the vault again, which clears the slot",
                       "the slot keeps remains of another root");
    } else {
        err = open_canary(v, root);
    }
done:
    sodium_memzero(v->s->bytes, sizeof v->s->bytes);
    sodium_memzero(root, sizeof *root);
    hbs_secret_scrub();
    return err;
}
