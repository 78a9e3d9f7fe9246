/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the numbers that were chosen on data, all in one place. They are made by
 * bench/tune_finger from the six published sets (480 pictures of 60 fingers): each constant by its
 * own effect on the errors, the weights of a minutia's worth and of the score by logistic
 * regression. The same program leaves each set out in turn and scores it with what the other five
 * choose; docs/rooms/finger.md has what it printed.
 */
#include "finger_int.h"
#include "match_int.h"

#include "tuning_table.h"
