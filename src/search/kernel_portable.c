/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: stage 1 in plain C for the x86-64 floor and everything else: one cylinder at a time, which makes
 * the gate's list exact. Five words go through two full adders (Harley and Seal's carry-save tree)
 * before bits are counted in parallel within a word (Knuth, TAOCP 4A, 7.1.3); the three counts
 * share the last steps.
 */
#include "search_int.h"

#define LANES 1
typedef struct {
    uint64_t w[HBS_SEARCH_WORDS];
} group_t;
typedef uint64_t keys_t;
typedef int angles_t;
typedef struct {
    uint32_t print[SEARCH_TILE];
} sums_t;

#define INLINE static inline __attribute__((always_inline))

INLINE void group_load(group_t *g, const uint64_t *w0, const uint64_t *rest, int words)
{
    memcpy(&g->w[0], w0, 8);
    for (int i = 1; i < words; i++)
        memcpy(&g->w[i], rest + (i - 1) * SEARCH_LANES, 8);
}

/* Bits of each nibble, at most 4. */
INLINE uint64_t nibbles(uint64_t v)
{
    v -= v >> 1 & 0x5555555555555555u;
    return (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
}

/* From nibbles of at most 15 to their sum, at most 255. */
INLINE uint64_t add_up(uint64_t v)
{
    v = (v & 0x0F0F0F0F0F0F0F0Fu) + (v >> 4 & 0x0F0F0F0F0F0F0F0Fu);
    /* bytes of at most 30: their sum can pass 255, so it is made of 16-bit parts */
    v = (v & 0x00FF00FF00FF00FFu) + (v >> 8 & 0x00FF00FF00FF00FFu);
    return v * 0x0001000100010001u >> 48;
}

INLINE uint64_t bits(const uint64_t *w, int words)
{
    if (words == 5) {
        uint64_t x = w[0] ^ w[1], s = x ^ w[2], c = (w[0] & w[1]) | (x & w[2]);
        uint64_t y = s ^ w[3], c2 = (s & w[3]) | (y & w[4]);
        return add_up(nibbles(y ^ w[4])) + 2 * add_up(nibbles(c) + nibbles(c2));
    }
    uint64_t n = nibbles(w[0]);
    for (int i = 1; i < words; i++)
        n += nibbles(w[i]);
    return add_up(n);
}

INLINE keys_t group_weight(const group_t *g, int words)
{
    uint64_t n = bits(g->w, words);
    return words == HBS_SEARCH_WORDS ? search_root[n < SEARCH_ROOTS ? n : SEARCH_ROOTS - 1] : n >> 1;
}

INLINE keys_t key_start(void) { return SEARCH_NEVER; }

INLINE keys_t key_best(keys_t k, const group_t *g, const struct search_reached *r, int words)
{
    uint64_t x[HBS_SEARCH_WORDS];
    for (int i = 0; i < words; i++)
        x[i] = g->w[i] ^ r->word[i];
    uint64_t d = words == HBS_SEARCH_WORDS ? r->term * bits(x, words) : r->term + bits(x, words);
    return d < k ? d : k;
}

/* One lane needs no test: the list of its direction is exact. The frame asks for these all the
 * same, in branches that it never takes. */
INLINE angles_t angles_load(const uint8_t *p) { return *p; }
INLINE keys_t key_best_from(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                            int words)
{
    return a <= r->most ? key_best(k, g, r, words) : k;
}
INLINE keys_t key_best_to(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                          int words)
{
    return a >= r->least ? key_best(k, g, r, words) : k;
}
INLINE keys_t key_best_both(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                            int words)
{
    return a >= r->least ? key_best_from(k, g, r, a, words) : k;
}

INLINE void sums_start(sums_t *s) { memset(s, 0, sizeof *s); }

INLINE void sums_add(sums_t *s, const uint8_t *owner, int lane, keys_t k, keys_t weight,
                     uint64_t bias, int words)
{
    uint32_t over;
    if (words == HBS_SEARCH_WORDS)
        over = k * weight < bias ? (uint32_t)((bias - k * weight) >> SEARCH_FINE) : 0;
    else
        over = weight + bias > k ? (uint32_t)(weight + bias - k) : 0;
    for (int i = 0; i < SEARCH_TILE; i++)
        s->print[i] += over & -(uint32_t)(owner[i] >> lane & 1);
}

INLINE void sums_end(const sums_t *s, uint32_t out[SEARCH_TILE])
{
    memcpy(out, s->print, sizeof s->print);
}

#define FULL_ENDS 0
#define FULL_STEP 1
#include "kernel_frame.h"

search_kernel *const search_kernels_portable[SEARCH_DEPTHS] = {sketch, compact, full};
