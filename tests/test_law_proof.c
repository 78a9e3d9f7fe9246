/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: what the prover answers: claims, smallest counterexamples, findings, differences, the smallest
 * change; deadlines and refused memory. That it means what the evaluator means is test_law_translation.c.
 */
#include "law_random.h"

#include "law/prove_int.h"

static struct hbs_ctx *ctx;

static struct hbs_law *open_pack(const char *text)
{
    struct hbs_law *law = NULL;
    if (hbs_law_open(ctx, "pack", text, strlen(text), NULL, NULL, &law))
        printf("# %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
    return law;
}

/* An example in one line: facts as JSON and the date. */
static const char *words(const struct hbs_law_example *e)
{
    static char line[HBS_FACTS_TEXT_MAX];
    struct hbs_buf text;
    char date[11];
    hbs_buf_init(&text, ctx, sizeof line - 16);
    hbs_date_write(e->on, date);
    if (hbs_facts_write(&e->facts, &text))
        return "";
    snprintf(line, sizeof line, "%s %.*s", date, (int)text.size, (const char *)text.data);
    hbs_buf_close(&text);
    return line;
}

static void proves(const struct hbs_law *law, const char *claim, enum hbs_law_answer want, const char *example)
{
    struct hbs_law_proof p = {0};
    enum hbs_err err = hbs_law_prove(ctx, law, claim, NULL, &p);
    ok(!err && p.answer == want, "%.*s: %s", (int)strcspn(claim, "#\n"), claim, want == HBS_LAW_PROVED ? "proved" : "refuted");
    if (err)
        printf("# %s\n", hbs_ctx_what(ctx));
    if (!err && want == HBS_LAW_REFUTED && p.answer == want) {
        is_text(words(&p.example), example, "by the smallest act");
        ok(p.example.smallest, "known to be the smallest");
    }
}

#define HEAD "pack p version \"1\"\n"
#define FINAL "  cites \"c\"\n  status final\n  in force from 2020-01-10\n"
#define WHO "\"actor\":{\"id\":\"x\",\"role\":\"x\"}"
#define LIVE "\"assessment\":{\"id\":\"x\",\"until\":\"2020-01-10\"}"

/* ---- Claims ---------------------------------------------------------------------------------------- */

static void claims(void)
{
    struct hbs_law *law = open_pack(HEAD "rule a permit \"a\"\n" FINAL
        "  acts collect\n  modalities finger\n  purposes custody\n"
        "  when subject.age >= 14 && subject.status != \"permanent-resident\"\n  keeps for 1 year\n");
    if (!ok(law, "a pack is read"))
        return;
    proves(law, "never(subject.age < 14)", HBS_LAW_PROVED, NULL);
    proves(law, "never(subject.age < 15)", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"}," LIVE "}");
    proves(law, "always(subject.age >= 14)", HBS_LAW_PROVED, NULL);
    proves(law, "never(subject.status == \"permanent-resident\")", HBS_LAW_PROVED, NULL);
    proves(law, "never(!has(subject.status))", HBS_LAW_PROVED, NULL);
    proves(law, "never(on < date(\"2020-01-10\"))", HBS_LAW_PROVED, NULL);
    proves(law, "always(on >= date(\"2020-01-11\"))", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"}," LIVE "}");
    /* never() needs the condition to be true; always() is also refuted by an error */
    proves(law, "never(place.city == \"Dallas\" && subject.age == 14 && warrant)", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"},\"place\":{\"city\":\"Dallas\"},\"warrant\":true," LIVE "}");
    proves(law, "always(place.city == \"Dallas\" || place.city != \"Dallas\")", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"}," LIVE "}");
    proves(law, "never(!(place.city == \"Dallas\" || place.city != \"Dallas\"))", HBS_LAW_PROVED, NULL);
    /* strings that only equal, or only differ */
    proves(law, "never(authoriser.id == actor.id && authoriser.id != \"\")", HBS_LAW_PROVED, NULL);
    proves(law, "always(authoriser.id == actor.id)", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"}," LIVE "}");
    proves(law, "never(place.city != place.sector && place.sector != place.port && place.port != place.city)", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"},\"place\":{\"city\":\"x\",\"sector\":\"y\",\"port\":\"z\"}," LIVE "}");
    /* overflow is an error, and an error is not true */
    proves(law, "never(gallery.size + 9223372036854775807 < 0)", HBS_LAW_PROVED, NULL);
    proves(law, "always(gallery.size + 9223372036854775807 > 0)", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"}," LIVE "}");
    proves(law, "never(has(gallery.size) && !(gallery.size + 9223372036854775806 > 0) || gallery.size == 1 && "
                "gallery.size + 9223372036854775806 > 0)", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"}," LIVE ",\"gallery\":{\"size\":1}}");
    /* dates */
    proves(law, "never(assessment.until - on > duration(\"36h\"))", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"},\"assessment\":{\"id\":\"x\",\"until\":\"2020-01-12\"}}");
    proves(law, "  never # words\n ( true ) # more", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"subject\":{\"age\":14,\"status\":\"citizen\"}," LIVE "}");
    static const char *const broken[] = {"", "subject.age < 14", "never", "never subject.age", "never(", "never(subject.age)",
        "never(subject.age < 14", "never(subject.age < 14))", "never(true) && never(true)", "sometimes(true)",
        "never(subjct.age < 14)", "never(\")\" == place.city", "never(true # )", "never()", "never(place.kind == \"moon\")",
        "never('(' == place.city)x"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct hbs_law_proof p;
        ok(hbs_law_prove(ctx, law, broken[i], NULL, &p) == HBS_ERR_FORMAT && *hbs_ctx_what(ctx), "no claim: '%s' (%s)", broken[i],
           hbs_ctx_what(ctx));
    }
    proves(law, "never(')' == place.city && subject.age < 14)", HBS_LAW_PROVED, NULL);
    struct hbs_law_proof late;
    is_int(hbs_law_prove(ctx, law, "never(subject.age < 15)", &(struct hbs_law_prove_options){.seconds = 1e-9}, &late), HBS_OK,
           "a deadline that has passed");
    ok(late.answer == HBS_LAW_UNDECIDED, "decides nothing");
    hbs_law_close(law);

    law = open_pack(HEAD "rule a permit \"a\"\n" FINAL "  acts collect\n"
        "  when place.city < \"Dallas\" && place.city > \"Dalla\"\n  keeps for 1 year\n");
    proves(law, "never(place.city != \"Dallar\")", HBS_LAW_REFUTED,
           "2020-01-10 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO ",\"place\":{\"city\":\"Dallaax\"}," LIVE "}");
    proves(law, "never(place.city >= \"Dallas\" || place.city <= \"Dalla\")", HBS_LAW_PROVED, NULL);
    proves(law, "never(place.city > \"Dallas \" && place.city < \"Dallas\")", HBS_LAW_PROVED, NULL);
    hbs_law_close(law);
    law = open_pack(HEAD "rule a permit \"a\"\n" FINAL "  acts collect\n  when place.city > \"a\" && place.city < \"a \"\n  keeps for 1 year\n");
    proves(law, "never(true)", HBS_LAW_PROVED, NULL); /* nothing sorts between */
    hbs_law_close(law);
    law = open_pack(HEAD "rule a permit \"a\"\n  cites \"c\"\n  status proposed\n  status final from 2020-03-01\n"
        "  in force from 2020-01-01 to 2020-12-31\n  acts collect\n  keeps for 1 year\n"
        "order o \"o\" on 2020-05-01 suspends a lifted on 2020-06-01\n");
    proves(law, "never(on < date(\"2020-03-01\") || on > date(\"2020-12-31\"))", HBS_LAW_PROVED, NULL);
    proves(law, "never(on >= date(\"2020-05-01\") && on < date(\"2020-06-01\"))", HBS_LAW_PROVED, NULL);
    proves(law, "never(on >= date(\"2020-05-01\"))", HBS_LAW_REFUTED,
           "2020-06-01 {\"act\":\"collect\",\"modality\":\"finger\",\"purpose\":\"custody\"," WHO
           ",\"assessment\":{\"id\":\"x\",\"until\":\"2020-06-01\"}}");
    hbs_law_close(law);
}

/* ---- The smallest ----------------------------------------------------------------------------------- */

/* Places of an example in the order of hbs_law_example: negative when a comes first. */
static int compare(const struct law_domains *d, const struct hbs_law_example *a, const struct hbs_law_example *b)
{
    int n = __builtin_popcountll(a->facts.known) - __builtin_popcountll(b->facts.known);
    for (uint32_t f = 0; f < HBS_FACT_COUNT && !n; f++) {
        bool x = a->facts.known >> f & 1, y = b->facts.known >> f & 1;
        if (!x || !y) {
            n = (int)x - (int)y;
            continue;
        }
        int64_t v = a->facts.at[f], w = b->facts.at[f];
        if (law_fact_is_text(f)) {
            v = law_domain_find(d, f, hbs_facts_string(&a->facts, f));
            w = law_domain_find(d, f, hbs_facts_string(&b->facts, f));
        }
        n = v < w ? -1 : v > w;
    }
    return n ? n : a->on < b->on ? -1 : a->on > b->on;
}

/* Sets fact f to its i-th value to try, 0: forgets it; false when there are no more. */
static bool vary(const struct law_domains *d, struct hbs_law_example *e, uint32_t f, uint32_t i)
{
    const struct hbs_fact_info *info = hbs_fact_info(f);
    hbs_facts_forget(&e->facts, f);
    if (!i--)
        return true;
    if (law_fact_is_text(f))
        return i < d->of[f].count && !hbs_facts_set_string(ctx, &e->facts, f, d->of[f].value[i]);
    if (info->type == HBS_FACT_BOOLEAN)
        return i < 2 && !hbs_facts_set_number(ctx, &e->facts, f, i);
    int64_t v = 0;
    if (info->type == HBS_FACT_DATE)
        return i < 10 && !hbs_date_read(ctx, random_dates[i], &v) && !hbs_facts_set_number(ctx, &e->facts, f, v);
    return i < 7 && !hbs_facts_set_number(ctx, &e->facts, f, random_integers[i] < info->most ? random_integers[i] : info->most);
}

/* Whether some act that differs in at most two facts, or in the date, is a smaller counterexample. */
static bool is_beaten(const struct hbs_law *law, const struct law_claim *claim, const struct law_domains *d,
                      const struct hbs_law_example *e)
{
    struct hbs_law_example t;
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++)
        for (uint32_t i = 0; d->used >> f & 1; i++) {
            t = *e;
            if (!vary(d, &t, f, i))
                break;
            if (compare(d, &t, e) < 0 && law_claim_refuted(law, claim, &t.facts, t.on))
                return true;
            for (uint32_t g = f + 1; g < HBS_FACT_COUNT; g++)
                for (uint32_t k = 0; d->used >> g & 1; k++) {
                    struct hbs_law_example u = t;
                    if (!vary(d, &u, g, k))
                        break;
                    if (compare(d, &u, e) < 0 && law_claim_refuted(law, claim, &u.facts, u.on))
                        return true;
                }
        }
    t = *e;
    for (int64_t day = -25567; day * 86400 < e->on; day += day * 86400 < e->on - 40 * 86400 ? 37 : 1) {
        t.on = day * 86400;
        if (law_claim_refuted(law, claim, &t.facts, t.on))
            return true;
    }
    return false;
}

