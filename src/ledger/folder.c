/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: the table of functions on a plain folder. It touches nothing outside of it. A put writes
 * NAME.new, syncs it and renames it; sync() then syncs the folders that changed. Locks are flock(2) on
 * the folder itself (writing) and on its tile/ (publishing), so that no lock file lies about.
 */
#include "ledger_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MOST = 4096, CHANGED = 64, NAME_MOST = 160 };

struct folder {
    struct hbs_ctx *ctx;
    char path[PATH_MOST];
    int fd, tile_fd; /* both open for as long as the store; tile_fd is -1 while there is no tile/ */
    int open_fd;     /* the file that is written in place */
    char open_name[NAME_MOST];
    char changed[CHANGED][NAME_MOST]; /* folders to sync */
    int changed_count;
};

static enum hbs_err io(struct folder *f, struct hbs_ctx *ctx, const char *name, const char *what)
{
    int saved = errno;
    char where[192];
    snprintf(where, sizeof where, "%.110s/%.76s", f->path, name);
    return hbs_fail(ctx, saved == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, where, "check the disk, space and rights",
                    "cannot %s: %s", what, strerror(saved));
}

static enum hbs_err sync_changed(struct folder *f, struct hbs_ctx *ctx)
{
    while (f->changed_count) {
        const char *name = f->changed[f->changed_count - 1];
        int fd = openat(f->fd, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) { /* dropped since; its parent is in the list too */
            f->changed_count--;
            continue;
        }
        if (fd < 0 || fsync(fd)) {
            int saved = errno;
            if (fd >= 0)
                close(fd);
            errno = saved == ENOENT ? EIO : saved;
            return io(f, ctx, name, "sync");
        }
        close(fd);
        f->changed_count--;
    }
    return HBS_OK;
}

/* Notes that the folder which holds `name` has changed. */
static enum hbs_err note_changed(struct folder *f, struct hbs_ctx *ctx, const char *name)
{
    const char *slash = strrchr(name, '/');
    size_t n = slash ? (size_t)(slash - name) : 0;
    for (int i = 0; i < f->changed_count; i++)
        if (strlen(f->changed[i]) == n && !memcmp(f->changed[i], name, n))
            return HBS_OK;
    if (f->changed_count == CHANGED) {
        enum hbs_err err = sync_changed(f, ctx);
        if (err)
            return err;
    }
    memcpy(f->changed[f->changed_count], name, n);
    f->changed[f->changed_count++][n] = 0;
    return HBS_OK;
}

static void close_open(struct folder *f, const char *name)
{
    if (f->open_fd >= 0 && (!name || !strcmp(name, f->open_name))) {
        close(f->open_fd);
        f->open_fd = -1;
    }
}

static enum hbs_err folder_get(void *user, struct hbs_ctx *ctx, const char *name, struct hbs_buf *out)
{
    struct folder *f = user;
    int fd = openat(f->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOTDIR)
            errno = ENOENT;
        return io(f, ctx, name, "open");
    }
    struct stat st;
    enum hbs_err err = HBS_OK;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        err = hbs_fail(ctx, HBS_ERR_IO, name, "run 'habeas ledger verify'", "this is not a plain file");
    } else if ((uint64_t)st.st_size > out->maximum - out->size) {
        err = hbs_fail(ctx, HBS_ERR_LIMIT, name, "run 'habeas ledger verify'",
                       "the file has %lld bytes, at most %zu are expected", (long long)st.st_size, out->maximum);
    } else if (!(err = hbs_buf_reserve(out, (size_t)st.st_size ? (size_t)st.st_size : 1))) {
        size_t left = (size_t)st.st_size;
        while (left) {
            ssize_t n = read(fd, out->data + out->size, left);
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0) {
                errno = EIO;
                err = io(f, ctx, name, "read");
            }
            if (n <= 0)
                break;
            out->size += (size_t)n;
            left -= (size_t)n;
        }
    }
    close(fd);
    return err;
}

