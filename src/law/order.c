/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: what a rule is worth on a date: its interval, its status, the orders of courts; and what
 * orders make of what was collected under it. Reads the pack, touches nothing else.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <stdio.h>

static bool concerns(const struct hbs_law *law, const struct law_order *o, const struct law_rule *rule)
{
    uint32_t at = (uint32_t)(rule - law->rules);
    for (uint32_t i = 0; i < o->rule_count; i++)
        if (o->rules[i] == at)
            return true;
    return false;
}

enum hbs_law_status law_status_on(const struct hbs_law *law, const struct law_rule *rule, int64_t on)
{
    for (uint32_t i = 0; i < law->order_count; i++) {
        const struct law_order *o = &law->orders[i];
        if (o->on <= on && !(o->lifted && o->lifted_on <= on) && concerns(law, o, rule))
            return HBS_LAW_SUSPENDED;
    }
    enum hbs_law_status status = HBS_LAW_PROPOSED;
    for (uint32_t i = 0; i < rule->statuses && (!rule->status[i].has_from || rule->status[i].from <= on); i++)
        status = rule->status[i].status;
    return status;
}

bool law_has_effect(const struct hbs_law *law, const struct law_rule *rule, int64_t on)
{
    if (on < rule->from || on > rule->to)
        return false;
    enum hbs_law_status status = law_status_on(law, rule, on);
    return status == HBS_LAW_FINAL || status == HBS_LAW_INTERIM_FINAL;
}

const char *hbs_law_status_name(enum hbs_law_status status)
{
    static const char *const names[] = {"proposed", "under review", "interim final", "final", "suspended by a court",
                                        "withdrawn", "struck down"};
    return (unsigned)status < HBS_COUNT(names) ? names[status] : "";
}

/* Of several orders the one that goes furthest: what is destroyed is gone, what one order keeps sealed
 * stays so though another released it. */
enum hbs_err hbs_law_fate(struct hbs_ctx *ctx, const struct hbs_law *law, const char *id, int64_t on,
                          enum hbs_law_fate *out, const char **order)
{
    const struct law_rule *rule = NULL;
    const char *near = NULL, *by = NULL;
    uint32_t distance = law_near_enough(id);
    for (uint32_t i = 0; i < law->rule_count; i++) {
        if (!strcmp(law->rules[i].id, id))
            rule = &law->rules[i];
        law_nearer(id, law->rules[i].id, &near, &distance);
    }
    if (!rule) {
        char action[96];
        snprintf(action, sizeof action, near ? "did you mean '%.60s'?" : "name a rule of the pack", near ? near : "");
        return hbs_fail(ctx, HBS_ERR_NOT_FOUND, id, action, "the pack has no such rule");
    }
    static const int weight[] = {[HBS_FATE_FREE] = 0, [HBS_FATE_RELEASED] = 1, [HBS_FATE_SEALED] = 2, [HBS_FATE_DESTROY] = 3};
    enum hbs_law_fate fate = HBS_FATE_FREE;
    for (uint32_t i = 0; i < law->order_count; i++) {
        const struct law_order *o = &law->orders[i];
        if (o->on > on || !concerns(law, o, rule))
            continue;
        enum hbs_law_fate f = o->destroys && o->destroyed_on <= on  ? HBS_FATE_DESTROY
                              : o->releases && o->released_on <= on ? HBS_FATE_RELEASED
                              : o->lifted && o->lifted_on <= on     ? HBS_FATE_FREE
                                                                    : HBS_FATE_SEALED;
        if (weight[f] > weight[fate]) {
            fate = f;
            by = o->name;
        }
    }
    *out = fate;
    *order = by;
    return HBS_OK;
}
