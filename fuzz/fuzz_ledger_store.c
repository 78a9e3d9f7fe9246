/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: a stored log of room ledger that lies: tiles, bundles, journal, config, checkpoint,
 * witness's note, changed as the input says (groups of: file, kind of change, place, bytes). Opening and
 * verifying end, and a log that verifies holds every entry that was logged.
 */
#include "../tests/ledger_memory.h"
#include "fuzz_ledger.h"

enum { ENTRIES = 300, PENDING = 3 };
static struct memory base, memory;
static struct hbs_ledger_secret secret, inspector, witness;
static uint8_t leaf[ENTRIES + PENDING + 8][32];
static uint64_t total;

static void copy(struct memory *to, const struct memory *from)
{
    for (int i = 0; i < MEMORY_OBJECTS; i++) {
        struct memory_object *o = &to->now[i];
        free(o->data);
        *o = from->now[i];
        o->data = NULL;
        if (from->now[i].there) {
            o->data = malloc(o->size + 1);
            memcpy(o->data, from->now[i].data, o->size);
        }
    }
}

static void make(void)
{
    struct hbs_ctx *ctx;
    FUZZ_PROMISE(!hbs_ctx_open(NULL, &ctx));
    struct hbs_ledger_store store = memory_store(&memory);
    struct hbs_ledger_config config = {.since = 1780000000, .inspector_count = 1};
    struct hbs_ledger *l;
    struct hbs_ledger_answer a;
    struct hbs_buf body, reply, keep;
    const char *type;
    int status;
    memory.honest = true;
    fuzz_secret(HBS_LEDGER_KEY_LOG, "example.org/log", 1, &secret);
    fuzz_secret(HBS_LEDGER_KEY_WITNESS, "wit.example/w", 2, &witness);
    fuzz_secret(HBS_LEDGER_KEY_READER, "inspector", 3, &inspector);
    config.inspector[0] = inspector.key;
    config.witness_count = 1;
    config.witness[0].key = witness.key;
    config.refuse_after = 525600;
    config.cosign_within = 5;
    memcpy(config.witness[0].url, "http://127.0.0.1:1/", 20);
    hbs_ledger_answer_init(&a, ctx);
    FUZZ_PROMISE(!hbs_ledger_create(ctx, &store, &secret, &config) && !hbs_ledger_open(ctx, &store, &secret, 0, &l));
    struct hbs_ledger_item item = {.document = "some text", .document_size = 9, .persons = 1};
    for (int i = 0; i < ENTRIES + PENDING; i++) {
        if (i == ENTRIES) { /* published, cosigned; the rest stays in the journal, as a crash leaves it */
            hbs_buf_init(&body, ctx, 65536);
            hbs_buf_init(&reply, ctx, 65536);
            hbs_buf_init(&keep, ctx, 65536);
            uint64_t time = ledger_now(l);
            FUZZ_PROMISE(!hbs_ledger_publish(l, ctx) && !hbs_ledger_witness_request(l, ctx, 0, &body));
            FUZZ_PROMISE(!hbs_ledger_witness_serve(ctx, &witness, &secret.key, 1, time, body.data, body.size, NULL, 0, &status,
                                                   &type, &reply, &keep));
            FUZZ_PROMISE(status == 200 && !hbs_ledger_witness_answer(l, ctx, 0, 200, reply.data, reply.size));
            hbs_buf_close(&body);
            hbs_buf_close(&reply);
            hbs_buf_close(&keep);
        }
        FUZZ_PROMISE(!hbs_ledger_append(l, ctx, &item, &a));
    }
    total = hbs_ledger_size(l);
    for (uint64_t i = 0; i < total; i++)
        FUZZ_PROMISE(!hbs_ledger_leaf(l, ctx, i, leaf[i]));
    hbs_ledger_answer_close(&a);
    copy(&base, &memory); /* with its journal */
    FUZZ_PROMISE(!hbs_ledger_close(ctx, l));
    hbs_ctx_close(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!total)
        make();
    copy(&memory, &base);
    memory.honest = true;
    bool journal = false;
    while (size >= 5) {
        static const char *const names[] = {"checkpoint",       "config",   "journal",           "tile/0/000",
                                            "tile/entries/000", "tile/1/000.p/1", "witness/", "tile/0/001.p/45",
                                            "tile/entries/001.p/45"};
        struct memory_object *o = NULL;
        const char *name = names[data[0] % HBS_COUNT(names)];
        for (int i = 0; i < MEMORY_OBJECTS && !o; i++)
            if (memory.now[i].there && !strncmp(memory.now[i].name, name, strlen(name)))
                o = &memory.now[i];
        size_t n = 1 + data[1] / 4 % 16, place = data[2] | (size_t)data[3] << 8;
        unsigned kind = data[1] % 4;
        data += 4;
        size -= 4;
        n = n < size ? n : size;
        if (o && o->size) {
            journal |= !strcmp(o->name, "journal");
            place %= o->size;
            if (kind == 0) /* bytes over bytes */
                memcpy(o->data + place, data, n < o->size - place ? n : o->size - place);
            else if (kind == 1) /* cut */
                o->size = place;
            else if (kind == 2) { /* bytes between */
                o->data = realloc(o->data, o->size + n + 1);
                memmove(o->data + place + n, o->data + place, o->size - place);
                memcpy(o->data + place, data, n);
                o->size += n;
            } else {
                memory_unset(memory.now, o->name);
            }
        }
        data += n;
        size -= n;
    }
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_ledger_store store = memory_store(&memory);
    struct hbs_ledger_verify_options options = {.key = &secret.key};
    struct hbs_ledger_report report;
    struct hbs_ledger *l;
    enum hbs_err err = hbs_ledger_verify(ctx, &store, &options, &report);
    FUZZ_PROMISE(err == HBS_OK || err == HBS_ERR_INTEGRITY);
    FUZZ_PROMISE(err || report.checkpoint.size >= total - (journal ? PENDING : 0) || !memory_find(memory.now, "journal", false));
    bool verified = !err;
    uint64_t verified_size = report.checkpoint.size;
    for (int write = 0; write < 2; write++) {
        err = hbs_ledger_open(ctx, &store, write ? &secret : NULL, 0, &l);
        FUZZ_PROMISE(err == HBS_OK || *hbs_ctx_what(ctx));
        FUZZ_PROMISE(err || !write || !verified || hbs_ledger_size(l) == verified_size);
        if (err)
            continue;
        for (uint64_t i = 0; i < hbs_ledger_size(l); i += 37) {
            uint8_t hash[32];
            struct hbs_buf entry;
            hbs_buf_init(&entry, ctx, HBS_LEDGER_ENTRY_MAX);
            err = hbs_ledger_leaf(l, ctx, i, hash);
            FUZZ_PROMISE(!verified || (!err && !memcmp(hash, leaf[i], 32)));
            (void)!hbs_ledger_entry(l, ctx, i, &entry);
            hbs_buf_close(&entry);
        }
        (void)hbs_ledger_close(ctx, l);
    }
    fuzz_close(ctx);
    return 0;
}
