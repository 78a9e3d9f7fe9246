/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: pictures of a folder, protocols, and the engine, with a toy matcher whose scores are
 * known beforehand.
 */
#include "eval/eval_int.h"
#include "tap.h"

#include <math.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static struct hbs_ctx *ctx;
static char folder[] = "/tmp/habeas_eval_XXXXXX";

/* ---- The toy: a picture is a PGM whose first pixels are a value and a switch ------------------ */

enum { NORMAL = 0, REFUSES = 1, PREPARE_REFUSES = 2, NO_MEMORY = 3 };

struct toy_sample {
    int value, what;
};
struct toy_state {
    struct hbs_ctx *ctx;
};
static _Atomic int living; /* states, samples and prints not yet freed */
static double worst = 0;   /* taken from each score, to break the promise of `lowest` */

static enum hbs_err toy_open(void *user, struct hbs_ctx *c, void **state)
{
    if (user)
        return hbs_fail(c, HBS_ERR_UNSUPPORTED, "", "", "the toy does not open");
    struct toy_state *s = hbs_alloc(c, 1, sizeof *s);
    if (!s)
        return hbs_fail_memory(c, sizeof *s);
    s->ctx = c;
    *state = s;
    living++;
    return HBS_OK;
}
static void toy_close(void *state)
{
    struct toy_state *s = state;
    hbs_free(s->ctx, s);
    living--;
}
static enum hbs_err toy_extract(void *state, const char *path, void **out)
{
    struct toy_state *s = state;
    struct hbs_buf file;
    hbs_buf_init(&file, s->ctx, 4096);
    enum hbs_err err = hbs_file_read(s->ctx, path, &file);
    struct toy_sample sample = {0};
    if (!err && file.size >= 2)
        sample = (struct toy_sample){file.data[file.size - 2], file.data[file.size - 1]};
    hbs_buf_close(&file);
    if (err)
        return err;
    if (sample.what == REFUSES)
        return hbs_fail(s->ctx, HBS_ERR_FORMAT, "", "", "not a toy");
    if (sample.what == NO_MEMORY)
        return hbs_fail_memory(s->ctx, 1);
    struct toy_sample *p = hbs_alloc(s->ctx, 1, sizeof *p);
    if (!p)
        return hbs_fail_memory(s->ctx, sizeof *p);
    *p = sample;
    *out = p;
    living++;
    return HBS_OK;
}
static enum hbs_err toy_prepare(void *state, const void *sample, void **out)
{
    struct toy_state *s = state;
    const struct toy_sample *from = sample;
    if (from->what == PREPARE_REFUSES)
        return hbs_fail(s->ctx, HBS_ERR_FORMAT, "", "", "cannot be prepared");
    struct toy_sample *p = hbs_alloc(s->ctx, 1, sizeof *p);
    if (!p)
        return hbs_fail_memory(s->ctx, sizeof *p);
    *p = *from;
    *out = p;
    living++;
    return HBS_OK;
}
static enum hbs_err toy_compare(void *state, const void *probe, const void *candidate, double *score)
{
    (void)state;
    const struct toy_sample *a = probe, *b = candidate;
    *score = 255 - abs(a->value - b->value) - worst;
    return HBS_OK;
}
static void toy_free(void *state, void *p)
{
    hbs_free(((struct toy_state *)state)->ctx, p);
    living--;
}
static double toy_elsewhere(void *state)
{
    (void)state;
    return 0;
}

static const struct hbs_eval_matcher toy = {
    .lowest = 0, .open = toy_open, .close = toy_close, .extract = toy_extract,
    .prepare = toy_prepare, .compare = toy_compare, .free_sample = toy_free, .free_print = toy_free,
    .elsewhere = toy_elsewhere,
};

/* ---- Files ------------------------------------------------------------------------------------ */

static char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(in_folder(name), "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f))
        abort();
}

static void picture(const char *name, int value, int what)
{
    char pgm[32];
    int n = snprintf(pgm, sizeof pgm, "P5\n2 1\n255\n");
    pgm[n] = (char)value;
    pgm[n + 1] = (char)what;
    put(name, pgm, (size_t)n + 2);
}

static void clear(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'/* '%s'/.hidden*", folder, folder);
    if (system(command))
        abort();
}

