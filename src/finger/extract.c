/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the extraction as a whole: memory, resolution, the order of the steps, and the
 * template at the end.
 *
 * Resolution: ridges of adults are 9 pixels apart at 500 ppi, give or take three (measured on the
 * six published sets: means of 6.4 to 10.4 a print). A declared resolution counts when the ridges
 * agree with it within 30 %; otherwise 500 is taken where that is plausible, and else what makes
 * the ridges 9 pixels apart.
 */
#include "finger_int.h"
#include "scale_int.h"

#include <stdlib.h>

static const float usual_period = 9.0f;

static bool take(struct hbs_ctx *ctx, void *out, size_t count, size_t size)
{
    void *p = hbs_alloc(ctx, count, size);
    memcpy(out, &p, sizeof p);
    return p != NULL;
}

static void fx_close(struct hbs_fx *fx)
{
    void *all[] = {fx->norm, fx->filtered, fx->deviation, fx->tensor[0], fx->tensor[1],
                   fx->tensor[2], fx->ocos, fx->osin, fx->first_cos, fx->first_sin, fx->period,
                   fx->strength, fx->mask, fx->depth, fx->scratch[0], fx->scratch[1],
                   fx->scratch[2], fx->scratch[3], fx->bits, fx->bits2};
    for (size_t i = 0; i < HBS_COUNT(all); i++)
        hbs_free(fx->ctx, all[i]);
    *fx = (struct hbs_fx){.ctx = fx->ctx};
}

static enum hbs_err fx_open(struct hbs_fx *fx, struct hbs_ctx *ctx, const uint8_t *pixels, int width,
                            int height)
{
    *fx = (struct hbs_fx){.ctx = ctx, .pixels = pixels, .width = width, .height = height};
    size_t w = (size_t)width, h = (size_t)height;
    fx->stride = (int)((w + 2 * FX_PAD + 16 + 15) & ~(size_t)15);
    fx->bw = (width + FX_BLOCK - 1) / FX_BLOCK;
    fx->bh = (height + FX_BLOCK - 1) / FX_BLOCK;
    fx->words = (int)((w + 63) / 64 + 2);
    size_t blocks = (size_t)fx->bw * (size_t)fx->bh, plane = (h + 2) * (size_t)fx->words;
    size_t scratch = blocks > 2 * w ? blocks : 2 * w;
    scratch = scratch < 8 * FX_RAW_MAX ? 8 * FX_RAW_MAX : scratch;
    bool good = take(ctx, &fx->norm, (h + 2 * FX_PAD) * (size_t)fx->stride, sizeof(int16_t)) &&
                take(ctx, &fx->filtered, w * h, sizeof(int16_t)) &&
                take(ctx, &fx->bits, plane, sizeof(uint64_t)) &&
                take(ctx, &fx->bits2, plane, sizeof(uint64_t)) && take(ctx, &fx->mask, blocks, 1) &&
                take(ctx, &fx->depth, blocks, 1);
    float **maps[] = {&fx->deviation, &fx->tensor[0], &fx->tensor[1], &fx->tensor[2], &fx->ocos,
                      &fx->osin, &fx->first_cos, &fx->first_sin, &fx->period, &fx->strength};
    for (size_t i = 0; good && i < HBS_COUNT(maps); i++)
        good = take(ctx, maps[i], blocks, sizeof(float));
    for (int i = 0; good && i < 4; i++)
        good = take(ctx, &fx->scratch[i], scratch, sizeof(float));
    return good ? HBS_OK : hbs_fail_memory(ctx, w * h * sizeof(int16_t));
}

/* Everything up to the ridge period. */
static void look(struct hbs_fx *fx, const struct fx_tuning *tuning)
{
    size_t bytes = (size_t)(fx->bw * fx->bh) * sizeof(float);
    fx_normalise(fx);
    fx_blur(fx);
    fx_tensor(fx);
    fx_orientation(fx, tuning->fine[0], tuning->wide[0]);
    fx_segment(fx);
    fx_frequency(fx);
    memcpy(fx->first_cos, fx->ocos, bytes);
    memcpy(fx->first_sin, fx->osin, bytes);
}

/* A picture at 500 ppi, given that it has `ppi`; `scaled` owns the pixels if they are not the
 * picture's own. */
