/* SPDX-License-Identifier: MPL-2.0
 *
 * Identification in a million prints with everything real but the people: templates of room synth, the
 * finger room's descriptors, the gallery writer's file, the finger room's full comparison as stage 2.
 * JSON lines; timings are thread CPU time of one thread.
 *
 *   bench_million [--prints N] [--probes N] [--full N] [--difficulty D] [--least L] [--gallery FILE]
 *
 *   --prints      prints of the gallery, 1,000,000: ten fingers of 100,000 people
 *   --probes      second readings (hbs_synth_mate) of prints spread over the gallery, 1,000
 *   --full        so many of them, spread, are also compared in full with every print, 100
 *   --difficulty  of the hardest second reading, at most 3; left out, it is searched for: the one at which
 *                 the exhaustive two-stage search puts 95 % of the mates first
 *   --least       the easiest one's, as a share of that; between them they are drawn evenly. 0 when left
 *                 out, because impressions differ: all of one difficulty, 1, are unlike any set of prints
 *   --gallery     keeps the gallery there, or takes it from there when the file exists
 *
 * Two searches are the measure. "two-stage": all bits of every print (stage 1), the best 4,000 compared
 * in full (stage 2). "full": no stage 1 at all, the full comparison with every print. A hit is a mate at
 * rank 1. The first line of likeness says how far these prints look to the full comparison like those of
 * the published sets, where HABEAS_DATA has them.
 */
#include "habeas/habeas.h"

#include "search/search_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "search_rate.h"

enum { BATCH = 4096, PROBES_MAX = 4096, LIST = 4000, THREADS = 256 };
static const double scale = 1000; /* stage 2 scores as integers, as gallery identify does */

static void *need(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p)
        exit(6);
    return p;
}

static void fail(struct hbs_ctx *ctx)
{
    fprintf(stderr, "bench_million: %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
    exit(6);
}

/* What a thread needs of its own. */
static struct room {
    struct hbs_ctx *ctx;
    struct hbs_finger_template t, m;
    struct hbs_buf buf;
} *rooms[THREADS];

static struct room *room_of(unsigned thread)
{
    if (!rooms[thread]) {
        rooms[thread] = need(1, sizeof *rooms[thread]);
        if (hbs_ctx_open(NULL, &rooms[thread]->ctx))
            exit(6);
        hbs_buf_init(&rooms[thread]->buf, rooms[thread]->ctx, HBS_FINGER_PACKED_MAX);
    }
    return rooms[thread];
}

static void template_of(uint64_t number, struct hbs_finger_template *out)
{
    hbs_synth_template(number / 10, 1 + (unsigned)(number % 10), out);
}

/* ---- the gallery ---- */

static struct hbs_search_print *batch;
static uint64_t batch_first;

static void entry_of(struct room *room, const struct hbs_finger_template *t, struct hbs_search_print *out,
                     struct hbs_finger_print **keep)
{
    struct hbs_finger_cylinder c[HBS_FINGER_MATCHED_MAX];
    struct hbs_finger_print *p;
    room->buf.size = 0;
    if (hbs_finger_prepare(room->ctx, t, &p) || hbs_finger_pack(room->ctx, t, &room->buf) ||
        room->buf.size > HBS_SEARCH_PACKED_MAX)
        exit(70);
    memset(out, 0, sizeof *out);
    out->count = (uint16_t)hbs_finger_cylinders(p, c);
    out->packed_size = (uint16_t)room->buf.size;
    memcpy(out->packed, room->buf.data, room->buf.size);
    for (int i = 0; i < out->count; i++) {
        out->angle[i] = c[i].angle;
        memcpy(out->bits[i], c[i].bits, sizeof c[i].bits);
    }
    if (keep)
        *keep = p;
    else
        hbs_finger_print_close(p);
}

static void make_one(void *arg, size_t index, unsigned thread)
{
    struct room *room = room_of(thread);
    (void)arg;
    template_of(batch_first + index, &room->t);
    entry_of(room, &room->t, &batch[index], NULL);
}

static void make_gallery(struct hbs_ctx *ctx, const char *path, uint64_t prints)
{
    struct hbs_gallery_writer *w;
    batch = need(BATCH, sizeof *batch);
    if (hbs_gallery_create(ctx, path, NULL, &w))
        fail(ctx);
    for (batch_first = 0; batch_first < prints; batch_first += BATCH) {
        uint64_t n = prints - batch_first < BATCH ? prints - batch_first : BATCH;
        hbs_parallel(0, n, make_one, NULL);
        for (uint64_t i = 0; i < n; i++) {
            char id[32];
            snprintf(id, sizeof id, "p%07llu", (unsigned long long)(batch_first + i));
            if (hbs_gallery_put(w, id, &batch[i]))
                fail(ctx);
        }
    }
    if (hbs_gallery_commit(w))
        fail(ctx);
    hbs_gallery_writer_close(w);
    free(batch);
}

/* ---- probes ---- */

struct probe {
    uint64_t number; /* of its mate */
    struct hbs_search_print entry;
    struct hbs_finger_print *print;
    bool hit;        /* of the exhaustive two-stage search */
};

struct probes {
    struct probe *p;
    uint64_t count, prints;
    double difficulty, least;
};

static void probe_make(void *arg, size_t i, unsigned thread)
{
    struct probes *all = arg;
    struct room *room = room_of(thread);
    struct probe *p = &all->p[i];
    uint64_t number = i * (all->prints / all->count) + i % 7;
    p->number = number < all->prints ? number : all->prints - 1;
    template_of(p->number, &room->t);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, hbs_synth_seed(0xD1FF, p->number));
    double difficulty = all->difficulty * (all->least + (1 - all->least) * hbs_rng_unit(&rng));
    hbs_synth_mate(&room->t, difficulty, 0x3A7E + p->number, &room->m);
    entry_of(room, &room->m, &p->entry, &p->print);
}

