/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: a matcher run over pictures: extraction, the protocol's pairs, the speeds.
 *
 * Protocols: Maio, Maltoni, Cappelli, Wayman and Jain, "FVC2000: Fingerprint Verification
 * Competition", PAMI 24:3, 2002, and the same with all impostor pairs. The prints are in the order of
 * their names; of a pair the earlier is the probe. Row i holds the comparisons of probe i: first
 * with the later prints of its finger, then with prints of later fingers. A score is written to a
 * place that follows from its pair, so the threads cannot change an answer.
 */
#include "eval_int.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS_MAX = 256, TIMED_PICTURES = 200, WORDS = 160 };

/* One thread's context and state, made at its first work. */
struct worker {
    struct hbs_ctx *ctx;
    void *state;
    bool open;
    enum hbs_err err;
};

struct sample {
    void *sample, *print; /* NULL: the extraction failed */
    unsigned maker;       /* the worker that made them */
    enum hbs_err err;
    char what[WORDS];
    uint32_t finger, finger_end; /* its finger's number; the first print after its finger */
    bool first;                  /* of its finger */
    size_t genuine, impostor;    /* where its scores begin, of each kind */
};

struct run {
    struct hbs_ctx *ctx;
    const struct hbs_eval_matcher *m;
    const struct hbs_eval_run_options *options;
    const char *const *names, *const *paths;
    size_t count;
    uint32_t *starts;      /* the first print of each finger */
    uint32_t fingers;
    struct sample *samples; /* count + 1: the last holds the ends of the scores */
    double *scores[2];     /* [genuine] */
    struct worker *workers;
    _Atomic size_t done;
    size_t total;
    _Atomic int stop; /* a worker failed for good */
};

/* ---- Pairs ----------------------------------------------------------------------------------- */

/* The impostor candidates of probe i are prints first, first + step ... as `candidate` gives them. */
static size_t impostors_of(const struct run *run, size_t i)
{
    const struct sample *s = &run->samples[i];
    if (run->options->protocol == HBS_EVAL_FULL)
        return run->count - s->finger_end;
    return s->first ? run->fingers - 1 - s->finger : 0;
}

static size_t impostor(const struct run *run, size_t i, size_t k)
{
    const struct sample *s = &run->samples[i];
    if (run->options->protocol == HBS_EVAL_FULL)
        return s->finger_end + k;
    return run->starts[s->finger + 1 + k];
}

/* Fingers from the names, and where each probe's scores go. */
static enum hbs_err plan(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const char *name = run->names[i];
        size_t size = strlen(name), finger = eval_finger_size(name, size);
        if (i && hbs_eval_name_order(run->names[i - 1], name) >= 0)
            return hbs_fail(run->ctx, HBS_ERR_USAGE, name, "sort the names", "out of order");
        bool same = i && eval_finger_size(run->names[i - 1], strlen(run->names[i - 1])) == finger &&
                    !memcmp(run->names[i - 1], name, finger);
        if (!same)
            run->starts[run->fingers++] = (uint32_t)i;
        run->samples[i].finger = run->fingers - 1;
        run->samples[i].first = !same;
    }
    uint64_t genuine = 0, all = 0;
    for (size_t i = run->count; i-- > 0;) { /* backwards: where a finger ends is known first */
        uint32_t f = run->samples[i].finger;
        run->samples[i].finger_end = f + 1 < run->fingers ? run->starts[f + 1] : (uint32_t)run->count;
    }
    for (size_t i = 0; i <= run->count; i++) {
        run->samples[i].genuine = (size_t)genuine;
        run->samples[i].impostor = (size_t)(all - genuine);
        if (i == run->count)
            break;
        uint64_t mates = run->samples[i].finger_end - i - 1;
        genuine += mates;
        all += mates + impostors_of(run, i);
    }
    if (all > HBS_EVAL_SCORES_MAX)
        return hbs_fail(run->ctx, HBS_ERR_LIMIT, "", "use fewer pictures or the protocol fvc",
                        "%llu pairs, more than %u", (unsigned long long)all, HBS_EVAL_SCORES_MAX);
    for (int kind = 0; kind < 2; kind++) {
        size_t n = kind ? (size_t)genuine : (size_t)(all - genuine);
        run->scores[kind] = hbs_alloc(run->ctx, n, sizeof(double));
        if (!run->scores[kind])
            return hbs_fail_memory(run->ctx, n * sizeof(double));
    }
    return HBS_OK;
}

