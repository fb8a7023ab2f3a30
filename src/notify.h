/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink messages that describe objects: replies and notifications.
 */
#ifndef FMP_NOTIFY_H
#define FMP_NOTIFY_H

#include <linux/skbuff.h>
#include <linux/types.h>

struct fmp_dev;
struct fmp_peer;
struct fmp_session;

/**
 * struct fmp_nl_header - head of a message to userspace
 * @portid: receiver, or 0 in notifications
 * @seq: sequence number of the request, or 0
 * @flags: NLM_F_MULTI in dumps
 * @cmd: which message
 */
struct fmp_nl_header {
	u32 portid;
	u32 seq;
	int flags;
	u8 cmd;
};

/**
 * struct fmp_peer_event - what happened to a peer
 * @cmd: which notification
 * @attr: attribute that tells the reason, 0 for none
 * @reason: its value
 * @code: reason in a Disconnect, -1 for none
 */
struct fmp_peer_event {
	u8 cmd;
	u8 attr;
	u8 reason;
	int code;
};

/**
 * struct fmp_handshake_report - what the agent told of a handshake
 * @event: enum fmp_handshake_event
 * @cause: enum fmp_handshake_cause, if it failed
 */
struct fmp_handshake_report {
	u8 event;
	u8 cause;
};

size_t fmp_fill_counters_size(void);
int fmp_fill_counters(struct sk_buff *skb, const struct fmp_dev *fmp,
		      bool zeroes);
int fmp_fill_dev(struct sk_buff *skb, struct fmp_dev *fmp,
		 const struct fmp_nl_header *header, bool counters);
int fmp_fill_peer(struct sk_buff *skb, struct fmp_peer *peer,
		  const struct fmp_nl_header *header);
int fmp_fill_session(struct sk_buff *skb, struct fmp_session *session,
		     const struct fmp_nl_header *header);
void fmp_notify_dev(struct fmp_dev *fmp);
void fmp_notify_peer(struct fmp_peer *peer, u8 cmd);
void fmp_notify_session(struct fmp_session *session, u8 cmd, gfp_t gfp);
void fmp_notify_endpoint(struct fmp_peer *peer);
void fmp_notify_peer_event(struct fmp_peer *peer,
			   const struct fmp_peer_event *event);
void fmp_notify_handshake(struct fmp_peer *peer,
			  const struct fmp_handshake_report *report);

#endif /* FMP_NOTIFY_H */
