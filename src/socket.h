/* SPDX-License-Identifier: GPL-2.0 */
/*
 * UDP sockets of a device.
 */
#ifndef FMP_SOCKET_H
#define FMP_SOCKET_H

#include <linux/types.h>

struct fmp_config;
struct fmp_dev;

int fmp_socket_open(struct fmp_dev *fmp, struct fmp_config *config);
void fmp_socket_close(struct fmp_dev *fmp);
void fmp_socket_set_gro(struct fmp_dev *fmp, bool on);

#endif /* FMP_SOCKET_H */
