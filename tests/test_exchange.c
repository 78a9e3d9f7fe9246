/* SPDX-License-Identifier: MPL-2.0
 *
 * Room exchange: every published sample at hand, truncation, lies, the way there and back, and
 * memory that is refused. Samples are read from HABEAS_DATA; nothing of them is in this file but
 * the first values of the standards' own annex examples.
 */
#include "base/base_int.h"
#include "habeas/exchange.h"
#include "tap.h"

#include <dirent.h>
#include <sys/stat.h>

enum { FILE_MOST = 1 << 20 };
static struct hbs_ctx *ctx;
static struct hbs_finger_template one, two;

/* ---- files ------------------------------------------------------------------------------- */

/* Calls `each` on the files below a folder in the order of their names; how many there were. */
static int visit(const char *folder, void (*each)(const char *path, const uint8_t *data, size_t size))
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, NULL, alphasort), files = 0;
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && !stat(path, &st)) {
            if (S_ISDIR(st.st_mode)) {
                files += visit(path, each);
            } else {
                struct hbs_buf buf;
                hbs_buf_init(&buf, ctx, FILE_MOST);
                if (!hbs_file_read(ctx, path, &buf) && buf.size) {
                    each(path, buf.data, buf.size);
                    files++;
                }
                hbs_buf_close(&buf);
            }
        }
        free(names[i]);
    }
    free(names);
    return files;
}

/* A copy of n bytes with nothing behind it, so that a sanitizer sees any overrun. */
static uint8_t *exactly(const uint8_t *data, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    memcpy(copy, data, n);
    return copy;
}

static const char *data_folder(const char *below, char path[4096])
{
    const char *root = getenv("HABEAS_DATA");
    struct stat st;
    snprintf(path, 4096, "%s/%s", root ? root : "", below);
    return root && !stat(path, &st) ? path : NULL;
}

/* ---- the standards' own examples ----------------------------------------------------------- */

static int prefixes_read(const uint8_t *data, size_t size, size_t except)
{
    int bad = 0;
    for (size_t n = 0; n < size; n++) {
        if (n == except)
            continue;
        uint8_t *cut = exactly(data, n);
        size_t count;
        enum hbs_err err = hbs_record_views(ctx, cut, n, &count);
        bad += err != HBS_ERR_FORMAT || !strstr(hbs_ctx_what(ctx), "byte ");
        free(cut);
    }
    return bad;
}

/* The annex examples of INCITS 378-2004 (B.2) and ISO 19794-2:2005 (C.2) and NIST's longer
 * versions of them: the same two views of one finger, the first with 27 minutiae. Two of them lie about
 * a length, and can be cut to what is whole by the lie's own measure: `except` bytes. */
static void an_example(const char *name, enum hbs_record_format format, size_t views, size_t except)
{
    char below[256], path[4096];
    snprintf(below, sizeof below, "exchange/iso/biomdi/%s", name);
    if (!data_folder(below, path)) {
        tap_skip(name);
        return;
    }
    struct hbs_buf buf, back;
    hbs_buf_init(&buf, ctx, FILE_MOST);
    hbs_buf_init(&back, ctx, FILE_MOST);
    is_int(hbs_file_read(ctx, path, &buf), HBS_OK, "%s is there", name);
    is_int(hbs_record_recognise(buf.data, buf.size), format, "%s is recognised", name);
    size_t count = 0;
    is_int(hbs_record_views(ctx, buf.data, buf.size, &count), HBS_OK, "%s can be walked", name);
    is_int(count, views, "%s has its views", name);
    struct hbs_record_view v = {0};
    is_int(hbs_record_read_finger(ctx, buf.data, buf.size, 0, &one, &v), HBS_OK, "view 0 is read");
    ok(v.finger == 7 && v.view == 0 && v.quality == 90 && v.width == 512 && v.height == 512 &&
           v.ppi_x == 500 && v.ppi_y == 500 && v.minutiae == 27 && v.has_minutia_quality && !v.dropped,
       "its header says left index, quality 90, 512x512 at 500 ppi, 27 minutiae");
    const struct hbs_minutia *m = one.minutiae;
    ok(one.count == 27 && m[0].x == 100 * 8 && m[0].y == 14 * 8 && m[0].type == HBS_MINUTIA_ENDING &&
           m[0].quality == 90 && m[2].type == HBS_MINUTIA_BIFURCATION && m[2].x == 55 * 8 &&
           m[26].type == HBS_MINUTIA_BIFURCATION && m[26].x == 126 * 8 && m[26].y == 115 * 8,
       "its first and last minutiae are the example's");
    is_near(m[0].angle * 360 / 256., 112.5, 0.71, "the first direction is 112 degrees");
    is_near(m[26].angle * 360 / 256., 172, 0.71, "the last 172");
    is_int(hbs_record_read_finger(ctx, buf.data, buf.size, 1, &two, &v), HBS_OK, "view 1 is read");
    ok(v.minutiae == 22 && two.count == 22,
       "it has 22 minutiae");
    is_int(hbs_record_read_finger(ctx, buf.data, buf.size, views, &two, NULL), HBS_ERR_NOT_FOUND,
           "a view beyond the last is not found");
    is_int(prefixes_read(buf.data, buf.size, except), 0, "%s cut at every byte is refused", name);
    for (size_t k = 0; k < views; k++) /* the same after writing, all but extended data and header */
        for (int f = HBS_RECORD_ISO2005; f <= HBS_RECORD_INCITS2004; f++) {
            back.size = 0;
            bool same = !hbs_record_read_finger(ctx, buf.data, buf.size, k, &one, NULL) &&
                        !hbs_record_write_finger(ctx, (enum hbs_record_format)f, &one, 1, &back) &&
                        !hbs_record_read_finger(ctx, back.data, back.size, 0, &two, NULL);
            for (unsigned i = 0; i < one.count && f == HBS_RECORD_INCITS2004; i++) {
                int d = (int8_t)(one.minutiae[i].angle - two.minutiae[i].angle);
                same &= d >= -1 && d <= 1;
                two.minutiae[i].angle = one.minutiae[i].angle;
            }
            ok(same && !memcmp(&one, &two, sizeof one), "%s view %zu is the same through %s", name, k,
               hbs_record_format_name((enum hbs_record_format)f));
        }
    hbs_buf_close(&buf);
    hbs_buf_close(&back);
}

