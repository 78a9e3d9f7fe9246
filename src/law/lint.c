/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: what is wrong, or odd, with a pack: rules that can never hold, never decide, or add nothing,
 * stretches of time that nobody meant to leave out, retention beyond a lifetime. May touch: what it is
 * given.
 *
 * Every finding is a question to the solver that came back "none": no facts and no date on which the
 * rule holds, decides, or stands alone. Examples show the opposite side: where a shadowed rule holds
 * together with its shadow, what was allowed on the day before a gap.
 *
 * Gaps: dates fall into stretches within which no rule gains or loses effect and no condition names a
 * date. For each combination of act, modality, purpose and programme the stretches on which
 * something is allowed are found; a run of others between two of them is a gap. A gap that a sum of dates
 * opens within one stretch is not looked for.
 */
#include "prove_int.h"

#include "base/base_int.h"

#include <stdio.h>
#include <stdlib.h>

enum { LONG_YEARS = 75, TUPLE = 4 };

struct lint {
    struct hbs_ctx *ctx;
    const struct hbs_law *law;
    struct law_question q;
    struct law_terms terms;
    struct law_solver s;
    bool *live;                   /* by rule: has effect on some date */
    int64_t *stretch;             /* first day of each stretch, rising */
    uint32_t stretches, stretch_capacity;
    uint32_t capacity;            /* of findings */
    struct hbs_law_lint *out;
};

/* A new finding about a rule, or NULL (with *err) when there is no room. */
static struct hbs_law_finding *found(struct lint *l, enum hbs_law_fault fault, enum hbs_law_severity severity,
                                     const struct law_rule *rule, enum hbs_err *err)
{
    struct hbs_law_lint *o = l->out;
    if (o->count == HBS_LAW_FINDINGS_MAX) {
        *err = hbs_fail(l->ctx, HBS_ERR_LIMIT, rule->id, "mend those first", "more than %u findings", HBS_LAW_FINDINGS_MAX);
        return NULL;
    }
    if (o->count == l->capacity) {
        uint32_t more = l->capacity ? 2 * l->capacity : 16;
        struct hbs_law_finding *p = hbs_resize(l->ctx, o->finding, more * sizeof *p);
        if (!p) {
            *err = hbs_fail_memory(l->ctx, more * sizeof *p);
            return NULL;
        }
        o->finding = p;
        l->capacity = more;
    }
    struct hbs_law_finding *f = &o->finding[o->count++];
    *f = (struct hbs_law_finding){.fault = fault, .severity = severity, .rule = rule->id, .line = rule->line,
                                  .column = rule->column};
    return f;
}

static enum law_check ask(struct lint *l, Z3_ast a)
{
    enum law_check c = law_solver_check(&l->s, a);
    if (c == LAW_GAVE_UP)
        l->out->complete = false;
    return c;
}

/* Puts the smallest example of `a` with a finding; what cannot be had in time is left out. */
static enum hbs_err example(struct lint *l, struct hbs_law_finding *f, Z3_ast a)
{
    enum hbs_err err = HBS_OK;
    law_solver_push(&l->s);
    law_solver_assert(&l->s, a);
    if (ask(l, NULL) == LAW_SOME) {
        err = law_solver_smallest(&l->s, &f->example);
        f->has_example = !err;
    }
    law_solver_pop(&l->s);
    return err;
}

/* ---- One rule --------------------------------------------------------------------------------- */

