/* SPDX-License-Identifier: MPL-2.0
 *
 * How fast the finger room is, one core, thread CPU time, as JSON lines: extraction (median over a
 * set), preparation, and the full comparison of impostors and of genuine pairs. Beside each
 * comparison rate stands its floor: the 64-bit popcounts of all gated pairs of minutiae over the
 * measured popcount rate, which no exact stage 1 on these descriptors can beat.
 *
 *   bench_finger [SET]     SET: a folder below $HABEAS_DATA/finger, usually fvc2002_db1b
 */
#include "finger/match_int.h"
#include "habeas/habeas.h"

#include <stdio.h>
#include <stdlib.h>

enum { FINGERS = 10, IMPRESSIONS = 8, PRINTS = FINGERS * IMPRESSIONS };

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Words a second of exclusive-or, popcount and add over the kernel in use, from the first cache. */
static double kernel_rate(void)
{
    static uint64_t bits[FM_WORDS][FM_LANES];
    uint64_t word[FM_WORDS] = {1, 2, 3, 4, 5};
    uint16_t out[FM_LANES];
    const struct fm_tables *t = fm_shipped();
    double best = 0;
    for (int round = 0; round < 5; round++) {
        enum { TIMES = 200000 };
        double start = hbs_clock_cpu();
        for (int i = 0; i < TIMES; i++) {
            word[0] = (uint64_t)i;
            t->bits_differ(word, bits, 0, FM_MOST, out);
            __asm__ volatile("" : : "r"(out) : "memory");
        }
        double rate = (double)TIMES * FM_MOST * FM_WORDS / (hbs_clock_cpu() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    const char *data = getenv("HABEAS_DATA"), *set = argc > 1 ? argv[1] : "fvc2002_db1b";
    static struct hbs_finger_print *print[PRINTS];
    static struct hbs_finger_template t;
    static double took[PRINTS];
    struct hbs_ctx *ctx;
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    double minutiae = 0, packed = 0, prepare = 0;
    for (int i = 0; i < PRINTS; i++) {
        char path[2048];
        struct hbs_buf buf;
        struct hbs_image image;
        struct hbs_finger_options o = {500};
        snprintf(path, sizeof path, "%s/finger/%s/%d_%d.tif", data ? data : "../shared/data", set,
                 101 + i / IMPRESSIONS, 1 + i % IMPRESSIONS);
        hbs_buf_init(&buf, ctx, HBS_IMAGE_BYTES_MAX);
        if (hbs_file_read(ctx, path, &buf)) {
            printf("{\"bench\":\"finger\",\"skipped\":\"no %s\"}\n", set);
            return 0;
        }
        double start = hbs_clock_cpu();
        if (hbs_image_decode_here(ctx, buf.data, buf.size, &image) ||
            hbs_finger_extract(ctx, &image, &o, &t, NULL))
            return 70;
        took[i] = 1e3 * (hbs_clock_cpu() - start);
        start = hbs_clock_cpu();
        if (hbs_finger_prepare(ctx, &t, &print[i]))
            return 70;
        prepare += 1e6 * (hbs_clock_cpu() - start) / PRINTS;
        hbs_image_close(&image);
        buf.size = 0;
        if (hbs_finger_pack(ctx, &t, &buf))
            return 70;
        packed += (double)buf.size / PRINTS;
        minutiae += (double)t.count / PRINTS;
        hbs_buf_close(&buf);
    }
    qsort(took, PRINTS, sizeof *took, by_size);
    printf("{\"bench\":\"finger_extract\",\"set\":\"%s\",\"isa\":\"%s\",\"ms_median\":%.2f,\"ms_most\":%.2f,"
           "\"minutiae\":%.1f,\"packed_bytes\":%.0f,\"prepare_us\":%.1f}\n", set, hbs_isa_name(hbs_cpu_isa()),
           took[PRINTS / 2], took[PRINTS - 1], minutiae, packed, prepare);
    double words = kernel_rate();
    for (int genuine = 0; genuine < 2; genuine++) {
        double best = 0, gated = 0;
        long pairs = 0;
        for (int round = 0; round < 5; round++) {
            struct hbs_finger_result r;
            double start = hbs_clock_cpu(), spent;
            pairs = 0;
            do
                for (int i = 0; i < PRINTS; i++)
                    for (int j = i + 1; j < PRINTS; j++)
                        if ((i / IMPRESSIONS == j / IMPRESSIONS) == genuine) {
                            hbs_finger_compare(print[i], print[j], &r);
                            pairs++;
                        }
            while ((spent = hbs_clock_cpu() - start) < 0.3);
            best = (double)pairs / spent > best ? (double)pairs / spent : best;
        }
        long looked = 0;
        for (int i = 0; i < PRINTS; i++)
            for (int j = i + 1; j < PRINTS; j++)
                if ((i / IMPRESSIONS == j / IMPRESSIONS) == genuine) {
                    looked++;
                    for (int a = 0; a < print[i]->count; a++)
                        for (int b = 0; b < print[j]->count; b++)
                            gated += abs((int8_t)(print[i]->angle[a] - print[j]->angle[b])) <= FM_GATE;
                }
        gated /= (double)looked;
        double floor = words / (gated * FM_WORDS);
        printf("{\"bench\":\"finger_compare\",\"set\":\"%s\",\"pairs\":\"%s\",\"kernel\":\"%s\",\"per_s\":%.0f,"
               "\"us\":%.2f,\"stage1_floor_per_s\":%.0f,\"ratio\":%.3f,\"words_per_s\":%.3g}\n", set,
               genuine ? "genuine" : "impostor", hbs_finger_kernel(), best, 1e6 / best, floor, best / floor, words);
    }
    for (int i = 0; i < PRINTS; i++)
        hbs_finger_print_close(print[i]);
    hbs_ctx_close(ctx);
    return 0;
}
