/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: drawing (draw.h). The font is this file's own: five pixels wide, seven high and
 * two below the line, one byte a row.
 */
#include "draw.h"

#include <math.h>
#include <string.h>

enum { FIRST = 32, LAST = 126, ROWS = DRAW_HIGH, COLUMNS = 5 };

static const uint8_t font[LAST - FIRST + 1][ROWS] = {
    {0, 0, 0, 0, 0, 0, 0, 0, 0}, {4, 4, 4, 4, 4, 0, 4, 0, 0}, {10, 10, 10, 0, 0, 0, 0, 0, 0},
    {10, 10, 31, 10, 31, 10, 10, 0, 0}, {4, 15, 20, 14, 5, 30, 4, 0, 0},
    {25, 25, 2, 4, 8, 19, 19, 0, 0}, {12, 18, 20, 8, 21, 18, 13, 0, 0}, {4, 4, 4, 0, 0, 0, 0, 0, 0},
    {2, 4, 8, 8, 8, 4, 2, 0, 0}, {8, 4, 2, 2, 2, 4, 8, 0, 0}, {0, 4, 21, 14, 21, 4, 0, 0, 0},
    {0, 4, 4, 31, 4, 4, 0, 0, 0}, {0, 0, 0, 0, 0, 12, 12, 4, 8}, {0, 0, 0, 31, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 12, 12, 0, 0}, {1, 1, 2, 4, 8, 16, 16, 0, 0}, {14, 17, 17, 21, 17, 17, 14, 0, 0},
    {4, 12, 20, 4, 4, 4, 31, 0, 0}, {14, 17, 1, 2, 4, 8, 31, 0, 0}, {14, 17, 1, 6, 1, 17, 14, 0, 0},
    {2, 6, 10, 18, 31, 2, 2, 0, 0}, {31, 16, 30, 1, 1, 17, 14, 0, 0}, {6, 8, 16, 30, 17, 17, 14, 0, 0},
    {31, 1, 2, 2, 4, 4, 4, 0, 0}, {14, 17, 17, 14, 17, 17, 14, 0, 0}, {14, 17, 17, 15, 1, 2, 12, 0, 0},
    {0, 12, 12, 0, 12, 12, 0, 0, 0}, {0, 12, 12, 0, 0, 12, 12, 4, 8}, {2, 4, 8, 16, 8, 4, 2, 0, 0},
    {0, 0, 31, 0, 31, 0, 0, 0, 0}, {16, 8, 4, 2, 4, 8, 16, 0, 0}, {14, 17, 1, 6, 4, 0, 4, 0, 0},
    {14, 17, 23, 21, 22, 16, 15, 0, 0}, {4, 10, 17, 17, 31, 17, 17, 0, 0},
    {30, 17, 17, 30, 17, 17, 30, 0, 0}, {14, 17, 16, 16, 16, 17, 14, 0, 0},
    {30, 17, 17, 17, 17, 17, 30, 0, 0}, {31, 16, 16, 30, 16, 16, 31, 0, 0},
    {31, 16, 16, 30, 16, 16, 16, 0, 0}, {14, 17, 16, 23, 17, 17, 15, 0, 0},
    {17, 17, 17, 31, 17, 17, 17, 0, 0}, {14, 4, 4, 4, 4, 4, 14, 0, 0}, {7, 2, 2, 2, 2, 18, 12, 0, 0},
    {17, 18, 20, 24, 20, 18, 17, 0, 0}, {16, 16, 16, 16, 16, 16, 31, 0, 0},
    {17, 27, 21, 21, 17, 17, 17, 0, 0}, {17, 25, 25, 21, 19, 19, 17, 0, 0},
    {14, 17, 17, 17, 17, 17, 14, 0, 0}, {30, 17, 17, 30, 16, 16, 16, 0, 0},
    {14, 17, 17, 17, 21, 18, 13, 0, 0}, {30, 17, 17, 30, 20, 18, 17, 0, 0},
    {15, 16, 16, 14, 1, 1, 30, 0, 0}, {31, 4, 4, 4, 4, 4, 4, 0, 0}, {17, 17, 17, 17, 17, 17, 14, 0, 0},
    {17, 17, 17, 17, 10, 10, 4, 0, 0}, {17, 17, 17, 21, 21, 27, 17, 0, 0},
    {17, 17, 10, 4, 10, 17, 17, 0, 0}, {17, 17, 10, 4, 4, 4, 4, 0, 0}, {31, 1, 2, 4, 8, 16, 31, 0, 0},
    {14, 8, 8, 8, 8, 8, 14, 0, 0}, {16, 16, 8, 4, 2, 1, 1, 0, 0}, {14, 2, 2, 2, 2, 2, 14, 0, 0},
    {4, 10, 17, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 31, 0}, {8, 4, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 14, 1, 15, 17, 15, 0, 0}, {16, 16, 30, 17, 17, 17, 30, 0, 0},
    {0, 0, 14, 16, 16, 17, 14, 0, 0}, {1, 1, 15, 17, 17, 17, 15, 0, 0},
    {0, 0, 14, 17, 31, 16, 14, 0, 0}, {6, 9, 8, 30, 8, 8, 8, 0, 0}, {0, 0, 15, 17, 17, 17, 15, 1, 14},
    {16, 16, 30, 17, 17, 17, 17, 0, 0}, {4, 0, 12, 4, 4, 4, 14, 0, 0}, {2, 0, 6, 2, 2, 2, 2, 18, 12},
    {16, 16, 18, 20, 24, 20, 18, 0, 0}, {12, 4, 4, 4, 4, 4, 14, 0, 0}, {0, 0, 26, 21, 21, 21, 21, 0, 0},
    {0, 0, 30, 17, 17, 17, 17, 0, 0}, {0, 0, 14, 17, 17, 17, 14, 0, 0},
    {0, 0, 30, 17, 17, 17, 30, 16, 16}, {0, 0, 15, 17, 17, 17, 15, 1, 1},
    {0, 0, 22, 25, 16, 16, 16, 0, 0}, {0, 0, 15, 16, 14, 1, 30, 0, 0}, {8, 8, 30, 8, 8, 9, 6, 0, 0},
    {0, 0, 17, 17, 17, 19, 13, 0, 0}, {0, 0, 17, 17, 17, 10, 4, 0, 0}, {0, 0, 17, 21, 21, 21, 10, 0, 0},
    {0, 0, 17, 10, 4, 10, 17, 0, 0}, {0, 0, 17, 17, 17, 17, 15, 1, 14}, {0, 0, 31, 2, 4, 8, 31, 0, 0},
    {2, 4, 4, 8, 4, 4, 2, 0, 0}, {4, 4, 4, 4, 4, 4, 4, 0, 0}, {8, 4, 4, 2, 4, 4, 8, 0, 0},
    {0, 0, 9, 21, 18, 0, 0, 0, 0},
};

