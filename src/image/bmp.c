/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: Windows and OS/2 bitmaps, after Microsoft's description of BITMAPFILEHEADER,
 * BITMAPCOREHEADER, BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER and of RLE4 and RLE8 ("Bitmap
 * Storage", "Bitmap Compression").
 *
 * Read: 1, 4, 8 bit with a palette, plain or run-length coded; 16, 24 and 32 bit, plain or with bit
 * fields, alpha where a mask declares it; rows from the bottom or from the top; pixels per metre.
 * Refused by name: JPEG or PNG inside a bitmap, Huffman coding of OS/2.
 */
#include "image_int.h"

enum { FILE_HEADER = 14, RGB = 0, RLE8 = 1, RLE4 = 2, FIELDS = 3, ALPHA_FIELDS = 6 };

struct bmp {
    uint32_t width, height;
    bool top_down;
    unsigned bits;
    uint32_t compression;
    uint32_t ppi;
    uint8_t palette[256]; /* already luma */
    unsigned colours;
    uint32_t mask[4]; /* red, green, blue, alpha */
    size_t pixels_at;
};

static enum hbs_err broken(struct hbs_ctx *ctx, const char *what)
{
    return hbs_image_broken(ctx, "BMP", what);
}

static enum hbs_err read_palette(struct hbs_ctx *ctx, const uint8_t *data, size_t size, size_t at,
                                 uint32_t declared, unsigned entry, struct bmp *b)
{
    b->colours = 1u << b->bits;
    if (declared && declared < b->colours)
        b->colours = declared;
    /* Bitmaps of OS/2 do not say how many colours they have: the pixels begin after the last. */
    if (!declared && b->pixels_at > at && (b->pixels_at - at) / entry < b->colours)
        b->colours = (unsigned)((b->pixels_at - at) / entry);
    if (size - at < (size_t)b->colours * entry)
        return hbs_image_ends(ctx, "BMP", size);
    for (unsigned i = 0; i < b->colours; i++) {
        const uint8_t *p = data + at + (size_t)i * entry; /* blue, green, red */
        b->palette[i] = hbs_luma(p[2], p[1], p[0]);
    }
    return b->colours ? HBS_OK : broken(ctx, "it has no palette");
}

static bool is_run_of_ones(uint32_t mask)
{
    if (!mask)
        return true;
    mask >>= __builtin_ctz(mask);
    return (mask & (mask + 1)) == 0;
}

static enum hbs_err read_header(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                                struct bmp *b)
{
    if (size < FILE_HEADER + 12)
        return hbs_image_ends(ctx, "BMP", size);
    uint32_t header = hbs_le32(data + 14), colours = 0;
    b->pixels_at = hbs_le32(data + 10);
    if (size < (size_t)FILE_HEADER + header)
        return hbs_image_ends(ctx, "BMP", size);
    const uint8_t *h = data + FILE_HEADER;
    size_t after = FILE_HEADER + (size_t)header;
    unsigned entry = 4, planes;
    if (header == 12) {
        b->width = hbs_le16(h + 4);
        b->height = hbs_le16(h + 6);
        planes = hbs_le16(h + 8);
        b->bits = hbs_le16(h + 10);
        entry = 3;
    } else {
        int32_t width = (int32_t)hbs_le32(h + 4), height = (int32_t)hbs_le32(h + 8);
        if (width < 0 || height == INT32_MIN)
            return broken(ctx, "its width or height is negative");
        b->width = (uint32_t)width;
        b->top_down = height < 0;
        b->height = (uint32_t)(b->top_down ? -height : height);
        planes = hbs_le16(h + 12);
        b->bits = hbs_le16(h + 14);
        b->compression = hbs_le32(h + 16);
        b->ppi = hbs_image_ppi((int32_t)hbs_le32(h + 24) * 0.0254,
                               (int32_t)hbs_le32(h + 28) * 0.0254);
        colours = hbs_le32(h + 32);
        if (colours > 65536)
            return broken(ctx, "its palette is larger than there are colours");
    }
    enum hbs_err err = hbs_image_check(ctx, "BMP", b->width, b->height);
    if (err)
        return err;
    if (planes != 1)
        return broken(ctx, "the number of planes is not 1");
    bool indexed = b->bits == 1 || b->bits == 4 || b->bits == 8;
    if (!indexed && b->bits != 16 && b->bits != 24 && b->bits != 32)
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "convert it to PNG",
                        "a BMP picture of %u bits a pixel is not read", b->bits);
    uint32_t c = b->compression;
    bool fields = (c == FIELDS || c == ALPHA_FIELDS) && (b->bits == 16 || b->bits == 32);
    if (c != RGB && !fields && !(c == RLE8 && b->bits == 8) && !(c == RLE4 && b->bits == 4))
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "convert it to PNG",
                        "a BMP picture of %u bits with compression %u is not read", b->bits, c);
    if ((c == RLE8 || c == RLE4) && b->top_down)
        return broken(ctx, "a run-length coded bitmap cannot run from the top");
    if (fields) {
        /* In the 40-byte header the masks follow it, in larger ones they are part of it. */
        unsigned masks = c == ALPHA_FIELDS || header >= 56 ? 4 : 3;
        if (size < FILE_HEADER + 40 + 4 * (size_t)masks)
            return hbs_image_ends(ctx, "BMP", size);
        for (unsigned i = 0; i < masks; i++) {
            b->mask[i] = hbs_le32(h + 40 + 4 * i);
            if (!is_run_of_ones(b->mask[i]))
                return broken(ctx, "a colour mask has holes");
        }
        if (header == 40)
            after += 4 * (size_t)masks;
    } else if (b->bits == 16) {
        b->mask[0] = 0x7c00, b->mask[1] = 0x03e0, b->mask[2] = 0x001f;
    }
    if (b->pixels_at < after || b->pixels_at > size)
        return b->pixels_at > size ? hbs_image_ends(ctx, "BMP", size)
                                   : broken(ctx, "its pixels begin inside its header");
    return indexed ? read_palette(ctx, data, size, after, colours, entry, b) : HBS_OK;
}

