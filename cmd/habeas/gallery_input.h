/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: many fingerprints into a gallery: folders walked, pictures decoded and extracted
 * on all processors, put in in the order of their names. Shared by `gallery create` and `gallery add`.
 */
#ifndef HABEAS_GALLERY_INPUT_H
#define HABEAS_GALLERY_INPUT_H

#include "cmd.h"

struct gallery_input {
    double ppi;         /* 0: not told */
    uint64_t threads;   /* 0: all */
    bool keep_going;    /* pass over what cannot be read instead of stopping */
};

/* Their options in a command's table. */
#define GALLERY_INPUT_OPTIONS(how)                                                                 \
    {"ppi", 0, CMD_NUMBER, &(how).ppi, "N", "resolution of all pictures, whatever they declare", 250, 1000}, \
    {"keep-going", 0, CMD_FLAG, &(how).keep_going, NULL, "pass over what cannot be read", 0, 0},    \
    {"threads", 0, CMD_COUNT, &(how).threads, "N", "0 for all processors; changes nothing in the file", 0, 64}

/* What the search needs of a template: descriptors and the packed form. */
enum hbs_err gallery_print(struct hbs_ctx *ctx, const struct hbs_finger_template *t,
                           struct hbs_search_print *out);

/* Puts all files named from argv[1] on (folders: the files in them) into the writer of the gallery
 * argv[0], commits, closes the writer and tells. Returns the exit code. */
int gallery_fill_and_tell(struct cmd_run *run, struct hbs_gallery_writer *writer,
                          const struct gallery_input *how, int argc, char **argv);

#endif
