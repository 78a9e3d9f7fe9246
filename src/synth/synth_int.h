/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth, private side: the parts a finger is made of, in the order they are made.
 *
 *   math.c        sine, arc tangent, exponential, noise: the same bits on every machine
 *   person.c      person seed, finger -> class, singularities, ridge period, creases
 *   orientation.c the orientation model at a point
 *   growth.c      orientation and period maps -> ridges, by iterated Gabor filtering (growth_*: kernels)
 *   relief.c      ridges -> distance to their edges
 *   truth.c       ridges -> minutiae
 *   master.c      one finger from all of these
 *   distort.c     placement and plastic distortion, and their inverse
 *   sensor.c      the kinds of sensor: conditions of an impression, grey levels, background
 *   impression.c  master, conditions -> picture and its true minutiae
 *   template.c    templates without pictures
 *   nonfinger.c   pictures that are no fingers
 *
 * Two frames: the master's raster (pixels, y down) and the finger's frame (u to the right, v up,
 * origin in the middle of the master). Orientations are radians in the finger's frame.
 */
#ifndef HABEAS_SYNTH_INT_H
#define HABEAS_SYNTH_INT_H

#include "base/base_int.h"
#include "habeas/synth.h"

#define SYN_W ((int)HBS_SYNTH_WIDTH)
#define SYN_H ((int)HBS_SYNTH_HEIGHT)
#define SYN_PI 3.14159265358979323846

/* ---- math.c ---- */
/* The C library chooses among versions of sin, exp and atan2 by processor, whose last bits differ;
 * these use only + - * / and so do not. Absolute error below 1e-7. */
double syn_sin(double x);
double syn_cos(double x);
double syn_atan2(double y, double x);
double syn_exp(double x);
/* A seed for a part of something, by name and number. */
uint64_t syn_seed(uint64_t seed, uint64_t part, uint64_t number);
/* Mean 0, deviation 1, never beyond 3.5: the sum of four uniform numbers. */
double syn_normal(struct hbs_rng *rng);
double syn_range(struct hbs_rng *rng, double least, double most);
/* Smooth noise of unit deviation over w x h, with features of about `cell` pixels: a cubic
 * B-spline over random knots. `scratch` holds syn_noise_scratch floats. */
size_t syn_noise_scratch(int w, int h, double cell);
void syn_noise(struct hbs_rng *rng, int w, int h, double cell, float *scratch, float *out);
/* Noise of unit deviation from pixel to pixel; *state is not 0. */
static inline float syn_hiss(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13; /* Marsaglia's xorshift32 */
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    int sum = (int)(x & 255) + (int)(x >> 8 & 255) + (int)(x >> 16 & 255) + (int)(x >> 24);
    return (float)(sum - 510) * (1.0f / 147.8f);
}

/* ---- person.c, orientation.c ---- */
#define SYN_KNOTS 8
#define SYN_WAVES 4

struct syn_singular {
    double u, v;
    double sign;             /* +1 loop, -1 delta */
    double bend[SYN_KNOTS];  /* Vizcaya and Gerhardt's correction: radians at multiples of 1/8 turn */
};

struct syn_crease {
    double u, v, angle, length, width, curve;
};
#define SYN_CREASES 12

/* All that is drawn at random about a finger before a ridge is grown. */
struct syn_finger {
    enum hbs_synth_class class;
    unsigned number;         /* 1 .. 10 */
    double size;             /* 1 for a man's middle finger */
    double half_width, tip, base; /* the pad: |u| <= half_width, base <= v <= tip */
    double period;           /* mean ridge period, pixels */
    double moist;            /* the person's skin: -1 dry .. 1 moist */
    double stretch;          /* how much longer than wide the pattern is drawn */
    int singulars;
    struct syn_singular singular[4];
    double arch, arch_at, arch_width, arch_low; /* radians, v, pixels, pixels */
    double spiral, spiral_u, spiral_v; /* radians that a whorl's centre is turned by, and where */
    double tip_bend;         /* how far orientation follows the tip's round, radians */
    double tip_from, tip_width;
    double wave[SYN_WAVES][4]; /* gentle individual departures: amplitude, wave vector, phase */
    double period_wave[SYN_WAVES][4];
    int creases;
    struct syn_crease crease[SYN_CREASES];
};

void syn_finger_draw(uint64_t person, unsigned finger, struct syn_finger *out);
/* Orientation in (-pi/2, pi/2] and ridge period in pixels at a point of the finger's frame. */
double syn_orientation(const struct syn_finger *f, double u, double v);
/* How much the round of the tip turns ridges at that height. */
double syn_tip_bend(const struct syn_finger *f, double v);
double syn_period(const struct syn_finger *f, double u, double v);
/* 1 where the master's ridges end (the pad and a little around it), less inside. */
double syn_edge(const struct syn_finger *f, double u, double v);
bool syn_inside(const struct syn_finger *f, double u, double v);

