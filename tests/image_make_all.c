/* SPDX-License-Identifier: MPL-2.0
 *
 * All small pictures in one list (see image_make.h).
 */
#include "image_make.h"

struct made_list made_images(void)
{
    struct made_list list = {0};
    made_pgm(&list);
    made_bmp(&list);
    made_png(&list);
    made_jpeg(&list);
    made_jp2(&list);
    made_tiff(&list);
    return list;
}
