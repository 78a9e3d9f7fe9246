/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: the text of notes: decimal numbers, base64, names, lines. There is one spelling of
 * everything: what two readers could take differently is refused. Rules: c2sp.org/signed-note.
 */
#include "ledger_int.h"

static pthread_once_t sodium_once = PTHREAD_ONCE_INIT;
static int sodium_state = -1;
static void sodium_begin(void) { sodium_state = sodium_init(); }

enum hbs_err ledger_ready(struct hbs_ctx *ctx)
{
    pthread_once(&sodium_once, sodium_begin);
    if (sodium_state < 0)
        return hbs_fail(ctx, HBS_ERR_IO, "libsodium", "see that the system gives random numbers",
                        "the cryptographic library cannot start");
    return HBS_OK;
}

bool ledger_decimal(const char *text, size_t size, uint64_t *out)
{
    uint64_t v = 0;
    if (!size || (text[0] == '0' && size > 1))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(text[i] - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

long ledger_base64(const char *text, size_t size, uint8_t *out, size_t capacity)
{
    size_t got = 0;
    const char *end = text;
    /* the alphabet is checked here: libsodium 1.0.18 takes some bytes from 0x80 on for letters of it */
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
              (c == '=' && i + 2 >= size)))
            return -1;
    }
    /* libsodium refuses bits left over at the end, so a value has one spelling */
    if (!size || size % 4 ||
        sodium_base642bin(out, capacity, text, size, NULL, &got, &end, sodium_base64_VARIANT_ORIGINAL) ||
        end != text + size)
        return -1;
    return (long)got;
}

enum hbs_err ledger_base64_put(struct hbs_buf *out, const void *data, size_t size)
{
    size_t need = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL); /* with an end mark */
    enum hbs_err err = hbs_buf_reserve(out, need);
    if (err)
        return err;
    sodium_bin2base64((char *)out->data + out->size, need, data, size, sodium_base64_VARIANT_ORIGINAL);
    out->size += need - 1;
    return HBS_OK;
}

/* The next character of UTF-8, or -1. Overlong forms, surrogates and what lies beyond Unicode are none. */
static int32_t utf8_next(const uint8_t **p, const uint8_t *end)
{
    uint32_t c = *(*p)++;
    if (c < 0x80)
        return (int32_t)c;
    unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4 || (size_t)(end - *p) < more)
        return -1;
    c &= 0x3fu >> more;
    for (unsigned i = 0; i < more; i++) {
        if ((**p & 0xc0) != 0x80)
            return -1;
        c = c << 6 | (*(*p)++ & 0x3fu);
    }
    if ((more == 2 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) || (more == 3 && (c < 0x10000 || c > 0x10ffff)))
        return -1;
    return (int32_t)c;
}

/* White_Space of Unicode. */
static bool is_blank(int32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool ledger_name_good(const char *name, size_t size)
{
    if (!size || size > HBS_LEDGER_NAME_MAX)
        return false;
    for (const uint8_t *p = (const uint8_t *)name, *end = p + size; p < end;) {
        int32_t c = utf8_next(&p, end);
        if (c < 0x20 || c == '+' || c == 0x7f || is_blank(c))
            return false;
    }
    return true;
}

bool ledger_text_good(const char *text, size_t size)
{
    for (const uint8_t *p = (const uint8_t *)text, *end = p + size; p < end;) {
        int32_t c = utf8_next(&p, end);
        if (c < 0x20 && c != '\n')
            return false;
    }
    return true;
}

bool ledger_line(const char **p, const char *end, const char **line, size_t *size)
{
    const char *stop = *p < end ? memchr(*p, '\n', (size_t)(end - *p)) : NULL;
    if (!stop)
        return false;
    *line = *p;
    *size = (size_t)(stop - *p);
    *p = stop + 1;
    return true;
}
