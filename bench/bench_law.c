/* SPDX-License-Identifier: MPL-2.0
 *
 * Benchmark of room law, JSON lines: how long a ruling takes, and reading facts from JSON apart from it.
 *
 *   bench_law [FOLDER...]      packs *.law with their *.cases; default: law/ of the source
 *
 * For each pack all its cases are ruled on, with the status known as the case has it and forgotten, and
 * the slowest is told. Made packs of 10, 100 and 1,000 rules show how time grows. Thread CPU time, the
 * least of several runs of each act: others share the machine. The bar is 20 microseconds a ruling. The
 * floor is the two keyed hashes that every ruling takes (its facts, itself), over the same bytes.
 */
#include "habeas/law.h"

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 7, TURNS = 300 };
static const double BAR = 20e-6;
static volatile uint64_t sink;

static double ruling_time(const struct hbs_law *law, const struct hbs_facts *facts, int64_t on)
{
    double best = 1;
    struct hbs_ruling r;
    for (int run = 0; run < RUNS; run++) {
        double t = hbs_clock_cpu();
        for (int i = 0; i < TURNS; i++) {
            hbs_law_rule(law, facts, on, &r);
            sink += r.seal;
        }
        t = (hbs_clock_cpu() - t) / TURNS;
        best = t < best ? t : best;
    }
    return best;
}

/* SipHash of what a ruling hashes: about 300 bytes of facts, about 20 words of itself. */
static double floor_time(void)
{
    static unsigned char bytes[480], key[crypto_shorthash_KEYBYTES], out[8];
    double best = 1;
    for (int run = 0; run < RUNS; run++) {
        double t = hbs_clock_cpu();
        for (int i = 0; i < TURNS; i++) {
            crypto_shorthash(out, bytes, 320, key);
            bytes[0] = out[0];
            crypto_shorthash(out, bytes + 320, 160, key);
            bytes[320] = out[0];
        }
        t = (hbs_clock_cpu() - t) / TURNS;
        best = t < best ? t : best;
    }
    return best;
}

static bool read_all(struct hbs_ctx *ctx, const char *path, struct hbs_buf *text)
{
    hbs_buf_init(text, ctx, HBS_LAW_TEXT_MAX);
    if (!hbs_file_read(ctx, path, text))
        return true;
    fprintf(stderr, "%s: %s\n", path, hbs_ctx_what(ctx));
    return false;
}

static double slowest(const struct hbs_law *law, const struct hbs_law_cases *cases, bool forget, const char **name)
{
    double most = 0;
    for (size_t i = 0; i < hbs_law_cases_count(cases); i++) {
        struct hbs_law_case c;
        hbs_law_cases_run(law, cases, i, &c);
        struct hbs_facts facts = *c.facts;
        if (forget)
            hbs_facts_forget(&facts, HBS_FACT_SUBJECT_STATUS);
        double t = ruling_time(law, &facts, c.on);
        if (t > most) {
            most = t;
            *name = c.name;
        }
    }
    return most;
}

static int bench_pack(struct hbs_ctx *ctx, const char *folder, const char *file, double floor)
{
    char path[4096];
    struct hbs_buf text, more;
    struct hbs_law *law = NULL;
    struct hbs_law_cases *cases = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (!read_all(ctx, path, &text) || hbs_law_open(ctx, path, (const char *)text.data, text.size, NULL, NULL, &law))
        return 1;
    snprintf(path + strlen(path) - 4, 8, ".cases");
    if (!read_all(ctx, path, &more) ||
        hbs_law_cases_open(ctx, law, path, (const char *)more.data, more.size, NULL, NULL, &cases))
        return 1;
    struct hbs_law_info info;
    hbs_law_info(law, &info);
    const char *name = "", *unknown = "";
    double most = slowest(law, cases, false, &name), most_unknown = slowest(law, cases, true, &unknown);
    printf("{\"bench\":\"law_ruling\",\"pack\":\"%s\",\"rules\":%u,\"cases\":%zu,\"max_us\":%.2f,\"max_us_status_unknown\":%.2f,"
           "\"bar_us\":%.0f,\"of_bar\":%.3f,\"floor_us\":%.2f}\n", info.name, info.rules, hbs_law_cases_count(cases), most * 1e6,
           most_unknown * 1e6, BAR * 1e6, (most > most_unknown ? most : most_unknown) / BAR, floor * 1e6);
    hbs_law_cases_close(cases);
    hbs_law_close(law);
    hbs_buf_close(&text);
    hbs_buf_close(&more);
    return 0;
}

