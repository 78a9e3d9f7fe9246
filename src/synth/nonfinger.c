/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: pictures that are no fingers, for measuring how often something is taken for one.
 * Those that are easy (blank, a gradient), those that confuse an orientation field (gratings, rings,
 * weaves, wood grain: parallel lines as ridges are), and what people photograph or scan by mistake
 * (print, handwriting, a bar code, a face).
 *
 * Methods: 1/f noise as a sum of octaves of B-spline noise (Perlin, "An image synthesizer", SIGGRAPH
 * 1985); wood as distorted rings (the same); leather as cellular texture (Worley, SIGGRAPH 1996);
 * shapes by coverage from the distance to their outline. Only + - * / and square roots are used, so
 * the pictures are the same on every machine.
 */
#include "synth_int.h"

#include <math.h>

struct canvas {
    struct hbs_ctx *ctx;
    int w, h;
    float *v;            /* grey, 0 to 255; clipped at the end */
    float *noise;        /* a plane for whoever needs one */
    float *scratch;
    struct hbs_rng rng;
};

enum { CELL_LEAST = 2 }; /* of noise; the scratch is sized for it */

static double pick(struct canvas *c, double least, double most) { return syn_range(&c->rng, least, most); }
static int whole(struct canvas *c, int least, int most)
{
    return least + (int)hbs_rng_below(&c->rng, (uint32_t)(most - least + 1));
}
static double wave(double turns) { return 0.5 + 0.5 * syn_cos(2 * SYN_PI * turns); }
static double floor_of(double x)
{
    double t = (double)(int64_t)x;
    return t > x ? t - 1 : t;
}
static double fraction(double x) { return x - floor_of(x); }
static double clip(double x, double least, double most) { return x < least ? least : x > most ? most : x; }

static void fill(struct canvas *c, double level)
{
    for (int i = 0; i < c->w * c->h; i++)
        c->v[i] = (float)level;
}

static void blend(struct canvas *c, int x, int y, double level, double share)
{
    if (share > 0)
        c->v[y * c->w + x] += (float)((level - (double)c->v[y * c->w + x]) * (share < 1 ? share : 1));
}

/* A straight stroke with round ends. */
static void stroke(struct canvas *c, double x0, double y0, double x1, double y1, double width, double level)
{
    double dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy, reach = 0.5 * width + 1;
    int left = (int)clip((x0 < x1 ? x0 : x1) - reach, 0, c->w), right = (int)clip((x0 > x1 ? x0 : x1) + reach + 1, 0, c->w);
    int top = (int)clip((y0 < y1 ? y0 : y1) - reach, 0, c->h), low = (int)clip((y0 > y1 ? y0 : y1) + reach + 1, 0, c->h);
    for (int y = top; y < low; y++)
        for (int x = left; x < right; x++) {
            double px = x - x0, py = y - y0, t = length2 > 0 ? clip((px * dx + py * dy) / length2, 0, 1) : 0;
            px -= t * dx;
            py -= t * dy;
            blend(c, x, y, level, 0.5 * width + 0.5 - sqrt(px * px + py * py));
        }
}

/* A filled ellipse, turned; `soft` pixels of edge. */
static void ellipse(struct canvas *c, double cx, double cy, double a, double b, double turn, double soft, double level)
{
    double cs = syn_cos(turn), sn = syn_sin(turn), reach = (a > b ? a : b) + soft, least = a < b ? a : b;
    int left = (int)clip(cx - reach, 0, c->w), right = (int)clip(cx + reach + 1, 0, c->w);
    int top = (int)clip(cy - reach, 0, c->h), low = (int)clip(cy + reach + 1, 0, c->h);
    for (int y = top; y < low; y++)
        for (int x = left; x < right; x++) {
            double u = ((x - cx) * cs + (y - cy) * sn) / a, v = (-(x - cx) * sn + (y - cy) * cs) / b;
            blend(c, x, y, level, 0.5 + (1 - sqrt(u * u + v * v)) * least / soft);
        }
}

/* ---- Surfaces -------------------------------------------------------------------------------- */

static void blank(struct canvas *c) { fill(c, pick(c, 0, 255)); }

