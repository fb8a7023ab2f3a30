/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_DRIVE_H
#define FMP_DRIVE_H

#include <stddef.h>

#include "fake.h"

/* Runs the program on a kernel that is played. */

/* What if_nametoindex() and its opposite say of "fmp0". */
#define DRIVE_IFINDEX 0x7fffff05

/* To be set before a run. */
extern fake_serve_fn drive_serve;

/* The kernel of the last run, for its requests, and how often it was opened. */
extern struct fake *drive_fake;
extern unsigned int drive_opened;

struct outcome {
	int status;
	char *output;
	char *messages;
	size_t requests;
};

struct outcome run_words(char **words);
void end(struct outcome *outcome);

/* The status, and that the text is in the output, or in the messages of a failure. */
void check_outcome(struct outcome outcome, int status, const char *text, int line);

#define RUN(...) run_words((char *[]){ "fmp", ##__VA_ARGS__, NULL })
#define EXPECT(status, text, ...) check_outcome(RUN(__VA_ARGS__), status, text, __LINE__)

/* NULL when there is no such attribute. */
const struct nlattr *attr_of(const struct nlmsghdr *msg, uint16_t type);

/* The program's main() */
int fmp_main(int argc, char **argv);

#endif /* FMP_DRIVE_H */
