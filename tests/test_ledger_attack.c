/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: attacks on a stored log: any byte flipped, entries deleted, swapped, duplicated, files taken
 * away, cut, exchanged, added, yesterday's put back, in part or whole. Verify must name what and where;
 * the whole of yesterday needs an anchor. HABEAS_ATTACKS=N: more attempts.
 */
#include "ledger_memory.h"
#include "tap.h"

static struct hbs_ctx *ctx;
static struct memory memory, before, yesterday;
static struct hbs_ledger_secret secret, inspector, witness;
static struct hbs_rng rng;
static char named[4096]; /* what the problems named */
static int problems;

static void note(void *arg, const char *where, const char *what)
{
    size_t n = strlen(named);
    problems++;
    snprintf(named + n, sizeof named - n, "%s: %s; ", where, what);
}

static enum hbs_err verify(const void *anchor, size_t size, struct hbs_ledger_report *r)
{
    struct hbs_ledger_store store = memory_store(&memory);
    struct hbs_ledger_verify_options o = {.problem = note, .anchor = anchor, .anchor_size = size};
    named[0] = 0;
    problems = 0;
    return hbs_ledger_verify(ctx, &store, &o, r);
}

static void copy(struct memory *to, const struct memory *from)
{
    for (int i = 0; i < MEMORY_OBJECTS; i++) {
        struct memory_object *o = &to->now[i];
        free(o->data);
        *o = from->now[i];
        o->data = malloc(o->size + 1);
        if (from->now[i].data)
            memcpy(o->data, from->now[i].data, o->size);
    }
}

static void append(struct hbs_ledger *l, int count)
{
    static uint8_t document[200];
    struct hbs_ledger_answer a;
    hbs_ledger_answer_init(&a, ctx);
    for (int i = 0; i < count; i++) {
        struct hbs_ledger_item item = {.document = document, .document_size = hbs_rng_below(&rng, 200), .persons = 1};
        if (hbs_ledger_append(l, ctx, &item, &a))
            exit(1);
    }
    hbs_ledger_answer_close(&a);
}

static uint64_t the_time = 1780000000;
static uint64_t a_clock(void *arg) { return the_time; }

/* The witness of the test, in memory. */
static struct hbs_buf witness_last;
static int witness_asked(const void *body, size_t size, struct hbs_buf *reply)
{
    struct hbs_buf keep;
    const char *type;
    int status = 0;
    hbs_buf_init(&keep, ctx, 65536);
    if (hbs_ledger_witness_serve(ctx, &witness, &secret.key, 1, the_time, body, size, witness_last.data, witness_last.size,
                                 &status, &type, reply, &keep))
        return 500;
    if (keep.size) {
        witness_last.size = 0;
        if (hbs_buf_put(&witness_last, keep.data, keep.size))
            return 500;
    }
    hbs_buf_close(&keep);
    return status;
}

static enum hbs_err cosign(struct hbs_ledger *l)
{
    enum hbs_err err = HBS_ERR_INCOMPLETE;
    for (int i = 0; i < 3 && err == HBS_ERR_INCOMPLETE; i++) {
        struct hbs_buf body, reply;
        hbs_buf_init(&body, ctx, 65536);
        hbs_buf_init(&reply, ctx, 65536);
        err = hbs_ledger_witness_request(l, ctx, 0, &body);
        if (!err) {
            int status = witness_asked(body.data, body.size, &reply);
            err = hbs_ledger_witness_answer(l, ctx, 0, status, reply.data ? reply.data : (uint8_t *)"", reply.size);
        }
        hbs_buf_close(&body);
        hbs_buf_close(&reply);
    }
    return err;
}

static struct memory_object *any_file(const char *prefix)
{
    for (;;) {
        struct memory_object *o = &memory.now[hbs_rng_below(&rng, MEMORY_OBJECTS)];
        if (o->there && !strncmp(o->name, prefix, strlen(prefix)))
            return o;
    }
}

/* Offsets of a bundle's entries, with their lengths. */
static int entries_of(const struct memory_object *o, size_t at[257])
{
    int n = 0;
    for (size_t p = 0; p + 2 <= o->size && n < 256; p += 2 + (size_t)hbs_be16(o->data + p))
        at[n++] = p;
    at[n] = o->size;
    return n;
}

