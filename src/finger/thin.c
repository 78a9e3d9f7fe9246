/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: thinning to one-pixel ridges, 64 pixels at a time. The rule is Guo and Hall's
 * ("Parallel thinning with two-subiteration algorithms", CACM 32:3, 1989, algorithm A1): a pixel
 * goes when it has exactly one ridge beside it (C = 1), between two and three neighbour pairs
 * (2 <= min(N1, N2) <= 3), and lies on the side of the present sub-iteration. Every condition is a
 * few Boolean operations on words of neighbours, so that a pass costs about one operation a pixel.
 */
#include "finger_int.h"

/* At least two, and all four, of four bits. */
static inline void two_and_four(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t *two,
                                uint64_t *four)
{
    uint64_t ab = a & b, cd = c & d;
    *two = ab | cd | ((a | b) & (c | d));
    *four = ab & cd;
}

static bool pass(struct hbs_fx *fx, const uint64_t *from, uint64_t *to, int side)
{
    int words = fx->words - 2;
    uint64_t changed = 0;
    for (int y = 0; y < fx->height; y++) {
        const uint64_t *up = from + (size_t)y * (size_t)fx->words + 1, *at = up + fx->words,
                       *down = at + fx->words;
        uint64_t *out = to + (size_t)(y + 1) * (size_t)fx->words + 1;
        for (int i = 0; i < words; i++) {
            uint64_t p1 = at[i];
            if (!p1) {
                out[i] = 0;
                continue;
            }
            /* p2 north, p3 north-east, ... clockwise to p9 north-west; bit x+1 is to the east */
            uint64_t p2 = up[i], p6 = down[i];
            uint64_t p3 = up[i] >> 1 | up[i + 1] << 63, p4 = at[i] >> 1 | at[i + 1] << 63,
                     p5 = down[i] >> 1 | down[i + 1] << 63;
            uint64_t p9 = up[i] << 1 | up[i - 1] >> 63, p8 = at[i] << 1 | at[i - 1] >> 63,
                     p7 = down[i] << 1 | down[i - 1] >> 63;
            uint64_t c1 = ~p2 & (p3 | p4), c2 = ~p4 & (p5 | p6), c3 = ~p6 & (p7 | p8),
                     c4 = ~p8 & (p9 | p2);
            uint64_t odd = c1 ^ c2 ^ c3 ^ c4;
            uint64_t c_two, c_four, n1_two, n1_four, n2_two, n2_four;
            two_and_four(c1, c2, c3, c4, &c_two, &c_four);
            uint64_t one = odd & ~c_two; /* exactly one: odd and not three */
            two_and_four(p9 | p2, p3 | p4, p5 | p6, p7 | p8, &n1_two, &n1_four);
            two_and_four(p2 | p3, p4 | p5, p6 | p7, p8 | p9, &n2_two, &n2_four);
            uint64_t n = n1_two & n2_two & ~(n1_four & n2_four);
            uint64_t m = side ? (p2 | p3 | ~p5) & p4 : (p6 | p7 | ~p9) & p8;
            uint64_t gone = p1 & one & n & ~m;
            out[i] = p1 & ~gone;
            changed |= gone;
        }
    }
    return changed != 0;
}

/* Fills single-pixel holes and removes single pixels first: each would leave a false structure. */
static void despeckle(struct hbs_fx *fx)
{
    int words = fx->words - 2;
    uint64_t *to = fx->bits2;
    for (int y = 0; y < fx->height; y++) {
        const uint64_t *up = fx->bits + (size_t)y * (size_t)fx->words + 1, *at = up + fx->words,
                       *down = at + fx->words;
        uint64_t *out = to + (size_t)(y + 1) * (size_t)fx->words + 1;
        for (int i = 0; i < words; i++) {
            uint64_t n = up[i], s = down[i], e = at[i] >> 1 | at[i + 1] << 63,
                     w = at[i] << 1 | at[i - 1] >> 63;
            uint64_t three = (n & s & (e | w)) | (e & w & (n | s));
            out[i] = (at[i] & (n | s | e | w)) | three;
        }
    }
    uint64_t *t = fx->bits;
    fx->bits = fx->bits2;
    fx->bits2 = t;
}

void fx_thin(struct hbs_fx *fx)
{
    despeckle(fx);
    memset(fx->bits2, 0, (size_t)(fx->height + 2) * (size_t)fx->words * sizeof *fx->bits2);
    /* A ridge is at most some 15 pixels wide where it is one; blots stop thinning at 40. */
    for (int i = 0; i < 40; i++) {
        bool a = pass(fx, fx->bits, fx->bits2, 0);
        bool b = pass(fx, fx->bits2, fx->bits, 1);
        if (!a && !b)
            break;
    }
}
