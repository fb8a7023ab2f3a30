// SPDX-License-Identifier: GPL-2.0
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "fail.h"
#include "topcell.h"
#include "topmodel.h"
#include "topview.h"
#include "util.h"

#define BATCH_WIDTH 132

struct run {
	struct target target;	/* nameless for all devices */
	struct top top;
	uint32_t frames;	/* 0 for no end */
	bool batch;
	bool utf8;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#define CLOCK_TEXT 16

static const char *clock_text(char *out)
{
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	strftime(out, CLOCK_TEXT, "%H:%M:%S", &local);
	return out;
}

/* By its name each time: a device that goes and comes again has another index. */
static int sample(struct run *run)
{
	struct survey survey;
	int status = STATUS_OK;

	if (run->target.name)
		status = parse_device(&run->target.ifindex, run->target.name);
	if (!status)
		status = survey_take(&survey, &run->target);
	if (status) {
		top_clear(&run->top);
		return status;
	}
	top_sample(&run->top, &survey, now_ms());
	survey_release(&survey);
	return STATUS_OK;
}

/* --- lines */

static void print_row(const struct run *run, const struct top_layout *layout,
		      const struct top_row *row)
{
	char cell[TOP_CELL];
	unsigned int i;

	for (i = 0; i < layout->count; i++)
		printf("%s%s", i ? " " : "",
		       row ? top_cell(cell, &run->top, row, layout->columns[i], layout->widths[i],
				      run->utf8)
			   : top_heading(cell, &run->top, layout->columns[i], layout->widths[i]));
	putchar('\n');
}

static unsigned int batch_width(void)
{
	const char *columns = getenv("COLUMNS");
	long width = columns ? strtol(columns, NULL, 10) : 0;

	return width > 0 && width < 1000 ? (unsigned int)width : BATCH_WIDTH;
}

static void print_frame(const struct run *run)
{
	const char *remark = top_remark(&run->top);
	struct top_layout layout;
	char clock[CLOCK_TEXT], *title = top_title(&run->top, clock_text(clock));
	size_t i;

	top_layout(&layout, &run->top, batch_width());
	printf("%s\n%s\n", title, remark ? remark : "");
	print_row(run, &layout, NULL);
	for (i = 0; i < run->top.count; i++)
		print_row(run, &layout, run->top.order[i]);
	putchar('\n');
	fflush(stdout);
	free(title);
}

static void nap(unsigned int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&time, &time))
		;
}

static int run_batch(struct run *run)
{
	uint32_t frame = 0;
	int status;

	for (;;) {
		status = sample(run);
		if (status)
			return status;
		print_frame(run);
		if (ferror(stdout) || ++frame == run->frames)
			return STATUS_OK;
		nap(run->top.interval_ms);
	}
}

/* --- the screen */

/* What would be said on standard error, without the name of the program. */
static char *sample_aside(struct run *run)
{
	char *text = NULL, *shown = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	if (!stream)
		return NULL;
	fail_stream(stream);
	if (sample(run)) {
		fflush(stream);
		shown = xstrdup(strncmp(text, "fmp: ", 5) == 0 ? text + 5 : text);
		shown[strcspn(shown, "\n")] = '\0';
	}
	fail_stream(NULL);
	fclose(stream);
	free(text);
	return shown;
}

/* The first frame is of the sample that there is: rates are of whole intervals. */
static void run_screen(struct run *run)
{
	uint64_t due = now_ms() + run->top.interval_ms, now;
	enum top_action action = TOP_NONE;
	char clock[CLOCK_TEXT], *message = NULL;
	uint32_t frame = 1;

	clock_text(clock);
	while (action != TOP_QUIT) {
		now = now_ms();
		if (now >= due && !run->top.paused) {
			if (run->frames && frame++ == run->frames)
				break;
			free(message);
			message = sample_aside(run);
			clock_text(clock);
			due = now + run->top.interval_ms;
		}
		topview_draw(&run->top, clock, message, run->utf8);
		action = topview_wait(run->top.paused || due <= now ? run->top.interval_ms :
				      (unsigned int)(due - now));
		top_act(&run->top, action);
		if (due > now + run->top.interval_ms)
			due = now + run->top.interval_ms;
	}
	free(message);
}