static const char facts_json[] =
    "{\"act\":\"collect\",\"modality\":\"dna\",\"purpose\":\"custody\",\"programme\":\"made-up\","
    "\"actor\":{\"id\":\"o1\",\"role\":\"officer\",\"agency\":\"A\",\"office\":\"B\"},\"subject\":{\"age\":34,\"status\":\"undocumented\","
    "\"citizenship\":\"MX\",\"visa\":\"\",\"arrested\":true,\"charged\":false,\"convicted\":false,\"detained\":true,"
    "\"fingerprinted\":true,\"criminal_arrest\":false},\"consent\":{\"given\":false,\"written\":false,\"by\":\"self\"},"
    "\"notice\":{\"version\":\"1\"},\"place\":{\"city\":\"Here\",\"sector\":\"\",\"port\":\"\",\"port_kind\":\"\",\"kind\":\"facility\","
    "\"direction\":\"\"},\"facility\":{\"operator\":\"C\",\"capacity\":500,\"occupancy\":410},\"case\":{\"id\":\"\",\"offence\":\"\"},"
    "\"authoriser\":{\"id\":\"\"},\"warrant\":false,\"assessment\":{\"id\":\"P\",\"until\":\"2030-01-01\"},\"partner\":{\"id\":\"\"},"
    "\"gallery\":{\"kind\":\"\",\"size\":0},\"relation\":\"\",\"sample\":{\"quality\":0}}";

/* A pack in which every rule is looked into: the last fact decides. */
static int bench_made(struct hbs_ctx *ctx, int rules, const struct hbs_facts *facts, int64_t on, double floor)
{
    struct hbs_buf text;
    struct hbs_law *law = NULL;
    hbs_buf_init(&text, ctx, HBS_LAW_TEXT_MAX);
    enum hbs_err err = hbs_buf_printf(&text, "pack made version \"1\"\nprogramme made-up \"x\"\n");
    for (int i = 0; i < rules && !err; i++)
        err = hbs_buf_printf(&text, "rule r%d permit \"x\"\n cites \"x\"\n status final\n in force from 2000-01-01\n acts collect, enrol\n"
                             " modalities dna\n purposes custody\n programmes made-up\n when place.city == \"City %d\" && subject.arrested\n"
                             "   && subject.age >= 14 && subject.status != \"permanent-resident\"\n keeps for 1 year\n", i, i);
    if (err || hbs_law_open(ctx, "made", (const char *)text.data, text.size, NULL, NULL, &law))
        return 1;
    struct hbs_facts unknown = *facts;
    hbs_facts_forget(&unknown, HBS_FACT_SUBJECT_STATUS);
    double known = ruling_time(law, facts, on), not = ruling_time(law, &unknown, on);
    printf("{\"bench\":\"law_ruling_made\",\"rules\":%d,\"us\":%.2f,\"us_status_unknown\":%.2f,\"floor_us\":%.2f}\n", rules,
           known * 1e6, not * 1e6, floor * 1e6);
    hbs_law_close(law);
    hbs_buf_close(&text);
    return 0;
}

static int is_pack(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 4 && !strcmp(e->d_name + n - 4, ".law");
}

int main(int argc, char **argv)
{
    struct hbs_ctx *ctx = NULL;
    struct hbs_facts facts;
    int64_t on;
    if (hbs_ctx_open(NULL, &ctx) || hbs_date_read(ctx, "2020-05-15", &on))
        return 1;
    double read = 1;
    for (int run = 0; run < RUNS; run++) {
        double t = hbs_clock_cpu();
        for (int i = 0; i < TURNS; i++)
            if (hbs_facts_read(ctx, facts_json, sizeof facts_json - 1, &facts))
                return 1;
        t = (hbs_clock_cpu() - t) / TURNS;
        read = t < read ? t : read;
    }
    printf("{\"bench\":\"law_facts_read\",\"bytes\":%zu,\"us\":%.2f}\n", sizeof facts_json - 1, read * 1e6);
    double floor = floor_time();
    int bad = bench_made(ctx, 10, &facts, on, floor) || bench_made(ctx, 100, &facts, on, floor) ||
              bench_made(ctx, 1000, &facts, on, floor);
    char own[4096];
    const char *source = getenv("HABEAS_SOURCE");
    snprintf(own, sizeof own, "%s/law", source ? source : ".");
    char *one[] = {own};
    char **folders = argc > 1 ? argv + 1 : one;
    for (int i = 0; i < (argc > 1 ? argc - 1 : 1); i++) {
        struct dirent **e = NULL;
        int n = scandir(folders[i], &e, is_pack, alphasort);
        for (int k = 0; k < n; k++) {
            bad |= bench_pack(ctx, folders[i], e[k]->d_name, floor);
            free(e[k]);
        }
        free(e);
    }
    hbs_ctx_close(ctx);
    return bad;
}
