/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what the commands `eval ...` share: the rates as a table or as JSON members, the
 * DET plot, reading a score file.
 */
#ifndef HABEAS_EVAL_REPORT_H
#define HABEAS_EVAL_REPORT_H

#include "cmd.h"

/* The bootstrap's seed: fixed, so that the same scores always give the same intervals. */
#define EVAL_SEED 20040713u

/* Measures the set, fills the JSON answer (genuine ... ci95, thresholds, cmc) or prints the table,
 * and writes the DET plot when `svg` is not NULL. `name` stands in the plot's key. `where` (a file
 * or folder) is the place of errors. Returns the exit code. */
int eval_report(struct cmd_run *run, const struct hbs_eval_set *set, const char *where,
                const char *name, const char *svg, uint64_t resamples, uint64_t threads);

/* Reads a score file into an empty set that it opens. Returns the exit code. */
int eval_read(struct cmd_run *run, const char *path, struct hbs_eval_set **out);

/* The last part of a path. */
const char *eval_base(const char *path);

#endif
