/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: every kernel of growth does what the definition says, at every length, alignment and pattern of
 * pixels without a filter, and touches nothing else; whole fingers grow alike by all; and the relief's
 * distances are near the true ones.
 */
#include "synth/growth_int.h"
#include "tap.h"

#include <math.h>

static struct hbs_ctx *ctx;

enum { FILTERS = 9, MOST = 40, STRIDE = 2 * MOST + 40, ROWS = GROW_FINE_SIDE + 1, PLANE = STRIDE * ROWS };

/* The definition: filters without padding or lead, one pixel at a time. */
static int16_t plain(const int16_t *f, int side, int width, const int16_t *at, size_t stride)
{
    int64_t sum = 0;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            sum += (int64_t)f[y * width + x] * at[(size_t)y * stride + (size_t)x];
    int64_t v = (int64_t)floor((double)sum / (1 << GROW_BITS));
    return (int16_t)(v > GROW_FULL ? GROW_FULL : v < -GROW_FULL ? -GROW_FULL : v);
}

/* Coefficients up to 12,000 / side: a part of the sums is beyond what a height may be, most are not. */
static void make_filter(struct hbs_rng *rng, int side, int width, int16_t *out)
{
    int most = 12000 / side;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            out[y * width + x] = (int16_t)((int)hbs_rng_below(rng, 2 * (uint32_t)most + 1) - most);
}

static void test_rows(const struct syn_grow_kernel *k)
{
    static int16_t fine[FILTERS * GROW_FINE], coarse[FILTERS * GROW_COARSE];
    static int16_t want[PLANE], got[PLANE];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    for (int i = 0; i < FILTERS; i++) {
        make_filter(&rng, GROW_FINE_SIDE, GROW_FINE_WIDTH, fine + i * GROW_FINE + GROW_FINE_LEAD);
        make_filter(&rng, GROW_COARSE_SIDE, GROW_COARSE_WIDTH, coarse + i * GROW_COARSE);
    }
    int wrong[2] = {0}, full[2] = {0}, made[2] = {0};
    for (size_t n = 0; n <= MOST; n++)
        for (size_t shift = 0; shift < 16; shift++) {
            uint16_t choice[MOST];
            uint32_t bare = hbs_rng_below(&rng, 3); /* none, few or many without a filter */
            for (size_t i = 0; i < n; i++)
                choice[i] = hbs_rng_below(&rng, 4) < bare ? GROW_NONE : (uint16_t)hbs_rng_below(&rng, FILTERS);
            for (int large = 0; large < 2; large++) {
                size_t stride = 2 * n + 30 + shift, rows = large ? ROWS : GROW_COARSE_SIDE;
                size_t reads = large ? 2 * n + 23 : n + 15; /* numbers of the last row that may be read */
                /* the last number that may be read is the last of its block of memory: a sanitizer sees one more */
                size_t size = shift + (rows - 1) * stride + reads;
                int16_t *from = malloc(size * sizeof *from);
                if (!from)
                    exit(1);
                for (size_t i = 0; i < size; i++)
                    from[i] = (int16_t)((int)hbs_rng_below(&rng, 281) - 140);
                for (int i = 0; i < PLANE; i++)
                    want[i] = got[i] = (int16_t)(i * 7);
                for (size_t i = 0; i < n; i++) {
                    if (choice[i] == GROW_NONE)
                        continue;
                    for (size_t q = 0; q < (large ? 4 : 1); q++) {
                        size_t x = large ? 2 * i + q % 2 : i, y = q / 2;
                        const int16_t *at = from + shift + y * stride + x;
                        want[y * stride + x] =
                            large ? plain(fine + choice[i] * GROW_FINE + GROW_FINE_LEAD, GROW_FINE_SIDE, GROW_FINE_WIDTH, at, stride)
                                  : plain(coarse + choice[i] * GROW_COARSE, GROW_COARSE_SIDE, GROW_COARSE_WIDTH, at, stride);
                        made[large]++;
                        full[large] += abs(want[y * stride + x]) == GROW_FULL;
                    }
                }
                if (n)
                    (large ? k->fine : k->coarse)(large ? fine : coarse, choice, n, from + shift, got, stride);
                wrong[large] += memcmp(want, got, sizeof got) != 0;
                free(from);
            }
        }
    for (int large = 0; large < 2; large++)
        ok(!wrong[large] && made[large] > 5000 && full[large] > 0 && full[large] < made[large] / 2,
           "%s: %s rows of 0 to %d pixels are what the definition says", hbs_isa_name(k->isa),
           large ? "fine" : "coarse", MOST);
}

