// SPDX-License-Identifier: GPL-2.0
#include <linux/genetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "command.h"
#include "fail.h"
#include "identity.h"
#include "json.h"
#include "names.h"
#include "print.h"
#include "util.h"

struct monitor {
	struct target target;	/* nameless for all devices */
	bool timestamp;
	bool json;
};

enum what {
	ABOUT_DEVICE,
	ABOUT_PEER,
	ABOUT_TROUBLE,	/* or its end, of a peer of which it names no more than the key */
	ABOUT_SESSION,
	ABOUT_HANDSHAKE,
};

struct event {
	const char *name;
	enum what what;
	uint32_t ifindex;
	struct device device;
	struct peer peer;
	struct session session;
	struct handshake handshake;
};

static bool name_event(struct event *event, uint8_t command)
{
	static const struct {
		uint8_t command;
		const char *name;
		enum what what;
	} known[] = {
		{ FMP_CMD_DEV_SET_NTF, "dev-set", ABOUT_DEVICE },
		{ FMP_CMD_PEER_NEW_NTF, "peer-new", ABOUT_PEER },
		{ FMP_CMD_PEER_SET_NTF, "peer-set", ABOUT_PEER },
		{ FMP_CMD_PEER_DEL_NTF, "peer-del", ABOUT_PEER },
		{ FMP_CMD_PEER_ENDPOINT_NTF, "peer-endpoint", ABOUT_PEER },
		{ FMP_CMD_REKEY_NEEDED_NTF, "rekey-needed", ABOUT_TROUBLE },
		{ FMP_CMD_PEER_AWAIT_NTF, "peer-await", ABOUT_TROUBLE },
		{ FMP_CMD_PEER_DOWN_NTF, "peer-down", ABOUT_TROUBLE },
		{ FMP_CMD_PEER_UP_NTF, "peer-up", ABOUT_TROUBLE },
		{ FMP_CMD_SESSION_NEW_NTF, "session-new", ABOUT_SESSION },
		{ FMP_CMD_SESSION_DEL_NTF, "session-del", ABOUT_SESSION },
		{ FMP_CMD_SESSION_CUTOVER_NTF, "session-cutover", ABOUT_SESSION },
		{ FMP_CMD_HANDSHAKE_NTF, "handshake", ABOUT_HANDSHAKE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].command != command)
			continue;
		event->name = known[i].name;
		event->what = known[i].what;
		return true;
	}
	return false;
}

static int decode_event(struct event *event, const struct nlmsghdr *msg)
{
	int err = 0;

	switch (event->what) {
	case ABOUT_DEVICE:
		err = device_decode(&event->device, msg);
		event->ifindex = event->device.ifindex;
		break;
	case ABOUT_PEER:
	case ABOUT_TROUBLE:
		err = peer_decode(&event->peer, msg);
		event->ifindex = event->peer.ifindex;
		break;
	case ABOUT_SESSION:
		err = session_decode(&event->session, msg);
		event->ifindex = event->session.ifindex;
		break;
	case ABOUT_HANDSHAKE:
		err = handshake_decode(&event->handshake, msg);
		event->ifindex = event->handshake.ifindex;
		break;
	}
	return err;
}

/* A device may be gone by the time its last events are read. */
static char *device_name(const struct event *event)
{
	char name[IF_NAMESIZE];

	if (event->device.name)
		return xstrdup(event->device.name);
	if (if_indextoname(event->ifindex, name))
		return xstrdup(name);
	return xasprintf("if%u", event->ifindex);
}

#define TIME_TEXT 40

static const char *time_text(char *out)
{
	char day[TIME_TEXT / 2], zone[TIME_TEXT / 4];
	struct timeval now;
	struct tm local;

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &local);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof(zone), "%z", &local);
	snprintf(out, TIME_TEXT, "%s.%06ld%s", day, (long)now.tv_usec, zone);
	return out;
}

static void print_key(const uint8_t *key)
{
	char npub[NPUB_SIZE];

	npub_encode(npub, key);
	printf(" peer %s", npub);
}

static void print_seconds(const char *word, uint16_t seconds)
{
	if (seconds)
		printf(" %s %u", word, seconds);
	else
		printf(" %s off", word);
}

