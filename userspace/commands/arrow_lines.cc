// SPDX-License-Identifier: MIT
#include "commands/arrow_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/inference.h"

namespace tcptwin::commands {
namespace {

using model::Cause;
using model::DialectRow;
using model::MirrorState;
using model::State;
using model::TransitionRow;

// One line for all the states in which the reference has the same to say.
struct ReferenceArrows {
  TransitionRow row;
  std::vector<std::string_view> from;
};

bool says_the_same(const TransitionRow& left, const TransitionRow& right) {
  return left.to == right.to && left.stimulus == right.stimulus && left.origin == right.origin &&
         left.section == right.section && left.reason == right.reason;
}

std::string arrows_text(const ReferenceArrows& arrows) {
  const TransitionRow& row = arrows.row;
  const std::string_view origin = row.origin == model::Origin::Passive  ? ", passive open"
                                  : row.origin == model::Origin::Active ? ", active open"
                                                                        : "";
  return fmt::format("{} -> {} by {}{} ({}): {}", fmt::join(arrows.from, ", "), model::name(row.to),
                     model::name(row.stimulus), origin, row.section, row.reason);
}

// A handshake that becomes a socket stays in SYN_RECV, but leaves its request socket.
std::string_view origin_text(const DialectRow& row, State from) {
  const bool leaves_request = from == State::SynReceived && row.to.state == State::SynReceived;
  return leaves_request ? "NEW_SYN_RECV" : model::name(from);
}

bool ends_request(Cause cause) {
  return cause == Cause::RequestTimeout || cause == Cause::RequestDropped ||
         cause == Cause::RequestResetBadSyn || cause == Cause::AcceptOverflowReset;
}

// Where a cause occurs that is known without inference: from the timers of minisockets and
// request sockets.
model::StateSet states_without_rule(Cause cause) {
  if (cause == Cause::SynReceived) return model::StateSet{State::Listen};
  if (cause == Cause::MinisockResetPeer) return model::StateSet{State::FinWait2};
  if (cause == Cause::RequestTimeout || cause == Cause::RequestDropped ||
      cause == Cause::RequestResetBadSyn) {
    return model::StateSet{State::SynReceived};
  }
  return model::StateSet{State::TimeWait};
}

// A cause without a rule is known from the timers alone.
bool stands_for(Cause cause, State from, model::Stimulus stimulus, bool for_the_judge = false) {
  bool has_rule = false;
  for (const model::InferenceRule& rule : model::inference_rules()) {
    if (rule.gives.cause != cause) continue;
    has_rule = true;
    // A deviation takes the place of what the reference says.
    if (for_the_judge && rule.gives.dialect != model::DialectId::None) continue;
    if (rule.gives.stimulus == stimulus && rule.from.contains(from)) return true;
  }
  return !has_rule && stimulus == model::stimulus_of(cause) &&
         states_without_rule(cause).contains(from);
}

// A RST ends an orphan's FIN_WAIT2 in its minisocket as well.
bool is_reset_at_minisocket(Cause cause, MirrorState from) {
  return cause == Cause::RstReceived && from.state == State::FinWait2;
}

bool has_rule_for(Cause cause, State from) {
  return std::ranges::any_of(model::inference_rules(), [&](const model::InferenceRule& rule) {
    return rule.gives.cause == cause && rule.from.contains(from);
  });
}

bool leads_to(const DialectRow& row, MirrorState to) {
  return row.to.state == to.state;
}

}  // namespace

std::vector<std::string> reference_arrows(const ReferenceFilter& is_wanted) {
  std::vector<ReferenceArrows> groups;
  for (const TransitionRow& row : model::kArrows) {
    if (!is_wanted(row)) continue;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return says_the_same(group.row, row);
    });
    if (same != groups.end()) {
      same->from.push_back(model::name(row.from));
    } else {
      groups.push_back({row, {model::name(row.from)}});
    }
  }
  std::vector<std::string> lines;
  for (const ReferenceArrows& group : groups) lines.push_back(arrows_text(group));
  return lines;
}

std::vector<std::string> dialect_arrows(const DialectFilter& is_wanted) {
  std::vector<std::string> lines;
  for (const DialectRow& row : model::dialect_rows()) {
    std::vector<std::string_view> from;
    for (const State state : model::kAllStates) {
      if (row.from.contains(state) && is_wanted(row, state))
        from.push_back(origin_text(row, state));
    }
    if (from.empty()) continue;
    const bool moves = row.to.holder == model::Holder::Minisocket;
    lines.push_back(fmt::format("{} -> {}{} ({}): {}", fmt::join(from, ", "), name(row.to),
                                moves ? " (in a minisocket)" : "", label(row.id), row.reason));
  }
  return lines;
}

std::vector<std::string> reference_arrows_of(Cause cause) {
  return reference_arrows([&](const TransitionRow& row) {
    const bool is_possible = row.origin != model::Origin::Active || !ends_request(cause);
    return is_possible && stands_for(cause, row.from, row.stimulus);
  });
}

// Minisockets and request sockets end by causes of their own.
bool occurs_in(Cause cause, MirrorState from) {
  const bool makes_child = cause == Cause::ChildFromRequest || cause == Cause::ChildCreated;
  if (from.holder == model::Holder::RequestSocket) return ends_request(cause) || makes_child;
  if (ends_request(cause) || (makes_child && from.state == State::SynReceived)) return false;
  const auto rules = model::inference_rules();
  const bool is_inferred = std::ranges::any_of(
      rules, [&](const model::InferenceRule& rule) { return rule.gives.cause == cause; });
  if (is_inferred) return has_rule_for(cause, from.state) || is_reset_at_minisocket(cause, from);
  return true;
}

std::vector<Cause> causes_of_edge(MirrorState from, MirrorState to) {
  std::vector<Cause> causes;
  const bool is_request = to.holder == model::Holder::RequestSocket;
  for (const model::CauseRow& row : model::cause_table()) {
    // The request socket is what a SYN makes, and nothing else makes one.
    if (!occurs_in(row.cause, from) || (row.cause == Cause::SynReceived) != is_request) continue;
    const bool by_reference = std::ranges::any_of(model::kArrows, [&](const TransitionRow& arrow) {
      return arrow.from == from.state && arrow.to == to.state &&
             stands_for(row.cause, arrow.from, arrow.stimulus, true);
    });
    const bool by_dialect =
        std::ranges::any_of(model::dialect_rows(), [&](const DialectRow& arrow) {
          return arrow.cause == row.cause && arrow.from.contains(from.state) && leads_to(arrow, to);
        });
    if (by_reference || by_dialect) causes.push_back(row.cause);
  }
  return causes;
}

}  // namespace tcptwin::commands
