/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device, asked and told through netlink by a program that does so often.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/fmp.h>

#define CTL_COUNTERS_MAX	128

struct mnl_socket;

/**
 * struct ctl - a device and the sockets to reach it
 * @genl: for what is of the fmp family
 * @route: for the link
 * @family: its number
 * @ifindex: of the device
 *
 * All functions that return an int return 0 or the number of the error.
 */
struct ctl {
	struct mnl_socket *genl;
	struct mnl_socket *route;
	uint16_t family;
	uint32_t ifindex;
};

/**
 * struct ctl_session - a session, to be added or as it was found
 */
struct ctl_session {
	uint8_t peer[FMP_PUBLIC_KEY_SIZE];
	uint8_t send[FMP_KEY_SIZE];
	uint8_t receive[FMP_KEY_SIZE];
	uint32_t local;
	uint32_t remote;
	bool initiator;
	/* Only as found. */
	uint32_t slot;
	uint32_t k_bit;
	uint64_t send_counter;
	uint64_t highest;
	uint64_t age_ms;
};

/**
 * struct ctl_peer - a peer
 * @endpoint: without a family, none
 * @address: in its overlay, IPv4 in network order; 0 is none
 * @heartbeat: seconds between two of them, 0 for none
 * @rx_packets: only as found
 */
struct ctl_peer {
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	struct sockaddr_storage endpoint;
	uint32_t address;
	uint16_t heartbeat;
	uint64_t rx_packets;
};

/**
 * struct ctl_counters - counters of a device
 */
struct ctl_counters {
	unsigned int n;
	struct {
		char name[48];
		uint64_t value;
	} at[CTL_COUNTERS_MAX];
};

/**
 * struct ctl_setting - what a device is set to; negative for what is left alone
 */
struct ctl_setting {
	long port;
	long source_check;
	long fwmark;
	long multicast;
	long tos;
};

#define CTL_NO_SETTING \
	{ .port = -1, .source_check = -1, .fwmark = -1, .multicast = -1, .tos = -1 }

int netns_open(const char *name);
void netns_enter(int fd);

void ctl_open(struct ctl *ctl, const char *ifname);
int ctl_peer_new(struct ctl *ctl, const struct ctl_peer *peer);
int ctl_peer_move(struct ctl *ctl, const struct ctl_peer *peer);
int ctl_peer_del(struct ctl *ctl, const uint8_t *key);
int ctl_peer_get(struct ctl *ctl, struct ctl_peer *peer);
int ctl_peers_dump(struct ctl *ctl, unsigned int *n);
int ctl_session_new(struct ctl *ctl, const struct ctl_session *session);
int ctl_session_del(struct ctl *ctl, uint32_t local);
int ctl_sessions(struct ctl *ctl, const uint8_t *peer, struct ctl_session *list,
		 unsigned int max, unsigned int *n);
int ctl_read_counters(struct ctl *ctl, struct ctl_counters *counters);
int ctl_set(struct ctl *ctl, const struct ctl_setting *setting);
int ctl_link(struct ctl *ctl, bool up);
int ctl_route(struct ctl *ctl, uint32_t to, unsigned int len);

#endif /* CTL_H */
