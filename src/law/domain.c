/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the values that a string fact can be told apart by. May touch: nothing but memory.
 *
 * Conditions see strings through ==, != , `in` and <. Facts that meet in one comparison form a group;
 * a group sees the constants that its members meet, and the names of its closed lists. Two
 * assignments that agree on which of those each fact equals, which facts equal each other and, where
 * something is ordered, on the order of it all, make every condition the same. So it is enough to
 * offer each open fact its group's constants and as many further words as the group has open facts;
 * with an order, as many in every gap between two neighbouring constants as the gap has room for. This
 * is the small-model property of equality logic and of dense orders (Pnueli, Rodeh, Shtrichman and
 * Siegel, "The small model property: how small can it be?", Information and Computation 178, 2002).
 * Strings under the order of bytes are not dense (nothing lies between "a" and "a "), hence
 * `words_between` below.
 */
#include "domain_int.h"

#include "base/base_int.h"

#include <stdio.h>
#include <stdlib.h>

void law_domains_open(struct hbs_ctx *ctx, struct law_domains *out)
{
    *out = (struct law_domains){.ctx = ctx};
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++)
        out->group[f] = (uint8_t)f;
}

void law_domains_close(struct law_domains *d)
{
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++)
        hbs_free(d->ctx, d->of[f].value);
    for (uint32_t i = 0; i < d->word_count; i++)
        hbs_free(d->ctx, d->word[i]);
    hbs_free(d->ctx, d->word);
    hbs_free(d->ctx, d->named);
    law_domains_open(d->ctx, d);
}

/* Room for one more in a list that doubles. */
static enum hbs_err grow(struct hbs_ctx *ctx, void **list, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return HBS_OK;
    uint32_t more = *capacity ? 2 * *capacity : 32;
    void *p = hbs_resize(ctx, *list, more * size);
    if (!p)
        return hbs_fail_memory(ctx, more * size);
    *list = p;
    *capacity = more;
    return HBS_OK;
}

/* ---- Reading conditions ---------------------------------------------------------------------- */

static uint8_t root(const struct law_domains *d, enum hbs_fact f)
{
    uint8_t g = d->group[f];
    while (d->group[g] != g)
        g = d->group[g];
    return g;
}

static void join(struct law_domains *d, enum hbs_fact a, enum hbs_fact b)
{
    uint8_t x = root(d, a), y = root(d, b);
    d->group[y] = x;
    d->ordered[x] |= d->ordered[y];
}

/* The string facts and constants of one comparison: both sides, lists' elements. */
struct meeting {
    struct law_domains *d;
    bool has_fact;
    enum hbs_fact fact; /* the first: all others join it */
};

static void meet_facts(struct meeting *m, const struct law_expr *e)
{
    if (e->op == LAW_FACT && e->type == LAW_STRING) {
        if (m->has_fact)
            join(m->d, m->fact, e->fact);
        m->fact = e->fact;
        m->has_fact = true;
    } else if (e->op == LAW_MAKE_LIST) {
        for (uint32_t i = 0; i < e->count; i++)
            meet_facts(m, e->items[i]);
    }
}

static enum hbs_err meet_constants(struct meeting *m, const struct law_expr *e)
{
    enum hbs_err err = HBS_OK;
    if (e->op == LAW_CONST && e->type == LAW_STRING)
        return law_domains_name(m->d, m->fact, e->text);
    if (e->op == LAW_MAKE_LIST)
        for (uint32_t i = 0; i < e->count && !err; i++)
            err = meet_constants(m, e->items[i]);
    return err;
}

enum hbs_err law_domains_name(struct law_domains *d, enum hbs_fact fact, const char *text)
{
    enum hbs_err err =
        grow(d->ctx, (void **)&d->named, d->named_count, &d->named_capacity, sizeof *d->named);
    if (!err)
        d->named[d->named_count++] = (struct law_named_value){fact, text};
    d->used |= UINT64_C(1) << fact;
    return err;
}

static bool is_comparison(enum law_op op)
{
    return op == LAW_EQ || op == LAW_NE || op == LAW_LT || op == LAW_LE || op == LAW_GT || op == LAW_GE ||
           op == LAW_IN;
}

enum hbs_err law_domains_read(struct law_domains *d, const struct law_expr *e)
{
    enum hbs_err err = HBS_OK;
    for (; e && !err; e = e->kid[0]) { /* long chains lean to the left: no call for each link */
        if (e->op == LAW_FACT || e->op == LAW_HAS)
            d->used |= UINT64_C(1) << e->fact;
        if (is_comparison(e->op)) {
            struct meeting m = {.d = d};
            meet_facts(&m, e->kid[0]);
            meet_facts(&m, e->kid[1]);
            if (m.has_fact) {
                d->ordered[root(d, m.fact)] |= e->op != LAW_EQ && e->op != LAW_NE && e->op != LAW_IN;
                err = meet_constants(&m, e->kid[0]);
                if (!err)
                    err = meet_constants(&m, e->kid[1]);
            }
        }
        for (uint32_t i = 0; e->op == LAW_MAKE_LIST && i < e->count && !err; i++)
            err = law_domains_read(d, e->items[i]);
        if (!err && e->kid[1])
            err = law_domains_read(d, e->kid[1]);
    }
    return err;
}

