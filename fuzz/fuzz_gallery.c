/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the gallery file. An input is a list of patches to a small sound gallery made here
 * (two commits, nine prints): otherwise a fuzzer would spend its life on 8 kB of head and never see
 * the inside. First byte: bit 0 cuts the file, bit 1 makes the sums right again after the patches,
 * so that what lies behind them is reached, bit 2 takes a compact gallery. Then, when cutting, 3 bytes of length; then
 * patches of 3 bytes place, 1 byte length (1 to 16, modulo), and the bytes.
 * A gallery that opens can be read, searched and verified without a fault, whatever its bulk holds.
 */
#include "fuzz.h"
#include "search/gallery_int.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t *whole[2];
static size_t whole_size[2];

static void made_up(struct hbs_rng *rng, struct hbs_search_print *p)
{
    memset(p, 0, sizeof *p);
    p->count = (uint16_t)hbs_rng_below(rng, HBS_SEARCH_CYLINDERS_MAX + 1);
    for (int i = 0; i < p->count; i++) {
        p->angle[i] = (uint8_t)hbs_rng_u64(rng);
        for (int w = 0; w < HBS_SEARCH_WORDS; w++)
            p->bits[i][w] = hbs_rng_u64(rng) & hbs_rng_u64(rng) & hbs_rng_u64(rng) >> (w == 4 ? 8 : 0);
    }
    p->packed_size = (uint16_t)hbs_rng_below(rng, 40);
}

static void make_whole(int compact)
{
    struct hbs_ctx *ctx;
    char folder[] = "/tmp/fuzz-gallery-XXXXXX", path[64];
    FUZZ_PROMISE(hbs_ctx_open(NULL, &ctx) == HBS_OK && mkdtemp(folder));
    snprintf(path, sizeof path, "%s/g", folder);
    struct hbs_gallery_options o = {.compact = compact};
    struct hbs_search_print p;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, 1);
    for (int commit = 0; commit < 2; commit++) {
        struct hbs_gallery_writer *w;
        FUZZ_PROMISE((commit ? hbs_gallery_append(ctx, path, &w) : hbs_gallery_create(ctx, path, &o, &w)) ==
                     HBS_OK);
        for (int i = 0; i < (commit ? 3 : 6); i++) {
            char id[16];
            snprintf(id, sizeof id, "%d-%d", commit, i);
            made_up(&rng, &p);
            FUZZ_PROMISE(hbs_gallery_put(w, id, &p) == HBS_OK);
        }
        FUZZ_PROMISE(hbs_gallery_commit(w) == HBS_OK);
        hbs_gallery_writer_close(w);
    }
    struct hbs_buf b;
    hbs_buf_init(&b, ctx, 1 << 20);
    FUZZ_PROMISE(hbs_file_read(ctx, path, &b) == HBS_OK);
    FUZZ_PROMISE((whole[compact] = malloc(b.size)) != NULL);
    memcpy(whole[compact], b.data, b.size);
    whole_size[compact] = b.size;
    hbs_buf_close(&b);
    hbs_ctx_close(ctx);
    unlink(path);
    rmdir(folder);
}

/* Makes the sums of slots, directories and parts agree with what they cover, where that lies in the
 * file at all. */
static void mend(uint8_t *file, size_t size)
{
    for (int s = 0; s < 2 && size >= GALLERY_DATA; s++) {
        uint8_t *slot = file + s * GALLERY_PAGE;
        uint64_t directory = hbs_le64(slot + 48), words = hbs_le32(slot + 36);
        uint64_t count = hbs_le32(slot + 72);
        if (count <= 64 && directory < size && count * GALLERY_ENTRY <= size - directory) {
            for (uint64_t i = 0; i < count; i++) {
                uint8_t *entry = file + directory + i * GALLERY_ENTRY;
                struct gallery_entry e;
                uint64_t at[GALLERY_SECTIONS + 1];
                gallery_entry_decode(entry, &e);
                if (words < 2 || words > 6 || !gallery_layout(&e, (uint32_t)words, at) || e.offset >= size ||
                    at[GALLERY_SECTIONS] > size - e.offset)
                    continue;
                hbs_put_le32(entry + 32, search_crc32c(0, file + e.offset, at[SECTION_ANGLE]));
                hbs_put_le32(entry + 36, search_crc32c(0, file + e.offset + at[SECTION_ANGLE],
                                                       at[GALLERY_SECTIONS] - at[SECTION_ANGLE]));
            }
            hbs_put_le32(slot + 76, search_crc32c(0, file + directory, count * GALLERY_ENTRY));
        }
        hbs_put_le32(slot + 252, search_crc32c(0, slot, 252));
    }
}

static int32_t sum_up(void *arg, unsigned thread, const uint8_t *packed, size_t size)
{
    int32_t s = 0;
    FUZZ_PROMISE(size <= HBS_SEARCH_PACKED_MAX);
    for (size_t i = 0; i < size; i++)
        s += packed[i];
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!whole[0]) {
        make_whole(0);
        make_whole(1);
    }
    if (size < 1)
        return 0;
    int compact = data[0] >> 2 & 1;
    bool fix = data[0] & 2;
    size_t at = 1, length = whole_size[compact];
    if ((data[0] & 1) && size >= 4) {
        length = (data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16) % (length + 1);
        at = 4;
    }
    /* an own mapping, followed by nothing: a read beyond the end is a fault */
    size_t pages = (length + 4095) & ~(size_t)4095;
    uint8_t *map = mmap(NULL, pages + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FUZZ_PROMISE(map != MAP_FAILED && mprotect(map + pages, 4096, PROT_NONE) == 0);
    memcpy(map, whole[compact], length);
    while (at + 4 < size && length) {
        size_t place = (data[at] | (size_t)data[at + 1] << 8 | (size_t)data[at + 2] << 16) % length;
        size_t many = data[at + 3] % 16 + 1;
        at += 4;
        for (; many && at < size && place < length; many--)
            map[place++] = data[at++];
    }
    if (fix)
        mend(map, length);
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_gallery g;
    enum hbs_err err = gallery_attach(ctx, "input", map, length, &g);
    if (err) {
        FUZZ_PROMISE(*hbs_ctx_what(ctx));
        FUZZ_PROMISE(err == HBS_ERR_FORMAT || err == HBS_ERR_INTEGRITY || err == HBS_ERR_UNSUPPORTED ||
                     err == HBS_ERR_NO_MEMORY);
    } else {
        static struct hbs_search_print probe;
        static struct hbs_search_answer a;
        struct hbs_rng rng;
        hbs_rng_seed(&rng, 1);
        made_up(&rng, &probe);
        (void)!hbs_gallery_verify(ctx, &g);
        for (int k = 0; k < 2; k++) {
            struct hbs_search_options o = {.threads = 1, .exhaustive = k, .passing = 300, .compare = sum_up};
            err = hbs_gallery_identify(ctx, &g, &probe, &o, &a);
            FUZZ_PROMISE(err == HBS_OK || err == HBS_ERR_INTEGRITY);
            FUZZ_PROMISE(err || (a.searched == a.total && a.complete));
        }
        for (uint64_t i = 0; i <= g.slot.prints; i++) {
            char id[HBS_SEARCH_ID_MAX + 1];
            const uint8_t *packed;
            size_t bytes;
            if (!hbs_gallery_print(ctx, &g, i, id, &packed, &bytes))
                (void)sum_up(NULL, 0, packed, bytes);
        }
        gallery_detach(&g);
    }
    fuzz_close(ctx);
    munmap(map, pages + 4096);
    return 0;
}
