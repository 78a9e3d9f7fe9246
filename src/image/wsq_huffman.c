/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: WSQ, Huffman tables. A table travels as 16 counts of codes by length and the symbols
 * in order; codes are assigned canonically (specification, annex C, which is ITU-T T.81 annex C).
 *
 * Canonically means: going through the symbols in the order in which they are listed, each gets the
 * number after the one before, shifted left whenever the length grows. So codes of one length are
 * consecutive numbers, and shorter codes are smaller when all are aligned to the left. The reader
 * relies on both: a look at the next 10 bits gives every code of up to 10, which by construction is
 * what nearly all symbols have, and longer codes are found by comparing with each length's limit.
 */
#include "wsq_int.h"

/* A table is refused when there are more codes of a length than shorter ones leave room for, when
 * symbols are missing, and when a symbol is 0 or 255, which mean nothing. Fewer codes than there is
 * room for are usual: the one of nothing but ones is kept free. */
bool hbs_wsq_table_read(const uint8_t counts[WSQ_CODE_MAX], const uint8_t *symbols, size_t have,
                        struct wsq_decoder_table *table)
{
    uint32_t code = 0, total = 0; /* the next code of this length; symbols so far */
    memset(table->look, 0, sizeof table->look);
    memset(table->symbol, 0, sizeof table->symbol);
    for (int length = 1; length <= WSQ_CODE_MAX; length++) {
        uint32_t n = counts[length - 1];
        if (total + n > have || total + n > 256 || code + n > UINT32_C(1) << length)
            return false;
        /* The first code of this length belongs to symbol number `total`. */
        table->offset[length] = (int32_t)total - (int32_t)code;
        for (uint32_t i = 0; i < n; i++, code++, total++) {
            uint8_t symbol = symbols[total];
            if (symbol == 0 || symbol > WSQ_VALUE_LAST)
                return false;
            table->symbol[total] = symbol;
            if (length <= WSQ_LOOK) { /* whatever follows the code */
                uint32_t first = code << (WSQ_LOOK - length);
                uint32_t many = UINT32_C(1) << (WSQ_LOOK - length);
                for (uint32_t j = 0; j < many; j++)
                    table->look[first + j] = (uint16_t)(length << 8 | symbol);
            }
        }
        /* Aligned to the left, everything from here on belongs to longer codes. */
        table->limit[length] = code << (WSQ_CODE_MAX - length);
        code <<= 1;
    }
    table->given = true; /* perhaps without a code: a blank picture has blocks without values */
    return true;
}

/* Lengths for a code as in ITU-T T.81 annex K.2, which the specification takes over:
 *   1. Huffman's algorithm with one more symbol of frequency 1. It ends up with a longest code, and
 *      as the last of them: nothing but ones. That one is then given to no symbol, so that ones can
 *      fill the last byte of a block.
 *   2. Codes longer than 16 bits are made shorter by pairs: of two deepest leaves one takes the
 *      place of their parent, the other becomes the sibling of a leaf higher up, which moves down
 *      by one.
 *   3. Symbols are listed by the lengths of step 1, and by number within a length. The lengths of
 *      step 2 are then dealt out in that order.
 * Ties in step 1 go to the highest number, as in the reference, for the sake of equal files. */
