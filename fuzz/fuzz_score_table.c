/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the reader of calibration tables. A table that was read keeps its promises: LLR never
 * falls, FMR never rises, both within what the units support; and it is written and read back the same.
 */
#include "fuzz.h"
#include "habeas/score.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_score_table t = {0}, again = {0};
    struct hbs_buf text;
    hbs_buf_init(&text, ctx, 1u << 20);
    if (!hbs_score_table_read(ctx, data, size, &t)) {
        double llr = -INFINITY, fmr = 1;
        for (uint32_t i = 0; i < 4 * t.count; i++) {
            const struct hbs_score_knot *k = &t.knots[i / 4];
            double width = i / 4 + 1 < t.count ? k[1].raw - k->raw : 1;
            double raw = k->raw + width * (i % 4) / 4;
            double l = hbs_score_llr(&t, raw), f = hbs_score_fmr(&t, raw);
            FUZZ_PROMISE(l >= llr && f <= fmr && f > 0);
            FUZZ_PROMISE(l <= log10(t.impostor_units + 1) + 1e-8 && l >= -log10(t.genuine_units + 1) - 1e-8);
            llr = l;
            fmr = f;
        }
        FUZZ_PROMISE(hbs_score_table_write(&t, &text) == HBS_OK);
        FUZZ_PROMISE(hbs_score_table_read(ctx, text.data, text.size, &again) == HBS_OK);
        FUZZ_PROMISE(again.count == t.count && !memcmp(again.knots, t.knots, t.count * sizeof *t.knots));
        FUZZ_PROMISE(hbs_score_table_write_c(&t, "table", &text) == HBS_OK);
        hbs_score_table_close(ctx, &again);
        hbs_score_table_close(ctx, &t);
    } else {
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
    }
    hbs_buf_close(&text);
    fuzz_close(ctx);
    return 0;
}
