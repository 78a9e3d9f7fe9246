/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: changing the key tree. The pages from the changed leaves up to the root are written again,
 * each under a fresh key, into places that neither today's tree nor the one being made uses; then the
 * file is synced, then the slots get the new root, and with that the old root, the only way to the old
 * pages, is gone. This is the shadowing update of a key disclosure graph (Reardon, Ritzdorf, Basin and
 * Capkun, CCS 2013), for a batch of subjects at once. Nothing of the old tree is overwritten before the
 * new root is in every slot, so a stop anywhere leaves one of the two trees whole.
 */
#include "vault_int.h"

#include <sodium.h>
#include <stdlib.h>

#define KEEP 64u /* free pages at the end that are not worth giving back */

enum hbs_err vault_map_room(struct hbs_vault *v, uint64_t pages)
{
    if (pages > VAULT_PAGES_MAX)
        return hbs_fail(v->ctx, HBS_ERR_LIMIT, v->path, "erase whom the law no longer lets you keep",
                        "a key file of %llu pages, at most %u", (unsigned long long)pages, VAULT_PAGES_MAX);
    size_t room = v->map_room ? v->map_room : 64;
    while (room * 8 < pages)
        room *= 2;
    if (room == v->map_room)
        return HBS_OK;
    uint8_t **maps[] = {&v->used, &v->next};
    for (unsigned i = 0; i < HBS_COUNT(maps); i++) {
        uint8_t *map = hbs_resize(v->ctx, *maps[i], room);
        if (!map)
            return hbs_fail_memory(v->ctx, room);
        memset(map + v->map_room, 0, room - v->map_room);
        *maps[i] = map;
    }
    v->map_room = room;
    return HBS_OK;
}

/* ---- Rewriting ------------------------------------------------------------------------------------- */

struct change {
    struct hbs_vault *v;
    const uint64_t *subjects;
    bool add;
    int old_height;
    uint64_t hint;       /* no page below is free in both trees */
    uint64_t pages_made; /* minus pages dropped */
};

/* The lowest page that neither tree uses: the file fills up from the front, so its end can be cut. */
static enum hbs_err take_page(struct change *c, uint64_t *out)
{
    struct hbs_vault *v = c->v;
    uint64_t i = c->hint;
    for (;; i++) {
        if (i >= v->map_room * 8) {
            enum hbs_err err = vault_map_room(v, i + 1);
            if (err)
                return err;
        }
        if (i % 8 == 0 && (uint8_t)(v->used[i / 8] | v->next[i / 8]) == 0xff) {
            i += 7;
            continue;
        }
        if (!vault_bit(v->used, i) && !vault_bit(v->next, i))
            break;
    }
    if (i >= VAULT_PAGES_MAX)
        return vault_map_room(v, i + 1); /* says so */
    vault_set(v->next, i);
    c->hint = i + 1;
    c->pages_made++;
    *out = i;
    return HBS_OK;
}

/* Writes anew the page that `entry` (number and key, in secret memory) names, or makes it if it names
 * none, with subjects [lo, hi) of the change; sets `entry` to the new one, or to zeros when nothing is
 * left in it. Recursion is as deep as the tree, each level with its own page in `work`. */
