/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law articles.
 */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

/* Words broken at blanks before the 80th column, each line indented. */
static void say_broken(struct cmd_run *run, const char *text)
{
    enum { WIDTH = 76 };
    while (*text) {
        size_t n = strlen(text), cut = n;
        if (n > WIDTH) {
            for (cut = WIDTH; cut && text[cut] != ' ';)
                cut--;
            if (!cut)
                cut = WIDTH;
        }
        cmd_say(run, "   %.*s\n", (int)cut, text);
        text += cut;
        text += *text == ' ';
    }
}

static int articles(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    const struct hbs_law_article *a;
    size_t count = hbs_law_articles(&a);
    char sha256[65];
    hbs_law_articles_sha256(sha256);
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(all, json_pack("{s:i,s:s,s:s,s:s?,s:s?}", "number", (int)a[i].number, "title", a[i].title, "text",
                                             a[i].text, "forbids", a[i].forbids, "upheld", a[i].upheld));
        cmd_say(run, "%u. %s\n", a[i].number, a[i].title);
        say_broken(run, a[i].text);
        if (a[i].forbids) {
            cmd_say(run, "   Refused when\n");
            for (const char *p = a[i].forbids; *p;) {
                size_t n = strcspn(p, "\n");
                cmd_say(run, "      %.*s\n", (int)n, p);
                p += n + (p[n] == '\n');
            }
        }
        if (a[i].upheld) {
            cmd_say(run, "   Here:\n");
            say_broken(run, a[i].upheld);
        }
    }
    cmd_say(run, "sha256 %s\n", sha256);
    json_object_set_new(run->answer, "articles", all);
    json_object_set_new(run->answer, "sha256", json_string(sha256));
    return 0;
}

const struct cmd cmd_law_articles = {
    .name = "law articles",
    .summary = "the articles that are compiled in and come before every law pack",
    .arguments = "",
    .text = "Number, title, words, and for those that facts can show the condition that refuses. A law pack\n"
            "can be stricter, never looser. The hash covers words and conditions.",
    .example = "habeas law articles",
    .least = 0,
    .most = 0,
    .options = NULL,
    .run = articles,
};
