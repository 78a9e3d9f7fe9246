/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: the kinds of sensor: how a finger is laid on them, and what their pictures look like.
 *
 * The table was set by looking: sizes and resolutions are those of the sensors of FVC2002 and
 * FVC2004 (Maio et al. 2002, 2004); the other numbers were moved until foreground area, grey
 * percentiles, local coherence and number of minutiae of generated pictures lay about where those
 * of the published sets lie (docs/rooms/synth.md). No pixel of any set is in them.
 */
#include "synth_int.h"

static const struct syn_sensor sensors[HBS_SYNTH_SENSORS] = {
    [HBS_SYNTH_OPTICAL_500] = {
        .info = {"optical-500", "optical, 388 x 374, white ground", 388, 374, 500},
        .scale = 1.0, .shift = {26, 40}, .shift_mean = {0, 18}, .rotation = 0.24,
        .contact = {128, 194}, .contact_spread = 0.10, .squareness = 2.3,
        .contact_v = 22, .contact_v_spread = 28,
        .contact_u_spread = 16, .slip = 5.5, .grain_spread = 0.5, .wetness = -0.18, .wetness_spread = 0.5, .unevenness = 0.65, .grain = 0.8, .abrasion = 0.6,
        .scratches = 4, .grain_size = 3.6, .speckle = 0.7, .beading = 0.25, .mottle = 0.3, .sharpness = 0.75, .fade = 0.12, .blur = 0.5,
        .ridge = 8, .valley = 247, .ground = 253, .vignette = 1.5, .pixel_noise = 5, .specks = 7},
    [HBS_SYNTH_OPTICAL_569] = {
        .info = {"optical-569", "optical, 296 x 560, 569 ppi, grey ground", 296, 560, 569},
        .scale = 1.0, .shift = {16, 60}, .shift_mean = {0, 10}, .rotation = 0.22,
        .contact = {132, 188}, .contact_spread = 0.09, .squareness = 2.2,
        .contact_v = 10, .contact_v_spread = 34,
        .contact_u_spread = 16, .slip = 6, .grain_spread = 0.5, .wetness = -0.08, .wetness_spread = 0.5, .unevenness = 0.7, .grain = 0.9, .abrasion = 0.6,
        .scratches = 4, .grain_size = 4.2, .speckle = 0.5, .beading = 0.35, .mottle = 0.15, .sharpness = 0.8, .fade = 0.16, .blur = 0.8,
        .ridge = 4, .valley = 176, .ground = 184, .vignette = 84, .pixel_noise = 4, .specks = 40},
    [HBS_SYNTH_CAPACITIVE_500] = {
        .info = {"capacitive-500", "capacitive, 300 x 300, grey ground with columns", 300, 300, 500},
        .scale = 1.0, .shift = {10, 10}, .shift_mean = {0, 0}, .rotation = 0.16,
        .contact = {105, 127}, .contact_spread = 0.10, .squareness = 3.0,
        .contact_v = 45, .contact_v_spread = 22,
        .contact_u_spread = 14, .slip = 5.5, .grain_spread = 0.45, .wetness = 0.0, .wetness_spread = 0.42, .unevenness = 0.45, .grain = 0.42, .abrasion = 0.35,
        .scratches = 2, .grain_size = 2.4, .speckle = 0.85, .beading = 0.12, .mottle = 0.15, .sharpness = 1.0, .fade = 0.13, .blur = 0.3,
        .ridge = 14, .valley = 98, .ground = 121, .vignette = -46, .pixel_noise = 3.8, .columns = 3.4,
        .specks = 60},
    [HBS_SYNTH_NOISY_500] = {
        .info = {"noisy-500", "288 x 384, strong noise, often off the plate", 288, 384, 500},
        .scale = 0.9, .shift = {46, 52}, .shift_mean = {0, -10}, .rotation = 0.26,
        .contact = {134, 210}, .contact_spread = 0.06, .squareness = 2.0,
        .contact_v = 20, .contact_v_spread = 28,
        .contact_u_spread = 22, .slip = 10, .grain_spread = 0.5, .wetness = -0.35, .wetness_spread = 0.35, .unevenness = 0.4, .grain = 0.40, .abrasion = 0.15,
        .scratches = 1, .grain_size = 3.2, .speckle = 0.5, .beading = 0.6, .mottle = 0.12, .sharpness = 0.9, .fade = 0.15, .blur = 0.6,
        .ridge = 2, .valley = 174, .ground = 188, .vignette = 86, .pixel_noise = 3, .specks = 40},
    [HBS_SYNTH_OPTICAL_LARGE] = {
        .info = {"optical-large", "optical, 640 x 480, white ground, faint prints", 640, 480, 500},
        .scale = 1.0, .shift = {60, 34}, .shift_mean = {0, 0}, .rotation = 0.28,
        .contact = {126, 190}, .contact_spread = 0.14, .squareness = 2.3,
        .contact_v = 14, .contact_v_spread = 40,
        .contact_u_spread = 22, .slip = 7, .grain_spread = 0.6, .wetness = 0.08, .wetness_spread = 0.55, .unevenness = 0.85, .grain = 0.85, .abrasion = 0.6,
        .scratches = 4, .grain_size = 2.8, .speckle = 0.8, .beading = 0.25, .mottle = 0.22, .sharpness = 0.8, .fade = 0.12, .blur = 0.4,
        .ridge = 4, .valley = 250, .ground = 255, .vignette = 0, .pixel_noise = 7, .specks = 5},
    [HBS_SYNTH_THERMAL_500] = {
        .info = {"thermal-sweep-500", "thermal sweep, 300 x 480, black and white", 300, 480, 500},
        .scale = 1.0, .shift = {12, 22}, .shift_mean = {0, 6}, .rotation = 0.22,
        .contact = {122, 226}, .contact_spread = 0.08, .squareness = 3.4,
        .contact_v = -6, .contact_v_spread = 26,
        .contact_u_spread = 16, .slip = 11, .grain_spread = 0.35, .wetness = 0.3, .wetness_spread = 0.34, .unevenness = 0.6, .grain = 1.45, .abrasion = 1.0,
        .scratches = 150, .grain_size = 2.2, .speckle = 0.6, .beading = 0.0, .mottle = 0.1, .sharpness = 1.1, .fade = 0.10, .blur = 0.3,
        .ridge = 0, .valley = 236, .ground = 104, .vignette = 0, .pixel_noise = 4, .columns = 2,
        .rows = 3, .specks = 0},
};

