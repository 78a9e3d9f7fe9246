/* SPDX-License-Identifier: MPL-2.0
 *
 * The commands, one a line; cmd_NAME is defined in NAME.c. Included by main.c more than once.
 */
CMD(eval_calibrate)
CMD(eval_finger)
CMD(eval_scores)
CMD(finger_compare)
CMD(finger_extract)
CMD(finger_quality)
CMD(finger_show)
CMD(gallery_add)
CMD(gallery_create)
CMD(gallery_identify)
CMD(gallery_info)
CMD(law_articles)
CMD(law_check)
CMD(law_explain)
CMD(law_facts)
CMD(law_fate)
CMD(law_suspend)
CMD(law_test)
CMD(synth_finger)
