/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth measured against real prints: each sensor's synthetic impressions beside the published set
 * that it imitates, as JSON lines: EER of both (protocol full for the genuine pairs, first impressions
 * for the impostors of the synthetic side), their ratio, and Kolmogorov-Smirnov distances between the
 * distributions of minutiae count, quality, area (cells of the orientation map that hold ridges), genuine
 * score and impostor score. HABEAS_DATA says where the published sets are.
 *
 *   compare_synth [--sensor NAME] [--fingers N] [--deciles]
 *
 *   --sensor NAME   that sensor only, such as thermal-sweep-500; otherwise all six
 *   --fingers N     synthetic fingers a sensor (72: 2,016 genuine pairs of 8 impressions). 24 take a few
 *                   seconds a sensor and are good to see where a change of the table in sensor.c leads
 *   --deciles       also both distributions of each feature: least, 1 %, 10 % ... 90 %, most; a distance says
 *                   that they differ, this says where
 *
 * The table docs/rooms/synth.md shows is the output without options, kept in docs/measurements/synth_compare.txt.
 */
#include "habeas/habeas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMPRESSIONS = 8, REAL_FINGERS = 10, FINGERS_MAX = 200 };
static const struct {
    enum hbs_synth_sensor sensor;
    const char *set;
} kinds[] = {
    {HBS_SYNTH_OPTICAL_500, "fvc2002_db1b"}, {HBS_SYNTH_OPTICAL_569, "fvc2002_db2b"},
    {HBS_SYNTH_CAPACITIVE_500, "fvc2002_db3b"}, {HBS_SYNTH_NOISY_500, "fvc2002_db4b"},
    {HBS_SYNTH_OPTICAL_LARGE, "fvc2004_db1b"}, {HBS_SYNTH_THERMAL_500, "fvc2004_db3b"}};

struct side {
    int fingers, prints;
    struct hbs_finger_print **print;
    double *count, *quality, *area, *genuine, *impostor;
    size_t genuines, impostors;
    double eer;
};

static const char *data;

static void *need(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p)
        exit(6);
    return p;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Largest difference of the two distribution functions. Sorts both. */
static double ks(double *a, size_t n, double *b, size_t m)
{
    double most = 0;
    size_t i = 0, j = 0;
    qsort(a, n, sizeof *a, by_size);
    qsort(b, m, sizeof *b, by_size);
    while (i < n && j < m) {
        double v = a[i] < b[j] ? a[i] : b[j];
        while (i < n && a[i] <= v)
            i++;
        while (j < m && b[j] <= v)
            j++;
        double d = (double)i / (double)n - (double)j / (double)m;
        d = d < 0 ? -d : d;
        most = d > most ? d : most;
    }
    return most;
}

struct job {
    struct side *side;
    size_t kind;
    bool real;
};

static int ridge_cells(const struct hbs_finger_template *t)
{
    int cells = 0;
    for (int i = 0; i < t->columns * t->rows; i++)
        cells += t->orientation[i] <= 127;
    return cells;
}

/* All impressions of one finger. */
static void extract_finger(void *arg, size_t f, unsigned thread)
{
    struct job *job = arg;
    struct hbs_ctx *ctx;
    struct hbs_synth_master *master = NULL;
    struct hbs_finger_template *t = need(1, sizeof *t);
    (void)thread;
    if (hbs_ctx_open(NULL, &ctx))
        exit(6);
    if (!job->real && hbs_synth_master_open(ctx, hbs_synth_seed(2002, f / 10), 1 + (unsigned)f % 10, &master))
        exit(70);
    for (size_t k = 0; k < IMPRESSIONS; k++) {
        struct hbs_image image = {0};
        struct hbs_finger_options o = {500};
        if (job->real) {
            char path[2048];
            struct hbs_buf buf;
            snprintf(path, sizeof path, "%s/finger/%s/%zu_%zu.tif", data, kinds[job->kind].set, 101 + f, 1 + k);
            hbs_buf_init(&buf, ctx, HBS_IMAGE_BYTES_MAX);
            if (hbs_file_read(ctx, path, &buf) || hbs_image_decode_here(ctx, buf.data, buf.size, &image))
                exit(6);
            hbs_buf_close(&buf);
        } else {
            struct hbs_synth_conditions how;
            uint64_t seed = hbs_synth_seed(hbs_synth_seed(7, f), k);
            size_t truth;
            if (hbs_synth_conditions(ctx, kinds[job->kind].sensor, 1, seed, &how) ||
                hbs_synth_impression(ctx, master, &how, seed, &image, NULL, 0, &truth))
                exit(70);
            /* the real set of 569 ppi is told to be 500 by everyone, so this one is too */
        }
        size_t i = f * IMPRESSIONS + k;
        if (hbs_finger_extract(ctx, &image, &o, t, NULL) || hbs_finger_prepare(ctx, t, &job->side->print[i]))
            exit(70);
        job->side->count[i] = t->count;
        job->side->quality[i] = t->quality;
        job->side->area[i] = ridge_cells(t);
        hbs_image_close(&image);
    }
    hbs_synth_master_close(master);
    free(t);
    /* the prints keep their context: it lives as long as the program */
}

