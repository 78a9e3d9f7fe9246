/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: WSQ, pixels to a file. The syntax is the specification's annexes A to C, the choice
 * of bins its part 3, "FBI parameter settings, encoder number two". The target rate fixes the bins
 * through a model of the subbands' variances; the true size is whatever the Huffman coder makes of
 * them, usually less.
 */
#include "wsq_int.h"

#include <math.h>

/* How a file comes about, and in which function:
 *
 *     normalise     grey levels to (p - M) / R
 *     (analyse)     to 64 bands of coefficients (wsq_wavelet.c)
 *     choose_bins   how finely each band is quantised, from its variance and the target rate
 *     quantise      coefficients to small whole numbers, nearly all of them 0
 *     put_file      comment, tables, header; twice: count symbols, make their table, write them
 *
 * Wherever a number is both used here and written into the file (M, R, the bins, the filters), the
 * value used is the one that a decoder will read, so that no rounding comes between the two. */

/* A picture with little but slow shading has few bands to spend its bits on and would get bins far
 * finer than a grey level. No coefficient reaches 8000, so values also stay within 16 bits. */
#define BIN_LEAST 0.25

enum { BLOCKS = 3 };
/* Subbands of the three blocks: the first with table 0, the others sharing table 1. */
static const uint8_t block_end[BLOCKS] = {19, 52, WSQ_BANDS_CODED};

struct encoder {
    struct hbs_ctx *ctx;
    const struct hbs_image *image;
    struct hbs_buf *out;
    struct wsq_tree tree;
    struct wsq_filters filters;
    struct wsq_decimal shift, scale, bin[WSQ_BANDS], zero[WSQ_BANDS];
    float *plane;     /* normalised pixels, then coefficients in their place */
    int16_t *values;  /* quantised, band after band */
    /* block b has the values block_at[b] to block_at[b + 1] - 1 */
    size_t block_at[BLOCKS + 1];
};

static const struct wsq_decimal centre = {44, 2}; /* C: where in its bin a value is put back */

/* The number with as many digits as 16 bits hold: mantissa and power of ten. Numbers that do not
 * fit become the nearest that do; none above 65535 occurs. */
static struct wsq_decimal decimal(double v)
{
    struct wsq_decimal w = {0, 0};
    if (!(v > 0.0))
        return w;
    while (v * 10.0 < 65535.0 && w.exponent < 20) {
        v *= 10.0;
        w.exponent++;
    }
    w.mantissa = v < 65535.0 ? (int64_t)(v + 0.5) : 65535;
    return w;
}

static float number(struct wsq_decimal w)
{
    return hbs_wsq_decimal((uint32_t)w.mantissa, w.exponent);
}

/* ---- bins ---------------------------------------------------------------------------------- */

/* Grey values become (p - M) / R, within -128..128; M is the mean. M and R as written are used, so
 * that encoder and decoder have the same. */
static void normalise(struct encoder *e)
{
    const struct hbs_image *im = e->image;
    size_t n = (size_t)im->width * im->height;
    uint64_t sum = 0;
    uint8_t least = 255, most = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t p = im->pixels[i];
        sum += p;
        least = p < least ? p : least;
        most = p > most ? p : most;
    }
    /* R makes the level farthest from the mean +128 or -128. In a picture of one level it would be
     * 0, which nothing can be divided by; then any R will do. */
    double mean = (double)sum / (double)n;
    double reach = most - mean > mean - least ? most - mean : mean - least;
    e->shift = decimal(mean);
    e->scale = decimal(reach > 0.0 ? reach / 128.0 : 1.0);
    float m = number(e->shift), r = number(e->scale);
    for (size_t i = 0; i < n; i++)
        e->plane[i] = ((float)im->pixels[i] - m) / r;
}

/* The unbiased variance within a rectangle of the plane. Sum and sum of squares in one pass: at
 * most 2^25 numbers below 2^13 lose nothing that matters here in double precision. */
