/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: the DET plot as SVG. Both axes are normal deviates (Martin et al., Eurospeech 1997), so
 * that two normal score distributions give a straight line. Shares of zero have no place on such an
 * axis: a curve begins at the left edge with its FNMR at zero FMR and ends at the lower edge.
 *
 * The picture has its own background and follows the reader's choice of light or dark where the
 * viewer knows it (CSS prefers-color-scheme); elsewhere it is light. Colours are those of Okabe and
 * Ito (2008), told apart with every kind of colour vision, lightened for dark.
 */
#include "eval_int.h"

#include <math.h>
#include <stdio.h>

/* Ticks of both axes; an axis spans from one of them to another. */
static const struct {
    double value;
    const char *label;
} ticks[] = {
    {0.000001, "0.0001"}, {0.00001, "0.001"}, {0.0001, "0.01"}, {0.0005, "0.05"}, {0.001, "0.1"},
    {0.002, "0.2"}, {0.005, "0.5"}, {0.01, "1"}, {0.02, "2"}, {0.05, "5"}, {0.1, "10"},
    {0.2, "20"}, {0.4, "40"}, {0.6, "60"}, {0.8, "80"}, {0.95, "95"}, {0.99, "99"},
};
enum { TICKS = sizeof ticks / sizeof ticks[0] };

/* The plot is a square below the key, which has a line of ROW pixels for each curve. */
enum { WIDTH = 640, SIDE = 540, LEFT = 76, TOP = 24, BOTTOM = 68, ROW = 20 };

static const char style[] =
    "<style>\n"
    "svg{--paper:#ffffff;--ink:#1b1f24;--soft:#57606a;--grid:#d8dee4;"
    "--c0:#0072b2;--c1:#d55e00;--c2:#008060;--c3:#b0508c;--c4:#8a6d00;--c5:#3b6fd4}\n"
    "@media (prefers-color-scheme:dark){svg{--paper:#15181d;--ink:#e6e9ed;--soft:#a0a8b2;"
    "--grid:#333a43;--c0:#56b4e9;--c1:#ff8c42;--c2:#3ccf9e;--c3:#e79ac8;--c4:#f0c846;--c5:#8fb0ff}}\n"
    "text{font:13px system-ui,'Segoe UI','DejaVu Sans',sans-serif;fill:var(--ink,#1b1f24)}\n"
    ".paper{fill:var(--paper,#fff)}\n"
    ".small{font-size:12px;fill:var(--soft,#57606a)}\n"
    ".grid{stroke:var(--grid,#d8dee4);stroke-width:1;fill:none}\n"
    ".frame{stroke:var(--soft,#57606a);stroke-width:1.2;fill:none}\n"
    ".diagonal{stroke:var(--soft,#57606a);stroke-width:1;stroke-dasharray:4 4;fill:none}\n"
    ".curve{stroke-width:2;fill:none;stroke-linejoin:round}\n"
    ".mark{stroke:var(--paper,#fff);stroke-width:1.5}\n"
    "</style>\n";

/* The light palette again, as plain attributes for viewers without CSS variables. */
static const char *const plain[HBS_EVAL_CURVES] = {"#0072b2", "#d55e00", "#008060",
                                                   "#b0508c", "#8a6d00", "#3b6fd4"};

/* The normal deviate of a probability, by bisection of erfc: a plot has few points, and this needs
 * no table of coefficients. */
static double deviate(double p)
{
    double low = -9, high = 9;
    for (int i = 0; i < 50; i++) {
        double x = 0.5 * (low + high);
        if (0.5 * erfc(-x * M_SQRT1_2) < p)
            low = x;
        else
            high = x;
    }
    return 0.5 * (low + high);
}

struct axis {
    int first, last; /* ticks */
    double from, to; /* their deviates */
    double top;      /* pixels above the plot */
};

/* From the largest tick not above `least` to the smallest not below `most`. */
static struct axis axis_of(double least, double most, double top)
{
    struct axis a = {0, TICKS - 1, 0, 0, top};
    while (a.first + 1 < TICKS && ticks[a.first + 1].value <= least)
        a.first++;
    while (a.last > a.first + 1 && ticks[a.last - 1].value >= most)
        a.last--;
    a.from = deviate(ticks[a.first].value);
    a.to = deviate(ticks[a.last].value);
    return a;
}

/* Where a share stands on an axis: 0 at its beginning, not before; 1 at its end, and on beyond it,
 * where the frame cuts a curve off. */
static double along(const struct axis *a, double share)
{
    if (share <= ticks[a->first].value)
        return 0;
    return (deviate(share) - a->from) / (a->to - a->from);
}

static double at_x(const struct axis *a, double fmr) { return LEFT + along(a, fmr) * SIDE; }
static double at_y(const struct axis *a, double fnmr)
{
    return a->top + SIDE - along(a, fnmr) * SIDE;
}

