// SPDX-License-Identifier: GPL-2.0
#include "topmodel.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"
#include "util.h"

#define INTERVAL_MIN	100
#define INTERVAL_MAX	60000

void top_init(struct top *top)
{
	memset(top, 0, sizeof(*top));
	top->sort = TOP_RX;
	top->interval_ms = 1000;
	top->page = 1;
}

static void row_release(struct top_row *row)
{
	free(row->device);
	free(row->name);
	free(row->endpoint);
	free(row->history);
}

static void release_rows(struct top_row *rows, size_t count)
{
	while (count)
		row_release(&rows[--count]);
	free(rows);
}

void top_release(struct top *top)
{
	release_rows(top->rows, top->count);
	free(top->order);
	top->rows = NULL;
	top->order = NULL;
	top->count = 0;
}

void top_clear(struct top *top)
{
	top_release(top);
	top->taken_ms = 0;
	top->up = top->down = top->fresh = 0;
	top->first = 0;
}

enum top_column top_series_column(enum top_series series)
{
	static const enum top_column columns[] = {
		[TOP_SERIES_RTT] = TOP_RTT, [TOP_SERIES_LOSS] = TOP_LOSS,
		[TOP_SERIES_JITTER] = TOP_JITTER, [TOP_SERIES_RX] = TOP_RX,
		[TOP_SERIES_TX] = TOP_TX, [TOP_SERIES_GOODPUT] = TOP_GOODPUT,
		[TOP_SERIES_ETX] = TOP_ETX,
	};

	return columns[series];
}

const enum top_column *top_set_columns(enum top_set set)
{
	static const enum top_column sets[][TOP_COLUMNS + 1] = {
		[TOP_SET_LINK] = {
			TOP_PEER, TOP_DEVICE, TOP_ENDPOINT, TOP_STATE, TOP_RTT, TOP_LOSS,
			TOP_JITTER, TOP_RX, TOP_TX, TOP_ETX, TOP_SEEN, TOP_HISTORY, TOP_COLUMNS,
		},
		[TOP_SET_QUALITY] = {
			TOP_PEER, TOP_DEVICE, TOP_STATE, TOP_RTT, TOP_RTT_VAR, TOP_LOSS,
			TOP_RX_LOSS, TOP_JITTER, TOP_RX_JITTER, TOP_ETX, TOP_COST, TOP_HISTORY,
			TOP_COLUMNS,
		},
		[TOP_SET_TRAFFIC] = {
			TOP_PEER, TOP_DEVICE, TOP_ENDPOINT, TOP_STATE, TOP_RX, TOP_TX,
			TOP_GOODPUT, TOP_RX_TOTAL, TOP_TX_TOTAL, TOP_SEEN, TOP_HISTORY,
			TOP_COLUMNS,
		},
	};

	return sets[set];
}

double top_past(const struct top *top, const struct top_row *row, enum top_series series,
		unsigned int ago)
{
	unsigned int at = (top->sample + TOP_SAMPLES - ago % TOP_SAMPLES) % TOP_SAMPLES;

	return ago < TOP_SAMPLES ? (double)row->history[series * TOP_SAMPLES + at] : (double)NAN;
}

/* --- a sample */

static int by_identity(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return memcmp(x->key, y->key, sizeof(x->key));
}

#define KNOWN(metrics, attr, member) \
	(HAS(metrics, FMP_A_METRICS_##attr) ? (double)(metrics)->member : (double)NAN)

static void read_metrics(struct top_row *row, const struct metrics *metrics)
{
	row->value[TOP_RTT] = KNOWN(metrics, RTT_US, rtt_us);
	row->value[TOP_RTT_VAR] = KNOWN(metrics, RTT_VAR_US, rtt_var_us);
	row->value[TOP_LOSS] = KNOWN(metrics, TX_LOSS, tx_loss);
	row->value[TOP_RX_LOSS] = KNOWN(metrics, RX_LOSS, rx_loss);
	row->value[TOP_JITTER] = KNOWN(metrics, TX_JITTER_US, tx_jitter_us);
	row->value[TOP_RX_JITTER] = KNOWN(metrics, RX_JITTER_US, rx_jitter_us);
	row->value[TOP_GOODPUT] = KNOWN(metrics, TX_GOODPUT, tx_goodput);
	row->value[TOP_ETX] = KNOWN(metrics, ETX, etx);
	row->value[TOP_COST] = KNOWN(metrics, LINK_COST, link_cost);
	row->congested = HAS(metrics, FMP_A_METRICS_CONGESTED);
}

/* Also with the scope of a link-local address. */
static bool is_address(const char *host)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, host, &address) == 1)
		return true;
	snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, host + (*host == '['));
	text[strcspn(text, "%]")] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* HOST of HOST:PORT; NULL for an address, which has a column of its own. */
