/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger, from the inside out: elementary functions against the C library, thinning against a
 * picture of bytes, kernels against portable C; then what the whole promises: one answer on every
 * instruction set and number of threads, symmetric scores, alignment found, no picture or template
 * too odd, no allocation that may not fail.
 */
#include "finger/enhance_int.h"
#include "finger/finger_int.h"
#include "finger/match_int.h"
#include "finger_make.h"
#include "tap.h"

#include <math.h>
#include <unistd.h>

static struct hbs_ctx *ctx;
static struct hbs_finger_template shared[8]; /* too large for a stack of frames */

/* ---- Elementary functions -------------------------------------------------------------------- */

static void test_math(void)
{
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    double worst_atan = 0, worst_sc = 0, worst_exp = 0, worst_log = 0, worst_erf = 0, worst_turn = 0;
    bool rounds = true;
    for (int i = 0; i < 400000; i++) {
        float a = (float)hbs_rng_normal(&rng), b = (float)hbs_rng_normal(&rng), s, c;
        double d = fabs((double)fx_atan2(a, b) - atan2((double)a, (double)b));
        worst_atan = fmax(worst_atan, d);
        float angle = (float)(hbs_rng_unit(&rng) * 2000 - 1000);
        fx_sincos(angle, &s, &c);
        worst_sc = fmax(worst_sc, fmax(fabs((double)s - sin((double)angle)), fabs((double)c - cos((double)angle))));
        float x = (float)(hbs_rng_unit(&rng) * 158 - 79), e = fx_exp(x);
        worst_exp = fmax(worst_exp, fabs((double)e / exp((double)x) - 1));
        /* relative where the logarithm is large: a float of 80 has steps of 8e-6 */
        double l = log((double)e);
        worst_log = fmax(worst_log, fabs((double)fx_log(e) - l) / fmax(1, fabs(l)));
        float z = a * 2;
        worst_erf = fmax(worst_erf, fabs((double)fx_erf(z) - erf((double)z)));
        float from = angle * 0.0063f, to = x * 0.079f, t = fx_turn(from, to); /* within a turn each */
        worst_turn = fmax(worst_turn, fabs((double)t - fabs(remainder((double)from - (double)to, 2 * M_PI))));
        int r = fx_round(angle);
        rounds &= r == (int)lround((double)angle);
    }
    printf("# worst: atan2 %.2g, sine %.2g, exp %.2g, log %.2g, erf %.2g, turn %.2g\n", worst_atan, worst_sc, worst_exp,
           worst_log, worst_erf, worst_turn);
    ok(worst_atan <= 1.3e-5, "the arc tangent is within 1.3e-5 of the C library's");
    ok(worst_sc <= 1e-6, "sine and cosine within 1e-6");
    ok(worst_exp <= 1e-6, "the exponential within 1e-6, relative");
    ok(worst_log <= 1e-6, "the logarithm within 1e-6, relative beyond e");
    ok(worst_erf <= 3e-6, "the error function within 3e-6");
    ok(worst_turn <= 3e-6, "differences of angles are folded");
    ok(rounds && fx_round(0.5f) == 1 && fx_round(-0.5f) == -1 && fx_round(-2.5f) == -3, "halves go away from zero");
    ok(fx_atan2(0, 0) == 0 && fx_exp(-1000) > 0 && fx_exp(1000) < INFINITY, "nothing and too much stay finite");
    is_near((double)fx_atan2(0, -1), M_PI, 1e-6, "west is half a turn");
}

/* ---- Thinning -------------------------------------------------------------------------------- */

static int pixel(const uint8_t *p, int w, int h, int x, int y)
{
    return x >= 0 && y >= 0 && x < w && y < h ? p[y * w + x] : 0;
}

static void naive_despeckle(uint8_t *p, int w, int h, uint8_t *copy)
{
    memcpy(copy, p, (size_t)(w * h));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int n = pixel(copy, w, h, x, y - 1) + pixel(copy, w, h, x, y + 1) + pixel(copy, w, h, x - 1, y) +
                    pixel(copy, w, h, x + 1, y);
            p[y * w + x] = (uint8_t)(n >= 3 || (copy[y * w + x] && n > 0));
        }
}

