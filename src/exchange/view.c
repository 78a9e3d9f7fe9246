/* SPDX-License-Identifier: MPL-2.0
 *
 * Room exchange: what one view of a minutiae record is in every format: minutiae of 5 or 6 bytes
 * and a block of extended data behind them; and the way from there to a template and back.
 *
 * A minutia, alike in ISO/IEC 19794-2:2005 and :2011 and INCITS 378-2004 and 2009: two bits type (01
 * ridge ending, 10 bifurcation, 00 other, 11 reserved and read as other), 14 bits x, two bits
 * reserved, 14 bits y, one byte angle, and usually one byte quality. The extended data: two bytes
 * with their whole length, then blocks of two bytes type, two bytes length (these four counted),
 * content. Ridge counts, cores and deltas are passed over, but their lengths have to add up: a
 * record that lies there may lie elsewhere, and the next view would be read from a wrong place.
 */
#include "exchange_int.h"

#include <stdio.h>

enum { PPI_MIN = 100, PPI_MAX = 4000 };

enum hbs_err hbs_record_bad(const struct hbs_record_reader *r, size_t at, const char *format, ...)
{
    if (!r->ctx)
        return HBS_ERR_FORMAT;
    char what[200], where[40];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    snprintf(where, sizeof where, "byte %zu", at);
    /* the offset is in the message as well: a caller puts a file's name in place of "where" */
    return hbs_fail(r->ctx, HBS_ERR_FORMAT, where, "ask for the record again from where it was made",
                    "byte %zu: %s", at, what);
}

enum hbs_err hbs_record_need(const struct hbs_record_reader *r, size_t n, const char *what)
{
    if (r->at <= r->size && n <= r->size - r->at)
        return HBS_OK;
    return hbs_record_bad(r, r->at, "the record ends inside %s (%zu bytes wanted, %zu left)", what, n,
                          r->at <= r->size ? r->size - r->at : 0);
}

enum hbs_err hbs_record_end(const struct hbs_record_reader *r, uint64_t declared)
{
    if (r->at == r->size || r->at == declared)
        return HBS_OK;
    return hbs_record_bad(r, r->at, "%zu bytes are left over after the last view", r->size - r->at);
}

/* The header's whole pixels per cm are rounded (or cut) from a scanner's resolution in ppi. Taking
 * 197 for 500.38 ppi would move the far corner of a print by a third of a pixel for nothing. */
uint32_t hbs_record_ppi100(uint32_t per_cm)
{
    switch (per_cm) {
    case 98:
    case 99:
        return 25000;
    case 196:
    case 197:
        return 50000;
    case 295:
    case 296:
        return 75000;
    case 393:
    case 394:
        return 100000;
    default:
        break;
    }
    if (per_cm * 254u < PPI_MIN * 100u || per_cm > PPI_MAX * 100u / 254u)
        return 0;
    return per_cm * 254u;
}

/* Record pixels to 1/8 pixel at 500 ppi, to the nearest. */
static uint32_t to_units(uint32_t pixels, uint32_t ppi100)
{
    return (uint32_t)(((uint64_t)pixels * (50000u * HBS_FINGER_UNIT) + ppi100 / 2) / ppi100);
}

/* A side of the picture in pixels at 500 ppi, to the nearest, at least 1. */
static uint32_t to_side(uint32_t pixels, uint32_t ppi100)
{
    uint32_t side = (uint32_t)(((uint64_t)pixels * 50000u + ppi100 / 2) / ppi100);
    return side ? side : 1;
}

static enum hbs_err walk_minutiae(struct hbs_record_reader *r, struct hbs_record_place *place)
{
    struct hbs_record_view *v = &place->view;
    for (uint32_t i = 0; i < v->minutiae; i++) {
        if (r->size - r->at < place->minutia_size)
            return hbs_record_bad(r, r->at, "the record ends inside minutia %u of %u", i + 1,
                                  v->minutiae);
        const uint8_t *m = r->data + r->at;
        unsigned x = hbs_be16(m) & 0x3fff, y = hbs_be16(m + 2) & 0x3fff;
        if (x >= v->width || y >= v->height)
            return hbs_record_bad(r, r->at, "minutia %u at %u,%u lies outside its %ux%u picture",
                                  i + 1, x, y, v->width, v->height);
        if (m[4] >= place->steps)
            return hbs_record_bad(r, r->at + 4, "minutia %u has the angle %u of at most %u", i + 1,
                                  m[4], place->steps - 1);
        if (place->minutia_size == 6 && m[5] && m[5] <= 100)
            v->has_minutia_quality = true;
        r->at += place->minutia_size;
    }
    return HBS_OK;
}

