/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the cases beside a pack: facts, a date, and what the ruling must be (grammar in
 * docs/formats/law-pack.md). What a case does not expect is not compared; what it does, is compared
 * whole. Touches the reader's arena; running a case allocates nothing.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <stdio.h>

struct expectation {
    bool allow, by, by_articles, missing, obliges, ends, threshold, dormant;
    struct law_names rules, events, without_effect;
    uint64_t articles, lacks; /* 1 << number, 1 << fact */
    uint32_t obliged;
    int64_t end, end_seconds;
    int32_t llr;
};
struct one_case {
    const char *name;
    uint32_t line;
    int64_t on;
    struct hbs_facts *facts;
    struct expectation expects;
};
struct fact_set {
    const char *name;
    struct hbs_facts *facts;
};
struct hbs_law_cases {
    struct hbs_ctx *ctx;
    struct law_arena *arena;
    const char *name;
    struct one_case *cases;
    uint32_t count;
    struct fact_set *sets;
    uint32_t set_count;
};

static const char *const top_words[] = {"facts", "case", NULL};
static const char *const expectation_words[] = {"by", "missing", "obliges", "ends", "threshold", "without", NULL};

static bool is_top(const struct law_reader *r) { return law_is(r, "facts") || law_is(r, "case"); }

static bool word(struct law_reader *r, const char *text)
{
    char what[32];
    if (law_take(r, text))
        return true;
    snprintf(what, sizeof what, "'%s'", text);
    return law_expected(r, what);
}

static bool no_room(struct law_reader *r)
{
    r->no_memory = true;
    law_next(r);
    return false;
}

static bool fact(struct law_reader *r, enum hbs_fact *out)
{
    char name[80], hint[96];
    if (r->token.kind != LAW_T_WORD)
        return law_expected(r, "a fact such as subject.age");
    uint32_t n = r->token.to - r->token.from;
    snprintf(name, sizeof name, "%.*s", (int)(n < 79 ? n : 79), r->text + r->token.from);
    *out = hbs_fact_find(name);
    if (*out == HBS_FACT_COUNT) {
        const char *near = NULL;
        uint32_t distance = law_near_enough(name);
        for (int f = 0; f < HBS_FACT_COUNT; f++)
            law_nearer(name, hbs_fact_info((enum hbs_fact)f)->name, &near, &distance);
        law_mistake(r, &r->token, "there is no fact '%s'%s", name, law_did_you_mean(near, hint));
    }
    law_next(r);
    return *out != HBS_FACT_COUNT;
}

/* FACT = value */
static bool setting(struct law_reader *r, struct hbs_facts *facts)
{
    enum hbs_fact f;
    if (!fact(r, &f) || !word(r, "="))
        return false;
    const struct hbs_fact_info *info = hbs_fact_info(f);
    struct law_token at = r->token;
    enum hbs_err err;
    int64_t v = 0;
    if (law_take(r, "null")) {
        hbs_facts_forget(facts, f);
        return true;
    }
    bool is_text = info->type == HBS_FACT_STRING || info->type == HBS_FACT_NAME;
    if (is_text) {
        const char *text = law_string(r, "a string in quotes");
        if (!text)
            return false;
        err = hbs_facts_set_string(r->ctx, facts, f, text);
    } else if (info->type == HBS_FACT_BOOLEAN) {
        v = law_is(r, "true");
        if (!law_take(r, "true") && !law_take(r, "false"))
            return law_expected(r, "true or false");
        err = hbs_facts_set_number(r->ctx, facts, f, v);
    } else if (info->type == HBS_FACT_DATE) {
        const char *text;
        if (!law_take(r, "date") || !law_take(r, "("))
            return law_expected(r, "date(\"YYYY-MM-DD\")");
        if (!(text = law_string(r, "a date in quotes")))
            return false;
        if (!law_date_parse(text, strlen(text), &v)) {
            law_mistake(r, &at, "not a date of the calendar; write date(\"YYYY-MM-DD\"), from 1900 to 2199");
            return false;
        }
        if (!word(r, ")"))
            return false;
        err = hbs_facts_set_number(r->ctx, facts, f, v);
    } else {
        bool minus = law_take(r, "-");
        if (!law_integer(r, &v))
            return false;
        err = hbs_facts_set_number(r->ctx, facts, f, minus ? -v : v);
    }
    if (err)
        law_mistake(r, &at, "%.90s; %.60s", hbs_ctx_what(r->ctx), hbs_ctx_do(r->ctx));
    return !err;
}

static bool settings(struct law_reader *r, struct hbs_facts *facts)
{
    bool good = true;
    do
        good &= setting(r, facts);
    while (law_take(r, ","));
    return good;
}

