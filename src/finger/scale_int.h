/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: scaling of grey pictures (scale.c).
 */
#ifndef HABEAS_SCALE_INT_H
#define HABEAS_SCALE_INT_H
#include "base/base_int.h"
enum hbs_err fx_scale(struct hbs_ctx *ctx, const uint8_t *pixels, int width, int height,
                      uint8_t *out, int out_width, int out_height);
#endif
