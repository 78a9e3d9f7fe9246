/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search, tests: every stage-1 kernel against the formula, the gallery file (round trip,
 * appending, damage, lying lengths, kill -9, memory that runs out), and the search (order, coverage,
 * deadline, one answer for every instruction set and number of threads).
 */
#include "search/gallery_int.h"
#include "search_naive.h"
#include "search_second.h"
#include "search_synth.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct hbs_ctx *ctx;
static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* ---- kernels ------------------------------------------------------------------------------- */

/* Prints as nobody's finger would give them: any number of cylinders, directions in heaps and at the
 * seam, bits from none to all. */
static void wild_print(struct hbs_rng *rng, struct hbs_search_print *p)
{
    memset(p, 0, sizeof *p);
    uint32_t kind = hbs_rng_below(rng, 6);
    p->count = (uint16_t)(kind == 0 ? hbs_rng_below(rng, 4)
                          : kind == 1 ? HBS_SEARCH_CYLINDERS_MAX
                                      : hbs_rng_below(rng, HBS_SEARCH_CYLINDERS_MAX + 1));
    uint8_t heap = (uint8_t)hbs_rng_u64(rng), spread = (uint8_t)(1u << hbs_rng_below(rng, 8));
    uint32_t density = hbs_rng_below(rng, 5);
    for (int i = 0; i < p->count; i++) {
        p->angle[i] = (uint8_t)(heap + hbs_rng_below(rng, (uint32_t)spread * 2));
        for (int w = 0; w < HBS_SEARCH_WORDS; w++) {
            uint64_t a = hbs_rng_u64(rng), b = hbs_rng_u64(rng), c = hbs_rng_u64(rng);
            uint64_t v = density == 0 ? 0 : density == 1 ? ~(uint64_t)0 : density == 2 ? a : a & b & c;
            p->bits[i][w] = w == HBS_SEARCH_WORDS - 1 ? v & 0x00FFFFFFFFFFFFFFu : v;
        }
    }
}

struct scene {
    uint64_t seed;
    uint32_t prints; /* in the gallery */
    uint32_t shift;  /* words by which the planes are off a 64-byte line */
    uint32_t stored;
};

static void scene_make(struct hbs_rng *rng, void *out)
{
    struct scene *s = out;
    *s = (struct scene){hbs_rng_u64(rng), 1 + hbs_rng_below(rng, 13), hbs_rng_below(rng, 8),
                        hbs_rng_below(rng, 2) ? SEARCH_STORED_FULL : SEARCH_STORED_COMPACT};
}

static bool scene_shrink(void *in, int step)
{
    struct scene *s = in;
    if (step == 0 && s->shift)
        s->shift = 0;
    else if (step <= 1 && s->prints > 1)
        s->prints--;
    else
        return false;
    return true;
}

