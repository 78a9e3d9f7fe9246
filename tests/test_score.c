/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score: isotonic and logistic calibration, bounds, measures, tables, fusion: hand-computed
 * values, brute force on small inputs, and properties.
 */
#include "habeas/score.h"
#include "score/score_int.h"
#include "tap.h"

#include <math.h>

static struct hbs_ctx *ctx;

/* ---- Isotonic regression ---------------------------------------------------------------------- */

enum { MOST = 14 };
struct series {
    int n;
    int value[MOST], weight[MOST];
};

static void make_series(struct hbs_rng *rng, void *p)
{
    struct series *s = p;
    s->n = 1 + (int)hbs_rng_below(rng, MOST);
    for (int i = 0; i < s->n; i++) {
        s->value[i] = (int)hbs_rng_below(rng, 7) - 3;
        s->weight[i] = 1 + (int)hbs_rng_below(rng, 4);
    }
}

static bool shorter(void *p, int step)
{
    struct series *s = p;
    if (step >= s->n || s->n < 2)
        return false;
    for (int i = step; i + 1 < s->n; i++) {
        s->value[i] = s->value[i + 1];
        s->weight[i] = s->weight[i + 1];
    }
    s->n--;
    return true;
}

/* fit[i] = max over a <= i of min over b >= i of the mean of a..b (Barlow et al. 1972, 1.4). */
static bool pav_is_brute(const void *p, bool verbose)
{
    const struct series *s = p;
    double value[MOST], weight[MOST], fit[MOST];
    for (int i = 0; i < s->n; i++) {
        value[i] = s->value[i];
        weight[i] = s->weight[i];
    }
    if (hbs_score_pav(ctx, value, weight, (size_t)s->n, fit))
        return false;
    bool good = true;
    for (int i = 0; i < s->n; i++) {
        double best = -INFINITY;
        for (int a = 0; a <= i; a++) {
            double least = INFINITY;
            for (int b = i; b < s->n; b++) {
                double sum = 0, w = 0;
                for (int k = a; k <= b; k++) {
                    sum += value[k] * weight[k];
                    w += weight[k];
                }
                least = fmin(least, sum / w);
            }
            best = fmax(best, least);
        }
        good &= fabs(best - fit[i]) < 1e-12;
        if (verbose)
            printf("# %d x %d: %g, brute %g\n", s->value[i], s->weight[i], fit[i], best);
    }
    return good;
}

static void isotonic(void)
{
    double value[] = {1, 3, 2, 4, 3.5, 6}, ones[] = {1, 1, 1, 1, 1, 1}, fit[6];
    static const double want[] = {1, 2.5, 2.5, 3.75, 3.75, 6};
    is_int(hbs_score_pav(ctx, value, ones, 6, fit), HBS_OK, "isotonic regression");
    ok(!memcmp(fit, want, sizeof want), "pools adjacent violators");
    property("isotonic regression is the max-min of means", 3000, make_series, pav_is_brute, shorter,
             sizeof(struct series));
}

/* ---- Measures --------------------------------------------------------------------------------- */

static void measures(void)
{
    bool kind[] = {true, true, false, false};
    double zero[4] = {0}, three[] = {log10(3), log10(3), -log10(3), -log10(3)}, out;
    is_near(hbs_score_cllr(zero, kind, 4), 1, 1e-15, "saying nothing costs one bit");
    is_near(hbs_score_cllr(three, kind, 4), log2(4.0 / 3), 1e-15, "LR 3 and 1/3");
    double wrong[] = {-400, 1, -1, 1};
    ok(isfinite(hbs_score_cllr(wrong, kind, 4)) && hbs_score_cllr(wrong, kind, 4) > 300,
       "a grave error costs much and is finite");
    ok(isnan(hbs_score_cllr(zero, kind, 2)), "one kind alone has no Cllr");
    /* 0 I, 1 G, 2 I, 3 G: blocks p = 0, 1/2, 1; the middle block's LLR is 0 and costs half of all */
    double mixed[] = {1, 3, 0, 2};
    is_int(hbs_score_cllr_min(ctx, mixed, kind, 4, &out), HBS_OK, "Cllr_min");
    is_near(out, 0.5, 1e-15, "of 0 I, 1 G, 2 I, 3 G");
    double apart[] = {5, 6, 1, 2}, equal[] = {1, 1, 1, 1};
    ok(!hbs_score_cllr_min(ctx, apart, kind, 4, &out) && out == 0, "separable: 0");
    ok(!hbs_score_cllr_min(ctx, equal, kind, 4, &out) && out == 1, "all equal: 1");
    is_int(hbs_score_cllr_min(ctx, apart, kind, 2, &out), HBS_ERR_FORMAT, "one kind alone is refused");
    double nan[] = {NAN, 1, 2, 3};
    is_int(hbs_score_cllr_min(ctx, nan, kind, 4, &out), HBS_ERR_FORMAT, "nan is refused");
}

