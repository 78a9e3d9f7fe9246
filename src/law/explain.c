/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: how a ruling came about, as JSON: each rule taken apart into what must hold together ("all"),
 * what may hold instead ("any"), and single comparisons with the values of their facts. How near a rule is
 * to deciding otherwise is the number of comparisons that would have to turn: a sum over "all", the least
 * over "any", the other way round under a negation. Reads pack and facts, touches nothing else; the
 * smallest change of facts comes from turn.c.
 */
#include "base/base_int.h"
#include "law_text.h"

enum { FAR = 1000 };

struct telling {
    struct hbs_buf *out;
    const struct hbs_law *law; /* whose text the conditions stand in */
    const char *text;          /* that text; changes from article to article */
    struct law_view view;
    bool unknown_status;
};

/* With an unknown status: what it is with every status, or not known. */
static enum law_truth truth_of(const struct telling *t, const struct law_expr *e)
{
    uint64_t needed = 0;
    struct law_view view = t->view;
    if (!t->unknown_status || !(law_reads(e) >> HBS_FACT_SUBJECT_STATUS & 1))
        return law_eval(e, &view, &needed);
    const char *const *statuses = hbs_fact_info(HBS_FACT_SUBJECT_STATUS)->names;
    view.status = statuses[0];
    enum law_truth first = law_eval(e, &view, &needed);
    for (int i = 1; strcmp(statuses[i], "unknown"); i++) {
        view.status = statuses[i];
        if (law_eval(e, &view, &needed) != first)
            return LAW_ERROR;
    }
    return first;
}

static const char *truth_words(enum law_truth t)
{
    return t == LAW_TRUE ? "holds" : t == LAW_FALSE ? "does not hold" : "not known";
}

/* How many comparisons must turn for e to be `want`. */
static int distance(const struct telling *t, const struct law_expr *e, bool want)
{
    if (e->op == LAW_NOT)
        return distance(t, e->kid[0], !want);
    if (e->op == LAW_AND || e->op == LAW_OR) {
        int a = distance(t, e->kid[0], want), b = distance(t, e->kid[1], want);
        if ((e->op == LAW_AND) == want)
            return a + b < FAR ? a + b : FAR;
        return a < b ? a : b;
    }
    bool as_wanted = truth_of(t, e) == (want ? LAW_TRUE : LAW_FALSE);
    return as_wanted ? 0 : e->op == LAW_CONST ? FAR : 1;
}

/* The text of a part on one line: blanks and comments become one blank. */
static enum hbs_err put_text(const struct telling *t, const struct law_expr *e)
{
    struct hbs_buf line;
    hbs_buf_init(&line, t->out->ctx, HBS_LAW_TEXT_MAX + 1);
    enum hbs_err err = HBS_OK;
    char quote = 0;
    bool blank = false;
    for (uint32_t i = e->from; i < e->to && !err; i++) {
        char c = t->text[i];
        if (!quote && c == '#') {
            while (i < e->to && t->text[i] != '\n')
                i++;
            blank = true;
        } else if (!quote && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) {
            blank = true;
        } else {
            if (blank && line.size)
                err = hbs_buf_put(&line, " ", 1);
            blank = false;
            if (quote && c == '\\' && i + 1 < e->to) {
                if (!err)
                    err = hbs_buf_put(&line, &c, 1);
                c = t->text[++i];
            } else if (quote ? c == quote : c == '"' || c == '\'') {
                quote = quote ? 0 : c;
            }
            if (!err)
                err = hbs_buf_put(&line, &c, 1);
        }
    }
    if (!err)
        err = hbs_buf_put(&line, "", 1);
    if (!err)
        err = law_json_text(t->out, (const char *)line.data);
    hbs_buf_close(&line);
    return err;
}

