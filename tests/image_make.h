/* SPDX-License-Identifier: MPL-2.0
 *
 * Small pictures of every kind habeas reads, and broken ones, made on the spot: PGM and BMP byte
 * by byte, the others with the public libraries. Each comes with the grey pixels it must turn into
 * (computed here from the pattern, not by the code under test), its resolution, or the error it
 * must meet. The tests decode them; make_image_corpus writes them out as fuzzing corpora.
 */
#ifndef HABEAS_TESTS_IMAGE_MAKE_H
#define HABEAS_TESTS_IMAGE_MAKE_H

#include "habeas/image.h"

struct made_image {
    char name[56];
    enum hbs_image_format format;
    enum hbs_err err; /* what decoding must answer */
    uint32_t width, height, ppi;
    int within;       /* greatest difference of a pixel from `expect` (lossy formats) */
    uint8_t *expect;  /* width * height, NULL for a broken one */
    uint8_t *data;
    size_t size;
};

struct made_list {
    struct made_image *items;
    size_t count;
};

/* Growing bytes; out of memory ends the program, as is right for a test. */
struct bytes {
    uint8_t *data;
    size_t size, capacity;
};
void bytes_put(struct bytes *b, const void *data, size_t size);
void bytes_u8(struct bytes *b, unsigned v);
void bytes_le16(struct bytes *b, unsigned v);
void bytes_le32(struct bytes *b, uint32_t v);
void bytes_be16(struct bytes *b, unsigned v);
void bytes_be32(struct bytes *b, uint32_t v);

/* The pattern: channel 0, 1, 2 red green blue (or grey in 0), 3 alpha; 16 bit. Both axes count, so
 * a turned or mirrored picture is noticed. */
uint32_t made_sample(uint32_t x, uint32_t y, int channel);
/* The same at `bits` bits. */
uint32_t made_value(uint32_t x, uint32_t y, int channel, int bits);
/* What a value of `bits` bits becomes in 8. */
uint8_t made_byte(uint32_t value, int bits);
/* Grey of RGB in floating point, rounded: BT.601 as its document has it. */
uint8_t made_luma(double r, double g, double b);
uint8_t made_on_white(double v, double alpha);
/* Rows of samples packed from the high bit, each row beginning on a byte; 16 bit high byte first. */
void made_pack(struct bytes *to, uint32_t width, uint32_t height, int channels, int bits);
/* Adds a picture; `data` is taken over. The expectation is set by the caller in the item returned
 * (valid until the next add). */
struct made_image *made_add(struct made_list *list, enum hbs_image_format format, uint32_t width,
                            uint32_t height, uint32_t ppi, struct bytes data, const char *name, ...)
    HBS_PRINTF(7, 8);
/* Fills in `expect` for the pattern with so many channels at so many bits. */
void made_expect(struct made_image *m, int channels, int bits);
/* Adds a broken picture that must meet `err`. */
void made_add_broken(struct made_list *list, enum hbs_image_format format, enum hbs_err err,
                     struct bytes data, const char *name);

void made_pgm(struct made_list *list);
void made_bmp(struct made_list *list);
void made_png(struct made_list *list);
void made_jpeg(struct made_list *list);
void made_jp2(struct made_list *list);
void made_tiff(struct made_list *list);
struct made_list made_images(void);
void made_free(struct made_list *list);

#endif
