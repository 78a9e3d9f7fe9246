/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: evaluator against translation. Random packs are read once, their rulings evaluated on random
 * facts and dates by hbs_law_rule, and compared with the terms that the solver is given, which a small
 * evaluator of such terms (below) works out with the same facts in place of the unknowns. A share of
 * them is also put to the solver itself. The shares of rulings and outcomes are printed: a comparison in
 * which everything is refused would show nothing.
 *
 * HABEAS_QUESTIONS=N asks N questions instead of a million.
 */
#include "law_random.h"

#include "law/prove_int.h"

/* ---- Terms without a solver ---------------------------------------------------------------------- */

enum step_kind { S_CONST, S_VAR, S_NOT, S_AND, S_OR, S_XOR, S_EQ, S_ITE, S_LE, S_LT, S_GE, S_GT, S_ADD, S_SUB, S_MUL, S_NEG };
typedef __int128 wide;

struct step {
    enum step_kind kind;
    uint32_t first, count; /* arguments in `args` */
    wide value;            /* of a constant; an unknown's is set for each question */
};

/* A term as a list of steps, each after those it needs. */
struct program {
    struct step *steps;
    uint32_t count, capacity;
    uint32_t *args, arg_count, arg_capacity;
    uint32_t *by_id, id_capacity; /* step + 1 of a term's number */
    wide *values;
    bool bad;
};

static void *more(void *old, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return old;
    uint32_t before = *capacity;
    *capacity = 2 * count + 64;
    char *p = realloc(old, *capacity * size);
    if (!p)
        exit(6);
    memset(p + before * size, 0, (*capacity - before) * size);
    return p;
}

static enum step_kind kind_of(Z3_decl_kind k, bool *known)
{
    static const struct { Z3_decl_kind from; enum step_kind to; } table[] = {
        {Z3_OP_NOT, S_NOT}, {Z3_OP_AND, S_AND}, {Z3_OP_OR, S_OR}, {Z3_OP_XOR, S_XOR}, {Z3_OP_EQ, S_EQ}, {Z3_OP_ITE, S_ITE},
        {Z3_OP_LE, S_LE}, {Z3_OP_LT, S_LT}, {Z3_OP_GE, S_GE}, {Z3_OP_GT, S_GT}, {Z3_OP_ADD, S_ADD}, {Z3_OP_SUB, S_SUB},
        {Z3_OP_MUL, S_MUL}, {Z3_OP_UMINUS, S_NEG}, {Z3_OP_UNINTERPRETED, S_VAR}, {Z3_OP_TRUE, S_CONST},
        {Z3_OP_FALSE, S_CONST}, {Z3_OP_ANUM, S_CONST}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].from == k)
            return table[i].to;
    *known = false;
    return S_CONST;
}

static uint32_t compile(struct program *p, Z3_context z, Z3_ast a)
{
    uint32_t id = Z3_get_ast_id(z, a);
    p->by_id = more(p->by_id, id, &p->id_capacity, sizeof *p->by_id);
    if (p->by_id[id])
        return p->by_id[id] - 1;
    struct step s = {0};
    bool known = true;
    if (Z3_get_ast_kind(z, a) == Z3_NUMERAL_AST) {
        int64_t v = 0;
        known = Z3_get_numeral_int64(z, a, &v);
        s.value = v;
    } else {
        Z3_app app = Z3_to_app(z, a);
        Z3_decl_kind k = Z3_get_decl_kind(z, Z3_get_app_decl(z, app));
        uint32_t n = Z3_get_app_num_args(z, app), own[4096];
        s.kind = kind_of(k, &known);
        s.value = k == Z3_OP_TRUE;
        known &= n <= 4096;
        for (uint32_t i = 0; i < n && known; i++)
            own[i] = compile(p, z, Z3_get_app_arg(z, app, i));
        s.first = p->arg_count;
        s.count = n;
        for (uint32_t i = 0; i < n && known; i++) {
            p->args = more(p->args, p->arg_count, &p->arg_capacity, sizeof *p->args);
            p->args[p->arg_count++] = own[i];
        }
    }
    p->bad |= !known;
    p->steps = more(p->steps, p->count, &p->capacity, sizeof *p->steps);
    p->steps[p->count] = s;
    p->by_id[id] = p->count + 1;
    return p->count++;
}

