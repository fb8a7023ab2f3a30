// SPDX-License-Identifier: GPL-2.0
#include "resolve.h"

#include <arpa/inet.h>
#include <ares.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

#define SERVERS "/etc/resolv.conf"
#define TIMEOUT_MS 2000
#define TRIES 3
#define HOST_SIZE 256

struct query {
	struct query *next;
	struct resolver *resolver;
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	uint16_t port;
	char host[HOST_SIZE];
	char name[];
};

struct resolver {
	ares_channel channel;
	int fd;			/* an epoll of the sockets of the channel */
	resolved_fn resolved;
	void *arg;
	unsigned int under_way;
	unsigned int inside;	/* calls of the library, which may call us */
	struct query *waiting, **last;
	bool stale;		/* the channel */
	bool closing;
	uint32_t mark;
	bool unmarked;		/* which was said */
	struct timespec servers;	/* when they were changed */
};

bool resolve_split(const char *name, char *host, uint16_t *port)
{
	const char *colon = strrchr(name, ':');
	char *end;
	unsigned long number;
	size_t len;

	if (!colon || colon == name)
		return false;
	len = (size_t)(colon - name);
	if (colon[1] < '0' || colon[1] > '9')
		return false;
	number = strtoul(colon + 1, &end, 10);
	if (*end || !number || number > UINT16_MAX)
		return false;
	if (name[0] == '[' && len > 2 && colon[-1] == ']') {
		name++;
		len -= 2;
	} else if (strcspn(name, ":[]") < len) {
		return false;
	}
	if (len >= HOST_SIZE)
		return false;
	memcpy(host, name, len);
	host[len] = '\0';
	*port = (uint16_t)number;
	return true;
}

static bool usable(const struct endpoint *endpoint)
{
	const struct address *address = &endpoint->address;

	if (address->family == AF_INET)
		return address->v4.s_addr != INADDR_ANY &&
		       address->v4.s_addr != INADDR_BROADCAST &&
		       !IN_MULTICAST(ntohl(address->v4.s_addr));
	return !IN6_IS_ADDR_UNSPECIFIED(&address->v6) && !IN6_IS_ADDR_MULTICAST(&address->v6) &&
	       !IN6_IS_ADDR_V4MAPPED(&address->v6) &&
	       (!IN6_IS_ADDR_LINKLOCAL(&address->v6) || endpoint->scope_id);
}

static bool take_node(struct endpoint *endpoint, const struct ares_addrinfo_node *node,
		      uint16_t port)
{
	const struct sockaddr_in6 *v6 = (const void *)node->ai_addr;
	const struct sockaddr_in *v4 = (const void *)node->ai_addr;

	memset(endpoint, 0, sizeof(*endpoint));
	endpoint->port = port;
	endpoint->address.family = node->ai_family;
	if (node->ai_family == AF_INET && (size_t)node->ai_addrlen >= sizeof(*v4)) {
		endpoint->address.v4 = v4->sin_addr;
	} else if (node->ai_family == AF_INET6 && (size_t)node->ai_addrlen >= sizeof(*v6)) {
		endpoint->address.v6 = v6->sin6_addr;
		endpoint->scope_id = v6->sin6_scope_id;
	} else {
		return false;
	}
	return usable(endpoint);
}

size_t resolve_take(struct endpoint out[RESOLVE_ADDRESSES], uint64_t *ttl_ms,
		    const struct ares_addrinfo *info, uint16_t port)
{
	const struct ares_addrinfo_node *node;
	const struct ares_addrinfo_cname *cname;
	int ttl = RESOLVE_TTL_MAX;
	size_t count = 0;

	/* An answer is as old as its oldest part. */
	for (cname = info->cnames; cname; cname = cname->next)
		if (cname->ttl < ttl)
			ttl = cname->ttl;
	for (node = info->nodes; node && count < RESOLVE_ADDRESSES; node = node->ai_next) {
		if (!take_node(&out[count], node, port))
			continue;
		if (node->ai_ttl < ttl)
			ttl = node->ai_ttl;
		count++;
	}
	*ttl_ms = 1000 * (uint64_t)(ttl > 0 ? ttl : 0);
	return count;
}

static void watch(void *arg, ares_socket_t socket, int readable, int writable)
{
	struct epoll_event event = { .data.fd = socket };
	struct resolver *resolver = arg;

	if (!readable && !writable) {
		epoll_ctl(resolver->fd, EPOLL_CTL_DEL, socket, NULL);
		return;
	}
	event.events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
	if (epoll_ctl(resolver->fd, EPOLL_CTL_MOD, socket, &event) && errno == ENOENT)
		epoll_ctl(resolver->fd, EPOLL_CTL_ADD, socket, &event);
}

/*
 * The routes of the device must not decide where its own endpoint is asked for.  A server
 * that is reached without the mark is better than none.
 */
static int mark_socket(ares_socket_t socket, int type, void *arg)
{
	struct resolver *resolver = arg;

	(void)type;
	if (!resolver->mark || resolver->unmarked ||
	    !setsockopt(socket, SOL_SOCKET, SO_MARK, &resolver->mark, sizeof(resolver->mark)))
		return ARES_SUCCESS;
	resolver->unmarked = true;
	warning("cannot mark the queries for names, which take the routes of everybody: %s",
		strerror(errno));
	return ARES_SUCCESS;
}

static struct timespec changed_servers(void)
{
	struct stat st;

	if (stat(SERVERS, &st))
		memset(&st, 0, sizeof(st));
	return st.st_mtim;
}

