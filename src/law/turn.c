/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the smallest change of facts that turns a ruling, by trying. The truth of a condition changes
 * only where a fact passes a value that it is compared with, so a finite set of values for each fact
 * stands for all: what it is compared with, and one step to both sides (the boundary values of test
 * design; B. Beizer, "Software Testing Techniques", 1990, ch. 6). Sums of several facts are the exception;
 * for them the values are a sample. Touches its own memory alone; asks hbs_law_rule.
 */
#include "base/base_int.h"
#include "law_text.h"

enum { VALUES_MAX = 64, TRIALS_MAX = 400000, WORK_MAX = 20000000, DAY = 86400 }; /* work: rules asked */

/* A value to try for a fact; text NULL and not known: "not known". */
struct trial {
    enum hbs_fact fact;
    bool known;
    int64_t number;
    const char *text;
};
struct search {
    struct hbs_ctx *ctx;
    const struct hbs_law *law;
    const struct hbs_facts *facts;
    int64_t on;
    struct trial *trials;
    uint32_t count;
    uint32_t of[HBS_FACT_COUNT]; /* how many of each fact, to stop at VALUES_MAX */
    struct law_arena *arena;
    bool no_memory, want;
    struct hbs_law_turn *out;
};

static bool is_text(enum hbs_fact f)
{
    enum hbs_fact_type t = hbs_fact_info(f)->type;
    return t == HBS_FACT_STRING || t == HBS_FACT_NAME;
}

static void try_later(struct search *s, enum hbs_fact f, bool known, int64_t number, const char *text)
{
    const struct hbs_fact_info *info = hbs_fact_info(f);
    if (s->of[f] == VALUES_MAX || s->no_memory || f == HBS_FACT_ACT)
        return;
    if (known && info->type == HBS_FACT_INTEGER && (number < info->least || number > info->most))
        return;
    bool has = s->facts->known >> f & 1;
    if (!known && !has)
        return;
    const char *now = is_text(f) ? hbs_facts_string(s->facts, f) : NULL;
    if (known && has && (text ? now && !strcmp(now, text) : s->facts->at[f] == number))
        return; /* as it is */
    for (uint32_t i = 0; i < s->count; i++)
        if (s->trials[i].fact == f && s->trials[i].known == known &&
            (!known || (text ? !strcmp(s->trials[i].text, text) : s->trials[i].number == number)))
            return;
    struct trial *all = law_arena_grow(s->arena, s->trials, s->count, sizeof *all);
    if (!all) {
        s->no_memory = true;
        return;
    }
    s->trials = all;
    all[s->count++] = (struct trial){f, known, number, text};
    s->of[f]++;
}

/* ---- Values --------------------------------------------------------------------------------------- */

/* Facts and constants of one comparison. */
struct sides {
    uint64_t facts;
    const struct law_expr *constants[256];
    uint32_t count;
    bool on;
};

static void gather(const struct law_expr *e, struct sides *s)
{
    if (!e)
        return;
    if (e->op == LAW_FACT || e->op == LAW_HAS)
        s->facts |= UINT64_C(1) << e->fact;
    s->on |= e->op == LAW_ON;
    if (e->op == LAW_CONST && s->count < HBS_COUNT(s->constants))
        s->constants[s->count++] = e;
    gather(e->kid[0], s);
    gather(e->kid[1], s);
    for (uint32_t i = 0; e->op == LAW_MAKE_LIST && i < e->count; i++)
        gather(e->items[i], s);
}

static void around(struct search *s, enum hbs_fact f, int64_t v, int64_t step)
{
    int64_t low, high;
    try_later(s, f, true, v, NULL);
    if (!__builtin_sub_overflow(v, step, &low) && !__builtin_add_overflow(v, step, &high)) {
        try_later(s, f, true, low, NULL);
        try_later(s, f, true, high, NULL);
    }
}

static int64_t midnight(int64_t t) { return t - (t % DAY + DAY) % DAY; }

