/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: from an act to an entry and back. An entry shows commitments, wrapped keys and a
 * ciphertext, and its length is one of a few: without a key it tells nothing about whom it concerns
 * (docs/formats/ledger-entry.md states every byte, docs/decisions/ledger-sealing.md why).
 *
 * Commitments are SHA-256 of a label, a key of 32 bytes and the content. Keys of persons and of the
 * payload are derived from the entry's one random key by HMAC-SHA-256 (RFC 2104); wrapping is X25519
 * (RFC 7748) and HMAC as a stream of 32 bytes; the payload is XChaCha20-Poly1305. One key pair of the
 * sealer's serves some thousand entries: a key agreement costs a third of what an append may.
 */
#include "ledger_int.h"

static const char label_inspector[] = "habeas-ledger/1 inspector", label_person[] = "habeas-ledger/1 person";
static const char label_payload[] = "habeas-ledger/1 payload";
static const char label_wrap_inspector[] = "habeas-ledger/1 wrap inspector";
static const char label_wrap_person[] = "habeas-ledger/1 wrap person";
enum { HEAD = 3 + 32 + 32, TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES };

struct part {
    const void *data;
    size_t size;
};
#define LABEL(text) {text, sizeof text - 1}

static void hmac(const uint8_t key[32], const struct part *parts, size_t count, uint8_t out[32])
{
    crypto_auth_hmacsha256_state s;
    crypto_auth_hmacsha256_init(&s, key, 32);
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&s, parts[i].data, parts[i].size);
    crypto_auth_hmacsha256_final(&s, out);
    sodium_memzero(&s, sizeof s);
}

static void commit(const char *label, size_t label_size, const uint8_t key[32], const void *content, size_t size,
                   uint8_t out[32])
{
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    crypto_hash_sha256_update(&s, (const uint8_t *)label, label_size);
    crypto_hash_sha256_update(&s, key, 32);
    crypto_hash_sha256_update(&s, content, size);
    crypto_hash_sha256_final(&s, out);
    sodium_memzero(&s, sizeof s);
}

void ledger_person_commitment(const uint8_t key[32], const void *content, size_t size, uint8_t out[32])
{
    commit(label_person, sizeof label_person - 1, key, content, size, out);
}

static void person_key(const uint8_t key[32], uint8_t person, uint8_t out[32])
{
    hmac(key, (struct part[]){LABEL(label_person), {&person, 1}}, 2, out);
}

/* Wraps or unwraps (it is its own reverse) a key for the reader with public key `reader`. */
static void wrap(const uint8_t shared[32], const uint8_t sealer[32], const uint8_t reader[32],
                 const uint8_t commitment[32], int slot, const uint8_t in[32], uint8_t out[32])
{
    uint8_t stream[32], number = (uint8_t)slot;
    if (slot < 0)
        hmac(shared, (struct part[]){LABEL(label_wrap_inspector), {sealer, 32}, {reader, 32}, {commitment, 32}}, 4,
             stream);
    else
        hmac(shared,
             (struct part[]){LABEL(label_wrap_person), {sealer, 32}, {reader, 32}, {commitment, 32}, {&number, 1}}, 5,
             stream);
    for (int i = 0; i < 32; i++)
        out[i] = in[i] ^ stream[i];
    sodium_memzero(stream, sizeof stream);
}

/* ---- Sealing ---------------------------------------------------------------------------------- */

enum hbs_err ledger_sealer_make(struct hbs_ctx *ctx, const struct hbs_ledger_key *inspectors, uint32_t count,
                                struct hbs_ledger_sealer *out)
{
    enum hbs_err err = ledger_ready(ctx);
    if (err)
        return err;
    if (count > HBS_LEDGER_INSPECTORS_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "inspectors", "name fewer", "at most %u inspectors",
                        HBS_LEDGER_INSPECTORS_MAX);
    memset(out, 0, sizeof *out);
    randombytes_buf(out->scalar, sizeof out->scalar);
    crypto_scalarmult_base(out->bytes, out->scalar);
    out->count = count;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out->inspector[i], inspectors[i].bytes, 32);
        if (inspectors[i].kind != HBS_LEDGER_KEY_READER ||
            crypto_scalarmult(out->shared[i], out->scalar, inspectors[i].bytes)) {
            sodium_memzero(out, sizeof *out);
            return hbs_fail(ctx, HBS_ERR_FORMAT, inspectors[i].name, "ask the inspector for a reader's key",
                            "nothing can be sealed to this key");
        }
    }
    return HBS_OK;
}

enum hbs_err hbs_ledger_sealer_open(struct hbs_ctx *ctx, const struct hbs_ledger_key *inspectors, uint32_t count,
                                    struct hbs_ledger_sealer **out)
{
    struct hbs_ledger_sealer *s = hbs_alloc(ctx, 1, sizeof *s);
    if (!s)
        return hbs_fail_memory(ctx, sizeof *s);
    enum hbs_err err = ledger_sealer_make(ctx, inspectors, count, s);
    if (err)
        hbs_free(ctx, s);
    else
        *out = s;
    return err;
}