static struct probes probes_make(uint64_t prints, uint64_t count, double difficulty, double least)
{
    struct probes all = {need(count, sizeof(struct probe)), count, prints, difficulty, least};
    hbs_parallel(0, count, probe_make, &all);
    return all;
}

static void probes_free(struct probes *all)
{
    for (uint64_t i = 0; i < all->count; i++)
        hbs_finger_print_close(all->p[i].print);
    free(all->p);
}

/* ---- stage 2: as gallery identify does it ---- */

static int32_t compare(void *arg, unsigned thread, const uint8_t *packed, size_t size)
{
    const struct probe *p = arg;
    struct room *room = room_of(thread);
    struct hbs_finger_print *candidate;
    struct hbs_finger_result r;
    if (hbs_finger_unpack(room->ctx, packed, size, &room->t) ||
        hbs_finger_prepare(room->ctx, &room->t, &candidate))
        exit(70);
    hbs_finger_compare(p->print, candidate, &r);
    hbs_finger_print_close(candidate);
    return (int32_t)lrint((double)r.score * scale);
}

struct tally {
    uint64_t hits, kept, screened, found; /* found: the mate is on the answer at all */
    double cpu, most, wall, step[3];
};

/* Wilson's interval (1927), 95 %. */
static void interval(double k, double n, double out[2])
{
    double z = 1.959964, p = n > 0 ? k / n : 0, d = 1 + z * z / (n > 0 ? n : 1);
    double centre = (p + z * z / (2 * n)) / d, half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d;
    out[0] = n > 0 ? centre - half : 0;
    out[1] = n > 0 ? centre + half : 1;
}

