/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the text of a pack -> rules, orders and declarations (docs/formats/law-pack.md). Reading
 * goes on after a mistake at the next clause that begins a line. What refers to something declared
 * elsewhere in the pack is checked at the end. Touches the reader; makes the one owner, struct hbs_law.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <sodium.h>
#include <stdio.h>

enum { YEARS_MAX = 100, NAMES_MAX = 1000, OBLIGATIONS_MAX = 32 };

static const char *const item_words[] = {"title", "country", "about", "programme", "event", "partner", "assessment",
                                         "rule", "order", NULL};
static const char *const clause_words[] = {"cites", "unverified", "status", "in", "acts", "modalities", "purposes",
                                           "programmes", "when", "obliges", "keeps", "threshold", NULL};

static bool is_one_of(const struct law_reader *r, const char *const *words)
{
    while (*words && !law_is(r, *words))
        words++;
    return *words != NULL;
}

/* After a mistake: on to a line that begins with an item, or also with a clause. */
static void go_on(struct law_reader *r, bool clauses)
{
    while (r->token.kind != LAW_T_END &&
           !(r->token.first && (is_one_of(r, item_words) || (clauses && is_one_of(r, clause_words)))))
        law_next(r);
}

static bool out_of_memory(struct law_reader *r)
{
    r->no_memory = true;
    law_next(r);
    return false;
}

static bool add_name(struct law_reader *r, struct law_names *list, const char *name)
{
    const char **names = law_arena_grow(r->arena, list->name, list->count, sizeof *names);
    if (!names)
        return out_of_memory(r);
    list->name = names;
    names[list->count++] = name;
    return true;
}

static bool strings(struct law_reader *r, struct law_names *list)
{
    do {
        const char *text = law_string(r, "a string in quotes");
        if (!text || !add_name(r, list, text))
            return false;
    } while (law_take(r, ","));
    return true;
}

/* NAMES; of a closed list when `closed` is not NULL, else mentions of what is declared elsewhere. */
static bool names(struct law_reader *r, struct law_names *list, const char *const *closed, const char *what, int of)
{
    bool good = true;
    do {
        struct law_token at = r->token;
        const char *name = law_name(r, what);
        if (!name)
            return false;
        size_t i = 0;
        while (closed && closed[i] && strcmp(closed[i], name))
            i++;
        if (closed && !closed[i]) {
            char hint[96];
            law_mistake(r, &at, "'%.60s' is not %s%s", name, what, law_did_you_mean(law_nearest(name, closed), hint));
            good = false;
        } else if (!closed) {
            law_mention(r, of, name, &at);
        }
        for (uint32_t k = 0; k < list->count; k++)
            if (!strcmp(list->name[k], name)) {
                law_mistake(r, &at, "'%.60s' is there twice", name);
                good = false;
            }
        if (list->count == NAMES_MAX) {
            law_mistake(r, &at, "a list of more than %d names", NAMES_MAX);
            return false;
        }
        if (!add_name(r, list, name))
            return false;
    } while (law_take(r, ","));
    return good;
}

static bool word(struct law_reader *r, const char *text)
{
    char what[64];
    if (law_take(r, text))
        return true;
    snprintf(what, sizeof what, "'%s'", text);
    return law_expected(r, what);
}

static bool date_on(struct law_reader *r, int64_t *out) { return word(r, "on") && law_date(r, out); }

/* ---- Clauses of rules -------------------------------------------------------------------------- */

struct seen { /* clauses of the rule at hand */
    bool cites, unverified, status, force, acts, modalities, purposes, programmes, when, keeps, threshold;
};

static bool once(struct law_reader *r, const struct law_token *at, bool *seen)
{
    if (*seen)
        law_mistake(r, at, "a second '%.*s' in one rule", (int)(at->to - at->from), r->text + at->from);
    bool fresh = !*seen;
    *seen = true;
    return fresh;
}

