/* SPDX-License-Identifier: MPL-2.0
 *
 * Room finger: two prints compared.
 *
 * Stage 1 is Local Similarity Sort with Relaxation (Cappelli, Ferrara, Maltoni 2010, section 3.2
 * and 4.4): similarity 1 - |a xor b| / (|a| + |b|) in the Euclidean norm of bits, the best pairs,
 * and five rounds in which pairs hold each other up as far as they agree on distance (equation 22,
 * d1), direction (d2) and bearing (d3). Stage 2 consolidates: the best relaxed pairs give a rigid
 * alignment (least squares, Umeyama, PAMI 13:4, 1991, reweighted so that outliers fade), all
 * minutiae are paired within a tolerance, each is then moved with its paired neighbours (the skin
 * bends) and pairing is done once more; and the orientation maps are laid over each other. What
 * both stages found is weighed by a logistic function (tuning.c).
 *
 * Work is bounded: at most 48 x 48 similarities, 1,128 pair terms, and one sort of at most 512
 * candidates in each round of pairing.
 */
#include "fmath_int.h"
#include "match_int.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    ROUNDS = 5,           /* of relaxation */
    SEEDS = 10,           /* pairs that make an alignment */
    WAYS = 4,             /* alignments tried */
    EDGES_MAX = FM_MOST * (FM_MOST - 1) / 2,
    CANDIDATES_MAX = 512, /* for pairing */
    TURN_NEAR = 20        /* tolerance of pairing, 1/256 turn */
};

static struct fm_tables shipped;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static float logistic(float v, float mean, float steep)
{
    return 1 / (1 + fx_exp(-steep * (v - mean)));
}

static void make_tables(void)
{
    fm_make_tables(&fm_tuning_shipped, &shipped);
}

const struct fm_tables *fm_shipped(void)
{
    pthread_once(&once, make_tables);
    return &shipped;
}

const char *hbs_finger_kernel(void)
{
    return fm_shipped()->kernel;
}

struct pair {
    float s;      /* similarity, then relaxed */
    uint8_t a, b;
};

struct stretch {
    int from, to;
};

/* The minutiae of a print whose direction is within `gate` of `angle`: they stand side by side, in one
 * stretch or, around 0, in two. */
static int within(const struct hbs_finger_print *p, int angle, int gate, struct stretch out[2])
{
    int n = 0;
    for (int turn = -256; turn <= 256; turn += 256) {
        int least = angle - gate + turn, largest = angle + gate + turn;
        if (largest < 0 || least > 255)
            continue;
        int from = p->below[least < 0 ? 0 : least], to = p->below[largest > 255 ? 256 : largest + 1];
        if (from < to)
            out[n++] = (struct stretch){from, to};
    }
    return n;
}

/* The `most` best pairs by similarity, equal ones by a, then b. Similarities are put into 1,024
 * drawers; only the drawer in which the list ends is sorted. */
static int best_pairs(const struct fm_tables *tables, const struct hbs_finger_print *A, const struct hbs_finger_print *B, int most,
                      struct pair *out)
{
    enum { DRAWERS = 1024 };
    struct pair all[FM_MOST * FM_MOST];
    uint16_t drawer_of[FM_MOST * FM_MOST], drawers[DRAWERS];
    int n = 0;
    memset(drawers, 0, sizeof drawers);
    for (int i = 0; i < A->count; i++) {
        uint64_t word[FM_WORDS];
        uint16_t differ[FM_LANES];
        float similar[FM_LANES];
        struct stretch stretch[2];
        for (int w = 0; w < FM_WORDS; w++)
            word[w] = A->bits[w][i];
        int stretches = within(B, A->angle[i], FM_GATE, stretch);
        for (int k = 0; k < stretches; k++) {
            int from = stretch[k].from, to = stretch[k].to;
            tables->bits_differ(word, B->bits, from, to, differ);
            float root = A->root_ones[i], worth = A->root_worth[i];
            for (int j = from; j < to; j++) {
                float s = 1 - sqrtf((float)differ[j]) / (root + B->root_ones[j]);
                similar[j] = (s > 0 ? s : 0) * worth * B->root_worth[j];
            }
            for (int j = from; j < to; j++) {
                float s = similar[j];
                all[n] = (struct pair){s, (uint8_t)i, (uint8_t)j};
                int d = (int)(s * (DRAWERS - 1));
                drawer_of[n++] = (uint16_t)d;
                drawers[d]++;
            }
        }
    }
    most = most < n ? most : n;
    int last = DRAWERS - 1, above = 0;
    while (last > 0 && above + drawers[last] < most)
        above += drawers[last--];
    int count = 0;
    struct pair edge[FM_MOST * FM_MOST];
    int in_edge = 0;
    for (int i = 0; i < n; i++) {
        if (drawer_of[i] > last)
            out[count++] = all[i];
        else if (drawer_of[i] == last)
            edge[in_edge++] = all[i];
    }
    while (count < most) { /* few: the drawer holds a handful */
        int best = -1;
        for (int i = 0; i < in_edge; i++)
            if (edge[i].s >= 0 && (best < 0 || edge[i].s > edge[best].s))
                best = i;
        if (best < 0)
            break;
        out[count++] = edge[best];
        edge[best].s = -1;
    }
    return count;
}

