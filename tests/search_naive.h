/* SPDX-License-Identifier: MPL-2.0
 *
 * Stage 1 of room search as its formula says (src/search/search_int.h), pair by pair, with nothing
 * shared with the kernels: what they are tested against.
 */
#ifndef HABEAS_SEARCH_NAIVE_H
#define HABEAS_SEARCH_NAIVE_H

#include "habeas/search.h"

#include <stdlib.h>

static int naive_count(const uint64_t *a, const uint64_t *b, int words)
{
    int n = 0;
    for (int i = 0; i < words; i++)
        n += __builtin_popcountll(a[i] ^ (b ? b[i] : 0));
    return n;
}

/* The sketch: bit i is set when direction section s - 1, s or s + 1 of cell c is, where 6 c + s =
 * 193 i mod 312. */
static void naive_sketch(const uint64_t *in, uint64_t out[2])
{
    out[0] = out[1] = 0;
    for (int i = 0; i < 128; i++) {
        int bit = 193 * i % 312, cell = bit / 6, section = bit % 6;
        for (int k = -1; k <= 1; k++) {
            int from = 6 * cell + (section + k + 6) % 6;
            if (in[from / 64] >> (from % 64) & 1)
                out[i / 64] |= (uint64_t)1 << (i % 64);
        }
    }
}

/* 2048 / sqrt(n), rounded; cylinders of more than 63 bits are taken as having 63. */
static long naive_root(int n)
{
    long r = 0;
    n = n > 63 ? 63 : n;
    while ((2 * r + 1) * (2 * r + 1) * n <= 4L * 2048 * 2048)
        r++;
    return r;
}

/* depth 0: 64 bits of the sketch, 1: all 128, 2: the cylinders. */
static uint16_t naive_score(const struct hbs_search_print *probe, const struct hbs_search_print *gallery,
                            int depth)
{
    static const int bias[2] = {2, 3}, words[3] = {1, 2, 5};
    const long level = (long)(0.38 * (1 << 24));
    long sum = 0;
    for (int b = 0; b < gallery->count; b++) {
        uint64_t wb[5];
        long best = 0;
        if (depth < 2)
            naive_sketch(gallery->bits[b], wb);
        else
            for (int i = 0; i < 5; i++)
                wb[i] = gallery->bits[b][i];
        for (int a = 0; a < probe->count; a++) {
            uint64_t wa[5];
            int turn = abs((int)probe->angle[a] - (int)gallery->angle[b]);
            if ((turn > 128 ? 256 - turn : turn) > 32)
                continue;
            if (depth < 2)
                naive_sketch(probe->bits[a], wa);
            else
                for (int i = 0; i < 5; i++)
                    wa[i] = probe->bits[a][i];
            int na = naive_count(wa, NULL, words[depth]), nb = naive_count(wb, NULL, words[depth]);
            int d = naive_count(wa, wb, words[depth]);
            long s = depth < 2 ? na / 2 + nb / 2 + bias[depth] - d : 0;
            if (depth == 2 && na && nb) {
                long z = d * naive_root(na) * naive_root(nb);
                s = z < level ? (level - z) >> 13 : 0;
            }
            best = s > best ? s : best;
        }
        sum += best;
    }
    sum = sum * (16384 / (gallery->count + 10)) >> 8;
    return (uint16_t)(sum < 65535 ? sum : 65535);
}

#endif
