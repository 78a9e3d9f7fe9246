/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: the same prints everywhere, true minutiae that the pictures show, class shares,
 * singularities, a distortion that can be undone, templates, and refusals.
 */
#include "synth/synth_int.h"
#include "tap.h"

#include <math.h>

static struct hbs_ctx *ctx;

static uint64_t fnv(uint64_t h, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

struct made {
    uint64_t hash;
    size_t count;
};

/* A master and one impression of it, as one number. */
static struct made make(struct hbs_ctx *c, uint64_t person, unsigned finger, enum hbs_synth_sensor sensor)
{
    struct made m = {0xcbf29ce484222325u, 0};
    struct hbs_synth_master *master = NULL;
    struct hbs_synth_conditions how;
    struct hbs_image image = {0};
    static _Thread_local struct hbs_minutia truth[HBS_SYNTH_MINUTIAE_MAX];
    if (!hbs_synth_master_open(c, person, finger, &master) &&
        !hbs_synth_conditions(c, sensor, 1, person, &how) &&
        !hbs_synth_impression(c, master, &how, person, &image, truth, HBS_SYNTH_MINUTIAE_MAX, &m.count)) {
        const struct hbs_minutia *all;
        size_t n = hbs_synth_master_minutiae(master, &all);
        m.hash = fnv(m.hash, master->height, (size_t)SYN_W * SYN_H);
        m.hash = fnv(m.hash, all, n * sizeof *all);
        m.hash = fnv(m.hash, image.pixels, (size_t)image.width * image.height);
        m.hash = fnv(m.hash, truth, m.count * sizeof *truth);
    }
    hbs_image_close(&image);
    hbs_synth_master_close(master);
    return m;
}

static void many(void *arg, size_t i, unsigned thread)
{
    (void)thread;
    struct hbs_ctx *own = NULL;
    if (!hbs_ctx_open(NULL, &own))
        ((struct made *)arg)[i] = make(own, 100 + i, 1 + (unsigned)i, HBS_SYNTH_OPTICAL_500);
    hbs_ctx_close(own);
}

static void test_determinism(void)
{
    struct made a = make(ctx, 7, 2, HBS_SYNTH_CAPACITIVE_500), b = make(ctx, 7, 2, HBS_SYNTH_CAPACITIVE_500);
    ok(a.hash == b.hash && a.count == b.count && a.count > 5, "the same seeds give the same print");
    ok(a.hash != make(ctx, 8, 2, HBS_SYNTH_CAPACITIVE_500).hash, "another person has another");
    ok(a.hash != make(ctx, 7, 3, HBS_SYNTH_CAPACITIVE_500).hash, "another finger too");
    struct made one[6], two[6];
    hbs_parallel(1, 6, many, one);
    hbs_parallel(3, 6, many, two);
    bool same = true;
    for (int i = 0; i < 6; i++)
        same &= one[i].hash == two[i].hash && one[i].count > 0;
    ok(same, "the number of threads changes nothing");
    /* made on one machine and kept: another compiler or processor must agree to the bit */
    static const uint64_t golden = 0xdcd64e14a128d65e, golden_template = 0x08695317a75352c3;
    uint64_t print = 0, h = 0xcbf29ce484222325u;
    for (int s = 0; s < HBS_SYNTH_SENSORS; s++)
        print = print * 31 + make(ctx, 1234, 1 + (unsigned)s, (enum hbs_synth_sensor)s).hash;
    if (!ok(print == golden, "prints are those of every other machine"))
        printf("# got 0x%016llx\n", (unsigned long long)print);
    static struct hbs_finger_template t, m;
    for (uint64_t i = 0; i < 200; i++) {
        memset(&t, 0, sizeof t); /* beyond count and cells a template is not set */
        memset(&m, 0, sizeof m);
        hbs_synth_template(i, 1 + (unsigned)i % 10, &t);
        hbs_synth_mate(&t, (double)(i % 4), i, &m);
        h = fnv(fnv(h, &t, sizeof t), &m, sizeof m);
    }
    if (!ok(h == golden_template, "so are templates"))
        printf("# got 0x%016llx\n", (unsigned long long)h);
}

static void test_math(void)
{
    double worst[3] = {0};
    for (int i = -4000; i <= 4000; i++) {
        double x = i * 0.01;
        worst[0] = fmax(worst[0], fabs(syn_sin(x) - sin(x)));
        worst[1] = fmax(worst[1], fabs(syn_exp(-fabs(x)) - exp(-fabs(x))));
        worst[2] = fmax(worst[2], fabs(syn_atan2(sin(x), cos(x) * 3) - atan2(sin(x), cos(x) * 3)));
    }
    ok(worst[0] < 1e-7 && worst[1] < 1e-7 && worst[2] < 1e-7, "sine, exponential and arc tangent");
    printf("# largest errors %.2g %.2g %.2g\n", worst[0], worst[1], worst[2]);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 3);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        double v = syn_normal(&rng);
        sum += v, squares += v * v;
    }
    is_near(sum / 1e5, 0, 0.02, "normal: mean");
    is_near(squares / 1e5, 1, 0.03, "normal: variance");
    static float noise[300 * 200], scratch[60000];
    ok(syn_noise_scratch(300, 200, 9) <= HBS_COUNT(scratch), "noise says how much it needs");
    sum = squares = 0;
    for (int k = 0; k < 20; k++) {
        syn_noise(&rng, 300, 200, 9, scratch, noise);
        for (int i = 0; i < 300 * 200; i++)
            sum += (double)noise[i], squares += (double)noise[i] * (double)noise[i];
    }
    is_near(sum / 1.2e6, 0, 0.05, "noise: mean");
    is_near(squares / 1.2e6, 1, 0.15, "noise: variance");
}