struct edge {
    uint8_t t, k;
    float r;
};

/* Pairs that agree with each other; most of the 1,128 do not. */
static int agreements(const struct fm_tables *tables, const struct hbs_finger_print *A, const struct hbs_finger_print *B,
                      const struct pair *pairs, int n, struct edge *edges)
{
    int count = 0;
    for (int t = 1; t < n; t++) {
        int a = pairs[t].a, b = pairs[t].b;
        const uint16_t *da = A->distance[a], *db = B->distance[b];
        uint8_t turn = (uint8_t)(A->angle[a] - B->angle[b]);
        for (int k = 0; k < t; k++) {
            int c = pairs[k].a, d = pairs[k].b;
            int d1 = abs((int)da[c] - (int)db[d]);
            int d2 = abs((int8_t)(turn - (uint8_t)(A->angle[c] - B->angle[d])));
            /* the bearing is taken from both ends; the worse one counts */
            int d3 = abs((int8_t)(A->radial[a][c] - B->radial[b][d]));
            int d4 = abs((int8_t)(A->radial[c][a] - B->radial[d][b]));
            d3 = d4 > d3 ? d4 : d3;
            /* one branch, hardly ever taken */
            if ((d1 >= FM_DISTANCES) | (d2 >= FM_TURNS) | (d3 >= FM_TURNS) | (c == a) | (d == b))
                continue;
            float r = tables->distance[d1] * tables->turn[d2] * tables->turn[d3];
            if (r > 1e-4f)
                edges[count++] = (struct edge){(uint8_t)t, (uint8_t)k, r};
        }
    }
    return count;
}

static void relax(struct pair *pairs, int n, const struct edge *edges, int count, float *efficiency)
{
    float now[FM_MOST], next[FM_MOST], share = 0.5f / (float)(n - 1);
    for (int i = 0; i < n; i++)
        now[i] = pairs[i].s;
    for (int round = 0; round < ROUNDS; round++) {
        memset(next, 0, sizeof next);
        for (int e = 0; e < count; e++) {
            next[edges[e].t] += edges[e].r * now[edges[e].k];
            next[edges[e].k] += edges[e].r * now[edges[e].t];
        }
        for (int i = 0; i < n; i++)
            now[i] = 0.5f * now[i] + share * next[i];
    }
    for (int i = 0; i < n; i++) {
        efficiency[i] = now[i] / (pairs[i].s + 1e-6f);
        pairs[i].s = now[i];
    }
}

/* Mean relaxed similarity of the nP pairs that kept most of theirs (equation 25). */
static float relaxed_score(const struct pair *pairs, int n, const float *efficiency, int fewer)
{
    int np = 4 + fx_round(8 * logistic((float)fewer, 20, 0.4f));
    bool used[FM_MOST] = {false};
    float sum = 0;
    for (int k = 0; k < np && k < n; k++) {
        int best = -1;
        for (int i = 0; i < n; i++)
            if (!used[i] && (best < 0 || efficiency[i] > efficiency[best]))
                best = i;
        used[best] = true;
        sum += pairs[best].s;
    }
    return sum / (float)np;
}

