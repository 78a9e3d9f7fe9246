/* SPDX-License-Identifier: MPL-2.0
 *
 * Small TIFF pictures made with libtiff (see image_make.h).
 */
#include "image_make.h"

#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

struct file {
    struct bytes bytes;
    uint64_t at;
};

static tmsize_t on_read(thandle_t h, void *to, tmsize_t size)
{
    struct file *f = h;
    size_t left = f->at < f->bytes.size ? f->bytes.size - (size_t)f->at : 0;
    size_t n = (size_t)size < left ? (size_t)size : left;
    if (n)
        memcpy(to, f->bytes.data + f->at, n);
    f->at += n;
    return (tmsize_t)n;
}
static tmsize_t on_write(thandle_t h, void *from, tmsize_t size)
{
    struct file *f = h;
    while (f->bytes.size < f->at + (size_t)size)
        bytes_u8(&f->bytes, 0);
    memcpy(f->bytes.data + f->at, from, (size_t)size);
    f->at += (size_t)size;
    return size;
}
static toff_t on_seek(thandle_t h, toff_t offset, int whence)
{
    struct file *f = h;
    f->at = (whence == SEEK_CUR ? f->at : whence == SEEK_END ? f->bytes.size : 0) + offset;
    return f->at;
}
static int on_close(thandle_t h) { return 0; }
static toff_t on_size(thandle_t h) { return ((struct file *)h)->bytes.size; }

struct kind {
    const char *name;
    int photometric, channels, bits, compression;
    bool apart, tiled, multiplied;
    const char *mode; /* "w" and byte order: l or b; 8 for BigTIFF */
    uint32_t ppi;
    bool cm;
    int orientation;
};

static uint16_t colour(unsigned i, int c) { return (uint16_t)((i * 9973 + (unsigned)c * 20011) & 65535); }

/* The samples of a block at (x0, y0), one plane or all, rows ending on a byte. libtiff takes 16 bit
 * in the machine's order (little here as everywhere the project builds). */
static struct bytes block(const struct kind *k, uint32_t x0, uint32_t y0, uint32_t w, uint32_t h,
                          int plane)
{
    struct bytes b = {0};
    for (uint32_t y = y0; y < y0 + h; y++) {
        unsigned held = 0;
        int count = 0;
        for (uint32_t x = x0; x < x0 + w; x++)
            for (int c = plane < 0 ? 0 : plane; c <= (plane < 0 ? k->channels - 1 : plane); c++) {
                bool alpha = (k->channels == 2 && c == 1) || c == 3;
                uint32_t v = made_value(x, y, alpha ? 3 : c, k->bits);
                if (k->multiplied && !alpha) /* 8 bit: at most alpha */
                    v = v * made_value(x, y, 3, 8) / 255;
                if (k->bits == 16) {
                    bytes_put(&b, &(uint16_t){(uint16_t)v}, 2);
                    continue;
                }
                held = held << k->bits | v;
                if ((count += k->bits) == 8) {
                    bytes_u8(&b, held);
                    held = 0;
                    count = 0;
                }
            }
        if (count)
            bytes_u8(&b, held << (8 - count));
    }
    return b;
}

