/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the few transcendental functions it needs, from + - * / and square root alone. The C
 * library's versions differ in the last bit between processors (with and without fused multiply
 * and add), and a last bit can move a minutia; these give the same bits everywhere.
 */
#ifndef HABEAS_FMATH_INT_H
#define HABEAS_FMATH_INT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define FX_PI 3.14159265f
#define FX_TAU 6.2831853f

/* atan2 within 1.3e-5 radians (Abramowitz and Stegun 4.4.49), in (-pi, pi]; 0 for (0, 0). */
static inline float fx_atan2(float y, float x)
{
    float ay = fabsf(y), ax = fabsf(x), big = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
    if (big <= 0)
        return 0;
    float t = small / big, q = t * t;
    float a = t * (0.9998660f + q * (-0.3302995f + q * (0.1801410f + q * (-0.0851330f + q * 0.0208351f))));
    if (ay > ax)
        a = 0.5f * FX_PI - a;
    if (x < 0)
        a = FX_PI - a;
    return y < 0 ? -a : a;
}

/* sine and cosine within 1e-6 for |a| < 1000. */
static inline void fx_sincos(float a, float *s, float *c)
{
    int k = (int)(a * (4 / FX_TAU) + (a < 0 ? -0.5f : 0.5f)); /* quarter turns */
    float r = a - (float)k * 1.5703125f - (float)k * 4.838267949e-4f; /* two parts of pi/2 */
    float q = r * r;
    float sr = r * (1 + q * (-1.0f / 6 + q * (1.0f / 120 - q * (1.0f / 5040))));
    float cr = 1 + q * (-0.5f + q * (1.0f / 24 + q * (-1.0f / 720 + q * (1.0f / 40320))));
    switch (k & 3) {
    case 0: *s = sr; *c = cr; break;
    case 1: *s = cr; *c = -sr; break;
    case 2: *s = -sr; *c = -cr; break;
    default: *s = -cr; *c = sr; break;
    }
}

/* e^x within 1e-6 relative for |x| < 80, clamped outside. */
static inline float fx_exp(float x)
{
    x = x > 80 ? 80 : x < -80 ? -80 : x;
    float k = x * 1.44269504f;
    int n = (int)(k + (k < 0 ? -0.5f : 0.5f));
    float r = x - (float)n * 0.693359375f + (float)n * 2.12194440e-4f;
    float p = 1 + r * (1 + r * (0.5f + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720))))));
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

/* Natural logarithm within 1e-6 for normal x > 0; relative where it exceeds 1. */
static inline float fx_log(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 23) - 127;
    bits = (bits & 0x7FFFFF) | 0x3F800000;
    float m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.41421356f) {
        m *= 0.5f;
        e++;
    }
    float t = (m - 1) / (m + 1), q = t * t;
    float series = 1 + q * (1.0f / 3 + q * (1.0f / 5 + q * (1.0f / 7 + q * (1.0f / 9 + q * (1.0f / 11)))));
    return 2 * t * series + (float)e * 0.693147181f;
}

/* Error function within 3e-6 (Abramowitz and Stegun 7.1.28: 3e-7, and the rounding of a 16th power). */
static inline float fx_erf(float x)
{
    float a = fabsf(x);
    float p = 1 + a * (0.0705230784f + a * (0.0422820123f + a * (0.0092705272f +
              a * (0.0001520143f + a * (0.0002765672f + a * 0.0000430638f)))));
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    float v = 1 - 1 / p;
    return x < 0 ? -v : v;
}

/* Nearest integer, halves away from zero (lrintf's mode could be changed by a caller). */
static inline int fx_round(float x) { return (int)(x + (x < 0 ? -0.5f : 0.5f)); }

/* The difference of two angles, folded into [0, pi]. */
static inline float fx_turn(float a, float b)
{
    float d = fabsf(a - b);
    while (d > FX_TAU)
        d -= FX_TAU;
    return d > FX_PI ? FX_TAU - d : d;
}

#endif
