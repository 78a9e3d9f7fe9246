/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law test PACK [--mutants].
 */
#include "law_input.h"

#include <stdio.h>
#include <string.h>

static const char *cases_path;
static bool mutants;

static const struct cmd_option options[] = {
    {"cases", 0, CMD_FILE, &cases_path, "FILE", "the cases; default: beside the pack, .cases instead of .law", 0, 0},
    {"mutants", 0, CMD_FLAG, &mutants, NULL, "also move each constant of the pack by one; some case must fail", 0, 0},
    {0},
};

static int open_cases(struct cmd_run *run, const struct law_pack *pack, struct hbs_law_cases **out)
{
    char path[4200];
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, HBS_LAW_TEXT_MAX);
    size_t n = strlen(pack->path);
    if (cases_path)
        snprintf(path, sizeof path, "%s", cases_path);
    else
        snprintf(path, sizeof path, "%.*s.cases", (int)(n > 4 && !strcmp(pack->path + n - 4, ".law") ? n - 4 : n), pack->path);
    enum hbs_err err = hbs_file_read(run->ctx, path, &text);
    int bad = err ? cmd_fail(run, err) : 0;
    struct hbs_law_mistake mistakes[HBS_LAW_MISTAKES_MAX];
    size_t count = 0;
    if (!bad && (err = hbs_law_cases_open(run->ctx, pack->law, path, text.data ? (const char *)text.data : "", text.size,
                                          mistakes, &count, out)))
        bad = law_mistakes(run, err, path, &text, mistakes, count);
    hbs_buf_close(&text);
    return bad;
}

/* Runs the mutants [from, to) and answers how many survive. */
static size_t try_mutants(struct cmd_run *run, struct hbs_law_mutants *m, const struct hbs_law_cases *cases, size_t from,
                          size_t to, json_t *survivors)
{
    size_t survived = 0;
    for (size_t i = from; i < to; i++) {
        struct hbs_law_mutant one;
        hbs_law_mutant(m, cases, i, &one);
        cmd_progress(run, "mutants", i + 1 - from, to - from);
        if (one.noticed)
            continue;
        survived++;
        json_array_append_new(survivors, json_pack("{s:s,s:i,s:i,s:s}", "rule", one.rule, "line", (int)one.line, "column",
                                                   (int)one.column, "what", one.what));
        cmd_say(run, "no case notices: %s, line %u: %s\n", one.rule, one.line, one.what);
    }
    return survived;
}

static int test(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct law_pack pack;
    struct hbs_law_cases *cases = NULL;
    struct hbs_law_mutants *m = NULL;
    int bad = law_pack_open(run, argv[0], &pack);
    if (bad)
        return bad;
    if ((bad = open_cases(run, &pack, &cases)))
        goto done;
    enum hbs_err err = hbs_law_mutants_open(run->ctx, pack.law, &m);
    if (err) {
        bad = cmd_fail(run, err);
        goto done;
    }
    struct hbs_law_info info;
    hbs_law_info(pack.law, &info);
    size_t count = hbs_law_cases_count(cases), failed = 0, made = hbs_law_mutants_count(m);
    json_t *failures = json_array(), *undecided = json_array(), *survivors = json_array();
    for (size_t i = 0; i < count; i++) {
        struct hbs_law_case c;
        hbs_law_cases_run(pack.law, cases, i, &c);
        if (c.passed)
            continue;
        failed++;
        json_array_append_new(failures, json_pack("{s:s,s:i,s:s}", "case", c.name, "line", (int)c.line, "why", c.why));
        cmd_say(run, "failed, line %u: %s\n  %s\n", c.line, c.name, c.why);
    }
    /* Mutants are judged by cases that pass without them. */
    size_t idle = 0, survived = 0;
    bool few = count < HBS_LAW_CASES_LEAST;
    if (!failed) {
        idle = try_mutants(run, m, cases, 0, info.rules, undecided);
        if (mutants)
            survived = try_mutants(run, m, cases, info.rules, made, survivors);
    }
    if (few)
        cmd_say(run, "%zu cases; a pack has at least %u\n", count, HBS_LAW_CASES_LEAST);
    cmd_say(run, "%s %s: %zu cases, %zu failed; %u rules", info.name, info.version, count, failed, info.rules);
    if (!failed)
        cmd_say(run, ", %zu not decisive in any case", idle);
    if (!failed && mutants)
        cmd_say(run, "; %zu mutants, %zu not noticed", made - info.rules, survived);
    cmd_say(run, "\n");
    bool passed = !failed && !few && !idle && !survived;
    json_object_update_new(run->answer,
        json_pack("{s:b,s:s,s:s,s:s,s:I,s:o,s:i,s:o}", "passed", passed, "pack", info.name, "version", info.version, "sha256",
                  info.sha256, "cases", (json_int_t)count, "failed", failures, "rules", (int)info.rules, "not_decisive", undecided));
    if (mutants && !failed)
        json_object_set_new(run->answer, "mutants",
                            json_pack("{s:I,s:o}", "made", (json_int_t)(made - info.rules), "survived", survivors));
    else
        json_decref(survivors);
    bad = passed ? 0 : 1;
done:
    hbs_law_mutants_close(m);
    hbs_law_cases_close(cases);
    law_pack_close(&pack);
    return bad;
}

const struct cmd cmd_law_test = {
    .name = "law test",
    .summary = "run the cases of a law pack, and see that they would notice a change",
    .arguments = "PACK",
    .text = "Each case says facts, a date and what the ruling must be. A pack has at least ten cases, and\n"
            "each of its rules is decisive in at least one: without the rule some case fails.\n\n"
            "With --mutants each integer, date and duration of a condition, each date of an interval, a\n"
            "status and an order, each retention and threshold is moved by one both ways, and some case\n"
            "must fail each time. Exit status 1 when a case fails, a rule is not decisive, a mutant is not\n"
            "noticed, or there are too few cases.",
    .example = "habeas law test us-dna-custody --mutants",
    .least = 1,
    .most = 1,
    .options = options,
    .run = test,
};
