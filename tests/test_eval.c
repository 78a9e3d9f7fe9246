/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: rates against hand-computed cases and against the definitions applied literally to
 * random integer scores with many ties; intervals; CMC; score files; the DET plot.
 */
#include "eval/eval_int.h"
#include "tap.h"

#include <locale.h>
#include <math.h>

static struct hbs_ctx *ctx;

static struct hbs_eval_set *read_text(const char *text, enum hbs_err *err)
{
    struct hbs_eval_set *set = NULL;
    if (hbs_eval_set_open(ctx, 0, &set))
        abort();
    *err = hbs_eval_set_read(set, "t", text, strlen(text));
    return set;
}

static bool measure(const struct hbs_eval_set *set, uint32_t resamples, unsigned threads,
                    struct hbs_eval_result *r)
{
    struct hbs_eval_curve *curve = NULL;
    struct hbs_eval_options o = {resamples, threads, 7};
    enum hbs_err err = hbs_eval_curve_open(ctx, set, &curve);
    if (!err)
        err = hbs_eval_measure(curve, &o, r);
    hbs_eval_curve_close(curve);
    return !err;
}

/* A set of bare scores: genuine pair i is (gi_1, gi_2), impostor pair j (ij_1, jj_1). */
static struct hbs_eval_set *scores(const double *g, int ng, const double *im, int ni)
{
    struct hbs_eval_set *set = NULL;
    if (hbs_eval_set_open(ctx, 0, &set))
        abort();
    for (int i = 0; i < ng + ni; i++) {
        bool genuine = i < ng;
        char a[32], b[32];
        uint32_t na, nb;
        snprintf(a, sizeof a, "%c%d_1", genuine ? 'g' : 'i', i);
        snprintf(b, sizeof b, "%c%d_2", genuine ? 'g' : 'j', i);
        if (hbs_eval_set_print(set, a, strlen(a), &na) || hbs_eval_set_print(set, b, strlen(b), &nb) ||
            hbs_eval_set_add(set, genuine, na, nb, genuine ? g[i] : im[i - ng]))
            abort();
    }
    return set;
}

/* ---- By hand --------------------------------------------------------------------------------- */

static void by_hand(void)
{
    struct hbs_eval_result r;
    struct {
        const char *name;
        double g[8], i[8];
        int ng, ni;
        double eer, zero;
    } cases[] = {
        {"apart", {5, 6, 7}, {1, 2, 3, 4}, 3, 4, 0, 0},
        {"touching: a genuine at the highest impostor", {4, 6}, {1, 2, 3, 4}, 2, 4, 1.0 / 6, 0.5},
        {"all equal: the diagonal", {1, 1}, {1, 1, 1}, 2, 3, 0.5, 1},
        {"upside down", {1, 2}, {3, 4}, 2, 2, 1, 1},
        /* thresholds 4: (0, 3/4); 3: (1/4, 1/2); 2: (1/2, 1/4); between: 3/8 */
        {"one crossing in a block", {4, 3, 2, 1}, {3, 2, 1, 0}, 4, 4, 0.375, 0.75},
        /* 9: (0, 1/2); 5 impostor: (1/3, 1/2); 4 impostor: (2/3, 1/2): crossing on the step, 1/2 */
        {"on a step", {9, 1}, {5, 4, 0}, 2, 3, 0.5, 0.5},
    };
    for (size_t k = 0; k < HBS_COUNT(cases); k++) {
        struct hbs_eval_set *set = scores(cases[k].g, cases[k].ng, cases[k].i, cases[k].ni);
        ok(measure(set, 0, 1, &r), "%s: measured", cases[k].name);
        is_near(r.eer.value, cases[k].eer, 1e-12, "%s: EER", cases[k].name);
        is_near(r.fnmr_zero_fmr.value, cases[k].zero, 0, "%s: FNMR at zero FMR", cases[k].name);
        hbs_eval_set_close(set);
    }
    /* The example: of 2,880 impostors 0.1 % are at most 2, of 45 none. Impostor scores
     * 1..n; genuine half a step above each of the highest five. */
    for (int k = 0; k < 2; k++) {
        int n = k ? 45 : 2880;
        double *im = calloc((size_t)n, sizeof *im), g[5];
        for (int i = 0; i < n; i++)
            im[i] = i + 1;
        for (int i = 0; i < 5; i++)
            g[i] = n - 4 + i + 0.5;
        struct hbs_eval_set *set = scores(g, 5, im, n);
        ok(measure(set, 0, 1, &r), "%d impostors", n);
        /* two impostors (n, n - 1) may be above: then three genuine are. */
        is_near(r.fnmr_fmr1000.value, k ? 0.8 : 0.4, 0, "%d impostors: FNMR at FMR 0.1 %%", n);
        is_near(r.fnmr_fmr1000.threshold, k ? n + 0.5 : n - 1.5, 0, "%d impostors: threshold", n);
        is_near(r.fnmr_zero_fmr.value, 0.8, 0, "%d impostors: FNMR at zero FMR", n);
        is_near(r.fnmr_fmr100.value, k ? 0.8 : 0, 0, "%d impostors: FNMR at FMR 1 %%", n);
        hbs_eval_set_close(set);
        free(im);
    }
}

