/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: the packed template, version 1 (docs/formats/finger-template.md): what is stored.
 *
 *   0  "HFT" and the version, 1
 *   4  width, height of the picture at 500 ppi, 16 bits each, little endian
 *   8  quality, finger, count of minutiae, 0
 *  12  columns, rows of the map
 *  14  bits that follow, most significant first in each byte, zeros to the end of the byte:
 *        each minutia: x and y in half pixels, as many bits as 2 * width and 2 * height need;
 *          angle 8; quality 6 (steps of 1/63); type 2; support 3
 *        each row of the map: 1 bit, whether the print is in it; if so the first and the last
 *          column with as many bits as columns - 1 needs, and for each cell between them a Rice
 *          code (k = 1) of how far its orientation, in 32 steps of half a turn, lies from that of
 *          the cell before (of the cell above for the first): 0, 1, -1, 2, ... ; the 33rd code
 *          says that the cell is outside the print
 *   .  CRC-32 (IEEE 802.3) of everything before, little endian
 *
 * Every length is checked before it is used; what is left over or short is an error.
 */
#include "base/base_int.h"
#include "habeas/finger.h"

enum { HEAD = 14, STEPS = 32, OUTSIDE = STEPS };

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
    uint32_t c = 0xFFFFFFFFu;
    while (n--) {
        c ^= *p++;
        for (int i = 0; i < 8; i++)
            c = c >> 1 ^ (0xEDB88320u & -(c & 1));
    }
    return ~c;
}

static int bits_for(unsigned most)
{
    int n = 0;
    while (most >> n)
        n++;
    return n;
}

struct writer {
    uint8_t *p;
    size_t size, at; /* bytes; bits */
};

static void put(struct writer *w, unsigned value, int bits)
{
    for (int i = bits - 1; i >= 0; i--, w->at++)
        if (w->at < 8 * w->size && value >> i & 1)
            w->p[w->at >> 3] |= (uint8_t)(128 >> (w->at & 7));
}

struct reader {
    const uint8_t *p;
    size_t size, at;
    bool over;
};

static unsigned get(struct reader *r, int bits)
{
    unsigned v = 0;
    for (int i = 0; i < bits; i++, r->at++) {
        if (r->at >= 8 * r->size) {
            r->over = true;
            return 0;
        }
        v = v << 1 | (r->p[r->at >> 3] >> (7 - (r->at & 7)) & 1);
    }
    return v;
}

/* 0, 1, -1, 2, -2 ... 16 as 0 .. 31. */
static unsigned fold(int from, int to)
{
    int d = (to - from) & (STEPS - 1);
    return d == 0 ? 0 : d <= STEPS / 2 ? 2u * (unsigned)d - 1 : 2u * (unsigned)(STEPS - d);
}
static int unfold(int from, unsigned code)
{
    int d = code & 1 ? (int)(code + 1) / 2 : -(int)(code / 2);
    return (from + d) & (STEPS - 1);
}

static void put_rice(struct writer *w, unsigned v)
{
    for (unsigned q = v >> 1; q; q--)
        put(w, 1, 1);
    put(w, 0, 1);
    put(w, v & 1, 1);
}
static unsigned get_rice(struct reader *r)
{
    unsigned q = 0;
    while (get(r, 1) && q <= OUTSIDE / 2 && !r->over)
        q++;
    return q << 1 | get(r, 1);
}

static int step_of(uint8_t orientation) { return (orientation + 2) / 4 & (STEPS - 1); }

static void put_map(struct writer *w, const struct hbs_finger_template *t)
{
    int bits = bits_for(t->columns ? t->columns - 1u : 0);
    int above[256] = {0};
    for (int y = 0; y < t->rows; y++) {
        const uint8_t *row = t->orientation + (size_t)y * t->columns;
        int first = -1, last = -1;
        for (int x = 0; x < t->columns; x++)
            if (row[x] != HBS_FINGER_NO_ORIENTATION) {
                first = first < 0 ? x : first;
                last = x;
            }
        put(w, first >= 0, 1);
        if (first < 0)
            continue;
        put(w, (unsigned)first, bits);
        put(w, (unsigned)last, bits);
        int before = above[first];
        for (int x = first; x <= last; x++) {
            if (row[x] == HBS_FINGER_NO_ORIENTATION) {
                put_rice(w, OUTSIDE);
                continue;
            }
            int now = step_of(row[x]);
            put_rice(w, fold(before, now));
            above[x] = before = now;
        }
    }
}

