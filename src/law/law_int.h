/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law, private: the shape of a pack after reading. pack.c and expr.c make it, eval.c walks it, prove.c
 * translates it for the solver. All of it lies in one arena of the pack and is not changed after
 * hbs_law_open, so threads may share it.
 */
#ifndef HABEAS_LAW_INT_H
#define HABEAS_LAW_INT_H

#include "habeas/law.h"

/* Types of expressions. A NAME fact is a STRING here. Dates and durations are seconds. */
enum law_type { LAW_BOOL, LAW_INT, LAW_STRING, LAW_DATE, LAW_DURATION, LAW_LIST };

enum law_op {
    LAW_CONST,               /* value (bool 0/1, integer, seconds) or text */
    LAW_FACT,                /* fact */
    LAW_ON,                  /* the date of the act */
    LAW_HAS,                 /* fact */
    LAW_NOT,                 /* kid[0] */
    LAW_AND, LAW_OR,         /* kid[0], kid[1] */
    LAW_EQ, LAW_NE, LAW_LT, LAW_LE, LAW_GT, LAW_GE,
    LAW_IN,                  /* kid[0] in kid[1], a LAW_MAKE_LIST */
    LAW_ADD, LAW_SUB,
    LAW_MAKE_LIST            /* items, count; elements of one type */
};

struct law_expr {
    enum law_op op;
    enum law_type type;       /* of the value */
    enum law_type item_type;  /* of a list's elements */
    enum hbs_fact fact;
    int64_t value;
    const char *text;         /* a string constant */
    struct law_expr *kid[2];
    struct law_expr **items;
    uint32_t count;           /* of items; of a duration constant: the seconds of its smallest unit */
    uint32_t line, column;    /* where it stands */
    uint32_t from, to;        /* bytes of the pack's text, for explanations */
};

enum law_unit { LAW_HOURS, LAW_DAYS, LAW_MONTHS, LAW_YEARS };
struct law_span {
    int64_t count;
    enum law_unit unit;
};

struct law_status_from {
    enum hbs_law_status status;
    bool has_from;
    int64_t from;             /* midnight */
    const char *docket;       /* or NULL */
    bool has_comments;
    int64_t comments_from, comments_to;
};

struct law_obligation {
    enum hbs_obligation what;
    const char *text;         /* or NULL */
    struct law_expr *when;    /* or NULL */
};

struct law_names {            /* a list of declared names */
    const char **name;
    uint32_t count;
};

struct law_rule {
    const char *id, *words;
    bool forbids;
    struct law_names cites, unverified;
    struct law_status_from *status;
    uint32_t statuses;
    int64_t from, to;         /* to: INT64_MAX when open */
    struct law_names acts, modalities, purposes, programmes; /* as written */
    struct law_expr *scope;   /* the four lists as one condition, or NULL */
    struct law_expr *when;    /* or NULL */
    struct law_expr *all;     /* scope && when, never NULL */
    uint64_t needs;           /* facts that `all` reads */
    struct law_obligation *obligations;
    uint32_t obligation_count;
    bool has_keeps;
    struct law_span keeps;
    struct law_names events;  /* none: keeps for; else keeps until ... at most */
    bool has_threshold;
    int32_t threshold;        /* thousandths */
    uint32_t line, column;
    uint32_t text_from, text_to; /* its bytes in the pack's text, from "rule" on */
};

struct law_order {
    const char *name, *words;
    int64_t on;
    uint32_t *rules;          /* indices */
    uint32_t rule_count;
    bool lifted, destroys, releases;
    int64_t lifted_on, destroyed_on, released_on;
    struct law_names cites, unverified;
    uint32_t line, column;
};

struct law_named {            /* a programme, event, partner or assessment */
    const char *name, *words;
    struct law_names cites, unverified;
};

struct hbs_law {
    struct hbs_ctx *ctx;      /* whose allocator; used by open and close alone */
    const char *name, *version, *title, *country, *about;
    char sha256[65];
    const char *text;         /* the pack's own text, NUL-terminated, for explanations */
    size_t size;
    struct law_rule *rules;
    uint32_t rule_count;
    struct law_order *orders;
    uint32_t order_count;
    struct law_named *programmes, *events, *partners, *assessments;
    uint32_t programme_count, event_count, partner_count, assessment_count;
    bool reads_status;        /* some condition reads subject.status: unknown means all of them */
    void *arena;
};

/* Three-valued truth of a condition, as in CEL: an error is not a truth. */
enum law_truth { LAW_FALSE, LAW_TRUE, LAW_ERROR };

/* What conditions are asked about. `status` replaces an unknown subject.status (a name of the list
 * but "unknown"), or is NULL to leave it unknown. An
 * unknown age is 0. */
struct law_view {
    const struct hbs_facts *facts;
    const char *status;
    int64_t on;
    int strict;               /* 0; else nothing takes the place of what is not known: an unknown age or status is
                                 an error like any other. has() of an unknown fact is one too where knowing it
                                 would help: 1, it would help if the condition held; -1, if it did not; 2, both.
                                 A condition that is then an error depends on the facts of that error. */
};
/* *needed collects the unknown facts that made for an error which was not absorbed. */
enum law_truth law_eval(const struct law_expr *expr, const struct law_view *view, uint64_t *needed);

/* The status of a rule on a date, orders included. Before its first status a rule is proposed. */
enum hbs_law_status law_status_on(const struct hbs_law *law, const struct law_rule *rule, int64_t on);
/* Whether it has effect: in force, interim final or final, not suspended. */
bool law_has_effect(const struct hbs_law *law, const struct law_rule *rule, int64_t on);
/* A date after a span: hours count as whole days begun; months and years of the calendar. */
int64_t law_span_end(int64_t on, struct law_span span);

/* The articles as rules of their own ("article-5", forbid), read once from their text (articles.c). NULL
 * when there was no memory for that: then everything is refused. */
const struct hbs_law *law_articles(void);
uint8_t law_article_number(uint32_t rule); /* of a rule of law_articles() */

/* A condition by itself, as in a claim: parsed and typed like a rule's `when`; lives in `owner`. */
enum hbs_err law_parse_condition(struct hbs_ctx *ctx, const struct hbs_law *pack, const char *where, const char *text,
                                 size_t size, struct hbs_law_mistake *mistakes, size_t *count,
                                 struct law_expr **out, void **owner);
void law_condition_close(struct hbs_ctx *ctx, void *owner);

#endif
