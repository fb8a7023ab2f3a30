// SPDX-License-Identifier: GPL-2.0
#include "topcell.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "names.h"
#include "units.h"
#include "util.h"

enum unit {
	UNIT_WORD,
	UNIT_MICROS,
	UNIT_SHARE,
	UNIT_FACTOR,
	UNIT_BYTES,
	UNIT_AGE,
};

/* Where not all fit, those of a lower rank go first. */
static const struct column {
	const char *name;
	unsigned int width;
	unsigned int rank;
	enum unit unit;
} columns[] = {
	[TOP_PEER] = { "PEER", 16, 100, UNIT_WORD },
	[TOP_DEVICE] = { "DEVICE", 8, 25, UNIT_WORD },
	[TOP_ENDPOINT] = { "ENDPOINT", 21, 10, UNIT_WORD },
	[TOP_STATE] = { "STATE", 5, 90, UNIT_WORD },
	[TOP_RTT] = { "RTT", 7, 80, UNIT_MICROS },
	[TOP_RTT_VAR] = { "VARIES", 7, 30, UNIT_MICROS },
	[TOP_LOSS] = { "LOSS", 7, 70, UNIT_SHARE },
	[TOP_RX_LOSS] = { "RX-LOSS", 7, 50, UNIT_SHARE },
	[TOP_JITTER] = { "JITTER", 7, 20, UNIT_MICROS },
	[TOP_RX_JITTER] = { "RX-JITT", 7, 15, UNIT_MICROS },
	[TOP_RX] = { "RX/s", 8, 60, UNIT_BYTES },
	[TOP_TX] = { "TX/s", 8, 59, UNIT_BYTES },
	[TOP_GOODPUT] = { "GOODPUT", 8, 40, UNIT_BYTES },
	[TOP_RX_TOTAL] = { "RX", 8, 35, UNIT_BYTES },
	[TOP_TX_TOTAL] = { "TX", 8, 34, UNIT_BYTES },
	[TOP_ETX] = { "ETX", 5, 45, UNIT_FACTOR },
	[TOP_COST] = { "COST", 5, 28, UNIT_FACTOR },
	[TOP_SEEN] = { "SEEN", 6, 48, UNIT_AGE },
	[TOP_HISTORY] = { "", 8, 65, UNIT_WORD },
};

const char *top_column_name(enum top_column column)
{
	return column == TOP_HISTORY ? "HISTORY" : columns[column].name;
}

/* --- room */

static unsigned int width_of(const struct top_layout *layout)
{
	unsigned int i, sum = 0;

	for (i = 0; i < layout->count; i++)
		sum += layout->widths[i] + (i > 0);
	return sum;
}

static void drop_least(struct top_layout *layout)
{
	unsigned int i, least = 0;

	for (i = 1; i < layout->count; i++)
		if (columns[layout->columns[i]].rank < columns[layout->columns[least]].rank)
			least = i;
	layout->count--;
	for (i = least; i < layout->count; i++) {
		layout->columns[i] = layout->columns[i + 1];
		layout->widths[i] = layout->widths[i + 1];
	}
}

/* What is left over is the history's. */
static void widen_history(struct top_layout *layout, unsigned int width)
{
	unsigned int *last = &layout->widths[layout->count - 1];

	if (layout->columns[layout->count - 1] != TOP_HISTORY)
		return;
	*last += width - width_of(layout);
	if (*last > TOP_SAMPLES)
		*last = TOP_SAMPLES;
}

void top_layout(struct top_layout *layout, const struct top *top, unsigned int width)
{
	const enum top_column *column = top_set_columns(top->set);

	layout->count = 0;
	for (; *column != TOP_COLUMNS; column++) {
		if (*column == TOP_DEVICE && !top->many_devices)
			continue;
		layout->columns[layout->count] = *column;
		layout->widths[layout->count++] = columns[*column].width;
	}
	while (layout->count > 1 && width_of(layout) > width)
		drop_least(layout);
	if (width_of(layout) <= width)
		widen_history(layout, width);
}

/* --- cells */

/* Names come from elsewhere: nothing in them may reach the terminal but what is printed. */
static void put_text(char *out, const char *text, unsigned int width, bool right)
{
	size_t len = strlen(text), shown = len > width ? width : len, i;
	char *at = out + (right ? width - shown : 0);

	memset(out, ' ', width);
	out[width] = '\0';
	for (i = 0; i < shown; i++)
		at[i] = isascii((unsigned char)text[i]) && isprint((unsigned char)text[i]) ?
			text[i] : '?';
	if (len > width && width > 2)
		memcpy(at + width - 2, "..", 2);
}

/* "npub10xlxv..pkge6d": what tells keys apart is at both ends. */
static void put_key(char *out, const uint8_t *key, unsigned int width)
{
	char npub[NPUB_SIZE], text[NPUB_SIZE];

	npub_encode(npub, key);
	snprintf(text, sizeof(text), "%.10s..%s", npub, npub + strlen(npub) - 4);
	put_text(out, text, width, false);
}

/* Without blanks, and "M" for MiB: there is little room. */
static void squeeze(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (strncmp(text, "iB", 2) == 0)
			break;
		if (*text != ' ')
			*to++ = *text;
	}
	*to = '\0';
}

