/* SPDX-License-Identifier: MPL-2.0
 *
 * Benchmark of room ledger, JSON lines.
 *
 *   bench_ledger            all of it
 *
 *   append     processor time of one append without the disk, one at a time (so each pays for its own
 *              checkpoint's signature). The floor is the primitives that it cannot do without, timed in
 *              the same run: one signature, one scalar multiplication for a person with a key, and the
 *              hashes and ciphers of its bytes.
 *   commit     durable appends a second of 1 and 16 writers on a real folder in $TMPDIR or /tmp, with what one
 *              sync takes there; and with a store in memory whose sync takes 180 microseconds. The floor
 *              of one writer is a sync an append; of 16, the same sync shared.
 *   proofs     inclusion and consistency proofs in a log of 1,000,000 leaves, random, from files that are in
 *              the page cache; the floor is the 255 hashes of the one tile that a cold proof must expand.
 *   bytes      of a closed folder, an act: one person, one or two inspectors.
 *
 * Times are thread processor time, the least of several slices: others share the machine.
 */
#include "ledger_memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct hbs_ctx *ctx;
static struct hbs_ledger_secret secret, inspector[2], person;
static char top[256];

static void die(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", what, hbs_ctx_where(ctx), hbs_ctx_what(ctx));
    exit(6);
}

static double microseconds(void (*work)(void), int times)
{
    double best = 1e9;
    for (int slice = 0; slice < 8; slice++) {
        double t = hbs_clock_cpu();
        for (int i = 0; i < times; i++)
            work();
        t = (hbs_clock_cpu() - t) / times;
        best = t < best ? t : best;
    }
    return best * 1e6;
}

static uint8_t pair[64], pub[32], scratch[1024];
static void one_signature(void) { crypto_sign_detached(scratch, NULL, scratch + 100, 120, pair); }
static void one_agreement(void) { (void)!crypto_scalarmult(scratch, secret.seed, person.key.bytes); }
static void one_cipher(void)
{
    static const uint8_t nonce[24];
    crypto_aead_xchacha20poly1305_ietf_encrypt(scratch + 200, NULL, scratch + 200, 128, scratch, 150, NULL, nonce, secret.seed);
}
static void one_hash(void) { crypto_hash_sha256(scratch, scratch + 100, 308); }
static void one_tile(void)
{
    static struct ledger_tile t = {.width = LEDGER_TILE};
    ledger_tile_fill(&t);
}

static void an_act(struct hbs_ledger_act *a)
{
    memset(a, 0, sizeof *a);
    a->time = 1780000000;
    a->allowed = true;
    memcpy(a->act, "identify", 8);
    memcpy(a->actor, "officer-4711@north", 18);
    memcpy(a->purpose, "field-identification", 20);
    memcpy(a->outcome, "lead", 4);
    memset(a->law, 1, 32);
    memset(a->ruling, 2, 32);
    a->obligation_count = 2;
    memcpy(a->obligation[0], "notice", 6);
    memcpy(a->obligation[1], "second-examiner", 15);
}

static void make(const struct hbs_ledger_store *store, uint32_t inspectors, struct hbs_ledger **l)
{
    struct hbs_ledger_config config = {.since = 1, .inspector_count = inspectors};
    config.inspector[0] = inspector[0].key;
    config.inspector[1] = inspector[1].key;
    if (hbs_ledger_create(ctx, store, &secret, &config) || hbs_ledger_open(ctx, store, &secret, 0, l))
        die("make");
}

/* ---- append ---- */
static struct memory memory;
static struct hbs_ledger *bench_log;
static struct hbs_ledger_answer answer;
static const struct hbs_ledger_key *keys[1];
static void one_append(void)
{
    static struct hbs_ledger_act act;
    an_act(&act);
    struct hbs_ledger_item item = {.act = &act, .persons = 1, .person_keys = keys[0] ? keys : NULL};
    if (hbs_ledger_append(bench_log, ctx, &item, &answer))
        die("append");
}

