/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger, private side: what its files share: text, notes, tiles, the journal, the log's state.
 * May touch base only; storage comes as a table of functions (struct hbs_ledger_store).
 */
#ifndef HABEAS_LEDGER_INT_H
#define HABEAS_LEDGER_INT_H

#include "base/base_int.h"
#include "habeas/ledger.h"

#include <pthread.h>
#include <sodium.h>

enum {
    LEDGER_NOTE_LINE_MAX = 65536,
    LEDGER_ENTRY_SEALED = 1, /* first byte of an entry */
    LEDGER_ENTRY_CONFIG = 2,
    LEDGER_CONTENT_ACT = 1, /* first byte of a content */
    LEDGER_CONTENT_DOCUMENT = 2,
    LEDGER_CONTENT_MAX = 61439, /* one less than the largest class */
    LEDGER_CHECKPOINT_MAX = 1024 /* bytes of a checkpoint that we sign: origin, size, root, one line */
};

/* Makes libsodium ready; once a process. */
enum hbs_err ledger_ready(struct hbs_ctx *ctx) HBS_MUST_USE;

static inline uint64_t ledger_be64(const uint8_t *p) { return (uint64_t)hbs_be32(p) << 32 | hbs_be32(p + 4); }
static inline void ledger_put_be64(uint8_t *p, uint64_t v)
{
    hbs_put_be32(p, (uint32_t)(v >> 32));
    hbs_put_be32(p + 4, (uint32_t)v);
}

/* ---- text.c ---- */
/* A decimal without leading zeros that fills the bytes wholly. */
bool ledger_decimal(const char *text, size_t size, uint64_t *out);
/* Standard base64 with its filling and no other spelling; the number of bytes, or -1. */
long ledger_base64(const char *text, size_t size, uint8_t *out, size_t capacity);
enum hbs_err ledger_base64_put(struct hbs_buf *out, const void *data, size_t size);
/* A key's name: UTF-8, 1 to HBS_LEDGER_NAME_MAX bytes, no blanks of Unicode, no plus, no control characters. */
bool ledger_name_good(const char *name, size_t size);
/* UTF-8 without control characters but newlines. */
bool ledger_text_good(const char *text, size_t size);
/* The line at *p, without its newline; moves on. False at the end, or when the last line has none. */
bool ledger_line(const char **p, const char *end, const char **line, size_t *size);

/* ---- note.c ---- */
enum { LEDGER_COSIGNED_MAX = 8192 }; /* bytes of a text that is cosigned */
/* hbs_ledger_checkpoint_parse in two steps: a witness answers differently to either's failure. */
enum hbs_err ledger_checkpoint_read(struct hbs_ctx *ctx, const char *text, size_t size,
                                    struct hbs_ledger_checkpoint *out) HBS_MUST_USE;
bool ledger_checkpoint_empty_good(const struct hbs_ledger_checkpoint *c);

/* ---- lanes.c ---- */
/* Sets parent[i] = node hash of child[2i], child[2i + 1] for i below count; parent may not overlap. */
void ledger_hash_pairs(const uint8_t (*child)[HBS_LEDGER_HASH], size_t count, uint8_t (*parent)[HBS_LEDGER_HASH]);

/* ---- merkle.c: proofs over any source of nodes ---- */
/* Nodes of complete subtrees: `height` levels above the leaves, covering leaves [index << height, ...). */
struct ledger_nodes {
    enum hbs_err (*node)(void *user, struct hbs_ctx *ctx, unsigned height, uint64_t index,
                         uint8_t out[HBS_LEDGER_HASH]);
    void *user;
};
enum hbs_err ledger_tree_root(const struct ledger_nodes *nodes, struct hbs_ctx *ctx, uint64_t size,
                              uint8_t out[HBS_LEDGER_HASH]) HBS_MUST_USE;
enum hbs_err ledger_tree_prove(const struct ledger_nodes *nodes, struct hbs_ctx *ctx, uint64_t index, uint64_t size,
                               uint8_t (*hashes)[HBS_LEDGER_HASH], uint32_t *count) HBS_MUST_USE;
