// SPDX-License-Identifier: GPL-2.0
/* Settings of the link metrics and of liveness, and how they are shown. */
#include <linux/fmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drive.h"
#include "fail.h"
#include "harness.h"
#include "parse.h"
#include "scene.h"
#include "util.h"

#define NPUB "npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d"

static void start(const char *name)
{
	CHECK(scene_choose(name));
	drive_serve = scene_serve;
}

static void test_percentages(void)
{
	static const struct { const char *word; int value; } known[] = {
		{ "off", 0 }, { "5", 50 }, { "0.1", 1 }, { "2.5", 25 }, { "100", 1000 },
		{ "100.0", 1000 }, { "99.9", 999 }, { "007", 70 },
		{ "0", -1 }, { "0.0", -1 }, { "100.1", -1 }, { "101", -1 }, { "5.", -1 },
		{ ".5", -1 }, { "0.05", -1 }, { "5%", -1 }, { "-1", -1 }, { "", -1 },
		{ "1.2.3", -1 }, { "0x5", -1 }, { " 5", -1 }, { "99999999999999999999999", -1 },
	};
	uint16_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		int status = parse_congestion_loss(&value, known[i].word);

		CHECK_FMT(status == (known[i].value < 0 ? STATUS_USAGE : STATUS_OK) &&
			  (status || value == known[i].value), "'%s'", known[i].word);
	}
	CHECK(parse_congestion_etx(&value, "3") == STATUS_OK && value == 300);
	CHECK(parse_congestion_etx(&value, "1.05") == STATUS_OK && value == 105);
	CHECK(parse_congestion_etx(&value, "1.5") == STATUS_OK && value == 150);
	CHECK(parse_congestion_etx(&value, "100") == STATUS_OK && value == 10000);
	CHECK(parse_congestion_etx(&value, "1.01") == STATUS_OK && value == 101);
	CHECK(parse_congestion_etx(&value, "1") == STATUS_USAGE);
	CHECK(parse_congestion_etx(&value, "0.5") == STATUS_USAGE);
	CHECK(parse_congestion_etx(&value, "100.01") == STATUS_USAGE);
	CHECK(parse_congestion_etx(&value, "1.005") == STATUS_USAGE);
	CHECK(parse_congestion_etx(&value, "off") == STATUS_OK && value == 0);
}

static void test_set(void)
{
	const struct nlmsghdr *request;
	struct outcome outcome;

	start("full");
	outcome = RUN("set", "fmp0", "mmp", "minimal", "ecn", "on", "congestion-loss", "2.5",
		      "congestion-etx", "1.25", "tx-batch", "off", "rx-batch", "on", "suspend-wipe", "off",
		      "peer", NPUB, "mmp", "device", "dead-timeout", "45");
	CHECK_FMT(outcome.status == STATUS_OK && !*outcome.output, "%s", outcome.messages);
	if (CHECK(outcome.requests == 2)) {
		request = fake_request(drive_fake, 0);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_MMP_MODE)) ==
		      FMP_MMP_MODE_MINIMAL);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_ECN)) == 1);
		CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_DEV_CONGESTION_LOSS)) == 25);
		CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_DEV_CONGESTION_ETX)) == 125);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_TX_BATCH)) == 0);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_RX_BATCH)) == 1);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_SUSPEND_WIPE)) == 0);
		request = fake_request(drive_fake, 1);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_PEER_MMP_MODE)) ==
		      FMP_MMP_MODE_DEVICE);
		CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_PEER_DEAD_TIMEOUT)) == 45);
	}
	end(&outcome);

	outcome = RUN("peer", "add", "fmp0", NPUB, "dead-timeout", "off");
	CHECK_FMT(outcome.status == STATUS_OK, "%s", outcome.messages);
	if (CHECK(outcome.requests == 1)) {
		request = fake_request(drive_fake, 0);
		CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_PEER_DEAD_TIMEOUT)) == 0);
		CHECK(!attr_of(request, FMP_A_PEER_MMP_MODE));
	}
	end(&outcome);
}

