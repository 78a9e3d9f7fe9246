/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: WSQ, a file to pixels (specification, annexes A to C). What is checked, and when:
 * every segment's length against the bytes that are there, and the size against the limits of
 * image.h, before pixel memory is taken; that the coded blocks fill all transmitted subbands,
 * neither more nor less, and that the file ends. A file so short for its picture that only long
 * runs of zeros could fill it is first read through without keeping anything, so that a false size
 * in a few bytes costs nothing.
 */
#include "wsq_int.h"

#include <stdio.h>

/* A file is markers, FF and a second byte. Behind each but the first and the last stands a segment:
 * its length, 2 bytes that count themselves, and its content, of which the functions below show the
 * layout. All numbers are big-endian. Behind an SOB segment follow the bits of a block.
 *
 *     SOI  (DTT DQT SOF DHT DRI COM, in any order)  SOB bits  (DHT COM)  SOB bits  ...  EOI
 *
 * Encoders differ in that order, in how many tables a segment holds and in where blocks are cut;
 * nothing is assumed of it but that what a block needs comes before it. */

/* The bits of one block. In them FF 00 stands for the byte FF; FF and anything else is the marker
 * that ends the block, and is never read past. */
struct reader {
    const uint8_t *p, *end;
    uint64_t bits; /* the next ones, at the top; behind `have` of them zeros, or bits yet to come */
    int have;
};

/* Everything known of one file. It has 22 kB, most of them tables, and lives on the heap. */
struct decoder {
    struct hbs_ctx *ctx;
    const uint8_t *data;
    size_t size, at;                     /* the file, and the place in it */
    bool have_frame, have_filters, have_quant;
    uint32_t width, height, ppi;
    float shift, scale;                  /* M and R */
    struct wsq_filters filters;
    float centre;                        /* C: where in its bin a value is put back */
    float bin[WSQ_BANDS], zero[WSQ_BANDS]; /* Q and Z, widths of bins and of the zero bin */
    struct wsq_tree tree;
    uint64_t present;                    /* bands that are transmitted */
    bool begun;                          /* the first block was met */
    bool trial, tried;                   /* reading through, nothing is kept; that is done */
    float *plane;                        /* coefficients, then pixels before rounding */
    int band;                            /* the next value goes into this band, */
    uint32_t x, y;                       /* at this place of it */
    struct wsq_decoder_table table[8];
};

/* What to do about nearly every fault in a file. */
static const char whole[] = "give a whole WSQ file, or make it anew from the source picture";

/* The one way to refuse: with the place in the bytes and what is wrong there. */
static enum hbs_err broken(struct decoder *d, size_t at, const char *what)
{
    char where[40];
    snprintf(where, sizeof where, "byte %zu", at);
    return hbs_fail(d->ctx, HBS_ERR_FORMAT, where, whole, "broken WSQ: %s", what);
}

/* ---- segments ------------------------------------------------------------------------------ */

/* SOF, the frame header:
 *     1 black, 1 white   of the scanner; nothing follows from them
 *     2 height, 2 width
 *     1 + 2 M, 1 + 2 R   exponent and mantissa: a pixel is a coefficient times R plus M
 *     1 encoder, 2 implementation
 * The size is the one number in a file that decides about memory. */
static enum hbs_err read_frame(struct decoder *d, const uint8_t *p, size_t n)
{
    if (n < 15)
        return broken(d, d->at, "the frame header is too short");
    uint32_t height = hbs_be16(p + 2), width = hbs_be16(p + 4);
    if (d->have_frame)
        return broken(d, d->at, "a second frame header");
    enum hbs_err err = hbs_image_check(d->ctx, "WSQ", width, height);
    if (err)
        return err;
    d->width = width;
    d->height = height;
    d->shift = hbs_wsq_decimal(hbs_be16(p + 7), p[6]);
    d->scale = hbs_wsq_decimal(hbs_be16(p + 10), p[9]);
    d->have_frame = true;
    return HBS_OK;
}

/* DTT, the transform table:
 *     1 length of the low-pass filter, 1 of the high-pass filter
 *     then for each its taps from the middle to the right: 1 sign, 1 exponent, 4 mantissa
 * These are the analysis filters, from which synthesis follows (wsq_wavelet.c). Of filters with
 * even length, which the syntax allows and mirror differently, no encoder in use is known. */
