/* SPDX-License-Identifier: GPL-2.0 */
/*
 * testpeer: the parts of it.
 */
#ifndef TESTPEER_H
#define TESTPEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl.h"
#include "seal.h"

#define NAME_MAX_LEN	24
#define LIST_MAX	8
#define WORDS_MAX	24
#define NUMBERS_MAX	(1u << 17)
/* Of the peers, where a script does not say another. */
#define PORT		2121
/* In a datagram that must never be delivered. */
#define FORGED		UINT64_MAX

/**
 * struct peer - one that the test peer plays, as the device has it
 * @address: in the overlay, network order
 * @heard: authentic frames that the device had counted at the last look
 */
struct peer {
	char name[NAME_MAX_LEN];
	struct ctl_peer ctl;
	uint32_t address;
	uint64_t heard;
};

/**
 * struct session - keys of both ends
 * @ctl: as the device has it: its local index is what our frames are sent to
 * @k: K bit that we send
 * @k_device: K bit that the device has to send
 * @next: counter of the next frame that we send
 * @counters: seen of the device's, a bit each
 * @received: how many these are
 * @highest: of these
 * @installed: when, in ms
 * @first, @last: when the device's timestamps began to count, by the frame that
 *                came fastest and by the last one; 0 before one
 */
struct session {
	char name[NAME_MAX_LEN];
	struct peer *peer;
	struct ctl_session ctl;
	uint8_t k, k_device;
	uint64_t next;
	uint8_t *counters;
	uint64_t received, highest;
	uint64_t installed;
	uint64_t first, last;
};

/**
 * struct sessions - several that a command names
 */
struct sessions {
	struct session *at[LIST_MAX];
	unsigned int n;
};

/**
 * struct frame - a frame to be sent, or that was
 * @port: that we send it from
 * @good: the device has to accept it, once
 */
struct frame {
	struct session *session;
	uint16_t port;
	bool good;
	size_t len;
	uint8_t *bytes;
};

/**
 * struct frames - a list of them
 */
struct frames {
	struct frame *at;
	size_t n, room;
};

/**
 * struct line - a command and its words, of which each has to be asked for
 */
struct line {
	char *words[WORDS_MAX];
	bool used[WORDS_MAX];
	unsigned int n;
};

/* --- testpeer.c */

__attribute__((format(printf, 1, 2)))
void complain(const char *fmt, ...);
__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);
struct peer *find_peer(const char *name);
struct session *find_session(const char *name);
struct sessions session_list(char *names);
struct session *session_by_index(uint32_t own);
uint64_t now_ms(void);

/* --- testpeer-line.c */

uint64_t number(const char *text);
size_t unhex(uint8_t *bytes, size_t max, const char *hex);
char *word(struct line *line, unsigned int i);
char *option(struct line *line, const char *name);
uint64_t number_option(struct line *line, const char *name, uint64_t without);
bool flag(struct line *line, const char *name);

/* --- testpeer-frames.c */

void do_frame(struct line *line);
void do_raw(struct line *line);
void do_wire(struct line *line);
void do_batch(struct line *line);
void do_flush(struct line *line);
void do_stream(struct line *line);
void do_replay(struct line *line);
void do_flood(struct line *line);
void do_tx(struct line *line);

/* --- testpeer-traffic.c */

/**
 * struct traffic - numbered datagrams between the device's host and us
 * @sent: how many the one end has sent
 * @arrived: how many of them have arrived at the other
 */
struct traffic {
	uint64_t sent, arrived;
	uint8_t seen[NUMBERS_MAX / 8];
};

extern struct traffic to_host, from_host;
extern uint16_t only_port;

void traffic_open(const char *device_netns, uint32_t device, uint16_t port);
void traffic_expect(const struct sessions *sessions);
void frames_add(struct frames *list, const struct frame *frame);
void frames_clear(struct frames *list);
void send_frame(const struct frame *frame);
void send_from_host(const struct peer *peer);
size_t next_packet(uint8_t *plain, const struct peer *peer, bool forged);
void pump(int ms);

/* --- testpeer-checks.c */

extern struct ctl device;
extern unsigned int patience_s;

bool await(bool (*holds)(void *arg), void *arg);
void look(struct peer *peers, unsigned int n);
void check_counted(char **words, unsigned int n);
void check_heard(struct peer *peer, uint64_t wanted);
void check_slots(const struct peer *peer, const struct session *const slots[3]);
void check_state(const struct session *session, const char *what, uint64_t wanted);
void check_endpoint(struct peer *peer, const char *wanted);
void check_began(const struct session *session, uint64_t low, uint64_t high);
void check_delivered(void);
void check_received(void);

#endif /* TESTPEER_H */