static void run(struct program *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const struct step *s = &p->steps[i];
        const uint32_t *arg = p->args + s->first;
        wide *v = p->values, r = 0;
        switch (s->kind) {
        case S_CONST: r = s->value; break;
        case S_VAR: r = v[i]; break;
        case S_NOT: r = !v[arg[0]]; break;
        case S_AND:
            r = 1;
            for (uint32_t k = 0; k < s->count && r; k++)
                r = v[arg[k]];
            break;
        case S_OR:
            for (uint32_t k = 0; k < s->count && !r; k++)
                r = v[arg[k]];
            break;
        case S_XOR: r = v[arg[0]] != v[arg[1]]; break;
        case S_EQ: r = v[arg[0]] == v[arg[1]]; break;
        case S_ITE: r = v[arg[v[arg[0]] ? 1 : 2]]; break;
        case S_LE: r = v[arg[0]] <= v[arg[1]]; break;
        case S_LT: r = v[arg[0]] < v[arg[1]]; break;
        case S_GE: r = v[arg[0]] >= v[arg[1]]; break;
        case S_GT: r = v[arg[0]] > v[arg[1]]; break;
        case S_ADD:
            for (uint32_t k = 0; k < s->count; k++)
                r += v[arg[k]];
            break;
        case S_SUB:
            r = v[arg[0]];
            for (uint32_t k = 1; k < s->count; k++)
                r -= v[arg[k]];
            break;
        case S_MUL:
            r = 1;
            for (uint32_t k = 0; k < s->count; k++)
                r *= v[arg[k]];
            break;
        case S_NEG: r = -v[arg[0]]; break;
        }
        v[i] = r;
    }
}

static void set(struct program *p, Z3_context z, Z3_ast unknown, int64_t value)
{
    uint32_t id = Z3_get_ast_id(z, unknown);
    if (id < p->id_capacity && p->by_id[id])
        p->values[p->by_id[id] - 1] = value;
}

/* ---- Acts as values of the unknowns ---------------------------------------------------------------- */

/* Whether value i of a fact is a word that no condition names. */
static bool is_fresh(const struct law_question *q, enum hbs_fact f, uint32_t i)
{
    for (uint32_t k = 0; k < q->domains.word_count; k++)
        if (q->domains.word[k] == q->domains.of[f].value[i])
            return true;
    return false;
}

static bool is_constant(const struct law_question *q, enum hbs_fact f, const char *text)
{
    int i = law_domain_find(&q->domains, f, text);
    return i >= 0 && !is_fresh(q, f, (uint32_t)i);
}

/* Constants of the fact that sort before the text: its place among them. */
static uint32_t place(const struct law_question *q, enum hbs_fact f, const char *text)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < q->domains.of[f].count; i++)
        n += !is_fresh(q, f, i) && strcmp(q->domains.of[f].value[i], text) < 0;
    return n;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The value that stands for what fact f has: itself if some condition names it; else the fresh word whose
 * rank among the fresh ones (of its gap, where strings are ordered) is that of the text among all such
 * texts of the facts that are compared with each other. -1: there is none, which is a fault. */
static int stand_in(const struct law_question *q, const struct hbs_facts *facts, enum hbs_fact f)
{
    const char *text = hbs_facts_string(facts, f), *others[HBS_FACT_COUNT], *fresh[HBS_LAW_VALUES_MAX];
    if (is_constant(q, f, text))
        return law_domain_find(&q->domains, f, text);
    bool ordered = q->domains.ordered[q->domains.group[f]];
    uint32_t n = 0, m = 0, rank = 0, gap = place(q, f, text);
    for (uint32_t g = 0; g < HBS_FACT_COUNT; g++) {
        const char *other = law_fact_is_text(g) ? hbs_facts_string(facts, g) : NULL;
        if (other && q->domains.used >> g & 1 && q->domains.group[g] == q->domains.group[f] &&
            hbs_fact_info(g)->type == HBS_FACT_STRING && !is_constant(q, g, other) &&
            (!ordered || place(q, f, other) == gap))
            others[n++] = other;
    }
    qsort(others, n, sizeof *others, by_bytes);
    for (uint32_t i = 0; i < n && strcmp(others[i], text); i++)
        rank += !i || strcmp(others[i], others[i - 1]);
    for (uint32_t i = 0; i < q->domains.of[f].count; i++)
        if (is_fresh(q, f, i) && (!ordered || place(q, f, q->domains.of[f].value[i]) == gap))
            fresh[m++] = q->domains.of[f].value[i];
    qsort(fresh, m, sizeof *fresh, by_bytes);
    return rank < m ? law_domain_find(&q->domains, f, fresh[rank]) : -1;
}

