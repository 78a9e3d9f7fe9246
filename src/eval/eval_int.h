/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval, private side: the shapes that its files share.
 */
#ifndef HABEAS_EVAL_INT_H
#define HABEAS_EVAL_INT_H

#include "base/base_int.h"
#include "habeas/eval.h"

__extension__ typedef unsigned __int128 eval_u128;

struct eval_name {
    uint32_t offset, size; /* in the set's text */
    uint32_t finger;
};

/* Names to numbers: open addressing over `slots` (a power of two), each 0 or number + 1. */
struct eval_names {
    struct eval_name *names;
    uint32_t *slots;
    size_t count, capacity, slot_count;
};

struct eval_pairs {
    struct hbs_eval_pair *at;
    size_t count, capacity;
};

struct hbs_eval_set {
    struct hbs_ctx *ctx;
    size_t most;
    struct eval_pairs pairs[2]; /* [genuine] */
    struct hbs_buf text;        /* all names, one after the other */
    struct eval_names prints, fingers;
    uint64_t hash_seed;
    size_t contradictions;
};

/* One comparison of a curve. Sorted by score, highest first. */
struct eval_item {
    uint32_t a; /* finger; bit 31 set: genuine */
    uint32_t b; /* finger; bit 31 set: the last of a block of equal scores */
};
#define EVAL_FLAG 0x80000000u

/* Impostor pairs counted by finger pair, row by row (compressed rows): fingers `row[r].finger` with
 * entries [row[r].begin, row[r+1].begin). */
struct eval_row {
    uint32_t finger, begin;
};
struct eval_cell {
    uint32_t finger, count;
};

struct hbs_eval_curve {
    struct hbs_ctx *ctx;
    size_t count;
    uint64_t genuine, impostor;
    uint32_t prints, fingers;
    struct eval_item *items;
    double *scores;              /* of the items */
    uint64_t *genuine_of;        /* genuine pairs a finger */
    struct eval_cell *mixed;     /* genuine pairs whose names are of two fingers: (a, b) */
    size_t mixed_count;
    struct eval_row *rows;
    size_t row_count;
    struct eval_cell *cells;
    uint64_t searches;
    double cmc[HBS_EVAL_RANKS];
};

/* The four rates from a walk down the sorted scores with each finger counted multiplicity[f] times
 * (NULL: once). total[genuine] is the weight of all pairs; thresholds may be NULL. */
struct eval_rates {
    double eer, fnmr_fmr100, fnmr_fmr1000, fnmr_zero_fmr;
};
void eval_walk(const struct hbs_eval_curve *curve, const uint32_t *multiplicity,
               const uint64_t total[2], struct eval_rates *rates, struct eval_rates *thresholds);

/* The part of a name before its last underscore; the whole name when that would be nothing. */
size_t eval_finger_size(const char *name, size_t size);

/* Fills the intervals of a result whose values are known (bootstrap.c). */
enum hbs_err eval_bootstrap(const struct hbs_eval_curve *curve,
                            const struct hbs_eval_options *options, struct hbs_eval_result *result);

/* CMC of a set (cmc.c). */
enum hbs_err eval_cmc(struct hbs_ctx *ctx, const struct hbs_eval_set *set, uint64_t *searches,
                      double cmc[HBS_EVAL_RANKS]);

/* A double as a whole number that sorts the same way; -0 as 0. */
static inline uint64_t eval_key(double score)
{
    uint64_t bits;
    score += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &score, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

/* Sorts by key, lowest first, equal keys keep their order. `spare` has room for as many. */
struct eval_keyed {
    uint64_t key;
    uint32_t a, b;
};
void eval_sort(struct eval_keyed *items, struct eval_keyed *spare, size_t count);

#endif
