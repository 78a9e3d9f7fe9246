/* SPDX-License-Identifier: MPL-2.0
 *
 * Room store: encrypted and authenticated pages under SQLite. Random SQL gives the same answers as plain
 * SQLite; nothing in the clear in any file; every byte changed is noticed; stops, lost writes, errors.
 */
#include "tap.h"

#include "store/pages_int.h"
#include "store_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct hbs_ctx *ctx;
static uint8_t *key;
static char top[64], db_path[96], log_path[96];

static const char schema[] =
    "CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT NOT NULL, weight REAL, data BLOB) STRICT;"
    "CREATE INDEX by_name ON people(name);"
    "CREATE TABLE acts(n INTEGER PRIMARY KEY, who INTEGER NOT NULL, what TEXT) STRICT, WITHOUT ROWID;";

/* ---- A random statement, the same for both databases ------------------------------------------------ */

static void statement(struct hbs_rng *r, char *out, size_t size)
{
    int id = 1 + (int)hbs_rng_below(r, 400), n = (int)hbs_rng_below(r, 6000);
    switch (hbs_rng_below(r, 12)) {
    case 0:
    case 1:
    case 2:
        snprintf(out, size, "INSERT OR REPLACE INTO people VALUES(%d, 'MARKER-name-%d', %d.5, zeroblob(%d))", id, n, n, n);
        break;
    case 3:
        snprintf(out, size, "UPDATE people SET name = name || 'x%d', data = CAST(data || x'%04x' AS BLOB) WHERE id %% 7 = %d", n, n, id % 7);
        break;
    case 4:
        snprintf(out, size, "DELETE FROM people WHERE id BETWEEN %d AND %d", id, id + 20);
        break;
    case 5:
    case 6:
        snprintf(out, size, "INSERT OR IGNORE INTO acts VALUES(%d, %d, 'MARKER-act-%d')", n, id, n);
        break;
    case 7:
        snprintf(out, size, "DELETE FROM acts WHERE n %% 13 = %d", n % 13);
        break;
    case 8:
        snprintf(out, size, "INSERT OR IGNORE INTO acts SELECT n + 7000, who, what FROM acts WHERE n < %d", n);
        break;
    case 9:
        snprintf(out, size, "UPDATE people SET id = id + 1000 WHERE id = %d AND NOT EXISTS (SELECT 1 FROM people WHERE id = %d)",
                 id, id + 1000);
        break;
    case 10:
        snprintf(out, size, "REINDEX by_name");
        break;
    default:
        snprintf(out, size, "UPDATE people SET data = zeroblob(%d) WHERE id < %d", n / 4, id);
    }
}

static const char *const queries[] = {
    "SELECT count(*), sum(length(name)), sum(length(data)), total(weight) FROM people",
    "SELECT group_concat(id || name || hex(substr(data, -2))) FROM (SELECT * FROM people ORDER BY name, id)",
    "SELECT count(*), sum(who), group_concat(what) FROM (SELECT * FROM acts ORDER BY n)",
    "SELECT count(*) FROM people p JOIN acts a ON a.who = p.id WHERE p.name LIKE '%9%'",
};

/* All answers as one text. NULL on error. */
static char *answers(sqlite3 *db)
{
    struct hbs_buf out;
    hbs_buf_init(&out, ctx, 1 << 26);
    for (size_t q = 0; q < HBS_COUNT(queries); q++) {
        sqlite3_stmt *s = NULL;
        int code = sqlite3_prepare_v2(db, queries[q], -1, &s, NULL);
        while (!code && (code = sqlite3_step(s)) == SQLITE_ROW) {
            code = 0;
            for (int c = 0; c < sqlite3_column_count(s); c++)
                if (hbs_buf_printf(&out, "%s|", (const char *)sqlite3_column_text(s, c)))
                    code = SQLITE_NOMEM;
        }
        sqlite3_finalize(s);
        if (code != SQLITE_DONE) {
            hbs_buf_close(&out);
            return NULL;
        }
    }
    char *text = (char *)out.data;
    return text; /* freed with hbs_free */
}

