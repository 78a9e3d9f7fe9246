/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: a picture brought to another resolution, by a triangle filter as wide as a pixel of
 * the coarser of the two grids (linear interpolation upwards, area averaging downwards).
 */
#include "scale_int.h"

#include "fmath_int.h"

/* One row or column: out[i] from in[], a pixel of `out` being `step` pixels of `in`. */
static void line(const float *in, int n, ptrdiff_t in_stride, float *out, int m, ptrdiff_t out_stride,
                 float step)
{
    float wide = step > 1 ? step : 1;
    for (int i = 0; i < m; i++) {
        float centre = ((float)i + 0.5f) * step - 0.5f, sum = 0, weight = 0;
        int from = (int)(centre - wide), to = (int)(centre + wide) + 1;
        from = from < 0 ? 0 : from;
        to = to > n - 1 ? n - 1 : to;
        for (int k = from; k <= to; k++) {
            float w = 1 - fabsf((float)k - centre) / wide;
            if (w > 0) {
                sum += w * in[k * in_stride];
                weight += w;
            }
        }
        out[i * out_stride] = weight > 0 ? sum / weight : in[(from < n ? from : n - 1) * in_stride];
    }
}

enum hbs_err fx_scale(struct hbs_ctx *ctx, const uint8_t *pixels, int width, int height,
                      uint8_t *out, int out_width, int out_height)
{
    float *row = hbs_alloc(ctx, (size_t)width, sizeof *row);
    float *wide = hbs_alloc(ctx, (size_t)out_width * (size_t)height, sizeof *wide);
    float *column = hbs_alloc(ctx, (size_t)out_height, sizeof *column);
    enum hbs_err err = HBS_OK;
    if (!row || !wide || !column) {
        err = hbs_fail_memory(ctx, (size_t)out_width * (size_t)height * sizeof *wide);
        goto done;
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            row[x] = pixels[(size_t)y * (size_t)width + (size_t)x];
        line(row, width, 1, wide + (size_t)y * (size_t)out_width, out_width, 1,
             (float)width / (float)out_width);
    }
    for (int x = 0; x < out_width; x++) {
        line(wide + x, height, out_width, column, out_height, 1, (float)height / (float)out_height);
        for (int y = 0; y < out_height; y++)
            out[(size_t)y * (size_t)out_width + (size_t)x] = (uint8_t)fx_round(column[y]);
    }
done:
    hbs_free(ctx, row);
    hbs_free(ctx, wide);
    hbs_free(ctx, column);
    return err;
}
