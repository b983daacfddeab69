// SPDX-License-Identifier: MIT
#include "commands/story_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "commands/article_index.h"
#include "commands/articles.h"
#include "sinks/life_text.h"
#include "sinks/words.h"

namespace tcptwin::commands {
namespace {

using model::State;
using tracker::Step;

constexpr std::size_t kColumns = 80;
constexpr std::string_view kMargin = "              ";  // below the sentences

// A story of more steps is a listener's, or one of many lives of a socket.
constexpr std::size_t kToldSteps = 12;

// Who made the call. A segment of the peer may arrive while a process of this host runs.
std::string actor_text(const Step& step) {
  using enum model::Stimulus;
  constexpr std::array kCalls = {PassiveOpen, ActiveOpen, DeferredOpen, RepairCall,
                                 Close,       Abort,      Disconnect,   AdministrativeAbort};
  const bool is_call = std::ranges::find(kCalls, model::stimulus_of(step.cause)) != kCalls.end();
  if (!is_call || step.owner.confidence != tracker::OwnerConfidence::Acted) return "";
  return fmt::format(" ({})", sinks::owner_text(step.owner));
}

std::string verdict_text(const Step& step) {
  switch (step.verdict) {
    case model::Verdict::Conformant:
      return "";
    case model::Verdict::Deviation:
      return fmt::format(" Linux's way: {} {}", label(step.dialect),
                         model::entry(step.dialect).title);
    case model::Verdict::Unverified:
    case model::Verdict::Gap:
      return fmt::format(" {}: {}.", label(step.verdict), step.reason);
    case model::Verdict::Divergence:
      return " Nothing explains it: a divergence.";
  }
  return "";
}

std::string step_sentence(const Step& step) {
  return fmt::format("{}{}{}", model::row(step.cause).summary, actor_text(step),
                     verdict_text(step));
}

// "first", or how long after the step before.
std::string moment(const Step& step, bool is_first) {
  if (is_first) return "first";
  return "+" + sinks::span_text(step.dwell, step.dwell_at_least);
}

void add_paragraph(std::string& text, std::string_view head, std::string_view sentence) {
  sinks::append_wrapped(text, fmt::format("  {:<11} ", head), kMargin, sentence, kColumns);
}

std::string orderly_text(const tracker::Life& life) {
  switch (life.ending.by) {
    case model::EndedBy::Local:
      return "Both ends closed in order, this one first.";
    case model::EndedBy::Remote:
      return "Both ends closed in order, the peer first.";
    default:
      return "Both ends closed at the same time, in order.";
  }
}

std::string what_moved(const tracker::Life& life) {
  std::string text;
  if (sinks::bytes_are_known(life)) {
    text = fmt::format(" {} bytes came in and {} went out", sinks::bytes_text(life.bytes_in),
                       sinks::bytes_text(life.bytes_out));
    const std::uint32_t repeated = life.last->total_retrans;
    if (repeated != 0) {
      fmt::format_to(std::back_inserter(text), ", {} {} sent again", repeated,
                     repeated == 1 ? "segment was" : "segments were");
    }
    text += '.';
  }
  if (life.half_closed && life.half_closed->bytes != 0) {
    fmt::format_to(std::back_inserter(text), " For {} only {} could still send: {} bytes.",
                   sinks::span_text(life.half_closed->span),
                   life.half_closed->by_local ? "the peer" : "this end",
                   sinks::bytes_text(life.half_closed->bytes));
  }
  if (life.never_accepted) text += " No process ever accepted it.";
  return text;
}

std::string end_text(const tracker::Life& life) {
  const Article how = article_of(life.ending.how);
  const std::string way = life.ending.how == model::EndedHow::Fin ? orderly_text(life) : how.lead;
  return fmt::format("{}{}", way, what_moved(life));
}

// TIME_WAIT as it was, or as it still is.
std::string time_wait_text(const Story& story) {
  const auto entered = std::ranges::find_if(
      story.steps, [](const Step& step) { return step.to.state == State::TimeWait; });
  if (entered == story.steps.end()) return "";
  const auto left = std::find_if(entered, story.steps.end(), [](const Step& step) {
    return step.from.state == State::TimeWait;
  });
  if (left == story.steps.end()) {
    return "TIME_WAIT keeps the ports for 60 s (L02), so that the last ACK can be sent again and "
           "old segments die.";
  }
  const std::string span = sinks::span_text(left->dwell, left->dwell_at_least);
  if (left->cause != model::Cause::TimeWaitExpired) {
    return fmt::format("TIME_WAIT was cut short after {} ({}).", span, label(left->cause));
  }
  return fmt::format(
      "TIME_WAIT kept the ports for {} (60 s and the timer's slack, L02), so that the last ACK "
      "could be sent again and old segments died.",
      span);
}

std::string judgement_text(const Story& story) {
  if (!story.divergences.empty()) {
    return fmt::format("{} of what happened is explained by nothing: see above.",
                       story.divergences.size());
  }
  const auto is = [](model::Verdict verdict) {
    return [verdict](const Step& step) { return step.verdict == verdict; };
  };
  const auto doubtful = std::ranges::count_if(story.steps, [](const Step& step) {
    return step.verdict == model::Verdict::Unverified || step.verdict == model::Verdict::Gap;
  });
  if (doubtful != 0) {
    return fmt::format("{} of {} steps could not be verified; nothing is known against them.",
                       doubtful, story.steps.size());
  }
  if (std::ranges::any_of(story.steps, is(model::Verdict::Deviation))) {
    return "Every step is as RFC 9293 has it, or a documented habit of Linux.";
  }
  return "Every step is as RFC 9293 has it.";
}

void add_page(std::vector<std::string>& pages, std::string title) {
  if (std::ranges::find(pages, title) == pages.end()) pages.push_back(std::move(title));
}

std::string pages_text(const Story& story) {
  std::vector<std::string> pages;
  if (story.life) {
    add_page(pages, std::string{label(story.life->ending.why)});
    add_page(pages, fmt::format("how {}", label(story.life->ending.how)));
  }
  if (story.now) add_page(pages, std::string{name(story.now->state)});
  for (const tracker::Divergence& divergence : story.divergences) {
    add_page(pages, std::string{label(divergence.kind)});
  }
  for (const Step& step : story.steps) {
    if (step.verdict == model::Verdict::Deviation)
      add_page(pages, std::string{label(step.dialect)});
  }
  std::string text = fmt::format("tcptwin explain: {}", fmt::join(pages, ", "));
  const bool waits = std::ranges::any_of(
      story.steps, [](const Step& step) { return step.to.state == State::TimeWait; });
  if (waits) text += "; tcptwin lab why time-wait";
  return text;
}

}  // namespace

std::string story_text(const Story& story) {
  std::string text;
  const std::size_t told = std::min(story.steps.size(), kToldSteps);
  for (std::size_t i = 0; i < told; ++i) {
    add_paragraph(text, moment(story.steps[i], i == 0), step_sentence(story.steps[i]));
  }
  if (told < story.steps.size()) {
    add_paragraph(text, "...", fmt::format("{} more, above.", story.steps.size() - told));
  }
  if (story.life) add_paragraph(text, "the end", end_text(*story.life));
  if (const std::string waited = time_wait_text(story); !waited.empty()) {
    add_paragraph(text, "after it", waited);
  }
  if (!story.steps.empty()) add_paragraph(text, "judged", judgement_text(story));
  if (!text.empty() || story.now) add_paragraph(text, "read on", pages_text(story));
  return text;
}

}  // namespace tcptwin::commands
