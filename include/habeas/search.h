/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/search.h: a gallery of fingerprints in one mapped file, and the search for a probe in it.
 *
 *   hbs_gallery_create, _append   a writer for a new file, or for more prints at the end of one
 *   hbs_gallery_put, _commit      prints go in; nothing can be seen of them until the commit
 *   hbs_gallery_open              maps the file; hbs_gallery_info, hbs_gallery_verify
 *   hbs_gallery_identify          probe -> candidates, and how much of the gallery was searched
 *
 * A search has two steps: every print is screened with all bits of its cylinders ("stage 1"), and the
 * best of them are compared in full by a function of the caller's ("stage 2"), whose scores rank the
 * answer. A quick search has a step before these: every print is screened with a 64-bit sketch of each
 * cylinder, and only the best few per cent go through stage 1. The answer is the same for every instruction set and number of
 * threads; ties go to the print that was enrolled first. It is a list of leads, never a verdict.
 *
 * The file is a cache: it can be made again from the stored templates. It is stamped "evaluation":
 * a registry never opens one. Descriptors are Minutia Cylinder-Code bits (Cappelli, Ferrara and
 * Maltoni, PAMI 32:12, 2010; as bits Cappelli et al., "A fast and accurate palmprint/fingerprint
 * ..." 2010 and PAMI 33:5, 2011 for indexing): 52 cells in a circle (row by row) x 6
 * direction sections, bit 6 * cell + section, as hbs_finger_cylinders gives them.
 *
 * Threads: an open gallery may be searched by many threads at once, each with its own context. A
 * writer belongs to one thread. One writer at a time: a second gets HBS_ERR_BUSY. Readers go on
 * with what they opened while a writer appends.
 * Mapping: whoever truncates the file while it is open here breaks the mapping (SIGBUS). Nothing in
 * this library does; where others can write to the folder, open with `copy`.
 */
#ifndef HABEAS_SEARCH_H
#define HABEAS_SEARCH_H

#include "habeas/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HBS_SEARCH_CYLINDERS_MAX 48 /* of a print; the caller keeps the best */
#define HBS_SEARCH_BITS 312         /* of a cylinder */
#define HBS_SEARCH_WORDS 5          /* 64-bit words that hold them; bit i is bit i % 64 of word i / 64 */
#define HBS_SEARCH_PACKED_MAX 1024  /* bytes of a packed template */
#define HBS_SEARCH_ID_MAX 63        /* bytes of an id */
#define HBS_SEARCH_TOP_MAX 100      /* candidates of an answer */
#define HBS_SEARCH_LIST_MAX 4096    /* prints compared in stage 2 */
#define HBS_GALLERY_SEGMENTS_MAX 4096 /* commits and 65,536-print parts of a file */

/* What the search needs of a print: a plain struct of the caller's. Bits from 312 on are zero. */
struct hbs_search_print {
    uint16_t count;       /* cylinders, at most HBS_SEARCH_CYLINDERS_MAX */
    uint16_t packed_size; /* bytes of the packed template, at most HBS_SEARCH_PACKED_MAX */
    uint8_t angle[HBS_SEARCH_CYLINDERS_MAX]; /* each cylinder's minutia direction, 1/256 turn */
    uint64_t bits[HBS_SEARCH_CYLINDERS_MAX][HBS_SEARCH_WORDS];
    uint8_t packed[HBS_SEARCH_PACKED_MAX];   /* for stage 2; the gallery only keeps it */
};

struct hbs_gallery_options {
    bool compact; /* keep a sketch of 128 bits a cylinder: a third of the memory, a little less telling */
};

struct hbs_gallery_writer;
struct hbs_gallery;

/* A writer for a new file at `path`; the file appears, whole, at the commit. HBS_ERR_USAGE when
 * there is something at `path` already. `options` may be NULL. */
HBS_API HBS_MUST_USE enum hbs_err hbs_gallery_create(struct hbs_ctx *ctx, const char *path,
                                                     const struct hbs_gallery_options *options,
                                                     struct hbs_gallery_writer **out)
    HBS_NONNULL(1, 2, 4);
/* A writer for more prints of an existing file. Until the commit the file reads as before, also
 * after a crash in the middle. */
HBS_API HBS_MUST_USE enum hbs_err hbs_gallery_append(struct hbs_ctx *ctx, const char *path,
                                                     struct hbs_gallery_writer **out)
    HBS_NONNULL(1, 2, 3);
/* Takes a print in under `id`, 1 to 63 bytes, none of them a control character. HBS_ERR_USAGE when
 * the id is taken or the print is out of range (nothing is taken in then); after any other error
 * the writer is good for hbs_gallery_writer_close only. */
HBS_API HBS_MUST_USE enum hbs_err hbs_gallery_put(struct hbs_gallery_writer *writer, const char *id,
                                                  const struct hbs_search_print *print)
    HBS_NONNULL(1, 2, 3);
/* Makes everything put in part of the file, durably, or nothing of it. Then close the writer. */
HBS_API HBS_MUST_USE enum hbs_err hbs_gallery_commit(struct hbs_gallery_writer *writer)
    HBS_NONNULL(1);
/* Without a commit nothing is changed. */
HBS_API void hbs_gallery_writer_close(struct hbs_gallery_writer *writer);

struct hbs_gallery_open_options {
    bool copy; /* read the file into memory of our own (huge pages where there are) instead of
                  mapping it: immune to what others do to the file */
};

/* Opens a gallery for searching. Checks the header, the directory and all tables with their sums
 * and every length against the file's; bits and templates are checked by hbs_gallery_verify, a
 * candidate's template when it is used. HBS_ERR_FORMAT: not a gallery, or lengths that lie;
 * HBS_ERR_UNSUPPORTED: another version; HBS_ERR_INTEGRITY: a sum is wrong. `options` may be NULL.
 * The context must outlive the gallery. */
HBS_API HBS_MUST_USE enum hbs_err hbs_gallery_open(struct hbs_ctx *ctx, const char *path,
                                                   const struct hbs_gallery_open_options *options,
                                                   struct hbs_gallery **out) HBS_NONNULL(1, 2, 4);
HBS_API void hbs_gallery_close(struct hbs_gallery *gallery);

/* What a gallery is and what it costs. The bytes are sums over all prints; `screen` is what the
 * first step reads of every print, `stage1` what the second reads besides of those that pass. */
struct hbs_gallery_info {
    char stamp[16];       /* "evaluation" */
    uint64_t prints, epoch; /* epoch: commits so far */
    uint64_t cylinders;
    uint32_t segments, words; /* 64-bit words stored a cylinder: 6, or 2 when compact */
    uint64_t file_bytes;
    uint64_t screen_bytes, stage1_bytes, template_bytes, table_bytes; /* table: records and ids */
    uint64_t memory_bytes; /* of this process besides the mapped file */
    bool copied;
};
HBS_API void hbs_gallery_info(const struct hbs_gallery *gallery, struct hbs_gallery_info *out)
    HBS_NONNULL(1, 2);
/* Checks every byte of the file up to its end: sums, and that what no sum covers (the rest of the
 * headers' pages, the space between parts) is zero or a copy of what a sum covers. What a writer that
 * died left behind the end belongs to nothing and is not looked at. HBS_ERR_INTEGRITY, also for a header
 * that was torn in writing, with which the gallery still serves as it was before. */
HBS_API HBS_MUST_USE enum hbs_err hbs_gallery_verify(struct hbs_ctx *ctx,
                                                     const struct hbs_gallery *gallery)
    HBS_NONNULL(1, 2);
/* The id and the packed template of print `number` (< prints), in the order of enrolment. The
 * pointers are into the mapping; *packed_size <= HBS_SEARCH_PACKED_MAX. HBS_ERR_INTEGRITY when the
 * template's sum is wrong. */
HBS_API HBS_MUST_USE enum hbs_err hbs_gallery_print(struct hbs_ctx *ctx,
                                                    const struct hbs_gallery *gallery,
                                                    uint64_t number, char id[HBS_SEARCH_ID_MAX + 1],
                                                    const uint8_t **packed, size_t *packed_size)
    HBS_NONNULL(1, 2, 4, 5, 6);

/* Stage 2: the caller's full comparison of its probe (in `arg`) with a packed template of the
 * gallery. Larger is more alike. Called from several threads; `thread` < 256 tells them apart. The
 * score must depend on the two prints alone. */
typedef int32_t hbs_search_compare(void *arg, unsigned thread, const uint8_t *packed,
                                   size_t packed_size);

struct hbs_search_options {
    hbs_search_compare *compare; /* NULL: rank by stage 1 */
    void *arg;
    uint32_t top;       /* candidates wanted; 0 means 10; at most HBS_SEARCH_TOP_MAX */
    uint32_t list;      /* prints compared in stage 2; 0 means one in 500 of the gallery, at least 200 and
                           at most 2,000; at most HBS_SEARCH_LIST_MAX */
    uint32_t passing;   /* 0: an exhaustive search. Otherwise every print is screened by its sketch first
                           and so many per 10,000 pass (at least 2,000 prints): quicker, and some mates
                           are lost. A probe of 22 cylinders or fewer is searched exhaustively anyway,
                           whose sketch tells too little */
    bool exhaustive;    /* stage 1 on every print, whatever `passing` says */
    unsigned threads;   /* 0: all processors */
    double deadline;    /* seconds from the call after which no more is begun; 0: none */
};

struct hbs_search_candidate {
    char id[HBS_SEARCH_ID_MAX + 1];
    uint64_t number;  /* in the order of enrolment */
    int32_t score;    /* of stage 2, or of stage 1 where there is no stage 2 */
    uint16_t screen;  /* of stage 1 */
};

/* An answer says how much stands behind it. */
struct hbs_search_answer {
    uint64_t total;      /* prints in the gallery */
    uint64_t searched;   /* prints that were screened */
    uint64_t screened;   /* prints that went through stage 1 with all bits */
    uint32_t compared;   /* prints that went through stage 2 */
    bool complete;       /* every print was screened and nothing chosen was left out */
    bool exhaustive;
    uint64_t epoch;
    const char *kernel;  /* instruction set that did it; static storage */
    double seconds[3];   /* wall: sketch, stage 1, stage 2 */
    uint32_t count;
    struct hbs_search_candidate candidates[HBS_SEARCH_TOP_MAX]; /* best first */
};

/* Searches. A deadline that passes is no error: the answer then says complete = false and holds the
 * best of what was searched. Errors: HBS_ERR_USAGE for a probe or options out of range,
 * HBS_ERR_NO_MEMORY, HBS_ERR_INTEGRITY when a chosen print's template does not match its sum.
 * `options` may be NULL. Memory: 2 bytes a print and 4 a print that passes, freed at the end. */
HBS_API HBS_MUST_USE enum hbs_err hbs_gallery_identify(struct hbs_ctx *ctx,
                                                       const struct hbs_gallery *gallery,
                                                       const struct hbs_search_print *probe,
                                                       const struct hbs_search_options *options,
                                                       struct hbs_search_answer *out)
    HBS_NONNULL(1, 2, 3, 5);

#ifdef __cplusplus
}
#endif
#endif
