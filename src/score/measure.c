/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score: how good log likelihood ratios are: Cllr and Cllr_min (Bruemmer and du Preez,
 * "Application-independent evaluation of speaker detection", Computer Speech and Language 20, 2006),
 * and how far they may be used (Vergeer et al., Science & Justice 56:6, 2016).
 */
#include "score_int.h"

#include <math.h>

static const double LN10 = 2.302585092994045684;

/* log2(1 + e^x), without overflow. */
static double softplus2(double x)
{
    return (x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))) * M_LOG2E;
}

double hbs_score_cllr(const double *llr, const bool *genuine, size_t count)
{
    double cost[2] = {0, 0};
    size_t n[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        double l = llr[i] * LN10;
        cost[genuine[i]] += softplus2(genuine[i] ? -l : l);
        n[genuine[i]]++;
    }
    if (!n[0] || !n[1])
        return NAN;
    return 0.5 * (cost[0] / (double)n[0] + cost[1] / (double)n[1]);
}

enum hbs_err hbs_score_cllr_min(struct hbs_ctx *ctx, const double *score, const bool *genuine,
                                size_t count, double *out)
{
    enum hbs_err err = HBS_OK;
    struct hbs_score_sample *samples = hbs_alloc(ctx, count, sizeof *samples);
    struct hbs_score_sample *sorted = hbs_alloc(ctx, count, sizeof *sorted);
    struct score_level *levels = hbs_alloc(ctx, count, sizeof *levels);
    struct score_block *blocks = hbs_alloc(ctx, count, sizeof *blocks);
    if (!samples || !sorted || !levels || !blocks) {
        err = hbs_fail_memory(ctx, count * sizeof *blocks);
        goto done;
    }
    double total[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(score[i])) {
            err = hbs_fail(ctx, HBS_ERR_FORMAT, "", "", "score %zu is not finite", i);
            goto done;
        }
        samples[i] = (struct hbs_score_sample){score[i], 0, genuine[i]};
        total[genuine[i]]++;
    }
    if (!total[0] || !total[1]) {
        err = hbs_fail(ctx, HBS_ERR_FORMAT, "", "give scores of both kinds", "no %s scores",
                       total[0] ? "genuine" : "impostor");
        goto done;
    }
    size_t n = score_pool(levels, score_levels(samples, count, sorted, levels), blocks);
    double cost = 0;
    for (size_t k = 0; k < n; k++) {
        double g = blocks[k].genuine, i = blocks[k].impostor;
        if (!g || !i)
            continue; /* an infinite LLR on the right side costs nothing */
        double l = log(g / i * (total[0] / total[1]));
        cost += g / total[1] * softplus2(-l) + i / total[0] * softplus2(l);
    }
    *out = 0.5 * cost;
done:
    hbs_free(ctx, samples);
    hbs_free(ctx, sorted);
    hbs_free(ctx, levels);
    hbs_free(ctx, blocks);
    return err;
}

/* LLRs as one side of the question sees them: upwards, and for the lower bound with exchanged roles
 * and turned sign, which reads the list from its end. */
struct side {
    const double *llr;
    size_t count;
    double units, sign;
};
static double at(const struct side *s, size_t k)
{
    return s->sign > 0 ? s->llr[k] : -s->llr[s->count - 1 - k];
}

/* For prior odds 1/L (L above 1) and equal costs the score is used by saying "same" from LR = L on. Up
 * to a common factor its error rate is miss(L) + L * false(L), and that of always saying "different" is
 * 1. With one further misleading unit on each side,
 *   miss = (misses + g) / (G + g),  false = (falses + i) / (I + i),  g = G/units, i = I/units,
 * using the score pays as long as L < (1 - miss) / false. The bound is where this first fails, going
 * up from L = 1. Between two neighbouring LRs both rates stand still, so the limit is exact. */
static double bound(const struct side *own, const struct side *other)
{
    double g_total = (double)own->count, i_total = (double)other->count;
    double g_unit = g_total / own->units, i_unit = i_total / other->units;
    size_t misses = 0, passed = 0; /* LLRs below the present step */
    double from = 0;               /* log10 L where the present step begins */
    for (;;) {
        while (misses < own->count && at(own, misses) <= from)
            misses++;
        while (passed < other->count && at(other, passed) <= from)
            passed++;
        if (misses == own->count)
            return from; /* from here on "same" is never said: no better than not using the score */
        double miss = ((double)misses + g_unit) / (g_total + g_unit);
        double falses = (i_total - (double)passed + i_unit) / (i_total + i_unit);
        double limit = log10((1 - miss) / falses);
        if (limit <= from)
            return from;
        double to = at(own, misses); /* the next LLR of either kind */
        if (passed < other->count && at(other, passed) < to)
            to = at(other, passed);
        if (limit <= to)
            return limit;
        from = to;
    }
}

void hbs_score_elub(const double *genuine, size_t genuine_count, double genuine_units,
                    const double *impostor, size_t impostor_count, double impostor_units,
                    double *lower, double *upper)
{
    struct side g = {genuine, genuine_count, genuine_units, 1};
    struct side i = {impostor, impostor_count, impostor_units, 1};
    *upper = bound(&g, &i);
    g.sign = i.sign = -1;
    double below = bound(&i, &g);
    *lower = below > 0 ? -below : 0;
}
