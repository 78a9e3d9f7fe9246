/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas synth finger: writes synthetic people's fingerprints as PNG, with their true minutiae
 * beside if wanted. A file's content depends on the seed, its person, finger and impression and on
 * the preset alone; so two runs that overlap agree where they overlap.
 */
#include "base/base_int.h"
#include "cmd.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS_MOST = 256, PATH_MOST = 4096, NAME_MOST = 64 };

static const char *out, *preset = "optical-500";
static uint64_t people = 10, fingers = 10, impressions = 1, seed = 1, threads = 0;
static uint64_t first_person = 1, first_finger = 1, first_impression = 1;
static double difficulty = 1;
static bool truth;

static const struct cmd_option options[] = {
    {"out", 'o', CMD_FILE, &out, "DIR", "folder to write into; made if missing", 0, 0},
    {"people", 'n', CMD_COUNT, &people, "N", "how many people (10)", 1, 1000000},
    {"fingers", 0, CMD_COUNT, &fingers, "N", "fingers of each, from the right thumb on (10)", 1, 10},
    {"impressions", 'k', CMD_COUNT, &impressions, "N", "impressions of each finger (1)", 1, 1000},
    {"preset", 'p', CMD_TEXT, &preset, "NAME", "kind of sensor (optical-500); see below", 0, 0},
    {"difficulty", 'd', CMD_NUMBER, &difficulty, "X",
     "0 clean and centred, 1 as that sensor's prints are, up to 3", 0, 3},
    {"seed", 's', CMD_COUNT, &seed, "N", "another population (1)", 0, 9007199254740992.0},
    {"first-person", 0, CMD_COUNT, &first_person, "N", "number of the first person (1)", 1, 1000000},
    {"first-finger", 0, CMD_COUNT, &first_finger, "N", "1 right thumb ... 10 left little (1)", 1, 10},
    {"first-impression", 0, CMD_COUNT, &first_impression, "N", "number of the first impression (1)", 1, 1000},
    {"truth", 't', CMD_FLAG, &truth, NULL, "write the true minutiae beside, as CSV", 0, 0},
    {"threads", 'j', CMD_COUNT, &threads, "N", "at most that many processors (all)", 1, THREADS_MOST},
    {NULL, 0, CMD_FLAG, NULL, NULL, NULL, 0, 0}};

struct job {
    struct cmd_run *run;
    enum hbs_synth_sensor sensor;
    struct hbs_ctx *ctx[THREADS_MOST];
    int person_digits, impression_digits;
    _Atomic size_t done;
    _Atomic bool stop;
    _Atomic uint64_t bytes, minutiae;
    _Atomic uint64_t classes[HBS_SYNTH_CLASSES];
    /* what stopped a thread; the words are in that thread's context */
    enum hbs_err err[THREADS_MOST];
};

static int digits(uint64_t most, int least)
{
    int n = 1;
    while (most >= 10) {
        most /= 10;
        n++;
    }
    return n > least ? n : least;
}

/* "0001-03_1": sorts as the numbers do, and reads as FINGER_IMPRESSION. */
static void name_of(const struct job *j, char name[NAME_MOST], uint64_t person, uint64_t finger,
                    uint64_t impression, const char *ending)
{
    snprintf(name, NAME_MOST, "%0*llu-%02llu_%0*llu%s", j->person_digits, (unsigned long long)person,
             (unsigned long long)finger, j->impression_digits, (unsigned long long)impression, ending);
}

static enum hbs_err path_of(const struct job *j, char path[PATH_MOST], uint64_t person,
                            uint64_t finger, uint64_t impression, const char *ending)
{
    char name[NAME_MOST];
    name_of(j, name, person, finger, impression, ending);
    int n = snprintf(path, PATH_MOST, "%s/%s", out, name);
    return n < 0 || n >= PATH_MOST ? HBS_ERR_USAGE : HBS_OK;
}

static enum hbs_err write_truth(struct hbs_ctx *ctx, const char *path, uint32_t ppi,
                                const struct hbs_minutia *m, size_t count)
{
    struct hbs_buf text;
    hbs_buf_init(&text, ctx, 1 << 20);
    enum hbs_err err = hbs_buf_printf(&text, "x,y,direction,type,quality\n");
    double scale = ppi / (500.0 * HBS_FINGER_UNIT); /* to pixels of the picture itself */
    for (size_t i = 0; i < count && !err; i++)
        err = hbs_buf_printf(&text, "%.2f,%.2f,%.1f,%s,%d\n", m[i].x * scale, m[i].y * scale,
                             m[i].angle * (360.0 / 256),
                             m[i].type == HBS_MINUTIA_ENDING ? "ending" : "bifurcation", m[i].quality);
    if (!err)
        err = hbs_file_write(ctx, path, text.data, text.size);
    hbs_buf_close(&text);
    return err;
}

