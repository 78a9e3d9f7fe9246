/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/law.h: whether an act may happen. A law pack (docs/formats/law-pack.md) is read once; facts
 * about one act and a date go in; a ruling comes out, with the rules that decided, what is obliged
 * and when the record must end. The built-in articles of the charter are asked first and cannot be
 * loosened by any pack.
 *
 *   hbs_law_open          a pack's text -> rules, or all its mistakes at once
 *   hbs_facts_read        facts as JSON -> struct hbs_facts
 *   hbs_law_rule          rules, facts, date -> ruling
 *   hbs_law_explain       the same, with what held and what did not, clause by clause;
 *   hbs_law_turn          the smallest change of facts that would turn the ruling
 *   hbs_law_cases_run     a pack's cases; hbs_law_mutant: whether they would notice a change
 *   hbs_law_prove         a claim about all facts and all dates (needs libz3)
 *   hbs_law_lint, _diff   what a pack contradicts, and what two packs rule differently (libz3)
 *   hbs_law_register_...  the public register of a pack, HTML and JSON
 *
 * Nothing here knows a date, a city or a programme; the packs do. A pack that was opened is not
 * changed any more and may be shared between threads; everything else belongs to its caller.
 * Method: forbid beats permit and silence refuses (default deny with overriding prohibition, as in
 * XACML 3.0 "deny-overrides"); conditions are a subset of the Common Expression Language
 * (cel-spec, langdef: logical operators absorb errors, all others propagate them).
 */
#ifndef HABEAS_LAW_H
#define HABEAS_LAW_H

#include "habeas/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HBS_LAW_TEXT_MAX 1048576u  /* bytes of a pack, or of its cases */
#define HBS_FACTS_TEXT_MAX 65536u  /* bytes of facts as JSON */
#define HBS_FACT_STRING_MAX 255u   /* bytes of a string among the facts */
#define HBS_LAW_RULES_MAX 1000u
#define HBS_LAW_LIST_MAX 32u       /* rules, articles, missing facts, obligations of a ruling */

/* ---- Facts ----------------------------------------------------------------------------------- */

/* The closed list of facts, in the order of contracts.md. Numbers are never reused. */
enum hbs_fact {
    HBS_FACT_ACT, HBS_FACT_MODALITY, HBS_FACT_PURPOSE, HBS_FACT_PROGRAMME,
    HBS_FACT_ACTOR_ID, HBS_FACT_ACTOR_ROLE, HBS_FACT_ACTOR_AGENCY, HBS_FACT_ACTOR_OFFICE,
    HBS_FACT_SUBJECT_AGE, HBS_FACT_SUBJECT_STATUS, HBS_FACT_SUBJECT_CITIZENSHIP, HBS_FACT_SUBJECT_VISA,
    HBS_FACT_SUBJECT_ARRESTED, HBS_FACT_SUBJECT_CHARGED, HBS_FACT_SUBJECT_CONVICTED,
    HBS_FACT_SUBJECT_DETAINED, HBS_FACT_SUBJECT_FINGERPRINTED, HBS_FACT_SUBJECT_CRIMINAL_ARREST,
    HBS_FACT_CONSENT_GIVEN, HBS_FACT_CONSENT_WRITTEN, HBS_FACT_CONSENT_BY, HBS_FACT_NOTICE_VERSION,
    HBS_FACT_PLACE_CITY, HBS_FACT_PLACE_SECTOR, HBS_FACT_PLACE_PORT, HBS_FACT_PLACE_PORT_KIND,
    HBS_FACT_PLACE_KIND, HBS_FACT_PLACE_DIRECTION,
    HBS_FACT_FACILITY_OPERATOR, HBS_FACT_FACILITY_CAPACITY, HBS_FACT_FACILITY_OCCUPANCY,
    HBS_FACT_CASE_ID, HBS_FACT_CASE_OFFENCE, HBS_FACT_AUTHORISER_ID, HBS_FACT_WARRANT,
    HBS_FACT_ASSESSMENT_ID, HBS_FACT_ASSESSMENT_UNTIL, HBS_FACT_PARTNER_ID,
    HBS_FACT_GALLERY_KIND, HBS_FACT_GALLERY_SIZE, HBS_FACT_RELATION, HBS_FACT_SAMPLE_QUALITY,
    HBS_FACT_COUNT
};

