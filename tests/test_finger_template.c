/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the packed template. What the extractor makes comes back exactly, anything valid within
 * the steps of the format, nothing broken comes back at all; and the bytes of one template are those
 * that docs/formats/finger-template.md shows.
 */
#include "finger_make.h"
#include "tap.h"

static struct hbs_ctx *ctx;

static uint32_t crc(const uint8_t *p, size_t n)
{
    uint32_t c = ~0u;
    for (size_t i = 0; i < 8 * n; i++) /* bit by bit, as the standard defines it */
        c = c >> 1 ^ (0xEDB88320u & -((c ^ p[i / 8] >> (i % 8)) & 1));
    return ~c;
}

/* Packs into `bytes`; the size, or 0. */
static size_t pack(const struct hbs_finger_template *t, uint8_t bytes[HBS_FINGER_PACKED_MAX])
{
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, HBS_FINGER_PACKED_MAX);
    size_t size = hbs_finger_pack(ctx, t, &buf) ? 0 : buf.size;
    if (size)
        memcpy(bytes, buf.data, size);
    hbs_buf_close(&buf);
    return size;
}

static void any_template(struct hbs_rng *rng, void *out)
{
    struct hbs_finger_template *t = out;
    make_template(rng, (int)hbs_rng_below(rng, 129), t);
    if (hbs_rng_below(rng, 4) == 0) { /* the largest picture there can be, a map of any shape */
        t->width = t->height = 65535;
        for (int i = 0; i < t->count; i++) {
            t->minutiae[i].x = (uint16_t)hbs_rng_u64(rng);
            t->minutiae[i].y = (uint16_t)(65535 - hbs_rng_below(rng, 9));
        }
        t->columns = (uint8_t)(1 + hbs_rng_below(rng, 255));
        uint32_t most = HBS_FINGER_CELLS_MAX / t->columns;
        t->rows = (uint8_t)(1 + hbs_rng_below(rng, most < 255 ? most : 255));
        memset(t->orientation, 0, sizeof t->orientation);
        uint32_t outside = hbs_rng_below(rng, 5);
        for (int i = 0; i < t->columns * t->rows; i++)
            t->orientation[i] = (uint8_t)(hbs_rng_below(rng, 4) < outside ? HBS_FINGER_NO_ORIENTATION : hbs_rng_below(rng, 128));
    }
}

static int apart(int a, int b) { return a > b ? a - b : b - a; }
static int turned(int a, int b) /* orientations: half a turn is 128 */
{
    int d = apart(a, b) & 127;
    return d > 64 ? 128 - d : d;
}

static bool comes_back(const void *input, bool verbose)
{
    static struct hbs_finger_template u, v;
    static uint8_t bytes[HBS_FINGER_PACKED_MAX], again[HBS_FINGER_PACKED_MAX];
    const struct hbs_finger_template *t = input;
    size_t size = pack(t, bytes);
    bool good = size && !hbs_finger_unpack(ctx, bytes, size, &u);
    good = good && u.width == t->width && u.height == t->height && u.quality == t->quality && u.finger == t->finger &&
           u.count == t->count && u.columns == t->columns && u.rows == t->rows;
    for (int i = 0; good && i < t->count; i++) {
        const struct hbs_minutia *m = &t->minutiae[i], *n = &u.minutiae[i];
        good = (apart(m->x, n->x) <= 2 || m->x > 8 * t->width || m->x > 65532) &&
               (apart(m->y, n->y) <= 2 || m->y > 8 * t->height || m->y > 65532) && apart(m->x, n->x) <= 3 &&
               apart(m->y, n->y) <= 3 && m->angle == n->angle && m->type == n->type && m->support == n->support &&
               apart(m->quality, n->quality) <= 1;
    }
    for (int i = 0; good && i < t->columns * t->rows; i++)
        good = t->orientation[i] == HBS_FINGER_NO_ORIENTATION ? u.orientation[i] == HBS_FINGER_NO_ORIENTATION
                                                              : turned(t->orientation[i], u.orientation[i]) <= 2;
    /* what was read is written to the same bytes, so it comes back exactly */
    good = good && pack(&u, again) == size && !memcmp(bytes, again, size) && !hbs_finger_unpack(ctx, again, size, &v) &&
           !memcmp(&u, &v, sizeof u);
    if (verbose)
        printf("# %u x %u, %d minutiae, map %d x %d, %zu bytes\n", t->width, t->height, t->count, t->columns, t->rows, size);
    return good;
}

