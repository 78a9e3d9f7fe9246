/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas eval calibrate FILE...: score files, one a set, to a calibration table;
 * and what it is worth on sets it has not seen.
 */
#include "eval_report.h"

#include <stdio.h>
#include <string.h>

static const char *method = "isotonic", *units = "pairs", *name = "unnamed", *output, *c_output, *symbol;

static const struct cmd_option options[] = {
    {"method", 0, CMD_TEXT, &method, "M", "isotonic (usual) or logistic", 0, 0},
    {"units", 0, CMD_TEXT, &units, "U", "what bounds the LLR and FMR: pairs (usual) or fingers", 0, 0},
    {"name", 0, CMD_TEXT, &name, "NAME", "of the table: letters, digits, dots, hyphens, underscores", 0, 0},
    {"output", 'o', CMD_FILE, &output, "FILE", "write the table", 0, 0},
    {"c", 0, CMD_FILE, &c_output, "FILE", "write the table as C", 0, 0},
    {"symbol", 0, CMD_TEXT, &symbol, "NAME", "its name in C", 0, 0},
    {0},
};

/* All samples of all files, and what stands behind them. */
struct gathered {
    struct hbs_ctx *ctx;
    struct hbs_score_sample *samples;
    size_t count, pairs[2];
    uint64_t units[2]; /* [genuine] */
};

static enum hbs_err gather(struct gathered *g, const struct hbs_eval_set *set, uint32_t group)
{
    struct hbs_eval_curve *curve = NULL;
    struct hbs_eval_result result;
    enum hbs_err err = hbs_eval_curve_open(g->ctx, set, &curve);
    if (!err)
        err = hbs_eval_measure(curve, &(struct hbs_eval_options){0}, &result);
    hbs_eval_curve_close(curve);
    if (err)
        return err;
    size_t more = (size_t)(result.genuine + result.impostor);
    if (more > HBS_SCORE_SAMPLES_MAX - g->count)
        more = HBS_SCORE_SAMPLES_MAX + 1 - g->count; /* one too many: training refuses */
    struct hbs_score_sample *all = hbs_alloc(g->ctx, g->count + more, sizeof *all);
    if (!all)
        return HBS_ERR_NO_MEMORY;
    if (g->count)
        memcpy(all, g->samples, g->count * sizeof *all);
    hbs_free(g->ctx, g->samples);
    g->samples = all;
    for (int kind = 0; kind < 2; kind++) {
        const struct hbs_eval_pair *p = hbs_eval_set_pairs(set, kind);
        size_t n = hbs_eval_set_count(set, kind);
        for (size_t i = 0; i < n && more; i++, more--)
            all[g->count++] = (struct hbs_score_sample){p[i].score, group, kind};
        g->pairs[kind] += n;
    }
    g->units[1] += result.genuine_units;
    g->units[0] += result.impostor_units;
    return HBS_OK;
}

/* Cllr of LLRs that the samples have under a table, or under the tables of the other sets. */
static enum hbs_err costs(const struct gathered *g, const struct hbs_score_training *how,
                          const struct hbs_score_table *table, bool cross, double *own, double *left_out,
                          double *least)
{
    enum hbs_err err = HBS_OK;
    double *v = hbs_alloc(g->ctx, g->count, sizeof *v);
    bool *kind = hbs_alloc(g->ctx, g->count, sizeof *kind);
    if (!v || !kind) {
        err = HBS_ERR_NO_MEMORY;
        goto done;
    }
    for (size_t i = 0; i < g->count; i++) {
        v[i] = g->samples[i].raw;
        kind[i] = g->samples[i].genuine;
    }
    if ((err = hbs_score_cllr_min(g->ctx, v, kind, g->count, least)))
        goto done;
    for (size_t i = 0; i < g->count; i++)
        v[i] = hbs_score_llr(table, g->samples[i].raw);
    *own = hbs_score_cllr(v, kind, g->count);
    if (cross && !(err = hbs_score_cross(g->ctx, g->samples, g->count, how, v)))
        *left_out = hbs_score_cllr(v, kind, g->count);
done:
    hbs_free(g->ctx, v);
    hbs_free(g->ctx, kind);
    return err;
}

static enum hbs_err write_table(struct cmd_run *run, const struct hbs_score_table *t)
{
    enum hbs_err err = HBS_OK;
    for (int c = 0; !err && c < 2; c++) {
        const char *path = c ? c_output : output;
        if (!path)
            continue;
        struct hbs_buf text;
        hbs_buf_init(&text, run->ctx, HBS_SCORE_TABLE_BYTES_MAX);
        err = c ? hbs_score_table_write_c(t, symbol, &text) : hbs_score_table_write(t, &text);
        if (!err)
            err = hbs_file_write(run->ctx, path, text.data, text.size);
        hbs_buf_close(&text);
    }
    return err;
}

