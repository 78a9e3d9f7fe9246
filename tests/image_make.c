/* SPDX-License-Identifier: MPL-2.0
 *
 * Small pictures made on the spot (see image_make.h): the pattern, and PGM and BMP by hand.
 */
#include "image_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_put(struct bytes *b, const void *data, size_t size)
{
    if (b->size + size > b->capacity) {
        b->capacity = 2 * b->capacity + size;
        b->data = realloc(b->data, b->capacity);
        if (!b->data)
            abort();
    }
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}
void bytes_u8(struct bytes *b, unsigned v) { bytes_put(b, &(uint8_t){(uint8_t)v}, 1); }
void bytes_le16(struct bytes *b, unsigned v)
{
    bytes_u8(b, v & 255);
    bytes_u8(b, v >> 8);
}
void bytes_le32(struct bytes *b, uint32_t v)
{
    bytes_le16(b, v & 65535);
    bytes_le16(b, v >> 16);
}
void bytes_be16(struct bytes *b, unsigned v)
{
    bytes_u8(b, v >> 8);
    bytes_u8(b, v & 255);
}
void bytes_be32(struct bytes *b, uint32_t v)
{
    bytes_be16(b, v >> 16);
    bytes_be16(b, v & 65535);
}

uint32_t made_sample(uint32_t x, uint32_t y, int channel)
{
    switch (channel) {
    case 0: return (x * 4999 + y * 7331 + 257) & 65535;
    case 1: return (x * 9001 + y * 1999) & 65535;
    case 2: return (x * 3001 + y * 12007 + 40000) & 65535;
    default: return (x * 16001 + y * 5003) & 65535;
    }
}
uint32_t made_value(uint32_t x, uint32_t y, int channel, int bits)
{
    return made_sample(x, y, channel) >> (16 - bits);
}
uint8_t made_byte(uint32_t value, int bits)
{
    return bits == 16 ? (uint8_t)(value >> 8) : (uint8_t)(value * 255 / ((1u << bits) - 1));
}
uint8_t made_luma(double r, double g, double b)
{
    return (uint8_t)(0.299 * r + 0.587 * g + 0.114 * b + 0.5);
}
uint8_t made_on_white(double v, double alpha)
{
    return (uint8_t)((v * alpha + 255 * (255 - alpha)) / 255 + 0.5);
}

void made_pack(struct bytes *to, uint32_t width, uint32_t height, int channels, int bits)
{
    for (uint32_t y = 0; y < height; y++) {
        unsigned held = 0;
        int count = 0;
        for (uint32_t x = 0; x < width; x++)
            for (int c = 0; c < channels; c++) {
                /* of 2 channels the second is alpha, of 4 the fourth */
                uint32_t v = made_value(x, y, channels == 2 && c == 1 ? 3 : c, bits);
                if (bits == 16) {
                    bytes_be16(to, v);
                    continue;
                }
                held = held << bits | v;
                if ((count += bits) == 8) {
                    bytes_u8(to, held);
                    held = 0;
                    count = 0;
                }
            }
        if (count)
            bytes_u8(to, held << (8 - count));
    }
}

struct made_image *made_add(struct made_list *list, enum hbs_image_format format, uint32_t width,
                            uint32_t height, uint32_t ppi, struct bytes data, const char *name, ...)
{
    list->items = realloc(list->items, (list->count + 1) * sizeof *list->items);
    if (!list->items)
        abort();
    struct made_image *m = &list->items[list->count++];
    *m = (struct made_image){.format = format, .width = width, .height = height, .ppi = ppi,
                             .data = data.data, .size = data.size};
    va_list ap;
    va_start(ap, name);
    vsnprintf(m->name, sizeof m->name, name, ap);
    va_end(ap);
    m->expect = calloc(width ? width : 1, height ? height : 1);
    if (!m->expect)
        abort();
    return m;
}

void made_expect(struct made_image *m, int channels, int bits)
{
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++) {
            uint8_t v[4];
            for (int c = 0; c < channels; c++)
                v[c] = made_byte(made_value(x, y, channels == 2 && c == 1 ? 3 : c, bits), bits);
            uint8_t grey = channels < 3 ? v[0] : made_luma(v[0], v[1], v[2]);
            if (channels == 2 || channels == 4)
                grey = made_on_white(grey, v[channels - 1]);
            m->expect[y * m->width + x] = grey;
        }
}

void made_add_broken(struct made_list *list, enum hbs_image_format format, enum hbs_err err,
                     struct bytes data, const char *name)
{
    struct made_image *m = made_add(list, format, 0, 0, 0, data, "%s", name);
    free(m->expect);
    m->expect = NULL;
    m->err = err;
}

