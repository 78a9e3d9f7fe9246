/* SPDX-License-Identifier: MPL-2.0
 *
 * Room exchange, private side: a reader that knows where it is, a view as it lies in a record, and
 * the steps that all minutiae formats have in common (view.c).
 */
#ifndef HABEAS_EXCHANGE_INT_H
#define HABEAS_EXCHANGE_INT_H

#include "base/base_int.h"
#include "habeas/exchange.h"

/* Bytes being walked. With a NULL ctx errors are returned without words: that is how
 * hbs_record_recognise tries one layout after the other. */
struct hbs_record_reader {
    struct hbs_ctx *ctx;
    const uint8_t *data;
    size_t size, at;
    size_t slack; /* bytes by which the extended data of the view at hand may be short or over */
};

/* The slack of the last view of a record whose total length is right. */
#define HBS_RECORD_SLACK 2

/* HBS_ERR_FORMAT with "byte N: ..." in the message. */
enum hbs_err hbs_record_bad(const struct hbs_record_reader *r, size_t at, const char *format, ...)
    HBS_PRINTF(3, 4);
/* HBS_OK when n more bytes are there; else says what they were to be. */
enum hbs_err hbs_record_need(const struct hbs_record_reader *r, size_t n, const char *what);
/* HBS_OK where a record may end after its last view (see "Strictness" in habeas/exchange.h). */
enum hbs_err hbs_record_end(const struct hbs_record_reader *r, uint64_t declared);

/* A view of a minutiae record, and what its minutiae need to be understood. */
struct hbs_record_place {
    struct hbs_record_view view;
    uint32_t res_x, res_y; /* pixels per cm */
    unsigned minutia_size; /* bytes: 6, or 5 without a quality */
    unsigned steps;        /* directions in a turn: 256 or 180 */
    size_t sizes_at;       /* of width and height, for messages */
    size_t minutiae_at;
};

/* Checks sizes, resolutions and the minutiae that start at r->at (place->view.minutiae of them),
 * then the extended data; leaves r->at behind the view. */
enum hbs_err hbs_record_walk_view(struct hbs_record_reader *r, struct hbs_record_place *place);
/* A checked view becomes a template. */
enum hbs_err hbs_record_make_template(const struct hbs_record_reader *r,
                                      struct hbs_record_place *place,
                                      struct hbs_finger_template *out);
/* Hundredths of ppi for a resolution in pixels per cm; 0 when it is not one of a finger scan. */
uint32_t hbs_record_ppi100(uint32_t per_cm);

/* Minutiae in full become the best HBS_FINGER_MINUTIAE_MAX of them, in their order. */
uint32_t hbs_record_keep_best(const struct hbs_minutia *all, uint32_t count,
                              struct hbs_finger_template *out);

/* Walks a whole record of one layout; *count gets the number of views, `place` view k if it is
 * there. `header` is the length of the header where a layout exists with two (INCITS 378-2009). */
enum hbs_err hbs_record_walk_2004(struct hbs_record_reader *r, enum hbs_record_format format,
                                  size_t header, size_t k, struct hbs_record_place *place,
                                  size_t *count);
enum hbs_err hbs_record_walk_2011(struct hbs_record_reader *r, size_t k,
                                  struct hbs_record_place *place, size_t *count);
enum hbs_err hbs_record_walk_fir(struct hbs_record_reader *r, enum hbs_record_format format, size_t k,
                                 struct hbs_record_image *image, size_t *count);

/* Writing: a template is checked, then its minutiae are put as 6 bytes (or 5 without quality). */
enum hbs_err hbs_record_check_template(struct hbs_ctx *ctx, const struct hbs_finger_template *t);
enum hbs_err hbs_record_put_minutiae(struct hbs_buf *out, const struct hbs_finger_template *t,
                                     unsigned steps, unsigned minutia_size);
/* The number of view i among those of the same finger before it. */
unsigned hbs_record_view_number(const struct hbs_finger_template *t, size_t i);
enum hbs_err hbs_record_put_2004(struct hbs_buf *out, enum hbs_record_format format,
                                 const struct hbs_finger_template *t, size_t count);
enum hbs_err hbs_record_put_2011(struct hbs_buf *out, const struct hbs_finger_template *t,
                                 size_t count);

/* A picture's side in our pixels as pixels of a record at 197 per cm, and a coordinate inside. */
#define HBS_RECORD_PER_CM 197u
#define HBS_RECORD_SIDE_MAX 8191u /* 65535 eighths */

#endif