static bool kernels_agree(const void *in, bool verbose)
{
    const struct scene *s = in;
    enum { MOST = 16, TILES = MOST / SEARCH_TILE, BLOCKS = TILES * SEARCH_TILE_BLOCKS };
    static struct hbs_search_print prints[MOST], probe;
    static struct search_tile tile;
    static uint32_t first[TILES + 1];
    static uint8_t angle[BLOCKS * SEARCH_LANES], owner[BLOCKS * SEARCH_TILE], count[MOST];
    static uint64_t word0[BLOCKS * SEARCH_LANES + 8] __attribute__((aligned(64)));
    static uint64_t rest[BLOCKS * SEARCH_LANES * HBS_SEARCH_WORDS + 8] __attribute__((aligned(64)));
    static struct search_probe ready;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, s->seed);
    wild_print(&rng, &probe);
    for (uint32_t i = 0; i < s->prints; i++) {
        wild_print(&rng, &prints[i]);
        if (hbs_rng_below(&rng, 4) == 0 && probe.count) { /* something that matches */
            prints[i] = probe;
            prints[i].angle[0] = (uint8_t)(prints[i].angle[0] + 30 + hbs_rng_below(&rng, 5));
        }
        count[i] = (uint8_t)prints[i].count;
    }
    uint32_t tiles = (s->prints + SEARCH_TILE - 1) / SEARCH_TILE;
    size_t b = 0, lanes = SEARCH_LANES;
    for (uint32_t t = 0; t < tiles; t++) {
        const struct hbs_search_print *p[SEARCH_TILE];
        uint32_t many = s->prints - t * SEARCH_TILE;
        many = many < SEARCH_TILE ? many : SEARCH_TILE;
        for (uint32_t i = 0; i < many; i++)
            p[i] = &prints[t * SEARCH_TILE + i];
        uint32_t n = search_tile_pack(p, many, s->stored, &tile);
        first[t] = (uint32_t)b;
        memcpy(angle + b * lanes, tile.angle, n * lanes);
        memcpy(owner + b * SEARCH_TILE, tile.owner, n * SEARCH_TILE);
        memcpy(word0 + s->shift + b * lanes, tile.word0, n * lanes * 8);
        memcpy(rest + s->shift + b * lanes * (s->stored - 1), tile.rest, n * lanes * 8 * (s->stored - 1));
        b += n;
    }
    first[tiles] = (uint32_t)b;
    struct search_tiles gallery = {s->prints, s->stored, first, angle, owner, count, word0 + s->shift,
                                   rest + s->shift};
    bool good = true;
    for (int depth = 0; depth < SEARCH_DEPTHS; depth++) {
        if ((depth == SEARCH_FULL) != (s->stored == SEARCH_STORED_FULL) && depth != SEARCH_SKETCH)
            continue;
        search_probe_make(&probe, (enum search_depth)depth, &ready);
        for (int isa = 0; isa <= (int)hbs_cpu_isa(); isa++) {
            uint16_t scores[MOST + 1];
            memset(scores, 0xA5, sizeof scores);
            search_kernel_of((enum hbs_isa)isa, (enum search_depth)depth)(&ready, &gallery, 0, tiles, scores);
            for (uint32_t i = 0; i < s->prints; i++) {
                uint16_t want = naive_score(&probe, &prints[i], depth);
                if (verbose && scores[i] != want)
                    printf("# %s depth %d print %u of %u: %u, want %u\n", hbs_isa_name((enum hbs_isa)isa),
                           depth, i, s->prints, scores[i], want);
                good &= scores[i] == want;
            }
            good &= scores[s->prints] == 0xA5A5; /* nothing is written beyond */
        }
    }
    return good;
}

static void test_kernels(void)
{
    property("kernels of every instruction set give what the formula gives", 300, scene_make,
             kernels_agree, scene_shrink, sizeof(struct scene));
    printf("# up to %s\n", hbs_isa_name(hbs_cpu_isa()));
    ok(search_crc32c(0, "123456789", 9) == 0xE3069283u, "CRC-32C of the check string (RFC 3720)");
    ok(search_crc32c(search_crc32c(0, "1234", 4), "56789", 5) == 0xE3069283u, "and in two parts");
}

/* ---- the file ------------------------------------------------------------------------------ */

static void person(uint64_t number, struct hbs_search_print *out)
{
    struct hbs_rng rng;
    struct synth_finger f;
    hbs_rng_seed(&rng, number);
    synth_finger(&rng, &f);
    synth_print(&f, out);
}

static void mate(uint64_t number, struct hbs_search_print *out)
{
    struct hbs_rng rng;
    struct synth_finger f, m;
    hbs_rng_seed(&rng, number);
    synth_finger(&rng, &f);
    hbs_rng_seed(&rng, number + 1000000);
    synth_mate(&rng, &f, &synth_search, &m);
    synth_print(&m, out);
}

static enum hbs_err put_people(struct hbs_ctx *c, struct hbs_gallery_writer *w, uint64_t from, uint64_t to)
{
    static struct hbs_search_print p;
    enum hbs_err err = HBS_OK;
    for (uint64_t i = from; i < to && !err; i++) {
        char id[32];
        snprintf(id, sizeof id, "person-%llu", (unsigned long long)i);
        person(i, &p);
        err = hbs_gallery_put(w, id, &p);
    }
    return err;
}

static enum hbs_err make_gallery(struct hbs_ctx *c, const char *path, uint64_t prints, bool compact)
{
    struct hbs_gallery_options o = {.compact = compact};
    struct hbs_gallery_writer *w;
    enum hbs_err err = hbs_gallery_create(c, path, &o, &w);
    if (err)
        return err;
    if (!(err = put_people(c, w, 0, prints)))
        err = hbs_gallery_commit(w);
    hbs_gallery_writer_close(w);
    return err;
}

