/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: claims: their reader, the values that strings are told apart by, the translation for the
 * solver, the smallest counterexample. A claim that was proved is refuted by no act of ours; one that was
 * refuted, by the act that is shown, in the evaluator too; and what the solver is given agrees with the
 * evaluator, or the library would answer "a bug".
 */
#include "fuzz_law.h"
#include "law/prove_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_law *law = NULL;
    struct law_claim claim = {0};
    struct hbs_law_proof proof;
    const struct hbs_law_prove_options options = {.seconds = 2};
    char *text = hbs_alloc(ctx, size + 1, 1);
    FUZZ_PROMISE(text && hbs_law_open(ctx, "pack", fuzz_pack, sizeof fuzz_pack - 1, NULL, NULL, &law) == HBS_OK);
    memcpy(text, data, size);
    if (law_claim_read(ctx, law, text, &claim)) {
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
    } else {
        enum hbs_err err = hbs_law_prove(ctx, law, text, &options, &proof);
        FUZZ_PROMISE(err == HBS_OK || err == HBS_ERR_LIMIT);
        if (!err && proof.answer == HBS_LAW_REFUTED)
            FUZZ_PROMISE(law_claim_refuted(law, &claim, &proof.example.facts, proof.example.on));
        for (uint64_t seed = 0; !err && proof.answer == HBS_LAW_PROVED && seed < 32; seed++) {
            struct hbs_facts facts;
            fuzz_facts(ctx, seed, &facts);
            FUZZ_PROMISE(!law_claim_refuted(law, &claim, &facts, 86400 * (int64_t)(18200 + 11 * seed)));
        }
        law_condition_close(ctx, claim.owner);
    }
    hbs_law_close(law);
    hbs_free(ctx, text);
    fuzz_close(ctx);
    return 0;
}
