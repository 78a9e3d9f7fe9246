/* SPDX-License-Identifier: MPL-2.0
 *
 * Room exchange: which format some bytes are, and the public functions that hand them on to the
 * file of that format.
 *
 * INCITS 378 and ISO/IEC 19794-2 share magic and version numbers. In " 20" the first has a length of two
 * bytes (or two bytes 0 and four), the second of four: read as the other's, a true length is either
 * larger than any record or smaller than a header. In "030" nothing of the header decides, so the
 * whole record is walked: each layout has lengths within lengths that another's bytes do not meet.
 */
#include "exchange_int.h"

static const struct {
    enum hbs_record_format format;
    const char *name;
} names[] = {
    {HBS_RECORD_UNKNOWN, "unknown"},
    {HBS_RECORD_ISO2005, "iso2005"},
    {HBS_RECORD_ISO2011, "iso2011"},
    {HBS_RECORD_INCITS2004, "incits378"},
    {HBS_RECORD_INCITS2009, "incits378-2009"},
    {HBS_RECORD_FIR2005, "fir2005"},
    {HBS_RECORD_FIR2011, "fir2011"},
    {HBS_RECORD_CARD_NORMAL, "card-normal"},
    {HBS_RECORD_CARD_COMPACT, "card-compact"},
};

enum { HEADER_2009 = 21, HEADER_2009_DRAFT = 20, ISO2005_LEAST = 24 };

const char *hbs_record_format_name(enum hbs_record_format format)
{
    for (size_t i = 0; i < HBS_COUNT(names); i++)
        if (names[i].format == format)
            return names[i].name;
    return names[0].name;
}

enum hbs_record_format hbs_record_format_find(const char *name)
{
    for (size_t i = 1; i < HBS_COUNT(names); i++)
        if (!strcmp(names[i].name, name))
            return names[i].format;
    return HBS_RECORD_UNKNOWN;
}

bool hbs_record_is_minutiae(enum hbs_record_format format)
{
    return format >= HBS_RECORD_ISO2005 && format <= HBS_RECORD_INCITS2009;
}

bool hbs_record_is_image(enum hbs_record_format format)
{
    return format == HBS_RECORD_FIR2005 || format == HBS_RECORD_FIR2011;
}

/* Whether a walk over the bytes comes to the end; 2009 with either header. */
static bool walks(const uint8_t *data, size_t size, enum hbs_record_format format, size_t header)
{
    struct hbs_record_reader r = {NULL, data, size, 0, 0};
    struct hbs_record_place place;
    size_t count;
    if (format == HBS_RECORD_ISO2011)
        return !hbs_record_walk_2011(&r, 0, &place, &count);
    return !hbs_record_walk_2004(&r, format, header, 0, &place, &count);
}

enum hbs_record_format hbs_record_recognise(const void *data, size_t size)
{
    const uint8_t *d = data;
    if (!d || size < 14)
        return HBS_RECORD_UNKNOWN;
    if (!memcmp(d, "FIR\0" "010", 8))
        return HBS_RECORD_FIR2005;
    if (!memcmp(d, "FIR\0" "020", 8))
        return HBS_RECORD_FIR2011;
    if (!memcmp(d, "FMR\0 20", 8)) {
        if (hbs_be16(d + 8)) /* 64 KiB or more as ISO's */
            return hbs_be32(d + 8) == size ? HBS_RECORD_ISO2005 : HBS_RECORD_INCITS2004;
        return hbs_be32(d + 8) < ISO2005_LEAST && hbs_be32(d + 10) > 65535 ? HBS_RECORD_INCITS2004
                                                                           : HBS_RECORD_ISO2005;
    }
    if (!memcmp(d, "FMR\0" "035", 8))
        return HBS_RECORD_INCITS2009;
    if (!memcmp(d, "FMR\0" "030", 8))
        return !walks(d, size, HBS_RECORD_ISO2011, 0) &&
                       (walks(d, size, HBS_RECORD_INCITS2009, HEADER_2009) ||
                        walks(d, size, HBS_RECORD_INCITS2009, HEADER_2009_DRAFT))
                   ? HBS_RECORD_INCITS2009
                   : HBS_RECORD_ISO2011;
    return HBS_RECORD_UNKNOWN;
}

/* Walks the whole record. Of `place` and `image` the one that fits the format is filled when the
 * record has a view k; `r` then stands ready for hbs_record_make_template. */
