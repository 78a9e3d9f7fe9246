/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: opening a gallery. Everything that a search follows as an offset or a count is
 * checked here, once, against the length of the file; after that any byte in the bulk can be
 * anything without harm: bits are bits, a direction is an index into tables of 256, and a template
 * goes to stage 2 by its checked length.
 */
#include "gallery_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char again[] = "make the gallery again from the templates";

/* Checks one segment's tables; the entry itself was checked. */
static enum hbs_err check_tables(struct hbs_ctx *ctx, const char *where, uint32_t index,
                                 const struct gallery_segment *s)
{
    const struct gallery_entry *e = &s->entry;
    if (search_crc32c(0, s->base, s->at[SECTION_ANGLE]) != e->table_sum)
        return hbs_fail(ctx, HBS_ERR_INTEGRITY, where, again,
                        "the tables of part %u are damaged", index);
    uint32_t tiles = (e->prints + SEARCH_TILE - 1) / SEARCH_TILE;
    bool good = s->tiles.first[0] == 0 && s->tiles.first[tiles] == e->blocks;
    for (uint32_t t = 0; good && t < tiles; t++)
        good = s->tiles.first[t] <= s->tiles.first[t + 1] &&
               s->tiles.first[t + 1] - s->tiles.first[t] <= SEARCH_TILE_BLOCKS;
    const uint8_t *r = s->base + s->at[SECTION_RECORD];
    for (uint32_t i = 0; good && i < e->prints; i++, r += GALLERY_RECORD)
        good = s->tiles.count[i] <= HBS_SEARCH_CYLINDERS_MAX && hbs_le32(r) <= e->packed &&
               hbs_le16(r + 12) <= HBS_SEARCH_PACKED_MAX &&
               hbs_le16(r + 12) <= e->packed - hbs_le32(r) && hbs_le32(r + 8) <= e->names &&
               r[14] >= 1 && r[14] <= HBS_SEARCH_ID_MAX && r[14] <= e->names - hbs_le32(r + 8);
    return good ? HBS_OK
                : hbs_fail(ctx, HBS_ERR_FORMAT, where, again,
                           "the tables of part %u make no sense", index);
}

enum hbs_err gallery_attach(struct hbs_ctx *ctx, const char *where, const uint8_t *data,
                            uint64_t size, struct hbs_gallery *g)
{
    memset(g, 0, sizeof *g);
    g->ctx = ctx;
    g->map = data;
    g->size = size;
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, where, "use a little-endian machine",
                    "galleries are little-endian");
#endif
    int which;
    enum hbs_err err = gallery_slot_find(ctx, data, size, where, &g->slot, &which);
    if (err)
        return err;
    const uint8_t *directory = data + g->slot.directory;
    if (search_crc32c(0, directory, (size_t)g->slot.segments * GALLERY_ENTRY) !=
        g->slot.directory_sum)
        return hbs_fail(ctx, HBS_ERR_INTEGRITY, where, again, "the gallery's directory is damaged");
    g->segments = hbs_alloc(ctx, g->slot.segments ? g->slot.segments : 1, sizeof *g->segments);
    if (!g->segments)
        return hbs_fail_memory(ctx, g->slot.segments * sizeof *g->segments);
    uint64_t number = 0, end = GALLERY_DATA, words = g->slot.words;
    for (uint32_t i = 0; i < g->slot.segments && !err; i++) {
        struct gallery_segment *s = &g->segments[i];
        struct gallery_entry *e = &s->entry;
        gallery_entry_decode(directory + (size_t)i * GALLERY_ENTRY, e);
        if (!gallery_layout(e, (uint32_t)words, s->at) || e->size != s->at[GALLERY_SECTIONS] ||
            e->offset % GALLERY_PAGE || e->offset < end || e->offset > g->slot.end ||
            e->size > g->slot.end - e->offset) {
            err = hbs_fail(ctx, HBS_ERR_FORMAT, where, again,
                           "part %u of the gallery does not lie inside it", i);
            break;
        }
        end = e->offset + e->size;
        s->base = data + e->offset;
        s->number = number;
        number += e->prints;
        s->tiles = (struct search_tiles){
            .prints = e->prints,
            .words = (uint32_t)words,
            .first = (const uint32_t *)(const void *)(s->base + s->at[SECTION_FIRST]),
            .angle = s->base + s->at[SECTION_ANGLE],
            .owner = s->base + s->at[SECTION_OWNER],
            .count = s->base + s->at[SECTION_COUNT],
            .word0 = (const uint64_t *)(const void *)(s->base + s->at[SECTION_WORD0]),
            .rest = (const uint64_t *)(const void *)(s->base + s->at[SECTION_REST]),
        };
        err = check_tables(ctx, where, i, s);
    }
    if (!err && number != g->slot.prints)
        err = hbs_fail(ctx, HBS_ERR_FORMAT, where, again,
                       "the gallery says %llu prints and has %llu",
                       (unsigned long long)g->slot.prints, (unsigned long long)number);
    if (err)
        gallery_detach(g);
    return err;
}