static enum hbs_err rewrite(struct change *c, int level, uint64_t first, uint8_t *entry, size_t lo, size_t hi)
{
    struct hbs_vault *v = c->v;
    uint8_t *body = v->s->work[level];
    uint64_t page = hbs_le32(entry);
    enum hbs_err err = HBS_OK;
    bool any = false;
    if (page) {
        if ((err = vault_page_read(v, level, page, first, entry + 4, body)))
            return err;
        vault_clear(v->next, page);
        c->pages_made--;
    } else {
        memset(body, 0, VAULT_BODY);
    }
    if (level == 0) {
        for (size_t i = lo; i < hi; i++) {
            uint64_t at = c->subjects[i] - first;
            uint8_t *key = body + VAULT_LEAF_MAP + at * HBS_VAULT_KEY;
            if (c->add) {
                vault_set(body, at);
                randombytes_buf(key, HBS_VAULT_KEY);
            } else {
                vault_clear(body, at);
                sodium_memzero(key, HBS_VAULT_KEY);
            }
        }
        for (unsigned i = 0; i < VAULT_LEAF; i++)
            any |= vault_bit(body, i);
    } else {
        uint64_t span = vault_span(level - 1);
        if (level >= c->old_height && first == 0) { /* above the old root: it is the first child */
            if (level == c->old_height) {
                hbs_put_le32(body, (uint32_t)v->s->root.page);
                memcpy(body + 4, v->s->root.key, HBS_VAULT_KEY);
            } else if (lo == hi || c->subjects[lo] >= span) { /* nothing else would lead there */
                if ((err = rewrite(c, level - 1, 0, body, lo, lo)))
                    return err;
            }
        }
        for (size_t i = lo; i < hi;) {
            uint64_t child = (c->subjects[i] - first) / span;
            size_t end = i;
            while (end < hi && (c->subjects[end] - first) / span == child)
                end++;
            if ((err = rewrite(c, level - 1, first + child * span, body + child * VAULT_ENTRY, i, end)))
                return err;
            i = end;
        }
        for (unsigned i = 0; i < VAULT_FAN; i++)
            any |= hbs_le32(body + i * VAULT_ENTRY) != 0;
    }
    memset(entry, 0, VAULT_ENTRY);
    if (!any)
        return HBS_OK;
    if ((err = take_page(c, &page)) || (err = vault_page_write(v, level, page, first, entry + 4, body)))
        return err;
    if (page >= v->pages)
        v->pages = page + 1; /* of the file; an undone change leaves it longer, not wrong */
    hbs_put_le32(entry, (uint32_t)page);
    return HBS_OK;
}

/* The root page always gets a new key, whatever changed below it: that is what cuts off every older copy. A
 * page beside the path keeps its key and its place; its entry is carried over into the new parent. So an older
 * copy still holds such a page's bytes, and today's root still leads to it, which is harmless: it has
 * nobody in it who was erased, or it would be on the path. */
enum hbs_err vault_rewrite(struct hbs_vault *v, const uint64_t *subjects, size_t count, bool add)
{
    struct vault_root *next = &v->s->next;
    struct change c = {v, subjects, add, v->s->root.height, 1, 0};
    *next = v->s->root;
    while (count && subjects[count - 1] >= vault_span(next->height - 1))
        next->height++;
    memcpy(v->next, v->used, v->map_room);
    /* The root's entry, as a parent would hold it: in secret memory, where the encoded root goes. */
    uint8_t *entry = v->s->bytes;
    memset(entry, 0, VAULT_ENTRY);
    if (next->height == c.old_height) {
        hbs_put_le32(entry, (uint32_t)v->s->root.page);
        memcpy(entry + 4, v->s->root.key, HBS_VAULT_KEY);
    }
    enum hbs_err err = rewrite(&c, next->height - 1, 0, entry, 0, count);
    if (!err && !hbs_le32(entry)) /* subject 0 is never erased */
        err = hbs_fail(v->ctx, HBS_ERR_BUG, v->path, "report this", "the tree became empty");
    if (!err) {
        next->epoch++;
        next->subjects += add ? count : -(uint64_t)count;
        next->page = hbs_le32(entry);
        memcpy(next->key, entry + 4, HBS_VAULT_KEY);
        v->used_pages += c.pages_made; /* put back by the caller if the commit fails */
    }
    sodium_memzero(entry, VAULT_ENTRY);
    return err;
}

/* The point of no return is the first slot's put. Before it the new pages are garbage in free places; after
 * it the new tree is the tree. If the sync fails nothing has happened: the pages that were not synced are
 * named by no root, and the next change writes its own. */
enum hbs_err vault_commit(struct hbs_vault *v)
{
    int code = v->io->sync(v->io->user, v->file);
    if (code)
        return vault_io_fail(v->ctx, v->path, "sync", code);
    for (int i = 0; i < v->slots; i++) {
        enum hbs_err err = vault_root_put(v, i, &v->s->next);
        if (err) {
            /* This slot may have the new root or the old one; the others before it have the new. */
            v->broken = true;
            return err;
        }
    }
    v->s->root = v->s->next;
    sodium_memzero(&v->s->next, sizeof v->s->next);
    uint8_t *map = v->used;
    v->used = v->next;
    v->next = map;
    vault_forget_path(v);
    /* Pages are free at the end? Give them back; if that fails the file is merely longer. */
    uint64_t last = v->pages;
    while (last > 1 && !vault_bit(v->used, last - 1))
        last--;
    if (v->pages - last > KEEP + last / 4 && !v->io->truncate(v->io->user, v->file, last * VAULT_PAGE))
        v->pages = last;
    return HBS_OK;
}

