/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the smallest change of facts that turns a ruling, by the solver: exact, whatever the number
 * of changes. May touch: what it is given.
 *
 * Every fact has a term that says whether it differs from what was given. The fewest of those terms
 * that can be true while the ruling is the opposite is a maximum satisfiability problem with unit
 * weights (Fu and Malik, SAT 2006); with so few facts counting down is quick. Facts that no condition
 * reads turn nothing and are left alone.
 */
#include "prove_int.h"

#include "base/base_int.h"

struct turn {
    struct law_question *q;
    struct law_found given;               /* of the facts that conditions read */
    Z3_ast changed[HBS_FACT_COUNT];
};

static bool is_changed(const struct turn *t, const struct law_found *found, uint32_t f)
{
    bool before = t->given.known >> f & 1, now = found->known >> f & 1;
    return before != now || (now && t->given.value[f] != found->value[f]);
}

static uint32_t count_changed(const struct law_found *found, void *arg)
{
    const struct turn *t = arg;
    uint32_t n = 0;
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++)
        n += t->q->domains.used >> f & 1 && is_changed(t, found, f);
    return n;
}

static Z3_ast integer(struct law_question *q, int64_t value)
{
    return Z3_mk_int64(q->z, value, Z3_mk_int_sort(q->z));
}

/* Takes the given facts over as values of the unknowns, and says of each what a change is. */
static enum hbs_err take_given(struct turn *t, const struct hbs_facts *facts)
{
    struct law_question *q = t->q;
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++) {
        if (!(q->domains.used >> f & 1))
            continue;
        const struct hbs_fact_info *info = hbs_fact_info(f);
        t->changed[f] = q->known[f];
        if (!(facts->known >> f & 1))
            continue;
        int64_t value = facts->at[f];
        Z3_ast same;
        if (law_fact_is_text(f)) {
            const char *text = hbs_facts_string(facts, f);
            value = text ? law_domain_find(&q->domains, f, text) : -1;
            if (value < 0)
                return hbs_fail(q->ctx, HBS_ERR_USAGE, info->name, "set it with hbs_facts_set_string", "not a value of this fact");
            same = q->choice[f][value];
        } else if (info->type == HBS_FACT_BOOLEAN) {
            same = value ? q->value[f] : law_term_not(q, q->value[f]);
        } else {
            int64_t least = info->least, most = info->most;
            if (info->type == HBS_FACT_DATE) {
                value = value / LAW_DAY - (value % LAW_DAY < 0);
                least = LAW_DAY_FIRST;
                most = LAW_DAY_LAST;
            }
            if (value < least || value > most)
                return hbs_fail(q->ctx, HBS_ERR_USAGE, info->name, "give a value in its range", "not a value of this fact");
            same = Z3_mk_eq(q->z, q->value[f], integer(q, value));
        }
        t->given.known |= UINT64_C(1) << f;
        t->given.value[f] = value;
        t->changed[f] = law_term_not(q, law_term_and(q, q->known[f], same));
    }
    return HBS_OK;
}

/* Keeps `wish` if it can be had; false when the solver gave up. */
static bool prefer(struct law_solver *s, Z3_ast wish, struct law_found *found, bool *had)
{
    enum law_check c = law_solver_check(s, wish);
    if (c == LAW_SOME)
        law_solver_found(s, found);
    *had = c == LAW_SOME;
    law_solver_assert(s, *had ? wish : s->q->yes);
    return c != LAW_GAVE_UP;
}

/* The value nearest to the given one; of two as near the smaller. */
static bool nearest(struct law_solver *s, const struct turn *t, uint32_t f, struct law_found *found)
{
    struct law_question *q = t->q;
    Z3_ast base = integer(q, t->given.value[f]);
    Z3_ast up = Z3_mk_sub(q->z, 2, (Z3_ast[]){q->value[f], base}), down = Z3_mk_sub(q->z, 2, (Z3_ast[]){base, q->value[f]});
    Z3_ast distance = Z3_mk_ite(q->z, Z3_mk_ge(q->z, up, integer(q, 0)), up, down);
    int64_t low = 1;
    for (;;) {
        int64_t far = found->value[f] - t->given.value[f];
        far = far < 0 ? -far : far;
        if (far <= low)
            break;
        int64_t half = low + (far - low) / 2;
        enum law_check c = law_solver_check(s, Z3_mk_le(q->z, distance, integer(q, half)));
        if (c == LAW_GAVE_UP)
            return false;
        if (c == LAW_SOME)
            law_solver_found(s, found);
        else
            low = half + 1;
    }
    law_solver_assert(s, Z3_mk_le(q->z, distance, integer(q, low)));
    bool had;
    return prefer(s, Z3_mk_le(q->z, q->value[f], base), found, &had);
}

/* Fixes fact f at the least change that it can have. */
static bool least_change(struct law_solver *s, const struct turn *t, uint32_t f, struct law_found *found)
{
    struct law_question *q = t->q;
    bool had = false, given = t->given.known >> f & 1;
    if (!prefer(s, law_term_not(q, t->changed[f]), found, &had))
        return false;
    if (had)
        return true;
    if (given) {
        if (!prefer(s, law_term_not(q, q->known[f]), found, &had))
            return false;
        if (had)
            return true;
    }
    const struct hbs_fact_info *info = hbs_fact_info(f);
    if (law_fact_is_text(f)) {
        while (found->value[f] > 0) {
            enum law_check c = law_solver_check(s, law_term_any(q, q->choice[f], (uint32_t)found->value[f]));
            if (c == LAW_GAVE_UP)
                return false;
            if (c == LAW_NONE)
                break;
            law_solver_found(s, found);
        }
        law_solver_assert(s, q->choice[f][found->value[f]]);
        return true;
    }
    if (info->type == HBS_FACT_BOOLEAN)
        return prefer(s, law_term_not(q, q->value[f]), found, &had);
    if (given)
        return nearest(s, t, f, found);
    return law_solver_least(s, q->value[f], info->type == HBS_FACT_DATE ? LAW_DAY_FIRST : info->least, found, &found->value[f]);
}

