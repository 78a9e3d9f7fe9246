/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: every format against pixels computed from its pattern; limits, cut files, refused
 * memory, the writer, the published prints.
 */
#include "image_make.h"
#include "image/image_int.h"
#include "tap.h"

/* Decodes a copy with nothing behind its last byte, so that a sanitizer sees an overrun. */
static enum hbs_err decode_copy(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                                struct hbs_image *out)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return HBS_ERR_NO_MEMORY;
    memcpy(copy, data, size);
    enum hbs_err err = hbs_image_decode_here(ctx, copy, size, out);
    free(copy);
    return err;
}

static bool one_line(const char *s)
{
    for (; *s; s++)
        if (*s < 0x20 || *s > 0x7e)
            return false;
    return true;
}

static void test_pictures(struct hbs_ctx *ctx, const struct made_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct made_image *m = &list->items[i];
        struct hbs_image image = {0};
        enum hbs_err err = decode_copy(ctx, m->data, m->size, &image);
        if (m->err) {
            ok(err == m->err && !image.pixels && *hbs_ctx_what(ctx) && *hbs_ctx_do(ctx) &&
                   one_line(hbs_ctx_what(ctx)),
               "%s: %s: %s", m->name, hbs_err_name(err), hbs_ctx_what(ctx));
            continue;
        }
        int worst = 0;
        bool fits = !err && image.width == m->width && image.height == m->height &&
                    image.format == m->format;
        for (size_t p = 0; fits && p < (size_t)m->width * m->height; p++) {
            int d = abs(image.pixels[p] - m->expect[p]);
            worst = d > worst ? d : worst;
        }
        if (!ok(fits && worst <= m->within && image.ppi == m->ppi, "%s", m->name))
            printf("# err %d (%s) %ux%u ppi %u (want %u) worst %d (within %d)\n", err,
                   err ? hbs_ctx_what(ctx) : "", image.width, image.height, image.ppi, m->ppi,
                   worst, m->within);
        hbs_image_close(&image);
    }
}


/* A file cut at any byte is refused, or all its pixels were there: never a picture half made up. The
 * last sample of a plain PGM is the exception that no reader can notice ("255" cut to "25"). */
static void test_cut(struct hbs_ctx *ctx, const struct made_list *list)
{
    size_t bad = 0, cuts = 0, refused = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct made_image *m = &list->items[i];
        if (m->err)
            continue;
        struct hbs_image whole = {0};
        if (decode_copy(ctx, m->data, m->size, &whole)) {
            bad++;
            continue;
        }
        bool own = m->format == HBS_IMAGE_BMP || m->format == HBS_IMAGE_PGM;
        bool plain = m->format == HBS_IMAGE_PGM && (m->data[1] == '2' || m->data[1] == '3');
        size_t compared = (size_t)m->width * m->height - plain;
        for (size_t n = 0; n < m->size; n += own || n + 40 > m->size || n < 40 ? 1 : 5) {
            struct hbs_image image = {0};
            enum hbs_err err = decode_copy(ctx, m->data, n, &image);
            bool good = err ? (err == HBS_ERR_FORMAT || err == HBS_ERR_UNSUPPORTED) &&
                                  !image.pixels && one_line(hbs_ctx_what(ctx)) &&
                                  *hbs_ctx_what(ctx) && *hbs_ctx_do(ctx)
                            : image.width == m->width && image.height == m->height &&
                                  !memcmp(image.pixels, whole.pixels, compared);
            refused += err != 0;
            cuts++;
            if (!good) {
                if (bad++ < 20)
                    printf("# %s cut at %zu of %zu: %d %s\n", m->name, n, m->size, err,
                           err ? hbs_ctx_what(ctx) : "other pixels");
            }
            hbs_image_close(&image);
        }
        hbs_image_close(&whole);
    }
    ok(!bad && refused * 10 > cuts * 9, "%zu cut files: %zu refused, the others were whole", cuts,
       refused);
}

