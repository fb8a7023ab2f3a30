// SPDX-License-Identifier: GPL-2.0
/*
 * UDP sockets of a device.
 *
 * They live in the namespace that the device was born in, wherever it moves:
 * a container can be given a device without the network that carries it.
 */
#include <linux/net.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "config.h"
#include "device.h"
#include "pmtu.h"
#include "rx.h"
#include "socket.h"

/* A port that is free for IPv4 may be taken for IPv6. */
#define FMP_SOCKET_TRIES	100

/**
 * struct fmp_socket_spec - what a socket shall be
 * @family: AF_INET or AF_INET6
 * @port: UDP port, 0 for any
 * @config: for address and interface
 * @replaces: socket that may have the same port, or NULL
 */
struct fmp_socket_spec {
	u8 family;
	u16 port;
	const struct fmp_config *config;
	struct sock *replaces;
};

static void fmp_socket_free(struct sock *sk)
{
	if (sk)
		udp_tunnel_sock_release(sk);
}

static int fmp_socket_bind4(struct socket *sock,
			    const struct fmp_socket_spec *spec)
{
	struct sockaddr_in address = {
		.sin_family	= AF_INET,
		.sin_port	= htons(spec->port),
		.sin_addr	= { .s_addr = spec->config->local4 },
	};

	return kernel_bind(sock, fmp_compat_sockaddr(&address),
			   sizeof(address));
}

#if IS_ENABLED(CONFIG_IPV6)
static int fmp_socket_bind6(struct socket *sock,
			    const struct fmp_socket_spec *spec)
{
	const struct fmp_config *config = spec->config;
	struct sockaddr_in6 address = {
		.sin6_family	= AF_INET6,
		.sin6_port	= htons(spec->port),
		.sin6_addr	= config->local6,
		.sin6_scope_id	= ipv6_iface_scope_id(&config->local6,
						      config->underlay),
	};
	int err;

	err = ip6_sock_set_v6only(sock->sk);
	if (err)
		return err;
	return kernel_bind(sock, fmp_compat_sockaddr(&address),
			   sizeof(address));
}
#else
static int fmp_socket_bind6(struct socket *sock,
			    const struct fmp_socket_spec *spec)
{
	return -EAFNOSUPPORT;
}
#endif

static int fmp_socket_bind_address(struct socket *sock,
				   const struct fmp_socket_spec *spec)
{
	if (spec->family == AF_INET)
		return fmp_socket_bind4(sock, spec);
	return fmp_socket_bind6(sock, spec);
}

/*
 * The port belongs to the device alone, or another program could have its
 * frames. Only while a socket takes the place of another do the two share it;
 * of others, only those of the same user could join them in that moment,
 * which is what reuseport demands and reuse does not.
 */
static int fmp_socket_bind(struct socket *sock,
			   const struct fmp_socket_spec *spec)
{
	struct sock *old = spec->replaces;
	int err;

	if (!old)
		return fmp_socket_bind_address(sock, spec);

	sock->sk->sk_reuseport = 1;
	old->sk_reuseport = 1;
	err = fmp_socket_bind_address(sock, spec);
	old->sk_reuseport = 0;
	sock->sk->sk_reuseport = 0;
	return err;
}

static void fmp_socket_attach(struct fmp_dev *fmp, struct sock *sk)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data		= fmp,
		.encap_type		= 1,
		.encap_rcv		= fmp_rx_encap,
		.encap_err_lookup	= fmp_pmtu_error,
	};

	setup_udp_tunnel_sock(sock_net(sk), sk, &cfg);
}

/* Without it GRO keeps the datagrams of others' sockets apart. */
static void fmp_socket_ask_for_gro(struct sock *sk, bool on)
{
	struct socket *sock = sk->sk_socket;
	int value = on;

	/* What can fail is to read the value. */
	READ_ONCE(sock->ops)->setsockopt(sock, SOL_UDP, UDP_GRO,
					 KERNEL_SOCKPTR(&value),
					 sizeof(value));
}

/*
 * The sockets of a device are the kernel's, whoever brought it up: another
 * user who may change its settings opens those that take their place.
 */
static void fmp_socket_disown(struct socket *sock)
{
	SOCK_INODE(sock)->i_uid = GLOBAL_ROOT_UID;
	WRITE_ONCE(sock->sk->sk_uid, GLOBAL_ROOT_UID);
}

static struct sock *fmp_socket_new(struct fmp_dev *fmp,
				   const struct fmp_socket_spec *spec)
{
	int underlay = spec->config->underlay;
	struct socket *sock;
	int err;

	err = sock_create_kern(fmp->birth_net, spec->family, SOCK_DGRAM, 0,
			       &sock);
	if (err)
		return ERR_PTR(err);
	fmp_socket_disown(sock);
	if (underlay) {
		err = sock_bindtoindex(sock->sk, underlay, true);
		if (err)
			goto free_socket;
	}
	/* Before it has a port, lest frames wait in it that nobody reads. */
	fmp_socket_attach(fmp, sock->sk);
	fmp_socket_ask_for_gro(sock->sk, spec->config->rx_batch);
	err = fmp_socket_bind(sock, spec);
	if (err)
		goto free_socket;
	return sock->sk;

free_socket:
	fmp_socket_free(sock->sk);
	return ERR_PTR(err);
}

