/* SPDX-License-Identifier: MPL-2.0
 *
 * Writes the corpora of the image targets: `make_image_corpus fuzz/corpus` makes or renews
 * image_png/, image_jpeg/ ... and worker_answer/ there. The pictures are those the tests decode; all
 * are synthetic.
 */
#include "../tests/image_make.h"
#include "image/worker_int.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const folders[] = {
    [HBS_IMAGE_PNG] = "image_png", [HBS_IMAGE_JPEG] = "image_jpeg", [HBS_IMAGE_JP2] = "image_jp2",
    [HBS_IMAGE_TIFF] = "image_tiff", [HBS_IMAGE_BMP] = "image_bmp", [HBS_IMAGE_PGM] = "image_pgm",
};

static int write_file(const char *corpus, const char *folder, const char *name, const uint8_t *data,
                      size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", corpus, folder);
    mkdir(path, 0777);
    snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", name);
    FILE *f = fopen(path, "wb");
    int bad = !f || fwrite(data, 1, size, f) != size;
    if (f)
        bad |= fclose(f) != 0;
    return bad;
}

/* Answers of a decoder process, sound and lying: a byte of format, a header, texts. */
static int write_answers(const char *corpus)
{
    static const struct {
        const char *name;
        struct hbs_worker_message m;
    } answers[] = {
        {"picture", {HBS_WORKER_PICTURE, 1, 0, 388, 374, 500, HBS_IMAGE_PNG, 388 * 374}},
        {"largest", {HBS_WORKER_PICTURE, 1, 0, 8192, 4096, 0, HBS_IMAGE_PNG, 8192 * 4096}},
        {"too_large", {HBS_WORKER_PICTURE, 1, 0, 65535, 65537, 0, HBS_IMAGE_PNG, 0xffffffffu}},
        {"other_size", {HBS_WORKER_PICTURE, 1, 0, 10, 10, 0, HBS_IMAGE_PNG, 1000}},
        {"other_format", {HBS_WORKER_PICTURE, 1, 0, 10, 10, 0, HBS_IMAGE_JP2, 100}},
        {"other_question", {HBS_WORKER_PICTURE, 2, 0, 10, 10, 0, HBS_IMAGE_PNG, 100}},
        {"error", {HBS_WORKER_ERROR, 1, HBS_ERR_FORMAT, 0, 0, 0, 0, HBS_WORKER_TEXTS}},
        {"error_size", {HBS_WORKER_ERROR, 1, HBS_ERR_LIMIT, 0, 0, 0, 0, 1}},
        {"error_strange", {HBS_WORKER_ERROR, 1, HBS_ERR_REFUSED, 0, 0, 0, 0, HBS_WORKER_TEXTS}},
        {"hello", {HBS_WORKER_HELLO, 0, 0, 0, 0, 0, 0, 0}},
    };
    int bad = 0;
    for (size_t i = 0; i < HBS_COUNT(answers); i++) {
        uint8_t data[1 + HBS_WORKER_HEADER + HBS_WORKER_TEXTS] = {HBS_IMAGE_PNG};
        bool is_error = answers[i].m.type == HBS_WORKER_ERROR;
        hbs_worker_pack(&answers[i].m, data + 1);
        for (size_t k = 1 + HBS_WORKER_HEADER; is_error && k < sizeof data; k++)
            data[k] = k % 64 ? (uint8_t)k : 0; /* with escapes, high bytes and ends */
        bad += write_file(corpus, "worker_answer", answers[i].name, data,
                          is_error ? sizeof data : 1 + HBS_WORKER_HEADER);
    }
    return bad;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s fuzz/corpus\n", argv[0]);
        return 2;
    }
    struct made_list list = made_images();
    int bad = write_answers(argv[1]);
    for (size_t i = 0; i < list.count; i++) {
        const struct made_image *m = &list.items[i];
        bad += write_file(argv[1], folders[m->format], m->name, m->data, m->size);
    }
    printf("%zu files, %d not written\n", list.count, bad);
    made_free(&list);
    return bad ? 6 : 0;
}
