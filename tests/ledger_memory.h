/* SPDX-License-Identifier: MPL-2.0
 *
 * A store in memory that loses what was not synced: for the tests of room ledger. It dies at a chosen
 * operation; what of the unsynced changes is there after it comes back is drawn at random: each put and
 * drop on its own, writes by sectors of 512 bytes, a sector also in part.
 */
#ifndef HABEAS_LEDGER_MEMORY_H
#define HABEAS_LEDGER_MEMORY_H

#include "ledger/ledger_int.h"

#include <stdio.h>
#include <stdlib.h>

enum { MEMORY_OBJECTS = 640, MEMORY_PENDING = 4096 };

struct memory_object {
    char name[96];
    bool there;
    uint8_t *data;
    size_t size;
};

struct memory_change {
    enum { CHANGE_PUT, CHANGE_DROP, CHANGE_WRITE } kind;
    char name[96];
    uint8_t *data;
    size_t size;
    uint64_t offset;
};

struct memory {
    struct memory_object now[MEMORY_OBJECTS], disk[MEMORY_OBJECTS];
    struct memory_change pending[MEMORY_PENDING];
    int pending_count;
    long operations, die_at; /* 0: never */
    bool dead, honest;       /* honest: keeps nothing apart, for speed */
    struct hbs_rng rng;
};

static inline struct memory_object *memory_find(struct memory_object *of, const char *name, bool make)
{
    struct memory_object *free_one = NULL;
    for (int i = 0; i < MEMORY_OBJECTS; i++) {
        if (of[i].name[0] && !strcmp(of[i].name, name))
            return &of[i];
        if (!free_one && !of[i].there)
            free_one = &of[i];
    }
    if (!make || !free_one)
        return NULL;
    snprintf(free_one->name, sizeof free_one->name, "%s", name);
    free_one->size = 0;
    return free_one;
}

static inline void memory_set(struct memory_object *of, const char *name, const void *data, size_t size)
{
    struct memory_object *o = memory_find(of, name, true);
    if (!o)
        abort();
    free(o->data);
    o->data = malloc(size + 1);
    memcpy(o->data, data, size);
    o->size = size;
    o->there = true;
}

static inline void memory_unset(struct memory_object *of, const char *name)
{
    struct memory_object *o = memory_find(of, name, false);
    if (o) {
        o->there = false;
        o->name[0] = 0;
    }
}

static inline void memory_write_at(struct memory_object *of, const char *name, uint64_t offset, const void *data, size_t size)
{
    struct memory_object *o = memory_find(of, name, false);
    if (!o || !o->there)
        return;
    if (offset + size > o->size) {
        o->data = realloc(o->data, offset + size + 1);
        memset(o->data + o->size, 0, offset + size - o->size);
        o->size = offset + size;
    }
    memcpy(o->data + offset, data, size);
}

/* Counts an operation; true when the store is dead, or dies now. */
static inline bool memory_step(struct memory *m)
{
    m->operations++;
    if (m->die_at && m->operations >= m->die_at)
        m->dead = true;
    return m->dead;
}

static inline enum hbs_err memory_gone(struct hbs_ctx *ctx)
{
    return hbs_fail(ctx, HBS_ERR_IO, "memory", "", "the machine is off");
}

static inline void memory_pend(struct memory *m, int kind, const char *name, uint64_t offset, const void *data, size_t size)
{
    struct memory_change *c = &m->pending[m->pending_count++];
    if (m->pending_count == MEMORY_PENDING)
        abort();
    c->kind = kind;
    snprintf(c->name, sizeof c->name, "%s", name);
    c->offset = offset;
    c->size = size;
    c->data = malloc(size + 1);
    if (size)
        memcpy(c->data, data, size);
}

/* One pending change onto the disk, wholly or as chance will have it. */
static inline void memory_settle(struct memory *m, struct memory_change *c, bool wholly)
{
    if (c->kind == CHANGE_PUT && (wholly || (hbs_rng_u64(&m->rng) & 1))) {
        memory_set(m->disk, c->name, c->data, c->size);
    } else if (c->kind == CHANGE_DROP && (wholly || (hbs_rng_u64(&m->rng) & 1))) {
        memory_unset(m->disk, c->name);
    } else if (c->kind == CHANGE_WRITE && wholly) {
        memory_write_at(m->disk, c->name, c->offset, c->data, c->size);
    } else if (c->kind == CHANGE_WRITE) {
        int all = hbs_rng_below(&m->rng, 3); /* none, all, or each sector as it comes */
        for (uint64_t at = c->offset; all && at < c->offset + c->size;) {
            uint64_t next = (at / 512 + 1) * 512, end = c->offset + c->size;
            size_t n = (size_t)((next < end ? next : end) - at);
            if (all == 1 || (hbs_rng_u64(&m->rng) & 1)) {
                size_t part = all == 2 && hbs_rng_below(&m->rng, 4) == 0 ? hbs_rng_below(&m->rng, (uint32_t)n + 1) : n;
                memory_write_at(m->disk, c->name, at, c->data + (at - c->offset), part);
            }
            at = next;
        }
    }
}