/* Guo and Hall 1989, A1, as the paper writes it. */
static bool naive_pass(uint8_t *p, int w, int h, int side, uint8_t *copy)
{
    bool any = false;
    memcpy(copy, p, (size_t)(w * h));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            if (!copy[y * w + x])
                continue;
            static const int dx[8] = {0, 1, 1, 1, 0, -1, -1, -1}, dy[8] = {-1, -1, 0, 1, 1, 1, 0, -1};
            int q[10];
            for (int k = 0; k < 8; k++)
                q[k + 2] = pixel(copy, w, h, x + dx[k], y + dy[k]);
            int c = (!q[2] && (q[3] || q[4])) + (!q[4] && (q[5] || q[6])) + (!q[6] && (q[7] || q[8])) +
                    (!q[8] && (q[9] || q[2]));
            int n1 = (q[9] || q[2]) + (q[3] || q[4]) + (q[5] || q[6]) + (q[7] || q[8]);
            int n2 = (q[2] || q[3]) + (q[4] || q[5]) + (q[6] || q[7]) + (q[8] || q[9]);
            int n = n1 < n2 ? n1 : n2;
            int m = side ? (q[2] || q[3] || !q[5]) && q[4] : (q[6] || q[7] || !q[9]) && q[8];
            if (c == 1 && n >= 2 && n <= 3 && !m) {
                p[y * w + x] = 0;
                any = true;
            }
        }
    return any;
}

static bool thin_agrees(struct hbs_rng *rng, int w, int h)
{
    struct hbs_fx fx = {.ctx = ctx, .width = w, .height = h, .words = (w + 63) / 64 + 2};
    size_t plane = (size_t)(h + 2) * (size_t)fx.words;
    fx.bits = calloc(plane, sizeof *fx.bits);
    fx.bits2 = calloc(plane, sizeof *fx.bits2);
    uint8_t *p = calloc((size_t)(w * h), 1), *copy = calloc((size_t)(w * h), 1);
    bool same = fx.bits && fx.bits2 && p && copy;
    uint32_t dense = 20 + hbs_rng_below(rng, 75);
    int side = 1 + (int)hbs_rng_below(rng, 7); /* random blocks: ridges of some width */
    for (int y = 0; same && y < h; y++)
        for (int x = 0; x < w; x++)
            p[y * w + x] = x % side || y % side ? p[(y - y % side) * w + x - x % side]
                                                : hbs_rng_below(rng, 100) < dense;
    for (int i = 0; same && i < w * h / 20; i++)
        p[hbs_rng_below(rng, (uint32_t)(w * h))] ^= 1;
    for (int i = 0; same && i < w * h; i++)
        fx_row(&fx, fx.bits, i / w)[i % w >> 6] |= (uint64_t)p[i] << (i % w & 63);
    if (same) {
        fx_thin(&fx);
        naive_despeckle(p, w, h, copy);
        for (int i = 0; i < 40; i++) {
            bool a = naive_pass(p, w, h, 0, copy), b = naive_pass(p, w, h, 1, copy);
            if (!a && !b)
                break;
        }
        for (int i = 0; i < w * h; i++)
            same &= (fx_row(&fx, fx.bits, i / w)[i % w >> 6] >> (i % w & 63) & 1) == p[i];
        for (int y = -1; y <= h; y++) /* and nothing beside the picture */
            for (int x = y < 0 || y == h ? 0 : w; x < 64 * (fx.words - 2); x++)
                same &= !(fx_row(&fx, fx.bits, y)[x >> 6] >> (x & 63) & 1);
    }
    free(fx.bits);
    free(fx.bits2);
    free(p);
    free(copy);
    return same;
}

static void test_thinning(void)
{
    static const int widths[] = {1, 2, 3, 8, 31, 62, 63, 64, 65, 66, 127, 128, 129, 191, 192, 193, 300};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    int bad = 0;
    for (size_t i = 0; i < HBS_COUNT(widths); i++)
        for (int k = 0; k < 12; k++)
            if (!thin_agrees(&rng, widths[i], 1 + (int)hbs_rng_below(&rng, k % 3 ? 60 : 6)) && !bad++)
                printf("# width %d, plane %d\n", widths[i], k);
    is_int(bad, 0, "thinning by words gives what thinning by pixels gives, at widths about multiples of 64");
}

