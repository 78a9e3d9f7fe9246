/* SPDX-License-Identifier: MPL-2.0
 *
 * The body of the record targets: reads every view of a record and checks what habeas/exchange.h
 * promises: a broken record leaves a message that names a byte; a template is within its picture;
 * read, write, read gives the same template where the record was already at 500 ppi, and writing
 * what was written never changes it again.
 */
#ifndef HABEAS_FUZZ_RECORD_H
#define HABEAS_FUZZ_RECORD_H

#include "fuzz.h"
#include "habeas/exchange.h"

enum { FUZZ_VIEWS = 24 }; /* of one record, looked at in full */

static inline void fuzz_check_template(const struct hbs_finger_template *t)
{
    FUZZ_PROMISE(t->width && t->height && t->count <= HBS_FINGER_MINUTIAE_MAX);
    FUZZ_PROMISE(t->quality <= 100 && t->finger <= 10 && !t->columns && !t->rows);
    for (unsigned i = 0; i < t->count; i++) {
        const struct hbs_minutia *m = &t->minutiae[i];
        FUZZ_PROMISE(m->x < t->width * 8u && m->y < t->height * 8u);
        FUZZ_PROMISE(m->type <= HBS_MINUTIA_BIFURCATION && m->quality <= 100 && !m->support);
    }
}

static inline int fuzz_record(enum hbs_record_format read, enum hbs_record_format write,
                              const uint8_t *data, size_t size)
{
    static struct hbs_finger_template first[FUZZ_VIEWS], second[FUZZ_VIEWS], third;
    enum hbs_record_format is = hbs_record_recognise(data, size);
    if (is != read && !(read == HBS_RECORD_INCITS2004 && is == HBS_RECORD_INCITS2009))
        return 0;
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_buf once, twice;
    hbs_buf_init(&once, ctx, 1 << 20);
    hbs_buf_init(&twice, ctx, 1 << 20);
    size_t count = 12345, again;
    if (hbs_record_views(ctx, data, size, &count)) {
        FUZZ_PROMISE(count == 12345 && strstr(hbs_ctx_what(ctx), "byte "));
        FUZZ_PROMISE(hbs_record_read_finger(ctx, data, size, 0, &third, NULL));
        goto done;
    }
    struct hbs_record_view view = {0};
    FUZZ_PROMISE(hbs_record_view_at(ctx, data, size, count, &view) == HBS_ERR_NOT_FOUND);
    count = count < FUZZ_VIEWS ? count : FUZZ_VIEWS;
    bool exact = count == 1;
    for (size_t k = 0; k < count; k++) {
        FUZZ_PROMISE(!hbs_record_read_finger(ctx, data, size, k, &first[k], &view));
        FUZZ_PROMISE(first[k].count + view.dropped == view.minutiae);
        FUZZ_PROMISE(view.offset < size && view.size <= size - view.offset);
        fuzz_check_template(&first[k]);
        exact &= view.ppi_x == 500 && view.ppi_y == 500 && view.finger <= 10;
    }
    enum hbs_err err = hbs_record_write_finger(ctx, write, first, count, &once);
    if (err) { /* no view, or too many of one finger */
        FUZZ_PROMISE((err == HBS_ERR_LIMIT || !count) && !once.size);
        goto done;
    }
    FUZZ_PROMISE(hbs_record_recognise(once.data, once.size) == write);
    FUZZ_PROMISE(!hbs_record_views(ctx, once.data, once.size, &again) && again == count);
    for (size_t k = 0; k < count; k++) {
        FUZZ_PROMISE(!hbs_record_read_finger(ctx, once.data, once.size, k, &second[k], &view));
        FUZZ_PROMISE(!view.dropped && second[k].count == first[k].count);
        if (exact)
            FUZZ_PROMISE(!memcmp(&first[k], &second[k], sizeof first[k]));
    }
    FUZZ_PROMISE(!hbs_record_write_finger(ctx, write, second, count, &twice));
    FUZZ_PROMISE(twice.size == once.size && !memcmp(twice.data, once.data, once.size));
done:
    hbs_buf_close(&once);
    hbs_buf_close(&twice);
    fuzz_close(ctx);
    return 0;
}

#endif