/* ---- Work ------------------------------------------------------------------------------------ */

static bool ends_run(enum hbs_err err)
{
    return err == HBS_ERR_NO_MEMORY || err == HBS_ERR_BUG || err == HBS_ERR_BUSY ||
           err == HBS_ERR_INCOMPLETE;
}

static bool give_up(struct run *run, struct worker *w, enum hbs_err err)
{
    w->err = err;
    atomic_store(&run->stop, 1);
    return false;
}

static bool worker_open(struct run *run, struct worker *w)
{
    if (w->open)
        return true;
    if (w->err)
        return false;
    enum hbs_err err = w->ctx ? HBS_OK : hbs_ctx_open(NULL, &w->ctx);
    if (!err)
        err = run->m->open(run->m->user, w->ctx, &w->state);
    if (err)
        return give_up(run, w, err);
    w->open = true;
    return true;
}

static void tell(struct run *run, const char *what, unsigned thread)
{
    size_t done = atomic_fetch_add(&run->done, 1) + 1;
    if (!thread && run->options->progress) /* thread 0 is the calling one */
        run->options->progress(run->options->user, what, done, run->total);
}

static void extract(void *arg, size_t i, unsigned thread)
{
    struct run *run = arg;
    struct worker *w = &run->workers[thread];
    struct sample *s = &run->samples[i];
    if (atomic_load(&run->stop) || !worker_open(run, w))
        return;
    s->maker = thread;
    s->err = run->m->extract(w->state, run->paths[i], &s->sample);
    if (!s->err)
        s->err = run->m->prepare(w->state, s->sample, &s->print);
    if (s->err) {
        snprintf(s->what, sizeof s->what, "%s", hbs_ctx_what(w->ctx));
        s->print = NULL;
        if (ends_run(s->err))
            give_up(run, w, s->err);
    }
    tell(run, "extracting", thread);
}

static bool compare(struct run *run, struct worker *w, const void *probe, size_t candidate,
                    double *out)
{
    double score = run->m->lowest;
    const void *print = run->samples[candidate].print;
    if (probe && print) {
        enum hbs_err err = run->m->compare(w->state, probe, print, &score);
        if (!err && (!isfinite(score) || score < run->m->lowest))
            err = hbs_fail(w->ctx, HBS_ERR_BUG, "", "report this",
                           "a score that is not finite or below the lowest");
        if (err)
            return give_up(run, w, err);
    }
    *out = score;
    return true;
}

static void compare_row(void *arg, size_t i, unsigned thread)
{
    struct run *run = arg;
    struct worker *w = &run->workers[thread];
    const struct sample *s = &run->samples[i];
    if (atomic_load(&run->stop) || !worker_open(run, w))
        return;
    /* A row is the unit of work: its probe stays in the nearest cache while candidates pass by. Rows grow
     * shorter towards the end, so handing them out one by one balances the threads. */
    double *genuine = run->scores[1] + s->genuine, *imp = run->scores[0] + s->impostor;
    for (size_t j = i + 1; j < s->finger_end; j++)
        if (!compare(run, w, s->print, j, &genuine[j - i - 1]))
            return;
    size_t n = impostors_of(run, i);
    for (size_t k = 0; k < n; k++)
        if (!compare(run, w, s->print, impostor(run, i, k), &imp[k]))
            return;
    tell(run, "comparing", thread);
}

/* The first worker that gave up, as the run's own error: which one depends on the threads, that there
 * is one does not. */
static enum hbs_err outcome(struct run *run, unsigned threads)
{
    for (unsigned t = 0; t < threads; t++)
        if (run->workers[t].err) {
            struct hbs_ctx *c = run->workers[t].ctx;
            if (!c)
                return hbs_fail_memory(run->ctx, 0);
            return hbs_fail(run->ctx, run->workers[t].err, hbs_ctx_where(c), hbs_ctx_do(c), "%s",
                            hbs_ctx_what(c));
        }
    return HBS_OK;
}

