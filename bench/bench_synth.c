/* SPDX-License-Identifier: MPL-2.0
 *
 * Speed of synthesis, one core, as JSON lines. The bound of a master is its multiplications: the
 * same run measures how many 16-bit multiply-adds a second the portable code of this build reaches
 * in the first-level cache, and prints growth's share of that.
 */
#include "synth/synth_int.h"

#include <stdio.h>

static volatile int32_t sink;

static double multiply_rate(void)
{
    static int16_t a[512], b[512];
    for (int i = 0; i < 512; i++)
        a[i] = (int16_t)(i * 7 - 900), b[i] = (int16_t)(i * 3 - 500);
    double best = 0;
    for (int slice = 0; slice < 20; slice++) { /* the best slice: others share the machine */
        double t = hbs_clock_cpu();
        for (int k = 0; k < 200000; k++) {
            int32_t sum = 0;
            __asm__ volatile("" ::: "memory"); /* so that the sum is made anew each time */
            for (int i = 0; i < 512; i++)
                sum += (int32_t)a[i] * b[i];
            sink ^= sum;
        }
        double rate = 200000.0 * 512 / (hbs_clock_cpu() - t);
        best = rate > best ? rate : best;
    }
    return best;
}

int main(void)
{
    enum { MASTERS = 10, READINGS = 20000 };
    struct hbs_ctx *ctx = NULL;
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    double rate = multiply_rate();
    struct hbs_synth_master *m[MASTERS] = {NULL};
    static int8_t height[HBS_SYNTH_WIDTH * HBS_SYNTH_HEIGHT];
    struct syn_finger f;
    syn_finger_draw(1, 1, &f);
    if (syn_grow(ctx, &f, 1, height)) /* fills the bank of filters, once a process */
        return 1;
    double t = hbs_clock_cpu();
    for (unsigned i = 0; i < MASTERS; i++)
        if (hbs_synth_master_open(ctx, 1, i + 1, &m[i]))
            return 1;
    double master = (hbs_clock_cpu() - t) / MASTERS;
    /* pixels inside the finger, times passes, times the padded filter */
    double work = 0;
    for (unsigned i = 0; i < MASTERS; i++)
        work += (double)syn_grow_work(&m[i]->finger);
    printf("{\"bench\":\"synth_master\",\"isa\":\"%s\",\"ms\":%.2f,\"multiply_adds\":%.0f,"
           "\"multiply_adds_per_s\":%.3g,\"of_bound\":%.3f}\n", hbs_isa_name(HBS_ISA_PORTABLE), master * 1e3,
           work / MASTERS, rate, work / MASTERS / rate / master);
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