static enum hbs_err look_at(struct hbs_ctx *ctx, const struct hbs_image *image,
                            const struct fx_tuning *tuning, uint32_t ppi, struct hbs_fx *fx, uint8_t **scaled)
{
    fx_close(fx);
    hbs_free(ctx, *scaled);
    *scaled = NULL;
    const uint8_t *pixels = image->pixels;
    int width = (int)image->width, height = (int)image->height;
    if (ppi != 500) {
        width = (int)(((uint64_t)image->width * 500 + ppi / 2) / ppi);
        height = (int)(((uint64_t)image->height * 500 + ppi / 2) / ppi);
        width = width < 1 ? 1 : width;
        height = height < 1 ? 1 : height;
    }
    if (width > FX_SIDE_MAX || height > FX_SIDE_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "", "crop it to one finger, or tell its resolution",
                        "%d x %d pixels at 500 ppi; a side may have %d", width, height, FX_SIDE_MAX);
    if (ppi != 500) {
        if (!take(ctx, scaled, (size_t)width * (size_t)height, 1))
            return hbs_fail_memory(ctx, (size_t)width * (size_t)height);
        enum hbs_err err = fx_scale(ctx, image->pixels, (int)image->width, (int)image->height,
                                    *scaled, width, height);
        if (err)
            return err;
        pixels = *scaled;
    }
    enum hbs_err err = fx_open(fx, ctx, pixels, width, height);
    if (!err)
        look(fx, tuning);
    return err;
}

static bool between(float v, float least, float most) { return v >= least && v <= most; }

/* Whether the picture, at that resolution, is within the limit. */
static bool fits(const struct hbs_image *image, uint32_t ppi)
{
    return (uint64_t)image->width * 500 / ppi <= FX_SIDE_MAX && (uint64_t)image->height * 500 / ppi <= FX_SIDE_MAX;
}

/* Settles the resolution; leaves fx as look_at left it at that resolution. */
static enum hbs_err settle(struct hbs_ctx *ctx, const struct hbs_image *image,
                           const struct hbs_finger_options *options,
                           const struct fx_tuning *tuning, struct hbs_fx *fx,
                           uint8_t **scaled, struct hbs_finger_report *report)
{
    static const float agree_least = 9.0f / 1.3f, agree_most = 9.0f * 1.3f;
    static const float plausible_least = 5.4f, plausible_most = 13.0f;
    /* of the signatures' power in one peak: what every published print has at its own resolution is
     * 0.15, what most have 0.2; at half or twice the resolution it is less */
    static const float sure = 0.2f, least = 0.14f, favour = 1.25f;
    uint32_t told = options ? options->ppi : 0;
    report->ppi = told ? told : 500;
    report->ppi_source = told ? HBS_PPI_TOLD : HBS_PPI_ASSUMED;
    if (told && (told < 250 || told > 1000))
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give 250 to 1000", "%u ppi will not do", told);
    enum hbs_err err = HBS_OK;
    if (told)
        return look_at(ctx, image, tuning, told, fx, scaled);
    if (image->ppi >= 250 && image->ppi <= 1000 && image->ppi != 500 && fits(image, image->ppi)) {
        if ((err = look_at(ctx, image, tuning, image->ppi, fx, scaled)))
            return err;
        if (between(fx->mean_period, agree_least, agree_most)) {
            report->ppi = image->ppi;
            report->ppi_source = HBS_PPI_DECLARED;
            return HBS_OK;
        }
    }
    if ((err = look_at(ctx, image, tuning, 500, fx, scaled)))
        return err;
    if (image->ppi == 500 && between(fx->mean_period, agree_least, agree_most))
        report->ppi_source = HBS_PPI_DECLARED;
    bool plausible = between(fx->mean_period, plausible_least, plausible_most);
    if (plausible && fx->period_trust >= sure)
        return HBS_OK;
    /* 500 does not fit: which of these lets the ridges be seen best? */
    static const uint32_t others[] = {250, 350, 700, 1000};
    uint32_t best = 0;
    float trust = plausible ? favour * fx->period_trust : 0;
    trust = trust < least ? least : trust;
    for (size_t i = 0; i < HBS_COUNT(others); i++) {
        /* too large a picture at that resolution is no reason to fail */
        if (!fits(image, others[i]))
            continue;
        if ((err = look_at(ctx, image, tuning, others[i], fx, scaled)))
            return err;
        if (fx->period_trust > trust && between(fx->mean_period, agree_least, agree_most)) {
            trust = fx->period_trust;
            best = (uint32_t)fx_round((float)others[i] * fx->mean_period / usual_period);
        }
    }
    if (best) {
        report->ppi = best < 250 ? 250 : best > 1000 ? 1000 : best;
        report->ppi_source = HBS_PPI_ESTIMATED;
    }
    return look_at(ctx, image, tuning, report->ppi, fx, scaled);
}