static void test_classes(void)
{
    enum { PEOPLE = 4000 };
    static const double natural[HBS_SYNTH_CLASSES] = {3.7, 2.9, 33.8, 31.7, 27.9};
    int count[HBS_SYNTH_CLASSES] = {0}, ulnar[2] = {0}, loops[2] = {0}, bad = 0;
    for (uint64_t p = 0; p < PEOPLE; p++)
        for (unsigned f = 1; f <= 10; f++) {
            struct syn_finger x;
            syn_finger_draw(p, f, &x);
            count[x.class]++;
            int left = f > 5;
            if (x.class == HBS_SYNTH_LEFT_LOOP || x.class == HBS_SYNTH_RIGHT_LOOP) {
                loops[left]++;
                ulnar[left] += x.class == (left ? HBS_SYNTH_LEFT_LOOP : HBS_SYNTH_RIGHT_LOOP);
            }
            int loop = 0, delta = 0;
            for (int i = 0; i < x.singulars; i++)
                *(x.singular[i].sign > 0 ? &loop : &delta) += 1;
            int want = x.class == HBS_SYNTH_ARCH ? 0 : x.class == HBS_SYNTH_WHORL ? 2 : 1;
            bad += loop != want || delta != want;
            bad += x.period < 6 || x.period > 12.5 || x.tip > 278 || x.half_width > 205;
            for (int i = 0; i < x.singulars; i++) /* a loop's delta stands below it, all in the finger */
                bad += x.singular[i].sign < 0 && x.singular[i].v > x.singular[0].v - 15;
        }
    for (int c = 0; c < HBS_SYNTH_CLASSES; c++)
        is_near(100.0 * count[c] / (10 * PEOPLE), natural[c], 0.8, "share of %s",
                hbs_synth_class_name((enum hbs_synth_class)c));
    for (int h = 0; h < 2; h++)
        ok(ulnar[h] > 0.85 * loops[h], "loops open to the ulnar side of the %s hand", h ? "left" : "right");
    is_int(bad, 0, "each class has its loops and deltas, in sensible places");
}