static void gradient(struct canvas *c)
{
    double from = pick(c, 0, 255), to = pick(c, 0, 255), a = pick(c, 0, 2 * SYN_PI), sx = syn_cos(a), sy = syn_sin(a);
    bool round = whole(c, 0, 1);
    double cx = pick(c, 0, c->w), cy = pick(c, 0, c->h), far = 0.7 * (c->w + c->h);
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            double dx = x - cx, dy = y - cy;
            double t = round ? sqrt(dx * dx + dy * dy) / far : 0.5 + (dx * sx + dy * sy) / far;
            c->v[y * c->w + x] = (float)(from + (to - from) * clip(t, 0, 1));
        }
}

static void white_noise(struct canvas *c)
{
    double mean = pick(c, 80, 180), deviation = pick(c, 8, 70);
    int grain = whole(c, 1, 3); /* pixels a side */
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            int from = (y / grain * grain) * c->w + x / grain * grain;
            c->v[y * c->w + x] = x % grain || y % grain ? c->v[from] : (float)(mean + deviation * syn_normal(&c->rng));
        }
}

static void pink_noise(struct canvas *c)
{
    double amplitude = pick(c, 12, 32);
    fill(c, pick(c, 90, 160));
    for (double cell = CELL_LEAST; cell <= 128; cell *= 2) {
        syn_noise(&c->rng, c->w, c->h, cell, c->scratch, c->noise);
        for (int i = 0; i < c->w * c->h; i++)
            c->v[i] += (float)amplitude * c->noise[i];
    }
}

static void blobs(struct canvas *c)
{
    fill(c, pick(c, 100, 250));
    for (int n = whole(c, 15, 120); n > 0; n--) {
        /* one draw a declarator: the order of a call's arguments is the compiler's choice */
        double a = pick(c, 4, 45), b = a * pick(c, 0.4, 1), x = pick(c, 0, c->w), y = pick(c, 0, c->h);
        double turn = pick(c, 0, SYN_PI), soft = pick(c, 1, 3 + b), level = pick(c, 0, 255);
        ellipse(c, x, y, a, b, turn, soft, level);
    }
}

/* ---- Regular patterns ------------------------------------------------------------------------ */

static void checkerboard(struct canvas *c)
{
    double side = pick(c, 5, 40), a = pick(c, 0, SYN_PI / 2), cs = syn_cos(a), sn = syn_sin(a);
    double dark = pick(c, 0, 90), light = pick(c, 150, 255);
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            double u = syn_sin(SYN_PI * (x * cs + y * sn) / side), v = syn_sin(SYN_PI * (y * cs - x * sn) / side);
            double t = clip(0.5 + u * v * side * 0.5, 0, 1); /* an edge of about a pixel */
            c->v[y * c->w + x] = (float)(dark + (light - dark) * t);
        }
}

/* Parallel lines; `square` has sharp edges. */
static void grating(struct canvas *c, double period)
{
    double a = pick(c, 0, SYN_PI), sx = syn_cos(a) / period, sy = syn_sin(a) / period;
    double dark = pick(c, 0, 90), light = pick(c, 160, 255), sharp = whole(c, 0, 1) ? period / 3 : 1;
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            double t = clip(0.5 + (wave(x * sx + y * sy) - 0.5) * sharp, 0, 1);
            c->v[y * c->w + x] = (float)(dark + (light - dark) * t);
        }
}
/* Ridges are 5 to 13 pixels apart at 500 ppi: these are not. */
static void fine_grating(struct canvas *c) { grating(c, pick(c, 2.2, 4)); }
static void coarse_grating(struct canvas *c) { grating(c, pick(c, 18, 60)); }

static void rings(struct canvas *c)
{
    double period = whole(c, 0, 1) ? pick(c, 2.5, 4.2) : pick(c, 16, 40);
    double cx = pick(c, 0.2, 0.8) * c->w, cy = pick(c, 0.2, 0.8) * c->h, dark = pick(c, 0, 80), light = pick(c, 170, 255);
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            double dx = x - cx, dy = y - cy;
            c->v[y * c->w + x] = (float)(dark + (light - dark) * wave(sqrt(dx * dx + dy * dy) / period));
        }
}

/* ---- Textures -------------------------------------------------------------------------------- */

