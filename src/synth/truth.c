/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: the true minutiae of a master.
 *
 * The grown ridges are nearly binary and free of noise, so the textbook way is exact on them: cut
 * at half height, thin (Guo and Hall, "Parallel thinning with two-subiteration algorithms",
 * CACM 32, 1989), and count crossings (Rutovitz 1966): one neighbour is an ending, three are a
 * bifurcation. What no reader would call a minutia goes: spurs, specks, pin-holes, gaps of a few
 * pixels, and what stands at the edge. Places are then made finer than a pixel on the height field
 * itself: to the crest of the ending ridge (or the floor of the dividing valley) across, and along
 * it to a fixed depth behind the point where it passes half height.
 */
#include "synth_int.h"

enum { REACH = 12, SPUR = 7, SPECK = 11, HOLE = 12, GAP = 7, EDGE = 9 };

/* Neighbours p2 .. p9 clockwise from the north as bits 0 .. 7. */
static inline unsigned ring(const uint8_t *p, int stride)
{
    return (unsigned)(p[-stride] | p[-stride + 1] << 1 | p[1] << 2 | p[stride + 1] << 3 |
                      p[stride] << 4 | p[stride - 1] << 5 | p[-1] << 6 | p[-stride - 1] << 7);
}

static bool guo_hall(unsigned n, int step)
{
    unsigned p2 = n & 1, p3 = n >> 1 & 1, p4 = n >> 2 & 1, p5 = n >> 3 & 1, p6 = n >> 4 & 1,
             p7 = n >> 5 & 1, p8 = n >> 6 & 1, p9 = n >> 7 & 1;
    unsigned c = ((p2 ^ 1) & (p3 | p4)) + ((p4 ^ 1) & (p5 | p6)) + ((p6 ^ 1) & (p7 | p8)) +
                 ((p8 ^ 1) & (p9 | p2));
    unsigned n1 = (p9 | p2) + (p3 | p4) + (p5 | p6) + (p7 | p8);
    unsigned n2 = (p2 | p3) + (p4 | p5) + (p6 | p7) + (p8 | p9), least = n1 < n2 ? n1 : n2;
    unsigned m = step ? (p2 | p3 | (p5 ^ 1)) & p4 : (p6 | p7 | (p9 ^ 1)) & p8;
    return c == 1 && least >= 2 && least <= 3 && m == 0;
}

void syn_thin(uint8_t *picture, int w, int h, uint32_t *list)
{
    uint8_t table[2][256];
    for (unsigned n = 0; n < 256; n++)
        for (int step = 0; step < 2; step++)
            table[step][n] = guo_hall(n, step);
    /* only pixels that are still set are looked at; a pass marks first and removes after, as the
     * method asks */
    size_t count = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            if (picture[y * w + x]) {
                if (x == 0 || y == 0 || x == w - 1 || y == h - 1)
                    picture[y * w + x] = 0;
                else
                    list[count++] = (uint32_t)(y * w + x);
            }
    for (int idle = 0, step = 0; idle < 2; step ^= 1) {
        bool changed = false;
        for (size_t i = 0; i < count; i++)
            if (table[step][ring(picture + list[i], w) & 255])
                list[i] |= 0x80000000u;
        size_t kept = 0;
        for (size_t i = 0; i < count; i++) {
            if (list[i] & 0x80000000u) {
                picture[list[i] & 0x7fffffffu] = 0;
                changed = true;
            } else {
                list[kept++] = list[i];
            }
        }
        count = kept;
        idle = changed ? 0 : idle + 1;
    }
}

static const int near_x[8] = {0, 1, 1, 1, 0, -1, -1, -1}, near_y[8] = {-1, -1, 0, 1, 1, 1, 0, -1};

static int crossings(unsigned n)
{
    int c = 0;
    for (int i = 0; i < 8; i++)
        c += (n >> i & 1) && !(n >> ((i + 1) & 7) & 1);
    return c;
}

struct walk {
    int x, y;     /* where it stopped */
    int length;
    int stopped;  /* 0 reached the length, 1 at an ending, 3 at a bifurcation */
};

/* Follows the skeleton from (x, y) by its neighbour `first` for at most `most` pixels. */
static struct walk follow(const uint8_t *s, int w, int x, int y, int first, int most)
{
    struct walk k = {x + near_x[first], y + near_y[first], 1, 0};
    int px = x, py = y;
    while (k.length < most) {
        unsigned n = ring(s + k.y * w + k.x, w);
        int c = crossings(n);
        if (c != 2) {
            k.stopped = c <= 1 ? 1 : 3;
            break;
        }
        /* straight neighbours first, never back, never to a neighbour of where we came from */
        int next = -1;
        for (int pass = 0; pass < 2 && next < 0; pass++)
            for (int i = pass; i < 8; i += 2) {
                int nx = k.x + near_x[i], ny = k.y + near_y[i];
                int bx = nx - px, by = ny - py;
                if ((n >> i & 1) && !(bx >= -1 && bx <= 1 && by >= -1 && by <= 1)) {
                    next = i;
                    break;
                }
            }
        if (next < 0) {
            k.stopped = 1;
            break;
        }
        px = k.x, py = k.y;
        k.x += near_x[next], k.y += near_y[next];
        k.length++;
    }
    return k;
}