static void test_fingers(void)
{
    enum { FINGERS = 6 };
    static int8_t want[HBS_SYNTH_WIDTH * HBS_SYNTH_HEIGHT], got[HBS_SYNTH_WIDTH * HBS_SYNTH_HEIGHT];
    int wrong = 0;
    for (unsigned i = 0; i < FINGERS; i++) {
        struct syn_finger f;
        syn_finger_draw(40 + i, 1 + i, &f);
        if (syn_grow_with(ctx, &syn_grow_portable, &f, i, want)) {
            ok(false, "a finger grows");
            return;
        }
        for (int isa = 0; isa <= (int)hbs_cpu_isa(); isa++) {
            memset(got, 1, sizeof got);
            wrong += syn_grow_with(ctx, syn_grow_kernel_of((enum hbs_isa)isa), &f, i, got) ||
                     memcmp(want, got, sizeof got);
        }
    }
    is_int(wrong, 0, "fingers are the same by every kernel up to %s", hbs_isa_name(hbs_cpu_isa()));
}

/* Stripes whose edges are known: the relief is their distance in pixels of a period of 9. */
static void test_relief(void)
{
    static int8_t height[HBS_SYNTH_WIDTH * HBS_SYNTH_HEIGHT], relief[HBS_SYNTH_WIDTH * HBS_SYNTH_HEIGHT];
    struct syn_finger f;
    syn_finger_draw(3, 2, &f);
    for (int turn = 0; turn < 12; turn++) {
        double way = SYN_PI * turn / 12, dx = cos(way), dy = sin(way), period = 10, worst = 0, sum = 0;
        for (int y = 0; y < SYN_H; y++)
            for (int x = 0; x < SYN_W; x++)
                height[y * SYN_W + x] = (int8_t)lrint(127 * sin(2 * SYN_PI * (x * dx + y * dy) / period));
        if (syn_relief(ctx, &f, height, relief)) {
            ok(false, "relief is made");
            return;
        }
        int count = 0, sides = 0;
        for (int y = 40; y < SYN_H - 40; y++)
            for (int x = 40; x < SYN_W - 40; x++) {
                double t = (x * dx + y * dy) / (period / 2), edge = fabs(t - floor(t + 0.5)) * period / 2;
                double unit = SYN_RELIEF * 9 / syn_period(&f, x - SYN_W / 2.0, SYN_H / 2.0 - y);
                double off = fabs(abs(relief[y * SYN_W + x]) / unit - edge);
                sides += (relief[y * SYN_W + x] > 0) != (height[y * SYN_W + x] > 0) && relief[y * SYN_W + x];
                worst = fmax(worst, off);
                sum += off;
                count++;
            }
        if (sides || worst > 0.45 || sum / count > 0.15)
            printf("# turned by %d degrees: worst %.2f, mean %.3f pixel, %d on the wrong side\n", turn * 15, worst,
                   sum / count, sides);
        ok(!sides && worst <= 0.45 && sum / count <= 0.15, "distances to stripes turned by %d degrees", turn * 15);
    }
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    const struct syn_grow_kernel *last = NULL;
    for (int isa = 0; isa <= (int)hbs_cpu_isa(); isa++) {
        const struct syn_grow_kernel *k = syn_grow_kernel_of((enum hbs_isa)isa);
        if (k != last)
            test_rows(k);
        last = k;
    }
    test_fingers();
    test_relief();
    hbs_ctx_close(ctx);
    return tap_end();
}
