/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: the kinds of sensor: how a finger is laid on them, and what their pictures look like.
 *
 * Sizes and resolutions are those of the sensors of FVC2002 and FVC2004 (Maio, Maltoni, Cappelli, Wayman
 * and Jain, "FVC2002: second fingerprint verification competition", ICPR 2002; "FVC2004: third ...", ICBA
 * 2004). Grey levels and ground were set by looking and by grey percentiles. What decides how hard a
 * print is to read and to compare was searched for: at random, keeping what brought the distributions of
 * minutiae count, quality, area and genuine score and the EER nearer to those of the published set, all
 * by the engine's own extractor and matcher (bench/compare_synth.c; the result in docs/rooms/synth.md and
 * docs/measurements/synth_compare.txt). No pixel of any set is in the numbers.
 */
#include "synth_int.h"

/* What the numbers do, roughly, by what they move when everything is measured again:
 *   quality and count  grain, its spread, speckle and beading (broken ridges), wetness and its spread, fade
 *   area               contact, contact_spread
 *   genuine score      contact_u/v_spread and shift (how much two impressions share), slip (how alike they are bent)
 *   its hard tail      asked and what is asked: few impressions, much worse (draw_manner)
 *   fingers apart      skin: prints of a dry finger are all bad, which independent conditions cannot do
 * Numbers that were searched for are good to a tenth or so: the published sets have 80 prints of ten fingers. */
