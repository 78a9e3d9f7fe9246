/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: many node hashes: the widest lanes that this machine has, then narrower ones for the
 * rest, libsodium for the last few. A tile's inner nodes are 255 hashes, which a proof needs at once;
 * one after the other they would take longer than a proof may.
 */
#include "ledger_int.h"

typedef size_t lanes_run(const uint8_t (*child)[HBS_LEDGER_HASH], size_t count, uint8_t (*parent)[HBS_LEDGER_HASH]);
lanes_run ledger_lanes_portable, ledger_lanes_avx2, ledger_lanes_avx512;

void ledger_hash_pairs(const uint8_t (*child)[HBS_LEDGER_HASH], size_t count, uint8_t (*parent)[HBS_LEDGER_HASH])
{
    size_t i = 0;
#if defined(__x86_64__)
    enum hbs_isa isa = hbs_cpu_isa();
    if (isa >= HBS_ISA_AVX512)
        i += ledger_lanes_avx512(child, count, parent);
    if (isa >= HBS_ISA_AVX2)
        i += ledger_lanes_avx2(child + 2 * i, count - i, parent + i);
#endif
    i += ledger_lanes_portable(child + 2 * i, count - i, parent + i);
    for (; i < count; i++)
        hbs_ledger_node_hash(child[2 * i], child[2 * i + 1], parent[i]);
}
