/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law lint --law PACK.
 */
#include "law_proof.h"

static const char *law;
static double seconds;

static const struct cmd_option options[] = {
    {"law", 0, CMD_FILE, &law, "PACK", "the law pack: a file, or the name of a shipped one", 0, 0},
    {"seconds", 0, CMD_NUMBER, &seconds, "N", "give up after so long (60)", 0.001, 86400},
    {0},
};

static json_t *finding_json(struct cmd_run *run, const char *path, const struct hbs_law_finding *f)
{
    json_t *o = json_pack("{s:s,s:s,s:s,s:i,s:i,s:s,s:s}", "fault", hbs_law_fault_name(f->fault), "severity",
                          hbs_law_severity_name(f->severity), "file", path, "line", (int)f->line, "column", (int)f->column,
                          "rule", f->rule, "what", f->what);
    if (!o)
        return NULL;
    if (f->other)
        json_object_set_new(o, "other", json_string(f->other));
    if (f->fault == HBS_FAULT_GAP) {
        char date[11];
        hbs_date_write(f->from, date);
        json_object_set_new(o, "from", json_string(date));
        hbs_date_write(f->to, date);
        json_object_set_new(o, "to", json_string(date));
    }
    json_t *example = f->has_example ? law_example_json(run, &f->example) : NULL;
    json_object_set_new(o, "example", example ? example : json_null());
    return o;
}

static int answer(struct cmd_run *run, const char *path, const struct hbs_law_lint *lint)
{
    json_t *all = json_array();
    uint32_t errors = 0;
    for (uint32_t i = 0; i < lint->count; i++) {
        const struct hbs_law_finding *f = &lint->finding[i];
        errors += f->severity == HBS_LAW_ERROR;
        json_array_append_new(all, finding_json(run, path, f));
        cmd_say(run, "%s:%u:%u: %s: rule %s is %s: %s\n", path, f->line, f->column, hbs_law_severity_name(f->severity),
                f->rule, hbs_law_fault_name(f->fault), f->what);
        if (f->has_example)
            law_example_say(run, &f->example);
    }
    json_object_set_new(run->answer, "findings", all);
    json_object_set_new(run->answer, "errors", json_integer(errors));
    json_object_set_new(run->answer, "complete", json_boolean(lint->complete));
    json_object_set_new(run->answer, "questions", json_integer(lint->checks));
    cmd_say(run, "%u finding%s, %u of them error%s; retention without end cannot be written\n", lint->count,
            lint->count == 1 ? "" : "s", errors, errors == 1 ? "" : "s");
    if (!lint->complete)
        cmd_say(run, "time was up before all was looked at; try more --seconds\n");
    return errors ? 1 : lint->complete ? 0 : 7;
}

static int lint(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct law_pack pack;
    struct hbs_law_lint found;
    struct hbs_law_prove_options o = {.seconds = seconds};
    int code = law_pack_open(run, law, &pack);
    if (code)
        return code;
    enum hbs_err err = hbs_law_lint(run->ctx, pack.law, &o, &found);
    if (err) {
        code = law_proof_fail(run, err);
    } else {
        code = answer(run, pack.path, &found);
        hbs_law_lint_close(&found);
    }
    law_pack_close(&pack);
    return code;
}

const struct cmd cmd_law_lint = {
    .name = "law lint",
    .summary = "rules of a pack that contradict, cannot hold, add nothing, or leave gaps",
    .arguments = "",
    .text = "Asks the prover about every rule of a pack:\n\n"
            "unreachable: no facts make its condition true on a date in force (error).\n"
            "contradictory: a permit that holds only where an article or a forbid refuses (error).\n"
            "shadowed: wherever it decides, another rule of the same effect does (warning; note if it\n"
            "still adds obligations, an end or a threshold).\n"
            "gap: something is allowed before and after some dates, and on none of them (warning).\n"
            "long-retention: kept for more than 75 years (warning).\n"
            "dormant: has effect on no date, such as a proposal (note).\n\n"
            "Retention without end cannot be written in a pack at all. Exit status 1 when there is an\n"
            "error, 7 when time was up, 0 otherwise.",
    .example = "habeas law lint --law us-dna-custody",
    .least = 0,
    .most = 0,
    .options = options,
    .run = lint,
};
