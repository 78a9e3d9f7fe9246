/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the ridge orientation field.
 *
 * Averaged squared gradients (Kass and Witkin, "Analyzing oriented patterns", CVGIP 37, 1987; Bazen
 * and Gerez, PAMI 24:7, 2002) at two scales. Each scale is divided by its own energy first, so
 * that a scar or a fold, which is strong but narrow, weighs no more than the ridges around it;
 * where the fine scale is coherent it leads, elsewhere the coarse one fills in.
 */
#include "finger_int.h"

/* Gaussian smoothing of a map of blocks, cut at 2.5 deviations; at the edge the sum is divided by
 * the weights that lie inside. */
void fx_smooth_blocks(const struct hbs_fx *fx, float *map, float sigma, float *scratch)
{
    enum { REACH_MAX = 15 };
    int r = fx_round(2.5f * sigma), w = fx->bw, h = fx->bh;
    float k[REACH_MAX + 1];
    r = r > REACH_MAX ? REACH_MAX : r;
    for (int i = 0; i <= r; i++)
        k[i] = fx_exp(-0.5f * (float)(i * i) / (sigma * sigma));
    for (int y = 0; y < h; y++) {
        const float *in = map + y * w;
        float *out = scratch + y * w;
        for (int x = 0; x < w; x++) {
            int from = x - r < 0 ? -x : -r, to = x + r >= w ? w - 1 - x : r;
            float s = 0, n = 0;
            for (int i = from; i <= to; i++) {
                float ki = k[i < 0 ? -i : i];
                s += ki * in[x + i];
                n += ki;
            }
            out[x] = s / n;
        }
    }
    for (int y = 0; y < h; y++) {
        int from = y - r < 0 ? -y : -r, to = y + r >= h ? h - 1 - y : r;
        float n = 0, *row = map + y * w;
        for (int i = from; i <= to; i++)
            n += k[i < 0 ? -i : i];
        n = 1 / n;
        memset(row, 0, (size_t)w * sizeof *row);
        for (int i = from; i <= to; i++) {
            float ki = k[i < 0 ? -i : i] * n;
            const float *s = scratch + (y + i) * w;
            for (int x = 0; x < w; x++)
                row[x] += ki * s[x];
        }
    }
}

/* Double-angle vector of the ridges from the tensor: gradients stand across the ridges, and the
 * picture's y goes down while angles go up, hence the signs. */
static void field(const struct hbs_fx *fx, float sigma, float *c, float *s)
{
    int n = fx->bw * fx->bh;
    float *e = fx->scratch[2];
    for (int i = 0; i < n; i++) {
        float xx = fx->tensor[0][i], yy = fx->tensor[1][i], xy = fx->tensor[2][i];
        c[i] = yy - xx;
        s[i] = 2 * xy;
        e[i] = xx + yy;
    }
    fx_smooth_blocks(fx, c, sigma, fx->scratch[3]);
    fx_smooth_blocks(fx, s, sigma, fx->scratch[3]);
    fx_smooth_blocks(fx, e, sigma, fx->scratch[3]);
    for (int i = 0; i < n; i++) {
        float d = 1 / (e[i] + 1.0f);
        c[i] *= d;
        s[i] *= d;
    }
}

void fx_orientation(struct hbs_fx *fx, float fine, float wide)
{
    static const float share = 0.5f; /* of the wide scale where the fine one is sure */
    int n = fx->bw * fx->bh;
    float *c2 = fx->scratch[0], *s2 = fx->scratch[1];
    field(fx, fine, fx->ocos, fx->osin);
    memcpy(c2, fx->ocos, (size_t)n * sizeof *c2);
    memcpy(s2, fx->osin, (size_t)n * sizeof *s2);
    fx_smooth_blocks(fx, c2, wide, fx->scratch[3]);
    fx_smooth_blocks(fx, s2, wide, fx->scratch[3]);
    for (int i = 0; i < n; i++) {
        float c = fx->ocos[i], s = fx->osin[i];
        float m = sqrtf(c * c + s * s), m2 = sqrtf(c2[i] * c2[i] + s2[i] * s2[i]);
        c = m * c + share * c2[i];
        s = m * s + share * s2[i];
        float k = sqrtf(c * c + s * s);
        float length = k > 1e-6f ? 0.5f * (m + m2) / k : 0; /* coherence of both scales */
        fx->ocos[i] = c * length;
        fx->osin[i] = s * length;
    }
}

float fx_angle_at(const struct hbs_fx *fx, float x, float y, float *coherence)
{
    float u = (x + 0.5f) / FX_BLOCK - 0.5f, v = (y + 0.5f) / FX_BLOCK - 0.5f;
    float right = (float)(fx->bw - 1), bottom = (float)(fx->bh - 1);
    u = u < 0 ? 0 : u > right ? right : u;
    v = v < 0 ? 0 : v > bottom ? bottom : v;
    int i = (int)u, j = (int)v, w = fx->bw;
    int i1 = i + 1 < w ? i + 1 : i, j1 = j + 1 < fx->bh ? j + 1 : j;
    float a = u - (float)i, b = v - (float)j;
    const float *c = fx->ocos, *s = fx->osin;
    float cc = (1 - b) * ((1 - a) * c[j * w + i] + a * c[j * w + i1]) +
               b * ((1 - a) * c[j1 * w + i] + a * c[j1 * w + i1]);
    float ss = (1 - b) * ((1 - a) * s[j * w + i] + a * s[j * w + i1]) +
               b * ((1 - a) * s[j1 * w + i] + a * s[j1 * w + i1]);
    if (coherence)
        *coherence = sqrtf(cc * cc + ss * ss);
    float angle = 0.5f * fx_atan2(ss, cc);
    return angle < 0 ? angle + FX_PI : angle;
}
