/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: whole rulings as terms of the solver. May touch: libz3, nothing else outside.
 *
 * Forbid beats permit, silence refuses, the articles are forbids that always have effect, and with an
 * unknown status the ruling is that of every status together: what ruling.c does one act at a time, here
 * for all of them. Method: XACML 3.0, C.2 (deny-overrides).
 */
#include "prove_int.h"

#include "base/base_int.h"

#include <stdlib.h>

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The day of a date, and the day after it: between two neighbours of these nothing changes. */
static void change_at(int64_t *at, uint32_t *n, int64_t date)
{
    int64_t day = date / LAW_DAY - (date % LAW_DAY < 0);
    at[(*n)++] = day;
    at[(*n)++] = day + 1;
}

/* The days on which a rule has effect, by asking law_has_effect between all dates that it could go by. */
static enum hbs_err effect_of(struct law_question *q, const struct hbs_law *law, const struct law_rule *rule, Z3_ast *out)
{
    uint32_t most = 2 * (2 + rule->statuses + 4 * law->order_count) + 2, n = 0, intervals = 0;
    int64_t *at = hbs_alloc(q->ctx, most, sizeof *at);
    Z3_ast *some = hbs_alloc(q->ctx, most, sizeof *some);
    if (!at || !some) {
        hbs_free(q->ctx, at);
        hbs_free(q->ctx, some);
        return hbs_fail_memory(q->ctx, most * sizeof *at);
    }
    at[n++] = LAW_DAY_FIRST;
    at[n++] = LAW_DAY_LAST + 1;
    change_at(at, &n, rule->from);
    if (rule->to != INT64_MAX)
        change_at(at, &n, rule->to);
    for (uint32_t i = 0; i < rule->statuses; i++)
        if (rule->status[i].has_from)
            change_at(at, &n, rule->status[i].from);
    for (uint32_t i = 0; i < law->order_count; i++) {
        const struct law_order *o = &law->orders[i];
        bool concerns = false;
        for (uint32_t k = 0; k < o->rule_count; k++)
            concerns |= &law->rules[o->rules[k]] == rule;
        if (!concerns)
            continue;
        change_at(at, &n, o->on);
        if (o->lifted)
            change_at(at, &n, o->lifted_on);
        if (o->destroys)
            change_at(at, &n, o->destroyed_on);
        if (o->releases)
            change_at(at, &n, o->released_on);
    }
    qsort(at, n, sizeof *at, by_number);
    int64_t first = 0;
    bool open = false;
    for (uint32_t i = 0; i < n; i++) {
        if (at[i] < LAW_DAY_FIRST || at[i] > LAW_DAY_LAST + 1)
            continue;
        bool effect = at[i] <= LAW_DAY_LAST && law_has_effect(law, rule, at[i] * LAW_DAY);
        if (effect && !open)
            first = at[i];
        if (!effect && open)
            some[intervals++] = law_term_days(q, first, at[i] - 1);
        open = effect;
    }
    *out = law_term_any(q, some, intervals);
    hbs_free(q->ctx, at);
    hbs_free(q->ctx, some);
    return HBS_OK;
}

/* Translates every rule's condition under every view; one that does not read the status once. */
static void rails_of(struct law_question *q, const struct hbs_law *law, uint32_t views, struct law_rails *out)
{
    for (uint32_t r = 0; r < law->rule_count; r++) {
        const struct law_rule *rule = &law->rules[r];
        for (uint32_t v = 0; v < views; v++)
            out[v * law->rule_count + r] = v && !(rule->needs >> HBS_FACT_SUBJECT_STATUS & 1)
                                               ? out[r]
                                               : law_term(q, rule->all, v ? q->status[v - 1] : NULL);
    }
}

/* The rule refuses: has effect and does not come out false. */
static Z3_ast refuses(struct law_question *q, Z3_ast effect, struct law_rails r)
{
    return law_term_and(q, effect, law_term_not(q, r.is_false));
}

