/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: the WSQ reader.
 */
#include "fuzz_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_image(HBS_IMAGE_WSQ, data, size);
}