void gallery_detach(struct hbs_gallery *g)
{
    hbs_free(g->ctx, g->segments);
    g->segments = NULL;
}

static enum hbs_err read_whole(struct hbs_ctx *ctx, int fd, const char *path, uint8_t *to,
                               size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t n = pread(fd, to + have, size - have, (off_t)have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return hbs_fail(ctx, HBS_ERR_IO, path, "check the disk", "cannot read: %s",
                            n ? strerror(errno) : "the file became shorter");
        have += (size_t)n;
    }
    return HBS_OK;
}

enum hbs_err hbs_gallery_open(struct hbs_ctx *ctx, const char *path,
                              const struct hbs_gallery_open_options *options,
                              struct hbs_gallery **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return hbs_fail(ctx, errno == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, path,
                        "check the name and your rights", "cannot open: %s", strerror(errno));
    struct hbs_gallery *g = NULL;
    void *map = MAP_FAILED;
    size_t size = 0;
    enum hbs_err err;
    struct stat st;
    bool copy = options && options->copy;
    if (fstat(fd, &st)) {
        err = hbs_fail(ctx, HBS_ERR_IO, path, "check the disk", "cannot read: %s", strerror(errno));
        goto done;
    }
    if (!S_ISREG(st.st_mode) || st.st_size < GALLERY_DATA) {
        err = hbs_fail(ctx, HBS_ERR_FORMAT, path, "name a file made by gallery create",
                       "this is no gallery");
        goto done;
    }
    size = (size_t)st.st_size;
    map = copy ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
               : mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        err = hbs_fail(ctx, HBS_ERR_NO_MEMORY, path, "free some memory and try again",
                       "cannot map %zu bytes: %s", size, strerror(errno));
        goto done;
    }
#ifdef MADV_HUGEPAGE
    (void)madvise(map, size, MADV_HUGEPAGE); /* fewer misses of the page tables; may be refused */
#endif
    if (copy && ((err = read_whole(ctx, fd, path, map, size)) ||
                 (mprotect(map, size, PROT_READ) &&
                  (err = hbs_fail(ctx, HBS_ERR_IO, path, "try again", "cannot protect: %s",
                                  strerror(errno))))))
        goto done;
    g = hbs_alloc(ctx, 1, sizeof *g);
    if (!g) {
        err = hbs_fail_memory(ctx, sizeof *g);
        goto done;
    }
    if ((err = gallery_attach(ctx, path, map, size, g)))
        goto done;
    g->copied = copy;
    *out = g;
    g = NULL;
    map = MAP_FAILED;
done:
    hbs_free(ctx, g);
    if (map != MAP_FAILED)
        munmap(map, size);
    close(fd);
    return err;
}

void hbs_gallery_close(struct hbs_gallery *g)
{
    if (!g)
        return;
    gallery_detach(g);
    munmap((void *)(uintptr_t)g->map, g->size);
    hbs_free(g->ctx, g);
}

void hbs_gallery_info(const struct hbs_gallery *g, struct hbs_gallery_info *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->stamp, GALLERY_STAMP, sizeof GALLERY_STAMP);
    out->prints = g->slot.prints;
    out->epoch = g->slot.epoch;
    out->segments = g->slot.segments;
    out->words = g->slot.words;
    out->file_bytes = g->slot.end;
    out->copied = g->copied;
    out->memory_bytes = sizeof *g + g->slot.segments * sizeof *g->segments +
                        (g->copied ? g->size : 0);
    for (uint32_t i = 0; i < g->slot.segments; i++) {
        const struct gallery_segment *s = &g->segments[i];
        const uint64_t *at = s->at;
        /* the sketch reads tile starts, counts, directions, owners and the first word */
        out->screen_bytes += at[SECTION_RECORD] + at[SECTION_REST] - at[SECTION_ANGLE];
        out->stage1_bytes += at[SECTION_PACKED] - at[SECTION_REST];
        out->template_bytes += at[GALLERY_SECTIONS] - at[SECTION_PACKED];
        out->table_bytes += at[SECTION_ANGLE] - at[SECTION_RECORD];
        for (uint32_t p = 0; p < s->entry.prints; p++)
            out->cylinders += s->tiles.count[p];
    }
}

