/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: the write-ahead journal (docs/formats/ledger-files.md; decision ledger-durability). A
 * record carries a group of entries and the checkpoint that covers them; one sync makes it last. What
 * of a journal holds after a crash is decided here, and nothing else: the first record that does not
 * hold is the end, and it is an error only when the entries before it are fewer than were acknowledged.
 */
#include "ledger_int.h"

static const uint8_t magic[8] = "HLJRNL1";
enum { ACKNOWLEDGED = 64, SUM = 16, RECORD_SUM = 32 };

static void sum_of(const uint8_t *data, size_t size, uint8_t out[SUM])
{
    uint8_t hash[32];
    crypto_hash_sha256(hash, data, size);
    memcpy(out, hash, SUM);
}

void journal_acknowledge(const uint8_t head[JOURNAL_HEAD], uint64_t size, uint8_t out[24])
{
    uint8_t all[ACKNOWLEDGED + 8];
    memcpy(all, head, ACKNOWLEDGED);
    hbs_put_le64(all + ACKNOWLEDGED, size);
    hbs_put_le64(out, size);
    sum_of(all, sizeof all, out + 8);
}

void journal_head_make(uint64_t base, const uint8_t root[HBS_LEDGER_HASH], uint8_t out[JOURNAL_HEAD])
{
    memset(out, 0, JOURNAL_HEAD);
    memcpy(out, magic, sizeof magic);
    hbs_put_le64(out + 8, base);
    memcpy(out + 16, root, HBS_LEDGER_HASH);
    sum_of(out, 48, out + 48);
    journal_acknowledge(out, base, out + ACKNOWLEDGED);
}

enum hbs_err journal_head_read(struct hbs_ctx *ctx, const uint8_t *data, size_t size, struct journal_head *out)
{
    uint8_t sum[24];
    bool good = size >= JOURNAL_HEAD && !memcmp(data, magic, sizeof magic);
    if (good) {
        sum_of(data, 48, sum);
        good = !memcmp(sum, data + 48, SUM);
        for (size_t i = ACKNOWLEDGED + 24; i < JOURNAL_HEAD; i++)
            good = good && !data[i];
    }
    if (!good)
        return hbs_fail(ctx, HBS_ERR_INTEGRITY, "journal", "run 'habeas ledger verify'",
                        "the journal's head does not hold");
    out->base = hbs_le64(data + 8);
    memcpy(out->root, data + 16, HBS_LEDGER_HASH);
    memcpy(out->sum, data + 48, SUM);
    out->acknowledged = hbs_le64(data + ACKNOWLEDGED);
    journal_acknowledge(data, out->acknowledged, sum);
    out->acknowledged_good = !memcmp(sum, data + ACKNOWLEDGED, 24);
    return HBS_OK;
}

static void record_sum(const uint8_t sum[SUM], const uint8_t *record, size_t size, uint8_t out[RECORD_SUM])
{
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    crypto_hash_sha256_update(&s, sum, SUM);
    crypto_hash_sha256_update(&s, record, size);
    crypto_hash_sha256_final(&s, out);
}

void journal_record_close(const uint8_t sum[SUM], uint8_t *record, size_t bytes, uint32_t count, uint64_t first,
                          uint16_t note)
{
    hbs_put_le32(record, (uint32_t)bytes);
    hbs_put_le32(record + 4, count);
    hbs_put_le64(record + 8, first);
    hbs_put_le16(record + 16, note);
    record_sum(sum, record, bytes - RECORD_SUM, record + bytes - RECORD_SUM);
}

bool journal_record_read(const struct journal_head *head, const uint8_t *data, size_t size, size_t offset,
                         uint64_t first, struct journal_record *out)
{
    if (offset > size || size - offset < JOURNAL_RECORD_HEAD + RECORD_SUM)
        return false;
    const uint8_t *r = data + offset;
    size_t bytes = hbs_le32(r), note = hbs_le16(r + 16);
    uint32_t count = hbs_le32(r + 4);
    if (bytes > size - offset || bytes < JOURNAL_RECORD_HEAD + note + RECORD_SUM || hbs_le64(r + 8) != first || !count ||
        count > JOURNAL_GROUP_MAX)
        return false;
    uint8_t sum[RECORD_SUM];
    record_sum(head->sum, r, bytes - RECORD_SUM, sum);
    if (memcmp(sum, r + bytes - RECORD_SUM, RECORD_SUM) != 0)
        return false;
    out->first = first;
    out->count = count;
    out->entries = r + JOURNAL_RECORD_HEAD;
    out->entries_size = bytes - JOURNAL_RECORD_HEAD - note - RECORD_SUM;
    out->note = out->entries + out->entries_size;
    out->note_size = note;
    out->bytes = bytes;
    /* the entries fill their place */
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (out->entries_size - at < 2)
            return false;
        size_t n = hbs_be16(out->entries + at);
        at += 2;
        if (n > out->entries_size - at)
            return false;
        at += n;
    }
    return at == out->entries_size;
}
