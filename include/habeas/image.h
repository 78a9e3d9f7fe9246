/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/image.h: a picture becomes 8-bit grey pixels; and back into PNG or WSQ.
 *
 * Untrusted bytes are decoded in a confined process of their own (struct hbs_decoder): it is
 * started by exec, so it inherits no memory, may only read and write the one socket to its parent
 * (seccomp), has limits on memory and time, and is replaced after a crash or a number of pictures.
 * hbs_image_decode_here() decodes in the calling process; it exists for the worker itself, for
 * fuzzers and for tests, and no process that holds a gallery may call it.
 */
#ifndef HABEAS_IMAGE_H
#define HABEAS_IMAGE_H

#include "habeas/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Limits, checked on the header before any pixel memory is taken. */
#define HBS_IMAGE_SIDE_MAX 8192u          /* pixels a side */
#define HBS_IMAGE_PIXELS_MAX 33554432u    /* pixels in all (32 Mi) */
#define HBS_IMAGE_BYTES_MAX 67108864u     /* bytes of the encoded file (64 Mi) */

enum hbs_image_format {
    HBS_IMAGE_UNKNOWN = 0,
    HBS_IMAGE_PNG = 1,
    HBS_IMAGE_JPEG = 2,
    HBS_IMAGE_JP2 = 3,      /* JPEG 2000, JP2 file or bare codestream */
    HBS_IMAGE_TIFF = 4,
    HBS_IMAGE_BMP = 5,
    HBS_IMAGE_PGM = 6,      /* P2, P5 (and P3, P6 turned grey) */
    HBS_IMAGE_WSQ = 7,
    HBS_IMAGE_RAW = 8       /* 8-bit grey without a header; width and height must be told */
};

/* 8-bit grey, row by row from the top, no padding: pixels[y * width + x], 0 black (ridges are
 * dark). `ppi` is what the file declares, rounded, or 0 when it declares nothing. */
struct hbs_image {
    uint32_t width, height;
    uint32_t ppi;
    enum hbs_image_format format; /* what it was decoded from */
    uint8_t *pixels;              /* owned; freed by hbs_image_close */
    struct hbs_ctx *ctx;          /* whose allocator made pixels */
};

/* Makes a white picture. HBS_ERR_LIMIT beyond the limits above. */
HBS_API HBS_MUST_USE enum hbs_err hbs_image_make(struct hbs_ctx *ctx, uint32_t width,
                                                 uint32_t height, uint32_t ppi,
                                                 struct hbs_image *out) HBS_NONNULL(1, 5);
HBS_API void hbs_image_close(struct hbs_image *image);

/* Which format the bytes are, by content alone; HBS_IMAGE_UNKNOWN if none of ours. */
HBS_API enum hbs_image_format hbs_image_recognise(const void *data, size_t size);
HBS_API const char *hbs_image_format_name(enum hbs_image_format format);

/* Decodes in this process (see above). Colour becomes luma (ITU-R BT.601), palettes are looked up,
 * 16 bit keep their high byte, 1-, 2- and 4-bit are spread over 0..255, alpha is laid on white. */
HBS_API HBS_MUST_USE enum hbs_err hbs_image_decode_here(struct hbs_ctx *ctx, const void *data,
                                                        size_t size, struct hbs_image *out)
    HBS_NONNULL(1, 2, 4);
/* Raw 8-bit grey: exactly width * height bytes. */
HBS_API HBS_MUST_USE enum hbs_err hbs_image_from_raw(struct hbs_ctx *ctx, const void *data,
                                                     size_t size, uint32_t width, uint32_t height,
                                                     uint32_t ppi, struct hbs_image *out)
    HBS_NONNULL(1, 2, 7);

/* The confined decoder. `worker` is the path of the habeas-decode program; NULL finds it: beside
 * the running program, then where it was installed. Started at the first picture; replaced after 256
 * pictures or 30 s of work, and after every failure of its own. One decoder a thread, like its
 * context; a worker ends with the thread that started it and is replaced unnoticed. The program
 * that holds a decoder must leave the worker's exit status to it (no wait() for any child). */
struct hbs_decoder;
HBS_API HBS_MUST_USE enum hbs_err hbs_decoder_open(struct hbs_ctx *ctx, const char *worker,
                                                   struct hbs_decoder **out) HBS_NONNULL(1, 3);
HBS_API void hbs_decoder_close(struct hbs_decoder *decoder);
/* Sends the bytes to the worker and gets pixels or its error. A worker that dies or overstays
 * 10 s costs this picture alone: HBS_ERR_WORKER, and the next call starts a fresh one. */
HBS_API HBS_MUST_USE enum hbs_err hbs_decoder_decode(struct hbs_decoder *decoder, const void *data,
                                                     size_t size, struct hbs_image *out)
    HBS_NONNULL(1, 2, 4);
/* CPU seconds that this decoder's workers have spent so far: what the caller's own clock does not see. */
HBS_API double hbs_decoder_cpu(const struct hbs_decoder *decoder) HBS_NONNULL(1);
/* Reads a file and decodes it; the file's name is the error's "where". */
HBS_API HBS_MUST_USE enum hbs_err hbs_decoder_read(struct hbs_decoder *decoder, const char *path,
                                                   struct hbs_image *out) HBS_NONNULL(1, 2, 3);

/* PNG of grey pixels, or of width * height RGB triplets; appended to `out`. ppi 0: not written. */
HBS_API HBS_MUST_USE enum hbs_err hbs_png_encode(struct hbs_ctx *ctx, uint32_t width,
                                                 uint32_t height, int channels, uint32_t ppi,
                                                 const uint8_t *pixels, struct hbs_buf *out)
    HBS_NONNULL(1, 6, 7);

/* WSQ (FBI IAFIS-IC-0110 V3.1): `rate` is the target in bits a pixel, 0.75 for about 15:1 and 2.25
 * for about 5:1. ppi 0 writes no resolution comment. Images of at least 256 x 256, rates from 0.05
 * to 8; HBS_ERR_USAGE for others. Appended to `out`, which is as it was on failure. */
HBS_API HBS_MUST_USE enum hbs_err hbs_wsq_encode(struct hbs_ctx *ctx,
                                                 const struct hbs_image *image, double rate,
                                                 struct hbs_buf *out) HBS_NONNULL(1, 2, 4);

#ifdef __cplusplus
}
#endif
#endif
