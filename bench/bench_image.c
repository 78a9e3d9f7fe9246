/* SPDX-License-Identifier: MPL-2.0
 *
 * What confinement costs: each picture decoded in this process and by the worker, medians of wall
 * time, one JSON line a format. Beside the cost stands what it is up against in the same run: a
 * message of the same size to another process and an empty answer, then the pixels back, through a
 * socket and nothing else ("echo"). `ratio` is the worker's extra time over that. On a busy machine
 * wall time tells of the others too: `extra_cpu_us` is the processor time of parent and worker
 * together, starts included, less that of decoding here.
 *
 *     bench_image [WORKER]
 */
#include "habeas/habeas.h"
#include "image/image_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <turbojpeg.h>
#include <unistd.h>

enum { W = 388, H = 374, ROUNDS = 400 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median_us(double *t, int n)
{
    qsort(t, (size_t)n, sizeof *t, by_value);
    return t[n / 2] * 1e6;
}

static bool all(ssize_t (*io)(int, void *, size_t), int fd, uint8_t *p, size_t n)
{
    while (n) {
        ssize_t k = io(fd, p, n);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}
static ssize_t put(int fd, void *p, size_t n) { return write(fd, p, n); }

/* A child that reads `in` bytes and answers `out`, for ever: the floor of any process apart. */
static double echo_us(size_t in, size_t out)
{
    int ends[2];
    uint8_t *buffer = calloc(1, in > out ? in : out);
    if (!buffer || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        while (all(read, ends[1], buffer, in) && all(put, ends[1], buffer, out))
            ;
        _exit(0);
    }
    close(ends[1]);
    double t[ROUNDS];
    int n = 0;
    for (; n < ROUNDS; n++) {
        double begun = hbs_clock_wall();
        if (!all(put, ends[0], buffer, in) || !all(read, ends[0], buffer, out))
            break;
        t[n] = hbs_clock_wall() - begun;
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    free(buffer);
    return n == ROUNDS ? median_us(t, n) : -1;
}

static double copy_gb_per_s(void)
{
    enum { SIZE = 32 << 20 };
    uint8_t *a = calloc(1, SIZE), *b = malloc(SIZE);
    double best = 0;
    for (int i = 0; a && b && i < 8; i++) {
        a[i] = (uint8_t)i;
        double begun = hbs_clock_wall();
        memcpy(b, a, SIZE);
        double rate = SIZE / (hbs_clock_wall() - begun) / 1e9;
        best = rate > best && b[i] == i ? rate : best;
    }
    free(a);
    free(b);
    return best;
}

static double children_cpu(void)
{
    struct rusage r;
    if (getrusage(RUSAGE_CHILDREN, &r))
        return 0;
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           1e-6 * (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

static int run(struct hbs_ctx *ctx, const char *worker, const char *name, const uint8_t *data,
               size_t size)
{
    double here[ROUNDS], there[ROUNDS], cpu_here = 0, cpu = 0, children = children_cpu();
    struct hbs_decoder *d; /* of its own, so that its worker's time can be told */
    if (hbs_decoder_open(ctx, worker, &d))
        return 1;
    struct hbs_image image = {0};
    for (int i = -20; i < ROUNDS; i++) { /* the first twenty are not counted */
        double begun = hbs_clock_wall(), spent = hbs_clock_cpu();
        if (hbs_image_decode_here(ctx, data, size, &image))
            return 1;
        cpu_here += hbs_clock_cpu() - spent;
        if (i >= 0)
            here[i] = hbs_clock_wall() - begun;
        hbs_image_close(&image);
        spent = hbs_clock_cpu();
        begun = hbs_clock_wall();
        if (hbs_decoder_decode(d, data, size, &image))
            return 1;
        if (i >= 0)
            there[i] = hbs_clock_wall() - begun;
        cpu += hbs_clock_cpu() - spent;
        hbs_image_close(&image);
    }
    hbs_decoder_close(d);
    children = children_cpu() - children;
    double h = median_us(here, ROUNDS), t = median_us(there, ROUNDS), e = echo_us(size, W * H);
    printf("{\"bench\":\"image\",\"format\":\"%s\",\"width\":%d,\"height\":%d,\"bytes\":%zu,"
           "\"here_us\":%.1f,\"worker_us\":%.1f,\"extra_us\":%.1f,\"extra_cpu_us\":%.1f,"
           "\"echo_us\":%.1f,\"ratio\":%.2f}\n",
           name, W, H, size, h, t, t - h, (cpu + children - cpu_here) / (ROUNDS + 20) * 1e6, e, (t - h) / e);
    return 0;
}

int main(int argc, char **argv)
{
    struct hbs_ctx *ctx;
    struct hbs_decoder *d;
    const char *worker = argc > 1 ? argv[1] : NULL;
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    if (hbs_decoder_open(ctx, worker, &d)) {
        fprintf(stderr, "%s\n", hbs_ctx_what(ctx));
        return 6;
    }
    /* curved ridges, nine pixels apart, with noise: what a print weighs in each format */
    static uint8_t pixels[W * H];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 1);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            double r = hypot(x - 190, y - 250);
            double v = 128 + 90 * sin(r * 0.7 + 0.01 * x) + 12 * hbs_rng_normal(&rng);
            pixels[y * W + x] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    printf("{\"bench\":\"image\",\"isa\":\"%s\",\"copy_gb_per_s\":%.1f,\"processors\":%u}\n",
           hbs_isa_name(hbs_cpu_isa()), copy_gb_per_s(), hbs_cpu_count());
    struct hbs_image image = {0};
    double begun = hbs_clock_wall();
    int bad = hbs_decoder_decode(d, "P5 1 1 255\nx", 12, &image) != HBS_OK;
    printf("{\"bench\":\"image\",\"worker_start_us\":%.1f,\"pictures_a_worker\":256}\n",
           (hbs_clock_wall() - begun) * 1e6);
    hbs_image_close(&image);

    struct hbs_buf out;
    hbs_buf_init(&out, ctx, 1 << 20);
    bad = bad || hbs_buf_printf(&out, "P5 %d %d 255\n", W, H) ||
          hbs_buf_put(&out, pixels, sizeof pixels) || run(ctx, worker, "pgm", out.data, out.size);
    out.size = 0;
    bad = bad || hbs_png_encode(ctx, W, H, 1, 500, pixels, &out) ||
          run(ctx, worker, "png", out.data, out.size);
    /* an uncompressed TIFF: header, pixels' place, nine tags */
    static const uint16_t tags[][2] = {{256, W}, {257, H}, {258, 8}, {259, 1}, {262, 1},
                                       {273, 0}, {277, 1}, {278, H}, {279, 0}};
    uint8_t tiff[8 + 2 + 9 * 12 + 4] = "II*\0\x08";
    hbs_put_le16(tiff + 8, 9);
    for (int i = 0; i < 9; i++) {
        uint8_t *p = tiff + 10 + 12 * i;
        hbs_put_le16(p, tags[i][0]);
        hbs_put_le16(p + 2, 4);
        hbs_put_le32(p + 4, 1);
        hbs_put_le32(p + 8, tags[i][0] == 273 ? sizeof tiff : tags[i][0] == 279 ? W * H : tags[i][1]);
    }
    out.size = 0;
    bad = bad || hbs_buf_put(&out, tiff, sizeof tiff) ||
          hbs_buf_put(&out, pixels, sizeof pixels) || run(ctx, worker, "tiff", out.data, out.size);
    unsigned char *jpeg = NULL;
    unsigned long size = 0;
    tjhandle tj = tjInitCompress();
    bad = bad || !tj || tjCompress2(tj, pixels, W, 0, H, TJPF_GRAY, &jpeg, &size, TJSAMP_GRAY, 90, 0) ||
          run(ctx, worker, "jpeg", jpeg, size);
    tjFree(jpeg);
    if (tj)
        tjDestroy(tj);
    if (bad)
        fprintf(stderr, "a picture failed: %s\n", hbs_ctx_what(ctx));
    hbs_buf_close(&out);
    hbs_decoder_close(d);
    hbs_ctx_close(ctx);
    return bad ? 1 : 0;
}