static enum hbs_err read_filters(struct decoder *d, const uint8_t *p, size_t n)
{
    if (n < 2)
        return broken(d, d->at, "the transform table is too short");
    unsigned length[2] = {p[0], p[1]};
    for (int i = 0; i < 2; i++)
        if (!(length[i] & 1) || length[i] > 2 * WSQ_HALF_MAX + 1)
            return hbs_fail(d->ctx, HBS_ERR_UNSUPPORTED, "", "make it anew with the 9/7 filters",
                            "WSQ with wavelet filters of %u and %u taps", length[0], length[1]);
    d->filters.lo_half = (int)length[0] / 2;
    d->filters.hi_half = (int)length[1] / 2;
    size_t taps = length[0] / 2 + length[1] / 2 + 2;
    if (n < 2 + 6 * taps)
        return broken(d, d->at, "the transform table is too short");
    p += 2;
    for (size_t i = 0; i < taps; i++, p += 6) {
        float v = hbs_wsq_decimal(hbs_be32(p + 2), p[1]);
        if (p[0])
            v = -v;
        if (i <= length[0] / 2)
            d->filters.lo[i] = v;
        else
            d->filters.hi[i - length[0] / 2 - 1] = v;
    }
    d->have_filters = true;
    return HBS_OK;
}

/* DQT, the quantisation table:
 *     1 + 2 C            exponent and mantissa
 *     64 times  1 + 2 Q, 1 + 2 Z
 * A band with Q = 0 is not transmitted at all. */
static enum hbs_err read_quant(struct decoder *d, const uint8_t *p, size_t n)
{
    if (n < 3 + 6 * WSQ_BANDS)
        return broken(d, d->at, "the quantisation table is too short");
    d->centre = hbs_wsq_decimal(hbs_be16(p + 1), p[0]);
    p += 3;
    d->present = 0;
    for (int k = 0; k < WSQ_BANDS; k++, p += 6) {
        d->bin[k] = hbs_wsq_decimal(hbs_be16(p + 1), p[0]);
        d->zero[k] = hbs_wsq_decimal(hbs_be16(p + 4), p[3]);
        if (hbs_be16(p + 1))
            d->present |= UINT64_C(1) << k;
    }
    d->have_quant = true;
    return HBS_OK;
}

/* DHT, Huffman tables, one or several in a segment:
 *     1 number, 16 counts of codes by length, and as many symbols as the counts add up to
 * A table may be given again under the same number; blocks use what was given last. */
static enum hbs_err read_tables(struct decoder *d, const uint8_t *p, size_t n)
{
    while (n) {
        if (n < 1 + WSQ_CODE_MAX)
            return broken(d, d->at, "the Huffman table is too short");
        unsigned id = p[0];
        size_t total = 0;
        for (int i = 0; i < WSQ_CODE_MAX; i++)
            total += p[1 + i];
        if (id >= HBS_COUNT(d->table))
            return broken(d, d->at, "a Huffman table has a number above 7");
        if (!hbs_wsq_table_read(p + 1, p + 1 + WSQ_CODE_MAX, n - 1 - WSQ_CODE_MAX, &d->table[id]))
            return broken(d, d->at, "the Huffman table is not a code");
        p += 1 + WSQ_CODE_MAX + total;
        n -= 1 + WSQ_CODE_MAX + total;
    }
    return HBS_OK;
}

/* COM, a comment. The format itself has no place for the resolution; NIST's convention is a comment
 * that begins with NIST_COM and has lines "KEY value", among them PPI, where -1 means unknown. Any
 * other comment may say what it likes. */
static void read_comment(struct decoder *d, const uint8_t *p, size_t n)
{
    static const char head[] = "NIST_COM", key[] = "PPI ";
    if (n < sizeof head - 1 || memcmp(p, head, sizeof head - 1))
        return;
    for (size_t i = 0; i + sizeof key - 1 < n; i++) {
        if (i && p[i - 1] != '\n')
            continue;
        if (memcmp(p + i, key, sizeof key - 1))
            continue;
        uint32_t v = 0;
        for (size_t j = i + sizeof key - 1; j < n && p[j] >= '0' && p[j] <= '9' && v < 100000; j++)
            v = 10 * v + (p[j] - '0');
        d->ppi = hbs_image_ppi(v, v);
        return;
    }
}

