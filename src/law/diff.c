/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: what two packs rule differently, act by act, and what follows differently where both allow:
 * obligations, end, threshold. May touch: what it is given.
 *
 * For each direction the solver is asked for an act that one pack allows and the other refuses; its
 * act, modality and purpose are noted with the smallest example, then left out, until there are none:
 * what is not listed is ruled alike on all facts and dates. Ends are compared as the packs make them: the
 * earliest among the permits that hold, months and years by the calendar. Of two spans of one kind
 * (hours and days; months and years) one is always the shorter; of two kinds it depends on the day,
 * and the days are listed for the solver.
 */
#include "prove_int.h"

#include "base/base_int.h"

#include <stdlib.h>

enum { TRIPLE = 3, SPANS_MAX = 512 };

struct diff {
    struct hbs_ctx *ctx;
    const struct hbs_law *law[2];     /* before, after */
    struct law_question q;
    struct law_terms terms[2];
    struct law_solver s;
    uint32_t capacity;
    struct hbs_law_diff *out;
};

static const enum hbs_fact triple[TRIPLE] = {HBS_FACT_ACT, HBS_FACT_MODALITY, HBS_FACT_PURPOSE};

static enum law_check ask(struct diff *d, Z3_ast a)
{
    enum law_check c = law_solver_check(&d->s, a);
    if (c == LAW_GAVE_UP)
        d->out->complete = false;
    return c;
}

/* ---- Who may do what ----------------------------------------------------------------------------- */

/* The name of the list that is the fact's value: it lives as long as the library. */
static const char *name_in(const struct law_question *q, const struct law_found *m, enum hbs_fact f)
{
    if (!(m->known >> f & 1))
        return NULL;
    const char *const *n = hbs_fact_info(f)->names;
    while (n && *n && strcmp(*n, q->domains.of[f].value[m->value[f]]))
        n++;
    return n ? *n : NULL;
}

static Z3_ast triple_of(struct law_question *q, const struct law_found *m)
{
    Z3_ast all = q->yes;
    for (uint32_t i = 0; i < TRIPLE; i++) {
        enum hbs_fact f = triple[i];
        if (q->domains.used >> f & 1)
            all = law_term_and(q, all, m->known >> f & 1 ? q->choice[f][m->value[f]] : law_term_not(q, q->known[f]));
    }
    return all;
}

/* Where the name stands in its list; an unknown one before all. */
static int place(enum hbs_fact f, const char *name)
{
    int i = 0;
    const char *const *names = hbs_fact_info(f)->names;
    while (name && names[i] && strcmp(names[i], name))
        i++;
    return name ? i : -1;
}

static int by_triple(const void *a, const void *b)
{
    const struct hbs_law_change *x = a, *y = b;
    int d = place(HBS_FACT_ACT, x->act) - place(HBS_FACT_ACT, y->act);
    if (!d)
        d = place(HBS_FACT_MODALITY, x->modality) - place(HBS_FACT_MODALITY, y->modality);
    return d ? d : place(HBS_FACT_PURPOSE, x->purpose) - place(HBS_FACT_PURPOSE, y->purpose);
}

