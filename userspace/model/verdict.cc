// SPDX-License-Identifier: MIT
// The words for verdicts, divergence kinds and confidences, as they stand in every output.
#include "model/verdict.h"

#include <array>

namespace tcptwin::model {
namespace {

struct DoubtRow {
  std::string_view label;
  std::string_view reason;
};

constexpr std::array<DoubtRow, kDoubtCount> kDoubts = {{
    {"earlier_loss", "an earlier event of this connection was lost"},
    {"older_than_trace", "the connection is older than the tracer"},
    {"evidence_lost", "events were lost while its evidence was due"},
    {"evidence_not_shown", "this kernel does not show all evidence"},
    {"too_many_waiting", "too many steps were waiting to be judged"},
    {"minisocket_unseen", "this kernel does not show what reached the minisocket"},
    {"mptcp_subflow", "an MPTCP subflow is driven by its master socket"},
    {"lost_before", "an event was lost before this one"},
}};

}  // namespace

std::string_view label(Verdict verdict) {
  switch (verdict) {
    case Verdict::Conformant:
      return "conformant";
    case Verdict::Deviation:
      return "deviation";
    case Verdict::Divergence:
      return "divergence";
    case Verdict::Unverified:
      return "unverified";
    case Verdict::Gap:
      return "gap";
  }
  return "";
}

std::string_view label(DivergenceKind kind) {
  switch (kind) {
    case DivergenceKind::IllegalEdge:
      return "illegal_edge";
    case DivergenceKind::UnjustifiedEdge:
      return "unjustified_edge";
    case DivergenceKind::Ghost:
      return "ghost";
    case DivergenceKind::Missing:
      return "missing";
    case DivergenceKind::TimerViolation:
      return "timer_violation";
    case DivergenceKind::PairInconsistent:
      return "pair_inconsistent";
    case DivergenceKind::DataAfterFin:
      return "data_after_fin";
    case DivergenceKind::ForbiddenSegment:
      return "forbidden_segment";
  }
  return "";
}

std::string_view summary(DivergenceKind kind) {
  switch (kind) {
    case DivergenceKind::IllegalEdge:
      return "The socket made a state change that no event of RFC 9293 and no known habit of Linux "
             "leads to.";
    case DivergenceKind::UnjustifiedEdge:
      return "TCP knows this state change, but the event it needs did not happen: the socket's own "
             "fields contradict it.";
    case DivergenceKind::Ghost:
      return "A socket acts, or is still listed, although the kernel reported its end.";
    case DivergenceKind::Missing:
      return "The kernel holds a socket that should have been announced by a state change, and was "
             "not.";
    case DivergenceKind::TimerViolation:
      return "A state that is bounded by a timer ended before its time, or outlasted it.";
    case DivergenceKind::PairInconsistent:
      return "Both ends of the connection are on this host, and their two states cannot occur "
             "together.";
    case DivergenceKind::DataAfterFin:
      return "The socket sent data behind its own FIN: the peer takes the FIN for the end and must "
             "drop what follows.";
    case DivergenceKind::ForbiddenSegment:
      return "The socket sent a SYN or FIN that its own state at that moment forbids.";
  }
  return "";
}

std::string_view advice(DivergenceKind kind) {
  switch (kind) {
    case DivergenceKind::IllegalEdge:
      return "Usually code outside the TCP stack that writes the state itself: an offload driver, "
             "an out-of-tree module, a kernel patch. The call path names it.";
    case DivergenceKind::UnjustifiedEdge:
      return "The call path and the evidence: a patched or offloading TCP stack skips a "
             "check, or a kernel newer than this catalogue has learned something; then it is worth "
             "a report with a recording.";
    case DivergenceKind::Ghost:
      return "A leaked reference in a module or a protocol on top of TCP (kTLS, MPTCP, "
             "SMC, sockmap); compare with `ss -tan`.";
    case DivergenceKind::Missing:
      return "Code that creates sockets past the usual path (TCP_REPAIR, TOE, modules); "
             "if losses were counted near that time, they are the likelier reason.";
    case DivergenceKind::TimerViolation:
      return "net.ipv4.tcp_fin_timeout, TCP_LINGER2, or a stalled CPU (soft lock-ups, "
             "a stopped virtual machine): timers run late there.";
    case DivergenceKind::PairInconsistent:
      return "Something between the two ends that changes segments: NAT, a proxy, traffic "
             "control, a firewall that answers in a peer's name.";
    case DivergenceKind::DataAfterFin:
      return "Code that writes into the send queue past tcp_sendmsg(): kTLS and other offloads, "
             "sockmap programs, a kernel patch. The other end's drops show the damage.";
    case DivergenceKind::ForbiddenSegment:
      return "Code that changes a socket's state or its send queue past the TCP stack: an offload "
             "driver, an out-of-tree module, a kernel patch.";
  }
  return "";
}

std::string_view label(Doubt doubt) {
  return kDoubts[static_cast<std::size_t>(doubt)].label;
}

std::string_view reason(Doubt doubt) {
  return kDoubts[static_cast<std::size_t>(doubt)].reason;
}

std::string_view label(Confidence confidence) {
  switch (confidence) {
    case Confidence::A:
      return "A";
    case Confidence::B:
      return "B";
    case Confidence::C:
      return "C";
  }
  return "";
}

}  // namespace tcptwin::model