/* ---- coded blocks -------------------------------------------------------------------------- */

/* Fills up to more than 56 bits, or with what there is. Nearly always there is no FF among the next
 * eight bytes and they are taken at once. Then bits of a byte that is only partly in stand behind
 * `have`; the next refill puts the same bits over them, so they do no harm. */
static void refill(struct reader *r)
{
    if (r->end - r->p >= 8) {
        uint64_t next; /* a byte of `inverse` is zero where one of `next` is FF */
        memcpy(&next, r->p, sizeof next);
        uint64_t inverse = ~next;
        if (!((inverse - UINT64_C(0x0101010101010101)) & next & UINT64_C(0x8080808080808080))) {
            /* (x - 01..01) & ~x & 80..80 is zero exactly if no byte of x is (x is `inverse`) */
            int bytes = (64 - r->have) / 8;
            r->bits |= (uint64_t)hbs_be32(r->p) << 32 >> r->have;
            r->bits |= (uint64_t)hbs_be32(r->p + 4) >> r->have;
            r->p += bytes;
            r->have += 8 * bytes;
            return;
        }
    }
    while (r->have <= 56 && r->p < r->end) {
        uint8_t b = *r->p;
        if (b == 0xff) {
            if (r->end - r->p < 2 || r->p[1] != 0)
                break; /* a marker */
            r->p++;
        }
        r->p++;
        r->bits |= (uint64_t)b << (56 - r->have);
        r->have += 8;
    }
}

/* Whether what is left, when it is no code, is the filling of a block's end: the rest of a byte,
 * or nothing but ones. Encoders fill with ones, since the code of nothing but ones is never given
 * away; at least one adds a whole byte FF 00 of them. Less than 32 bits are left only where refill
 * met the block's end, so ones in the middle of a block are not mistaken for it. */
static bool is_filling(const struct reader *r)
{
    return r->have < 8 || (r->have < 32 && !(~r->bits >> (64 - r->have)));
}

/* The next symbol; 0 when the block's bits are used up, -1 when they are no code. A code and the
 * bits of its escape are at most 32, hence one look at the filling serves both. */
static int next_symbol(struct reader *r, const struct wsq_decoder_table *t)
{
    if (r->have < 32)
        refill(r);
    /* Behind a block's end come zeros, so the look may find a code that is not there: the length of
     * what is left decides. */
    uint32_t entry = t->look[r->bits >> (64 - WSQ_LOOK)];
    int length = (int)(entry >> 8), symbol = (int)(entry & 255);
    if (!length) { /* longer than the table looks: try each length's range of codes */
        uint32_t code = (uint32_t)(r->bits >> (64 - WSQ_CODE_MAX));
        for (length = WSQ_LOOK + 1; length <= WSQ_CODE_MAX && code >= t->limit[length]; length++)
            ;
        if (length > WSQ_CODE_MAX)
            return is_filling(r) ? 0 : -1;
        symbol = t->symbol[(int32_t)(code >> (WSQ_CODE_MAX - length)) + t->offset[length]];
    }
    if (length > r->have)
        return is_filling(r) ? 0 : -1;
    r->bits <<= length;
    r->have -= length;
    return symbol;
}

/* The 8 or 16 bits behind an escape; -1 when they are missing. next_symbol has left at least 16 of
 * the 32 that it made sure of, if the block had them. */
static int next_extra(struct reader *r, int length)
{
    if (length > r->have)
        return -1;
    int v = (int)(r->bits >> (64 - length));
    r->bits <<= length;
    r->have -= length;
    return v;
}

/* Goes to the next band that is transmitted and not empty, starting from d->band; WSQ_BANDS when
 * there is none. Very small pictures have empty bands. */
static void settle(struct decoder *d)
{
    while (d->band < WSQ_BANDS &&
           (!(d->present >> d->band & 1) || !d->tree.band[d->band].width ||
            !d->tree.band[d->band].height))
        d->band++;
}

/* Passes over `run` places, which hold zero already. False if there are not so many. A run may go
 * through several bands. It takes as many steps as bands, not as zeros, which matters to files made
 * of the longest runs only. */
