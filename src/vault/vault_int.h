/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault, private side: the shapes that its files share. docs/formats/vault-keys.md has the bytes.
 */
#ifndef HABEAS_VAULT_INT_H
#define HABEAS_VAULT_INT_H

#include "base/base_int.h"
#include "habeas/vault.h"

#define VAULT_PAGE 4096u
#define VAULT_TAG 16u
#define VAULT_NONCE 24u
#define VAULT_BODY (VAULT_PAGE - VAULT_TAG) /* of a page in the clear */
#define VAULT_LEAF 127u                     /* subjects of a leaf */
#define VAULT_LEAF_MAP 16u                  /* bytes of its bitmap, before the keys */
#define VAULT_FAN 113u                      /* children of an inner page */
#define VAULT_ENTRY 36u                     /* page number and key */
#define VAULT_LEVELS 4
#define VAULT_PAGES_MAX (1u << 22)          /* of a key file: three times what four levels can use */
#define VAULT_ID 16u
#define VAULT_CANARY_AT 32u
#define VAULT_CANARY 32u                    /* bytes before sealing */

/* A root in the clear: only in secret memory. */
struct vault_root {
    uint64_t epoch, subjects, page;
    int height, slots;
    uint8_t id[VAULT_ID];
    uint8_t key[HBS_VAULT_KEY];
};

/* All secrets of an open tree, in one piece of secret memory. */
struct vault_secrets {
    struct vault_root root;                        /* today's */
    struct vault_root next;                        /* of the change at hand */
    struct vault_root seen[HBS_VAULT_SLOTS_MAX];   /* what the slots gave */
    uint8_t bytes[HBS_VAULT_ROOT_BYTES];
    uint8_t own[HBS_VAULT_KEY];                    /* subject 0's */
    uint8_t canary[VAULT_CANARY];
    uint8_t path[VAULT_LEVELS][VAULT_BODY];        /* the page last read at each level */
    uint8_t work[VAULT_LEVELS][VAULT_BODY];        /* pages being written, or read past the cache */
};

struct hbs_vault {
    struct hbs_ctx *ctx;
    const struct hbs_vault_io *io;
    char *path;
    void *file;
    struct hbs_vault_slot *slot[HBS_VAULT_SLOTS_MAX];
    int slots;
    struct vault_secrets *s;
    uint64_t path_page[VAULT_LEVELS]; /* which page `path` holds at a level; 0: none */
    uint64_t pages;                   /* of the file, page 0 included */
    uint64_t used_pages;
    uint8_t *used, *next;             /* bitmaps over pages: today's tree, the one being made */
    size_t map_room;                  /* bytes of each */
    uint8_t head[VAULT_PAGE];         /* page 0 */
    uint8_t cipher[VAULT_PAGE];
    bool broken;                      /* an error came while slots were written: open again */
    bool writable;
    char note[192];
};

static inline bool vault_bit(const uint8_t *map, uint64_t i) { return map[i / 8] >> (i % 8) & 1; }
static inline void vault_set(uint8_t *map, uint64_t i) { map[i / 8] = (uint8_t)(map[i / 8] | 1u << (i % 8)); }
static inline void vault_clear(uint8_t *map, uint64_t i)
{
    map[i / 8] = (uint8_t)(map[i / 8] & ~(1u << (i % 8)));
}
/* Subjects that a page at a level covers. */
static inline uint64_t vault_span(int level)
{
    uint64_t span = VAULT_LEAF;
    while (level-- > 0)
        span *= VAULT_FAN;
    return span;
}

/* memory.c: must be called before libsodium is used; HBS_ERR_BUG when it cannot start. */
enum hbs_err vault_sodium(struct hbs_ctx *ctx) HBS_MUST_USE;

/* io.c: an errno value of a table's function in words. */
enum hbs_err vault_io_fail(struct hbs_ctx *ctx, const char *path, const char *verb, int code);

/* page.c: reads page `number` into `body` (secret memory), checks its tag and its entries. `first` is
 * the first subject it can hold. */
enum hbs_err vault_page_read(struct hbs_vault *v, int level, uint64_t number, uint64_t first,
                             const uint8_t *key, uint8_t *body) HBS_MUST_USE;
/* Encrypts `body` under a key drawn here, which goes to `key`, and writes it as page `number`. */
enum hbs_err vault_page_write(struct hbs_vault *v, int level, uint64_t number, uint64_t first,
                              uint8_t *key, const uint8_t *body) HBS_MUST_USE;
/* The encryption alone, for tests that make files. */
void vault_page_seal(const uint8_t *id, int level, uint64_t number, uint64_t first, const uint8_t *key,
                     const uint8_t *body, uint8_t *page);

/* tree.c: the key of a subject within secret memory, valid until the next call; NULL in *key when it has
 * none. */
enum hbs_err vault_find(struct hbs_vault *v, uint64_t subject, const uint8_t **key) HBS_MUST_USE;
/* Marks in `map` the pages that the tree of a root uses, checking inner pages, and leaves too if told;
 * counts pages and, with leaves, subjects. */
enum hbs_err vault_walk(struct hbs_vault *v, const struct vault_root *root, bool leaves, uint8_t *map,
                        uint64_t *pages, uint64_t *subjects) HBS_MUST_USE;
/* Wipes every page and root that was read, but today's root. */
void vault_forget_path(struct hbs_vault *v);

/* change.c: makes `s->next` from `s->root`, with the subjects (sorted, each once) added or erased; none:
 * only the root page gets a new key. Nothing is durable yet. */
enum hbs_err vault_rewrite(struct hbs_vault *v, const uint64_t *subjects, size_t count, bool add)
    HBS_MUST_USE;
/* Makes it so: sync, slots, bitmaps. */
enum hbs_err vault_commit(struct hbs_vault *v) HBS_MUST_USE;
/* Room in both bitmaps for pages below `pages`. */
enum hbs_err vault_map_room(struct hbs_vault *v, uint64_t pages) HBS_MUST_USE;

/* root.c */
void vault_root_encode(const struct vault_root *root, uint8_t out[HBS_VAULT_ROOT_BYTES]);
bool vault_root_decode(const uint8_t in[HBS_VAULT_ROOT_BYTES], struct vault_root *out);
/* Reads all slots and finds the newest root of this file; what each slot lacks goes to `note`.
 * `behind[i]`: slot i answers and has an older root, none, or remains of one. */
enum hbs_err vault_roots_read(struct hbs_vault *v, bool behind[HBS_VAULT_SLOTS_MAX]) HBS_MUST_USE;
/* Puts a root into one slot. */
enum hbs_err vault_root_put(struct hbs_vault *v, int slot, const struct vault_root *root) HBS_MUST_USE;

/* A slot: its kind's functions, then what the kind needs. */
struct hbs_vault_slot {
    struct hbs_ctx *ctx;
    /* The newest root's bytes into secret memory. *found: there is one. *remains: something else is left
     * there too, which a put would destroy. */
    enum hbs_err (*get)(struct hbs_vault_slot *slot, uint8_t *root, bool *found, bool *remains);
    /* Makes this the only root, durable before the older one is destroyed. */
    enum hbs_err (*put)(struct hbs_vault_slot *slot, const uint8_t *root);
    void (*close)(struct hbs_vault_slot *slot);
    const char *promise;
    char name[192];
};

#endif
