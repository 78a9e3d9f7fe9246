/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger, private side of the matcher: the prepared print, the kernels, and the features that
 * the score is made of.
 *
 * The way of a comparison: kernel (bits that differ, all pairs of minutiae within 56 degrees) ->
 * similarity -> the best pairs -> relaxation (pairs that agree with each other on distances and
 * directions hold each other up) -> alignment -> pairing, once more after bending -> features ->
 * score.
 */
#ifndef HABEAS_MATCH_INT_H
#define HABEAS_MATCH_INT_H

#include "base/base_int.h"
#include "habeas/finger.h"

enum {
    FM_MOST = HBS_FINGER_MATCHED_MAX,
    FM_LANES = 56,                       /* FM_MOST and a vector more: kernels read past the end */
    FM_WORDS = HBS_FINGER_CYLINDER_WORDS,
    FM_GATE = 64,                        /* 1/256 turn: prints are turned by no more than this */
    FM_INSIDE = 254                      /* in a map: the print is here, orientation not known */
};

/* out[j] = number of bits in which `word` and column j of `bits` differ, j in [from, to). May
 * write up to 7 entries beyond on either side, within [0, FM_LANES). */
typedef void (*fm_bits_fn)(const uint64_t word[FM_WORDS], const uint64_t bits[FM_WORDS][FM_LANES],
                           int from, int to, uint16_t out[FM_LANES]);
void fm_bits_portable(const uint64_t word[FM_WORDS], const uint64_t bits[FM_WORDS][FM_LANES],
                      int from, int to, uint16_t out[FM_LANES]);
void fm_bits_avx2(const uint64_t word[FM_WORDS], const uint64_t bits[FM_WORDS][FM_LANES], int from,
                  int to, uint16_t out[FM_LANES]);
void fm_bits_vpopcnt(const uint64_t word[FM_WORDS], const uint64_t bits[FM_WORDS][FM_LANES],
                     int from, int to, uint16_t out[FM_LANES]);

/* The numbers that are chosen on data, as in struct fx_tuning. */
enum { FM_FEATURES = 10 };
struct fm_tuning {
    float deviation, deviation_angle; /* of a neighbour's mass: pixels, radians (MCC: 28/3, 2 pi/9) */
    float threshold;                  /* of a cell's bit */
    float support;                    /* misfit of distances that halves the support of two pairs,
                                         pixels */
    float near_first, near_second;    /* tolerances of pairing, pixels */
    float weight[FM_FEATURES];        /* of the features in the score */
};
extern const struct fm_tuning fm_tuning_shipped;

/* What is computed once from a tuning. */
enum { FM_DISTANCES = 128, FM_TURNS = 32 };
struct fm_tables {
    struct fm_tuning tuning;
    float section[256][6];            /* MCC: mass of a difference of direction in each section */
    float distance[FM_DISTANCES];     /* support by misfit of distances, 1/8 pixel */
    float turn[FM_TURNS];             /* and of directions, 1/256 turn */
    float cosine2[256];               /* cos 2a */
    fm_bits_fn bits_differ;           /* the kernel for this machine */
    const char *kernel;
};
void fm_make_tables(const struct fm_tuning *tuning, struct fm_tables *out);
const struct fm_tables *fm_shipped(void);

struct hbs_finger_print {
    struct hbs_ctx *ctx;
    int count;                           /* minutiae, sorted by angle, then place */
    uint8_t angle[FM_MOST];
    uint8_t below[257];                  /* how many have an angle below this */
    uint8_t index[FM_MOST];              /* place in the template */
    uint8_t quality[FM_MOST];
    float x[FM_MOST], y[FM_MOST];        /* pixels, y up */
    float worth[FM_MOST], root_worth[FM_MOST];
    float root_ones[FM_LANES];           /* square root of the number of bits set, never 0 */
    uint64_t bits[FM_WORDS][FM_LANES];   /* word by word, so that lanes are minutiae */
    uint16_t distance[FM_MOST][FM_MOST]; /* between two minutiae, 1/8 pixel */
    uint8_t radial[FM_MOST][FM_MOST];    /* from i's direction to the line towards k */
    int columns, rows;                   /* of the map */
    uint64_t order;                      /* of the two prints the one with the lesser goes first */
    uint8_t map[];                       /* orientation, columns * rows */
};

/* Descriptors of a print whose minutiae are in place. */
void fm_cylinders(const struct fm_tables *tables, struct hbs_finger_print *p);
enum hbs_err fm_prepare(const struct fm_tables *tables, struct hbs_ctx *ctx,
                        const struct hbs_finger_template *t, struct hbs_finger_print **out);

/* What the score weighs. Twice as many were tried; the left-out errors do not need the others. */
enum fm_feature {
    FM_F_RELAXED,     /* log of the mean relaxed similarity of the best pairs (LSS-R) */
    FM_F_CELLS,       /* root of the cells that both maps cover */
    FM_F_AGREE,       /* mean cos 2(difference) of orientation there */
    FM_F_MASS,        /* log of 1 + the sum of similarity of the paired, times their share */
    FM_F_FEWER,       /* minutiae of the print with fewer / 50 */
    FM_F_WORTH,       /* root of the paired worth */
    FM_F_WORTH_SHARE, /* paired worth over that in the overlap */
    FM_F_WORTH_MASS,  /* as FM_F_MASS, weighted by worth */
    FM_F_IN_OVERLAP,  /* log of 1 + the lesser worth in the overlap */
    FM_F_ONE          /* constant */
};

struct fm_details {
    float feature[FM_FEATURES];
    /* which minutia of the second print is paired with minutia i of the first (-1 none), and
     * whether i falls into the second print: for learning what a minutia is worth */
    int8_t partner[FM_MOST];
    bool in_overlap[FM_MOST];
};
/* As hbs_finger_compare, in the order given, without the score. */
void fm_compare(const struct fm_tables *tables, const struct hbs_finger_print *a, const struct hbs_finger_print *b,
                struct hbs_finger_result *out, struct fm_details *details);


#endif