static enum hbs_err collect(struct run *run, struct hbs_eval_set *set)
{
    enum hbs_err err = HBS_OK;
    uint32_t number;
    for (size_t i = 0; !err && i < run->count; i++)
        err = hbs_eval_set_print(set, run->names[i], strlen(run->names[i]), &number);
    for (size_t i = 0; !err && i < run->count; i++) {
        const struct sample *s = &run->samples[i];
        for (size_t j = i + 1; !err && j < s->finger_end; j++)
            err = hbs_eval_set_add(set, true, (uint32_t)i, (uint32_t)j,
                                   run->scores[1][s->genuine + j - i - 1]);
        size_t n = impostors_of(run, i);
        for (size_t k = 0; !err && k < n; k++)
            err = hbs_eval_set_add(set, false, (uint32_t)i, (uint32_t)impostor(run, i, k),
                                   run->scores[0][s->impostor + k]);
    }
    return err;
}

/* ---- Speeds ---------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static enum hbs_err time_extraction(struct run *run, struct hbs_eval_speed *out)
{
    const struct hbs_eval_matcher *m = run->m;
    struct worker *w = &run->workers[0];
    /* Anew, on one thread, after the scores: the threads of the run proper share caches and memory, and
     * what they took would depend on how many they were. */
    double ms[TIMED_PICTURES];
    size_t n = 0, most = run->count < TIMED_PICTURES ? run->count : TIMED_PICTURES;
    for (size_t k = 0; k < most; k++) {
        size_t i = k * run->count / most;
        if (!run->samples[i].print)
            continue;
        void *sample = NULL;
        double before = m->elsewhere ? hbs_clock_cpu() + m->elsewhere(w->state) : hbs_clock_wall();
        enum hbs_err err = m->extract(w->state, run->paths[i], &sample);
        double after = m->elsewhere ? hbs_clock_cpu() + m->elsewhere(w->state) : hbs_clock_wall();
        if (err)
            return hbs_fail(run->ctx, err, run->paths[i], "", "what was extracted a moment ago fails: %s",
                            hbs_ctx_what(w->ctx));
        m->free_sample(w->state, sample);
        ms[n++] = 1e3 * (after - before);
        if (run->options->progress)
            run->options->progress(run->options->user, "timing extraction", k + 1, most);
    }
    qsort(ms, n, sizeof *ms, by_value);
    out->extract_ms = n ? (n & 1 ? ms[n / 2] : 0.5 * (ms[n / 2 - 1] + ms[n / 2])) : 0;
    out->extract_wall = !m->elsewhere;
    return HBS_OK;
}

/* One pass over all pairs of a kind, as a search would do it: the probe is prepared, then compared
 * with each candidate. *compared says how many comparisons that were. */
static enum hbs_err pass(struct run *run, bool genuine, size_t *compared)
{
    const struct hbs_eval_matcher *m = run->m;
    struct worker *w = &run->workers[0];
    *compared = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct sample *s = &run->samples[i];
        size_t n = genuine ? s->finger_end - i - 1 : impostors_of(run, i);
        if (!n || !s->print)
            continue;
        void *probe = NULL;
        enum hbs_err err = m->prepare(w->state, s->sample, &probe);
        for (size_t k = 0; !err && k < n; k++) {
            const void *print = run->samples[genuine ? i + 1 + k : impostor(run, i, k)].print;
            double score;
            if (!print)
                continue;
            err = m->compare(w->state, probe, print, &score);
            (*compared)++;
        }
        if (probe)
            m->free_print(w->state, probe);
        if (err)
            return hbs_fail(run->ctx, err, run->names[i], "", "%s", hbs_ctx_what(w->ctx));
    }
    return HBS_OK;
}

/* Seconds of thread CPU time a comparison takes, over at least `least` seconds. */
static enum hbs_err time_kind(struct run *run, bool genuine, double least, double *each,
                              size_t *compared)
{
    /* Whole passes only, so that each pair weighs the same however the last second ends. */
    double spent = 0, before = hbs_clock_cpu();
    size_t passes = 0;
    do {
        enum hbs_err err = pass(run, genuine, compared);
        if (err)
            return err;
        passes++;
        spent = hbs_clock_cpu() - before;
    } while (*compared && spent < least);
    *each = *compared ? spent / ((double)passes * (double)*compared) : 0;
    return HBS_OK;
}

