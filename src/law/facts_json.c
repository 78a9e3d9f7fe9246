/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: facts as JSON (the contract's shape), in and out. Reading is strict: names, types and
 * ranges are checked, a doubled key is refused, null and absence both mean "not known". The JSON is
 * taken apart by jansson, which has its own memory; everything after that is here.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <jansson.h>
#include <stdio.h>

enum hbs_err law_json_text(struct hbs_buf *out, const char *text)
{
    enum hbs_err err = hbs_buf_put(out, "\"", 1);
    for (const char *p = text; !err && *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            err = hbs_buf_printf(out, "\\%c", c);
        else if (c < 32 || c == 127)
            err = hbs_buf_printf(out, "\\u%04x", c);
        else
            err = hbs_buf_put(out, p, 1);
    }
    return err ? err : hbs_buf_put(out, "\"", 1);
}

/* The nearest name among facts and their groups, as what to do. */
static enum hbs_err unknown_fact(struct hbs_ctx *ctx, const char *name)
{
    const char *near = NULL;
    uint32_t distance = law_near_enough(name);
    for (int f = 0; f < HBS_FACT_COUNT; f++) {
        const char *full = hbs_fact_info((enum hbs_fact)f)->name, *dot = strchr(full, '.');
        law_nearer(name, full, &near, &distance);
        if (dot && !strchr(name, '.') && !strcmp(dot + 1, name)) { /* "age" for "subject.age" */
            near = full;
            distance = 0;
        }
    }
    char action[96];
    snprintf(action, sizeof action, near ? "did you mean '%s'?" : "see 'habeas law facts' for all that there are",
             near ? near : "");
    char shown[81];
    snprintf(shown, sizeof shown, "%s", name);
    law_clean(shown);
    return hbs_fail(ctx, HBS_ERR_FORMAT, shown, action, "there is no such fact");
}

static enum hbs_err set(struct hbs_ctx *ctx, struct hbs_facts *facts, enum hbs_fact fact, const json_t *v)
{
    const struct hbs_fact_info *info = hbs_fact_info(fact);
    const char *want = NULL;
    enum hbs_err err = HBS_OK;
    int64_t at;
    if (json_is_null(v))
        return HBS_OK;
    switch (info->type) {
    case HBS_FACT_STRING:
    case HBS_FACT_NAME:
        if (json_is_string(v))
            err = hbs_facts_set_string(ctx, facts, fact, json_string_value(v));
        else
            want = "a string";
        break;
    case HBS_FACT_INTEGER:
        if (json_is_integer(v))
            err = hbs_facts_set_number(ctx, facts, fact, json_integer_value(v));
        else
            want = "a whole number";
        break;
    case HBS_FACT_BOOLEAN:
        if (json_is_boolean(v))
            err = hbs_facts_set_number(ctx, facts, fact, json_is_true(v));
        else
            want = "true or false";
        break;
    case HBS_FACT_DATE:
        if (json_is_string(v) && law_date_parse(json_string_value(v), json_string_length(v), &at))
            err = hbs_facts_set_number(ctx, facts, fact, at);
        else
            want = "a date \"YYYY-MM-DD\", from 1900 to 2199";
        break;
    }
    if (want) {
        char action[96];
        snprintf(action, sizeof action, "give %s, or null when it is not known", want);
        return hbs_fail(ctx, HBS_ERR_FORMAT, info->name, action, "the value is not %s", want);
    }
    if (err == HBS_ERR_USAGE)
        err = HBS_ERR_FORMAT; /* here it is the text that is wrong; words and place are set */
    return err;
}

static bool is_group(const char *name)
{
    size_t n = strlen(name);
    for (int f = 0; f < HBS_FACT_COUNT; f++) {
        const char *full = hbs_fact_info((enum hbs_fact)f)->name;
        if (!strncmp(full, name, n) && full[n] == '.')
            return true;
    }
    return false;
}

static enum hbs_err read_member(struct hbs_ctx *ctx, struct hbs_facts *facts, const char *key, const json_t *v)
{
    enum hbs_fact fact = hbs_fact_find(key);
    if (fact != HBS_FACT_COUNT && !strchr(key, '.'))
        return set(ctx, facts, fact, v);
    if (!is_group(key) || strchr(key, '.'))
        return unknown_fact(ctx, key);
    if (json_is_null(v))
        return HBS_OK;
    if (!json_is_object(v))
        return hbs_fail(ctx, HBS_ERR_FORMAT, key, "give an object such as {\"id\": ...}", "the value is not an object");
    enum hbs_err err = HBS_OK;
    for (void *i = json_object_iter((json_t *)(uintptr_t)v); i && !err; i = json_object_iter_next((json_t *)(uintptr_t)v, i)) {
        char full[128];
        snprintf(full, sizeof full, "%s.%s", key, json_object_iter_key(i));
        fact = hbs_fact_find(full);
        err = fact == HBS_FACT_COUNT ? unknown_fact(ctx, full) : set(ctx, facts, fact, json_object_iter_value(i));
    }
    return err;
}

enum hbs_err hbs_facts_read(struct hbs_ctx *ctx, const void *json, size_t size, struct hbs_facts *out)
{
    if (size > HBS_FACTS_TEXT_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "", "give the facts of one act", "facts of more than %u bytes",
                        HBS_FACTS_TEXT_MAX);
    json_error_t why;
    json_t *top = json_loadb(json, size, JSON_REJECT_DUPLICATES, &why);
    if (!top) {
        char where[48];
        if (json_error_code(&why) == json_error_out_of_memory)
            return hbs_fail_memory(ctx, size);
        snprintf(where, sizeof where, "line %d, column %d", why.line, why.column < 0 ? 0 : why.column);
        law_clean(why.text); /* it may quote the input */
        if (json_error_code(&why) == json_error_duplicate_key)
            return hbs_fail(ctx, HBS_ERR_FORMAT, where, "give each fact once", "a fact is there twice (%s)", why.text);
        return hbs_fail(ctx, HBS_ERR_FORMAT, where, "give the facts as a JSON object", "not JSON: %s", why.text);
    }
    struct hbs_facts facts = {0};
    enum hbs_err err = HBS_OK;
    if (!json_is_object(top))
        err = hbs_fail(ctx, HBS_ERR_FORMAT, "", "give the facts as a JSON object", "the facts are not an object");
    for (void *i = json_object_iter(top); i && !err; i = json_object_iter_next(top, i))
        err = read_member(ctx, &facts, json_object_iter_key(i), json_object_iter_value(i));
    json_decref(top);
    if (!err)
        *out = facts;
    return err;
}

enum hbs_err hbs_facts_write(const struct hbs_facts *facts, struct hbs_buf *out)
{
    enum hbs_err err = hbs_buf_put(out, "{", 1);
    const char *open = NULL; /* the group that is open, up to its dot */
    size_t open_size = 0;
    bool any = false, any_in = false;
    for (int i = 0; i < HBS_FACT_COUNT && !err; i++) {
        enum hbs_fact f = (enum hbs_fact)i;
        const struct hbs_fact_info *info = hbs_fact_info(f);
        if (!(facts->known >> i & 1))
            continue;
        const char *dot = strchr(info->name, '.'), *name = dot ? dot + 1 : info->name;
        size_t group = dot ? (size_t)(dot - info->name) : 0;
        if (open && (group != open_size || memcmp(open, info->name, group))) {
            err = hbs_buf_put(out, "}", 1);
            open = NULL;
        }
        if (!err && dot && !open) {
            err = hbs_buf_printf(out, "%s\"%.*s\":{", any ? "," : "", (int)group, info->name);
            open = info->name;
            open_size = group;
            any_in = false;
            any = true;
        }
        if (!err)
            err = hbs_buf_printf(out, "%s\"%s\":", (open ? any_in : any) ? "," : "", name);
        any = any_in = true;
        if (err)
            break;
        char date[11];
        switch (info->type) {
        case HBS_FACT_INTEGER:
            err = hbs_buf_printf(out, "%lld", (long long)facts->at[i]);
            break;
        case HBS_FACT_BOOLEAN:
            err = hbs_buf_printf(out, facts->at[i] ? "true" : "false");
            break;
        case HBS_FACT_DATE:
            hbs_date_write(facts->at[i], date);
            err = hbs_buf_printf(out, "\"%s\"", date);
            break;
        default: {
            const char *s = hbs_facts_string(facts, f);
            err = law_json_text(out, s ? s : "");
        }
        }
    }
    if (!err && open)
        err = hbs_buf_put(out, "}", 1);
    return err ? err : hbs_buf_put(out, "}", 1);
}
