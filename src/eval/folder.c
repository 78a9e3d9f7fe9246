/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: the pictures of a folder laid out as those of the Fingerprint Verification
 * Competitions: one file a print, called FINGER_IMPRESSION.ext. Which files are pictures is decided
 * by their content; which of several with one stem, by the order of their names.
 */
#include "eval_int.h"
#include "habeas/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEAD = 4096,            /* bytes looked at: every format of ours is known by fewer */
    FILES_MAX = 1 << 20,    /* entries of the folder */
    TEXT_MAX = 1 << 30      /* bytes of their names */
};

struct file {
    size_t name; /* offset in the text */
    size_t stem; /* bytes of the name before its last dot */
};

struct print {
    size_t name, path; /* offsets in the text */
};

struct hbs_eval_folder {
    struct hbs_ctx *ctx;
    struct hbs_buf text; /* names, stems and paths, each ended by a zero */
    struct print *prints;
    size_t count, passed;
};

/* ---- Order ----------------------------------------------------------------------------------- */

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* Runs of digits as numbers (leading zeros aside), all else by bytes. */
static int natural(const char *a, size_t n, const char *b, size_t m)
{
    size_t i = 0, j = 0;
    while (i < n && j < m) {
        if (digit(a[i]) && digit(b[j])) {
            while (i < n && a[i] == '0')
                i++;
            while (j < m && b[j] == '0')
                j++;
            size_t p = i, q = j;
            while (p < n && digit(a[p]))
                p++;
            while (q < m && digit(b[q]))
                q++;
            if (p - i != q - j)
                return p - i < q - j ? -1 : 1;
            int c = memcmp(a + i, b + j, p - i);
            if (c)
                return c;
            i = p;
            j = q;
        } else if (a[i] != b[j]) {
            return (unsigned char)a[i] < (unsigned char)b[j] ? -1 : 1;
        } else {
            i++;
            j++;
        }
    }
    return i < n ? 1 : j < m ? -1 : 0;
}

/* Total: what is naturally equal ("01" and "1") falls back to bytes. */
static int order(const char *a, size_t n, const char *b, size_t m)
{
    int c = natural(a, n, b, m);
    if (!c)
        c = memcmp(a, b, n < m ? n : m);
    return c ? c : (n > m) - (n < m);
}

int hbs_eval_name_order(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t fa = eval_finger_size(a, n), fb = eval_finger_size(b, m);
    int c = order(a, fa, b, fb); /* the finger first, so that its prints stand together */
    return c ? c : order(a + fa, n - fa, b + fb, m - fb);
}

/* ---- Reading a folder ------------------------------------------------------------------------ */

/* By stem, so that the files of one stem stand together, then by name. */
static int by_file_name(const void *x, const void *y, void *text)
{
    const struct file *a = x, *b = y;
    const char *p = (const char *)text + a->name, *q = (const char *)text + b->name;
    int c = memcmp(p, q, a->stem < b->stem ? a->stem : b->stem);
    if (!c)
        c = (a->stem > b->stem) - (a->stem < b->stem);
    return c ? c : strcmp(p, q);
}

static int by_print_name(const void *x, const void *y, void *text)
{
    const struct print *a = x, *b = y;
    return hbs_eval_name_order((const char *)text + a->name, (const char *)text + b->name);
}

static enum hbs_err put_text(struct hbs_buf *text, const char *name, size_t size, size_t *offset)
{
    *offset = text->size;
    enum hbs_err err = hbs_buf_put(text, name, size);
    return err ? err : hbs_buf_put(text, "", 1);
}

/* Whether the stem is FINGER_IMPRESSION with both parts there. */
static bool is_print(const char *name, size_t stem)
{
    size_t finger = eval_finger_size(name, stem);
    return stem <= HBS_EVAL_NAME_MAX && finger + 1 < stem;
}

/* Whether the file begins as a picture. A file that cannot be read is none. */
static bool is_picture(int folder, const char *name)
{
    struct stat st;
    uint8_t head[HEAD];
    size_t size = 0;
    if (fstatat(folder, name, &st, 0) || !S_ISREG(st.st_mode))
        return false;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    for (ssize_t n; size < sizeof head && (n = read(fd, head + size, sizeof head - size)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            size = 0;
            break;
        }
        size += (size_t)n;
    }
    close(fd);
    return size && hbs_image_recognise(head, size) != HBS_IMAGE_UNKNOWN;
}

/* All names of the folder that could be prints, in `files`; the others are counted. */
static enum hbs_err list(struct hbs_eval_folder *f, DIR *dir, const char *path, struct hbs_buf *files)
{
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(dir);
        if (!e)
            return errno ? hbs_fail(f->ctx, HBS_ERR_IO, path, "check the disk", "cannot read: %s",
                                    strerror(errno))
                         : HBS_OK;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        const char *dot = strrchr(e->d_name, '.');
        struct file file = {0, dot ? (size_t)(dot - e->d_name) : strlen(e->d_name)};
        if (e->d_name[0] == '.' || !is_print(e->d_name, file.stem)) {
            f->passed++;
            continue;
        }
        if (files->size / sizeof file >= FILES_MAX)
            return hbs_fail(f->ctx, HBS_ERR_LIMIT, path, "use a smaller folder",
                            "more than %d files", FILES_MAX);
        enum hbs_err err = put_text(&f->text, e->d_name, strlen(e->d_name), &file.name);
        if (!err)
            err = hbs_buf_put(files, &file, sizeof file);
        if (err)
            return err;
    }
}