/* Whether the permit can hold without being refused; *beaten: by whom, if by one alone. */
static enum hbs_err contradiction(struct lint *l, uint32_t r)
{
    struct law_question *q = &l->q;
    const struct law_rule *rule = &l->law->rules[r];
    enum hbs_err err = HBS_OK;
    Z3_ast holds = law_terms_holds(q, &l->terms, r);
    if (ask(l, law_term_and(q, holds, l->terms.allow)) != LAW_NONE)
        return HBS_OK;
    struct hbs_law_finding *f = found(l, HBS_FAULT_CONTRADICTORY, HBS_LAW_ERROR, rule, &err);
    if (!f)
        return err;
    const struct hbs_law *articles = law_articles();
    for (uint32_t a = 0; a < articles->rule_count && !f->other; a++)
        if (ask(l, law_terms_escapes(q, &l->terms, r, a, true)) == LAW_NONE)
            f->other = articles->rules[a].id;
    bool article = f->other;
    for (uint32_t o = 0; o < l->law->rule_count && !f->other; o++)
        if (l->law->rules[o].forbids && l->live[o] && ask(l, law_terms_escapes(q, &l->terms, r, o, false)) == LAW_NONE)
            f->other = l->law->rules[o].id;
    if (f->other)
        snprintf(f->what, sizeof f->what, "never decides: wherever it holds, %s %s refuses", article ? "the built-in" : "the rule",
                 f->other);
    else
        snprintf(f->what, sizeof f->what, "never decides: wherever it holds, some forbid or article refuses");
    return example(l, f, holds);
}

static bool obliges_at_all(const struct law_rule *rule, enum hbs_obligation what)
{
    for (uint32_t i = 0; i < rule->obligation_count; i++)
        if (rule->obligations[i].what == what && !rule->obligations[i].when)
            return true;
    return false;
}

/* Whether a permit changes nothing that follows from another that holds too: obligations, end,
 * threshold. Only what is plain to see: false when in doubt. */
static bool adds_nothing(const struct law_rule *rule, const struct law_rule *other)
{
    for (uint32_t i = 0; i < rule->obligation_count; i++)
        if (!obliges_at_all(other, rule->obligations[i].what))
            return false;
    if (rule->events.count || rule->keeps.unit != other->keeps.unit || rule->keeps.count < other->keeps.count)
        return false;
    return !rule->has_threshold || (other->has_threshold && other->threshold >= rule->threshold);
}

/* Whether rule `r` takes part in the ruling on an act and `other` does not, by the evaluator: with an unknown
 * status, for some status. */
static bool is_alone(const struct hbs_law *law, uint32_t r, uint32_t other, const struct hbs_facts *facts, int64_t on)
{
    const struct law_rule *rule[2] = {&law->rules[r], &law->rules[other]};
    const char *const *status = hbs_fact_info(HBS_FACT_SUBJECT_STATUS)->names;
    struct law_view view = {.facts = facts, .on = on};
    bool known = facts->known >> HBS_FACT_SUBJECT_STATUS & 1, alone = false;
    for (; !alone && *status; status++) {
        bool takes_part[2];
        uint64_t ignored = 0;
        view.status = known ? NULL : *status;
        for (uint32_t i = 0; i < 2; i++) {
            enum law_truth t = law_eval(rule[i]->all, &view, &ignored);
            takes_part[i] = law_has_effect(law, rule[i], on) && (t == LAW_TRUE || (t == LAW_ERROR && rule[i]->forbids));
        }
        alone = takes_part[0] && !takes_part[1];
        if (known || !status[1] || !strcmp(status[1], "unknown"))
            break;
    }
    return alone;
}

/* Looks for a rule of the same effect that takes part wherever `r` does. An act in which `r` stands without
 * another rules that other out; each question that is answered "some" gives a new act. Only for rules that
 * no act ruled out a term is made. */
