/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law check --law PACK --on DATE --facts FILE.
 */
#include "law_input.h"

static const char *law, *on, *facts;

static const struct cmd_option options[] = {
    {"law", 0, CMD_FILE, &law, "PACK", "the law pack: a file, or the name of a shipped one", 0, 0},
    {"on", 0, CMD_TEXT, &on, "DATE", "the date of the act, YYYY-MM-DD", 0, 0},
    {"facts", 0, CMD_FILE, &facts, "FILE", "the facts of the act as JSON; - is standard input", 0, 0},
    {0},
};

static int check(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct law_pack pack;
    struct hbs_facts f;
    struct hbs_ruling ruling;
    int64_t date;
    int bad = law_pack_open(run, law, &pack);
    if (bad)
        return bad;
    if (!(bad = law_date_option(run, "--on", on, &date)) && !(bad = law_facts_open(run, facts, &f))) {
        hbs_law_rule(pack.law, &f, date, &ruling);
        bad = law_ruling_answer(run, &ruling);
    }
    law_pack_close(&pack);
    return bad;
}

const struct cmd cmd_law_check = {
    .name = "law check",
    .summary = "whether an act may happen: the ruling of a law pack on a date",
    .arguments = "",
    .text = "Reads a law pack and the facts of one act, and rules. The articles of the charter are asked\n"
            "first; then what the pack forbids; then what it permits. Silence refuses. The answer names\n"
            "the rules that decided, what was not known, what is obliged, and when the record must end.\n\n"
            "Exit status 0 is allowed, 3 refused, 2 a mistake in pack, facts or usage. A fact that is\n"
            "absent or null is not known. A pack is looked for by name in the folder HABEAS_LAW, in law/,\n"
            "and where packs are installed; its mistakes are shown all at once.",
    .example = "habeas law check --law us-dna-custody --on 2020-05-15 --facts facts.json",
    .least = 0,
    .most = 0,
    .options = options,
    .run = check,
};
