/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: what is drawn at random about a person and a finger before any ridge is grown.
 *
 * Shares of the classes over all ten fingers are the natural ones of Wilson, Candela and Watson,
 * "Neural network fingerprint classification" (1994), which FVC's generator uses too: arch 3.7,
 * tented arch 2.9, left loop 33.8, right loop 31.7, whorl 27.9 %. How they fall on the fingers
 * (whorls on thumbs and ring fingers, arches and radial loops on index fingers, loops that open to
 * the ulnar side) follows the pattern known since Henry and Galton; the table is made so that the
 * mean over the ten fingers is exactly the above.
 * Placing of singularities: Handbook of Fingerprint Recognition, 2nd ed., 6.4.
 */
#include "synth_int.h"

/* Per mille by finger of a hand (thumb ... little): arch, tented, whorl; the rest are loops. */
static const struct { int arch, tented, whorl, radial_right, radial_left; } share[5] = {
    {20, 10, 380, 15, 10},
    {75, 70, 310, 200, 120},
    {55, 40, 185, 30, 20},
    {20, 15, 365, 15, 10},
    {15, 10, 155, 10, 5},
};

/* Relative size of the pad, thumb ... little. */
/* An index finger's is 1. People differ by 6 % from each other besides. */
static const double finger_size[5] = {1.17, 1.0, 1.02, 0.98, 0.86};

/* One number decides, so that a change of one share moves few fingers to another class. Left and right are those
 * of the picture: an ulnar loop opens to the right on the right hand and to the left on the left. */
static enum hbs_synth_class draw_class(struct hbs_rng *rng, unsigned finger)
{
    bool left = finger > 5;
    int i = (int)(finger - 1) % 5, r = (int)hbs_rng_below(rng, 1000);
    if ((r -= share[i].arch) < 0)
        return HBS_SYNTH_ARCH;
    if ((r -= share[i].tented) < 0)
        return HBS_SYNTH_TENTED_ARCH;
    if ((r -= share[i].whorl) < 0)
        return HBS_SYNTH_WHORL;
    r -= left ? share[i].radial_left : share[i].radial_right;
    bool radial = r < 0;
    /* on a picture of the right hand the ulnar side is to the right */
    return left != radial ? HBS_SYNTH_LEFT_LOOP : HBS_SYNTH_RIGHT_LOOP;
}

/* Loops are put before deltas: growth does not mind, but truth and tests take singular[0] for a loop. */
static void put(struct syn_finger *f, double u, double v, double sign)
{
    struct syn_singular *s = &f->singular[f->singulars++];
    *s = (struct syn_singular){.u = u, .v = v, .sign = sign};
}

/* The corrections of Vizcaya and Gerhardt: knot i stands at i/8 turn from the direction in which
 * the loop opens (or, of a delta, from straight down). A loop is made slimmer than the zero-pole
 * model's by turning orientation towards the axis on both flanks. */
static void bend_loop(struct syn_singular *s, double slim, struct hbs_rng *rng)
{
    static const double shape[SYN_KNOTS] = {0, -0.55, -1.0, -0.75, 0, 0.75, 1.0, 0.55};
    for (int i = 0; i < SYN_KNOTS; i++)
        s->bend[i] = slim * shape[i] + 0.05 * syn_normal(rng);
}

/* Deltas of the zero-pole model look right as they are; what they need is to look unlike each other. */
static void bend_delta(struct syn_singular *s, struct hbs_rng *rng)
{
    for (int i = 0; i < SYN_KNOTS; i++)
        s->bend[i] = 0.06 * syn_normal(rng);
}

/* The core stands a little above the middle of the pad, the delta some 8 ridges beside and 15 below it, both
 * farther apart on larger fingers. A delta nearer than 40 pixels across would make a tented arch. */
static void place_loop(struct syn_finger *f, struct hbs_rng *rng, double side)
{
    /* side +1: opens to the left below, the delta stands to the right below */
    double u = side * (4 + 12 * syn_normal(rng)), v = 32 + 16 * syn_normal(rng);
    double du = side * (74 + 16 * syn_normal(rng)), dv = -(140 + 20 * syn_normal(rng));
    if (du * side < 40)
        du = side * 40;
    put(f, u, v, 1);
    put(f, u + du * f->size, v + dv * f->size, -1);
    bend_loop(&f->singular[0], 0.36 + 0.10 * syn_normal(rng), rng);
    bend_delta(&f->singular[1], rng);
}

