/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: a template prepared for matching: the best minutiae in order of direction (so that
 * those a probe minutia may meet stand side by side), their descriptors, the distances and bearings
 * between them, and the map.
 */
#include "fmath_int.h"
#include "match_int.h"

#include <stdlib.h>

static int quality_of(const struct hbs_minutia *m) { return m->quality ? m->quality : 60; }

struct chosen {
    const struct hbs_minutia *m;
    int index;
};

static int by_quality(const void *a, const void *b)
{
    const struct chosen *x = a, *y = b;
    int d = quality_of(y->m) - quality_of(x->m);
    return d ? d : x->index - y->index;
}

static int by_angle(const void *a, const void *b)
{
    const struct hbs_minutia *x = ((const struct chosen *)a)->m, *y = ((const struct chosen *)b)->m;
    if (x->angle != y->angle)
        return (int)x->angle - (int)y->angle;
    return x->y != y->y ? (int)x->y - (int)y->y : (int)x->x - (int)y->x;
}

/* A record without a map: the print is taken to reach 40 pixels beyond its minutiae. */
static void invent_map(struct hbs_finger_print *p, const struct hbs_finger_template *t)
{
    enum { REACH = 40 };
    for (int i = 0; i < p->columns * p->rows; i++)
        p->map[i] = HBS_FINGER_NO_ORIENTATION;
    for (int k = 0; k < t->count; k++) {
        int x = t->minutiae[k].x / HBS_FINGER_UNIT, y = t->minutiae[k].y / HBS_FINGER_UNIT;
        for (int j = (y - REACH) / HBS_FINGER_CELL; j <= (y + REACH) / HBS_FINGER_CELL; j++)
            for (int i = (x - REACH) / HBS_FINGER_CELL; i <= (x + REACH) / HBS_FINGER_CELL; i++)
                if (i >= 0 && j >= 0 && i < p->columns && j < p->rows)
                    p->map[j * p->columns + i] = FM_INSIDE;
    }
}

/* Distances and bearings; and a number by which two prints are put in one order. */
static void measure(struct hbs_finger_print *p)
{
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a over directions, places, qualities and the map */
    for (int i = 0; i < p->count; i++) {
        for (int k = 0; k < p->count; k++) {
            float dx = p->x[k] - p->x[i], dy = p->y[k] - p->y[i];
            float d = sqrtf(dx * dx + dy * dy) * 8;
            p->distance[i][k] = (uint16_t)(d < 65535 ? fx_round(d) : 65535);
            p->radial[i][k] = (uint8_t)(fx_round(fx_atan2(dy, dx) * (256 / FX_TAU)) - p->angle[i]);
        }
        uint64_t v = (uint64_t)p->quality[i] << 56 | (uint64_t)p->angle[i] << 48 | (uint64_t)(uint16_t)(int)(p->x[i] * 8) << 24 |
                     (uint64_t)(uint16_t)(int)(-p->y[i] * 8);
        h = (h ^ v) * 0x100000001B3u;
        h ^= h >> 29;
    }
    for (int i = 0; i < p->columns * p->rows; i++)
        h = (h ^ p->map[i]) * 0x100000001B3u;
    h ^= h >> 29;
    p->order = (uint64_t)p->count << 56 | h >> 8;
}

enum hbs_err fm_prepare(const struct fm_tables *tables, struct hbs_ctx *ctx,
                        const struct hbs_finger_template *t, struct hbs_finger_print **out)
{
    if (t->count > HBS_FINGER_MINUTIAE_MAX || (size_t)t->columns * t->rows > HBS_FINGER_CELLS_MAX)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "extract it again", "the template's counts are not true");
    bool has_map = t->columns && t->rows;
    int columns = has_map ? t->columns : (t->width + HBS_FINGER_CELL - 1) / HBS_FINGER_CELL;
    int rows = has_map ? t->rows : (t->height + HBS_FINGER_CELL - 1) / HBS_FINGER_CELL;
    columns = columns > 255 ? 255 : columns;
    rows = rows > 255 ? 255 : rows;
    size_t cells = (size_t)columns * (size_t)rows;
    struct hbs_finger_print *p = hbs_alloc(ctx, 1, sizeof *p + cells);
    if (!p)
        return hbs_fail_memory(ctx, sizeof *p + cells);
    p->ctx = ctx;
    p->columns = columns;
    p->rows = rows;
    struct chosen chosen[HBS_FINGER_MINUTIAE_MAX];
    for (int i = 0; i < t->count; i++)
        chosen[i] = (struct chosen){&t->minutiae[i], i};
    qsort(chosen, t->count, sizeof *chosen, by_quality);
    p->count = t->count < FM_MOST ? t->count : FM_MOST;
    qsort(chosen, (size_t)p->count, sizeof *chosen, by_angle);
    for (int i = 0; i < p->count; i++) {
        const struct hbs_minutia *m = chosen[i].m;
        p->index[i] = (uint8_t)chosen[i].index;
        p->angle[i] = m->angle;
        p->quality[i] = m->quality;
        p->x[i] = (float)m->x * (1.0f / HBS_FINGER_UNIT);
        p->y[i] = (float)m->y * (-1.0f / HBS_FINGER_UNIT);
        p->worth[i] = (float)quality_of(m) * 0.01f;
        p->root_worth[i] = sqrtf(p->worth[i]);
    }
    for (int angle = 0, i = 0; angle <= 256; angle++) {
        while (i < p->count && p->angle[i] < angle)
            i++;
        p->below[angle] = (uint8_t)i;
    }
    if (has_map)
        memcpy(p->map, t->orientation, cells);
    else
        invent_map(p, t);
    measure(p);
    fm_cylinders(tables, p);
    *out = p;
    return HBS_OK;
}

enum hbs_err hbs_finger_prepare(struct hbs_ctx *ctx, const struct hbs_finger_template *t,
                                struct hbs_finger_print **out)
{
    return fm_prepare(fm_shipped(), ctx, t, out);
}

void hbs_finger_print_close(struct hbs_finger_print *print)
{
    if (print)
        hbs_free(print->ctx, print);
}

int hbs_finger_cylinders(const struct hbs_finger_print *p,
                         struct hbs_finger_cylinder out[HBS_FINGER_MATCHED_MAX])
{
    for (int i = 0; i < p->count; i++) {
        out[i] = (struct hbs_finger_cylinder){.x = (int16_t)fx_round(p->x[i]),
            .y = (int16_t)fx_round(-p->y[i]), .angle = p->angle[i], .quality = p->quality[i],
            .index = p->index[i]};
        for (int w = 0; w < FM_WORDS; w++)
            out[i].bits[w] = p->bits[w][i];
    }
    return p->count;
}
