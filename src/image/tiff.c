/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: TIFF 6.0 and BigTIFF through libtiff, out of memory, the first picture of a file.
 *
 * Read: grey (black or white is zero), palette and RGB of 1, 2, 4, 8 or 16 bit, with or without
 * alpha, in strips or tiles, planes together or apart, whatever compression libtiff was built with,
 * and YCbCr inside JPEG compression; turned upright by the orientation tag. Refused by name: CMYK,
 * Lab, other YCbCr, signed and floating-point samples.
 *
 * libtiff says what is wrong through handlers; those of this handle (libtiff 4.5) are set, so
 * nothing is printed and no global is touched. A warning while pixels are read means damaged data
 * and counts as an error; one about a tag does not.
 */
#include "image_int.h"

#include <stdio.h>
#include <tiffio.h>

enum { STRIP_BYTES_MAX = 256 << 20, PLANES = 4 };

struct tiff {
    struct hbs_ctx *ctx;
    TIFF *tif;
    const uint8_t *data;
    size_t size;
    uint64_t at;
    bool cut;      /* libtiff wanted bytes beyond the end */
    bool reading;  /* pixels, not tags */
    bool failed;
    char said[160];
    /* the picture's shape */
    uint32_t width, height;
    uint16_t bits, samples, photometric, planar;
    int colours;     /* 1 or 3 */
    int alpha;       /* sample number of alpha, -1 without */
    bool multiplied; /* colours are already multiplied by alpha */
    uint8_t palette[256];
    uint8_t *buffer[PLANES]; /* one strip or tile of each plane; only the first when together */
    struct hbs_image image;
};

static tmsize_t on_read(thandle_t handle, void *to, tmsize_t size)
{
    struct tiff *t = handle;
    size_t left = t->at < t->size ? t->size - (size_t)t->at : 0, n = (size_t)size;
    if (n > left) {
        t->cut = true;
        n = left;
    }
    if (n)
        memcpy(to, t->data + t->at, n);
    t->at += n;
    return (tmsize_t)n;
}
static tmsize_t on_write(thandle_t handle, void *from, tmsize_t size) { return 0; }
static toff_t on_seek(thandle_t handle, toff_t offset, int whence)
{
    struct tiff *t = handle;
    uint64_t base = whence == SEEK_CUR ? t->at : whence == SEEK_END ? t->size : 0;
    t->at = base + offset; /* beyond the end is noticed when it is read */
    return t->at;
}
static int on_close(thandle_t handle) { return 0; }
static toff_t on_size(thandle_t handle) { return ((struct tiff *)handle)->size; }

static int on_error(TIFF *tif, void *user, const char *module, const char *format, va_list ap)
{
    struct tiff *t = user;
    if (!t->failed) /* the first is nearest to the cause */
        vsnprintf(t->said, sizeof t->said, format, ap);
    t->failed = true;
    return 1;
}
static int on_warning(TIFF *tif, void *user, const char *module, const char *format, va_list ap)
{
    struct tiff *t = user;
    if (t->reading)
        on_error(tif, user, module, format, ap);
    return 1;
}

static enum hbs_err broken(struct tiff *t)
{
    return t->cut ? hbs_image_ends(t->ctx, "TIFF", t->size)
                  : hbs_image_broken(t->ctx, "TIFF", t->failed ? t->said : "it does not decode");
}

static enum hbs_err unread(struct tiff *t, const char *what, unsigned value)
{
    return hbs_fail(t->ctx, HBS_ERR_UNSUPPORTED, "", "convert it to PNG",
                    "a TIFF picture with %s %u is not read", what, value);
}

static enum hbs_err read_palette(struct tiff *t)
{
    uint16_t *r, *g, *b;
    if (t->bits > 8)
        return unread(t, "a palette and bits a sample", t->bits);
    if (!TIFFGetField(t->tif, TIFFTAG_COLORMAP, &r, &g, &b))
        return hbs_image_broken(t->ctx, "TIFF", "it has no palette");
    unsigned colours = 1u << t->bits;
    bool wide = false; /* some writers put 8 bits where 16 belong */
    for (unsigned i = 0; i < colours; i++)
        wide |= r[i] > 255 || g[i] > 255 || b[i] > 255;
    for (unsigned i = 0; i < colours; i++)
        t->palette[i] = wide ? hbs_luma(r[i] >> 8, g[i] >> 8, b[i] >> 8)
                             : hbs_luma(r[i], g[i], b[i]);
    return HBS_OK;
}

