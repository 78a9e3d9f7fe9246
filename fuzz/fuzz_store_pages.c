/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: database and log of the store, changed by somebody who may have the key. The two files as a
 * stopped process left them are made here; the input is a list of changes, each of a kind, a place of 2
 * bytes and 2 bytes more: raw bytes, the length of a file, or with the key: the fields of a mark, bytes of
 * the log's header, of a frame's header, of a frame's page, of a database page. It opens or says why not;
 * what opens can be read and verified. Without the key in the input, answers are the right ones.
 */
#include "fuzz.h"
#include "../tests/store_disk.h"
#include "store/pages_int.h"

#include <unistd.h>

enum { RAW = 0, LENGTH, MARK, HEADER, FRAME, CONTENT, DATABASE, KINDS };

static uint8_t *file_of[2];
static size_t size_of[2];
static const char *const name_of[2] = {"db", "db-wal"};
static const uint8_t key[HBS_VAULT_KEY] = {1, 2, 3, 4};
static uint8_t db_key[32], log_key[32], salts[8];

static void make_files(void)
{
    struct hbs_ctx *ctx = NULL;
    struct store_pages *p;
    struct hbs_buf b;
    char folder[] = "/tmp/fuzz-store-XXXXXX", path[64];
    FUZZ_PROMISE(hbs_ctx_open(NULL, &ctx) == HBS_OK && mkdtemp(folder));
    snprintf(path, sizeof path, "%s/db", folder);
    hbs_buf_init(&b, ctx, 1 << 22);
    sqlite3_vfs_register(&store_disk_vfs, 0);
    FUZZ_PROMISE(!store_pages_create(ctx, path, key, NULL) && !store_pages_open(ctx, path, key, NULL, &p));
    FUZZ_PROMISE(!store_pages_exec(p, "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT) STRICT; CREATE INDEX i ON t(b);"
                                      "INSERT INTO t VALUES(1, 'one'), (2, 'two'); CREATE TABLE u(c) ;") &&
                 !store_pages_close(p) && !hbs_file_read(ctx, path, &b));
    unlink(path);
    rmdir(folder);
    void *f = NULL;
    disk_open(&store_disk, "db", true, false, &f);
    disk_write(&store_disk, f, b.data, b.size, 0);
    hbs_buf_close(&b);
    FUZZ_PROMISE(!store_pages_open(ctx, "/db", key, "test-disk", &p));
    for (int i = 3; i < 7; i++) {
        char sql[100];
        snprintf(sql, sizeof sql, "INSERT INTO t VALUES(%d, hex(zeroblob(%d)))", i, i * 300);
        FUZZ_PROMISE(!store_pages_exec(p, sql));
    }
    memcpy(salts, p->log_file->salts, 8);
    for (int i = 0; i < 2; i++) {
        struct disk_file *d = disk_find(&store_disk, name_of[i]);
        FUZZ_PROMISE((file_of[i] = malloc(d->size)) != NULL);
        memcpy(file_of[i], d->now, d->size);
        size_of[i] = d->size;
    }
    store_disk.stopped = true;
    (void)store_pages_close(p);
    hbs_ctx_close(ctx);
    hbs_secret_derive(key, "habeas store database", db_key);
    hbs_secret_derive(key, "habeas store log", log_key);
}

