/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: ridges from an orientation map and a period map, by iterated contextual filtering
 * (Cappelli, Erol, Maio, Maltoni, "Synthetic fingerprint-image generation", ICPR 2000): a Gabor
 * filter tuned to each place's orientation and period is applied again and again to a field of
 * random seeds; ridges grow out from the seeds, meet, and where they cannot agree a minutia stays.
 *
 * Fast for three reasons. Ridges grow on a raster of half the resolution, where a period is still three
 * pixels or more and a pass costs a sixteenth; only the last passes, which give them their shape, are
 * made on the full one. Filters come from a bank (64 orientations by 20 periods, made once a
 * process). All is 16-bit integers, multiplied and added up by the kernels of growth_ISA.c; integer
 * sums are the same in any order, so the result depends neither on the kernel nor on the compiler.
 */
#include "growth_int.h"

#include <pthread.h>

enum { ANGLES = 64, PERIODS = 20, FILTERS = ANGLES * PERIODS };
#define PERIOD_LEAST 6.0
#define PERIOD_STEP 1.0435 /* 6.0 .. 13.5 in 20 geometric steps */

/* Tuned by counting: with these an ellipse of 250 x 360 pixels, a full print, holds about 40 minutiae,
 * half of them endings, as many as 14 passes on the fine raster would leave (200 fingers: 41.0 and 40.7,
 * endings 49.5 and 50.0 %). Passes heal: 8 coarse ones leave 5 % more, 16 leave 4 % fewer. The fine ones only
 * shape the ridges: after one or after three there are as many. GAIN is the output for a sinusoid of the
 * filter's own period over its amplitude: high gain freezes what the first passes made, low gain goes on
 * healing. The Gaussian's deviations are in periods; narrower ones leave more. */
enum { COARSE_PASSES = 12, FINE_PASSES = 2, SEED_SIZE = 40 };
static const double GAIN = 2.5, ALONG = 0.85, ACROSS = 0.55;

/* The coarse raster with its margin, and the fine one; rows are as long as kernels read. */
enum { CW = HBS_SYNTH_WIDTH / 2, CH = HBS_SYNTH_HEIGHT / 2 };
enum { COARSE_STRIDE = CW + 2 * GROW_COARSE_REACH + 22, COARSE_ROWS = CH + 2 * GROW_COARSE_REACH };
enum { FINE_STRIDE = HBS_SYNTH_WIDTH + 2 * GROW_FINE_REACH + 12, FINE_ROWS = HBS_SYNTH_HEIGHT + 2 * GROW_FINE_REACH + 1 };

static int16_t fine_bank[FILTERS * GROW_FINE], coarse_bank[FILTERS * GROW_COARSE];
static pthread_once_t bank_once = PTHREAD_ONCE_INIT;

/* An even Gabor: cosine across the ridge under a Gaussian; a share of the Gaussian is taken off again so that a
 * constant gives nothing. The coefficients of one filter add up to less than 2^17 in magnitude, and heights
 * are at most 2^8, so that no sum leaves 32 bits. */
static void make_filter(double period, double angle, int reach, int width, int16_t *out)
{
    enum { MOST = GROW_FINE_SIDE * GROW_FINE_SIDE };
    double g[MOST], c[MOST], sum_g = 0, sum_c = 0, power = 0;
    double s = syn_sin(angle), k = syn_cos(angle);
    double across = 1 / (2 * ACROSS * ACROSS * period * period);
    double along = 1 / (2 * ALONG * ALONG * period * period);
    int side = 2 * reach + 1;
    for (int y = -reach; y <= reach; y++)
        for (int x = -reach; x <= reach; x++) {
            int i = (y + reach) * side + x + reach;
            double d = x * s + y * k, l = x * k - y * s; /* y is down */
            g[i] = syn_exp(-d * d * across - l * l * along);
            c[i] = syn_cos(2 * SYN_PI * d / period);
            sum_g += g[i];
            sum_c += g[i] * c[i];
        }
    double mean = sum_c / sum_g;
    for (int i = 0; i < side * side; i++)
        power += g[i] * (c[i] - mean) * c[i];
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            int i = y * side + x;
            double v = g[i] * (c[i] - mean) / power * GAIN * (1 << GROW_BITS);
            out[y * width + x] = (int16_t)(v + (v < 0 ? -0.5 : 0.5));
        }
}

