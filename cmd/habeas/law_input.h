/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what the law commands share: finding and reading a pack with all its mistakes
 * shown, facts, dates, and a ruling for people.
 */
#ifndef HABEAS_LAW_INPUT_H
#define HABEAS_LAW_INPUT_H

#include "cmd.h"

struct law_pack {
    char path[4096];
    struct hbs_buf text;
    struct hbs_law *law;
};
/* Reads the pack called `name`: a path (with '/' or ending in .law), or a name looked for in the folder
 * HABEAS_LAW, in law/, and where packs are installed. 0, or the exit code when all was said. */
int law_pack_open(struct cmd_run *run, const char *name, struct law_pack *pack);
void law_pack_close(struct law_pack *pack);
/* Shows mistakes of a text and answers the exit code of `err`. */
int law_mistakes(struct cmd_run *run, enum hbs_err err, const char *path, const struct hbs_buf *text,
                 const struct hbs_law_mistake *mistakes, size_t count);
/* The option `name` that must be there. */
int law_need(struct cmd_run *run, const char *value, const char *name, const char *action);
int law_date_option(struct cmd_run *run, const char *option, const char *text, int64_t *out);
int law_facts_open(struct cmd_run *run, const char *path, struct hbs_facts *out);
/* The ruling as the answer's members, and in words. Answers 0 or 3, or another code when that failed. */
int law_ruling_answer(struct cmd_run *run, const struct hbs_ruling *ruling);
/* Only the words. */
void law_ruling_say(struct cmd_run *run, const struct hbs_ruling *ruling);
/* A JSON text of ours into the answer, as one member or (key NULL) as all of them. */
int law_answer_json(struct cmd_run *run, const char *key, const struct hbs_buf *text);

#endif