static int by_place(const void *a, const void *b)
{
    const struct hbs_minutia *x = a, *y = b;
    if (x->y != y->y)
        return (int)x->y - (int)y->y;
    return x->x != y->x ? (int)x->x - (int)y->x : (int)x->angle - (int)y->angle;
}

/* Orientation in the middle of each cell. Values are kept as coarse as the packed form keeps them,
 * so that a stored template scores as a fresh one. */
static void fill_map(const struct hbs_fx *fx, struct hbs_finger_template *out)
{
    enum { SPAN = HBS_FINGER_CELL / FX_BLOCK };
    int columns = (fx->width + HBS_FINGER_CELL - 1) / HBS_FINGER_CELL;
    int rows = (fx->height + HBS_FINGER_CELL - 1) / HBS_FINGER_CELL;
    out->columns = (uint8_t)columns;
    out->rows = (uint8_t)rows;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            float c = 0, s = 0;
            int in = 0, all = 0;
            for (int j = SPAN * y; j < SPAN * (y + 1) && j < fx->bh; j++)
                for (int i = SPAN * x; i < SPAN * (x + 1) && i < fx->bw; i++) {
                    int b = j * fx->bw + i;
                    c += fx->first_cos[b];
                    s += fx->first_sin[b];
                    in += fx->mask[b];
                    all++;
                }
            int angle = fx_round(0.5f * fx_atan2(s, c) * (64 / FX_TAU)) & 31;
            out->orientation[y * columns + x] =
                2 * in > all ? (uint8_t)(4 * angle) : HBS_FINGER_NO_ORIENTATION;
        }
}

void fx_fill_minutiae(const struct fx_minutia *all, int n, const struct fx_tuning *tuning,
                      struct hbs_finger_template *out)
{
    float expected = 0;
    int count = 0;
    for (int i = 0; i < n && count < HBS_FINGER_MATCHED_MAX && all[i].worth >= tuning->least_worth; i++) {
        const struct fx_minutia *m = &all[i];
        expected += m->worth;
        int quality = fx_round(m->worth * 63);
        out->minutiae[count++] = (struct hbs_minutia){
            .x = (uint16_t)(fx_round(m->x * 2) * (HBS_FINGER_UNIT / 2)),
            .y = (uint16_t)(fx_round(m->y * 2) * (HBS_FINGER_UNIT / 2)),
            .angle = (uint8_t)(fx_round(m->angle * (256 / FX_TAU)) & 255),
            .type = m->type,
            .quality = (uint8_t)((quality * 100 + 31) / 63),
            .support = m->support};
    }
    out->count = (uint16_t)count;
    qsort(out->minutiae, (size_t)count, sizeof out->minutiae[0], by_place);
    /* Expected number of minutiae that another impression will show: 10 is poor, 30 is good. */
    out->quality = (uint8_t)fx_round(100 * (1 - fx_exp(-expected / 18)));
}

/* Whether there is a fingerprint at all: the worst of five things, each divided by a limit that every
 * one of the 480 published pictures passes (its least value there behind it). 0.5 is the limit. Text,
 * noise and most textures fail one of them by far; wood grain can pass them all. */
static float likeness(const struct hbs_fx *fx, float area, float expected)
{
    enum { APART = 2 }; /* blocks between which the field may turn only so much */
    float coherence = 0, turning = 0;
    int n = 0, steps = 0, w = fx->bw;
    for (int y = 0; y < fx->bh; y++)
        for (int x = 0; x < w; x++) {
            int i = y * w + x;
            if (!fx->mask[i])
                continue;
            float c = fx->first_cos[i], s = fx->first_sin[i], k = sqrtf(c * c + s * s);
            coherence += k;
            n++;
            if (x + APART >= w || y + APART >= fx->bh || !fx->mask[i + APART] || !fx->mask[i + APART * w])
                continue;
            const int other[2] = {i + APART, i + APART * w};
            for (int o = 0; o < 2; o++) {
                float c2 = fx->first_cos[other[o]], s2 = fx->first_sin[other[o]];
                float k2 = sqrtf(c2 * c2 + s2 * s2);
                turning += 1 - (c * c2 + s * s2) / (k * k2 + 1e-6f);
            }
            steps++;
        }
    if (!n)
        return 0;
    const float all[] = {
        fx->period_trust / 0.12f,                    /* ridges of one period (0.151) */
        coherence / (float)n / 0.28f,                /* parallel (0.344) */
        0.75f / (turning / (float)(steps + 1) + 0.1f), /* turning slowly (0.38 at most) */
        expected / 4,                                /* with minutiae (6.6) */
        area / 30,                                   /* on a patch of some size (59 mm2) */
    };
    float worst = 2;
    for (size_t i = 0; i < HBS_COUNT(all); i++)
        worst = all[i] < worst ? all[i] : worst;
    return 0.5f * worst;
}

