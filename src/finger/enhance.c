/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: contextual filtering. Each block is filtered with the member of a bank that fits
 * its ridges. Three ways of looking at the same print make the hypotheses:
 *
 *   0  Gabor filters steered by orientation and period (Hong, Wan, Jain 1998, section 2.6), the
 *      orientation refined on a fine scale: follows quick turns
 *   1  longer and narrower ones, the orientation smoothed more: bridges scars and noise
 *   2  a light path: an oriented line average less its surroundings, blind to the period, which
 *      follows what is in the picture and invents little
 *
 * The bank holds 16-bit integers and the sums are exact, so every instruction set gives the same
 * picture. A filter's row has 15 taps and a zero: one 256-bit multiply-add a row.
 */
#include "enhance_int.h"
#include "finger_int.h"

#include <pthread.h>

enum { R = FX_TAPS / 2, GABORS = 2 };

static const struct {
    float along, across, across_least; /* Gaussian deviations: pixels; periods; pixels more */
} gabor[GABORS] = {{4.0f, 0.40f, 0.4f}, {5.0f, 0.50f, 0.4f}};
static const struct {
    float along, across, around;
} line = {4.0f, 1.6f, 4.5f};
static const float period_least = 5.0f, period_ratio = 1.085f; /* 5 to 12.3 pixels */

static int16_t bank_gabor[GABORS][FX_PERIODS][FX_ANGLES][FX_TAPS * FX_ROW];
static int16_t bank_line[FX_ANGLES][FX_TAPS * FX_ROW];
static fx_filter_block_fn filter_block;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Turns a real kernel into integers: no answer to a constant (the envelope takes it up), absolute
 * sum 2^14. */
static void quantise(const float *k, const float *envelope, int16_t *out)
{
    float sum = 0, es = 0, absolute = 0, v[FX_TAPS * FX_TAPS];
    for (int i = 0; i < FX_TAPS * FX_TAPS; i++) {
        sum += k[i];
        es += envelope[i];
    }
    for (int i = 0; i < FX_TAPS * FX_TAPS; i++) {
        v[i] = k[i] - sum / es * envelope[i];
        absolute += fabsf(v[i]);
    }
    for (int y = 0; y < FX_TAPS; y++) {
        for (int x = 0; x < FX_TAPS; x++)
            out[y * FX_ROW + x] = (int16_t)fx_round(v[y * FX_TAPS + x] * (16384.0f / absolute));
        out[y * FX_ROW + FX_TAPS] = 0;
    }
}

/* exp(-(u^2 / along^2 + v^2 / across^2) / 2) at each tap, u along the ridge. */
static void gaussian(float c, float s, float along, float across, float *out)
{
    for (int y = -R; y <= R; y++)
        for (int x = -R; x <= R; x++) {
            float u = (c * (float)x - s * (float)y) / along;
            float v = (s * (float)x + c * (float)y) / across;
            out[(y + R) * FX_TAPS + x + R] = fx_exp(-0.5f * (u * u + v * v));
        }
}

static void make_banks(void)
{
    float k[FX_TAPS * FX_TAPS], e[FX_TAPS * FX_TAPS];
    for (int a = 0; a < FX_ANGLES; a++) {
        float c, s, wave, unused;
        fx_sincos(FX_PI * (float)a / FX_ANGLES, &s, &c);
        for (int g = 0; g < GABORS; g++)
            for (int p = 0; p < FX_PERIODS; p++) {
                float period = period_least * fx_exp((float)p * fx_log(period_ratio));
                gaussian(c, s, gabor[g].along, gabor[g].across * period + gabor[g].across_least, e);
                for (int y = -R; y <= R; y++)
                    for (int x = -R; x <= R; x++) {
                        int i = (y + R) * FX_TAPS + x + R;
                        fx_sincos(FX_TAU * (s * (float)x + c * (float)y) / period, &unused, &wave);
                        k[i] = e[i] * wave;
                    }
                quantise(k, e, bank_gabor[g][p][a]);
            }
        gaussian(c, s, line.along, line.across, k);
        gaussian(c, s, line.around, line.around, e);
        quantise(k, e, bank_line[a]);
    }
    filter_block = fx_filter_block_portable;
#ifdef HBS_KERNELS_X86
    if (hbs_cpu_isa() >= HBS_ISA_AVX2)
        filter_block = fx_filter_block_avx2;
#endif
}

void fx_filter_block_portable(const int16_t *in, ptrdiff_t stride, const int16_t *filter,
                              int16_t *out, ptrdiff_t out_stride, int columns, int rows)
{
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            const int16_t *p = in + y * stride + x;
            int32_t sum = 0;
            for (int j = 0; j < FX_TAPS; j++, p += stride) {
                int32_t row = 0;
                for (int i = 0; i < FX_ROW; i++)
                    row += (int32_t)p[i] * filter[j * FX_ROW + i];
                sum += row;
            }
            out[y * out_stride + x] = (int16_t)(sum >> 13);
        }
}

void fx_enhance(struct hbs_fx *fx, int hypothesis)
{
    pthread_once(&once, make_banks);
    memset(fx->filtered, 0, (size_t)fx->width * (size_t)fx->height * sizeof *fx->filtered);
    float per_log = 1 / fx_log(period_ratio), log_least = fx_log(period_least);
    for (int by = 0; by < fx->bh; by++)
        for (int bx = 0; bx < fx->bw; bx++) {
            int b = by * fx->bw + bx;
            fx->strength[b] = 0;
            if (!fx->mask[b])
                continue;
            float angle = 0.5f * fx_atan2(fx->osin[b], fx->ocos[b]);
            int a = (fx_round(angle * (FX_ANGLES / FX_PI)) + FX_ANGLES) % FX_ANGLES;
            int p = fx_round((fx_log(fx->period[b]) - log_least) * per_log);
            p = p < 0 ? 0 : p >= FX_PERIODS ? FX_PERIODS - 1 : p;
            const int16_t *filter = hypothesis < GABORS ? bank_gabor[hypothesis][p][a] : bank_line[a];
            int x = bx * FX_BLOCK, y = by * FX_BLOCK;
            int columns = fx->width - x < FX_BLOCK ? fx->width - x : FX_BLOCK;
            int rows = fx->height - y < FX_BLOCK ? fx->height - y : FX_BLOCK;
            int16_t *out = fx->filtered + (size_t)y * (size_t)fx->width + x;
            filter_block(fx_norm(fx, x - R, y - R), fx->stride, filter, out, fx->width, columns, rows);
            float e = 0;
            for (int j = 0; j < rows; j++)
                for (int i = 0; i < columns; i++) {
                    float v = (float)out[j * fx->width + i] * (1.0f / FX_SIGMA);
                    e += v * v;
                }
            fx->strength[b] = sqrtf(e / (float)(rows * columns));
        }
}

/* A ridge is dark: a negative answer. */
void fx_binarise(struct hbs_fx *fx)
{
    memset(fx->bits, 0, (size_t)(fx->height + 2) * (size_t)fx->words * sizeof *fx->bits);
    for (int y = 0; y < fx->height; y++) {
        uint64_t *row = fx_row(fx, fx->bits, y);
        const int16_t *f = fx->filtered + (size_t)y * (size_t)fx->width;
        for (int x = 0; x < fx->width; x++)
            row[x >> 6] |= (uint64_t)(f[x] < 0) << (x & 63);
    }
}
