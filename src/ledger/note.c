/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: signed notes (c2sp.org/signed-note) with Ed25519 signatures of logs and cosignature/v1
 * of witnesses (c2sp.org/tlog-cosignature), and checkpoints (c2sp.org/tlog-checkpoint). Signatures of
 * other types or unknown keys are passed over, as the texts ask.
 */
#include "ledger_int.h"

#include <stdio.h>

static const char dash[] = "\xe2\x80\x94 "; /* em dash, blank */
enum { DASH = sizeof dash - 1, SIGNATURE_BYTES_MAX = 12288 };

static enum hbs_err bad_note(struct hbs_ctx *ctx, const char *what)
{
    return hbs_fail(ctx, HBS_ERR_FORMAT, "note", "give the note as it was signed", "%s", what);
}

enum hbs_err hbs_ledger_note_parse(struct hbs_ctx *ctx, const void *data, size_t size, struct hbs_ledger_note *out)
{
    const char *text = data;
    if (size > HBS_LEDGER_NOTE_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "note", "give a smaller note", "a note has at most %u bytes",
                        HBS_LEDGER_NOTE_MAX);
    if (!ledger_text_good(text, size))
        return bad_note(ctx, "a note is UTF-8 without control characters");
    /* the last empty line parts the text from the signatures */
    size_t split = size;
    while (split >= 2 && (text[split - 1] != '\n' || text[split - 2] != '\n'))
        split--;
    if (split < 2 || split == size)
        return bad_note(ctx, split < 2 ? "no empty line before signatures" : "no signatures");
    memset(out, 0, sizeof *out);
    out->text = text;
    out->text_size = split - 1;
    const char *p = text + split, *end = text + size, *line;
    size_t n;
    while (p < end) {
        if (!ledger_line(&p, end, &line, &n))
            return bad_note(ctx, "the last line does not end");
        if (n <= DASH || memcmp(line, dash, DASH) != 0)
            return bad_note(ctx, "a signature line does not begin with a dash");
        const char *name = line + DASH, *blank = memchr(name, ' ', n - DASH);
        if (!blank || !ledger_name_good(name, (size_t)(blank - name)))
            return bad_note(ctx, "a signature line has no good name");
        const char *b64 = blank + 1;
        size_t b64_size = (size_t)(line + n - b64);
        uint8_t raw[SIGNATURE_BYTES_MAX];
        long bytes = ledger_base64(b64, b64_size, raw, sizeof raw);
        if (bytes < 5)
            return bad_note(ctx, "a signature is not base64, or too short or long");
        if (out->count == HBS_LEDGER_SIGNATURES_MAX)
            return hbs_fail(ctx, HBS_ERR_LIMIT, "note", "take some signatures away", "more than %u signatures",
                            HBS_LEDGER_SIGNATURES_MAX);
        out->signature[out->count].name = name;
        out->signature[out->count].name_size = (size_t)(blank - name);
        out->signature[out->count].base64 = b64;
        out->signature[out->count].base64_size = b64_size;
        out->signature[out->count].id = hbs_be32(raw);
        out->count++;
    }
    return HBS_OK;
}

