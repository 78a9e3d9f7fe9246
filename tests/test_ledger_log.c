/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: the log at work: many threads on a folder, group commit, publishing over tile borders,
 * readers beside a writer, locks, refused memory at every place, the config's rules, and the witness
 * protocol on both sides, with its clock.
 */
#include "ledger_memory.h"
#include "tap.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

static struct hbs_ctx *ctx;
static struct hbs_ledger_secret secret, inspector, witness, other;
static char top[64];

static void remove_folder(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command))
        printf("# cannot remove %s\n", path);
}

static enum hbs_err make(const struct hbs_ledger_store *store, uint32_t inspectors)
{
    struct hbs_ledger_config config = {.since = 1780000000, .inspector_count = inspectors};
    config.inspector[0] = inspector.key;
    return hbs_ledger_create(ctx, store, &secret, &config);
}

static void problem(void *arg, const char *where, const char *what) { printf("# %s: %s\n", where, what); }

static bool verifies(const struct hbs_ledger_store *store, uint64_t size)
{
    struct hbs_ledger_verify_options o = {.problem = problem};
    struct hbs_ledger_report r;
    return hbs_ledger_verify(ctx, store, &o, &r) == HBS_OK && r.checkpoint.size == size && !r.unfinished;
}

/* ---- Threads ---- */
enum { THREADS = 16, EACH = 120 };
struct worker {
    struct hbs_ledger *l;
    int number, failed, wrong;
    uint64_t index[EACH];
    uint8_t leaf[EACH][32];
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct hbs_ctx *mine;
    struct hbs_ledger_answer a;
    if (hbs_ctx_open(NULL, &mine))
        return NULL;
    hbs_ledger_answer_init(&a, mine);
    for (int i = 0; i < EACH; i++) {
        char text[64];
        snprintf(text, sizeof text, "thread %d act %d", w->number, i);
        struct hbs_ledger_item item = {.document = text, .document_size = strlen(text), .persons = 1};
        if (hbs_ledger_append(w->l, mine, &item, &a)) {
            w->failed++;
            continue;
        }
        static _Thread_local struct hbs_ledger_note note;
        struct hbs_ledger_checkpoint c;
        w->index[i] = a.proof.index;
        memcpy(w->leaf[i], a.leaf, 32);
        w->wrong += hbs_ledger_checkpoint_open(mine, a.proof.checkpoint, a.proof.checkpoint_size, &secret.key, &note, &c) ||
                    hbs_ledger_check_inclusion(mine, a.proof.index, c.size, a.leaf, (const uint8_t(*)[32])a.proof.hash,
                                               a.proof.count, c.root);
        if (i % 40 == 7) { /* others' work goes on while one publishes and reads */
            struct hbs_buf entry;
            hbs_buf_init(&entry, mine, HBS_LEDGER_ENTRY_MAX);
            w->wrong += hbs_ledger_publish(w->l, mine) || hbs_ledger_entry(w->l, mine, a.proof.index, &entry) ||
                        entry.size != a.sealed.entry.size || memcmp(entry.data, a.sealed.entry.data, entry.size) != 0;
            hbs_buf_close(&entry);
        }
    }
    hbs_ledger_answer_close(&a);
    hbs_ctx_close(mine);
    return NULL;
}

