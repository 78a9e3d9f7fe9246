/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: the formats and the tree: keys, notes and checkpoints against the texts' own examples,
 * proofs against the recursive definitions of RFC 6962, lanes against libsodium, names of tiles.
 */
#include "ledger/ledger_int.h"
#include "tap.h"

static struct hbs_ctx *ctx;

/* ---- The definitions of RFC 6962, 2.1, as they stand there ---- */
static uint8_t leaf_of[600][32];

static uint64_t below(uint64_t n)
{
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static void mth(uint64_t begin, uint64_t n, uint8_t out[32])
{
    if (n == 0) {
        crypto_hash_sha256(out, NULL, 0);
    } else if (n == 1) {
        memcpy(out, leaf_of[begin], 32);
    } else {
        uint8_t both[65] = {1};
        uint64_t k = below(n);
        mth(begin, k, both + 1);
        mth(begin + k, n - k, both + 33);
        crypto_hash_sha256(out, both, 65);
    }
}

static uint32_t path(uint64_t m, uint64_t begin, uint64_t n, uint8_t (*out)[32])
{
    if (n <= 1)
        return 0;
    uint64_t k = below(n);
    uint32_t c;
    if (m < k) {
        c = path(m, begin, k, out);
        mth(begin + k, n - k, out[c]);
    } else {
        c = path(m - k, begin + k, n - k, out);
        mth(begin, k, out[c]);
    }
    return c + 1;
}

static uint32_t subproof(uint64_t m, uint64_t begin, uint64_t n, bool b, uint8_t (*out)[32])
{
    if (m == n) {
        if (b)
            return 0;
        mth(begin, n, out[0]);
        return 1;
    }
    uint64_t k = below(n);
    uint32_t c;
    if (m <= k) {
        c = subproof(m, begin, k, b, out);
        mth(begin + k, n - k, out[c]);
    } else {
        c = subproof(m - k, begin + k, n - k, false, out);
        mth(begin, k, out[c]);
    }
    return c + 1;
}

static enum hbs_err a_node(void *user, struct hbs_ctx *c, unsigned height, uint64_t index, uint8_t out[32])
{
    mth(index << height, 1ull << height, out);
    return HBS_OK;
}

static void trees(void)
{
    struct ledger_nodes nodes = {a_node, NULL};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    for (int i = 0; i < 600; i++) {
        uint8_t entry[8] = {(uint8_t)i, (uint8_t)(i >> 8)};
        hbs_ledger_leaf_hash(entry, 2, leaf_of[i]);
    }
    int bad_root = 0, bad_path = 0, bad_consistency = 0, bad_check = 0, accepted = 0;
    uint8_t want[64][32], got[64][32], root[32], old[32], edge_root[32];
    static struct ledger_edge edge;
    memset(&edge, 0, sizeof edge);
    for (uint64_t n = 1; n <= 600; n++) {
        ledger_edge_add(&edge, leaf_of[n - 1], NULL, NULL);
        ledger_edge_root(&edge, edge_root);
        if (n > 70 && n % 37 && n != 255 && n != 256 && n != 257 && n != 511 && n != 512 && n != 513)
            continue;
        mth(0, n, root);
        uint8_t r[32];
        bad_root += ledger_tree_root(&nodes, ctx, n, r) || memcmp(r, root, 32) != 0 || memcmp(edge_root, root, 32) != 0;
        for (uint64_t k = 0; k < (n <= 70 ? n : 40); k++) {
            uint64_t m = n <= 70 ? k : hbs_rng_below(&rng, (uint32_t)n);
            uint32_t count, c = path(m, 0, n, want);
            bad_path += ledger_tree_prove(&nodes, ctx, m, n, got, &count) || count != c || memcmp(got, want, c * 32) != 0;
            bad_check += hbs_ledger_check_inclusion(ctx, m, n, leaf_of[m], (const uint8_t(*)[32])got, c, root) != HBS_OK;
            /* everything that is a little wrong is refused */
            accepted += m + 1 < n && !hbs_ledger_check_inclusion(ctx, m + 1, n, leaf_of[m], (const uint8_t(*)[32])got, c, root);
            accepted += c && !hbs_ledger_check_inclusion(ctx, m, n, leaf_of[m], (const uint8_t(*)[32])got, c - 1, root);
            accepted += !hbs_ledger_check_inclusion(ctx, m, n, leaf_of[m], (const uint8_t(*)[32])got, c + 1, root);
            accepted += !hbs_ledger_check_inclusion(ctx, n, n, leaf_of[m], (const uint8_t(*)[32])got, c, root);
            if (c) {
                got[hbs_rng_below(&rng, c)][hbs_rng_below(&rng, 32)] ^= (uint8_t)(1u << hbs_rng_below(&rng, 8));
                accepted += !hbs_ledger_check_inclusion(ctx, m, n, leaf_of[m], (const uint8_t(*)[32])got, c, root);
            }
            m++; /* the old size */
            mth(0, m, old);
            c = subproof(m, 0, n, true, want);
            bad_consistency += ledger_tree_consistency(&nodes, ctx, m, n, got, &count) || count != c ||
                               memcmp(got, want, c * 32) != 0;
            bad_check += hbs_ledger_check_consistency(ctx, m, old, n, root, (const uint8_t(*)[32])got, c) != HBS_OK;
            accepted += c && !hbs_ledger_check_consistency(ctx, m, old, n, root, (const uint8_t(*)[32])got, c - 1);
            accepted += !hbs_ledger_check_consistency(ctx, m, old, n, root, (const uint8_t(*)[32])got, c + 1);
            if (m < n)
                accepted += !hbs_ledger_check_consistency(ctx, m, root, n, root, (const uint8_t(*)[32])got, c);
            if (c) {
                got[hbs_rng_below(&rng, c)][hbs_rng_below(&rng, 32)] ^= (uint8_t)(1u << hbs_rng_below(&rng, 8));
                accepted += !hbs_ledger_check_consistency(ctx, m, old, n, root, (const uint8_t(*)[32])got, c);
            }
        }
    }
    is_int(bad_root, 0, "roots, also of the edge, are those of the definition");
    is_int(bad_path, 0, "inclusion proofs are those of the definition");
    is_int(bad_consistency, 0, "consistency proofs are those of the definition");
    is_int(bad_check, 0, "and are accepted");
    is_int(accepted, 0, "longer, shorter, changed or misplaced ones are not");
    ok(hbs_ledger_check_consistency(ctx, 0, root, 600, root, NULL, 0) == HBS_OK, "an empty tree needs no proof");
    ok(hbs_ledger_check_consistency(ctx, 5, old, 4, root, NULL, 0) == HBS_ERR_INTEGRITY, "a smaller newer tree is refused");
    mth(0, 7, root);
    ok(hbs_ledger_check_consistency(ctx, 7, root, 7, root, NULL, 0) == HBS_OK &&
           hbs_ledger_check_consistency(ctx, 7, old, 7, root, NULL, 0) == HBS_ERR_INTEGRITY,
       "two roots of one size are a fork");
}

static void lanes(void)
{
    static uint8_t child[2 * 70][32], parent[70][32], want[32];
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    int bad = 0;
    for (size_t i = 0; i < sizeof child; i++)
        child[i / 32][i % 32] = (uint8_t)hbs_rng_u64(&rng);
    for (size_t n = 0; n <= 70; n++) {
        memset(parent, 0, sizeof parent);
        ledger_hash_pairs((const uint8_t(*)[32])child, n, parent);
        for (size_t i = 0; i < 70; i++) {
            hbs_ledger_node_hash(child[2 * i], child[2 * i + 1], want);
            if (i >= n)
                memset(want, 0, sizeof want);
            bad += memcmp(want, parent[i], 32) != 0;
        }
    }
    is_int(bad, 0, "lanes of %s hash as libsodium does", hbs_isa_name(hbs_cpu_isa()));
}

/* ---- Notes ---- */
static void notes(void)
{
    /* the examples of c2sp.org/signed-note and tlog-cosignature */
    static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    static const char note[] = "This is an example message.\n\n\xe2\x80\x94 example.com/foo "
                               "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    struct hbs_ledger_key key;
    static struct hbs_ledger_note n;
    ok(hbs_ledger_key_parse(ctx, vkey, strlen(vkey), &key) == HBS_OK && key.id == 0x530d903a && key.kind == 1,
       "the verifier key of signed-note is read");
    ok(hbs_ledger_note_parse(ctx, note, strlen(note), &n) == HBS_OK && n.count == 1, "its note is read");
    ok(hbs_ledger_note_verify(ctx, &n, &key, NULL) == HBS_OK, "and verifies");
    struct hbs_buf text;
    hbs_buf_init(&text, ctx, 65536);
    ok(hbs_ledger_key_print(&key, &text) == HBS_OK && text.size == strlen(vkey) && !memcmp(text.data, vkey, text.size),
       "the key prints as it was");
    int good = 0, other = 0;
    for (size_t i = 0; i < strlen(note); i++) { /* no flip of a bit leaves it good */
        char changed[sizeof note];
        for (int bit = 0; bit < 8; bit++) {
            memcpy(changed, note, sizeof note);
            changed[i] ^= (char)(1 << bit);
            if (!hbs_ledger_note_parse(ctx, changed, strlen(note), &n))
                good += !hbs_ledger_note_verify(ctx, &n, &key, NULL);
            else
                other++;
        }
    }
    is_int(good, 0, "no change of one bit leaves a good note");
    ok(other > 100, "many of them are no notes at all (%d)", other);
    int bad_keys = 0;
    for (size_t i = 0; i < strlen(vkey); i++) {
        char changed[sizeof vkey];
        memcpy(changed, vkey, sizeof vkey);
        changed[i] ^= 1;
        bad_keys += !hbs_ledger_key_parse(ctx, changed, strlen(vkey), &key);
    }
    is_int(bad_keys, 0, "no changed key is taken");
    ok(hbs_ledger_key_parse(ctx, vkey, strlen(vkey), &key) == HBS_OK, "blanks: the key again");

    /* what is not a note */
    static const char *const broken[] = {
        "", "\n", "\n\n", "text\n", "text\n\n", "text\n\nno dash\n", "text\n\n\xe2\x80\x94 name\n",
        "text\n\n\xe2\x80\x94 name AAAA\n", "text\n\n\xe2\x80\x94 na+me AAAAAAAA\n", "text\n\n\xe2\x80\x94 name AAAAAAA\n",
        "text\n\n\xe2\x80\x94 name AAAAAAAA", "text\n\n\xe2\x80\x94  AAAAAAAA\n", "te\x01xt\n\n\xe2\x80\x94 name AAAAAAAA\n",
        "te\xfft\n\n\xe2\x80\x94 name AAAAAAAA\n", "text\n\n\xe2\x80\x94 name AAAAAAA=\n ", "text\r\n\r\n\xe2\x80\x94 name AAAAAAAA\n",
        "text\n\n\xe2\x80\x94 name AAAAAAAB==\n", "text\n\n\xe2\x80\x94 name AAAAAAB=\n"};
    int taken = 0;
    for (size_t i = 0; i < HBS_COUNT(broken); i++)
        taken += !hbs_ledger_note_parse(ctx, broken[i], strlen(broken[i]), &n) && printf("# took %zu\n", i);
    is_int(taken, 0, "what is no note is refused");
    ok(hbs_ledger_note_parse(ctx, "a\n\nb\n\n\xe2\x80\x94 n AAAAAAA=\n", 21, &n) == HBS_OK && n.text_size == 5,
       "the last empty line splits");

    /* sign with every kind, sixteen signatures and an unknown one */
    struct hbs_ledger_secret log, witness, reader, back;
    ok(!hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "example.org/log", &log) &&
           !hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_WITNESS, "wit.example/w", &witness) &&
           !hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "inspector.example", &reader),
       "keys are made");
    const struct hbs_ledger_secret *all[] = {&log, &witness, &reader};
    for (int i = 0; i < 3; i++) {
        text.size = 0;
        ok(!hbs_ledger_secret_print(all[i], &text) && !hbs_ledger_secret_parse(ctx, (char *)text.data, text.size, &back) &&
               !memcmp(back.seed, all[i]->seed, 32) && hbs_ledger_key_same(&back.key, &all[i]->key),
           "a private key of kind %u comes back", all[i]->key.kind);
        ok(hbs_ledger_key_parse(ctx, (char *)text.data, text.size, &key) == HBS_ERR_USAGE, "and is no public one");
        text.size = 0;
        ok(!hbs_ledger_key_print(&all[i]->key, &text) && !hbs_ledger_key_parse(ctx, (char *)text.data, text.size, &key) &&
               hbs_ledger_key_same(&key, &all[i]->key),
           "its public key too");
        ok(hbs_ledger_secret_parse(ctx, (char *)text.data, text.size, &back) == HBS_ERR_FORMAT, "and is no private one");
    }
    struct hbs_ledger_checkpoint c = {.origin = "example.org/log", .size = 5}, d;
    memset(c.root, 7, 32);
    text.size = 0;
    ok(!hbs_ledger_checkpoint_print(&c, &text), "a checkpoint prints");
    size_t n_text = text.size;
    char body[256];
    memcpy(body, text.data, n_text);
    ok(!hbs_buf_put(&text, "\n", 1) && !hbs_ledger_note_sign(ctx, body, n_text, &log, 0, &text), "the log signs");
    uint64_t time = 0;
    for (int i = 0; i < 20; i++)
        if (hbs_ledger_note_sign(ctx, body, n_text, &witness, 1700000000 + (uint64_t)i, &text))
            time = 1;
    ok(!time && !hbs_buf_printf(&text, "\xe2\x80\x94 pq.example AAAAAAAA\n"), "so does a witness, and another kind");
    ok(hbs_ledger_checkpoint_open(ctx, text.data, text.size, &log.key, &n, &d) == HBS_OK && d.size == 5 && n.count == 22,
       "the note opens");
    ok(!hbs_ledger_note_verify(ctx, &n, &witness.key, &time) && time == 1700000019, "the latest cosignature counts");
    ok(hbs_ledger_note_verify(ctx, &n, &reader.key, NULL) == HBS_ERR_USAGE, "a reader's key verifies nothing");
    ok(hbs_ledger_note_sign(ctx, body, n_text, &reader, 1, &text) == HBS_ERR_USAGE, "and signs nothing");
    memcpy(key.name, "else.example", 13);
    key.kind = HBS_LEDGER_KEY_LOG;
    ok(hbs_ledger_checkpoint_open(ctx, text.data, text.size, &key, &n, &d) == HBS_ERR_INTEGRITY, "another log's key does not do");
    static const char *const no_checkpoint[] = {"", "o\n", "o\n5\n", "o\n05\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n",
        "o\n-5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", "\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n",
        "o\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwd=\n", "o\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n",
        "o\n0\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", "o\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw=\n",
        "o\n99999999999999999999\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"};
    taken = 0;
    for (size_t i = 0; i < HBS_COUNT(no_checkpoint); i++)
        taken += !hbs_ledger_checkpoint_parse(ctx, no_checkpoint[i], strlen(no_checkpoint[i]), &d) && printf("# took %zu\n", i);
    for (int byte = 0; byte < 256; byte++) { /* one spelling: what libsodium takes for a slash is none */
        char strange[64] = "o\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n";
        strange[10] = (char)byte;
        bool letter = byte < 128 && byte && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", byte);
        taken += !hbs_ledger_checkpoint_parse(ctx, strange, strlen("o\n5\n") + 45, &d) != letter;
    }
    is_int(taken, 0, "what is no checkpoint is refused");
    static const char with[] = "o\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\nmore\n";
    ok(!hbs_ledger_checkpoint_parse(ctx, with, strlen(with), &d) && d.size == 5 && d.root[31] == 7, "extension lines are passed over");
    ok(hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "a b", &log) == HBS_ERR_USAGE &&
           hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "a+b", &log) == HBS_ERR_USAGE &&
           hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "a\xc2\xa0" "b", &log) == HBS_ERR_USAGE &&
           hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "", &log) == HBS_ERR_USAGE,
       "names without blanks and plus");
    hbs_buf_close(&text);
}

