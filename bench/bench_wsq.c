/* SPDX-License-Identifier: MPL-2.0
 *
 * WSQ speed: one JSON line for decoding and for encoding a print at the two usual rates.
 * "mb_per_s" counts pixels (one byte each). The floor is what the wavelet passes alone would take
 * at the memory bandwidth measured in this run: every step of the subband tree reads and writes
 * its rectangle of 4-byte coefficients twice, once for the columns and once for the rows. A
 * picture of this size stays in the cache and the floor leaves out arithmetic and Huffman codes,
 * so it is a bound for very large pictures rather than a goal here.
 *
 *     bench_wsq [WIDTH HEIGHT]
 */
#include "image/wsq_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Bytes read and written a second by copying what no cache holds. Best of several. */
static double bandwidth(void)
{
    enum { SIZE = 1 << 26 };
    char *a = malloc(SIZE), *b = malloc(SIZE);
    double best = 0;
    if (!a || !b)
        exit(6);
    memset(a, 1, SIZE);
    memset(b, 2, SIZE);
    for (int i = 0; i < 8; i++) {
        double t = hbs_clock_cpu();
        memcpy(a, b, SIZE);
        __asm__ volatile("" : : "r"(a) : "memory");
        t = hbs_clock_cpu() - t;
        best = fmax(best, 2.0 * SIZE / t);
    }
    free(a);
    free(b);
    return best;
}

static void make_ridges(struct hbs_image *im)
{
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 7);
    for (uint32_t y = 0; y < im->height; y++)
        for (uint32_t x = 0; x < im->width; x++) {
            double u = (x - im->width * 0.45) / im->width, v = (y - im->height * 0.55) / im->height;
            double r = sqrt(u * u + 0.7 * v * v + 0.01);
            double inside = 1.0 / (1.0 + exp(20.0 * (r - 0.5)));
            double p = 230.0 - inside * (90.0 + 80.0 * sin(0.7 * im->width * r + 3.0 * u * v)) +
                       3.0 * hbs_rng_normal(&rng);
            im->pixels[(size_t)y * im->width + x] = (uint8_t)(p < 0 ? 0 : p > 255 ? 255 : p);
        }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    struct hbs_ctx *ctx = NULL;
    struct hbs_image im = {0};
    uint32_t width = argc > 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 640;
    uint32_t height = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 480;
    if (hbs_ctx_open(NULL, &ctx) || hbs_image_make(ctx, width, height, 500, &im))
        return 6;
    make_ridges(&im);
    double bytes = 0, rate_of_memory = bandwidth();
    struct wsq_tree tree;
    hbs_wsq_tree(width, height, &tree);
    for (int i = 0; i < WSQ_SPLITS; i++)
        if (tree.split[i].first < WSQ_BANDS_CODED) /* the last, never sent, needs no work */
            bytes += 16.0 * tree.split[i].rect.width * tree.split[i].rect.height;
    static const double rates[] = {0.75, 2.25};
    for (int r = 0; r < 2; r++) {
        struct hbs_buf out;
        hbs_buf_init(&out, ctx, HBS_IMAGE_BYTES_MAX);
        for (int decoding = 0; decoding <= 1; decoding++) {
            double times[400], total = 0;
            int n = 0;
            while (n < 400 && (n < 5 || total < 1.0)) {
                struct hbs_image back = {0};
                double t = hbs_clock_cpu();
                if (!decoding)
                    out.size = 0;
                if (decoding ? hbs_wsq_decode(ctx, out.data, out.size, &back)
                             : hbs_wsq_encode(ctx, &im, rates[r], &out))
                    return 70;
                times[n] = hbs_clock_cpu() - t;
                total += times[n++];
                hbs_image_close(&back);
            }
            qsort(times, (size_t)n, sizeof *times, compare);
            double s = times[n / 2], floor = bytes / rate_of_memory;
            printf("{\"bench\":\"wsq_%s\",\"width\":%u,\"height\":%u,\"rate\":%g,\"bytes\":%zu,"
                   "\"ms\":%.3f,\"ms_least\":%.3f,\"runs\":%d,\"mb_per_s\":%.1f,"
                   "\"bandwidth_gb_per_s\":%.1f,\"wavelet_mb\":%.2f,\"floor_ms\":%.3f,"
                   "\"floor_share\":%.3f,\"isa\":\"%s\",\"kernel\":\"portable\"}\n",
                   decoding ? "decode" : "encode", width, height, rates[r], out.size, s * 1e3,
                   times[0] * 1e3, n, (double)width * height / s / 1e6, rate_of_memory / 1e9,
                   bytes / 1e6, floor * 1e3, floor / s, hbs_isa_name(hbs_cpu_isa()));
        }
        hbs_buf_close(&out);
    }
    hbs_image_close(&im);
    hbs_ctx_close(ctx);
    return 0;
}
