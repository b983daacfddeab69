/* SPDX-License-Identifier: MIT
 * Two TCPs after RFC 9293's figure 5, written without a look at userspace/: no table, no sequence
 * numbers, flags only. spin_test.sh has SPIN reach every state of it and compares the pairs of
 * states of the two ends with those that `tcptwin lab verify` found.
 *
 * The network loses, reorders (by rotation) and, through retransmission, repeats. A RST is left out:
 * it leads to CLOSED alone, and CLOSED is no part of a pair.
 */
mtype = { close, listen, syn_sent, syn_recv, established, fin_wait1, fin_wait2, close_wait,
          closing, last_ack, time_wait };

/* SYN; acknowledges the SYN; FIN; acknowledges the FIN */
chan towards[2] = [2] of { bool, bool, bool, bool };

mtype state[2] = close;
bool opened[2], has_syn[2], syn_acked[2], has_fin[2];

#define other (1 - me)
#define send(s, f)                                                           \
  if                                                                         \
  :: nfull(towards[other]) -> towards[other]!s, has_syn[me], f, has_fin[me]  \
  :: full(towards[other]) /* lost */                                         \
  fi

proctype tcp(bit me) {
  bool syn, ack, fin, ack_of_fin;
  do
  :: atomic { !opened[me] -> opened[me] = true;
       if
       :: state[me] = listen
       :: state[me] = syn_sent; send(true, false)
       fi }
  /* the user closes */
  :: atomic { state[me] == syn_recv || state[me] == established ->
       state[me] = fin_wait1; send(false, true) }
  :: atomic { state[me] == close_wait -> state[me] = last_ack; send(false, true) }
  /* time-outs */
  :: atomic { state[me] == syn_sent || state[me] == syn_recv ||
              (state[me] == fin_wait1 && !syn_acked[me]) -> send(true, false) }
  :: atomic { state[me] == fin_wait1 || state[me] == closing || state[me] == last_ack ->
       send(false, true) }
  :: atomic { state[me] == time_wait -> state[me] = close }
  /* the network */
  :: atomic { len(towards[me]) > 1 -> towards[me]?syn, ack, fin, ack_of_fin;
       towards[me]!syn, ack, fin, ack_of_fin }
  :: atomic { nempty(towards[me]) -> towards[me]?_, _, _, _ }
  /* a segment arrives */
  :: atomic { nempty(towards[me]) -> towards[me]?syn, ack, fin, ack_of_fin;
       if
       :: state[me] == close -> skip
       :: state[me] == listen && syn && !ack ->
            has_syn[me] = true; state[me] = syn_recv; send(true, false)
       :: state[me] == syn_sent && syn ->
            has_syn[me] = true;
            if
            :: ack -> syn_acked[me] = true; state[me] = established; send(false, false)
            :: !ack -> state[me] = syn_recv; send(true, false)
            fi
       :: (state[me] == listen && !(syn && !ack)) || (state[me] == syn_sent && !syn) -> skip
       :: state[me] != close && state[me] != listen && state[me] != syn_sent ->
            if
            :: ack -> syn_acked[me] = true
            :: else
            fi;
            if
            :: state[me] == syn_recv && ack && !fin -> state[me] = established
            :: state[me] == syn_recv && ack && fin -> state[me] = close_wait
            :: state[me] == established && fin -> state[me] = close_wait
            :: state[me] == fin_wait1 && fin && ack_of_fin -> state[me] = time_wait
            :: state[me] == fin_wait1 && fin && !ack_of_fin -> state[me] = closing
            :: state[me] == fin_wait1 && !fin && ack_of_fin -> state[me] = fin_wait2
            :: state[me] == fin_wait2 && fin -> state[me] = time_wait
            :: state[me] == closing && ack_of_fin -> state[me] = time_wait
            :: state[me] == last_ack && ack_of_fin -> state[me] = close
            :: else
            fi;
            if
            :: fin || syn -> has_fin[me] = has_fin[me] || fin;
                 if
                 :: state[me] != close -> send(false, false)
                 :: else
                 fi
            :: else
            fi
       fi;
       syn = false; ack = false; fin = false; ack_of_fin = false }
  od
}

/* Says which pair is there whenever it is looked at: SPIN looks in every state. */
active proctype observer() {
  do
  :: d_step { has_syn[0] && has_syn[1] && state[0] != close && state[1] != close ->
       printf("PAIR %d %d\n", state[0], state[1]) }
  od
}

init { atomic { run tcp(0); run tcp(1) } }