/* Turns of the orientation along a circle, in half turns. */
static double winding(const struct syn_finger *f, double u, double v, double radius)
{
    double total = 0, before = syn_orientation(f, u + radius, v);
    for (int i = 1; i <= 720; i++) {
        double a = 2 * SYN_PI * i / 720, now = syn_orientation(f, u + radius * cos(a), v + radius * sin(a));
        double d = now - before;
        d -= SYN_PI * floor(d / SYN_PI + 0.5);
        total += d;
        before = now;
    }
    return total / SYN_PI;
}

static void test_poincare(void)
{
    int wrong = 0, points = 0, plain = 0;
    for (uint64_t p = 0; p < 60; p++)
        for (unsigned k = 1; k <= 10; k++) {
            struct syn_finger f;
            syn_finger_draw(p, k, &f);
            double sum = 0;
            for (int i = 0; i < f.singulars; i++) {
                wrong += fabs(winding(&f, f.singular[i].u, f.singular[i].v, 3) - f.singular[i].sign) > 0.01;
                sum += f.singular[i].sign;
                points++;
            }
            wrong += fabs(winding(&f, 0, 0, 230) - sum) > 0.01 && f.half_width < 200;
            struct hbs_rng rng;
            hbs_rng_seed(&rng, p * 10 + k);
            for (int i = 0; i < 4; i++) {
                double u = syn_range(&rng, -120, 120), v = syn_range(&rng, -180, 180), near = 1e9;
                for (int s = 0; s < f.singulars; s++)
                    near = fmin(near, hypot(u - f.singular[s].u, v - f.singular[s].v));
                if (near < 12)
                    continue;
                plain++;
                wrong += fabs(winding(&f, u, v, 6)) > 0.01;
            }
        }
    ok(points > 900 && plain > 1500, "%d singular and %d plain places looked at", points, plain);
    is_int(wrong, 0, "Poincare index +1/2 at loops, -1/2 at deltas, 0 elsewhere");
}

struct placed {
    struct hbs_synth_conditions how;
    double x, y;
};

static void make_placed(struct hbs_rng *rng, void *p)
{
    struct placed *q = p;
    memset(q, 0, sizeof *q);
    if (hbs_synth_conditions(ctx, (enum hbs_synth_sensor)hbs_rng_below(rng, HBS_SYNTH_SENSORS),
                             3 * hbs_rng_unit(rng), hbs_rng_u64(rng), &q->how))
        abort();
    q->x = syn_range(rng, 0, 640);
    q->y = syn_range(rng, 0, 560);
}

static bool goes_back(const void *p, bool verbose)
{
    const struct placed *q = p;
    struct syn_map map;
    syn_map_make(&q->how, hbs_synth_sensor_info(q->how.sensor), 1, &map);
    double u, v, x, y;
    syn_map_to_finger(&map, q->x, q->y, &u, &v);
    syn_map_to_sensor(&map, u, v, &x, &y);
    double off = hypot(x - q->x, y - q->y);
    if (verbose)
        printf("# off by %g pixels, steepness %g\n", off, map.steepness);
    return off < 0.01 && map.steepness < SYN_STEEP;
}

static void test_distortion(void)
{
    property("the way to the finger and back ends where it began", 20000, make_placed, goes_back, NULL,
             sizeof(struct placed));
    struct hbs_synth_conditions how;
    is_int(hbs_synth_conditions(ctx, HBS_SYNTH_OPTICAL_500, 1, 5, &how), HBS_OK, "conditions are drawn");
    how.slip_x = 9;
    struct syn_map map;
    syn_map_make(&how, hbs_synth_sensor_info(how.sensor), 1, &map);
    double u = map.centre_u + 0.5 * map.inner_u, v = map.centre_v, bu = u, bv = v;
    syn_distort(&map, &bu, &bv);
    ok(u == bu && v == bv, "the inner region sticks");
    u = bu = map.centre_u + map.inner_u * (map.width + 1.5);
    v = bv = map.centre_v;
    syn_distort(&map, &bu, &bv);
    double outer = map.tc * (u - map.centre_u) + map.slip_u + map.centre_u;
    is_near(bu, outer, 1e-6, "the outer region moves as a whole");
}

