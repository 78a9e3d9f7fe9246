/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: stage 1 with AVX2: half a block at a time, bits counted nibble by nibble with VPSHUFB (Mula, Kurz
 * and Lemire, "Faster population counts using AVX2 instructions", Computer Journal 61:1, 2018). The
 * bytes of five words are added up (at most 40) before one VPSADBW makes a sum of each lane.
 */
#include "search_int.h"

#include <immintrin.h>

#define LANES 4
typedef struct {
    __m256i w[HBS_SEARCH_WORDS];
} group_t;
typedef __m256i keys_t;
typedef __m256i angles_t;
typedef struct {
    __m256i print[SEARCH_TILE];
} sums_t;

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i one(uint64_t v) { return _mm256_set1_epi64x((long long)v); }

INLINE void group_load(group_t *g, const uint64_t *w0, const uint64_t *rest, int words)
{
    g->w[0] = _mm256_loadu_si256((const __m256i *)w0);
    for (int i = 1; i < words; i++)
        g->w[i] = _mm256_loadu_si256((const __m256i *)(rest + (i - 1) * SEARCH_LANES));
}

INLINE __m256i nibbles(__m256i v)
{
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2,
                                           1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    return _mm256_add_epi8(
        _mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
        _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

/* Bits of the words in each lane. */
INLINE __m256i bits(const __m256i *w, int words)
{
    __m256i n = nibbles(w[0]);
    for (int i = 1; i < words; i++)
        n = _mm256_add_epi8(n, nibbles(w[i]));
    return _mm256_sad_epu8(n, _mm256_setzero_si256());
}

INLINE keys_t group_weight(const group_t *g, int words)
{
    __m256i n = bits(g->w, words);
    if (words != HBS_SEARCH_WORDS)
        return _mm256_srli_epi64(n, 1);
    n = _mm256_min_epu32(n, one(SEARCH_ROOTS - 1));
    uint64_t lane[4];
    _mm256_storeu_si256((__m256i *)lane, n);
    return _mm256_setr_epi64x(search_root[lane[0]], search_root[lane[1]], search_root[lane[2]],
                              search_root[lane[3]]);
}

INLINE keys_t key_start(void) { return _mm256_set1_epi64x(SEARCH_NEVER); }

INLINE __m256i distance(const group_t *g, const struct search_reached *r, int words)
{
    __m256i x[HBS_SEARCH_WORDS];
    for (int i = 0; i < words; i++)
        x[i] = _mm256_xor_si256(g->w[i], one(r->word[i]));
    return words == HBS_SEARCH_WORDS ? _mm256_mul_epu32(bits(x, words), one(r->term))
                                     : _mm256_add_epi64(bits(x, words), one(r->term));
}

/* Keys are below 2^31 and their upper halves zero: the 32-bit minimum serves for 64-bit lanes. */
INLINE keys_t key_best(keys_t k, const group_t *g, const struct search_reached *r, int words)
{
    return _mm256_min_epu32(k, distance(g, r, words));
}

INLINE angles_t angles_load(const uint8_t *p)
{
    int four;
    memcpy(&four, p, 4);
    return _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four));
}

/* Lanes that fail a test get a key that never wins. */
INLINE keys_t key_unless(keys_t k, __m256i fails, __m256i d)
{
    return _mm256_min_epu32(k, _mm256_or_si256(d, _mm256_and_si256(fails, one(SEARCH_NEVER))));
}

INLINE keys_t key_best_from(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                            int words)
{
    return key_unless(k, _mm256_cmpgt_epi64(a, one((uint64_t)r->most)), distance(g, r, words));
}

INLINE keys_t key_best_to(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                          int words)
{
    return key_unless(k, _mm256_cmpgt_epi64(one((uint64_t)r->least), a), distance(g, r, words));
}

INLINE keys_t key_best_both(keys_t k, const group_t *g, const struct search_reached *r, angles_t a,
                            int words)
{
    __m256i fails = _mm256_or_si256(_mm256_cmpgt_epi64(a, one((uint64_t)r->most)),
                                    _mm256_cmpgt_epi64(one((uint64_t)r->least), a));
    return key_unless(k, fails, distance(g, r, words));
}

INLINE void sums_start(sums_t *s)
{
    for (int i = 0; i < SEARCH_TILE; i++)
        s->print[i] = _mm256_setzero_si256();
}

INLINE void sums_add(sums_t *s, const uint8_t *owner, int lane, keys_t k, keys_t weight,
                     uint64_t bias, int words)
{
    const __m256i lanes = _mm256_setr_epi64x(1, 2, 4, 8), zero = _mm256_setzero_si256();
    __m256i over;
    if (words == HBS_SEARCH_WORDS) {
        over = _mm256_sub_epi64(one(bias), _mm256_mul_epu32(k, weight));
        over = _mm256_srli_epi64(_mm256_andnot_si256(_mm256_cmpgt_epi64(zero, over), over), SEARCH_FINE);
    } else {
        over = _mm256_sub_epi64(_mm256_add_epi64(weight, one(bias)), k);
        over = _mm256_max_epi32(over, zero);
    }
    for (int i = 0; i < SEARCH_TILE; i++) {
        __m256i mine = _mm256_and_si256(one((uint64_t)(owner[i] >> lane)), lanes);
        mine = _mm256_cmpeq_epi64(mine, lanes);
        s->print[i] = _mm256_add_epi64(s->print[i], _mm256_and_si256(mine, over));
    }
}

INLINE void sums_end(const sums_t *s, uint32_t out[SEARCH_TILE])
{
    for (int i = 0; i < SEARCH_TILE; i++) {
        uint64_t lane[4];
        _mm256_storeu_si256((__m256i *)lane, s->print[i]);
        out[i] = (uint32_t)(lane[0] + lane[1] + lane[2] + lane[3]);
    }
}

#define FULL_ENDS 0
#define FULL_STEP 1
#include "kernel_frame.h"

search_kernel *const search_kernels_avx2[SEARCH_DEPTHS] = {sketch, compact, full};
