// SPDX-License-Identifier: GPL-2.0
/*
 * testpeer: what the device is and has counted, against what it should be.
 *
 * All of it is waited for with a bound: the module may be at work on another CPU.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testpeer.h"

#define SESSIONS_MAX	16
#define WANTED_MAX	16

struct ctl device;
unsigned int patience_s = 5;

static struct ctl_counters before;

/**
 * await() - wait for something, as long as is reasonable
 *
 * Return: false if the time was up before it held.
 */
bool await(bool (*holds)(void *arg), void *arg)
{
	uint64_t end = now_ms() + patience_s * 1000;

	for (;;) {
		if (holds(arg))
			return true;
		if (now_ms() >= end)
			return false;
		pump(5);
	}
}

static void must(int err, const char *what)
{
	if (err)
		die("%s: %s", what, strerror(err));
}

/* --- counters */

/**
 * look() - remember the counters, for check_counted() and check_heard()
 */
void look(struct peer *peers, unsigned int n)
{
	unsigned int i;

	must(ctl_read_counters(&device, &before), "counters");
	for (i = 0; i < n; i++) {
		must(ctl_peer_get(&device, &peers[i].ctl), "peer");
		peers[i].heard = peers[i].ctl.rx_packets;
	}
}

struct wanted {
	unsigned int n;
	struct {
		const char *name;
		uint64_t value;
	} at[WANTED_MAX];
	char got[1024];
};

static bool is_named(const char *name, const char *list)
{
	/* Which of them a replay is depends on how old it has become. */
	if (!strcmp(list, "replays"))
		return !strcmp(name, "rx_drop_replay") || !strcmp(name, "rx_drop_too_old");
	return !strcmp(name, list);
}

static bool is_wanted(const struct wanted *w, const char *name)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		if (is_named(name, w->at[i].name))
			return true;
	return false;
}

static uint64_t grown(const struct ctl_counters *now, const char *list)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < now->n; i++)
		if (is_named(now->at[i].name, list))
			sum += now->at[i].value - before.at[i].value;
	return sum;
}

/* Each drop that was not asked for counts against the device. */
static bool other_drops(const struct wanted *w, const struct ctl_counters *now, char *text,
			size_t size)
{
	bool any = false;
	unsigned int i;
	size_t len;

	for (i = 0; i < now->n; i++) {
		if (strncmp(now->at[i].name, "rx_drop_", 8) || is_wanted(w, now->at[i].name) ||
		    now->at[i].value == before.at[i].value)
			continue;
		any = true;
		len = strlen(text);
		snprintf(text + len, size - len, " %s+%llu", now->at[i].name,
			 (unsigned long long)(now->at[i].value - before.at[i].value));
	}
	return any;
}

static bool as_counted(void *arg)
{
	struct ctl_counters now;
	struct wanted *w = arg;
	bool good = true;
	unsigned int i;
	uint64_t value;
	size_t len;

	must(ctl_read_counters(&device, &now), "counters");
	w->got[0] = '\0';
	for (i = 0; i < w->n; i++) {
		value = grown(&now, w->at[i].name);
		good &= value == w->at[i].value;
		len = strlen(w->got);
		snprintf(w->got + len, sizeof(w->got) - len, " %s+%llu", w->at[i].name,
			 (unsigned long long)value);
	}
	return !other_drops(w, &now, w->got, sizeof(w->got)) && good;
}

/**
 * check_counted() - by how much counters have grown since look()
 * @words: NAME=N; drops that are not among them must not have
 */
void check_counted(char **words, unsigned int n)
{
	struct wanted w = { .n = n };
	unsigned int i;
	char *value;

	if (n > WANTED_MAX)
		die("too many counters");
	for (i = 0; i < n; i++) {
		value = strchr(words[i], '=');
		if (!value)
			die("no number: %s", words[i]);
		*value++ = '\0';
		w.at[i].name = words[i];
		w.at[i].value = strtoull(value, NULL, 0);
	}
	if (await(as_counted, &w))
		return;
	complain("counted:%s", w.got);
	for (i = 0; i < n; i++)
		complain("wanted: %s+%llu", w.at[i].name, (unsigned long long)w.at[i].value);
}

struct heard {
	struct peer *peer;
	uint64_t wanted;
};

static bool as_heard(void *arg)
{
	struct heard *h = arg;

	must(ctl_peer_get(&device, &h->peer->ctl), "peer");
	return h->peer->ctl.rx_packets - h->peer->heard == h->wanted;
}

/**
 * check_heard() - how many authentic frames of a peer came since look()
 */
void check_heard(struct peer *peer, uint64_t wanted)
{
	struct heard h = { peer, wanted };

	if (!await(as_heard, &h))
		complain("%llu authentic frames, not %llu",
			 (unsigned long long)(peer->ctl.rx_packets - peer->heard),
			 (unsigned long long)wanted);
}

/* --- sessions */

struct slots {
	const struct peer *peer;
	const struct session *const *wanted;
	char got[256];
};