/* ---- templates of another maker's extractor ---------------------------------------------------- */

static int templates, rewritten, minutiae_seen;

static void a_template(const char *path, const uint8_t *data, size_t size)
{
    size_t n = strlen(path);
    if (n < 4 || strcmp(path + n - 4, ".iso"))
        return;
    templates++;
    struct hbs_buf back;
    hbs_buf_init(&back, ctx, FILE_MOST);
    struct hbs_record_view v = {0};
    if (hbs_record_recognise(data, size) == HBS_RECORD_ISO2005 &&
        !hbs_record_read_finger(ctx, data, size, 0, &one, &v) && !v.has_minutia_quality &&
        !hbs_record_write_finger(ctx, HBS_RECORD_ISO2005, &one, 1, &back))
        rewritten += back.size == size && !memcmp(back.data, data, size);
    minutiae_seen += (int)v.minutiae;
    hbs_buf_close(&back);
}

/* ---- image records ----------------------------------------------------------------------------- */

static int images, refused, good_payload, wrongly, cuts_wrong, decoded;

static void an_image_record(const char *path, const uint8_t *data, size_t size)
{
    if (size < 16 || memcmp(data, "FIR", 4))
        return;
    images++;
    /* Told by the file alone: a record that is shorter than it says is a cut one. */
    uint64_t says = data[5] == '2' ? hbs_be32(data + 8)
                                   : (uint64_t)hbs_be16(data + 8) << 32 | hbs_be32(data + 10);
    bool cut = says > size;
    struct hbs_record_image image = {0};
    size_t count = 0;
    enum hbs_err err = hbs_record_views(ctx, data, size, &count);
    if (!err)
        err = hbs_record_image_at(ctx, data, size, count - 1, &image);
    if (cut != (err != HBS_OK)) {
        wrongly++;
        printf("# %s: %s\n", path, err ? hbs_ctx_what(ctx) : "read although cut");
    }
    if (err) {
        refused += err == HBS_ERR_FORMAT;
        return;
    }
    static const uint8_t jp2[] = {0, 0, 0, 12, 'j', 'P'}, wsq[] = {0xff, 0xa0};
    good_payload += image.view.ppi_x == 500 && image.view.width > 50 && image.view.height > 50 &&
                    (image.format == HBS_IMAGE_JP2   ? !memcmp(image.data, jp2, sizeof jp2)
                     : image.format == HBS_IMAGE_WSQ ? !memcmp(image.data, wsq, sizeof wsq)
                                                     : image.format == HBS_IMAGE_RAW);
    struct hbs_image picture = {0};
    if (image.format == HBS_IMAGE_RAW)
        err = hbs_image_from_raw(ctx, image.data, image.size, image.view.width, image.view.height,
                                 image.view.ppi_x, &picture);
    else
        err = hbs_image_decode_here(ctx, image.data, image.size, &picture);
    if (!err && picture.width == image.view.width && picture.height == image.view.height)
        decoded++;
    else
        printf("# %s: %s\n", path, err ? hbs_ctx_what(ctx) : "a picture of another size");
    hbs_image_close(&picture);
    /* Cut anywhere up to its last picture's end it is refused; of the pictures themselves every
     * 97th cut is tried, of the headers all. */
    size_t end = (size_t)(image.data - data) + image.size, start = (size_t)(image.data - data);
    for (size_t n = 0; n < end; n += n + 1 < start || n + 100 > end ? 1 : 97) {
        uint8_t *part = exactly(data, n);
        cuts_wrong += hbs_record_views(ctx, part, n, &count) != HBS_ERR_FORMAT;
        free(part);
    }
}

/* ---- there and back ---------------------------------------------------------------------------- */

struct prints {
    size_t count;
    struct hbs_finger_template t[3];
};

