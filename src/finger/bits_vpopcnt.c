/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the descriptor kernel for AVX-512 with VPOPCNTDQ: eight minutiae a vector.
 */
#include "match_int.h"

#include <immintrin.h>

void fm_bits_vpopcnt(const uint64_t word[FM_WORDS], const uint64_t bits[FM_WORDS][FM_LANES],
                     int from, int to, uint16_t out[FM_LANES])
{
    for (int j = from & ~7; j < to; j += 8) {
        __m512i sum = _mm512_setzero_si512();
        for (int w = 0; w < FM_WORDS; w++) {
            __m512i b = _mm512_xor_si512(_mm512_loadu_si512(&bits[w][j]),
                                         _mm512_set1_epi64((long long)word[w]));
            sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(b));
        }
        __m128i narrow = _mm512_cvtepi64_epi16(sum);
        memcpy(out + j, &narrow, sizeof narrow);
    }
}