/* A way to lay the prints over each other: the pair that most others hold up, and those others, one
 * to one, strongest first. Pairs in `out` are left out: they have been tried. Marks its own there. */
static int choose_seeds(const struct pair *pairs, int n, const struct edge *edges, int count, bool *out,
                        struct pair seeds[SEEDS])
{
    float held[FM_MOST], by[FM_MOST];
    for (int i = 0; i < n; i++)
        held[i] = pairs[i].s;
    for (int e = 0; e < count; e++) {
        held[edges[e].t] += edges[e].r * pairs[edges[e].k].s;
        held[edges[e].k] += edges[e].r * pairs[edges[e].t].s;
    }
    int centre = -1;
    for (int i = 0; i < n; i++)
        if (!out[i] && (centre < 0 || held[i] > held[centre]))
            centre = i;
    if (centre < 0)
        return 0;
    memset(by, 0, sizeof by);
    for (int e = 0; e < count; e++) {
        if (edges[e].t == centre)
            by[edges[e].k] = edges[e].r * pairs[edges[e].k].s;
        if (edges[e].k == centre)
            by[edges[e].t] = edges[e].r * pairs[edges[e].t].s;
    }
    by[centre] = pairs[centre].s + 1; /* first */
    bool used_a[FM_MOST] = {false}, used_b[FM_MOST] = {false};
    int chosen = 0;
    while (chosen < SEEDS) {
        int best = -1;
        for (int i = 0; i < n; i++)
            if (by[i] > 0 && !used_a[pairs[i].a] && !used_b[pairs[i].b] && (best < 0 || by[i] > by[best]))
                best = i;
        if (best < 0)
            break;
        used_a[pairs[best].a] = used_b[pairs[best].b] = true;
        out[best] = true;
        seeds[chosen++] = pairs[best];
    }
    return chosen;
}

struct pose {
    float c, s, dx, dy; /* b = (c x - s y + dx, s x + c y + dy), y up */
    int turn;           /* 1/256 */
};

static struct pose align(const struct hbs_finger_print *A, const struct hbs_finger_print *B,
                         const struct pair *seeds, int n)
{
    static const float arm = 400, fade = 12 * 12; /* weight of a direction; of a misfit */
    float weight[SEEDS];
    struct pose p = {1, 0, 0, 0, 0};
    for (int i = 0; i < n; i++)
        weight[i] = seeds[i].s;
    for (int round = 0; round < 3; round++) {
        float all = 1e-9f, ax = 0, ay = 0, bx = 0, by = 0, C = 0, S = 0;
        for (int i = 0; i < n; i++) {
            int a = seeds[i].a, b = seeds[i].b;
            all += weight[i];
            ax += weight[i] * A->x[a];
            ay += weight[i] * A->y[a];
            bx += weight[i] * B->x[b];
            by += weight[i] * B->y[b];
        }
        ax /= all;
        ay /= all;
        bx /= all;
        by /= all;
        for (int i = 0; i < n; i++) {
            int a = seeds[i].a, b = seeds[i].b;
            float ux = A->x[a] - ax, uy = A->y[a] - ay, vx = B->x[b] - bx, vy = B->y[b] - by, s, c;
            fx_sincos((float)(int8_t)(B->angle[b] - A->angle[a]) * (FX_TAU / 256), &s, &c);
            C += weight[i] * (ux * vx + uy * vy + arm * c);
            S += weight[i] * (ux * vy - uy * vx + arm * s);
        }
        float h = sqrtf(C * C + S * S);
        if (h > 0) {
            p.c = C / h;
            p.s = S / h;
        }
        p.dx = bx - (p.c * ax - p.s * ay);
        p.dy = by - (p.s * ax + p.c * ay);
        for (int i = 0; i < n; i++) {
            int a = seeds[i].a, b = seeds[i].b;
            float ex = p.c * A->x[a] - p.s * A->y[a] + p.dx - B->x[b];
            float ey = p.s * A->x[a] + p.c * A->y[a] + p.dy - B->y[b];
            weight[i] = seeds[i].s / (1 + (ex * ex + ey * ey) / fade);
        }
    }
    p.turn = fx_round(fx_atan2(p.s, p.c) * (256 / FX_TAU)) & 255;
    return p;
}