static double variance(const struct encoder *e, struct wsq_rect r)
{
    double n = (double)r.width * r.height, sum = 0.0, squares = 0.0;
    if (n < 2.0)
        return 0.0;
    for (uint32_t y = 0; y < r.height; y++) {
        const float *row = e->plane + (size_t)(r.y + y) * e->image->width + r.x;
        double s = 0.0, q = 0.0;
        for (uint32_t x = 0; x < r.width; x++) {
            s += row[x];
            q += (double)row[x] * row[x];
        }
        sum += s;
        squares += q;
    }
    double v = (squares - sum * sum / n) / (n - 1.0);
    return v > 0.0 ? v : 0.0;
}

/* Variances are taken in the middle of each band, where the finger is: three quarters of its width
 * and seven sixteenths of its height. In a picture with little there (the lowest four bands
 * together under 20000) they are taken over whole bands, as the reference encoder does. */
static void variances(const struct encoder *e, double v[WSQ_BANDS])
{
    double lowest = 0.0;
    for (int k = 0; k < WSQ_BANDS_CODED; k++) {
        struct wsq_rect r = e->tree.band[k];
        v[k] = variance(e, (struct wsq_rect){.x = r.x + r.width / 8,
                                             .y = r.y + 9 * r.height / 32,
                                             .width = 3 * r.width / 4,
                                             .height = 7 * r.height / 16});
        if (k < 4)
            lowest += v[k];
    }
    if (lowest < 20000.0)
        for (int k = 0; k < WSQ_BANDS_CODED; k++)
            v[k] = variance(e, e->tree.band[k]);
}

/* The weights A_k, the specification's: some of the highest bands are quantised more finely than
 * their variance alone would have it; all others have 1. */
static double weight(int k)
{
    static const double high[] = {1.32, 1.08, 1.42, 1.08, 1.32, 1.42, 1.08, 1.08};
    return k < 52 ? 1.0 : high[k - 52];
}

/* Bins from the target rate (part 3 of the specification; the derivation is in Bradley and
 * Brislawn, "Proposed first-generation WSQ bit allocation procedure", 1993).
 *
 * A band's relative bin is Q'_k = 1 for the lowest four and 10 / (A_k ln variance_k) for the
 * others, its true bin Q_k = Q'_k / q. A band of deviation s, loaded to gamma = 2.5 deviations,
 * takes about log2(2 gamma s / Q) bits a value, and it has the share 1 / m_k of all values.
 * Setting the sum of shares times bits to `rate` and solving for q gives, with S the sum of the
 * shares,
 *
 *     q = 2^(rate / S - 1) / gamma  *  product of (s_k / Q'_k)^(-1 / (m_k S))
 *
 * Bands whose bin would reach 2 gamma s_k would take no or negative bits; they are left out and q
 * is found again, until none is left to leave out. They still get bins: a few of their values may
 * lie outside the zero bin and are worth keeping. */
static void choose_bins(struct encoder *e, double rate)
{
    const double gamma = 2.5;
    double v[WSQ_BANDS] = {0};        /* variances */
    double relative[WSQ_BANDS] = {0}; /* Q'_k; 0: the band is not sent */
    double share[WSQ_BANDS];          /* 1 / m_k */
    bool counts[WSQ_BANDS] = {false}; /* in the set whose bits make up the rate */
    variances(e, v);
    int left = 0;
    for (int k = 0; k < WSQ_BANDS_CODED; k++) {
        /* five, four and two levels of halving both sides */
        share[k] = k < 4 ? 1.0 / 1024.0 : k < 51 ? 1.0 / 256.0 : 1.0 / 16.0;
        if (v[k] >= 1.01) { /* less is not worth a bit, and its logarithm makes no bin */
            relative[k] = k < 4 ? 1.0 : 10.0 / (weight(k) * log(v[k]));
            counts[k] = true;
            left++;
        }
    }
    /* Logarithms instead of the product: with few bands left, powers leave the range of double. */
    double q = 1.0;
    for (bool again = left > 0; again;) {
        double s = 0.0, logs = 0.0;
        for (int k = 0; k < WSQ_BANDS_CODED; k++)
            if (counts[k]) {
                s += share[k];
                logs += share[k] * log(sqrt(v[k]) / relative[k]);
            }
        q = exp((rate / s - 1.0) * log(2.0) - logs / s) / gamma;
        /* The last band is never left out, or q would come of nothing. */
        again = false;
        for (int k = 0; k < WSQ_BANDS_CODED; k++)
            if (counts[k] && relative[k] / q >= 2.0 * gamma * sqrt(v[k]) && left > 1) {
                counts[k] = false;
                left--;
                again = true;
            }
    }
    for (int k = 0; k < WSQ_BANDS_CODED; k++) {
        double bin = relative[k] / q;
        if (relative[k] > 0.0 && bin < BIN_LEAST)
            bin = BIN_LEAST;
        e->bin[k] = decimal(bin);
        e->zero[k] = decimal(1.2 * bin);
    }
}

