/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score, private side: what its files share.
 */
#ifndef HABEAS_SCORE_INT_H
#define HABEAS_SCORE_INT_H

#include "base/base_int.h"
#include "habeas/score.h"

/* All samples of one raw score, counted by kind. */
struct score_level {
    double raw;
    double genuine, impostor;
};

/* A block that PAV pooled: levels [first, last] and the weight of both kinds in it. */
struct score_block {
    size_t first, last;
    double genuine, impostor;
};

/* Samples sorted by raw score and counted; levels has room for as many as samples. Returns how many
 * levels there are. `sorted` has room for the samples. */
size_t score_levels(const struct hbs_score_sample *samples, size_t count,
                    struct hbs_score_sample *sorted, struct score_level *levels);

/* Pools adjacent levels whose share of genuine samples does not rise. blocks has room for as many as
 * levels; returns how many blocks there are. */
size_t score_pool(const struct score_level *levels, size_t count, struct score_block *blocks);

/* Sorts group numbers and leaves each once, at the front; returns how many. */
size_t score_groups(uint32_t *groups, size_t count);

/* Cuts x to [least, most]. */
static inline double score_cut(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

#endif