/* Any rising map of the scores costs at least Cllr_min. */
struct mapped {
    int n;
    int score[20];
    bool genuine[20];
    double map[10];
};
static void make_mapped(struct hbs_rng *rng, void *p)
{
    struct mapped *m = p;
    m->n = 4 + (int)hbs_rng_below(rng, 17);
    for (int i = 0; i < m->n; i++) {
        m->genuine[i] = i < 2 ? i == 1 : hbs_rng_below(rng, 2) == 1;
        m->score[i] = (int)hbs_rng_below(rng, 8) + (m->genuine[i] ? 2 : 0);
    }
    double at = -3 * hbs_rng_unit(rng);
    for (int i = 0; i < 10; i++)
        m->map[i] = at += hbs_rng_unit(rng) * hbs_rng_unit(rng);
}
static bool min_is_least(const void *p, bool verbose)
{
    const struct mapped *m = p;
    double score[20], llr[20], least;
    for (int i = 0; i < m->n; i++) {
        score[i] = m->score[i];
        llr[i] = m->map[m->score[i]];
    }
    if (hbs_score_cllr_min(ctx, score, m->genuine, (size_t)m->n, &least))
        return false;
    if (verbose)
        printf("# %g against %g\n", least, hbs_score_cllr(llr, m->genuine, (size_t)m->n));
    return least <= hbs_score_cllr(llr, m->genuine, (size_t)m->n) + 1e-12;
}

/* ---- Bounds ----------------------------------------------------------------------------------- */

struct evidence {
    int ng, ni;
    double g[12], i[12], ug, ui; /* LLRs sorted upwards */
};
static void make_evidence(struct hbs_rng *rng, void *p)
{
    struct evidence *e = p;
    e->ng = 1 + (int)hbs_rng_below(rng, 12);
    e->ni = 1 + (int)hbs_rng_below(rng, 12);
    double g = -1.5 * hbs_rng_unit(rng), i = -2 * hbs_rng_unit(rng);
    for (int k = 0; k < e->ng; k++)
        e->g[k] = g += 0.125 * hbs_rng_below(rng, 5);
    for (int k = 0; k < e->ni; k++)
        e->i[k] = i += 0.125 * hbs_rng_below(rng, 4);
    e->ug = hbs_rng_below(rng, 2) ? e->ng : 0.5 + 0.5 * e->ng;
    e->ui = hbs_rng_below(rng, 2) ? e->ni : 0.5 + 0.5 * e->ni;
}

/* Error rate of using the LLRs at prior odds 10^-l, over that of not using them. */
static double error_ratio(const struct evidence *e, double l)
{
    double misses = 0, falses = 0, ug = e->ng / e->ug, ui = e->ni / e->ui;
    for (int k = 0; k < e->ng; k++)
        misses += e->g[k] < l;
    for (int k = 0; k < e->ni; k++)
        falses += e->i[k] >= l;
    double at = pow(10, l);
    return ((misses + ug) / (e->ng + ug) + at * (falses + ui) / (e->ni + ui)) / fmin(1, at);
}

static bool bound_is_where_it_fails(const void *p, bool verbose)
{
    const struct evidence *e = p;
    double lower, upper;
    hbs_score_elub(e->g, (size_t)e->ng, e->ug, e->i, (size_t)e->ni, e->ui, &lower, &upper);
    bool good = lower <= 0 && upper >= 0 && upper <= log10(e->ui + 1) + 1e-12 &&
                lower >= -log10(e->ug + 1) - 1e-12;
    for (int k = 1; k < 1000; k++) { /* pays all the way, and no longer just beyond */
        double l = upper * k / 1000;
        if (upper > 1e-9)
            good &= error_ratio(e, l) < 1 + 1e-9;
    }
    good &= error_ratio(e, upper + 1e-7) > 1 - 1e-9;
    /* the lower bound by the mirrored question: "same" down to L, threshold inclusive on the other side */
    struct evidence m = {.ng = e->ni, .ni = e->ng, .ug = e->ui, .ui = e->ug};
    for (int k = 0; k < e->ni; k++)
        m.g[k] = -e->i[e->ni - 1 - k];
    for (int k = 0; k < e->ng; k++)
        m.i[k] = -e->g[e->ng - 1 - k];
    for (int k = 1; k < 1000; k++)
        if (lower < -1e-9)
            good &= error_ratio(&m, -lower * k / 1000) < 1 + 1e-9;
    good &= error_ratio(&m, -lower + 1e-7) > 1 - 1e-9;
    if (verbose)
        printf("# %d and %d LLRs: %g to %g; beyond: %g, %g\n", e->ng, e->ni, lower, upper,
               error_ratio(e, upper + 1e-7), error_ratio(&m, -lower + 1e-7));
    return good;
}

