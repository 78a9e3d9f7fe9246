/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: a condition's text -> a typed tree. Recursive descent over the grammar of
 * docs/formats/law-pack.md, a subset of the Common Expression Language (cel-spec, langdef.md); types
 * are checked as the tree is built, so that evaluation meets no type errors. Touches the reader alone.
 *
 * Limits: DEPTH levels of brackets and '!', NODES parts. Trees are evaluated by recursion, and a chain
 * of && leans to the left: the second limit bounds the stack that evaluation takes.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <stdio.h>

enum { DEPTH = 64, NODES = 1000 };

static struct law_expr *expression(struct law_reader *r);

static const char *type_words(enum law_type t)
{
    static const char *const words[] = {"true or false", "a number", "a string", "a date", "a duration", "a list"};
    return words[t];
}

struct law_expr *law_node(struct law_reader *r, enum law_op op, enum law_type type)
{
    if (++r->nodes > NODES) {
        if (r->nodes == NODES + 1)
            law_mistake(r, &r->token, "a condition of more than %d parts; split the rule", NODES);
        return NULL;
    }
    struct law_expr *e = law_arena_take(r->arena, 1, sizeof *e);
    if (!e) {
        r->no_memory = true;
        return NULL;
    }
    e->op = op;
    e->type = type;
    e->line = r->token.line;
    e->column = r->token.column;
    e->from = r->token.from;
    e->to = r->token.to;
    return e;
}

static struct law_expr *two(struct law_reader *r, enum law_op op, enum law_type type, struct law_expr *a,
                            struct law_expr *b)
{
    struct law_expr *e = a && b ? law_node(r, op, type) : NULL;
    if (!e)
        return NULL;
    e->kid[0] = a;
    e->kid[1] = b;
    e->line = a->line;
    e->column = a->column;
    e->from = a->from;
    e->to = b->to;
    return e;
}

struct law_expr *law_and(struct law_reader *r, struct law_expr *a, struct law_expr *b)
{
    return !a ? b : !b ? a : two(r, LAW_AND, LAW_BOOL, a, b);
}

/* A mistake of a part that was read already. */
static struct law_expr *wrong(struct law_reader *r, const struct law_expr *at, const char *format, const char *a,
                              const char *b)
{
    law_mistake_at(r, at->line, at->column, format, a, b);
    return NULL;
}

/* ---- Operands ---------------------------------------------------------------------------------- */

/* The nearest fact, or word of conditions, to a word that is none. */
static struct law_expr *unknown_word(struct law_reader *r)
{
    static const char *const words[] = {"has", "date", "timestamp", "duration", "true", "false", "on", NULL};
    char name[80], hint[96];
    uint32_t n = r->token.to - r->token.from;
    snprintf(name, sizeof name, "%.*s", (int)(n < 70 ? n : 70), r->text + r->token.from);
    const char *near = NULL;
    uint32_t distance = law_near_enough(name);
    for (int f = 0; f < HBS_FACT_COUNT; f++) {
        const char *full = hbs_fact_info((enum hbs_fact)f)->name, *dot = strchr(full, '.');
        law_nearer(name, full, &near, &distance);
        if (dot && !strcmp(dot + 1, name)) {
            near = full;
            distance = 0;
        }
    }
    for (int i = 0; words[i]; i++)
        law_nearer(name, words[i], &near, &distance);
    law_mistake(r, &r->token, "there is no fact '%s'%s", name, law_did_you_mean(near, hint));
    law_next(r);
    return NULL;
}

/* The fact that the present word names, or HBS_FACT_COUNT after a mistake; goes past it. */
static enum hbs_fact fact_word(struct law_reader *r)
{
    char name[80];
    uint32_t n = r->token.to - r->token.from;
    if (r->token.kind != LAW_T_WORD) {
        law_expected(r, "a fact such as subject.age");
        return HBS_FACT_COUNT;
    }
    snprintf(name, sizeof name, "%.*s", (int)(n < 79 ? n : 79), r->text + r->token.from);
    enum hbs_fact f = hbs_fact_find(name);
    if (f == HBS_FACT_COUNT)
        unknown_word(r);
    else
        law_next(r);
    return f;
}

static bool close_mark(struct law_reader *r, const char *mark)
{
    char what[8];
    snprintf(what, sizeof what, "'%s'", mark);
    return law_take(r, mark) || law_expected(r, what);
}

