// SPDX-License-Identifier: GPL-2.0
/*
 * testpeer: frames from and to the device, and numbered datagrams inside of them.
 *
 * Two kinds of sockets: those of the underlay are ours, one for each port. The other
 * is in the host that has the device, and both sends and receives by way of it.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testpeer.h"

#define HOST_PORT	7000
#define BUFFER_SIZE	(16 << 20)
#define PORTS_MAX	8
#define DATAGRAM_MAX	2048
#define CLOCK_ERROR_MS	5

struct traffic to_host, from_host;
/* If not 0, all that the device sends has to come to this port. */
uint16_t only_port;

static struct sockaddr_in device_at;
static int own_netns, host;
static struct {
	uint16_t port;
	int fd;
} ports[PORTS_MAX];
static unsigned int n_ports;
static struct sessions expected;

static int open_socket(uint16_t port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = BUFFER_SIZE;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (void *)&here, sizeof(here)))
		die("port %u: %s", port, strerror(errno));
	return fd;
}

static int port_socket(uint16_t port)
{
	unsigned int i;
	int there;

	for (i = 0; i < n_ports; i++)
		if (ports[i].port == port)
			return ports[i].fd;
	if (n_ports == PORTS_MAX)
		die("too many ports");
	there = netns_open(NULL);
	netns_enter(own_netns);
	ports[i].fd = open_socket(port);
	ports[i].port = port;
	netns_enter(there);
	close(there);
	n_ports++;
	return ports[i].fd;
}

/**
 * traffic_open() - open the sockets, and go where the device is
 * @device: address of its host, network order
 */
void traffic_open(const char *device_netns, uint32_t address, uint16_t port)
{
	device_at = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = address,
	};
	own_netns = netns_open(NULL);
	port_socket(port);
	netns_enter(netns_open(device_netns));
	host = open_socket(HOST_PORT);
}

/* --- sending */

/**
 * frames_add() - append a frame; its bytes are copied
 */
void frames_add(struct frames *list, const struct frame *frame)
{
	if (list->n == list->room) {
		list->room = list->room ? 2 * list->room : 256;
		list->at = realloc(list->at, list->room * sizeof(*list->at));
		if (!list->at)
			die("no memory");
	}
	list->at[list->n] = *frame;
	list->at[list->n].bytes = malloc(frame->len);
	if (!list->at[list->n].bytes)
		die("no memory");
	memcpy(list->at[list->n++].bytes, frame->bytes, frame->len);
}

/**
 * frames_clear() - empty a list
 */
void frames_clear(struct frames *list)
{
	while (list->n)
		free(list->at[--list->n].bytes);
}

/**
 * send_frame() - send it to the device
 */
void send_frame(const struct frame *frame)
{
	if (sendto(port_socket(frame->port), frame->bytes, frame->len, 0, (void *)&device_at,
		   sizeof(device_at)) != (ssize_t)frame->len)
		die("sendto: %s", strerror(errno));
}

/**
 * next_packet() - write plaintext with the next numbered datagram for the host
 * @forged: one that must not arrive
 *
 * Return: Its length.
 */
size_t next_packet(uint8_t *plain, const struct peer *peer, bool forged)
{
	uint64_t number = htobe64(forged ? FORGED : to_host.sent);

	if (!forged && ++to_host.sent > NUMBERS_MAX)
		die("too many datagrams");
	/* The address of the host is the first of the peer's network. */
	return seal_udp_packet(plain, peer->address, (peer->address & htonl(~0xff)) | htonl(1),
			       htons(HOST_PORT), &number, sizeof(number));
}

/**
 * send_from_host() - let the host send the next numbered datagram to a peer
 */
void send_from_host(const struct peer *peer)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(HOST_PORT),
		.sin_addr.s_addr = peer->address,
	};
	uint64_t number = htobe64(from_host.sent);

	if (from_host.sent++ >= NUMBERS_MAX)
		die("too many datagrams");
	if (sendto(host, &number, sizeof(number), 0, (void *)&to, sizeof(to)) < 0)
		die("the host cannot send: %s", strerror(errno));
}

/* --- receiving */

static void count_number(struct traffic *traffic, const void *data, const char *where)
{
	uint64_t number;
	uint8_t bit;

	memcpy(&number, data, sizeof(number));
	number = be64toh(number);
	if (number >= traffic->sent) {
		complain("%s: a datagram that must not be", where);
		return;
	}
	bit = 1 << number % 8;
	if (traffic->seen[number / 8] & bit) {
		complain("%s: datagram %llu twice", where, (unsigned long long)number);
		return;
	}
	traffic->seen[number / 8] |= bit;
	traffic->arrived++;
}

