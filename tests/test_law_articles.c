/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the articles of the charter, proved for every shipped pack (law/NAME.law), and for a pack that
 * permits whatever a pack can: if they hold there, no pack can loosen them. The claims are written
 * from the charter's words, not from the conditions that are compiled in. Each says something: beside the
 * claims stand acts that the widest pack does allow.
 *
 * Articles 3, 4, 7, 8 and 10 speak of scores, answers, data and records, not of who may do what; what of
 * 7, 8 and 9 can be shown of rules is shown below by other means.
 */
#include "tap.h"

#include "law/prove_int.h"

#include <dirent.h>

#define SEARCH_KIN "act == \"search-kin\""
#define FACES "act == \"identify\" && modality == \"face\""

static const struct { int article; const char *claim; } claims[] = {
    {1, "always(has(act) && has(purpose))"},
    {1, "always(has(actor.id))"},
    {1, "never(actor.id == \"\")"},
    {1, "never(!has(modality) && !(act == \"retain\" || act == \"correct\" || act == \"dispose\" || act == \"report\"))"},
    {2, "always(has(assessment.id) && assessment.id != \"\")"},
    {2, "never(assessment.until < on && !(act == \"dispose\" || act == \"correct\" || act == \"report\" || act == \"view\"))"},
    {2, "never(act == \"view\" && purpose != \"access-request\" && on > assessment.until)"},
    {2, "never(act in [\"collect\", \"enrol\", \"verify\", \"identify\", \"search-kin\", \"compare-lineage\", \"share\", \"import\", "
        "\"retain\"] && !has(assessment.until))"},
    {2, "never(act == \"view\" && purpose != \"access-request\" && !has(assessment.until))"},
    {5, "never(" FACES " && gallery.size > 10000)"},
    {5, "never(" FACES " && !has(gallery.size))"},
    {5, "never(" FACES " && gallery.size == 0)"},
    {5, "never(" FACES " && !has(gallery.kind))"},
    {5, "never(" FACES " && (gallery.kind == \"civil\" || gallery.kind == \"\"))"},
    {5, "never(modality == \"location\" && act == \"identify\")"},
    {6, "never(act == \"compare-lineage\" && modality != \"dna\")"},
    {6, "never(" SEARCH_KIN " && modality != \"dna\")"},
    {6, "never(" SEARCH_KIN " && !has(authoriser.id))"},
    {6, "never(" SEARCH_KIN " && (authoriser.id == \"\" || authoriser.id == actor.id))"},
    {6, "never(" SEARCH_KIN " && !(purpose == \"missing-person\" || purpose == \"investigation\"))"},
    {11, "always(has(actor.role) && actor.role != \"\")"},
    {11, "never(authoriser.id == actor.id)"},
};

/* The widest pack allows these, so the claims about them are not empty. */
static const char *const possible[] = {
    "act == \"retain\" && !has(modality)", "act == \"dispose\" && assessment.until < on",
    "act == \"view\" && purpose == \"access-request\" && !has(assessment.until)", FACES " && gallery.size == 10000",
    FACES " && gallery.kind == \"crossing\"", "modality == \"location\" && act == \"collect\"", SEARCH_KIN " && modality == \"dna\"",
    "act == \"compare-lineage\" && modality == \"dna\"", "authoriser.id != actor.id", "!has(subject.age)", "!has(subject.status)",
    "act == \"import\"", "act == \"view\" && purpose == \"custody\" && assessment.until == on",
};

static const char widest[] =
    "pack widest version \"1\"\n"
    "rule anything permit \"anything\"\n  cites \"none\"\n  status final\n  in force from 1900-01-01\n"
    "  acts collect, enrol, verify, identify, search-kin, compare-lineage, view, share, import, correct, retain, dispose, report\n"
    "  keeps for 100 years\n";

static double longest;

static void article_claims(struct hbs_ctx *ctx, const struct hbs_law *law, const char *name)
{
    int bad = 0, last = 0;
    for (size_t i = 0; i <= sizeof claims / sizeof *claims; i++) {
        int article = i < sizeof claims / sizeof *claims ? claims[i].article : 0;
        if (i && article != last) {
            ok(!bad, "%s: article %d", name, last);
            bad = 0;
        }
        if (!article)
            break;
        last = article;
        struct hbs_law_proof p = {0};
        double start = hbs_clock_cpu();
        enum hbs_err err = hbs_law_prove(ctx, law, claims[i].claim, NULL, &p);
        double took = hbs_clock_cpu() - start;
        longest = took > longest ? took : longest;
        if (err || p.answer != HBS_LAW_PROVED) {
            printf("# %s: %s\n", claims[i].claim, err ? hbs_ctx_what(ctx) : p.answer == HBS_LAW_REFUTED ? "refuted" : "not known");
            bad++;
        }
    }
}

/* Article 9 as what is unknown in place of what is known: whoever is allowed with an unknown age is allowed
 * as a child of 0, and with an unknown status with every status. */
