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

/* How the files are to be taken, from the command's options; zeros: as they declare. */
struct finger_how {
    double ppi;      /* of pictures, whatever they declare; 0: not told */
    const char *raw; /* "388x374": bare 8-bit grey pixels of that width and height, row by row */
    bool anyway;     /* also what does not look like a fingerprint */
};
#define FINGER_HOW_PICTURE(how) \
    {"ppi", 0, CMD_NUMBER, &(how).ppi, "N", "the picture's resolution, whatever it declares", 250, 1000}, \
    {"raw", 0, CMD_TEXT, &(how).raw, "WxH", "it is bare 8-bit grey pixels, W wide and H high, row by row", 0, 0}
#define FINGER_HOW_ANYWAY(how) \
    {"anyway", 0, CMD_FLAG, &(how).anyway, NULL, "also what does not look like a fingerprint", 0, 0}

/* Reads the file; returns 0 or the exit code, with the error reported. On success the caller frees with
 * finger_input_close. */
int finger_input_read(struct cmd_run *run, const char *path, const struct finger_how *how, struct finger_input *out);
void finger_input_close(struct finger_input *in);

#endif