static enum hbs_err add_people(struct hbs_ctx *c, const char *path, uint64_t from, uint64_t to)
{
    struct hbs_gallery_writer *w;
    enum hbs_err err = hbs_gallery_append(c, path, &w);
    if (err)
        return err;
    if (!(err = put_people(c, w, from, to)))
        err = hbs_gallery_commit(w);
    hbs_gallery_writer_close(w);
    return err;
}

static void test_file(void)
{
    const char *path = in_folder("round");
    struct hbs_gallery *g = NULL, *late = NULL;
    struct hbs_gallery_info info;
    is_int(make_gallery(ctx, path, 103, false), HBS_OK, "makes a gallery of 103");
    is_int(hbs_gallery_open(ctx, path, NULL, &g), HBS_OK, "opens it");
    if (!g)
        return;
    hbs_gallery_info(g, &info);
    is_text(info.stamp, "evaluation", "is stamped evaluation");
    is_int(info.prints, 103, "prints");
    is_int(info.epoch, 1, "epoch");
    is_int(info.words, 6, "words");
    ok(info.screen_bytes + info.stage1_bytes + info.template_bytes + info.table_bytes <= info.file_bytes,
       "the parts fit into the file");
    is_int(hbs_gallery_verify(ctx, g), HBS_OK, "verifies");
    bool same = true;
    static struct hbs_search_print p;
    for (uint64_t i = 0; i < 103; i++) {
        char id[HBS_SEARCH_ID_MAX + 1], want[32];
        const uint8_t *packed;
        size_t size;
        snprintf(want, sizeof want, "person-%llu", (unsigned long long)i);
        person(i, &p);
        same &= hbs_gallery_print(ctx, g, i, id, &packed, &size) == HBS_OK && !strcmp(id, want) &&
                size == p.packed_size && !memcmp(packed, p.packed, size);
    }
    ok(same, "ids and templates come back");
    const uint8_t *none;
    size_t none_size;
    char id[HBS_SEARCH_ID_MAX + 1];
    is_int(hbs_gallery_print(ctx, g, 103, id, &none, &none_size), HBS_ERR_USAGE, "no print beyond");

    is_int(hbs_gallery_create(ctx, path, NULL, &(struct hbs_gallery_writer *){0}), HBS_ERR_USAGE,
           "does not write over a file");
    is_int(add_people(ctx, path, 103, 110), HBS_OK, "adds seven");
    is_int(add_people(ctx, path, 50, 51), HBS_ERR_USAGE, "refuses an id that is there");
    is_int(add_people(ctx, path, 110, 110), HBS_OK, "adds nobody");
    hbs_gallery_info(g, &info);
    is_int(info.prints, 103, "who had it open sees what was");
    is_int(hbs_gallery_verify(ctx, g), HBS_OK, "and it still verifies");
    is_int(hbs_gallery_open(ctx, path, NULL, &late), HBS_OK, "opens again");
    if (late) {
        hbs_gallery_info(late, &info);
        is_int(info.prints, 110, "with all");
        is_int(info.epoch, 3, "at epoch 3");
        is_int(hbs_gallery_verify(ctx, late), HBS_OK, "verifies");
    }
    hbs_gallery_close(late);

    struct hbs_gallery_writer *one = NULL, *two = NULL;
    is_int(hbs_gallery_append(ctx, path, &one), HBS_OK, "one writer");
    is_int(hbs_gallery_append(ctx, path, &two), HBS_ERR_BUSY, "and no second");
    person(1, &p);
    is_int(hbs_gallery_put(one, "", &p), HBS_ERR_USAGE, "no empty id");
    is_int(hbs_gallery_put(one, "a\nb", &p), HBS_ERR_USAGE, "no control characters");
    is_int(hbs_gallery_put(one, "0123456789012345678901234567890123456789012345678901234567890123", &p),
           HBS_ERR_USAGE, "no id of 64 bytes");
    is_int(hbs_gallery_put(one, "012345678901234567890123456789012345678901234567890123456789012", &p),
           HBS_OK, "one of 63");
    p.count = 49;
    is_int(hbs_gallery_put(one, "x", &p), HBS_ERR_USAGE, "no 49 cylinders");
    p.count = 1;
    p.packed_size = HBS_SEARCH_PACKED_MAX + 1;
    is_int(hbs_gallery_put(one, "x", &p), HBS_ERR_USAGE, "no template larger than the largest");
    p.packed_size = 0;
    p.bits[0][4] |= (uint64_t)1 << 56;
    is_int(hbs_gallery_put(one, "x", &p), HBS_ERR_USAGE, "no bit 312");
    hbs_gallery_writer_close(one); /* without a commit */
    is_int(hbs_gallery_open(ctx, path, NULL, &late), HBS_OK, "given up: opens");
    hbs_gallery_info(late, &info);
    is_int(info.prints, 110, "and nothing was added");
    hbs_gallery_close(late);
    hbs_gallery_close(g);

    const char *empty = in_folder("empty");
    is_int(make_gallery(ctx, empty, 0, true), HBS_OK, "an empty gallery");
    is_int(hbs_gallery_open(ctx, empty, NULL, &g), HBS_OK, "opens");
    static struct hbs_search_answer a;
    mate(3, &p);
    is_int(hbs_gallery_identify(ctx, g, &p, NULL, &a), HBS_OK, "can be searched");
    ok(a.total == 0 && a.count == 0 && a.complete, "and has nobody");
    hbs_gallery_close(g);
    is_int(hbs_gallery_open(ctx, in_folder("nowhere"), NULL, &g), HBS_ERR_NOT_FOUND, "no such file");
    is_int(hbs_gallery_open(ctx, folder, NULL, &g), HBS_ERR_FORMAT, "a folder is no gallery");
}

