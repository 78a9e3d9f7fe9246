/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: how far each place of a master is from the edge of its ridge or valley.
 *
 * An impression prints ridges thick or thin by where it cuts this field (impression.c). At an edge the
 * distance comes from where the grown height passes zero, finer than a pixel; further in by a chamfer of
 * two sweeps (Borgefors, "Distance transformations in digital images", CVGIP 34, 1986). Distances
 * are 16-bit integers and each row is done in loops without branches, which compilers make vectors of.
 */
#include "synth_int.h"

enum { FULL = 127 };
/* Distances are in 1/UNIT pixel; FAR is no edge near. Steps of 1 and 1.36 have the least mean error. */
enum { UNIT = 256, FAR = 20000, SIDE = UNIT, CORNER = 348 };
/* What a step over an edge costs: a way that nobody takes. A pixel's side is 0 or OVER, so that the
 * exclusive or of two is that cost, and FAR, a step and it are still 16 bits. */
enum { OVER = 8192 };

/* The distance from `here` to where the height passes zero towards the neighbours a and b, in pixels: the
 * nearer one, which is the one of the greater height; `none` if both are on the same side as `here`. */
static inline float passes(float here, float a, float b)
{
    const float none = 1e6f;
    float size = here < 0 ? -here : here, most = here > 0 ? -a : a, other = here > 0 ? -b : b;
    most = most > other ? most : other;
    float d = size / (size + most + 1e-3f);
    return most < 0 ? none : d;
}

/* First distances of one row, from the heights of it and of its neighbours, which have a margin of one. */
static void first_row(const float *above, const float *here, const float *below, int16_t *d)
{
    for (int x = 0; x < SYN_W; x++) {
        float across = passes(here[x], here[x - 1], here[x + 1]), along = passes(here[x], above[x], below[x]);
        float least = across < along ? across : along, most = across < along ? along : across;
        /* a slanting edge that cuts both axes: the height of a right-angled triangle, which is
         * least / sqrt(1 + t^2) with t = least / most; good to 1.5 % without a root */
        float near = least * most * most / (most * most + 0.41421f * least * least + 1e-6f);
        near = near < 70 ? near : (float)FAR / UNIT;
        d[x] = (int16_t)(near * UNIT);
    }
}

/* The least of a row of d and what lies a step from three neighbours in the next row n on the same side. */
static void relax_row(int16_t *restrict d, const int16_t *restrict n, const int16_t *side, const int16_t *next)
{
    for (int x = 1; x < SYN_W - 1; x++) {
        int16_t left = (int16_t)(n[x - 1] + CORNER + (next[x - 1] ^ side[x]));
        int16_t middle = (int16_t)(n[x] + SIDE + (next[x] ^ side[x]));
        int16_t right = (int16_t)(n[x + 1] + CORNER + (next[x + 1] ^ side[x]));
        left = left < right ? left : right;
        middle = middle < left ? middle : left;
        d[x] = middle < d[x] ? middle : d[x];
    }
}

/* Along the row, which one pixel after the other must be. */
static void relax_along(int16_t *d, const int16_t *side, int from, int step)
{
    for (int x = from, n = SYN_W - 2; n > 0; n--, x += step) {
        int16_t v = (int16_t)(d[x - step] + SIDE + (side[x - step] ^ side[x]));
        d[x] = v < d[x] ? v : d[x];
    }
}

enum hbs_err syn_relief(struct hbs_ctx *ctx, const struct syn_finger *f, const int8_t *height, int8_t *relief)
{
    size_t pixels = (size_t)SYN_W * SYN_H;
    int16_t *d = hbs_alloc(ctx, 2 * pixels, sizeof *d), *side = d + pixels;
    if (!d)
        return hbs_fail_memory(ctx, 2 * pixels * sizeof *d);
    /* three rows of heights with a margin; what lies outside has the sign of the edge pixel */
    float row[3][HBS_SYNTH_WIDTH + 2];
    for (int y = -1; y <= SYN_H; y++) {
        float *r = row[(y + 3) % 3];
        const int8_t *h = height + (y < 0 ? 0 : y == SYN_H ? SYN_H - 1 : y) * SYN_W;
        for (int x = 0; x < SYN_W; x++)
            r[x + 1] = h[x] > 0 ? h[x] : h[x] - 0.5f; /* never 0: a side is a sign */
        r[0] = r[1];
        r[SYN_W + 1] = r[SYN_W];
        if (y < 1)
            continue;
        first_row(row[(y + 1) % 3] + 1, row[(y + 2) % 3] + 1, r + 1, d + (y - 1) * SYN_W);
    }
    for (size_t i = 0; i < pixels; i++)
        side[i] = height[i] > 0 ? OVER : 0;
    for (int y = 1; y < SYN_H; y++) {
        int16_t *p = d + y * SYN_W, *s = side + y * SYN_W;
        relax_row(p, p - SYN_W, s, s - SYN_W);
        relax_along(p, s, 1, 1);
    }
    for (int y = SYN_H - 2; y >= 0; y--) {
        int16_t *p = d + y * SYN_W, *s = side + y * SYN_W;
        relax_row(p, p + SYN_W, s, s + SYN_W);
        relax_along(p, s, SYN_W - 2, -1);
    }
    int unit[HBS_SYNTH_WIDTH / 8] = {0}; /* of 8 x 8 pixels: the period changes slowly */
    for (int y = 0; y < SYN_H; y++)
        for (int x = 0; x < SYN_W; x += 8) {
            if (y % 8 == 0)
                unit[x / 8] = (int)(SYN_RELIEF * 9.0 * UNIT / syn_period(f, x + 4 - SYN_W / 2.0, SYN_H / 2.0 - y - 4));
            for (int i = y * SYN_W + x, end = i + 8; i < end; i++) {
                int v = d[i] * unit[x / 8] / (UNIT * UNIT);
                v = v > FULL ? FULL : v;
                relief[i] = (int8_t)(side[i] ? v : -v);
            }
        }
    hbs_free(ctx, d);
    return HBS_OK;
}
