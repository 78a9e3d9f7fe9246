/* SPDX-License-Identifier: MPL-2.0
 *
 * Writes the corpora of the finger targets: `make_finger_corpus fuzz/corpus` makes or renews
 * finger_template/, finger_extract/ and finger_compare/ there. All prints are synthetic.
 */
#include "base/base_int.h"
#include "habeas/synth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int bad, count;
static const char *top;
static struct hbs_ctx *ctx;

static void must(enum hbs_err err)
{
    if (err) {
        fprintf(stderr, "%s\n", hbs_ctx_what(ctx));
        exit(6);
    }
}

static void write_file(const char *folder, const char *name, const void *data, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", top, folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", top, folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size)
        bad++;
    if (f)
        bad += fclose(f) != 0;
    count++;
}

/* The head that fuzz_finger_extract reads, then a part of the picture. */
static void write_picture(const char *name, const struct hbs_image *im, uint32_t left, uint32_t up, uint32_t w, uint32_t h,
                          uint16_t declared, uint16_t told)
{
    static uint8_t out[6 + 200 * 200];
    out[0] = (uint8_t)(w - 1);
    out[1] = (uint8_t)(h - 1);
    hbs_put_le16(out + 2, declared);
    hbs_put_le16(out + 4, told);
    for (uint32_t y = 0; y < h; y++)
        memcpy(out + 6 + y * w, im->pixels + (up + y) * im->width + left, w);
    write_file("finger_extract", name, out, 6 + w * h);
}

static void pictures(void)
{
    struct hbs_synth_master *master;
    must(hbs_synth_master_open(ctx, 5, 3, &master));
    static const struct {
        const char *name;
        enum hbs_synth_sensor sensor;
        uint32_t left, up, w, h;
        uint16_t declared, told;
    } parts[] = {{"optical", HBS_SYNTH_OPTICAL_500, 140, 130, 96, 90, 500, 0},
                 {"capacitive", HBS_SYNTH_CAPACITIVE_500, 90, 100, 100, 80, 0, 0},
                 {"false_resolution", HBS_SYNTH_NOISY_500, 80, 120, 90, 90, 1000, 0},
                 {"told", HBS_SYNTH_THERMAL_500, 100, 150, 65, 63, 96, 450}};
    for (size_t i = 0; i < HBS_COUNT(parts); i++) {
        struct hbs_synth_conditions how;
        struct hbs_image im;
        size_t n;
        must(hbs_synth_conditions(ctx, parts[i].sensor, 0.5, i, &how));
        must(hbs_synth_impression(ctx, master, &how, i, &im, NULL, 0, &n));
        write_picture(parts[i].name, &im, parts[i].left, parts[i].up, parts[i].w, parts[i].h, parts[i].declared, parts[i].told);
        hbs_image_close(&im);
    }
    hbs_synth_master_close(master);
    static const struct {
        unsigned kind;
        uint16_t declared, told;
    } others[] = {{3, 0, 0}, {9, 350, 0}, {10, 500, 0}, {12, 0, 700}};
    for (size_t i = 0; i < HBS_COUNT(others); i++) {
        struct hbs_image im;
        must(hbs_synth_nonfinger(ctx, others[i].kind, 1, &im));
        write_picture(hbs_synth_nonfinger_name(others[i].kind), &im, 100, 100, 72, 64, others[i].declared, others[i].told);
        hbs_image_close(&im);
    }
    /* few bytes that are repeated: stripes, a blank, one pixel, the largest */
    static const uint8_t stripes[] = {119, 119, 244, 1, 0, 0, 0, 0, 20, 90, 200, 255, 255, 200, 90, 20};
    static const uint8_t blank[] = {63, 70, 0, 0, 0, 0, 255}, dot[] = {0, 0, 0, 0, 0, 0, 9};
    static const uint8_t bad_ppi[] = {9, 9, 244, 1, 7, 0, 255, 0};
    static uint8_t largest[6 + 211] = {199, 199, 250, 0, 0, 0};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 3);
    for (size_t i = 6; i < sizeof largest; i++)
        largest[i] = (uint8_t)hbs_rng_u64(&rng);
    write_file("finger_extract", "stripes", stripes, sizeof stripes);
    write_file("finger_extract", "blank", blank, sizeof blank);
    write_file("finger_extract", "dot", dot, sizeof dot);
    write_file("finger_extract", "bad_resolution", bad_ppi, sizeof bad_ppi);
    write_file("finger_extract", "largest", largest, sizeof largest);
}

