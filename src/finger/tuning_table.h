/* SPDX-License-Identifier: MPL-2.0 */
/* Made by bench/tune_finger; included by tuning.c. */
const struct fx_tuning fx_tuning_shipped = {
    .fine = {0.8f, 1.3f, 0.8f}, .wide = {1.2f, 1.6f, 1.2f},
    .least_worth = 0.35f,
    .worth = {2.71515f, 1.61953f, 0.794294f, 1.41207f, 1.00713f, -1.28263f, -0.0775311f, -0.557095f,
        1.16988f, 0.288355f, -0.00843821f, -0.40389f, -0.475398f, -0.213672f, 0.191533f, -2.05244f,
        -0.392774f, -0.0284331f, 0.218707f, -5.41421f},
};
const struct fm_tuning fm_tuning_shipped = {
    .deviation = 9.33f,
    .deviation_angle = 0.52f,
    .threshold = 0.01f,
    .support = 5.0f,
    .near_first = 14.0f,
    .near_second = 12.0f,
    .weight = {4.10666f, 0.819479f, 0.07384f, 0.239215f, -1.89206f, -0.446199f, 0.186654f, 0.59147f,
        -0.362697f, 0.335321f, 0.683704f, -0.217152f, -0.180791f, 1.50334f, 0.384476f, 0.784506f,
        -0.989578f, 3.11959f},
};