/* Threads that pass over and under each other: plain weave, twill or satin. */
static void weave(struct canvas *c)
{
    double period = pick(c, 5, 22), a = pick(c, -0.5, 0.5), cs = syn_cos(a) / period, sn = syn_sin(a) / period;
    int repeat = whole(c, 2, 5), step = repeat == 5 ? 2 : 1, over = repeat < 4 ? 1 : whole(c, 1, 2);
    double light = pick(c, 150, 250), depth = pick(c, 60, 140), unlike = pick(c, -40, 40);
    syn_noise(&c->rng, c->w, c->h, 1.5 * period, c->scratch, c->noise);
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            double wander = 0.06 * (double)c->noise[y * c->w + x];
            double u = x * cs + y * sn + wander + 1000 * repeat, v = y * cs - x * sn + wander + 1000 * repeat;
            int i = (int)floor_of(u), j = (int)floor_of(v);
            bool warp = (i + step * j) % repeat < over;
            double across = fraction(warp ? u : v) - 0.5, along = fraction(warp ? v : u) - 0.5;
            double shade = 1.2 * across * across * 4 + 0.5 * along * along; /* round threads, dark between */
            c->v[y * c->w + x] = (float)(light + (warp ? unlike : 0) - depth * shade + 5 * syn_normal(&c->rng));
        }
}

/* A board cut through a trunk: rings about an axis far away, bent, with fibres along them. */
static void wood(struct canvas *c)
{
    double period = pick(c, 6, 30), a = pick(c, -0.4, 0.4), cs = syn_cos(a), sn = syn_sin(a);
    double far = pick(c, 0.3, 4) * c->w, bend = pick(c, 0.5, 2.5), light = pick(c, 150, 230), depth = pick(c, 40, 110);
    double narrow = pick(c, 0.08, 0.25); /* rings are long ellipses */
    syn_noise(&c->rng, c->w, c->h, 60, c->scratch, c->noise);
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            double u = (x - 0.5 * c->w) * cs + (y - 0.5 * c->h) * sn + far;
            double v = ((y - 0.5 * c->h) * cs - (x - 0.5 * c->w) * sn) * narrow;
            double t = fraction(sqrt(u * u + v * v) / period + bend * (double)c->noise[y * c->w + x]);
            double late = t < 0.8 ? t / 0.8 : (1 - t) / 0.2; /* slowly darker, then at once light */
            c->v[y * c->w + x] = (float)(light - depth * late * late);
        }
    for (int n = c->w * c->h / 300; n > 0; n--) { /* pores */
        double x = pick(c, 0, c->w), y = pick(c, 0, c->h), length = pick(c, 4, 25);
        stroke(c, x, y, x - sn * length, y + cs * length, 0.8, light - depth * pick(c, 0.5, 1.2));
    }
}

/* Cells about jittered points, dark where two points are equally far. */
static void leather(struct canvas *c)
{
    double cell = pick(c, 9, 34), light = pick(c, 130, 230), depth = pick(c, 50, 120), seam = pick(c, 0.1, 0.3);
    uint64_t seed = hbs_rng_u64(&c->rng);
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            double px = x / cell + 8, py = y / cell + 8, first = 9, second = 9;
            for (int j = (int)py - 1; j <= (int)py + 1; j++)
                for (int i = (int)px - 1; i <= (int)px + 1; i++) {
                    uint64_t r = syn_seed(seed, (uint64_t)i, (uint64_t)j);
                    double dx = i + (double)(r & 0xffff) / 65536 - px, dy = j + (double)(r >> 16 & 0xffff) / 65536 - py;
                    double d = sqrt(dx * dx + dy * dy);
                    if (d < first) {
                        second = first;
                        first = d;
                    } else if (d < second) {
                        second = d;
                    }
                }
            double t = clip((second - first) / seam, 0, 1);
            c->v[y * c->w + x] = (float)(light - depth * (1 - t) - 0.3 * depth * first * first + 4 * syn_normal(&c->rng));
        }
}

/* ---- Things ---------------------------------------------------------------------------------- */

/* Capitals and digits as strokes between the points of a grid of 3 x 5, named a b c / d e f / g h i /
 * j k l / m n o; a space lifts the pen. */
static const char *const letters[36] = {
    "mdbfo gi", "mabfhg hlnm", "cbdjno", "mabflnm", "camo gh", "cagm gh", "cbdjnolih", "am gi co", "ac bn mo",
    "clnj", "am cgo", "amo", "maeco", "maoc", "bdjnlfb", "mabfhg", "bdjnlfb ko", "mabfhg ho", "cbdgilnm", "ac bn",
    "ajnlc", "anc", "amkoc", "ao cm", "ahc hn", "acmo",
    "bdjnlfb cm", "dbn mo", "dabfgmo", "acflnm gi", "agi co", "cagilnm", "cbdjnlihg", "acn", "bfhlnjhdb", "ihdbfln"};