static bool in_slots(void *arg)
{
	static const char *const names[] = { "current", "pending", "previous" };
	struct ctl_session found[SESSIONS_MAX];
	struct slots *s = arg;
	unsigned int i, n, slot, matches = 0, wanted = 0;
	size_t len = 0;

	must(ctl_sessions(&device, s->peer->ctl.key, found, SESSIONS_MAX, &n), "sessions");
	for (i = 0; i < 3; i++)
		wanted += !!s->wanted[i];
	s->got[0] = '\0';
	for (i = 0; i < n; i++) {
		slot = found[i].slot;
		if (slot < 3 && s->wanted[slot] && s->wanted[slot]->ctl.local == found[i].local)
			matches++;
		len += snprintf(s->got + len, sizeof(s->got) - len, " %s %#x",
				slot < 3 ? names[slot] : "?", found[i].local);
	}
	return n == wanted && matches == wanted;
}

/**
 * check_slots() - which sessions a peer has, and where
 * @slots: by enum fmp_slot, NULL for none
 */
void check_slots(const struct peer *peer, const struct session *const slots[3])
{
	struct slots s = { peer, slots, "" };
	unsigned int i;

	if (await(in_slots, &s))
		return;
	complain("slots:%s", s.got);
	for (i = 0; i < 3; i++)
		if (slots[i])
			complain("wanted in slot %u: %s, %#x", i, slots[i]->name,
				 slots[i]->ctl.local);
}

struct state {
	const struct session *session;
	const char *what;
	uint64_t wanted, got;
};

static bool in_state(void *arg)
{
	struct ctl_session found[SESSIONS_MAX];
	struct state *s = arg;
	unsigned int i, n;

	s->got = UINT64_MAX;
	must(ctl_sessions(&device, s->session->ctl.peer, found, SESSIONS_MAX, &n), "sessions");
	for (i = 0; i < n; i++) {
		if (found[i].local != s->session->ctl.local)
			continue;
		if (!strcmp(s->what, "k"))
			s->got = found[i].k_bit;
		else if (!strcmp(s->what, "counter"))
			s->got = found[i].send_counter;
		else if (!strcmp(s->what, "highest"))
			s->got = found[i].highest;
		else
			die("no field: %s", s->what);
	}
	return s->got == s->wanted;
}

/**
 * check_state() - a field of a session: k, counter or highest
 */
void check_state(const struct session *session, const char *what, uint64_t wanted)
{
	struct state s = { session, what, wanted, 0 };

	if (!await(in_state, &s))
		complain("%s: %s is %llu, not %llu", session->name, what,
			 (unsigned long long)s.got, (unsigned long long)wanted);
}

/* --- endpoint */

struct place {
	struct peer *peer;
	const char *wanted;
	char got[64];
};

static bool in_place(void *arg)
{
	const struct sockaddr_in *at;
	struct place *p = arg;
	char ip[INET_ADDRSTRLEN] = "?";

	must(ctl_peer_get(&device, &p->peer->ctl), "peer");
	at = (const void *)&p->peer->ctl.endpoint;
	inet_ntop(AF_INET, &at->sin_addr, ip, sizeof(ip));
	snprintf(p->got, sizeof(p->got), "%s:%u", ip, ntohs(at->sin_port));
	return !strcmp(p->got, p->wanted);
}

/**
 * check_endpoint() - where the device has a peer
 */
void check_endpoint(struct peer *peer, const char *wanted)
{
	struct place p = { peer, wanted, "" };

	if (!await(in_place, &p))
		complain("endpoint %s, not %s", p.got, wanted);
}

/* --- time */

/**
 * check_began() - when a session became current, by its age and its frames
 * @low, @high: the time in between which it has to be
 *
 * Age and frames are late by what it takes to get them, never early.
 */
void check_began(const struct session *session, uint64_t low, uint64_t high)
{
	struct ctl_session found[SESSIONS_MAX];
	uint64_t asked = now_ms(), answered;
	unsigned int i, n;

	must(ctl_sessions(&device, session->ctl.peer, found, SESSIONS_MAX, &n), "sessions");
	answered = now_ms();
	for (i = 0; i < n && found[i].local != session->ctl.local; i++)
		;
	if (i == n) {
		complain("%s is not there", session->name);
		return;
	}
	if (answered - found[i].age_ms < low || asked - found[i].age_ms > high)
		complain("%s: %llu ms old, wanted %llu to %llu", session->name,
			 (unsigned long long)found[i].age_ms, (unsigned long long)(answered - high),
			 (unsigned long long)(answered - low));
	if (session->first < low || session->last > high)
		complain("%s: timestamps count from %llu, or %llu; wanted %llu to %llu",
			 session->name, (unsigned long long)session->first,
			 (unsigned long long)session->last, (unsigned long long)low,
			 (unsigned long long)high);
}

/* --- traffic */

static bool all_arrived(void *arg)
{
	const struct traffic *t = arg;

	return t->arrived == t->sent;
}

static void check_all(struct traffic *t, const char *where)
{
	if (await(all_arrived, t))
		return;
	complain("%s: %llu of %llu datagrams arrived", where, (unsigned long long)t->arrived,
		 (unsigned long long)t->sent);
	/* That is said once. */
	t->arrived = t->sent;
}

/**
 * check_delivered() - all that was sent to the host has arrived
 */
void check_delivered(void)
{
	check_all(&to_host, "to the host");
}

/**
 * check_received() - all that the host has sent has come to us
 */
void check_received(void)
{
	check_all(&from_host, "from the host");
}
