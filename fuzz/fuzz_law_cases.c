/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the reader of the cases beside a pack. Cases that were read can be run, and a case that
 * fails says why; mutants of the pack can be tried on them and leave it as it was.
 */
#include "fuzz_law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hbs_law_mistake mistakes[HBS_LAW_MISTAKES_MAX];
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_law *law = NULL;
    struct hbs_law_cases *cases = NULL;
    struct hbs_law_mutants *mutants = NULL;
    size_t count = 0;
    FUZZ_PROMISE(hbs_law_open(ctx, "pack", fuzz_pack, sizeof fuzz_pack - 1, NULL, NULL, &law) == HBS_OK);
    if (hbs_law_cases_open(ctx, law, "cases", (const char *)data, size, mistakes, &count, &cases)) {
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
    } else {
        size_t n = hbs_law_cases_count(cases), passed = 0, again = 0;
        struct hbs_law_case c;
        for (size_t i = 0; i < n && i < 20; i++) {
            hbs_law_cases_run(law, cases, i, &c);
            FUZZ_PROMISE(c.passed == !*c.why && c.line);
            passed += c.passed;
        }
        FUZZ_PROMISE(hbs_law_mutants_open(ctx, law, &mutants) == HBS_OK);
        for (size_t i = 0; n <= 20 && i < hbs_law_mutants_count(mutants); i++) {
            struct hbs_law_mutant m;
            hbs_law_mutant(mutants, cases, i, &m);
            FUZZ_PROMISE(m.rule && *m.what);
        }
        for (size_t i = 0; i < n && i < 20; i++) {
            hbs_law_cases_run(law, cases, i, &c);
            again += c.passed;
        }
        FUZZ_PROMISE(passed == again);
        hbs_law_mutants_close(mutants);
        hbs_law_cases_close(cases);
    }
    hbs_law_close(law);
    fuzz_close(ctx);
    return 0;
}