/* The same question to Z3's optimiser, with a goal for the number of facts and one for each fact and the
 * date, in that order: whether it finds no smaller act. (It does not always find the least itself, and
 * *equal counts when it does.) */
static bool is_optimal(const struct hbs_law *law, const struct law_claim *claim, struct law_domains *d,
                       const struct hbs_law_example *e, int *equal)
{
    struct law_question q = {0};
    struct law_terms t = {0};
    bool same = false;
    if (law_question_open(ctx, d, &q) || law_terms_open(&q, law, &t))
        goto done;
    Z3_context z = q.z;
    Z3_sort integers = Z3_mk_int_sort(z);
    Z3_ast zero = Z3_mk_int64(z, 0, integers), one = Z3_mk_int64(z, 1, integers), none = Z3_mk_int64(z, -1000000, integers);
    Z3_ast of[1 + LAW_STATUSES], count = zero;
    for (uint32_t v = 0; v < t.views; v++)
        of[v] = law_term(&q, claim->condition, v ? q.status[v - 1] : NULL).is_true;
    Z3_ast holds = t.views > 1 ? law_by_status(&q, of, true) : of[0];
    Z3_optimize o = Z3_mk_optimize(z);
    Z3_optimize_inc_ref(z, o);
    Z3_params p = Z3_mk_params(z);
    Z3_params_inc_ref(z, p);
    Z3_params_set_symbol(z, p, Z3_mk_string_symbol(z, "priority"), Z3_mk_string_symbol(z, "lex"));
    Z3_params_set_uint(z, p, Z3_mk_string_symbol(z, "timeout"), 2000);
    Z3_optimize_set_params(z, o, p);
    Z3_optimize_assert(z, o, law_question_bounds(&q));
    Z3_optimize_assert(z, o, law_term_and(&q, t.allow, claim->always ? law_term_not(&q, holds) : holds));
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++)
        if (q.domains.used >> f & 1)
            count = Z3_mk_add(z, 2, (Z3_ast[]){count, Z3_mk_ite(z, q.known[f], one, zero)});
    Z3_optimize_minimize(z, o, count);
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++) {
        if (!(q.domains.used >> f & 1))
            continue;
        Z3_ast place = zero;
        if (law_fact_is_text(f))
            for (uint32_t i = 0; i < q.domains.of[f].count; i++)
                place = Z3_mk_ite(z, q.choice[f][i], Z3_mk_int64(z, i, integers), place);
        else
            place = hbs_fact_info(f)->type == HBS_FACT_BOOLEAN ? Z3_mk_ite(z, q.value[f], one, zero) : q.value[f];
        Z3_optimize_minimize(z, o, Z3_mk_ite(z, q.known[f], place, none));
    }
    Z3_optimize_minimize(z, o, q.day);
    Z3_lbool answer = Z3_optimize_check(z, o, 0, NULL);
    same = answer == Z3_L_UNDEF; /* it gave up: nothing against us */
    if (answer == Z3_L_TRUE) {
        struct law_solver s = {.q = &q, .model = Z3_optimize_get_model(z, o)};
        struct law_found found;
        struct hbs_law_example best = {0};
        Z3_model_inc_ref(z, s.model);
        law_solver_found(&s, &found);
        same = !law_found_facts(&q, &found, &best.facts, &best.on) && compare(&q.domains, &best, e) >= 0;
        *equal += compare(&q.domains, &best, e) == 0;
        if (!same)
            printf("# the optimiser finds %s\n", words(&best));
        Z3_model_dec_ref(z, s.model);
    }
    Z3_params_dec_ref(z, p);
    Z3_optimize_dec_ref(z, o);
