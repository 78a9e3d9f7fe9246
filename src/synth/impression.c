/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: one impression of a master (SFinGe, steps 5 to 9: contact region, ridge thickness,
 * distortion, noise, placement, background).
 *
 * Each pixel of the sensor is looked up on the finger through the map of distort.c. The master is
 * a height field, so ridge thickness is a matter of where it is cut: a moist, pressed finger is cut
 * low and its ridges merge, a dry one high and they thin and break. That level is the sum of the
 * finger's moisture, smooth unevenness, the rim of the contact region, creases, pores, and grain.
 * True minutiae go through the inverse of the same map, so they are where the picture has them.
 */
#include "synth_int.h"

/* How much the outline of contact departs from its curve, in radii. */
#define ROUGH_MIDDLE 0.012f
#define ROUGH_COARSE 0.014f
enum { NODE = 8 }; /* the map is computed every eighth pixel and is linear between */

static inline float between(float a, float b, float t) { return a + (b - a) * t; }

static inline float bilinear_signed(const int8_t *p, float fx, float fy)
{
    return between(between(p[0], p[1], fx), between(p[SYN_W], p[SYN_W + 1], fx), fy);
}

static inline float bilinear(const uint8_t *p, float fx, float fy)
{
    return between(between(p[0], p[1], fx), between(p[SYN_W], p[SYN_W + 1], fx), fy);
}

/* Where a point of the plate lies in the contact region: 0 in its middle, 1 on its outline. */
static double outline(const struct hbs_synth_conditions *how, double squareness, double u, double v)
{
    double x = (u - how->contact_x) / how->contact_width, y = (v - how->contact_y) / how->contact_height;
    if (x < 0)
        x = -x;
    if (y < 0)
        y = -y;
    if (x + y < 1e-6)
        return 0;
    /* (x^n + y^n)^(1/n): exact for n = 2 and 4, a mixture of the two between */
    double big = x > y ? x : y, t = x > y ? y / x : x / y;
    double t2 = t * t, soft = (squareness - 2) / 2;
    double circle = big * __builtin_sqrt(1 + t2);
    double square = big * __builtin_sqrt(__builtin_sqrt(1 + t2 * t2));
    return circle + (square - circle) * (soft > 1.2 ? 1.2 : soft);
}

static bool sensible(const struct hbs_synth_conditions *c)
{
    const float all[] = {c->shift_x, c->shift_y, c->rotation, c->contact_width, c->contact_height,
                         c->contact_x, c->contact_y, c->slip_x, c->slip_y, c->torsion, c->plasticity,
                         c->wetness, c->unevenness, c->grain, c->abrasion, c->contrast};
    for (size_t i = 0; i < HBS_COUNT(all); i++)
        if (!(all[i] > -2000 && all[i] < 2000))
            return false;
    return c->contact_width >= 20 && c->contact_height >= 20 && c->contact_width <= 400 &&
           c->contact_height <= 400 && c->plasticity >= 0.3f && c->plasticity <= 10 &&
           c->wetness >= -1 && c->wetness <= 1 && c->unevenness >= 0 && c->unevenness <= 1 &&
           c->grain >= 0 && c->grain <= 2 && c->abrasion >= 0 && c->abrasion <= 1 &&
           c->contrast >= 0 && c->contrast <= 1;
}

struct work {
    int w, h, columns, rows;
    float *ink, *contact, *coarse, *middle, *fine, *worn, *scratch;
    float *node; /* u, v and outline at the nodes */
};

