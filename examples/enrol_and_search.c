/* SPDX-License-Identifier: MPL-2.0
 *
 * Enrol and search with libhabeas, on public headers alone:
 *
 *     enrol_and_search GALLERY PROBE PICTURE...
 *
 * Makes the gallery file GALLERY of the pictures, then searches it for the probe. Every picture is
 * decoded in the confined process. The candidates are leads: what they are worth, people decide.
 */
#include <habeas/habeas.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a gallery keeps of a print (descriptors to screen by, the packed template to compare), and
 * the print itself. Large, so not on the stack. */
struct sample {
    struct hbs_finger_template template;
    struct hbs_finger_print *print;
    struct hbs_search_print entry;
};

static enum hbs_err extract(struct hbs_ctx *ctx, struct hbs_decoder *decoder, const char *path, struct sample *out)
{
    struct hbs_image image;
    struct hbs_buf packed;
    struct hbs_finger_cylinder cylinders[HBS_FINGER_MATCHED_MAX];
    enum hbs_err err = hbs_decoder_read(decoder, path, &image);
    if (err)
        return err;
    hbs_buf_init(&packed, ctx, HBS_SEARCH_PACKED_MAX);
    memset(out, 0, sizeof *out);
    if (!(err = hbs_finger_extract(ctx, &image, NULL, &out->template, NULL)) &&
        !(err = hbs_finger_pack(ctx, &out->template, &packed)) &&
        !(err = hbs_finger_prepare(ctx, &out->template, &out->print))) {
        out->entry.count = (uint16_t)hbs_finger_cylinders(out->print, cylinders);
        for (int i = 0; i < out->entry.count; i++) {
            out->entry.angle[i] = cylinders[i].angle;
            memcpy(out->entry.bits[i], cylinders[i].bits, sizeof cylinders[i].bits);
        }
        out->entry.packed_size = (uint16_t)packed.size;
        memcpy(out->entry.packed, packed.data, packed.size);
    }
    hbs_buf_close(&packed);
    hbs_image_close(&image);
    return err;
}

/* The probe against one template of the gallery, in thousandths. One thread, so one room is enough. */
struct search {
    struct hbs_ctx *ctx;
    const struct hbs_finger_print *probe;
    struct hbs_finger_template room;
};
static int32_t compare(void *arg, unsigned thread, const uint8_t *packed, size_t size)
{
    struct search *s = arg;
    struct hbs_finger_print *print;
    struct hbs_finger_result r;
    (void)thread;
    if (hbs_finger_unpack(s->ctx, packed, size, &s->room) || hbs_finger_prepare(s->ctx, &s->room, &print))
        return INT32_MIN;
    hbs_finger_compare(s->probe, print, &r);
    hbs_finger_print_close(print);
    return (int32_t)lrintf(r.score * 1000);
}

static enum hbs_err run(struct hbs_ctx *ctx, struct hbs_decoder *decoder, char **argv)
{
    static struct sample sample;
    static struct search search;
    static struct hbs_search_answer answer;
    struct hbs_gallery_writer *writer;
    struct hbs_gallery *gallery;
    enum hbs_err err = hbs_gallery_create(ctx, argv[1], NULL, &writer);
    if (err)
        return err;
    for (char **path = argv + 3; *path && !err; path++) {
        const char *slash = strrchr(*path, '/');
        if (!(err = extract(ctx, decoder, *path, &sample)))
            err = hbs_gallery_put(writer, slash ? slash + 1 : *path, &sample.entry);
        hbs_finger_print_close(sample.print);
        sample.print = NULL;
    }
    if (!err)
        err = hbs_gallery_commit(writer);
    hbs_gallery_writer_close(writer); /* without a commit there is no file */
    if (err || (err = hbs_gallery_open(ctx, argv[1], NULL, &gallery)))
        return err;
    if (!(err = extract(ctx, decoder, argv[2], &sample))) {
        search = (struct search){.ctx = ctx, .probe = sample.print};
        struct hbs_search_options how = {.compare = compare, .arg = &search, .top = 5, .threads = 1};
        err = hbs_gallery_identify(ctx, gallery, &sample.entry, &how, &answer);
    }
    hbs_finger_print_close(sample.print);
    hbs_gallery_close(gallery);
    if (err)
        return err;
    printf("%llu of %llu prints searched\n", (unsigned long long)answer.searched, (unsigned long long)answer.total);
    for (uint32_t i = 0; i < answer.count; i++)
        printf("log10 LR %5.2f  %s\n", hbs_score_llr(&hbs_score_finger, answer.candidates[i].score / 1000.0),
               answer.candidates[i].id);
    return HBS_OK;
}

int main(int argc, char **argv)
{
    struct hbs_ctx *ctx;
    struct hbs_decoder *decoder = NULL;
    if (argc < 4) {
        fputs("usage: enrol_and_search GALLERY PROBE PICTURE...\n", stderr);
        return 2;
    }
    if (hbs_ctx_open(NULL, &ctx))
        return 6;
    enum hbs_err err = hbs_decoder_open(ctx, NULL, &decoder);
    if (!err)
        err = run(ctx, decoder, argv);
    if (err)
        fprintf(stderr, "%s: %s; %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx), hbs_ctx_do(ctx));
    hbs_decoder_close(decoder);
    hbs_ctx_close(ctx);
    return hbs_err_exit_code(err);
}
