/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: sealing. What an act costs; what an inspector, a person and a receipt open, and what
 * they do not; one encoding of everything; and the guesser, who knows everything but the keys and must
 * not tell two leaves of one person from two of any.
 */
#include "ledger/ledger_int.h"
#include "tap.h"

#include <math.h>

static struct hbs_ctx *ctx;

static void word(char out[HBS_LEDGER_TEXT_MAX + 1], const char *text)
{
    memset(out, 0, HBS_LEDGER_TEXT_MAX + 1);
    memcpy(out, text, strlen(text));
}

static void an_act(struct hbs_ledger_act *a)
{
    memset(a, 0, sizeof *a);
    a->time = 1780000000;
    a->allowed = true;
    word(a->act, "enrol");
    word(a->actor, "officer-4711@north");
    word(a->purpose, "civil-registration");
    word(a->outcome, "done");
    memset(a->law, 0x11, 32);
    memset(a->ruling, 0x22, 32);
    a->obligation_count = 2;
    word(a->obligation[0], "notice");
    word(a->obligation[1], "consent-record");
}

static bool same_act(const struct hbs_ledger_act *a, const struct hbs_ledger_act *b)
{
    return a->time == b->time && a->allowed == b->allowed && !strcmp(a->act, b->act) && !strcmp(a->actor, b->actor) &&
           !strcmp(a->purpose, b->purpose) && !strcmp(a->outcome, b->outcome) && !memcmp(a->law, b->law, 32) &&
           !memcmp(a->ruling, b->ruling, 32) && a->obligation_count == b->obligation_count &&
           a->binding_count == b->binding_count;
}

