/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: what commitments hold: an act or a document as bytes, one encoding of each
 * (docs/formats/ledger-entry.md). One encoding matters: a commitment opens to bytes, and two
 * spellings of one act would be two things to have committed to.
 */
#include "ledger_int.h"

#include <stdlib.h>

static enum hbs_err bad_word(struct hbs_ctx *ctx, const char *field)
{
    return hbs_fail(ctx, HBS_ERR_USAGE, field, "use letters, digits and - . _ : @ / +",
                    "a word has 1 to %u bytes of those and no blanks", HBS_LEDGER_TEXT_MAX);
}

static enum hbs_err put_word(struct hbs_ctx *ctx, struct hbs_buf *out, const char *field, const char *word)
{
    size_t n = strnlen(word, HBS_LEDGER_TEXT_MAX + 1);
    if (!ledger_word_good(word, n))
        return bad_word(ctx, field);
    uint8_t number = (uint8_t)ledger_word_number(word), length = (uint8_t)n;
    if (number)
        return hbs_buf_put(out, &number, 1);
    enum hbs_err err = hbs_buf_put(out, &length, 1);
    return err ? err : hbs_buf_put(out, word, n);
}

static int rising(const void *a, const void *b) { return strcmp(a, b); }

static enum hbs_err put_act(struct hbs_ctx *ctx, const struct hbs_ledger_act *act, uint32_t persons,
                            struct hbs_buf *out)
{
    uint8_t head[1 + 8 + 1 + 32 + 32] = {LEDGER_CONTENT_ACT}, n;
    if (act->obligation_count > HBS_LEDGER_OBLIGATIONS_MAX || act->binding_count > HBS_LEDGER_BINDINGS_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "act", "leave some out", "more than %u obligations or %u bindings",
                        HBS_LEDGER_OBLIGATIONS_MAX, HBS_LEDGER_BINDINGS_MAX);
    ledger_put_be64(head + 1, act->time);
    head[9] = act->allowed;
    memcpy(head + 10, act->law, 32);
    memcpy(head + 42, act->ruling, 32);
    enum hbs_err err = hbs_buf_put(out, head, sizeof head);
    if (!err)
        err = put_word(ctx, out, "act", act->act);
    if (!err)
        err = put_word(ctx, out, "purpose", act->purpose);
    if (!err)
        err = put_word(ctx, out, "outcome", act->outcome);
    if (!err)
        err = put_word(ctx, out, "actor", act->actor);
    char sorted[HBS_LEDGER_OBLIGATIONS_MAX][HBS_LEDGER_TEXT_MAX + 1];
    memcpy(sorted, act->obligation, sizeof sorted);
    for (uint32_t i = 0; i < act->obligation_count; i++)
        sorted[i][HBS_LEDGER_TEXT_MAX] = 0;
    qsort(sorted, act->obligation_count, sizeof sorted[0], rising);
    n = (uint8_t)act->obligation_count;
    if (!err)
        err = hbs_buf_put(out, &n, 1);
    for (uint32_t i = 0; !err && i < act->obligation_count; i++)
        err = i && !strcmp(sorted[i], sorted[i - 1])
                  ? hbs_fail(ctx, HBS_ERR_USAGE, "obligations", "name each once", "'%s' is there twice", sorted[i])
                  : put_word(ctx, out, "obligations", sorted[i]);
    n = (uint8_t)act->binding_count;
    if (!err)
        err = hbs_buf_put(out, &n, 1);
    for (uint32_t i = 0; !err && i < act->binding_count; i++)
        if (!(err = put_word(ctx, out, "bindings", act->binding[i].kind)))
            err = hbs_buf_put(out, act->binding[i].digest, 32);
    n = (uint8_t)persons;
    return err ? err : hbs_buf_put(out, &n, 1);
}

enum hbs_err ledger_content_make(struct hbs_ctx *ctx, const struct hbs_ledger_item *item, struct hbs_buf *out)
{
    if (item->persons > HBS_LEDGER_PERSONS_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "persons", "make several acts of it", "an act concerns at most %u persons",
                        HBS_LEDGER_PERSONS_MAX);
    if (item->act)
        return put_act(ctx, item->act, item->persons, out);
    uint8_t head[2] = {LEDGER_CONTENT_DOCUMENT, (uint8_t)item->persons};
    if (item->document_size > HBS_LEDGER_DOCUMENT_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "document", "log a digest of it under a key, as an act's binding",
                        "%zu bytes, an entry carries at most %u", item->document_size, HBS_LEDGER_DOCUMENT_MAX);
    enum hbs_err err = hbs_buf_put(out, head, sizeof head);
    return err ? err : hbs_buf_put(out, item->document, item->document_size);
}