static struct bytes encode(const struct kind *k, uint32_t width, uint32_t height)
{
    struct file f = {{0}, 0};
    TIFF *t = TIFFClientOpen("made", k->mode, &f, on_read, on_write, on_seek, on_close, on_size,
                             NULL, NULL);
    if (!t)
        abort();
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, k->bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, k->channels);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, k->photometric);
    TIFFSetField(t, TIFFTAG_COMPRESSION, k->compression);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, k->apart ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    if (k->orientation)
        TIFFSetField(t, TIFFTAG_ORIENTATION, k->orientation);
    if (k->channels % 2 == 0) {
        uint16_t extra = k->multiplied ? EXTRASAMPLE_ASSOCALPHA : EXTRASAMPLE_UNASSALPHA;
        TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &extra);
    }
    if (k->ppi) {
        TIFFSetField(t, TIFFTAG_XRESOLUTION, k->cm ? k->ppi / 2.54 : (double)k->ppi);
        TIFFSetField(t, TIFFTAG_YRESOLUTION, k->cm ? k->ppi / 2.54 : (double)k->ppi);
        TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, k->cm ? RESUNIT_CENTIMETER : RESUNIT_INCH);
    }
    uint16_t map[3][256];
    if (k->photometric == PHOTOMETRIC_PALETTE) {
        for (unsigned i = 0; i < 256; i++)
            for (int c = 0; c < 3; c++)
                map[c][i] = colour(i, c);
        TIFFSetField(t, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
    }
    enum { TILE = 16, ROWS = 4 };
    int first = k->apart ? 0 : -1, last = k->apart ? k->channels - 1 : -1;
    if (k->tiled) {
        TIFFSetField(t, TIFFTAG_TILEWIDTH, TILE);
        TIFFSetField(t, TIFFTAG_TILELENGTH, TILE);
    } else {
        TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, ROWS);
    }
    for (int plane = first; plane <= last; plane++) {
        uint32_t step = k->tiled ? TILE : ROWS;
        for (uint32_t y = 0; y < height; y += step)
            for (uint32_t x = 0; x < (k->tiled ? width : 1); x += TILE) {
                uint32_t h = k->tiled || height - y > step ? step : height - y;
                struct bytes b = block(k, x, y, k->tiled ? TILE : width, h, plane);
                tmsize_t wrote =
                    k->tiled
                        ? TIFFWriteEncodedTile(t, TIFFComputeTile(t, x, y, 0, (uint16_t)(plane < 0 ? 0 : plane)),
                                               b.data, (tmsize_t)b.size)
                        : TIFFWriteEncodedStrip(t, TIFFComputeStrip(t, y, (uint16_t)(plane < 0 ? 0 : plane)),
                                                b.data, (tmsize_t)b.size);
                if (wrote != (tmsize_t)b.size)
                    abort();
                free(b.data);
            }
    }
    TIFFClose(t);
    return f.bytes;
}

static void expect(struct made_image *m, const struct kind *k, uint32_t width, uint32_t height)
{
    for (uint32_t row = 0; row < height; row++)
        for (uint32_t column = 0; column < width; column++) {
            uint8_t v[4];
            for (int c = 0; c < k->channels; c++)
                v[c] = made_byte(made_value(column, row, k->channels == 2 && c ? 3 : c, k->bits),
                                 k->bits);
            if (k->multiplied)
                for (int c = 0; c < k->channels - 1; c++)
                    v[c] = (uint8_t)(v[c] * v[k->channels - 1] / 255);
            uint8_t grey = k->channels < 3 ? v[0] : made_luma(v[0], v[1], v[2]);
            if (k->photometric == PHOTOMETRIC_MINISWHITE)
                grey = (uint8_t)(255 - grey);
            if (k->photometric == PHOTOMETRIC_PALETTE) {
                unsigned i = made_value(column, row, 0, k->bits);
                grey = made_luma(colour(i, 0) >> 8, colour(i, 1) >> 8, colour(i, 2) >> 8);
            }
            if (k->channels % 2 == 0)
                grey = k->multiplied ? (uint8_t)(grey + 255 - v[k->channels - 1])
                                     : made_on_white(grey, v[k->channels - 1]);
            /* TIFF 6.0, page 36: where the first row and column are seen */
            uint32_t x = column, y = row, w = width, h = height;
            switch (k->orientation) {
            case 2: x = w - 1 - column; break;
            case 3: x = w - 1 - column, y = h - 1 - row; break;
            case 4: y = h - 1 - row; break;
            case 5: x = row, y = column; break;
            case 6: x = h - 1 - row, y = column; break;
            case 7: x = h - 1 - row, y = w - 1 - column; break;
            case 8: x = row, y = w - 1 - column; break;
            default: break;
            }
            m->expect[y * m->width + x] = grey;
        }
}