static int by_cost(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->s != y->s)
        return x->s < y->s ? -1 : 1;
    return x->a != y->a ? (int)x->a - (int)y->a : (int)x->b - (int)y->b;
}

/* Pairs minutiae one to one, nearest first; returns how many. */
static int pair_up(const struct hbs_finger_print *A, const struct hbs_finger_print *B, const float *x,
                   const float *y, int turn, float near, int8_t *partner)
{
    struct pair candidates[CANDIDATES_MAX];
    bool taken[FM_MOST] = {false};
    int n = 0, paired = 0;
    float least = near * near;
    for (int i = 0; i < A->count; i++) {
        partner[i] = -1;
        uint8_t angle = (uint8_t)(A->angle[i] + turn);
        struct stretch stretch[2];
        int stretches = within(B, angle, TURN_NEAR, stretch);
        for (int k = 0; k < stretches; k++)
            for (int j = stretch[k].from; j < stretch[k].to; j++) {
                float dx = x[i] - B->x[j], dy = y[i] - B->y[j], d = dx * dx + dy * dy;
                if (d > least || n == CANDIDATES_MAX)
                    continue;
                int da = abs((int8_t)(angle - B->angle[j]));
                candidates[n++] = (struct pair){sqrtf(d) / near + (float)da / TURN_NEAR, (uint8_t)i,
                                                (uint8_t)j};
            }
    }
    qsort(candidates, (size_t)n, sizeof *candidates, by_cost);
    for (int k = 0; k < n; k++) {
        int a = candidates[k].a, b = candidates[k].b;
        if (partner[a] >= 0 || taken[b])
            continue;
        partner[a] = (int8_t)b;
        taken[b] = true;
        paired++;
    }
    return paired;
}

/* Moves each minutia by what its paired neighbours missed theirs by, near ones counting more. */
static void bend(const struct hbs_finger_print *A, const struct hbs_finger_print *B, float *x, float *y,
                 const int8_t *partner)
{
    static const float reach = 70 * 70, calm = 1;
    float rx[FM_MOST], ry[FM_MOST], px[FM_MOST], py[FM_MOST], mx[FM_MOST], my[FM_MOST];
    int who[FM_MOST], n = 0;
    for (int i = 0; i < A->count; i++)
        if (partner[i] >= 0) {
            px[n] = x[i];
            py[n] = y[i];
            rx[n] = B->x[partner[i]] - x[i];
            ry[n] = B->y[partner[i]] - y[i];
            who[n++] = i;
        }
    for (int i = 0; i < A->count; i++) {
        float all = calm, sx = 0, sy = 0;
        for (int k = 0; k < n; k++) {
            float dx = px[k] - x[i], dy = py[k] - y[i], g = 1 / (1 + (dx * dx + dy * dy) / reach);
            g = who[k] == i ? 0 : g * g;
            all += g;
            sx += g * rx[k];
            sy += g * ry[k];
        }
        mx[i] = x[i] + sx / all;
        my[i] = y[i] + sy / all;
    }
    memcpy(x, mx, (size_t)A->count * sizeof *x);
    memcpy(y, my, (size_t)A->count * sizeof *y);
}

/* The map of a print at a pixel, y up. */
static int map_at(const struct hbs_finger_print *p, float x, float y)
{
    if (x < 0 || y > 0)
        return HBS_FINGER_NO_ORIENTATION;
    int i = (int)x / HBS_FINGER_CELL, j = (int)-y / HBS_FINGER_CELL;
    return i < p->columns && j < p->rows ? p->map[j * p->columns + i] : HBS_FINGER_NO_ORIENTATION;
}

struct overlap {
    int a, b, cells, known; /* minutiae of each print in the other; cells; with two orientations */
    float worth_a, worth_b, agree;
};

