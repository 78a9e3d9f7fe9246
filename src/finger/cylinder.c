/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: Minutia Cylinder-Code (Cappelli, Ferrara, Maltoni, "Minutia Cylinder-Code: a new
 * representation and matching technique for fingerprint recognition", PAMI 32:12, 2010), the
 * bit-based form of its section 4.3. Around each minutia a cylinder of 8 x 8 cells by 6 directions
 * is aligned with it; a cell's value is the mass of neighbours near that place (equation 7) and
 * that difference of direction (equations 9 to 11), and its bit says whether the mass passes a
 * threshold. Differs from the paper: a neighbour counts by the square of its worth, which halves
 * the errors on noisy prints, and cells outside the print are 0 like empty ones.
 */
#include "fmath_int.h"
#include "match_int.h"

#include <stdlib.h>

enum { SIDE = 8, DEPTH = 6, ANGLES = 256 };
_Static_assert(DEPTH == sizeof((struct fm_tables *)0)->section[0] / sizeof(float), "sections");

static const float radius = 70; /* as in the paper's table 1 */
static const float worth_reference = 0.7f, weight_most = 1.2f;

/* Cells of the square that lie in the circle, row by row: first column and how many. */
static const struct {
    uint8_t first, count;
} circle[SIDE] = {{2, 4}, {1, 6}, {0, 8}, {0, 8}, {0, 8}, {0, 8}, {1, 6}, {2, 4}};

static void make_sections(struct fm_tables *t)
{
    float k = 1 / (t->tuning.deviation_angle * 1.41421356f), half = FX_PI / DEPTH;
    for (int a = 0; a < ANGLES; a++)
        for (int s = 0; s < DEPTH; s++) {
            float centre = -FX_PI + ((float)s + 0.5f) * (FX_TAU / DEPTH);
            float d = centre - (float)(int8_t)a * (FX_TAU / ANGLES);
            d = d > FX_PI ? d - FX_TAU : d < -FX_PI ? d + FX_TAU : d;
            t->section[a][s] = 0.5f * (fx_erf((d + half) * k) - fx_erf((d - half) * k));
        }
}

void fm_make_tables(const struct fm_tuning *tuning, struct fm_tables *t)
{
    t->tuning = *tuning;
    make_sections(t);
    for (int i = 0; i < FM_DISTANCES; i++)
        t->distance[i] = 1 / (1 + fx_exp(1.6f * ((float)i / 8 - tuning->support)));
    for (int i = 0; i < FM_TURNS; i++)
        t->turn[i] = 1 / (1 + fx_exp(30 * ((float)i * (FX_TAU / 256) - FX_PI / 12)));
    for (int i = 0; i < 256; i++) {
        float s;
        fx_sincos((float)i * (2 * FX_TAU / 256), &s, &t->cosine2[i]);
    }
    enum hbs_isa isa = HBS_ISA_PORTABLE;
    t->bits_differ = fm_bits_portable;
#ifdef HBS_KERNELS_X86
    if (hbs_cpu_isa() >= HBS_ISA_VPOPCNT) {
        isa = HBS_ISA_VPOPCNT;
        t->bits_differ = fm_bits_vpopcnt;
    } else if (hbs_cpu_isa() >= HBS_ISA_AVX2) {
        isa = HBS_ISA_AVX2;
        t->bits_differ = fm_bits_avx2;
    }
#endif
    t->kernel = hbs_isa_name(isa);
}

/* Adds one neighbour's mass to the cells within three deviations of it. */
static void add(const struct fm_tuning *tuning, float cell[SIDE][SIDE][DEPTH], float u, float v,
                const float *g, float weight)
{
    const float delta = 2 * radius / SIDE, deviation = tuning->deviation;
    const float reach = 3 * deviation / delta;
    float eu[SIDE], ev[SIDE], k = 0.5f * delta * delta / (deviation * deviation);
    int i0 = (int)(u - reach + SIDE) - SIDE + 1, i1 = (int)(u + reach + SIDE) - SIDE;
    int j0 = (int)(v - reach + SIDE) - SIDE + 1, j1 = (int)(v + reach + SIDE) - SIDE;
    i0 = i0 < 0 ? 0 : i0;
    j0 = j0 < 0 ? 0 : j0;
    i1 = i1 > SIDE - 1 ? SIDE - 1 : i1;
    j1 = j1 > SIDE - 1 ? SIDE - 1 : j1;
    for (int i = i0; i <= i1; i++)
        eu[i] = fx_exp(-k * ((float)i - u) * ((float)i - u));
    for (int j = j0; j <= j1; j++)
        ev[j] = fx_exp(-k * ((float)j - v) * ((float)j - v));
    for (int i = i0; i <= i1; i++)
        for (int j = j0; j <= j1; j++) {
            float m = weight * eu[i] * ev[j];
            for (int s = 0; s < DEPTH; s++)
                cell[i][j][s] += m * g[s];
        }
}

void fm_cylinders(const struct fm_tables *tables, struct hbs_finger_print *p)
{
    const float deviation = tables->tuning.deviation, threshold = tables->tuning.threshold;
    const float delta = 2 * radius / SIDE, reach = radius + 3 * deviation;
    const float norm = 1 / (2.5066283f * deviation);
    for (int m = 0; m < p->count; m++) {
        float cell[SIDE][SIDE][DEPTH], c, s;
        memset(cell, 0, sizeof cell);
        fx_sincos((float)p->angle[m] * (FX_TAU / ANGLES), &s, &c);
        for (int t = 0; t < p->count; t++) {
            float dx = p->x[t] - p->x[m], dy = p->y[t] - p->y[m];
            if (t == m || dx * dx + dy * dy > reach * reach)
                continue;
            float w = p->worth[t] * (1 / worth_reference);
            w *= w;
            w = w > weight_most ? weight_most : w;
            float u = (c * dx + s * dy) / delta + 0.5f * (SIDE - 1);
            float v = (c * dy - s * dx) / delta + 0.5f * (SIDE - 1);
            add(&tables->tuning, cell, u, v, tables->section[(uint8_t)(p->angle[m] - p->angle[t])], w * norm);
        }
        uint64_t words[FM_WORDS] = {0};
        int ones = 0, bit = 0;
        for (int i = 0; i < SIDE; i++)
            for (int j = circle[i].first; j < circle[i].first + circle[i].count; j++)
                for (int k = 0; k < DEPTH; k++, bit++)
                    if (cell[i][j][k] > threshold) {
                        words[bit >> 6] |= (uint64_t)1 << (bit & 63);
                        ones++;
                    }
        for (int w = 0; w < FM_WORDS; w++)
            p->bits[w][m] = words[w];
        p->root_ones[m] = ones ? sqrtf((float)ones) : 1; /* never divides by 0, and */
        if (!ones)
            p->root_worth[m] = 0; /* two empty ones are not alike */
    }
}
