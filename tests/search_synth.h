/* SPDX-License-Identifier: MPL-2.0
 *
 * Made-up prints for the tests and the benchmark of room search: random minutiae on a random ridge
 * flow, their Minutia Cylinder-Code bits, and mates of them as a second impression would give. No
 * real person's print is in here or behind it.
 *
 *   flow      zero-pole model (Sherlock and Monro, Pattern Recognition 26, 1993): one or two cores
 *             and deltas at random places, so that directions are as uneven as in real prints
 *   minutiae  28 to 48, at least 9 px apart, in an ellipse of 300 x 400 px; direction along the flow
 *             or against it
 *   cylinders Cappelli, Ferrara and Maltoni, PAMI 32:12 (2010), table 1: R 70, 8 x 8 x 6 cells,
 *             sigma_S 28/3, sigma_D 2 pi/9; a bit is set where the contribution is over a threshold
 *             (section 3.3 with the step function in place of the sigmoid). No hull test: every
 *             cell counts as valid.
 *   mate      rotation, displacement, a smooth elastic bend, noise in place and direction, minutiae
 *             missing and spurious, and a window that cuts part of the print off
 *
 * Speed: the spatial Gaussian separates in the cylinder's own frame, so that a neighbour costs 16
 * exponentials from a table and an outer product. About 15,000 prints a second on one core.
 */
#ifndef HABEAS_SEARCH_SYNTH_H
#define HABEAS_SEARCH_SYNTH_H

#include "habeas/search.h"

#include <math.h>
#include <string.h>

#define SYNTH_TURN 6.283185307179586f

struct synth_minutia {
    float x, y, a; /* pixels, radians */
};

struct synth_finger {
    int count;
    struct synth_minutia m[HBS_SEARCH_CYLINDERS_MAX];
};

/* How bad a second impression is. */
struct synth_noise {
    float place;      /* sd, pixels */
    float angle;      /* sd, degrees */
    float missing;    /* share that is not found again, uniform in [missing, missing + 0.15] */
    float spurious;   /* share added, relative to what is left */
    float rotation;   /* largest, degrees */
    float bend;       /* largest elastic displacement, pixels */
    float cut;        /* largest share of the ellipse's axis that lies outside the sensor */
};

/* An ordinary second impression, and one for the benchmark of identification: chosen so that the
 * exhaustive search of a million prints finds 93 to 97 % of them first. */
static const struct synth_noise synth_search = {3.0f, 6.0f, 0.25f, 0.3f, 20.0f, 6.0f, 0.5f};
static const struct synth_noise synth_usual = {3.0f, 6.0f, 0.25f, 0.3f, 20.0f, 6.0f, 0.55f};

/* exp(-x) for x in [0, 16), steps of 1/64; 0 beyond. */
static float synth_exp_table[1025];

static void synth_begin(void)
{
    for (int i = 0; i < 1024; i++)
        synth_exp_table[i] = expf(-(float)i / 64.0f);
}

static inline float synth_exp(float x) { return synth_exp_table[x < 16.0f ? (int)(x * 64.0f) : 1024]; }

static float synth_wrap(float a)
{
    while (a < 0)
        a += SYNTH_TURN;
    while (a >= SYNTH_TURN)
        a -= SYNTH_TURN;
    return a;
}

