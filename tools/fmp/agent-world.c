// SPDX-License-Identifier: GPL-2.0
/*
 * The operations of the engine, done by the kernel and the resolver.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "agent-internal.h"

/* The device is gone for good, whoever notices it first. */
static int noticed(struct agent *agent, int err)
{
	if (err == -ENODEV)
		agent->gone = true;
	return err;
}

static int world_reserve(void *world, const uint8_t *key, uint32_t *local)
{
	struct agent *agent = world;

	return noticed(agent, kernel_index_reserve(agent->requests, &agent->target, key, local));
}

static int world_release(void *world, uint32_t local)
{
	struct agent *agent = world;

	return noticed(agent, kernel_index_release(agent->requests, &agent->target, local));
}

static int world_send(void *world, const uint8_t *frame, size_t len, const struct path *path)
{
	struct agent *agent = world;

	return noticed(agent, kernel_handshake_send(agent->requests, &agent->target, frame, len,
						    path));
}

/* The time is that of recordings. A session is worth more than a line about it. */
static void log_keys(struct agent *agent, const struct engine_session *session, uint32_t local)
{
	struct timespec now;
	int err;

	if (!agent->key_log)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	err = keylog_write(agent->key_log, session, local,
			   (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
	if (err)
		agent_log(agent_now_ms(), session->key, "its keys are not in the key log: %s",
			  strerror(-err));
}

static int world_install(void *world, const struct engine_session *session, uint32_t *local)
{
	struct agent *agent = world;
	struct session_new request = {
		.choose_index = session->choose_index,
		.local_index = session->local,
		.remote_index = session->remote,
		.send_key = session->keys->send,
		.receive_key = session->keys->receive,
		.initiator = session->initiator,
		.candidate = session->candidate,
		.epoch = session->epoch,
	};
	int err;

	memcpy(request.peer, session->key, sizeof(request.peer));
	err = kernel_try_session_new(agent->requests, &agent->target, &request);
	if (!err) {
		*local = request.local_index;
		log_keys(agent, session, *local);
	}
	return noticed(agent, err);
}

static int world_remove(void *world, uint32_t local)
{
	struct agent *agent = world;

	return noticed(agent, kernel_try_session_del(agent->requests, &agent->target, local));
}

static int world_report(void *world, const uint8_t *key, enum fmp_handshake_event event,
			enum fmp_handshake_cause cause)
{
	struct agent *agent = world;

	return noticed(agent, kernel_handshake_report(agent->requests, &agent->target, key, event,
						      cause));
}

static int world_add_peer(void *world, const uint8_t *key, const struct path *path)
{
	struct peer_change change = {
		.set_endpoint = true,
		.endpoint = path->remote,
		.dynamic = true,
	};
	struct agent *agent = world;

	memcpy(change.key, key, sizeof(change.key));
	return noticed(agent, kernel_try_peer_new(agent->requests, &agent->target, &change));
}

static int world_remove_peer(void *world, const uint8_t *key)
{
	struct agent *agent = world;

	return noticed(agent, kernel_try_peer_del(agent->requests, &agent->target, key));
}

static int world_set_endpoint(void *world, const uint8_t *key, const struct path *path)
{
	struct peer_change change = { .set_endpoint = true, .endpoint = path->remote };
	struct agent *agent = world;

	memcpy(change.key, key, sizeof(change.key));
	return noticed(agent, kernel_try_peer_set(agent->requests, &agent->target, &change));
}

static void world_resolve(void *world, const uint8_t *key, const char *name)
{
	struct agent *agent = world;

	resolver_ask(agent->resolver, key, name);
}

static bool world_admit(void *world, const uint8_t *key, bool configured)
{
	const struct agent *agent = world;

	return acl_admits(agent->acl, key, configured);
}

static int world_proven(void *world, uint32_t local)
{
	struct agent *agent = world;
	struct session session;
	int err;

	err = kernel_try_session(agent->requests, &agent->target, local, &session);
	if (err)
		return noticed(agent, err);
	return HAS(&session, FMP_A_SESSION_RECEIVE_HIGHEST) ? 1 : 0;
}

static void world_note(void *world, const uint8_t *key, enum engine_note note, int err)
{
	static const char *const text[] = {
		[NOTE_STARTED] = "handshake started",
		[NOTE_COMPLETED] = "handshake completed, as initiator",
		[NOTE_ANSWERED] = "handshake answered",
		[NOTE_TIMEOUT] = "handshake failed: no answer",
		[NOTE_RESTARTED] = "the peer has been restarted",
		[NOTE_REFUSED] = "not admitted by the rules",
		[NOTE_FULL] = "not admitted: too many peers that are not configured",
		[NOTE_FORGED] = "an answer that is not the peer's, ignored",
		[NOTE_KERNEL] = "handshake failed: the kernel refuses",
		[NOTE_UNREACHABLE] = "handshake failed: cannot send",
		[NOTE_UNRESOLVED] = "the name of its endpoint has no address",
		[NOTE_UNPROVEN] = "a session that the peer did not use is removed",
		[NOTE_EXPIRED] = "without a session for long, removed",
	};

	(void)world;
	if (err)
		agent_log(agent_now_ms(), key, "%s: %s", text[note], strerror(-err));
	else
		agent_log(agent_now_ms(), key, "%s", text[note]);
}

static uint32_t world_random(void *world, uint32_t limit)
{
	(void)world;
	return randombytes_uniform(limit);
}

const struct engine_ops agent_ops = {
	.reserve = world_reserve,
	.release = world_release,
	.send = world_send,
	.install = world_install,
	.remove = world_remove,
	.report = world_report,
	.add_peer = world_add_peer,
	.remove_peer = world_remove_peer,
	.set_endpoint = world_set_endpoint,
	.resolve = world_resolve,
	.admit = world_admit,
	.proven = world_proven,
	.note = world_note,
	.random = world_random,
};
