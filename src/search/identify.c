/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: the search itself. All bits of every print -> the best few hundred or thousand -> the
 * caller's full comparison -> the answer. When asked to be quick: sketch of every print -> the best
 * few per cent -> all bits of those, and on as before. Why every print is looked at instead of a hash
 * index, and what being quick costs: docs/decisions/search-screening.md.
 *
 * Determinism: threads fill arrays by print number; choosing works on the finished arrays with the
 * total order (score, then number), so neither the number of threads nor the instruction set shows.
 */
#include "gallery_int.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    CHUNK_TILES = 256,     /* tiles of one work item of the first step */
    LIST_TILES = 32,       /* and of the second */
    TOP_DEFAULT = 10,
    LIST_LEAST = 200,      /* prints compared in full: one in LIST_SHARE, so many at least and at most */
    LIST_MOST = 2000,
    LIST_SHARE = 500,
    PROBE_SMALL = 22,      /* cylinders of a probe that is searched exhaustively, whatever was asked */
    PASSING_LEAST = 2000   /* prints that pass in a small gallery */
};

struct chunk {
    uint32_t segment, tile, tiles;
    bool done;
};

/* A print that goes on, and what it got. */
struct chosen {
    uint64_t number;
    const struct gallery_segment *segment;
    int32_t score;
    uint16_t screen;
    bool done;
};

/* Prints of one tile that passed: chosen[first .. first + many). */
struct tile_job {
    uint32_t first, many;
};

struct search {
    const struct hbs_gallery *gallery;
    const struct hbs_search_options *options;
    struct search_probe probe; /* for the step at hand */
    search_kernel *kernel;
    double until; /* 0: no deadline */
    struct chunk *chunks;
    size_t chunk_count;
    uint16_t *scores;
    struct chosen *chosen;
    size_t chosen_count;
    struct tile_job *jobs;
    size_t job_count;
    _Atomic int64_t damaged; /* a print whose template does not match its sum, or -1 */
};

static bool too_late(const struct search *s) { return s->until > 0 && hbs_clock_wall() >= s->until; }

static void screen_chunk(void *arg, size_t index, unsigned thread)
{
    struct search *s = arg;
    struct chunk *c = &s->chunks[index];
    if (too_late(s))
        return;
    const struct gallery_segment *g = &s->gallery->segments[c->segment];
    s->kernel(&s->probe, &g->tiles, c->tile, c->tiles,
              s->scores + g->number + (size_t)c->tile * SEARCH_TILE);
    c->done = true;
}

static void screen_jobs(void *arg, size_t index, unsigned thread)
{
    struct search *s = arg;
    if (too_late(s))
        return;
    size_t end = (index + 1) * LIST_TILES < s->job_count ? (index + 1) * LIST_TILES : s->job_count;
    for (size_t j = index * LIST_TILES; j < end; j++) {
        struct chosen *c = &s->chosen[s->jobs[j].first];
        const struct gallery_segment *g = c->segment;
        uint32_t tile = (uint32_t)((c->number - g->number) / SEARCH_TILE);
        uint16_t scores[SEARCH_TILE] = {0};
        s->kernel(&s->probe, &g->tiles, tile, 1, scores);
        for (uint32_t i = 0; i < s->jobs[j].many; i++) {
            c[i].screen = scores[(c[i].number - g->number) % SEARCH_TILE];
            c[i].done = true;
        }
    }
}

static void compare_one(void *arg, size_t index, unsigned thread)
{
    struct search *s = arg;
    struct chosen *c = &s->chosen[index];
    if (too_late(s))
        return;
    const struct gallery_segment *g = c->segment;
    const uint8_t *r = g->base + g->at[SECTION_RECORD] + (c->number - g->number) * GALLERY_RECORD;
    const uint8_t *packed = g->base + g->at[SECTION_PACKED] + hbs_le32(r);
    if (search_crc32c(0, packed, hbs_le16(r + 12)) != hbs_le32(r + 4)) {
        atomic_store(&s->damaged, (int64_t)c->number);
        return;
    }
    c->score = s->options->compare(s->options->arg, thread, packed, hbs_le16(r + 12));
    c->done = true;
}