static void bench_append(void)
{
    struct hbs_ledger_store store = memory_store(&memory);
    double sign = microseconds(one_signature, 300), agree = microseconds(one_agreement, 200);
    double cipher = microseconds(one_cipher, 5000), hash = microseconds(one_hash, 5000);
    for (int with = 0; with < 2; with++) {
        memory.honest = true;
        make(&store, 1, &bench_log);
        hbs_ledger_answer_init(&answer, ctx);
        keys[0] = with ? &person.key : NULL;
        double us = microseconds(one_append, 1200), floor = sign + cipher + hash + (with ? agree : 0);
        printf("{\"bench\":\"ledger_append\",\"person_key\":%s,\"us\":%.1f,\"bar_us\":100,\"floor_us\":%.1f,\"of_floor\":%.2f,"
               "\"signature_us\":%.1f,\"agreement_us\":%.1f,\"entry_bytes\":%zu,\"isa\":\"%s\"}\n",
               with ? "true" : "false", us, floor, floor / us, sign, agree, answer.sealed.entry.size, hbs_isa_name(hbs_cpu_isa()));
        hbs_ledger_answer_close(&answer);
        if (hbs_ledger_close(ctx, bench_log))
            die("close");
        memory_free(&memory);
    }
}

/* ---- group commit ---- */
struct writer {
    struct hbs_ledger *l;
    double until;
    long done;
};

static void *write_on(void *arg)
{
    struct writer *w = arg;
    struct hbs_ctx *mine;
    struct hbs_ledger_answer a;
    struct hbs_ledger_act act;
    an_act(&act);
    if (hbs_ctx_open(NULL, &mine))
        return NULL;
    hbs_ledger_answer_init(&a, mine);
    struct hbs_ledger_item item = {.act = &act, .persons = 1};
    while (hbs_clock_wall() < w->until && !hbs_ledger_append(w->l, mine, &item, &a))
        w->done++;
    hbs_ledger_answer_close(&a);
    hbs_ctx_close(mine);
    return NULL;
}

static double rate(struct hbs_ledger *l, int writers, double seconds)
{
    struct writer w[64];
    pthread_t id[64];
    double begin = hbs_clock_wall();
    long done = 0;
    for (int i = 0; i < writers; i++) {
        w[i] = (struct writer){l, begin + seconds, 0};
        if (pthread_create(&id[i], NULL, write_on, &w[i]))
            exit(6);
    }
    for (int i = 0; i < writers; i++) {
        pthread_join(id[i], NULL);
        done += w[i].done;
    }
    return (double)done / (hbs_clock_wall() - begin);
}

static double bench_sync(void)
{
    char path[300];
    static uint8_t data[1 << 20];
    snprintf(path, sizeof path, "%s/sync", top);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || pwrite(fd, data, sizeof data, 0) != (ssize_t)sizeof data || fsync(fd))
        exit(6);
    double t = hbs_clock_wall();
    enum { TIMES = 200 };
    for (int i = 0; i < TIMES; i++) {
        data[i] = (uint8_t)i;
        if (pwrite(fd, data, 1024, i * 1024) != 1024 || fdatasync(fd))
            exit(6);
    }
    t = (hbs_clock_wall() - t) / TIMES;
    close(fd);
    unlink(path);
    return t;
}

/* A store in memory whose sync takes 180 microseconds. */
static enum hbs_err slow_flush(void *user, struct hbs_ctx *c, const char *name)
{
    struct timespec t = {.tv_nsec = 180000};
    nanosleep(&t, NULL);
    return HBS_OK;
}
static enum hbs_err slow_sync(void *user, struct hbs_ctx *c) { return slow_flush(user, c, ""); }

static uint64_t folder_bytes(const char *path)
{
    uint64_t sum = 0;
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char name[1024];
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (!lstat(name, &st))
            sum += S_ISDIR(st.st_mode) ? folder_bytes(name) : (uint64_t)st.st_size;
    }
    if (dir)
        closedir(dir);
    return sum;
}

