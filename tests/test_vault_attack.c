/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: the attacker. He has every copy of the key file and of the sealed records that there ever was,
 * and today's root. He does what can be done with that: from the root he follows every page key he
 * learns into every copy of that page, collects every subject's key he meets, and tries each on every
 * record. S24, S28, S44: nobody erased may open; as a control the same procedure with the root of the
 * time before the erasure opens the same record.
 */
#include "tap.h"

#include "vault/vault_int.h"
#include "vault_disk.h"

#include <sodium.h>

enum { PEOPLE = 240, ERASURES = 80, SNAPSHOTS = ERASURES + 4, STRIDE = 83 };

static struct hbs_ctx *ctx;

struct snapshot {
    uint8_t *data;
    size_t size;
};
static struct snapshot copy[SNAPSHOTS];
static int copies;
static uint8_t *sealed[PEOPLE];
static size_t sealed_size[PEOPLE];
static uint64_t subject_of[PEOPLE];

static void take_copy(struct disk *d)
{
    const struct disk_file *f = disk_find(d, "keys");
    copy[copies].data = malloc(f->size);
    memcpy(copy[copies].data, f->now, f->size);
    copy[copies++].size = f->size;
}

/* What a coercive attacker knows: subjects' keys reached from a root through any copy. */
struct known {
    uint8_t (*keys)[32];
    size_t count, room;
    long tried, opened;
};

static void learn(struct known *k, const uint8_t *key)
{
    for (size_t i = 0; i < k->count; i++)
        if (!memcmp(k->keys[i], key, 32))
            return;
    if (k->count == k->room) {
        k->room = k->room ? k->room * 2 : 256;
        k->keys = realloc(k->keys, k->room * 32);
    }
    memcpy(k->keys[k->count++], key, 32);
}

/* The page cipher as docs/formats/vault-keys.md says it, written here a second time. */
static bool open_page(const uint8_t *id, int level, uint64_t page, uint64_t first, const uint8_t *key,
                      const struct snapshot *s, uint8_t *body)
{
    uint8_t bound[49], nonce[24] = {0};
    if ((page + 1) * 4096 > s->size)
        return false;
    memcpy(bound, "habeas key page", 16);
    memcpy(bound + 16, id, 16);
    hbs_put_le64(bound + 32, page);
    bound[40] = (uint8_t)level;
    hbs_put_le64(bound + 41, first);
    return !crypto_aead_xchacha20poly1305_ietf_decrypt(body, NULL, NULL, s->data + page * 4096, 4096, bound,
                                                       sizeof bound, nonce, key);
}

/* Follows a page key into every copy of every page: not only the one its parent names, since he may
 * hope that a key was used twice. `wide` tries them all; otherwise only the named page. */
static void follow(struct known *k, const uint8_t *id, int level, uint64_t page, uint64_t first,
                   const uint8_t *key, bool wide)
{
    uint8_t body[4080];
    for (int c = 0; c < copies; c++) {
        if (c && c + 1 < copies && copy[c].size == copy[c - 1].size && page * 4096 < copy[c].size &&
            !memcmp(copy[c].data + page * 4096, copy[c - 1].data + page * 4096, 4096))
            continue; /* the same bytes as in the copy before */
        for (uint64_t p = wide ? 1 : page; p <= (wide ? copy[c].size / 4096 - 1 : page); p++) {
            k->tried++;
            if (!open_page(id, level, p, first, key, &copy[c], body))
                continue;
            k->opened++;
            if (level == 0) {
                for (int i = 0; i < 127; i++)
                    if (body[i / 8] >> (i % 8) & 1)
                        learn(k, body + 16 + i * 32);
                continue;
            }
            uint64_t span = 127;
            for (int l = 1; l < level; l++)
                span *= 113;
            for (uint64_t i = 0; i < 113; i++)
                if (hbs_le32(body + i * 36))
                    follow(k, id, level - 1, hbs_le32(body + i * 36), first + i * span, body + i * 36 + 4, false);
        }
    }
}

/* How many of these people's records he reads; which[] says for each. */
static int attack(const struct vault_root *root, const bool *among, bool *reads, struct known *k)
{
    int count = 0;
    memset(k, 0, sizeof *k);
    follow(k, root->id, root->height - 1, root->page, 0, root->key, true);
    for (int p = 0; p < PEOPLE; p++) {
        const struct hbs_vault_label label = {"templates", subject_of[p], 1};
        uint8_t out[64];
        size_t size;
        reads[p] = false;
        for (size_t i = 0; among[p] && i < k->count && !reads[p]; i++)
            reads[p] = !hbs_vault_unseal(ctx, k->keys[i], &label, sealed[p], sealed_size[p], out, sizeof out, &size);
        count += reads[p];
    }
    return count;
}

