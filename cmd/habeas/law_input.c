/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what the law commands share (law_input.h).
 */
#include "law_input.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS = 4 };

/* The folders in which packs are looked for by name, in this order. */
static int folders(char out[FOLDERS][4096])
{
    int n = 0;
    const char *own = getenv("HABEAS_LAW");
    if (own && *own)
        snprintf(out[n++], sizeof out[0], "%s", own);
    snprintf(out[n++], sizeof out[0], "law");
    char exe[3900];
    ssize_t size = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (size > 0) {
        exe[size] = 0;
        char *slash = strrchr(exe, '/');
        if (slash)
            *slash = 0;
        snprintf(out[n++], sizeof out[0], "%s/../share/habeas/law", exe);
        snprintf(out[n++], sizeof out[0], "%s/../../../law", exe);
    }
    return n;
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static int not_found(struct cmd_run *run, const char *name, char all[FOLDERS][4096], int n)
{
    char known[400] = "";
    for (int i = 0; i < n; i++) {
        struct dirent **e = NULL;
        int count = scandir(all[i], &e, NULL, alphasort);
        for (int k = 0; k < count; k++) {
            size_t used = strlen(known), size = strlen(e[k]->d_name);
            if (size > 4 && ends_in(e[k]->d_name, ".law") && used + size < sizeof known - 3) {
                char one[300];
                snprintf(one, sizeof one, "%.*s", (int)(size - 4 < 280 ? size - 4 : 280), e[k]->d_name);
                if (!strstr(known, one))
                    snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", one);
            }
            free(e[k]);
        }
        free(e);
    }
    char action[480];
    snprintf(action, sizeof action, *known ? "name a file, or one of: %s" : "name a file NAME.law%s", known);
    return cmd_misuse(run, name, action, "there is no such law pack");
}

int law_mistakes(struct cmd_run *run, enum hbs_err err, const char *path, const struct hbs_buf *text,
                 const struct hbs_law_mistake *mistakes, size_t count)
{
    if (err != HBS_ERR_FORMAT || !count)
        return cmd_fail(run, err);
    if (run->json) {
        json_t *all = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(all, json_pack("{s:s,s:i,s:i,s:s}", "file", path, "line", (int)mistakes[i].line,
                                                 "column", (int)mistakes[i].column, "what", mistakes[i].what));
        json_object_set_new(run->answer, "mistakes", all);
        return cmd_fail(run, err);
    }
    struct hbs_buf out;
    hbs_buf_init(&out, run->ctx, 1u << 20);
    for (size_t i = 0; i < count; i++)
        if (hbs_law_mistake_print(path, (const char *)text->data, text->size, &mistakes[i], &out))
            break;
    fwrite(out.data, 1, out.size, stderr);
    hbs_buf_close(&out);
    return cmd_misuse(run, path, "correct the text", "%zu mistake%s", count, count == 1 ? "" : "s");
}

int law_pack_open(struct cmd_run *run, const char *name, struct law_pack *pack)
{
    memset(pack, 0, sizeof *pack);
    hbs_buf_init(&pack->text, run->ctx, HBS_LAW_TEXT_MAX);
    int bad = law_need(run, name, "--law", "name a pack: --law PACK");
    if (bad)
        return bad;
    if (strchr(name, '/') || ends_in(name, ".law")) {
        snprintf(pack->path, sizeof pack->path, "%s", name);
    } else {
        char all[FOLDERS][4096];
        int n = folders(all), i = 0;
        for (; i < n; i++)
            if ((size_t)snprintf(pack->path, sizeof pack->path, "%s/%s.law", all[i], name) < sizeof pack->path &&
                access(pack->path, F_OK) == 0)
                break;
        if (i == n)
            return not_found(run, name, all, n);
    }
    enum hbs_err err = hbs_file_read(run->ctx, pack->path, &pack->text);
    if (err) {
        bad = cmd_fail(run, err);
        law_pack_close(pack);
        return bad;
    }
    struct hbs_law_mistake mistakes[HBS_LAW_MISTAKES_MAX];
    size_t count = 0;
    err = hbs_law_open(run->ctx, pack->path, pack->text.data ? (const char *)pack->text.data : "", pack->text.size,
                       mistakes, &count, &pack->law);
    if (err) {
        bad = law_mistakes(run, err, pack->path, &pack->text, mistakes, count);
        law_pack_close(pack);
    }
    return bad;
}

void law_pack_close(struct law_pack *pack)
{
    hbs_law_close(pack->law);
    hbs_buf_close(&pack->text);
    pack->law = NULL;
}

int law_need(struct cmd_run *run, const char *value, const char *name, const char *action)
{
    return value && *value ? 0 : cmd_misuse(run, name, action, "is missing");
}

int law_date_option(struct cmd_run *run, const char *option, const char *text, int64_t *out)
{
    int bad = law_need(run, text, option, "give a date YYYY-MM-DD");
    if (bad)
        return bad;
    enum hbs_err err = hbs_date_read(run->ctx, text, out);
    if (!err)
        return 0;
    hbs_ctx_set_where(run->ctx, option);
    return cmd_fail(run, err);
}

int law_facts_open(struct cmd_run *run, const char *path, struct hbs_facts *out)
{
    int bad = law_need(run, path, "--facts", "name a file with the facts as JSON, or - for standard input");
    if (bad)
        return bad;
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, HBS_FACTS_TEXT_MAX);
    enum hbs_err err = hbs_file_read(run->ctx, path, &text);
    if (!err && (err = hbs_facts_read(run->ctx, text.data ? (const void *)text.data : "", text.size, out))) {
        char where[512];
        const char *at = hbs_ctx_where(run->ctx);
        snprintf(where, sizeof where, "%s%s%s", path, *at ? ": " : "", at);
        hbs_ctx_set_where(run->ctx, where);
    }
    hbs_buf_close(&text);
    return err ? cmd_fail(run, err) : 0;
}

