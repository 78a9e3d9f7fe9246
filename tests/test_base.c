/* SPDX-License-Identifier: MPL-2.0
 *
 * Room base: errors, buffers, files, the generator, threads.
 */
#include "base/base_int.h"
#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

static void square(void *arg, size_t i, unsigned thread)
{
    (void)thread;
    ((uint64_t *)arg)[i] = (uint64_t)i * i;
}

struct refuser {
    int left;
};
static void *refuse_resize(void *user, void *old, size_t size)
{
    struct refuser *r = user;
    return r->left-- > 0 ? realloc(old, size) : NULL;
}
static void refuse_release(void *user, void *p)
{
    (void)user;
    free(p);
}

int main(void)
{
    tap_begin();
    struct hbs_ctx *ctx = NULL;
    is_int(hbs_ctx_open(NULL, &ctx), HBS_OK, "a context opens");
    is_text(hbs_ctx_what(ctx), "", "no error to tell yet");
    is_int(hbs_fail(ctx, HBS_ERR_FORMAT, "here", "do that", "bad %d", 7), HBS_ERR_FORMAT,
           "fail returns its error");
    is_text(hbs_ctx_what(ctx), "bad 7", "what");
    is_text(hbs_ctx_where(ctx), "here", "where");
    is_text(hbs_ctx_do(ctx), "do that", "do");
    hbs_fail(ctx, HBS_ERR_FORMAT, "", "", "again: %s", hbs_ctx_what(ctx));
    is_text(hbs_ctx_what(ctx), "again: bad 7", "a message may quote the one before");
    static const struct { enum hbs_err err; int code; } codes[] = {
        {HBS_OK, 0}, {HBS_ERR_USAGE, 2}, {HBS_ERR_REFUSED, 3}, {HBS_ERR_INTEGRITY, 4},
        {HBS_ERR_BUSY, 5}, {HBS_ERR_IO, 6}, {HBS_ERR_INCOMPLETE, 7}, {HBS_ERR_BUG, 70}};
    for (size_t i = 0; i < HBS_COUNT(codes); i++)
        is_int(hbs_err_exit_code(codes[i].err), codes[i].code, "exit code of '%s'",
               hbs_err_name(codes[i].err));

    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, 1000);
    is_int(hbs_buf_printf(&buf, "%s-%d", "x", 5), HBS_OK, "a buffer takes a format");
    ok(buf.size == 3 && !memcmp(buf.data, "x-5", 3), "and holds it");
    uint8_t big[1200] = {0};
    is_int(hbs_buf_put(&buf, big, sizeof big), HBS_ERR_LIMIT, "beyond its maximum it refuses");
    is_int((long long)buf.size, 3, "and is unchanged");
    is_int(hbs_buf_put(&buf, big, 997), HBS_OK, "up to the maximum it takes");
    ok(buf.capacity <= 1000, "its memory never passes the maximum");
    hbs_buf_close(&buf);

    char path[] = "/tmp/habeas_base_XXXXXX";
    ok(mkdtemp(path) != NULL, "a scratch folder");
    char file[128];
    snprintf(file, sizeof file, "%s/f", path);
    is_int(hbs_file_write(ctx, file, "hello", 5), HBS_OK, "a file is written");
    hbs_buf_init(&buf, ctx, 5);
    is_int(hbs_file_read(ctx, file, &buf), HBS_OK, "and read at exactly the limit");
    ok(buf.size == 5 && !memcmp(buf.data, "hello", 5), "with its content");
    hbs_buf_close(&buf);
    hbs_buf_init(&buf, ctx, 4);
    is_int(hbs_file_read(ctx, file, &buf), HBS_ERR_LIMIT, "a larger file is refused");
    ok(!buf.data, "before memory is taken");
    is_int(hbs_file_read(ctx, "/nonexistent/x", &buf), HBS_ERR_NOT_FOUND, "a missing file is said");
    is_int(hbs_file_read(ctx, path, &buf), HBS_ERR_USAGE, "a folder is no file");
    is_int(hbs_file_write(ctx, "/nonexistent/x", "a", 1), HBS_ERR_IO, "a missing folder is said");
    unlink(file);
    rmdir(path);

    struct hbs_rng a, b;
    hbs_rng_seed(&a, 1);
    hbs_rng_seed(&b, 1);
    bool same = true;
    for (int i = 0; i < 100; i++)
        same &= hbs_rng_u64(&a) == hbs_rng_u64(&b);
    ok(same, "the generator repeats itself");
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        double v = hbs_rng_normal(&a);
        sum += v;
        squares += v * v;
    }
    is_near(sum / 1e5, 0, 0.02, "normal: mean");
    is_near(squares / 1e5, 1, 0.03, "normal: variance");

    uint64_t squared[1000] = {0};
    hbs_parallel(3, 1000, square, squared);
    bool all = true;
    for (uint64_t i = 0; i < 1000; i++)
        all &= squared[i] == i * i;
    ok(all, "the parallel loop does each item");

    struct refuser refuser = {0};
    struct hbs_allocator alloc = {refuse_resize, refuse_release, &refuser};
    struct hbs_ctx *poor = NULL;
    is_int(hbs_ctx_open(&alloc, &poor), HBS_ERR_NO_MEMORY, "a context without memory is refused");
    refuser.left = 1;
    is_int(hbs_ctx_open(&alloc, &poor), HBS_OK, "with memory for one thing it opens");
    hbs_buf_init(&buf, poor, 100);
    is_int(hbs_buf_put(&buf, "x", 1), HBS_ERR_NO_MEMORY, "a refused allocation is an error");
    hbs_buf_close(&buf);
    hbs_ctx_close(poor);
    ok(!hbs_alloc(ctx, SIZE_MAX, 2), "an overflowing product is refused");
    hbs_ctx_close(ctx);
    return tap_end();
}
