/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law, private: what the readers of packs, cases and conditions share: an arena, a lexer, a list
 * of mistakes, and the small steps of a recursive descent. A reader goes on after a mistake, at the
 * next clause, so that all are reported together. Once memory is refused or the list of mistakes is
 * full it sees only the end of the text, and so comes to an end.
 */
#ifndef HABEAS_LAW_TEXT_H
#define HABEAS_LAW_TEXT_H

#include "law_int.h"

/* ---- Arena: memory that is given back all at once ---------------------------------------------- */

struct law_arena;
struct law_arena *law_arena_open(struct hbs_ctx *ctx);
void law_arena_close(struct hbs_ctx *ctx, struct law_arena *arena);
/* Zeroed, or NULL when refused. */
void *law_arena_take(struct law_arena *arena, size_t count, size_t size);
/* An array with room for one more after `count`: a new, copied one when count is 0 or a power of two. */
void *law_arena_grow(struct law_arena *arena, void *old, uint32_t count, size_t size);
char *law_arena_text(struct law_arena *arena, const char *text, size_t size);

/* ---- Words of the text ------------------------------------------------------------------------- */

enum law_token_kind {
    LAW_T_END, LAW_T_WORD, LAW_T_STRING, LAW_T_INTEGER, LAW_T_DECIMAL, LAW_T_DATE,
    LAW_T_MARK /* one of the marks of lex.c; its text says which */
};
struct law_token {
    enum law_token_kind kind;
    bool first;            /* the first of its line: where reading goes on after a mistake */
    bool broken;           /* was a mistake already; read as if it were right */
    uint32_t from, to;     /* bytes of the text */
    uint32_t line, column;
};

struct law_reader {
    struct hbs_ctx *ctx;
    struct law_arena *arena;
    const struct hbs_law *pack; /* what names may refer to; NULL: none are checked */
    const char *text;
    uint32_t size, at;     /* the next byte to look at */
    uint32_t line, line_at, counted, column; /* column of byte `counted`, from the line's begin on */
    struct law_token token; /* the one under consideration */
    uint32_t last_to;      /* where the token before it ended */
    struct hbs_law_mistake *mistakes; /* HBS_LAW_MISTAKES_MAX of them */
    uint32_t mistake_count;
    bool full, no_memory;
    uint32_t depth, nodes; /* of the condition that is being read */
    /* Names of the pack that conditions mention; they are checked when all declarations were seen. */
    struct law_mention {
        enum { LAW_A_PROGRAMME, LAW_AN_EVENT, LAW_A_RULE } of;
        const char *name;
        uint32_t line, column;
    } *mentions;
    uint32_t mention_count;
};

/* Takes memory and reads the first token. HBS_ERR_LIMIT for too long a text, HBS_ERR_NO_MEMORY. */
enum hbs_err law_reader_open(struct hbs_ctx *ctx, const char *where, const char *text, size_t size,
                             struct law_reader *r);
/* Gives back what the reader alone needs, and the arena too unless the caller took it (set it NULL). */
void law_reader_close(struct law_reader *r);
/* HBS_OK, or the error of what went wrong: memory, or FORMAT with the first mistake in the context and
 * all in `mistakes` in the order of the text. */
enum hbs_err law_reader_result(struct law_reader *r, const char *where, struct hbs_law_mistake *mistakes,
                               size_t *count);

