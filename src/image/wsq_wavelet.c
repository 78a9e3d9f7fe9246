/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: WSQ, the symmetric wavelet transform (specification, annex A; C. M. Brislawn,
 * "Classification of nonexpansive symmetric extension transforms for multirate filter banks",
 * Appl. Comput. Harmonic Anal. 3, 1996).
 *
 * With filters of odd length everything can be said on one line of n samples u[0..n-1], mirrored
 * about its first and its last sample without repeating them:
 *     analysis    low[k]  = sum_d h0[d] u[2k + d]        high[k] = sum_d h1[d] u[2k + 1 + d]
 *     synthesis   u[2k] = low[k], u[2k + 1] = high[k], mirrored in the same way, and
 *                 out[m] = sum_d f[d] u[m + d]   with f0[d] = (-1)^d h1[d] on low samples,
 *                                                     f1[d] = (-1)^d h0[d] on high samples
 * so both directions are two correlations, one for even and one for odd output samples, each with
 * at most 9 + 7 taps on rows that lie somewhere. Columns are done in blocks of COLUMNS that stay in
 * the cache, a tap being a whole row of the block; rows are split into even and odd samples, so
 * that a tap again reads consecutive numbers. Both use correlate(), which a compiler turns into
 * vector code without changing the order of any sum.
 *
 * The order of sums (and single precision) is that of the reference decoder, found by experiment:
 * decoded pictures are then the same to the last bit.
 */
#include "wsq_int.h"

enum {
    COLUMNS = 64,
    TAPS_MAX = 2 * WSQ_HALF_MAX + 1,
    /* (COLUMNS: 64 floats are four cache lines; the highest picture makes a block of 2 MB) */
    PAD = WSQ_HALF_MAX / 2 + 2 /* room for mirrored samples on either side of a row's halves */
};

/* The taps that make one parity of output samples: value[i] times the sample at m + offset[i]. */
struct taps {
    int count;
    int offset[2 * TAPS_MAX];
    float value[2 * TAPS_MAX];
};

struct transform {
    struct taps even, odd; /* of output samples with even and odd place */
    float single;          /* what a line of one sample is multiplied by */
    bool halves_in;        /* synthesis: low and high half in, interleaved out; analysis reversed */
    float *block;          /* COLUMNS floats a row of the highest column */
    float *line;           /* four halves of a row, padded */
    uint32_t half;         /* room of one of them */
    int pad;               /* mirrored samples that these taps need in one of them */
    size_t stride;
};

/* Appends a tap; the order of calls is the order of the sum. */
static void add_tap(struct taps *t, int offset, float value)
{
    t->offset[t->count] = offset;
    t->value[t->count++] = value;
}

static int magnitude(int d) { return d < 0 ? -d : d; }

/* The sums of the file's head, written out as taps. Each output sample first adds up its low-pass
 * samples from left to right, then its high-pass samples: this order, and columns before rows, is
 * the reference's. Each of the 15 other orders that directions allow was tried, and differs from it
 * in some of the reference pictures' pixels. */
static void make_synthesis(const struct wsq_filters *f, struct transform *t)
{
    for (int odd = 0; odd <= 1; odd++) {
        struct taps *taps = odd ? &t->odd : &t->even;
        for (int d = -f->hi_half; d <= f->hi_half; d++) /* low samples, h1 with signs turned */
            if ((d & 1) == odd)
                add_tap(taps, d, d & 1 ? -f->hi[magnitude(d)] : f->hi[magnitude(d)]);
        for (int d = -f->lo_half; d <= f->lo_half; d++) /* high samples, h0 with signs turned */
            if ((d & 1) != odd)
                add_tap(taps, d, d & 1 ? -f->lo[magnitude(d)] : f->lo[magnitude(d)]);
    }
    /* One sample is all low-pass, and mirrored into a constant line. */
    for (int d = -f->hi_half; d <= f->hi_half; d++)
        if (!(d & 1))
            t->single += f->hi[magnitude(d)];
    t->halves_in = true;
}

/* For analysis no order is prescribed by anything: coefficients are quantised next. */
static void make_analysis(const struct wsq_filters *f, struct transform *t)
{
    for (int d = -f->lo_half; d <= f->lo_half; d++) {
        add_tap(&t->even, d, f->lo[magnitude(d)]);
        t->single += f->lo[magnitude(d)];
    }
    for (int d = -f->hi_half; d <= f->hi_half; d++)
        add_tap(&t->odd, d, f->hi[magnitude(d)]);
}

/* Where a sample outside 0..n-1 is mirrored to (n >= 2). The mirrored line has the period
 * 2 (n - 1), and in it p and -p are the same. Short lines may be mirrored more than once. */
