/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: WSQ, what is fixed by the specification: the tree of 64 subbands (figure "wavelet
 * subband decomposition"), the 9/7 biorthogonal filters (Cohen, Daubechies and Feauveau, 1992) and
 * decimal numbers.
 */
#include "wsq_int.h"

/* The tree in preorder, children in reading order: '+' splits, '.' is a band. Bands are numbered
 * as they are met. From the top: the low quarter of the picture is split on down to five levels,
 * its two mixed quarters to four; the three high quarters of the picture once more. */
static const char tree_shape[] = "+"
                                 "+"              /* low quarter of the picture */
                                 "+"              /*   its low quarter */
                                 "++......."      /*     bands 0-3, then 4-6 */
                                 "+....+....+...." /*    7-10, 11-14, 15-18 */
                                 "++....+....+....+...." /* 19-34 */
                                 "++....+....+....+...." /* 35-50 */
                                 "."              /*   51 */
                                 "+...."          /* 52-55 */
                                 "+...."          /* 56-59 */
                                 "+....";         /* 60-63 */

struct walk {
    struct wsq_tree *tree;
    const char *shape;
    int band, split;
};

/* Lays out one node. odd_x says that the node is an odd one along x in order of frequency: then its
 * spectrum runs backwards and its own low-pass half is the right one, which takes the odd column
 * when there is one (the low-pass side of n samples has ceil(n / 2)). */
static void walk_tree(struct walk *w, struct wsq_rect r, bool odd_x, bool odd_y)
{
    if (*w->shape++ == '.') {
        w->tree->band[w->band++] = r;
        return;
    }
    struct wsq_split *s = &w->tree->split[w->split++];
    s->rect = r;
    s->flip_x = odd_x;
    s->flip_y = odd_y;
    s->first = (uint8_t)w->band;
    uint32_t left = odd_x ? r.width / 2 : r.width - r.width / 2;
    uint32_t top = odd_y ? r.height / 2 : r.height - r.height / 2;
    for (int i = 0; i < 4; i++) {
        struct wsq_rect child = {
            .x = i & 1 ? r.x + left : r.x,
            .y = i & 2 ? r.y + top : r.y,
            .width = i & 1 ? r.width - left : left,
            .height = i & 2 ? r.height - top : top,
        };
        walk_tree(w, child, i & 1, i & 2);
    }
    s->end = (uint8_t)w->band;
}

void hbs_wsq_tree(uint32_t width, uint32_t height, struct wsq_tree *tree)
{
    struct walk w = {.tree = tree, .shape = tree_shape};
    walk_tree(&w, (struct wsq_rect){.width = width, .height = height}, false, false);
}

/* The filters that the specification gives for the FBI's encoders, as its files write them. */
const struct wsq_decimal hbs_wsq_97[WSQ_97_TAPS] = {
    /* low */ {852698679, 9}, {3774028556, 10}, {-1106244044, 10},
    {-2384946502, 11}, {3782845551, 11},
    /* high */ {788485616, 9}, {-4180922732, 10},
    {-4068941761, 11}, {645388826, 10},
};

void hbs_wsq_filters_97(struct wsq_filters *filters)
{
    *filters = (struct wsq_filters){.lo_half = 4, .hi_half = 3};
    for (int i = 0; i < WSQ_97_TAPS; i++) {
        const struct wsq_decimal *w = &hbs_wsq_97[i];
        uint32_t size = (uint32_t)(w->mantissa < 0 ? -w->mantissa : w->mantissa);
        float v = hbs_wsq_decimal(size, w->exponent);
        *(i < 5 ? &filters->lo[i] : &filters->hi[i - 5]) = w->mantissa < 0 ? -v : v;
    }
}

/* Divided step by step in single precision, not at once: it is how the reference decoder arrives at
 * its filters and bins, and the last bit of them decides about a hundred pixels in five million. */
float hbs_wsq_decimal(uint32_t mantissa, unsigned exponent)
{
    float v = (float)mantissa;
    for (unsigned i = 0; i < exponent; i++)
        v /= 10.0f;
    return v;
}
