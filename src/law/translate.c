/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: conditions and rulings as terms of the solver. May touch: libz3, nothing else outside.
 *
 * The terms say what eval.c and ruling.c do, unknown facts, errors and 64-bit overflow included; the
 * two are compared on a million random questions (tests/test_law_proof.c). Integers are the solver's
 * unbounded ones: where a sum could leave 64 bits, that it does is the error. String facts are one
 * boolean for each value (domain.c), dates are whole days, and whether a rule has effect is a set of
 * intervals of days, found by asking law_has_effect at every date where its answer can change.
 * Method: Kleene's strong three-valued logic in two bits a condition; CEL, langdef "Logical Operators".
 */
#include "prove_int.h"

#include "base/base_int.h"

#include <stdio.h>
#include <stdlib.h>

/* Z3's handler gets no pointer of ours; a question belongs to one thread. */
static _Thread_local Z3_error_code complaint;

static void complain(Z3_context z, Z3_error_code code)
{
    (void)z;
    if (complaint == Z3_OK)
        complaint = code;
}

enum hbs_err law_question_error(struct law_question *q)
{
    if (complaint == Z3_OK)
        return HBS_OK;
    if (complaint == Z3_MEMOUT_FAIL)
        return hbs_fail(q->ctx, HBS_ERR_NO_MEMORY, "", "free some memory and try again", "the solver has no memory");
    return hbs_fail(q->ctx, HBS_ERR_BUG, "", "report it with the pack and the command", "the solver says: %s",
                    Z3_get_error_msg(q->z, complaint));
}

/* ---- Small terms, folded where they are constant ---------------------------------------------- */

Z3_ast law_term_not(struct law_question *q, Z3_ast a)
{
    return a == q->yes ? q->no : a == q->no ? q->yes : Z3_mk_not(q->z, a);
}

Z3_ast law_term_and(struct law_question *q, Z3_ast a, Z3_ast b) { return law_term_all(q, (Z3_ast[]){a, b}, 2); }
Z3_ast law_term_or(struct law_question *q, Z3_ast a, Z3_ast b) { return law_term_any(q, (Z3_ast[]){a, b}, 2); }

