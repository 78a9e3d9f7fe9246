/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score: prior-weighted logistic regression by Newton's method with step halving (objective and
 * source in habeas/score.h). Features are standardised first: the Newton system is then well
 * conditioned whatever their units, and the ridge means the same for each. The weights given back are
 * those of the features as they came.
 */
#include "score_int.h"

#include <math.h>

enum { N = HBS_SCORE_FEATURES_MAX + 1, ITERATIONS_MAX = 100, HALVINGS_MAX = 60 };
static const double STEP_ENOUGH = 1e-9;      /* Newton squares the error: after it nothing is left to gain */
static const double GRADIENT_MOST = 1e-9;    /* largest component; the samples' weights sum to 1 */
static const double WEIGHT_MAX = 1e4;        /* a standardised weight so large is on its way to infinity */
static const double LN10 = 2.302585092994045684;

struct problem {
    const double *x;
    const bool *genuine;
    size_t count;
    uint32_t k;
    double mean[HBS_SCORE_FEATURES_MAX], scale[HBS_SCORE_FEATURES_MAX];
    double each[2]; /* weight of a sample, by kind */
    double offset, ridge;
};

static double eta(const struct problem *p, const double *beta, size_t i)
{
    double sum = beta[0];
    for (uint32_t j = 0; j < p->k; j++)
        sum += beta[j + 1] * (p->x[i * p->k + j] - p->mean[j]) * p->scale[j];
    return sum;
}

/* The objective; gradient and Hessian when wanted (h may be NULL). */
static double evaluate(const struct problem *p, const double *beta, double *g, double h[N][N])
{
    double loss = 0, z[N];
    uint32_t n = p->k + 1;
    if (h) {
        memset(g, 0, n * sizeof *g);
        for (uint32_t a = 0; a < n; a++)
            memset(h[a], 0, n * sizeof h[a][0]);
    }
    for (size_t i = 0; i < p->count; i++) {
        double s = p->genuine[i] ? 1 : -1, w = p->each[p->genuine[i]];
        double m = s * (eta(p, beta, i) + p->offset); /* margin: positive is right */
        loss += w * (m > 0 ? log1p(exp(-m)) : -m + log1p(exp(m)));
        if (!h)
            continue;
        double q = m > 0 ? exp(-m) / (1 + exp(-m)) : 1 / (1 + exp(m)); /* of being wrong */
        z[0] = 1;
        for (uint32_t j = 0; j < p->k; j++)
            z[j + 1] = (p->x[i * p->k + j] - p->mean[j]) * p->scale[j];
        for (uint32_t a = 0; a < n; a++) {
            g[a] -= w * s * q * z[a];
            for (uint32_t b = 0; b <= a; b++)
                h[a][b] += w * q * (1 - q) * z[a] * z[b];
        }
    }
    for (uint32_t a = 1; a < n; a++) {
        loss += 0.5 * p->ridge * beta[a] * beta[a];
        if (h) {
            g[a] += p->ridge * beta[a];
            h[a][a] += p->ridge;
        }
    }
    return loss;
}

/* Solves h * step = g by Cholesky's decomposition of the lower triangle; false when h is not positive
 * definite. */
static bool solve(double h[N][N], const double *g, double *step, uint32_t n)
{
    for (uint32_t a = 0; a < n; a++) {
        for (uint32_t b = 0; b <= a; b++) {
            double sum = h[a][b];
            for (uint32_t c = 0; c < b; c++)
                sum -= h[a][c] * h[b][c];
            if (a == b && !(sum > 0))
                return false;
            h[a][b] = a == b ? sqrt(sum) : sum / h[b][b];
        }
    }
    for (uint32_t a = 0; a < n; a++) {
        double sum = g[a];
        for (uint32_t c = 0; c < a; c++)
            sum -= h[a][c] * step[c];
        step[a] = sum / h[a][a];
    }
    for (uint32_t a = n; a-- > 0;) {
        double sum = step[a];
        for (uint32_t c = a + 1; c < n; c++)
            sum -= h[c][a] * step[c];
        step[a] = sum / h[a][a];
    }
    return true;
}