/* One attack; what was attacked goes to `what`. False when it changed nothing. */
static bool attack(char what[256])
{
    uint64_t total = 0;
    uint32_t kind = hbs_rng_below(&rng, 20);
    size_t at[257];
    struct memory_object *o, *p;
    for (int i = 0; i < MEMORY_OBJECTS; i++)
        total += memory.now[i].there ? memory.now[i].size : 0;
    if (kind < 9) { /* a byte, uniform over all bytes of all files */
        uint64_t byte = hbs_rng_u64(&rng) % total;
        int i = 0;
        for (; !memory.now[i].there || byte >= memory.now[i].size; i++)
            byte -= memory.now[i].there ? memory.now[i].size : 0;
        o = &memory.now[i];
        o->data[byte] ^= (uint8_t)(1 + hbs_rng_below(&rng, 255));
        snprintf(what, 256, "%s", o->name);
        return true;
    }
    if (kind < 14) { /* entries within a bundle */
        o = any_file("tile/entries/");
        int n = entries_of(o, at);
        int i = (int)hbs_rng_below(&rng, (uint32_t)n), j = (int)hbs_rng_below(&rng, (uint32_t)n);
        size_t li = at[i + 1] - at[i], lj = at[j + 1] - at[j], size = o->size;
        uint8_t *fresh = malloc(o->size * 2 + 1), *q = fresh;
        if (kind < 11) { /* two change places */
            for (int k = 0; k < n; k++) {
                int from = k == i ? j : k == j ? i : k;
                memcpy(q, o->data + at[from], at[from + 1] - at[from]);
                q += at[from + 1] - at[from];
            }
        } else if (kind == 11) { /* one is gone */
            memcpy(q, o->data, at[i]);
            memcpy(q + at[i], o->data + at[i + 1], o->size - at[i + 1]);
            q += o->size - li;
        } else if (kind == 12) { /* one is there twice, behind itself */
            memcpy(q, o->data, at[i + 1]);
            memcpy(q + at[i + 1], o->data + at[i], o->size - at[i]);
            q += o->size + li;
        } else { /* one in the place of another */
            memcpy(q, o->data, at[i]);
            memcpy(q + at[i], o->data + at[j], lj);
            memcpy(q + at[i] + lj, o->data + at[i + 1], o->size - at[i + 1]);
            q += o->size - li + lj;
        }
        bool same = (size_t)(q - fresh) == size && !memcmp(fresh, o->data, size);
        snprintf(what, 256, "%s", o->name);
        memory_set(memory.now, what, fresh, (size_t)(q - fresh));
        free(fresh);
        return !same;
    }
    do
        o = any_file("");
    while (!strncmp(o->name, "witness/", 8)); /* a witness may never have spoken */
    snprintf(what, 256, "%s", o->name);
    switch (kind) {
    case 14:
        memory_unset(memory.now, o->name);
        return true;
    case 15:
        o->size -= 1 + hbs_rng_below(&rng, (uint32_t)o->size);
        return true;
    case 16:
        o->data = realloc(o->data, o->size + 2);
        o->data[o->size++] = (uint8_t)hbs_rng_u64(&rng);
        return true;
    case 17: { /* one file's content in the place of another's */
        char name[96];
        p = any_file("");
        if (p->size == o->size && !memcmp(p->data, o->data, o->size))
            return false;
        memcpy(name, o->name, sizeof name);
        uint8_t *data = malloc(p->size + 1);
        memcpy(data, p->data, p->size);
        memory_set(memory.now, name, data, p->size);
        free(data);
        return true;
    }
    case 18: { /* yesterday's file */
        p = memory_find(yesterday.now, o->name, false);
        if (!p || !p->there || (p->size == o->size && !memcmp(p->data, o->data, o->size)))
            return false;
        memory_set(memory.now, p->name, p->data, p->size);
        return true;
    }
    default: { /* a file more */
        static const char *const names[] = {"tile/0/003", "tile/0/001.p/7", "tile/entries/009.p/2", "notes.txt", "tile/2/000.p/1",
                                            "witness/00000000", "journal", "checkpoint.new", "tile/1/000.p/1"};
        const char *name = names[hbs_rng_below(&rng, HBS_COUNT(names))];
        memory_set(memory.now, name, "something", 9);
        snprintf(what, 256, "%s", name);
        return true;
    }
    }
}

