/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image, WSQ: the wavelet transform and the Huffman tables by themselves, round trips, bad
 * input, and the reference vectors in HABEAS_DATA/wsq (what is asked of them is in their README).
 */
#include "image/wsq_int.h"
#include "tap.h"

#include <math.h>

/* ---- memory that counts, and refuses the n-th request -------------------------------------- */

struct counting {
    long left;        /* requests still granted; negative: all */
    long blocks;      /* not yet given back */
    size_t largest;   /* of the requests granted */
    bool refused;
};

static void *count_resize(void *user, void *old, size_t size)
{
    struct counting *c = user;
    if (c->left == 0) {
        c->refused = true;
        return NULL;
    }
    c->left -= c->left > 0;
    void *p = realloc(old, size);
    if (p && !old)
        c->blocks++;
    if (p && size > c->largest)
        c->largest = size;
    return p;
}

static void count_release(void *user, void *p)
{
    struct counting *c = user;
    c->blocks -= p != NULL;
    free(p);
}

static struct hbs_ctx *open_counting(struct counting *c)
{
    struct hbs_allocator a = {count_resize, count_release, c};
    struct hbs_ctx *ctx = NULL;
    c->left = -1;
    if (hbs_ctx_open(&a, &ctx))
        abort();
    return ctx;
}

/* ---- pictures ------------------------------------------------------------------------------ */

static struct hbs_image make(struct hbs_ctx *ctx, uint32_t width, uint32_t height, uint32_t ppi)
{
    struct hbs_image im = {0};
    if (hbs_image_make(ctx, width, height, ppi, &im))
        abort();
    return im;
}

/* Something like a print: curved ridges about nine pixels apart, a pale border, some noise. */
static struct hbs_image make_ridges(struct hbs_ctx *ctx, uint32_t width, uint32_t height,
                                    uint32_t ppi)
{
    struct hbs_image im = make(ctx, width, height, ppi);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 7);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            double u = (x - width * 0.45) / 300.0, v = (y - height * 0.55) / 300.0;
            double r = sqrt(u * u + 0.7 * v * v + 0.05);
            double inside = 1.0 / (1.0 + exp(20.0 * (r - 0.55)));
            double p = 230.0 - inside * (90.0 + 80.0 * sin(210.0 * r + 3.0 * u * v)) +
                       3.0 * hbs_rng_normal(&rng);
            im.pixels[(size_t)y * width + x] = (uint8_t)(p < 0 ? 0 : p > 255 ? 255 : p);
        }
    return im;
}

static double psnr(const uint8_t *a, const uint8_t *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sum > 0 ? 10.0 * log10(255.0 * 255.0 * (double)n / sum) : 999.0;
}

/* ---- the transform ------------------------------------------------------------------------- */

static void test_tree(void)
{
    bool good = true;
    for (uint32_t w = 1; w <= 70 && good; w += 3)
        for (uint32_t h = 1; h <= 70 && good; h++) {
            struct wsq_tree tree;
            static uint8_t seen[70 * 70];
            memset(seen, 0, sizeof seen);
            hbs_wsq_tree(w, h, &tree);
            for (int k = 0; k < WSQ_BANDS; k++)
                for (uint32_t y = 0; y < tree.band[k].height; y++)
                    for (uint32_t x = 0; x < tree.band[k].width; x++)
                        seen[(tree.band[k].y + y) * w + tree.band[k].x + x]++;
            for (uint32_t i = 0; i < w * h; i++)
                good = good && seen[i] == 1;
        }
    ok(good, "64 bands cover every picture once");
    struct wsq_tree t;
    hbs_wsq_tree(512, 512, &t);
    ok(t.band[0].width == 16 && t.band[4].width == 32 && t.band[51].width == 128 &&
           t.band[51].x == 128 && t.band[51].y == 128 && t.band[63].x == 384 && t.band[63].y == 384,
       "their sizes are those of the specification's figure");
}

static void test_transform(struct hbs_ctx *ctx)
{
    struct wsq_filters f;
    hbs_wsq_filters_97(&f);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 1);
    double worst = 0;
    int sizes = 0;
    for (uint32_t w = 1; w <= 90; w += w < 40 ? 1 : 17)
        for (uint32_t h = 1; h <= 90; h += h < 40 ? 1 : 13, sizes++) {
            static float plane[90 * 90], kept[90 * 90];
            struct wsq_tree tree;
            for (uint32_t i = 0; i < w * h; i++)
                plane[i] = kept[i] = (float)(hbs_rng_unit(&rng) * 256.0 - 128.0);
            hbs_wsq_tree(w, h, &tree);
            if (hbs_wsq_analyse(ctx, &f, &tree, plane) ||
                hbs_wsq_synthesise(ctx, &f, &tree, UINT64_MAX, plane))
                abort();
            for (uint32_t i = 0; i < w * h; i++)
                if (!(fabs((double)plane[i] - kept[i]) <= worst))
                    worst = fabs((double)plane[i] - kept[i]);
        }
    printf("# worst error of analysis and synthesis: %g\n", worst);
    ok(worst < 1e-3, "synthesis undoes analysis for all of %d sizes, one sample too", sizes);

    /* A constant goes into the lowest band alone, with gain 2 a level; then what synthesis may
     * leave out is left out. */
    enum { W = 67, H = 133 };
    static float plane[W * H];
    for (int i = 0; i < W * H; i++)
        plane[i] = 1.0f;
    struct wsq_tree tree;
    hbs_wsq_tree(W, H, &tree);
    if (hbs_wsq_analyse(ctx, &f, &tree, plane))
        abort();
    double off = 0;
    for (int k = 0; k < WSQ_BANDS; k++)
        for (uint32_t y = 0; y < tree.band[k].height; y++)
            for (uint32_t x = 0; x < tree.band[k].width; x++) {
                double v = plane[(tree.band[k].y + y) * W + tree.band[k].x + x];
                off = fmax(off, fabs(v - (k ? 0.0 : 32.0)));
            }
    ok(off < 1e-4, "a constant is all in the lowest band, 32-fold (off by %g)", off);
    if (hbs_wsq_synthesise(ctx, &f, &tree, 1, plane))
        abort();
    off = 0;
    for (int i = 0; i < W * H; i++)
        off = fmax(off, fabs(plane[i] - 1.0));
    ok(off < 1e-4, "and comes back from it (off by %g)", off);
}