static char *host_of(const char *name)
{
	const char *colon = name ? strrchr(name, ':') : NULL;
	char *host;

	if (!name || !*name)
		return NULL;
	host = xasprintf("%.*s", colon ? (int)(colon - name) : (int)strlen(name), name);
	if (!is_address(host))
		return host;
	free(host);
	return NULL;
}

static void read_peer(struct top_row *row, const struct device *device, const struct peer *peer)
{
	char endpoint[ENDPOINT_TEXT];
	size_t i;

	memset(row, 0, sizeof(*row));
	for (i = 0; i < TOP_COLUMNS; i++)
		row->value[i] = NAN;
	row->ifindex = device->ifindex;
	memcpy(row->key, peer->public_key, sizeof(row->key));
	row->device = xstrdup(device->name ? device->name : "?");
	row->name = host_of(peer->endpoint_name);
	if (peer_has_endpoint(peer))
		row->endpoint = xstrdup(endpoint_text(endpoint, &peer->endpoint));
	row->has_state = HAS(peer, FMP_A_PEER_STATE);
	row->state = peer->state;
	row->rx_bytes = peer->rx_bytes;
	row->tx_bytes = peer->tx_bytes;
	if (HAS(peer, FMP_A_PEER_RX_BYTES))
		row->value[TOP_RX_TOTAL] = (double)peer->rx_bytes;
	if (HAS(peer, FMP_A_PEER_TX_BYTES))
		row->value[TOP_TX_TOTAL] = (double)peer->tx_bytes;
	if (HAS(peer, FMP_A_PEER_LAST_RX_MS))
		row->value[TOP_SEEN] = (double)peer->last_rx_ms;
	read_metrics(row, &peer->metrics);
}

/* Fewer than before are those of a peer that was made anew. */
static double rate(uint64_t now, uint64_t before, uint64_t ms)
{
	return now >= before && ms ? (double)(now - before) * 1000 / (double)ms : (double)NAN;
}

static void add_to_history(const struct top *top, struct top_row *row)
{
	unsigned int series;

	for (series = 0; series < TOP_SERIES; series++)
		row->history[series * TOP_SAMPLES + top->sample] =
			(float)row->value[top_series_column(series)];
}

static float *new_history(void)
{
	float *history = xcalloc(TOP_SERIES * TOP_SAMPLES, sizeof(*history));
	size_t i;

	for (i = 0; i < TOP_SERIES * TOP_SAMPLES; i++)
		history[i] = NAN;
	return history;
}

/* What was known of the same peer goes on. */
static void inherit(struct top *top, struct top_row *row, uint64_t now_ms)
{
	struct top_row *before = NULL;

	if (top->count)
		before = bsearch(row, top->rows, top->count, sizeof(*row), by_identity);
	if (!before || !before->history) {
		row->history = new_history();
		return;
	}
	row->history = before->history;
	before->history = NULL;
	if (!isnan(row->value[TOP_RX_TOTAL]))
		row->value[TOP_RX] = rate(row->rx_bytes, before->rx_bytes,
					  now_ms - top->taken_ms);
	if (!isnan(row->value[TOP_TX_TOTAL]))
		row->value[TOP_TX] = rate(row->tx_bytes, before->tx_bytes,
					  now_ms - top->taken_ms);
}

static void count_states(struct top *top)
{
	size_t i;

	top->up = top->down = top->fresh = 0;
	for (i = 0; i < top->count; i++) {
		if (!top->rows[i].has_state)
			continue;
		top->up += top->rows[i].state == FMP_PEER_STATE_UP;
		top->down += top->rows[i].state == FMP_PEER_STATE_DOWN;
		top->fresh += top->rows[i].state == FMP_PEER_STATE_NEW;
	}
}

/* --- order */

/* For qsort(), which passes nothing on. */
static const struct top *sorted;

static int by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_values(double a, double b)
{
	return (a > b) - (a < b);
}

static int compare_column(const struct top_row *a, const struct top_row *b)
{
	switch (sorted->sort) {
	case TOP_PEER:
		if (!sorted->keys && (a->name || b->name))
			return by_text(a->name, b->name);
		return memcmp(a->key, b->key, sizeof(a->key));
	case TOP_DEVICE:
		return by_text(a->device, b->device);
	case TOP_ENDPOINT:
		return by_text(a->endpoint, b->endpoint);
	case TOP_STATE:
		return (a->has_state ? a->state : -1) - (b->has_state ? b->state : -1);
	default:
		return compare_values(a->value[sorted->sort], b->value[sorted->sort]);
	}
}

static bool is_text(enum top_column column)
{
	return column <= TOP_STATE;
}

