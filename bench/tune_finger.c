/* SPDX-License-Identifier: MPL-2.0
 *
 * Chooses the numbers of the finger room on the published sets, and shows what each set would score
 * with numbers chosen without it.
 *
 *   tune_finger [--data DIR] [--quick] [--table FILE] [--calibration FILE]
 *
 * DIR has one folder a set (FVC sets B: FINGER_IMPRESSION.tif). For each fold (five sets), and for
 * all six:
 *   1. constants: from the literature's or the usual ones, one after the other (coordinate descent,
 *      one round): each value of a short list is tried, and the one with the least mean cost (EER
 *      + FNMR at FMR 0.1 %, protocol full, over the fold's sets) is taken if it saves 0.4 points:
 *      with ten fingers a set less than that is chance. --quick keeps the shipped ones.
 *   2. worth: impressions of one finger are laid over each other by the matcher, and whether a
 *      minutia in the overlap found a partner is what the weights of worth learn (logistic
 *      regression); twice, because the matcher uses worth.
 *   3. score: logistic regression of same finger on the features of all pairs.
 * The left-out set is then scored with the fold's numbers. --table writes src/finger/tuning_table.h
 * from all six; --calibration writes src/score/finger_table.h from the scores of the left-out sets,
 * LLRs counting fingers and pairs of fingers, FMRs pairs of prints. Everything is
 * deterministic.
 */
#include "finger/finger_int.h"
#include "finger/match_int.h"
#include "habeas/habeas.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { SETS = 6, FINGERS = 10, IMPRESSIONS = 8, PRINTS = FINGERS * IMPRESSIONS,
       PAIRS = PRINTS * (PRINTS - 1) / 2, ALL = (1 << SETS) - 1 };
static const char *const set_names[SETS] = {"fvc2002_db1b", "fvc2002_db2b", "fvc2002_db3b",
                                            "fvc2002_db4b", "fvc2004_db1b", "fvc2004_db3b"};

struct sample {
    struct hbs_image image;
    struct fx_found found;
    struct hbs_finger_template template;
    struct hbs_finger_print *print;
};
struct measured {
    float feature[FM_FEATURES];
};

static struct hbs_ctx *ctx;
static struct sample (*samples)[PRINTS];
static struct measured (*measures)[PAIRS];
static struct fx_tuning fx_now;
static struct fm_tuning fm_now;
static struct fm_tables tables;

static void die(const char *what)
{
    fprintf(stderr, "tune_finger: %s: %s\n", what, hbs_ctx_what(ctx));
    exit(6);
}

static void *need(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        die("out of memory");
    return p;
}

static void load(const char *data)
{
    for (int s = 0; s < SETS; s++)
        for (int i = 0; i < PRINTS; i++) {
            char path[2048];
            struct hbs_buf buf;
            snprintf(path, sizeof path, "%s/%s/%d_%d.tif", data, set_names[s], 101 + i / IMPRESSIONS,
                     1 + i % IMPRESSIONS);
            hbs_buf_init(&buf, ctx, HBS_IMAGE_BYTES_MAX);
            if (hbs_file_read(ctx, path, &buf) ||
                hbs_image_decode_here(ctx, buf.data, buf.size, &samples[s][i].image))
                die(path);
            hbs_buf_close(&buf);
        }
}

static void extract_one(void *arg, size_t i, unsigned thread)
{
    struct sample *s = &samples[0][0] + i;
    struct hbs_finger_options o = {500};
    struct hbs_ctx *own;
    (void)arg;
    (void)thread;
    if (hbs_ctx_open(NULL, &own) ||
        fx_extract(own, &s->image, &o, &fx_now, &s->found, &s->template, NULL)) {
        fprintf(stderr, "tune_finger: extraction failed\n");
        exit(70);
    }
    hbs_ctx_close(own);
}

static void prepare_one(void *arg, size_t i, unsigned thread)
{
    struct sample *s = &samples[0][0] + i;
    struct hbs_ctx *own;
    (void)arg;
    (void)thread;
    fx_judge(s->found.all, s->found.count, &fx_now);
    fx_fill_minutiae(s->found.all, s->found.count, &fx_now, &s->template);
    free(s->print);
    s->print = NULL;
    if (hbs_ctx_open(NULL, &own) || fm_prepare(&tables, own, &s->template, &s->print))
        exit(70);
    hbs_ctx_close(own); /* the print is freed with free(), as its context would */
}