static struct tally search_all(struct hbs_ctx *ctx, const struct hbs_gallery *g, struct probes *all, uint64_t step,
                               struct hbs_search_options o, bool reference, const char **kernel)
{
    struct tally t = {0};
    struct hbs_search_answer *a = need(1, sizeof *a);
    for (uint64_t i = 0; i < all->count; i += step) {
        struct probe *p = &all->p[i];
        o.compare = compare;
        o.arg = p;
        double c = hbs_clock_cpu(), v = hbs_clock_wall();
        if (hbs_gallery_identify(ctx, g, &p->entry, &o, a))
            fail(ctx);
        v = hbs_clock_wall() - v;
        c = hbs_clock_cpu() - c;
        t.cpu += c;
        t.wall += v;
        t.most = c > t.most ? c : t.most;
        t.screened += a->screened;
        for (int k = 0; k < 3; k++)
            t.step[k] += a->seconds[k];
        bool hit = a->count && a->candidates[0].number == p->number;
        for (uint32_t k = 0; k < a->count; k++)
            t.found += a->candidates[k].number == p->number;
        t.hits += hit;
        t.kept += hit && p->hit;
        if (reference)
            p->hit = hit;
    }
    *kernel = a->kernel;
    free(a);
    return t;
}

/* Looks for the difficulty at which the exhaustive two-stage search puts 95 % of the mates first. */
static double calibrate(struct hbs_ctx *ctx, const struct hbs_gallery *g, uint64_t prints, double least)
{
    enum { LOOKS = 8, PROBES = 200 };
    double low = 1, high = 3, difficulty = 0;
    for (int look = 0; look < LOOKS; look++) {
        difficulty = (low + high) / 2;
        struct probes all = probes_make(prints, PROBES, difficulty, least);
        const char *kernel;
        struct tally t = search_all(ctx, g, &all, 1, (struct hbs_search_options){.list = LIST, .exhaustive = true},
                                    false, &kernel);
        double rank1 = (double)t.hits / PROBES;
        printf("{\"bench\":\"million_calibrate\",\"difficulty\":[%.3f,%.3f],\"probes\":%d,\"exhaustive_rank1\":%.4f}\n",
               difficulty * least, difficulty, PROBES, rank1);
        fflush(stdout);
        probes_free(&all);
        if (rank1 > 0.945 && rank1 < 0.955)
            break;
        if (rank1 > 0.95)
            low = difficulty;
        else
            high = difficulty;
    }
    return round(difficulty * 100) / 100;
}

static void search_line(const char *what, uint64_t prints, const struct probes *all, uint64_t step, const struct tally *t,
                        uint64_t reference, const struct hbs_search_options *o, const char *kernel)
{
    double n = (double)((all->count + step - 1) / step), range[2], share[2];
    interval((double)t->hits, n, range);
    interval((double)t->kept, (double)reference, share);
    printf("{\"bench\":\"million_%s\",\"prints\":%llu,\"probes\":%.0f,\"difficulty\":[%.2f,%.2f],\"list\":%u,"
           "\"passing_per_10000\":%u,\"rank1\":%.4f,\"rank1_95\":[%.4f,%.4f],\"in_top\":%.4f,"
           "\"exhaustive_hits\":%llu,\"kept\":%llu,\"of_exhaustive_hits\":%.4f,\"of_exhaustive_hits_95\":[%.4f,%.4f],"
           "\"screened\":%.0f,\"cpu_s\":%.4f,\"cpu_s_most\":%.4f,\"wall_s\":%.4f,\"steps_s\":[%.4f,%.4f,%.4f],"
           "\"kernel\":\"%s\",\"threads\":%u}\n",
           what, (unsigned long long)prints, n, all->difficulty * all->least, all->difficulty, o->list,
           o->exhaustive || !o->passing ? 10000 : o->passing, (double)t->hits / n, range[0], range[1], (double)t->found / n,
           (unsigned long long)reference, (unsigned long long)t->kept,
           reference ? (double)t->kept / (double)reference : 0, share[0], share[1], (double)t->screened / n,
           t->cpu / n, t->most, t->wall / n, t->step[0] / n, t->step[1] / n, t->step[2] / n, kernel, o->threads);
    fflush(stdout);
}

