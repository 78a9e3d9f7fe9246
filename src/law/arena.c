/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: an arena. What is read of a pack lies in blocks that are given back together. Touches
 * nothing but the context's allocator. A block is at least BLOCK bytes; larger wishes get their own.
 */
#include "base/base_int.h"
#include "law_text.h"

enum { BLOCK = 16384, ALIGN = 16 };

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(ALIGN) char data[];
};
struct law_arena {
    struct hbs_ctx *ctx;
    struct block *blocks;
};

struct law_arena *law_arena_open(struct hbs_ctx *ctx)
{
    struct law_arena *a = hbs_alloc(ctx, 1, sizeof *a);
    if (a)
        a->ctx = ctx;
    return a;
}

void law_arena_close(struct hbs_ctx *ctx, struct law_arena *a)
{
    if (!a)
        return;
    for (struct block *b = a->blocks; b;) {
        struct block *next = b->next;
        hbs_free(ctx, b);
        b = next;
    }
    hbs_free(ctx, a);
}

void *law_arena_take(struct law_arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    struct block *b = a->blocks;
    if (!b || bytes > b->size - b->used) {
        size_t room = bytes > BLOCK ? bytes : BLOCK;
        b = hbs_alloc(a->ctx, 1, sizeof *b + room); /* zeroed, and handed out once */
        if (!b)
            return NULL;
        b->size = room;
        b->next = a->blocks;
        a->blocks = b;
    }
    void *p = b->data + b->used;
    b->used += bytes;
    return p;
}

void *law_arena_grow(struct law_arena *a, void *old, uint32_t count, size_t size)
{
    if (count & (count - 1)) /* neither 0 nor a power of two: there is room */
        return old;
    void *p = law_arena_take(a, count ? (size_t)count * 2 : 1, size);
    if (p && count)
        memcpy(p, old, count * size);
    return p;
}

char *law_arena_text(struct law_arena *a, const char *text, size_t size)
{
    char *p = law_arena_take(a, size + 1, 1);
    if (p && size)
        memcpy(p, text, size);
    return p;
}
