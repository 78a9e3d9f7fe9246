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

/* Tuned by counting: with these an ellipse of 250 x 360 pixels, a full print, holds about 40 minutiae,
 * half of them endings. GAIN is the output for a sinusoid of the filter's own period over its
 * amplitude: high gain freezes what the first passes made, low gain goes on healing (GAIN 4 leaves
 * 6 % more). The Gaussian's deviations are in periods; narrower ones leave more (0.72 along and
 * 0.5 across: 6 %). */
enum { FULL = 127, SCALE_BITS = 13, PASSES = 14, SEED_SIZE = 40 };
static const double GAIN = 2.5, ALONG = 0.85, ACROSS = 0.55;

static int16_t bank[PERIODS][ANGLES][SIDE * WIDTH];
static pthread_once_t bank_once = PTHREAD_ONCE_INIT;

static void make_filter(double period, double angle, int16_t *out)
{
    /* An even Gabor: cosine across the ridge under a Gaussian; a share of the Gaussian is taken off
     * again so that a constant gives nothing. */
    double g[SIDE * SIDE], c[SIDE * SIDE], sum_g = 0, sum_c = 0, power = 0;
    double s = syn_sin(angle), k = syn_cos(angle);
    double across = 1 / (2 * ACROSS * ACROSS * period * period);
    double along = 1 / (2 * ALONG * ALONG * period * period);
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

/* The four sums of a block of 2 x 2 pixels, whose upper left neighbourhood begins at `at`: one load
 * of the filter serves four products. Both ways give the same integers. */
#if defined(__SSE2__)
#include <emmintrin.h>

static inline int32_t total(__m128i v)
{
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, _MM_SHUFFLE(1, 0, 3, 2)));
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm_cvtsi128_si32(v);
}

static inline __m128i load(const int16_t *p) { return _mm_loadu_si128((const __m128i *)(const void *)p); }

static inline void convolve(const int16_t *f, const int16_t *at, size_t stride, int32_t sum[4])
{
    __m128i s0 = _mm_setzero_si128(), s1 = s0, s2 = s0, s3 = s0;
    for (int y = 0; y < SIDE; y++, f += WIDTH, at += stride)
        for (int x = 0; x < WIDTH; x += 8) {
            __m128i k = load(f + x);
            s0 = _mm_add_epi32(s0, _mm_madd_epi16(load(at + x), k));
            s1 = _mm_add_epi32(s1, _mm_madd_epi16(load(at + x + 1), k));
            s2 = _mm_add_epi32(s2, _mm_madd_epi16(load(at + stride + x), k));
            s3 = _mm_add_epi32(s3, _mm_madd_epi16(load(at + stride + x + 1), k));
        }
    sum[0] = total(s0), sum[1] = total(s1), sum[2] = total(s2), sum[3] = total(s3);
}
#else
static inline void convolve(const int16_t *f, const int16_t *at, size_t stride, int32_t sum[4])
{
    sum[0] = sum[1] = sum[2] = sum[3] = 0;
    for (int y = 0; y < SIDE; y++, f += WIDTH, at += stride)
        for (int x = 0; x < WIDTH; x++) {
            sum[0] += (int32_t)f[x] * at[x];
            sum[1] += (int32_t)f[x] * at[x + 1];
            sum[2] += (int32_t)f[x] * at[stride + (size_t)x];
            sum[3] += (int32_t)f[x] * at[stride + (size_t)x + 1];
        }
}
#endif

enum { STRIDE = HBS_SYNTH_WIDTH + 2 * RADIUS + 12, ROWS = HBS_SYNTH_HEIGHT + 2 * RADIUS + 1 };
enum { BW = HBS_SYNTH_WIDTH / 2, BH = HBS_SYNTH_HEIGHT / 2 };

/* The filter of every block of 2 x 2 pixels, NULL outside the finger. */
static void choose_filters(const struct syn_finger *f, const int16_t **filter)
{
    for (int by = 0; by < BH; by++)
        for (int bx = 0; bx < BW; bx++) {
            double u = 2 * bx + 0.5 - SYN_W / 2.0, v = SYN_H / 2.0 - (2 * by + 0.5);
            filter[by * BW + bx] = NULL;
            if (!syn_inside(f, u, v))
                continue;
            int angle = (int)(syn_orientation(f, u, v) * (ANGLES / SYN_PI) + ANGLES + 0.5) % ANGLES;
            double period = syn_period(f, u, v), next = PERIOD_LEAST * (1 + PERIOD_STEP) / 2;
            int p = 0;
            for (; p < PERIODS - 1 && period > next; next *= PERIOD_STEP)
                p++;
            filter[by * BW + bx] = bank[p][angle];
        }
}