static int pair_at(int i, int j) { return i * PRINTS - i * (i + 1) / 2 + j - i - 1; }

static void compare_one(void *arg, size_t n, unsigned thread)
{
    int s = (int)n / PRINTS, i = (int)n % PRINTS;
    (void)arg;
    (void)thread;
    for (int j = i + 1; j < PRINTS; j++) {
        const struct hbs_finger_print *a = samples[s][i].print, *b = samples[s][j].print;
        struct hbs_finger_result r;
        struct fm_details d;
        bool swap = a->order > b->order;
        fm_compare(&tables, swap ? b : a, swap ? a : b, &r, &d);
        memcpy(measures[s][pair_at(i, j)].feature, d.feature, sizeof d.feature);
    }
}

static void prepare_all(void)
{
    fm_make_tables(&fm_now, &tables);
    hbs_parallel(0, SETS * PRINTS, prepare_one, NULL);
}
static void run(bool extract)
{
    if (extract)
        hbs_parallel(0, SETS * PRINTS, extract_one, NULL);
    prepare_all();
    hbs_parallel(0, SETS * PRINTS, compare_one, NULL);
}

/* Weights of the score from the sets of `mask`; the constant of a logistic model is its bias. */
static void learn_score(unsigned mask, float weight[FM_FEATURES])
{
    size_t n = 0;
    double *x = need((size_t)SETS * PAIRS * (FM_FEATURES - 1), sizeof *x);
    bool *genuine = need((size_t)SETS * PAIRS, 1);
    for (int s = 0; s < SETS; s++)
        for (int i = 0; i < PRINTS && mask >> s & 1; i++)
            for (int j = i + 1; j < PRINTS; j++, n++) {
                genuine[n] = i / IMPRESSIONS == j / IMPRESSIONS;
                for (int f = 0; f < FM_F_ONE; f++)
                    x[n * FM_F_ONE + (size_t)f] = (double)measures[s][pair_at(i, j)].feature[f];
            }
    struct hbs_score_logistic_options o = {.prior = 0.5, .ridge = 5e-4};
    struct hbs_score_logistic model;
    if (hbs_score_logistic_fit(ctx, x, genuine, n, FM_F_ONE, &o, &model))
        die("score");
    for (int f = 0; f < FM_F_ONE; f++)
        weight[f] = (float)model.weight[f];
    weight[FM_F_ONE] = (float)model.bias;
    free(x);
    free(genuine);
}

/* Genuine pairs that lie over each other beyond doubt teach which minutiae are seen again. */
static void learn_worth(unsigned mask, float worth[FX_WORTH])
{
    static const float least_mass = 1.4f, least_agreement = 0.75f;
    size_t most = (size_t)SETS * PRINTS * (IMPRESSIONS - 1) * HBS_FINGER_MATCHED_MAX, n = 0;
    double *x = need(most * (FX_WORTH - 1), sizeof *x);
    bool *again = need(most, 1);
    for (int s = 0; s < SETS; s++)
        for (int i = 0; i < PRINTS && mask >> s & 1; i++)
            for (int j = i / IMPRESSIONS * IMPRESSIONS; j < (i / IMPRESSIONS + 1) * IMPRESSIONS; j++) {
                if (i == j)
                    continue;
                const struct hbs_finger_print *p = samples[s][i].print;
                struct hbs_finger_result r;
                struct fm_details d;
                fm_compare(&tables, p, samples[s][j].print, &r, &d);
                if (d.feature[FM_F_MASS] < least_mass || d.feature[FM_F_AGREE] < least_agreement)
                    continue;
                for (int k = 0; k < p->count; k++) {
                    if (!d.in_overlap[k] && d.partner[k] < 0)
                        continue;
                    const struct hbs_minutia *m = &samples[s][i].template.minutiae[p->index[k]];
                    const struct fx_found *found = &samples[s][i].found;
                    for (int q = 0; q < found->count; q++) { /* its features, by its place */
                        const struct fx_minutia *c = &found->all[q];
                        float v[FX_WORTH];
                        if (fx_round(c->x * 2) * 4 != m->x || fx_round(c->y * 2) * 4 != m->y ||
                            c->support != m->support)
                            continue;
                        fx_worth_vector(c, v);
                        for (int f = 0; f < FX_WORTH - 1; f++)
                            x[n * (FX_WORTH - 1) + (size_t)f] = (double)v[f];
                        again[n++] = d.partner[k] >= 0;
                        break;
                    }
                }
            }
    size_t yes = 0;
    for (size_t i = 0; i < n; i++)
        yes += again[i];
    /* worth is a probability, so the prior is the share that was seen again */
    struct hbs_score_logistic_options o = {.prior = (double)yes / (double)n, .ridge = 1e-4};
    struct hbs_score_logistic model;
    if (hbs_score_logistic_fit(ctx, x, again, n, FX_WORTH - 1, &o, &model))
        die("worth");
    double logit = log((double)yes / (double)(n - yes)), ln10 = log(10.0);
    for (int f = 0; f < FX_WORTH - 1; f++)
        worth[f] = (float)(model.weight[f] * ln10);
    worth[FX_WORTH - 1] = (float)(model.bias * ln10 + logit);
    free(x);
    free(again);
}

