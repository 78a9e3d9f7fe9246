/* SPDX-License-Identifier: MPL-2.0
 *
 * Small JPEG and JPEG 2000 pictures made with libjpeg-turbo and OpenJPEG (see image_make.h). The
 * JPEG ones show smooth ramps, so that its losses stay small enough to tell a right picture from a
 * wrong one.
 */
#include "image_make.h"

#include <openjpeg.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

static unsigned ramp(uint32_t x, uint32_t y, int channel)
{
    switch (channel) {
    case 0: return 40 + 5 * x + 3 * y;
    case 1: return 220 - 4 * x;
    default: return 20 + 6 * y;
    }
}

static struct bytes jpeg(int width, int height, int channels, int sampling, int flags)
{
    uint8_t *pixels = malloc((size_t)(width * height * channels));
    tjhandle tj = tjInitCompress();
    if (!pixels || !tj)
        abort();
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < channels; c++)
                pixels[(y * width + x) * channels + c] =
                    (uint8_t)ramp((uint32_t)x, (uint32_t)y, c % 3);
    unsigned char *data = NULL;
    unsigned long size = 0;
    static const int formats[] = {0, TJPF_GRAY, 0, TJPF_RGB, TJPF_CMYK};
    if (tjCompress2(tj, pixels, width, 0, height, formats[channels], &data, &size, sampling, 98,
                    flags))
        abort();
    struct bytes b = {0};
    bytes_put(&b, data, size);
    tjFree(data);
    tjDestroy(tj);
    free(pixels);
    return b;
}

/* Puts a segment behind SOI and the JFIF segment (20 bytes). */
static struct bytes with_segment(struct bytes b, unsigned marker, const struct bytes *body)
{
    struct bytes out = {0};
    bytes_put(&out, b.data, 20);
    bytes_be16(&out, 0xff00 | marker);
    bytes_be16(&out, (unsigned)body->size + 2);
    bytes_put(&out, body->data, body->size);
    bytes_put(&out, b.data + 20, b.size - 20);
    free(b.data);
    return out;
}

static void set_density(struct bytes *b, unsigned unit, unsigned x, unsigned y)
{
    uint8_t *p = b->data + 13; /* SOI, APP0 and its length, "JFIF", version */
    p[0] = (uint8_t)unit;
    p[1] = (uint8_t)(x >> 8), p[2] = (uint8_t)x;
    p[3] = (uint8_t)(y >> 8), p[4] = (uint8_t)y;
}

static struct bytes exif(bool big, unsigned unit, uint32_t over)
{
    struct bytes b = {0};
    void (*p16)(struct bytes *, unsigned) = big ? bytes_be16 : bytes_le16;
    void (*p32)(struct bytes *, uint32_t) = big ? bytes_be32 : bytes_le32;
    bytes_put(&b, "Exif\0", 6);
    bytes_put(&b, big ? "MM\0*" : "II*\0", 4);
    p32(&b, 8);
    p16(&b, 3);
    for (unsigned tag = 282; tag <= 283; tag++) {
        p16(&b, tag);
        p16(&b, 5);
        p32(&b, 1);
        p32(&b, 8 + 2 + 36 + 4);
    }
    p16(&b, 296);
    p16(&b, 3);
    p32(&b, 1);
    p16(&b, unit);
    p16(&b, 0);
    p32(&b, 0);
    p32(&b, 1000 * over);
    p32(&b, over);
    return b;
}

