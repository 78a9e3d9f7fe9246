/* SPDX-License-Identifier: MPL-2.0
 *
 * Benchmark of proofs about laws (room law), JSON lines: how long a claim, a lint and a diff take.
 *
 *   bench_law_proof [FOLDER...]      packs *.law; default: law/ of the source
 *
 * For each pack: a claim that is proved, one that is refuted with its smallest counterexample, looking for
 * faults, comparing it with itself. Made packs of 10, 100 and 1,000 rules show how that grows. Thread CPU
 * time, the least of several runs. The floor of a claim is the translation alone: the solver must at least
 * be told the rules. The bar is five seconds a claim.
 */
#include "habeas/law.h"

#include "law/prove_int.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 3 };
static const double BAR = 5;
static const struct hbs_law_prove_options options = {.seconds = 600};
static const char proved[] = "always(has(actor.id) && (modality != \"face\" || act != \"identify\" || gallery.size <= 10000))";
static const char refuted[] = "never(subject.age != 17)";

/* Reading conditions, making the unknowns, translating the rules. */
static double translation(struct hbs_ctx *ctx, const struct hbs_law *law)
{
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        struct law_domains d;
        struct law_question q = {0};
        struct law_terms t = {0};
        double start = hbs_clock_cpu();
        law_domains_open(ctx, &d);
        if (law_domains_read_articles(&d) || law_domains_read_law(&d, law) || law_domains_make(&d) ||
            law_question_open(ctx, &d, &q) || law_terms_open(&q, law, &t))
            return -1;
        double took = hbs_clock_cpu() - start;
        law_terms_close(&q, &t);
        law_question_close(&q);
        law_domains_close(&d);
        best = took < best ? took : best;
    }
    return best;
}

static double claim(struct hbs_ctx *ctx, const struct hbs_law *law, const char *text, uint32_t *checks)
{
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        struct hbs_law_proof p;
        double start = hbs_clock_cpu();
        if (hbs_law_prove(ctx, law, text, &options, &p))
            return -1;
        double took = hbs_clock_cpu() - start;
        *checks = p.checks;
        best = took < best ? took : best;
    }
    return best;
}

static int bench(struct hbs_ctx *ctx, const struct hbs_law *law, bool whole)
{
    struct hbs_law_info info;
    struct hbs_law_lint l;
    struct hbs_law_diff d;
    uint32_t checks[2] = {0};
    hbs_law_info(law, &info);
    double floor = translation(ctx, law), yes = claim(ctx, law, proved, &checks[0]), no = claim(ctx, law, refuted, &checks[1]);
    printf("{\"bench\":\"law_claim\",\"pack\":\"%s\",\"rules\":%u,\"proved_s\":%.4f,\"refuted_s\":%.4f,\"questions\":%u,"
           "\"bar_s\":%.0f,\"floor_s\":%.4f,\"of_floor\":%.1f}\n", info.name, info.rules, yes, no, checks[1], BAR, floor,
           (yes > no ? yes : no) / floor);
    if (!whole)
        return floor < 0 || yes < 0 || no < 0;
    double start = hbs_clock_cpu();
    if (hbs_law_lint(ctx, law, &options, &l))
        return 1;
    double linted = hbs_clock_cpu() - start;
    start = hbs_clock_cpu();
    if (hbs_law_diff(ctx, law, law, &options, &d))
        return 1;
    printf("{\"bench\":\"law_lint\",\"pack\":\"%s\",\"rules\":%u,\"lint_s\":%.3f,\"lint_questions\":%u,\"findings\":%u,\"diff_s\":%.3f,"
           "\"floor_s\":%.4f}\n", info.name, info.rules, linted, l.checks, l.count, hbs_clock_cpu() - start, floor);
    hbs_law_lint_close(&l);
    hbs_law_diff_close(&d);
    return floor < 0 || yes < 0 || no < 0;
}

static int bench_made(struct hbs_ctx *ctx, int rules)
{
    struct hbs_buf text;
    struct hbs_law *law = NULL;
    hbs_buf_init(&text, ctx, HBS_LAW_TEXT_MAX);
    enum hbs_err err = hbs_buf_printf(&text, "pack made version \"1\"\n");
    for (int i = 0; i < rules && !err; i++)
        err = hbs_buf_printf(&text, "rule r%d %s \"x\"\n cites \"x\"\n status final\n in force from 20%02d-01-01\n acts collect, enrol\n"
                             " modalities dna\n purposes custody\n when place.city == \"City %d\" && subject.arrested\n"
                             "   && subject.age >= %d && subject.status != \"permanent-resident\"\n%s", i, i % 5 ? "permit" : "forbid",
                             i % 30, i / 2, 10 + i % 10, i % 5 ? " keeps for 1 year\n" : "");
    if (err || hbs_law_open(ctx, "made", (const char *)text.data, text.size, NULL, NULL, &law))
        return 1;
    int bad = bench(ctx, law, rules <= 100);
    hbs_law_close(law);
    hbs_buf_close(&text);
    return bad;
}

static int bench_file(struct hbs_ctx *ctx, const char *folder, const char *file)
{
    char path[4096];
    struct hbs_buf text;
    struct hbs_law *law = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    hbs_buf_init(&text, ctx, HBS_LAW_TEXT_MAX);
    if (hbs_file_read(ctx, path, &text) || hbs_law_open(ctx, path, (const char *)text.data, text.size, NULL, NULL, &law)) {
        fprintf(stderr, "%s: %s\n", path, hbs_ctx_what(ctx));
        return 1;
    }
    int bad = bench(ctx, law, true);
    hbs_law_close(law);
    hbs_buf_close(&text);
    return bad;
}

static int is_pack(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 4 && !strcmp(e->d_name + n - 4, ".law");
}

int main(int argc, char **argv)
{
    struct hbs_ctx *ctx = NULL;
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    int bad = bench_made(ctx, 10) || bench_made(ctx, 100) || bench_made(ctx, 1000);
    char own[4096];
    const char *source = getenv("HABEAS_SOURCE");
    snprintf(own, sizeof own, "%s/law", source ? source : ".");
    char *one[] = {own};
    char **folders = argc > 1 ? argv + 1 : one;
    for (int i = 0; i < (argc > 1 ? argc - 1 : 1); i++) {
        struct dirent **e = NULL;
        int n = scandir(folders[i], &e, is_pack, alphasort);
        for (int k = 0; k < n; k++) {
            bad |= bench_file(ctx, folders[i], e[k]->d_name);
            free(e[k]);
        }
        free(e);
    }
    hbs_ctx_close(ctx);
    return bad;
}