void law_next(struct law_reader *r);
/* The token after the present one, which stays. */
struct law_token law_peek(const struct law_reader *r);
/* Cuts a word such as "on-5" before its first '-': in conditions that is a minus. */
void law_cut_word(struct law_reader *r);
bool law_is(const struct law_reader *r, const char *word);  /* a word or mark */
bool law_token_is(const struct law_reader *r, const struct law_token *t, const char *word);
bool law_take(struct law_reader *r, const char *word);      /* and goes past it */
/* A mistake at a token, or at a place. */
void law_mistake(struct law_reader *r, const struct law_token *at, const char *format, ...) HBS_PRINTF(3, 4);
void law_mistake_at(struct law_reader *r, uint32_t line, uint32_t column, const char *format, ...) HBS_PRINTF(4, 5);
/* "X where Y was expected", and false. */
bool law_expected(struct law_reader *r, const char *what);
/* The token in words for a mistake: 'permitt', the end of the text. Into a buffer of 64. */
const char *law_token_words(const struct law_reader *r, const struct law_token *t, char out[64]);
/* A copy of the present word; goes past it. */
const char *law_word(struct law_reader *r);
/* A string with its escapes resolved, several side by side joined; NULL after a mistake. */
const char *law_string(struct law_reader *r, const char *what);
bool law_date(struct law_reader *r, int64_t *out);
bool law_integer(struct law_reader *r, int64_t *out);
bool law_decimal(struct law_reader *r, int32_t *thousandths);
/* NAME: a letter a-z, then letters, digits, '-'. NULL after a mistake. */
const char *law_name(struct law_reader *r, const char *what);
void law_mention(struct law_reader *r, int of, const char *name, const struct law_token *at);
/* A mistake for each mention that the pack does not declare. */
void law_resolve(struct law_reader *r, const struct hbs_law *law);

/* The name of the list (NULL-terminated) that is nearest to `name`, or NULL when none is near. */
const char *law_nearest(const char *name, const char *const *list);
/* The same, one at a time: *best starts NULL and *distance with law_near_enough(name). */
uint32_t law_near_enough(const char *name);
void law_nearer(const char *name, const char *candidate, const char **best, uint32_t *distance);
/* ", did you mean 'x'?" or "". */
const char *law_did_you_mean(const char *near, char out[96]);

/* ---- Conditions (expr.c) ------------------------------------------------------------------------ */

/* A whole condition of type boolean; NULL after a mistake. */
struct law_expr *law_condition(struct law_reader *r);
/* A node of the reader's arena; NULL (and no_memory) when refused. */
struct law_expr *law_node(struct law_reader *r, enum law_op op, enum law_type type);
/* The facts that a condition reads. */
uint64_t law_reads(const struct law_expr *e);
/* `fact in [names]`, the condition of a list of a rule; from and to as of the clause. */
struct law_expr *law_scope_of(struct law_reader *r, enum hbs_fact fact, const struct law_names *names,
                              const struct law_token *at);
struct law_expr *law_and(struct law_reader *r, struct law_expr *a, struct law_expr *b);

/* ---- Small things --------------------------------------------------------------------------------- */

/* Makes what was quoted in a message fit to be shown: a character that was cut is left out, one that
 * cannot be seen becomes '?'. */
void law_clean(char *text);
/* Text as a JSON string, with its quotes. */
enum hbs_err law_json_text(struct hbs_buf *out, const char *text);
void law_sha256(const void *data, size_t size, char out[65]);   /* hexadecimal */
/* In plain words (plain.c): a condition that holds; what a rule is about, without its condition; a span. */
enum hbs_err law_plain_condition(const struct law_expr *e, struct hbs_buf *out);
enum hbs_err law_plain_scope(const struct hbs_law *law, const struct law_rule *rule, struct hbs_buf *out);
enum hbs_err law_plain_span(struct law_span span, struct hbs_buf *out);
int64_t law_date_of(int64_t year, int month, int day);          /* seconds */
void law_date_parts(int64_t seconds, int64_t *year, int *month, int *day);
/* YYYY-MM-DD in 10 bytes; years 1900 to 2199. */
bool law_date_parse(const char *text, size_t size, int64_t *out);
/* RFC 3339 without fractions: 2020-05-15T10:00:00Z, or +02:00 instead of Z. */
bool law_timestamp_parse(const char *text, int64_t *out);
/* "36h", "1h30m", "2d"; *unit: seconds of the last, smallest unit. */
bool law_duration_parse(const char *text, int64_t *out, int64_t *unit);

#endif
