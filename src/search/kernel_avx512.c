/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: stage 1 with AVX-512 BW but no vector popcount: bits are counted nibble by nibble with VPSHUFB
 * (Mula, Kurz and Lemire, "Faster population counts using AVX2 instructions", Computer Journal
 * 61:1, 2018). Five words go first through two full adders (Harley and Seal's carry-save tree,
 * same paper), each two VPTERNLOGQ, which leaves three words to count, two of them with weight two.
 */
#include "search_int.h"

#include <immintrin.h>

#define LANES 8
typedef struct {
    __m512i w[HBS_SEARCH_WORDS];
} group_t;
typedef __m512i keys_t;
typedef __m512i angles_t;
typedef struct {
    __m512i print[SEARCH_TILE];
} sums_t;

#define INLINE static inline __attribute__((always_inline))

INLINE void group_load(group_t *g, const uint64_t *w0, const uint64_t *rest, int words)
{
    g->w[0] = _mm512_loadu_si512(w0);
    for (int i = 1; i < words; i++)
        g->w[i] = _mm512_loadu_si512(rest + (i - 1) * SEARCH_LANES);
}

/* Bits of each byte, times one or two. */
INLINE __m512i nibbles(__m512i v, __m512i table)
{
    const __m512i low = _mm512_set1_epi8(15);
    return _mm512_add_epi8(
        _mm512_shuffle_epi8(table, _mm512_and_si512(v, low)),
        _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(v, 4), low)));
}

/* Bits of the words in each lane: at most 40 a byte, so bytes do not overflow before VPSADBW. */
INLINE __m512i bits(const __m512i *w, int words)
{
    const __m512i once = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m512i twice = _mm512_add_epi8(once, once);
    __m512i n;
    if (words == 5) {
        __m512i c = _mm512_ternarylogic_epi64(w[0], w[1], w[2], 0xE8); /* majority */
        __m512i s = _mm512_ternarylogic_epi64(w[0], w[1], w[2], 0x96); /* parity */
        __m512i c2 = _mm512_ternarylogic_epi64(s, w[3], w[4], 0xE8);
        s = _mm512_ternarylogic_epi64(s, w[3], w[4], 0x96);
        n = _mm512_add_epi8(nibbles(s, once),
                            _mm512_add_epi8(nibbles(c, twice), nibbles(c2, twice)));
    } else {
        n = nibbles(w[0], once);
        for (int i = 1; i < words; i++)
            n = _mm512_add_epi8(n, nibbles(w[i], once));
    }
    return _mm512_sad_epu8(n, _mm512_setzero_si512());
}

INLINE keys_t group_weight(const group_t *g, int words)
{
    return _mm512_srli_epi64(bits(g->w, words), 1);
}

INLINE keys_t key_start(void) { return _mm512_set1_epi64(SEARCH_NEVER); }

INLINE __m512i one(uint64_t v) { return _mm512_set1_epi64((long long)v); }

INLINE __m512i distance(const group_t *g, const struct search_reached *r, int words)
{
    __m512i x[HBS_SEARCH_WORDS];
    for (int i = 0; i < words; i++)
        x[i] = _mm512_xor_si512(g->w[i], one(r->word[i]));
    return _mm512_add_epi64(one(r->offset), bits(x, words));
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

INLINE void sums_add(sums_t *s, const uint8_t *owner, int lane, keys_t k, keys_t weight,
                     uint64_t bias)
{
    (void)lane;
    __m512i over = _mm512_sub_epi64(_mm512_add_epi64(weight, one(bias)), k);
    over = _mm512_max_epi32(over, _mm512_setzero_si512());
    /* a negative 64-bit difference leaves ones in the upper half; the maximum makes them zero too */
    for (int i = 0; i < SEARCH_TILE; i++)
        s->print[i] = _mm512_mask_add_epi64(s->print[i], (__mmask8)owner[i], s->print[i], over);
}

INLINE void sums_end(const sums_t *s, uint32_t out[SEARCH_TILE])
{
    for (int i = 0; i < SEARCH_TILE; i++)
        out[i] = (uint32_t)_mm512_reduce_add_epi64(s->print[i]);
}

#include "kernel_frame.h"

search_kernel *const search_kernels_avx512[SEARCH_DEPTHS] = {sketch, compact, full};
