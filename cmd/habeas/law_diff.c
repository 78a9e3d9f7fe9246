/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law diff OLD NEW.
 */
#include "law_proof.h"

static double seconds;

static const struct cmd_option options[] = {
    {"seconds", 0, CMD_NUMBER, &seconds, "N", "give up after so long (60)", 0.001, 86400},
    {0},
};

static json_t *name(const char *text) { return text ? json_string(text) : json_null(); }
static const char *say(const char *text) { return text ? text : "(not known)"; }

/* One direction of a change, with the rules that decide under either pack. */
static json_t *side(struct cmd_run *run, const struct hbs_law *laws[2], const struct hbs_law_example *e)
{
    json_t *o = law_example_json(run, e);
    if (o) {
        json_object_set_new(o, "before", law_deciders_json(laws[0], e));
        json_object_set_new(o, "after", law_deciders_json(laws[1], e));
    }
    return o ? o : json_null();
}

static void say_deciders(struct cmd_run *run, const struct hbs_law *laws[2], const struct hbs_law_example *e)
{
    static const char *const words[] = {"before", "after"};
    for (int i = 0; i < 2; i++) {
        json_t *all = law_deciders_json(laws[i], e);
        cmd_say(run, "  %s:", words[i]);
        for (size_t k = 0; k < json_array_size(all); k++)
            cmd_say(run, " %s", json_string_value(json_array_get(all, k)));
        cmd_say(run, json_array_size(all) ? "\n" : " silence\n");
        json_decref(all);
    }
}

static void say_change(struct cmd_run *run, const struct hbs_law *laws[2], const struct hbs_law_change *c)
{
    for (int i = 0; i < 2; i++) {
        if (!(i ? c->refuses : c->allows))
            continue;
        cmd_say(run, "%s %s for %s becomes %s, such as\n", say(c->act), say(c->modality), say(c->purpose),
                i ? "refused" : "allowed");
        law_example_say(run, i ? &c->refused : &c->allowed);
        say_deciders(run, laws, i ? &c->refused : &c->allowed);
    }
}

static void difference(struct cmd_run *run, const struct hbs_law *laws[2], const char *key, const char *words,
                       const struct hbs_law_difference *d)
{
    json_object_set_new(run->answer, key, d->differs ? json_pack("{s:b,s:o}", "differs", 1, "example",
                                                                side(run, laws, &d->example))
                                                     : json_pack("{s:b}", "differs", 0));
    if (!d->differs)
        return;
    cmd_say(run, "allowed by both, but %s, such as\n", words);
    law_example_say(run, &d->example);
    say_deciders(run, laws, &d->example);
}

static int answer(struct cmd_run *run, const struct hbs_law *laws[2], const struct hbs_law_diff *diff)
{
    json_t *all = json_array();
    for (uint32_t i = 0; i < diff->count; i++) {
        const struct hbs_law_change *c = &diff->change[i];
        json_t *o = json_pack("{s:o,s:o,s:o,s:s}", "act", name(c->act), "modality", name(c->modality), "purpose",
                              name(c->purpose), "becomes",
                              c->allows && c->refuses ? "both" : c->allows ? "allowed" : "refused");
        if (o && c->allows)
            json_object_set_new(o, "allowed", side(run, laws, &c->allowed));
        if (o && c->refuses)
            json_object_set_new(o, "refused", side(run, laws, &c->refused));
        json_array_append_new(all, o);
        say_change(run, laws, c);
    }
    json_object_set_new(run->answer, "changes", all);
    json_object_set_new(run->answer, "equal", diff->complete || diff->count ? json_boolean(!diff->count) : json_null());
    difference(run, laws, "obligations", "other things are obliged", &diff->obligations);
    difference(run, laws, "end", "the record ends otherwise", &diff->end);
    difference(run, laws, "threshold", "the threshold is another", &diff->threshold);
    json_object_set_new(run->answer, "complete", json_boolean(diff->complete));
    json_object_set_new(run->answer, "questions", json_integer(diff->checks));
    if (!diff->complete)
        cmd_say(run, "time was up before all was compared; try more --seconds\n");
    else if (!diff->count)
        cmd_say(run, "%s\n", diff->obligations.differs || diff->end.differs || diff->threshold.differs
                                 ? "every act is ruled alike"
                                 : "equal in every ruling, with the same obligations, ends and thresholds");
    return diff->complete ? diff->count ? 1 : 0 : 7;
}

static int diff(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct law_pack pack[2];
    struct hbs_law_diff found;
    struct hbs_law_prove_options o = {.seconds = seconds};
    int code = law_pack_open(run, argv[0], &pack[0]);
    if (code)
        return code;
    code = law_pack_open(run, argv[1], &pack[1]);
    if (!code) {
        enum hbs_err err = hbs_law_diff(run->ctx, pack[0].law, pack[1].law, &o, &found);
        if (err) {
            code = law_proof_fail(run, err);
        } else {
            code = answer(run, (const struct hbs_law *[2]){pack[0].law, pack[1].law}, &found);
            hbs_law_diff_close(&found);
        }
        law_pack_close(&pack[1]);
    }
    law_pack_close(&pack[0]);
    return code;
}

const struct cmd cmd_law_diff = {
    .name = "law diff",
    .summary = "what two law packs rule differently, with an example of each",
    .arguments = "OLD NEW",
    .text = "Asks the prover which acts, modalities and purposes become allowed or refused, on which\n"
            "facts and date at the least; a combination can turn both ways. Every example was asked of\n"
            "both packs. Says besides whether, where both allow, something else is obliged, the record\n"
            "ends otherwise, or the threshold is another.\n\n"
            "Exit status 0 when no act is ruled differently, 1 when some are, 7 when time was up.",
    .example = "habeas law diff old.law new.law",
    .least = 2,
    .most = 2,
    .options = options,
    .run = diff,
};