static bool skip(struct decoder *d, uint32_t run)
{
    while (run) {
        if (d->band == WSQ_BANDS)
            return false;
        const struct wsq_rect *b = &d->tree.band[d->band];
        uint64_t place = (uint64_t)d->y * b->width + d->x + run;
        uint64_t area = (uint64_t)b->width * b->height;
        if (place < area) {
            d->y = (uint32_t)(place / b->width);
            d->x = (uint32_t)(place % b->width);
            return true;
        }
        run = (uint32_t)(place - area);
        d->x = d->y = 0;
        d->band++;
        settle(d);
    }
    return true;
}

/* Decodes one block from d->at up to its marker. The specification's three blocks end with bands
 * 18, 51 and 63, but that is not relied upon: each continues where the one before ended.
 *
 * A value p becomes the coefficient (p - C) Q + Z / 2 for p > 0, (p + C) Q - Z / 2 for p < 0, each
 * step rounded to single precision as the reference does. Zeros stay what the plane was made of. */
static enum hbs_err read_block(struct decoder *d, const struct wsq_decoder_table *table)
{
    struct reader r = {.p = d->data + d->at, .end = d->data + d->size};
    for (;;) {
        int symbol = next_symbol(&r, table);
        if (symbol <= 0) {
            d->at = (size_t)(r.p - d->data);
            return symbol ? broken(d, d->at, "bits that are no code, or too few of them") : HBS_OK;
        }
        int value = 0, run = 1; /* a run counts when the value is zero */
        if (symbol >= WSQ_VALUE_FIRST)
            value = symbol - WSQ_VALUE_ZERO;
        else if (symbol <= WSQ_RUN_SHORT_MAX)
            run = symbol;
        else {
            bool is_short = symbol == WSQ_PLUS_8 || symbol == WSQ_MINUS_8 || symbol == WSQ_RUN_8;
            int extra = next_extra(&r, is_short ? 8 : 16);
            if (extra < 0)
                return broken(d, (size_t)(r.p - d->data), "a value is cut off");
            if (symbol == WSQ_RUN_8 || symbol == WSQ_RUN_16)
                run = extra;
            else
                value = symbol == WSQ_MINUS_8 || symbol == WSQ_MINUS_16 ? -extra : extra;
        }
        if (value == 0) {
            if (!skip(d, (uint32_t)run))
                return broken(d, (size_t)(r.p - d->data), "more values than pixels");
            continue;
        }
        if (d->band == WSQ_BANDS)
            return broken(d, (size_t)(r.p - d->data), "more values than pixels");
        const struct wsq_rect *b = &d->tree.band[d->band];
        float q = d->bin[d->band], half = d->zero[d->band] / 2.0f;
        float v = value > 0 ? q * ((float)value - d->centre) + half
                            : q * ((float)value + d->centre) - half;
        if (!d->trial)
            d->plane[(size_t)(b->y + d->y) * d->width + b->x + d->x] = v;
        if (++d->x == b->width) {
            d->x = 0;
            if (++d->y == b->height) {
                d->y = 0;
                d->band++;
                settle(d);
            }
        }
    }
}

/* Files with fewer bits than this a pixel are read through before memory is taken for them: a print
 * has 0.1 or more, so that real ones are not read twice. */
#define BITS_PER_PIXEL_LEAST (1.0 / 64)

/* The first block: all headers must be there, and from them memory is taken. */
static enum hbs_err start(struct decoder *d)
{
    if (!d->have_frame || !d->have_filters || !d->have_quant)
        return broken(d, d->at, "a block comes before the frame header or the tables");
    hbs_wsq_tree(d->width, d->height, &d->tree);
    d->begun = true;
    d->band = 0;
    d->x = d->y = 0;
    settle(d);
    size_t n = (size_t)d->width * d->height;
    /* Bytes that belong to later segments or to padding are counted too: this need not be exact. */
    d->trial = !d->tried && 8.0 * (double)(d->size - d->at) < BITS_PER_PIXEL_LEAST * (double)n;
    if (d->trial)
        return HBS_OK;
    d->plane = hbs_alloc(d->ctx, n, sizeof(float));
    return d->plane ? HBS_OK : hbs_fail_memory(d->ctx, n * sizeof(float));
}