static bool get_map(struct reader *r, struct hbs_finger_template *t)
{
    int bits = bits_for(t->columns ? t->columns - 1u : 0);
    int above[256] = {0};
    memset(t->orientation, HBS_FINGER_NO_ORIENTATION, (size_t)t->columns * t->rows);
    for (int y = 0; y < t->rows && !r->over; y++) {
        uint8_t *row = t->orientation + (size_t)y * t->columns;
        if (!get(r, 1))
            continue;
        int first = (int)get(r, bits), last = (int)get(r, bits);
        if (r->over || first > last || last >= t->columns)
            return false;
        int before = above[first];
        for (int x = first; x <= last; x++) {
            unsigned code = get_rice(r);
            if (r->over || code > OUTSIDE || (code == OUTSIDE && (x == first || x == last)))
                return false;
            if (code == OUTSIDE)
                continue;
            above[x] = before = unfold(before, code);
            row[x] = (uint8_t)(4 * before);
        }
    }
    return !r->over;
}

/* What unpacking would not take back is not packed. */
static bool is_packable(const struct hbs_finger_template *t)
{
    size_t cells = (size_t)t->columns * t->rows;
    if (t->count > HBS_FINGER_MINUTIAE_MAX || cells > HBS_FINGER_CELLS_MAX || !t->columns != !t->rows ||
        t->quality > 100 || t->finger > 10)
        return false;
    for (int i = 0; i < t->count; i++)
        if (t->minutiae[i].type > HBS_MINUTIA_BIFURCATION)
            return false;
    for (size_t i = 0; i < cells; i++)
        if (t->orientation[i] > 127 && t->orientation[i] != HBS_FINGER_NO_ORIENTATION)
            return false;
    return true;
}

/* The longest there is: minutiae of 17 + 17 + 19 bits, cells of 18, rows that say where they begin and
 * end. */
_Static_assert(HEAD + 4 + (HBS_FINGER_MINUTIAE_MAX * 53 + HBS_FINGER_CELLS_MAX * 18 + 255 * 17 + 7) / 8 <=
               HBS_FINGER_PACKED_MAX, "every template fits");

enum hbs_err hbs_finger_pack(struct hbs_ctx *ctx, const struct hbs_finger_template *t,
                             struct hbs_buf *out)
{
    if (!is_packable(t))
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "extract it again", "the template's values are out of range");
    uint8_t p[HBS_FINGER_PACKED_MAX] = {0};
    memcpy(p, "HFT\1", 4);
    hbs_put_le16(p + 4, t->width);
    hbs_put_le16(p + 6, t->height);
    p[8] = t->quality;
    p[9] = t->finger;
    p[10] = (uint8_t)t->count;
    p[12] = t->columns;
    p[13] = t->rows;
    struct writer w = {p + HEAD, HBS_FINGER_PACKED_MAX - HEAD - 4, 0};
    int xb = bits_for(2u * t->width), yb = bits_for(2u * t->height);
    const unsigned half = HBS_FINGER_UNIT / 2;
    for (int i = 0; i < t->count; i++) {
        const struct hbs_minutia *m = &t->minutiae[i];
        unsigned x = (m->x + half / 2) / half, y = (m->y + half / 2) / half;
        x = x > 65535 / half ? 65535 / half : x; /* 65534 would be rounded to 65536 */
        y = y > 65535 / half ? 65535 / half : y;
        unsigned q = m->quality > 100 ? 100 : m->quality;
        put(&w, x > 2u * t->width ? 2u * t->width : x, xb);
        put(&w, y > 2u * t->height ? 2u * t->height : y, yb);
        put(&w, m->angle, 8);
        put(&w, (q * 63 + 50) / 100, 6);
        put(&w, m->type & 3, 2);
        put(&w, m->support & 7, 3);
    }
    put_map(&w, t);
    size_t size = HEAD + (w.at + 7) / 8;
    if (NEVER(w.at > 8 * w.size))
        return hbs_fail(ctx, HBS_ERR_BUG, "", "report this", "a template does not fit its maximum");
    hbs_put_le32(p + size, crc32_of(p, size));
    return hbs_buf_put(out, p, size + 4);
}

