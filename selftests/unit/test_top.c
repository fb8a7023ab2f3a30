// SPDX-License-Identifier: GPL-2.0
/* What 'fmp top' makes of samples, without a screen. */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"
#include "fail.h"
#include "harness.h"
#include "scene.h"
#include "topcell.h"
#include "topmodel.h"
#include "util.h"

/* A survey of one device, whose peers have number as the first byte of their keys. */
struct sight {
	struct survey survey;
	struct device device;
	struct peers peers;
	struct peer list[8];
};

static void see(struct sight *sight, size_t count)
{
	size_t i;

	memset(sight, 0, sizeof(*sight));
	sight->device.ifindex = 5;
	sight->device.name = (char *)"fmp0";
	for (i = 0; i < count; i++) {
		sight->list[i].public_key[0] = (uint8_t)(i + 1);
		sight->list[i].present = UINT64_C(1) << FMP_A_PEER_RX_BYTES |
					 UINT64_C(1) << FMP_A_PEER_TX_BYTES;
	}
	sight->peers = (struct peers){ .list = sight->list, .count = count };
	sight->survey.devices = (struct devices){ .list = &sight->device, .count = 1 };
	sight->survey.peers = &sight->peers;
}

static void set_rtt(struct peer *peer, uint64_t rtt)
{
	peer->present |= UINT64_C(1) << FMP_A_PEER_METRICS;
	peer->metrics.present |= UINT64_C(1) << FMP_A_METRICS_RTT_US;
	peer->metrics.rtt_us = rtt;
}

/* The numbers of the peers, as they are shown. */
static const char *order(const struct top *top)
{
	static char digits[16];
	size_t i;

	for (i = 0; i < top->count; i++)
		digits[i] = (char)('0' + top->order[i]->key[0]);
	digits[i] = '\0';
	return digits;
}

static void test_rates(void)
{
	struct sight sight;
	struct top top;

	top_init(&top);
	see(&sight, 2);
	sight.list[0].rx_bytes = 1000;
	sight.list[1].tx_bytes = UINT64_MAX - 10;
	top_sample(&top, &sight.survey, 10000);
	CHECK(isnan(top.rows[0].value[TOP_RX]) && isnan(top.rows[1].value[TOP_TX]));

	sight.list[0].rx_bytes = 1500;
	sight.list[1].tx_bytes = UINT64_MAX;
	top_sample(&top, &sight.survey, 10250);
	CHECK(top.rows[0].value[TOP_RX] == 2000);
	CHECK(top.rows[0].value[TOP_TX] == 0);
	CHECK(top.rows[1].value[TOP_TX] == 40);

	/* Made anew, it counts from 0; at the same time there is no rate. */
	sight.list[0].rx_bytes = 10;
	top_sample(&top, &sight.survey, 11250);
	CHECK(isnan(top.rows[0].value[TOP_RX]));
	sight.list[0].rx_bytes = 20;
	top_sample(&top, &sight.survey, 11250);
	CHECK(isnan(top.rows[0].value[TOP_RX]));
	top_release(&top);
}

static void test_history(void)
{
	struct sight sight;
	struct top top;
	unsigned int i;

	top_init(&top);
	for (i = 0; i < TOP_SAMPLES + 5; i++) {
		see(&sight, i == 3 ? 2 : 1);
		if (i % 2)
			set_rtt(&sight.list[0], 100 + i);
		top_sample(&top, &sight.survey, 1000 * (i + 1));
	}
	CHECK(top.count == 1);
	CHECK(isnan(top_past(&top, &top.rows[0], TOP_SERIES_RTT, 0)));
	CHECK(top_past(&top, &top.rows[0], TOP_SERIES_RTT, 1) == 100 + TOP_SAMPLES + 3);
	CHECK(top_past(&top, &top.rows[0], TOP_SERIES_RTT, TOP_SAMPLES - 1) == 105);
	CHECK(isnan(top_past(&top, &top.rows[0], TOP_SERIES_RTT, TOP_SAMPLES)));
	CHECK(isnan(top_past(&top, &top.rows[0], TOP_SERIES_ETX, 1)));

	/* A peer that comes back has none of what was before. */
	see(&sight, 0);
	top_sample(&top, &sight.survey, 200000);
	CHECK(top.count == 0);
	see(&sight, 1);
	set_rtt(&sight.list[0], 7);
	top_sample(&top, &sight.survey, 201000);
	CHECK(top_past(&top, &top.rows[0], TOP_SERIES_RTT, 0) == 7);
	CHECK(isnan(top_past(&top, &top.rows[0], TOP_SERIES_RTT, 3)));
	top_release(&top);
}