/* ---- Kernels --------------------------------------------------------------------------------- */

static void compare_bits(const char *name, fm_bits_fn kernel)
{
    struct {
        uint64_t word[FM_WORDS + 1], bits[FM_WORDS][FM_LANES], before[4];
    } in;
    uint64_t room[(sizeof in + 64) / 8];
    uint8_t out_room[FM_LANES * 2 + 64];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    int bad = 0;
    for (int round = 0; round < 8; round++) {
        uint64_t *at = room + round; /* every place of 8 bytes in a line of 64 */
        uint64_t(*bits)[FM_LANES] = (uint64_t(*)[FM_LANES])(void *)(at + FM_WORDS);
        for (size_t i = 0; i < FM_WORDS + FM_WORDS * FM_LANES; i++)
            at[i] = round == 0 ? 0 : round == 1 ? ~0ull : round == 2 ? (i < FM_WORDS ? ~0ull : 0) : hbs_rng_u64(&rng);
        for (int from = 0; from <= FM_MOST; from++)
            for (int to = from; to <= FM_MOST; to++) {
                uint16_t want[FM_LANES], *out = (uint16_t *)(void *)(out_room + 32 + 2 * (from & 15));
                memset(out_room, 0xA5, sizeof out_room);
                fm_bits_portable(at, (const uint64_t(*)[FM_LANES])bits, from, to, want);
                kernel(at, (const uint64_t(*)[FM_LANES])bits, from, to, out);
                for (int j = from; j < to; j++)
                    bad += out[j] != want[j];
                for (int j = 0; j < FM_LANES; j++) /* up to 7 beyond on either side, in whole vectors */
                    bad += (j < from - 7 || j >= to + 7) && out[j] != 0xA5A5;
                for (uint8_t *p = out_room; p < out_room + sizeof out_room; p++)
                    bad += (p < (uint8_t *)out || p >= (uint8_t *)(out + FM_LANES)) && *p != 0xA5;
            }
    }
    is_int(bad, 0, "%s counts as portable C does, for all ranges and places", name);
}

static void compare_filters(const char *name, fx_filter_block_fn kernel)
{
    enum { STRIDE = 61, HIGH = 24, OUT = 19 };
    static int16_t room[STRIDE * HIGH + 64], filter_room[FX_TAPS * FX_ROW + 16];
    int16_t want[OUT * 12], got_room[OUT * 12 + 32];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    int bad = 0;
    for (int round = 0; round < 40; round++) {
        int16_t *filter = filter_room + round % 16;
        int32_t sum = 0;
        for (int i = 0; i < STRIDE * HIGH + 64; i++) /* what the sums of a bank cannot overflow with */
            room[i] = round == 0 ? 16000 : round == 1 ? -16000 : (int16_t)((int)hbs_rng_below(&rng, 32001) - 16000);
        for (int i = 0; i < FX_TAPS * FX_ROW; i++) {
            int v = round < 2 ? 68 : (int)hbs_rng_below(&rng, 137) - 68;
            v = i % FX_ROW == FX_TAPS || sum + abs(v) > 16384 ? 0 : v;
            filter[i] = (int16_t)v;
            sum += abs(v);
        }
        for (int columns = 0; columns <= 8; columns++)
            for (int rows = 0; rows <= 8; rows++) {
                const int16_t *in = room + (columns * 7 + rows + round) % 16;
                int16_t *got = got_room + (round + rows) % 16;
                memset(want, 0x5A, sizeof want);
                memset(got_room, 0x5A, sizeof got_room);
                fx_filter_block_portable(in, STRIDE, filter, want, OUT, columns, rows);
                kernel(in, STRIDE, filter, got, OUT, columns, rows);
                bad += memcmp(want, got, sizeof want) != 0; /* also that nothing else is written */
            }
    }
    is_int(bad, 0, "%s filters as portable C does, for all sizes and places", name);
}