/* Bytes of the UTF-8 character at p, 0 if it is none (or one that XML forbids). */
static int utf8(const unsigned char *p)
{
    if (*p < 0x80)
        return *p >= 0x20 && *p != 0x7f;
    int n = *p >= 0xf0 && *p <= 0xf4 ? 4 : *p >= 0xe0 && *p < 0xf0 ? 3 : *p >= 0xc2 && *p < 0xe0 ? 2 : 0;
    uint32_t c = n ? *p & (0x7fu >> n) : 0;
    for (int i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) /* ends at a zero byte too */
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if ((n == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000) || c >= 0xfffe)) ||
        (n == 4 && (c < 0x10000 || c > 0x10ffff)))
        return 0;
    return n;
}

static enum hbs_err put_text(struct hbs_buf *out, const char *text)
{
    enum hbs_err err = HBS_OK;
    for (const unsigned char *p = (const unsigned char *)text; !err && *p;) {
        int n = utf8(p);
        if (*p == '<' || *p == '>' || *p == '&' || *p == '"')
            err = hbs_buf_printf(out, "&#%u;", *p);
        else
            err = n ? hbs_buf_put(out, p, (size_t)n) : hbs_buf_put(out, "?", 1);
        p += n ? n : 1;
    }
    return err;
}

static enum hbs_err put_grid(struct hbs_buf *out, const struct axis *x, const struct axis *y)
{
    enum hbs_err err = HBS_OK;
    double bottom = y->top + SIDE, labelled = -99;
    for (int i = x->first; !err && i <= x->last; i++) {
        double p = at_x(x, ticks[i].value);
        bool room = p - labelled > 30 || i == x->last; /* labels are up to 30 pixels wide */
        if (room)
            labelled = p;
        err = hbs_buf_printf(out,
            "<path class=\"grid\" stroke=\"#d8dee4\" d=\"M%.1f %.1fv-%d\"/>"
            "<text class=\"small\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
            p, bottom, SIDE, p, bottom + 18, room ? ticks[i].label : "");
    }
    for (int i = y->first; !err && i <= y->last; i++) {
        double p = at_y(y, ticks[i].value);
        err = hbs_buf_printf(out,
            "<path class=\"grid\" stroke=\"#d8dee4\" d=\"M%d %.1fh%d\"/>"
            "<text class=\"small\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
            LEFT, p, SIDE, LEFT - 8, p + 4, ticks[i].label);
    }
    if (err)
        return err;
    /* FMR = FNMR is a straight line in deviates: two points within both ranges are enough. */
    double low = fmax(ticks[x->first].value, ticks[y->first].value);
    double high = fmin(ticks[x->last].value, ticks[y->last].value);
    if (low < high)
        err = hbs_buf_printf(out,
            "<path class=\"diagonal\" stroke=\"#57606a\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n",
            at_x(x, low), at_y(y, low), at_x(x, high), at_y(y, high));
    if (err)
        return err;
    return hbs_buf_printf(out,
        "<rect class=\"frame\" fill=\"none\" stroke=\"#57606a\" x=\"%d\" y=\"%.1f\" width=\"%d\" "
        "height=\"%d\"/>\n<clipPath id=\"plot\"><rect x=\"%d\" y=\"%.1f\" width=\"%d\" "
        "height=\"%d\"/></clipPath>\n"
        "<text x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">False match rate, %%</text>\n"
        "<text transform=\"translate(22 %.1f) rotate(-90)\" text-anchor=\"middle\">"
        "False non-match rate, %%</text>\n",
        LEFT, y->top, SIDE, SIDE, LEFT - 1, y->top - 1, SIDE + 2, SIDE + 2, LEFT + SIDE / 2,
        bottom + 44, y->top + SIDE / 2);
}

/* Whether a share moved enough to be worth a deviate: a thousandth of p or of 1 - p, whichever is
 * less, is under a tenth of a pixel. */
static bool moved(double from, double to)
{
    return fabs(to - from) > 0.001 * fmin(to, 1 - to);
}

/* The path of a curve. Each distinct score is a corner; those less than a third of a pixel from the
 * last drawn are left out, so that millions of scores give a small file. */