static const struct syn_sensor sensors[HBS_SYNTH_SENSORS] = {
    /* FVC2002 DB1: a white ground and well-inked ridges that dry skin breaks. Nearly all pairs are easy; one print in
     * a hundred is not. */
    [HBS_SYNTH_OPTICAL_500] = {
        .info = {"optical-500", "optical, 388 x 374, white ground", 388, 374, 500},
        .scale = 1.0, .shift = {26, 40}, .shift_mean = {0, 18}, .rotation = 0.24,
        .contact = {130, 197}, .contact_spread = 0.10, .squareness = 2.3,
        .contact_v = 22, .contact_v_spread = 28, .contact_u_spread = 16, .slip = 5.5,
        .asked = 0.24, .asked_shift = 1.75, .asked_turn = 1.5, .asked_slip = 1.75, .asked_wet = 0.3, .skin = 0.5,
        .wetness = -0.21, .wetness_spread = 0.53, .unevenness = 0.65, .grain = 0.8, .grain_spread = 0.5,
        .abrasion = 0.6, .scratches = 4, .grain_size = 3.6, .speckle = 0.7, .beading = 0.25, .mottle = 0.3,
        .sharpness = 0.75, .fade = 0.12, .blur = 0.5, .ridge = 8, .valley = 247, .ground = 253, .vignette = 1.5,
        .pixel_noise = 5, .specks = 7},
    /* FVC2002 DB2: fingers large and clean on a tall plate, low in the picture, grey and darker towards its rim. Ridges
     * are as far apart in pixels as 569 ppi make them; few prints, displaced or bent, make all errors. */
    [HBS_SYNTH_OPTICAL_569] = {
        .info = {"optical-569", "optical, 296 x 560, 569 ppi, grey ground", 296, 560, 569},
        .scale = 0.95, .shift = {16, 60}, .shift_mean = {0, 10}, .rotation = 0.204,
        .contact = {136, 218}, .contact_spread = 0.09, .squareness = 2.2,
        .contact_v = -23, .contact_v_spread = 37, .contact_u_spread = 16, .slip = 6,
        .asked = 0.2, .asked_shift = 2.6, .asked_turn = 2, .asked_slip = 2.6, .asked_wet = 0.27, .skin = 0.27,
        .wetness = 0.056, .wetness_spread = 0.5, .unevenness = 0.7, .grain = 0.56, .grain_spread = 0.53,
        .abrasion = 0.4, .scratches = 3, .grain_size = 4.2, .speckle = 0.54, .beading = 0.35, .mottle = 0.124,
        .sharpness = 0.83, .fade = 0.16, .blur = 0.8, .ridge = 4, .valley = 176, .ground = 184, .vignette = 84,
        .pixel_noise = 4, .specks = 40},
    /* FVC2002 DB3: a plate smaller than the finger, so that prints share less; columns that differ in gain. */
    [HBS_SYNTH_CAPACITIVE_500] = {
        .info = {"capacitive-500", "capacitive, 300 x 300, grey ground with columns", 300, 300, 500},
        .scale = 1.0, .shift = {16, 18}, .shift_mean = {0, 0}, .rotation = 0.16,
        .contact = {105, 139}, .contact_spread = 0.10, .squareness = 3.0,
        .contact_v = 45, .contact_v_spread = 22, .contact_u_spread = 14, .slip = 8.71,
        .asked = 0.5, .asked_shift = 2, .asked_turn = 1.5, .asked_slip = 1.66, .asked_wet = 0.3, .skin = 0.35,
        .wetness = -0.12, .wetness_spread = 0.5, .unevenness = 0.55, .grain = 0.42, .grain_spread = 0.45,
        .abrasion = 0.35, .scratches = 2, .grain_size = 2.4, .speckle = 0.95, .beading = 0.18, .mottle = 0.24,
        .sharpness = 1.0, .fade = 0.13, .blur = 0.3, .ridge = 14, .valley = 98, .ground = 121, .vignette = -46,
        .pixel_noise = 7, .columns = 3.4, .specks = 60},
    /* FVC2002 DB4, itself made by the generator SFinGe: fingers often half off a narrow picture, finer ridges, and
     * noise that follows the finger. */
    [HBS_SYNTH_NOISY_500] = {
        .info = {"noisy-500", "288 x 384, strong noise, often off the plate", 288, 384, 500},
        .scale = 0.9, .shift = {46, 52}, .shift_mean = {0, -18}, .rotation = 0.26,
        .contact = {120, 191}, .contact_spread = 0.06, .squareness = 2.0,
        .contact_v = 34.8, .contact_v_spread = 21.4, .contact_u_spread = 11.3, .slip = 10,
        .asked = 0.4, .asked_shift = 1.54, .asked_turn = 1.5, .asked_slip = 1.66, .asked_wet = 0.342, .skin = 0.6,
        .wetness = -0.344, .wetness_spread = 0.218, .unevenness = 0.465, .grain = 0.632, .grain_spread = 0.485,
        .abrasion = 0.183, .scratches = 0.8, .grain_size = 3.2, .speckle = 0.92, .beading = 0.56, .mottle = 0.147,
        .sharpness = 1.045, .fade = 0.194, .blur = 0.6, .ridge = 2, .valley = 174, .ground = 188, .vignette = 86,
        .pixel_noise = 3.4, .specks = 40},
    /* FVC2004 DB1: a plate of ten square centimetres on which people were asked to press low and high, to turn, to bend
     * the skin, and came dry and wet: count and quality are usual, scores are not. */
    [HBS_SYNTH_OPTICAL_LARGE] = {
        .info = {"optical-large", "optical, 640 x 480, white ground, faint prints", 640, 480, 500},
        .scale = 1.0, .shift = {60, 34}, .shift_mean = {0, 0}, .rotation = 0.28,
        .contact = {126, 190}, .contact_spread = 0.14, .squareness = 2.3,
        .contact_v = 14, .contact_v_spread = 40, .contact_u_spread = 22, .slip = 10,
        .asked = 0.6, .asked_shift = 2, .asked_turn = 1.5, .asked_slip = 2, .asked_wet = 0.3, .skin = 0.35,
        .wetness = 0.03, .wetness_spread = 0.55, .unevenness = 0.85, .grain = 0.85, .grain_spread = 0.6,
        .abrasion = 0.6, .scratches = 4, .grain_size = 2.8, .speckle = 0.873, .beading = 0.25, .mottle = 0.22,
        .sharpness = 0.8, .fade = 0.12, .blur = 0.4, .ridge = 4, .valley = 250, .ground = 255, .vignette = 0,
        .pixel_noise = 7, .specks = 5},
    /* FVC2004 DB3: a finger drawn over a line of heat sensors. Black and white, long, full of minutiae, scratched by
     * the joints of its strips, and stretched by the movement. */
    [HBS_SYNTH_THERMAL_500] = {
        .info = {"thermal-sweep-500", "thermal sweep, 300 x 480, black and white", 300, 480, 500},
        .scale = 0.94, .shift = {12, 22}, .shift_mean = {0, 6}, .rotation = 0.25,
        .contact = {133, 274}, .contact_spread = 0.08, .squareness = 3.4,
        .contact_v = 0, .contact_v_spread = 44, .contact_u_spread = 31, .slip = 25,
        .asked = 0.55, .asked_shift = 2.2, .asked_turn = 1.3, .asked_slip = 2, .asked_wet = 0.3, .skin = 0.12,
        .wetness = 0.3, .wetness_spread = 0.5, .unevenness = 0.42, .grain = 1.28, .grain_spread = 0.2,
        .abrasion = 1.0, .scratches = 200, .grain_size = 2.2, .speckle = 0.6, .beading = 0.045, .mottle = 0.1,
        .sharpness = 0.94, .fade = 0.10, .blur = 0.3, .ridge = 0, .valley = 236, .ground = 104, .vignette = 0,
        .pixel_noise = 9, .columns = 2, .rows = 3, .specks = 0},
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

/* By the name in the table, letter for letter; six names need no more than a loop. */
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

/* What an impression is asked to be, over what people do by themselves. The published sets were taken in three
 * sessions: an ordinary one; one in which displacement and rotation (FVC2002) or skin distortion and rotation
 * (FVC2004) were to be exaggerated; and one with fingers dried or moistened (Maio et al., "FVC2002" and
 * "FVC2004"). That makes the hard tail of their genuine scores, which no single spread gives. */
struct manner {
    double shift, turn, slip; /* factors of the sensor's deviations */
    double wet;               /* added to its wetness */
};

/* The share of impressions that are asked for something, and how strongly, are the sensor's; what is asked is one of
 * six with equal chance, two of them distortion. No more are asked above difficulty 1: there everything else
 * grows already, and below it fewer, so that at 0 nothing is. Its random numbers are a stream of their own: an
 * impression that is asked for nothing is the same however many others are. */
static struct manner draw_manner(const struct syn_sensor *s, double difficulty, uint64_t seed)
{
    struct manner m = {1, 1, 1, 0};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, syn_seed(seed, 12, 0));
    double asked = hbs_rng_unit(&rng), how = 0.5 + hbs_rng_unit(&rng), d = difficulty > 1 ? 1 : difficulty;
    unsigned what = hbs_rng_below(&rng, 6);
    if (asked >= s->asked * d)
        return m;
    switch (what) {
    case 0: /* put down beside the middle, or by the tip */
        m.shift = 1 + (s->asked_shift - 1) * how;
        break;
    case 1:
        m.turn = 1 + (s->asked_turn - 1) * how;
        break;
    case 2:
    case 3:
        m.slip = 1 + (s->asked_slip - 1) * how;
        break;
    case 4: /* dried with a towel */
        m.wet = -s->asked_wet * how;
        break;
    default: /* moistened */
        m.wet = s->asked_wet * how;
        break;
    }
    return m;
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
    /* skin slips with the difficulty up to 1 and hardly more after, as it would tear */
    double d = difficulty, bend = d < 1 ? d : 1 + 0.3 * (d - 1);
    double far_x = 0.42 * s->info.width * 500 / s->info.ppi, far_y = 0.42 * s->info.height * 500 / s->info.ppi;
    /* harder pressure makes a print wider and higher at once */
    double wide = 1 + s->contact_spread * syn_normal(&rng);
    /* harder: a smaller piece of the finger touches */
    double part = 1 - 0.13 * (d > 1 ? d - 1 : 0);
    struct manner m = draw_manner(s, d, seed);
    *out = (struct hbs_synth_conditions){
        .sensor = sensor,
        /* some of the finger is always on the plate */
        .shift_x = (float)clamp(s->shift_mean[0] + d * s->shift[0] * m.shift * syn_normal(&rng), -far_x, far_x),
        .shift_y = (float)clamp(s->shift_mean[1] + d * s->shift[1] * m.shift * syn_normal(&rng), -far_y, far_y),
        /* deviations in radians; 0.25 is 14 degrees, and the sets allow 35 */
        .rotation = (float)(d * s->rotation * m.turn * syn_normal(&rng)),
        .contact_width = (float)clamp(s->contact[0] * wide * part * (1 + 0.07 * d * syn_normal(&rng)), 40, 250),
        .contact_height = (float)clamp(s->contact[1] * wide * part * (1 + 0.10 * d * syn_normal(&rng)), 50, 300),
        /* and it is the pad that touches, not its flank or the joint alone */
        .contact_x = (float)clamp(d * s->contact_u_spread * m.shift * syn_normal(&rng), -60, 60),
        .contact_y = (float)(s->contact_v + clamp(d * s->contact_v_spread * m.shift * syn_normal(&rng), -120, 120)),
        .slip_x = (float)(bend * s->slip * m.slip * syn_normal(&rng)),
        .slip_y = (float)(bend * s->slip * m.slip * syn_normal(&rng)),
        .torsion = (float)(bend * 0.01 * s->slip * m.slip * syn_normal(&rng)),
        .plasticity = (float)(1.2 + 0.6 * hbs_rng_unit(&rng)),
        .wetness = (float)clamp(s->wetness + m.wet + d * s->wetness_spread * syn_normal(&rng), -1, 1),
        /* skewed: most prints are a little uneven and grained, a few very much so */
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

/* Dirt on the plate: small grey flecks, a few pixels each, most of them faint. It lies on ridges and ground alike and
 * is the impression's own, as plates are wiped. */
static void sprinkle(const struct syn_sensor *s, struct hbs_rng *rng, uint8_t *pixels)
{
    int w = (int)s->info.width, h = (int)s->info.height;
    int n = s->specks ? (int)hbs_rng_below(rng, 2 * (uint32_t)s->specks) : 0;
    for (int i = 0; i < n; i++) {
        int x = (int)hbs_rng_below(rng, (uint32_t)w), y = (int)hbs_rng_below(rng, (uint32_t)h);
        /* an ellipse with soft edges */
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

/* Order of what a pixel is: the ground, vignetted and streaked by column and row; where skin touches, the valleys'
 * grey instead; less the ink, by how dark this sensor prints here; noise; and for a sweep, the frame outside
 * what was swept. Arithmetic is double: what is left to a compiler is not worth a difference. */
void syn_render(const struct syn_sensor *s, const struct hbs_synth_conditions *how,
                struct hbs_rng *rng, const float *ink, const float *contact, float *noise,
                float *scratch, uint8_t *pixels)
{
    int w = (int)s->info.width, h = (int)s->info.height;
    bool sweep = how->sensor == HBS_SYNTH_THERMAL_500;
    float column[1024], row[1024]; /* no sensor of the table is larger */
    double drift = 0;
    for (int x = 0; x < w; x++) {
        bool streak = hbs_rng_below(rng, 100) < 6; /* some columns are dead or hot, the rest a little off */
        column[x] = (float)(s->columns * (syn_normal(rng) * 0.5 + (streak ? 1.6 * syn_normal(rng) : 0)));
    }
    for (int y = 0; y < h; y++) {
        /* the speed of a sweep wanders, so rows go in groups */
        drift = 0.85 * drift + 0.5 * syn_normal(rng);
        row[y] = (float)(s->rows * drift);
    }
    syn_noise(rng, w, h, sweep ? 40 : 90, scratch, noise);
    uint32_t state = (uint32_t)hbs_rng_u64(rng) | 1; /* of a faster generator, one call a pixel */
    double range = (s->valley - s->ridge) * how->contrast;
    /* the lamp is not quite in the middle */
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
            /* ink comes from ink_rows, 0 to 1 and softened already; contact may be below 0: how far off the plate */
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
            /* a bright place of the ground has a longer way to black than one in the vignette */
            double whole = sweep ? level * clamp(1.3 * deep, 0, 1)
                                 : range * deep * clamp(level / s->ground, 0.2, 1.2);
            level -= (double)ink[i] * whole;
            level += s->pixel_noise * (double)syn_hiss(&state) * (s->ground > 250 ? touch : 1.0);
            /* outside what was swept there is no ground, only the level of an idle row */
            if (sweep && (y < top || x < left || x >= w - right))
                level = 108 + (y < top ? (double)row[y] : 0);
            pixels[i] = (uint8_t)clamp(level + 0.5, 0, 255);
        }
    }
    sprinkle(s, rng, pixels);
}
