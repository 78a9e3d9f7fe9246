/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth, private to growth.c and its kernels: the shapes of the filters and the one inner loop of
 * growth, of which there is a version for each instruction set.
 *
 * A pass is a sum of products of 16-bit integers in 32 bits. The filters are made so that no sum
 * overflows (growth.c), so it is the same in any order, and every version gives the same ridges:
 * tests/test_synth_growth.c compares them for every filter at every alignment.
 */
#ifndef HABEAS_SYNTH_GROWTH_INT_H
#define HABEAS_SYNTH_GROWTH_INT_H

#include "synth_int.h"

/* Filters of the fine raster reach 10 pixels: 2.6 deviations of a period of 9.5 across. On the coarse
 * raster a pixel is two by two fine ones, and the filters are half as large. A filter is SIDE rows, each
 * padded with zeros to WIDTH, so that a row is whole vectors; a fine row begins with one zero, so that
 * reading it from there or from the next number places it a pixel to the right or not, and one more zero
 * follows the last row. */
enum { GROW_FINE_REACH = 10, GROW_FINE_SIDE = 21, GROW_FINE_WIDTH = 24, GROW_FINE_LEAD = 1 };
enum { GROW_COARSE_REACH = 5, GROW_COARSE_SIDE = 11, GROW_COARSE_WIDTH = 16 };
#define GROW_FINE (GROW_FINE_SIDE * GROW_FINE_WIDTH + 8)
#define GROW_COARSE (GROW_COARSE_SIDE * GROW_COARSE_WIDTH)
/* Heights lie in -GROW_FULL .. GROW_FULL; filters carry GROW_BITS bits of fraction. */
enum { GROW_FULL = 127, GROW_BITS = 13 };
#define GROW_NONE 0xffffu /* no filter: outside the finger */

/* One row of n coarse pixels. choice[i] is the number of the filter in `bank` for the coarse pixel i, or
 * GROW_NONE, whose output is left alone. `from` is the upper left corner of the first pixel's
 * neighbourhood and `to` the first pixel itself, in rasters of `stride`. A fine row makes the two
 * by two pixels of each coarse one, all with its filter. Reads 16 numbers from the left edge of each row of a coarse pixel's
 * neighbourhood, 25 of a fine block's, whose neighbourhood has a row more than its filter. */
typedef void syn_grow_row(const int16_t *bank, const uint16_t *choice, size_t n, const int16_t *from,
                          int16_t *to, size_t stride);
struct syn_grow_kernel {
    enum hbs_isa isa;
    syn_grow_row *coarse, *fine;
};
extern const struct syn_grow_kernel syn_grow_portable, syn_grow_avx2;
/* The kernel for an instruction set: itself, or the best below it. */
const struct syn_grow_kernel *syn_grow_kernel_of(enum hbs_isa isa);

/* syn_grow by a given kernel. */
enum hbs_err syn_grow_with(struct hbs_ctx *ctx, const struct syn_grow_kernel *kernel, const struct syn_finger *f,
                           uint64_t seed, int8_t *height);
/* Multiply-adds a growth takes on either raster, padding of filters and all. */
void syn_grow_work(const struct syn_finger *f, uint64_t *coarse, uint64_t *fine);

static inline int16_t syn_grow_clip(int32_t sum)
{
    sum >>= GROW_BITS;
    return (int16_t)(sum > GROW_FULL ? GROW_FULL : sum < -GROW_FULL ? -GROW_FULL : sum);
}

#endif
