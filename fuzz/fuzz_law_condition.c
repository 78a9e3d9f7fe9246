/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: a condition by itself: lexer, parser with types, evaluator, plain words. To know more never
 * contradicts: where nothing takes the place of what is not known and the answer is still no error, the
 * ordinary answer is the same; and an error of the strict reading names what is missing.
 */
#include "fuzz_law.h"
#include "law/law_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hbs_ctx *ctx = fuzz_open();
    struct law_expr *e = NULL;
    void *owner = NULL;
    size_t count = 0;
    struct hbs_buf words;
    hbs_buf_init(&words, ctx, 8u << 20);
    if (law_parse_condition(ctx, NULL, "condition", (const char *)data, size, NULL, &count, &e, &owner)) {
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
    } else {
        FUZZ_PROMISE(e && e->type == LAW_BOOL && e->to <= size);
        uint64_t reads = law_reads(e);
        for (uint64_t seed = 0; seed < 8; seed++) {
            struct hbs_facts facts;
            fuzz_facts(ctx, seed, &facts);
            struct law_view view = {.facts = &facts, .status = seed & 1 ? "citizen" : NULL, .on = 1589500800}, strict = view;
            strict.strict = (int)(seed % 4) - 1;
            if (!strict.strict)
                strict.strict = 2;
            uint64_t needed = 0, missing = 0;
            enum law_truth t = law_eval(e, &view, &needed), s = law_eval(e, &strict, &missing);
            FUZZ_PROMISE(s == LAW_ERROR || s == t);
            /* where has() is read as it is, an error is only where one was, or an age or status */
            FUZZ_PROMISE(s != LAW_ERROR || t != LAW_ERROR || missing || !needed);
            FUZZ_PROMISE(!(needed & ~reads) && !(missing & ~reads) && !(missing & facts.known) && !(needed & facts.known));
            FUZZ_PROMISE(t == LAW_ERROR || !needed);
        }
        FUZZ_PROMISE(law_plain_condition(e, &words) == HBS_OK && words.size);
        law_condition_close(ctx, owner);
    }
    hbs_buf_close(&words);
    fuzz_close(ctx);
    return 0;
}
