/* SPDX-License-Identifier: MPL-2.0
 *
 * What the fuzz targets of room finger share: checksums put right, so that a changed template is not
 * merely refused for its checksum; and what is promised of a template that came out of anything.
 */
#ifndef HABEAS_FUZZ_FINGER_H
#define HABEAS_FUZZ_FINGER_H

#include "base/base_int.h"
#include "fuzz.h"
#include "habeas/finger.h"

static inline void fuzz_put_crc(uint8_t *p, size_t size)
{
    if (size < 4)
        return;
    uint32_t c = ~0u;
    for (size_t i = 0; i < size - 4; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (0xEDB88320u & -(c & 1));
    }
    hbs_put_le32(p + size - 4, ~c);
}

static inline void fuzz_promise_template(const struct hbs_finger_template *t)
{
    FUZZ_PROMISE(t->count <= HBS_FINGER_MINUTIAE_MAX && t->quality <= 100 && t->finger <= 10);
    FUZZ_PROMISE((size_t)t->columns * t->rows <= HBS_FINGER_CELLS_MAX && !t->columns == !t->rows);
    for (int i = 0; i < t->count; i++) {
        const struct hbs_minutia *m = &t->minutiae[i];
        FUZZ_PROMISE(m->type <= HBS_MINUTIA_BIFURCATION && m->quality <= 100 && m->support <= 7);
        FUZZ_PROMISE(m->x <= t->width * HBS_FINGER_UNIT && m->y <= t->height * HBS_FINGER_UNIT);
    }
    for (int i = 0; i < t->columns * t->rows; i++)
        FUZZ_PROMISE(t->orientation[i] < 128 || t->orientation[i] == HBS_FINGER_NO_ORIENTATION);
}

/* A template of our making packs, and comes back exactly. */
static inline void fuzz_promise_comes_back(struct hbs_ctx *ctx, const struct hbs_finger_template *t)
{
    static struct hbs_finger_template back;
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, HBS_FINGER_PACKED_MAX);
    fuzz_promise_template(t);
    FUZZ_PROMISE(hbs_finger_pack(ctx, t, &buf) == HBS_OK);
    FUZZ_PROMISE(hbs_finger_unpack(ctx, buf.data, buf.size, &back) == HBS_OK);
    FUZZ_PROMISE(!memcmp(t, &back, sizeof back));
    hbs_buf_close(&buf);
}

#endif