enum hbs_err syn_grow(struct hbs_ctx *ctx, const struct syn_finger *f, uint64_t seed, int8_t *height)
{
    pthread_once(&bank_once, make_bank);
    size_t plane = (size_t)STRIDE * ROWS;
    int16_t *a = hbs_alloc(ctx, 2 * plane, sizeof *a);
    const int16_t **filter = hbs_alloc(ctx, (size_t)BW * BH, sizeof *filter);
    enum hbs_err err = HBS_OK;
    if (!a || !filter) {
        err = hbs_fail_memory(ctx, 2 * plane * sizeof *a);
        goto done;
    }
    choose_filters(f, filter);
    int16_t *from = a, *to = a + plane;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, seed);
    for (int y = 0; y < SYN_H; y++)
        for (int x = 0; x < SYN_W; x++)
            from[(size_t)(y + RADIUS) * STRIDE + (size_t)(x + RADIUS)] =
                (int16_t)(syn_normal(&rng) * SEED_SIZE);
    for (int pass = 0; pass < PASSES; pass++) {
        for (int by = 0; by < BH; by++)
            for (int bx = 0; bx < BW; bx++) {
                const int16_t *k = filter[by * BW + bx];
                if (!k)
                    continue;
                size_t at = (size_t)(2 * by) * STRIDE + (size_t)(2 * bx);
                int32_t sum[4];
                convolve(k, from + at, STRIDE, sum);
                for (int i = 0; i < 4; i++) {
                    int32_t v = sum[i] >> SCALE_BITS;
                    v = v > FULL ? FULL : v < -FULL ? -FULL : v;
                    to[at + (size_t)(i >> 1) * STRIDE + (size_t)(i & 1) + RADIUS * STRIDE + RADIUS] = (int16_t)v;
                }
            }
        if (pass == 0)
            memset(from, 0, plane * sizeof *from); /* no seeds outside the finger from now on */
        int16_t *swap = from;
        from = to;
        to = swap;
    }
    for (int y = 0; y < SYN_H; y++)
        for (int x = 0; x < SYN_W; x++)
            height[y * SYN_W + x] = filter[(y / 2) * BW + x / 2]
                ? (int8_t)from[(size_t)(y + RADIUS) * STRIDE + (size_t)(x + RADIUS)]
                : -FULL;
done:
    hbs_free(ctx, a);
    hbs_free(ctx, filter);
    return err;
}

uint64_t syn_grow_work(const struct syn_finger *f)
{
    uint64_t blocks = 0;
    for (int by = 0; by < BH; by++)
        for (int bx = 0; bx < BW; bx++)
            blocks += syn_inside(f, 2 * bx + 0.5 - SYN_W / 2.0, SYN_H / 2.0 - (2 * by + 0.5));
    return blocks * 4 * PASSES * SIDE * WIDTH;
}

/* How far a pixel is from where the height passes zero between it and its neighbours. */
static float first_distance(const int8_t *h, int x, int y)
{
    static const int8_t dx[4] = {1, -1, 0, 0}, dy[4] = {0, 0, 1, -1};
    const int8_t *p = h + y * SYN_W + x;
    float here = *p > 0 ? *p : -*p, near[2] = {1e6f, 1e6f};
    for (int i = 0; i < 4; i++) {
        int nx = x + dx[i], ny = y + dy[i];
        if (nx < 0 || ny < 0 || nx >= SYN_W || ny >= SYN_H)
            continue;
        int n = h[ny * SYN_W + nx];
        if ((n > 0) == (*p > 0))
            continue;
        float d = here / (here + (float)(n > 0 ? n : -n) + 1e-3f);
        if (d < near[i / 2])
            near[i / 2] = d;
    }
    if (near[0] > 1 && near[1] > 1)
        return 1e3f;
    if (near[0] > 1 || near[1] > 1)
        return near[0] < near[1] ? near[0] : near[1];
    /* a slanting edge that cuts both axes: the height of the right-angled triangle */
    return near[0] * near[1] / (__builtin_sqrtf(near[0] * near[0] + near[1] * near[1]) + 1e-6f);
}

static inline void relax(float *d, const int8_t *h, size_t i, size_t j, float step)
{
    if ((h[i] > 0) == (h[j] > 0) && d[j] + step < d[i])
        d[i] = d[j] + step;
}

enum hbs_err syn_relief(struct hbs_ctx *ctx, const struct syn_finger *f, const int8_t *height,
                        int8_t *relief)
{
    size_t pixels = (size_t)SYN_W * SYN_H;
    float *d = hbs_alloc(ctx, pixels, sizeof *d);
    if (!d)
        return hbs_fail_memory(ctx, pixels * sizeof *d);
    for (int y = 0; y < SYN_H; y++)
        for (int x = 0; x < SYN_W; x++)
            d[y * SYN_W + x] = first_distance(height, x, y);
    /* two sweeps of a 3 x 3 chamfer (Borgefors 1986), steps 1 and 1.36 for the least mean error */
    const float side = 1.0f, corner = 1.36f;
    for (int y = 1; y < SYN_H; y++)
        for (int x = 1; x < SYN_W - 1; x++) {
            size_t i = (size_t)(y * SYN_W + x);
            relax(d, height, i, i - 1, side);
            relax(d, height, i, i - SYN_W - 1, corner);
            relax(d, height, i, i - SYN_W, side);
            relax(d, height, i, i - SYN_W + 1, corner);
        }
    for (int y = SYN_H - 2; y >= 0; y--)
        for (int x = SYN_W - 2; x > 0; x--) {
            size_t i = (size_t)(y * SYN_W + x);
            relax(d, height, i, i + 1, side);
            relax(d, height, i, i + SYN_W + 1, corner);
            relax(d, height, i, i + SYN_W, side);
            relax(d, height, i, i + SYN_W - 1, corner);
        }
    for (int y = 0; y < SYN_H; y++) {
        float unit = 0;
        for (int x = 0; x < SYN_W; x++) {
            if (x % 8 == 0) /* the period changes slowly */
                unit = (float)(SYN_RELIEF * 9.0 / syn_period(f, x + 4 - SYN_W / 2.0, SYN_H / 2.0 - y));
            float v = d[y * SYN_W + x] * unit;
            v = v > FULL ? FULL : v;
            relief[y * SYN_W + x] = (int8_t)(height[y * SYN_W + x] > 0 ? v : -v);
        }
    }
    hbs_free(ctx, d);
    return HBS_OK;
}
