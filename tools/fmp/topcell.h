/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_TOPCELL_H
#define FMP_TOPCELL_H

#include "topmodel.h"

/* The words of 'fmp top': which columns there is room for, and what is in them. */

struct top_layout {
	enum top_column columns[TOP_COLUMNS];
	unsigned int widths[TOP_COLUMNS];
	unsigned int count;
};

/* As many columns of the set as fit, the most important ones when not all do. */
void top_layout(struct top_layout *layout, const struct top *top, unsigned int width);

/* A cell, in blanks to its width; three bytes a column is what a block takes. */
#define TOP_CELL	(3 * TOP_SAMPLES + 1)

/* utf8: blocks may be used. Both fill and return the buffer, of TOP_CELL bytes. */
const char *top_cell(char *out, const struct top *top, const struct top_row *row,
		     enum top_column column, unsigned int width, bool utf8);
const char *top_heading(char *out, const struct top *top, enum top_column column,
			unsigned int width);

/* What the first line says; the caller frees it. */
char *top_title(const struct top *top, const char *clock);

/* The second line; NULL when there is nothing to say. */
const char *top_remark(const struct top *top);

/* The values of a history, oldest first, as so many blocks or characters. */
void top_sparkline(char *out, const double *values, unsigned int count, double low, bool utf8);

const char *top_column_name(enum top_column column);

#endif /* FMP_TOPCELL_H */
