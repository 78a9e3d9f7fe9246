/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: the numbers of stage 1, the sketch of a cylinder, and the probe made ready.
 */
#include "search_int.h"

#include <pthread.h>

const uint8_t search_words[SEARCH_DEPTHS] = {1, 2, 5};

/* How much better than half its set bits a pair need not be, by depth: 0 would count only pairs that
 * share more than a quarter of all their set bits. All bits: the level of dissimilarity, times 2^24,
 * below which a pair counts; of two unlike cylinders with as many set bits it is 0.5 less what they
 * share by chance. Chosen on real and on made-up prints by the share of mates that stay among the
 * best (docs/decisions/search-screening.md). */
static const uint64_t bias[SEARCH_DEPTHS] = {SEARCH_ZERO + 2, SEARCH_ZERO + 3, (uint64_t)(0.38 * (1 << 24))};

/* round(2048 / sqrt(n)). An empty cylinder gets so much that no pair with it counts; more than 63 set
 * bits, which hardly any has, count as 63. */
const uint16_t search_root[SEARCH_ROOTS] = {
    4095, 2048, 1448, 1182, 1024, 916, 836, 774, 724, 683, 648, 617, 591, 568, 547, 529,
    512, 497, 483, 470, 458, 447, 437, 427, 418, 410, 402, 394, 387, 380, 374, 368,
    362, 357, 351, 346, 341, 337, 332, 328, 324, 320, 316, 312, 309, 305, 302, 299,
    296, 293, 290, 287, 284, 281, 279, 276, 274, 271, 269, 267, 264, 262, 260, 258,
};

/* 256 * 64 / (count + 10): between the sum (many cylinders find more by chance) and the mean (few
 * find less to agree on). */
#define S(n) (uint16_t)(16384 / ((n) + 10))
#define S8(n) S(n), S(n + 1), S(n + 2), S(n + 3), S(n + 4), S(n + 5), S(n + 6), S(n + 7)
extern const uint16_t search_scale[HBS_SEARCH_CYLINDERS_MAX + 1];
const uint16_t search_scale[HBS_SEARCH_CYLINDERS_MAX + 1] = {S8(0),  S8(8),  S8(16), S8(24),
                                                             S8(32), S8(40), S(48)};

/* The sketch: 128 bits, each set when one of three neighbouring direction sections of one cell is.
 * Three a bit because cylinders are sparse (a bit in thirteen is set): a single bit tells little, and
 * directions are what noise moves most. The cells come by a walk of fixed step, prime to 312, that
 * spreads any beginning of the list over all cells and sections: its first 64 bits alone are what
 * every print is screened with. docs/decisions/search-screening.md has the comparison. */
enum { SECTIONS = 6, STEP = 193 };

static uint16_t sketch_bits[64 * SEARCH_SKETCH_WORDS][3];
static pthread_once_t sketch_once = PTHREAD_ONCE_INIT;

static void sketch_fill(void)
{
    for (int i = 0; i < 64 * SEARCH_SKETCH_WORDS; i++) {
        int bit = i * STEP % HBS_SEARCH_BITS, cell = bit / SECTIONS, section = bit % SECTIONS;
        for (int k = 0; k < 3; k++)
            sketch_bits[i][k] =
                (uint16_t)(cell * SECTIONS + (section + k + SECTIONS - 1) % SECTIONS);
    }
}

void search_sketch(const uint64_t in[HBS_SEARCH_WORDS], uint64_t out[SEARCH_SKETCH_WORDS])
{
    pthread_once(&sketch_once, sketch_fill);
    for (int w = 0; w < SEARCH_SKETCH_WORDS; w++) {
        uint64_t v = 0;
        for (int b = 0; b < 64; b++) {
            const uint16_t *s = sketch_bits[w * 64 + b];
            v |= ((in[s[0] >> 6] >> (s[0] & 63) | in[s[1] >> 6] >> (s[1] & 63) |
                   in[s[2] >> 6] >> (s[2] & 63)) & 1) << b;
        }
        out[w] = v;
    }
}

void search_probe_make(const struct hbs_search_print *print, enum search_depth depth,
                       struct search_probe *out)
{
    memset(out, 0, sizeof *out);
    out->bias = bias[depth];
    /* Directions a turn below, in, and a turn above, as far as a gate reaches: -32 .. 287. */
    int n = SEARCH_FENCE;
    for (int a = -SEARCH_GATE; a < 256 + SEARCH_GATE; a++)
        for (int i = 0; i < print->count; i++) {
            if (print->angle[i] != (uint8_t)a)
                continue;
            struct search_reached *r = &out->reached[n];
            if (depth == SEARCH_FULL)
                memcpy(r->word, print->bits[i], sizeof r->word);
            else
                search_sketch(print->bits[i], r->word);
            int bits = 0;
            for (int w = 0; w < search_words[depth]; w++)
                bits += __builtin_popcountll(r->word[w]);
            if (depth == SEARCH_FULL && !bits) /* says nothing */
                continue;
            n++;
            r->term = depth == SEARCH_FULL ? search_root[bits < SEARCH_ROOTS ? bits : SEARCH_ROOTS - 1]
                                           : (uint64_t)(SEARCH_ZERO - (bits >> 1));
            r->least = a - SEARCH_GATE;
            r->most = a + SEARCH_GATE;
        }
    for (int i = 0; i < SEARCH_FENCE; i++) {
        static const struct search_reached fence = {.least = 1024, .most = -1024};
        out->reached[i] = out->reached[n + i] = fence;
    }
    int from = SEARCH_FENCE, to = SEARCH_FENCE;
    for (int t = 0; t < 256; t++) {
        while (from < n && out->reached[from].most < t)
            from++;
        while (to < n && out->reached[to].least <= t)
            to++;
        out->from[t] = (uint8_t)from;
        out->to[t] = (uint8_t)to;
    }
}
