/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: one finger's master print, from its parts. A master is larger than any sensor sees:
 * impressions take their piece of it. Creases and pores belong to the finger, so they are made
 * here, once, and every impression of the finger shows the same.
 *
 * Order: what is drawn about the finger (person.c), ridges (growth.c), distance to their edges (relief.c), true
 * minutiae (truth.c), then the skin: a map of what in the ridges does not print. After that a master is never
 * written to, so threads may share it.
 * Sizes of pores and creases: Handbook of Fingerprint Recognition, 2nd ed., 3.1 (pores 60 to 250 micrometres, 9 to 18
 * a centimetre of ridge).
 */
#include "synth_int.h"

/* As templates hold them (habeas/finger.h). The 1024 makes what is rounded positive, as casts cut towards zero;
 * angles are a few turns at most. */
uint8_t syn_pack_angle(double radians)
{
    double t = radians * (128 / SYN_PI) + 1024.5;
    return (uint8_t)((unsigned)t & 255);
}

/* Eighths of a pixel; what lies outside the picture stays at its edge. */
uint16_t syn_pack_place(double pixels)
{
    double t = pixels * HBS_FINGER_UNIT + 0.5;
    return t < 0 ? 0 : t > 65535 ? 65535 : (uint16_t)t;
}

/* To the nearest whole number, for numbers above -65536: the C library's rounding depends on a mode. */
static int round_to(double x) { return (int)(x + 65536.5) - 65536; }

/* A round spot that prints less: a Gaussian whose depth at `radius` is a quarter of that in the middle, cut off
 * at two radii. Overlapping spots do not add up, the deepest counts: a crease is a chain of spots and must not
 * be deeper for being drawn in small steps. */
static void darken(uint8_t *skin, double x, double y, double radius, double depth)
{
    int r = (int)radius + 2;
    for (int dy = -r; dy <= r; dy++)
        for (int dx = -r; dx <= r; dx++) {
            int px = round_to(x) + dx, py = round_to(y) + dy;
            if (px < 0 || py < 0 || px >= SYN_W || py >= SYN_H)
                continue;
            /* from the middle of the spot, which lies between pixels, in radii */
            double ex = px - x, ey = py - y, d = (ex * ex + ey * ey) / (radius * radius);
            if (d > 4)
                continue;
            double keep = 1 - depth * syn_exp(-1.4 * d);
            uint8_t *p = &skin[py * SYN_W + px];
            int v = (int)(keep * 255);
            if (v < *p)
                *p = (uint8_t)v;
        }
}

/* A crease: a bent line whose width swells and fades. Its curve is constant (that of a fold) with a slow
 * wandering on top, an autoregressive noise of some ten pixels' memory. It may run off the finger. */
static void draw_crease(uint8_t *skin, const struct syn_crease *c, struct hbs_rng *rng)
{
    double u = c->u, v = c->v, way = c->angle, wander = 0;
    for (double at = 0; at < c->length; at += 1) {
        double t = at / c->length, swell = 4 * t * (1 - t);
        /* full width and depth in the middle, a third of either at the ends */
        wander = 0.9 * wander + 0.02 * syn_normal(rng);
        way += c->curve + 0.3 * wander;
        u += syn_cos(way);
        v += syn_sin(way);
        darken(skin, u + SYN_W / 2.0, SYN_H / 2.0 - v, c->width * (0.35 + 0.65 * swell), 0.35 + 0.65 * swell);
    }
}

/* Sweat pores sit on the ridges' crests, nine or so a centimetre of ridge; a sensor of 500 ppi
 * shows the larger ones as light dots. Places are drawn all over the raster and each climbs uphill to the
 * crest by at most six steps; what did not reach one (outside the finger, in a fork) is dropped, so fewer
 * stay than are tried. Two that climb to one place make one pore, which keeps them apart. */
static void draw_pores(const struct hbs_synth_master *m, struct hbs_rng *rng)
{
    for (int i = 0; i < 2 * SYN_PORES; i++) {
        int x = 4 + (int)hbs_rng_below(rng, SYN_W - 8), y = 4 + (int)hbs_rng_below(rng, SYN_H - 8);
        const int8_t *h = m->height;
        /* climb to the crest: the highest of the four neighbours, as long as one is higher */
        for (int step = 0; step < 6; step++) {
            int best = h[y * SYN_W + x], bx = x, by = y;
            for (int d = 0; d < 4; d++) {
                int nx = x + (d == 0) - (d == 1), ny = y + (d == 2) - (d == 3);
                if (nx > 1 && ny > 1 && nx < SYN_W - 2 && ny < SYN_H - 2 && h[ny * SYN_W + nx] > best) {
                    best = h[ny * SYN_W + nx];
                    bx = nx, by = ny;
                }
            }
            if (bx == x && by == y)
                break;
            x = bx, y = by;
        }
        /* pores are open or closed, so they differ in depth as much as in size */
        double radius = 0.6 + 0.5 * hbs_rng_unit(rng), depth = 0.25 + 0.5 * hbs_rng_unit(rng);
        if (h[y * SYN_W + x] > 40)
            darken(m->skin, x, y, radius, depth);
    }
}