static bool status_clause(struct law_reader *r, struct law_rule *rule)
{
    static const char *const words[][5] = {
        [HBS_LAW_PROPOSED] = {"proposed"}, [HBS_LAW_UNDER_REVIEW] = {"under", "review"},
        [HBS_LAW_INTERIM_FINAL] = {"interim", "final"}, [HBS_LAW_FINAL] = {"final"},
        [HBS_LAW_SUSPENDED] = {"suspended", "by", "a", "court"}, [HBS_LAW_WITHDRAWN] = {"withdrawn"},
        [HBS_LAW_STRUCK_DOWN] = {"struck", "down"}};
    struct law_status_from s = {0};
    struct law_token at = r->token;
    size_t i = 0;
    while (i < HBS_COUNT(words) && !law_is(r, words[i][0]))
        i++;
    if (i == HBS_COUNT(words)) {
        char text[64], hint[96], name[64];
        const char *near = NULL;
        snprintf(name, sizeof name, "%.*s", (int)(at.to - at.from < 60 ? at.to - at.from : 60), r->text + at.from);
        uint32_t distance = law_near_enough(name);
        for (size_t k = 0; k < HBS_COUNT(words); k++)
            law_nearer(name, words[k][0], &near, &distance);
        for (size_t k = 0; near && k < HBS_COUNT(words); k++)
            if (near == words[k][0])
                near = hbs_law_status_name((enum hbs_law_status)k);
        law_mistake(r, &at, "%s is not a status%s", law_token_words(r, &at, text), law_did_you_mean(near, hint));
        return false;
    }
    s.status = (enum hbs_law_status)i;
    for (size_t k = 0; k < 5 && words[i][k]; k++)
        if (!word(r, words[i][k]))
            return false;
    if (law_take(r, "from")) {
        at = r->token;
        s.has_from = true;
        if (!law_date(r, &s.from))
            return false;
    }
    if (law_take(r, "docket") && !(s.docket = law_string(r, "the docket in quotes")))
        return false;
    if (law_take(r, "comments")) {
        struct law_token from = r->token;
        s.has_comments = true;
        if (!law_date(r, &s.comments_from) || !word(r, "to") || !law_date(r, &s.comments_to))
            return false;
        if (s.comments_to < s.comments_from)
            law_mistake(r, &from, "the comments end before they begin");
    }
    if (rule->statuses && !s.has_from)
        law_mistake(r, &at, "a later status needs its 'from'");
    else if (rule->statuses && rule->status[rule->statuses - 1].has_from &&
             s.from <= rule->status[rule->statuses - 1].from)
        law_mistake(r, &at, "a status that does not begin after the one before it");
    struct law_status_from *all = law_arena_grow(r->arena, rule->status, rule->statuses, sizeof *all);
    if (!all)
        return out_of_memory(r);
    rule->status = all;
    all[rule->statuses++] = s;
    return true;
}

static bool obligations(struct law_reader *r, struct law_rule *rule)
{
    const char *known[HBS_OBLIGE_COUNT + 1] = {0};
    for (int i = 0; i < HBS_OBLIGE_COUNT; i++)
        known[i] = hbs_obligation_name((enum hbs_obligation)i);
    do {
        struct law_token at = r->token;
        struct law_obligation o = {0};
        const char *name = law_name(r, "an obligation");
        if (!name)
            return false;
        int i = 0;
        while (known[i] && strcmp(known[i], name))
            i++;
        if (!known[i]) {
            char hint[96];
            law_mistake(r, &at, "'%.60s' is not an obligation%s", name,
                        law_did_you_mean(law_nearest(name, known), hint));
            return false;
        }
        o.what = (enum hbs_obligation)i;
        if (r->token.kind == LAW_T_STRING && !(o.text = law_string(r, "")))
            return false;
        if (law_take(r, "if") && !(o.when = law_condition(r)))
            return false;
        if (rule->obligation_count == OBLIGATIONS_MAX) {
            law_mistake(r, &at, "more than %d obligations", OBLIGATIONS_MAX);
            return false;
        }
        struct law_obligation *all =
            law_arena_grow(r->arena, rule->obligations, rule->obligation_count, sizeof *all);
        if (!all)
            return out_of_memory(r);
        rule->obligations = all;
        all[rule->obligation_count++] = o;
    } while (law_take(r, ","));
    return true;
}

