/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: ISO/IEC 19794-4 finger image records of 2005 and 2011. Every byte of every picture
 * handed out is read, so that one outside the record is noticed.
 */
#include "fuzz.h"
#include "habeas/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!hbs_record_is_image(hbs_record_recognise(data, size)))
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    size_t count = 12345;
    struct hbs_record_image image = {0}, again = {0};
    if (hbs_record_views(ctx, data, size, &count)) {
        FUZZ_PROMISE(count == 12345 && strstr(hbs_ctx_what(ctx), "byte "));
        FUZZ_PROMISE(hbs_record_image_at(ctx, data, size, 0, &image) && !image.data);
    } else {
        FUZZ_PROMISE(hbs_record_image_at(ctx, data, size, count, &image) == HBS_ERR_NOT_FOUND);
        for (size_t k = 0; k < count && k < 24; k++) {
            FUZZ_PROMISE(!hbs_record_image_at(ctx, data, size, k, &image));
            FUZZ_PROMISE(!hbs_record_image_at(ctx, data, size, k, &again));
            FUZZ_PROMISE(image.data == again.data && image.size == again.size);
            const struct hbs_record_view *v = &image.view;
            FUZZ_PROMISE(v->width && v->height && v->ppi_x >= 100 && v->ppi_x <= 4000);
            FUZZ_PROMISE(image.data >= data && image.size <= size - (size_t)(image.data - data));
            FUZZ_PROMISE(image.format != HBS_IMAGE_RAW || image.size == (size_t)v->width * v->height);
            unsigned sum = 0;
            for (size_t i = 0; i < image.size; i++)
                sum += image.data[i] > 127;
            FUZZ_PROMISE(sum <= image.size);
        }
    }
    fuzz_close(ctx);
    return 0;
}
