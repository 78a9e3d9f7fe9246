/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/base.h: what every room stands on: error numbers, the context that carries an error's
 * words and the allocator, buffers with a hard maximum, a deterministic random generator, clocks,
 * threads and CPU features.
 *
 * Rules that hold in all public headers of libhabeas
 *   errors     a function that can fail returns enum hbs_err; the result goes out through the last
 *              pointer and is untouched on failure. The context keeps what went wrong, where, and
 *              what to do about it. The library never prints, exits or aborts.
 *   ownership  `..._open` gives an owner that `..._close` frees; `..._close(NULL)` is harmless.
 *              Plain structs belong to the caller.
 *   threads    a context serves one thread at a time; make one a thread. Anything passed as a
 *              pointer to const may be shared between threads.
 *   units      lengths in pixels at 500 ppi unless a name says otherwise; angles in 1/256 turn,
 *              counter-clockwise, 0 to the right.
 */
#ifndef HABEAS_BASE_H
#define HABEAS_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define HBS_API __attribute__((visibility("default")))
#define HBS_MUST_USE __attribute__((warn_unused_result))
#define HBS_NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#define HBS_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define HBS_API
#define HBS_MUST_USE
#define HBS_NONNULL(...)
#define HBS_PRINTF(f, a)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Error numbers: never renumbered, never reused. Each maps to one exit code of contracts.md. */
enum hbs_err {
    HBS_OK = 0,
    HBS_ERR_NO_MEMORY = 1,    /* the allocator said no */
    HBS_ERR_USAGE = 2,        /* an argument makes no sense */
    HBS_ERR_FORMAT = 3,       /* not the format it claims to be, or broken */
    HBS_ERR_UNSUPPORTED = 4,  /* a valid variant that this build does not read */
    HBS_ERR_LIMIT = 5,        /* larger than a stated limit; nothing was allocated for it */
    HBS_ERR_IO = 6,           /* cannot open, read or write */
    HBS_ERR_INTEGRITY = 7,    /* a checksum or signature does not hold */
    HBS_ERR_BUSY = 8,         /* locked by somebody else */
    HBS_ERR_REFUSED = 9,      /* refused by law or by an article */
    HBS_ERR_INCOMPLETE = 10,  /* a deadline passed, or part was not searched */
    HBS_ERR_NOT_FOUND = 11,   /* no such file, record or name */
    HBS_ERR_WORKER = 12,      /* the confined decoder died or broke its rules */
    HBS_ERR_BUG = 70          /* NEVER() was reached */
};

/* The exit code of contracts.md (0, 2, 3, 4, 5, 6, 7 or 70) for an error. */
HBS_API int hbs_err_exit_code(enum hbs_err err);
/* A short English name for an error ("bad format"); static storage. */
HBS_API const char *hbs_err_name(enum hbs_err err);

/* Allocator hook: NULL members mean the C library's. `resize` has realloc's meaning. */
struct hbs_allocator {
    void *(*resize)(void *user, void *old, size_t size);
    void (*release)(void *user, void *p);
    void *user;
};

/* A context: allocator and last error. Not shared between threads. */
struct hbs_ctx;

HBS_API HBS_MUST_USE enum hbs_err hbs_ctx_open(const struct hbs_allocator *allocator,
                                               struct hbs_ctx **out) HBS_NONNULL(2);
HBS_API void hbs_ctx_close(struct hbs_ctx *ctx);

/* The last error in words: what went wrong ("not a PNG picture"), where ("thumb.png", or with a
 * record or line number), and what to do ("give a PNG, JPEG ..."). Never NULL; "" when there is
 * nothing to say. Valid until the next call with this context. */
HBS_API const char *hbs_ctx_what(const struct hbs_ctx *ctx) HBS_NONNULL(1);
HBS_API const char *hbs_ctx_where(const struct hbs_ctx *ctx) HBS_NONNULL(1);
HBS_API const char *hbs_ctx_do(const struct hbs_ctx *ctx) HBS_NONNULL(1);
/* Replaces the "where": a caller that knows the file's name adds it to a lower room's error. */
HBS_API void hbs_ctx_set_where(struct hbs_ctx *ctx, const char *where) HBS_NONNULL(1, 2);

/* Memory through the context's allocator. Zeroed. NULL when refused (no message is set). */
HBS_API void *hbs_alloc(struct hbs_ctx *ctx, size_t count, size_t size) HBS_NONNULL(1);
HBS_API void hbs_free(struct hbs_ctx *ctx, void *p) HBS_NONNULL(1);