/* The first picture of each stem, from the sorted files. */
static enum hbs_err choose(struct hbs_eval_folder *f, int fd, const char *path,
                           const struct file *files, size_t count)
{
    struct file last = {0, 0}; /* the last file that was taken */
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const char *name = (const char *)f->text.data + files[i].name;
        bool taken = any && files[i].stem == last.stem &&
                     !memcmp(name, f->text.data + last.name, last.stem);
        if (taken || !is_picture(fd, name)) {
            f->passed++;
            continue;
        }
        if (f->count >= HBS_EVAL_PICTURES_MAX)
            return hbs_fail(f->ctx, HBS_ERR_LIMIT, path, "use a smaller folder",
                            "more than %u pictures", HBS_EVAL_PICTURES_MAX);
        last = files[i];
        any = true;
        struct print *p = &f->prints[f->count];
        size_t size = strlen(path);
        bool slash = size && path[size - 1] != '/';
        enum hbs_err err = hbs_buf_reserve(&f->text, size + 2 * strlen(name) + 8);
        if (err)
            return err;
        name = (const char *)f->text.data + files[i].name; /* the text may have moved */
        if ((err = put_text(&f->text, name, files[i].stem, &p->name)))
            return err;
        p->path = f->text.size;
        if ((err = hbs_buf_put(&f->text, path, size)) ||
            (err = hbs_buf_put(&f->text, "/", slash)) ||
            (err = hbs_buf_put(&f->text, name, strlen(name) + 1)))
            return err;
        f->count++;
    }
    return HBS_OK;
}

enum hbs_err hbs_eval_folder_open(struct hbs_ctx *ctx, const char *path, struct hbs_eval_folder **out)
{
    DIR *dir = opendir(path);
    if (!dir)
        return hbs_fail(ctx, errno == ENOENT ? HBS_ERR_NOT_FOUND
                             : errno == ENOTDIR ? HBS_ERR_USAGE : HBS_ERR_IO,
                        path, "name a folder of pictures FINGER_IMPRESSION.ext",
                        "cannot open the folder: %s", strerror(errno));
    struct hbs_buf files;
    hbs_buf_init(&files, ctx, (size_t)FILES_MAX * sizeof(struct file));
    enum hbs_err err = HBS_OK;
    struct hbs_eval_folder *f = hbs_alloc(ctx, 1, sizeof *f);
    if (!f) {
        err = hbs_fail_memory(ctx, sizeof *f);
        goto done;
    }
    f->ctx = ctx;
    hbs_buf_init(&f->text, ctx, TEXT_MAX);
    if ((err = list(f, dir, path, &files)))
        goto done;
    size_t count = files.size / sizeof(struct file);
    if (count)
        qsort_r(files.data, count, sizeof(struct file), by_file_name, f->text.data);
    f->prints = hbs_alloc(ctx, count, sizeof *f->prints);
    if (!f->prints) {
        err = hbs_fail_memory(ctx, count * sizeof *f->prints);
        goto done;
    }
    if ((err = choose(f, dirfd(dir), path, (const struct file *)(const void *)files.data, count)))
        goto done;
    if (!f->count) {
        err = hbs_fail(ctx, HBS_ERR_NOT_FOUND, path, "name a folder of pictures FINGER_IMPRESSION.ext",
                       "no pictures here (%zu files passed over)", f->passed);
        goto done;
    }
    qsort_r(f->prints, f->count, sizeof *f->prints, by_print_name, f->text.data);
    *out = f;
done:
    closedir(dir);
    hbs_buf_close(&files);
    if (err)
        hbs_eval_folder_close(f);
    return err;
}

void hbs_eval_folder_close(struct hbs_eval_folder *f)
{
    if (!f)
        return;
    hbs_buf_close(&f->text);
    hbs_free(f->ctx, f->prints);
    hbs_free(f->ctx, f);
}

size_t hbs_eval_folder_count(const struct hbs_eval_folder *f) { return f->count; }
size_t hbs_eval_folder_passed(const struct hbs_eval_folder *f) { return f->passed; }

const char *hbs_eval_folder_name(const struct hbs_eval_folder *f, size_t i)
{
    return NEVER(i >= f->count) ? "" : (const char *)f->text.data + f->prints[i].name;
}

const char *hbs_eval_folder_path(const struct hbs_eval_folder *f, size_t i)
{
    return NEVER(i >= f->count) ? "" : (const char *)f->text.data + f->prints[i].path;
}
