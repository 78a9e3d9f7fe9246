/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: asking the solver, and finding the smallest answer. May touch: libz3 and the clock.
 *
 * The smallest answer is found by asking again: first for fewer known facts until there is none with
 * fewer, then fact by fact for unknown and for a smaller value, each answer fixed before the next
 * question. Every step that is kept was answered "none smaller" by the solver, so the result is the
 * least in the total order of hbs_law_example, whichever models the solver happened upon; and what was
 * found so far is at hand when time is up. Z3's own optimiser (nuZ, TACAS 2015) takes as long, but with
 * so many goals in order its answer was not always the least (version 4.8.12): see
 * docs/decisions/law-proofs.md. tests/test_law_proof.c asks it too: it never finds a smaller one.
 * Questions beyond the assertions are put as assumptions, so that what was learnt is kept.
 */
#include "prove_int.h"

#include "base/base_int.h"

enum hbs_err law_solver_open(struct law_question *q, const struct hbs_law_prove_options *options,
                             struct law_solver *out)
{
    struct law_solver s = {.q = q};
    double seconds = options && options->seconds > 0 ? options->seconds : HBS_LAW_SECONDS;
    s.deadline = hbs_clock_wall() + seconds;
    s.s = Z3_mk_simple_solver(q->z);
    if (!s.s)
        return law_question_error(q);
    Z3_solver_inc_ref(q->z, s.s);
    law_solver_assert(&s, law_question_bounds(q));
    *out = s;
    return law_question_error(q);
}

void law_solver_close(struct law_solver *s)
{
    if (!s->s)
        return;
    if (s->model)
        Z3_model_dec_ref(s->q->z, s->model);
    Z3_solver_dec_ref(s->q->z, s->s);
    s->s = NULL;
    s->model = NULL;
}

void law_solver_assert(struct law_solver *s, Z3_ast a) { Z3_solver_assert(s->q->z, s->s, a); }
void law_solver_push(struct law_solver *s) { Z3_solver_push(s->q->z, s->s); }
void law_solver_pop(struct law_solver *s) { Z3_solver_pop(s->q->z, s->s, 1); }

enum law_check law_solver_check(struct law_solver *s, Z3_ast also)
{
    Z3_context z = s->q->z;
    double left = (s->deadline - hbs_clock_wall()) * 1000;
    if (left < 1)
        return LAW_GAVE_UP;
    Z3_params p = Z3_mk_params(z);
    Z3_params_inc_ref(z, p);
    Z3_params_set_uint(z, p, Z3_mk_string_symbol(z, "timeout"), left > 4e9 ? 4000000000u : (unsigned)left);
    Z3_params_set_uint(z, p, Z3_mk_string_symbol(z, "random_seed"), 0);
    Z3_params_set_bool(z, p, Z3_mk_string_symbol(z, "ctrl_c"), false); /* signals are the program's */
    Z3_solver_set_params(z, s->s, p);
    Z3_params_dec_ref(z, p);
    Z3_ast assumption = NULL;
    if (also) {
        assumption = Z3_mk_fresh_const(z, "ask", Z3_mk_bool_sort(z));
        law_solver_assert(s, Z3_mk_implies(z, assumption, also));
    }
    s->checks++;
    Z3_lbool answer = Z3_solver_check_assumptions(z, s->s, also ? 1 : 0, &assumption);
    if (answer == Z3_L_FALSE)
        return LAW_NONE;
    if (answer == Z3_L_UNDEF)
        return LAW_GAVE_UP;
    Z3_model model = Z3_solver_get_model(z, s->s);
    if (!model)
        return LAW_GAVE_UP;
    Z3_model_inc_ref(z, model);
    if (s->model)
        Z3_model_dec_ref(z, s->model);
    s->model = model;
    return LAW_SOME;
}

/* ---- Models ----------------------------------------------------------------------------------- */

static bool model_bool(struct law_solver *s, Z3_ast a)
{
    Z3_ast v = NULL;
    return Z3_model_eval(s->q->z, s->model, a, true, &v) && v && Z3_get_bool_value(s->q->z, v) == Z3_L_TRUE;
}

static int64_t model_number(struct law_solver *s, Z3_ast a)
{
    Z3_ast v = NULL;
    int64_t n = 0;
    if (Z3_model_eval(s->q->z, s->model, a, true, &v) && v)
        (void)!Z3_get_numeral_int64(s->q->z, v, &n);
    return n;
}

void law_solver_found(struct law_solver *s, struct law_found *out)
{
    struct law_question *q = s->q;
    *out = (struct law_found){.day = model_number(s, q->day)};
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++) {
        if (!(q->domains.used >> f & 1) || !model_bool(s, q->known[f]))
            continue;
        out->known |= UINT64_C(1) << f;
        if (law_fact_is_text(f)) {
            uint32_t i = 0;
            while (i + 1 < q->domains.of[f].count && !model_bool(s, q->choice[f][i]))
                i++;
            out->value[f] = i;
        } else {
            out->value[f] = hbs_fact_info(f)->type == HBS_FACT_BOOLEAN ? model_bool(s, q->value[f])
                                                                      : model_number(s, q->value[f]);
        }
    }
}