/* ---- Against the definitions ----------------------------------------------------------------- */

struct input {
    int ng, ni, range;
    int g[40], i[60];
};

static void make(struct hbs_rng *rng, void *p)
{
    struct input *in = p;
    in->ng = 1 + (int)hbs_rng_below(rng, 40);
    in->ni = 1 + (int)hbs_rng_below(rng, 60);
    in->range = 1 + (int)hbs_rng_below(rng, 40);
    int shift = (int)hbs_rng_below(rng, 12);
    for (int k = 0; k < in->ng; k++)
        in->g[k] = shift + (int)hbs_rng_below(rng, (uint32_t)in->range);
    for (int k = 0; k < in->ni; k++)
        in->i[k] = (int)hbs_rng_below(rng, (uint32_t)in->range);
}

static bool smaller(void *p, int step)
{
    struct input *in = p;
    if (step < in->ng && in->ng > 1)
        in->g[step] = in->g[--in->ng];
    else if (step - in->ng >= 0 && step - in->ng < in->ni && in->ni > 1)
        in->i[step - in->ng] = in->i[--in->ni];
    else
        return false;
    return true;
}

static int count_at(const int *v, int n, int t)
{
    int c = 0;
    for (int k = 0; k < n; k++)
        c += v[k] >= t;
    return c;
}

/* Every whole threshold, tried one after the other. */
static double brute_fnmr(const struct input *in, int per)
{
    for (int t = -1; t < 100; t++) {
        int above = count_at(in->i, in->ni, t);
        if (per ? above * per <= in->ni : above == 0)
            return (double)(in->ng - count_at(in->g, in->ng, t)) / in->ng;
    }
    return -1;
}

static double brute_eer(const struct input *in)
{
    for (int t = 99; t > -2; t--) {
        double m1 = (double)count_at(in->i, in->ni, t) / in->ni;
        double n1 = 1 - (double)count_at(in->g, in->ng, t) / in->ng;
        if (m1 < n1 - 1e-12)
            continue;
        double m0 = (double)count_at(in->i, in->ni, t + 1) / in->ni;
        double n0 = 1 - (double)count_at(in->g, in->ng, t + 1) / in->ng;
        double slope = (m1 - m0) + (n0 - n1);
        return slope > 0 ? m0 + (m1 - m0) * (n0 - m0) / slope : m1;
    }
    return -1;
}