void hbs_ledger_sealer_close(struct hbs_ctx *ctx, struct hbs_ledger_sealer *sealer)
{
    if (sealer)
        sodium_memzero(sealer, sizeof *sealer);
    hbs_free(ctx, sealer);
}

static uint32_t slots_for(uint32_t persons)
{
    uint32_t n = 1;
    while (n < persons)
        n *= 2;
    return n;
}

enum hbs_err hbs_ledger_seal(struct hbs_ctx *ctx, const struct hbs_ledger_sealer *sealer,
                             const struct hbs_ledger_item *item, struct hbs_ledger_sealed *out)
{
    out->entry.size = out->content.size = 0;
    enum hbs_err err = ledger_content_make(ctx, item, &out->content);
    if (err)
        return err;
    const uint8_t *content = out->content.data;
    size_t size = out->content.size, padded = ledger_content_class(size);
    uint32_t slots = slots_for(item->persons);
    size_t head = HEAD + 32 * (size_t)sealer->count + 64 * (size_t)slots, bytes = head + padded + TAG;
    if (!ALWAYS(padded) || !ALWAYS(bytes <= HBS_LEDGER_ENTRY_MAX))
        return hbs_fail(ctx, HBS_ERR_BUG, "", "report this", "an entry grew too large");
    if ((err = hbs_buf_reserve(&out->entry, bytes)))
        return err;
    uint8_t key[32], payload_key[32], shared[32], *p = out->entry.data;
    randombytes_buf(key, sizeof key);
    p[0] = LEDGER_ENTRY_SEALED;
    p[1] = (uint8_t)sealer->count;
    p[2] = (uint8_t)slots;
    memcpy(p + 3, sealer->bytes, 32);
    uint8_t *commitment = p + 35, *at = p + HEAD;
    commit(label_inspector, sizeof label_inspector - 1, key, content, size, commitment);
    for (uint32_t i = 0; i < sealer->count; i++, at += 32)
        wrap(sealer->shared[i], sealer->bytes, sealer->inspector[i], commitment, -1, key, at);
    randombytes_buf(at, 64 * (size_t)slots); /* what no person fills */
    for (uint32_t j = 0; j < item->persons; j++, at += 64) {
        const struct hbs_ledger_key *reader = item->person_keys ? item->person_keys[j] : NULL;
        person_key(key, (uint8_t)j, out->person_key[j]);
        ledger_person_commitment(out->person_key[j], content, size, at);
        if (!reader)
            continue;
        if (reader->kind != HBS_LEDGER_KEY_READER || crypto_scalarmult(shared, sealer->scalar, reader->bytes)) {
            err = hbs_fail(ctx, HBS_ERR_USAGE, reader->name, "give the person's reader key",
                           "nothing can be sealed to this key");
            goto done;
        }
        wrap(shared, sealer->bytes, reader->bytes, commitment, (int)j, out->person_key[j], at + 32);
    }
    /* the payload, in place: content, end mark, zeros */
    uint8_t *payload = p + head;
    memcpy(payload, content, size);
    payload[size] = 0x80;
    memset(payload + size + 1, 0, padded - size - 1);
    static const uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    hmac(key, (struct part[]){LABEL(label_payload)}, 1, payload_key);
    crypto_aead_xchacha20poly1305_ietf_encrypt(payload, NULL, payload, padded, p, head, NULL, nonce, payload_key);
    out->entry.size = bytes;
    out->persons = item->persons;
done:
    sodium_memzero(key, sizeof key);
    sodium_memzero(payload_key, sizeof payload_key);
    sodium_memzero(shared, sizeof shared);
    return err;
}

void hbs_ledger_sealed_init(struct hbs_ledger_sealed *sealed, struct hbs_ctx *ctx)
{
    memset(sealed, 0, sizeof *sealed);
    hbs_buf_init(&sealed->entry, ctx, HBS_LEDGER_ENTRY_MAX);
    hbs_buf_init(&sealed->content, ctx, LEDGER_CONTENT_MAX);
}

void hbs_ledger_sealed_close(struct hbs_ledger_sealed *sealed)
{
    if (sealed->content.data)
        sodium_memzero(sealed->content.data, sealed->content.capacity);
    hbs_buf_close(&sealed->entry);
    hbs_buf_close(&sealed->content);
    sodium_memzero(sealed->person_key, sizeof sealed->person_key);
    sealed->persons = 0;
}

/* ---- Opening ---------------------------------------------------------------------------------- */

enum hbs_err ledger_entry_parse(struct hbs_ctx *ctx, const void *data, size_t size, struct ledger_entry *out)
{
    const uint8_t *p = data;
    bool good = size > HEAD && size <= HBS_LEDGER_ENTRY_MAX && p[0] == LEDGER_ENTRY_SEALED &&
                p[1] <= HBS_LEDGER_INSPECTORS_MAX && p[2] && p[2] <= HBS_LEDGER_PERSONS_MAX && !(p[2] & (p[2] - 1));
    size_t head = good ? HEAD + 32 * (size_t)p[1] + 64 * (size_t)p[2] : 0;
    if (!good || size < head + TAG + 1 || ledger_content_class(size - head - TAG - 1) != size - head - TAG)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "entry", "see that it is whole", "this is not a sealed entry");
    *out = (struct ledger_entry){.inspectors = p[1],
                                 .slots = p[2],
                                 .sealer = p + 3,
                                 .commitment = p + 35,
                                 .inspector = p + HEAD,
                                 .slot = p + HEAD + 32 * (size_t)p[1],
                                 .payload = p + head,
                                 .payload_size = size - head,
                                 .head_size = head};
    return HBS_OK;
}

