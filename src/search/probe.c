/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: the numbers of stage 1, the order of the bits, and the probe made ready.
 */
#include "search_int.h"

const uint8_t search_words[SEARCH_DEPTHS] = {1, 2, 5};

/* What a pair of cylinders must have over half its set bits before it counts, by depth. Chosen on
 * made-up prints by the share of mates that stay among the best 1 % (bench_search --tune). */
static const uint8_t bias[SEARCH_DEPTHS] = {2, 4, 10};

/* 256 * 64 / (count + 10): between the sum (many cylinders find more by chance) and the mean (few
 * find less to agree on). */
#define S(n) (uint16_t)(16384 / ((n) + 10))
#define S8(n) S(n), S(n + 1), S(n + 2), S(n + 3), S(n + 4), S(n + 5), S(n + 6), S(n + 7)
extern const uint16_t search_scale[HBS_SEARCH_CYLINDERS_MAX + 1];
const uint16_t search_scale[HBS_SEARCH_CYLINDERS_MAX + 1] = {S8(0),  S8(8),  S8(16), S8(24),
                                                             S8(32), S8(40), S(48)};

/* The first 64 bits of the gallery's order are the sketch, the first 128 a compact gallery, so they
 * must tell as much as they can. Neighbours in space and direction say nearly the same; a walk of
 * fixed step through 6 sections x 52 cells, prime to 312, spreads any beginning over all of them. */
enum { STEP = 193 };

void search_reorder(const uint64_t in[HBS_SEARCH_WORDS], uint64_t out[HBS_SEARCH_WORDS])
{
    unsigned from = 0;
    for (int w = 0; w < HBS_SEARCH_WORDS; w++) {
        uint64_t v = 0;
        for (int b = 0; b < 64 && w * 64 + b < HBS_SEARCH_BITS; b++) {
            v |= (in[from >> 6] >> (from & 63) & 1) << b;
            from = (from + STEP) % HBS_SEARCH_BITS;
        }
        out[w] = v;
    }
}

void search_probe_make(const struct hbs_search_print *print, enum search_depth depth,
                       struct search_probe *out)
{
    memset(out, 0, sizeof *out);
    out->bias = SEARCH_ZERO + bias[depth];
    /* Directions a turn below, in, and a turn above, as far as a gate reaches: -32 .. 287. */
    int n = 0;
    for (int a = -SEARCH_GATE; a < 256 + SEARCH_GATE; a++)
        for (int i = 0; i < print->count; i++) {
            if (print->angle[i] != (uint8_t)a)
                continue;
            struct search_reached *r = &out->reached[n++];
            uint64_t word[HBS_SEARCH_WORDS];
            search_reorder(print->bits[i], word);
            int bits = 0;
            for (int w = 0; w < search_words[depth]; w++) {
                r->word[w] = word[w];
                bits += __builtin_popcountll(word[w]);
            }
            r->offset = (uint64_t)(SEARCH_ZERO - (bits >> 1));
            r->least = a - SEARCH_GATE;
            r->most = a + SEARCH_GATE;
        }
    out->count = (uint32_t)n;
    int from = 0, to = 0;
    for (int t = 0; t < 256; t++) {
        while (from < n && out->reached[from].most < t)
            from++;
        while (to < n && out->reached[to].least <= t)
            to++;
        out->from[t] = (uint8_t)from;
        out->to[t] = (uint8_t)to;
    }
}