static void bench_commit(void)
{
    char path[300];
    struct hbs_ledger_store store;
    double sync = bench_sync();
    prctl(PR_SET_TIMERSLACK, 1000ul); /* so that 180 microseconds are not 230 */
    for (int writers = 1; writers <= 16; writers *= 16) {
        snprintf(path, sizeof path, "%s/commit%d", top, writers);
        if (hbs_ledger_folder_open(ctx, path, true, &store))
            die("folder");
        make(&store, 1, &bench_log);
        double r = rate(bench_log, writers, 4), again = bench_sync();
        sync = again < sync ? again : sync;
        if (hbs_ledger_close(ctx, bench_log))
            die("close");
        hbs_ledger_folder_close(&store);
        printf("{\"bench\":\"ledger_commit\",\"store\":\"folder\",\"writers\":%d,\"per_s\":%.0f,\"sync_us\":%.0f,\"per_sync\":%.2f,"
               "\"bar_per_s_scaled\":%.0f}\n",
               writers, r, sync * 1e6, r * sync, writers == 16 ? 5000 * 180e-6 / sync : 0);
    }
    for (int writers = 1; writers <= 16; writers *= 16) {
        store = memory_store(&memory);
        store.flush = slow_flush;
        store.sync = slow_sync;
        memory.honest = true;
        make(&store, 1, &bench_log);
        double r = rate(bench_log, writers, 3);
        if (hbs_ledger_close(ctx, bench_log))
            die("close");
        memory_free(&memory);
        printf("{\"bench\":\"ledger_commit\",\"store\":\"memory, sync of 180 us\",\"writers\":%d,\"per_s\":%.0f,\"sync_us\":180,"
               "\"per_sync\":%.2f,\"bar_per_s\":%d}\n",
               writers, r, r * 180e-6, writers == 16 ? 5000 : 0);
    }
    for (uint32_t inspectors = 1; inspectors <= 2; inspectors++) {
        enum { ACTS = 20000 };
        snprintf(path, sizeof path, "%s/bytes%u", top, inspectors);
        if (hbs_ledger_folder_open(ctx, path, true, &store))
            die("folder");
        store.flush = (enum hbs_err(*)(void *, struct hbs_ctx *, const char *))slow_flush; /* the bytes are the same */
        make(&store, inspectors, &bench_log);
        hbs_ledger_answer_init(&answer, ctx);
        keys[0] = NULL;
        for (int i = 0; i < ACTS; i++)
            one_append();
        hbs_ledger_answer_close(&answer);
        if (hbs_ledger_close(ctx, bench_log))
            die("close");
        hbs_ledger_folder_close(&store);
        printf("{\"bench\":\"ledger_bytes\",\"acts\":%d,\"persons\":1,\"inspectors\":%u,\"bytes_an_act\":%.1f,\"bar\":400,"
               "\"floor\":%.1f}\n",
               ACTS, inspectors, (double)folder_bytes(path) / ACTS, 32 + 2 + 307.0 + 32 * (inspectors - 1));
    }
}

/* ---- proofs ---- */
static char proofs_path[300];
static void write_tile(const char *name, const void *data, size_t size)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", proofs_path, name);
    for (char *p = path + strlen(proofs_path) + 1; (p = strchr(p, '/')); p++) {
        *p = 0;
        mkdir(path, 0777);
        *p = '/';
    }
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f))
        exit(6);
}
static void full(void *arg, int level, uint64_t index, const struct ledger_tile *tile)
{
    char name[LEDGER_TILE_NAME];
    ledger_tile_name(level, index, LEDGER_TILE, name);
    write_tile(name, tile->node, LEDGER_TILE * 32);
}

