/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth: the set of non-fingers is the same everywhere, every picture is what its kind says, and
 * refusals.
 */
#include "habeas/synth.h"
#include "tap.h"

static struct hbs_ctx *ctx;

static uint64_t fnv(uint64_t h, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

/* All allocations work until `left` are used up. */
static int left, alive;
static void *resize(void *user, void *old, size_t size)
{
    (void)user;
    if (left-- <= 0)
        return NULL;
    alive += !old;
    return realloc(old, size);
}
static void release(void *user, void *p)
{
    (void)user;
    alive -= p != NULL;
    free(p);
}

/* Of a picture: mean, and mean square of what lies around it. */
static void moments(const struct hbs_image *im, double *mean, double *square)
{
    size_t n = (size_t)im->width * im->height;
    double s = 0, q = 0;
    for (size_t i = 0; i < n; i++) {
        s += im->pixels[i];
        q += (double)im->pixels[i] * im->pixels[i];
    }
    *mean = s / (double)n;
    *square = q / (double)n - *mean * *mean;
}

static void test_set(void)
{
    uint64_t hash = 0xcbf29ce484222325u, seen[HBS_SYNTH_NONFINGER_SET];
    bool sizes = true, flat = true, alike = false, exact = false;
    int lively = 0, shapes = 0;
    for (unsigned i = 0; i < HBS_SYNTH_NONFINGER_SET; i++) {
        struct hbs_image im = {0};
        unsigned kind = i % HBS_SYNTH_NONFINGER_KINDS;
        if (hbs_synth_nonfinger(ctx, kind, i, &im)) {
            ok(0, "non-finger %u is made", i);
            return;
        }
        sizes &= im.width >= 260 && im.width <= 440 && im.height >= 300 && im.height <= 480 && im.ppi == 500;
        seen[i] = fnv(0xcbf29ce484222325u, im.pixels, (size_t)im.width * im.height);
        hash = fnv(hash, &seen[i], sizeof seen[i]);
        for (unsigned k = 0; k < i; k++)
            alike |= seen[k] == seen[i];
        double mean, square;
        moments(&im, &mean, &square);
        if (kind == 0) {
            flat &= square < 12;
            exact |= square < 1e-9;
        } else if (kind > 1) {
            lively += square > 50;
            shapes++;
        }
        hbs_image_close(&im);
    }
    ok(sizes, "sizes and resolution are as promised");
    ok(!alike, "no two of the %u are the same", HBS_SYNTH_NONFINGER_SET);
    ok(flat && exact, "blanks are flat, some of them exactly");
    is_int(lively, shapes, "and all but blanks and gradients show something");
    ok(hash == 0x10ace386fd3f1314u, "the set is the same on every machine and compiler");
    printf("# set %016llx\n", (unsigned long long)hash);
}

static void test_names(void)
{
    bool good = true;
    for (unsigned k = 0; k < HBS_SYNTH_NONFINGER_KINDS; k++) {
        good &= hbs_synth_nonfinger_name(k) && *hbs_synth_nonfinger_name(k);
        for (unsigned j = 0; good && j < k; j++)
            good &= strcmp(hbs_synth_nonfinger_name(j), hbs_synth_nonfinger_name(k)) != 0;
    }
    ok(good, "every kind has a name of its own");
    ok(!hbs_synth_nonfinger_name(HBS_SYNTH_NONFINGER_KINDS), "and no other has one");
    struct hbs_image im = {.width = 7};
    is_int(hbs_synth_nonfinger(ctx, HBS_SYNTH_NONFINGER_KINDS, 1, &im), HBS_ERR_USAGE, "an unknown kind is refused");
    is_int(im.width, 7, "and nothing is touched");
}

static void test_memory(void)
{
    const struct hbs_allocator allocator = {resize, release, NULL};
    struct hbs_ctx *poor = NULL;
    left = 1000;
    if (hbs_ctx_open(&allocator, &poor)) {
        ok(0, "a context");
        return;
    }
    int n = 0, odd = 0, before = alive;
    enum hbs_err err = HBS_ERR_NO_MEMORY;
    for (; err && n < 50; n++) {
        struct hbs_image im = {0};
        left = n;
        err = hbs_synth_nonfinger(poor, 9, 1, &im);
        odd += (err && err != HBS_ERR_NO_MEMORY) || (err && im.pixels);
        hbs_image_close(&im);
        odd += alive != before;
    }
    ok(n > 3 && n < 50 && !odd, "each of its %d allocations may fail", n - 1);
    hbs_ctx_close(poor);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_set();
    test_names();
    test_memory();
    hbs_ctx_close(ctx);
    return tap_end();
}
