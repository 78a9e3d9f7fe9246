/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: the scores of a set in order, and the error rates read off them.
 *
 * The scores are sorted once. A walk from the highest down passes every distinct score as a
 * threshold: with i impostor and g genuine pairs (or their weights in a resample) at or above it,
 * FMR = i/I and FNMR = 1 - g/G. All comparisons of shares are made in whole numbers, so that no
 * rate depends on rounding; only the final quotients are floating point.
 */
#include "eval_int.h"

#include <math.h>

/* ---- The walk -------------------------------------------------------------------------------- */

/* FNMR at the three operating points: of all thresholds whose FMR is within the bound the walk must
 * find the lowest, that is the last one before FMR steps over it. The share 1/n is exceeded when
 * n * i > I; n = 0 stands for "any impostor at all". */
enum { POINTS = 3 };
static const uint64_t point_n[POINTS] = {0, 1000, 100};

static bool over(uint64_t i, uint64_t n, uint64_t total)
{
    return n ? (eval_u128)i * n > total : i > 0;
}

/* EER between the points (i, g) and (ni, ng): both shares as straight lines between them, crossing
 * where FMR - FNMR = 0. With everything over the common denominator I*G, FNMR - FMR is
 * I*G - (i*G + g*I), which is above zero at the first point and not at the second. */
static double cross(uint64_t i, uint64_t g, uint64_t ni, uint64_t ng, const uint64_t total[2])
{
    eval_u128 whole = (eval_u128)total[0] * total[1];
    eval_u128 first = whole - ((eval_u128)i * total[1] + (eval_u128)g * total[0]);
    eval_u128 second = ((eval_u128)ni * total[1] + (eval_u128)ng * total[0]) - whole;
    double share = (double)first / ((double)first + (double)second);
    return ((double)i + share * (double)(ni - i)) / (double)total[0];
}

void eval_walk(const struct hbs_eval_curve *curve, const uint32_t *multiplicity,
               const uint64_t total[2], struct eval_rates *rates, struct eval_rates *thresholds)
{
    /* Weight at or above the present score, and above the block it belongs to; [genuine]. Blocks, not
     * items, are the steps: pairs of equal score cannot be told apart by any threshold, so a rate
     * read inside a block would depend on the order in which the sort left them. */
    uint64_t now[2] = {0, 0}, before[2] = {0, 0};
    double *value[POINTS] = {&rates->fnmr_zero_fmr, &rates->fnmr_fmr1000, &rates->fnmr_fmr100};
    double *at[POINTS] = {0};
    if (thresholds) {
        at[0] = &thresholds->fnmr_zero_fmr;
        at[1] = &thresholds->fnmr_fmr1000;
        at[2] = &thresholds->fnmr_fmr100;
    }
    eval_u128 whole = (eval_u128)total[0] * total[1];
    bool crossed = false;
    int passed = 0; /* operating points found; they come in the order of the table */
    size_t block = 0; /* first item of the present block of equal scores */
    for (size_t k = 0; k < curve->count && (!crossed || passed < POINTS); k++) {
        const struct eval_item *item = &curve->items[k];
        uint32_t a = item->a & ~EVAL_FLAG, b = item->b & ~EVAL_FLAG;
        bool genuine = item->a & EVAL_FLAG;
        uint64_t weight = 1;
        if (multiplicity)
            weight = a == b ? multiplicity[a] : (uint64_t)multiplicity[a] * multiplicity[b];
        now[genuine] += weight;
        if (!(item->b & EVAL_FLAG))
            continue;
        /* The block is complete: its score is a threshold. Where it takes FMR over a point's bound, the
         * lowest threshold within the bound is the block before, and so is its FNMR. */
        for (; passed < POINTS && over(now[0], point_n[passed], total[0]); passed++) {
            *value[passed] = (double)(total[1] - before[1]) / (double)total[1];
            if (thresholds)
                *at[passed] = block ? curve->scores[block - 1] : nextafter(curve->scores[0], INFINITY);
        }
        /* FMR >= FNMR, times I*G: i*G >= (G - g)*I. FMR only rises and FNMR only falls on the way, so
         * the first such block holds the one crossing. */
        if (!crossed &&
            (eval_u128)now[0] * total[1] + (eval_u128)now[1] * total[0] >= whole) {
            crossed = true;
            rates->eer = cross(before[0], before[1], now[0], now[1], total);
            if (thresholds)
                thresholds->eer = curve->scores[k];
        }
        before[0] = now[0];
        before[1] = now[1];
        block = k + 1;
    }
}

