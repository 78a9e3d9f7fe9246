/* SPDX-License-Identifier: MPL-2.0
 *
 * Room exchange: ISO/IEC 19794-2:2011 minutiae records.
 *
 * Header: "FMR\0", "030\0", total length 4, representations 2, device certification flag 1.
 * Each representation: its length 4 (these four counted), capture date and time 9, device
 * technology 1, vendor 2, type 2, quality blocks 1 and for each: score 1, vendor 2, algorithm 2;
 * with the flag also certification blocks 1 and for each: authority 2, scheme 1; finger 1, number
 * 1, pixels per cm x 2 and y 2, impression 1, width 2, height 2, minutia size and ridge ending type
 * 4 + 4 bits, minutiae 1; then minutiae and extended data (view.c).
 *
 * The ridge ending type says whether an ending stands at the end of the ridge's skeleton (1) or at
 * the fork of the valley's skeleton before it (0), a pixel or two apart. It is passed over when
 * reading; we write 1, which is what finger.h means by an ending.
 */
#include "exchange_int.h"

enum { HEADER = 15, VIEWS_A_FINGER = 16 };

/* Everything before the minutiae. */
static enum hbs_err representation_head(struct hbs_record_reader *r, bool certified,
                                        struct hbs_record_place *p)
{
    struct hbs_record_view *v = &p->view;
    enum hbs_err err = hbs_record_need(r, 19, "the header of a representation");
    if (err)
        return err;
    v->offset = r->at;
    size_t blocks = 5u * r->data[r->at + 18];
    r->at += 19;
    if ((err = hbs_record_need(r, blocks + certified, "the quality blocks")))
        return err;
    v->quality = blocks && r->data[r->at] <= 100 ? r->data[r->at] : 0; /* the first one's */
    r->at += blocks;
    if (certified) {
        blocks = 3u * r->data[r->at++];
        if ((err = hbs_record_need(r, blocks, "the certification blocks")))
            return err;
        r->at += blocks;
    }
    if ((err = hbs_record_need(r, 13, "the header of a representation")))
        return err;
    const uint8_t *h = r->data + r->at;
    v->finger = h[0];
    v->view = h[1];
    p->res_x = hbs_be16(h + 2);
    p->res_y = hbs_be16(h + 4);
    v->impression = h[6];
    p->sizes_at = r->at + 2; /* resolutions, impression, sizes */
    v->width = hbs_be16(h + 7);
    v->height = hbs_be16(h + 9);
    p->minutia_size = h[11] >> 4;
    v->minutiae = h[12];
    if (p->minutia_size != 5 && p->minutia_size != 6)
        return hbs_record_bad(r, r->at + 11, "minutiae of %u bytes, which can be 5 or 6",
                              p->minutia_size);
    r->at += 13;
    return HBS_OK;
}

enum hbs_err hbs_record_walk_2011(struct hbs_record_reader *r, size_t k,
                                  struct hbs_record_place *place, size_t *count)
{
    enum hbs_err err = hbs_record_need(r, HEADER, "the header");
    if (err)
        return err;
    const uint8_t *d = r->data;
    *count = hbs_be16(d + 12);
    if (!*count)
        return hbs_record_bad(r, 12, "the record holds no view");
    if (d[14] > 1)
        return hbs_record_bad(r, 14, "a certification flag of %u, which can be 0 or 1", d[14]);
    r->at = HEADER;
    for (size_t i = 0; i < *count; i++) {
        struct hbs_record_place p = {.view = {.format = HBS_RECORD_ISO2011}, .steps = 256};
        if ((err = representation_head(r, d[14] == 1, &p)) || (err = hbs_record_walk_view(r, &p)))
            return err;
        uint32_t says = hbs_be32(d + p.view.offset);
        if (says != p.view.size)
            return hbs_record_bad(r, p.view.offset,
                                  "representation %zu says it has %u bytes and has %zu", i + 1, says,
                                  p.view.size);
        if (i == k)
            *place = p;
    }
    return hbs_record_end(r, hbs_be32(d + 8));
}

/* Quality is left out where no minutia has one: 0 would mean "worst" here, not "not reported". */
static unsigned size_of_minutiae(const struct hbs_finger_template *t)
{
    for (unsigned i = 0; i < t->count; i++)
        if (t->minutiae[i].quality)
            return 6;
    return 5;
}

enum hbs_err hbs_record_put_2011(struct hbs_buf *out, const struct hbs_finger_template *t, size_t count)
{
    enum { HEAD = 4 + 9 + 1 + 2 + 2 + 1, QUALITY = 5, TAIL = 13 };
    if (count > 65535) /* said before the sum below could overflow */
        return hbs_fail(out->ctx, HBS_ERR_LIMIT, "", "write several records",
                        "%zu views, and a record holds 65535", count);
    size_t total = HEADER;
    for (size_t i = 0; i < count; i++)
        total += HEAD + (t[i].quality ? QUALITY : 0) + TAIL + size_of_minutiae(&t[i]) * t[i].count + 2u;
    uint8_t h[HEADER] = "FMR\0" "030";
    hbs_put_be32(h + 8, (uint32_t)total);
    hbs_put_be16(h + 12, (uint16_t)count);
    enum hbs_err err = hbs_buf_put(out, h, sizeof h);
    for (size_t i = 0; i < count && !err; i++) {
        unsigned number = hbs_record_view_number(t, i), size = size_of_minutiae(&t[i]);
        if (number >= VIEWS_A_FINGER)
            return hbs_fail(out->ctx, HBS_ERR_LIMIT, "", "write several records",
                            "more than %d views of finger %u", VIEWS_A_FINGER, t[i].finger);
        uint8_t v[HEAD + QUALITY + TAIL] = {0}, *p = v + HEAD;
        memset(v + 4, 0xff, 9); /* date and time not known; device technology, vendor, type 0 */
        if (t[i].quality) {
            v[HEAD - 1] = 1;
            p[0] = t[i].quality; /* algorithm's vendor and number 0: not registered */
            p += QUALITY;
        }
        p[0] = t[i].finger;
        p[1] = (uint8_t)number;
        hbs_put_be16(p + 2, HBS_RECORD_PER_CM);
        hbs_put_be16(p + 4, HBS_RECORD_PER_CM);
        hbs_put_be16(p + 7, t[i].width);
        hbs_put_be16(p + 9, t[i].height);
        p[11] = (uint8_t)(size << 4 | 1);
        p[12] = (uint8_t)t[i].count;
        p += TAIL;
        hbs_put_be32(v, (uint32_t)((size_t)(p - v) + size * t[i].count + 2));
        if (!(err = hbs_buf_put(out, v, (size_t)(p - v))))
            err = hbs_record_put_minutiae(out, &t[i], 256, size);
    }
    return err;
}