static bool write_all(int fd, const uint8_t *p, size_t size, off_t at)
{
    while (size) {
        ssize_t n = pwrite(fd, p, size, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (!n)
                errno = ENOSPC;
            return false;
        }
        p += n;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

/* Makes the folders that `name` lies in. */
static enum hbs_err make_parents(struct folder *f, struct hbs_ctx *ctx, const char *name)
{
    char part[NAME_MOST];
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        memcpy(part, name, (size_t)(slash - name));
        part[slash - name] = 0;
        if (!mkdirat(f->fd, part, 0777)) {
            enum hbs_err err = note_changed(f, ctx, part);
            if (err)
                return err;
        } else if (errno != EEXIST) {
            return io(f, ctx, part, "make the folder");
        }
    }
    return HBS_OK;
}

static enum hbs_err folder_put(void *user, struct hbs_ctx *ctx, const char *name, const void *data, size_t size)
{
    struct folder *f = user;
    char fresh[NAME_MOST + 8];
    if (NEVER(strlen(name) >= NAME_MOST))
        return hbs_fail(ctx, HBS_ERR_BUG, name, "report this", "a name is too long");
    snprintf(fresh, sizeof fresh, "%s.new", name);
    close_open(f, name);
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(f->fd, fresh, flags, 0666);
    if (fd < 0 && errno == ENOENT) {
        enum hbs_err err = make_parents(f, ctx, name);
        if (err)
            return err;
        fd = openat(f->fd, fresh, flags, 0666);
    }
    if (fd < 0)
        return errno == ENOENT ? (errno = EIO, io(f, ctx, name, "write")) : io(f, ctx, name, "write");
    bool bad = !write_all(fd, data, size, 0) || fsync(fd);
    int saved = errno;
    if (close(fd) && !bad) {
        bad = true;
        saved = errno;
    }
    if (!bad && renameat(f->fd, fresh, f->fd, name)) {
        bad = true;
        saved = errno;
    }
    if (bad) {
        unlinkat(f->fd, fresh, 0);
        errno = saved == ENOENT ? EIO : saved;
        return io(f, ctx, name, "write");
    }
    return note_changed(f, ctx, name);
}

static enum hbs_err folder_drop(void *user, struct hbs_ctx *ctx, const char *name)
{
    struct folder *f = user;
    close_open(f, name);
    if (unlinkat(f->fd, name, 0) && errno != ENOENT)
        return io(f, ctx, name, "remove");
    enum hbs_err err = note_changed(f, ctx, name);
    const char *partial = strstr(name, ".p/"); /* the folder of a partial tile goes with its last */
    if (!err && partial) {
        char part[NAME_MOST];
        memcpy(part, name, (size_t)(partial - name) + 2);
        part[partial - name + 2] = 0;
        if (!unlinkat(f->fd, part, AT_REMOVEDIR))
            err = note_changed(f, ctx, part);
    }
    return err;
}

static enum hbs_err folder_sync(void *user, struct hbs_ctx *ctx) { return sync_changed(user, ctx); }

static enum hbs_err folder_write(void *user, struct hbs_ctx *ctx, const char *name, uint64_t offset, const void *data,
                                 size_t size)
{
    struct folder *f = user;
    if (f->open_fd < 0 || strcmp(name, f->open_name) != 0) {
        close_open(f, NULL);
        f->open_fd = openat(f->fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (f->open_fd < 0)
            return io(f, ctx, name, "open");
        snprintf(f->open_name, sizeof f->open_name, "%s", name);
    }
    return write_all(f->open_fd, data, size, (off_t)offset) ? HBS_OK : io(f, ctx, name, "write");
}

static enum hbs_err folder_flush(void *user, struct hbs_ctx *ctx, const char *name)
{
    struct folder *f = user;
    if (f->open_fd < 0 || strcmp(name, f->open_name) != 0)
        return hbs_fail(ctx, HBS_ERR_BUG, name, "report this", "a flush of what was not written");
    return fdatasync(f->open_fd) ? io(f, ctx, name, "sync") : HBS_OK;
}

/* Walks the folder `name` ("" for the top), at most `depth` down. */
static enum hbs_err walk(struct folder *f, struct hbs_ctx *ctx, const char *name, int depth,
                         void (*visit)(void *arg, const char *name, uint64_t size), void *arg)
{
    int fd = openat(f->fd, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        enum hbs_err err = io(f, ctx, name, "list");
        if (fd >= 0)
            close(fd);
        return err;
    }
    enum hbs_err err = HBS_OK;
    struct dirent *e;
    while (!err && (e = readdir(dir))) {
        char path[NAME_MOST + 256];
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        snprintf(path, sizeof path, "%s%s%s", name, *name ? "/" : "", e->d_name);
        if (fstatat(f->fd, path, &st, AT_SYMLINK_NOFOLLOW))
            continue; /* gone meanwhile */
        if (S_ISDIR(st.st_mode) && depth && strlen(path) < NAME_MOST)
            err = walk(f, ctx, path, depth - 1, visit, arg);
        else
            visit(arg, path, (uint64_t)st.st_size);
    }
    closedir(dir);
    return err;
}

static enum hbs_err folder_list(void *user, struct hbs_ctx *ctx,
                                void (*visit)(void *arg, const char *name, uint64_t size), void *arg)
{
    return walk(user, ctx, "", 10, visit, arg);
}

static enum hbs_err folder_lock(void *user, struct hbs_ctx *ctx, enum hbs_ledger_lock lock, bool shared, double seconds)
{
    struct folder *f = user;
    if (lock == HBS_LEDGER_LOCK_PUBLISH && f->tile_fd < 0) {
        f->tile_fd = openat(f->fd, "tile", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (f->tile_fd < 0)
            return io(f, ctx, "tile", "open");
    }
    int fd = lock == HBS_LEDGER_LOCK_WRITE ? f->fd : f->tile_fd;
    for (double end = hbs_clock_wall() + seconds;;) {
        if (!flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB))
            return HBS_OK;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return io(f, ctx, "", "lock");
        if (hbs_clock_wall() >= end)
            return hbs_fail(ctx, HBS_ERR_BUSY, f->path, "wait for it and try again",
                            lock == HBS_LEDGER_LOCK_WRITE ? "another process writes to this ledger"
                                                          : "another process reads or replaces this ledger's files");
        usleep(5000);
    }
}

static void folder_unlock(void *user, enum hbs_ledger_lock lock)
{
    struct folder *f = user;
    int fd = lock == HBS_LEDGER_LOCK_WRITE ? f->fd : f->tile_fd;
    if (fd >= 0)
        flock(fd, LOCK_UN);
}

enum hbs_err hbs_ledger_folder_open(struct hbs_ctx *ctx, const char *path, bool create, struct hbs_ledger_store *out)
{
    struct folder *f = hbs_alloc(ctx, 1, sizeof *f);
    if (!f)
        return hbs_fail_memory(ctx, sizeof *f);
    f->ctx = ctx;
    f->fd = f->tile_fd = f->open_fd = -1;
    enum hbs_err err = HBS_OK;
    if (strlen(path) >= sizeof f->path) {
        err = hbs_fail(ctx, HBS_ERR_USAGE, "", "use a shorter path", "the path is too long");
        goto done;
    }
    memcpy(f->path, path, strlen(path) + 1);
    if (create && mkdir(path, 0777) && errno != EEXIST) {
        err = hbs_fail(ctx, HBS_ERR_IO, path, "check the name and your rights", "cannot make the folder: %s",
                       strerror(errno));
        goto done;
    }
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0)
        err = hbs_fail(ctx, errno == ENOENT || errno == ENOTDIR ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, path,
                       "name a ledger's folder", "cannot open: %s", strerror(errno));
    if (!err && create && mkdirat(f->fd, "tile", 0777) && errno != EEXIST)
        err = io(f, ctx, "tile", "make the folder");
    if (!err && create) {
        int parent = openat(f->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* the folder's own name */
        if (parent >= 0) {
            (void)!fsync(parent);
            close(parent);
        }
        err = note_changed(f, ctx, "tile");
    }
done:
    if (err) {
        if (f->fd >= 0)
            close(f->fd);
        hbs_free(ctx, f);
        return err;
    }
    *out = (struct hbs_ledger_store){f,           folder_get,   folder_put,  folder_drop, folder_sync,
                                     folder_write, folder_flush, folder_list, folder_lock, folder_unlock};
    return HBS_OK;
}

void hbs_ledger_folder_close(struct hbs_ledger_store *store)
{
    struct folder *f = store->user;
    if (!f)
        return;
    close_open(f, NULL);
    if (f->tile_fd >= 0)
        close(f->tile_fd);
    close(f->fd);
    hbs_free(f->ctx, f);
    memset(store, 0, sizeof *store);
}