/* Facts and date in place of the unknowns; `all` becomes the same as a term, for the solver. */
static bool set_act(struct program *p, struct law_question *q, const struct hbs_facts *facts, int64_t on, Z3_ast *all)
{
    Z3_context z = q->z;
    Z3_sort integers = Z3_mk_int_sort(z);
    set(p, z, q->day, on / LAW_DAY);
    if (all)
        *all = law_term_days(q, on / LAW_DAY, on / LAW_DAY);
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++) {
        if (!(q->domains.used >> f & 1))
            continue;
        bool known = facts->known >> f & 1;
        set(p, z, q->known[f], known);
        if (all)
            *all = law_term_and(q, *all, known ? q->known[f] : law_term_not(q, q->known[f]));
        if (law_fact_is_text(f)) {
            int value = known ? stand_in(q, facts, f) : -1;
            if (known && value < 0)
                return false;
            for (uint32_t i = 0; i < q->domains.of[f].count; i++)
                set(p, z, q->choice[f][i], known && (int)i == value);
            if (all && known)
                *all = law_term_and(q, *all, q->choice[f][value]);
        } else {
            bool date = hbs_fact_info(f)->type == HBS_FACT_DATE, flag = hbs_fact_info(f)->type == HBS_FACT_BOOLEAN;
            int64_t v = date ? facts->at[f] / LAW_DAY : facts->at[f];
            set(p, z, q->value[f], known ? v : 0);
            if (all && known)
                *all = law_term_and(q, *all, flag ? (v ? q->value[f] : law_term_not(q, q->value[f]))
                                                  : Z3_mk_eq(z, q->value[f], Z3_mk_int64(z, v, integers)));
        }
    }
    return true;
}

/* ---- Comparing -------------------------------------------------------------------------------------- */

struct tally {
    uint64_t questions, allowed, unknown_status, outcome[3], asked, packs, articles;
};

struct compared {
    struct hbs_ctx *ctx;
    struct random_law *r;
    const struct hbs_law *law;
    const struct law_expr *condition;
    struct law_question q;
    struct law_terms terms;
    struct law_solver solver;
    struct program p;
    uint32_t allow, is_true[1 + LAW_STATUSES], is_false[1 + LAW_STATUSES]; /* steps */
};

