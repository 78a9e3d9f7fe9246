/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas eval scores FILE.
 */
#include "eval_report.h"

static const char *svg;
static uint64_t resamples = HBS_EVAL_RESAMPLES, threads;

static const struct cmd_option options[] = {
    {"svg", 0, CMD_FILE, &svg, "FILE", "write the DET plot"},
    {"resamples", 0, CMD_COUNT, &resamples, "N", "of the bootstrap, 0 for none (1000)", 0,
     HBS_EVAL_RESAMPLES_MAX},
    {"threads", 0, CMD_COUNT, &threads, "N", "0 for all processors; changes no answer", 0, 256},
    {0},
};

static int run_scores(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct hbs_eval_set *set = NULL;
    int code = eval_read(run, argv[0], &set);
    if (!code)
        code = eval_report(run, set, argv[0], eval_base(argv[0]), svg, resamples, threads);
    hbs_eval_set_close(set);
    if (!code && run->json) { /* what a file of scores cannot tell */
        json_object_set_new(run->answer, "failed", json_null());
        json_object_set_new(run->answer, "extract_ms", json_null());
        json_object_set_new(run->answer, "compares_per_s", json_null());
    }
    return code;
}

const struct cmd cmd_eval_scores = {
    .name = "eval scores",
    .summary = "error rates from a file of comparison scores",
    .arguments = "FILE",
    .text = "FILE has lines 'G a b score' for genuine and 'I a b score' for impostor pairs, of any\n"
            "matcher and modality; '#' begins a comment, '-' is standard input. A higher score is\n"
            "more alike. Names are FINGER_IMPRESSION: what stands before the last underscore is the\n"
            "finger.\n\n"
            "The EER is where FMR and FNMR cross, interpolated. FNMR at FMR x is taken at the lowest\n"
            "threshold at which at most the share x of the impostor pairs is at or above it. The\n"
            "intervals are bootstrapped over fingers.",
    .example = "habeas eval scores scores.txt --svg det.svg",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run_scores,
};
