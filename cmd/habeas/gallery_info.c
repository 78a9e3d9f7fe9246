/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas gallery info FILE.
 */
#include "cmd.h"

static bool verify;

static const struct cmd_option options[] = {
    {"verify", 0, CMD_FLAG, &verify, NULL, "check every sum of the file", 0, 0},
    {0},
};

static int info(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct hbs_gallery *g = NULL;
    enum hbs_err err = hbs_gallery_open(run->ctx, argv[0], NULL, &g);
    if (!err && verify)
        err = hbs_gallery_verify(run->ctx, g);
    if (err) {
        hbs_gallery_close(g);
        return cmd_fail(run, err);
    }
    struct hbs_gallery_info i;
    hbs_gallery_info(g, &i);
    double n = i.prints ? (double)i.prints : 1;
    json_object_update_new(run->answer,
        json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:b}", "gallery", argv[0], "stamp", i.stamp, "prints",
                  (json_int_t)i.prints, "epoch", (json_int_t)i.epoch, "cylinders", (json_int_t)i.cylinders,
                  "file_bytes", (json_int_t)i.file_bytes, "screen_bytes", (json_int_t)i.screen_bytes,
                  "stage1_bytes", (json_int_t)i.stage1_bytes, "template_bytes", (json_int_t)i.template_bytes,
                  "memory_bytes", (json_int_t)i.memory_bytes, "bytes_per_print", (double)i.file_bytes / n,
                  "verified", verify));
    cmd_say(run, "%s: %llu prints, stamped %s, epoch %llu\n"
                 "%.0f bytes a print: screening %.0f, stage 1 %.0f, template %.0f\n%s",
            argv[0], (unsigned long long)i.prints, i.stamp, (unsigned long long)i.epoch,
            (double)i.file_bytes / n, (double)i.screen_bytes / n, (double)i.stage1_bytes / n,
            (double)i.template_bytes / n, verify ? "every sum holds\n" : "");
    hbs_gallery_close(g);
    return 0;
}

const struct cmd cmd_gallery_info = {
    .name = "gallery info",
    .summary = "what is in a gallery, and what it costs",
    .arguments = "FILE",
    .text = "Prints, commits (epoch), and bytes a print by what they are for.",
    .example = "habeas gallery info prints.hgal --verify",
    .least = 1,
    .most = 1,
    .options = options,
    .run = info,
};
