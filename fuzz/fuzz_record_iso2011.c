/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: ISO/IEC 19794-2:2011 minutiae records.
 */
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_record(HBS_RECORD_ISO2011, HBS_RECORD_ISO2011, data, size);
}