/* Filters of another odd length take the general way through the sums: 5/3, as of JPEG 2000. */
static void test_other_filters(struct hbs_ctx *ctx)
{
    enum { W = 45, H = 31 };
    static const struct wsq_filters f53 = {.lo_half = 2, .hi_half = 1,
        .lo = {1.06066017f, 0.35355339f, -0.17677670f}, .hi = {0.70710678f, -0.35355339f}};
    static float plane[W * H], kept[W * H];
    struct wsq_tree tree;
    double worst = 0;
    for (int i = 0; i < W * H; i++)
        plane[i] = kept[i] = (float)((i * 7919) % 255) - 127.0f;
    hbs_wsq_tree(W, H, &tree);
    if (hbs_wsq_analyse(ctx, &f53, &tree, plane) ||
        hbs_wsq_synthesise(ctx, &f53, &tree, UINT64_MAX, plane))
        abort();
    for (int i = 0; i < W * H; i++)
        worst = fmax(worst, fabs((double)plane[i] - kept[i]));
    ok(worst < 1e-3, "5/3 filters from a file's table work too (worst %g)", worst);

    /* The longest filters that a file may bring: 31 taps, all but the middle ones zero. */
    static struct wsq_filters longest = {.lo_half = WSQ_HALF_MAX, .hi_half = WSQ_HALF_MAX};
    longest.lo[0] = longest.hi[0] = 1.0f;
    int wrong = 0;
    for (uint32_t w = 1; w <= W; w++)
        for (uint32_t h = 1; h <= H; h += 3) {
            for (uint32_t i = 0; i < w * h; i++)
                plane[i] = kept[i];
            hbs_wsq_tree(w, h, &tree);
            if (hbs_wsq_analyse(ctx, &longest, &tree, plane) ||
                hbs_wsq_synthesise(ctx, &longest, &tree, UINT64_MAX, plane))
                abort();
            wrong += memcmp(plane, kept, w * h * sizeof *plane) != 0;
        }
    is_int(wrong, 0, "31 taps on lines shorter than that: what is split is joined again");
}

/* ---- Huffman tables ------------------------------------------------------------------------ */

static bool table_holds(const uint32_t frequency[256], bool verbose)
{
    struct wsq_encoder_table t;
    static struct wsq_decoder_table d;
    hbs_wsq_table_make(frequency, &t);
    if (!hbs_wsq_table_read(t.counts, t.symbols, (size_t)t.total, &d))
        return false;
    uint32_t used = 0;
    for (int s = 1; s <= WSQ_VALUE_LAST; s++) {
        int n = t.length[s];
        if (verbose && n)
            printf("# %d: %d bits, frequency %u\n", s, n, frequency[s]);
        if (frequency[s] && !n)
            return false;
        if (!n)
            continue;
        if (n > WSQ_CODE_MAX)
            return false;
        used += 65536u >> n;
        /* what the encoder writes is what the decoder finds, by the table or by the long way */
        uint32_t left = (uint32_t)t.code[s] << (16 - n);
        if (n <= WSQ_LOOK) {
            if (d.look[left >> (16 - WSQ_LOOK)] != (n << 8 | s))
                return false;
        } else {
            int m = WSQ_LOOK + 1;
            while (m <= WSQ_CODE_MAX && left >= d.limit[m])
                m++;
            if (d.look[left >> (16 - WSQ_LOOK)] || m != n ||
                d.symbol[(int32_t)(left >> (16 - m)) + d.offset[m]] != s)
                return false;
        }
    }
    return used < 65536; /* prefix-free, and nothing-but-ones stays free */
}