const struct syn_sensor *syn_sensor_of(enum hbs_synth_sensor sensor)
{
    return (unsigned)sensor < HBS_SYNTH_SENSORS ? &sensors[sensor] : NULL;
}

const struct hbs_synth_sensor_info *hbs_synth_sensor_info(enum hbs_synth_sensor sensor)
{
    const struct syn_sensor *s = syn_sensor_of(sensor);
    return s ? &s->info : NULL;
}

int hbs_synth_sensor_find(const char *name)
{
    for (int i = 0; i < HBS_SYNTH_SENSORS; i++)
        if (!strcmp(sensors[i].info.name, name))
            return i;
    return -1;
}

static double clamp(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

enum hbs_err hbs_synth_conditions(struct hbs_ctx *ctx, enum hbs_synth_sensor sensor,
                                  double difficulty, uint64_t seed, struct hbs_synth_conditions *out)
{
    const struct syn_sensor *s = syn_sensor_of(sensor);
    if (!s)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give one of the sensors of habeas/synth.h",
                        "sensor %d does not exist", (int)sensor);
    if (!(difficulty >= 0 && difficulty <= 3))
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give a difficulty from 0 to 3",
                        "a difficulty of %g makes no sense", difficulty);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, syn_seed(seed, 10, (uint64_t)sensor));
    double d = difficulty, bend = d < 1 ? d : 1 + 0.3 * (d - 1);
    double wide = 1 + s->contact_spread * syn_normal(&rng);
    /* harder: a smaller piece of the finger touches */
    double part = 1 - 0.13 * (d > 1 ? d - 1 : 0);
    *out = (struct hbs_synth_conditions){
        .sensor = sensor,
        .shift_x = (float)(s->shift_mean[0] + d * s->shift[0] * syn_normal(&rng)),
        .shift_y = (float)(s->shift_mean[1] + d * s->shift[1] * syn_normal(&rng)),
        .rotation = (float)(d * s->rotation * syn_normal(&rng)),
        .contact_width = (float)(s->contact[0] * wide * part * (1 + 0.07 * d * syn_normal(&rng))),
        .contact_height = (float)(s->contact[1] * wide * part * (1 + 0.10 * d * syn_normal(&rng))),
        .contact_x = (float)(d * s->contact_u_spread * syn_normal(&rng)),
        .contact_y = (float)(s->contact_v + d * s->contact_v_spread * syn_normal(&rng)),
        .slip_x = (float)(bend * s->slip * syn_normal(&rng)),
        .slip_y = (float)(bend * s->slip * syn_normal(&rng)),
        .torsion = (float)(bend * 0.01 * s->slip * syn_normal(&rng)),
        .plasticity = (float)(1.2 + 0.6 * hbs_rng_unit(&rng)),
        .wetness = (float)clamp(s->wetness + d * s->wetness_spread * syn_normal(&rng), -1, 1),
        .unevenness = (float)clamp(d * s->unevenness * syn_exp(0.45 * syn_normal(&rng)), 0, 1),
        .grain = (float)clamp(d * s->grain * syn_exp(s->grain_spread * syn_normal(&rng)), 0, 2),
        .abrasion = (float)clamp(d * s->abrasion * (0.3 + 1.2 * hbs_rng_unit(&rng)), 0, 1),
        .contrast = (float)clamp(0.96 - 0.05 * d + 0.1 * d * syn_normal(&rng), 0.4, 1)};
    /* rare draws would tear the skin (distort.c): those slip less */
    struct syn_map map;
    for (syn_map_make(out, &s->info, s->scale, &map); map.steepness > SYN_STEEP * 0.95;
         syn_map_make(out, &s->info, s->scale, &map)) {
        out->slip_x *= 0.8f;
        out->slip_y *= 0.8f;
        out->torsion *= 0.8f;
    }
    return HBS_OK;
}

