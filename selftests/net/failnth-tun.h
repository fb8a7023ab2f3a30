/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network that failnth's frames take.
 */
#ifndef FAILNTH_TUN_H
#define FAILNTH_TUN_H

#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>

#define HOST_PORT	7000
#define PACKET_MAX	65535
#define HEADS		(sizeof(struct virtio_net_hdr) + sizeof(struct iphdr) + \
			 sizeof(struct udphdr))

/**
 * struct outer - what a tun device is given
 */
struct outer {
	struct virtio_net_hdr vnet;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t frames[PACKET_MAX];
} __attribute__((packed));

extern struct outer outer;
/* A socket in the overlay. */
extern int host;

struct sockaddr_in at(uint32_t address, uint16_t port);
void open_tap(const char *device);
void close_tap(void);
void note_drops(void);
bool has_dropped(void);
int judge_arrived(unsigned int wanted, unsigned int got);
int ask_agent(uint8_t cmd);
void put_heads(uint32_t from, size_t len);
void put_batch_heads(size_t frame_len, size_t len);
int give(size_t len);

#endif /* FAILNTH_TUN_H */