static void age_text(char *out, uint64_t ms)
{
	unsigned long long s = ms / 1000;

	if (s < 60)
		snprintf(out, UNIT_TEXT, "%llus", s);
	else if (s < 3600)
		snprintf(out, UNIT_TEXT, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, UNIT_TEXT, "%lluh%02llum", s / 3600, s / 60 % 60);
	else if (s < 8640000)
		snprintf(out, UNIT_TEXT, "%llud%02lluh", s / 86400, s / 3600 % 24);
	else
		snprintf(out, UNIT_TEXT, "%llud", s / 86400);
}

/* Fewer decimals where there is no room; a number without its last digits is another. */
static void fit(char *text, unsigned int width)
{
	char *end, unit[UNIT_TEXT];
	double number = strtod(text, &end);
	int decimals;

	if (end == text)
		return;
	snprintf(unit, sizeof(unit), "%.2s", end);
	for (decimals = 1; strlen(text) > width && decimals >= 0; decimals--)
		snprintf(text, UNIT_TEXT, "%.*f%.2s", decimals, number, unit);
	if (strlen(text) > width && width > strlen(unit) + 1)
		snprintf(text, UNIT_TEXT, ">%.0f%.2s",
			 pow(10, width - (double)strlen(unit) - 1) - 1, unit);
}

static void put_value(char *out, double value, enum unit unit, unsigned int width)
{
	uint64_t whole = value > 0 ? (uint64_t)fmin(value, 1e18) : 0;
	char text[UNIT_TEXT] = "";

	switch (unit) {
	case UNIT_MICROS:
		micros_text(text, whole);
		break;
	case UNIT_SHARE:
		share_text(text, whole);
		break;
	case UNIT_FACTOR:
		factor_text(text, whole);
		break;
	case UNIT_BYTES:
		bytes_text(text, whole);
		break;
	case UNIT_AGE:
		age_text(text, whole);
		break;
	case UNIT_WORD:
		return;
	}
	squeeze(text);
	if (unit != UNIT_AGE)
		fit(text, width);
	put_text(out, isnan(value) ? "-" : text, width, true);
}

static const char *state_text(const struct top_row *row)
{
	if (!row->has_state)
		return "-";
	if (row->state == FMP_PEER_STATE_UP && row->congested)
		return "up*";
	return peer_state_name(row->state);
}

static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const characters[] = { "_", ".", "-", "=", "+", "o", "*", "#" };

void top_sparkline(char *out, const double *values, unsigned int count, double low, bool utf8)
{
	const char *const *levels = utf8 ? blocks : characters;
	unsigned int i, level;
	double high = low;

	for (i = 0; i < count; i++)
		if (values[i] > high)
			high = values[i];
	for (i = 0; i < count; i++) {
		if (isnan(values[i])) {
			*out++ = ' ';
			continue;
		}
		level = values[i] > low ? (unsigned int)((values[i] - low) / (high - low) * 7.999) : 0;
		out = stpcpy(out, levels[level]);
	}
	*out = '\0';
}

static void put_history(char *out, const struct top *top, const struct top_row *row,
			unsigned int width, bool utf8)
{
	double values[TOP_SAMPLES];
	unsigned int i;

	for (i = 0; i < width; i++)
		values[i] = top_past(top, row, top->series, width - 1 - i);
	/* A transmission count is 1 at best. */
	top_sparkline(out, values, width, top->series == TOP_SERIES_ETX ? 1000 : 0, utf8);
}

const char *top_cell(char *out, const struct top *top, const struct top_row *row,
		     enum top_column column, unsigned int width, bool utf8)
{
	switch (column) {
	case TOP_PEER:
		if (row->name && !top->keys)
			put_text(out, row->name, width, false);
		else
			put_key(out, row->key, width);
		break;
	case TOP_DEVICE:
		put_text(out, row->device, width, false);
		break;
	case TOP_ENDPOINT:
		put_text(out, row->endpoint ? row->endpoint : "-", width, false);
		break;
	case TOP_STATE:
		put_text(out, state_text(row), width, false);
		break;
	case TOP_HISTORY:
		put_history(out, top, row, width, utf8);
		break;
	default:
		put_value(out, row->value[column], columns[column].unit, width);
		break;
	}
	return out;
}

const char *top_heading(char *out, const struct top *top, enum top_column column,
			unsigned int width)
{
	char text[UNIT_TEXT];

	if (column == TOP_HISTORY)
		snprintf(text, sizeof(text), "of %s", columns[top_series_column(top->series)].name);
	else
		snprintf(text, sizeof(text), "%s", columns[column].name);
	put_text(out, text, width, columns[column].unit != UNIT_WORD);
	return out;
}

/* --- lines */

char *top_title(const struct top *top, const char *clock)
{
	const char *order = top->ascending ? "up" : "down";

	return xasprintf("fmp top - %s  %zu %s: %zu up, %zu down, %zu new  every %.1f s  "
			 "by %s %s%s", clock, top->count, top->count == 1 ? "peer" : "peers",
			 top->up, top->down, top->fresh, (double)top->interval_ms / 1000,
			 top_column_name(top->sort), order, top->paused ? "  PAUSED" : "");
}

const char *top_remark(const struct top *top)
{
	if (!top->taken_ms)
		return NULL;
	if (!top->count)
		return "no peers";
	if (!top->metrics)
		return "this module tells nothing of its links";
	return NULL;
}
