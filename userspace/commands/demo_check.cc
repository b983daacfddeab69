// SPDX-License-Identifier: MIT
#include "commands/demo_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/linux_dialect.h"
#include "model/verdict.h"

namespace tcptwin::commands {
namespace {

enum Place : std::size_t { kClient, kServer, kListener };

Place place_of(const tracker::ConnectionIdentity& connection) {
  if (connection.role == tracker::Role::Listener) return kListener;
  return to_string(connection.tuple.local.address) == system::kClientAddress ? kClient : kServer;
}

std::string text_of(const model::MirrorState& mirror) {
  const bool is_orphan =
      mirror.state == model::State::FinWait2 && mirror.holder == model::Holder::Minisocket;
  return std::string{name(mirror)} + (is_orphan ? "(minisocket)" : "");
}

bool is_unproven(const tracker::Step& step) {
  return step.verdict == model::Verdict::Gap || step.verdict == model::Verdict::Unverified ||
         step.connection.adopted;
}

// What just stops lacks its end; everything else that differs is something else.
bool just_stops(const DemoEnd& end) {
  return end.seen.size() < end.expected.size() &&
         std::equal(end.seen.begin(), end.seen.end(), end.expected.begin());
}

std::vector<std::string> texts(const Steps& steps) {
  return {steps.begin(), steps.end()};
}

std::string first_difference(const DemoEnd& end) {
  const auto [seen, expected] =
      std::mismatch(end.seen.begin(), end.seen.end(), end.expected.begin(), end.expected.end());
  return fmt::format("{}: expected '{}', saw '{}'", end.name,
                     expected == end.expected.end() ? "nothing more" : *expected,
                     seen == end.seen.end() ? "nothing more" : *seen);
}

}  // namespace

std::string_view label(DemoOutcome outcome) {
  constexpr std::array<std::string_view, 4> kLabels = {"as_expected", "differs", "incomplete",
                                                       "failed"};
  return kLabels[static_cast<std::size_t>(outcome)];
}

void DemoFindings::on_step(const tracker::Step& step) {
  steps_.push_back(step);
  next_.on_step(step);
}

void DemoFindings::on_divergence(const tracker::Divergence& divergence) {
  ++divergences_;
  next_.on_divergence(divergence);
}

void DemoFindings::on_loss(const tracker::Loss& loss) {
  ++losses_;
  next_.on_loss(loss);
}

std::string step_text(const tracker::Step& step) {
  std::string text = fmt::format("{} -> {} {} {}", text_of(step.from), text_of(step.to),
                                 label(step.cause), label(step.verdict));
  if (step.dialect != model::DialectId::None) text += fmt::format(" {}", label(step.dialect));
  return text;
}

DemoJudgement judge(const DemoScenario& scenario, const DemoFindings& findings,
                    bool shows_minisocket_segments) {
  const ExpectedSteps expected = scenario.expected();
  DemoJudgement result{
      DemoOutcome::AsExpected,
      "",
      {DemoEnd{"client", texts(expected.client), {}}, DemoEnd{"server", texts(expected.server), {}},
       DemoEnd{"listener", texts(expected.listener), {}}}};
  for (const tracker::Step& step : findings.steps()) {
    result.ends[place_of(step.connection)].seen.push_back(step_text(step));
  }
  DemoEnd& client = result.ends[kClient];
  const bool may_lack_last = expected.ends_in_minisocket && !shows_minisocket_segments;
  if (may_lack_last && client.seen.size() < client.expected.size()) client.expected.pop_back();
  if (findings.has_divergence()) {
    result.outcome = DemoOutcome::Differs;
    result.reason = "neither RFC 9293 nor a documented deviation of Linux explains what was seen";
    return result;
  }
  if (findings.has_loss() || std::ranges::any_of(findings.steps(), is_unproven)) {
    result.outcome = DemoOutcome::Incomplete;
    result.reason = "part of the evidence was not seen";
    return result;
  }
  for (const DemoEnd& end : result.ends) {
    if (end.seen == end.expected) continue;
    const DemoOutcome outcome = just_stops(end) ? DemoOutcome::Incomplete : DemoOutcome::Differs;
    const bool is_graver = outcome == DemoOutcome::Differs && result.outcome != outcome;
    if (result.outcome != DemoOutcome::AsExpected && !is_graver) continue;
    result.outcome = outcome;
    result.reason = first_difference(end);
  }
  return result;
}

}  // namespace tcptwin::commands