/* Whether blocks of extended data fill n bytes, but for `slack` of them, when each length leaves
 * out `without` of the block's bytes. *at is left at the block that does not fit. */
static bool blocks_fit(const uint8_t *p, size_t n, size_t without, size_t slack, size_t *at)
{
    for (*at = 0; *at < n;) {
        size_t left = n - *at, length = left < 4 ? 0 : hbs_be16(p + *at + 2) + without;
        if (length > left && length - left <= slack)
            length = left;
        else if (left <= slack && *at)
            length = left;
        else if (length < 4 || length > left)
            return false;
        *at += length;
    }
    return true;
}

/* Passes over the extended data. Their lengths must add up to the byte, but for r->slack: NIST's
 * own samples of whole records have one that is a byte short and one that is two bytes over. Such
 * a block must at least begin like one of the standard's three kinds. A block's length counts its
 * own four bytes of header in the annex examples of all editions, but there are writers of 2005
 * records that leave them out; a list of blocks that fits so is taken as well. */
static enum hbs_err walk_extended(struct hbs_record_reader *r, struct hbs_record_view *v)
{
    enum hbs_err err = hbs_record_need(r, 2, "the length of the extended data");
    if (err)
        return err;
    v->extended = hbs_be16(r->data + r->at);
    r->at += 2;
    const uint8_t *p = r->data + r->at;
    size_t left = r->size - r->at, slack = 0, at, ignored;
    if (v->extended >= 4 && left >= 4 && hbs_be16(p) - 1u < 3)
        slack = r->slack;
    size_t differs = left > v->extended ? left - v->extended : v->extended - left;
    if (differs <= slack)
        v->extended = (uint32_t)left;
    if ((err = hbs_record_need(r, v->extended, "the extended data")))
        return err;
    if (!blocks_fit(p, v->extended, 0, slack, &at) &&
        !(v->format == HBS_RECORD_ISO2005 && blocks_fit(p, v->extended, 4, 0, &ignored)))
        return hbs_record_bad(r, r->at + at, "extended data blocks do not fill their %u bytes",
                              v->extended);
    r->at += v->extended;
    return HBS_OK;
}

enum hbs_err hbs_record_walk_view(struct hbs_record_reader *r, struct hbs_record_place *place)
{
    struct hbs_record_view *v = &place->view;
    if (!v->width || !v->height)
        return hbs_record_bad(r, place->sizes_at, "the picture is %ux%u", v->width, v->height);
    uint32_t x100 = hbs_record_ppi100(place->res_x), y100 = hbs_record_ppi100(place->res_y);
    if (!x100 || !y100)
        return hbs_record_bad(r, place->sizes_at, "the resolution is %u by %u pixels per cm",
                              place->res_x, place->res_y);
    if (to_side(v->width, x100) > HBS_RECORD_SIDE_MAX || to_side(v->height, y100) > HBS_RECORD_SIDE_MAX)
        return hbs_record_bad(r, place->sizes_at,
                              "a %ux%u picture at %u pixels per cm is too large for a finger",
                              v->width, v->height, place->res_x);
    v->ppi_x = (x100 + 50) / 100;
    v->ppi_y = (y100 + 50) / 100;
    place->minutiae_at = r->at;
    enum hbs_err err = walk_minutiae(r, place);
    if (!err)
        err = walk_extended(r, v);
    v->size = r->at - v->offset;
    return err;
}

/* Counting by quality instead of sorting keeps ties in the record's order. */
uint32_t hbs_record_keep_best(const struct hbs_minutia *all, uint32_t count,
                              struct hbs_finger_template *out)
{
    uint32_t with[101] = {0}, room = HBS_FINGER_MINUTIAE_MAX;
    for (uint32_t i = 0; i < count; i++)
        with[all[i].quality]++;
    for (int q = 100; q >= 0; q--) { /* from here on: how many of each quality may stay */
        with[q] = with[q] < room ? with[q] : room;
        room -= with[q];
    }
    out->count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (with[all[i].quality]) {
            with[all[i].quality]--;
            out->minutiae[out->count++] = all[i];
        }
    return count - out->count;
}