/* `decides` is the value that settles it: no for "and", yes for "or". */
static Z3_ast all_of(struct law_question *q, const Z3_ast *a, uint32_t count, Z3_ast decides)
{
    Z3_ast other = decides == q->yes ? q->no : q->yes;
    Z3_ast few[16], *list = few, result = other;
    uint32_t n = 0;
    if (count > HBS_COUNT(few)) {
        list = hbs_alloc(q->ctx, count, sizeof *list);
        if (!list) {
            complain(q->z, Z3_MEMOUT_FAIL);
            return decides;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (a[i] == decides) {
            n = 0;
            result = decides;
            break;
        }
        if (a[i] != other && (!n || list[n - 1] != a[i]))
            list[n++] = a[i];
    }
    if (n == 1)
        result = list[0];
    else if (n)
        result = decides == q->no ? Z3_mk_and(q->z, n, list) : Z3_mk_or(q->z, n, list);
    if (list != few)
        hbs_free(q->ctx, list);
    return result;
}

Z3_ast law_term_all(struct law_question *q, const Z3_ast *a, uint32_t count) { return all_of(q, a, count, q->no); }
Z3_ast law_term_any(struct law_question *q, const Z3_ast *a, uint32_t count) { return all_of(q, a, count, q->yes); }

static Z3_ast number(struct law_question *q, int64_t value)
{
    return Z3_mk_int64(q->z, value, Z3_mk_int_sort(q->z));
}

Z3_ast law_term_days(struct law_question *q, int64_t first, int64_t last)
{
    return law_term_and(q, Z3_mk_ge(q->z, q->day, number(q, first)), Z3_mk_le(q->z, q->day, number(q, last)));
}

/* ---- Unknowns --------------------------------------------------------------------------------- */

static Z3_ast unknown(struct law_question *q, const char *fact, const char *what, bool is_boolean)
{
    char name[96];
    snprintf(name, sizeof name, "%s %s", fact, what);
    return Z3_mk_const(q->z, Z3_mk_string_symbol(q->z, name),
                       is_boolean ? Z3_mk_bool_sort(q->z) : Z3_mk_int_sort(q->z));
}

static enum hbs_err make_fact(struct law_question *q, enum hbs_fact f)
{
    const struct hbs_fact_info *info = hbs_fact_info(f);
    q->known[f] = unknown(q, info->name, "known", true);
    if (!law_fact_is_text(f)) {
        q->value[f] = unknown(q, info->name, "value", info->type == HBS_FACT_BOOLEAN);
        return HBS_OK;
    }
    const struct law_domain *d = &q->domains.of[f];
    q->choice[f] = hbs_alloc(q->ctx, d->count, sizeof *q->choice[f]);
    if (!q->choice[f])
        return hbs_fail_memory(q->ctx, d->count * sizeof *q->choice[f]);
    for (uint32_t i = 0; i < d->count; i++) {
        char what[32];
        snprintf(what, sizeof what, "is %u", i);
        q->choice[f][i] = unknown(q, info->name, what, true);
    }
    return HBS_OK;
}

enum hbs_err law_question_open(struct hbs_ctx *ctx, struct law_domains *domains, struct law_question *out)
{
    struct law_question q = {.ctx = ctx, .domains = *domains};
    enum hbs_err err = HBS_OK;
    law_domains_open(ctx, domains); /* they are this question's now */
    complaint = Z3_OK;
    Z3_config config = Z3_mk_config();
    Z3_set_param_value(config, "model", "true");
    q.z = Z3_mk_context(config);
    Z3_del_config(config);
    if (!q.z) {
        law_domains_close(&q.domains);
        return hbs_fail(ctx, HBS_ERR_NO_MEMORY, "", "free some memory and try again", "the solver does not start");
    }
    Z3_set_error_handler(q.z, complain);
    q.yes = Z3_mk_true(q.z);
    q.no = Z3_mk_false(q.z);
    q.day = unknown(&q, "on", "day", false);
    q.reads_status = q.domains.used >> HBS_FACT_SUBJECT_STATUS & 1;
    for (uint32_t f = 0; f < HBS_FACT_COUNT && !err; f++)
        if (q.domains.used >> f & 1)
            err = make_fact(&q, f);
    const struct law_domain *d = &q.domains.of[HBS_FACT_SUBJECT_STATUS];
    for (uint32_t i = 0; q.reads_status && i < d->count && i < LAW_STATUSES; i++)
        q.status[q.statuses++] = d->value[i];
    if (!err)
        err = law_question_error(&q);
    if (err)
        law_question_close(&q);
    else
        *out = q;
    return err;
}

void law_question_close(struct law_question *q)
{
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++)
        hbs_free(q->ctx, q->choice[f]);
    law_domains_close(&q->domains);
    if (q->z)
        Z3_del_context(q->z);
    q->z = NULL;
}

static Z3_ast within(struct law_question *q, Z3_ast value, int64_t least, int64_t most)
{
    return law_term_and(q, Z3_mk_ge(q->z, value, number(q, least)), Z3_mk_le(q->z, value, number(q, most)));
}

Z3_ast law_question_bounds(struct law_question *q)
{
    Z3_ast all = within(q, q->day, LAW_DAY_FIRST, LAW_DAY_LAST);
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++) {
        if (!(q->domains.used >> f & 1))
            continue;
        const struct hbs_fact_info *info = hbs_fact_info(f);
        uint32_t n = q->domains.of[f].count;
        if (info->type == HBS_FACT_INTEGER)
            all = law_term_and(q, all, within(q, q->value[f], info->least, info->most));
        else if (info->type == HBS_FACT_DATE)
            all = law_term_and(q, all, within(q, q->value[f], LAW_DAY_FIRST, LAW_DAY_LAST));
        if (!law_fact_is_text(f))
            continue;
        /* known is to have one of the values, and no fact has two */
        Z3_ast some = law_term_any(q, q->choice[f], n);
        all = law_term_and(q, all, Z3_mk_eq(q->z, q->known[f], some));
        if (n > 1)
            all = law_term_and(q, all, Z3_mk_atmost(q->z, n, q->choice[f], 1));
    }
    return all;
}

