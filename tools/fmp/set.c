// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "command.h"
#include "fail.h"
#include "util.h"

static int take_port(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_port = true;
	return parse_port(&change->port, value);
}

static int take_fwmark(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_fwmark = true;
	return parse_mark(&change->fwmark, value);
}

static int take_source_check(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_source_check = true;
	return parse_switch(&change->source_check, value);
}

/* One address of each family; 'any' is that of both. */
static int take_local(void *into, const char *value)
{
	static const struct in6_addr any6 = IN6ADDR_ANY_INIT;
	struct device_change *change = into;
	struct address address = { .v6 = any6 };
	bool any = strcmp(value, "any") == 0;
	int status;

	status = any ? STATUS_OK : parse_local(&address, value);
	if (status)
		return status;
	if ((change->set_local4 && (any || address.family == AF_INET)) ||
	    (change->set_local6 && (any || address.family == AF_INET6)))
		return usage_word(value, "a second local address of the same family");
	if (any || address.family == AF_INET) {
		change->set_local4 = true;
		change->local4 = address.v4;
	}
	if (any || address.family == AF_INET6) {
		change->set_local6 = true;
		change->local6 = address.v6;
	}
	return STATUS_OK;
}

static int take_underlay(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_underlay = true;
	return parse_underlay(&change->underlay, value);
}

static int take_tos(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_tos = true;
	return parse_tos(&change->tos, value);
}

static int take_ttl(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_ttl = true;
	return parse_ttl(&change->ttl, value);
}

static int take_multicast(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_multicast = true;
	return parse_switch(&change->multicast, value);
}

static int take_handshake_burst(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_handshake_burst = true;
	return parse_limit(&change->handshake_burst, value);
}

static int take_handshake_rate(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_handshake_rate = true;
	return parse_limit(&change->handshake_rate, value);
}

static int take_mmp(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_mmp_mode = true;
	return parse_mmp_mode(&change->mmp_mode, value, false);
}

static int take_ecn(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_ecn = true;
	return parse_switch(&change->ecn, value);
}

static int take_congestion_loss(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_congestion_loss = true;
	return parse_congestion_loss(&change->congestion_loss, value);
}

static int take_congestion_etx(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_congestion_etx = true;
	return parse_congestion_etx(&change->congestion_etx, value);
}

static int take_tx_batch(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_tx_batch = true;
	return parse_switch(&change->tx_batch, value);
}

static int take_rx_batch(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_rx_batch = true;
	return parse_switch(&change->rx_batch, value);
}

static int take_suspend_wipe(void *into, const char *value)
{
	struct device_change *change = into;

	change->set_suspend_wipe = true;
	return parse_switch(&change->suspend_wipe, value);
}

static const struct keyword device_keywords[] = {
	{ "port", "a port", take_port, 0 },
	{ "fwmark", "a mark", take_fwmark, 0 },
	{ "source-check", "'on' or 'off'", take_source_check, 0 },
	{ "local", "an address or 'any'", take_local, KEYWORD_MANY },
	{ "underlay", "the name of an interface or 'any'", take_underlay, 0 },
	{ "tos", "a number or 'inherit'", take_tos, 0 },
	{ "ttl", "a number or 'auto'", take_ttl, 0 },
	{ "multicast", "'on' or 'off'", take_multicast, 0 },
	{ "handshake-burst", "a number", take_handshake_burst, 0 },
	{ "handshake-rate", "a number", take_handshake_rate, 0 },
	{ "mmp", "'full', 'lightweight' or 'minimal'", take_mmp, 0 },
	{ "ecn", "'on' or 'off'", take_ecn, 0 },
	{ "congestion-loss", "a percentage or 'off'", take_congestion_loss, 0 },
	{ "congestion-etx", "a number or 'off'", take_congestion_etx, 0 },
	{ "tx-batch", "'on' or 'off'", take_tx_batch, 0 },
	{ "rx-batch", "'on' or 'off'", take_rx_batch, 0 },
	{ "suspend-wipe", "'on' or 'off'", take_suspend_wipe, 0 },
	{ 0 },
};

struct changes {
	struct target target;
	struct device_change device;
	struct peer_change *peers;
	size_t peer_count;
};

static int read_peer(struct args *args, struct changes *changes)
{
	struct peer_change *peer;
	int status;

	changes->peers = grow(changes->peers, changes->peer_count, sizeof(*peer));
	peer = &changes->peers[changes->peer_count++];

	status = take_peer_key(args, peer);
	if (status)
		return status;
	return args_keywords(args, set_peer_keywords, "peer", peer);
}

