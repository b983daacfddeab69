// SPDX-License-Identifier: MIT
// How a step was judged: the words of the design, one meaning each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tcptwin::model {

enum class Verdict : std::uint8_t {
  Conformant,  // RFC 9293 explains it
  Deviation,   // a documented Linux deviation explains it
  Divergence,  // nothing does
  Unverified,  // the evidence is known to be incomplete
  Gap,         // the kernel's old state is not the twin's: an event was lost
};
inline constexpr std::size_t kVerdictCount = 5;

enum class Confidence : std::uint8_t {
  A,  // proof inside the same event
  B,  // proof needs one adjacent event of the same socket
  C,  // heuristic
};

enum class DivergenceKind : std::uint8_t {
  IllegalEdge,       // no stimulus leads there
  UnjustifiedEdge,   // the pair exists, its stimulus did not happen
  Ghost,             // the socket acts although the kernel destroyed it
  Missing,           // the kernel has a socket the mirror should know and does not
  TimerViolation,    // a timer outlasts or undershoots its bound
  PairInconsistent,  // both ends are here and their states cannot occur together
  DataAfterFin,      // the socket sent data beyond its own FIN
  ForbiddenSegment,  // the socket sent what its state forbids
};
inline constexpr std::size_t kDivergenceKindCount = 8;

// Why a step is not verified, or a gap.
enum class Doubt : std::uint8_t {
  EarlierLoss,       // an event of this connection was missed before
  OlderThanTrace,    // a census took the connection in
  EvidenceLost,      // what was not seen may have been lost
  EvidenceNotShown,  // this kernel lacks a tracepoint
  TooManyWaiting,    // judged early, for want of room
  MinisocketUnseen,  // what reached the minisocket is not shown
  MptcpSubflow,      // another socket drives this one
  LostBefore,        // of a gap: the event between two states was missed
};
inline constexpr std::size_t kDoubtCount = 8;

// "conformant", "deviation", "divergence", "unverified", "gap"
std::string_view label(Verdict verdict);
// "illegal_edge", "unjustified_edge", "ghost", "missing", "timer_violation", "pair_inconsistent",
// "data_after_fin", "forbidden_segment"
std::string_view label(DivergenceKind kind);
// One sentence: what this kind means.
std::string_view summary(DivergenceKind kind);
// One sentence: what it usually means and what to look at.
std::string_view advice(DivergenceKind kind);
// "earlier_loss", "older_than_trace", ...: as `explain` takes it.
std::string_view label(Doubt doubt);
std::string_view reason(Doubt doubt);           // as it stands behind a verdict
std::string_view label(Confidence confidence);  // "A", "B", "C"

}  // namespace tcptwin::model
