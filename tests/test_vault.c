/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: sealing, the key tree against a plain table of keys, slots, drills, every error. Crashes,
 * attackers, tokens and memory have tests of their own.
 */
#include "tap.h"

#include "vault/vault_int.h"
#include "vault_disk.h"

#include <sys/stat.h>
#include <unistd.h>

static struct hbs_ctx *ctx;

/* ---- Sealing --------------------------------------------------------------------------------------- */

static void test_seal(void)
{
    uint8_t key[32], other[32], plain[300], out[300];
    hbs_secret_random(key, sizeof key);
    hbs_secret_random(other, sizeof other);
    hbs_secret_random(plain, sizeof plain);
    const struct hbs_vault_label label = {"samples", 77, 3};
    struct hbs_buf a, b;
    hbs_buf_init(&a, ctx, 4096);
    hbs_buf_init(&b, ctx, 4096);
    size_t size = 0;
    bool good = true;
    for (size_t n = 0; n <= sizeof plain; n += n < 70 ? 1 : 23) {
        a.size = 0;
        good &= hbs_vault_seal(ctx, key, &label, plain, n, &a) == HBS_OK && a.size == n + HBS_VAULT_SEALED_EXTRA;
        good &= hbs_vault_sealed_size(ctx, a.data, a.size, &size) == HBS_OK && size == n;
        memset(out, 0xee, sizeof out);
        good &= hbs_vault_unseal(ctx, key, &label, a.data, a.size, out, n, &size) == HBS_OK && size == n;
        good &= !memcmp(out, plain, n) && (n == sizeof out || out[n] == 0xee);
    }
    ok(good, "S44: records of 0 to 300 bytes open again, to the byte");
    a.size = 0;
    ok(!hbs_vault_seal(ctx, key, &label, plain, 64, &a) && !hbs_vault_seal(ctx, key, &label, plain, 64, &b) &&
           memcmp(a.data + 8, b.data + 8, a.size - 8) && memcmp(a.data + 32, b.data + 32, 48),
       "the same record twice has two keys and no bytes in common");
    is_int(hbs_vault_unseal(ctx, other, &label, a.data, a.size, out, 300, &size), HBS_ERR_INTEGRITY, "another key");
    is_text(hbs_ctx_where(ctx), "table samples, subject 77, version 3", "the error says which record");
    const struct hbs_vault_label lies[] = {{"sample", 77, 3}, {"samplesx", 77, 3}, {"samples", 78, 3}, {"samples", 77, 2}};
    for (size_t i = 0; i < HBS_COUNT(lies); i++)
        is_int(hbs_vault_unseal(ctx, key, &lies[i], a.data, a.size, out, 300, &size), HBS_ERR_INTEGRITY,
               "as table %s subject %d version %d", lies[i].table, (int)lies[i].subject, (int)lies[i].version);
    int unnoticed = 0;
    for (size_t i = 0; i < a.size * 8; i++) {
        a.data[i / 8] ^= (uint8_t)(1u << (i % 8));
        memset(out, 0xee, sizeof out);
        enum hbs_err err = hbs_vault_unseal(ctx, key, &label, a.data, a.size, out, 300, &size);
        unnoticed += err != HBS_ERR_INTEGRITY && !(i < 64 && (err == HBS_ERR_FORMAT || err == HBS_ERR_UNSUPPORTED));
        unnoticed += err == HBS_ERR_INTEGRITY && out[0] != 0;
        a.data[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    is_int(unnoticed, 0, "each of %zu bits changed is noticed, and nothing is given out", a.size * 8);
    for (size_t n = 0, wrong = 0; n <= a.size; n++) {
        wrong += n < a.size && !hbs_vault_unseal(ctx, key, &label, a.data, n, out, 300, &size);
        if (n == a.size)
            is_int(wrong, 0, "cut anywhere is noticed");
    }
    is_int(hbs_vault_unseal(ctx, key, &label, a.data, a.size, out, 63, &size), HBS_ERR_LIMIT, "too little room");
    struct hbs_vault_label bad = {"", 1, 1};
    is_int(hbs_vault_seal(ctx, key, &bad, plain, 4, &b), HBS_ERR_USAGE, "no table");
    bad.table = "0123456789012345678901234567890123456789012345678901234567890123";
    is_int(hbs_vault_seal(ctx, key, &bad, plain, 4, &b), HBS_ERR_USAGE, "a table's name of 64 bytes");
    is_int(hbs_vault_seal(ctx, key, &label, plain, (size_t)HBS_VAULT_RECORD_MAX + 1, &b), HBS_ERR_LIMIT,
           "a record too large is refused before anything is read");
    is_int(hbs_vault_sealed_size(ctx, a.data, (size_t)HBS_VAULT_RECORD_MAX + 121, &size), HBS_ERR_LIMIT,
           "and a sealed one");
    size_t before = b.size;
    b.maximum = b.size + 100;
    is_int(hbs_vault_seal(ctx, key, &label, plain, 4, &b), HBS_ERR_LIMIT, "a full buffer");
    is_int(b.size, before, "which stays as it was");
    uint8_t k1[32], k2[32], k3[32];
    hbs_secret_derive(key, "a", k1);
    hbs_secret_derive(key, "a", k2);
    hbs_secret_derive(key, "b", k3);
    ok(!memcmp(k1, k2, 32) && memcmp(k1, k3, 32) && memcmp(k1, key, 32), "keys derived for purposes");
    hbs_buf_close(&a);
    hbs_buf_close(&b);
}

/* ---- The tree against a table ---------------------------------------------------------------------- */

enum { MOST = 20000 };
static uint8_t model[MOST + 1][32]; /* zeros: none */

static bool known(uint64_t s) { return memcmp(model[s], (const uint8_t[32]){0}, 32) != 0; }

static bool same_as_model(struct hbs_vault *v, int step)
{
    uint8_t key[32];
    uint64_t have = 0;
    for (uint64_t i = 1; i <= MOST; i++)
        have += known(i);
    for (uint64_t i = 1; i <= MOST; i += (uint64_t)step) {
        bool has = known(i);
        enum hbs_err err = hbs_vault_get(v, i, key);
        if (err != (has ? HBS_OK : HBS_ERR_NOT_FOUND) || (has && memcmp(key, model[i], 32)))
            return printf("# subject %d: %d\n", (int)i, err), false;
    }
    struct hbs_vault_status s;
    hbs_vault_status(v, &s);
    if (s.subjects != have)
        printf("# %d subjects, not %d\n", (int)s.subjects, (int)have);
    return s.subjects == have;
}

static bool learn(struct hbs_vault *v, const uint64_t *who, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        good &= !hbs_vault_get(v, who[i], model[who[i]]);
        good &= known(who[i]);
    }
    return good;
}

static void test_tree(void)
{
    struct disk d = {0};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    hbs_rng_seed(&d.rng, tap_seed + 1);
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_vault_slot *slots[2];
    struct hbs_vault *v = NULL;
    ok(!hbs_vault_slot_file(ctx, &io, "root-a", &slots[0]) && !hbs_vault_slot_file(ctx, &io, "root-b", &slots[1]),
       "two slots");
    is_int(hbs_vault_open(ctx, &io, "keys", slots, 2, &v), HBS_ERR_NOT_FOUND, "no file yet");
    is_int(hbs_vault_create(ctx, &io, "keys", slots, 2), HBS_OK, "a tree is made");
    is_int(hbs_vault_create(ctx, &io, "keys2", slots, 2), HBS_ERR_USAGE, "slots in use are not overwritten");
    ok(!disk_find(&d, "keys2"), "and no file is left behind");
    is_int(hbs_vault_open(ctx, &io, "keys", slots, 2, &v), HBS_OK, "it opens: %s", hbs_ctx_what(ctx));
    struct hbs_vault *second;
    is_int(hbs_vault_open(ctx, &io, "keys", slots, 2, &second), HBS_ERR_BUSY, "once");
    uint64_t who[600];
    bool good = true;
    int height = 0, steps = 0;
    for (; steps < 120 && good; steps++) {
        size_t n = 1 + hbs_rng_below(&rng, steps % 3 ? 40 : 600);
        /* the numbers in use grow, so the tree grows twice on the way */
        uint32_t reach = steps < 20 ? 100 : steps < 60 ? 14000 : MOST;
        bool add = hbs_rng_below(&rng, 5) < 3;
        size_t m = 0;
        for (size_t i = 0; i < n; i++) {
            uint64_t s = 1 + (hbs_rng_below(&rng, 2) ? (hbs_rng_below(&rng, reach) + i) % reach : hbs_rng_below(&rng, reach));
            bool has = known(s), twice = false;
            for (size_t k = 0; k < m; k++)
                twice |= who[k] == s;
            if (!(add && (has || twice)))
                who[m++] = s;
        }
        struct hbs_vault_status before, after;
        hbs_vault_status(v, &before);
        good &= !(add ? hbs_vault_add(v, who, m) : hbs_vault_erase(v, who, m));
        hbs_vault_status(v, &after);
        good &= after.epoch == before.epoch + 1 || after.epoch == before.epoch;
        if (add)
            good &= learn(v, who, m);
        for (size_t i = 0; !add && i < m; i++)
            memset(model[who[i]], 0, 32);
        good &= same_as_model(v, 37) && !hbs_vault_verify(v);
        good &= after.pages < 2 * after.used + 400;
        height = after.height;
        if (steps % 10 == 9) {
            hbs_vault_close(v);
            v = NULL;
            good &= !hbs_vault_open(ctx, &io, "keys", slots, 2, &v);
            struct hbs_vault_status again;
            if (v)
                hbs_vault_status(v, &again);
            good &= v && again.used == after.used && again.epoch == after.epoch && again.writable;
        }
        if (!good)
            printf("# step %d: %s (%s)\n", steps, hbs_ctx_what(ctx), hbs_ctx_where(ctx));
    }
    ok(good && same_as_model(v, 1), "120 batches of keys added and erased: as a table has them");
    is_int(height, 3, "over three levels");
    for (int i = 0; i < 2; i++)
        is_int(hbs_vault_drill(v, i), HBS_OK, "slot %d opens it alone", i);
    is_int(hbs_vault_drill(v, 2), HBS_ERR_USAGE, "there is no third");

    uint64_t have = 1, free_one = 1;
    while (!known(have))
        have++;
    while (known(free_one))
        free_one++;
    long calls = d.calls;
    is_int(hbs_vault_add(v, &have, 1), HBS_ERR_USAGE, "a subject with a key gets no other");
    is_int(hbs_vault_add(v, (uint64_t[]){free_one, free_one}, 2), HBS_ERR_USAGE, "nor one given twice");
    is_int(hbs_vault_add(v, (uint64_t[]){0}, 1), HBS_ERR_USAGE, "nor subject 0");
    is_int(hbs_vault_erase(v, (uint64_t[]){0}, 1), HBS_ERR_USAGE, "which cannot be erased");
    is_int(hbs_vault_add(v, (uint64_t[]){HBS_VAULT_SUBJECT_MAX + 1ull}, 1), HBS_ERR_USAGE, "nor one too far");
    is_int(hbs_vault_add(v, who, HBS_VAULT_BATCH_MAX + 1ull), HBS_ERR_LIMIT, "nor too many");
    is_int(hbs_vault_erase(v, &free_one, 1), HBS_OK, "erasing who is not there is no error");
    is_int(d.calls, calls, "and none of this has written anything");
    uint8_t key[32], k1[32], k2[32];
    is_int(hbs_vault_get(v, 0, key), HBS_ERR_NOT_FOUND, "subject 0 is not given out");
    is_int(hbs_vault_get(v, UINT64_MAX, key), HBS_ERR_NOT_FOUND, "the largest number has no key");
    ok(!hbs_vault_own_key(v, "pages", k1), "a key of the tree's own");
    is_int(hbs_vault_add(v, (uint64_t[]){HBS_VAULT_SUBJECT_MAX}, 1), HBS_OK, "the highest subject");
    struct hbs_vault_status st;
    hbs_vault_status(v, &st);
    is_int(st.height, 4, "asks for four levels");
    is_int(hbs_vault_verify(v), HBS_OK, "all pages open");
    ok(!hbs_vault_own_key(v, "pages", k2) && !memcmp(k1, k2, 32), "the own key stays the same");
    is_int(hbs_vault_erase(v, (uint64_t[]){HBS_VAULT_SUBJECT_MAX}, 1), HBS_OK, "it can go again");
    ok(same_as_model(v, 1), "the others are untouched");
    /* nothing of somebody erased stays in the memory of the vault either */
    memcpy(key, model[have], 32);
    struct vault_root old = v->s->root;
    ok(!hbs_vault_get(v, have, k1) && memmem(v->s, sizeof *v->s, key, 32), "control: a key that was read is in memory");
    is_int(hbs_vault_erase(v, &have, 1), HBS_OK, "erased");
    memset(model[have], 0, 32);
    ok(!memmem(v->s, sizeof *v->s, key, 32) && !memmem(v->s, sizeof *v->s, old.key, 32), "neither key nor old root is");
    /* everybody goes: the file gives its pages back */
    uint64_t *all = malloc(MOST * sizeof *all);
    for (uint64_t i = 0; i < MOST; i++)
        all[i] = MOST - i;
    is_int(hbs_vault_erase(v, all, MOST), HBS_OK, "everybody at once");
    memset(model, 0, sizeof model);
    hbs_vault_status(v, &st);
    ok(same_as_model(v, 1) && st.used <= 6 && st.pages <= 300, "an empty tree uses %d of %d pages", (int)st.used,
       (int)st.pages);
    hbs_vault_close(v);
    is_int(hbs_vault_open(ctx, &io, "keys", slots, 2, &v), HBS_OK, "and opens");
    /* growth stays bounded when one after another is added and erased */
    for (uint64_t i = 1; i <= 300; i++) {
        (void)!hbs_vault_add(v, &i, 1);
        if (i > 10)
            (void)!hbs_vault_erase(v, (uint64_t[]){i - 10}, 1);
    }
    hbs_vault_status(v, &st);
    ok(st.pages < 100 && st.subjects == 10, "590 changes later the file has %d pages", (int)st.pages);
    hbs_vault_close(v);
    free(all);
    hbs_vault_slot_close(slots[0]);
    hbs_vault_slot_close(slots[1]);
    disk_free(&d);
}

/* ---- Damage ---------------------------------------------------------------------------------------- */

static void test_damage(void)
{
    struct disk d = {0};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed + 5);
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_vault_slot *slot;
    struct hbs_vault *v;
    uint64_t who[400];
    for (size_t i = 0; i < 400; i++)
        who[i] = 1 + i * 50;
    (void)!hbs_vault_slot_file(ctx, &io, "root", &slot);
    (void)!hbs_vault_create(ctx, &io, "keys", &slot, 1);
    ok(!hbs_vault_open(ctx, &io, "keys", &slot, 1, &v) && !hbs_vault_add(v, who, 400) &&
           !hbs_vault_erase(v, who, 30), "a tree over three levels");
    uint8_t *used = malloc(v->pages);
    for (uint64_t i = 0; i < v->pages; i++)
        used[i] = vault_bit(v->used, i);
    hbs_vault_close(v);
    struct disk_file *f = disk_find(&d, "keys");
    int missed = 0, tried = 0, harmless = 0;
    for (int i = 0; i < 1000; i++) {
        size_t at = i < 200 ? (size_t)i : hbs_rng_below(&rng, (uint32_t)f->size);
        uint8_t flip = (uint8_t)(1 + hbs_rng_below(&rng, 255));
        f->now[at] ^= flip;
        v = NULL;
        enum hbs_err err = hbs_vault_open(ctx, &io, "keys", &slot, 1, &v);
        if (!err)
            err = hbs_vault_verify(v);
        hbs_vault_close(v);
        f->now[at] ^= flip;
        tried++;
        if (!used[at / VAULT_PAGE])
            harmless += err == HBS_OK;
        else if (err != HBS_ERR_INTEGRITY && !(at < 12 && (err == HBS_ERR_FORMAT || err == HBS_ERR_UNSUPPORTED))) {
            missed++;
            printf("# byte %zu: %d\n", at, err);
        }
    }
    ok(!missed, "%d bytes changed: all noticed but %d in free pages", tried, harmless);
    /* pages put in each other's place, and pages of the time before */
    uint8_t *old = malloc(f->size);
    size_t old_size = f->size;
    memcpy(old, f->now, f->size);
    (void)!hbs_vault_open(ctx, &io, "keys", &slot, 1, &v);
    uint64_t root_page = v->s->root.page;
    (void)!hbs_vault_erase(v, who + 100, 5);
    uint64_t new_root = v->s->root.page;
    hbs_vault_close(v);
    uint8_t *today = malloc(f->size);
    size_t today_size = f->size;
    memcpy(today, f->now, f->size);
    memcpy(f->now, old, old_size);
    if (f->size > old_size)
        memset(f->now + old_size, 0, f->size - old_size);
    is_int(hbs_vault_open(ctx, &io, "keys", &slot, 1, &v), HBS_ERR_INTEGRITY, "the file of the epoch before");
    memcpy(f->now, today, today_size);
    memcpy(f->now + new_root * VAULT_PAGE, old + root_page * VAULT_PAGE, VAULT_PAGE);
    is_int(hbs_vault_open(ctx, &io, "keys", &slot, 1, &v), HBS_ERR_INTEGRITY, "the root page of the epoch before");
    memcpy(f->now, today, today_size);
    f->size = today_size / 2;
    is_int(hbs_vault_open(ctx, &io, "keys", &slot, 1, &v), HBS_ERR_INTEGRITY, "half the file");
    f->size = 100;
    is_int(hbs_vault_open(ctx, &io, "keys", &slot, 1, &v), HBS_ERR_FORMAT, "a hundred bytes");
    f->size = today_size;
    is_int(hbs_vault_open(ctx, &io, "keys", &slot, 1, &v), HBS_OK, "today's again");
    hbs_vault_close(v);
    /* the slot's file */
    struct disk_file *r = disk_find(&d, "root");
    uint8_t sound[1024];
    memcpy(sound, r->now, sizeof sound);
    missed = harmless = 0;
    for (size_t at = 0; at < r->size; at++) {
        memcpy(r->now, sound, sizeof sound);
        r->now[at] ^= 1;
        v = NULL;
        enum hbs_err err = hbs_vault_open(ctx, &io, "keys", &slot, 1, &v);
        if (!err) { /* in the empty block: seen as remains, and cleared */
            harmless++;
            missed += hbs_vault_verify(v) != HBS_OK || hbs_vault_drill(v, 0) != HBS_OK;
            hbs_vault_close(v);
        } else {
            missed += err != HBS_ERR_INTEGRITY;
        }
    }
    ok(!missed && harmless == 512, "each byte of the slot's file: noticed, or cleared in the empty block");
    free(old);
    free(today);
    free(used);
    hbs_vault_slot_close(slot);
    disk_free(&d);
}