enum hbs_err ledger_tree_consistency(const struct ledger_nodes *nodes, struct hbs_ctx *ctx, uint64_t old_size,
                                     uint64_t new_size, uint8_t (*hashes)[HBS_LEDGER_HASH], uint32_t *count)
    HBS_MUST_USE;

/* ---- words.c ---- */
/* The number of a registered word (0x80 to 0xff), 0 when it is none; the word of a number, or NULL. */
unsigned ledger_word_number(const char *word);
const char *ledger_word(unsigned number);
bool ledger_word_good(const char *text, size_t size);

/* ---- content.c ---- */
enum hbs_err ledger_content_make(struct hbs_ctx *ctx, const struct hbs_ledger_item *item, struct hbs_buf *out)
    HBS_MUST_USE;
enum hbs_err ledger_content_read(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                                 struct hbs_ledger_opened *out) HBS_MUST_USE;
/* The class of a content's length: what the payload is filled up to, one byte at least. */
size_t ledger_content_class(size_t size);

/* ---- seal.c ---- */
struct hbs_ledger_sealer {
    uint8_t scalar[32], bytes[32]; /* its key pair */
    uint32_t count;
    uint8_t inspector[HBS_LEDGER_INSPECTORS_MAX][32]; /* their public keys */
    uint8_t shared[HBS_LEDGER_INSPECTORS_MAX][32];    /* X25519 with each */
};
enum hbs_err ledger_sealer_make(struct hbs_ctx *ctx, const struct hbs_ledger_key *inspectors, uint32_t count,
                                struct hbs_ledger_sealer *out) HBS_MUST_USE;
/* The parts of a sealed entry, within its bytes. */
struct ledger_entry {
    uint32_t inspectors, slots;
    const uint8_t *sealer, *commitment, *inspector, *slot; /* 32, 32, 32 each, 64 each */
    const uint8_t *payload;
    size_t payload_size, head_size; /* with its tag; what lies before it */
};
enum hbs_err ledger_entry_parse(struct hbs_ctx *ctx, const void *data, size_t size, struct ledger_entry *out)
    HBS_MUST_USE;
void ledger_person_commitment(const uint8_t key[32], const void *content, size_t size, uint8_t out[32]);

/* ---- config.c ---- */
enum hbs_err ledger_config_print(const struct hbs_ledger_config *config, struct hbs_buf *out) HBS_MUST_USE;
enum hbs_err ledger_config_parse(struct hbs_ctx *ctx, const char *text, size_t size, struct hbs_ledger_config *out)
    HBS_MUST_USE;
enum hbs_err ledger_config_check(struct hbs_ctx *ctx, const struct hbs_ledger_config *config) HBS_MUST_USE;
/* Whether `now` may follow `before`: same log, no inspector taken away. */
enum hbs_err ledger_config_follows(struct hbs_ctx *ctx, const struct hbs_ledger_config *before,
                                   const struct hbs_ledger_config *now) HBS_MUST_USE;

/* ---- tile.c ---- */
enum { LEDGER_TILE = 256, LEDGER_LEVELS = 8, LEDGER_TILE_NAME = 64 };

/* A tile with the tree in it: nodes of height 0 to 8, those that are complete at its width. */
struct ledger_tile {
    uint32_t width;
    uint8_t node[2 * LEDGER_TILE][HBS_LEDGER_HASH]; /* height h from 512 - (512 >> h) on */
};
static inline uint32_t ledger_tile_at(unsigned height, uint64_t index)
{
    return (512u - (512u >> height)) + (uint32_t)index;
}
/* "tile/0/x001/234" or with ".p/W"; level -1 is "entries". */
void ledger_tile_name(int level, uint64_t index, uint32_t width, char out[LEDGER_TILE_NAME]);
/* The reverse; false when the name is not a tile's. */
bool ledger_tile_name_parse(const char *name, int *level, uint64_t *index, uint32_t *width);
/* Makes the inner nodes of a tile whose first `width` hashes stand. */
void ledger_tile_fill(struct ledger_tile *tile);
/* One more hash; true when the tile is full now. */
bool ledger_tile_add(struct ledger_tile *tile, const uint8_t hash[HBS_LEDGER_HASH]);

