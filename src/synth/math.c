/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: elementary functions and noise that give the same bits on every machine. The C
 * library picks its sin, exp and atan2 by processor (with or without fused multiply-add) and their
 * last bits differ; what follows uses only + - * / and comparisons, which IEEE 754 fixes.
 * Series: Taylor for sine and exponential after range reduction, Abramowitz and Stegun 4.4.49 with
 * one half-angle step for the arc tangent. Noise: cubic B-splines over random knots (Lee, Wolberg
 * and Shin, "Scattered data interpolation with multilevel B-splines", 1997, for the basis).
 */
#include "synth_int.h"

/* Taylor's series to x^13, whose remainder on [-pi/2, pi/2] is below 7e-10. The reduction subtracts a multiple
 * of 2 pi in one step: good for the arguments there are here, some hundred turns at most, not for all doubles. */
double syn_sin(double x)
{
    /* to [-pi, pi], then folded to [-pi/2, pi/2] */
    double turns = x * (1.0 / (2 * SYN_PI));
    double whole = (double)(int64_t)(turns + (turns < 0 ? -0.5 : 0.5));
    double r = x - whole * (2 * SYN_PI);
    if (r > SYN_PI / 2)
        r = SYN_PI - r;
    else if (r < -SYN_PI / 2)
        r = -SYN_PI - r;
    double q = r * r;
    return r * (1 + q * (-1.0 / 6 + q * (1.0 / 120 + q * (-1.0 / 5040 + q * (1.0 / 362880 +
               q * (-1.0 / 39916800 + q * (1.0 / 6227020800.0)))))));
}

/* One more rounding than a series of its own would have, and one series fewer to be right about. */
double syn_cos(double x) { return syn_sin(x + SYN_PI / 2); }

/* Arc tangent of t in [0, 1]: Abramowitz and Stegun 4.4.49, error below 2e-8, by Horner's rule. */
static double atan_unit(double t)
{
    static const double c[] = {-0.3333314528, 0.1999355085, -0.1420889944, 0.1065626393,
                               -0.0752896400, 0.0429096138, -0.0161657367, 0.0028662257};
    double q = t * t, sum = c[7];
    for (int i = 6; i >= 0; i--)
        sum = c[i] + q * sum;
    return t + t * q * sum;
}

/* As atan2 of the C library but for (0, 0) and signed zeros, which give 0 and pi here: orientation models ask
 * for the angle of a singular point seen from itself, and any answer does there. */
double syn_atan2(double y, double x)
{
    double ax = x < 0 ? -x : x, ay = y < 0 ? -y : y;
    if (ax + ay == 0)
        return 0;
    double a = ay <= ax ? atan_unit(ay / ax) : SYN_PI / 2 - atan_unit(ax / ay);
    if (x < 0)
        a = SYN_PI - a;
    return y < 0 ? -a : a;
}

/* 2^n times e^r with |r| <= ln 2 / 2, the second by Taylor's series to r^7 (relative error below 1e-8), the first
 * written into the exponent's bits. Beyond +-80, where nothing here goes on purpose, it stays finite. */
double syn_exp(double x)
{
    if (x < -80)
        return 0;
    if (x > 80)
        x = 80;
    double k = x * 1.4426950408889634;
    int64_t n = (int64_t)(k + (k < 0 ? -0.5 : 0.5));
    double r = x - (double)n * 0.6931471805599453;
    double e = 1 + r * (1 + r * (1.0 / 2 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 +
               r * (1.0 / 720 + r * (1.0 / 5040)))))));
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return e * scale;
}

/* The finisher of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
 * 2014): every bit of z changes every bit of the result, so seeds may be 1, 2, 3 and generators still differ. */
