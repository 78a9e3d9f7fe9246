/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: what the two kernels of 512-bit vectors have in common: a block is one register a word, a probe
 * cylinder's words come as broadcast operands from the first-level cache. The file that includes this
 * one gives
 *
 *   bits(w, words)   __m512i: how many bits are set in each lane's words, at most 5
 *
 * and after it the table of its kernels; so there is no guard.
 */
#define LANES 8
typedef struct {
    __m512i w[HBS_SEARCH_WORDS];
} group_t;
typedef __m512i keys_t;
typedef __m512i angles_t;
typedef struct {
    __m512i print[SEARCH_TILE];
} sums_t;

INLINE void group_load(group_t *g, const uint64_t *w0, const uint64_t *rest, int words)
{
    g->w[0] = _mm512_loadu_si512(w0);
    for (int i = 1; i < words; i++)
        g->w[i] = _mm512_loadu_si512(rest + (i - 1) * SEARCH_LANES);
}

INLINE __m512i one(uint64_t v) { return _mm512_set1_epi64((long long)v); }

/* All bits: search_root[] of each lane's popcount, looked up in two registers of 16-bit numbers. */
INLINE keys_t group_weight(const group_t *g, int words)
{
    __m512i n = bits(g->w, words);
    if (words != HBS_SEARCH_WORDS)
        return _mm512_srli_epi64(n, 1);
    n = _mm512_min_epu32(n, one(SEARCH_ROOTS - 1));
    return _mm512_maskz_permutex2var_epi16(0x11111111, _mm512_loadu_si512(search_root), n,
                                           _mm512_loadu_si512(search_root + 32));
}

INLINE keys_t key_start(void) { return _mm512_set1_epi64(SEARCH_NEVER); }

INLINE __m512i distance(const group_t *g, const struct search_reached *r, int words)
{
    __m512i x[HBS_SEARCH_WORDS];
    for (int i = 0; i < words; i++)
        x[i] = _mm512_xor_si512(g->w[i], one(r->word[i]));
    return words == HBS_SEARCH_WORDS ? _mm512_mul_epu32(bits(x, words), one(r->term))
                                     : _mm512_add_epi64(bits(x, words), one(r->term));
}

INLINE keys_t key_best(keys_t k, const group_t *g, const struct search_reached *r, int words)
{
    return _mm512_min_epu32(k, distance(g, r, words));
}

/* A direction in each lane's lower half and zero in the upper: 32-bit compares, which are cheaper,
 * are right in the lower half, and in the upper, where keys are zero, it does not matter. */
INLINE angles_t angles_load(const uint8_t *p)
{
    return _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)p));
}

INLINE keys_t key_best_from(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                            int words)
{
    __mmask16 m = _mm512_cmple_epi32_mask(a, one((uint64_t)r->most));
    return _mm512_mask_min_epu32(k, m, k, distance(g, r, words));
}

INLINE keys_t key_best_to(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                          int words)
{
    __mmask16 m = _mm512_cmpge_epi32_mask(a, one((uint64_t)r->least));
    return _mm512_mask_min_epu32(k, m, k, distance(g, r, words));
}

INLINE keys_t key_best_both(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                            int words)
{
    __mmask16 m = _mm512_cmple_epi32_mask(a, one((uint64_t)r->most)) &
                 _mm512_cmpge_epi32_mask(a, one((uint64_t)r->least));
    return _mm512_mask_min_epu32(k, m, k, distance(g, r, words));
}

INLINE void sums_start(sums_t *s)
{
    for (int i = 0; i < SEARCH_TILE; i++)
        s->print[i] = _mm512_setzero_si512();
}

INLINE void sums_add(sums_t *s, const uint8_t *owner, int lane, keys_t k, keys_t weight, uint64_t bias, int words)
{
    (void)lane;
    __m512i over;
    if (words == HBS_SEARCH_WORDS) {
        over = _mm512_sub_epi64(one(bias), _mm512_mul_epu32(k, weight));
        over = _mm512_srli_epi64(_mm512_max_epi64(over, _mm512_setzero_si512()), SEARCH_FINE);
    } else {
        /* a negative 64-bit difference leaves ones in the upper half; the maximum makes them zero too */
        over = _mm512_sub_epi64(_mm512_add_epi64(weight, one(bias)), k);
        over = _mm512_max_epi32(over, _mm512_setzero_si512());
    }
    for (int i = 0; i < SEARCH_TILE; i++)
        s->print[i] = _mm512_mask_add_epi64(s->print[i], (__mmask8)owner[i], s->print[i], over);
}

INLINE void sums_end(const sums_t *s, uint32_t out[SEARCH_TILE])
{
    for (int i = 0; i < SEARCH_TILE; i++)
        out[i] = (uint32_t)_mm512_reduce_add_epi64(s->print[i]);
}

#include "kernel_frame.h"