static void sealing(void)
{
    struct hbs_ledger_secret inspector[3], person, stranger;
    struct hbs_ledger_key keys[3];
    for (int i = 0; i < 3; i++) {
        if (hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "inspector", &inspector[i]))
            return;
        keys[i] = inspector[i].key;
    }
    if (hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "person", &person) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "stranger", &stranger))
        return;
    struct hbs_ledger_act act;
    an_act(&act);
    const struct hbs_ledger_key *persons[3] = {NULL, &person.key, NULL};
    struct hbs_ledger_item item = {.act = &act, .persons = 3, .person_keys = persons};
    struct hbs_ledger_sealer *sealer = NULL;
    struct hbs_ledger_sealed s, t;
    struct hbs_ledger_opened o;
    hbs_ledger_sealed_init(&s, ctx);
    hbs_ledger_sealed_init(&t, ctx);
    hbs_ledger_opened_init(&o, ctx);
    ok(!hbs_ledger_sealer_open(ctx, keys, 2, &sealer), "a sealer for two inspectors");
    ok(!hbs_ledger_seal(ctx, sealer, &item, &s) && s.persons == 3, "an act is sealed");
    for (int i = 0; i < 2; i++)
        ok(!hbs_ledger_unseal(ctx, s.entry.data, s.entry.size, &inspector[i], &o) && !o.is_document && o.persons == 3 &&
               same_act(&o.act, &act) && !strcmp(o.act.obligation[0], "consent-record"),
           "inspector %d opens it", i);
    is_int(hbs_ledger_unseal(ctx, s.entry.data, s.entry.size, &inspector[2], &o), HBS_ERR_NOT_FOUND, "a third does not");
    is_int(hbs_ledger_unseal(ctx, s.entry.data, s.entry.size, &person, &o), HBS_ERR_NOT_FOUND, "nor does a person");
    uint8_t key[32];
    ok(!hbs_ledger_person_key(ctx, s.entry.data, s.entry.size, &person, s.content.data, s.content.size, key) &&
           !memcmp(key, s.person_key[1], 32),
       "the person's private key gives the key of the person's commitment");
    is_int(hbs_ledger_person_key(ctx, s.entry.data, s.entry.size, &stranger, s.content.data, s.content.size, key),
           HBS_ERR_NOT_FOUND, "a stranger's does not");
    is_int(hbs_ledger_person_key(ctx, s.entry.data, s.entry.size, &inspector[0], s.content.data, s.content.size, key),
           HBS_ERR_NOT_FOUND, "nor an inspector's");
    /* every changed byte of an entry is seen: by its leaf, and by who opens it but for others' parts */
    uint8_t leaf[32], changed_leaf[32];
    hbs_ledger_leaf_hash(s.entry.data, s.entry.size, leaf);
    int same_leaf = 0, opened = 0;
    struct ledger_entry e;
    ok(!ledger_entry_parse(ctx, s.entry.data, s.entry.size, &e) && e.inspectors == 2 && e.slots == 4, "the parts of an entry");
    for (size_t i = 0; i < s.entry.size; i++) {
        s.entry.data[i] ^= 0x40;
        hbs_ledger_leaf_hash(s.entry.data, s.entry.size, changed_leaf);
        same_leaf += !memcmp(leaf, changed_leaf, 32);
        o.document.size = 0;
        opened += !hbs_ledger_unseal(ctx, s.entry.data, s.entry.size, &inspector[0], &o);
        s.entry.data[i] ^= 0x40;
    }
    is_int(same_leaf, 0, "each byte counts for the leaf");
    is_int(opened, 0, "and an inspector opens nothing that was changed");
    /* a maker of entries who commits differently to the person than to the inspector is found */
    struct hbs_ledger_sealed lie;
    hbs_ledger_sealed_init(&lie, ctx);
    ok(!hbs_ledger_seal(ctx, sealer, &item, &lie), "another");
    ok(!ledger_entry_parse(ctx, lie.entry.data, lie.entry.size, &e), "whose person's commitment is replaced");
    uint8_t *slot = lie.entry.data + (e.slot - lie.entry.data);
    ledger_person_commitment(lie.person_key[0], "something else", 14, slot);
    enum hbs_err err = hbs_ledger_unseal(ctx, lie.entry.data, lie.entry.size, &inspector[0], &o);
    ok(err == HBS_ERR_NOT_FOUND || err == HBS_ERR_INTEGRITY, "does not open: the slots are authenticated with the payload");
    hbs_ledger_sealed_close(&lie);

    /* lengths */
    hbs_ledger_sealer_close(ctx, sealer);
    ok(!hbs_ledger_sealer_open(ctx, keys, 1, &sealer), "a sealer for one inspector");
    item.persons = 1;
    item.person_keys = NULL;
    ok(!hbs_ledger_seal(ctx, sealer, &item, &s) && s.entry.size == 307, "an act of one person has 307 bytes (%zu)", s.entry.size);
    size_t without = s.entry.size;
    item.person_keys = persons + 1;
    ok(!hbs_ledger_seal(ctx, sealer, &item, &s) && s.entry.size == without, "the same with the person's key");
    item.persons = 0;
    ok(!hbs_ledger_seal(ctx, sealer, &item, &s) && s.entry.size == without, "and of nobody");
    word(act.actor, "o");
    act.obligation_count = 0;
    ok(!hbs_ledger_seal(ctx, sealer, &item, &s) && s.entry.size == without, "and with shorter words");
    an_act(&act);
    act.obligation_count = HBS_LEDGER_OBLIGATIONS_MAX;
    for (uint32_t i = 0; i < act.obligation_count; i++) {
        word(act.obligation[i], "");
        snprintf(act.obligation[i], sizeof act.obligation[i], "%064u", 99 - i);
    }
    act.binding_count = HBS_LEDGER_BINDINGS_MAX;
    for (uint32_t i = 0; i < act.binding_count; i++)
        snprintf(act.binding[i].kind, sizeof act.binding[i].kind, "%064u", i);
    item.persons = 16;
    item.person_keys = NULL;
    ok(!hbs_ledger_seal(ctx, sealer, &item, &s) && !hbs_ledger_unseal(ctx, s.entry.data, s.entry.size, &inspector[0], &o) &&
           o.act.obligation_count == 16 && o.act.binding_count == 4 && o.persons == 16 && o.act.obligation[0][63] == '4',
       "the largest act");
    item.persons = 17;
    is_int(hbs_ledger_seal(ctx, sealer, &item, &s), HBS_ERR_LIMIT, "17 persons are too many");
    item.persons = 1;
    an_act(&act);
    static const char *const bad_words[] = {"", "two words", "\xc3\xa9t\xc3\xa9", "tab\t", "quote\""};
    int taken = 0;
    for (size_t i = 0; i < HBS_COUNT(bad_words); i++) {
        word(act.actor, bad_words[i]);
        taken += hbs_ledger_seal(ctx, sealer, &item, &s) != HBS_ERR_USAGE;
    }
    is_int(taken, 0, "words of other letters are refused");
    memset(act.actor, 'a', sizeof act.actor);
    is_int(hbs_ledger_seal(ctx, sealer, &item, &s), HBS_ERR_USAGE, "so are longer ones");
    an_act(&act);
    word(act.obligation[1], "notice");
    is_int(hbs_ledger_seal(ctx, sealer, &item, &s), HBS_ERR_USAGE, "and an obligation twice");

    /* documents of all lengths around the classes */
    static uint8_t document[HBS_LEDGER_DOCUMENT_MAX + 1];
    for (size_t i = 0; i < sizeof document; i++)
        document[i] = (uint8_t)(i * 7 % 5 ? i : 0x80); /* end marks within */
    item.act = NULL;
    item.document = document;
    int bad = 0;
    static const size_t sizes[] = {0, 1, 124, 125, 126, 127, 188, 189, 190, 1020, 1021, 1022, 1023, 40000, HBS_LEDGER_DOCUMENT_MAX};
    for (size_t i = 0; i < HBS_COUNT(sizes); i++) {
        item.document_size = sizes[i];
        o.document.size = 0;
        bad += hbs_ledger_seal(ctx, sealer, &item, &s) || hbs_ledger_unseal(ctx, s.entry.data, s.entry.size, &inspector[0], &o) ||
               !o.is_document || o.document.size != sizes[i] || (sizes[i] && memcmp(o.document.data, document, sizes[i]) != 0);
    }
    is_int(bad, 0, "documents come back");
    item.document_size = sizeof document;
    is_int(hbs_ledger_seal(ctx, sealer, &item, &s), HBS_ERR_LIMIT, "one byte more is too many");

    /* keys to which nothing can be sealed */
    struct hbs_ledger_key zero = keys[0];
    memset(zero.bytes, 0, 32);
    struct hbs_ledger_sealer *none = NULL;
    is_int(hbs_ledger_sealer_open(ctx, &zero, 1, &none), HBS_ERR_FORMAT, "no sealing to a key of small order");
    const struct hbs_ledger_key *zeros[] = {&zero};
    item = (struct hbs_ledger_item){.act = &act, .persons = 1, .person_keys = zeros};
    an_act(&act);
    is_int(hbs_ledger_seal(ctx, sealer, &item, &s), HBS_ERR_USAGE, "nor to a person's");
    hbs_ledger_sealer_close(ctx, sealer);
    hbs_ledger_sealed_close(&s);
    hbs_ledger_sealed_close(&t);
    hbs_ledger_opened_close(&o);
}

