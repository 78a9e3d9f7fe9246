/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: minutiae of a skeleton. Crossing numbers (Rutovitz, J. Royal Stat. Soc. A 129, 1966;
 * Arcelli and Sanniti di Baja 1985) give endings and bifurcations; following the ridge away from
 * each gives the sense of its direction; short spurs, bridges, lakes, islands and breaks are
 * recognised on the followed ridges (after Xiao and Raafat, Pattern Recognition 24:10, 1991; Zhao
 * and Tang, Pattern Recognition 40:4, 2007) and taken away. What is left is a candidate: worth.c
 * judges how likely each is to be seen again.
 */
#include "finger_int.h"

#include <stdlib.h>

enum {
    REACH = 24,      /* pixels a ridge is followed */
    SENSE = 10,      /* pixels along it at which its sense is read */
    WAYS = 4,        /* ridges leaving a point */
    SPUR = 9,        /* an ending this near a bifurcation is a spur */
    BRIDGE = 8,      /* bifurcations this near each other are a bridge or a lake */
    ISLAND = 14,     /* a ridge shorter than this is a speck */
    CLOSE = 6,       /* opposite minutiae this near cancel */
    GAP = 13,        /* endings that face each other this near are a break */
    EDGE = 2         /* blocks from the edge of the print that are not trusted */
};

static const int step_x[8] = {1, 1, 0, -1, -1, -1, 0, 1}, step_y[8] = {0, -1, -1, -1, 0, 1, 1, 1};

struct raw {
    int x, y;
    uint8_t type;
    bool dead;
    float angle, way;
};

static unsigned at(const struct hbs_fx *fx, int x, int y)
{
    if (x < 0 || y < 0 || x >= fx->width || y >= fx->height)
        return 0;
    return (unsigned)(fx_row(fx, fx->bits, y)[x >> 6] >> (x & 63) & 1);
}

static unsigned neighbours(const struct hbs_fx *fx, int x, int y)
{
    unsigned n = 0;
    for (int k = 0; k < 8; k++)
        n |= at(fx, x + step_x[k], y + step_y[k]) << k;
    return n;
}

/* Rutovitz's crossing number: half the changes on the way around. */
static int crossings(unsigned n)
{
    return __builtin_popcount(n ^ ((n << 1 | n >> 7) & 255)) / 2;
}

/* One ridge followed from a minutia. */
struct way {
    int length;   /* steps made */
    int end;      /* 1 at an ending, 2 at a bifurcation, 0 neither within reach */
    int ex, ey;   /* where it stopped */
    int mx, my;   /* where it was after SENSE steps, or its end */
};

static struct way follow(const struct hbs_fx *fx, int x0, int y0, int k0)
{
    static const int turns[7] = {4, 3, 5, 2, 6, 1, 7}; /* straight ahead first, never back */
    struct way way = {0};
    int x = x0 + step_x[k0], y = y0 + step_y[k0], from = (k0 + 4) & 7;
    for (;;) {
        way.length++;
        if (way.length <= SENSE) {
            way.mx = x;
            way.my = y;
        }
        way.ex = x;
        way.ey = y;
        unsigned n = neighbours(fx, x, y);
        int c = crossings(n);
        if (way.length > 1 && (c == 1 || c >= 3)) {
            way.end = c == 1 ? 1 : 2;
            return way;
        }
        if (way.length >= REACH)
            return way;
        int next = -1;
        for (int t = 0; t < 7 && next < 0; t++) {
            int k = (from + turns[t]) & 7;
            if (!(n >> k & 1))
                continue;
            /* near the start, pixels beside it belong to its other ridges */
            int nx = x + step_x[k] - x0, ny = y + step_y[k] - y0;
            if (way.length <= 2 && nx <= 1 && nx >= -1 && ny <= 1 && ny >= -1)
                continue;
            next = k;
        }
        if (next < 0) {
            way.end = 1;
            return way;
        }
        x += step_x[next];
        y += step_y[next];
        from = (next + 4) & 7;
    }
}

/* Kills the candidate at a place, within a pixel. The list is sorted by y: the search goes both
 * ways from i and ends where the rows are past. */
static void kill_near(struct raw *raw, int n, int i, int x, int y)
{
    for (int step = -1; step <= 1; step += 2)
        for (int j = step < 0 ? i - 1 : i + 1; j >= 0 && j < n; j += step) {
            if ((raw[j].y - y) * step > 1)
                break;
            if (abs(raw[j].x - x) <= 1 && abs(raw[j].y - y) <= 1) {
                raw[j].dead = true;
                return;
            }
        }
}

