/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas gallery identify PROBE... --gallery FILE. The answer is a list of leads and
 * says how much was searched and how many of such leads are expected to be false.
 */
#include "finger_input.h"
#include "gallery_input.h"

#include <math.h>

static const char *file;
static struct finger_how how;
static double deadline, threshold = NAN;
static uint64_t top = 10, threads;
static bool exhaustive;

/* The system sets the threshold; a caller can only make it stricter (charter, article 4). */
static const double least_llr = 1.0;

static const struct cmd_option options[] = {
    {"gallery", 0, CMD_FILE, &file, "FILE", "the gallery to search", 0, 0},
    {"top", 0, CMD_COUNT, &top, "K", "candidates at most (10)", 1, HBS_SEARCH_TOP_MAX},
    {"threshold", 0, CMD_NUMBER, &threshold, "LLR", "a stricter one than the system's (at least 1.0)", -100, 100},
    {"exhaustive", 0, CMD_FLAG, &exhaustive, NULL, "stage 1 on every print, no index", 0, 0},
    {"deadline", 0, CMD_NUMBER, &deadline, "S", "seconds; then the answer says it is incomplete", 0, 86400},
    FINGER_HOW_PICTURE(how),
    {"threads", 0, CMD_COUNT, &threads, "N", "0 for all processors; changes no answer", 0, 256},
    FINGER_HOW_ANYWAY(how),
    {0},
};

enum { THREADS_MAX = 256 };
static const double scale = 1000; /* stage 2 scores as integers */

struct probe {
    const struct hbs_finger_print *print;
    struct hbs_ctx *ctx[THREADS_MAX];
    struct hbs_finger_template *room[THREADS_MAX]; /* one a thread: they are large */
};

static int32_t compare(void *arg, unsigned thread, const uint8_t *packed, size_t size)
{
    struct probe *p = arg;
    struct hbs_finger_print *candidate;
    struct hbs_finger_result r;
    if (!p->ctx[thread] && hbs_ctx_open(NULL, &p->ctx[thread]))
        return INT32_MIN;
    if (!p->room[thread] && !(p->room[thread] = hbs_alloc(p->ctx[thread], 1, sizeof *p->room[thread])))
        return INT32_MIN;
    if (hbs_finger_unpack(p->ctx[thread], packed, size, p->room[thread]) ||
        hbs_finger_prepare(p->ctx[thread], p->room[thread], &candidate))
        return INT32_MIN;
    hbs_finger_compare(p->print, candidate, &r);
    hbs_finger_print_close(candidate);
    return (int32_t)lrint((double)r.score * scale);
}

/* The lowest raw score whose LLR reaches the threshold and at which no more than one false candidate is
 * to be expected in a gallery of this size: the larger the gallery, the stricter the system is. */
static double least_raw(double llr, double prints)
{
    const struct hbs_score_table *t = &hbs_score_finger;
    for (uint32_t i = 0; i < t->count; i++)
        if (t->knots[i].llr >= llr && t->knots[i].fmr * prints <= 1)
            return t->knots[i].raw;
    return t->count ? t->knots[t->count - 1].raw : 0;
}

static json_t *tell(struct cmd_run *run, const char *name, const struct hbs_search_answer *a, double least)
{
    json_t *candidates = json_array();
    double raw_least = least_raw(least, (double)a->total);
    int shown = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        const struct hbs_search_candidate *c = &a->candidates[i];
        double raw = c->score / scale, llr = hbs_score_llr(&hbs_score_finger, raw);
        if (raw < raw_least)
            continue;
        if (!shown++)
            cmd_say(run, "%s\n  %-32s %9s %9s\n", name, "candidate", "log10 LR", "score");
        cmd_say(run, "  %-32s %9.2f %9.2f\n", c->id, llr, raw);
        json_array_append_new(candidates, json_pack("{s:s,s:f,s:f,s:f,s:I}", "ref", c->id, "llr", llr, "score", raw,
            "fmr", hbs_score_fmr(&hbs_score_finger, raw), "number", (json_int_t)c->number));
    }
    double expected = hbs_score_expected_false(&hbs_score_finger, raw_least, (double)a->searched);
    if (!shown)
        cmd_say(run, "%s: no candidate\n", name);
    cmd_say(run, "  %llu of %llu prints searched%s, %.2g false candidates to be expected; leads, not verdicts\n",
            (unsigned long long)a->searched, (unsigned long long)a->total,
            a->complete ? "" : " (INCOMPLETE)", expected);
    return json_pack("{s:s,s:s,s:s,s:I,s:I,s:b,s:b,s:f,s:{s:f,s:f,s:s},s:s,s:I,s:I,s:i,s:[f,f,f],s:o}", "class", "lead",
        "probe", name, "gallery", file, "searched", (json_int_t)a->searched, "total", (json_int_t)a->total,
        "complete", a->complete, "exhaustive", a->exhaustive, "expected_false", expected, "threshold", "llr",
        hbs_score_llr(&hbs_score_finger, raw_least), "score", raw_least, "set_by", least > least_llr ? "caller" : "system", "kernel", a->kernel, "epoch", (json_int_t)a->epoch,
        "screened", (json_int_t)a->screened, "compared", (int)a->compared, "seconds", a->seconds[0], a->seconds[1],
        a->seconds[2], "candidates", candidates);
}