static void test_order(void)
{
	struct sight sight;
	struct top top;

	top_init(&top);
	see(&sight, 4);
	set_rtt(&sight.list[0], 20);
	set_rtt(&sight.list[1], 30);
	set_rtt(&sight.list[3], 10);
	sight.list[2].present |= UINT64_C(1) << FMP_A_PEER_STATE;
	sight.list[2].state = FMP_PEER_STATE_DOWN;
	sight.list[1].endpoint_name = (char *)"a.example:1";
	top.sort = TOP_RTT;
	top_sample(&top, &sight.survey, 1000);
	CHECK(strcmp(order(&top), "2143") == 0);
	top_act(&top, TOP_REVERSE);
	CHECK(strcmp(order(&top), "4123") == 0);
	/* Nothing known of any: in the order of keys. */
	top.sort = TOP_ETX;
	top_act(&top, TOP_NONE);
	top_act(&top, TOP_REVERSE);
	CHECK(strcmp(order(&top), "1234") == 0);
	top.sort = TOP_STATE;
	top_act(&top, TOP_REVERSE);
	top_act(&top, TOP_REVERSE);
	CHECK(strcmp(order(&top), "3124") == 0);
	top.sort = TOP_PEER;
	top_act(&top, TOP_REVERSE);
	CHECK(strcmp(order(&top), "1342") == 0);
	top_act(&top, TOP_NAMES);
	CHECK(strcmp(order(&top), "1234") == 0);
	CHECK(top.up == 0 && top.down == 1 && top.fresh == 0);
	top_release(&top);
}

/* An address says no more than the column of endpoints does. */
static void test_names(void)
{
	static const struct { const char *endpoint, *name; } known[] = {
		{ "a.example:2121", "a.example" }, { "a.example", "a.example" },
		{ "10.example:1", "10.example" }, { "", NULL },
		{ "192.0.2.1:2121", NULL }, { "[2001:db8::1]:2121", NULL },
		{ "[fe80::1%eth0]:2121", NULL },
	};
	struct sight sight;
	struct top top;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		top_init(&top);
		see(&sight, 1);
		sight.list[0].endpoint_name = (char *)known[i].endpoint;
		top_sample(&top, &sight.survey, 1000);
		CHECK_FMT(known[i].name ? top.rows[0].name &&
					  strcmp(top.rows[0].name, known[i].name) == 0
					: !top.rows[0].name, "'%s'", known[i].endpoint);
		top_release(&top);
	}
}

static void test_keys(void)
{
	struct sight sight;
	struct top top;
	int i;

	top_init(&top);
	see(&sight, 8);
	top_sample(&top, &sight.survey, 1000);
	top_resize(&top, 3);
	top_act(&top, TOP_DOWN);
	CHECK(top.first == 1);
	top_act(&top, TOP_PAGE_DOWN);
	CHECK(top.first == 4);
	top_act(&top, TOP_END);
	CHECK(top.first == 5);
	top_act(&top, TOP_DOWN);
	CHECK(top.first == 5);
	top_act(&top, TOP_PAGE_UP);
	CHECK(top.first == 2);
	top_act(&top, TOP_PAGE_UP);
	CHECK(top.first == 0);
	top_act(&top, TOP_END);
	see(&sight, 4);
	top_sample(&top, &sight.survey, 2000);
	CHECK(top.first == 1);
	top_resize(&top, 0);
	CHECK(top.page == 1 && top.first == 1);

	/* Through all columns and back; the device of one is no column. */
	top.sort = TOP_PEER;
	top_act(&top, TOP_SORT_NEXT);
	CHECK(top.sort == TOP_ENDPOINT && top.ascending);
	top_act(&top, TOP_SORT_PREVIOUS);
	top_act(&top, TOP_SORT_PREVIOUS);
	CHECK(top.sort == TOP_SEEN && !top.ascending);
	top_act(&top, TOP_SET_NEXT);
	CHECK(top.set == TOP_SET_QUALITY && top.sort == TOP_PEER);
	for (i = 0; i < TOP_SERIES; i++)
		top_act(&top, TOP_SERIES_NEXT);
	CHECK(top.series == TOP_SERIES_RTT);
	for (i = 0; i < 20; i++)
		top_act(&top, TOP_SLOWER);
	CHECK(top.interval_ms == 32000);
	for (i = 0; i < 20; i++)
		top_act(&top, TOP_FASTER);
	CHECK(top.interval_ms == 125);
	top_act(&top, TOP_PAUSE);
	CHECK(top.paused);
	top_clear(&top);
	CHECK(top.count == 0 && top.first == 0 && !top.taken_ms);
	top_act(&top, TOP_END);
	CHECK(top.first == 0);
	top_release(&top);
}

