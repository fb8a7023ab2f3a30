#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 7.3
# Rekeys of module and agent with a peer in Python that keeps our rules, in both roles: what
# a network may do to the two messages of one must not cost a datagram (spec 8).

. "$(dirname "$0")/disturb.sh"

suite fmp