/* The level that cuts the ridges, above which there is ink, at one pixel. */
static inline float cut(const struct hbs_synth_conditions *how, float wet, float fade, float rim,
                        float skin, float coarse, float middle, float fine, float worn)
{
    float level = -1.1f * wet;
    level += 0.6f * how->unevenness * coarse;
    /* dry skin touches in points, so grain shows more on it */
    level += how->grain * (worn * fine + 0.35f * middle) * (wet < 0 ? 1 - 0.7f * wet : 1);
    level += 4.5f * how->abrasion * (1 - skin);
    /* the middle is pressed hardest */
    level += 0.55f * (rim * rim - 0.4f);
    /* the rim: contact thins over `fade` and with it the ridges */
    float r = (rim - 1 + fade) / fade;
    if (r > 0)
        level += 2.2f * r * r;
    return level;
}

static void scratch_lines(const struct hbs_synth_conditions *how, double most, struct hbs_rng *rng,
                          struct work *k, float *on)
{
    /* scratches of this impression alone: straight, thin, few */
    int n = (int)((double)how->abrasion * most * hbs_rng_unit(rng));
    /* `on` is the grain, which cut() weighs: undo that for sound skin */
    float deep = 3.0f / (0.45f * (how->grain > 0.2f ? how->grain : 0.2f));
    for (int i = 0; i < n; i++) {
        double x = k->w * hbs_rng_unit(rng), y = k->h * hbs_rng_unit(rng);
        double way = SYN_PI * hbs_rng_unit(rng), length = 8 + 60 * hbs_rng_unit(rng) * hbs_rng_unit(rng);
        double dx = syn_cos(way), dy = syn_sin(way);
        for (double t = 0; t < length; t += 0.5) {
            int px = (int)(x + t * dx + 4096) - 4096, py = (int)(y + t * dy + 4096) - 4096;
            if (px >= 0 && py >= 0 && px < k->w - 1 && py < k->h) {
                on[py * k->w + px] += deep;
                on[py * k->w + px + 1] += 0.5f * deep;
            }
        }
    }
}

static void ink_rows(const struct hbs_synth_master *m, const struct hbs_synth_conditions *how,
                     const struct syn_sensor *s, uint32_t state, struct work *k)
{
    float speckle = (float)s->speckle * how->grain;
    float wet = how->wetness + (float)s->skin * (float)m->finger.moist, fade = (float)s->fade;
    float sharp = (float)s->sharpness, beading = (float)s->beading, mottle = (float)s->mottle;
    for (int y = 0; y < k->h; y++) {
        const float *above = k->node + (size_t)(y / NODE) * (size_t)k->columns * 3;
        const float *below = above + (size_t)k->columns * 3;
        float fy = (float)(y % NODE) / NODE;
        for (int nx = 0; nx < k->columns - 1; nx++) {
            float a[3], step[3];
            for (int q = 0; q < 3; q++) {
                a[q] = between(above[nx * 3 + q], below[nx * 3 + q], fy);
                step[q] = (between(above[nx * 3 + 3 + q], below[nx * 3 + 3 + q], fy) - a[q]) / NODE;
            }
            for (int t = 0; t < NODE && nx * NODE + t < k->w; t++) {
                int i = y * k->w + nx * NODE + t;
                float mx = a[0] + step[0] * (float)t, my = a[1] + step[1] * (float)t;
                float rim = a[2] + step[2] * (float)t;
                /* no outline is a curve */
                rim += ROUGH_MIDDLE * k->middle[i] + ROUGH_COARSE * k->coarse[i];
                float touch = (1.02f - rim) / (0.8f * fade);
                k->contact[i] = touch < -3 ? -3 : touch > 1 ? 1 : touch;
                float ink = 0;
                if (rim < 1.12f && mx >= 1 && my >= 1 && mx < SYN_W - 2 && my < SYN_H - 2) {
                    int ix = (int)mx, iy = (int)my, at = iy * SYN_W + ix;
                    float px = mx - (float)ix, py = my - (float)iy;
                    float h = bilinear_signed(m->relief + at, px, py) * (1.0f / SYN_RELIEF);
                    float skin = bilinear(m->skin + at, px, py) * (1 / 255.0f);
                    /* most skin is sound; where it is worn, grain breaks the ridges */
                    float worn = k->worn[i] > 0.5f ? k->worn[i] - 0.5f : 0;
                    worn = 0.45f + 0.75f * worn * worn;
                    ink = 0.5f + sharp * (h - cut(how, wet, fade, rim, skin, k->coarse[i], k->middle[i],
                                                  k->fine[i], worn) - speckle * syn_hiss(&state));
                    ink = ink < 0 ? 0 : ink > 1 ? 1 : ink;
                    /* ink lies unevenly even on a sound ridge: beads, and a fine mottle */
                    float bead = 1 - beading * (0.5f + 0.5f * k->fine[i]) - mottle * syn_hiss(&state);
                    bead *= 1.06f - 0.28f * rim * rim;
                    ink *= bead < 0.15f ? 0.15f : bead > 1 ? 1 : bead;
                }
                k->ink[i] = ink < 0 ? 0 : ink > 1 ? 1 : ink;
            }
        }
    }
}

