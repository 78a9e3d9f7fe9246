/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: ridge orientation and ridge period at a point of a finger.
 *
 * Orientation is the zero-pole model (Sherlock and Monro, "A model for interpreting fingerprint
 * topology", Pattern Recognition 26, 1993): half the sum of the angles under which the point is
 * seen from the loops, less those from the deltas. Each angle is corrected by a function that is
 * linear between eight knots (Vizcaya and Gerhardt, "A nonlinear orientation model for global
 * description of fingerprints", Pattern Recognition 29, 1996); it is the same at both ends, so the
 * winding round a singularity, its Poincare index, is untouched. Arches, which have no
 * singularity, are an arc tangent of a sine (Cappelli, Maio, Maltoni 2000). To all comes what
 * no finger lacks: ridges that follow the round of the tip, and gentle waves of its own.
 */
#include "synth_int.h"

static double logistic(double x) { return 1 / (1 + syn_exp(-x)); }

/* The angle under which s sees the point, from the direction down, in (-pi, pi], with its
 * correction. */
static double seen(const struct syn_singular *s, double stretch, double u, double v)
{
    double a = syn_atan2(u - s->u, -(v - s->v) / stretch);
    double t = a * (SYN_KNOTS / (2 * SYN_PI));
    if (t < 0)
        t += SYN_KNOTS;
    int k = (int)t;
    if (k >= SYN_KNOTS)
        k = SYN_KNOTS - 1;
    t -= k;
    return a + s->bend[k] * (1 - t) + s->bend[(k + 1) % SYN_KNOTS] * t;
}

double syn_tip_bend(const struct syn_finger *f, double v)
{
    return f->tip_bend * logistic((v - f->tip_from) / f->tip_width);
}

double syn_orientation(const struct syn_finger *f, double u, double v)
{
    double twice = 0;
    for (int i = 0; i < f->singulars; i++)
        twice += f->singular[i].sign * seen(&f->singular[i], f->stretch, u, v);
    /* as many loops as deltas: far away all turning cancels and ridges lie flat */
    double a = 0.5 * twice;
    /* the model knows no up and down; fingers are longer than wide, so all is drawn out upwards */
    if (f->singulars)
        a = syn_atan2(f->stretch * syn_sin(a), syn_cos(a));
    if (f->class == HBS_SYNTH_ARCH) {
        double x = u / f->arch_width, height = (v - f->arch_at) / f->arch_low;
        double rise = f->arch * syn_exp(-0.5 * height * height);
        double flank = x > 1 || x < -1 ? 0 : syn_sin(SYN_PI * x);
        a -= rise * flank;
    }
    if (f->spiral != 0) {
        double du = u - f->spiral_u, dv = v - f->spiral_v;
        a += f->spiral * syn_exp(-(du * du + dv * dv) * (1 / (2 * 60.0 * 60.0)));
    }
    double x = u / 120;
    a -= syn_tip_bend(f, v) * x / (1 + 0.35 * (x < 0 ? -x : x));
    for (int w = 0; w < SYN_WAVES; w++)
        a += f->wave[w][0] * syn_sin(f->wave[w][1] * u + f->wave[w][2] * v + f->wave[w][3]);
    a -= SYN_PI * (double)(int64_t)(a / SYN_PI);
    if (a > SYN_PI / 2)
        a -= SYN_PI;
    if (a <= -SYN_PI / 2)
        a += SYN_PI;
    return a;
}

double syn_period(const struct syn_finger *f, double u, double v)
{
    double p = 1;
    for (int w = 0; w < SYN_WAVES; w++)
        p += f->period_wave[w][0] *
             syn_sin(f->period_wave[w][1] * u + f->period_wave[w][2] * v + f->period_wave[w][3]);
    /* wider towards the tip and towards the joint, narrow about the centre */
    double up = (v - 60) / 170, down = (-70 - v) / 150;
    if (up > 0)
        p += 0.07 * up;
    if (down > 0)
        p += 0.14 * (down > 1 ? 1 : down);
    double out = u / 190;
    p -= 0.03 * out * out;
    p *= f->period;
    return p < 6 ? 6 : p > 13.5 ? 13.5 : p;
}

double syn_edge(const struct syn_finger *f, double u, double v)
{
    double waist = 20, over = v - waist;
    double x = u / (f->half_width + 8);
    /* above the waist half an ellipse; below, sides that draw in a little towards the joint */
    double y = over > 0 ? over / (f->tip - waist + 10) : over / 900;
    double round = __builtin_sqrt(x * x + y * y), low = 1 + (f->base - 20 - v) / 150;
    return round > low ? round : low;
}

bool syn_inside(const struct syn_finger *f, double u, double v) { return syn_edge(f, u, v) < 1; }
