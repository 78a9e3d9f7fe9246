/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: fingers fused over people (gallery_fuse.h).
 *
 * The likelihood ratio of "this probe is one of the person's fingers" when nobody says which is the mean
 * of the ratios over that person's fingers: each is as likely to be the one (a mixture, as for any compound
 * hypothesis). The same mean is taken over several prints of one finger. So a person of many prints gains
 * nothing by having many, and the mean ratio of people who are not the one stays 1, which is what the number
 * of expected false candidates rests on. Whether the finger that left the probe is in the gallery at all
 * is taken to be as likely as not: a half of the ratio is 1, so a probe without a match hardly speaks against
 * a person. Where probe and print both say which finger they are, they are compared only if they agree, and
 * then there is no such half. A gallery finger speaks for one probe only, the one that it
 * agrees with most: the probes are different fingers. The LLRs of the probes then go through hbs_score_fuse.
 */
#include "gallery_fuse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A gallery print of a person who is looked at. */
struct print {
    uint64_t number;
    uint32_t person;
    uint32_t finger;              /* the digits in its id; other prints of this person have it too */
    char id[HBS_SEARCH_ID_MAX + 1];
    bool other[FUSE_PROBES_MAX];  /* not compared: another finger */
    bool same[FUSE_PROBES_MAX];   /* known to be the same finger */
    double raw[FUSE_PROBES_MAX];
};

struct job {
    const struct hbs_gallery *gallery;
    const struct fuse_probe *probes;
    size_t count;
    struct print *prints;
    _Atomic int failed; /* an enum hbs_err */
};

/* Bytes of the person's part of an id, and the finger. */
static size_t split(const char *id, char mark, uint32_t *finger)
{
    const char *at = strrchr(id, mark);
    *finger = 0;
    if (!at || at == id)
        return strlen(id);
    for (const char *p = at + 1; *p >= '0' && *p <= '9' && *finger < 100000000; p++)
        *finger = *finger * 10 + (uint32_t)(*p - '0');
    return (size_t)(at - id);
}