done:
    if (q.z) {
        law_terms_close(&q, &t);
        law_question_close(&q);
    }
    return same;
}

static void smallest(int packs)
{
    struct random_law *r = calloc(1, sizeof *r);
    int refuted = 0, bad = 0, acts = 0, equal = 0;
    for (int i = 0; r && i < packs && !bad; i++) {
        struct law_claim claim = {0};
        struct law_domains d;
        struct hbs_law_proof p = {0};
        random_pack(r, tap_seed + (uint64_t)i);
        struct hbs_law *law = open_pack(r->text);
        char text[8192];
        const char *condition = random_condition(r, 3);
        snprintf(text, sizeof text, "%s(%s)", i % 2 ? "never" : "always", condition);
        law_domains_open(ctx, &d);
        if (!law || hbs_law_prove(ctx, law, text, NULL, &p) || law_claim_read(ctx, law, text, &claim) ||
            law_domains_read_articles(&d) || law_domains_read_law(&d, law) || law_domains_read(&d, claim.condition) ||
            law_domains_make(&d)) {
            printf("# %s: %s\n", text, hbs_ctx_what(ctx));
            bad++;
        }
        for (int k = 0; k < 2000 && !bad && p.answer == HBS_LAW_PROVED; k++) { /* nothing at random refutes it */
            struct hbs_facts f;
            int64_t on = random_act(r, ctx, 99, &f);
            acts++;
            bad += law_claim_refuted(law, &claim, &f, on);
        }
        if (!bad && p.answer == HBS_LAW_REFUTED) {
            refuted++;
            bad += !p.example.smallest || !law_claim_refuted(law, &claim, &p.example.facts, p.example.on) ||
                   (refuted <= packs / 10 && is_beaten(law, &claim, &d, &p.example)) ||
                   (refuted <= packs / 4 && !is_optimal(law, &claim, &d, &p.example, &equal));
        }
        bad += !bad && p.answer == HBS_LAW_UNDECIDED;
        if (bad)
            printf("# %s\n# %s\n%s\n", text, words(&p.example), r->text);
        law_domains_close(&d);
        law_condition_close(ctx, claim.owner);
        hbs_law_close(law);
    }
    ok(r && !bad && refuted > packs / 10 && acts, "random claims: %d of %d refuted, no act nearby is smaller, nor what an optimiser finds (asked %d times, the "
       "same %d times); no random act refutes a proved one", refuted, packs, refuted < packs / 4 ? refuted : packs / 4, equal);
    free(r);
}

