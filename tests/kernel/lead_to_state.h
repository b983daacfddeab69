// SPDX-License-Identifier: MIT
// Ways to lead an established connection into each later state, and the path it then has behind it.
// For scenarios that ask the same question of every state.
#pragma once

#include "kernel/stage.h"

namespace tcptwin::testing {

inline void stay(Stage::Talk&) {}
inline void peer_closes(Stage::Talk& talk) {
  talk.peer.sends(FinAck);
  talk.peer.expects(Ack);
}
inline void kernel_closes(Stage::Talk& talk) {
  talk.socket.close();
  talk.peer.expects(Fin);
}
inline void kernel_shuts_down(Stage::Talk& talk) {
  talk.socket.shutdown(Shutdown::Write);
  talk.peer.acknowledges_fin();
}
inline void peer_then_kernel_close(Stage::Talk& talk) {
  peer_closes(talk);
  kernel_closes(talk);
}
inline void fins_cross(Stage::Talk& talk) {
  kernel_closes(talk);
  talk.peer.sends(FinAck, {.ack_offset = -1});
  talk.peer.expects(Ack);
}

inline const Path kCloseWait = {"ESTABLISHED -> CLOSE_WAIT fin_received conformant"};
inline const Path kLastAck =
    kCloseWait + Path{"CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant"};
inline const Path kFinWait1 = {"ESTABLISHED -> FIN_WAIT1 local_close conformant"};
inline const Path kClosing =
    kFinWait1 + Path{"FIN_WAIT1 -> CLOSING fin_received_before_ack conformant"};
inline const Path kFinWait2 = {"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
                               "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant"};

}  // namespace tcptwin::testing