/* ---- full: the full comparison with every print ---- */

enum { HIST = 400 }; /* impostor scores in steps of 0.1 from -20 */
struct full {
    const struct hbs_gallery *g;
    struct probes *all;
    uint64_t step, count;
    struct own {
        int32_t best[PROBES_MAX], mate[PROBES_MAX];
        uint64_t number[PROBES_MAX];
        uint64_t histogram[HIST];
        double cpu;
    } *own[THREADS];
};
enum { FULL_CHUNK = 1024 };

static void full_chunk(void *arg, size_t chunk, unsigned thread)
{
    struct full *f = arg;
    struct room *room = room_of(thread);
    if (!f->own[thread]) {
        f->own[thread] = need(1, sizeof *f->own[thread]);
        for (int i = 0; i < PROBES_MAX; i++)
            f->own[thread]->best[i] = f->own[thread]->mate[i] = INT32_MIN;
    }
    struct own *own = f->own[thread];
    uint64_t first = chunk * FULL_CHUNK, end = first + FULL_CHUNK;
    end = end < f->all->prints ? end : f->all->prints;
    double c = hbs_clock_cpu();
    for (uint64_t n = first; n < end; n++) {
        char id[HBS_SEARCH_ID_MAX + 1];
        const uint8_t *packed;
        size_t size;
        struct hbs_finger_print *candidate;
        if (hbs_gallery_print(room->ctx, f->g, n, id, &packed, &size) ||
            hbs_finger_unpack(room->ctx, packed, size, &room->t) ||
            hbs_finger_prepare(room->ctx, &room->t, &candidate))
            exit(70);
        for (uint64_t k = 0; k < f->count; k++) {
            const struct probe *p = &f->all->p[k * f->step];
            struct hbs_finger_result r;
            hbs_finger_compare(p->print, candidate, &r);
            int32_t s = (int32_t)lrint((double)r.score * scale);
            if (n == p->number) {
                own->mate[k] = s;
            } else {
                int h = (int)(((double)r.score + 20) * 10);
                own->histogram[h < 0 ? 0 : h >= HIST ? HIST - 1 : h]++;
                if (s > own->best[k] || (s == own->best[k] && n < own->number[k])) {
                    own->best[k] = s;
                    own->number[k] = n;
                }
            }
        }
        hbs_finger_print_close(candidate);
    }
    own->cpu += hbs_clock_cpu() - c;
}

/* Compares the probes that stand `step` apart in full with all prints; says how often the mate is first
 * and how often the two-stage search says the same. */
