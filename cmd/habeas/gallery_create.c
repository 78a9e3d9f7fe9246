/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas gallery create FILE PRINT....
 */
#include "gallery_input.h"

static struct gallery_input how;
static bool compact;

static const struct cmd_option options[] = {
    GALLERY_INPUT_OPTIONS(how),
    {"compact", 0, CMD_FLAG, &compact, NULL, "a third of the memory, a little less telling", 0, 0},
    {0},
};
static int create(struct cmd_run *run, int argc, char **argv)
{
    struct hbs_gallery_options o = {.compact = compact};
    struct hbs_gallery_writer *writer;
    enum hbs_err err = hbs_gallery_create(run->ctx, argv[0], &o, &writer);
    return err ? cmd_fail(run, err) : gallery_fill_and_tell(run, writer, &how, argc, argv);
}

const struct cmd cmd_gallery_create = {
    .name = "gallery create",
    .summary = "a searchable gallery from pictures or templates",
    .arguments = "FILE PRINT...",
    .text = "Makes the gallery FILE, which must not exist, of the fingerprints PRINT: pictures, templates,\n"
            "records, or folders of them. A print's name in the gallery is its file's without the ending.\n"
            "The file appears whole or not at all.\n\n"
            "The gallery is a cache: it can be made again from the prints. It is stamped \"evaluation\"\n"
            "and for laboratory work only; a registry will not open it.",
    .example = "habeas gallery create prints.hgal prints/",
    .least = 2,
    .most = -1,
    .options = options,
    .run = create,
};