/* Three rasters of 0.2 MB stay; growth takes 1.5 MB more while it runs. 15 ms, most of it growth. All or nothing: *out
 * is set at the very end. */
enum hbs_err hbs_synth_master_open(struct hbs_ctx *ctx, uint64_t person, unsigned finger,
                                   struct hbs_synth_master **out)
{
    /* ISO 19794 numbers known fingers 1 to 10; 0, unknown, and the palms are nothing that can be drawn */
    if (finger < 1 || finger > 10)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give a finger from 1 to 10", "finger %u does not exist",
                        finger);
    struct hbs_synth_master *m = hbs_alloc(ctx, 1, sizeof *m);
    if (!m)
        return hbs_fail_memory(ctx, sizeof *m);
    enum hbs_err err;
    m->ctx = ctx;
    m->person = person;
    m->height = hbs_alloc(ctx, (size_t)SYN_W * SYN_H, 1);
    m->relief = hbs_alloc(ctx, (size_t)SYN_W * SYN_H, 1);
    m->skin = hbs_alloc(ctx, (size_t)SYN_W * SYN_H, 1);
    if (!m->height || !m->relief || !m->skin) {
        err = hbs_fail_memory(ctx, (size_t)SYN_W * SYN_H);
        goto done;
    }
    syn_finger_draw(person, finger, &m->finger);
    /* each step has a stream of its own: ridges stay when pores and creases change */
    if ((err = syn_grow(ctx, &m->finger, syn_seed(person, 3, finger), m->height)) ||
        (err = syn_relief(ctx, &m->finger, m->height, m->relief)) ||
        (err = syn_truth(ctx, &m->finger, m->height, m->minutiae, &m->count)))
        goto done;
    /* the exact places stay for impressions, which map them; callers get them as templates hold them */
    for (size_t i = 0; i < m->count; i++)
        m->packed[i] = (struct hbs_minutia){
            .x = syn_pack_place(m->minutiae[i].x), .y = syn_pack_place(m->minutiae[i].y),
            .angle = syn_pack_angle(m->minutiae[i].angle), .type = (uint8_t)m->minutiae[i].type,
            .quality = 100, .support = 1};
    for (int i = 0; i < m->finger.singulars; i++) {
        const struct syn_singular *s = &m->finger.singular[i];
        m->singularities[i] = (struct hbs_synth_singularity){
            (float)(s->u + SYN_W / 2.0), (float)(SYN_H / 2.0 - s->v), s->sign < 0};
    }
    /* sound everywhere, then what is not; creases before pores, as both take from one stream */
    memset(m->skin, 255, (size_t)SYN_W * SYN_H);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, syn_seed(person, 4, finger));
    for (int i = 0; i < m->finger.creases; i++)
        draw_crease(m->skin, &m->finger.crease[i], &rng);
    draw_pores(m, &rng);
    *out = m;
    m = NULL; /* it is the caller's now */
done:
    hbs_synth_master_close(m);
    return err;
}

/* Also of a master that is half made: what was not allocated is NULL, which hbs_free takes. */
void hbs_synth_master_close(struct hbs_synth_master *m)
{
    if (!m)
        return;
    hbs_free(m->ctx, m->height);
    hbs_free(m->ctx, m->relief);
    hbs_free(m->ctx, m->skin);
    hbs_free(m->ctx, m);
}

/* What was drawn, which on a poor impression nobody could tell: it is the truth, not a reading. */
enum hbs_synth_class hbs_synth_master_class(const struct hbs_synth_master *m)
{
    return m->finger.class;
}

/* In the master's own frame; an impression's are told by hbs_synth_impression. */
size_t hbs_synth_master_minutiae(const struct hbs_synth_master *m, const struct hbs_minutia **out)
{
    *out = m->packed;
    return m->count;
}

/* Where the orientation model has them, finer than a pixel; the ridges about them follow within one or two. */
size_t hbs_synth_master_singularities(const struct hbs_synth_master *m,
                                      const struct hbs_synth_singularity **out)
{
    *out = m->singularities;
    return (size_t)m->finger.singulars;
}

enum hbs_err hbs_synth_master_picture(struct hbs_ctx *ctx, const struct hbs_synth_master *m,
                                      struct hbs_image *out)
{
    enum hbs_err err = hbs_image_make(ctx, SYN_W, SYN_H, 500, out);
    if (err)
        return err;
    /* the height field itself, which is grey where ridges could not agree; a fresh picture is white */
    for (int y = 0; y < SYN_H; y++)
        for (int x = 0; x < SYN_W; x++)
            if (syn_inside(&m->finger, x - SYN_W / 2.0, SYN_H / 2.0 - y))
                out->pixels[y * SYN_W + x] = (uint8_t)(128 - m->height[y * SYN_W + x]);
    return HBS_OK;
}

/* These are written into JSON and file names: never changed, only added to. */
const char *hbs_synth_class_name(enum hbs_synth_class c)
{
    static const char *const names[] = {"arch", "tented-arch", "left-loop", "right-loop", "whorl"};
    return (unsigned)c < HBS_COUNT(names) ? names[c] : "unknown";
}
