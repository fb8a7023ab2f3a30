/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_VERSION_H
#define FMP_VERSION_H

#define FMP_VERSION "0.1.0"

#endif /* FMP_VERSION_H */