static float score_of(int s, int i, int j, const float weight[FM_FEATURES])
{
    const float *f = measures[s][pair_at(i, j)].feature;
    float score = 0;
    for (int k = 0; k < FM_FEATURES; k++)
        score += f[k] * weight[k];
    return score;
}

/* Scores of the left-out sets, for the calibration. */
static struct hbs_score_sample *left_out;
static size_t left_out_count;

static void keep_scores(int s, const float weight[FM_FEATURES])
{
    for (int i = 0; i < PRINTS; i++)
        for (int j = i + 1; j < PRINTS; j++)
            left_out[left_out_count++] = (struct hbs_score_sample){
                .raw = (double)score_of(s, i, j, weight), .group = (uint32_t)s,
                .genuine = i / IMPRESSIONS == j / IMPRESSIONS};
}

static int by_raw(const void *a, const void *b)
{
    const struct hbs_score_knot *x = a, *y = b;
    return (x->raw > y->raw) - (x->raw < y->raw);
}

/* LLRs claim no more than the numbers of fingers and of pairs of fingers support, because pairs that
 * share fingers are not independent; the FMR is, as everywhere, a share of pairs of prints. So two
 * tables are trained, and each gives its half. */
static void write_calibration(const char *path)
{
    struct hbs_score_training t = {.name = "finger", .method = HBS_SCORE_ISOTONIC,
        .genuine_units = SETS * FINGERS, .impostor_units = SETS * (FINGERS * (FINGERS - 1) / 2)};
    struct hbs_score_training of_pairs = {.name = "pairs", .method = HBS_SCORE_ISOTONIC};
    struct hbs_score_table units, pairs, both;
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, 1 << 20);
    if (hbs_score_train(ctx, left_out, left_out_count, &t, &units) ||
        hbs_score_train(ctx, left_out, left_out_count, &of_pairs, &pairs))
        die(path);
    struct hbs_score_knot *knots = need(units.count + pairs.count, sizeof *knots);
    for (uint32_t i = 0; i < units.count; i++)
        knots[i].raw = units.knots[i].raw;
    for (uint32_t i = 0; i < pairs.count; i++)
        knots[units.count + i].raw = pairs.knots[i].raw;
    qsort(knots, units.count + pairs.count, sizeof *knots, by_raw);
    both = units;
    both.count = 0;
    for (uint32_t i = 0; i < units.count + pairs.count; i++)
        if (!both.count || knots[i].raw > knots[both.count - 1].raw)
            knots[both.count++].raw = knots[i].raw;
    for (uint32_t i = 0; i < both.count; i++) {
        knots[i].llr = hbs_score_llr(&units, knots[i].raw);
        knots[i].fmr = hbs_score_fmr(&pairs, knots[i].raw);
    }
    both.knots = knots;
    if (hbs_score_table_check(ctx, &both) || hbs_score_table_write_c(&both, "hbs_score_finger", &buf) ||
        hbs_file_write(ctx, path, buf.data, buf.size))
        die(path);
    hbs_score_table_close(ctx, &units);
    hbs_score_table_close(ctx, &pairs);
    hbs_buf_close(&buf);
    free(knots);
}