static void full_all(const struct hbs_gallery *g, struct probes *all, uint64_t count)
{
    static struct full f;
    f = (struct full){.g = g, .all = all, .step = all->count / count, .count = count};
    double wall = hbs_clock_wall(), cpu = 0;
    hbs_parallel(0, (all->prints + FULL_CHUNK - 1) / FULL_CHUNK, full_chunk, &f);
    wall = hbs_clock_wall() - wall;
    uint64_t hits = 0, two_stage = 0, both = 0, histogram[HIST] = {0}, impostors = 0;
    for (uint64_t k = 0; k < count; k++) {
        int32_t best = INT32_MIN, mate = INT32_MIN;
        uint64_t number = 0;
        for (int t = 0; t < THREADS; t++) {
            if (!f.own[t])
                continue;
            mate = f.own[t]->mate[k] > mate ? f.own[t]->mate[k] : mate;
            if (f.own[t]->best[k] > best || (f.own[t]->best[k] == best && f.own[t]->number[k] < number)) {
                best = f.own[t]->best[k];
                number = f.own[t]->number[k];
            }
        }
        const struct probe *p = &all->p[k * f.step];
        bool hit = mate > best || (mate == best && p->number < number);
        hits += hit;
        two_stage += p->hit;
        both += hit && p->hit;
    }
    for (int t = 0; t < THREADS; t++)
        if (f.own[t]) {
            cpu += f.own[t]->cpu;
            for (int h = 0; h < HIST; h++)
                histogram[h] += f.own[t]->histogram[h];
            free(f.own[t]);
        }
    for (int h = 0; h < HIST; h++)
        impostors += histogram[h];
    double n = (double)count;
    printf("{\"bench\":\"million_full\",\"prints\":%llu,\"probes\":%llu,\"comparisons\":%llu,\"rank1\":%.4f,"
           "\"two_stage_rank1_same_probes\":%.4f,\"hits\":%llu,\"hits_of_both\":%llu,\"cpu_s\":%.2f,\"wall_s\":%.0f,"
           "\"comparisons_per_cpu_s\":%.0f}\n", (unsigned long long)all->prints, (unsigned long long)count,
           (unsigned long long)impostors + count, (double)hits / n, (double)two_stage / n, (unsigned long long)hits,
           (unsigned long long)both, cpu / n, wall, n * (double)all->prints / cpu);
    /* what the calibration of the published sets says of thresholds, and what these impostors do */
    uint64_t above = 0;
    int next = 1;
    for (int h = HIST - 1; h >= 0 && next < 7; h--) {
        above += histogram[h];
        if ((double)above < (double)impostors * pow(10, -7 + next))
            continue;
        double raw = h / 10.0 - 20;
        printf("{\"bench\":\"million_impostors\",\"score\":%.1f,\"at_or_above\":%llu,\"fmr\":%.3g,"
               "\"fmr_calibrated\":%.3g}\n", raw, (unsigned long long)above, (double)above / (double)impostors,
               hbs_score_fmr(&hbs_score_finger, raw));
        while (next < 7 && (double)above >= (double)impostors * pow(10, -7 + next))
            next++;
    }
    fflush(stdout);
}

/* ---- likeness to real prints ---- */

struct scores {
    double *genuine, *impostor, *count;
    size_t genuines, impostors, counts;
};

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double at(const double *v, size_t n, double share) { return n ? v[(size_t)((double)(n - 1) * share)] : NAN; }

static void moments(const double *v, size_t n, double out[2])
{
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i];
        square += v[i] * v[i];
    }
    out[0] = sum / (double)n;
    out[1] = sqrt(square / (double)n - out[0] * out[0]);
}

/* Kolmogorov and Smirnov's distance of two sorted samples. */
static double ks(const double *a, size_t n, const double *b, size_t m)
{
    double most = 0;
    for (size_t i = 0, j = 0; i < n && j < m;) {
        double v = a[i] < b[j] ? a[i] : b[j];
        while (i < n && a[i] <= v)
            i++;
        while (j < m && b[j] <= v)
            j++;
        double d = fabs((double)i / (double)n - (double)j / (double)m);
        most = d > most ? d : most;
    }
    return most;
}

