/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what every command shares. A command is one file with one `struct cmd`: its
 * name, words for people, a table of options and a run function. The table makes --help, the man
 * page and the checks of the arguments, so that they cannot disagree.
 *
 * Answers: with --json exactly one object on stdout, whatever the exit code; progress and warnings
 * on stderr. Without it text for people on stdout. Exit codes are those of the contract.
 */
#ifndef HABEAS_CMD_H
#define HABEAS_CMD_H

#include "habeas/habeas.h"

#include <jansson.h>

enum cmd_kind {
    CMD_FLAG,   /* bool *: no argument */
    CMD_TEXT,   /* const char **: any argument */
    CMD_FILE,   /* const char **: a file's or folder's name */
    CMD_NUMBER, /* double *: within [least, most] */
    CMD_COUNT   /* uint64_t *: a whole number within [least, most] */
};

struct cmd_option {
    const char *name;     /* "ppi" for --ppi; NULL ends the table */
    char letter;          /* 'o' for -o, 0 for none */
    enum cmd_kind kind;
    void *value;          /* where it goes; untouched when the option is absent */
    const char *argument; /* "N", "FILE" for the help; NULL for a flag */
    const char *help;
    double least, most;   /* of a number; both 0: no bound but the type's */
};

struct cmd_run {
    const struct cmd *cmd;
    struct hbs_ctx *ctx;
    struct hbs_decoder *decoder; /* made by cmd_decoder */
    bool json;
    json_t *answer;  /* the object that --json prints; a command fills it */
    bool showing;    /* a progress line stands on stderr */
    double shown_at;
};

struct cmd {
    const char *name;      /* "finger compare" */
    const char *summary;   /* one line */
    const char *arguments; /* "A B" for the usage line */
    const char *text;      /* paragraphs for --help and the man page */
    const char *example;   /* a command line and what it does */
    int least, most;       /* number of arguments that are not options; most -1: no limit */
    /* Fills in the option table (static storage; values preset to defaults). May be NULL. */
    const struct cmd_option *options;
    int (*run)(struct cmd_run *run, int argc, char **argv); /* returns the exit code */
};

extern const struct cmd *const cmd_all[]; /* ends with NULL; main.c */

/* Reports the context's last error and returns its exit code: `return cmd_fail(run, err);`. */
int cmd_fail(struct cmd_run *run, enum hbs_err err);
/* Reports a mistake of the caller's (exit 2). */
int cmd_misuse(struct cmd_run *run, const char *where, const char *action, const char *format, ...)
    HBS_PRINTF(4, 5);
/* One line on stderr: "habeas: warning: ...". */
void cmd_warn(struct cmd_run *run, const char *format, ...) HBS_PRINTF(2, 3);
/* Text for people on stdout; nothing with --json. */
void cmd_say(struct cmd_run *run, const char *format, ...) HBS_PRINTF(2, 3);
/* A progress line on stderr, when it is a terminal, from a second of work on. done == total clears
 * it. */
void cmd_progress(struct cmd_run *run, const char *what, size_t done, size_t total);
/* The confined image decoder, opened at first use. */
enum hbs_err cmd_decoder(struct cmd_run *run, struct hbs_decoder **out);

#endif