/* A share `blur` of the mean of 3 x 3 in place; two rows of the old values are kept. */
static void soften(float *p, int w, int h, float blur, float *keep)
{
    float *before = keep, *now = keep + w;
    memcpy(before, p, (size_t)w * sizeof *p);
    for (int y = 0; y < h; y++) {
        float *row = p + (size_t)y * (size_t)w;
        const float *next = y + 1 < h ? row + w : row;
        memcpy(now, row, (size_t)w * sizeof *p);
        for (int x = 1; x < w - 1; x++) {
            float sum = before[x - 1] + before[x] + before[x + 1] + now[x - 1] + now[x] + now[x + 1] +
                        next[x - 1] + next[x] + next[x + 1];
            row[x] = now[x] + blur * (sum * (1 / 9.0f) - now[x]);
        }
        float *swap = before;
        before = now;
        now = swap;
    }
}

static size_t carry(const struct hbs_synth_master *m, const struct hbs_synth_conditions *how,
                    const struct syn_sensor *s, const struct syn_map *map, const struct work *k,
                    struct hbs_minutia *truth, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < m->count && n < most; i++) {
        const struct syn_minutia *t = &m->minutiae[i];
        double u = t->x - SYN_W / 2.0, v = SYN_H / 2.0 - t->y, px, py, qx, qy;
        syn_map_to_sensor(map, u, v, &px, &py);
        if (!(px >= 2 && py >= 2 && px < k->w - 2 && py < k->h - 2))
            continue;
        double ru, rv; /* on the plate, before distortion */
        struct syn_map flat = *map;
        flat.slip_u = flat.slip_v = flat.ts = 0;
        flat.tc = 1;
        syn_map_to_finger(&flat, px, py, &ru, &rv);
        int at = (int)py * k->w + (int)px;
        double rim = outline(how, s->squareness, ru, rv);
        rim += (double)(ROUGH_MIDDLE * k->middle[at] + ROUGH_COARSE * k->coarse[at]);
        double firm = (1 - rim) / s->fade;
        if (firm < 0.25)
            continue;
        /* the direction as the map turns it */
        syn_map_to_sensor(map, u + syn_cos(t->angle), v + syn_sin(t->angle), &qx, &qy);
        double skin = m->skin[(int)t->y * SYN_W + (int)t->x] / 255.0;
        double quality = 100 * (firm > 1 ? 1 : firm) * (1 - how->abrasion * (1 - skin));
        double to_500 = 500.0 / s->info.ppi; /* templates are at 500 ppi whatever the sensor */
        truth[n++] = (struct hbs_minutia){
            .x = syn_pack_place(px * to_500), .y = syn_pack_place(py * to_500),
            .angle = syn_pack_angle(syn_atan2(-(qy - py), qx - px)), .type = (uint8_t)t->type,
            .quality = (uint8_t)(quality < 1 ? 1 : quality), .support = 1};
    }
    return n;
}