static void test_tables(void)
{
    uint32_t f[256];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 3);
    int bad = 0;
    for (int i = 0; i < 300; i++) {
        memset(f, 0, sizeof f);
        int symbols = 1 + (int)hbs_rng_below(&rng, 254);
        for (int k = 0; k < symbols; k++)
            f[1 + hbs_rng_below(&rng, 254)] = (uint32_t)exp(hbs_rng_unit(&rng) * 17.0);
        if (!table_holds(f, false) && !bad++)
            table_holds(f, true);
    }
    is_int(bad, 0, "codes of random frequencies: complete, prefix-free, read as written");
    memset(f, 0, sizeof f);
    uint32_t a = 1, b = 1;
    for (int s = 1; s <= 36; s++) {
        f[s] = a;
        uint32_t c = a + b;
        a = b;
        b = c;
    }
    ok(table_holds(f, false), "Fibonacci frequencies, 36 bits deep, are cut to 16");
    memset(f, 0, sizeof f);
    ok(table_holds(f, false), "a table for no symbols at all");
    for (int s = 1; s <= WSQ_VALUE_LAST; s++)
        f[s] = 1;
    ok(table_holds(f, false), "all 254 symbols, equally often");

    static struct wsq_decoder_table d;
    uint8_t counts[16] = {3}, symbols[4] = {1, 2, 3, 4};
    ok(!hbs_wsq_table_read(counts, symbols, 4, &d), "three codes of one bit are refused");
    uint8_t counts2[16] = {0, 4}, zero[4] = {1, 2, 0, 3};
    ok(!hbs_wsq_table_read(counts2, symbols, 3, &d), "missing symbols are refused");
    ok(!hbs_wsq_table_read(counts2, zero, 4, &d), "symbol 0 is refused");
}

/* ---- round trips --------------------------------------------------------------------------- */

static void round_trip(const struct hbs_image *im, double rate, double least, const char *name)
{
    struct counting c = {0};
    struct hbs_ctx *ctx = open_counting(&c);
    struct hbs_buf out, again;
    struct hbs_image back = {0};
    hbs_buf_init(&out, ctx, HBS_IMAGE_BYTES_MAX);
    hbs_buf_init(&again, ctx, HBS_IMAGE_BYTES_MAX);
    is_int(hbs_wsq_encode_any(ctx, im, rate, &out), HBS_OK, "%s at %g is encoded", name, rate);
    is_int(hbs_wsq_encode_any(ctx, im, rate, &again), HBS_OK, "and again");
    ok(out.size == again.size && !memcmp(out.data, again.data, out.size), "to the same bytes");
    is_int(hbs_image_decode_here(ctx, out.data, out.size, &back), HBS_OK, "and decoded");
    ok(back.width == im->width && back.height == im->height && back.ppi == im->ppi &&
           back.format == HBS_IMAGE_WSQ,
       "to its size and resolution");
    if (back.pixels) {
        double db = psnr(im->pixels, back.pixels, (size_t)im->width * im->height);
        printf("# %s %ux%u at %g: %zu bytes, %.3f bits a pixel, %.2f dB\n", name, im->width,
               im->height, rate, out.size, 8.0 * (double)out.size / im->width / im->height, db);
        ok(db >= least, "%s at %g: %.1f dB, at least %g", name, rate, db, least);
    }
    hbs_image_close(&back);
    hbs_buf_close(&out);
    hbs_buf_close(&again);
    hbs_ctx_close(ctx);
    is_int(c.blocks, 0, "all memory is given back");
}

/* The least PSNR follows from the format where it can: it never sends the highest quarter of the
 * frequencies, so white noise loses a quarter of its energy at any rate. Here the ridges carry
 * noise of deviation 3 (at best 44.6 dB) and the noise is uniform on 0..255 (at best 16.8 dB). */
static void test_round_trips(struct hbs_ctx *ctx)
{
    static const uint32_t sizes[][2] = {{256, 256}, {257, 511}, {500, 331}, {640, 480}};
    for (size_t i = 0; i < HBS_COUNT(sizes); i++) {
        struct hbs_image im = make_ridges(ctx, sizes[i][0], sizes[i][1], i & 1 ? 1000 : 500);
        round_trip(&im, 0.75, 37.0, "ridges");
        round_trip(&im, 2.25, 42.0, "ridges");
        round_trip(&im, 8.0, 44.0, "ridges");
        hbs_image_close(&im);
    }
    struct hbs_image im = make(ctx, 256, 300, 0);
    round_trip(&im, 0.75, 999.0, "white");
    memset(im.pixels, 0, 256 * 300);
    round_trip(&im, 0.75, 999.0, "black");
    im.pixels[40000] = 255;
    round_trip(&im, 0.75, 40.0, "black with a dot");
    for (int i = 0; i < 256 * 300; i++)
        im.pixels[i] = (uint8_t)(i / 300);
    round_trip(&im, 0.75, 45.0, "a gradient");
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 11);
    for (int i = 0; i < 256 * 300; i++)
        im.pixels[i] = (uint8_t)hbs_rng_u64(&rng);
    round_trip(&im, 0.75, 12.0, "noise");
    round_trip(&im, 8.0, 16.7, "noise");
    hbs_image_close(&im);
    for (uint32_t side = 1; side <= 33; side += side < 9 ? 1 : 4) {
        im = make_ridges(ctx, side, 34 - side, 500);
        round_trip(&im, 8.0, 18.0, "a small one");
        hbs_image_close(&im);
    }
}