/* ---- Strings between strings ------------------------------------------------------------------------- */

enum { STRINGS = 85 };

/* All strings of up to three characters of { ' ', '0', 'x', 'y' }. */
static int list_strings(char out[STRINGS][8])
{
    int n = 0;
    for (int size = 0, all = 1; size <= 3; size++, all *= 4)
        for (int i = 0; i < all; i++, n++)
            for (int k = 0, rest = i; k < size; k++, rest /= 4) {
                out[n][k] = " 0xy"[rest % 4];
                out[n][k + 1] = 0;
            }
    return n;
}

/* For each pair of constants: the words in between are between, and as many as wanted unless the strings
 * themselves are fewer. */
static void order_of_strings(void)
{
    static char all[STRINGS][8];
    int n = list_strings(all), bad = 0, narrow = 0;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            if (strcmp(all[a], all[b]) >= 0)
                continue;
            struct law_expr fact = {.op = LAW_FACT, .type = LAW_STRING, .fact = HBS_FACT_PLACE_CITY},
                            other = {.op = LAW_FACT, .type = LAW_STRING, .fact = HBS_FACT_PLACE_SECTOR},
                            low = {.op = LAW_CONST, .type = LAW_STRING, .text = all[a]},
                            high = {.op = LAW_CONST, .type = LAW_STRING, .text = all[b]};
            struct law_expr x = {.op = LAW_LT, .kid = {&fact, &low}}, y = {.op = LAW_GT, .kid = {&fact, &high}},
                            z = {.op = LAW_EQ, .kid = {&fact, &other}};
            struct law_domains d;
            law_domains_open(ctx, &d);
            enum hbs_err err = law_domains_read(&d, &x) | law_domains_read(&d, &y) | law_domains_read(&d, &z);
            err |= law_domains_make(&d);
            int between = 0, real = 0;
            size_t blank = strlen(all[a]); /* low and blanks only: then strings are counted, else they are endless */
            for (uint32_t i = 0; i < d.of[HBS_FACT_PLACE_CITY].count; i++) {
                const char *v = d.of[HBS_FACT_PLACE_CITY].value[i];
                between += strcmp(v, all[a]) > 0 && strcmp(v, all[b]) < 0;
            }
            bool endless = strncmp(all[a], all[b], blank) || strspn(all[b] + blank, " ") != strlen(all[b] + blank);
            if (!endless)
                real = (int)strlen(all[b] + blank) - 1;
            narrow += !endless;
            int want = endless || real > 2 ? 2 : real;
            bad += err || between != want;
            if (err || between != want)
                printf("# between '%s' and '%s': %d, not %d\n", all[a], all[b], between, want);
            law_domains_close(&d);
        }
    ok(!bad && narrow > 10, "between any two strings lie as many words as can be told apart");
}

/* ---- Findings ---------------------------------------------------------------------------------------- */

static const struct hbs_law_finding *find(const struct hbs_law_lint *l, const char *rule, enum hbs_law_fault fault)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (l->finding[i].fault == fault && !strcmp(l->finding[i].rule, rule))
            return &l->finding[i];
    return NULL;
}

