/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/exchange.h: finger records of other systems: minutiae records in and out, image records in.
 *
 *   hbs_record_recognise      what the bytes claim to be
 *   hbs_record_views          how many views (impressions) a record holds
 *   hbs_record_view_at        what is said about view k
 *   hbs_record_read_finger    view k of a minutiae record -> template
 *   hbs_record_write_finger   templates -> minutiae record
 *   hbs_record_image_at       view k of an image record -> where its picture lies in the bytes
 *   hbs_card_read_finger, hbs_card_write_finger    minutiae as a match-on-card card takes them
 *
 * Formats (sources and the evidence for each layout: docs/rooms/exchange.md)
 *   ISO/IEC 19794-2:2005   finger minutiae, and its on-card forms of normal and compact size
 *   ISO/IEC 19794-2:2011   finger minutiae
 *   ANSI INCITS 378-2004   finger minutiae; 378-2009 with its amendment is read, not written
 *   ISO/IEC 19794-4:2005 and :2011   finger images; read only: the picture itself is decoded by
 *                                    habeas/image.h in its confined process
 *
 * Shapes and units
 *   A template is in 1/8 pixel at 500 ppi and 1/256 turn (habeas/finger.h). Records give pixels,
 *   pixels per centimetre and 1/256 turn (ISO) or 2 degrees (INCITS). A record's 197 or 196 pixels
 *   per cm are taken as the 500 ppi they were rounded from, and likewise 250, 750 and 1000 ppi;
 *   any other value counts as it stands. We write 197, so a template read back is within half a
 *   pixel and half an angle step, and what was written once is never changed by a second pass.
 *   Directions are counter-clockwise from the right, into the ridge that ends or into the valley
 *   between two branches, in all these formats and in ours: nothing is turned.
 *   Minutia and view quality are 0 to 100. What a record leaves unsaid (0 in the records of 2004
 *   and 2005, 254, 255 or anything above 100 elsewhere) is read as 0, and
 *   hbs_record_view.has_minutia_quality says whether the 0s of a view mean anything.
 *
 * Strictness
 *   A record is checked whole before any of it is handed out. Counts, extended data and lengths
 *   of representations must agree with the bytes; a picture without size, a resolution outside 100
 *   to 4000 ppi, a minutia outside its picture and an INCITS angle above 358 degrees are refused:
 *   HBS_ERR_FORMAT, with the byte's offset in the message. The total length in the header is
 *   believed only where it agrees with the bytes or with the end of the last view: published
 *   samples of the standard itself have it wrong by one. Where it is right, the extended data of
 *   the last view may be two bytes short or over, as in samples of NIST. A view without minutiae
 *   is valid; so is a record of 2004 or 2005 without views, which has nothing to read.
 *
 * Errors HBS_ERR_FORMAT for broken bytes, HBS_ERR_UNSUPPORTED for a record of another kind than
 * asked for, HBS_ERR_NOT_FOUND for a view that is not there, HBS_ERR_USAGE for a template or
 * argument that makes no sense, HBS_ERR_LIMIT for what the format cannot hold.
 * Memory: only hbs_buf grows; reading allocates nothing. Threads: see habeas/base.h.
 */
#ifndef HABEAS_EXCHANGE_H
#define HABEAS_EXCHANGE_H

#include "habeas/base.h"
#include "habeas/finger.h"
#include "habeas/image.h"