static void test_refusals(struct hbs_ctx *ctx)
{
    struct hbs_image im = make(ctx, 300, 255, 500);
    struct hbs_buf out;
    hbs_buf_init(&out, ctx, HBS_IMAGE_BYTES_MAX);
    is_int(hbs_wsq_encode(ctx, &im, 0.75, &out), HBS_ERR_USAGE, "300 x 255 is refused");
    is_text(hbs_ctx_what(ctx), "too small for WSQ: 300 x 255 pixels", "in clear words");
    ok(!strchr(hbs_ctx_what(ctx), '\n') && *hbs_ctx_do(ctx), "one line, and what to do");
    hbs_image_close(&im);
    im = make(ctx, 256, 256, 500);
    static const double rates[] = {0.0, -1.0, 8.5, INFINITY, NAN};
    for (size_t i = 0; i < HBS_COUNT(rates); i++)
        is_int(hbs_wsq_encode(ctx, &im, rates[i], &out), HBS_ERR_USAGE, "rate %g is refused",
               rates[i]);
    is_int((long long)out.size, 0, "nothing was written");
    struct hbs_image long_one = {.width = 256, .height = 8193, .pixels = im.pixels};
    is_int(hbs_wsq_encode(ctx, &long_one, 0.75, &out), HBS_ERR_LIMIT, "8193 rows are refused");
    hbs_buf_close(&out);
    hbs_buf_init(&out, ctx, 700);
    is_int(hbs_buf_put(&out, "head", 4), HBS_OK, "something is in the buffer already");
    im.pixels[777] = 0;
    im.pixels[40000] = 99;
    is_int(hbs_wsq_encode(ctx, &im, 8.0, &out), HBS_ERR_LIMIT, "a full buffer is said");
    ok(out.size == 4 && !memcmp(out.data, "head", 4), "and holds what it held");
    hbs_buf_close(&out);
    hbs_image_close(&im);
}

/* ---- bad input ----------------------------------------------------------------------------- */

/* A small file: 40 x 37 ridges. */
static struct hbs_buf small_file(struct hbs_ctx *ctx)
{
    struct hbs_buf out;
    struct hbs_image im = make_ridges(ctx, 40, 37, 500);
    hbs_buf_init(&out, ctx, HBS_IMAGE_BYTES_MAX);
    if (hbs_wsq_encode_any(ctx, &im, 2.25, &out))
        abort();
    hbs_image_close(&im);
    return out;
}

/* Where a marker's segment begins (its length field). */
static size_t find(const struct hbs_buf *b, unsigned marker)
{
    for (size_t at = 2; at + 4 <= b->size; at += 2u + hbs_be16(b->data + at + 2))
        if (hbs_be16(b->data + at) == marker)
            return at + 2;
    abort();
}

static enum hbs_err decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size, bool *touched)
{
    struct hbs_image im = {.width = 4242};
    enum hbs_err err = hbs_wsq_decode(ctx, data, size, &im);
    *touched = err && (im.width != 4242 || im.pixels);
    if (!err)
        hbs_image_close(&im);
    return err;
}

static void test_truncation(void)
{
    struct counting c = {0};
    struct hbs_ctx *ctx = open_counting(&c);
    struct hbs_buf b = small_file(ctx);
    long kept = c.blocks, taken = 0, touched = 0, leaks = 0, silent = 0;
    bool t;
    for (size_t n = 0; n < b.size; n++) {
        uint8_t *cut = malloc(n ? n : 1); /* exactly n bytes, for the sanitizers */
        memcpy(cut, b.data, n);
        taken += decode(ctx, cut, n, &t) == HBS_OK;
        silent += !*hbs_ctx_what(ctx) || !*hbs_ctx_do(ctx);
        touched += t;
        leaks += c.blocks != kept;
        free(cut);
    }
    printf("# cut at each of %zu bytes\n", b.size);
    is_int(taken, 0, "a file cut anywhere is refused");
    is_int(silent, 0, "with words");
    is_int(touched, 0, "the result untouched");
    is_int(leaks, 0, "the memory given back");
    is_int(decode(ctx, b.data, b.size, &t), HBS_OK, "the whole file is taken");
    is_int(hbs_buf_put(&b, "\0\0padding", 9), HBS_OK, "bytes behind its end");
    is_int(decode(ctx, b.data, b.size, &t), HBS_OK, "are passed over");
    hbs_buf_close(&b);
    hbs_ctx_close(ctx);
}

static void test_flips(void)
{
    struct counting c = {0};
    struct hbs_ctx *ctx = open_counting(&c);
    struct hbs_buf b = small_file(ctx);
    long kept = c.blocks, bad = 0, refused = 0;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 5);
    uint8_t *copy = malloc(b.size);
    for (int i = 0; i < 20000; i++) {
        memcpy(copy, b.data, b.size);
        for (uint32_t k = 0; k <= hbs_rng_below(&rng, 4); k++)
            copy[hbs_rng_below(&rng, (uint32_t)b.size)] ^= (uint8_t)(1u << hbs_rng_below(&rng, 8));
        bool touched;
        enum hbs_err err = decode(ctx, copy, b.size, &touched);
        bad += touched || c.blocks != kept ||
               (err && err != HBS_ERR_FORMAT && err != HBS_ERR_LIMIT && err != HBS_ERR_UNSUPPORTED);
        refused += err != HBS_OK;
    }
    free(copy);
    printf("# %ld of 20000 files with flipped bits refused, largest allocation %zu\n", refused,
           c.largest);
    is_int(bad, 0, "flipped bits give a picture or an error, never anything else");
    hbs_buf_close(&b);
    hbs_ctx_close(ctx);
}