/* Dead-zone quantiser: 0 for |a| up to Z / 2, else sign(a) (floor((|a| - Z / 2) / Q) + 1). Values
 * of all bands follow each other row by row, in the order in which they will be coded; bands with
 * Q = 0 are not sent and leave no gap. */
static void quantise(struct encoder *e)
{
    int16_t *to = e->values;
    int block = 0;
    for (int k = 0; k < WSQ_BANDS_CODED; k++) {
        struct wsq_rect r = e->tree.band[k];
        float bin = number(e->bin[k]), half = number(e->zero[k]) / 2.0f;
        for (uint32_t y = 0; y < r.height && bin > 0.0f; y++, to += r.width) {
            const float *from = e->plane + (size_t)(r.y + y) * e->image->width + r.x;
            for (uint32_t x = 0; x < r.width; x++) {
                float a = from[x], size = ((a < 0.0f ? -a : a) - half) / bin + 1.0f;
                int v = (int)(size < 32767.0f ? size : 32767.0f); /* within the dead zone: 0 */
                to[x] = (int16_t)(size < 1.0f ? 0 : a < 0.0f ? -v : v);
            }
        }
        if (k + 1 == block_end[block])
            e->block_at[++block] = (size_t)(to - e->values);
    }
}

/* ---- coding -------------------------------------------------------------------------------- */

/* Turns one block's values into symbols: with `table`, writes them; without, counts them. Zeros are
 * coded as runs, up to 100 in the symbol itself and up to 65535 behind an escape; runs go on from
 * one band to the next but end with the block. Values beyond -73..74 go behind escapes too. */
static void code_block(const int16_t *v, size_t n, uint32_t frequency[256],
                       const struct wsq_encoder_table *table, struct wsq_writer *w)
{
    for (size_t i = 0; i < n;) {
        int symbol, extra = 0, length = 0;
        if (v[i] == 0) {
            size_t run = 1; /* longer ones than 65535 follow as further runs */
            while (i + run < n && run < 65535 && !v[i + run])
                run++;
            i += run;
            symbol = run <= WSQ_RUN_SHORT_MAX ? (int)run : run < 256 ? WSQ_RUN_8 : WSQ_RUN_16;
            extra = (int)run;
            length = run <= WSQ_RUN_SHORT_MAX ? 0 : run < 256 ? 8 : 16;
        } else {
            int a = v[i++];
            if (a >= WSQ_VALUE_FIRST - WSQ_VALUE_ZERO && a <= WSQ_VALUE_LAST - WSQ_VALUE_ZERO) {
                symbol = WSQ_VALUE_ZERO + a;
            } else {
                extra = a < 0 ? -a : a;
                length = extra < 256 ? 8 : 16;
                symbol = a > 0 ? (length == 8 ? WSQ_PLUS_8 : WSQ_PLUS_16)
                               : (length == 8 ? WSQ_MINUS_8 : WSQ_MINUS_16);
            }
        }
        if (!table) {
            frequency[symbol]++;
            continue;
        }
        if (length) /* code and escape together have at most 32 bits */
            hbs_wsq_write_bits(w, (uint32_t)table->code[symbol] << length | (uint32_t)extra,
                               table->length[symbol] + length);
        else
            hbs_wsq_write_bits(w, table->code[symbol], table->length[symbol]);
    }
}