/* Two loops that face each other and a delta low on either side. The tilt lowers one delta and raises the other:
 * that is what tracing tells inner, meeting and outer whorls by. */
static void place_whorl(struct syn_finger *f, struct hbs_rng *rng)
{
    /* plain whorls have their loops a few ridges apart, twin loops far apart and aslant */
    bool twin = hbs_rng_below(rng, 100) < 24;
    double apart = twin ? 34 + 6 * syn_normal(rng) : 8 + 30 * hbs_rng_unit(rng) * hbs_rng_unit(rng);
    double slant = twin ? (hbs_rng_below(rng, 2) ? 1 : -1) * (0.55 + 0.2 * syn_normal(rng))
                        : 0.25 * syn_normal(rng);
    double u = 7 * syn_normal(rng), v = 34 + 14 * syn_normal(rng);
    double su = apart * syn_sin(slant), sv = apart * syn_cos(slant);
    put(f, u + su, v + sv, 1);
    put(f, u - su, v - sv, 1);
    double low = -(118 + 16 * syn_normal(rng)), tilt = 18 * syn_normal(rng);
    put(f, u - (106 + 14 * syn_normal(rng)) * f->size, v + (low - tilt) * f->size, -1);
    put(f, u + (106 + 14 * syn_normal(rng)) * f->size, v + (low + tilt) * f->size, -1);
    /* half of the plain whorls are spirals */
    if (!twin && hbs_rng_below(rng, 2))
        f->spiral = 0.2 * syn_normal(rng);
    f->spiral_u = u;
    f->spiral_v = v;
    double slim = 0.16 + 0.09 * syn_normal(rng);
    bend_loop(&f->singular[0], slim, rng);
    bend_loop(&f->singular[1], slim, rng);
    bend_delta(&f->singular[2], rng);
    bend_delta(&f->singular[3], rng);
}

/* So near above its delta that no ridge between them recurves: a loop would have one that does. */
static void place_tented(struct syn_finger *f, struct hbs_rng *rng)
{
    /* a loop straight above a delta: the tent's pole */
    double u = 6 * syn_normal(rng), v = 2 + 14 * syn_normal(rng);
    double tall = 62 + 14 * syn_normal(rng);
    put(f, u, v, 1);
    put(f, u + 5 * syn_normal(rng), v - tall, -1);
    bend_loop(&f->singular[0], 0.45 + 0.08 * syn_normal(rng), rng);
    bend_delta(&f->singular[1], rng);
}

/* Flexion lines that every impression shows as white streaks, mostly across the ridges' flow. Most fingers have
 * none to four; about one in five, as older or labouring hands do, five more. Products of two uniform
 * numbers make short and thin ones common and long and broad ones rare. */
static void draw_creases(struct syn_finger *f, struct hbs_rng *rng)
{
    int n = (int)hbs_rng_below(rng, 5) + (hbs_rng_below(rng, 100) < 22 ? 5 : 0);
    for (int i = 0; i < n && f->creases < SYN_CREASES; i++) {
        struct syn_crease *c = &f->crease[f->creases++];
        c->u = -50 + 75 * syn_normal(rng);
        c->v = -50 + 85 * syn_normal(rng);
        bool across = hbs_rng_below(rng, 100) < 80;
        c->angle = (across ? 0.22 : 1.3) * syn_normal(rng);
        c->length = 30 + 130 * hbs_rng_unit(rng) * hbs_rng_unit(rng);
        c->width = 0.9 + 2.6 * hbs_rng_unit(rng) * hbs_rng_unit(rng);
        c->curve = 0.003 * syn_normal(rng);
    }
}

