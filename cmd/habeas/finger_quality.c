/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas finger quality IMAGE.
 */
#include "finger_input.h"

static struct finger_how how = {.anyway = true}; /* a bad print has a quality too */

static const struct cmd_option options[] = {
    FINGER_HOW_PICTURE(how),
    {0},
};

static int quality(struct cmd_run *run, int argc, char **argv)
{
    static struct finger_input in;
    json_t *all = json_array();
    int code = 0;
    for (int i = 0; i < argc && !code; i++) {
        code = finger_input_read(run, argv[i], &how, &in);
        if (code)
            break;
        const struct hbs_finger_template *t = &in.template;
        double expected = 0;
        for (int k = 0; k < t->count; k++)
            expected += t->minutiae[k].quality * 0.01;
        json_array_append_new(all, json_pack("{s:s,s:i,s:i,s:f,s:f,s:f,s:b,s:f}", "file", argv[i], "quality",
            t->quality, "minutiae", t->count, "expected_again", expected, "area_mm2",
            (double)in.report.area, "ridge_period", (double)in.report.ridge_period, "finger",
            in.report.finger || !in.image.pixels, "likeness", (double)in.report.likeness));
        cmd_say(run, "%3d  %s  (%d minutiae, %.0f expected again, %.0f mm2%s)\n", t->quality, argv[i], t->count,
                expected, (double)in.report.area,
                in.report.finger || !in.image.pixels ? "" : "; does not look like a fingerprint");
        cmd_progress(run, "quality", (size_t)i + 1, (size_t)argc);
        finger_input_close(&in);
    }
    if (!code) {
        if (argc == 1)
            json_object_update(run->answer, json_array_get(all, 0));
        json_object_set(run->answer, "files", all);
    }
    json_decref(all);
    return code;
}

const struct cmd cmd_finger_quality = {
    .name = "finger quality",
    .summary = "how well a fingerprint will match, 0 to 100",
    .arguments = "IMAGE...",
    .text = "The quality grows with the number of minutiae that another impression of the same finger\n"
            "is expected to show again: 43 for ten of them, 67 for twenty, 81 for thirty. It is the same\n"
            "on every machine.",
    .example = "habeas finger quality thumb.png",
    .least = 1,
    .most = -1,
    .options = options,
    .run = quality,
};