enum hbs_err law_found_facts(struct law_question *q, const struct law_found *found, struct hbs_facts *facts, int64_t *on)
{
    enum hbs_err err = HBS_OK;
    hbs_facts_clear(facts);
    for (uint32_t f = 0; f < HBS_FACT_COUNT && !err; f++) {
        if (!(found->known >> f & 1))
            continue;
        if (law_fact_is_text(f))
            err = hbs_facts_set_string(q->ctx, facts, f, q->domains.of[f].value[found->value[f]]);
        else
            err = hbs_facts_set_number(q->ctx, facts, f,
                                       hbs_fact_info(f)->type == HBS_FACT_DATE ? found->value[f] * LAW_DAY : found->value[f]);
    }
    *on = found->day * LAW_DAY;
    return err;
}

/* ---- The smallest ------------------------------------------------------------------------------ */

static Z3_ast at_most(struct law_question *q, Z3_ast value, int64_t most)
{
    return Z3_mk_le(q->z, value, Z3_mk_int64(q->z, most, Z3_mk_int_sort(q->z)));
}

/* Fixes `*value` of an integer term at its least, by halving; false when the solver gave up. */
bool law_solver_least(struct law_solver *s, Z3_ast term, int64_t least, struct law_found *found, int64_t *value)
{
    while (*value > least) {
        int64_t half = least + (*value - least) / 2;
        enum law_check c = law_solver_check(s, at_most(s->q, term, half));
        if (c == LAW_GAVE_UP)
            return false;
        if (c == LAW_SOME)
            law_solver_found(s, found); /* `value` points into it: now at most half */
        else
            least = half + 1;
    }
    law_solver_assert(s, at_most(s->q, term, *value));
    return true;
}

static bool least_choice(struct law_solver *s, enum hbs_fact f, struct law_found *found)
{
    struct law_question *q = s->q;
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

/* Fixes fact f at the least that it can be. */
static bool least_fact(struct law_solver *s, enum hbs_fact f, struct law_found *found)
{
    struct law_question *q = s->q;
    if (found->known >> f & 1) {
        enum law_check c = law_solver_check(s, law_term_not(q, q->known[f]));
        if (c == LAW_GAVE_UP)
            return false;
        if (c == LAW_SOME)
            law_solver_found(s, found);
    }
    bool known = found->known >> f & 1;
    law_solver_assert(s, known ? q->known[f] : law_term_not(q, q->known[f]));
    if (!known)
        return true;
    const struct hbs_fact_info *info = hbs_fact_info(f);
    if (law_fact_is_text(f))
        return least_choice(s, f, found);
    if (info->type != HBS_FACT_BOOLEAN)
        return law_solver_least(s, q->value[f], info->type == HBS_FACT_DATE ? LAW_DAY_FIRST : info->least, found,
                                &found->value[f]);
    if (found->value[f]) {
        enum law_check c = law_solver_check(s, law_term_not(q, q->value[f]));
        if (c == LAW_GAVE_UP)
            return false;
        if (c == LAW_SOME)
            law_solver_found(s, found);
    }
    law_solver_assert(s, found->value[f] ? q->value[f] : law_term_not(q, q->value[f]));
    return true;
}

bool law_solver_fewest(struct law_solver *s, const Z3_ast *of, uint32_t count, uint32_t (*counted)(const struct law_found *, void *),
                       void *arg, struct law_found *found)
{
    Z3_context z = s->q->z;
    for (uint32_t n; (n = counted(found, arg)) > 0;) {
        enum law_check c = law_solver_check(s, Z3_mk_atmost(z, count, of, n - 1));
        if (c == LAW_GAVE_UP)
            return false;
        if (c == LAW_NONE)
            break;
        law_solver_found(s, found);
    }
    if (counted(found, arg) < count)
        law_solver_assert(s, Z3_mk_atmost(z, count, of, counted(found, arg)));
    return true;
}

static uint32_t count_known(const struct law_found *found, void *arg)
{
    (void)arg;
    return (uint32_t)__builtin_popcountll(found->known);
}

enum hbs_err law_solver_smallest(struct law_solver *s, struct hbs_law_example *out)
{
    struct law_question *q = s->q;
    struct law_found found;
    Z3_ast known[HBS_FACT_COUNT];
    uint32_t count = 0;
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++)
        if (q->domains.used >> f & 1)
            known[count++] = q->known[f];
    law_solver_found(s, &found);
    law_solver_push(s);
    bool done = !count || law_solver_fewest(s, known, count, count_known, NULL, &found);
    for (uint32_t f = 0; f < HBS_FACT_COUNT && done; f++)
        if (q->domains.used >> f & 1)
            done = least_fact(s, f, &found);
    done = done && law_solver_least(s, q->day, LAW_DAY_FIRST, &found, &found.day);
    law_solver_pop(s);
    enum hbs_err err = law_question_error(q);
    if (!err)
        err = law_found_facts(q, &found, &out->facts, &out->on);
    out->smallest = done;
    return err;
}