static bool agrees(const void *p, bool verbose)
{
    const struct input *in = p;
    double g[40], im[60];
    for (int k = 0; k < in->ng; k++)
        g[k] = in->g[k];
    for (int k = 0; k < in->ni; k++)
        im[k] = in->i[k];
    struct hbs_eval_set *set = scores(g, in->ng, im, in->ni);
    struct hbs_eval_result r = {0};
    bool good = measure(set, 0, 1, &r);
    hbs_eval_set_close(set);
    good = good && fabs(r.eer.value - brute_eer(in)) < 1e-9 &&
           r.fnmr_zero_fmr.value == brute_fnmr(in, 0) &&
           r.fnmr_fmr100.value == brute_fnmr(in, 100) &&
           r.fnmr_fmr1000.value == brute_fnmr(in, 1000);
    /* the threshold told must give the rate told */
    good = good && (double)(in->ng - count_at(in->g, in->ng, (int)ceil(r.fnmr_zero_fmr.threshold))) /
                           in->ng == r.fnmr_zero_fmr.value;
    if (verbose) {
        printf("# genuine");
        for (int k = 0; k < in->ng; k++)
            printf(" %d", in->g[k]);
        printf(", impostor");
        for (int k = 0; k < in->ni; k++)
            printf(" %d", in->i[k]);
        printf(": EER %.17g, brute %.17g\n", r.eer.value, brute_eer(in));
    }
    return good;
}

/* FMR 1 % and 0.1 % need many impostors to differ from zero FMR: the same with weights. */
static void many(void)
{
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    enum { NG = 700, NI = 5000 };
    static double g[NG], im[NI];
    bool same = true;
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < NG; i++)
            g[i] = floor(30 + 8 * hbs_rng_normal(&rng));
        for (int i = 0; i < NI; i++)
            im[i] = floor(10 + 6 * hbs_rng_normal(&rng));
        struct hbs_eval_set *set = scores(g, NG, im, NI);
        struct hbs_eval_result r;
        same &= measure(set, 0, 1, &r);
        hbs_eval_set_close(set);
        int per[] = {100, 1000};
        double got[] = {r.fnmr_fmr100.value, r.fnmr_fmr1000.value};
        for (int k = 0; k < 2; k++)
            for (int t = -50; t < 200; t++) {
                int above = 0, below = 0;
                for (int i = 0; i < NI; i++)
                    above += im[i] >= t;
                if (above * per[k] > NI)
                    continue;
                for (int i = 0; i < NG; i++)
                    below += g[i] < t;
                same &= got[k] == (double)below / NG;
                break;
            }
    }
    ok(same, "700 and 5000 scores: FNMR at FMR 1 %% and 0.1 %% by definition");
}

/* ---- Intervals ------------------------------------------------------------------------------- */

static struct hbs_eval_set *fingers(int nf, int per, double genuine_mean, uint64_t seed)
{
    struct hbs_rng rng;
    struct hbs_eval_set *set = NULL;
    hbs_rng_seed(&rng, seed);
    if (hbs_eval_set_open(ctx, 0, &set))
        abort();
    for (int i = 0; i < nf * per; i++) {
        char name[32];
        uint32_t number;
        snprintf(name, sizeof name, "%d_%d", i / per, i % per);
        if (hbs_eval_set_print(set, name, strlen(name), &number))
            abort();
        for (int j = 0; j < i; j++) {
            bool genuine = j / per == i / per;
            if (hbs_eval_set_add(set, genuine, (uint32_t)j, (uint32_t)i,
                                 hbs_rng_normal(&rng) + (genuine ? genuine_mean : 0)))
                abort();
        }
    }
    return set;
}