static bool less(void *input, int step)
{
    struct hbs_finger_template *t = input;
    if (step < t->count) {
        t->minutiae[step] = t->minutiae[--t->count];
        return true;
    }
    if (step == t->count && t->rows > 1) {
        t->rows--;
        return true;
    }
    return false;
}

static void test_quality(void)
{
    static struct hbs_finger_template t, u;
    static uint8_t bytes[HBS_FINGER_PACKED_MAX];
    memset(&t, 0, sizeof t);
    t.width = t.height = 100;
    t.count = 64;
    for (int i = 0; i < 64; i++) /* the 64 qualities that the extractor can give */
        t.minutiae[i] = (struct hbs_minutia){.quality = (uint8_t)((i * 100 + 31) / 63), .x = (uint16_t)(4 * i)};
    size_t size = pack(&t, bytes);
    ok(size && !hbs_finger_unpack(ctx, bytes, size, &u) && !memcmp(&t, &u, sizeof t), "qualities of 1/63 come back exactly");
}

static void test_broken(void)
{
    static struct hbs_finger_template t, out, untouched;
    static uint8_t bytes[HBS_FINGER_PACKED_MAX], copy[HBS_FINGER_PACKED_MAX + 8];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 5);
    hbs_synth_template(77, 3, &t);
    size_t size = pack(&t, bytes);
    memset(&out, 0x55, sizeof out);
    untouched = out;
    int taken = 0, wordless = 0;
    for (size_t n = 0; n < size; n++) {
        uint8_t *exact = malloc(n ? n : 1); /* nothing behind its last byte */
        if (!exact)
            abort();
        memcpy(exact, bytes, n);
        taken += !hbs_finger_unpack(ctx, exact, n, &out);
        wordless += !*hbs_ctx_what(ctx);
        free(exact);
    }
    is_int(taken, 0, "none of its %zu beginnings is a template", size);
    for (size_t i = 0; i < 8 * size; i++) {
        memcpy(copy, bytes, size);
        copy[i / 8] ^= (uint8_t)(1u << (i % 8));
        enum hbs_err err = hbs_finger_unpack(ctx, copy, size, &out);
        taken += !err;
        wordless += !*hbs_ctx_what(ctx);
        if (i >= 32 && err != HBS_ERR_INTEGRITY)
            taken++;
    }
    is_int(taken, 0, "each flipped bit is noticed, beyond the head as a checksum that does not hold");
    int longer = 0;
    for (size_t more = 1; more <= 8; more++) {
        memcpy(copy, bytes, size - 4);
        memset(copy + size - 4, 0, more);
        hbs_put_le32(copy + size - 4 + more, crc(copy, size - 4 + more));
        longer += hbs_finger_unpack(ctx, copy, size + more, &out) != HBS_ERR_FORMAT;
    }
    is_int(longer, 0, "bytes left over are an error, although the checksum holds");
    /* lies that a checksum covers: each byte of the head, every value */
    int survived = 0, alike = 0;
    for (size_t at = 4; at < 14; at++)
        for (int value = 0; value < 256; value++) {
            memcpy(copy, bytes, size);
            copy[at] = (uint8_t)value;
            hbs_put_le32(copy + size - 4, crc(copy, size - 4));
            static struct hbs_finger_template lie;
            enum hbs_err err = hbs_finger_unpack(ctx, copy, size, &lie);
            bool count = at == 10; /* of minutiae: the bits cannot fit another number */
            if (!err && value != bytes[at]) {
                survived += count;
                alike += !comes_back(&lie, false);
            }
            survived += err && value == bytes[at];
            survived += at == 11 && value && !err;
        }
    is_int(survived, 0, "no other count of minutiae fits");
    is_int(alike, 0, "what is taken is a template");
    /* the same bytes again and again as if they were bits */
    int odd = 0;
    for (int i = 0; i < 20000; i++) {
        size_t n = 18 + hbs_rng_below(&rng, 60);
        memcpy(copy, bytes, 14);
        copy[10] = (uint8_t)hbs_rng_below(&rng, 8);
        copy[12] = copy[13] = (uint8_t)hbs_rng_below(&rng, 4);
        for (size_t k = 14; k < n - 4; k++)
            copy[k] = (uint8_t)hbs_rng_u64(&rng);
        hbs_put_le32(copy + n - 4, crc(copy, n - 4));
        static struct hbs_finger_template lie;
        enum hbs_err err = hbs_finger_unpack(ctx, copy, n, &lie);
        odd += err ? err != HBS_ERR_FORMAT : !comes_back(&lie, false);
    }
    is_int(odd, 0, "random bits are refused, or are a template that comes back");
    is_int(wordless, 0, "every refusal says why");
    ok(!memcmp(&out, &untouched, sizeof out), "and nothing was touched");
    copy[0] = 'H', copy[1] = 'F', copy[2] = 'T', copy[3] = 2;
    is_int(hbs_finger_unpack(ctx, copy, 40, &out), HBS_ERR_UNSUPPORTED, "version 2 is for later");
    is_int(hbs_finger_unpack(ctx, "", 0, &out), HBS_ERR_FORMAT, "nothing is no template");
    ok(!hbs_finger_is_packed("HF", 2) && hbs_finger_is_packed(bytes, size), "is_packed knows one");
}