/* The bits under a mask, spread over 0..255. */
static unsigned field(uint32_t pixel, uint32_t mask)
{
    if (!mask)
        return 0;
    int shift = __builtin_ctz(mask);
    uint64_t most = mask >> shift, v = (pixel & mask) >> shift;
    return (unsigned)((v * 255 + most / 2) / most);
}

static uint8_t grey_of_fields(const struct bmp *b, uint32_t pixel)
{
    uint8_t v = hbs_luma(field(pixel, b->mask[0]), field(pixel, b->mask[1]),
                         field(pixel, b->mask[2]));
    return b->mask[3] ? hbs_on_white(v, field(pixel, b->mask[3])) : v;
}

/* Palette indices of one plain row; false when one is beyond the palette. */
static bool indexed_row(const struct bmp *b, const uint8_t *from, uint8_t *to)
{
    unsigned per_byte = 8 / b->bits, low = (1u << b->bits) - 1;
    for (uint32_t x = 0; x < b->width; x++) {
        unsigned shift = 8 - b->bits * (x % per_byte + 1);
        unsigned i = (unsigned)(from[x / per_byte] >> shift) & low;
        if (i >= b->colours)
            return false;
        to[x] = b->palette[i];
    }
    return true;
}

static enum hbs_err read_plain(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                               const struct bmp *b, struct hbs_image *out)
{
    size_t stride = ((size_t)b->width * b->bits + 31) / 32 * 4;
    /* The last row in the file may lack its padding. */
    size_t need = stride * (b->height - 1) + ((size_t)b->width * b->bits + 7) / 8;
    if (size - b->pixels_at < need)
        return hbs_image_ends(ctx, "BMP", size);
    enum hbs_err err = hbs_image_alloc(ctx, b->width, b->height, b->ppi, HBS_IMAGE_BMP, out);
    if (err)
        return err;
    for (uint32_t y = 0; y < b->height; y++) {
        const uint8_t *from = data + b->pixels_at + y * stride;
        uint8_t *to = out->pixels + (size_t)(b->top_down ? y : b->height - 1 - y) * b->width;
        if (b->bits <= 8) {
            if (indexed_row(b, from, to))
                continue;
            hbs_image_close(out);
            return broken(ctx, "a pixel has a colour beyond the palette");
        }
        for (uint32_t x = 0; x < b->width; x++) {
            if (b->bits == 16)
                to[x] = grey_of_fields(b, hbs_le16(from + 2 * x));
            else if (b->compression != RGB)
                to[x] = grey_of_fields(b, hbs_le32(from + 4 * x));
            else /* 24 bit, or 32 with a byte that means nothing */
                to[x] = hbs_luma(from[x * (b->bits / 8) + 2], from[x * (b->bits / 8) + 1],
                                 from[x * (b->bits / 8)]);
        }
    }
    return HBS_OK;
}