/* A resample made of real copies must give what the weighted walk gives. */
static void copies(void)
{
    enum { NF = 5, PER = 3 };
    struct hbs_eval_set *set = fingers(NF, PER, 1.5, 11), *built = NULL;
    struct hbs_eval_curve *curve = NULL, *big = NULL;
    const uint32_t m[NF] = {2, 0, 1, 3, 1};
    if (hbs_eval_set_open(ctx, 0, &built) || hbs_eval_curve_open(ctx, set, &curve))
        abort();
    uint64_t total[2] = {0, 0};
    for (int genuine = 0; genuine < 2; genuine++) {
        const struct hbs_eval_pair *p = hbs_eval_set_pairs(set, genuine);
        for (size_t i = 0; i < hbs_eval_set_count(set, genuine); i++) {
            uint32_t fa = hbs_eval_set_finger(set, p[i].a), fb = hbs_eval_set_finger(set, p[i].b);
            uint32_t times = genuine ? m[fa] : m[fa] * m[fb], x, y;
            total[genuine] += times;
            for (uint32_t t = 0; t < times; t++)
                if (hbs_eval_set_print(built, genuine ? "q_1" : "r_1", 3, &x) ||
                    hbs_eval_set_print(built, genuine ? "q_2" : "s_1", 3, &y) ||
                    hbs_eval_set_add(built, genuine, x, y, p[i].score))
                    abort();
        }
    }
    struct eval_rates weighted = {0}, plain = {0};
    if (hbs_eval_curve_open(ctx, built, &big))
        abort();
    eval_walk(curve, m, total, &weighted, NULL);
    eval_walk(big, NULL, (const uint64_t[2]){big->impostor, big->genuine}, &plain, NULL);
    ok(!memcmp(&weighted, &plain, sizeof plain), "a weighted walk equals a walk over real copies");
    hbs_eval_curve_close(curve);
    hbs_eval_curve_close(big);
    hbs_eval_set_close(set);
    hbs_eval_set_close(built);
}

static void intervals(void)
{
    struct hbs_eval_result one, two, r;
    struct hbs_eval_set *set = fingers(12, 4, 2, 3);
    ok(measure(set, 500, 1, &one) && measure(set, 500, 3, &two), "intervals are measured");
    ok(!memcmp(&one, &two, sizeof one), "and are the same for one and three threads");
    is_int(one.resamples, 500, "of 500 resamples");
    is_int((long long)one.genuine_units, 12, "12 fingers stand behind the genuine pairs");
    is_int((long long)one.impostor_units, 66, "66 pairs of fingers behind the impostor pairs");
    ok(one.eer.low < one.eer.value && one.eer.value < one.eer.high, "around the EER");
    ok(one.fnmr_zero_fmr.low <= one.fnmr_zero_fmr.value, "and FNMR");
    is_near(one.none_seen, 1 - pow(0.05, 1.0 / 12), 1e-15, "rule of three over 12 fingers");
    hbs_eval_set_close(set);

    /* Coverage: scores without any finger effect, true EER known: Phi(-d/2) with d = 2. Of 60 sets
     * of 30 fingers the interval of 95 % holds the truth in 57 on average; 48 or fewer happen by
     * chance once in thirty thousand runs (binomial). The seed is fixed. */
    int held = 0;
    double truth = 0.5 * erfc(1 * M_SQRT1_2);
    for (uint64_t k = 0; k < 60; k++) {
        set = fingers(30, 3, 2, 1000 + k);
        if (measure(set, 200, 0, &r))
            held += r.eer.low <= truth && truth <= r.eer.high;
        hbs_eval_set_close(set);
    }
    ok(held > 48, "the interval of the EER holds the truth in %d of 60 sets", held);

    enum hbs_err err;
    set = read_text("G a_1 a_2 1\nI a_1 b_1 0\n", &err);
    ok(!err && measure(set, 100, 1, &r) && r.resamples == 100, "two fingers have intervals");
    hbs_eval_set_close(set);
    set = read_text("G a_1 a_2 1\nI a_1 a_3 0\n", &err);
    ok(!err && measure(set, 100, 1, &r) && r.resamples == 0 && r.eer.low == r.eer.value,
       "one finger has none");
    is_int((long long)hbs_eval_set_contradictions(set), 1, "and a label against its names is counted");
    hbs_eval_set_close(set);
}

/* ---- CMC ------------------------------------------------------------------------------------- */