static struct hbs_buf packed(const struct hbs_finger_template *t)
{
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, HBS_FINGER_PACKED_MAX);
    must(hbs_finger_pack(ctx, t, &buf));
    return buf;
}

static void write_two(const char *name, const struct hbs_finger_template *a, const struct hbs_finger_template *b)
{
    struct hbs_buf p = packed(a), q = packed(b), both;
    uint8_t length[2];
    hbs_put_le16(length, (uint16_t)p.size);
    hbs_buf_init(&both, ctx, 1 << 20);
    must(hbs_buf_put(&both, length, 2));
    must(hbs_buf_put(&both, p.data, p.size));
    must(hbs_buf_put(&both, q.data, q.size));
    write_file("finger_compare", name, both.data, both.size);
    hbs_buf_close(&p);
    hbs_buf_close(&q);
    hbs_buf_close(&both);
}

static void write_template(const char *name, const struct hbs_finger_template *t)
{
    struct hbs_buf p = packed(t);
    write_file("finger_template", name, p.data, p.size);
    hbs_buf_close(&p);
}

static void templates(void)
{
    static struct hbs_finger_template t, mate, other, odd;
    hbs_synth_template(11, 1, &t);
    hbs_synth_mate(&t, 1, 2, &mate);
    hbs_synth_template(12, 4, &other);
    write_template("usual", &t);
    write_template("mate", &mate);
    write_two("mates", &t, &mate);
    write_two("others", &t, &other);
    write_two("same", &other, &other);
    odd = t; /* places and directions alone do not tell these apart */
    for (int i = 0; i < odd.count; i++)
        odd.minutiae[i].quality = (uint8_t)(1 + i * 7 % 100);
    write_two("other_qualities", &t, &odd);
    odd = t;
    odd.columns = odd.rows = 0;
    write_template("no_map", &odd);
    write_two("one_without_map", &odd, &mate);
    odd = (struct hbs_finger_template){.width = 300, .height = 300};
    write_template("nothing", &odd);
    write_two("nothing", &odd, &t);
    odd = (struct hbs_finger_template){.width = 65535, .height = 65535, .quality = 100, .finger = 10, .count = HBS_FINGER_MINUTIAE_MAX};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 4);
    for (int i = 0; i < odd.count; i++)
        odd.minutiae[i] = (struct hbs_minutia){.x = (uint16_t)(hbs_rng_u64(&rng) & 0xfffc), .y = (uint16_t)(hbs_rng_u64(&rng) & 0xfffc),
            .angle = (uint8_t)hbs_rng_u64(&rng), .type = (uint8_t)hbs_rng_below(&rng, 3)};
    odd.columns = 16;
    odd.rows = 20;
    for (int i = 0; i < 320; i++)
        odd.orientation[i] = (uint8_t)(i % 3 ? hbs_rng_below(&rng, 32) * 4 : HBS_FINGER_NO_ORIENTATION);
    write_template("full", &odd);
    write_two("full", &odd, &t);
    static uint8_t numbers[400];
    for (size_t i = 0; i < sizeof numbers; i++)
        numbers[i] = (uint8_t)hbs_rng_u64(&rng);
    numbers[0] = 200, numbers[1] = 0;
    write_file("finger_compare", "numbers", numbers, sizeof numbers);
    struct hbs_buf p = packed(&t);
    write_file("finger_template", "broken_cut", p.data, p.size / 2);
    p.data[10] ^= 64;
    write_file("finger_template", "broken_count", p.data, p.size);
    p.data[3] = 2;
    write_file("finger_template", "later_version", p.data, p.size);
    hbs_buf_close(&p);
}

int main(int argc, char **argv)
{
    if (argc != 2 || hbs_ctx_open(NULL, &ctx)) {
        fprintf(stderr, "usage: %s fuzz/corpus\n", argv[0]);
        return 2;
    }
    top = argv[1];
    pictures();
    templates();
    hbs_ctx_close(ctx);
    printf("%d files, %d not written\n", count, bad);
    return bad ? 6 : 0;
}