static void rates(int s, const float weight[FM_FEATURES], struct hbs_eval_result *out, uint32_t resamples)
{
    struct hbs_eval_set *set;
    struct hbs_eval_curve *curve;
    struct hbs_eval_options o = {.resamples = resamples, .seed = 1};
    uint32_t number[PRINTS];
    if (hbs_eval_set_open(ctx, PAIRS, &set))
        die("set");
    for (int i = 0; i < PRINTS; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "%d_%d", 101 + i / IMPRESSIONS, 1 + i % IMPRESSIONS);
        if (hbs_eval_set_print(set, name, (size_t)n, &number[i]))
            die("set");
    }
    for (int i = 0; i < PRINTS; i++)
        for (int j = i + 1; j < PRINTS; j++) {
            double score = (double)score_of(s, i, j, weight);
            if (hbs_eval_set_add(set, i / IMPRESSIONS == j / IMPRESSIONS, number[i], number[j], score))
                die("set");
        }
    if (hbs_eval_curve_open(ctx, set, &curve) || hbs_eval_measure(curve, &o, out))
        die("rates");
    hbs_eval_curve_close(curve);
    hbs_eval_set_close(set);
}

/* Cost of each set with weights learnt on the others, so that a constant is not chosen for what
 * the weights could not do without it. */
static void costs(double cost[SETS])
{
    for (int s = 0; s < SETS; s++) {
        float weight[FM_FEATURES];
        struct hbs_eval_result r;
        learn_score(ALL & ~(1u << s), weight);
        rates(s, weight, &r, 0);
        cost[s] = r.eer.value + r.fnmr_fmr1000.value;
    }
}

/* A constant and the values tried; the first is the usual one. */
struct constant {
    const char *name;
    float *at[3];       /* up to three places get the value */
    bool extract;       /* whether pictures must be looked at again */
    float value[4];
    int values;
};
static struct constant constants[] = {
    {"deviation_angle", {&fm_now.deviation_angle}, false, {0.7f, 0.43f, 0.52f}, 3},
    {"threshold", {&fm_now.threshold}, false, {0.01f, 0.005f, 0.007f}, 3},
    {"least_worth", {&fx_now.least_worth}, false, {0.35f, 0.25f, 0.45f}, 3},
    {"deviation", {&fm_now.deviation}, false, {9.33f, 8.0f}, 2},
    {"support", {&fm_now.support}, false, {5, 4, 6}, 3},
    {"fine", {&fx_now.fine[0], &fx_now.fine[2]}, true, {0.8f, 1.1f}, 2},
    {"fine_1", {&fx_now.fine[1]}, true, {1.3f, 1.0f, 1.6f}, 3},
};
enum { CONSTANTS = sizeof constants / sizeof *constants };

static void set_constant(const struct constant *c, int v)
{
    for (int k = 0; k < 3 && c->at[k]; k++)
        *c->at[k] = c->value[v];
}

/* Costs are those of a choice of values for all constants; many folds ask for the same. */
enum { CHOICES_MAX = 512 };
struct choice {
    int value[CONSTANTS];
    double cost[SETS];
};
static struct choice choices[CHOICES_MAX];
static int choice_count;

static void learn(unsigned mask, bool extract);

static const struct choice *cost_of(const int value[CONSTANTS])
{
    for (int i = 0; i < choice_count; i++)
        if (!memcmp(choices[i].value, value, sizeof choices[i].value))
            return &choices[i];
    if (choice_count == CHOICES_MAX)
        die("too many choices");
    static int extracted[CONSTANTS]; /* what the pictures were last looked at with */
    struct choice *c = &choices[choice_count++];
    memcpy(c->value, value, sizeof c->value);
    bool extract = choice_count == 1;
    for (int k = 0; k < CONSTANTS; k++) {
        set_constant(&constants[k], value[k]);
        extract |= constants[k].extract && extracted[k] != value[k];
    }
    memcpy(extracted, value, sizeof extracted);
    learn(ALL, extract);
    costs(c->cost);
    double mean = 0;
    printf("try");
    for (int k = 0; k < CONSTANTS; k++)
        if (value[k])
            printf(" %s %.4g", constants[k].name, (double)constants[k].value[value[k]]);
    printf("  cost %%");
    for (int s = 0; s < SETS; s++) {
        printf(" %.2f", 100 * c->cost[s]);
        mean += c->cost[s] / SETS;
    }
    printf("  mean %.2f\n", 100 * mean);
    fflush(stdout);
    return c;
}