enum hbs_fact_type {
    HBS_FACT_STRING,   /* any text without control characters, at most HBS_FACT_STRING_MAX bytes */
    HBS_FACT_NAME,     /* a string from the closed list of hbs_fact_info.names, or "" where allowed */
    HBS_FACT_INTEGER,  /* within hbs_fact_info.least .. most */
    HBS_FACT_BOOLEAN,
    HBS_FACT_DATE      /* seconds since 1970-01-01 UTC of its midnight */
};

struct hbs_fact_info {
    const char *name;         /* "subject.age" */
    enum hbs_fact_type type;
    const char *const *names; /* of a NAME: NULL-terminated, in the order of contracts.md; else NULL */
    int64_t least, most;      /* of an INTEGER */
    const char *words;        /* what it says, for people: "age of the person in whole years" */
};
/* Static storage. */
HBS_API const struct hbs_fact_info *hbs_fact_info(enum hbs_fact fact);
/* The fact called `name`, or HBS_FACT_COUNT. */
HBS_API enum hbs_fact hbs_fact_find(const char *name) HBS_NONNULL(1);

/* One act's facts: a plain struct of the caller's, 0-initialised means that nothing is known.
 * Strings lie in `text` one after the other; `at` is a string's offset there (its size is known by
 * its NUL), the integer, 0 or 1, or the date. An absent fact is an unknown one. */
struct hbs_facts {
    uint64_t known;                 /* bit 1 << enum hbs_fact */
    int64_t at[HBS_FACT_COUNT];
    uint32_t text_size;
    char text[HBS_FACT_COUNT * 64 + HBS_FACT_STRING_MAX + 1];
};
HBS_API void hbs_facts_clear(struct hbs_facts *facts) HBS_NONNULL(1);
/* HBS_ERR_USAGE for a value outside the fact's list or range, HBS_ERR_LIMIT when text is full. */
HBS_API HBS_MUST_USE enum hbs_err hbs_facts_set_string(struct hbs_ctx *ctx, struct hbs_facts *facts,
                                                       enum hbs_fact fact, const char *value)
    HBS_NONNULL(1, 2, 4);
/* An integer, boolean (0, 1) or date (seconds at a midnight). */
HBS_API HBS_MUST_USE enum hbs_err hbs_facts_set_number(struct hbs_ctx *ctx, struct hbs_facts *facts,
                                                       enum hbs_fact fact, int64_t value) HBS_NONNULL(1, 2);
HBS_API void hbs_facts_forget(struct hbs_facts *facts, enum hbs_fact fact) HBS_NONNULL(1);
/* NULL when unknown or not a string. Valid until the facts change. */
HBS_API const char *hbs_facts_string(const struct hbs_facts *facts, enum hbs_fact fact) HBS_NONNULL(1);
/* Facts as JSON (contracts.md). An unknown name, a doubled one, a wrong type or value:
 * HBS_ERR_FORMAT with the name in "where" and the nearest right name in "do". `null` is unknown. */
HBS_API HBS_MUST_USE enum hbs_err hbs_facts_read(struct hbs_ctx *ctx, const void *json, size_t size,
                                                 struct hbs_facts *out) HBS_NONNULL(1, 2, 4);
/* The known facts as JSON, nested as in contracts.md; reads back the same. */
HBS_API HBS_MUST_USE enum hbs_err hbs_facts_write(const struct hbs_facts *facts, struct hbs_buf *out)
    HBS_NONNULL(1, 2);

