/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: the messages between the confined decoder and its parent (see worker_int.h): packing,
 * unpacking, and the parent's distrustful reading of an answer. No input or output here, so that it
 * can be fuzzed as it is.
 */
#include "worker_int.h"

static const uint8_t magic[4] = {'H', 'B', 'S', 'D'};

void hbs_worker_pack(const struct hbs_worker_message *m, uint8_t header[HBS_WORKER_HEADER])
{
    memset(header, 0, HBS_WORKER_HEADER);
    memcpy(header, magic, sizeof magic);
    const uint32_t fields[] = {HBS_WORKER_VERSION, m->type, m->sequence, m->err, m->width,
                               m->height, m->ppi, m->format};
    for (size_t i = 0; i < HBS_COUNT(fields); i++)
        hbs_put_le32(header + 4 + 4 * i, fields[i]);
    hbs_put_le64(header + 40, m->bytes); /* bytes 36 to 39 are zero */
}

bool hbs_worker_unpack(const uint8_t header[HBS_WORKER_HEADER], struct hbs_worker_message *m)
{
    if (memcmp(header, magic, sizeof magic) || hbs_le32(header + 4) != HBS_WORKER_VERSION ||
        hbs_le32(header + 36))
        return false;
    *m = (struct hbs_worker_message){
        .type = hbs_le32(header + 8), .sequence = hbs_le32(header + 12),
        .err = hbs_le32(header + 16), .width = hbs_le32(header + 20),
        .height = hbs_le32(header + 24), .ppi = hbs_le32(header + 28),
        .format = hbs_le32(header + 32), .bytes = hbs_le64(header + 40)};
    return true;
}

static enum hbs_err against_rules(struct hbs_ctx *ctx, const char *how)
{
    return hbs_fail(ctx, HBS_ERR_WORKER, "", "do not trust this picture; report it",
                    "the decoder process broke its rules: %s", how);
}

enum hbs_err hbs_worker_check_answer(struct hbs_ctx *ctx, const uint8_t header[HBS_WORKER_HEADER],
                                     uint32_t sequence, enum hbs_image_format format,
                                     struct hbs_worker_message *out)
{
    struct hbs_worker_message m;
    if (!hbs_worker_unpack(header, &m))
        return against_rules(ctx, "it sent no message");
    if (m.sequence != sequence)
        return against_rules(ctx, "it answered another question");
    if (m.type == HBS_WORKER_ERROR) {
        /* only what a reader can answer */
        if (m.err != HBS_ERR_NO_MEMORY && m.err != HBS_ERR_FORMAT && m.err != HBS_ERR_UNSUPPORTED &&
            m.err != HBS_ERR_LIMIT && m.err != HBS_ERR_BUG)
            return against_rules(ctx, "it sent an error that no reader has");
        if (m.bytes != HBS_WORKER_TEXTS || m.width || m.height || m.ppi || m.format)
            return against_rules(ctx, "it sent an error of the wrong size");
    } else if (m.type == HBS_WORKER_PICTURE) {
        if (!m.width || !m.height || m.width > HBS_IMAGE_SIDE_MAX ||
            m.height > HBS_IMAGE_SIDE_MAX ||
            (uint64_t)m.width * m.height > HBS_IMAGE_PIXELS_MAX)
            return against_rules(ctx, "it sent a picture beyond the limits");
        if (m.bytes != (uint64_t)m.width * m.height)
            return against_rules(ctx, "it sent a picture of another size than it said");
        if (m.ppi > HBS_WORKER_PPI_MAX)
            return against_rules(ctx, "it sent an impossible resolution");
        if (m.format != (uint32_t)format || m.err)
            return against_rules(ctx, "it sent a picture of another format than the file's");
    } else {
        return against_rules(ctx, "it sent what is no answer");
    }
    *out = m;
    return HBS_OK;
}

/* One text of fixed size, made harmless for a terminal and a log. */
static void printable(char *to, const uint8_t *from, size_t size)
{
    size_t n = 0;
    for (; n + 1 < size && from[n]; n++)
        to[n] = from[n] >= 0x20 && from[n] <= 0x7e ? (char)from[n] : '?';
    to[n] = 0;
}

enum hbs_err hbs_worker_take_error(struct hbs_ctx *ctx, const struct hbs_worker_message *m,
                                   const uint8_t texts[HBS_WORKER_TEXTS])
{
    char what[HBS_WORKER_WHAT], where[HBS_WORKER_WHERE], action[HBS_WORKER_DO];
    printable(what, texts, sizeof what);
    printable(where, texts + HBS_WORKER_WHAT, sizeof where);
    printable(action, texts + HBS_WORKER_WHAT + HBS_WORKER_WHERE, sizeof action);
    enum hbs_err err = (enum hbs_err)m->err;
    return hbs_fail(ctx, err, where, action, "%s", *what ? what : hbs_err_name(err));
}
