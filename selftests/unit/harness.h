/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_HARNESS_H
#define FMP_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* The end of each list is a nameless entry. */
extern const struct test acl_tests[];
extern const struct test agent_run_tests[];
extern const struct test agent_tests[];
extern const struct test args_tests[];
extern const struct test command_tests[];
extern const struct test conf_tests[];
extern const struct test confjson_tests[];
extern const struct test engine_address_tests[];
extern const struct test engine_initiator_tests[];
extern const struct test engine_responder_tests[];
extern const struct test engine_resync_tests[];
extern const struct test engine_world_tests[];
extern const struct test engine_kills_tests[];
extern const struct test engine_sleep_tests[];
extern const struct test handshake_tests[];
extern const struct test identity_tests[];
extern const struct test key_tests[];
extern const struct test keylog_tests[];
extern const struct test message_tests[];
extern const struct test metrics_tests[];
extern const struct test nl_tests[];
extern const struct test noise_tests[];
extern const struct test parse_tests[];
extern const struct test plugin_tests[];
extern const struct test resolve_tests[];
extern const struct test syncconf_tests[];
extern const struct test top_tests[];
extern const struct test up_tests[];

extern const char *vectors_dir;

/* What the program does when a test starts it as the agent of a device. */
int fake_agent(int argc, char **argv);

/* Both note a failure and let the test go on. */
#define CHECK(condition) \
	check((condition), __FILE__, __LINE__, "%s", #condition)
#define CHECK_FMT(condition, ...) \
	check((condition), __FILE__, __LINE__, __VA_ARGS__)

bool check(bool passed, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Messages that the program would have written to stderr since the last call. */
void capture_messages(void);
char *captured_messages(void);

/* Whether the messages since capture_messages() contain text; they are dropped. */
bool said(const char *text);

/* 64 digits and the like, into bytes; a failure of the test when they are none. */
void from_hex(uint8_t *out, size_t len, const char *digits);

#endif /* FMP_HARNESS_H */