/* date("..."), timestamp("...") and duration("...") are constants. */
static struct law_expr *constant_call(struct law_reader *r, enum law_type type, const char *name)
{
    struct law_expr *e = law_node(r, LAW_CONST, type);
    law_next(r);
    if (!law_take(r, "(")) {
        law_expected(r, "'('");
        return NULL;
    }
    struct law_token at = r->token;
    const char *text = law_string(r, "a string in quotes");
    if (!text || !e)
        return NULL;
    int64_t unit = 0;
    if (*name == 'd' && name[1] == 'a') {
        if (!law_date_parse(text, strlen(text), &e->value)) {
            law_mistake(r, &at, "not a date of the calendar; write date(\"YYYY-MM-DD\"), from 1900 to 2199");
            return NULL;
        }
    } else if (*name == 't') {
        if (!law_timestamp_parse(text, &e->value)) {
            law_mistake(r, &at, "not a time; write timestamp(\"2020-05-15T10:00:00Z\")");
            return NULL;
        }
    } else if (!law_duration_parse(text, &e->value, &unit)) {
        law_mistake(r, &at, "not a duration; write duration(\"36h\"), with d, h, m and s");
        return NULL;
    }
    e->count = (uint32_t)unit;
    e->to = r->token.to;
    return close_mark(r, ")") ? e : NULL;
}

static struct law_expr *list(struct law_reader *r)
{
    struct law_expr *e = law_node(r, LAW_MAKE_LIST, LAW_LIST);
    law_next(r);
    bool good = e != NULL, known = false;
    while (!law_is(r, "]")) {
        struct law_expr *item = expression(r);
        good &= item != NULL;
        if (good && item->type == LAW_LIST) {
            wrong(r, item, "a list within a list", NULL, NULL);
            good = false;
        } else if (good && known && item->type != e->item_type) {
            wrong(r, item, "%s in a list that begins with %s", type_words(item->type), type_words(e->item_type));
            good = false;
        }
        if (good) {
            struct law_expr **items = law_arena_grow(r->arena, e->items, e->count, sizeof *items);
            if (!items) {
                r->no_memory = true;
                return NULL;
            }
            e->items = items;
            items[e->count++] = item;
            e->item_type = item->type;
            known = true;
        }
        if (!item || !law_take(r, ","))
            break;
    }
    if (good && e)
        e->to = r->token.to;
    if (!law_take(r, "]"))
        return good ? (law_expected(r, "',' or ']'"), NULL) : NULL;
    return good ? e : NULL;
}

static struct law_expr *operand(struct law_reader *r)
{
    if (++r->depth > DEPTH) {
        law_mistake(r, &r->token, "more than %d levels of brackets", DEPTH);
        r->depth--;
        return NULL;
    }
    struct law_expr *e = NULL;
    law_cut_word(r);
    struct law_token at = r->token;
    if (law_take(r, "(")) {
        e = expression(r);
        uint32_t end = r->token.to;
        if (e && !close_mark(r, ")"))
            e = NULL;
        if (e) { /* what is shown of it includes its brackets */
            e->from = at.from;
            e->to = end;
            e->line = at.line;
            e->column = at.column;
        }
    } else if (law_is(r, "[")) {
        e = list(r);
    } else if (law_is(r, "has")) {
        e = law_node(r, LAW_HAS, LAW_BOOL);
        law_next(r);
        if (!law_take(r, "(")) {
            law_expected(r, "'('");
            e = NULL;
        } else {
            enum hbs_fact f = fact_word(r);
            uint32_t end = r->token.to;
            if (f == HBS_FACT_COUNT || !close_mark(r, ")"))
                e = NULL;
            if (e) {
                e->fact = f;
                e->to = end;
            }
        }
    } else if (law_is(r, "date")) {
        e = constant_call(r, LAW_DATE, "date");
    } else if (law_is(r, "timestamp")) {
        e = constant_call(r, LAW_DATE, "timestamp");
    } else if (law_is(r, "duration")) {
        e = constant_call(r, LAW_DURATION, "duration");
    } else if (law_is(r, "true") || law_is(r, "false")) {
        e = law_node(r, LAW_CONST, LAW_BOOL);
        if (e)
            e->value = law_is(r, "true");
        law_next(r);
    } else if (law_is(r, "on")) {
        e = law_node(r, LAW_ON, LAW_DATE);
        law_next(r);
    } else if (r->token.kind == LAW_T_STRING) {
        e = law_node(r, LAW_CONST, LAW_STRING);
        const char *text = law_string(r, "a string");
        if (!text)
            e = NULL;
        if (e) {
            e->text = text;
            e->to = r->last_to;
        }
    } else if (r->token.kind == LAW_T_INTEGER || law_is(r, "-")) {
        bool minus = law_take(r, "-");
        e = law_node(r, LAW_CONST, LAW_INT);
        int64_t v;
        if (!law_integer(r, &v))
            e = NULL;
        if (e) {
            e->value = minus ? -v : v;
            e->from = at.from;
            e->line = at.line;
            e->column = at.column;
        }
    } else if (r->token.kind == LAW_T_DATE) {
        law_mistake(r, &r->token, "in a condition a date is written date(\"YYYY-MM-DD\")");
        law_next(r);
    } else if (r->token.kind == LAW_T_DECIMAL) {
        law_mistake(r, &r->token, "conditions have whole numbers only");
        law_next(r);
    } else if (r->token.kind == LAW_T_WORD) {
        static const enum law_type types[] = {[HBS_FACT_STRING] = LAW_STRING, [HBS_FACT_NAME] = LAW_STRING,
                                              [HBS_FACT_INTEGER] = LAW_INT, [HBS_FACT_BOOLEAN] = LAW_BOOL,
                                              [HBS_FACT_DATE] = LAW_DATE};
        e = law_node(r, LAW_FACT, LAW_BOOL);
        enum hbs_fact f = fact_word(r);
        if (f == HBS_FACT_COUNT)
            e = NULL;
        if (e) {
            e->fact = f;
            e->type = types[hbs_fact_info(f)->type];
        }
    } else {
        law_expected(r, "a fact, a value or '('");
    }
    r->depth--;
    return e;
}