/* The right edge of a tree: its unfinished tile of each level. */
struct ledger_edge {
    uint64_t size;
    struct ledger_tile tile[LEDGER_LEVELS];
};
/* Adds a leaf; `full` is called with each tile that it completes. */
void ledger_edge_add(struct ledger_edge *edge, const uint8_t leaf[HBS_LEDGER_HASH],
                     void (*full)(void *arg, int level, uint64_t index, const struct ledger_tile *tile), void *arg);
/* The root, of the edge alone. */
void ledger_edge_root(const struct ledger_edge *edge, uint8_t out[HBS_LEDGER_HASH]);
/* Reads the edge of a published tree of `size`. HBS_ERR_INTEGRITY when a tile is missing or short. */
enum hbs_err ledger_edge_read(struct hbs_ctx *ctx, const struct hbs_ledger_store *store, uint64_t size,
                              struct ledger_edge *edge) HBS_MUST_USE;

/* ---- journal.c ---- */
enum {
    JOURNAL_HEAD = 512,
    JOURNAL_ALIGN = 512,
    JOURNAL_ALLOT = 256 << 10, /* bytes written as zeros ahead, so that a sync need not record a growth */
    JOURNAL_MAX = 2 << 20,
    JOURNAL_RECORD_HEAD = 18,
    JOURNAL_GROUP_MAX = 256 /* entries that one record carries */
};
struct journal_head {
    uint64_t base, acknowledged;
    uint8_t root[HBS_LEDGER_HASH], sum[16];
    bool acknowledged_good; /* false: its sum does not hold */
};
struct journal_record {
    uint64_t first;
    uint32_t count;
    const uint8_t *entries, *note;
    size_t entries_size, note_size, bytes; /* bytes: of the whole record, without the filling */
};
void journal_head_make(uint64_t base, const uint8_t root[HBS_LEDGER_HASH], uint8_t out[JOURNAL_HEAD]);
/* The 24 bytes at offset 64. */
void journal_acknowledge(const uint8_t head[JOURNAL_HEAD], uint64_t size, uint8_t out[24]);
enum hbs_err journal_head_read(struct hbs_ctx *ctx, const uint8_t *data, size_t size, struct journal_head *out)
    HBS_MUST_USE;
/* The record at `offset`; false when none holds there. */
bool journal_record_read(const struct journal_head *head, const uint8_t *data, size_t size, size_t offset,
                         uint64_t first, struct journal_record *out);
/* Sets the record's head and sum around what lies between; `bytes` is all with head and sum. */
void journal_record_close(const uint8_t sum[16], uint8_t *record, size_t bytes, uint32_t count, uint64_t first,
                          uint16_t note);
static inline size_t journal_next(size_t offset, size_t bytes)
{
    return (offset + bytes + JOURNAL_ALIGN - 1) / JOURNAL_ALIGN * JOURNAL_ALIGN;
}

/* ---- the log ---- */
enum {
    LEDGER_CACHE = 80, /* tiles: what a full journal completes, and as many again */
    LEDGER_PENDING_MAX = 8192, /* entries in the journal */
    LEDGER_SEALER_USES = 4096
};

struct ledger_slot { /* of the cache */
    int level;
    bool pinned;          /* not yet published: it is nowhere else */
    uint64_t index, used; /* used: 0 for an empty slot */
    struct ledger_tile tile;
};

struct ledger_keys {
    struct hbs_ledger_secret secret;
    struct hbs_ledger_sealer sealer;
    uint64_t uses; /* of the sealer */
};

struct ledger_wait; /* an append that waits (append.c) */

struct hbs_ledger {
    struct hbs_ctx *ctx; /* the opener's: memory that the log keeps; used at opening and closing only */
    struct hbs_ledger_store store;
    struct hbs_ledger_config config;
    struct ledger_keys *keys; /* in guarded memory; NULL when reading */
    bool writing;
    bool broken;                /* a write failed: what the disk holds is not known */
    uint64_t (*now)(void *arg); /* tests set another clock */
    void *now_arg;

    /* Order of locks: queue, then state. */
    pthread_mutex_t queue;
    pthread_cond_t done;
    struct ledger_wait *first, **last;
    bool leading;
    uint64_t turn; /* counts groups */