/* Dates: seconds since 1970-01-01 UTC. "YYYY-MM-DD", years 1900 to 2199; HBS_ERR_FORMAT otherwise. */
HBS_API HBS_MUST_USE enum hbs_err hbs_date_read(struct hbs_ctx *ctx, const char *text, int64_t *out)
    HBS_NONNULL(1, 2, 3);
/* Writes YYYY-MM-DD and a NUL. */
HBS_API void hbs_date_write(int64_t seconds, char out[11]) HBS_NONNULL(2);

/* ---- Packs ----------------------------------------------------------------------------------- */

struct hbs_law; /* a pack that was read */

/* A mistake in a pack or its cases. */
struct hbs_law_mistake {
    uint32_t line, column; /* from 1; columns count characters */
    char what[160];        /* what is wrong and the nearest right name */
};
#define HBS_LAW_MISTAKES_MAX 50u

/* Reads a pack's text. `where` is its name for messages. When the pack has mistakes the answer is
 * HBS_ERR_FORMAT, the context has the first, and `mistakes`, when not NULL, gets all (its count in
 * *count), in the order of the text. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_open(struct hbs_ctx *ctx, const char *where, const char *text,
                                               size_t size, struct hbs_law_mistake *mistakes,
                                               size_t *count, struct hbs_law **out)
    HBS_NONNULL(1, 2, 3, 7);
HBS_API void hbs_law_close(struct hbs_law *law);
/* Prints one mistake as file:line:column: what, the line itself and a caret under the column. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_mistake_print(const char *where, const char *text, size_t size,
                                                        const struct hbs_law_mistake *mistake,
                                                        struct hbs_buf *out) HBS_NONNULL(1, 2, 4, 5);

struct hbs_law_info {
    const char *name, *version, *title, *country; /* of the pack; they live as long as it */
    char sha256[65];                              /* of its text, hexadecimal */
    uint32_t rules;
};
HBS_API void hbs_law_info(const struct hbs_law *law, struct hbs_law_info *out) HBS_NONNULL(1, 2);

/* The built-in articles: text and hash of text and conditions together. */
struct hbs_law_article {
    uint32_t number;        /* of the charter */
    const char *title;
    const char *text;       /* in plain words */
    const char *forbids;    /* the condition that refuses, or NULL for one that no facts can show */
    const char *upheld;     /* how else this room upholds it, in words, or NULL */
};
HBS_API size_t hbs_law_articles(const struct hbs_law_article **out) HBS_NONNULL(1);
HBS_API void hbs_law_articles_sha256(char out[65]) HBS_NONNULL(1);

/* ---- Rulings --------------------------------------------------------------------------------- */

enum hbs_law_status {
    HBS_LAW_PROPOSED, HBS_LAW_UNDER_REVIEW, HBS_LAW_INTERIM_FINAL, HBS_LAW_FINAL, HBS_LAW_SUSPENDED,
    HBS_LAW_WITHDRAWN, HBS_LAW_STRUCK_DOWN
};
HBS_API const char *hbs_law_status_name(enum hbs_law_status status);

enum hbs_obligation {
    HBS_OBLIGE_NOTICE, HBS_OBLIGE_CONSENT_RECORD, HBS_OBLIGE_SECOND_EXAMINER, HBS_OBLIGE_FOREIGN_DATA_CHECK,
    HBS_OBLIGE_SAMPLE_DESTRUCTION, HBS_OBLIGE_CASE, HBS_OBLIGE_AUTHORISER, HBS_OBLIGE_CHILD_ADVOCATE,
    HBS_OBLIGE_COUNT
};
/* "consent-record" and what it asks, in words. */
HBS_API const char *hbs_obligation_name(enum hbs_obligation obligation);
HBS_API const char *hbs_obligation_words(enum hbs_obligation obligation);

struct hbs_ruling_rule {
    const char *id, *citation;      /* citation: the first; they live as long as the law */
    bool forbids;
    enum hbs_law_status status;     /* on that date */
};