/* ---- Tables ----------------------------------------------------------------------------------- */

static size_t fill(struct hbs_score_sample *s, const double *g, int ng, const double *i, int ni)
{
    for (int k = 0; k < ng; k++)
        s[k] = (struct hbs_score_sample){g[k], 0, true};
    for (int k = 0; k < ni; k++)
        s[ng + k] = (struct hbs_score_sample){i[k], 0, false};
    return (size_t)(ng + ni);
}

static void by_hand(void)
{
    static const double g[] = {5, 6, 7}, i[] = {1, 2, 3, 4};
    struct hbs_score_sample s[7];
    struct hbs_score_table t;
    size_t n = fill(s, g, 3, i, 4);
    struct hbs_score_training how = {.name = "hand"};
    is_int(hbs_score_train(ctx, s, n, &how, &t), HBS_OK, "a table by hand");
    /* Pooled: (1 + 3)/1 * 6/5 = 4.8 above, 1/(4 + 1) * 6/5 = 0.24 below. The bounds cut them: with one
     * misleading unit each, miss 1/4 and false 1/5: up to (3/4)/(1/5) = 3.75; down to (4/5)/(1/4). */
    is_near(hbs_score_llr(&t, 6), log10(3.75), 1e-12, "LLR above, cut at the upper bound");
    is_near(hbs_score_llr(&t, 1000), log10(3.75), 1e-12, "and no more beyond");
    is_near(hbs_score_llr(&t, 2), -log10(3.2), 1e-12, "LLR below, cut at the lower bound");
    is_near(hbs_score_llr(&t, -1000), -log10(3.2), 1e-12, "and no less beyond");
    ok(hbs_score_llr(&t, 4.5) > -log10(3.2) && hbs_score_llr(&t, 4.5) < log10(3.75), "between, between");
    is_near(hbs_score_llr(&t, NAN), 0, 0, "nan says nothing");
    is_near(hbs_score_fmr(&t, 0), 1, 0, "FMR below all");
    is_near(hbs_score_fmr(&t, 1), 1, 0, "FMR at the lowest impostor");
    is_near(hbs_score_fmr(&t, 2.5), 0.8, 1e-15, "FMR between: that of the knot below");
    is_near(hbs_score_fmr(&t, 4), 0.4, 1e-15, "FMR at the highest impostor");
    ok(!hbs_score_fmr_is_bound(&t, 4), "which is an estimate");
    is_near(hbs_score_fmr(&t, nextafter(4, 5)), 0.2, 1e-15, "FMR just above it");
    is_near(hbs_score_fmr(&t, 1e9), 0.2, 1e-15, "and far above it");
    ok(hbs_score_fmr_is_bound(&t, nextafter(4, 5)), "which is a bound");
    is_near(hbs_score_expected_false(&t, 4, 1000), 400, 1e-9, "expected false candidates of 1000");
    hbs_score_table_close(ctx, &t);

    how.impostor_units = 2; /* four pairs that count as two: FMR at least 1/3 */
    is_int(hbs_score_train(ctx, s, n, &how, &t), HBS_OK, "with fewer units than pairs");
    is_near(hbs_score_fmr(&t, 9), 1.0 / 3, 1e-15, "the FMR's floor rises");
    ok(hbs_score_llr(&t, 9) <= log10(3), "and the LLR's bound falls");
    hbs_score_table_close(ctx, &t);

    how = (struct hbs_score_training){.name = "hand"};
    is_int(hbs_score_train(ctx, s, 3, &how, &t), HBS_ERR_FORMAT, "genuine alone will not do");
    s[0].raw = NAN;
    is_int(hbs_score_train(ctx, s, n, &how, &t), HBS_ERR_FORMAT, "nor nan");
    s[0].raw = 5;
    how.name = "two words";
    is_int(hbs_score_train(ctx, s, n, &how, &t), HBS_ERR_FORMAT, "nor an odd name");
    struct hbs_score_table none = {.name = "x"};
    is_near(hbs_score_llr(&none, 3), 0, 0, "an empty table says nothing");
    is_near(hbs_score_fmr(&none, 3), 1, 0, "of FMR too");
}