static void scores_line(const char *name, struct scores *s)
{
    double g[2], f[2], c[2];
    qsort(s->genuine, s->genuines, sizeof(double), rising);
    qsort(s->impostor, s->impostors, sizeof(double), rising);
    moments(s->genuine, s->genuines, g);
    moments(s->impostor, s->impostors, f);
    moments(s->count, s->counts, c);
    qsort(s->count, s->counts, sizeof(double), rising);
    /* errors where they are equal */
    size_t miss = 0;
    double eer = 0;
    for (size_t i = 0; i < s->impostors; i++) {
        while (miss < s->genuines && s->genuine[miss] < s->impostor[i])
            miss++;
        double fnmr = (double)miss / (double)s->genuines, fmr = (double)(s->impostors - i) / (double)s->impostors;
        if (fnmr >= fmr) {
            eer = (fnmr + fmr) / 2;
            break;
        }
    }
    printf("{\"bench\":\"million_scores\",\"of\":\"%s\",\"minutiae\":[%.1f,%.1f],\"genuine\":{\"pairs\":%zu,\"mean\":%.2f,"
           "\"deviation\":%.2f,\"p5\":%.2f,\"p50\":%.2f},\"impostor\":{\"pairs\":%zu,\"mean\":%.2f,\"deviation\":%.2f,"
           "\"p50\":%.2f,\"p99\":%.2f,\"p99_9\":%.2f,\"most\":%.2f},\"eer\":%.4f}\n", name, c[0], c[1], s->genuines, g[0],
           g[1], at(s->genuine, s->genuines, 0.05), at(s->genuine, s->genuines, 0.5), s->impostors, f[0], f[1],
           at(s->impostor, s->impostors, 0.5), at(s->impostor, s->impostors, 0.99),
           at(s->impostor, s->impostors, 0.999), at(s->impostor, s->impostors, 1), eer);
    fflush(stdout);
}

enum { FINGERS = 10, IMPRESSIONS = 8, PRINTS = FINGERS * IMPRESSIONS };
static const char *const sets[] = {"fvc2002_db1b", "fvc2002_db2b", "fvc2002_db3b",
                                   "fvc2002_db4b", "fvc2004_db1b", "fvc2004_db3b"};
enum { SETS = sizeof sets / sizeof *sets };

struct real {
    struct hbs_finger_print *print[SETS * PRINTS];
    int count[SETS * PRINTS];
    bool missing;
};

static void real_one(void *arg, size_t i, unsigned thread)
{
    struct real *r = arg;
    struct room *room = room_of(thread);
    const char *data = getenv("HABEAS_DATA");
    struct hbs_finger_options o = {500};
    struct hbs_image image = {0};
    struct hbs_buf buf;
    char path[2048];
    size_t k = i % PRINTS;
    snprintf(path, sizeof path, "%s/finger/%s/%zu_%zu.tif", data ? data : "../shared/data", sets[i / PRINTS],
             101 + k / IMPRESSIONS, 1 + k % IMPRESSIONS);
    hbs_buf_init(&buf, room->ctx, HBS_IMAGE_BYTES_MAX);
    if (hbs_file_read(room->ctx, path, &buf))
        r->missing = true;
    else if (hbs_image_decode_here(room->ctx, buf.data, buf.size, &image) ||
             hbs_finger_extract(room->ctx, &image, &o, &room->t, NULL) ||
             hbs_finger_prepare(room->ctx, &room->t, &r->print[i]))
        exit(70);
    else
        r->count[i] = room->t.count;
    hbs_image_close(&image);
    hbs_buf_close(&buf);
}

static void scores_add(double **v, size_t *n, double x)
{
    if (!(*n & (*n - 1)) && !(*v = realloc(*v, sizeof(double) * (*n ? 2 * *n : 1))))
        exit(6);
    (*v)[(*n)++] = x;
}

static double score_of(const struct hbs_finger_print *a, const struct hbs_finger_print *b)
{
    struct hbs_finger_result r;
    hbs_finger_compare(a, b, &r);
    return (double)r.score;
}

static void scores_free(struct scores *s)
{
    free(s->genuine);
    free(s->impostor);
    free(s->count);
}

/* Scores of the published sets, all pairs within each, beside those of made prints: probes with their
 * mates and with the mates of other probes. */