/* ---- Slots ----------------------------------------------------------------------------------------- */

static void test_slots(void)
{
    struct disk d = {0};
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_vault_slot *a, *b, *c, *pair[2];
    struct hbs_vault *v = NULL;
    struct hbs_vault_status s;
    (void)!hbs_vault_slot_file(ctx, &io, "a", &a);
    (void)!hbs_vault_slot_file(ctx, &io, "b", &b);
    (void)!hbs_vault_slot_file(ctx, &io, "c", &c);
    pair[0] = a;
    pair[1] = b;
    uint64_t who[] = {1, 2, 3, 4};
    uint8_t key[32];
    ok(!hbs_vault_create(ctx, &io, "keys", pair, 2) && !hbs_vault_open(ctx, &io, "keys", pair, 2, &v) &&
           !hbs_vault_add(v, who, 4), "two slots");
    hbs_vault_close(v);
    ok(disk_find(&d, "a")->size == 1024 && !memcmp(disk_find(&d, "a")->now, disk_find(&d, "b")->now, 1024),
       "hold the same");
    /* slot a is lost */
    struct disk_file lost = *disk_find(&d, "a");
    memset(disk_find(&d, "a"), 0, sizeof lost);
    is_int(hbs_vault_open(ctx, &io, "keys", pair, 2, &v), HBS_OK, "one is lost");
    hbs_vault_status(v, &s);
    ok(!s.writable && strstr(s.note, "file a"), "read-only, and why: %s", s.note);
    is_int(hbs_vault_get(v, 2, key), HBS_OK, "reading goes on");
    is_int(hbs_vault_erase(v, who, 1), HBS_ERR_INCOMPLETE, "erasing does not");
    is_int(hbs_vault_add(v, (uint64_t[]){9}, 1), HBS_ERR_INCOMPLETE, "nor adding");
    is_int(hbs_vault_drill(v, 0), HBS_ERR_INTEGRITY, "the drill says it of the lost one");
    is_int(hbs_vault_drill(v, 1), HBS_OK, "and vouches for the other");
    hbs_vault_close(v);
    /* declared lost: b alone from now on */
    is_int(hbs_vault_open(ctx, &io, "keys", &b, 1, &v), HBS_OK, "the other alone");
    hbs_vault_status(v, &s);
    ok(!s.writable && s.slots == 2, "is not taken for all there are: %s", s.note);
    uint64_t before = s.epoch;
    is_int(hbs_vault_reslot(v), HBS_OK, "until somebody says so: %s", hbs_ctx_what(ctx));
    hbs_vault_status(v, &s);
    ok(s.writable && s.slots == 1 && s.epoch == before + 2, "then it is");
    is_int(hbs_vault_erase(v, who, 1), HBS_OK, "and erases");
    hbs_vault_close(v);
    /* the lost one comes back: it opens nothing */
    for (int i = 0; i < DISK_FILES; i++)
        if (!d.file[i].path[0]) {
            d.file[i] = lost;
            break;
        }
    is_int(hbs_vault_open(ctx, &io, "keys", &a, 1, &v), HBS_ERR_INTEGRITY, "what was lost opens nothing when it is found");
    is_int(hbs_vault_open(ctx, &io, "keys", pair, 2, &v), HBS_OK, "beside the right one");
    hbs_vault_status(v, &s);
    ok(!s.writable && s.slots == 1, "it is not taken back by itself");
    is_int(hbs_vault_reslot(v), HBS_OK, "only when told");
    hbs_vault_status(v, &s);
    ok(s.writable && s.slots == 2 && !hbs_vault_drill(v, 0) && !hbs_vault_drill(v, 1), "then both open it");
    hbs_vault_close(v);
    /* an empty one in place of a */
    struct hbs_vault_slot *other[2] = {c, b};
    is_int(hbs_vault_open(ctx, &io, "keys", other, 2, &v), HBS_OK, "a new, empty slot");
    hbs_vault_status(v, &s);
    ok(!s.writable && !disk_find(&d, "c"), "is not trusted by itself: %s", s.note);
    ok(!hbs_vault_reslot(v) && !hbs_vault_drill(v, 0) && !hbs_vault_drill(v, 1), "until told");
    is_int(hbs_vault_get(v, 1, key), HBS_ERR_NOT_FOUND, "the erased one stays erased");
    is_int(hbs_vault_get(v, 2, key), HBS_OK, "the others are there");
    hbs_vault_close(v);
    is_int(hbs_vault_open(ctx, &io, "keys", (struct hbs_vault_slot *[]){b, b}, 2, &v), HBS_ERR_USAGE, "one slot twice");
    /* another tree's slot */
    struct hbs_vault_slot *e;
    (void)!hbs_vault_slot_file(ctx, &io, "e", &e);
    ok(!hbs_vault_create(ctx, &io, "keys2", &e, 1), "a second tree");
    is_int(hbs_vault_open(ctx, &io, "keys", &e, 1, &v), HBS_ERR_INTEGRITY, "its slot is not the first one's");
    is_int(hbs_vault_open(ctx, &io, "keys", (struct hbs_vault_slot *[]){b, e}, 2, &v), HBS_ERR_INTEGRITY, "nor beside it");
    /* the first put fails at create: nothing is left that looks like a tree with a root */
    hbs_vault_slot_close(a);
    hbs_vault_slot_close(b);
    hbs_vault_slot_close(c);
    hbs_vault_slot_close(e);
    disk_free(&d);
}