static bool same(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

/* The change with these names: the one that is there, or a new one. */
static struct hbs_law_change *change(struct diff *d, const struct law_found *m, enum hbs_err *err)
{
    const char *name[TRIPLE];
    for (uint32_t i = 0; i < TRIPLE; i++)
        name[i] = name_in(&d->q, m, triple[i]);
    for (uint32_t i = 0; i < d->out->count; i++) {
        struct hbs_law_change *c = &d->out->change[i];
        if (same(c->act, name[0]) && same(c->modality, name[1]) && same(c->purpose, name[2]))
            return c;
    }
    if (d->out->count == d->capacity) { /* at most one for each triple of closed lists */
        uint32_t more = d->capacity ? 2 * d->capacity : 16;
        struct hbs_law_change *p = hbs_resize(d->ctx, d->out->change, more * sizeof *p);
        if (!p) {
            *err = hbs_fail_memory(d->ctx, more * sizeof *p);
            return NULL;
        }
        d->out->change = p;
        d->capacity = more;
    }
    struct hbs_law_change *c = &d->out->change[d->out->count++];
    *c = (struct hbs_law_change){.act = name[0], .modality = name[1], .purpose = name[2]};
    return c;
}

/* Both packs are asked about the example: `allows` says which of them must allow. */
static enum hbs_err confirm(struct diff *d, const struct hbs_law_example *e, bool before, bool after)
{
    struct hbs_ruling r[2];
    for (uint32_t i = 0; i < 2; i++)
        hbs_law_rule(d->law[i], &e->facts, e->on, &r[i]);
    if (r[0].allow == before && r[1].allow == after)
        return HBS_OK;
    return hbs_fail(d->ctx, HBS_ERR_BUG, "diff", "report it with both packs",
                    "the prover found a difference that the rulings do not confirm");
}

/* All triples that pack `allows` allows and the other refuses. */
static enum hbs_err changes(struct diff *d, uint32_t allows)
{
    struct law_question *q = &d->q;
    enum hbs_err err = HBS_OK;
    law_solver_push(&d->s);
    law_solver_assert(&d->s, law_term_and(q, d->terms[allows].allow, law_term_not(q, d->terms[!allows].allow)));
    while (!err && ask(d, NULL) == LAW_SOME) {
        struct law_found m;
        law_solver_found(&d->s, &m);
        Z3_ast this = triple_of(q, &m);
        struct hbs_law_change *c = change(d, &m, &err);
        if (err)
            break;
        struct hbs_law_example *e = allows ? &c->allowed : &c->refused;
        law_solver_push(&d->s);
        law_solver_assert(&d->s, this);
        if (ask(d, NULL) == LAW_SOME) {
            err = law_solver_smallest(&d->s, e);
            if (!err)
                err = confirm(d, e, !allows, allows);
            *(allows ? &c->allows : &c->refuses) = true;
        }
        law_solver_pop(&d->s);
        law_solver_assert(&d->s, law_term_not(q, this));
    }
    law_solver_pop(&d->s);
    return err;
}

/* ---- What follows -------------------------------------------------------------------------------- */

/* Some permit of the pack holds for which `want` says yes. */
static Z3_ast some_permit(struct diff *d, uint32_t side, bool (*want)(const struct law_rule *, const void *), const void *arg)
{
    struct law_question *q = &d->q;
    Z3_ast any = q->no;
    for (uint32_t r = 0; r < d->law[side]->rule_count; r++) {
        const struct law_rule *rule = &d->law[side]->rules[r];
        if (!rule->forbids && want(rule, arg))
            any = law_term_or(q, any, law_terms_holds(q, &d->terms[side], r));
    }
    return any;
}

static Z3_ast differ(struct law_question *q, Z3_ast a, Z3_ast b)
{
    return a == b ? q->no : Z3_mk_xor(q->z, a, b);
}

/* The permit obliges: it holds and the obligation's condition, if there is one, holds or errs. */
static Z3_ast obliges(struct diff *d, uint32_t side, enum hbs_obligation what)
{
    struct law_question *q = &d->q;
    const struct law_terms *t = &d->terms[side];
    const struct hbs_law *law = d->law[side];
    Z3_ast any = q->no;
    for (uint32_t r = 0; r < law->rule_count; r++) {
        const struct law_rule *rule = &law->rules[r];
        for (uint32_t o = 0; o < rule->obligation_count && !rule->forbids; o++) {
            if (rule->obligations[o].what != what)
                continue;
            Z3_ast of[1 + LAW_STATUSES];
            for (uint32_t v = 0; v < t->views; v++) {
                of[v] = t->rails[v * law->rule_count + r].is_true;
                if (rule->obligations[o].when) {
                    struct law_rails when = law_term(q, rule->obligations[o].when, v ? q->status[v - 1] : NULL);
                    of[v] = law_term_and(q, of[v], law_term_not(q, when.is_false));
                }
            }
            Z3_ast one = t->views > 1 ? law_by_status(q, of, false) : of[0];
            any = law_term_or(q, any, law_term_and(q, t->effect[r], one));
        }
    }
    if (what == HBS_OBLIGE_FOREIGN_DATA_CHECK && q->domains.used >> HBS_FACT_ACT & 1) { /* article 7 */
        int import = law_domain_find(&q->domains, HBS_FACT_ACT, "import");
        if (import >= 0)
            any = law_term_or(q, any, q->choice[HBS_FACT_ACT][import]);
    }
    return any;
}

static bool ends_with(const struct law_rule *rule, const void *event)
{
    for (uint32_t i = 0; i < rule->events.count; i++)
        if (!strcmp(rule->events.name[i], event))
            return true;
    return false;
}

static bool within_hours(const struct law_rule *rule, const void *hours)
{
    return rule->keeps.unit == LAW_HOURS && rule->keeps.count <= *(const int64_t *)hours;
}

static bool has_span(const struct law_rule *rule, const void *span)
{
    const struct law_span *s = span;
    return rule->has_keeps && rule->keeps.unit == s->unit && rule->keeps.count == s->count;
}

static bool reaches(const struct law_rule *rule, const void *threshold)
{
    return rule->has_threshold && rule->threshold >= *(const int32_t *)threshold;
}

/* The days on which span a ends before span b. */
static Z3_ast ends_before(struct diff *d, struct law_span a, struct law_span b)
{
    struct law_question *q = &d->q;
    bool fixed_a = a.unit == LAW_HOURS || a.unit == LAW_DAYS, fixed_b = b.unit == LAW_HOURS || b.unit == LAW_DAYS;
    if (fixed_a == fixed_b)
        return law_span_end(0, a) < law_span_end(0, b) ? q->yes : q->no;
    Z3_ast any = q->no, pending[64];
    uint32_t n = 0;
    int64_t first = 0;
    bool open = false;
    for (int64_t day = LAW_DAY_FIRST; day <= LAW_DAY_LAST + 1; day++) {
        bool before = day <= LAW_DAY_LAST && law_span_end(day * LAW_DAY, a) < law_span_end(day * LAW_DAY, b);
        if (before && !open)
            first = day;
        if (!before && open)
            pending[n++] = first == LAW_DAY_FIRST && day > LAW_DAY_LAST ? q->yes : law_term_days(q, first, day - 1);
        open = before;
        if (n == HBS_COUNT(pending) || day > LAW_DAY_LAST) {
            any = law_term_or(q, any, law_term_any(q, pending, n));
            n = 0;
        }
    }
    return any;
}

struct spans {
    struct law_span at[SPANS_MAX];
    Z3_ast holds[SPANS_MAX];
    uint32_t count;
};

static enum hbs_err spans_of(struct diff *d, uint32_t side, struct spans *out)
{
    for (uint32_t r = 0; r < d->law[side]->rule_count; r++) {
        const struct law_rule *rule = &d->law[side]->rules[r];
        uint32_t i = 0;
        while (i < out->count && !has_span(rule, &out->at[i]))
            i++;
        if (rule->forbids || i < out->count)
            continue;
        if (out->count == SPANS_MAX)
            return hbs_fail(d->ctx, HBS_ERR_LIMIT, rule->id, "use fewer", "more than %d different retentions", SPANS_MAX);
        out->at[out->count] = rule->keeps;
        out->holds[out->count] = some_permit(d, side, has_span, &rule->keeps);
        out->count++;
    }
    return HBS_OK;
}

/* Some span of `a` holds that ends before all of `b` that hold. */
static Z3_ast ends_first(struct diff *d, const struct spans *a, const struct spans *b)
{
    struct law_question *q = &d->q;
    Z3_ast any = q->no;
    for (uint32_t i = 0; i < a->count; i++) {
        Z3_ast first = a->holds[i];
        for (uint32_t k = 0; k < b->count && first != q->no; k++)
            first = law_term_and(q, first, law_term_or(q, law_term_not(q, b->holds[k]), ends_before(d, a->at[i], b->at[k])));
        any = law_term_or(q, any, first);
    }
    return any;
}

/* The end differs: its date, its hours, or the events that bring it sooner. */
static enum hbs_err end_differs(struct diff *d, Z3_ast *out)
{
    struct law_question *q = &d->q;
    Z3_ast any = q->no;
    enum hbs_err err = HBS_OK;
    struct spans *s = hbs_alloc(d->ctx, 2, sizeof *s);
    if (!s)
        return hbs_fail_memory(d->ctx, 2 * sizeof *s);
    for (uint32_t side = 0; side < 2 && !err; side++) {
        err = spans_of(d, side, &s[side]);
        const struct hbs_law *law = d->law[side];
        for (uint32_t i = 0; i < law->event_count; i++)
            any = law_term_or(q, any, differ(q, some_permit(d, 0, ends_with, law->events[i].name),
                                             some_permit(d, 1, ends_with, law->events[i].name)));
        for (uint32_t i = 0; i < s[side].count; i++)
            if (s[side].at[i].unit == LAW_HOURS)
                any = law_term_or(q, any, differ(q, some_permit(d, 0, within_hours, &s[side].at[i].count),
                                                 some_permit(d, 1, within_hours, &s[side].at[i].count)));
    }
    for (uint32_t side = 0; side < 2 && !err; side++)
        any = law_term_or(q, any, ends_first(d, &s[side], &s[!side]));
    hbs_free(d->ctx, s);
    *out = any;
    return err;
}

static Z3_ast threshold_differs(struct diff *d)
{
    struct law_question *q = &d->q;
    Z3_ast any = q->no;
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t r = 0; r < d->law[side]->rule_count; r++) {
            const struct law_rule *rule = &d->law[side]->rules[r];
            if (!rule->forbids && rule->has_threshold)
                any = law_term_or(q, any, differ(q, some_permit(d, 0, reaches, &rule->threshold),
                                                 some_permit(d, 1, reaches, &rule->threshold)));
        }
    return any;
}