static uint32_t mirror(long p, uint32_t n)
{
    if (p >= 0 && p < (long)n) /* nearly always; spares a division */
        return (uint32_t)p;
    long period = 2L * (n - 1);
    p = (p < 0 ? -p : p) % period;
    return (uint32_t)(p < (long)n ? p : period - p);
}

/* out[i] = sum over the taps, in their order, of value[t] * row[t][i]. The two usual numbers of
 * taps are written out: the sums then stay in registers, and being the same sums, round the same
 * way. */
static void correlate(float *restrict out, const float *const *row, const float *value, int count,
                      size_t n)
{
    if (count == 7) { /* the two kinds that 9/7 synthesis and analysis have */
        const float *a = row[0], *b = row[1], *c = row[2], *d = row[3], *e = row[4], *f = row[5],
                    *g = row[6];
        const float va = value[0], vb = value[1], vc = value[2], vd = value[3], ve = value[4],
                    vf = value[5], vg = value[6];
        for (size_t i = 0; i < n; i++)
            out[i] = va * a[i] + vb * b[i] + vc * c[i] + vd * d[i] + ve * e[i] + vf * f[i] +
                     vg * g[i];
    } else if (count == 9) {
        const float *a = row[0], *b = row[1], *c = row[2], *d = row[3], *e = row[4], *f = row[5],
                    *g = row[6], *h = row[7], *j = row[8];
        const float va = value[0], vb = value[1], vc = value[2], vd = value[3], ve = value[4],
                    vf = value[5], vg = value[6], vh = value[7], vj = value[8];
        for (size_t i = 0; i < n; i++)
            out[i] = va * a[i] + vb * b[i] + vc * c[i] + vd * d[i] + ve * e[i] + vf * f[i] +
                     vg * g[i] + vh * h[i] + vj * j[i];
    } else {
        for (size_t i = 0; i < n; i++)
            out[i] = value[0] * row[0][i];
        for (int t = 1; t < count; t++)
            for (size_t i = 0; i < n; i++)
                out[i] += value[t] * row[t][i];
    }
}

/* The row (or column) of the rectangle where sample p of a line of n lies when low and high halves
 * are apart. */
static uint32_t half_place(uint32_t p, uint32_t n, bool flip)
{
    uint32_t low_at = flip ? n / 2 : 0, high_at = flip ? 0 : n - n / 2;
    return (p & 1 ? high_at : low_at) + p / 2;
}

/* One step of the tree along y, in place. A block of columns is first copied out with its low and
 * high rows interleaved (synthesis) or as it is (analysis); then every row of the block is made
 * from the copied rows and put where it belongs. Rows beyond the ends are the mirrored ones
 * themselves. */
static void columns(const struct transform *t, float *plane, const struct wsq_split *s)
{
    uint32_t n = s->rect.height;
    for (uint32_t x = 0; x < s->rect.width; x += COLUMNS) {
        float *top = plane + (size_t)s->rect.y * t->stride + s->rect.x + x;
        size_t wide = s->rect.width - x < COLUMNS ? s->rect.width - x : COLUMNS;
        if (n == 1) { /* nothing to mirror at */
            for (size_t i = 0; i < wide; i++)
                top[i] *= t->single;
            continue;
        }
        for (uint32_t p = 0; p < n; p++) {
            uint32_t from = t->halves_in ? half_place(p, n, s->flip_y) : p;
            memcpy(t->block + (size_t)p * COLUMNS, top + from * t->stride, wide * sizeof(float));
        }
        for (uint32_t p = 0; p < n; p++) {
            const struct taps *taps = p & 1 ? &t->odd : &t->even;
            const float *row[2 * TAPS_MAX];
            for (int i = 0; i < taps->count; i++)
                row[i] = t->block + (size_t)mirror((long)p + taps->offset[i], n) * COLUMNS;
            uint32_t to = t->halves_in ? p : half_place(p, n, s->flip_y);
            correlate(top + to * t->stride, row, taps->value, taps->count, wide);
        }
    }
}

/* One step along x, in place. A row is copied out as even and odd samples, each with a few mirrored
 * ones on either side, so that taps are plain shifts; then both parities of the output are made. */