struct data {
    int ng, ni, range;
    double shift, ug, ui;
    enum hbs_score_method method;
    double v[150];
};
static void make_data(struct hbs_rng *rng, void *p)
{
    struct data *d = p;
    d->ng = 1 + (int)hbs_rng_below(rng, 50);
    d->ni = 1 + (int)hbs_rng_below(rng, 100);
    d->range = (int)hbs_rng_below(rng, 3);
    d->shift = 4 * hbs_rng_unit(rng) - 1;
    d->ug = hbs_rng_below(rng, 2) ? 0 : 1 + hbs_rng_unit(rng) * (d->ng - 1);
    d->ui = hbs_rng_below(rng, 2) ? 0 : 1 + hbs_rng_unit(rng) * (d->ni - 1);
    d->method = hbs_rng_below(rng, 2) ? HBS_SCORE_ISOTONIC : HBS_SCORE_LOGISTIC;
    for (int k = 0; k < d->ng + d->ni; k++) {
        double v = hbs_rng_normal(rng) + (k < d->ng ? d->shift : 0);
        d->v[k] = d->range ? floor(v * d->range * d->range) : v;
    }
}
static bool table_keeps_its_promises(const void *p, bool verbose)
{
    const struct data *d = p;
    struct hbs_score_sample s[150];
    size_t n = fill(s, d->v, d->ng, d->v + d->ng, d->ni);
    struct hbs_score_training how = {"p", d->method, d->ug, d->ui};
    struct hbs_score_table t, u;
    enum hbs_err err = hbs_score_train(ctx, s, n, &how, &t);
    if (err) {
        if (verbose)
            printf("# %s\n", hbs_ctx_what(ctx));
        return false;
    }
    double ug = d->ug > 0 ? d->ug : d->ng, ui = d->ui > 0 ? d->ui : d->ni;
    bool good = true;
    double llr = -INFINITY, fmr = 2;
    for (int k = -400; k <= 400; k++) { /* monotone and bounded everywhere */
        double raw = k / 25.0, l = hbs_score_llr(&t, raw), f = hbs_score_fmr(&t, raw);
        good &= l >= llr && f <= fmr && l <= log10(ui + 1) + 1e-9 && l >= -log10(ug + 1) - 1e-9 &&
                f <= 1 && f >= (1 - 1e-9) / (ui + 1);
        llr = l;
        fmr = f;
        double above = 0; /* and the FMR never below what was seen */
        for (int i = 0; i < d->ni; i++)
            above += d->v[d->ng + i] >= raw;
        good &= f >= fmin(1, (above * ui / d->ni + 1) / (ui + 1)) - 1e-9;
    }
    struct hbs_buf text;
    hbs_buf_init(&text, ctx, 1 << 20);
    good = good && !hbs_score_table_write(&t, &text) && !hbs_score_table_read(ctx, text.data, text.size, &u);
    if (good) {
        good = t.count == u.count && !memcmp(t.knots, u.knots, t.count * sizeof *t.knots) &&
               !strcmp(t.name, u.name) && t.genuine_units == u.genuine_units &&
               t.impostor_units == u.impostor_units && t.impostor_most == u.impostor_most;
        hbs_score_table_close(ctx, &u);
    }
    if (verbose)
        fwrite(text.data, 1, text.size, stdout);
    hbs_buf_close(&text);
    hbs_score_table_close(ctx, &t);
    return good;
}

/* Two normal distributions of deviation 1: the true natural log LR is m x - m^2 / 2. */
static void simulated(void)
{
    enum { N = 20000 };
    static struct hbs_score_sample s[2 * N];
    const double m = 2.5;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 77);
    for (int i = 0; i < 2 * N; i++)
        s[i] = (struct hbs_score_sample){hbs_rng_normal(&rng) + (i < N ? m : 0), (uint32_t)i % 5, i < N};
    static double llr[2 * N], truth[2 * N];
    static bool kind[2 * N];
    for (int i = 0; i < 2 * N; i++) {
        kind[i] = s[i].genuine;
        truth[i] = (m * s[i].raw - m * m / 2) / log(10);
    }
    double best = hbs_score_cllr(truth, kind, 2 * N);
    for (int method = 0; method < 2; method++) {
        struct hbs_score_training how = {"sim", (enum hbs_score_method)method, 0, 0};
        struct hbs_score_table t;
        const char *name = method ? "logistic" : "isotonic";
        is_int(hbs_score_train(ctx, s, 2 * N, &how, &t), HBS_OK, "%s: trained on 40,000 scores", name);
        double worst = 0;
        for (double x = -0.5; x <= 3; x += 0.25)
            worst = fmax(worst, fabs(hbs_score_llr(&t, x) - (m * x - m * m / 2) / log(10)));
        ok(worst < (method ? 0.05 : 0.2), "%s: within %.3f of the true LLR", name, worst);
        ok(t.count <= HBS_SCORE_KNOTS_MAX, "%s: %u knots", name, t.count);
        is_near(hbs_score_fmr(&t, 2) / (0.5 * erfc(2 * M_SQRT1_2)), 1, 0.1, "%s: the true FMR", name);
        hbs_score_table_close(ctx, &t);
        is_int(hbs_score_cross(ctx, s, 2 * N, &how, llr), HBS_OK, "%s: cross-validated over 5 groups", name);
        double cost = hbs_score_cllr(llr, kind, 2 * N);
        ok(cost > best - 0.01 && cost < best + 0.01, "%s: Cllr %.4f, that of the true LLRs %.4f", name, cost, best);
        /* the group's own labels must not reach its LLRs */
        static double other[2 * N];
        for (int i = 0; i < 2 * N; i++)
            if (s[i].group == 3)
                s[i].genuine = !s[i].genuine;
        if (hbs_score_cross(ctx, s, 2 * N, &how, other))
            abort();
        bool same = true, differs = false;
        for (int i = 0; i < 2 * N; i++) {
            same &= s[i].group != 3 || llr[i] == other[i];
            differs |= s[i].group != 3 && llr[i] != other[i];
            if (s[i].group == 3)
                s[i].genuine = !s[i].genuine;
        }
        ok(same && differs, "%s: a group's LLRs know nothing of its labels", name);
    }
    for (int i = 0; i < 2 * N; i++)
        s[i].group = 1;
    is_int(hbs_score_cross(ctx, s, 2 * N, &(struct hbs_score_training){.name = "x"}, llr), HBS_ERR_FORMAT,
           "one group cannot be left out");
    double min;
    ok(!hbs_score_cllr_min(ctx, truth, kind, 2 * N, &min) && min <= best && min > best - 0.01,
       "Cllr_min %.4f of the true LLRs", min);
    /* scores that run the wrong way say nothing */
    for (int i = 0; i < 2 * N; i++)
        s[i].raw = -s[i].raw;
    struct hbs_score_table t;
    if (hbs_score_train(ctx, s, 2 * N, &(struct hbs_score_training){"x", HBS_SCORE_LOGISTIC, 0, 0}, &t))
        abort();
    ok(hbs_score_llr(&t, -3) == 0 && hbs_score_llr(&t, 3) == 0, "a falling line is no calibration");
    hbs_score_table_close(ctx, &t);
}