static void make_bank(void)
{
    double period = PERIOD_LEAST;
    for (int p = 0; p < PERIODS; p++, period *= PERIOD_STEP)
        for (int a = 0; a < ANGLES; a++) {
            int i = p * ANGLES + a;
            make_filter(period, SYN_PI * a / ANGLES, GROW_FINE_REACH, GROW_FINE_WIDTH,
                        fine_bank + i * GROW_FINE + GROW_FINE_LEAD);
            make_filter(period / 2, SYN_PI * a / ANGLES, GROW_COARSE_REACH, GROW_COARSE_WIDTH,
                        coarse_bank + i * GROW_COARSE);
        }
}

const struct syn_grow_kernel *syn_grow_kernel_of(enum hbs_isa isa)
{
#if defined(__x86_64__)
    if (isa >= HBS_ISA_AVX2)
        return &syn_grow_avx2;
#endif
    (void)isa;
    return &syn_grow_portable;
}

/* ---- which filter where ---- */

/* Orientation and period are computed at nodes every NODE coarse pixels and are linear between, except where
 * orientation turns by more than BEND from node to node: around singular points it is computed everywhere. */
enum { NODE = 4, NODES_X = CW / NODE + 1, NODES_Y = CH / NODE + 1 };
#define BEND 0.15

struct map {
    double angle[NODES_Y][NODES_X], period[NODES_Y][NODES_X];
};

static double nearest_turn(double a)
{
    return a > SYN_PI / 2 ? a - SYN_PI : a < -SYN_PI / 2 ? a + SYN_PI : a;
}

/* The number of the filter of every coarse pixel. */
static void choose_filters(const struct syn_finger *f, struct map *map, uint16_t *choice)
{
    /* place of a coarse pixel's middle in the finger's frame */
    double u0 = 0.5 - SYN_W / 2.0, v0 = SYN_H / 2.0 - 0.5;
    for (int y = 0; y < NODES_Y; y++)
        for (int x = 0; x < NODES_X; x++) {
            map->angle[y][x] = syn_orientation(f, u0 + 2 * NODE * x, v0 - 2 * NODE * y);
            map->period[y][x] = syn_period(f, u0 + 2 * NODE * x, v0 - 2 * NODE * y);
        }
    double limit[PERIODS - 1], next = PERIOD_LEAST * (1 + PERIOD_STEP) / 2;
    for (int p = 0; p < PERIODS - 1; p++, next *= PERIOD_STEP)
        limit[p] = next;
    for (int y = 0; y < CH; y++)
        for (int x = 0; x < CW; x++) {
            double u = u0 + 2 * x, v = v0 - 2 * y;
            choice[y * CW + x] = GROW_NONE;
            if (!syn_inside(f, u, v))
                continue;
            const double *a0 = &map->angle[y / NODE][x / NODE], *a1 = a0 + NODES_X;
            const double *p0 = &map->period[y / NODE][x / NODE], *p1 = p0 + NODES_X;
            double fx = (double)(x % NODE) / NODE, fy = (double)(y % NODE) / NODE, a = a0[0];
            double right = nearest_turn(a0[1] - a), down = nearest_turn(a1[0] - a), far = nearest_turn(a1[1] - a);
            double least = right < down ? right : down, most = right < down ? down : right;
            least = far < least ? far : least;
            most = far > most ? far : most;
            if ((most > 0 ? most : 0) - (least < 0 ? least : 0) > BEND)
                a = syn_orientation(f, u, v);
            else
                a += fx * right + fy * (down + fx * (far - right - down));
            int angle = (int)(a * (ANGLES / SYN_PI) + ANGLES + 0.5) % ANGLES;
            double upper = p0[0] + fx * (p0[1] - p0[0]), lower = p1[0] + fx * (p1[1] - p1[0]);
            double period = upper + fy * (lower - upper);
            int p = 0;
            while (p < PERIODS - 1 && period > limit[p])
                p++;
            choice[y * CW + x] = (uint16_t)(p * ANGLES + angle);
        }
}

/* ---- growing ---- */

/* All passes on one raster, between `from` and `to`; the last result is in what is returned. Seeds
 * outside the finger are gone after the first. `step` is how many rows a row of coarse pixels makes. */
