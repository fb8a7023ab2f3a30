// SPDX-License-Identifier: GPL-2.0
#include "topview.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fail.h"

#ifdef HAVE_NCURSES

/* Its macros would take the names of others. */
#define NCURSES_NOMACROS
#include <curses.h>

#include "print.h"
#include "topcell.h"
#include "util.h"

enum {
	PAIR_DOWN = 1,
	PAIR_UP,
	PAIR_REMARK,
};

#define HEAD_LINES 3

static SCREEN *screen;

/* --- signals that end it: blocked, except while it waits */

static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static volatile sig_atomic_t ended;
static sigset_t waiting;	/* what is blocked meanwhile */

static void take_ending(int number)
{
	(void)number;
	ended = 1;
}

/* Those that were ignored stay so, as nohup has it. */
static void catch_endings(void)
{
	struct sigaction action = { .sa_handler = take_ending }, before;
	sigset_t set;
	size_t i;

	ended = 0;
	sigemptyset(&set);
	sigprocmask(SIG_BLOCK, NULL, &waiting);
	for (i = 0; i < ARRAY_SIZE(endings); i++) {
		if (sigaction(endings[i], NULL, &before) || before.sa_handler == SIG_IGN)
			continue;
		sigaction(endings[i], &action, NULL);
		sigaddset(&set, endings[i]);
		sigdelset(&waiting, endings[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* However the program ends. */
static void restore_terminal(void)
{
	if (screen && !isendwin())
		endwin();
}

int topview_open(void)
{
	const char *term = getenv("TERM");

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return refused("not on a terminal; 'fmp top --batch' prints lines");
	/* Before ncurses sets its own, which would leave half of this undone. */
	catch_endings();
	atexit(restore_terminal);
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return refused_word(term ? term : "", "no such terminal is known (TERM)");
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	if (has_colors() && paint_wants() && start_color() == OK) {
		use_default_colors();
		init_pair(PAIR_DOWN, COLOR_RED, -1);
		init_pair(PAIR_UP, COLOR_GREEN, -1);
		init_pair(PAIR_REMARK, COLOR_YELLOW, -1);
	}
	return STATUS_OK;
}

void topview_close(void)
{
	endwin();
	delscreen(screen);
	screen = NULL;
}

static void put_line(int line, const char *text)
{
	mvaddnstr(line, 0, text, COLS);
	clrtoeol();
}

static attr_t attributes_of(const struct top_row *row, enum top_column column)
{
	if (column != TOP_STATE || !row->has_state)
		return A_NORMAL;
	if (row->state == FMP_PEER_STATE_DOWN)
		return A_BOLD | COLOR_PAIR(PAIR_DOWN);
	if (row->state == FMP_PEER_STATE_UP)
		return COLOR_PAIR(PAIR_UP);
	return A_NORMAL;
}

static void draw_row(const struct top *top, const struct top_layout *layout, int line,
		     const struct top_row *row, bool utf8)
{
	char cell[TOP_CELL];
	unsigned int i;

	move(line, 0);
	for (i = 0; i < layout->count; i++) {
		attr_t attributes = attributes_of(row, layout->columns[i]);

		if (i)
			addch(' ');
		attrset((int)attributes);
		addstr(top_cell(cell, top, row, layout->columns[i], layout->widths[i], utf8));
		attrset(A_NORMAL);
	}
	clrtoeol();
}

/* The column that rows are sorted by stands out of the bar. */
static void draw_heading(const struct top *top, const struct top_layout *layout)
{
	char cell[TOP_CELL];
	unsigned int i;

	move(HEAD_LINES - 1, 0);
	attrset(A_REVERSE);
	for (i = 0; i < layout->count; i++) {
		bool sort = layout->columns[i] == top->sort;

		if (i)
			addch(' ');
		attrset(sort ? A_BOLD | A_UNDERLINE : A_REVERSE);
		addstr(top_heading(cell, top, layout->columns[i], layout->widths[i]));
		attrset(A_REVERSE);
	}
	while (getcurx(stdscr) < COLS - 1)
		addch(' ');
	attrset(A_NORMAL);
	clrtoeol();
}

static void draw_help(void)
{
	static const char *const lines[] = {
		"< >, left, right   sort by the column before or after",
		"r                  reverse the order",
		"s                  history of another series",
		"c                  other columns: link, quality, traffic",
		"k                  keys instead of names of hosts",
		"space, p           pause, go on",
		"+ -                sample less, more often",
		"arrows, pages      scroll; Home, End",
		"h, ?               this help, and back",
		"q                  quit",
		"",
		"'-' is not known, 'up*' congested. RX/s and TX/s are of frames, with header and",
		"tag. LOSS, JITTER and GOODPUT are of what we send, as the peer reports.",
	};
	int i;

	for (i = 0; i < LINES - HEAD_LINES; i++)
		put_line(HEAD_LINES + i, i < (int)ARRAY_SIZE(lines) ? lines[i] : "");
}

static void draw_rows(const struct top *top, const struct top_layout *layout, bool utf8)
{
	size_t i;
	int line;

	for (i = 0; i < top->page; i++) {
		line = HEAD_LINES + (int)i;
		if (top->first + i < top->count)
			draw_row(top, layout, line, top->order[top->first + i], utf8);
		else
			put_line(line, "");
	}
	clrtobot();
}

void topview_draw(struct top *top, const char *clock, const char *message, bool utf8)
{
	const char *remark = message ? message : top_remark(top);
	char *title = top_title(top, clock), *rest = NULL;
	struct top_layout layout;

	top_resize(top, LINES > HEAD_LINES ? (size_t)(LINES - HEAD_LINES) : 1);
	top_layout(&layout, top, COLS > 0 ? (unsigned int)COLS : 1);
	if (!remark && top->count > top->page)
		rest = xasprintf("peers %zu to %zu", top->first + 1, top->first + top->page);

	attrset(A_BOLD);
	put_line(0, title);
	attrset(COLOR_PAIR(PAIR_REMARK));
	put_line(1, remark ? remark : rest ? rest : "h for help, q to quit");
	attrset(A_NORMAL);
	draw_heading(top, &layout);
	if (top->help)
		draw_help();
	else
		draw_rows(top, &layout, utf8);
	refresh();
	free(title);
	free(rest);
}

/* What is gone says so at once and for ever. */
static bool is_gone(void)
{
	struct pollfd in = { .fd = STDIN_FILENO };

	return poll(&in, 1, 0) > 0 && in.revents & (POLLHUP | POLLERR | POLLNVAL);
}

/* ERR for none. What ncurses has read ahead already is not waited for. */
static int next_key(unsigned int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int key;

	timeout(0);
	key = getch();
	if (key != ERR)
		return key;
	ppoll(&in, 1, &time, &waiting);
	return getch();
}

enum top_action topview_wait(unsigned int ms)
{
	int key = next_key(ms);

	if (ended)
		return TOP_QUIT;
	switch (key) {
	case ERR:
		return is_gone() ? TOP_QUIT : TOP_NONE;
	case 'q':
	case 'Q':
		return TOP_QUIT;
	case '<':
	case KEY_LEFT:
		return TOP_SORT_PREVIOUS;
	case '>':
	case KEY_RIGHT:
		return TOP_SORT_NEXT;
	case 'r':
	case 'R':
		return TOP_REVERSE;
	case 's':
		return TOP_SERIES_NEXT;
	case 'c':
		return TOP_SET_NEXT;
	case 'k':
		return TOP_NAMES;
	case ' ':
	case 'p':
		return TOP_PAUSE;
	case 'h':
	case '?':
	case KEY_F(1):
		return TOP_HELP;
	case '-':
		return TOP_FASTER;
	case '+':
	case '=':
		return TOP_SLOWER;
	case KEY_UP:
		return TOP_UP;
	case KEY_DOWN:
		return TOP_DOWN;
	case KEY_PPAGE:
		return TOP_PAGE_UP;
	case KEY_NPAGE:
		return TOP_PAGE_DOWN;
	case KEY_HOME:
		return TOP_HOME;
	case KEY_END:
		return TOP_END;
	case '\f':
		clearok(stdscr, TRUE);
		return TOP_NONE;
	}
	return TOP_NONE;
}

#else

int topview_open(void)
{
	return refused("built without ncurses; 'fmp top --batch' prints lines");
}

void topview_close(void)
{
}

void topview_draw(struct top *top, const char *clock, const char *message, bool utf8)
{
	(void)top;
	(void)clock;
	(void)message;
	(void)utf8;
}

enum top_action topview_wait(unsigned int ms)
{
	(void)ms;
	return TOP_QUIT;
}

#endif