static bool span(struct law_reader *r, struct law_span *out)
{
    static const struct { const char *one, *many; enum law_unit unit; int64_t most; } units[] = {
        {"hour", "hours", LAW_HOURS, YEARS_MAX * 8766}, {"day", "days", LAW_DAYS, YEARS_MAX * 36525 / 100},
        {"month", "months", LAW_MONTHS, YEARS_MAX * 12}, {"year", "years", LAW_YEARS, YEARS_MAX}};
    struct law_token at = r->token;
    if (!law_integer(r, &out->count))
        return false;
    size_t i = 0;
    while (i < HBS_COUNT(units) && !law_is(r, units[i].one) && !law_is(r, units[i].many))
        i++;
    if (i == HBS_COUNT(units))
        return law_expected(r, "hours, days, months or years");
    law_next(r);
    out->unit = units[i].unit;
    if (out->count < 1 || out->count > units[i].most)
        law_mistake(r, &at, "a retention of 1 to %lld %s; nothing is kept for ever", (long long)units[i].most,
                    units[i].many);
    return true;
}

static bool keeps_clause(struct law_reader *r, struct law_rule *rule)
{
    rule->has_keeps = true;
    if (law_take(r, "for"))
        return span(r, &rule->keeps);
    if (!law_take(r, "until"))
        return law_expected(r, "'for' or 'until'");
    return names(r, &rule->events, NULL, "an event", LAW_AN_EVENT) && word(r, "at") && word(r, "most") &&
           span(r, &rule->keeps);
}

/* One of the four lists, as names and as a condition. */
static bool list_clause(struct law_reader *r, struct law_rule *rule, const struct law_token *at,
                        struct law_names *list, enum hbs_fact fact, const char *what)
{
    const char *const *closed = hbs_fact_info(fact)->names;
    if (!names(r, list, closed, what, LAW_A_PROGRAMME))
        return false;
    struct law_expr *in = law_scope_of(r, fact, list, at);
    rule->scope = in ? law_and(r, rule->scope, in) : NULL;
    return in != NULL;
}

static bool clause(struct law_reader *r, struct law_rule *rule, struct seen *seen)
{
    struct law_token at = r->token;
    if (law_take(r, "cites")) {
        seen->cites = true;
        return strings(r, &rule->cites);
    }
    if (law_take(r, "unverified")) {
        const char *text = law_string(r, "what is not verified, in quotes");
        return text && add_name(r, &rule->unverified, text);
    }
    if (law_take(r, "status")) {
        seen->status = true;
        return status_clause(r, rule);
    }
    if (law_take(r, "in")) {
        if (!word(r, "force") || !once(r, &at, &seen->force) || !word(r, "from") || !law_date(r, &rule->from))
            return false;
        rule->to = INT64_MAX;
        struct law_token to = r->token;
        if (law_take(r, "to")) {
            if (!law_date(r, &rule->to))
                return false;
            if (rule->to < rule->from)
                law_mistake(r, &to, "in force to a day before it begins");
        }
        return true;
    }
    if (law_take(r, "acts"))
        return once(r, &at, &seen->acts) && list_clause(r, rule, &at, &rule->acts, HBS_FACT_ACT, "an act");
    if (law_take(r, "modalities"))
        return once(r, &at, &seen->modalities) &&
               list_clause(r, rule, &at, &rule->modalities, HBS_FACT_MODALITY, "a modality");
    if (law_take(r, "purposes"))
        return once(r, &at, &seen->purposes) &&
               list_clause(r, rule, &at, &rule->purposes, HBS_FACT_PURPOSE, "a purpose");
    if (law_take(r, "programmes"))
        return once(r, &at, &seen->programmes) &&
               list_clause(r, rule, &at, &rule->programmes, HBS_FACT_PROGRAMME, "a programme");
    if (law_take(r, "when")) {
        if (!once(r, &at, &seen->when))
            return false;
        rule->when = law_condition(r);
        return rule->when != NULL;
    }
    if (law_take(r, "obliges"))
        return rule->forbids ? (law_mistake(r, &at, "a rule that forbids obliges to nothing"), false)
                             : obligations(r, rule);
    if (law_take(r, "keeps")) {
        if (rule->forbids)
            law_mistake(r, &at, "a rule that forbids keeps nothing");
        return !rule->forbids && once(r, &at, &seen->keeps) && keeps_clause(r, rule);
    }
    if (law_take(r, "threshold")) {
        if (rule->forbids)
            law_mistake(r, &at, "a rule that forbids has no threshold");
        rule->has_threshold = true;
        return !rule->forbids && once(r, &at, &seen->threshold) && law_decimal(r, &rule->threshold);
    }
    /* a word that is none */
    char text[64], name[64], hint[96];
    snprintf(name, sizeof name, "%.*s", (int)(at.to - at.from < 60 ? at.to - at.from : 60), r->text + at.from);
    const char *near = NULL;
    uint32_t distance = law_near_enough(name);
    for (size_t i = 0; at.kind == LAW_T_WORD && clause_words[i]; i++)
        law_nearer(name, clause_words[i], &near, &distance);
    for (size_t i = 0; at.kind == LAW_T_WORD && item_words[i]; i++)
        law_nearer(name, item_words[i], &near, &distance);
    law_mistake(r, &at, "%s where a clause of the rule, or the next rule, is expected%s",
                law_token_words(r, &at, text), law_did_you_mean(near, hint));
    law_next(r);
    return false;
}