static enum hbs_err not_theirs(struct hbs_ctx *ctx, const char *name)
{
    return hbs_fail(ctx, HBS_ERR_NOT_FOUND, name, "try another key", "nothing in this entry was sealed to this key");
}

enum hbs_err hbs_ledger_unseal(struct hbs_ctx *ctx, const void *entry, size_t size,
                               const struct hbs_ledger_secret *inspector, struct hbs_ledger_opened *out)
{
    struct ledger_entry e;
    uint8_t shared[32], key[32], payload_key[32], sum[32];
    static const uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    enum hbs_err err = ledger_ready(ctx);
    if (!err)
        err = ledger_entry_parse(ctx, entry, size, &e);
    if (err)
        return err;
    if (inspector->key.kind != HBS_LEDGER_KEY_READER || crypto_scalarmult(shared, inspector->seed, e.sealer))
        return not_theirs(ctx, inspector->key.name);
    size_t padded = e.payload_size - TAG;
    uint8_t *plain = hbs_alloc(ctx, 1, padded);
    if (!plain)
        return hbs_fail_memory(ctx, padded);
    bool opened = false;
    for (uint32_t i = 0; i < e.inspectors && !opened; i++) {
        wrap(shared, e.sealer, inspector->key.bytes, e.commitment, -1, e.inspector + 32 * (size_t)i, key);
        hmac(key, (struct part[]){LABEL(label_payload)}, 1, payload_key);
        opened = !crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, e.payload, e.payload_size, entry,
                                                             e.head_size, nonce, payload_key);
    }
    size_t n = padded;
    while (opened && n && !plain[n - 1])
        n--;
    if (!opened) {
        err = not_theirs(ctx, inspector->key.name);
    } else if (!n || plain[n - 1] != 0x80 || ledger_content_class(n - 1) != padded) {
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "entry", "keep it: whoever made it is at fault",
                       "the sealed content is not filled up as it should be");
    } else {
        n--;
        commit(label_inspector, sizeof label_inspector - 1, key, plain, n, sum);
        if (sodium_memcmp(sum, e.commitment, 32))
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "entry", "keep it: whoever made it is at fault",
                           "the inspector's commitment is to something else");
        if (!err && (err = ledger_content_read(ctx, plain, n, out)) == HBS_ERR_FORMAT)
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "entry", "keep it: whoever made it is at fault",
                           "the sealed content cannot be read");
        if (!err && (slots_for(out->persons) != e.slots))
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "entry", "keep it: whoever made it is at fault",
                           "%u persons do not go with %u slots", out->persons, e.slots);
        for (uint32_t j = 0; !err && j < out->persons; j++) {
            person_key(key, (uint8_t)j, shared);
            ledger_person_commitment(shared, plain, n, sum);
            if (sodium_memcmp(sum, e.slot + 64 * (size_t)j, 32))
                err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "entry", "keep it: whoever made it is at fault",
                               "person %u's commitment is to something else than the inspector's", j);
        }
    }
    sodium_memzero(plain, padded);
    hbs_free(ctx, plain);
    sodium_memzero(key, sizeof key);
    sodium_memzero(shared, sizeof shared);
    sodium_memzero(payload_key, sizeof payload_key);
    return err;
}

enum hbs_err hbs_ledger_person_key(struct hbs_ctx *ctx, const void *entry, size_t size,
                                   const struct hbs_ledger_secret *person, const void *content, size_t content_size,
                                   uint8_t out[32])
{
    struct ledger_entry e;
    uint8_t shared[32], key[32], sum[32];
    enum hbs_err err = ledger_ready(ctx);
    if (!err)
        err = ledger_entry_parse(ctx, entry, size, &e);
    if (err)
        return err;
    if (person->key.kind != HBS_LEDGER_KEY_READER || crypto_scalarmult(shared, person->seed, e.sealer))
        return not_theirs(ctx, person->key.name);
    bool found = false;
    for (uint32_t j = 0; j < e.slots && !found; j++) {
        const uint8_t *slot = e.slot + 64 * (size_t)j;
        wrap(shared, e.sealer, person->key.bytes, e.commitment, (int)j, slot + 32, key);
        ledger_person_commitment(key, content, content_size, sum);
        found = !sodium_memcmp(sum, slot, 32);
    }
    if (found)
        memcpy(out, key, 32);
    sodium_memzero(key, sizeof key);
    sodium_memzero(shared, sizeof shared);
    return found ? HBS_OK : not_theirs(ctx, person->key.name);
}
