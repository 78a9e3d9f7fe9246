/* SPDX-License-Identifier: MPL-2.0
 *
 * For tests of room store: a VFS of SQLite's on the disk in memory of vault_disk.h, which loses, mixes and
 * tears what was not synced, and fails or stops at a call.
 */
#ifndef HABEAS_TESTS_STORE_DISK_H
#define HABEAS_TESTS_STORE_DISK_H

#include "tap.h"
#include "vault_disk.h"

#include <sqlite3.h>

struct disk_handle {
    sqlite3_file base;
    struct disk *d;
    struct disk_file *f;
    int lock;
};

/* One disk for the tests of a program; its files' names are the last parts of the paths. */
static struct disk store_disk;
static struct disk_handle *store_locked; /* who has more than a shared lock */
static int store_shared;

static inline int store_code(int code, int otherwise) { return !code ? SQLITE_OK : code == ENOSPC ? SQLITE_FULL : otherwise; }

static inline int sd_close(sqlite3_file *file)
{
    struct disk_handle *h = (struct disk_handle *)file;
    if (store_locked == h)
        store_locked = NULL;
    store_shared -= h->lock > 0;
    return SQLITE_OK;
}

static inline int sd_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
    struct disk_handle *h = (struct disk_handle *)file;
    size_t got = 0;
    if (disk_read(h->d, h->f, data, (size_t)size, (uint64_t)at, &got))
        return SQLITE_IOERR_READ;
    memset((uint8_t *)data + got, 0, (size_t)size - got);
    return got < (size_t)size ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static inline int sd_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    struct disk_handle *h = (struct disk_handle *)file;
    return store_code(disk_write(h->d, h->f, data, (size_t)size, (uint64_t)at), SQLITE_IOERR_WRITE);
}

static inline int sd_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct disk_handle *h = (struct disk_handle *)file;
    return store_code(disk_truncate(h->d, h->f, (uint64_t)size), SQLITE_IOERR_TRUNCATE);
}

static inline int sd_sync(sqlite3_file *file, int flags)
{
    struct disk_handle *h = (struct disk_handle *)file;
    (void)flags;
    int code = disk_sync(h->d, h->f);
    if (!code)
        h->f->named = true;
    return store_code(code, SQLITE_IOERR_FSYNC);
}

static inline int sd_size(sqlite3_file *file, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct disk_handle *)file)->f->size;
    return SQLITE_OK;
}

static inline int sd_lock(sqlite3_file *file, int level)
{
    struct disk_handle *h = (struct disk_handle *)file;
    if (h->lock >= level)
        return SQLITE_OK;
    if (store_locked && store_locked != h)
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && store_shared > (h->lock > 0))
        return SQLITE_BUSY;
    store_shared += h->lock == 0;
    h->lock = level;
    if (level > SQLITE_LOCK_SHARED)
        store_locked = h;
    return SQLITE_OK;
}

static inline int sd_unlock(sqlite3_file *file, int level)
{
    struct disk_handle *h = (struct disk_handle *)file;
    if (level == 0 && h->lock > 0)
        store_shared--;
    if (level <= SQLITE_LOCK_SHARED && store_locked == h)
        store_locked = NULL;
    h->lock = level;
    return SQLITE_OK;
}

static inline int sd_reserved(sqlite3_file *file, int *out)
{
    (void)file;
    *out = store_locked != NULL;
    return SQLITE_OK;
}

static inline int sd_control(sqlite3_file *file, int what, void *arg)
{
    (void)file, (void)what, (void)arg;
    return SQLITE_NOTFOUND;
}

static inline int sd_sector(sqlite3_file *file)
{
    (void)file;
    return DISK_SECTOR;
}

static inline int sd_traits(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods store_disk_methods = {1, sd_close, sd_read, sd_write, sd_truncate, sd_sync, sd_size,
                                                      sd_lock, sd_unlock, sd_reserved, sd_control, sd_sector, sd_traits,
                                                      NULL, NULL, NULL, NULL, NULL, NULL};

static inline const char *sd_name(const char *path)
{
    const char *last = strrchr(path, '/');
    return last ? last + 1 : path;
}

static inline int sd_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct disk_handle *h = (struct disk_handle *)file;
    (void)vfs;
    memset(h, 0, sizeof *h);
    h->d = &store_disk;
    void *f = disk_find(&store_disk, sd_name(name));
    if (!f && disk_open(&store_disk, sd_name(name), true, false, &f))
        return SQLITE_CANTOPEN;
    h->f = f;
    h->base.pMethods = &store_disk_methods;
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static inline int sd_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)sync;
    if (!disk_find(&store_disk, sd_name(name)))
        return SQLITE_IOERR_DELETE_NOENT;
    return store_code(disk_remove(&store_disk, sd_name(name)), SQLITE_IOERR_DELETE);
}

static inline int sd_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)flags;
    struct disk_file *f = disk_find(&store_disk, sd_name(name));
    *out = f && (flags != SQLITE_ACCESS_EXISTS || f->size > 0);
    return SQLITE_OK;
}

static inline int sd_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)size, "/%s", sd_name(name));
    return SQLITE_OK;
}

static inline int sd_random(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    for (int i = 0; i < size; i++)
        out[i] = (char)hbs_rng_u64(&store_disk.rng);
    return size;
}

static inline int sd_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static inline int sd_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 2460000.5;
    return SQLITE_OK;
}

static sqlite3_vfs store_disk_vfs = {.iVersion = 1, .szOsFile = sizeof(struct disk_handle), .mxPathname = 200,
                                     .zName = "test-disk", .xOpen = sd_open, .xDelete = sd_delete,
                                     .xAccess = sd_access, .xFullPathname = sd_path, .xRandomness = sd_random,
                                     .xSleep = sd_sleep, .xCurrentTime = sd_time};

/* The process is gone (its handles with it), and perhaps the machine. */
static inline void store_restart(bool power)
{
    store_locked = NULL;
    store_shared = 0;
    disk_restart(&store_disk, power);
}

#endif
