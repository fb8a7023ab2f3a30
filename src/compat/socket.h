/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMPAT_SOCKET_H
#define FMP_COMPAT_SOCKET_H

#include <linux/net.h>
#include <linux/socket.h>

/* What kernel_bind() takes: an address of unknown size, since 7.0. */
#ifdef FMP_HAS_SOCKADDR_UNSIZED
#define fmp_compat_sockaddr(address)	((struct sockaddr_unsized *)(address))
#else
#define fmp_compat_sockaddr(address)	((struct sockaddr *)(address))
#endif

#endif /* FMP_COMPAT_SOCKET_H */
