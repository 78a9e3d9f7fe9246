/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: the cumulative match characteristic (ISO/IEC 19795-1, closed-set identification) out of
 * a list of pairs.
 *
 * Each genuine pair (a, b) makes two searches: a looks for b, and b for a, each among its mate and
 * every print that the searching one met in an impostor pair. The mate's rank is one more than the
 * number of those impostors at or above the mate's score: equal scores count against the mate. A
 * print that met no impostor makes no search.
 */
#include "eval_int.h"

/* How many of sorted[0..n) are at or above the key. */
static size_t at_or_above(const struct eval_keyed *sorted, size_t n, uint64_t key)
{
    size_t low = 0, high = n; /* the first that is not below stands in [low, high] */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return n - low;
}

enum hbs_err eval_cmc(struct hbs_ctx *ctx, const struct hbs_eval_set *set, uint64_t *searches,
                      double cmc[HBS_EVAL_RANKS])
{
    enum hbs_err err = HBS_OK;
    size_t prints = set->prints.count, n = set->pairs[0].count;
    size_t *begin = hbs_alloc(ctx, prints + 2, sizeof *begin);
    struct eval_keyed *all = hbs_alloc(ctx, 2 * n, sizeof *all);
    struct eval_keyed *spare = hbs_alloc(ctx, 2 * n, sizeof *spare);
    if (!begin || !all || !spare) {
        err = hbs_fail_memory(ctx, 4 * n * sizeof *all);
        goto done;
    }
    /* Sorted by score as a whole, then dealt out by print: each print's scores end up in order. */
    const struct hbs_eval_pair *p = set->pairs[0].at;
    for (size_t i = 0; i < n; i++) {
        all[2 * i] = (struct eval_keyed){eval_key(p[i].score), p[i].a, 0};
        all[2 * i + 1] = (struct eval_keyed){eval_key(p[i].score), p[i].b, 0};
        begin[p[i].a + 2]++;
        begin[p[i].b + 2]++;
    }
    eval_sort(all, spare, 2 * n);
    for (size_t i = 2; i < prints + 2; i++)
        begin[i] += begin[i - 1];
    for (size_t i = 0; i < 2 * n; i++)
        spare[begin[all[i].a + 1]++] = all[i]; /* now begin[print] is where its scores begin */
    uint64_t found[HBS_EVAL_RANKS] = {0}, count = 0;
    p = set->pairs[1].at;
    for (size_t i = 0; i < set->pairs[1].count; i++) {
        const uint32_t sides[2] = {p[i].a, p[i].b};
        for (int s = 0; s < 2; s++) {
            size_t from = begin[sides[s]], to = begin[sides[s] + 1];
            if (from == to)
                continue;
            size_t rank = at_or_above(spare + from, to - from, eval_key(p[i].score));
            count++;
            if (rank < HBS_EVAL_RANKS)
                found[rank]++;
        }
    }
    uint64_t sum = 0;
    for (int r = 0; r < HBS_EVAL_RANKS; r++) {
        sum += found[r];
        cmc[r] = count ? (double)sum / (double)count : 0;
    }
    *searches = count;
done:
    hbs_free(ctx, begin);
    hbs_free(ctx, all);
    hbs_free(ctx, spare);
    return err;
}