/* One branch for each run of neighbours: its straight member if it has one. */
static int branches(unsigned n, int first[4])
{
    int count = 0;
    for (int i = 0; i < 8; i++) {
        if (!(n >> i & 1) || (n >> ((i + 7) & 7) & 1))
            continue; /* not the start of a run */
        int best = i;
        for (int j = i; (n >> (j & 7) & 1) && j < i + 8; j++)
            if (!(j & 1)) {
                best = j & 7;
                break;
            }
        if (count < 4)
            first[count++] = best;
    }
    return count;
}

struct found {
    int x, y, type;
    double angle; /* radians counter-clockwise */
    double sx, sy;
    bool drop;
};

static double sample(const int8_t *h, double x, double y)
{
    int ix = (int)x, iy = (int)y;
    double fx = x - ix, fy = y - iy;
    const int8_t *p = h + iy * SYN_W + ix;
    return (p[0] * (1 - fx) + p[1] * fx) * (1 - fy) + (p[SYN_W] * (1 - fx) + p[SYN_W + 1] * fx) * fy;
}

/* Sets sx, sy: on the axis of the ridge (sign 1) or valley (sign -1) that begins here and runs
 * along the angle, DEPTH behind its tip. */
static void refine(const int8_t *h, struct found *m)
{
    static const double DEPTH = 2.5, INTO = 5.0;
    double sign = m->type == HBS_MINUTIA_ENDING ? 1 : -1;
    double dx = syn_cos(m->angle), dy = -syn_sin(m->angle);
    /* across, where the ridge or valley is already full: the centre of what is above half height */
    double ax = m->x + dx * INTO, ay = m->y + dy * INTO, sum = 0, moment = 0;
    for (int i = -6; i <= 6; i++) {
        double t = i * 0.5, v = sign * sample(h, ax - dy * t, ay + dx * t);
        if (v > 0) {
            sum += v;
            moment += v * t;
        }
    }
    double off = sum > 0 ? moment / sum : 0;
    ax -= dy * off;
    ay += dx * off;
    /* back along the axis to where it passes half height, then DEPTH inside again */
    double before = sign * sample(h, ax, ay), t = 0;
    for (; t < INTO + 6; t += 0.5) {
        double now = sign * sample(h, ax - dx * (t + 0.5), ay - dy * (t + 0.5));
        if (before > 0 && now <= 0) {
            t += 0.5 * before / (before - now);
            break;
        }
        before = now;
    }
    /* a bifurcation stands where the arms have become one: behind the valley's tip */
    double back = sign > 0 ? t - DEPTH : t + DEPTH;
    m->sx = ax - dx * back;
    m->sy = ay - dy * back;
    double ex = m->sx - m->x, ey = m->sy - m->y;
    if (ex * ex + ey * ey > 36) { /* not the shape that was expected: keep the pixel */
        m->sx = m->x;
        m->sy = m->y;
    }
}

static double difference(double a, double b)
{
    double d = a - b;
    while (d > SYN_PI)
        d -= 2 * SYN_PI;
    while (d < -SYN_PI)
        d += 2 * SYN_PI;
    return d;
}

static bool well_inside(const struct syn_finger *f, int x, int y)
{
    double u = x - SYN_W / 2.0, v = SYN_H / 2.0 - y;
    return x > REACH + EDGE && y > REACH + EDGE && x < SYN_W - REACH - EDGE && y < SYN_H - REACH - EDGE &&
           syn_inside(f, u + EDGE, v) && syn_inside(f, u - EDGE, v) && syn_inside(f, u, v + EDGE) &&
           syn_inside(f, u, v - EDGE);
}

