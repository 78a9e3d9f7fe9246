/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: the system's files behind struct hbs_vault_io. Private files only: made with mode 0600,
 * refused when others have rights. `sync` is fsync of the file, `sync_folder` fsync of the folder that
 * holds its name; both are needed before a new file can be relied on (POSIX promises no less, and
 * no more). May touch the files that it is given, nothing else.
 */
#include "vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file is its descriptor + 1, so that NULL stays "none". */
static int fd_of(void *file) { return (int)(intptr_t)file - 1; }

static int file_open(void *user, const char *path, bool create, bool lock, void **file)
{
    (void)user;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | (create ? O_CREAT | O_EXCL : 0), 0600);
    if (fd < 0)
        return errno;
    struct stat st;
    int code = fstat(fd, &st) ? errno : !S_ISREG(st.st_mode) ? EINVAL : st.st_mode & 077 ? EACCES : 0;
    if (!code && lock && flock(fd, LOCK_EX | LOCK_NB))
        code = errno == EWOULDBLOCK ? EBUSY : errno;
    if (code) {
        close(fd);
        return code;
    }
    *file = (void *)(intptr_t)(fd + 1);
    return 0;
}

static int file_read(void *user, void *file, void *data, size_t size, uint64_t at, size_t *got)
{
    (void)user;
    uint8_t *p = data;
    *got = 0;
    while (*got < size) {
        ssize_t n = pread(fd_of(file), p + *got, size - *got, (off_t)(at + *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return 0;
}

static int file_write(void *user, void *file, const void *data, size_t size, uint64_t at)
{
    (void)user;
    const uint8_t *p = data;
    while (size) {
        ssize_t n = pwrite(fd_of(file), p, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        p += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static int file_sync(void *user, void *file)
{
    (void)user;
    return fsync(fd_of(file)) ? errno : 0;
}

static int file_size(void *user, void *file, uint64_t *out)
{
    (void)user;
    struct stat st;
    if (fstat(fd_of(file), &st))
        return errno;
    *out = (uint64_t)st.st_size;
    return 0;
}

static int file_truncate(void *user, void *file, uint64_t size)
{
    (void)user;
    return ftruncate(fd_of(file), (off_t)size) ? errno : 0;
}

static int file_sync_folder(void *user, const char *path)
{
    (void)user;
    char folder[4096];
    int n = snprintf(folder, sizeof folder, "%s", path);
    if (n < 0 || (size_t)n >= sizeof folder)
        return ENAMETOOLONG;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int code = fsync(fd) ? errno : 0;
    close(fd);
    return code;
}

static int file_remove(void *user, const char *path)
{
    (void)user;
    return unlink(path) ? errno : 0;
}

static void file_close(void *user, void *file)
{
    (void)user;
    if (file)
        close(fd_of(file));
}

const struct hbs_vault_io *hbs_vault_files(void)
{
    static const struct hbs_vault_io files = {NULL, file_open, file_read, file_write, file_sync, file_size,
                                              file_truncate, file_sync_folder, file_remove, file_close};
    return &files;
}

enum hbs_err vault_io_fail(struct hbs_ctx *ctx, const char *path, const char *verb, int code)
{
    switch (code) {
    case ENOENT:
        return hbs_fail(ctx, HBS_ERR_NOT_FOUND, path, "check the name", "there is no such file");
    case EEXIST:
        return hbs_fail(ctx, HBS_ERR_USAGE, path, "name a new file", "there is a file of this name");
    case EBUSY:
        return hbs_fail(ctx, HBS_ERR_BUSY, path, "wait for the other process, or stop it",
                        "another process has the file open");
    case EACCES:
        return hbs_fail(ctx, HBS_ERR_IO, path, "chmod 600, and check the owner",
                        "the file must be its owner's alone, and yours to write");
    case ENOSPC:
        return hbs_fail(ctx, HBS_ERR_IO, path, "make room on the disk", "cannot %s: the disk is full", verb);
    default:
        return hbs_fail(ctx, HBS_ERR_IO, path, "check the disk", "cannot %s: %s", verb, strerror(code));
    }
}