/* Content that says the same otherwise is refused: there is one encoding. */
static void encodings(void)
{
    struct hbs_ledger_act act;
    an_act(&act);
    struct hbs_ledger_item item = {.act = &act, .persons = 1};
    struct hbs_buf content;
    struct hbs_ledger_opened o;
    hbs_buf_init(&content, ctx, 4096);
    hbs_ledger_opened_init(&o, ctx);
    ok(!ledger_content_make(ctx, &item, &content) && !ledger_content_read(ctx, content.data, content.size, &o), "content reads");
    int cut = 0, again_other = 0;
    for (size_t n = 0; n < content.size; n++)
        cut += !ledger_content_read(ctx, content.data, n, &o);
    is_int(cut, 0, "cut content does not");
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    struct hbs_buf again;
    hbs_buf_init(&again, ctx, 4096);
    for (int i = 0; i < 20000; i++) { /* what reads after a change writes back as the same bytes */
        uint8_t changed[4096];
        memcpy(changed, content.data, content.size);
        for (int k = 0; k < 1 + i % 3; k++)
            changed[hbs_rng_below(&rng, (uint32_t)content.size)] = (uint8_t)hbs_rng_u64(&rng);
        o.document.size = again.size = 0;
        if (ledger_content_read(ctx, changed, content.size, &o))
            continue;
        struct hbs_ledger_item back = {.act = o.is_document ? NULL : &o.act, .document = o.document.data,
                                       .document_size = o.document.size, .persons = o.persons};
        again_other += ledger_content_make(ctx, &back, &again) || again.size != content.size ||
                       memcmp(again.data, changed, content.size) != 0;
    }
    is_int(again_other, 0, "what reads has one spelling");
    hbs_buf_close(&content);
    hbs_buf_close(&again);
    hbs_ledger_opened_close(&o);
}

