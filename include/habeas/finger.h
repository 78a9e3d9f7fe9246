/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/finger.h: from a fingerprint picture to a template, and from two templates to a score.
 *
 *   hbs_finger_extract   picture  -> template (minutiae, orientation map, quality)
 *   hbs_finger_pack      template -> at most a few hundred bytes to store; hbs_finger_unpack back
 *   hbs_finger_prepare   template -> print (binary descriptors, laid out for the matcher)
 *   hbs_finger_compare   two prints -> raw score, corresponding minutiae
 *
 * A score depends on the two prints alone and is the same for every instruction set and number of
 * threads. What a score means (log likelihood ratio, FMR) is the business of habeas/score.h; that
 * it is a lead and never a verdict, of the charter.
 */
#ifndef HABEAS_FINGER_H
#define HABEAS_FINGER_H

#include "habeas/base.h"
#include "habeas/image.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HBS_FINGER_MINUTIAE_MAX 128 /* a template holds at most */
#define HBS_FINGER_MATCHED_MAX 48   /* the extractor keeps, and the matcher looks at, the best */
#define HBS_FINGER_UNIT 8           /* minutia coordinates are in 1/8 pixel at 500 ppi */
#define HBS_FINGER_CELL 24          /* pixels a side of a cell of the orientation map */
#define HBS_FINGER_CELLS_MAX 7056   /* cells of the orientation map */
#define HBS_FINGER_NO_ORIENTATION 255
#define HBS_FINGER_PACKED_MAX 17408 /* bytes of the largest packed template; a usual one has 330 */
#define HBS_FINGER_CYLINDER_WORDS 5 /* 64-bit words of a minutia's descriptor, 312 bits used */

enum hbs_minutia_type { HBS_MINUTIA_OTHER = 0, HBS_MINUTIA_ENDING = 1, HBS_MINUTIA_BIFURCATION = 2 };

/* One minutia. The direction is that of ISO/IEC 19794-2: counter-clockwise from the right, along
 * the ridge that ends (from its end into the ridge), or along the valley that splits the ridge. */
struct hbs_minutia {
    uint16_t x, y;    /* 1/8 pixel at 500 ppi from the left and the top of the picture */
    uint8_t angle;    /* 1/256 turn */
    uint8_t type;     /* enum hbs_minutia_type */
    uint8_t quality;  /* percent: how likely another impression shows it too; 0 not known */
    uint8_t support;  /* bit i set: extraction hypothesis i found it; 0 not known */
};

/* A finger's template in memory: plain, the caller's, no pointers. */
struct hbs_finger_template {
    uint16_t width, height; /* of the picture, pixels at 500 ppi */
    uint8_t quality;        /* 0 worst, 100 best: predicts how well it will match */
    uint8_t finger;         /* ISO 19794 finger position, 0 unknown, 1 right thumb ... 10 left little */
    uint16_t count;
    struct hbs_minutia minutiae[HBS_FINGER_MINUTIAE_MAX];
    /* Ridge orientation in the middle of each cell, row by row: 0..127 in 1/256 turn
     * counter-clockwise from the right, or HBS_FINGER_NO_ORIENTATION outside the print. A record
     * that has no map has columns = rows = 0. */
    uint8_t columns, rows;
    uint8_t orientation[HBS_FINGER_CELLS_MAX];
};

struct hbs_finger_options {
    uint32_t ppi; /* the picture's resolution, 250 to 1000; 0: what the picture declares if its
                     ridges agree within 30 %, else 500, else what its ridges suggest */
};

enum hbs_ppi_source {
    HBS_PPI_TOLD = 1,      /* by the options */
    HBS_PPI_DECLARED = 2,  /* by the file, and the ridges agree */
    HBS_PPI_ASSUMED = 3,   /* 500: nothing (or nothing believable) was declared */
    HBS_PPI_ESTIMATED = 4  /* from the ridges, because 500 does not fit them: worth a warning */
};

/* What the extractor noticed. */
struct hbs_finger_report {
    uint32_t ppi;                 /* used */
    enum hbs_ppi_source ppi_source;
    float ridge_period;           /* mean, pixels at 500 ppi */
    float area;                   /* of the print, mm2 */
    int prints;                   /* separate prints in the picture: 1, or that of a slap */
    bool finger;                  /* whether it looks like a finger at all; it is extracted anyway */
    float likeness;               /* what that was decided on, 0..1 */
};