/* A log with full tiles above the first level: every hash of them counts, and proofs reach over them. */
static void large(void)
{
    enum { GROUPS = 258 };
    struct hbs_ledger_store store = memory_store(&memory);
    struct hbs_ledger_config config = {.since = 1780000000};
    struct hbs_ledger *l;
    struct hbs_ledger_report report;
    struct hbs_ledger_sealer sealer;
    struct hbs_ledger_sealed sealed;
    struct hbs_ledger_item item = {.document = "x", .document_size = 1};
    const struct hbs_buf *entries[JOURNAL_GROUP_MAX];
    memory.honest = true;
    hbs_ledger_sealed_init(&sealed, ctx);
    if (hbs_ledger_create(ctx, &store, &secret, &config) || hbs_ledger_open(ctx, &store, &secret, 0, &l) ||
        ledger_sealer_make(ctx, NULL, 0, &sealer) || hbs_ledger_seal(ctx, &sealer, &item, &sealed))
        return;
    for (int i = 0; i < JOURNAL_GROUP_MAX; i++)
        entries[i] = &sealed.entry; /* the same bytes may be logged twice: each is a leaf */
    int bad = 0;
    for (int i = 0; i < GROUPS; i++)
        bad += ledger_commit_locked(l, ctx, entries, JOURNAL_GROUP_MAX) != HBS_OK;
    uint64_t size = hbs_ledger_size(l);
    for (int i = 0; i < 300; i++) {
        uint64_t m = hbs_rng_below(&rng, (uint32_t)size), n = m + 1 + hbs_rng_below(&rng, (uint32_t)(size - m));
        uint8_t root[32], old[32], leaf[32], hashes[HBS_LEDGER_PROOF_MAX][32];
        uint32_t count;
        bad += hbs_ledger_root(l, ctx, n, root) || hbs_ledger_root(l, ctx, m, old) || hbs_ledger_leaf(l, ctx, m, leaf) ||
               hbs_ledger_prove(l, ctx, m, n, hashes, &count) ||
               hbs_ledger_check_inclusion(ctx, m, n, leaf, (const uint8_t(*)[32])hashes, count, root) ||
               hbs_ledger_consistency(l, ctx, m, n, hashes, &count) ||
               hbs_ledger_check_consistency(ctx, m, old, n, root, (const uint8_t(*)[32])hashes, count);
    }
    bad += hbs_ledger_close(ctx, l) != HBS_OK;
    ok(!bad && verify(NULL, 0, &report) == HBS_OK && report.checkpoint.size == 256 * GROUPS + 1, "%d entries, with proofs over three levels",
       256 * GROUPS + 1);
    static const char *const names[] = {"tile/1/000", "tile/2/000.p/1", "tile/1/001.p/2", "tile/0/200"};
    for (size_t i = 0; i < HBS_COUNT(names); i++) {
        struct memory_object *o = memory_find(memory.now, names[i], false);
        size_t byte = o ? hbs_rng_below(&rng, (uint32_t)o->size) : 0;
        char where[128];
        snprintf(where, sizeof where, "%s byte %zu", names[i], byte / 32 * 32);
        if (o)
            o->data[byte] ^= 1;
        ok(o && verify(NULL, 0, &report) == HBS_ERR_INTEGRITY && strstr(named, where) && problems == 1, "%s is told, once", where);
        if (o)
            o->data[byte] ^= 1;
    }
    hbs_ledger_sealed_close(&sealed);
    memory_free(&memory);
}