static void receipts(void)
{
    enum { LEAVES = 7 };
    struct hbs_ledger_secret log, witness;
    struct hbs_ledger_sealer *sealer = NULL;
    static struct hbs_ledger_sealed s[LEAVES];
    static struct ledger_edge edge;
    uint8_t leaf[LEAVES][32], root[32];
    struct hbs_ledger_act act;
    an_act(&act);
    if (hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "example.org/log", &log) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_WITNESS, "wit.example/w", &witness) || hbs_ledger_sealer_open(ctx, NULL, 0, &sealer))
        return;
    memset(&edge, 0, sizeof edge);
    for (int i = 0; i < LEAVES; i++) {
        hbs_ledger_sealed_init(&s[i], ctx);
        struct hbs_ledger_item item = {.act = &act, .persons = 2}; /* the very same act, every time */
        if (hbs_ledger_seal(ctx, sealer, &item, &s[i]))
            return;
        hbs_ledger_leaf_hash(s[i].entry.data, s[i].entry.size, leaf[i]);
        ledger_edge_add(&edge, leaf[i], NULL, NULL);
    }
    ledger_edge_root(&edge, root);
    struct hbs_buf note, text, other;
    hbs_buf_init(&note, ctx, 4096);
    hbs_buf_init(&text, ctx, HBS_LEDGER_RECEIPT_MAX);
    hbs_buf_init(&other, ctx, HBS_LEDGER_RECEIPT_MAX);
    ok(!ledger_checkpoint_sign(ctx, &log, LEAVES, root, &note), "a checkpoint of seven acts that are the same");
    static struct hbs_ledger_note parsed;
    struct hbs_ledger_checkpoint c;
    char line[1024];
    ok(!hbs_ledger_checkpoint_open(ctx, note.data, note.size, &log.key, &parsed, &c), "is signed");
    size_t n = parsed.text_size;
    memcpy(line, parsed.text, n);
    ok(!hbs_ledger_note_sign(ctx, line, n, &witness, 1780000100, &note), "and witnessed");
    static struct hbs_ledger_proof proof;
    /* leaf 2 of 7 by hand: 3, (0,1), ((4,5),6) */
    uint8_t a[32], b[32];
    proof.index = 2;
    proof.count = 3;
    memcpy(proof.hash[0], leaf[3], 32);
    hbs_ledger_node_hash(leaf[0], leaf[1], proof.hash[1]);
    hbs_ledger_node_hash(leaf[4], leaf[5], a);
    hbs_ledger_node_hash(a, leaf[6], b);
    memcpy(proof.hash[2], b, 32);
    proof.checkpoint = (const char *)note.data;
    proof.checkpoint_size = note.size;
    ok(!hbs_ledger_receipt_print(ctx, &s[2], 1, &proof, &text), "a receipt is written");
    is_int(hbs_ledger_receipt_print(ctx, &s[2], 2, &proof, &other), HBS_ERR_USAGE, "not for a person who is not there");
    struct hbs_ledger_receipt r;
    struct hbs_ledger_opened o;
    hbs_ledger_opened_init(&o, ctx);
    ok(!hbs_ledger_receipt_open(ctx, text.data, text.size, &log.key, &witness.key, 1, &r, &o) && r.index == 2 &&
           r.witnessed[0] == 1780000100 && same_act(&o.act, &act) && !memcmp(r.leaf, leaf[2], 32),
       "it opens its leaf");
    struct hbs_ledger_secret wrong;
    ok(!hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "example.org/log", &wrong) &&
           hbs_ledger_receipt_open(ctx, text.data, text.size, &wrong.key, NULL, 0, &r, &o) == HBS_ERR_INTEGRITY,
       "not with another log's key");
    /* its key opens no other leaf, and not the other person's commitment in its own */
    int opens = 0;
    for (int i = 0; i < LEAVES; i++) {
        struct ledger_entry e;
        if (ledger_entry_parse(ctx, s[i].entry.data, s[i].entry.size, &e))
            continue;
        for (uint32_t j = 0; j < e.slots; j++) {
            uint8_t sum[32];
            ledger_person_commitment(s[2].person_key[1], s[2].content.data, s[2].content.size, sum);
            opens += !memcmp(sum, e.slot + 64 * (size_t)j, 32);
        }
    }
    is_int(opens, 1, "its key opens one commitment of one leaf, though all say the same");
    /* put onto another leaf it opens nothing: its key with the other's entry and proof */
    int taken = 0;
    for (int i = 0; i < LEAVES; i++) {
        struct hbs_ledger_sealed forged = s[i];
        memcpy(forged.person_key[1], s[2].person_key[1], 32);
        other.size = 0;
        if (i != 2 && !hbs_ledger_receipt_print(ctx, &forged, 1, &proof, &other))
            taken += !hbs_ledger_receipt_open(ctx, other.data, other.size, &log.key, NULL, 0, &r, &o);
    }
    is_int(taken, 0, "put onto another leaf it opens nothing");
    /* no changed byte is taken, but for what has no meaning */
    for (size_t i = 0; i < text.size; i++) {
        text.data[i] ^= 1;
        o.document.size = 0;
        if (!hbs_ledger_receipt_open(ctx, text.data, text.size, &log.key, &witness.key, 1, &r, &o) && r.witnessed[0])
            taken++, printf("# took a change of byte %zu\n", i);
        text.data[i] ^= 1;
    }
    is_int(taken, 0, "no changed receipt is taken as witnessed");
    for (int i = 0; i < LEAVES; i++)
        hbs_ledger_sealed_close(&s[i]);
    hbs_ledger_sealer_close(ctx, sealer);
    hbs_ledger_opened_close(&o);
    hbs_buf_close(&note);
    hbs_buf_close(&text);
    hbs_buf_close(&other);
}

