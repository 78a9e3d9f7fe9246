/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: the gallery file's slots, directory and segments as bytes (see gallery_int.h), shared
 * by the reader and the writer.
 */
#include "gallery_int.h"

bool gallery_layout(const struct gallery_entry *e, uint32_t words, uint64_t at[GALLERY_SECTIONS + 1])
{
    uint64_t tiles = ((uint64_t)e->prints + SEARCH_TILE - 1) / SEARCH_TILE;
    if (!e->prints || e->prints > GALLERY_SEGMENT_PRINTS ||
        e->blocks > tiles * SEARCH_TILE_BLOCKS ||
        e->names > (uint64_t)e->prints * HBS_SEARCH_ID_MAX ||
        e->packed > (uint64_t)e->prints * HBS_SEARCH_PACKED_MAX)
        return false;
    const uint64_t size[GALLERY_SECTIONS] = {
        [SECTION_FIRST] = (tiles + 1) * 4,
        [SECTION_COUNT] = e->prints,
        [SECTION_RECORD] = (uint64_t)e->prints * GALLERY_RECORD,
        [SECTION_NAMES] = e->names,
        [SECTION_ANGLE] = (uint64_t)e->blocks * SEARCH_LANES,
        [SECTION_OWNER] = (uint64_t)e->blocks * SEARCH_TILE,
        [SECTION_WORD0] = (uint64_t)e->blocks * SEARCH_LANES * 8,
        [SECTION_REST] = (uint64_t)e->blocks * SEARCH_LANES * 8 * (words - 1),
        [SECTION_PACKED] = e->packed,
    };
    at[0] = 0;
    for (int i = 0; i < GALLERY_SECTIONS; i++)
        at[i + 1] = (at[i] + size[i] + 63) & ~(uint64_t)63;
    return true;
}

void gallery_slot_encode(const struct gallery_slot *slot, uint8_t out[GALLERY_SLOT])
{
    memset(out, 0, GALLERY_SLOT);
    memcpy(out, GALLERY_MAGIC, sizeof GALLERY_MAGIC);
    memcpy(out + 16, GALLERY_STAMP, sizeof GALLERY_STAMP);
    hbs_put_le32(out + 32, GALLERY_VERSION);
    hbs_put_le32(out + 36, slot->words);
    hbs_put_le64(out + 40, slot->epoch);
    hbs_put_le64(out + 48, slot->directory);
    hbs_put_le64(out + 56, slot->end);
    hbs_put_le64(out + 64, slot->prints);
    hbs_put_le32(out + 72, slot->segments);
    hbs_put_le32(out + 76, slot->directory_sum);
    hbs_put_le32(out + 252, search_crc32c(0, out, 252));
}

void gallery_entry_encode(const struct gallery_entry *e, uint8_t out[GALLERY_ENTRY])
{
    memset(out, 0, GALLERY_ENTRY);
    hbs_put_le64(out, e->offset);
    hbs_put_le64(out + 8, e->size);
    hbs_put_le32(out + 16, e->prints);
    hbs_put_le32(out + 20, e->blocks);
    hbs_put_le32(out + 24, e->names);
    hbs_put_le32(out + 28, e->packed);
    hbs_put_le32(out + 32, e->table_sum);
    hbs_put_le32(out + 36, e->bulk_sum);
}

void gallery_entry_decode(const uint8_t in[GALLERY_ENTRY], struct gallery_entry *out)
{
    *out = (struct gallery_entry){hbs_le64(in),      hbs_le64(in + 8),  hbs_le32(in + 16),
                                  hbs_le32(in + 20), hbs_le32(in + 24), hbs_le32(in + 28),
                                  hbs_le32(in + 32), hbs_le32(in + 36)};
}

static const char again[] = "make the gallery again from the templates";

static enum hbs_err slot_decode(struct hbs_ctx *ctx, const uint8_t *p, uint64_t file_size,
                                const char *where, struct gallery_slot *out)
{
    if (memcmp(p, GALLERY_MAGIC, 16))
        return hbs_fail(ctx, HBS_ERR_FORMAT, where, "name a file made by gallery create",
                        "this is no gallery");
    if (hbs_le32(p + 252) != search_crc32c(0, p, 252))
        return hbs_fail(ctx, HBS_ERR_INTEGRITY, where, again, "the gallery's header is damaged");
    if (hbs_le32(p + 32) != GALLERY_VERSION)
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, where, again,
                        "a gallery of version %u, this program reads %d", hbs_le32(p + 32),
                        GALLERY_VERSION);
    if (memcmp(p + 16, GALLERY_STAMP, sizeof GALLERY_STAMP))
        return hbs_fail(ctx, HBS_ERR_FORMAT, where, "laboratory commands search only galleries "
                        "stamped \"evaluation\"", "the gallery is not stamped \"evaluation\"");
    *out = (struct gallery_slot){hbs_le32(p + 36), hbs_le32(p + 72), hbs_le32(p + 76),
                                 hbs_le64(p + 40), hbs_le64(p + 48), hbs_le64(p + 56),
                                 hbs_le64(p + 64)};
    if ((out->words != SEARCH_STORED_COMPACT && out->words != SEARCH_STORED_FULL) ||
        !out->epoch || out->segments > HBS_GALLERY_SEGMENTS_MAX || out->end > file_size ||
        out->end < GALLERY_DATA || out->directory < GALLERY_DATA ||
        out->directory % GALLERY_PAGE || out->directory > out->end ||
        out->end - out->directory < (uint64_t)out->segments * GALLERY_ENTRY)
        return hbs_fail(ctx, HBS_ERR_FORMAT, where, again,
                        out->end > file_size ? "the gallery is cut short"
                                             : "the gallery's header makes no sense");
    return HBS_OK;
}

bool gallery_slot_sound(const uint8_t page[GALLERY_PAGE])
{
    uint8_t used = 0, rest = 0;
    for (int i = 0; i < GALLERY_PAGE; i++)
        *(i < GALLERY_SLOT ? &used : &rest) |= page[i];
    return !rest && (!used || (!memcmp(page, GALLERY_MAGIC, 16) &&
                               hbs_le32(page + 252) == search_crc32c(0, page, 252)));
}

enum hbs_err gallery_slot_find(struct hbs_ctx *ctx, const uint8_t *head, uint64_t file_size,
                               const char *where, struct gallery_slot *out, int *which)
{
    if (file_size < GALLERY_DATA)
        return hbs_fail(ctx, HBS_ERR_FORMAT, where, "name a file made by gallery create",
                        "this is no gallery (%llu bytes)", (unsigned long long)file_size);
    struct gallery_slot slot[2];
    enum hbs_err err[2];
    /* the second first, so that the first's words stay when neither will do */
    err[1] = slot_decode(ctx, head + GALLERY_PAGE, file_size, where, &slot[1]);
    err[0] = slot_decode(ctx, head, file_size, where, &slot[0]);
    if (err[0] && err[1]) {
        if (err[0] == HBS_ERR_FORMAT && err[1] != HBS_ERR_FORMAT)
            return slot_decode(ctx, head + GALLERY_PAGE, file_size, where, &slot[1]);
        return err[0];
    }
    *which = err[0] || (!err[1] && slot[1].epoch > slot[0].epoch) ? 1 : 0;
    *out = slot[*which];
    return HBS_OK;
}
