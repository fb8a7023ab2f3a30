// SPDX-License-Identifier: GPL-2.0
/*
 * The network that failnth's frames take.
 *
 * It is a tun device, whose other end we are: what is written to it is received, and what is
 * sent gets there, by the very task that does so. Its allocations can be counted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failnth.h"
#include "failnth-tun.h"

/* Linux 6.2. */
#ifndef TUN_F_USO4
#define TUN_F_USO4	0x20
#define TUN_F_USO6	0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

int host;

static int tun, tap = -1;
static uint32_t index_stays;
static uint64_t dropped;

/**
 * stays_index() - the index of the session that is there all the time
 */
uint32_t stays_index(void)
{
	return index_stays;
}

/**
 * at() - an address, given as a number
 */
struct sockaddr_in at(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family	 = AF_INET,
		.sin_port	 = htons(port),
		.sin_addr.s_addr = htonl(address),
	};
}

static void open_tun(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), UNDERLAY);
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &ifr) ||
	    ioctl(tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6))
		die("tun: %s", strerror(errno));
}

static void open_host(void)
{
	struct sockaddr_in here = at(OVERLAY(1), HOST_PORT);

	host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (host < 0 || bind(host, (void *)&here, sizeof(here)))
		die("socket: %s", strerror(errno));
}

/**
 * open_traffic() - have all that frames need
 */
void open_traffic(void)
{
	open_tun();
	open_host();
	watch(true);
	new_peer(PEER_STAYS);
	index_stays = new_session(PEER_STAYS, 1, false);
}

/**
 * close_tap() - undo open_tap()
 */
void close_tap(void)
{
	if (tap >= 0)
		close(tap);
	tap = -1;
}

/**
 * open_tap() - have others see what passes a device, who then have it as well
 */
void open_tap(const char *device)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	close_tap();
	ll.sll_ifindex = if_nametoindex(device);
	tap = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (tap < 0 || bind(tap, (void *)&ll, sizeof(ll)))
		die("tap: %s", strerror(errno));
}

/* The host has things to say by IPv6 that are none. */
static bool is_datagram(const uint8_t *ip)
{
	return (*ip >> 4 == 4 ? ip[9] : ip[6]) == IPPROTO_UDP;
}

static unsigned int frames_in(const uint8_t *packet, size_t len)
{
	const struct virtio_net_hdr *vnet = (const void *)packet;

	if (!is_datagram(packet + sizeof(*vnet)))
		return 0;
	if (vnet->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return 1;
	return (len - HEADS + vnet->gso_size - 1) / vnet->gso_size;
}

/**
 * drain_frames() - take what was sent
 *
 * Return: How many frames.
 */
unsigned int drain_frames(void)
{
	static uint8_t packet[PACKET_MAX + HEADS];
	unsigned int n = 0;
	ssize_t len;

	while ((len = read(tun, packet, sizeof(packet))) > 0)
		n += frames_in(packet, len);
	return n;
}

/**
 * note_drops() - count what is sent and dropped from here on
 */
void note_drops(void)
{
	drain_frames();
	dropped = read_counter("_drop_");
}

/**
 * has_dropped() - tell whether anything was dropped since note_drops()
 */
bool has_dropped(void)
{
	return read_counter("_drop_") > dropped;
}

/**
 * judge_arrived() - tell what became of frames or packets
 */
int judge_arrived(unsigned int wanted, unsigned int got)
{
	if (got == wanted)
		return 0;
	return got < wanted && has_dropped() ? ENOMEM : EIO;
}

/**
 * ask_agent() - a request of the agent's
 */
int ask_agent(uint8_t cmd)
{
	struct request r;

	begin_request(&r, cmd, 0);
	return send_as(&r, true);
}

static uint32_t sum_words(const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += byte[i] << 8 | byte[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(sum);
}

struct outer outer;

/**
 * put_heads() - have the frames in "outer" come from there
 */
void put_heads(uint32_t from, size_t len)
{
	outer.vnet = (struct virtio_net_hdr){ .hdr_len = sizeof(outer.ip) + sizeof(outer.udp) };
	outer.ip = (struct iphdr){
		.version  = 4,
		.ihl	  = 5,
		.ttl	  = 64,
		.protocol = IPPROTO_UDP,
		.tot_len  = htons(sizeof(outer.ip) + sizeof(outer.udp) + len),
		.saddr	  = htonl(from),
		.daddr	  = htonl(HERE),
	};
	outer.ip.check = ~fold(sum_words(&outer.ip, sizeof(outer.ip)));
	/* Without a checksum, which IPv4 allows. */
	outer.udp = (struct udphdr){
		.source	= htons(PORT),
		.dest	= htons(PORT),
		.len	= htons(sizeof(outer.udp) + len),
	};
}

/**
 * put_batch_heads() - have them come as a device that merges datagrams hands them on
 */
void put_batch_heads(size_t frame_len, size_t len)
{
	uint32_t sum;

	put_heads(THERE, len);
	outer.vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	outer.vnet.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	outer.vnet.gso_size = frame_len;
	outer.vnet.csum_start = sizeof(outer.ip);
	outer.vnet.csum_offset = offsetof(struct udphdr, check);
	sum = sum_words(&outer.ip.saddr, 8) + IPPROTO_UDP + sizeof(outer.udp) + len;
	outer.udp.check = fold(sum);
}

/**
 * give() - receive what is in "outer"
 */
int give(size_t len)
{
	size_t all = HEADS + len;

	return write(tun, &outer, all) == (ssize_t)all ? 0 : errno;
}