/* Everything the tags say, and whether we read such a picture. */
static enum hbs_err read_tags(struct tiff *t)
{
    TIFF *tif = t->tif;
    uint16_t format = SAMPLEFORMAT_UINT, compression = COMPRESSION_NONE, unit = RESUNIT_INCH;
    TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &t->width);
    TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &t->height);
    enum hbs_err err = hbs_image_check(t->ctx, "TIFF", t->width, t->height);
    if (err)
        return err;
    TIFFGetFieldDefaulted(tif, TIFFTAG_BITSPERSAMPLE, &t->bits);
    TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL, &t->samples);
    TIFFGetFieldDefaulted(tif, TIFFTAG_PLANARCONFIG, &t->planar);
    TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(tif, TIFFTAG_COMPRESSION, &compression);
    TIFFGetFieldDefaulted(tif, TIFFTAG_RESOLUTIONUNIT, &unit);
    if (!TIFFGetField(tif, TIFFTAG_PHOTOMETRIC, &t->photometric))
        t->photometric = t->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    if (!TIFFIsCODECConfigured(compression))
        return unread(t, "compression", compression);
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)
        return unread(t, "sample format", format);
    if (t->bits != 1 && t->bits != 2 && t->bits != 4 && t->bits != 8 && t->bits != 16)
        return unread(t, "bits a sample", t->bits);
    t->colours = 1;
    switch (t->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
        break;
    case PHOTOMETRIC_PALETTE:
        if ((err = read_palette(t)))
            return err;
        break;
    case PHOTOMETRIC_YCBCR:
        if (compression != COMPRESSION_JPEG || t->planar != PLANARCONFIG_CONTIG || t->bits != 8)
            return unread(t, "YCbCr colours in compression", compression);
        TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        t->photometric = PHOTOMETRIC_RGB;
        t->colours = 3;
        break;
    case PHOTOMETRIC_RGB:
        t->colours = 3;
        break;
    case PHOTOMETRIC_SEPARATED:
        return unread(t, "printing colours (CMYK), kind", t->photometric);
    default:
        return unread(t, "colours of kind", t->photometric);
    }
    if (t->samples < t->colours || t->samples > 16)
        return unread(t, "samples a pixel", t->samples);
    uint16_t extras = 0, *kinds = NULL;
    t->alpha = -1;
    if (TIFFGetField(tif, TIFFTAG_EXTRASAMPLES, &extras, &kinds) && extras && kinds &&
        t->samples > t->colours &&
        (kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA)) {
        t->alpha = t->colours;
        t->multiplied = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    }
    float x = 0, y = 0;
    if (TIFFGetField(tif, TIFFTAG_XRESOLUTION, &x) && TIFFGetField(tif, TIFFTAG_YRESOLUTION, &y) &&
        (unit == RESUNIT_INCH || unit == RESUNIT_CENTIMETER)) {
        double inch = unit == RESUNIT_INCH ? 1 : 2.54;
        t->image.ppi = hbs_image_ppi(x * inch, y * inch);
    }
    return HBS_OK;
}

/* Sample i of a row as it stands, without spreading. libtiff gives 16 bit in the machine's order. */
static unsigned raw_sample(const uint8_t *row, size_t i, unsigned bits)
{
    if (bits == 8)
        return row[i];
    if (bits == 16) {
        uint16_t v;
        memcpy(&v, row + 2 * i, sizeof v);
        return v;
    }
    size_t per_byte = 8 / bits;
    return (unsigned)(row[i / per_byte] >> (8 - bits * (i % per_byte + 1))) & ((1u << bits) - 1);
}

static unsigned sample(const uint8_t *row, size_t i, unsigned bits)
{
    unsigned v = raw_sample(row, i, bits);
    return bits == 8 ? v : bits == 16 ? v >> 8 : v * 255 / ((1u << bits) - 1);
}

