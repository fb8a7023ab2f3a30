# SPDX-License-Identifier: GPL-2.0
"""Tests of the peer itself: against the vectors, and against another of its kind."""