static void print_peer_words(const struct peer *peer)
{
	char endpoint[ENDPOINT_TEXT], address[ADDRESS_TEXT];
	size_t i;

	print_key(peer->public_key);
	if (peer_has_endpoint(peer))
		printf(" endpoint %s", endpoint_text(endpoint, &peer->endpoint));
	if (peer->endpoint_name)
		printf(" endpoint-name %s", peer->endpoint_name);
	if (HAS(peer, FMP_A_PEER_AUTO_CONNECT) && peer->auto_connect)
		printf(" auto-connect on");
	if (HAS(peer, FMP_A_PEER_DYNAMIC))
		printf(" dynamic");
	if (HAS(peer, FMP_A_PEER_DEAD_TIMEOUT))
		print_seconds("dead-timeout", peer->dead_timeout);
	if (HAS(peer, FMP_A_PEER_MMP_MODE))
		printf(" mmp %s", mmp_mode_name(peer->mmp_mode));
	for (i = 0; i < peer->address_count; i++)
		printf(" address %s", address_text(address, &peer->addresses[i]));
}

static bool has_reason(const struct peer *peer)
{
	return HAS(peer, FMP_A_PEER_REKEY_REASON) || HAS(peer, FMP_A_PEER_DOWN_REASON);
}

static void print_trouble_words(const struct peer *peer)
{
	print_key(peer->public_key);
	if (has_reason(peer))
		printf(" reason %s", peer_reason_name(peer));
	if (HAS(peer, FMP_A_PEER_DISCONNECT_CODE))
		printf(" code %u", peer->disconnect_code);
}

static void print_threshold(const char *word, uint16_t value, unsigned int one, int digits)
{
	if (value)
		printf(" %s %.*f", word, digits, (double)value / one);
	else
		printf(" %s off", word);
}

static void print_device_words(const struct device *device)
{
	if (HAS(device, FMP_A_DEV_PORT))
		printf(" port %u", device->port);
	if (HAS(device, FMP_A_DEV_FWMARK))
		printf(" fwmark 0x%x", device->fwmark);
	if (HAS(device, FMP_A_DEV_SOURCE_CHECK))
		printf(" source-check %s", device->source_check ? "on" : "off");
	if (HAS(device, FMP_A_DEV_MMP_MODE))
		printf(" mmp %s", mmp_mode_name(device->mmp_mode));
	if (HAS(device, FMP_A_DEV_ECN))
		printf(" ecn %s", device->ecn ? "on" : "off");
	if (HAS(device, FMP_A_DEV_CONGESTION_LOSS))
		print_threshold("congestion-loss", device->congestion_loss, 10, 1);
	if (HAS(device, FMP_A_DEV_CONGESTION_ETX))
		print_threshold("congestion-etx", device->congestion_etx, 100, 2);
	if (HAS(device, FMP_A_DEV_TX_BATCH))
		printf(" tx-batch %s", device->tx_batch ? "on" : "off");
	if (HAS(device, FMP_A_DEV_RX_BATCH))
		printf(" rx-batch %s", device->rx_batch ? "on" : "off");
	if (HAS(device, FMP_A_DEV_SUSPEND_WIPE))
		printf(" suspend-wipe %s", device->suspend_wipe ? "on" : "off");
}

static void print_session_words(const struct session *session)
{
	if (HAS(session, FMP_A_SESSION_PUBLIC_KEY))
		print_key(session->public_key);
	printf(" local-index 0x%08x", session->local_index);
	if (HAS(session, FMP_A_SESSION_REMOTE_INDEX))
		printf(" remote-index 0x%08x", session->remote_index);
	if (HAS(session, FMP_A_SESSION_SLOT))
		printf(" slot %s", slot_name(session->slot));
	if (HAS(session, FMP_A_SESSION_K_BIT))
		printf(" k-bit %u", session->k_bit);
	if (HAS(session, FMP_A_SESSION_CANDIDATE))
		printf(" candidate");
}

static void print_handshake_words(const struct handshake *handshake)
{
	if (HAS(handshake, FMP_A_HANDSHAKE_PUBLIC_KEY))
		print_key(handshake->public_key);
	if (HAS(handshake, FMP_A_HANDSHAKE_EVENT))
		printf(" %s", handshake_event_name(handshake->event));
	if (HAS(handshake, FMP_A_HANDSHAKE_CAUSE))
		printf(" cause %s", handshake_cause_name(handshake->cause));
}

static void print_event(const struct event *event, const char *device)
{
	printf("%s %s", device, event->name);
	switch (event->what) {
	case ABOUT_DEVICE:
		print_device_words(&event->device);
		break;
	case ABOUT_PEER:
		print_peer_words(&event->peer);
		break;
	case ABOUT_TROUBLE:
		print_trouble_words(&event->peer);
		break;
	case ABOUT_SESSION:
		print_session_words(&event->session);
		break;
	case ABOUT_HANDSHAKE:
		print_handshake_words(&event->handshake);
		break;
	}
	putchar('\n');
}

