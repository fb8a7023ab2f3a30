#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# The cutover from one session to the next, frame by frame, in both roles: what proves
# the new one, what does not, under which keys the device sends, and that no datagram is
# lost either way (spec 5.4, 5.5, 8.5, 8.6, 8.9).

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/play.sh"

# Frames of each session that are shuffled, and rounds of a flood with 50 in each.
MANY=300 ROUNDS=60
[ "$SLOW" = 0 ] || MANY=60 ROUNDS=8

# Peer r drains while something else is tried.
drain_begins() {
	cat <<-END
		peer r 10.9.0.5 10.0.2.2
		session r1 r
		session r2 r k=1
		session r3 r k=0
		install r1
		install r2
		frame r1 times=10
		frame r2
		mark drain
		slots r current=r2 previous=r1
		tx 1 under=r2
		install r3
		mark pending
		delivered
		ok a third session waits while the first one drains
	END
}

drain_ends() {
	cat <<-END
		until drain 9300
		frame r1 times=3
		delivered
		slots r current=r2 pending=r3 previous=r1
		ok a drain accepts frames for almost 10 s
		until drain 10000
		slots r current=r2 pending=r3
		elapsed drain 9900 $((12500 + 30000 * SLOW))
		look
		replay r1
		counted rx_drop_unknown_index=13
		frame r1 flip=-1.0
		counted rx_drop_unknown_index=14
		ok after 10 s its index is nobody's
		tx 3 under=r2
		frame r3 times=2
		delivered
		slots r current=r3 previous=r2
		tx 3 under=r3
		ok the session that pended takes over
	END
}

# --- the device is responder

responder() {
	cat <<-END
		peer p 10.9.0.2 10.0.2.2
		session a p
		session b p k=1
		install a
		frame a times=10
		tx 5 under=a
		delivered
		slots p current=a
		ok traffic under the first session, from counter 0

		install b
		look
		frame a k=1 flip=-1.0
		frame b flip=-1.0
		frame b k=0 flip=20.3
		frame b key=a
		frame a key=b k=1
		frame a index=b k=1
		frame b flip=1.0
		frame b index=a counter=+1000
		counted rx_drop_auth=8
		heard p 0
		slots p current=a pending=b
		state a k=0
		state b highest=0
		tx 5 under=a
		ok a spoofed K bit, the right index or a wrong key proves nothing

		frame a k=1 times=3
		delivered
		slots p current=a pending=b
		frame a k=0
		state a k=0
		tx 5 under=a
		ok an authentic K bit of the current session proves no other

		look
		frame a plain=00000000
		frame b key=a plain=00000000
		frame a counter=0 index=b
		counted rx_drop_inner_short=1 rx_drop_auth=2
		slots p current=a pending=b
		ok nor does a short frame

		batch
		frame a times=$MANY
		frame b times=$MANY
		look
		flush shuffle=1 tx=$MANY under=a|b
		delivered
		counted rx_frames=$((2 * MANY))
		heard p $((2 * MANY))
		slots p current=b previous=a
		state b k=1 highest=$((MANY - 1))
		ok $((2 * MANY)) frames of both, in any order, all arrive

		tx 5 under=b
		delivered
		ok from then on the device sends under the new one, with its K bit

		look
		replay a
		replay b
		counted replays=$((2 * MANY + 15))
		heard p 0
		delivered
		slots p current=b previous=a
		ok no frame of before or since is accepted twice
	END
}

# The whole of three sessions at once; what is sent must be under the current one.
three() {
	cat <<-END
		session c p k=0
		install c
		batch
		frame a times=$MANY dup=1
		frame b times=$MANY dup=1
		look
		flush shuffle=2 tx=$MANY under=b
		delivered
		counted replays=$((2 * MANY))
		slots p current=b pending=c previous=a
		ok previous and current interleaved, each twice: once accepted, and c stays

		batch
		frame b times=$MANY
		frame c times=$MANY
		flush shuffle=3 tx=$MANY under=b|c
		delivered
		slots p current=c previous=b
		state c k=0
		look
		replay a
		counted rx_drop_unknown_index=$((2 * MANY + 15))
		ok the second cutover ends the first one's drain
		tx 5 under=c
		delivered
		ok K is 0 again
	END
}

# --- the device is initiator

initiator() {
	cat <<-END
		peer q 10.9.0.3 10.0.2.2
		session d q
		session e q k=1
		session f q k=0
		install d
		frame d times=5
		tx 5 under=d
		mark install
		install e initiator
		stream 700 d under=d|e
		slots q current=e previous=d
		state e k=1 highest=0
		tx 5 under=e
		delivered
		ok without proof an initiator cuts over, and nothing is lost

		stream 200 d|e under=e
		delivered
		look
		replay d
		replay e
		heard q 0
		ok what the peer sent before it knew is accepted, once

		install f initiator
		batch
		frame e times=$MANY
		frame f times=$MANY
		flush shuffle=4 tx=$MANY under=e|f
		delivered
		slots q current=f previous=e
		state f k=0
		mark proven
		ok a proof comes before the timer
		until proven 700
		tx 5 under=f
		delivered
		slots q current=f previous=e
		state f k=0
		ok which does not toggle again
	END
}

