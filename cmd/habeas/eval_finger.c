/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas eval finger --fvc DIR: the finger room as a matcher of the evaluation
 * engine. A thread has a decoder of its own; a sample is a template, a print what is compared.
 */
#include "eval_pictures.h"

static struct eval_pictures how = {.resamples = HBS_EVAL_RESAMPLES};
static double ppi;

static const struct cmd_option options[] = {
    {"fvc", 0, CMD_FILE, &how.folder, "DIR", "folder of pictures FINGER_IMPRESSION.ext", 0, 0},
    {"protocol", 0, CMD_TEXT, &how.protocol, "P", "fvc (usual) or full: all impostor pairs", 0, 0},
    {"ppi", 0, CMD_NUMBER, &ppi, "N", "resolution of all pictures, whatever they declare", 250, 1000},
    {"svg", 0, CMD_FILE, &how.svg, "FILE", "write the DET plot", 0, 0},
    {"scores", 0, CMD_FILE, &how.scores, "FILE", "write the scores, for 'eval scores'", 0, 0},
    {"threads", 0, CMD_COUNT, &how.threads, "N", "0 for all processors; changes no score", 0, 256},
    {"resamples", 0, CMD_COUNT, &how.resamples, "N", "of the bootstrap, 0 for none (1000)", 0,
     HBS_EVAL_RESAMPLES_MAX},
    {"no-timing", 0, CMD_FLAG, &how.no_timing, NULL, "leave out the measurement of speeds", 0, 0},
    {0},
};

/* Raw finger scores are log odds of some tens at most; this is below them all. */
static const double LOWEST = -1000;

struct state {
    struct hbs_ctx *ctx;
    struct hbs_decoder *decoder;
    struct hbs_finger_result result;
};

static enum hbs_err state_open(void *user, struct hbs_ctx *ctx, void **out)
{
    (void)user;
    struct state *s = hbs_alloc(ctx, 1, sizeof *s);
    if (!s)
        return HBS_ERR_NO_MEMORY;
    s->ctx = ctx;
    enum hbs_err err = hbs_decoder_open(ctx, NULL, &s->decoder);
    if (err)
        hbs_free(ctx, s);
    else
        *out = s;
    return err;
}

static void state_close(void *state)
{
    struct state *s = state;
    hbs_decoder_close(s->decoder);
    hbs_free(s->ctx, s);
}

static enum hbs_err extract(void *state, const char *path, void **sample)
{
    struct state *s = state;
    struct hbs_image image;
    enum hbs_err err = hbs_decoder_read(s->decoder, path, &image);
    if (err)
        return err;
    struct hbs_finger_options o = {.ppi = (uint32_t)ppi};
    struct hbs_finger_template *t = hbs_alloc(s->ctx, 1, sizeof *t);
    err = t ? hbs_finger_extract(s->ctx, &image, &o, t, NULL) : HBS_ERR_NO_MEMORY;
    hbs_image_close(&image);
    if (err)
        hbs_free(s->ctx, t);
    else
        *sample = t;
    return err;
}

static enum hbs_err prepare(void *state, const void *sample, void **print)
{
    struct hbs_finger_print *p;
    enum hbs_err err = hbs_finger_prepare(((struct state *)state)->ctx, sample, &p);
    if (!err)
        *print = p;
    return err;
}

static enum hbs_err compare(void *state, const void *probe, const void *candidate, double *score)
{
    struct state *s = state;
    hbs_finger_compare(probe, candidate, &s->result);
    *score = (double)s->result.score;
    return HBS_OK;
}

static void free_sample(void *state, void *sample) { hbs_free(((struct state *)state)->ctx, sample); }
static void free_print(void *state, void *print)
{
    (void)state;
    hbs_finger_print_close(print);
}
static double elsewhere(void *state) { return hbs_decoder_cpu(((struct state *)state)->decoder); }

static const struct hbs_eval_matcher finger = {
    .lowest = LOWEST,
    .open = state_open,
    .close = state_close,
    .extract = extract,
    .prepare = prepare,
    .compare = compare,
    .free_sample = free_sample,
    .free_print = free_print,
    .elsewhere = elsewhere,
};

/* How many of the generated pictures of other things are taken for a finger. */
static enum hbs_err count_nonfingers(struct cmd_run *run, unsigned *taken)
{
    struct hbs_finger_template *t = hbs_alloc(run->ctx, 1, sizeof *t);
    struct hbs_finger_options o = {.ppi = 500};
    enum hbs_err err = t ? HBS_OK : HBS_ERR_NO_MEMORY;
    *taken = 0;
    for (unsigned i = 0; i < HBS_SYNTH_NONFINGER_SET && !err; i++) {
        struct hbs_image image;
        struct hbs_finger_report report;
        if ((err = hbs_synth_nonfinger(run->ctx, i % HBS_SYNTH_NONFINGER_KINDS, i, &image)))
            break;
        err = hbs_finger_extract(run->ctx, &image, &o, t, &report);
        hbs_image_close(&image);
        *taken += !err && report.finger;
        cmd_progress(run, "other things", i + 1, HBS_SYNTH_NONFINGER_SET);
    }
    hbs_free(run->ctx, t);
    return err;
}

static int run_finger(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (!how.folder)
        return cmd_misuse(run, "--fvc", "name a folder of pictures FINGER_IMPRESSION.ext", "no folder named");
    int code = eval_pictures(run, &finger, &how);
    if (code)
        return code;
    unsigned taken;
    enum hbs_err err = count_nonfingers(run, &taken);
    if (err)
        return cmd_fail(run, err);
    json_object_set_new(run->answer, "kernel", json_string(hbs_finger_kernel()));
    json_object_set_new(run->answer, "nonfinger",
                        json_pack("{s:i,s:i}", "pictures", (int)HBS_SYNTH_NONFINGER_SET, "taken", (int)taken));
    cmd_say(run, "kernel %s\n%u of %u generated pictures of other things taken for a finger\n",
            hbs_finger_kernel(), taken, HBS_SYNTH_NONFINGER_SET);
    return code;
}

const struct cmd cmd_eval_finger = {
    .name = "eval finger",
    .summary = "accuracy and speed of the fingerprint matcher on a folder of pictures",
    .arguments = "--fvc DIR",
    .text = "DIR holds one picture a print, called FINGER_IMPRESSION with any ending, as in the\n"
            "Fingerprint Verification Competitions; what is a picture is told from its content, other\n"
            "files are passed over. Protocol fvc compares all prints of a finger and the first prints\n"
            "of all fingers; full compares all prints of different fingers too. A picture that cannot\n"
            "be extracted stays in with the lowest score.\n\n"
            "Speeds are measured on one thread: extraction is the median over the pictures of the CPU\n"
            "time to read, decode and extract one; comparisons are both stages, the probe's\n"
            "preparation included.",
    .example = "habeas eval finger --fvc fvc2002_db1b --protocol full --svg det.svg",
    .least = 0,
    .most = 0,
    .options = options,
    .run = run_finger,
};