static void folders(void)
{
    struct hbs_eval_folder *f = NULL;
    is_int(hbs_eval_folder_open(ctx, "/nonexistent/x", &f), HBS_ERR_NOT_FOUND, "no such folder");
    is_int(hbs_eval_folder_open(ctx, folder, &f), HBS_ERR_NOT_FOUND, "an empty folder");
    put("f_1.txt", "words", 5);
    is_int(hbs_eval_folder_open(ctx, folder, &f), HBS_ERR_NOT_FOUND, "a folder without pictures");
    is_int(hbs_eval_folder_open(ctx, in_folder("f_1.txt"), &f), HBS_ERR_USAGE, "a file is no folder");
    ok(!f, "nothing was made");

    picture("101_10.tif", 1, 0);  /* a PGM called tif: content decides */
    picture("101_2.b", 2, 0);     /* two pictures of a stem: the first name is taken */
    picture("101_2.c", 3, 0);
    put("101_2.a", "not one", 7);
    picture("101_2.b.c", 4, 0);   /* another stem, though its name sorts between */
    picture("99_1", 5, 0);        /* no extension */
    picture("nounderscore.pgm", 6, 0);
    picture("_1.pgm", 7, 0);
    picture("x_.pgm", 8, 0);
    picture(".hidden_1.pgm", 9, 0);
    put("5_5.pgm", "", 0);
    if (mkdir(in_folder("7_7.pgm"), 0777) || mkfifo(in_folder("8_8.pgm"), 0666))
        abort();
    is_int(hbs_eval_folder_open(ctx, folder, &f), HBS_OK, "a folder with pictures");
    static const char *const want[] = {"99_1", "101_2", "101_2.b", "101_10"};
    is_int((long long)hbs_eval_folder_count(f), 4, "four prints");
    for (size_t i = 0; i < hbs_eval_folder_count(f) && i < 4; i++)
        is_text(hbs_eval_folder_name(f, i), want[i], "print %zu, in natural order", i);
    is_text(hbs_eval_folder_path(f, 1) + strlen(folder), "/101_2.b", "the first picture of its stem");
    is_int((long long)hbs_eval_folder_passed(f), 10, "the others are passed over");
    hbs_eval_folder_close(f);
    clear();
}

static void orders(void)
{
    ok(hbs_eval_name_order("f_2", "f_10") < 0 && hbs_eval_name_order("f_10", "f_2") > 0, "2 before 10");
    ok(hbs_eval_name_order("9_1", "10_1") < 0, "finger 9 before finger 10");
    ok(hbs_eval_name_order("f_1", "f_01") != 0 &&
           (hbs_eval_name_order("f_1", "f_01") < 0) == (hbs_eval_name_order("f_01", "f_1") > 0),
       "1 and 01 are two, in some order");
    is_int(hbs_eval_name_order("f_1", "f_1"), 0, "equal names");
    ok(hbs_eval_name_order("a_9_1", "b_1_1") < 0, "an underscore in the finger's name");
    /* A total order: antisymmetric and transitive on all triples of a nasty list. */
    static const char *const nasty[] = {"", "_", "0_0", "00_0", "0_00", "1_1", "01_1", "1_01", "a1_1", "a01_1",
                                        "a1b_2", "a1_10", "a10_1", "1_a", "1a_1", "10_1", "2_1", "a__1", "x"};
    bool total = true;
    for (size_t i = 0; i < HBS_COUNT(nasty); i++)
        for (size_t j = 0; j < HBS_COUNT(nasty); j++) {
            int c = hbs_eval_name_order(nasty[i], nasty[j]);
            total &= (c == 0) == (i == j) && (c < 0) == (hbs_eval_name_order(nasty[j], nasty[i]) > 0);
            for (size_t k = 0; k < HBS_COUNT(nasty); k++)
                if (c < 0 && hbs_eval_name_order(nasty[j], nasty[k]) < 0)
                    total &= hbs_eval_name_order(nasty[i], nasty[k]) < 0;
        }
    ok(total, "the order is total");
}

/* ---- Runs ------------------------------------------------------------------------------------- */

struct seen {
    size_t last, total, failed;
    char path[256], what[160];
};
static void see_progress(void *user, const char *what, size_t done, size_t total)
{
    struct seen *s = user;
    (void)what;
    s->last = done;
    s->total = total;
}
static void see_failed(void *user, const char *path, enum hbs_err err, const char *what)
{
    struct seen *s = user;
    s->failed++;
    snprintf(s->path, sizeof s->path, "%s", path);
    snprintf(s->what, sizeof s->what, "%d %s", err, what);
}