/* ---- Making a curve -------------------------------------------------------------------------- */

static void sort_scores(struct hbs_eval_curve *c, const struct hbs_eval_set *set,
                        struct eval_keyed *keyed, struct eval_keyed *spare)
{
    /* Items keep fingers, not prints: the bootstrap needs no more, and 8 bytes an item keep a walk over
     * millions at the speed of memory. The two spare bits hold the kind and the end of a block. */
    size_t n = 0;
    for (int genuine = 0; genuine < 2; genuine++) {
        const struct eval_pairs *p = &set->pairs[genuine];
        for (size_t i = 0; i < p->count; i++)
            keyed[n++] = (struct eval_keyed){
                ~eval_key(p->at[i].score), /* highest first */
                set->prints.names[p->at[i].a].finger | (genuine ? EVAL_FLAG : 0),
                set->prints.names[p->at[i].b].finger};
    }
    eval_sort(keyed, spare, n);
    for (size_t i = 0; i < n; i++) {
        bool last = i + 1 == n || keyed[i + 1].key != keyed[i].key;
        c->items[i] = (struct eval_item){keyed[i].a, keyed[i].b | (last ? EVAL_FLAG : 0)};
        uint64_t bits = ~keyed[i].key; /* eval_key backwards */
        bits = bits >> 63 ? bits & ~((uint64_t)1 << 63) : ~bits;
        memcpy(&c->scores[i], &bits, sizeof bits);
    }
}

/* Counts the impostor pairs of every two fingers, row by row, so that a resample gets the weight of
 * all its impostor pairs in one pass over the finger pairs, without walking all scores. */
static enum hbs_err count_fingers(struct hbs_eval_curve *c, const struct hbs_eval_set *set,
                                  struct eval_keyed *keyed, struct eval_keyed *spare)
{
    size_t n = 0;
    for (size_t i = 0; i < set->pairs[1].count; i++) {
        uint32_t a = set->prints.names[set->pairs[1].at[i].a].finger;
        uint32_t b = set->prints.names[set->pairs[1].at[i].b].finger;
        if (a == b)
            c->genuine_of[a]++;
        else
            c->mixed[c->mixed_count++] = (struct eval_cell){a, b};
    }
    /* A pair of fingers has one key whichever comes first; sorted, equal pairs stand together and all
     * pairs with the same lesser finger make a row. */
    for (size_t i = 0; i < set->pairs[0].count; i++) {
        uint32_t a = set->prints.names[set->pairs[0].at[i].a].finger;
        uint32_t b = set->prints.names[set->pairs[0].at[i].b].finger;
        keyed[n++] = (struct eval_keyed){a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a, 0, 0};
    }
    eval_sort(keyed, spare, n);
    size_t cells = 0, rows = 0;
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        if (pass) {
            c->rows = hbs_alloc(c->ctx, rows + 1, sizeof *c->rows);
            c->cells = hbs_alloc(c->ctx, cells, sizeof *c->cells);
            if (!c->rows || !c->cells)
                return hbs_fail_memory(c->ctx, (rows + 1 + cells) * sizeof *c->cells);
            c->row_count = rows;
            cells = rows = 0;
        }
        for (size_t i = 0; i < n; i++) {
            uint32_t a = (uint32_t)(keyed[i].key >> 32), b = (uint32_t)keyed[i].key;
            bool same_row = i && a == (uint32_t)(keyed[i - 1].key >> 32);
            bool same = i && keyed[i].key == keyed[i - 1].key;
            if (pass && !same_row)
                c->rows[rows] = (struct eval_row){a, (uint32_t)cells};
            if (pass && same)
                c->cells[cells - 1].count++;
            else if (pass)
                c->cells[cells] = (struct eval_cell){b, 1};
            rows += !same_row;
            cells += !same;
        }
        if (pass)
            c->rows[rows] = (struct eval_row){0, (uint32_t)cells};
    }
    return HBS_OK;
}