#ifdef __cplusplus
extern "C" {
#endif

enum hbs_record_format {
    HBS_RECORD_UNKNOWN = 0,
    HBS_RECORD_ISO2005 = 1,      /* ISO/IEC 19794-2:2005, "FMR" version " 20" */
    HBS_RECORD_ISO2011 = 2,      /* ISO/IEC 19794-2:2011, "FMR" version "030" */
    HBS_RECORD_INCITS2004 = 3,   /* ANSI INCITS 378-2004, "FMR" version " 20" */
    HBS_RECORD_INCITS2009 = 4,   /* ANSI INCITS 378-2009 and AM1, "FMR" version "030" or "035" */
    HBS_RECORD_FIR2005 = 5,      /* ISO/IEC 19794-4:2005, "FIR" version "010" */
    HBS_RECORD_FIR2011 = 6,      /* ISO/IEC 19794-4:2011, "FIR" version "020" */
    HBS_RECORD_CARD_NORMAL = 7,  /* ISO/IEC 19794-2:2005 on-card, 5 bytes a minutia, 0.01 mm */
    HBS_RECORD_CARD_COMPACT = 8  /* the same, 3 bytes a minutia, 0.1 mm and 64 directions */
};

/* What the bytes are, by content. The card forms have no header and are never recognised. The two
 * families share magic and version; the place and plausibility of the length field tell " 20"
 * apart, the structure of the whole record "030". */
HBS_API enum hbs_record_format hbs_record_recognise(const void *data, size_t size);
/* A short name ("iso2005", "incits378") and the way back; "unknown", HBS_RECORD_UNKNOWN. */
HBS_API const char *hbs_record_format_name(enum hbs_record_format format);
HBS_API enum hbs_record_format hbs_record_format_find(const char *name) HBS_NONNULL(1);
/* Whether a format holds minutiae (hbs_record_read_finger) or pictures (hbs_record_image_at). */
HBS_API bool hbs_record_is_minutiae(enum hbs_record_format format);
HBS_API bool hbs_record_is_image(enum hbs_record_format format);

/* What a record says about one view. Sizes are the record's own pixels. */
struct hbs_record_view {
    enum hbs_record_format format;
    uint8_t finger;           /* ISO 19794 position: 0 unknown, 1 right thumb ... 10 left little; others
                                 (several fingers, palms) as they stand */
    uint8_t view;             /* number of the view among those of its finger */
    uint8_t impression;       /* the format's impression type code */
    uint8_t quality;          /* 0 to 100; 0 when not reported */
    uint32_t width, height;   /* of the picture that was looked at, pixels */
    uint32_t ppi_x, ppi_y;    /* rounded */
    uint32_t minutiae;        /* in the record */
    uint32_t dropped;         /* of them not kept: set by hbs_record_read_finger, else 0 */
    bool has_minutia_quality; /* some minutia reports a quality */
    uint32_t extended;        /* bytes of ridge counts, cores, deltas ... passed over */
    size_t offset, size;      /* where the view lies in the record */
};

/* The number of views of a minutiae or image record, which is checked whole. */
HBS_API HBS_MUST_USE enum hbs_err hbs_record_views(struct hbs_ctx *ctx, const void *data, size_t size,
                                                   size_t *out) HBS_NONNULL(1, 4);
/* What is said about view k, counted from 0. */
HBS_API HBS_MUST_USE enum hbs_err hbs_record_view_at(struct hbs_ctx *ctx, const void *data,
                                                     size_t size, size_t k,
                                                     struct hbs_record_view *out) HBS_NONNULL(1, 5);

/* View k of a minutiae record, counted from 0. Of more than HBS_FINGER_MINUTIAE_MAX minutiae those
 * of the best quality stay (of equal quality the earlier), in the record's order. A position that
 * is no single finger becomes 0. The template has no orientation map (columns and rows 0), and
 * support is 0. `view` (may be NULL) gets what hbs_record_view_at gives, and `dropped`. */
HBS_API HBS_MUST_USE enum hbs_err hbs_record_read_finger(struct hbs_ctx *ctx, const void *data,
                                                         size_t size, size_t k,
                                                         struct hbs_finger_template *out,
                                                         struct hbs_record_view *view)
    HBS_NONNULL(1, 5);

/* Appends one record with a view a template; ISO2005, ISO2011 or INCITS2004. Views of one finger
 * are numbered in the order given, at most 16 of them. ISO2005 and INCITS2004 have one picture size
 * for all views and get the largest width and the largest height. Not written, because a template
 * does not hold it: impression type (0, live plain), capture device and time (unknown). */
HBS_API HBS_MUST_USE enum hbs_err hbs_record_write_finger(struct hbs_ctx *ctx,
                                                          enum hbs_record_format format,
                                                          const struct hbs_finger_template *templates,
                                                          size_t count, struct hbs_buf *out)
    HBS_NONNULL(1, 3, 5);

/* A picture in an image record. Nothing is copied: `data` points into the record's bytes. */
struct hbs_record_image {
    struct hbs_record_view view;  /* minutiae and extended are 0 */
    enum hbs_image_format format; /* as the header says it; the image room goes by content.
                                     HBS_IMAGE_RAW: 8-bit grey, exactly width * height bytes */
    const uint8_t *data;
    size_t size;
};
/* View k of an image record, counted from 0. Total and representation lengths that disagree with
 * the picture's length are passed over where the record can still be walked (MOSIP's capture
 * services count blocks after the picture in one and not in the other); a picture that is not there to
 * its last byte is refused. */
HBS_API HBS_MUST_USE enum hbs_err hbs_record_image_at(struct hbs_ctx *ctx, const void *data,
                                                      size_t size, size_t k,
                                                      struct hbs_record_image *out)
    HBS_NONNULL(1, 5);

/* The on-card forms: minutiae and nothing else. The picture's size is not in them: a template read
 * is at least 504 x 504 (the 25.6 mm that the compact form can address). Writing refuses minutiae
 * beyond 25.5 mm (compact) or 163.8 mm (normal) with HBS_ERR_LIMIT. A card states in its biometric
 * information template how many minutiae it takes and in which order; that is the caller's. */
HBS_API HBS_MUST_USE enum hbs_err hbs_card_read_finger(struct hbs_ctx *ctx,
                                                       enum hbs_record_format format,
                                                       const void *data, size_t size,
                                                       struct hbs_finger_template *out,
                                                       uint32_t *dropped) HBS_NONNULL(1, 5);
HBS_API HBS_MUST_USE enum hbs_err hbs_card_write_finger(struct hbs_ctx *ctx,
                                                        enum hbs_record_format format,
                                                        const struct hbs_finger_template *t,
                                                        struct hbs_buf *out) HBS_NONNULL(1, 3, 4);

#ifdef __cplusplus
}
#endif
#endif