/* Dirt on the plate: small grey flecks, a few pixels each. */
static void sprinkle(const struct syn_sensor *s, struct hbs_rng *rng, uint8_t *pixels)
{
    int w = (int)s->info.width, h = (int)s->info.height;
    int n = s->specks ? (int)hbs_rng_below(rng, 2 * (uint32_t)s->specks) : 0;
    for (int i = 0; i < n; i++) {
        int x = (int)hbs_rng_below(rng, (uint32_t)w), y = (int)hbs_rng_below(rng, (uint32_t)h);
        double rx = 0.7 + 1.6 * hbs_rng_unit(rng), ry = 0.7 + 1.6 * hbs_rng_unit(rng);
        double deep = (s->ground - s->ridge) * (0.1 + 0.5 * hbs_rng_unit(rng) * hbs_rng_unit(rng));
        for (int dy = -4; dy <= 4; dy++)
            for (int dx = -4; dx <= 4; dx++) {
                double e = dx * dx / (rx * rx) + dy * dy / (ry * ry);
                int px = x + dx, py = y + dy;
                if (e > 4 || px < 0 || py < 0 || px >= w || py >= h)
                    continue;
                double v = pixels[py * w + px] - deep * syn_exp(-e);
                pixels[py * w + px] = (uint8_t)clamp(v, 0, 255);
            }
    }
}

void syn_render(const struct syn_sensor *s, const struct hbs_synth_conditions *how,
                struct hbs_rng *rng, const float *ink, const float *contact, float *noise,
                float *scratch, uint8_t *pixels)
{
    int w = (int)s->info.width, h = (int)s->info.height;
    bool sweep = how->sensor == HBS_SYNTH_THERMAL_500;
    float column[1024], row[1024];
    double drift = 0;
    for (int x = 0; x < w; x++) {
        bool streak = hbs_rng_below(rng, 100) < 6;
        column[x] = (float)(s->columns * (syn_normal(rng) * 0.5 + (streak ? 1.6 * syn_normal(rng) : 0)));
    }
    for (int y = 0; y < h; y++) {
        drift = 0.85 * drift + 0.5 * syn_normal(rng);
        row[y] = (float)(s->rows * drift);
    }
    syn_noise(rng, w, h, sweep ? 40 : 90, scratch, noise);
    uint32_t state = (uint32_t)hbs_rng_u64(rng) | 1;
    double range = (s->valley - s->ridge) * how->contrast;
    double lean_x = 0.25 * syn_normal(rng), lean_y = 0.25 * syn_normal(rng);
    double top = sweep ? 12 + 30 * hbs_rng_unit(rng) : 0, left = 8 + 22 * hbs_rng_unit(rng),
           right = 8 + 22 * hbs_rng_unit(rng);
    for (int y = 0; y < h; y++) {
        double fy = 2.0 * y / h - 1 + lean_y;
        if (sweep && y % 8 == 0) { /* the strips that a sweep is joined of */
            left = clamp(left + 0.7 * syn_normal(rng), 2, 40);
            right = clamp(right + 0.7 * syn_normal(rng), 2, 40);
        }
        for (int x = 0; x < w; x++) {
            size_t i = (size_t)y * (size_t)w + (size_t)x;
            double fx = 2.0 * x / w - 1 + lean_x, touch = clamp((double)contact[i], 0, 1);
            double ground = s->ground - s->vignette * (0.5 * (fx * fx + fy * fy) - 0.25) +
                            0.06 * s->vignette * (double)noise[i] + (double)(column[x] + row[y]);
            double skin = s->valley - s->ground + ground; /* the valleys carry the same shading */
            /* firmer contact prints darker */
            double deep = clamp((0.93 + 0.11 * how->unevenness * (double)noise[i]), 0.3, 1);
            if (sweep) {
                /* skin that is near but does not touch cools the sensor: dark beside the print */
                double near = clamp(1 + 0.33 * ((double)contact[i] < 0 ? (double)contact[i] : 0), 0, 1);
                ground += -60 * near * near + 5 * (double)noise[i];
                skin = s->valley + 6 * (double)noise[i];
            }
            double level = ground + (skin - ground) * touch;
            level -= (double)ink[i] * (sweep ? level * clamp(1.3 * deep, 0, 1) : range * deep * clamp(level / s->ground, 0.2, 1.2));
            level += s->pixel_noise * (double)syn_hiss(&state) * (s->ground > 250 ? touch : 1.0);
            if (sweep && (y < top || x < left || x >= w - right))
                level = 108 + (y < top ? (double)row[y] : 0);
            pixels[i] = (uint8_t)clamp(level + 0.5, 0, 255);
        }
    }
    sprinkle(s, rng, pixels);
}