static void text(struct bytes *b, const char *s) { bytes_put(b, s, strlen(s)); }

void made_pgm(struct made_list *list)
{
    enum { W = 13, H = 7 };
    static const char *const broken[] = {
        "P5 0 4 255\n", "P5 4 0 255\n", "P5 -4 4 255\n1234", "P5 4 4 0\n", "P5 4 4 65536\n",
        "P5 4 4 255x1234567890123456", "P2 2 2 9 1 2 3 10", "P2 2 2 9 1 2 x 4", "P2\n# no end", "P5 ",
    };
    for (int magic = 2; magic <= 6; magic++) {
        if (magic == 4)
            continue;
        static const unsigned greatest[] = {255, 65535, 15, 1, 1000};
        for (size_t k = 0; k < sizeof greatest / sizeof *greatest; k++) {
            unsigned most = greatest[k];
            bool plain = magic < 4;
            int channels = magic % 3 ? 1 : 3;
            struct bytes b = {0};
            char line[80];
            snprintf(line, sizeof line, "P%d\n# a comment\n%d %d%s\n%u\n", magic, W, H,
                     k ? "" : " # another", most);
            text(&b, line);
            struct made_image *m;
            uint8_t grey[W * H];
            for (uint32_t y = 0; y < H; y++)
                for (uint32_t x = 0; x < W; x++) {
                    double v[3];
                    for (int c = 0; c < channels; c++) {
                        unsigned s = most == 65535 ? made_sample(x, y, c)
                                                   : made_sample(x, y, c) % (most + 1);
                        if (plain) {
                            snprintf(line, sizeof line, "%u%s", s, x == W - 1 ? "\n" : " ");
                            text(&b, line);
                        } else if (most > 255) {
                            bytes_be16(&b, s);
                        } else {
                            bytes_u8(&b, s);
                        }
                        v[c] = most == 65535 ? s >> 8 : (int)(255.0 * s / most + 0.5);
                    }
                    grey[y * W + x] = channels == 1 ? (uint8_t)v[0] : made_luma(v[0], v[1], v[2]);
                }
            m = made_add(list, HBS_IMAGE_PGM, W, H, 0, b, "p%d_max%u.pnm", magic, most);
            memcpy(m->expect, grey, sizeof grey);
        }
    }
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct bytes b = {0};
        char name[40];
        text(&b, broken[i]);
        snprintf(name, sizeof name, "broken_%zu.pnm", i);
        made_add_broken(list, HBS_IMAGE_PGM, HBS_ERR_FORMAT, b, name);
    }
    static const char *const huge[] = {"P5 20000 20000 255\n", "P2 8193 1 255\n1",
                                       "P5 8192 8192 255\n", "P5 12345678901 2 255\n"};
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++) {
        struct bytes b = {0};
        char name[40];
        text(&b, huge[i]);
        snprintf(name, sizeof name, "huge_%zu.pnm", i);
        made_add_broken(list, HBS_IMAGE_PGM, HBS_ERR_LIMIT, b, name);
    }
}

/* Both BMP headers; `pixels` counts the bytes behind them. */
static void bmp_header(struct bytes *b, unsigned header, uint32_t width, int32_t height,
                       unsigned bits, unsigned compression, unsigned colours, unsigned entry,
                       size_t masks)
{
    size_t at = 14 + header + masks + (size_t)colours * entry;
    text(b, "BM");
    bytes_le32(b, 0); /* nobody believes the size */
    bytes_le32(b, 0);
    bytes_le32(b, (uint32_t)at);
    bytes_le32(b, header);
    if (header == 12) {
        bytes_le16(b, width);
        bytes_le16(b, (unsigned)height);
        bytes_le16(b, 1);
        bytes_le16(b, bits);
        return;
    }
    bytes_le32(b, width);
    bytes_le32(b, (uint32_t)height);
    bytes_le16(b, 1);
    bytes_le16(b, bits);
    bytes_le32(b, compression);
    bytes_le32(b, 0);
    bytes_le32(b, 19685); /* 500 ppi */
    bytes_le32(b, 19685);
    bytes_le32(b, bits <= 8 ? colours : 0);
    bytes_le32(b, 0);
}

/* Grey palettes whose entry i is 255 - i scaled: so that an index taken for grey is noticed. */
static uint8_t bmp_colour(unsigned i, unsigned colours)
{
    return (uint8_t)(255 - i * 255 / (colours - 1));
}
static void bmp_palette(struct bytes *b, unsigned colours, unsigned entry)
{
    for (unsigned i = 0; i < colours; i++) {
        for (int c = 0; c < 3; c++)
            bytes_u8(b, bmp_colour(i, colours));
        if (entry == 4)
            bytes_u8(b, 0);
    }
}