static double cost_for(unsigned mask, const struct choice *c)
{
    double sum = 0;
    for (int s = 0; s < SETS; s++)
        if (mask >> s & 1)
            sum += c->cost[s];
    return sum / __builtin_popcount(mask);
}

static void choose(unsigned mask, int value[CONSTANTS])
{
    static const double margin = 0.004;
    memset(value, 0, CONSTANTS * sizeof *value);
    double now = cost_for(mask, cost_of(value));
    for (int c = 0; c < CONSTANTS; c++) {
        int best = 0;
        double least = now - margin;
        for (int v = 1; v < constants[c].values; v++) {
            value[c] = v;
            double cost = cost_for(mask, cost_of(value));
            if (cost < least) {
                least = cost;
                best = v;
            }
        }
        value[c] = best;
        if (best)
            now = least;
    }
}

static void start_worth(void)
{
    /* before anything is learnt: agreement of the hypotheses and depth in the print */
    memset(fx_now.worth, 0, sizeof fx_now.worth);
    for (int s = 1; s <= 7; s++)
        fx_now.worth[FX_FEATURES + s - 1] = 0.8f * (float)__builtin_popcount((unsigned)s);
    fx_now.worth[FX_F_DEPTH] = 1;
    fx_now.worth[FX_WORTH - 1] = -1.8f;
}

/* Steps 2 and 3 for the sets of `mask` with the constants as they are. */
static void learn(unsigned mask, bool extract)
{
    start_worth();
    run(extract);
    for (int round = 0; round < 2; round++) {
        learn_worth(mask, fx_now.worth);
        run(false);
    }
    learn_score(mask, fm_now.weight);
}

static void print_array(FILE *f, const char *name, const float *v, int n)
{
    fprintf(f, "    .%s = {", name);
    for (int i = 0; i < n; i++)
        fprintf(f, "%s%.5gf", i == 0 ? "" : i % 8 ? ", " : ",\n        ", (double)v[i] == 0 ? 0.0 : (double)v[i]);
    fprintf(f, "},\n");
}

static void number(char *to, size_t size, float v)
{
    snprintf(to, size, "%.6g", (double)v);
    if (!strpbrk(to, ".e"))
        strncat(to, ".0", size - strlen(to) - 1);
}

static void write_table(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        die(path);
    fprintf(f, "/* SPDX-License-Identifier: MPL-2.0 */\n/* Made by bench/tune_finger; included by tuning.c. */\n"
               "const struct fx_tuning fx_tuning_shipped = {\n");
    char b[6][32];
    for (int h = 0; h < 3; h++) {
        number(b[h], sizeof b[h], fx_now.fine[h]);
        number(b[3 + h], sizeof b[h], fx_now.wide[h]);
    }
    fprintf(f, "    .fine = {%sf, %sf, %sf}, .wide = {%sf, %sf, %sf},\n", b[0], b[1], b[2], b[3], b[4], b[5]);
    number(b[0], sizeof b[0], fx_now.least_worth);
    fprintf(f, "    .least_worth = %sf,\n    .worth = {", b[0]);
    for (int i = 0; i < FX_WORTH; i++) {
        number(b[0], sizeof b[0], fx_now.worth[i]);
        fprintf(f, "%s%sf", i == 0 ? "" : i % 8 ? ", " : ",\n        ", b[0]);
    }
    fprintf(f, "},\n};\nconst struct fm_tuning fm_tuning_shipped = {\n");
    const float single[6] = {fm_now.deviation, fm_now.deviation_angle, fm_now.threshold, fm_now.support,
                             fm_now.near_first, fm_now.near_second};
    static const char *const names[6] = {"deviation", "deviation_angle", "threshold", "support", "near_first",
                                         "near_second"};
    for (int i = 0; i < 6; i++) {
        number(b[0], sizeof b[0], single[i]);
        fprintf(f, "    .%s = %sf,\n", names[i], b[0]);
    }
    fprintf(f, "    .weight = {");
    for (int i = 0; i < FM_FEATURES; i++) {
        number(b[0], sizeof b[0], fm_now.weight[i]);
        fprintf(f, "%s%sf", i == 0 ? "" : i % 8 ? ", " : ",\n        ", b[0]);
    }
    fprintf(f, "},\n};\n");
    if (fclose(f))
        die(path);
}