/* A ruling: a plain struct; its strings live as long as the law that made it. Lists that would be
 * longer than HBS_LAW_LIST_MAX end there and say so in `cut`. Only hbs_law_rule makes one that
 * hbs_ruling_is_genuine accepts: rooms above take a ruling as proof that the law was asked. */
struct hbs_ruling {
    bool allow, cut;
    int64_t on;
    const struct hbs_law *law;
    uint32_t rules;                           /* those that decided: of a refusal the forbids that held or
                                                 erred, of a permission the permits that held; in the
                                                 order of the pack */
    struct hbs_ruling_rule rule[HBS_LAW_LIST_MAX];
    uint32_t articles;
    uint8_t article[HBS_LAW_LIST_MAX];        /* numbers, rising */
    uint64_t missing;                         /* of a refusal: unknown facts (1 << enum hbs_fact) on which
                                                 it depends; see docs/formats/law-pack.md */
    uint32_t obliged;                         /* 1 << enum hbs_obligation */
    const char *obligation_text[HBS_OBLIGE_COUNT]; /* the pack's words, or NULL */
    uint32_t without_effect;
    struct hbs_ruling_rule dormant[HBS_LAW_LIST_MAX];
    bool has_threshold;
    int32_t threshold;                        /* LLR in thousandths: the highest of the permits' */
    uint32_t events;                          /* events that end the record, 0: only the date does */
    const char *event[HBS_LAW_LIST_MAX];
    int64_t end;                              /* of a permission: midnight of the day on which the
                                                 record is gone at the latest (an event's ceiling) */
    int64_t end_seconds;                      /* from the act, when the span is in hours; else -1 */
    uint64_t facts, seal;                     /* hbs_law_rule's; not for callers */
};

/* Rules on an act on the date `on` (midnight UTC). Never fails: what cannot be known refuses.
 * Allocates nothing. Pure and thread-safe. */
HBS_API void hbs_law_rule(const struct hbs_law *law, const struct hbs_facts *facts, int64_t on,
                          struct hbs_ruling *out) HBS_NONNULL(1, 2, 4);
HBS_API bool hbs_ruling_is_genuine(const struct hbs_ruling *ruling) HBS_NONNULL(1);
/* The same, and that it is about these facts and no others. */
HBS_API bool hbs_ruling_is_about(const struct hbs_ruling *ruling, const struct hbs_facts *facts) HBS_NONNULL(1, 2);
/* The ruling as JSON (contracts.md; docs/formats/law-pack.md for what is added). */
HBS_API HBS_MUST_USE enum hbs_err hbs_ruling_write(const struct hbs_ruling *ruling, struct hbs_buf *out)
    HBS_NONNULL(1, 2);

/* What court orders make on the date `on` of what was collected under the rule `id`. */
enum hbs_law_fate { HBS_FATE_FREE, HBS_FATE_SEALED, HBS_FATE_DESTROY, HBS_FATE_RELEASED };
/* HBS_ERR_NOT_FOUND with the nearest rule when there is no such rule. *order: the order's name or
 * NULL. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_fate(struct hbs_ctx *ctx, const struct hbs_law *law, const char *id,
                                               int64_t on, enum hbs_law_fate *out, const char **order)
    HBS_NONNULL(1, 2, 3, 5, 6);

/* ---- Cases ----------------------------------------------------------------------------------- */

#define HBS_LAW_CASES_MAX 5000u
#define HBS_LAW_CASES_LEAST 10u /* a pack has at least so many */

struct hbs_law_cases; /* the cases beside a pack (NAME.cases), read */

