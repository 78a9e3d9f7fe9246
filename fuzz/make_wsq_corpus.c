/* SPDX-License-Identifier: MPL-2.0
 *
 * Writes the corpora of the WSQ targets: `make_wsq_corpus fuzz/corpus` makes or renews wsq/ and
 * wsq_encode/ there. All pictures are made here.
 */
#include "image/wsq_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int bad, count;

static void write_file(const char *dir, const char *folder, const char *name, const void *data,
                       size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", dir, folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size)
        bad++;
    if (f)
        bad += fclose(f) != 0;
    count++;
}

/* A grating with some noise; `noise` 0 gives a smooth one, `swing` 0 a blank picture. */
static struct hbs_image grating(struct hbs_ctx *ctx, uint32_t w, uint32_t h, uint32_t ppi,
                                double swing, double noise)
{
    struct hbs_image im;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, w * 1000 + h);
    if (hbs_image_make(ctx, w, h, ppi, &im))
        exit(6);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            double p = 128 + swing * sin(0.6 * x + 0.4 * y) + noise * hbs_rng_normal(&rng);
            im.pixels[(size_t)y * w + x] = (uint8_t)(p < 0 ? 0 : p > 255 ? 255 : p);
        }
    return im;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        uint32_t width, height, ppi;
        double swing, noise, rate;
    } made[] = {
        {"grating_48x40.wsq", 48, 40, 500, 90, 3, 2.25},
        {"grating_31x64.wsq", 31, 64, 1000, 90, 3, 0.75},
        {"noise_24x24.wsq", 24, 24, 0, 0, 60, 8.0},
        {"smooth_33x17.wsq", 33, 17, 0, 40, 0, 0.75},
        {"blank_16x16.wsq", 16, 16, 0, 0, 0, 0.75},
        {"one_pixel.wsq", 1, 1, 500, 0, 0, 0.75},
        {"line_1x40.wsq", 1, 40, 0, 90, 3, 8.0},
        {"blank_300x256.wsq", 300, 256, 0, 0, 0, 0.75},
    };
    struct hbs_ctx *ctx = NULL;
    if (argc != 2 || hbs_ctx_open(NULL, &ctx)) {
        fprintf(stderr, "usage: %s fuzz/corpus\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < HBS_COUNT(made); i++) {
        struct hbs_image im = grating(ctx, made[i].width, made[i].height, made[i].ppi,
                                      made[i].swing, made[i].noise);
        struct hbs_buf b, cut;
        hbs_buf_init(&b, ctx, HBS_IMAGE_BYTES_MAX);
        hbs_buf_init(&cut, ctx, HBS_IMAGE_BYTES_MAX);
        if (hbs_wsq_encode_any(ctx, &im, made[i].rate, &b))
            return 70;
        write_file(argv[1], "wsq", made[i].name, b.data, b.size);
        if (i == 0) { /* the same with the frame header first, cut off, and with a false size */
            size_t at = 2;
            while (hbs_be16(b.data + at) != WSQ_SOF)
                at += 2u + hbs_be16(b.data + at + 2);
            if (hbs_buf_put(&cut, b.data, 2) || hbs_buf_put(&cut, b.data + at, 19) ||
                hbs_buf_put(&cut, b.data + 2, at - 2) ||
                hbs_buf_put(&cut, b.data + at + 19, b.size - at - 19))
                return 70;
            write_file(argv[1], "wsq", "frame_first.wsq", cut.data, cut.size);
            write_file(argv[1], "wsq", "broken_cut.wsq", b.data, b.size - 40);
            hbs_put_be16(b.data + at + 6, 8192);
            hbs_put_be16(b.data + at + 8, 4096);
            write_file(argv[1], "wsq", "broken_size.wsq", b.data, b.size);
        }
        hbs_buf_close(&cut);
        hbs_buf_close(&b);
        hbs_image_close(&im);
    }
    /* width - 1, height - 1, rate, ppi (2), how, large, then bytes of the picture */
    static const uint8_t ridges[] = {47, 40, 12, 1, 244, 0, 0, 20, 60, 140, 220, 240, 180, 90, 30};
    static const uint8_t steps[] = {30, 63, 127, 3, 232, 5, 0, 200, 10, 60, 7, 255, 128, 3};
    static const uint8_t large[] = {0, 13, 40, 0, 0, 2, 255, 9, 77, 200, 31, 0, 255};
    static const uint8_t dots[] = {200, 9, 40, 0, 0, 6, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 255};
    static const uint8_t blank[] = {15, 15, 0, 0, 0, 100, 0};
    write_file(argv[1], "wsq_encode", "ridges", ridges, sizeof ridges);
    write_file(argv[1], "wsq_encode", "steps", steps, sizeof steps);
    write_file(argv[1], "wsq_encode", "large", large, sizeof large);
    write_file(argv[1], "wsq_encode", "dots", dots, sizeof dots);
    write_file(argv[1], "wsq_encode", "blank", blank, sizeof blank);
    hbs_ctx_close(ctx);
    printf("%d files, %d not written\n", count, bad);
    return bad ? 6 : 0;
}
