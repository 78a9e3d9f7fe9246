/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: where the print is. A block belongs to it when its contrast is a fair share of the
 * print's own contrast and its gradients agree on a direction (Maio and Maltoni, PAMI 19:1, 1997;
 * Bazen and Gerez 2001); then the largest pieces are kept, holes are filled and the outline is
 * smoothed. It grades and never refuses: when nothing passes, the best blocks are taken.
 */
#include "finger_int.h"

#include <stdlib.h>

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Labels the 4-connected pieces of `value` in mask; pieces of at most `limit` blocks turn over.
 * `stack` has room for all blocks. */
static void drop_pieces(struct hbs_fx *fx, uint8_t value, int limit, int *stack, uint8_t *seen)
{
    int w = fx->bw, h = fx->bh, n = w * h;
    memset(seen, 0, (size_t)n);
    for (int start = 0; start < n; start++) {
        if (seen[start] || fx->mask[start] != value)
            continue;
        int top = 0, count = 0;
        bool edge = false;
        stack[top++] = start;
        seen[start] = 1;
        for (int at = 0; at < top; at++) { /* the stack is kept whole: it lists the piece */
            int i = stack[at], x = i % w, y = i / w;
            count++;
            edge |= x == 0 || y == 0 || x == w - 1 || y == h - 1;
            const int next[4] = {x > 0 ? i - 1 : -1, x < w - 1 ? i + 1 : -1, y > 0 ? i - w : -1,
                                 y < h - 1 ? i + w : -1};
            for (int k = 0; k < 4; k++)
                if (next[k] >= 0 && !seen[next[k]] && fx->mask[next[k]] == value) {
                    seen[next[k]] = 1;
                    stack[top++] = next[k];
                }
        }
        if (count <= limit && (value == 1 || !edge))
            for (int at = 0; at < top; at++)
                fx->mask[stack[at]] = !value;
    }
}

/* Each block takes the majority of the 5x5 around it. */
static void majority(struct hbs_fx *fx, uint8_t *copy)
{
    int w = fx->bw, h = fx->bh;
    memcpy(copy, fx->mask, (size_t)(w * h));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int sum = 0, all = 0;
            for (int j = y - 2; j <= y + 2; j++)
                for (int i = x - 2; i <= x + 2; i++)
                    if (i >= 0 && j >= 0 && i < w && j < h) {
                        sum += copy[j * w + i];
                        all++;
                    }
            fx->mask[y * w + x] = 2 * sum > all;
        }
}

void fx_segment(struct hbs_fx *fx)
{
    static const float contrast_share = 0.35f, contrast_floor = 4.0f, least_coherence = 0.22f;
    int n = fx->bw * fx->bh;
    float *sorted = fx->scratch[0];
    memcpy(sorted, fx->deviation, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, compare_floats);
    float top = sorted[(int)(0.9f * (float)(n - 1))];
    float least = contrast_share * top;
    if (least < contrast_floor)
        least = contrast_floor;
    for (int i = 0; i < n; i++) {
        float c = sqrtf(fx->ocos[i] * fx->ocos[i] + fx->osin[i] * fx->osin[i]);
        fx->mask[i] = fx->deviation[i] >= least && c >= least_coherence;
    }
    uint8_t *bytes = (uint8_t *)(void *)fx->scratch[1];
    int *stack = (int *)(void *)fx->scratch[2];
    majority(fx, bytes);
    drop_pieces(fx, 0, n / 8 + 1, stack, bytes);
    drop_pieces(fx, 1, 40, stack, bytes);
    majority(fx, bytes);
    int count = 0;
    for (int i = 0; i < n; i++)
        count += fx->mask[i];
    if (count < 16) { /* a faint print: whatever is not flat, rather than nothing */
        for (int i = 0; i < n; i++)
            fx->mask[i] = fx->deviation[i] >= 1.5f;
        majority(fx, bytes);
    }
    /* Distance to the edge, in blocks, city-block metric; the picture's own edge counts. */
    int w = fx->bw, h = fx->bh;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int i = y * w + x, d = 0;
            if (fx->mask[i]) {
                int up = y ? fx->depth[i - w] : 0, left = x ? fx->depth[i - 1] : 0;
                d = 1 + (up < left ? up : left);
            }
            fx->depth[i] = (uint8_t)(d < 255 ? d : 255);
        }
    for (int y = h - 1; y >= 0; y--)
        for (int x = w - 1; x >= 0; x--) {
            int i = y * w + x;
            int down = y < h - 1 ? fx->depth[i + w] : 0, right = x < w - 1 ? fx->depth[i + 1] : 0;
            int d = 1 + (down < right ? down : right);
            if (d < fx->depth[i])
                fx->depth[i] = (uint8_t)d;
        }
}

/* Pieces of the print that are deeper than `least` blocks and as large as a finger's tip (11 x 13 mm, less
 * what the depth takes away). Pieces above one another are the joints of one finger. */
static int count_pieces(struct hbs_fx *fx, int least)
{
    enum { MOST = 16 };
    struct {
        int left, right;
    } finger[MOST];
    int w = fx->bw, h = fx->bh, n = w * h, prints = 0;
    int wide = 200 / FX_BLOCK - 2 * least, high = 240 / FX_BLOCK - 2 * least;
    uint8_t *seen = (uint8_t *)(void *)fx->scratch[1];
    int *stack = (int *)(void *)fx->scratch[2];
    memset(seen, 0, (size_t)n);
    for (int start = 0; start < n; start++) {
        if (seen[start] || fx->depth[start] <= least)
            continue;
        int top = 0, left = w, right = 0, up = h, down = 0;
        stack[top++] = start;
        seen[start] = 1;
        for (int at = 0; at < top; at++) {
            int i = stack[at], x = i % w, y = i / w;
            left = x < left ? x : left;
            right = x > right ? x : right;
            up = y < up ? y : up;
            down = y > down ? y : down;
            const int next[4] = {x > 0 ? i - 1 : -1, x < w - 1 ? i + 1 : -1, y > 0 ? i - w : -1,
                                 y < h - 1 ? i + w : -1};
            for (int k = 0; k < 4; k++)
                if (next[k] >= 0 && !seen[next[k]] && fx->depth[next[k]] > least) {
                    seen[next[k]] = 1;
                    stack[top++] = next[k];
                }
        }
        if (right - left + 1 < wide || down - up + 1 < high)
            continue;
        bool joint = false;
        for (int k = 0; k < prints && !joint; k++) {
            int from = left > finger[k].left ? left : finger[k].left;
            int to = right < finger[k].right ? right : finger[k].right;
            int narrower = right - left < finger[k].right - finger[k].left ? right - left : finger[k].right - finger[k].left;
            joint = 2 * (to - from) > narrower;
        }
        if (!joint && prints < MOST) {
            finger[prints].left = left;
            finger[prints++].right = right;
        }
    }
    return prints;
}

/* In a picture wide enough for two fingers the prints of a slap touch: they are taken apart by looking
 * deeper and deeper into the mask. A single finger is never as wide. */
int fx_count_prints(struct hbs_fx *fx)
{
    enum { SLAP = 760, DEEPEST = 8 }; /* pixels; blocks */
    int most = count_pieces(fx, 0);
    for (int least = 1; least <= DEEPEST && fx->width >= SLAP; least++) {
        int n = count_pieces(fx, least);
        most = n > most ? n : most;
    }
    return most;
}