/* What a cosignature is over; the number of bytes, 0 when the text is too long. */
static size_t cosigned(const char *text, size_t size, uint64_t time, uint8_t out[LEDGER_COSIGNED_MAX])
{
    int n = snprintf((char *)out, LEDGER_COSIGNED_MAX, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
    if (n < 0 || size > LEDGER_COSIGNED_MAX - (size_t)n)
        return 0;
    memcpy(out + n, text, size);
    return (size_t)n + size;
}

enum hbs_err hbs_ledger_note_verify(struct hbs_ctx *ctx, const struct hbs_ledger_note *note,
                                    const struct hbs_ledger_key *key, uint64_t *time)
{
    enum hbs_err err = ledger_ready(ctx), answer = HBS_ERR_NOT_FOUND;
    if (err)
        return err;
    if (key->kind == HBS_LEDGER_KEY_READER)
        return hbs_fail(ctx, HBS_ERR_USAGE, key->name, "give the key of a log or witness",
                        "a reader's key signs nothing");
    for (uint32_t i = 0; i < note->count; i++) {
        if (note->signature[i].id != key->id || note->signature[i].name_size != strlen(key->name) ||
            memcmp(note->signature[i].name, key->name, note->signature[i].name_size) != 0)
            continue;
        uint8_t raw[SIGNATURE_BYTES_MAX];
        long n = ledger_base64(note->signature[i].base64, note->signature[i].base64_size, raw, sizeof raw);
        bool good = false;
        uint64_t at = 0;
        if (key->kind == HBS_LEDGER_KEY_LOG) {
            good = n == 4 + 64 && crypto_sign_verify_detached(raw + 4, (const uint8_t *)note->text, note->text_size,
                                                              key->bytes) == 0;
        } else if (n == 4 + 8 + 64) {
            uint8_t message[LEDGER_COSIGNED_MAX];
            at = ledger_be64(raw + 4);
            size_t bytes = cosigned(note->text, note->text_size, at, message);
            good = bytes && at && at <= INT64_MAX &&
                   crypto_sign_verify_detached(raw + 12, message, bytes, key->bytes) == 0;
        }
        if (!good) /* a key that is known and does not hold spoils the note */
            return hbs_fail(ctx, HBS_ERR_INTEGRITY, key->name, "ask whoever sent it for the true one",
                            "the signature does not hold");
        if (time && (answer || at > *time))
            *time = at;
        answer = HBS_OK;
    }
    return answer ? hbs_fail(ctx, answer, key->name, "see that it is the right key", "not signed with this key")
                  : HBS_OK;
}

enum hbs_err hbs_ledger_note_sign(struct hbs_ctx *ctx, const char *text, size_t size,
                                  const struct hbs_ledger_secret *secret, uint64_t time, struct hbs_buf *out)
{
    enum hbs_err err = ledger_ready(ctx);
    if (err)
        return err;
    uint8_t raw[4 + 8 + 64], pair[64], pub[32], message[LEDGER_COSIGNED_MAX];
    size_t n = 0;
    if (secret->key.kind == HBS_LEDGER_KEY_READER)
        return hbs_fail(ctx, HBS_ERR_USAGE, secret->key.name, "use a log's or witness's key",
                        "a reader's key signs nothing");
    crypto_sign_seed_keypair(pub, pair, secret->seed);
    hbs_put_be32(raw, secret->key.id);
    if (secret->key.kind == HBS_LEDGER_KEY_LOG) {
        crypto_sign_detached(raw + 4, NULL, (const uint8_t *)text, size, pair);
        n = 4 + 64;
    } else {
        size_t bytes = time && time <= INT64_MAX ? cosigned(text, size, time, message) : 0;
        if (!bytes) {
            sodium_memzero(pair, sizeof pair);
            return hbs_fail(ctx, HBS_ERR_LIMIT, "", "sign a checkpoint", "too long to cosign, or no time");
        }
        ledger_put_be64(raw + 4, time);
        crypto_sign_detached(raw + 12, NULL, message, bytes, pair);
        n = 4 + 8 + 64;
    }
    sodium_memzero(pair, sizeof pair);
    err = hbs_buf_printf(out, "%s%s ", dash, secret->key.name);
    if (!err)
        err = ledger_base64_put(out, raw, n);
    return err ? err : hbs_buf_put(out, "\n", 1);
}

/* ---- Checkpoints ------------------------------------------------------------------------------ */

static enum hbs_err bad_checkpoint(struct hbs_ctx *ctx, const char *what)
{
    return hbs_fail(ctx, HBS_ERR_FORMAT, "checkpoint", "give the checkpoint as the log signed it", "%s", what);
}

/* Without looking at an empty tree's root. */
enum hbs_err ledger_checkpoint_read(struct hbs_ctx *ctx, const char *text, size_t size,
                                    struct hbs_ledger_checkpoint *out)
{
    struct hbs_ledger_checkpoint c = {.size = 0};
    const char *p = text, *end = text + size, *line;
    size_t n;
    if (!ledger_line(&p, end, &line, &n) || !n || n > HBS_LEDGER_NAME_MAX || !ledger_text_good(line, n))
        return bad_checkpoint(ctx, "the first line is no origin, or too long");
    memcpy(c.origin, line, n);
    if (!ledger_line(&p, end, &line, &n) || !ledger_decimal(line, n, &c.size) || c.size > INT64_MAX)
        return bad_checkpoint(ctx, "the second line is no size");
    if (!ledger_line(&p, end, &line, &n) || n != 44 || ledger_base64(line, n, c.root, sizeof c.root) != 32)
        return bad_checkpoint(ctx, "the third line is no hash");
    while (p < end)
        if (!ledger_line(&p, end, &line, &n) || !n)
            return bad_checkpoint(ctx, "an extension line is empty or does not end");
    *out = c;
    return HBS_OK;
}

bool ledger_checkpoint_empty_good(const struct hbs_ledger_checkpoint *c)
{
    uint8_t empty[32];
    crypto_hash_sha256(empty, NULL, 0);
    return c->size || !memcmp(empty, c->root, 32);
}

enum hbs_err hbs_ledger_checkpoint_parse(struct hbs_ctx *ctx, const char *text, size_t size,
                                         struct hbs_ledger_checkpoint *out)
{
    struct hbs_ledger_checkpoint c;
    enum hbs_err err = ledger_checkpoint_read(ctx, text, size, &c);
    if (!err && !ledger_checkpoint_empty_good(&c))
        err = bad_checkpoint(ctx, "the hash is not that of an empty tree");
    if (!err)
        *out = c;
    return err;
}

enum hbs_err hbs_ledger_checkpoint_print(const struct hbs_ledger_checkpoint *checkpoint, struct hbs_buf *out)
{
    enum hbs_err err = hbs_buf_printf(out, "%s\n%llu\n", checkpoint->origin, (unsigned long long)checkpoint->size);
    if (!err)
        err = ledger_base64_put(out, checkpoint->root, HBS_LEDGER_HASH);
    return err ? err : hbs_buf_put(out, "\n", 1);
}

enum hbs_err hbs_ledger_checkpoint_open(struct hbs_ctx *ctx, const void *data, size_t size,
                                        const struct hbs_ledger_key *key, struct hbs_ledger_note *note,
                                        struct hbs_ledger_checkpoint *out)
{
    struct hbs_ledger_checkpoint c;
    enum hbs_err err = hbs_ledger_note_parse(ctx, data, size, note);
    if (!err)
        err = hbs_ledger_checkpoint_parse(ctx, note->text, note->text_size, &c);
    if (!err && strcmp(c.origin, key->name) != 0)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "checkpoint", "see that it is of this log",
                       "it is of '%s', not of '%s'", c.origin, key->name);
    if (!err && (err = hbs_ledger_note_verify(ctx, note, key, NULL)) == HBS_ERR_NOT_FOUND)
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "checkpoint", "see that it is the log's key",
                       "not signed with the log's key");
    if (!err)
        *out = c;
    return err;
}

enum hbs_err ledger_checkpoint_sign(struct hbs_ctx *ctx, const struct hbs_ledger_secret *secret, uint64_t size,
                                    const uint8_t root[HBS_LEDGER_HASH], struct hbs_buf *out)
{
    struct hbs_ledger_checkpoint c = {.size = size};
    memcpy(c.origin, secret->key.name, sizeof c.origin);
    memcpy(c.root, root, HBS_LEDGER_HASH);
    size_t begin = out->size;
    enum hbs_err err = hbs_buf_reserve(out, LEDGER_CHECKPOINT_MAX);
    if (!err)
        err = hbs_ledger_checkpoint_print(&c, out);
    size_t text = out->size - begin;
    if (!err)
        err = hbs_buf_put(out, "\n", 1);
    if (!err) /* reserved above, so the text does not move */
        err = hbs_ledger_note_sign(ctx, (const char *)out->data + begin, text, secret, 0, out);
    return err;
}
