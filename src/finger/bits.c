/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the descriptor kernel in portable C, the reference for the others: counts in
 * parallel within a word (Wilkes, Wheeler, Gill 1957; Knuth 7.1.3, "sideways addition").
 */
#include "match_int.h"

static inline unsigned count(uint64_t v)
{
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (unsigned)(v * 0x0101010101010101u >> 56);
}

void fm_bits_portable(const uint64_t word[FM_WORDS], const uint64_t bits[FM_WORDS][FM_LANES],
                      int from, int to, uint16_t out[FM_LANES])
{
    for (int j = from; j < to; j++) {
        unsigned sum = 0;
        for (int w = 0; w < FM_WORDS; w++)
            sum += count(word[w] ^ bits[w][j]);
        out[j] = (uint16_t)sum;
    }
}