static void test_sparkline(void)
{
	static const double values[] = { NAN, 0, 1, 2, 3, 4, 5, 6, 7, NAN };
	static const double flat[] = { 0, 0 };
	static const double best[] = { 1000, 1000, 1500 };
	char out[TOP_CELL];

	top_sparkline(out, values, ARRAY_SIZE(values), 0, false);
	CHECK_FMT(strcmp(out, " _.-=+o*# ") == 0, "%s", out);
	top_sparkline(out, values, ARRAY_SIZE(values), 0, true);
	CHECK_FMT(strcmp(out, " ▁▂▃▄▅▆▇█ ") == 0, "%s", out);
	top_sparkline(out, flat, ARRAY_SIZE(flat), 0, false);
	CHECK(strcmp(out, "__") == 0);
	top_sparkline(out, best, ARRAY_SIZE(best), 1000, false);
	CHECK(strcmp(out, "__#") == 0);
	top_sparkline(out, values, 0, 0, true);
	CHECK(!*out);
}

static bool layout_has(const struct top_layout *layout, enum top_column column)
{
	unsigned int i;

	for (i = 0; i < layout->count; i++)
		if (layout->columns[i] == column)
			return true;
	return false;
}

static void test_layout(void)
{
	struct top_layout layout;
	unsigned int width, i, sum;
	struct top top;

	top_init(&top);
	for (top.set = 0; top.set < TOP_SETS; top.set++) {
		for (width = 1; width < 400; width++) {
			top.many_devices = width % 2;
			top_layout(&layout, &top, width);
			for (i = 0, sum = 0; i < layout.count; i++)
				sum += layout.widths[i] + (i > 0);
			CHECK_FMT(layout.count && (sum <= width || layout.count == 1),
				  "%u columns of %u in %u", layout.count, sum, width);
			CHECK(layout.columns[0] == TOP_PEER);
		}
	}
	top.set = TOP_SET_LINK;
	top.many_devices = false;
	top_layout(&layout, &top, 80);
	CHECK(layout_has(&layout, TOP_RTT) && layout_has(&layout, TOP_HISTORY));
	CHECK(!layout_has(&layout, TOP_ENDPOINT) && !layout_has(&layout, TOP_DEVICE));
	top.many_devices = true;
	top_layout(&layout, &top, 200);
	CHECK(layout_has(&layout, TOP_ENDPOINT) && layout_has(&layout, TOP_DEVICE));
}

static bool cell_is(const struct top *top, const struct top_row *row, enum top_column column,
		    unsigned int width, const char *text)
{
	char out[TOP_CELL];

	top_cell(out, top, row, column, width, false);
	if (strcmp(out, text) != 0)
		fprintf(stderr, "# '%s' is not '%s'\n", out, text);
	return strcmp(out, text) == 0;
}

static void test_cells(void)
{
	struct top_row row = { .device = (char *)"fmp0", .has_state = true,
			       .state = FMP_PEER_STATE_UP, .congested = true };
	struct top top = { 0 };

	row.value[TOP_RTT] = 20100;
	row.value[TOP_LOSS] = 1;
	row.value[TOP_RX] = 1536;
	row.value[TOP_TX] = 1e30;
	row.value[TOP_ETX] = NAN;
	row.value[TOP_SEEN] = 3723000;
	CHECK(cell_is(&top, &row, TOP_RTT, 7, " 20.1ms"));
	CHECK(cell_is(&top, &row, TOP_LOSS, 7, " <0.01%"));
	CHECK(cell_is(&top, &row, TOP_RX, 8, "   1.50K"));
	CHECK(cell_is(&top, &row, TOP_TX, 8, " 888.18P"));
	CHECK(cell_is(&top, &row, TOP_ETX, 5, "    -"));
	CHECK(cell_is(&top, &row, TOP_SEEN, 6, " 1h02m"));
	row.value[TOP_SEEN] = 8640000e3 + 3600e3;
	CHECK(cell_is(&top, &row, TOP_SEEN, 6, "  100d"));
	CHECK(cell_is(&top, &row, TOP_STATE, 5, "up*  "));
	CHECK(cell_is(&top, &row, TOP_ENDPOINT, 3, "-  "));
	row.name = (char *)"a\033[31m\n\xc3\xa4.example.org";
	CHECK(cell_is(&top, &row, TOP_PEER, 12, "a?[31m???..."));
	top.keys = true;
	CHECK(cell_is(&top, &row, TOP_PEER, 16, "npub1qqqqq..ujme"));
}