enum hbs_err hbs_synth_impression(struct hbs_ctx *ctx, const struct hbs_synth_master *m,
                                  const struct hbs_synth_conditions *how, uint64_t seed,
                                  struct hbs_image *image, struct hbs_minutia *truth, size_t most,
                                  size_t *count)
{
    const struct syn_sensor *s = syn_sensor_of(how->sensor);
    if (!s || !sensible(how))
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "start from hbs_synth_conditions",
                        "the conditions of the impression are out of range");
    struct syn_map map;
    syn_map_make(how, &s->info, s->scale, &map);
    if (map.steepness > SYN_STEEP)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give less slip and torsion or more plasticity",
                        "the distortion would tear the skin");
    struct work k = {.w = (int)s->info.width, .h = (int)s->info.height};
    k.columns = (k.w + NODE - 1) / NODE + 1;
    k.rows = (k.h + NODE - 1) / NODE + 1;
    size_t pixels = (size_t)k.w * (size_t)k.h, nodes = (size_t)k.columns * (size_t)k.rows * 3;
    size_t room = syn_noise_scratch(k.w, k.h, s->grain_size);
    float *all = hbs_alloc(ctx, 6 * pixels + nodes + room, sizeof *all);
    struct hbs_image made = {0};
    enum hbs_err err;
    if (!all) {
        err = hbs_fail_memory(ctx, (6 * pixels + nodes + room) * sizeof *all);
        goto done;
    }
    k.ink = all;
    k.contact = k.ink + pixels;
    k.coarse = k.contact + pixels;
    k.middle = k.coarse + pixels;
    k.fine = k.middle + pixels;
    k.worn = k.fine + pixels;
    k.node = k.worn + pixels;
    k.scratch = k.node + nodes;
    if ((err = hbs_image_make(ctx, s->info.width, s->info.height, s->info.ppi, &made)))
        goto done;

    for (int y = 0; y < k.rows; y++)
        for (int x = 0; x < k.columns; x++) {
            double u, v, ru, rv;
            struct syn_map flat = map;
            flat.slip_u = flat.slip_v = flat.ts = 0;
            flat.tc = 1;
            syn_map_to_finger(&map, x * NODE, y * NODE, &u, &v);
            syn_map_to_finger(&flat, x * NODE, y * NODE, &ru, &rv);
            float *node = k.node + ((size_t)y * (size_t)k.columns + (size_t)x) * 3;
            node[0] = (float)(u + SYN_W / 2.0);
            node[1] = (float)(SYN_H / 2.0 - v);
            /* where the finger ends there is nothing to touch the plate */
            double rim = outline(how, s->squareness, ru, rv), edge = syn_edge(&m->finger, u, v) + 0.03;
            node[2] = (float)(rim > edge ? rim : edge);
        }
    struct hbs_rng rng;
    hbs_rng_seed(&rng, syn_seed(seed, 11, m->person ^ m->finger.number));
    syn_noise(&rng, k.w, k.h, 44, k.scratch, k.coarse);
    syn_noise(&rng, k.w, k.h, 13, k.scratch, k.middle);
    syn_noise(&rng, k.w, k.h, s->grain_size, k.scratch, k.fine);
    syn_noise(&rng, k.w, k.h, 34, k.scratch, k.worn);
    scratch_lines(how, s->scratches, &rng, &k, k.fine);
    ink_rows(m, how, s, (uint32_t)hbs_rng_u64(&rng) | 1, &k);
    soften(k.ink, k.w, k.h, (float)s->blur, k.scratch);
    size_t n = truth ? carry(m, how, s, &map, &k, truth, most) : 0;
    syn_render(s, how, &rng, k.ink, k.contact, k.coarse, k.scratch, made.pixels);
    *count = n;
    *image = made;
    made = (struct hbs_image){0};
done:
    hbs_image_close(&made);
    hbs_free(ctx, all);
    return err;
}
