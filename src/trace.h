/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: events/fmp in tracefs. None of them tells a key.
 *
 * A peer is named by its NodeAddr, which is all zeroes where none is known.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fmp

#if !defined(FMP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define FMP_TRACE_H

#include <linux/netdevice.h>
#include <linux/socket.h>
#include <linux/tracepoint.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "endpoint.h"
#include "failure.h"
#include "peer.h"
#include "session.h"
#include "stats.h"
#include "wire.h"

#ifndef FMP_TRACE_ONCE
#define FMP_TRACE_ONCE

/* Longest name of a counter, and more. */
#define FMP_TRACE_REASON_LEN	32

/**
 * enum fmp_open_verdict - what became of a frame that was found a session
 * @FMP_OPEN_AUTHENTIC: it is genuine and new
 * @FMP_OPEN_FORGED: it does not decrypt
 * @FMP_OPEN_REPLAY: it is genuine, and was here before
 */
enum fmp_open_verdict {
	FMP_OPEN_AUTHENTIC,
	FMP_OPEN_FORGED,
	FMP_OPEN_REPLAY,
};

bool fmp_trace_frame(const struct sk_buff *skb, u32 *index, u64 *counter);
void fmp_trace_peer(char *device, u8 *node_addr, const struct fmp_dev *fmp,
		    const struct fmp_peer *peer);
#endif

TRACE_DEFINE_ENUM(FMP_OPEN_AUTHENTIC);
TRACE_DEFINE_ENUM(FMP_OPEN_FORGED);
TRACE_DEFINE_ENUM(FMP_OPEN_REPLAY);
TRACE_DEFINE_ENUM(FMP_FAILURE_NOTHING);
TRACE_DEFINE_ENUM(FMP_FAILURE_WAIT);
TRACE_DEFINE_ENUM(FMP_FAILURE_AWAIT);
TRACE_DEFINE_ENUM(FMP_FAILURE_ASK);
TRACE_DEFINE_ENUM(FMP_FAILURE_GIVE_UP);
TRACE_DEFINE_ENUM(FMP_REKEY_REASON_MANUAL);
TRACE_DEFINE_ENUM(FMP_REKEY_REASON_NO_SESSION);
TRACE_DEFINE_ENUM(FMP_REKEY_REASON_FAILURES);
TRACE_DEFINE_ENUM(FMP_REKEY_REASON_AGE);
TRACE_DEFINE_ENUM(FMP_REKEY_REASON_COUNTER);

/* A received datagram is dropped, for the cause that its counter is named by. */
TRACE_EVENT(fmp_rx_drop,
	    TP_PROTO(const struct fmp_dev *fmp, const struct fmp_peer *peer,
		     const struct sk_buff *skb, enum fmp_stat stat),
	    TP_ARGS(fmp, peer, skb, stat),
	    TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			     __array(u8, peer, FMP_NODE_ADDR_LEN)
			     __array(char, reason, FMP_TRACE_REASON_LEN)
			     __field(u32, index)
			     __field(u64, counter)
			     __field(bool, framed)
	    ),
	    TP_fast_assign(fmp_trace_peer(__entry->device, __entry->peer, fmp,
					  peer);
			   strscpy(__entry->reason, fmp_stat_name(stat),
				   FMP_TRACE_REASON_LEN);
			   __entry->framed =
				fmp_trace_frame(skb, &__entry->index,
						&__entry->counter);
	    ),
	    TP_printk("device=%s peer=%16phN reason=%s framed=%d index=0x%08x counter=%llu",
		      __entry->device, __entry->peer, __entry->reason,
		      __entry->framed, __entry->index, __entry->counter)
);

/* A frame that was found a session was opened, or could not be. */
TRACE_EVENT(fmp_rx_open,
	    TP_PROTO(const struct fmp_session *session, u64 counter,
		     enum fmp_open_verdict verdict),
	    TP_ARGS(session, counter, verdict),
	    TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			     __array(u8, peer, FMP_NODE_ADDR_LEN)
			     __field(u32, index)
			     __field(u64, counter)
			     __field(unsigned int, verdict)
	    ),
	    TP_fast_assign(fmp_trace_peer(__entry->device, __entry->peer,
					  session->peer->fmp, session->peer);
			   __entry->index = session->index.local.value;
			   __entry->counter = counter;
			   __entry->verdict = verdict;
	    ),
	    TP_printk("device=%s peer=%16phN index=0x%08x counter=%llu verdict=%s",
		      __entry->device, __entry->peer, __entry->index,
		      __entry->counter,
		      __print_symbolic(__entry->verdict,
				       { FMP_OPEN_AUTHENTIC, "authentic" },
				       { FMP_OPEN_FORGED, "forged" },
				       { FMP_OPEN_REPLAY, "replay" }))
);

