/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: what the parent makes of a decoder process under an attacker's hand: the header of
 * an answer and the texts of an error (src/image/message.c).
 *
 * Input: one byte, the format that was asked about; then the answer. The question was number 1.
 */
#include "fuzz.h"
#include "image/worker_int.h"

static void is_harmless(const char *text, size_t size)
{
    size_t n = 0;
    for (; text[n]; n++)
        FUZZ_PROMISE(text[n] >= 0x20 && text[n] <= 0x7e);
    FUZZ_PROMISE(n < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 + HBS_WORKER_HEADER)
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    enum hbs_image_format format = (enum hbs_image_format)data[0];
    struct hbs_worker_message m;
    enum hbs_err err = hbs_worker_check_answer(ctx, data + 1, 1, format, &m);
    if (err) {
        FUZZ_PROMISE(err == HBS_ERR_WORKER && *hbs_ctx_what(ctx));
    } else if (m.type == HBS_WORKER_PICTURE) {
        FUZZ_PROMISE(hbs_image_check(ctx, "test", m.width, m.height) == HBS_OK);
        FUZZ_PROMISE(m.bytes == (uint64_t)m.width * m.height);
        FUZZ_PROMISE(m.format == (uint32_t)format && m.ppi <= HBS_WORKER_PPI_MAX);
    } else {
        FUZZ_PROMISE(m.type == HBS_WORKER_ERROR && m.bytes == HBS_WORKER_TEXTS);
        uint8_t texts[HBS_WORKER_TEXTS] = {0};
        size_t rest = size - 1 - HBS_WORKER_HEADER;
        memcpy(texts, data + 1 + HBS_WORKER_HEADER, rest < sizeof texts ? rest : sizeof texts);
        err = hbs_worker_take_error(ctx, &m, texts);
        FUZZ_PROMISE(err == HBS_ERR_NO_MEMORY || err == HBS_ERR_FORMAT ||
                     err == HBS_ERR_UNSUPPORTED || err == HBS_ERR_LIMIT || err == HBS_ERR_BUG);
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
        is_harmless(hbs_ctx_what(ctx), HBS_WORKER_WHAT);
        is_harmless(hbs_ctx_where(ctx), HBS_WORKER_WHERE);
        is_harmless(hbs_ctx_do(ctx), HBS_WORKER_DO);
    }
    fuzz_close(ctx);
    return 0;
}