static const char good_table[] = "habeas-score 1\nname a.b_c-1\npairs 9 99\nunits 9 99\nimpostor-most 3\n"
                                 "knots 2\n1 -0.5 1\n4 1 0.01\nend\n";

static void texts(void)
{
    struct hbs_score_table t;
    is_int(hbs_score_table_read(ctx, good_table, sizeof good_table - 1, &t), HBS_OK, "a table's text");
    ok(t.count == 2 && t.genuine == 9 && t.impostor == 99 && t.knots[1].raw == 4 && !strcmp(t.name, "a.b_c-1"),
       "its content");
    is_near(hbs_score_llr(&t, 2.5), 0.25, 1e-15, "half way between two knots");
    struct hbs_buf c;
    hbs_buf_init(&c, ctx, 1 << 16);
    is_int(hbs_score_table_write_c(&t, "hbs_finger_table", &c), HBS_OK, "the same as C");
    is_int(hbs_buf_put(&c, "", 1), HBS_OK, "ended");
    ok(strstr((char *)c.data, "const struct hbs_score_table hbs_finger_table = {") &&
           strstr((char *)c.data, "    {4, 1, 0.01},\n"), "with its knots");
    is_int(hbs_score_table_write_c(&t, "3x", &c), HBS_ERR_USAGE, "a symbol must be a C name");
    is_int(hbs_score_table_write_c(&t, "a;b", &c), HBS_ERR_USAGE, "all of it");
    hbs_buf_close(&c);
    hbs_score_table_close(ctx, &t);

    static const struct {
        const char *from, *to, *why;
    } broken[] = {
        {"score 1", "score 2", "another version"},  {"a.b_c-1", "a b", "a name of two words"},
        {"a.b_c-1", "a/b", "a name with a slash"},  {"pairs 9 99", "pairs 9 -1", "negative pairs"},
        {"pairs 9 99", "pairs 9.5 99", "broken pairs"},
        {"pairs 9 99", "pairs 0 99", "no pairs"},   {"units 9 99", "units 10 99", "more units than pairs"},
        {"units 9 99", "units 9 0", "no units"},    {"knots 2", "knots 3", "fewer knots than told"},
        {"knots 2", "knots 1", "more knots than told"},
        {"knots 2", "knots 99999999", "a lying count"},
        {"4 1 0.01", "1 1 0.01", "scores not rising"}, {"4 1 0.01", "4 -1 0.01", "a falling LLR"},
        {"1 -0.5 1", "1 -0.5 0.001", "a rising FMR"}, {"4 1 0.01", "4 1 0", "FMR 0"},
        {"4 1 0.01", "4 1 0.001", "an FMR that 99 impostors cannot show"},
        {"4 1 0.01", "4 2.1 0.01", "an LLR that 99 impostors cannot show"},
        {"4 1 0.01", "4 nan 0.01", "nan"},          {"4 1 0.01", "4 1 0.01 7", "too many numbers"},
        {"4 1 0.01", "4  1 0.01", "two blanks"},    {"end\n", "end", "an unended end"},
        {"end\n", "end\nmore\n", "something after the end"}, {"end\n", "", "no end"},
    };
    for (size_t i = 0; i < HBS_COUNT(broken); i++) {
        char text[400];
        const char *at = strstr(good_table, broken[i].from);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good_table), good_table, broken[i].to,
                 at + strlen(broken[i].from));
        is_int(hbs_score_table_read(ctx, text, strlen(text), &t), HBS_ERR_FORMAT, "refused: %s", broken[i].why);
    }
    is_int(hbs_score_table_read(ctx, "", 0, &t), HBS_ERR_FORMAT, "refused: nothing");
    is_int(hbs_score_table_read(ctx, good_table, HBS_SCORE_TABLE_BYTES_MAX + 1, &t), HBS_ERR_LIMIT,
           "refused by its size");
}

