// SPDX-License-Identifier: MIT
#include "commands/articles.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/inference.h"
#include "model/reference_fsm.h"
#include "model/transition_table.h"

namespace tcptwin::commands {
namespace {

using model::Cause;
using model::DialectId;
using model::DialectRow;
using model::MirrorState;
using model::State;
using model::TransitionRow;

std::string_view meaning(State state) {
  switch (state) {
    case State::Closed:
      return "No connection: it has not begun, or it is over and forgotten.";
    case State::Listen:
      return "A server waits for SYNs of any client.";
    case State::SynSent:
      return "connect() was called; a SYN is on its way or was repeated, no answer has come yet.";
    case State::SynReceived:
      return "The peer's SYN was answered with SYN+ACK; the handshake's last ACK is missing.";
    case State::Established:
      return "The handshake is complete; data can flow both ways.";
    case State::FinWait1:
      return "This side has closed; its FIN is queued or sent and not acknowledged yet.";
    case State::FinWait2:
      return "This side has closed and the peer knows it; the peer has not closed yet.";
    case State::CloseWait:
      return "The peer has closed; this side's program has not closed yet.";
    case State::Closing:
      return "Both sides closed at the same time; the ACK of our FIN is missing.";
    case State::LastAck:
      return "The peer closed first, then this side; the ACK of our FIN is missing.";
    case State::TimeWait:
      return "Both sides have closed; the one that closed first waits for stray segments.";
  }
  return "";
}

std::string_view advice(State state) {
  switch (state) {
    case State::Closed:
      return "Nothing to do; sockets that were closed in every direction do not show in `ss`.";
    case State::Listen:
      return "`ss -ltn`: Recv-Q is the accept queue, Send-Q its limit.";
    case State::SynSent:
      return "Seconds here mean that the SYN or its answer is dropped: look at routes and "
             "firewalls.";
    case State::SynReceived:
      return "Many here mean a SYN flood, or clients that our SYN+ACK does not reach.";
    case State::Established:
      return "Normal; idle peers that died are found by SO_KEEPALIVE only.";
    case State::FinWait1:
      return "Long stays mean an unreachable peer or a closed window: see "
             "net.ipv4.tcp_orphan_retries.";
    case State::FinWait2:
      return "Long stays mean a peer that does not close; once no process owns the socket, "
             "net.ipv4.tcp_fin_timeout ends it.";
    case State::CloseWait:
      return "Long stays are a fault of the program on this host: it does not close its sockets.";
    case State::Closing:
      return "Rare and short; a long stay means an unreachable peer.";
    case State::LastAck:
      return "A long stay means an unreachable peer: see net.ipv4.tcp_orphan_retries.";
    case State::TimeWait:
      return "Normal for 60 s after an active close; let the clients close first if a server "
             "collects too many.";
  }
  return "";
}

std::string edge_text(MirrorState from, MirrorState to) {
  return fmt::format("{} -> {}", name(from), name(to));
}

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

std::vector<std::string> reference_arrows(auto is_wanted) {
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

// A handshake that becomes a socket stays in SYN_RECV, but leaves its request socket.
std::string_view origin_text(const DialectRow& row, State from) {
  const bool leaves_request = from == State::SynReceived && row.to.state == State::SynReceived;
  return leaves_request ? "NEW_SYN_RECV" : model::name(from);
}

std::vector<std::string> dialect_arrows(auto is_wanted) {
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

void add_unless_empty(Article& article, std::string heading, std::vector<std::string> items) {
  if (items.empty()) return;
  article.sections.push_back({std::move(heading), std::move(items)});
}

void add_once(std::vector<std::string>& items, std::string item) {
  if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(std::move(item));
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

// Arrows of the reference that this cause stands for: those its inference rules ask about.
std::vector<std::string> reference_arrows_of(Cause cause) {
  const auto rules = model::inference_rules();
  const bool has_rule = std::any_of(rules.begin(), rules.end(),
                                    [&](const auto& rule) { return rule.gives.cause == cause; });
  return reference_arrows([&](const TransitionRow& row) {
    if (!has_rule) {
      return row.stimulus == model::stimulus_of(cause) &&
             states_without_rule(cause).contains(row.from);
    }
    return std::any_of(rules.begin(), rules.end(), [&](const model::InferenceRule& rule) {
      return rule.gives.cause == cause && rule.gives.stimulus == row.stimulus &&
             rule.from.contains(row.from);
    });
  });
}

bool leads_to(const DialectRow& row, MirrorState to) {
  return row.to.state == to.state;
}

// The causes that can stand on a line with this state change.
std::string causes_of_edge(MirrorState from, MirrorState to) {
  std::vector<std::string> labels;
  for (const model::InferenceRule& rule : model::inference_rules()) {
    if (!rule.from.contains(from.state)) continue;
    for (const TransitionRow& row : model::kArrows) {
      if (row.from == from.state && row.to == to.state && row.stimulus == rule.gives.stimulus) {
        add_once(labels, std::string{label(rule.gives.cause)});
      }
    }
  }
  for (const DialectRow& row : model::dialect_rows()) {
    if (row.from.contains(from.state) && leads_to(row, to)) {
      add_once(labels, std::string{label(row.cause)});
    }
  }
  return fmt::format("{}", fmt::join(labels, ", "));
}

std::string_view meaning(model::Verdict verdict) {
  switch (verdict) {
    case model::Verdict::Conformant:
      return "RFC 9293 explains the state change: its stimulus is shown by the evidence, and the "
             "reference predicts the state that the kernel took.";
    case model::Verdict::Deviation:
      return "RFC 9293 would have done something else, but this is a documented habit of Linux, "
             "named by its id.";
    case model::Verdict::Divergence:
      return "Neither RFC 9293 nor a documented habit of Linux explains what the kernel did, and "
             "the evidence is complete.";
    case model::Verdict::Unverified:
      return "The state change is possible, but the evidence that would prove it is known to be "
             "incomplete: after a loss, on a connection older than the trace, or on a kernel that "
             "lacks a tracepoint.";
    case model::Verdict::Gap:
      return "The kernel's old state is not the one last seen: an event was missed. The twin was "
             "set right; the kernel is not accused.";
  }
  return "";
}

template <typename Enumeration>
std::string articles(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += '\n' + markdown(article_of(static_cast<Enumeration>(i)));
  }
  return text;
}

}  // namespace

Article article_of(Cause cause) {
  const model::CauseRow& row = model::row(cause);
  Article article{std::string{row.label}, "cause", std::string{row.summary}, {}};
  add_unless_empty(article, "In RFC 9293", reference_arrows_of(cause));
  add_unless_empty(article, "In Linux", dialect_arrows([&](const DialectRow& arrow, State) {
                     return arrow.cause == cause;
                   }));
  article.sections.push_back({"Look at", {std::string{row.look_at}}});
  return article;
}

Article article_of(DialectId id) {
  const model::DialectEntry& deviation = model::entry(id);
  Article article{std::string{label(id)},
                  fmt::format("deviation of Linux, {}", label(deviation.severity)),
                  std::string{deviation.title},
                  {{"Why", {std::string{deviation.why}}},
                   {"RFC 9293", {std::string{deviation.rfc}}},
                   {"Where", {std::string{deviation.where}}},
                   {"Recognised by", {std::string{deviation.recognised}}},
                   {"Severity", {std::string{label(deviation.severity)}}}}};
  add_unless_empty(article, "State changes",
                   dialect_arrows([&](const DialectRow& arrow, State) { return arrow.id == id; }));
  return article;
}

Article article_of(model::DivergenceKind kind) {
  return {std::string{label(kind)},
          "kind of divergence",
          std::string{summary(kind)},
          {{"Look at", {std::string{advice(kind)}}}}};
}

Article article_of(model::Verdict verdict) {
  return {std::string{label(verdict)}, "verdict", std::string{meaning(verdict)}, {}};
}

Article article_of(MirrorState state) {
  const bool is_request = state.holder == model::Holder::RequestSocket;
  Article article{std::string{name(state)}, "state", std::string{meaning(state.state)}, {}};
  std::string spelling = fmt::format("RFC 9293: {}; Linux: {}", rfc_name(state.state), name(state));
  if (is_request) {
    spelling += "; the handshake of a passive open, kept in a request socket until its last ACK";
  }
  article.sections.push_back({"Spelling", {spelling}});
  add_unless_empty(article, "Entered, in RFC 9293", reference_arrows([&](const TransitionRow& row) {
                     return row.to == state.state && row.from != state.state;
                   }));
  add_unless_empty(article, "Left, in RFC 9293", reference_arrows([&](const TransitionRow& row) {
                     return row.from == state.state;
                   }));
  add_unless_empty(
      article, "Left, in Linux only",
      dialect_arrows([&](const DialectRow&, State from) { return from == state.state; }));
  article.sections.push_back({"Look at", {std::string{advice(state.state)}}});
  return article;
}

Article article_of_edge(MirrorState from, MirrorState to) {
  Article article{edge_text(from, to), "state change", "", {}};
  auto reference = reference_arrows(
      [&](const TransitionRow& row) { return row.from == from.state && row.to == to.state; });
  auto in_linux = dialect_arrows([&](const DialectRow& row, State origin) {
    return origin == from.state && leads_to(row, to);
  });
  if (reference.empty() && in_linux.empty()) {
    article.lead =
        "No event of RFC 9293 and no known habit of Linux leads there. If the kernel did it, "
        "tcptwin would report a divergence of kind illegal_edge.";
    return article;
  }
  article.lead = reference.empty() ? "RFC 9293 does not know this state change; Linux makes it."
                                   : "A state change of RFC 9293, if one of these happened:";
  add_unless_empty(article, "In RFC 9293", std::move(reference));
  add_unless_empty(article, "In Linux", std::move(in_linux));
  add_unless_empty(article, "Causes", {causes_of_edge(from, to)});
  return article;
}

std::vector<std::string_view> explainable_words() {
  std::vector<std::string_view> words;
  for (const model::State state : model::kAllStates) words.push_back(model::name(state));
  words.push_back("NEW_SYN_RECV");
  for (std::size_t i = 0; i < model::kVerdictCount; ++i) {
    words.push_back(label(static_cast<model::Verdict>(i)));
  }
  for (std::size_t i = 0; i < model::kDivergenceKindCount; ++i) {
    words.push_back(label(static_cast<model::DivergenceKind>(i)));
  }
  for (const model::CauseRow& row : model::cause_table()) words.push_back(row.label);
  for (const model::DialectEntry& entry : model::dialect_catalogue()) {
    words.push_back(label(entry.id));
  }
  return words;
}

std::string reference_document() {
  std::string text =
      "# Causes, deviations and divergences\n\n"
      "What stands in the columns CAUSE and VERDICT of `tcptwin trace`, in the fields of its JSON "
      "lines\nand in the labels of its metrics. This page is made from the model's tables by\n"
      "`tcptwin explain --markdown`, and a test compares the two. In a terminal, `tcptwin explain "
      "WHAT`\nshows one section.\n\n## Verdicts\n";
  text += articles<model::Verdict>(model::kVerdictCount);
  text += "\n## Divergences\n";
  text += articles<model::DivergenceKind>(model::kDivergenceKindCount);
  text += "\n## Causes\n";
  text += articles<Cause>(model::kCauseCount);
  text += "\n## Deviations of Linux\n";
  for (const model::DialectEntry& deviation : model::dialect_catalogue()) {
    text += '\n' + markdown(article_of(deviation.id));
  }
  return text;
}

}  // namespace tcptwin::commands