static bool searches(const struct law_rule *rule)
{
    static const char *const acts[] = {"identify", "search-kin", "verify", "compare-lineage", "enrol"};
    for (uint32_t i = 0; i < rule->acts.count; i++)
        for (size_t k = 0; k < HBS_COUNT(acts); k++)
            if (!strcmp(rule->acts.name[i], acts[k]))
                return true;
    return false;
}

static bool read_rule(struct law_reader *r, struct law_rule *rule)
{
    struct law_token at = r->token;
    struct seen seen = {0};
    bool good = true;
    *rule = (struct law_rule){.id = "", .words = "", .line = at.line, .column = at.column};
    const char *id = law_name(r, "the name of the rule");
    if (id)
        rule->id = id;
    if (!id && r->token.kind != LAW_T_WORD)
        return false;
    rule->forbids = law_is(r, "forbid");
    bool effect = law_take(r, "permit") || law_take(r, "forbid");
    if (!effect) {
        good = law_expected(r, "'permit' or 'forbid'");
        if (r->token.kind == LAW_T_WORD && !r->token.first)
            law_next(r);
    }
    const char *words = law_string(r, "what the rule says, in quotes");
    if (words)
        rule->words = words;
    else
        good = false;
    if (!good)
        go_on(r, true);
    while (r->token.kind != LAW_T_END && !is_one_of(r, item_words)) {
        uint32_t before = r->mistake_count;
        if (!clause(r, rule, &seen) || r->mistake_count > before) {
            good = false;
            go_on(r, true);
        }
    }
    if (!seen.cites)
        law_mistake(r, &at, "rule '%.60s' has no 'cites'", rule->id);
    else if (!seen.status)
        law_mistake(r, &at, "rule '%.60s' has no 'status'", rule->id);
    else if (!seen.force)
        law_mistake(r, &at, "rule '%.60s' has no 'in force from'", rule->id);
    else if (effect && !rule->forbids && !seen.acts)
        law_mistake(r, &at, "rule '%.60s' permits, so it needs 'acts'", rule->id);
    else if (effect && !rule->forbids && !seen.keeps)
        law_mistake(r, &at, "rule '%.60s' permits, so it needs 'keeps': nothing is kept for ever", rule->id);
    else if (good && rule->has_threshold && !searches(rule))
        law_mistake(r, &at, "rule '%.60s' has a threshold, but none of its acts searches or compares", rule->id);
    if (!good)
        return false;
    r->nodes = 0;
    rule->all = law_and(r, rule->scope, rule->when);
    if (!rule->all && (rule->all = law_node(r, LAW_CONST, LAW_BOOL)))
        rule->all->value = 1;
    rule->needs = law_reads(rule->all);
    return true;
}