static void test_bad_words(void)
{
	start("full");
	EXPECT(STATUS_USAGE, "'fll': none of 'full', 'lightweight' and 'minimal'",
	       "set", "fmp0", "mmp", "fll");
	EXPECT(STATUS_USAGE, "'device': only a peer takes the mode", "set", "fmp0", "mmp", "device");
	EXPECT(STATUS_USAGE, "'dev': none of 'full', 'lightweight', 'minimal' and 'device'",
	       "peer", "add", "fmp0", NPUB, "mmp", "dev");
	EXPECT(STATUS_USAGE, "'yes': neither 'on' nor 'off'", "set", "fmp0", "ecn", "yes");
	EXPECT(STATUS_USAGE, "'2': neither 'on' nor 'off'", "set", "fmp0", "tx-batch", "2");
	EXPECT(STATUS_USAGE, "'': neither 'on' nor 'off'", "set", "fmp0", "rx-batch", "");
	EXPECT(STATUS_USAGE, "'101': neither 'off' nor a percentage from 0.1 to 100",
	       "set", "fmp0", "congestion-loss", "101");
	EXPECT(STATUS_USAGE, "'three': neither 'off' nor a number of transmissions",
	       "set", "fmp0", "congestion-etx", "three");
	EXPECT(STATUS_USAGE, "'0': neither 'off' nor a number of seconds",
	       "peer", "set", "fmp0", NPUB, "dead-timeout", "0");
	EXPECT(STATUS_USAGE, "'--color=blue': colours are 'always', 'auto' or 'never'",
	       "--color=blue", "show");
	EXPECT(STATUS_USAGE, "'--colour': unknown option", "--colour", "show");
	EXPECT(STATUS_USAGE, "'--frob': unknown option", "metrics", "--frob");
	EXPECT(STATUS_USAGE, "'--json': a text for Prometheus", "--json", "metrics");
	EXPECT(STATUS_USAGE, "'junk': one word too many", "metrics", "fmp0", "junk");
	CHECK(drive_opened == 0);
}

static bool shows(const char *scene, const char *text)
{
	struct outcome outcome;
	bool found;

	start(scene);
	outcome = RUN("show");
	found = outcome.status == STATUS_OK && strstr(outcome.output, text);
	end(&outcome);
	return found;
}

static void test_show(void)
{
	CHECK(shows("full", "  reports: lightweight\n  ecn: off\n  congestion loss: 2.5 %\n"
		    "  congestion etx: 3.50\n  tx batch: off\n  rx batch: off\n  suspend wipe: off\n"));
	CHECK(shows("full", "  state: up for 3 min 5 s\n  rtt: 20.1 ms, varies by 310 us\n"
		    "  loss: 0.12 % sent, 0 % received\n  jitter: 1.25 ms sent, 900 us received\n"
		    "  goodput: 1.19 MiB/s\n  etx: 1.01\n"));
	CHECK(shows("full", "  congested: yes\n"));
	CHECK(shows("full", "  state: down for 3 min 5 s\n"));
	CHECK(shows("full", "  state: new\n"));
	CHECK(shows("full", "  heartbeat: every 10 s\n  dead timeout: 20 s\n  reports: full\n"));
	CHECK(shows("quiet", "  state: new\n") && !shows("quiet", "rtt") && !shows("quiet", "  loss:"));
	CHECK(shows("old", "peer: ") && !shows("old", "state") && !shows("old", "etx"));
	CHECK(shows("bare", "peer: ") && !shows("bare", "state"));
}

static void test_colours(void)
{
	start("full");
	EXPECT(STATUS_OK, "\033[32mup for 3 min 5 s\033[0m", "-c", "show");
	EXPECT(STATUS_OK, "\033[31mdown for 3 min 5 s\033[0m", "show", "--color=always");
	EXPECT(STATUS_OK, "  state: up", "--color=never", "show");
	EXPECT(STATUS_OK, "  state: up", "--color=auto", "show");
}

/* --- configuration files */

static struct outcome run_file(const char *command, const char *text)
{
	char path[] = "/tmp/fmp-unit-XXXXXX";
	struct outcome outcome;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
	outcome = RUN((char *)command, "fmp0", path);
	unlink(path);
	return outcome;
}

/* What is sent to the kernel, other than questions. */
static size_t changes(void)
{
	size_t i, count = 0;

	for (i = 0; i < fake_request_count(drive_fake); i++) {
		uint8_t command = fake_command(fake_request(drive_fake, i));

		count += command != FMP_CMD_DEV_GET && command != FMP_CMD_PEER_GET;
	}
	return count;
}

/* NULL when there was no such request. */
static const struct nlmsghdr *request_of(uint8_t command)
{
	size_t i;

	for (i = 0; i < fake_request_count(drive_fake); i++)
		if (fake_command(fake_request(drive_fake, i)) == command)
			return fake_request(drive_fake, i);
	return NULL;
}