static void ranks(void)
{
    enum hbs_err err;
    struct hbs_eval_result r;
    /* a_1 looks for a_2 (5) among 7, 5, 1: the tie counts against it, rank 3. a_2 met 2 only: rank 1.
     * b_1 met 7 and 2, looks for b_2 (9): rank 1. b_2 met nobody. */
    struct hbs_eval_set *set = read_text("G a_1 a_2 5\nG b_1 b_2 9\nI a_1 b_1 7\nI a_1 c_1 5\n"
                                         "I a_1 d_1 1\nI a_2 b_1 2\n", &err);
    ok(!err && measure(set, 0, 1, &r), "a set for the CMC");
    is_int((long long)r.searches, 3, "three searches");
    is_near(r.cmc[0], 2.0 / 3, 1e-15, "rank 1");
    is_near(r.cmc[1], 2.0 / 3, 1e-15, "rank 2");
    is_near(r.cmc[2], 1, 0, "rank 3");
    hbs_eval_set_close(set);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void files(void)
{
    enum hbs_err err;
    struct hbs_eval_set *set = read_text("# head\n\n  G a_1\ta_2 1e-3 # tail\r\nI a_1 b_1 -0\nI a_2 b_1 .5",
                                         &err);
    is_int(err, HBS_OK, "comments, blanks, CRLF, a last line without an end");
    is_int((long long)hbs_eval_set_count(set, true), 1, "one genuine");
    is_int((long long)hbs_eval_set_count(set, false), 2, "two impostors");
    is_int(hbs_eval_set_prints(set), 3, "three prints");
    is_int(hbs_eval_set_fingers(set), 2, "two fingers");
    is_near(hbs_eval_set_pairs(set, true)[0].score, 0.001, 0, "a score");
    hbs_eval_set_close(set);

    static const struct {
        const char *text, *where;
        enum hbs_err err;
    } broken[] = {
        {"G a b 1\nG a b nan\n", "t:2", HBS_ERR_FORMAT}, {"G a b inf", "t:1", HBS_ERR_FORMAT},
        {"G a b 1e400", "t:1", HBS_ERR_FORMAT},          {"G a b 0x1p3", "t:1", HBS_ERR_FORMAT},
        {"G a b 1,5", "t:1", HBS_ERR_FORMAT},            {"G a b --1", "t:1", HBS_ERR_FORMAT},
        {"G a b", "t:1", HBS_ERR_FORMAT},                {"G a b 1 2", "t:1", HBS_ERR_FORMAT},
        {"#\n#\nH a b 1", "t:3", HBS_ERR_FORMAT},        {"g a b 1", "t:1", HBS_ERR_FORMAT},
        {"G a\x01 b 1", "t:1", HBS_ERR_FORMAT},          {"0.5 G a b", "t:1", HBS_ERR_FORMAT},
        {"G a b 1\r\r\n", "t:1", HBS_ERR_FORMAT},
    };
    for (size_t i = 0; i < HBS_COUNT(broken); i++) {
        set = read_text(broken[i].text, &err);
        is_int(err, broken[i].err, "broken line %zu: refused", i);
        is_text(hbs_ctx_where(ctx), broken[i].where, "broken line %zu: where", i);
        hbs_eval_set_close(set);
    }
    char name[400];
    memset(name, 'n', sizeof name);
    uint32_t number;
    if (hbs_eval_set_open(ctx, 2, &set))
        abort();
    is_int(hbs_eval_set_print(set, name, 255, &number), HBS_OK, "a name of 255 bytes");
    is_int(hbs_eval_set_print(set, name, 256, &number), HBS_ERR_LIMIT, "and not of 256");
    is_int(hbs_eval_set_print(set, name, 0, &number), HBS_ERR_USAGE, "nor of none");
    is_int(hbs_eval_set_add(set, true, 0, 0, NAN), HBS_ERR_USAGE, "no nan is added");
    is_int(hbs_eval_set_add(set, true, 0, 1, 1), HBS_ERR_USAGE, "no unknown print");
    ok(!hbs_eval_set_add(set, true, 0, 0, 1) && !hbs_eval_set_add(set, false, 0, 0, 1), "two scores");
    is_int(hbs_eval_set_add(set, false, 0, 0, 1), HBS_ERR_LIMIT, "a third is beyond this set's limit");
    hbs_eval_set_close(set);

    static const char *const lacking[] = {"", "# only words\n", "G a_1 a_2 1\n", "I a_1 b_1 1\n"};
    for (size_t i = 0; i < HBS_COUNT(lacking); i++) {
        struct hbs_eval_curve *curve = NULL;
        set = read_text(lacking[i], &err);
        is_int(err ? err : hbs_eval_curve_open(ctx, set, &curve), HBS_ERR_FORMAT,
               "no rates without both kinds (%zu)", i);
        hbs_eval_set_close(set);
    }

    /* Written and read again, also under a locale with decimal commas, bit for bit. */
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    if (hbs_eval_set_open(ctx, 0, &set))
        abort();
    uint32_t odd;
    if (hbs_eval_set_print(set, "#a b%_1", 7, &odd) || hbs_eval_set_print(set, "c_1", 3, &number))
        abort();
    for (int i = 0; i < 500; i++)
        if (hbs_eval_set_add(set, i & 1, odd, number, ldexp(hbs_rng_normal(&rng), (int)(i % 60) - 30)))
            abort();
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        printf("# no German locale here; the C locale it is\n");
    struct hbs_buf text;
    hbs_buf_init(&text, ctx, 1 << 20);
    is_int(hbs_eval_set_write(set, &text), HBS_OK, "a set is written");
    struct hbs_eval_set *again = NULL;
    if (hbs_eval_set_open(ctx, 0, &again))
        abort();
    is_int(hbs_eval_set_read(again, "again", text.data, text.size), HBS_OK, "and read");
    setlocale(LC_NUMERIC, "C");
    bool same = true;
    for (int genuine = 0; genuine < 2; genuine++) {
        same &= hbs_eval_set_count(set, genuine) == hbs_eval_set_count(again, genuine);
        for (size_t i = 0; same && i < hbs_eval_set_count(set, genuine); i++)
            same &= hbs_eval_set_pairs(set, genuine)[i].score ==
                    hbs_eval_set_pairs(again, genuine)[i].score;
    }
    ok(same, "with the same scores to the last bit");
    ok(memmem(text.data, text.size, "%23a%20b%25_1", 13) != NULL, "an awkward name is escaped");
    hbs_buf_close(&text);
    hbs_eval_set_close(set);
    hbs_eval_set_close(again);
}

static void names(void)
{
    enum { N = 20000 };
    struct hbs_eval_set *set = NULL;
    if (hbs_eval_set_open(ctx, 0, &set))
        abort();
    bool good = true;
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < N; i++) {
            char name[32];
            uint32_t number;
            snprintf(name, sizeof name, "s%u_%u_%u", i % 7, i / 10, i % 10);
            good &= !hbs_eval_set_print(set, name, strlen(name), &number) && number == i;
        }
    ok(good, "20,000 names keep their numbers");
    is_int(hbs_eval_set_prints(set), N, "prints");
    ok(hbs_eval_set_finger(set, 0) != hbs_eval_set_finger(set, 1), "s0_0 and s1_0 are two fingers");
    hbs_eval_set_close(set);
}