static void values_of(struct search *s, enum hbs_fact f, const struct sides *sides)
{
    enum hbs_fact_type type = hbs_fact_info(f)->type;
    for (uint32_t i = 0; i < sides->count; i++) {
        const struct law_expr *c = sides->constants[i];
        if (type == HBS_FACT_STRING && c->type == LAW_STRING)
            try_later(s, f, true, 0, c->text);
        else if (type == HBS_FACT_INTEGER && c->type == LAW_INT)
            around(s, f, c->value, 1);
        else if (type == HBS_FACT_DATE && c->type == LAW_DATE)
            around(s, f, midnight(c->value), DAY);
        else if (type == HBS_FACT_DATE && c->type == LAW_DURATION && c->value > INT64_MIN / 4 && c->value < INT64_MAX / 4) {
            around(s, f, midnight(s->on + c->value), DAY);
            around(s, f, midnight(s->on - c->value), DAY);
        }
    }
    if (type == HBS_FACT_DATE && sides->on)
        around(s, f, s->on, DAY);
    for (int g = 0; g < HBS_FACT_COUNT; g++) { /* compared with another fact: as that is */
        if (g == (int)f || !(sides->facts >> g & 1) || !(s->facts->known >> g & 1))
            continue;
        enum hbs_fact_type other = hbs_fact_info((enum hbs_fact)g)->type;
        if (type == HBS_FACT_STRING && is_text((enum hbs_fact)g) && hbs_facts_string(s->facts, (enum hbs_fact)g))
            try_later(s, f, true, 0, hbs_facts_string(s->facts, (enum hbs_fact)g));
        else if (type == other && type == HBS_FACT_INTEGER)
            around(s, f, s->facts->at[g], 1);
        else if (type == other && type == HBS_FACT_DATE)
            around(s, f, s->facts->at[g], DAY);
    }
}

static void walk(struct search *s, const struct law_expr *e)
{
    if (!e)
        return;
    if (e->op >= LAW_EQ && e->op <= LAW_IN) {
        struct sides sides = {0};
        gather(e, &sides);
        for (int f = 0; f < HBS_FACT_COUNT; f++)
            if (sides.facts >> f & 1)
                values_of(s, (enum hbs_fact)f, &sides);
    }
    if (e->op == LAW_NOT || e->op == LAW_AND || e->op == LAW_OR || (e->op >= LAW_EQ && e->op <= LAW_NE)) {
        walk(s, e->kid[0]);
        walk(s, e->kid[1]);
    }
}

/* In the order in which ways are told: values that are known before "not known". */
static void collect(struct search *s)
{
    const struct hbs_law *laws[2] = {law_articles(), s->law};
    uint64_t read = 0;
    for (int k = 0; k < 2; k++) {
        for (uint32_t i = 0; laws[k] && i < laws[k]->rule_count; i++) {
            const struct law_rule *rule = &laws[k]->rules[i];
            if (s->on < rule->from || s->on > rule->to)
                continue;
            read |= rule->needs;
            walk(s, rule->all);
        }
    }
    for (int f = 0; f < HBS_FACT_COUNT; f++) {
        const struct hbs_fact_info *info = hbs_fact_info((enum hbs_fact)f);
        if (!(read >> f & 1))
            continue;
        for (size_t i = 0; info->names && info->names[i]; i++)
            if (f != HBS_FACT_SUBJECT_STATUS || strcmp(info->names[i], "unknown"))
                try_later(s, (enum hbs_fact)f, true, 0, info->names[i]);
        if (info->type == HBS_FACT_BOOLEAN)
            around(s, (enum hbs_fact)f, 0, 1), try_later(s, (enum hbs_fact)f, true, 1, NULL);
        if (info->type == HBS_FACT_STRING) {
            try_later(s, (enum hbs_fact)f, true, 0, "another");
            try_later(s, (enum hbs_fact)f, true, 0, "");
        }
        if (info->type == HBS_FACT_INTEGER && !(s->facts->known >> f & 1))
            try_later(s, (enum hbs_fact)f, true, info->least, NULL);
    }
    for (int f = 0; f < HBS_FACT_COUNT; f++)
        if (read >> f & 1)
            try_later(s, (enum hbs_fact)f, false, 0, NULL);
}