    pthread_mutex_t state;   /* all below */
    struct ledger_edge edge; /* of everything committed */
    uint8_t root[HBS_LEDGER_HASH];
    char note[LEDGER_CHECKPOINT_MAX]; /* the signed checkpoint of edge.size */
    size_t note_size;
    uint64_t published; /* size of the checkpoint file */
    uint8_t published_root[HBS_LEDGER_HASH];
    uint64_t witnessed, witnessed_time;
    uint64_t witness_size[HBS_LEDGER_WITNESSES_MAX]; /* what each is thought to have seen */
    struct {
        uint64_t size;
        size_t note_size;
        char note[LEDGER_CHECKPOINT_MAX];
    } asked[HBS_LEDGER_WITNESSES_MAX]; /* what each was asked to cosign last */

    uint8_t *journal; /* JOURNAL_MAX bytes: what the file holds */
    size_t journal_size, journal_allotted;
    uint32_t *journal_at;    /* offset in `journal` of the length of entry published + i */
    struct ledger_slot *cache;
    uint64_t cache_clock;
};

/* tile.c: keeps a full tile; shape of ledger_edge_add's callback, `arg` is the log */
void ledger_cache_add(void *arg, int level, uint64_t index, const struct ledger_tile *tile);
const struct ledger_tile *ledger_cache_find(struct hbs_ledger *ledger, int level, uint64_t index);
/* tile.c: nodes of the log: edge, cache, files. With the state locked. */
struct ledger_nodes ledger_log_nodes(struct hbs_ledger *ledger);
/* publish.c, open.c */
enum hbs_err ledger_publish_locked(struct hbs_ledger *ledger, struct hbs_ctx *ctx) HBS_MUST_USE;
enum hbs_err ledger_journal_begin(struct hbs_ledger *ledger, struct hbs_ctx *ctx) HBS_MUST_USE;
/* The journal from the store into memory, as far as it holds, and its entries into the edge. `torn`: bytes
 * behind that are not zero. With the state locked. */
enum hbs_err ledger_journal_replay(struct hbs_ledger *ledger, struct hbs_ctx *ctx, const struct journal_head *head,
                                   size_t size, size_t *torn) HBS_MUST_USE;
enum hbs_err ledger_alloc(struct hbs_ctx *ctx, const struct hbs_ledger_store *store, struct hbs_ledger **out)
    HBS_MUST_USE;
void ledger_free(struct hbs_ctx *ctx, struct hbs_ledger *ledger);
/* Puts the config's text, durably. */
enum hbs_err ledger_config_put(struct hbs_ledger *ledger, struct hbs_ctx *ctx, const void *text, size_t size)
    HBS_MUST_USE;
enum hbs_err ledger_bundle_get(struct hbs_ledger *ledger, struct hbs_ctx *ctx, uint64_t bundle, uint64_t size,
                               struct hbs_buf *out) HBS_MUST_USE;
/* append.c: entries as they are, one group, with the state locked. */
enum hbs_err ledger_commit_locked(struct hbs_ledger *ledger, struct hbs_ctx *ctx, const struct hbs_buf *const *entries,
                                  uint32_t count) HBS_MUST_USE;
enum hbs_err ledger_checkpoint_sign(struct hbs_ctx *ctx, const struct hbs_ledger_secret *secret, uint64_t size,
                                    const uint8_t root[HBS_LEDGER_HASH], struct hbs_buf *out) HBS_MUST_USE;
uint64_t ledger_now(const struct hbs_ledger *ledger);
/* witness.c */
void ledger_witness_name(const struct hbs_ledger_key *key, char out[32]);
enum hbs_err ledger_witness_load(struct hbs_ledger *ledger, struct hbs_ctx *ctx) HBS_MUST_USE;
/* Whether acts are taken now: HBS_OK or HBS_ERR_REFUSED. */
enum hbs_err ledger_witness_fresh(struct hbs_ledger *ledger, struct hbs_ctx *ctx) HBS_MUST_USE;

/* For tests: another clock. */
void ledger_set_clock(struct hbs_ledger *ledger, uint64_t (*now)(void *arg), void *arg);

#endif