static void bmp_plain(struct made_list *list, unsigned header, unsigned bits, bool top_down)
{
    enum { W = 13, H = 6 };
    struct bytes b = {0};
    unsigned colours = bits <= 8 ? 1u << bits : 0, entry = header == 12 ? 3 : 4;
    bmp_header(&b, header, W, top_down ? -H : H, bits, 0, colours, entry, 0);
    for (size_t i = b.size; i < 14 + header; i++)
        bytes_u8(&b, 0);
    bmp_palette(&b, colours, entry);
    for (int row = 0; row < H; row++) {
        uint32_t y = (uint32_t)(top_down ? row : H - 1 - row);
        size_t start = b.size;
        unsigned held = 0, count = 0;
        for (uint32_t x = 0; x < W; x++) {
            if (bits <= 8) {
                held = held << bits | made_value(x, y, 0, (int)bits);
                if ((count += bits) == 8) {
                    bytes_u8(&b, held);
                    held = count = 0;
                }
            } else if (bits == 16) {
                bytes_le16(&b, made_value(x, y, 0, 5) << 10 | made_value(x, y, 1, 5) << 5 |
                                   made_value(x, y, 2, 5));
            } else {
                for (int c = 2; c >= 0; c--)
                    bytes_u8(&b, made_value(x, y, c, 8));
                if (bits == 32)
                    bytes_u8(&b, 0); /* means nothing without a mask */
            }
        }
        if (count)
            bytes_u8(&b, held << (8 - count));
        while ((b.size - start) % 4)
            bytes_u8(&b, 0);
    }
    struct made_image *m = made_add(list, HBS_IMAGE_BMP, W, H, header == 12 ? 0 : 500, b,
                                    "h%u_%ubit%s.bmp", header, bits, top_down ? "_top" : "");
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            double v[3];
            for (int c = 0; c < 3; c++) {
                uint32_t five = made_value(x, y, c, 5);
                v[c] = bits == 16 ? (int)(five * 255.0 / 31 + 0.5) : made_value(x, y, c, 8);
            }
            m->expect[y * W + x] = bits <= 8
                                       ? bmp_colour(made_value(x, y, 0, (int)bits), colours)
                                       : made_luma(v[0], v[1], v[2]);
        }
}

/* Bit fields: 5-6-5 in 16 bit behind a 40-byte header, and 32 bit with alpha in a 108-byte one. */
static void bmp_fields(struct made_list *list)
{
    enum { W = 5, H = 4 };
    static const uint32_t masks[2][4] = {{0xf800, 0x07e0, 0x001f, 0},
                                         {0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000}};
    for (int k = 0; k < 2; k++) {
        struct bytes b = {0};
        unsigned header = k ? 108 : 40;
        bmp_header(&b, header, W, H, k ? 32 : 16, 3, 0, 4, k ? 0 : 12);
        for (int i = 0; i < (k ? 4 : 3); i++)
            bytes_le32(&b, masks[k][i]);
        while (b.size < 14 + header)
            bytes_u8(&b, 0);
        uint8_t grey[W * H];
        for (int y = H - 1; y >= 0; y--)
            for (uint32_t x = 0; x < W; x++) {
                uint32_t v[4];
                for (int c = 0; c < 4; c++)
                    v[c] = made_value(x, (uint32_t)y, c, k ? 8 : c == 1 ? 6 : 5);
                if (k)
                    bytes_le32(&b, v[0] | v[1] << 8 | v[2] << 16 | v[3] << 24);
                else
                    bytes_le16(&b, v[0] << 11 | v[1] << 5 | v[2]);
                if (!k && x == W - 1)
                    bytes_le16(&b, 0); /* 10 bytes a row, padded to 12 */
                uint8_t luma = k ? made_luma(v[0], v[1], v[2])
                                 : made_luma((int)(v[0] * 255.0 / 31 + 0.5),
                                             (int)(v[1] * 255.0 / 63 + 0.5),
                                             (int)(v[2] * 255.0 / 31 + 0.5));
                grey[(unsigned)y * W + x] = k ? made_on_white(luma, v[3]) : luma;
            }
        struct made_image *m = made_add(list, HBS_IMAGE_BMP, W, H, 500, b, "fields_%d.bmp", k);
        memcpy(m->expect, grey, sizeof grey);
    }
}

