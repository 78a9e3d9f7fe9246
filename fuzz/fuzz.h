/* SPDX-License-Identifier: MPL-2.0
 *
 * What every fuzz target shares. A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput and
 * a folder corpus/NAME of small inputs. Built with -Dfuzz=true (clang) it is a libFuzzer program;
 * built without, it is linked to replay.c and replays its corpus, whole, cut and changed, as an
 * ordinary test.
 *
 * A target opens its context with fuzz_open and closes it with fuzz_close, which aborts when memory
 * was not given back: leaks are found without LeakSanitizer, which does not run under ptrace or in
 * some sandboxes. The context also refuses memory beyond FUZZ_MEMORY_MAX.
 */
#ifndef HABEAS_FUZZ_H
#define HABEAS_FUZZ_H

#include "habeas/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_MEMORY_MAX ((size_t)512 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A check that holds in every build: a target says with it what the code promises. */
#define FUZZ_PROMISE(x)                                                                            \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #x);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct fuzz_memory {
    size_t used, blocks;
};
static struct fuzz_memory fuzz_memory;

enum { FUZZ_HEAD = 16 }; /* keeps the alignment of malloc */

static inline void fuzz_release(void *user, void *p)
{
    struct fuzz_memory *m = user;
    if (!p)
        return;
    size_t size;
    memcpy(&size, (char *)p - FUZZ_HEAD, sizeof size);
    m->used -= size;
    m->blocks--;
    free((char *)p - FUZZ_HEAD);
}

static inline void *fuzz_resize(void *user, void *old, size_t size)
{
    struct fuzz_memory *m = user;
    size_t before = 0;
    if (old)
        memcpy(&before, (char *)old - FUZZ_HEAD, sizeof before);
    if (size > FUZZ_MEMORY_MAX || m->used - before > FUZZ_MEMORY_MAX - size)
        return NULL;
    char *p = realloc(old ? (char *)old - FUZZ_HEAD : NULL, size + FUZZ_HEAD);
    if (!p)
        return NULL;
    memcpy(p, &size, sizeof size);
    m->used += size - before;
    m->blocks += !old;
    return p + FUZZ_HEAD;
}

static inline struct hbs_ctx *fuzz_open(void)
{
    static const struct hbs_allocator allocator = {fuzz_resize, fuzz_release, &fuzz_memory};
    struct hbs_ctx *ctx = NULL;
    FUZZ_PROMISE(hbs_ctx_open(&allocator, &ctx) == HBS_OK);
    return ctx;
}

static inline void fuzz_close(struct hbs_ctx *ctx)
{
    hbs_ctx_close(ctx);
    FUZZ_PROMISE(fuzz_memory.blocks == 0 && fuzz_memory.used == 0);
}

#endif
