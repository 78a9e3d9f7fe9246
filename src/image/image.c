/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: pictures as such: making, limits, recognising a format by its first bytes, and the
 * one table that sends bytes to their reader.
 *
 * Signatures: PNG (ISO/IEC 15948, 5.2), JPEG (ITU-T T.81, B.1.1.3: SOI and a marker), JPEG 2000
 * (ITU-T T.800, A.4.1 SOC and SIZ; I.5.1 the JP2 signature box), TIFF 6.0 section 2, BMP (the
 * BITMAPFILEHEADER of Windows), the netpbm formats' man pages, WSQ (IAFIS-IC-0110 V3.1: SOI 0xFFA0
 * and one of the table or frame markers 0xFFA2 to 0xFFA8).
 */
#include "image_int.h"
#include "wsq_int.h"

typedef enum hbs_err decode_fn(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                               struct hbs_image *out);

/* One line a format: its name and its reader. A format without a reader is recognised and refused
 * by name. */
static const struct {
    const char *name;
    decode_fn *decode;
} formats[] = {
    [HBS_IMAGE_UNKNOWN] = {"unknown", NULL},
    [HBS_IMAGE_PNG] = {"PNG", hbs_png_decode},
    [HBS_IMAGE_JPEG] = {"JPEG", hbs_jpeg_decode},
    [HBS_IMAGE_JP2] = {"JPEG 2000", hbs_jp2_decode},
    [HBS_IMAGE_TIFF] = {"TIFF", hbs_tiff_decode},
    [HBS_IMAGE_BMP] = {"BMP", hbs_bmp_decode},
    [HBS_IMAGE_PGM] = {"PGM", hbs_pnm_decode},
    [HBS_IMAGE_WSQ] = {"WSQ", hbs_wsq_decode},
    [HBS_IMAGE_RAW] = {"raw", NULL},
};

static const char give[] = "give a PNG, JPEG, JPEG 2000, TIFF, BMP, PGM or WSQ picture";

const char *hbs_image_format_name(enum hbs_image_format format)
{
    return (unsigned)format < HBS_COUNT(formats) ? formats[format].name : "unknown";
}

static bool begins(const uint8_t *data, size_t size, const char *with, size_t length)
{
    return size >= length && !memcmp(data, with, length);
}

enum hbs_image_format hbs_image_recognise(const void *data, size_t size)
{
    const uint8_t *d = data;
    if (!d)
        return HBS_IMAGE_UNKNOWN;
    if (begins(d, size, "\x89PNG\r\n\x1a\n", 8))
        return HBS_IMAGE_PNG;
    if (begins(d, size, "\xff\xd8\xff", 3))
        return HBS_IMAGE_JPEG;
    if (begins(d, size, "\0\0\0\x0cjP  \r\n\x87\n", 12) || begins(d, size, "\xff\x4f\xff\x51", 4))
        return HBS_IMAGE_JP2;
    if (begins(d, size, "II*\0", 4) || begins(d, size, "MM\0*", 4) ||
        begins(d, size, "II+\0", 4) || begins(d, size, "MM\0+", 4)) /* the latter two: BigTIFF */
        return HBS_IMAGE_TIFF;
    if (begins(d, size, "\xff\xa0\xff", 3) && size >= 4 && d[3] >= 0xa2 && d[3] <= 0xa8)
        return HBS_IMAGE_WSQ;
    /* "BM" alone opens many a text; the size of the second header must be one that exists. */
    if (begins(d, size, "BM", 2) && size >= 18) {
        uint32_t header = hbs_le32(d + 14);
        if (header == 12 || header == 40 || header == 52 || header == 56 || header == 64 ||
            header == 108 || header == 124)
            return HBS_IMAGE_BMP;
    }
    if (size >= 3 && d[0] == 'P' && (d[1] == '2' || d[1] == '3' || d[1] == '5' || d[1] == '6') &&
        (d[2] == ' ' || d[2] == '\t' || d[2] == '\n' || d[2] == '\r' || d[2] == '#'))
        return HBS_IMAGE_PGM;
    return HBS_IMAGE_UNKNOWN;
}

/* Other files that people give by mistake, to name them in the refusal. */
static const char *name_of_stranger(const uint8_t *data, size_t size)
{
    static const struct {
        const char *with;
        size_t length;
        const char *name;
    } strangers[] = {
        {"GIF8", 4, "a GIF"},         {"%PDF", 4, "a PDF"},
        {"RIFF", 4, "a RIFF (WebP)"}, {"PK\x03\x04", 4, "a ZIP archive"},
        {"\x1f\x8b", 2, "a gzip"},    {"P1", 2, "a PBM bitmap"},
        {"P4", 2, "a PBM bitmap"},    {"P7", 2, "a PAM"},
        {"<", 1, "an XML or HTML"},   {"FMR", 4, "an ISO 19794-2 template"},
        {"FIR", 4, "an ISO 19794-4 record"}, {"IIR", 4, "an ISO 19794-6 record"},
        {"FAC", 4, "an ISO 19794-5 record"}, {"\x7f""ELF", 4, "a program"},
    };
    for (size_t i = 0; i < HBS_COUNT(strangers); i++)
        if (begins(data, size, strangers[i].with, strangers[i].length))
            return strangers[i].name;
    return NULL;
}

