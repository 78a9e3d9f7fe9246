/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: reading a fingerprint from a file (finger_input.h). Pictures are decoded in the
 * confined process; what the extractor noticed about them is said here, once for all commands.
 */
#include "finger_input.h"

#include <stdio.h>
#include <string.h>

static int told(struct cmd_run *run, const char *path, enum hbs_err err)
{
    hbs_ctx_set_where(run->ctx, path); /* the message itself says which byte */
    return cmd_fail(run, err);
}

/* Says what a person must know about the resolution. */
static void warn_resolution(struct cmd_run *run, const char *path, const struct finger_input *in)
{
    const struct hbs_finger_report *r = &in->report;
    if (r->ppi_source == HBS_PPI_ESTIMATED)
        cmd_warn(run, "%s: its ridges do not fit 500 ppi; taken as %u ppi (--ppi overrules)", path, r->ppi);
    else if (in->image.ppi && r->ppi_source == HBS_PPI_ASSUMED && in->image.ppi != 500)
        cmd_warn(run, "%s: declares %u ppi, which its ridges contradict; taken as %u ppi (--ppi overrules)",
                 path, in->image.ppi, r->ppi);
}

static int extract(struct cmd_run *run, const char *path, const struct finger_how *how, struct finger_input *in)
{
    struct hbs_finger_options o = {.ppi = (uint32_t)how->ppi};
    enum hbs_err err = hbs_finger_extract(run->ctx, &in->image, &o, &in->template, &in->report);
    if (err)
        return told(run, path, err);
    if (in->report.prints > 1)
        return cmd_misuse(run, path, "give a picture of one finger", "%d fingers in one picture",
                          in->report.prints);
    if (!in->report.finger && !how->anyway)
        return cmd_misuse(run, path, "give a fingerprint, or say --anyway",
                          "no fingerprint can be seen in it (likeness %.2f)", (double)in->report.likeness);
    warn_resolution(run, path, in);
    return 0;
}

/* "388x374" */
static bool read_size(const char *text, uint32_t *width, uint32_t *height)
{
    uint64_t side[2] = {0, 0};
    int i = 0;
    for (; *text && side[i] <= HBS_IMAGE_SIDE_MAX; text++)
        if (*text == 'x' && i == 0 && side[0])
            i = 1;
        else if (*text >= '0' && *text <= '9')
            side[i] = side[i] * 10 + (uint64_t)(*text - '0');
        else
            return false;
    *width = (uint32_t)side[0];
    *height = (uint32_t)side[1];
    return !*text && side[1] && side[0] <= HBS_IMAGE_SIDE_MAX && side[1] <= HBS_IMAGE_SIDE_MAX;
}

/* Bare pixels have no mark: a file of just the right size is taken for them, and any other that is nothing known. */
static bool is_raw(const struct hbs_buf *buf, uint32_t width, uint32_t height)
{
    return buf->size == (size_t)width * height ||
           (!hbs_finger_is_packed(buf->data, buf->size) && hbs_image_recognise(buf->data, buf->size) == HBS_IMAGE_UNKNOWN &&
            hbs_record_recognise(buf->data, buf->size) == HBS_RECORD_UNKNOWN);
}

static int read_bytes(struct cmd_run *run, const char *path, const struct finger_how *how,
                      const struct hbs_buf *buf, struct finger_input *in)
{
    enum hbs_err err;
    uint32_t width, height;
    if (how->raw && !read_size(how->raw, &width, &height))
        return cmd_misuse(run, "--raw", "write it like 388x374", "\"%s\" is no width and height", how->raw);
    if (how->raw && is_raw(buf, width, height)) {
        in->kind = "picture";
        err = hbs_image_from_raw(run->ctx, buf->data, buf->size, width, height, 0, &in->image);
        return err ? told(run, path, err) : extract(run, path, how, in);
    }
    if (hbs_finger_is_packed(buf->data, buf->size)) {
        in->kind = "template";
        err = hbs_finger_unpack(run->ctx, buf->data, buf->size, &in->template);
        return err ? told(run, path, err) : 0;
    }
    enum hbs_record_format record = hbs_record_recognise(buf->data, buf->size);
    if (hbs_record_is_minutiae(record)) {
        struct hbs_record_view view;
        in->kind = hbs_record_format_name(record);
        err = hbs_record_read_finger(run->ctx, buf->data, buf->size, 0, &in->template, &view);
        if (err)
            return told(run, path, err);
        if (view.dropped)
            cmd_warn(run, "%s: %u of %u minutiae are kept", path, view.minutiae - view.dropped, view.minutiae);
        return 0;
    }
    const uint8_t *data = buf->data;
    size_t size = buf->size;
    struct hbs_record_image image = {.format = HBS_IMAGE_UNKNOWN};
    if (hbs_record_is_image(record)) {
        if ((err = hbs_record_image_at(run->ctx, buf->data, buf->size, 0, &image)))
            return told(run, path, err);
        data = image.data;
        size = image.size;
    }
    in->kind = "picture";
    if (image.format == HBS_IMAGE_RAW) {
        err = hbs_image_from_raw(run->ctx, data, size, image.view.width, image.view.height,
                                 image.view.ppi_x, &in->image);
    } else {
        struct hbs_decoder *decoder;
        err = cmd_decoder(run, &decoder);
        if (!err)
            err = hbs_decoder_decode(decoder, data, size, &in->image);
        if (!err && image.view.ppi_x)
            in->image.ppi = image.view.ppi_x;
    }
    if (err)
        return told(run, path, err);
    return extract(run, path, how, in);
}

int finger_input_read(struct cmd_run *run, const char *path, const struct finger_how *how, struct finger_input *out)
{
    struct hbs_buf buf;
    memset(out, 0, sizeof *out);
    hbs_buf_init(&buf, run->ctx, HBS_IMAGE_BYTES_MAX);
    enum hbs_err err = hbs_file_read(run->ctx, path, &buf);
    int code;
    if (err)
        code = cmd_fail(run, err);
    else if (!buf.size)
        code = cmd_misuse(run, path, "give a picture or a template", "the file is empty");
    else
        code = read_bytes(run, path, how, &buf, out);
    hbs_buf_close(&buf);
    if (code)
        finger_input_close(out);
    return code;
}

void finger_input_close(struct finger_input *in)
{
    hbs_image_close(&in->image);
    in->image.pixels = NULL;
}
