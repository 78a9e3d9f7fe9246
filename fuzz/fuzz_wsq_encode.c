/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the WSQ writer. Seven bytes choose width, height, rate, resolution, how the rest
 * becomes a picture, and whether it is a large one; encoding it must succeed, and so must decoding
 * what was written.
 */
#include "fuzz.h"
#include "image/wsq_int.h"

/* The picture: the bytes as they are, or as differences, or as steps held for a while, repeated. */
static void draw(struct hbs_image *im, unsigned how, const uint8_t *data, size_t size)
{
    size_t n = (size_t)im->width * im->height;
    uint8_t v = 0;
    for (size_t i = 0; i < n; i++) {
        size_t hold = how & 4 ? 37 : 1;
        uint8_t b = size ? data[i / hold % size] : (uint8_t)how;
        v = how & 1 ? (uint8_t)(v + (int8_t)b / 8) : b;
        if (how & 2) /* by columns instead of by rows */
            im->pixels[i % im->height * im->width + i / im->height] = v;
        else
            im->pixels[i] = v;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 7)
        return 0;
    uint32_t width = 1 + data[0] % 64, height = 1 + data[1] % 64; /* small is fast */
    bool large = data[6] == 255; /* the public way, which wants at least 256 */
    if (large) {
        width = WSQ_SIDE_MIN + data[0] % 32;
        height = WSQ_SIDE_MIN + data[1] % 32;
    }
    double rate = 0.05 + 7.95 * data[2] / 255.0;
    uint32_t ppi = hbs_be16(data + 3) % 2000;
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_image im, back = {0};
    struct hbs_buf out;
    hbs_buf_init(&out, ctx, HBS_IMAGE_BYTES_MAX);
    FUZZ_PROMISE(hbs_image_make(ctx, width, height, ppi, &im) == HBS_OK);
    draw(&im, data[5], data + 7, size - 7);
    enum hbs_err err = large ? hbs_wsq_encode(ctx, &im, rate, &out)
                             : hbs_wsq_encode_any(ctx, &im, rate, &out);
    FUZZ_PROMISE(err == HBS_OK);
    FUZZ_PROMISE(hbs_wsq_decode(ctx, out.data, out.size, &back) == HBS_OK);
    FUZZ_PROMISE(back.width == width && back.height == height);
    FUZZ_PROMISE(back.ppi == (ppi < 10 ? 0 : ppi));
    hbs_image_close(&back);
    hbs_image_close(&im);
    hbs_buf_close(&out);
    fuzz_close(ctx);
    return 0;
}
