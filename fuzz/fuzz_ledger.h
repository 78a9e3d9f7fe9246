/* SPDX-License-Identifier: MPL-2.0
 *
 * What the fuzz targets of room ledger share: keys from fixed seeds, so that a corpus stays good.
 */
#ifndef HABEAS_FUZZ_LEDGER_H
#define HABEAS_FUZZ_LEDGER_H

#include "fuzz.h"
#include "ledger/ledger_int.h"

/* A log's or witness's key pair, or a reader's, from a seed of one byte repeated. */
static inline void fuzz_secret(enum hbs_ledger_key_kind kind, const char *name, uint8_t seed, struct hbs_ledger_secret *out)
{
    uint8_t full[64], text[256], hash[32];
    size_t n = strlen(name);
    FUZZ_PROMISE(sodium_init() >= 0);
    memset(out, 0, sizeof *out);
    memcpy(out->key.name, name, n + 1);
    out->key.kind = kind;
    memset(out->seed, seed, 32);
    if (kind == HBS_LEDGER_KEY_READER)
        crypto_scalarmult_base(out->key.bytes, out->seed);
    else
        crypto_sign_seed_keypair(out->key.bytes, full, out->seed);
    memcpy(text, name, n);
    text[n++] = '\n';
    text[n++] = (uint8_t)kind;
    if (kind == HBS_LEDGER_KEY_READER) {
        memcpy(text + n, "habeas-x25519", 13);
        n += 13;
    }
    memcpy(text + n, out->key.bytes, 32);
    crypto_hash_sha256(hash, text, n + 32);
    out->key.id = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
}

#endif