static struct hbs_buf slurp(const char *path)
{
    struct hbs_buf b;
    hbs_buf_init(&b, ctx, (size_t)64 << 20);
    if (hbs_file_read(ctx, path, &b))
        printf("# cannot read %s\n", path);
    return b;
}

static void spill(const char *path, const void *data, size_t size)
{
    if (hbs_file_write(ctx, path, data, size))
        printf("# cannot write %s\n", path);
}

/* Damage anywhere: an error with a line of words when opened, or when verified; never a fault. */
static void test_damage(void)
{
    const char *path = in_folder("damage");
    char hurt[128];
    snprintf(hurt, sizeof hurt, "%s/hurt", folder);
    if (make_gallery(ctx, path, 23, false) || add_people(ctx, path, 23, 31)) {
        ok(false, "makes a gallery");
        return;
    }
    struct hbs_buf whole = slurp(path);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    static struct hbs_search_answer answer;
    static struct hbs_search_print probe;
    struct second_probe second;
    mate(5, &probe);
    second_read(probe.packed, probe.packed_size, &second);
    int missed = 0, silent = 0;
    for (int i = 0; i < 300; i++) {
        uint8_t *copy = malloc(whole.size);
        memcpy(copy, whole.data, whole.size);
        size_t size = whole.size;
        bool cut = i % 3 == 0;
        size_t at = 0;
        if (cut)
            size = hbs_rng_below(&rng, (uint32_t)whole.size);
        else {
            /* a third of them where the structure is */
            uint32_t range = i % 3 == 1 ? GALLERY_DATA + 512 : (uint32_t)whole.size;
            at = hbs_rng_below(&rng, range);
            copy[at] ^= (uint8_t)(1 + hbs_rng_below(&rng, 255));
        }
        spill(hurt, copy, size);
        struct hbs_gallery *g = NULL;
        enum hbs_err err = hbs_gallery_open(ctx, hurt, NULL, &g);
        if (err && (!*hbs_ctx_what(ctx) || strchr(hbs_ctx_what(ctx), '\n')))
            silent++;
        if (!err) {
            struct hbs_search_options o = {.compare = second_compare, .arg = &second, .threads = 1};
            (void)!hbs_gallery_identify(ctx, g, &probe, &o, &answer);
            struct hbs_gallery_info info;
            hbs_gallery_info(g, &info);
            /* slots that are not in use, gaps between parts and old directories may differ unseen */
            bool seen = info.epoch != 2 || hbs_gallery_verify(ctx, g) != HBS_OK;
            bool matters = cut;
            for (uint32_t s = 0; s < g->slot.segments; s++)
                matters |= at >= g->segments[s].entry.offset &&
                           at < g->segments[s].entry.offset + g->segments[s].entry.size;
            if (matters && !seen)
                missed++;
            hbs_gallery_close(g);
        }
        free(copy);
    }
    is_int(missed, 0, "300 damaged files: none passes for whole");
    is_int(silent, 0, "and every refusal has its line of words");
    /* a newer slot that was torn in writing: the older one serves */
    uint8_t *copy = malloc(whole.size);
    memcpy(copy, whole.data, whole.size);
    copy[GALLERY_PAGE + 40] ^= 1; /* the second commit is in the second slot */
    spill(hurt, copy, whole.size);
    free(copy);
    struct hbs_gallery *g = NULL;
    is_int(hbs_gallery_open(ctx, hurt, NULL, &g), HBS_OK, "a torn slot: the one before serves");
    if (g) {
        struct hbs_gallery_info info;
        hbs_gallery_info(g, &info);
        is_int(info.prints, 23, "with what it had");
        hbs_gallery_close(g);
        is_int(add_people(ctx, hurt, 23, 25), HBS_OK, "and it can be added to");
        is_int(hbs_gallery_open(ctx, hurt, NULL, &g), HBS_OK, "and opened");
        hbs_gallery_info(g, &info);
        is_int(info.prints, 25, "with both");
        is_int(hbs_gallery_verify(ctx, g), HBS_OK, "verifies");
        hbs_gallery_close(g);
    }
    hbs_buf_close(&whole);
}