static bool same(sqlite3 *a, sqlite3 *b)
{
    char *x = answers(a), *y = answers(b);
    bool good = x && y && !strcmp(x, y);
    if (x)
        hbs_free(ctx, x);
    if (y)
        hbs_free(ctx, y);
    return good;
}

static bool file_holds(const char *path, const char *what, size_t size)
{
    struct hbs_buf b;
    hbs_buf_init(&b, ctx, 1 << 28);
    bool holds = !hbs_file_read(ctx, path, &b) && b.size && memmem(b.data, b.size, what, size);
    hbs_buf_close(&b);
    return holds;
}

static int files_in(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static void remove_files(void)
{
    unlink(db_path);
    unlink(log_path);
}

static void test_model(void)
{
    struct store_pages *p = NULL;
    sqlite3 *plain;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    is_int(store_pages_create(ctx, db_path, key, NULL), HBS_OK, "a database is made: %s", hbs_ctx_what(ctx));
    is_int(files_in(top), 1, "one file");
    is_int(store_pages_create(ctx, db_path, key, NULL), HBS_ERR_USAGE, "not twice");
    is_int(store_pages_open(ctx, db_path, key, NULL, &p), HBS_OK, "it opens: %s at %s", hbs_ctx_what(ctx), hbs_ctx_where(ctx));
    if (!p)
        return;
    struct store_pages *second;
    is_int(store_pages_open(ctx, db_path, key, NULL, &second), HBS_ERR_BUSY, "once");
    sqlite3_open(":memory:", &plain);
    bool good = !store_pages_exec(p, schema) && !sqlite3_exec(plain, schema, NULL, NULL, NULL);
    int reopened = 0, clear = 0;
    for (int round = 0; round < 60 && good; round++) {
        bool begin = hbs_rng_below(&rng, 3) > 0, rollback = hbs_rng_below(&rng, 4) == 0;
        sqlite3 *both[] = {store_pages_db(p), plain};
        struct hbs_rng start = rng;
        int n = 1 + (int)hbs_rng_below(&rng, 12);
        for (int k = 0; k < 2; k++) {
            rng = start;
            (void)hbs_rng_below(&rng, 12);
            if (begin)
                good &= !sqlite3_exec(both[k], "BEGIN IMMEDIATE; SAVEPOINT a", NULL, NULL, NULL);
            for (int i = 0; i < n; i++) {
                char sql[256];
                statement(&rng, sql, sizeof sql);
                int code = sqlite3_exec(both[k], sql, NULL, NULL, NULL);
                if (code)
                    printf("# %s: %s\n", sql, sqlite3_errmsg(both[k]));
                good &= code == SQLITE_OK;
            }
            if (begin && rollback)
                good &= !sqlite3_exec(both[k], "ROLLBACK TO a", NULL, NULL, NULL);
            if (begin)
                good &= !sqlite3_exec(both[k], "COMMIT", NULL, NULL, NULL);
        }
        good &= same(both[0], both[1]);
        clear += file_holds(db_path, "MARKER", 6) + file_holds(log_path, "MARKER", 6) + file_holds(log_path, "people", 6) +
                 file_holds(db_path, "SQLite format", 13) + file_holds(db_path, "people", 6) + (files_in(top) > 2);
        if (round % 7 == 6) {
            good &= !store_pages_verify(p);
            good &= !store_pages_close(p) && files_in(top) == 1;
            p = NULL;
            good &= !store_pages_open(ctx, db_path, key, NULL, &p) && same(store_pages_db(p), plain);
            reopened++;
        }
        if (!good)
            printf("# round %d: %s at %s\n", round, hbs_ctx_what(ctx), hbs_ctx_where(ctx));
    }
    ok(good, "random SQL: the answers of plain SQLite, over %d openings", reopened);
    is_int(clear, 0, "S44: nothing in the clear in database or log, and no other file");
    /* the file was opened and closed here many times by now, which is the end of SQLite's own locks */
    pid_t child = fork();
    if (child == 0) {
        struct store_pages *q;
        uint8_t any[32] = {0};
        _exit(store_pages_open(ctx, db_path, any, NULL, &q) == HBS_ERR_BUSY ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ok(WIFEXITED(status) && !WEXITSTATUS(status), "another process still finds it busy");
    (void)!store_pages_exec(p, "PRAGMA cache_size=20; PRAGMA cache_spill=20");
    good = true;
    for (int k = 0; k < 2; k++) { /* transactions larger than the cache, rolled back and repeated */
        sqlite3 *db = k ? plain : store_pages_db(p);
        good &= !sqlite3_exec(db, "BEGIN; WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000) "
                                  "INSERT OR REPLACE INTO people SELECT i, 'MARKER' || i, i, zeroblob(500) FROM c; "
                                  "SAVEPOINT b; UPDATE people SET name = name || '!', data = zeroblob(900); "
                                  "DELETE FROM people WHERE id % 3 = 0; ROLLBACK TO b; UPDATE people SET weight = 1; COMMIT",
                              NULL, NULL, NULL);
        good &= !sqlite3_exec(db, "BEGIN; DELETE FROM people; ROLLBACK; BEGIN; UPDATE people SET name = 'MARKER' || id; COMMIT",
                              NULL, NULL, NULL);
    }
    ok(good && same(store_pages_db(p), plain) && !store_pages_verify(p), "transactions that spill into the log: %s", hbs_ctx_what(ctx));
    uint8_t a[32], b[32];
    ok(!store_pages_digest(p, a) && !store_pages_digest(p, b) && !memcmp(a, b, 32), "a digest");
    (void)!store_pages_exec(p, "UPDATE people SET weight = 2 WHERE id = 1");
    ok(!store_pages_digest(p, b) && memcmp(a, b, 32), "that a change changes");
    /* deleted and emptied: what is left of it, seen with the key, page by page */
    (void)!store_pages_exec(p, "INSERT INTO people VALUES(99999, 'DISPOSED-OF', 1, CAST('DISPOSED-OF' AS BLOB)); "
                               "DELETE FROM people WHERE id = 99999");
    struct stat st;
    ok(!store_pages_checkpoint(p) && !stat(log_path, &st) && st.st_size == 0, "S24: after the checkpoint the log's file is empty");
    int remains = 0;
    for (sqlite3_int64 n = 0;; n++) {
        uint8_t page[STORE_PAGE];
        sqlite3_int64 size;
        pages_db_size(p->db_file, &size);
        if (n * STORE_PAGE >= size)
            break;
        remains += pages_db_read(p->db_file, page, STORE_PAGE, n * STORE_PAGE) != SQLITE_OK;
        remains += memmem(page, STORE_PAGE, "DISPOSED-OF", 11) != NULL;
    }
    is_int(remains, 0, "and even with the key no page holds what was deleted");
    /* what is forbidden */
    char sql[200];
    snprintf(sql, sizeof sql, "ATTACH '%s/other' AS o", top);
    ok(store_pages_exec(p, sql), "no second database");
    ok(store_pages_exec(p, "PRAGMA journal_mode=DELETE; UPDATE people SET weight = 3") || files_in(top) <= 2, "no rollback journal");
    ok(store_pages_exec(p, "SELECT load_extension('x')"), "no extensions");
    ok(store_pages_exec(p, "SELECT \"no such column\" FROM people"), "no strings in double quotes");
    sqlite3_close(plain);
    ok(!store_pages_close(p), "closes");
    ok(!stat(db_path, &st) && (st.st_mode & 0777 & ~0640u) == 0, "for owner and group only");
    uint8_t *other = NULL;
    (void)!hbs_secret_open(ctx, 32, (void **)&other);
    memcpy(other, key, 32);
    other[31] ^= 1;
    is_int(store_pages_open(ctx, db_path, other, NULL, &p), HBS_ERR_INTEGRITY, "another key: %s at %s", hbs_ctx_what(ctx), hbs_ctx_where(ctx));
    hbs_secret_close(other);
    remove_files();
    is_int(store_pages_open(ctx, db_path, key, NULL, &p), HBS_ERR_NOT_FOUND, "no file: %s", hbs_ctx_what(ctx));
    ok(files_in(top) == 0, "and none is made");
}

/* ---- The disk in memory ------------------------------------------------------------------------------ */

/* A new database with its schema, put on the disk in memory. */
static void put_on_disk(void)
{
    struct store_pages *p = NULL;
    struct hbs_buf b;
    disk_free(&store_disk);
    store_locked = NULL;
    store_shared = 0;
    memset(&store_disk, 0, sizeof store_disk);
    hbs_rng_seed(&store_disk.rng, tap_seed + 77);
    remove_files();
    hbs_buf_init(&b, ctx, 1 << 24);
    if (store_pages_create(ctx, db_path, key, NULL) || store_pages_open(ctx, db_path, key, NULL, &p) ||
        store_pages_exec(p, schema) || store_pages_close(p) || hbs_file_read(ctx, db_path, &b))
        ok(false, "a database for the disk: %s", hbs_ctx_what(ctx));
    void *f = NULL;
    disk_open(&store_disk, "db", true, false, &f);
    disk_write(&store_disk, f, b.data, b.size, 0);
    disk_sync(&store_disk, f);
    disk_sync_folder(&store_disk, "db");
    hbs_buf_close(&b);
    remove_files();
}

/* A process dies: its connection is never closed. What it had in memory is given back without writing. */
static void drop(struct store_pages *p)
{
    if (!p)
        return;
    store_disk.stopped = true;
    (void)store_pages_close(p);
}

/* One numbered transaction; the model is the number of the last one. Everything in the database follows
 * from it, so any mixture shows. */
static enum hbs_err transact(struct store_pages *p, int n)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "BEGIN IMMEDIATE; INSERT INTO acts VALUES(%d, %d, 'MARKER %d'); "
             "INSERT OR REPLACE INTO people VALUES(%d, 'p%d', %d, zeroblob(%d)); "
             "UPDATE people SET weight = %d; %s COMMIT",
             n, n * 3, n, n % 40 + 1, n, n, 100 + n * 37 % 1900, n,
             n % 5 == 0 ? "DELETE FROM acts WHERE n % 4 = 1;" : "");
    return store_pages_exec(p, sql);
}

/* The number of the last transaction if the database is what that many make of it; -1 otherwise. */
static int state_of(struct store_pages *p, sqlite3 *model, int *model_at)
{
    sqlite3_stmt *s = NULL;
    int n = -1;
    if (!sqlite3_prepare_v2(store_pages_db(p), "SELECT coalesce(max(weight), 0) FROM people", -1, &s, NULL) &&
        sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    struct store_pages fake = {.db = model, .ctx = ctx, .path = db_path, .lock = -1};
    if (n < *model_at)
        return -1;
    while (*model_at < n)
        if (transact(&fake, ++*model_at))
            return -1;
    return same(store_pages_db(p), model) ? n : -1;
}

static void test_stops(bool power, int points)
{
    put_on_disk();
    sqlite3 *model;
    sqlite3_open(":memory:", &model);
    sqlite3_exec(model, schema, NULL, NULL, NULL);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed + power);
    struct store_pages *p = NULL;
    int at = 0, sure = 0, kept = 0, undone = 0, stopped_open = 0;
    bool good = true;
    for (int i = 0; i < points && good; i++) {
        enum hbs_err err = store_pages_open(ctx, "/db", key, "test-disk", &p);
        if (err)
            good = false;
        int now = good ? state_of(p, model, &at) : -1;
        good &= now >= sure; /* nothing acknowledged is missing, and nothing is half */
        if (!good) {
            printf("# stop %d: state %d, %d was acknowledged; %s at %s\n", i, now, sure, hbs_ctx_what(ctx), hbs_ctx_where(ctx));
            break;
        }
        kept += now > sure;
        if (i % 16 == 0)
            good &= !store_pages_verify(p);
        sure = now;
        /* stop somewhere in the next few transactions, some with a checkpoint */
        store_disk.stop_at = store_disk.calls + 1 + hbs_rng_below(&rng, 300);
        while (!store_disk.stopped) {
            if (hbs_rng_below(&rng, 6) == 0)
                (void)!store_pages_checkpoint(p);
            else if (!transact(p, sure + 1))
                sure++;
            else if (!store_disk.stopped) {
                good = false;
                printf("# stop %d: %s\n", i, hbs_ctx_what(ctx));
                break;
            }
        }
        undone++;
        drop(p);
        p = NULL;
        store_restart(power);
        while (hbs_rng_below(&rng, 3) == 0) { /* and again while recovering */
            store_disk.stop_at = store_disk.calls + 1 + hbs_rng_below(&rng, 20);
            if (!store_pages_open(ctx, "/db", key, "test-disk", &p))
                drop(p);
            else if (!store_disk.stopped) {
                good = false;
                printf("# stop %d, opening: %s at %s\n", i, hbs_ctx_what(ctx), hbs_ctx_where(ctx));
                break;
            }
            p = NULL;
            stopped_open++;
            store_restart(power);
        }
    }
    ok(good, "%d stops and %d more while opening, %s: %d transactions acknowledged, %d more were there, none missing, none half",
       points, stopped_open, power ? "unsynced writes lost" : "killed", sure, kept);
    sqlite3_close(model);
}

static void test_errors(int code, long many, const char *name)
{
    put_on_disk();
    sqlite3 *model;
    sqlite3_open(":memory:", &model);
    sqlite3_exec(model, schema, NULL, NULL, NULL);
    struct store_pages *p = NULL;
    bool good = !store_pages_open(ctx, "/db", key, "test-disk", &p);
    int at = 0, done = 0, errors = 0;
    for (long n = 1; n < 120 && good; n++) {
        store_disk.fail_at = store_disk.calls + n % 40 + 1;
        store_disk.fail_many = many;
        store_disk.code = code;
        enum hbs_err err = HBS_OK;
        for (int k = 0; k < 12 && !err; k++) {
            err = transact(p, done + 1);
            done += !err;
            if (!err && k % 5 == 4)
                err = store_pages_checkpoint(p);
        }
        store_disk.fail_at = 0;
        errors += err != HBS_OK;
        good &= !err || (err == HBS_ERR_IO && hbs_ctx_do(ctx)[0]);
        if (!good)
            printf("# %d: %s\n", err, hbs_ctx_what(ctx));
        (void)sqlite3_exec(store_pages_db(p), "ROLLBACK", NULL, NULL, NULL);
        /* a commit that failed may be there or not, as long as it is one of the two */
        int now = state_of(p, model, &at);
        if (now != done && now != done + 1)
            good = false, printf("# after error %ld: state %d, %d done\n", n, now, done);
        done = now;
        if (n % 3 == 0) {
            (void)store_pages_close(p);
            p = NULL;
            good &= !store_pages_open(ctx, "/db", key, "test-disk", &p);
            now = p ? state_of(p, model, &at) : -1;
            if (now < done || now > done + 1)
                good = false, printf("# opened after error %ld: state %d, %d done; %s\n", n, now, done, hbs_ctx_what(ctx));
            done = now;
        }
    }
    if (p)
        good &= !store_pages_verify(p) && !store_pages_close(p);
    ok(good && errors > 50, "%s, %d times: one clear error, nothing acknowledged lost (%d transactions)", name, errors, done);
    sqlite3_close(model);
}

/* ---- Bytes changed --------------------------------------------------------------------------------- */

/* Copies of the disk's two files as a stopped process left them. */
static struct {
    uint8_t *data[2];
    size_t size[2];
} left;
static const char *const disk_name[2] = {"db", "db-wal"};

static void keep_left(void)
{
    for (int i = 0; i < 2; i++) {
        struct disk_file *f = disk_find(&store_disk, disk_name[i]);
        left.size[i] = f ? f->size : 0;
        left.data[i] = malloc(left.size[i] + 1);
        if (f)
            memcpy(left.data[i], f->now, f->size);
    }
}

static void put_left(void)
{
    store_locked = NULL;
    store_shared = 0;
    store_disk.stopped = false;
    store_disk.stop_at = store_disk.fail_at = 0;
    for (int i = 0; i < 2; i++) {
        struct disk_file *f = disk_find(&store_disk, disk_name[i]);
        void *made = f;
        if (!f)
            disk_open(&store_disk, disk_name[i], true, false, &made);
        f = made;
        free(f->now);
        f->now = malloc(left.size[i] + 1);
        memcpy(f->now, left.data[i], left.size[i]);
        f->size = left.size[i];
    }
}

static int tried[2], noticed[2], harmless[2];

/* After a change: opening, every page and all answers. Noticed, harmless (all is as it was), or wrong. */
static bool look(int file, const char *want, const char *what, size_t at)
{
    struct store_pages *p = NULL;
    bool good = true;
    enum hbs_err err = store_pages_open(ctx, "/db", key, "test-disk", &p);
    if (!err)
        err = store_pages_verify(p);
    char *text = err ? NULL : answers(store_pages_db(p));
    tried[file]++;
    if (err) {
        noticed[file]++;
        good = err == HBS_ERR_INTEGRITY && hbs_ctx_where(ctx)[0];
    } else {
        harmless[file]++;
        good = text && !strcmp(text, want);
    }
    if (!good)
        printf("# %s of %s at %zu: %d, %s\n", what, disk_name[file], at, err, err ? hbs_ctx_what(ctx) : "other answers");
    if (text)
        hbs_free(ctx, text);
    drop(p);
    return good;
}

static void test_damage(void)
{
    put_on_disk();
    struct store_pages *p = NULL;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed + 4);
    bool good = !store_pages_open(ctx, "/db", key, "test-disk", &p) &&
                !store_pages_exec(p, "CREATE TABLE still(a TEXT) STRICT; WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL "
                                     "SELECT i + 1 FROM c WHERE i < 150) INSERT INTO still SELECT hex(zeroblob(450)) FROM c");
    int n = 0;
    while (n < 60 && good)
        good &= !transact(p, ++n);
    good &= !store_pages_checkpoint(p);
    while (n < 90 && good) /* and a log with transactions of two rounds in it */
        good &= !transact(p, ++n);
    (void)sqlite3_wal_checkpoint_v2(store_pages_db(p), NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    while (n < 100 && good)
        good &= !transact(p, ++n);
    uint64_t live = pages_log_live(p->log_file);
    char *want = answers(store_pages_db(p));
    drop(p);
    store_restart(false);
    keep_left();
    ok(good && want && left.size[0] > 20 * 4096 && live > 20 && left.size[1] > LOG_FRAMES_AT + (live + 10) * LOG_FRAME,
       "a stopped process left %zu bytes and a log of %zu, %d frames of it alive", left.size[0], left.size[1], (int)live);
    size_t dead = LOG_FRAMES_AT + live * LOG_FRAME; /* behind it: frames of the round before */
    for (int i = 0; i < 1000; i++) {
        int file = i % 2;
        /* the log's head byte by byte in part, then anywhere */
        size_t at = hbs_rng_below(&rng, (uint32_t)left.size[file]);
        if (file && i < 400)
            at = (size_t)i * 5 + hbs_rng_below(&rng, 5);
        else if (file && i < 900) /* frames that are alive */
            at = LOG_FRAMES_AT + hbs_rng_below(&rng, (uint32_t)(dead - LOG_FRAMES_AT));
        put_left();
        disk_find(&store_disk, disk_name[file])->now[at] ^= (uint8_t)(1 + hbs_rng_below(&rng, 255));
        int before = harmless[1];
        good &= look(file, want, "a byte", at);
        /* harmless in the log: nothing but padding, the older mark or the newest one, and dead frames */
        if (file && harmless[1] > before && at >= LOG_HEADER_AT && at < dead && !(at >= LOG_HEADER_AT + 72 && at < LOG_FRAMES_AT)) {
            good = false;
            printf("# byte %zu of the log was not noticed\n", at);
        }
        /* The database's pages that the log has anew are written over unseen. */
    }
    ok(good && tried[0] == 500 && noticed[0] > 100, "database: %d bytes changed, %d noticed, %d in pages that the log replaces",
       tried[0], noticed[0], harmless[0]);
    ok(good && noticed[1] > 250, "log: %d bytes changed, %d noticed, %d harmless (padding, spare mark, frames of the round before)",
       tried[1], noticed[1], harmless[1]);
    /* a database that was closed: every byte counts */
    put_left();
    p = NULL;
    good = !store_pages_open(ctx, "/db", key, "test-disk", &p) && !store_pages_close(p) && !disk_find(&store_disk, "db-wal");
    free(left.data[0]);
    free(left.data[1]);
    keep_left();
    memset(tried, 0, sizeof tried);
    memset(noticed, 0, sizeof noticed);
    memset(harmless, 0, sizeof harmless);
    for (int i = 0; i < 500; i++) {
        size_t at = hbs_rng_below(&rng, (uint32_t)left.size[0]);
        put_left();
        disk_find(&store_disk, "db")->now[at] ^= (uint8_t)(1u << hbs_rng_below(&rng, 8));
        good &= look(0, want, "a bit", at);
    }
    ok(good && noticed[0] == 500, "a closed database: 500 bits changed, %d noticed", noticed[0]);
    /* pages in each other's place, cut, grown, emptied */
    int wrong = 0;
    for (int i = 0; i < 40; i++) {
        put_left();
        struct disk_file *f = disk_find(&store_disk, "db");
        size_t pages = f->size / STORE_PAGE, a = hbs_rng_below(&rng, (uint32_t)pages), b = (a + 1 + hbs_rng_below(&rng, (uint32_t)pages - 1)) % pages;
        memcpy(f->now + a * STORE_PAGE, left.data[0] + b * STORE_PAGE, STORE_PAGE);
        int seen = noticed[0];
        good &= look(0, want, "another page", a);
        wrong += noticed[0] == seen;
        if (i == 0) { /* once also: cut and grown by any number of bytes */
            static const long change[] = {-1, -40, -4096, -4095, -3 * 4096, 1, 40, 4096, 9999};
            for (size_t k = 0; k < HBS_COUNT(change); k++) {
                put_left();
                f = disk_find(&store_disk, "db");
                f->now = realloc(f->now, f->size + 10000);
                memset(f->now + f->size, 0x5a, 10000);
                f->size = (size_t)((long)f->size + change[k]);
                seen = noticed[0];
                good &= look(0, want, "another length", f->size);
                wrong += noticed[0] == seen;
            }
            put_left();
            disk_find(&store_disk, "db")->size = 0;
            seen = noticed[0];
            good &= look(0, want, "nothing", 0);
            wrong += noticed[0] == seen;
        }
    }
    /* a log of an earlier time beside a database that was closed since */
    put_left();
    good &= !store_pages_open(ctx, "/db", key, "test-disk", &p) && !transact(p, ++n) && !transact(p, ++n);
    uint8_t *old_log = malloc(disk_find(&store_disk, "db-wal")->size);
    size_t old_size = disk_find(&store_disk, "db-wal")->size;
    memcpy(old_log, disk_find(&store_disk, "db-wal")->now, old_size);
    good &= !transact(p, ++n) && !store_pages_close(p);
    for (int k = 0; k < 2; k++) { /* then again, with a log of its own in between */
        void *f = NULL;
        if (k) {
            disk_remove(&store_disk, "db-wal");
            good &= !store_pages_open(ctx, "/db", key, "test-disk", &p) && !transact(p, ++n) && !store_pages_close(p);
        }
        disk_open(&store_disk, "db-wal", true, false, &f);
        disk_write(&store_disk, f, old_log, old_size, 0);
        p = NULL;
        enum hbs_err err = store_pages_open(ctx, "/db", key, "test-disk", &p);
        good &= err == HBS_ERR_INTEGRITY && strstr(hbs_ctx_what(ctx), "older");
        if (!err)
            drop(p);
        store_restart(false);
    }
    ok(good, "a log of an earlier time is refused: %s", hbs_ctx_what(ctx));
    free(old_log);
    ok(good && !wrong, "pages exchanged, the file cut, grown, emptied: noticed");
    hbs_free(ctx, want);
    free(left.data[0]);
    free(left.data[1]);
    disk_free(&store_disk);
}

/* ---- A real process killed --------------------------------------------------------------------------- */

static void test_kill(int times)
{
    struct store_pages *p = NULL;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed + 8);
    bool good = !store_pages_create(ctx, db_path, key, NULL) && !store_pages_open(ctx, db_path, key, NULL, &p) &&
                !store_pages_exec(p, schema) && !store_pages_close(p);
    sqlite3 *model;
    sqlite3_open(":memory:", &model);
    sqlite3_exec(model, schema, NULL, NULL, NULL);
    int at = 0, sure = 0;
    for (int i = 0; i < times && good; i++) {
        int fd[2], n;
        uint8_t clear[32]; /* secret memory is zero in a child */
        memcpy(clear, key, 32);
        if (pipe(fd))
            break;
        pid_t child = fork();
        if (child == 0) {
            close(fd[0]);
            if (store_pages_open(ctx, db_path, clear, NULL, &p))
                _exit(1);
            for (n = sure;;) {
                if (transact(p, n + 1))
                    _exit(2);
                n++;
                if (write(fd[1], &n, sizeof n) != sizeof n)
                    _exit(3);
                if (n % 9 == 0 && store_pages_checkpoint(p))
                    _exit(4);
            }
        }
        close(fd[1]);
        usleep(3000 + hbs_rng_below(&rng, 20000));
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        good &= WIFSIGNALED(status);
        while (read(fd[0], &n, sizeof n) == sizeof n)
            sure = n;
        close(fd[0]);
        good &= !store_pages_open(ctx, db_path, key, NULL, &p);
        int now = good ? state_of(p, model, &at) : -1;
        if (now < sure || now > sure + 1)
            good = false, printf("# kill %d: state %d, %d acknowledged; %s at %s\n", i, now, sure, hbs_ctx_what(ctx), hbs_ctx_where(ctx));
        sure = now;
        if (p)
            good &= !store_pages_close(p);
        p = NULL;
    }
    ok(good && sure > times, "a process killed %d times: %d transactions, none missing", times, sure);
    sqlite3_close(model);
    remove_files();
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx) || hbs_secret_open(ctx, 32, (void **)&key))
        return 1;
    hbs_secret_random(key, 32);
    snprintf(top, sizeof top, "%s/habeas-store-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(top))
        return 1;
    snprintf(db_path, sizeof db_path, "%s/db", top);
    snprintf(log_path, sizeof log_path, "%s/db-wal", top);
    sqlite3_vfs_register(&store_disk_vfs, 0);
    test_model();
    test_stops(false, 250);
    test_stops(true, 350);
    test_errors(EIO, 1, "an I/O error");
    test_errors(ENOSPC, 1000000, "a full disk");
    test_damage();
    test_kill(40);
    remove_files();
    rmdir(top);
    disk_free(&store_disk);
    hbs_secret_close(key);
    hbs_ctx_close(ctx);
    return tap_end();
}