/* Reads from SOI to EOI: headers into *d, coefficients into d->plane. What follows EOI is not
 * looked at (records that hold WSQ pad it). A file without EOI is refused even if every value is
 * there: it was cut, and who sent it should know. */
static enum hbs_err read_all(struct decoder *d)
{
    if (d->size < 2 || hbs_be16(d->data) != WSQ_SOI)
        return hbs_fail(d->ctx, HBS_ERR_FORMAT, "", whole, "not a WSQ file");
    for (d->at = 2;;) {
        if (d->size - d->at < 2)
            return broken(d, d->at, "the file ends too early");
        unsigned marker = hbs_be16(d->data + d->at);
        d->at += 2;
        if (marker == WSQ_EOI)
            break;
        if (marker < WSQ_SOF || marker > WSQ_COM)
            return broken(d, d->at - 2, "an unknown marker");
        if (d->size - d->at < 2)
            return broken(d, d->at, "the file ends too early");
        size_t length = hbs_be16(d->data + d->at);
        if (length < 2 || length > d->size - d->at)
            return broken(d, d->at, "a segment is longer than the file");
        const uint8_t *p = d->data + d->at + 2;
        size_t n = length - 2;
        d->at += length;
        enum hbs_err err = HBS_OK;
        /* Once a block has been read, only Huffman tables and comments may still come: the plane's
         * size and the bins of the values in it must not change under them. */
        if (d->begun && (marker == WSQ_SOF || marker == WSQ_DTT || marker == WSQ_DQT))
            err = broken(d, d->at, "a header between the blocks");
        else if (marker == WSQ_SOF)
            err = read_frame(d, p, n);
        else if (marker == WSQ_DTT)
            err = read_filters(d, p, n);
        else if (marker == WSQ_DQT)
            err = read_quant(d, p, n);
        else if (marker == WSQ_DHT)
            err = read_tables(d, p, n);
        else if (marker == WSQ_COM)
            read_comment(d, p, n);
        else if (marker == WSQ_DRI) { /* 2 interval; 0 turns restarts off */
            if (n < 2 || hbs_be16(p))
                err = hbs_fail(d->ctx, HBS_ERR_UNSUPPORTED, "", "make it anew without restarts",
                               "WSQ with restart intervals");
        } else { /* SOB: 1 number of the block's table */
            if (n < 1 || p[0] >= HBS_COUNT(d->table) || !d->table[p[0]].given)
                err = broken(d, d->at, "a block names a Huffman table that is not there");
            else if (d->begun || !(err = start(d)))
                err = read_block(d, &d->table[p[0]]);
        }
        if (err)
            return err;
    }
    if (!d->begun || d->band != WSQ_BANDS)
        return broken(d, d->at, "fewer values than pixels");
    return HBS_OK;
}

enum hbs_err hbs_wsq_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out)
{
    struct decoder *d = hbs_alloc(ctx, 1, sizeof *d);
    if (!d)
        return hbs_fail_memory(ctx, sizeof *d);
    *d = (struct decoder){.ctx = ctx, .data = data, .size = size};
    struct hbs_image image = {0};
    enum hbs_err err = read_all(d);
    if (!err && d->trial) { /* its few bytes do fill so large a picture */
        *d = (struct decoder){.ctx = ctx, .data = data, .size = size, .tried = true};
        err = read_all(d);
    }
    if (err)
        goto done;
    /* The picture is made last, so that a failure leaves nothing of it behind. */
    if ((err = hbs_wsq_synthesise(ctx, &d->filters, &d->tree, d->present, d->plane)) ||
        (err = hbs_image_alloc(ctx, d->width, d->height, d->ppi, HBS_IMAGE_WSQ, &image)))
        goto done;
    for (size_t i = 0; i < (size_t)d->width * d->height; i++) {
        /* rounded to the nearest level, halves up, and held within 0..255 */
        float v = d->plane[i] * d->scale + d->shift + 0.5f;
        v = v > 0.0f ? v : 0.0f; /* not-a-number too */
        v = v < 255.0f ? v : 255.0f;
        image.pixels[i] = (uint8_t)(int)v;
    }
    *out = image;
done:
    hbs_free(ctx, d->plane);
    hbs_free(ctx, d);
    return err;
}
