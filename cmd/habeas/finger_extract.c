/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas finger extract IMAGE -o FILE.
 */
#include "finger_input.h"

#include <string.h>

static struct finger_how how;
static const char *format = "habeas", *output;

static const struct cmd_option options[] = {
    FINGER_HOW_PICTURE(how),
    {"format", 0, CMD_TEXT, &format, "F", "habeas (usual), iso2005, iso2011 or incits378", 0, 0},
    {"output", 'o', CMD_FILE, &output, "FILE", "where the template goes", 0, 0},
    FINGER_HOW_ANYWAY(how),
    {0},
};

static const char *const sources[] = {"", "told", "declared", "assumed", "estimated"};

static int extract(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    bool own = !strcmp(format, "habeas");
    enum hbs_record_format record = own ? HBS_RECORD_UNKNOWN : hbs_record_format_find(format);
    if (!own && record != HBS_RECORD_ISO2005 && record != HBS_RECORD_ISO2011 && record != HBS_RECORD_INCITS2004)
        return cmd_misuse(run, "--format", "give habeas, iso2005, iso2011 or incits378",
                          "'%s' is not a format written here", format);
    if (!output)
        return cmd_misuse(run, "-o", "name the file to write", "no output named");
    static struct finger_input in;
    int code = finger_input_read(run, argv[0], &how, &in);
    if (code)
        return code;
    struct hbs_buf buf;
    hbs_buf_init(&buf, run->ctx, 1 << 20);
    enum hbs_err err = own ? hbs_finger_pack(run->ctx, &in.template, &buf)
                           : hbs_record_write_finger(run->ctx, record, &in.template, 1, &buf);
    if (!err)
        err = hbs_file_write(run->ctx, output, buf.data, buf.size);
    if (err) {
        code = cmd_fail(run, err);
    } else {
        const struct hbs_finger_report *r = &in.report;
        json_object_update_new(run->answer,
            json_pack("{s:s,s:i,s:i,s:i,s:i,s:s,s:i,s:s,s:f,s:f,s:b,s:f}", "output", output, "bytes",
                      (int)buf.size, "minutiae", in.template.count, "quality", in.template.quality, "ppi",
                      (int)r->ppi, "ppi_source", sources[r->ppi_source], "prints", r->prints, "format",
                      format, "ridge_period", (double)r->ridge_period, "area_mm2", (double)r->area,
                      "finger", r->finger, "likeness", (double)r->likeness));
        cmd_say(run, "%s: %d minutiae, quality %d, %zu bytes", output, in.template.count, in.template.quality,
                buf.size);
        if (r->ppi)
            cmd_say(run, ", %u ppi (%s)\n", r->ppi, sources[r->ppi_source]);
        else
            cmd_say(run, ", converted from %s\n", in.kind);
    }
    hbs_buf_close(&buf);
    finger_input_close(&in);
    return code;
}

const struct cmd cmd_finger_extract = {
    .name = "finger extract",
    .summary = "a template from a picture of a fingerprint",
    .arguments = "IMAGE -o FILE",
    .text = "Finds the minutiae of the print in IMAGE and writes them as a template: our own format,\n"
            "about 330 bytes, or a record of ISO/IEC 19794-2 or ANSI INCITS 378. IMAGE may also be a\n"
            "template or record already: it is converted.\n\n"
            "Pictures: PNG, JPEG, JPEG 2000, TIFF, BMP, PGM, WSQ, and image records of ISO/IEC 19794-4,\n"
            "recognised by content. A resolution in the file counts if the ridges agree with it within\n"
            "30 %; without one 500 ppi is taken unless the ridges make that implausible.",
    .example = "habeas finger extract thumb.png -o thumb.hft",
    .least = 1,
    .most = 1,
    .options = options,
    .run = extract,
};