static enum hbs_err time_comparison(struct run *run, struct hbs_eval_speed *out)
{
    double genuine, impostor_each;
    size_t ng, ni;
    enum hbs_err err = time_kind(run, true, run->options->seconds, &genuine, &ng);
    if (!err)
        err = time_kind(run, false, run->options->seconds, &impostor_each, &ni);
    if (err)
        return err;
    double sum = genuine * (double)ng + impostor_each * (double)ni;
    out->genuine_per_s = genuine > 0 ? 1 / genuine : 0;
    out->impostor_per_s = impostor_each > 0 ? 1 / impostor_each : 0;
    out->compares_per_s = sum > 0 ? (double)(ng + ni) / sum : 0;
    return HBS_OK;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void finish_progress(struct run *run, const char *what)
{
    if (run->options->progress)
        run->options->progress(run->options->user, what, run->total, run->total);
    atomic_store(&run->done, 0);
}

static void run_close(struct run *run, unsigned threads)
{
    for (size_t i = 0; run->samples && run->workers && i < run->count; i++) {
        const struct sample *s = &run->samples[i];
        if (s->print)
            run->m->free_print(run->workers[s->maker].state, s->print);
        if (s->sample)
            run->m->free_sample(run->workers[s->maker].state, s->sample);
    }
    for (unsigned t = 0; run->workers && t < threads; t++) {
        if (run->workers[t].open)
            run->m->close(run->workers[t].state);
        hbs_ctx_close(run->workers[t].ctx);
    }
    hbs_free(run->ctx, run->workers);
    hbs_free(run->ctx, run->samples);
    hbs_free(run->ctx, run->starts);
    hbs_free(run->ctx, run->scores[0]);
    hbs_free(run->ctx, run->scores[1]);
}

enum hbs_err hbs_eval_run(struct hbs_ctx *ctx, const struct hbs_eval_matcher *matcher,
                          const char *const *names, const char *const *paths, size_t count,
                          const struct hbs_eval_run_options *options, struct hbs_eval_set *set,
                          struct hbs_eval_speed *out)
{
    if (!count || count > HBS_EVAL_PICTURES_MAX || hbs_eval_set_prints(set))
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "", "%zu pictures, 1 to %u will do, into an empty set",
                        count, HBS_EVAL_PICTURES_MAX);
    unsigned threads = options->threads ? options->threads : hbs_cpu_count();
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    struct run run = {.ctx = ctx, .m = matcher, .options = options, .names = names, .paths = paths,
                      .count = count, .total = count};
    struct hbs_eval_speed speed = {0};
    enum hbs_err err;
    run.starts = hbs_alloc(ctx, count, sizeof *run.starts);
    run.samples = hbs_alloc(ctx, count + 1, sizeof *run.samples);
    run.workers = hbs_alloc(ctx, threads, sizeof *run.workers);
    if (!run.starts || !run.samples || !run.workers) {
        err = hbs_fail_memory(ctx, (count + 1) * sizeof *run.samples);
        goto done;
    }
    if ((err = plan(&run)))
        goto done;
    hbs_parallel(threads, count, extract, &run);
    finish_progress(&run, "extracting");
    if ((err = outcome(&run, threads)))
        goto done;
    for (size_t i = 0; i < count; i++)
        if (run.samples[i].err) {
            speed.failed++;
            if (options->failed)
                options->failed(options->user, paths[i], run.samples[i].err, run.samples[i].what);
        }
    hbs_parallel(threads, count, compare_row, &run);
    finish_progress(&run, "comparing");
    if ((err = outcome(&run, threads)) || (err = collect(&run, set)))
        goto done;
    if (options->timing && speed.failed < count) {
        if (!worker_open(&run, &run.workers[0]))
            err = outcome(&run, threads);
        if (!err)
            err = time_extraction(&run, &speed);
        if (!err)
            err = time_comparison(&run, &speed);
    }
    if (!err)
        *out = speed;
done:
    run_close(&run, threads);
    return err;
}