static uint64_t mix(uint64_t z)
{
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Parts are: 0 what the caller numbers; 1 the person, 2 the finger, 3 its ridges, 4 pores and creases; 10
 * conditions, 11 ink, 12 what is asked of an impression. Each has a stream of its own: a draw added to one
 * moves nothing in the others. */
uint64_t syn_seed(uint64_t seed, uint64_t part, uint64_t number)
{
    return mix(mix(mix(seed) ^ part) ^ number);
}

/* What callers number (people, fingers, impressions) is part 0, so that it never meets a part of ours. */
uint64_t hbs_synth_seed(uint64_t seed, uint64_t number) { return syn_seed(seed, 0, number); }

/* Box and Muller's method would need a logarithm that is the same everywhere; the sum of four uniform numbers
 * needs nothing, is normal enough (kurtosis 2.7), and that it ends at 3.5 keeps every drawn number in bounds. */
double syn_normal(struct hbs_rng *rng)
{
    uint64_t r = hbs_rng_u64(rng);
    /* four 16-bit uniform numbers; a uniform's variance is 1/12, so four have 1/3 */
    double sum = (double)((r & 0xffff) + (r >> 16 & 0xffff) + (r >> 32 & 0xffff) + (r >> 48));
    return (sum * (1.0 / 65535) - 2.0) * 1.7320508075688772;
}

/* Evenly over [least, most): hbs_rng_unit never gives 1. */
double syn_range(struct hbs_rng *rng, double least, double most)
{
    return least + (most - least) * hbs_rng_unit(rng);
}

/* Knots a side for n pixels: one before, three after. A cell need not be a whole number of pixels. */
static int knots(int n, double cell) { return (int)(n / cell) + 4; }

size_t syn_noise_scratch(int w, int h, double cell)
{
    /* knots, then every column of knots stretched to the full height is not needed: one row of
     * knots mixed for the current line, and the four weights of every column */
    return (size_t)knots(w, cell) * (size_t)knots(h, cell) + (size_t)knots(w, cell) + 5 * (size_t)w;
}

/* Weights of four neighbouring knots at the share t of the way between the middle two; they add up to one. They are
 * rounded to single precision, so that what is added up is the same whatever registers hold. */
static void spline(double t, float b[4])
{
    double s = 1 - t;
    b[0] = (float)(s * s * s / 6);
    b[1] = (float)((3 * t * t * t - 6 * t * t + 4) / 6);
    b[2] = (float)((3 * s * s * s - 6 * s * s + 4) / 6);
    b[3] = (float)(t * t * t / 6);
}

/* The spline is separable: four rows of knots are mixed into one for each line of pixels, then four of its knots
 * for each pixel. What is drawn depends on w, h and cell alone, so a stream that goes on after it is where
 * it would be on any machine. */
void syn_noise(struct hbs_rng *rng, int w, int h, double cell, float *scratch, float *out)
{
    int kw = knots(w, cell), kh = knots(h, cell);
    float *knot = scratch, *line = knot + (size_t)kw * (size_t)kh, *weight = line + kw;
    float *at = weight + 4 * (size_t)w; /* first knot of each column, exact in a float */
    /* a B-spline of white knots has variance (151/315)^2 on the mean */
    for (int i = 0; i < kw * kh; i++)
        knot[i] = (float)(syn_normal(rng) * (315.0 / 151.0));
    for (int x = 0; x < w; x++) {
        double p = x / cell;
        at[x] = (float)(int)p;
        spline(p - (int)p, weight + 4 * x);
    }
    for (int y = 0; y < h; y++) {
        double p = y / cell;
        float b[4];
        spline(p - (int)p, b);
        const float *k0 = knot + (size_t)(int)p * (size_t)kw, *k1 = k0 + kw, *k2 = k1 + kw, *k3 = k2 + kw;
        for (int i = 0; i < kw; i++)
            line[i] = b[0] * k0[i] + b[1] * k1[i] + b[2] * k2[i] + b[3] * k3[i];
        float *row = out + (size_t)y * (size_t)w;
        for (int x = 0; x < w; x++) {
            const float *l = line + (int)at[x], *c = weight + 4 * x;
            row[x] = c[0] * l[0] + c[1] * l[1] + c[2] * l[2] + c[3] * l[3];
        }
    }
}
