/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas finger show IMAGE -o PNG [--pair B]: what the extractor saw, drawn over
 * the picture; or two prints side by side with their corresponding minutiae joined. It is for the
 * people who decide: everything that a score stands on can be looked at.
 *
 * Symbols follow what examiners are used to: a tail in the minutia's direction; an ending has a
 * round head and a bifurcation a square one, and they differ in colour besides (draw.h).
 */
#include "draw.h"
#include "finger_input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTIAE = 1, ORIENTATION = 2, MASK = 4, QUALITY = 8, LAYERS = 4 };
static const char *const layer_names[LAYERS] = {"minutiae", "orientation", "mask", "quality"};

static struct finger_how how;
static const char *output, *other, *layers;

static const struct cmd_option options[] = {
    {"output", 'o', CMD_FILE, &output, "PNG", "where the picture goes", 0, 0},
    {"pair", 0, CMD_FILE, &other, "B", "a second print: corresponding minutiae are joined", 0, 0},
    FINGER_HOW_PICTURE(how),
    {"layers", 0, CMD_TEXT, &layers, "LIST", "of minutiae, orientation, mask, quality; see below", 0, 0},
    FINGER_HOW_ANYWAY(how),
    {0},
};

/* A print on the sheet. */
struct panel {
    const struct finger_input *in;
    const char *name;
    int x, y, width, height; /* where the picture is drawn */
    float zoom;              /* pixels of the sheet per pixel at 500 ppi */
};

enum { MARGIN = 16, GAP = 24, TEXT = 2, LINE = 24, SHEET_LEAST = 840, SMALL = 900 };
static const float tau = 6.2831853f;

static struct draw_point place(const struct panel *p, const struct hbs_minutia *m)
{
    const float unit = 1.0f / HBS_FINGER_UNIT;
    return (struct draw_point){(float)p->x + ((float)m->x * unit + 0.5f) * p->zoom - 0.5f,
                               (float)p->y + ((float)m->y * unit + 0.5f) * p->zoom - 0.5f};
}

static struct draw_point towards(struct draw_point from, float angle, float length)
{
    return (struct draw_point){from.x + length * cosf(angle), from.y - length * sinf(angle)};
}

/* Head and tail; `size` is the head's radius. */
static void draw_symbol(struct draw *d, struct draw_point at, const struct hbs_minutia *m, float size, float width,
                        struct draw_colour colour, float alpha)
{
    float angle = (float)m->angle * (tau / 256);
    struct draw_point edge = towards(at, angle, size), end = towards(at, angle, 3 * size), corner[4];
    bool round = m->type == HBS_MINUTIA_ENDING;
    int corners = m->type == HBS_MINUTIA_BIFURCATION ? 4 : 3;
    for (int i = 0; i < corners; i++) /* a square, or for an unknown type a triangle, turned with the tail */
        corner[i] = towards(at, angle + tau * ((float)i + 0.5f) / (float)corners, 1.3f * size);
    for (int halo = 1; halo >= 0; halo--) {
        float w = halo ? width + 2 : width, a = halo ? 0.8f * alpha : alpha;
        struct draw_colour c = halo ? DRAW_WHITE : colour;
        draw_line(d, edge.x, edge.y, end.x, end.y, w, c, a);
        if (round)
            draw_ring(d, at.x, at.y, size, w, c, a);
        else
            draw_path(d, corner, corners, true, w, c, a);
    }
}

static struct draw_colour colour_of(const struct hbs_minutia *m)
{
    return m->type == HBS_MINUTIA_ENDING ? DRAW_VERMILLION : m->type == HBS_MINUTIA_BIFURCATION ? DRAW_BLUE : DRAW_BLACK;
}

static bool cell_in(const struct hbs_finger_template *t, int x, int y)
{
    return x >= 0 && y >= 0 && x < t->columns && y < t->rows &&
           t->orientation[y * t->columns + x] != HBS_FINGER_NO_ORIENTATION;
}

/* The outline of the cells that belong to the print; the last column and row are cut off by the picture. */
static void draw_mask(struct draw *d, const struct panel *p)
{
    const struct hbs_finger_template *t = &p->in->template;
    float side = HBS_FINGER_CELL * p->zoom, right = (float)(p->x + p->width - 1), low = (float)(p->y + p->height - 1);
    for (int y = 0; y <= t->rows; y++)
        for (int x = 0; x <= t->columns; x++) {
            float x0 = fminf((float)p->x + (float)x * side, right), y0 = fminf((float)p->y + (float)y * side, low);
            float x1 = fminf(x0 + side, right), y1 = fminf(y0 + side, low);
            if (cell_in(t, x, y) != cell_in(t, x - 1, y))
                draw_line(d, x0, y0, x0, y1, 1.6f, DRAW_ORANGE, 0.8f);
            if (cell_in(t, x, y) != cell_in(t, x, y - 1))
                draw_line(d, x0, y0, x1, y0, 1.6f, DRAW_ORANGE, 0.8f);
        }
}