static enum hbs_err put_fact(struct hbs_buf *out, const struct hbs_facts *facts, enum hbs_fact f)
{
    char date[11];
    if (!(facts->known >> f & 1))
        return hbs_buf_printf(out, "null");
    switch (hbs_fact_info(f)->type) {
    case HBS_FACT_INTEGER:
        return hbs_buf_printf(out, "%lld", (long long)facts->at[f]);
    case HBS_FACT_BOOLEAN:
        return hbs_buf_printf(out, facts->at[f] ? "true" : "false");
    case HBS_FACT_DATE:
        hbs_date_write(facts->at[f], date);
        return hbs_buf_printf(out, "\"%s\"", date);
    default: {
        const char *s = hbs_facts_string(facts, f);
        return law_json_text(out, s ? s : "");
    }
    }
}

static enum hbs_err put_values(const struct telling *t, uint64_t facts)
{
    enum hbs_err err = hbs_buf_printf(t->out, ",\"values\":{");
    for (int f = 0, any = 0; f < HBS_FACT_COUNT && !err; f++) {
        if (!(facts >> f & 1))
            continue;
        err = hbs_buf_printf(t->out, "%s\"%s\":", any++ ? "," : "", hbs_fact_info((enum hbs_fact)f)->name);
        if (!err)
            err = put_fact(t->out, t->view.facts, (enum hbs_fact)f);
    }
    return err ? err : hbs_buf_put(t->out, "}", 1);
}

static enum hbs_err put_part(const struct telling *t, const struct law_expr *e);

/* The members of a chain of && or ||, without the nesting that is only how it was read. */
static enum hbs_err put_chain(const struct telling *t, const struct law_expr *e, enum law_op op, bool *first)
{
    if (e->op == op) {
        enum hbs_err err = put_chain(t, e->kid[0], op, first);
        return err ? err : put_chain(t, e->kid[1], op, first);
    }
    enum hbs_err err = *first ? HBS_OK : hbs_buf_put(t->out, ",", 1);
    *first = false;
    return err ? err : put_part(t, e);
}

static enum hbs_err put_part(const struct telling *t, const struct law_expr *e)
{
    enum hbs_err err = hbs_buf_printf(t->out, "{\"text\":");
    if (!err)
        err = put_text(t, e);
    if (!err)
        err = hbs_buf_printf(t->out, ",\"truth\":\"%s\"", truth_words(truth_of(t, e)));
    bool first = true;
    if (err)
        return err;
    if (e->op == LAW_AND || e->op == LAW_OR) {
        err = hbs_buf_printf(t->out, e->op == LAW_AND ? ",\"all\":[" : ",\"any\":[");
        if (!err)
            err = put_chain(t, e, e->op, &first);
        if (!err)
            err = hbs_buf_put(t->out, "]", 1);
    } else if (e->op == LAW_NOT && (e->kid[0]->op == LAW_AND || e->kid[0]->op == LAW_OR || e->kid[0]->op == LAW_NOT)) {
        err = hbs_buf_printf(t->out, ",\"not\":");
        if (!err)
            err = put_part(t, e->kid[0]);
    } else {
        err = put_values(t, law_reads(e));
    }
    return err ? err : hbs_buf_put(t->out, "}", 1);
}

static enum hbs_err put_parts(const struct telling *t, const struct law_expr *e)
{
    bool first = true;
    enum hbs_err err = hbs_buf_printf(t->out, ",\"parts\":[");
    if (!err && e->op != LAW_CONST)
        err = put_chain(t, e, LAW_AND, &first);
    return err ? err : hbs_buf_put(t->out, "]", 1);
}

