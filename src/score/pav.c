/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score: isotonic regression by pooling adjacent violators (Ayer, Brunk, Ewing, Reid and
 * Silverman, Ann. Math. Stat. 26, 1955): blocks are kept on a stack; a new value is a block of its
 * own, and as long as the block below it is not lower, the two are pooled. Each pooling removes a
 * block, so all of it is O(n).
 */
#include "score_int.h"

#include <stdlib.h>

static int by_raw(const void *x, const void *y)
{
    const struct hbs_score_sample *a = x, *b = y;
    return (a->raw > b->raw) - (a->raw < b->raw);
}

size_t score_levels(const struct hbs_score_sample *samples, size_t count,
                    struct hbs_score_sample *sorted, struct score_level *levels)
{
    memcpy(sorted, samples, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_raw); /* equal scores are only counted: order is free */
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!n || levels[n - 1].raw != sorted[i].raw)
            levels[n++] = (struct score_level){.raw = sorted[i].raw};
        if (sorted[i].genuine)
            levels[n - 1].genuine++;
        else
            levels[n - 1].impostor++;
    }
    return n;
}

size_t score_pool(const struct score_level *levels, size_t count, struct score_block *blocks)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        struct score_block b = {i, i, levels[i].genuine, levels[i].impostor};
        /* Shares g/(g+i) are compared crosswise: below >= above iff g_below * i_above >= g_above *
         * i_below. Counts are whole, so below 2^53 this is exact. */
        while (n && blocks[n - 1].genuine * b.impostor >= b.genuine * blocks[n - 1].impostor) {
            n--;
            b.first = blocks[n].first;
            b.genuine += blocks[n].genuine;
            b.impostor += blocks[n].impostor;
        }
        blocks[n++] = b;
    }
    return n;
}

struct pooled {
    double sum, weight;
    size_t first;
};

enum hbs_err hbs_score_pav(struct hbs_ctx *ctx, const double *value, const double *weight,
                           size_t count, double *fit)
{
    struct pooled *stack = hbs_alloc(ctx, count, sizeof *stack);
    if (!stack)
        return hbs_fail_memory(ctx, count * sizeof *stack);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        struct pooled b = {value[i] * weight[i], weight[i], i};
        while (n && stack[n - 1].sum * b.weight >= b.sum * stack[n - 1].weight) {
            n--;
            b.sum += stack[n].sum;
            b.weight += stack[n].weight;
            b.first = stack[n].first;
        }
        stack[n++] = b;
    }
    for (size_t k = 0; k < n; k++) {
        size_t end = k + 1 < n ? stack[k + 1].first : count;
        for (size_t i = stack[k].first; i < end; i++)
            fit[i] = stack[k].sum / stack[k].weight;
    }
    hbs_free(ctx, stack);
    return HBS_OK;
}
