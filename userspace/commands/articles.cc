// SPDX-License-Identifier: MIT
#include "commands/articles.h"

#include <fmt/format.h>

#include <algorithm>

#include "commands/arrow_lines.h"
#include "commands/edge_facts.h"
#include "model/inference.h"
#include "model/reference_fsm.h"

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

const PageFacts& facts_of_cause(Cause cause) {
  const auto opening = opening_cause_facts();
  const bool is_opening =
      std::ranges::find(opening, label(cause), &PageFacts::name) != opening.end();
  return facts_of(is_opening ? opening : ending_cause_facts(), label(cause));
}

// What RFC 9293 says where a deviation stands in for it.
void add_what_deviations_say(Article& article, Cause cause) {
  std::vector<DialectId> said;
  for (const DialectRow& row : model::dialect_rows()) {
    if (row.cause != cause || std::ranges::find(said, row.id) != said.end()) continue;
    said.push_back(row.id);
    article.add(kInRfc, fmt::format("({}) {}", label(row.id), model::entry(row.id).rfc));
  }
}

// "In `tcptwin life` such an end is: remote, refused; or remote, rst_received"
std::string ending_text(Cause cause) {
  if (cause == Cause::TimeWaitEntered || cause == Cause::LastAckReceived ||
      cause == Cause::TimeWaitSkipped) {
    return "In `tcptwin life` such an end is closed_by who sent the first FIN, how fin.";
  }
  std::vector<std::string> ends;
  for (const model::InferenceRule& rule : model::inference_rules()) {
    if (rule.gives.cause != cause) continue;
    for (const State from : model::kAllStates) {
      const model::Ending ending = model::ending_of({from}, cause, {});
      if (!rule.from.contains(from) || ending.how == model::EndedHow::Unknown) continue;
      std::string text = fmt::format("closed_by {}, how {}", label(ending.by), label(ending.how));
      if (std::ranges::find(ends, text) == ends.end()) ends.push_back(std::move(text));
    }
  }
  if (ends.empty()) return "";
  return fmt::format("In `tcptwin life` such an end is {}.", fmt::join(ends, ", or "));
}

std::string first_words_of(const std::vector<Cause>& causes) {
  if (causes.size() == 1) return std::string{model::row(causes.front()).look_at};
  return fmt::format(
      "The cause on the line tells which of them it was, and its page what to do: "
      "`tcptwin explain {}`.",
      label(causes.front()));
}

std::string_view kernel_of_edge(MirrorState from, MirrorState to) {
  for (const EdgeFacts& edge : edge_facts()) {
    if (edge.from == name(from) && edge.to == name(to)) return edge.kernel;
  }
  return "";
}

std::vector<std::string> ways_out(MirrorState from) {
  std::vector<std::string> names;
  for (const TransitionRow& row : model::kArrows) {
    const std::string to{model::name(row.to)};
    if (row.from == from.state && std::ranges::find(names, to) == names.end()) names.push_back(to);
  }
  return names;
}

Article unknown_edge(MirrorState from, MirrorState to) {
  Article article{fmt::format("{} -> {}", name(from), name(to)), "state change", "", {}, {}, {}};
  article.lead =
      "No event of RFC 9293 and no known habit of Linux leads there. If the kernel did it, "
      "tcptwin would report a divergence of kind illegal_edge.";
  article.add(kInRfc,
              fmt::format("{} leads to {} only.", name(from), fmt::join(ways_out(from), ", ")));
  const std::string_view kernel = kernel_of_edge(from, to);
  article.add(kInLinux, kernel.empty() ? "No path of the kernel's own code does it." : kernel);
  article.add(kSeenHere, "As a divergence, or after a loss as a gap.");
  article.add(kWhatToDo, "`tcptwin explain illegal_edge`");
  article.see = {"illegal_edge", "gap", std::string{name(from)}, std::string{name(to)}};
  return article;
}

}  // namespace

Article article_of(Cause cause) {
  const model::CauseRow& row = model::row(cause);
  Article article{std::string{row.label}, "cause", std::string{row.summary}, {}, {}, {}};
  article.add(kInRfc, reference_arrows_of(cause));
  add_what_deviations_say(article, cause);
  article.add(kInLinux,
              dialect_arrows([&](const DialectRow& arrow, State) { return arrow.cause == cause; }));
  article.add(kWhatToDo, row.look_at);
  article.add(facts_of_cause(cause));
  article.add(kSeenHere, ending_text(cause));
  article.put_in_order();
  article.add_settings();
  return article;
}