/* JPEG inside TIFF: grey, and YCbCr with halved chroma; ramps, as JPEG loses something. */
static void jpeg_inside(struct made_list *list)
{
    enum { W = 32, H = 24, ROWS = 16 };
    for (int channels = 1; channels <= 3; channels += 2) {
        struct file f = {{0}, 0};
        uint8_t rows[ROWS * W * 3], expected[W * H];
        TIFF *t = TIFFClientOpen("made", "wl", &f, on_read, on_write, on_seek, on_close, on_size,
                                 NULL, NULL);
        if (!t)
            abort();
        TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
        TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
        TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
        TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, channels);
        TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
        TIFFSetField(t, TIFFTAG_PHOTOMETRIC,
                     channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_YCBCR);
        TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
        TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, ROWS);
        TIFFSetField(t, TIFFTAG_JPEGQUALITY, 98);
        if (channels == 3)
            TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        for (uint32_t y0 = 0; y0 < H; y0 += ROWS) {
            uint32_t n = H - y0 < ROWS ? H - y0 : ROWS;
            for (uint32_t y = 0; y < n; y++)
                for (uint32_t x = 0; x < W; x++) {
                    unsigned r = 30 + 4 * x + 2 * (y0 + y), g = 200 - 4 * x, b = 40 + 5 * (y0 + y);
                    uint8_t *p = rows + (y * W + x) * (unsigned)channels;
                    p[0] = (uint8_t)r;
                    if (channels == 3)
                        p[1] = (uint8_t)g, p[2] = (uint8_t)b;
                    expected[(y0 + y) * W + x] = channels == 1 ? (uint8_t)r : made_luma(r, g, b);
                }
            tmsize_t size = (tmsize_t)(n * W * (unsigned)channels);
            if (TIFFWriteEncodedStrip(t, y0 / ROWS, rows, size) != size)
                abort();
        }
        TIFFClose(t);
        struct made_image *m = made_add(list, HBS_IMAGE_TIFF, W, H, 0, f.bytes, "jpeg_inside%d.tif",
                                        channels);
        memcpy(m->expect, expected, sizeof expected);
        m->within = channels == 1 ? 2 : 5;
    }
}