/* ---- is what is said to be there on the picture? an independent reading ---- */

struct read {
    int w, h;
    uint8_t bits[640 * 560];
};

/* Ridges by comparison with the mean of 15 x 15 around, then thinned by Zhang and Suen's method
 * (CACM 27, 1984), which is not the one the library uses. */
static void read_ridges(const struct hbs_image *image, struct read *r)
{
    static uint32_t sum[(640 + 1) * (560 + 1)];
    int w = (int)image->width, h = (int)image->height, half = 7;
    r->w = w, r->h = h;
    memset(sum, 0, sizeof sum);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            sum[(y + 1) * (w + 1) + x + 1] = image->pixels[y * w + x] + sum[y * (w + 1) + x + 1] +
                                             sum[(y + 1) * (w + 1) + x] - sum[y * (w + 1) + x];
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int x0 = x < half ? 0 : x - half, x1 = x + half >= w ? w : x + half + 1;
            int y0 = y < half ? 0 : y - half, y1 = y + half >= h ? h : y + half + 1;
            uint32_t s = sum[y1 * (w + 1) + x1] - sum[y0 * (w + 1) + x1] - sum[y1 * (w + 1) + x0] +
                         sum[y0 * (w + 1) + x0];
            r->bits[y * w + x] = (uint32_t)image->pixels[y * w + x] * (uint32_t)((x1 - x0) * (y1 - y0)) + 500 < s &&
                                 x > 0 && y > 0 && x < w - 1 && y < h - 1;
        }
    static uint8_t mark[640 * 560];
    for (bool changed = true; changed;) {
        changed = false;
        for (int step = 0; step < 2; step++) {
            memset(mark, 0, sizeof mark);
            for (int y = 1; y < h - 1; y++)
                for (int x = 1; x < w - 1; x++) {
                    const uint8_t *p = r->bits + y * w + x;
                    if (!*p)
                        continue;
                    int n[9] = {p[-w], p[-w + 1], p[1], p[w + 1], p[w], p[w - 1], p[-1], p[-w - 1], p[-w]};
                    int b = 0, a = 0;
                    for (int i = 0; i < 8; i++) {
                        b += n[i];
                        a += !n[i] && n[i + 1];
                    }
                    bool first = !(n[0] && n[2] && n[4]) && !(n[2] && n[4] && n[6]);
                    bool second = !(n[0] && n[2] && n[6]) && !(n[0] && n[4] && n[6]);
                    mark[y * w + x] = b >= 2 && b <= 6 && a == 1 && (step ? second : first);
                }
            for (int i = 0; i < w * h; i++)
                if (mark[i])
                    r->bits[i] = 0, changed = true;
        }
    }
}

/* Whether the skeleton has an ending (or, else, a branching) within `reach` pixels. */
static bool shows(const struct read *r, double x, double y, int reach)
{
    for (int py = (int)y - reach; py <= (int)y + reach + 1; py++)
        for (int px = (int)x - reach; px <= (int)x + reach + 1; px++) {
            if (px < 1 || py < 1 || px >= r->w - 1 || py >= r->h - 1 || hypot(px - x, py - y) > reach)
                continue;
            const uint8_t *p = r->bits + py * r->w + px;
            int w = r->w, c = 0;
            if (!*p)
                continue;
            int n[9] = {p[-w], p[-w + 1], p[1], p[w + 1], p[w], p[w - 1], p[-1], p[-w - 1], p[-w]};
            for (int i = 0; i < 8; i++)
                c += !n[i] && n[i + 1];
            if (c == 1 || c >= 3)
                return true;
        }
    return false;
}

