/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: a record and its sealed form. A fresh random key for each record, wrapped by the
 * subject's key; XChaCha20-Poly1305 for both (libsodium; RFC 8439, draft-irtf-cfrg-xchacha-03), both
 * bound to table, subject and version as associated data. docs/formats/vault-keys.md has the bytes.
 *
 * A record's key is on the stack for the time of a call, as the cipher's own state is, and wiped.
 */
#include "vault_int.h"

#include <sodium.h>
#include <stdio.h>

enum {
    HEAD = 8,
    KEY_AT = HEAD + (int)VAULT_NONCE,                                       /* the wrapped key */
    NONCE_AT = KEY_AT + HBS_VAULT_KEY + (int)VAULT_TAG,                     /* of the record */
    TEXT_AT = NONCE_AT + (int)VAULT_NONCE,
    PART_KEY = 1,
    PART_TEXT = 2
};
_Static_assert(TEXT_AT + VAULT_TAG == HBS_VAULT_SEALED_EXTRA, "the header says what sealing adds");

static const uint8_t head[HEAD] = {'H', 'b', 's', 'S', 1, 0, 0, 0};

/* What both layers are bound to, in one encoding: every field has a fixed place or its length before
 * it, so no two labels give the same bytes. */
struct bound {
    uint8_t bytes[16 + HEAD + 2 + HBS_VAULT_TABLE_MAX + 16];
    size_t size;
};

static bool bind(const struct hbs_vault_label *label, int part, struct bound *b)
{
    size_t name = label->table ? strnlen(label->table, HBS_VAULT_TABLE_MAX + 1) : 0;
    if (!name || name > HBS_VAULT_TABLE_MAX)
        return false;
    uint8_t *p = b->bytes;
    memcpy(p, "habeas record 1", 16); /* with its zero */
    memcpy(p + 16, head, HEAD);
    p += 16 + HEAD;
    *p++ = (uint8_t)part;
    *p++ = (uint8_t)name;
    memcpy(p, label->table, name);
    p += name;
    hbs_put_le64(p, label->subject);
    hbs_put_le64(p + 8, label->version);
    b->size = (size_t)(p + 16 - b->bytes);
    return true;
}

static enum hbs_err fail_label(struct hbs_ctx *ctx)
{
    return hbs_fail(ctx, HBS_ERR_USAGE, "table", "give a name of 1 to 63 bytes", "a record needs a table's name");
}

enum hbs_err hbs_vault_seal(struct hbs_ctx *ctx, const uint8_t subject_key[HBS_VAULT_KEY],
                            const struct hbs_vault_label *label, const void *plain, size_t size,
                            struct hbs_buf *out)
{
    enum hbs_err err = vault_sodium(ctx);
    if (err)
        return err;
    struct bound b;
    if (!bind(label, PART_KEY, &b))
        return fail_label(ctx);
    if (size > HBS_VAULT_RECORD_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, label->table, "keep less in one record",
                        "a record of %zu bytes, the limit is %u", size, HBS_VAULT_RECORD_MAX);
    if ((err = hbs_buf_reserve(out, size + HBS_VAULT_SEALED_EXTRA)))
        return err;
    uint8_t *p = out->data + out->size, key[HBS_VAULT_KEY];
    memcpy(p, head, HEAD);
    randombytes_buf(key, sizeof key);
    randombytes_buf(p + HEAD, VAULT_NONCE);
    randombytes_buf(p + NONCE_AT, VAULT_NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(p + KEY_AT, NULL, key, sizeof key, b.bytes, b.size, NULL,
                                               p + HEAD, subject_key);
    (void)bind(label, PART_TEXT, &b);
    crypto_aead_xchacha20poly1305_ietf_encrypt(p + TEXT_AT, NULL, plain, size, b.bytes, b.size, NULL,
                                               p + NONCE_AT, key);
    sodium_memzero(key, sizeof key);
    hbs_secret_scrub();
    out->size += size + HBS_VAULT_SEALED_EXTRA;
    return HBS_OK;
}

enum hbs_err hbs_vault_sealed_size(struct hbs_ctx *ctx, const void *sealed, size_t size, size_t *out)
{
    const uint8_t *p = sealed;
    if (!p || size < HBS_VAULT_SEALED_EXTRA || memcmp(p, head, 4))
        return hbs_fail(ctx, HBS_ERR_FORMAT, "sealed record", "give the whole record as it was sealed",
                        "%zu bytes that are no sealed record", size);
    if (p[4] != head[4])
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "sealed record", "use a later Habeas",
                        "a sealed record of version %u, this build reads 1", p[4]);
    if (memcmp(p + 5, head + 5, HEAD - 5))
        return hbs_fail(ctx, HBS_ERR_FORMAT, "sealed record", "give the record as it was sealed",
                        "reserved bytes are not zero");
    if (size - HBS_VAULT_SEALED_EXTRA > HBS_VAULT_RECORD_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "sealed record", "records are smaller",
                        "a record of %zu bytes, the limit is %u", size - HBS_VAULT_SEALED_EXTRA,
                        HBS_VAULT_RECORD_MAX);
    *out = size - HBS_VAULT_SEALED_EXTRA;
    return HBS_OK;
}

enum hbs_err hbs_vault_unseal(struct hbs_ctx *ctx, const uint8_t subject_key[HBS_VAULT_KEY],
                              const struct hbs_vault_label *label, const void *sealed, size_t size,
                              void *out, size_t room, size_t *plain)
{
    enum hbs_err err = vault_sodium(ctx);
    if (err)
        return err;
    struct bound b;
    if (!bind(label, PART_KEY, &b))
        return fail_label(ctx);
    size_t inside;
    if ((err = hbs_vault_sealed_size(ctx, sealed, size, &inside)))
        return err;
    if (inside && (!out || room < inside))
        return hbs_fail(ctx, HBS_ERR_LIMIT, label->table, "give more room",
                        "the record has %zu bytes, there is room for %zu", inside, room);
    const uint8_t *p = sealed;
    uint8_t key[HBS_VAULT_KEY];
    const char *what = "the record's key does not open with this subject's key";
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(key, NULL, NULL, p + KEY_AT,
                                                         HBS_VAULT_KEY + VAULT_TAG, b.bytes, b.size,
                                                         p + HEAD, subject_key);
    if (!bad) {
        (void)bind(label, PART_TEXT, &b);
        what = "the record does not open: its bytes are not the sealed ones";
        bad = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, p + TEXT_AT, inside + VAULT_TAG,
                                                         b.bytes, b.size, p + NONCE_AT, key);
    }
    sodium_memzero(key, sizeof key);
    hbs_secret_scrub();
    if (bad) {
        if (inside)
            sodium_memzero(out, inside);
        char where[128];
        snprintf(where, sizeof where, "table %s, subject %llu, version %llu", label->table,
                 (unsigned long long)label->subject, (unsigned long long)label->version);
        return hbs_fail(ctx, HBS_ERR_INTEGRITY, where, "restore this record, and find out who changed it",
                        "%s", what);
    }
    *plain = inside;
    return HBS_OK;
}
