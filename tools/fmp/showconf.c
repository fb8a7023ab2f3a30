// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "conf.h"
#include "fail.h"
#include "identity.h"
#include "json.h"
#include "names.h"
#include "prefix.h"
#include "print.h"
#include "showconf.h"

static void write_local(const struct device *device)
{
	struct address address[2];
	char text[ADDRESS_TEXT];
	size_t i, count = local_addresses(address, device);

	for (i = 0; i < count; i++)
		printf("Local = %s\n", address_text(text, &address[i]));
}

static void write_outer(const struct device *device)
{
	if (device->underlay && *device->underlay)
		printf("Underlay = %s\n", device->underlay);
	if (device->tos == TOS_INHERIT)
		printf("Tos = inherit\n");
	else if (device->tos)
		printf("Tos = 0x%02x\n", device->tos);
	if (device->ttl)
		printf("Ttl = %u\n", device->ttl);
}

/* One of a newer module: a file that has it would not be taken. */
static void write_mode(uint8_t mode, uint8_t last, const char *of)
{
	if (mode <= last)
		printf("Metrics = %s\n", mmp_mode_name(mode));
	else
		warning_word(of, "its mode of reports, %u, is not known and left out", mode);
}

/* What is as it is by default is left out, except what one looks for. */
static void write_metrics_words(const struct device *device)
{
	if (HAS(device, FMP_A_DEV_MMP_MODE) && device->mmp_mode != FMP_MMP_MODE_FULL)
		write_mode(device->mmp_mode, FMP_MMP_MODE_MINIMAL,
			   device->name ? device->name : "?");
	if (HAS(device, FMP_A_DEV_ECN) && !device->ecn)
		printf("Ecn = off\n");
	if (HAS(device, FMP_A_DEV_CONGESTION_LOSS) &&
	    device->congestion_loss != CONF_CONGESTION_LOSS) {
		if (device->congestion_loss)
			printf("CongestionLoss = %u.%u\n", device->congestion_loss / 10,
			       device->congestion_loss % 10);
		else
			printf("CongestionLoss = off\n");
	}
	if (HAS(device, FMP_A_DEV_CONGESTION_ETX) &&
	    device->congestion_etx != CONF_CONGESTION_ETX) {
		if (device->congestion_etx)
			printf("CongestionEtx = %u.%02u\n", device->congestion_etx / 100,
			       device->congestion_etx % 100);
		else
			printf("CongestionEtx = off\n");
	}
}

static void write_batch_words(const struct device *device)
{
	if (HAS(device, FMP_A_DEV_TX_BATCH) && !device->tx_batch)
		printf("TxBatch = off\n");
	if (HAS(device, FMP_A_DEV_RX_BATCH) && !device->rx_batch)
		printf("RxBatch = off\n");
}

static void write_device(const struct device *device)
{
	printf("[Interface]\n");
	printf("ListenPort = %u\n", device->port);
	if (device->fwmark)
		printf("FwMark = 0x%x\n", device->fwmark);
	if (!device->source_check)
		printf("SourceCheck = off\n");
	write_local(device);
	write_outer(device);
	if (!device->multicast)
		printf("Multicast = off\n");
	if (HAS(device, FMP_A_DEV_HANDSHAKE_BURST) && device->handshake_burst != CONF_BURST)
		printf("HandshakeBurst = %u\n", device->handshake_burst);
	if (HAS(device, FMP_A_DEV_HANDSHAKE_RATE) && device->handshake_rate != CONF_RATE)
		printf("HandshakeRate = %u\n", device->handshake_rate);
	write_metrics_words(device);
	write_batch_words(device);
	if (HAS(device, FMP_A_DEV_SUSPEND_WIPE) && !device->suspend_wipe)
		printf("SuspendWipe = off\n");
}

/* The name, for that is what was configured; the address is what became of it. */
static bool write_endpoint(const struct peer *peer)
{
	char text[ENDPOINT_TEXT];

	if (peer->endpoint_name && *peer->endpoint_name)
		printf("Endpoint = %s\n", peer->endpoint_name);
	else if (peer_has_endpoint(peer))
		printf("Endpoint = %s\n", endpoint_text(text, &peer->endpoint));
	else
		return false;
	return true;
}

