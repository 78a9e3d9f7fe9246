/* SPDX-License-Identifier: MPL-2.0
 *
 * Speed of the vault and of the store's pages, as JSON lines, in thread CPU time (the least of several
 * runs: others share the machine). The floor beside each is the cipher alone over the bytes that the act
 * must encipher, measured in the same run. Key files lie in memory (/dev/shm where there is one), so
 * that times are the work and not the disk's; `syncs` says how often a disk would be waited for.
 *
 *     bench_vault [SUBJECTS]      default 1,000,000
 */
#include "store/pages_int.h"
#include "vault/vault_int.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct hbs_ctx *ctx;
static char top[64];

static void must(enum hbs_err err)
{
    if (err) {
        fprintf(stderr, "%s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
        exit(6);
    }
}

static const char *in_top(const char *name)
{
    static char path[4][128];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, 128, "%s/%s", top, name);
    return p;
}

/* Seconds of the cipher for one message of `size` bytes. */
static double cipher(size_t size)
{
    uint8_t *in = malloc(size), *out = malloc(size + 16);
    uint8_t key[32], nonce[24] = {0};
    if (!in || !out)
        exit(6);
    memset(in, 1, size);
    randombytes_buf(key, sizeof key);
    double best = 1e9;
    int times = size > 100000 ? 20 : 2000;
    for (int k = 0; k < 15; k++) {
        double t = hbs_clock_cpu();
        for (int i = 0; i < times; i++) {
            nonce[0]++;
            crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, in, size, NULL, 0, NULL, nonce, key);
        }
        t = (hbs_clock_cpu() - t) / times;
        best = t < best ? t : best;
    }
    free(in);
    free(out);
    return best;
}

static void bench_seal(void)
{
    const struct hbs_vault_label label = {"templates", 1, 1};
    static const size_t sizes[] = {285, 4096, 65536, 1 << 20};
    void *secret;
    must(hbs_secret_open(ctx, (1 << 20) + 64, &secret));
    uint8_t *key = secret, *plain = key + 64;
    struct hbs_buf buf;
    hbs_buf_init(&buf, ctx, 2 << 20);
    randombytes_buf(key, 32);
    for (size_t s = 0; s < HBS_COUNT(sizes); s++) {
        double seal = 1e9, open = 1e9, floor = cipher(sizes[s]) + cipher(32);
        int times = sizes[s] > 100000 ? 10 : 1000;
        size_t inside;
        for (int k = 0; k < 12; k++) {
            double t = hbs_clock_cpu();
            for (int i = 0; i < times; i++) {
                buf.size = 0;
                must(hbs_vault_seal(ctx, key, &label, plain, sizes[s], &buf));
            }
            t = (hbs_clock_cpu() - t) / times;
            seal = t < seal ? t : seal;
            t = hbs_clock_cpu();
            for (int i = 0; i < times; i++)
                must(hbs_vault_unseal(ctx, key, &label, buf.data, buf.size, plain, sizes[s], &inside));
            t = (hbs_clock_cpu() - t) / times;
            open = t < open ? t : open;
        }
        printf("{\"bench\":\"vault_record\",\"bytes\":%zu,\"seal_us\":%.2f,\"open_us\":%.2f,\"cipher_us\":%.2f,"
               "\"open_of_bound\":%.2f}\n", sizes[s], seal * 1e6, open * 1e6, floor * 1e6, floor / open);
    }
    hbs_buf_close(&buf);
    hbs_secret_close(secret);
}

static long syncs;
static int counted_sync(void *user, void *file)
{
    syncs++;
    return hbs_vault_files()->sync(user, file);
}