static struct overlap overlay(const struct fm_tables *tables, const struct hbs_finger_print *A, const struct hbs_finger_print *B,
                              const struct pose *p, struct fm_details *d)
{
    struct overlap o = {0};
    bool taken[FM_MOST] = {false};
    for (int i = 0; i < A->count; i++) {
        float x = p->c * A->x[i] - p->s * A->y[i] + p->dx, y = p->s * A->x[i] + p->c * A->y[i] + p->dy;
        d->in_overlap[i] = map_at(B, x, y) != HBS_FINGER_NO_ORIENTATION;
        if (d->partner[i] >= 0)
            taken[d->partner[i]] = true;
        if (d->partner[i] >= 0 || d->in_overlap[i]) {
            o.a++;
            o.worth_a += A->worth[i];
        }
    }
    for (int j = 0; j < B->count; j++) {
        float u = B->x[j] - p->dx, v = B->y[j] - p->dy;
        if (taken[j] || map_at(A, p->c * u + p->s * v, p->c * v - p->s * u) != HBS_FINGER_NO_ORIENTATION) {
            o.b++;
            o.worth_b += B->worth[j];
        }
    }
    for (int j = 0; j < A->rows; j++)
        for (int i = 0; i < A->columns; i++) {
            int mine = A->map[j * A->columns + i];
            if (mine == HBS_FINGER_NO_ORIENTATION)
                continue;
            float ax = ((float)i + 0.5f) * HBS_FINGER_CELL, ay = -((float)j + 0.5f) * HBS_FINGER_CELL;
            int theirs = map_at(B, p->c * ax - p->s * ay + p->dx, p->s * ax + p->c * ay + p->dy);
            if (theirs == HBS_FINGER_NO_ORIENTATION)
                continue;
            o.cells++;
            if (mine == FM_INSIDE || theirs == FM_INSIDE)
                continue;
            o.known++;
            o.agree += tables->cosine2[(uint8_t)(mine - theirs + p->turn)];
        }
    return o;
}

static float similarity(const struct hbs_finger_print *A, int a, const struct hbs_finger_print *B, int b)
{
    unsigned differ = 0;
    for (int w = 0; w < FM_WORDS; w++)
        differ += (unsigned)__builtin_popcountll(A->bits[w][a] ^ B->bits[w][b]);
    return 1 - sqrtf((float)differ) / (A->root_ones[a] + B->root_ones[b]);
}

/* One way of laying the prints over each other, and the first pairing under it. */
struct way {
    struct pose pose;
    float x[FM_MOST], y[FM_MOST]; /* minutiae of A on B */
    int8_t partner[FM_MOST];
    int paired;
    float good;                   /* worth of the paired times their similarity */
};

static void lay(const struct fm_tables *tables, const struct hbs_finger_print *A,
                const struct hbs_finger_print *B, const struct pair *seeds, int chosen, struct way *way)
{
    struct pose p = align(A, B, seeds, chosen);
    way->pose = p;
    for (int i = 0; i < A->count; i++) {
        way->x[i] = p.c * A->x[i] - p.s * A->y[i] + p.dx;
        way->y[i] = p.s * A->x[i] + p.c * A->y[i] + p.dy;
    }
    way->paired = pair_up(A, B, way->x, way->y, p.turn, tables->tuning.near_first, way->partner);
    way->good = 0;
    for (int i = 0; i < A->count; i++)
        if (way->partner[i] >= 0)
            way->good += A->root_worth[i] * B->root_worth[way->partner[i]] *
                         similarity(A, i, B, way->partner[i]);
}