/* A random finger. */
static void synth_finger(struct hbs_rng *rng, struct synth_finger *f)
{
    float px[4], py[4];
    int pairs = hbs_rng_unit(rng) < 0.35 ? 2 : 1; /* whorls; loops and (far off the print) arches */
    float base = (float)(hbs_rng_normal(rng) * 0.12);
    for (int i = 0; i < pairs; i++) {
        px[i] = (float)(150 + hbs_rng_normal(rng) * 25);
        py[i] = (float)(170 + (pairs == 2 ? (i ? 30 : -30) : 0) + hbs_rng_normal(rng) * 20);
        float side = pairs == 2 ? (i ? 1.0f : -1.0f) : (hbs_rng_unit(rng) < 0.5 ? 1.0f : -1.0f);
        px[2 + i] = 150 + side * (float)(90 + hbs_rng_normal(rng) * 30);
        py[2 + i] = (float)(320 + hbs_rng_normal(rng) * 40);
    }
    int want = 28 + (int)hbs_rng_below(rng, 21);
    f->count = 0;
    for (int tries = 0; f->count < want && tries < 4000; tries++) {
        float x = (float)(hbs_rng_unit(rng) * 300), y = (float)(hbs_rng_unit(rng) * 400);
        float ex = (x - 150) / 150, ey = (y - 200) / 200;
        if (ex * ex + ey * ey > 1)
            continue;
        bool close = false;
        for (int i = 0; i < f->count && !close; i++) {
            float dx = x - f->m[i].x, dy = y - f->m[i].y;
            close = dx * dx + dy * dy < 81;
        }
        if (close)
            continue;
        float a = base + SYNTH_TURN / 4;
        for (int i = 0; i < pairs; i++)
            a += 0.5f * (atan2f(y - py[i], x - px[i]) - atan2f(y - py[2 + i], x - px[2 + i]));
        a += (float)hbs_rng_normal(rng) * 0.1f + (hbs_rng_unit(rng) < 0.5 ? SYNTH_TURN / 2 : 0);
        f->m[f->count++] = (struct synth_minutia){x, y, synth_wrap(a)};
    }
}

/* Another impression of `f`; at least four minutiae are left. */
static void synth_mate(struct hbs_rng *rng, const struct synth_finger *f,
                       const struct synth_noise *noise, struct synth_finger *out)
{
    float turn = (float)(hbs_rng_unit(rng) * 2 - 1) * noise->rotation * SYNTH_TURN / 360;
    float c = cosf(turn), s = sinf(turn);
    float dx = (float)hbs_rng_normal(rng) * 15, dy = (float)hbs_rng_normal(rng) * 15;
    float phase = (float)hbs_rng_unit(rng) * SYNTH_TURN, bend = (float)hbs_rng_unit(rng) * noise->bend;
    float where = (float)hbs_rng_unit(rng) * SYNTH_TURN; /* the side that is cut off */
    float cut = 1 - 2 * (float)hbs_rng_unit(rng) * noise->cut;
    float missing = noise->missing + 0.15f * (float)hbs_rng_unit(rng);
    out->count = 0;
    for (int i = 0; i < f->count; i++) {
        float x = f->m[i].x - 150, y = f->m[i].y - 200;
        if (hbs_rng_unit(rng) < missing ||
            (x / 150 * cosf(where) + y / 200 * sinf(where) > cut && out->count + (f->count - i) > 4))
            continue;
        float u = x + bend * sinf(y / 60 + phase), v = y + bend * cosf(x / 60 + phase);
        out->m[out->count++] = (struct synth_minutia){
            150 + c * u - s * v + dx + (float)hbs_rng_normal(rng) * noise->place,
            200 + s * u + c * v + dy + (float)hbs_rng_normal(rng) * noise->place,
            synth_wrap(f->m[i].a + turn + (float)hbs_rng_normal(rng) * noise->angle * SYNTH_TURN / 360)};
    }
    int more = (int)((float)out->count * noise->spurious * (float)hbs_rng_unit(rng) * 2);
    for (int i = 0; i < more && out->count && out->count < HBS_SEARCH_CYLINDERS_MAX; i++) {
        /* a spurious minutia lies near others and along the same flow */
        struct synth_minutia m = out->m[hbs_rng_below(rng, (uint32_t)out->count)];
        m.x += (float)hbs_rng_normal(rng) * 25;
        m.y += (float)hbs_rng_normal(rng) * 25;
        m.a = synth_wrap(m.a + (float)hbs_rng_normal(rng) * 0.2f +
                         (hbs_rng_unit(rng) < 0.5 ? SYNTH_TURN / 2 : 0));
        out->m[out->count++] = m;
    }
}