static void answer(struct cmd_run *run, const struct gathered *g, const struct hbs_score_table *t, bool cross,
                   double own, double left_out, double least)
{
    double low = t->knots[0].llr, high = t->knots[t->count - 1].llr;
    json_t *o = run->answer;
    json_object_set_new(o, "name", json_string(t->name));
    json_object_set_new(o, "method", json_string(method));
    json_object_set_new(o, "genuine", json_integer((json_int_t)t->genuine));
    json_object_set_new(o, "impostor", json_integer((json_int_t)t->impostor));
    json_object_set_new(o, "units", json_pack("[f,f]", t->genuine_units, t->impostor_units));
    json_object_set_new(o, "knots", json_integer(t->count));
    json_object_set_new(o, "llr_bounds", json_pack("[f,f]", low, high));
    json_object_set_new(o, "fmr_least", json_real(t->knots[t->count - 1].fmr));
    json_object_set_new(o, "cllr", json_real(own));
    json_object_set_new(o, "cllr_left_out", cross ? json_real(left_out) : json_null());
    json_object_set_new(o, "cllr_min", json_real(least));
    cmd_say(run, "%llu genuine and %llu impostor pairs, of %llu fingers and %llu pairs of fingers\n"
            "%s table of %u knots; LLR %.2f to %.2f, FMR down to %.2g\n",
            (unsigned long long)t->genuine, (unsigned long long)t->impostor, (unsigned long long)g->units[1],
            (unsigned long long)g->units[0], method, t->count, low, high, t->knots[t->count - 1].fmr);
    if (cross)
        cmd_say(run, "Cllr with each file left out %.4f, on the table's own scores %.4f, least possible %.4f\n",
                left_out, own, least);
    else
        cmd_say(run, "Cllr on the table's own scores %.4f, least possible %.4f (give several files to leave "
                "each out in turn)\n", own, least);
}

static int run_calibrate(struct cmd_run *run, int argc, char **argv)
{
    struct hbs_score_training how = {.name = name};
    if (!strcmp(method, "logistic"))
        how.method = HBS_SCORE_LOGISTIC;
    else if (strcmp(method, "isotonic"))
        return cmd_misuse(run, "--method", "say isotonic or logistic", "'%s' will not do", method);
    bool by_finger = !strcmp(units, "fingers");
    if (!by_finger && strcmp(units, "pairs"))
        return cmd_misuse(run, "--units", "say pairs or fingers", "'%s' will not do", units);
    if (!c_output != !symbol)
        return cmd_misuse(run, "--c", "give both or neither", "--c FILE and --symbol NAME go together");
    struct gathered g = {.ctx = run->ctx};
    struct hbs_score_table table = {0};
    int code = 0;
    for (int i = 0; !code && i < argc; i++) {
        struct hbs_eval_set *set = NULL;
        if ((code = eval_read(run, argv[i], &set)))
            break;
        enum hbs_err err = gather(&g, set, (uint32_t)i);
        if (err) {
            hbs_ctx_set_where(run->ctx, argv[i]);
            code = cmd_fail(run, err);
        }
        hbs_eval_set_close(set);
    }
    if (!code) {
        double own = 0, left_out = 0, least = 0;
        if (by_finger) {
            how.genuine_units = (double)g.units[1];
            how.impostor_units = (double)g.units[0];
        }
        enum hbs_err err = hbs_score_train(run->ctx, g.samples, g.count, &how, &table);
        if (!err)
            err = costs(&g, &how, &table, argc > 1, &own, &left_out, &least);
        if (!err)
            err = write_table(run, &table);
        if (err)
            code = cmd_fail(run, err);
        else
            answer(run, &g, &table, argc > 1, own, left_out, least);
    }
    hbs_score_table_close(run->ctx, &table);
    hbs_free(run->ctx, g.samples);
    return code;
}

const struct cmd cmd_eval_calibrate = {
    .name = "eval calibrate",
    .summary = "a table from raw scores to LLR and FMR, from files of comparison scores",
    .arguments = "FILE...",
    .text = "Each FILE is a set of scores as for 'eval scores'. The table says for each raw score the\n"
            "log10 likelihood ratio and the false match rate, never more than the scores support. Units\n"
            "are what counts as independent: each pair (the most that can be said), or only each\n"
            "finger and each pair of fingers (the careful choice). With several files each is also left\n"
            "out in turn, and the answer says what the calibration costs on a set it has not seen\n"
            "(Cllr, in bits: 0 perfect, 1 as good as nothing).",
    .example = "habeas eval calibrate set1.txt set2.txt --name finger-1 -o finger-1.table",
    .least = 1,
    .most = -1,
    .options = options,
    .run = run_calibrate,
};