static double darkness(const struct hbs_image *i, double x, double y)
{
    double sum = 0;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
            int px = (int)(x + 0.5) + dx, py = (int)(y + 0.5) + dy;
            if (px < 0 || py < 0 || px >= (int)i->width || py >= (int)i->height)
                return -1;
            sum += 255 - i->pixels[py * (int)i->width + px];
        }
    return sum / 9;
}

static void test_truth(void)
{
    static struct read r;
    static struct hbs_minutia truth[HBS_SYNTH_MINUTIAE_MAX];
    int total = 0, seen = 0, directed = 0, chance = 0, chances = 0, prints = 0, types[3] = {0};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 99);
    for (uint64_t p = 1; p <= 12; p++) {
        struct hbs_synth_master *m = NULL;
        struct hbs_synth_conditions how;
        struct hbs_image image = {0};
        size_t count = 0;
        if (hbs_synth_master_open(ctx, p, 1 + (unsigned)p % 10, &m) ||
            hbs_synth_conditions(ctx, p % 2 ? HBS_SYNTH_OPTICAL_500 : HBS_SYNTH_OPTICAL_569, 1, p, &how)) {
            ok(false, "a master is made");
            return;
        }
        /* moved and distorted as usual, but clean */
        how.wetness = -0.3f * (float)m->finger.moist;
        how.grain = how.abrasion = how.unevenness = 0;
        how.contrast = 1;
        if (hbs_synth_impression(ctx, m, &how, p, &image, truth, HBS_SYNTH_MINUTIAE_MAX, &count)) {
            ok(false, "an impression is made");
            return;
        }
        prints++;
        read_ridges(&image, &r);
        double scale = image.ppi / 500.0;
        for (size_t i = 0; i < count; i++) {
            if (truth[i].quality < 50)
                continue;
            double x = truth[i].x / 8.0 * scale, y = truth[i].y / 8.0 * scale;
            double a = truth[i].angle * SYN_PI / 128;
            if (x < 12 || y < 12 || x > image.width - 12 || y > image.height - 12)
                continue;
            total++;
            types[truth[i].type]++;
            seen += shows(&r, x, y, 6);
            /* into the ridge that ends it is dark and behind it light; into the valley that splits a
             * ridge it is light and behind it dark */
            double into = darkness(&image, x + 6 * cos(a), y - 6 * sin(a));
            double back = darkness(&image, x - 6 * cos(a), y + 6 * sin(a));
            directed += truth[i].type == HBS_MINUTIA_ENDING ? into > back : into < back;
            /* how often would a place drawn at random in the print do? */
            double qx = x + syn_range(&rng, 20, 40), qy = y + syn_range(&rng, -20, 20);
            if (darkness(&image, qx, qy) > 20) {
                chances++;
                chance += shows(&r, qx, qy, 6);
            }
        }
        hbs_image_close(&image);
        hbs_synth_master_close(m);
    }
    printf("# %d true minutiae of %d prints: %.1f %% shown, %.1f %% with their direction; by chance %.1f %%\n",
           total, prints, 100.0 * seen / total, 100.0 * directed / total, 100.0 * chance / chances);
    ok(total > 250, "clean prints have minutiae");
    ok(seen >= 0.9 * total, "at least 90 %% of the true minutiae are on the picture within 6 pixels");
    ok(directed >= 0.9 * total, "at least 90 %% point the way of ISO 19794-2");
    ok(chance < 0.4 * chances, "the test would notice wrong places");
    ok(types[HBS_MINUTIA_ENDING] > 0.3 * total && types[HBS_MINUTIA_BIFURCATION] > 0.3 * total, "both types");
}

