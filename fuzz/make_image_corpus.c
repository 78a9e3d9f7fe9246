/* SPDX-License-Identifier: MPL-2.0
 *
 * Writes the corpora of the image targets: `make_image_corpus fuzz/corpus` makes or renews
 * image_png/, image_jpeg/ ... there. The files are those the tests decode; all are synthetic.
 */
#include "../tests/image_make.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const folders[] = {
    [HBS_IMAGE_PNG] = "image_png", [HBS_IMAGE_JPEG] = "image_jpeg", [HBS_IMAGE_JP2] = "image_jp2",
    [HBS_IMAGE_TIFF] = "image_tiff", [HBS_IMAGE_BMP] = "image_bmp", [HBS_IMAGE_PGM] = "image_pgm",
};

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s fuzz/corpus\n", argv[0]);
        return 2;
    }
    struct made_list list = made_images();
    int bad = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct made_image *m = &list.items[i];
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], folders[m->format]);
        mkdir(path, 0777);
        snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", m->name);
        FILE *f = fopen(path, "wb");
        if (!f || fwrite(m->data, 1, m->size, f) != m->size)
            bad++;
        if (f)
            bad += fclose(f) != 0;
    }
    printf("%zu files, %d not written\n", list.count, bad);
    made_free(&list);
    return bad ? 6 : 0;
}