/* ---- Reading ---------------------------------------------------------------------------------- */

struct reader {
    const uint8_t *p, *end;
    bool bad;
};

static unsigned take(struct reader *r)
{
    if (r->p == r->end) {
        r->bad = true;
        return 0;
    }
    return *r->p++;
}

static void take_bytes(struct reader *r, uint8_t *out, size_t n)
{
    if ((size_t)(r->end - r->p) < n) {
        r->bad = true;
        return;
    }
    memcpy(out, r->p, n);
    r->p += n;
}

static void take_word(struct reader *r, char out[HBS_LEDGER_TEXT_MAX + 1])
{
    unsigned n = take(r);
    const char *word = ledger_word(n);
    memset(out, 0, HBS_LEDGER_TEXT_MAX + 1);
    if (word) {
        memcpy(out, word, strlen(word));
    } else if (n >= 0x80 || !ledger_word_good((const char *)r->p, n <= (size_t)(r->end - r->p) ? n : 0)) {
        r->bad = true;
    } else {
        take_bytes(r, (uint8_t *)out, n);
        r->bad |= ledger_word_number(out) != 0; /* a registered word is written as its number */
    }
}

enum hbs_err ledger_content_read(struct hbs_ctx *ctx, const uint8_t *data, size_t size, struct hbs_ledger_opened *out)
{
    struct reader r = {data, data + size, false};
    struct hbs_ledger_act act = {0};
    uint8_t number[8] = {0};
    unsigned kind = take(&r), persons;
    bool is_document = kind == LEDGER_CONTENT_DOCUMENT;
    if (is_document) {
        persons = take(&r);
        r.bad |= (size_t)(r.end - r.p) > HBS_LEDGER_DOCUMENT_MAX;
    } else {
        r.bad |= kind != LEDGER_CONTENT_ACT;
        take_bytes(&r, number, 8);
        act.time = ledger_be64(number);
        unsigned allowed = take(&r);
        r.bad |= allowed > 1;
        act.allowed = allowed == 1;
        take_bytes(&r, act.law, 32);
        take_bytes(&r, act.ruling, 32);
        take_word(&r, act.act);
        take_word(&r, act.purpose);
        take_word(&r, act.outcome);
        take_word(&r, act.actor);
        act.obligation_count = take(&r);
        r.bad |= act.obligation_count > HBS_LEDGER_OBLIGATIONS_MAX;
        for (uint32_t i = 0; !r.bad && i < act.obligation_count; i++) {
            take_word(&r, act.obligation[i]);
            r.bad |= i && strcmp(act.obligation[i - 1], act.obligation[i]) >= 0;
        }
        if (!r.bad)
            act.binding_count = take(&r);
        r.bad |= act.binding_count > HBS_LEDGER_BINDINGS_MAX;
        for (uint32_t i = 0; !r.bad && i < act.binding_count; i++) {
            take_word(&r, act.binding[i].kind);
            take_bytes(&r, act.binding[i].digest, 32);
        }
        persons = take(&r);
        r.bad |= r.p != r.end;
    }
    if (r.bad || persons > HBS_LEDGER_PERSONS_MAX)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "content", "ask for it again", "this is not the content of an entry");
    if (is_document) {
        enum hbs_err err = hbs_buf_put(&out->document, r.p, (size_t)(r.end - r.p));
        if (err)
            return err;
    }
    out->is_document = is_document;
    out->act = act;
    out->persons = persons;
    return HBS_OK;
}

void hbs_ledger_opened_init(struct hbs_ledger_opened *opened, struct hbs_ctx *ctx)
{
    memset(opened, 0, sizeof *opened);
    hbs_buf_init(&opened->document, ctx, HBS_LEDGER_DOCUMENT_MAX);
}

void hbs_ledger_opened_close(struct hbs_ledger_opened *opened) { hbs_buf_close(&opened->document); }

/* ---- Lengths ---------------------------------------------------------------------------------- */

size_t ledger_content_class(size_t size)
{
    static const uint16_t classes[] = {128,  192,  256,  384,   512,   768,   1024,
                                       2048, 4096, 8192, 16384, 32768, 49152, 61440};
    for (size_t i = 0; i < HBS_COUNT(classes); i++)
        if (size < classes[i])
            return classes[i];
    return 0;
}
