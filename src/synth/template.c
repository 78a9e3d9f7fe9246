/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: templates without pictures, for galleries of millions, and second readings of them.
 *
 * What makes minutiae sets of different fingers alike is kept: directions follow the orientation
 * field of the same class models that masters are grown from; minutiae keep their distance from
 * each other and are denser about loops and deltas (Champod and Margot; Chen and Moon, "The
 * statistics of fingerprint minutiae", 2007, after whom a hard-core Poisson process fits), their
 * number, types and qualities are distributed as on grown masters. What tells fingers apart, the
 * places, is random.
 *
 * More than 20,000 a second: the orientation model is evaluated for a row of cells at a time in
 * single precision, without branches, which compilers turn into vector code of the x86-64 floor.
 * It agrees with orientation.c to a degree except within a cell of a singularity.
 */
#include "synth_int.h"

enum { WIDE = 336, HIGH = 456, COLUMNS = WIDE / HBS_FINGER_CELL, ROWS = HIGH / HBS_FINGER_CELL,
       LANES = 24 };
_Static_assert(COLUMNS <= LANES, "a row of cells fits the lanes");
_Static_assert(COLUMNS * ROWS <= HBS_FINGER_CELLS_MAX, "the map fits the template");

/* Arc tangent of y/x in the right quadrant, lane by lane; within 2e-4. */
static void atan2_lanes(const float *y, const float *x, float *out)
{
    const float pi = (float)SYN_PI;
    for (int i = 0; i < LANES; i++) {
        float ax = __builtin_fabsf(x[i]), ay = __builtin_fabsf(y[i]);
        float big = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
        float t = small / (big + 1e-20f), q = t * t;
        float a = t * (0.9998660f + q * (-0.3302995f + q * (0.1801410f + q * (-0.0851330f + q * 0.0208351f))));
        a = ay > ax ? pi / 2 - a : a;
        a = x[i] < 0 ? pi - a : a;
        out[i] = y[i] < 0 ? -a : a;
    }
}

/* Sine, lane by lane, of any moderate angle; within 2e-4. */
static void sin_lanes(const float *x, float *out)
{
    for (int i = 0; i < LANES; i++) {
        float turns = x[i] * (float)(1 / (2 * SYN_PI));
        float r = turns - (float)(int)(turns + (turns < 0 ? -0.5f : 0.5f));
        /* a parabola through the zeros and the peak, then its square mixed in */
        float p = r * (8 - 16 * __builtin_fabsf(r));
        out[i] = 0.225f * (p * __builtin_fabsf(p) - p) + p;
    }
}

void syn_orientation_row(const struct syn_finger *f, const float *u, float v, float *out)
{
    const float half_pi = (float)(SYN_PI / 2), stretch = (float)f->stretch;
    float sum[LANES] = {0}, a[LANES], x[LANES], y[LANES], t[LANES];
    for (int s = 0; s < f->singulars; s++) {
        const struct syn_singular *g = &f->singular[s];
        float su = (float)g->u, down = -(v - (float)g->v) / stretch, sign = (float)g->sign;
        float bend[SYN_KNOTS + 1];
        for (int k = 0; k <= SYN_KNOTS; k++)
            bend[k] = (float)g->bend[k % SYN_KNOTS];
        for (int i = 0; i < LANES; i++) {
            y[i] = u[i] - su;
            x[i] = down;
        }
        atan2_lanes(y, x, a);
        for (int i = 0; i < LANES; i++) {
            float p = a[i] * (float)(SYN_KNOTS / (2 * SYN_PI));
            p = p < 0 ? p + SYN_KNOTS : p;
            int k = (int)p & (SYN_KNOTS - 1);
            sum[i] += sign * (a[i] + bend[k] + (bend[k + 1] - bend[k]) * (p - (float)(int)p));
        }
    }
    if (f->singulars) {
        for (int i = 0; i < LANES; i++)
            t[i] = 0.5f * sum[i] + half_pi;
        sin_lanes(t, x);
        for (int i = 0; i < LANES; i++)
            t[i] = 0.5f * sum[i];
        sin_lanes(t, y);
        for (int i = 0; i < LANES; i++)
            y[i] *= stretch;
        atan2_lanes(y, x, out);
    } else {
        memset(out, 0, LANES * sizeof *out);
    }
    if (f->class == HBS_SYNTH_ARCH) {
        double height = ((double)v - f->arch_at) / f->arch_low;
        float rise = (float)(f->arch * syn_exp(-0.5 * height * height)), wide = (float)f->arch_width;
        for (int i = 0; i < LANES; i++)
            t[i] = __builtin_fabsf(u[i]) > wide ? 0 : (float)SYN_PI * u[i] / wide;
        sin_lanes(t, a);
        for (int i = 0; i < LANES; i++)
            out[i] -= rise * a[i];
    }
    if (f->spiral != 0) {
        double dv = (double)v - f->spiral_v, scale = 1 / (2 * 60.0 * 60.0);
        float row = (float)(f->spiral * syn_exp(-dv * dv * scale));
        for (int i = 0; i < LANES; i++) {
            /* exp(-z) as 1 / (1 + z + z^2/2 + z^3/6): near enough for a turn of a few degrees */
            float z = (u[i] - (float)f->spiral_u) * (u[i] - (float)f->spiral_u) * (float)scale;
            out[i] += row / (1 + z * (1 + z * (0.5f + z * 0.16667f)));
        }
    }
    float top = (float)syn_tip_bend(f, (double)v);
    for (int i = 0; i < LANES; i++) {
        float w = u[i] * (1 / 120.0f);
        out[i] -= top * w / (1 + 0.35f * __builtin_fabsf(w));
    }
    for (int w = 0; w < SYN_WAVES; w++) {
        float at = (float)(f->wave[w][2] * (double)v + f->wave[w][3]), step = (float)f->wave[w][1];
        float tall = (float)f->wave[w][0];
        for (int i = 0; i < LANES; i++)
            t[i] = step * u[i] + at;
        sin_lanes(t, a);
        for (int i = 0; i < LANES; i++)
            out[i] += tall * a[i];
    }
}

/* The orientation at a place of the template's picture, from its map: 0..127 in 1/256 turn. Between the
 * middles of cells it is interpolated, as differences to the nearest cell's (the field turns by less than
 * a quarter from one cell to the next but at singular points). */
static uint8_t looked_up(const struct hbs_finger_template *t, double x, double y)
{
    int c = (int)(x / HBS_FINGER_CELL), r = (int)(y / HBS_FINGER_CELL);
    if (x < 0 || y < 0 || c >= t->columns || r >= t->rows)
        return HBS_FINGER_NO_ORIENTATION;
    uint8_t here = t->orientation[r * t->columns + c];
    if (here == HBS_FINGER_NO_ORIENTATION)
        return here;
    double u = x / HBS_FINGER_CELL - 0.5 - c, v = y / HBS_FINGER_CELL - 0.5 - r, turn = 0;
    int side = u < 0 ? c - 1 : c + 1, other = v < 0 ? r - 1 : r + 1;
    u = u < 0 ? -u : u;
    v = v < 0 ? -v : v;
    for (int k = 1; k < 4; k++) { /* beside, below or above, and across */
        int i = k & 1 ? side : c, j = k & 2 ? other : r;
        if (i < 0 || j < 0 || i >= t->columns || j >= t->rows)
            continue;
        uint8_t there = t->orientation[j * t->columns + i];
        if (there == HBS_FINGER_NO_ORIENTATION)
            continue;
        int d = (there - here) & 127;
        d = d > 64 ? d - 128 : d;
        turn += (k & 1 ? u : 1 - u) * (k & 2 ? v : 1 - v) * d;
    }
    return (uint8_t)((here + (int)(turn + 128.5)) & 127);
}

static bool free_place(const struct hbs_finger_template *t, int x, int y, int apart)
{
    for (int i = 0; i < t->count; i++) {
        int dx = t->minutiae[i].x - x, dy = t->minutiae[i].y - y;
        if (dx * dx + dy * dy < apart * apart)
            return false;
    }
    return true;
}

/* Endings against bifurcations on grown masters: about even; pressure closes some gaps. */
static uint8_t draw_type(struct hbs_rng *rng)
{
    return hbs_rng_below(rng, 100) < 54 ? HBS_MINUTIA_ENDING : HBS_MINUTIA_BIFURCATION;
}

void hbs_synth_template(uint64_t person, unsigned finger, struct hbs_finger_template *t)
{
    unsigned number = finger >= 1 && finger <= 10 ? finger : 1 + finger % 10;
    struct syn_finger f;
    syn_finger_draw(person, number, &f);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, syn_seed(person, 20, finger));
    memset(t, 0, offsetof(struct hbs_finger_template, minutiae));
    t->width = WIDE;
    t->height = HIGH;
    t->finger = (uint8_t)number;
    t->columns = COLUMNS;
    t->rows = ROWS;
    double spread = 1 + 0.09 * syn_normal(&rng);
    double a = 122 * f.size * spread, b = 176 * spread;
    a = a > 160 ? 160 : a;
    b = b > 216 ? 216 : b;
    double lift = 14 + 10 * syn_normal(&rng); /* the contact's middle over the finger's */

    float u[LANES], angle[LANES];
    for (int c = 0; c < LANES; c++)
        u[c] = (float)((c + 0.5) * HBS_FINGER_CELL - WIDE / 2.0);
    for (int r = 0; r < ROWS; r++) {
        double v = HIGH / 2.0 - (r + 0.5) * HBS_FINGER_CELL, y = v / b;
        uint8_t *row = t->orientation + r * COLUMNS;
        if (y * y >= 1) {
            memset(row, HBS_FINGER_NO_ORIENTATION, COLUMNS);
            continue;
        }
        syn_orientation_row(&f, u, (float)(v + lift), angle);
        for (int c = 0; c < COLUMNS; c++) {
            double x = (double)u[c] / a;
            row[c] = x * x + y * y >= 1 ? HBS_FINGER_NO_ORIENTATION
                                        : (uint8_t)((int)(angle[c] * (float)(128 / SYN_PI) + 1024.5f) & 127);
        }
    }

    /* number by area: about one in 1500 square pixels, and fingers differ */
    double expected = SYN_PI * a * b / 1500 * (1 + 0.17 * syn_normal(&rng));
    int wanted = expected < 12 ? 12 : expected > 110 ? 110 : (int)expected;
    int quality = 55 + (int)(30 * hbs_rng_unit(&rng));
    t->quality = (uint8_t)quality;
    for (int tries = 0; t->count < wanted && tries < 40 * wanted; tries++) {
        double px = syn_range(&rng, -1, 1), py = syn_range(&rng, -1, 1), r2 = px * px + py * py;
        if (r2 > 0.93)
            continue;
        double mu = px * a, mv = py * b;
        bool dense = f.singulars == 0;
        for (int s = 0; s < f.singulars && !dense; s++) {
            double du = mu - f.singular[s].u, dv = mv + lift - f.singular[s].v;
            dense = du * du + dv * dv < 60 * 60;
        }
        if (!dense && hbs_rng_below(&rng, 100) >= 66)
            continue;
        double x = mu + WIDE / 2.0, y = HIGH / 2.0 - mv;
        int qx = syn_pack_place(x), qy = syn_pack_place(y);
        uint8_t flow = looked_up(t, qx / (double)HBS_FINGER_UNIT, qy / (double)HBS_FINGER_UNIT);
        if (flow == HBS_FINGER_NO_ORIENTATION || !free_place(t, qx, qy, 8 * HBS_FINGER_UNIT))
            continue;
        double worth = quality + 12 * syn_normal(&rng) - (r2 > 0.6 ? 60 * (r2 - 0.6) : 0);
        int turn = flow + (hbs_rng_below(&rng, 2) ? 128 : 0) + (int)(syn_normal(&rng) * 2 + 8.5) - 8;
        t->minutiae[t->count++] = (struct hbs_minutia){
            .x = (uint16_t)qx, .y = (uint16_t)qy, .angle = (uint8_t)turn, .type = draw_type(&rng),
            .quality = (uint8_t)(worth < 1 ? 1 : worth > 100 ? 100 : worth), .support = 1};
    }
}