enum hbs_err draw_open(struct hbs_ctx *ctx, int width, int height, struct draw *out)
{
    struct hbs_image limits; /* its maker knows the limits of a picture */
    enum hbs_err err = hbs_image_make(ctx, (uint32_t)width, (uint32_t)height, 0, &limits);
    if (err)
        return err;
    hbs_image_close(&limits);
    size_t bytes = (size_t)width * (size_t)height * 3;
    uint8_t *rgb = hbs_alloc(ctx, bytes, 1);
    if (!rgb)
        return HBS_ERR_NO_MEMORY;
    memset(rgb, 255, bytes);
    *out = (struct draw){ctx, width, height, rgb};
    return HBS_OK;
}

void draw_close(struct draw *d)
{
    if (d->rgb)
        hbs_free(d->ctx, d->rgb);
    d->rgb = NULL;
}

static void blend(struct draw *d, int x, int y, struct draw_colour c, float alpha)
{
    if (alpha <= 0 || x < 0 || y < 0 || x >= d->width || y >= d->height)
        return;
    uint8_t *p = d->rgb + 3 * ((size_t)y * (size_t)d->width + (size_t)x);
    const uint8_t to[3] = {c.r, c.g, c.b};
    alpha = alpha > 1 ? 1 : alpha;
    for (int k = 0; k < 3; k++)
        p[k] = (uint8_t)((float)p[k] + ((float)to[k] - (float)p[k]) * alpha + 0.5f);
}

void draw_grey(struct draw *d, int x0, int y0, int width, int height, const struct hbs_image *image, float ink)
{
    float sx = (float)image->width / (float)width, sy = (float)image->height / (float)height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            /* place in the picture; its edge pixels reach outwards */
            float u = ((float)x + 0.5f) * sx - 0.5f, v = ((float)y + 0.5f) * sy - 0.5f;
            u = fminf(fmaxf(u, 0), (float)(image->width - 1));
            v = fminf(fmaxf(v, 0), (float)(image->height - 1));
            size_t i = (size_t)u, j = (size_t)v, right = i + 1 < image->width, down = j + 1 < image->height;
            const uint8_t *p = image->pixels + j * image->width + i, *q = p + down * image->width;
            float fu = u - (float)i, fv = v - (float)j;
            float top = (float)p[0] + fu * ((float)p[right] - (float)p[0]);
            float low = (float)q[0] + fu * ((float)q[right] - (float)q[0]);
            uint8_t g = (uint8_t)(255 - ink * (255 - (top + fv * (low - top))) + 0.5f);
            blend(d, x0 + x, y0 + y, (struct draw_colour){g, g, g}, 1);
        }
}