static int read_words(struct args *args, struct changes *changes)
{
	int status;

	status = take_target(args, &changes->target);
	if (status)
		return status;
	if (!args_peek(args))
		return usage_word(changes->target.name, "what to set is missing after it");

	status = args_keywords(args, device_keywords, "peer", &changes->device);
	while (!status && args_peek(args)) {
		status = args_expect(args, "peer");
		if (!status)
			status = read_peer(args, changes);
	}
	return status;
}

static int apply(struct nl *nl, const struct changes *changes)
{
	const struct device_change *device = &changes->device;
	int status = STATUS_OK;
	size_t i;

	if (device_change_any(device))
		status = kernel_device_set(nl, &changes->target, device);
	for (i = 0; i < changes->peer_count && !status; i++)
		status = kernel_peer_put(nl, &changes->target, &changes->peers[i]);
	return status;
}

static int run(struct args *args, const struct options *options)
{
	struct changes changes = { 0 };
	struct nl *nl;
	int status;

	(void)options;
	/* A typing error in the last word must not leave half of the line done. */
	status = read_words(args, &changes);
	if (!status)
		status = nl_open(&nl);
	if (!status) {
		status = apply(nl, &changes);
		nl_close(nl);
	}

	while (changes.peer_count)
		peer_change_release(&changes.peers[--changes.peer_count]);
	free(changes.peers);
	return status;
}

const struct command command_set = {
	.name = "set",
	.summary = "change a device and its peers",
	.help =
	"Usage: fmp set DEV [port N] [fwmark N|off] [source-check on|off]\n"
	"       [local ADDR|any]... [underlay IFNAME|any] [tos N|inherit] [ttl N|auto]\n"
	"       [multicast on|off] [handshake-burst N] [handshake-rate N]\n"
	"       [mmp full|lightweight|minimal] [ecn on|off] [congestion-loss PERCENT|off]\n"
	"       [congestion-etx N|off] [tx-batch on|off] [rx-batch on|off]\n"
	"       [suspend-wipe on|off]\n"
	"       [peer KEY [remove] [endpoint HOST:PORT] [auto-connect on|off]\n"
	"        [heartbeat SECONDS|off] [dead-timeout SECONDS|off]\n"
	"        [mmp full|lightweight|minimal|device] [address ADDR]... [remove-address ADDR]...\n"
	"        [replace-addresses]]...\n"
	"\n"
	"A peer that does not exist is added. KEY is an npub or 64 hexadecimal digits.\n"
	"\n"
	"  port N              UDP port, 0 lets the kernel choose\n"
	"  fwmark N            mark of the encrypted packets\n"
	"  source-check on     drop packets whose source does not route back to the peer\n"
	"  local ADDR          address that encrypted packets are sent from and to, one\n"
	"                      of each family; 'any' for none\n"
	"  underlay IFNAME     interface that they use, where the sockets are\n"
	"  tos N               their traffic class, its ECN bits zero; 'inherit' takes it\n"
	"                      over from the packet inside\n"
	"  ttl N               their hop limit, 'auto' leaves it to the route\n"
	"  multicast off       do not send link-local multicast to every peer\n"
	"  handshake-burst N   handshakes of strangers let through at once\n"
	"  handshake-rate N    and for each second from then on\n"
	"  mmp full            send peers sender and receiver reports, of which both sides\n"
	"                      make metrics; 'lightweight' sends the latter, 'minimal' none\n"
	"  ecn on              tell peers when the link to the next hop is congested\n"
	"  congestion-loss P   it is from a loss of P percent on\n"
	"  congestion-etx N    or from N transmissions for each frame that arrives on, 1.01\n"
	"                      at least\n"
	"  tx-batch off        send the segments of a large packet each by itself, rather than\n"
	"                      as one large UDP packet\n"
	"  rx-batch off        have frames arrive each by itself, rather than as such packets\n"
	"  suspend-wipe off    keep sessions and their keys while the machine is suspended\n"
	"  remove              remove the peer with its sessions\n"
	"  endpoint HOST:PORT  where the peer is; [IPV6]:PORT, [fe80::1%eth0]:PORT; the agent\n"
	"                      looks up a host that is no address, now and when it moves\n"
	"  auto-connect on     the agent connects to the peer and keeps it connected\n"
	"  heartbeat SECONDS   between signs of life that the peer is sent\n"
	"  dead-timeout SECONDS  without a sign of life from the peer, after which it is down\n"
	"  mmp device          the reports that the device sends, or as above\n"
	"  address ADDR        packets whose next hop is ADDR go to the peer\n"
	"  remove-address ADDR the opposite\n"
	"  replace-addresses   the addresses given replace those that there are\n",
	.run = run,
};
