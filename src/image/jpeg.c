/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: JPEG (ITU-T T.81) through libjpeg-turbo's TurboJPEG interface, straight to luma. The
 * resolution is read here: the density of the JFIF segment (ITU-T T.871, 10.1), or, when that names
 * no unit, that of the EXIF segment (JEITA CP-3451, 4.6: a TIFF directory with tags 282, 283, 296).
 *
 * libjpeg goes on after damage and only warns; here damage is an error: grey that nobody scanned
 * must not become a print. The camera's orientation of EXIF is not applied.
 */
#include "image_int.h"

#include <turbojpeg.h>

enum { SOI = 0xd8, EOI = 0xd9, SOS = 0xda, APP0 = 0xe0, APP1 = 0xe1, TAGS_MAX = 256 };

static uint16_t get16(const uint8_t *p, bool big) { return big ? hbs_be16(p) : hbs_le16(p); }
static uint32_t get32(const uint8_t *p, bool big) { return big ? hbs_be32(p) : hbs_le32(p); }

/* The first directory of the TIFF inside an EXIF segment. 0 when it says nothing. */
static uint32_t ppi_of_exif(const uint8_t *tiff, size_t size)
{
    if (size < 8 || (memcmp(tiff, "II*\0", 4) && memcmp(tiff, "MM\0*", 4)))
        return 0;
    bool big = tiff[0] == 'M';
    size_t at = get32(tiff + 4, big);
    if (at > size || size - at < 2)
        return 0;
    unsigned count = get16(tiff + at, big), unit = 2;
    double resolution[2] = {0, 0};
    at += 2;
    for (unsigned i = 0; i < count && i < TAGS_MAX && size - at >= 12; i++, at += 12) {
        unsigned tag = get16(tiff + at, big), type = get16(tiff + at + 2, big);
        size_t value = get32(tiff + at + 8, big);
        if (tag == 296 && type == 3) {
            unit = get16(tiff + at + 8, big);
        } else if ((tag == 282 || tag == 283) && type == 5 && value <= size && size - value >= 8) {
            uint32_t over = get32(tiff + value + 4, big);
            resolution[tag - 282] = over ? (double)get32(tiff + value, big) / over : 0;
        }
    }
    double inch = unit == 2 ? 1 : unit == 3 ? 2.54 : 0;
    return hbs_image_ppi(resolution[0] * inch, resolution[1] * inch);
}

/* Walks over the segments before the first scan. */
static uint32_t declared_ppi(const uint8_t *d, size_t size)
{
    uint32_t exif = 0;
    for (size_t at = 2; at + 4 <= size && d[at] == 0xff;) {
        unsigned marker = d[at + 1];
        if (marker == 0xff) { /* a fill byte */
            at++;
            continue;
        }
        if (marker == SOS || marker == EOI || marker == SOI)
            break;
        size_t length = hbs_be16(d + at + 2);
        if (length < 2 || length > size - at - 2)
            break;
        const uint8_t *body = d + at + 4;
        length -= 2;
        if (marker == APP0 && length >= 12 && !memcmp(body, "JFIF", 5)) {
            double inch = body[7] == 1 ? 1 : body[7] == 2 ? 2.54 : 0;
            uint32_t ppi = hbs_image_ppi(hbs_be16(body + 8) * inch, hbs_be16(body + 10) * inch);
            if (ppi)
                return ppi;
        }
        if (marker == APP1 && length >= 6 && !memcmp(body, "Exif\0", 6))
            exif = ppi_of_exif(body + 6, length - 6);
        at += 4 + length;
    }
    return exif;
}

enum hbs_err hbs_jpeg_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                             struct hbs_image *out)
{
    struct hbs_image made = {0};
    enum hbs_err err;
    tjhandle tj = tjInitDecompress();
    if (!tj)
        return hbs_fail_memory(ctx, 0);
    int width = 0, height = 0, sampling = 0, colours = 0;
    if (tjDecompressHeader3(tj, data, (unsigned long)size, &width, &height, &sampling, &colours)) {
        err = hbs_image_broken(ctx, "JPEG", tjGetErrorStr2(tj));
        goto done;
    }
    if (width < 0 || height < 0) {
        err = hbs_image_broken(ctx, "JPEG", "its size is negative");
        goto done;
    }
    if ((err = hbs_image_check(ctx, "JPEG", (uint64_t)width, (uint64_t)height)))
        goto done;
    if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
        err = hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "convert it to grey or RGB",
                       "a JPEG picture in printing colours (CMYK) is not read");
        goto done;
    }
    if ((err = hbs_image_alloc(ctx, (uint64_t)width, (uint64_t)height, declared_ppi(data, size),
                               HBS_IMAGE_JPEG, &made)))
        goto done;
    if (tjDecompress2(tj, data, (unsigned long)size, made.pixels, width, width, height, TJPF_GRAY,
                      TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)) {
        const char *said = tjGetErrorStr2(tj);
        err = strstr(said, "Premature end") ? hbs_image_ends(ctx, "JPEG", size)
                                            : hbs_image_broken(ctx, "JPEG", said);
        hbs_image_close(&made);
        goto done;
    }
    *out = made;
done:
    tjDestroy(tj);
    return err;
}