void made_jpeg(struct made_list *list)
{
    enum { W = 21, H = 18 };
    for (int k = 0; k < 12; k++) {
        static const char *const names[] = {"grey", "rgb444", "rgb420", "progressive", "inch", "cm",
                                            "oblong", "exif_big", "exif_little", "exif_cm",
                                            "exif_over_0", "rgb422"};
        int sampling = k == 1 ? TJSAMP_444 : k == 2 ? TJSAMP_420 : k == 11 ? TJSAMP_422 : TJSAMP_GRAY;
        int channels = sampling == TJSAMP_GRAY ? 1 : 3;
        struct bytes b = jpeg(W, H, channels, sampling, k == 3 ? TJFLAG_PROGRESSIVE : 0);
        set_density(&b, 0, 1, 1);
        uint32_t ppi = 0;
        if (k == 4)
            set_density(&b, 1, ppi = 500, 500);
        if (k == 5)
            set_density(&b, 2, 197, 197), ppi = 500; /* 500.38 */
        if (k == 6)
            set_density(&b, 1, 500, 250);
        if (k >= 7 && k <= 10) {
            struct bytes e = exif(k != 8, k == 9 ? 3 : 2, k == 10 ? 0 : 7);
            b = with_segment(b, 0xe1, &e);
            free(e.data);
            ppi = k == 9 ? 2540 : k == 10 ? 0 : 1000;
        }
        struct made_image *m = made_add(list, HBS_IMAGE_JPEG, W, H, ppi, b, "%s.jpg", names[k]);
        m->within = channels == 1 ? 2 : 4;
        for (uint32_t y = 0; y < H; y++)
            for (uint32_t x = 0; x < W; x++)
                m->expect[y * W + x] = channels == 1 ? (uint8_t)ramp(x, y, 0)
                                                     : made_luma(ramp(x, y, 0), ramp(x, y, 1),
                                                                 ramp(x, y, 2));
    }
    struct bytes b = jpeg(W, H, 4, TJSAMP_444, 0);
    made_add_broken(list, HBS_IMAGE_JPEG, HBS_ERR_UNSUPPORTED, b, "broken_cmyk.jpg");
    for (int k = 0; k < 3; k++) {
        static const char *const names[] = {"huge_0.jpg", "broken_height.jpg", "broken_no_end.jpg"};
        b = jpeg(W, H, 1, TJSAMP_GRAY, 0);
        for (size_t i = 0; k < 2 && i + 9 < b.size; i++)
            if (b.data[i] == 0xff && b.data[i + 1] == 0xc0) { /* SOF0: length, bits, height, width */
                b.data[i + 5] = k ? 0 : 20000 >> 8, b.data[i + 6] = k ? 0 : 20000 & 255;
                b.data[i + 7] = 20000 >> 8, b.data[i + 8] = 20000 & 255;
            }
        if (k == 2)
            b.size -= 2;
        made_add_broken(list, HBS_IMAGE_JPEG, k ? HBS_ERR_FORMAT : HBS_ERR_LIMIT, b, names[k]);
    }
    b = (struct bytes){0};
    bytes_put(&b, "\xff\xd8\xff\xe0", 4);
    made_add_broken(list, HBS_IMAGE_JPEG, HBS_ERR_FORMAT, b, "broken_start_only.jpg");
}

struct stream {
    struct bytes bytes;
    size_t at;
};

static OPJ_SIZE_T on_write(void *from, OPJ_SIZE_T size, void *user)
{
    struct stream *s = user;
    while (s->bytes.size < s->at + size)
        bytes_u8(&s->bytes, 0);
    memcpy(s->bytes.data + s->at, from, size);
    s->at += size;
    return size;
}
static OPJ_OFF_T on_skip(OPJ_OFF_T count, void *user)
{
    ((struct stream *)user)->at += (size_t)count;
    return count;
}
static OPJ_BOOL on_seek(OPJ_OFF_T to, void *user)
{
    ((struct stream *)user)->at = (size_t)to;
    return OPJ_TRUE;
}

struct kind {
    const char *name;
    bool bare;
    int components, bits;
    bool is_signed, alpha, halved; /* halved: the last component has half the size */
    OPJ_COLOR_SPACE space;
    bool lossy;
};

static struct bytes jp2(const struct kind *k, uint32_t width, uint32_t height)
{
    opj_image_cmptparm_t parts[5];
    memset(parts, 0, sizeof parts);
    for (int c = 0; c < k->components; c++) {
        uint32_t step = k->halved && c == k->components - 1 ? 2 : 1;
        parts[c].dx = parts[c].dy = step;
        parts[c].w = (width + step - 1) / step;
        parts[c].h = (height + step - 1) / step;
        parts[c].prec = (OPJ_UINT32)k->bits;
        parts[c].sgnd = k->is_signed;
    }
    opj_image_t *image = opj_image_create((OPJ_UINT32)k->components, parts, k->space);
    if (!image)
        abort();
    image->x1 = width;
    image->y1 = height;
    for (int c = 0; c < k->components; c++) {
        uint32_t w = parts[c].w, half = k->is_signed ? 1u << (k->bits - 1) : 0;
        for (uint32_t i = 0; i < w * parts[c].h; i++)
            image->comps[c].data[i] =
                (int32_t)made_value(i % w, i / w, k->components == 2 && c ? 3 : c, k->bits) -
                (int32_t)half;
    }
    if (k->alpha)
        image->comps[k->components - 1].alpha = 1;
    opj_cparameters_t p;
    opj_set_default_encoder_parameters(&p);
    p.tcp_numlayers = 1;
    p.cp_disto_alloc = 1;
    p.numresolution = 3;
    p.irreversible = k->lossy;
    p.tcp_rates[0] = k->lossy ? 2 : 0;
    p.tcp_mct = k->components >= 3 && !k->halved && k->space == OPJ_CLRSPC_SRGB;
    opj_codec_t *codec = opj_create_compress(k->bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
    opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_FALSE);
    struct stream s = {0};
    opj_stream_set_user_data(stream, &s, NULL);
    opj_stream_set_write_function(stream, on_write);
    opj_stream_set_skip_function(stream, on_skip);
    opj_stream_set_seek_function(stream, on_seek);
    if (!opj_setup_encoder(codec, &p, image) || !opj_start_compress(codec, image, stream) ||
        !opj_encode(codec, stream) || !opj_end_compress(codec, stream))
        abort();
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
    return s.bytes;
}

