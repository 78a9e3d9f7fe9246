/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: the tree. Hashes and proofs as in RFC 6962, 2.1 (Merkle trees over lists of any
 * length); the checks are the step by step ones of RFC 9162, 2.1.3.2 and 2.1.4.2.
 *
 * Proofs are made from nodes of complete subtrees, which never change once they are there: any size
 * up to the present one can be proved from them.
 */
#include "ledger_int.h"

void hbs_ledger_leaf_hash(const void *entry, size_t size, uint8_t out[HBS_LEDGER_HASH])
{
    static const uint8_t zero = 0;
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    crypto_hash_sha256_update(&s, &zero, 1);
    crypto_hash_sha256_update(&s, entry, size);
    crypto_hash_sha256_final(&s, out);
}

void hbs_ledger_node_hash(const uint8_t left[HBS_LEDGER_HASH], const uint8_t right[HBS_LEDGER_HASH],
                          uint8_t out[HBS_LEDGER_HASH])
{
    uint8_t both[65] = {1};
    memcpy(both + 1, left, 32);
    memcpy(both + 33, right, 32);
    crypto_hash_sha256(out, both, sizeof both);
}

/* ---- Making proofs ---------------------------------------------------------------------------- */

/* The largest power of two below n; n > 1. */
static uint64_t split(uint64_t n) { return 1ull << (63 - __builtin_clzll(n - 1)); }

/* MTH(D[begin:end]) where `begin` is a multiple of the least power of two that is not below end - begin:
 * complete subtrees from left to right, folded from the right. */
static enum hbs_err range_hash(const struct ledger_nodes *nodes, struct hbs_ctx *ctx, uint64_t begin, uint64_t end,
                               uint8_t out[HBS_LEDGER_HASH])
{
    uint8_t part[64][HBS_LEDGER_HASH];
    unsigned count = 0;
    do {
        unsigned height = 63 - (unsigned)__builtin_clzll(end - begin);
        enum hbs_err err = nodes->node(nodes->user, ctx, height, begin >> height, part[count]);
        if (err)
            return err;
        count++;
        begin += 1ull << height;
    } while (begin < end);
    memcpy(out, part[--count], HBS_LEDGER_HASH);
    while (count--)
        hbs_ledger_node_hash(part[count], out, out);
    return HBS_OK;
}

enum hbs_err ledger_tree_root(const struct ledger_nodes *nodes, struct hbs_ctx *ctx, uint64_t size,
                              uint8_t out[HBS_LEDGER_HASH])
{
    if (!size) {
        crypto_hash_sha256(out, NULL, 0);
        return HBS_OK;
    }
    return range_hash(nodes, ctx, 0, size, out);
}

static void reverse(uint8_t (*hashes)[HBS_LEDGER_HASH], uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        uint8_t t[HBS_LEDGER_HASH];
        memcpy(t, hashes[i], sizeof t);
        memcpy(hashes[i], hashes[count - 1 - i], sizeof t);
        memcpy(hashes[count - 1 - i], t, sizeof t);
    }
}

/* PATH(m, D[n]): walks down from the root and notes the sibling of each step. */
enum hbs_err ledger_tree_prove(const struct ledger_nodes *nodes, struct hbs_ctx *ctx, uint64_t index, uint64_t size,
                               uint8_t (*hashes)[HBS_LEDGER_HASH], uint32_t *count)
{
    uint64_t lo = 0, hi = size;
    uint32_t n = 0;
    while (hi - lo > 1) {
        uint64_t middle = lo + split(hi - lo);
        bool left = index < middle;
        enum hbs_err err = left ? range_hash(nodes, ctx, middle, hi, hashes[n])
                                : range_hash(nodes, ctx, lo, middle, hashes[n]);
        if (err)
            return err;
        n++;
        *(left ? &hi : &lo) = middle;
    }
    reverse(hashes, n);
    *count = n;
    return HBS_OK;
}

