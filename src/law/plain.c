/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: a rule in plain words, for the public register. The words follow the tree, so they say what
 * the condition says, no more: a negation is carried down to the comparisons (de Morgan), where it becomes
 * another word. Reads the pack, writes to the caller's buffer.
 */
#include "base/base_int.h"
#include "law_text.h"

static enum hbs_err put(struct hbs_buf *out, const char *text) { return hbs_buf_put(out, text, strlen(text)); }

static bool begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

/* "the city of the act"; a sentence's fact (boolean) is told as it is. */
static enum hbs_err put_fact(enum hbs_fact f, struct hbs_buf *out)
{
    const char *words = hbs_fact_info(f)->words;
    size_t n = strcspn(words, ",:"); /* what follows is for those who fill in facts */
    bool bare = begins(words, "the ") || begins(words, "what ") || begins(words, "who ") || begins(words, "which ");
    return hbs_buf_printf(out, "%s%.*s", bare ? "" : "the ", (int)n, words);
}

static enum hbs_err put_duration(int64_t v, struct hbs_buf *out)
{
    static const struct { int64_t seconds; const char *name; } units[] = {
        {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    for (size_t i = 0; i < HBS_COUNT(units); i++)
        if (v % units[i].seconds == 0) {
            v /= units[i].seconds;
            return hbs_buf_printf(out, "%lld %s%s", (long long)v, units[i].name, v == 1 ? "" : "s");
        }
    return HBS_OK;
}

static enum hbs_err put_condition(const struct law_expr *e, bool not, struct hbs_buf *out);

static enum hbs_err put_value(const struct law_expr *e, struct hbs_buf *out)
{
    char date[11];
    enum hbs_err err;
    switch (e->op) {
    case LAW_CONST:
        if (e->type == LAW_STRING)
            return *e->text ? hbs_buf_printf(out, "\"%s\"", e->text) : put(out, "nothing");
        if (e->type == LAW_DATE) {
            hbs_date_write(e->value, date);
            int64_t rest = e->value % 86400 < 0 ? e->value % 86400 + 86400 : e->value % 86400;
            return rest ? hbs_buf_printf(out, "%s %02lld:%02lld:%02lld UTC", date, (long long)(rest / 3600),
                                         (long long)(rest / 60 % 60), (long long)(rest % 60))
                        : put(out, date);
        }
        if (e->type == LAW_DURATION)
            return put_duration(e->value, out);
        if (e->type == LAW_BOOL)
            return put(out, e->value ? "true" : "false");
        return hbs_buf_printf(out, "%lld", (long long)e->value);
    case LAW_ON:
        return put(out, "the date of the act");
    case LAW_FACT:
        if (e->type == LAW_BOOL) {
            err = put(out, "whether ");
            return err ? err : put(out, hbs_fact_info(e->fact)->words);
        }
        return put_fact(e->fact, out);
    case LAW_ADD:
    case LAW_SUB:
        err = put_value(e->kid[0], out);
        if (!err)
            err = put(out, e->op == LAW_ADD ? " plus " : " less ");
        return err ? err : put_value(e->kid[1], out);
    default:
        err = put(out, "whether (");
        if (!err)
            err = put_condition(e, false, out);
        return err ? err : put(out, ")");
    }
}

static enum hbs_err put_list(const struct law_expr *list, const char *last, struct hbs_buf *out)
{
    enum hbs_err err = HBS_OK;
    for (uint32_t i = 0; i < list->count && !err; i++) {
        err = put(out, !i ? "" : i + 1 == list->count ? last : ", ");
        if (!err)
            err = put_value(list->items[i], out);
    }
    return err;
}

/* A chain of one operator; under a negation "and" becomes "or". */
static enum hbs_err put_chain(const struct law_expr *e, enum law_op op, bool not, bool *first, struct hbs_buf *out)
{
    enum hbs_err err;
    if (e->op == op) {
        err = put_chain(e->kid[0], op, not, first, out);
        return err ? err : put_chain(e->kid[1], op, not, first, out);
    }
    err = put(out, *first ? "" : (op == LAW_AND) != not ? ", and " : ", or ");
    *first = false;
    bool brackets = e->op == LAW_AND || e->op == LAW_OR || (e->op == LAW_NOT && e->kid[0]->op != LAW_FACT);
    if (!err && brackets)
        err = put(out, "(");
    if (!err)
        err = put_condition(e, not, out);
    return err || !brackets ? err : put(out, ")");
}

static enum hbs_err put_condition(const struct law_expr *e, bool not, struct hbs_buf *out)
{
    static const char *const words[][2][2] = { /* operator, negated, of dates */
        [LAW_EQ] = {{" is ", " is "}, {" is not ", " is not "}},
        [LAW_NE] = {{" is not ", " is not "}, {" is ", " is "}},
        [LAW_LT] = {{" is less than ", " is before "}, {" is at least ", " is not before "}},
        [LAW_LE] = {{" is at most ", " is not after "}, {" is more than ", " is after "}},
        [LAW_GT] = {{" is more than ", " is after "}, {" is at most ", " is not after "}},
        [LAW_GE] = {{" is at least ", " is not before "}, {" is less than ", " is before "}}};
    enum hbs_err err;
    bool first = true;
    switch (e->op) {
    case LAW_NOT:
        return put_condition(e->kid[0], !not, out);
    case LAW_AND:
    case LAW_OR:
        return put_chain(e, e->op, not, &first, out);
    case LAW_FACT:
        err = put(out, not ? "it is not so that " : "");
        return err ? err : put(out, hbs_fact_info(e->fact)->words);
    case LAW_CONST:
        return put(out, (e->value != 0) != not ? "always" : "never");
    case LAW_HAS:
        err = put(out, hbs_fact_info(e->fact)->type == HBS_FACT_BOOLEAN ? "whether " : "");
        if (!err)
            err = hbs_fact_info(e->fact)->type == HBS_FACT_BOOLEAN ? put(out, hbs_fact_info(e->fact)->words)
                                                                   : put_fact(e->fact, out);
        return err ? err : put(out, not ? " is not known" : " is known");
    case LAW_IN:
        if (!e->kid[1]->count)
            return put(out, not ? "always" : "never");
        err = put_value(e->kid[0], out);
        if (!err)
            err = put(out, e->kid[1]->count == 1 ? (not ? " is not " : " is ") : not ? " is neither " : " is ");
        return err ? err : put_list(e->kid[1], not ? " nor " : " or ", out);
    default:
        err = put_value(e->kid[0], out);
        if (!err)
            err = put(out, words[e->op][not][e->kid[0]->type == LAW_DATE]);
        return err ? err : put_value(e->kid[1], out);
    }
}

enum hbs_err law_plain_condition(const struct law_expr *e, struct hbs_buf *out)
{
    return put_condition(e, false, out);
}

static enum hbs_err put_names(const struct law_names *names, struct hbs_buf *out)
{
    enum hbs_err err = HBS_OK;
    for (uint32_t i = 0; i < names->count && !err; i++)
        err = hbs_buf_printf(out, "%s%s", !i ? "" : i + 1 == names->count ? " or " : ", ", names->name[i]);
    return err;
}

enum hbs_err law_plain_scope(const struct hbs_law *law, const struct law_rule *rule, struct hbs_buf *out)
{
    enum hbs_err err = put(out, rule->forbids ? "Forbids to " : "Permits to ");
    if (!err)
        err = rule->acts.count ? put_names(&rule->acts, out) : put(out, "do anything");
    if (!err && rule->modalities.count) {
        err = put(out, ", with ");
        if (!err)
            err = put_names(&rule->modalities, out);
    }
    if (!err && rule->purposes.count) {
        err = put(out, ", for ");
        if (!err)
            err = put_names(&rule->purposes, out);
    }
    for (uint32_t i = 0; i < rule->programmes.count && !err; i++) {
        err = put(out, !i ? ", in " : i + 1 == rule->programmes.count ? " or " : ", ");
        for (uint32_t k = 0; k < law->programme_count && !err; k++)
            if (!strcmp(law->programmes[k].name, rule->programmes.name[i]))
                err = put(out, law->programmes[k].words);
    }
    return err;
}

enum hbs_err law_plain_span(struct law_span span, struct hbs_buf *out)
{
    static const char *const units[] = {"hour", "day", "month", "year"};
    return hbs_buf_printf(out, "%lld %s%s", (long long)span.count, units[span.unit], span.count == 1 ? "" : "s");
}
