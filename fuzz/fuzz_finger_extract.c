/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the extractor. Width and height less 1 (a byte each, to 200), declared and told
 * resolution (16 bits each, little endian; told 0: not), then grey pixels, repeated when they are too
 * few. Every picture gives a valid template that packs and comes back, or a documented error.
 */
#include "fuzz_finger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 6, SIDE = 200 };
    static struct hbs_finger_template t;
    struct hbs_finger_report report;
    struct hbs_image im = {0};
    if (size <= HEAD)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_finger_options o = {hbs_le16(data + 4)};
    FUZZ_PROMISE(hbs_image_make(ctx, 1u + data[0] % SIDE, 1u + data[1] % SIDE, hbs_le16(data + 2), &im) == HBS_OK);
    size_t n = (size_t)im.width * im.height;
    for (size_t i = 0; i < n; i++)
        im.pixels[i] = data[HEAD + i % (size - HEAD)];
    enum hbs_err err = hbs_finger_extract(ctx, &im, &o, &t, &report);
    if (!err) {
        fuzz_promise_comes_back(ctx, &t);
        FUZZ_PROMISE(t.count <= HBS_FINGER_MATCHED_MAX);
        FUZZ_PROMISE(report.ppi >= 250 && report.ppi <= 1000);
        FUZZ_PROMISE(report.likeness >= 0 && report.likeness <= 1 && report.area >= 0 && report.prints >= 0);
        FUZZ_PROMISE(report.ridge_period > 1 && report.ridge_period < 100);
        FUZZ_PROMISE(!o.ppi == (report.ppi_source != HBS_PPI_TOLD));
    } else {
        FUZZ_PROMISE(err == HBS_ERR_USAGE && o.ppi && (o.ppi < 250 || o.ppi > 1000) && *hbs_ctx_what(ctx));
    }
    hbs_image_close(&im);
    fuzz_close(ctx);
    return 0;
}