/* SOB with the table's number, then the block's bits. */
static enum hbs_err put_block(struct encoder *e, int block, const struct wsq_encoder_table *table)
{
    const uint8_t head[] = {WSQ_SOB >> 8, WSQ_SOB & 255, 0, 3, block ? 1 : 0};
    enum hbs_err err = hbs_buf_put(e->out, head, sizeof head);
    if (err)
        return err;
    struct wsq_writer w = {.out = e->out};
    code_block(e->values + e->block_at[block], e->block_at[block + 1] - e->block_at[block], NULL,
               table, &w);
    return hbs_wsq_write_end(&w);
}

/* The table for blocks first..last, written, then the blocks. The table stands before the first
 * block that uses it; the reader keeps it for the others. */
static enum hbs_err put_blocks(struct encoder *e, int first, int last)
{
    /* 2^25 pixels cannot make a frequency overflow. */
    struct wsq_encoder_table table;
    uint32_t frequency[256] = {0};
    for (int b = first; b <= last; b++)
        code_block(e->values + e->block_at[b], e->block_at[b + 1] - e->block_at[b], frequency, NULL,
                   NULL);
    hbs_wsq_table_make(frequency, &table);
    uint8_t head[5] = {WSQ_DHT >> 8, WSQ_DHT & 255, 0, 0, first ? 1 : 0};
    hbs_put_be16(head + 2, (uint16_t)(3 + WSQ_CODE_MAX + table.total));
    enum hbs_err err = hbs_buf_put(e->out, head, sizeof head);
    if (!err)
        err = hbs_buf_put(e->out, table.counts, sizeof table.counts);
    if (!err)
        err = hbs_buf_put(e->out, table.symbols, (size_t)table.total);
    for (int b = first; b <= last && !err; b++)
        err = put_block(e, b, &table);
    return err;
}

static uint8_t *put_decimal(uint8_t *p, struct wsq_decimal w)
{
    p[0] = w.exponent;
    hbs_put_be16(p + 1, (uint16_t)w.mantissa);
    return p + 3;
}

/* The comment that readers look into for the resolution; without one there is none, because some
 * readers fail on a comment that lacks it. Its first line counts the lines. */
static enum hbs_err put_comment(struct encoder *e, double rate)
{
    if (!e->image->ppi)
        return HBS_OK;
    size_t at = e->out->size;
    static const uint8_t head[4] = {WSQ_COM >> 8, WSQ_COM & 255};
    enum hbs_err err = hbs_buf_put(e->out, head, sizeof head);
    if (!err)
        err = hbs_buf_printf(e->out,
                             "NIST_COM 9\nPIX_WIDTH %u\nPIX_HEIGHT %u\nPIX_DEPTH 8\nPPI %u\n"
                             "LOSSY 1\nCOLORSPACE GRAY\nCOMPRESSION WSQ\nWSQ_BITRATE %.6f",
                             e->image->width, e->image->height, e->image->ppi, rate);
    if (!err)
        hbs_put_be16(e->out->data + at + 2, (uint16_t)(e->out->size - at - 2));
    return err;
}

/* Filters, bins and frame header; their layouts are with the functions of wsq_decode.c that read
 * them. */
