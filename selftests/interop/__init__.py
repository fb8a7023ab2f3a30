# SPDX-License-Identifier: GPL-2.0
"""A second, independent peer that speaks FMP: what fmp is tested against.

Written from the protocol text alone, in plain Python without any package besides
the standard library.  It is not in constant time and must never see a key of worth.
"""