void made_tiff(struct made_list *list)
{
    jpeg_inside(list);
    enum { B = PHOTOMETRIC_MINISBLACK, I = PHOTOMETRIC_MINISWHITE, P = PHOTOMETRIC_PALETTE,
           C = PHOTOMETRIC_RGB, NO = COMPRESSION_NONE, LZW = COMPRESSION_LZW,
           ZIP = COMPRESSION_ADOBE_DEFLATE, PACK = COMPRESSION_PACKBITS, G4 = COMPRESSION_CCITTFAX4 };
    static const struct kind kinds[] = {
        {"grey1", B, 1, 1, NO, 0, 0, 0, "wl", 500, 0, 0},
        {"grey2", B, 1, 2, NO, 0, 0, 0, "wl", 0, 0, 0},
        {"grey4", B, 1, 4, LZW, 0, 0, 0, "wl", 500, 1, 0},
        {"grey8", B, 1, 8, NO, 0, 0, 0, "wl", 500, 0, 0},
        {"grey16", B, 1, 16, NO, 0, 0, 0, "wl", 1000, 1, 0},
        {"grey16_big", B, 1, 16, NO, 0, 0, 0, "wb", 0, 0, 0},
        {"white1_g4", I, 1, 1, G4, 0, 0, 0, "wl", 500, 0, 0},
        {"white4", I, 1, 4, NO, 0, 0, 0, "wb", 0, 0, 0},
        {"white8", I, 1, 8, PACK, 0, 0, 0, "wl", 0, 0, 0},
        {"white16", I, 1, 16, ZIP, 0, 0, 0, "wl", 0, 0, 0},
        {"palette1", P, 1, 1, NO, 0, 0, 0, "wl", 0, 0, 0},
        {"palette4", P, 1, 4, NO, 0, 0, 0, "wl", 0, 0, 0},
        {"palette8", P, 1, 8, LZW, 0, 0, 0, "wb", 500, 0, 0},
        {"rgb8", C, 3, 8, ZIP, 0, 0, 0, "wl", 500, 0, 0},
        {"rgb8_apart", C, 3, 8, LZW, 1, 0, 0, "wl", 0, 0, 0},
        {"rgb16_apart", C, 3, 16, NO, 1, 0, 0, "wb", 0, 0, 0},
        {"rgb4", C, 3, 4, NO, 0, 0, 0, "wl", 0, 0, 0},
        {"rgba8", C, 4, 8, NO, 0, 0, 0, "wl", 0, 0, 0},
        {"rgba8_apart", C, 4, 8, ZIP, 1, 0, 0, "wl", 0, 0, 0},
        {"rgba8_multiplied", C, 4, 8, NO, 0, 0, 1, "wl", 0, 0, 0},
        {"grey_alpha", B, 2, 8, NO, 0, 0, 0, "wl", 0, 0, 0},
        {"white_alpha", I, 2, 8, NO, 0, 0, 0, "wl", 0, 0, 0},
        {"tiled_grey8", B, 1, 8, LZW, 0, 1, 0, "wl", 500, 0, 0},
        {"tiled_grey1", B, 1, 1, NO, 0, 1, 0, "wl", 0, 0, 0},
        {"tiled_rgb8_apart", C, 3, 8, NO, 1, 1, 0, "wb", 0, 0, 0},
        {"tiled_rgb16", C, 3, 16, ZIP, 0, 1, 0, "wl", 0, 0, 0},
        {"bigtiff", B, 1, 8, NO, 0, 0, 0, "w8", 500, 0, 0},
        {"turned2", B, 1, 8, NO, 0, 0, 0, "wl", 0, 0, 2},
        {"turned3", B, 1, 8, NO, 0, 0, 0, "wl", 0, 0, 3},
        {"turned4", B, 1, 8, NO, 0, 0, 0, "wl", 0, 0, 4},
        {"turned5", B, 1, 8, NO, 0, 0, 0, "wl", 0, 0, 5},
        {"turned6", B, 1, 8, NO, 0, 0, 0, "wl", 500, 0, 6},
        {"turned7", B, 1, 8, NO, 0, 1, 0, "wl", 0, 0, 7},
        {"turned8", B, 1, 8, NO, 0, 0, 0, "wl", 0, 0, 8},
    };
    enum { W = 21, H = 11 };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct kind *k = &kinds[i];
        bool swapped = k->orientation >= 5;
        struct made_image *m = made_add(list, HBS_IMAGE_TIFF, swapped ? H : W, swapped ? W : H,
                                        k->ppi, encode(k, W, H), "%s.tif", k->name);
        expect(m, k, W, H);
        m->within = k->channels % 2 == 0; /* two roundings */
    }
    static const struct kind bad[] = {
        {"broken_cmyk.tif", PHOTOMETRIC_SEPARATED, 4, 8, NO, 0, 0, 0, "wl", 0, 0, 0},
        {"broken_lab.tif", PHOTOMETRIC_CIELAB, 3, 8, NO, 0, 0, 0, "wl", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        made_add_broken(list, HBS_IMAGE_TIFF, HBS_ERR_UNSUPPORTED, encode(&bad[i], W, H),
                        bad[i].name);
    for (int k = 0; k < 4; k++) {
        static const char *const names[] = {"huge_0.tif", "broken_cut.tif", "broken_loop.tif",
                                            "broken_strip.tif"};
        struct bytes b = encode(&kinds[k == 3 ? 2 : 3], W, H);
        /* the directory is where bytes 4..7 say: 2 bytes of count, then 12 a tag */
        size_t at = b.data[4] | (size_t)b.data[5] << 8;
        for (size_t e = at + 2; k == 0 && e + 12 <= b.size; e += 12) {
            unsigned tag = b.data[e] | (unsigned)b.data[e + 1] << 8;
            if (tag == 256 || tag == 257)
                b.data[e + 8] = 20000 & 255, b.data[e + 9] = 20000 >> 8;
        }
        if (k == 1)
            b.size = at + 20;
        if (k == 2)
            b.data[at] = 0; /* a directory without tags */
        if (k == 3)
            memset(b.data + 8, 0x55, 24); /* LZW codes that mean nothing */
        made_add_broken(list, HBS_IMAGE_TIFF, k ? HBS_ERR_FORMAT : HBS_ERR_LIMIT, b, names[k]);
    }
    struct bytes b = {0};
    bytes_put(&b, "II*\0", 4);
    made_add_broken(list, HBS_IMAGE_TIFF, HBS_ERR_FORMAT, b, "broken_signature_only.tif");
}
