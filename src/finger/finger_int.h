/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger, private side of the extractor: the maps that its steps hand to one another. One
 * extraction owns one `struct hbs_fx`; nothing in it outlives it.
 *
 * The way of a picture: scale (to 500 ppi) -> normalise -> orientation, segment -> frequency ->
 * for each hypothesis: enhance, binarise, thin, minutiae -> merge -> worth -> template.
 */
#ifndef HABEAS_FINGER_INT_H
#define HABEAS_FINGER_INT_H

#include "base/base_int.h"
#include "fmath_int.h"
#include "habeas/finger.h"

enum {
    FX_BLOCK = 8,        /* pixels a side of a block of the coarse maps */
    FX_PAD = 16,         /* pixels around the normalised picture, so that filters need no edges */
    FX_TAPS = 15,        /* a filter's side */
    FX_ROW = 16,         /* and the stride of its rows: one zero at the end */
    FX_ANGLES = 32,      /* quantised ridge orientations over half a turn */
    FX_PERIODS = 12,     /* quantised ridge periods */
    FX_HYPOTHESES = 3,   /* extraction hypotheses, bit i of hbs_minutia.support */
    FX_RAW_MAX = 2048,   /* raw minutiae looked at per hypothesis */
    FX_ALL_MAX = 2 * FX_RAW_MAX,
    FX_SIDE_MAX = 2000,  /* pixels a side at 500 ppi: 10 cm, a slap or a rolled print */
    FX_SIGMA = 512       /* one standard deviation of the normalised picture */
};

struct hbs_fx {
    struct hbs_ctx *ctx;
    int width, height;        /* the picture at 500 ppi */
    int stride;               /* of norm: width + 2 * FX_PAD + 16, rounded up to 16 */
    const uint8_t *pixels;    /* grey, width * height */
    int16_t *norm;            /* normalised: mean 0, deviation FX_SIGMA; padded, see fx_norm */
    int16_t *filtered;        /* answer of the hypothesis at hand, width * height */
    int bw, bh;               /* blocks */
    float *deviation;         /* grey deviation around the middle of the block */
    float *tensor[3];         /* sums of gx*gx, gy*gy, gx*gy over the block */
    float *ocos, *osin;       /* ridge orientation a (counter-clockwise from the right) as
                                 (cos 2a, sin 2a) times coherence */
    float *first_cos, *first_sin; /* the same, before any hypothesis refined it */
    float *period;            /* ridge period in pixels */
    float *strength;          /* root mean square of the filter's answer, in deviations */
    uint8_t *mask;            /* 1: the print is here */
    uint8_t *depth;           /* blocks to the edge of the mask, at most 255 */
    float *scratch[4];
    uint64_t *bits, *bits2;   /* one bit a pixel, see fx_row */
    int words;                /* of a row */
    float mean_period;        /* over the print, and how sure: */
    float period_trust;       /* mean share of the signature's power in its peak, 0..1 */
};

/* The normalised pixel (x, y); FX_PAD pixels beyond each edge exist and are zero. */
static inline int16_t *fx_norm(const struct hbs_fx *fx, int x, int y)
{
    return fx->norm + (ptrdiff_t)(y + FX_PAD) * fx->stride + FX_PAD + x;
}

/* Row y of a bit plane; rows -1 and height exist and are zero. Bit x of a row is bit x % 64 of
 * word x / 64; the words before and after are zero. */
static inline uint64_t *fx_row(const struct hbs_fx *fx, uint64_t *plane, int y)
{
    return plane + (size_t)(y + 1) * (size_t)fx->words + 1;
}