static void compare_one(void *arg, size_t i, unsigned thread)
{
    struct job *job = arg;
    struct print *p = &job->prints[i];
    struct hbs_ctx *ctx = NULL;
    struct hbs_finger_template *t = NULL;
    struct hbs_finger_print *print = NULL;
    char id[HBS_SEARCH_ID_MAX + 1];
    const uint8_t *packed;
    size_t size;
    (void)thread;
    enum hbs_err err = hbs_ctx_open(NULL, &ctx);
    if (!err && !(t = hbs_alloc(ctx, 1, sizeof *t)))
        err = HBS_ERR_NO_MEMORY;
    if (!err && !(err = hbs_gallery_print(ctx, job->gallery, p->number, id, &packed, &size)) &&
        !(err = hbs_finger_unpack(ctx, packed, size, t)))
        err = hbs_finger_prepare(ctx, t, &print);
    for (size_t k = 0; !err && k < job->count; k++) {
        struct hbs_finger_result r;
        bool known = job->probes[k].finger && t->finger;
        p->other[k] = known && job->probes[k].finger != t->finger;
        p->same[k] = known && !p->other[k];
        if (p->other[k])
            continue;
        hbs_finger_compare(job->probes[k].print, print, &r);
        p->raw[k] = (double)r.score;
    }
    if (err)
        job->failed = (int)err;
    hbs_finger_print_close(print);
    if (ctx) {
        hbs_free(ctx, t);
        hbs_ctx_close(ctx);
    }
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int by_person(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_llr(const void *a, const void *b)
{
    const struct fuse_person *x = a, *y = b;
    if (x->llr != y->llr)
        return x->llr > y->llr ? -1 : 1;
    if (x->raw != y->raw)
        return x->raw > y->raw ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The names of people among the candidates, sorted, each once. */
static size_t names_of(const struct fuse_probe *probes, size_t count, char mark, char (*names)[HBS_SEARCH_ID_MAX + 1])
{
    size_t n = 0, kept = 0;
    uint32_t finger;
    for (size_t k = 0; k < count; k++)
        for (uint32_t i = 0; i < probes[k].answer->count; i++) {
            const char *id = probes[k].answer->candidates[i].id;
            memset(names[n], 0, sizeof *names);
            memcpy(names[n++], id, split(id, mark, &finger));
        }
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; i < n; i++)
        if (!kept || strcmp(names[kept - 1], names[i]))
            memmove(names[kept++], names[i], sizeof *names);
    return kept;
}

/* Walks all ids: counts the people of the gallery, gathers the prints of those named. */
static enum hbs_err gather(struct hbs_ctx *ctx, const struct hbs_gallery *g, char mark,
                           char (*names)[HBS_SEARCH_ID_MAX + 1], size_t named, uint64_t *people, struct print **out,
                           size_t *count)
{
    struct hbs_gallery_info info;
    hbs_gallery_info(g, &info);
    size_t n = 0, room = 0;
    struct print *prints = NULL;
    enum hbs_err err = HBS_OK;
    uint64_t *hash = hbs_alloc(ctx, info.prints ? info.prints : 1, sizeof *hash);
    for (uint64_t i = 0; hash && !err && i < info.prints; i++) {
        char id[HBS_SEARCH_ID_MAX + 1], name[HBS_SEARCH_ID_MAX + 1] = "";
        const uint8_t *packed;
        size_t size;
        uint32_t finger;
        if ((err = hbs_gallery_print(ctx, g, i, id, &packed, &size)))
            break;
        size_t length = split(id, mark, &finger);
        memcpy(name, id, length);
        uint64_t h = 0xCBF29CE484222325u; /* FNV-1a; two people of one hash would count as one */
        for (size_t k = 0; k < length; k++)
            h = (h ^ (uint8_t)name[k]) * 0x100000001B3u;
        hash[i] = h;
        const char *found = bsearch(name, names, named, sizeof *names, by_text);
        if (!found)
            continue;
        if (n == room) {
            struct print *more = hbs_alloc(ctx, room ? 2 * room : 256, sizeof *more);
            if (!more) {
                err = HBS_ERR_NO_MEMORY;
                break;
            }
            if (n)
                memcpy(more, prints, n * sizeof *more);
            hbs_free(ctx, prints);
            prints = more;
            room = room ? 2 * room : 256;
        }
        prints[n] = (struct print){.number = i, .finger = finger,
                                   .person = (uint32_t)((found - *names) / (ptrdiff_t)sizeof *names)};
        memcpy(prints[n++].id, id, sizeof id);
    }
    if (!hash)
        err = HBS_ERR_NO_MEMORY;
    *people = 0;
    if (!err) {
        qsort(hash, info.prints, sizeof *hash, by_hash);
        for (uint64_t i = 0; i < info.prints; i++)
            *people += !i || hash[i] != hash[i - 1];
        qsort(prints, n, sizeof *prints, by_person);
    }
    hbs_free(ctx, hash);
    if (err)
        hbs_free(ctx, prints);
    else
        *out = prints;
    *count = n;
    return err;
}

static const struct hbs_score_fusion how = {.rho = HBS_SCORE_RHO_UNMEASURED};

/* The prints [0, n) of one person with all probes. */
static void judge(const struct print *p, size_t n, const struct fuse_probe *probes, size_t count,
                  struct fuse_person *out)
{
    bool taken_probe[FUSE_PROBES_MAX] = {false};
    uint32_t owner[FUSE_PROBES_MAX]; /* the gallery finger that speaks for the probe */
    double llr[FUSE_PROBES_MAX];
    out->prints = (uint32_t)n;
    /* which finger speaks for which probe: the most alike first, each once */
    for (size_t round = 0; round < count; round++) {
        size_t best_probe = count, best = 0;
        for (size_t k = 0; k < count; k++)
            for (size_t i = 0; i < n && !taken_probe[k]; i++) {
                bool spoken = p[i].other[k];
                for (size_t j = 0; j < count && !spoken; j++)
                    spoken = taken_probe[j] && owner[j] == p[i].finger;
                if (!spoken && (best_probe == count || p[i].raw[k] > p[best].raw[best_probe])) {
                    best_probe = k;
                    best = i;
                }
            }
        if (best_probe == count)
            break;
        taken_probe[best_probe] = true;
        owner[best_probe] = p[best].finger;
        memcpy(out->finger[best_probe].ref, p[best].id, sizeof p[best].id);
        out->finger[best_probe].score = p[best].raw[best_probe];
        out->raw += p[best].raw[best_probe];
        out->alone |= p[best].raw[best_probe] >= probes[best_probe].raw_least;
    }
    for (size_t k = 0; k < count; k++) {
        double sum = 0;
        size_t over = 0;
        bool known = true;
        for (size_t i = 0; i < n; i++) {
            if (p[i].other[k])
                continue;
            over++;
            known &= p[i].same[k];
            for (size_t j = 0; j <= count; j++) {
                if (j == count) /* nobody else's */
                    sum += pow(10, hbs_score_llr(&hbs_score_finger, p[i].raw[k]));
                else if (j != k && taken_probe[j] && owner[j] == p[i].finger)
                    break;
            }
        }
        sum = over ? sum / (double)over : 0;
        /* a probe for which no finger is left says nothing */
        llr[k] = out->finger[k].llr = taken_probe[k] ? log10(known ? sum : (1 + sum) / 2) : NAN;
    }
    out->llr = hbs_score_fuse(llr, count, &how);
}

enum hbs_err fuse_people(struct hbs_ctx *ctx, const struct hbs_gallery *g, char mark, const struct fuse_probe *probes,
                         size_t count, unsigned threads, struct fuse_result *out)
{
    size_t most = 1, named, prints = 0;
    struct job job = {.gallery = g, .probes = probes, .count = count};
    enum hbs_err err;
    memset(out, 0, sizeof *out);
    for (size_t k = 0; k < count; k++)
        most += probes[k].answer->count;
    char (*names)[HBS_SEARCH_ID_MAX + 1] = hbs_alloc(ctx, most, sizeof *names);
    out->people = hbs_alloc(ctx, most, sizeof *out->people);
    if (!names || !out->people) {
        err = HBS_ERR_NO_MEMORY;
        goto done;
    }
    named = names_of(probes, count, mark, names);
    if ((err = gather(ctx, g, mark, names, named, &out->gallery_people, &job.prints, &prints)))
        goto done;
    hbs_parallel(threads, prints, compare_one, &job);
    if ((err = (enum hbs_err)job.failed))
        goto done;
    for (size_t i = 0, end; i < prints; i = end) {
        struct fuse_person *p = &out->people[out->count++];
        for (end = i; end < prints && job.prints[end].person == job.prints[i].person; end++)
            ;
        memcpy(p->name, names[job.prints[i].person], sizeof p->name);
        judge(job.prints + i, end - i, probes, count, p);
    }
    if (out->count)
        qsort(out->people, out->count, sizeof *out->people, by_llr);
    double highest[FUSE_PROBES_MAX];
    for (size_t k = 0; k < count; k++)
        highest[k] = log10((1 + pow(10, hbs_score_llr(&hbs_score_finger, INFINITY))) / 2);
    out->most = hbs_score_fuse(highest, count, &how);
done:
    hbs_free(ctx, names);
    hbs_free(ctx, job.prints);
    if (err)
        fuse_close(ctx, out);
    return err;
}

void fuse_close(struct hbs_ctx *ctx, struct fuse_result *result)
{
    hbs_free(ctx, result->people);
    result->people = NULL;
}