/* ---- Other items --------------------------------------------------------------------------------- */

/* { "cites" STRINGS | "unverified" STRING } */
static bool sources(struct law_reader *r, struct law_names *cites, struct law_names *unverified)
{
    for (;;) {
        if (law_take(r, "cites")) {
            if (!strings(r, cites))
                return false;
        } else if (law_take(r, "unverified")) {
            const char *text = law_string(r, "what is not verified, in quotes");
            if (!text || !add_name(r, unverified, text))
                return false;
        } else {
            return true;
        }
    }
}

static bool read_order(struct law_reader *r, struct law_order *o, struct law_names *rules)
{
    struct law_token at = r->token;
    *o = (struct law_order){.line = at.line, .column = at.column};
    *rules = (struct law_names){0};
    if (!(o->name = law_name(r, "the name of the order")) || !(o->words = law_string(r, "what it is, in quotes")) ||
        !date_on(r, &o->on) || !word(r, "suspends") || !names(r, rules, NULL, "a rule", LAW_A_RULE))
        return false;
    for (;;) {
        struct law_token here = r->token;
        if (law_take(r, "lifted")) {
            if (o->lifted)
                law_mistake(r, &here, "lifted twice");
            o->lifted = true;
            if (!date_on(r, &o->lifted_on))
                return false;
            if (o->lifted_on <= o->on)
                law_mistake(r, &here, "lifted before it had effect");
        } else if (law_take(r, "then")) {
            bool destroy = law_is(r, "destroy");
            if (!law_take(r, "destroy") && !law_take(r, "release"))
                return law_expected(r, "'destroy' or 'release'");
            int64_t then = 0;
            if (!date_on(r, &then))
                return false;
            if (o->destroys || o->releases)
                law_mistake(r, &here, "what is sealed is destroyed or released once");
            else if (then < o->on)
                law_mistake(r, &here, "before the order had effect");
            o->destroys = destroy;
            o->releases = !destroy;
            *(destroy ? &o->destroyed_on : &o->released_on) = then;
        } else if (law_is(r, "cites") || law_is(r, "unverified")) {
            if (!sources(r, &o->cites, &o->unverified))
                return false;
        } else {
            break;
        }
    }
    if (o->lifted && o->destroys)
        law_mistake(r, &at, "an order that destroys cannot be lifted: a rule whose records are destroyed does not come back");
    return true;
}

static bool read_named(struct law_reader *r, struct law_named *n, const char *item)
{
    *n = (struct law_named){0};
    if (*item == 'a') { /* assessment STRING [ covers STRING ] */
        if (!(n->name = law_string(r, "the assessment's name, in quotes")))
            return false;
        if (law_take(r, "covers") && !(n->words = law_string(r, "what it covers, in quotes")))
            return false;
        return sources(r, &n->cites, &n->unverified);
    }
    if (!(n->name = law_name(r, "a name")) || !(n->words = law_string(r, "what it is, in quotes")))
        return false;
    return *item != 'p' || item[1] != 'a' || sources(r, &n->cites, &n->unverified);
}

static const char *declared(const struct hbs_law *law, int of, uint32_t k)
{
    return of == LAW_A_RULE     ? (k < law->rule_count ? law->rules[k].id : NULL)
           : of == LAW_AN_EVENT ? (k < law->event_count ? law->events[k].name : NULL)
                                : (k < law->programme_count ? law->programmes[k].name : NULL);
}

void law_resolve(struct law_reader *r, const struct hbs_law *law)
{
    static const char *const kinds[] = {[LAW_A_PROGRAMME] = "programme", [LAW_AN_EVENT] = "event", [LAW_A_RULE] = "rule"};
    for (uint32_t i = 0; i < r->mention_count && !r->full; i++) {
        const struct law_mention *m = &r->mentions[i];
        const char *name, *near = NULL;
        uint32_t k = 0;
        while ((name = declared(law, m->of, k)) && strcmp(name, m->name))
            k++;
        if (name)
            continue;
        uint32_t distance = law_near_enough(m->name);
        for (k = 0; (name = declared(law, m->of, k)); k++)
            law_nearer(m->name, name, &near, &distance);
        char hint[96];
        law_mistake_at(r, m->line, m->column, "the pack declares no %s '%.60s'%s", kinds[m->of], m->name,
                       law_did_you_mean(near, hint));
    }
}