/* What is known of a minutia before it is decided whether it will be seen again. */
enum fx_feature {
    FX_F_COHERENCE,   /* of the orientation field there */
    FX_F_STRENGTH,    /* of the filter's answer in the 3 x 3 blocks around */
    FX_F_WEAKEST,     /* the least of the nine */
    FX_F_DEPTH,       /* blocks to the edge of the print, 8 and more are 1 */
    FX_F_WAY,         /* length of the shortest ridge that leaves it, 1 is FX_REACH */
    FX_F_SKEW,        /* radians between skeleton and field */
    FX_F_ENDING,      /* 1 for an ending */
    FX_F_CONTRAST,    /* grey deviation / 50 */
    FX_F_CURVATURE,   /* change of orientation over 24 pixels, both ways */
    FX_F_NEAREST,     /* distance to the nearest other one, 1 is 40 pixels and more */
    FX_F_CROWD,       /* others within 24 pixels, / 4 */
    FX_F_CROWD_CLOSE, /* others within 16 pixels, / 4 */
    FX_FEATURES,
    FX_WORTH = FX_FEATURES + 8 /* and one for each set of hypotheses (1..7), and a constant */
};

struct fx_minutia {
    float x, y;       /* pixels */
    float angle;      /* radians, in the convention of hbs_minutia */
    float worth;      /* probability that another impression shows it too */
    uint8_t type;
    uint8_t support;
    float f[FX_FEATURES];
};

/* The numbers that are chosen on data: tuning.c holds the shipped ones, bench/tune_finger makes them
 * and passes its own. */
struct fx_tuning {
    float fine[FX_HYPOTHESES], wide[FX_HYPOTHESES]; /* smoothing of orientation, blocks */
    float least_worth;                              /* of a minutia that is kept */
    float worth[FX_WORTH];                          /* weights of what worth is judged by */
};
extern const struct fx_tuning fx_tuning_shipped;

void fx_normalise(struct hbs_fx *fx);
/* Binomial smoothing of the normalised picture into fx->filtered. */
void fx_blur(struct hbs_fx *fx);
/* Gradient tensor by blocks of fx->filtered. */
void fx_tensor(struct hbs_fx *fx);
/* Orientation from the tensor: a fine scale (blocks) and a wider one on top. */
void fx_orientation(struct hbs_fx *fx, float fine, float wide);
void fx_segment(struct hbs_fx *fx);
/* Separate prints in the picture, by the mask. */
int fx_count_prints(struct hbs_fx *fx);
void fx_frequency(struct hbs_fx *fx);
/* Fills fx->filtered and fx->strength by the hypothesis's way of looking. */
void fx_enhance(struct hbs_fx *fx, int hypothesis);
void fx_binarise(struct hbs_fx *fx);
void fx_thin(struct hbs_fx *fx);
/* Minutiae of the skeleton in fx->bits; returns how many, at most FX_RAW_MAX. */
int fx_minutiae(struct hbs_fx *fx, struct fx_minutia *out);
/* The union of what the hypotheses found: adds `count` of `more` to `n` of `all`. */
int fx_merge(struct fx_minutia *all, int n, const struct fx_minutia *more, int count,
             int hypothesis);
/* Features that need the neighbours, then worth by the tuning; sorted, best first. */
void fx_judge(struct fx_minutia *all, int n, const struct fx_tuning *tuning);
/* The features as the vector that the tuning weighs. */
void fx_worth_vector(const struct fx_minutia *m, float v[FX_WORTH]);

/* Orientation at a pixel, interpolated: radians in [0, pi), and its coherence (may be NULL). */
float fx_angle_at(const struct hbs_fx *fx, float x, float y, float *coherence);
void fx_smooth_blocks(const struct hbs_fx *fx, float *map, float sigma, float *scratch);

/* Puts the best of the judged minutiae into the template, which keeps its map. */
void fx_fill_minutiae(const struct fx_minutia *all, int n, const struct fx_tuning *tuning,
                      struct hbs_finger_template *out);

/* The whole way up to the judged minutiae; `all` has room for FX_ALL_MAX. Used by
 * hbs_finger_extract and by the tuner. */
struct fx_found {
    int count;
    struct fx_minutia all[FX_ALL_MAX];
};
enum hbs_err fx_extract(struct hbs_ctx *ctx, const struct hbs_image *image,
                        const struct hbs_finger_options *options, const struct fx_tuning *tuning,
                        struct fx_found *found, struct hbs_finger_template *out,
                        struct hbs_finger_report *report);

#endif