/* A pending session became current. */
TRACE_EVENT(fmp_cutover,
	    TP_PROTO(const struct fmp_session *session, u8 k_bit),
	    TP_ARGS(session, k_bit),
	    TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			     __array(u8, peer, FMP_NODE_ADDR_LEN)
			     __field(u32, index)
			     __field(bool, k_bit)
			     __field(bool, initiator)
	    ),
	    TP_fast_assign(fmp_trace_peer(__entry->device, __entry->peer,
					  session->peer->fmp, session->peer);
			   __entry->index = session->index.local.value;
			   __entry->k_bit = k_bit;
			   __entry->initiator = session->initiator;
	    ),
	    TP_printk("device=%s peer=%16phN index=0x%08x k=%d initiator=%d",
		      __entry->device, __entry->peer, __entry->index,
		      __entry->k_bit, __entry->initiator)
);

/* A peer is at another address now. */
TRACE_EVENT(fmp_roam,
	    TP_PROTO(const struct fmp_peer *peer,
		     const struct fmp_endpoint *endpoint),
	    TP_ARGS(peer, endpoint),
	    TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			     __array(u8, peer, FMP_NODE_ADDR_LEN)
			     __array(u8, remote, sizeof(union fmp_sockaddr))
	    ),
	    TP_fast_assign(fmp_trace_peer(__entry->device, __entry->peer,
					  peer->fmp, peer);
			   memcpy(__entry->remote, &endpoint->remote,
				  sizeof(union fmp_sockaddr));
	    ),
	    TP_printk("device=%s peer=%16phN remote=%pISpc",
		      __entry->device, __entry->peer, __entry->remote)
);

/* A frame of the current session did not decrypt. */
TRACE_EVENT(fmp_failure,
	    TP_PROTO(const struct fmp_session *session, u32 count,
		     enum fmp_failure_verdict verdict),
	    TP_ARGS(session, count, verdict),
	    TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			     __array(u8, peer, FMP_NODE_ADDR_LEN)
			     __field(u32, index)
			     __field(u32, count)
			     __field(unsigned int, verdict)
	    ),
	    TP_fast_assign(fmp_trace_peer(__entry->device, __entry->peer,
					  session->peer->fmp, session->peer);
			   __entry->index = session->index.local.value;
			   __entry->count = count;
			   __entry->verdict = verdict;
	    ),
	    TP_printk("device=%s peer=%16phN index=0x%08x count=%u decision=%s",
		      __entry->device, __entry->peer, __entry->index,
		      __entry->count,
		      __print_symbolic(__entry->verdict,
				       { FMP_FAILURE_NOTHING, "nothing" },
				       { FMP_FAILURE_WAIT, "wait" },
				       { FMP_FAILURE_AWAIT, "await" },
				       { FMP_FAILURE_ASK, "ask" },
				       { FMP_FAILURE_GIVE_UP, "give-up" }))
);

/* A peer needs a new session. */
TRACE_EVENT(fmp_rekey_needed,
	    TP_PROTO(const struct fmp_peer *peer, enum fmp_rekey_reason reason),
	    TP_ARGS(peer, reason),
	    TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			     __array(u8, peer, FMP_NODE_ADDR_LEN)
			     __field(unsigned int, reason)
	    ),
	    TP_fast_assign(fmp_trace_peer(__entry->device, __entry->peer,
					  peer->fmp, peer);
			   __entry->reason = reason;
	    ),
	    TP_printk("device=%s peer=%16phN reason=%s",
		      __entry->device, __entry->peer,
		      __print_symbolic(__entry->reason,
				       { FMP_REKEY_REASON_MANUAL, "manual" },
				       { FMP_REKEY_REASON_NO_SESSION, "no-session" },
				       { FMP_REKEY_REASON_FAILURES, "failures" },
				       { FMP_REKEY_REASON_AGE, "age" },
				       { FMP_REKEY_REASON_COUNTER, "counter" },
				       { FMP_REKEY_REASON_SILENCE, "silence" }))
);

/* Frames wait in a lane, and nobody takes them out. */
TRACE_EVENT(fmp_lane_stuck,
	    TP_PROTO(const struct net_device *dev, int cpu, unsigned int bytes),
	    TP_ARGS(dev, cpu, bytes),
	    TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			     __field(int, cpu)
			     __field(unsigned int, bytes)
	    ),
	    TP_fast_assign(strscpy(__entry->device, dev->name, IFNAMSIZ);
			   __entry->cpu = cpu;
			   __entry->bytes = bytes;
	    ),
	    TP_printk("device=%s cpu=%d bytes=%u",
		      __entry->device, __entry->cpu, __entry->bytes)
);

#endif /* FMP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