/* Opens a piece at `at`, changes a byte, seals it again; a piece that does not open is left. */
static void reseal(uint8_t *file, size_t length, const uint8_t *k, size_t at, size_t text, size_t bound_size,
                   const uint8_t *bound, size_t into, uint8_t with)
{
    uint8_t plain[STORE_PAGE];
    if (at + text + STORE_EXTRA > length || !pages_unseal(k, bound, bound_size, file + at, text, file + at + text, plain))
        return;
    plain[into % text] ^= with;
    uint8_t round[8];
    memcpy(round, file + at + text, 8); /* stays what it was, or every log would be of another time */
    pages_seal(k, bound, bound_size, plain, text, round, file + at, file + at + text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!file_of[0])
        make_files();
    uint8_t *now[2];
    size_t length[2] = {size_of[0], size_of[1]};
    bool keyed = false;
    for (int i = 0; i < 2; i++) {
        FUZZ_PROMISE((now[i] = malloc(size_of[i] + 70000)) != NULL);
        memcpy(now[i], file_of[i], size_of[i]);
        memset(now[i] + size_of[i], 0x5a, 70000);
    }
    for (size_t at = 0; at + 5 <= size && at < 5 * 64; at += 5) {
        int kind = data[at] % KINDS, file = data[at] >> 7;
        size_t place = (size_t)(data[at + 1] | data[at + 2] << 8);
        uint8_t a = data[at + 3], b = data[at + 4], bound[28];
        memcpy(bound, "habeas log", 11);
        keyed |= kind > LENGTH;
        switch (kind) {
        case RAW:
            place = (place * 7 + a) % length[file];
            now[file][place] ^= b;
            break;
        case LENGTH:
            length[file] = 1 + (place + (size_t)(a & 3) * 65536) % (size_of[file] + 70000);
            break;
        case MARK:
            bound[11] = 1;
            hbs_put_le64(bound + 12, place % 2);
            reseal(now[1], length[1], log_key, place % 2 * LOG_MARK, 32, 20, bound, a, b);
            break;
        case HEADER:
            bound[11] = 2;
            hbs_put_le64(bound + 12, 0);
            reseal(now[1], length[1], log_key, LOG_HEADER_AT, LOG_HEADER, 20, bound, a, b);
            break;
        case FRAME:
        case CONTENT: {
            size_t index = place % 64, header = LOG_FRAME_HEADER + STORE_EXTRA;
            bound[11] = kind == FRAME ? 3 : 4;
            hbs_put_le64(bound + 12, index);
            memcpy(bound + 20, salts, 8);
            reseal(now[1], length[1], log_key, LOG_FRAMES_AT + index * LOG_FRAME + (kind == FRAME ? 0 : header),
                   kind == FRAME ? LOG_FRAME_HEADER : STORE_PAGE, 28, bound, kind == FRAME ? a : a * 16u + place / 64, b);
            break;
        }
        default:
            memcpy(bound, "habeas page", 12);
            hbs_put_le64(bound + 12, place % 16 + 1);
            reseal(now[0], length[0], db_key, place % 16 * STORE_PAGE, STORE_PAGE - STORE_EXTRA, 20, bound,
                   a * 16u + place / 16, b);
        }
    }
    disk_free(&store_disk);
    memset(&store_disk, 0, sizeof store_disk);
    store_locked = NULL;
    store_shared = 0;
    for (int i = 0; i < 2; i++) {
        void *f = NULL;
        disk_open(&store_disk, name_of[i], true, false, &f);
        disk_write(&store_disk, f, now[i], length[i], 0);
        free(now[i]);
    }
    struct hbs_ctx *ctx = fuzz_open();
    struct store_pages *p = NULL;
    enum hbs_err err = store_pages_open(ctx, "/db", key, "test-disk", &p);
    FUZZ_PROMISE(keyed || !err || err == HBS_ERR_INTEGRITY || err == HBS_ERR_IO);
    if (!err) {
        FUZZ_PROMISE(keyed || !store_pages_verify(p) || length[0] != size_of[0] || hbs_ctx_where(ctx)[0]);
        sqlite3_stmt *s = NULL;
        int rows = 0, code = sqlite3_prepare_v2(store_pages_db(p), "SELECT a, b, length(b) FROM t ORDER BY b", -1, &s, NULL);
        while (!code && rows < 1000 && (code = sqlite3_step(s)) == SQLITE_ROW) {
            rows++;
            code = 0;
        }
        sqlite3_finalize(s);
        if (!keyed && code == SQLITE_DONE) /* whole, or back to an earlier commit if the log was cut or the marks with it */
            FUZZ_PROMISE(rows >= 2 && rows <= 6);
        (void)!store_pages_exec(p, "INSERT INTO t VALUES(100, 'new'); DELETE FROM t WHERE a = 1");
        (void)store_pages_close(p);
    }
    fuzz_close(ctx);
    return 0;
}
