/* SPDX-License-Identifier: MPL-2.0
 *
 * Room store: SQLite's VFS over the one below (sqlite.org/vfs.html). Each open database has one of its own,
 * so its keys are reached through it and through nothing that has a name. Two kinds of files are let
 * through, the database and its log; every other (rollback journal, temporary file, statement
 * journal, shared memory, mapping) is refused. XChaCha20-Poly1305 of libsodium.
 */
#include "pages_int.h"

#include <sodium.h>
#include <stdio.h>

void pages_seal(const uint8_t *key, const uint8_t *bound, size_t bound_size, const uint8_t *plain, size_t size,
                const uint8_t *round, uint8_t *out, uint8_t *nonce_and_tag)
{
    randombytes_buf(nonce_and_tag, STORE_NONCE);
    if (round)
        memcpy(nonce_and_tag, round, 8);
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out, nonce_and_tag + STORE_NONCE, NULL, plain, size, bound,
                                                        bound_size, NULL, nonce_and_tag, key);
    hbs_secret_scrub();
}

bool pages_unseal(const uint8_t *key, const uint8_t *bound, size_t bound_size, const uint8_t *in, size_t size,
                  const uint8_t *nonce_and_tag, uint8_t *plain)
{
    bool good = crypto_aead_xchacha20poly1305_ietf_decrypt_detached(plain, NULL, in, size, nonce_and_tag + STORE_NONCE,
                                                                    bound, bound_size, nonce_and_tag, key) == 0;
    hbs_secret_scrub();
    return good;
}

int pages_fault(struct pages_file *f, const char *unit, uint64_t number, const char *what)
{
    struct store_pages *p = f->p;
    if (!p->faulty) { /* the first one is the cause */
        p->faulty = true;
        snprintf(p->fault_where, sizeof p->fault_where, "%s %s %llu", f->name, unit, (unsigned long long)number);
        snprintf(p->fault, sizeof p->fault, "%s", what);
    }
    return SQLITE_IOERR_DATA;
}

/* ---- Files ----------------------------------------------------------------------------------------- */

static int x_close(sqlite3_file *file)
{
    struct pages_file *f = (struct pages_file *)file;
    if (f->p->db_file == f)
        f->p->db_file = NULL;
    if (f->p->log_file == f)
        f->p->log_file = NULL;
    return f->real->pMethods ? f->real->pMethods->xClose(f->real) : SQLITE_OK;
}

static int x_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->log ? pages_log_read(f, out, size, at) : pages_db_read(f, out, size, at);
}

static int x_write(sqlite3_file *file, const void *in, int size, sqlite3_int64 at)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->log ? pages_log_write(f, in, size, at) : pages_db_write(f, in, size, at);
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->log ? pages_log_truncate(f, size) : f->real->pMethods->xTruncate(f->real, size);
}

static int x_sync(sqlite3_file *file, int flags)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->log ? pages_log_sync(f, flags) : f->real->pMethods->xSync(f->real, flags);
}

static int x_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->log ? pages_log_size(f, out) : pages_db_size(f, out);
}

static int x_lock(sqlite3_file *file, int level)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->real->pMethods->xLock(f->real, level);
}

static int x_unlock(sqlite3_file *file, int level)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->real->pMethods->xUnlock(f->real, level);
}

static int x_reserved(sqlite3_file *file, int *out)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->real->pMethods->xCheckReservedLock(f->real, out);
}

static int x_control(sqlite3_file *file, int what, void *arg)
{
    struct pages_file *f = (struct pages_file *)file;
    switch (what) { /* what asks about the file as such; sizes and mappings would be those below */
    case SQLITE_FCNTL_LOCKSTATE:
    case SQLITE_FCNTL_LAST_ERRNO:
    case SQLITE_FCNTL_HAS_MOVED:
        return f->real->pMethods->xFileControl(f->real, what, arg);
    default:
        return SQLITE_NOTFOUND;
    }
}

static int x_sector(sqlite3_file *file)
{
    struct pages_file *f = (struct pages_file *)file;
    return f->real->pMethods->xSectorSize(f->real);
}

/* A write does not disturb bytes beside it: what SQLite assumes of every disk unless told otherwise.
 * Without it SQLite pads the log with parts of frames. */
static int x_characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* Version 1: no shared memory, no mapping. */
static const sqlite3_io_methods methods = {1, x_close, x_read, x_write, x_truncate, x_sync, x_size, x_lock, x_unlock,
                                           x_reserved, x_control, x_sector, x_characteristics, NULL, NULL, NULL,
                                           NULL, NULL, NULL};

/* ---- The file system ------------------------------------------------------------------------------- */

static struct store_pages *of(sqlite3_vfs *vfs) { return vfs->pAppData; }

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct store_pages *p = of(vfs);
    struct pages_file *f = (struct pages_file *)file;
    memset(f, 0, sizeof *f);
    f->p = p;
    f->log = flags & SQLITE_OPEN_WAL;
    const char *last = name ? strrchr(name, '/') : NULL;
    snprintf(f->name, sizeof f->name, "%s", last ? last + 1 : name ? name : "a temporary file");
    if (!name || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) || (f->log ? p->log_file != NULL : p->db_file != NULL))
        return SQLITE_CANTOPEN; /* a file of this kind is never kept */
    f->real = (sqlite3_file *)(f + 1);
    int code = p->below->xOpen(p->below, name, f->real, flags, out_flags);
    if (!code && f->log)
        code = pages_log_open(f);
    if (code) {
        if (f->real->pMethods)
            f->real->pMethods->xClose(f->real);
        return code;
    }
    f->base.pMethods = &methods;
    if (f->log)
        p->log_file = f;
    else
        p->db_file = f;
    return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    return of(vfs)->below->xDelete(of(vfs)->below, name, sync);
}

static int v_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    size_t size = strlen(name);
    if (size > 8 && !strcmp(name + size - 8, "-journal")) { /* none of ours: never looked at */
        *out = 0;
        return SQLITE_OK;
    }
    return of(vfs)->below->xAccess(of(vfs)->below, name, flags, out);
}

static int v_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    return of(vfs)->below->xFullPathname(of(vfs)->below, name, size, out);
}

static int v_random(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    randombytes_buf(out, (size_t)size);
    return size;
}

static int v_sleep(sqlite3_vfs *vfs, int microseconds) { return of(vfs)->below->xSleep(of(vfs)->below, microseconds); }

static int v_time(sqlite3_vfs *vfs, double *out) { return of(vfs)->below->xCurrentTime(of(vfs)->below, out); }

static int v_error(sqlite3_vfs *vfs, int size, char *out)
{
    return of(vfs)->below->xGetLastError ? of(vfs)->below->xGetLastError(of(vfs)->below, size, out) : 0;
}

int pages_register(struct store_pages *p, const char *base)
{
    p->below = sqlite3_vfs_find(base);
    if (!p->below)
        return SQLITE_NOTFOUND;
    snprintf(p->vfs_name, sizeof p->vfs_name, "habeas-%p", (void *)p);
    p->vfs = (sqlite3_vfs){.iVersion = 1, .szOsFile = (int)sizeof(struct pages_file) + p->below->szOsFile,
                           .mxPathname = p->below->mxPathname, .zName = p->vfs_name, .pAppData = p,
                           .xOpen = v_open, .xDelete = v_delete, .xAccess = v_access, .xFullPathname = v_path,
                           .xRandomness = v_random, .xSleep = v_sleep, .xCurrentTime = v_time,
                           .xGetLastError = v_error};
    int code = sqlite3_vfs_register(&p->vfs, 0);
    p->registered = code == SQLITE_OK;
    return code;
}
