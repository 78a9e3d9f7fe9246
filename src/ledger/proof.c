/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: tlog-proof files (c2sp.org/tlog-proof@v1): index, inclusion proof and checkpoint in one
 * text that is checked offline. Parsing looks at the form only; hbs_ledger_receipt_open, or whoever
 * knows the leaf, checks what it says.
 */
#include "ledger_int.h"

static const char head[] = "c2sp.org/tlog-proof@v1";

static enum hbs_err bad_proof(struct hbs_ctx *ctx, unsigned line, const char *what)
{
    return hbs_fail(ctx, HBS_ERR_FORMAT, "proof", "give a .tlog-proof file as it was written", "line %u: %s", line,
                    what);
}

static bool begins(const char *line, size_t n, const char *word, const char **rest, size_t *rest_size)
{
    size_t w = strlen(word);
    if (n <= w || memcmp(line, word, w) != 0)
        return false;
    *rest = line + w;
    *rest_size = n - w;
    return true;
}

enum hbs_err hbs_ledger_proof_parse(struct hbs_ctx *ctx, const void *data, size_t size, struct hbs_ledger_proof *out)
{
    if (size > HBS_LEDGER_RECEIPT_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "proof", "give a smaller file", "a proof has at most %u bytes",
                        HBS_LEDGER_RECEIPT_MAX);
    const char *p = data, *end = p + size, *line, *rest;
    size_t n, r;
    unsigned at = 1;
    memset(out, 0, sizeof *out);
    if (!ledger_line(&p, end, &line, &n) || n != sizeof head - 1 || memcmp(line, head, n) != 0)
        return bad_proof(ctx, 1, "not c2sp.org/tlog-proof@v1");
    at++;
    if (!ledger_line(&p, end, &line, &n))
        return bad_proof(ctx, at, "the file ends");
    if (begins(line, n, "extra ", &rest, &r)) {
        out->extra = rest;
        out->extra_size = r;
        at++;
        if (!ledger_line(&p, end, &line, &n))
            return bad_proof(ctx, at, "the file ends");
    }
    if (!begins(line, n, "index ", &rest, &r) || !ledger_decimal(rest, r, &out->index))
        return bad_proof(ctx, at, "no index");
    for (;;) {
        at++;
        if (!ledger_line(&p, end, &line, &n))
            return bad_proof(ctx, at, "the file ends before the checkpoint");
        if (!n)
            break;
        if (out->count == HBS_LEDGER_PROOF_MAX)
            return bad_proof(ctx, at, "too many hashes");
        if (n != 44 || ledger_base64(line, n, out->hash[out->count], HBS_LEDGER_HASH) != HBS_LEDGER_HASH)
            return bad_proof(ctx, at, "no hash");
        out->count++;
    }
    if (p == end)
        return bad_proof(ctx, at, "there is no checkpoint");
    out->checkpoint = p;
    out->checkpoint_size = (size_t)(end - p);
    return HBS_OK;
}

enum hbs_err hbs_ledger_proof_print(const struct hbs_ledger_proof *proof, struct hbs_buf *out)
{
    enum hbs_err err = hbs_buf_printf(out, "%s\n", head);
    if (!err && proof->extra) {
        if (!(err = hbs_buf_put(out, "extra ", 6)) && !(err = hbs_buf_put(out, proof->extra, proof->extra_size)))
            err = hbs_buf_put(out, "\n", 1);
    }
    if (!err)
        err = hbs_buf_printf(out, "index %llu\n", (unsigned long long)proof->index);
    for (uint32_t i = 0; !err && i < proof->count; i++)
        if (!(err = ledger_base64_put(out, proof->hash[i], HBS_LEDGER_HASH)))
            err = hbs_buf_put(out, "\n", 1);
    if (!err)
        err = hbs_buf_put(out, "\n", 1);
    return err ? err : hbs_buf_put(out, proof->checkpoint, proof->checkpoint_size);
}