static int run_top(struct run *run)
{
	int status;

	if (run->batch)
		return run_batch(run);
	/* A word that is wrong is told before there is a screen. */
	status = sample(run);
	if (!status)
		status = topview_open();
	if (status)
		return status;
	run_screen(run);
	topview_close();
	return STATUS_OK;
}

/* --- words */

static int take_frames(void *into, const char *value)
{
	struct run *run = into;

	return parse_limit(&run->frames, value);
}

static int take_interval(void *into, const char *value)
{
	struct run *run = into;
	char *end;
	double seconds = strtod(value, &end);

	if (*end || end == value || !(seconds >= 0.1 && seconds <= 60))
		return usage_word(value, "not a number of seconds from 0.1 to 60");
	run->top.interval_ms = (unsigned int)(seconds * 1000 + 0.5);
	return STATUS_OK;
}

static int take_sort(void *into, const char *value)
{
	struct run *run = into;
	enum top_column column;

	for (column = 0; column < TOP_HISTORY; column++) {
		if (strcasecmp(top_column_name(column), value) != 0)
			continue;
		run->top.sort = column;
		run->top.ascending = column <= TOP_STATE;
		return STATUS_OK;
	}
	return usage_word(value, "not a column, as RTT or RX/s");
}

static int take_columns(void *into, const char *value)
{
	static const char *const names[] = {
		[TOP_SET_LINK] = "link", [TOP_SET_QUALITY] = "quality",
		[TOP_SET_TRAFFIC] = "traffic",
	};
	struct run *run = into;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], value) != 0)
			continue;
		run->top.set = (enum top_set)i;
		return STATUS_OK;
	}
	return usage_word(value, "none of 'link', 'quality' and 'traffic'");
}

static int take_series(void *into, const char *value)
{
	struct run *run = into;
	enum top_series series;

	for (series = 0; series < TOP_SERIES; series++) {
		if (strcasecmp(top_column_name(top_series_column(series)), value) != 0)
			continue;
		run->top.series = series;
		return STATUS_OK;
	}
	return usage_word(value, "there is no history of it, as there is of RTT");
}

static int take_batch(void *into, const char *value)
{
	struct run *run = into;

	(void)value;
	run->batch = true;
	return STATUS_OK;
}

static const struct keyword keywords[] = {
	{ "--batch", NULL, take_batch, 0 },
	{ "-b", NULL, take_batch, 0 },
	{ "-n", "a number of frames", take_frames, 0 },
	{ "-d", "a number of seconds", take_interval, 0 },
	{ "-s", "the name of a column", take_sort, 0 },
	{ "--history", "the name of a column", take_series, 0 },
	{ "--columns", "the name of a set of columns", take_columns, 0 },
	{ 0 },
};

static int read_words(struct args *args, struct run *run)
{
	const char *word = args_peek(args);
	int status;

	if (!word || *word == '-')
		return args_keywords(args, keywords, NULL, run);
	status = take_target(args, &run->target);
	return status ? status : args_keywords(args, keywords, NULL, run);
}

static int run_command(struct args *args, const struct options *options)
{
	struct run run = { 0 };
	int status;

	top_init(&run.top);
	if (options->json)
		return usage_word("--json", "a view for people; 'fmp --json show' is for programs");
	status = read_words(args, &run);
	if (status)
		return status;
	setlocale(LC_CTYPE, "");
	run.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	status = run_top(&run);
	top_release(&run.top);
	return status;
}

const struct command command_top = {
	.name = "top",
	.summary = "watch peers and their links",
	.help =
	"Usage: fmp top [DEV] [-d SECONDS] [-n FRAMES] [-s COLUMN] [--history COLUMN]\n"
	"               [--columns link|quality|traffic] [--batch]\n"
	"\n"
	"A line for each peer, of all devices or of one, with a history of one column. The\n"
	"key h shows what keys do. Widths are those of the terminal, or of COLUMNS.\n"
	"\n"
	"  -d SECONDS        between samples, 1 if it is not given\n"
	"  -n FRAMES         after which it ends\n"
	"  -s COLUMN         to sort by, as RTT\n"
	"  --history COLUMN  what there is a history of: RTT, LOSS, JITTER, RX/s, TX/s,\n"
	"                    GOODPUT, ETX\n"
	"  --columns SET     which columns there are\n"
	"  -b, --batch       print lines instead of a screen, for programs\n",
	.run = run_command,
};