enum hbs_err hbs_image_check(struct hbs_ctx *ctx, const char *format, uint64_t width,
                             uint64_t height)
{
    if (!width || !height)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give a picture with pixels",
                        "the %s header declares %llu x %llu pixels", format,
                        (unsigned long long)width, (unsigned long long)height);
    if (width > HBS_IMAGE_SIDE_MAX || height > HBS_IMAGE_SIDE_MAX ||
        width * height > HBS_IMAGE_PIXELS_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "", "crop it or scale it down",
                        "the %s picture is %llu x %llu pixels, over the limit of %u a side and %u "
                        "in all", format, (unsigned long long)width, (unsigned long long)height,
                        HBS_IMAGE_SIDE_MAX, HBS_IMAGE_PIXELS_MAX);
    return HBS_OK;
}

enum hbs_err hbs_image_alloc(struct hbs_ctx *ctx, uint64_t width, uint64_t height, uint32_t ppi,
                             enum hbs_image_format format, struct hbs_image *out)
{
    enum hbs_err err = hbs_image_check(ctx, hbs_image_format_name(format), width, height);
    if (err)
        return err;
    size_t bytes = (size_t)(width * height);
    uint8_t *pixels = hbs_resize(ctx, NULL, bytes);
    if (!pixels)
        return hbs_fail_memory(ctx, bytes);
    *out = (struct hbs_image){.width = (uint32_t)width, .height = (uint32_t)height, .ppi = ppi,
                              .format = format, .pixels = pixels, .ctx = ctx};
    return HBS_OK;
}

enum hbs_err hbs_image_make(struct hbs_ctx *ctx, uint32_t width, uint32_t height, uint32_t ppi,
                            struct hbs_image *out)
{
    struct hbs_image made;
    enum hbs_err err = hbs_image_alloc(ctx, width, height, ppi, HBS_IMAGE_RAW, &made);
    if (err)
        return err;
    memset(made.pixels, 255, (size_t)width * height);
    *out = made;
    return HBS_OK;
}

void hbs_image_close(struct hbs_image *image)
{
    if (!image)
        return;
    if (image->ctx)
        hbs_free(image->ctx, image->pixels);
    *image = (struct hbs_image){0};
}

enum hbs_err hbs_image_from_raw(struct hbs_ctx *ctx, const void *data, size_t size, uint32_t width,
                                uint32_t height, uint32_t ppi, struct hbs_image *out)
{
    enum hbs_err err = hbs_image_check(ctx, "raw", width, height);
    if (err)
        return err;
    if (size != (size_t)width * height)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give the width and height it was made with",
                        "%zu bytes are not %u x %u pixels", size, width, height);
    struct hbs_image made;
    if ((err = hbs_image_alloc(ctx, width, height, ppi, HBS_IMAGE_RAW, &made)))
        return err;
    memcpy(made.pixels, data, size);
    *out = made;
    return HBS_OK;
}

enum hbs_err hbs_image_ends(struct hbs_ctx *ctx, const char *format, size_t size)
{
    return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give the whole file",
                    "the %s picture is cut off: it ends after %zu bytes", format, size);
}

enum hbs_err hbs_image_broken(struct hbs_ctx *ctx, const char *format, const char *said)
{
    char text[160];
    size_t n = 0;
    for (const char *p = said; *p && *p != '\n' && n + 1 < sizeof text; p++)
        text[n++] = *p >= 0x20 && *p <= 0x7e ? *p : '?';
    text[n] = 0;
    return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give a whole, sound file",
                    "the %s picture is broken: %s", format, text);
}

uint32_t hbs_image_ppi(double x, double y)
{
    if (!(x >= 10 && x <= 12700 && y >= 10 && y <= 12700)) /* also when not a number */
        return 0;
    double larger = x > y ? x : y, smaller = x > y ? y : x;
    return larger - smaller > 0.01 * larger ? 0 : (uint32_t)(x + 0.5);
}

void hbs_image_grey_row(const uint8_t *from, int channels, uint32_t width, uint8_t *to)
{
    switch (channels) {
    case 1:
        memmove(to, from, width);
        break;
    case 2:
        for (uint32_t x = 0; x < width; x++)
            to[x] = hbs_on_white(from[2 * x], from[2 * x + 1]);
        break;
    case 3:
        for (uint32_t x = 0; x < width; x++)
            to[x] = hbs_luma(from[3 * x], from[3 * x + 1], from[3 * x + 2]);
        break;
    default:
        for (uint32_t x = 0; x < width; x++)
            to[x] = hbs_on_white(hbs_luma(from[4 * x], from[4 * x + 1], from[4 * x + 2]),
                                 from[4 * x + 3]);
    }
}

enum hbs_err hbs_image_admit(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                             enum hbs_image_format *out)
{
    if (!size)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", give, "the file is empty");
    if (size > HBS_IMAGE_BYTES_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "", "give a smaller file",
                        "the file has %zu bytes, over the limit of %u", size, HBS_IMAGE_BYTES_MAX);
    enum hbs_image_format format = hbs_image_recognise(data, size);
    if (format == HBS_IMAGE_UNKNOWN) {
        const char *name = name_of_stranger(data, size);
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", give,
                        name ? "this is %s file, not a picture habeas reads"
                             : "not a picture of a kind habeas reads", name);
    }
    if (!formats[format].decode)
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "convert it to PNG",
                        "this build does not read %s", formats[format].name);
    *out = format;
    return HBS_OK;
}

enum hbs_err hbs_image_decode_here(struct hbs_ctx *ctx, const void *data, size_t size,
                                   struct hbs_image *out)
{
    enum hbs_image_format format = HBS_IMAGE_UNKNOWN;
    enum hbs_err err = hbs_image_admit(ctx, data, size, &format);
    return err ? err : formats[format].decode(ctx, data, size, out);
}
