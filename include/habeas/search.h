#ifndef HABEAS_SEARCH_H
#define HABEAS_SEARCH_H
#include "habeas/base.h"
#define HBS_SEARCH_CYLINDERS_MAX 48
#define HBS_SEARCH_WORDS 5
#define HBS_SEARCH_BITS 312
#define HBS_SEARCH_PACKED_MAX 400
struct hbs_search_print {
    uint16_t count;
    uint16_t packed_size;
    uint8_t angle[HBS_SEARCH_CYLINDERS_MAX];
    uint64_t bits[HBS_SEARCH_CYLINDERS_MAX][HBS_SEARCH_WORDS];
    uint8_t packed[HBS_SEARCH_PACKED_MAX];
};
#endif
