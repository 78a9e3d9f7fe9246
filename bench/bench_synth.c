/* SPDX-License-Identifier: MPL-2.0
 *
 * Speed of synthesis, one core, processor time, as JSON lines. The bound of growth is its multiplications: the
 * same run measures how many multiply-adds a second each kernel reaches when filter and pixels are in the
 * first-level cache, and prints what share of its time growth would take at that rate.
 */
#include "synth/growth_int.h"

#include <stdio.h>

enum { MASTERS = 10, SLICES = 20, READINGS = 20000 };

/* Multiply-adds a second of one kernel on one raster: the best slice, as others share the machine. */
static double multiply_rate(syn_grow_row *row, double products)
{
    enum { N = 32, STRIDE = 2 * N + 32, REPEATS = 4000 };
    static int16_t bank[GROW_FINE], from[STRIDE * (GROW_FINE_SIDE + 1)], to[2 * STRIDE];
    uint16_t choice[N] = {0};
    for (int i = 0; i < GROW_FINE; i++)
        bank[i] = (int16_t)(i % 50 - 25);
    for (size_t i = 0; i < HBS_COUNT(from); i++)
        from[i] = (int16_t)(i % 255) - 127;
    double best = 0;
    for (int slice = 0; slice < SLICES; slice++) {
        double t = hbs_clock_cpu();
        for (int k = 0; k < REPEATS; k++)
            row(bank, choice, N, from, to, STRIDE);
        double rate = products * N * REPEATS / (hbs_clock_cpu() - t);
        best = rate > best ? rate : best;
    }
    return best;
}

static bool bench_growth(struct hbs_ctx *ctx, const struct syn_grow_kernel *k)
{
    static int8_t height[HBS_SYNTH_WIDTH * HBS_SYNTH_HEIGHT];
    double coarse_rate = multiply_rate(k->coarse, GROW_COARSE_SIDE * GROW_COARSE_WIDTH);
    double fine_rate = multiply_rate(k->fine, 4.0 * GROW_FINE_SIDE * GROW_FINE_WIDTH);
    double least = 1e9, bound = 0;
    struct syn_finger f;
    syn_finger_draw(1, 1, &f);
    uint64_t coarse, fine;
    syn_grow_work(&f, &coarse, &fine);
    bound = (double)coarse / coarse_rate + (double)fine / fine_rate;
    for (int i = 0; i <= SLICES; i++) { /* the first fills the bank of filters, once a process */
        double t = hbs_clock_cpu();
        if (syn_grow_with(ctx, k, &f, 1, height))
            return false;
        t = hbs_clock_cpu() - t;
        least = i && t < least ? t : least;
    }
    printf("{\"bench\":\"synth_growth\",\"isa\":\"%s\",\"ms\":%.2f,\"multiply_adds\":%llu,\"coarse_per_s\":%.3g,"
           "\"fine_per_s\":%.3g,\"of_bound\":%.3f}\n", hbs_isa_name(k->isa), least * 1e3,
           (unsigned long long)(coarse + fine), coarse_rate, fine_rate, bound / least);
    return true;
}

int main(void)
{
    struct hbs_ctx *ctx = NULL;
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    struct hbs_synth_master *m[MASTERS] = {NULL};
    if (!bench_growth(ctx, &syn_grow_portable) ||
        (syn_grow_kernel_of(hbs_cpu_isa()) != &syn_grow_portable && !bench_growth(ctx, syn_grow_kernel_of(hbs_cpu_isa()))))
        return 1;
    double t = hbs_clock_cpu();
    for (unsigned i = 0; i < MASTERS; i++)
        if (hbs_synth_master_open(ctx, 1, i + 1, &m[i]))
            return 1;
    double master = (hbs_clock_cpu() - t) / MASTERS;
    printf("{\"bench\":\"synth_master\",\"isa\":\"%s\",\"ms\":%.2f}\n", hbs_isa_name(syn_grow_kernel_of(hbs_cpu_isa())->isa),
           master * 1e3);
    for (int s = 0; s < HBS_SYNTH_SENSORS; s++) {
        const struct hbs_synth_sensor_info *info = hbs_synth_sensor_info((enum hbs_synth_sensor)s);
        t = hbs_clock_cpu();
        for (unsigned i = 0; i < 3 * MASTERS; i++) {
            struct hbs_synth_conditions how;
            struct hbs_image image;
            struct hbs_minutia truth[HBS_SYNTH_MINUTIAE_MAX];
            size_t count;
            if (hbs_synth_conditions(ctx, (enum hbs_synth_sensor)s, 1, i, &how) ||
                hbs_synth_impression(ctx, m[i % MASTERS], &how, i, &image, truth, HBS_SYNTH_MINUTIAE_MAX, &count))
                return 1;
            hbs_image_close(&image);
        }
        double each = (hbs_clock_cpu() - t) / (3 * MASTERS);
        printf("{\"bench\":\"synth_impression\",\"preset\":\"%s\",\"ms\":%.2f,\"ns_per_pixel\":%.1f}\n", info->name,
               each * 1e3, each * 1e9 / (info->width * info->height));
    }
    static struct hbs_finger_template a, b;
    t = hbs_clock_cpu();
    for (uint64_t i = 0; i < READINGS; i++)
        hbs_synth_template(i, 1 + (unsigned)(i % 10), &a);
    double template = (hbs_clock_cpu() - t) / READINGS;
    t = hbs_clock_cpu();
    for (uint64_t i = 0; i < READINGS; i++)
        hbs_synth_mate(&a, 1, i, &b);
    double mate = (hbs_clock_cpu() - t) / READINGS;
    printf("{\"bench\":\"synth_template\",\"per_s\":%.0f,\"mates_per_s\":%.0f}\n", 1 / template, 1 / mate);
    for (unsigned i = 0; i < MASTERS; i++)
        hbs_synth_master_close(m[i]);
    hbs_ctx_close(ctx);
    return 0;
}
