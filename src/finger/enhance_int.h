/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the filter kernels. out[y][x] = sum of filter * in over 15 rows of 16 taps, >> 13,
 * where `in` points to the filter's top left corner for the first output pixel.
 */
#ifndef HABEAS_ENHANCE_INT_H
#define HABEAS_ENHANCE_INT_H

#include <stddef.h>
#include <stdint.h>

typedef void (*fx_filter_block_fn)(const int16_t *in, ptrdiff_t stride, const int16_t *filter,
                                   int16_t *out, ptrdiff_t out_stride, int columns, int rows);
void fx_filter_block_portable(const int16_t *in, ptrdiff_t stride, const int16_t *filter,
                              int16_t *out, ptrdiff_t out_stride, int columns, int rows);
void fx_filter_block_avx2(const int16_t *in, ptrdiff_t stride, const int16_t *filter, int16_t *out,
                          ptrdiff_t out_stride, int columns, int rows);
#endif