static void judge_print(struct hbs_fx *fx, const struct hbs_finger_template *t,
                        struct hbs_finger_report *report)
{
    int n = fx->bw * fx->bh, blocks = 0;
    float expected = 0;
    for (int i = 0; i < n; i++)
        blocks += fx->mask[i];
    for (int i = 0; i < t->count; i++)
        expected += (float)t->minutiae[i].quality * 0.01f;
    report->ridge_period = fx->mean_period;
    report->area = (float)(blocks * FX_BLOCK * FX_BLOCK) * (25.4f * 25.4f / (500.0f * 500.0f));
    report->prints = fx_count_prints(fx);
    report->likeness = likeness(fx, report->area, expected);
    report->finger = report->likeness >= 0.5f;
}

enum hbs_err fx_extract(struct hbs_ctx *ctx, const struct hbs_image *image,
                        const struct hbs_finger_options *options, const struct fx_tuning *tuning,
                        struct fx_found *found, struct hbs_finger_template *out,
                        struct hbs_finger_report *report)
{
    struct hbs_fx fx = {.ctx = ctx};
    struct fx_minutia *some = NULL;
    uint8_t *scaled = NULL;
    struct hbs_finger_report unused;
    report = report ? report : &unused;
    memset(report, 0, sizeof *report);
    enum hbs_err err = settle(ctx, image, options, tuning, &fx, &scaled, report);
    if (err)
        goto done;
    if (!take(ctx, &some, FX_RAW_MAX, sizeof *some)) {
        err = hbs_fail_memory(ctx, FX_RAW_MAX * sizeof *some);
        goto done;
    }
    size_t bytes = (size_t)(fx.bw * fx.bh) * sizeof(float);
    found->count = 0;
    for (int h = 0; h < FX_HYPOTHESES; h++) {
        memcpy(fx.ocos, fx.first_cos, bytes);
        memcpy(fx.osin, fx.first_sin, bytes);
        fx_enhance(&fx, h);
        /* the enhanced picture shows the orientation better than the picture did */
        fx_tensor(&fx);
        fx_orientation(&fx, tuning->fine[h], tuning->wide[h]);
        fx_enhance(&fx, h);
        fx_binarise(&fx);
        fx_thin(&fx);
        int count = fx_minutiae(&fx, some);
        found->count = fx_merge(found->all, found->count, some, count, h);
    }
    fx_judge(found->all, found->count, tuning);
    memset(out, 0, sizeof *out);
    out->width = (uint16_t)fx.width;
    out->height = (uint16_t)fx.height;
    fill_map(&fx, out);
    fx_fill_minutiae(found->all, found->count, tuning, out);
    judge_print(&fx, out, report);
done:
    hbs_free(ctx, some);
    hbs_free(ctx, scaled);
    fx_close(&fx);
    return err;
}

enum hbs_err hbs_finger_extract(struct hbs_ctx *ctx, const struct hbs_image *image,
                                const struct hbs_finger_options *options,
                                struct hbs_finger_template *out, struct hbs_finger_report *report)
{
    struct fx_found *found;
    struct hbs_finger_template *made = NULL;
    if (!image->pixels || !image->width || !image->height)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give a picture", "the picture is empty");
    if (!take(ctx, &found, 1, sizeof *found) || !take(ctx, &made, 1, sizeof *made)) {
        hbs_free(ctx, found);
        return hbs_fail_memory(ctx, sizeof *found);
    }
    enum hbs_err err = fx_extract(ctx, image, options, &fx_tuning_shipped, found, made, report);
    if (!err)
        *out = *made;
    hbs_free(ctx, made);
    hbs_free(ctx, found);
    return err;
}