/* ---- The guesser -------------------------------------------------------------------------------- */

/* He knows every act, every person, all public keys, how it all works, and the entries themselves, not
 * only the hashes that are published. He does not have a key. In each round he is given two entries and
 * asked: one person, or two? He may say yes for any reason; each of his reasons is a column. With no
 * reason may he be right more often than by chance. */
enum { REASONS = 8, ROUNDS = 4000 };

static bool reason(int which, const struct hbs_ledger_sealed *x, const struct hbs_ledger_sealed *y,
                   const struct hbs_ledger_key *person)
{
    const uint8_t *p = x->entry.data, *q = y->entry.data;
    size_t n = x->entry.size < y->entry.size ? x->entry.size : y->entry.size;
    struct ledger_entry e, f;
    uint8_t guess[32], key[32] = {0};
    int bits = 0;
    if (ledger_entry_parse(ctx, p, x->entry.size, &e) || ledger_entry_parse(ctx, q, y->entry.size, &f))
        return false;
    switch (which) {
    case 0: /* lengths */
        return x->entry.size == y->entry.size && (x->entry.size & 1);
    case 1: /* any four bytes in common, wherever, beyond what all entries share */
        for (size_t i = 67; i + 4 <= n; i++)
            for (size_t j = 67; j + 4 <= n; j++)
                if (!memcmp(p + i, q + j, 4))
                    return true;
        return false;
    case 2: /* more equal bits than half, beyond what all share */
        for (size_t i = 67; i < n; i++)
            bits += 8 - __builtin_popcount((unsigned)(p[i] ^ q[i]));
        return bits > (int)(n - 67) * 4;
    case 3: /* the wrapped keys differ as the keys would */
        for (int i = 0; i < 32; i++)
            bits += __builtin_popcount((unsigned)(e.slot[32 + i] ^ f.slot[32 + i] ^ e.slot[i] ^ f.slot[i]));
        return bits < 128;
    case 4: /* commitments under guessed keys: zeros, the person's public key, the sealer's */
    case 5:
    case 6:
        memcpy(key, which == 4 ? key : which == 5 ? person->bytes : e.sealer, 32);
        ledger_person_commitment(key, x->content.data, x->content.size, guess);
        return !memcmp(guess, e.slot, 2) || !memcmp(guess, f.slot, 2) || (guess[0] & 1) == (e.slot[0] & 1);
    default: /* the leaves' hashes */
        hbs_ledger_leaf_hash(p, x->entry.size, guess);
        hbs_ledger_leaf_hash(q, y->entry.size, key);
        return (guess[0] ^ key[0]) & 1;
    }
}

