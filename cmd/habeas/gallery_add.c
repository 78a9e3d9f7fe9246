/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas gallery add FILE PRINT...
 */
#include "gallery_input.h"

static struct gallery_input how;

static const struct cmd_option options[] = {GALLERY_INPUT_OPTIONS(how), {0}};

static int add(struct cmd_run *run, int argc, char **argv)
{
    struct hbs_gallery_writer *writer;
    enum hbs_err err = hbs_gallery_append(run->ctx, argv[0], &writer);
    return err ? cmd_fail(run, err) : gallery_fill_and_tell(run, writer, &how, argc, argv);
}

const struct cmd cmd_gallery_add = {
    .name = "gallery add",
    .summary = "more prints into a gallery",
    .arguments = "FILE PRINT...",
    .text = "Adds the fingerprints PRINT (pictures, templates, records, or folders of them) to the gallery\n"
            "FILE, all or none of them. Searches that run meanwhile go on with what they opened.",
    .example = "habeas gallery add prints.hgal more/0201-01_1.png",
    .least = 2,
    .most = -1,
    .options = options,
    .run = add,
};