/* The unknown comes last, whichever way round; what is equal stays in its order. */
static int by_sort(const void *a, const void *b)
{
	const struct top_row *x = *(const struct top_row *const *)a;
	const struct top_row *y = *(const struct top_row *const *)b;
	int order;

	if (!is_text(sorted->sort)) {
		order = isnan(x->value[sorted->sort]) - isnan(y->value[sorted->sort]);
		if (order)
			return order;
	}
	order = compare_column(x, y);
	if (!order)
		return by_identity(x, y);
	return sorted->ascending ? order : -order;
}

static void sort_rows(struct top *top)
{
	size_t i;

	free(top->order);
	top->order = xcalloc(top->count, sizeof(struct top_row *));
	for (i = 0; i < top->count; i++)
		top->order[i] = &top->rows[i];
	sorted = top;
	qsort(top->order, top->count, sizeof(struct top_row *), by_sort);
}

static void clamp(struct top *top)
{
	size_t last = top->count > top->page ? top->count - top->page : 0;

	if (top->first > last)
		top->first = last;
}

void top_sample(struct top *top, const struct survey *survey, uint64_t now_ms)
{
	size_t i, j, count = 0, at = 0;
	struct top_row *rows;

	for (i = 0; i < survey->devices.count; i++)
		count += survey->peers[i].count;
	rows = xcalloc(count, sizeof(*rows));
	top->sample = (top->sample + 1) % TOP_SAMPLES;
	top->metrics = false;
	for (i = 0; i < survey->devices.count; i++) {
		for (j = 0; j < survey->peers[i].count; j++) {
			const struct peer *peer = &survey->peers[i].list[j];

			top->metrics |= HAS(peer, FMP_A_PEER_METRICS);
			read_peer(&rows[at], &survey->devices.list[i], peer);
			inherit(top, &rows[at], now_ms);
			add_to_history(top, &rows[at++]);
		}
	}
	if (count)
		qsort(rows, count, sizeof(*rows), by_identity);

	release_rows(top->rows, top->count);
	top->rows = rows;
	top->count = count;
	top->taken_ms = now_ms;
	top->many_devices = survey->devices.count > 1;
	count_states(top);
	sort_rows(top);
	clamp(top);
}

/* --- keys */

/* To the next column of the set, one that there is an order of. */
static void move_sort(struct top *top, bool forward)
{
	const enum top_column *columns = top_set_columns(top->set);
	size_t count = 0, at = 0;

	while (columns[count] != TOP_HISTORY) {
		if (columns[count] == top->sort)
			at = count;
		count++;
	}
	do
		at = (at + (forward ? 1 : count - 1)) % count;
	while (columns[at] == TOP_DEVICE && !top->many_devices);
	top->sort = columns[at];
	top->ascending = is_text(top->sort);
}

static bool has_column(enum top_set set, enum top_column column)
{
	const enum top_column *columns = top_set_columns(set);

	while (*columns != TOP_COLUMNS && *columns != column)
		columns++;
	return *columns == column;
}

static void next_set(struct top *top)
{
	top->set = (top->set + 1) % TOP_SETS;
	if (has_column(top->set, top->sort))
		return;
	top->sort = TOP_PEER;
	top->ascending = true;
}

static void change_interval(struct top *top, bool longer)
{
	unsigned int ms = longer ? top->interval_ms * 2 : top->interval_ms / 2;

	if (ms >= INTERVAL_MIN && ms <= INTERVAL_MAX)
		top->interval_ms = ms;
}

static void scroll_up(struct top *top, size_t by)
{
	top->first = top->first > by ? top->first - by : 0;
}

void top_act(struct top *top, enum top_action action)
{
	switch (action) {
	case TOP_SORT_NEXT:
	case TOP_SORT_PREVIOUS:
		move_sort(top, action == TOP_SORT_NEXT);
		break;
	case TOP_REVERSE:
		top->ascending = !top->ascending;
		break;
	case TOP_SERIES_NEXT:
		top->series = (top->series + 1) % TOP_SERIES;
		break;
	case TOP_SET_NEXT:
		next_set(top);
		break;
	case TOP_NAMES:
		top->keys = !top->keys;
		break;
	case TOP_PAUSE:
		top->paused = !top->paused;
		break;
	case TOP_HELP:
		top->help = !top->help;
		break;
	case TOP_FASTER:
	case TOP_SLOWER:
		change_interval(top, action == TOP_SLOWER);
		break;
	case TOP_UP:
		scroll_up(top, 1);
		break;
	case TOP_PAGE_UP:
		scroll_up(top, top->page);
		break;
	case TOP_DOWN:
		top->first++;
		break;
	case TOP_PAGE_DOWN:
		top->first += top->page;
		break;
	case TOP_HOME:
		top->first = 0;
		break;
	case TOP_END:
		top->first = top->count;
		break;
	case TOP_QUIT:
	case TOP_NONE:
		return;
	}
	sort_rows(top);
	clamp(top);
}

void top_resize(struct top *top, size_t page)
{
	top->page = page ? page : 1;
	clamp(top);
}
