/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: every format against pixels computed from its pattern; limits, truncation, refused
 * memory, the writer.
 */
#include "image_make.h"
#include "image/image_int.h"
#include "tap.h"

/* Decodes a copy with nothing behind its last byte, so that a sanitizer sees an overrun. */
static enum hbs_err decode_copy(struct hbs_ctx *ctx, const uint8_t *data, size_t size,
                                struct hbs_image *out)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return HBS_ERR_NO_MEMORY;
    memcpy(copy, data, size);
    enum hbs_err err = hbs_image_decode_here(ctx, copy, size, out);
    free(copy);
    return err;
}

static bool one_line(const char *s)
{
    for (; *s; s++)
        if (*s < 0x20 || *s > 0x7e)
            return false;
    return true;
}

static void test_pictures(struct hbs_ctx *ctx, const struct made_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct made_image *m = &list->items[i];
        struct hbs_image image = {0};
        enum hbs_err err = decode_copy(ctx, m->data, m->size, &image);
        if (m->err) {
            ok(err == m->err && !image.pixels && *hbs_ctx_what(ctx) && *hbs_ctx_do(ctx) &&
                   one_line(hbs_ctx_what(ctx)),
               "%s: %s: %s", m->name, hbs_err_name(err), hbs_ctx_what(ctx));
            continue;
        }
        int worst = 0;
        bool fits = !err && image.width == m->width && image.height == m->height &&
                    image.format == m->format;
        for (size_t p = 0; fits && p < (size_t)m->width * m->height; p++) {
            int d = abs(image.pixels[p] - m->expect[p]);
            worst = d > worst ? d : worst;
        }
        if (!ok(fits && worst <= m->within && image.ppi == m->ppi, "%s", m->name))
            printf("# err %d (%s) %ux%u ppi %u (want %u) worst %d (within %d)\n", err,
                   err ? hbs_ctx_what(ctx) : "", image.width, image.height, image.ppi, m->ppi,
                   worst, m->within);
        hbs_image_close(&image);
    }
}

int main(void)
{
    tap_begin();
    struct hbs_ctx *ctx = NULL;
    if (!ok(hbs_ctx_open(NULL, &ctx) == HBS_OK, "a context"))
        return tap_end();
    struct made_list list = made_images();
    test_pictures(ctx, &list);
    made_free(&list);
    hbs_ctx_close(ctx);
    return tap_end();
}
