/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas gallery create FILE PRINT..., and gallery add.
 */
#include "gallery_input.h"

static struct gallery_input how;
static bool compact;

#define COMMON                                                                                     \
    {"ppi", 0, CMD_NUMBER, &how.ppi, "N", "resolution of all pictures, whatever they declare", 250, 1000}, \
    {"keep-going", 0, CMD_FLAG, &how.keep_going, NULL, "pass over what cannot be read", 0, 0},      \
    {"threads", 0, CMD_COUNT, &how.threads, "N", "0 for all processors; changes nothing in the file", 0, 64}

static const struct cmd_option create_options[] = {
    COMMON,
    {"compact", 0, CMD_FLAG, &compact, NULL, "a third of the memory, a little less telling", 0, 0},
    {0},
};
static const struct cmd_option add_options[] = {COMMON, {0}};

static int finish(struct cmd_run *run, struct hbs_gallery_writer *writer, int argc, char **argv)
{
    int code = gallery_fill(run, writer, &how, argc - 1, argv + 1);
    hbs_gallery_writer_close(writer);
    if (code)
        return code;
    json_object_set_new(run->answer, "gallery", json_string(argv[0]));
    json_object_set_new(run->answer, "stamp", json_string("evaluation"));
    cmd_say(run, "%s: %lld prints added (an evaluation gallery: no registry opens it)\n", argv[0],
            (long long)json_integer_value(json_object_get(run->answer, "added")));
    return 0;
}

static int create(struct cmd_run *run, int argc, char **argv)
{
    struct hbs_gallery_options o = {.compact = compact};
    struct hbs_gallery_writer *writer;
    enum hbs_err err = hbs_gallery_create(run->ctx, argv[0], &o, &writer);
    return err ? cmd_fail(run, err) : finish(run, writer, argc, argv);
}

static int add(struct cmd_run *run, int argc, char **argv)
{
    struct hbs_gallery_writer *writer;
    enum hbs_err err = hbs_gallery_append(run->ctx, argv[0], &writer);
    return err ? cmd_fail(run, err) : finish(run, writer, argc, argv);
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
    .options = create_options,
    .run = create,
};

const struct cmd cmd_gallery_add = {
    .name = "gallery add",
    .summary = "more prints into a gallery",
    .arguments = "FILE PRINT...",
    .text = "Adds the fingerprints PRINT (pictures, templates, records, or folders of them) to the gallery\n"
            "FILE, all or none of them. Searches that run meanwhile go on with what they opened.",
    .example = "habeas gallery add prints.hgal more/0201-01_1.png",
    .least = 2,
    .most = -1,
    .options = add_options,
    .run = add,
};