static void findings(void)
{
    struct hbs_law_lint l;
    struct hbs_law *law = open_pack(HEAD
        "rule wide permit \"w\"\n" FINAL "  acts collect, enrol\n  when subject.age >= 14\n  keeps for 10 years\n"
        "rule narrow permit \"n\"\n" FINAL "  acts collect\n  when subject.age >= 18\n  keeps for 10 years\n"
        "rule stricter permit \"s\"\n" FINAL "  acts collect\n  when subject.age >= 18\n  obliges notice\n  keeps for 9 years\n"
        "rule never-true permit \"u\"\n" FINAL "  acts view\n  when subject.age > 20 && subject.age < 20\n  keeps for 1 day\n"
        "rule no-share forbid \"f\"\n" FINAL "  acts share\n"
        "rule share permit \"c\"\n" FINAL "  acts share\n  keeps for 1 day\n"
        "rule face permit \"c\"\n" FINAL "  acts identify\n  modalities location\n  keeps for 1 day\n"
        "rule proposal permit \"d\"\n  cites \"c\"\n  status proposed\n  in force from 2020-01-01\n  acts import\n  keeps for 1 day\n"
        "rule long permit \"l\"\n" FINAL "  acts retain\n  keeps for 901 months\n"
        "rule first permit \"1\"\n  cites \"c\"\n  status final\n  in force from 2020-01-01 to 2020-06-30\n  acts verify\n  keeps for 1 day\n"
        "rule second permit \"2\"\n  cites \"c\"\n  status final\n  in force from 2020-07-02\n  acts verify\n  keeps for 1 day\n"
        "rule twin-a forbid \"t\"\n" FINAL "  acts report\n  when place.city == \"a\"\n"
        "rule twin-b forbid \"t\"\n" FINAL "  acts report\n  when \"a\" == place.city\n"
        "rule fact-less forbid \"u\"\n" FINAL "  acts report\n  when place.city == \"a\" && place.city == \"b\"\n");
    if (!ok(law && !hbs_law_lint(ctx, law, NULL, &l) && l.complete, "a pack with faults is looked at"))
        return;
    const struct hbs_law_finding *f = find(&l, "narrow", HBS_FAULT_SHADOWED);
    ok(f && !strcmp(f->other, "wide") && f->severity == HBS_LAW_WARNING && f->line == 9 && f->column == 6 && f->has_example,
       "shadowed, at its place, with an example");
    f = find(&l, "stricter", HBS_FAULT_SHADOWED);
    ok(f && f->severity == HBS_LAW_NOTE, "a shadowed permit that still obliges is a note");
    f = find(&l, "never-true", HBS_FAULT_UNREACHABLE);
    ok(f && f->severity == HBS_LAW_ERROR && !f->has_example, "unreachable");
    f = find(&l, "share", HBS_FAULT_CONTRADICTORY);
    ok(f && !strcmp(f->other, "no-share") && f->severity == HBS_LAW_ERROR && f->has_example, "contradictory by a forbid");
    f = find(&l, "face", HBS_FAULT_CONTRADICTORY);
    ok(f && !strcmp(f->other, "article-5"), "contradictory by an article");
    f = find(&l, "proposal", HBS_FAULT_DORMANT);
    ok(f && f->severity == HBS_LAW_NOTE, "dormant");
    f = find(&l, "long", HBS_FAULT_LONG);
    ok(f && f->severity == HBS_LAW_WARNING, "kept for long");
    f = find(&l, "first", HBS_FAULT_GAP);
    int64_t gap = 0;
    ok(f && !hbs_date_read(ctx, "2020-07-01", &gap) && f->from == gap && f->to == gap && f->has_example &&
           f->example.on == gap - 86400, "a gap of one day, with what was allowed on the day before");
    ok(!find(&l, "twin-a", HBS_FAULT_SHADOWED) && find(&l, "twin-b", HBS_FAULT_SHADOWED), "of two that say the same the later");
    f = find(&l, "fact-less", HBS_FAULT_UNREACHABLE);
    ok(f && strstr(f->what, "missing"), "a forbid that never holds, but refuses when facts are missing");
    is_int(l.count, 10, "and nothing else");
    for (uint32_t i = 0; i < l.count && l.count != 10; i++)
        printf("# %u: %s %s: %s\n", l.finding[i].line, l.finding[i].rule, hbs_law_fault_name(l.finding[i].fault), l.finding[i].what);
    for (uint32_t i = 1; i < l.count; i++)
        if (l.finding[i].line < l.finding[i - 1].line)
            ok(false, "in the order of the text");
    hbs_law_lint_close(&l);
    ok(!hbs_law_lint(ctx, law, &(struct hbs_law_prove_options){.seconds = 1e-9}, &l) && !l.complete, "a deadline that has passed is told");
    hbs_law_lint_close(&l);
    hbs_law_close(law);
    /* each of 75 years and one more */
    static const char *const spans[] = {"75 years", "76 years", "900 months", "901 months", "27393 days", "27394 days"};
    for (uint32_t i = 0; i < 6; i++) {
        char text[512];
        snprintf(text, sizeof text, HEAD "rule a permit \"a\"\n" FINAL "  acts collect\n  keeps for %s\n", spans[i]);
        law = open_pack(text);
        bool good = law && !hbs_law_lint(ctx, law, NULL, &l);
        ok(good && l.count == i % 2, "%s is %s", spans[i], i % 2 ? "long" : "not long");
        if (good)
            hbs_law_lint_close(&l);
        hbs_law_close(law);
    }
}

/* Rules that the prover calls unreachable, contradictory or shadowed are so in every random ruling. */
static void findings_hold(int packs)
{
    struct random_law *r = calloc(1, sizeof *r);
    int bad = 0, found = 0;
    for (int i = 0; r && i < packs && !bad; i++) {
        struct hbs_law_lint l;
        random_pack(r, tap_seed + 7000 + (uint64_t)i);
        struct hbs_law *law = open_pack(r->text);
        if (!law || hbs_law_lint(ctx, law, NULL, &l)) {
            printf("# %s\n", hbs_ctx_what(ctx));
            bad++;
            hbs_law_close(law);
            break;
        }
        found += (int)l.count;
        for (int k = 0; k < 300 && !bad; k++) {
            struct hbs_facts facts;
            struct hbs_ruling ruling;
            int64_t on = random_act(r, ctx, 99, &facts);
            hbs_law_rule(law, &facts, on, &ruling);
            for (uint32_t j = 0; j < l.count && !bad; j++) {
                const struct hbs_law_finding *f = &l.finding[j];
                bool named = false, other = !f->other;
                for (uint32_t m = 0; m < ruling.rules; m++) {
                    named |= !strcmp(ruling.rule[m].id, f->rule);
                    other |= f->other && !strcmp(ruling.rule[m].id, f->other);
                }
                bad += named && (f->fault == HBS_FAULT_CONTRADICTORY || f->fault == HBS_FAULT_DORMANT ||
                                 (f->fault == HBS_FAULT_UNREACHABLE && !strstr(f->what, "missing")) ||
                                 (f->fault == HBS_FAULT_SHADOWED && !other));
                if (bad)
                    printf("# %s %s %s\n%s\n", f->rule, hbs_law_fault_name(f->fault), f->other ? f->other : "", r->text);
            }
        }
        hbs_law_lint_close(&l);
        hbs_law_close(law);
    }
    ok(r && !bad && found, "no random ruling contradicts %d findings about %d packs", found, packs);
    free(r);
}

