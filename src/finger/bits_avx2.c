/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the descriptor kernel for AVX2: four minutiae a vector, counts by table look-up of
 * half bytes (Mula, Kurz, Lemire, "Faster population counts using AVX2 instructions", The Computer
 * Journal 61:1, 2018).
 */
#include "match_int.h"

#include <immintrin.h>

void fm_bits_avx2(const uint64_t word[FM_WORDS], const uint64_t bits[FM_WORDS][FM_LANES], int from,
                  int to, uint16_t out[FM_LANES])
{
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2,
                                           1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    for (int j = from & ~3; j < to; j += 4) {
        __m256i sum = _mm256_setzero_si256();
        for (int w = 0; w < FM_WORDS; w++) {
            __m256i b;
            memcpy(&b, &bits[w][j], sizeof b);
            b = _mm256_xor_si256(b, _mm256_set1_epi64x((long long)word[w]));
            __m256i l = _mm256_shuffle_epi8(table, _mm256_and_si256(b, low));
            __m256i h = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(b, 4), low));
            sum = _mm256_add_epi8(sum, _mm256_add_epi8(l, h)); /* at most 5 * 8 a byte */
        }
        sum = _mm256_sad_epu8(sum, _mm256_setzero_si256());
        uint64_t four[4];
        memcpy(four, &sum, sizeof four);
        for (int k = 0; k < 4; k++)
            out[j + k] = (uint16_t)four[k];
    }
}