static void compare_all(struct hbs_ctx *ctx, struct side *s, bool full)
{
    struct hbs_eval_set *set;
    struct hbs_eval_curve *curve;
    struct hbs_eval_options o = {0};
    struct hbs_eval_result r;
    uint32_t *number = need((size_t)s->prints, sizeof *number);
    if (hbs_eval_set_open(ctx, 0, &set))
        exit(6);
    for (int i = 0; i < s->prints; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "%d_%d", i / IMPRESSIONS, i % IMPRESSIONS);
        if (hbs_eval_set_print(set, name, (size_t)n, &number[i]))
            exit(6);
    }
    for (int i = 0; i < s->prints; i++)
        for (int j = i + 1; j < s->prints; j++) {
            bool genuine = i / IMPRESSIONS == j / IMPRESSIONS;
            if (!genuine && !full && (i % IMPRESSIONS || j % IMPRESSIONS))
                continue;
            struct hbs_finger_result result;
            hbs_finger_compare(s->print[i], s->print[j], &result);
            if (genuine)
                s->genuine[s->genuines++] = (double)result.score;
            else
                s->impostor[s->impostors++] = (double)result.score;
            if (hbs_eval_set_add(set, genuine, number[i], number[j], (double)result.score))
                exit(6);
        }
    if (hbs_eval_curve_open(ctx, set, &curve) || hbs_eval_measure(curve, &o, &r))
        exit(6);
    s->eer = r.eer.value;
    hbs_eval_curve_close(curve);
    hbs_eval_set_close(set);
    free(number);
}

static struct side measure(struct hbs_ctx *ctx, size_t kind, bool real, int fingers)
{
    struct side s = {.fingers = fingers, .prints = fingers * IMPRESSIONS};
    size_t n = (size_t)s.prints;
    s.print = need(n, sizeof *s.print);
    s.count = need(n, sizeof(double));
    s.quality = need(n, sizeof(double));
    s.area = need(n, sizeof(double));
    s.genuine = need(n * IMPRESSIONS, sizeof(double));
    s.impostor = need(n * n, sizeof(double));
    struct job job = {&s, kind, real};
    hbs_parallel(0, (size_t)fingers, extract_finger, &job);
    compare_all(ctx, &s, real);
    return s;
}

static void release(struct side *s)
{
    free(s->print);
    free(s->count);
    free(s->quality);
    free(s->area);
    free(s->genuine);
    free(s->impostor);
}

/* Both distributions of a feature, as ks() left them: in order. */
static void print_deciles(const char *feature, const double *made, size_t n, const double *real, size_t m)
{
    static const double share[] = {0, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
    for (int side = 0; side < 2; side++) {
        printf("{\"bench\":\"synth_deciles\",\"feature\":\"%s\",\"side\":\"%s\",\"values\":[", feature, side ? "real" : "made");
        for (size_t i = 0; i < sizeof share / sizeof *share; i++) {
            double v = side ? real[(size_t)(share[i] * (double)(m - 1) + 0.5)]
                            : made[(size_t)(share[i] * (double)(n - 1) + 0.5)];
            printf("%s%.1f", i ? "," : "", v);
        }
        printf("]}\n");
    }
}

static void compare(struct hbs_ctx *ctx, size_t k, int fingers, bool deciles)
{
    struct side real = measure(ctx, k, true, REAL_FINGERS), made = measure(ctx, k, false, fingers);
    size_t n = (size_t)made.prints, m = (size_t)real.prints;
    double least = 0.5 / (double)real.genuines; /* half an error stands for none */
    double ratio = (made.eer > 0 ? made.eer : least) / (real.eer > 0 ? real.eer : least);
    printf("{\"bench\":\"synth_likeness\",\"sensor\":\"%s\",\"set\":\"%s\",\"genuine_made\":%zu,\"impostor_made\":%zu,"
           "\"eer_made\":%.4f,\"eer_real\":%.4f,\"ratio\":%.2f,\"ks_count\":%.3f,\"ks_quality\":%.3f,\"ks_area\":%.3f,"
           "\"ks_genuine\":%.3f,\"ks_impostor\":%.3f}\n", hbs_synth_sensor_info(kinds[k].sensor)->name, kinds[k].set,
           made.genuines, made.impostors, made.eer, real.eer, ratio,
           ks(made.count, n, real.count, m), ks(made.quality, n, real.quality, m), ks(made.area, n, real.area, m),
           ks(made.genuine, made.genuines, real.genuine, real.genuines),
           ks(made.impostor, made.impostors, real.impostor, real.impostors));
    if (deciles) {
        print_deciles("count", made.count, n, real.count, m);
        print_deciles("quality", made.quality, n, real.quality, m);
        print_deciles("area", made.area, n, real.area, m);
        print_deciles("genuine", made.genuine, made.genuines, real.genuine, real.genuines);
        print_deciles("impostor", made.impostor, made.impostors, real.impostor, real.impostors);
    }
    fflush(stdout);
    release(&real);
    release(&made);
}

static int usage(void)
{
    fprintf(stderr, "usage: compare_synth [--sensor NAME] [--fingers N] [--deciles], N from 2 to %d; sensors:", FINGERS_MAX);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        fprintf(stderr, " %s", hbs_synth_sensor_info(kinds[k].sensor)->name);
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct hbs_ctx *ctx;
    int sensor = -1;
    long fingers = 72;
    bool deciles = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--sensor") && i + 1 < argc) {
            if ((sensor = hbs_synth_sensor_find(argv[++i])) < 0)
                return usage();
        } else if (!strcmp(argv[i], "--fingers") && i + 1 < argc) {
            fingers = strtol(argv[++i], NULL, 10);
        } else if (!strcmp(argv[i], "--deciles")) {
            deciles = true;
        } else {
            return usage();
        }
    }
    data = getenv("HABEAS_DATA") ? getenv("HABEAS_DATA") : "../shared/data";
    if (fingers < 2 || fingers > FINGERS_MAX)
        return usage();
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (sensor < 0 || (int)kinds[k].sensor == sensor)
            compare(ctx, k, (int)fingers, deciles);
    return 0;
}