static struct outcome run_conf(const char *scene, const char *command, const char *text)
{
	struct outcome outcome;

	start(scene);
	outcome = run_file(command, text);
	CHECK_FMT(outcome.status == STATUS_OK, "%s", outcome.messages);
	return outcome;
}

static void test_showconf(void)
{
	struct outcome outcome;
	char *text;

	start("full");
	outcome = RUN("showconf", "fmp0");
	text = xstrdup(outcome.output);
	CHECK_FMT(strstr(text, "Metrics = lightweight\nEcn = off\nCongestionLoss = 2.5\n"
			 "CongestionEtx = 3.50\nTxBatch = off\nRxBatch = off\nSuspendWipe = off\n"), "%s", text);
	CHECK_FMT(strstr(text, "DeadTimeout = 20\nMetrics = full\n"), "%s", text);
	end(&outcome);

	outcome = run_conf("full", "syncconf", text);
	CHECK_FMT(changes() == 0, "%zu changes", changes());
	end(&outcome);
	free(text);

	start("newer");
	outcome = RUN("showconf", "fmp0");
	CHECK(outcome.status == STATUS_OK && !strstr(outcome.output, "Metrics"));
	CHECK(strstr(outcome.messages, "'fmp0': its mode of reports, 77, is not known"));
	CHECK(strstr(outcome.messages, "'" NPUB "': its mode of reports, 78, is not known"));
	end(&outcome);

	start("old");
	outcome = RUN("showconf", "fmp0");
	CHECK(!strstr(outcome.output, "Metrics") && !strstr(outcome.output, "DeadTimeout") &&
	      !strstr(outcome.output, "Batch"));
	end(&outcome);
}

static bool asks_for_metrics(const struct nlmsghdr *request)
{
	return attr_of(request, FMP_A_DEV_MMP_MODE) && attr_of(request, FMP_A_DEV_ECN) &&
	       attr_of(request, FMP_A_DEV_CONGESTION_LOSS) &&
	       attr_of(request, FMP_A_DEV_CONGESTION_ETX) &&
	       attr_of(request, FMP_A_DEV_TX_BATCH) && attr_of(request, FMP_A_DEV_RX_BATCH) &&
	       attr_of(request, FMP_A_DEV_SUSPEND_WIPE);
}

#define PEER "[Peer]\nPublicKey = " NPUB "\n"

static void test_defaults(void)
{
	struct outcome outcome = run_conf("full", "setconf", "[Interface]\n" PEER);
	const struct nlmsghdr *request = request_of(FMP_CMD_DEV_SET);

	if (CHECK(request && asks_for_metrics(request))) {
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_MMP_MODE)) == FMP_MMP_MODE_FULL);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_ECN)) == 1);
		CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_DEV_CONGESTION_LOSS)) == 50);
		CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_DEV_CONGESTION_ETX)) == 300);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_TX_BATCH)) == 1);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_RX_BATCH)) == 1);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_SUSPEND_WIPE)) == 1);
	}
	request = request_of(FMP_CMD_PEER_NEW);
	CHECK(request && !attr_of(request, FMP_A_PEER_DEAD_TIMEOUT) &&
	      !attr_of(request, FMP_A_PEER_MMP_MODE));
	end(&outcome);

	outcome = run_conf("full", "syncconf", "[Interface]\n" PEER);
	request = request_of(FMP_CMD_PEER_SET);
	if (CHECK(request && asks_for_metrics(request_of(FMP_CMD_DEV_SET)))) {
		CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_PEER_DEAD_TIMEOUT)) == 30);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_PEER_MMP_MODE)) ==
		      FMP_MMP_MODE_DEVICE);
	}
	end(&outcome);

	outcome = run_conf("full", "addconf", "[Interface]\nEcn = yes\n" PEER "DeadTimeout = off\n");
	request = request_of(FMP_CMD_DEV_SET);
	CHECK(request && attr_of(request, FMP_A_DEV_ECN) && !attr_of(request, FMP_A_DEV_MMP_MODE));
	request = request_of(FMP_CMD_PEER_SET);
	CHECK(request && attr_of(request, FMP_A_PEER_DEAD_TIMEOUT) &&
	      !attr_of(request, FMP_A_PEER_MMP_MODE));
	end(&outcome);
}

