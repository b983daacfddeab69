// SPDX-License-Identifier: MIT
#include "model/stimulus.h"

namespace tcptwin::model {
namespace {

constexpr std::array<std::string_view, kStimulusCount> kNames = {
    "passive OPEN call",
    "active OPEN call",
    "SEND call",
    "RECEIVE call",
    "CLOSE call",
    "ABORT call",
    "STATUS call",
    "segment outside the window",
    "unacceptable ACK",
    "RST that is not at RCV.NXT",
    "RST",
    "segment of another security level",
    "SYN",
    "SYN of a new incarnation",
    "SYN+ACK",
    "ACK",
    "ACK of our FIN",
    "data",
    "data after CLOSE",
    "FIN",
    "FIN before the ACK of our FIN",
    "ICMP soft error",
    "ICMP hard error",
    "user time-out",
    "retransmission time-out",
    "2MSL time-out",
    "child socket cloned",
    "TCP_REPAIR call",
    "deferred open",
    "local failure to open",
    "disconnect",
    "administrative abort",
    "listener gone",
    "resource limit",
    "keepalive time-out",
    "FIN_WAIT2 time-out",
    "hand-over to a minisocket",
    "port taken over by connect()",
    "nothing",
};

}  // namespace

std::string_view name(Stimulus stimulus) {
  return kNames[index(stimulus)];
}

}  // namespace tcptwin::model
