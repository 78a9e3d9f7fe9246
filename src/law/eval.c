/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: one condition under one act's facts: true, false or error. The meaning is that of the
 * Common Expression Language (cel-spec, langdef.md, "Logical operators"): && and || are commutative
 * and absorb an error of the side that does not matter; every other operation on an error is one.
 * Reads the tree and the facts, touches nothing else, allocates nothing.
 */
#include "base/base_int.h"
#include "law_text.h"

/* Within comparisons and sums more truth may help or harm. */
static struct law_view both_ways(const struct law_view *view)
{
    struct law_view v = *view;
    v.strict = v.strict ? 2 : 0;
    return v;
}

/* The value of a part that is no list; false: an error. A string goes to *text. */
static bool value_of(const struct law_expr *e, const struct law_view *view, int64_t *value, const char **text,
                     uint64_t *needed)
{
    switch (e->op) {
    case LAW_CONST:
        *value = e->value;
        *text = e->text;
        return true;
    case LAW_ON:
        *value = view->on;
        return true;
    case LAW_FACT:
        if (view->facts->known >> e->fact & 1) {
            if (e->type == LAW_STRING)
                return (*text = hbs_facts_string(view->facts, e->fact)) != NULL;
            *value = view->facts->at[e->fact];
            return true;
        }
        if (e->fact == HBS_FACT_SUBJECT_AGE && !view->strict) {
            *value = 0;
            return true;
        }
        if (e->fact == HBS_FACT_SUBJECT_STATUS && view->status && !view->strict) {
            *text = view->status;
            return true;
        }
        *needed |= UINT64_C(1) << e->fact;
        return false;
    case LAW_ADD:
    case LAW_SUB: {
        int64_t a = 0, b = 0;
        bool left = value_of(e->kid[0], view, &a, text, needed), right = value_of(e->kid[1], view, &b, text, needed);
        if (!left || !right)
            return false;
        return e->op == LAW_ADD ? !__builtin_add_overflow(a, b, value) : !__builtin_sub_overflow(a, b, value);
    }
    default: {
        struct law_view within = both_ways(view);
        enum law_truth t = law_eval(e, &within, needed);
        *value = t == LAW_TRUE;
        return t != LAW_ERROR;
    }
    }
}

static int order_of(const struct law_expr *e, int64_t a, const char *s, int64_t b, const char *t)
{
    if (e->type == LAW_STRING) /* UTF-8 sorts as its code points do */
        return strcmp(s, t);
    return a < b ? -1 : a > b;
}

/* CEL makes the list before it looks: an item in error is an error, wherever it stands. */
static enum law_truth member(const struct law_expr *e, const struct law_view *view, uint64_t *needed)
{
    int64_t a = 0, b = 0;
    const char *s = NULL, *t = NULL;
    bool good = value_of(e->kid[0], view, &a, &s, needed), found = false;
    const struct law_expr *list = e->kid[1];
    for (uint32_t i = 0; i < list->count; i++) {
        if (!value_of(list->items[i], view, &b, &t, needed))
            good = false;
        else if (good && !found)
            found = order_of(e->kid[0], a, s, b, t) == 0;
    }
    return !good ? LAW_ERROR : found ? LAW_TRUE : LAW_FALSE;
}

enum law_truth law_eval(const struct law_expr *e, const struct law_view *view, uint64_t *needed)
{
    switch (e->op) {
    case LAW_HAS:
        if (view->strict > 0 && !(view->facts->known >> e->fact & 1)) {
            *needed |= UINT64_C(1) << e->fact;
            return LAW_ERROR;
        }
        return view->facts->known >> e->fact & 1 ? LAW_TRUE : LAW_FALSE;
    case LAW_NOT: {
        struct law_view within = *view;
        within.strict = view->strict == 2 ? 2 : -view->strict;
        enum law_truth t = law_eval(e->kid[0], &within, needed);
        return t == LAW_ERROR ? t : t == LAW_TRUE ? LAW_FALSE : LAW_TRUE;
    }
    case LAW_AND:
    case LAW_OR: {
        enum law_truth decides = e->op == LAW_AND ? LAW_FALSE : LAW_TRUE;
        uint64_t mine = 0; /* only of errors that are not absorbed */
        enum law_truth a = law_eval(e->kid[0], view, &mine);
        if (a == decides)
            return a; /* whatever the other side is */
        enum law_truth b = law_eval(e->kid[1], view, &mine);
        if (b == decides)
            return b;
        if (a == LAW_ERROR || b == LAW_ERROR) {
            *needed |= mine;
            return LAW_ERROR;
        }
        return b;
    }
    case LAW_EQ:
    case LAW_NE:
    case LAW_LT:
    case LAW_LE:
    case LAW_GT:
    case LAW_GE: {
        int64_t a = 0, b = 0;
        const char *s = NULL, *t = NULL;
        bool left = value_of(e->kid[0], view, &a, &s, needed), right = value_of(e->kid[1], view, &b, &t, needed);
        if (!left || !right)
            return LAW_ERROR;
        int order = order_of(e->kid[0], a, s, b, t);
        bool holds = e->op == LAW_EQ   ? order == 0
                     : e->op == LAW_NE ? order != 0
                     : e->op == LAW_LT ? order < 0
                     : e->op == LAW_LE ? order <= 0
                     : e->op == LAW_GT ? order > 0
                                       : order >= 0;
        return holds ? LAW_TRUE : LAW_FALSE;
    }
    case LAW_IN:
        return member(e, view, needed);
    case LAW_CONST:
    case LAW_FACT: {
        int64_t v = 0;
        const char *s = NULL;
        return !value_of(e, view, &v, &s, needed) ? LAW_ERROR : v ? LAW_TRUE : LAW_FALSE;
    }
    default: /* ON, ADD, SUB and lists are no truths: the reader lets none through */
        return NEVER(e->op) ? LAW_ERROR : LAW_ERROR;
    }
}