/* The lowest score among the `want` best of `count`, and how many of that score are among them. */
struct cut {
    uint32_t score;
    size_t ties;
};

static struct cut cut_of(const uint32_t histogram[UINT16_MAX + 1], size_t want)
{
    size_t have = 0;
    for (uint32_t v = UINT16_MAX;; v--) {
        if (have + histogram[v] >= want || v == 0)
            return (struct cut){v, want - have};
        have += histogram[v];
    }
}

static int by_screen(const void *a, const void *b)
{
    const struct chosen *x = a, *y = b;
    if (x->screen != y->screen)
        return x->screen > y->screen ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_score(const void *a, const void *b)
{
    const struct chosen *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Chooses the best of the prints in finished chunks: at most `want`, in rising number. */
static enum hbs_err choose(struct hbs_ctx *ctx, struct search *s, size_t want)
{
    uint32_t *histogram = hbs_alloc(ctx, UINT16_MAX + 1, sizeof *histogram);
    s->chosen = hbs_alloc(ctx, want ? want : 1, sizeof *s->chosen);
    if (!histogram || !s->chosen) {
        hbs_free(ctx, histogram);
        return hbs_fail_memory(ctx, want * sizeof *s->chosen);
    }
    for (size_t i = 0; i < s->chunk_count; i++) {
        const struct chunk *c = &s->chunks[i];
        const struct gallery_segment *g = &s->gallery->segments[c->segment];
        uint32_t end = (c->tile + c->tiles) * SEARCH_TILE;
        end = end < g->entry.prints ? end : g->entry.prints;
        for (uint32_t p = c->tile * SEARCH_TILE; c->done && p < end; p++)
            histogram[s->scores[g->number + p]]++;
    }
    struct cut cut = cut_of(histogram, want);
    hbs_free(ctx, histogram);
    for (size_t i = 0; i < s->chunk_count; i++) {
        const struct chunk *c = &s->chunks[i];
        const struct gallery_segment *g = &s->gallery->segments[c->segment];
        uint32_t end = (c->tile + c->tiles) * SEARCH_TILE;
        end = end < g->entry.prints ? end : g->entry.prints;
        for (uint32_t p = c->tile * SEARCH_TILE; c->done && p < end; p++) {
            uint16_t v = s->scores[g->number + p];
            if (v < cut.score || (v == cut.score && !cut.ties))
                continue;
            cut.ties -= v == cut.score;
            if (s->chosen_count == want) /* cannot be: the cut leaves no more */
                break;
            s->chosen[s->chosen_count++] =
                (struct chosen){.number = g->number + p, .segment = g, .screen = v, .done = true};
        }
    }
    return HBS_OK;
}

/* Stage 1 with all bits on what was chosen; keeps the best `want` of those that were done. */
static enum hbs_err screen_again(struct hbs_ctx *ctx, struct search *s,
                                 const struct hbs_search_print *probe, enum search_depth depth,
                                 unsigned threads)
{
    s->jobs = hbs_alloc(ctx, s->chosen_count ? s->chosen_count : 1, sizeof *s->jobs);
    if (!s->jobs)
        return hbs_fail_memory(ctx, s->chosen_count * sizeof *s->jobs);
    for (size_t i = 0; i < s->chosen_count; i++) {
        const struct chosen *c = &s->chosen[i], *before = c - 1;
        s->chosen[i].done = false;
        if (i && before->segment == c->segment &&
            (before->number - c->segment->number) / SEARCH_TILE ==
                (c->number - c->segment->number) / SEARCH_TILE)
            s->jobs[s->job_count - 1].many++;
        else
            s->jobs[s->job_count++] = (struct tile_job){(uint32_t)i, 1};
    }
    search_probe_make(probe, depth, &s->probe);
    s->kernel = search_kernel_here(depth);
    hbs_parallel(threads, (s->job_count + LIST_TILES - 1) / LIST_TILES, screen_jobs, s);
    return HBS_OK;
}

static size_t drop_undone(struct search *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->chosen_count; i++)
        if (s->chosen[i].done)
            s->chosen[n++] = s->chosen[i];
    size_t dropped = s->chosen_count - n;
    s->chosen_count = n;
    return dropped;
}

static enum hbs_err check(struct hbs_ctx *ctx, const struct hbs_search_print *probe,
                          const struct hbs_search_options *o)
{
    if (probe->count > HBS_SEARCH_CYLINDERS_MAX)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "keep to the limits of habeas/search.h",
                        "a probe of %u cylinders", probe->count);
    for (uint32_t i = 0; i < probe->count; i++)
        if (probe->bits[i][HBS_SEARCH_WORDS - 1] >> (HBS_SEARCH_BITS % 64))
            return hbs_fail(ctx, HBS_ERR_USAGE, "", "leave bits from 312 on zero",
                            "cylinder %u of the probe has bits beyond its end", i);
    if (o->top > HBS_SEARCH_TOP_MAX || o->list > HBS_SEARCH_LIST_MAX || o->passing > 10000 ||
        !(o->deadline >= 0))
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "keep to the limits of habeas/search.h",
                        "search options out of range");
    return HBS_OK;
}