static void proofs(void)
{
    static struct hbs_ledger_proof p, q;
    static const char note[] = "o\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n\xe2\x80\x94 o AAAAAAA=\n";
    p.index = 3;
    p.count = 2;
    memset(p.hash, 9, sizeof p.hash);
    p.checkpoint = note;
    p.checkpoint_size = strlen(note);
    struct hbs_buf text;
    hbs_buf_init(&text, ctx, 4096);
    for (int extra = 0; extra < 2; extra++) {
        text.size = 0;
        p.extra = extra ? "AAAA" : NULL;
        p.extra_size = extra ? 4 : 0;
        ok(!hbs_ledger_proof_print(&p, &text) && !hbs_ledger_proof_parse(ctx, text.data, text.size, &q) && q.index == 3 &&
               q.count == 2 && !memcmp(q.hash, p.hash, 64) && q.checkpoint_size == p.checkpoint_size && !q.extra == !extra,
           "a proof comes back, %s extra", extra ? "with" : "without");
    }
    int taken = 0;
    for (size_t n = 0; n + p.checkpoint_size < text.size; n++)
        taken += !hbs_ledger_proof_parse(ctx, text.data, n, &q);
    is_int(taken, 0, "what is cut before the checkpoint is refused");
    hbs_buf_close(&text);
}