static enum hbs_err shadow(struct lint *l, uint32_t r)
{
    struct law_question *q = &l->q;
    const struct hbs_law *law = l->law;
    enum hbs_err err = HBS_OK;
    bool *out = hbs_alloc(l->ctx, law->rule_count, sizeof *out);
    if (!out)
        return hbs_fail_memory(l->ctx, law->rule_count);
    for (uint32_t o = 0; o < law->rule_count; o++)
        out[o] = o == r || !l->live[o] || law->rules[o].forbids != law->rules[r].forbids;
    enum law_check c = ask(l, law_terms_decides(q, &l->terms, r));
    for (uint32_t next = 0; next < law->rule_count && c != LAW_GAVE_UP && !err; next++) {
        struct law_found m;
        struct hbs_facts facts;
        int64_t on = 0;
        if (c == LAW_SOME) {
            law_solver_found(&l->s, &m);
            err = law_found_facts(q, &m, &facts, &on);
        }
        for (uint32_t o = next; o < law->rule_count && c == LAW_SOME && !err; o++)
            out[o] = out[o] || is_alone(law, r, o, &facts, on);
        c = LAW_NONE;
        if (out[next] || err)
            continue;
        c = ask(l, law_terms_without(q, &l->terms, r, next));
        if (c != LAW_NONE)
            continue;
        if (next > r && ask(l, law_terms_without(q, &l->terms, next, r)) == LAW_NONE)
            continue; /* the same scope: it is the later of the two that adds nothing */
        const struct law_rule *rule = &law->rules[r], *other = &law->rules[next];
        bool plain = rule->forbids || adds_nothing(rule, other);
        struct hbs_law_finding *f = found(l, HBS_FAULT_SHADOWED, plain ? HBS_LAW_WARNING : HBS_LAW_NOTE, rule, &err);
        if (!f)
            break;
        f->other = other->id;
        snprintf(f->what, sizeof f->what, plain ? "adds nothing: wherever it %s, %s does"
                                                : "wherever it %s, %s does: it adds only obligations, an end or a threshold",
                 rule->forbids ? "refuses" : "permits", other->id);
        Z3_ast both = law_terms_decides(q, &l->terms, r);
        err = example(l, f, rule->forbids ? both : law_term_and(q, both, l->terms.allow));
        break;
    }
    hbs_free(l->ctx, out);
    return err;
}

static bool is_long(struct law_span span)
{
    switch (span.unit) {
    case LAW_HOURS: return span.count / 24 > LONG_YEARS * INT64_C(365) + 18;
    case LAW_DAYS: return span.count > LONG_YEARS * INT64_C(365) + 18; /* leap days of 75 years */
    case LAW_MONTHS: return span.count > LONG_YEARS * 12;
    default: return span.count > LONG_YEARS;
    }
}

static enum hbs_err one_rule(struct lint *l, uint32_t r)
{
    struct law_question *q = &l->q;
    const struct law_rule *rule = &l->law->rules[r];
    enum hbs_err err = HBS_OK;
    struct hbs_law_finding *f;
    if (rule->has_keeps && is_long(rule->keeps)) {
        f = found(l, HBS_FAULT_LONG, HBS_LAW_WARNING, rule, &err);
        if (f)
            snprintf(f->what, sizeof f->what, "keeps for more than %d years: longer than most lives go on", LONG_YEARS);
    }
    if (!err && !l->live[r]) {
        f = found(l, HBS_FAULT_DORMANT, HBS_LAW_NOTE, rule, &err);
        if (f)
            snprintf(f->what, sizeof f->what, "has effect on no date: %s",
                     hbs_law_status_name(rule->statuses ? rule->status[rule->statuses - 1].status : HBS_LAW_PROPOSED));
        return err;
    }
    if (err)
        return err;
    enum law_check c = ask(l, law_terms_holds(q, &l->terms, r));
    if (c == LAW_NONE) {
        bool refuses = rule->forbids && ask(l, law_terms_decides(q, &l->terms, r)) == LAW_SOME;
        f = found(l, HBS_FAULT_UNREACHABLE, HBS_LAW_ERROR, rule, &err);
        if (f)
            snprintf(f->what, sizeof f->what, "no facts on any date in force make its condition true%s",
                     refuses ? "; it refuses only where facts are missing" : "");
        return err;
    }
    uint32_t before = l->out->count;
    if (c == LAW_SOME && !rule->forbids)
        err = contradiction(l, r);
    if (!err && c == LAW_SOME && l->out->count == before) /* what never decides has no need of a shadow */
        err = shadow(l, r);
    return err;
}

/* ---- Gaps in time ------------------------------------------------------------------------------- */

static enum hbs_err stretch_at(struct lint *l, int64_t day)
{
    if (day <= LAW_DAY_FIRST || day > LAW_DAY_LAST)
        return HBS_OK;
    if (l->stretches == l->stretch_capacity) {
        uint32_t more = l->stretch_capacity ? 2 * l->stretch_capacity : 64;
        int64_t *p = hbs_resize(l->ctx, l->stretch, more * sizeof *p);
        if (!p)
            return hbs_fail_memory(l->ctx, more * sizeof *p);
        l->stretch = p;
        l->stretch_capacity = more;
    }
    l->stretch[l->stretches++] = day;
    return HBS_OK;
}

