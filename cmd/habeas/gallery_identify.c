/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas gallery identify PROBE... --gallery FILE. The answer is a list of leads and
 * says how much was searched and how many of such leads are expected to be false. With --fuse the probes
 * are fingers of one person and the candidates are people (gallery_fuse.c).
 */
#include "finger_input.h"
#include "gallery_fuse.h"
#include "gallery_input.h"

#include <math.h>

static const char *file, *mark = "-";
static struct finger_how how;
static double deadline, threshold = NAN;
static uint64_t top = 10, threads;
static bool exhaustive, quick, fuse;

/* The system sets the threshold; a caller can only make it stricter (charter, article 4). */
static const double least_llr = 1.0;

static const struct cmd_option options[] = {
    {"gallery", 0, CMD_FILE, &file, "FILE", "the gallery to search", 0, 0},
    {"fuse", 0, CMD_FLAG, &fuse, NULL, "the probes are different fingers of one person; candidates are people", 0, 0},
    {"person-end", 0, CMD_TEXT, &mark, "C", "with --fuse: a person's name ends before an id's last C (-)", 0, 0},
    {"top", 0, CMD_COUNT, &top, "K", "candidates at most (10)", 1, HBS_SEARCH_TOP_MAX},
    {"threshold", 0, CMD_NUMBER, &threshold, "LLR", "a stricter one than the system's (at least 1.0)", -100, 100},
    {"quick", 0, CMD_FLAG, &quick, NULL, "screen by sketches first: half the time, loses some mates", 0, 0},
    {"exhaustive", 0, CMD_FLAG, &exhaustive, NULL, "screen every print by all bits: the default; overrules --quick", 0, 0},
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

/* A probe read, prepared and searched for. */
struct searched {
    struct hbs_finger_print *prepared;
    struct hbs_search_answer *answer;
    uint8_t finger;
};

static int search(struct cmd_run *run, const struct hbs_gallery *g, const char *name, struct searched *out)
{
    static struct finger_input in;
    static struct hbs_search_print print;
    int code = finger_input_read(run, name, &how, &in);
    if (code)
        return code;
    enum hbs_err err = gallery_print(run->ctx, &in.template, &print);
    if (!err)
        err = hbs_finger_prepare(run->ctx, &in.template, &out->prepared);
    if (!err && !(out->answer = hbs_alloc(run->ctx, 1, sizeof *out->answer)))
        err = HBS_ERR_NO_MEMORY;
    if (!err) {
        struct probe probe = {.print = out->prepared};
        /* people are found by the prints of any of their fingers: look at more of them */
        struct hbs_search_options o = {.compare = compare, .arg = &probe,
            .top = fuse ? HBS_SEARCH_TOP_MAX : (uint32_t)top, .exhaustive = exhaustive,
            .passing = quick ? 400 : 0, .list = quick ? 500 : 0,
            .threads = (unsigned)threads, .deadline = deadline};
        err = hbs_gallery_identify(run->ctx, g, &print, &o, out->answer);
        for (int i = 0; i < THREADS_MAX; i++)
            if (probe.ctx[i]) {
                hbs_free(probe.ctx[i], probe.room[i]);
                hbs_ctx_close(probe.ctx[i]);
            }
        out->finger = in.template.finger;
    }
    code = err ? cmd_fail(run, err) : 0;
    finger_input_close(&in);
    return code;
}

static json_t *number_or_null(double v) { return isnan(v) ? json_null() : json_real(v); }

/* The people that the probes, taken together, point to. The answer has the members of a single search;
 * `fingers` says what each probe adds to a candidate. */
static int tell_people(struct cmd_run *run, const struct hbs_gallery *g, struct searched *s, char **names, size_t count,
                       double least, json_t *searches, bool *found)
{
    struct fuse_probe probes[FUSE_PROBES_MAX];
    struct fuse_result r;
    bool complete = true, all = true;
    double alone = 0; /* false candidates to be expected of the single searches */
    uint64_t total = s[0].answer->total, fewest = total;
    for (size_t k = 0; k < count; k++) {
        double raw_least = least_raw(least, (double)total);
        probes[k] = (struct fuse_probe){names[k], s[k].prepared, s[k].finger, s[k].answer, raw_least};
        alone += hbs_score_expected_false(&hbs_score_finger, raw_least, (double)s[k].answer->searched);
        complete &= s[k].answer->complete;
        all &= s[k].answer->exhaustive;
        fewest = s[k].answer->searched < fewest ? s[k].answer->searched : fewest;
    }
    enum hbs_err err = fuse_people(run->ctx, g, *mark, probes, count, (unsigned)threads, &r);
    if (err)
        return cmd_fail(run, err);
    /* As for single prints: at most one false candidate to be expected, or, where the calibration does not
     * reach so far, the most that it can say. Whom a single finger names is a candidate too. */
    double people = (double)r.gallery_people, enough = people > 1 ? log10(people) : 0;
    enough = enough > r.most ? r.most : enough;
    enough = enough > least ? enough : least;
    json_t *candidates = json_array();
    for (size_t i = 0; i < r.count && json_array_size(candidates) < top; i++) {
        const struct fuse_person *p = &r.people[i];
        if (p->llr < enough && !p->alone)
            continue;
        json_t *fingers = json_array();
        if (!json_array_size(candidates))
            cmd_say(run, "%zu fingers together\n  %-32s %9s\n", count, "person", "log10 LR");
        cmd_say(run, "  %-32s %9.2f\n", p->name, p->llr);
        for (size_t k = 0; k < count; k++) {
            const struct fuse_finger *f = &p->finger[k];
            if (!isnan(f->llr))
                cmd_say(run, "    %-30s %9.2f  %s\n", f->ref, f->llr, names[k]);
            json_array_append_new(fingers, json_pack("{s:s,s:s,s:o,s:o}", "probe", names[k], "ref", f->ref, "llr",
                number_or_null(f->llr), "score", number_or_null(isnan(f->llr) ? NAN : f->score)));
        }
        json_array_append_new(candidates, json_pack("{s:s,s:f,s:I,s:o}", "ref", p->name, "llr", p->llr, "prints",
                                                    (json_int_t)p->prints, "fingers", fingers));
    }
    double expected = hbs_score_expected_false_llr(enough, people) + alone;
    expected = expected < people ? expected : people;
    *found = json_array_size(candidates) > 0;
    if (!*found)
        cmd_say(run, "%zu fingers together: no candidate\n", count);
    cmd_say(run, "  %llu of %llu prints of %llu people searched%s, at most %.2g false candidates to be expected; leads, "
            "not verdicts\n", (unsigned long long)fewest, (unsigned long long)total,
            (unsigned long long)r.gallery_people, complete ? "" : " (INCOMPLETE)", expected);
    json_object_update_new(run->answer, json_pack("{s:s,s:s,s:I,s:I,s:I,s:b,s:b,s:f,s:{s:f,s:s},s:{s:I,s:f,s:s},s:O,s:o}",
        "class", "lead", "gallery", file, "searched", (json_int_t)fewest, "total", (json_int_t)total, "people",
        (json_int_t)r.gallery_people, "complete", complete, "exhaustive", all, "expected_false", expected, "threshold",
        "llr", enough, "set_by", least > least_llr && enough == least ? "caller" : "system", "fused", "probes",
        (json_int_t)count, "rho", HBS_SCORE_RHO_UNMEASURED, "rho_is", "assumed", "searches", searches,
        "candidates", candidates));
    fuse_close(run->ctx, &r);
    return complete ? 0 : 7;
}

static void searched_close(struct cmd_run *run, struct searched *s)
{
    hbs_finger_print_close(s->prepared);
    hbs_free(run->ctx, s->answer);
    *s = (struct searched){0};
}

static int identify_all(struct cmd_run *run, const struct hbs_gallery *g, int argc, char **argv, double least)
{
    struct searched s[FUSE_PROBES_MAX] = {{0}}; /* kept for the fusion; without it one at a time */
    json_t *all = json_array();
    bool found = false;
    int code = 0;
    for (int i = 0; i < argc && (!code || code == 7); i++) {
        struct searched *one = &s[fuse ? i : 0];
        int c = search(run, g, argv[i], one);
        if (!c) {
            json_t *told = tell(run, argv[i], one->answer, least);
            found |= json_array_size(json_object_get(told, "candidates")) > 0;
            json_array_append_new(all, told);
            c = one->answer->complete ? 0 : 7;
        }
        code = c ? c : code;
        if (!fuse)
            searched_close(run, one);
        cmd_progress(run, "identify", (size_t)i + 1, (size_t)argc);
    }
    if (fuse && (!code || code == 7)) {
        code = tell_people(run, g, s, argv, (size_t)argc, least, all, &found);
    } else if (argc == 1 && json_array_size(all)) {
        json_object_update(run->answer, json_array_get(all, 0));
    } else {
        json_object_set(run->answer, "searches", all);
    }
    json_decref(all);
    for (int i = 0; i < FUSE_PROBES_MAX; i++)
        searched_close(run, &s[i]);
    return code ? code : found ? 0 : 1;
}

static int identify(struct cmd_run *run, int argc, char **argv)
{
    if (!file)
        return cmd_misuse(run, "--gallery", "name the gallery to search", "no gallery named");
    if (fuse && argc > FUSE_PROBES_MAX)
        return cmd_misuse(run, "--fuse", "give one print of each finger", "%d fingers of one person", argc);
    if (!mark[0] || mark[1])
        return cmd_misuse(run, "--person-end", "give one character", "\"%s\" is not one character", mark);
    double least = isnan(threshold) ? least_llr : threshold;
    if (least < least_llr) {
        cmd_misuse(run, "--threshold", "leave it out, or give a higher one",
                   "%.10g is below the system's %.10g: a caller can only be stricter (article 4)", least, least_llr);
        json_t *error = json_object_get(run->answer, "error"); /* NULL without --json */
        if (error)
            json_object_set_new(error, "code", json_integer(3)); /* an article refuses it: no slip of the pen */
        return 3;
    }
    struct hbs_gallery *g = NULL;
    enum hbs_err err = hbs_gallery_open(run->ctx, file, NULL, &g);
    if (err)
        return cmd_fail(run, err);
    int code = identify_all(run, g, argc, argv, least);
    hbs_gallery_close(g);
    return code;
}

const struct cmd cmd_gallery_identify = {
    .name = "gallery identify",
    .summary = "whose print in a gallery a fingerprint may be",
    .arguments = "PROBE... --gallery FILE",
    .text = "Searches the gallery for each PROBE (picture, template or record): all prints are screened by\n"
            "their descriptors, the best are compared in full. The answer lists candidates with what their\n"
            "score is worth, says how many of the prints were searched, and how many false candidates are\n"
            "to be expected at this threshold in a gallery of this size.\n\n"
            "With --fuse the probes are different fingers of one unknown person, at most ten, and the candidates\n"
            "are people: a person is all prints whose ids are alike up to the last '-', as those that\n"
            "habeas synth finger makes (PERSON-FINGER). What a probe says of a person is averaged over that\n"
            "person's prints, since nobody says which finger it is; the probes are summed as dependent (0.5,\n"
            "an assumption). Each probe's own search is told before.\n\n"
            "Candidates are leads. The exit code is 0 when there is one, 1 when there is none, 7 when the\n"
            "deadline cut the search short.",
    .example = "habeas gallery identify unknown.png --gallery prints.hgal --top 5",
    .least = 1,
    .most = -1,
    .options = options,
    .run = identify,
};