static enum hbs_err put_curve(struct hbs_buf *out, const struct hbs_eval_curve *c,
                              const struct axis *x, const struct axis *y, size_t number)
{
    enum hbs_err err = hbs_buf_printf(out,
        "<path class=\"curve\" clip-path=\"url(#plot)\" fill=\"none\" stroke=\"%s\" style=\"stroke:var(--c%zu,%s)\" d=\"",
        plain[number], number, plain[number]);
    uint64_t above[2] = {0, 0};
    double fmr = 0, fnmr = 1, seen_fmr = 0, seen_fnmr = 1, px = 0, py = 0;
    bool begun = false;
    for (size_t k = 0; !err && k < c->count; k++) {
        above[!!(c->items[k].a & EVAL_FLAG)]++;
        if (!(c->items[k].b & EVAL_FLAG))
            continue;
        if (!begun && above[0]) { /* the point before had zero FMR: the left edge */
            begun = true;
            px = at_x(x, fmr);
            py = at_y(y, fnmr);
            err = hbs_buf_printf(out, "M%.1f %.1f", px, py);
        }
        fmr = (double)above[0] / (double)c->impostor;
        fnmr = (double)(c->genuine - above[1]) / (double)c->genuine;
        bool last = fnmr == 0; /* the lower edge */
        if (err || !begun || !(last || moved(seen_fmr, fmr) || moved(seen_fnmr, fnmr)))
            continue;
        seen_fmr = fmr;
        seen_fnmr = fnmr;
        double nx = at_x(x, fmr), ny = at_y(y, fnmr);
        if (last || fabs(nx - px) > 0.3 || fabs(ny - py) > 0.3) {
            err = hbs_buf_printf(out, "L%.1f %.1f", nx, ny);
            px = nx;
            py = ny;
        }
        if (last)
            break;
    }
    return err ? err : hbs_buf_printf(out, "\"/>\n");
}

/* The EER's dot and the line of the key: name and EER. */
static enum hbs_err put_key(struct hbs_buf *out, const char *name, double eer, const struct axis *x,
                            const struct axis *y, size_t number)
{
    double row = TOP + ROW * (double)number;
    enum hbs_err err = hbs_buf_printf(out,
        "<circle class=\"mark\" fill=\"%s\" style=\"fill:var(--c%zu,%s)\" cx=\"%.1f\" cy=\"%.1f\" "
        "r=\"5\"/>\n<path class=\"curve\" stroke=\"%s\" style=\"stroke:var(--c%zu,%s)\" "
        "d=\"M%d %.1fh24\"/><text x=\"%d\" y=\"%.1f\">",
        plain[number], number, plain[number], at_x(x, eer), at_y(y, eer), plain[number], number,
        plain[number], LEFT, row - 4, LEFT + 32, row);
    if (!err)
        err = put_text(out, name);
    if (!err)
        err = hbs_buf_printf(out, "%sEER %.2f %%</text>\n", *name ? ": " : "", 100 * eer);
    return err;
}

enum hbs_err hbs_eval_det_svg(const struct hbs_eval_curve *const *curves, const char *const *names,
                              size_t count, struct hbs_buf *out)
{
    if (!count || count > HBS_EVAL_CURVES)
        return hbs_fail(out->ctx, HBS_ERR_USAGE, "", "", "1 to %d curves, not %zu", HBS_EVAL_CURVES,
                        count);
    double eer[HBS_EVAL_CURVES], least_x = 1, least_y = 1, most_x = 0.1, most_y = 0.1;
    for (size_t i = 0; i < count; i++) {
        const uint64_t total[2] = {curves[i]->impostor, curves[i]->genuine};
        struct eval_rates r = {0};
        eval_walk(curves[i], NULL, total, &r, NULL);
        eer[i] = r.eer;
        least_x = fmin(least_x, 1.0 / (double)curves[i]->impostor);
        least_y = fmin(least_y, 1.0 / (double)curves[i]->genuine);
        most_x = fmax(most_x, fmin(4 * r.eer, 0.95));
        most_y = fmax(most_y, fmin(1.2 * fmax(r.fnmr_zero_fmr, 2 * r.eer), 0.95));
    }
    double top = TOP + ROW * (double)count;
    struct axis x = axis_of(fmin(least_x, 0.01), most_x, top);
    struct axis y = axis_of(fmin(least_y, 0.01), most_y, top);
    int height = (int)top + SIDE + BOTTOM;
    enum hbs_err err = hbs_buf_printf(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\" role=\"img\">\n<title>Detection error trade-off</title>\n", WIDTH, height,
        WIDTH, height);
    if (!err)
        err = hbs_buf_put(out, style, sizeof style - 1);
    if (!err)
        err = hbs_buf_printf(out, "<rect class=\"paper\" fill=\"#ffffff\" width=\"%d\" "
                             "height=\"%d\"/>\n", WIDTH, height);
    if (!err)
        err = put_grid(out, &x, &y);
    for (size_t i = 0; !err && i < count; i++)
        err = put_curve(out, curves[i], &x, &y, i);
    for (size_t i = 0; !err && i < count; i++)
        err = put_key(out, names[i], eer[i], &x, &y, i);
    return err ? err : hbs_buf_printf(out, "</svg>\n");
}
