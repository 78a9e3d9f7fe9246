/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search, private side: the gallery file, version 1. Little-endian throughout.
 *
 *   0     slot A, 256 bytes of a 4096-byte page        8192  segments and directories,
 *   4096  slot B, likewise                                   each on a page boundary
 *
 * A commit writes new segments and a directory of all segments behind the old end, makes them
 * durable, and only then writes the slot that is not in use, with the next epoch and a sum. A
 * reader takes the valid slot of the higher epoch. So a crash at any point leaves the old slot and
 * all it points to; what lies behind the end it names is dropped by the next writer. Nothing that a
 * reader can reach is ever overwritten.
 *
 * A segment, at most 65,536 prints, in sections that begin at multiples of 64:
 *   first   u32 [tiles + 1]      block where each tile begins
 *   count   u8  [prints]         cylinders
 *   record  16 bytes [prints]    struct gallery_record
 *   names   bytes                ids one after the other
 *   angle   u8  [blocks][8]      and so on: see struct search_tiles
 *   owner   u8  [blocks][4]
 *   word0   u64 [blocks][8]
 *   rest    u64 [blocks][words - 1][8]
 *   packed  bytes                templates one after the other
 * The first four are the tables, summed and checked when the file is opened; the others are the
 * bulk.
 */
#ifndef HABEAS_GALLERY_INT_H
#define HABEAS_GALLERY_INT_H

#include "search_int.h"

enum {
    GALLERY_VERSION = 1,
    GALLERY_PAGE = 4096,
    GALLERY_SLOT = 256,      /* bytes of a slot */
    GALLERY_DATA = 8192,     /* where segments begin */
    GALLERY_ENTRY = 64,      /* bytes of a directory entry */
    GALLERY_RECORD = 16,
    GALLERY_SEGMENT_PRINTS = 65536,
    GALLERY_SECTIONS = 9
};
#define GALLERY_MAGIC "habeas gallery\n"
#define GALLERY_STAMP "evaluation"

enum gallery_section {
    SECTION_FIRST, SECTION_COUNT, SECTION_RECORD, SECTION_NAMES, /* tables */
    SECTION_ANGLE, SECTION_OWNER, SECTION_WORD0, SECTION_REST, SECTION_PACKED /* bulk */
};

/* A slot, decoded. On disk: magic 16, stamp 16, version u32, words u32, epoch u64, directory u64,
 * end u64, prints u64, segments u32, sum of the directory u32, zeros, at 252 the sum of the rest. */
struct gallery_slot {
    uint32_t words, segments, directory_sum;
    uint64_t epoch, directory, end, prints;
};

/* A directory entry: offset u64, size u64, prints, blocks, names, packed (bytes), sum of the tables
 * and of the bulk, all u32, zeros. */
struct gallery_entry {
    uint64_t offset, size;
    uint32_t prints, blocks, names, packed, table_sum, bulk_sum;
};

/* A record on disk: packed at u32, its sum u32, name at u32, packed size u16, name size u8, zero u8 */

/* Offsets of a segment's sections from its beginning; at[GALLERY_SECTIONS] is its size. False when
 * the numbers are beyond their limits. */
bool gallery_layout(const struct gallery_entry *entry, uint32_t words,
                    uint64_t at[GALLERY_SECTIONS + 1]);

void gallery_slot_encode(const struct gallery_slot *slot, uint8_t out[GALLERY_SLOT]);
void gallery_entry_encode(const struct gallery_entry *entry, uint8_t out[GALLERY_ENTRY]);
void gallery_entry_decode(const uint8_t in[GALLERY_ENTRY], struct gallery_entry *out);
/* The slot in use of a file's first GALLERY_DATA bytes; *which is 0 or 1. */
enum hbs_err gallery_slot_find(struct hbs_ctx *ctx, const uint8_t *head, uint64_t file_size,
                               const char *where, struct gallery_slot *out, int *which);
/* Whether a slot's page is as a commit leaves it, or as a new file begins: zeros. */
bool gallery_slot_sound(const uint8_t page[GALLERY_PAGE]);

struct gallery_segment {
    struct search_tiles tiles;
    struct gallery_entry entry;
    const uint8_t *base;      /* of the segment */
    uint64_t at[GALLERY_SECTIONS + 1];
    uint64_t number;          /* of its first print */
    uint64_t chunk;           /* of its first chunk, see identify.c */
};

struct hbs_gallery {
    struct hbs_ctx *ctx;
    const uint8_t *map;
    size_t size;
    bool copied;
    struct gallery_slot slot;
    uint64_t chunks;
    struct gallery_segment *segments;
};

/* As hbs_gallery_open, of a file at hand: for the fuzzer and the writer. `data` must be aligned to
 * 64 bytes and stay; hbs_gallery_close does not free it. */
enum hbs_err gallery_attach(struct hbs_ctx *ctx, const char *where, const uint8_t *data,
                            uint64_t size, struct hbs_gallery *out);
void gallery_detach(struct hbs_gallery *gallery);

#endif
