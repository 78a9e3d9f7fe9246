/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image, private side: one reader a format, and what the readers share. Every reader takes
 * the whole encoded file, knows nothing of files or processes, checks the size that the header
 * declares with hbs_image_check before it takes memory for pixels, and leaves *out untouched on
 * failure. Its messages carry the place in the bytes; the file's name is added by who knows it.
 */
#ifndef HABEAS_IMAGE_INT_H
#define HABEAS_IMAGE_INT_H

#include "base/base_int.h"
#include "habeas/image.h"

enum hbs_err hbs_png_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out);
enum hbs_err hbs_jpeg_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                             struct hbs_image *out);
enum hbs_err hbs_jp2_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out);
enum hbs_err hbs_tiff_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                             struct hbs_image *out);
enum hbs_err hbs_bmp_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out);
enum hbs_err hbs_pnm_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out);

/* What is refused before any reader is asked: nothing, too much, no format of ours, a format
 * without a reader. Looks at the first bytes only, so a process that must not decode may call it. */
enum hbs_err hbs_image_admit(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                             enum hbs_image_format *out);

/* Refuses a declared size of nothing (HBS_ERR_FORMAT) or beyond the limits (HBS_ERR_LIMIT). */
enum hbs_err hbs_image_check(struct hbs_ctx *ctx, const char *format, uint64_t width,
                             uint64_t height);
/* hbs_image_check, then pixels of unset value. The format's name comes from `format`. */
enum hbs_err hbs_image_alloc(struct hbs_ctx *ctx, uint64_t width, uint64_t height, uint32_t ppi,
                             enum hbs_image_format format, struct hbs_image *out);
/* "the NAME picture ends after N bytes": what every reader says of a truncated file. */
enum hbs_err hbs_image_ends(struct hbs_ctx *ctx, const char *format, size_t size);
/* What a library said of the bytes, printable and without its line end. */
enum hbs_err hbs_image_broken(struct hbs_ctx *ctx, const char *format, const char *said);

/* Pixels per inch out of a declared resolution in both directions, rounded. 0 (nothing declared)
 * when it cannot be meant: outside 10 to 12,700, or differing by more than 1 %: a print with
 * oblong pixels has no one scale. */
uint32_t hbs_image_ppi(double x_per_inch, double y_per_inch);

/* BT.601 luma in 16-bit fixed point; the weights sum to 65536, so grey stays what it is. */
static inline uint8_t hbs_luma(unsigned r, unsigned g, unsigned b)
{
    return (uint8_t)((19595u * r + 38470u * g + 7471u * b + 32768u) >> 16);
}
/* A pixel with alpha (0 clear, 255 solid) laid on white. */
static inline uint8_t hbs_on_white(unsigned v, unsigned alpha)
{
    return (uint8_t)((v * alpha + 255u * (255u - alpha) + 127u) / 255u);
}
/* One row of interleaved 8-bit samples into grey: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and
 * alpha. `to` may be `from`. */
void hbs_image_grey_row(const uint8_t *from, int channels, uint32_t width, uint8_t *to);

#endif
