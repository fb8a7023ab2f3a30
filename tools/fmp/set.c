// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

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

static const struct keyword device_keywords[] = {
	{ "port", "a port", take_port, 0 },
	{ "fwmark", "a mark", take_fwmark, 0 },
	{ "source-check", "'on' or 'off'", take_source_check, 0 },
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

	if (device->set_port || device->set_fwmark || device->set_source_check)
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
	"       [peer KEY [remove] [endpoint HOST:PORT] [address ADDR]...\n"
	"        [remove-address ADDR]... [replace-addresses]]...\n"
	"\n"
	"A peer that does not exist is added. KEY is an npub or 64 hexadecimal digits.\n"
	"\n"
	"  port N              UDP port, 0 lets the kernel choose\n"
	"  fwmark N            mark of the encrypted packets\n"
	"  source-check on     drop packets whose source does not route back to the peer\n"
	"  remove              remove the peer with its sessions\n"
	"  endpoint HOST:PORT  where the peer is; [IPV6]:PORT, [fe80::1%eth0]:PORT\n"
	"  address ADDR        packets whose next hop is ADDR go to the peer\n"
	"  remove-address ADDR the opposite\n"
	"  replace-addresses   the addresses given replace those that there are\n",
	.run = run,
};