/* One row of `count` pixels to grey. rows[] is one row of each plane, or of all samples. */
static void grey_row(const struct tiff *t, const uint8_t *const rows[PLANES], uint32_t count,
                     uint8_t *to)
{
    bool apart = t->planar == PLANARCONFIG_SEPARATE;
    if (t->bits == 8 && t->samples == 1 && t->photometric == PHOTOMETRIC_MINISBLACK) {
        memcpy(to, rows[0], count); /* what scanners write */
        return;
    }
    for (uint32_t x = 0; x < count; x++) {
        size_t first = apart ? x : (size_t)x * t->samples;
        unsigned v;
        if (t->photometric == PHOTOMETRIC_PALETTE) {
            v = t->palette[raw_sample(rows[0], first, t->bits)];
        } else if (t->colours == 1) {
            v = sample(rows[0], first, t->bits);
            if (t->photometric == PHOTOMETRIC_MINISWHITE)
                v = 255 - v;
        } else {
            unsigned c[3];
            for (int k = 0; k < 3; k++)
                c[k] = apart ? sample(rows[k], x, t->bits)
                             : sample(rows[0], first + (size_t)k, t->bits);
            v = hbs_luma(c[0], c[1], c[2]);
        }
        if (t->alpha >= 0) {
            unsigned a = apart ? sample(rows[t->alpha], x, t->bits)
                               : sample(rows[0], first + (size_t)t->alpha, t->bits);
            unsigned laid = v + 255 - a;
            v = !t->multiplied ? hbs_on_white(v, a) : laid > 255 ? 255 : laid;
        }
        to[x] = (uint8_t)v;
    }
}

static enum hbs_err make_buffers(struct tiff *t, uint64_t bytes, int *planes)
{
    *planes = t->planar == PLANARCONFIG_SEPARATE ? (t->alpha >= 0 ? t->alpha + 1 : t->colours) : 1;
    if (!bytes || bytes > STRIP_BYTES_MAX / (unsigned)*planes)
        return hbs_fail(t->ctx, HBS_ERR_LIMIT, "", "convert it to PNG",
                        "a strip or tile of the TIFF picture has %llu bytes, over the limit of %u",
                        (unsigned long long)bytes, STRIP_BYTES_MAX / (unsigned)*planes);
    for (int i = 0; i < *planes; i++)
        if (!(t->buffer[i] = hbs_alloc(t->ctx, 1, (size_t)bytes)))
            return hbs_fail_memory(t->ctx, (size_t)bytes);
    return HBS_OK;
}

static enum hbs_err read_strips(struct tiff *t)
{
    uint32_t rows = t->height;
    TIFFGetFieldDefaulted(t->tif, TIFFTAG_ROWSPERSTRIP, &rows);
    if (rows > t->height)
        rows = t->height;
    if (!rows)
        return hbs_image_broken(t->ctx, "TIFF", "its strips have no rows");
    uint64_t line = TIFFScanlineSize64(t->tif);
    /* What libtiff will write a row must hold what is read from it below. */
    uint64_t needed = ((uint64_t)t->width * t->bits *
                           (t->planar == PLANARCONFIG_SEPARATE ? 1 : t->samples) + 7) / 8;
    if (line < needed || line > STRIP_BYTES_MAX)
        return broken(t);
    int planes;
    enum hbs_err err = make_buffers(t, line * rows, &planes);
    for (uint32_t y = 0; !err && y < t->height; y += rows) {
        uint32_t here = t->height - y < rows ? t->height - y : rows;
        for (int p = 0; p < planes && !err; p++) {
            tmsize_t want = (tmsize_t)(line * here);
            uint32_t strip = TIFFComputeStrip(t->tif, y, (uint16_t)p);
            if (TIFFReadEncodedStrip(t->tif, strip, t->buffer[p], want) != want || t->failed)
                err = broken(t);
        }
        for (uint32_t k = 0; k < here && !err; k++) {
            const uint8_t *at[PLANES] = {0};
            for (int p = 0; p < planes; p++)
                at[p] = t->buffer[p] + k * line;
            grey_row(t, at, t->width, t->image.pixels + (size_t)(y + k) * t->width);
        }
    }
    return err;
}