static int search(struct cmd_run *run, const struct hbs_gallery *g, const char *name, double least, json_t **out,
                  bool *found)
{
    static struct finger_input in;
    static struct hbs_search_print print;
    static struct hbs_search_answer answer;
    struct hbs_finger_print *prepared = NULL;
    int code = finger_input_read(run, name, &how, &in);
    if (code)
        return code;
    enum hbs_err err = gallery_print(run->ctx, &in.template, &print);
    if (!err)
        err = hbs_finger_prepare(run->ctx, &in.template, &prepared);
    if (!err) {
        struct probe probe = {.print = prepared};
        struct hbs_search_options o = {.compare = compare, .arg = &probe, .top = (uint32_t)top,
            .exhaustive = exhaustive, .threads = (unsigned)threads, .deadline = deadline};
        err = hbs_gallery_identify(run->ctx, g, &print, &o, &answer);
        for (int i = 0; i < THREADS_MAX; i++)
            if (probe.ctx[i]) {
                hbs_free(probe.ctx[i], probe.room[i]);
                hbs_ctx_close(probe.ctx[i]);
            }
    }
    if (err) {
        code = cmd_fail(run, err);
    } else {
        *out = tell(run, name, &answer, least);
        *found |= json_array_size(json_object_get(*out, "candidates")) > 0;
        code = answer.complete ? 0 : 7;
    }
    hbs_finger_print_close(prepared);
    finger_input_close(&in);
    return code;
}

static int identify(struct cmd_run *run, int argc, char **argv)
{
    if (!file)
        return cmd_misuse(run, "--gallery", "name the gallery to search", "no gallery named");
    double least = isnan(threshold) ? least_llr : threshold;
    if (least < least_llr) {
        cmd_misuse(run, "--threshold", "leave it out, or give a higher one",
                   "%.10g is below the system's %.10g: a caller can only be stricter (article 4)", least, least_llr);
        return 3;
    }
    struct hbs_gallery *g = NULL;
    enum hbs_err err = hbs_gallery_open(run->ctx, file, NULL, &g);
    if (err)
        return cmd_fail(run, err);
    json_t *all = json_array();
    bool found = false;
    int code = 0;
    for (int i = 0; i < argc; i++) {
        json_t *one = NULL;
        int c = search(run, g, argv[i], least, &one, &found);
        if (one)
            json_array_append_new(all, one);
        code = c ? c : code;
        if (c && c != 7)
            break;
        cmd_progress(run, "identify", (size_t)i + 1, (size_t)argc);
    }
    if (argc == 1 && json_array_size(all))
        json_object_update(run->answer, json_array_get(all, 0));
    else
        json_object_set(run->answer, "searches", all);
    json_decref(all);
    hbs_gallery_close(g);
    return code ? code : found ? 0 : 1;
}

const struct cmd cmd_gallery_identify = {
    .name = "gallery identify",
    .summary = "whose print in a gallery a fingerprint may be",
    .arguments = "PROBE... --gallery FILE",
    .text = "Searches the gallery for each PROBE (picture, template or record): all prints are screened by\n"
            "their descriptors, the best are compared in full. The answer lists candidates with what their\n"
            "score is worth, says how many of the prints were searched, and how many false candidates are\n"
            "to be expected at this threshold in a gallery of this size.\n\n"
            "Candidates are leads. The exit code is 0 when there is one, 1 when there is none, 7 when the\n"
            "deadline cut the search short.",
    .example = "habeas gallery identify unknown.png --gallery prints.hgal --top 5",
    .least = 1,
    .most = -1,
    .options = options,
    .run = identify,
};
