/* SPDX-License-Identifier: MPL-2.0
 *
 * Room exchange: minutiae as ISO/IEC 19794-2:2005 gives them to a card that compares by itself: no
 * header at all, and millimetres in place of pixels.
 *
 *   normal size   5 bytes: 2 bits type, 14 bits x, 2 reserved, 14 bits y (0.01 mm), angle 1/256 turn
 *   compact size  3 bytes: x, y (0.1 mm), 2 bits type and 6 bits angle (1/64 turn)
 *
 * One eighth of a pixel at 500 ppi is 25.4 / 4000 mm, hence the factors of 127. Both roundings
 * have a fixed point: what was read from a card form is written to it again bit by bit.
 */
#include "exchange_int.h"

enum { SIDE_LEAST = 504 }; /* 25.6 mm at 500 ppi, rounded up */

/* Units of 1/8 pixel in `div` card units: 200 in 127 (normal), 2000 in 127 (compact). */
static uint32_t from_card(uint32_t v, uint32_t units) { return (v * units + 63) / 127; }
static uint32_t to_card(uint32_t v, uint32_t units) { return (v * 127 + units / 2) / units; }

static enum hbs_err no_card_form(struct hbs_ctx *ctx, enum hbs_record_format format)
{
    return hbs_fail(ctx, HBS_ERR_USAGE, "", "name card-normal or card-compact",
                    "%s is not an on-card form", hbs_record_format_name(format));
}

enum hbs_err hbs_card_read_finger(struct hbs_ctx *ctx, enum hbs_record_format format, const void *data,
                                  size_t size, struct hbs_finger_template *out, uint32_t *dropped)
{
    if (format != HBS_RECORD_CARD_NORMAL && format != HBS_RECORD_CARD_COMPACT)
        return no_card_form(ctx, format);
    bool compact = format == HBS_RECORD_CARD_COMPACT;
    size_t each = compact ? 3 : 5, count = size / each;
    struct hbs_record_reader r = {ctx, data, size, 0, 0};
    struct hbs_minutia all[255];
    if (size % each)
        return hbs_record_bad(&r, count * each, "%zu bytes are left over after %zu minutiae of %zu",
                              size % each, count, each);
    if (count > HBS_COUNT(all))
        return hbs_record_bad(&r, HBS_COUNT(all) * each, "more than %zu minutiae", HBS_COUNT(all));
    uint32_t x_most = 0, y_most = 0;
    const uint8_t *m = data;
    for (size_t i = 0; i < count; i++, m += each) {
        unsigned type = m[compact ? 2 : 0] >> 6;
        uint32_t x = compact ? from_card(m[0], 2000) : from_card(hbs_be16(m) & 0x3fff, 200);
        uint32_t y = compact ? from_card(m[1], 2000) : from_card(hbs_be16(m + 2) & 0x3fff, 200);
        all[i] = (struct hbs_minutia){
            .x = (uint16_t)x,
            .y = (uint16_t)y,
            .angle = (uint8_t)(compact ? (m[2] & 63) * 4 : m[4]),
            .type = (uint8_t)(type == 3 ? HBS_MINUTIA_OTHER : type),
        };
        x_most = x > x_most ? x : x_most;
        y_most = y > y_most ? y : y_most;
    }
    memset(out, 0, sizeof *out);
    out->width = (uint16_t)(x_most / 8 + 1 > SIDE_LEAST ? x_most / 8 + 1 : SIDE_LEAST);
    out->height = (uint16_t)(y_most / 8 + 1 > SIDE_LEAST ? y_most / 8 + 1 : SIDE_LEAST);
    uint32_t lost = hbs_record_keep_best(all, (uint32_t)count, out);
    if (dropped)
        *dropped = lost;
    return HBS_OK;
}

enum hbs_err hbs_card_write_finger(struct hbs_ctx *ctx, enum hbs_record_format format,
                                   const struct hbs_finger_template *t, struct hbs_buf *out)
{
    if (format != HBS_RECORD_CARD_NORMAL && format != HBS_RECORD_CARD_COMPACT)
        return no_card_form(ctx, format);
    enum hbs_err err = hbs_record_check_template(ctx, t);
    if (err)
        return err;
    bool compact = format == HBS_RECORD_CARD_COMPACT;
    uint32_t units = compact ? 2000 : 200, most = compact ? 255 : 0x3fff;
    uint8_t bytes[HBS_FINGER_MINUTIAE_MAX * 5], *p = bytes;
    for (unsigned i = 0; i < t->count; i++) {
        const struct hbs_minutia *m = &t->minutiae[i];
        uint32_t x = to_card(m->x, units), y = to_card(m->y, units);
        if (x > most || y > most)
            return hbs_fail(ctx, HBS_ERR_LIMIT, "", "use the normal form, or a smaller picture",
                            "minutia %u lies beyond the reach of the %s form", i + 1,
                            hbs_record_format_name(format));
        if (compact) {
            p[0] = (uint8_t)x;
            p[1] = (uint8_t)y;
            p[2] = (uint8_t)(m->type << 6 | ((m->angle + 2u) / 4 & 63));
            p += 3;
        } else {
            hbs_put_be16(p, (uint16_t)(m->type << 14 | x));
            hbs_put_be16(p + 2, (uint16_t)y);
            p[4] = m->angle;
            p += 5;
        }
    }
    return hbs_buf_put(out, bytes, (size_t)(p - bytes));
}
