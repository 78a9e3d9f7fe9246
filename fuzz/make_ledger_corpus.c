/* SPDX-License-Identifier: MPL-2.0
 *
 * Writes the corpora of the ledger targets: build/fuzz/make_ledger_corpus fuzz/corpus
 */
#include "fuzz_ledger.h"

#include <sys/stat.h>

static const char *top;

static void put(const char *target, const char *name, int first, const void *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", top, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", top, target, name);
    FILE *f = fopen(path, "wb");
    if (!f || (first >= 0 && fputc(first, f) < 0) || fwrite(data, 1, size, f) != size || fclose(f))
        exit(6);
}

int main(int argc, char **argv)
{
    top = argc > 1 ? argv[1] : "fuzz/corpus";
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_ledger_secret log, witness, inspector;
    fuzz_secret(HBS_LEDGER_KEY_LOG, "example.org/log", 1, &log);
    fuzz_secret(HBS_LEDGER_KEY_WITNESS, "wit.example/w", 2, &witness);
    fuzz_secret(HBS_LEDGER_KEY_READER, "inspector", 3, &inspector);
    struct hbs_buf b, note;
    hbs_buf_init(&b, ctx, 1 << 20);
    hbs_buf_init(&note, ctx, 1 << 20);
    const struct hbs_ledger_secret *all[] = {&log, &witness, &inspector};
    static const char *const names[] = {"log", "witness", "reader"};
    for (int i = 0; i < 3; i++) {
        char name[32];
        b.size = 0;
        FUZZ_PROMISE(!hbs_ledger_key_print(&all[i]->key, &b));
        snprintf(name, sizeof name, "key-%s", names[i]);
        put("ledger_note", name, -1, b.data, b.size);
        b.size = 0;
        FUZZ_PROMISE(!hbs_ledger_secret_print(all[i], &b));
        snprintf(name, sizeof name, "private-%s", names[i]);
        put("ledger_note", name, -1, b.data, b.size);
    }
    /* an act, sealed, in a tree of one */
    struct hbs_ledger_act act = {.time = 1780000000, .allowed = true, .act = "enrol", .actor = "officer-17", .purpose = "custody",
                                 .outcome = "spelled-out", .obligation_count = 2, .obligation = {"notice", "something"},
                                 .binding_count = 1, .binding = {{.kind = "probe"}}};
    struct hbs_ledger_item item = {.act = &act, .persons = 2};
    struct hbs_ledger_sealer sealer;
    struct hbs_ledger_sealed sealed;
    hbs_ledger_sealed_init(&sealed, ctx);
    FUZZ_PROMISE(!ledger_sealer_make(ctx, &inspector.key, 1, &sealer) && !hbs_ledger_seal(ctx, &sealer, &item, &sealed));
    put("ledger_entry", "act", 0, sealed.content.data, sealed.content.size);
    put("ledger_entry", "sealed", 2, sealed.entry.data, sealed.entry.size);
    put("ledger_entry", "document", 0, "\2\1some text", 11);
    put("ledger_entry", "make", 3 + 4 * 5, "some text\x50\0\1", 12);
    struct hbs_ledger_config config = {.log = log.key, .since = 1780000000, .cosign_within = 5, .refuse_after = 60,
                                       .witness_count = 1, .inspector_count = 1};
    config.witness[0].key = witness.key;
    config.inspector[0] = inspector.key;
    memcpy(config.witness[0].url, "http://127.0.0.1:1/", 20);
    b.size = 0;
    FUZZ_PROMISE(!ledger_config_print(&config, &b));
    put("ledger_entry", "config", 1, b.data, b.size);
    struct hbs_ledger_checkpoint c = {.origin = "example.org/log", .size = 1};
    hbs_ledger_leaf_hash(sealed.entry.data, sealed.entry.size, c.root);
    char text[512];
    for (int seen = 0; seen < 2; seen++) {
        note.size = b.size = 0;
        if (seen) { /* grown from 5 to 5: the root that the target knows */
            c.size = 5;
            memset(c.root, 7, 32);
        }
        FUZZ_PROMISE(!hbs_ledger_checkpoint_print(&c, &note));
        size_t n = note.size;
        memcpy(text, note.data, n);
        FUZZ_PROMISE(!hbs_buf_put(&note, "\n", 1) && !hbs_ledger_note_sign(ctx, text, n, &log, 0, &note) &&
                     !hbs_buf_printf(&b, "old %d\n\n", seen ? 5 : 0) && !hbs_buf_put(&b, note.data, note.size));
        put("ledger_witness", seen ? "again" : "first", seen ? 3 : 1, b.data, b.size);
        put("ledger_witness", seen ? "conflict" : "unsigned", seen ? 0 : 2, b.data, b.size);
        if (seen)
            break;
        FUZZ_PROMISE(!hbs_ledger_note_sign(ctx, text, n, &witness, 1780000001, &note));
        put("ledger_note", "checkpoint", -1, note.data, note.size);
        put("ledger_note", "text", -1, text, n);
        struct hbs_ledger_proof *proof = calloc(1, sizeof *proof);
        proof->checkpoint = (char *)note.data;
        proof->checkpoint_size = note.size;
        b.size = 0;
        FUZZ_PROMISE(!hbs_ledger_receipt_print(ctx, &sealed, 1, proof, &b));
        put("ledger_proof", "receipt", -1, b.data, b.size);
        proof->count = 3;
        b.size = 0;
        FUZZ_PROMISE(!hbs_ledger_proof_print(proof, &b));
        put("ledger_proof", "proof", -1, b.data, b.size);
        free(proof);
        note.size = n + 1;
    }
    put("ledger_witness", "growth", 3, "old 5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\nexample.org/log\n9\n"
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n", 51 + 16 + 2 + 46);
    /* changes of a stored log: file, kind and length, place, bytes */
    put("ledger_store", "nothing", -1, "", 0);
    put("ledger_store", "checkpoint", -1, "\0\0\x11\0\x31\x32", 6);
    put("ledger_store", "config", -1, "\1\0\x21\0\x31\x32", 6);
    put("ledger_store", "journal", -1, "\2\0\x10\2\x31\x32", 6);
    put("ledger_store", "journal-cut", -1, "\2\1\0\3\x31", 5);
    put("ledger_store", "journal-record", -1, "\2\0\0\2\xff\2\0\x02\4\x01", 10);
    put("ledger_store", "tile", -1, "\3\0\x21\0\x31\x32", 6);
    put("ledger_store", "bundle-length", -1, "\4\0\0\0\xff\4\0\xf0\0\0", 10);
    put("ledger_store", "bundle-more", -1, "\4\2\0\2\x31\x32", 6);
    put("ledger_store", "edge", -1, "\7\0\0\0\x31\x08\1\x40\0\0", 10);
    put("ledger_store", "witness", -1, "\6\0\x20\0\x31\6\3\0\0\0", 10);
    hbs_ledger_sealed_close(&sealed);
    hbs_buf_close(&b);
    hbs_buf_close(&note);
    fuzz_close(ctx);
    return 0;
}
