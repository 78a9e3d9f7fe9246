/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: filling a gallery (gallery_input.h). Each thread has a context and a confined
 * decoder of its own, so that one broken picture costs that picture alone.
 */
#include "gallery_input.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BATCH = 64, THREADS_MAX = 64, FILES_MAX = 16 << 20 };

struct item {
    char *path;
    enum hbs_err err;
    char what[160];
    struct hbs_search_print print;
};

struct files {
    char **path;
    size_t count, room;
};

struct job {
    struct item *items;
    double ppi;
    struct hbs_ctx *ctx[THREADS_MAX];
    struct hbs_decoder *decoder[THREADS_MAX];
};

enum hbs_err gallery_print(struct hbs_ctx *ctx, const struct hbs_finger_template *t,
                           struct hbs_search_print *out)
{
    struct hbs_finger_print *p = NULL;
    struct hbs_finger_cylinder c[HBS_FINGER_MATCHED_MAX];
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, HBS_FINGER_PACKED_MAX);
    memset(out, 0, sizeof *out);
    enum hbs_err err = hbs_finger_prepare(ctx, t, &p);
    if (!err)
        err = hbs_finger_pack(ctx, t, &buf);
    if (!err && buf.size > HBS_SEARCH_PACKED_MAX)
        err = HBS_ERR_LIMIT;
    if (!err) {
        out->count = (uint16_t)hbs_finger_cylinders(p, c);
        out->packed_size = (uint16_t)buf.size;
        memcpy(out->packed, buf.data, buf.size);
        for (int i = 0; i < out->count; i++) {
            out->angle[i] = c[i].angle;
            memcpy(out->bits[i], c[i].bits, sizeof c[i].bits);
        }
    }
    hbs_finger_print_close(p);
    hbs_buf_close(&buf);
    return err;
}

/* One file to what the gallery keeps of it. */
static enum hbs_err load(struct hbs_ctx *ctx, struct hbs_decoder *decoder, const char *path, double ppi,
                         struct hbs_search_print *out)
{
    struct hbs_buf buf;
    struct hbs_image image = {0};
    struct hbs_finger_template *t = hbs_alloc(ctx, 1, sizeof *t);
    if (!t)
        return HBS_ERR_NO_MEMORY;
    hbs_buf_init(&buf, ctx, HBS_IMAGE_BYTES_MAX);
    enum hbs_err err = hbs_file_read(ctx, path, &buf);
    if (!err && hbs_finger_is_packed(buf.data, buf.size)) {
        err = hbs_finger_unpack(ctx, buf.data, buf.size, t);
    } else if (!err && hbs_record_is_minutiae(hbs_record_recognise(buf.data, buf.size))) {
        err = hbs_record_read_finger(ctx, buf.data, buf.size, 0, t, NULL);
    } else if (!err) {
        struct hbs_finger_options o = {.ppi = (uint32_t)ppi};
        if (!(err = hbs_decoder_decode(decoder, buf.data, buf.size, &image)))
            err = hbs_finger_extract(ctx, &image, &o, t, NULL);
        hbs_image_close(&image);
    }
    if (!err)
        err = gallery_print(ctx, t, out);
    hbs_buf_close(&buf);
    hbs_free(ctx, t);
    return err;
}

static void work(void *arg, size_t i, unsigned thread)
{
    struct job *job = arg;
    struct item *item = &job->items[i];
    struct hbs_ctx *ctx = job->ctx[thread];
    item->err = HBS_OK;
    if (!job->decoder[thread])
        item->err = hbs_decoder_open(ctx, NULL, &job->decoder[thread]);
    if (!item->err)
        item->err = load(ctx, job->decoder[thread], item->path, job->ppi, &item->print);
    const char *what = hbs_ctx_what(ctx);
    snprintf(item->what, sizeof item->what, "%s", *what ? what : hbs_err_name(item->err));
}

static bool take(struct files *f, const char *path)
{
    if (f->count == f->room) {
        size_t room = f->room ? 2 * f->room : 256;
        char **p = room > FILES_MAX ? NULL : realloc(f->path, room * sizeof *p);
        if (!p)
            return false;
        f->path = p;
        f->room = room;
    }
    return (f->path[f->count] = strdup(path)) && ++f->count;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The files of a folder, not of those within it, in the order of their names; hidden ones and those
 * that say nothing by their ending about minutiae beside pictures (.csv, .json, .txt, .md) left out. */
static int walk(struct cmd_run *run, const char *folder, struct files *f)
{
    static const char *const not_prints[] = {".csv", ".json", ".txt", ".md"};
    DIR *d = opendir(folder);
    size_t first = f->count;
    if (!d)
        return cmd_misuse(run, folder, "check the name and your rights", "cannot open: %s", strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        char path[4096];
        struct stat st;
        bool other = false;
        size_t n = strlen(e->d_name);
        for (size_t i = 0; i < sizeof not_prints / sizeof *not_prints; i++) {
            size_t m = strlen(not_prints[i]);
            other |= n > m && !strcmp(e->d_name + n - m, not_prints[i]);
        }
        int len = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || other || len < 0 || (size_t)len >= sizeof path || stat(path, &st) ||
            !S_ISREG(st.st_mode))
            continue;
        if (!take(f, path)) {
            closedir(d);
            return cmd_fail(run, HBS_ERR_NO_MEMORY);
        }
    }
    closedir(d);
    if (f->count > first)
        qsort(f->path + first, f->count - first, sizeof *f->path, by_name);
    return 0;
}

