/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/synth.h: synthetic people's fingers: master prints, impressions of them on imitated
 * sensors with their true minutiae, and templates by the million for galleries.
 *
 *   hbs_synth_master_open   person seed, finger -> master: the whole ridge pattern of one finger
 *   hbs_synth_conditions    sensor, difficulty, seed -> how one impression is taken
 *   hbs_synth_impression    master, conditions -> picture, true minutiae
 *   hbs_synth_template      seed -> template without a picture;  hbs_synth_mate  a second reading
 *   hbs_synth_nonfinger     kind, seed -> picture of something that is no finger
 *
 * Method: SFinGe (Cappelli, Maio, Maltoni, "SFinGe: an approach to synthetic fingerprint
 * generation", BCT 2004; Handbook of Fingerprint Recognition, 2nd ed., chapter 6): orientation by
 * zero-pole model (Sherlock and Monro 1993) with the correction of Vizcaya and Gerhardt (1996),
 * ridges by iterated Gabor filtering, skin distortion by Cappelli, Maio and Maltoni (2001).
 * Nothing here is taken from anybody's finger.
 *
 * Everything is a function of its seeds: the same on every machine, compiler and thread count.
 * Lengths are pixels at 500 ppi, x to the right and y down from the top left corner; angles of
 * minutiae as in habeas/finger.h. A master may be shared between threads once it is made.
 */
#ifndef HABEAS_SYNTH_H
#define HABEAS_SYNTH_H

#include "habeas/base.h"
#include "habeas/finger.h"
#include "habeas/image.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HBS_SYNTH_WIDTH 416u        /* of a master, pixels at 500 ppi */
#define HBS_SYNTH_HEIGHT 560u
#define HBS_SYNTH_MINUTIAE_MAX 512u /* true minutiae of a master or an impression */

/* Classes of Henry and their natural shares: 3.7, 2.9, 33.8, 31.7, 27.9 % (Wilson, Candela and
 * Watson 1994). Left and right are as seen on the picture. Whorls include twin loops. */
enum hbs_synth_class {
    HBS_SYNTH_ARCH = 0,
    HBS_SYNTH_TENTED_ARCH = 1,
    HBS_SYNTH_LEFT_LOOP = 2,
    HBS_SYNTH_RIGHT_LOOP = 3,
    HBS_SYNTH_WHORL = 4,
    HBS_SYNTH_CLASSES = 5
};

/* Kinds of sensor. Each imitates the size, resolution, background and failings of a kind. */
enum hbs_synth_sensor {
    HBS_SYNTH_OPTICAL_500 = 0,    /* optical, 388 x 374: white ground, ridges cut off by dryness */
    HBS_SYNTH_OPTICAL_569 = 1,    /* optical, 296 x 560, 569 ppi: grey vignetted ground */
    HBS_SYNTH_CAPACITIVE_500 = 2, /* capacitive, 300 x 300: grey ground, column noise, coarse grain */
    HBS_SYNTH_NOISY_500 = 3,      /* 288 x 384: strong noise, the finger often off the plate */
    HBS_SYNTH_OPTICAL_LARGE = 4,  /* optical, 640 x 480: large plate, faint and smudged prints */
    HBS_SYNTH_THERMAL_500 = 5,    /* thermal sweep, 300 x 480: black and white, sweep artefacts */
    HBS_SYNTH_SENSORS = 6
};

/* What a sensor is, for people and for a caller that makes room. */
struct hbs_synth_sensor_info {
    const char *name; /* "optical-500" */
    const char *text; /* one line */
    uint32_t width, height, ppi;
};
/* NULL for a number that is no sensor. Static storage. */
HBS_API const struct hbs_synth_sensor_info *hbs_synth_sensor_info(enum hbs_synth_sensor sensor);
/* The sensor of that name, or -1. */
HBS_API int hbs_synth_sensor_find(const char *name) HBS_NONNULL(1);
HBS_API const char *hbs_synth_class_name(enum hbs_synth_class c);

/* A singular point of a master. */
struct hbs_synth_singularity {
    float x, y;   /* pixels at 500 ppi, in the master's frame */
    int delta;    /* 0: a loop (core), 1: a delta */
};

/* The seed of the number-th part of something: of a person in a population, of an impression of a
 * finger. Any 64-bit number is a seed; this keeps the seeds of parts apart. */
HBS_API uint64_t hbs_synth_seed(uint64_t seed, uint64_t number);

/* One finger's whole pattern. */
struct hbs_synth_master;

/* Makes finger 1..10 (ISO 19794: 1 right thumb ... 5 right little, 6 left thumb ... 10 left
 * little) of the person of that seed. HBS_ERR_USAGE for another number, HBS_ERR_NO_MEMORY. */
HBS_API HBS_MUST_USE enum hbs_err hbs_synth_master_open(struct hbs_ctx *ctx, uint64_t person,
                                                        unsigned finger,
                                                        struct hbs_synth_master **out)
    HBS_NONNULL(1, 4);
HBS_API void hbs_synth_master_close(struct hbs_synth_master *master);

HBS_API enum hbs_synth_class hbs_synth_master_class(const struct hbs_synth_master *master)
    HBS_NONNULL(1);
/* The master's true minutiae, in its frame; as many as the return value says. */
HBS_API size_t hbs_synth_master_minutiae(const struct hbs_synth_master *master,
                                         const struct hbs_minutia **out) HBS_NONNULL(1, 2);
HBS_API size_t hbs_synth_master_singularities(const struct hbs_synth_master *master,
                                              const struct hbs_synth_singularity **out)
    HBS_NONNULL(1, 2);
/* The ridge pattern as a picture (dark ridges; white outside the finger). */
HBS_API HBS_MUST_USE enum hbs_err hbs_synth_master_picture(struct hbs_ctx *ctx,
                                                           const struct hbs_synth_master *master,
                                                           struct hbs_image *out)
    HBS_NONNULL(1, 2, 3);

/* How an impression is taken. Plain; a caller may change any member after hbs_synth_conditions. */
struct hbs_synth_conditions {
    enum hbs_synth_sensor sensor;
    float shift_x, shift_y;   /* of the finger's centre from the middle of the plate, pixels */
    float rotation;           /* radians, counter-clockwise */
    float contact_width, contact_height; /* half axes of the contact region, pixels */
    float contact_x, contact_y;          /* its centre in the finger's frame, pixels */
    float slip_x, slip_y;     /* plastic distortion: displacement of the outer skin, pixels */
    float torsion;            /* and its rotation, radians */
    float plasticity;         /* width of the transitional region, in radii of the inner one */
    float wetness;            /* ridge thickness: -1 dry and thin ... 0 ... 1 wet and merging */
    float unevenness;         /* how much wetness varies within the print, 0 .. 1 */
    float grain;              /* how broken up ridges are, 0 .. 2 */
    float abrasion;           /* creases and scratches that show, 0 .. 1 */
    float contrast;           /* 0 .. 1 */
};

/* Draws conditions as they occur with that sensor. `difficulty` 1 is what the imitated sets show;
 * 0 is a careful, clean, centred impression; up to 3. HBS_ERR_USAGE for a number out of range. */
HBS_API HBS_MUST_USE enum hbs_err hbs_synth_conditions(struct hbs_ctx *ctx,
                                                       enum hbs_synth_sensor sensor,
                                                       double difficulty, uint64_t seed,
                                                       struct hbs_synth_conditions *out)
    HBS_NONNULL(1, 5);

/* One impression. `image` is made (close it with hbs_image_close); its ppi is the sensor's. True
 * minutiae inside the contact region go to `truth` in the master's order, at most `most` of them,
 * and their number to *count; their places are in this picture at 500 ppi, their quality 100 in
 * firm contact down to 1 where the print fades. truth may be NULL with most 0. `seed` makes the
 * noise. HBS_ERR_USAGE for conditions out of range (each member has its own in conditions above)
 * or a distortion too strong for skin, HBS_ERR_NO_MEMORY. */
HBS_API HBS_MUST_USE enum hbs_err hbs_synth_impression(struct hbs_ctx *ctx,
                                                       const struct hbs_synth_master *master,
                                                       const struct hbs_synth_conditions *how,
                                                       uint64_t seed, struct hbs_image *image,
                                                       struct hbs_minutia *truth, size_t most,
                                                       size_t *count)
    HBS_NONNULL(1, 2, 3, 5, 8);

/* A template without a picture: minutiae with realistic number, spacing, types and qualities,
 * directions along the orientation field of the class models, and the orientation map. For
 * galleries whose size matters more than their pixels. Touches nothing but *out. */
HBS_API void hbs_synth_template(uint64_t person, unsigned finger, struct hbs_finger_template *out)
    HBS_NONNULL(3);
/* Another reading of the same finger: moved, turned, distorted, partly overlapping, with minutiae
 * displaced, missing and spurious. `difficulty` 0 changes only the placement; 1 is a usual sensor;
 * 3 a bad latent. Values outside 0 .. 3 are taken as the nearest. */
HBS_API void hbs_synth_mate(const struct hbs_finger_template *of, double difficulty, uint64_t seed,
                            struct hbs_finger_template *out) HBS_NONNULL(1, 4);

/* Pictures of what is no finger, to measure how often one is seen where there is none: 0 blank, 1
 * gradient, 2 white and 3 pink noise, 4 blobs, 5 checkerboard, 6 fine and 7 coarse grating, 8 rings,
 * 9 weave, 10 wood, 11 leather, 12 printed text, 13 handwriting, 14 bar code, 15 face of simple shapes.
 * The set that error rates are measured on is number i of HBS_SYNTH_NONFINGER_SET with the kind
 * i % HBS_SYNTH_NONFINGER_KINDS and the seed i. */
#define HBS_SYNTH_NONFINGER_KINDS 16u
#define HBS_SYNTH_NONFINGER_SET 100u
/* "wood"; NULL for a number that is no kind. Static storage. */
HBS_API const char *hbs_synth_nonfinger_name(unsigned kind);
/* Makes the picture (close it with hbs_image_close): 260 to 440 by 300 to 480 pixels, 500 ppi.
 * HBS_ERR_USAGE for an unknown kind, HBS_ERR_NO_MEMORY. */
HBS_API HBS_MUST_USE enum hbs_err hbs_synth_nonfinger(struct hbs_ctx *ctx, unsigned kind, uint64_t seed,
                                                      struct hbs_image *image) HBS_NONNULL(1, 4);

#ifdef __cplusplus
}
#endif
#endif
