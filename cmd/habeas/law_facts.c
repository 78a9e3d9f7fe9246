/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law facts.
 */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const char *type_name(const struct hbs_fact_info *f)
{
    static const char *const names[] = {[HBS_FACT_STRING] = "string", [HBS_FACT_NAME] = "name",
                                        [HBS_FACT_INTEGER] = "integer", [HBS_FACT_BOOLEAN] = "boolean",
                                        [HBS_FACT_DATE] = "date"};
    return names[f->type];
}

static int facts(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    json_t *all = json_array();
    for (int i = 0; i < HBS_FACT_COUNT; i++) {
        const struct hbs_fact_info *f = hbs_fact_info((enum hbs_fact)i);
        json_t *one = json_pack("{s:s,s:s,s:s}", "name", f->name, "type", type_name(f), "words", f->words);
        cmd_say(run, "%-24s %-8s %s\n", f->name, type_name(f), f->words);
        if (f->type == HBS_FACT_INTEGER) {
            json_object_set_new(one, "least", json_integer(f->least));
            json_object_set_new(one, "most", json_integer(f->most));
            cmd_say(run, "%34s%lld to %lld\n", "", (long long)f->least, (long long)f->most);
        }
        if (f->names) {
            json_t *names = json_array();
            cmd_say(run, "%33s", "");
            for (size_t k = 0; f->names[k]; k++) {
                json_array_append_new(names, json_string(f->names[k]));
                cmd_say(run, " %s", *f->names[k] ? f->names[k] : "\"\"");
            }
            cmd_say(run, "\n");
            json_object_set_new(one, "values", names);
        }
        json_array_append_new(all, one);
    }
    json_object_set_new(run->answer, "facts", all);
    return 0;
}

const struct cmd cmd_law_facts = {
    .name = "law facts",
    .summary = "the facts that a ruling can be asked about",
    .arguments = "",
    .text = "Each fact's name, type, values and what it says. The list is closed. In JSON the part before\n"
            "the dot is an object: {\"subject\":{\"age\":34}}. Absent and null both mean not known.",
    .example = "habeas law facts",
    .least = 0,
    .most = 0,
    .options = NULL,
    .run = facts,
};