/* Reads cases of `law`, whose rules and events they may name. Mistakes as with hbs_law_open. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_cases_open(struct hbs_ctx *ctx, const struct hbs_law *law,
                                                     const char *where, const char *text, size_t size,
                                                     struct hbs_law_mistake *mistakes, size_t *count,
                                                     struct hbs_law_cases **out) HBS_NONNULL(1, 2, 3, 4, 8);
HBS_API void hbs_law_cases_close(struct hbs_law_cases *cases);
HBS_API size_t hbs_law_cases_count(const struct hbs_law_cases *cases) HBS_NONNULL(1);

struct hbs_law_case {
    const char *name;              /* lives as long as the cases */
    uint32_t line;
    int64_t on;
    const struct hbs_facts *facts; /* likewise */
    bool passed;
    char why[240];                 /* when it did not: expected and got, in words */
};
/* Rules on the index-th case and compares with what it expects. */
HBS_API void hbs_law_cases_run(const struct hbs_law *law, const struct hbs_law_cases *cases, size_t index,
                               struct hbs_law_case *out) HBS_NONNULL(1, 2, 4);

/* Mutants of a pack (DeMillo, Lipton, Sayward 1978): each rule deleted; each integer, date and duration of
 * a condition, each end of an interval, status date, retention, threshold and date of an order moved by
 * one both ways (a date by a day, a duration and a retention by its unit, a threshold by 0.001; not what a
 * rule obliges to and keeps that never has effect). Some case must fail for each. A rule whose deletion no case notices is not decisive in any. */
struct hbs_law_mutants;
HBS_API HBS_MUST_USE enum hbs_err hbs_law_mutants_open(struct hbs_ctx *ctx, const struct hbs_law *law,
                                                       struct hbs_law_mutants **out) HBS_NONNULL(1, 2, 3);
HBS_API void hbs_law_mutants_close(struct hbs_law_mutants *mutants);
/* How many; the first hbs_law_info.rules of them are the deletions, in the order of the rules. */
HBS_API size_t hbs_law_mutants_count(const struct hbs_law_mutants *mutants) HBS_NONNULL(1);

struct hbs_law_mutant {
    const char *rule;     /* or order; lives as long as the mutants */
    uint32_t line, column;
    char what[96];        /* "deleted", "14 -> 15" */
    const char *noticed;  /* the first case that fails with it, or NULL: the mutant survives */
};
/* Tries the index-th mutant on all cases. Not for two threads at once. */
HBS_API void hbs_law_mutant(struct hbs_law_mutants *mutants, const struct hbs_law_cases *cases, size_t index,
                            struct hbs_law_mutant *out) HBS_NONNULL(1, 2, 4);

/* ---- Explanations ---------------------------------------------------------------------------- */

#define HBS_LAW_WAYS_MAX 5u

/* The smallest changes of facts that turn a ruling. The act itself is not changed. Values that are tried:
 * for each fact what the pack and the articles compare it with, the next ones on both sides, all names of
 * a closed list, true and false, the other facts it is compared with, another name, and "not known". All
 * single changes are tried, then, if none turns it, all pairs: within these values the answer is exact. */
struct hbs_law_turn {
    uint32_t changes;   /* facts that each way changes: 1 or 2; 0: no way was found */
    uint32_t ways;      /* kept in `way`, those first that change values that are known */
    struct {
        uint64_t changed; /* 1 << enum hbs_fact */
        struct hbs_facts facts;
    } way[HBS_LAW_WAYS_MAX];
    uint64_t found, tried; /* ways of that size, and rulings asked */
    bool complete;      /* false: the limit of trials was reached before all were tried */
};
/* Every way in the answer was confirmed by hbs_law_rule. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_turn(struct hbs_ctx *ctx, const struct hbs_law *law,
                                               const struct hbs_facts *facts, int64_t on, struct hbs_law_turn *out)
    HBS_NONNULL(1, 2, 3, 5);

/* The ruling and how it came about, as JSON (docs/formats/law-pack.md): the articles that refuse and all
 * rules, the nearest first, each taken apart with the truth and values of its parts, and the turn. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_explain(const struct hbs_law *law, const struct hbs_facts *facts,
                                                  int64_t on, struct hbs_buf *out) HBS_NONNULL(1, 2, 4);

/* ---- The public register --------------------------------------------------------------------- */