/* ---- growth.c ---- */
/* Ridge height -127 valley .. 127 ridge, SYN_W x SYN_H; -127 outside. */
enum hbs_err syn_grow(struct hbs_ctx *ctx, const struct syn_finger *f, uint64_t seed, int8_t *height);

/* ---- relief.c ---- */
/* Distance from the ridges' edges, above 0 inside ridges, in 1/SYN_RELIEF pixel as if the period
 * were 9 pixels everywhere. Cutting it at c grows (c < 0) or thins ridges by |c| on each side. */
#define SYN_RELIEF 30
enum hbs_err syn_relief(struct hbs_ctx *ctx, const struct syn_finger *f, const int8_t *height,
                        int8_t *relief);

/* ---- truth.c ---- */
struct syn_minutia {
    double x, y, angle; /* master's raster; radians counter-clockwise */
    int type;
};
/* Thins a picture of zeros and ones in place; `list` has room for every pixel. */
void syn_thin(uint8_t *picture, int w, int h, uint32_t *list);
/* At most HBS_SYNTH_MINUTIAE_MAX. */
enum hbs_err syn_truth(struct hbs_ctx *ctx, const struct syn_finger *f, const int8_t *height,
                       struct syn_minutia *out, size_t *count);

/* ---- master.c ---- */
#define SYN_PORES 2048

struct hbs_synth_master {
    struct hbs_ctx *ctx;
    uint64_t person;
    struct syn_finger finger;
    int8_t *height, *relief;   /* SYN_W x SYN_H */
    size_t count;
    struct syn_minutia minutiae[HBS_SYNTH_MINUTIAE_MAX];
    struct hbs_minutia packed[HBS_SYNTH_MINUTIAE_MAX];
    struct hbs_synth_singularity singularities[4];
    /* what every impression of this finger shows: 255 untouched skin ... 0 a crease or scar */
    uint8_t *skin;
};

/* ---- distort.c ---- */
/* From a pixel of the sensor to the finger's frame and back. */
struct syn_map {
    double to_500;             /* pixels at 500 ppi per sensor pixel */
    double middle_x, middle_y; /* of the plate, sensor pixels */
    double shift_x, shift_y;
    double c, s;               /* of the rotation */
    double centre_u, centre_v, inner_u, inner_v; /* the region that sticks: an ellipse */
    double slip_u, slip_v, tc, ts, width;        /* what the outer skin does */
    double steepness;          /* bound on the displacement's slope; below 1 it can be undone */
};
#define SYN_STEEP 0.85 /* no steeper, so that the inverse converges */
void syn_map_make(const struct hbs_synth_conditions *how, const struct hbs_synth_sensor_info *info,
                  double scale, struct syn_map *out);
void syn_distort(const struct syn_map *m, double *u, double *v);
void syn_map_to_finger(const struct syn_map *m, double px, double py, double *u, double *v);
void syn_map_to_sensor(const struct syn_map *m, double u, double v, double *px, double *py);

/* ---- sensor.c ---- */
struct syn_sensor {
    struct hbs_synth_sensor_info info;
    double scale;      /* ridges are shown this much smaller than the resolution says */
    double shift[2], shift_mean[2], rotation;         /* deviations and mean, pixels, radians */
    double contact[2], contact_spread, squareness;    /* half axes; exponent of the outline */
    double contact_v, contact_v_spread, contact_u_spread; /* where the finger touches, pixels */
    double slip;       /* of the outer skin, pixels */
    double asked;      /* share of impressions taken in a manner that was asked for: see draw_manner */
    double asked_shift, asked_turn, asked_slip, asked_wet; /* factors of deviations; wetness added */
    double skin;       /* weight of the finger's own moisture beside the impression's */
    double wetness, wetness_spread, unevenness, grain, grain_spread, abrasion;
    double scratches;  /* at most, of an impression at full abrasion */
    double grain_size, speckle; /* of ridge noise: pixels; how much of it changes from pixel to pixel */
    double beading, mottle; /* of the ink on a ridge, shares */
    double sharpness;  /* slope of ink over ridge height */
    double fade;       /* width of the print's rim, share of the radius */
    double blur;       /* 0 .. 1: share of a 3 x 3 mean in the picture */
    double ridge, valley, ground; /* grey levels */
    double vignette, pixel_noise, columns, rows;      /* grey levels */
    int specks;
};
const struct syn_sensor *syn_sensor_of(enum hbs_synth_sensor sensor);
/* Ink 0 .. 1 and contact 0 .. 1 of every pixel become grey levels on the sensor's ground. */
void syn_render(const struct syn_sensor *s, const struct hbs_synth_conditions *how,
                struct hbs_rng *rng, const float *ink, const float *contact, float *noise,
                float *scratch, uint8_t *pixels);

/* ---- template.c ---- */
/* syn_orientation for 24 places of one height, in single precision; the result is not wrapped. */
void syn_orientation_row(const struct syn_finger *f, const float *u, float v, float *out);

/* 1/256 turn from radians; 1/8 pixel from pixels. */
uint8_t syn_pack_angle(double radians);
uint16_t syn_pack_place(double pixels);

#endif
