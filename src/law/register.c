/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the public register of a pack, as JSON and as one HTML page. From the pack alone: no clock, no
 * locale, nothing that differs between two runs. The page has no scripts and loads nothing; headings, table
 * captions and scopes follow WCAG 2.1 (1.3.1, 2.4.6). Reads the pack, writes to the caller's buffer.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <stdlib.h>

/* ---- What both forms share ------------------------------------------------------------------------ */

/* Names that the rules use, of one of their lists, in the order of first use. More than USED citations are
 * not repeated here; each rule tells its own. */
enum { USED = 4096 };
struct used {
    const char *name[USED];
    uint32_t count;
};

static void use(struct used *u, const char *name)
{
    for (uint32_t i = 0; i < u->count; i++)
        if (!strcmp(u->name[i], name))
            return;
    if (u->count < HBS_COUNT(u->name))
        u->name[u->count++] = name;
}

enum list { ACTS, MODALITIES, PURPOSES, BASES };

static void collect(const struct hbs_law *law, enum list which, struct used *out)
{
    out->count = 0;
    for (uint32_t i = 0; i < law->rule_count; i++) {
        const struct law_rule *r = &law->rules[i];
        const struct law_names *n = which == ACTS ? &r->acts : which == MODALITIES ? &r->modalities
                                    : which == PURPOSES ? &r->purposes : &r->cites;
        for (uint32_t k = 0; k < n->count; k++)
            use(out, n->name[k]);
    }
}

/* The days on which something changes for a rule: interval, statuses, orders; rising, each once. */
static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static enum hbs_err changes_of(const struct hbs_law *law, const struct law_rule *rule, struct hbs_ctx *ctx,
                               int64_t **out, uint32_t *count)
{
    uint32_t n = 0, kept = 0;
    int64_t *days = hbs_alloc(ctx, 2 + rule->statuses + 2 * (size_t)law->order_count, sizeof *days);
    if (!days)
        return hbs_fail_memory(ctx, 64);
    days[n++] = rule->from;
    if (rule->to != INT64_MAX)
        days[n++] = rule->to + 86400;
    for (uint32_t i = 0; i < rule->statuses; i++)
        if (rule->status[i].has_from)
            days[n++] = rule->status[i].from;
    uint32_t at = (uint32_t)(rule - law->rules);
    for (uint32_t i = 0; i < law->order_count; i++)
        for (uint32_t k = 0; k < law->orders[i].rule_count; k++)
            if (law->orders[i].rules[k] == at) {
                days[n++] = law->orders[i].on;
                if (law->orders[i].lifted)
                    days[n++] = law->orders[i].lifted_on;
            }
    qsort(days, n, sizeof *days, by_value);
    for (uint32_t i = 0; i < n; i++)
        if (!kept || days[i] != days[kept - 1])
            days[kept++] = days[i];
    *out = days;
    *count = kept;
    return HBS_OK;
}

static void rule_sha256(const struct hbs_law *law, const struct law_rule *rule, char out[65])
{
    law_sha256(law->text + rule->text_from, rule->text_to - rule->text_from, out);
}

