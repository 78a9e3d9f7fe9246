/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score: what a raw fingerprint score means. The table is made by bench/tune_finger from the six
 * published sets, each scored with numbers that the other five chose, and claims no more than 60
 * fingers and 270 pairs of fingers support (src/score/train.c).
 */
#include "habeas/score.h"

#include "finger_table.h"