static void json_trouble(struct json_object *object, const struct peer *peer)
{
	json_object_object_add(object, "peer", json_key(peer->public_key));
	if (has_reason(peer))
		json_object_object_add(object, "reason",
				       json_object_new_string(peer_reason_name(peer)));
	if (HAS(peer, FMP_A_PEER_DISCONNECT_CODE))
		json_object_object_add(object, "code",
				       json_object_new_uint64(peer->disconnect_code));
}

static void json_handshake(struct json_object *object, const struct handshake *handshake)
{
	if (HAS(handshake, FMP_A_HANDSHAKE_PUBLIC_KEY))
		json_object_object_add(object, "peer", json_key(handshake->public_key));
	if (HAS(handshake, FMP_A_HANDSHAKE_EVENT))
		json_object_object_add(object, "result", json_object_new_string(
					handshake_event_name(handshake->event)));
	if (HAS(handshake, FMP_A_HANDSHAKE_CAUSE))
		json_object_object_add(object, "cause", json_object_new_string(
					handshake_cause_name(handshake->cause)));
}

static void json_event(const struct event *event, const char *device, const char *when)
{
	struct json_object *object = json_object_new_object();

	if (when)
		json_object_object_add(object, "time", json_object_new_string(when));
	json_object_object_add(object, "event", json_object_new_string(event->name));
	json_object_object_add(object, "device", json_object_new_string(device));
	json_object_object_add(object, "ifindex", json_object_new_uint64(event->ifindex));

	switch (event->what) {
	case ABOUT_DEVICE:
		json_object_object_add(object, "config", json_device(&event->device));
		break;
	case ABOUT_PEER:
		json_object_object_add(object, "peer", json_peer(&event->peer, NULL));
		break;
	case ABOUT_TROUBLE:
		json_trouble(object, &event->peer);
		break;
	case ABOUT_SESSION:
		json_object_object_add(object, "session", json_session(&event->session));
		break;
	case ABOUT_HANDSHAKE:
		json_handshake(object, &event->handshake);
		break;
	}
	json_print_line(object);
}

static void output(const struct monitor *monitor, const struct event *event)
{
	char when[TIME_TEXT], *device = device_name(event);

	if (monitor->timestamp)
		time_text(when);
	if (monitor->json) {
		json_event(event, device, monitor->timestamp ? when : NULL);
	} else {
		if (monitor->timestamp)
			printf("[%s] ", when);
		print_event(event, device);
	}
	free(device);
}

static int take_event(const struct nlmsghdr *msg, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);
	const struct monitor *monitor = arg;
	struct event event = { 0 };

	if (!name_event(&event, genl->cmd))
		return 0;

	if (decode_event(&event, msg))
		warning("an event '%s' could not be read", event.name);
	else if (!monitor->target.name || monitor->target.ifindex == event.ifindex)
		output(monitor, &event);

	device_release(&event.device);
	peer_release(&event.peer);
	return 0;
}

static int read_words(struct args *args, struct monitor *monitor)
{
	const char *word;
	int status = STATUS_OK;

	while (!status && (word = args_peek(args))) {
		if (strcmp(word, "-t") == 0 || strcmp(word, "--timestamp") == 0) {
			monitor->timestamp = true;
			status = args_expect(args, word);
		} else if (*word == '-') {
			status = usage_word(word, "unknown option");
		} else if (monitor->target.name) {
			status = args_end(args);
		} else {
			status = take_target(args, &monitor->target);
		}
	}
	return status;
}

static int run(struct args *args, const struct options *options)
{
	struct monitor monitor = { .json = options->json };
	struct nl *nl;
	int status;

	status = read_words(args, &monitor);
	if (!status)
		status = nl_open(&nl);
	if (status)
		return status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	status = nl_join(nl, FMP_MCGRP_CONFIG);
	if (!status)
		status = nl_join(nl, FMP_MCGRP_EVENTS);
	if (!status)
		status = nl_listen(nl, take_event, &monitor);
	nl_close(nl);
	return status;
}

const struct command command_monitor = {
	.name = "monitor",
	.summary = "print events as they happen",
	.help =
	"Usage: fmp monitor [-t] [DEV]\n"
	"\n"
	"One line an event, or one JSON object a line. It ends when it is interrupted.\n"
	"\n"
	"  -t, --timestamp   with the time of the event\n",
	.run = run,
};