/* What the public may know of a law: purposes, bases, assessments, partners, retention, thresholds, each
 * rule in plain words with its status on dates and its hash, orders, articles. From the pack alone, so the
 * same bytes each time. The HTML needs nothing from elsewhere; all of the pack's text in it is escaped. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_register_json(const struct hbs_law *law, struct hbs_buf *out)
    HBS_NONNULL(1, 2);
HBS_API HBS_MUST_USE enum hbs_err hbs_law_register_html(const struct hbs_law *law, struct hbs_buf *out)
    HBS_NONNULL(1, 2);

/* ---- Proofs ---------------------------------------------------------------------------------- */

/* A claim about every act on every date, for a solver (libz3; Z3, TACAS 2008). The rules are
 * translated with the meaning that hbs_law_rule gives them, unknown facts and errors included
 * (docs/decisions/law-unknowns.md). What the solver finds is asked of hbs_law_rule again before it is
 * answered; would they ever disagree, the answer is HBS_ERR_BUG and not an example.
 *
 * All functions here are HBS_ERR_UNSUPPORTED in a build without libz3 (-Dproofs=disabled), are
 * deterministic but for the deadline, and serve one thread at a time. Memory of the solver is its own
 * and does not come through the context. */
HBS_API bool hbs_law_can_prove(void);

#define HBS_LAW_CLAIM_MAX 65536u    /* bytes of a claim */
#define HBS_LAW_SECONDS 60.0        /* wall time, when the options do not say */
#define HBS_LAW_VALUES_MAX 4096u    /* strings that a fact is compared with: HBS_ERR_LIMIT beyond */

struct hbs_law_prove_options {
    double seconds;       /* wall time until the solver gives up; 0: HBS_LAW_SECONDS */
};

/* One act on one date. The smallest of its kind: the fewest known facts; then, fact by fact in the
 * order of enum hbs_fact, unknown before known and small values before large: false before true, small
 * integers first, early dates first, a NAME in the order of its list, other strings short before
 * long and then by their bytes; then the earliest date. A string that no condition names is one of
 * "x", "y", "z" ... */
struct hbs_law_example {
    int64_t on;
    struct hbs_facts facts;
    bool smallest;        /* false: the deadline passed before it was known to be */
};

enum hbs_law_answer { HBS_LAW_PROVED, HBS_LAW_REFUTED, HBS_LAW_UNDECIDED };
struct hbs_law_proof {
    enum hbs_law_answer answer;
    struct hbs_law_example example; /* of HBS_LAW_REFUTED: a counterexample */
    uint32_t checks;                /* questions to the solver */
};
/* `claim` is never(CONDITION) or always(CONDITION). never: no act is allowed while the condition is
 * true. always: every act that is allowed makes it true, so an error refutes. HBS_ERR_FORMAT with the
 * place in "where" when it cannot be read. options may be NULL. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_prove(struct hbs_ctx *ctx, const struct hbs_law *law, const char *claim,
                                                const struct hbs_law_prove_options *options,
                                                struct hbs_law_proof *out) HBS_NONNULL(1, 2, 3, 5);

/* What is wrong, or odd, with a pack. */
enum hbs_law_fault {
    HBS_FAULT_UNREACHABLE,   /* the condition holds for no facts on any date in force */
    HBS_FAULT_CONTRADICTORY, /* a permit that holds only where an article or a forbid refuses */
    HBS_FAULT_SHADOWED,      /* wherever it holds another rule of the same effect does */
    HBS_FAULT_GAP,           /* allowed before and after some dates, and on none of them */
    HBS_FAULT_LONG,          /* keeps for more than 75 years */
    HBS_FAULT_DORMANT        /* has effect on no date: a proposal, a rule struck down */
};
enum hbs_law_severity { HBS_LAW_NOTE, HBS_LAW_WARNING, HBS_LAW_ERROR };
HBS_API const char *hbs_law_fault_name(enum hbs_law_fault fault);          /* "unreachable" */
HBS_API const char *hbs_law_severity_name(enum hbs_law_severity severity); /* "error" */