/* The pack under construction: lists, and what orders name until rules have their places. */
struct packing {
    struct hbs_law *law;
    struct law_names *suspended; /* one an order */
};

static const char *title_of(struct law_reader *r, const char **slot, const char *what, const struct law_token *at)
{
    const char *text = law_string(r, what);
    if (*slot)
        law_mistake(r, at, "a second '%.*s'", (int)(at->to - at->from), r->text + at->from);
    return text ? *slot = text : NULL;
}

static bool item(struct law_reader *r, struct packing *p)
{
    struct hbs_law *law = p->law;
    struct law_token at = r->token;
    if (law_take(r, "title"))
        return title_of(r, &law->title, "the title in quotes", &at) != NULL;
    if (law_take(r, "about"))
        return title_of(r, &law->about, "what the pack is about, in quotes", &at) != NULL;
    if (law_take(r, "country")) {
        const char *c = r->text + r->token.from;
        if (r->token.kind != LAW_T_WORD || r->token.to - r->token.from != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' ||
            c[1] > 'Z')
            return law_expected(r, "a country as two capitals (ISO 3166)");
        if (law->country)
            law_mistake(r, &at, "a second 'country'");
        return (law->country = law_word(r)) != NULL;
    }
    if (law_take(r, "rule")) {
        struct law_rule rule, *rules;
        bool good = read_rule(r, &rule);
        rule.text_from = at.from;
        rule.text_to = r->last_to;
        if (law->rule_count == HBS_LAW_RULES_MAX) {
            law_mistake(r, &at, "more than %u rules; split the pack", HBS_LAW_RULES_MAX);
            return false;
        }
        if (!*rule.id)
            return good;
        for (uint32_t i = 0; i < law->rule_count; i++)
            if (!strcmp(law->rules[i].id, rule.id))
                law_mistake_at(r, rule.line, rule.column, "a second rule '%.60s'; the first is on line %u", rule.id,
                               law->rules[i].line);
        if (!(rules = law_arena_grow(r->arena, law->rules, law->rule_count, sizeof *rules)))
            return out_of_memory(r);
        law->rules = rules; /* also one with mistakes: others may name it */
        rules[law->rule_count++] = rule;
        return good;
    }
    if (law_take(r, "order")) {
        struct law_order order, *orders;
        struct law_names rules, *suspended;
        if (!read_order(r, &order, &rules))
            return false;
        if (law->order_count == NAMES_MAX) {
            law_mistake(r, &at, "more than %d orders", NAMES_MAX);
            return false;
        }
        for (uint32_t i = 0; i < law->order_count; i++)
            if (!strcmp(law->orders[i].name, order.name))
                law_mistake_at(r, order.line, order.column, "a second order '%.60s'", order.name);
        orders = law_arena_grow(r->arena, law->orders, law->order_count, sizeof *orders);
        suspended = law_arena_grow(r->arena, p->suspended, law->order_count, sizeof *suspended);
        if (!orders || !suspended)
            return out_of_memory(r);
        law->orders = orders;
        p->suspended = suspended;
        orders[law->order_count] = order;
        suspended[law->order_count++] = rules;
        return true;
    }
    struct { const char *word; struct law_named **list; uint32_t *count; } lists[] = {
        {"programme", &law->programmes, &law->programme_count}, {"event", &law->events, &law->event_count},
        {"partner", &law->partners, &law->partner_count}, {"assessment", &law->assessments, &law->assessment_count}};
    for (size_t i = 0; i < HBS_COUNT(lists); i++) {
        if (!law_take(r, lists[i].word))
            continue;
        struct law_named n, *all;
        struct law_token name = r->token;
        if (!read_named(r, &n, lists[i].word))
            return false;
        if (*lists[i].count == NAMES_MAX) {
            law_mistake(r, &name, "more than %d declarations of one kind", NAMES_MAX);
            return false;
        }
        for (uint32_t k = 0; k < *lists[i].count; k++)
            if (!strcmp((*lists[i].list)[k].name, n.name))
                law_mistake(r, &name, "a second %s '%.60s'", lists[i].word, n.name);
        if (!(all = law_arena_grow(r->arena, *lists[i].list, *lists[i].count, sizeof *all)))
            return out_of_memory(r);
        *lists[i].list = all;
        all[(*lists[i].count)++] = n;
        return true;
    }
    char text[64], name[64], hint[96];
    snprintf(name, sizeof name, "%.*s", (int)(at.to - at.from < 60 ? at.to - at.from : 60), r->text + at.from);
    law_mistake(r, &at, "%s where a rule or a declaration is expected%s", law_token_words(r, &at, text),
                law_did_you_mean(at.kind == LAW_T_WORD ? law_nearest(name, item_words) : NULL, hint));
    law_next(r);
    return false;
}