static void test_unpackable(void)
{
    static struct hbs_finger_template t, good;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 6);
    do
        make_template(&rng, 20, &good);
    while (!good.columns);
    static const char *const names[] = {"129 minutiae", "a quality of 101", "finger 11", "a type of 3", "columns without rows",
                                        "more cells than there are", "an orientation of 128"};
    for (int i = 0; i < 7; i++) {
        struct hbs_buf buf;
        hbs_buf_init(&buf, ctx, 1 << 20);
        t = good;
        switch (i) {
        case 0: t.count = 129; break;
        case 1: t.quality = 101; break;
        case 2: t.finger = 11; break;
        case 3: t.minutiae[19].type = 3; break;
        case 4: t.rows = 0; break;
        case 5: t.columns = t.rows = 255; break;
        default: t.orientation[0] = 128; break;
        }
        enum hbs_err err = hbs_finger_pack(ctx, &t, &buf);
        ok(err == HBS_ERR_USAGE && !buf.size, "%s cannot be packed", names[i]);
        hbs_buf_close(&buf);
    }
    /* the longest: each cell as far from the one before as can be */
    static uint8_t bytes[HBS_FINGER_PACKED_MAX];
    make_template(&rng, HBS_FINGER_MINUTIAE_MAX, &t);
    t.width = t.height = 65535;
    t.columns = t.rows = 84;
    for (int i = 0; i < 84 * 84; i++)
        t.orientation[i] = (uint8_t)(i % 84 & 1 ? 64 : 0);
    size_t size = pack(&t, bytes);
    ok(size > 12288 && comes_back(&t, false), "the longest has %zu bytes and comes back", size);
    struct hbs_buf small;
    hbs_buf_init(&small, ctx, 100);
    is_int(hbs_finger_pack(ctx, &t, &small), HBS_ERR_LIMIT, "a buffer's maximum holds");
    is_int((long long)small.size, 0, "and it is as it was");
    hbs_buf_close(&small);
}

/* The template that docs/formats/finger-template.md dumps. */
static void test_example(void)
{
    static const uint8_t want[] = {
        0x48, 0x46, 0x54, 0x01, 0x60, 0x00, 0x48, 0x00, 0x3f, 0x02, 0x02, 0x00, 0x04, 0x03, 0x50, 0x29,
        0x40, 0xe5, 0xef, 0xac, 0x99, 0x10, 0x55, 0x6d, 0x67, 0x5f, 0xff, 0xf3, 0xc0, 0x31, 0xba, 0x20, 0x41};
    static struct hbs_finger_template t, u;
    static uint8_t bytes[HBS_FINGER_PACKED_MAX];
    memset(&t, 0, sizeof t);
    t = (struct hbs_finger_template){.width = 96, .height = 72, .quality = 63, .finger = 2, .count = 2, .columns = 4, .rows = 3};
    t.minutiae[0] = (struct hbs_minutia){.x = 320, .y = 164, .angle = 64, .type = HBS_MINUTIA_ENDING, .quality = 90, .support = 7};
    t.minutiae[1] = (struct hbs_minutia){.x = 500, .y = 400, .angle = 200, .type = HBS_MINUTIA_BIFURCATION, .quality = 51, .support = 5};
    static const uint8_t map[12] = {255, 255, 255, 255, 255, 12, 16, 255, 8, 12, 255, 124};
    memcpy(t.orientation, map, sizeof map);
    size_t size = pack(&t, bytes);
    ok(size == sizeof want && !memcmp(bytes, want, sizeof want), "the example's bytes are those of the page");
    ok(!hbs_finger_unpack(ctx, bytes, size, &u) && !memcmp(&t, &u, sizeof t), "the example comes back");
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    property("templates come back within the steps of the format", 2000, any_template, comes_back, less,
             sizeof(struct hbs_finger_template));
    test_quality();
    test_broken();
    test_unpackable();
    test_example();
    hbs_ctx_close(ctx);
    return tap_end();
}