/* ---- Differences ------------------------------------------------------------------------------------- */

static void differences(void)
{
#define RULE(age, more) HEAD "rule a permit \"a\"\n" FINAL "  acts collect, enrol\n  modalities dna\n  purposes custody\n" \
                             "  when subject.age >= " age "\n  " more "\n"
    static const struct { const char *a, *b; bool changes, obligations, end, threshold; const char *words; } cases[] = {
        {RULE("14", "keeps for 1 year"), RULE("14", "keeps for 1 year"), false, false, false, false, "nothing"},
        {RULE("14", "keeps for 1 year"), RULE("14 && !(subject.age < 14)", "keeps for 12 months"), false, false, false, false,
         "the same in other words"},
        {RULE("14", "keeps for 1 year"), RULE("15", "keeps for 1 year"), true, false, false, false, "an age"},
        {RULE("14", "keeps for 1 month"), RULE("14", "keeps for 30 days"), false, false, true, false, "a month and 30 days"},
        {RULE("14", "keeps for 1 month"), RULE("14", "keeps for 31 days"), false, false, true, false, "a month and 31 days"},
        {RULE("14 && on == date(\"2020-05-15\")", "keeps for 1 month"), RULE("14 && on == date(\"2020-05-15\")", "keeps for 31 days"),
         false, false, false, false, "a month and 31 days, in May"},
        {RULE("14", "keeps for 24 hours"), RULE("14", "keeps for 1 day"), false, false, true, false, "24 hours and a day"},
        {RULE("14", "keeps for 1 year"), "event e \"e\"\n", false, false, true, false, "an event"},
        {RULE("14", "keeps for 1 year"), RULE("14", "obliges notice if place.city == \"a\"\n  keeps for 1 year"), false, true, false,
         false, "an obligation"},
        {RULE("14", "obliges notice\n  keeps for 1 year"), RULE("14", "obliges notice if has(actor.id)\n  keeps for 1 year"), false,
         false, false, false, "an obligation that an article makes certain"},
        {RULE("14", "obliges notice if place.city == \"a\"\n  keeps for 1 year"),
         RULE("14", "obliges notice if !has(place.city) || place.city == \"a\"\n  keeps for 1 year"), false, false, false, false,
         "an obligation whose condition errs"},
        {RULE("14", "keeps for 1 year\n  threshold 3"), RULE("14", "keeps for 1 year\n  threshold 3.001"), false, false, false, true,
         "a threshold"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hbs_law_diff d;
        const char *second = cases[i].b[0] == 'e'
            ? HEAD "event e \"e\"\nrule a permit \"a\"\n" FINAL "  acts collect, enrol\n  modalities dna\n  purposes custody\n"
              "  when subject.age >= 14\n  keeps until e at most 1 year\n" : cases[i].b;
        struct hbs_law *a = open_pack(cases[i].a), *b = open_pack(second);
        bool good = a && b && !hbs_law_diff(ctx, a, b, NULL, &d);
        ok(good && d.complete && (d.count > 0) == cases[i].changes && d.obligations.differs == cases[i].obligations &&
               d.end.differs == cases[i].end && d.threshold.differs == cases[i].threshold, "difference: %s", cases[i].words);
        if (!good)
            printf("# %s\n", hbs_ctx_what(ctx));
        else if (cases[i].changes) {
            is_int(d.count, 2, "two acts change");
            is_text(words(&d.change[0].refused), "2020-01-10 {\"act\":\"collect\",\"modality\":\"dna\",\"purpose\":\"custody\"," WHO
                    ",\"subject\":{\"age\":14}," LIVE "}", "with the smallest example");
            ok(d.change[0].refuses && !d.change[0].allows && !strcmp(d.change[1].act, "enrol"), "becoming refused, in order");
        }
        if (good)
            hbs_law_diff_close(&d);
        hbs_law_close(a);
        hbs_law_close(b);
    }
    /* both ways at once */
    struct hbs_law *a = open_pack(RULE("14 && place.city == \"a\"", "keeps for 1 year")),
                   *b = open_pack(RULE("14 && place.city == \"b\"", "keeps for 1 year"));
    struct hbs_law_diff d;
    if (ok(a && b && !hbs_law_diff(ctx, a, b, NULL, &d), "two cities")) {
        ok(d.count == 2 && d.change[0].allows && d.change[0].refuses, "turn both ways");
        is_text(hbs_facts_string(&d.change[0].allowed.facts, HBS_FACT_PLACE_CITY), "b", "allowed in one");
        is_text(hbs_facts_string(&d.change[0].refused.facts, HBS_FACT_PLACE_CITY), "a", "refused in the other");
        hbs_law_diff_close(&d);
    }
    hbs_law_close(a);
    hbs_law_close(b);
}

/* Two random packs: every random act that they rule differently is of a triple that was listed; where they
 * agree in all that follows, so do rulings. */
static void differences_hold(int pairs)
{
    struct random_law *r = calloc(1, sizeof *r), *s = calloc(1, sizeof *s);
    int bad = 0, changes = 0, seen = 0;
    for (int i = 0; r && s && i < pairs && !bad; i++) {
        struct hbs_law_diff d;
        random_pack(r, tap_seed + 9000 + (uint64_t)i);
        random_pack(s, tap_seed + 9000 + (uint64_t)i);
        size_t cut = s->size; /* the second is the first with another rule */
        put_rule(s, 50);
        struct hbs_law *a = open_pack(r->text), *b = open_pack(s->text);
        (void)cut;
        if (!a || !b || hbs_law_diff(ctx, a, b, NULL, &d)) {
            printf("# %s\n%s", hbs_ctx_what(ctx), s->text);
            bad++;
            hbs_law_close(a);
            hbs_law_close(b);
            break;
        }
        changes += (int)d.count;
        for (int k = 0; k < 2000 && !bad; k++) {
            struct hbs_facts f;
            struct hbs_ruling x, y;
            int64_t on = random_act(r, ctx, 99, &f);
            hbs_law_rule(a, &f, on, &x);
            hbs_law_rule(b, &f, on, &y);
            if (x.allow && y.allow)
                bad += (x.obliged != y.obliged && !d.obligations.differs) ||
                       ((x.end != y.end || x.end_seconds != y.end_seconds || x.events != y.events) && !d.end.differs) ||
                       (x.threshold != y.threshold && !d.threshold.differs);
            if (x.allow == y.allow)
                continue;
            bool listed = false;
            const char *names[3] = {hbs_facts_string(&f, HBS_FACT_ACT), hbs_facts_string(&f, HBS_FACT_MODALITY),
                                    hbs_facts_string(&f, HBS_FACT_PURPOSE)};
            for (uint32_t j = 0; j < d.count; j++) {
                const struct hbs_law_change *c = &d.change[j];
                const char *own[3] = {c->act, c->modality, c->purpose};
                bool same = x.allow ? c->refuses : c->allows;
                for (int m = 0; m < 3; m++)
                    same &= names[m] && own[m] ? !strcmp(names[m], own[m]) : names[m] == own[m];
                listed |= same;
            }
            seen++;
            bad += !listed;
        }
        if (bad)
            printf("# %s\n# and\n%s\n", r->text, s->text);
        hbs_law_diff_close(&d);
        hbs_law_close(a);
        hbs_law_close(b);
    }
    ok(r && s && !bad && seen, "%d acts that %d pairs of packs rule differently are among the %d changes listed", seen, pairs, changes);
    free(r);
    free(s);
}

/* ---- Turning a ruling -------------------------------------------------------------------------------- */

static void turning(int packs)
{
    struct random_law *r = calloc(1, sizeof *r);
    struct hbs_law_turn *tried = calloc(1, sizeof *tried);
    int bad = 0, turned = 0, fewer = 0, deep = 0, never = 0;
    for (int i = 0; r && tried && i < packs && !bad; i++) {
        random_pack(r, tap_seed + 11000 + (uint64_t)i);
        struct hbs_law *law = open_pack(r->text);
        for (int k = 0; law && k < 3 && !bad; k++) {
            struct hbs_facts f;
            struct hbs_law_turned t = {0};
            struct hbs_ruling before, after;
            int64_t on = random_act(r, ctx, 99, &f);
            enum hbs_err err = hbs_law_turn_exactly(ctx, law, &f, on, 1u << HBS_FACT_ACT, NULL, &t);
            if (err || t.answer == HBS_LAW_UNDECIDED || hbs_law_turn(ctx, law, &f, on, tried)) {
                printf("# %s\n", hbs_ctx_what(ctx));
                bad++;
                break;
            }
            hbs_law_rule(law, &f, on, &before);
            hbs_law_rule(law, &t.facts, on, &after);
            uint32_t changed = (uint32_t)__builtin_popcountll(t.changed);
            if (t.answer == HBS_LAW_REFUTED) {
                turned++;
                deep += changed > 2;
                bad += before.allow == after.allow || !t.smallest || !changed || (t.changed >> HBS_FACT_ACT & 1);
                bad += tried->changes && changed > tried->changes;
                for (uint32_t g = 0; g < HBS_FACT_COUNT && !bad; g++) { /* no number or date could stay nearer */
                    const struct hbs_fact_info *info = hbs_fact_info(g);
                    if (!(t.changed & f.known & t.facts.known & UINT64_C(1) << g) ||
                        (info->type != HBS_FACT_INTEGER && info->type != HBS_FACT_DATE))
                        continue;
                    struct hbs_facts nearer = t.facts;
                    int64_t step = info->type == HBS_FACT_DATE ? 86400 : 1;
                    nearer.at[g] += nearer.at[g] < f.at[g] ? step : -step;
                    hbs_law_rule(law, &nearer, on, &after);
                    bad += nearer.at[g] != f.at[g] && after.allow != before.allow;
                }
                fewer += tried->changes && changed < tried->changes;
            } else {
                never++;
                bad += tried->changes > 0;
            }
            if (bad)
                printf("# exactly %u, tried %u\n%s\n", changed, tried->changes, r->text);
        }
        bad += !law;
        hbs_law_close(law);
    }
    ok(r && !bad && turned && deep, "%d rulings turned: never by more facts than by trying, by fewer %d times, %d need three or more; "
       "%d cannot be turned", turned, fewer, deep, never);
    free(r);
    free(tried);
    struct hbs_law *law = open_pack(HEAD "rule a permit \"a\"\n" FINAL "  acts collect\n  modalities dna\n  purposes custody\n"
        "  when subject.age >= 14 && subject.age <= 79 && place.city == \"Dallas\"\n  keeps for 1 year\n");
    struct hbs_facts f;
    struct hbs_law_turned t;
    struct hbs_law_example e = {0};
    const char *json = "{\"act\":\"collect\",\"modality\":\"dna\",\"purpose\":\"custody\",\"actor\":{\"id\":\"o1\",\"role\":\"officer\"},"
                       "\"subject\":{\"age\":90},\"place\":{\"city\":\"Paris\"},\"assessment\":{\"id\":\"p\",\"until\":\"2020-05-01\"}}";
    int64_t on = 0;
    if (ok(law && !hbs_facts_read(ctx, json, strlen(json), &f) && !hbs_date_read(ctx, "2020-05-02", &on) &&
               !hbs_law_turn_exactly(ctx, law, &f, on, 0, NULL, &t) && t.answer == HBS_LAW_REFUTED, "three facts stand in the way")) {
        e.facts = t.facts;
        e.on = on;
        is_text(words(&e), "2020-05-02 {\"act\":\"collect\",\"modality\":\"dna\",\"purpose\":\"custody\",\"actor\":{\"id\":\"o1\",\"role\":"
                "\"officer\"},\"subject\":{\"age\":79},\"place\":{\"city\":\"Dallas\"},\"assessment\":{\"id\":\"p\",\"until\":\"2020-05-02\"}}",
                "and change by the least");
    }
    static const int ages[] = {0, 11, 12, 13, 80, 81, 82, 83, 150};
    int far = 0;
    for (size_t i = 0; law && i < sizeof ages / sizeof *ages; i++) {
        f.at[HBS_FACT_SUBJECT_AGE] = ages[i];
        far += hbs_law_turn_exactly(ctx, law, &f, on, 0, NULL, &t) || t.facts.at[HBS_FACT_SUBJECT_AGE] != (ages[i] < 14 ? 14 : 79);
    }
    ok(!far, "an age goes to the nearest that will do, from either side");
    ok(!hbs_date_read(ctx, "2019-05-02", &on) && !hbs_law_turn_exactly(ctx, law, &f, on, 0, NULL, &t) && t.answer == HBS_LAW_PROVED,
       "before a rule has effect nothing turns it");
    is_int(hbs_law_turn_exactly(ctx, law, &f, INT64_C(86400) * 90000, 0, NULL, &t), HBS_ERR_USAGE, "no date of the calendar");
    hbs_law_close(law);
}

/* ---- Refused memory ---------------------------------------------------------------------------------- */

struct stingy {
    long left;
    bool refused;
};

static void *stingy_resize(void *user, void *old, size_t size)
{
    struct stingy *s = user;
    if (!s->left) {
        s->refused = true;
        return NULL;
    }
    s->left -= s->left > 0;
    return realloc(old, size);
}

static void stingy_release(void *user, void *p)
{
    (void)user;
    free(p);
}

static enum hbs_err work(struct hbs_ctx *c, const struct hbs_law *law, int what)
{
    struct hbs_law_proof p;
    struct hbs_law_lint l;
    struct hbs_law_diff d;
    struct hbs_law_turned t;
    struct hbs_facts f = {0};
    enum hbs_err err;
    switch (what) {
    case 0: return hbs_law_prove(c, law, "never(subject.age < 15 && place.city < place.sector)", NULL, &p);
    case 1:
        if (!(err = hbs_law_lint(c, law, NULL, &l)))
            hbs_law_lint_close(&l);
        return err;
    case 2:
        if (!(err = hbs_law_diff(c, law, law, NULL, &d)))
            hbs_law_diff_close(&d);
        return err;
    default: return hbs_law_turn_exactly(c, law, &f, INT64_C(86400) * 20000, 0, NULL, &t);
    }
}

static void refused_memory(void)
{
    static const char *const names[] = {"prove", "lint", "diff", "turn"};
    struct hbs_law *law = open_pack(HEAD "rule a permit \"a\"\n" FINAL "  acts collect\n  when subject.age >= 14 || place.city == \"a\"\n"
        "  keeps for 1 year\nrule b forbid \"b\"\n" FINAL "  acts collect\n  when subject.status == \"diplomat\"\n");
    for (int what = 0; law && what < 4; what++) {
        struct stingy s = {-1, false};
        struct hbs_allocator a = {stingy_resize, stingy_release, &s};
        struct hbs_ctx *c = NULL;
        bool good = hbs_ctx_open(&a, &c) == HBS_OK;
        long n = 0;
        for (; good; n++) {
            s = (struct stingy){n, false};
            enum hbs_err err = work(c, law, what);
            good = s.refused ? err == HBS_ERR_NO_MEMORY : err == HBS_OK;
            if (!s.refused)
                break;
        }
        ok(good && n > 5, "%s: any of %ld allocations may fail", names[what], n);
        s.left = -1;
        hbs_ctx_close(c);
    }
    hbs_law_close(law);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    ok(hbs_law_can_prove(), "there is a prover");
    claims();
    order_of_strings();
    smallest(120);
    findings();
    findings_hold(8);
    differences();
    differences_hold(12);
    turning(60);
    refused_memory();
    hbs_ctx_close(ctx);
    return tap_end();
}