static void sorting(void)
{
    enum { N = 5000 };
    static struct eval_keyed a[N], spare[N];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    bool order = true;
    for (int round = 0; round < 20; round++) {
        for (uint32_t i = 0; i < N; i++) {
            double v = ldexp(hbs_rng_normal(&rng), round * 9 - 90);
            if (round & 1)
                v = (double)hbs_rng_below(&rng, 9) - 4;
            a[i] = (struct eval_keyed){eval_key(i % 50 ? v : -0.0), i, 0};
        }
        eval_sort(a, spare, N);
        for (int i = 1; i < N; i++)
            order &= a[i - 1].key < a[i].key || (a[i - 1].key == a[i].key && a[i - 1].a < a[i].a);
    }
    ok(order, "the sort orders and is stable");
    ok(eval_key(-1) < eval_key(-0.5) && eval_key(-0.0) == eval_key(0) && eval_key(0) < eval_key(1e-300) &&
       eval_key(1) < eval_key(2), "keys sort as numbers do");
}

static void plot(void)
{
    struct hbs_eval_set *set = fingers(10, 4, 2, 5);
    struct hbs_eval_curve *curve = NULL;
    struct hbs_buf svg;
    hbs_buf_init(&svg, ctx, 1 << 20);
    if (hbs_eval_curve_open(ctx, set, &curve))
        abort();
    const struct hbs_eval_curve *curves[HBS_EVAL_CURVES + 1] = {curve, curve};
    const char *names_of[HBS_EVAL_CURVES + 1] = {"a<b>&\"c\"\x01\xff \xc3\xa9", ""};
    is_int(hbs_eval_det_svg(curves, names_of, 2, &svg), HBS_OK, "a plot of two curves");
    is_int(hbs_buf_put(&svg, "", 1), HBS_OK, "ended");
    const char *text = (const char *)svg.data;
    ok(strstr(text, "a&#60;b&#62;&#38;&#34;c&#34;?? \xc3\xa9: EER") != NULL, "a name is made harmless");
    ok(!strstr(text, "nan") && !strstr(text, "inf"), "all places are numbers");
    ok(strstr(text, "False match rate") && strstr(text, "False non-match rate") &&
       strstr(text, "prefers-color-scheme:dark") && strstr(text, "<circle"), "axes, dark, the EER's mark");
    is_int(hbs_eval_det_svg(curves, names_of, 0, &svg), HBS_ERR_USAGE, "no curve is refused");
    is_int(hbs_eval_det_svg(curves, names_of, HBS_EVAL_CURVES + 1, &svg), HBS_ERR_USAGE, "too many too");
    hbs_buf_close(&svg);
    hbs_eval_curve_close(curve);
    hbs_eval_set_close(set);
}

