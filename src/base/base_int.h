/* SPDX-License-Identifier: MPL-2.0
 *
 * Room base, private side: what the other rooms of the library use but its users do not see.
 */
#ifndef HABEAS_BASE_INT_H
#define HABEAS_BASE_INT_H

#include "habeas/base.h"

#include <assert.h>
#include <locale.h>
#include <string.h>

/* Defence that asserts in tests and is still checked in release (the idea is SQLite's). */
#ifdef NDEBUG
#define ALWAYS(x) (!!(x))
#define NEVER(x) (!!(x))
#else
#define ALWAYS(x) ((x) ? 1 : (assert(!"ALWAYS(" #x ")"), 0))
#define NEVER(x) ((x) ? (assert(!"NEVER(" #x ")"), 1) : 0)
#endif

#define HBS_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Records an error in the context and returns it: `return hbs_fail(ctx, HBS_ERR_FORMAT, "byte 12",
 * "give a whole file", "the picture ends after %zu bytes", n);`. `where` and `action` may be "". */
enum hbs_err hbs_fail(struct hbs_ctx *ctx, enum hbs_err err, const char *where, const char *action,
                      const char *format, ...) HBS_PRINTF(5, 6) HBS_NONNULL(1, 3, 4, 5);
/* The same for a refused allocation of `bytes`. */
enum hbs_err hbs_fail_memory(struct hbs_ctx *ctx, size_t bytes) HBS_NONNULL(1);
/* Grows an allocation (realloc); NULL when refused, the old block then still stands. */
void *hbs_resize(struct hbs_ctx *ctx, void *old, size_t size) HBS_NONNULL(1);

/* Numbers in text, the same whatever locale the program has set (number.c). */
locale_t hbs_c_locale(void);
/* A finite decimal number that fills text[0..size) wholly; false otherwise (nan, inf, hex, blanks,
 * more than 63 characters, overflow). */
bool hbs_number_parse(const char *text, size_t size, double *out) HBS_MUST_USE HBS_NONNULL(1, 3);
/* The shortest decimal that reads back as the same double; 32 bytes are enough. */
void hbs_number_print(double value, char *out, size_t size) HBS_NONNULL(2);

/* Big-endian and little-endian loads and stores at any alignment. */
static inline uint16_t hbs_be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline uint32_t hbs_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint16_t hbs_le16(const uint8_t *p) { return (uint16_t)(p[1] << 8 | p[0]); }
static inline uint32_t hbs_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}
static inline uint64_t hbs_le64(const uint8_t *p)
{
    return (uint64_t)hbs_le32(p + 4) << 32 | hbs_le32(p);
}
static inline void hbs_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void hbs_put_be32(uint8_t *p, uint32_t v)
{
    hbs_put_be16(p, (uint16_t)(v >> 16));
    hbs_put_be16(p + 2, (uint16_t)v);
}
static inline void hbs_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static inline void hbs_put_le32(uint8_t *p, uint32_t v)
{
    hbs_put_le16(p, (uint16_t)v);
    hbs_put_le16(p + 2, (uint16_t)(v >> 16));
}
static inline void hbs_put_le64(uint8_t *p, uint64_t v)
{
    hbs_put_le32(p, (uint32_t)v);
    hbs_put_le32(p + 4, (uint32_t)(v >> 32));
}

#endif