static double largest(const double *v, uint32_t n)
{
    double most = 0;
    for (uint32_t a = 0; a < n; a++)
        most = fmax(most, fabs(v[a]));
    return most;
}

/* Mean and deviation under the samples' weights, in two passes: the one-pass formula loses all digits of a
 * small deviation beside a large mean. */
static enum hbs_err standardise(struct hbs_ctx *ctx, struct problem *p)
{
    for (uint32_t j = 0; j < p->k; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < p->count; i++) {
            double v = p->x[i * p->k + j];
            if (!isfinite(v) || fabs(v) > 1e150) /* so that its square is finite too */
                return hbs_fail(ctx, HBS_ERR_FORMAT, "", "", "feature %u of sample %zu is not finite", j, i);
            sum += p->each[p->genuine[i]] * v;
        }
        for (size_t i = 0; i < p->count; i++) {
            double d = p->x[i * p->k + j] - sum;
            squares += p->each[p->genuine[i]] * d * d;
        }
        p->mean[j] = sum;
        /* A constant says nothing; its deviation is the rounding of its mean. */
        p->scale[j] = sqrt(squares) > 1e-12 * fabs(sum) ? 1 / sqrt(squares) : 0;
    }
    return HBS_OK;
}

/* Whether some threshold on the fit parts all genuine samples from all impostors: then without a ridge
 * the likelihood has no maximum. */
static bool separated(const struct problem *p, const double *beta)
{
    double lowest = INFINITY, highest = -INFINITY;
    for (size_t i = 0; i < p->count; i++) {
        double e = eta(p, beta, i);
        if (p->genuine[i])
            lowest = fmin(lowest, e);
        else
            highest = fmax(highest, e);
    }
    return lowest >= highest;
}

enum hbs_err hbs_score_logistic_fit(struct hbs_ctx *ctx, const double *x, const bool *genuine,
                                    size_t count, uint32_t features,
                                    const struct hbs_score_logistic_options *options,
                                    struct hbs_score_logistic *out)
{
    double prior = options->prior > 0 ? options->prior : 0.5, total[2] = {0, 0};
    if (!features || features > HBS_SCORE_FEATURES_MAX || !(prior < 1) || !(options->ridge >= 0) ||
        !isfinite(options->ridge))
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "",
                        "%u features (1 to %u), a prior below 1 and a ridge from 0 will do", features,
                        HBS_SCORE_FEATURES_MAX);
    for (size_t i = 0; i < count; i++)
        total[genuine[i]]++;
    if (!total[0] || !total[1])
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give samples of both kinds", "no %s samples",
                        total[0] ? "genuine" : "impostor");
    struct problem p = {.x = x, .genuine = genuine, .count = count, .k = features,
                        .each = {(1 - prior) / total[0], prior / total[1]},
                        .offset = log(prior / (1 - prior)), .ridge = options->ridge};
    enum hbs_err err = standardise(ctx, &p);
    if (err)
        return err;
    uint32_t n = features + 1, iteration = 0;
    double beta[N] = {0}, g[N], h[N][N], step[N] = {0}, trial[N];
    double loss = evaluate(&p, beta, g, h);
    bool near = false;
    while (!near && iteration < ITERATIONS_MAX && largest(beta, n) < WEIGHT_MAX) {
        iteration++;
        /* The system is that of the Hessian itself, not of an approximation, so near the optimum each
         * step squares the error. A feature without scale has a zero row; and far from the optimum the
         * curvature may vanish in rounding: a small diagonal keeps the system solvable and changes only
         * the way there. */
        for (uint32_t a = 0; a < n; a++)
            h[a][a] += a && !p.scale[a - 1] ? 1 : 1e-14;
        if (!solve(h, g, step, n))
            break;
        near = largest(step, n) < STEP_ENOUGH;
        /* Far from it a full step may overshoot: the loss is convex, so halving must find descent. */
        double length = 1, next = loss, gain = 0; /* twice the gain a full step promises */
        for (uint32_t a = 0; a < n; a++)
            gain += g[a] * step[a];
        int halvings = 0;
        for (; halvings < HALVINGS_MAX; halvings++, length *= 0.5) {
            for (uint32_t a = 0; a < n; a++)
                trial[a] = beta[a] - length * step[a];
            next = evaluate(&p, trial, NULL, NULL);
            /* where the gain drowns in the loss's rounding, Newton's step is sure and cannot be checked */
            if (next <= loss || gain < 1e-10)
                break;
        }
        if (halvings == HALVINGS_MAX)
            break; /* no descent is left in the rounding */
        memcpy(beta, trial, n * sizeof *beta);
        loss = evaluate(&p, beta, g, h);
    }
    double gradient = largest(g, n);
    if (!(gradient <= GRADIENT_MOST) || (!p.ridge && separated(&p, beta)) || largest(beta, n) >= WEIGHT_MAX)
        return hbs_fail(ctx, HBS_ERR_INCOMPLETE, "", "give a ridge above 0",
                        "the regression does not converge: the samples are separable");
    /* Back to features as they came, and from natural to decimal logarithms. The prior's offset was kept
     * out of the bias all along, so what is left is an LLR. */
    *out = (struct hbs_score_logistic){.features = features, .gradient = gradient,
                                       .iterations = iteration, .bias = beta[0] / LN10};
    for (uint32_t j = 0; j < features; j++) {
        out->weight[j] = beta[j + 1] * p.scale[j] / LN10;
        out->bias -= out->weight[j] * p.mean[j];
    }
    return HBS_OK;
}

