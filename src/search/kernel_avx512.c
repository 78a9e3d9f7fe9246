/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: stage 1 with AVX-512 BW but no vector popcount: bits are counted nibble by nibble with VPSHUFB
 * (Mula, Kurz and Lemire, "Faster population counts using AVX2 instructions", Computer Journal
 * 61:1, 2018). Five words go first through two full adders (Harley and Seal's carry-save tree,
 * same paper), each two VPTERNLOGQ, which leaves three words to count, two of them with weight two.
 */
#include "search_int.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

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

#define FULL_ENDS 0
#define FULL_STEP 1
#include "kernel_512.h"

search_kernel *const search_kernels_avx512[SEARCH_DEPTHS] = {sketch, compact, full};