/* Candidates by the skeleton's crossing number, in the order of their rows. A noisy picture can have more
 * than FX_RAW_MAX: then those in the blocks of the weakest ridges are left out, all over the picture,
 * rather than all that lie below some row. */
enum { STEPS = 64, STEPS_A_DEVIATION = 16 }; /* of ridge strength */

static int step_of(const struct hbs_fx *fx, int x, int y)
{
    float s = fx->strength[(y / FX_BLOCK) * fx->bw + x / FX_BLOCK] * STEPS_A_DEVIATION;
    return s >= STEPS ? STEPS - 1 : s > 0 ? (int)s : 0;
}

/* One pass: counts candidates by strength into `steps`, or takes those above the step `cut` and the first
 * `ties` of that step itself into `raw`. */
static int candidates(struct hbs_fx *fx, int *steps, struct raw *raw, int cut, int ties)
{
    int n = 0;
    for (int y = 1; y < fx->height - 1; y++) {
        const uint64_t *row = fx_row(fx, fx->bits, y);
        const uint8_t *depth = fx->depth + (y / FX_BLOCK) * fx->bw;
        for (int i = 0; i < fx->words - 2; i++)
            for (uint64_t word = row[i]; word; word &= word - 1) {
                int x = i * 64 + __builtin_ctzll(word);
                if (x < 1 || x >= fx->width - 1 || depth[x / FX_BLOCK] < EDGE)
                    continue;
                int c = crossings(neighbours(fx, x, y));
                if (c != 1 && c != 3)
                    continue;
                int step = step_of(fx, x, y);
                if (!raw)
                    steps[step]++;
                else if (step < cut || (step == cut && ties-- <= 0))
                    continue;
                else if (n < FX_RAW_MAX)
                    raw[n] = (struct raw){.x = x, .y = y, .way = 1,
                        .type = c == 1 ? HBS_MINUTIA_ENDING : HBS_MINUTIA_BIFURCATION};
                n++;
            }
    }
    return n;
}

static int collect(struct hbs_fx *fx, struct raw *raw)
{
    int n = candidates(fx, NULL, raw, -1, 0);
    if (n <= FX_RAW_MAX)
        return n;
    int steps[STEPS] = {0}, cut = STEPS - 1, above = 0;
    candidates(fx, steps, NULL, 0, 0);
    while (cut > 0 && above + steps[cut] <= FX_RAW_MAX)
        above += steps[cut--];
    return candidates(fx, NULL, raw, cut, FX_RAW_MAX - above);
}

/* Follows the ridges of one candidate: its sense, and whether it is a spur, bridge or speck. */
static void examine(struct hbs_fx *fx, struct raw *raw, int n, int i)
{
    struct raw *r = &raw[i];
    unsigned nb = neighbours(fx, r->x, r->y);
    struct way ways[WAYS];
    int count = 0, shortest = REACH;
    for (int k = 0; k < 8 && count < WAYS; k++) {
        /* one way for each run of neighbours: its first pixel, or the one straight beside */
        if (!(nb >> k & 1) || (nb >> ((k + 7) & 7) & 1))
            continue;
        int start = (k & 1) && (nb >> ((k + 1) & 7) & 1) ? (k + 1) & 7 : k;
        ways[count] = follow(fx, r->x, r->y, start);
        if (ways[count].length < shortest)
            shortest = ways[count].length;
        count++;
    }
    r->way = (float)shortest / REACH;
    if (count < (r->type == HBS_MINUTIA_ENDING ? 1 : 3)) {
        r->dead = true;
        return;
    }
    float a[3];
    for (int k = 0; k < 3 && k < count; k++)
        a[k] = fx_atan2((float)(r->y - ways[k].my), (float)(ways[k].mx - r->x));
    if (r->type == HBS_MINUTIA_ENDING) {
        r->angle = a[0];
        if ((ways[0].end == 1 && ways[0].length < ISLAND) || (ways[0].end == 2 && ways[0].length < SPUR)) {
            r->dead = true;
            kill_near(raw, n, i, ways[0].ex, ways[0].ey);
        }
        return;
    }
    /* the valley lies between the two ridges that are closest in direction */
    float d01 = fx_turn(a[0], a[1]), d02 = fx_turn(a[0], a[2]), d12 = fx_turn(a[1], a[2]);
    int p = 0, q = 1;
    if (d02 < d01 && d02 <= d12) {
        q = 2;
    } else if (d12 < d01 && d12 < d02) {
        p = 1;
        q = 2;
    }
    float sp, cp, sq, cq;
    fx_sincos(a[p], &sp, &cp);
    fx_sincos(a[q], &sq, &cq);
    r->angle = fx_atan2(sp + sq, cp + cq);
    for (int k = 0; k < 3; k++)
        if (ways[k].end == 2 && ways[k].length < BRIDGE) {
            r->dead = true;
            kill_near(raw, n, i, ways[k].ex, ways[k].ey);
        }
}

