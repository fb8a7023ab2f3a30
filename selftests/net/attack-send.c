// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams in the name of others: by sockets that are bound to their addresses, one by one
 * or as UDP GSO packets, or as IP fragments.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define SENDERS		16
#define BATCH_MAX	64
#define BATCH_BYTES	64000

struct sender {
	union address from;
	int fd;
};

static socklen_t size_of(const union address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->ip4) : sizeof(address->ip6);
}

static int open_sender(const union address *from)
{
	int fd = socket(from->any.sa_family, SOCK_DGRAM, 0), on = 1, room = 8 << 20;
	int err;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (from->any.sa_family == AF_INET)
		err = setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));
	else
		err = setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof(on));
	/* Connected, it would be taken for the end of what passes. */
	if (err || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, &from->any, size_of(from)))
		die("in the name of others: %s", strerror(errno));
	return fd;
}

static int sender_of(const union address *from)
{
	static struct sender senders[SENDERS];
	static unsigned int count, next;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!memcmp(&senders[i].from, from, sizeof(*from)))
			return senders[i].fd;
	i = next++ % SENDERS;
	if (i < count)
		close(senders[i].fd);
	else
		count++;
	senders[i] = (struct sender){ .from = *from, .fd = open_sender(from) };
	return senders[i].fd;
}

/* --- batches */

static struct {
	union address from;
	union address to;
	size_t segment;
	size_t len;
	unsigned long frames;
	bool last;		/* was shorter */
	uint8_t data[BATCH_BYTES + ATTACK_LONGEST];
} batch;

/* Where hosts have been led astray, their frames are seen on the way to nowhere. */
static bool not_taken(int err)
{
	return err == ENOBUFS || err == EAGAIN || err == EINTR || err == EPERM ||
	       err == ENETUNREACH || err == EHOSTUNREACH;
}

static void send_datagram(const union address *from, const union address *to,
			  const uint8_t *data, size_t len, size_t segment, struct sums *sums)
{
	struct iovec part = { (void *)data, len };
	uint8_t room[CMSG_SPACE(sizeof(uint16_t))] = { 0 };
	struct msghdr msg = {
		.msg_name = (void *)to, .msg_namelen = size_of(to),
		.msg_iov = &part, .msg_iovlen = 1,
	};
	unsigned long count = 1;
	struct cmsghdr *cmsg;

	if (segment && segment < len) {
		msg.msg_control = room;
		msg.msg_controllen = sizeof(room);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_UDP;
		cmsg->cmsg_type = UDP_SEGMENT;
		cmsg->cmsg_len = CMSG_LEN(sizeof(uint16_t));
		*(uint16_t *)CMSG_DATA(cmsg) = (uint16_t)segment;
		count = (len + segment - 1) / segment;
	}
	if (sendmsg(sender_of(from), &msg, 0) >= 0)
		sums->packets += count;
	else if (not_taken(errno))
		sums->unsent += count;
	else
		die("send %zu bytes: %s", len, strerror(errno));
}

void send_rest(const struct plan *plan, struct sums *sums)
{
	if (batch.len)
		send_datagram(&batch.from, &batch.to, batch.data, batch.len,
			      plan->segment ? plan->segment : batch.segment, sums);
	batch.len = 0;
	batch.frames = 0;
}

static bool joins(const union address *from, const union address *to, size_t len,
		  const struct plan *plan)
{
	size_t segment = plan->segment ? plan->segment : batch.segment;

	if (!batch.len)
		return true;
	if (memcmp(&batch.from, from, sizeof(*from)) || memcmp(&batch.to, to, sizeof(*to)) ||
	    batch.len + len > BATCH_BYTES || batch.frames >= plan->batch ||
	    (batch.len + len + segment - 1) / segment > BATCH_MAX)
		return false;
	return plan->segment || (!batch.last && len <= segment);
}

static void send_in_batch(const struct plan *plan, const union address *from,
			  const union address *to, const uint8_t *frame, size_t len,
			  struct sums *sums)
{
	if (!joins(from, to, len, plan))
		send_rest(plan, sums);
	if (!batch.len) {
		batch.from = *from;
		batch.to = *to;
		batch.segment = len;
		batch.last = false;
	}
	batch.last = len < batch.segment;
	memcpy(batch.data + batch.len, frame, len);
	batch.len += len;
	batch.frames++;
}

/* --- fragments, of IPv4 */

static uint8_t datagram[sizeof(struct udphdr) + ATTACK_LONGEST];

static void send_piece(const union address *from, const union address *to, uint16_t id,
		       size_t at, size_t len, bool more)
{
	static uint8_t packet[sizeof(struct iphdr) + sizeof(datagram)];
	static int fd = -1;
	struct iphdr *ip = (void *)packet;

	if (fd < 0)
		fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	*ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 60, .protocol = IPPROTO_UDP, .id = id,
		.frag_off = htons((uint16_t)(at / 8 | (more ? IP_MF : 0))),
		.saddr = from->ip4.sin_addr.s_addr, .daddr = to->ip4.sin_addr.s_addr,
	};
	memcpy(packet + sizeof(*ip), datagram + at, len);
	if (sendto(fd, packet, sizeof(*ip) + len, 0, &to->any, sizeof(to->ip4)) < 0)
		die("fragment: %s", strerror(errno));
}

/* What was cut in two becomes one again; the others come to nothing. */
static void send_pieces(const struct plan *plan, const union address *from,
			const union address *to, const uint8_t *frame, size_t len,
			struct sums *sums)
{
	struct udphdr udp = { .uh_sport = from->ip4.sin_port, .uh_dport = to->ip4.sin_port };
	size_t all = sizeof(udp) + len, half = all / 16 * 8;
	uint16_t id = (uint16_t)(noise64() | 1);

	if (half < 16)
		return;
	udp.uh_ulen = htons((uint16_t)all);
	memcpy(datagram, &udp, sizeof(udp));
	memcpy(datagram + sizeof(udp), frame, len);
	send_piece(from, to, id, 0, half, true);
	switch (plan->pieces) {
	case PIECES:
		send_piece(from, to, id, half, all - half, false);
		sums->packets++;
		break;
	case OVERLAPPING:
		send_piece(from, to, id, half - 8, all - half + 8, false);
		sums->unsent += 2;
		break;
	default:
		sums->unsent++;
	}
}

void send_frame(const struct plan *plan, const union address *from, const union address *to,
		const uint8_t *frame, size_t len, struct sums *sums)
{
	if (plan->pieces != IN_ONE && to->any.sa_family == AF_INET)
		send_pieces(plan, from, to, frame, len, sums);
	else if (plan->batch > 1)
		send_in_batch(plan, from, to, frame, len, sums);
	else
		send_datagram(from, to, frame, len, 0, sums);
}