static struct hbs_facts *copy_of(struct law_reader *r, const struct hbs_facts *from)
{
    struct hbs_facts *f = law_arena_take(r->arena, 1, sizeof *f);
    if (!f)
        no_room(r);
    else if (from)
        *f = *from;
    return f;
}

static const struct hbs_facts *find_set(struct law_reader *r, const struct hbs_law_cases *c)
{
    struct law_token at = r->token;
    const char *name = law_name(r, "the name of facts"), *near = NULL;
    if (!name)
        return NULL;
    uint32_t distance = law_near_enough(name);
    for (uint32_t i = 0; i < c->set_count; i++)
        if (!strcmp(c->sets[i].name, name))
            return c->sets[i].facts;
    for (uint32_t i = 0; i < c->set_count; i++)
        law_nearer(name, c->sets[i].name, &near, &distance);
    char hint[96];
    law_mistake(r, &at, "no facts '%.60s' before this%s", name, law_did_you_mean(near, hint));
    return NULL;
}

static bool read_facts(struct law_reader *r, struct hbs_law_cases *c)
{
    struct law_token at = r->token;
    const char *name = law_name(r, "a name for the facts");
    const struct hbs_facts *from = NULL;
    if (!name)
        return false;
    for (uint32_t i = 0; i < c->set_count; i++)
        if (!strcmp(c->sets[i].name, name))
            law_mistake(r, &at, "a second set of facts '%.60s'", name);
    if (law_take(r, "from") && !(from = find_set(r, c)))
        return false;
    if (c->set_count == HBS_LAW_CASES_MAX) {
        law_mistake(r, &at, "more than %u sets of facts", HBS_LAW_CASES_MAX);
        return false;
    }
    struct hbs_facts *f = copy_of(r, from);
    struct fact_set *all = f ? law_arena_grow(r->arena, c->sets, c->set_count, sizeof *all) : NULL;
    if (!all)
        return no_room(r);
    c->sets = all;
    all[c->set_count].name = name;
    all[c->set_count++].facts = f; /* also with a mistake in it: cases name it */
    return settings(r, f);
}

/* ---- What is expected ---------------------------------------------------------------------------- */

static bool list_of(struct law_reader *r, struct law_names *list, int of, const char *what)
{
    do {
        struct law_token at = r->token;
        const char *name = law_name(r, what);
        if (!name)
            return false;
        law_mention(r, of, name, &at);
        const char **names = law_arena_grow(r->arena, list->name, list->count, sizeof *names);
        if (!names)
            return no_room(r);
        list->name = names;
        names[list->count++] = name;
    } while (law_take(r, ","));
    return true;
}

static bool expect_by(struct law_reader *r, struct expectation *e)
{
    struct law_token next = law_peek(r);
    if (law_is(r, "article") && next.kind == LAW_T_INTEGER) {
        law_next(r);
        e->by_articles = true;
        do {
            struct law_token at = r->token;
            int64_t n = 0;
            if (!law_integer(r, &n))
                return false;
            const struct hbs_law_article *a;
            size_t count = hbs_law_articles(&a), i = 0;
            while (i < count && (a[i].number != (uint64_t)n || !a[i].forbids))
                i++;
            if (i == count)
                law_mistake(r, &at, "no article %lld refuses; see 'habeas law articles'", (long long)n);
            else
                e->articles |= UINT64_C(1) << n;
        } while (law_take(r, ","));
        return true;
    }
    e->by = true;
    return law_take(r, "silence") || list_of(r, &e->rules, LAW_A_RULE, "a rule, 'silence' or 'article'");
}

static bool expect_obliges(struct law_reader *r, struct expectation *e)
{
    const char *known[HBS_OBLIGE_COUNT + 1] = {0};
    for (int i = 0; i < HBS_OBLIGE_COUNT; i++)
        known[i] = hbs_obligation_name((enum hbs_obligation)i);
    e->obliges = true;
    if (law_take(r, "nothing"))
        return true;
    do {
        struct law_token at = r->token;
        const char *name = law_name(r, "an obligation, or 'nothing'");
        if (!name)
            return false;
        size_t i = 0;
        while (known[i] && strcmp(known[i], name))
            i++;
        char hint[96];
        if (!known[i])
            law_mistake(r, &at, "'%.60s' is not an obligation%s", name, law_did_you_mean(law_nearest(name, known), hint));
        else
            e->obliged |= UINT32_C(1) << i;
    } while (law_take(r, ","));
    return true;
}

static bool expect_ends(struct law_reader *r, struct expectation *e)
{
    e->ends = true;
    e->end_seconds = -1;
    if (law_take(r, "until") &&
        (!list_of(r, &e->events, LAW_AN_EVENT, "an event") || !word(r, "at") || !word(r, "most")))
        return false;
    if (!law_date(r, &e->end))
        return false;
    return !law_take(r, "after") || (law_integer(r, &e->end_seconds) && word(r, "seconds"));
}