/* One field changed at a time, with the answer that it must get. */
static void test_fields(void)
{
    struct counting c = {0};
    struct hbs_ctx *ctx = open_counting(&c);
    struct hbs_buf b = small_file(ctx);
    size_t sof = find(&b, WSQ_SOF), dht = find(&b, WSQ_DHT), dtt = find(&b, WSQ_DTT),
           dqt = find(&b, WSQ_DQT), sob = find(&b, WSQ_SOB);
    const struct {
        size_t at;
        uint16_t value;
        enum hbs_err want;
        const char *what;
    } cases[] = {
        {0, 0xffd8, HBS_ERR_FORMAT, "no start"},
        {2, 0xffb0, HBS_ERR_FORMAT, "an unknown marker"},
        {4, 0, HBS_ERR_FORMAT, "a segment of length 0"},
        {4, 65535, HBS_ERR_FORMAT, "a segment longer than the file"},
        {sof, 10, HBS_ERR_FORMAT, "a frame header of 8 bytes"},
        {sof + 4, 0, HBS_ERR_FORMAT, "no height"},
        {sof + 6, 0, HBS_ERR_FORMAT, "no width"},
        {sof + 4, 20000, HBS_ERR_LIMIT, "20000 rows"},
        {sof + 6, 8193, HBS_ERR_LIMIT, "8193 columns"},
        {sof + 6, 41, HBS_ERR_FORMAT, "one column more than is coded"},
        {sof + 6, 39, HBS_ERR_FORMAT, "one column less than is coded"},
        {sof - 2, WSQ_COM, HBS_ERR_FORMAT, "no frame header"},
        {dtt - 2, WSQ_COM, HBS_ERR_FORMAT, "no transform table"},
        {dqt - 2, WSQ_COM, HBS_ERR_FORMAT, "no quantisation table"},
        {dht - 2, WSQ_COM, HBS_ERR_FORMAT, "no Huffman table"},
        {2, WSQ_DRI, HBS_ERR_UNSUPPORTED, "restart intervals"},
        {dtt + 2, 0x0808, HBS_ERR_UNSUPPORTED, "filters of even length"},
        {dtt + 2, 0x2107, HBS_ERR_UNSUPPORTED, "a filter of 33 taps"},
        {dtt, 3, HBS_ERR_FORMAT, "a transform table of one byte"},
        {dtt + 2, 0x0b09, HBS_ERR_FORMAT, "more taps than the segment holds"},
        {dht + 2, 0x0800, HBS_ERR_FORMAT, "Huffman table number 8"},
        {dht + 3, 0xff00, HBS_ERR_FORMAT, "255 codes of one bit"},
        {sob + 2, 0x0500, HBS_ERR_FORMAT, "a block with a table that is not there"},
    };
    bool touched;
    for (size_t i = 0; i < HBS_COUNT(cases); i++) {
        uint16_t old = hbs_be16(b.data + cases[i].at);
        hbs_put_be16(b.data + cases[i].at, cases[i].value);
        is_int(decode(ctx, b.data, b.size, &touched), cases[i].want, "%s: %s", cases[i].what,
               hbs_ctx_what(ctx));
        hbs_put_be16(b.data + cases[i].at, old);
    }
    /* As large as the limits allow, from a file of two kilobytes: before memory is taken. */
    c.largest = 0;
    hbs_put_be16(b.data + sof + 4, 8192);
    hbs_put_be16(b.data + sof + 6, 4096);
    is_int(decode(ctx, b.data, b.size, &touched), HBS_ERR_FORMAT, "a huge picture in %zu bytes: %s",
           b.size, hbs_ctx_what(ctx));
    ok(c.largest < 65536, "takes no memory for it (%zu bytes at most)", c.largest);
    hbs_buf_close(&b);
    hbs_ctx_close(ctx);
    is_int(c.blocks, 0, "all memory is given back");
}

/* Comments: which ones give a resolution. */
static void test_comments(struct hbs_ctx *ctx)
{
    static const struct {
        const char *text;
        uint32_t ppi;
    } cases[] = {
        {"NIST_COM 2\nPPI 500", 500},          {"NIST_COM 2\nPPI 569\nLOSSY 1", 569},
        {"NIST_COM 2\nPPI -1\n", 0},           {"NIST_COM 2\nXPPI 500\n", 0},
        {"NIST_COM 2\nPPI ", 0},               {"NIST_COM 2\nPPI 99999999999999999999\n", 0},
        {"PPI 500\n", 0},                      {"", 0},
        {"NIST_COM 1\nCOLORSPACE GRAY", 0},    {"NIST_COM 2\nPPI 4", 0},
    };
    struct hbs_image im = make_ridges(ctx, 40, 37, 0);
    struct hbs_buf b, with;
    hbs_buf_init(&b, ctx, HBS_IMAGE_BYTES_MAX);
    if (hbs_wsq_encode_any(ctx, &im, 0.75, &b))
        abort();
    for (size_t i = 0; i < HBS_COUNT(cases); i++) {
        size_t n = strlen(cases[i].text);
        uint8_t head[6] = {0xff, 0xa0, 0xff, 0xa8};
        hbs_put_be16(head + 4, (uint16_t)(n + 2));
        hbs_buf_init(&with, ctx, HBS_IMAGE_BYTES_MAX);
        if (hbs_buf_put(&with, head, 6) || hbs_buf_put(&with, cases[i].text, n) ||
            hbs_buf_put(&with, b.data + 2, b.size - 2))
            abort();
        struct hbs_image back = {.ppi = 4242};
        enum hbs_err err = hbs_wsq_decode(ctx, with.data, with.size, &back);
        ok(!err && back.ppi == cases[i].ppi, "comment %zu gives %u ppi", i, cases[i].ppi);
        if (!err)
            hbs_image_close(&back);
        hbs_buf_close(&with);
    }
    hbs_buf_close(&b);
    hbs_image_close(&im);
}