static void draw_orientation(struct draw *d, const struct panel *p)
{
    const struct hbs_finger_template *t = &p->in->template;
    float side = HBS_FINGER_CELL * p->zoom, half = 0.3f * side;
    for (int y = 0; y < t->rows; y++)
        for (int x = 0; x < t->columns; x++) {
            struct draw_point at = {(float)p->x + ((float)x + 0.5f) * side, (float)p->y + ((float)y + 0.5f) * side};
            if (!cell_in(t, x, y) || at.x + 6 > (float)(p->x + p->width) || at.y + 6 > (float)(p->y + p->height))
                continue;
            float angle = (float)t->orientation[y * t->columns + x] * (tau / 256);
            struct draw_point a = towards(at, angle, half), b = towards(at, angle, -half);
            draw_line(d, a.x, a.y, b.x, b.y, 3.5f, DRAW_WHITE, 0.5f);
            draw_line(d, a.x, a.y, b.x, b.y, 1.8f, DRAW_GREEN, 0.85f);
        }
}

static float size_of(const struct hbs_minutia *m, unsigned what, float zoom)
{
    float q = what & QUALITY && m->quality ? (float)m->quality * 0.01f : 0.7f;
    return (2.2f + 2.0f * q) * (0.4f + 0.6f * zoom) * 0.9f;
}
static float alpha_of(const struct hbs_minutia *m, unsigned what)
{
    return what & QUALITY && m->quality ? 0.35f + 0.65f * (float)m->quality * 0.01f : 1;
}

static void draw_minutiae(struct draw *d, const struct panel *p, unsigned what)
{
    const struct hbs_finger_template *t = &p->in->template;
    for (int i = 0; i < t->count; i++) {
        const struct hbs_minutia *m = &t->minutiae[i];
        draw_symbol(d, place(p, m), m, size_of(m, what, p->zoom), 1.7f, colour_of(m), alpha_of(m, what));
    }
}

static void draw_picture(struct draw *d, const struct panel *p, unsigned what)
{
    /* ridges a little paler, so that thin marks on them can be seen */
    if (p->in->image.pixels)
        draw_grey(d, p->x, p->y, p->width, p->height, &p->in->image, 0.62f);
    struct draw_point corner[4] = {{(float)p->x - 1, (float)p->y - 1}, {(float)(p->x + p->width), (float)p->y - 1},
                                   {(float)(p->x + p->width), (float)(p->y + p->height)},
                                   {(float)p->x - 1, (float)(p->y + p->height)}};
    draw_path(d, corner, 4, true, 1, DRAW_GREY, 0.5f);
    if (what & MASK)
        draw_mask(d, p);
    if (what & ORIENTATION)
        draw_orientation(d, p);
}

/* A symbol and its words; returns where the next may begin. */
static int draw_key(struct draw *d, int x, int y, const char *words)
{
    draw_text(d, x, y - 7, TEXT, words, DRAW_BLACK);
    return x + draw_text_width(words, TEXT) + 26;
}

static void draw_legend(struct draw *d, int y, unsigned what, bool pair)
{
    int x = MARGIN + 8;
    float f = (float)y;
    static const struct {
        uint8_t type;
        const char *words;
    } heads[2] = {{HBS_MINUTIA_ENDING, "ending"}, {HBS_MINUTIA_BIFURCATION, "bifurcation"}};
    for (int i = 0; i < 2 && (what & MINUTIAE || pair); i++) {
        struct hbs_minutia m = {.type = heads[i].type};
        draw_symbol(d, (struct draw_point){(float)x, f}, &m, 5.5f, 2, pair ? DRAW_BLACK : colour_of(&m), 1);
        x = draw_key(d, x + 26, y, heads[i].words);
    }
    if (what & ORIENTATION) {
        draw_line(d, (float)x - 6, f + 6, (float)x + 10, f - 6, 1.8f, DRAW_GREEN, 1);
        x = draw_key(d, x + 20, y, "ridge flow");
    }
    if (what & MASK) {
        draw_line(d, (float)x - 6, f, (float)x + 12, f, 2, DRAW_ORANGE, 1);
        x = draw_key(d, x + 22, y, "outline");
    }
    if (what & QUALITY && what & MINUTIAE)
        draw_key(d, x, y, "larger: surer");
}