static void bench_tree(uint64_t subjects)
{
    struct hbs_vault_io io = *hbs_vault_files();
    io.sync = counted_sync;
    struct hbs_vault_slot *slot;
    struct hbs_vault *v;
    struct hbs_vault_status s;
    const char *keys = in_top("keys"), *root = in_top("root");
    uint64_t *who = malloc(65536 * sizeof *who);
    uint8_t key[32];
    if (!who)
        exit(6);
    must(hbs_vault_slot_file(ctx, &io, root, &slot));
    must(hbs_vault_create(ctx, &io, keys, &slot, 1));
    must(hbs_vault_open(ctx, &io, keys, &slot, 1, &v));
    double t = hbs_clock_cpu();
    for (uint64_t at = 1; at <= subjects;) {
        size_t n = 0;
        while (n < 4096 && at <= subjects)
            who[n++] = at++;
        must(hbs_vault_add(v, who, n));
    }
    double added = (hbs_clock_cpu() - t) / (double)subjects;
    hbs_vault_status(v, &s);
    double page = cipher(VAULT_BODY), bytes = (double)s.pages * VAULT_PAGE / (double)subjects;
    printf("{\"bench\":\"vault_add\",\"subjects\":%llu,\"batch\":4096,\"us_each\":%.3f,\"height\":%d,\"file_bytes_each\":%.2f,"
           "\"used_bytes_each\":%.2f}\n", (unsigned long long)subjects, added * 1e6, s.height, bytes,
           (double)s.used * VAULT_PAGE / (double)subjects);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 1);
    double least[2] = {1e9, 1e9};
    for (int k = 0; k < 8; k++)
        for (int along = 0; along < 2; along++) {
            t = hbs_clock_cpu();
            for (uint64_t i = 0; i < 4000; i++)
                must(hbs_vault_get(v, along ? 1 + (i + (uint64_t)k * 4000) % subjects : 1 + hbs_rng_u64(&rng) % subjects, key));
            t = (hbs_clock_cpu() - t) / 4000;
            least[along] = t < least[along] ? t : least[along];
        }
    /* at random: the leaf, and the inner page above it; the root page stays */
    printf("{\"bench\":\"vault_get\",\"subjects\":%llu,\"random_us\":%.2f,\"in_order_us\":%.3f,\"page_cipher_us\":%.2f,"
           "\"random_of_bound\":%.2f}\n", (unsigned long long)subjects, least[0] * 1e6, least[1] * 1e6, page * 1e6,
           page * (s.height - 1) / least[0]);
    /* Bound: the path opened and enciphered again; of a batch, at least its leaves, until they are shared. */
    static const size_t batch[] = {1, 10, 100, 1000, 10000};
    for (size_t b = 0; b < HBS_COUNT(batch) && batch[b] * 4 < subjects; b++) {
        double best = 1e9;
        long waits = 0;
        for (int k = 0; k < (batch[b] < 1000 ? 12 : 3); k++) {
            size_t n = 0;
            while (n < batch[b]) {
                who[n] = 1 + hbs_rng_u64(&rng) % subjects;
                if (!hbs_vault_get(v, who[n], key))
                    n++;
            }
            long before = syncs;
            t = hbs_clock_cpu();
            must(hbs_vault_erase(v, who, n));
            t = hbs_clock_cpu() - t;
            waits = syncs - before;
            best = t < best ? t : best;
        }
        hbs_vault_status(v, &s);
        printf("{\"bench\":\"vault_erase\",\"subjects\":%llu,\"batch\":%zu,\"us\":%.1f,\"us_each\":%.2f,\"syncs\":%ld,"
               "\"bound_us\":%.1f}\n", (unsigned long long)subjects, batch[b], best * 1e6, best * 1e6 / (double)batch[b], waits,
               (batch[b] == 1 ? s.height : (double)batch[b]) * 2 * page * 1e6);
    }
    uint64_t left = s.subjects;
    hbs_vault_close(v);
    double opening = 1e9;
    for (int k = 0; k < 3; k++) {
        t = hbs_clock_cpu();
        must(hbs_vault_open(ctx, &io, keys, &slot, 1, &v));
        t = hbs_clock_cpu() - t;
        opening = t < opening ? t : opening;
        if (k < 2)
            hbs_vault_close(v);
    }
    t = hbs_clock_cpu();
    must(hbs_vault_verify(v));
    t = hbs_clock_cpu() - t;
    printf("{\"bench\":\"vault_open\",\"subjects\":%llu,\"open_ms\":%.2f,\"verify_ms\":%.1f,\"verify_bound_ms\":%.1f}\n",
           (unsigned long long)left, opening * 1e3, t * 1e3, page * (double)s.used * 1e3);
    hbs_vault_close(v);
    hbs_vault_slot_close(slot);
    unlink(keys);
    unlink(root);
    free(who);
}