/* An allocator that refuses the n-th request, or all from the n-th on, and counts its blocks. */
struct miser {
    long left; /* requests still granted before a refusal */
    bool once;
    long blocks;
};
static void *miser_resize(void *user, void *old, size_t size)
{
    struct miser *m = user;
    if (m->left == 0) {
        m->left = m->once ? -1 : 0;
        return NULL;
    }
    if (m->left > 0)
        m->left--;
    void *p = realloc(old, size);
    m->blocks += p && !old;
    return p;
}
static void miser_release(void *user, void *p)
{
    ((struct miser *)user)->blocks -= p != NULL;
    free(p);
}

static void test_memory(const struct made_list *list)
{
    struct miser miser = {.left = -1};
    struct hbs_allocator allocator = {miser_resize, miser_release, &miser};
    struct hbs_ctx *ctx = NULL;
    if (hbs_ctx_open(&allocator, &ctx)) {
        ok(false, "a context of a miser");
        return;
    }
    size_t refusals = 0, bad = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct made_image *m = &list->items[i];
        for (int once = 0; once < 2 && !m->err; once++)
            for (long n = 0;; n++) {
                struct hbs_image image = {0};
                long before = miser.blocks;
                miser.left = n;
                miser.once = once;
                enum hbs_err err = decode_copy(ctx, m->data, m->size, &image);
                bool refused = once ? miser.left < 0 : miser.left == 0;
                miser.left = -1;
                if (err == HBS_ERR_NO_MEMORY) {
                    refusals++;
                    bad += image.pixels || miser.blocks != before || !*hbs_ctx_what(ctx);
                } else if (err) {
                    printf("# %s, allocation %ld: %s\n", m->name, n, hbs_ctx_what(ctx));
                    bad++;
                } else {
                    /* a library may do without a block; then the pixels must be right */
                    for (size_t p = 0; p < (size_t)m->width * m->height; p++)
                        bad += abs(image.pixels[p] - m->expect[p]) > m->within;
                    hbs_image_close(&image);
                    bad += miser.blocks != before;
                    if (!refused)
                        break;
                }
                if (n > 500) {
                    bad++;
                    break;
                }
            }
    }
    ok(!bad && refusals > 300, "decoding gives up cleanly at each of %zu refused allocations",
       refusals);
    refusals = bad = 0;
    uint8_t pixels[48] = {0};
    for (long n = 0; n < 200; n++) {
        long before = miser.blocks;
        struct hbs_buf out;
        hbs_buf_init(&out, ctx, 4096);
        miser.left = n;
        miser.once = false;
        enum hbs_err err = hbs_png_encode(ctx, 4, 4, 3, 500, pixels, &out);
        bool refused = miser.left == 0;
        miser.left = -1;
        if (err) {
            refusals++;
            bad += err != HBS_ERR_NO_MEMORY || out.size;
        }
        hbs_buf_close(&out);
        bad += miser.blocks != before;
        if (!err && !refused)
            break;
    }
    ok(!bad && refusals > 3, "encoding, too, at each of %zu", refusals);
    hbs_ctx_close(ctx);
    is_int(miser.blocks, 0, "nothing is left");
}

