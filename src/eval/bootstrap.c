/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: 95 % intervals by the percentile bootstrap over fingers (sources and rule in
 * habeas/eval.h).
 *
 * One resample draws as many fingers as the set has, with replacement; every pair then weighs the
 * product of its fingers' multiplicities, so a resample is a walk over the same sorted scores with
 * whole-number weights and is never built. The walk ends as soon as all four rates are known, which
 * is usually within the highest few per cent of the impostor scores.
 *
 * Each resample has a generator of its own, seeded by its number: which thread does which resample
 * changes nothing.
 */
#include "eval_int.h"

#include <stdlib.h>

enum { RATES = 4, DRAWS_MAX = 1000 };

struct job {
    const struct hbs_eval_curve *curve;
    uint64_t seed;
    uint32_t *multiplicity; /* fingers entries a thread */
    double *values;         /* RATES rows of `resamples` */
    uint32_t resamples;
    uint8_t *empty;         /* a resample that found no draw with both kinds of pairs */
};

/* The weights of all impostor and genuine pairs under a draw. */
static void weigh(const struct hbs_eval_curve *c, const uint32_t *m, uint64_t total[2])
{
    total[0] = total[1] = 0;
    for (uint32_t f = 0; f < c->fingers; f++)
        total[1] += c->genuine_of[f] * m[f];
    for (size_t i = 0; i < c->mixed_count; i++) /* only where label and names disagree */
        total[1] += (uint64_t)m[c->mixed[i].finger] * m[c->mixed[i].count];
    for (size_t r = 0; r < c->row_count; r++) {
        uint32_t a = c->rows[r].finger;
        if (!m[a])
            continue;
        uint64_t sum = 0;
        for (uint32_t i = c->rows[r].begin; i < c->rows[r + 1].begin; i++) {
            uint32_t b = c->cells[i].finger;
            /* an "impostor pair" of one finger weighs as its finger does, as in the walk */
            sum += (uint64_t)c->cells[i].count * (a == b ? 1 : m[b]);
        }
        total[0] += m[a] * sum;
    }
}

static void resample(void *arg, size_t index, unsigned thread)
{
    struct job *job = arg;
    const struct hbs_eval_curve *c = job->curve;
    uint32_t *m = job->multiplicity + (size_t)thread * c->fingers;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, job->seed + index);
    /* With few fingers a draw may be all of one finger and leave no impostor pair, or miss every finger
     * that has genuine pairs. No rate is defined then; it is drawn again, from the same generator, which
     * is the bootstrap given that a set is a set at all. */
    uint64_t total[2] = {0, 0};
    for (int draw = 0; draw < DRAWS_MAX && (!total[0] || !total[1]); draw++) {
        memset(m, 0, c->fingers * sizeof *m);
        for (uint32_t i = 0; i < c->fingers; i++)
            m[hbs_rng_below(&rng, c->fingers)]++;
        weigh(c, m, total);
    }
    if (!total[0] || !total[1]) {
        job->empty[index] = 1;
        return;
    }
    struct eval_rates r = {0};
    eval_walk(c, m, total, &r, NULL);
    const double values[RATES] = {r.eer, r.fnmr_fmr100, r.fnmr_fmr1000, r.fnmr_zero_fmr};
    for (int k = 0; k < RATES; k++)
        job->values[(size_t)k * job->resamples + index] = values[k];
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The p-quantile as the ceil(p * n)-th smallest, the rule of Efron and Tibshirani for a percentile
 * interval; p in thousandths. */
static double quantile(const double *sorted, uint32_t n, uint32_t thousandths)
{
    uint64_t k = ((uint64_t)n * thousandths + 999) / 1000;
    return sorted[k ? k - 1 : 0];
}

enum hbs_err eval_bootstrap(const struct hbs_eval_curve *curve,
                            const struct hbs_eval_options *options, struct hbs_eval_result *result)
{
    uint32_t n = options->resamples;
    if (n > HBS_EVAL_RESAMPLES_MAX)
        return hbs_fail(curve->ctx, HBS_ERR_LIMIT, "", "ask for fewer", "more than %u resamples",
                        HBS_EVAL_RESAMPLES_MAX);
    /* One finger is one observation: nothing to learn about how fingers vary. */
    if (!n || curve->fingers < 2)
        return HBS_OK;
    unsigned threads = options->threads ? options->threads : hbs_cpu_count();
    if (threads > 256)
        threads = 256;
    struct job job = {.curve = curve, .seed = options->seed, .resamples = n};
    job.multiplicity = hbs_alloc(curve->ctx, (size_t)threads * curve->fingers, sizeof(uint32_t));
    job.values = hbs_alloc(curve->ctx, (size_t)RATES * n, sizeof *job.values);
    job.empty = hbs_alloc(curve->ctx, n, 1);
    enum hbs_err err = HBS_OK;
    if (!job.multiplicity || !job.values || !job.empty) {
        err = hbs_fail_memory(curve->ctx, (size_t)RATES * n * sizeof *job.values);
        goto done;
    }
    hbs_parallel(threads, n, resample, &job);
    if (memchr(job.empty, 1, n))
        goto done; /* too few fingers have pairs for a resample: no intervals */
    struct hbs_eval_rate *rates[RATES] = {&result->eer, &result->fnmr_fmr100, &result->fnmr_fmr1000,
                                          &result->fnmr_zero_fmr};
    for (int k = 0; k < RATES; k++) {
        double *v = job.values + (size_t)k * n;
        qsort(v, n, sizeof *v, by_value);
        rates[k]->low = quantile(v, n, 25);
        rates[k]->high = quantile(v, n, 975);
    }
    result->resamples = n;
done:
    hbs_free(curve->ctx, job.multiplicity);
    hbs_free(curve->ctx, job.values);
    hbs_free(curve->ctx, job.empty);
    return err;
}
