// SPDX-License-Identifier: MIT
#include "support/trace_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "commands/run_recording.h"
#include "commands/surroundings.h"
#include "support/replay_check.h"

namespace tcptwin::testing {
namespace {

using model::Evidence;
using tracker::Step;

// Later than the settle window of a close (20 ms) and the 2 ms tombstones of minisockets.
constexpr std::chrono::milliseconds kSettled{60};
constexpr std::chrono::milliseconds kPollInterval{10};

bool matches(const Step& step, const Which& which) {
  const auto& connection = step.connection;
  if (connection.role != which.role) return false;
  if (which.local_port != 0 && connection.tuple.local.port != which.local_port) return false;
  return which.remote_port == 0 || connection.tuple.remote.port == which.remote_port;
}

std::string evidence_text(const Evidence& evidence) {
  const auto& seen = evidence.snapshot;
  std::string text;
  const auto number = [&](std::string_view what, std::int64_t value) {
    if (value != 0) text += " " + std::string{what} + "=" + std::to_string(value);
  };
  const auto flag = [&](std::string_view what, bool value) {
    if (value) text += " " + std::string{what};
  };
  number("shutdown", (seen.receive_shutdown ? 1 : 0) + (seen.send_shutdown ? 2 : 0));
  number("err", seen.error);
  number("soft", seen.error_soft);
  number("unacked", seen.write_seq.distance_from(seen.snd_una));
  number("unsent", seen.write_seq.distance_from(seen.snd_nxt));
  number("unread", evidence.unread_bytes());
  number("segs_in", seen.segs_in);
  number("segs_out", seen.segs_out);
  number("retransmits", seen.retransmits);
  number("probes", seen.probes_out);
  flag("dead", seen.dead);
  flag("done", seen.done);
  flag("keepopen", seen.keepopen);
  flag("linger0", seen.linger_zero);
  flag("linger2<0", seen.linger2_negative);
  flag("no_socket", !seen.has_socket);
  flag("repair", seen.repair);
  flag("tfo_connect", seen.fastopen_connect);
  flag("tfo_request", seen.fastopen_request);
  flag("tfo_child", seen.fastopen_child);
  flag("syn_data_acked", seen.syn_data_acked);
  flag("user_timeout", seen.user_timeout);
  flag("first_sight", evidence.first_sight);
  flag("history_unknown", !evidence.history_known);
  flag("just_listened", evidence.just_listened);
  flag("rst_received", evidence.reset_received);
  number("reset_before", static_cast<int>(evidence.reset_sent_before));
  number("reset_after", static_cast<int>(evidence.reset_sent_after));
  flag("error_reported", evidence.error_reported_after);
  number("reported", evidence.error_reported_value);
  flag("destroyed", evidence.destroyed_after);
  flag("listener_abort_follows", evidence.listener_abort_follows);
  number("minisocket", static_cast<int>(evidence.minisocket));
  flag("request_completed", evidence.request_completed);
  flag("unsettled", !evidence.settled);
  return text;
}

std::string identity_text(const tracker::ConnectionIdentity& connection) {
  const auto& tuple = connection.tuple;
  return std::string{label(connection.role)} + " " + std::to_string(connection.id.cookie) + "." +
         std::to_string(connection.id.generation) + " " + to_string(tuple.local.address) + ":" +
         std::to_string(tuple.local.port) + " " + to_string(tuple.remote.address) + ":" +
         std::to_string(tuple.remote.port) + (connection.mptcp ? " mptcp" : "") +
         (connection.adopted ? " adopted" : "");
}

sources::RecordingFacts facts_of(const sources::LiveOptions& options,
                                 const sources::LiveBpf& source) {
  commands::LiveRunOptions run;
  run.live = options;
  return commands::facts_of(source, run, commands::clock_mapping(commands::monotonic_now()));
}

}  // namespace

bool nothing_is_hidden() {
  const char* said = std::getenv("TCPTWIN_NOTHING_IS_HIDDEN");
  return said != nullptr && std::string_view{said} == "1";
}

TraceSession::TraceSession(std::unique_ptr<sources::LiveBpf> source,
                           const sources::RecordingFacts& facts)
    : findings_(std::make_unique<Findings>()),
      replay_check_(std::make_unique<ReplayCheck>(facts, *findings_)),
      tracker_(std::make_unique<tracker::Tracker>(judging_of(facts))),
      pipeline_(std::make_unique<Pipeline>(*tracker_, replay_check_->findings())),
      source_(std::move(source)),
      intake_(replay_check_->records_before(*pipeline_)) {}

TraceSession::~TraceSession() {
  std::string difference;
  try {
    difference = finish();
  } catch (const std::exception& broken) {
    difference = broken.what();
  }
  if (!difference.empty()) {
    ADD_FAILURE() << "the replay is not what the live session said: " << difference;
  }
}

// As commands/live_run.cc ends a run.
std::string TraceSession::finish() {
  replay_check_->begin_finish(commands::monotonic_now());
  const auto last = source_->poll(std::chrono::milliseconds{0}, intake_);
  if (!last) return last.error().what;
  tracker_->finish(replay_check_->findings());
  return replay_check_->finish(commands::monotonic_now(), *tracker_, status());
}

Result<std::unique_ptr<TraceSession>> TraceSession::open(const sources::LiveOptions& wanted) {
  sources::LiveOptions options = wanted;
  const char* tier = std::getenv("TCPTWIN_TIER");
  if (tier != nullptr && std::string_view{tier} == "t0") {
    options.tiers = sources::TierChoice::TracepointsOnly;
  }
  auto source = sources::LiveBpf::open(options);
  if (!source) return source.error();
  const sources::RecordingFacts facts = facts_of(options, *source.value());
  return std::unique_ptr<TraceSession>(new TraceSession(std::move(source.value()), facts));
}

void TraceSession::poll(std::chrono::milliseconds timeout) {
  const auto polled = source_->poll(timeout, intake_);
  if (!polled) throw std::runtime_error(polled.error().what);
  replay_check_->end_turn(commands::monotonic_now(), status().time);
}

void TraceSession::take_census() {
  const auto taken = source_->take_census(intake_);
  if (!taken) throw std::runtime_error(taken.error().what);
}

void TraceSession::reconcile() {
  take_census();
  if (tracker_->wants_census()) take_census();
}

bool TraceSession::await(const std::function<bool(const Findings&)>& predicate,
                         std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!predicate(*findings_)) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    poll(kPollInterval);
  }
  return true;
}

