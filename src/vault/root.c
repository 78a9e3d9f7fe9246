/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: the root as 128 bytes, and which of the slots' roots is the one. Roots of one key file
 * have rising epochs; a change is done when every slot has its root, and the first slot that got it
 * decides after a crash, because the pages were durable before. Touches slots only.
 */
#include "vault_int.h"

#include <sodium.h>
#include <stdio.h>

#define SUM_AT 96u

static const uint8_t magic[8] = "HbsRoot1";

/* The sum is against torn and stray bytes, not against forgers: who can write a root has the keys anyway,
 * and a wrong one opens no page. */

void vault_root_encode(const struct vault_root *r, uint8_t out[HBS_VAULT_ROOT_BYTES])
{
    memset(out, 0, HBS_VAULT_ROOT_BYTES);
    memcpy(out, magic, 8);
    out[8] = (uint8_t)r->height;
    out[9] = (uint8_t)r->slots;
    memcpy(out + 16, r->id, VAULT_ID);
    hbs_put_le64(out + 32, r->epoch);
    hbs_put_le64(out + 40, r->subjects);
    hbs_put_le64(out + 48, r->page);
    memcpy(out + 56, r->key, HBS_VAULT_KEY);
    crypto_generichash(out + SUM_AT, 32, out, SUM_AT, NULL, 0);
}

/* Everything that the other files rely on is checked here, once: levels and slots within their arrays, a page
 * number that is one, nothing in the reserved bytes. */
bool vault_root_decode(const uint8_t in[HBS_VAULT_ROOT_BYTES], struct vault_root *r)
{
    uint8_t sum[32];
    crypto_generichash(sum, sizeof sum, in, SUM_AT, NULL, 0);
    if (memcmp(in, magic, 8) || sodium_memcmp(sum, in + SUM_AT, sizeof sum))
        return false;
    if (in[8] < 1 || in[8] > VAULT_LEVELS || in[9] < 1 || in[9] > HBS_VAULT_SLOTS_MAX ||
        !sodium_is_zero(in + 10, 6) || !sodium_is_zero(in + 88, 8))
        return false;
    r->height = in[8];
    r->slots = in[9];
    memcpy(r->id, in + 16, VAULT_ID);
    r->epoch = hbs_le64(in + 32);
    r->subjects = hbs_le64(in + 40);
    r->page = hbs_le64(in + 48);
    memcpy(r->key, in + 56, HBS_VAULT_KEY);
    return r->epoch > 0 && r->page > 0 && r->page < VAULT_PAGES_MAX;
}

/* The encoded root is in the clear only here and in the slot's own memory, both locked. */
enum hbs_err vault_root_put(struct hbs_vault *v, int slot, const struct vault_root *root)
{
    vault_root_encode(root, v->s->bytes);
    enum hbs_err err = v->slot[slot]->put(v->slot[slot], v->s->bytes);
    sodium_memzero(v->s->bytes, sizeof v->s->bytes);
    return err;
}

/* Adds to the note why a slot does not count. */
static void note(struct hbs_vault *v, const struct hbs_vault_slot *slot, const char *why)
{
    size_t used = strlen(v->note);
    snprintf(v->note + used, sizeof v->note - used, "%s%.70s: %s", used ? "; " : "", slot->name, why);
}

/* Which root counts: the highest epoch among the slots that answer. That is right at every point of a change,
 * because a slot gets a root only after the pages of that root are durable, and the next change begins only
 * after every slot has it: so two slots differ by one epoch at most (by two after hbs_vault_reslot), and the
 * pages of both are whole.
 *
 * When changes may go on: every slot that the root counts is given and answers. A slot that is silent may hold
 * the root before last; to change then would be to tell somebody that he is forgotten while a device
 * somewhere still opens last week's file. */
enum hbs_err vault_roots_read(struct hbs_vault *v, bool behind[HBS_VAULT_SLOTS_MAX])
{
    struct vault_secrets *s = v->s;
    bool answers[HBS_VAULT_SLOTS_MAX] = {false}, has[HBS_VAULT_SLOTS_MAX] = {false};
    int best = -1;
    v->note[0] = 0;
    v->writable = true;
    enum hbs_err err, first = HBS_OK;
    for (int i = 0; i < v->slots; i++) {
        bool found = false;
        behind[i] = false;
        err = v->slot[i]->get(v->slot[i], s->bytes, &found, &behind[i]);
        answers[i] = !err;
        if (!err && found && !vault_root_decode(s->bytes, &s->seen[i]))
            err = hbs_fail(v->ctx, HBS_ERR_INTEGRITY, v->slot[i]->name, "declare the slot lost",
                           "what the slot holds is no root");
        sodium_memzero(s->bytes, sizeof s->bytes);
        if (err) {
            answers[i] = false;
            if (!first)
                first = err;
            note(v, v->slot[i], hbs_ctx_what(v->ctx));
            continue;
        }
        if (!found)
            continue;
        /* Never healed over: it is the only key to somebody else's tree. */
        if (memcmp(s->seen[i].id, v->head + 16, VAULT_ID))
            return hbs_fail(v->ctx, HBS_ERR_INTEGRITY, v->slot[i]->name,
                            "give each key file the slots it was made with",
                            "the slot holds the root of another key file than %s", v->path);
        has[i] = true;
        if (best < 0 || s->seen[i].epoch > s->seen[best].epoch)
            best = i;
    }
    if (best < 0)
        return first ? first
                     : hbs_fail(v->ctx, HBS_ERR_NOT_FOUND, v->slot[0]->name, "check which slots belong to this file",
                                "no slot holds a root: %s stays closed", v->path);
    s->root = s->seen[best];
    if (s->root.slots != v->slots) {
        v->writable = false;
        if (!v->note[0])
            snprintf(v->note, sizeof v->note, "the tree has %d slots, %d given", s->root.slots, v->slots);
    }
    for (int i = 0; i < v->slots; i++) {
        if (!answers[i]) {
            v->writable = false;
        } else if (!has[i]) {
            /* Empty only because making the tree was interrupted? Otherwise it is a new device, and it
             * takes an operator's word to trust it with the root. */
            behind[i] = true;
            if (s->root.epoch > 1) {
                v->writable = false;
                note(v, v->slot[i], "holds no root");
            }
        } else if (s->seen[i].epoch < s->root.epoch) { /* a stop came between the slots */
            behind[i] = true;
        } else if (sodium_memcmp(&s->seen[i].key, &s->root.key, HBS_VAULT_KEY) ||
                   s->seen[i].page != s->root.page) {
            return hbs_fail(v->ctx, HBS_ERR_INTEGRITY, v->slot[i]->name, "find out which slot is the right one",
                            "two slots hold different roots of epoch %llu", (unsigned long long)s->root.epoch);
        }
    }
    return HBS_OK;
}
