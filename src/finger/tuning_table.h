/* SPDX-License-Identifier: MPL-2.0 */
/* Made by bench/tune_finger; included by tuning.c. */
const struct fx_tuning fx_tuning_shipped = {
    .fine = {0.8f, 1.3f, 0.8f}, .wide = {1.2f, 1.6f, 1.2f},
    .least_worth = 0.35f,
    .worth = {2.74358f, 1.61187f, 0.800237f, 1.41816f, 0.99949f, -1.29461f, -0.0779054f, -0.557279f,
        1.1788f, 0.297256f, -0.0128156f, -0.391525f, -0.467298f, -0.215559f, 0.192186f, -2.06271f,
        -0.392596f, -0.0171832f, 0.216977f, -5.43964f},
};
const struct fm_tuning fm_tuning_shipped = {
    .deviation = 9.33f,
    .deviation_angle = 0.52f,
    .threshold = 0.01f,
    .support = 5.0f,
    .near_first = 14.0f,
    .near_second = 12.0f,
    .weight = {0.928127f, 0.237034f, 0.497758f, 0.897859f, 0.10406f, -0.170926f, 2.21594f, 0.97284f,
        -1.26516f, 2.89261f},
};