static void test_batches_of_files(void)
{
	struct outcome outcome = run_conf("full", "addconf", "[Interface]\nTxBatch = no\n" PEER);
	const struct nlmsghdr *request = request_of(FMP_CMD_DEV_SET);

	if (CHECK(request && attr_of(request, FMP_A_DEV_TX_BATCH)))
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_TX_BATCH)) == 0);
	CHECK(request && !attr_of(request, FMP_A_DEV_RX_BATCH));
	end(&outcome);

	outcome = run_conf("full", "syncconf", "[Interface]\nTxBatch = off\n" PEER);
	request = request_of(FMP_CMD_DEV_SET);
	CHECK(request && !attr_of(request, FMP_A_DEV_TX_BATCH));
	if (CHECK(request && attr_of(request, FMP_A_DEV_RX_BATCH)))
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_RX_BATCH)) == 1);
	end(&outcome);
}

/* It would refuse words that it does not know; it hears those that were asked for. */
static void test_old_module(void)
{
	struct outcome outcome = run_conf("old", "setconf", "[Interface]\n" PEER);
	const struct nlmsghdr *request = request_of(FMP_CMD_DEV_SET);

	CHECK(request && !attr_of(request, FMP_A_DEV_MMP_MODE) && !attr_of(request, FMP_A_DEV_ECN));
	CHECK(request && !attr_of(request, FMP_A_DEV_TX_BATCH) && !attr_of(request, FMP_A_DEV_RX_BATCH) &&
	      !attr_of(request, FMP_A_DEV_SUSPEND_WIPE));
	end(&outcome);

	outcome = run_conf("old", "setconf", "[Interface]\nRxBatch = on\n" PEER);
	request = request_of(FMP_CMD_DEV_SET);
	CHECK(request && !attr_of(request, FMP_A_DEV_TX_BATCH) && attr_of(request, FMP_A_DEV_RX_BATCH));
	end(&outcome);

	outcome = run_conf("old", "syncconf", "[Interface]\nMetrics = full\n" PEER "Metrics = full\n");
	request = request_of(FMP_CMD_DEV_SET);
	CHECK(request && attr_of(request, FMP_A_DEV_MMP_MODE) && !attr_of(request, FMP_A_DEV_ECN));
	request = request_of(FMP_CMD_PEER_SET);
	CHECK(request && attr_of(request, FMP_A_PEER_MMP_MODE) &&
	      !attr_of(request, FMP_A_PEER_DEAD_TIMEOUT));
	end(&outcome);
}

static void test_bad_files(void)
{
	static const struct { const char *text; const char *said; } known[] = {
		{ "[Interface]\nMetrics = device\n", ":2: 'device': only a peer" },
		{ "[Interface]\nEcn = maybe\n", ":2: 'maybe': neither 'on' nor 'off'" },
		{ "[Interface]\nTxBatch = 1\n", ":2: '1': neither 'on' nor 'off'" },
		{ "[Interface]\nRxBatch =\n", ":2: 'RxBatch': " },
		{ "[Interface]\nSuspendWipe = 0\n", ":2: '0': neither 'on' nor 'off'" },
		{ "[Interface]\nCongestionLoss = 5%\n", ":2: '5%': neither 'off' nor a percentage" },
		{ "[Interface]\nCongestionEtx = 0\n", ":2: '0': neither 'off' nor a number" },
		{ "[Interface]\nCongestionEtx = 1\n", ":2: '1': neither 'off' nor a number" },
		{ "[Interface]\nDeadTimeout = 9\n", ":2: 'DeadTimeout': not a key of [Interface]" },
		{ PEER "DeadTimeout = never\n", ":3: 'never': neither 'off' nor" },
		{ PEER "Ecn = on\n", ":3: 'Ecn': not a key of [Peer]" },
	};
	size_t i;

	start("full");
	for (i = 0; i < ARRAY_SIZE(known); i++)
		check_outcome(run_file("setconf", known[i].text), STATUS_USAGE, known[i].said,
			      __LINE__);
	CHECK(drive_opened == 0);
}

const struct test metrics_tests[] = {
	{ "percentages", test_percentages },
	{ "set", test_set },
	{ "bad_words", test_bad_words },
	{ "show", test_show },
	{ "colours", test_colours },
	{ "showconf", test_showconf },
	{ "defaults", test_defaults },
	{ "batches_of_files", test_batches_of_files },
	{ "old_module", test_old_module },
	{ "bad_files", test_bad_files },
	{ 0 },
};
