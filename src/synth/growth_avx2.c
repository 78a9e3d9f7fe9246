/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: the inner loop of growth with AVX2. A row of a coarse filter is one vector. A fine
 * one is a vector and a half: the second halves of two neighbouring pixels share a vector. Rows of the
 * raster are loaded once for the four pixels of a block, which meet them with the filter in four places;
 * reading the filter from one number earlier moves it. What bounds this is 12 vector operations a row.
 */
#include "growth_int.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

INLINE int32_t total(__m256i v)
{
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(1, 0, 3, 2)));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm_cvtsi128_si32(s);
}

INLINE __m256i load(const int16_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }

INLINE __m128i half(const int16_t *p) { return _mm_loadu_si128((const __m128i *)(const void *)p); }

INLINE __m256i more(__m256i sum, __m256i v, __m256i k) { return _mm256_add_epi32(sum, _mm256_madd_epi16(v, k)); }

/* Four sums of eight at once: pairs are added within halves until one number of each is left in both. */
INLINE void totals(__m256i s0, __m256i s1, __m256i s2, __m256i s3, int32_t sum[4])
{
    __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(s0, s1), _mm256_hadd_epi32(s2, s3));
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    _mm_storeu_si128((__m128i *)(void *)sum, four);
}

INLINE __m256i one_coarse(const int16_t *f, const int16_t *at, size_t stride)
{
    __m256i s = _mm256_setzero_si256();
    for (int y = 0; y < GROW_COARSE_SIDE; y++, f += GROW_COARSE_WIDTH, at += stride)
        s = more(s, load(at), load(f));
    return s;
}

INLINE int32_t dot_coarse(const int16_t *f, const int16_t *at, size_t stride)
{
    return total(one_coarse(f, at, stride));
}

INLINE void four_coarse(const int16_t *const f[4], const int16_t *at, size_t stride, int32_t sum[4])
{
    totals(one_coarse(f[0], at, stride), one_coarse(f[1], at + 1, stride), one_coarse(f[2], at + 2, stride),
           one_coarse(f[3], at + 3, stride), sum);
}

/* The right end of a filter's row as it is and a pixel to the right of it, side by side. */
INLINE __m256i ends(const int16_t *f)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(half(f + 17)), half(f + 16), 1);
}

INLINE void dot_fine(const int16_t *f, const int16_t *at, size_t stride, int32_t sum[4])
{
    /* sums of the block's pixels, then the right ends of two of them in the halves of one vector */
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0, s01 = s0, s23 = s0;
    __m256i above0 = s0, above1 = s0, above = s0; /* the filter's row before */
    for (int y = 0; y <= GROW_FINE_SIDE; y++, f += GROW_FINE_WIDTH, at += stride) {
        __m256i v = load(at), end = _mm256_broadcastsi128_si256(half(at + 16));
        s2 = more(s2, v, above0);
        s3 = more(s3, v, above1);
        s23 = more(s23, end, above);
        if (y == GROW_FINE_SIDE)
            break;
        above0 = load(f + 1), above1 = load(f), above = ends(f);
        s0 = more(s0, v, above0);
        s1 = more(s1, v, above1);
        s01 = more(s01, end, above);
    }
    const __m256i none = _mm256_setzero_si256();
    s0 = _mm256_add_epi32(s0, _mm256_permute2x128_si256(s01, none, 0x20));
    s1 = _mm256_add_epi32(s1, _mm256_permute2x128_si256(s01, none, 0x31));
    s2 = _mm256_add_epi32(s2, _mm256_permute2x128_si256(s23, none, 0x20));
    s3 = _mm256_add_epi32(s3, _mm256_permute2x128_si256(s23, none, 0x31));
    totals(s0, s1, s2, s3, sum);
}

#include "growth_frame.h"

const struct syn_grow_kernel syn_grow_avx2 = {HBS_ISA_AVX2, coarse_row, fine_row};