int law_answer_json(struct cmd_run *run, const char *key, const struct hbs_buf *text)
{
    json_t *made = json_loadb((const char *)text->data, text->size, 0, NULL);
    if (!made || (key ? json_object_set_new(run->answer, key, made) : json_object_update(run->answer, made))) {
        cmd_misuse(run, "", "report this", "an answer could not be made");
        return 70;
    }
    if (!key)
        json_decref(made);
    return 0;
}

/* ---- A ruling for people ------------------------------------------------------------------------ */

static void say_rules(struct cmd_run *run, const struct hbs_ruling *r)
{
    for (uint32_t i = 0; i < r->rules; i++)
        cmd_say(run, "  %s %s%s%s\n", r->rule[i].forbids ? "forbidden by" : "permitted by", r->rule[i].id,
                *r->rule[i].citation ? ", " : "", r->rule[i].citation);
    const struct hbs_law_article *articles;
    size_t count = hbs_law_articles(&articles);
    for (uint32_t i = 0; i < r->articles; i++)
        for (size_t k = 0; k < count; k++)
            if (articles[k].number == r->article[i])
                cmd_say(run, "  refused by article %u: %s\n", articles[k].number, articles[k].title);
    if (!r->allow && !r->rules && !r->articles)
        cmd_say(run, "  no rule in effect permits it, and silence refuses\n");
}

static void say_end(struct cmd_run *run, const struct hbs_ruling *r)
{
    char date[11];
    hbs_date_write(r->end, date);
    cmd_say(run, "ends      ");
    if (r->end_seconds >= 0)
        cmd_say(run, "%lld seconds after the act%s", (long long)r->end_seconds, r->events ? ", or " : "");
    for (uint32_t i = 0; i < r->events; i++)
        cmd_say(run, "%s%s", i ? " or " : "with ", r->event[i]);
    cmd_say(run, r->events || r->end_seconds >= 0 ? ", at the latest on %s\n" : "on %s\n", date);
}

int law_ruling_answer(struct cmd_run *run, const struct hbs_ruling *r)
{
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, 1u << 20);
    enum hbs_err err = hbs_ruling_write(r, &text);
    int bad = err ? cmd_fail(run, err) : law_answer_json(run, NULL, &text);
    hbs_buf_close(&text);
    if (bad)
        return bad;
    law_ruling_say(run, r);
    return r->allow ? 0 : 3;
}

void law_ruling_say(struct cmd_run *run, const struct hbs_ruling *r)
{
    struct hbs_law_info info;
    char date[11];
    hbs_law_info(r->law, &info);
    hbs_date_write(r->on, date);
    cmd_say(run, "%s on %s by %s %s (sha256 %.16s)\n", r->allow ? "allowed" : "refused", date, info.name, info.version,
            info.sha256);
    say_rules(run, r);
    for (int f = 0, any = 0; f < HBS_FACT_COUNT; f++)
        if (r->missing >> f & 1)
            cmd_say(run, "%s %s (%s)\n", any++ ? "         " : "not known", hbs_fact_info((enum hbs_fact)f)->name,
                    hbs_fact_info((enum hbs_fact)f)->words);
    for (int o = 0, any = 0; o < HBS_OBLIGE_COUNT; o++)
        if (r->obliged >> o & 1)
            cmd_say(run, "%s   %s: %s\n", any++ ? "       " : "obliges", hbs_obligation_name((enum hbs_obligation)o),
                    r->obligation_text[o] ? r->obligation_text[o] : hbs_obligation_words((enum hbs_obligation)o));
    if (r->has_threshold)
        cmd_say(run, "threshold %d.%03d (log10 likelihood ratio)\n", r->threshold / 1000, r->threshold % 1000);
    if (r->allow)
        say_end(run, r);
    for (uint32_t i = 0; i < r->without_effect; i++)
        cmd_say(run, "%s %s would hold, but it is %s\n", r->dormant[i].forbids ? "the prohibition" : "the permission",
                r->dormant[i].id, hbs_law_status_name(r->dormant[i].status));
    if (r->cut)
        cmd_say(run, "more rules are concerned than are listed\n");
}
