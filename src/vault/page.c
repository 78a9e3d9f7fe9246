/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: one page of the key tree. A leaf has the keys of 127 subjects, an inner page number and
 * key of 113 children. A page is encrypted under a key that is drawn when it is written and never used
 * again, held by its parent: the nodes and edges of the key disclosure graph of Reardon et al., CCS
 * 2013. Associated data bind it to its file, its number, its level and its first subject, so that a page
 * put anywhere else does not open. Touches the key file through the vault's table only.
 */
#include "vault_int.h"

#include <sodium.h>
#include <stdio.h>

/* The key is used once, so the nonce may be constant. */
static const uint8_t no_nonce[VAULT_NONCE];

#define BOUND (16u + VAULT_ID + 8u + 1u + 8u)

static void bind(const uint8_t *id, int level, uint64_t number, uint64_t first, uint8_t out[BOUND])
{
    memcpy(out, "habeas key page", 16); /* with its zero */
    memcpy(out + 16, id, VAULT_ID);
    hbs_put_le64(out + 32, number);
    out[40] = (uint8_t)level;
    hbs_put_le64(out + 41, first);
}

void vault_page_seal(const uint8_t *id, int level, uint64_t number, uint64_t first, const uint8_t *key,
                     const uint8_t *body, uint8_t *page)
{
    uint8_t bound[BOUND];
    bind(id, level, number, first, bound);
    crypto_aead_xchacha20poly1305_ietf_encrypt(page, NULL, body, VAULT_BODY, bound, sizeof bound, NULL,
                                               no_nonce, key);
}

enum hbs_err vault_page_write(struct hbs_vault *v, int level, uint64_t number, uint64_t first, uint8_t *key,
                              const uint8_t *body)
{
    randombytes_buf(key, HBS_VAULT_KEY); /* here and nowhere else: one key, one page, one writing */
    vault_page_seal(v->s->root.id, level, number, first, key, body, v->cipher);
    int code = v->io->write(v->io->user, v->file, v->cipher, VAULT_PAGE, number * VAULT_PAGE);
    return code ? vault_io_fail(v->ctx, v->path, "write", code) : HBS_OK;
}

/* What the entries of a page that opened may be. They were written by us, so nothing else than a bug
 * or somebody with the keys makes them wrong; they are checked all the same. */
static const char *entries_wrong(const struct hbs_vault *v, int level, const uint8_t *body)
{
    bool any = false;
    if (level == 0) {
        for (unsigned i = 0; i < VAULT_LEAF; i++)
            any |= vault_bit(body, i);
        if (vault_bit(body, VAULT_LEAF))
            return "a leaf has a key too many";
        return any ? NULL : "a leaf has no key";
    }
    for (unsigned i = 0; i < VAULT_FAN; i++) {
        uint32_t child = hbs_le32(body + i * VAULT_ENTRY);
        any |= child != 0;
        if (child >= v->pages)
            return "a child lies behind the end";
    }
    for (unsigned i = VAULT_FAN * VAULT_ENTRY; i < VAULT_BODY; i++)
        if (body[i])
            return "reserved bytes are not zero";
    return any ? NULL : "an inner page has no child";
}

enum hbs_err vault_page_read(struct hbs_vault *v, int level, uint64_t number, uint64_t first,
                             const uint8_t *key, uint8_t *body)
{
    char where[160];
    snprintf(where, sizeof where, "%.120s page %llu", v->path, (unsigned long long)number);
    const char *wrong = "the page does not open: it is damaged or not of this epoch";
    if (number == 0 || number >= v->pages) {
        wrong = "the page lies behind the end of the file";
    } else {
        size_t got;
        int code = v->io->read(v->io->user, v->file, v->cipher, VAULT_PAGE, number * VAULT_PAGE, &got);
        if (code)
            return vault_io_fail(v->ctx, v->path, "read", code);
        uint8_t bound[BOUND];
        bind(v->s->root.id, level, number, first, bound);
        if (got == VAULT_PAGE &&
            crypto_aead_xchacha20poly1305_ietf_decrypt(body, NULL, NULL, v->cipher, VAULT_PAGE, bound,
                                                       sizeof bound, no_nonce, key) == 0)
            wrong = entries_wrong(v, level, body);
        else if (got < VAULT_PAGE)
            wrong = "the file ends within the page";
    }
    if (!wrong)
        return HBS_OK;
    sodium_memzero(body, VAULT_BODY);
    return hbs_fail(v->ctx, HBS_ERR_INTEGRITY, where,
                    "put the present key file back; an older copy cannot be opened", "%s", wrong);
}
