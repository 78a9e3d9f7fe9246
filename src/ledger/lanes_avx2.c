/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: node hashes, 8 at once: the lanes of lanes.h for the instruction set "avx2".
 */
#define LANES 8
#define LANES_NAME ledger_lanes_avx2
#include "lanes.h"