static void random_template(struct hbs_rng *rng, struct hbs_finger_template *t)
{
    memset(t, 0, sizeof *t);
    t->width = (uint16_t)(1 + hbs_rng_below(rng, hbs_rng_below(rng, 4) ? 500 : 8191));
    t->height = (uint16_t)(1 + hbs_rng_below(rng, hbs_rng_below(rng, 4) ? 500 : 8191));
    t->quality = (uint8_t)hbs_rng_below(rng, 101);
    t->finger = (uint8_t)hbs_rng_below(rng, 11);
    t->count = (uint16_t)hbs_rng_below(rng, HBS_FINGER_MINUTIAE_MAX + 1);
    bool quality = hbs_rng_below(rng, 4);
    for (unsigned i = 0; i < t->count; i++)
        t->minutiae[i] = (struct hbs_minutia){.x = (uint16_t)hbs_rng_below(rng, t->width * 8u),
                                              .y = (uint16_t)hbs_rng_below(rng, t->height * 8u),
                                              .angle = (uint8_t)hbs_rng_below(rng, 256),
                                              .type = (uint8_t)hbs_rng_below(rng, 3),
                                              .quality = (uint8_t)(quality ? hbs_rng_below(rng, 101) : 0),
                                              .support = 0};
}

static void make_prints(struct hbs_rng *rng, void *input)
{
    struct prints *p = input;
    p->count = 1 + hbs_rng_below(rng, 3);
    for (size_t i = 0; i < 3; i++)
        random_template(rng, &p->t[i]);
}

static bool shrink_prints(void *input, int step)
{
    struct prints *p = input;
    if (p->count > 1)
        return step == 0 && p->count--;
    if (step == 0 && p->t[0].count > 1) /* every step makes it smaller, or there would be no end */
        return p->t[0].count /= 2, true;
    return step <= 1 && p->t[0].count && p->t[0].count--;
}

/* Within half a pixel; in the last half pixel of the picture the last whole pixel is nearest. */
static bool near_pixel(unsigned was, unsigned is, unsigned side)
{
    int d = (int)was - (int)is;
    return (d >= -4 && d <= 4) || (is == (side - 1) * 8u && was >= is);
}

static bool same_prints(const struct hbs_finger_template *a, const struct hbs_finger_template *b,
                        int angle_within, bool size)
{
    bool same = a->count == b->count && a->finger == b->finger && a->quality == b->quality &&
                (!size || (a->width == b->width && a->height == b->height));
    for (unsigned i = 0; same && i < a->count; i++) {
        const struct hbs_minutia *m = &a->minutiae[i], *n = &b->minutiae[i];
        int d = (int8_t)(m->angle - n->angle);
        same = near_pixel(m->x, n->x, a->width) && near_pixel(m->y, n->y, a->height) &&
               d >= -angle_within && d <= angle_within && m->type == n->type &&
               m->quality == n->quality;
    }
    return same;
}

static bool there_and_back(const void *input, bool verbose, enum hbs_record_format format)
{
    const struct prints *p = input;
    static struct hbs_finger_template back[3];
    struct hbs_buf once, twice;
    hbs_buf_init(&once, ctx, FILE_MOST);
    hbs_buf_init(&twice, ctx, FILE_MOST);
    size_t count = 0;
    bool good = !hbs_record_write_finger(ctx, format, p->t, p->count, &once) &&
                hbs_record_recognise(once.data, once.size) == format &&
                !hbs_record_views(ctx, once.data, once.size, &count) && count == p->count;
    for (size_t k = 0; good && k < p->count; k++) {
        struct hbs_record_view v;
        good = !hbs_record_read_finger(ctx, once.data, once.size, k, &back[k], &v) &&
               v.minutiae == p->t[k].count && v.finger == p->t[k].finger &&
               same_prints(&p->t[k], &back[k], format == HBS_RECORD_INCITS2004,
                           format == HBS_RECORD_ISO2011 || p->count == 1);
        unsigned number = 0;
        for (size_t j = 0; j < k; j++)
            number += p->t[j].finger == p->t[k].finger;
        good = good && v.view == number;
    }
    good = good && !hbs_record_write_finger(ctx, format, back, p->count, &twice) &&
           twice.size == once.size && !memcmp(twice.data, once.data, once.size);
    if (verbose)
        printf("# %s, %zu views, %u minutiae of a %ux%u picture; '%s'\n", hbs_record_format_name(format),
               p->count, p->t[0].count, p->t[0].width, p->t[0].height, hbs_ctx_what(ctx));
    hbs_buf_close(&once);
    hbs_buf_close(&twice);
    return good;
}

static bool iso2005_back(const void *p, bool v) { return there_and_back(p, v, HBS_RECORD_ISO2005); }
static bool iso2011_back(const void *p, bool v) { return there_and_back(p, v, HBS_RECORD_ISO2011); }
static bool incits_back(const void *p, bool v) { return there_and_back(p, v, HBS_RECORD_INCITS2004); }

