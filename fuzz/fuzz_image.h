/* SPDX-License-Identifier: MPL-2.0
 *
 * The body of the image targets: decodes what begins like the target's format and checks what
 * hbs_image_decode_here promises: pixels within the limits and all of them set, or a message and
 * an untouched result.
 */
#ifndef HABEAS_FUZZ_IMAGE_H
#define HABEAS_FUZZ_IMAGE_H

#include "fuzz.h"
#include "habeas/image.h"

static inline int fuzz_image(enum hbs_image_format format, const uint8_t *data, size_t size)
{
    if (hbs_image_recognise(data, size) != format)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_image image = {0};
    enum hbs_err err = hbs_image_decode_here(ctx, data, size, &image);
    if (err) {
        FUZZ_PROMISE(!image.pixels && !image.width && *hbs_ctx_what(ctx));
    } else {
        FUZZ_PROMISE(image.width >= 1 && image.width <= HBS_IMAGE_SIDE_MAX);
        FUZZ_PROMISE(image.height >= 1 && image.height <= HBS_IMAGE_SIDE_MAX);
        FUZZ_PROMISE((size_t)image.width * image.height <= HBS_IMAGE_PIXELS_MAX);
        FUZZ_PROMISE(image.format == format);
        unsigned sum = 0; /* a branch on every pixel, so that an unset one is noticed by MSan */
        for (size_t i = 0; i < (size_t)image.width * image.height; i++)
            sum += image.pixels[i] > 127;
        FUZZ_PROMISE(sum <= HBS_IMAGE_PIXELS_MAX);
    }
    hbs_image_close(&image);
    fuzz_close(ctx);
    return 0;
}

#endif
