/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what the commands share that ask the prover: examples, its deadline, a build without it.
 */
#ifndef HABEAS_LAW_PROOF_H
#define HABEAS_LAW_PROOF_H

#include "law_input.h"

/* The error of a proof: a build without a prover answers 7, for it cannot say. */
int law_proof_fail(struct cmd_run *run, enum hbs_err err);
/* {"on":..., "facts":{...}} of an example; facts as `habeas law check` takes them. NULL when out of memory. */
json_t *law_example_json(struct cmd_run *run, const struct hbs_law_example *example);
/* The example for people, a fact a line. */
void law_example_say(struct cmd_run *run, const struct hbs_law_example *example);
/* The rules and articles that decided the example. */
json_t *law_deciders_json(const struct hbs_law *law, const struct hbs_law_example *example);

#endif