/* ---- Logistic regression ---------------------------------------------------------------------- */

static void logistic(void)
{
    /* One feature of two values is a saturated model: each value's LR is exact, whatever the prior.
     * 30 of 40 genuine and 10 of 50 impostor samples have a 1. */
    double x[90];
    bool kind[90];
    for (int i = 0; i < 90; i++) {
        kind[i] = i < 40;
        x[i] = i < 40 ? i < 30 : i < 50;
    }
    struct hbs_score_logistic model;
    static const double priors[] = {0.5, 0.1, 0.01, 0.9};
    for (size_t k = 0; k < HBS_COUNT(priors); k++) {
        struct hbs_score_logistic_options o = {.prior = priors[k]};
        is_int(hbs_score_logistic_fit(ctx, x, kind, 90, 1, &o, &model), HBS_OK, "prior %g: fitted", priors[k]);
        double one = 1, zero = 0;
        is_near(hbs_score_logistic_llr(&model, &one), log10(0.75 / 0.2), 1e-8, "prior %g: LR of a 1", priors[k]);
        is_near(hbs_score_logistic_llr(&model, &zero), log10(0.25 / 0.8), 1e-8, "prior %g: LR of a 0", priors[k]);
    }

    /* Three features of very different units, one constant. The gradient, computed here from the
     * objective with features as they came, is zero. */
    enum { N = 3000, K = 4 };
    static double f[N * K];
    static bool g[N];
    static uint32_t group[N];
    static double llr[N];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    for (int i = 0; i < N; i++) {
        g[i] = i % 3 == 0;
        group[i] = (uint32_t)i / 3 % 4;
        f[i * K] = hbs_rng_normal(&rng) + (g[i] ? 1.5 : 0);
        f[i * K + 1] = 1e6 + 1000 * (hbs_rng_normal(&rng) + (g[i] ? 1 : 0));
        f[i * K + 2] = 1e-5 * hbs_rng_normal(&rng);
        f[i * K + 3] = 7;
    }
    for (int ridged = 0; ridged < 2; ridged++) {
        struct hbs_score_logistic_options o = {.prior = 0.2, .ridge = ridged ? 0.01 : 0};
        is_int(hbs_score_logistic_fit(ctx, f, g, N, K, &o, &model), HBS_OK, "four features: fitted");
        ok(model.gradient <= 1e-8 && model.iterations < 20, "gradient %.1e after %u steps", model.gradient,
           model.iterations);
        double grad[K + 1] = {0}, mean[K] = {0}, scale[K] = {0}, worst = 0;
        for (int j = 0; j < K; j++) {
            for (int i = 0; i < N; i++)
                mean[j] += (g[i] ? 0.2 / (N / 3) : 0.8 / (N - N / 3)) * f[i * K + j];
            for (int i = 0; i < N; i++)
                scale[j] += (g[i] ? 0.2 / (N / 3) : 0.8 / (N - N / 3)) * (f[i * K + j] - mean[j]) * (f[i * K + j] - mean[j]);
            scale[j] = sqrt(scale[j]);
        }
        for (int i = 0; i < N; i++) {
            double eta = log(10) * hbs_score_logistic_llr(&model, f + i * K) + log(0.2 / 0.8);
            double w = g[i] ? 0.2 / (N / 3) : 0.8 / (N - N / 3), r = w * (1 / (1 + exp(-eta)) - g[i]);
            grad[0] += r;
            for (int j = 0; j < K; j++)
                grad[j + 1] += scale[j] > 1e-9 ? r * (f[i * K + j] - mean[j]) / scale[j] : 0;
        }
        for (int j = 0; j < K; j++)
            grad[j + 1] += o.ridge * log(10) * model.weight[j] * scale[j];
        for (int j = 0; j <= K; j++)
            worst = fmax(worst, fabs(grad[j]));
        ok(worst < 1e-8, "ridge %g: the gradient at the optimum is %.1e", o.ridge, worst);
        is_near(model.weight[3], 0, 0, "a constant weighs nothing");
    }
    is_near(model.weight[0] * log(10), 1.5, 0.35, "the weight of a normal feature of shift 1.5");
    struct hbs_score_logistic_options o = {.prior = 0.5};
    is_int(hbs_score_logistic_cross(ctx, f, g, group, N, K, &o, llr), HBS_OK, "cross-validated");
    double cost = hbs_score_cllr(llr, g, N), alone[N];
    for (int i = 0; i < N; i++)
        alone[i] = (1.5 * f[i * K] - 1.125) / log(10);
    ok(cost < hbs_score_cllr(alone, g, N), "fused %.3f bits, the best feature alone %.3f", cost,
       hbs_score_cllr(alone, g, N));

    double apart[] = {1, 2, 3, 4};
    bool half[] = {false, false, true, true}, all[] = {true, true, true, true};
    is_int(hbs_score_logistic_fit(ctx, apart, half, 4, 1, &o, &model), HBS_ERR_INCOMPLETE,
           "separable data have no maximum");
    double touching[] = {1, 2, 2, 4};
    is_int(hbs_score_logistic_fit(ctx, touching, half, 4, 1, &o, &model), HBS_ERR_INCOMPLETE,
           "nor have those that only touch");
    o.ridge = 0.01;
    is_int(hbs_score_logistic_fit(ctx, apart, half, 4, 1, &o, &model), HBS_OK, "with a ridge they have");
    is_int(hbs_score_logistic_fit(ctx, apart, all, 4, 1, &o, &model), HBS_ERR_FORMAT, "one kind alone is refused");
    is_int(hbs_score_logistic_fit(ctx, apart, half, 4, 0, &o, &model), HBS_ERR_USAGE, "so are no features");
    apart[1] = INFINITY;
    is_int(hbs_score_logistic_fit(ctx, apart, half, 4, 1, &o, &model), HBS_ERR_FORMAT, "and infinity");
}