/* ---- Operators --------------------------------------------------------------------------------- */

static struct law_expr *sum(struct law_reader *r)
{
    struct law_expr *a = operand(r);
    while (law_is(r, "+") || law_is(r, "-")) {
        bool plus = law_is(r, "+");
        law_next(r);
        struct law_expr *b = operand(r);
        if (!a || !b) {
            a = NULL;
            continue;
        }
        enum law_type type;
        if (a->type == LAW_INT && b->type == LAW_INT)
            type = LAW_INT;
        else if (a->type == LAW_DURATION && b->type == LAW_DURATION)
            type = LAW_DURATION;
        else if (!plus && a->type == LAW_DATE && b->type == LAW_DATE)
            type = LAW_DURATION;
        else if ((a->type == LAW_DATE && b->type == LAW_DURATION) ||
                 (plus && a->type == LAW_DURATION && b->type == LAW_DATE))
            type = LAW_DATE;
        else {
            a = wrong(r, b, plus ? "%s cannot be added to %s" : "%s cannot be taken from %s", type_words(b->type),
                      type_words(a->type));
            continue;
        }
        a = two(r, plus ? LAW_ADD : LAW_SUB, type, a, b);
    }
    return a;
}

/* A constant compared with a fact of a closed list must be of the list. */
static bool check_name(struct law_reader *r, const struct law_expr *fact, const struct law_expr *value)
{
    if (fact->op != LAW_FACT || value->op != LAW_CONST || value->type != LAW_STRING)
        return true;
    struct law_token at = {.line = value->line, .column = value->column};
    if (fact->fact == HBS_FACT_PROGRAMME && *value->text)
        law_mention(r, LAW_A_PROGRAMME, value->text, &at);
    const char *const *names = hbs_fact_info(fact->fact)->names;
    if (!names)
        return true;
    for (size_t i = 0; names[i]; i++)
        if (!strcmp(names[i], value->text))
            return true;
    char hint[96];
    law_mistake(r, &at, "'%.60s' is no %s%s", value->text, hbs_fact_info(fact->fact)->name,
                law_did_you_mean(law_nearest(value->text, names), hint));
    return false;
}

static bool is_unknown_status(const struct law_expr *e)
{
    return e->op == LAW_CONST && e->type == LAW_STRING && !strcmp(e->text, "unknown");
}

/* An unknown status is an absent one: `subject.status == "unknown"` says !has(subject.status). */
static struct law_expr *is_absent(struct law_reader *r, const struct law_expr *whole, bool not)
{
    struct law_expr *has = law_node(r, LAW_HAS, LAW_BOOL), *e = has;
    if (!has)
        return NULL;
    has->fact = HBS_FACT_SUBJECT_STATUS;
    if (!not && (e = law_node(r, LAW_NOT, LAW_BOOL)))
        e->kid[0] = has;
    for (int i = 0; e && i < 2; i++) {
        struct law_expr *x = i ? e : has;
        x->from = whole->from;
        x->to = whole->to;
        x->line = whole->line;
        x->column = whole->column;
    }
    return e;
}

