/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: ANSI INCITS 378-2004 and 378-2009 minutiae records.
 */
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_record(HBS_RECORD_INCITS2004, HBS_RECORD_INCITS2004, data, size);
}
