/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: JPEG 2000 (ITU-T T.800), JP2 files and bare codestreams, through OpenJPEG in its
 * strict mode (a cut codestream is an error). The size is checked on the SIZ marker before OpenJPEG
 * sees a byte; the resolution boxes (I.5.3.7) and the palette box (I.5.3.4) are read here, the former
 * because OpenJPEG does not tell it, the latter because its number of columns decides how many
 * planes of pixels OpenJPEG will make.
 *
 * Read: grey, RGB and sYCC, with alpha where the file says which component it is, 1 to 16 bit.
 * Refused by name: components of different sizes, CMYK, components whose meaning is not said.
 */
#include "image_int.h"

#include <openjpeg.h>

enum { COMPONENTS_MAX = 4, BOXES_MAX = 64 };

struct source {
    const uint8_t *data;
    size_t size, at;
};

struct words {
    char said[160];
};

static OPJ_SIZE_T on_read(void *to, OPJ_SIZE_T size, void *user)
{
    struct source *s = user;
    size_t n = s->size - s->at < size ? s->size - s->at : size;
    if (!n)
        return (OPJ_SIZE_T)-1;
    memcpy(to, s->data + s->at, n);
    s->at += n;
    return n;
}
static OPJ_OFF_T on_skip(OPJ_OFF_T count, void *user)
{
    struct source *s = user;
    if (count < 0 || (uint64_t)count > s->size - s->at)
        return -1;
    s->at += (size_t)count;
    return count;
}
static OPJ_BOOL on_seek(OPJ_OFF_T to, void *user)
{
    struct source *s = user;
    if (to < 0 || (uint64_t)to > s->size)
        return OPJ_FALSE;
    s->at = (size_t)to;
    return OPJ_TRUE;
}
static void on_error(const char *text, void *user)
{
    struct words *w = user;
    size_t n = 0;
    if (*w->said) /* the first is nearest to the cause */
        return;
    for (; text[n] && n + 1 < sizeof w->said; n++)
        w->said[n] = text[n];
    w->said[n] = 0;
}
static void on_word(const char *text, void *user) {}

/* A box of at least its header at `at` before `end`: its content's bounds and type. */
static bool next_box(const uint8_t *d, size_t at, size_t end, size_t *from, size_t *to,
                     uint32_t *type)
{
    if (end - at < 8)
        return false;
    uint64_t length = hbs_be32(d + at);
    *type = hbs_be32(d + at + 4);
    size_t header = 8;
    if (length == 1) { /* the long form */
        if (end - at < 16)
            return false;
        length = (uint64_t)hbs_be32(d + at + 8) << 32 | hbs_be32(d + at + 12);
        header = 16;
    } else if (length == 0) { /* to the end */
        length = end - at;
    }
    if (length < header || length > end - at)
        return false;
    *from = at + header;
    *to = at + (size_t)length;
    return true;
}

#define BOX(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* Points a metre: numerator over denominator times ten to the exponent, vertical first. */
static uint32_t ppi_of_box(const uint8_t *p)
{
    double inch[2];
    for (int i = 0; i < 2; i++) {
        unsigned over = hbs_be16(p + 4 * i + 2);
        double v = over ? (double)hbs_be16(p + 4 * i) / over * 0.0254 : 0;
        int8_t exponent = (int8_t)p[8 + i];
        for (int e = exponent; e > 0 && v < 1e9; e--)
            v *= 10;
        for (int e = exponent; e < 0 && v > 1e-9; e++)
            v /= 10;
        inch[i] = v;
    }
    return hbs_image_ppi(inch[1], inch[0]);
}

/* What is read here and not by OpenJPEG. */
struct boxes {
    uint32_t ppi;
    unsigned columns;  /* of the palette */
    size_t codestream; /* where it begins; 0 in a bare one, too */
    int budget;        /* boxes still looked at */
};

static void read_boxes(const uint8_t *d, size_t at, size_t end, int depth, struct boxes *b)
{
    size_t from, to;
    uint32_t type;
    for (; b->budget-- > 0 && next_box(d, at, end, &from, &to, &type); at = to) {
        if ((type == BOX('j', 'p', '2', 'h') && depth == 0) ||
            (type == BOX('r', 'e', 's', ' ') && depth == 1))
            read_boxes(d, from, to, depth + 1, b);
        else if (type == BOX('j', 'p', '2', 'c') && depth == 0 && !b->codestream)
            b->codestream = from;
        else if (type == BOX('p', 'c', 'l', 'r') && depth == 1 && to - from >= 3)
            b->columns = d[from + 2];
        else if (depth == 2 && to - from >= 10 &&
                 (type == BOX('r', 'e', 's', 'c') || (type == BOX('r', 'e', 's', 'd') && !b->ppi)))
            b->ppi = ppi_of_box(d + from); /* that of the capture counts before that for display */
    }
}

/* The size in the SIZ marker segment (A.5.1), which stands at a fixed place: grid size at 8 and 12,
 * the picture's offset in it at 16 and 20. A codestream without it is left to OpenJPEG to refuse. */
static enum hbs_err check_size(struct hbs_ctx *ctx, const uint8_t *d, size_t size, size_t at)
{
    if (size - at < 24 || hbs_be32(d + at) != 0xff4fff51u)
        return HBS_OK;
    uint32_t x = hbs_be32(d + at + 16), y = hbs_be32(d + at + 20);
    uint32_t right = hbs_be32(d + at + 8), bottom = hbs_be32(d + at + 12);
    return hbs_image_check(ctx, "JPEG 2000", right > x ? right - x : 0, bottom > y ? bottom - y : 0);
}