/* Breaks: two endings that face each other; and opposite minutiae that nearly touch. */
static void cancel(struct raw *raw, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n && raw[j].y - raw[i].y <= GAP; j++) {
            float dx = (float)(raw[j].x - raw[i].x), dy = (float)(raw[j].y - raw[i].y);
            float d2 = dx * dx + dy * dy, turn;
            if (d2 > GAP * GAP)
                continue;
            turn = fx_turn(raw[i].angle, raw[j].angle);
            bool endings = raw[i].type == HBS_MINUTIA_ENDING && raw[j].type == HBS_MINUTIA_ENDING;
            bool facing = endings && turn > 2.35f &&
                          fx_turn(raw[j].angle, fx_atan2(-dy, dx)) < 0.9f;
            if (facing || (d2 < CLOSE * CLOSE && turn > 1.8f))
                raw[i].dead = raw[j].dead = true;
        }
}

static void describe(const struct hbs_fx *fx, const struct raw *r, struct fx_minutia *m)
{
    float x = (float)r->x, y = (float)r->y, coherence;
    /* The axis is the field's, which is steadier; the skeleton chooses the sense. */
    float axis = fx_angle_at(fx, x, y, &coherence);
    float angle = fx_turn(axis, r->angle) <= 0.5f * FX_PI ? axis : axis + FX_PI;
    *m = (struct fx_minutia){.x = x, .y = y, .angle = angle, .type = r->type};
    int bx = r->x / FX_BLOCK, by = r->y / FX_BLOCK, b = by * fx->bw + bx, count = 0;
    float sum = 0, least = 9;
    for (int j = by - 1; j <= by + 1; j++)
        for (int i = bx - 1; i <= bx + 1; i++)
            if (i >= 0 && j >= 0 && i < fx->bw && j < fx->bh) {
                float s = fx->strength[j * fx->bw + i];
                sum += s;
                least = s < least ? s : least;
                count++;
            }
    m->f[FX_F_COHERENCE] = coherence;
    m->f[FX_F_STRENGTH] = sum / (float)count;
    m->f[FX_F_WEAKEST] = least;
    m->f[FX_F_DEPTH] = fx->depth[b] > 8 ? 1 : (float)fx->depth[b] / 8;
    m->f[FX_F_WAY] = r->way;
    m->f[FX_F_SKEW] = fx_turn(angle, r->angle);
    m->f[FX_F_ENDING] = r->type == HBS_MINUTIA_ENDING;
    m->f[FX_F_CONTRAST] = fx->deviation[b] / 50;
    float s1, s2, c;
    fx_sincos(fx_angle_at(fx, x - 12, y, NULL) - fx_angle_at(fx, x + 12, y, NULL), &s1, &c);
    fx_sincos(fx_angle_at(fx, x, y - 12, NULL) - fx_angle_at(fx, x, y + 12, NULL), &s2, &c);
    m->f[FX_F_CURVATURE] = fabsf(s1) + fabsf(s2);
}

int fx_minutiae(struct hbs_fx *fx, struct fx_minutia *out)
{
    struct raw *raw = (struct raw *)(void *)fx->scratch[0]; /* large enough: see fx_open */
    _Static_assert(sizeof(struct raw) <= 8 * sizeof(float), "scratch[0] holds FX_RAW_MAX of them");
    int n = collect(fx, raw), count = 0;
    for (int i = 0; i < n; i++)
        examine(fx, raw, n, i);
    cancel(raw, n);
    for (int i = 0; i < n; i++)
        if (!raw[i].dead)
            describe(fx, &raw[i], &out[count++]);
    return count;
}