enum aspect { OBLIGATIONS, END, THRESHOLD };

static bool same_end(const struct hbs_ruling *a, const struct hbs_ruling *b)
{
    bool equal = a->end == b->end && a->end_seconds == b->end_seconds && a->events == b->events;
    for (uint32_t i = 0; i < a->events && equal; i++) {
        uint32_t k = 0;
        while (k < b->events && strcmp(a->event[i], b->event[k]))
            k++;
        equal = k < b->events;
    }
    return equal;
}

/* An example on which both allow and `a` says that something else follows; asked of both packs. */
static enum hbs_err follows(struct diff *d, Z3_ast a, enum aspect aspect, struct hbs_law_difference *out)
{
    enum hbs_err err = HBS_OK;
    law_solver_push(&d->s);
    law_solver_assert(&d->s, law_term_and(&d->q, d->terms[0].allow, d->terms[1].allow));
    law_solver_assert(&d->s, a);
    if (ask(d, NULL) == LAW_SOME) {
        err = law_solver_smallest(&d->s, &out->example);
        out->differs = true;
        if (!err)
            err = confirm(d, &out->example, true, true);
    }
    law_solver_pop(&d->s);
    if (err || !out->differs)
        return err;
    struct hbs_ruling r[2];
    for (uint32_t i = 0; i < 2; i++)
        hbs_law_rule(d->law[i], &out->example.facts, out->example.on, &r[i]);
    bool equal = aspect == OBLIGATIONS ? r[0].obliged == r[1].obliged
                 : aspect == END       ? same_end(&r[0], &r[1])
                                       : r[0].has_threshold == r[1].has_threshold && r[0].threshold == r[1].threshold;
    return equal ? hbs_fail(d->ctx, HBS_ERR_BUG, "diff", "report it with both packs",
                            "the prover found a difference that the rulings do not confirm")
                 : HBS_OK;
}