static void test_simple(struct hbs_ctx *ctx)
{
    struct hbs_image image = {0};
    is_int(hbs_image_make(ctx, 5, 3, 500, &image), HBS_OK, "a picture is made");
    bool white = image.width == 5 && image.height == 3 && image.ppi == 500;
    for (int i = 0; white && i < 15; i++)
        white &= image.pixels[i] == 255;
    ok(white, "and is white");
    hbs_image_close(&image);
    ok(!image.pixels, "closed, it is empty");
    hbs_image_close(&image);
    hbs_image_close(NULL);
    is_int(hbs_image_make(ctx, 20000, 20000, 0, &image), HBS_ERR_LIMIT, "20,000 x 20,000 is not");
    ok(!image.pixels && strstr(hbs_ctx_what(ctx), "20000 x 20000"), "and says so: %s",
       hbs_ctx_what(ctx));
    is_int(hbs_image_make(ctx, 8193, 1, 0, &image), HBS_ERR_LIMIT, "nor a side of 8193");
    is_int(hbs_image_make(ctx, 8192, 8192, 0, &image), HBS_ERR_LIMIT, "nor 64 Mi pixels");
    is_int(hbs_image_make(ctx, 0, 5, 0, &image), HBS_ERR_FORMAT, "nor no pixels");
    is_int(hbs_image_make(ctx, 8192, 4096, 0, &image), HBS_OK, "the largest is");
    hbs_image_close(&image);

    is_int(hbs_image_from_raw(ctx, "abcdef", 6, 3, 2, 500, &image), HBS_OK, "raw pixels");
    ok(image.width == 3 && image.height == 2 && image.format == HBS_IMAGE_RAW &&
           image.ppi == 500 && !memcmp(image.pixels, "abcdef", 6), "stay what they are");
    hbs_image_close(&image);
    is_int(hbs_image_from_raw(ctx, "abcdef", 6, 3, 3, 500, &image), HBS_ERR_FORMAT, "too few");
    is_int(hbs_image_from_raw(ctx, "abcdef", 6, 1, 2, 500, &image), HBS_ERR_FORMAT, "too many");
    is_int(hbs_image_from_raw(ctx, "abcdef", 6, 65536, 65536, 500, &image), HBS_ERR_LIMIT,
           "a product that overflows 32 bits");

    static const struct { const char *data; size_t size; enum hbs_image_format format; } heads[] = {
        {"", 0, HBS_IMAGE_UNKNOWN}, {"\x89PNG\r\n\x1a\n", 8, HBS_IMAGE_PNG},
        {"\x89PNG\r\n\x1a", 7, HBS_IMAGE_UNKNOWN}, {"\xff\xd8\xff\xe0", 4, HBS_IMAGE_JPEG},
        {"\xff\x4f\xff\x51", 4, HBS_IMAGE_JP2}, {"II*\0", 4, HBS_IMAGE_TIFF},
        {"MM\0*", 4, HBS_IMAGE_TIFF}, {"\xff\xa0\xff\xa4", 4, HBS_IMAGE_WSQ},
        {"\xff\xa0\xff\xff", 4, HBS_IMAGE_UNKNOWN}, {"P5\n1 1", 6, HBS_IMAGE_PGM},
        {"P5x", 3, HBS_IMAGE_UNKNOWN}, {"BMessage to the reader", 22, HBS_IMAGE_UNKNOWN},
        {"hello", 5, HBS_IMAGE_UNKNOWN}};
    for (size_t i = 0; i < HBS_COUNT(heads); i++)
        is_int(hbs_image_recognise(heads[i].data, heads[i].size), heads[i].format,
               "head %zu is recognised as %s", i, hbs_image_format_name(heads[i].format));
    is_int(hbs_image_recognise(NULL, 0), HBS_IMAGE_UNKNOWN, "no bytes are nothing");
    is_text(hbs_image_format_name((enum hbs_image_format)99), "unknown", "a format that is none");

    static const struct { const char *data, *word; } wrong[] = {
        {"", "empty"}, {"%PDF-1.4", "PDF"}, {"GIF89a", "GIF"}, {"RIFF....WEBP", "WebP"},
        {"<?xml version", "XML"}, {"some text", "not a picture"}, {"P4\n1 1\n", "PBM"}};
    for (size_t i = 0; i < HBS_COUNT(wrong); i++) {
        enum hbs_err err = decode_copy(ctx, (const uint8_t *)wrong[i].data, strlen(wrong[i].data),
                                       &image);
        ok(err == HBS_ERR_FORMAT && strstr(hbs_ctx_what(ctx), wrong[i].word) &&
               strstr(hbs_ctx_do(ctx), "PNG"), "wrong type: %s", hbs_ctx_what(ctx));
    }
    is_int(hbs_image_ppi(500.4, 500), 500, "a resolution is rounded");
    is_int(hbs_image_ppi(500, 250), 0, "an oblong one counts as none");
    is_int(hbs_image_ppi(1, 1), 0, "nor does 1 ppi");
    is_int(hbs_image_ppi(0.0 / 0.0, 500), 0, "nor what is no number");
    bool grey = true;
    for (unsigned v = 0; v < 256; v++)
        grey &= hbs_luma(v, v, v) == v && hbs_on_white(v, 255) == v && hbs_on_white(v, 0) == 255;
    ok(grey, "grey stays grey, solid stays solid, clear is white");
}