enum hbs_err law_terms_open(struct law_question *q, const struct hbs_law *law, struct law_terms *out)
{
    const struct hbs_law *articles = law_articles();
    struct law_terms t = {.law = law, .views = q->reads_status ? 1 + q->statuses : 1};
    uint32_t n = law->rule_count, m = articles->rule_count;
    enum hbs_err err = HBS_OK;
    Z3_ast *refuse = hbs_alloc(q->ctx, (size_t)n + m + 1, sizeof *refuse);
    Z3_ast *permit = hbs_alloc(q->ctx, (size_t)n + 1, sizeof *permit);
    Z3_ast allow[1 + LAW_STATUSES];
    t.effect = hbs_alloc(q->ctx, (size_t)n + 1, sizeof *t.effect);
    t.rails = hbs_alloc(q->ctx, (size_t)n * t.views + 1, sizeof *t.rails);
    t.article = hbs_alloc(q->ctx, (size_t)m * t.views + 1, sizeof *t.article);
    if (!t.article || !refuse || !permit || !t.effect || !t.rails) {
        err = hbs_fail_memory(q->ctx, (size_t)n * t.views * sizeof *t.rails);
        goto done;
    }
    rails_of(q, articles, t.views, t.article);
    rails_of(q, law, t.views, t.rails);
    for (uint32_t r = 0; r < n && !err; r++)
        err = effect_of(q, law, &law->rules[r], &t.effect[r]);
    for (uint32_t v = 0; v < t.views && !err; v++) {
        uint32_t f = 0, p = 0;
        for (uint32_t r = 0; r < m; r++)
            refuse[f++] = refuses(q, q->yes, t.article[v * m + r]);
        for (uint32_t r = 0; r < n; r++) {
            struct law_rails one = t.rails[v * n + r];
            if (law->rules[r].forbids)
                refuse[f++] = refuses(q, t.effect[r], one);
            else
                permit[p++] = law_term_and(q, t.effect[r], one.is_true);
        }
        allow[v] = law_term_and(q, law_term_not(q, law_term_any(q, refuse, f)), law_term_any(q, permit, p));
    }
    if (!err) {
        t.allow = t.views > 1 ? law_by_status(q, allow, true) : allow[0];
        err = law_question_error(q);
    }
done:
    hbs_free(q->ctx, refuse);
    hbs_free(q->ctx, permit);
    if (err)
        law_terms_close(q, &t);
    else
        *out = t;
    return err;
}

void law_terms_close(struct law_question *q, struct law_terms *t)
{
    hbs_free(q->ctx, t->effect);
    hbs_free(q->ctx, t->rails);
    hbs_free(q->ctx, t->article);
    *t = (struct law_terms){0};
}

Z3_ast law_by_status(struct law_question *q, const Z3_ast *of, bool all)
{
    Z3_ast known = q->known[HBS_FACT_SUBJECT_STATUS];
    Z3_ast without = all ? law_term_all(q, of + 1, q->statuses) : law_term_any(q, of + 1, q->statuses);
    if (without == of[0])
        return of[0];
    return law_term_or(q, law_term_and(q, known, of[0]), law_term_and(q, law_term_not(q, known), without));
}

/* `of` by view, for some status. */
static Z3_ast by_view(struct law_question *q, const struct law_terms *t, const Z3_ast *of)
{
    return t->views > 1 ? law_by_status(q, of, false) : of[0];
}

Z3_ast law_terms_holds(struct law_question *q, const struct law_terms *t, uint32_t r)
{
    Z3_ast of[1 + LAW_STATUSES];
    for (uint32_t v = 0; v < t->views; v++)
        of[v] = t->rails[v * t->law->rule_count + r].is_true;
    return law_term_and(q, t->effect[r], by_view(q, t, of));
}

static Z3_ast decides(struct law_question *q, const struct law_terms *t, uint32_t r, uint32_t view)
{
    struct law_rails one = t->rails[view * t->law->rule_count + r];
    return t->law->rules[r].forbids ? law_term_not(q, one.is_false) : one.is_true;
}

Z3_ast law_terms_decides(struct law_question *q, const struct law_terms *t, uint32_t r)
{
    Z3_ast of[1 + LAW_STATUSES];
    for (uint32_t v = 0; v < t->views; v++)
        of[v] = decides(q, t, r, v);
    return law_term_and(q, t->effect[r], by_view(q, t, of));
}

Z3_ast law_terms_without(struct law_question *q, const struct law_terms *t, uint32_t r, uint32_t other)
{
    Z3_ast of[1 + LAW_STATUSES];
    for (uint32_t v = 0; v < t->views; v++)
        of[v] = law_term_and(q, law_term_and(q, t->effect[r], decides(q, t, r, v)),
                             law_term_not(q, law_term_and(q, t->effect[other], decides(q, t, other, v))));
    return by_view(q, t, of);
}

Z3_ast law_terms_escapes(struct law_question *q, const struct law_terms *t, uint32_t r, uint32_t other, bool article)
{
    Z3_ast of[1 + LAW_STATUSES];
    uint32_t n = article ? law_articles()->rule_count : t->law->rule_count;
    for (uint32_t v = 0; v < t->views; v++) {
        Z3_ast beaten = law_term_not(q, (article ? t->article : t->rails)[v * n + other].is_false);
        if (!article)
            beaten = law_term_and(q, t->effect[other], beaten);
        of[v] = law_term_and(q, t->rails[v * t->law->rule_count + r].is_true, law_term_not(q, beaten));
    }
    return law_term_and(q, t->effect[r], by_view(q, t, of));
}
