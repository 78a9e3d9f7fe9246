/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: the inner loop of growth in C, and for the x86-64 floor with PMADDWD of SSE2, which compilers do
 * not find by themselves in a loop whose four sums share a filter.
 */
#include "growth_int.h"

#define INLINE static inline __attribute__((always_inline))

#if defined(__SSE2__)
#include <emmintrin.h>

INLINE int32_t total(__m128i v)
{
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, _MM_SHUFFLE(1, 0, 3, 2)));
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm_cvtsi128_si32(v);
}

INLINE __m128i load(const int16_t *p) { return _mm_loadu_si128((const __m128i *)(const void *)p); }

INLINE __m128i more(__m128i sum, const int16_t *at, __m128i k)
{
    return _mm_add_epi32(sum, _mm_madd_epi16(load(at), k));
}

INLINE int32_t dot_coarse(const int16_t *f, const int16_t *at, size_t stride)
{
    __m128i s0 = _mm_setzero_si128(), s1 = s0;
    for (int y = 0; y < GROW_COARSE_SIDE; y++, f += GROW_COARSE_WIDTH, at += stride) {
        s0 = more(s0, at, load(f));
        s1 = more(s1, at + 8, load(f + 8));
    }
    return total(_mm_add_epi32(s0, s1));
}

/* One load of the filter serves four products. */
INLINE void dot_fine(const int16_t *f, const int16_t *at, size_t stride, int32_t sum[4])
{
    __m128i s0 = _mm_setzero_si128(), s1 = s0, s2 = s0, s3 = s0;
    f += GROW_FINE_LEAD;
    for (int y = 0; y < GROW_FINE_SIDE; y++, f += GROW_FINE_WIDTH, at += stride)
        for (int x = 0; x < GROW_FINE_WIDTH; x += 8) {
            __m128i k = load(f + x);
            s0 = more(s0, at + x, k);
            s1 = more(s1, at + x + 1, k);
            s2 = more(s2, at + stride + x, k);
            s3 = more(s3, at + stride + x + 1, k);
        }
    sum[0] = total(s0), sum[1] = total(s1), sum[2] = total(s2), sum[3] = total(s3);
}
#else
INLINE int32_t dot_coarse(const int16_t *f, const int16_t *at, size_t stride)
{
    int32_t sum = 0;
    for (int y = 0; y < GROW_COARSE_SIDE; y++, f += GROW_COARSE_WIDTH, at += stride)
        for (int x = 0; x < GROW_COARSE_WIDTH; x++)
            sum += (int32_t)f[x] * at[x];
    return sum;
}

INLINE void dot_fine(const int16_t *f, const int16_t *at, size_t stride, int32_t sum[4])
{
    sum[0] = sum[1] = sum[2] = sum[3] = 0;
    f += GROW_FINE_LEAD;
    for (int y = 0; y < GROW_FINE_SIDE; y++, f += GROW_FINE_WIDTH, at += stride)
        for (int x = 0; x < GROW_FINE_WIDTH; x++) {
            sum[0] += (int32_t)f[x] * at[x];
            sum[1] += (int32_t)f[x] * at[x + 1];
            sum[2] += (int32_t)f[x] * at[stride + (size_t)x];
            sum[3] += (int32_t)f[x] * at[stride + (size_t)x + 1];
        }
}
#endif

INLINE void four_coarse(const int16_t *const f[4], const int16_t *at, size_t stride, int32_t sum[4])
{
    for (int i = 0; i < 4; i++)
        sum[i] = dot_coarse(f[i], at + i, stride);
}

#include "growth_frame.h"

const struct syn_grow_kernel syn_grow_portable = {HBS_ISA_PORTABLE, coarse_row, fine_row};