/* ---- The calls ------------------------------------------------------------------------------------- */

static int rising(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static enum hbs_err may_change(struct hbs_vault *v)
{
    if (v->broken)
        return hbs_fail(v->ctx, HBS_ERR_IO, v->path, "open the vault again",
                        "an error stopped the last change between its slots");
    if (!v->writable)
        return hbs_fail(v->ctx, HBS_ERR_INCOMPLETE, v->path,
                        "bring the slot back and open again, or declare it lost",
                        "the vault is read-only: %s", v->note);
    return HBS_OK;
}

static enum hbs_err fail_subject(struct hbs_vault *v, uint64_t subject, const char *what)
{
    return hbs_fail(v->ctx, HBS_ERR_USAGE, v->path, "give each number once, from 1 to 183247918",
                    "subject %llu %s", (unsigned long long)subject, what);
}

/* A whole call. Everything that can be refused is refused before the first write: numbers, doubles, who has a
 * key and who has not. What is left is written in one go: cost and syncs are those of one change, however many
 * subjects it has. */
static enum hbs_err change(struct hbs_vault *v, const uint64_t *subjects, size_t count, bool add)
{
    enum hbs_err err = may_change(v);
    if (err || !count)
        return err;
    if (count > HBS_VAULT_BATCH_MAX)
        return hbs_fail(v->ctx, HBS_ERR_LIMIT, v->path, "give fewer at a time", "%zu subjects, at most %u",
                        count, HBS_VAULT_BATCH_MAX);
    uint64_t *sorted = hbs_alloc(v->ctx, count, sizeof *sorted);
    if (!sorted)
        return hbs_fail_memory(v->ctx, count * sizeof *sorted);
    memcpy(sorted, subjects, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, rising);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *key;
        if (sorted[i] == 0 || sorted[i] > HBS_VAULT_SUBJECT_MAX) {
            err = fail_subject(v, sorted[i], "is no number of a subject");
            goto done;
        }
        if (i && sorted[i] == sorted[i - 1]) {
            if (!add)
                continue;
            err = fail_subject(v, sorted[i], "is given twice");
            goto done;
        }
        if ((err = vault_find(v, sorted[i], &key)))
            goto done;
        if (add && key) {
            err = fail_subject(v, sorted[i], "has a key already");
            goto done;
        }
        if (add || key)
            sorted[kept++] = sorted[i];
    }
    if (!kept) /* all are forgotten, and opening saw to it that no slot remembers */
        goto done;
    uint64_t used = v->used_pages;
    err = vault_rewrite(v, sorted, kept, add);
    if (!err)
        err = vault_commit(v);
    if (err)
        v->used_pages = used;
done:
    hbs_free(v->ctx, sorted);
    hbs_secret_scrub();
    return err;
}

enum hbs_err hbs_vault_add(struct hbs_vault *v, const uint64_t *subjects, size_t count)
{
    return change(v, subjects, count, true);
}

enum hbs_err hbs_vault_erase(struct hbs_vault *v, const uint64_t *subjects, size_t count)
{
    return change(v, subjects, count, false);
}

enum hbs_err hbs_vault_reslot(struct hbs_vault *v)
{
    if (v->broken)
        return may_change(v);
    /* Every slot given must answer now; what it holds does not matter, unless it is another tree's. */
    bool behind[HBS_VAULT_SLOTS_MAX];
    struct vault_root *mine = &v->s->next;
    *mine = v->s->root;
    enum hbs_err err = vault_roots_read(v, behind);
    if (!err && v->s->root.epoch != mine->epoch)
        err = hbs_fail(v->ctx, HBS_ERR_INCOMPLETE, v->path, "open the vault again", "a slot came back with a newer root");
    v->s->root = *mine;
    for (int i = 0; !err && i < v->slots; i++) {
        bool found, remains;
        err = v->slot[i]->get(v->slot[i], v->s->bytes, &found, &remains);
    }
    if (err)
        return err;
    uint64_t used = v->used_pages;
    if (!(err = vault_rewrite(v, NULL, 0, true))) {
        /* One further than a change: a lost slot may be one change ahead, never acknowledged. */
        v->s->next.epoch++;
        v->s->next.slots = v->slots;
        err = vault_commit(v);
    }
    vault_forget_path(v);
    hbs_secret_scrub();
    if (err) {
        v->used_pages = used;
        return err;
    }
    v->writable = true;
    v->note[0] = 0;
    return HBS_OK;
}