/* Whatever names something of the pack must find it; orders get the places of their rules. */
static void resolve(struct law_reader *r, struct packing *p)
{
    struct hbs_law *law = p->law;
    law_resolve(r, law);
    for (uint32_t i = 0; i < law->order_count && !r->no_memory; i++) {
        struct law_order *o = &law->orders[i];
        if (!(o->rules = law_arena_take(r->arena, p->suspended[i].count, sizeof *o->rules))) {
            r->no_memory = true;
            return;
        }
        for (uint32_t k = 0; k < p->suspended[i].count; k++)
            for (uint32_t j = 0; j < law->rule_count; j++)
                if (!strcmp(law->rules[j].id, p->suspended[i].name[k]))
                    o->rules[o->rule_count++] = j;
    }
    for (uint32_t i = 0; i < law->rule_count; i++) {
        const struct law_rule *rule = &law->rules[i];
        law->reads_status |= rule->needs >> HBS_FACT_SUBJECT_STATUS & 1;
        for (uint32_t k = 0; k < rule->obligation_count; k++)
            law->reads_status |= law_reads(rule->obligations[k].when) >> HBS_FACT_SUBJECT_STATUS & 1;
    }
}

void law_sha256(const void *data, size_t size, char out[65])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, data, size);
    sodium_bin2hex(out, 65, hash, sizeof hash);
}

enum hbs_err hbs_law_open(struct hbs_ctx *ctx, const char *where, const char *text, size_t size,
                          struct hbs_law_mistake *mistakes, size_t *count, struct hbs_law **out)
{
    struct law_reader r;
    struct packing p = {0};
    if (count)
        *count = 0;
    enum hbs_err err = law_reader_open(ctx, where, text, size, &r);
    if (err)
        return err;
    struct hbs_law *law = p.law = law_arena_take(r.arena, 1, sizeof *law);
    char *copy = law ? law_arena_text(r.arena, text, size) : NULL;
    if (!copy) {
        r.no_memory = true;
        goto done;
    }
    law->ctx = ctx;
    law->arena = r.arena;
    law->text = copy;
    law->size = size;
    law_sha256(text, size, law->sha256);
    if (!word(&r, "pack") || !(law->name = law_name(&r, "the pack's name")) || !word(&r, "version") ||
        !(law->version = law_string(&r, "the version in quotes")))
        go_on(&r, false);
    while (r.token.kind != LAW_T_END)
        if (!item(&r, &p))
            go_on(&r, false);
    if (!r.full && !r.no_memory)
        resolve(&r, &p);
done:
    err = law_reader_result(&r, where, mistakes, count);
    if (!err) {
        r.arena = NULL;
        *out = law;
    }
    law_reader_close(&r);
    return err;
}

void hbs_law_close(struct hbs_law *law)
{
    if (law)
        law_arena_close(law->ctx, law->arena);
}

void hbs_law_info(const struct hbs_law *law, struct hbs_law_info *out)
{
    *out = (struct hbs_law_info){.name = law->name, .version = law->version, .title = law->title ? law->title : "",
                                 .country = law->country ? law->country : "", .rules = law->rule_count};
    memcpy(out->sha256, law->sha256, sizeof out->sha256);
}
