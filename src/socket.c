// SPDX-License-Identifier: GPL-2.0
/*
 * UDP sockets of a device.
 *
 * They live in the namespace that the device was born in, wherever it moves:
 * a container can be given a device without the network that carries it.
 */
#include <linux/net.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "device.h"
#include "rx.h"
#include "socket.h"

/* A port that is free for IPv4 may be taken for IPv6. */
#define FMP_SOCKET_TRIES	100

static struct sock *fmp_socket_new(struct net *net, u8 family, u16 port)
{
	struct udp_port_cfg cfg = {
		.family			= family,
		.local_udp_port		= htons(port),
		.use_udp_checksums	= true,
	};
	struct socket *sock;
	int err;

#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6) {
		cfg.use_udp6_tx_checksums = true;
		cfg.use_udp6_rx_checksums = true;
		cfg.ipv6_v6only = true;
	}
#endif
	err = udp_sock_create(net, &cfg, &sock);
	return err ? ERR_PTR(err) : sock->sk;
}

static void fmp_socket_free(struct sock *sk)
{
	if (sk)
		udp_tunnel_sock_release(sk);
}

static void fmp_socket_attach(struct fmp_dev *fmp, struct sock *sk)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data	= fmp,
		.encap_type	= 1,
		.encap_rcv	= fmp_rx_encap,
	};

	if (sk)
		setup_udp_tunnel_sock(sock_net(sk), sk, &cfg);
}

/* A kernel without IPv6, or booted so, has an IPv4 socket only. */
static bool fmp_socket_no_family(const struct sock *sk)
{
	return PTR_ERR(sk) == -EAFNOSUPPORT || PTR_ERR(sk) == -EPFNOSUPPORT;
}

static int fmp_socket_new_pair(struct net *net, u16 port, struct sock **sk4,
			       struct sock **sk6)
{
	*sk4 = fmp_socket_new(net, AF_INET, port);
	if (IS_ERR(*sk4))
		return PTR_ERR(*sk4);

	*sk6 = fmp_socket_new(net, AF_INET6,
			      ntohs(inet_sk(*sk4)->inet_sport));
	if (!IS_ERR(*sk6))
		return 0;
	if (fmp_socket_no_family(*sk6)) {
		*sk6 = NULL;
		return 0;
	}
	fmp_socket_free(*sk4);
	return PTR_ERR(*sk6);
}

static void fmp_socket_swap(struct fmp_dev *fmp, struct sock *sk4,
			    struct sock *sk6)
{
	struct sock *old4, *old6;

	old4 = rcu_replace_pointer(fmp->sk4, sk4, lockdep_is_held(&fmp->lock));
	old6 = rcu_replace_pointer(fmp->sk6, sk6, lockdep_is_held(&fmp->lock));
	if (!old4)
		return;
	synchronize_net();
	fmp_socket_free(old4);
	fmp_socket_free(old6);
}

/**
 * fmp_socket_open() - open the sockets of a device, or move them to a port
 * @fmp: device
 * @port: UDP port; 0 chooses one that is free for both families and tells it
 *
 * On failure the sockets are what they were.
 *
 * Context: Process context, the device's lock held.
 * Return: 0, -ENETDOWN if the namespace of the sockets is gone, or the error
 * of the socket layer, as -EADDRINUSE.
 */
int fmp_socket_open(struct fmp_dev *fmp, u16 *port)
{
	int tries = *port ? 1 : FMP_SOCKET_TRIES;
	struct sock *sk4, *sk6;
	int err;

	lockdep_assert_held(&fmp->lock);
	if (!fmp->birth_net)
		return -ENETDOWN;

	do {
		err = fmp_socket_new_pair(fmp->birth_net, *port, &sk4, &sk6);
	} while (err == -EADDRINUSE && --tries);
	if (err)
		return err;

	*port = ntohs(inet_sk(sk4)->inet_sport);
	fmp_socket_attach(fmp, sk4);
	fmp_socket_attach(fmp, sk6);
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
