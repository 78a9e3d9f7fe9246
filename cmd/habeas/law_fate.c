/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law fate --law PACK --rule ID --on DATE.
 */
#include "law_input.h"

static const char *law, *rule, *on;

static const struct cmd_option options[] = {
    {"law", 0, CMD_FILE, &law, "PACK", "the law pack: a file, or the name of a shipped one", 0, 0},
    {"rule", 0, CMD_TEXT, &rule, "ID", "the rule under which records were made", 0, 0},
    {"on", 0, CMD_TEXT, &on, "DATE", "the date that is asked about, YYYY-MM-DD", 0, 0},
    {0},
};

static int fate(struct cmd_run *run, int argc, char **argv)
{
    static const struct { const char *name, *words; } fates[] = {
        [HBS_FATE_FREE] = {"free", "no order concerns it: the records may be used"},
        [HBS_FATE_SEALED] = {"sealed", "the records are sealed: nobody looks at them, searches them or shares them"},
        [HBS_FATE_DESTROY] = {"destroy", "the records are to be destroyed"},
        [HBS_FATE_RELEASED] = {"released", "the records are released, the rule stays suspended"},
    };
    (void)argc;
    (void)argv;
    struct law_pack pack;
    int64_t date;
    int bad = law_pack_open(run, law, &pack);
    if (bad)
        return bad;
    enum hbs_law_fate f;
    const char *order = NULL;
    if (!(bad = law_need(run, rule, "--rule", "name a rule of the pack")) && !(bad = law_date_option(run, "--on", on, &date))) {
        enum hbs_err err = hbs_law_fate(run->ctx, pack.law, rule, date, &f, &order);
        if (err) {
            bad = cmd_fail(run, err);
        } else {
            json_object_update_new(run->answer, json_pack("{s:s,s:s,s:s,s:s?}", "rule", rule, "on", on, "fate", fates[f].name,
                                                          "order", order));
            cmd_say(run, "%s on %s: %s%s%s%s\n", rule, on, fates[f].words, order ? " (order " : "", order ? order : "",
                    order ? ")" : "");
        }
    }
    law_pack_close(&pack);
    return bad;
}

const struct cmd cmd_law_fate = {
    .name = "law fate",
    .summary = "what court orders make of what was collected under a rule",
    .arguments = "",
    .text = "Says whether records that were made under a rule are free, sealed, to be destroyed, or released\n"
            "on a date, and by which order of the pack.",
    .example = "habeas law fate --law us-dna-custody --rule dallas-arrested --on 2021-03-01",
    .least = 0,
    .most = 0,
    .options = options,
    .run = fate,
};
