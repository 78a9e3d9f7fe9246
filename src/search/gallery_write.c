/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: writing a gallery. Prints gather into tiles and tiles into a segment in memory; a
 * full segment goes to the file behind the committed end; the commit writes the directory, makes it
 * all durable and then the slot (see gallery_int.h). A new file is made beside its name and takes
 * the name at the commit. The order of enrolment is the order in the file.
 */
#include "gallery_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct hbs_gallery_writer {
    struct hbs_ctx *ctx;
    char path[4096];
    char temporary[4096];     /* "" when appending or once renamed */
    int fd;
    bool broken;              /* an error left the segment half made */
    int slot_used;            /* the slot that a reader takes now; -1 for a new file */
    struct gallery_slot slot; /* what the commit will write */
    uint64_t at;              /* where the next segment goes */
    struct hbs_buf directory;
    struct hbs_buf section[GALLERY_SECTIONS];
    struct gallery_entry entry; /* of the segment at hand */
    uint32_t pending;           /* prints of the tile at hand */
    struct hbs_search_print tile[SEARCH_TILE];
    struct search_tile packed;
    uint64_t *ids;            /* open-addressed set of hashes of the ids; 0 is free */
    size_t id_count, id_room; /* room: a power of two */
};

static uint64_t id_hash(const char *id, size_t size)
{
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a, then a mix so that the low bits serve as index */
    for (size_t i = 0; i < size; i++)
        h = (h ^ (uint8_t)id[i]) * 0x100000001B3u;
    h = (h ^ h >> 32) * 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
    return h ? h : 1;
}

/* Puts a hash into the set; *taken says that it was there. Two ids with one 64-bit hash would be
 * taken for the same: one chance in ten million for a million prints, and it only refuses an id. */
static enum hbs_err id_add(struct hbs_gallery_writer *w, uint64_t hash, bool *taken)
{
    if (w->id_count * 2 >= w->id_room) {
        size_t room = w->id_room ? w->id_room * 2 : 1024;
        uint64_t *ids = hbs_alloc(w->ctx, room, sizeof *ids);
        if (!ids)
            return hbs_fail_memory(w->ctx, room * sizeof *ids);
        for (size_t i = 0; i < w->id_room; i++) {
            if (!w->ids[i])
                continue;
            size_t k = w->ids[i] & (room - 1);
            while (ids[k])
                k = (k + 1) & (room - 1);
            ids[k] = w->ids[i];
        }
        hbs_free(w->ctx, w->ids);
        w->ids = ids;
        w->id_room = room;
    }
    size_t k = hash & (w->id_room - 1);
    while (w->ids[k] && w->ids[k] != hash)
        k = (k + 1) & (w->id_room - 1);
    *taken = w->ids[k] == hash;
    if (!*taken) {
        w->ids[k] = hash;
        w->id_count++;
    }
    return HBS_OK;
}

static enum hbs_err fail_write(struct hbs_gallery_writer *w)
{
    return hbs_fail(w->ctx, HBS_ERR_IO, w->path, "check space and rights", "cannot write: %s",
                    strerror(errno));
}