static enum hbs_err walk(struct hbs_record_reader *r, size_t k, enum hbs_record_format *format,
                         struct hbs_record_place *place, struct hbs_record_image *image, size_t *count)
{
    *format = hbs_record_recognise(r->data, r->size);
    *count = 0;
    if (*format == HBS_RECORD_UNKNOWN)
        return hbs_fail(r->ctx, HBS_ERR_FORMAT, "byte 0",
                        "give an ISO 19794-2, INCITS 378 or ISO 19794-4 record",
                        "byte 0: not a finger record");
    if (hbs_record_is_image(*format))
        return hbs_record_walk_fir(r, *format, k, image, count);
    if (*format == HBS_RECORD_ISO2011)
        return hbs_record_walk_2011(r, k, place, count);
    size_t header = *format == HBS_RECORD_INCITS2009 && !walks(r->data, r->size, *format, HEADER_2009) &&
                            walks(r->data, r->size, *format, HEADER_2009_DRAFT)
                        ? HEADER_2009_DRAFT
                        : HEADER_2009;
    return hbs_record_walk_2004(r, *format, header, k, place, count);
}

static enum hbs_err no_such_view(struct hbs_ctx *ctx, size_t k, size_t count)
{
    return hbs_fail(ctx, HBS_ERR_NOT_FOUND, "", "count views from 0",
                    "no view %zu: the record has %zu", k, count);
}

enum hbs_err hbs_record_views(struct hbs_ctx *ctx, const void *data, size_t size, size_t *out)
{
    struct hbs_record_reader r = {ctx, data, size, 0, 0};
    enum hbs_record_format format;
    struct hbs_record_place place;
    struct hbs_record_image image;
    size_t count;
    enum hbs_err err = walk(&r, 0, &format, &place, &image, &count);
    if (!err)
        *out = count;
    return err;
}

enum hbs_err hbs_record_view_at(struct hbs_ctx *ctx, const void *data, size_t size, size_t k,
                                struct hbs_record_view *out)
{
    struct hbs_record_reader r = {ctx, data, size, 0, 0};
    enum hbs_record_format format;
    struct hbs_record_place place = {0};
    struct hbs_record_image image = {0};
    size_t count;
    enum hbs_err err = walk(&r, k, &format, &place, &image, &count);
    if (err)
        return err;
    if (k >= count)
        return no_such_view(ctx, k, count);
    *out = hbs_record_is_image(format) ? image.view : place.view;
    return HBS_OK;
}

enum hbs_err hbs_record_read_finger(struct hbs_ctx *ctx, const void *data, size_t size, size_t k,
                                    struct hbs_finger_template *out, struct hbs_record_view *view)
{
    struct hbs_record_reader r = {ctx, data, size, 0, 0};
    enum hbs_record_format format;
    struct hbs_record_place place = {0};
    struct hbs_record_image image;
    size_t count;
    enum hbs_err err = walk(&r, k, &format, &place, &image, &count);
    if (err)
        return err;
    if (hbs_record_is_image(format))
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "extract minutiae from its picture",
                        "a finger image record holds no minutiae");
    if (k >= count)
        return no_such_view(ctx, k, count);
    if ((err = hbs_record_make_template(&r, &place, out)))
        return err;
    if (view)
        *view = place.view;
    return HBS_OK;
}

enum hbs_err hbs_record_image_at(struct hbs_ctx *ctx, const void *data, size_t size, size_t k,
                                 struct hbs_record_image *out)
{
    struct hbs_record_reader r = {ctx, data, size, 0, 0};
    enum hbs_record_format format;
    struct hbs_record_place place;
    struct hbs_record_image image = {0};
    size_t count;
    enum hbs_err err = walk(&r, k, &format, &place, &image, &count);
    if (err)
        return err;
    if (!hbs_record_is_image(format))
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "read it as a template",
                        "a finger minutiae record holds no picture");
    if (k >= count)
        return no_such_view(ctx, k, count);
    *out = image;
    return HBS_OK;
}

enum hbs_err hbs_record_write_finger(struct hbs_ctx *ctx, enum hbs_record_format format,
                                     const struct hbs_finger_template *templates, size_t count,
                                     struct hbs_buf *out)
{
    if (format != HBS_RECORD_ISO2005 && format != HBS_RECORD_ISO2011 && format != HBS_RECORD_INCITS2004)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "name iso2005, iso2011 or incits378",
                        "%s records are not written", hbs_record_format_name(format));
    if (!count)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give at least one template", "no template to write");
    enum hbs_err err = HBS_OK;
    for (size_t i = 0; i < count && !err; i++)
        err = hbs_record_check_template(ctx, &templates[i]);
    if (err)
        return err;
    size_t before = out->size;
    err = format == HBS_RECORD_ISO2011 ? hbs_record_put_2011(out, templates, count)
                                       : hbs_record_put_2004(out, format, templates, count);
    if (err)
        out->size = before; /* whole or not at all */
    return err;
}
