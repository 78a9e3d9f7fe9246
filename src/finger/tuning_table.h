/* SPDX-License-Identifier: MPL-2.0 */
/* Made by bench/tune_finger; included by tuning.c. */
const struct fx_tuning fx_tuning_shipped = {
    .fine = {0.8f, 1.3f, 0.8f}, .wide = {1.2f, 1.6f, 1.2f},
    .least_worth = 0.35f,
    .worth = {2.86518f, 1.63187f, 0.851067f, 1.41143f, 1.02096f, -1.24273f, -0.0725756f, -0.53347f,
        1.19149f, 0.351192f, -0.0340399f, -0.373502f, -0.470188f, -0.19603f, 0.192659f, -2.15421f,
        -0.382329f, 0.00612358f, 0.223232f, -5.62562f},
};
const struct fm_tuning fm_tuning_shipped = {
    .deviation = 9.33f,
    .deviation_angle = 0.43f,
    .threshold = 0.01f,
    .support = 5.0f,
    .near_first = 14.0f,
    .near_second = 12.0f,
    .weight = {0.842511f, 0.231015f, 1.30019f, 0.88391f, -0.635108f, 0.298879f, 3.05571f, 0.927026f,
        -1.04854f, 0.0195495f},
};
