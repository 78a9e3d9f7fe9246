/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: the confined decoder. Not built yet: says so.
 */
#include "base/base_int.h"
#include "habeas/image.h"

enum hbs_err hbs_decoder_open(struct hbs_ctx *ctx, const char *worker, struct hbs_decoder **out)
{
    return hbs_fail(ctx, HBS_ERR_UNSUPPORTED, "", "", "the decoder is not built yet");
}
void hbs_decoder_close(struct hbs_decoder *decoder) {}