/* 6 x 3, colours 0..3: a run, a literal, a step over two pixels, an early end. */
static void bmp_runs(struct made_list *list)
{
    static const uint8_t eight[] = {6, 1, 0, 0,                    /* bottom row: 1 1 1 1 1 1 */
                                    0, 3, 2, 3, 2, 0, 3, 0, 0, 0,  /* 2 3 2 0 0 0 */
                                    0, 2, 2, 0, 2, 3, 0, 1};       /* . . 3 3, end */
    static const uint8_t four[] = {6, 0x11, 0, 0, 0, 3, 0x23, 0x20, 3, 0x00, 0, 0,
                                   0, 2, 2, 0, 2, 0x33, 0, 1};
    static const uint8_t index[3][6] = {{0, 0, 3, 3, 0, 0}, {2, 3, 2, 0, 0, 0}, {1, 1, 1, 1, 1, 1}};
    for (int k = 0; k < 2; k++) {
        struct bytes b = {0};
        bmp_header(&b, 40, 6, 3, k ? 4 : 8, k ? 2 : 1, 4, 4, 0);
        bmp_palette(&b, 4, 4);
        bytes_put(&b, k ? four : eight, k ? sizeof four : sizeof eight);
        struct made_image *m = made_add(list, HBS_IMAGE_BMP, 6, 3, 500, b, "rle%d.bmp", k ? 4 : 8);
        for (int i = 0; i < 18; i++)
            m->expect[i] = bmp_colour(index[i / 6][i % 6], 4);
    }
    static const uint8_t wrong[][8] = {
        {7, 1, 0, 1},             /* longer than the row */
        {6, 1, 1, 1, 0, 1},       /* one more at its end */
        {0, 2, 7, 0, 0, 1},       /* a step out to the right */
        {0, 2, 0, 4, 0, 1},       /* and out of the top */
        {0, 0, 0, 0, 0, 0, 1, 1}, /* a run beyond the last row */
        {1, 4, 0, 1},             /* a colour beyond the palette */
        {0, 5, 1, 1},             /* literals cut off */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bytes b = {0};
        char name[40];
        bmp_header(&b, 40, 6, 3, 8, 1, 4, 4, 0);
        bmp_palette(&b, 4, 4);
        bytes_put(&b, wrong[i], i == 6 ? 4 : 8);
        snprintf(name, sizeof name, "broken_run_%zu.bmp", i);
        made_add_broken(list, HBS_IMAGE_BMP, HBS_ERR_FORMAT, b, name);
    }
}

void made_bmp(struct made_list *list)
{
    static const unsigned depths[] = {1, 4, 8, 16, 24, 32};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        bmp_plain(list, 40, depths[i], false);
        bmp_plain(list, 40, depths[i], true);
    }
    bmp_plain(list, 12, 4, false);
    bmp_plain(list, 12, 8, false);
    bmp_plain(list, 12, 24, false);
    bmp_plain(list, 124, 8, false);
    bmp_fields(list);
    bmp_runs(list);
    static const struct {
        uint32_t width;
        int32_t height;
        unsigned bits, compression;
        enum hbs_err err;
        const char *name;
    } wrong[] = {
        {20000, 20000, 24, 0, HBS_ERR_LIMIT, "huge_0.bmp"},
        {8192, -8192, 1, 0, HBS_ERR_LIMIT, "huge_1.bmp"},
        {0, 4, 8, 0, HBS_ERR_FORMAT, "broken_width.bmp"},
        {4, INT32_MIN, 8, 0, HBS_ERR_FORMAT, "broken_height.bmp"},
        {4, 4, 7, 0, HBS_ERR_UNSUPPORTED, "broken_bits.bmp"},
        {4, 4, 24, 4, HBS_ERR_UNSUPPORTED, "broken_jpeg_inside.bmp"},
        {4, -4, 8, 1, HBS_ERR_FORMAT, "broken_runs_from_top.bmp"},
        {4, 4, 8, 0, HBS_ERR_FORMAT, "broken_cut.bmp"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bytes b = {0};
        bmp_header(&b, 40, wrong[i].width, wrong[i].height, wrong[i].bits, wrong[i].compression, 4,
                   4, 0);
        bmp_palette(&b, 4, 4);
        made_add_broken(list, HBS_IMAGE_BMP, wrong[i].err, b, wrong[i].name);
    }
    struct bytes b = {0};
    bmp_header(&b, 40, 4, 1, 8, 0, 4, 4, 0);
    bmp_palette(&b, 4, 4);
    bytes_le32(&b, 0x00040100); /* colour 4 of 0..3 */
    made_add_broken(list, HBS_IMAGE_BMP, HBS_ERR_FORMAT, b, "broken_colour.bmp");
}

void made_free(struct made_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].data);
        free(list->items[i].expect);
    }
    free(list->items);
    *list = (struct made_list){0};
}