static const char *const sources[] = {"", "told", "declared", "assumed", "estimated"};

static void describe(const struct finger_input *in, char *text, size_t size)
{
    const struct hbs_finger_template *t = &in->template;
    int n = snprintf(text, size, "%d minutiae  quality %d", t->count, t->quality);
    if (n > 0 && (size_t)n < size) {
        if (in->image.pixels)
            snprintf(text + n, size - (size_t)n, "  %u ppi (%s)", in->report.ppi, sources[in->report.ppi_source]);
        else
            snprintf(text + n, size - (size_t)n, "  %s", strcmp(in->kind, "template") ? in->kind : "a template");
    }
}

/* A file's name without its folders. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* The end of a text that is too long for the room. */
static const char *shorten(const char *name, int room)
{
    int length = (int)strlen(name), most = room / (DRAW_STEP * TEXT);
    return length > most && most > 0 ? name + length - most : name;
}

static void measure(struct panel *p)
{
    const struct hbs_finger_template *t = &p->in->template;
    p->width = (int)lroundf((float)t->width * p->zoom);
    p->height = (int)lroundf((float)t->height * p->zoom);
    p->width = p->width < 1 ? 1 : p->width;
    p->height = p->height < 1 ? 1 : p->height;
}

static float zoom_for(const struct finger_input *in)
{
    return in->template.width <= SMALL && in->template.height <= SMALL ? 2 : 1;
}

static enum hbs_err show_one(struct cmd_run *run, struct panel *p, unsigned what, struct draw *d)
{
    p->zoom = zoom_for(p->in);
    measure(p);
    int wide = p->width + 2 * MARGIN > SHEET_LEAST ? p->width + 2 * MARGIN : SHEET_LEAST;
    enum hbs_err err = draw_open(run->ctx, wide, p->height + 4 * MARGIN + 3 * LINE, d);
    if (err)
        return err;
    p->x = (wide - p->width) / 2;
    p->y = MARGIN + 2 * LINE + MARGIN / 2;
    char text[128];
    describe(p->in, text, sizeof text);
    draw_text(d, MARGIN, MARGIN, TEXT, shorten(p->name, wide - 2 * MARGIN), DRAW_GREY);
    draw_text(d, MARGIN, MARGIN + LINE, TEXT, text, DRAW_BLACK);
    draw_picture(d, p, what);
    if (what & MINUTIAE)
        draw_minutiae(d, p, what);
    draw_legend(d, p->y + p->height + MARGIN + LINE / 2, what, false);
    return HBS_OK;
}

/* ---- Pairs ----------------------------------------------------------------------------------- */

static const struct draw_colour pair_colours[] = {{0, 114, 178}, {213, 94, 0}, {0, 158, 115},
                                                  {178, 80, 140}, {150, 100, 0}, {40, 40, 40}};
enum { PAIR_COLOURS = sizeof pair_colours / sizeof pair_colours[0] };

static const struct hbs_minutia *sorting; /* minutiae of the first print, for by_height */
static int by_height(const void *a, const void *b)
{
    const struct hbs_minutia *m = &sorting[((const struct hbs_finger_pair *)a)->a],
                             *n = &sorting[((const struct hbs_finger_pair *)b)->a];
    return m->y != n->y ? (int)m->y - (int)n->y : (int)m->x - (int)n->x;
}

/* Those without a partner: small, thin and grey, but there. */
static void draw_unpaired(struct draw *d, const struct panel *p, const bool *paired)
{
    const struct hbs_finger_template *t = &p->in->template;
    for (int i = 0; i < t->count; i++)
        if (!paired[i])
            draw_symbol(d, place(p, &t->minutiae[i]), &t->minutiae[i], 1.2f + 0.8f * p->zoom, 1.2f, DRAW_GREY, 0.7f);
}

