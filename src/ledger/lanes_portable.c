/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: node hashes, 4 at once: the lanes of lanes.h for the instruction set "portable".
 */
#define LANES 4
#define LANES_NAME ledger_lanes_portable
#include "lanes.h"