static void test_no_memory(void)
{
    struct counting c = {0};
    struct hbs_ctx *ctx = open_counting(&c);
    struct hbs_buf b = small_file(ctx), out;
    struct hbs_image im = make_ridges(ctx, 256, 256, 500);
    long kept = c.blocks, bad = 0, n;
    bool touched;
    for (n = 0;; n++) {
        c.left = n;
        c.refused = false;
        enum hbs_err err = decode(ctx, b.data, b.size, &touched);
        bad += touched || c.blocks != kept || (err == HBS_ERR_NO_MEMORY) != c.refused;
        if (!err)
            break;
    }
    ok(n >= 4 && !bad, "decoding with the n-th allocation refused, n to %ld", n);
    bad = 0;
    for (n = 0;; n++) {
        hbs_buf_init(&out, ctx, HBS_IMAGE_BYTES_MAX);
        c.left = n;
        c.refused = false;
        enum hbs_err err = hbs_wsq_encode(ctx, &im, 0.75, &out);
        bad += (err == HBS_ERR_NO_MEMORY) != c.refused || (err && out.size);
        hbs_buf_close(&out);
        bad += c.blocks != kept;
        if (!err)
            break;
    }
    ok(n >= 4 && !bad, "encoding with the n-th allocation refused, n to %ld", n);
    c.left = -1;
    hbs_buf_close(&b);
    hbs_image_close(&im);
    hbs_ctx_close(ctx);
    is_int(c.blocks, 0, "all memory is given back");
}

/* ---- in the confined decoder --------------------------------------------------------------- */

/* The same pixels come out of the worker; its memory holds the largest picture that is allowed. */
static void test_confined(struct hbs_ctx *ctx)
{
    struct hbs_decoder *d = NULL;
    struct hbs_image im = make_ridges(ctx, 300, 400, 500), here = {0}, there = {0};
    struct hbs_buf b;
    hbs_buf_init(&b, ctx, HBS_IMAGE_BYTES_MAX);
    if (!ok(!hbs_decoder_open(ctx, NULL, &d), "the confined decoder opens"))
        goto done;
    ok(!hbs_wsq_encode(ctx, &im, 0.75, &b) && !hbs_wsq_decode(ctx, b.data, b.size, &here) &&
           !hbs_decoder_decode(d, b.data, b.size, &there) && there.width == 300 &&
           there.height == 400 && there.ppi == 500 && there.format == HBS_IMAGE_WSQ &&
           !memcmp(here.pixels, there.pixels, 300 * 400),
       "it gives the same picture");
    hbs_image_close(&there);
    is_int(hbs_decoder_decode(d, b.data, b.size - 1, &there), HBS_ERR_FORMAT, "or the error: %s",
           hbs_ctx_what(ctx));
    hbs_image_close(&im);
    im = make(ctx, 8192, 4096, 0);
    b.size = 0;
    bool good = !hbs_wsq_encode(ctx, &im, 0.75, &b);
    ok(good && !hbs_decoder_decode(d, b.data, b.size, &there) && there.width == 8192 &&
           there.height == 4096 && there.pixels[8192 * 4096 - 1] == 255,
       "the largest picture, white, in %zu bytes", b.size);
done:
    hbs_image_close(&there);
    hbs_image_close(&here);
    hbs_image_close(&im);
    hbs_buf_close(&b);
    hbs_decoder_close(d);
}

/* ---- the reference vectors ----------------------------------------------------------------- */

/* SHA-256 (FIPS 180-4), for the vectors' list gives pixels by it. */
static void sha256(const uint8_t *data, size_t size, char hex[65])
{
    static uint32_t k[64];
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (int p = 2, n = 0; !k[63]; p++) { /* fractions of the first 64 primes' cube roots */
        bool prime = true;
        for (int q = 2; q * q <= p; q++)
            prime = prime && p % q;
        if (prime)
            k[n++] = (uint32_t)((cbrtl(p) - floorl(cbrtl(p))) * 4294967296.0L);
    }
    uint8_t tail[128] = {0};
    size_t rest = size % 64, last = rest < 56 ? 64 : 128;
    memcpy(tail, data + size - rest, rest);
    tail[rest] = 0x80;
    hbs_put_be32(tail + last - 8, (uint32_t)((uint64_t)size >> 29));
    hbs_put_be32(tail + last - 4, (uint32_t)(size << 3));
    for (size_t at = 0; at < size - rest + last; at += 64) {
        const uint8_t *p = at < size - rest ? data + at : tail + (at - (size - rest));
        uint32_t w[64], s[8];
#define TURN(x, n) ((x) >> (n) | (x) << (32 - (n)))
        for (int i = 0; i < 16; i++)
            w[i] = hbs_be32(p + 4 * i);
        for (int i = 16; i < 64; i++)
            w[i] = w[i - 16] + w[i - 7] +
                   (TURN(w[i - 15], 7) ^ TURN(w[i - 15], 18) ^ w[i - 15] >> 3) +
                   (TURN(w[i - 2], 17) ^ TURN(w[i - 2], 19) ^ w[i - 2] >> 10);
        memcpy(s, h, sizeof s);
        for (int i = 0; i < 64; i++) {
            uint32_t t = s[7] + (TURN(s[4], 6) ^ TURN(s[4], 11) ^ TURN(s[4], 25)) +
                         ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
            uint32_t u = (TURN(s[0], 2) ^ TURN(s[0], 13) ^ TURN(s[0], 22)) +
                         ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            memmove(s + 1, s, 7 * sizeof *s);
            s[4] += t;
            s[0] = t + u;
        }
        for (int i = 0; i < 8; i++)
            h[i] += s[i];
    }
    for (int i = 0; i < 8; i++)
        snprintf(hex + 8 * i, 9, "%08x", h[i]);
}

