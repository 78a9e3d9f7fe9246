/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: where a pixel of the sensor lies on the finger, and back.
 *
 * Plastic distortion after Cappelli, Maio and Maltoni, "Modelling plastic distortion in
 * fingerprint images" (ICAPR 2001): an inner ellipse sticks to the plate, the outer skin is
 * displaced and turned as a whole, and in the transitional region between them displacement grows
 * by a raised cosine of the distance from the ellipse. The published map leads from the plate to
 * undistorted skin, which is the way a picture is made; minutiae need the inverse. Displacement
 * changes slowly (`steepness` bounds its slope), so the inverse is the fixed point of
 * p = q - displacement(p), found by repetition: each step shrinks the error by that factor.
 */
#include "synth_int.h"

static double root(double x)
{
    return __builtin_sqrt(x); /* exact in IEEE 754, the same everywhere */
}

void syn_map_make(const struct hbs_synth_conditions *how, const struct hbs_synth_sensor_info *info,
                  double scale, struct syn_map *m)
{
    *m = (struct syn_map){
        .to_500 = 500.0 / (info->ppi * scale),
        .middle_x = info->width / 2.0, .middle_y = info->height / 2.0,
        .shift_x = how->shift_x, .shift_y = how->shift_y,
        .c = syn_cos(how->rotation), .s = syn_sin(how->rotation),
        .centre_u = how->contact_x, .centre_v = how->contact_y,
        .inner_u = how->contact_width * 0.45, .inner_v = how->contact_height * 0.45,
        .slip_u = how->slip_x, .slip_v = how->slip_y,
        .tc = syn_cos(how->torsion), .ts = syn_sin(how->torsion),
        .width = how->plasticity};
    /* the outer displacement, at its largest over the contact region, spread over the transition */
    double turned = (how->torsion < 0 ? -how->torsion : how->torsion);
    double far = how->contact_width > how->contact_height ? how->contact_width : how->contact_height;
    double near = m->inner_u < m->inner_v ? m->inner_u : m->inner_v;
    double most = root(m->slip_u * m->slip_u + m->slip_v * m->slip_v) + turned * far;
    m->steepness = most * (SYN_PI / 2) / (near * m->width) + turned;
}

void syn_distort(const struct syn_map *m, double *u, double *v)
{
    double x = *u - m->centre_u, y = *v - m->centre_v;
    double nx = x / m->inner_u, ny = y / m->inner_v;
    double beyond = root(nx * nx + ny * ny) - 1;
    if (beyond <= 0)
        return;
    double brake = beyond >= m->width ? 1 : 0.5 * (1 - syn_cos(SYN_PI * beyond / m->width));
    *u += brake * (m->tc * x - m->ts * y + m->slip_u - x);
    *v += brake * (m->ts * x + m->tc * y + m->slip_v - y);
}

void syn_map_to_finger(const struct syn_map *m, double px, double py, double *u, double *v)
{
    double x = (px - m->middle_x) * m->to_500 - m->shift_x;
    double y = -((py - m->middle_y) * m->to_500 - m->shift_y);
    /* the finger is turned counter-clockwise on the plate, so the plate clockwise on the finger */
    *u = m->c * x + m->s * y + m->centre_u;
    *v = -m->s * x + m->c * y + m->centre_v;
    syn_distort(m, u, v);
}

void syn_map_to_sensor(const struct syn_map *m, double u, double v, double *px, double *py)
{
    double a = u, b = v;
    for (int i = 0; i < 60; i++) {
        double du = a, dv = b;
        syn_distort(m, &du, &dv);
        double ea = u - du, eb = v - dv;
        a += ea;
        b += eb;
        if (ea * ea + eb * eb < 1e-8)
            break;
    }
    a -= m->centre_u;
    b -= m->centre_v;
    double x = m->c * a - m->s * b, y = m->s * a + m->c * b;
    *px = (x + m->shift_x) / m->to_500 + m->middle_x;
    *py = (-y + m->shift_y) / m->to_500 + m->middle_y;
}
