/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: what a log is, as text (docs/formats/ledger-files.md). The text is itself an entry of
 * the log, in clear: who may read it and who witnesses it cannot be changed in silence, and
 * inspectors cannot be taken away.
 */
#include "ledger_int.h"

static bool url_good(const char *url)
{
    size_t n = strnlen(url, HBS_LEDGER_URL_MAX + 1);
    if (n > HBS_LEDGER_URL_MAX || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
        return false;
    for (size_t i = 0; i < n; i++)
        if (url[i] <= ' ' || url[i] > '~')
            return false;
    return true;
}

enum hbs_err ledger_config_check(struct hbs_ctx *ctx, const struct hbs_ledger_config *c)
{
    const char *what = NULL, *where = "config";
    if (c->log.kind != HBS_LEDGER_KEY_LOG)
        what = "the log's key is not a log's";
    else if (c->witness_count > HBS_LEDGER_WITNESSES_MAX || c->inspector_count > HBS_LEDGER_INSPECTORS_MAX)
        what = "too many witnesses or inspectors";
    else if (!c->cosign_within || c->refuse_after < c->cosign_within || c->refuse_after > 525600)
        what = "refusing comes after cosigning, within a year, and neither at once";
    for (uint32_t i = 0; !what && i < c->witness_count; i++) {
        where = c->witness[i].key.name;
        if (c->witness[i].key.kind != HBS_LEDGER_KEY_WITNESS)
            what = "this is not a witness's key (type 4)";
        else if (!url_good(c->witness[i].url))
            what = "its address does not begin with http:// or https://, or is too long";
        for (uint32_t j = 0; !what && j < i; j++)
            if (c->witness[i].key.id == c->witness[j].key.id)
                what = "this witness is named twice";
    }
    for (uint32_t i = 0; !what && i < c->inspector_count; i++) {
        where = c->inspector[i].name;
        if (c->inspector[i].kind != HBS_LEDGER_KEY_READER)
            what = "this is not a reader's key";
        for (uint32_t j = 0; !what && j < i; j++)
            if (!memcmp(c->inspector[i].bytes, c->inspector[j].bytes, 32))
                what = "this inspector is named twice";
    }
    return what ? hbs_fail(ctx, HBS_ERR_USAGE, where, "see docs/formats/ledger-files.md", "%s", what) : HBS_OK;
}

static enum hbs_err put_key(struct hbs_buf *out, const char *word, const struct hbs_ledger_key *key, const char *after)
{
    enum hbs_err err = hbs_buf_printf(out, "%s ", word);
    if (!err)
        err = hbs_ledger_key_print(key, out);
    return err ? err : hbs_buf_printf(out, "%s%s\n", *after ? " " : "", after);
}

enum hbs_err ledger_config_print(const struct hbs_ledger_config *c, struct hbs_buf *out)
{
    enum hbs_err err = hbs_buf_printf(out, "habeas-ledger 1\nentry %llu\nsince %llu\n", (unsigned long long)c->entry,
                                      (unsigned long long)c->since);
    if (!err)
        err = put_key(out, "log", &c->log, "");
    if (!err)
        err = hbs_buf_printf(out, "cosign-within %u\nrefuse-after %u\n", c->cosign_within, c->refuse_after);
    for (uint32_t i = 0; !err && i < c->witness_count; i++)
        err = put_key(out, "witness", &c->witness[i].key, c->witness[i].url);
    for (uint32_t i = 0; !err && i < c->inspector_count; i++)
        err = put_key(out, "inspector", &c->inspector[i], "");
    return err;
}

/* "WORD REST": the rest, or NULL. */
static const char *after(const char *line, size_t n, const char *word, size_t *rest)
{
    size_t w = strlen(word);
    if (n <= w + 1 || memcmp(line, word, w) != 0 || line[w] != ' ')
        return NULL;
    *rest = n - w - 1;
    return line + w + 1;
}

static bool number_line(const char **p, const char *end, const char *word, uint64_t most, uint64_t *out)
{
    const char *line, *rest;
    size_t n, r;
    return ledger_line(p, end, &line, &n) && (rest = after(line, n, word, &r)) && ledger_decimal(rest, r, out) &&
           *out <= most;
}

enum hbs_err ledger_config_parse(struct hbs_ctx *ctx, const char *text, size_t size, struct hbs_ledger_config *out)
{
    static const char head[] = "habeas-ledger 1";
    struct hbs_ledger_config c;
    memset(&c, 0, sizeof c); /* configs are compared */
    const char *p = text, *end = text + size, *line, *rest;
    size_t n, r;
    uint64_t within = 0, refuse = 0;
    enum hbs_err err = HBS_OK;
    bool good = size <= HBS_LEDGER_CONFIG_MAX && ledger_line(&p, end, &line, &n) && n == sizeof head - 1 &&
                !memcmp(line, head, n) && number_line(&p, end, "entry", INT64_MAX, &c.entry) &&
                number_line(&p, end, "since", INT64_MAX, &c.since) && ledger_line(&p, end, &line, &n) &&
                (rest = after(line, n, "log", &r));
    if (good && !(err = hbs_ledger_key_parse(ctx, rest, r, &c.log)))
        good = number_line(&p, end, "cosign-within", UINT32_MAX, &within) &&
               number_line(&p, end, "refuse-after", UINT32_MAX, &refuse);
    c.cosign_within = (uint32_t)within;
    c.refuse_after = (uint32_t)refuse;
    while (good && !err && p < end) {
        if (!ledger_line(&p, end, &line, &n)) {
            good = false;
        } else if ((rest = after(line, n, "witness", &r)) && !c.inspector_count) {
            const char *blank = memchr(rest, ' ', r);
            struct hbs_ledger_witness *w = &c.witness[c.witness_count];
            size_t url = blank ? (size_t)(rest + r - blank - 1) : 0;
            good = c.witness_count < HBS_LEDGER_WITNESSES_MAX && url && url <= HBS_LEDGER_URL_MAX;
            if (good && !(err = hbs_ledger_key_parse(ctx, rest, (size_t)(blank - rest), &w->key))) {
                memcpy(w->url, blank + 1, url);
                c.witness_count++;
            }
        } else if ((rest = after(line, n, "inspector", &r))) {
            good = c.inspector_count < HBS_LEDGER_INSPECTORS_MAX;
            if (good)
                err = hbs_ledger_key_parse(ctx, rest, r, &c.inspector[c.inspector_count++]);
        } else {
            good = false;
        }
    }
    if (good && !err)
        err = ledger_config_check(ctx, &c);
    /* one spelling: what would be printed is what was read */
    if (good && !err) {
        struct hbs_buf again;
        hbs_buf_init(&again, ctx, HBS_LEDGER_CONFIG_MAX);
        err = ledger_config_print(&c, &again);
        good = err || (again.size == size && !memcmp(again.data, text, size));
        hbs_buf_close(&again);
    }
    if (!good || (err && err != HBS_ERR_NO_MEMORY))
        return hbs_fail(ctx, HBS_ERR_FORMAT, "config", "restore it from the entry that it names",
                        "this is not a ledger's config");
    if (!err)
        *out = c;
    return err;
}

enum hbs_err ledger_config_follows(struct hbs_ctx *ctx, const struct hbs_ledger_config *before,
                                   const struct hbs_ledger_config *now)
{
    if (!hbs_ledger_key_same(&before->log, &now->log))
        return hbs_fail(ctx, HBS_ERR_USAGE, "config", "make another log", "a log's key and name do not change");
    for (uint32_t i = 0; i < before->inspector_count; i++)
        if (i >= now->inspector_count || !hbs_ledger_key_same(&before->inspector[i], &now->inspector[i]))
            return hbs_fail(ctx, HBS_ERR_REFUSED, before->inspector[i].name, "add further inspectors after them",
                            "inspectors are not taken away");
    return HBS_OK;
}
