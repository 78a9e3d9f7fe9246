/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: a matcher over a folder of pictures (see eval_pictures.h).
 */
#include "eval_pictures.h"
#include "eval_report.h"

#include <stdio.h>
#include <string.h>

enum { TOLD = 5 }; /* failed pictures named one by one */

struct telling {
    struct cmd_run *run;
    size_t failed;
};

static void progress(void *user, const char *what, size_t done, size_t total)
{
    cmd_progress(((struct telling *)user)->run, what, done, total);
}

static void tell_failed(void *user, const char *path, enum hbs_err err, const char *what)
{
    struct telling *t = user;
    if (t->failed++ < TOLD)
        cmd_warn(t->run, "%s: %s", path, *what ? what : hbs_err_name(err));
}

static json_t *number_or_null(double v) { return v > 0 ? json_real(v) : json_null(); }

static void put_speed(json_t *o, const struct hbs_eval_speed *s, size_t passed, const char *protocol)
{
    json_object_set_new(o, "protocol", json_string(protocol));
    json_object_set_new(o, "failed", json_integer((json_int_t)s->failed));
    json_object_set_new(o, "passed_over", json_integer((json_int_t)passed));
    json_object_set_new(o, "extract_ms", number_or_null(s->extract_ms));
    json_object_set_new(o, "extract_clock", json_string(s->extract_wall ? "wall" : "cpu"));
    json_object_set_new(o, "compares_per_s", number_or_null(s->compares_per_s));
    json_object_set_new(o, "genuine_compares_per_s", number_or_null(s->genuine_per_s));
    json_object_set_new(o, "impostor_compares_per_s", number_or_null(s->impostor_per_s));
}

static void say_speed(struct cmd_run *run, const struct hbs_eval_speed *s, size_t passed)
{
    cmd_say(run, "\n%zu failed extractions, %zu files passed over\n", s->failed, passed);
    if (s->compares_per_s > 0)
        cmd_say(run, "extraction %.2f ms a picture (%s), %.0f comparisons/s a thread (genuine %.0f, "
                "impostor %.0f)\n", s->extract_ms, s->extract_wall ? "wall clock" : "CPU time",
                s->compares_per_s, s->genuine_per_s, s->impostor_per_s);
}

static enum hbs_err write_scores(struct cmd_run *run, const struct hbs_eval_set *set, const char *path)
{
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, HBS_EVAL_FILE_MAX);
    enum hbs_err err = hbs_eval_set_write(set, &text);
    if (!err)
        err = hbs_file_write(run->ctx, path, text.data, text.size);
    hbs_buf_close(&text);
    return err;
}

static enum hbs_err run_matcher(struct cmd_run *run, const struct hbs_eval_matcher *matcher,
                                const struct eval_pictures *how, enum hbs_eval_protocol protocol,
                                const struct hbs_eval_folder *folder, struct hbs_eval_set *set,
                                struct hbs_eval_speed *speed)
{
    size_t n = hbs_eval_folder_count(folder);
    const char **names = hbs_alloc(run->ctx, 2 * n, sizeof *names), **paths = names + n;
    if (!names)
        return HBS_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        names[i] = hbs_eval_folder_name(folder, i);
        paths[i] = hbs_eval_folder_path(folder, i);
    }
    struct telling telling = {run, 0};
    struct hbs_eval_run_options options = {.protocol = protocol,
                                           .threads = (unsigned)how->threads,
                                           .timing = !how->no_timing,
                                           .seconds = 1,
                                           .user = &telling,
                                           .progress = progress,
                                           .failed = tell_failed};
    enum hbs_err err = hbs_eval_run(run->ctx, matcher, names, paths, n, &options, set, speed);
    if (telling.failed > TOLD)
        cmd_warn(run, "and %zu more failed extractions", telling.failed - TOLD);
    hbs_free(run->ctx, names);
    return err;
}

int eval_pictures(struct cmd_run *run, const struct hbs_eval_matcher *matcher,
                  const struct eval_pictures *how)
{
    enum hbs_eval_protocol protocol = HBS_EVAL_FVC;
    if (how->protocol && !strcmp(how->protocol, "full"))
        protocol = HBS_EVAL_FULL;
    else if (how->protocol && strcmp(how->protocol, "fvc"))
        return cmd_misuse(run, "--protocol", "say fvc or full", "'%s' will not do", how->protocol);
    struct hbs_eval_folder *folder = NULL;
    struct hbs_eval_set *set = NULL;
    struct hbs_eval_speed speed;
    size_t passed = 0;
    int code = 0;
    enum hbs_err err = hbs_eval_folder_open(run->ctx, how->folder, &folder);
    if (!err)
        err = hbs_eval_set_open(run->ctx, 0, &set);
    if (!err) {
        passed = hbs_eval_folder_passed(folder);
        err = run_matcher(run, matcher, how, protocol, folder, set, &speed);
    }
    if (!err && how->scores)
        err = write_scores(run, set, how->scores);
    if (err)
        code = cmd_fail(run, err);
    else
        code = eval_report(run, set, how->folder, eval_base(how->folder), how->svg, how->resamples,
                           how->threads);
    if (!code && run->json)
        put_speed(run->answer, &speed, passed, protocol == HBS_EVAL_FULL ? "full" : "fvc");
    else if (!code)
        say_speed(run, &speed, passed);
    hbs_eval_set_close(set);
    hbs_eval_folder_close(folder);
    return code;
}