static void draw_pairs(struct draw *d, const struct panel p[2], struct hbs_finger_result *r)
{
    bool paired[2][HBS_FINGER_MINUTIAE_MAX] = {{false}};
    const struct hbs_minutia *ma = p[0].in->template.minutiae, *mb = p[1].in->template.minutiae;
    for (int i = 0; i < r->paired; i++)
        paired[0][r->pairs[i].a] = paired[1][r->pairs[i].b] = true;
    draw_unpaired(d, &p[0], paired[0]);
    draw_unpaired(d, &p[1], paired[1]);
    sorting = ma;
    qsort(r->pairs, (size_t)r->paired, sizeof r->pairs[0], by_height);
    for (int i = 0; i < r->paired; i++) {
        struct draw_point a = place(&p[0], &ma[r->pairs[i].a]), b = place(&p[1], &mb[r->pairs[i].b]);
        draw_line(d, a.x, a.y, b.x, b.y, 2.8f, DRAW_WHITE, 0.4f);
        draw_line(d, a.x, a.y, b.x, b.y, 1.2f, pair_colours[i % PAIR_COLOURS], 0.7f);
    }
    for (int i = 0; i < r->paired; i++)
        for (int k = 0; k < 2; k++) {
            const struct hbs_minutia *m = k ? &mb[r->pairs[i].b] : &ma[r->pairs[i].a];
            struct draw_colour c = pair_colours[i % PAIR_COLOURS];
            struct draw_point at = place(&p[k], m);
            draw_symbol(d, at, m, 2.6f + 1.1f * p[k].zoom, 2, c, 1);
            char number[16];
            snprintf(number, sizeof number, "%d", i + 1);
            /* beside the head, away from the tail and from the lines that come from the other side */
            int x = (int)at.x + (k ? 10 : -9 - draw_text_width(number, TEXT - 1)), y = (int)at.y;
            draw_label(d, x, m->angle < 128 ? y + 3 : y - 10, 1, number, c);
        }
}

static enum hbs_err show_pair(struct cmd_run *run, struct panel p[2], unsigned what, struct hbs_finger_result *r,
                              struct draw *d)
{
    float zoom = fminf(zoom_for(p[0].in), zoom_for(p[1].in));
    for (int k = 0; k < 2; k++) {
        p[k].zoom = zoom;
        measure(&p[k]);
    }
    int high = p[0].height > p[1].height ? p[0].height : p[1].height;
    int room = p[0].width > p[1].width ? p[0].width : p[1].width; /* of a column */
    room = room > 480 ? room : 480;
    enum hbs_err err = draw_open(run->ctx, 2 * room + 2 * MARGIN + GAP, high + 4 * MARGIN + 4 * LINE, d);
    if (err)
        return err;
    double raw = (double)r->score;
    char text[160];
    snprintf(text, sizeof text, "score %.2f  log10 LR %.2f  %d paired:  a lead, not a verdict", raw,
             hbs_score_llr(&hbs_score_finger, raw), r->paired);
    draw_text(d, MARGIN, MARGIN, TEXT, text, DRAW_BLACK);
    for (int k = 0; k < 2; k++) {
        int left = MARGIN + k * (room + GAP);
        p[k].x = left + (room - p[k].width) / 2;
        p[k].y = MARGIN + 3 * LINE + MARGIN / 2;
        describe(p[k].in, text, sizeof text);
        draw_text(d, left, MARGIN + LINE, TEXT, shorten(p[k].name, room), DRAW_GREY);
        draw_text(d, left, MARGIN + 2 * LINE, TEXT, shorten(text, room), DRAW_BLACK);
        draw_picture(d, &p[k], what);
    }
    draw_pairs(d, p, r);
    int y = MARGIN + 3 * LINE + high + 2 * MARGIN + LINE / 2;
    draw_legend(d, y, what, true);
    const char *words = "small and grey: without a partner";
    draw_text(d, d->width - MARGIN - draw_text_width(words, TEXT), y - 7, TEXT, words, DRAW_GREY);
    return HBS_OK;
}

/* ---- The command ----------------------------------------------------------------------------- */

/* "minutiae,mask" as bits; 0 for a name that is none. */
static unsigned parse_layers(const char *list)
{
    unsigned what = 0;
    for (const char *p = list;; p++) {
        size_t n = strcspn(p, ",");
        unsigned bit = 0;
        for (int i = 0; i < LAYERS; i++)
            if (strlen(layer_names[i]) == n && !memcmp(layer_names[i], p, n))
                bit = 1u << i;
        if (!bit)
            return 0;
        what |= bit;
        p += n;
        if (!*p)
            return what;
    }
}

static enum hbs_err write_png(struct cmd_run *run, const struct draw *d, size_t *bytes)
{
    struct hbs_buf png;
    hbs_buf_init(&png, run->ctx, 2 * (size_t)HBS_IMAGE_BYTES_MAX);
    enum hbs_err err = hbs_png_encode(run->ctx, (uint32_t)d->width, (uint32_t)d->height, 3, 0, d->rgb, &png);
    if (!err)
        err = hbs_file_write(run->ctx, output, png.data, png.size);
    *bytes = png.size;
    hbs_buf_close(&png);
    return err;
}

