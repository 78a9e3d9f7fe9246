/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: drawing over pictures. Shapes are anti-aliased by coverage: how far a pixel's
 * middle lies from the shape's edge. Coordinates are pixels, x to the right, y down, the middle of
 * the first pixel at (0, 0); what lies outside is cut off.
 *
 * Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any kind of
 * colour vision can tell apart; nothing is told by colour alone.
 */
#ifndef HABEAS_DRAW_H
#define HABEAS_DRAW_H

#include "habeas/image.h"

struct draw {
    struct hbs_ctx *ctx;
    int width, height;
    uint8_t *rgb; /* owned; width * height triplets */
};

struct draw_colour {
    uint8_t r, g, b;
};
struct draw_point {
    float x, y;
};

#define DRAW_BLACK ((struct draw_colour){0, 0, 0})
#define DRAW_WHITE ((struct draw_colour){255, 255, 255})
#define DRAW_ORANGE ((struct draw_colour){230, 159, 0})
#define DRAW_SKY ((struct draw_colour){86, 180, 233})
#define DRAW_GREEN ((struct draw_colour){0, 158, 115})
#define DRAW_BLUE ((struct draw_colour){0, 114, 178})
#define DRAW_VERMILLION ((struct draw_colour){213, 94, 0})
#define DRAW_PURPLE ((struct draw_colour){204, 121, 167})
#define DRAW_GREY ((struct draw_colour){110, 110, 110})

/* White. HBS_ERR_LIMIT beyond the sides of a picture, HBS_ERR_NO_MEMORY. */
enum hbs_err draw_open(struct hbs_ctx *ctx, int width, int height, struct draw *out) HBS_MUST_USE;
void draw_close(struct draw *d);

/* A grey picture into the rectangle, bilinear; `ink` 0 (white) to 1 (as it is) makes it paler. */
void draw_grey(struct draw *d, int x, int y, int width, int height, const struct hbs_image *image, float ink);

/* A line through the points, with round ends; alpha 0 to 1. */
void draw_path(struct draw *d, const struct draw_point *p, int count, bool closed, float width,
               struct draw_colour colour, float alpha);
void draw_line(struct draw *d, float x0, float y0, float x1, float y1, float width, struct draw_colour colour,
               float alpha);
void draw_ring(struct draw *d, float x, float y, float radius, float width, struct draw_colour colour, float alpha);
void draw_box(struct draw *d, int x, int y, int width, int height, struct draw_colour colour, float alpha);

/* Text of one line, its top left corner at (x, y); `size` 1 is 5 x 7 pixels in steps of 6. Bytes that
 * are not printable ASCII are shown as '?'. */
#define DRAW_STEP 6
#define DRAW_HIGH 9
void draw_text(struct draw *d, int x, int y, int size, const char *text, struct draw_colour colour);
/* The same on a white ground that lets the picture through a little. */
void draw_label(struct draw *d, int x, int y, int size, const char *text, struct draw_colour colour);
int draw_text_width(const char *text, int size);

#endif
