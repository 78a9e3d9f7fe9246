/* SPDX-License-Identifier: MPL-2.0
 *
 * Benchmark of room search, JSON lines.
 *
 *   bench_search            kernels against their floor, and identification in 20,000 made-up prints
 *   bench_search PRINTS [PROBES [PASSING...]]
 *                           the same with a gallery of that size, e.g. 1000000 300 200 400: recall
 *                           against the exhaustive search for each setting of what passes
 *
 * The floor of a kernel is the larger of two times measured in the same run: the gated pairs over
 * the rate at which this instruction set does the arithmetic of a pair out of registers (XOR,
 * popcount, ADD for each of the words), and the bytes over the bandwidth of reading memory. Beside
 * it the rate of the bare popcount instruction is printed.
 * The gallery lies in $TMPDIR or /tmp and is removed at the end.
 */
#include "search/search_int.h"
#include "search_rate.h"
#include "search_second.h"
#include "search_synth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static double bandwidth(void)
{
    size_t bytes = (size_t)256 << 20, words = bytes / 8;
    uint64_t *p = malloc(bytes), best_sum = 0;
    if (!p)
        return 0;
    memset(p, 1, bytes);
    double best = 1e9;
    for (int rep = 0; rep < 4; rep++) {
        double t = hbs_clock_cpu();
        uint64_t s[4] = {0};
        for (size_t i = 0; i < words; i += 8) { /* one load a 64-byte line is enough to move it */
            s[0] ^= p[i];
            s[1] ^= p[i + 2];
            s[2] ^= p[i + 4];
            s[3] ^= p[i + 6];
        }
        best_sum += s[0] ^ s[1] ^ s[2] ^ s[3];
        t = hbs_clock_cpu() - t;
        best = t < best ? t : best;
    }
    free(p);
    __asm__ volatile("" ::"r"(best_sum));
    return (double)bytes / best;
}

struct made {
    struct search_tiles tiles;
    struct hbs_search_print *prints;
};

static void make_tiles(struct made *m, uint32_t prints, uint32_t words, bool even, uint64_t seed)
{
    uint32_t tiles = (prints + SEARCH_TILE - 1) / SEARCH_TILE;
    size_t blocks = 0, most = (size_t)tiles * SEARCH_TILE_BLOCKS;
    uint32_t *first = malloc(4 * ((size_t)tiles + 1));
    uint8_t *angle = malloc(most * SEARCH_LANES), *owner = malloc(most * SEARCH_TILE);
    uint8_t *count = malloc(prints);
    uint64_t *word0 = aligned_alloc(64, most * 64), *rest = aligned_alloc(64, most * 64 * (words - 1));
    struct search_tile *tile = malloc(sizeof *tile);
    m->prints = malloc(sizeof *m->prints * prints);
    if (!first || !angle || !owner || !count || !word0 || !rest || !tile || !m->prints)
        exit(6);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, seed);
    for (uint32_t i = 0; i < prints; i++) {
        struct synth_finger f;
        synth_finger(&rng, &f);
        synth_print(&f, &m->prints[i]);
        if (even) { /* 48 cylinders, directions all round: the 48 x 48 */
            struct hbs_search_print *p = &m->prints[i];
            for (int c = p->count; c < HBS_SEARCH_CYLINDERS_MAX; c++)
                memcpy(p->bits[c], p->bits[c - p->count], sizeof p->bits[c]);
            p->count = HBS_SEARCH_CYLINDERS_MAX;
            for (int c = 0; c < p->count; c++)
                p->angle[c] = (uint8_t)hbs_rng_u64(&rng);
        }
        count[i] = (uint8_t)m->prints[i].count;
    }
    for (uint32_t t = 0; t < tiles; t++) {
        const struct hbs_search_print *p[SEARCH_TILE];
        uint32_t many = prints - t * SEARCH_TILE < SEARCH_TILE ? prints - t * SEARCH_TILE : SEARCH_TILE;
        for (uint32_t i = 0; i < many; i++)
            p[i] = &m->prints[t * SEARCH_TILE + i];
        uint32_t n = search_tile_pack(p, many, words, tile);
        first[t] = (uint32_t)blocks;
        memcpy(angle + blocks * SEARCH_LANES, tile->angle, n * SEARCH_LANES);
        memcpy(owner + blocks * SEARCH_TILE, tile->owner, n * SEARCH_TILE);
        memcpy(word0 + blocks * SEARCH_LANES, tile->word0, n * 64);
        memcpy(rest + blocks * SEARCH_LANES * (words - 1), tile->rest, n * 64 * (words - 1));
        blocks += n;
    }
    first[tiles] = (uint32_t)blocks;
    free(tile);
    m->tiles = (struct search_tiles){prints, words, first, angle, owner, count, word0, rest};
}