static void test_writer(struct hbs_ctx *ctx)
{
    enum { W = 33, H = 21 };
    uint8_t pixels[W * H * 3];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)hbs_rng_u64(&rng);
    for (int channels = 1; channels <= 3; channels += 2)
        for (uint32_t ppi = 0; ppi <= 1000; ppi += 250) {
            struct hbs_buf out;
            hbs_buf_init(&out, ctx, 1 << 16);
            struct hbs_image back = {0};
            enum hbs_err err = hbs_buf_put(&out, "before", 6);
            if (!err)
                err = hbs_png_encode(ctx, W, H, channels, ppi, pixels, &out);
            bool good = !err && !memcmp(out.data, "before", 6) &&
                        !decode_copy(ctx, out.data + 6, out.size - 6, &back) && back.width == W &&
                        back.height == H && back.ppi == ppi && back.format == HBS_IMAGE_PNG;
            for (size_t i = 0; good && i < (size_t)W * H; i++) {
                const uint8_t *p = pixels + i * (size_t)channels;
                good = back.pixels[i] == (channels == 1 ? p[0] : hbs_luma(p[0], p[1], p[2]));
            }
            ok(good, "a PNG of %d channels at %u ppi comes back", channels, ppi);
            hbs_image_close(&back);
            hbs_buf_close(&out);
        }
    struct hbs_buf out;
    hbs_buf_init(&out, ctx, 100);
    is_int(hbs_png_encode(ctx, W, H, 1, 0, pixels, &out), HBS_ERR_LIMIT,
           "a PNG larger than its buffer's maximum");
    is_int((long long)out.size, 0, "leaves the buffer as it was");
    is_int(hbs_png_encode(ctx, W, H, 2, 0, pixels, &out), HBS_ERR_USAGE, "two channels");
    is_int(hbs_png_encode(ctx, 9000, 1, 1, 0, pixels, &out), HBS_ERR_LIMIT, "too wide");
    hbs_buf_close(&out);
}

/* The published prints: 80 a set, each of its set's size. */
static void test_sets(struct hbs_ctx *ctx)
{
    static const struct { const char *folder; unsigned width, height; } sets[] = {
        {"fvc2002_db1b", 388, 374}, {"fvc2002_db2b", 296, 560}, {"fvc2002_db3b", 300, 300},
        {"fvc2002_db4b", 288, 384}, {"fvc2004_db1b", 640, 480}, {"fvc2004_db3b", 300, 480}};
    const char *data = getenv("HABEAS_DATA");
    for (size_t s = 0; s < HBS_COUNT(sets); s++) {
        char path[4096];
        int seen = 0, right = 0;
        for (int finger = 101; finger <= 110; finger++)
            for (int impression = 1; impression <= 8; impression++) {
                snprintf(path, sizeof path, "%s/finger/%s/%d_%d.tif", data ? data : "",
                         sets[s].folder, finger, impression);
                struct hbs_buf file;
                hbs_buf_init(&file, ctx, HBS_IMAGE_BYTES_MAX);
                if (!hbs_file_read(ctx, path, &file)) {
                    struct hbs_image image = {0};
                    seen++;
                    right += !hbs_image_decode_here(ctx, file.data, file.size, &image) &&
                             image.width == sets[s].width && image.height == sets[s].height;
                    hbs_image_close(&image);
                }
                hbs_buf_close(&file);
            }
        if (!seen)
            tap_skip("no such set under HABEAS_DATA");
        else
            ok(seen == 80 && right == 80, "%s: %d of %d prints have the size of their set",
               sets[s].folder, right, seen);
    }
}

int main(void)
{
    tap_begin();
    struct hbs_ctx *ctx = NULL;
    if (!ok(hbs_ctx_open(NULL, &ctx) == HBS_OK, "a context"))
        return tap_end();
    struct made_list list = made_images();
    test_simple(ctx);
    test_pictures(ctx, &list);
    test_writer(ctx);
    test_cut(ctx, &list);
    test_memory(&list);
    test_sets(ctx);
    made_free(&list);
    hbs_ctx_close(ctx);
    return tap_end();
}