static void likeness(const struct probes *all)
{
    struct scores real = {0}, made = {0}, sketch = {0};
    struct real *r = need(1, sizeof *r);
    struct room *room = room_of(0);
    uint64_t count = all->count < 1000 ? all->count : 1000;
    struct hbs_finger_print **mate = need(count, sizeof(struct hbs_finger_print *));
    double bits[2] = {0, 0}, cylinders[2] = {0, 0};
    struct hbs_finger_cylinder c[HBS_FINGER_MATCHED_MAX];
    hbs_parallel(0, SETS * PRINTS, real_one, r);
    for (uint64_t i = 0; i < count; i++) {
        template_of(all->p[i].number, &room->t);
        scores_add(&made.count, &made.counts, room->t.count);
        if (hbs_finger_prepare(room->ctx, &room->t, &mate[i]))
            exit(70);
        int n = hbs_finger_cylinders(mate[i], c);
        for (int k = 0; k < n; k++, cylinders[0]++)
            for (int w = 0; w < HBS_FINGER_CYLINDER_WORDS; w++)
                bits[0] += __builtin_popcountll(c[k].bits[w]);
    }
    for (uint64_t i = 0; i < count; i++) {
        scores_add(&made.genuine, &made.genuines, score_of(all->p[i].print, mate[i]));
        for (uint64_t k = 1; k <= 20 && k < count; k++)
            scores_add(&made.impostor, &made.impostors, score_of(all->p[i].print, mate[(i + 31 * k) % count]));
    }
    scores_line("made", &made);
    for (size_t i = 0; i < SETS * PRINTS && !r->missing; i++) {
        scores_add(&real.count, &real.counts, r->count[i]);
        int n = hbs_finger_cylinders(r->print[i], c);
        for (int k = 0; k < n; k++, cylinders[1]++)
            for (int w = 0; w < HBS_FINGER_CYLINDER_WORDS; w++)
                bits[1] += __builtin_popcountll(c[k].bits[w]);
        for (size_t j = i + 1; j < (i / PRINTS + 1) * PRINTS; j++) {
            double s = score_of(r->print[i], r->print[j]);
            if (i / IMPRESSIONS == j / IMPRESSIONS)
                scores_add(&real.genuine, &real.genuines, s);
            else
                scores_add(&real.impostor, &real.impostors, s);
        }
    }
    if (!r->missing) {
        scores_line("published sets", &real);
        printf("{\"bench\":\"million_likeness\",\"difficulty\":[%.2f,%.2f],\"ks_genuine\":%.3f,\"ks_impostor\":%.3f,"
               "\"ks_minutiae\":%.3f,\"bits_a_cylinder\":[%.1f,%.1f],\"cylinders\":[%.1f,%.1f]}\n", all->difficulty * all->least,
               all->difficulty,
               ks(made.genuine, made.genuines, real.genuine, real.genuines),
               ks(made.impostor, made.impostors, real.impostor, real.impostors),
               ks(made.count, made.counts, real.count, real.counts), bits[0] / cylinders[0], bits[1] / cylinders[1],
               cylinders[0] / (double)count, cylinders[1] / (SETS * PRINTS));
    } else {
        printf("{\"bench\":\"million_likeness\",\"skipped\":\"no published sets\"}\n");
    }
    fflush(stdout);
    for (uint64_t i = 0; i < count; i++)
        hbs_finger_print_close(mate[i]);
    for (size_t i = 0; i < SETS * PRINTS; i++)
        hbs_finger_print_close(r->print[i]);
    free(mate);
    free(r);
    scores_free(&real);
    scores_free(&made);
    scores_free(&sketch);
}

/* Resident bytes of this process now, without and with the pages of mapped files. */
static void resident(double prints)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double anonymous = 0, file = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "RssAnon:", 8))
            anonymous = strtod(line + 8, NULL) * 1024;
        if (!strncmp(line, "RssFile:", 8))
            file = strtod(line + 8, NULL) * 1024;
    }
    if (f)
        fclose(f);
    printf("{\"bench\":\"million_memory\",\"resident_bytes_per_print\":%.0f,\"of_them_mapped_file\":%.0f}\n",
           (anonymous + file) / prints, file / prints);
}