/* A changed byte anywhere in a committed file is noticed, also where it harms nothing: the rest of the
 * headers' pages, the space between parts, the directories of earlier commits. */
static void test_every_byte(void)
{
    const char *path = in_folder("bytes");
    struct hbs_gallery_writer *w;
    bool made = make_gallery(ctx, path, 9, false) == HBS_OK && add_people(ctx, path, 9, 14) == HBS_OK;
    for (int empty = 0; empty < 2 && made; empty++) { /* commits of nothing leave a directory each */
        made = hbs_gallery_append(ctx, path, &w) == HBS_OK;
        if (made) {
            made = hbs_gallery_commit(w) == HBS_OK;
            hbs_gallery_writer_close(w);
        }
    }
    if (!ok(made && add_people(ctx, path, 14, 20) == HBS_OK, "a gallery of five commits"))
        return;
    struct hbs_buf whole = slurp(path);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    uint8_t *map = aligned_alloc(64, (whole.size + 63) & ~(size_t)63);
    if (!map)
        return;
    memcpy(map, whole.data, whole.size);
    int unseen = 0;
    size_t first = 0;
    for (int i = -1; i < 6000; i++) {
        /* two in three where little of the file is: headers and what lies between parts */
        size_t at = hbs_rng_below(&rng, (uint32_t)whole.size);
        if (i % 3 == 1)
            at = hbs_rng_below(&rng, GALLERY_DATA);
        if (i % 3 == 2)
            at = at / GALLERY_PAGE * GALLERY_PAGE + hbs_rng_below(&rng, 2 * GALLERY_ENTRY);
        at = at < whole.size ? at : whole.size - 1;
        uint8_t change = i < 0 ? 0 : (uint8_t)(1u << hbs_rng_below(&rng, 8));
        map[at] ^= change;
        struct hbs_gallery g;
        bool sound = gallery_attach(ctx, "bytes", map, whole.size, &g) == HBS_OK;
        if (sound) {
            sound = hbs_gallery_verify(ctx, &g) == HBS_OK;
            gallery_detach(&g);
        }
        if (i < 0)
            ok(sound, "verifies as it is");
        else if (sound && !unseen++)
            first = at;
        map[at] ^= change;
    }
    is_int(unseen, 0, "6,000 changed bits: each is noticed");
    if (unseen)
        printf("# first at %zu of %zu\n", first, whole.size);
    free(map);
    hbs_buf_close(&whole);
}