void TraceSession::settle() {
  const KernelTime settled = commands::monotonic_now() + kSettled;
  while (status().time < settled) poll(kPollInterval);
}

std::vector<Step> steps_of(const std::vector<Step>& steps, const Which& which) {
  std::vector<ConnectionId> ids;  // in the order in which the connections began
  for (const Step& step : steps) {
    if (std::find(ids.begin(), ids.end(), step.connection.id) != ids.end()) continue;
    const bool belongs = std::any_of(steps.begin(), steps.end(), [&](const Step& other) {
      return other.connection.id == step.connection.id && matches(other, which);
    });
    if (belongs) ids.push_back(step.connection.id);
  }
  if (which.ordinal > ids.size()) return {};
  if (which.ordinal != 0) ids = {ids[which.ordinal - 1]};
  std::vector<Step> found;
  for (const Step& step : steps) {
    const bool belongs = std::find(ids.begin(), ids.end(), step.connection.id) != ids.end();
    if (belongs) found.push_back(step);
  }
  return found;
}

std::string to_text(const model::MirrorState& mirror) {
  std::string text{name(mirror)};
  const bool is_fin_wait2 = mirror.state == model::State::FinWait2;
  if (is_fin_wait2 && mirror.holder == model::Holder::Minisocket) text += "(minisocket)";
  return text;
}

std::string to_text(const Step& step) {
  std::string text = to_text(step.from) + " -> " + to_text(step.to) + " ";
  text += label(step.cause);
  text += " ";
  text += label(step.verdict);
  if (step.dialect != model::DialectId::None) text += " " + std::string{label(step.dialect)};
  return text;
}

std::string to_detailed_text(const Step& step) {
  std::string text = to_text(step) + "\n        [" + identity_text(step.connection) + "] by " +
                     std::to_string(step.owner.actor.pid) + " " +
                     std::string{step.owner.actor.comm.view()} + " (" +
                     std::string{label(step.owner.confidence)} + ")";
  text += step.context == model::Context::Softirq ? " softirq" : "";
  if (!step.reason.empty()) text += " because " + std::string{step.reason};
  if (step.evidence) text += "\n       " + evidence_text(*step.evidence);
  return text;
}

std::string to_detailed_text(const tracker::Divergence& divergence) {
  std::string text = std::string{label(divergence.kind)} + ": " + to_text(divergence.from) +
                     " -> " + to_text(divergence.observed) + ", cause " +
                     std::string{label(divergence.cause)} + ", expected " +
                     (divergence.expected ? std::string{name(*divergence.expected)} : "nothing") +
                     "\n        [" + identity_text(divergence.connection) + "]";
  for (std::size_t i = 0; i < divergence.history_length; ++i) {
    text += "\n        before: " + to_text(divergence.history[i].to) + " " +
            std::string{label(divergence.history[i].cause)};
  }
  if (divergence.measured) {
    text += "\n        measured " + std::to_string(to_us(*divergence.measured)) + " us";
  }
  if (divergence.evidence) text += "\n       " + evidence_text(*divergence.evidence);
  return text;
}

}  // namespace tcptwin::testing
