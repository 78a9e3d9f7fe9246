/* SPDX-License-Identifier: MPL-2.0
 *
 * Small PNG pictures of every colour type and depth, made with libpng (see image_make.h).
 */
#include "image_make.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

static void to_bytes(png_structp png, png_bytep data, size_t size)
{
    bytes_put(png_get_io_ptr(png), data, size);
}
static void nothing(png_structp png) {}

struct kind {
    int type, channels, bits, interlace;
    bool transparent; /* a tRNS chunk: for palettes an alpha a colour, for grey one clear value */
    uint32_t ppi;
    int unit;
};

static void palette_of(int bits, png_color *colours, uint8_t *alpha)
{
    for (unsigned i = 0; i < 1u << bits; i++) {
        colours[i] = (png_color){(uint8_t)(i * 37 + 11), (uint8_t)(i * 91 + 200), (uint8_t)(i * 5)};
        alpha[i] = (uint8_t)(255 - i * 13);
    }
}

static struct bytes encode(const struct kind *k, uint32_t width, uint32_t height)
{
    struct bytes out = {0}, rows = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png)))
        abort();
    png_set_write_fn(png, &out, to_bytes, nothing);
    png_set_IHDR(png, info, width, height, k->bits, k->type, k->interlace, 0, 0);
    png_color colours[256];
    uint8_t alpha[256];
    if (k->type == PNG_COLOR_TYPE_PALETTE) {
        palette_of(k->bits, colours, alpha);
        png_set_PLTE(png, info, colours, 1 << k->bits);
        if (k->transparent)
            png_set_tRNS(png, info, alpha, 1 << k->bits, NULL);
    } else if (k->transparent) {
        png_color_16 clear = {.gray = (uint16_t)made_value(1, 1, 0, k->bits)};
        png_set_tRNS(png, info, NULL, 0, &clear);
    }
    if (k->ppi)
        png_set_pHYs(png, info, (uint32_t)(k->ppi / 0.0254 + 0.5), (uint32_t)(k->ppi / 0.0254 + 0.5),
                     k->unit);
    made_pack(&rows, width, height, k->channels, k->bits);
    png_bytepp lines = malloc(height * sizeof *lines);
    if (!lines)
        abort();
    for (uint32_t y = 0; y < height; y++)
        lines[y] = rows.data + y * (rows.size / height);
    png_set_rows(png, info, lines);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    png_destroy_write_struct(&png, &info);
    free(lines);
    free(rows.data);
    return out;
}

static void expect(struct made_image *m, const struct kind *k)
{
    made_expect(m, k->channels, k->bits);
    png_color colours[256];
    uint8_t alpha[256];
    palette_of(k->type == PNG_COLOR_TYPE_PALETTE ? k->bits : 8, colours, alpha);
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++) {
            uint8_t *to = &m->expect[y * m->width + x];
            uint32_t v = made_value(x, y, 0, k->bits);
            if (k->type == PNG_COLOR_TYPE_PALETTE) {
                *to = made_luma(colours[v].red, colours[v].green, colours[v].blue);
                if (k->transparent)
                    *to = made_on_white(*to, alpha[v]);
            } else if (k->transparent && v == made_value(1, 1, 0, k->bits)) {
                *to = 255;
            }
        }
}

/* Puts a big-endian number into the header and mends its check sum. */
static void patch_header(struct bytes *b, size_t at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        b->data[at + (size_t)i] = (uint8_t)(value >> (24 - 8 * i));
    uint32_t crc = 0xffffffffu; /* PNG annex D, bit by bit */
    for (size_t i = 12; i < 29; i++) {
        crc ^= b->data[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    crc = ~crc;
    for (int i = 0; i < 4; i++)
        b->data[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

void made_png(struct made_list *list)
{
    enum { G = PNG_COLOR_TYPE_GRAY, P = PNG_COLOR_TYPE_PALETTE, C = PNG_COLOR_TYPE_RGB,
           GA = PNG_COLOR_TYPE_GRAY_ALPHA, CA = PNG_COLOR_TYPE_RGB_ALPHA,
           M = PNG_RESOLUTION_METER, U = PNG_RESOLUTION_UNKNOWN };
    static const struct kind kinds[] = {
        {G, 1, 1, 0, 0, 500, M},  {G, 1, 2, 0, 0, 1000, M},  {G, 1, 4, 0, 0, 0, M},
        {G, 1, 8, 0, 0, 500, M},  {G, 1, 16, 0, 0, 500, U},  {G, 1, 8, 0, 1, 0, M},
        {G, 1, 2, 0, 1, 0, M},    {G, 1, 16, 0, 1, 0, M},    {P, 1, 1, 0, 0, 250, M},
        {P, 1, 2, 0, 0, 0, M},    {P, 1, 4, 0, 1, 0, M},     {P, 1, 8, 0, 0, 500, M},
        {P, 1, 8, 0, 1, 500, M},  {C, 3, 8, 0, 0, 500, M},   {C, 3, 16, 0, 0, 0, M},
        {GA, 2, 8, 0, 0, 0, M},   {GA, 2, 16, 0, 0, 0, M},   {CA, 4, 8, 0, 0, 0, M},
        {CA, 4, 16, 0, 0, 72, M}, {G, 1, 1, 1, 0, 0, M},     {G, 1, 8, 1, 0, 500, M},
        {P, 1, 4, 1, 0, 0, M},    {C, 3, 8, 1, 0, 0, M},     {CA, 4, 16, 1, 0, 0, M},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct kind *k = &kinds[i];
        struct made_image *m =
            made_add(list, HBS_IMAGE_PNG, 13, 9, k->unit == M ? k->ppi : 0, encode(k, 13, 9),
                     "type%d_%dbit%s%s_%u.png", k->type, k->bits, k->interlace ? "_adam7" : "",
                     k->transparent ? "_clear" : "", k->ppi);
        expect(m, k);
        m->within = k->channels == 2 || k->channels == 4 || k->transparent; /* two roundings */
    }
    static const struct kind plain = {G, 1, 8, 0, 0, 0, M};
    struct bytes b = encode(&plain, 13, 9);
    patch_header(&b, 16, 20000);
    patch_header(&b, 20, 20000);
    made_add_broken(list, HBS_IMAGE_PNG, HBS_ERR_LIMIT, b, "huge_0.png");
    b = encode(&plain, 13, 9);
    patch_header(&b, 20, 0);
    made_add_broken(list, HBS_IMAGE_PNG, HBS_ERR_FORMAT, b, "broken_height.png");
    b = encode(&plain, 13, 9);
    patch_header(&b, 16, 14); /* rows one byte longer than the data */
    made_add_broken(list, HBS_IMAGE_PNG, HBS_ERR_FORMAT, b, "broken_width.png");
    b = encode(&plain, 13, 9);
    b.data[b.size - 20] ^= 0xff; /* in the compressed data */
    made_add_broken(list, HBS_IMAGE_PNG, HBS_ERR_FORMAT, b, "broken_data.png");
    b = encode(&plain, 13, 9);
    b.size -= 12; /* without IEND */
    made_add_broken(list, HBS_IMAGE_PNG, HBS_ERR_FORMAT, b, "broken_no_end.png");
    b = (struct bytes){0};
    bytes_put(&b, "\x89PNG\r\n\x1a\n", 8);
    made_add_broken(list, HBS_IMAGE_PNG, HBS_ERR_FORMAT, b, "broken_signature_only.png");
}