/* kill -9 while a child adds: whatever it said was committed is there, and the file is whole. */
static void test_kill(void)
{
    const char *path = in_folder("kill");
    enum { ROUNDS = 12, EACH = 5 };
    if (make_gallery(ctx, path, EACH, false)) {
        ok(false, "makes a gallery");
        return;
    }
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    bool whole = true, kept = true;
    uint64_t have = EACH;
    for (int round = 0; round < ROUNDS; round++) {
        int tell[2];
        if (pipe(tell))
            break;
        pid_t child = fork();
        if (child == 0) {
            for (uint64_t n = have;; n += EACH) {
                if (add_people(ctx, path, n, n + EACH))
                    _exit(1);
                if (write(tell[1], "+", 1) != 1)
                    _exit(1);
            }
        }
        close(tell[1]);
        usleep(2000 + hbs_rng_below(&rng, 30000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        char told[4096];
        uint64_t acknowledged = have;
        for (ssize_t n; (n = read(tell[0], told, sizeof told)) > 0;)
            acknowledged += (uint64_t)n * EACH;
        close(tell[0]);
        struct hbs_gallery *g = NULL;
        whole &= hbs_gallery_open(ctx, path, NULL, &g) == HBS_OK && hbs_gallery_verify(ctx, g) == HBS_OK;
        if (!g)
            break;
        struct hbs_gallery_info info;
        hbs_gallery_info(g, &info);
        kept &= info.prints >= acknowledged && info.prints <= acknowledged + EACH &&
                info.prints % EACH == 0;
        have = info.prints;
        hbs_gallery_close(g);
    }
    printf("# %llu prints after %d kills\n", (unsigned long long)have, ROUNDS);
    ok(whole, "killed in the middle of adding, the file opens and verifies");
    ok(kept, "and nothing acknowledged is missing, nothing half there");
    /* a new file: there whole or not at all */
    bool none = true;
    for (int round = 0; round < 6; round++) {
        char fresh[128];
        snprintf(fresh, sizeof fresh, "%s/fresh%d", folder, round);
        pid_t child = fork();
        if (child == 0)
            _exit(make_gallery(ctx, fresh, 400, false) ? 1 : 0);
        usleep(1000 + hbs_rng_below(&rng, 40000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        struct hbs_gallery *g = NULL;
        enum hbs_err err = hbs_gallery_open(ctx, fresh, NULL, &g);
        if (!err)
            none &= hbs_gallery_verify(ctx, g) == HBS_OK && g->slot.prints == 400;
        else
            none &= err == HBS_ERR_NOT_FOUND;
        if (!err)
            hbs_gallery_close(g);
    }
    ok(none, "killed in the middle of making, there is a whole file or none");
}

/* ---- memory that runs out ------------------------------------------------------------------ */

static long allowance;

static void *scarce_resize(void *user, void *old, size_t size)
{
    (void)user;
    if (allowance-- <= 0)
        return NULL;
    return realloc(old, size);
}

static void scarce_release(void *user, void *p)
{
    (void)user;
    free(p);
}

static void test_memory(void)
{
    static const struct hbs_allocator scarce = {scarce_resize, scarce_release, NULL};
    static struct hbs_search_answer a;
    static struct hbs_search_print probe;
    char path[128];
    mate(2, &probe);
    bool good = true, done = false;
    int tries = 0;
    for (long n = 0; n < 400 && !done && good; n++, tries++) {
        struct hbs_ctx *c;
        allowance = 1;
        if (hbs_ctx_open(&scarce, &c))
            break;
        snprintf(path, sizeof path, "%s/scarce%ld", folder, n);
        allowance = n;
        struct hbs_gallery *g = NULL;
        enum hbs_err err = make_gallery(c, path, 9, false);
        if (!err)
            err = add_people(c, path, 9, 12);
        if (!err)
            err = hbs_gallery_open(c, path, NULL, &g);
        if (!err)
            err = hbs_gallery_identify(c, g, &probe, NULL, &a);
        good &= err == HBS_OK || err == HBS_ERR_NO_MEMORY;
        done = err == HBS_OK;
        hbs_gallery_close(g);
        hbs_ctx_close(c);
        (void)unlink(path);
    }
    ok(good && done, "the n-th allocation refused, for every n up to %d", tries);
}

/* ---- the search ---------------------------------------------------------------------------- */

enum { PEOPLE = 6000 };

static int32_t constant(void *arg, unsigned thread, const uint8_t *packed, size_t size)
{
    (void)arg;
    (void)thread;
    (void)packed;
    (void)size;
    return 7;
}

static void answer_text(const struct hbs_search_answer *a, struct hbs_buf *out)
{
    (void)!hbs_buf_printf(out, "%llu/%llu %llu %u %d:", (unsigned long long)a->searched,
                          (unsigned long long)a->total, (unsigned long long)a->screened, a->compared,
                          a->complete);
    for (uint32_t i = 0; i < a->count; i++)
        (void)!hbs_buf_printf(out, " %s=%d/%u", a->candidates[i].id, a->candidates[i].score,
                              a->candidates[i].screen);
    (void)!hbs_buf_printf(out, "\n");
}

/* All that a run of searches answers, as text. */
static void answers(const char *path, unsigned threads, bool copy, struct hbs_buf *out)
{
    struct hbs_gallery_open_options how = {.copy = copy};
    struct hbs_gallery *g;
    if (hbs_gallery_open(ctx, path, &how, &g)) {
        printf("# %s\n", hbs_ctx_what(ctx));
        return;
    }
    static struct hbs_search_print probe;
    static struct hbs_search_answer a;
    struct second_probe second;
    for (uint64_t i = 0; i < 6; i++) {
        mate(i * 911 % PEOPLE, &probe);
        second_read(probe.packed, probe.packed_size, &second);
        for (int k = 0; k < 4; k++) {
            struct hbs_search_options o = {.threads = threads, .exhaustive = k == 1,
                                           .passing = k == 0 ? 0 : 200,
                                           .compare = k == 2 ? NULL : second_compare, .arg = &second};
            if (hbs_gallery_identify(ctx, g, &probe, &o, &a) == HBS_OK)
                answer_text(&a, out);
        }
    }
    hbs_gallery_close(g);
}

static void test_search(const char *self)
{
    const char *path = in_folder("people"), *small = in_folder("compact");
    is_int(make_gallery(ctx, path, PEOPLE - 301, false), HBS_OK, "makes a gallery");
    is_int(add_people(ctx, path, PEOPLE - 301, PEOPLE), HBS_OK, "of two parts");
    is_int(make_gallery(ctx, small, PEOPLE, true), HBS_OK, "and a compact one");
    char kept[2][128];
    snprintf(kept[0], sizeof kept[0], "%s", path);
    snprintf(kept[1], sizeof kept[1], "%s", small);
    static struct hbs_search_print probe;
    static struct hbs_search_answer a, b;
    struct second_probe second;
    for (int compact = 0; compact < 2; compact++) {
        struct hbs_gallery *g = NULL;
        is_int(hbs_gallery_open(ctx, kept[compact], NULL, &g), HBS_OK, "opens");
        if (!g)
            return;
        int hits = 0, exhaustive = 0, both = 0;
        for (uint64_t i = 0; i < 60; i++) {
            uint64_t n = i * 97 % PEOPLE;
            mate(n, &probe);
            second_read(probe.packed, probe.packed_size, &second);
            struct hbs_search_options o = {.compare = second_compare, .arg = &second, .top = 5, .passing = 400};
            if (hbs_gallery_identify(ctx, g, &probe, &o, &a))
                continue;
            o.exhaustive = true;
            if (hbs_gallery_identify(ctx, g, &probe, &o, &b))
                continue;
            bool h = a.count && a.candidates[0].number == n, e = b.count && b.candidates[0].number == n;
            hits += h;
            exhaustive += e;
            both += h && e;
        }
        printf("# %s: %d of 60 first, exhaustive %d\n", compact ? "compact" : "full", hits, exhaustive);
        ok(exhaustive >= 54, "an exhaustive search puts the mate first (fixed prints)");
        ok(both * 100 >= exhaustive * 98, "and the quick search does where it does");
        is_int(a.total, PEOPLE, "says the size of the gallery");
        is_int(a.searched, PEOPLE, "and how much was searched");
        ok(a.complete && a.exhaustive == (probe.count <= 22) && b.exhaustive,
           "complete, and whether exhaustively");
        is_int(a.screened, a.exhaustive ? PEOPLE : 2000, "2,000 pass the sketch of 6,000");
        is_int(a.compared, 200, "200 are compared in full");
        is_int(a.count, 5, "5 were wanted");
        is_text(a.kernel, hbs_isa_name(hbs_cpu_isa()), "names its kernel");

        struct hbs_search_options o = {.compare = constant, .exhaustive = true, .list = 1000, .top = 100};
        bool rising = hbs_gallery_identify(ctx, g, &probe, &o, &a) == HBS_OK && a.count == 100;
        for (uint32_t i = 1; i < a.count; i++)
            rising &= a.candidates[i - 1].number < a.candidates[i].number;
        ok(rising, "equal scores come in the order of enrolment");
        o = (struct hbs_search_options){.exhaustive = true};
        bool falling = hbs_gallery_identify(ctx, g, &probe, &o, &a) == HBS_OK && a.count == 10;
        for (uint32_t i = 1; i < a.count; i++)
            falling &= a.candidates[i - 1].screen > a.candidates[i].screen ||
                       (a.candidates[i - 1].screen == a.candidates[i].screen &&
                        a.candidates[i - 1].number < a.candidates[i].number);
        ok(falling && a.candidates[0].score == a.candidates[0].screen, "without stage 2, by stage 1");
        /* every screening score of the answer is the formula's, whatever the neighbours in the tile */
        static struct hbs_search_print found;
        bool right = true;
        for (uint32_t i = 0; i < a.count; i++) {
            person(a.candidates[i].number, &found);
            right &= a.candidates[i].screen == naive_score(&probe, &found, compact ? 1 : 2);
        }
        ok(right, "scores depend on the two prints alone");

        o = (struct hbs_search_options){.deadline = 1e-9, .compare = constant};
        is_int(hbs_gallery_identify(ctx, g, &probe, &o, &a), HBS_OK, "a deadline that passed is no error");
        ok(!a.complete && a.searched < a.total && !a.count, "the answer says it is incomplete");
        o = (struct hbs_search_options){.deadline = 1e9, .compare = constant};
        ok(hbs_gallery_identify(ctx, g, &probe, &o, &a) == HBS_OK && a.complete, "one far off changes nothing");
        o = (struct hbs_search_options){.top = 101};
        is_int(hbs_gallery_identify(ctx, g, &probe, &o, &a), HBS_ERR_USAGE, "no 101 candidates");
        o = (struct hbs_search_options){.deadline = -1};
        is_int(hbs_gallery_identify(ctx, g, &probe, &o, &a), HBS_ERR_USAGE, "no deadline in the past");
        found = probe;
        found.count = 49;
        is_int(hbs_gallery_identify(ctx, g, &found, NULL, &a), HBS_ERR_USAGE, "no probe of 49 cylinders");
        memset(&found, 0, sizeof found);
        ok(hbs_gallery_identify(ctx, g, &found, NULL, &a) == HBS_OK && a.complete && a.count == 10,
           "an empty probe is searched like any other");
        hbs_gallery_close(g);
    }

    struct hbs_buf text[2];
    hbs_buf_init(&text[0], ctx, 1 << 20);
    answers(kept[0], 1, false, &text[0]);
    ok(text[0].size > 1000, "answers to compare");
    for (int i = 0; i < 4; i++) {
        static const unsigned threads[] = {2, 3, 16, 1};
        hbs_buf_init(&text[1], ctx, 1 << 20);
        answers(kept[0], threads[i], i == 3, &text[1]);
        ok(text[0].size == text[1].size && !memcmp(text[0].data, text[1].data, text[0].size),
           i == 3 ? "a copy in memory answers the same" : "%u threads answer the same", threads[i]);
        hbs_buf_close(&text[1]);
    }
    for (int isa = 0; isa <= (int)hbs_cpu_isa(); isa++) {
        char command[512];
        snprintf(command, sizeof command, "HABEAS_ISA=%s '%s' answers '%s'",
                 hbs_isa_name((enum hbs_isa)isa), self, kept[0]);
        hbs_buf_init(&text[1], ctx, 1 << 20);
        FILE *p = popen(command, "r");
        char part[4096];
        for (size_t n; p && (n = fread(part, 1, sizeof part, p)) > 0;)
            (void)!hbs_buf_put(&text[1], part, n);
        ok(p && pclose(p) == 0 && text[0].size == text[1].size &&
               !memcmp(text[0].data, text[1].data, text[0].size),
           "%s answers the same", hbs_isa_name((enum hbs_isa)isa));
        hbs_buf_close(&text[1]);
    }
    hbs_buf_close(&text[0]);
}

int main(int argc, char **argv)
{
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    synth_begin();
    if (argc == 3 && !strcmp(argv[1], "answers")) {
        struct hbs_buf text;
        hbs_buf_init(&text, ctx, 1 << 20);
        answers(argv[2], 2, false, &text);
        fwrite(text.data, 1, text.size, stdout);
        hbs_buf_close(&text);
        hbs_ctx_close(ctx);
        return 0;
    }
    tap_begin();
    snprintf(folder, sizeof folder, "/tmp/habeas-search-XXXXXX");
    if (!mkdtemp(folder))
        return 6;
    test_kernels();
    test_file();
    test_damage();
    test_every_byte();
    test_kill();
    test_memory();
    test_search(argv[0]);
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    ok(system(command) == 0, "cleans up");
    hbs_ctx_close(ctx);
    return tap_end();
}