/* RLE8 and RLE4: pairs of (count, value) and escapes (0, n): 0 end of row, 1 end of picture, 2 a
 * step by (dx, dy), n >= 3 that many literal pixels, padded to 16 bit. What is never written keeps
 * the first colour. Each pair writes inside the picture or ends the reading, so time is bounded by
 * the bytes and by the pixels. */
static enum hbs_err read_runs(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                              const struct bmp *b, struct hbs_image *out)
{
    enum hbs_err err = hbs_image_alloc(ctx, b->width, b->height, b->ppi, HBS_IMAGE_BMP, out);
    if (err)
        return err;
    memset(out->pixels, b->palette[0], (size_t)b->width * b->height);
    const uint8_t *p = data + b->pixels_at, *end = data + size;
    const char *bad = NULL;
    uint32_t x = 0, y = 0;
    bool four = b->bits == 4;
    for (;;) {
        if (end - p < 2) {
            err = hbs_image_ends(ctx, "BMP", size);
            goto fail;
        }
        unsigned count = p[0], value = p[1];
        const uint8_t *literal = NULL;
        p += 2;
        if (!count && value == 1)
            return HBS_OK;
        if (!count && value == 0) {
            x = 0;
            y++;
            continue;
        }
        if (!count && value == 2) {
            if (end - p < 2) {
                err = hbs_image_ends(ctx, "BMP", size);
                goto fail;
            }
            x += p[0];
            y += p[1];
            p += 2;
            if (x > b->width || y > b->height) {
                bad = "a step leads out of the picture";
                break;
            }
            continue;
        }
        if (!count) {
            count = value;
            size_t bytes = four ? (count + 1) / 2 : count;
            bytes += bytes & 1;
            if ((size_t)(end - p) < bytes) {
                err = hbs_image_ends(ctx, "BMP", size);
                goto fail;
            }
            literal = p;
            p += bytes;
        }
        if (y >= b->height || count > b->width - x) {
            bad = "a run leads out of the picture";
            break;
        }
        uint8_t *to = out->pixels + (size_t)(b->height - 1 - y) * b->width;
        for (unsigned i = 0; i < count && !bad; i++, x++) {
            unsigned v = literal ? literal[four ? i / 2 : i] : value;
            if (four)
                v = i % 2 ? v & 15 : v >> 4;
            if (v >= b->colours)
                bad = "a pixel has a colour beyond the palette";
            else
                to[x] = b->palette[v];
        }
        if (bad)
            break;
    }
    err = broken(ctx, bad);
fail:
    hbs_image_close(out);
    return err;
}

enum hbs_err hbs_bmp_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out)
{
    struct bmp b = {0};
    struct hbs_image made;
    enum hbs_err err = read_header(ctx, data, size, &b);
    if (!err)
        err = b.compression == RLE8 || b.compression == RLE4
                  ? read_runs(ctx, data, size, &b, &made)
                  : read_plain(ctx, data, size, &b, &made);
    if (!err)
        *out = made;
    return err;
}
