/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: PNG (ISO/IEC 15948) in and out, through libpng.
 *
 * libpng leaves its functions by longjmp on an error. All state that has to be cleaned up afterwards
 * therefore lies in one struct whose address is taken before setjmp; no local that changes after
 * setjmp is read after a jump. Its memory comes from the context, so a test can make it fail.
 */
#include "image_int.h"

#include <png.h>
#include <setjmp.h>

enum { CHUNK_BYTES_MAX = 8 << 20, CHUNKS_KEPT_MAX = 64, SIGNATURE = 8 };

struct run {
    struct hbs_ctx *ctx;
    const uint8_t *data; /* reading: the bytes and how far they are read */
    size_t size, at;
    bool cut;            /* libpng wanted more than there is */
    bool no_memory;
    struct hbs_buf *out; /* writing: where to, and what it answered */
    enum hbs_err err;
    struct hbs_image image;
    uint8_t *rows;       /* a row, or all rows of an interlaced picture, as libpng gives them */
    char said[120];
};

static void on_error(png_structp png, png_const_charp text)
{
    struct run *r = png_get_error_ptr(png);
    size_t n = 0;
    for (; text[n] && n + 1 < sizeof r->said; n++)
        r->said[n] = text[n];
    r->said[n] = 0;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {}

static png_voidp on_malloc(png_structp png, png_alloc_size_t size)
{
    struct run *r = png_get_mem_ptr(png);
    void *p = hbs_resize(r->ctx, NULL, size);
    r->no_memory |= !p;
    return p;
}

static void on_free(png_structp png, png_voidp p)
{
    struct run *r = png_get_mem_ptr(png);
    hbs_free(r->ctx, p);
}

static void on_read(png_structp png, png_bytep to, size_t size)
{
    struct run *r = png_get_io_ptr(png);
    if (size > r->size - r->at) {
        r->cut = true;
        png_error(png, "cut off");
    }
    memcpy(to, r->data + r->at, size);
    r->at += size;
}

static void on_write(png_structp png, png_bytep from, size_t size)
{
    struct run *r = png_get_io_ptr(png);
    if ((r->err = hbs_buf_put(r->out, from, size)))
        png_error(png, "refused");
}

static void on_flush(png_structp png) {}

/* The part that libpng may leave by a jump. */
static void read_picture(struct run *r, png_structp png, png_infop info)
{
    png_read_info(png, info);
    png_uint_32 x = 0, y = 0;
    int unit = PNG_RESOLUTION_UNKNOWN;
    if (png_get_pHYs(png, info, &x, &y, &unit) && unit == PNG_RESOLUTION_METER)
        r->image.ppi = hbs_image_ppi(x * 0.0254, y * 0.0254);
    png_set_expand(png);   /* palettes to RGB, 1, 2, 4 bit to 8, a transparent colour to alpha */
    png_set_strip_16(png); /* the high byte */
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    int channels = png_get_channels(png, info);
    size_t stride = png_get_rowbytes(png, info);
    if (channels < 1 || channels > 4 || stride != (size_t)channels * r->image.width)
        png_error(png, "rows of an unexpected kind");
    size_t kept = passes > 1 ? r->image.height : 1;
    r->rows = png_malloc(png, stride * kept);
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y_at = 0; y_at < r->image.height; y_at++) {
            uint8_t *row = r->rows + (passes > 1 ? y_at * stride : 0);
            png_read_row(png, row, NULL);
            if (pass == passes - 1)
                hbs_image_grey_row(row, channels, r->image.width,
                                   r->image.pixels + (size_t)y_at * r->image.width);
        }
    png_read_end(png, NULL); /* a file without its end is a cut file */
}

enum hbs_err hbs_png_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out)
{
    /* The size stands at a fixed place: checked here, before libpng sees a byte. */
    if (size < SIGNATURE + 8 + 13)
        return hbs_image_ends(ctx, "PNG", size);
    if (hbs_be32(data + 8) != 13 || memcmp(data + 12, "IHDR", 4))
        return hbs_image_broken(ctx, "PNG", "it does not begin with its header");
    struct run run = {.ctx = ctx, .data = data, .size = size}, *r = &run;
    enum hbs_err err = hbs_image_alloc(ctx, hbs_be32(data + 16), hbs_be32(data + 20), 0,
                                       HBS_IMAGE_PNG, &r->image);
    if (err)
        return err;
    png_infop volatile info = NULL;
    png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, r, on_error, on_warning, r,
                                               on_malloc, on_free);
    if (!png) {
        err = hbs_fail_memory(ctx, 0);
        goto done;
    }
    if (setjmp(png_jmpbuf(png))) {
        err = r->cut         ? hbs_image_ends(ctx, "PNG", size)
              : r->no_memory ? hbs_fail_memory(ctx, (size_t)r->image.width * r->image.height)
                             : hbs_image_broken(ctx, "PNG", r->said);
        goto done;
    }
    info = png_create_info_struct(png);
    if (!info)
        png_error(png, "no memory");
    png_set_user_limits(png, HBS_IMAGE_SIDE_MAX, HBS_IMAGE_SIDE_MAX);
    png_set_chunk_malloc_max(png, CHUNK_BYTES_MAX);
    png_set_chunk_cache_max(png, CHUNKS_KEPT_MAX);
    png_set_read_fn(png, r, on_read);
    read_picture(r, png, info);
done:
    if (png) {
        png_infop i = info;
        png_free(png, r->rows);
        png_destroy_read_struct(&png, &i, NULL);
    }
    if (err)
        hbs_image_close(&r->image);
    else
        *out = r->image;
    return err;
}

enum hbs_err hbs_png_encode(struct hbs_ctx *ctx, uint32_t width, uint32_t height, int channels,
                            uint32_t ppi, const uint8_t *pixels, struct hbs_buf *out)
{
    enum hbs_err err = hbs_image_check(ctx, "PNG", width, height);
    if (err)
        return err;
    if (channels != 1 && channels != 3)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give 1 (grey) or 3 (RGB)",
                        "a PNG picture of %d channels is not written", channels);
    size_t before = out->size;
    struct run run = {.ctx = ctx, .out = out}, *r = &run;
    png_infop volatile info = NULL;
    png_structp png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, r, on_error, on_warning, r,
                                                on_malloc, on_free);
    if (!png)
        return hbs_fail_memory(ctx, 0);
    if (setjmp(png_jmpbuf(png))) {
        /* the buffer has said why, unless libpng itself ran out of memory */
        err = r->err ? r->err
              : r->no_memory ? hbs_fail_memory(ctx, 0)
                             : hbs_fail(ctx, HBS_ERR_BUG, "", "report this",
                                        "libpng cannot write the picture: %s", r->said);
        out->size = before;
        goto done;
    }
    info = png_create_info_struct(png);
    if (!info)
        png_error(png, "no memory");
    png_set_write_fn(png, r, on_write, on_flush);
    png_set_IHDR(png, info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (ppi) {
        png_uint_32 per_metre = (png_uint_32)(ppi / 0.0254 + 0.5);
        png_set_pHYs(png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
    }
    png_write_info(png, info);
    for (uint32_t y = 0; y < height; y++)
        png_write_row(png, pixels + (size_t)y * width * (unsigned)channels);
    png_write_end(png, NULL);
done: {
    png_infop i = info;
    png_destroy_write_struct(&png, &i);
}
    return err;
}
