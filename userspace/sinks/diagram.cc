// SPDX-License-Identifier: MIT
#include "sinks/diagram.h"

#include <algorithm>

#include "model/transition_table.h"

namespace tcptwin::sinks {
namespace {

using model::DivergenceKind;
using model::MirrorState;
using model::Stimulus;
using model::Verdict;

WayKind kind_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Conformant:
      return WayKind::Reference;
    case Verdict::Deviation:
      return WayKind::Dialect;
    case Verdict::Divergence:
      return WayKind::Divergence;
    case Verdict::Unverified:
    case Verdict::Gap:
      break;
  }
  return WayKind::Unproven;
}

bool is_in_figure(model::State from, Stimulus stimulus, model::State to) {
  return std::ranges::any_of(figure_arrows(), [&](const FigureArrow& arrow) {
    return arrow.stands_for(from, stimulus, to);
  });
}

bool is_a_step(DivergenceKind kind) {
  return kind == DivergenceKind::IllegalEdge || kind == DivergenceKind::UnjustifiedEdge;
}

// Puts states that have the rest in common into one way.
void add_row(std::vector<Way>& ways, const Way& way) {
  for (Way& known : ways) {
    if (known.kind != way.kind || known.what != way.what || known.rule != way.rule ||
        known.to != way.to) {
      continue;
    }
    known.from.insert(known.from.end(), way.from.begin(), way.from.end());
    return;
  }
  ways.push_back(way);
}

std::vector<MirrorState> states_of(model::StateSet set) {
  std::vector<MirrorState> states;
  for (const model::State state : model::kAllStates) {
    if (set.contains(state)) states.push_back({state});
  }
  return states;
}

}  // namespace

void DiagramCounts::on_step(const tracker::Step& step) {
  ++steps_;
  const std::string_view rule = step.rule.empty() ? step.reason : step.rule;
  ++taken_[{model::labelled_index(step.from), model::labelled_index(step.to), step.cause,
            step.verdict, rule}];
}

void DiagramCounts::on_divergence(const tracker::Divergence& divergence) {
  if (is_a_step(divergence.kind)) return;  // its step says it
  ++stepless_[{model::labelled_index(divergence.from), divergence.kind}];
}

std::uint64_t DiagramCounts::along(const FigureArrow& arrow) const {
  std::uint64_t sum = 0;
  for (const auto& [key, count] : taken_) {
    const auto& [from, to, cause, verdict, rule] = key;
    const bool proved = verdict == Verdict::Conformant || verdict == Verdict::Deviation;
    if (proved && arrow.stands_for(model::labelled_state(from).state, model::stimulus_of(cause),
                                   model::labelled_state(to).state)) {
      sum += count;
    }
  }
  return sum;
}

std::uint64_t DiagramCounts::divergent_along(const FigureArrow& arrow) const {
  std::uint64_t sum = 0;
  for (const auto& [key, count] : taken_) {
    if (std::get<Verdict>(key) != Verdict::Divergence) continue;
    const bool same = model::labelled_state(std::get<0>(key)).state == arrow.from &&
                      model::labelled_state(std::get<1>(key)).state == arrow.to;
    if (same) sum += count;
  }
  return sum;
}

std::vector<Way> DiagramCounts::other_ways() const {
  std::vector<Way> ways;
  for (const auto& [key, count] : taken_) {
    const auto& [from, to, cause, verdict, rule] = key;
    const MirrorState left = model::labelled_state(from);
    const MirrorState entered = model::labelled_state(to);
    const WayKind kind = kind_of(verdict);
    const bool drawn = is_in_figure(left.state, model::stimulus_of(cause), entered.state);
    if (drawn && (kind == WayKind::Reference || kind == WayKind::Dialect)) continue;
    ways.push_back({kind, {left}, entered, model::label(cause), rule, count});
  }
  for (const auto& [key, count] : stepless_) {
    const MirrorState state = model::labelled_state(key.first);
    ways.push_back({WayKind::Divergence, {state}, state, model::label(key.second), "", count});
  }
  std::ranges::stable_sort(ways, [](const Way& one, const Way& other) {
    const bool first = one.kind == WayKind::Divergence;
    const bool second = other.kind == WayKind::Divergence;
    return first != second ? first : one.count > other.count;
  });
  return ways;
}

std::vector<Way> ways_beside_the_figure() {
  std::vector<Way> ways;
  for (const model::TransitionRow& row : model::kArrows) {
    if (is_in_figure(row.from, row.stimulus, row.to)) continue;
    add_row(ways, {WayKind::Reference, {{row.from}}, {row.to}, name(row.stimulus), row.section});
  }
  for (const model::DialectRow& row : model::dialect_rows()) {
    add_row(ways, {WayKind::Dialect, states_of(row.from), row.to, label(row.cause), label(row.id)});
  }
  return ways;
}

std::string_view short_rule(const Way& way) {
  constexpr std::string_view kRfc = "RFC 9293 ";
  if (way.kind == WayKind::Unproven || way.rule.empty()) return "-";
  return way.rule.starts_with(kRfc) ? way.rule.substr(kRfc.size()) : way.rule;
}

std::string ways_text(const Way& way) {
  std::string text;
  for (const MirrorState& from : way.from) {
    if (!text.empty()) text += ", ";
    text += name(from);
  }
  text += " -> ";
  text += name(way.to);
  if (way.to.holder == model::Holder::Minisocket && way.to.state == model::State::FinWait2) {
    text += "(minisocket)";
  }
  if (way.kind == WayKind::Unproven && !way.rule.empty()) {
    text += " (" + std::string{way.rule} + ")";
  }
  return text;
}

}  // namespace tcptwin::sinks