/* Cards: 0.1 mm is 15.7 eighths of a pixel, 0.01 mm 1.6. */
static bool card_back(const void *input, bool verbose)
{
    const struct hbs_finger_template *t = ((const struct prints *)input)->t;
    bool good = true;
    for (int compact = 0; compact < 2 && good; compact++) {
        enum hbs_record_format f = compact ? HBS_RECORD_CARD_COMPACT : HBS_RECORD_CARD_NORMAL;
        struct hbs_buf once, twice;
        hbs_buf_init(&once, ctx, FILE_MOST);
        hbs_buf_init(&twice, ctx, FILE_MOST);
        bool far = false;
        for (unsigned i = 0; i < t->count; i++)
            far |= (compact ? 4023 : 25801) < (t->minutiae[i].x > t->minutiae[i].y ? t->minutiae[i].x
                                                                                 : t->minutiae[i].y);
        enum hbs_err err = hbs_card_write_finger(ctx, f, t, &once);
        if (far) {
            good = err == HBS_ERR_LIMIT && !once.size;
        } else if ((good = !err && once.size == t->count * (compact ? 3u : 5u)) && t->count) {
            good = !hbs_card_read_finger(ctx, f, once.data, once.size, &two, NULL) &&
                   two.count == t->count && !hbs_card_write_finger(ctx, f, &two, &twice) &&
                   !memcmp(once.data, twice.data, once.size);
            for (unsigned i = 0; good && i < t->count; i++) {
                const struct hbs_minutia *m = &t->minutiae[i], *n = &two.minutiae[i];
                int w = compact ? 8 : 1, dx = m->x - n->x, dy = m->y - n->y;
                int da = (int8_t)(m->angle - n->angle);
                good = dx >= -w && dx <= w && dy >= -w && dy <= w && da >= -2 && da <= 2 &&
                       (compact || !da) && m->type == n->type && n->x < two.width * 8u &&
                       n->y < two.height * 8u;
            }
        }
        if (verbose)
            printf("# %s, %u minutiae: '%s'\n", hbs_record_format_name(f), t->count, hbs_ctx_what(ctx));
        hbs_buf_close(&once);
        hbs_buf_close(&twice);
    }
    return good;
}

/* ---- lies -------------------------------------------------------------------------------------- */

static void print_of(unsigned count)
{
    memset(&one, 0, sizeof one);
    one = (struct hbs_finger_template){.width = 300, .height = 400, .quality = 50, .finger = 2,
                                       .count = (uint16_t)count};
    for (unsigned i = 0; i < count; i++)
        one.minutiae[i] = (struct hbs_minutia){.x = (uint16_t)(8 * (i + 10)), .y = (uint16_t)(8 * (i + 20)),
                                               .angle = (uint8_t)(5 * i), .type = (uint8_t)(1 + i % 2),
                                               .quality = (uint8_t)(1 + i % 100)};
}

/* A record of 10 minutiae with some bytes changed is refused, and the message names the byte. */
static void a_lie(enum hbs_record_format format, size_t at, size_t bytes, uint32_t value,
                  const char *says, const char *what)
{
    print_of(10);
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, FILE_MOST);
    size_t count;
    bool good = !hbs_record_write_finger(ctx, format, &one, 1, &buf) &&
                !hbs_record_views(ctx, buf.data, buf.size, &count);
    for (size_t i = 0; i < bytes; i++)
        buf.data[at + i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    enum hbs_err err = hbs_record_read_finger(ctx, buf.data, buf.size, 0, &two, NULL);
    if (!ok(good && err == HBS_ERR_FORMAT && strstr(hbs_ctx_what(ctx), says) &&
                !strchr(hbs_ctx_what(ctx), '\n'),
            "%s: %s", hbs_record_format_name(format), what))
        printf("# error %d, '%s', wanted '%s'\n", err, hbs_ctx_what(ctx), says);
    hbs_buf_close(&buf);
}

static void lies(void)
{
    a_lie(HBS_RECORD_ISO2005, 27, 1, 11, "byte ", "a minutia too many");
    a_lie(HBS_RECORD_ISO2005, 27, 1, 9, "byte ", "a minutia too few");
    a_lie(HBS_RECORD_ISO2005, 27, 1, 255, "byte ", "255 minutiae in 60 bytes");
    a_lie(HBS_RECORD_ISO2005, 22, 1, 2, "byte 90: the record ends inside", "a view too many");
    a_lie(HBS_RECORD_ISO2005, 22, 1, 0, "byte 24: 66 bytes are left over", "a view too few");
    a_lie(HBS_RECORD_ISO2005, 14, 2, 0, "byte 14: the picture is 0x400", "no width");
    a_lie(HBS_RECORD_ISO2005, 16, 2, 0, "byte 14: the picture is 300x0", "no height");
    a_lie(HBS_RECORD_ISO2005, 18, 2, 0, "byte 14: the resolution is 0", "no resolution");
    a_lie(HBS_RECORD_ISO2005, 20, 2, 0, "byte 14: the resolution", "no vertical resolution");
    a_lie(HBS_RECORD_ISO2005, 18, 2, 38, "byte 14: the resolution", "97 ppi");
    a_lie(HBS_RECORD_ISO2005, 18, 2, 1575, "byte 14: the resolution", "4001 ppi");
    a_lie(HBS_RECORD_ISO2005, 14, 2, 60000, "byte 14: a 60000x400 picture", "a width of 3 m");
    a_lie(HBS_RECORD_ISO2005, 28, 2, 1u << 14 | 300, "byte 28: minutia 1 at 300,20", "x outside");
    a_lie(HBS_RECORD_ISO2005, 36, 2, 400, "byte 34: minutia 2", "y outside");
    a_lie(HBS_RECORD_ISO2005, 88, 2, 1, "byte 90: the record ends inside the extended", "extended data");
    a_lie(HBS_RECORD_INCITS2004, 34, 1, 180, "byte 34: minutia 1 has the angle 180", "360 degrees");
    a_lie(HBS_RECORD_INCITS2004, 16, 2, 0, "byte 16: the picture", "no width");
    a_lie(HBS_RECORD_INCITS2004, 20, 2, 0, "byte 16: the resolution", "no resolution");
    a_lie(HBS_RECORD_INCITS2004, 29, 1, 30, "byte ", "minutiae too many");
    a_lie(HBS_RECORD_ISO2011, 15, 4, 101, "byte 15: representation 1 says", "length of representation");
    a_lie(HBS_RECORD_ISO2011, 12, 2, 2, "byte ", "representations too many");
    a_lie(HBS_RECORD_ISO2011, 12, 2, 0, "byte 12", "no representation");
    a_lie(HBS_RECORD_ISO2011, 14, 1, 2, "byte 14", "an impossible certification flag");
    a_lie(HBS_RECORD_ISO2011, 14, 1, 1, "byte ", "certification blocks that are not there");
    a_lie(HBS_RECORD_ISO2011, 33, 1, 255, "byte ", "quality blocks that are not there");
    a_lie(HBS_RECORD_ISO2011, 50, 1, 0x71, "byte 50: minutiae of 7 bytes", "minutiae of 7 bytes");
    a_lie(HBS_RECORD_ISO2011, 50, 1, 0x51, "byte ", "minutiae of 5 bytes that have 6");
    a_lie(HBS_RECORD_ISO2011, 46, 2, 0, "byte 41: the picture", "no width");
    a_lie(HBS_RECORD_ISO2011, 41, 2, 0, "byte 41: the resolution", "no resolution");
    a_lie(HBS_RECORD_ISO2011, 0, 1, 'G', "byte 0: not a finger record", "another magic");
}