/* One line of index.tsv. */
struct vector {
    char file[64], sha[65], origin[512];
    long width, height, ppi, bytes;
};

static bool read_line(char *line, struct vector *v)
{
    char *field[8] = {line};
    int n = 1;
    for (char *p = line; *p; p++)
        if (*p == '\t' && n < 8) {
            *p = 0;
            field[n++] = p + 1;
        }
    if (n < 8 || !strcmp(field[0], "file"))
        return false;
    snprintf(v->file, sizeof v->file, "%s", field[0]);
    v->width = strtol(field[1], NULL, 10);
    v->height = strtol(field[2], NULL, 10);
    v->ppi = strtol(field[3], NULL, 10);
    v->bytes = strtol(field[4], NULL, 10);
    snprintf(v->sha, sizeof v->sha, "%s", field[6]);
    snprintf(v->origin, sizeof v->origin, "%s", field[7]);
    v->origin[strcspn(v->origin, "\n")] = 0;
    return true;
}

static bool load(struct hbs_ctx *ctx, const char *dir, const char *name, struct hbs_buf *out)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/wsq/%s", dir, name);
    hbs_buf_init(out, ctx, HBS_IMAGE_BYTES_MAX);
    return hbs_file_read(ctx, path, out) == HBS_OK;
}

/* The PGM beside a stream: what the reference decodes from it. */
static bool load_expected(struct hbs_ctx *ctx, const char *dir, const char *file,
                          struct hbs_image *out)
{
    char name[80];
    struct hbs_buf b;
    snprintf(name, sizeof name, "%.*s.pgm", (int)strlen(file) - 4, file);
    bool good = load(ctx, dir, name, &b) && !hbs_image_decode_here(ctx, b.data, b.size, out);
    hbs_buf_close(&b);
    return good;
}

static void test_positive(struct hbs_ctx *ctx, const char *dir, const struct vector *v)
{
    struct hbs_buf b;
    struct hbs_image im = {0}, want = {0};
    char name[160], hex[65];
    if (v->file[0] != '(') {
        snprintf(name, sizeof name, "%s", v->file);
        ok(load(ctx, dir, v->file, &b), "%s is there", name);
    } else { /* cut it out of the file it is in: "PATH offset N ..." */
        char path[512];
        snprintf(path, sizeof path, "%.*s", (int)strcspn(v->origin, " "), v->origin);
        const char *at = strstr(v->origin, " offset ");
        long offset = at ? strtol(at + 8, NULL, 10) : -1;
        snprintf(name, sizeof name, "%.100s at %ld", strrchr(path, '/') + 1, offset);
        bool good = load(ctx, dir, path, &b) && offset >= 0 &&
                    (size_t)(offset + v->bytes) <= b.size;
        if (!ok(good, "%s is there", name))
            goto done;
        b.size = (size_t)v->bytes;
        memmove(b.data, b.data + offset, b.size);
    }
    is_int((long long)b.size, v->bytes, "%s: its bytes", name);
    enum hbs_err err = hbs_image_decode_here(ctx, b.data, b.size, &im);
    if (!ok(!err, "%s is decoded%s", name, err ? hbs_ctx_what(ctx) : ""))
        goto done;
    ok(im.width == v->width && im.height == v->height, "%s: size", name);
    is_int(im.ppi, v->ppi > 0 ? v->ppi : 0, "%s: resolution", name);
    size_t n = (size_t)im.width * im.height;
    if (v->file[0] != '(' &&
        ok(load_expected(ctx, dir, v->file, &want) && want.width == im.width &&
               want.height == im.height, "%s: its expected pixels are there", name)) {
        int most = 0;
        size_t same = 0;
        for (size_t i = 0; i < n; i++) {
            int d = abs(im.pixels[i] - want.pixels[i]);
            same += d == 0;
            most = d > most ? d : most;
        }
        printf("# %s: %ldx%ld, largest difference %d, identical %.4f %%\n", name, v->width,
               v->height, most, 100.0 * (double)same / (double)n);
        ok(most <= 1 && (double)same >= 0.999 * (double)n,
           "%s: within one grey level, 99.9 %% identical", name);
    }
    sha256(im.pixels, n, hex);
    ok(!strcmp(hex, v->sha), "%s: bit for bit the reference's", name);
done:
    hbs_image_close(&im);
    hbs_image_close(&want);
    hbs_buf_close(&b);
}

