/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations that are tried with one allocation after the other failing.
 */
#ifndef FAILNTH_H
#define FAILNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/fmp.h>
#include <linux/netlink.h>

/* What is there while all is walked, and what operations make. */
#define DEVICE		"fmp0"
#define UNDERLAY	"tun0"
#define NEW_IFINDEX	77
#define PORT		2121

/* Addresses in the underlay and in the overlay, as numbers. */
#define HERE		0x0a000102U	/* 10.0.1.2 */
#define THERE		0x0a000109U	/* 10.0.1.9 */
#define ELSEWHERE	0x0a00010aU	/* 10.0.1.10 */
#define THERE6		"fd00:1::9"
#define OVERLAY(n)	(0x0a090000U + (n))	/* 10.9.0.n */

/* Peers: one that stays, one with a session, made anew each time, and one without. */
enum { PEER_STAYS = 2, PEER_FRESH = 3, PEER_MUTE = 4 };

/**
 * struct operation - what is walked
 * @name: as a result has it
 * @at_least: so many allocations there are, or something is not as it was meant
 * @taken_for: error that the kernel's own code makes of a lack of memory
 * @everywhere: those of the kernel's own code count as well
 * @prepare: before each try
 * @act: the try, where allocations fail
 * @outcome: looks at what became of it; is given what @act returned
 * @undo: after a success, if all is to be as it was then
 *
 * @act and @outcome return 0, ENOMEM or the like if it was refused or dropped and
 * counted, or EIO for what must not be.
 */
struct operation {
	const char *name;
	unsigned int at_least;
	int taken_for;
	bool everywhere;
	void (*prepare)(void);
	int (*act)(void);
	int (*outcome)(int err);
	void (*undo)(void);
};

extern const struct operation load_operation;
extern const struct operation device_operations[];
extern const struct operation peer_operations[];
extern const struct operation send_operations[];
extern const struct operation receive_operations[];

/**
 * struct request - a netlink message to be built, and sent with send_request()
 */
struct request {
	char buffer[4096];
	struct nlmsghdr *head;
	bool route;
};

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...);

/* failnth.c */
void must_be(int wanted, int got, const char *what);
bool find_functions(const char *from, const char *to, unsigned long *first, unsigned long *behind);
void all_fail_within(unsigned long first, unsigned long behind);
bool all_fail_softly(unsigned int space, bool (*done)(void));

/* failnth-kernel.c */
void connect_kernel(void);
uint32_t device_index(void);
void begin_request(struct request *r, uint8_t cmd, uint16_t flags);
void begin_link(struct request *r, uint16_t type, uint16_t flags, uint32_t ifindex);
void put_ip4(struct request *r, uint16_t type, uint32_t address);
void put_key(struct request *r, uint16_t type, unsigned int n);
int send_request(struct request *r);
void fresh_socket(bool of_route);
int send_fresh(struct request *r);
int send_as(struct request *r, bool agent);
unsigned int received_as(bool agent);
uint32_t answered_index(void);
char *read_state(void);
void watch(bool on);
bool was_told(unsigned int *n);
uint64_t read_counter(const char *part);
bool peer_has(unsigned int n, uint16_t type);
bool is_current(uint32_t local);

/* failnth-device.c */
void set_module(const char *file);
int add_link_at(uint32_t ifindex);
int del_link_at(uint32_t ifindex);
void set_device(uint16_t type, unsigned int value);

/* failnth-peer.c */
void new_peer(unsigned int n);
void del_peer(unsigned int n);
uint32_t new_session(unsigned int n, unsigned int generation, bool initiator);
void session_key(uint8_t *key, unsigned int n, unsigned int generation, bool send);

/* failnth-tun.c */
void open_traffic(void);
unsigned int drain_frames(void);
uint32_t stays_index(void);

/* failnth-send.c */
int send_lone(void);

/* failnth-receive.c */
void exchange_packets(void);

/* failnth-percpu.c */
void walk_percpu(void);

/* failnth-timers.c */
void walk_timers(void);

#endif /* FAILNTH_H */