/* A date can matter from its day on, or from the next. */
static enum hbs_err stretch_by(struct lint *l, int64_t date)
{
    if (date == INT64_MAX)
        return HBS_OK;
    int64_t day = date / LAW_DAY - (date % LAW_DAY < 0);
    enum hbs_err err = stretch_at(l, day);
    return err ? err : stretch_at(l, day + 1);
}

static enum hbs_err dates_of(struct lint *l, const struct law_expr *e)
{
    enum hbs_err err = HBS_OK;
    for (; e && !err; e = e->kid[0]) {
        if (e->op == LAW_CONST && e->type == LAW_DATE)
            err = stretch_by(l, e->value);
        for (uint32_t i = 0; e->op == LAW_MAKE_LIST && i < e->count && !err; i++)
            err = dates_of(l, e->items[i]);
        if (!err && e->kid[1])
            err = dates_of(l, e->kid[1]);
    }
    return err;
}

static int by_day(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static enum hbs_err make_stretches(struct lint *l)
{
    const struct hbs_law *law = l->law;
    enum hbs_err err = HBS_OK;
    for (uint32_t r = 0; r < law->rule_count && !err; r++) {
        const struct law_rule *rule = &law->rules[r];
        err = stretch_by(l, rule->from);
        if (!err)
            err = stretch_by(l, rule->to);
        for (uint32_t i = 0; i < rule->statuses && !err; i++)
            if (rule->status[i].has_from)
                err = stretch_by(l, rule->status[i].from);
        if (!err)
            err = dates_of(l, rule->all);
    }
    for (uint32_t i = 0; i < law->order_count && !err; i++) {
        const struct law_order *o = &law->orders[i];
        err = stretch_by(l, o->on);
        if (!err && o->lifted)
            err = stretch_by(l, o->lifted_on);
        if (!err && o->destroys)
            err = stretch_by(l, o->destroyed_on);
        if (!err && o->releases)
            err = stretch_by(l, o->released_on);
    }
    if (!err)
        err = stretch_at(l, LAW_DAY_FIRST + 1); /* so that there is one; the very first day is one by itself */
    if (err)
        return err;
    qsort(l->stretch, l->stretches, sizeof *l->stretch, by_day);
    uint32_t n = 1;
    for (uint32_t i = 1; i < l->stretches; i++)
        if (l->stretch[i] != l->stretch[n - 1])
            l->stretch[n++] = l->stretch[i];
    l->stretches = n;
    return HBS_OK;
}

static int64_t stretch_end(const struct lint *l, uint32_t i)
{
    return i + 1 < l->stretches ? l->stretch[i + 1] - 1 : LAW_DAY_LAST;
}

static uint32_t stretch_of(const struct lint *l, int64_t day)
{
    uint32_t i = 0;
    while (i + 1 < l->stretches && l->stretch[i + 1] <= day)
        i++;
    return i;
}

static const enum hbs_fact tuple_facts[TUPLE] = {HBS_FACT_ACT, HBS_FACT_MODALITY, HBS_FACT_PURPOSE, HBS_FACT_PROGRAMME};

/* The combination of a model, as a term and in words. */
static Z3_ast tuple_of(struct lint *l, const struct law_found *m, char *words, size_t size)
{
    Z3_ast all = l->q.yes;
    size_t n = 0;
    *words = 0;
    for (uint32_t i = 0; i < TUPLE; i++) {
        enum hbs_fact f = tuple_facts[i];
        if (!(l->q.domains.used >> f & 1))
            continue;
        bool known = m->known >> f & 1;
        all = law_term_and(&l->q, all, known ? l->q.choice[f][m->value[f]] : law_term_not(&l->q, l->q.known[f]));
        const char *word = known ? l->q.domains.of[f].value[m->value[f]] : "";
        if (*word && n < size) {
            int k = snprintf(words + n, size - n, "%s%s", n ? " " : "", word);
            n += k > 0 ? (size_t)k : 0;
        }
    }
    return all;
}

/* The permit that allowed the example. */
static const struct law_rule *allowing(const struct lint *l, const struct hbs_law_example *e)
{
    struct hbs_ruling ruling;
    hbs_law_rule(l->law, &e->facts, e->on, &ruling);
    for (uint32_t r = 0; r < l->law->rule_count && ruling.allow && ruling.rules; r++)
        if (!strcmp(l->law->rules[r].id, ruling.rule[0].id))
            return &l->law->rules[r];
    return &l->law->rules[0];
}

/* Reports the gap between stretches; a gap with the same dates and rule is told once. */
static enum hbs_err report_gap(struct lint *l, uint32_t before, uint32_t after, Z3_ast tuple, const char *words)
{
    struct law_question *q = &l->q;
    int64_t from = (stretch_end(l, before) + 1) * LAW_DAY, to = (l->stretch[after] - 1) * LAW_DAY;
    struct hbs_law_example e;
    enum hbs_err err = HBS_OK;
    law_solver_push(&l->s);
    law_solver_assert(&l->s, law_term_and(q, tuple, l->terms.allow));
    law_solver_assert(&l->s, law_term_days(q, stretch_end(l, before), stretch_end(l, before)));
    if (law_solver_check(&l->s, NULL) != LAW_SOME) { /* allowed in the stretch, not on its last day */
        law_solver_pop(&l->s);
        law_solver_push(&l->s);
        law_solver_assert(&l->s, law_term_and(q, tuple, l->terms.allow));
        law_solver_assert(&l->s, law_term_days(q, l->stretch[before], stretch_end(l, before)));
        if (law_solver_check(&l->s, NULL) != LAW_SOME) {
            law_solver_pop(&l->s);
            l->out->complete = false;
            return HBS_OK;
        }
    }
    err = law_solver_smallest(&l->s, &e);
    law_solver_pop(&l->s);
    if (err)
        return err;
    const struct law_rule *rule = allowing(l, &e);
    for (uint32_t i = 0; i < l->out->count; i++) {
        struct hbs_law_finding *f = &l->out->finding[i];
        size_t size = strlen(f->what);
        if (f->fault != HBS_FAULT_GAP || f->from != from || f->to != to || f->rule != rule->id)
            continue;
        if (f->what[size - 1] != ')')
            snprintf(f->what + size, sizeof f->what - size, " (and others)");
        return HBS_OK;
    }
    struct hbs_law_finding *f = found(l, HBS_FAULT_GAP, HBS_LAW_WARNING, rule, &err);
    if (!f)
        return err;
    char first[11], last[11];
    hbs_date_write(from, first);
    hbs_date_write(to, last);
    f->from = from;
    f->to = to;
    f->has_example = true;
    f->example = e;
    snprintf(f->what, sizeof f->what, "allowed before and after, on no date from %s to %s: %s", first, last, words);
    return HBS_OK;
}

/* Marks every stretch on which the combination is allowed, and reports what lies between. */
static enum hbs_err gaps_of(struct lint *l, Z3_ast tuple, const char *words, bool *allowed)
{
    struct law_question *q = &l->q;
    enum hbs_err err = HBS_OK;
    enum law_check c = LAW_SOME;
    memset(allowed, 0, l->stretches * sizeof *allowed);
    law_solver_push(&l->s);
    law_solver_assert(&l->s, law_term_and(q, tuple, l->terms.allow));
    while (!err && (c = ask(l, NULL)) == LAW_SOME) {
        struct law_found m;
        struct hbs_facts facts;
        int64_t on;
        law_solver_found(&l->s, &m);
        allowed[stretch_of(l, m.day)] = true;
        err = law_found_facts(q, &m, &facts, &on);
        for (uint32_t i = 0; i < l->stretches && !err; i++) { /* the same facts on other dates */
            struct hbs_ruling ruling;
            if (!allowed[i])
                hbs_law_rule(l->law, &facts, l->stretch[i] * LAW_DAY, &ruling);
            allowed[i] = allowed[i] || ruling.allow;
            if (allowed[i])
                law_solver_assert(&l->s, law_term_not(q, law_term_days(q, l->stretch[i], stretch_end(l, i))));
        }
    }
    law_solver_pop(&l->s);
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < l->stretches && !err && c == LAW_NONE; i++) {
        if (!allowed[i])
            continue;
        if (last != UINT32_MAX && last + 1 < i)
            err = report_gap(l, last, i, tuple, words);
        last = i;
    }
    return err;
}

