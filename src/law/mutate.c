/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: would the cases of a pack notice a change? A private copy of the pack is changed in one place
 * at a time, all cases are run, the place is put back (R. DeMillo, R. Lipton, F. Sayward, "Hints on test
 * data selection", Computer 11:4, 1978). Touches its copy alone.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <stdio.h>

enum what { A_NUMBER, A_DATE, A_DURATION, A_THRESHOLD, A_SPAN };

struct slot {
    int64_t *value;    /* or threshold */
    int32_t *threshold;
    int64_t step;
    enum what what;
    const char *owner; /* rule or order */
    uint32_t line, column;
    enum law_unit unit;
};
struct hbs_law_mutants {
    struct hbs_ctx *ctx;
    struct hbs_law *law; /* our own copy */
    struct slot *slots;
    size_t count, room;
    bool no_memory;
};

static void add(struct hbs_law_mutants *m, struct slot s)
{
    if (m->no_memory)
        return;
    if (m->count == m->room) {
        size_t room = m->room ? m->room * 2 : 64; /* at most one for each two bytes of the text */
        struct slot *all = hbs_resize(m->ctx, m->slots, room * sizeof *all);
        if (!all) {
            m->no_memory = true;
            return;
        }
        m->slots = all;
        m->room = room;
    }
    m->slots[m->count++] = s;
}

static void walk(struct hbs_law_mutants *m, const struct law_rule *rule, struct law_expr *e)
{
    if (!e)
        return;
    if (e->op == LAW_CONST && (e->type == LAW_INT || e->type == LAW_DATE || e->type == LAW_DURATION)) {
        bool duration = e->type == LAW_DURATION;
        add(m, (struct slot){.value = &e->value, .step = duration ? e->count : e->type == LAW_DATE ? 86400 : 1,
                             .what = duration ? A_DURATION : e->type == LAW_DATE ? A_DATE : A_NUMBER, .owner = rule->id,
                             .line = e->line, .column = e->column});
    }
    walk(m, rule, e->kid[0]);
    walk(m, rule, e->kid[1]);
    for (uint32_t i = 0; e->op == LAW_MAKE_LIST && i < e->count; i++)
        walk(m, rule, e->items[i]);
}

static void collect(struct hbs_law_mutants *m)
{
    for (uint32_t i = 0; i < m->law->rule_count; i++) {
        struct law_rule *rule = &m->law->rules[i];
        struct slot s = {.step = 86400, .what = A_DATE, .owner = rule->id, .line = rule->line, .column = rule->column};
        s.value = &rule->from;
        add(m, s);
        s.value = &rule->to;
        if (rule->to != INT64_MAX)
            add(m, s);
        for (uint32_t k = 0; k < rule->statuses; k++) {
            s.value = &rule->status[k].from;
            if (rule->status[k].has_from)
                add(m, s);
        }
        walk(m, rule, rule->when);
        /* What a rule would oblige to and keep nobody sees of one that never has effect, such as a proposal. */
        bool ever = false;
        for (uint32_t k = 0; k < rule->statuses; k++)
            ever |= rule->status[k].status == HBS_LAW_FINAL || rule->status[k].status == HBS_LAW_INTERIM_FINAL;
        if (!ever)
            continue;
        for (uint32_t k = 0; k < rule->obligation_count; k++)
            walk(m, rule, rule->obligations[k].when);
        s.step = 1;
        if (rule->has_keeps) {
            s.value = &rule->keeps.count;
            s.what = A_SPAN;
            s.unit = rule->keeps.unit;
            add(m, s);
        }
        if (rule->has_threshold) {
            s.value = NULL;
            s.threshold = &rule->threshold;
            s.what = A_THRESHOLD;
            add(m, s);
        }
    }
    for (uint32_t i = 0; i < m->law->order_count; i++) {
        struct law_order *o = &m->law->orders[i];
        struct slot s = {.step = 86400, .what = A_DATE, .owner = o->name, .line = o->line, .column = o->column};
        s.value = &o->on;
        add(m, s);
        s.value = &o->lifted_on;
        if (o->lifted)
            add(m, s);
    }
}

enum hbs_err hbs_law_mutants_open(struct hbs_ctx *ctx, const struct hbs_law *law, struct hbs_law_mutants **out)
{
    struct hbs_law_mutants *m = hbs_alloc(ctx, 1, sizeof *m);
    if (!m)
        return hbs_fail_memory(ctx, sizeof *m);
    m->ctx = ctx;
    enum hbs_err err = hbs_law_open(ctx, law->name, law->text, law->size, NULL, NULL, &m->law);
    if (!err) {
        collect(m);
        if (m->no_memory)
            err = hbs_fail_memory(ctx, m->room * 2 * sizeof *m->slots);
    }
    if (err) {
        hbs_law_mutants_close(m);
        return err;
    }
    *out = m;
    return HBS_OK;
}

void hbs_law_mutants_close(struct hbs_law_mutants *m)
{
    if (!m)
        return;
    hbs_law_close(m->law);
    hbs_free(m->ctx, m->slots);
    hbs_free(m->ctx, m);
}

size_t hbs_law_mutants_count(const struct hbs_law_mutants *m) { return m->law->rule_count + 2 * m->count; }

static void value_words(const struct slot *s, int64_t v, char out[40])
{
    static const char *const units[] = {"hours", "days", "months", "years"};
    switch (s->what) {
    case A_DATE: {
        char date[11];
        hbs_date_write(v, date);
        snprintf(out, 40, "%s", date);
        break;
    }
    case A_DURATION:
        snprintf(out, 40, "%lld%s", (long long)(v / s->step),
                 s->step == 86400 ? "d" : s->step == 3600 ? "h" : s->step == 60 ? "m" : "s");
        break;
    case A_THRESHOLD:
        snprintf(out, 40, "%.3f", (double)v / 1000);
        break;
    case A_SPAN:
        snprintf(out, 40, "%lld %s", (long long)v, units[s->unit]);
        break;
    case A_NUMBER:
        snprintf(out, 40, "%lld", (long long)v);
        break;
    }
}

static const char *first_failing(const struct hbs_law *law, const struct hbs_law_cases *cases)
{
    for (size_t i = 0; i < hbs_law_cases_count(cases); i++) {
        struct hbs_law_case c;
        hbs_law_cases_run(law, cases, i, &c);
        if (!c.passed)
            return c.name;
    }
    return NULL;
}

void hbs_law_mutant(struct hbs_law_mutants *m, const struct hbs_law_cases *cases, size_t index,
                    struct hbs_law_mutant *out)
{
    *out = (struct hbs_law_mutant){0};
    if (index < m->law->rule_count) { /* a rule that is never in force is as good as deleted */
        struct law_rule *rule = &m->law->rules[index];
        int64_t from = rule->from, to = rule->to;
        rule->from = INT64_MAX;
        rule->to = INT64_MIN;
        out->rule = rule->id;
        out->line = rule->line;
        out->column = rule->column;
        snprintf(out->what, sizeof out->what, "deleted");
        out->noticed = first_failing(m->law, cases);
        rule->from = from;
        rule->to = to;
        return;
    }
    index -= m->law->rule_count;
    struct slot *s = &m->slots[index / 2];
    int64_t before = s->value ? *s->value : *s->threshold, after;
    if (__builtin_add_overflow(before, index % 2 ? -s->step : s->step, &after))
        after = 0; /* the largest number there is: moved all the same */
    char a[40], b[40];
    value_words(s, before, a);
    value_words(s, after, b);
    out->rule = s->owner;
    out->line = s->line;
    out->column = s->column;
    snprintf(out->what, sizeof out->what, "%s -> %s", a, b);
    if (s->value)
        *s->value = after;
    else
        *s->threshold = (int32_t)after;
    out->noticed = first_failing(m->law, cases);
    if (s->value)
        *s->value = before;
    else
        *s->threshold = (int32_t)before;
}
