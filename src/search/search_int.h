/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search, private side: how gallery prints and a probe lie in memory for stage 1, the kernels'
 * common face, and the numbers that were tuned.
 *
 * Stage 1. Two cylinders a (probe) and b (gallery) may be compared when their directions differ by at
 * most SEARCH_GATE. With d = popcount(a xor b) and n the popcounts, of all bits
 *     z(a, b) = d / (4 sqrt(n_a n_b))
 *     sum     = sum over b of max(0, level - smallest z(a, b) over the probe's a)
 *     score   = sum * 64 / (cylinders of the gallery print + 10)
 * in whole numbers: 2048 / sqrt(n) from a table, z times 2^24, the summands divided by 2^SEARCH_FINE.
 * z is the square of what the similarity 1 - |a-b| / (|a| + |b|) of Cappelli, Ferrara and Maltoni (PAMI
 * 32:12, 2010) takes off 1, the arithmetic mean of the two lengths replaced by the geometric one: so it is
 * a product of a number of each cylinder and d, and the smallest is found before b's number comes in.
 * Summing what is below a level takes the place of their "best n_P"; it needs no sort.
 * Of the sketches, which have one bit in five set,
 *     s(a, b) = (n_a >> 1) + (n_b >> 1) + bias - d
 *     sum     = sum over b of max(0, largest s(a, b) over the probe's a)
 * without multiplications. docs/decisions/search-screening.md has the comparisons.
 */
#ifndef HABEAS_SEARCH_INT_H
#define HABEAS_SEARCH_INT_H

#include "base/base_int.h"
#include "habeas/search.h"

enum {
    SEARCH_GATE = 32,    /* 1/256 turn: 45 degrees */
    SEARCH_LANES = 8,    /* cylinders in a block: 8 lanes of 64 bits */
    SEARCH_TILE = 4,     /* prints that share blocks */
    SEARCH_TILE_BLOCKS = SEARCH_TILE * HBS_SEARCH_CYLINDERS_MAX / SEARCH_LANES,
    SEARCH_SKETCH_WORDS = 2,
    SEARCH_STORED_COMPACT = SEARCH_SKETCH_WORDS, /* words a cylinder has in a gallery */
    SEARCH_STORED_FULL = 1 + HBS_SEARCH_WORDS,
    /* A probe's cylinders, with copies a turn lower and higher for the gate's ends. */
    SEARCH_REACHED = 2 * HBS_SEARCH_CYLINDERS_MAX,
    SEARCH_FENCE = 4,    /* cylinders before and after them that are never the best: a kernel's step */
    SEARCH_ZERO = 256,   /* keys of sketches are kept above zero by this much */
    SEARCH_NEVER = 1 << 20, /* the key of a cylinder that no probe cylinder may be compared with */
    SEARCH_ROOTS = 64,   /* entries of search_root */
    SEARCH_FINE = 13
};

/* What is compared: the first word of the sketch (every print, first); the whole sketch (stage 1 of
 * a compact gallery); all bits (stage 1 of a full one). */
enum search_depth { SEARCH_SKETCH, SEARCH_COMPACT, SEARCH_FULL, SEARCH_DEPTHS };
extern const uint8_t search_words[SEARCH_DEPTHS]; /* 1, 2, 5 */
extern const uint16_t search_root[SEARCH_ROOTS];  /* 2048 / sqrt(n) */

/* Gallery prints, four to a tile. The cylinders of a tile, of all its prints together, are sorted by
 * direction and cut into blocks of eight lanes; a tile's last block is filled with lanes that belong
 * to nobody. Sorting over four prints makes a block's directions so close that nearly all of its
 * lanes pass the gate together, and wastes half a block a tile, not a print. */
struct search_tiles {
    uint32_t prints;       /* SEARCH_TILE a tile but in the last */
    uint32_t words;        /* stored a cylinder: SEARCH_STORED_COMPACT or SEARCH_STORED_FULL */
    const uint32_t *first; /* block where each tile begins; one more at the end */
    const uint8_t *angle;  /* [block][lane] 1/256 turn, rising within a tile */
    const uint8_t *owner;  /* [block][print of the tile] a bit a lane */
    const uint8_t *count;  /* [print] cylinders */
    const uint64_t *word0; /* [block][lane] first word of the sketch */
    const uint64_t *rest;  /* [block][word - 1][lane] second word of the sketch, or all bits */
};

/* One cylinder of a probe as the kernels read it: 64 bytes, one cache line. */
struct search_reached {
    uint64_t word[HBS_SEARCH_WORDS];
    uint64_t term;         /* key = bits that differ + term, SEARCH_ZERO - (popcount >> 1); of all
                              bits: key = bits that differ * term, search_root[popcount] */
    int64_t least, most;   /* gallery directions it may be compared with */
};

/* A probe ready for one depth. `from[t]` is the first cylinder, `to[t]` one past the last that a
 * gallery cylinder of direction t may be compared with. */
struct search_probe {
    struct search_reached reached[SEARCH_REACHED + 2 * SEARCH_FENCE] __attribute__((aligned(64)));
    uint8_t from[256], to[256];
    uint64_t bias;         /* SEARCH_ZERO + the bias of this depth; of all bits: the level */
};

/* Scores of prints [SEARCH_TILE * tile, ...) of `tiles` tiles. */
typedef void search_kernel(const struct search_probe *probe, const struct search_tiles *gallery,
                           uint32_t tile, uint32_t tiles, uint16_t *scores);

extern search_kernel *const search_kernels_portable[SEARCH_DEPTHS];
#if defined(__x86_64__)
extern search_kernel *const search_kernels_avx2[SEARCH_DEPTHS];
extern search_kernel *const search_kernels_avx512[SEARCH_DEPTHS];
extern search_kernel *const search_kernels_vpopcnt[SEARCH_DEPTHS];
#endif
/* The kernel of an instruction set (not above what the machine has), and of this machine. */
search_kernel *search_kernel_of(enum hbs_isa isa, enum search_depth depth);
search_kernel *search_kernel_here(enum search_depth depth);

/* The sum over a print's cylinders, made comparable between prints of many and few. */
static inline uint16_t search_score(uint32_t sum, uint32_t count)
{
    extern const uint16_t search_scale[HBS_SEARCH_CYLINDERS_MAX + 1];
    uint32_t s = (sum * search_scale[count]) >> 8;
    return (uint16_t)(s > UINT16_MAX ? UINT16_MAX : s);
}

/* The sketch of a cylinder. */
void search_sketch(const uint64_t in[HBS_SEARCH_WORDS], uint64_t out[SEARCH_SKETCH_WORDS]);
/* Makes a probe ready. The print's count must have been checked. */
void search_probe_make(const struct hbs_search_print *print, enum search_depth depth,
                       struct search_probe *out);

/* One tile, packed. */
struct search_tile {
    uint8_t angle[SEARCH_TILE_BLOCKS * SEARCH_LANES];
    uint8_t owner[SEARCH_TILE_BLOCKS * SEARCH_TILE];
    uint64_t word0[SEARCH_TILE_BLOCKS * SEARCH_LANES];
    uint64_t rest[SEARCH_TILE_BLOCKS * SEARCH_LANES * HBS_SEARCH_WORDS];
};
/* Packs up to SEARCH_TILE prints for a gallery that stores `words` words a cylinder; returns its blocks. */
uint32_t search_tile_pack(const struct hbs_search_print *const prints[], uint32_t many,
                          uint32_t words, struct search_tile *out);

uint32_t search_crc32c(uint32_t crc, const void *data, size_t size);

#endif
