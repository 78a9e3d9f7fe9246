/* SPDX-License-Identifier: MPL-2.0
 *
 * Room store, private side: SQLite over encrypted and authenticated pages. The room's later files (the
 * tables of a registry) open their database with this and use SQLite's own functions on it.
 *
 * A store_pages is one exclusive connection. The key is 32 bytes that the caller took from the vault
 * (hbs_vault_own_key, a purpose for each file: two files with one key could be exchanged); it is read while opening and not kept, what is derived from it lies in secret
 * memory. docs/decisions/store-pages.md has the layout of the files and why.
 *
 * Errors: HBS_ERR_INTEGRITY with file and page or frame; HBS_ERR_BUSY when another connection has it;
 * HBS_ERR_IO when the disk refuses. SQLite's own codes come through store_pages_fail.
 */
#ifndef HABEAS_STORE_PAGES_INT_H
#define HABEAS_STORE_PAGES_INT_H

#include "base/base_int.h"
#include "habeas/vault.h"

#include <sqlite3.h>

#define STORE_PAGE 4096
#define STORE_NONCE 24
#define STORE_TAG 16
#define STORE_EXTRA (STORE_NONCE + STORE_TAG)   /* of each enciphered piece; SQLite's reserved bytes */
#define STORE_ROUND_AT (STORE_PAGE - STORE_EXTRA) /* in page 1: its nonce begins with the salts of the round that wrote it */
#define STORE_LOCK_PAGE 262145u                 /* holds SQLite's locks at 1 GiB; never written */

/* The log as it lies in its file, and as SQLite sees it. */
#define LOG_MARK 512          /* two of them, taking turns */
#define LOG_HEADER_AT 1024
#define LOG_FRAMES_AT 2048
#define LOG_HEADER 32         /* SQLite's */
#define LOG_FRAME_HEADER 24
#define LOG_SEEN (LOG_FRAME_HEADER + STORE_PAGE)        /* a frame as SQLite sees it */
#define LOG_FRAME (LOG_SEEN + 2 * STORE_EXTRA)          /* and as it lies in the file */

struct store_pages;

/* Makes an empty database at `path` (mode 0640), whole or not at all. HBS_ERR_USAGE when it is there.
 * `base` names the VFS below, NULL the system's. */
HBS_MUST_USE enum hbs_err store_pages_create(struct hbs_ctx *ctx, const char *path,
                                             const uint8_t key[HBS_VAULT_KEY], const char *base);
/* Opens one: recovers its log, sees that no frame is missing that was durable, empties the log, and
 * sees that the file has as many pages as it says. */
HBS_MUST_USE enum hbs_err store_pages_open(struct hbs_ctx *ctx, const char *path,
                                           const uint8_t key[HBS_VAULT_KEY], const char *base,
                                           struct store_pages **out);
/* Ends open statements, empties the log, closes. The error is that of emptying: nothing that was
 * acknowledged is lost, it is still in the log. NULL is harmless. */
enum hbs_err store_pages_close(struct store_pages *p);
/* SQLite's handle, for as long as `p` is open. */
sqlite3 *store_pages_db(struct store_pages *p);
/* All content into the database file, the log's file empty and that on the medium: nothing deleted is
 * left in either. A disposal answers only after this. */
HBS_MUST_USE enum hbs_err store_pages_checkpoint(struct store_pages *p);
/* Empties the log and opens every page of the database. */
HBS_MUST_USE enum hbs_err store_pages_verify(struct store_pages *p);
/* Empties the log and gives a digest of the whole database file (BLAKE2b over all nonces and tags): two
 * files with one digest are the same, so an old one put back is told from today's by whoever keeps it. */
HBS_MUST_USE enum hbs_err store_pages_digest(struct store_pages *p, uint8_t out[32]);
/* One or more SQL statements without results; and a code of SQLite's as an error of ours, with what the
 * layer below has seen. `doing`: "write the record". */
HBS_MUST_USE enum hbs_err store_pages_exec(struct store_pages *p, const char *sql);
enum hbs_err store_pages_fail(struct store_pages *p, int code, const char *doing);

/* ---- Between the files of the layer ---------------------------------------------------------------- */

struct store_keys { /* in secret memory */
    uint8_t db[HBS_VAULT_KEY], log[HBS_VAULT_KEY];
    uint8_t page[STORE_PAGE]; /* a page in the clear, where only a part of it was asked for */
};

struct pages_file { /* what SQLite holds for a file; the file of the VFS below lies behind it */
    sqlite3_file base;
    struct store_pages *p;
    bool log;
    sqlite3_file *real;
    char name[160];     /* for errors: the last part of the path */
    /* The log's: */
    bool salted;        /* salts are known, from the header that was read or written */
    uint8_t salts[8];
    uint64_t committed; /* frames up to the last commit that was written */
    uint64_t mark_number, mark_frames; /* the newest mark; 0: none */
    uint8_t mark_salts[8];
    uint8_t mark_before[8]; /* the round that page 1 of the database was of when this one began */
    int mark_side;      /* where it lies */
    bool mark_missing;  /* there is a log, but no mark */
};

struct store_pages {
    struct hbs_ctx *ctx;
    sqlite3 *db;
    sqlite3_vfs vfs, *below;
    bool registered;
    char vfs_name[40];
    char *path;
    int lock;           /* a descriptor that holds the file's flock; -1: none */
    struct store_keys *keys;
    struct pages_file *db_file, *log_file; /* while SQLite has them open */
    bool opening;       /* SQLite recovers its log: torn frames beyond the mark are no fault */
    bool faulty;
    char fault_where[192], fault[160];
    uint8_t piece[LOG_FRAME];
    uint8_t bytes[STORE_PAGE];
};

/* pages_vfs.c: makes p->vfs. Records what is wrong for store_pages_fail; returns SQLite's code for it. */
int pages_register(struct store_pages *p, const char *base);
int pages_fault(struct pages_file *f, const char *unit, uint64_t number, const char *what);
/* One enciphered piece: `size` bytes, nonce, tag. `bound`: what it is bound to. `round`: 8 bytes that the nonce
 * begins with, the other 16 are random as ever; NULL: all 24 are. */
void pages_seal(const uint8_t *key, const uint8_t *bound, size_t bound_size, const uint8_t *plain, size_t size,
                const uint8_t *round, uint8_t *out, uint8_t *nonce_and_tag);
bool pages_unseal(const uint8_t *key, const uint8_t *bound, size_t bound_size, const uint8_t *in, size_t size,
                  const uint8_t *nonce_and_tag, uint8_t *plain);

/* pages_db.c and pages_wal.c: SQLite's calls on each kind of file. */
int pages_db_read(struct pages_file *f, uint8_t *out, int size, sqlite3_int64 at);
int pages_db_write(struct pages_file *f, const uint8_t *in, int size, sqlite3_int64 at);
int pages_db_size(struct pages_file *f, sqlite3_int64 *out);
int pages_log_open(struct pages_file *f);
int pages_log_read(struct pages_file *f, uint8_t *out, int size, sqlite3_int64 at);
int pages_log_write(struct pages_file *f, const uint8_t *in, int size, sqlite3_int64 at);
int pages_log_truncate(struct pages_file *f, sqlite3_int64 size);
int pages_log_sync(struct pages_file *f, int flags);
int pages_log_size(struct pages_file *f, sqlite3_int64 *out);
/* Frames that must be there: durable, by the newest mark of this round. */
uint64_t pages_log_live(const struct pages_file *f);

#endif