/* The bits of cylinder `k`; false when fewer than two neighbours lie in its reach. */
#if defined(__GNUC__) && !defined(__clang__)
__attribute__((optimize("O2"))) /* gcc 12 makes it four times slower at -O3 */
#endif
static bool synth_cylinder(const struct synth_finger *f, int k, uint64_t bits[HBS_SEARCH_WORDS])
{
    enum { NS = 8, ND = 6 };
    const float R = 70, cell = 2 * R / NS, sigma = 28.0f / 3, threshold = 0.0055f;
    const float reach = R + 3 * sigma;
    float sum[ND][NS][NS] = {{{0}}};
    const struct synth_minutia *m = &f->m[k];
    float c = cosf(m->a), s = sinf(m->a);
    int near = 0;
    for (int i = 0; i < f->count; i++) {
        float dx = f->m[i].x - m->x, dy = f->m[i].y - m->y;
        if (i == k || dx * dx + dy * dy > reach * reach)
            continue;
        near++;
        float u = c * dx + s * dy, v = -s * dx + c * dy; /* in the cylinder's own frame */
        float gx[NS], gy[NS], gd[ND];
        for (int j = 0; j < NS; j++) {
            float at = ((float)j + 0.5f) * cell - R;
            gx[j] = synth_exp((u - at) * (u - at) / (2 * sigma * sigma));
            gy[j] = synth_exp((v - at) * (v - at) / (2 * sigma * sigma));
        }
        float turn = synth_wrap(f->m[i].a - m->a);
        for (int j = 0; j < ND; j++) {
            float d = fabsf(turn - ((float)j + 0.5f) * SYNTH_TURN / ND);
            d = d > SYNTH_TURN / 2 ? SYNTH_TURN - d : d;
            /* the Gaussian (sigma_D 40 degrees) over a section of 60 degrees, near enough a
             * Gaussian of the same peak and the variance of both */
            const float wide = (40.0f * 40 + 60.0f * 60 / 12) * (SYNTH_TURN / 360) * (SYNTH_TURN / 360);
            gd[j] = 0.0427f * 0.5467f * synth_exp(d * d / (2 * wide));
        }
        for (int d = 0; d < ND; d++)
            for (int y = 0; y < NS; y++) {
                float w = gd[d] * gy[y];
                for (int x = 0; x < NS; x++)
                    sum[d][y][x] += w * gx[x];
            }
    }
    memset(bits, 0, sizeof(uint64_t) * HBS_SEARCH_WORDS);
    int bit = 0;
    for (int y = 0; y < NS; y++)
        for (int x = 0; x < NS; x++) {
            float u = ((float)x + 0.5f) * cell - R, v = ((float)y + 0.5f) * cell - R;
            if (u * u + v * v > R * R)
                continue;
            for (int d = 0; d < ND; d++, bit++)
                if (sum[d][y][x] > threshold)
                    bits[bit >> 6] |= (uint64_t)1 << (bit & 63);
        }
    return near >= 2;
}

/* The search room's input: cylinders, and as "template" 4 bytes a minutia (x/2, y/2, angle, 0). */
static void synth_print(const struct synth_finger *f, struct hbs_search_print *out)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < f->count; i++) {
        uint8_t angle = (uint8_t)lrintf(f->m[i].a * 256 / SYNTH_TURN);
        if (synth_cylinder(f, i, out->bits[out->count])) {
            out->angle[out->count] = angle;
            out->count++;
        }
        float x = f->m[i].x / 2 + 50, y = f->m[i].y / 2 + 20;
        uint8_t *p = out->packed + out->packed_size;
        p[0] = (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
        p[1] = (uint8_t)(y < 0 ? 0 : y > 255 ? 255 : y);
        p[2] = angle;
        out->packed_size = (uint16_t)(out->packed_size + 4);
    }
}

#endif