static void test_kernels(void)
{
    compare_bits("portable", fm_bits_portable);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        compare_bits("avx2", fm_bits_avx2);
        compare_filters("avx2", fx_filter_block_avx2);
    } else {
        tap_skip("no AVX2 here");
    }
    if (__builtin_cpu_supports("avx512vpopcntdq"))
        compare_bits("vpopcnt", fm_bits_vpopcnt);
    else
        tap_skip("no AVX-512 VPOPCNTDQ here");
#endif
}

/* ---- One answer everywhere ------------------------------------------------------------------- */

enum { DIGEST_MADE = HBS_SYNTH_SENSORS, DIGEST_MOST = DIGEST_MADE + 2 * 6 };
struct digest {
    struct hbs_finger_template t[DIGEST_MOST];
    bool good[DIGEST_MOST];
};

static void digest_one(void *arg, size_t i, unsigned thread)
{
    (void)thread;
    struct digest *d = arg;
    struct hbs_ctx *own = NULL;
    struct hbs_image im = {0};
    if (hbs_ctx_open(NULL, &own))
        return;
    int r = (int)i - DIGEST_MADE;
    bool made = r < 0 ? make_print(own, 40 + i, (enum hbs_synth_sensor)i, 1, &im)
                      : real_print(own, r / 2, 101 + r % 10, 1 + r % 2 * 4, &im);
    d->good[i] = made && !hbs_finger_extract(own, &im, NULL, &d->t[i], NULL);
    hbs_image_close(&im);
    hbs_ctx_close(own);
}

static uint64_t fnv(uint64_t h, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

/* Templates of some prints and the scores of all pairs of them, as one number. */
static int print_digest(unsigned threads)
{
    static struct digest d;
    int n = real_data() ? DIGEST_MOST : DIGEST_MADE;
    uint64_t h = 0xcbf29ce484222325u;
    hbs_parallel(threads, (size_t)n, digest_one, &d);
    struct hbs_finger_print *print[DIGEST_MOST] = {NULL};
    for (int i = 0; i < n; i++) {
        if (!d.good[i] || hbs_finger_prepare(ctx, &d.t[i], &print[i]))
            return 1;
        h = fnv(h, &d.t[i], sizeof d.t[i]);
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            struct hbs_finger_result r;
            memset(&r, 0, sizeof r);
            hbs_finger_compare(print[i], print[k], &r);
            h = fnv(h, &r.score, sizeof r.score);
            h = fnv(h, r.pairs, (size_t)r.paired * sizeof r.pairs[0]);
        }
    for (int i = 0; i < n; i++)
        hbs_finger_print_close(print[i]);
    printf("%s %d %016llx\n", hbs_finger_kernel(), n, (unsigned long long)h);
    return 0;
}

static void test_everywhere(void)
{
    static const struct {
        const char *isa;
        int threads;
    } ways[] = {{"portable", 1}, {"avx2", 2}, {"avx512", 1}, {"vpopcnt", 2}, {"vpopcnt", 1}};
    char self[2048], first[128] = "";
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) {
        tap_skip("this program cannot find itself");
        return;
    }
    self[length] = 0;
    for (size_t i = 0; i < HBS_COUNT(ways); i++) {
        char command[4096], line[128] = "", kernel[32] = "";
        int n = 0;
        snprintf(command, sizeof command, "HABEAS_ISA=%s '%s' digest %d", ways[i].isa, self, ways[i].threads);
        FILE *f = popen(command, "r");
        if (f) {
            if (!fgets(line, sizeof line, f))
                line[0] = 0;
            pclose(f);
        }
        const char *rest = strchr(line, ' ');
        sscanf(line, "%31s %d", kernel, &n);
        if (i == 0 && rest)
            snprintf(first, sizeof first, "%s", rest);
        ok(rest && *first && !strcmp(rest, first), "%s, kernel %s, %d threads: the same %d templates and scores", ways[i].isa, kernel,
           ways[i].threads, n);
        if (i == 0)
            is_text(kernel, "portable", "HABEAS_ISA lowers the kernel");
    }
}

/* ---- Comparison ------------------------------------------------------------------------------ */