static int16_t *grow(syn_grow_row *row, const int16_t *bank, const uint16_t *choice, int passes, int16_t *from,
                     int16_t *to, size_t stride, size_t plane, int reach, int step)
{
    size_t into = (size_t)reach * stride + (size_t)reach;
    for (int pass = 0; pass < passes; pass++) {
        for (int y = 0; y < CH; y++) {
            size_t at = (size_t)(y * step) * stride;
            row(bank, choice + y * CW, CW, from + at, to + at + into, stride);
        }
        if (pass == 0)
            memset(from, 0, plane * sizeof *from);
        int16_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

/* Each coarse pixel lies in the middle of its four fine ones: weights 9, 3, 3, 1 of 16. */
static void refine(const int16_t *coarse, int16_t *fine)
{
    for (int y = 0; y < SYN_H; y++) {
        const int16_t *near = coarse + (y / 2 + GROW_COARSE_REACH) * COARSE_STRIDE + GROW_COARSE_REACH;
        const int16_t *far = near + (y % 2 ? COARSE_STRIDE : -COARSE_STRIDE);
        int16_t *out = fine + (y + GROW_FINE_REACH) * FINE_STRIDE + GROW_FINE_REACH;
        for (int x = 0; x < CW; x++) {
            int here = 9 * near[x] + 3 * far[x], left = 3 * near[x - 1] + far[x - 1], right = 3 * near[x + 1] + far[x + 1];
            out[2 * x] = (int16_t)((here + left) / 16);
            out[2 * x + 1] = (int16_t)((here + right) / 16);
        }
    }
}

enum hbs_err syn_grow(struct hbs_ctx *ctx, const struct syn_finger *f, uint64_t seed, int8_t *height)
{
    return syn_grow_with(ctx, syn_grow_kernel_of(hbs_cpu_isa()), f, seed, height);
}

enum hbs_err syn_grow_with(struct hbs_ctx *ctx, const struct syn_grow_kernel *kernel, const struct syn_finger *f,
                           uint64_t seed, int8_t *height)
{
    pthread_once(&bank_once, make_bank);
    size_t coarse = (size_t)COARSE_STRIDE * COARSE_ROWS, fine = (size_t)FINE_STRIDE * FINE_ROWS;
    struct map *map = hbs_alloc(ctx, 1, sizeof *map);
    int16_t *raster = hbs_alloc(ctx, 2 * (coarse + fine), sizeof *raster);
    uint16_t *choice = hbs_alloc(ctx, (size_t)CW * CH, sizeof *choice);
    enum hbs_err err = HBS_OK;
    if (!map || !raster || !choice) {
        err = hbs_fail_memory(ctx, 2 * (coarse + fine) * sizeof *raster);
        goto done;
    }
    choose_filters(f, map, choice);
    int16_t *from = raster, *to = raster + 2 * coarse;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, seed);
    for (int y = 0; y < CH; y++)
        for (int x = 0; x < CW; x++)
            from[(y + GROW_COARSE_REACH) * COARSE_STRIDE + x + GROW_COARSE_REACH] = (int16_t)(syn_normal(&rng) * SEED_SIZE);
    from = grow(kernel->coarse, coarse_bank, choice, COARSE_PASSES, from, raster + coarse, COARSE_STRIDE, coarse,
                GROW_COARSE_REACH, 1);
    refine(from, to);
    to = grow(kernel->fine, fine_bank, choice, FINE_PASSES, to, to + fine, FINE_STRIDE, fine, GROW_FINE_REACH, 2);
    for (int y = 0; y < SYN_H; y++)
        for (int x = 0; x < SYN_W; x++)
            height[y * SYN_W + x] = choice[(y / 2) * CW + x / 2] == GROW_NONE
                ? -GROW_FULL
                : (int8_t)to[(y + GROW_FINE_REACH) * FINE_STRIDE + x + GROW_FINE_REACH];
done:
    hbs_free(ctx, map);
    hbs_free(ctx, raster);
    hbs_free(ctx, choice);
    return err;
}

void syn_grow_work(const struct syn_finger *f, uint64_t *coarse, uint64_t *fine)
{
    uint64_t pixels = 0;
    for (int y = 0; y < CH; y++)
        for (int x = 0; x < CW; x++)
            pixels += syn_inside(f, 2 * x + 0.5 - SYN_W / 2.0, SYN_H / 2.0 - (2 * y + 0.5));
    *coarse = pixels * COARSE_PASSES * GROW_COARSE_SIDE * GROW_COARSE_WIDTH;
    *fine = pixels * FINE_PASSES * 4 * GROW_FINE_SIDE * GROW_FINE_WIDTH;
}
