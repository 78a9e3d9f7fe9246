/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law register --law PACK --out DIR.
 */
#include "base/base_int.h"
#include "law_input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *law, *out_path;

static const struct cmd_option options[] = {
    {"law", 0, CMD_FILE, &law, "PACK", "the law pack: a file, or the name of a shipped one", 0, 0},
    {"out", 'o', CMD_FILE, &out_path, "DIR", "the folder for index.html and register.json; made if it is not there", 0, 0},
    {0},
};

static enum hbs_err write_in(struct cmd_run *run, const char *name, const struct hbs_buf *text)
{
    char path[4300];
    snprintf(path, sizeof path, "%s/%s", out_path, name);
    return hbs_file_write(run->ctx, path, text->data, text->size);
}

static int make_register(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct law_pack pack;
    int bad = law_pack_open(run, law, &pack);
    if (bad)
        return bad;
    struct hbs_buf json, html;
    hbs_buf_init(&json, run->ctx, 64u << 20);
    hbs_buf_init(&html, run->ctx, 64u << 20);
    if ((bad = law_need(run, out_path, "--out", "name a folder: --out DIR")))
        goto done;
    enum hbs_err err = hbs_law_register_json(pack.law, &json);
    if (!err)
        err = hbs_law_register_html(pack.law, &html);
    if (err) {
        bad = cmd_fail(run, err);
        goto done;
    }
    if (mkdir(out_path, 0777) && errno != EEXIST) {
        bad = cmd_fail(run, hbs_fail(run->ctx, errno == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, out_path,
                                     "make the folder above it, or check your rights", "cannot make the folder: %s",
                                     strerror(errno)));
        goto done;
    }
    if ((err = write_in(run, "register.json", &json)) || (err = write_in(run, "index.html", &html))) {
        bad = cmd_fail(run, err);
        goto done;
    }
    struct hbs_law_info info;
    hbs_law_info(pack.law, &info);
    json_object_update_new(run->answer, json_pack("{s:s,s:s,s:s,s:i,s:[s,s]}", "pack", info.name, "sha256", info.sha256, "out",
                                                  out_path, "rules", (int)info.rules, "files", "index.html", "register.json"));
    cmd_say(run, "%s: register of %s %s, %u rules (index.html, register.json)\n", out_path, info.name, info.version, info.rules);
done:
    hbs_buf_close(&json);
    hbs_buf_close(&html);
    law_pack_close(&pack);
    return bad;
}

const struct cmd cmd_law_register = {
    .name = "law register",
    .summary = "the public register of a law pack, as a page and as JSON",
    .arguments = "",
    .text = "Writes index.html and register.json: purposes, legal bases, assessments, partners, retention,\n"
            "thresholds, each rule in plain words with its status on dates and its hash, orders of courts,\n"
            "and the articles. Made from the pack alone: the same pack gives the same bytes. The page needs\n"
            "nothing from elsewhere.",
    .example = "habeas law register --law us-dna-custody --out register",
    .least = 0,
    .most = 0,
    .options = options,
    .run = make_register,
};