static inline void memory_settle_all(struct memory *m, bool wholly, const char *writes_of)
{
    int kept = 0;
    for (int i = 0; i < m->pending_count; i++) {
        struct memory_change *c = &m->pending[i];
        bool mine = !writes_of ? (!wholly || c->kind != CHANGE_WRITE) : c->kind == CHANGE_WRITE && !strcmp(c->name, writes_of);
        if (!mine) {
            m->pending[kept++] = *c;
            continue;
        }
        memory_settle(m, c, wholly);
        free(c->data);
    }
    m->pending_count = kept;
}

static inline enum hbs_err memory_get(void *user, struct hbs_ctx *ctx, const char *name, struct hbs_buf *out)
{
    struct memory *m = user;
    if (m->dead)
        return memory_gone(ctx);
    struct memory_object *o = memory_find(m->now, name, false);
    if (!o || !o->there)
        return hbs_fail(ctx, HBS_ERR_NOT_FOUND, name, "", "there is no such object");
    if (o->size > out->maximum - out->size)
        return hbs_fail(ctx, HBS_ERR_LIMIT, name, "", "too long");
    enum hbs_err err = hbs_buf_reserve(out, o->size + 1 > out->maximum - out->size ? o->size : o->size + 1);
    return err ? err : hbs_buf_put(out, o->data, o->size);
}

static inline enum hbs_err memory_put(void *user, struct hbs_ctx *ctx, const char *name, const void *data, size_t size)
{
    struct memory *m = user;
    bool dead = m->dead, dies = memory_step(m);
    if (!dead) {
        memory_set(m->now, name, data, size);
        if (!m->honest)
            memory_pend(m, CHANGE_PUT, name, 0, data, size);
    }
    return dies ? memory_gone(ctx) : HBS_OK;
}

static inline enum hbs_err memory_drop(void *user, struct hbs_ctx *ctx, const char *name)
{
    struct memory *m = user;
    bool dead = m->dead, dies = memory_step(m);
    if (!dead) {
        memory_unset(m->now, name);
        if (!m->honest)
            memory_pend(m, CHANGE_DROP, name, 0, NULL, 0);
    }
    return dies ? memory_gone(ctx) : HBS_OK;
}

static inline enum hbs_err memory_sync(void *user, struct hbs_ctx *ctx)
{
    struct memory *m = user;
    bool dies = memory_step(m);
    if (!dies && !m->honest)
        memory_settle_all(m, true, NULL);
    return dies ? memory_gone(ctx) : HBS_OK;
}

static inline enum hbs_err memory_write(void *user, struct hbs_ctx *ctx, const char *name, uint64_t offset, const void *data,
                                 size_t size)
{
    struct memory *m = user;
    bool dead = m->dead, dies = memory_step(m);
    if (!dead) {
        memory_write_at(m->now, name, offset, data, size);
        if (!m->honest)
            memory_pend(m, CHANGE_WRITE, name, offset, data, size);
    }
    return dies ? memory_gone(ctx) : HBS_OK;
}

static inline enum hbs_err memory_flush(void *user, struct hbs_ctx *ctx, const char *name)
{
    struct memory *m = user;
    bool dies = memory_step(m);
    if (!dies && !m->honest)
        memory_settle_all(m, true, name);
    return dies ? memory_gone(ctx) : HBS_OK;
}

static inline enum hbs_err memory_list(void *user, struct hbs_ctx *ctx, void (*visit)(void *, const char *, uint64_t), void *arg)
{
    struct memory *m = user;
    if (m->dead)
        return memory_gone(ctx);
    for (int i = 0; i < MEMORY_OBJECTS; i++)
        if (m->now[i].there)
            visit(arg, m->now[i].name, m->now[i].size);
    return HBS_OK;
}

static inline enum hbs_err memory_lock(void *user, struct hbs_ctx *ctx, enum hbs_ledger_lock lock, bool shared, double seconds)
{
    return HBS_OK;
}
static inline void memory_unlock(void *user, enum hbs_ledger_lock lock) {}

static inline struct hbs_ledger_store memory_store(struct memory *m)
{
    return (struct hbs_ledger_store){m,           memory_get,   memory_put,  memory_drop, memory_sync,
                                     memory_write, memory_flush, memory_list, memory_lock, memory_unlock};
}

/* Off and on again: what was not synced is there or not, as chance will have it. */
static inline void memory_reboot(struct memory *m)
{
    for (int i = 0; i < m->pending_count; i++) {
        memory_settle(m, &m->pending[i], false);
        free(m->pending[i].data);
    }
    m->pending_count = 0;
    for (int i = 0; i < MEMORY_OBJECTS; i++) {
        free(m->now[i].data);
        m->now[i] = m->disk[i];
        if (m->disk[i].there) {
            m->now[i].data = malloc(m->disk[i].size + 1);
            memcpy(m->now[i].data, m->disk[i].data, m->disk[i].size);
        } else {
            m->now[i].data = NULL;
            m->now[i].name[0] = 0;
        }
    }
    m->dead = false;
    m->operations = m->die_at = 0;
}

static inline void memory_free(struct memory *m)
{
    for (int i = 0; i < MEMORY_OBJECTS; i++) {
        free(m->now[i].data);
        free(m->disk[i].data);
    }
    for (int i = 0; i < m->pending_count; i++)
        free(m->pending[i].data);
    memset(m, 0, sizeof *m);
}

#endif
