/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score: from scores of known pairs to a calibration table, and cross-validation over groups.
 * The methods and their sources are told in habeas/score.h; the steps here are
 *   1. count the samples of each raw score (pav.c),
 *   2. LLR of each raw score: pooled blocks with a further unit of both kinds at either end, or a
 *      straight line (logistic.c),
 *   3. cut it to the empirical bounds (measure.c),
 *   4. lay knots where the LLR bends and where the FMR has moved by a twentieth.
 */
#include "score_int.h"

#include <math.h>
#include <stdlib.h>

/* A knot is laid when the FMR has grown by this factor since the last. Between knots the FMR told is
 * that of the knot below, so this is the most by which it is told too high. */
static const double FMR_STEP = 1.05;
/* A logistic table's ridge: keeps the slope finite where the scores are separable. */
static const double RIDGE = 1e-5;

struct work {
    struct hbs_score_sample *sorted;
    struct score_level *levels; /* with room for one more at either end */
    struct score_block *blocks;
    struct hbs_score_knot *knots;
    double *llr[2]; /* [genuine] of the samples, sorted upwards */
    size_t level_count, knot_count;
    double total[2], unit[2], units[2];
};

static void work_close(struct hbs_ctx *ctx, struct work *w)
{
    hbs_free(ctx, w->sorted);
    hbs_free(ctx, w->levels);
    hbs_free(ctx, w->blocks);
    hbs_free(ctx, w->knots);
    hbs_free(ctx, w->llr[0]);
    hbs_free(ctx, w->llr[1]);
}

static enum hbs_err work_open(struct hbs_ctx *ctx, const struct hbs_score_sample *samples, size_t count,
                              const struct hbs_score_training *training, struct work *w)
{
    if (count > HBS_SCORE_SAMPLES_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "", "give fewer", "more than %u scores", HBS_SCORE_SAMPLES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(samples[i].raw) || fabs(samples[i].raw) > 1e300)
            return hbs_fail(ctx, HBS_ERR_FORMAT, "", "", "score %zu is not finite or beyond 1e300", i);
        w->total[samples[i].genuine]++;
    }
    if (!w->total[0] || !w->total[1])
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give scores of both kinds", "no %s scores",
                        w->total[0] ? "genuine" : "impostor");
    const double asked[2] = {training->impostor_units, training->genuine_units};
    for (int kind = 0; kind < 2; kind++) {
        w->units[kind] = asked[kind] > 0 && asked[kind] < w->total[kind] ? asked[kind] : w->total[kind];
        w->unit[kind] = w->total[kind] / w->units[kind];
    }
    w->sorted = hbs_alloc(ctx, count, sizeof *w->sorted);
    w->levels = hbs_alloc(ctx, count + 2, sizeof *w->levels);
    w->blocks = hbs_alloc(ctx, count + 2, sizeof *w->blocks);
    w->knots = hbs_alloc(ctx, 2 * count + 8, sizeof *w->knots);
    w->llr[0] = hbs_alloc(ctx, (size_t)w->total[0], sizeof(double));
    w->llr[1] = hbs_alloc(ctx, (size_t)w->total[1], sizeof(double));
    if (!w->sorted || !w->levels || !w->blocks || !w->knots || !w->llr[0] || !w->llr[1])
        return hbs_fail_memory(ctx, count * (sizeof *w->sorted + sizeof *w->levels + sizeof *w->blocks));
    w->level_count = score_levels(samples, count, w->sorted, w->levels + 1);
    w->levels[0] = w->levels[w->level_count + 1] =
        (struct score_level){.genuine = w->unit[1], .impostor = w->unit[0]};
    return HBS_OK;
}

/* The curve of the pooled blocks: a block is level from its lowest to its highest score, and straight
 * lines join the blocks. */