int main(void)
{
    tap_begin();
    const char *more = getenv("HABEAS_ATTACKS");
    int attempts = more ? (int)strtol(more, NULL, 10) : 2000;
    hbs_rng_seed(&rng, tap_seed);
    memory.honest = true;
    if (hbs_ctx_open(NULL, &ctx) || hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "example.org/attacked", &secret) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_WITNESS, "wit.example/w", &witness) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "inspector", &inspector))
        return 1;
    hbs_buf_init(&witness_last, ctx, 65536);
    struct hbs_ledger_store store = memory_store(&memory);
    struct hbs_ledger_config config = {.since = 1780000000};
    struct hbs_ledger *l;
    struct hbs_ledger_report report;
    if (hbs_ledger_create(ctx, &store, &secret, &config) || hbs_ledger_open(ctx, &store, &secret, 0, &l))
        return 1;
    ledger_set_clock(l, a_clock, NULL);
    append(l, 300);
    config = *hbs_ledger_config(l);
    config.inspector[config.inspector_count++] = inspector.key;
    config.witness[config.witness_count].key = witness.key;
    snprintf(config.witness[config.witness_count++].url, 64, "http://127.0.0.1:1/");
    ok(!hbs_ledger_configure(l, ctx, &config) && !cosign(l), "a log of 301 entries, witnessed");
    struct hbs_buf anchor;
    hbs_buf_init(&anchor, ctx, 65536);
    append(l, 100);
    ok(!hbs_ledger_publish(l, ctx) && !cosign(l), "yesterday");
    copy(&yesterday, &memory);
    append(l, 250);
    ok(!cosign(l) && !hbs_ledger_checkpoint(l, ctx, &anchor), "today");
    append(l, 50);
    ok(!hbs_ledger_close(ctx, l), "closed");
    is_int(verify(NULL, 0, &report), HBS_OK, "it verifies");
    ok(report.checkpoint.size == 702 && report.entries == 702 && !report.anchored && report.witnessed == 652, "all of it was read");
    is_int(verify(anchor.data, anchor.size, &report), HBS_OK, "also with an anchor");
    is_int(report.anchored, 652, "which says how far");
    copy(&before, &memory);

    int missed = 0, unnamed = 0, done = 0;
    for (int i = 0; done < attempts && i < 100 * attempts; i++) {
        char what[256] = "";
        if (attack(what)) {
            done++;
            if (verify(NULL, 0, &report) != HBS_ERR_INTEGRITY || !problems) {
                missed++;
                printf("# attempt %d, %s: not seen\n", i, what);
            } else if (!strstr(named, what)) {
                unnamed++;
                printf("# attempt %d, %s: told as %s\n", i, what, named);
            }
        }
        copy(&memory, &before);
    }
    is_int(missed, 0, "%d attacks, all seen", done);
    is_int(unnamed, 0, "each is told with the file that was attacked");
    ok(done >= 1000, "at least a thousand");

    /* every byte of the small files, and of what is around the middle of the others */
    missed = 0;
    for (int f = 0; f < MEMORY_OBJECTS; f++) {
        struct memory_object *o = &memory.now[f];
        if (!o->there || o->size > 1000)
            continue;
        for (size_t b = 0; b < o->size; b++) {
            o->data[b] ^= 0x01;
            if (verify(NULL, 0, &report) != HBS_ERR_INTEGRITY) {
                printf("# %s byte %zu\n", o->name, b);
                missed++;
            }
            o->data[b] ^= 0x01;
        }
    }
    is_int(missed, 0, "every byte of the small files counts");

    /* an entry replaced by one who also mends the tile: the signed root tells, and the two disagree with it */
    struct memory_object *bundle = memory_find(memory.now, "tile/entries/001", false);
    struct memory_object *tile = memory_find(memory.now, "tile/0/001", false);
    size_t at[257];
    int n = entries_of(bundle, at);
    bundle->data[at[77] + 40] ^= 1;
    hbs_ledger_leaf_hash(bundle->data + at[77] + 2, at[78] - at[77] - 2, tile->data + 77 * 32);
    ok(n == 256 && verify(NULL, 0, &report) == HBS_ERR_INTEGRITY && strstr(named, "tile/1/000.p/2 byte 32"),
       "an entry changed with its hash shows one level above");
    copy(&memory, &before);

    /* the whole of yesterday */
    copy(&memory, &yesterday);
    is_int(verify(NULL, 0, &report), HBS_OK, "the whole of yesterday verifies alone");
    is_int(report.anchored, 0, "and the report says that a rollback was not excluded");
    ok(verify(anchor.data, anchor.size, &report) == HBS_ERR_INTEGRITY && strstr(named, "anchor"), "with an anchor it does not: %s", named);
    if (hbs_ledger_open(ctx, &store, &secret, 0, &l))
        return 1;
    ledger_set_clock(l, a_clock, NULL);
    is_int(cosign(l), HBS_ERR_INTEGRITY, "and the witness refuses it: %s", hbs_ctx_what(ctx));
    append(l, 400); /* a fork: other entries after yesterday, more than there were */
    is_int(cosign(l), HBS_ERR_INTEGRITY, "a fork too: %s", hbs_ctx_what(ctx));
    ok(!hbs_ledger_close(ctx, l) && verify(NULL, 0, &report) == HBS_OK, "the fork verifies alone");
    ok(verify(anchor.data, anchor.size, &report) == HBS_ERR_INTEGRITY && strstr(named, "another history"), "the anchor tells: %s", named);

    /* another key, all signed anew */
    copy(&memory, &before);
    struct hbs_ledger_secret other;
    struct hbs_ledger_verify_options o = {.problem = note};
    ok(!hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "example.org/attacked", &other), "another key of that name");
    o.key = &other.key;
    named[0] = 0;
    is_int(hbs_ledger_verify(ctx, &store, &o, &report), HBS_ERR_INTEGRITY, "a log with another key than the one known is told");
    o.key = &secret.key;
    is_int(hbs_ledger_verify(ctx, &store, &o, &report), HBS_OK, "the true one is not");
    memory_free(&memory);
    large();
    memory_free(&before);
    memory_free(&yesterday);
    hbs_buf_close(&anchor);
    hbs_buf_close(&witness_last);
    hbs_ctx_close(ctx);
    return tap_end();
}