/* SUBPROOF(m, D[n], true): walks down to where the old tree ends. */
enum hbs_err ledger_tree_consistency(const struct ledger_nodes *nodes, struct hbs_ctx *ctx, uint64_t old_size,
                                     uint64_t new_size, uint8_t (*hashes)[HBS_LEDGER_HASH], uint32_t *count)
{
    uint64_t lo = 0, hi = new_size;
    uint32_t n = 0;
    enum hbs_err err;
    bool whole = true; /* what is left of the old tree is the old tree itself: its root is known */
    *count = 0;
    if (!old_size || old_size == new_size)
        return HBS_OK;
    while (old_size != hi) {
        uint64_t middle = lo + split(hi - lo);
        bool left = old_size <= middle;
        err = left ? range_hash(nodes, ctx, middle, hi, hashes[n]) : range_hash(nodes, ctx, lo, middle, hashes[n]);
        if (err)
            return err;
        n++;
        if (left) {
            hi = middle;
        } else {
            lo = middle;
            whole = false;
        }
    }
    if (!whole) {
        if ((err = range_hash(nodes, ctx, lo, hi, hashes[n])))
            return err;
        n++;
    }
    reverse(hashes, n);
    *count = n;
    return HBS_OK;
}

/* ---- Checking them ---------------------------------------------------------------------------- */

static enum hbs_err does_not_hold(struct hbs_ctx *ctx, const char *what)
{
    return hbs_fail(ctx, HBS_ERR_INTEGRITY, "proof", "ask for it again, and for the checkpoint that it belongs to",
                    "%s", what);
}

enum hbs_err hbs_ledger_check_inclusion(struct hbs_ctx *ctx, uint64_t index, uint64_t size,
                                        const uint8_t leaf[HBS_LEDGER_HASH], const uint8_t (*proof)[HBS_LEDGER_HASH],
                                        size_t count, const uint8_t root[HBS_LEDGER_HASH])
{
    if (index >= size)
        return does_not_hold(ctx, "the index lies beyond the tree");
    uint64_t fn = index, sn = size - 1;
    uint8_t r[HBS_LEDGER_HASH];
    memcpy(r, leaf, sizeof r);
    for (size_t i = 0; i < count; i++) {
        if (!sn)
            return does_not_hold(ctx, "the proof is too long");
        if ((fn & 1) || fn == sn) {
            hbs_ledger_node_hash(proof[i], r, r);
            while (!(fn & 1) && fn) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            hbs_ledger_node_hash(r, proof[i], r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn)
        return does_not_hold(ctx, "the proof is too short");
    return memcmp(r, root, sizeof r) ? does_not_hold(ctx, "the leaf is not in that tree") : HBS_OK;
}

enum hbs_err hbs_ledger_check_consistency(struct hbs_ctx *ctx, uint64_t old_size,
                                          const uint8_t old_root[HBS_LEDGER_HASH], uint64_t new_size,
                                          const uint8_t new_root[HBS_LEDGER_HASH],
                                          const uint8_t (*proof)[HBS_LEDGER_HASH], size_t count)
{
    if (old_size > new_size)
        return does_not_hold(ctx, "the newer tree is the smaller one");
    if (!old_size || old_size == new_size) {
        if (count)
            return does_not_hold(ctx, "the proof is too long");
        if (old_size && memcmp(old_root, new_root, HBS_LEDGER_HASH) != 0)
            return does_not_hold(ctx, "two histories of one size");
        return HBS_OK;
    }
    /* an old tree that is a complete subtree is its own first node */
    bool complete = !(old_size & (old_size - 1));
    if (!complete && !count)
        return does_not_hold(ctx, "the proof is too short");
    uint64_t fn = old_size - 1, sn = new_size - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    uint8_t fr[HBS_LEDGER_HASH], sr[HBS_LEDGER_HASH];
    const uint8_t *first = complete ? old_root : proof[0];
    memcpy(fr, first, sizeof fr);
    memcpy(sr, first, sizeof sr);
    for (size_t i = !complete; i < count; i++) {
        if (!sn)
            return does_not_hold(ctx, "the proof is too long");
        if ((fn & 1) || fn == sn) {
            hbs_ledger_node_hash(proof[i], fr, fr);
            hbs_ledger_node_hash(proof[i], sr, sr);
            while (!(fn & 1) && fn) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            hbs_ledger_node_hash(sr, proof[i], sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn)
        return does_not_hold(ctx, "the proof is too short");
    if (memcmp(fr, old_root, sizeof fr) != 0 || memcmp(sr, new_root, sizeof sr) != 0)
        return does_not_hold(ctx, "the newer tree does not hold the older one unchanged");
    return HBS_OK;
}
