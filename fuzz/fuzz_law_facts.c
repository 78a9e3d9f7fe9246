/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the reader of facts as JSON. What was read is written and read back the same, and a pack
 * rules on it.
 */
#include "fuzz_law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_facts facts, again;
    struct hbs_buf out, second;
    hbs_buf_init(&out, ctx, 1u << 20);
    hbs_buf_init(&second, ctx, 1u << 20);
    struct hbs_law *law = NULL;
    if (hbs_facts_read(ctx, data, size, &facts)) {
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
    } else {
        FUZZ_PROMISE(hbs_facts_write(&facts, &out) == HBS_OK);
        FUZZ_PROMISE(hbs_facts_read(ctx, out.data, out.size, &again) == HBS_OK && again.known == facts.known);
        FUZZ_PROMISE(hbs_facts_write(&again, &second) == HBS_OK);
        FUZZ_PROMISE(out.size == second.size && !memcmp(out.data, second.data, out.size));
        FUZZ_PROMISE(hbs_law_open(ctx, "pack", fuzz_pack, sizeof fuzz_pack - 1, NULL, NULL, &law) == HBS_OK);
        struct hbs_ruling a, b;
        hbs_law_rule(law, &facts, 1589500800, &a);
        hbs_law_rule(law, &again, 1589500800, &b);
        FUZZ_PROMISE(a.allow == b.allow && a.missing == b.missing && a.seal == b.seal);
        hbs_law_close(law);
    }
    hbs_buf_close(&out);
    hbs_buf_close(&second);
    fuzz_close(ctx);
    return 0;
}