# The timer's moment needs a peer that says nothing.
timer() {
	local LATE=$((2500 + 10000 * SLOW))
	cat <<-END
		session g q k=1
		mark install
		install g initiator
		slots q current=g previous=f
		tx 1 under=g
		began g install 245 $LATE
		ok an initiator waits for 250 ms, and its timestamps count from then on
		until install 3000
		tx 1 under=g
		began g install 245 $LATE
		ok which they go on to do
	END
}

# --- the K bit of the device (spec 8.9 RULE 5)

k_bits() {
	cat <<-END
		peer s 10.9.0.4 10.0.2.2
		session k1 s k-device=0
		session k2 s k-device=1
		session k3 s k-device=0
		session k4 s k-device=0
		session k5 s k=1 k-device=1
		install k1
		tx 1 under=k1
		install k2 initiator
		slots s current=k2 previous=k1
		state k2 k=1
		tx 2 under=k2
		ok nothing was heard: the own K bit toggles
		frame k2 k=1
		delivered
		install k3 initiator
		slots s current=k3 previous=k2
		tx 2 under=k3
		ok the complement of what was heard
		frame k3 k=1 counter=5
		frame k3 k=0 counter=3
		delivered
		install k4 initiator
		slots s current=k4 previous=k3
		tx 2 under=k4
		ok of what was heard last, even if the own one stays
		install k5
		frame k5
		delivered
		slots s current=k5 previous=k4
		tx 2 under=k5
		ok that of the frame that proved the session
		session k6 s k=1 k-device=1
		install k6
		frame k6
		delivered
		slots s current=k6 previous=k5
		tx 2 under=k6
		ok also if it is the same, and the index alone tells
	END
}

# --- removal, roaming, floods

no_current() {
	cat <<-END
		session h q k=0
		install h
		remove g
		slots q pending=h previous=f
		frame f times=2
		delivered
		frame h times=2
		slots q current=h previous=f
		frame f times=2
		delivered
		tx 2 under=h
		ok a cutover without a current session leaves the drain alone
	END
}

roaming() {
	cat <<-END
		look
		frame b port=3333 times=20
		delivered
		heard p 20
		endpoint p 10.0.2.2:2121
		tx 3 under=c port=2121
		ok the newest frame of a draining session moves nobody
		mark moved
		frame c port=4444
		delivered
		endpoint p 10.0.2.2:4444
		tx 3 under=c port=4444
		ok that of the current one does
		until moved 50
		frame b port=2121 times=5
		frame c counter=-1 port=2121 flip=-1.0
		look
		replay c
		batch
		frame c counter=+3 port=4444
		frame c counter=-2 port=2121
		frame c counter=-3 port=2121
		flush
		delivered
		endpoint p 10.0.2.2:4444
		tx 3 under=c port=4444
		ok and late frames from the old place do not move it back
		session p5 p k=1
		install p5
		frame p5 port=3333 flip=-1.0
		endpoint p 10.0.2.2:4444
		until moved 100
		frame p5 port=3333
		delivered
		slots p current=p5 previous=c
		endpoint p 10.0.2.2:3333
		frame c port=4444 times=3
		delivered
		tx 3 under=p5 port=3333
		ok nor the frame that a proof from elsewhere overtook
	END
}

# Good frames in between are what an attacker cannot keep away.
flood() {
	local i
	cat <<-END
		look
		flood $((ROUNDS * 50)) 7
		counted rx_drop_unknown_index=$((ROUNDS * 50))
		look
	END
	for ((i = 0; i < ROUNDS; i++)); do
		echo "frame p5 k=0 flip=-1.0 counter=+$((i * 1000)) times=30"
		echo "frame p5 key=c counter=+5 times=19"
		echo "frame p5 port=3333"
	done
	cat <<-END
		counted rx_drop_auth=$((ROUNDS * 49))
		heard p $ROUNDS
		delivered
		slots p current=p5 previous=c
		endpoint p 10.0.2.2:3333
		state p5 k=1 highest=$ROUNDS
		tx 5 under=p5 port=3333
		delivered
		ok floods to unknown and to known indices change nothing
	END
}

ktap_begin
make_stage
play < <(
	responder
	three
	roaming
	flood
	initiator
	timer
	no_current
	drain_begins
	k_bits
	drain_ends
)
ktap_end