static bool expectation(struct law_reader *r, struct expectation *e)
{
    struct law_token at = r->token;
    if (law_take(r, "by"))
        return expect_by(r, e);
    if (law_take(r, "missing")) {
        e->missing = true;
        if (law_take(r, "nothing"))
            return true;
        do {
            enum hbs_fact f;
            if (!fact(r, &f))
                return false;
            e->lacks |= UINT64_C(1) << f;
        } while (law_take(r, ","));
        return true;
    }
    if (law_take(r, "obliges"))
        return expect_obliges(r, e);
    if (law_take(r, "ends"))
        return expect_ends(r, e);
    if (law_take(r, "threshold")) {
        e->threshold = true;
        return law_decimal(r, &e->llr);
    }
    if (law_take(r, "without")) {
        e->dormant = true;
        return word(r, "effect") && (law_take(r, "nothing") || list_of(r, &e->without_effect, LAW_A_RULE, "a rule"));
    }
    char text[64], hint[96], name[64];
    snprintf(name, sizeof name, "%.*s", (int)(at.to - at.from < 60 ? at.to - at.from : 60), r->text + at.from);
    const char *near = NULL;
    uint32_t distance = law_near_enough(name);
    for (size_t i = 0; at.kind == LAW_T_WORD && expectation_words[i]; i++)
        law_nearer(name, expectation_words[i], &near, &distance);
    for (size_t i = 0; at.kind == LAW_T_WORD && top_words[i]; i++)
        law_nearer(name, top_words[i], &near, &distance);
    law_mistake(r, &at, "%s where an expectation or the next case is expected%s", law_token_words(r, &at, text),
                law_did_you_mean(near, hint));
    law_next(r);
    return false;
}

static bool read_case(struct law_reader *r, struct hbs_law_cases *c)
{
    struct law_token at = r->token;
    struct one_case one = {.line = at.line};
    const struct hbs_facts *from;
    if (!(one.name = law_string(r, "what the case is, in quotes")) || !word(r, "on") || !law_date(r, &one.on) ||
        !word(r, "with") || !(from = find_set(r, c)) || !(one.facts = copy_of(r, from)))
        return false;
    for (uint32_t i = 0; i < c->count; i++)
        if (!strcmp(c->cases[i].name, one.name))
            law_mistake(r, &at, "a second case of this name; the first is on line %u", c->cases[i].line);
    for (;;) {
        if (law_take(r, "but")) {
            if (!settings(r, one.facts))
                return false;
        } else if (law_take(r, "without")) {
            do {
                enum hbs_fact f;
                if (!fact(r, &f))
                    return false;
                hbs_facts_forget(one.facts, f);
            } while (law_take(r, ","));
        } else {
            break;
        }
    }
    if (!word(r, "expect"))
        return false;
    one.expects.allow = law_is(r, "allow");
    if (!law_take(r, "allow") && !law_take(r, "refuse"))
        return law_expected(r, "'allow' or 'refuse'");
    while (r->token.kind != LAW_T_END && !is_top(r))
        if (!expectation(r, &one.expects))
            return false;
    if (c->count == HBS_LAW_CASES_MAX) {
        law_mistake(r, &at, "more than %u cases", HBS_LAW_CASES_MAX);
        return false;
    }
    struct one_case *all = law_arena_grow(r->arena, c->cases, c->count, sizeof *all);
    if (!all)
        return no_room(r);
    c->cases = all;
    all[c->count++] = one;
    return true;
}

static void go_on(struct law_reader *r)
{
    while (r->token.kind != LAW_T_END && !(r->token.first && is_top(r)))
        law_next(r);
}

enum hbs_err hbs_law_cases_open(struct hbs_ctx *ctx, const struct hbs_law *law, const char *where, const char *text,
                                size_t size, struct hbs_law_mistake *mistakes, size_t *count,
                                struct hbs_law_cases **out)
{
    struct law_reader r;
    if (count)
        *count = 0;
    enum hbs_err err = law_reader_open(ctx, where, text, size, &r);
    if (err)
        return err;
    struct hbs_law_cases *c = law_arena_take(r.arena, 1, sizeof *c);
    if (!c) {
        r.no_memory = true;
        goto done;
    }
    c->ctx = ctx;
    c->arena = r.arena;
    struct law_token at = r.token;
    if (!word(&r, "cases")) {
        go_on(&r);
    } else {
        at = r.token;
        if (!(c->name = law_name(&r, "the pack's name")))
            go_on(&r);
        else if (strcmp(c->name, law->name))
            law_mistake(&r, &at, "these are the cases of '%.60s', the pack is '%.60s'", c->name, law->name);
    }
    while (r.token.kind != LAW_T_END) {
        bool good;
        if (law_take(&r, "facts"))
            good = read_facts(&r, c);
        else if (law_take(&r, "case"))
            good = read_case(&r, c);
        else
            good = law_expected(&r, "'facts' or 'case'");
        if (!good)
            go_on(&r);
    }
    if (!r.full && !r.no_memory)
        law_resolve(&r, law);
done:
    err = law_reader_result(&r, where, mistakes, count);
    if (!err) {
        r.arena = NULL;
        *out = c;
    }
    law_reader_close(&r);
    return err;
}

