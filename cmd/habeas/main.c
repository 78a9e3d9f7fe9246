/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas: the command line. Finds the command, reads its options by its table, runs it, prints its
 * answer. `habeas help [COMMAND]`, `habeas COMMAND --help`; `habeas help --man COMMAND` prints the
 * source of the man page (scdoc), without COMMAND that of habeas(1); `habeas help --list` the names.
 */
#include "cmd.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CMD(name) extern const struct cmd cmd_##name;
#include "commands.h"
#undef CMD
#define CMD(name) &cmd_##name,
const struct cmd *const cmd_all[] = {
#include "commands.h"
    NULL,
};

enum { OPTIONS_MAX = 32, FIRST_LONG = 256, OPT_JSON = 1000, OPT_HELP = 1001 };

static void option_words(const struct cmd_option *o, const char *bold, const char *slant, char *out,
                         size_t size)
{
    char letter[8] = "";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(out, size, "%s%s--%s%s%s%s%s%s", bold, letter, o->name, bold, o->argument ? " " : "",
             o->argument ? slant : "", o->argument ? o->argument : "", o->argument ? slant : "");
}

static void print_help(const struct cmd *c)
{
    printf("habeas %s: %s\n\nusage: habeas %s [options]%s%s\n\n%s\n\noptions\n", c->name, c->summary,
           c->name, *c->arguments ? " " : "", c->arguments, c->text);
    for (const struct cmd_option *o = c->options; o && o->name; o++) {
        char left[96];
        option_words(o, "", "", left, sizeof left);
        printf("  %-22s %s\n", left, o->help);
    }
    printf("  --json                 one JSON object on standard output\n"
           "  --help                 this text\n\nexample\n  ");
    for (const char *p = c->example; *p; p++) { /* each of its lines stands in */
        putchar(*p);
        if (*p == '\n' && p[1] && p[1] != '\n')
            fputs("  ", stdout);
    }
    putchar('\n');
}

/* ---- Man pages, as scdoc's source -------------------------------------------------------------- */

/* Words that are only words: what scdoc would take for a mark gets a backslash; lines that stand in
 * stay as they are. */
static void man_text(const char *text)
{
    bool literal = false, fresh = true;
    for (const char *p = text; *p; p++) {
        if (fresh && *p != '\n' && literal != (*p == ' ')) {
            literal = !literal;
            puts("```");
        }
        if (!literal && (strchr("\\*_`+~", *p) || (fresh && strchr("#-.;|[]!'", *p))))
            putchar('\\');
        putchar(*p);
        fresh = *p == '\n';
    }
    putchar('\n');
    if (literal)
        puts("```");
}

static void man_begin(const char *name, const char *summary)
{
    printf("habeas%s", *name ? "-" : "");
    for (const char *p = name; *p; p++)
        putchar(*p == ' ' ? '-' : *p);
    printf("(1)\n\n# NAME\n\nhabeas%s", *name ? "-" : "");
    for (const char *p = name; *p; p++)
        putchar(*p == ' ' ? '-' : *p);
    printf(" - ");
    man_text(summary);
}

static void man_exit_codes(void)
{
    printf("\n# EXIT STATUS\n\n"
           "*0* done; allowed++\n*1* a negative answer: no candidate, does not support the claim, a pack's cases fail++\n"
           "*2* bad input or usage; nothing was changed++\n*3* refused by law or by an article++\n"
           "*4* something stored does not verify++\n*5* locked or busy; try again++\n"
           "*6* input or output: disk full, cannot read, cannot write++\n"
           "*7* incomplete: part was not searched++\n*70* a bug in habeas\n");
}

static void print_man(const struct cmd *c)
{
    man_begin(c->name, c->summary);
    printf("\n# SYNOPSIS\n\n*habeas %s* \\[options\\] ", c->name);
    man_text(c->arguments);
    printf("\n# DESCRIPTION\n\n");
    man_text(c->text);
    printf("\n# OPTIONS\n\n");
    for (const struct cmd_option *o = c->options; o && o->name; o++) {
        char left[96];
        option_words(o, "*", "_", left, sizeof left);
        printf("%s\n\t", left);
        man_text(o->help);
        putchar('\n');
    }
    printf("*--json*\n\tone JSON object on standard output, whatever the exit status\n\n"
           "*--help*\n\tthe words of this page\n\n# EXAMPLE\n\n```\n%s\n```\n", c->example);
    man_exit_codes();
    printf("\n# SEE ALSO\n\n*habeas*(1)\n");
}