static void letter(struct canvas *c, int which, double x, double y, double wide, double high, double pen, double level)
{
    const char *s = letters[which];
    for (int i = 0; s[i]; i++)
        if (i && s[i] != ' ' && s[i - 1] != ' ') {
            int p = s[i - 1] - 'a', q = s[i] - 'a';
            stroke(c, x + p % 3 * 0.5 * wide, y + p / 3 * 0.25 * high, x + q % 3 * 0.5 * wide, y + q / 3 * 0.25 * high,
                   pen, level);
        }
}

static void text(struct canvas *c)
{
    double high = pick(c, 7, 30), wide = 0.62 * high, pen = high * pick(c, 0.1, 0.22), ink = pick(c, 0, 60);
    double pitch = high * pick(c, 1.35, 2);
    fill(c, pick(c, 200, 255));
    for (double y = 0.4 * high; y < c->h; y += pitch) {
        int word = whole(c, 2, 9);
        for (double x = 0.5 * wide; x + wide < c->w; x += 1.4 * wide)
            if (word-- > 0)
                letter(c, whole(c, 0, 35), x, y, wide, high, pen, ink);
            else
                word = whole(c, 1, 9);
    }
}

/* A pen that runs on in loops whose size and slant change. */
static void handwriting(struct canvas *c)
{
    double high = pick(c, 8, 24), pen = pick(c, 1.2, 3.5), ink = pick(c, 0, 90), slant = pick(c, -0.2, 0.6);
    fill(c, pick(c, 190, 255));
    for (double line = 1.5 * high; line < c->h; line += 3 * high) {
        double x = pick(c, 2, 20), lx = x, ly = line, t = 0, up = 0.5;
        while (x < c->w - 10) {
            if (hbs_rng_below(&c->rng, 60) == 0) { /* the next word */
                x += high;
                lx = x;
                ly = line;
            }
            up += pick(c, -0.12, 0.12);
            up = clip(up, 0.2, 1.2);
            t += 0.06;
            x += 0.045 * high;
            double y = line + high * up * syn_sin(2 * SYN_PI * t);
            double sx = x + 0.35 * high * syn_cos(2 * SYN_PI * t * 1.03) + slant * (line - y);
            stroke(c, lx, ly, sx, y, pen, ink);
            lx = sx;
            ly = y;
        }
    }
}

static void bar_code(struct canvas *c)
{
    double module = pick(c, 1.5, 6), ink = pick(c, 0, 60), x = 0.08 * c->w, low = pick(c, 0.6, 0.85) * c->h, top = 0.1 * c->h;
    fill(c, pick(c, 210, 255));
    while (x < 0.92 * c->w) {
        double wide = module * whole(c, 1, 4);
        for (double at = x; at < x + wide; at += 0.5)
            stroke(c, at, top, at, low, 1, ink);
        x += wide + module * whole(c, 1, 4);
    }
    for (x = 0.1 * c->w; x < 0.9 * c->w; x += 0.07 * c->w)
        letter(c, whole(c, 26, 35), x, low + 0.03 * c->h, 0.04 * c->w, 0.07 * c->h, 0.008 * c->h + 1, ink);
}

