/* SPDX-License-Identifier: MPL-2.0
 *
 * A small stage 2 for the tests and the benchmark of room search, on the "templates" of
 * search_synth.h: the rotation and displacement that most pairs of minutiae agree on (a vote, as in
 * Ratha et al., Pattern Recognition 29, 1996), then minutiae paired one to one under it. It stands
 * in for the finger room's comparison where speed and ranking of the search itself are measured.
 */
#ifndef HABEAS_SEARCH_SECOND_H
#define HABEAS_SEARCH_SECOND_H

#include "habeas/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct second_probe {
    int count;
    float x[64], y[64];
    uint8_t angle[64];
};

static int second_read(const uint8_t *p, size_t size, struct second_probe *out)
{
    out->count = (int)(size / 4 < 64 ? size / 4 : 64);
    for (int i = 0; i < out->count; i++) {
        out->x[i] = (float)p[4 * i] * 2;
        out->y[i] = (float)p[4 * i + 1] * 2;
        out->angle[i] = p[4 * i + 2];
    }
    return out->count;
}

/* hbs_search_compare: paired^2 * 1000 / (minutiae of both), at the best of three alignments. */
static int32_t second_compare(void *arg, unsigned thread, const uint8_t *packed, size_t size)
{
    (void)thread;
    const struct second_probe *a = arg;
    struct second_probe b;
    second_read(packed, size, &b);
    enum { TURNS = 9, SIDE = 40, CELL = 16, MOST = 64 * 64 };
    static _Thread_local uint8_t votes[TURNS][SIDE][SIDE];
    static _Thread_local struct { uint8_t i, j, t, x, y; } pair[MOST];
    memset(votes, 0, sizeof votes);
    int pairs = 0;
    for (int t = 0; t < TURNS; t++) { /* turns of 8/256 a step, -32 .. 32 */
        float angle = (float)(t - TURNS / 2) * 8 * 6.2831853f / 256, c = cosf(angle), s = sinf(angle);
        for (int j = 0; j < b.count; j++) {
            float x = c * b.x[j] - s * b.y[j], y = s * b.x[j] + c * b.y[j];
            for (int i = 0; i < a->count; i++) {
                int d = (int8_t)(a->angle[i] - b.angle[j] - (t - TURNS / 2) * 8);
                if (d < -10 || d > 10)
                    continue;
                int dx = (int)(a->x[i] - x + CELL * SIDE / 2) / CELL;
                int dy = (int)(a->y[i] - y + CELL * SIDE / 2) / CELL;
                if (dx < 1 || dy < 1 || dx >= SIDE - 1 || dy >= SIDE - 1 || pairs == MOST)
                    continue;
                votes[t][dy][dx]++;
                pair[pairs].i = (uint8_t)i;
                pair[pairs].j = (uint8_t)j;
                pair[pairs].t = (uint8_t)t;
                pair[pairs].x = (uint8_t)dx;
                pair[pairs++].y = (uint8_t)dy;
            }
        }
    }
    int32_t best = 0;
    for (int round = 0; round < 3; round++) {
        int top = -1, bt = 0, bx = 0, by = 0;
        for (int t = 0; t < TURNS; t++)
            for (int y = 1; y < SIDE - 1; y++)
                for (int x = 1; x < SIDE - 1; x++)
                    if (votes[t][y][x] > top)
                        top = votes[t][y][x], bt = t, bx = x, by = y;
        votes[bt][by][bx] = 0;
        bool used[64] = {false}, taken[64] = {false};
        int paired = 0;
        for (int k = 0; k < pairs; k++)
            if (pair[k].t == bt && abs(pair[k].x - bx) <= 1 && abs(pair[k].y - by) <= 1 &&
                !used[pair[k].i] && !taken[pair[k].j]) {
                used[pair[k].i] = taken[pair[k].j] = true;
                paired++;
            }
        int32_t score = paired * paired * 1000 / (a->count + b.count + 1);
        best = score > best ? score : best;
    }
    return best;
}

#endif