/* a in [...]: types, names of the list, and "unknown" among them. */
static struct law_expr *membership(struct law_reader *r, struct law_expr *a, struct law_expr *b)
{
    if (b->type != LAW_LIST)
        return wrong(r, b, "'in' needs a list, here is %s", type_words(b->type), NULL);
    if (a->type == LAW_LIST || (b->count && b->item_type != a->type))
        return wrong(r, b, "%s is looked for among a list of another type (%s)", type_words(a->type),
                     type_words(b->item_type));
    bool good = true;
    uint32_t kept = 0;
    bool status = a->op == LAW_FACT && a->fact == HBS_FACT_SUBJECT_STATUS, unknown = false;
    for (uint32_t i = 0; i < b->count; i++) {
        good &= check_name(r, a, b->items[i]) && check_name(r, b->items[i], a);
        if (status && is_unknown_status(b->items[i]))
            unknown = true;
        else
            b->items[kept++] = b->items[i];
    }
    b->count = kept;
    struct law_expr *e = good ? two(r, LAW_IN, LAW_BOOL, a, b) : NULL;
    if (e && unknown) { /* !has(subject.status) || subject.status in the rest */
        struct law_expr *absent = is_absent(r, e, false);
        e = absent && kept ? two(r, LAW_OR, LAW_BOOL, absent, e) : absent;
    }
    return e;
}

static struct law_expr *comparison(struct law_reader *r)
{
    static const struct { const char *mark; enum law_op op; } ops[] = {
        {"==", LAW_EQ}, {"!=", LAW_NE}, {"<", LAW_LT}, {"<=", LAW_LE}, {">", LAW_GT}, {">=", LAW_GE}, {"in", LAW_IN}};
    struct law_expr *a = sum(r);
    for (bool chain = false;; chain = true) {
        size_t i = 0;
        while (i < HBS_COUNT(ops) && !law_is(r, ops[i].mark))
            i++;
        if (i == HBS_COUNT(ops)) {
            if (law_is(r, "=")) {
                law_mistake(r, &r->token, "'=' has no meaning here, did you mean '=='?");
                law_next(r);
                sum(r);
                a = NULL;
                continue;
            }
            return a;
        }
        if (ops[i].op == LAW_IN) { /* "in force from": the next clause */
            struct law_token next = law_peek(r);
            if (law_token_is(r, &next, "force"))
                return a;
        }
        struct law_token at = r->token;
        law_next(r);
        struct law_expr *b = sum(r);
        if (chain) {
            law_mistake(r, &at, "a chain of comparisons; write a < b && b < c");
            a = NULL;
        }
        if (!a || !b) {
            a = NULL;
            continue;
        }
        if (ops[i].op == LAW_IN) {
            a = membership(r, a, b);
            continue;
        }
        if (a->type != b->type) {
            a = wrong(r, b, "%s is compared with %s", type_words(b->type), type_words(a->type));
            continue;
        }
        bool equal = ops[i].op == LAW_EQ || ops[i].op == LAW_NE;
        if (a->type == LAW_LIST || (!equal && a->type == LAW_BOOL)) {
            struct law_token there = at;
            law_mistake(r, &there, a->type == LAW_LIST ? "lists cannot be compared; use 'in'"
                                                       : "'<' and '>' do not compare true and false");
            a = NULL;
            continue;
        }
        if (!check_name(r, a, b) || !check_name(r, b, a)) {
            a = NULL;
            continue;
        }
        struct law_expr *e = two(r, ops[i].op, LAW_BOOL, a, b);
        bool status = (a->op == LAW_FACT && a->fact == HBS_FACT_SUBJECT_STATUS && is_unknown_status(b)) ||
                      (b->op == LAW_FACT && b->fact == HBS_FACT_SUBJECT_STATUS && is_unknown_status(a));
        if (e && status && !equal) {
            law_mistake(r, &at, "an unknown status has no order; use == or !=");
            e = NULL;
        } else if (e && status) {
            e = is_absent(r, e, ops[i].op == LAW_NE);
        }
        a = e;
    }
}

static struct law_expr *need_truth(struct law_reader *r, struct law_expr *e, const char *what)
{
    if (e && e->type != LAW_BOOL)
        return wrong(r, e, "%s needs true or false, here is %s", what, type_words(e->type));
    return e;
}