/* A record by hand: `count` minutiae at 394 pixels per cm, quality falling and rising, then
 * extended data whose inner length is given. */
static size_t by_hand(uint8_t *p, unsigned count, unsigned per_cm, unsigned inner)
{
    static const uint8_t head[24] = "FMR\0 20";
    memcpy(p, head, sizeof head);
    size_t size = 28 + 6 * count + 2 + 10;
    hbs_put_be32(p + 8, (uint32_t)size);
    hbs_put_be16(p + 14, 1000);
    hbs_put_be16(p + 16, 1000);
    hbs_put_be16(p + 18, (uint16_t)per_cm);
    hbs_put_be16(p + 20, (uint16_t)per_cm);
    p[22] = 1;
    p[24] = 13; /* fingers 2 and 3 together: no single finger */
    p[25] = 3;
    p[26] = 255;
    p[27] = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        uint8_t *m = p + 28 + 6 * i;
        hbs_put_be16(m, (uint16_t)(3u << 14 | (3 * i + 1)));
        hbs_put_be16(m + 2, (uint16_t)(0xc000 | 999));
        m[4] = (uint8_t)i;
        m[5] = (uint8_t)(i % 2 ? 60 : i % 101);
    }
    uint8_t *e = p + 28 + 6 * count;
    hbs_put_be16(e, 10);
    hbs_put_be16(e + 2, 7);
    hbs_put_be16(e + 4, (uint16_t)inner);
    memset(e + 6, 1, 6);
    return size;
}