static float score_of(const struct hbs_finger_template *a, const struct hbs_finger_template *b,
                      struct hbs_finger_result *out)
{
    struct hbs_finger_print *p = NULL, *q = NULL;
    struct hbs_finger_result r = {.score = NAN};
    if (!hbs_finger_prepare(ctx, a, &p) && !hbs_finger_prepare(ctx, b, &q))
        hbs_finger_compare(p, q, &r);
    hbs_finger_print_close(p);
    hbs_finger_print_close(q);
    if (out)
        *out = r;
    return r.score;
}

struct two {
    struct hbs_finger_template t[2];
};
static void two_templates(struct hbs_rng *rng, void *out)
{
    static const int counts[] = {0, 1, 2, 3, 10, 30, 47, 48, 49, 128};
    struct two *two = out;
    make_template(rng, counts[hbs_rng_below(rng, HBS_COUNT(counts))], &two->t[0]);
    if (hbs_rng_below(rng, 2)) { /* something alike */
        hbs_synth_template(hbs_rng_u64(rng), 1 + hbs_rng_below(rng, 10), &two->t[0]);
        hbs_synth_mate(&two->t[0], 2 * hbs_rng_unit(rng), hbs_rng_u64(rng), &two->t[1]);
    } else {
        make_template(rng, counts[hbs_rng_below(rng, HBS_COUNT(counts))], &two->t[1]);
    }
}

static bool is_symmetric(const void *input, bool verbose)
{
    const struct two *two = input;
    struct hbs_finger_result r, s;
    float ab = score_of(&two->t[0], &two->t[1], &r), ba = score_of(&two->t[1], &two->t[0], &s);
    bool good = isfinite(ab) && ab == ba && r.paired == s.paired && r.paired >= 0 && r.paired <= HBS_FINGER_MATCHED_MAX;
    bool used[2][HBS_FINGER_MINUTIAE_MAX] = {{false}};
    for (int i = 0; good && i < r.paired; i++) { /* each minutia at most once, and it exists */
        good &= r.pairs[i].a < two->t[0].count && r.pairs[i].b < two->t[1].count;
        good = good && !used[0][r.pairs[i].a] && !used[1][r.pairs[i].b];
        if (good)
            used[0][r.pairs[i].a] = used[1][r.pairs[i].b] = true;
    }
    if (verbose)
        printf("# %d and %d minutiae: %.9g and %.9g, %d and %d paired\n", two->t[0].count, two->t[1].count, (double)ab,
               (double)ba, r.paired, s.paired);
    return good;
}

static bool fewer_minutiae(void *input, int step)
{
    struct two *two = input;
    for (int k = 0; k < 2; k++) {
        if (step < two->t[k].count) {
            two->t[k].minutiae[step] = two->t[k].minutiae[--two->t[k].count];
            return true;
        }
        step -= two->t[k].count;
    }
    return false;
}

static void test_counts(void)
{
    static const int counts[] = {0, 1, 2, 128};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    for (int i = 0; i < 4; i++)
        make_template(&rng, counts[i], &shared[i]);
    bool finite = true;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++)
            finite &= isfinite(score_of(&shared[i], &shared[k], NULL));
    ok(finite, "0, 1, 2 and 128 minutiae compare");
    struct hbs_finger_result r;
    float self = score_of(&shared[3], &shared[3], &r), none = score_of(&shared[0], &shared[0], NULL);
    ok(self > none && r.paired == HBS_FINGER_MATCHED_MAX, "a print is most like itself");
    for (int i = 0; i < 50; i++) /* all in one place is a template too */
        shared[4].minutiae[i] = (struct hbs_minutia){.x = 800, .y = 800, .angle = 7, .type = 1, .quality = 50};
    shared[4].count = 50;
    shared[4].width = shared[4].height = 300;
    ok(isfinite(score_of(&shared[4], &shared[4], NULL)) && isfinite(score_of(&shared[4], &shared[3], NULL)),
       "also when they lie in one place");
    shared[5] = shared[3];
    shared[5].count = HBS_FINGER_MINUTIAE_MAX + 1;
    struct hbs_finger_print *p = NULL;
    is_int(hbs_finger_prepare(ctx, &shared[5], &p), HBS_ERR_FORMAT, "129 are refused");
}

