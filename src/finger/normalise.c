/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: local normalisation of the grey picture (Hong, Wan, Jain, "Fingerprint image
 * enhancement", PAMI 20:8, 1998, section 2.2, here in a moving window instead of the whole
 * picture), its smoothing, and the gradient tensor by blocks.
 */
#include "finger_int.h"

enum {
    RADIUS = 14,     /* of the window: three ridges wide */
    FLOOR = 7,       /* grey deviation below which contrast is not stretched further */
    CLIP = 3 * FX_SIGMA
};

/* Sums over the window by moving sums: down the columns first, then along the row. */
void fx_normalise(struct hbs_fx *fx)
{
    int w = fx->width, h = fx->height;
    uint32_t *column = (uint32_t *)(void *)fx->scratch[3], *squares = column + w;
    memset(column, 0, (size_t)w * sizeof *column);
    memset(squares, 0, (size_t)w * sizeof *squares);
    for (int y = -RADIUS; y < h; y++) {
        int in = y + RADIUS, out = y - RADIUS - 1;
        if (in < h) {
            const uint8_t *p = fx->pixels + (size_t)in * (size_t)w;
            for (int x = 0; x < w; x++) {
                uint32_t v = p[x];
                column[x] += v;
                squares[x] += v * v;
            }
        }
        if (out >= 0) {
            const uint8_t *p = fx->pixels + (size_t)out * (size_t)w;
            for (int x = 0; x < w; x++) {
                uint32_t v = p[x];
                column[x] -= v;
                squares[x] -= v * v;
            }
        }
        if (y < 0)
            continue;
        int rows = (in < h ? in : h - 1) - (out >= 0 ? out : -1);
        uint32_t sum = 0, sum2 = 0;
        for (int x = 0; x < RADIUS && x < w; x++) {
            sum += column[x];
            sum2 += squares[x];
        }
        const uint8_t *from = fx->pixels + (size_t)y * (size_t)w;
        int16_t *to = fx_norm(fx, 0, y);
        for (int x = 0; x < w; x++) {
            if (x + RADIUS < w) {
                sum += column[x + RADIUS];
                sum2 += squares[x + RADIUS];
            }
            if (x - RADIUS - 1 >= 0) {
                sum -= column[x - RADIUS - 1];
                sum2 -= squares[x - RADIUS - 1];
            }
            int left = x - RADIUS > 0 ? x - RADIUS : 0, right = x + RADIUS < w ? x + RADIUS : w - 1;
            float n = (float)(rows * (right - left + 1)), mean = (float)sum / n;
            float variance = (float)sum2 / n - mean * mean;
            float d = sqrtf(variance > 0 ? variance : 0);
            if ((x & (FX_BLOCK - 1)) == FX_BLOCK / 2 && (y & (FX_BLOCK - 1)) == FX_BLOCK / 2)
                fx->deviation[(y / FX_BLOCK) * fx->bw + x / FX_BLOCK] = d;
            float v = ((float)from[x] - mean) * (FX_SIGMA / (d > FLOOR ? d : FLOOR));
            to[x] = (int16_t)(v > CLIP ? CLIP : v < -CLIP ? -CLIP : v);
        }
    }
    /* Blocks cut by the edge have no middle pixel: they take their neighbour's. */
    for (int by = 0; by < fx->bh; by++)
        for (int bx = 0; bx < fx->bw; bx++) {
            int sx = bx * FX_BLOCK + FX_BLOCK / 2 < w ? bx : bx - 1;
            int sy = by * FX_BLOCK + FX_BLOCK / 2 < h ? by : by - 1;
            if (sx >= 0 && sy >= 0)
                fx->deviation[by * fx->bw + bx] = fx->deviation[sy * fx->bw + sx];
        }
}

/* Weights 1 4 6 4 1 each way: takes the dots of a dry print together before gradients are made. */
void fx_blur(struct hbs_fx *fx)
{
    int w = fx->width, h = fx->height;
    for (int y = 0; y < h; y++) {
        const int16_t *p = fx_norm(fx, 0, y); /* its pad is zero: no care at the ends */
        int16_t *r = fx->filtered + (size_t)y * (size_t)w;
        for (int x = 0; x < w; x++)
            r[x] = (int16_t)((p[x - 2] + 4 * p[x - 1] + 6 * p[x] + 4 * p[x + 1] + p[x + 2]) >> 4);
    }
    int16_t *above = (int16_t *)(void *)fx->scratch[3], *before = above + w;
    memcpy(above, fx->filtered, (size_t)w * sizeof *above);
    memcpy(before, fx->filtered, (size_t)w * sizeof *before);
    for (int y = 0; y < h; y++) {
        int16_t *r = fx->filtered + (size_t)y * (size_t)w;
        const int16_t *d = fx->filtered + (size_t)(y + 1 < h ? y + 1 : h - 1) * (size_t)w;
        const int16_t *e = fx->filtered + (size_t)(y + 2 < h ? y + 2 : h - 1) * (size_t)w;
        for (int x = 0; x < w; x++) {
            int a = above[x], b = before[x], c = r[x];
            above[x] = (int16_t)b;
            before[x] = (int16_t)c;
            r[x] = (int16_t)((a + 4 * b + 6 * c + 4 * d[x] + e[x]) >> 4);
        }
    }
}

/* Sums of gradient products over each block, central differences over a 3 x 3 binomial window. */
void fx_tensor(struct hbs_fx *fx)
{
    int w = fx->width, h = fx->height;
    size_t n = (size_t)(fx->bw * fx->bh);
    for (int i = 0; i < 3; i++)
        memset(fx->tensor[i], 0, n * sizeof *fx->tensor[i]);
    for (int y = 1; y < h - 1; y++) {
        const int16_t *a = fx->filtered + (size_t)(y - 1) * (size_t)w, *b = a + w, *c = b + w;
        float *xx = fx->tensor[0] + (y / FX_BLOCK) * fx->bw,
              *yy = fx->tensor[1] + (y / FX_BLOCK) * fx->bw,
              *xy = fx->tensor[2] + (y / FX_BLOCK) * fx->bw;
        for (int bx = 0; bx < fx->bw; bx++) {
            int x0 = bx * FX_BLOCK, x1 = x0 + FX_BLOCK;
            x0 = x0 < 1 ? 1 : x0;
            x1 = x1 > w - 1 ? w - 1 : x1;
            float sxx = 0, syy = 0, sxy = 0;
            for (int x = x0; x < x1; x++) {
                int gx = (a[x + 1] + 2 * b[x + 1] + c[x + 1]) - (a[x - 1] + 2 * b[x - 1] + c[x - 1]);
                int gy = (c[x - 1] + 2 * c[x] + c[x + 1]) - (a[x - 1] + 2 * a[x] + a[x + 1]);
                float u = (float)gx * (1.0f / FX_SIGMA), v = (float)gy * (1.0f / FX_SIGMA);
                sxx += u * u;
                syy += v * v;
                sxy += u * v;
            }
            xx[bx] += sxx;
            yy[bx] += syy;
            xy[bx] += sxy;
        }
    }
}