/* The name of a file without its folders and ending. */
static void id_of(const char *path, char id[HBS_SEARCH_ID_MAX + 1])
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    int n = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    snprintf(id, HBS_SEARCH_ID_MAX + 1, "%.*s", n, name);
}

static int put(struct cmd_run *run, struct hbs_gallery_writer *writer, const struct gallery_input *how,
               const struct item *item, uint64_t *added, uint64_t *passed)
{
    if (item->err && !how->keep_going)
        return cmd_misuse(run, item->path, "mend or remove it, or say --keep-going", "%s", item->what);
    if (item->err) {
        cmd_warn(run, "%s: passed over: %s", item->path, item->what);
        ++*passed;
        return 0;
    }
    char id[HBS_SEARCH_ID_MAX + 1];
    id_of(item->path, id);
    enum hbs_err err = hbs_gallery_put(writer, id, &item->print);
    if (err) {
        hbs_ctx_set_where(run->ctx, item->path);
        return cmd_fail(run, err);
    }
    ++*added;
    return 0;
}

static int fill(struct cmd_run *run, struct hbs_gallery_writer *writer, const struct gallery_input *how,
                int argc, char **argv)
{
    struct files files = {0};
    struct job job = {.ppi = how->ppi};
    uint64_t added = 0, passed = 0;
    unsigned threads = how->threads ? (unsigned)how->threads : hbs_cpu_count(), opened = 0;
    threads = threads > THREADS_MAX ? THREADS_MAX : threads;
    int code = 0;
    for (int i = 0; i < argc && !code; i++) {
        struct stat st;
        if (!stat(argv[i], &st) && S_ISDIR(st.st_mode))
            code = walk(run, argv[i], &files);
        else if (!take(&files, argv[i]))
            code = cmd_fail(run, HBS_ERR_NO_MEMORY);
    }
    if (!code && !files.count)
        code = cmd_misuse(run, argv[0], "name pictures, templates or a folder of them", "nothing to put in");
    job.items = calloc(BATCH, sizeof *job.items);
    while (!code && opened < threads && !hbs_ctx_open(NULL, &job.ctx[opened]))
        opened++;
    if (!code && (!job.items || !opened))
        code = cmd_fail(run, HBS_ERR_NO_MEMORY);
    for (size_t at = 0; at < files.count && !code; at += BATCH) {
        size_t n = files.count - at < BATCH ? files.count - at : BATCH;
        for (size_t i = 0; i < n; i++)
            job.items[i].path = files.path[at + i];
        hbs_parallel(opened, n, work, &job);
        for (size_t i = 0; i < n && !code; i++)
            code = put(run, writer, how, &job.items[i], &added, &passed);
        cmd_progress(run, "gallery", at + n, files.count);
    }
    if (!code) {
        enum hbs_err err = hbs_gallery_commit(writer);
        code = err ? cmd_fail(run, err) : 0;
    }
    if (!code)
        json_object_update_new(run->answer, json_pack("{s:I,s:I}", "added", (json_int_t)added, "passed_over",
                                                      (json_int_t)passed));
    for (unsigned i = 0; i < opened; i++) {
        hbs_decoder_close(job.decoder[i]);
        hbs_ctx_close(job.ctx[i]);
    }
    for (size_t i = 0; i < files.count; i++)
        free(files.path[i]);
    free(files.path);
    free(job.items);
    return code;
}

int gallery_fill_and_tell(struct cmd_run *run, struct hbs_gallery_writer *writer,
                          const struct gallery_input *how, int argc, char **argv)
{
    int code = fill(run, writer, how, argc - 1, argv + 1);
    hbs_gallery_writer_close(writer);
    if (code)
        return code;
    json_object_set_new(run->answer, "gallery", json_string(argv[0]));
    json_object_set_new(run->answer, "stamp", json_string("evaluation"));
    cmd_say(run, "%s: %lld prints added (an evaluation gallery: no registry opens it)\n", argv[0],
            (long long)json_integer_value(json_object_get(run->answer, "added")));
    return 0;
}
