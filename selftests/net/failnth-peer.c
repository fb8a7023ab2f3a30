// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about peers and sessions that failnth walks.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "failnth.h"

#define MSG1_LEN	114

/* --- what several have in common */

static void put_endpoint(struct request *r, uint32_t address)
{
	put_ip4(r, FMP_A_PEER_ENDPOINT_IPV4, address);
	mnl_attr_put_u16(r->head, FMP_A_PEER_ENDPOINT_PORT, htons(PORT));
}

static void put_address4(struct request *r, uint32_t address)
{
	struct nlattr *nest = mnl_attr_nest_start(r->head, FMP_A_PEER_ADDRESS);

	put_ip4(r, FMP_A_ADDRESS_IPV4, address);
	mnl_attr_nest_end(r->head, nest);
}

static void put_address6(struct request *r, unsigned int n)
{
	struct nlattr *nest = mnl_attr_nest_start(r->head, FMP_A_PEER_ADDRESS);
	uint8_t address[16] = { 0xfd, 0x09, [14] = n >> 8, [15] = n };

	mnl_attr_put(r->head, FMP_A_ADDRESS_IPV6, sizeof(address), address);
	mnl_attr_nest_end(r->head, nest);
}

static void begin_peer(struct request *r, uint8_t cmd, unsigned int n)
{
	begin_request(r, cmd, 0);
	put_key(r, FMP_A_PEER_PUBLIC_KEY, n);
}

/**
 * del_peer() - remove a peer, if it is there
 */
void del_peer(unsigned int n)
{
	struct request r;
	int err;

	begin_peer(&r, FMP_CMD_PEER_DEL, n);
	err = send_request(&r);
	if (err != ENOENT)
		must_be(0, err, "peer-del");
}

/**
 * new_peer() - add a peer, which is nobody's yet; without heartbeats
 */
void new_peer(unsigned int n)
{
	struct request r;

	del_peer(n);
	begin_peer(&r, FMP_CMD_PEER_NEW, n);
	put_endpoint(&r, THERE);
	mnl_attr_put_u16(r.head, FMP_A_PEER_HEARTBEAT, 0);
	put_address4(&r, OVERLAY(n));
	must_be(0, send_request(&r), "peer-new");
}

/**
 * session_key() - key of a session; the peer's is the other one
 */
void session_key(uint8_t *key, unsigned int n, unsigned int generation, bool send)
{
	memset(key, n, FMP_KEY_SIZE);
	key[0] = generation;
	key[1] = send;
}

static int add_session(unsigned int n, unsigned int generation, bool initiator,
		       const uint32_t *local)
{
	uint8_t key[FMP_KEY_SIZE];
	struct request r;

	begin_peer(&r, FMP_CMD_SESSION_NEW, n);
	if (local)
		mnl_attr_put_u32(r.head, FMP_A_SESSION_LOCAL_INDEX, *local);
	mnl_attr_put_u32(r.head, FMP_A_SESSION_REMOTE_INDEX, n << 16 | generation);
	session_key(key, n, generation, true);
	mnl_attr_put(r.head, FMP_A_SESSION_SEND_KEY, sizeof(key), key);
	session_key(key, n, generation, false);
	mnl_attr_put(r.head, FMP_A_SESSION_RECEIVE_KEY, sizeof(key), key);
	if (initiator)
		mnl_attr_put(r.head, FMP_A_SESSION_INITIATOR, 0, NULL);
	return send_request(&r);
}

/**
 * new_session() - add a session
 *
 * Return: Its local index.
 */
uint32_t new_session(unsigned int n, unsigned int generation, bool initiator)
{
	must_be(0, add_session(n, generation, initiator, NULL), "session-new");
	return answered_index();
}

/* --- peers */

static int add_peer(void)
{
	struct request r;

	begin_peer(&r, FMP_CMD_PEER_NEW, PEER_MUTE);
	put_endpoint(&r, ELSEWHERE);
	mnl_attr_put_strz(r.head, FMP_A_PEER_ENDPOINT_NAME, "peer.example");
	mnl_attr_put_u16(r.head, FMP_A_PEER_HEARTBEAT, 5);
	put_address4(&r, OVERLAY(PEER_MUTE));
	put_address4(&r, OVERLAY(PEER_MUTE + 256));
	put_address6(&r, PEER_MUTE);
	return send_request(&r);
}

static void no_mute_peer(void)
{
	del_peer(PEER_MUTE);
}

static void new_mute_peer(void)
{
	new_peer(PEER_MUTE);
}

