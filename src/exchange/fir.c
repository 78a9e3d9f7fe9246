/* SPDX-License-Identifier: MPL-2.0
 *
 * Room exchange: ISO/IEC 19794-4 finger image records: the header is unwrapped and the picture
 * left where it is, for the image room to decode in its confined process.
 *
 * 2005: "FIR\0", "010\0", total length 6, capture device 2, acquisition level 2, fingers 1, scale
 * units 1 (1 per inch, 2 per cm), scan resolution x, y 2 + 2, image resolution x, y 2 + 2, depth 1,
 * compression 1, reserved 2; each view: length 4 (these four counted), position 1, views 1, number
 * 1, quality 1, impression 1, width 2, height 2, reserved 1, picture.
 *
 * 2011: "FIR\0", "020\0", total length 4, representations 2, certification flag 1, positions 1;
 * each: length 4, date and time 9, technology 1, vendor 2, type 2, quality blocks 1 (5 bytes each),
 * with the flag certification blocks 1 (3 bytes each), position 1, number 1, scale units 1, scan
 * resolution 2 + 2, image resolution 2 + 2, depth 1, compression 1, impression 1, width 2, height 2,
 * picture's length 4, picture, and then perhaps segmentation, annotation and comment blocks that
 * only the representation's length knows of.
 *
 * Lengths lie in real files (about 170 records of MOSIP and NIST were looked at), so the total is
 * ignored and a representation's length only helps to step over the blocks behind the picture. The
 * picture's own length is never stretched or cut: half a JPEG 2000 stream decodes to grey.
 */
#include "exchange_int.h"

static enum hbs_image_format compression(enum hbs_record_format format, unsigned code)
{
    static const enum hbs_image_format of2005[] = {HBS_IMAGE_RAW, HBS_IMAGE_RAW, HBS_IMAGE_WSQ,
                                                   HBS_IMAGE_JPEG, HBS_IMAGE_JP2, HBS_IMAGE_PNG};
    static const enum hbs_image_format of2011[] = {HBS_IMAGE_RAW, HBS_IMAGE_RAW, HBS_IMAGE_WSQ,
                                                   HBS_IMAGE_JPEG, HBS_IMAGE_JP2, HBS_IMAGE_JP2,
                                                   HBS_IMAGE_PNG};
    if (format == HBS_RECORD_FIR2005)
        return code < HBS_COUNT(of2005) ? of2005[code] : HBS_IMAGE_UNKNOWN;
    return code < HBS_COUNT(of2011) ? of2011[code] : HBS_IMAGE_UNKNOWN;
}

/* The checks that do not depend on the year. `h` points at scale units, scan resolutions, image
 * resolutions, depth and compression: 11 bytes that are the same in both. */
static enum hbs_err check_picture(struct hbs_record_reader *r, const uint8_t *h,
                                  struct hbs_record_image *image)
{
    struct hbs_record_view *v = &image->view;
    size_t at = (size_t)(h - r->data);
    unsigned units = h[0], x = hbs_be16(h + 5), y = hbs_be16(h + 7), depth = h[9], code = h[10];
    if (units != 1 && units != 2)
        return hbs_record_bad(r, at, "scale units of %u, which can be 1 (inch) or 2 (cm)", units);
    /* Per cm the nominal value is meant that the minutiae records mean by it. */
    v->ppi_x = units == 1 ? x : (hbs_record_ppi100(x) + 50) / 100;
    v->ppi_y = units == 1 ? y : (hbs_record_ppi100(y) + 50) / 100;
    if (v->ppi_x < 100 || v->ppi_x > 4000 || v->ppi_y < 100 || v->ppi_y > 4000)
        return hbs_record_bad(r, at + 5, "an image resolution of %u by %u per %s", x, y,
                              units == 1 ? "inch" : "cm");
    if (!v->width || !v->height)
        return hbs_record_bad(r, v->offset, "the picture is %ux%u", v->width, v->height);
    image->format = compression(v->format, code);
    if (image->format == HBS_IMAGE_UNKNOWN)
        return hbs_record_bad(r, at + 10, "compression %u is not one of the standard's", code);
    if (image->format == HBS_IMAGE_RAW) {
        if (depth != 8) {
            if (!r->ctx)
                return HBS_ERR_UNSUPPORTED;
            return hbs_fail(r->ctx, HBS_ERR_UNSUPPORTED, "", "save the picture with 8 bits a pixel",
                            "byte %zu: a raw picture with %u bits a pixel", at + 9, depth);
        }
        if (image->size != (uint64_t)v->width * v->height)
            return hbs_record_bad(r, v->offset, "a raw %ux%u picture in %zu bytes", v->width,
                                  v->height, image->size);
    }
    return HBS_OK;
}