static void test_attack(void)
{
    struct disk d = {0};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_vault_slot *slot;
    struct hbs_vault *v = NULL;
    bool erased[PEOPLE] = {false}, reads[PEOPLE], one[PEOPLE], all[PEOPLE];
    struct known k;
    for (int p = 0; p < PEOPLE; p++) /* over 20,000 numbers: three levels */
        subject_of[p] = 1 + (uint64_t)p * STRIDE;
    (void)!hbs_vault_slot_file(ctx, &io, "root", &slot);
    bool good = !hbs_vault_create(ctx, &io, "keys", &slot, 1) && !hbs_vault_open(ctx, &io, "keys", &slot, 1, &v);
    good &= !hbs_vault_add(v, subject_of, PEOPLE);
    for (int p = 0; p < PEOPLE && good; p++) {
        const struct hbs_vault_label label = {"templates", subject_of[p], 1};
        uint8_t key[32], plain[48];
        struct hbs_buf buf;
        hbs_buf_init(&buf, ctx, 1024);
        memset(plain, p, sizeof plain);
        good &= !hbs_vault_get(v, subject_of[p], key) && !hbs_vault_seal(ctx, key, &label, plain, sizeof plain, &buf);
        sealed[p] = malloc(buf.size);
        memcpy(sealed[p], buf.data, buf.size);
        sealed_size[p] = buf.size;
        hbs_buf_close(&buf);
    }
    ok(good, "%d people, a sealed template each", PEOPLE);
    take_copy(&d);
    memset(all, 1, sizeof all);
    is_int(attack(&v->s->root, all, reads, &k), PEOPLE, "control: with the root of the hour he reads everybody (%ld pages)", k.opened);
    free(k.keys);
    int gone = 0, control = 0, came_back = 0, living = 0, checks = 0;
    for (int e = 0; e < ERASURES && good; e++) {
        int p;
        do
            p = (int)hbs_rng_below(&rng, PEOPLE);
        while (erased[p]);
        struct vault_root before = v->s->root;
        memset(one, 0, sizeof one);
        one[p] = true;
        bool look = e % 8 == 0 || e == ERASURES - 1; /* the whole attack costs; every erasure is in the last one */
        if (look) {
            control += attack(&before, one, reads, &k) == 1;
            free(k.keys);
        }
        good &= !hbs_vault_erase(v, &subject_of[p], 1);
        erased[p] = true;
        gone++;
        take_copy(&d);
        if (!look)
            continue;
        checks++;
        came_back += attack(&v->s->root, erased, reads, &k);
        for (int i = 0; i < PEOPLE; i++)
            one[i] = !erased[i];
        free(k.keys);
        living += attack(&v->s->root, one, reads, &k) == PEOPLE - gone;
        free(k.keys);
    }
    ok(good && gone == ERASURES && copies == ERASURES + 1, "%d erasures, a copy of the key file after each", gone);
    is_int(control, checks, "control: the record opens by the same procedure just before its erasure, %d times", checks);
    is_int(came_back, 0, "S24, S28: with all copies and today's root nobody erased opens");
    is_int(living, checks, "while everybody else does");
    /* the old roots are nowhere in the slot */
    const struct disk_file *f = disk_find(&d, "root");
    int roots = 0;
    for (size_t at = 0; at < f->size; at += 512)
        roots += !memcmp(f->now + at, "HbsSlot1", 8);
    is_int(roots, 1, "the slot has one root");
    /* a new person under a number of her own does not bring the old one back; a batch is as good as one */
    uint64_t batch[40];
    int n = 0;
    for (int p = 0; p < PEOPLE && n < 40; p++)
        if (!erased[p]) {
            batch[n++] = subject_of[p];
            erased[p] = true;
        }
    struct vault_root last = v->s->root;
    good = !hbs_vault_erase(v, batch, (size_t)n) && !hbs_vault_add(v, (uint64_t[]){2, 84}, 2);
    take_copy(&d);
    is_int(attack(&v->s->root, erased, reads, &k), 0, "forty more at once: none of %d opens", ERASURES + n);
    free(k.keys);
    ok(good && attack(&last, erased, reads, &k) == n, "control: the root before that opens these forty, and only these");
    free(k.keys);
    /* the library itself refuses every old copy with today's root */
    hbs_vault_close(v);
    int opened = 0;
    struct disk_file *keys = disk_find(&d, "keys");
    for (int c = 0; c + 1 < copies; c++) {
        free(keys->now);
        keys->now = malloc(copy[c].size);
        memcpy(keys->now, copy[c].data, copy[c].size);
        keys->size = copy[c].size;
        v = NULL;
        opened += hbs_vault_open(ctx, &io, "keys", &slot, 1, &v) != HBS_ERR_INTEGRITY;
        hbs_vault_close(v);
    }
    is_int(opened, 0, "each of %d older key files is refused", copies - 1);
    hbs_vault_slot_close(slot);
    for (int c = 0; c < copies; c++)
        free(copy[c].data);
    for (int p = 0; p < PEOPLE; p++)
        free(sealed[p]);
    disk_free(&d);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_attack();
    hbs_ctx_close(ctx);
    return tap_end();
}