static int open_channel(struct resolver *resolver)
{
	struct ares_options options = {
		.timeout = TIMEOUT_MS,
		.tries = TRIES,
		.sock_state_cb = watch,
		.sock_state_cb_data = resolver,
	};

	int err;

	resolver->servers = changed_servers();
	resolver->stale = false;
	err = ares_init_options(&resolver->channel, &options,
				ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
	if (!err)
		ares_set_socket_configure_callback(resolver->channel, mark_socket, resolver);
	return err;
}

int resolver_new(struct resolver **out, resolved_fn resolved, void *arg)
{
	struct resolver *resolver = xcalloc(1, sizeof(*resolver));
	int err;

	resolver->resolved = resolved;
	resolver->arg = arg;
	resolver->last = &resolver->waiting;
	resolver->fd = epoll_create1(EPOLL_CLOEXEC);
	err = resolver->fd < 0 ? ARES_ENOMEM : ares_library_init(ARES_LIB_INIT_ALL);
	if (!err)
		err = open_channel(resolver);
	if (err) {
		if (resolver->fd >= 0)
			close(resolver->fd);
		free(resolver);
		return refused("cannot start the resolver: %s", ares_strerror(err));
	}
	*out = resolver;
	return STATUS_OK;
}

void resolver_free(struct resolver *resolver)
{
	struct query *query;

	if (!resolver)
		return;
	resolver->closing = true;
	ares_destroy(resolver->channel);
	while ((query = resolver->waiting)) {
		resolver->waiting = query->next;
		free(query);
	}
	ares_library_cleanup();
	close(resolver->fd);
	free(resolver);
}

static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct endpoint addresses[RESOLVE_ADDRESSES];
	struct query *query = arg;
	struct resolver *resolver = query->resolver;
	uint64_t ttl_ms = 0;
	size_t count = 0;

	(void)timeouts;
	if (status == ARES_SUCCESS && info)
		count = resolve_take(addresses, &ttl_ms, info, query->port);
	if (info)
		ares_freeaddrinfo(info);
	resolver->under_way--;
	if (!resolver->closing)
		resolver->resolved(resolver->arg, query->key, query->name, addresses, count,
				   ttl_ms);
	free(query);
}

/* The library reads the list of servers once. */
static void renew_channel(struct resolver *resolver)
{
	struct timespec now = changed_servers();
	ares_channel old = resolver->channel;

	if (resolver->under_way || resolver->inside)
		return;
	if (!resolver->stale && now.tv_sec == resolver->servers.tv_sec &&
	    now.tv_nsec == resolver->servers.tv_nsec)
		return;
	if (open_channel(resolver)) {
		resolver->channel = old;
		return;
	}
	ares_destroy(old);
}

static void ask_next(struct resolver *resolver)
{
	const struct ares_addrinfo_hints hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	struct query *query;

	while (resolver->under_way < RESOLVE_AT_ONCE && (query = resolver->waiting)) {
		resolver->waiting = query->next;
		if (!resolver->waiting)
			resolver->last = &resolver->waiting;
		renew_channel(resolver);
		resolver->under_way++;
		resolver->inside++;
		ares_getaddrinfo(resolver->channel, query->host, NULL, &hints, answered, query);
		resolver->inside--;
	}
}

/* An address stands for itself; the library asks a server about some. */
static bool is_literal(struct endpoint *endpoint, const struct query *query)
{
	memset(endpoint, 0, sizeof(*endpoint));
	endpoint->port = query->port;
	endpoint->address.family = AF_INET;
	if (inet_pton(AF_INET, query->host, &endpoint->address.v4) == 1)
		return true;
	endpoint->address.family = AF_INET6;
	return inet_pton(AF_INET6, query->host, &endpoint->address.v6) == 1;
}

void resolver_ask(struct resolver *resolver, const uint8_t *key, const char *name)
{
	struct query *query = xcalloc(1, sizeof(*query) + strlen(name) + 1);
	struct endpoint literal;

	query->resolver = resolver;
	memcpy(query->key, key, sizeof(query->key));
	strcpy(query->name, name);
	if (!resolve_split(name, query->host, &query->port)) {
		free(query);
		resolver->resolved(resolver->arg, key, name, NULL, 0, 0);
		return;
	}
	if (is_literal(&literal, query)) {
		free(query);
		resolver->resolved(resolver->arg, key, name, &literal, usable(&literal),
				   1000 * (uint64_t)RESOLVE_TTL_MAX);
		return;
	}
	*resolver->last = query;
	resolver->last = &query->next;
	ask_next(resolver);
}

void resolver_restart(struct resolver *resolver)
{
	resolver->stale = true;
}

void resolver_set_mark(struct resolver *resolver, uint32_t mark)
{
	if (mark == resolver->mark)
		return;
	resolver->mark = mark;
	resolver->unmarked = false;
	/* Sockets that are open have the old one. */
	resolver->stale = true;
}

int resolver_fd(const struct resolver *resolver)
{
	return resolver->fd;
}

int resolver_timeout_ms(const struct resolver *resolver)
{
	struct timeval left;

	if (!resolver->under_way)
		return -1;
	if (!ares_timeout(resolver->channel, NULL, &left))
		return -1;
	return (int)(left.tv_sec * 1000 + (left.tv_usec + 999) / 1000);
}

void resolver_work(struct resolver *resolver)
{
	struct epoll_event events[16];
	int count, i;

	resolver->inside++;
	count = epoll_wait(resolver->fd, events, ARRAY_SIZE(events), 0);
	for (i = 0; i < count; i++) {
		bool in = events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP);
		bool out = events[i].events & (EPOLLOUT | EPOLLERR);

		ares_process_fd(resolver->channel, in ? events[i].data.fd : ARES_SOCKET_BAD,
				out ? events[i].data.fd : ARES_SOCKET_BAD);
	}
	/* What nobody answered is asked again, or given up. */
	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	resolver->inside--;
	ask_next(resolver);
}
