/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: ISO/IEC 19794-2:2005 minutiae records and the two on-card forms, which have no
 * header: any bytes of the right number are one.
 */
#include "fuzz_record.h"

static void card(enum hbs_record_format format, const uint8_t *data, size_t size)
{
    struct hbs_finger_template first, second;
    uint32_t dropped = 0;
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_buf once;
    hbs_buf_init(&once, ctx, 1 << 16);
    if (hbs_card_read_finger(ctx, format, data, size, &first, &dropped)) {
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
    } else {
        fuzz_check_template(&first);
        FUZZ_PROMISE(!hbs_card_write_finger(ctx, format, &first, &once));
        FUZZ_PROMISE(first.count == 0 ||
                     !hbs_card_read_finger(ctx, format, once.data, once.size, &second, NULL));
        if (first.count && !dropped)
            FUZZ_PROMISE(!memcmp(&first, &second, sizeof first));
    }
    hbs_buf_close(&once);
    fuzz_close(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    card(HBS_RECORD_CARD_NORMAL, data, size);
    card(HBS_RECORD_CARD_COMPACT, data, size);
    return fuzz_record(HBS_RECORD_ISO2005, HBS_RECORD_ISO2005, data, size);
}