/* The same statements on plain SQLite with the same settings, and on ours. */
static void bench_pages(void)
{
    enum { ROWS = 20000 };
    static const char *const work[] = {
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a BLOB) STRICT",
        "BEGIN; WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000) INSERT INTO t SELECT i, zeroblob(400) FROM c; COMMIT",
        "SELECT sum(length(hex(a))) FROM t", "PRAGMA wal_checkpoint(TRUNCATE)"};
    static const char *const name[] = {"create", "insert_20000", "scan", "checkpoint"};
    double best[2][4], each[2] = {1e9, 1e9};
    uint8_t key[32] = {1};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 4; i++)
            best[k][i] = 1e9;
    for (int run = 0; run < 4; run++)
        for (int ours = 0; ours < 2; ours++) {
            const char *path = in_top(ours ? "ours" : "plain");
            struct store_pages *p = NULL;
            sqlite3 *db = NULL;
            unlink(path);
            if (ours) {
                must(store_pages_create(ctx, path, key, NULL));
                must(store_pages_open(ctx, path, key, NULL, &p));
                db = store_pages_db(p);
            } else if (sqlite3_open(path, &db) ||
                       sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                                        "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY", NULL, NULL, NULL)) {
                exit(6);
            }
            for (int i = 0; i < 4; i++) {
                double t = hbs_clock_cpu();
                if (sqlite3_exec(db, work[i], NULL, NULL, NULL))
                    exit(6);
                t = hbs_clock_cpu() - t;
                best[ours][i] = t < best[ours][i] ? t : best[ours][i];
            }
            double t = hbs_clock_cpu();
            for (int i = 0; i < 500; i++) {
                char sql[80];
                snprintf(sql, sizeof sql, "INSERT INTO t VALUES(%d, zeroblob(400))", ROWS + 1 + i);
                if (sqlite3_exec(db, sql, NULL, NULL, NULL))
                    exit(6);
            }
            t = (hbs_clock_cpu() - t) / 500;
            each[ours] = t < each[ours] ? t : each[ours];
            if (ours)
                must(store_pages_close(p));
            else
                sqlite3_close(db);
            unlink(path);
        }
    for (int i = 1; i < 4; i++)
        printf("{\"bench\":\"store_pages\",\"work\":\"%s\",\"ms\":%.2f,\"plain_ms\":%.2f,\"of_plain\":%.2f}\n", name[i],
               best[1][i] * 1e3, best[0][i] * 1e3, best[1][i] / best[0][i]);
    printf("{\"bench\":\"store_pages\",\"work\":\"one_row_a_transaction\",\"us\":%.1f,\"plain_us\":%.1f,\"of_plain\":%.2f,"
           "\"page_cipher_us\":%.2f}\n", each[1] * 1e6, each[0] * 1e6, each[1] / each[0], cipher(STORE_PAGE) * 1e6);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    uint64_t subjects = argc > 1 ? strtoull(argv[1], &end, 10) : 1000000;
    if (argc > 2 || (end && *end) || subjects < 100 || subjects > HBS_VAULT_SUBJECT_MAX) {
        fprintf(stderr, "usage: bench_vault [SUBJECTS]\n");
        return 2;
    }
    if (sodium_init() < 0 || hbs_ctx_open(NULL, &ctx))
        return 1;
    snprintf(top, sizeof top, "%s/habeas-bench-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(top))
        return 6;
    bench_seal();
    bench_tree(subjects);
    bench_pages();
    rmdir(top);
    hbs_ctx_close(ctx);
    return 0;
}
