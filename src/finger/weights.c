/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: what each feature of a comparison weighs in the raw score: logistic regression of
 * "same finger" on all pairs of the published sets, made by bench/tune_finger (with --folds it shows
 * what each set scores when it is left out).
 */
#include "match_int.h"

const float fm_weights[FM_FEATURES] = {
#include "weights_table.h"
};