static void isotonic(struct work *w)
{
    /* The LR of a block is its odds over the odds of all samples (Bayes's rule with the training set's own
     * prior). The further units make odds of 0 and infinity impossible: below any score there is one
     * more genuine unit, above any one more impostor, so the first and the last block have both kinds,
     * and blocks between them, having shares between theirs, too. */
    size_t n = score_pool(w->levels, w->level_count + 2, w->blocks);
    double totals = (w->total[0] + 2 * w->unit[0]) / (w->total[1] + 2 * w->unit[1]);
    for (size_t k = 0; k < n; k++) {
        const struct score_block *b = &w->blocks[k];
        size_t first = b->first ? b->first : 1;
        size_t last = b->last <= w->level_count ? b->last : w->level_count;
        if (first > last)
            continue; /* an end's further unit alone */
        double llr = log10(b->genuine / b->impostor * totals);
        w->knots[w->knot_count++] = (struct hbs_score_knot){w->levels[first].raw, llr, 1};
        if (last > first)
            w->knots[w->knot_count++] = (struct hbs_score_knot){w->levels[last].raw, llr, 1};
    }
}

static enum hbs_err logistic(struct hbs_ctx *ctx, const struct hbs_score_sample *samples, size_t count,
                             struct work *w)
{
    double *x = hbs_alloc(ctx, count, sizeof *x);
    bool *genuine = hbs_alloc(ctx, count, sizeof *genuine);
    enum hbs_err err = HBS_OK;
    if (!x || !genuine) {
        err = hbs_fail_memory(ctx, count * sizeof *x);
        goto done;
    }
    for (size_t i = 0; i < count; i++) {
        x[i] = samples[i].raw;
        genuine[i] = samples[i].genuine;
    }
    struct hbs_score_logistic model;
    if ((err = hbs_score_logistic_fit(ctx, x, genuine, count, 1,
                                      &(struct hbs_score_logistic_options){.ridge = RIDGE}, &model)))
        goto done;
    const struct score_level *low = &w->levels[1], *high = &w->levels[w->level_count];
    /* A falling line would say that a higher score is less alike: such scores say nothing. */
    double a = model.weight[0] > 0 ? model.bias : 0, b = model.weight[0] > 0 ? model.weight[0] : 0;
    w->knots[w->knot_count++] = (struct hbs_score_knot){low->raw, a + b * low->raw, 1};
    if (high > low)
        w->knots[w->knot_count++] = (struct hbs_score_knot){high->raw, a + b * high->raw, 1};
done:
    hbs_free(ctx, x);
    hbs_free(ctx, genuine);
    return err;
}

/* Cuts the curve at the bounds. A line that crosses a bound gets a knot there. */
static void cut(struct work *w, double least, double most)
{
    /* Without a knot at the crossing, cutting the knots alone would bend the whole line between them,
     * and LLRs well within the bounds would change. */
    struct hbs_score_knot *k = w->knots;
    size_t n = w->knot_count;
    for (size_t i = 0; i + 1 < n && n + 1 < 8 + 2 * w->level_count; i++) {
        const double at[2] = {least, most};
        for (int s = 0; s < 2; s++) {
            double span = k[i + 1].llr - k[i].llr;
            if (!(k[i].llr < at[s] && k[i + 1].llr > at[s]))
                continue;
            double raw = k[i].raw + (at[s] - k[i].llr) / span * (k[i + 1].raw - k[i].raw);
            if (!(raw > k[i].raw && raw < k[i + 1].raw))
                continue;
            memmove(&k[i + 2], &k[i + 1], (n - i - 1) * sizeof *k);
            k[i + 1] = (struct hbs_score_knot){raw, at[s], 1};
            n++;
            i++;
        }
    }
    for (size_t i = 0; i < n; i++) {
        k[i].llr = score_cut(k[i].llr, least, most);
        if (i && k[i].llr < k[i - 1].llr)
            k[i].llr = k[i - 1].llr; /* rounding */
    }
    w->knot_count = n;
}