/* Squared distance of (x, y) to the line from a to b. */
static float away2(float x, float y, struct draw_point a, struct draw_point b)
{
    float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    float t = length2 > 0 ? ((x - a.x) * dx + (y - a.y) * dy) / length2 : 0;
    t = fminf(fmaxf(t, 0), 1);
    float u = x - a.x - t * dx, v = y - a.y - t * dy;
    return u * u + v * v;
}

/* Rows and columns that a shape can touch; floats far outside are cut before they become integers. */
struct span {
    int left, right, top, low;
};
static struct span span_of(const struct draw *d, float left, float right, float top, float low, float reach)
{
    float w = (float)d->width, h = (float)d->height;
    return (struct span){(int)fminf(fmaxf(left - reach, 0), w), (int)fminf(fmaxf(right + reach + 1, 0), w),
                         (int)fminf(fmaxf(top - reach, 0), h), (int)fminf(fmaxf(low + reach + 1, 0), h)};
}

void draw_path(struct draw *d, const struct draw_point *p, int count, bool closed, float width,
               struct draw_colour colour, float alpha)
{
    if (count < 1)
        return;
    float left = p[0].x, right = left, top = p[0].y, low = top, reach = 0.5f * width + 1;
    for (int i = 1; i < count; i++) {
        left = fminf(left, p[i].x);
        right = fmaxf(right, p[i].x);
        top = fminf(top, p[i].y);
        low = fmaxf(low, p[i].y);
    }
    struct span s = span_of(d, left, right, top, low, reach);
    int lines = count == 1 ? 1 : count - !closed;
    for (int y = s.top; y < s.low; y++) {
        int from = s.left, to = s.right;
        if (count == 2 && p[0].y != p[1].y) { /* a long line: only what is near it in this row */
            float slope = (p[1].x - p[0].x) / (p[1].y - p[0].y), wide = reach * sqrtf(1 + slope * slope);
            float at = p[0].x + ((float)y - p[0].y) * slope;
            from = (int)fminf(fmaxf((float)from, at - wide), (float)to);
            to = (int)fminf(fmaxf(at + wide + 1, (float)from), (float)to);
        }
        for (int x = from; x < to; x++) {
            float least = 1e9f;
            for (int i = 0; i < lines; i++)
                least = fminf(least, away2((float)x, (float)y, p[i], p[(i + 1) % count]));
            if (least < reach * reach) /* the one path blends once, also where its lines meet */
                blend(d, x, y, colour, alpha * fminf(0.5f * width + 0.5f - sqrtf(least), 1));
        }
    }
}

void draw_line(struct draw *d, float x0, float y0, float x1, float y1, float width, struct draw_colour colour,
               float alpha)
{
    struct draw_point p[2] = {{x0, y0}, {x1, y1}};
    draw_path(d, p, 2, false, width, colour, alpha);
}

void draw_ring(struct draw *d, float cx, float cy, float radius, float width, struct draw_colour colour, float alpha)
{
    struct span s = span_of(d, cx, cx, cy, cy, radius + 0.5f * width + 1);
    for (int y = s.top; y < s.low; y++)
        for (int x = s.left; x < s.right; x++) {
            float dx = (float)x - cx, dy = (float)y - cy, off = fabsf(sqrtf(dx * dx + dy * dy) - radius);
            blend(d, x, y, colour, alpha * fminf(0.5f * width + 0.5f - off, 1));
        }
}

void draw_box(struct draw *d, int x0, int y0, int width, int height, struct draw_colour colour, float alpha)
{
    for (int y = y0; y < y0 + height; y++)
        for (int x = x0; x < x0 + width; x++)
            blend(d, x, y, colour, alpha);
}

int draw_text_width(const char *text, int size)
{
    return (int)strlen(text) * DRAW_STEP * size;
}

void draw_text(struct draw *d, int x0, int y0, int size, const char *text, struct draw_colour colour)
{
    for (; *text; text++, x0 += DRAW_STEP * size) {
        int c = (unsigned char)*text;
        const uint8_t *rows = font[(c < FIRST || c > LAST ? '?' : c) - FIRST];
        for (int y = 0; y < ROWS; y++)
            for (int x = 0; x < COLUMNS; x++)
                if (rows[y] >> (COLUMNS - 1 - x) & 1)
                    draw_box(d, x0 + x * size, y0 + y * size, size, size, colour, 1);
    }
}

void draw_label(struct draw *d, int x, int y, int size, const char *text, struct draw_colour colour)
{
    draw_box(d, x - size, y - size, draw_text_width(text, size) + size, 9 * size, DRAW_WHITE, 0.85f);
    draw_text(d, x, y, size, text, colour);
}