/* Real files: modes, locks, the credential. */
static void test_files(void)
{
    char top[] = "/tmp/habeas-vault-XXXXXX", keys[64], root[64], credential[64], sealed[64];
    if (!mkdtemp(top)) {
        ok(false, "a folder");
        return;
    }
    snprintf(keys, sizeof keys, "%s/keys", top);
    snprintf(root, sizeof root, "%s/root", top);
    snprintf(credential, sizeof credential, "%s/habeas", top);
    snprintf(sealed, sizeof sealed, "%s/sealed", top);
    const struct hbs_vault_io *io = hbs_vault_files();
    struct hbs_vault_slot *slot = NULL, *cred = NULL, *pair[2];
    struct hbs_vault *v = NULL, *w;
    struct stat st;
    unsetenv("CREDENTIALS_DIRECTORY");
    is_int(hbs_vault_slot_credential(ctx, io, "habeas", sealed, &cred), HBS_ERR_NOT_FOUND, "no credentials were given");
    setenv("CREDENTIALS_DIRECTORY", top, 1);
    is_int(hbs_vault_slot_credential(ctx, io, "habeas", sealed, &cred), HBS_ERR_NOT_FOUND, "nor this one");
    is_int(hbs_vault_slot_credential(ctx, io, "../habeas", sealed, &cred), HBS_ERR_USAGE, "nor another folder's");
    (void)!hbs_file_write(ctx, credential, "too short", 9);
    is_int(hbs_vault_slot_credential(ctx, io, "habeas", sealed, &cred), HBS_ERR_FORMAT, "a short one");
    uint8_t secret[32];
    hbs_secret_random(secret, sizeof secret);
    (void)!hbs_file_write(ctx, credential, secret, sizeof secret);
    ok(!hbs_vault_slot_credential(ctx, io, "habeas", sealed, &cred) && !hbs_vault_slot_file(ctx, io, root, &slot),
       "a credential and a file");
    ok(strstr(hbs_vault_slot_promise(slot), "may keep") && strstr(hbs_vault_slot_name(cred), "credential habeas"),
       "which say what they are");
    pair[0] = slot;
    pair[1] = cred;
    uint64_t who[] = {5, 6};
    uint8_t key[32], again[32];
    ok(!hbs_vault_create(ctx, io, keys, pair, 2) && !hbs_vault_open(ctx, io, keys, pair, 2, &v) &&
           !hbs_vault_add(v, who, 2) && !hbs_vault_get(v, 5, key), "a tree on real files: %s", hbs_ctx_what(ctx));
    ok(!stat(root, &st) && (st.st_mode & 0777) == 0600 && !stat(keys, &st) && (st.st_mode & 0777) == 0600 &&
           !stat(sealed, &st) && (st.st_mode & 0777) == 0600, "its owner's alone");
    is_int(hbs_vault_open(ctx, io, keys, pair, 2, &w), HBS_ERR_BUSY, "one process at a time");
    hbs_vault_close(v);
    struct hbs_buf x, y;
    hbs_buf_init(&x, ctx, 4096);
    hbs_buf_init(&y, ctx, 4096);
    ok(!hbs_file_read(ctx, root, &x) && !hbs_file_read(ctx, sealed, &y) && x.size == 1024 && y.size == 1024,
       "slots of 1024 bytes");
    const uint8_t *plain = memcmp(x.data, "HbsSlot1", 8) ? x.data + 512 : x.data;
    ok(!memmem(y.data, y.size, plain + 16 + 56, 32), "the sealed one does not hold the root's key");
    hbs_buf_close(&x);
    hbs_buf_close(&y);
    chmod(root, 0640);
    ok(!hbs_vault_open(ctx, io, keys, &cred, 1, &v) && !hbs_vault_get(v, 5, again) && !memcmp(key, again, 32),
       "the credential slot alone opens it");
    hbs_vault_close(v);
    struct hbs_vault_status s;
    ok(!hbs_vault_open(ctx, io, keys, pair, 2, &v), "a root that others may read");
    hbs_vault_status(v, &s);
    ok(!s.writable && strstr(s.note, "alone"), "does not count: %s", s.note);
    hbs_vault_close(v);
    chmod(root, 0600);
    secret[3] ^= 1;
    (void)!hbs_file_write(ctx, credential, secret, sizeof secret);
    hbs_vault_slot_close(cred);
    ok(!hbs_vault_slot_credential(ctx, io, "habeas", sealed, &cred), "another credential");
    is_int(hbs_vault_open(ctx, io, keys, &cred, 1, &v), HBS_ERR_INTEGRITY, "opens nothing");
    hbs_vault_slot_close(cred);
    hbs_vault_slot_close(slot);
    unlink(keys);
    unlink(root);
    unlink(credential);
    unlink(sealed);
    rmdir(top);
}

