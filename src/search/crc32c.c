/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: the sum of the gallery file, CRC-32C (Castagnoli, Braeuer and Herrmann, IEEE Trans.
 * Commun. 41:6, 1993; the polynomial of iSCSI, RFC 3720), eight bytes a step ("slicing by 8",
 * Kounavis and Berry, ISCC 2005). It finds accidents, not forgers: a gallery is a cache.
 */
#include "search_int.h"

#include <pthread.h>

static uint32_t table[8][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (0x82F63B78u & -(c & 1));
        table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 1; k < 8; k++)
            table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
}

uint32_t search_crc32c(uint32_t crc, const void *data, size_t size)
{
    pthread_once(&once, fill);
    const uint8_t *p = data;
    crc = ~crc;
    for (; size >= 8; size -= 8, p += 8) {
        uint32_t low = hbs_le32(p) ^ crc, high = hbs_le32(p + 4);
        crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^
              table[4][low >> 24] ^ table[3][high & 255] ^ table[2][high >> 8 & 255] ^
              table[1][high >> 16 & 255] ^ table[0][high >> 24];
    }
    while (size--)
        crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
    return ~crc;
}
