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

#define HBS_FINGER_MINUTIAE_MAX 128 /* kept in a template; the best are kept when there are more */
#define HBS_FINGER_UNIT 8           /* minutia coordinates are in 1/8 pixel at 500 ppi */
#define HBS_FINGER_CELL 16          /* pixels a side of a cell of the orientation map */
#define HBS_FINGER_CELLS_MAX 4096   /* cells of the orientation map */
#define HBS_FINGER_NO_ORIENTATION 255

enum hbs_minutia_type { HBS_MINUTIA_ENDING = 1, HBS_MINUTIA_BIFURCATION = 2, HBS_MINUTIA_OTHER = 0 };

/* One minutia. The direction is that of ISO/IEC 19794-2: counter-clockwise from the right, along
 * the ridge that ends (from its end into the ridge), or along the valley that splits the ridge. */
struct hbs_minutia {
    uint16_t x, y;    /* 1/8 pixel at 500 ppi from the left and the top of the picture */
    uint8_t angle;    /* 1/256 turn */
    uint8_t type;     /* enum hbs_minutia_type */
    uint8_t quality;  /* 0 worst, 100 best */
    uint8_t support;  /* bit i set: extraction hypothesis i found it */
};

/* A finger's template in memory: plain, the caller's, no pointers. */
struct hbs_finger_template {
    uint16_t width, height; /* of the picture, pixels at 500 ppi */
    uint8_t quality;        /* 0 worst, 100 best: predicts how well it will match */
    uint8_t finger;         /* ISO 19794 finger position, 0 unknown, 1 right thumb ... 10 left little */
    uint16_t count;
    struct hbs_minutia minutiae[HBS_FINGER_MINUTIAE_MAX];
    /* Ridge orientation in the middle of each 16-pixel cell, row by row: 0..127 in 1/256 turn
     * counter-clockwise from the right, or HBS_FINGER_NO_ORIENTATION outside the print. */
    uint8_t columns, rows;
    uint8_t orientation[HBS_FINGER_CELLS_MAX];
};

#ifdef __cplusplus
}
#endif
#endif
