/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the ridge period. Around every second block a signature is taken across the ridges
 * (Hong, Wan, Jain 1998, section 2.4, "x-signature"), and its power at a ladder of periods replaces
 * their counting of peaks, which fails on wet and dry prints. Periods are then averaged over the
 * neighbourhood, each weighted by how much of the signature's power its peak holds.
 */
#include "finger_int.h"

#include <pthread.h>

enum { LENGTH = 48, WIDTH = 17, STEPS = 15 };

static const float shortest = 4.6f, ratio = 1.09f; /* the ladder: 4.6 to 15.4 pixels */
static float cosine[STEPS][LENGTH], sine[STEPS][LENGTH], log_period[STEPS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Cosines and sines under a Hann window, blind to a constant. */
static void make_ladder(void)
{
    for (int k = 0; k < STEPS; k++) {
        log_period[k] = fx_log(shortest) + (float)k * fx_log(ratio);
        float period = fx_exp(log_period[k]), hann[LENGTH], sum_c = 0, sum_s = 0, sum = 0, c, s;
        for (int i = 0; i < LENGTH; i++) {
            fx_sincos(FX_TAU * ((float)i + 0.5f) / LENGTH, &s, &c);
            hann[i] = 0.5f - 0.5f * c;
            fx_sincos(FX_TAU * ((float)i - 0.5f * (LENGTH - 1)) / period, &s, &c);
            cosine[k][i] = hann[i] * c;
            sine[k][i] = hann[i] * s;
            sum_c += cosine[k][i];
            sum_s += sine[k][i];
            sum += hann[i];
        }
        for (int i = 0; i < LENGTH; i++) {
            cosine[k][i] -= sum_c / sum * hann[i];
            sine[k][i] -= sum_s / sum * hann[i];
        }
    }
}

/* Mean of the normalised picture along WIDTH pixels of ridge, at LENGTH places across it. */
static void take_signature(const struct hbs_fx *fx, int bx, int by, float out[LENGTH])
{
    int b = by * fx->bw + bx;
    float cx = (float)(bx * FX_BLOCK) + 3.5f, cy = (float)(by * FX_BLOCK) + 3.5f, ax, ay;
    fx_sincos(0.5f * fx_atan2(fx->osin[b], fx->ocos[b]), &ay, &ax);
    ay = -ay; /* along the ridge (ax, ay), across it (-ay, ax), in picture coordinates (y down) */
    for (int i = 0; i < LENGTH; i++) {
        float u = (float)i - 0.5f * (LENGTH - 1);
        float px = cx - ay * u - ax * (WIDTH / 2), py = cy + ax * u - ay * (WIDTH / 2);
        int sum = 0;
        for (int j = 0; j < WIDTH; j++) {
            int x = (int)(px + 64.5f) - 64, y = (int)(py + 64.5f) - 64;
            if (x >= -FX_PAD && y >= -FX_PAD && x < fx->width + FX_PAD && y < fx->height + FX_PAD)
                sum += *fx_norm(fx, x, y);
            px += ax;
            py += ay;
        }
        out[i] = (float)sum * (1.0f / (FX_SIGMA * WIDTH));
    }
}

void fx_frequency(struct hbs_fx *fx)
{
    static const float spread = 2.5f, prior = 0.02f, usual = 9.0f;
    pthread_once(&once, make_ladder);
    int w = fx->bw, h = fx->bh;
    float *weight = fx->scratch[0], *value = fx->scratch[1], trust = 0;
    int looked = 0;
    memset(weight, 0, (size_t)(w * h) * sizeof *weight);
    memset(value, 0, (size_t)(w * h) * sizeof *value);
    for (int by = 0; by < h; by++)
        for (int bx = by & 1; bx < w; bx += 2) {
            int b = by * w + bx, peak = 0;
            if (!fx->mask[b])
                continue;
            looked++;
            float signature[LENGTH], power[STEPS], best = 0, all = 0;
            take_signature(fx, bx, by, signature);
            for (int k = 0; k < STEPS; k++) {
                float c = 0, s = 0;
                for (int i = 0; i < LENGTH; i++) {
                    c += cosine[k][i] * signature[i];
                    s += sine[k][i] * signature[i];
                }
                power[k] = c * c + s * s;
                all += power[k];
                if (power[k] > best) {
                    best = power[k];
                    peak = k;
                }
            }
            if (all < 1e-3f || peak == 0 || peak == STEPS - 1)
                continue;
            float l = power[peak - 1], r = power[peak + 1], curve = l - 2 * best + r;
            float shift = curve < 0 ? 0.5f * (l - r) / curve : 0;
            float sharp = best / all;
            weight[b] = sharp * sharp * (best > 8 ? 1 : best / 8);
            value[b] = weight[b] * (log_period[peak] + shift * (log_period[1] - log_period[0]));
            trust += weight[b];
        }
    float all_w = 1e-4f, all_v = 1e-4f * fx_log(usual);
    for (int i = 0; i < w * h; i++) {
        all_w += weight[i];
        all_v += value[i];
    }
    /* Where nothing is known, the print's mean period; where the print says nothing, the usual. */
    float mean = all_v / all_w;
    fx->mean_period = fx_exp(mean);
    fx->period_trust = looked ? sqrtf(trust / (float)looked) : 0;
    fx_smooth_blocks(fx, weight, spread, fx->scratch[3]);
    fx_smooth_blocks(fx, value, spread, fx->scratch[3]);
    for (int i = 0; i < w * h; i++)
        fx->period[i] = fx_exp((value[i] + prior * mean) / (weight[i] + prior));
}