enum hbs_err hbs_eval_curve_open(struct hbs_ctx *ctx, const struct hbs_eval_set *set,
                                 struct hbs_eval_curve **out)
{
    size_t impostor = set->pairs[0].count, genuine = set->pairs[1].count, n = impostor + genuine;
    if (!impostor || !genuine)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give pairs of both kinds", "no %s pairs",
                        impostor ? "genuine" : genuine ? "impostor" : "genuine and no impostor");
    enum hbs_err err = HBS_OK;
    struct eval_keyed *keyed = hbs_alloc(ctx, n, sizeof *keyed);
    struct eval_keyed *spare = hbs_alloc(ctx, n, sizeof *spare);
    struct hbs_eval_curve *c = hbs_alloc(ctx, 1, sizeof *c);
    if (c) {
        *c = (struct hbs_eval_curve){.ctx = ctx, .count = n, .genuine = genuine,
                                     .impostor = impostor, .prints = (uint32_t)set->prints.count,
                                     .fingers = (uint32_t)set->fingers.count};
        c->items = hbs_alloc(ctx, n, sizeof *c->items);
        c->scores = hbs_alloc(ctx, n, sizeof *c->scores);
        c->genuine_of = hbs_alloc(ctx, c->fingers, sizeof *c->genuine_of);
        c->mixed = hbs_alloc(ctx, genuine, sizeof *c->mixed);
    }
    if (!keyed || !spare || !c || !c->items || !c->scores || !c->genuine_of || !c->mixed) {
        err = hbs_fail_memory(ctx, n * (2 * sizeof *keyed + sizeof *c->items + sizeof *c->scores));
        goto done;
    }
    sort_scores(c, set, keyed, spare);
    if ((err = count_fingers(c, set, keyed, spare)))
        goto done;
    hbs_free(ctx, keyed); /* the CMC sorts in memory of its own */
    hbs_free(ctx, spare);
    keyed = spare = NULL;
    if ((err = eval_cmc(ctx, set, &c->searches, c->cmc)))
        goto done;
    *out = c;
done:
    hbs_free(ctx, keyed);
    hbs_free(ctx, spare);
    if (err)
        hbs_eval_curve_close(c);
    return err;
}

void hbs_eval_curve_close(struct hbs_eval_curve *c)
{
    if (!c)
        return;
    hbs_free(c->ctx, c->items);
    hbs_free(c->ctx, c->scores);
    hbs_free(c->ctx, c->genuine_of);
    hbs_free(c->ctx, c->mixed);
    hbs_free(c->ctx, c->rows);
    hbs_free(c->ctx, c->cells);
    hbs_free(c->ctx, c);
}

/* ---- Rates ----------------------------------------------------------------------------------- */

void hbs_eval_rates_at(const struct hbs_eval_curve *curve, double threshold, double *fmr,
                       double *fnmr)
{
    uint64_t above[2] = {0, 0};
    for (size_t i = 0; i < curve->count && curve->scores[i] >= threshold; i++)
        above[!!(curve->items[i].a & EVAL_FLAG)]++;
    *fmr = (double)above[0] / (double)curve->impostor;
    *fnmr = (double)(curve->genuine - above[1]) / (double)curve->genuine;
}

static struct hbs_eval_rate rate(double value, double threshold)
{
    return (struct hbs_eval_rate){value, value, value, threshold};
}

enum hbs_err hbs_eval_measure(const struct hbs_eval_curve *curve,
                              const struct hbs_eval_options *options, struct hbs_eval_result *out)
{
    const uint64_t total[2] = {curve->impostor, curve->genuine};
    uint32_t units = 0; /* fingers with genuine pairs by name; without names every pair is one */
    for (uint32_t f = 0; f < curve->fingers; f++)
        units += curve->genuine_of[f] > 0;
    units += (uint32_t)curve->mixed_count;
    struct eval_rates r = {0}, t = {0};
    eval_walk(curve, NULL, total, &r, &t);
    struct hbs_eval_result result = {
        .genuine = curve->genuine,
        .impostor = curve->impostor,
        .prints = curve->prints,
        .fingers = curve->fingers,
        .eer = rate(r.eer, t.eer),
        .fnmr_fmr100 = rate(r.fnmr_fmr100, t.fnmr_fmr100),
        .fnmr_fmr1000 = rate(r.fnmr_fmr1000, t.fnmr_fmr1000),
        .fnmr_zero_fmr = rate(r.fnmr_zero_fmr, t.fnmr_zero_fmr),
        .genuine_units = units,
        .impostor_units = curve->rows[curve->row_count].begin,
        .none_seen = 1 - pow(0.05, 1 / (double)units),
        .searches = curve->searches,
    };
    memcpy(result.cmc, curve->cmc, sizeof result.cmc);
    enum hbs_err err = eval_bootstrap(curve, options, &result);
    if (!err)
        *out = result;
    return err;
}
