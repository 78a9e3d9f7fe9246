/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: what a crash leaves. The store loses what was not synced, at hundreds of random
 * operations, in making, appending, publishing, changing the config, and in mending itself; afterwards
 * the log opens, verifies, and nothing acknowledged is missing. HABEAS_CRASHES=N: more points.
 */
#include "ledger_memory.h"
#include "tap.h"

enum { PEOPLE = 3, ACKED = 200000 };

static struct hbs_ctx *ctx;
static struct memory memory;
static struct hbs_ledger_secret secret, inspector;
static uint8_t acked[ACKED][32]; /* leaf hashes, by index */
static uint64_t acked_size, sizes_seen;
static struct hbs_rng rng;

static void show(void *arg, const char *where, const char *what) { printf("# %s: %s\n", where, what); }

/* Acts until the store dies or `acts` are done. */
static bool work(const struct hbs_ledger_store *store, int acts)
{
    struct hbs_ledger *l;
    struct hbs_ledger_answer a;
    enum hbs_err err = hbs_ledger_open(ctx, store, &secret, 0, &l);
    if (err) {
        if (!memory.dead)
            printf("# does not open: %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
        return memory.dead;
    }
    bool good = true;
    hbs_ledger_answer_init(&a, ctx);
    for (int i = 0; i < acts && good && !memory.dead; i++) {
        static uint8_t document[3000];
        uint32_t what = hbs_rng_below(&rng, 100);
        if (what == 0) {
            struct hbs_ledger_config c = *hbs_ledger_config(l);
            c.refuse_after = 60 + hbs_rng_below(&rng, 100);
            if (c.inspector_count < 2 && hbs_rng_below(&rng, 3) == 0) {
                c.inspector[c.inspector_count] = inspector.key;
                c.inspector[c.inspector_count].bytes[0] ^= (uint8_t)c.inspector_count;
                struct hbs_ledger_secret fresh;
                if (hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "second", &fresh))
                    return false;
                c.inspector[c.inspector_count++] = fresh.key;
            }
            uint64_t at = hbs_ledger_size(l);
            err = hbs_ledger_configure(l, ctx, &c);
            if (!err) {
                if (hbs_ledger_leaf(l, ctx, at, acked[at]))
                    good = false;
                acked_size = at + 1;
            }
        } else if (what == 1) {
            err = hbs_ledger_publish(l, ctx);
        } else {
            struct hbs_ledger_item item = {.document = document, .document_size = hbs_rng_below(&rng, 20) ? 100 : 2500, .persons = 1};
            err = hbs_ledger_append(l, ctx, &item, &a);
            if (!err) {
                uint64_t at = a.proof.index;
                good = at >= acked_size || !memcmp(acked[at], a.leaf, 32);
                memcpy(acked[at], a.leaf, 32);
                if (at + 1 > acked_size)
                    acked_size = at + 1;
            }
        }
        if (err && !memory.dead) {
            printf("# %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
            good = false;
        }
    }
    hbs_ledger_answer_close(&a);
    err = hbs_ledger_close(ctx, l);
    return good && (!err || memory.dead);
}

/* Opens, compares with what was acknowledged, closes, verifies. */
static bool sound(const struct hbs_ledger_store *store)
{
    struct hbs_ledger *l;
    struct hbs_ledger_report report;
    struct hbs_ledger_verify_options o = {.problem = show};
    /* a reader sees all that was acknowledged, before anybody mends; unless the making was cut off */
    enum hbs_err err = hbs_ledger_open(ctx, store, NULL, 0, &l);
    uint64_t seen = err ? 0 : hbs_ledger_size(l);
    for (uint64_t i = 0; !err && i < acked_size; i++) {
        uint8_t leaf[32];
        err = hbs_ledger_leaf(l, ctx, i, leaf) || memcmp(leaf, acked[i], 32) != 0 ? HBS_ERR_INTEGRITY : HBS_OK;
    }
    if (err || hbs_ledger_close(ctx, l)) {
        printf("# a reader sees %llu of %llu: %s: %s\n", (unsigned long long)seen, (unsigned long long)acked_size,
               hbs_ctx_where(ctx), hbs_ctx_what(ctx));
        return false;
    }
    if (hbs_ledger_open(ctx, store, &secret, 0, &l)) {
        printf("# does not open: %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
        return false;
    }
    bool good = true;
    uint64_t size = hbs_ledger_size(l);
    if (size < acked_size) {
        printf("# %llu acknowledged, %llu there\n", (unsigned long long)acked_size, (unsigned long long)size);
        good = false;
    }
    for (uint64_t i = 0; i < size && good; i++) {
        uint8_t leaf[32];
        if (hbs_ledger_leaf(l, ctx, i, leaf))
            good = false;
        if (i >= acked_size)
            memcpy(acked[i], leaf, 32); /* logged, not acknowledged: it stays now */
        else if (memcmp(acked[i], leaf, 32) != 0)
            good = false;
    }
    if (size > acked_size)
        acked_size = size;
    if (hbs_ledger_close(ctx, l))
        good = false;
    if (good && hbs_ledger_verify(ctx, store, &o, &report)) {
        printf("# %s\n", hbs_ctx_what(ctx));
        good = false;
    }
    sizes_seen += report.entries;
    return good && report.checkpoint.size == acked_size;
}

int main(void)
{
    tap_begin();
    const char *more = getenv("HABEAS_CRASHES");
    int crashes = more ? (int)strtol(more, NULL, 10) : 500, died_mending = 0, died_working = 0, failed = 0, logs = 0;
    hbs_rng_seed(&rng, tap_seed);
    hbs_rng_seed(&memory.rng, tap_seed + 1);
    if (hbs_ctx_open(NULL, &ctx) || hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "example.org/crash", &secret) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "inspector", &inspector))
        return 1;
    struct hbs_ledger_store store = memory_store(&memory);
    struct hbs_ledger_config config = {.since = 1, .inspector_count = 1};
    config.inspector[0] = inspector.key;
    for (int point = 0; point < crashes && !failed;) {
        if (point % 50 == 0) { /* a new log now and then, which may die in the making */
            memory_free(&memory);
            hbs_rng_seed(&memory.rng, hbs_rng_u64(&rng));
            acked_size = 0;
            logs++;
            for (int tries = 0;; tries++) {
                memory.die_at = tries < 3 ? 1 + hbs_rng_below(&rng, 20) : 0;
                enum hbs_err err = hbs_ledger_create(ctx, &store, &secret, &config);
                if (!err)
                    break;
                point++;
                if (!memory.dead) {
                    failed++;
                    printf("# cannot be made: %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
                    break;
                }
                memory_reboot(&memory);
                struct hbs_ledger *l; /* made or not made: nothing between */
                if (!hbs_ledger_open(ctx, &store, &secret, 0, &l)) {
                    failed += hbs_ledger_close(ctx, l) != HBS_OK;
                    break;
                }
            }
            memory.die_at = 0;
            acked_size = 1;
            struct hbs_ledger *l;
            if (failed || hbs_ledger_open(ctx, &store, &secret, 0, &l) || hbs_ledger_leaf(l, ctx, 0, acked[0]) ||
                hbs_ledger_close(ctx, l)) {
                failed++;
                break;
            }
        }
        /* die within the work of a session: mostly early, sometimes far on */
        memory.operations = 0;
        memory.die_at = 1 + hbs_rng_below(&rng, hbs_rng_below(&rng, 5) ? 60 : 1500);
        if (!work(&store, hbs_rng_below(&rng, 6) ? 20 : 700))
            failed++;
        if (memory.dead) {
            point++;
            died_working++;
            memory_reboot(&memory);
            /* and sometimes again in mending, several times */
            for (int again = 0; again < 3 && hbs_rng_below(&rng, 2); again++) {
                memory.die_at = 1 + hbs_rng_below(&rng, 25);
                if (!work(&store, 0))
                    failed++;
                if (!memory.dead)
                    break;
                died_mending++;
                point++;
                memory_reboot(&memory);
            }
        }
        memory.die_at = 0;
        if (!sound(&store)) {
            printf("# at point %d\n", point);
            failed++;
        }
    }
    is_int(failed, 0, "%d points: %d in work, %d in mending, %d logs: opens, verifies, nothing acknowledged is missing", crashes,
           died_working, died_mending, logs);
    ok(died_mending > crashes / 20 && sizes_seen > 1000, "there was something to lose");

    memory_free(&memory);
    memory_free(&memory);
    hbs_ctx_close(ctx);
    return tap_end();
}
