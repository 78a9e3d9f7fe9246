/* SPDX-License-Identifier: MPL-2.0
 *
 * What the tests of room finger share: prints to test with, random templates, an allocator that can
 * refuse, and the published sets where they are.
 */
#ifndef HABEAS_FINGER_MAKE_H
#define HABEAS_FINGER_MAKE_H

#include "base/base_int.h"
#include "habeas/finger.h"
#include "habeas/synth.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* An impression of a synthetic person's finger; false when something failed. */
static inline bool make_print(struct hbs_ctx *ctx, uint64_t person, enum hbs_synth_sensor sensor, double difficulty,
                              struct hbs_image *out)
{
    struct hbs_synth_master *master = NULL;
    struct hbs_synth_conditions how;
    size_t count;
    bool good = !hbs_synth_master_open(ctx, person, 2, &master) &&
                !hbs_synth_conditions(ctx, sensor, difficulty, person + (uint64_t)(difficulty * 1000), &how) &&
                !hbs_synth_impression(ctx, master, &how, person, out, NULL, 0, &count);
    hbs_synth_master_close(master);
    return good;
}

/* A valid template with nothing believable about it. */
static inline void make_template(struct hbs_rng *rng, int count, struct hbs_finger_template *t)
{
    memset(t, 0, sizeof *t);
    t->width = (uint16_t)(1 + hbs_rng_below(rng, 2000));
    t->height = (uint16_t)(1 + hbs_rng_below(rng, 2000));
    t->quality = (uint8_t)hbs_rng_below(rng, 101);
    t->finger = (uint8_t)hbs_rng_below(rng, 11);
    t->count = (uint16_t)count;
    for (int i = 0; i < count; i++)
        t->minutiae[i] = (struct hbs_minutia){
            .x = (uint16_t)hbs_rng_below(rng, 8u * t->width), .y = (uint16_t)hbs_rng_below(rng, 8u * t->height),
            .angle = (uint8_t)hbs_rng_below(rng, 256), .type = (uint8_t)hbs_rng_below(rng, 3),
            .quality = (uint8_t)hbs_rng_below(rng, 101), .support = (uint8_t)hbs_rng_below(rng, 8)};
    if (hbs_rng_below(rng, 4)) {
        t->columns = (uint8_t)((t->width + HBS_FINGER_CELL - 1) / HBS_FINGER_CELL);
        t->rows = (uint8_t)((t->height + HBS_FINGER_CELL - 1) / HBS_FINGER_CELL);
        for (int i = 0; i < t->columns * t->rows; i++)
            t->orientation[i] = (uint8_t)(hbs_rng_below(rng, 3) ? hbs_rng_below(rng, 128) : HBS_FINGER_NO_ORIENTATION);
    }
}

/* An allocator that refuses when `left` is used up, and counts what is alive. */
struct poor {
    int left, alive;
};
static inline void *poor_resize(void *user, void *old, size_t size)
{
    struct poor *p = user;
    if (p->left-- <= 0)
        return NULL;
    p->alive += !old;
    return realloc(old, size);
}
static inline void poor_release(void *user, void *block)
{
    ((struct poor *)user)->alive -= block != NULL;
    free(block);
}

/* ---- The published sets ---------------------------------------------------------------------- */

static const char *const real_sets[] = {"fvc2002_db1b", "fvc2002_db2b", "fvc2002_db3b",
                                        "fvc2002_db4b", "fvc2004_db1b", "fvc2004_db3b"};

static inline const char *real_data(void)
{
    const char *dir = getenv("HABEAS_DATA");
    char path[4096];
    if (!dir)
        return NULL;
    snprintf(path, sizeof path, "%s/finger/%s", dir, real_sets[0]);
    DIR *d = opendir(path);
    if (!d)
        return NULL;
    closedir(d);
    return dir;
}

/* Finger 101 to 110, impression 1 to 8 of a set; in this process: these are ours. */
static inline bool read_picture(struct hbs_ctx *ctx, const char *path, size_t from, size_t size, struct hbs_image *out)
{
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, HBS_IMAGE_BYTES_MAX);
    enum hbs_err err = hbs_file_read(ctx, path, &buf);
    if (!err && from < buf.size)
        err = hbs_image_decode_here(ctx, buf.data + from, size && size < buf.size - from ? size : buf.size - from, out);
    else
        err = HBS_ERR_NOT_FOUND;
    hbs_buf_close(&buf);
    return !err;
}
static inline bool real_print(struct hbs_ctx *ctx, int set, int finger, int impression, struct hbs_image *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/finger/%s/%d_%d.tif", getenv("HABEAS_DATA"), real_sets[set], finger, impression);
    return read_picture(ctx, path, 0, 0, out);
}

#endif