static int set_peer_to(uint32_t endpoint, const char *name, bool more)
{
	struct request r;

	begin_peer(&r, FMP_CMD_PEER_SET, PEER_STAYS);
	put_endpoint(&r, endpoint);
	mnl_attr_put_strz(r.head, FMP_A_PEER_ENDPOINT_NAME, name);
	mnl_attr_put(r.head, FMP_A_PEER_REPLACE_ADDRESSES, 0, NULL);
	put_address4(&r, OVERLAY(PEER_STAYS));
	if (more) {
		put_address4(&r, OVERLAY(PEER_STAYS + 256));
		put_address6(&r, PEER_STAYS);
	}
	return send_request(&r);
}

static int set_peer(void)
{
	return set_peer_to(ELSEWHERE, "another.example", true);
}

static void set_peer_back(void)
{
	must_be(0, set_peer_to(THERE, "", false), "peer-set");
}

static int remove_peer(void)
{
	struct request r;

	begin_peer(&r, FMP_CMD_PEER_DEL, PEER_MUTE);
	return send_request(&r);
}

/* --- sessions */

static int add_first_session(void)
{
	return add_session(PEER_MUTE, 1, false, NULL);
}

static int add_next_session(void)
{
	return add_session(PEER_STAYS, 2, false, NULL);
}

static uint32_t chosen;

static bool is_reserved;

static int add_session_at(void)
{
	return add_session(PEER_STAYS, 2, false, &chosen);
}

/* After a failure it still is. */
static void reserve_index(void)
{
	struct request r;

	if (is_reserved)
		return;
	begin_peer(&r, FMP_CMD_INDEX_RESERVE, PEER_STAYS);
	must_be(0, send_request(&r), "index-reserve");
	chosen = answered_index();
	is_reserved = true;
}

static int remove_session(void)
{
	struct request r;

	begin_request(&r, FMP_CMD_SESSION_DEL, 0);
	mnl_attr_put_u32(r.head, FMP_A_SESSION_LOCAL_INDEX, answered_index());
	return send_request(&r);
}

static void drop_session(void)
{
	must_be(0, remove_session(), "session-del");
}

/* Its index is in quarantine. After a failure the same has to do. */
static void drop_session_at(void)
{
	drop_session();
	is_reserved = false;
	chosen++;
}

static void have_next_session(void)
{
	new_session(PEER_STAYS, 2, false);
}

static int ask_rekey(void)
{
	struct request r;

	begin_request(&r, FMP_CMD_REKEY, 0);
	return send_request(&r);
}

/* --- handshakes */

static int reserve(void)
{
	struct request r;

	begin_peer(&r, FMP_CMD_INDEX_RESERVE, PEER_STAYS);
	return send_request(&r);
}

static void unreserve(void)
{
	struct request r;

	begin_request(&r, FMP_CMD_INDEX_RELEASE, 0);
	mnl_attr_put_u32(r.head, FMP_A_HANDSHAKE_LOCAL_INDEX, answered_index());
	must_be(0, send_request(&r), "index-release");
}

static void begin_handshake(struct request *r)
{
	uint8_t frame[MSG1_LEN] = { 0x01, 0, MSG1_LEN - 4 };

	begin_request(r, FMP_CMD_HANDSHAKE_SEND, 0);
	mnl_attr_put(r->head, FMP_A_HANDSHAKE_FRAME, sizeof(frame), frame);
	mnl_attr_put_u16(r->head, FMP_A_HANDSHAKE_ENDPOINT_PORT, htons(PORT));
}

static int send_handshake(void)
{
	struct request r;

	begin_handshake(&r);
	put_ip4(&r, FMP_A_HANDSHAKE_ENDPOINT_IPV4, THERE);
	return send_request(&r);
}

static int send_handshake6(void)
{
	struct in6_addr there;
	struct request r;

	begin_handshake(&r);
	inet_pton(AF_INET6, THERE6, &there);
	mnl_attr_put(r.head, FMP_A_HANDSHAKE_ENDPOINT_IPV6, sizeof(there), &there);
	return send_request(&r);
}

static int report_handshake(void)
{
	struct request r;

	begin_peer(&r, FMP_CMD_HANDSHAKE_REPORT, PEER_MUTE);
	mnl_attr_put_u8(r.head, FMP_A_HANDSHAKE_EVENT, FMP_HANDSHAKE_EVENT_STARTED);
	return send_request(&r);
}

static int send_message(void)
{
	uint8_t message[300] = { 0x20 };
	struct request r;

	begin_request(&r, FMP_CMD_LINK_SEND, 0);
	put_key(&r, FMP_A_MESSAGE_PUBLIC_KEY, PEER_STAYS);
	mnl_attr_put(r.head, FMP_A_MESSAGE_PAYLOAD, sizeof(message), message);
	return send_request(&r);
}

