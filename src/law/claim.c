/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: claims about every act on every date: never(CONDITION), always(CONDITION). Reads them,
 * judges one act by them with the evaluator alone, and has them proved. May touch: what it is given.
 *
 * What a claim says of an act whose status is not known: docs/decisions/law-unknowns.md.
 */
#include "prove_int.h"

#include "base/base_int.h"

#include <stdio.h>

/* ---- Reading ---------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The offset of what is neither blank nor comment, from `at` on. */
static size_t skip(const char *text, size_t at)
{
    for (;;) {
        while (is_blank(text[at]))
            at++;
        if (text[at] != '#')
            return at;
        while (text[at] && text[at] != '\n')
            at++;
    }
}

/* The bracket that closes the one before `at`, past strings and comments; the end of the text if none. */
static size_t closing(const char *text, size_t at)
{
    for (uint32_t depth = 0; text[at]; at++) {
        char c = text[at];
        if (c == '"' || c == '\'') {
            for (at++; text[at] && text[at] != c && text[at] != '\n'; at++)
                at += text[at] == '\\' && text[at + 1] && text[at + 1] != '\n';
            if (!text[at])
                break;
        } else if (c == '#') {
            at = skip(text, at) - 1;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && !depth--) {
            break;
        }
    }
    return at;
}

static enum hbs_err bad_claim(struct hbs_ctx *ctx, size_t at, const char *what)
{
    char where[48];
    snprintf(where, sizeof where, "claim, byte %zu", at + 1);
    return hbs_fail(ctx, HBS_ERR_FORMAT, where, "write never(CONDITION) or always(CONDITION)", "%s", what);
}

enum hbs_err law_claim_read(struct hbs_ctx *ctx, const struct hbs_law *law, const char *text, struct law_claim *out)
{
    struct law_claim claim = {0};
    if (strnlen(text, HBS_LAW_CLAIM_MAX + 1) > HBS_LAW_CLAIM_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "claim", "shorten it", "more than %u bytes", HBS_LAW_CLAIM_MAX);
    size_t at = skip(text, 0), begin;
    if (!strncmp(text + at, "never", 5))
        at += 5;
    else if (!strncmp(text + at, "always", 6))
        at += 6, claim.always = true;
    else
        return bad_claim(ctx, at, "a claim begins with never or always");
    at = skip(text, at);
    if (text[at] != '(')
        return bad_claim(ctx, at, "a '(' is missing");
    begin = ++at;
    at = closing(text, at);
    if (text[at] != ')')
        return bad_claim(ctx, at, "the ')' at the end is missing");
    size_t size = at - begin, rest = skip(text, at + 1);
    if (text[rest])
        return bad_claim(ctx, rest, "something follows the last ')'");
    /* the condition with blanks for what stands before it, so that places are those of the claim */
    char *padded = hbs_alloc(ctx, begin + size + 1, 1);
    if (!padded)
        return hbs_fail_memory(ctx, begin + size + 1);
    for (size_t i = 0; i < begin + size; i++)
        padded[i] = i >= begin || text[i] == '\n' ? text[i] : ' ';
    enum hbs_err err =
        law_parse_condition(ctx, law, "claim", padded, begin + size, NULL, NULL, &claim.condition, &claim.owner);
    hbs_free(ctx, padded);
    if (!err)
        *out = claim;
    return err;
}

/* ---- Judging one act --------------------------------------------------------------------------- */

bool law_claim_refuted(const struct hbs_law *law, const struct law_claim *claim, const struct hbs_facts *facts, int64_t on)
{
    struct hbs_ruling ruling;
    hbs_law_rule(law, facts, on, &ruling);
    if (!ruling.allow)
        return false;
    const char *const *names = hbs_fact_info(HBS_FACT_SUBJECT_STATUS)->names;
    bool known = facts->known >> HBS_FACT_SUBJECT_STATUS & 1, all_true = true;
    struct law_view view = {.facts = facts, .on = on};
    uint64_t needed = 0;
    if (known)
        all_true = law_eval(claim->condition, &view, &needed) == LAW_TRUE;
    for (; !known && *names; names++) {
        view.status = *names;
        all_true &= !strcmp(*names, "unknown") || law_eval(claim->condition, &view, &needed) == LAW_TRUE;
    }
    return claim->always ? !all_true : all_true;
}

bool hbs_law_can_prove(void) { return true; }

/* ---- Proving ----------------------------------------------------------------------------------- */

/* The acts that refute it, as a term. */
static Z3_ast refutes(struct law_question *q, const struct law_terms *terms, const struct law_claim *claim)
{
    Z3_ast of[1 + LAW_STATUSES];
    for (uint32_t v = 0; v < terms->views; v++)
        of[v] = law_term(q, claim->condition, v ? q->status[v - 1] : NULL).is_true;
    Z3_ast holds = terms->views > 1 ? law_by_status(q, of, true) : of[0];
    return law_term_and(q, terms->allow, claim->always ? law_term_not(q, holds) : holds);
}

static enum hbs_err ask(struct law_question *q, const struct hbs_law *law, const struct law_claim *claim,
                        const struct hbs_law_prove_options *options, struct hbs_law_proof *proof)
{
    struct law_terms terms = {0};
    struct law_solver solver = {0};
    enum hbs_err err = law_terms_open(q, law, &terms);
    if (!err)
        err = law_solver_open(q, options, &solver);
    if (err)
        goto done;
    law_solver_assert(&solver, refutes(q, &terms, claim));
    enum law_check c = law_solver_check(&solver, NULL);
    proof->answer = c == LAW_NONE ? HBS_LAW_PROVED : c == LAW_SOME ? HBS_LAW_REFUTED : HBS_LAW_UNDECIDED;
    if (c == LAW_SOME)
        err = law_solver_smallest(&solver, &proof->example);
    proof->checks = solver.checks;
    if (!err)
        err = law_question_error(q);
    if (!err && c == LAW_SOME && !law_claim_refuted(law, claim, &proof->example.facts, proof->example.on))
        err = hbs_fail(q->ctx, HBS_ERR_BUG, "claim", "report it with the pack and the claim",
                       "the prover found a counterexample that the ruling does not confirm");
done:
    law_solver_close(&solver);
    law_terms_close(q, &terms);
    return err;
}

enum hbs_err hbs_law_prove(struct hbs_ctx *ctx, const struct hbs_law *law, const char *text,
                           const struct hbs_law_prove_options *options, struct hbs_law_proof *out)
{
    struct law_claim claim = {0};
    struct law_domains domains;
    struct law_question q = {0};
    struct hbs_law_proof proof = {0};
    law_domains_open(ctx, &domains);
    enum hbs_err err = law_claim_read(ctx, law, text, &claim);
    if (!err)
        err = law_domains_read_articles(&domains);
    if (!err)
        err = law_domains_read_law(&domains, law);
    if (!err)
        err = law_domains_read(&domains, claim.condition);
    if (!err)
        err = law_domains_make(&domains);
    if (!err)
        err = law_question_open(ctx, &domains, &q);
    if (!err)
        err = ask(&q, law, &claim, options, &proof);
    if (!err)
        *out = proof;
    if (q.z)
        law_question_close(&q);
    law_domains_close(&domains);
    law_condition_close(ctx, claim.owner);
    return err;
}
