/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_TOPMODEL_H
#define FMP_TOPMODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "survey.h"

/* What 'fmp top' shows: samples, rates, history and order, without a screen. */

enum top_column {
	TOP_PEER,
	TOP_DEVICE,
	TOP_ENDPOINT,
	TOP_STATE,
	TOP_RTT,
	TOP_RTT_VAR,
	TOP_LOSS,
	TOP_RX_LOSS,
	TOP_JITTER,
	TOP_RX_JITTER,
	TOP_RX,
	TOP_TX,
	TOP_GOODPUT,
	TOP_RX_TOTAL,
	TOP_TX_TOTAL,
	TOP_ETX,
	TOP_COST,
	TOP_SEEN,
	TOP_HISTORY,
	TOP_COLUMNS
};

/* What there is a history of. */
enum top_series {
	TOP_SERIES_RTT,
	TOP_SERIES_LOSS,
	TOP_SERIES_JITTER,
	TOP_SERIES_RX,
	TOP_SERIES_TX,
	TOP_SERIES_GOODPUT,
	TOP_SERIES_ETX,
	TOP_SERIES
};

enum top_set {
	TOP_SET_LINK,
	TOP_SET_QUALITY,
	TOP_SET_TRAFFIC,
	TOP_SETS
};

#define TOP_SAMPLES 120

struct top_row {
	uint32_t ifindex;
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	char *device;
	char *name;		/* of the host in its endpoint, NULL without one */
	char *endpoint;		/* NULL without one */
	bool has_state;
	uint8_t state;
	bool congested;
	uint64_t rx_bytes, tx_bytes;
	double value[TOP_COLUMNS];	/* NAN for unknown, and in columns of text */
	float *history;		/* of each series, TOP_SAMPLES */
};

struct top {
	struct top_row *rows;	/* by device and key */
	size_t count;
	struct top_row **order;	/* as they are shown */
	uint64_t taken_ms;	/* of the last sample, 0 before one */
	unsigned int sample;	/* its place in the histories */
	size_t up, down, fresh;	/* peers by state */
	bool metrics;		/* the kernel tells of links */

	enum top_column sort;
	bool ascending;
	enum top_set set;
	enum top_series series;
	bool keys;		/* are shown instead of names */
	bool many_devices;
	bool paused;
	bool help;
	unsigned int interval_ms;
	size_t first;		/* row on the screen */
	size_t page;		/* rows of a screen */
};

void top_init(struct top *top);
void top_release(struct top *top);

/* Takes what is known now; peers that are gone are forgotten. */
void top_sample(struct top *top, const struct survey *survey, uint64_t now_ms);

/* The device is gone. */
void top_clear(struct top *top);

enum top_action {
	TOP_QUIT,
	TOP_SORT_NEXT,
	TOP_SORT_PREVIOUS,
	TOP_REVERSE,
	TOP_SERIES_NEXT,
	TOP_SET_NEXT,
	TOP_NAMES,
	TOP_PAUSE,
	TOP_HELP,
	TOP_FASTER,
	TOP_SLOWER,
	TOP_UP,
	TOP_DOWN,
	TOP_PAGE_UP,
	TOP_PAGE_DOWN,
	TOP_HOME,
	TOP_END,
	TOP_NONE,
};

/* Does what a key asks for. */
void top_act(struct top *top, enum top_action action);

/* How many rows there is room for. */
void top_resize(struct top *top, size_t page);

/* The columns of a set, which end with TOP_COLUMNS. */
const enum top_column *top_set_columns(enum top_set set);

/* The column that a series is of. */
enum top_column top_series_column(enum top_series series);

/* A value of the history, the one so many samples ago; NAN for unknown. */
double top_past(const struct top *top, const struct top_row *row, enum top_series series,
		unsigned int ago);

#endif /* FMP_TOPMODEL_H */