static void rows(const struct transform *t, float *plane, const struct wsq_split *s)
{
    uint32_t n = s->rect.width, evens = n - n / 2, odds = n / 2;
    float *even = t->line + PAD, *odd = even + t->half;
    float *even_out = odd + t->half, *odd_out = even_out + t->half;
    for (uint32_t y = 0; y < s->rect.height; y++) {
        float *line = plane + (size_t)(s->rect.y + y) * t->stride + s->rect.x;
        if (n == 1) {
            line[0] *= t->single;
            continue;
        }
        float *low = line + (s->flip_x ? odds : 0), *high = line + (s->flip_x ? 0 : evens);
        if (t->halves_in) {
            memcpy(even, low, evens * sizeof(float));
            memcpy(odd, high, odds * sizeof(float));
        } else {
            for (uint32_t i = 0; i < odds; i++) {
                even[i] = line[2 * i];
                odd[i] = line[2 * i + 1];
            }
            if (evens > odds)
                even[odds] = line[n - 1];
        }
        for (int i = 1; i <= t->pad; i++) { /* mirrored ones have their parity */
            even[-i] = even[mirror(-2L * i, n) / 2];
            odd[-i] = odd[mirror(-2L * i + 1, n) / 2];
            even[evens + i - 1] = even[mirror(2L * (evens + i - 1), n) / 2];
            odd[odds + i - 1] = odd[mirror(2L * (odds + i - 1) + 1, n) / 2];
        }
        /* Analysis writes over the row itself, of which all is copied; synthesis has to interleave
         * first, for which two more halves are kept. */
        for (int parity = 0; parity <= 1; parity++) {
            const struct taps *taps = parity ? &t->odd : &t->even;
            const float *row[2 * TAPS_MAX];
            for (int i = 0; i < taps->count; i++) {
                int p = parity + taps->offset[i]; /* output sample 2j + parity reads 2j + p */
                row[i] = p & 1 ? odd + (p - 1) / 2 : even + p / 2;
            }
            float *to = t->halves_in ? (parity ? odd_out : even_out) : (parity ? high : low);
            correlate(to, row, taps->value, taps->count, parity ? odds : evens);
        }
        if (t->halves_in) {
            for (uint32_t i = 0; i < odds; i++) {
                line[2 * i] = even_out[i];
                line[2 * i + 1] = odd_out[i];
            }
            if (evens > odds)
                line[n - 1] = even_out[odds];
        }
    }
}

/* Scratch memory for the largest split, which is the whole picture; and how many mirrored samples
 * the taps can reach. */
static enum hbs_err open_scratch(struct hbs_ctx *ctx, const struct wsq_tree *tree,
                                 struct transform *t)
{
    const struct wsq_rect *all = &tree->split[0].rect;
    t->stride = all->width;
    t->half = all->width - all->width / 2 + 2 * PAD;
    for (int i = 0; i < t->even.count + t->odd.count; i++) {
        int d = i < t->even.count ? t->even.offset[i] : t->odd.offset[i - t->even.count];
        if (magnitude(d) / 2 + 1 > t->pad)
            t->pad = magnitude(d) / 2 + 1;
    }
    size_t block = (size_t)all->height * COLUMNS, line = 4 * (size_t)t->half;
    t->block = hbs_alloc(ctx, block + line, sizeof(float));
    if (!t->block)
        return hbs_fail_memory(ctx, (block + line) * sizeof(float));
    t->line = t->block + block;
    return HBS_OK;
}

enum hbs_err hbs_wsq_analyse(struct hbs_ctx *ctx, const struct wsq_filters *filters,
                             const struct wsq_tree *tree, float *plane)
{
    struct transform t = {0};
    make_analysis(filters, &t);
    enum hbs_err err = open_scratch(ctx, tree, &t);
    if (err)
        return err;
    for (int i = 0; i < WSQ_SPLITS; i++) { /* from the whole picture downwards */
        if (!tree->split[i].rect.width || !tree->split[i].rect.height)
            continue;
        rows(&t, plane, &tree->split[i]);
        columns(&t, plane, &tree->split[i]);
    }
    hbs_free(ctx, t.block);
    return HBS_OK;
}

enum hbs_err hbs_wsq_synthesise(struct hbs_ctx *ctx, const struct wsq_filters *filters,
                                const struct wsq_tree *tree, uint64_t present, float *plane)
{
    struct transform t = {0};
    make_synthesis(filters, &t);
    enum hbs_err err = open_scratch(ctx, tree, &t);
    if (err)
        return err;
    for (int i = WSQ_SPLITS - 1; i >= 0; i--) { /* from the smallest parts upwards */
        const struct wsq_split *s = &tree->split[i];
        uint64_t inside = (s->end == WSQ_BANDS ? 0 : UINT64_C(1) << s->end);
        inside -= UINT64_C(1) << s->first;
        if (!s->rect.width || !s->rect.height || !(present & inside))
            continue;
        columns(&t, plane, s);
        rows(&t, plane, s);
    }
    hbs_free(ctx, t.block);
    return HBS_OK;
}