struct hbs_law_finding {
    enum hbs_law_fault fault;
    enum hbs_law_severity severity;
    const char *rule, *other;  /* ids: the rule, and the one that beats or shadows it, or NULL */
    uint32_t line, column;     /* of the rule in the pack */
    int64_t from, to;          /* of a gap: its first and last date */
    char what[320];            /* one line for people */
    bool has_example;
    struct hbs_law_example example; /* shadowed: where both decide; contradictory: where the permit holds
                                       and is refused; a gap: allowed on the day before it */
};
#define HBS_LAW_FINDINGS_MAX 4096u
struct hbs_law_lint {
    struct hbs_ctx *ctx;
    struct hbs_law_finding *finding; /* by line, column, fault */
    uint32_t count;
    bool complete;                   /* false: the deadline passed */
    uint32_t checks;
};
/* Retention without end is not among the findings: the grammar has no such thing. */
HBS_API HBS_MUST_USE enum hbs_err hbs_law_lint(struct hbs_ctx *ctx, const struct hbs_law *law,
                                               const struct hbs_law_prove_options *options,
                                               struct hbs_law_lint *out) HBS_NONNULL(1, 2, 4);
HBS_API void hbs_law_lint_close(struct hbs_law_lint *lint) HBS_NONNULL(1);

/* What two packs rule differently. NULL in place of an act, modality or purpose: it is not known. */
struct hbs_law_change {
    const char *act, *modality, *purpose;
    bool allows, refuses;                    /* becomes allowed; becomes refused: on some facts each */
    struct hbs_law_example allowed, refused; /* the smallest of each; confirmed under both packs */
};
struct hbs_law_difference {                  /* both allow, but what follows is not the same */
    bool differs;
    struct hbs_law_example example;
};
struct hbs_law_diff {
    struct hbs_ctx *ctx;
    struct hbs_law_change *change; /* in the order of acts, modalities, purposes */
    uint32_t count;
    struct hbs_law_difference obligations, end, threshold;
    bool complete;                 /* false: the deadline passed */
    uint32_t checks;
};
HBS_API HBS_MUST_USE enum hbs_err hbs_law_diff(struct hbs_ctx *ctx, const struct hbs_law *before,
                                               const struct hbs_law *after,
                                               const struct hbs_law_prove_options *options,
                                               struct hbs_law_diff *out) HBS_NONNULL(1, 2, 3, 5);
HBS_API void hbs_law_diff_close(struct hbs_law_diff *diff) HBS_NONNULL(1);

/* The smallest change of facts that turns a ruling on the same date, whatever the number of facts: the
 * fewest set, changed or forgotten; then, in the order of enum hbs_fact, facts left alone before facts
 * changed; of a changed fact forgetting first, then the nearest number or date, or the first name. Facts of
 * `fixed` (1 << enum hbs_fact) are left alone. hbs_law_turn needs no solver and changes two at most. */
struct hbs_law_turned {
    enum hbs_law_answer answer; /* PROVED: nothing turns it; REFUTED: `facts` do; UNDECIDED: deadline */
    struct hbs_facts facts;
    uint64_t changed;           /* 1 << enum hbs_fact */
    bool smallest;
    uint32_t checks;
};
HBS_API HBS_MUST_USE enum hbs_err hbs_law_turn_exactly(struct hbs_ctx *ctx, const struct hbs_law *law,
                                                       const struct hbs_facts *facts, int64_t on, uint64_t fixed,
                                                       const struct hbs_law_prove_options *options,
                                                       struct hbs_law_turned *out) HBS_NONNULL(1, 2, 3, 7);

#ifdef __cplusplus
}
#endif

#endif