static void test_masters(void)
{
    int inside = 0, all = 0;
    double least = 1e9, most = 0, sum = 0;
    for (uint64_t p = 0; p < 12; p++) {
        struct hbs_synth_master *m = NULL;
        if (hbs_synth_master_open(ctx, 500 + p, 1 + (unsigned)p % 10, &m)) {
            ok(false, "a master is made");
            return;
        }
        const struct hbs_minutia *t;
        const struct hbs_synth_singularity *s;
        size_t n = hbs_synth_master_minutiae(m, &t), full = 0;
        for (size_t i = 0; i < n; i++) {
            all++;
            double u = t[i].x / 8.0 - SYN_W / 2.0, v = SYN_H / 2.0 - t[i].y / 8.0;
            inside += syn_inside(&m->finger, u, v) && t[i].type && t[i].quality == 100;
            full += u * u / (125.0 * 125) + (v - 20) * (v - 20) / (180.0 * 180) < 1;
        }
        sum += (double)full;
        least = fmin(least, (double)full), most = fmax(most, (double)full);
        size_t k = hbs_synth_master_singularities(m, &s);
        all++;
        inside += k == (size_t)m->finger.singulars &&
                  (hbs_synth_master_class(m) == HBS_SYNTH_ARCH) == (k == 0);
        hbs_synth_master_close(m);
    }
    is_int(inside, all, "minutiae and singular points lie on the finger");
    printf("# minutiae in an ellipse of 250 x 360 pixels: %.0f to %.0f, mean %.1f\n", least, most, sum / 12);
    ok(sum / 12 >= 35 && sum / 12 <= 55 && least > 20 && most < 80, "a full print has 35 to 55 minutiae");
    struct hbs_synth_master *m = NULL;
    struct hbs_image image = {0};
    is_int(hbs_synth_master_open(ctx, 1, 1, &m), HBS_OK, "a master opens");
    is_int(hbs_synth_master_picture(ctx, m, &image), HBS_OK, "and is a picture");
    ok(image.width == HBS_SYNTH_WIDTH && image.height == HBS_SYNTH_HEIGHT && image.ppi == 500, "of its size");
    hbs_image_close(&image);
    hbs_synth_master_close(m);
}

