/* SPDX-License-Identifier: MPL-2.0
 *
 * Room store: the database file. Each page of 4096 bytes is 4056 enciphered bytes, nonce and tag
 * (XChaCha20-Poly1305), bound to its number; the last two lie in the bytes that SQLite reserves at the end
 * of a page (file format, 1.3.4). SQLite sees zeros there. Touches the file of the VFS below.
 */
#include "pages_int.h"

#define TEXT (STORE_PAGE - STORE_EXTRA)
#define BOUND 20

static void bind(uint64_t number, uint8_t out[BOUND])
{
    memcpy(out, "habeas page", 12); /* with its zero */
    hbs_put_le64(out + 12, number);
}

/* Page `number` (from 1) into `out`, STORE_PAGE bytes. */
static int read_page(struct pages_file *f, uint64_t number, uint8_t *out)
{
    uint8_t *raw = f->p->bytes, bound[BOUND];
    int code = f->real->pMethods->xRead(f->real, raw, STORE_PAGE, (sqlite3_int64)(number - 1) * STORE_PAGE);
    if (code == SQLITE_IOERR_SHORT_READ)
        return pages_fault(f, "page", number, "the file ends before the end of the page");
    if (code)
        return code;
    bind(number, bound);
    memset(out + TEXT, 0, STORE_EXTRA);
    if (!pages_unseal(f->p->keys->db, bound, BOUND, raw, TEXT, raw + TEXT, out))
        return pages_fault(f, "page", number, "the page is not the one that was written there");
    return SQLITE_OK;
}

int pages_db_read(struct pages_file *f, uint8_t *out, int size, sqlite3_int64 at)
{
    sqlite3_int64 length;
    int code = f->real->pMethods->xFileSize(f->real, &length);
    if (code)
        return code;
    if (length == 0) { /* about to be made */
        memset(out, 0, (size_t)size);
        return SQLITE_IOERR_SHORT_READ;
    }
    if (at < 0 || size < 0 || at % STORE_PAGE + size > STORE_PAGE)
        return pages_fault(f, "byte", (uint64_t)at, "SQLite asked for more than a page");
    uint64_t number = (uint64_t)at / STORE_PAGE + 1;
    if (size == STORE_PAGE)
        return read_page(f, number, out);
    /* The head of page 1, before there is a lock. If a stop has torn page 1 while the log was written
     * back, the log has it whole: SQLite needs only what never changes here, and then reads the log. */
    bool faulty = f->p->faulty;
    code = read_page(f, number, f->p->keys->page);
    if (code == SQLITE_IOERR_DATA && f->p->opening && at == 0 && size <= 100) {
        f->p->faulty = faulty;
        uint8_t *head = f->p->keys->page;
        memset(head, 0, 100);
        memcpy(head, "SQLite format 3", 16);
        head[16] = STORE_PAGE >> 8;
        head[18] = head[19] = 2; /* write-ahead log */
        head[20] = STORE_EXTRA;
        head[21] = 64;
        head[22] = head[23] = 32;
        code = SQLITE_OK;
    }
    if (!code)
        memcpy(out, f->p->keys->page + at % STORE_PAGE, (size_t)size);
    hbs_secret_wipe(f->p->keys->page, STORE_PAGE);
    return code;
}

int pages_db_write(struct pages_file *f, const uint8_t *in, int size, sqlite3_int64 at)
{
    if (at < 0 || at % STORE_PAGE || size != STORE_PAGE) {
        pages_fault(f, "byte", (uint64_t)at, "SQLite wrote a part of a page");
        return SQLITE_IOERR_WRITE;
    }
    uint8_t *raw = f->p->bytes, bound[BOUND];
    bind((uint64_t)at / STORE_PAGE + 1, bound);
    /* Page 1 tells which round of the log wrote it: by that an older log put back is known (pages_wal.c). */
    const struct pages_file *log = f->p->log_file;
    const uint8_t *round = at == 0 && log && log->salted ? log->salts : NULL;
    pages_seal(f->p->keys->db, bound, BOUND, in, TEXT, round, raw, raw + TEXT);
    return f->real->pMethods->xWrite(f->real, raw, STORE_PAGE, at);
}

int pages_db_size(struct pages_file *f, sqlite3_int64 *out)
{
    int code = f->real->pMethods->xFileSize(f->real, out);
    if (!code)
        *out -= *out % STORE_PAGE; /* a page that a stop has cut is in the log */
    return code;
}