/* Bends, pairs again and fills the features of stage 2. */
static void consolidate(const struct fm_tables *tables, const struct hbs_finger_print *A,
                        const struct hbs_finger_print *B, struct way *way,
                        struct hbs_finger_result *out, struct fm_details *d)
{
    float *f = d->feature;
    struct pose pose = way->pose;
    int m = way->paired;
    memcpy(d->partner, way->partner, sizeof d->partner);
    if (m >= 3) {
        bend(A, B, way->x, way->y, d->partner);
        m = pair_up(A, B, way->x, way->y, pose.turn, tables->tuning.near_second, d->partner);
    }
    struct overlap o = overlay(tables, A, B, &pose, d);
    float similar = 0, worth = 0, weighted = 0;
    out->paired = 0;
    for (int i = 0; i < A->count; i++) {
        int b = d->partner[i];
        if (b < 0)
            continue;
        float s = similarity(A, i, B, b), q = A->root_worth[i] * B->root_worth[b];
        similar += s;
        worth += q;
        weighted += q * s;
        out->pairs[out->paired++] = (struct hbs_finger_pair){A->index[i], B->index[b]};
    }
    float share = (float)m / sqrtf((float)(o.a * o.b) + 1);
    float worth_share = worth / sqrtf(o.worth_a * o.worth_b + 0.5f);
    float lesser = o.worth_a < o.worth_b ? o.worth_a : o.worth_b;
    float mass = similar * share, worth_mass = weighted * worth_share;
    f[FM_F_CELLS] = sqrtf((float)o.cells);
    f[FM_F_AGREE] = o.known ? o.agree / (float)o.known : 0.85f; /* not known: as good pairs have */
    f[FM_F_MASS] = fx_log(1 + (mass > 0 ? mass : 0));
    f[FM_F_WORTH] = sqrtf(worth);
    f[FM_F_WORTH_SHARE] = worth_share;
    f[FM_F_WORTH_MASS] = fx_log(1 + (worth_mass > 0 ? worth_mass : 0));
    f[FM_F_IN_OVERLAP] = fx_log(1 + lesser);
    out->turn = (float)(int8_t)pose.turn;
    out->dx = pose.dx;
    out->dy = -pose.dy;
    out->overlap = o.cells;
    out->agreement = o.known ? o.agree / (float)o.known : 0;
}

void fm_compare(const struct fm_tables *tables, const struct hbs_finger_print *A,
                const struct hbs_finger_print *B, struct hbs_finger_result *out, struct fm_details *d)
{
    struct pair pairs[FM_MOST], seeds[SEEDS];
    struct edge edges[EDGES_MAX];
    float efficiency[FM_MOST], *f = d->feature;
    memset(out, 0, sizeof *out);
    memset(d->feature, 0, sizeof d->feature);
    memset(d->partner, -1, sizeof d->partner);
    memset(d->in_overlap, 0, sizeof d->in_overlap);
    f[FM_F_ONE] = 1;
    f[FM_F_RELAXED] = fx_log(1e-4f);
    int fewer = A->count < B->count ? A->count : B->count;
    f[FM_F_FEWER] = (float)fewer / 50;
    int n = best_pairs(tables, A, B, fewer, pairs);
    if (n < 2)
        return;
    int count = agreements(tables, A, B, pairs, n, edges);
    relax(pairs, n, edges, count, efficiency);
    f[FM_F_RELAXED] = fx_log(relaxed_score(pairs, n, efficiency, fewer) + 1e-4f);
    /* The ways of laying them over each other that most pairs hold up; the best of them counts. */
    bool tried[FM_MOST] = {false};
    struct way ways[WAYS];
    int best = 0, laid = 0;
    while (laid < WAYS) {
        int chosen = choose_seeds(pairs, n, edges, count, tried, seeds);
        if (chosen < (laid ? 2 : 1))
            break;
        lay(tables, A, B, seeds, chosen, &ways[laid]);
        if (ways[laid].good > ways[best].good)
            best = laid;
        laid++;
    }
    if (laid)
        consolidate(tables, A, B, &ways[best], out, d);
}

void hbs_finger_compare(const struct hbs_finger_print *a, const struct hbs_finger_print *b,
                        struct hbs_finger_result *out)
{
    struct fm_details d;
    bool swap = a->order > b->order;
    const struct fm_tables *tables = fm_shipped();
    fm_compare(tables, swap ? b : a, swap ? a : b, out, &d);
    float score = 0;
    for (int i = 0; i < FM_FEATURES; i++)
        score += d.feature[i] * tables->tuning.weight[i];
    out->score = score;
    if (!swap)
        return;
    /* the caller's order: pairs turned round, the inverse movement */
    for (int i = 0; i < out->paired; i++) {
        uint8_t t = out->pairs[i].a;
        out->pairs[i].a = out->pairs[i].b;
        out->pairs[i].b = t;
    }
    float s, c, dx = out->dx, dy = -out->dy;
    fx_sincos(out->turn * (FX_TAU / 256), &s, &c);
    out->turn = -out->turn;
    out->dx = -(c * dx + s * dy);
    out->dy = c * dy - s * dx;
}
