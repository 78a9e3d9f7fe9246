/* SPDX-License-Identifier: MPL-2.0
 *
 * Room store: the write-ahead log. SQLite sees its own layout (file format, chapter 4: header, frames of
 * header and page); in the file each piece is enciphered and bound to its place and to the log's salts,
 * and two marks at the front say how far the log was synced. With them a torn end, which a crash may
 * leave, is told from a byte changed in what was durable: docs/decisions/store-pages.md. Touches the file
 * of the VFS below.
 */
#include "pages_int.h"

#define MARK_TEXT 32 /* number, salts, frames, the round before */
#define BOUND 28

enum { MARK = 1, HEADER = 2, FRAME_HEADER = 3, PAGE = 4 };

static size_t bind(const struct pages_file *f, int what, uint64_t index, uint8_t out[BOUND])
{
    memcpy(out, "habeas log", 11); /* with its zero */
    out[11] = (uint8_t)what;
    hbs_put_le64(out + 12, index);
    if (what < FRAME_HEADER)
        return 20;
    memcpy(out + 20, f->salts, 8);
    return BOUND;
}

static int raw_read(struct pages_file *f, void *out, int size, sqlite3_int64 at)
{
    return f->real->pMethods->xRead(f->real, out, size, at);
}

static int raw_write(struct pages_file *f, const void *in, int size, sqlite3_int64 at)
{
    return f->real->pMethods->xWrite(f->real, in, size, at);
}

/* ---- Marks ----------------------------------------------------------------------------------------- */

/* Writes a mark beside the present one; durable with the next sync. It is written after the sync that it tells
 * of, never before: a mark that is there when its frames are not would make a plain power loss look like
 * an attack. The other mark is durable by then, so at most one of the two is ever torn. */
static int mark_write(struct pages_file *f, const uint8_t *salts, uint64_t frames)
{
    uint8_t text[MARK_TEXT] = {0}, bound[BOUND], raw[LOG_MARK] = {0};
    int side = f->mark_number ? !f->mark_side : 0;
    hbs_put_le64(text, f->mark_number + 1);
    memcpy(text + 8, salts, 8);
    hbs_put_le64(text + 16, frames);
    memcpy(text + 24, f->mark_before, 8);
    pages_seal(f->p->keys->log, bound, bind(f, MARK, (uint64_t)side, bound), text, MARK_TEXT, NULL, raw,
               raw + MARK_TEXT);
    int code = raw_write(f, raw, LOG_MARK, side * LOG_MARK);
    if (code)
        return code;
    f->mark_number++;
    f->mark_side = side;
    f->mark_frames = frames;
    memcpy(f->mark_salts, salts, 8);
    return SQLITE_OK;
}

/* The newest mark that opens counts. If it is the older of two because somebody changed a byte of the newer one,
 * frames between the two are taken for such as may be torn; they are not, so they open all the same, and
 * nothing is lost. */
int pages_log_open(struct pages_file *f)
{
    sqlite3_int64 length;
    int code = f->real->pMethods->xFileSize(f->real, &length);
    f->salted = f->mark_missing = false;
    f->committed = f->mark_number = f->mark_frames = 0;
    for (int side = 0; !code && side < 2 && length >= (side + 1) * LOG_MARK; side++) {
        uint8_t text[MARK_TEXT], bound[BOUND], raw[LOG_MARK];
        if ((code = raw_read(f, raw, LOG_MARK, side * LOG_MARK)))
            break;
        if (!pages_unseal(f->p->keys->log, bound, bind(f, MARK, (uint64_t)side, bound), raw, MARK_TEXT,
                          raw + MARK_TEXT, text))
            continue;
        uint64_t number = hbs_le64(text);
        if (number > f->mark_number) {
            f->mark_number = number;
            f->mark_side = side;
            f->mark_frames = hbs_le64(text + 16);
            memcpy(f->mark_salts, text + 8, 8);
            memcpy(f->mark_before, text + 24, 8);
        }
    }
    /* A header is written only after a mark was synced. */
    f->mark_missing = !f->mark_number && length > LOG_HEADER_AT;
    return code;
}

/* Marks of another round count nothing. */
uint64_t pages_log_live(const struct pages_file *f)
{
    return f->salted && !memcmp(f->salts, f->mark_salts, 8) ? f->mark_frames : 0;
}

