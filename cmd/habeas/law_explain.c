/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law explain --law PACK --on DATE --facts FILE.
 */
#include "law_input.h"

#include <stdio.h>
#include <string.h>

static const char *law, *on, *facts;
static bool all;

static const struct cmd_option options[] = {
    {"law", 0, CMD_FILE, &law, "PACK", "the law pack: a file, or the name of a shipped one", 0, 0},
    {"on", 0, CMD_TEXT, &on, "DATE", "the date of the act, YYYY-MM-DD", 0, 0},
    {"facts", 0, CMD_FILE, &facts, "FILE", "the facts of the act as JSON; - is standard input", 0, 0},
    {"all", 0, CMD_FLAG, &all, NULL, "tell all rules, not only the nearest", 0, 0},
    {0},
};

enum { NEAREST = 3 };

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void say_value(struct cmd_run *run, const json_t *v)
{
    if (json_is_null(v))
        cmd_say(run, "not known");
    else if (json_is_string(v))
        cmd_say(run, "\"%s\"", json_string_value(v));
    else if (json_is_integer(v))
        cmd_say(run, "%lld", (long long)json_integer_value(v));
    else
        cmd_say(run, json_is_true(v) ? "true" : "false");
}

static void say_part(struct cmd_run *run, const json_t *part, int depth)
{
    enum { DEPTH_SHOWN = 12 };
    const json_t *any = json_object_get(part, "any"), *every = json_object_get(part, "all"),
                 *not = json_object_get(part, "not");
    const char *truth = text_of(part, "truth");
    const char *mark = !strcmp(truth, "holds") ? "+" : !strcmp(truth, "not known") ? "?" : "-";
    int indent = 2 + 2 * (depth < DEPTH_SHOWN ? depth : DEPTH_SHOWN);
    if (any || every || not) {
        cmd_say(run, "%*s%s %s\n", indent, "", mark, any ? "one of" : not ? "not" : "all of");
        for (size_t i = 0; i < json_array_size(any ? any : every); i++)
            say_part(run, json_array_get(any ? any : every, i), depth + 1);
        if (not)
            say_part(run, not, depth + 1);
        return;
    }
    cmd_say(run, "%*s%s %s", indent, "", mark, text_of(part, "text"));
    const json_t *values = json_object_get(part, "values");
    const char *between = "    (";
    for (void *i = json_object_iter((json_t *)(uintptr_t)values); i; i = json_object_iter_next((json_t *)(uintptr_t)values, i)) {
        cmd_say(run, "%s%s: ", between, json_object_iter_key(i));
        say_value(run, json_object_iter_value(i));
        between = ", ";
    }
    cmd_say(run, json_object_size(values) ? ")\n" : "\n");
}

static void say_parts(struct cmd_run *run, const json_t *o)
{
    const json_t *parts = json_object_get(o, "parts");
    for (size_t i = 0; i < json_array_size(parts); i++)
        say_part(run, json_array_get(parts, i), 0);
}

static void say_turn(struct cmd_run *run, const json_t *turn)
{
    const json_t *ways = json_object_get(turn, "ways");
    int changes = (int)json_integer_value(json_object_get(turn, "changes"));
    bool complete = json_is_true(json_object_get(turn, "complete"));
    long long found = (long long)json_integer_value(json_object_get(turn, "found"));
    const char *to = !strcmp(text_of(turn, "to"), "allow") ? "allowed" : "refused";
    if (!changes && json_is_true(json_object_get(turn, "exact"))) {
        cmd_say(run, "\nno change of any facts about this act on this date would make it %s\n", to);
        return;
    }
    if (!changes) {
        cmd_say(run, "\nno change of one or two facts%s would make it %s\n", complete ? "" : " that was tried", to);
        return;
    }
    cmd_say(run, "\nit would be %s if\n", to);
    for (size_t i = 0; i < json_array_size(ways); i++) {
        const json_t *way = json_array_get(ways, i);
        for (size_t k = 0; k < json_array_size(way); k++) {
            const json_t *c = json_array_get(way, k);
            cmd_say(run, "%s%s were ", k ? " and " : i ? "  or " : "  ", text_of(c, "fact"));
            say_value(run, json_object_get(c, "to"));
            cmd_say(run, " (now ");
            say_value(run, json_object_get(c, "from"));
            cmd_say(run, ")");
        }
        cmd_say(run, "\n");
    }
    if (found > (long long)json_array_size(ways))
        cmd_say(run, "  (%lld ways of %d change%s in all)\n", found, changes, changes == 1 ? "" : "s");
}

static void say(struct cmd_run *run)
{
    const json_t *articles = json_object_get(run->answer, "articles"), *rules = json_object_get(run->answer, "rules");
    for (size_t i = 0; i < json_array_size(articles); i++) {
        const json_t *a = json_array_get(articles, i);
        cmd_say(run, "\narticle %lld refuses: %s\n", (long long)json_integer_value(json_object_get(a, "number")), text_of(a, "title"));
        say_parts(run, a);
    }
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *r = json_array_get(rules, i);
        bool effect = json_is_true(json_object_get(r, "has_effect"));
        long long distance = (long long)json_integer_value(json_object_get(r, "distance"));
        if (!all && (!effect || (shown >= NEAREST && distance))) {
            left++;
            continue;
        }
        shown++;
        cmd_say(run, "\n%s %s: %s%s\n  \"%s\"\n", text_of(r, "effect"), text_of(r, "id"), text_of(r, "truth"),
                effect ? "" : json_is_true(json_object_get(r, "in_force")) ? ", but has no effect" : ", but is not in force",
                text_of(r, "words"));
        if (!effect)
            cmd_say(run, "  status %s\n", text_of(r, "status"));
        say_parts(run, r);
    }
    if (left)
        cmd_say(run, "\n%zu more rules are farther or without effect; --all tells them\n", left);
    say_turn(run, json_object_get(run->answer, "turn"));
}

static int explain(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct law_pack pack;
    struct hbs_facts f;
    int64_t date;
    int bad = law_pack_open(run, law, &pack);
    if (bad)
        return bad;
    struct hbs_buf out;
    hbs_buf_init(&out, run->ctx, 64u << 20);
    if (!(bad = law_date_option(run, "--on", on, &date)) && !(bad = law_facts_open(run, facts, &f))) {
        struct hbs_ruling ruling;
        hbs_law_rule(pack.law, &f, date, &ruling);
        law_ruling_say(run, &ruling);
        enum hbs_err err = hbs_law_explain(pack.law, &f, date, &out);
        if (!(bad = err ? cmd_fail(run, err) : law_answer_json(run, NULL, &out))) {
            if (!run->json)
                say(run);
            bad = ruling.allow ? 0 : 3;
        }
    }
    hbs_buf_close(&out);
    law_pack_close(&pack);
    return bad;
}

const struct cmd cmd_law_explain = {
    .name = "law explain",
    .summary = "how a ruling came about, and the smallest change of facts that would turn it",
    .arguments = "",
    .text = "Tells the ruling of 'law check', the articles that refuse, and the nearest rules, condition by\n"
            "condition: + holds, - does not, ? cannot be told from what is known.\n\n"
            "Then the smallest changes of facts that would turn the ruling, each confirmed by ruling on it:\n"
            "all single changes are tried, then all of two facts, over the values that pack and articles\n"
            "compare with, and the next ones on both sides. The act itself is not changed. Exit status as\n"
            "with 'law check'.",
    .example = "habeas law explain --law us-dna-custody --on 2020-05-15 --facts facts.json",
    .least = 0,
    .most = 0,
    .options = options,
    .run = explain,
};
