/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: a fingerprint from a file of any kind: a picture, a template of ours, a minutiae
 * record or an image record of a standard. Shared by all finger and gallery commands.
 */
#ifndef HABEAS_FINGER_INPUT_H
#define HABEAS_FINGER_INPUT_H

#include "cmd.h"

struct finger_input {
    struct hbs_finger_template template;
    struct hbs_image image;          /* pixels NULL unless the file was a picture */
    struct hbs_finger_report report; /* zeros unless the file was a picture */
    const char *kind;                /* "picture", "template", "iso2005" ... */
};

/* Reads the file; returns 0 or the exit code, with the error reported. `ppi` 0: not told. `anyway`
 * also takes what does not look like a finger. On success the caller frees with finger_input_close. */
int finger_input_read(struct cmd_run *run, const char *path, double ppi, bool anyway,
                      struct finger_input *out);
void finger_input_close(struct finger_input *in);

#endif