static struct law_expr *negation(struct law_reader *r)
{
    if (!law_is(r, "!"))
        return comparison(r);
    if (++r->depth > DEPTH) {
        law_mistake(r, &r->token, "more than %d levels of brackets", DEPTH);
        r->depth--;
        return NULL;
    }
    struct law_expr *e = law_node(r, LAW_NOT, LAW_BOOL);
    law_next(r);
    struct law_expr *kid = need_truth(r, negation(r), "'!'");
    r->depth--;
    if (!e || !kid)
        return NULL;
    e->kid[0] = kid;
    e->to = kid->to;
    return e;
}

static struct law_expr *conjunction(struct law_reader *r)
{
    struct law_expr *a = negation(r);
    while (law_is(r, "&&")) {
        a = need_truth(r, a, "'&&'");
        law_next(r);
        struct law_expr *b = need_truth(r, negation(r), "'&&'");
        a = a && b ? two(r, LAW_AND, LAW_BOOL, a, b) : NULL;
    }
    return a;
}

static struct law_expr *expression(struct law_reader *r)
{
    struct law_expr *a = conjunction(r);
    while (law_is(r, "||")) {
        a = need_truth(r, a, "'||'");
        law_next(r);
        struct law_expr *b = need_truth(r, conjunction(r), "'||'");
        a = a && b ? two(r, LAW_OR, LAW_BOOL, a, b) : NULL;
    }
    return a;
}

/* ---- Whole conditions -------------------------------------------------------------------------- */

struct law_expr *law_condition(struct law_reader *r)
{
    r->nodes = r->depth = 0;
    return need_truth(r, expression(r), "a condition");
}

struct law_expr *law_scope_of(struct law_reader *r, enum hbs_fact fact, const struct law_names *names,
                              const struct law_token *at)
{
    r->nodes = 0;
    struct law_expr *e = law_node(r, LAW_FACT, LAW_STRING), *all = law_node(r, LAW_MAKE_LIST, LAW_LIST);
    if (!e || !all)
        return NULL;
    e->fact = fact;
    all->item_type = LAW_STRING;
    all->items = law_arena_take(r->arena, names->count, sizeof *all->items);
    if (!all->items) {
        r->no_memory = true;
        return NULL;
    }
    for (uint32_t i = 0; i < names->count; i++) {
        r->nodes = 0; /* the limit is for trees that are deep; this one is wide */
        struct law_expr *item = law_node(r, LAW_CONST, LAW_STRING);
        if (!item)
            return NULL;
        item->text = names->name[i];
        all->items[all->count++] = item;
    }
    struct law_expr *in = two(r, LAW_IN, LAW_BOOL, e, all);
    if (in) {
        in->line = at->line;
        in->column = at->column;
        in->from = at->from;
        in->to = r->last_to;
    }
    return in;
}

uint64_t law_reads(const struct law_expr *e)
{
    if (!e)
        return 0;
    uint64_t set = e->op == LAW_FACT || e->op == LAW_HAS ? UINT64_C(1) << e->fact : 0;
    set |= law_reads(e->kid[0]) | law_reads(e->kid[1]);
    for (uint32_t i = 0; e->op == LAW_MAKE_LIST && i < e->count; i++)
        set |= law_reads(e->items[i]);
    return set;
}

enum hbs_err law_parse_condition(struct hbs_ctx *ctx, const struct hbs_law *pack, const char *where, const char *text,
                                 size_t size, struct hbs_law_mistake *mistakes, size_t *count,
                                 struct law_expr **out, void **owner)
{
    struct law_reader r;
    enum hbs_err err = law_reader_open(ctx, where, text, size, &r);
    if (err)
        return err;
    r.pack = pack;
    struct law_expr *e = law_condition(&r);
    if (e && r.token.kind != LAW_T_END)
        law_expected(&r, "an operator or the end");
    if (pack)
        law_resolve(&r, pack);
    err = law_reader_result(&r, where, mistakes, count);
    if (!err && !e)
        err = hbs_fail(ctx, HBS_ERR_BUG, where, "report this", "a condition came to nothing");
    if (!err) {
        *out = e;
        *owner = r.arena;
        r.arena = NULL;
    }
    law_reader_close(&r);
    return err;
}

void law_condition_close(struct hbs_ctx *ctx, void *owner) { law_arena_close(ctx, owner); }
