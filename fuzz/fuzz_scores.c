/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the reader of score files, and all rates of what it read. What was read can be
 * written and read again, and then gives the same rates.
 */
#include "fuzz.h"
#include "habeas/eval.h"

enum { MOST = 4096 };

static struct hbs_eval_set *read_set(struct hbs_ctx *ctx, const void *data, size_t size,
                                     enum hbs_err *err)
{
    struct hbs_eval_set *set = NULL;
    FUZZ_PROMISE(hbs_eval_set_open(ctx, MOST, &set) == HBS_OK);
    *err = hbs_eval_set_read(set, "input", data, size);
    return set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hbs_ctx *ctx = fuzz_open();
    enum hbs_err err;
    struct hbs_eval_set *set = read_set(ctx, data, size, &err), *again = NULL;
    struct hbs_eval_curve *curve = NULL;
    struct hbs_eval_options options = {.resamples = 20, .threads = 1, .seed = 1};
    if (err)
        FUZZ_PROMISE(*hbs_ctx_what(ctx) && !strncmp(hbs_ctx_where(ctx), "input:", 6));
    struct hbs_buf text;
    hbs_buf_init(&text, ctx, 16u << 20);
    FUZZ_PROMISE(hbs_eval_set_write(set, &text) == HBS_OK);
    again = read_set(ctx, text.data ? (void *)text.data : (void *)"", text.size, &err);
    /* %XX makes a name longer than it was, at worst beyond the limit; it never breaks a line */
    FUZZ_PROMISE(err == HBS_OK || err == HBS_ERR_LIMIT);
    if (!hbs_eval_curve_open(ctx, set, &curve)) {
        struct hbs_eval_result r, s;
        FUZZ_PROMISE(hbs_eval_measure(curve, &options, &r) == HBS_OK);
        FUZZ_PROMISE(r.eer.value >= 0 && r.eer.value <= 1 && r.eer.low <= r.eer.high);
        FUZZ_PROMISE(r.fnmr_fmr100.value <= r.fnmr_fmr1000.value &&
                     r.fnmr_fmr1000.value <= r.fnmr_zero_fmr.value && r.fnmr_zero_fmr.value <= 1);
        struct hbs_buf svg;
        hbs_buf_init(&svg, ctx, 16u << 20);
        const struct hbs_eval_curve *const curves[] = {curve};
        const char *const names[] = {"<\"fuzz\">"};
        FUZZ_PROMISE(hbs_eval_det_svg(curves, names, 1, &svg) == HBS_OK);
        hbs_buf_close(&svg);
        struct hbs_eval_curve *second = NULL;
        if (!err && hbs_eval_set_count(again, true) == r.genuine) {
            FUZZ_PROMISE(hbs_eval_curve_open(ctx, again, &second) == HBS_OK);
            options.resamples = 0;
            FUZZ_PROMISE(hbs_eval_measure(second, &options, &s) == HBS_OK);
            FUZZ_PROMISE(s.eer.value == r.eer.value && s.eer.threshold == r.eer.threshold &&
                         s.fnmr_fmr100.value == r.fnmr_fmr100.value);
            hbs_eval_curve_close(second);
        }
    }
    hbs_eval_curve_close(curve);
    hbs_eval_set_close(set);
    hbs_eval_set_close(again);
    hbs_buf_close(&text);
    fuzz_close(ctx);
    return 0;
}
