/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The load of the benchmark: requests, and what they cost.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/if.h>
#include <linux/types.h>

#include "mark.h"

/**
 * enum bench_mode - what is measured
 * @BENCH_THROUGH: packets from one device to where they come out
 * @BENCH_SEND: the same until the frames arrive at the other host
 * @BENCH_RECEIVE: from there to where the packets come out
 * @BENCH_ECHO: to where they come out, and an answer all the way back
 * @BENCH_SEAL: encryption alone
 * @BENCH_OPEN: decryption alone
 */
enum bench_mode {
	BENCH_THROUGH,
	BENCH_SEND,
	BENCH_RECEIVE,
	BENCH_ECHO,
	BENCH_SEAL,
	BENCH_OPEN,
};

/**
 * struct bench_request - what to do
 * @mode: what is measured
 * @netns: file descriptor of the network namespace where packets come out
 * @dev: device that sends, in the namespace of who asks
 * @far_dev: its counterpart in the other namespace
 * @from: address of @dev, network order
 * @to: address of @far_dev, likewise
 * @flows: so many addresses are used in turn, from @from and @to on
 * @port: UDP port of the tunnel's frames, for BENCH_SEND and BENCH_RECEIVE
 * @size: length of each IP packet, or of what the cipher gets
 * @count: packets that are measured
 * @warm: packets before those
 * @window: so many packets are under way at most
 * @burst: so many are sent without a softirq between them
 * @gso: segments in each packet that is sent; 0 for no segmentation offload
 * @gro: the socket that they are for asks for packets that are merged
 */
struct bench_request {
	enum bench_mode mode;
	unsigned int netns;
	char dev[IFNAMSIZ];
	char far_dev[IFNAMSIZ];
	__be32 from;
	__be32 to;
	unsigned int flows;
	unsigned int port;
	unsigned int size;
	unsigned int count;
	unsigned int warm;
	unsigned int window;
	unsigned int burst;
	unsigned int gso;
	unsigned int gro;
};

/**
 * struct bench_result - what it cost
 * @packets: how many were measured
 * @ns: how long they took
 * @idle_us: for how long of that the CPUs had nothing to do
 */
struct bench_result {
	unsigned int packets;
	u64 ns;
	u64 idle_us;
};

int bench_cipher(const struct bench_request *request,
		 struct bench_result *result);
int bench_pps(const struct bench_request *request,
	      struct bench_result *result);

#endif /* BENCH_H */