/* ---- Numbers ---------------------------------------------------------------------------------- */

/* An integer, date or duration (seconds). When it errs its value means nothing. */
struct sum {
    Z3_ast error, value;
    int64_t least, most; /* of a value without error */
};

static struct sum constant(struct law_question *q, int64_t value)
{
    return (struct sum){q->no, number(q, value), value, value};
}

static struct sum fact_number(struct law_question *q, enum hbs_fact f)
{
    const struct hbs_fact_info *info = hbs_fact_info(f);
    if (info->type == HBS_FACT_DATE) {
        Z3_ast seconds = Z3_mk_mul(q->z, 2, (Z3_ast[]){number(q, LAW_DAY), q->value[f]});
        return (struct sum){law_term_not(q, q->known[f]), seconds, (int64_t)LAW_DAY_FIRST * LAW_DAY, (int64_t)LAW_DAY_LAST * LAW_DAY};
    }
    if (f == HBS_FACT_SUBJECT_AGE) /* an unknown age is a child's: 0, and no error */
        return (struct sum){q->no, Z3_mk_ite(q->z, q->known[f], q->value[f], number(q, 0)),
                            info->least < 0 ? info->least : 0, info->most};
    return (struct sum){law_term_not(q, q->known[f]), q->value[f], info->least, info->most};
}

/* a + b, or a - b; outside 64 bits it errs. */
static struct sum add(struct law_question *q, struct sum a, struct sum b, bool minus)
{
    struct sum r = {.error = law_term_or(q, a.error, b.error)};
    Z3_ast both[] = {a.value, b.value};
    r.value = minus ? Z3_mk_sub(q->z, 2, both) : Z3_mk_add(q->z, 2, both);
    bool low = minus ? __builtin_sub_overflow(a.least, b.most, &r.least) : __builtin_add_overflow(a.least, b.least, &r.least);
    bool high = minus ? __builtin_sub_overflow(a.most, b.least, &r.most) : __builtin_add_overflow(a.most, b.most, &r.most);
    if (!low && !high)
        return r;
    r.error = law_term_or(q, r.error, Z3_mk_lt(q->z, r.value, number(q, INT64_MIN)));
    r.error = law_term_or(q, r.error, Z3_mk_gt(q->z, r.value, number(q, INT64_MAX)));
    r.least = INT64_MIN;
    r.most = INT64_MAX;
    return r;
}

static struct sum sum_of(struct law_question *q, const struct law_expr *e)
{
    if (e->op == LAW_ADD || e->op == LAW_SUB)
        return add(q, sum_of(q, e->kid[0]), sum_of(q, e->kid[1]), e->op == LAW_SUB);
    if (e->op == LAW_FACT)
        return fact_number(q, e->fact);
    if (e->op == LAW_ON)
        return (struct sum){q->no, Z3_mk_mul(q->z, 2, (Z3_ast[]){number(q, LAW_DAY), q->day}), (int64_t)LAW_DAY_FIRST * LAW_DAY,
                            (int64_t)LAW_DAY_LAST * LAW_DAY};
    return constant(q, e->value);
}

/* ---- Strings ----------------------------------------------------------------------------------- */

/* A string operand: a constant, or one of the fact's values. */
struct text {
    bool is_fact;
    enum hbs_fact fact;
    const char *constant;
};

static struct text text_of(const struct law_expr *e, const char *status)
{
    if (e->op == LAW_FACT && e->fact == HBS_FACT_SUBJECT_STATUS && status)
        return (struct text){.constant = status};
    if (e->op == LAW_FACT)
        return (struct text){.is_fact = true, .fact = e->fact};
    return (struct text){.constant = e->text};
}

