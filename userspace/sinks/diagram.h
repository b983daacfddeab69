// SPDX-License-Identifier: MIT
// What `diagram` draws: the table's ways from state to state and, where something ran, how often
// each was taken. Rendered by diagram_text, diagram_svg and diagram_dot.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/cause.h"
#include "model/linux_dialect.h"
#include "model/state.h"
#include "sinks/diagram_figure.h"
#include "tracker/finding.h"
#include "tracker/snapshot.h"

namespace tcptwin::sinks {

enum class WayKind : std::uint8_t {
  Reference,   // a row of RFC 9293's table
  Dialect,     // a documented deviation
  Unproven,    // not verified, or part of it was not seen
  Divergence,  // neither explains it
};

// One way from a state to a state.
struct Way {
  WayKind kind = WayKind::Reference;
  std::vector<model::MirrorState> from;  // several where a rule holds in several states
  model::MirrorState to;
  std::string_view what;  // a stimulus in words, or a cause's label
  std::string_view rule;  // "RFC 9293 3.10.4", "L12", or a reason
  std::uint64_t count = 0;
};

// Counts what a run did.
class DiagramCounts final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss&) override {}  // the summary tells it
  void on_call_path(const tracker::CallPath&) override {}
  // One connection that is in the mirror at the end.
  void on_open(const tracker::TwinView& twin) { ++now_[model::index(twin.state.state)]; }

  // Along one arrow of the figure.
  std::uint64_t along(const FigureArrow& arrow) const;
  // Of the steps between the arrow's states, those that nothing explains.
  std::uint64_t divergent_along(const FigureArrow& arrow) const;
  std::uint64_t now(model::State state) const { return now_[model::index(state)]; }
  // What took no arrow of the figure: divergences first, then the most frequent.
  std::vector<Way> other_ways() const;
  std::uint64_t steps() const { return steps_; }

 private:
  // Where from, where to, why, by which rule.
  using Key = std::tuple<std::size_t, std::size_t, model::Cause, model::Verdict, std::string_view>;

  std::map<Key, std::uint64_t> taken_;
  // Findings about a connection that no step belongs to.
  std::map<std::pair<std::size_t, model::DivergenceKind>, std::uint64_t> stepless_;
  std::array<std::uint64_t, model::kStateCount> now_{};
  std::uint64_t steps_ = 0;
};

// The rows of the table and of the dialect that no arrow of the figure stands for.
std::vector<Way> ways_beside_the_figure();

// "3.10.7.4" of RFC 9293, "L12", "-" where nothing is proved.
std::string_view short_rule(const Way& way);
// "SYN_SENT, SYN_RECV -> CLOSE"; where nothing is proved, why.
std::string ways_text(const Way& way);

}  // namespace tcptwin::sinks