static void print_man_overview(void)
{
    man_begin("", "biometric matching under rules");
    printf("\n# SYNOPSIS\n\n*habeas* _COMMAND_ \\[options\\] ...\n\n*habeas help* \\[_COMMAND_\\]\n\n"
           "*habeas --version*\n\n# DESCRIPTION\n\n"
           "Each command has a page of its own and answers *--help*. With *--json* a command prints\n"
           "exactly one JSON object, also when it fails; warnings and progress go to standard error.\n\n"
           "A score is a lead: no command, and no exit status, says that two prints are of one\n"
           "finger. That is for people to decide.\n\n# COMMANDS\n\n");
    for (size_t i = 0; cmd_all[i]; i++) {
        putchar('*');
        fputs("habeas-", stdout);
        for (const char *p = cmd_all[i]->name; *p; p++)
            putchar(*p == ' ' ? '-' : *p);
        printf("*(1)\n\t");
        man_text(cmd_all[i]->summary);
        putchar('\n');
    }
    printf("# ENVIRONMENT\n\n*HABEAS\\_ISA*\n\tthe most that is used of the processor's instruction sets: "
           "portable, avx2, avx512\n\tor vpopcnt. It changes speed, no answer.\n\n"
           "*HABEAS\\_LAW*\n\ta folder in which law packs are looked for by name, before law/ and the installed ones.\n");
    man_exit_codes();
}

/* ----------------------------------------------------------------------------------------------- */

static int print_overview(FILE *out)
{
    fprintf(out, "habeas: biometric matching under rules\n\nusage: habeas COMMAND [options] ...\n\n");
    for (size_t i = 0; cmd_all[i]; i++)
        fprintf(out, "  %-22s %s\n", cmd_all[i]->name, cmd_all[i]->summary);
    fprintf(out, "\nhabeas COMMAND --help tells more.\n");
    return out == stdout ? 0 : 2;
}

/* The command named by the first words; *used says how many words that was. The longest wins. */
static const struct cmd *find(int argc, char **argv, int *used)
{
    const struct cmd *best = NULL;
    for (size_t i = 0; cmd_all[i]; i++) {
        const char *p = cmd_all[i]->name;
        int n = 0;
        while (*p && n < argc) {
            size_t len = strcspn(p, " ");
            if (strlen(argv[n]) != len || memcmp(argv[n], p, len))
                break;
            n++;
            p += len;
            p += *p == ' ';
        }
        if (!*p && (!best || n > *used)) {
            best = cmd_all[i];
            *used = n;
        }
    }
    return best;
}

static int edit_distance(const char *a, const char *b)
{
    enum { MOST = 40 };
    size_t n = strlen(a), m = strlen(b);
    if (n > MOST || m > MOST)
        return MOST;
    int row[MOST + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int up = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = up;
            row[j] = best;
        }
    }
    return row[m];
}

static int unknown(struct cmd_run *run, int argc, char **argv)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s%s", argv[0], argc > 1 && argv[1][0] != '-' ? " " : "",
             argc > 1 && argv[1][0] != '-' ? argv[1] : "");
    const struct cmd *near = NULL;
    int best = 5;
    for (size_t i = 0; cmd_all[i]; i++) {
        int d = edit_distance(name, cmd_all[i]->name);
        if (d < best) {
            best = d;
            near = cmd_all[i];
        }
    }
    char action[320];
    size_t half = strlen(name), used = 0;
    for (size_t i = 0; cmd_all[i]; i++) /* the commands that begin so */
        if (!strncmp(cmd_all[i]->name, name, half) && cmd_all[i]->name[half] == ' ' && used < sizeof action)
            used += (size_t)snprintf(action + used, sizeof action - used, "%s%s", used ? ", " : "say which: ",
                                     cmd_all[i]->name + half + 1);
    if (!used)
        snprintf(action, sizeof action, near ? "did you mean '%s'?" : "see 'habeas help'", near ? near->name : "");
    return cmd_misuse(run, name, action, used ? "half a command" : "no such command");
}