static enum hbs_err put_headers(struct encoder *e)
{
    uint8_t b[2 + 58 + 2 + 389 + 2 + 17], *p = b;
    hbs_put_be16(p, WSQ_DTT);
    hbs_put_be16(p + 2, 58);
    p[4] = 9;
    p[5] = 7;
    p += 6;
    for (int i = 0; i < WSQ_97_TAPS; i++, p += 6) {
        int64_t m = hbs_wsq_97[i].mantissa;
        p[0] = m < 0;
        p[1] = hbs_wsq_97[i].exponent;
        hbs_put_be32(p + 2, (uint32_t)(m < 0 ? -m : m));
    }
    hbs_put_be16(p, WSQ_DQT);
    hbs_put_be16(p + 2, 389);
    p = put_decimal(p + 4, centre);
    for (int k = 0; k < WSQ_BANDS; k++)
        p = put_decimal(put_decimal(p, e->bin[k]), e->zero[k]);
    hbs_put_be16(p, WSQ_SOF);
    hbs_put_be16(p + 2, 17);
    p[4] = 0; /* the scanner's black and white */
    p[5] = 255;
    hbs_put_be16(p + 6, (uint16_t)e->image->height);
    hbs_put_be16(p + 8, (uint16_t)e->image->width);
    p = put_decimal(put_decimal(p + 10, e->shift), e->scale);
    p[0] = 2;                /* encoder number two */
    hbs_put_be16(p + 1, 0);  /* an implementation without an FBI number */
    p += 3;
    return hbs_buf_put(e->out, b, (size_t)(p - b));
}

/* The segments in the order in which the reference encoder writes them. */
static enum hbs_err put_file(struct encoder *e, double rate)
{
    static const uint8_t soi[2] = {WSQ_SOI >> 8, WSQ_SOI & 255};
    static const uint8_t eoi[2] = {WSQ_EOI >> 8, WSQ_EOI & 255};
    enum hbs_err err;
    if ((err = hbs_buf_put(e->out, soi, sizeof soi)) || (err = put_comment(e, rate)) ||
        (err = put_headers(e)) || (err = put_blocks(e, 0, 0)) || (err = put_blocks(e, 1, 2)))
        return err;
    return hbs_buf_put(e->out, eoi, sizeof eoi);
}

enum hbs_err hbs_wsq_encode(struct hbs_ctx *ctx, const struct hbs_image *image, double rate,
                            struct hbs_buf *out)
{
    if (image->width < WSQ_SIDE_MIN || image->height < WSQ_SIDE_MIN)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give a picture of at least 256 x 256 pixels",
                        "too small for WSQ: %u x %u pixels", image->width, image->height);
    return hbs_wsq_encode_any(ctx, image, rate, out);
}

enum hbs_err hbs_wsq_encode_any(struct hbs_ctx *ctx, const struct hbs_image *image, double rate,
                                struct hbs_buf *out)
{
    enum hbs_err err = hbs_image_check(ctx, "WSQ", image->width, image->height);
    if (err)
        return err;
    if (!(rate >= 0.05 && rate <= 8.0))
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give a rate from 0.05 to 8, usually 0.75 or 2.25",
                        "a WSQ rate of %g bits a pixel", rate);
    size_t n = (size_t)image->width * image->height, before = out->size;
    struct encoder *e = hbs_alloc(ctx, 1, sizeof *e);
    if (!e)
        return hbs_fail_memory(ctx, sizeof *e);
    e->ctx = ctx;
    e->image = image;
    e->out = out;
    e->plane = hbs_alloc(ctx, n, sizeof(float));
    e->values = hbs_alloc(ctx, n, sizeof(int16_t));
    if (!e->plane || !e->values) {
        err = hbs_fail_memory(ctx, n * (sizeof(float) + sizeof(int16_t)));
        goto done;
    }
    hbs_wsq_tree(image->width, image->height, &e->tree);
    hbs_wsq_filters_97(&e->filters);
    normalise(e);
    if ((err = hbs_wsq_analyse(ctx, &e->filters, &e->tree, e->plane)))
        goto done;
    choose_bins(e, rate);
    quantise(e);
    if ((err = put_file(e, rate)))
        out->size = before;
done:
    hbs_free(ctx, e->values);
    hbs_free(ctx, e->plane);
    hbs_free(ctx, e);
    return err;
}