/* Prints that differ in what does not show in places and directions alone. */
static void test_nearly_same(void)
{
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 21);
    int bad = 0;
    for (int i = 0; i < 200; i++) {
        hbs_synth_template((uint64_t)i, 1 + (unsigned)i % 10, &shared[0]);
        shared[1] = shared[0];
        if (i % 3 != 1)
            for (int k = 0; k < shared[1].count; k++)
                shared[1].minutiae[k].quality = (uint8_t)(1 + hbs_rng_below(&rng, 100));
        for (int k = 0; i % 3 && k < shared[1].columns * shared[1].rows; k++)
            if (shared[1].orientation[k] != HBS_FINGER_NO_ORIENTATION)
                shared[1].orientation[k] = (uint8_t)((shared[1].orientation[k] + 4 * hbs_rng_below(&rng, 4)) & 124);
        bad += score_of(&shared[0], &shared[1], NULL) != score_of(&shared[1], &shared[0], NULL);
    }
    is_int(bad, 0, "prints that differ in qualities or map alone compare the same both ways");
}

/* The picture turned about its middle and moved, on its own ground. */
static bool moved(const struct hbs_image *of, double turn, double dx, double dy, struct hbs_image *out)
{
    if (hbs_image_make(ctx, of->width, of->height, of->ppi, out))
        return false;
    double c = cos(turn), s = sin(turn), mx = 0.5 * of->width, my = 0.5 * of->height;
    for (uint32_t y = 0; y < of->height; y++)
        for (uint32_t x = 0; x < of->width; x++) {
            double px = x - mx - dx, py = y - my - dy, u = c * px - s * py + mx, v = s * px + c * py + my;
            if (u < 0 || v < 0 || u >= of->width - 1 || v >= of->height - 1)
                continue;
            size_t i = (size_t)v * of->width + (size_t)u;
            double fu = u - floor(u), fv = v - floor(v);
            double top = of->pixels[i] * (1 - fu) + of->pixels[i + 1] * fu;
            double low = of->pixels[i + of->width] * (1 - fu) + of->pixels[i + of->width + 1] * fu;
            out->pixels[(size_t)y * of->width + x] = (uint8_t)(top * (1 - fv) + low * fv + 0.5);
        }
    return true;
}

static void test_moved(void)
{
    enum { PEOPLE = 6 };
    static const double ways[][3] = {{0, 20, -15}, {0.15, 0, 0}, {-0.3, 12, 8}, {0.6, -10, 20}, {-0.8, 5, 5}};
    static struct hbs_finger_template whole[PEOPLE], copy;
    float least = INFINITY, most = -INFINITY;
    double worst_turn = 0;
    int failed = 0;
    for (int i = 0; i < PEOPLE; i++) {
        struct hbs_image im = {0};
        if (!make_print(ctx, 700 + (uint64_t)i, HBS_SYNTH_OPTICAL_500, 0.5, &im) ||
            hbs_finger_extract(ctx, &im, NULL, &whole[i], NULL)) {
            failed++;
            continue;
        }
        for (size_t k = 0; k < HBS_COUNT(ways); k++) {
            struct hbs_image other = {0};
            struct hbs_finger_result r;
            if (!moved(&im, ways[k][0], ways[k][1], ways[k][2], &other) ||
                hbs_finger_extract(ctx, &other, NULL, &copy, NULL)) {
                failed++;
            } else {
                float score = score_of(&whole[i], &copy, &r);
                least = score < least ? score : least;
                double off = remainder((double)r.turn * 2 * M_PI / 256 - ways[k][0], 2 * M_PI);
                worst_turn = fmax(worst_turn, fabs(off));
            }
            hbs_image_close(&other);
        }
        hbs_image_close(&im);
    }
    for (int i = 0; i < PEOPLE; i++)
        for (int k = 0; k < i; k++) {
            float score = score_of(&whole[i], &whole[k], NULL);
            most = score > most ? score : most;
        }
    is_int(failed, 0, "copies turned by up to 46 degrees and moved are extracted");
    printf("# least score of a copy %.2f, most of two people %.2f; turn off by at most %.3f rad\n", (double)least,
           (double)most, worst_turn);
    ok(least > most + 2, "each scores above all of other people, by far");
    ok(worst_turn < 0.09, "and the turn is found within 5 degrees");
}

