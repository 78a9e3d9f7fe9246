/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: prints into tiles (see struct search_tiles): gathers the cylinders of four prints,
 * sorts them by direction and lays them into blocks of eight lanes.
 */
#include "search_int.h"

#include <stdlib.h>

struct lane {
    uint8_t angle, print, cylinder;
};

static int lane_order(const void *a, const void *b)
{
    const struct lane *x = a, *y = b;
    if (x->angle != y->angle)
        return x->angle < y->angle ? -1 : 1;
    if (x->print != y->print)
        return x->print < y->print ? -1 : 1;
    return x->cylinder < y->cylinder ? -1 : x->cylinder > y->cylinder;
}

uint32_t search_tile_pack(const struct hbs_search_print *const prints[], uint32_t many,
                          uint32_t words, struct search_tile *out)
{
    struct lane lanes[SEARCH_TILE * HBS_SEARCH_CYLINDERS_MAX];
    uint32_t n = 0;
    for (uint32_t p = 0; p < many; p++)
        for (uint32_t c = 0; c < prints[p]->count; c++)
            lanes[n++] = (struct lane){prints[p]->angle[c], (uint8_t)p, (uint8_t)c};
    qsort(lanes, n, sizeof *lanes, lane_order);
    uint32_t blocks = (n + SEARCH_LANES - 1) / SEARCH_LANES;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < blocks * SEARCH_LANES; i++) {
        uint32_t b = i / SEARCH_LANES, l = i % SEARCH_LANES;
        out->angle[i] = lanes[i < n ? i : n - 1].angle; /* a filler widens no block's directions */
        if (i >= n)
            continue;
        const uint64_t *bits = prints[lanes[i].print]->bits[lanes[i].cylinder];
        uint64_t sketch[SEARCH_SKETCH_WORDS];
        search_sketch(bits, sketch);
        out->owner[b * SEARCH_TILE + lanes[i].print] |= (uint8_t)(1u << l);
        out->word0[i] = sketch[0];
        for (uint32_t w = 1; w < words; w++)
            out->rest[(b * (words - 1) + w - 1) * SEARCH_LANES + l] =
                words == SEARCH_STORED_FULL ? bits[w - 1] : sketch[w];
    }
    return blocks;
}