/* ---- a second reading ---- */

static uint8_t turned(const struct hbs_finger_template *of, const struct syn_map *map, double px,
                      double py, double rotation)
{
    double u, v;
    syn_map_to_finger(map, px, py, &u, &v);
    double x = u + of->width / 2.0, y = of->height / 2.0 - v;
    uint8_t flow = looked_up(of, x, y);
    if (flow == HBS_FINGER_NO_ORIENTATION)
        return flow;
    int turn = flow + (int)(rotation * (128 / SYN_PI) + 256.5) - 256;
    return (uint8_t)(turn & 127);
}

void hbs_synth_mate(const struct hbs_finger_template *of, double difficulty, uint64_t seed,
                    struct hbs_finger_template *t)
{
    double d = difficulty > 0 ? difficulty < 3 ? difficulty : 3 : 0;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, syn_seed(seed, 21, of->count));
    memset(t, 0, offsetof(struct hbs_finger_template, minutiae));
    t->width = of->width;
    t->height = of->height;
    t->finger = of->finger;
    t->columns = of->columns;
    t->rows = of->rows;
    double bend = d < 1.5 ? d : 1.5;
    struct hbs_synth_conditions how = {
        .shift_x = (float)(12 * syn_normal(&rng)), .shift_y = (float)(14 * syn_normal(&rng)),
        .rotation = (float)((0.10 + 0.04 * d) * syn_normal(&rng)),
        .contact_width = 120, .contact_height = 170,
        .slip_x = (float)(bend * 3.5 * syn_normal(&rng)), .slip_y = (float)(bend * 3.5 * syn_normal(&rng)),
        .torsion = (float)(bend * 0.03 * syn_normal(&rng)), .plasticity = 1.5f};
    struct hbs_synth_sensor_info plate = {"", "", of->width, of->height, 500};
    struct syn_map map;
    syn_map_make(&how, &plate, 1, &map);

    /* the part that touches this time, in the finger's frame; d = 0: all of it */
    double part = d > 0 ? 1.06 - 0.11 * d + 0.06 * syn_normal(&rng) : 9;
    double ca = 118 * part, cb = 168 * part;
    double cu = d * 11 * syn_normal(&rng), cv = d * 14 * syn_normal(&rng);
    for (int r = 0; r < t->rows; r++)
        for (int c = 0; c < t->columns; c++) {
            double px = (c + 0.5) * HBS_FINGER_CELL, py = (r + 0.5) * HBS_FINGER_CELL, u, v;
            syn_map_to_finger(&map, px, py, &u, &v);
            double x = (u - cu) / ca, y = (v - cv) / cb;
            t->orientation[r * t->columns + c] = x * x + y * y >= 1
                ? HBS_FINGER_NO_ORIENTATION
                : turned(of, &map, px, py, (double)how.rotation);
        }

    double jitter = d * 1.1, sway = d * 4.0; /* pixels; 1/256 turns, so 5.6 degrees at 1 */
    int drop = (int)(d * 160), flip = (int)(d * 100);
    for (int i = 0; i < of->count; i++) {
        const struct hbs_minutia *m = &of->minutiae[i];
        double u = m->x / (double)HBS_FINGER_UNIT - of->width / 2.0;
        double v = of->height / 2.0 - m->y / (double)HBS_FINGER_UNIT, px, py;
        double x = (u - cu) / ca, y = (v - cv) / cb;
        /* the same draws for every minutia, so that one's fate does not move the next one's */
        double jx = syn_normal(&rng), jy = syn_normal(&rng), ja = syn_normal(&rng);
        int lost = (int)hbs_rng_below(&rng, 1000), other = (int)hbs_rng_below(&rng, 1000);
        double worth = m->quality + 8 * d * syn_normal(&rng);
        if (x * x + y * y >= 1 || lost < drop + (d > 0 ? (70 - m->quality) * 2 : 0))
            continue;
        syn_map_to_sensor(&map, u, v, &px, &py);
        px += jitter * jx;
        py += jitter * jy;
        if (!(px >= 0 && py >= 0 && px < t->width && py < t->height))
            continue;
        double turn = m->angle + (double)how.rotation * (128 / SYN_PI) + sway * ja;
        t->minutiae[t->count++] = (struct hbs_minutia){
            .x = syn_pack_place(px), .y = syn_pack_place(py), .angle = (uint8_t)((int)(turn + 1024.5) & 255),
            .type = other < flip ? (uint8_t)(HBS_MINUTIA_ENDING + HBS_MINUTIA_BIFURCATION - m->type) : m->type,
            .quality = (uint8_t)(worth < 1 ? 1 : worth > 100 ? 100 : worth), .support = 1};
    }
    int spurious = d > 0 ? (int)(d * (3.5 + 1.5 * syn_normal(&rng))) : 0;
    for (int tries = 0; spurious > 0 && tries < 400 && t->count < HBS_FINGER_MINUTIAE_MAX; tries++) {
        double px = syn_range(&rng, 0, t->width), py = syn_range(&rng, 0, t->height);
        uint8_t flow = looked_up(t, px, py);
        int qx = syn_pack_place(px), qy = syn_pack_place(py);
        if (flow == HBS_FINGER_NO_ORIENTATION || !free_place(t, qx, qy, 5 * HBS_FINGER_UNIT))
            continue;
        t->minutiae[t->count++] = (struct hbs_minutia){
            .x = (uint16_t)qx, .y = (uint16_t)qy, .angle = (uint8_t)(flow + (hbs_rng_below(&rng, 2) ? 128 : 0)),
            .type = draw_type(&rng), .quality = (uint8_t)(5 + hbs_rng_below(&rng, 50)), .support = 1};
        spurious--;
    }
    double quality = of->quality - 9 * d + 5 * d * syn_normal(&rng);
    t->quality = (uint8_t)(quality < 1 ? 1 : quality > 100 ? 100 : quality);
}