static enum hbs_err unread(struct hbs_ctx *ctx, const char *what)
{
    return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "convert it to PNG",
                    "a JPEG 2000 picture with %s is not read", what);
}

static enum hbs_err check_components(struct hbs_ctx *ctx, const opj_image_t *image)
{
    if (image->numcomps < 1 || image->numcomps > COMPONENTS_MAX)
        return unread(ctx, "a number of components other than 1 to 4");
    for (unsigned i = 0; i < image->numcomps; i++) {
        const opj_image_comp_t *c = &image->comps[i];
        if (c->dx != image->comps[0].dx || c->dy != image->comps[0].dy || c->dx != c->dy)
            return unread(ctx, "components of different sizes");
        if (c->prec < 1 || c->prec > 16)
            return unread(ctx, "over 16 bits a component");
    }
    return HBS_OK;
}

/* A component's sample as 0..255; OpenJPEG may leave lossy values outside their range. */
static unsigned sample(const opj_image_comp_t *c, size_t i)
{
    int64_t v = c->data[i], most = ((int64_t)1 << c->prec) - 1;
    if (c->sgnd)
        v += (int64_t)1 << (c->prec - 1);
    v = v < 0 ? 0 : v > most ? most : v;
    return (unsigned)(c->prec == 8 ? v : c->prec > 8 ? v >> (c->prec - 8) : v * 255 / most);
}

static enum hbs_err to_grey(struct hbs_ctx *ctx, const opj_image_t *image, uint32_t ppi,
                            struct hbs_image *out)
{
    unsigned n = image->numcomps;
    bool alpha = n > 1 && image->comps[n - 1].alpha;
    unsigned colours = alpha ? n - 1 : n;
    if (image->color_space == OPJ_CLRSPC_CMYK || image->color_space == OPJ_CLRSPC_EYCC ||
        (colours != 1 && colours != 3))
        return unread(ctx, "components of unknown meaning");
    const opj_image_comp_t *c = image->comps;
    for (unsigned i = 0; i < n; i++)
        if (!c[i].data || c[i].w != c[0].w || c[i].h != c[0].h)
            return hbs_image_broken(ctx, "JPEG 2000", "a component has no pixels");
    struct hbs_image made;
    enum hbs_err err = hbs_image_alloc(ctx, c[0].w, c[0].h, ppi, HBS_IMAGE_JP2, &made);
    if (err)
        return err;
    /* In sYCC the first component is the luma already. */
    bool mixed = colours == 3 && image->color_space != OPJ_CLRSPC_SYCC;
    for (size_t i = 0; i < (size_t)c[0].w * c[0].h; i++) {
        unsigned v = sample(&c[0], i);
        if (mixed)
            v = hbs_luma(v, sample(&c[1], i), sample(&c[2], i));
        made.pixels[i] = (uint8_t)(alpha ? hbs_on_white(v, sample(&c[n - 1], i)) : v);
    }
    *out = made;
    return HBS_OK;
}

enum hbs_err hbs_jp2_decode(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                            struct hbs_image *out)
{
    bool bare = size && data[0] == 0xff;
    struct boxes boxes = {.budget = BOXES_MAX};
    if (!bare)
        read_boxes(data, 0, size, 0, &boxes);
    if (boxes.columns > COMPONENTS_MAX)
        return unread(ctx, "a palette of over 4 columns");
    enum hbs_err err = check_size(ctx, data, size, boxes.codestream);
    if (err)
        return err;
    struct source source = {data, size, 0};
    struct words words = {""};
    opj_image_t *image = NULL;
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_codec_t *codec = opj_create_decompress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
    opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
    if (!codec || !stream) {
        err = hbs_fail_memory(ctx, 0);
        goto done;
    }
    opj_stream_set_user_data(stream, &source, NULL);
    opj_stream_set_user_data_length(stream, size);
    opj_stream_set_read_function(stream, on_read);
    opj_stream_set_skip_function(stream, on_skip);
    opj_stream_set_seek_function(stream, on_seek);
    opj_set_info_handler(codec, on_word, NULL);
    opj_set_warning_handler(codec, on_word, NULL);
    opj_set_error_handler(codec, on_error, &words);
    if (!opj_setup_decoder(codec, &parameters) || !opj_decoder_set_strict_mode(codec, OPJ_TRUE)) {
        err = hbs_fail(ctx, HBS_ERR_BUG, "", "report this", "OpenJPEG refuses its settings");
        goto done;
    }
    if (!opj_read_header(stream, codec, &image) || !image) {
        err = hbs_image_broken(ctx, "JPEG 2000", *words.said ? words.said : "no sound header");
        goto done;
    }
    if (image->x1 < image->x0 || image->y1 < image->y0) {
        err = hbs_image_broken(ctx, "JPEG 2000", "its size is negative");
        goto done;
    }
    if ((err = hbs_image_check(ctx, "JPEG 2000", image->x1 - image->x0, image->y1 - image->y0)) ||
        (err = check_components(ctx, image)))
        goto done;
    if (!opj_decode(codec, stream, image) || !opj_end_decompress(codec, stream)) {
        err = source.at == size && !*words.said
                  ? hbs_image_ends(ctx, "JPEG 2000", size)
                  : hbs_image_broken(ctx, "JPEG 2000",
                                     *words.said ? words.said : "it does not decode");
        goto done;
    }
    if (!(err = check_components(ctx, image))) /* again: a palette may have added some */
        err = to_grey(ctx, image, boxes.ppi, out);
done:
    if (image)
        opj_image_destroy(image);
    if (stream)
        opj_stream_destroy(stream);
    if (codec)
        opj_destroy_codec(codec);
    return err;
}
