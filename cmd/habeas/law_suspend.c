/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law suspend: writes a pack with an order of a court in it. The text stays as it
 * is, the order is added at its end; what was written is read again before it is put in its place.
 */
#include "law_input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *law, *rules, *name, *court, *on, *then, *then_on, *cites, *out_path;
static bool overwrite;

static const struct cmd_option options[] = {
    {"law", 0, CMD_FILE, &law, "PACK", "the law pack to amend: a file, or the name of a shipped one", 0, 0},
    {"rules", 0, CMD_TEXT, &rules, "A,B", "the rules that are suspended", 0, 0},
    {"order", 0, CMD_TEXT, &name, "NAME", "a name for the order: letters a-z, digits and -", 0, 0},
    {"court", 0, CMD_TEXT, &court, "WORDS", "the court and its decision, in words", 0, 0},
    {"on", 0, CMD_TEXT, &on, "DATE", "the date from which the order has effect, YYYY-MM-DD", 0, 0},
    {"then", 0, CMD_TEXT, &then, "WHAT", "what becomes of what was sealed: destroy or release", 0, 0},
    {"then-on", 0, CMD_TEXT, &then_on, "DATE", "the date of that", 0, 0},
    {"cites", 0, CMD_TEXT, &cites, "TEXT", "a citation of the order", 0, 0},
    {"output", 'o', CMD_FILE, &out_path, "FILE", "the amended pack", 0, 0},
    {"overwrite", 0, CMD_FLAG, &overwrite, NULL, "replace FILE if it is there", 0, 0},
    {0},
};

/* As a string of the pack's language. */
static enum hbs_err put_string(struct hbs_buf *out, const char *text)
{
    enum hbs_err err = hbs_buf_put(out, "\"", 1);
    for (; *text && !err; text++)
        err = *text == '\n' ? hbs_buf_put(out, "\\n", 2)
              : *text == '"' || *text == '\\' ? hbs_buf_printf(out, "\\%c", *text) : hbs_buf_put(out, text, 1);
    return err ? err : hbs_buf_put(out, "\"", 1);
}

static enum hbs_err make(const struct law_pack *pack, struct hbs_buf *out)
{
    enum hbs_err err = hbs_buf_put(out, pack->text.data, pack->text.size);
    if (!err)
        err = hbs_buf_printf(out, "%s\norder %s ", pack->text.size && pack->text.data[pack->text.size - 1] == '\n' ? "" : "\n",
                             name);
    if (!err)
        err = put_string(out, court);
    if (!err)
        err = hbs_buf_printf(out, "\n  on %s\n  suspends ", on);
    for (const char *p = rules; *p && !err; p++)
        err = *p == ',' ? hbs_buf_printf(out, ", ") : *p == ' ' ? HBS_OK : hbs_buf_put(out, p, 1);
    if (!err && cites) {
        err = hbs_buf_printf(out, "\n  cites ");
        if (!err)
            err = put_string(out, cites);
    }
    if (!err && then)
        err = hbs_buf_printf(out, "\n  then %s on %s", then, then_on);
    return err ? err : hbs_buf_put(out, "\n", 1);
}

static bool is_name(const char *p, const char *more)
{
    if (*p < 'a' || *p > 'z')
        return false;
    while ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' || (*p && strchr(more, *p)))
        p++;
    return !*p;
}

static int check(struct cmd_run *run)
{
    int64_t date, later;
    int bad;
    if ((bad = law_need(run, rules, "--rules", "name the rules: --rules A,B")) ||
        (bad = law_need(run, name, "--order", "give the order a name")) ||
        (bad = law_need(run, court, "--court", "say which court decided what")) ||
        (bad = law_date_option(run, "--on", on, &date)) ||
        (bad = law_need(run, out_path, "-o", "name the file for the amended pack")))
        return bad;
    if (!is_name(name, ""))
        return cmd_misuse(run, "--order", "use a letter a-z, then letters, digits and -", "'%s' is not a name", name);
    if (!is_name(rules, ", "))
        return cmd_misuse(run, "--rules", "give names with commas between", "'%s' are not names of rules", rules);
    if (then && strcmp(then, "destroy") && strcmp(then, "release"))
        return cmd_misuse(run, "--then", "give destroy or release", "'%s' will not do", then);
    if (!then != !then_on)
        return cmd_misuse(run, then ? "--then-on" : "--then", "give both or none", "is missing");
    if (then && (bad = law_date_option(run, "--then-on", then_on, &later)))
        return bad;
    if (!overwrite && access(out_path, F_OK) == 0)
        return cmd_misuse(run, out_path, "name another file, or say --overwrite", "the file is there already");
    return 0;
}

static int suspend(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct law_pack pack;
    int bad = law_pack_open(run, law, &pack);
    if (bad)
        return bad;
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, HBS_LAW_TEXT_MAX);
    struct hbs_law *amended = NULL;
    struct hbs_law_mistake mistakes[HBS_LAW_MISTAKES_MAX];
    size_t count = 0;
    if ((bad = check(run)))
        goto done;
    enum hbs_err err = make(&pack, &text);
    if (!err && (err = hbs_law_open(run->ctx, out_path, (const char *)text.data, text.size, mistakes, &count, &amended)) ==
                    HBS_ERR_FORMAT) {
        bad = law_mistakes(run, err, out_path, &text, mistakes, count);
        goto done;
    }
    if (!err)
        err = hbs_file_write(run->ctx, out_path, text.data, text.size);
    if (err) {
        bad = cmd_fail(run, err);
        goto done;
    }
    struct hbs_law_info before, after;
    hbs_law_info(pack.law, &before);
    hbs_law_info(amended, &after);
    json_object_update_new(run->answer, json_pack("{s:s,s:s,s:s,s:s,s:s}", "pack", after.name, "order", name, "written", out_path,
                                                  "sha256_before", before.sha256, "sha256", after.sha256));
    cmd_say(run, "%s: order %s suspends %s from %s on\nsha256 %s, before %s\n", out_path, name, rules, on, after.sha256,
            before.sha256);
done:
    hbs_law_close(amended);
    hbs_buf_close(&text);
    law_pack_close(&pack);
    return bad;
}

const struct cmd cmd_law_suspend = {
    .name = "law suspend",
    .summary = "write a law pack with a court's order that suspends rules",
    .arguments = "",
    .text = "The rules lose their effect on the date of the order; what was collected under them is sealed\n"
            "from then on, and destroyed or released on the date of --then-on. The pack's text stays as it\n"
            "is, the order is added at its end, and the result is read before it is written.\n\n"
            "What the order makes of records 'law fate' says. To lift an order, add 'lifted on DATE' to it.",
    .example = "habeas law suspend --law us-dna-custody --rules dallas-arrested --order order-1 "
               "--court \"a district court, preliminary injunction\" --on 2021-03-01 -o amended.law",
    .least = 0,
    .most = 0,
    .options = options,
    .run = suspend,
};