enum hbs_err law_domains_read_articles(struct law_domains *d)
{
    const struct hbs_law *articles = law_articles();
    return articles ? law_domains_read_law(d, articles) : hbs_fail_memory(d->ctx, sizeof *articles);
}

enum hbs_err law_domains_read_law(struct law_domains *d, const struct hbs_law *law)
{
    enum hbs_err err = HBS_OK;
    for (uint32_t r = 0; r < law->rule_count && !err; r++) {
        const struct law_rule *rule = &law->rules[r];
        err = law_domains_read(d, rule->all);
        for (uint32_t o = 0; o < rule->obligation_count && !err; o++)
            err = law_domains_read(d, rule->obligations[o].when);
    }
    return err;
}

/* ---- Words that no condition names ----------------------------------------------------------- */

/* Short before long, then by bytes. */
static int by_length(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    size_t n = strlen(x), m = strlen(y);
    return n != m ? (n < m ? -1 : 1) : strcmp(x, y);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct words { /* a growing list of borrowed strings */
    const char **at;
    uint32_t count, capacity;
};

static enum hbs_err add(struct law_domains *d, struct words *w, const char *text)
{
    if (w->count == HBS_LAW_VALUES_MAX)
        return hbs_fail(d->ctx, HBS_ERR_LIMIT, "", "compare it with fewer",
                        "a fact is compared with more than %u strings", HBS_LAW_VALUES_MAX);
    enum hbs_err err = grow(d->ctx, (void **)&w->at, w->count, &w->capacity, sizeof *w->at);
    if (!err)
        w->at[w->count++] = text;
    return err;
}

/* Adds a copy of `head` followed by `tail`, which lives as long as the domains. */
static enum hbs_err add_word(struct law_domains *d, struct words *w, const char *head, size_t head_size,
                             const char *tail)
{
    enum hbs_err err = grow(d->ctx, (void **)&d->word, d->word_count, &d->word_capacity, sizeof *d->word);
    size_t size = strlen(tail);
    char *p = err ? NULL : hbs_alloc(d->ctx, head_size + size + 1, 1);
    if (!p)
        return err ? err : hbs_fail_memory(d->ctx, head_size + size + 1);
    memcpy(p, head, head_size);
    memcpy(p + head_size, tail, size);
    d->word[d->word_count++] = p;
    return add(d, w, p);
}

static bool is_named(const struct words *named, const char *text)
{
    for (uint32_t i = 0; i < named->count; i++)
        if (!strcmp(named->at[i], text))
            return true;
    return false;
}

/* `want` words that are not among `named`: x, y, z, w, v, u, then x1, y1 ... */
static enum hbs_err fresh_words(struct law_domains *d, const struct words *named, struct words *out, uint32_t want)
{
    enum hbs_err err = HBS_OK;
    for (uint32_t i = 0, made = 0; made < want && !err; i++) {
        char word[16] = {"xyzwvu"[i % 6]};
        if (i >= 6)
            snprintf(word + 1, sizeof word - 1, "%u", i / 6);
        if (!is_named(named, word)) {
            err = add_word(d, out, "", 0, word);
            made++;
        }
    }
    return err;
}

/* Up to `want` strings strictly between low and high in the order of their bytes (high NULL: no
 * bound), fewer only where there are fewer. What follows `low` decides:
 *   high does not begin with low    low + anything lies between
 *   high = low + c + rest, c > ' '  low + ' ' + anything, or low + a letter or digit below c
 *   high = low + ' ' + rest         low + ' ' if there is a rest, and what lies between that and high */
static enum hbs_err words_between(struct law_domains *d, const char *low, const char *high, struct words *out,
                                  uint32_t want)
{
    enum hbs_err err = HBS_OK;
    char head[HBS_FACT_STRING_MAX + 1];
    size_t size = strlen(low);
    if (size + 8 > HBS_FACT_STRING_MAX) /* no room for a tail that is surely longer than no other */
        return hbs_fail(d->ctx, HBS_ERR_LIMIT, "", "compare with shorter strings",
                        "a string of %zu bytes is ordered", size);
    memcpy(head, low, size + 1);
    while (high && !strncmp(high, head, size) && high[size] == ' ' && want && !err) {
        if (!high[size + 1])
            return HBS_OK; /* high is low and a blank: nothing between */
        head[size++] = ' ';
        head[size] = 0;
        err = add_word(d, out, head, size, "");
        want--;
        if (size + 8 > HBS_FACT_STRING_MAX)
            return hbs_fail(d->ctx, HBS_ERR_LIMIT, "", "compare with shorter strings", "%zu blanks are ordered", size);
    }
    if (high && !strncmp(high, head, size)) { /* the next byte is above ' ' */
        unsigned char next = (unsigned char)high[size];
        head[size++] = next > 'x' ? 'x' : next > 'a' ? 'a' : next > 'A' ? 'A' : next > '0' ? '0' : ' ';
        head[size] = 0;
    }
    for (uint32_t i = 0; i < want && !err; i++) {
        char tail[16];
        snprintf(tail, sizeof tail, "x%u", i);
        err = add_word(d, out, head, size, i ? tail : "x");
    }
    return err;
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* Whether the fact can have the value: it is set and then known ("unknown" as a status is not). */
static bool can_be(enum hbs_fact fact, const char *text)
{
    struct hbs_facts probe;
    struct hbs_ctx *ctx = NULL;
    if (strlen(text) > HBS_FACT_STRING_MAX || hbs_ctx_open(NULL, &ctx))
        return false;
    hbs_facts_clear(&probe);
    bool good = !hbs_facts_set_string(ctx, &probe, fact, text) && probe.known >> fact & 1;
    hbs_ctx_close(ctx);
    return good;
}

static void sort_once(struct words *w, int (*order)(const void *, const void *))
{
    if (!w->count)
        return;
    qsort(w->at, w->count, sizeof *w->at, order);
    uint32_t n = 1;
    for (uint32_t i = 1; i < w->count; i++)
        if (strcmp(w->at[i], w->at[n - 1]))
            w->at[n++] = w->at[i];
    w->count = n;
}

/* The constants of the group of `f`, each once, and how many open facts it has. */
static enum hbs_err group_constants(struct law_domains *d, uint8_t group, struct words *out, uint32_t *open)
{
    enum hbs_err err = HBS_OK;
    *open = 0;
    for (uint32_t f = 0; f < HBS_FACT_COUNT && !err; f++) {
        if (root(d, f) != group || !(d->used >> f & 1))
            continue;
        const struct hbs_fact_info *info = hbs_fact_info(f);
        *open += info->type == HBS_FACT_STRING;
        for (const char *const *n = info->names; n && *n && !err; n++)
            err = add(d, out, *n);
    }
    for (uint32_t i = 0; i < d->named_count && !err; i++)
        if (root(d, d->named[i].fact) == group)
            err = add(d, out, d->named[i].text);
    sort_once(out, by_bytes);
    return err;
}

/* All values of the group's open facts: constants and words that are none. */
static enum hbs_err group_values(struct law_domains *d, uint8_t group, struct words *out)
{
    uint32_t open;
    enum hbs_err err = group_constants(d, group, out, &open);
    if (err || !open)
        return err;
    if (!d->ordered[group]) {
        err = fresh_words(d, out, out, open);
    } else {
        err = add(d, out, "");
        sort_once(out, by_bytes);
        for (uint32_t i = 0, n = out->count; i < n && !err; i++)
            err = words_between(d, out->at[i], i + 1 < n ? out->at[i + 1] : NULL, out, open);
    }
    sort_once(out, by_length);
    return err;
}

enum hbs_err law_domains_make(struct law_domains *d)
{
    enum hbs_err err = HBS_OK;
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++)
        d->group[f] = root(d, f);
    for (uint32_t f = 0; f < HBS_FACT_COUNT && !err; f++) {
        const struct hbs_fact_info *info = hbs_fact_info(f);
        if (!(d->used >> f & 1) || !law_fact_is_text(f))
            continue;
        struct words values = {0};
        if (info->type == HBS_FACT_STRING) {
            err = group_values(d, root(d, f), &values);
        } else { /* the list in its own order */
            for (const char *const *n = info->names; n && *n && !err; n++)
                err = add(d, &values, *n);
        }
        uint32_t n = 0;
        d->of[f].value = err ? NULL : hbs_alloc(d->ctx, values.count, sizeof *d->of[f].value);
        if (!err && !d->of[f].value)
            err = hbs_fail_memory(d->ctx, values.count * sizeof *d->of[f].value);
        for (uint32_t i = 0; i < values.count && !err; i++)
            if (can_be(f, values.at[i]))
                d->of[f].value[n++] = values.at[i];
        d->of[f].count = n;
        hbs_free(d->ctx, values.at);
    }
    return err;
}

int law_domain_find(const struct law_domains *d, enum hbs_fact fact, const char *text)
{
    for (uint32_t i = 0; i < d->of[fact].count; i++)
        if (!strcmp(d->of[fact].value[i], text))
            return (int)i;
    return -1;
}
