/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: preparation and comparison. The length of the first half (16 bits, little endian), then
 * two halves, each a packed template (its checksum is put right) or, when it is none, numbers that a
 * valid template is made of. The score is finite and the same both ways; pairs are pairs.
 */
#include "fuzz_finger.h"

#include <math.h>

/* A valid template of any numbers: width, height, count, columns, rows, then minutiae and cells. */
static void make(const uint8_t *p, size_t size, struct hbs_finger_template *t)
{
    size_t at = 0;
#define NEXT (size ? p[at++ % size] : 0)
    memset(t, 0, sizeof *t);
    t->width = (uint16_t)(NEXT << 5);
    t->height = (uint16_t)(NEXT << 5);
    t->quality = (uint8_t)(NEXT % 101);
    t->count = (uint16_t)(NEXT % (HBS_FINGER_MINUTIAE_MAX + 1));
    t->columns = (uint8_t)(NEXT % 85);
    t->rows = (uint8_t)(t->columns ? 1 + NEXT % 84 : 0);
    for (int i = 0; i < t->count; i++) {
        int x = NEXT, y = NEXT, low = NEXT, angle = NEXT, kind = NEXT;
        t->minutiae[i] = (struct hbs_minutia){
            .x = (uint16_t)(t->width * 8 * x / 255 + (low & 15)), .y = (uint16_t)(t->height * 8 * y / 255 + (low >> 4)),
            .angle = (uint8_t)angle, .type = (uint8_t)(kind % 3), .quality = (uint8_t)(kind * 100 / 255)};
    }
    for (int i = 0; i < t->columns * t->rows; i++) {
        int v = NEXT;
        t->orientation[i] = (uint8_t)(v & 128 ? HBS_FINGER_NO_ORIENTATION : v);
    }
#undef NEXT
}

static struct hbs_finger_print *prepare(struct hbs_ctx *ctx, const uint8_t *p, size_t size,
                                        struct hbs_finger_template *t)
{
    struct hbs_finger_print *print = NULL;
    struct hbs_finger_cylinder cylinders[HBS_FINGER_MATCHED_MAX];
    uint8_t *right = malloc(size ? size : 1);
    FUZZ_PROMISE(right);
    memcpy(right, p, size);
    fuzz_put_crc(right, size);
    if (hbs_finger_unpack(ctx, right, size, t))
        make(p, size, t);
    free(right);
    FUZZ_PROMISE(hbs_finger_prepare(ctx, t, &print) == HBS_OK);
    int n = hbs_finger_cylinders(print, cylinders);
    FUZZ_PROMISE(n == (t->count < HBS_FINGER_MATCHED_MAX ? t->count : HBS_FINGER_MATCHED_MAX));
    for (int i = 0; i < n; i++) {
        FUZZ_PROMISE(cylinders[i].index < t->count && cylinders[i].angle == t->minutiae[cylinders[i].index].angle);
        FUZZ_PROMISE(!i || cylinders[i].angle >= cylinders[i - 1].angle);
        FUZZ_PROMISE(!(cylinders[i].bits[4] >> (312 - 256))); /* 312 bits are used */
    }
    return print;
}

static void promise_pairs(const struct hbs_finger_result *r, const struct hbs_finger_template *a,
                          const struct hbs_finger_template *b)
{
    bool first[HBS_FINGER_MINUTIAE_MAX] = {false}, second[HBS_FINGER_MINUTIAE_MAX] = {false};
    FUZZ_PROMISE(isfinite(r->score) && isfinite(r->dx) && isfinite(r->dy) && isfinite(r->turn));
    FUZZ_PROMISE(r->agreement >= -1.001f && r->agreement <= 1.001f && r->overlap >= 0);
    FUZZ_PROMISE(r->paired >= 0 && r->paired <= HBS_FINGER_MATCHED_MAX);
    for (int i = 0; i < r->paired; i++) {
        FUZZ_PROMISE(r->pairs[i].a < a->count && r->pairs[i].b < b->count);
        FUZZ_PROMISE(!first[r->pairs[i].a] && !second[r->pairs[i].b]);
        first[r->pairs[i].a] = second[r->pairs[i].b] = true;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hbs_finger_template a, b;
    struct hbs_finger_result ab, ba;
    if (size < 2)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    size_t first = hbs_le16(data) % (size - 1);
    struct hbs_finger_print *p = prepare(ctx, data + 2, first, &a);
    struct hbs_finger_print *q = prepare(ctx, data + 2 + first, size - 2 - first, &b);
    hbs_finger_compare(p, q, &ab);
    hbs_finger_compare(q, p, &ba);
    promise_pairs(&ab, &a, &b);
    promise_pairs(&ba, &b, &a);
    FUZZ_PROMISE(ab.score == ba.score && ab.paired == ba.paired && ab.overlap == ba.overlap);
    hbs_finger_compare(p, p, &ab);
    promise_pairs(&ab, &a, &a);
    hbs_finger_print_close(p);
    hbs_finger_print_close(q);
    fuzz_close(ctx);
    return 0;
}
