/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: keys as text. Public: NAME+ID+BASE64(kind, key), the vkey of c2sp.org/signed-note.
 * Private: PRIVATE+KEY+NAME+ID+BASE64(kind, seed), as golang.org/x/mod/sumdb/note writes it, so that
 * either's tools read the other's. Readers (X25519) use signed-note's type 0xff with a longer
 * identifier, as it recommends for types without a number.
 */
#include "ledger_int.h"

static const char reader_kind[] = "habeas-x25519";
enum { READER_KIND = sizeof reader_kind - 1, KEY_BYTES_MAX = 1 + READER_KIND + 32 };
static const char private_mark[] = "PRIVATE+KEY+";

/* kind, for readers the longer identifier, then the 32 bytes */
static size_t key_bytes(enum hbs_ledger_key_kind kind, const uint8_t bytes[32], uint8_t out[KEY_BYTES_MAX])
{
    size_t n = 0;
    out[n++] = (uint8_t)kind;
    if (kind == HBS_LEDGER_KEY_READER) {
        memcpy(out + n, reader_kind, READER_KIND);
        n += READER_KIND;
    }
    memcpy(out + n, bytes, 32);
    return n + 32;
}

static uint32_t key_id(const struct hbs_ledger_key *key)
{
    uint8_t text[HBS_LEDGER_NAME_MAX + 1 + KEY_BYTES_MAX], hash[32];
    size_t n = strlen(key->name);
    memcpy(text, key->name, n);
    text[n++] = '\n';
    n += key_bytes(key->kind, key->bytes, text + n);
    crypto_hash_sha256(hash, text, n);
    return hbs_be32(hash);
}

/* The public half of a seed. */
static void key_derive(struct hbs_ledger_secret *s)
{
    uint8_t full[64];
    if (s->key.kind == HBS_LEDGER_KEY_READER) {
        crypto_scalarmult_base(s->key.bytes, s->seed);
    } else {
        crypto_sign_seed_keypair(s->key.bytes, full, s->seed);
        sodium_memzero(full, sizeof full);
    }
    s->key.id = key_id(&s->key);
}

static bool kind_known(unsigned kind)
{
    return kind == HBS_LEDGER_KEY_LOG || kind == HBS_LEDGER_KEY_WITNESS || kind == HBS_LEDGER_KEY_READER;
}

enum hbs_err hbs_ledger_secret_make(struct hbs_ctx *ctx, enum hbs_ledger_key_kind kind, const char *name,
                                    struct hbs_ledger_secret *out)
{
    enum hbs_err err = ledger_ready(ctx);
    if (err)
        return err;
    if (!kind_known(kind) || !ledger_name_good(name, strlen(name)))
        return hbs_fail(ctx, HBS_ERR_USAGE, name, "use something like example.org/log",
                        "a key's name has 1 to %u bytes without blanks, plus and control characters",
                        HBS_LEDGER_NAME_MAX);
    struct hbs_ledger_secret s = {.key.kind = kind};
    memcpy(s.key.name, name, strlen(name) + 1);
    randombytes_buf(s.seed, sizeof s.seed);
    key_derive(&s);
    *out = s;
    sodium_memzero(&s, sizeof s);
    return HBS_OK;
}

void hbs_ledger_secret_wipe(struct hbs_ledger_secret *secret) { sodium_memzero(secret, sizeof *secret); }

static enum hbs_err bad_key(struct hbs_ctx *ctx, const char *what)
{
    return hbs_fail(ctx, HBS_ERR_FORMAT, "key", "give NAME+ID+BASE64 as it was printed", "%s", what);
}

