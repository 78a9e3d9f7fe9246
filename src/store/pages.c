/* SPDX-License-Identifier: MPL-2.0
 *
 * Room store: a database over the encrypted pages, opened, checked, emptied of its log, closed. All
 * settings that the promises of docs/rooms/store.md stand on are made here, before the first byte is
 * read. SQLite 3.40's documentation of its pragmas and of sqlite3_wal_checkpoint_v2 is the source.
 */
#include "pages_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION 0x48627350 /* "HbsP" */
#define AS_TEXT_(x) #x
#define AS_TEXT(x) AS_TEXT_(x)

/* Writes page 1, with what it has already. */
static const char touch[] = "PRAGMA application_id=" AS_TEXT(APPLICATION);

static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE;" /* first: the log's index stays in memory */
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA mmap_size=0;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA secure_delete=ON;"
                               "PRAGMA trusted_schema=OFF;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA foreign_keys=ON;";

sqlite3 *store_pages_db(struct store_pages *p) { return p->db; }

/* What the layer below has seen comes first: SQLite only knows that a read failed. A fault is taken only with
 * a code that can come of one, and once. */
enum hbs_err store_pages_fail(struct store_pages *p, int code, const char *doing)
{
    const char *words = p->db && sqlite3_errcode(p->db) != SQLITE_OK ? sqlite3_errmsg(p->db) : sqlite3_errstr(code);
    bool faulty = p->faulty;
    p->faulty = false;
    if (faulty && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_CANTOPEN))
        return hbs_fail(p->ctx, HBS_ERR_INTEGRITY, p->fault_where, "restore, and find out who changed the file",
                        "cannot %s: %s", doing, p->fault);
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return HBS_OK;
    case SQLITE_NOMEM:
        return hbs_fail(p->ctx, HBS_ERR_NO_MEMORY, p->path, "free some memory and try again", "cannot %s: no memory", doing);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return hbs_fail(p->ctx, HBS_ERR_BUSY, p->path, "wait for the other process, or stop it",
                        "cannot %s: another connection has the database", doing);
    case SQLITE_FULL:
        return hbs_fail(p->ctx, HBS_ERR_IO, p->path, "make room on the disk", "cannot %s: the disk is full", doing);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return hbs_fail(p->ctx, HBS_ERR_INTEGRITY, p->path, "restore, and find out who changed the file",
                        "cannot %s: %s", doing, words);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return hbs_fail(p->ctx, HBS_ERR_IO, p->path, "check the disk and your rights", "cannot %s: %s", doing, words);
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return hbs_fail(p->ctx, HBS_ERR_USAGE, p->path, "check what is to be stored", "cannot %s: %s", doing, words);
    default:
        return hbs_fail(p->ctx, HBS_ERR_BUG, p->path, "report this", "cannot %s: %s (%d)", doing, words, code);
    }
}

enum hbs_err store_pages_exec(struct store_pages *p, const char *sql)
{
    int code = sqlite3_exec(p->db, sql, NULL, NULL, NULL);
    return code ? store_pages_fail(p, code, "run SQL") : HBS_OK;
}

static enum hbs_err one_number(struct store_pages *p, const char *sql, sqlite3_int64 *out)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(p->db, sql, -1, &s, NULL);
    if (!code)
        code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    enum hbs_err err = code == SQLITE_ROW ? HBS_OK : store_pages_fail(p, code, "read the database");
    sqlite3_finalize(s);
    return err;
}

/* Without writing, as far as SQLite lets itself be closed without: what is open is ended first, for a close
 * with open statements would leave the VFS in use after its memory is gone. */
static void dispose(struct store_pages *p)
{
    if (p->db) {
        for (sqlite3_stmt *s; (s = sqlite3_next_stmt(p->db, NULL));)
            sqlite3_finalize(s);
        sqlite3_close(p->db);
    }
    if (p->registered)
        sqlite3_vfs_unregister(&p->vfs);
    if (p->lock >= 0)
        close(p->lock);
    hbs_secret_close(p->keys);
    hbs_free(p->ctx, p->path);
    hbs_free(p->ctx, p);
}