static enum hbs_err gaps(struct lint *l)
{
    struct law_question *q = &l->q;
    enum hbs_err err = make_stretches(l);
    bool *allowed = err ? NULL : hbs_alloc(l->ctx, l->stretches, sizeof *allowed);
    if (!allowed)
        return err ? err : hbs_fail_memory(l->ctx, l->stretches);
    law_solver_push(&l->s);
    law_solver_assert(&l->s, l->terms.allow);
    law_solver_assert(&l->s, law_term_days(q, l->stretch[0], LAW_DAY_LAST));
    for (uint32_t i = 0; i < TUPLE; i++)
        if (q->domains.used >> tuple_facts[i] & 1)
            law_solver_assert(&l->s, q->known[tuple_facts[i]]);
    while (!err && ask(l, NULL) == LAW_SOME) {
        struct law_found m;
        char words[160];
        law_solver_found(&l->s, &m);
        Z3_ast tuple = tuple_of(l, &m, words, sizeof words);
        law_solver_push(&l->s);
        err = gaps_of(l, tuple, words, allowed);
        law_solver_pop(&l->s);
        law_solver_assert(&l->s, law_term_not(q, tuple));
    }
    law_solver_pop(&l->s);
    hbs_free(l->ctx, allowed);
    return err;
}

/* ---- The whole ---------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct hbs_law_finding *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    if (x->fault != y->fault)
        return x->fault < y->fault ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

static enum hbs_err whole(struct lint *l, const struct hbs_law_prove_options *options)
{
    enum hbs_err err = law_terms_open(&l->q, l->law, &l->terms);
    if (!err)
        err = law_solver_open(&l->q, options, &l->s);
    l->live = err ? NULL : hbs_alloc(l->ctx, l->law->rule_count + 1, sizeof *l->live);
    if (!err && !l->live)
        err = hbs_fail_memory(l->ctx, l->law->rule_count);
    for (uint32_t r = 0; r < l->law->rule_count && !err; r++)
        l->live[r] = l->terms.effect[r] != l->q.no;
    for (uint32_t r = 0; r < l->law->rule_count && !err; r++)
        err = one_rule(l, r);
    if (!err)
        err = gaps(l);
    if (!err)
        err = law_question_error(&l->q);
    l->out->checks = l->s.checks;
    hbs_free(l->ctx, l->live);
    hbs_free(l->ctx, l->stretch);
    law_solver_close(&l->s);
    law_terms_close(&l->q, &l->terms);
    return err;
}

enum hbs_err hbs_law_lint(struct hbs_ctx *ctx, const struct hbs_law *law, const struct hbs_law_prove_options *options,
                          struct hbs_law_lint *out)
{
    struct hbs_law_lint made = {.ctx = ctx, .complete = true};
    struct lint l = {.ctx = ctx, .law = law, .out = &made};
    struct law_domains domains;
    law_domains_open(ctx, &domains);
    enum hbs_err err = law_domains_read_articles(&domains);
    if (!err)
        err = law_domains_read_law(&domains, law);
    if (!err)
        err = law_domains_make(&domains);
    if (!err)
        err = law_question_open(ctx, &domains, &l.q);
    if (!err)
        err = whole(&l, options);
    if (l.q.z)
        law_question_close(&l.q);
    law_domains_close(&domains);
    if (err) {
        hbs_law_lint_close(&made);
        return err;
    }
    if (made.count)
        qsort(made.finding, made.count, sizeof *made.finding, by_place);
    *out = made;
    return HBS_OK;
}