static void test_templates(void)
{
    enum { N = 3000 };
    static struct hbs_finger_template t, m;
    double counts = 0, mates[4] = {0}, endings = 0;
    int close = 0, outside = 0, astray = 0, uncopied = 0, wild = 0;
    for (uint64_t i = 0; i < N; i++) {
        unsigned finger = 1 + (unsigned)i % 10;
        hbs_synth_template(i, finger, &t);
        counts += t.count;
        outside += t.count > HBS_FINGER_MINUTIAE_MAX || t.columns * t.rows > HBS_FINGER_CELLS_MAX ||
                   t.finger != finger || t.quality > 100 || t.count < 12;
        for (int a = 0; a < t.count; a++) {
            const struct hbs_minutia *k = &t.minutiae[a];
            endings += k->type == HBS_MINUTIA_ENDING;
            outside += k->x >= t.width * 8 || k->y >= t.height * 8 || !k->quality || k->quality > 100;
            /* between the middles of the cells the field turns: a minutia lies near one of the nine */
            int column = k->x / (8 * HBS_FINGER_CELL), row = k->y / (8 * HBS_FINGER_CELL), least = 255;
            for (int q = 0; q < 9; q++) {
                int across = column + q % 3 - 1, down = row + q / 3 - 1;
                if (across < 0 || down < 0 || across >= t.columns || down >= t.rows)
                    continue;
                int cell = t.orientation[down * t.columns + across], d = (k->angle - cell) & 127;
                d = d > 64 ? 128 - d : d;
                least = cell <= 127 && d < least ? d : least;
            }
            astray += least > 8 || t.orientation[row * t.columns + column] > 127;
            for (int b = 0; b < a; b++)
                close += hypot(k->x - t.minutiae[b].x, k->y - t.minutiae[b].y) < 7 * 8;
        }
        for (int d = 0; d < 4; d++) {
            hbs_synth_mate(&t, d, i, &m);
            mates[d] += m.count;
            wild += m.count > HBS_FINGER_MINUTIAE_MAX || m.columns != t.columns || m.rows != t.rows;
            for (int a = 0; a < m.count; a++)
                wild += m.minutiae[a].x > m.width * 8 || m.minutiae[a].y > m.height * 8 || !m.minutiae[a].type;
            if (d == 0) {
                /* only moved and turned: distances and relative directions stay */
                for (int a = 1, b = 1; a < t.count && b < m.count && m.count == t.count; a++, b++) {
                    double was = hypot(t.minutiae[a].x - t.minutiae[0].x, t.minutiae[a].y - t.minutiae[0].y);
                    double is = hypot(m.minutiae[b].x - m.minutiae[0].x, m.minutiae[b].y - m.minutiae[0].y);
                    int turn = (int8_t)(uint8_t)((t.minutiae[a].angle - t.minutiae[0].angle) -
                                                 (m.minutiae[b].angle - m.minutiae[0].angle));
                    uncopied += fabs(was - is) > 3 || abs(turn) > 2;
                }
            }
        }
    }
    printf("# minutiae %.1f, mates %.1f %.1f %.1f %.1f, endings %.2f\n", counts / N, mates[0] / N, mates[1] / N,
           mates[2] / N, mates[3] / N, endings / counts);
    ok(counts / N > 35 && counts / N < 55, "templates have 35 to 55 minutiae in the mean");
    is_int(outside, 0, "everything lies within the template");
    is_int(close, 0, "minutiae keep their distance");
    /* beside a core or delta the field turns within one cell of the map */
    ok(astray < 0.01 * counts, "directions follow the map but at singular points (%d of %.0f)", astray, counts);
    is_int(wild, 0, "mates are within bounds");
    is_int(uncopied, 0, "an easy mate is only moved and turned");
    ok(mates[0] > mates[1] && mates[1] > mates[2] && mates[2] > mates[3], "harder mates have fewer");
    ok(mates[1] > 0.6 * counts, "a usual mate keeps most");
    is_near(endings / counts, 0.54, 0.02, "endings and bifurcations");
    int far = 0, cells = 0;
    for (uint64_t p = 0; p < 300; p++) {
        struct syn_finger f;
        float u[24], row[24];
        syn_finger_draw(p, 1 + (unsigned)p % 10, &f);
        for (int i = 0; i < 24; i++)
            u[i] = (float)(i * 14 - 161);
        for (double v = -200; v < 220; v += 13) {
            syn_orientation_row(&f, u, (float)v, row);
            for (int i = 0; i < 24; i++) {
                double near = 1e9, d = (double)row[i] - syn_orientation(&f, (double)u[i], v);
                for (int s = 0; s < f.singulars; s++)
                    near = fmin(near, hypot((double)u[i] - f.singular[s].u, v - f.singular[s].v));
                d -= SYN_PI * floor(d / SYN_PI + 0.5);
                cells++;
                far += near > 16 && fabs(d) > 0.02;
            }
        }
    }
    ok(cells > 100000 && !far, "the fast orientation model agrees with the exact one");
}

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