int main(int argc, char **argv)
{
    uint64_t prints = 1000000, count = 1000, full = 100;
    double difficulty = 0, least = 0;
    const char *keep = NULL, *folder = getenv("TMPDIR");
    char path[4096];
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--prints"))
            prints = strtoull(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--probes"))
            count = strtoull(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--full"))
            full = strtoull(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--difficulty"))
            difficulty = strtod(argv[i + 1], NULL);
        else if (!strcmp(argv[i], "--least"))
            least = strtod(argv[i + 1], NULL);
        else if (!strcmp(argv[i], "--gallery"))
            keep = argv[i + 1];
    }
    if (!prints || !count || count > PROBES_MAX || count > prints || full > count) {
        fprintf(stderr, "usage: see the head of bench/bench_million.c\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/bench_million.%ld", folder ? folder : "/tmp", (long)getpid());
    struct hbs_ctx *ctx;
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    printf("{\"bench\":\"machine\",\"isa\":\"%s\",\"processors\":%u,\"pair_words_per_s\":%.3g,\"popcount_words_per_s\":%.3g}\n",
           hbs_isa_name(hbs_cpu_isa()), hbs_cpu_count(), rate_once(hbs_cpu_isa(), false), rate_once(hbs_cpu_isa(), true));
    struct stat st;
    double made = hbs_clock_wall();
    if (!keep || stat(keep, &st))
        make_gallery(ctx, keep ? keep : path, prints);
    made = hbs_clock_wall() - made;
    struct hbs_gallery *g;
    double opened = hbs_clock_wall();
    if (hbs_gallery_open(ctx, keep ? keep : path, NULL, &g))
        fail(ctx);
    opened = hbs_clock_wall() - opened;
    struct hbs_gallery_info info;
    hbs_gallery_info(g, &info);
    prints = info.prints;
    double n = (double)prints;
    printf("{\"bench\":\"million_gallery\",\"prints\":%llu,\"cylinders\":%.1f,\"made_s\":%.1f,\"opened_s\":%.3f,"
           "\"bytes_per_print\":{\"file\":%.0f,\"screen\":%.0f,\"stage1\":%.0f,\"templates\":%.0f,\"tables\":%.0f}}\n",
           (unsigned long long)prints, (double)info.cylinders / n, made, opened, (double)info.file_bytes / n,
           (double)info.screen_bytes / n, (double)info.stage1_bytes / n, (double)info.template_bytes / n,
           (double)info.table_bytes / n);
    fflush(stdout);
    if (difficulty == 0)
        difficulty = calibrate(ctx, g, prints, least);
    struct probes all = probes_make(prints, count, difficulty, least);
    likeness(&all);

    const char *kernel;
    struct hbs_search_options o = {.list = LIST, .exhaustive = true};
    struct tally t = search_all(ctx, g, &all, 1, o, true, &kernel);
    uint64_t hits = t.hits;
    t.kept = t.hits;
    search_line("two_stage", prints, &all, 1, &t, hits, &o, kernel);
    /* what passes the sketch (per 10,000; 0: all) and what goes on to stage 2 (0: as the library chooses) */
    static const struct {
        uint16_t passing, list;
        bool exhaustive;
    } settings[] = {{0, 0, false}, {400, 500, false}, {600, 2000, false}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        o = (struct hbs_search_options){.threads = 1, .exhaustive = settings[i].exhaustive,
                                        .passing = settings[i].passing, .list = settings[i].list};
        t = search_all(ctx, g, &all, 1, o, false, &kernel);
        search_line("identify", prints, &all, 1, &t, hits, &o, kernel);
    }
    resident(n);
    if (full)
        full_all(g, &all, full);
    probes_free(&all);
    hbs_gallery_close(g);
    if (!keep)
        (void)unlink(path);
    for (int i = 0; i < THREADS; i++)
        if (rooms[i]) {
            hbs_buf_close(&rooms[i]->buf);
            hbs_ctx_close(rooms[i]->ctx);
            free(rooms[i]);
        }
    hbs_ctx_close(ctx);
    return 0;
}
