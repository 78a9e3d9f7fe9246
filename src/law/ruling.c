/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: a pack, an act's facts and a date -> the ruling. Articles first, then forbids, then permits;
 * silence refuses (XACML 3.0, C.2, "deny-overrides", with denial where nothing applies). With an unknown
 * status an act is allowed only if it is with every status (van Fraassen's supervaluation, 1966): a
 * rule that reads the status is evaluated once for each, all others once. Allocates nothing.
 *
 * What was missing is found by a second evaluation in which nothing takes the place of what is not known
 * (law_view.strict): a rule that is then an error depends on the unknown facts of that error.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <pthread.h>
#include <sodium.h>

enum { STATUSES = 8, ALL = (1 << STATUSES) - 1 };

/* ---- Obligations -------------------------------------------------------------------------------- */

static const struct { const char *name, *words; } obligation_texts[HBS_OBLIGE_COUNT] = {
    [HBS_OBLIGE_NOTICE] = {"notice", "tell the person beforehand what is taken, why, and for how long"},
    [HBS_OBLIGE_CONSENT_RECORD] = {"consent-record", "keep a record of the consent"},
    [HBS_OBLIGE_SECOND_EXAMINER] = {"second-examiner", "a second examiner decides independently"},
    [HBS_OBLIGE_FOREIGN_DATA_CHECK] = {"foreign-data-check", "somebody here checks the foreign data before it counts"},
    [HBS_OBLIGE_SAMPLE_DESTRUCTION] = {"sample-destruction", "destroy the sample when the answer is given"},
    [HBS_OBLIGE_CASE] = {"case", "it belongs to a named case"},
    [HBS_OBLIGE_AUTHORISER] = {"authoriser", "somebody other than who asks authorises it"},
    [HBS_OBLIGE_CHILD_ADVOCATE] = {"child-advocate", "an advocate for the child is present"},
};

const char *hbs_obligation_name(enum hbs_obligation o)
{
    return (unsigned)o < HBS_OBLIGE_COUNT ? obligation_texts[o].name : "";
}

const char *hbs_obligation_words(enum hbs_obligation o)
{
    return (unsigned)o < HBS_OBLIGE_COUNT ? obligation_texts[o].words : "";
}

/* ---- The seal ----------------------------------------------------------------------------------- */

static unsigned char key[crypto_shorthash_KEYBYTES];
static bool has_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void make_key(void)
{
    if (sodium_init() < 0)
        return; /* no ruling will be genuine */
    randombytes_buf(key, sizeof key);
    has_key = true;
}

static uint64_t keyed(const void *data, size_t size)
{
    unsigned char out[crypto_shorthash_BYTES];
    crypto_shorthash(out, data, size, key);
    return hbs_le64(out);
}

/* Of the values, not of the bytes: a copied struct need not carry its padding along. */
static uint64_t seal_of(const struct hbs_ruling *r)
{
    uint64_t v[24 + 5 * HBS_LAW_LIST_MAX];
    size_t n = 0;
    v[n++] = (uint64_t)r->allow | (uint64_t)r->cut << 1 | (uint64_t)r->has_threshold << 2;
    v[n++] = (uint64_t)r->on;
    v[n++] = (uint64_t)(uintptr_t)r->law;
    v[n++] = r->facts;
    v[n++] = r->missing;
    v[n++] = r->obliged;
    v[n++] = (uint32_t)r->threshold;
    v[n++] = (uint64_t)r->end;
    v[n++] = (uint64_t)r->end_seconds;
    v[n++] = (uint64_t)r->rules << 48 | (uint64_t)r->articles << 32 | (uint64_t)r->without_effect << 16 | r->events;
    for (uint32_t i = 0; i < r->rules && i < HBS_LAW_LIST_MAX; i++) {
        v[n++] = (uint64_t)(uintptr_t)r->rule[i].id;
        v[n++] = (uint64_t)r->rule[i].forbids << 8 | (uint64_t)r->rule[i].status;
    }
    for (uint32_t i = 0; i < r->articles && i < HBS_LAW_LIST_MAX; i++)
        v[n++] = r->article[i];
    for (uint32_t i = 0; i < r->without_effect && i < HBS_LAW_LIST_MAX; i++)
        v[n++] = (uint64_t)(uintptr_t)r->dormant[i].id;
    for (uint32_t i = 0; i < r->events && i < HBS_LAW_LIST_MAX; i++)
        v[n++] = (uint64_t)(uintptr_t)r->event[i];
    for (uint32_t i = 0; i < HBS_OBLIGE_COUNT; i++)
        v[n++] = (uint64_t)(uintptr_t)r->obligation_text[i];
    return keyed(v, n * sizeof *v);
}

/* What is known, without what strings were replaced before. */
static uint64_t digest_of(const struct hbs_facts *facts)
{
    unsigned char text[sizeof *facts + HBS_FACT_COUNT * 8];
    size_t n = 0;
    uint64_t known = facts->known & ((UINT64_C(1) << HBS_FACT_COUNT) - 1);
    memcpy(text, &known, sizeof known);
    n += sizeof known;
    for (uint64_t rest = known; rest; rest &= rest - 1) {
        enum hbs_fact f = (enum hbs_fact)__builtin_ctzll(rest);
        enum hbs_fact_type type = hbs_fact_info(f)->type;
        const char *s = hbs_facts_string(facts, f);
        if (type != HBS_FACT_STRING && type != HBS_FACT_NAME) {
            memcpy(text + n, &facts->at[f], 8);
            n += 8;
        } else if (s) {
            size_t size = strlen(s) + 1;
            if (size > sizeof text - n - 8 * (HBS_FACT_COUNT - (size_t)f))
                size = sizeof text - n - 8 * (HBS_FACT_COUNT - (size_t)f); /* strings that overlap: not ours */
            memcpy(text + n, s, size);
            n += size;
        }
    }
    return keyed(text, n);
}

bool hbs_ruling_is_genuine(const struct hbs_ruling *ruling)
{
    pthread_once(&key_once, make_key);
    return has_key && ruling->seal == seal_of(ruling);
}

bool hbs_ruling_is_about(const struct hbs_ruling *ruling, const struct hbs_facts *facts)
{
    return hbs_ruling_is_genuine(ruling) && ruling->facts == digest_of(facts);
}

/* ---- The ruling --------------------------------------------------------------------------------- */

/* A rule under the facts: for which statuses (bits in the order of the list) it holds, and for which it errs. */
struct held {
    uint8_t holds, errs;
};

static struct held hold(const struct law_expr *e, bool reads_status, bool unknown_status, struct law_view view)
{
    struct held h = {0, 0};
    uint64_t ignored = 0;
    /* A condition that is no error while the status is one does not depend on it: errors are absorbed only
     * where any value would be. */
    enum law_truth whole = law_eval(e, &view, &ignored);
    if (!unknown_status || !reads_status || whole != LAW_ERROR) {
        h.holds = whole == LAW_TRUE ? ALL : 0;
        h.errs = whole == LAW_ERROR ? ALL : 0;
        return h;
    }
    const char *const *statuses = hbs_fact_info(HBS_FACT_SUBJECT_STATUS)->names;
    for (int s = 0; s < STATUSES; s++) {
        view.status = statuses[s];
        enum law_truth t = law_eval(e, &view, &ignored);
        h.holds |= (uint8_t)((t == LAW_TRUE) << s);
        h.errs |= (uint8_t)((t == LAW_ERROR) << s);
    }
    return h;
}

static bool reads_status(uint64_t facts) { return facts >> HBS_FACT_SUBJECT_STATUS & 1; }

static void name_rule(struct hbs_ruling *out, const struct hbs_law *law, const struct law_rule *rule, bool dormant)
{
    uint32_t *count = dormant ? &out->without_effect : &out->rules;
    if (*count == HBS_LAW_LIST_MAX) {
        out->cut = true;
        return;
    }
    (dormant ? out->dormant : out->rule)[(*count)++] =
        (struct hbs_ruling_rule){.id = rule->id, .citation = rule->cites.count ? rule->cites.name[0] : "",
                                 .forbids = rule->forbids, .status = law_status_on(law, rule, out->on)};
}

/* What a permit that holds asks for, gives and ends. `statuses`: those for which it holds. */
static void grant(struct hbs_ruling *out, const struct law_rule *rule, const struct law_view *view,
                  bool unknown_status, uint8_t statuses)
{
    for (uint32_t i = 0; i < rule->obligation_count; i++) {
        const struct law_obligation *o = &rule->obligations[i];
        if (o->when) {
            struct held h = hold(o->when, reads_status(law_reads(o->when)), unknown_status, *view);
            if (!((h.holds | h.errs) & statuses))
                continue;
        }
        out->obliged |= UINT32_C(1) << o->what;
        if (o->text && !out->obligation_text[o->what])
            out->obligation_text[o->what] = o->text;
    }
    if (rule->has_threshold && (!out->has_threshold || rule->threshold > out->threshold)) {
        out->has_threshold = true;
        out->threshold = rule->threshold;
    }
    int64_t end = law_span_end(out->on, rule->keeps);
    if (end < out->end)
        out->end = end;
    if (rule->keeps.unit == LAW_HOURS && (out->end_seconds < 0 || rule->keeps.count * 3600 < out->end_seconds))
        out->end_seconds = rule->keeps.count * 3600;
    for (uint32_t i = 0; i < rule->events.count; i++) {
        uint32_t k = 0;
        while (k < out->events && strcmp(out->event[k], rule->events.name[i]))
            k++;
        if (k < out->events)
            continue;
        if (out->events == HBS_LAW_LIST_MAX)
            out->cut = true;
        else
            out->event[out->events++] = rule->events.name[i];
    }
}

void hbs_law_rule(const struct hbs_law *law, const struct hbs_facts *facts, int64_t on, struct hbs_ruling *out)
{
    pthread_once(&key_once, make_key);
    const struct hbs_law *articles = law_articles();
    memset(out, 0, sizeof *out);
    out->law = law;
    out->on = on;
    out->end_seconds = -1;
    out->facts = digest_of(facts);
    const struct law_view view = {.facts = facts, .on = on}, to_free = {.facts = facts, .on = on, .strict = -1},
                          to_hold = {.facts = facts, .on = on, .strict = 1};
    bool unknown_status = !(facts->known >> HBS_FACT_SUBJECT_STATUS & 1) && law->reads_status;
    uint64_t missing = 0, lacking = 0; /* of what refuses; of permits that do not hold */
    bool surely = false; /* refused whatever the unknown facts are */

    for (uint32_t i = 0; articles && i < articles->rule_count; i++) {
        uint64_t needed = 0;
        if (law_eval(articles->rules[i].all, &view, &needed) == LAW_FALSE)
            continue;
        out->article[out->articles++] = law_article_number(i);
        surely |= law_eval(articles->rules[i].all, &to_free, &missing) == LAW_TRUE;
    }
    uint8_t held[HBS_LAW_RULES_MAX];
    uint8_t allowed = 0;
    bool forbidden = false;
    for (uint32_t i = 0; i < law->rule_count; i++) {
        const struct law_rule *rule = &law->rules[i];
        held[i] = 0;
        if (on < rule->from || on > rule->to)
            continue;
        struct held h = hold(rule->all, reads_status(rule->needs), unknown_status, view);
        bool effect = law_has_effect(law, rule, on);
        if (!effect) {
            if (h.holds)
                name_rule(out, law, rule, true);
        } else if (rule->forbids) {
            if (!(h.holds | h.errs))
                continue;
            forbidden = true;
            name_rule(out, law, rule, false);
            surely |= law_eval(rule->all, &to_free, &missing) == LAW_TRUE;
        } else {
            held[i] = h.holds;
            allowed |= h.holds;
            if (h.holds != ALL)
                (void)law_eval(rule->all, &to_hold, &lacking);
        }
    }
    out->allow = articles && !out->articles && !forbidden && allowed == ALL;
    if (!out->allow) {
        out->missing = surely ? 0 : missing | lacking;
    } else {
        out->end = INT64_MAX;
        for (uint32_t i = 0; i < law->rule_count; i++) {
            if (!held[i])
                continue;
            name_rule(out, law, &law->rules[i], false);
            grant(out, &law->rules[i], &view, unknown_status, held[i]);
        }
        const char *act = hbs_facts_string(facts, HBS_FACT_ACT);
        if (act && !strcmp(act, "import")) /* article 7 */
            out->obliged |= UINT32_C(1) << HBS_OBLIGE_FOREIGN_DATA_CHECK;
    }
    out->seal = has_key ? seal_of(out) : 0;
}

/* ---- As JSON ------------------------------------------------------------------------------------ */

static enum hbs_err write_rules(const struct hbs_ruling_rule *rules, uint32_t count, bool status, struct hbs_buf *out)
{
    enum hbs_err err = hbs_buf_put(out, "[", 1);
    for (uint32_t i = 0; i < count && !err; i++) {
        err = hbs_buf_printf(out, "%s{\"id\":\"%s\",\"effect\":\"%s\",", i ? "," : "", rules[i].id,
                             rules[i].forbids ? "forbid" : "permit");
        if (!err && status)
            err = hbs_buf_printf(out, "\"status\":\"%s\",", hbs_law_status_name(rules[i].status));
        if (!err)
            err = hbs_buf_printf(out, "\"citation\":");
        if (!err)
            err = law_json_text(out, rules[i].citation);
        if (!err)
            err = hbs_buf_put(out, "}", 1);
    }
    return err ? err : hbs_buf_put(out, "]", 1);
}

static enum hbs_err write_end(const struct hbs_ruling *r, struct hbs_buf *out)
{
    char date[11];
    enum hbs_err err;
    if (!r->allow)
        return hbs_buf_printf(out, ",\"end\":null");
    hbs_date_write(r->end, date);
    if (r->events)
        err = hbs_buf_printf(out, ",\"end\":{\"event\":\"%s\",\"ceiling\":\"%s\"", r->event[0], date);
    else
        err = hbs_buf_printf(out, ",\"end\":{\"date\":\"%s\"", date);
    if (!err && r->end_seconds >= 0)
        err = hbs_buf_printf(out, ",\"seconds\":%lld", (long long)r->end_seconds);
    for (uint32_t i = 0; r->events > 1 && i < r->events && !err; i++)
        err = hbs_buf_printf(out, "%s\"%s\"%s", i ? "," : ",\"events\":[", r->event[i], i + 1 == r->events ? "]" : "");
    return err ? err : hbs_buf_put(out, "}", 1);
}

enum hbs_err hbs_ruling_write(const struct hbs_ruling *r, struct hbs_buf *out)
{
    char date[11];
    hbs_date_write(r->on, date);
    enum hbs_err err = hbs_buf_printf(out, "{\"ruling\":\"%s\",\"on\":\"%s\",\"law\":{\"pack\":\"%s\",\"version\":",
                                      r->allow ? "allow" : "refuse", date, r->law->name);
    if (!err)
        err = law_json_text(out, r->law->version);
    if (!err)
        err = hbs_buf_printf(out, ",\"sha256\":\"%s\"},\"rules\":", r->law->sha256);
    if (!err)
        err = write_rules(r->rule, r->rules, false, out);
    if (!err)
        err = hbs_buf_printf(out, ",\"articles\":[");
    for (uint32_t i = 0; i < r->articles && !err; i++)
        err = hbs_buf_printf(out, "%s%u", i ? "," : "", (unsigned)r->article[i]);
    if (!err)
        err = hbs_buf_printf(out, "],\"missing\":[");
    for (int f = 0, any = 0; f < HBS_FACT_COUNT && !err; f++)
        if (r->missing >> f & 1)
            err = hbs_buf_printf(out, "%s\"%s\"", any++ ? "," : "", hbs_fact_info((enum hbs_fact)f)->name);
    if (!err)
        err = hbs_buf_printf(out, "],\"obligations\":[");
    for (int o = 0, any = 0; o < HBS_OBLIGE_COUNT && !err; o++) {
        if (!(r->obliged >> o & 1))
            continue;
        err = hbs_buf_printf(out, "%s{\"id\":\"%s\",\"text\":", any++ ? "," : "", obligation_texts[o].name);
        if (!err)
            err = law_json_text(out, r->obligation_text[o] ? r->obligation_text[o] : obligation_texts[o].words);
        if (!err)
            err = hbs_buf_put(out, "}", 1);
    }
    if (!err)
        err = hbs_buf_put(out, "]", 1);
    if (!err)
        err = write_end(r, out);
    if (!err && r->has_threshold)
        err = hbs_buf_printf(out, ",\"threshold\":{\"llr\":%d.%03d,\"set_by\":\"law\"}", r->threshold / 1000, r->threshold % 1000);
    if (!err)
        err = hbs_buf_printf(out, ",\"without_effect\":");
    if (!err)
        err = write_rules(r->dormant, r->without_effect, true, out);
    if (!err && r->cut)
        err = hbs_buf_printf(out, ",\"cut\":true");
    return err ? err : hbs_buf_put(out, "}", 1);
}