static void conversions(void)
{
    static uint8_t r[2000];
    struct hbs_record_view v;
    size_t size = by_hand(r, 10, 394, 10);
    is_int(hbs_record_read_finger(ctx, r, size, 0, &one, &v), HBS_OK, "1000 ppi are read");
    ok(one.width == 500 && one.height == 500 && v.ppi_x == 1000 && v.width == 1000, "as half the size");
    ok(one.minutiae[0].x == 4 && one.minutiae[1].x == 16 && one.minutiae[3].x == 40 &&
           one.minutiae[0].y == 999 * 4,
       "to an eighth of a pixel");
    ok(v.extended == 10 && one.finger == 0 && v.finger == 13 && v.impression == 3 && v.quality == 0 &&
           one.minutiae[0].type == HBS_MINUTIA_OTHER,
       "extended data are passed over, two fingers are no finger, 255 is no quality, 11 no type");
    size = by_hand(r, 10, 224, 10);
    is_int(hbs_record_read_finger(ctx, r, size, 0, &one, &v), HBS_OK, "569 ppi are read");
    is_int(one.minutiae[9].x, (28 * 8 * 500 + 284) / 569, "and scaled");
    is_int(v.ppi_x, 569, "224 pixels per cm are 569 ppi");
    static const unsigned nominal[][2] = {{98, 250}, {99, 250}, {196, 500}, {197, 500}, {295, 750},
                                          {296, 750}, {393, 1000}, {394, 1000}, {195, 495},
                                          {198, 503}, {100, 254}, {1574, 3998}};
    for (size_t i = 0; i < HBS_COUNT(nominal); i++) {
        size = by_hand(r, 1, nominal[i][0], 10);
        bool good = !hbs_record_read_finger(ctx, r, size, 0, &one, &v);
        is_int(good ? v.ppi_x : 0, nominal[i][1], "%u pixels per cm", nominal[i][0]);
    }
    for (unsigned inner = 0; inner < 12; inner++)
        if (inner != 10 && inner != 6) { /* 6: without the block's header */
            size = by_hand(r, 10, 197, inner);
            is_int(hbs_record_read_finger(ctx, r, size, 0, &one, &v), HBS_ERR_FORMAT,
                   "an extended block of %u in 10 bytes is refused", inner);
        }
    size = by_hand(r, 255, 394, 10);
    is_int(hbs_record_read_finger(ctx, r, size, 0, &one, &v), HBS_OK, "255 minutiae are read");
    ok(one.count == HBS_FINGER_MINUTIAE_MAX && v.minutiae == 255 && v.dropped == 127, "128 stay");
    unsigned better = 0, better_kept = 0, at60 = 0, worse = 0;
    for (unsigned i = 0; i < 255; i += 2)
        better += i % 101 > 60;
    bool ordered = true;
    for (unsigned i = 0; i < one.count; i++) {
        better_kept += one.minutiae[i].quality > 60;
        at60 += one.minutiae[i].quality == 60;
        worse += one.minutiae[i].quality < 60;
        ordered &= !i || one.minutiae[i].x > one.minutiae[i - 1].x;
    }
    ok(better_kept == better && at60 == 128 - better && !worse && ordered,
       "the best, the earlier of equals, in their order");
    size = by_hand(r, 0, 197, 10);
    is_int(hbs_record_read_finger(ctx, r, size, 0, &one, &v), HBS_OK, "no minutiae are no mistake");
    is_int(one.count, 0, "and none come out");
    r[8] = r[9] = r[10] = r[11] = 0;
    is_int(hbs_record_read_finger(ctx, r, size, 0, &one, &v), HBS_OK,
           "a total length of 0 does not matter where the end agrees");
    hbs_put_be32(r + 8, (uint32_t)size);
    is_int(hbs_record_read_finger(ctx, r, size + 100, 0, &one, &v), HBS_OK,
           "padding behind the stated length neither");
    hbs_put_be32(r + 8, (uint32_t)size + 1);
    is_int(hbs_record_read_finger(ctx, r, size + 100, 0, &one, &v), HBS_ERR_FORMAT,
           "padding that nothing explains is refused");
}

/* INCITS 378-2004 beyond 64 KiB has its length in six bytes; ISO's has four all along. */
static void long_records(void)
{
    static struct hbs_finger_template many[160];
    for (unsigned i = 0; i < 160; i++) {
        print_of(128);
        for (unsigned j = 0; j < 128; j++)
            one.minutiae[j].angle = 64; /* a direction that both have */
        many[i] = one;
        many[i].finger = (uint8_t)(1 + i / 16);
    }
    for (int f = HBS_RECORD_ISO2005; f <= HBS_RECORD_INCITS2004; f++) {
        struct hbs_buf buf;
        hbs_buf_init(&buf, ctx, FILE_MOST);
        size_t count = 0;
        struct hbs_record_view v = {0};
        is_int(hbs_record_write_finger(ctx, (enum hbs_record_format)f, many, 160, &buf), HBS_OK,
               "%s: 160 views are written", hbs_record_format_name((enum hbs_record_format)f));
        ok(buf.size > 65536 && (int)hbs_record_recognise(buf.data, buf.size) == f &&
               !hbs_record_views(ctx, buf.data, buf.size, &count) && count == 160 &&
               !hbs_record_read_finger(ctx, buf.data, buf.size, 159, &two, &v) && v.view == 15 &&
               !memcmp(&two, &many[159], sizeof two),
           "and read");
        const uint8_t *d = buf.data;
        ok(f == HBS_RECORD_INCITS2004 ? !hbs_be16(d + 8) && hbs_be32(d + 10) == buf.size
                                      : hbs_be32(d + 8) == buf.size,
           "with the total length where it belongs");
        buf.size = 0;
        many[16].finger = 1;
        is_int(hbs_record_write_finger(ctx, (enum hbs_record_format)f, many, 17, &buf), HBS_ERR_LIMIT,
               "a seventeenth view of a finger is refused");
        is_int(buf.size, 0, "and nothing written");
        many[16].finger = 2;
        hbs_buf_close(&buf);
    }
}

/* An image record of 2011 by hand: two raw pictures of 4 x 3, six bytes of comment behind each. */
static size_t pictures_by_hand(uint8_t *p)
{
    enum { REPRESENTATION = 19 + 5 + 22 + 12 + 6 };
    memset(p, 0, 16 + 2 * REPRESENTATION);
    memcpy(p, "FIR\0" "020", 8);
    hbs_put_be32(p + 8, 16 + 2 * REPRESENTATION);
    p[13] = 2;
    p[15] = 2;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *q = p + 16 + i * REPRESENTATION;
        hbs_put_be32(q, REPRESENTATION);
        q[18] = 1;
        q[19] = 77;
        q += 24;
        q[0] = (uint8_t)(2 + i);
        q[2] = 2; /* per cm */
        for (unsigned j = 3; j < 11; j += 2)
            hbs_put_be16(q + j, 197);
        q[11] = 8;
        q[15] = 4;
        q[17] = 3;
        q[21] = 12;
        for (unsigned j = 0; j < 12; j++)
            q[22 + j] = (uint8_t)(100 * i + j);
        memcpy(q + 34, "\0\3\0\6ab", 6);
    }
    return 16 + 2 * REPRESENTATION;
}