static void forget_frames(void)
{
	drain_frames();
}

/* What was not refused is on its way. */
static int one_frame(int err)
{
	unsigned int n = drain_frames();

	if (err)
		return n ? EIO : err;
	return n == 1 ? 0 : EIO;
}

/* --- roles */

static int ask_as(uint8_t cmd, bool agent)
{
	struct request r;

	begin_request(&r, cmd, 0);
	return send_as(&r, agent);
}

static int bind_agent(void)
{
	return ask_as(FMP_CMD_AGENT_BIND, true);
}

static void unbind_agent(void)
{
	must_be(0, ask_as(FMP_CMD_AGENT_UNBIND, true), "agent-unbind");
}

static int bind_link(void)
{
	return ask_as(FMP_CMD_LINK_BIND, false);
}

static void unbind_link(void)
{
	must_be(0, ask_as(FMP_CMD_LINK_UNBIND, false), "link-unbind");
}

/* --- questions */

static int get_device(void)
{
	struct request r;

	begin_request(&r, FMP_CMD_DEV_GET, 0);
	return send_request(&r);
}

static int get_peer(void)
{
	struct request r;

	begin_peer(&r, FMP_CMD_PEER_GET, PEER_STAYS);
	return send_request(&r);
}

static int get_session(void)
{
	struct request r;

	begin_request(&r, FMP_CMD_SESSION_GET, 0);
	mnl_attr_put_u32(r.head, FMP_A_SESSION_LOCAL_INDEX, stays_index());
	return send_request(&r);
}

static void ask_anew(void)
{
	fresh_socket(false);
}

static int list(uint8_t cmd)
{
	struct request r;

	begin_request(&r, cmd, NLM_F_DUMP);
	return send_fresh(&r);
}

static int list_devices(void)
{
	return list(FMP_CMD_DEV_GET);
}

static int list_peers(void)
{
	return list(FMP_CMD_PEER_GET);
}

static int list_sessions(void)
{
	return list(FMP_CMD_SESSION_GET);
}

static void ask_links_anew(void)
{
	fresh_socket(true);
}

static int list_links(void)
{
	struct request r;

	begin_link(&r, RTM_GETLINK, NLM_F_DUMP, 0);
	return send_fresh(&r);
}

const struct operation peer_operations[] = {
	{ "a peer is added", 10, .prepare = no_mute_peer, .act = add_peer, .undo = no_mute_peer },
	{ "a peer is changed", 5, .act = set_peer, .undo = set_peer_back },
	{ "a peer is removed", 1, .prepare = new_mute_peer, .act = remove_peer },
	{ "a first session is added", 4, .prepare = new_mute_peer, .act = add_first_session,
	  .undo = drop_session },
	{ "a next session is added", 4, .act = add_next_session, .undo = drop_session },
	{ "a session is added at an index", 4, .act = add_session_at, .undo = drop_session_at },
	{ "a session takes a reserved index", 4, .prepare = reserve_index, .act = add_session_at,
	  .undo = drop_session_at },
	{ "a session is removed", 1, .prepare = have_next_session, .act = remove_session },
	{ "new sessions are asked for", 1, .act = ask_rekey },
	{ "an index is reserved", 3, .act = reserve, .undo = unreserve },
	{ "a handshake message is sent", 2, .prepare = forget_frames, .act = send_handshake,
	  .outcome = one_frame },
	{ "a handshake message is sent by IPv6", 2, .prepare = forget_frames, .act = send_handshake6,
	  .outcome = one_frame },
	{ "a handshake is told of", 2, .prepare = new_mute_peer, .act = report_handshake },
	{ "a link message is sent", 2, .prepare = forget_frames, .act = send_message,
	  .outcome = one_frame },
	{ "an agent is bound", 1, .act = bind_agent, .undo = unbind_agent },
	{ "who gets link messages is bound", 1, .act = bind_link, .undo = unbind_link },
	{ "a device is asked for", 2, .act = get_device },
	{ "a peer is asked for", 2, .act = get_peer },
	{ "a session is asked for", 2, .act = get_session },
	{ "devices are listed", 2, .everywhere = true, .prepare = ask_anew,
	  .act = list_devices },
	{ "peers are listed", 2, .everywhere = true, .prepare = ask_anew,
	  .act = list_peers },
	{ "sessions are listed", 2, .everywhere = true, .prepare = ask_anew,
	  .act = list_sessions },
	{ "links are listed", 2, .everywhere = true, .prepare = ask_links_anew,
	  .act = list_links },
	{ NULL }
};