static void face(struct canvas *c)
{
    double s = pick(c, 0.28, 0.42) * (c->w < c->h ? c->w : c->h), x = 0.5 * c->w + pick(c, -30, 30), y = 0.5 * c->h + pick(c, -20, 20);
    double skin = pick(c, 120, 220), hair = pick(c, 10, 120), dark = skin * 0.45, tilt = pick(c, -0.2, 0.2);
    gradient(c);
    ellipse(c, x, y + 1.9 * s, 1.5 * s, 0.9 * s, 0, 6, pick(c, 20, 200));             /* shoulders */
    ellipse(c, x, y - 0.25 * s, 0.98 * s, 1.12 * s, tilt, 10, hair);
    ellipse(c, x, y + 0.9 * s, 0.4 * s, 0.5 * s, 0, 8, 0.8 * skin);                   /* neck */
    for (int k = -1; k <= 1; k += 2)
        ellipse(c, x + k * 0.8 * s, y + 0.05 * s, 0.14 * s, 0.25 * s, tilt, 5, 0.85 * skin); /* ears */
    ellipse(c, x, y + 0.1 * s, 0.78 * s, 1.0 * s, tilt, 9, skin);
    ellipse(c, x - 0.3 * s, y + 0.2 * s, 0.3 * s, 0.5 * s, tilt, 0.6 * s, skin + 18);  /* light from one side */
    for (int k = -1; k <= 1; k += 2) {
        double ex = x + k * 0.32 * s, ey = y - 0.1 * s;
        ellipse(c, ex, ey, 0.16 * s, 0.085 * s, tilt, 3, 235);
        ellipse(c, ex, ey, 0.075 * s, 0.075 * s, 0, 2, 60);
        ellipse(c, ex, ey, 0.035 * s, 0.035 * s, 0, 1.5, 10);
        stroke(c, ex - 0.18 * s, ey - 0.16 * s, ex + 0.18 * s, ey - 0.19 * s, 0.06 * s, hair);
    }
    stroke(c, x, y, x + 0.1 * s, y + 0.35 * s, 0.05 * s, 0.8 * skin);
    stroke(c, x + 0.1 * s, y + 0.35 * s, x - 0.08 * s, y + 0.37 * s, 0.05 * s, 0.7 * skin);
    double smile = pick(c, -0.08, 0.12);
    stroke(c, x - 0.28 * s, y + 0.6 * s - smile * s, x, y + 0.63 * s, 0.07 * s, dark);
    stroke(c, x, y + 0.63 * s, x + 0.28 * s, y + 0.6 * s - smile * s, 0.07 * s, dark);
    for (int n = 90; n > 0; n--) { /* strands of hair */
        double a = pick(c, SYN_PI, 2 * SYN_PI), hx = x + 0.85 * s * syn_cos(a), hy = y - 0.2 * s + 0.9 * s * syn_sin(a);
        double ex = hx + pick(c, -0.15, 0.15) * s, ey = hy + pick(c, -0.2, 0.3) * s, level = hair + pick(c, -25, 35);
        stroke(c, hx, hy, ex, ey, 1.2, level);
    }
}

static const struct {
    const char *name;
    void (*draw)(struct canvas *c);
} kinds[HBS_SYNTH_NONFINGER_KINDS] = {
    {"blank", blank}, {"gradient", gradient}, {"white-noise", white_noise}, {"pink-noise", pink_noise},
    {"blobs", blobs}, {"checkerboard", checkerboard}, {"fine-grating", fine_grating},
    {"coarse-grating", coarse_grating}, {"rings", rings}, {"weave", weave}, {"wood", wood}, {"leather", leather},
    {"text", text}, {"handwriting", handwriting}, {"bar-code", bar_code}, {"face", face}};

const char *hbs_synth_nonfinger_name(unsigned kind)
{
    return kind < HBS_SYNTH_NONFINGER_KINDS ? kinds[kind].name : NULL;
}

enum hbs_err hbs_synth_nonfinger(struct hbs_ctx *ctx, unsigned kind, uint64_t seed, struct hbs_image *image)
{
    if (kind >= HBS_SYNTH_NONFINGER_KINDS)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give 0 to 15", "there is no kind %u of non-fingers", kind);
    struct canvas c = {.ctx = ctx};
    hbs_rng_seed(&c.rng, syn_seed(seed, 0x6e6f6e66, kind));
    c.w = whole(&c, 260, 440);
    c.h = whole(&c, 300, 480);
    size_t n = (size_t)c.w * (size_t)c.h, scratch = syn_noise_scratch(c.w, c.h, CELL_LEAST);
    struct hbs_image made = {0};
    enum hbs_err err = HBS_OK;
    c.v = hbs_alloc(ctx, n, sizeof *c.v);
    c.noise = hbs_alloc(ctx, n, sizeof *c.noise);
    c.scratch = hbs_alloc(ctx, scratch, sizeof *c.scratch);
    if (!c.v || !c.noise || !c.scratch) {
        err = hbs_fail_memory(ctx, n * sizeof *c.v);
        goto done;
    }
    if ((err = hbs_image_make(ctx, (uint32_t)c.w, (uint32_t)c.h, 500, &made)))
        goto done;
    kinds[kind].draw(&c);
    /* what a camera or scanner adds; every other blank of the set stays exactly blank */
    double grain = kind == 0 && seed / HBS_SYNTH_NONFINGER_KINDS % 2 ? 0 : syn_range(&c.rng, 0, 3);
    for (size_t i = 0; i < n; i++) {
        double v = (double)c.v[i] + grain * syn_normal(&c.rng) + 0.5;
        made.pixels[i] = (uint8_t)clip(v, 0, 255);
    }
    *image = made;
done:
    hbs_free(ctx, c.v);
    hbs_free(ctx, c.noise);
    hbs_free(ctx, c.scratch);
    return err;
}
