/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas finger compare A B. It says how alike two prints are and what that is
 * worth as evidence; whether they are of one finger is for two people to decide.
 */
#include "finger_input.h"

static struct finger_how how;
static bool list;

static const struct cmd_option options[] = {
    FINGER_HOW_PICTURE(how),
    {"pairs", 0, CMD_FLAG, &list, NULL, "list the corresponding minutiae", 0, 0},
    FINGER_HOW_ANYWAY(how),
    {0},
};

static json_t *place(const struct hbs_minutia *m)
{
    return json_pack("[f,f,f]", m->x / (double)HBS_FINGER_UNIT, m->y / (double)HBS_FINGER_UNIT,
                     m->angle * (360.0 / 256));
}

static int compare(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    static struct finger_input in[2];
    struct hbs_finger_print *print[2] = {NULL, NULL};
    int code = 0;
    for (int i = 0; i < 2 && !code; i++) {
        code = finger_input_read(run, argv[i], &how, &in[i]);
        if (!code) {
            enum hbs_err err = hbs_finger_prepare(run->ctx, &in[i].template, &print[i]);
            code = err ? cmd_fail(run, err) : 0;
        }
    }
    if (!code) {
        struct hbs_finger_result r;
        hbs_finger_compare(print[0], print[1], &r);
        double raw = (double)r.score;
        double llr = hbs_score_llr(&hbs_score_finger, raw), fmr = hbs_score_fmr(&hbs_score_finger, raw);
        json_t *pairs = json_array();
        for (int i = 0; i < r.paired; i++)
            json_array_append_new(pairs, json_pack("[o,o]", place(&in[0].template.minutiae[r.pairs[i].a]),
                                                   place(&in[1].template.minutiae[r.pairs[i].b])));
        json_object_update_new(run->answer,
            json_pack("{s:s,s:f,s:f,s:f,s:[i,i],s:i,s:f,s:[f,f],s:i,s:f,s:s}", "class", "lead", "score", raw,
                      "llr", llr, "fmr", fmr, "minutiae", in[0].template.count, in[1].template.count,
                      "paired", r.paired, "turn_degrees", (double)r.turn * (360.0 / 256), "move",
                      (double)r.dx, (double)r.dy, "overlap_cells", r.overlap, "orientation_agreement",
                      (double)r.agreement, "kernel", hbs_finger_kernel()));
        cmd_say(run, "score %.2f  log10 LR %.2f  FMR %.2g\n%d and %d minutiae, %d correspond\n"
                     "a lead, not a verdict: two people decide\n",
                raw, llr, fmr, in[0].template.count, in[1].template.count, r.paired);
        if (list) {
            size_t i;
            json_t *p;
            json_object_set(run->answer, "pairs", pairs);
            json_array_foreach(pairs, i, p) {
                json_t *a = json_array_get(p, 0), *b = json_array_get(p, 1);
                cmd_say(run, "  %6.1f %6.1f  %6.1f %6.1f\n", json_number_value(json_array_get(a, 0)),
                        json_number_value(json_array_get(a, 1)), json_number_value(json_array_get(b, 0)),
                        json_number_value(json_array_get(b, 1)));
            }
        }
        json_decref(pairs);
    }
    for (int i = 0; i < 2; i++) {
        hbs_finger_print_close(print[i]);
        finger_input_close(&in[i]);
    }
    return code;
}

const struct cmd cmd_finger_compare = {
    .name = "finger compare",
    .summary = "how alike two fingerprints are, and what that is worth",
    .arguments = "A B",
    .text = "A and B are pictures, templates or records, in any mix. The answer is the raw score, the\n"
            "log10 of the likelihood ratio (how many times more probable such a score is for one finger\n"
            "than for two), and the FMR: the share of pairs of different fingers that would score as\n"
            "high or higher. Neither claims more than the data behind the calibration support.\n\n"
            "A score is a lead. It is not a decision, and no exit code makes it one: the code is 0\n"
            "whenever the comparison was made.",
    .example = "habeas finger compare thumb.png card.iso --json",
    .least = 2,
    .most = 2,
    .options = options,
    .run = compare,
};
