/* SPDX-License-Identifier: MPL-2.0
 *
 * Room exchange: the minutiae records that grew from ANSI INCITS 378-2004: itself, its ISO sister
 * ISO/IEC 19794-2:2005, and INCITS 378-2009 with amendment 1 (read only).
 *
 * Header, bytes        INCITS 378-2004          ISO 19794-2:2005     INCITS 378-2009 and AM1
 *   "FMR\0"                  4                        4                    4
 *   version               " 20\0"                  " 20\0"             "030\0", AM1 "035\0"
 *   total length       2, or 0 and 4                  4                    4
 *   product owner, type     2, 2                      -                   2, 2
 *   capture equipment        2                        2               1 certification, 2 id
 *   width, height           2, 2                     2, 2                  -
 *   pixels per cm, x, y     2, 2                     2, 2                  -
 *   number of views          1                        1                    1
 *   reserved                 1                        1                    1
 * then each view: finger 1, view number and impression 4 + 4 bits, quality 1, minutiae 1; in 2009:
 * finger, view number, impression, quality a byte each, quality algorithm's owner and number 2 + 2,
 * width, height, pixels per cm x and y 2 each, minutiae 1. Then minutiae and extended data (view.c).
 *
 * NIST's sample of 2007 is of a draft whose capture equipment is still 2 bytes; the header is then
 * one byte shorter. Both are tried; a whole record fits only one of them.
 */
#include "exchange_int.h"

enum { VIEWS_MAX = 255, VIEWS_A_FINGER = 16 };

static enum hbs_err view_head(struct hbs_record_reader *r, bool is2009, struct hbs_record_place *p)
{
    enum hbs_err err = hbs_record_need(r, is2009 ? 17 : 4, "the header of a view");
    if (err)
        return err;
    const uint8_t *h = r->data + r->at;
    struct hbs_record_view *v = &p->view;
    v->offset = r->at;
    v->finger = h[0];
    if (is2009) {
        v->view = h[1];
        v->impression = h[2];
        v->quality = h[3] <= 100 ? h[3] : 0;
        p->sizes_at = r->at + 8;
        v->width = hbs_be16(h + 8);
        v->height = hbs_be16(h + 10);
        p->res_x = hbs_be16(h + 12);
        p->res_y = hbs_be16(h + 14);
        v->minutiae = h[16];
        r->at += 17;
    } else {
        v->view = h[1] >> 4;
        v->impression = h[1] & 15;
        v->quality = h[2] <= 100 ? h[2] : 0;
        v->minutiae = h[3];
        r->at += 4;
    }
    return HBS_OK;
}

enum hbs_err hbs_record_walk_2004(struct hbs_record_reader *r, enum hbs_record_format format,
                                  size_t header, size_t k, struct hbs_record_place *place,
                                  size_t *count)
{
    struct hbs_record_place first = {.view = {.format = format}, .minutia_size = 6};
    enum hbs_err err = hbs_record_need(r, 14, "the header");
    if (err)
        return err;
    const uint8_t *d = r->data;
    uint64_t declared = hbs_be32(d + 8);
    size_t sizes = 14; /* where width, height and resolutions begin */
    if (format == HBS_RECORD_INCITS2004) {
        declared = hbs_be16(d + 8) ? hbs_be16(d + 8) : hbs_be32(d + 10);
        sizes = hbs_be16(d + 8) ? 16 : 20;
    }
    bool is2009 = format == HBS_RECORD_INCITS2009;
    if (!is2009)
        header = sizes + 10;
    if ((err = hbs_record_need(r, header, "the header")))
        return err;
    if (!is2009) {
        first.sizes_at = sizes;
        first.view.width = hbs_be16(d + sizes);
        first.view.height = hbs_be16(d + sizes + 2);
        first.res_x = hbs_be16(d + sizes + 4);
        first.res_y = hbs_be16(d + sizes + 6);
    }
    first.steps = format == HBS_RECORD_ISO2005 ? 256 : 180;
    *count = d[header - 2];
    if (!*count && is2009) /* the others may be empty */
        return hbs_record_bad(r, header - 2, "the record holds no view");
    r->at = header;
    for (size_t i = 0; i < *count; i++) {
        struct hbs_record_place p = first;
        r->slack = i + 1 == *count && declared == r->size ? HBS_RECORD_SLACK : 0;
        if ((err = view_head(r, is2009, &p)) || (err = hbs_record_walk_view(r, &p)))
            return err;
        if (i == k)
            *place = p;
    }
    return hbs_record_end(r, declared);
}

enum hbs_err hbs_record_put_2004(struct hbs_buf *out, enum hbs_record_format format,
                                 const struct hbs_finger_template *t, size_t count)
{
    bool iso = format == HBS_RECORD_ISO2005;
    if (count > VIEWS_MAX)
        return hbs_fail(out->ctx, HBS_ERR_LIMIT, "", "write several records",
                        "%zu views, and a record holds %d", count, VIEWS_MAX);
    unsigned width = 0, height = 0;
    size_t total = iso ? 24 : 26;
    for (size_t i = 0; i < count; i++) {
        width = t[i].width > width ? t[i].width : width;
        height = t[i].height > height ? t[i].height : height;
        total += 4 + 6u * t[i].count + 2;
    }
    uint8_t h[32] = "FMR\0 20", *p = h + 8;
    bool longer = !iso && total > 65535;
    if (iso || longer) {
        if (longer) {
            p += 2;
            total += 4;
        }
        hbs_put_be32(p, (uint32_t)total);
        p += 4;
    } else {
        hbs_put_be16(p, (uint16_t)total);
        p += 2;
    }
    p += iso ? 2 : 6; /* product and capture equipment: 0, not registered and not known */
    hbs_put_be16(p, (uint16_t)width);
    hbs_put_be16(p + 2, (uint16_t)height);
    hbs_put_be16(p + 4, HBS_RECORD_PER_CM);
    hbs_put_be16(p + 6, HBS_RECORD_PER_CM);
    p[8] = (uint8_t)count;
    enum hbs_err err = hbs_buf_put(out, h, (size_t)(p + 10 - h));
    for (size_t i = 0; i < count && !err; i++) {
        unsigned number = hbs_record_view_number(t, i);
        if (number >= VIEWS_A_FINGER)
            return hbs_fail(out->ctx, HBS_ERR_LIMIT, "", "write several records",
                            "more than %d views of finger %u", VIEWS_A_FINGER, t[i].finger);
        uint8_t view[4] = {t[i].finger, (uint8_t)(number << 4), t[i].quality, (uint8_t)t[i].count};
        if (!(err = hbs_buf_put(out, view, sizeof view)))
            err = hbs_record_put_minutiae(out, &t[i], iso ? 256 : 180, 6);
    }
    return err;
}