static enum hbs_err run(const struct hbs_eval_matcher *m, enum hbs_eval_protocol protocol,
                        unsigned threads, bool timing, struct seen *seen, struct hbs_eval_set **set,
                        struct hbs_eval_speed *speed)
{
    struct hbs_eval_folder *f = NULL;
    const char *names[200], *paths[200];
    if (hbs_eval_folder_open(ctx, folder, &f) || hbs_eval_set_open(ctx, 0, set))
        abort();
    size_t n = hbs_eval_folder_count(f);
    for (size_t i = 0; i < n; i++) {
        names[i] = hbs_eval_folder_name(f, i);
        paths[i] = hbs_eval_folder_path(f, i);
    }
    struct hbs_eval_run_options o = {.protocol = protocol, .threads = threads, .timing = timing,
                                     .seconds = 0.001, .user = seen, .progress = see_progress,
                                     .failed = see_failed};
    enum hbs_err err = hbs_eval_run(ctx, m, names, paths, n, &o, *set, speed);
    hbs_eval_folder_close(f);
    return err;
}

static void protocols(void)
{
    for (int finger = 101; finger <= 110; finger++)
        for (int impression = 1; impression <= 8; impression++) {
            char name[32];
            snprintf(name, sizeof name, "%d_%d.pgm", finger, impression);
            picture(name, (finger - 101) * 20 + impression, NORMAL);
        }
    struct hbs_eval_set *set = NULL, *again = NULL;
    struct hbs_eval_speed speed;
    struct seen seen = {0};
    is_int(run(&toy, HBS_EVAL_FVC, 1, true, &seen, &set, &speed), HBS_OK, "protocol fvc runs");
    is_int((long long)hbs_eval_set_count(set, true), 280, "280 genuine pairs");
    is_int((long long)hbs_eval_set_count(set, false), 45, "45 impostor pairs");
    is_int((long long)hbs_eval_set_contradictions(set), 0, "as their names say");
    is_int((long long)speed.failed, 0, "none failed");
    ok(speed.compares_per_s > 0 && speed.genuine_per_s > 0 && speed.impostor_per_s > 0 &&
           speed.extract_ms > 0 && !speed.extract_wall, "speeds are told");
    ok(seen.last == seen.total && seen.total == 80, "progress ends at its end");
    hbs_eval_set_close(set);

    is_int(run(&toy, HBS_EVAL_FULL, 1, false, &seen, &set, &speed), HBS_OK, "protocol full runs");
    is_int((long long)hbs_eval_set_count(set, true), 280, "280 genuine pairs");
    is_int((long long)hbs_eval_set_count(set, false), 2880, "2880 impostor pairs");
    ok(speed.compares_per_s == 0 && speed.extract_ms == 0, "no timing when not asked");
    bool right = true;
    for (int genuine = 0; genuine < 2; genuine++) {
        const struct hbs_eval_pair *p = hbs_eval_set_pairs(set, genuine);
        for (size_t i = 0; i < hbs_eval_set_count(set, genuine); i++) {
            int a = (int)(p[i].a / 8 * 20 + p[i].a % 8), b = (int)(p[i].b / 8 * 20 + p[i].b % 8);
            right &= p[i].score == 255 - abs(a - b) && p[i].a < p[i].b &&
                     (p[i].a / 8 == p[i].b / 8) == genuine;
        }
    }
    ok(right, "each score is that of its pair");
    is_int(run(&toy, HBS_EVAL_FULL, 3, true, &seen, &again, &speed), HBS_OK, "again on three threads");
    bool same = true;
    for (int genuine = 0; genuine < 2; genuine++)
        same &= !memcmp(hbs_eval_set_pairs(set, genuine), hbs_eval_set_pairs(again, genuine),
                        hbs_eval_set_count(set, genuine) * sizeof(struct hbs_eval_pair));
    ok(same, "with the same scores in the same order");
    hbs_eval_set_close(set);
    hbs_eval_set_close(again);
    is_int(living, 0, "everything is freed");
    clear();
}