static void free_tiles(struct made *m)
{
    free((void *)(uintptr_t)m->tiles.first);
    free((void *)(uintptr_t)m->tiles.angle);
    free((void *)(uintptr_t)m->tiles.owner);
    free((void *)(uintptr_t)m->tiles.count);
    free((void *)(uintptr_t)m->tiles.word0);
    free((void *)(uintptr_t)m->tiles.rest);
    free(m->prints);
}

static int rising(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double eighth(double *v, uint32_t n)
{
    qsort(v, n, sizeof *v, rising);
    return v[n / 8];
}

static void bench_kernels(bool even, double bytes_a_second)
{
    enum { PRINTS = 16384, SLICES = 32 };
    struct made full, small;
    make_tiles(&full, PRINTS, SEARCH_STORED_FULL, even, 11);
    make_tiles(&small, PRINTS, SEARCH_STORED_COMPACT, even, 11);
    const struct hbs_search_print *probe = &full.prints[1];
    for (int i = 1; i < 200; i++) /* a probe with many cylinders */
        if (full.prints[i].count > probe->count)
            probe = &full.prints[i];
    double gated = 0, cylinders = 0;
    for (int i = 0; i < PRINTS; i++) {
        const struct hbs_search_print *g = &full.prints[i];
        cylinders += g->count;
        for (int b = 0; b < g->count; b++)
            for (int a = 0; a < probe->count; a++) {
                int d = (int8_t)(probe->angle[a] - g->angle[b]);
                gated += d >= -SEARCH_GATE && d <= SEARCH_GATE;
            }
    }
    uint16_t *scores = malloc(sizeof *scores * PRINTS);
    struct search_probe *ready = aligned_alloc(64, (sizeof *ready + 63) & ~(size_t)63);
    if (!scores || !ready)
        exit(6);
    static const char *const name[] = {"sketch", "compact", "full"};
    for (int isa = 0; isa <= (int)hbs_cpu_isa(); isa++)
        for (int depth = 0; depth < SEARCH_DEPTHS; depth++) {
            int words = search_words[depth];
            const struct search_tiles *tiles = depth == SEARCH_FULL ? &full.tiles : &small.tiles;
            search_probe_make(probe, (enum search_depth)depth, ready);
            search_kernel *kernel = search_kernel_of((enum hbs_isa)isa, (enum search_depth)depth);
            /* Slices of the gallery and of the rate's loop by turns; the best eighth of each. The
             * machine may be shared: the two must meet the same weather, and a mean would tell of
             * that. */
            uint32_t slice = isa == HBS_ISA_PORTABLE ? 32 : 128, slices = PRINTS / SEARCH_TILE / slice;
            slices = slices < SLICES ? slices : SLICES;
            double took[SLICES], words_took[SLICES], bare_took[SLICES];
            for (uint32_t i = 0; i < slices; i++) {
                words_took[i] = 1 / rate_once((enum hbs_isa)isa, false);
                bare_took[i] = 1 / rate_once((enum hbs_isa)isa, true);
                double t = hbs_clock_cpu();
                kernel(ready, tiles, i * slice, slice, scores);
                took[i] = hbs_clock_cpu() - t;
            }
            double prints = slice * SEARCH_TILE, share = prints / PRINTS, time = eighth(took, slices);
            double pairs = gated * share * words;
            double work = pairs * eighth(words_took, slices);
            double bytes = (double)tiles->first[PRINTS / SEARCH_TILE] * share * (12 + 64.0 * words);
            double move = bytes / bytes_a_second, floor = work > move ? work : move;
            printf("{\"bench\":\"stage1\",\"words\":\"%s\",\"kernel\":\"%s\",\"directions\":\"%s\","
                   "\"probe_cylinders\":%u,\"gallery_cylinders\":%.1f,\"gated_pairs\":%.1f,"
                   "\"compares_per_s\":%.0f,\"floor_per_s\":%.0f,\"of_floor\":%.3f,\"bound\":\"%s\","
                   "\"of_popcount_rate\":%.3f,\"gigabytes_per_s\":%.2f}\n",
                   name[depth], hbs_isa_name((enum hbs_isa)isa), even ? "even" : "flow", probe->count,
                   cylinders / PRINTS, gated / PRINTS, prints / time, prints / floor, floor / time,
                   work > move ? "arithmetic" : "memory", pairs * eighth(bare_took, slices) / time,
                   bytes / time / 1e9);
        }
    free(scores);
    free(ready);
    free_tiles(&full);
    free_tiles(&small);
}

/* Prints are made in batches by all threads, each from its own seed, so that the gallery does not
 * depend on the number of threads. */
enum { BATCH = 4096 };
static struct hbs_search_print *batch;
static uint64_t batch_first;

static void make_one(void *arg, size_t index, unsigned thread)
{
    struct hbs_rng rng;
    struct synth_finger f;
    hbs_rng_seed(&rng, 0x5EA4C4 + batch_first + index);
    synth_finger(&rng, &f);
    synth_print(&f, &batch[index]);
}

static void fail(struct hbs_ctx *ctx)
{
    fprintf(stderr, "bench_search: %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
    exit(6);
}

static void mate_of(uint64_t number, struct hbs_search_print *out)
{
    struct hbs_rng rng;
    struct synth_finger f, mate;
    hbs_rng_seed(&rng, 0x5EA4C4 + number);
    synth_finger(&rng, &f);
    hbs_rng_seed(&rng, 0x3A7E + number);
    synth_mate(&rng, &f, &synth_search, &mate);
    synth_print(&mate, out);
}

static void bench_identify(struct hbs_ctx *ctx, uint64_t prints, uint64_t probes, bool compact,
                           int settings, const uint32_t *passing)
{
    char path[4096];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/bench_search.%ld", folder ? folder : "/tmp", (long)getpid());
    struct hbs_gallery_options go = {.compact = compact};
    struct hbs_gallery_writer *w;
    batch = malloc(sizeof *batch * BATCH);
    double t = hbs_clock_wall();
    if (!batch || hbs_gallery_create(ctx, path, &go, &w))
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
    double made = hbs_clock_wall() - t;
    struct hbs_gallery *g;
    t = hbs_clock_wall();
    if (hbs_gallery_open(ctx, path, NULL, &g))
        fail(ctx);
    double opened = hbs_clock_wall() - t;
    struct hbs_gallery_info info;
    hbs_gallery_info(g, &info);
    double n = (double)prints;
    printf("{\"bench\":\"gallery\",\"prints\":%llu,\"compact\":%s,\"cylinders\":%.1f,\"made_s\":%.1f,"
           "\"opened_s\":%.3f,\"bytes_per_print\":{\"file\":%.0f,\"screen\":%.0f,\"stage1\":%.0f,"
           "\"templates\":%.0f,\"tables\":%.0f,\"scores\":2}}\n",
           (unsigned long long)prints, compact ? "true" : "false", (double)info.cylinders / n, made,
           opened, (double)info.file_bytes / n, (double)info.screen_bytes / n,
           (double)info.stage1_bytes / n, (double)info.template_bytes / n, (double)info.table_bytes / n);
    struct hbs_search_print *probe = malloc(sizeof *probe);
    struct hbs_search_answer *a = malloc(sizeof *a);
    struct second_probe second;
    bool *hit = calloc(probes, 1);
    if (!probe || !a || !hit)
        exit(6);
    /* setting -1 is the exhaustive search: its hits are what the others are held against */
    uint64_t exhaustive_hits = 0;
    for (int s = -1; s < settings; s++) {
        uint64_t hits = 0, kept = 0, screened = 0;
        double cpu = 0, wall = 0, step[3] = {0}, most = 0;
        for (uint64_t i = 0; i < probes; i++) {
            uint64_t number = i * (prints / probes) + i % 7;
            number = number < prints ? number : prints - 1;
            mate_of(number, probe);
            second_read(probe->packed, probe->packed_size, &second);
            struct hbs_search_options o = {.compare = second_compare, .arg = &second, .threads = 1,
                                           .exhaustive = s < 0, .passing = s < 0 ? 0 : passing[s]};
            double c = hbs_clock_cpu(), v = hbs_clock_wall();
            if (hbs_gallery_identify(ctx, g, probe, &o, a))
                fail(ctx);
            v = hbs_clock_wall() - v;
            c = hbs_clock_cpu() - c;
            cpu += c;
            wall += v;
            most = c > most ? c : most;
            screened += a->screened;
            for (int k = 0; k < 3; k++)
                step[k] += a->seconds[k];
            bool found = a->count && a->candidates[0].number == number;
            hits += found;
            if (s < 0)
                hit[i] = found;
            else
                kept += found && hit[i];
        }
        if (s < 0)
            exhaustive_hits = hits;
        double p = (double)probes;
        printf("{\"bench\":\"identify\",\"prints\":%llu,\"compact\":%s,\"probes\":%llu,\"exhaustive\":%s,"
               "\"passing_per_10000\":%u,\"rank1\":%.4f,\"of_exhaustive_hits\":%.4f,\"screened\":%.0f,"
               "\"cpu_s\":%.4f,\"cpu_s_most\":%.4f,\"wall_s\":%.4f,\"steps_s\":[%.4f,%.4f,%.4f],"
               "\"kernel\":\"%s\",\"threads\":1}\n",
               (unsigned long long)prints, compact ? "true" : "false", (unsigned long long)probes,
               s < 0 ? "true" : "false", s < 0 ? 10000 : passing[s], (double)hits / p,
               s < 0 ? 1.0 : exhaustive_hits ? (double)kept / (double)exhaustive_hits : 0.0,
               (double)screened / p, cpu / p, most, wall / p, step[0] / p, step[1] / p, step[2] / p,
               a->kernel);
        fflush(stdout);
    }
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("{\"bench\":\"memory\",\"peak_resident_bytes_per_print\":%.0f}\n",
           (double)use.ru_maxrss * 1024 / n);
    free(hit);
    free(a);
    free(probe);
    hbs_gallery_close(g);
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    struct hbs_ctx *ctx;
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    synth_begin();
    uint64_t prints = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    uint64_t probes = argc > 2 ? strtoull(argv[2], NULL, 10) : 50;
    uint32_t passing[16] = {400};
    int settings = 1;
    bool compact = false;
    if (argc > 3) {
        settings = 0;
        for (int i = 3; i < argc && settings < 16; i++)
            if (!strcmp(argv[i], "compact"))
                compact = true;
            else
                passing[settings++] = (uint32_t)strtoul(argv[i], NULL, 10);
    }
    double rate = bandwidth();
    double here[2] = {0, 0};
    for (int i = 0; i < 20; i++) {
        double r = rate_once(hbs_cpu_isa(), i & 1);
        here[i & 1] = r > here[i & 1] ? r : here[i & 1];
    }
    printf("{\"bench\":\"machine\",\"isa\":\"%s\",\"processors\":%u,\"read_gigabytes_per_s\":%.1f,"
           "\"pair_words_per_s\":%.3g,\"popcount_words_per_s\":%.3g}\n",
           hbs_isa_name(hbs_cpu_isa()), hbs_cpu_count(), rate / 1e9, here[0], here[1]);
    if (argc < 2) {
        bench_kernels(true, rate);
        bench_kernels(false, rate);
    }
    if (prints && probes)
        bench_identify(ctx, prints, probes, compact, settings, passing);
    hbs_ctx_close(ctx);
    return 0;
}