/* ---- Fusion ----------------------------------------------------------------------------------- */

struct hand {
    int n;
    double llr[12], rho;
    int which;
    double more;
};
static void make_hand(struct hbs_rng *rng, void *p)
{
    struct hand *h = p;
    h->n = 1 + (int)hbs_rng_below(rng, 12);
    for (int i = 0; i < h->n; i++)
        h->llr[i] = hbs_rng_below(rng, 5) ? 3 * hbs_rng_normal(rng) : hbs_rng_below(rng, 2) ? NAN : 0;
    h->rho = hbs_rng_unit(rng);
    h->which = (int)hbs_rng_below(rng, (uint32_t)h->n);
    h->more = hbs_rng_unit(rng) * 4;
}
static bool fusion_rises(const void *p, bool verbose)
{
    const struct hand *h = p;
    struct hbs_score_fusion f = {.rho = h->rho}, plain = {.rho = 0};
    double more[13], turned[12], before = hbs_score_fuse(h->llr, (size_t)h->n, &f);
    memcpy(more, h->llr, sizeof h->llr);
    more[h->which] = isnan(more[h->which]) ? h->more : more[h->which] + h->more;
    bool good = hbs_score_fuse(more, (size_t)h->n, &f) >= before - 1e-12;
    for (int i = 0; i < h->n; i++)
        turned[i] = -h->llr[h->n - 1 - i]; /* order does not matter, evidence against is the mirror */
    good &= fabs(hbs_score_fuse(turned, (size_t)h->n, &f) + before) < 1e-12;
    memcpy(more, h->llr, sizeof h->llr);
    more[h->n] = 0; /* a further finger that says nothing, or is missing */
    good &= hbs_score_fuse(more, (size_t)h->n + 1, &f) == before;
    more[h->n] = NAN;
    good &= hbs_score_fuse(more, (size_t)h->n + 1, &f) == before;
    double sum = 0, up = 0;
    for (int i = 0; i < h->n; i++)
        if (!isnan(h->llr[i])) {
            sum += h->llr[i];
            up += fmax(0, h->llr[i]);
        }
    good &= fabs(hbs_score_fuse(h->llr, (size_t)h->n, &plain) - sum) < 1e-9 && before <= up + 1e-9;
    if (verbose)
        printf("# %d fingers, rho %g: %g\n", h->n, h->rho, before);
    return good;
}