/* The given facts with the changes of `found`. */
static enum hbs_err apply(struct turn *t, const struct law_found *found, struct hbs_law_turned *out)
{
    struct hbs_facts whole;
    int64_t on;
    enum hbs_err err = law_found_facts(t->q, found, &whole, &on);
    for (uint32_t f = 0; f < HBS_FACT_COUNT && !err; f++) {
        if (!(t->q->domains.used >> f & 1) || !is_changed(t, found, f))
            continue;
        out->changed |= UINT64_C(1) << f;
        if (!(whole.known >> f & 1))
            hbs_facts_forget(&out->facts, f);
        else if (law_fact_is_text(f))
            err = hbs_facts_set_string(t->q->ctx, &out->facts, f, hbs_facts_string(&whole, f));
        else
            err = hbs_facts_set_number(t->q->ctx, &out->facts, f, whole.at[f]);
    }
    return err;
}

static enum hbs_err turn(struct turn *t, const struct hbs_law *law, const struct hbs_facts *facts, int64_t on,
                         uint64_t fixed, const struct hbs_law_prove_options *options, struct hbs_law_turned *out)
{
    struct law_question *q = t->q;
    struct law_terms terms = {0};
    struct law_solver s = {0};
    struct hbs_ruling before, after;
    struct law_found found;
    Z3_ast changed[HBS_FACT_COUNT];
    uint32_t count = 0;
    hbs_law_rule(law, facts, on, &before);
    enum hbs_err err = law_terms_open(q, law, &terms);
    if (!err)
        err = take_given(t, facts);
    if (!err)
        err = law_solver_open(q, options, &s);
    if (err)
        goto done;
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++) {
        if (!(q->domains.used >> f & 1))
            continue;
        changed[count++] = t->changed[f];
        if (fixed >> f & 1)
            law_solver_assert(&s, law_term_not(q, t->changed[f]));
    }
    law_solver_assert(&s, law_term_days(q, on / LAW_DAY - (on % LAW_DAY < 0), on / LAW_DAY - (on % LAW_DAY < 0)));
    law_solver_assert(&s, before.allow ? law_term_not(q, terms.allow) : terms.allow);
    enum law_check c = law_solver_check(&s, NULL);
    out->answer = c == LAW_NONE ? HBS_LAW_PROVED : c == LAW_SOME ? HBS_LAW_REFUTED : HBS_LAW_UNDECIDED;
    if (c == LAW_SOME) {
        law_solver_found(&s, &found);
        bool done = law_solver_fewest(&s, changed, count, count_changed, t, &found);
        for (uint32_t f = 0; f < HBS_FACT_COUNT && done; f++)
            if (q->domains.used >> f & 1)
                done = least_change(&s, t, f, &found);
        out->smallest = done;
        err = apply(t, &found, out);
        if (!err) {
            hbs_law_rule(law, &out->facts, on, &after);
            if (after.allow == before.allow)
                err = hbs_fail(q->ctx, HBS_ERR_BUG, "facts", "report it with the pack and the facts",
                               "the prover found a change that does not turn the ruling");
        }
    }
    out->checks = s.checks;
    if (!err)
        err = law_question_error(q);
done:
    law_solver_close(&s);
    law_terms_close(q, &terms);
    return err;
}

enum hbs_err hbs_law_turn_exactly(struct hbs_ctx *ctx, const struct hbs_law *law, const struct hbs_facts *facts, int64_t on,
                                  uint64_t fixed, const struct hbs_law_prove_options *options,
                                  struct hbs_law_turned *out)
{
    struct law_domains domains;
    struct law_question q = {0};
    struct hbs_law_turned turned = {.facts = *facts};
    struct turn t = {.q = &q};
    if (on % LAW_DAY || on / LAW_DAY < LAW_DAY_FIRST || on / LAW_DAY > LAW_DAY_LAST)
        return hbs_fail(ctx, HBS_ERR_USAGE, "on", "give a date from 1900 to 2199", "not a date of the calendar");
    law_domains_open(ctx, &domains);
    enum hbs_err err = law_domains_read_articles(&domains);
    if (!err)
        err = law_domains_read_law(&domains, law);
    /* what the facts say are values too; but only of facts that conditions read */
    for (uint32_t f = 0; f < HBS_FACT_COUNT && !err; f++)
        if (domains.used >> f & 1 && law_fact_is_text(f) && hbs_facts_string(facts, f))
            err = law_domains_name(&domains, f, hbs_facts_string(facts, f));
    if (!err)
        err = law_domains_make(&domains);
    if (!err)
        err = law_question_open(ctx, &domains, &q);
    if (!err)
        err = turn(&t, law, facts, on, fixed, options, &turned);
    if (!err)
        *out = turned;
    if (q.z)
        law_question_close(&q);
    law_domains_close(&domains);
    return err;
}