/* Extracts a template. Never refuses a finger: a poor one gives few minutiae and a low quality.
 * `options` and `report` may be NULL. Errors: HBS_ERR_NO_MEMORY; HBS_ERR_USAGE for a told
 * resolution outside 250 to 1000 ppi; HBS_ERR_LIMIT for a picture larger than 2000 pixels a side
 * at 500 ppi. */
HBS_API HBS_MUST_USE enum hbs_err hbs_finger_extract(struct hbs_ctx *ctx,
                                                     const struct hbs_image *image,
                                                     const struct hbs_finger_options *options,
                                                     struct hbs_finger_template *out,
                                                     struct hbs_finger_report *report)
    HBS_NONNULL(1, 2, 4);

/* Appends the packed form (version 1; docs/formats/finger-template.md). What the extractor made
 * comes back exactly; of foreign templates coordinates are rounded to half pixels, qualities to
 * 1/63, orientations to 1/32 of half a turn, and of support three bits are kept. HBS_ERR_USAGE for a
 * template with a value that its member's comment does not allow. */
HBS_API HBS_MUST_USE enum hbs_err hbs_finger_pack(struct hbs_ctx *ctx,
                                                  const struct hbs_finger_template *t,
                                                  struct hbs_buf *out) HBS_NONNULL(1, 2, 3);
/* HBS_ERR_FORMAT for what is no packed template, HBS_ERR_INTEGRITY for a wrong checksum. */
HBS_API HBS_MUST_USE enum hbs_err hbs_finger_unpack(struct hbs_ctx *ctx, const void *data,
                                                    size_t size, struct hbs_finger_template *out)
    HBS_NONNULL(1, 2, 4);
HBS_API bool hbs_finger_is_packed(const void *data, size_t size);

/* A template prepared for matching: at most HBS_FINGER_MATCHED_MAX minutiae with their descriptors.
 * Constant once made; may be shared between threads. */
struct hbs_finger_print;
HBS_API HBS_MUST_USE enum hbs_err hbs_finger_prepare(struct hbs_ctx *ctx,
                                                     const struct hbs_finger_template *t,
                                                     struct hbs_finger_print **out)
    HBS_NONNULL(1, 2, 3);
HBS_API void hbs_finger_print_close(struct hbs_finger_print *print);

/* What a gallery needs of a prepared print: minutia i's direction, place (pixels, y down), and
 * Minutia Cylinder-Code bits. `index` is the minutia's place in the template. */
struct hbs_finger_cylinder {
    uint64_t bits[HBS_FINGER_CYLINDER_WORDS];
    int16_t x, y;
    uint8_t angle;
    uint8_t quality;
    uint8_t index;
};
HBS_API int hbs_finger_cylinders(const struct hbs_finger_print *print,
                                 struct hbs_finger_cylinder out[HBS_FINGER_MATCHED_MAX])
    HBS_NONNULL(1, 2);

struct hbs_finger_pair {
    uint8_t a, b; /* places in the templates of the first and the second print */
};
struct hbs_finger_result {
    float score;    /* raw: larger is more alike; about 0 where both are as likely at even odds */
    int paired;     /* corresponding minutiae */
    struct hbs_finger_pair pairs[HBS_FINGER_MATCHED_MAX];
    /* The first print turned by `turn` (1/256 turn, counter-clockwise) and moved by (dx, dy) pixels
     * lies on the second: x' = c x + s y + dx, y' = -s x + c y + dy with y down. */
    float turn, dx, dy;
    int overlap;    /* cells of the orientation map that both prints cover */
    float agreement; /* mean cos 2(difference) of their orientations there */
};
/* Both stages: similarity of descriptors, relaxation, consolidation. Cannot fail, bounded work,
 * symmetric: (a, b) and (b, a) give the same score. */
HBS_API void hbs_finger_compare(const struct hbs_finger_print *a, const struct hbs_finger_print *b,
                                struct hbs_finger_result *out) HBS_NONNULL(1, 2, 3);
/* Name of the kernel in use ("vpopcnt"). */
HBS_API const char *hbs_finger_kernel(void);

#ifdef __cplusplus
}
#endif
#endif