static void fusion(void)
{
    static const double two[] = {3, 3}, mixed[] = {4, NAN, -1, 2};
    struct hbs_score_fusion f = {.rho = 0};
    is_near(hbs_score_fuse(two, 2, &f), 6, 1e-15, "independent: the sum");
    f.rho = 1;
    is_near(hbs_score_fuse(two, 2, &f), 3, 1e-15, "wholly dependent: one says it all");
    f.rho = 0.5;
    is_near(hbs_score_fuse(two, 2, &f), 4, 1e-15, "rho 1/2: two count as 4/3");
    is_near(hbs_score_fuse(mixed, 4, &f), 4 + 2.0 / 3 - 1, 1e-12, "for and against, one missing");
    f.most = 3.5;
    f.least = -3.5;
    is_near(hbs_score_fuse(two, 2, &f), 3.5, 0, "never beyond the bound given");
    is_near(hbs_score_fuse(two, 0, &f), 0, 0, "no finger says nothing");
    f = (struct hbs_score_fusion){.rho = NAN};
    is_near(hbs_score_fuse(two, 2, &f), 4, 1e-15, "an unmeasured rho is the careful one");
    property("fusion rises with each finger, whatever the order", 5000, make_hand, fusion_rises, NULL,
             sizeof(struct hand));

    enum { P = 4000, F = 10 };
    static double llr[P * F];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 4);
    for (int p = 0; p < P; p++) {
        double common = hbs_rng_normal(&rng);
        for (int i = 0; i < F; i++)
            llr[p * F + i] = hbs_rng_below(&rng, 4) ? 3 + sqrt(0.4) * common + sqrt(0.6) * hbs_rng_normal(&rng) : NAN;
    }
    is_near(hbs_score_dependence(llr, P, F), 0.4, 0.03, "rho 0.4 is measured, with fingers missing");
    static const double same[] = {1, 1, 5, 5, 2, NAN}, flat[] = {2, 2, 2, 2}, less[] = {1, 9, 1, 9};
    is_near(hbs_score_dependence(same, 3, 2), 1, 0, "equal fingers: 1");
    is_near(hbs_score_dependence(flat, 2, 2), 1, 0, "no variance: 1");
    is_near(hbs_score_dependence(less, 2, 2), 0, 0, "never below 0");
    ok(isnan(hbs_score_dependence(same, 1, 2)), "one person cannot tell");
    is_near(hbs_score_expected_false_llr(3, 1e6), 1000, 1e-6, "a threshold of LLR 3 in a million");
    is_near(hbs_score_expected_false_llr(-2, 50), 50, 0, "never more than the gallery");
}

/* ---- Memory that runs out --------------------------------------------------------------------- */

struct refuser {
    int left;
};
static void *refuse_resize(void *user, void *old, size_t size)
{
    struct refuser *r = user;
    return r->left-- > 0 ? realloc(old, size) : NULL;
}
static void refuse_release(void *user, void *p)
{
    (void)user;
    free(p);
}

static void poor(void)
{
    static const double g[] = {5, 6, 7, 2}, i[] = {1, 2, 3, 4};
    struct hbs_score_sample s[8];
    size_t n = fill(s, g, 4, i, 4);
    for (size_t k = 0; k < n; k++)
        s[k].group = (uint32_t)k & 1;
    bool clean = true, done = false;
    int left = 1;
    for (; !done && left < 300; left++) {
        struct refuser refuser = {left};
        struct hbs_allocator alloc = {refuse_resize, refuse_release, &refuser};
        struct hbs_ctx *c = NULL;
        if (hbs_ctx_open(&alloc, &c))
            continue;
        struct hbs_score_training how = {"p", HBS_SCORE_LOGISTIC, 0, 0};
        struct hbs_score_table t = {0}, u = {0};
        struct hbs_buf text;
        double llr[8], min, x[8];
        bool kind[8];
        uint32_t group[8];
        for (size_t k = 0; k < n; k++) {
            x[k] = s[k].raw;
            kind[k] = s[k].genuine;
            group[k] = s[k].group;
        }
        hbs_buf_init(&text, c, 1 << 16);
        enum hbs_err err = hbs_score_cross(c, s, n, &how, llr);
        if (!err)
            err = hbs_score_train(c, s, n, &how, &t);
        if (!err && !(err = hbs_score_table_write(&t, &text)))
            err = hbs_score_table_read(c, text.data, text.size, &u);
        if (!err)
            err = hbs_score_cllr_min(c, x, kind, n, &min);
        if (!err)
            err = hbs_score_logistic_cross(c, x, kind, group, n, 1,
                                           &(struct hbs_score_logistic_options){.ridge = 0.1}, llr);
        clean &= err == HBS_OK || err == HBS_ERR_NO_MEMORY;
        done = err == HBS_OK;
        hbs_score_table_close(c, &t);
        hbs_score_table_close(c, &u);
        hbs_buf_close(&text);
        hbs_ctx_close(c);
    }
    ok(clean && done, "each of %d allocations may fail", left - 2);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    isotonic();
    measures();
    property("no rising map costs less than Cllr_min", 3000, make_mapped, min_is_least, NULL,
             sizeof(struct mapped));
    property("the bounds are where using the score stops to pay", 300, make_evidence,
             bound_is_where_it_fails, NULL, sizeof(struct evidence));
    by_hand();
    property("tables are monotone, bounded, and read back", 1500, make_data, table_keeps_its_promises,
             NULL, sizeof(struct data));
    simulated();
    texts();
    logistic();
    fusion();
    poor();
    hbs_ctx_close(ctx);
    return tap_end();
}
