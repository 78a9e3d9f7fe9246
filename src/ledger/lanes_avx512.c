/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: node hashes, 16 at once: the lanes of lanes.h for the instruction set "avx512".
 */
#define LANES 16
#define LANES_NAME ledger_lanes_avx512
#include "lanes.h"
