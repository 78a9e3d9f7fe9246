/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: PGM and PPM, plain (P2, P3) and raw (P5, P6), after the netpbm man pages pgm(5) and
 * ppm(5): magic, width, height, greatest value (1 to 65535), white space and comments between,
 * one white space, then samples; two bytes a sample, the higher first, when the greatest value is
 * over 255. The formats declare no resolution. Of several pictures in a file the first is read.
 */
#include "image_int.h"

struct reader {
    const uint8_t *at, *end;
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next decimal number, comments skipped; -1 at the end of the bytes, -2 for what is no number,
 * -3 beyond 9 digits. */
static long next_number(struct reader *r)
{
    for (;;) {
        while (r->at < r->end && is_space(*r->at))
            r->at++;
        if (r->at == r->end)
            return -1;
        if (*r->at != '#')
            break;
        while (r->at < r->end && *r->at != '\n' && *r->at != '\r')
            r->at++;
    }
    long v = 0;
    int digits = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (++digits > 9)
            return -3;
        v = 10 * v + (*r->at - '0');
    }
    return digits ? v : -2;
}

static enum hbs_err header_number(struct hbs_ctx *ctx, struct reader *r, const uint8_t *data,
                                  const char *name, long *out)
{
    *out = next_number(r);
    if (*out == -1)
        return hbs_image_ends(ctx, "PGM", (size_t)(r->end - data));
    if (*out == -2)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give a sound file",
                        "no %s in the PGM header at byte %zu", name, (size_t)(r->at - data));
    if (*out == -3)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "", "give a smaller picture",
                        "the %s in the PGM header has over 9 digits", name);
    return HBS_OK;
}

/* A sample as 0..255. Of the full 16 bits the high byte is kept, as of every 16-bit format. */
static uint8_t to_byte(uint32_t v, uint32_t most)
{
    if (most == 255)
        return (uint8_t)v;
    return most == 65535 ? (uint8_t)(v >> 8) : (uint8_t)((v * 255 + most / 2) / most);
}

enum hbs_err hbs_pnm_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out)
{
    if (size < 3)
        return hbs_image_ends(ctx, "PGM", size);
    struct reader r = {data + 2, data + size};
    bool plain = data[1] == '2' || data[1] == '3';
    int channels = data[1] == '3' || data[1] == '6' ? 3 : 1;
    long width, height, most;
    enum hbs_err err;
    if ((err = header_number(ctx, &r, data, "width", &width)) ||
        (err = header_number(ctx, &r, data, "height", &height)) ||
        (err = hbs_image_check(ctx, "PGM", (uint64_t)width, (uint64_t)height)) ||
        (err = header_number(ctx, &r, data, "greatest value", &most)))
        return err;
    if (most < 1 || most > 65535)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give a sound file",
                        "the PGM header says the greatest value is %ld, not 1 to 65535", most);
    if (r.at == r.end)
        return hbs_image_ends(ctx, "PGM", size);
    if (!is_space(*r.at))
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give a sound file",
                        "no white space after the PGM header at byte %zu", (size_t)(r.at - data));
    r.at++;
    /* A plain sample takes two bytes (the last, one), a raw one or two: a file too short for its
     * header is refused before memory is taken. */
    size_t samples = (size_t)width * (size_t)height * (size_t)channels;
    size_t need = plain ? 2 * samples - 1 : samples * (most > 255 ? 2 : 1);
    if ((size_t)(r.end - r.at) < need)
        return hbs_image_ends(ctx, "PGM", size);
    struct hbs_image made;
    if ((err = hbs_image_alloc(ctx, (uint64_t)width, (uint64_t)height, 0, HBS_IMAGE_PGM, &made)))
        return err;
    if (!plain && channels == 1 && most == 255) { /* the common one is what we keep */
        memcpy(made.pixels, r.at, samples);
        *out = made;
        return HBS_OK;
    }
    uint8_t colour[3];
    for (size_t i = 0, pixels = samples / (size_t)channels; i < pixels; i++) {
        for (int c = 0; c < channels; c++) {
            long v;
            if (plain) {
                v = next_number(&r);
            } else if (most > 255) {
                v = hbs_be16(r.at);
                r.at += 2;
            } else {
                v = *r.at++;
            }
            if (v == -1)
                err = hbs_image_ends(ctx, "PGM", size);
            else if (v < 0 || v > most)
                err = hbs_fail(ctx, HBS_ERR_FORMAT, "", "give a sound file",
                               "a PGM sample at byte %zu is not a number from 0 to %ld",
                               (size_t)(r.at - data), most);
            if (err) {
                hbs_image_close(&made);
                return err;
            }
            colour[c] = to_byte((uint32_t)v, (uint32_t)most);
        }
        made.pixels[i] = channels == 1 ? colour[0] : hbs_luma(colour[0], colour[1], colour[2]);
    }
    *out = made;
    return HBS_OK;
}
