/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: what the confined decoder (worker.c, in the process habeas-decode) and its parent
 * (decoder.c) say to each other, and how the worker is confined.
 *
 * The wire. One stream socket, inherited as descriptor 3. Every message is a header of fixed size
 * and a payload whose size follows from the header; a payload is never larger than a limit known
 * before. Numbers are little-endian.
 *
 *     worker                                    parent
 *       | -- HELLO (version) ------------------> |   once, after confining itself
 *       | <------------- DECODE, bytes of file - |
 *       | -- PICTURE, width * height of grey --> |   or
 *       | -- ERROR, three texts of fixed size -> |
 *
 * The parent trusts nothing: a header that is not the answer to its question, a size that does not
 * fit, a text that is not printable ends the worker or is made harmless.
 */
#ifndef HABEAS_IMAGE_WORKER_INT_H
#define HABEAS_IMAGE_WORKER_INT_H

#include "image_int.h"

#define HBS_WORKER_VERSION 1u
enum {
    HBS_WORKER_FD = 3,
    HBS_WORKER_HEADER = 48,
    HBS_WORKER_WHAT = 256, /* the texts of an error, each ending with at least one zero byte */
    HBS_WORKER_WHERE = 192,
    HBS_WORKER_DO = 160,
    HBS_WORKER_TEXTS = HBS_WORKER_WHAT + HBS_WORKER_WHERE + HBS_WORKER_DO,
    HBS_WORKER_PPI_MAX = 12700,
};

enum hbs_worker_type {
    HBS_WORKER_HELLO = 1,
    HBS_WORKER_DECODE = 2,
    HBS_WORKER_PICTURE = 3,
    HBS_WORKER_ERROR = 4
};

struct hbs_worker_message {
    uint32_t type;
    uint32_t sequence; /* of the question; 0 in HELLO */
    uint32_t err;      /* ERROR: enum hbs_err */
    uint32_t width, height, ppi, format; /* PICTURE */
    uint64_t bytes;    /* of the payload */
};

void hbs_worker_pack(const struct hbs_worker_message *m, uint8_t header[HBS_WORKER_HEADER]);
/* False when it is no header of this version. */
bool hbs_worker_unpack(const uint8_t header[HBS_WORKER_HEADER], struct hbs_worker_message *m);

/* The parent's reading of an answer's header: HBS_OK when it is a PICTURE or an ERROR to question
 * `sequence` about a file of `format`, with sizes that fit each other and the limits.
 * HBS_ERR_WORKER otherwise, with what was wrong. */
enum hbs_err hbs_worker_check_answer(struct hbs_ctx *ctx, const uint8_t header[HBS_WORKER_HEADER],
                                     uint32_t sequence, enum hbs_image_format format,
                                     struct hbs_worker_message *m);
/* Puts an ERROR's texts into the context, what is not printable ASCII as '?', and returns the
 * error of a checked header. */
enum hbs_err hbs_worker_take_error(struct hbs_ctx *ctx, const struct hbs_worker_message *m,
                                   const uint8_t texts[HBS_WORKER_TEXTS]);

/* Whether the run-time library of a sanitizer is built in: it asks for more system calls. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HBS_WORKER_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define HBS_WORKER_SANITIZED 1
#endif
#endif
#ifndef HBS_WORKER_SANITIZED
#define HBS_WORKER_SANITIZED 0
#endif

/* The worker's limits. Address space is not limited in a sanitizer's build, whose shadow memory is
 * larger than any limit worth setting. */
#define HBS_WORKER_MEMORY ((uint64_t)1536 << 20)
#define HBS_WORKER_CPU_SECONDS 60u /* in a worker's life; the parent's clock is the real limit */

/* Gives up everything but reading and writing `fd` and taking memory, for ever and for this thread:
 * no new privileges, not dumpable, resource limits, then a seccomp filter that kills the process at
 * any other system call. 0, or -1 when the kernel refuses, and then the process must not go on. */
int hbs_worker_confine(int fd);
/* The life of the worker: confines itself, says HELLO, answers until its parent is gone. Returns
 * the process's exit code. */
int hbs_worker_main(int fd);
enum { HBS_WORKER_EXIT_DONE = 0, HBS_WORKER_EXIT_USAGE = 2, HBS_WORKER_EXIT_CONFINE = 71,
       HBS_WORKER_EXIT_PROTOCOL = 76 };

#endif