Article article_of(DialectId id) {
  const model::DialectEntry& deviation = model::entry(id);
  const std::string name{label(id)};
  Article article{name,
                  fmt::format("deviation of Linux, {}", label(deviation.severity)),
                  std::string{deviation.title},
                  {},
                  {},
                  {}};
  article.add(kInRfc, deviation.rfc);
  article.add(kInLinux, fmt::format("Why: {}", deviation.why));
  article.add(kInLinux, fmt::format("Where: {}", deviation.where));
  article.add(kInLinux,
              dialect_arrows([&](const DialectRow& arrow, State) { return arrow.id == id; }));
  article.add(kSeenHere, deviation.recognised);
  article.add(facts_of(deviation_facts(), name));
  article.add_settings();
  return article;
}

Article article_of(MirrorState state) {
  const bool is_request = state.holder == model::Holder::RequestSocket;
  Article article{std::string{name(state)}, "state", std::string{meaning(state.state)}, {}, {}, {}};
  if (is_request) article.lead += " Kept in a request socket until then.";
  article.add("Spelling",
              fmt::format("RFC 9293: {}; Linux: {}", rfc_name(state.state), name(state)));
  const PageFacts& facts = facts_of(state_facts(), name(state));
  article.add({facts.name, facts.rfc, facts.kernel, facts.seen, "", facts.see});
  article.add(kWhatToDo, advice(state.state));
  article.add(kWhatToDo, facts.advice);
  article.add_settings();
  article.add("Entered, in RFC 9293", reference_arrows([&](const TransitionRow& row) {
                return row.to == state.state && row.from != state.state;
              }));
  article.add("Left, in RFC 9293",
              reference_arrows([&](const TransitionRow& row) { return row.from == state.state; }));
  article.add("Left, in Linux only",
              dialect_arrows([&](const DialectRow&, State from) { return from == state.state; }));
  return article;
}

Article article_of_edge(MirrorState from, MirrorState to) {
  const bool is_request = from.holder == model::Holder::RequestSocket;
  const auto reference = reference_arrows([&](const TransitionRow& row) {
    const bool is_possible = !is_request || row.origin != model::Origin::Active;
    return row.from == from.state && row.to == to.state && is_possible;
  });
  const auto in_linux = dialect_arrows([&](const DialectRow& row, State origin) {
    return origin == from.state && row.to.state == to.state && occurs_in(row.cause, from) &&
           to.holder != model::Holder::RequestSocket;
  });
  if (reference.empty() && in_linux.empty()) return unknown_edge(from, to);
  Article article{fmt::format("{} -> {}", name(from), name(to)), "state change", "", {}, {}, {}};
  article.lead = reference.empty() ? "RFC 9293 does not know this state change; Linux makes it."
                                   : "A state change of RFC 9293, if one of these happened:";
  if (is_request && to.state == from.state) {
    article.add(kInRfc, "One state for both: SYN-RECEIVED (3.3.2).");
  } else if (reference.empty()) {
    article.add(kInRfc,
                fmt::format("{} leads to {} only.", name(from), fmt::join(ways_out(from), ", ")));
  }
  article.add(kInRfc, reference);
  article.add(kInLinux, kernel_of_edge(from, to));
  article.add(kInLinux, in_linux);
  if (kernel_of_edge(from, to).empty() && in_linux.empty()) {
    article.add(kInLinux, is_request ? "Not by a request socket: it becomes a socket first (L12)."
                                     : "Not known to happen in one step.");
  }
  const std::vector<Cause> causes = causes_of_edge(from, to);
  for (const Cause cause : causes) {
    article.add(kSeenHere, fmt::format("{}: {}", label(cause), model::row(cause).summary));
  }
  if (causes.empty()) {
    article.add(kSeenHere, "Not as one line.");
    article.add(kWhatToDo, "Nothing: see what Linux does instead.");
  } else {
    article.add(kWhatToDo, first_words_of(causes));
  }
  article.see = {std::string{name(from)}};
  if (from != to) article.see.emplace_back(name(to));
  article.add_settings();
  return article;
}

}  // namespace tcptwin::commands
