/* SPDX-License-Identifier: MPL-2.0
 *
 * Room base: the context, its words for the last error, its allocator, and the error names.
 */
#include "base_int.h"

#include <stdio.h>
#include <stdlib.h>

struct hbs_ctx {
    struct hbs_allocator allocator;
    char what[256];
    char where[192];
    char action[160];
};

static const struct {
    enum hbs_err err;
    int exit_code;
    const char *name;
} errors[] = {
    {HBS_OK, 0, "done"},
    {HBS_ERR_NO_MEMORY, 6, "out of memory"},
    {HBS_ERR_USAGE, 2, "bad usage"},
    {HBS_ERR_FORMAT, 2, "bad format"},
    {HBS_ERR_UNSUPPORTED, 2, "unsupported"},
    {HBS_ERR_LIMIT, 2, "over a limit"},
    {HBS_ERR_IO, 6, "input/output error"},
    {HBS_ERR_INTEGRITY, 4, "does not verify"},
    {HBS_ERR_BUSY, 5, "busy"},
    {HBS_ERR_REFUSED, 3, "refused"},
    {HBS_ERR_INCOMPLETE, 7, "incomplete"},
    {HBS_ERR_NOT_FOUND, 2, "not found"},
    {HBS_ERR_WORKER, 2, "decoder stopped"},
    {HBS_ERR_BUG, 70, "a bug in habeas"},
};

int hbs_err_exit_code(enum hbs_err err)
{
    for (size_t i = 0; i < HBS_COUNT(errors); i++)
        if (errors[i].err == err)
            return errors[i].exit_code;
    return 70;
}

const char *hbs_err_name(enum hbs_err err)
{
    for (size_t i = 0; i < HBS_COUNT(errors); i++)
        if (errors[i].err == err)
            return errors[i].name;
    return "unknown error";
}

static void *libc_resize(void *user, void *old, size_t size)
{
    (void)user;
    return realloc(old, size);
}

static void libc_release(void *user, void *p)
{
    (void)user;
    free(p);
}

enum hbs_err hbs_ctx_open(const struct hbs_allocator *allocator, struct hbs_ctx **out)
{
    struct hbs_allocator a = {libc_resize, libc_release, NULL};
    if (allocator && allocator->resize && allocator->release)
        a = *allocator;
    struct hbs_ctx *ctx = a.resize(a.user, NULL, sizeof *ctx);
    if (!ctx)
        return HBS_ERR_NO_MEMORY;
    memset(ctx, 0, sizeof *ctx);
    ctx->allocator = a;
    *out = ctx;
    return HBS_OK;
}

void hbs_ctx_close(struct hbs_ctx *ctx)
{
    if (!ctx)
        return;
    struct hbs_allocator a = ctx->allocator;
    a.release(a.user, ctx);
}

const char *hbs_ctx_what(const struct hbs_ctx *ctx) { return ctx->what; }
const char *hbs_ctx_where(const struct hbs_ctx *ctx) { return ctx->where; }
const char *hbs_ctx_do(const struct hbs_ctx *ctx) { return ctx->action; }

void hbs_ctx_set_where(struct hbs_ctx *ctx, const char *where)
{
    snprintf(ctx->where, sizeof ctx->where, "%s", where);
}

enum hbs_err hbs_fail(struct hbs_ctx *ctx, enum hbs_err err, const char *where, const char *action,
                      const char *format, ...)
{
    char what[sizeof ctx->what];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap); /* an argument may be the old message itself */
    va_end(ap);
    memcpy(ctx->what, what, sizeof what);
    snprintf(ctx->where, sizeof ctx->where, "%s", where);
    snprintf(ctx->action, sizeof ctx->action, "%s", action);
    return err;
}

enum hbs_err hbs_fail_memory(struct hbs_ctx *ctx, size_t bytes)
{
    return hbs_fail(ctx, HBS_ERR_NO_MEMORY, "", "free some memory and try again",
                    "no memory for %zu bytes", bytes);
}

void *hbs_resize(struct hbs_ctx *ctx, void *old, size_t size)
{
    return ctx->allocator.resize(ctx->allocator.user, old, size ? size : 1);
}

void *hbs_alloc(struct hbs_ctx *ctx, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *p = hbs_resize(ctx, NULL, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

void hbs_free(struct hbs_ctx *ctx, void *p)
{
    if (p)
        ctx->allocator.release(ctx->allocator.user, p);
}