int main(int argc, char **argv)
{
    const char *data = NULL, *table = NULL, *calibration = NULL, *base = getenv("HABEAS_DATA");
    bool quick = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--quick"))
            quick = true;
        else if (!strcmp(argv[i], "--data") && i + 1 < argc)
            data = argv[++i];
        else if (!strcmp(argv[i], "--table") && i + 1 < argc)
            table = argv[++i];
        else if (!strcmp(argv[i], "--calibration") && i + 1 < argc)
            calibration = argv[++i];
        else {
            fprintf(stderr, "usage: tune_finger [--data DIR] [--quick] [--table FILE] [--calibration FILE]\n");
            return 2;
        }
    }
    char folder[1024];
    if (!data) {
        snprintf(folder, sizeof folder, "%s/finger", base ? base : "../shared/data");
        data = folder;
    }
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    left_out = need((size_t)SETS * PAIRS, sizeof *left_out);
    samples = need(SETS, sizeof *samples);
    measures = need(SETS, sizeof *measures);
    load(data);
    fx_now = fx_tuning_shipped;
    fm_now = fm_tuning_shipped;
    struct hbs_eval_result mean = {0};
    bool fresh = true;
    for (int fold = 0; fold < SETS + 1; fold++) {
        unsigned mask = fold < SETS ? ALL & ~(1u << fold) : ALL;
        if (!quick) {
            int chosen[CONSTANTS];
            choose(mask, chosen);
            printf("fold %-13s", fold < SETS ? set_names[fold] : "(all)");
            for (int c = 0; c < CONSTANTS; c++) {
                set_constant(&constants[c], chosen[c]);
                printf(" %s %.4g", constants[c].name, (double)constants[c].value[chosen[c]]);
            }
            printf("\n");
        }
        learn(mask, !quick || fresh);
        fresh = false;
        print_array(stdout, "worth", fx_now.worth, FX_WORTH);
        print_array(stdout, "weight", fm_now.weight, FM_FEATURES);
        if (fold == SETS)
            break;
        struct hbs_eval_result r;
        keep_scores(fold, fm_now.weight);
        rates(fold, fm_now.weight, &r, 1000);
        printf("left out %-13s EER %5.2f [%.2f-%.2f]  FNMR at FMR 1e-2 %5.2f  1e-3 %5.2f [%.2f-%.2f]  0 %5.2f "
               "[%.2f-%.2f]  (%llu genuine, %llu impostor)\n", set_names[fold], 100 * r.eer.value,
               100 * r.eer.low, 100 * r.eer.high, 100 * r.fnmr_fmr100.value, 100 * r.fnmr_fmr1000.value,
               100 * r.fnmr_fmr1000.low, 100 * r.fnmr_fmr1000.high, 100 * r.fnmr_zero_fmr.value,
               100 * r.fnmr_zero_fmr.low, 100 * r.fnmr_zero_fmr.high, (unsigned long long)r.genuine,
               (unsigned long long)r.impostor);
        fflush(stdout);
        mean.eer.value += r.eer.value / SETS;
        mean.fnmr_fmr100.value += r.fnmr_fmr100.value / SETS;
        mean.fnmr_fmr1000.value += r.fnmr_fmr1000.value / SETS;
        mean.fnmr_zero_fmr.value += r.fnmr_zero_fmr.value / SETS;
    }
    printf("left out, mean         EER %5.2f  FNMR at FMR 1e-2 %5.2f  1e-3 %5.2f  0 %5.2f\n",
           100 * mean.eer.value, 100 * mean.fnmr_fmr100.value, 100 * mean.fnmr_fmr1000.value,
           100 * mean.fnmr_zero_fmr.value);
    if (table)
        write_table(table);
    if (calibration)
        write_calibration(calibration);
    return 0;
}
