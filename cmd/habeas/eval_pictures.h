/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what `eval finger` and its like for other modalities share: a folder of pictures,
 * a protocol, a matcher, and the report on it.
 */
#ifndef HABEAS_EVAL_PICTURES_H
#define HABEAS_EVAL_PICTURES_H

#include "cmd.h"

struct eval_pictures {
    const char *folder, *protocol; /* NULL: fvc */
    const char *svg, *scores;      /* files to write, or NULL */
    uint64_t threads, resamples;
    bool no_timing;
};

/* Reads the folder, runs the matcher, writes the score file, reports. Returns the exit code. */
int eval_pictures(struct cmd_run *run, const struct hbs_eval_matcher *matcher,
                  const struct eval_pictures *how);

#endif