/* ---- Odd pictures ---------------------------------------------------------------------------- */

static bool survives(uint32_t w, uint32_t h, int kind, int *count)
{
    struct hbs_image im = {0};
    struct hbs_finger_report report;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 9);
    if (hbs_image_make(ctx, w, h, 500, &im))
        return false;
    for (size_t i = 0; i < (size_t)w * h; i++)
        im.pixels[i] = (uint8_t)(kind == 0 ? 255 : kind == 1 ? 0 : kind == 2 ? 128 : kind == 3 ? hbs_rng_u64(&rng)
                                 : kind == 4 ? (i % w / 4 & 1) * 255 : (i % w / 4 & 1) ^ (i / w / 4 & 1) ? 255 : 0);
    bool good = !hbs_finger_extract(ctx, &im, NULL, &shared[0], &report);
    const struct hbs_finger_template *t = &shared[0];
    good = good && t->count <= HBS_FINGER_MATCHED_MAX && t->quality <= 100 && report.likeness >= 0 && report.likeness <= 1;
    for (int i = 0; good && i < t->count; i++)
        good = t->minutiae[i].x <= t->width * HBS_FINGER_UNIT && t->minutiae[i].y <= t->height * HBS_FINGER_UNIT;
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, HBS_FINGER_PACKED_MAX);
    good = good && !hbs_finger_pack(ctx, t, &buf) && !hbs_finger_unpack(ctx, buf.data, buf.size, &shared[1]) &&
           !memcmp(&shared[0], &shared[1], sizeof shared[0]);
    good = good && isfinite(score_of(t, t, NULL));
    *count = good ? t->count : -1;
    hbs_buf_close(&buf);
    hbs_image_close(&im);
    return good;
}

static void test_odd_pictures(void)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 400}, {400, 1}, {2, 3}, {8, 8}, {9, 17}, {64, 64}, {65, 63}, {300, 300}};
    int bad = 0, count, none = 0;
    for (size_t i = 0; i < HBS_COUNT(sizes); i++)
        for (int kind = 0; kind < 6; kind++) {
            if (!survives(sizes[i][0], sizes[i][1], kind, &count) && !bad++)
                printf("# %u x %u, kind %d\n", sizes[i][0], sizes[i][1], kind);
            none += kind < 3 && count != 0;
        }
    is_int(bad, 0, "blank, saturated, noisy and striped pictures of all sizes give valid templates");
    is_int(none, 0, "flat ones have no minutiae");
    bool large = survives(2000, 2000, 3, &count);
    ok(large, "2000 x 2000 pixels of noise too (%d minutiae)", count);
    int half[2] = {0, 0}; /* more candidates than are looked at: the best of all, not those from the top */
    for (int i = 0; i < shared[0].count; i++)
        half[shared[0].minutiae[i].y > 4u * shared[0].height]++;
    ok(half[0] > count / 5 && half[1] > count / 5, "%d of them in the upper half, %d in the lower", half[0], half[1]);
    struct hbs_image im = {0};
    if (!hbs_image_make(ctx, 2001, 20, 500, &im)) {
        shared[0].width = 77;
        is_int(hbs_finger_extract(ctx, &im, NULL, &shared[0], NULL), HBS_ERR_LIMIT, "2001 pixels are too many");
        is_int(shared[0].width, 77, "and nothing is touched");
        static const uint32_t told[] = {1, 249, 1001, 4000000000u};
        for (size_t i = 0; i < HBS_COUNT(told); i++)
            is_int(hbs_finger_extract(ctx, &im, &(struct hbs_finger_options){told[i]}, &shared[0], NULL), HBS_ERR_USAGE,
                   "%u ppi cannot be told", told[i]);
    }
    hbs_image_close(&im);
    is_int(hbs_finger_extract(ctx, &(struct hbs_image){0}, NULL, &shared[0], NULL), HBS_ERR_USAGE, "no picture at all");
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Runs one step again and again, the n-th allocation refused; returns how many it makes, or -1. */
static int refuse_each(const char *name, enum hbs_err (*step)(struct hbs_ctx *c, void *arg), void *arg)
{
    struct poor poor = {1000, 0};
    const struct hbs_allocator allocator = {poor_resize, poor_release, &poor};
    struct hbs_ctx *c = NULL;
    if (hbs_ctx_open(&allocator, &c)) {
        ok(0, "a context");
        return -1;
    }
    int n = 0, odd = 0, before = poor.alive;
    enum hbs_err err = HBS_ERR_NO_MEMORY;
    for (; err && n < 400; n++) {
        poor.left = n;
        err = step(c, arg);
        odd += (err && err != HBS_ERR_NO_MEMORY) || (err && !*hbs_ctx_what(c)) || poor.alive != before;
    }
    hbs_ctx_close(c);
    odd += poor.alive != 0;
    ok(!err && !odd, "%s: each of %d allocations may fail, nothing is lost", name, n - 1);
    return n - 1;
}