static enum hbs_err read_tiles(struct tiff *t)
{
    uint32_t wide = 0, high = 0;
    TIFFGetField(t->tif, TIFFTAG_TILEWIDTH, &wide);
    TIFFGetField(t->tif, TIFFTAG_TILELENGTH, &high);
    uint64_t line = TIFFTileRowSize64(t->tif), bytes = TIFFTileSize64(t->tif);
    uint64_t needed = ((uint64_t)wide * t->bits *
                           (t->planar == PLANARCONFIG_SEPARATE ? 1 : t->samples) + 7) / 8;
    if (!wide || !high || line < needed || bytes / high < line)
        return broken(t);
    int planes;
    enum hbs_err err = make_buffers(t, bytes, &planes);
    for (uint32_t y = 0; !err && y < t->height; y += high)
        for (uint32_t x = 0; !err && x < t->width; x += wide) {
            for (int p = 0; p < planes && !err; p++) {
                uint32_t tile = TIFFComputeTile(t->tif, x, y, 0, (uint16_t)p);
                if (TIFFReadEncodedTile(t->tif, tile, t->buffer[p], (tmsize_t)bytes) !=
                        (tmsize_t)bytes || t->failed)
                    err = broken(t);
            }
            uint32_t w = t->width - x < wide ? t->width - x : wide;
            uint32_t h = t->height - y < high ? t->height - y : high;
            for (uint32_t k = 0; k < h && !err; k++) {
                const uint8_t *at[PLANES] = {0};
                for (int p = 0; p < planes; p++)
                    at[p] = t->buffer[p] + k * line;
                grey_row(t, at, w, t->image.pixels + (size_t)(y + k) * t->width + x);
            }
        }
    return err;
}

/* Turns the picture upright (TIFF 6.0, tag 274). A mirrored print is another print. */
static enum hbs_err turn(struct tiff *t)
{
    uint16_t way = ORIENTATION_TOPLEFT;
    TIFFGetFieldDefaulted(t->tif, TIFFTAG_ORIENTATION, &way);
    if (way <= 1 || way > 8)
        return HBS_OK;
    bool swapped = way >= 5; /* rows become columns */
    bool from_right = way == 2 || way == 3 || way == 6 || way == 7;
    bool from_below = way == 3 || way == 4 || way == 7 || way == 8;
    struct hbs_image turned;
    enum hbs_err err = hbs_image_alloc(t->ctx, swapped ? t->height : t->width,
                                       swapped ? t->width : t->height, t->image.ppi,
                                       HBS_IMAGE_TIFF, &turned);
    if (err)
        return err;
    for (uint32_t row = 0; row < t->height; row++)
        for (uint32_t column = 0; column < t->width; column++) {
            uint32_t x = swapped ? row : column, y = swapped ? column : row;
            if (from_right)
                x = turned.width - 1 - x;
            if (from_below)
                y = turned.height - 1 - y;
            turned.pixels[(size_t)y * turned.width + x] =
                t->image.pixels[(size_t)row * t->width + column];
        }
    hbs_image_close(&t->image);
    t->image = turned;
    return HBS_OK;
}

enum hbs_err hbs_tiff_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                             struct hbs_image *out)
{
    struct tiff tiff = {.ctx = ctx, .data = data, .size = size}, *t = &tiff;
    enum hbs_err err;
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return hbs_fail_memory(ctx, 0);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, STRIP_BYTES_MAX);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, t);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, t);
    /* m: no mapping of the file */
    t->tif = TIFFClientOpenExt("TIFF", "rm", t, on_read, on_write, on_seek, on_close, on_size, NULL,
                               NULL, options);
    TIFFOpenOptionsFree(options);
    if (!t->tif)
        return broken(t);
    /* A tag whose values lie beyond the end is dropped by libtiff with a warning; a picture whose
     * palette is cut off would come out as grey. */
    if (t->cut || t->failed) {
        err = broken(t);
        goto done;
    }
    if ((err = read_tags(t)))
        goto done;
    uint32_t ppi = t->image.ppi;
    if ((err = hbs_image_alloc(ctx, t->width, t->height, ppi, HBS_IMAGE_TIFF, &t->image)))
        goto done;
    t->reading = true;
    err = TIFFIsTiled(t->tif) ? read_tiles(t) : read_strips(t);
    if (!err)
        err = turn(t);
done:
    for (int i = 0; i < PLANES; i++)
        hbs_free(ctx, t->buffer[i]);
    TIFFClose(t->tif);
    if (err)
        hbs_image_close(&t->image);
    else
        *out = t->image;
    return err;
}