static void names(void)
{
    static const struct {
        int level;
        uint64_t index;
        uint32_t width;
        const char *name;
    } known[] = {{0, 0, 256, "tile/0/000"},         {0, 1234067, 256, "tile/0/x001/x234/067"}, {-1, 999, 256, "tile/entries/999"},
                 {2, 1000, 256, "tile/2/x001/000"}, {1, 0, 112, "tile/1/000.p/112"},         {-1, 70000, 1, "tile/entries/x070/000.p/1"}};
    char name[LEDGER_TILE_NAME];
    int level, bad = 0;
    uint64_t index;
    uint32_t width;
    for (size_t i = 0; i < HBS_COUNT(known); i++) {
        ledger_tile_name(known[i].level, known[i].index, known[i].width, name);
        is_text(name, known[i].name, "the name %s", known[i].name);
        bad += !ledger_tile_name_parse(name, &level, &index, &width) || level != known[i].level || index != known[i].index ||
               width != known[i].width;
    }
    is_int(bad, 0, "names come back");
    static const char *const none[] = {"tile/0/0", "tile/0/x000/000", "tile/00/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/64/000",
        "tile/0/000.p/01", "tile/0/000/", "tile/entrie/000", "tile/0/1234", "tile/0/x001", "tile/0/001/234", "tile/-1/000", "tile",
        "tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/000.p/1/2"};
    bad = 0;
    for (size_t i = 0; i < HBS_COUNT(none); i++)
        bad += ledger_tile_name_parse(none[i], &level, &index, &width) && printf("# took %s\n", none[i]);
    is_int(bad, 0, "what is no tile's name is refused");
    /* every number has one word, and every word one number */
    bad = 0;
    for (unsigned n = 0x80; n <= 0xff; n++)
        bad += ledger_word(n) && (ledger_word_number(ledger_word(n)) != n || !ledger_word_good(ledger_word(n), strlen(ledger_word(n))));
    is_int(bad, 0, "registered words");
    ok(!strcmp(ledger_word(0x80), "collect") && !strcmp(ledger_word(0x91), "custody") && !strcmp(ledger_word(0x9d), "done") &&
           !strcmp(ledger_word(0xa8), "notice") && !strcmp(ledger_word(0xb0), "probe"),
       "numbers of words do not move");
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx) || ledger_ready(ctx))
        return 1;
    lanes();
    trees();
    notes();
    proofs();
    names();
    hbs_ctx_close(ctx);
    return tap_end();
}
