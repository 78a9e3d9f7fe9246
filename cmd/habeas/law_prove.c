/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas law prove --law PACK 'CLAIM'.
 */
#include "law_proof.h"

static const char *law;
static double seconds;

static const struct cmd_option options[] = {
    {"law", 0, CMD_FILE, &law, "PACK", "the law pack: a file, or the name of a shipped one", 0, 0},
    {"seconds", 0, CMD_NUMBER, &seconds, "N", "give up after so long (60)", 0.001, 86400},
    {0},
};

static int answer(struct cmd_run *run, const struct hbs_law *pack, const char *claim, const struct hbs_law_proof *proof)
{
    struct hbs_law_info info;
    hbs_law_info(pack, &info);
    json_object_set_new(run->answer, "proved", proof->answer == HBS_LAW_UNDECIDED ? json_null()
                                                                                 : json_boolean(proof->answer == HBS_LAW_PROVED));
    json_object_set_new(run->answer, "claim", json_string(claim));
    json_object_set_new(run->answer, "law",
                        json_pack("{s:s,s:s,s:s}", "pack", info.name, "version", info.version, "sha256", info.sha256));
    json_object_set_new(run->answer, "questions", json_integer(proof->checks));
    if (proof->answer == HBS_LAW_PROVED) {
        cmd_say(run, "proved for all facts and all dates from 1900 to 2199, by %s %s (sha256 %.16s)\n", info.name, info.version,
                info.sha256);
        return 0;
    }
    if (proof->answer == HBS_LAW_UNDECIDED) {
        cmd_say(run, "not known: time was up; try more --seconds, or a narrower claim\n");
        return 7;
    }
    json_t *example = law_example_json(run, &proof->example);
    json_t *deciders = law_deciders_json(pack, &proof->example);
    json_object_set_new(run->answer, "rules", deciders);
    json_object_set_new(run->answer, "counterexample", example ? example : json_null());
    cmd_say(run, "refuted: this act is allowed\n");
    law_example_say(run, &proof->example);
    for (size_t i = 0; i < json_array_size(deciders); i++)
        cmd_say(run, "  permitted by %s\n", json_string_value(json_array_get(deciders, i)));
    return 1;
}

static int prove(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct law_pack pack;
    struct hbs_law_proof proof;
    struct hbs_law_prove_options o = {.seconds = seconds};
    int code = law_pack_open(run, law, &pack);
    if (code)
        return code;
    enum hbs_err err = hbs_law_prove(run->ctx, pack.law, argv[0], &o, &proof);
    if (err == HBS_ERR_UNSUPPORTED)
        json_object_set_new(run->answer, "proved", json_null());
    code = err ? law_proof_fail(run, err) : answer(run, pack.law, argv[0], &proof);
    law_pack_close(&pack);
    return code;
}

const struct cmd cmd_law_prove = {
    .name = "law prove",
    .summary = "whether a claim holds for all facts and all dates",
    .arguments = "CLAIM",
    .text = "CLAIM is never(CONDITION): no act is allowed while the condition is true; or always(CONDITION):\n"
            "every act that is allowed makes it true, so that an act which leaves it open refutes it. The\n"
            "condition is written as in a pack. Facts that are not known count as they do in a ruling.\n\n"
            "Exit status 0 is proved, 1 refuted, 7 not known. A refuted claim comes with the smallest\n"
            "counterexample: the fewest facts, then the smallest values, then the earliest date. It can be\n"
            "given to 'habeas law check' as it stands.",
    .example = "habeas law prove --law us-dna-custody 'never(act == \"collect\" && subject.age < 14)'",
    .least = 1,
    .most = 1,
    .options = options,
    .run = prove,
};