static int set_option(struct cmd_run *run, const struct cmd_option *o, const char *text)
{
    char where[64];
    snprintf(where, sizeof where, "--%s", o->name);
    if (o->kind == CMD_FLAG) {
        *(bool *)o->value = true;
        return 0;
    }
    if (o->kind == CMD_TEXT || o->kind == CMD_FILE) {
        *(const char **)o->value = text;
        return 0;
    }
    bool bounded = o->least != 0 || o->most != 0;
    char action[96] = "give a number";
    if (bounded)
        snprintf(action, sizeof action, "give a %snumber from %.10g to %.10g",
                 o->kind == CMD_COUNT ? "whole " : "", o->least, o->most);
    char *end;
    errno = 0;
    if (o->kind == CMD_COUNT) {
        unsigned long long v = strtoull(text, &end, 10);
        if (!isdigit((unsigned char)*text) || *end || errno ||
            (bounded && ((double)v < o->least || (double)v > o->most)))
            return cmd_misuse(run, where, action, "'%s' will not do", text);
        *(uint64_t *)o->value = v;
    } else {
        double v = strtod(text, &end);
        if (end == text || *end || !isfinite(v) || (bounded && (v < o->least || v > o->most)))
            return cmd_misuse(run, where, action, "'%s' will not do", text);
        *(double *)o->value = v;
    }
    return 0;
}

static int run_command(struct cmd_run *run, int argc, char **argv)
{
    const struct cmd *c = run->cmd;
    struct option longs[OPTIONS_MAX + 3] = {{0}};
    char shorts[2 * OPTIONS_MAX + 2] = ":";
    int n = 0;
    size_t s = 1;
    for (const struct cmd_option *o = c->options; o && o->name && n < OPTIONS_MAX; o++, n++) {
        longs[n] = (struct option){o->name, o->kind == CMD_FLAG ? no_argument : required_argument,
                                   NULL, FIRST_LONG + n};
        if (o->letter) {
            shorts[s++] = o->letter;
            if (o->kind != CMD_FLAG)
                shorts[s++] = ':';
        }
    }
    longs[n] = (struct option){"json", no_argument, NULL, OPT_JSON};
    longs[n + 1] = (struct option){"help", no_argument, NULL, OPT_HELP};
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--json"))
            run->json = true; /* also for mistakes before it in the line */
    opterr = 0;
    optind = 1;
    for (int k; (k = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (k == OPT_HELP) {
            run->json = false;
            print_help(c);
            return 0;
        }
        if (k == OPT_JSON)
            continue;
        if (k == '?' || k == ':') {
            char action[160];
            snprintf(action, sizeof action, "see 'habeas %s --help'", c->name);
            const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
            return cmd_misuse(run, word, action, k == ':' ? "needs a value" : "no such option");
        }
        const struct cmd_option *o = c->options;
        if (k >= FIRST_LONG)
            o += k - FIRST_LONG;
        else
            while (o->letter != k)
                o++;
        int bad = set_option(run, o, optarg);
        if (bad)
            return bad;
    }
    argc -= optind;
    argv += optind;
    if (argc < c->least || (c->most >= 0 && argc > c->most)) {
        char action[192];
        snprintf(action, sizeof action, "usage: habeas %s [options] %s", c->name, c->arguments);
        return cmd_misuse(run, "", action, "%s", argc < c->least ? "something is missing" : "too many arguments");
    }
    return c->run(run, argc, argv);
}

static int help(int argc, char **argv)
{
    bool man = argc > 0 && !strcmp(argv[0], "--man");
    argc -= man;
    argv += man;
    if (argc == 1 && !strcmp(argv[0], "--list")) {
        for (size_t i = 0; cmd_all[i]; i++)
            puts(cmd_all[i]->name);
        return 0;
    }
    int used = 0;
    const struct cmd *c = find(argc, argv, &used);
    if (!c && man && !argc) {
        print_man_overview();
        return 0;
    }
    if (!c)
        return print_overview(argc ? stderr : stdout);
    if (man)
        print_man(c);
    else
        print_help(c);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return print_overview(stderr);
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help(argc - 2, argv + 2);
    if (!strcmp(argv[1], "--version")) {
        puts("habeas " HABEAS_VERSION);
        return 0;
    }
    struct cmd_run run = {.answer = json_object()};
    if (!run.answer || hbs_ctx_open(NULL, &run.ctx)) {
        fputs("habeas: out of memory\n", stderr);
        return 6;
    }
    int used = 0, code;
    run.cmd = find(argc - 1, argv + 1, &used);
    if (run.cmd) {
        code = run_command(&run, argc - used, argv + used);
    } else {
        for (int i = 1; i < argc; i++)
            run.json |= !strcmp(argv[i], "--json");
        code = unknown(&run, argc - 1, argv + 1);
    }
    if (run.json && (json_dumpf(run.answer, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10)) ||
                     putchar('\n') == EOF))
        code = 6;
    if (fflush(stdout) || ferror(stdout)) {
        fputs("habeas: cannot write to standard output\n", stderr);
        code = 6;
    }
    hbs_decoder_close(run.decoder);
    hbs_ctx_close(run.ctx);
    json_decref(run.answer);
    return code;
}