/* SQLite's locks (fcntl) are lost when anything in this process opens and closes the file, a backup for
 * one; this one is not. */
static enum hbs_err lock_file(struct store_pages *p)
{
    p->lock = open(p->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (p->lock < 0)
        return hbs_fail(p->ctx, errno == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, p->path,
                        "check the name and your rights", "cannot open the database: %s", strerror(errno));
    if (flock(p->lock, LOCK_EX | LOCK_NB))
        return hbs_fail(p->ctx, HBS_ERR_BUSY, p->path, "wait for the other process, or stop it",
                        "another connection has the database");
    return HBS_OK;
}

/* Opens the connection with its settings. The file is there. */
static enum hbs_err connect_to(struct hbs_ctx *ctx, const char *path, const uint8_t *key, const char *base,
                               struct store_pages **out)
{
    struct store_pages *p = hbs_alloc(ctx, 1, sizeof *p);
    if (!p)
        return hbs_fail_memory(ctx, sizeof *p);
    p->ctx = ctx;
    p->opening = true;
    p->lock = -1;
    size_t size = strlen(path) + 1;
    void *keys = NULL;
    enum hbs_err err = hbs_secret_open(ctx, sizeof *p->keys, &keys);
    p->keys = keys;
    if (!err && !(p->path = hbs_alloc(ctx, 1, size)))
        err = hbs_fail_memory(ctx, size);
    if (err)
        goto done;
    memcpy(p->path, path, size);
    if (!base && (err = lock_file(p)))
        goto done;
    hbs_secret_derive(key, "habeas store database", p->keys->db);
    hbs_secret_derive(key, "habeas store log", p->keys->log);
    int code = pages_register(p, base);
    if (!code)
        code = sqlite3_open_v2(path, &p->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, p->vfs_name);
    int n = 0, reserved = STORE_EXTRA;
    if (!code)
        code = sqlite3_extended_result_codes(p->db, 1);
    if (!code)
        code = sqlite3_db_config(p->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &n);
    if (!code)
        code = sqlite3_db_config(p->db, SQLITE_DBCONFIG_DQS_DML, 0, &n);
    if (!code)
        code = sqlite3_db_config(p->db, SQLITE_DBCONFIG_DQS_DDL, 0, &n);
    if (!code)
        code = sqlite3_db_config(p->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, &n);
    if (!code) {
        sqlite3_limit(p->db, SQLITE_LIMIT_ATTACHED, 0);
        code = sqlite3_file_control(p->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    }
    if (code)
        err = store_pages_fail(p, code, "open the database");
    if (!err)
        err = store_pages_exec(p, settings);
done:
    if (err)
        dispose(p);
    else
        *out = p;
    return err;
}

/* ---- Opening --------------------------------------------------------------------------------------- */

/* The file has the pages that it says, no byte less or more. */
static enum hbs_err check_length(struct store_pages *p)
{
    sqlite3_int64 pages = 0, size = 0;
    enum hbs_err err = one_number(p, "PRAGMA page_count", &pages);
    if (err)
        return err;
    int code = p->db_file->real->pMethods->xFileSize(p->db_file->real, &size);
    if (code)
        return store_pages_fail(p, code, "read the database's size");
    if (size != pages * STORE_PAGE)
        return hbs_fail(p->ctx, HBS_ERR_INTEGRITY, p->path, "restore, and find out who changed the file",
                        "the file has %lld bytes, its %lld pages have %lld", (long long)size, (long long)pages,
                        (long long)pages * STORE_PAGE);
    return HBS_OK;
}

/* After SQLite has recovered the log: nothing durable is missing, and the file is as long as it says. */
static enum hbs_err check_open(struct store_pages *p)
{
    sqlite3_int64 number = 0;
    enum hbs_err err = one_number(p, "SELECT count(*) FROM sqlite_schema", &number); /* makes it recover */
    if (err)
        return err;
    if ((err = one_number(p, "PRAGMA application_id", &number)))
        return err;
    if (number != APPLICATION || !p->log_file)
        return hbs_fail(p->ctx, HBS_ERR_FORMAT, p->path, "name a database of a registry",
                        "the database was not made by Habeas");
    int frames = 0, copied = 0;
    uint64_t live = pages_log_live(p->log_file);
    int code = sqlite3_wal_checkpoint_v2(p->db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
    if (code)
        return store_pages_fail(p, code, "recover the log");
    if (frames < 0 || (uint64_t)frames < live)
        return hbs_fail(p->ctx, HBS_ERR_INTEGRITY, p->path, "restore, and find out who changed the log",
                        "the log has lost frames: %d of %llu that were durable", frames, (unsigned long long)live);
    p->opening = false;
    uint8_t head[21]; /* with another layout SQLite would use the bytes where nonce and tag go */
    if ((code = pages_db_read(p->db_file, head, sizeof head, 0)))
        return store_pages_fail(p, code, "read the database's head");
    if (hbs_be16(head + 16) != STORE_PAGE || head[20] != STORE_EXTRA)
        return hbs_fail(p->ctx, HBS_ERR_FORMAT, p->path, "name a database of a registry",
                        "the database has pages of another layout");
    /* With frames in the log the file may be of another length until they are written back. */
    if (frames == 0 && (err = check_length(p)))
        return err;
    /* The last closing may have been stopped between its two rounds: begin one, then end it. */
    if ((err = store_pages_exec(p, touch)) || (err = store_pages_checkpoint(p)))
        return err;
    return check_length(p);
}

enum hbs_err store_pages_open(struct hbs_ctx *ctx, const char *path, const uint8_t key[HBS_VAULT_KEY],
                              const char *base, struct store_pages **out)
{
    struct store_pages *p;
    enum hbs_err err = connect_to(ctx, path, key, base, &p);
    if (err)
        return err;
    sqlite3_int64 size = 0;
    int code = p->db_file->real->pMethods->xFileSize(p->db_file->real, &size);
    if (code)
        err = store_pages_fail(p, code, "read the database's size");
    else if (size < STORE_PAGE) /* SQLite would take an empty file for a new database */
        err = hbs_fail(ctx, HBS_ERR_INTEGRITY, path, "restore the file", "the file has %lld bytes: no page",
                       (long long)size);
    else
        err = check_open(p);
    hbs_secret_scrub();
    if (err)
        dispose(p);
    else
        *out = p;
    return err;
}

/* Made under another name, with its journal in memory: a stop leaves a file that nobody was told of, and no
 * rollback journal is ever written. Renamed when it is whole, closed and synced. */
enum hbs_err store_pages_create(struct hbs_ctx *ctx, const char *path, const uint8_t key[HBS_VAULT_KEY],
                                const char *base)
{
    char temporary[4096], folder[4096];
    struct stat st;
    int n = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "use a shorter path", "the path is too long");
    if (lstat(path, &st) == 0)
        return hbs_fail(ctx, HBS_ERR_USAGE, path, "name a new file", "there is a file of this name");
    (void)unlink(temporary); /* of a creation that was stopped: nobody was told of it */
    int fd = open(temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return hbs_fail(ctx, HBS_ERR_IO, path, "check the folder and your rights", "cannot make the database: %s",
                        strerror(errno));
    close(fd);
    struct store_pages *p = NULL;
    enum hbs_err err = connect_to(ctx, temporary, key, base, &p);
    char sql[160];
    snprintf(sql, sizeof sql, "PRAGMA page_size=%d; PRAGMA journal_mode=MEMORY; PRAGMA application_id=%d; "
             "PRAGMA journal_mode=WAL;", STORE_PAGE, APPLICATION);
    if (!err)
        err = store_pages_exec(p, sql);
    if (!err)
        err = check_open(p);
    if (p) {
        enum hbs_err end = err ? (dispose(p), HBS_OK) : store_pages_close(p);
        err = err ? err : end;
    }
    hbs_secret_scrub();
    if (!err && rename(temporary, path))
        err = hbs_fail(ctx, HBS_ERR_IO, path, "check the folder and your rights", "cannot name the database: %s",
                       strerror(errno));
    if (err) {
        (void)unlink(temporary);
        return err;
    }
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = 0;
    fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd))
        err = hbs_fail(ctx, HBS_ERR_IO, path, "check the disk", "cannot sync the folder: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return err;
}

enum hbs_err store_pages_close(struct store_pages *p)
{
    if (!p)
        return HBS_OK;
    for (sqlite3_stmt *s; (s = sqlite3_next_stmt(p->db, NULL));)
        sqlite3_finalize(s);
    enum hbs_err err = store_pages_checkpoint(p);
    dispose(p);
    hbs_secret_scrub();
    return err;
}

/* ---- Emptying the log, checking all ------------------------------------------------------------------ */

/* SQLite truncates the log's file but does not sync that; a power loss could bring its bytes back. */
static enum hbs_err truncate_log(struct store_pages *p)
{
    int code = sqlite3_wal_checkpoint_v2(p->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code)
        return store_pages_fail(p, code, "empty the log");
    if (!p->log_file)
        return HBS_OK;
    sqlite3_file *log = p->log_file->real;
    sqlite3_int64 size = 0;
    if ((code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL)) || (code = log->pMethods->xFileSize(log, &size)))
        return store_pages_fail(p, code, "empty the log");
    if (NEVER(size != 0))
        return hbs_fail(p->ctx, HBS_ERR_BUG, p->path, "report this", "the log was not emptied");
    return HBS_OK;
}

/* Twice, if there was anything: the second round of the log has page 1 alone, with what it has already. After it
 * page 1 is of a round whose log is worth nothing, so no copy of any earlier log, this one's included, can be
 * put beside the database and be taken for its own. */
enum hbs_err store_pages_checkpoint(struct store_pages *p)
{
    bool began = p->log_file && p->log_file->salted;
    if (began && !sqlite3_get_autocommit(p->db))
        return hbs_fail(p->ctx, HBS_ERR_BUSY, p->path, "end the transaction first", "a transaction is open");
    enum hbs_err err = truncate_log(p);
    if (!err && began && !(err = store_pages_exec(p, touch)))
        err = truncate_log(p);
    return err;
}

/* Goes over all pages of the emptied database: opens each if `hash` is NULL, else adds nonce and tag. */
static enum hbs_err every_page(struct store_pages *p, crypto_generichash_state *hash)
{
    sqlite3_int64 pages = 0;
    enum hbs_err err = store_pages_checkpoint(p);
    if (err || (err = one_number(p, "PRAGMA page_count", &pages)))
        return err;
    if (NEVER(!p->db_file))
        return hbs_fail(p->ctx, HBS_ERR_BUG, p->path, "report this", "the database is not open");
    sqlite3_file *real = p->db_file->real;
    for (sqlite3_int64 n = 1; n <= pages && !err; n++) {
        int code;
        if (n == STORE_LOCK_PAGE)
            continue;
        if (hash) {
            uint8_t tail[STORE_EXTRA];
            code = real->pMethods->xRead(real, tail, STORE_EXTRA, n * STORE_PAGE - STORE_EXTRA);
            crypto_generichash_update(hash, tail, sizeof tail);
        } else {
            code = pages_db_read(p->db_file, p->keys->page, STORE_PAGE, (n - 1) * STORE_PAGE);
        }
        if (code)
            err = store_pages_fail(p, code, "read all pages");
    }
    hbs_secret_wipe(p->keys->page, STORE_PAGE);
    return err;
}

enum hbs_err store_pages_verify(struct store_pages *p) { return every_page(p, NULL); }

enum hbs_err store_pages_digest(struct store_pages *p, uint8_t out[32])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, 32);
    enum hbs_err err = every_page(p, &hash);
    if (!err)
        crypto_generichash_final(&hash, out, 32);
    return err;
}