/* ---- Pieces ---------------------------------------------------------------------------------------- */

/* The piece in which byte `at` of SQLite's log lies: where its raw form is, how long it is, and how far
 * `at` is into it. */
static int piece_at(sqlite3_int64 at, uint64_t *index, sqlite3_int64 *raw, int *size, int *into)
{
    if (at < LOG_HEADER) {
        *index = 0;
        *raw = LOG_HEADER_AT;
        *size = LOG_HEADER;
        *into = (int)at;
        return HEADER;
    }
    *index = (uint64_t)(at - LOG_HEADER) / LOG_SEEN;
    *into = (int)((at - LOG_HEADER) % LOG_SEEN);
    *raw = LOG_FRAMES_AT + (sqlite3_int64)*index * LOG_FRAME;
    if (*into < LOG_FRAME_HEADER) {
        *size = LOG_FRAME_HEADER;
        return FRAME_HEADER;
    }
    *raw += LOG_FRAME_HEADER + STORE_EXTRA;
    *into -= LOG_FRAME_HEADER;
    *size = STORE_PAGE;
    return PAGE;
}

/* Which round of the log wrote page 1 of the database; zeros before there is one. The 8 bytes lie in one
 * sector, so a torn page has the old ones or the new ones. */
static int round_of_database(struct pages_file *f, uint8_t out[8])
{
    sqlite3_file *db = f->p->db_file ? f->p->db_file->real : NULL;
    memset(out, 0, 8);
    int code = db ? db->pMethods->xRead(db, out, 8, STORE_ROUND_AT) : SQLITE_OK;
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

/* Opens a piece into `out`. SQLITE_IOERR_SHORT_READ when the file ends before it, and when it may be
 * torn: then `out` is zeros, which SQLite takes for the end of the log. */
static int read_piece(struct pages_file *f, int what, uint64_t index, sqlite3_int64 at, int size, uint8_t *out)
{
    uint8_t bound[BOUND];
    int code = raw_read(f, f->p->piece, size + STORE_EXTRA, at);
    bool there = code == SQLITE_OK;
    memset(out, 0, (size_t)size);
    if (code && code != SQLITE_IOERR_SHORT_READ)
        return code;
    if (f->mark_missing)
        return pages_fault(f, "byte", 0, "the log has lost both of its marks");
    if (there && (what == HEADER || f->salted) &&
        pages_unseal(f->p->keys->log, bound, bind(f, what, index, bound), f->p->piece, (size_t)size,
                     f->p->piece + size, out)) {
        if (what != HEADER)
            return SQLITE_OK;
        memcpy(f->salts, out + 16, 8);
        f->salted = true;
        /* A mark with the new salts was durable before this header was written; a mark of another round
         * that counts frames means that one of the two is not today's. */
        if (memcmp(f->salts, f->mark_salts, 8) && f->mark_frames)
            return pages_fault(f, "header", 0, "the log's header and its mark are of different rounds");
        f->committed = pages_log_live(f);
        /* Page 1 was written by this round, or not since it began. Otherwise this is the log of an earlier
         * time, and its pages would be laid over newer ones. */
        uint8_t round[8];
        if ((code = round_of_database(f, round)))
            return code;
        if (memcmp(round, f->salts, 8) && memcmp(round, f->mark_before, 8))
            return pages_fault(f, "header", 0, "the log is not of the database's time: an older one was put here");
        return SQLITE_OK;
    }
    memset(out, 0, (size_t)size);
    if (what == HEADER && f->mark_frames)
        return pages_fault(f, "header", 0, "the log's header is not the one that was written");
    if (what != HEADER && (index < pages_log_live(f) || !f->p->opening))
        return pages_fault(f, "frame", index,
                           there ? "the frame is not the one that was written there" : "the log ends before the frame");
    return SQLITE_IOERR_SHORT_READ;
}

/* SQLite reads headers, frame headers, pages, and when it recovers whole frames. A piece is opened whole,
 * whatever part of it is wanted. */
int pages_log_read(struct pages_file *f, uint8_t *out, int size, sqlite3_int64 at)
{
    while (size > 0) {
        uint64_t index;
        sqlite3_int64 raw;
        int length, into, what = piece_at(at, &index, &raw, &length, &into);
        int n = length - into < size ? length - into : size;
        uint8_t *to = n == length ? out : f->p->keys->page;
        /* Zeros in a file that is long enough are bytes, not an error: SQLite goes on and sees that they
         * are no frame. */
        int code = read_piece(f, what, index, raw, length, to);
        if (code && code != SQLITE_IOERR_SHORT_READ)
            return code;
        if (to != out) {
            memcpy(out, to + into, (size_t)n);
            hbs_secret_wipe(to, (size_t)length);
        }
        out += n;
        at += n;
        size -= n;
    }
    return SQLITE_OK;
}

/* SQLite writes whole pieces, because the VFS says that a write does not disturb its neighbours (otherwise it
 * would pad the log). It writes a frame's header again when it changes a page twice in a transaction:
 * that is why header and page have a tag each. */
int pages_log_write(struct pages_file *f, const uint8_t *in, int size, sqlite3_int64 at)
{
    while (size > 0) {
        uint64_t index;
        sqlite3_int64 raw;
        uint8_t bound[BOUND];
        int length, into, code, what = piece_at(at, &index, &raw, &length, &into);
        if (into || length > size || (what != HEADER && !f->salted)) {
            pages_fault(f, "byte", (uint64_t)at, "SQLite wrote a part of a frame");
            return SQLITE_IOERR_WRITE;
        }
        if (what == HEADER) {
            /* A new round: from here on the frames of the old one count for nothing, which is so only
             * when that is on the medium. SQLite has written all of them back and synced by now. */
            if ((code = round_of_database(f, f->mark_before)) || (code = mark_write(f, in + 16, 0)) ||
                (code = f->real->pMethods->xSync(f->real, SQLITE_SYNC_NORMAL)))
                return code;
            memcpy(f->salts, in + 16, 8);
            f->salted = true;
            f->mark_missing = false;
            f->committed = 0;
        }
        pages_seal(f->p->keys->log, bound, bind(f, what, index, bound), in, (size_t)length, NULL, f->p->piece,
                   f->p->piece + length);
        if ((code = raw_write(f, f->p->piece, length + STORE_EXTRA, raw)))
            return code;
        /* Bytes 4 to 7 of a frame's header are not 0 in the last frame of a transaction. */
        if (what == FRAME_HEADER && hbs_be32(in + 4) && index + 1 > f->committed)
            f->committed = index + 1;
        in += length;
        at += length;
        size -= length;
    }
    return SQLITE_OK;
}

/* At a commit SQLite syncs the log once, after the frame that says it is the last. */
int pages_log_sync(struct pages_file *f, int flags)
{
    int code = f->real->pMethods->xSync(f->real, flags);
    if (!code && f->salted && f->committed > pages_log_live(f))
        /* If this fails, less is noticed later; the transaction is durable all the same. */
        (void)mark_write(f, f->salts, f->committed);
    return code;
}

/* To nothing: after a checkpoint. The marks go too: the database file has everything then. */
int pages_log_truncate(struct pages_file *f, sqlite3_int64 size)
{
    if (size == 0) {
        int code = f->real->pMethods->xTruncate(f->real, 0);
        if (!code) {
            f->salted = f->mark_missing = false;
            f->committed = f->mark_frames = f->mark_number = 0;
        }
        return code;
    }
    sqlite3_int64 frames = size <= LOG_HEADER ? 0 : (size - LOG_HEADER + LOG_SEEN - 1) / LOG_SEEN;
    return f->real->pMethods->xTruncate(f->real, LOG_FRAMES_AT + frames * LOG_FRAME);
}

/* A part of a frame at the end is left out: SQLite would not use it either. */
int pages_log_size(struct pages_file *f, sqlite3_int64 *out)
{
    sqlite3_int64 length;
    int code = f->real->pMethods->xFileSize(f->real, &length);
    if (code)
        return code;
    if (f->mark_missing)
        return pages_fault(f, "byte", 0, "the log has lost both of its marks");
    sqlite3_int64 frames = length > LOG_FRAMES_AT ? (length - LOG_FRAMES_AT) / LOG_FRAME : 0;
    if ((uint64_t)frames < f->mark_frames)
        return pages_fault(f, "frame", (uint64_t)frames, "the log ends before frames that were durable");
    *out = length < LOG_HEADER_AT + LOG_HEADER + STORE_EXTRA ? 0 : LOG_HEADER + frames * LOG_SEEN;
    return SQLITE_OK;
}
