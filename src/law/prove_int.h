/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law, private: rules as terms of the solver. translate.c makes the terms, solver.c asks about
 * them and finds the smallest answer; claims, lint, diff and turn are questions built of both.
 *
 * A condition has three outcomes, and is held as two terms: that it is true, and that it is false. It
 * errs when it is neither. CEL's absorbing && and || are then plain: a && b is true when both are true,
 * and false when one is false (Kleene's strong logic).
 */
#ifndef HABEAS_LAW_PROVE_INT_H
#define HABEAS_LAW_PROVE_INT_H

#include "domain_int.h"

#include <z3.h>

enum {
    LAW_STATUSES = 16,      /* at most so many names of subject.status */
    LAW_DAY = 86400,        /* seconds */
    LAW_DAY_FIRST = -25567, /* 1900-01-01, in days since 1970: the calendar of facts and acts */
    LAW_DAY_LAST = 84005    /* 2199-12-31 */
};

/* The unknowns: one act on one date. */
struct law_question {
    struct hbs_ctx *ctx;
    Z3_context z;
    struct law_domains domains;
    Z3_ast yes, no;
    Z3_ast known[HBS_FACT_COUNT];    /* of each fact in domains.used */
    Z3_ast value[HBS_FACT_COUNT];    /* boolean; integer; a date's days since 1970 */
    Z3_ast *choice[HBS_FACT_COUNT];  /* string facts: known, and value i of the domain */
    Z3_ast day;                      /* of the act, in days since 1970 */
    uint32_t statuses;               /* names of subject.status that are known ones */
    const char *status[LAW_STATUSES];
    bool reads_status;
};

/* A condition. */
struct law_rails {
    Z3_ast is_true, is_false;
};

/* Makes the unknowns of everything that domains read; takes the domains over, also on failure. The
 * questions of one thread share Z3's error state: make one at a time. */
enum hbs_err law_question_open(struct hbs_ctx *ctx, struct law_domains *domains, struct law_question *out);
void law_question_close(struct law_question *q);
/* HBS_OK, or what Z3 complained of since the question was opened. */
enum hbs_err law_question_error(struct law_question *q);
/* What holds of the unknowns whatever the rules: ranges, one value a fact, dates of the calendar. */
Z3_ast law_question_bounds(struct law_question *q);

/* A condition under `status` (of q->status) in place of an unknown one, or NULL: as it is. */
struct law_rails law_term(struct law_question *q, const struct law_expr *expr, const char *status);

Z3_ast law_term_and(struct law_question *q, Z3_ast a, Z3_ast b);
Z3_ast law_term_or(struct law_question *q, Z3_ast a, Z3_ast b);
Z3_ast law_term_not(struct law_question *q, Z3_ast a);
Z3_ast law_term_all(struct law_question *q, const Z3_ast *a, uint32_t count);
Z3_ast law_term_any(struct law_question *q, const Z3_ast *a, uint32_t count);
/* first <= day <= last, in days since 1970. */
Z3_ast law_term_days(struct law_question *q, int64_t first, int64_t last);

/* A law's rulings. With an unknown status a ruling is eight rulings; index 0 is the one with the
 * status as it is, 1 + i the one with q->status[i]. */
struct law_terms {
    const struct hbs_law *law;
    uint32_t views;                 /* 1, or 1 + q->statuses */
    Z3_ast *effect;                 /* by rule: has effect on the day */
    struct law_rails *rails;        /* by view and rule: its condition */
    struct law_rails *article;      /* by view and rule of law_articles */
    Z3_ast allow;                   /* the ruling, articles included */
};
enum hbs_err law_terms_open(struct law_question *q, const struct hbs_law *law, struct law_terms *out);
void law_terms_close(struct law_question *q, struct law_terms *terms);
/* Rule `r` has effect and holds; with an unknown status: for some status. */
Z3_ast law_terms_holds(struct law_question *q, const struct law_terms *terms, uint32_t r);
/* Has effect and takes part in the ruling: holds, or errs if it forbids. */
Z3_ast law_terms_decides(struct law_question *q, const struct law_terms *terms, uint32_t r);
/* Rule `r` takes part and `other`, of the same effect, does not. */
Z3_ast law_terms_without(struct law_question *q, const struct law_terms *terms, uint32_t r, uint32_t other);
/* The permit `r` holds and `other`, a forbid or a rule of the articles, does not refuse. */
Z3_ast law_terms_escapes(struct law_question *q, const struct law_terms *terms, uint32_t r, uint32_t other, bool article);
/* `of`, by view: with the status as it is when known, and with every (all) or some status when not. */
Z3_ast law_by_status(struct law_question *q, const Z3_ast *of, bool all);

/* ---- Asking ---------------------------------------------------------------------------------- */

enum law_check { LAW_NONE, LAW_SOME, LAW_GAVE_UP };

struct law_solver {
    struct law_question *q;
    Z3_solver s;
    Z3_model model;        /* of the last LAW_SOME */
    double deadline;       /* on hbs_clock_wall */
    uint32_t checks, fresh;
};
/* A value of every unknown. */
struct law_found {
    uint64_t known;
    int64_t value[HBS_FACT_COUNT]; /* boolean, integer, days, or index into the domain */
    int64_t day;
};

enum hbs_err law_solver_open(struct law_question *q, const struct hbs_law_prove_options *options,
                             struct law_solver *out);
void law_solver_close(struct law_solver *s);
void law_solver_assert(struct law_solver *s, Z3_ast a);
void law_solver_push(struct law_solver *s);
void law_solver_pop(struct law_solver *s);
/* Whether the assertions can hold together with `also` (NULL: nothing more). */
enum law_check law_solver_check(struct law_solver *s, Z3_ast also);
void law_solver_found(struct law_solver *s, struct law_found *out);

/* Steps of such a search, each kept as an assertion; false when the solver gave up. The least value of
 * an integer term, `value` being that of `found`; and the fewest of `of` that are true, counted by
 * `counted`. */
bool law_solver_least(struct law_solver *s, Z3_ast term, int64_t least, struct law_found *found, int64_t *value);
bool law_solver_fewest(struct law_solver *s, const Z3_ast *of, uint32_t count,
                       uint32_t (*counted)(const struct law_found *, void *), void *arg, struct law_found *found);
/* The smallest that satisfies the assertions (hbs_law_example says which that is), starting from the
 * model of a LAW_SOME. Leaves the assertions as they were. */
enum hbs_err law_solver_smallest(struct law_solver *s, struct hbs_law_example *out);
/* A found assignment as facts and date. */
enum hbs_err law_found_facts(struct law_question *q, const struct law_found *found, struct hbs_facts *facts,
                             int64_t *on);

/* ---- Claims ---------------------------------------------------------------------------------- */

struct law_claim {
    bool always;
    struct law_expr *condition;
    void *owner;           /* law_condition_close */
};
enum hbs_err law_claim_read(struct hbs_ctx *ctx, const struct hbs_law *law, const char *text,
                            struct law_claim *out);
/* Whether facts and date refute the claim, by the evaluator alone. */
bool law_claim_refuted(const struct hbs_law *law, const struct law_claim *claim, const struct hbs_facts *facts,
                       int64_t on);

#endif
