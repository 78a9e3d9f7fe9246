/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score: a person's fingers to one LLR, the dependence between fingers, and the false candidates
 * to expect. Why weighted so, and the sources, are told in habeas/score.h.
 *
 * What makes the discount careful: two LLRs of one person are not two independent witnesses. How well
 * a person's fingers match depends on skin, age, sensor and operator alike, and the plain sum would
 * count the common part once a finger. Sorting by strength lets the strongest finger count in full and
 * makes the sum rise with each LLR; a discount on the plain sum would not, as a weak further finger
 * would then lower it.
 */
#include "score_int.h"

#include <math.h>

enum { FINGERS_MAX = 64 };

/* Sum of v[0..n) sorted downwards with weights n(k) - n(k - 1). */
static double discounted(double *v, size_t n, double rho)
{
    for (size_t i = 1; i < n; i++) { /* at most 64: insertion */
        double x = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1] < x; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
    /* Equal LLRs v give n(k) v exactly; unequal ones let each count by its rank. The weights fall because
     * n is concave, so the sum is the largest over all orders, and rises with each of its terms. */
    double sum = 0, before = 0;
    for (size_t k = 1; k <= n; k++) {
        double effective = (double)k / (1 + (double)(k - 1) * rho);
        sum += (effective - before) * v[k - 1];
        before = effective;
    }
    return sum;
}

double hbs_score_fuse(const double *llr, size_t count, const struct hbs_score_fusion *fusion)
{
    double for_it[FINGERS_MAX], against[FINGERS_MAX];
    size_t n = 0, m = 0;
    if (NEVER(count > FINGERS_MAX))
        count = FINGERS_MAX;
    for (size_t i = 0; i < count; i++) {
        if (llr[i] > 0)
            for_it[n++] = llr[i];
        else if (llr[i] < 0)
            against[m++] = -llr[i];
    }
    double rho = isnan(fusion->rho) ? HBS_SCORE_RHO_UNMEASURED : score_cut(fusion->rho, 0, 1);
    double sum = discounted(for_it, n, rho) - discounted(against, m, rho);
    if (fusion->least != 0 || fusion->most != 0)
        sum = score_cut(sum, fusion->least, fusion->most);
    return sum;
}

/* One-way analysis of variance with unequal group sizes: the mean squares between and within people
 * estimate n0 * var_between + var_within and var_within, n0 = (N - sum n_i^2 / N) / (persons - 1). */
double hbs_score_dependence(const double *llr, size_t persons, size_t fingers)
{
    double all = 0, total = 0, squares_of_sizes = 0;
    size_t groups = 0, pairs = 0;
    for (size_t p = 0; p < persons; p++) {
        double n = 0;
        for (size_t f = 0; f < fingers; f++)
            if (!isnan(llr[p * fingers + f])) {
                total += llr[p * fingers + f];
                n++;
            }
        all += n;
        squares_of_sizes += n * n;
        groups += n > 0;
        pairs += n > 1;
    }
    if (pairs < 2)
        return NAN;
    double mean = total / all, between = 0, within = 0;
    for (size_t p = 0; p < persons; p++) {
        double n = 0, sum = 0;
        for (size_t f = 0; f < fingers; f++)
            if (!isnan(llr[p * fingers + f])) {
                sum += llr[p * fingers + f];
                n++;
            }
        if (n == 0)
            continue;
        between += n * (sum / n - mean) * (sum / n - mean);
        for (size_t f = 0; f < fingers; f++)
            if (!isnan(llr[p * fingers + f])) {
                double d = llr[p * fingers + f] - sum / n;
                within += d * d;
            }
    }
    double msb = between / (double)(groups - 1), msw = within / (all - (double)groups);
    double n0 = (all - squares_of_sizes / all) / (double)(groups - 1);
    double scale = msb + (n0 - 1) * msw;
    return scale > 0 ? score_cut((msb - msw) / scale, 0, 1) : 1; /* no variance at all: one says it all */
}

double hbs_score_expected_false(const struct hbs_score_table *table, double raw, double gallery)
{
    return gallery * hbs_score_fmr(table, raw);
}

double hbs_score_expected_false_llr(double llr, double gallery)
{
    return llr > 0 ? gallery * pow(10, -llr) : gallery;
}
