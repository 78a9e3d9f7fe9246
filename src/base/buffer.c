/* SPDX-License-Identifier: MPL-2.0
 *
 * Room base: byte buffers with a hard maximum; files read and written whole. A written file is
 * there whole or not at all after kill -9 or power loss: temporary, fsync, rename, fsync of the
 * folder.
 */
#include "base_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void hbs_buf_init(struct hbs_buf *buf, struct hbs_ctx *ctx, size_t maximum)
{
    *buf = (struct hbs_buf){.ctx = ctx, .maximum = maximum};
}

void hbs_buf_close(struct hbs_buf *buf)
{
    if (buf->ctx)
        hbs_free(buf->ctx, buf->data);
    *buf = (struct hbs_buf){.ctx = buf->ctx, .maximum = buf->maximum};
}

enum hbs_err hbs_buf_reserve(struct hbs_buf *buf, size_t more)
{
    if (more > buf->maximum || buf->size > buf->maximum - more)
        return hbs_fail(buf->ctx, HBS_ERR_LIMIT, "", "give less",
                        "more than the maximum of %zu bytes", buf->maximum);
    size_t need = buf->size + more;
    if (need <= buf->capacity)
        return HBS_OK;
    size_t capacity = buf->capacity ? buf->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    if (capacity > buf->maximum)
        capacity = buf->maximum;
    uint8_t *data = hbs_resize(buf->ctx, buf->data, capacity);
    if (!data)
        return hbs_fail_memory(buf->ctx, capacity);
    buf->data = data;
    buf->capacity = capacity;
    return HBS_OK;
}

enum hbs_err hbs_buf_put(struct hbs_buf *buf, const void *data, size_t size)
{
    if (!size)
        return HBS_OK;
    enum hbs_err err = hbs_buf_reserve(buf, size);
    if (err)
        return err;
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    return HBS_OK;
}

enum hbs_err hbs_buf_printf(struct hbs_buf *buf, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    locale_t before = uselocale(hbs_c_locale()); /* files have no decimal commas */
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    enum hbs_err err = HBS_OK;
    if (n < 0) {
        err = hbs_fail(buf->ctx, HBS_ERR_BUG, "", "report this", "a format failed");
    } else if (!(err = hbs_buf_reserve(buf, (size_t)n + 1))) {
        vsnprintf((char *)buf->data + buf->size, (size_t)n + 1, format, again);
        buf->size += (size_t)n;
    }
    uselocale(before);
    va_end(again);
    return err;
}

enum hbs_err hbs_file_read(struct hbs_ctx *ctx, const char *path, struct hbs_buf *out)
{
    bool is_stdin = !strcmp(path, "-");
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return hbs_fail(ctx, errno == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, path,
                        "check the name and your rights", "cannot open: %s", strerror(errno));
    enum hbs_err err = HBS_OK;
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        err = hbs_fail(ctx, HBS_ERR_USAGE, path, "name a file", "this is a folder");
        goto done;
    }
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > out->maximum) {
        err = hbs_fail(ctx, HBS_ERR_LIMIT, path, "give a smaller file",
                       "the file has %lld bytes, the limit here is %zu", (long long)st.st_size,
                       out->maximum);
        goto done;
    }
    for (;;) {
        size_t step = S_ISREG(st.st_mode) && (size_t)st.st_size > out->size
                          ? (size_t)st.st_size - out->size
                          : 65536;
        if (step > out->maximum - out->size)
            step = out->maximum - out->size;
        if (!step) { /* full: is there more? */
            uint8_t one;
            if (read(fd, &one, 1) > 0)
                err = hbs_fail(ctx, HBS_ERR_LIMIT, path, "give a smaller file",
                               "more than the limit of %zu bytes", out->maximum);
            break;
        }
        if ((err = hbs_buf_reserve(out, step)))
            break;
        ssize_t n = read(fd, out->data + out->size, step);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err = hbs_fail(ctx, HBS_ERR_IO, path, "check the disk", "cannot read: %s",
                           strerror(errno));
            break;
        }
        if (n == 0)
            break;
        out->size += (size_t)n;
    }
done:
    if (!is_stdin)
        close(fd);
    return err;
}

static enum hbs_err write_all(int fd, const uint8_t *p, size_t size)
{
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return HBS_ERR_IO;
        p += n;
        size -= (size_t)n;
    }
    return HBS_OK;
}

enum hbs_err hbs_file_write(struct hbs_ctx *ctx, const char *path, const void *data, size_t size)
{
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "use a shorter path", "the path is too long");
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* /dev/stdout, a pipe */
        int out = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        enum hbs_err err = out < 0 ? HBS_ERR_IO : write_all(out, data, size);
        int saved = errno;
        if (out >= 0 && close(out) && !err)
            err = HBS_ERR_IO;
        return err ? hbs_fail(ctx, err, path, "name another file", "cannot write: %s",
                              strerror(saved))
                   : HBS_OK;
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return hbs_fail(ctx, HBS_ERR_IO, path, "check the folder and your rights",
                        "cannot write: %s", strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    int bad = write_all(fd, data, size) != HBS_OK || fchmod(fd, 0666 & ~mask) != 0 || fsync(fd) != 0;
    int saved = errno;
    if (close(fd) && !bad) {
        bad = 1;
        saved = errno;
    }
    if (!bad && rename(temporary, path)) {
        bad = 1;
        saved = errno;
    }
    if (bad) {
        unlink(temporary);
        return hbs_fail(ctx, HBS_ERR_IO, path, "check space and rights", "cannot write: %s",
                        strerror(saved));
    }
    char *slash = strrchr(temporary, '/');
    if (slash)
        slash[slash == temporary ? 1 : 0] = 0;
    int folder = open(slash ? temporary : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        (void)fsync(folder);
        close(folder);
    }
    return HBS_OK;
}
