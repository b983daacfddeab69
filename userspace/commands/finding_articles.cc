// SPDX-License-Identifier: MIT
// Pages of what tcptwin itself says: verdicts, divergences, stuck connections, losses, doubts, the
// words of an ending; and of the lab's questions, the kernel's settings and the RFC's sections.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "commands/arrow_lines.h"
#include "commands/articles.h"
#include "commands/edge_facts.h"
#include "model/inference.h"
#include "sinks/summary_text.h"

namespace tcptwin::commands {
namespace {

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

std::string_view meaning(model::EndedBy by) {
  switch (by) {
    case model::EndedBy::Unknown:
      return "Who ended the connection is not known.";
    case model::EndedBy::Local:
      return "A process of this host ended the connection.";
    case model::EndedBy::Remote:
      return "The other end, or the network on the way to it, ended the connection.";
    case model::EndedBy::Both:
      return "Both ends closed at the same time.";
    case model::EndedBy::Kernel:
      return "This host's kernel gave the connection up.";
    case model::EndedBy::Administrator:
      return "An administrator, a checkpoint tool or the end of a network namespace did it.";
  }
  return "";
}

std::string_view meaning(model::EndedHow how) {
  switch (how) {
    case model::EndedHow::Unknown:
      return "How the connection ended is not known.";
    case model::EndedHow::Fin:
      return "In order: both directions were closed with a FIN.";
    case model::EndedHow::ResetSent:
      return "This host sent a RST.";
    case model::EndedHow::ResetReceived:
      return "The peer, or something in its name, sent a RST.";
    case model::EndedHow::Refused:
      return "A RST answered our SYN.";
    case model::EndedHow::Unreachable:
      return "The network reported that the peer cannot be reached (ICMP).";
    case model::EndedHow::Timeout:
      return "Nobody answered in time.";
    case model::EndedHow::Silent:
      return "It was taken down without a segment: the peer was not told.";
  }
  return "";
}

// In order it is the first FIN that tells who and why.
std::optional<model::Ending> orderly_ending(model::Cause cause) {
  using model::Cause;
  constexpr std::array kFirstFins = {Cause::LocalClose, Cause::LocalShutdown,
                                     Cause::CloseInSynReceived, Cause::FinReceived};
  model::FinsSeen fins;
  if (cause == Cause::FinReceivedBeforeAck) {
    fins.crossed = true;
  } else if (std::ranges::find(kFirstFins, cause) != kFirstFins.end()) {
    fins.first = cause;
  } else {
    return std::nullopt;
  }
  return model::ending_of({model::State::LastAck}, Cause::LastAckReceived, fins);
}

bool is_orderly_end(model::Cause cause) {
  return cause == model::Cause::TimeWaitEntered || cause == model::Cause::TimeWaitSkipped ||
         cause == model::Cause::LastAckReceived;
}

// Every cause that ends a connection in one of the ways that are wanted.
std::string causes_of_ending(auto is_wanted) {
  std::vector<std::string_view> labels;
  for (const model::CauseRow& row : model::cause_table()) {
    if (is_orderly_end(row.cause)) continue;
    const auto orderly = orderly_ending(row.cause);
    const bool fits = std::ranges::any_of(model::kAllStates, [&](model::State from) {
      const model::Ending ending = model::ending_of({from}, row.cause, {});
      return occurs_in(row.cause, {from}) && ending.how != model::EndedHow::Unknown &&
             is_wanted(ending);
    });
    const bool fits_request =
        occurs_in(row.cause, {model::State::SynReceived, model::Holder::RequestSocket}) &&
        is_wanted(model::ending_of({model::State::SynReceived}, row.cause, {}));
    if (fits || fits_request || (orderly && is_wanted(*orderly))) labels.push_back(row.label);
  }
  return labels.empty() ? "" : fmt::format("Causes: {}.", fmt::join(labels, ", "));
}

Article finished(Article article, const PageFacts& facts) {
  article.add(facts);
  article.put_in_order();
  article.add_settings();
  return article;
}

std::vector<std::string> stays_in(std::string_view section) {
  std::vector<std::string> lines;
  for (const model::StayRow& row : model::kStays) {
    if (row.section != section) continue;
    std::vector<std::string_view> names;
    for (const model::State state : model::kAllStates) {
      if (row.from.contains(state)) names.push_back(model::name(state));
    }
    const std::string from = names.size() == model::kStateCount
                                 ? "every state"
                                 : fmt::format("{}", fmt::join(names, ", "));
    lines.push_back(fmt::format("{} at {}: {}", from, model::name(row.stimulus), row.reason));
  }
  return lines;
}

}  // namespace

Article article_of(model::DivergenceKind kind) {
  Article article{
      std::string{label(kind)}, "kind of divergence", std::string{summary(kind)}, {}, {}, {}};
  article.add(kWhatToDo, advice(kind));
  return finished(std::move(article), facts_of(divergence_facts(), label(kind)));
}

Article article_of(model::Verdict verdict) {
  Article article{
      std::string{label(verdict)}, "verdict", std::string{meaning(verdict)}, {}, {}, {}};
  return finished(std::move(article), facts_of(verdict_facts(), label(verdict)));
}

Article article_of(model::Doubt doubt) {
  Article article{
      fmt::format("unverified {}", label(doubt)), "why nothing is verified", "", {}, {}, {}};
  article.lead = fmt::format("Stands behind a verdict as \"{}\".", reason(doubt));
  return finished(std::move(article), facts_of(doubt_facts(), label(doubt)));
}

Article article_of(model::EndedBy by) {
  Article article{fmt::format("closed_by {}", label(by)),
                  "who ended a connection",
                  std::string{meaning(by)},
                  {},
                  {},
                  {}};
  article.add(facts_of(ended_by_facts(), label(by)));
  article.add(kSeenHere,
              causes_of_ending([by](const model::Ending& ending) { return ending.by == by; }));
  article.add_settings();
  return article;
}

Article article_of(model::EndedHow how) {
  Article article{fmt::format("how {}", label(how)),
                  "how a connection ended",
                  std::string{meaning(how)},
                  {},
                  {},
                  {}};
  article.add(facts_of(ended_how_facts(), label(how)));
  article.add(kSeenHere,
              causes_of_ending([how](const model::Ending& ending) { return ending.how == how; }));
  article.add_settings();
  return article;
}

Article article_of(tracker::StuckKind kind) {
  Article article{fmt::format("stuck {}", label(kind)),
                  "a connection that is stuck",
                  std::string{summary(kind)},
                  {},
                  {},
                  {}};
  article.add(kWhatToDo, advice(kind));
  return finished(std::move(article), facts_of(stuck_facts(), label(kind)));
}

Article article_of(tracker::LossPlace place) {
  Article article{fmt::format("loss {}", label(place)), "where events get lost", "", {}, {}, {}};
  article.lead = fmt::format("Events that tcptwin does not have: {}.", sinks::explanation(place));
  article.add("What follows",
              "A loss accuses nobody: what rests on the missing events is unverified, and the "
              "next contradiction is a gap (docs/loss.md).");
  return finished(std::move(article), facts_of(loss_facts(), label(place)));
}

Article article_of(const lab::Topic& topic) {
  Article article{fmt::format("lab {}", topic.name),
                  "question of the lab",
                  std::string{topic.question},
                  {},
                  {},
                  {}};
  article.add("The rule", topic.rule);
  article.add("Without it", topic.without);
  article.add(kWhatToDo,
              fmt::format("`tcptwin lab why {}` shows what goes wrong without the rule, and proves "
                          "that with it nothing does.",
                          topic.name));
  return finished(std::move(article), facts_of(lab_facts(), topic.name));
}

Article article_of(const KernelSetting& setting) {
  Article article{std::string{setting.name}, "setting of the kernel", "", {}, {}, {}};
  article.lead = std::string{setting.meaning} + '.';
  article.lead.front() =
      static_cast<char>(std::toupper(static_cast<unsigned char>(article.lead.front())));
  article.add("Default", setting.default_value);
  if (setting.since.major != 0) {
    article.add("Since", fmt::format("Linux {}.{}", setting.since.major, setting.since.minor));
  }
  article.add("Where",
              setting.host_only ? "Of the whole host." : "Each network namespace has its own.");
  article.add(kWhatToDo, fmt::format("`sysctl {}` shows what holds here.", setting.name));
  return article;
}

Article article_of(const RfcSection& section) {
  Article article{
      std::string{section.number}, "section of RFC 9293", std::string{section.title}, {}, {}, {}};
  const std::string cited = fmt::format("RFC 9293 {}", section.number);
  article.add("State changes", reference_arrows([&](const model::TransitionRow& row) {
                return row.section == cited;
              }));
  article.add("The state stays", stays_in(cited));
  return article;
}

}  // namespace tcptwin::commands
