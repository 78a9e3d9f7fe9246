/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: ridges from an orientation map and a period map, by iterated contextual filtering
 * (Cappelli, Erol, Maio, Maltoni, "Synthetic fingerprint-image generation", ICPR 2000): a Gabor
 * filter tuned to each place's orientation and period is applied again and again to a field of
 * random seeds; ridges grow out from the seeds, meet, and where they cannot agree a minutia stays.
 *
 * Fast because all is 16-bit integers: filters come from a bank (64 orientations by 20 periods,
 * made once a process), two by two pixels share one, and a pass is a sum of products that
 * compilers turn into multiply-add instructions of the x86-64 floor; integer sums are the same in
 * any order, so the result does not depend on who compiled it.
 */
#include "synth_int.h"

#include <pthread.h>

/* Filters reach RADIUS pixels: 2.6 deviations of a period of 9.5. Rows are padded to WIDTH. */
enum { RADIUS = 10, SIDE = 2 * RADIUS + 1, WIDTH = 24, ANGLES = 64, PERIODS = 20 };
#define PERIOD_LEAST 6.0
#define PERIOD_STEP 1.0435 /* 6.0 .. 13.5 in 20 geometric steps */

/* How it was tuned: see docs/rooms/synth.md. GAIN: output for a full sinusoid of the filter's own
 * period, over its amplitude. SEED_SHARE: of 65536 pixels, those that start as seeds. */
enum { FULL = 127, SCALE_BITS = 13, PASSES_ = 14 }; int PASSES = 14; enum { JUNK };
double GAIN = 4;
double ALONG = 1.3, ACROSS = 0.5; /* deviation along and across, in periods: see */

static int16_t bank[PERIODS][ANGLES][SIDE * WIDTH];
static pthread_once_t bank_once = PTHREAD_ONCE_INIT;

static void make_filter(double period, double angle, int16_t *out)
{
    /* An even Gabor: cosine across the ridge under a Gaussian, 1e-3 of its peak at one and a half
     * periods (SFinGe); the Gaussian is taken off again so that a constant gives nothing. */
    double g[SIDE * SIDE], c[SIDE * SIDE], sum_g = 0, sum_c = 0, power = 0;
    double s = syn_sin(angle), k = syn_cos(angle);
    double across = 1 / (2 * ACROSS * ACROSS * period * period), along = across / (ALONG * ALONG);
    for (int y = -RADIUS; y <= RADIUS; y++)
        for (int x = -RADIUS; x <= RADIUS; x++) {
            int i = (y + RADIUS) * SIDE + x + RADIUS;
            double d = x * s + y * k, l = x * k - y * s; /* y is down */
            g[i] = syn_exp(-d * d * across - l * l * along);
            c[i] = syn_cos(2 * SYN_PI * d / period);
            sum_g += g[i];
            sum_c += g[i] * c[i];
        }
    double mean = sum_c / sum_g;
    for (int i = 0; i < SIDE * SIDE; i++)
        power += g[i] * (c[i] - mean) * c[i];
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int i = y * SIDE + x;
            double v = g[i] * (c[i] - mean) / power * GAIN * (1 << SCALE_BITS);
            out[y * WIDTH + x] = (int16_t)(v + (v < 0 ? -0.5 : 0.5));
        }
}

static void make_bank(void)
{
    double period = PERIOD_LEAST;
    for (int p = 0; p < PERIODS; p++, period *= PERIOD_STEP)
        for (int a = 0; a < ANGLES; a++)
            make_filter(period, SYN_PI * a / ANGLES, bank[p][a]);
}

static inline int32_t convolve(const int16_t *f, const int16_t *at, size_t stride)
{
    int32_t sum = 0;
    for (int y = 0; y < SIDE; y++, f += WIDTH, at += stride)
        for (int x = 0; x < WIDTH; x++)
            sum += (int32_t)f[x] * at[x];
    return sum;
}

enum { STRIDE = HBS_SYNTH_WIDTH + 2 * RADIUS + 12, ROWS = HBS_SYNTH_HEIGHT + 2 * RADIUS + 1 };

enum hbs_err syn_grow(struct hbs_ctx *ctx, const struct syn_finger *f, uint64_t seed, int8_t *height)
{
    pthread_once(&bank_once, make_bank);
    enum { BW = HBS_SYNTH_WIDTH / 2, BH = HBS_SYNTH_HEIGHT / 2 };
    size_t plane = (size_t)STRIDE * ROWS;
    int16_t *a = hbs_alloc(ctx, 2 * plane, sizeof *a);
    const int16_t **filter = hbs_alloc(ctx, (size_t)BW * BH, sizeof *filter);
    enum hbs_err err = HBS_OK;
    if (!a || !filter) {
        err = hbs_fail_memory(ctx, 2 * plane * sizeof *a);
        goto done;
    }
    for (int by = 0; by < BH; by++)
        for (int bx = 0; bx < BW; bx++) {
            double u = 2 * bx + 0.5 - SYN_W / 2.0, v = SYN_H / 2.0 - (2 * by + 0.5);
            if (!syn_inside(f, u, v))
                continue;
            double turn = syn_orientation(f, u, v) * (ANGLES / SYN_PI);
            int angle = (int)(turn + ANGLES + 0.5) % ANGLES;
            double period = syn_period(f, u, v);
            int p = 0;
            for (double next = PERIOD_LEAST * 1.0215; p < PERIODS - 1 && period > next; next *= PERIOD_STEP)
                p++;
            filter[by * BW + bx] = bank[p][angle];
        }
    int16_t *from = a, *to = a + plane;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, seed);
    for (int y = 0; y < SYN_H; y++)
        for (int x = 0; x < SYN_W; x++)
            from[(size_t)(y + RADIUS) * STRIDE + (size_t)(x + RADIUS)] =
                (int16_t)(syn_normal(&rng) * 40);
    for (int pass = 0; pass < PASSES; pass++) {
        for (int by = 0; by < BH; by++)
            for (int bx = 0; bx < BW; bx++) {
                const int16_t *k = filter[by * BW + bx];
                if (!k)
                    continue;
                for (int i = 0; i < 4; i++) {
                    size_t at = (size_t)(2 * by + (i >> 1)) * STRIDE + (size_t)(2 * bx + (i & 1));
                    int32_t v = convolve(k, from + at, STRIDE) >> SCALE_BITS;
                    v = v > FULL ? FULL : v < -FULL ? -FULL : v;
                    to[at + RADIUS * STRIDE + RADIUS] = (int16_t)v;
                }
            }
        if (pass == 0)
            memset(from, 0, plane * sizeof *from);
        int16_t *swap = from;
        from = to;
        to = swap;
    }
    for (int y = 0; y < SYN_H; y++)
        for (int x = 0; x < SYN_W; x++)
            height[y * SYN_W + x] = (int8_t)from[(size_t)(y + RADIUS) * STRIDE + (size_t)(x + RADIUS)];
done:
    hbs_free(ctx, a);
    hbs_free(ctx, filter);
    return err;
}