void syn_finger_draw(uint64_t person, unsigned finger, struct syn_finger *f)
{
    memset(f, 0, sizeof *f);
    /* What a person's ten fingers share is drawn from the person's stream, so that it is the same whichever
     * finger is asked for; the rest from the finger's own. */
    struct hbs_rng who, rng;
    hbs_rng_seed(&who, syn_seed(person, 1, 0));
    double person_size = 1 + 0.06 * syn_normal(&who);
    double person_period = 8.5 + 0.5 * syn_normal(&who);
    double person_moist = 0.35 * syn_normal(&who);

    hbs_rng_seed(&rng, syn_seed(person, 2, finger));
    int i = (int)(finger - 1) % 5;
    f->number = finger;
    f->class = draw_class(&rng, finger);
    f->size = person_size * (0.25 + 0.75 * finger_size[i]) + 0.03 * syn_normal(&rng);
    /* 8.5 pixels at 500 ppi are 0.43 mm, a usual adult's. Thumbs have coarser ridges; a finger departs little from
     * its owner's mean */
    f->period = person_period * (i == 0 ? 1.06 : i == 4 ? 0.97 : 1.0) + 0.2 * syn_normal(&rng);
    if (f->period < 6.8)
        f->period = 6.8;
    if (f->period > 11.5)
        f->period = 11.5;
    /* dry and moist hands are a person's; a finger differs from its owner's others by half as much */
    f->moist = person_moist + 0.2 * syn_normal(&rng);
    /* the pad in pixels at 500 ppi: 17 mm wide and some 25 from tip to joint; the raster is no wider */
    f->half_width = 172 * f->size;
    if (f->half_width > 200)
        f->half_width = 200;
    f->tip = 222 + 20 * (f->size - 1) + 8 * syn_normal(&rng);
    f->base = -262;
    f->stretch = 1.24 + 0.09 * syn_normal(&rng);
    /* left loops open to the left below; right ones are their mirror image */
    double side = f->class == HBS_SYNTH_RIGHT_LOOP ? -1 : 1;
    /* where ridges begin to follow the round of the tip, and how much (orientation.c) */
    f->tip_bend = 0.78 + 0.08 * syn_normal(&rng);
    f->tip_from = -95 + 18 * syn_normal(&rng);
    f->tip_width = 70 + 10 * syn_normal(&rng);
    switch (f->class) {
    case HBS_SYNTH_ARCH: /* no singular point: a wave of ridges, highest in the middle of the pad */
        f->arch = 0.66 + 0.14 * syn_normal(&rng);
        f->arch_at = -42 + 16 * syn_normal(&rng);
        f->arch_width = 125 + 14 * syn_normal(&rng);
        f->arch_low = 75 + 10 * syn_normal(&rng);
        break;
    case HBS_SYNTH_TENTED_ARCH:
        place_tented(f, &rng);
        f->tip_from = -90;
        break;
    case HBS_SYNTH_WHORL:
        place_whorl(f, &rng);
        f->tip_bend *= 0.7; /* the upper loop turns the ridges already */
        break;
    default:
        place_loop(f, &rng, side);
        break;
    }
    /* four plane waves in each map: smooth everywhere, no singular point of their own, and cheap at any place */
    for (int w = 0; w < SYN_WAVES; w++) {
        /* wave lengths of 200 to 600 pixels: what makes two fingers of a class look different */
        double length = syn_range(&rng, 200, 600), way = syn_range(&rng, 0, SYN_PI);
        f->wave[w][0] = 0.055 * syn_normal(&rng);
        f->wave[w][1] = 2 * SYN_PI / length * syn_cos(way);
        f->wave[w][2] = 2 * SYN_PI / length * syn_sin(way);
        f->wave[w][3] = syn_range(&rng, 0, 2 * SYN_PI);
        /* the same for the ridge period, which varies faster: 5 % each, 7 % in all */
        length = syn_range(&rng, 110, 350), way = syn_range(&rng, 0, SYN_PI);
        f->period_wave[w][0] = 0.05 * syn_normal(&rng);
        f->period_wave[w][1] = 2 * SYN_PI / length * syn_cos(way);
        f->period_wave[w][2] = 2 * SYN_PI / length * syn_sin(way);
        f->period_wave[w][3] = syn_range(&rng, 0, 2 * SYN_PI);
    }
    draw_creases(f, &rng);
}
