/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: one list of minutiae from all hypotheses, and what each is worth.
 *
 * A minutia's worth is the probability that another impression of the same finger shows it too. It
 * is a logistic function of what the extractor knows of it (enum fx_feature) and of which
 * hypotheses found it; a minutia that all three ways of looking agree on is seen again four times in
 * five, one that only the light path has, less than once in three. The weights are learnt from
 * impressions of one finger laid over each other by the matcher (bench/tune_finger; tuning.c).
 */
#include "finger_int.h"

#include <stdlib.h>

enum { NEAR = 8 }; /* pixels within which two hypotheses mean the same minutia */

int fx_merge(struct fx_minutia *all, int n, const struct fx_minutia *more, int count,
             int hypothesis)
{
    int before = n;
    for (int i = 0; i < count; i++) {
        int best = -1;
        float least = NEAR * NEAR;
        for (int j = 0; j < before; j++) {
            float dx = all[j].x - more[i].x, dy = all[j].y - more[i].y, d = dx * dx + dy * dy;
            if (d < least && !(all[j].support >> hypothesis & 1) &&
                fx_turn(all[j].angle, more[i].angle) < 0.35f) {
                least = d;
                best = j;
            }
        }
        if (best >= 0) {
            struct fx_minutia *m = &all[best];
            m->support |= (uint8_t)(1 << hypothesis);
            for (int f = FX_F_COHERENCE; f <= FX_F_WAY; f++)
                if (more[i].f[f] > m->f[f])
                    m->f[f] = more[i].f[f];
        } else if (n < FX_ALL_MAX) {
            all[n] = more[i];
            all[n++].support = (uint8_t)(1 << hypothesis);
        }
    }
    return n;
}

void fx_worth_vector(const struct fx_minutia *m, float v[FX_WORTH])
{
    memset(v, 0, FX_WORTH * sizeof *v);
    memcpy(v, m->f, sizeof m->f);
    if (m->support >= 1 && m->support <= 7)
        v[FX_FEATURES + m->support - 1] = 1;
    v[FX_WORTH - 1] = 1;
}

static int by_worth(const void *a, const void *b)
{
    const struct fx_minutia *x = a, *y = b;
    if (x->worth != y->worth)
        return x->worth < y->worth ? 1 : -1;
    if (x->y != y->y)
        return x->y < y->y ? -1 : 1;
    if (x->x != y->x)
        return x->x < y->x ? -1 : 1;
    return (int)x->support - (int)y->support;
}

void fx_judge(struct fx_minutia *all, int n, const struct fx_tuning *tuning)
{
    enum { FAR = 40, CROWD = 24, CROWD_CLOSE = 16 };
    for (int i = 0; i < n; i++) {
        float nearest = FAR * FAR;
        int crowd = 0, close = 0;
        for (int j = 0; j < n; j++) {
            if (j == i)
                continue;
            float dx = all[i].x - all[j].x, dy = all[i].y - all[j].y, d = dx * dx + dy * dy;
            nearest = d < nearest ? d : nearest;
            crowd += d < CROWD * CROWD;
            close += d < CROWD_CLOSE * CROWD_CLOSE;
        }
        all[i].f[FX_F_NEAREST] = sqrtf(nearest) / FAR;
        all[i].f[FX_F_CROWD] = (float)crowd / 4;
        all[i].f[FX_F_CROWD_CLOSE] = (float)close / 4;
        float v[FX_WORTH], z = 0;
        fx_worth_vector(&all[i], v);
        for (int k = 0; k < FX_WORTH; k++)
            z += v[k] * tuning->worth[k];
        all[i].worth = 1 / (1 + fx_exp(-z));
    }
    qsort(all, (size_t)n, sizeof *all, by_worth);
}