enum hbs_err hbs_record_make_template(const struct hbs_record_reader *r,
                                      struct hbs_record_place *place,
                                      struct hbs_finger_template *out)
{
    struct hbs_record_view *v = &place->view;
    struct hbs_minutia all[255];
    uint32_t x100 = hbs_record_ppi100(place->res_x), y100 = hbs_record_ppi100(place->res_y);
    if (NEVER(v->minutiae > HBS_COUNT(all) || !x100 || !y100))
        return hbs_fail(r->ctx, HBS_ERR_BUG, "", "report this", "an unchecked view");
    memset(out, 0, sizeof *out);
    out->width = (uint16_t)to_side(v->width, x100);
    out->height = (uint16_t)to_side(v->height, y100);
    out->quality = v->quality;
    out->finger = v->finger <= 10 ? v->finger : 0;
    const uint8_t *m = r->data + place->minutiae_at;
    for (uint32_t i = 0; i < v->minutiae; i++, m += place->minutia_size) {
        uint32_t x = to_units(hbs_be16(m) & 0x3fff, x100), y = to_units(hbs_be16(m + 2) & 0x3fff, y100);
        /* sides are rounded too: a minutia on the last pixel stays inside */
        uint32_t x_end = out->width * 8u - 1, y_end = out->height * 8u - 1;
        unsigned type = m[0] >> 6;
        all[i] = (struct hbs_minutia){
            .x = (uint16_t)(x < x_end ? x : x_end),
            .y = (uint16_t)(y < y_end ? y : y_end),
            .angle = (uint8_t)((m[4] * 256u + place->steps / 2) / place->steps),
            .type = (uint8_t)(type == 3 ? HBS_MINUTIA_OTHER : type),
            .quality = place->minutia_size == 6 && m[5] <= 100 ? m[5] : 0,
        };
    }
    v->dropped = hbs_record_keep_best(all, v->minutiae, out);
    return HBS_OK;
}

enum hbs_err hbs_record_check_template(struct hbs_ctx *ctx, const struct hbs_finger_template *t)
{
    static const char action[] = "give a template that extraction or a reader made";
    if (!t->width || !t->height || t->width > HBS_RECORD_SIDE_MAX || t->height > HBS_RECORD_SIDE_MAX)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", action, "a template of a %ux%u picture", t->width,
                        t->height);
    if (t->count > HBS_FINGER_MINUTIAE_MAX || t->quality > 100 || t->finger > 10)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", action,
                        "a template with %u minutiae, quality %u, finger %u", t->count, t->quality,
                        t->finger);
    for (unsigned i = 0; i < t->count; i++) {
        const struct hbs_minutia *m = &t->minutiae[i];
        if (m->x >= t->width * 8u || m->y >= t->height * 8u || m->quality > 100 ||
            m->type > HBS_MINUTIA_BIFURCATION)
            return hbs_fail(ctx, HBS_ERR_USAGE, "", action,
                            "minutia %u of a template is outside its picture or not of a known kind",
                            i + 1);
    }
    return HBS_OK;
}

/* Eighths to whole pixels; half a pixel from the edge must not become a pixel beyond it. */
static unsigned to_pixel(unsigned units, unsigned side)
{
    unsigned p = (units + HBS_FINGER_UNIT / 2) / HBS_FINGER_UNIT;
    return p < side ? p : side - 1;
}

enum hbs_err hbs_record_put_minutiae(struct hbs_buf *out, const struct hbs_finger_template *t,
                                     unsigned steps, unsigned minutia_size)
{
    uint8_t bytes[HBS_FINGER_MINUTIAE_MAX * 6 + 2], *p = bytes;
    for (unsigned i = 0; i < t->count; i++) {
        const struct hbs_minutia *m = &t->minutiae[i];
        hbs_put_be16(p, (uint16_t)(m->type << 14 | to_pixel(m->x, t->width)));
        hbs_put_be16(p + 2, (uint16_t)to_pixel(m->y, t->height));
        p[4] = (uint8_t)((m->angle * steps + 128) / 256 % steps);
        if (minutia_size == 6)
            p[5] = m->quality;
        p += minutia_size;
    }
    hbs_put_be16(p, 0); /* no extended data */
    return hbs_buf_put(out, bytes, (size_t)(p + 2 - bytes));
}

unsigned hbs_record_view_number(const struct hbs_finger_template *t, size_t i)
{
    unsigned n = 0;
    for (size_t j = 0; j < i; j++)
        n += t[j].finger == t[i].finger;
    return n;
}
