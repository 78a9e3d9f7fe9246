/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what the commands share that ask the prover (law_proof.h).
 */
#include "law_proof.h"

#include <stdio.h>
#include <string.h>

int law_proof_fail(struct cmd_run *run, enum hbs_err err)
{
    if (err != HBS_ERR_UNSUPPORTED)
        return cmd_fail(run, err);
    /* the contract's code for "cannot say", in the answer too */
    if (run->json)
        json_object_set_new(run->answer, "error",
                            json_pack("{s:i,s:s,s:s,s:s}", "code", 7, "what", hbs_ctx_what(run->ctx), "where",
                                      hbs_ctx_where(run->ctx), "do", hbs_ctx_do(run->ctx)));
    else
        (void)cmd_fail(run, err);
    return 7;
}

json_t *law_example_json(struct cmd_run *run, const struct hbs_law_example *example)
{
    struct hbs_buf text;
    char date[11];
    json_t *facts = NULL;
    hbs_buf_init(&text, run->ctx, HBS_FACTS_TEXT_MAX);
    if (!hbs_facts_write(&example->facts, &text))
        facts = json_loadb((const char *)text.data, text.size, 0, NULL);
    hbs_buf_close(&text);
    hbs_date_write(example->on, date);
    json_t *o = facts ? json_pack("{s:s,s:o}", "on", date, "facts", facts) : NULL;
    if (o && !example->smallest)
        json_object_set_new(o, "smallest", json_false());
    return o;
}

void law_example_say(struct cmd_run *run, const struct hbs_law_example *example)
{
    char date[11];
    hbs_date_write(example->on, date);
    cmd_say(run, "  on %s\n", date);
    for (int i = 0; i < HBS_FACT_COUNT; i++) {
        enum hbs_fact f = (enum hbs_fact)i;
        const struct hbs_fact_info *info = hbs_fact_info(f);
        if (!(example->facts.known >> i & 1))
            continue;
        if (info->type == HBS_FACT_STRING || info->type == HBS_FACT_NAME)
            cmd_say(run, "  %s \"%s\"\n", info->name, hbs_facts_string(&example->facts, f));
        else if (info->type == HBS_FACT_BOOLEAN)
            cmd_say(run, "  %s %s\n", info->name, example->facts.at[i] ? "true" : "false");
        else if (info->type == HBS_FACT_INTEGER)
            cmd_say(run, "  %s %lld\n", info->name, (long long)example->facts.at[i]);
        else {
            hbs_date_write(example->facts.at[i], date);
            cmd_say(run, "  %s %s\n", info->name, date);
        }
    }
    if (!example->smallest)
        cmd_say(run, "  (time was up before a smaller one could be ruled out; try more --seconds)\n");
}

json_t *law_deciders_json(const struct hbs_law *law, const struct hbs_law_example *example)
{
    struct hbs_ruling r;
    json_t *all = json_array();
    hbs_law_rule(law, &example->facts, example->on, &r);
    for (uint32_t i = 0; i < r.rules; i++)
        json_array_append_new(all, json_string(r.rule[i].id));
    for (uint32_t i = 0; i < r.articles; i++) {
        char name[24];
        snprintf(name, sizeof name, "article-%u", (unsigned)r.article[i]);
        json_array_append_new(all, json_string(name));
    }
    return all;
}