/* ---- The whole ------------------------------------------------------------------------------------ */

static enum hbs_err whole(struct diff *d, const struct hbs_law_prove_options *options)
{
    struct law_question *q = &d->q;
    Z3_ast obligation = q->no, end = NULL;
    enum hbs_err err = HBS_OK;
    for (uint32_t i = 0; i < 2 && !err; i++)
        err = law_terms_open(q, d->law[i], &d->terms[i]);
    if (!err)
        err = law_solver_open(q, options, &d->s);
    for (uint32_t i = 0; i < 2 && !err; i++)
        err = changes(d, i);
    for (uint32_t o = 0; o < HBS_OBLIGE_COUNT && !err; o++)
        obligation = law_term_or(q, obligation, differ(q, obliges(d, 0, o), obliges(d, 1, o)));
    if (!err)
        err = follows(d, obligation, OBLIGATIONS, &d->out->obligations);
    if (!err)
        err = end_differs(d, &end);
    if (!err)
        err = follows(d, end, END, &d->out->end);
    if (!err)
        err = follows(d, threshold_differs(d), THRESHOLD, &d->out->threshold);
    if (!err)
        err = law_question_error(q);
    d->out->checks = d->s.checks;
    law_solver_close(&d->s);
    for (uint32_t i = 0; i < 2; i++)
        law_terms_close(q, &d->terms[i]);
    return err;
}

enum hbs_err hbs_law_diff(struct hbs_ctx *ctx, const struct hbs_law *before, const struct hbs_law *after,
                          const struct hbs_law_prove_options *options, struct hbs_law_diff *out)
{
    struct hbs_law_diff made = {.ctx = ctx, .complete = true};
    struct diff d = {.ctx = ctx, .law = {before, after}, .out = &made};
    struct law_domains domains;
    law_domains_open(ctx, &domains);
    enum hbs_err err = law_domains_read_articles(&domains);
    for (uint32_t i = 0; i < 2 && !err; i++)
        err = law_domains_read_law(&domains, d.law[i]);
    if (!err)
        err = law_domains_make(&domains);
    if (!err)
        err = law_question_open(ctx, &domains, &d.q);
    if (!err)
        err = whole(&d, options);
    if (d.q.z)
        law_question_close(&d.q);
    law_domains_close(&domains);
    if (err) {
        hbs_law_diff_close(&made);
        return err;
    }
    if (made.count)
        qsort(made.change, made.count, sizeof *made.change, by_triple);
    *out = made;
    return HBS_OK;
}