/* A growing byte buffer with a hard maximum given when it is made. */
struct hbs_buf {
    struct hbs_ctx *ctx;
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t maximum;
};

HBS_API void hbs_buf_init(struct hbs_buf *buf, struct hbs_ctx *ctx, size_t maximum)
    HBS_NONNULL(1, 2);
HBS_API void hbs_buf_close(struct hbs_buf *buf) HBS_NONNULL(1);
/* Makes room for `more` bytes beyond size. HBS_ERR_LIMIT beyond the maximum. */
HBS_API HBS_MUST_USE enum hbs_err hbs_buf_reserve(struct hbs_buf *buf, size_t more) HBS_NONNULL(1);
HBS_API HBS_MUST_USE enum hbs_err hbs_buf_put(struct hbs_buf *buf, const void *data, size_t size)
    HBS_NONNULL(1);
HBS_API HBS_MUST_USE enum hbs_err hbs_buf_printf(struct hbs_buf *buf, const char *format, ...)
    HBS_NONNULL(1, 2) HBS_PRINTF(2, 3);

/* A whole regular file into a buffer that was init-ed; HBS_ERR_LIMIT if it is larger than the
 * buffer's maximum (said before anything is read). "-" is standard input. */
HBS_API HBS_MUST_USE enum hbs_err hbs_file_read(struct hbs_ctx *ctx, const char *path,
                                                struct hbs_buf *out) HBS_NONNULL(1, 2, 3);
/* Writes a file whole or not at all (temporary beside it, fsync, rename, fsync of the folder). */
HBS_API HBS_MUST_USE enum hbs_err hbs_file_write(struct hbs_ctx *ctx, const char *path,
                                                 const void *data, size_t size)
    HBS_NONNULL(1, 2);

/* A deterministic generator for synthesis, bootstraps and tests (xoshiro256**, Blackman and Vigna,
 * ACM TOMS 47:4, 2021, seeded by splitmix64). Never for keys: the vault uses libsodium. */
struct hbs_rng {
    uint64_t s[4];
};
HBS_API void hbs_rng_seed(struct hbs_rng *rng, uint64_t seed) HBS_NONNULL(1);
HBS_API uint64_t hbs_rng_u64(struct hbs_rng *rng) HBS_NONNULL(1);
HBS_API uint32_t hbs_rng_below(struct hbs_rng *rng, uint32_t bound) HBS_NONNULL(1); /* unbiased */
HBS_API double hbs_rng_unit(struct hbs_rng *rng) HBS_NONNULL(1);   /* [0,1) */
HBS_API double hbs_rng_normal(struct hbs_rng *rng) HBS_NONNULL(1); /* mean 0, deviation 1 */

/* Seconds. Thread CPU time is what speeds are measured in; wall time is for progress. */
HBS_API double hbs_clock_cpu(void);
HBS_API double hbs_clock_wall(void);

/* Instruction sets, each including those before it. */
enum hbs_isa {
    HBS_ISA_PORTABLE = 0,   /* C for the x86-64 floor */
    HBS_ISA_AVX2 = 1,       /* AVX2, POPCNT, BMI */
    HBS_ISA_AVX512 = 2,     /* AVX-512 F, BW, VL, DQ */
    HBS_ISA_VPOPCNT = 3     /* and VPOPCNTDQ */
};
/* What this machine has, lowered by the environment variable HABEAS_ISA (portable, avx2, avx512,
 * vpopcnt). Read once. */
HBS_API enum hbs_isa hbs_cpu_isa(void);
HBS_API const char *hbs_isa_name(enum hbs_isa isa);

/* Processors this process may run on (at least 1). */
HBS_API unsigned hbs_cpu_count(void);

/* Runs work(arg, i, thread) for i in [0, count) on up to `threads` threads (0: all processors);
 * returns when all are done. Items are handed out in order, one at a time; which thread gets which
 * is not determined, so results must be written by index. `thread` < the number of threads, for
 * per-thread scratch. Falls back to the calling thread when no thread can be made. */
HBS_API void hbs_parallel(unsigned threads, size_t count,
                          void (*work)(void *arg, size_t index, unsigned thread), void *arg)
    HBS_NONNULL(3);

#ifdef __cplusplus
}
#endif
#endif