static void picture_lies(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum hbs_err err;
        const char *says;
    } lie[] = {
        {14, 2, HBS_ERR_FORMAT, "byte 14: a certification flag"},
        {40 + 2, 3, HBS_ERR_FORMAT, "byte 42: scale units of 3"},
        {40 + 8, 0, HBS_ERR_FORMAT, "byte 47: an image resolution of 0"},
        {40 + 11, 16, HBS_ERR_UNSUPPORTED, "byte 51: a raw picture with 16 bits"},
        {40 + 12, 9, HBS_ERR_FORMAT, "byte 52: compression 9"},
        {40 + 15, 0, HBS_ERR_FORMAT, "byte 16: the picture is 0x3"},
        {40 + 15, 5, HBS_ERR_FORMAT, "byte 16: a raw 5x3 picture in 12 bytes"},
        {40 + 20, 1, HBS_ERR_FORMAT, "the record ends inside a picture"},
        {34, 200, HBS_ERR_FORMAT, "byte "},
    };
    static uint8_t p[400];
    struct hbs_record_image image = {0};
    size_t size = pictures_by_hand(p), count = 0;
    is_int(hbs_record_views(ctx, p, size, &count), HBS_OK, "an image record by hand");
    is_int(count, 2, "has two pictures");
    is_int(hbs_record_image_at(ctx, p, size, 1, &image), HBS_OK, "the second lies behind the first's comment");
    ok(image.size == 12 && image.data == p + size - 18 && image.data[11] == 111 && image.view.finger == 3 &&
           image.view.quality == 77 && image.view.ppi_x == 500 && image.view.width == 4 &&
           image.view.height == 3 && image.format == HBS_IMAGE_RAW && image.view.size == 64,
       "and is what it says");
    is_int(hbs_record_image_at(ctx, p, size, 2, &image), HBS_ERR_NOT_FOUND, "there is no third");
    is_int(hbs_record_read_finger(ctx, p, size, 0, &one, NULL), HBS_ERR_UNSUPPORTED, "nor any minutiae");
    for (size_t i = 0; i < HBS_COUNT(lie); i++) {
        pictures_by_hand(p);
        p[lie[i].at] = lie[i].value;
        enum hbs_err err = hbs_record_views(ctx, p, size, &count);
        if (!ok(err == lie[i].err && strstr(hbs_ctx_what(ctx), lie[i].says), "a picture that lies: %s", lie[i].says))
            printf("# error %d, '%s'\n", err, hbs_ctx_what(ctx));
    }
    pictures_by_hand(p);
    int read = 0;
    for (size_t n = 0; n < size - 6; n++) { /* without the last comment it is whole */
        uint8_t *cut = exactly(p, n);
        read += hbs_record_views(ctx, cut, n, &count) != HBS_ERR_FORMAT;
        free(cut);
    }
    is_int(read, 0, "cut at every byte before the end of the last picture it is refused");
    hbs_put_be32(p + 8, 1);
    is_int(hbs_record_views(ctx, p, size, &count), HBS_OK, "its total length does not matter");
}

/* ---- memory ------------------------------------------------------------------------------------ */

struct refuser {
    int left;
};
static void *refuse_resize(void *user, void *old, size_t size)
{
    struct refuser *r = user;
    return r->left-- > 0 ? realloc(old, size) : NULL;
}
static void refuse_release(void *user, void *p)
{
    (void)user;
    free(p);
}

static void refused_memory(void)
{
    struct refuser refuser = {1};
    struct hbs_allocator alloc = {refuse_resize, refuse_release, &refuser};
    struct hbs_ctx *poor = NULL;
    is_int(hbs_ctx_open(&alloc, &poor), HBS_OK, "a context for refusals");
    static struct hbs_finger_template many[9];
    print_of(128);
    for (unsigned i = 0; i < 9; i++)
        many[i] = one;
    for (int f = HBS_RECORD_ISO2005; f <= HBS_RECORD_INCITS2004; f++) {
        int n = 0;
        enum hbs_err err = HBS_ERR_NO_MEMORY;
        bool clean = true;
        for (; n < 50 && err == HBS_ERR_NO_MEMORY; n++) {
            struct hbs_buf buf;
            hbs_buf_init(&buf, poor, FILE_MOST);
            refuser.left = n;
            err = hbs_record_write_finger(poor, (enum hbs_record_format)f, many, 9, &buf);
            clean &= !err || buf.size == 0;
            if (!err) { /* reading asks for none at all */
                refuser.left = 0;
                clean &= !hbs_record_read_finger(poor, buf.data, buf.size, 8, &two, NULL);
            }
            hbs_buf_close(&buf);
        }
        ok(!err && clean && n > 3, "%s: each of %d allocations may fail; reading needs none",
           hbs_record_format_name((enum hbs_record_format)f), n - 1);
    }
    struct hbs_buf small;
    hbs_buf_init(&small, ctx, 100);
    is_int(hbs_record_write_finger(ctx, HBS_RECORD_ISO2005, many, 1, &small), HBS_ERR_LIMIT,
           "a buffer's maximum holds");
    is_int(small.size, 0, "and leaves nothing half written");
    hbs_buf_close(&small);
    hbs_ctx_close(poor);
}

