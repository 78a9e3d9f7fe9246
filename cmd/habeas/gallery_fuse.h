/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: several fingers of one unknown person against the people of a gallery
 * (`gallery identify --fuse`). The searches of the single fingers name the people worth looking at; each of
 * those is then compared finger by finger with all probes, and the fingers' LLRs become one.
 */
#ifndef HABEAS_GALLERY_FUSE_H
#define HABEAS_GALLERY_FUSE_H

#include "cmd.h"

#include "habeas/habeas.h"

enum { FUSE_PROBES_MAX = 10 };

/* A probe that was searched for. */
struct fuse_probe {
    const char *name;
    struct hbs_finger_print *print;
    uint8_t finger;                   /* its ISO position, 0 not known */
    struct hbs_search_answer *answer; /* its own search */
    double raw_least;                 /* the score from which that search names candidates */
};

/* What one probe found on a person: the gallery print that speaks loudest, NAN and "" for none. */
struct fuse_finger {
    char ref[HBS_SEARCH_ID_MAX + 1];
    double llr;   /* that this finger is one of the person's, whichever */
    double score; /* raw, of `ref` */
};

struct fuse_person {
    char name[HBS_SEARCH_ID_MAX + 1];
    double llr;   /* of all probes */
    double raw;   /* sum of their raw scores: orders people of one LLR, which ends where its calibration does */
    bool alone;   /* a single probe's search named a print of this person */
    uint32_t prints;
    struct fuse_finger finger[FUSE_PROBES_MAX];
};

struct fuse_result {
    struct fuse_person *people; /* best first, then by name; free with fuse_close */
    size_t count;
    uint64_t gallery_people;
    double most;  /* the highest LLR that the calibration lets so many probes reach */
};

/* How ids name people: what comes before the last `mark` is the person, the digits after it the finger.
 * An id without the mark is a person of its own. */
enum hbs_err fuse_people(struct hbs_ctx *ctx, const struct hbs_gallery *gallery, char mark,
                         const struct fuse_probe *probes, size_t count, unsigned threads,
                         struct fuse_result *out);
void fuse_close(struct hbs_ctx *ctx, struct fuse_result *result);

#endif
