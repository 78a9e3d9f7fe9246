/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the reader of law packs. A text is read or has mistakes that lie in it and can be shown; a
 * pack that was read rules, is explained, and makes a register that is the same twice. A ruling that allows
 * names a permit and an end; one that refuses does not.
 */
#include "fuzz_law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hbs_law_mistake mistakes[HBS_LAW_MISTAKES_MAX];
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_law *law = NULL;
    struct hbs_buf out, again;
    hbs_buf_init(&out, ctx, 8u << 20);
    hbs_buf_init(&again, ctx, 8u << 20);
    size_t count = 99;
    char *text = malloc(size ? size : 1);
    FUZZ_PROMISE(text);
    if (size)
        memcpy(text, data, size);
    if (hbs_law_open(ctx, "pack", text, size, mistakes, &count, &law)) {
        FUZZ_PROMISE(*hbs_ctx_what(ctx) && count <= HBS_LAW_MISTAKES_MAX);
        for (size_t i = 0; i < count; i++) {
            FUZZ_PROMISE(mistakes[i].line && mistakes[i].column && *mistakes[i].what);
            FUZZ_PROMISE(hbs_law_mistake_print("pack", text, size, &mistakes[i], &out) == HBS_OK);
        }
    } else {
        FUZZ_PROMISE(count == 0);
        struct hbs_facts facts;
        struct hbs_ruling r;
        for (uint64_t seed = 0; seed < 4; seed++) {
            fuzz_facts(ctx, seed, &facts);
            hbs_law_rule(law, &facts, 86400 * (int64_t)(18262 + 90 * seed), &r);
            FUZZ_PROMISE(hbs_ruling_is_genuine(&r) && hbs_ruling_is_about(&r, &facts));
            FUZZ_PROMISE(!r.allow || (r.rules && !r.rule[0].forbids && !r.articles && r.end > r.on && !r.missing));
            FUZZ_PROMISE(r.allow || (!r.obliged && !r.events));
            out.size = 0;
            FUZZ_PROMISE(hbs_ruling_write(&r, &out) == HBS_OK);
        }
        out.size = 0;
        enum hbs_err err = hbs_law_register_html(law, &out);
        FUZZ_PROMISE(err == HBS_OK || err == HBS_ERR_LIMIT);
        FUZZ_PROMISE(hbs_law_register_html(law, &again) == err && again.size == out.size);
        FUZZ_PROMISE(!out.size || !memcmp(out.data, again.data, out.size));
        out.size = 0;
        err = hbs_law_register_json(law, &out);
        FUZZ_PROMISE(err == HBS_OK || err == HBS_ERR_LIMIT);
        struct hbs_law_mutants *m = NULL;
        FUZZ_PROMISE(hbs_law_mutants_open(ctx, law, &m) == HBS_OK);
        hbs_law_mutants_close(m);
        hbs_law_close(law);
    }
    free(text);
    hbs_buf_close(&out);
    hbs_buf_close(&again);
    fuzz_close(ctx);
    return 0;
}