/* The address of the key goes without saying. */
static void write_addresses(const struct peer *peer)
{
	struct in6_addr derived = address_of_key(peer->public_key);
	char text[PREFIX_TEXT];
	struct prefix prefix;
	size_t i;

	for (i = 0; i < peer->address_count; i++) {
		prefix = prefix_of_host(&peer->addresses[i]);
		if (prefix.address.family == AF_INET6 &&
		    IN6_ARE_ADDR_EQUAL(&prefix.address.v6, &derived))
			continue;
		printf("AllowedIPs = %s\n", prefix_text(text, &prefix));
	}
}

static void write_seconds(const char *key, uint16_t seconds, uint16_t by_default)
{
	if (seconds == by_default)
		return;
	if (seconds)
		printf("%s = %u\n", key, seconds);
	else
		printf("%s = off\n", key);
}

static void write_peer(const struct peer *peer)
{
	char npub[NPUB_SIZE];
	bool endpoint;

	npub_encode(npub, peer->public_key);
	printf("\n[Peer]\nPublicKey = %s\n", npub);
	endpoint = write_endpoint(peer);
	write_addresses(peer);
	if (HAS(peer, FMP_A_PEER_AUTO_CONNECT) && peer->auto_connect != endpoint)
		printf("AutoConnect = %s\n", peer->auto_connect ? "on" : "off");
	if (HAS(peer, FMP_A_PEER_HEARTBEAT))
		write_seconds("Heartbeat", peer->heartbeat, CONF_HEARTBEAT);
	if (HAS(peer, FMP_A_PEER_DEAD_TIMEOUT))
		write_seconds("DeadTimeout", peer->dead_timeout, CONF_DEAD_TIMEOUT);
	if (HAS(peer, FMP_A_PEER_MMP_MODE) && peer->mmp_mode != FMP_MMP_MODE_DEVICE)
		write_mode(peer->mmp_mode, FMP_MMP_MODE_DEVICE, npub);
}

static int by_key(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;

	return memcmp(x->public_key, y->public_key, sizeof(x->public_key));
}

/* An order that does not depend on traffic, so that two files can be compared. */
static void sort_peers(struct peers *peers)
{
	if (peers->count)
		qsort(peers->list, peers->count, sizeof(*peers->list), by_key);
}

static void write_peers(const struct peers *peers)
{
	size_t i, dynamic = 0;

	for (i = 0; i < peers->count; i++) {
		if (HAS(&peers->list[i], FMP_A_PEER_DYNAMIC))
			dynamic++;
		else
			write_peer(&peers->list[i]);
	}
	if (dynamic)
		printf("\n# and %zu that the agent let in by itself\n", dynamic);
}

int showconf_write(struct nl *nl, const struct target *target, bool json)
{
	struct devices devices;
	struct peers peers;
	int status;

	status = kernel_device(nl, target, &devices);
	if (status)
		return status;
	status = kernel_peers(nl, target, &peers);
	if (!status) {
		sort_peers(&peers);
		if (json) {
			json_print(showconf_json(devices.list, &peers));
		} else {
			write_device(devices.list);
			write_peers(&peers);
		}
		peers_release(&peers);
	}
	devices_release(&devices);
	return status;
}

static int run(struct args *args, const struct options *options)
{
	struct target target;
	struct nl *nl;
	int status;

	status = take_target(args, &target);
	if (!status)
		status = args_end(args);
	if (!status)
		status = nl_open(&nl);
	if (status)
		return status;
	status = showconf_write(nl, &target, options->json);
	nl_close(nl);
	return status;
}

const struct command command_showconf = {
	.name = "showconf",
	.summary = "print a device as a file for setconf",
	.help =
	"Usage: fmp showconf DEV\n"
	"\n"
	"Prints the settings of the device and its peers as a file that 'fmp setconf'\n"
	"takes, in either form. Secrets are not in it; the kernel does not have them.\n",
	.run = run,
};
