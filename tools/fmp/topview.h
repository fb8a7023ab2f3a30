/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_TOPVIEW_H
#define FMP_TOPVIEW_H

#include "topmodel.h"

/* The screen of 'fmp top'. */

/* Returns a status after having said what is wrong with the terminal. */
int topview_open(void);
void topview_close(void);

/* message is shown in the second line, NULL for what there is to remark. */
void topview_draw(struct top *top, const char *clock, const char *message, bool utf8);

/* Waits for a key, no longer than so many milliseconds. */
enum top_action topview_wait(unsigned int ms);

#endif /* FMP_TOPVIEW_H */
