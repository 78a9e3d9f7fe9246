/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the filter kernel for AVX2: one multiply-add a row and pixel, four pixels at a time
 * so that their sums are folded together. Same integers as the portable kernel.
 */
#include "enhance_int.h"

#include <immintrin.h>
#include <string.h>

enum { TAPS = 15, ROW = 16 };

static inline __m256i load(const int16_t *p)
{
    __m256i v;
    memcpy(&v, p, sizeof v);
    return v;
}

void fx_filter_block_avx2(const int16_t *in, ptrdiff_t stride, const int16_t *filter, int16_t *out,
                          ptrdiff_t out_stride, int columns, int rows)
{
    for (int y = 0; y < rows; y++) {
        int x = 0;
        for (; x + 4 <= columns; x += 4) {
            const int16_t *p = in + y * stride + x;
            __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0;
            for (int j = 0; j < TAPS; j++, p += stride) {
                __m256i f = load(filter + j * ROW);
                s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(f, load(p)));
                s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(f, load(p + 1)));
                s2 = _mm256_add_epi32(s2, _mm256_madd_epi16(f, load(p + 2)));
                s3 = _mm256_add_epi32(s3, _mm256_madd_epi16(f, load(p + 3)));
            }
            __m256i h = _mm256_hadd_epi32(_mm256_hadd_epi32(s0, s1), _mm256_hadd_epi32(s2, s3));
            __m128i t = _mm_add_epi32(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1));
            t = _mm_srai_epi32(t, 13);
            t = _mm_packs_epi32(t, t);
            memcpy(out + y * out_stride + x, &t, 4 * sizeof *out);
        }
        if (x < columns)
            fx_filter_block_portable(in + y * stride + x, stride, filter, out + y * out_stride + x,
                                     out_stride, columns - x, 1);
    }
}