static enum hbs_err chunks_make(struct hbs_ctx *ctx, struct search *s)
{
    const struct hbs_gallery *g = s->gallery;
    for (int pass = 0; pass < 2; pass++) {
        size_t n = 0;
        for (uint32_t i = 0; i < g->slot.segments; i++) {
            uint32_t tiles = (g->segments[i].entry.prints + SEARCH_TILE - 1) / SEARCH_TILE;
            for (uint32_t t = 0; t < tiles; t += CHUNK_TILES, n++)
                if (pass)
                    s->chunks[n] = (struct chunk){
                        i, t, tiles - t < CHUNK_TILES ? tiles - t : CHUNK_TILES, false};
        }
        s->chunk_count = n;
        if (!pass && !(s->chunks = hbs_alloc(ctx, n ? n : 1, sizeof *s->chunks)))
            return hbs_fail_memory(ctx, n * sizeof *s->chunks);
    }
    s->scores = hbs_alloc(ctx, g->slot.prints ? g->slot.prints : 1, sizeof *s->scores);
    return s->scores ? HBS_OK : hbs_fail_memory(ctx, g->slot.prints * sizeof *s->scores);
}

static void answer_fill(const struct search *s, uint32_t top, struct hbs_search_answer *out)
{
    for (size_t i = 0; i < s->chosen_count && i < top; i++) {
        const struct chosen *c = &s->chosen[i];
        const uint8_t *base = c->segment->base;
        const uint8_t *r = base + c->segment->at[SECTION_RECORD] +
                           (c->number - c->segment->number) * GALLERY_RECORD;
        struct hbs_search_candidate *to = &out->candidates[out->count++];
        memcpy(to->id, base + c->segment->at[SECTION_NAMES] + hbs_le32(r + 8), r[14]);
        to->number = c->number;
        to->score = c->score;
        to->screen = c->screen;
    }
}

/* The larger the gallery, the more strangers stand before a mate whose descriptors are not like. */
static uint32_t list_default(uint64_t prints)
{
    uint64_t n = prints / LIST_SHARE;
    return (uint32_t)(n < LIST_LEAST ? LIST_LEAST : n > LIST_MOST ? LIST_MOST : n);
}