/* The LLRs of the samples under the uncut curve, and the bounds that follow from them. */
static void bounds(struct work *w, double *least, double *most)
{
    /* The curve never falls, so LLRs taken in the order of the scores are already sorted. */
    struct hbs_score_table curve = {.count = (uint32_t)w->knot_count, .knots = w->knots};
    size_t n[2] = {0, 0};
    for (size_t i = 1; i <= w->level_count; i++) {
        double llr = hbs_score_llr(&curve, w->levels[i].raw);
        for (double c = 0; c < w->levels[i].genuine; c++)
            w->llr[1][n[1]++] = llr;
        for (double c = 0; c < w->levels[i].impostor; c++)
            w->llr[0][n[0]++] = llr;
    }
    hbs_score_elub(w->llr[1], n[1], w->units[1], w->llr[0], n[0], w->units[0], least, most);
}

/* Adds a knot at a raw score if there is none, keeping the order; its LLR is the curve's. */
static void add_knot(struct hbs_score_knot *k, size_t *n, double raw, double llr)
{
    if (*n && k[*n - 1].raw >= raw)
        return;
    k[(*n)++] = (struct hbs_score_knot){raw, llr, 1};
}

/* The FMR of every knot, from the impostors at or above it. */
static void set_fmr(struct work *w, struct hbs_score_knot *k, size_t n)
{
    /* Units scale the count: k of n pairs are k * units / n of the units, and one more unit is one more
     * trial that might have reached the threshold. */
    size_t level = w->level_count;
    double above = 0;
    for (size_t i = n; i-- > 0;) {
        while (level >= 1 && w->levels[level].raw >= k[i].raw)
            above += w->levels[level--].impostor;
        k[i].fmr = fmin(1, (above / w->unit[0] + 1) / (w->units[0] + 1)); /* rounding */
    }
}

/* The curve's own knots and those of the FMR, in order. At most HBS_SCORE_KNOTS_MAX: beyond, they are
 * thinned evenly with both ends kept, which keeps the order and the side on which the FMR errs. */
static enum hbs_err lay(struct hbs_ctx *ctx, struct work *w, double impostor_most,
                        struct hbs_score_table *t)
{
    struct hbs_score_table curve = {.count = (uint32_t)w->knot_count, .knots = w->knots};
    size_t most = w->knot_count + w->level_count + 2, n = 0;
    struct hbs_score_knot *all = hbs_alloc(ctx, most, sizeof *all);
    if (!all)
        return hbs_fail_memory(ctx, most * sizeof *all);
    /* Downwards the FMR grows; mark the levels where it has grown by a step since the last mark. */
    double above = 0, marked = 0;
    for (size_t i = w->level_count; i >= 1; i--) {
        above += w->levels[i].impostor;
        double fmr = above / w->unit[0] + 1;
        bool mark = w->levels[i].impostor && (fmr >= marked * FMR_STEP || i == 1);
        if (mark)
            marked = fmr;
        w->levels[i].genuine = mark; /* its count has served */
    }
    /* The first score above all impostors: from there on nothing was seen, and the FMR is a bound. */
    double beyond = nextafter(impostor_most, INFINITY);
    size_t c = 0;
    for (size_t i = 1; i <= w->level_count; i++) {
        double raw = w->levels[i].raw;
        for (; c < w->knot_count && w->knots[c].raw <= raw; c++)
            add_knot(all, &n, w->knots[c].raw, w->knots[c].llr);
        if (w->levels[i].genuine)
            add_knot(all, &n, raw, hbs_score_llr(&curve, raw));
        if (raw == impostor_most)
            add_knot(all, &n, beyond, hbs_score_llr(&curve, beyond));
    }
    size_t keep = n < HBS_SCORE_KNOTS_MAX ? n : HBS_SCORE_KNOTS_MAX;
    struct hbs_score_knot *knots = hbs_alloc(ctx, keep, sizeof *knots);
    if (knots) {
        for (size_t i = 0; i < keep; i++)
            knots[i] = all[keep > 1 ? i * (n - 1) / (keep - 1) : 0];
        set_fmr(w, knots, keep);
        t->knots = knots;
        t->count = (uint32_t)keep;
    }
    hbs_free(ctx, all);
    return knots ? HBS_OK : hbs_fail_memory(ctx, keep * sizeof *knots);
}