/* ---- Memory that runs out -------------------------------------------------------------------- */

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
    static const char text[] = "G a_1 a_2 3\nI a_1 b_1 1\nI a_2 c_1 2\nG b_1 b_2 2\n";
    bool clean = true, done = false;
    int n = 1;
    for (; !done && n < 200; n++) {
        struct refuser refuser = {n};
        struct hbs_allocator alloc = {refuse_resize, refuse_release, &refuser};
        struct hbs_ctx *c = NULL;
        struct hbs_eval_set *set = NULL;
        struct hbs_eval_curve *curve = NULL;
        struct hbs_eval_result r;
        struct hbs_eval_options o = {10, 1, 1};
        enum hbs_err err = hbs_ctx_open(&alloc, &c);
        if (err)
            continue;
        struct hbs_buf svg;
        hbs_buf_init(&svg, c, 1 << 20);
        if (!(err = hbs_eval_set_open(c, 0, &set)) &&
            !(err = hbs_eval_set_read(set, "t", text, strlen(text))) &&
            !(err = hbs_eval_curve_open(c, set, &curve)) && !(err = hbs_eval_measure(curve, &o, &r)))
            err = hbs_eval_det_svg((const struct hbs_eval_curve *const[]){curve},
                                   (const char *const[]){"x"}, 1, &svg);
        clean &= err == HBS_OK || err == HBS_ERR_NO_MEMORY;
        done = err == HBS_OK;
        hbs_buf_close(&svg);
        hbs_eval_curve_close(curve);
        hbs_eval_set_close(set);
        hbs_ctx_close(c);
    }
    ok(clean && done, "each of %d allocations may fail", n - 2);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    by_hand();
    property("rates are those of the definitions", 3000, make, agrees, smaller, sizeof(struct input));
    many();
    copies();
    intervals();
    ranks();
    files();
    names();
    sorting();
    plot();
    poor();
    hbs_ctx_close(ctx);
    return tap_end();
}