static bool compares(enum law_op op, int order)
{
    switch (op) {
    case LAW_EQ: return order == 0;
    case LAW_NE: return order != 0;
    case LAW_LT: return order < 0;
    case LAW_LE: return order <= 0;
    case LAW_GT: return order > 0;
    default: return order >= 0;
    }
}

/* The pairs of values for which `a op b` has the outcome `want`. */
static Z3_ast pairs(struct law_question *q, enum law_op op, struct text a, struct text b, bool want)
{
    uint32_t n = a.is_fact ? q->domains.of[a.fact].count : 1, m = b.is_fact ? q->domains.of[b.fact].count : 1;
    Z3_ast *some = hbs_alloc(q->ctx, n, 2 * sizeof *some), result = q->no;
    uint32_t count = 0;
    Z3_ast *inner = hbs_alloc(q->ctx, m, sizeof *inner);
    if (!some || !inner) {
        complain(q->z, Z3_MEMOUT_FAIL);
        goto done;
    }
    for (uint32_t i = 0; i < n; i++) {
        const char *x = a.is_fact ? q->domains.of[a.fact].value[i] : a.constant;
        uint32_t k = 0;
        for (uint32_t j = 0; j < m; j++) {
            const char *y = b.is_fact ? q->domains.of[b.fact].value[j] : b.constant;
            if (compares(op, strcmp(x, y)) == want)
                inner[k++] = b.is_fact ? q->choice[b.fact][j] : q->yes;
        }
        some[count++] = law_term_and(q, a.is_fact ? q->choice[a.fact][i] : q->yes, law_term_any(q, inner, k));
    }
    result = law_term_any(q, some, count);
done:
    hbs_free(q->ctx, some);
    hbs_free(q->ctx, inner);
    return result;
}

static Z3_ast text_known(struct law_question *q, struct text t) { return t.is_fact ? q->known[t.fact] : q->yes; }

static struct law_rails compare_text(struct law_question *q, enum law_op op, struct text a, struct text b)
{
    struct law_rails r;
    Z3_ast known = law_term_and(q, text_known(q, a), text_known(q, b));
    bool same = a.is_fact && b.is_fact && a.fact == b.fact;
    if (same) { /* a fact compared with itself */
        bool holds = compares(op, 0);
        return (struct law_rails){holds ? known : q->no, holds ? q->no : known};
    }
    /* the rarer outcome is spelt out; the other is what remains */
    bool want = op != LAW_NE;
    Z3_ast spelt = pairs(q, op, a, b, want), rest = law_term_and(q, known, law_term_not(q, spelt));
    r.is_true = want ? spelt : rest;
    r.is_false = want ? rest : spelt;
    return r;
}

/* ---- Conditions -------------------------------------------------------------------------------- */

static struct law_rails from_value(struct law_question *q, Z3_ast good, Z3_ast value)
{
    return (struct law_rails){law_term_and(q, good, value), law_term_and(q, good, law_term_not(q, value))};
}

static struct law_rails compare(struct law_question *q, enum law_op op, const struct law_expr *a,
                                const struct law_expr *b, const char *status)
{
    if (a->type == LAW_STRING)
        return compare_text(q, op, text_of(a, status), text_of(b, status));
    if (a->type == LAW_BOOL) {
        struct law_rails x = law_term(q, a, status), y = law_term(q, b, status);
        struct law_rails r = {
            law_term_or(q, law_term_and(q, x.is_true, y.is_true), law_term_and(q, x.is_false, y.is_false)),
            law_term_or(q, law_term_and(q, x.is_true, y.is_false), law_term_and(q, x.is_false, y.is_true)),
        };
        return op == LAW_EQ ? r : (struct law_rails){r.is_false, r.is_true};
    }
    struct sum x = sum_of(q, a), y = sum_of(q, b);
    Z3_ast good = law_term_not(q, law_term_or(q, x.error, y.error)), value;
    switch (op) {
    case LAW_LT: value = Z3_mk_lt(q->z, x.value, y.value); break;
    case LAW_LE: value = Z3_mk_le(q->z, x.value, y.value); break;
    case LAW_GT: value = Z3_mk_gt(q->z, x.value, y.value); break;
    case LAW_GE: value = Z3_mk_ge(q->z, x.value, y.value); break;
    default: value = Z3_mk_eq(q->z, x.value, y.value); break;
    }
    if (op == LAW_NE)
        value = law_term_not(q, value);
    return from_value(q, good, value);
}

