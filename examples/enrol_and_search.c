/* SPDX-License-Identifier: MPL-2.0
 *
 * Enrol and search with libhabeas, on public headers alone:
 *
 *     enrol_and_search PROBE ENROLLED...
 *
 * Every picture is decoded in the confined process and turned into a template; the probe is compared
 * with each enrolled print, and the candidates are listed, best first. They are leads: what the
 * likelihood ratio of a score is worth, people decide.
 */
#include <habeas/habeas.h>

#include <stdio.h>
#include <stdlib.h>

struct candidate {
    const char *name;
    int order;
    struct hbs_finger_result result;
};

/* A picture file to a print that can be compared. NULL when that failed: the context knows why. */
static struct hbs_finger_print *enrol(struct hbs_ctx *ctx, struct hbs_decoder *decoder, const char *path)
{
    struct hbs_image image;
    struct hbs_finger_template *t = malloc(sizeof *t);
    struct hbs_finger_print *print = NULL;
    if (t && !hbs_decoder_read(decoder, path, &image)) {
        if (hbs_finger_extract(ctx, &image, NULL, t, NULL) || hbs_finger_prepare(ctx, t, &print))
            print = NULL;
        hbs_image_close(&image);
    }
    if (!print)
        fprintf(stderr, "%s: %s; %s\n", path, hbs_ctx_what(ctx), hbs_ctx_do(ctx));
    free(t);
    return print;
}

/* Best first; of equal scores the one that was named first. */
static int by_score(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->result.score != y->result.score)
        return x->result.score < y->result.score ? 1 : -1;
    return x->order - y->order;
}

int main(int argc, char **argv)
{
    struct hbs_ctx *ctx;
    struct hbs_decoder *decoder = NULL;
    if (argc < 3) {
        fputs("usage: enrol_and_search PROBE ENROLLED...\n", stderr);
        return 2;
    }
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    enum hbs_err err = hbs_decoder_open(ctx, NULL, &decoder);
    if (err)
        fprintf(stderr, "%s; %s\n", hbs_ctx_what(ctx), hbs_ctx_do(ctx));
    struct candidate *found = calloc((size_t)argc, sizeof *found);
    struct hbs_finger_print *probe = err || !found ? NULL : enrol(ctx, decoder, argv[1]);
    size_t count = 0;
    for (int i = 2; i < argc && probe; i++) {
        struct hbs_finger_print *print = enrol(ctx, decoder, argv[i]);
        if (!print)
            continue;
        found[count].name = argv[i];
        found[count].order = i;
        hbs_finger_compare(probe, print, &found[count++].result);
        hbs_finger_print_close(print);
    }
    if (count)
        qsort(found, count, sizeof *found, by_score);
    printf("%zu prints of %d compared\n", count, argc - 2);
    for (size_t i = 0; i < count && i < 5; i++)
        printf("%zu  score %7.2f  log10 LR %5.2f  %2d minutiae correspond  %s\n", i + 1,
               (double)found[i].result.score, hbs_score_llr(&hbs_score_finger, (double)found[i].result.score),
               found[i].result.paired, found[i].name);
    int code = err ? hbs_err_exit_code(err) : count == (size_t)argc - 2 ? 0 : 2;
    hbs_finger_print_close(probe);
    hbs_decoder_close(decoder);
    hbs_ctx_close(ctx);
    free(found);
    return code;
}