static void test_room(void)
{
	static const struct { double value; const char *text; } costs[] = {
		{ 1223, " 1.22" }, { 12340, "12.34" }, { 123450, "123.5" },
		{ 1234560, " 1235" }, { 99999000, "99999" }, { 1234567000, ">9999" },
	};
	struct top_row row = { 0 };
	struct top top = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(costs); i++) {
		row.value[TOP_COST] = costs[i].value;
		CHECK(cell_is(&top, &row, TOP_COST, 5, costs[i].text));
	}
	row.value[TOP_RTT] = 12345670000;
	CHECK(cell_is(&top, &row, TOP_RTT, 7, " 12346s"));
	row.value[TOP_RTT] = 1e18;
	CHECK(cell_is(&top, &row, TOP_RTT, 7, ">99999s"));
	row.value[TOP_LOSS] = 1;
	CHECK(cell_is(&top, &row, TOP_LOSS, 7, " <0.01%"));
	row.value[TOP_RX] = 1048575;
	CHECK(cell_is(&top, &row, TOP_RX, 8, "1024.00K"));
}

/* --- lines */

static void test_batch(void)
{
	struct outcome outcome;

	CHECK(scene_choose("full"));
	drive_serve = scene_serve;
	setenv("COLUMNS", "132", 1);
	outcome = RUN("top", "fmp0", "--batch", "-n", "2", "-d", "0.1", "-s", "rtt");
	CHECK_FMT(outcome.status == STATUS_OK && !*outcome.messages, "%s", outcome.messages);
	CHECK_FMT(strstr(outcome.output, "  3 peers: 1 up, 1 down, 1 new  every 0.1 s  by RTT down\n"),
		  "%s", outcome.output);
	CHECK(strstr(outcome.output, "\nPEER             ENDPOINT              STATE     RTT    LOSS"));
	CHECK_FMT(strstr(outcome.output, "\nb.example        192.0.2.1:2121        up     20.1ms   "
			 "0.12%  1.25ms        -        -  1.01     1s"), "%s", outcome.output);
	CHECK(!strstr(outcome.output, "\033"));
	CHECK(drive_opened == 2);
	end(&outcome);

	CHECK(scene_choose("old"));
	EXPECT(STATUS_OK, "\nthis module tells nothing of its links\n", "top", "-b", "-n", "1");
	CHECK(scene_choose("none"));
	EXPECT(STATUS_OK, "\nno peers\n", "top", "-b", "-n", "1");
}

static void test_gone(void)
{
	struct outcome outcome;

	CHECK(scene_choose("gone"));
	drive_serve = scene_serve;
	outcome = RUN("top", "fmp0", "-b", "-d", "0.1", "-n", "9");
	CHECK(outcome.status == STATUS_REFUSED);
	CHECK_FMT(strstr(outcome.messages, "'fmp0'"), "%s", outcome.messages);
	CHECK(drive_opened == 4);
	end(&outcome);
}

/* One of several is left out; the others are shown. */
static void test_leaving(void)
{
	CHECK(scene_choose("leaving"));
	drive_serve = scene_serve;
	EXPECT(STATUS_OK, "  3 peers: 1 up, 1 down, 1 new", "top", "-b", "-n", "1");
	EXPECT(STATUS_OK, "fmp_device_peers{device=\"fmp0\"} 3", "metrics");
}

static void test_bad_words(void)
{
	CHECK(scene_choose("full"));
	drive_serve = scene_serve;
	EXPECT(STATUS_USAGE, "'0.05': not a number of seconds", "top", "-d", "0.05");
	EXPECT(STATUS_USAGE, "'nan': not a number of seconds", "top", "-d", "nan");
	EXPECT(STATUS_USAGE, "'1x': not a number of seconds", "top", "-d", "1x");
	EXPECT(STATUS_USAGE, "'0': not a number from 1", "top", "-n", "0");
	EXPECT(STATUS_USAGE, "'speed': not a column", "top", "-s", "speed");
	EXPECT(STATUS_USAGE, "'STATE': there is no history", "top", "--history", "STATE");
	EXPECT(STATUS_USAGE, "'all': none of 'link'", "top", "--columns", "all");
	EXPECT(STATUS_USAGE, "'--frob': unknown word", "top", "fmp0", "--frob");
	EXPECT(STATUS_USAGE, "'--json': a view for people", "--json", "top");
	EXPECT(STATUS_REFUSED, "'no-such': no such network device", "top", "no-such", "-b");
	CHECK(drive_opened == 0);
}

const struct test top_tests[] = {
	{ "rates", test_rates },
	{ "history", test_history },
	{ "order", test_order },
	{ "names", test_names },
	{ "keys", test_keys },
	{ "sparkline", test_sparkline },
	{ "layout", test_layout },
	{ "cells", test_cells },
	{ "room", test_room },
	{ "batch", test_batch },
	{ "gone", test_gone },
	{ "leaving", test_leaving },
	{ "bad_words", test_bad_words },
	{ 0 },
};
