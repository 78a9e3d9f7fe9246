/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: rates of a set of scores as a table, as JSON, as a plot (see eval_report.h).
 */
#include "eval_report.h"

#include <string.h>

static json_t *interval(const struct hbs_eval_rate *r) { return json_pack("[f,f]", r->low, r->high); }

static void put_json(json_t *o, const struct hbs_eval_result *r, size_t contradictions)
{
    const struct {
        const char *name;
        const struct hbs_eval_rate *rate;
    } rates[] = {{"eer", &r->eer},
                 {"fnmr_fmr100", &r->fnmr_fmr100},
                 {"fnmr_fmr1000", &r->fnmr_fmr1000},
                 {"fnmr_zero_fmr", &r->fnmr_zero_fmr}};
    json_object_set_new(o, "genuine", json_integer((json_int_t)r->genuine));
    json_object_set_new(o, "impostor", json_integer((json_int_t)r->impostor));
    json_object_set_new(o, "prints", json_integer(r->prints));
    json_object_set_new(o, "fingers", json_integer(r->fingers));
    json_t *ci = json_object(), *thresholds = json_object();
    bool none_seen = false;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        json_object_set_new(o, rates[i].name, json_real(rates[i].rate->value));
        if (r->resamples)
            json_object_set_new(ci, rates[i].name, interval(rates[i].rate));
        json_object_set_new(thresholds, rates[i].name, json_real(rates[i].rate->threshold));
        none_seen |= rates[i].rate->value == 0;
    }
    json_object_set_new(o, "ci95", ci);
    json_object_set_new(o, "thresholds", thresholds);
    json_object_set_new(o, "resamples", json_integer(r->resamples));
    if (none_seen)
        json_object_set_new(o, "none_seen_below", json_real(r->none_seen));
    if (contradictions)
        json_object_set_new(o, "contradictions", json_integer((json_int_t)contradictions));
    if (r->searches) {
        json_t *cmc = json_array();
        for (int i = 0; i < HBS_EVAL_RANKS; i++)
            json_array_append_new(cmc, json_real(r->cmc[i]));
        json_object_set_new(o, "searches", json_integer((json_int_t)r->searches));
        json_object_set_new(o, "cmc", cmc);
    }
}

static void say_rate(struct cmd_run *run, const char *name, const struct hbs_eval_rate *r, bool interval)
{
    char between[32] = "-";
    if (interval)
        snprintf(between, sizeof between, "%6.2f to %6.2f %%", 100 * r->low, 100 * r->high);
    cmd_say(run, "%-20s %6.2f %%  %18s  %12.6g\n", name, 100 * r->value, between, r->threshold);
}

static void say_table(struct cmd_run *run, const struct hbs_eval_result *r)
{
    bool intervals = r->resamples > 0;
    cmd_say(run, "%llu genuine pairs, %llu impostor pairs, %u prints of %u fingers\n\n",
            (unsigned long long)r->genuine, (unsigned long long)r->impostor, r->prints, r->fingers);
    cmd_say(run, "%-20s %8s  %18s  %12s\n", "", "rate", "95 % interval", "threshold");
    say_rate(run, "EER", &r->eer, intervals);
    say_rate(run, "FNMR at FMR 1 %", &r->fnmr_fmr100, intervals);
    say_rate(run, "FNMR at FMR 0.1 %", &r->fnmr_fmr1000, intervals);
    say_rate(run, "FNMR at FMR 0", &r->fnmr_zero_fmr, intervals);
    if (r->searches)
        cmd_say(run, "\nfound at rank 1 %.2f %%, within 5 %.2f %%, within %d %.2f %% of %llu searches\n",
                100 * r->cmc[0], 100 * r->cmc[4], HBS_EVAL_RANKS, 100 * r->cmc[HBS_EVAL_RANKS - 1],
                (unsigned long long)r->searches);
    if (r->fnmr_zero_fmr.value == 0 || r->eer.value == 0)
        cmd_say(run, "\nA rate of 0 says that no error was seen; with so many fingers it may still be up "
                "to %.1f %%.\n", 100 * r->none_seen);
    if (!intervals)
        cmd_say(run, "\nNo intervals: %s.\n", r->fingers < 2 ? "they need two fingers or more"
                                                             : "none asked for, or too few fingers");
}

static enum hbs_err write_svg(struct cmd_run *run, const struct hbs_eval_curve *curve,
                              const char *name, const char *path)
{
    struct hbs_buf svg;
    hbs_buf_init(&svg, run->ctx, 64u << 20);
    enum hbs_err err = hbs_eval_det_svg(&curve, &name, 1, &svg);
    if (!err)
        err = hbs_file_write(run->ctx, path, svg.data, svg.size);
    hbs_buf_close(&svg);
    return err;
}

int eval_report(struct cmd_run *run, const struct hbs_eval_set *set, const char *where,
                const char *name, const char *svg, uint64_t resamples, uint64_t threads)
{
    struct hbs_eval_curve *curve = NULL;
    struct hbs_eval_result result;
    struct hbs_eval_options options = {(uint32_t)resamples, (unsigned)threads, EVAL_SEED};
    enum hbs_err err = hbs_eval_curve_open(run->ctx, set, &curve);
    if (!err)
        err = hbs_eval_measure(curve, &options, &result);
    if (err)
        hbs_ctx_set_where(run->ctx, where);
    else if (svg)
        err = write_svg(run, curve, name, svg);
    hbs_eval_curve_close(curve);
    if (err)
        return cmd_fail(run, err);
    size_t contradictions = hbs_eval_set_contradictions(set);
    if (contradictions)
        cmd_warn(run, "%zu pairs whose names contradict their label (one finger, or two); the label "
                 "is believed", contradictions);
    if (run->json)
        put_json(run->answer, &result, contradictions);
    else
        say_table(run, &result);
    return 0;
}

const char *eval_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

int eval_read(struct cmd_run *run, const char *path, struct hbs_eval_set **out)
{
    struct hbs_buf file;
    struct hbs_eval_set *set = NULL;
    hbs_buf_init(&file, run->ctx, HBS_EVAL_FILE_MAX);
    enum hbs_err err = hbs_file_read(run->ctx, path, &file);
    if (!err)
        err = hbs_eval_set_open(run->ctx, 0, &set);
    if (!err)
        err = hbs_eval_set_read(set, path, file.size ? (const char *)file.data : "", file.size);
    hbs_buf_close(&file);
    if (err) {
        hbs_eval_set_close(set);
        return cmd_fail(run, err);
    }
    *out = set;
    return 0;
}