/* ---- Memory refused -------------------------------------------------------------------------------- */

static long allocations, refuse_at;
static void *resize(void *user, void *old, size_t size)
{
    (void)user;
    return ++allocations == refuse_at ? NULL : realloc(old, size);
}
static void release(void *user, void *p)
{
    (void)user;
    free(p);
}

static void test_refusals(void)
{
    const struct hbs_allocator a = {resize, release, NULL};
    struct disk d = {0};
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_ctx *c;
    struct hbs_vault_slot *slot;
    uint64_t who[200];
    for (size_t i = 0; i < 200; i++)
        who[i] = 1 + i * 99;
    bool good = true;
    long n;
    refuse_at = 0;
    (void)!hbs_ctx_open(&a, &c);
    for (n = 1; n < 100; n++) {
        struct hbs_vault *v = NULL;
        slot = NULL;
        refuse_at = 0;
        disk_free(&d);
        allocations = 0;
        refuse_at = n;
        enum hbs_err err = hbs_vault_slot_file(c, &io, "root", &slot);
        if (!err)
            err = hbs_vault_create(c, &io, "keys", &slot, 1);
        if (!err)
            err = hbs_vault_open(c, &io, "keys", &slot, 1, &v);
        if (!err)
            err = hbs_vault_add(v, who, 200);
        if (!err)
            err = hbs_vault_erase(v, who, 100);
        bool last = allocations < n;
        good &= last ? !err : err == HBS_ERR_NO_MEMORY;
        refuse_at = 0;
        if (v)
            good &= !hbs_vault_verify(v);
        hbs_vault_close(v);
        hbs_vault_slot_close(slot);
        if (last)
            break;
    }
    hbs_ctx_close(c);
    disk_free(&d);
    ok(good && n > 8 && n < 100, "each of %ld allocations refused in turn", n - 1);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_seal();
    test_tree();
    test_damage();
    test_slots();
    test_files();
    test_refusals();
    hbs_ctx_close(ctx);
    return tap_end();
}