enum hbs_err hbs_score_train(struct hbs_ctx *ctx, const struct hbs_score_sample *samples, size_t count,
                             const struct hbs_score_training *training, struct hbs_score_table *out)
{
    struct work w = {0};
    struct hbs_score_table t = {0};
    enum hbs_err err = work_open(ctx, samples, count, training, &w);
    if (err)
        goto done;
    size_t name = strlen(training->name);
    if (name > HBS_SCORE_NAME_MAX) {
        err = hbs_fail(ctx, HBS_ERR_USAGE, training->name, "name it shorter",
                       "a table's name has up to %u bytes", HBS_SCORE_NAME_MAX);
        goto done;
    }
    memcpy(t.name, training->name, name);
    t.genuine = (uint64_t)w.total[1];
    t.impostor = (uint64_t)w.total[0];
    t.genuine_units = w.units[1];
    t.impostor_units = w.units[0];
    for (size_t i = 1; i <= w.level_count; i++)
        if (w.levels[i].impostor)
            t.impostor_most = w.levels[i].raw;
    if (training->method == HBS_SCORE_ISOTONIC)
        isotonic(&w);
    else if ((err = logistic(ctx, samples, count, &w)))
        goto done;
    double least, most;
    bounds(&w, &least, &most);
    cut(&w, least, most);
    if ((err = lay(ctx, &w, t.impostor_most, &t)) || (err = hbs_score_table_check(ctx, &t)))
        goto done;
    *out = t;
done:
    work_close(ctx, &w);
    if (err)
        hbs_score_table_close(ctx, &t);
    return err;
}

/* ---- Cross-validation ------------------------------------------------------------------------ */

static int by_group(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

size_t score_groups(uint32_t *groups, size_t count)
{
    qsort(groups, count, sizeof *groups, by_group);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (!n || groups[n - 1] != groups[i])
            groups[n++] = groups[i];
    return n;
}

enum hbs_err hbs_score_cross(struct hbs_ctx *ctx, const struct hbs_score_sample *samples, size_t count,
                             const struct hbs_score_training *training, double *llr)
{
    enum hbs_err err = HBS_OK;
    uint32_t *groups = hbs_alloc(ctx, count, sizeof *groups);
    struct hbs_score_sample *rest = hbs_alloc(ctx, count, sizeof *rest);
    if (!groups || !rest) {
        err = hbs_fail_memory(ctx, count * sizeof *rest);
        goto done;
    }
    double total[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        groups[i] = samples[i].group;
        total[samples[i].genuine]++;
    }
    size_t n = score_groups(groups, count);
    if (n < 2 || n > HBS_SCORE_GROUPS_MAX) {
        err = hbs_fail(ctx, HBS_ERR_FORMAT, "", "give the scores of several sets",
                       "%zu groups; a cross-validation takes 2 to %u", n, HBS_SCORE_GROUPS_MAX);
        goto done;
    }
    for (size_t g = 0; !err && g < n; g++) {
        double here[2] = {0, 0};
        size_t m = 0;
        for (size_t i = 0; i < count; i++)
            if (samples[i].group != groups[g]) {
                rest[m++] = samples[i];
                here[samples[i].genuine]++;
            }
        /* Fewer samples support less: asked-for units shrink with what is left, so that the bounds of the
         * left-out tables are not wider than their data. */
        struct hbs_score_training part = *training;
        part.genuine_units *= total[1] > 0 ? here[1] / total[1] : 0;
        part.impostor_units *= total[0] > 0 ? here[0] / total[0] : 0;
        struct hbs_score_table t;
        if ((err = hbs_score_train(ctx, rest, m, &part, &t)))
            break;
        for (size_t i = 0; i < count; i++)
            if (samples[i].group == groups[g])
                llr[i] = hbs_score_llr(&t, samples[i].raw);
        hbs_score_table_close(ctx, &t);
    }
done:
    hbs_free(ctx, groups);
    hbs_free(ctx, rest);
    return err;
}