static bool zeros(const uint8_t *p, uint64_t size)
{
    uint8_t any = 0;
    for (uint64_t i = 0; i < size; i++)
        any |= p[i];
    return !any;
}

static uint64_t page_end(uint64_t at) { return (at + GALLERY_PAGE - 1) & ~(uint64_t)(GALLERY_PAGE - 1); }

/* What lies between two parts that are in use, [from, to): zeros up to a page, then the directories of
 * earlier commits, each followed by zeros. Entries never change once they are written, so an earlier
 * directory is the beginning of the one in use. */
static bool gap_sound(const struct hbs_gallery *g, uint64_t from, uint64_t to, uint32_t entries)
{
    const uint8_t *directory = g->map + g->slot.directory;
    uint64_t size = (uint64_t)entries * GALLERY_ENTRY, at = page_end(from);
    if (at > to || !zeros(g->map + from, at - from))
        return false;
    while (at < to) {
        uint64_t next = page_end(at + size);
        if (!size)
            return zeros(g->map + at, to - at);
        if (next > to || memcmp(g->map + at, directory, size) || !zeros(g->map + at + size, next - at - size))
            return false;
        at = next;
    }
    return true;
}

enum hbs_err hbs_gallery_verify(struct hbs_ctx *ctx, const struct hbs_gallery *g)
{
    for (int i = 0; i < 2; i++)
        if (!gallery_slot_sound(g->map + i * GALLERY_PAGE))
            return hbs_fail(ctx, HBS_ERR_INTEGRITY, "",
                            "if a commit was cut off, add something to it; otherwise make it again",
                            "one of the gallery's two headers is damaged or was torn in writing");
    uint64_t from = GALLERY_DATA;
    for (uint32_t i = 0; i <= g->slot.segments; i++) {
        bool last = i == g->slot.segments;
        if (!gap_sound(g, from, last ? g->slot.directory : g->segments[i].entry.offset, i))
            return hbs_fail(ctx, HBS_ERR_INTEGRITY, "", again, "the gallery is damaged before part %u", i);
        if (!last)
            from = g->segments[i].entry.offset + g->segments[i].entry.size;
    }
    from = g->slot.directory + (uint64_t)g->slot.segments * GALLERY_ENTRY;
    if (!zeros(g->map + from, g->slot.end - from))
        return hbs_fail(ctx, HBS_ERR_INTEGRITY, "", again, "the gallery is damaged behind its directory");
    for (uint32_t i = 0; i < g->slot.segments; i++) {
        const struct gallery_segment *s = &g->segments[i];
        if (search_crc32c(0, s->base + s->at[SECTION_ANGLE], s->entry.size - s->at[SECTION_ANGLE]) !=
            s->entry.bulk_sum)
            return hbs_fail(ctx, HBS_ERR_INTEGRITY, "", again,
                            "part %u of the gallery is damaged", i);
        enum hbs_err err = check_tables(ctx, "", i, s);
        if (err)
            return err;
    }
    return HBS_OK;
}

enum hbs_err hbs_gallery_print(struct hbs_ctx *ctx, const struct hbs_gallery *g, uint64_t number,
                               char id[HBS_SEARCH_ID_MAX + 1], const uint8_t **packed,
                               size_t *packed_size)
{
    if (number >= g->slot.prints)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "give a smaller number", "no print %llu",
                        (unsigned long long)number);
    uint32_t low = 0, high = g->slot.segments - 1; /* the last segment that begins at or before */
    while (low < high) {
        uint32_t middle = (low + high + 1) / 2;
        if (g->segments[middle].number <= number)
            low = middle;
        else
            high = middle - 1;
    }
    const struct gallery_segment *s = &g->segments[low];
    const uint8_t *r = s->base + s->at[SECTION_RECORD] + (number - s->number) * GALLERY_RECORD;
    const uint8_t *p = s->base + s->at[SECTION_PACKED] + hbs_le32(r);
    memcpy(id, s->base + s->at[SECTION_NAMES] + hbs_le32(r + 8), r[14]);
    memset(id + r[14], 0, HBS_SEARCH_ID_MAX + 1u - r[14]);
    if (search_crc32c(0, p, hbs_le16(r + 12)) != hbs_le32(r + 4))
        return hbs_fail(ctx, HBS_ERR_INTEGRITY, id, again, "the stored template is damaged");
    *packed = p;
    *packed_size = hbs_le16(r + 12);
    return HBS_OK;
}
