/* SPDX-License-Identifier: MPL-2.0
 *
 * For tests of room vault: a disk in memory behind struct hbs_vault_io. It keeps what was written apart
 * from what is on the medium, sector by sector, so that a power loss can drop, keep or mix whatever was
 * not synced, and names of files whose folder was not; it can fail the n-th call, or stop at it.
 */
#ifndef HABEAS_TESTS_VAULT_DISK_H
#define HABEAS_TESTS_VAULT_DISK_H

#include "habeas/vault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DISK_FILES 6
#define DISK_SECTOR 512u

struct disk_file {
    char path[32];             /* "": none */
    bool named;                /* the name is on the medium */
    uint8_t *now, *media;      /* what is read; what survives for certain */
    size_t size, media_size;
};

struct disk {
    struct disk_file file[DISK_FILES];
    struct hbs_rng rng;
    long calls;                /* of functions that change */
    long fail_at, fail_many;   /* these calls fail with `code` */
    long stop_at;              /* from this call on everything fails: the process is dead */
    int code;
    bool stopped;
    bool locked[DISK_FILES];
    long writes, syncs;
};

static inline struct disk_file *disk_find(struct disk *d, const char *path)
{
    for (int i = 0; i < DISK_FILES; i++)
        if (d->file[i].path[0] && !strcmp(d->file[i].path, path))
            return &d->file[i];
    return NULL;
}

static inline void disk_drop(struct disk_file *f)
{
    free(f->now);
    free(f->media);
    memset(f, 0, sizeof *f);
}

/* Counts a call; says whether it fails, and with what. */
static inline int disk_call(struct disk *d)
{
    long n = ++d->calls;
    if (d->stop_at && n >= d->stop_at)
        d->stopped = true;
    if (d->stopped)
        return EIO;
    return d->fail_at && n >= d->fail_at && n < d->fail_at + d->fail_many ? d->code : 0;
}

static inline int disk_open(void *user, const char *path, bool create, bool lock, void **file)
{
    struct disk *d = user;
    struct disk_file *f = disk_find(d, path);
    if (d->stopped)
        return EIO;
    if (!create && !f)
        return ENOENT;
    if (create) {
        int code = disk_call(d);
        if (code)
            return code;
        if (f)
            return EEXIST;
        for (int i = 0; i < DISK_FILES && !f; i++)
            if (!d->file[i].path[0])
                f = &d->file[i];
        if (!f)
            return ENFILE;
        snprintf(f->path, sizeof f->path, "%s", path);
    }
    if (lock && d->locked[f - d->file])
        return EBUSY;
    if (lock)
        d->locked[f - d->file] = true;
    *file = f;
    return 0;
}

static inline int disk_read(void *user, void *file, void *data, size_t size, uint64_t at, size_t *got)
{
    struct disk *d = user;
    struct disk_file *f = file;
    if (d->stopped)
        return EIO;
    *got = at >= f->size ? 0 : f->size - at < size ? f->size - at : size;
    if (*got)
        memcpy(data, f->now + at, *got);
    return 0;
}

static inline int disk_write(void *user, void *file, const void *data, size_t size, uint64_t at)
{
    struct disk *d = user;
    struct disk_file *f = file;
    bool before = d->stopped;
    int code = disk_call(d);
    d->writes++;
    if (before)
        return EIO;
    if (code) /* the call that fails or is stopped in may have written a part */
        size = hbs_rng_below(&d->rng, (uint32_t)(size / DISK_SECTOR + 1)) * DISK_SECTOR;
    if (at + size > f->size && size) {
        f->now = realloc(f->now, at + size);
        memset(f->now + f->size, 0, at + size - f->size);
        f->size = at + size;
    }
    if (size)
        memcpy(f->now + at, data, size);
    return code;
}

static inline int disk_sync(void *user, void *file)
{
    struct disk *d = user;
    struct disk_file *f = file;
    int code = disk_call(d);
    d->syncs++;
    if (code)
        return code;
    f->media = realloc(f->media, f->size + 1);
    if (f->size)
        memcpy(f->media, f->now, f->size);
    f->media_size = f->size;
    return 0;
}

static inline int disk_size(void *user, void *file, uint64_t *out)
{
    (void)user;
    *out = ((struct disk_file *)file)->size;
    return 0;
}

static inline int disk_truncate(void *user, void *file, uint64_t size)
{
    struct disk_file *f = file;
    int code = disk_call(user);
    if (!code && size < f->size)
        f->size = size;
    return code;
}

static inline int disk_sync_folder(void *user, const char *path)
{
    int code = disk_call(user);
    struct disk_file *f = disk_find(user, path);
    if (!code && f)
        f->named = true;
    return code;
}

static inline int disk_remove(void *user, const char *path)
{
    int code = disk_call(user);
    struct disk_file *f = disk_find(user, path);
    if (!code && f)
        disk_drop(f);
    return code;
}

static inline void disk_close(void *user, void *file)
{
    struct disk *d = user;
    d->locked[(struct disk_file *)file - d->file] = false;
}

static inline struct hbs_vault_io disk_io(struct disk *d)
{
    return (struct hbs_vault_io){d, disk_open, disk_read, disk_write, disk_sync, disk_size,
                                 disk_truncate, disk_sync_folder, disk_remove, disk_close};
}

/* The process is gone and starts again. `power`: so did the machine: each sector that was not synced is
 * on the medium or is not, each size and each name too. */
static inline void disk_restart(struct disk *d, bool power)
{
    for (int i = 0; i < DISK_FILES; i++) {
        struct disk_file *f = &d->file[i];
        d->locked[i] = false;
        if (!f->path[0] || !power)
            continue;
        if (!f->named && hbs_rng_below(&d->rng, 2)) {
            disk_drop(f);
            continue;
        }
        size_t size = hbs_rng_below(&d->rng, 2) ? f->size : f->media_size;
        uint8_t *after = calloc(1, size + 1);
        if (f->media_size && size)
            memcpy(after, f->media, f->media_size < size ? f->media_size : size);
        for (size_t at = 0; at < size && at < f->size; at += DISK_SECTOR)
            if (hbs_rng_below(&d->rng, 2)) {
                size_t n = f->size - at < DISK_SECTOR ? f->size - at : DISK_SECTOR;
                memcpy(after + at, f->now + at, n < size - at ? n : size - at);
            }
        free(f->now);
        free(f->media);
        f->now = after;
        f->media = malloc(size + 1);
        memcpy(f->media, after, size);
        f->size = f->media_size = size;
        f->named = true;
    }
    d->stopped = false;
    d->stop_at = d->fail_at = 0;
}

static inline void disk_free(struct disk *d)
{
    for (int i = 0; i < DISK_FILES; i++)
        disk_drop(&d->file[i]);
    memset(d->locked, 0, sizeof d->locked);
}

#endif