static void failures(void)
{
    picture("a_1.pgm", 100, NORMAL);
    picture("a_2.pgm", 101, REFUSES);
    picture("b_1.pgm", 50, NORMAL);
    picture("b_2.pgm", 51, PREPARE_REFUSES);
    picture("b_3.pgm", 52, NORMAL);
    struct hbs_eval_set *set = NULL;
    struct hbs_eval_speed speed;
    struct seen seen = {0};
    is_int(run(&toy, HBS_EVAL_FULL, 2, true, &seen, &set, &speed), HBS_OK, "failed extractions stay in");
    is_int((long long)speed.failed, 2, "and are counted");
    is_int((long long)seen.failed, 2, "and told");
    is_text(seen.path + strlen(folder), "/b_2.pgm", "by path");
    is_text(seen.what, "3 cannot be prepared", "and reason");
    is_int((long long)hbs_eval_set_count(set, true), 4, "all genuine pairs");
    is_int((long long)hbs_eval_set_count(set, false), 6, "all impostor pairs");
    const struct hbs_eval_pair *g = hbs_eval_set_pairs(set, true);
    is_near(g[0].score, 0, 0, "a_1 a_2: the lowest score");
    is_near(g[1].score, 0, 0, "b_1 b_2: the lowest score");
    is_near(g[2].score, 253, 0, "b_1 b_3: its own");
    hbs_eval_set_close(set);

    picture("c_1.pgm", 1, NO_MEMORY);
    is_int(run(&toy, HBS_EVAL_FULL, 2, true, &seen, &set, &speed), HBS_ERR_NO_MEMORY,
           "no memory ends the run");
    hbs_eval_set_close(set);
    clear();
    picture("a_1.pgm", 1, REFUSES);
    picture("b_1.pgm", 1, REFUSES);
    is_int(run(&toy, HBS_EVAL_FVC, 1, true, &seen, &set, &speed), HBS_OK, "all failed: still a run");
    ok(speed.failed == 2 && speed.extract_ms == 0 && speed.compares_per_s == 0, "without speeds");
    hbs_eval_set_close(set);
    picture("a_1.pgm", 10, NORMAL);
    picture("b_1.pgm", 20, NORMAL);
    worst = 400;
    is_int(run(&toy, HBS_EVAL_FVC, 1, true, &seen, &set, &speed), HBS_ERR_BUG,
           "a score below the lowest is a bug");
    hbs_eval_set_close(set);
    worst = NAN;
    is_int(run(&toy, HBS_EVAL_FVC, 1, true, &seen, &set, &speed), HBS_ERR_BUG, "so is nan");
    hbs_eval_set_close(set);
    worst = 0;
    struct hbs_eval_matcher closed = toy;
    closed.user = &closed;
    is_int(run(&closed, HBS_EVAL_FVC, 2, true, &seen, &set, &speed), HBS_ERR_UNSUPPORTED,
           "a matcher that does not open ends the run");
    is_text(hbs_ctx_what(ctx), "the toy does not open", "with its words");
    hbs_eval_set_close(set);
    is_int(living, 0, "everything is freed");

    static const char *const unsorted[] = {"b_1", "a_1"}, *const twice[] = {"a_1", "a_1"};
    struct hbs_eval_run_options o = {.threads = 1};
    if (hbs_eval_set_open(ctx, 0, &set))
        abort();
    is_int(hbs_eval_run(ctx, &toy, unsorted, unsorted, 2, &o, set, &speed), HBS_ERR_USAGE,
           "names out of order");
    is_int(hbs_eval_run(ctx, &toy, twice, twice, 2, &o, set, &speed), HBS_ERR_USAGE, "a name twice");
    is_int(hbs_eval_run(ctx, &toy, twice, twice, 0, &o, set, &speed), HBS_ERR_USAGE, "no names");
    hbs_eval_set_close(set);
    clear();
}

static void too_many(void)
{
    enum { N = 9000 };
    static char texts[N][16];
    static const char *names[N];
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "f%d_1", i);
        names[i] = texts[i];
    }
    struct hbs_eval_set *set = NULL;
    struct hbs_eval_speed speed;
    struct hbs_eval_run_options o = {.protocol = HBS_EVAL_FULL, .threads = 1};
    if (hbs_eval_set_open(ctx, 0, &set))
        abort();
    is_int(hbs_eval_run(ctx, &toy, names, names, N, &o, set, &speed), HBS_ERR_LIMIT,
           "more pairs than a set holds: said before any work");
    hbs_eval_set_close(set);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx) || !mkdtemp(folder))
        return 1;
    folders();
    orders();
    protocols();
    failures();
    too_many();
    clear();
    rmdir(folder);
    hbs_ctx_close(ctx);
    return tap_end();
}