void hbs_wsq_table_make(const uint32_t frequency[256], struct wsq_encoder_table *table)
{
    enum { RESERVED = 256, NODES = 257, NONE = -1 };
    /* A tree under construction is known by one of its symbols, which holds the weight of all; the
     * symbols in it are chained by `next`. `live` lists the trees, `lives` of them. */
    uint64_t weight[NODES];
    int length[NODES], next[NODES], live[NODES], lives = 0;
    memset(table, 0, sizeof *table);
    for (int i = 0; i < NODES; i++) {
        weight[i] = i == RESERVED ? 1 : frequency[i];
        length[i] = 0;
        next[i] = NONE;
        if (weight[i])
            live[lives++] = i;
    }
    if (lives == 1) { /* a block without a value still needs a table to name */
        weight[1] = 1;
        live[lives++] = 1;
    }
    while (lives > 1) {
        /* The two lightest; of equals the one with the highest number, so that the reserved symbol
         * gets the longest code. `live` need not stay sorted: numbers are compared. */
        int at[2] = {NONE, NONE};
        for (int i = 0; i < lives; i++) {
            for (int k = 0; k < 2; k++) {
                int j = at[k] == NONE ? NONE : live[at[k]];
                if (j == NONE || weight[live[i]] < weight[j] ||
                    (weight[live[i]] == weight[j] && live[i] > j)) {
                    if (k == 0)
                        at[1] = at[0];
                    at[k] = i;
                    break;
                }
            }
        }
        int a = live[at[0]], b = live[at[1]];
        weight[a] += weight[b];
        live[at[1]] = live[--lives];
        /* Symbols under one node form a chain; joining two makes all of them one bit longer. */
        for (;; a = next[a]) {
            length[a]++;
            if (next[a] == NONE)
                break;
        }
        next[a] = b;
        for (; b != NONE; b = next[b])
            length[b]++;
    }
    /* How many codes of each length; 2^25 values and 257 symbols make codes of up to 35 bits. */
    int many[NODES + 1] = {0}, longest = WSQ_CODE_MAX;
    for (int i = 0; i < NODES; i++) {
        many[length[i]] += length[i] > 0;
        if (length[i] > longest)
            longest = length[i];
    }
    for (; longest > WSQ_CODE_MAX; longest--) {
        while (many[longest] > 0) {
            int shorter = longest - 2;
            while (!many[shorter])
                shorter--;
            many[longest] -= 2;
            many[longest - 1]++;
            many[shorter + 1] += 2;
            many[shorter]--;
        }
    }
    for (longest = WSQ_CODE_MAX; !many[longest]; longest--)
        ;
    many[longest]--; /* the reserved one */
    /* The list for the file, then the codes that a reader will make of it. */
    for (int bits = 1; bits <= NODES; bits++)
        for (int i = 0; i < RESERVED; i++)
            if (length[i] == bits)
                table->symbols[table->total++] = (uint8_t)i;
    uint32_t code = 0;
    int k = 0;
    for (int bits = 1; bits <= WSQ_CODE_MAX; bits++, code <<= 1) {
        table->counts[bits - 1] = (uint8_t)many[bits];
        for (int i = 0; i < many[bits]; i++, k++, code++) {
            table->code[table->symbols[k]] = (uint16_t)code;
            table->length[table->symbols[k]] = (uint8_t)bits;
        }
    }
}

/* Bits gather in w->bits and leave it 32 at a time, into a chunk that goes to the buffer when full.
 * Behind every byte FF a byte 00 is put, so that a reader does not take it for a marker. */
static void put_byte(struct wsq_writer *w, uint8_t b)
{
    w->chunk[w->used++] = b;
    if (b == 0xff)
        w->chunk[w->used++] = 0;
}

/* Hands the chunk on when 4 more bytes, each perhaps FF, might not fit. */
static void make_room(struct wsq_writer *w)
{
    if (w->used <= (int)sizeof w->chunk - 8)
        return;
    if (!w->err)
        w->err = hbs_buf_put(w->out, w->chunk, (size_t)w->used);
    w->used = 0;
}

void hbs_wsq_write_bits(struct wsq_writer *w, uint32_t bits, int length)
{
    w->bits = w->bits << length | bits;
    w->have += length;
    if (w->have < 32)
        return;
    w->have -= 32;
    /* as in refill() of wsq_decode.c: an FF among four bytes, seen at once */
    uint32_t next = (uint32_t)(w->bits >> w->have), inverse = ~next;
    make_room(w);
    if ((inverse - 0x01010101u) & next & 0x80808080u) {
        for (int shift = 24; shift >= 0; shift -= 8)
            put_byte(w, (uint8_t)(next >> shift));
    } else {
        hbs_put_be32(w->chunk + w->used, next);
        w->used += 4;
    }
}

enum hbs_err hbs_wsq_write_end(struct wsq_writer *w)
{
    if (w->have % 8)
        hbs_wsq_write_bits(w, 0xffu >> w->have % 8, 8 - w->have % 8);
    make_room(w);
    for (; w->have; w->have -= 8)
        put_byte(w, (uint8_t)(w->bits >> (w->have - 8)));
    if (!w->err && w->used)
        w->err = hbs_buf_put(w->out, w->chunk, (size_t)w->used);
    return w->err;
}
