/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the answers of a build without libz3 (-Dproofs=disabled): nothing is proved, and nobody is
 * told that something was. Stands in for claim.c, lint.c, diff.c and turn_proof.c; touches nothing.
 */
#include "base/base_int.h"
#include "habeas/law.h"

bool hbs_law_can_prove(void) { return false; }

static enum hbs_err none(struct hbs_ctx *ctx)
{
    return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "configure the build with -Dproofs=enabled, which needs libz3",
                    "this build has no prover");
}

enum hbs_err hbs_law_prove(struct hbs_ctx *ctx, const struct hbs_law *law, const char *claim,
                           const struct hbs_law_prove_options *options, struct hbs_law_proof *out)
{
    return none(ctx);
}

enum hbs_err hbs_law_lint(struct hbs_ctx *ctx, const struct hbs_law *law, const struct hbs_law_prove_options *options,
                          struct hbs_law_lint *out)
{
    return none(ctx);
}

enum hbs_err hbs_law_diff(struct hbs_ctx *ctx, const struct hbs_law *before, const struct hbs_law *after,
                          const struct hbs_law_prove_options *options, struct hbs_law_diff *out)
{
    return none(ctx);
}

enum hbs_err hbs_law_turn_exactly(struct hbs_ctx *ctx, const struct hbs_law *law, const struct hbs_facts *facts, int64_t on,
                                  uint64_t fixed, const struct hbs_law_prove_options *options,
                                  struct hbs_law_turned *out)
{
    return none(ctx);
}