bool hbs_finger_is_packed(const void *data, size_t size)
{
    return size >= 4 && !memcmp(data, "HFT", 3);
}

static enum hbs_err broken(struct hbs_ctx *ctx, const char *what)
{
    return hbs_fail(ctx, HBS_ERR_FORMAT, "", "extract it again from the picture",
                    "a broken fingerprint template: %s", what);
}

enum hbs_err hbs_finger_unpack(struct hbs_ctx *ctx, const void *data, size_t size,
                               struct hbs_finger_template *out)
{
    const uint8_t *p = data;
    if (!hbs_finger_is_packed(data, size))
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "give a picture or a template", "not a fingerprint template");
    if (p[3] != 1)
        return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "use a newer habeas",
                        "template version %d is not known here", p[3]);
    if (size < HEAD + 4 || size > HBS_FINGER_PACKED_MAX)
        return broken(ctx, "its size is wrong");
    if (crc32_of(p, size - 4) != hbs_le32(p + size - 4))
        return hbs_fail(ctx, HBS_ERR_INTEGRITY, "", "extract it again from the picture",
                        "a fingerprint template whose checksum does not hold");
    if (p[8] > 100 || p[9] > 10 || p[11] || p[10] > HBS_FINGER_MINUTIAE_MAX)
        return broken(ctx, "a value in its head is out of range");
    if ((size_t)p[12] * p[13] > HBS_FINGER_CELLS_MAX || !p[12] != !p[13])
        return broken(ctx, "its map is too large");
    struct hbs_finger_template *t = hbs_alloc(ctx, 1, sizeof *t);
    if (!t)
        return hbs_fail_memory(ctx, sizeof *t);
    t->width = hbs_le16(p + 4);
    t->height = hbs_le16(p + 6);
    t->quality = p[8];
    t->finger = p[9];
    t->count = p[10];
    t->columns = p[12];
    t->rows = p[13];
    struct reader r = {p + HEAD, size - HEAD - 4, 0, false};
    int xb = bits_for(2u * t->width), yb = bits_for(2u * t->height);
    bool good = true;
    for (int i = 0; i < t->count && good; i++) {
        unsigned x = get(&r, xb), y = get(&r, yb), angle = get(&r, 8), q = get(&r, 6), type = get(&r, 2),
                 support = get(&r, 3);
        good = !r.over && x <= 2u * t->width && y <= 2u * t->height && type <= HBS_MINUTIA_BIFURCATION &&
               x * (HBS_FINGER_UNIT / 2) <= 65535 && y * (HBS_FINGER_UNIT / 2) <= 65535;
        t->minutiae[i] = (struct hbs_minutia){(uint16_t)(x * (HBS_FINGER_UNIT / 2)),
            (uint16_t)(y * (HBS_FINGER_UNIT / 2)), (uint8_t)angle, (uint8_t)type,
            (uint8_t)((q * 100 + 31) / 63), (uint8_t)support};
    }
    good = good && get_map(&r, t) && (r.at + 7) / 8 == r.size;
    while (good && (r.at & 7))
        good = get(&r, 1) == 0;
    enum hbs_err err = HBS_OK;
    if (good)
        *out = *t;
    else
        err = broken(ctx, "its contents do not fit its counts");
    hbs_free(ctx, t);
    return err;
}