static void threads(void)
{
    char path[128];
    struct hbs_ledger_store store, again;
    struct hbs_ledger *l, *reader;
    snprintf(path, sizeof path, "%s/threads", top);
    ok(!hbs_ledger_folder_open(ctx, path, true, &store) && !make(&store, 1), "a log in a folder");
    is_int(make(&store, 1), HBS_ERR_USAGE, "not twice in one: %s", hbs_ctx_what(ctx));
    ok(!hbs_ledger_open(ctx, &store, &secret, 0, &l), "opens for writing");
    ok(!hbs_ledger_folder_open(ctx, path, false, &again), "the folder again");
    is_int(hbs_ledger_open(ctx, &again, &secret, 0.05, &reader), HBS_ERR_BUSY, "a second writer waits, and is told");
    is_int(hbs_err_exit_code(HBS_ERR_BUSY), 5, "with exit code 5");
    static struct worker w[THREADS];
    pthread_t id[THREADS];
    for (int i = 0; i < THREADS; i++) {
        w[i] = (struct worker){.l = l, .number = i};
        if (pthread_create(&id[i], NULL, work, &w[i]))
            exit(1);
    }
    int failed = 0, wrong = 0, readers = 0;
    for (int i = 0; i < 20; i++) { /* readers beside the writers see a whole state */
        uint8_t root[32];
        if (hbs_ledger_open(ctx, &again, NULL, 0, &reader)) {
            printf("# reader: %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
            readers++;
            continue;
        }
        readers += hbs_ledger_root(reader, ctx, hbs_ledger_size(reader), root) || hbs_ledger_close(ctx, reader);
        usleep(5000);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(id[i], NULL);
        failed += w[i].failed;
        wrong += w[i].wrong;
    }
    is_int(failed, 0, "%d threads append %d acts each", THREADS, EACH);
    is_int(wrong, 0, "each answer's proof holds against its checkpoint");
    is_int(readers, 0, "readers beside them see whole states");
    static uint8_t seen[THREADS * EACH + 1];
    int twice = 0, misplaced = 0;
    for (int i = 0; i < THREADS; i++)
        for (int k = 0; k < EACH; k++) {
            uint8_t leaf[32];
            twice += seen[w[i].index[k]]++;
            misplaced += hbs_ledger_leaf(l, ctx, w[i].index[k], leaf) || memcmp(leaf, w[i].leaf[k], 32) != 0;
        }
    is_int(twice + misplaced, 0, "each act has an index of its own, and lies there");
    ok(!hbs_ledger_close(ctx, l) && verifies(&store, THREADS * EACH + 1), "closed, it verifies");
    ok(!hbs_ledger_open(ctx, &again, &secret, 1, &l), "the other process's turn");
    /* proofs of all kinds over published and unpublished parts */
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    struct hbs_ledger_answer a;
    hbs_ledger_answer_init(&a, ctx);
    struct hbs_ledger_item item = {.document = "x", .document_size = 1};
    for (int i = 0; i < 30; i++)
        failed += hbs_ledger_append(l, ctx, &item, &a) != HBS_OK;
    uint64_t size = hbs_ledger_size(l);
    for (int i = 0; i < 2000; i++) {
        uint64_t n = 1 + hbs_rng_below(&rng, (uint32_t)size), m = hbs_rng_below(&rng, (uint32_t)n);
        uint8_t root[32], old[32], leaf[32], hashes[HBS_LEDGER_PROOF_MAX][32];
        uint32_t count;
        wrong += hbs_ledger_root(l, ctx, n, root) || hbs_ledger_root(l, ctx, m, old) || hbs_ledger_leaf(l, ctx, m, leaf) ||
                 hbs_ledger_prove(l, ctx, m, n, hashes, &count) ||
                 hbs_ledger_check_inclusion(ctx, m, n, leaf, (const uint8_t(*)[32])hashes, count, root) ||
                 hbs_ledger_consistency(l, ctx, m, n, hashes, &count) ||
                 hbs_ledger_check_consistency(ctx, m, old, n, root, (const uint8_t(*)[32])hashes, count);
    }
    is_int(failed + wrong, 0, "2,000 random proofs over what is published and what is not");
    uint8_t hashes[HBS_LEDGER_PROOF_MAX][32];
    uint32_t count;
    is_int(hbs_ledger_prove(l, ctx, size, size, hashes, &count), HBS_ERR_NOT_FOUND, "not beyond the end");
    is_int(hbs_ledger_prove(l, ctx, 0, size + 1, hashes, &count), HBS_ERR_NOT_FOUND, "nor of a larger tree");
    is_int(hbs_ledger_consistency(l, ctx, 5, 4, hashes, &count), HBS_ERR_USAGE, "nor backwards");
    /* export: hashes only, and only what is new the second time */
    char out[128];
    snprintf(out, sizeof out, "%s/out", top);
    struct hbs_ledger_store to;
    uint64_t files = 0, more = 0;
    ok(!hbs_ledger_folder_open(ctx, out, true, &to) && !hbs_ledger_export(l, ctx, &to, &files) && files > 8, "exported, %llu files",
       (unsigned long long)files);
    ok(!hbs_ledger_export(l, ctx, &to, &more) && !more, "nothing to do the second time");
    failed = hbs_ledger_append(l, ctx, &item, &a) != HBS_OK;
    ok(!failed && !hbs_ledger_export(l, ctx, &to, &more) && more == 2, "one act more: one tile and the checkpoint (%llu)",
       (unsigned long long)more);
    snprintf(out, sizeof out, "%s/out/tile/entries", top);
    ok(access(out, F_OK) != 0, "no entries among them");
    hbs_ledger_answer_close(&a);
    ok(!hbs_ledger_close(ctx, l), "closed");
    hbs_ledger_folder_close(&store);
    hbs_ledger_folder_close(&again);
    hbs_ledger_folder_close(&to);
}

/* ---- The config's rules, and refused memory ---- */
static struct memory memory;

static void rules(void)
{
    struct hbs_ledger_store store = memory_store(&memory);
    struct hbs_ledger *l;
    memory.honest = true;
    ok(!make(&store, 1) && !hbs_ledger_open(ctx, &store, &secret, 0, &l), "a log in memory");
    struct hbs_ledger_config c = *hbs_ledger_config(l);
    c.inspector_count = 0;
    is_int(hbs_ledger_configure(l, ctx, &c), HBS_ERR_REFUSED, "an inspector cannot be taken away: %s", hbs_ctx_what(ctx));
    c = *hbs_ledger_config(l);
    c.inspector[0] = other.key;
    is_int(hbs_ledger_configure(l, ctx, &c), HBS_ERR_REFUSED, "nor replaced");
    c = *hbs_ledger_config(l);
    c.refuse_after = 1;
    is_int(hbs_ledger_configure(l, ctx, &c), HBS_ERR_USAGE, "acts are not refused before a cosignature is due");
    is_int(hbs_ledger_size(l), 1, "what is refused is not logged");
    c = *hbs_ledger_config(l);
    c.inspector[c.inspector_count++] = other.key;
    ok(!hbs_ledger_configure(l, ctx, &c) && hbs_ledger_size(l) == 2, "one may come");
    struct hbs_ledger_answer a;
    struct hbs_ledger_opened o;
    hbs_ledger_answer_init(&a, ctx);
    hbs_ledger_opened_init(&o, ctx);
    struct hbs_ledger_item item = {.document = "x", .document_size = 1, .persons = 1};
    ok(!hbs_ledger_append(l, ctx, &item, &a) && !hbs_ledger_unseal(ctx, a.sealed.entry.data, a.sealed.entry.size, &other, &o),
       "and reads from then on");
    ok(!hbs_ledger_close(ctx, l) && verifies(&store, 3), "it verifies");
    /* the old config put back is found when opening a writer too, if it is not the entry it says */
    struct memory_object *f = memory_find(memory.now, "config", false);
    f->data[20] ^= 1;
    is_int(hbs_ledger_open(ctx, &store, &secret, 0, &l), HBS_ERR_INTEGRITY, "a changed config does not open: %s", hbs_ctx_what(ctx));
    f->data[20] ^= 1;
    is_int(hbs_ledger_open(ctx, &store, &other, 0, &l), HBS_ERR_USAGE, "nor does another key");
    /* a bundle that was changed is not built on */
    f = memory_find(memory.now, "tile/entries/000.p/3", false);
    f->data[f->size - 1] ^= 1;
    ok(!hbs_ledger_open(ctx, &store, &secret, 0, &l) && !hbs_ledger_append(l, ctx, &item, &a), "a changed entry does not hinder appending");
    is_int(hbs_ledger_close(ctx, l), HBS_ERR_INTEGRITY, "but is not copied on: %s", hbs_ctx_what(ctx));
    f = memory_find(memory.now, "tile/entries/000.p/3", false);
    f->data[f->size - 1] ^= 1;
    ok(!hbs_ledger_open(ctx, &store, &secret, 0, &l) && hbs_ledger_size(l) == 4 && !hbs_ledger_close(ctx, l) && verifies(&store, 4),
       "mended, nothing acknowledged is missing");
    hbs_ledger_answer_close(&a);
    hbs_ledger_opened_close(&o);
    memory_free(&memory);
}

struct counting {
    long left;
};
static void *refuse_resize(void *user, void *old, size_t size)
{
    struct counting *c = user;
    return c->left-- <= 0 ? NULL : realloc(old, size);
}
static void refuse_release(void *user, void *p) { free(p); }

/* Everything once, with the n-th allocation refused. */
static enum hbs_err everything(struct hbs_ctx *c, const struct hbs_ledger_store *store)
{
    struct hbs_ledger *l = NULL;
    struct hbs_ledger_answer a;
    struct hbs_ledger_verify_options o = {.problem = problem};
    struct hbs_ledger_report r;
    struct hbs_ledger_item item = {.document = "some text", .document_size = 9, .persons = 2};
    hbs_ledger_answer_init(&a, c);
    enum hbs_err err = hbs_ledger_open(c, store, &secret, 0, &l);
    for (int i = 0; !err && i < 3; i++)
        err = hbs_ledger_append(l, c, &item, &a);
    if (!err) {
        struct hbs_buf text;
        struct hbs_ledger_receipt receipt;
        struct hbs_ledger_opened opened;
        hbs_buf_init(&text, c, HBS_LEDGER_RECEIPT_MAX);
        hbs_ledger_opened_init(&opened, c);
        err = hbs_ledger_receipt_print(c, &a.sealed, 1, &a.proof, &text);
        if (!err)
            err = hbs_ledger_receipt_open(c, text.data, text.size, &secret.key, NULL, 0, &receipt, &opened);
        opened.document.size = 0;
        if (!err)
            err = hbs_ledger_unseal(c, a.sealed.entry.data, a.sealed.entry.size, &inspector, &opened);
        hbs_buf_close(&text);
        hbs_ledger_opened_close(&opened);
    }
    if (!err) {
        struct hbs_ledger_config config = *hbs_ledger_config(l);
        err = hbs_ledger_configure(l, c, &config);
    }
    hbs_ledger_answer_close(&a);
    enum hbs_err closed = hbs_ledger_close(c, l);
    err = err ? err : closed;
    return err ? err : hbs_ledger_verify(c, store, &o, &r);
}

static void no_memory(void)
{
    struct hbs_ledger_store store = memory_store(&memory);
    int wrong = 0, refused = 0;
    memory.honest = true;
    if (make(&store, 1))
        return;
    for (long n = 0; n < 4000; n++) {
        if (n % 16 == 15) { /* a new log, so that it stays small; often enough what was left is gone on with */
            memory_free(&memory);
            memory.honest = true;
            if (make(&store, 1))
                return;
        }
        struct counting counting = {n};
        struct hbs_allocator allocator = {refuse_resize, refuse_release, &counting};
        struct hbs_ctx *c = NULL;
        if (hbs_ctx_open(&allocator, &c))
            continue;
        enum hbs_err err = everything(c, &store);
        hbs_ctx_close(c);
        if (!err && counting.left >= 0)
            break;
        refused++;
        if (err != HBS_ERR_NO_MEMORY && err != HBS_ERR_IO) {
            printf("# allocation %ld: %d\n", n, err);
            wrong++;
        }
    }
    ok(refused > 50 && !wrong, "%d refused allocations: each is told, none breaks anything", refused);
    struct hbs_ledger *l;
    ok(!hbs_ledger_open(ctx, &store, &secret, 0, &l), "the log opens");
    uint64_t size = hbs_ledger_size(l);
    ok(!hbs_ledger_close(ctx, l) && verifies(&store, size), "and verifies, with %llu entries", (unsigned long long)size);
    memory_free(&memory);
}

/* ---- Witnesses ---- */
static uint64_t the_time = 1780000000;
static uint64_t a_clock(void *arg) { return the_time; }

struct asked {
    int status;
    const char *type;
    struct hbs_buf reply, keep;
};

static int ask(struct asked *a, const struct hbs_buf *body, const struct hbs_buf *last)
{
    a->reply.size = a->keep.size = 0;
    if (hbs_ledger_witness_serve(ctx, &witness, &secret.key, 1, the_time, body->data ? body->data : (uint8_t *)"", body->size,
                                 last->data, last->size, &a->status, &a->type, &a->reply, &a->keep))
        return 500;
    return a->status;
}

static void body_of(struct hbs_buf *body, struct hbs_ledger *l, uint64_t old, uint64_t proof_from, const struct hbs_ledger_secret *by,
                    const char *origin, uint64_t size)
{
    uint8_t hashes[HBS_LEDGER_PROOF_MAX][32];
    uint32_t count = 0;
    struct hbs_ledger_checkpoint c = {.size = size};
    snprintf(c.origin, sizeof c.origin, "%s", origin);
    body->size = 0;
    if (hbs_ledger_consistency(l, ctx, proof_from, size, hashes, &count) || hbs_ledger_root(l, ctx, size, c.root) ||
        hbs_buf_printf(body, "old %llu\n", (unsigned long long)old))
        exit(1);
    for (uint32_t i = 0; i < count; i++)
        if (ledger_base64_put(body, hashes[i], 32) || hbs_buf_put(body, "\n", 1))
            exit(1);
    if (hbs_buf_put(body, "\n", 1))
        exit(1);
    size_t begin = body->size;
    if (hbs_ledger_checkpoint_print(&c, body))
        exit(1);
    size_t n = body->size - begin;
    char text[512];
    memcpy(text, body->data + begin, n);
    if (hbs_buf_put(body, "\n", 1) || hbs_ledger_note_sign(ctx, text, n, by, 0, body))
        exit(1);
}

static void witnesses(void)
{
    struct hbs_ledger_store store = memory_store(&memory);
    struct hbs_ledger *l;
    struct hbs_ledger_answer a;
    struct hbs_buf body, last, fork_body;
    struct asked w;
    const char *origin = secret.key.name;
    memory.honest = true;
    hbs_buf_init(&body, ctx, 65536);
    hbs_buf_init(&fork_body, ctx, 65536);
    hbs_buf_init(&last, ctx, 65536);
    hbs_buf_init(&w.reply, ctx, 65536);
    hbs_buf_init(&w.keep, ctx, 65536);
    hbs_ledger_answer_init(&a, ctx);
    struct hbs_ledger_item item = {.document = "x", .document_size = 1};
    ok(!make(&store, 0) && !hbs_ledger_open(ctx, &store, &secret, 0, &l), "a log to be witnessed");
    ledger_set_clock(l, a_clock, NULL);
    for (int i = 0; i < 9; i++)
        if (hbs_ledger_append(l, ctx, &item, &a))
            return;
    /* the witness's side, by the text of tlog-witness */
    struct hbs_buf none = {0};
    body_of(&body, l, 0, 0, &secret, origin, 5);
    is_int(ask(&w, &body, &none), 200, "a first checkpoint is cosigned");
    is_text(w.type, "text/plain; charset=utf-8", "in plain text");
    if (hbs_buf_put(&last, w.keep.data, w.keep.size))
        return;
    static struct hbs_ledger_note note;
    uint64_t time = 0;
    ok(!hbs_ledger_note_parse(ctx, last.data, last.size, &note) && note.count == 2 &&
           !hbs_ledger_note_verify(ctx, &note, &witness.key, &time) && time == the_time &&
           !hbs_ledger_note_verify(ctx, &note, &secret.key, NULL),
       "what it keeps holds both signatures and the time");
    body_of(&body, l, 5, 5, &secret, origin, 9);
    is_int(ask(&w, &body, &last), 200, "growth with a proof");
    is_int(ask(&w, &body, &none), 409, "not from a size that it has not seen");
    ok(w.reply.size == 2 && !memcmp(w.reply.data, "0\n", 2) && !strcmp(w.type, "text/x.tlog.size"), "it says what it has seen");
    body_of(&body, l, 3, 3, &secret, origin, 9);
    is_int(ask(&w, &body, &last), 409, "nor from a smaller one");
    ok(w.reply.size == 2 && !memcmp(w.reply.data, "5\n", 2) && !w.keep.size, "and keeps nothing then");
    body_of(&body, l, 5, 4, &secret, origin, 9);
    is_int(ask(&w, &body, &last), 422, "a proof of something else is refused");
    body_of(&body, l, 5, 9, &secret, origin, 9);
    is_int(ask(&w, &body, &last), 422, "so is growth without a proof");
    body_of(&body, l, 5, 5, &secret, origin, 5);
    is_int(ask(&w, &body, &last), 200, "the same again is cosigned anew");
    body_of(&body, l, 5, 3, &secret, origin, 3);
    is_int(ask(&w, &body, &last), 400, "an old size above the checkpoint's is a bad request");
    body_of(&body, l, 5, 5, &other, "other.example", 9);
    is_int(ask(&w, &body, &last), 404, "an unknown log");
    body_of(&body, l, 5, 5, &other, origin, 9);
    is_int(ask(&w, &body, &last), 403, "no signature of the log");
    body_of(&body, l, 5, 5, &secret, origin, 9);
    body.data[body.size - 10] ^= 1;
    ok(ask(&w, &body, &last) == 403 || w.status == 400, "a signature that does not hold");
    static const char *const bad[] = {"", "old 5", "old 5\n", "old 05\n\n", "old -1\n\n", "new 5\n\n", "old 5\nAAAA\n\n", "old 5\n\n",
                                      "old 5\n\norigin\n5\n", "old 99999999999999999999\n\n"};
    int wrong = 0;
    for (size_t i = 0; i < HBS_COUNT(bad); i++) {
        body.size = 0;
        wrong += hbs_buf_put(&body, bad[i], strlen(bad[i])) || ask(&w, &body, &last) != 400;
    }
    is_int(wrong, 0, "what is no request is refused");
    body_of(&body, l, 0, 0, &secret, origin, 0);
    is_int(ask(&w, &body, &none), 200, "an empty log can be witnessed");
    body.size = 0;
    if (hbs_buf_printf(&body, "old 0\n\n"))
        return;
    struct hbs_ledger_checkpoint empty = {.size = 0};
    snprintf(empty.origin, sizeof empty.origin, "%s", origin);
    size_t begin = body.size;
    char text[512];
    if (hbs_ledger_checkpoint_print(&empty, &body))
        return;
    size_t n = body.size - begin;
    memcpy(text, body.data + begin, n);
    if (hbs_buf_put(&body, "\n", 1) || hbs_ledger_note_sign(ctx, text, n, &secret, 0, &body))
        return;
    is_int(ask(&w, &body, &none), 422, "with the root of the empty tree only");
    /* a fork of the same size */
    struct hbs_ledger_store second;
    static struct memory fork_memory;
    second = memory_store(&fork_memory);
    fork_memory.honest = true;
    struct hbs_ledger *fork_log;
    ok(!make(&second, 0) && !hbs_ledger_open(ctx, &second, &secret, 0, &fork_log), "the same log, another history");
    for (int i = 0; i < 9; i++)
        if (hbs_ledger_append(fork_log, ctx, &item, &a))
            return;
    body_of(&fork_body, fork_log, 5, 5, &secret, origin, 9);
    is_int(ask(&w, &fork_body, &last), 422, "a fork that goes on is refused");
    body_of(&fork_body, fork_log, 5, 5, &secret, origin, 5);
    is_int(ask(&w, &fork_body, &last), 422, "and one of the same size");
    last.data[20] ^= 1;
    body_of(&body, l, 5, 5, &secret, origin, 9);
    is_int(ask(&w, &body, &last), 500, "a witness whose memory was changed signs nothing");
    last.data[20] ^= 1;

    /* the log's side */
    struct hbs_ledger_config c = *hbs_ledger_config(l);
    c.witness[0].key = witness.key;
    snprintf(c.witness[0].url, sizeof c.witness[0].url, "http://127.0.0.1:1/");
    c.witness_count = 1;
    c.cosign_within = 5;
    c.refuse_after = 30;
    ok(!hbs_ledger_configure(l, ctx, &c), "a witness is named");
    ok(!hbs_ledger_append(l, ctx, &item, &a), "acts are taken at once");
    the_time += 29 * 60 + 59;
    ok(!hbs_ledger_append(l, ctx, &item, &a), "and until the time is over");
    the_time += 1;
    is_int(hbs_ledger_append(l, ctx, &item, &a), HBS_ERR_REFUSED, "then not: %s", hbs_ctx_what(ctx));
    is_int(hbs_err_exit_code(HBS_ERR_REFUSED), 3, "with exit code 3");
    uint64_t size = hbs_ledger_size(l);
    body.size = 0;
    ok(!hbs_ledger_witness_request(l, ctx, 0, &body) && ask(&w, &body, &last) == 409, "the witness knows five");
    is_int(hbs_ledger_witness_answer(l, ctx, 0, 409, w.reply.data, w.reply.size), HBS_ERR_INCOMPLETE, "which the log hears");
    body.size = 0;
    ok(!hbs_ledger_witness_request(l, ctx, 0, &body) && ask(&w, &body, &last) == 200, "and proves the growth");
    is_int(hbs_ledger_witness_answer(l, ctx, 0, 200, "\xe2\x80\x94 wit.example/w AAAAAAAA\n", 27), HBS_ERR_INTEGRITY, "no cosignature is none");
    ok(!hbs_ledger_witness_answer(l, ctx, 0, 200, w.reply.data, w.reply.size), "the cosignature is kept");
    uint64_t seen, when;
    ok(!hbs_ledger_witnessed(l, ctx, &seen, &when) && seen == size && when == the_time, "with its time");
    ok(!hbs_ledger_append(l, ctx, &item, &a), "acts are taken again");
    the_time += 3600;
    is_int(hbs_ledger_append(l, ctx, &item, &a), HBS_ERR_REFUSED, "for as long");
    the_time -= 7200;
    is_int(hbs_ledger_append(l, ctx, &item, &a), HBS_ERR_REFUSED, "a clock that is behind the witness's: %s", hbs_ctx_what(ctx));
    the_time += 3600;
    ok(!hbs_ledger_append(l, ctx, &item, &a), "right again");
    body.size = 0;
    ok(!hbs_ledger_witness_request(l, ctx, 0, &body), "asked at this size");
    last.size = 0;
    if (hbs_buf_put(&last, w.keep.data, w.keep.size))
        return;
    is_int(ask(&w, &body, &last), 200, "and cosigned");
    ok(!hbs_ledger_append(l, ctx, &item, &a) && !hbs_ledger_witness_answer(l, ctx, 0, 200, w.reply.data, w.reply.size),
       "an answer that comes when the log has grown belongs to what was asked");
    is_int(hbs_ledger_witness_answer(l, ctx, 0, 409, "5000\n", 5), HBS_ERR_INTEGRITY, "a witness that has seen more: %s", hbs_ctx_what(ctx));
    is_int(hbs_ledger_witness_answer(l, ctx, 0, 422, "no", 2), HBS_ERR_INTEGRITY, "or something else");
    is_int(hbs_ledger_witness_answer(l, ctx, 0, 404, "no", 2), HBS_ERR_REFUSED, "or nothing");
    size = hbs_ledger_size(l);
    ok(!hbs_ledger_close(ctx, l) && verifies(&store, size), "closed, it verifies");
    ok(!hbs_ledger_open(ctx, &store, &secret, 0, &l), "the cosignature is still known");
    ok(!hbs_ledger_witnessed(l, ctx, &seen, &when) && seen == size - 1 && when == the_time, "after it was opened anew");
    ok(!hbs_ledger_close(ctx, l) && !hbs_ledger_close(ctx, fork_log), "closed");
    hbs_ledger_answer_close(&a);
    hbs_buf_close(&body);
    hbs_buf_close(&fork_body);
    hbs_buf_close(&last);
    hbs_buf_close(&w.reply);
    hbs_buf_close(&w.keep);
    memory_free(&memory);
    memory_free(&fork_memory);
}

int main(void)
{
    tap_begin();
    snprintf(top, sizeof top, "/tmp/habeas_ledger_XXXXXX");
    if (hbs_ctx_open(NULL, &ctx) || hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "example.org/log", &secret) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_WITNESS, "wit.example/w", &witness) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "second", &other) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "inspector", &inspector) || !mkdtemp(top))
        return 1;
    threads();
    rules();
    no_memory();
    struct hbs_ledger_secret reader = other;
    if (hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "other.example", &other))
        return 1;
    witnesses();
    hbs_ledger_secret_wipe(&reader);
    remove_folder(top);
    hbs_ctx_close(ctx);
    return tap_end();
}