/* The direction of a found minutia by its branches; false when it is none. */
static bool judge(const uint8_t *s, struct found *m, struct found *all, size_t count)
{
    int first[4];
    int n = branches(ring(s + m->y * SYN_W + m->x, SYN_W), first);
    double way[4];
    struct walk k[4];
    for (int i = 0; i < n; i++) {
        k[i] = follow(s, SYN_W, m->x, m->y, first[i], REACH);
        way[i] = syn_atan2(-(k[i].y - m->y), k[i].x - m->x);
    }
    if (m->type == HBS_MINUTIA_ENDING) {
        if (n != 1)
            return false;
        m->angle = way[0];
        if (k[0].stopped == 1 && k[0].length < SPECK)
            return false;
        if (k[0].stopped == 3 && k[0].length < SPUR) {
            for (size_t j = 0; j < count; j++) { /* the spur's foot is no bifurcation either */
                int ex = all[j].x - k[0].x, ey = all[j].y - k[0].y;
                if (all[j].type == HBS_MINUTIA_BIFURCATION && ex * ex + ey * ey <= 4)
                    all[j].drop = true;
            }
            return false;
        }
        return true;
    }
    if (n != 3)
        return false;
    for (int i = 0; i < 3; i++) {
        if (k[i].stopped == 1 && k[i].length < SPUR)
            return false;
        for (int j = 0; j < i; j++) { /* two branches that meet again: a pin-hole */
            int ex = k[i].x - k[j].x, ey = k[i].y - k[j].y;
            if (k[i].stopped == 3 && k[j].stopped == 3 && k[i].length < HOLE && ex * ex + ey * ey <= 4)
                return false;
        }
    }
    double least = 10;
    for (int i = 0; i < 3; i++) {
        double d = difference(way[(i + 1) % 3], way[i]), size = d < 0 ? -d : d;
        if (size < least) {
            least = size;
            m->angle = way[i] + d / 2;
        }
    }
    return true;
}

enum hbs_err syn_truth(struct hbs_ctx *ctx, const struct syn_finger *f, const int8_t *height,
                       struct syn_minutia *out, size_t *count)
{
    size_t pixels = (size_t)SYN_W * SYN_H, n = 0;
    enum { FOUND_MAX = 4096 };
    uint8_t *s = hbs_alloc(ctx, pixels, 1);
    uint32_t *list = hbs_alloc(ctx, pixels, sizeof *list);
    struct found *all = hbs_alloc(ctx, FOUND_MAX, sizeof *all);
    enum hbs_err err = HBS_OK;
    if (!s || !list || !all) {
        err = hbs_fail_memory(ctx, pixels * 5);
        goto done;
    }
    for (size_t i = 0; i < pixels; i++)
        s[i] = height[i] > 0;
    syn_thin(s, SYN_W, SYN_H, list);
    for (int y = REACH; y < SYN_H - REACH; y++)
        for (int x = REACH; x < SYN_W - REACH; x++) {
            if (!s[y * SYN_W + x])
                continue;
            int c = crossings(ring(s + y * SYN_W + x, SYN_W));
            if ((c != 1 && c < 3) || !well_inside(f, x, y))
                continue;
            bool beside = false; /* a crossing may show on two pixels side by side */
            for (size_t j = n; j-- > 0 && all[j].y >= y - 2 && !beside;)
                beside = all[j].x >= x - 2 && all[j].x <= x + 2 && c >= 3 &&
                         all[j].type == HBS_MINUTIA_BIFURCATION;
            if (!beside && n < FOUND_MAX)
                all[n++] = (struct found){.x = x, .y = y,
                                          .type = c == 1 ? HBS_MINUTIA_ENDING : HBS_MINUTIA_BIFURCATION};
        }
    for (size_t i = 0; i < n; i++)
        if (!judge(s, &all[i], all, n))
            all[i].drop = true;
    for (size_t i = 0; i < n; i++) /* two ends that face each other over a few pixels: a gap */
        for (size_t j = 0; j < i; j++) {
            int dx = all[i].x - all[j].x, dy = all[i].y - all[j].y;
            double turned = difference(all[i].angle, all[j].angle);
            if (all[i].type == HBS_MINUTIA_ENDING && all[j].type == HBS_MINUTIA_ENDING &&
                dx * dx + dy * dy < GAP * GAP && (turned > 2.2 || turned < -2.2))
                all[i].drop = all[j].drop = true;
        }
    *count = 0;
    for (size_t i = 0; i < n && *count < HBS_SYNTH_MINUTIAE_MAX; i++) {
        if (all[i].drop)
            continue;
        /* the walk told which way; how exactly, the orientation model knows better */
        double flow = syn_orientation(f, all[i].x - SYN_W / 2.0, SYN_H / 2.0 - all[i].y);
        double d = difference(flow, all[i].angle);
        if (d > SYN_PI / 2)
            d -= SYN_PI;
        if (d < -SYN_PI / 2)
            d += SYN_PI;
        if (d < 0.6 && d > -0.6)
            all[i].angle += d;
        refine(height, &all[i]);
        out[(*count)++] = (struct syn_minutia){all[i].sx, all[i].sy, all[i].angle, all[i].type};
    }
done:
    hbs_free(ctx, s);
    hbs_free(ctx, list);
    hbs_free(ctx, all);
    return err;
}