static enum hbs_err put_rule(const struct telling *t, const struct law_rule *rule, int far)
{
    enum hbs_err err = hbs_buf_printf(t->out, "{\"id\":\"%s\",\"effect\":\"%s\",\"words\":", rule->id,
                                      rule->forbids ? "forbid" : "permit");
    if (!err)
        err = law_json_text(t->out, rule->words);
    if (!err)
        err = hbs_buf_printf(t->out, ",\"citation\":");
    if (!err)
        err = law_json_text(t->out, rule->cites.count ? rule->cites.name[0] : "");
    bool in_force = t->view.on >= rule->from && t->view.on <= rule->to;
    if (!err)
        err = hbs_buf_printf(t->out, ",\"status\":\"%s\",\"in_force\":%s,\"has_effect\":%s,\"truth\":\"%s\",\"distance\":%d",
                             hbs_law_status_name(law_status_on(t->law, rule, t->view.on)), in_force ? "true" : "false",
                             law_has_effect(t->law, rule, t->view.on) ? "true" : "false",
                             truth_words(truth_of(t, rule->all)), far);
    if (!err)
        err = put_parts(t, rule->all);
    return err ? err : hbs_buf_put(t->out, "}", 1);
}

static enum hbs_err put_articles(struct telling *t, const struct hbs_ruling *r)
{
    const struct hbs_law *articles = law_articles();
    const struct hbs_law_article *texts;
    size_t count = hbs_law_articles(&texts);
    enum hbs_err err = hbs_buf_printf(t->out, ",\"articles\":[");
    for (uint32_t i = 0; i < r->articles && articles && !err; i++) {
        for (uint32_t k = 0; k < articles->rule_count && !err; k++) {
            if (law_article_number(k) != r->article[i])
                continue;
            for (size_t n = 0; n < count; n++)
                if (texts[n].number == r->article[i])
                    t->text = texts[n].forbids;
            err = hbs_buf_printf(t->out, "%s{\"number\":%u,\"title\":", i ? "," : "", (unsigned)r->article[i]);
            if (!err)
                err = law_json_text(t->out, articles->rules[k].words);
            if (!err)
                err = hbs_buf_printf(t->out, ",\"truth\":\"%s\"", truth_words(truth_of(t, articles->rules[k].all)));
            if (!err)
                err = put_parts(t, articles->rules[k].all);
            if (!err)
                err = hbs_buf_put(t->out, "}", 1);
        }
    }
    t->text = t->law->text;
    return err ? err : hbs_buf_put(t->out, "]", 1);
}

/* When neither one change nor two turn it: as many as it takes, if there is a prover. */
static enum hbs_err turn_further(const struct telling *t, struct hbs_law_turn *turn, bool *exactly)
{
    struct hbs_ctx *ctx = t->out->ctx;
    struct hbs_law_turned *exact = hbs_alloc(ctx, 1, sizeof *exact);
    if (!exact)
        return hbs_fail_memory(ctx, sizeof *exact);
    const struct hbs_law_prove_options options = {.seconds = 10};
    enum hbs_err err =
        hbs_law_turn_exactly(ctx, t->law, t->view.facts, t->view.on, UINT64_C(1) << HBS_FACT_ACT, &options, exact);
    if (!err && exact->answer != HBS_LAW_UNDECIDED)
        turn->complete = *exactly = exact->answer == HBS_LAW_PROVED || exact->smallest;
    if (!err && exact->answer == HBS_LAW_REFUTED) {
        turn->changes = (uint32_t)__builtin_popcountll(exact->changed);
        turn->ways = 1;
        turn->found = 1;
        turn->way[0].changed = exact->changed;
        turn->way[0].facts = exact->facts;
    }
    hbs_free(ctx, exact);
    return err == HBS_ERR_USAGE || err == HBS_ERR_LIMIT ? HBS_OK : err; /* dates beyond the calendar: no more to say */
}

