/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the reader of packed templates, with the input as it is and with its checksum put
 * right. What was read is a valid template that packs to the same bytes; what was not leaves the
 * result untouched and says why.
 */
#include "fuzz_finger.h"

static void unpack(struct hbs_ctx *ctx, const uint8_t *data, size_t size)
{
    static struct hbs_finger_template t;
    t.width = 4711;
    t.count = 999;
    if (!hbs_finger_unpack(ctx, data, size, &t)) {
        struct hbs_buf buf;
        fuzz_promise_comes_back(ctx, &t);
        hbs_buf_init(&buf, ctx, HBS_FINGER_PACKED_MAX); /* there is one way to write it */
        FUZZ_PROMISE(!hbs_finger_pack(ctx, &t, &buf) && buf.size == size && !memcmp(buf.data, data, size));
        hbs_buf_close(&buf);
    } else {
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
        FUZZ_PROMISE(t.width == 4711 && t.count == 999);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hbs_ctx *ctx = fuzz_open();
    unpack(ctx, data, size);
    uint8_t *right = malloc(size ? size : 1);
    if (right) {
        memcpy(right, data, size);
        fuzz_put_crc(right, size);
        unpack(ctx, right, size);
    }
    free(right);
    fuzz_close(ctx);
    return 0;
}