/* x in [a, b, ...]: equal to one of them; an error anywhere is an error of the whole. */
static struct law_rails is_in(struct law_question *q, const struct law_expr *e, const char *status)
{
    struct law_rails r = {q->no, q->yes};
    const struct law_expr *list = e->kid[1];
    Z3_ast good = q->yes;
    if (!list->count) /* x itself may err */
        return compare(q, LAW_NE, e->kid[0], e->kid[0], status);
    Z3_ast *some = hbs_alloc(q->ctx, list->count, sizeof *some);
    Z3_ast *well = hbs_alloc(q->ctx, list->count, sizeof *well);
    if (!some || !well) {
        complain(q->z, Z3_MEMOUT_FAIL);
        goto done;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        struct law_rails one = compare(q, LAW_EQ, e->kid[0], list->items[i], status);
        some[i] = one.is_true;
        well[i] = list->items[i]->op == LAW_CONST && i ? q->yes : law_term_or(q, one.is_true, one.is_false);
    }
    good = law_term_all(q, well, list->count);
    r = from_value(q, good, law_term_any(q, some, list->count));
done:
    hbs_free(q->ctx, some);
    hbs_free(q->ctx, well);
    return r;
}

static struct law_rails fact_truth(struct law_question *q, enum hbs_fact f)
{
    return from_value(q, q->known[f], q->value[f]);
}

/* && and || lean to the left, as long as the text is: their links are walked, not called. */
static struct law_rails chain(struct law_question *q, const struct law_expr *e, const char *status)
{
    enum law_op op = e->op;
    uint32_t n = 1;
    for (const struct law_expr *k = e; k->op == op; k = k->kid[0])
        n++;
    struct law_rails r = {q->no, q->no};
    Z3_ast *is_true = hbs_alloc(q->ctx, n, sizeof *is_true), *is_false = hbs_alloc(q->ctx, n, sizeof *is_false);
    if (!is_true || !is_false) {
        complain(q->z, Z3_MEMOUT_FAIL);
        goto done;
    }
    for (uint32_t i = n; i-- > 0; e = e->kid[0]) {
        struct law_rails one = law_term(q, i ? e->kid[1] : e, status);
        is_true[i] = one.is_true;
        is_false[i] = one.is_false;
        if (!i)
            break;
    }
    r.is_true = op == LAW_AND ? law_term_all(q, is_true, n) : law_term_any(q, is_true, n);
    r.is_false = op == LAW_AND ? law_term_any(q, is_false, n) : law_term_all(q, is_false, n);
done:
    hbs_free(q->ctx, is_true);
    hbs_free(q->ctx, is_false);
    return r;
}

struct law_rails law_term(struct law_question *q, const struct law_expr *e, const char *status)
{
    switch (e->op) {
    case LAW_CONST: return e->value ? (struct law_rails){q->yes, q->no} : (struct law_rails){q->no, q->yes};
    case LAW_FACT: return fact_truth(q, e->fact);
    case LAW_HAS: return (struct law_rails){q->known[e->fact], law_term_not(q, q->known[e->fact])};
    case LAW_NOT: {
        struct law_rails r = law_term(q, e->kid[0], status);
        return (struct law_rails){r.is_false, r.is_true};
    }
    case LAW_AND:
    case LAW_OR: return chain(q, e, status);
    case LAW_IN: return is_in(q, e, status);
    default: return compare(q, e->op, e->kid[0], e->kid[1], status);
    }
}