static void usage(void)
{
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, FILE_MOST);
    print_of(3);
    is_int(hbs_record_write_finger(ctx, HBS_RECORD_INCITS2009, &one, 1, &buf), HBS_ERR_USAGE,
           "378-2009 is not written");
    is_int(hbs_record_write_finger(ctx, HBS_RECORD_ISO2005, &one, 0, &buf), HBS_ERR_USAGE, "nor nothing");
    one.minutiae[1].x = 2400;
    is_int(hbs_record_write_finger(ctx, HBS_RECORD_ISO2005, &one, 1, &buf), HBS_ERR_USAGE,
           "nor a minutia outside its picture");
    print_of(3);
    one.finger = 11;
    is_int(hbs_record_write_finger(ctx, HBS_RECORD_ISO2011, &one, 1, &buf), HBS_ERR_USAGE,
           "nor an eleventh finger");
    print_of(3);
    one.count = 129;
    is_int(hbs_record_write_finger(ctx, HBS_RECORD_ISO2011, &one, 1, &buf), HBS_ERR_USAGE,
           "nor more minutiae than there can be");
    is_int(hbs_card_write_finger(ctx, HBS_RECORD_ISO2005, &two, &buf), HBS_ERR_USAGE,
           "nor a record as a card");
    is_int(hbs_card_read_finger(ctx, HBS_RECORD_CARD_COMPACT, "12345", 5, &two, NULL), HBS_ERR_FORMAT,
           "five bytes are no compact minutiae");
    static const uint8_t zeros[256 * 3];
    is_int(hbs_card_read_finger(ctx, HBS_RECORD_CARD_COMPACT, zeros, sizeof zeros, &two, NULL),
           HBS_ERR_FORMAT, "nor are 256 of them read");
    uint32_t dropped = 0;
    is_int(hbs_card_read_finger(ctx, HBS_RECORD_CARD_COMPACT, zeros, 600, &two, &dropped), HBS_OK, "200 are");
    ok(two.count == 128 && dropped == 72, "of which 128 stay");
    for (int f = 1; f <= HBS_RECORD_CARD_COMPACT; f++)
        is_int(hbs_record_format_find(hbs_record_format_name((enum hbs_record_format)f)), f,
               "%s has its name", hbs_record_format_name((enum hbs_record_format)f));
    is_int(hbs_record_format_find("iso"), HBS_RECORD_UNKNOWN, "an unknown name is unknown");
    is_int(hbs_record_recognise(NULL, 0), HBS_RECORD_UNKNOWN, "nothing is no record");
    hbs_buf_close(&buf);
}

int main(void)
{
    tap_begin();
    is_int(hbs_ctx_open(NULL, &ctx), HBS_OK, "a context");
    an_example("Sampledata/fingerminutia/ISO-19794-2_2005/Appendix-C2_Example.raw", HBS_RECORD_ISO2005, 2,
               340); /* its total length is one too small */
    an_example("Sampledata/fingerminutia/ANSI-INCITS-378_2004/Appendix-B2_Example.raw",
               HBS_RECORD_INCITS2004, 2, 0);
    an_example("fmr.iso2005", HBS_RECORD_ISO2005, 2, 0);
    an_example("fmr.ansi2004", HBS_RECORD_INCITS2004, 3, 1236); /* two bytes too many at its end */
    an_example("fmr.ansi2007", HBS_RECORD_INCITS2009, 2, 0);
    char path[4096];
    if (data_folder("finger", path)) {
        visit(path, a_template);
        printf("# %d templates of another extractor, %d minutiae\n", templates, minutiae_seen);
        ok(templates > 0 && rewritten == templates,
           "all templates beside the prints are read, and written byte by byte");
    } else {
        tap_skip("no HABEAS_DATA/finger");
    }
    if (data_folder("exchange/iso", path)) {
        visit(path, an_image_record);
        printf("# %d image records, of which %d are cut\n", images, refused);
        ok(images > 0 && !wrongly, "all image records are read but the cut ones");
        is_int(good_payload, images - refused, "and hand out a picture of the kind they say, at 500 ppi");
        is_int(decoded, images - refused, "which decodes to the size that the record says");
        is_int(cuts_wrong, 0, "cut before the end of the picture they are refused");
    } else {
        tap_skip("no HABEAS_DATA/exchange/iso");
    }
    lies();
    conversions();
    picture_lies();
    long_records();
    property("ISO 19794-2:2005 there and back", 600, make_prints, iso2005_back, shrink_prints,
             sizeof(struct prints));
    property("ISO 19794-2:2011 there and back", 600, make_prints, iso2011_back, shrink_prints,
             sizeof(struct prints));
    property("INCITS 378-2004 there and back", 600, make_prints, incits_back, shrink_prints,
             sizeof(struct prints));
    property("on-card forms there and back", 600, make_prints, card_back, shrink_prints,
             sizeof(struct prints));
    refused_memory();
    usage();
    hbs_ctx_close(ctx);
    return tap_end();
}