/* A kernel without IPv6, or booted so, has an IPv4 socket only. */
static bool fmp_socket_no_family(const struct sock *sk)
{
	return PTR_ERR(sk) == -EAFNOSUPPORT || PTR_ERR(sk) == -EPFNOSUPPORT;
}

/* The socket whose port is wanted again, if any. */
static struct sock *fmp_socket_replaced(struct fmp_dev *fmp,
					struct sock __rcu *old, u16 port)
{
	struct sock *sk;

	sk = rcu_dereference_protected(old, lockdep_is_held(&fmp->lock));
	return sk && inet_sk(sk)->inet_num == port ? sk : NULL;
}

static int fmp_socket_new_pair(struct fmp_dev *fmp,
			       const struct fmp_config *config,
			       struct sock **sk4, struct sock **sk6)
{
	struct fmp_socket_spec spec = {
		.family		= AF_INET,
		.port		= config->port,
		.config		= config,
		.replaces	= fmp_socket_replaced(fmp, fmp->sk4,
						      config->port),
	};

	*sk4 = fmp_socket_new(fmp, &spec);
	if (IS_ERR(*sk4))
		return PTR_ERR(*sk4);

	spec.family = AF_INET6;
	spec.port = inet_sk(*sk4)->inet_num;
	spec.replaces = fmp_socket_replaced(fmp, fmp->sk6, spec.port);
	*sk6 = fmp_socket_new(fmp, &spec);
	if (!IS_ERR(*sk6))
		return 0;
	if (fmp_socket_no_family(*sk6)) {
		*sk6 = NULL;
		return 0;
	}
	fmp_socket_free(*sk4);
	return PTR_ERR(*sk6);
}

/* What closing does as well, but not before it has made the socket deaf. */
static void fmp_socket_hide(struct sock *sk)
{
	if (sk)
		sk->sk_prot->unhash(sk);
}

static void fmp_socket_swap(struct fmp_dev *fmp, struct sock *sk4,
			    struct sock *sk6)
{
	struct sock *old4, *old6;

	old4 = rcu_replace_pointer(fmp->sk4, sk4, lockdep_is_held(&fmp->lock));
	old6 = rcu_replace_pointer(fmp->sk6, sk6, lockdep_is_held(&fmp->lock));
	if (!old4)
		return;
	/* Frames find the other sockets from now on, and no closed one. */
	fmp_socket_hide(old4);
	fmp_socket_hide(old6);
	synchronize_net();
	fmp_socket_free(old4);
	fmp_socket_free(old6);
}

/**
 * fmp_socket_open() - open the sockets of a device, or put others in their place
 * @fmp: device
 * @config: port, address and interface; port 0 chooses one that is free for
 *          both families and tells it
 *
 * On failure the sockets are what they were.
 *
 * Context: Process context, the device's lock held.
 * Return: 0, -ENETDOWN if the namespace of the sockets is gone, or the error
 * of the socket layer, as -EADDRINUSE.
 */
int fmp_socket_open(struct fmp_dev *fmp, struct fmp_config *config)
{
	int tries = config->port ? 1 : FMP_SOCKET_TRIES;
	struct sock *sk4, *sk6;
	int err;

	lockdep_assert_held(&fmp->lock);
	if (!fmp->birth_net)
		return -ENETDOWN;

	do {
		err = fmp_socket_new_pair(fmp, config, &sk4, &sk6);
	} while (err == -EADDRINUSE && --tries);
	if (err)
		return err;

	config->port = inet_sk(sk4)->inet_num;
	fmp_socket_swap(fmp, sk4, sk6);
	return 0;
}

/**
 * fmp_socket_close() - close the sockets of a device
 * @fmp: device
 *
 * Nothing is received or sent any more when this returns.
 *
 * Context: Process context, the device's lock held.
 */
void fmp_socket_close(struct fmp_dev *fmp)
{
	lockdep_assert_held(&fmp->lock);
	fmp_socket_swap(fmp, NULL, NULL);
}

/**
 * fmp_socket_set_gro() - have GRO merge what the sockets receive, or not
 * @fmp: device that is up
 * @on: it shall
 *
 * Context: Process context, the device's lock held.
 */
void fmp_socket_set_gro(struct fmp_dev *fmp, bool on)
{
	struct sock *sk;

	lockdep_assert_held(&fmp->lock);
	sk = rcu_dereference_protected(fmp->sk4, lockdep_is_held(&fmp->lock));
	fmp_socket_ask_for_gro(sk, on);
	sk = rcu_dereference_protected(fmp->sk6, lockdep_is_held(&fmp->lock));
	if (sk)
		fmp_socket_ask_for_gro(sk, on);
}