/* Puts a resolution box at the end of the header box: 500 ppi as 196850394 / 10000 * 10^-... in the
 * form that fits 16 bit: 19685 / 1 * 10^0 points a metre. */
static struct bytes with_resolution(struct bytes b, const char *kind, unsigned vertical,
                                    unsigned horizontal, int exponent)
{
    size_t at = 12 + 20; /* the signature and file type boxes */
    if (memcmp(b.data + at + 4, "jp2h", 4))
        abort();
    uint32_t length = 0;
    for (int i = 0; i < 4; i++)
        length = length << 8 | b.data[at + (size_t)i];
    struct bytes out = {0};
    bytes_put(&out, b.data, at);
    bytes_be32(&out, length + 26);
    bytes_put(&out, b.data + at + 4, length - 4);
    bytes_be32(&out, 26);
    bytes_put(&out, "res ", 4);
    bytes_be32(&out, 18);
    bytes_put(&out, kind, 4);
    bytes_be16(&out, vertical);
    bytes_be16(&out, 1);
    bytes_be16(&out, horizontal);
    bytes_be16(&out, 1);
    bytes_u8(&out, (unsigned)exponent & 255);
    bytes_u8(&out, (unsigned)exponent & 255);
    bytes_put(&out, b.data + at + length, b.size - at - length);
    free(b.data);
    return out;
}

void made_jp2(struct made_list *list)
{
    enum { W = 19, H = 14, GREY = OPJ_CLRSPC_GRAY, RGB = OPJ_CLRSPC_SRGB, YCC = OPJ_CLRSPC_SYCC };
    static const struct kind good[] = {
        {"grey8.jp2", false, 1, 8, false, false, false, GREY, false},
        {"grey8.j2k", true, 1, 8, false, false, false, GREY, false},
        {"grey1.jp2", false, 1, 1, false, false, false, GREY, false},
        {"grey4.jp2", false, 1, 4, false, false, false, GREY, false},
        {"grey16.jp2", false, 1, 16, false, false, false, GREY, false},
        {"signed.jp2", false, 1, 8, true, false, false, GREY, false},
        {"grey_alpha.jp2", false, 2, 8, false, true, false, GREY, false},
        {"rgb8.jp2", false, 3, 8, false, false, false, RGB, false},
        {"rgb8.j2k", true, 3, 8, false, false, false, RGB, false},
        {"rgba8.jp2", false, 4, 8, false, true, false, RGB, false},
        {"sycc.jp2", false, 3, 8, false, false, false, YCC, false},
        {"grey8_2.jp2", false, 1, 8, false, false, false, GREY, false},
        {"grey8_3.jp2", false, 1, 8, false, false, false, GREY, false},
        {"grey8_4.jp2", false, 1, 8, false, false, false, GREY, false},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const struct kind *k = &good[i];
        struct bytes b = jp2(k, W, H);
        uint32_t ppi = 0;
        if (i == 11)
            b = with_resolution(b, "resc", 19685, 19685, 0), ppi = 500;
        if (i == 12)
            b = with_resolution(b, "resd", 3937, 3937, 1), ppi = 1000;
        if (i == 13)
            b = with_resolution(b, "resc", 19685, 9000, 0); /* oblong: counts as none */
        struct made_image *m = made_add(list, HBS_IMAGE_JP2, W, H, ppi, b, "%s", k->name);
        made_expect(m, k->space == OPJ_CLRSPC_SYCC ? 1 : k->components, k->bits);
        m->within = k->alpha; /* two roundings */
    }
    static const struct kind refused[] = {
        {"broken_halved.jp2", false, 3, 8, false, false, true, RGB, false},
        {"broken_unnamed_2.j2k", true, 2, 8, false, false, false, GREY, false},
        {"broken_unnamed_4.j2k", true, 4, 8, false, false, false, RGB, false},
        {"broken_five.j2k", true, 5, 8, false, false, false, RGB, false},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        made_add_broken(list, HBS_IMAGE_JP2, HBS_ERR_UNSUPPORTED, jp2(&refused[i], W, H),
                        refused[i].name);
    struct bytes b = jp2(&good[1], W, H);
    for (size_t i = 8; i < 16; i += 4) { /* SIZ: marker, length, capabilities, width, height */
        b.data[i + 2] = 20000 >> 8;
        b.data[i + 3] = 20000 & 255;
    }
    made_add_broken(list, HBS_IMAGE_JP2, HBS_ERR_LIMIT, b, "huge_0.j2k");
    b = jp2(&good[0], W, H);
    b.size -= 30;
    made_add_broken(list, HBS_IMAGE_JP2, HBS_ERR_FORMAT, b, "broken_cut.jp2");
    b = (struct bytes){0};
    bytes_put(&b, "\0\0\0\x0cjP  \r\n\x87\n", 12);
    made_add_broken(list, HBS_IMAGE_JP2, HBS_ERR_FORMAT, b, "broken_signature_only.jp2");
}