void hbs_law_cases_close(struct hbs_law_cases *cases)
{
    if (cases)
        law_arena_close(cases->ctx, cases->arena);
}

size_t hbs_law_cases_count(const struct hbs_law_cases *cases) { return cases->count; }

/* ---- Running ------------------------------------------------------------------------------------- */

static bool has_name(const struct law_names *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (!strcmp(list->name[i], name))
            return true;
    return false;
}

static bool same_rules(const struct law_names *want, const struct hbs_ruling_rule *got, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!has_name(want, got[i].id))
            return false;
    return want->count == count;
}

static bool same_events(const struct law_names *want, const struct hbs_ruling *got)
{
    for (uint32_t i = 0; i < got->events; i++)
        if (!has_name(want, got->event[i]))
            return false;
    return want->count == got->events;
}

/* What the ruling was, in a few words, after what was expected. */
static void explain(struct hbs_law_case *out, const char *expected, const struct hbs_ruling *r)
{
    char got[160], date[11];
    size_t n = 0;
    got[0] = 0;
#define ADD(...) (n += n < sizeof got ? (size_t)snprintf(got + n, sizeof got - n, __VA_ARGS__) : 0)
    ADD("%s", r->allow ? "allow" : "refuse");
    for (uint32_t i = 0; i < r->articles; i++)
        ADD("%s%u", i ? "," : " by article ", (unsigned)r->article[i]);
    for (uint32_t i = 0; i < r->rules; i++)
        ADD("%s%s", i ? "," : " by ", r->rule[i].id);
    if (!r->rules && !r->articles)
        ADD(" by silence");
    for (int f = 0, any = 0; f < HBS_FACT_COUNT; f++)
        if (r->missing >> f & 1)
            ADD("%s%s", any++ ? "," : " missing ", hbs_fact_info((enum hbs_fact)f)->name);
    for (int o = 0, any = 0; o < HBS_OBLIGE_COUNT; o++)
        if (r->obliged >> o & 1)
            ADD("%s%s", any++ ? "," : " obliges ", hbs_obligation_name((enum hbs_obligation)o));
    if (r->allow) {
        hbs_date_write(r->end, date);
        ADD(" ends ");
        for (uint32_t i = 0; i < r->events; i++)
            ADD("%s%s", i ? "," : "until ", r->event[i]);
        ADD("%s%s", r->events ? " at most " : "", date);
        if (r->end_seconds >= 0)
            ADD(" after %lld seconds", (long long)r->end_seconds);
        if (r->has_threshold)
            ADD(" threshold %d.%03d", r->threshold / 1000, r->threshold % 1000);
    }
#undef ADD
    snprintf(out->why, sizeof out->why, "expected %s; got %s", expected, got);
}

void hbs_law_cases_run(const struct hbs_law *law, const struct hbs_law_cases *cases, size_t index,
                       struct hbs_law_case *out)
{
    const struct one_case *c = &cases->cases[index];
    const struct expectation *e = &c->expects;
    struct hbs_ruling r;
    *out = (struct hbs_law_case){.name = c->name, .line = c->line, .on = c->on, .facts = c->facts};
    hbs_law_rule(law, c->facts, c->on, &r);
    uint64_t articles = 0;
    for (uint32_t i = 0; i < r.articles; i++)
        articles |= UINT64_C(1) << r.article[i];
    const char *wrong = NULL;
    if (e->allow != r.allow)
        wrong = e->allow ? "allow" : "refuse";
    else if (e->by && !e->rules.count && (r.rules || r.articles))
        wrong = "silence";
    else if (e->by && !same_rules(&e->rules, r.rule, r.rules))
        wrong = "other rules";
    else if (e->by_articles && e->articles != articles)
        wrong = "other articles";
    else if (e->missing && e->lacks != r.missing)
        wrong = "other missing facts";
    else if (e->obliges && e->obliged != r.obliged)
        wrong = "other obligations";
    else if (e->ends && (!r.allow || e->end != r.end || e->end_seconds != r.end_seconds || !same_events(&e->events, &r)))
        wrong = "another end";
    else if (e->threshold && (!r.has_threshold || r.threshold != e->llr))
        wrong = "another threshold";
    else if (e->dormant && !same_rules(&e->without_effect, r.dormant, r.without_effect))
        wrong = "other rules without effect";
    out->passed = !wrong;
    if (wrong)
        explain(out, wrong, &r);
}