static void test_negative(const char *dir, const struct vector *v)
{
    struct counting c = {0};
    struct hbs_ctx *ctx = open_counting(&c);
    struct hbs_buf b;
    bool touched;
    if (ok(load(ctx, dir, v->file, &b), "%s is there", v->file)) {
        c.largest = 0;
        enum hbs_err err = decode(ctx, b.data, b.size, &touched);
        ok(err && !touched && *hbs_ctx_what(ctx), "%s is refused: %s", v->file, hbs_ctx_what(ctx));
        ok(c.largest < 1000000, "%s: with no allocation above %zu bytes", v->file, c.largest);
    }
    hbs_buf_close(&b);
    hbs_ctx_close(ctx);
}

/* "cwsq RATE of PATH [cropped at x=X y=Y] (source pixels sha256 HEX)": encodes the same pixels. */
static void test_encoder(struct hbs_ctx *ctx, const char *dir, const struct vector *v)
{
    char path[256] = "", want[65] = "", hex[65];
    double rate = 0;
    unsigned x = 0, y = 0;
    const char *crop = strstr(v->origin, "cropped at "), *sha = strstr(v->origin, "pixels sha256 ");
    struct hbs_buf b, out;
    struct hbs_image source = {0}, cut = {0}, expected = {0}, back = {0};
    hbs_buf_init(&out, ctx, HBS_IMAGE_BYTES_MAX);
    bool good = sscanf(v->origin, "cwsq %lf of %255s", &rate, path) == 2 && sha &&
                sscanf(sha, "pixels sha256 %64[0-9a-f]", want) == 1 &&
                (!crop || sscanf(crop, "cropped at x=%u y=%u", &x, &y) == 2);
    good = ok(good && load(ctx, dir, path, &b), "%s: its source is there", v->file);
    if (!good)
        goto done;
    enum hbs_err err = hbs_image_decode_here(ctx, b.data, b.size, &source);
    if (err == HBS_ERR_UNSUPPORTED) {
        tap_skip("the source is a TIFF, which this build does not read");
        goto done;
    }
    if (!ok(!err && source.width >= x + v->width && source.height >= y + v->height,
            "%s: its source is decoded", v->file))
        goto done;
    cut = make(ctx, (uint32_t)v->width, (uint32_t)v->height, v->ppi > 0 ? (uint32_t)v->ppi : 0);
    for (uint32_t row = 0; row < cut.height; row++)
        memcpy(cut.pixels + (size_t)row * cut.width,
               source.pixels + (size_t)(y + row) * source.width + x, cut.width);
    sha256(cut.pixels, (size_t)cut.width * cut.height, hex);
    is_text(hex, want, "%s: the source's pixels", v->file);
    if (!ok(!hbs_wsq_encode(ctx, &cut, rate, &out) &&
                !hbs_wsq_decode(ctx, out.data, out.size, &back) &&
                load_expected(ctx, dir, v->file, &expected),
            "%s: encoded at %g", v->file, rate))
        goto done;
    double more = 100.0 * ((double)out.size - (double)v->bytes) / (double)v->bytes;
    double db = psnr(back.pixels, expected.pixels, (size_t)cut.width * cut.height);
    printf("# %s: encoded to %zu bytes (%+.2f %%), %.1f dB from the reference's picture\n", v->file,
           out.size, more, db);
    ok(fabs(more) <= 5.0, "%s: size within 5 %% of the reference's", v->file);
    ok(db >= 40.0, "%s: at least 40 dB from the reference's picture", v->file);
done:
    hbs_image_close(&back);
    hbs_image_close(&expected);
    hbs_image_close(&cut);
    hbs_image_close(&source);
    hbs_buf_close(&out);
    hbs_buf_close(&b);
}

static void test_vectors(struct hbs_ctx *ctx)
{
    char hex[65];
    sha256((const uint8_t *)"abc", 3, hex);
    is_text(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "SHA-256 of abc");
    const char *dir = getenv("HABEAS_DATA");
    struct hbs_buf list;
    if (!dir || !load(ctx, dir, "index.tsv", &list) || hbs_buf_put(&list, "", 1)) {
        tap_skip("the reference vectors are not there (HABEAS_DATA/wsq)");
        return;
    }
    int positive = 0, negative = 0;
    char *at = (char *)list.data;
    while (*at) {
        size_t n = strcspn(at, "\n");
        char *next = at + n + (at[n] == '\n');
        struct vector v;
        at[n] = 0;
        if (read_line(at, &v)) {
            if (!strncmp(v.file, "neg_", 4)) {
                test_negative(dir, &v);
                negative++;
            } else {
                test_positive(ctx, dir, &v);
                positive++;
                if (!strncmp(v.origin, "cwsq ", 5))
                    test_encoder(ctx, dir, &v);
            }
        }
        at = next;
    }
    hbs_buf_close(&list);
    ok(positive >= 31 && negative >= 6, "%d positive and %d negative vectors", positive, negative);
}

int main(void)
{
    tap_begin();
    struct hbs_ctx *ctx = NULL;
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_tree();
    test_transform(ctx);
    test_other_filters(ctx);
    test_tables();
    test_round_trips(ctx);
    test_refusals(ctx);
    test_truncation();
    test_flips();
    test_fields();
    test_comments(ctx);
    test_no_memory();
    test_confined(ctx);
    test_vectors(ctx);
    hbs_ctx_close(ctx);
    return tap_end();
}