/* A text made of parts, NUL-terminated in a buffer of its own. */
static enum hbs_err plain(struct hbs_buf *text, const struct law_expr *e)
{
    text->size = 0;
    enum hbs_err err = law_plain_condition(e, text);
    return err ? err : hbs_buf_put(text, "", 1);
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

/* Steps that follow one another until the first fails. */
#define DO(step) do { if (!err) err = (step); } while (0)
#define SAY(...) DO(hbs_buf_printf(out, __VA_ARGS__))

static enum hbs_err put_key(struct hbs_buf *out, const char *key, const char *text)
{
    enum hbs_err err = HBS_OK;
    SAY("\"%s\":", key);
    DO(text ? law_json_text(out, text) : hbs_buf_printf(out, "null"));
    return err;
}

static enum hbs_err put_names(struct hbs_buf *out, const char *key, const char *const *names, uint32_t count)
{
    enum hbs_err err = HBS_OK;
    SAY("\"%s\":[", key);
    for (uint32_t i = 0; i < count; i++) {
        SAY("%s", i ? "," : "");
        DO(law_json_text(out, names[i]));
    }
    SAY("]");
    return err;
}

static enum hbs_err put_named(struct hbs_buf *out, const char *key, const struct law_named *list, uint32_t count)
{
    enum hbs_err err = HBS_OK;
    SAY("\"%s\":[", key);
    for (uint32_t i = 0; i < count; i++) {
        SAY("%s{", i ? "," : "");
        DO(put_key(out, "id", list[i].name));
        SAY(",");
        DO(put_key(out, "words", list[i].words));
        SAY(",");
        DO(put_names(out, "cites", list[i].cites.name, list[i].cites.count));
        SAY(",");
        DO(put_names(out, "unverified", list[i].unverified.name, list[i].unverified.count));
        SAY("}");
    }
    SAY("]");
    return err;
}

static enum hbs_err put_date(struct hbs_buf *out, const char *key, bool has, int64_t date)
{
    char text[11];
    hbs_date_write(date, text);
    return has ? hbs_buf_printf(out, "\"%s\":\"%s\"", key, text) : hbs_buf_printf(out, "\"%s\":null", key);
}

static enum hbs_err put_statuses(struct hbs_buf *out, const struct hbs_law *law, const struct law_rule *rule)
{
    enum hbs_err err = HBS_OK;
    SAY("\"status\":[");
    for (uint32_t i = 0; i < rule->statuses; i++) {
        const struct law_status_from *s = &rule->status[i];
        SAY("%s{\"status\":\"%s\",", i ? "," : "", hbs_law_status_name(s->status));
        DO(put_date(out, "from", s->has_from, s->from));
        SAY(",");
        DO(put_key(out, "docket", s->docket));
        if (s->has_comments) {
            SAY(",\"comments\":{");
            DO(put_date(out, "from", true, s->comments_from));
            SAY(",");
            DO(put_date(out, "to", true, s->comments_to));
            SAY("}");
        }
        SAY("}");
    }
    SAY("],\"on_dates\":[");
    int64_t *days = NULL;
    uint32_t count = 0;
    DO(changes_of(law, rule, out->ctx, &days, &count));
    for (uint32_t i = 0; i < count; i++) {
        SAY("%s{", i ? "," : "");
        DO(put_date(out, "from", true, days[i]));
        SAY(",\"status\":\"%s\",\"has_effect\":%s}", hbs_law_status_name(law_status_on(law, rule, days[i])),
            law_has_effect(law, rule, days[i]) ? "true" : "false");
    }
    hbs_free(out->ctx, days);
    SAY("]");
    return err;
}

static enum hbs_err put_rule(struct hbs_buf *out, const struct hbs_law *law, const struct law_rule *rule, struct hbs_buf *text)
{
    enum hbs_err err = HBS_OK;
    char sha256[65];
    rule_sha256(law, rule, sha256);
    SAY("{\"id\":\"%s\",\"effect\":\"%s\",", rule->id, rule->forbids ? "forbid" : "permit");
    DO(put_key(out, "words", rule->words));
    text->size = 0;
    DO(law_plain_scope(law, rule, text));
    if (rule->when) {
        DO(hbs_buf_printf(text, ", when "));
        DO(law_plain_condition(rule->when, text));
    }
    DO(hbs_buf_put(text, ".", 2));
    SAY(",");
    DO(put_key(out, "plain", (const char *)text->data));
    SAY(",");
    DO(put_names(out, "cites", rule->cites.name, rule->cites.count));
    SAY(",");
    DO(put_names(out, "unverified", rule->unverified.name, rule->unverified.count));
    SAY(",\"in_force\":{");
    DO(put_date(out, "from", true, rule->from));
    SAY(",");
    DO(put_date(out, "to", rule->to != INT64_MAX, rule->to));
    SAY("},");
    DO(put_statuses(out, law, rule));
    const struct { const char *key; const struct law_names *names; } lists[] = {
        {"acts", &rule->acts}, {"modalities", &rule->modalities}, {"purposes", &rule->purposes}, {"programmes", &rule->programmes}};
    for (size_t i = 0; i < HBS_COUNT(lists); i++) {
        SAY(",");
        DO(put_names(out, lists[i].key, lists[i].names->name, lists[i].names->count));
    }
    SAY(",\"obligations\":[");
    for (uint32_t i = 0; i < rule->obligation_count; i++) {
        const struct law_obligation *o = &rule->obligations[i];
        SAY("%s{\"id\":\"%s\",", i ? "," : "", hbs_obligation_name(o->what));
        DO(put_key(out, "text", o->text ? o->text : hbs_obligation_words(o->what)));
        SAY(",");
        if (o->when)
            DO(plain(text, o->when));
        DO(put_key(out, "if", o->when ? (const char *)text->data : NULL));
        SAY("}");
    }
    SAY("],");
    if (rule->has_keeps) {
        text->size = 0;
        DO(law_plain_span(rule->keeps, text));
        DO(hbs_buf_put(text, "", 1));
        SAY("\"retention\":{");
        DO(put_key(out, "at_most", (const char *)text->data));
        SAY(",");
        DO(put_names(out, "events", rule->events.name, rule->events.count));
        SAY("},");
    } else {
        SAY("\"retention\":null,");
    }
    if (rule->has_threshold)
        SAY("\"threshold\":{\"llr\":%d.%03d},", rule->threshold / 1000, rule->threshold % 1000);
    else
        SAY("\"threshold\":null,");
    SAY("\"sha256\":\"%s\"}", sha256);
    return err;
}

static enum hbs_err put_orders(struct hbs_buf *out, const struct hbs_law *law)
{
    enum hbs_err err = HBS_OK;
    SAY("\"orders\":[");
    for (uint32_t i = 0; i < law->order_count; i++) {
        const struct law_order *o = &law->orders[i];
        SAY("%s{\"id\":\"%s\",", i ? "," : "", o->name);
        DO(put_key(out, "words", o->words));
        SAY(",");
        DO(put_date(out, "on", true, o->on));
        SAY(",\"suspends\":[");
        for (uint32_t k = 0; k < o->rule_count; k++)
            SAY("%s\"%s\"", k ? "," : "", law->rules[o->rules[k]].id);
        SAY("],");
        DO(put_date(out, "lifted", o->lifted, o->lifted_on));
        SAY(",");
        DO(put_date(out, "destroy", o->destroys, o->destroyed_on));
        SAY(",");
        DO(put_date(out, "release", o->releases, o->released_on));
        SAY(",");
        DO(put_names(out, "cites", o->cites.name, o->cites.count));
        SAY(",");
        DO(put_names(out, "unverified", o->unverified.name, o->unverified.count));
        SAY("}");
    }
    SAY("]");
    return err;
}

enum hbs_err hbs_law_register_json(const struct hbs_law *law, struct hbs_buf *out)
{
    enum hbs_err err = HBS_OK;
    struct used used;
    struct hbs_buf text;
    hbs_buf_init(&text, out->ctx, 16u << 20);
    SAY("{\"register\":\"habeas-law\",\"version\":1,\"law\":{\"pack\":\"%s\",", law->name);
    DO(put_key(out, "version", law->version));
    SAY(",\"sha256\":\"%s\",", law->sha256);
    DO(put_key(out, "title", law->title));
    SAY(",");
    DO(put_key(out, "country", law->country));
    SAY(",");
    DO(put_key(out, "about", law->about));
    SAY("},");
    static const char *const keys[] = {"acts", "modalities", "purposes", "bases"};
    for (int i = ACTS; i <= BASES; i++) {
        collect(law, (enum list)i, &used);
        DO(put_names(out, keys[i], used.name, used.count));
        SAY(",");
    }
    DO(put_named(out, "programmes", law->programmes, law->programme_count));
    SAY(",");
    DO(put_named(out, "assessments", law->assessments, law->assessment_count));
    SAY(",");
    DO(put_named(out, "partners", law->partners, law->partner_count));
    SAY(",");
    DO(put_named(out, "events", law->events, law->event_count));
    SAY(",\"rules\":[");
    for (uint32_t i = 0; i < law->rule_count; i++) {
        SAY("%s", i ? "," : "");
        DO(put_rule(out, law, &law->rules[i], &text));
    }
    SAY("],");
    DO(put_orders(out, law));
    const struct hbs_law_article *a;
    size_t count = hbs_law_articles(&a);
    char sha256[65];
    hbs_law_articles_sha256(sha256);
    SAY(",\"articles\":{\"sha256\":\"%s\",\"articles\":[", sha256);
    for (size_t i = 0; i < count; i++) {
        SAY("%s{\"number\":%u,", i ? "," : "", (unsigned)a[i].number);
        DO(put_key(out, "title", a[i].title));
        SAY(",");
        DO(put_key(out, "text", a[i].text));
        SAY("}");
    }
    SAY("]}}\n");
    hbs_buf_close(&text);
    return err;
}

/* ---- HTML ------------------------------------------------------------------------------------------ */

static enum hbs_err put_html(struct hbs_buf *out, const char *text)
{
    enum hbs_err err = HBS_OK;
    for (; *text; text++) {
        const char *as = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '"' ? "&quot;"
                         : *text == '\'' ? "&#39;" : *text == '\n' ? "<br>" : NULL;
        DO(as ? hbs_buf_put(out, as, strlen(as)) : hbs_buf_put(out, text, 1));
    }
    return err;
}

static enum hbs_err html_items(struct hbs_buf *out, const char *title, const char *const *names, uint32_t count)
{
    enum hbs_err err = HBS_OK;
    if (!count)
        return HBS_OK;
    SAY("<dt>%s</dt>", title);
    for (uint32_t i = 0; i < count; i++) {
        SAY("<dd>");
        DO(put_html(out, names[i]));
        SAY("</dd>");
    }
    SAY("\n");
    return err;
}

static enum hbs_err html_named(struct hbs_buf *out, const char *id, const char *title, const struct law_named *list, uint32_t count)
{
    enum hbs_err err = HBS_OK;
    SAY("<section aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>\n", id, id, title);
    if (!count)
        SAY("<p>The law declares none.</p>\n");
    else
        SAY("<ul>\n");
    for (uint32_t i = 0; i < count; i++) {
        SAY("<li><b>");
        DO(put_html(out, list[i].name));
        SAY("</b>");
        if (list[i].words) {
            SAY(": ");
            DO(put_html(out, list[i].words));
        }
        for (uint32_t k = 0; k < list[i].cites.count; k++) {
            SAY(" <cite>");
            DO(put_html(out, list[i].cites.name[k]));
            SAY("</cite>");
        }
        for (uint32_t k = 0; k < list[i].unverified.count; k++) {
            SAY(" <em>Not verified: ");
            DO(put_html(out, list[i].unverified.name[k]));
            SAY("</em>");
        }
        SAY("</li>\n");
    }
    if (count)
        SAY("</ul>\n");
    SAY("</section>\n");
    return err;
}

/* The members of a chain of && as a list. */
static enum hbs_err html_parts(struct hbs_buf *out, const struct law_expr *e, struct hbs_buf *text)
{
    enum hbs_err err = HBS_OK;
    if (e->op == LAW_AND) {
        DO(html_parts(out, e->kid[0], text));
        DO(html_parts(out, e->kid[1], text));
        return err;
    }
    DO(plain(text, e));
    SAY("<li>");
    DO(put_html(out, (const char *)text->data));
    SAY("</li>\n");
    return err;
}

static enum hbs_err html_rule(struct hbs_buf *out, const struct hbs_law *law, const struct law_rule *rule, struct hbs_buf *text)
{
    enum hbs_err err = HBS_OK;
    char sha256[65], date[11];
    rule_sha256(law, rule, sha256);
    SAY("<article aria-labelledby=\"rule-%s\"><h3 id=\"rule-%s\">%s</h3>\n<p><q>", rule->id, rule->id, rule->id);
    DO(put_html(out, rule->words));
    SAY("</q></p>\n<p>");
    text->size = 0;
    DO(law_plain_scope(law, rule, text));
    DO(hbs_buf_put(text, "", 1));
    if (!err)
        err = put_html(out, (const char *)text->data);
    if (rule->when) {
        SAY(", when all of this is so:</p>\n<ul>\n");
        DO(html_parts(out, rule->when, text));
        SAY("</ul>\n");
    } else {
        SAY(".</p>\n");
    }
    SAY("<dl>\n");
    DO(html_items(out, "Basis", rule->cites.name, rule->cites.count));
    DO(html_items(out, "Not verified", rule->unverified.name, rule->unverified.count));
    if (rule->obligation_count)
        SAY("<dt>Obliges to</dt>");
    for (uint32_t i = 0; i < rule->obligation_count; i++) {
        const struct law_obligation *o = &rule->obligations[i];
        SAY("<dd>%s: ", hbs_obligation_name(o->what));
        DO(put_html(out, o->text ? o->text : hbs_obligation_words(o->what)));
        if (o->when) {
            DO(plain(text, o->when));
            SAY("; if ");
            DO(put_html(out, (const char *)text->data));
        }
        SAY("</dd>\n");
    }
    if (rule->has_keeps) {
        SAY("<dt>Kept</dt><dd>");
        for (uint32_t i = 0; i < rule->events.count; i++) {
            SAY("%s", i ? " or " : "until ");
            for (uint32_t k = 0; k < law->event_count; k++)
                if (!strcmp(law->events[k].name, rule->events.name[i]))
                    DO(put_html(out, law->events[k].words));
        }
        SAY("%s", rule->events.count ? ", at most " : "for ");
        DO(law_plain_span(rule->keeps, out));
        SAY("</dd>\n");
    }
    if (rule->has_threshold)
        SAY("<dt>Threshold</dt><dd>log10 likelihood ratio %d.%03d</dd>\n", rule->threshold / 1000, rule->threshold % 1000);
    for (uint32_t i = 0; i < rule->statuses; i++) {
        const struct law_status_from *s = &rule->status[i];
        if (!s->docket && !s->has_comments)
            continue;
        SAY("<dt>Docket, %s</dt><dd>", hbs_law_status_name(s->status));
        DO(put_html(out, s->docket ? s->docket : ""));
        if (s->has_comments) {
            hbs_date_write(s->comments_from, date);
            SAY(" comments from %s", date);
            hbs_date_write(s->comments_to, date);
            SAY(" to %s", date);
        }
        SAY("</dd>\n");
    }
    SAY("<dt>SHA-256 of the rule</dt><dd><code>%s</code></dd>\n</dl>\n", sha256);
    SAY("<table><caption>Status of %s on dates</caption>\n<tr><th scope=\"col\">From</th><th scope=\"col\">Status</th>"
        "<th scope=\"col\">Has effect</th></tr>\n", rule->id);
    int64_t *days = NULL;
    uint32_t count = 0;
    DO(changes_of(law, rule, out->ctx, &days, &count));
    for (uint32_t i = 0; i < count; i++) {
        hbs_date_write(days[i], date);
        bool over = days[i] > rule->to, before = days[i] < rule->from;
        SAY("<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n", date,
            over ? "no longer in force" : before ? "not yet in force" : hbs_law_status_name(law_status_on(law, rule, days[i])),
            law_has_effect(law, rule, days[i]) ? "yes" : "no");
    }
    hbs_free(out->ctx, days);
    SAY("</table>\n</article>\n");
    return err;
}

static enum hbs_err html_orders(struct hbs_buf *out, const struct hbs_law *law)
{
    enum hbs_err err = HBS_OK;
    char date[11];
    SAY("<section aria-labelledby=\"orders\"><h2 id=\"orders\">Orders of courts</h2>\n");
    if (!law->order_count)
        SAY("<p>There is none.</p>\n");
    for (uint32_t i = 0; i < law->order_count; i++) {
        const struct law_order *o = &law->orders[i];
        hbs_date_write(o->on, date);
        SAY("<h3>%s</h3>\n<p><q>", o->name);
        DO(put_html(out, o->words));
        SAY("</q></p>\n<p>From %s on it suspends", date);
        for (uint32_t k = 0; k < o->rule_count; k++)
            SAY("%s <a href=\"#rule-%s\">%s</a>", k ? "," : "", law->rules[o->rules[k]].id, law->rules[o->rules[k]].id);
        SAY(" and seals what was collected under it.");
        const struct { bool is; int64_t on; const char *words; } then[] = {
            {o->lifted, o->lifted_on, "It is lifted"}, {o->destroys, o->destroyed_on, "What is sealed is destroyed"},
            {o->releases, o->released_on, "What is sealed is released"}};
        for (size_t k = 0; k < HBS_COUNT(then); k++) {
            hbs_date_write(then[k].on, date);
            if (then[k].is)
                SAY(" %s on %s.", then[k].words, date);
        }
        SAY("</p>\n<dl>");
        DO(html_items(out, "Basis", o->cites.name, o->cites.count));
        DO(html_items(out, "Not verified", o->unverified.name, o->unverified.count));
        SAY("</dl>\n");
    }
    SAY("</section>\n");
    return err;
}

static const char style[] =
    "body{font:1rem/1.5 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "code{overflow-wrap:anywhere}article{border-top:1px solid #767676;margin-top:1.5rem}"
    "table{border-collapse:collapse}caption{text-align:left;font-weight:bold}"
    "th,td{border:1px solid #767676;padding:.2rem .6rem;text-align:left}dt{font-weight:bold}";

enum hbs_err hbs_law_register_html(const struct hbs_law *law, struct hbs_buf *out)
{
    enum hbs_err err = HBS_OK;
    struct used used;
    struct hbs_buf text;
    hbs_buf_init(&text, out->ctx, 16u << 20);
    SAY("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Register: ");
    DO(put_html(out, law->title ? law->title : law->name));
    SAY("</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
    DO(put_html(out, law->title ? law->title : law->name));
    SAY("</h1>\n<p>The public register of the law pack <b>%s</b>, version ", law->name);
    DO(put_html(out, law->version));
    if (law->country)
        SAY(", country %s", law->country);
    SAY(". It is made from the text that the system itself reads. SHA-256 of that text: <code>%s</code></p>\n", law->sha256);
    if (law->about) {
        SAY("<p>");
        DO(put_html(out, law->about));
        SAY("</p>\n");
    }
    SAY("<nav aria-label=\"Contents\"><ul><li><a href=\"#scope\">Purposes</a></li><li><a href=\"#rules\">Rules</a></li>"
        "<li><a href=\"#assessments\">Assessments</a></li><li><a href=\"#partners\">Partners</a></li>"
        "<li><a href=\"#orders\">Orders of courts</a></li><li><a href=\"#articles\">Articles</a></li></ul></nav>\n"
        "<section aria-labelledby=\"scope\"><h2 id=\"scope\">Purposes, acts, modalities, bases</h2>\n<dl>\n");
    static const char *const titles[] = {"Acts", "Modalities", "Purposes", "Legal bases"};
    static const enum list order[] = {PURPOSES, ACTS, MODALITIES, BASES};
    for (size_t i = 0; i < HBS_COUNT(order); i++) {
        collect(law, order[i], &used);
        DO(html_items(out, titles[order[i]], used.name, used.count));
    }
    SAY("</dl>\n</section>\n");
    DO(html_named(out, "programmes", "Programmes", law->programmes, law->programme_count));
    DO(html_named(out, "assessments", "Impact assessments", law->assessments, law->assessment_count));
    DO(html_named(out, "partners", "Partners", law->partners, law->partner_count));
    DO(html_named(out, "events", "Events that end a record", law->events, law->event_count));
    SAY("<section aria-labelledby=\"rules\"><h2 id=\"rules\">Rules</h2>\n"
        "<p>What no rule permits is refused. What one rule forbids no other can permit.</p>\n");
    for (uint32_t i = 0; i < law->rule_count; i++)
        DO(html_rule(out, law, &law->rules[i], &text));
    SAY("</section>\n");
    DO(html_orders(out, law));
    const struct hbs_law_article *a;
    size_t count = hbs_law_articles(&a);
    char sha256[65];
    hbs_law_articles_sha256(sha256);
    SAY("<section aria-labelledby=\"articles\"><h2 id=\"articles\">Articles that come before every rule</h2>\n"
        "<p>They are part of the program; no law pack can loosen them. SHA-256: <code>%s</code></p>\n<ol>\n", sha256);
    for (size_t i = 0; i < count; i++) {
        SAY("<li value=\"%u\"><b>", (unsigned)a[i].number);
        DO(put_html(out, a[i].title));
        SAY(".</b> ");
        DO(put_html(out, a[i].text));
        SAY("</li>\n");
    }
    SAY("</ol>\n</section>\n</main>\n</body>\n</html>\n");
    hbs_buf_close(&text);
    return err;
}