static void test_refusals(void)
{
    struct hbs_synth_master *m = NULL;
    struct hbs_synth_conditions how, bad;
    struct hbs_image image = {0};
    struct hbs_minutia truth[3];
    size_t count = 77;
    is_int(hbs_synth_master_open(ctx, 1, 0, &m), HBS_ERR_USAGE, "there is no finger 0");
    is_int(hbs_synth_master_open(ctx, 1, 11, &m), HBS_ERR_USAGE, "nor 11");
    ok(!m && *hbs_ctx_what(ctx) && *hbs_ctx_do(ctx), "said in words, nothing made");
    is_int(hbs_synth_conditions(ctx, HBS_SYNTH_SENSORS, 1, 1, &how), HBS_ERR_USAGE, "no such sensor");
    is_int(hbs_synth_conditions(ctx, HBS_SYNTH_OPTICAL_500, -0.1, 1, &how), HBS_ERR_USAGE, "no such difficulty");
    is_int(hbs_synth_conditions(ctx, HBS_SYNTH_OPTICAL_500, (double)NAN, 1, &how), HBS_ERR_USAGE, "nor is NaN one");
    ok(!hbs_synth_sensor_info(HBS_SYNTH_SENSORS) && hbs_synth_sensor_find("x") == -1, "unknown sensors");
    for (int s = 0; s < HBS_SYNTH_SENSORS; s++)
        is_int(hbs_synth_sensor_find(hbs_synth_sensor_info((enum hbs_synth_sensor)s)->name), s, "a sensor is found by name");
    if (hbs_synth_master_open(ctx, 1, 1, &m) || hbs_synth_conditions(ctx, HBS_SYNTH_OPTICAL_500, 0, 1, &how)) {
        ok(false, "a master is made");
        return;
    }
    for (int k = 0; k < 5; k++) {
        bad = how;
        if (k == 0)
            bad.contact_width = NAN;
        if (k == 1)
            bad.slip_x = 400;
        if (k == 2)
            bad.wetness = 1.5f;
        if (k == 3)
            bad.sensor = (enum hbs_synth_sensor)17;
        if (k == 4)
            bad.plasticity = 0;
        is_int(hbs_synth_impression(ctx, m, &bad, 1, &image, truth, 3, &count), HBS_ERR_USAGE, "bad conditions %d", k);
    }
    ok(count == 77 && !image.pixels, "nothing is touched on failure");
    is_int(hbs_synth_impression(ctx, m, &how, 1, &image, truth, 3, &count), HBS_OK, "room for three minutiae");
    is_int((long long)count, 3, "gives three");
    hbs_image_close(&image);
    is_int(hbs_synth_impression(ctx, m, &how, 1, &image, NULL, 0, &count), HBS_OK, "no minutiae wanted");
    is_int((long long)count, 0, "gives none");
    hbs_image_close(&image);

    /* the n-th allocation fails, for every n until all succeed */
    struct refuser refuser = {0};
    struct hbs_allocator alloc = {refuse_resize, refuse_release, &refuser};
    struct hbs_ctx *poor = NULL;
    refuser.left = 1;
    is_int(hbs_ctx_open(&alloc, &poor), HBS_OK, "a poor context opens");
    int n = 0, odd = 0;
    for (enum hbs_err err = HBS_ERR_NO_MEMORY; err && n < 100; n++) {
        struct hbs_synth_master *p = NULL;
        refuser.left = n;
        err = hbs_synth_master_open(poor, 1, 1, &p);
        odd += (err && err != HBS_ERR_NO_MEMORY) || (err && p);
        hbs_synth_master_close(p);
    }
    ok(n > 3 && n < 100 && !odd, "each of a master's %d allocations may fail", n - 1);
    n = 0;
    for (enum hbs_err err = HBS_ERR_NO_MEMORY; err && n < 100; n++) {
        refuser.left = n;
        err = hbs_synth_impression(poor, m, &how, 1, &image, truth, 3, &count);
        odd += (err && err != HBS_ERR_NO_MEMORY) || (err && image.pixels);
        hbs_image_close(&image);
    }
    ok(n > 1 && n < 100 && !odd, "each of an impression's %d allocations may fail", n - 1);
    hbs_ctx_close(poor);
    hbs_synth_master_close(m);
    hbs_synth_master_close(NULL);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_math();
    test_classes();
    test_poincare();
    test_distortion();
    test_masters();
    test_truth();
    test_templates();
    test_determinism();
    test_refusals();
    hbs_ctx_close(ctx);
    return tap_end();
}
