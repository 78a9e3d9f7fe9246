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

/* What the search needs of a template: descriptors and the packed form. */
enum hbs_err gallery_print(struct hbs_ctx *ctx, const struct hbs_finger_template *t,
                           struct hbs_search_print *out);

/* Puts all files named (folders: the files in them) into the writer and commits. Returns the exit
 * code; on 0 the answer has "added" and "passed_over". */
int gallery_fill(struct cmd_run *run, struct hbs_gallery_writer *writer, const struct gallery_input *how,
                 int argc, char **argv);

#endif