static void guesser(void)
{
    enum { PEOPLE = 40 };
    static struct hbs_ledger_secret person[PEOPLE];
    struct hbs_ledger_secret inspector;
    struct hbs_ledger_sealer *sealer = NULL;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    for (int i = 0; i < PEOPLE; i++)
        if (hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "person", &person[i]))
            return;
    if (hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "inspector", &inspector) ||
        hbs_ledger_sealer_open(ctx, &inspector.key, 1, &sealer))
        return;
    int right[REASONS] = {0}, other_length = 0, honest = 0;
    struct hbs_ledger_sealed x, y;
    hbs_ledger_sealed_init(&x, ctx);
    hbs_ledger_sealed_init(&y, ctx);
    for (int round = 0; round < ROUNDS; round++) {
        bool one = hbs_rng_u64(&rng) & 1;
        uint32_t a = hbs_rng_below(&rng, PEOPLE), b = a;
        while (!one && b == a)
            b = hbs_rng_below(&rng, PEOPLE);
        struct hbs_ledger_act act;
        an_act(&act); /* the same act both times: what differs is the person alone */
        act.time += (uint64_t)round;
        /* half of the people have a key of their own, the others only receipts */
        const struct hbs_ledger_key *ka[1] = {a % 2 ? &person[a].key : NULL}, *kb[1] = {b % 2 ? &person[b].key : NULL};
        struct hbs_ledger_item first = {.act = &act, .persons = 1, .person_keys = ka};
        struct hbs_ledger_item second = {.act = &act, .persons = 1, .person_keys = kb};
        if (hbs_ledger_seal(ctx, sealer, &first, &x) || hbs_ledger_seal(ctx, sealer, &second, &y))
            return;
        other_length += x.entry.size != y.entry.size;
        for (int i = 0; i < REASONS; i++)
            right[i] += reason(i, &x, &y, &person[a].key) == one;
        /* the game can be won with a key: then the test sees it */
        if (a % 2 && b % 2) {
            uint8_t key[32];
            bool mine = !hbs_ledger_person_key(ctx, y.entry.data, y.entry.size, &person[a], y.content.data, y.content.size, key);
            honest += mine != one;
        }
    }
    is_int(other_length, 0, "lengths are the same");
    is_int(honest, 0, "with the person's private key one tells them apart, always");
    for (int i = 0; i < REASONS; i++) { /* 4.5 deviations of a fair coin */
        double away = fabs(right[i] - ROUNDS / 2.0) / sqrt(ROUNDS / 4.0);
        ok(away < 4.5, "reason %d: right %d times of %d (%.1f deviations from chance)", i, right[i], ROUNDS, away);
    }
    hbs_ledger_sealer_close(ctx, sealer);
    hbs_ledger_sealed_close(&x);
    hbs_ledger_sealed_close(&y);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx) || ledger_ready(ctx))
        return 1;
    sealing();
    encodings();
    receipts();
    guesser();
    hbs_ctx_close(ctx);
    return tap_end();
}