static bool unsure(struct hbs_ctx *ctx, const struct hbs_law *law, const char **why)
{
    struct law_domains d;
    struct law_question q = {0};
    struct law_terms t = {0};
    struct law_solver s = {0};
    bool good = false;
    *why = "could not be asked";
    law_domains_open(ctx, &d);
    d.used |= UINT64_C(1) << HBS_FACT_SUBJECT_AGE | UINT64_C(1) << HBS_FACT_SUBJECT_STATUS;
    if (law_domains_read_articles(&d) || law_domains_read_law(&d, law) || law_domains_make(&d) ||
        law_question_open(ctx, &d, &q) || law_terms_open(&q, law, &t) || law_solver_open(&q, NULL, &s))
        goto done;
    Z3_ast age = q.known[HBS_FACT_SUBJECT_AGE], status = q.known[HBS_FACT_SUBJECT_STATUS];
    Z3_ast zero = Z3_mk_int64(q.z, 0, Z3_mk_int_sort(q.z));
    Z3_ast unknown = Z3_substitute(q.z, t.allow, 1, &age, &q.no);
    Z3_ast child = Z3_substitute(q.z, t.allow, 2, (Z3_ast[]){age, q.value[HBS_FACT_SUBJECT_AGE]}, (Z3_ast[]){q.yes, zero});
    *why = "an unknown age is allowed what a child is not";
    good = law_solver_check(&s, law_term_and(&q, unknown, law_term_not(&q, child))) == LAW_NONE;
    *why = good ? "an unknown status is allowed what some status is not" : *why;
    uint32_t n = q.domains.of[HBS_FACT_SUBJECT_STATUS].count;
    for (uint32_t i = 0; i < n && good; i++) { /* the ruling with no status known, and with status i */
        Z3_ast from[1 + LAW_STATUSES], none[1 + LAW_STATUSES], one[1 + LAW_STATUSES];
        from[0] = status;
        none[0] = q.no;
        one[0] = q.yes;
        for (uint32_t k = 0; k < n; k++) {
            from[1 + k] = q.choice[HBS_FACT_SUBJECT_STATUS][k];
            none[1 + k] = q.no;
            one[1 + k] = k == i ? q.yes : q.no;
        }
        unknown = Z3_substitute(q.z, t.allow, 1 + n, from, none);
        Z3_ast known = Z3_substitute(q.z, t.allow, 1 + n, from, one);
        /* the solver's bounds speak of the status too: leave it free, nothing here depends on it */
        good = law_solver_check(&s, law_term_and(&q, unknown, law_term_not(&q, known))) == LAW_NONE;
    }
    good = good && n == 8;
done:
    law_solver_close(&s);
    if (q.z) {
        law_terms_close(&q, &t);
        law_question_close(&q);
    }
    law_domains_close(&d);
    return good;
}

/* Article 8, of rules: no permit without an end. */
static bool ends(const struct hbs_law *law)
{
    bool good = true;
    for (uint32_t r = 0; r < law->rule_count; r++) {
        const struct law_rule *rule = &law->rules[r];
        int64_t end = rule->has_keeps ? law_span_end(0, rule->keeps) / LAW_DAY : 0;
        good &= rule->forbids || (rule->has_keeps && rule->keeps.count > 0 && end > 0 && end <= 36525);
    }
    return good;
}

static void all_of(struct hbs_ctx *ctx, const struct hbs_law *law, const char *name)
{
    const char *why;
    article_claims(ctx, law, name);
    if (!ok(unsure(ctx, law, &why), "%s: article 9", name))
        printf("# %s\n", why);
    ok(ends(law), "%s: article 8, every permit ends within a hundred years", name);
    struct hbs_law_proof p = {0};
    struct hbs_ruling r = {0};
    bool good = !hbs_law_prove(ctx, law, "never(act == \"import\")", NULL, &p);
    if (good && p.answer == HBS_LAW_REFUTED)
        hbs_law_rule(law, &p.example.facts, p.example.on, &r);
    ok(good && (p.answer == HBS_LAW_PROVED || (r.allow && r.obliged >> HBS_OBLIGE_FOREIGN_DATA_CHECK & 1)),
       "%s: article 7, what is imported is checked", name);
}

static int is_pack(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 4 && !strcmp(e->d_name + n - 4, ".law");
}

int main(void)
{
    tap_begin();
    struct hbs_ctx *ctx = NULL;
    struct hbs_law *law = NULL;
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    if (ok(!hbs_law_open(ctx, "widest", widest, sizeof widest - 1, NULL, NULL, &law), "the widest pack is read")) {
        all_of(ctx, law, "the widest pack");
        for (size_t i = 0; i < sizeof possible / sizeof *possible; i++) {
            char claim[256];
            struct hbs_law_proof p = {0};
            snprintf(claim, sizeof claim, "never(%s)", possible[i]);
            ok(!hbs_law_prove(ctx, law, claim, NULL, &p) && p.answer == HBS_LAW_REFUTED, "it allows %s", possible[i]);
        }
    }
    hbs_law_close(law);
    char folder[4096];
    const char *source = getenv("HABEAS_SOURCE");
    snprintf(folder, sizeof folder, "%s/law", source ? source : "..");
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_pack, alphasort), read = 0;
    for (int i = 0; i < count; i++) {
        char path[4400];
        struct hbs_buf text;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        hbs_buf_init(&text, ctx, HBS_LAW_TEXT_MAX);
        law = NULL;
        if (ok(!hbs_file_read(ctx, path, &text) &&
                   !hbs_law_open(ctx, path, (const char *)text.data, text.size, NULL, NULL, &law), "%s is read", names[i]->d_name)) {
            all_of(ctx, law, names[i]->d_name);
            read++;
        } else {
            printf("# %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
        }
        hbs_law_close(law);
        hbs_buf_close(&text);
        free(names[i]);
    }
    free(names);
    ok(read > 0, "%d shipped packs", read);
    printf("# the longest proof took %.3f s of processor\n", longest);
    hbs_ctx_close(ctx);
    return tap_end();
}