static enum hbs_err one_impression(struct job *j, struct hbs_ctx *ctx,
                                   const struct hbs_synth_master *master, uint64_t finger_seed,
                                   uint64_t person, uint64_t finger, uint64_t impression)
{
    struct hbs_synth_conditions how;
    struct hbs_image image = {0};
    struct hbs_minutia minutiae[HBS_SYNTH_MINUTIAE_MAX];
    size_t count = 0;
    char path[PATH_MOST];
    struct hbs_buf png;
    hbs_buf_init(&png, ctx, HBS_IMAGE_BYTES_MAX);
    uint64_t s = hbs_synth_seed(finger_seed, impression);
    enum hbs_err err = hbs_synth_conditions(ctx, j->sensor, difficulty, s, &how);
    if (!err)
        err = hbs_synth_impression(ctx, master, &how, s, &image, minutiae, HBS_SYNTH_MINUTIAE_MAX, &count);
    if (!err)
        err = hbs_png_encode(ctx, image.width, image.height, 1, image.ppi, image.pixels, &png);
    if (!err)
        err = path_of(j, path, person, finger, impression, ".png");
    if (!err)
        err = hbs_file_write(ctx, path, png.data, png.size);
    if (!err && truth && !(err = path_of(j, path, person, finger, impression, ".csv")))
        err = write_truth(ctx, path, image.ppi, minutiae, count);
    if (!err) {
        atomic_fetch_add(&j->bytes, png.size);
        atomic_fetch_add(&j->minutiae, count);
    }
    hbs_buf_close(&png);
    hbs_image_close(&image);
    return err;
}

static void one_finger(void *arg, size_t index, unsigned thread)
{
    struct job *j = arg;
    if (atomic_load(&j->stop))
        return;
    struct hbs_ctx *ctx = j->ctx[thread];
    uint64_t person = first_person + index / fingers, finger = first_finger + index % fingers;
    uint64_t who = hbs_synth_seed(seed, person), which = hbs_synth_seed(who, finger);
    struct hbs_synth_master *master = NULL;
    enum hbs_err err = hbs_synth_master_open(ctx, who, (unsigned)finger, &master);
    for (uint64_t k = 0; k < impressions && !err && !atomic_load(&j->stop); k++)
        err = one_impression(j, ctx, master, which, person, finger, first_impression + k);
    if (!err)
        atomic_fetch_add(&j->classes[hbs_synth_master_class(master)], 1);
    hbs_synth_master_close(master);
    if (err) {
        j->err[thread] = err;
        atomic_store(&j->stop, true);
        return;
    }
    size_t done = atomic_fetch_add(&j->done, 1) + 1;
    if (thread == 0) /* the caller's thread alone draws */
        cmd_progress(j->run, "fingers", done, (size_t)(people * fingers));
}

/* Looks before anything is written: a name that is taken is somebody's file. */
static int check_folder(struct job *j)
{
    struct stat st;
    char path[PATH_MOST];
    if (stat(out, &st)) {
        if (errno != ENOENT)
            return cmd_misuse(j->run, out, "check the name and your rights", "cannot look: %s", strerror(errno));
        return 0;
    }
    if (!S_ISDIR(st.st_mode))
        return cmd_misuse(j->run, out, "name a folder", "this is a file");
    for (uint64_t p = 0; p < people; p++)
        for (uint64_t f = 0; f < fingers; f++)
            for (uint64_t k = 0; k < impressions; k++)
                for (int csv = 0; csv <= truth; csv++) {
                    if (path_of(j, path, first_person + p, first_finger + f,
                                first_impression + k, csv ? ".csv" : ".png"))
                        return cmd_misuse(j->run, "", "use a shorter path", "the path is too long");
                    if (!lstat(path, &st))
                        return cmd_misuse(j->run, path, "give an empty folder or other numbers",
                                          "this file exists; nothing was written");
                }
    return 0;
}

