/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What somebody on the path has seen, and what is made of it.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ATTACK_PORT	2121
#define ATTACK_HDR	16	/* of an established frame */
#define ATTACK_TAG	16
#define ATTACK_MSG1	114
#define ATTACK_MSG2	69
#define ATTACK_LONGEST	65507
#define ATTACK_FLIPS	8

union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

/**
 * struct seen - a frame that passed
 */
struct seen {
	union address from;
	union address to;
	uint32_t len;		/* nothing is left out between the two */
	uint8_t data[];
};

enum order { FORWARD, BACKWARD, SHUFFLED };
enum pieces { IN_ONE, PIECES, OVERLAPPING, UNFINISHED };

struct flip {
	long byte;		/* from the end if it is negative */
	unsigned int bit;
};

/**
 * struct plan - what to send of what was seen
 */
struct plan {
	/* which frames */
	int phase;		/* -1 for all */
	union address to;	/* family 0 for all */
	unsigned long last;	/* so many of them, the newest; 0 for all */
	enum order order;
	unsigned long times;
	unsigned long seconds;	/* for so long, rather */
	/* how they are changed */
	int make;		/* phase of what takes their place, or -1 */
	uint64_t ahead;		/* added to the counter */
	bool has_index;
	uint32_t index;
	unsigned long scan;	/* so many copies, with one index after the other */
	struct flip flips[ATTACK_FLIPS];
	unsigned int flip_count;
	long longer;		/* by so many bytes, or shorter */
	bool fix;		/* payload_len is made to fit */
	long noise;		/* random bytes from there on, or -1 */
	unsigned long each;	/* every so many frames are changed, the others not */
	/* how they are sent */
	union address from;	/* family 0 for where they came from */
	bool reflect;		/* back to who sent them */
	unsigned long batch;	/* so many as one UDP GSO packet */
	unsigned long segment;	/* bytes of its segments; 0 for those of a frame */
	enum pieces pieces;
};

/**
 * struct sums - what was sent
 */
struct sums {
	unsigned long packets;	/* or datagrams, as they arrive */
	unsigned long unsent;
};

/* attack.c */
__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);
extern volatile bool stopped;

/* attack-tap.c: calls for each frame that passes one of the devices, until it is stopped. */
void tap(char **devices, bool (*each)(const struct seen *seen, void *data), void *data);

/* attack-make.c: makes of a frame what the plan says, in a buffer for the longest. */
size_t make_frame(uint8_t *frame, const struct seen *seen, const struct plan *plan,
		  unsigned long number);
uint64_t noise64(void);

/* attack-send.c */
void send_frame(const struct plan *plan, const union address *from, const union address *to,
		const uint8_t *frame, size_t len, struct sums *sums);
void send_rest(const struct plan *plan, struct sums *sums);

#endif /* ATTACK_H */