static enum hbs_err write_at(struct hbs_gallery_writer *w, const void *data, size_t size, uint64_t at)
{
    const uint8_t *p = data;
    while (size) {
        ssize_t n = pwrite(w->fd, p, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_write(w);
        p += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return HBS_OK;
}

static enum hbs_err writer_make(struct hbs_ctx *ctx, const char *path, struct hbs_gallery_writer **out)
{
    struct hbs_gallery_writer *w = hbs_alloc(ctx, 1, sizeof *w);
    if (!w)
        return hbs_fail_memory(ctx, sizeof *w);
    w->ctx = ctx;
    w->fd = -1;
    int n = snprintf(w->path, sizeof w->path, "%s", path);
    if (n < 0 || (size_t)n + 8 >= sizeof w->path) {
        hbs_free(ctx, w);
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "use a shorter path", "the path is too long");
    }
    hbs_buf_init(&w->directory, ctx, (size_t)HBS_GALLERY_SEGMENTS_MAX * GALLERY_ENTRY);
    const size_t tiles = GALLERY_SEGMENT_PRINTS / SEARCH_TILE, blocks = tiles * SEARCH_TILE_BLOCKS;
    const size_t most[GALLERY_SECTIONS] = {
        (tiles + 1) * 4, GALLERY_SEGMENT_PRINTS, (size_t)GALLERY_SEGMENT_PRINTS * GALLERY_RECORD,
        (size_t)GALLERY_SEGMENT_PRINTS * HBS_SEARCH_ID_MAX, blocks * SEARCH_LANES,
        blocks * SEARCH_TILE, blocks * SEARCH_LANES * 8,
        blocks * SEARCH_LANES * 8 * (SEARCH_STORED_FULL - 1),
        (size_t)GALLERY_SEGMENT_PRINTS * HBS_SEARCH_PACKED_MAX};
    for (int i = 0; i < GALLERY_SECTIONS; i++)
        hbs_buf_init(&w->section[i], ctx, most[i]);
    *out = w;
    return HBS_OK;
}

enum hbs_err hbs_gallery_create(struct hbs_ctx *ctx, const char *path,
                                const struct hbs_gallery_options *options,
                                struct hbs_gallery_writer **out)
{
    struct hbs_gallery_writer *w;
    enum hbs_err err = writer_make(ctx, path, &w);
    if (err)
        return err;
    struct stat st;
    if (lstat(path, &st) == 0) {
        hbs_gallery_writer_close(w);
        return hbs_fail(ctx, HBS_ERR_USAGE, path, "name a new file, or add to this one",
                        "there is a file of this name");
    }
    snprintf(w->temporary, sizeof w->temporary, "%.*s.XXXXXX", (int)sizeof w->path - 8, w->path);
    w->fd = mkostemp(w->temporary, O_CLOEXEC);
    if (w->fd < 0) {
        w->temporary[0] = 0;
        err = hbs_fail(ctx, HBS_ERR_IO, path, "check the folder and your rights",
                       "cannot write: %s", strerror(errno));
        hbs_gallery_writer_close(w);
        return err;
    }
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(w->fd, 0666 & ~mask);
    w->slot_used = -1;
    w->slot.words = options && options->compact ? SEARCH_STORED_COMPACT : SEARCH_STORED_FULL;
    w->at = GALLERY_DATA;
    *out = w;
    return HBS_OK;
}

enum hbs_err hbs_gallery_append(struct hbs_ctx *ctx, const char *path,
                                struct hbs_gallery_writer **out)
{
    struct hbs_gallery_writer *w;
    enum hbs_err err = writer_make(ctx, path, &w);
    if (err)
        return err;
    struct hbs_gallery *g = NULL;
    w->fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (w->fd < 0 && errno == EISDIR) {
        err = hbs_fail(ctx, HBS_ERR_FORMAT, path, "name a file made by gallery create", "this is no gallery");
        goto done;
    }
    if (w->fd < 0) {
        err = hbs_fail(ctx, errno == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, path,
                       "check the name and your rights", "cannot open: %s", strerror(errno));
        goto done;
    }
    if (flock(w->fd, LOCK_EX | LOCK_NB)) {
        err = hbs_fail(ctx, HBS_ERR_BUSY, path, "try again when it is done",
                       "somebody else is adding to this gallery");
        goto done;
    }
    if ((err = hbs_gallery_open(ctx, path, NULL, &g)))
        goto done;
    int which;
    if ((err = gallery_slot_find(ctx, g->map, g->size, path, &w->slot, &which)))
        goto done;
    w->slot_used = which;
    if ((err = hbs_buf_put(&w->directory, g->map + w->slot.directory,
                           (size_t)w->slot.segments * GALLERY_ENTRY)))
        goto done;
    for (uint32_t i = 0; i < g->slot.segments; i++) {
        const struct gallery_segment *s = &g->segments[i];
        const uint8_t *r = s->base + s->at[SECTION_RECORD];
        const char *names = (const char *)s->base + s->at[SECTION_NAMES];
        bool taken;
        for (uint32_t p = 0; p < s->entry.prints; p++, r += GALLERY_RECORD)
            if ((err = id_add(w, id_hash(names + hbs_le32(r + 8), r[14]), &taken)))
                goto done;
    }
    w->at = (w->slot.end + GALLERY_PAGE - 1) & ~(uint64_t)(GALLERY_PAGE - 1);
    /* what a writer that died left behind the end; no reader looks there */
    if (ftruncate(w->fd, (off_t)w->slot.end))
        err = fail_write(w);
done:
    hbs_gallery_close(g);
    if (err)
        hbs_gallery_writer_close(w);
    else
        *out = w;
    return err;
}

/* Packs the prints that wait for their tile. */
static enum hbs_err tile_end(struct hbs_gallery_writer *w)
{
    if (!w->pending)
        return HBS_OK;
    const struct hbs_search_print *prints[SEARCH_TILE];
    for (uint32_t i = 0; i < w->pending; i++)
        prints[i] = &w->tile[i];
    uint32_t blocks = search_tile_pack(prints, w->pending, w->slot.words, &w->packed);
    uint8_t first[4];
    hbs_put_le32(first, w->entry.blocks);
    enum hbs_err err;
    if ((err = hbs_buf_put(&w->section[SECTION_FIRST], first, 4)) ||
        (err = hbs_buf_put(&w->section[SECTION_ANGLE], w->packed.angle, blocks * SEARCH_LANES)) ||
        (err = hbs_buf_put(&w->section[SECTION_OWNER], w->packed.owner, blocks * SEARCH_TILE)) ||
        (err = hbs_buf_put(&w->section[SECTION_WORD0], w->packed.word0, blocks * SEARCH_LANES * 8)) ||
        (err = hbs_buf_put(&w->section[SECTION_REST], w->packed.rest,
                           blocks * SEARCH_LANES * 8 * (w->slot.words - 1))))
        return err;
    w->entry.blocks += blocks;
    w->pending = 0;
    return HBS_OK;
}

/* Writes the segment at hand behind what was written and enters it in the directory. */
static enum hbs_err segment_end(struct hbs_gallery_writer *w)
{
    enum hbs_err err = tile_end(w);
    if (err || !w->entry.prints)
        return err;
    uint8_t first[4], entry[GALLERY_ENTRY];
    hbs_put_le32(first, w->entry.blocks);
    if ((err = hbs_buf_put(&w->section[SECTION_FIRST], first, 4)))
        return err;
    if (w->slot.segments >= HBS_GALLERY_SEGMENTS_MAX)
        return hbs_fail(w->ctx, HBS_ERR_LIMIT, w->path, "make the gallery again in one go",
                        "the gallery has %d parts already", HBS_GALLERY_SEGMENTS_MAX);
    w->entry.names = (uint32_t)w->section[SECTION_NAMES].size;
    w->entry.packed = (uint32_t)w->section[SECTION_PACKED].size;
    uint64_t at[GALLERY_SECTIONS + 1];
    if (NEVER(!gallery_layout(&w->entry, w->slot.words, at)))
        return hbs_fail(w->ctx, HBS_ERR_BUG, w->path, "report this", "a segment out of its limits");
    w->entry.offset = w->at;
    w->entry.size = at[GALLERY_SECTIONS];
    w->entry.table_sum = w->entry.bulk_sum = 0;
    for (int i = 0; i < GALLERY_SECTIONS; i++) {
        static const uint8_t zeros[64];
        struct hbs_buf *s = &w->section[i];
        uint32_t *sum = i < SECTION_ANGLE ? &w->entry.table_sum : &w->entry.bulk_sum;
        size_t fill = (size_t)(at[i + 1] - at[i]) - s->size;
        if (NEVER(fill >= sizeof zeros))
            return hbs_fail(w->ctx, HBS_ERR_BUG, w->path, "report this", "a section of wrong size");
        *sum = search_crc32c(*sum, s->data, s->size);
        *sum = search_crc32c(*sum, zeros, fill);
        if ((err = write_at(w, s->data, s->size, w->at + at[i])) ||
            (err = write_at(w, zeros, fill, w->at + at[i] + s->size)))
            return err;
        s->size = 0;
    }
    gallery_entry_encode(&w->entry, entry);
    if ((err = hbs_buf_put(&w->directory, entry, sizeof entry)))
        return err;
    w->slot.segments++;
    w->slot.prints += w->entry.prints;
    w->at = (w->at + w->entry.size + GALLERY_PAGE - 1) & ~(uint64_t)(GALLERY_PAGE - 1);
    w->entry = (struct gallery_entry){0};
    return HBS_OK;
}

static enum hbs_err put_check(struct hbs_gallery_writer *w, const char *id,
                              const struct hbs_search_print *print)
{
    size_t size = strnlen(id, HBS_SEARCH_ID_MAX + 1);
    bool plain = size >= 1 && size <= HBS_SEARCH_ID_MAX;
    for (size_t i = 0; plain && i < size; i++)
        plain = (uint8_t)id[i] >= 32 && id[i] != 127;
    if (!plain)
        return hbs_fail(w->ctx, HBS_ERR_USAGE, w->path, "give 1 to 63 bytes of text",
                        "an id that will not do");
    if (print->count > HBS_SEARCH_CYLINDERS_MAX || print->packed_size > HBS_SEARCH_PACKED_MAX)
        return hbs_fail(w->ctx, HBS_ERR_USAGE, id, "keep to the limits of habeas/search.h",
                        "%u cylinders and %u bytes of template are too many", print->count,
                        print->packed_size);
    for (uint32_t i = 0; i < print->count; i++)
        if (print->bits[i][HBS_SEARCH_WORDS - 1] >> (HBS_SEARCH_BITS % 64))
            return hbs_fail(w->ctx, HBS_ERR_USAGE, id, "leave bits from 312 on zero",
                            "cylinder %u has bits beyond its end", i);
    return HBS_OK;
}

enum hbs_err hbs_gallery_put(struct hbs_gallery_writer *w, const char *id,
                             const struct hbs_search_print *print)
{
    enum hbs_err err = put_check(w, id, print);
    if (err)
        return err;
    if (w->broken)
        return hbs_fail(w->ctx, HBS_ERR_USAGE, w->path, "close it and begin again",
                        "this writer failed before");
    if (w->slot.prints + w->entry.prints >= UINT32_MAX)
        return hbs_fail(w->ctx, HBS_ERR_LIMIT, w->path, "begin another gallery",
                        "the gallery is full");
    size_t size = strlen(id);
    bool taken;
    if ((err = id_add(w, id_hash(id, size), &taken)))
        return err;
    if (taken)
        return hbs_fail(w->ctx, HBS_ERR_USAGE, id, "give another id",
                        "this id is in the gallery already");
    w->broken = true; /* until the print is in all sections */
    uint8_t record[GALLERY_RECORD] = {0}, count = (uint8_t)print->count;
    hbs_put_le32(record, (uint32_t)w->section[SECTION_PACKED].size);
    hbs_put_le32(record + 4, search_crc32c(0, print->packed, print->packed_size));
    hbs_put_le32(record + 8, (uint32_t)w->section[SECTION_NAMES].size);
    hbs_put_le16(record + 12, print->packed_size);
    record[14] = (uint8_t)size;
    if ((err = hbs_buf_put(&w->section[SECTION_COUNT], &count, 1)) ||
        (err = hbs_buf_put(&w->section[SECTION_RECORD], record, sizeof record)) ||
        (err = hbs_buf_put(&w->section[SECTION_NAMES], id, size)) ||
        (err = hbs_buf_put(&w->section[SECTION_PACKED], print->packed, print->packed_size)))
        return err;
    w->tile[w->pending++] = *print;
    w->entry.prints++;
    if (w->pending == SEARCH_TILE && (err = tile_end(w)))
        return err;
    if (w->entry.prints == GALLERY_SEGMENT_PRINTS && (err = segment_end(w)))
        return err;
    w->broken = false;
    return HBS_OK;
}

static void folder_sync(const char *path)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

enum hbs_err hbs_gallery_commit(struct hbs_gallery_writer *w)
{
    if (w->broken || w->fd < 0)
        return hbs_fail(w->ctx, HBS_ERR_USAGE, w->path, "close it and begin again",
                        w->fd < 0 ? "this writer has committed" : "this writer failed before");
    w->broken = true;
    enum hbs_err err = segment_end(w);
    if (err)
        return err;
    w->slot.epoch++;
    w->slot.directory = w->at;
    w->slot.end = w->at + w->directory.size;
    w->slot.directory_sum = search_crc32c(0, w->directory.data, w->directory.size);
    uint8_t page[GALLERY_PAGE] = {0};
    gallery_slot_encode(&w->slot, page);
    int slot = w->slot_used == 0 ? 1 : 0;
    if ((err = write_at(w, w->directory.data, w->directory.size, w->at)))
        return err;
    if (w->slot_used < 0) {
        static const uint8_t zeros[GALLERY_PAGE];
        if ((err = write_at(w, zeros, sizeof zeros, GALLERY_PAGE)))
            return err;
    }
    /* the file must be as long as the slot says before the slot says it */
    if (ftruncate(w->fd, (off_t)w->slot.end) || fsync(w->fd))
        return fail_write(w);
    if ((err = write_at(w, page, sizeof page, (uint64_t)slot * GALLERY_PAGE)))
        return err;
    if (fsync(w->fd))
        return fail_write(w);
    if (w->temporary[0]) {
        /* link() refuses a name that has come into use meanwhile; rename() would replace it */
        if (link(w->temporary, w->path) && (errno == EEXIST || rename(w->temporary, w->path)))
            return fail_write(w);
        (void)unlink(w->temporary);
        w->temporary[0] = 0;
        folder_sync(w->path);
    }
    close(w->fd);
    w->fd = -1;
    return HBS_OK;
}

void hbs_gallery_writer_close(struct hbs_gallery_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0) /* what an append that was given up left behind the end, the next one drops */
        close(w->fd);
    if (w->temporary[0])
        (void)unlink(w->temporary);
    for (int i = 0; i < GALLERY_SECTIONS; i++)
        hbs_buf_close(&w->section[i]);
    hbs_buf_close(&w->directory);
    hbs_free(w->ctx, w->ids);
    hbs_free(w->ctx, w);
}