static void show(const struct compared *c, const struct hbs_facts *facts, int64_t on)
{
    struct hbs_buf text;
    char date[11];
    hbs_buf_init(&text, c->ctx, 1 << 16);
    hbs_date_write(on, date);
    if (!hbs_facts_write(facts, &text) && !hbs_buf_put(&text, "", 1))
        printf("# on %s, facts %s\n", date, (const char *)text.data);
    hbs_buf_close(&text);
    printf("# condition: %s\n# pack:\n", c->condition ? c->r->text + strlen(c->r->text) + 1 : "");
    for (const char *line = c->r->text; *line;) {
        size_t n = strcspn(line, "\n");
        printf("#   %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

static bool one_act(struct compared *c, struct tally *t, bool ask_solver)
{
    struct hbs_facts facts;
    struct hbs_ruling ruling;
    int64_t on = random_act(c->r, c->ctx, 99, &facts);
    Z3_ast act = NULL;
    if (!set_act(&c->p, &c->q, &facts, on, ask_solver ? &act : NULL)) {
        printf("# a string of the act has no value\n");
        show(c, &facts, on);
        return false;
    }
    run(&c->p);
    hbs_law_rule(c->law, &facts, on, &ruling);
    t->questions++;
    t->allowed += ruling.allow;
    t->articles += ruling.articles > 0;
    bool good = (c->p.values[c->allow] != 0) == ruling.allow;
    bool known = facts.known >> HBS_FACT_SUBJECT_STATUS & 1;
    t->unknown_status += !known;
    for (uint32_t v = known ? 0 : 1; v < (known ? 1 : c->terms.views) && good; v++) {
        struct law_view view = {.facts = &facts, .on = on, .status = v ? c->q.status[v - 1] : NULL};
        uint64_t needed = 0;
        enum law_truth truth = law_eval(c->condition, &view, &needed);
        t->outcome[truth]++;
        good = (c->p.values[c->is_true[v]] != 0) == (truth == LAW_TRUE) &&
               (c->p.values[c->is_false[v]] != 0) == (truth == LAW_FALSE);
    }
    if (good && ask_solver) {
        t->asked++;
        Z3_ast says = ruling.allow ? c->terms.allow : law_term_not(&c->q, c->terms.allow);
        good = law_solver_check(&c->solver, law_term_and(&c->q, act, says)) == LAW_SOME &&
               law_solver_check(&c->solver, law_term_and(&c->q, act, law_term_not(&c->q, says))) == LAW_NONE;
    }
    if (!good)
        show(c, &facts, on);
    return good;
}

static bool one_pack(struct hbs_ctx *ctx, struct random_law *r, uint64_t seed, uint32_t acts, struct tally *t)
{
    struct compared c = {.ctx = ctx, .r = r};
    struct hbs_law *law = NULL;
    struct law_domains domains;
    struct law_expr *condition = NULL;
    void *owner = NULL;
    bool good = false;
    random_pack(r, seed);
    enum hbs_err err = hbs_law_open(ctx, "pack", r->text, strlen(r->text), NULL, NULL, &law);
    law_domains_open(ctx, &domains);
    const char *text = random_condition(r, 4);
    if (!err)
        err = law_parse_condition(ctx, law, "condition", text, strlen(text), NULL, NULL, &condition, &owner);
    if (!err)
        err = law_domains_read_articles(&domains);
    if (!err)
        err = law_domains_read_law(&domains, law);
    if (!err)
        err = law_domains_read(&domains, condition);
    if (!err)
        err = law_domains_make(&domains);
    if (!err)
        err = law_question_open(ctx, &domains, &c.q);
    if (!err)
        err = law_terms_open(&c.q, law, &c.terms);
    if (!err)
        err = law_solver_open(&c.q, NULL, &c.solver);
    c.law = law;
    c.condition = condition;
    if (err) {
        printf("# %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
        show(&c, &(struct hbs_facts){0}, 0);
        goto done;
    }
    c.allow = compile(&c.p, c.q.z, c.terms.allow);
    for (uint32_t v = 0; v < c.terms.views; v++) {
        struct law_rails rails = law_term(&c.q, condition, v ? c.q.status[v - 1] : NULL);
        c.is_true[v] = compile(&c.p, c.q.z, rails.is_true);
        c.is_false[v] = compile(&c.p, c.q.z, rails.is_false);
    }
    c.p.values = calloc(c.p.count + 1, sizeof *c.p.values);
    good = !c.p.bad && c.p.values;
    if (c.p.bad)
        printf("# the solver's terms have something that this test does not know\n");
    for (uint32_t i = 0; i < acts && good; i++)
        good = one_act(&c, t, i < 2);
    t->packs++;
done:
    free(c.p.steps);
    free(c.p.args);
    free(c.p.by_id);
    free(c.p.values);
    law_solver_close(&c.solver);
    if (c.q.z) {
        law_terms_close(&c.q, &c.terms);
        law_question_close(&c.q);
    }
    law_domains_close(&domains);
    law_condition_close(ctx, owner);
    hbs_law_close(law);
    return good;
}

int main(void)
{
    tap_begin();
    const char *n = getenv("HABEAS_QUESTIONS");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    uint64_t usual = 50000;
#else
    uint64_t usual = 1000000;
#endif
    uint64_t want = n ? strtoull(n, NULL, 10) : usual;
    struct hbs_ctx *ctx = NULL;
    struct random_law *r = calloc(1, sizeof *r);
    struct tally t = {0};
    bool good = r && hbs_ctx_open(NULL, &ctx) == HBS_OK;
    double start = hbs_clock_cpu();
    for (uint64_t i = 0; good && t.questions < want; i++)
        if (!(good = one_pack(ctx, r, tap_seed + i, 1000, &t)))
            printf("# HABEAS_SEED=%llu repeats it\n", (unsigned long long)(tap_seed + i));
    ok(good && t.questions >= want, "evaluator and translation agree on %llu acts under %llu packs",
       (unsigned long long)t.questions, (unsigned long long)t.packs);
    double all = (double)(t.questions ? t.questions : 1), truths = (double)(t.outcome[0] + t.outcome[1] + t.outcome[2]);
    printf("# allowed %.1f %%, refused by an article %.1f %%, status unknown %.1f %%\n", 100 * (double)t.allowed / all,
           100 * (double)t.articles / all, 100 * (double)t.unknown_status / all);
    printf("# conditions false %.1f %%, true %.1f %%, error %.1f %%; %llu acts put to the solver; %.1f s of processor\n",
           100 * (double)t.outcome[LAW_FALSE] / truths, 100 * (double)t.outcome[LAW_TRUE] / truths,
           100 * (double)t.outcome[LAW_ERROR] / truths, (unsigned long long)t.asked, hbs_clock_cpu() - start);
    ok((double)t.allowed > 0.05 * all && (double)t.outcome[LAW_ERROR] > 0.05 * truths &&
           (double)t.outcome[LAW_TRUE] > 0.05 * truths && (double)t.outcome[LAW_FALSE] > 0.05 * truths,
       "rulings and outcomes of every kind are frequent");
    free(r);
    hbs_ctx_close(ctx);
    return tap_end();
}