/* NAME+ID+BASE64 after any mark: name, id, kind and 32 bytes. */
static enum hbs_err key_read(struct hbs_ctx *ctx, const char *text, size_t size, struct hbs_ledger_key *key,
                             uint8_t bytes[32])
{
    const char *end = text + size, *plus = memchr(text, '+', size);
    if (!plus || end - plus < 10 || plus[9] != '+' || !ledger_name_good(text, (size_t)(plus - text)))
        return bad_key(ctx, "this is not a key");
    uint8_t id[4], raw[KEY_BYTES_MAX];
    size_t got = 0;
    for (int i = 1; i < 9; i++)
        if (!((plus[i] >= '0' && plus[i] <= '9') || (plus[i] >= 'a' && plus[i] <= 'f')))
            return bad_key(ctx, "the id of the key is not eight small hexadecimal digits");
    if (sodium_hex2bin(id, sizeof id, plus + 1, 8, NULL, &got, NULL) || got != 4)
        return bad_key(ctx, "the id of the key is not eight small hexadecimal digits");
    long n = ledger_base64(plus + 10, (size_t)(end - plus - 10), raw, sizeof raw);
    if (n < 1)
        return bad_key(ctx, "the key's bytes are not base64, or too many");
    if (!kind_known(raw[0]))
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "key", "use an Ed25519 key", "keys of type %u are not known here",
                        raw[0]);
    size_t head = raw[0] == HBS_LEDGER_KEY_READER ? 1 + READER_KIND : 1;
    if ((size_t)n != head + 32 || (head > 1 && memcmp(raw + 1, reader_kind, READER_KIND) != 0)) {
        sodium_memzero(raw, sizeof raw);
        return bad_key(ctx, "the key has the wrong number of bytes");
    }
    memset(key, 0, sizeof *key);
    memcpy(key->name, text, (size_t)(plus - text));
    key->kind = (enum hbs_ledger_key_kind)raw[0];
    key->id = hbs_be32(id);
    memcpy(bytes, raw + head, 32);
    sodium_memzero(raw, sizeof raw);
    return HBS_OK;
}

static void trim(const char **text, size_t *size)
{
    while (*size && (**text == ' ' || **text == '\n' || **text == '\r' || **text == '\t'))
        ++*text, --*size;
    while (*size && strchr(" \n\r\t", (*text)[*size - 1]))
        --*size;
}

enum hbs_err hbs_ledger_key_parse(struct hbs_ctx *ctx, const char *text, size_t size, struct hbs_ledger_key *out)
{
    struct hbs_ledger_key key;
    uint8_t bytes[32];
    trim(&text, &size);
    if (size > sizeof private_mark && !memcmp(text, private_mark, sizeof private_mark - 1))
        return hbs_fail(ctx, HBS_ERR_USAGE, "key", "give the public key", "this is a private key");
    enum hbs_err err = key_read(ctx, text, size, &key, bytes);
    if (err)
        return err;
    memcpy(key.bytes, bytes, 32);
    if (key_id(&key) != key.id)
        return bad_key(ctx, "the id is not this key's: something was changed");
    *out = key;
    return HBS_OK;
}

static enum hbs_err print(const struct hbs_ledger_key *key, const char *mark, const uint8_t bytes[32],
                          struct hbs_buf *out)
{
    uint8_t raw[KEY_BYTES_MAX];
    size_t n = key_bytes(key->kind, bytes, raw);
    enum hbs_err err = hbs_buf_reserve(out, sizeof private_mark + HBS_LEDGER_NAME_MAX + 96);
    if (!err)
        err = hbs_buf_printf(out, "%s%s+%08x+", mark, key->name, (unsigned)key->id);
    if (!err)
        err = ledger_base64_put(out, raw, n);
    sodium_memzero(raw, sizeof raw);
    return err;
}

enum hbs_err hbs_ledger_key_print(const struct hbs_ledger_key *key, struct hbs_buf *out)
{
    return print(key, "", key->bytes, out);
}

enum hbs_err hbs_ledger_secret_print(const struct hbs_ledger_secret *secret, struct hbs_buf *out)
{
    return print(&secret->key, private_mark, secret->seed, out);
}

enum hbs_err hbs_ledger_secret_parse(struct hbs_ctx *ctx, const char *text, size_t size,
                                     struct hbs_ledger_secret *out)
{
    enum hbs_err err = ledger_ready(ctx);
    if (err)
        return err;
    struct hbs_ledger_secret s = {0};
    trim(&text, &size);
    size_t mark = sizeof private_mark - 1;
    if (size <= mark || memcmp(text, private_mark, mark) != 0)
        return bad_key(ctx, "this is not a private key");
    err = key_read(ctx, text + mark, size - mark, &s.key, s.seed);
    if (!err) {
        uint32_t id = s.key.id;
        key_derive(&s);
        if (id != s.key.id)
            err = bad_key(ctx, "the id is not this key's: something was changed");
        else
            *out = s;
    }
    sodium_memzero(&s, sizeof s);
    return err;
}

bool hbs_ledger_key_same(const struct hbs_ledger_key *a, const struct hbs_ledger_key *b)
{
    return a->kind == b->kind && a->id == b->id && !strcmp(a->name, b->name) && !memcmp(a->bytes, b->bytes, 32);
}