static void bench_proofs(void)
{
    enum { LEAVES = 1000000, TIMES = 4000 };
    static struct ledger_edge edge;
    struct hbs_ledger_store store;
    struct hbs_ledger *l;
    uint8_t leaf[32], root[32], old[32], hashes[HBS_LEDGER_PROOF_MAX][32];
    char name[LEDGER_TILE_NAME];
    struct hbs_buf note;
    snprintf(proofs_path, sizeof proofs_path, "%s/proofs", top);
    if (hbs_ledger_folder_open(ctx, proofs_path, true, &store))
        die("folder");
    make(&store, 0, &l);
    if (hbs_ledger_leaf(l, ctx, 0, leaf) || hbs_ledger_close(ctx, l))
        die("leaf");
    for (uint64_t i = 0; i < LEAVES; i++) {
        ledger_edge_add(&edge, leaf, full, NULL);
        crypto_hash_sha256(leaf, (uint8_t *)&i, sizeof i);
    }
    for (int level = 0; level < 3; level++) {
        ledger_tile_name(level, (uint64_t)LEAVES >> (8 * level) >> 8, edge.tile[level].width, name);
        if (edge.tile[level].width)
            write_tile(name, edge.tile[level].node, edge.tile[level].width * (size_t)32);
    }
    ledger_edge_root(&edge, root);
    hbs_buf_init(&note, ctx, 4096);
    if (ledger_checkpoint_sign(ctx, &secret, LEAVES, root, &note))
        die("sign");
    write_tile("checkpoint", note.data, note.size);
    hbs_buf_close(&note);
    if (hbs_ledger_open(ctx, &store, NULL, 0, &l))
        die("open");
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 1);
    uint32_t count;
    double tile = microseconds(one_tile, 200);
    for (int kind = 0; kind < 2; kind++) {
        double sum = 0, worst = 0, best = 1e9;
        for (int slice = 0; slice < 10; slice++) {
            sum = 0;
            for (int i = 0; i < TIMES / 10; i++) {
                uint64_t m = hbs_rng_below(&rng, LEAVES - 1) + 1;
                double t = hbs_clock_cpu();
                enum hbs_err err = kind ? hbs_ledger_consistency(l, ctx, m, LEAVES, hashes, &count)
                                        : hbs_ledger_prove(l, ctx, m, LEAVES, hashes, &count);
                t = hbs_clock_cpu() - t;
                sum += t;
                worst = t > worst ? t : worst;
                if (!err && i % 20 == 0) { /* and they hold */
                    if (kind)
                        err = hbs_ledger_root(l, ctx, m, old) ||
                              hbs_ledger_check_consistency(ctx, m, old, LEAVES, root, (const uint8_t(*)[32])hashes, count);
                    else
                        err = hbs_ledger_leaf(l, ctx, m, old) ||
                              hbs_ledger_check_inclusion(ctx, m, LEAVES, old, (const uint8_t(*)[32])hashes, count, root);
                }
                if (err)
                    die("proof");
            }
            sum /= TIMES / 10;
            best = sum < best ? sum : best;
        }
        printf("{\"bench\":\"ledger_proof\",\"kind\":\"%s\",\"leaves\":%d,\"us\":%.1f,\"worst_us\":%.0f,\"bar_us\":100,\"floor_us\":%.1f,"
               "\"of_floor\":%.2f,\"isa\":\"%s\"}\n",
               kind ? "consistency" : "inclusion", LEAVES, best * 1e6, worst * 1e6, tile, tile / (best * 1e6),
               hbs_isa_name(hbs_cpu_isa()));
    }
    if (hbs_ledger_close(ctx, l))
        die("close");
    hbs_ledger_folder_close(&store);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/habeas_bench_XXXXXX", tmp ? tmp : "/tmp");
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (hbs_ctx_open(NULL, &ctx) || !mkdtemp(top) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_LOG, "example.org/bench", &secret) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "one", &inspector[0]) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "two", &inspector[1]) ||
        hbs_ledger_secret_make(ctx, HBS_LEDGER_KEY_READER, "person", &person))
        return 6;
    crypto_sign_seed_keypair(pub, pair, secret.seed);
    bench_append();
    bench_commit();
    bench_proofs();
    char command[320];
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    int code = system(command) ? 6 : 0;
    hbs_ctx_close(ctx);
    return code;
}