static void answer(struct job *j, double seconds)
{
    uint64_t masters = people * fingers, pictures = masters * impressions;
    const struct hbs_synth_sensor_info *info = hbs_synth_sensor_info(j->sensor);
    json_t *classes = json_object();
    for (int c = 0; c < HBS_SYNTH_CLASSES; c++)
        json_object_set_new(classes, hbs_synth_class_name((enum hbs_synth_class)c),
                            json_integer((json_int_t)j->classes[c]));
    json_t *o = j->run->answer;
    json_object_set_new(o, "out", json_string(out));
    json_object_set_new(o, "preset", json_string(preset));
    json_object_set_new(o, "seed", json_integer((json_int_t)seed));
    json_object_set_new(o, "width", json_integer(info->width));
    json_object_set_new(o, "height", json_integer(info->height));
    json_object_set_new(o, "ppi", json_integer(info->ppi));
    json_object_set_new(o, "people", json_integer((json_int_t)people));
    json_object_set_new(o, "fingers", json_integer((json_int_t)masters));
    json_object_set_new(o, "pictures", json_integer((json_int_t)pictures));
    json_object_set_new(o, "classes", classes);
    json_object_set_new(o, "minutiae", json_real((double)j->minutiae / (double)pictures));
    json_object_set_new(o, "bytes", json_integer((json_int_t)j->bytes));
    json_object_set_new(o, "seconds", json_real(seconds));
    cmd_say(j->run, "%llu pictures of %llu fingers of %llu people in %s (%s, %u x %u, %u ppi), %.1f s\n"
            "%.1f true minutiae a picture\n", (unsigned long long)pictures, (unsigned long long)masters,
            (unsigned long long)people, out, info->name, info->width, info->height, info->ppi, seconds,
            (double)j->minutiae / (double)pictures);
}

static int run_synth_finger(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct job j = {.run = run};
    if (!out)
        return cmd_misuse(run, "--out", "name a folder to write into", "where to is not said");
    int sensor = hbs_synth_sensor_find(preset);
    if (sensor < 0) {
        char known[256] = "give one of";
        for (int i = 0; i < HBS_SYNTH_SENSORS; i++) {
            size_t n = strlen(known);
            snprintf(known + n, sizeof known - n, "%s %s", i ? "," : "",
                     hbs_synth_sensor_info((enum hbs_synth_sensor)i)->name);
        }
        return cmd_misuse(run, "--preset", known, "no kind of sensor is called '%s'", preset);
    }
    if (first_finger + fingers > 11)
        return cmd_misuse(run, "--fingers", "ask for fewer or begin earlier",
                          "from finger %llu on there are only %llu", (unsigned long long)first_finger,
                          (unsigned long long)(11 - first_finger));
    j.sensor = (enum hbs_synth_sensor)sensor;
    j.person_digits = digits(first_person + people - 1, 4);
    j.impression_digits = digits(first_impression + impressions - 1, 1);
    int bad = check_folder(&j);
    if (bad)
        return bad;
    enum hbs_err err = HBS_OK;
    int code = 0;
    unsigned n = threads ? (unsigned)threads : hbs_cpu_count();
    n = n > THREADS_MOST ? THREADS_MOST : n;
    for (unsigned t = 0; t < n && !err; t++)
        err = hbs_ctx_open(NULL, &j.ctx[t]);
    if (err) {
        code = cmd_fail(run, err);
        goto done;
    }
    if (mkdir(out, 0777) && errno != EEXIST) {
        code = cmd_fail(run, hbs_fail(run->ctx, errno == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, out,
                                      "make the folder above it, or check your rights",
                                      "cannot make the folder: %s", strerror(errno)));
        goto done;
    }
    double start = hbs_clock_wall();
    hbs_parallel(n, (size_t)(people * fingers), one_finger, &j);
    cmd_progress(run, "fingers", 1, 1);
    for (unsigned t = 0; t < n && !code; t++)
        if (j.err[t]) {
            struct hbs_ctx *own = run->ctx;
            run->ctx = j.ctx[t]; /* the words of that thread */
            code = cmd_fail(run, j.err[t]);
            run->ctx = own;
        }
    if (!code)
        answer(&j, hbs_clock_wall() - start);
done:
    for (unsigned t = 0; t < n; t++)
        hbs_ctx_close(j.ctx[t]);
    return code;
}

const struct cmd cmd_synth_finger = {
    .name = "synth finger",
    .summary = "make synthetic people's fingerprints",
    .arguments = "",
    .text = "Writes PERSON-FINGER_IMPRESSION.png, such as 0001-03_1.png, into the folder; with\n"
            "--truth also 0001-03_1.csv: x and y in pixels of the picture, direction in degrees\n"
            "counter-clockwise from the right, type, quality. Fingers are numbered as in ISO 19794: 1\n"
            "right thumb to 5 right little, 6 left thumb to 10 left little. The same numbers and seed\n"
            "give the same pictures, on any machine and with any number of threads. A file that\n"
            "exists is never written over: then nothing is written at all.\n\n"
            "Presets: optical-500 (388 x 374), optical-569 (296 x 560, 569 ppi), capacitive-500\n"
            "(300 x 300), noisy-500 (288 x 384), optical-large (640 x 480), thermal-sweep-500\n"
            "(300 x 480). Nobody's finger is in them.",
    .example = "habeas synth finger --out prints --people 200 --fingers 10 --impressions 1 --seed 7",
    .least = 0,
    .most = 0,
    .options = options,
    .run = run_synth_finger,
};
