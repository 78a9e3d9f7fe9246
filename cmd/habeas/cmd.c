/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line's shared parts: errors, warnings, progress and the decoder (see cmd.h).
 */
#include "cmd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void clear_progress(struct cmd_run *run)
{
    if (run->showing)
        fputs("\r\033[K", stderr);
    run->showing = false;
}

/* As a JSON string; a name that is not UTF-8 is shown with '?' for what is not ASCII. */
static json_t *as_json(const char *text)
{
    char shown[1024];
    json_t *made = json_string(text);
    if (made)
        return made;
    snprintf(shown, sizeof shown, "%s", text);
    for (char *p = shown; *p; p++)
        if ((unsigned char)*p >= 128)
            *p = '?';
    return json_string(shown);
}

static void report(struct cmd_run *run, int code, const char *what, const char *where,
                   const char *action)
{
    clear_progress(run);
    if (run->json) {
        json_object_set_new(run->answer, "error",
                            json_pack("{s:i,s:o,s:o,s:o}", "code", code, "what", as_json(what), "where",
                                      as_json(where), "do", as_json(action)));
        return;
    }
    fprintf(stderr, "habeas: %s%s%s%s%s\n", where, *where ? ": " : "", what, *action ? "; " : "",
            action);
}

int cmd_fail(struct cmd_run *run, enum hbs_err err)
{
    int code = hbs_err_exit_code(err);
    const char *what = hbs_ctx_what(run->ctx);
    report(run, code, *what ? what : hbs_err_name(err), hbs_ctx_where(run->ctx),
           hbs_ctx_do(run->ctx));
    return code;
}

int cmd_misuse(struct cmd_run *run, const char *where, const char *action, const char *format, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    report(run, 2, what, where, action);
    return 2;
}

void cmd_warn(struct cmd_run *run, const char *format, ...)
{
    clear_progress(run);
    va_list ap;
    va_start(ap, format);
    fputs("habeas: warning: ", stderr);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
}

void cmd_say(struct cmd_run *run, const char *format, ...)
{
    clear_progress(run);
    if (run->json)
        return;
    va_list ap;
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
}

void cmd_progress(struct cmd_run *run, const char *what, size_t done, size_t total)
{
    if (!isatty(STDERR_FILENO))
        return;
    double now = hbs_clock_wall();
    if (run->shown_at == 0)
        run->shown_at = now + 0.9; /* the first line comes after a second */
    if (done >= total) {
        clear_progress(run);
        run->shown_at = 0;
        return;
    }
    if (now - run->shown_at < 0.1)
        return;
    run->shown_at = now;
    run->showing = true;
    enum { WIDTH = 30 };
    size_t filled = total ? done * WIDTH / total : 0;
    char bar[WIDTH + 1];
    memset(bar, '.', WIDTH);
    memset(bar, '#', filled);
    bar[WIDTH] = 0;
    fprintf(stderr, "\r%s [%s] %zu/%zu\033[K", what, bar, done, total);
}

enum hbs_err cmd_decoder(struct cmd_run *run, struct hbs_decoder **out)
{
    if (!run->decoder) {
        enum hbs_err err = hbs_decoder_open(run->ctx, NULL, &run->decoder);
        if (err)
            return err;
    }
    *out = run->decoder;
    return HBS_OK;
}