static void count_counter(struct session *s, uint64_t counter)
{
	if (counter >= NUMBERS_MAX) {
		complain("%s: counter %llu", s->name, (unsigned long long)counter);
		return;
	}
	if (s->counters[counter / 8] & 1 << counter % 8) {
		complain("%s: counter %llu twice", s->name, (unsigned long long)counter);
		return;
	}
	s->counters[counter / 8] |= 1 << counter % 8;
	s->received++;
	if (counter > s->highest)
		s->highest = counter;
}

/**
 * traffic_expect() - under which sessions the device may send packets from now on
 */
void traffic_expect(const struct sessions *sessions)
{
	expected = *sessions;
}

static bool is_expected(const struct session *s)
{
	unsigned int i;

	for (i = 0; i < expected.n; i++)
		if (expected.at[i] == s)
			return true;
	return false;
}

static void note_timestamp(struct session *s, uint32_t timestamp)
{
	s->last = now_ms() - timestamp;
	if (!s->first || s->last < s->first)
		s->first = s->last;
}

static void take_plain(struct session *s, const uint8_t *plain, size_t len, uint16_t port)
{
	const size_t at = SEAL_IP_HEAD + 28;
	uint64_t age = now_ms() - s->installed;
	uint32_t timestamp;

	if (len < 5) {
		complain("%s: nothing in a frame", s->name);
		return;
	}
	memcpy(&timestamp, plain, sizeof(timestamp));
	timestamp = le32toh(timestamp);
	note_timestamp(s, timestamp);
	if (timestamp > age + CLOCK_ERROR_MS)
		complain("%s: timestamp %u after %llu ms", s->name, timestamp,
			 (unsigned long long)age);
	if (plain[4] != SEAL_TYPE_IP || len < at + 8 || plain[SEAL_IP_HEAD] >> 4 != 4 ||
	    plain[SEAL_IP_HEAD + 9] != IPPROTO_UDP)
		return;
	if (plain[5] || plain[6] || plain[7])
		complain("%s: reserved bytes are not zero", s->name);
	if (!is_expected(s))
		complain("a packet was sent under %s", s->name);
	if (only_port && port != only_port)
		complain("a packet was sent to port %u", port);
	count_number(&from_host, plain + at, "from the host");
}

static void take_frame(const uint8_t *bytes, size_t len, uint16_t port)
{
	static uint8_t plain[DATAGRAM_MAX];
	struct seal_head head;
	struct session *s;

	if (!seal_read_head(bytes, len, &head)) {
		complain("the device sent no frame, %zu bytes", len);
		return;
	}
	s = session_by_index(head.index);
	if (!s) {
		complain("a frame to index %#x", head.index);
		return;
	}
	if (!seal_open(plain, bytes, len, s->ctl.send)) {
		complain("%s: a frame that is not authentic", s->name);
		return;
	}
	/* The spin bit is whatever this peer sent last, or its complement. */
	if ((head.flags & ~SEAL_FLAG_SP) != s->k_device)
		complain("%s: flags %#x of the device", s->name, head.flags);
	count_counter(s, head.counter);
	take_plain(s, plain, len - SEAL_MIN, port);
}

static void drain_port(unsigned int i)
{
	static uint8_t bytes[DATAGRAM_MAX];
	ssize_t len;

	while ((len = recv(ports[i].fd, bytes, sizeof(bytes), MSG_DONTWAIT)) >= 0)
		take_frame(bytes, len, ports[i].port);
}

static void drain_host(void)
{
	uint8_t bytes[DATAGRAM_MAX];
	ssize_t len;

	while ((len = recv(host, bytes, sizeof(bytes), MSG_DONTWAIT)) >= 0)
		if (len >= 8)
			count_number(&to_host, bytes, "to the host");
}

/**
 * pump() - take what has come
 * @ms: how long to wait for it
 */
void pump(int ms)
{
	struct pollfd polls[PORTS_MAX + 1] = { { .fd = host, .events = POLLIN } };
	unsigned int i;

	for (i = 0; i < n_ports; i++)
		polls[i + 1] = (struct pollfd){ .fd = ports[i].fd, .events = POLLIN };
	poll(polls, n_ports + 1, ms);
	drain_host();
	for (i = 0; i < n_ports; i++)
		drain_port(i);
}