static enum hbs_err put_turn(const struct telling *t, bool allow)
{
    struct hbs_ctx *ctx = t->out->ctx;
    struct hbs_law_turn *turn = hbs_alloc(ctx, 1, sizeof *turn);
    if (!turn)
        return hbs_fail_memory(ctx, sizeof *turn);
    enum hbs_err err = hbs_law_turn(ctx, t->law, t->view.facts, t->view.on, turn);
    bool exactly = false;
    if (!err && !turn->changes && hbs_law_can_prove())
        err = turn_further(t, turn, &exactly);
    if (!err)
        err = hbs_buf_printf(t->out, ",\"turn\":{\"to\":\"%s\",\"changes\":%u,\"found\":%llu,\"tried\":%llu,\"complete\":%s,\"ways\":[",
                             allow ? "refuse" : "allow", turn->changes, (unsigned long long)turn->found,
                             (unsigned long long)turn->tried, turn->complete ? "true" : "false");
    for (uint32_t i = 0; i < turn->ways && !err; i++) {
        err = hbs_buf_printf(t->out, "%s[", i ? "," : "");
        for (int f = 0, any = 0; f < HBS_FACT_COUNT && !err; f++) {
            if (!(turn->way[i].changed >> f & 1))
                continue;
            err = hbs_buf_printf(t->out, "%s{\"fact\":\"%s\",\"from\":", any++ ? "," : "",
                                 hbs_fact_info((enum hbs_fact)f)->name);
            if (!err)
                err = put_fact(t->out, t->view.facts, (enum hbs_fact)f);
            if (!err)
                err = hbs_buf_printf(t->out, ",\"to\":");
            if (!err)
                err = put_fact(t->out, &turn->way[i].facts, (enum hbs_fact)f);
            if (!err)
                err = hbs_buf_put(t->out, "}", 1);
        }
        if (!err)
            err = hbs_buf_put(t->out, "]", 1);
    }
    hbs_free(ctx, turn);
    return err ? err : hbs_buf_printf(t->out, "],\"exact\":%s}", exactly ? "true" : "false");
}

enum hbs_err hbs_law_explain(const struct hbs_law *law, const struct hbs_facts *facts, int64_t on, struct hbs_buf *out)
{
    struct hbs_ruling r;
    hbs_law_rule(law, facts, on, &r);
    struct telling t = {.out = out, .law = law, .text = law->text, .view = {.facts = facts, .on = on},
                        .unknown_status = !(facts->known >> HBS_FACT_SUBJECT_STATUS & 1)};
    struct place { /* where a rule comes among those told; key -1: it was told */
        int key, far;
    } *places = hbs_alloc(out->ctx, law->rule_count + 1, sizeof *places);
    if (!places)
        return hbs_fail_memory(out->ctx, law->rule_count * sizeof *places);
    enum hbs_err err = hbs_buf_printf(out, "{\"ruling\":");
    if (!err)
        err = hbs_ruling_write(&r, out);
    if (!err)
        err = put_articles(&t, &r);
    if (!err)
        err = hbs_buf_printf(out, ",\"rules\":[");
    /* First those that have effect: those that decided, then those that could turn the ruling, the nearest
     * first, then the others; then those without effect. */
    for (uint32_t i = 0; i < law->rule_count; i++) {
        const struct law_rule *rule = &law->rules[i];
        enum law_truth truth = truth_of(&t, rule->all);
        bool decided = rule->forbids ? truth != LAW_FALSE : truth == LAW_TRUE && r.allow;
        int far = distance(&t, rule->all, rule->forbids ? !decided : true);
        places[i].far = far;
        /* Of two that are as near, the one that is about such an act. */
        bool about = !rule->scope || truth_of(&t, rule->scope) == LAW_TRUE;
        places[i].key = (law_has_effect(law, rule, on) ? 0 : 16 * FAR) +
                        (decided ? 0 : rule->forbids == r.allow ? 4 * FAR : 8 * FAR) + 2 * far + !about;
    }
    for (uint32_t told = 0; told < law->rule_count && !err; told++) {
        uint32_t best = law->rule_count;
        for (uint32_t i = 0; i < law->rule_count; i++)
            if (places[i].key >= 0 && (best == law->rule_count || places[i].key < places[best].key))
                best = i;
        if (told)
            err = hbs_buf_put(out, ",", 1);
        if (!err)
            err = put_rule(&t, &law->rules[best], places[best].far);
        places[best].key = -1;
    }
    hbs_free(out->ctx, places);
    if (!err)
        err = hbs_buf_put(out, "]", 1);
    if (!err)
        err = put_turn(&t, r.allow);
    return err ? err : hbs_buf_put(out, "}", 1);
}