enum hbs_err hbs_gallery_identify(struct hbs_ctx *ctx, const struct hbs_gallery *g,
                                  const struct hbs_search_print *probe,
                                  const struct hbs_search_options *options,
                                  struct hbs_search_answer *out)
{
    static const struct hbs_search_options usual;
    const struct hbs_search_options *o = options ? options : &usual;
    enum hbs_err err = check(ctx, probe, o);
    if (err)
        return err;
    double began = hbs_clock_wall();
    uint32_t top = o->top ? o->top : TOP_DEFAULT, list = o->list ? o->list : list_default(g->slot.prints);
    if (list < top)
        list = top;
    enum search_depth deep = g->slot.words == SEARCH_STORED_FULL ? SEARCH_FULL : SEARCH_COMPACT;
    struct hbs_search_answer *answer = hbs_alloc(ctx, 1, sizeof *answer);
    struct search *s = hbs_alloc(ctx, 1, sizeof *s + 64); /* room to align the probe */
    struct search *owner = s;
    if (!answer || !s) {
        err = hbs_fail_memory(ctx, sizeof *s);
        goto done;
    }
    s = (struct search *)(((uintptr_t)s + 63) & ~(uintptr_t)63);
    s->gallery = g;
    s->options = o;
    s->until = o->deadline > 0 ? began + o->deadline : 0;
    atomic_init(&s->damaged, -1);
    answer->total = g->slot.prints;
    answer->epoch = g->slot.epoch;
    answer->kernel = hbs_isa_name(hbs_cpu_isa());
    /* A probe of few cylinders costs little to compare in full, and a sketch of it tells little: of
     * the mates that a sketch lost, nearly all were such probes. */
    bool exhaustive = o->exhaustive || !o->passing || probe->count <= PROBE_SMALL;
    answer->exhaustive = exhaustive;
    answer->complete = true;
    if ((err = chunks_make(ctx, s)))
        goto done;

    /* every print, by its sketch or (exhaustive) by all bits */
    enum search_depth depth = exhaustive ? deep : SEARCH_SKETCH;
    search_probe_make(probe, depth, &s->probe);
    s->kernel = search_kernel_here(depth);
    hbs_parallel(o->threads, s->chunk_count, screen_chunk, s);
    for (size_t i = 0; i < s->chunk_count; i++) {
        const struct chunk *c = &s->chunks[i];
        uint32_t prints = g->segments[c->segment].entry.prints - c->tile * SEARCH_TILE;
        if (prints > c->tiles * SEARCH_TILE)
            prints = c->tiles * SEARCH_TILE;
        answer->searched += c->done ? prints : 0;
    }
    if (answer->searched < answer->total)
        answer->complete = false;
    size_t want = list;
    if (!exhaustive) {
        want = (size_t)(answer->total * o->passing / 10000);
        want = want < PASSING_LEAST ? PASSING_LEAST : want;
    }
    want = want < answer->searched ? want : (size_t)answer->searched;
    if ((err = choose(ctx, s, want)))
        goto done;
    double now = hbs_clock_wall();
    answer->seconds[0] = now - began;

    /* those that pass, by all bits */
    answer->screened = exhaustive ? answer->searched : 0;
    if (!exhaustive) {
        if ((err = screen_again(ctx, s, probe, deep, o->threads)))
            goto done;
        if (drop_undone(s))
            answer->complete = false;
        answer->screened = s->chosen_count;
    }
    qsort(s->chosen, s->chosen_count, sizeof *s->chosen, by_screen);
    if (s->chosen_count > list)
        s->chosen_count = list;
    answer->seconds[1] = hbs_clock_wall() - now;
    now += answer->seconds[1];

    /* the best of them, in full */
    for (size_t i = 0; i < s->chosen_count; i++) {
        s->chosen[i].score = s->chosen[i].screen;
        s->chosen[i].done = !o->compare;
    }
    if (o->compare) {
        hbs_parallel(o->threads, s->chosen_count, compare_one, s);
        int64_t damaged = atomic_load(&s->damaged);
        if (damaged >= 0) {
            err = hbs_fail(ctx, HBS_ERR_INTEGRITY, "", "make the gallery again from the templates",
                           "the template of print %lld is damaged", (long long)damaged);
            goto done;
        }
        if (drop_undone(s))
            answer->complete = false;
        answer->compared = (uint32_t)s->chosen_count;
        qsort(s->chosen, s->chosen_count, sizeof *s->chosen, by_score);
    }
    answer->seconds[2] = hbs_clock_wall() - now;
    answer_fill(s, top, answer);
    *out = *answer;
done:
    if (s) {
        hbs_free(ctx, s->chunks);
        hbs_free(ctx, s->scores);
        hbs_free(ctx, s->chosen);
        hbs_free(ctx, s->jobs);
    }
    hbs_free(ctx, owner);
    hbs_free(ctx, answer);
    return err;
}