/* ---- Trying --------------------------------------------------------------------------------------- */

static bool apply(struct search *s, const struct trial *t, struct hbs_facts *facts)
{
    if (!t->known) {
        hbs_facts_forget(facts, t->fact);
        return true;
    }
    /* A constant of the pack may be no value of the fact (too long a string): then it is not tried. */
    return t->text ? !hbs_facts_set_string(s->ctx, facts, t->fact, t->text)
                   : (hbs_fact_info(t->fact)->type != HBS_FACT_BOOLEAN || (uint64_t)t->number <= 1) &&
                         !hbs_facts_set_number(s->ctx, facts, t->fact, t->number);
}

/* How little a way says: changes of what is asked for (modality, purpose, programme) and of who asks come
 * after changes of circumstances, forgetting comes last. */
static int weight(const struct trial *t)
{
    return !t->known ? 2 : t->fact <= HBS_FACT_ACTOR_OFFICE ? 1 : 0;
}

static void keep(struct search *s, int w, int weights[], uint64_t changed, const struct hbs_facts *facts)
{
    struct hbs_law_turn *out = s->out;
    uint32_t at = out->ways;
    while (at && weights[at - 1] > w)
        at--;
    if (at == HBS_LAW_WAYS_MAX)
        return;
    if (out->ways < HBS_LAW_WAYS_MAX)
        out->ways++;
    for (uint32_t i = out->ways - 1; i > at; i--) {
        out->way[i] = out->way[i - 1];
        weights[i] = weights[i - 1];
    }
    out->way[at].changed = changed;
    out->way[at].facts = *facts;
    weights[at] = w;
}

static bool turns(struct search *s, const struct hbs_facts *facts)
{
    struct hbs_ruling r;
    s->out->tried++;
    hbs_law_rule(s->law, facts, s->on, &r);
    return r.allow == s->want;
}

enum hbs_err hbs_law_turn(struct hbs_ctx *ctx, const struct hbs_law *law, const struct hbs_facts *facts, int64_t on,
                          struct hbs_law_turn *out)
{
    struct search s = {.ctx = ctx, .law = law, .facts = facts, .on = on, .out = out};
    struct hbs_ruling now;
    hbs_law_rule(law, facts, on, &now);
    s.want = !now.allow;
    if (!(s.arena = law_arena_open(ctx)))
        return hbs_fail_memory(ctx, 64);
    memset(out, 0, sizeof *out);
    out->complete = true;
    collect(&s);
    int weights[HBS_LAW_WAYS_MAX];
    struct hbs_facts one, two;
    for (uint32_t i = 0; i < s.count && !s.no_memory; i++) {
        one = *facts;
        if (!apply(&s, &s.trials[i], &one) || !turns(&s, &one))
            continue;
        out->changes = 1;
        out->found++;
        keep(&s, weight(&s.trials[i]), weights, UINT64_C(1) << s.trials[i].fact, &one);
    }
    uint64_t most = WORK_MAX / (law->rule_count + 1); /* seconds, not minutes, with the largest packs */
    most = most < TRIALS_MAX ? most : TRIALS_MAX;
    bool single = out->found != 0;
    for (uint32_t i = 0; i < s.count && !single && out->complete && !s.no_memory; i++) {
        one = *facts;
        if (!apply(&s, &s.trials[i], &one))
            continue;
        for (uint32_t k = i + 1; k < s.count; k++) {
            if (s.trials[k].fact == s.trials[i].fact)
                continue;
            if (out->tried >= most) {
                out->complete = false;
                break;
            }
            two = one;
            if (!apply(&s, &s.trials[k], &two) || !turns(&s, &two))
                continue;
            out->changes = 2;
            out->found++;
            keep(&s, weight(&s.trials[i]) + weight(&s.trials[k]), weights,
                 UINT64_C(1) << s.trials[i].fact | UINT64_C(1) << s.trials[k].fact, &two);
        }
    }
    law_arena_close(ctx, s.arena);
    return s.no_memory ? hbs_fail_memory(ctx, 0) : HBS_OK;
}