static enum hbs_err walk_2005(struct hbs_record_reader *r, size_t k, struct hbs_record_image *out,
                              size_t *count)
{
    enum hbs_err err = hbs_record_need(r, 32, "the header");
    if (err)
        return err;
    *count = r->data[18];
    r->at = 32;
    for (size_t i = 0; i < *count; i++) {
        if ((err = hbs_record_need(r, 14, "the header of a view")))
            return err;
        const uint8_t *h = r->data + r->at;
        size_t length = hbs_be32(h);
        if (length < 14)
            return hbs_record_bad(r, r->at, "view %zu says it has %zu bytes", i + 1, length);
        if ((err = hbs_record_need(r, length, "a picture")))
            return err;
        struct hbs_record_image image = {
            .view = {.format = HBS_RECORD_FIR2005, .finger = h[4], .view = h[6],
                     .quality = h[7] <= 100 ? h[7] : 0, .impression = h[8], .width = hbs_be16(h + 9),
                     .height = hbs_be16(h + 11), .offset = r->at, .size = length},
            .data = h + 14,
            .size = length - 14};
        if ((err = check_picture(r, r->data + 19, &image)))
            return err;
        if (i == k)
            *out = image;
        r->at += length;
    }
    return HBS_OK;
}

/* One representation; r->at is left behind it. */
static enum hbs_err representation_2011(struct hbs_record_reader *r, bool certified,
                                        struct hbs_record_image *image)
{
    struct hbs_record_view *v = &image->view;
    enum hbs_err err = hbs_record_need(r, 19, "the header of a representation");
    if (err)
        return err;
    size_t start = r->at, says = hbs_be32(r->data + start), blocks = 5u * r->data[start + 18];
    r->at += 19;
    if ((err = hbs_record_need(r, blocks + certified, "the quality blocks")))
        return err;
    unsigned quality = blocks ? r->data[r->at] : 0;
    r->at += blocks;
    if (certified) {
        blocks = 3u * r->data[r->at++];
        if ((err = hbs_record_need(r, blocks, "the certification blocks")))
            return err;
        r->at += blocks;
    }
    if ((err = hbs_record_need(r, 22, "the header of a representation")))
        return err;
    const uint8_t *h = r->data + r->at;
    r->at += 22;
    image->size = hbs_be32(h + 18);
    if ((err = hbs_record_need(r, image->size, "a picture")))
        return err;
    image->data = h + 22;
    *v = (struct hbs_record_view){.format = HBS_RECORD_FIR2011, .finger = h[0], .view = h[1],
                                  .impression = h[13], .quality = (uint8_t)(quality <= 100 ? quality : 0),
                                  .width = hbs_be16(h + 14), .height = hbs_be16(h + 16),
                                  .offset = start};
    if ((err = check_picture(r, h + 2, image)))
        return err;
    r->at += image->size;
    if (says > r->at - start && says <= r->size - start)
        r->at = start + says; /* blocks behind the picture */
    v->size = r->at - start;
    return HBS_OK;
}

enum hbs_err hbs_record_walk_fir(struct hbs_record_reader *r, enum hbs_record_format format, size_t k,
                                 struct hbs_record_image *out, size_t *count)
{
    if (format == HBS_RECORD_FIR2005)
        return walk_2005(r, k, out, count);
    enum hbs_err err = hbs_record_need(r, 16, "the header");
    if (err)
        return err;
    *count = hbs_be16(r->data + 12);
    if (r->data[14] > 1)
        return hbs_record_bad(r, 14, "a certification flag of %u, which can be 0 or 1", r->data[14]);
    bool certified = r->data[14] == 1;
    r->at = 16;
    for (size_t i = 0; i < *count; i++) {
        struct hbs_record_image image = {0};
        if ((err = representation_2011(r, certified, &image)))
            return err;
        if (i == k)
            *out = image;
    }
    return HBS_OK;
}