double hbs_score_logistic_llr(const struct hbs_score_logistic *model, const double *x)
{
    double sum = model->bias;
    for (uint32_t j = 0; j < model->features && j < HBS_SCORE_FEATURES_MAX; j++)
        sum += model->weight[j] * x[j];
    return sum;
}

enum hbs_err hbs_score_logistic_cross(struct hbs_ctx *ctx, const double *x, const bool *genuine,
                                      const uint32_t *group, size_t count, uint32_t features,
                                      const struct hbs_score_logistic_options *options, double *llr)
{
    if (!features || features > HBS_SCORE_FEATURES_MAX)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "", "%u features, 1 to %u will do", features,
                        HBS_SCORE_FEATURES_MAX);
    enum hbs_err err = HBS_OK;
    uint32_t *groups = hbs_alloc(ctx, count, sizeof *groups);
    double *rest = hbs_alloc(ctx, count, features * sizeof *rest);
    bool *kind = hbs_alloc(ctx, count, sizeof *kind);
    if (!groups || !rest || !kind) {
        err = hbs_fail_memory(ctx, count * features * sizeof *rest);
        goto done;
    }
    memcpy(groups, group, count * sizeof *groups);
    size_t n = score_groups(groups, count);
    if (n < 2 || n > HBS_SCORE_GROUPS_MAX) {
        err = hbs_fail(ctx, HBS_ERR_FORMAT, "", "give the scores of several sets",
                       "%zu groups; a cross-validation takes 2 to %u", n, HBS_SCORE_GROUPS_MAX);
        goto done;
    }
    for (size_t k = 0; !err && k < n; k++) {
        size_t m = 0;
        for (size_t i = 0; i < count; i++)
            if (group[i] != groups[k]) {
                memcpy(rest + m * features, x + i * features, features * sizeof *x);
                kind[m++] = genuine[i];
            }
        struct hbs_score_logistic model;
        if ((err = hbs_score_logistic_fit(ctx, rest, kind, m, features, options, &model)))
            break;
        for (size_t i = 0; i < count; i++)
            if (group[i] == groups[k])
                llr[i] = hbs_score_logistic_llr(&model, x + i * features);
    }
done:
    hbs_free(ctx, groups);
    hbs_free(ctx, rest);
    hbs_free(ctx, kind);
    return err;
}