static void answer(struct cmd_run *run, const struct draw *d, const struct finger_input *in, size_t bytes, unsigned what,
                   const struct hbs_finger_result *r)
{
    json_t *o = run->answer, *names = json_array();
    for (int i = 0; i < LAYERS; i++)
        if (what >> i & 1)
            json_array_append_new(names, json_string(layer_names[i]));
    json_object_update_new(o, json_pack("{s:s,s:i,s:i,s:i,s:o}", "output", output, "bytes", (int)bytes, "width", d->width,
                                        "height", d->height, "layers", names));
    if (r) {
        double raw = (double)r->score, llr = hbs_score_llr(&hbs_score_finger, raw);
        json_object_update_new(o, json_pack("{s:s,s:f,s:f,s:f,s:i,s:[i,i],s:[i,i]}", "class", "lead", "score", raw, "llr",
            llr, "fmr", hbs_score_fmr(&hbs_score_finger, raw), "paired", r->paired, "minutiae",
            in[0].template.count, in[1].template.count, "quality", in[0].template.quality, in[1].template.quality));
        cmd_say(run, "%s: score %.2f, log10 LR %.2f, %d paired; a lead, not a verdict\n", output, raw, llr, r->paired);
        return;
    }
    json_object_update_new(o, json_pack("{s:i,s:i,s:i}", "minutiae", in->template.count, "quality", in->template.quality,
                                        "ppi", in->image.pixels ? (int)in->report.ppi : 500));
    cmd_say(run, "%s: %d minutiae, quality %d, %d x %d pixels\n", output, in->template.count, in->template.quality,
            d->width, d->height);
}

static int show(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    static struct finger_input in[2];
    struct hbs_finger_print *print[2] = {NULL, NULL};
    struct hbs_finger_result result;
    struct draw d = {0};
    unsigned what = layers ? parse_layers(layers) : other ? MINUTIAE : MINUTIAE | ORIENTATION | MASK | QUALITY;
    if (!what)
        return cmd_misuse(run, "--layers", "give some of minutiae, orientation, mask, quality, with commas between",
                          "'%s' will not do", layers);
    if (!output)
        return cmd_misuse(run, "-o", "name the PNG to write", "no output named");
    struct panel panel[2] = {{.in = &in[0], .name = base_name(argv[0])},
                             {.in = &in[1], .name = other ? base_name(other) : ""}};
    int code = finger_input_read(run, argv[0], &how, &in[0]);
    if (!code && other)
        code = finger_input_read(run, other, &how, &in[1]);
    enum hbs_err err = HBS_OK;
    size_t bytes = 0;
    if (code)
        goto done;
    if (other) {
        for (int k = 0; k < 2 && !err; k++)
            err = hbs_finger_prepare(run->ctx, &in[k].template, &print[k]);
        if (!err) {
            hbs_finger_compare(print[0], print[1], &result);
            err = show_pair(run, panel, what, &result, &d);
        }
    } else {
        err = show_one(run, &panel[0], what, &d);
    }
    if (!err)
        err = write_png(run, &d, &bytes);
    if (err)
        code = cmd_fail(run, err);
    else
        answer(run, &d, in, bytes, what, other ? &result : NULL);
done:
    draw_close(&d);
    for (int k = 0; k < 2; k++) {
        hbs_finger_print_close(print[k]);
        finger_input_close(&in[k]);
    }
    return code;
}

const struct cmd cmd_finger_show = {
    .name = "finger show",
    .summary = "a picture of what was found in a fingerprint, or of what two have in common",
    .arguments = "IMAGE -o PNG",
    .text = "Draws over the print, at 500 ppi or twice that: minutiae (a round head is an ending, a square one a\n"
            "bifurcation, the tail points in its direction; the surer, the larger), the ridges' orientation, and the\n"
            "outline of the print. --layers chooses among minutiae, orientation, mask and quality; without quality all\n"
            "minutiae are drawn alike. IMAGE may also be a template or record: it is drawn on white.\n\n"
            "With --pair the two prints stand side by side, corresponding minutiae are numbered and joined, and the\n"
            "header tells the score and the log10 likelihood ratio: a lead, not a verdict.",
    .example = "habeas finger show thumb.png -o seen.png; habeas finger show thumb.png --pair latent.png -o both.png",
    .least = 1,
    .most = 1,
    .options = options,
    .run = show,
};