static enum hbs_err step_extract(struct hbs_ctx *c, void *arg)
{
    static struct hbs_finger_template out, clean;
    memset(&clean, 0x77, sizeof clean);
    memset(&out, 0x77, sizeof out);
    enum hbs_err err = hbs_finger_extract(c, arg, NULL, &out, NULL);
    return err && memcmp(&out, &clean, sizeof out) ? HBS_ERR_BUG : err; /* untouched on failure */
}
static enum hbs_err step_prepare(struct hbs_ctx *c, void *arg)
{
    struct hbs_finger_print *p = NULL;
    enum hbs_err err = hbs_finger_prepare(c, arg, &p);
    if (err && p)
        return HBS_ERR_BUG;
    hbs_finger_print_close(p);
    return err;
}
static enum hbs_err step_pack(struct hbs_ctx *c, void *arg)
{
    struct hbs_buf buf;
    hbs_buf_init(&buf, c, 1 << 20);
    enum hbs_err err = hbs_finger_pack(c, arg, &buf);
    if (err && buf.size)
        err = HBS_ERR_BUG;
    hbs_buf_close(&buf);
    return err;
}
static enum hbs_err step_unpack(struct hbs_ctx *c, void *arg)
{
    static struct hbs_finger_template out;
    const struct hbs_buf *buf = arg;
    out.width = 7777;
    enum hbs_err err = hbs_finger_unpack(c, buf->data, buf->size, &out);
    return err && out.width != 7777 ? HBS_ERR_BUG : err;
}

static void test_memory(void)
{
    struct hbs_image im = {0}, small = {0};
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, 1 << 20);
    if (!make_print(ctx, 3, HBS_SYNTH_CAPACITIVE_500, 0.5, &im) || hbs_image_make(ctx, 120, 120, 700, &small) ||
        hbs_finger_extract(ctx, &im, NULL, &shared[0], NULL) || hbs_finger_pack(ctx, &shared[0], &buf)) {
        ok(0, "a print");
    } else {
        for (uint32_t y = 0; y < 120; y++) /* a piece of it is quick, and at 700 ppi it must be scaled */
            memcpy(small.pixels + y * 120, im.pixels + (y + 90) * im.width + 90, 120);
        int n = refuse_each("extraction at a false resolution", step_extract, &small);
        small.ppi = 500;
        int m = refuse_each("extraction", step_extract, &small);
        ok(n > m && m > 10, "of which scaling makes some");
        refuse_each("preparation", step_prepare, &shared[0]);
        refuse_each("packing", step_pack, &shared[0]);
        refuse_each("unpacking", step_unpack, &buf);
    }
    hbs_buf_close(&buf);
    hbs_image_close(&im);
    hbs_image_close(&small);
    hbs_finger_print_close(NULL);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "digest")) {
        if (hbs_ctx_open(NULL, &ctx))
            return 1;
        int code = print_digest((unsigned)(argv[2][0] - '0'));
        hbs_ctx_close(ctx);
        return code;
    }
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_math();
    test_thinning();
    test_kernels();
    test_everywhere();
    property("scores are finite and symmetric, pairs are pairs", 300, two_templates, is_symmetric, fewer_minutiae,
             sizeof(struct two));
    test_counts();
    test_nearly_same();
    test_moved();
    test_odd_pictures();
    test_memory();
    hbs_ctx_close(ctx);
    return tap_end();
}
