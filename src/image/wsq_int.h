/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image, private: the parts of the WSQ codec that decoder and encoder share. The method and
 * every number are from "WSQ Gray-scale Fingerprint Image Compression Specification", FBI,
 * IAFIS-IC-0110 (V3, 1997, and V3.1, 2010), called "the specification" in these files, with
 * J. N. Bradley, C. M. Brislawn and T. Hopper, "The FBI Wavelet/Scalar Quantization Standard for
 * gray-scale fingerprint image compression", SPIE 1961 (1993).
 *
 *   pixels -> (p - M) / R -> 64 subbands -> dead-zone quantiser -> runs and values -> Huffman
 *
 * wsq_tables.c   where the subbands lie, the 9/7 filters, numbers as the file writes them
 * wsq_wavelet.c  the symmetric wavelet transform, both directions
 * wsq_huffman.c  Huffman tables from both sides, bits in and out
 * wsq_decode.c   a file to pixels
 * wsq_encode.c   pixels to a file
 */
#ifndef HABEAS_WSQ_INT_H
#define HABEAS_WSQ_INT_H

#include "image_int.h"

enum wsq_marker {
    WSQ_SOI = 0xffa0, /* start of image */
    WSQ_EOI = 0xffa1, /* end of image */
    WSQ_SOF = 0xffa2, /* frame header: size, shift and scale */
    WSQ_SOB = 0xffa3, /* start of a block of coded subbands */
    WSQ_DTT = 0xffa4, /* transform table: the analysis filters */
    WSQ_DQT = 0xffa5, /* quantisation table */
    WSQ_DHT = 0xffa6, /* Huffman tables */
    WSQ_DRI = 0xffa7, /* restart interval */
    WSQ_COM = 0xffa8  /* comment */
};

enum {
    WSQ_BANDS = 64,
    WSQ_BANDS_CODED = 60, /* the last four, the highest frequencies, are never sent */
    WSQ_SPLITS = 21,
    WSQ_HALF_MAX = 15,    /* filters of up to 31 taps */
    WSQ_CODE_MAX = 16     /* bits of the longest Huffman code */
};

/* What the 254 Huffman-coded symbols mean. 1 to 100 are runs of so many zeros; then escapes, which
 * are followed by 8 or 16 bits; the rest are the quantised values -73 to 74 themselves. */
enum wsq_symbol {
    WSQ_RUN_SHORT_MAX = 100,
    WSQ_PLUS_8 = 101,
    WSQ_MINUS_8 = 102,
    WSQ_PLUS_16 = 103,
    WSQ_MINUS_16 = 104,
    WSQ_RUN_8 = 105,
    WSQ_RUN_16 = 106,
    WSQ_VALUE_FIRST = 107,
    WSQ_VALUE_ZERO = 180, /* symbol - 180 is the value */
    WSQ_VALUE_LAST = 254
};

/* A rectangle of the coefficient plane, which has the size of the picture. */
struct wsq_rect {
    uint32_t x, y, width, height;
};

/* One step of the subband tree: a rectangle is split in two along both axes. When flip_x is set,
 * the low-pass half lies on the right: behind an odd number of high-pass steps the frequencies run
 * backwards, and the specification lays subbands out by true frequency. */
struct wsq_split {
    struct wsq_rect rect;
    uint8_t flip_x, flip_y;
    uint8_t first, end; /* the bands inside: first <= k < end */
};

/* For one picture size: the 64 bands, and the splits from the whole picture downwards. */
struct wsq_tree {
    struct wsq_rect band[WSQ_BANDS];
    struct wsq_split split[WSQ_SPLITS];
};
void hbs_wsq_tree(uint32_t width, uint32_t height, struct wsq_tree *tree);

/* The analysis filters, odd in length and symmetric: the middle tap and those right of it.
 * A filter has 2 * half + 1 taps. */
struct wsq_filters {
    int lo_half, hi_half;
    float lo[WSQ_HALF_MAX + 1], hi[WSQ_HALF_MAX + 1];
};

/* A number as the file has it: mantissa / 10^exponent. */
struct wsq_decimal {
    int64_t mantissa; /* 32 bits and, for a filter's tap, a sign */
    uint8_t exponent;
};
float hbs_wsq_decimal(uint32_t mantissa, unsigned exponent);

/* The 9/7 filters: five taps of the low-pass one, then four of the high-pass one. */
enum { WSQ_97_TAPS = 9 };
extern const struct wsq_decimal hbs_wsq_97[WSQ_97_TAPS];
void hbs_wsq_filters_97(struct wsq_filters *filters);

/* The transform of a plane in place; the plane is tree->split[0].rect in size, without padding
 * between rows. Synthesis leaves out the splits none of whose bands is in `present` (bit k: band k
 * may hold something other than zero). Fails only for want of memory. */
enum hbs_err hbs_wsq_analyse(struct hbs_ctx *ctx, const struct wsq_filters *filters,
                             const struct wsq_tree *tree, float *plane);
enum hbs_err hbs_wsq_synthesise(struct hbs_ctx *ctx, const struct wsq_filters *filters,
                                const struct wsq_tree *tree, uint64_t present, float *plane);

/* A Huffman table for reading. Codes of up to WSQ_LOOK bits are looked up at once; longer ones,
 * which are rare by construction, by their length's first code. */
enum { WSQ_LOOK = 10 };
struct wsq_decoder_table {
    bool given;
    uint16_t look[1 << WSQ_LOOK];      /* length << 8 | symbol; 0: longer than WSQ_LOOK or none */
    uint32_t limit[WSQ_CODE_MAX + 1];  /* codes of a length, left-aligned in 16 bits, are less */
    int32_t offset[WSQ_CODE_MAX + 1];  /* index of a code's symbol = code + offset[length] */
    uint8_t symbol[256];
};
/* From the 16 counts and the symbols of a DHT segment; false if they are no code. */
bool hbs_wsq_table_read(const uint8_t counts[WSQ_CODE_MAX], const uint8_t *symbols, size_t have,
                        struct wsq_decoder_table *table);

/* A Huffman table for writing: code lengths limited to 16 from how often each symbol occurs. */
struct wsq_encoder_table {
    uint8_t counts[WSQ_CODE_MAX];
    uint8_t symbols[256];
    int total;            /* symbols in use, at least 1 */
    uint16_t code[256];
    uint8_t length[256];  /* 0: does not occur */
};
void hbs_wsq_table_make(const uint32_t frequency[256], struct wsq_encoder_table *table);

/* Bits into a buffer, the first one highest, FF written as FF 00. Errors are kept until the end. */
struct wsq_writer {
    struct hbs_buf *out;
    enum hbs_err err;
    uint64_t bits; /* the ones not yet written, lowest `have` */
    int have;
    int used;
    uint8_t chunk[1024];
};
void hbs_wsq_write_bits(struct wsq_writer *w, uint32_t bits, int length); /* up to 32 */
enum hbs_err hbs_wsq_write_end(struct wsq_writer *w); /* fills the last byte with ones */

/* Reads a WSQ file; see hbs_image_decode_here for what goes out. Pixel memory is taken only for
 * sizes within the limits of image.h and only if the file is long enough to fill them. */
enum hbs_err hbs_wsq_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out);

/* hbs_wsq_encode without its least size, which the deepest bands need to mean anything; the decoder
 * reads any size, and its tests and fuzzers want small files. */
enum { WSQ_SIDE_MIN = 256 };
enum hbs_err hbs_wsq_encode_any(struct hbs_ctx *ctx, const struct hbs_image *image, double rate,
                                struct hbs_buf *out);

#endif
