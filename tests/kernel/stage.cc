// SPDX-License-Identifier: MIT
#include "stage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "kernel/counter_check.h"
#include "kernel/expected_life.h"

namespace tcptwin::testing {
namespace {

using tracker::Step;

// How often a scenario may be played whose events were hidden.
int runs_allowed() {
  constexpr int kRuns = 3;
  return nothing_is_hidden() ? 1 : kRuns;
}

std::string joined(const Path& path, std::string_view indent) {
  std::string text;
  for (const std::string& line : path) text += std::string{indent} + line + "\n";
  return text;
}

Path path_of(const std::vector<Step>& steps) {
  Path path;
  for (const Step& step : steps) path.push_back(to_text(step));
  return path;
}

std::string who(const Which& which) {
  return std::string{label(which.role)} + " " + std::to_string(which.local_port) + " -> " +
         std::to_string(which.remote_port) +
         (which.ordinal == 0 ? "" : " (number " + std::to_string(which.ordinal) + ")");
}

bool is_unproven(const Step& step) {
  return step.verdict == model::Verdict::Gap || step.verdict == model::Verdict::Unverified;
}

std::string find_missing() {
  if (geteuid() != 0) return "root";
  if (access("/dev/net/tun", R_OK | W_OK) != 0) return "/dev/net/tun";
  const auto session = TraceSession::open({});
  if (!session) return "BPF: " + session.error().what + " " + session.error().hint;
  return "";
}

}  // namespace

Path operator+(Path first, const Path& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string missing_for_live_tests() {
  static const std::string missing = find_missing();
  return missing;
}

bool skipping_is_failure() {
  const char* required = std::getenv("TCPTWIN_REQUIRE_KERNEL_TESTS");
  return required != nullptr && std::string_view{required} == "1";
}

Stage::Stage(Segments recorded) : peer(network) {
  sources::LiveOptions options;
  options.filter.netns = network.inode();
  options.segments = true;  // nothing may change by them, and none may be a divergence
  options.every_segment = recorded == Segments::Every;
  auto session = TraceSession::open(options);
  if (!session) throw std::runtime_error(session.error().what);
  session_ = std::move(session.value());
  counters_ = counters_of(network);
}

Stage::~Stage() {
  kill_all_sockets(network);
}

Socket& Stage::socket(Protocol protocol, int family) {
  return sockets_.emplace_back(network, protocol, family);
}

Socket& Stage::listener(std::uint16_t port, int backlog) {
  Socket& listener = socket();
  listener.set_reuse_address();
  listener.bind("0.0.0.0", port);
  listener.listen(backlog);
  return listener;
}

Socket& Stage::accept(Socket& listener) {
  return sockets_.emplace_back(listener.accept());
}

Stage::Talk Stage::connected(std::uint16_t peer_port) {
  Socket& client = socket();
  client.connect(kPeerAddress, peer_port);
  Conversation peer_side = peer_at(peer_port);
  peer_side.accepts_open();
  return {client, std::move(peer_side)};
}

Stage::Talk Stage::accepted(Socket& listener, std::uint16_t peer_port) {
  Conversation peer_side = peer_at(peer_port, listener.local_port());
  peer_side.opens();
  return {accept(listener), std::move(peer_side)};
}

void Stage::await_kernel_state(std::uint16_t local_port, std::uint16_t remote_port, int state) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    for (const KernelSocket& socket : list_sockets(network)) {
      const bool is_it = socket.local_port == local_port && socket.remote_port == remote_port;
      if (is_it && socket.state == state) return;
    }
  }
  throw ConversationBroken("no socket came to kernel state " + std::to_string(state));
}

void Stage::expect(const Which& which, Path path) {
  expect_one_of(which, {std::move(path)});
}

void Stage::expect_one_of(const Which& which, std::vector<Path> paths) {
  expectations_.push_back({which, std::move(paths)});
}

void Stage::except_counter(std::string_view name, std::string_view reason) {
  if (reason.empty()) throw std::invalid_argument("an exception needs a reason");
  excepted_counters_.emplace(name);
}

// One run of a scenario and what is wrong with it.
class ScenarioRun {
 public:
  explicit ScenarioRun(const std::function<void(Stage&)>& conversation) {
    try {
      conversation(stage_);
      await_steps();
      compare();
      compare_lives("after the conversation");
      compare_counters("after the conversation");
    } catch (const std::exception& broken) {
      complaints_ += std::string{broken.what()} + "\n";
    }
    kill_all_sockets(stage_.network);
    stage_.session_->settle();
    if (!complaints_.empty()) return;
    compare_lives("after everything was killed");
    compare_counters("after everything was killed");
  }

  bool is_right() const { return complaints_.empty() && !has_divergence(); }
  bool has_divergence() const { return !findings().divergences.empty(); }
  // Events were hidden from BPF: the twins noticed it, or a path just stops.
  bool proves_nothing() const { return only_ends_are_missing_ || has_step(is_unproven); }
  // Its namespace was traced before there was a socket in it: what is older had its beginning
  // hidden.
  bool has_hidden_beginning() const {
    return has_step([](const Step& step) { return step.connection.adopted; });
  }

  std::string report() const {
    std::string text = complaints_ + "\n  The conversation:\n";
    for (const std::string& line : stage_.peer.transcript()) text += "    " + line + "\n";
    text += "  All steps:\n";
    for (const Step& step : findings().steps) text += "    " + to_detailed_text(step) + "\n";
    for (const auto& divergence : findings().divergences) {
      text += "  DIVERGENCE " + to_detailed_text(divergence) + "\n";
    }
    for (const auto& loss : findings().losses) {
      text += "  LOSS " + std::string{label(loss.where)} + " " + std::to_string(loss.lost) + "\n";
    }
    return text;
  }

 private:
  const Findings& findings() const { return stage_.session_->findings(); }
  template <typename Predicate>
  bool has_step(Predicate predicate) const {
    return std::any_of(findings().steps.begin(), findings().steps.end(), predicate);
  }

  void await_steps() {
    const auto arrived = [&](const Findings& found) {
      return std::all_of(stage_.expectations_.begin(), stage_.expectations_.end(),
                         [&](const Stage::Expectation& expected) {
                           return steps_of(found.steps, expected.which).size() >=
                                  expected.paths.front().size();
                         });
    };
    stage_.session_->await(arrived, stage_.patience_);
    stage_.session_->settle();
  }

  void compare() {
    std::size_t explained = 0;
    for (const auto& expected : stage_.expectations_) {
      const Path path = path_of(steps_of(findings().steps, expected.which));
      explained += path.size();
      if (std::ranges::count(expected.paths, path) > 0) continue;
      const Path& wanted = expected.paths.front();
      const bool stops =
          path.size() < wanted.size() && std::equal(path.begin(), path.end(), wanted.begin());
      only_ends_are_missing_ = stops && (complaints_.empty() || only_ends_are_missing_);
      complaints_ += who(expected.which) + ": the path differs\n  expected:\n" +
                     joined(wanted, "    ") + "  judged:\n" + joined(path, "    ");
    }
    if (explained < findings().steps.size()) {
      only_ends_are_missing_ = false;
      complaints_ += "there are steps of connections that the scenario does not know\n";
    }
  }

  // Each connection that has ended has one life, and it says who, how and why.
  void compare_lives(std::string_view when) {
    if (proves_nothing()) return;
    const std::string differences = life_differences(findings());
    if (differences.empty()) return;
    complaints_ += "the lives differ " + std::string{when} + "\n" + differences;
  }

  // The kernel's own counters must have moved exactly as our labels say (docs/cross-check.md).
  void compare_counters(std::string_view when) {
    if (proves_nothing()) return;
    const std::string differences =
        counter_differences(stage_.counters_, counters_of(stage_.network), stage_.network.inode(),
                            findings(), stage_.excepted_counters_);
    if (differences.empty()) return;
    complaints_ += "the kernel's counters differ " + std::string{when} + "\n" + differences;
  }

  Stage stage_;
  std::string complaints_;
  bool only_ends_are_missing_ = false;
};

void scenario(const std::function<void(Stage&)>& conversation) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  std::string reports;
  for (int run = 0; run < runs_allowed(); ++run) {
    const ScenarioRun attempt(conversation);
    ::testing::Test::RecordProperty("runs", run + 1);
    if (attempt.is_right()) return;
    reports += attempt.report();
    const bool were_hidden = attempt.proves_nothing() || attempt.has_hidden_beginning();
    if (attempt.has_divergence() || !were_hidden) break;
  }
  FAIL() << reports;
}

Path opened() {
  return {"CLOSE -> SYN_SENT active_open conformant",
          "SYN_SENT -> ESTABLISHED synack_accepted conformant"};
}

Path received() {
  return {"LISTEN -> NEW_SYN_RECV syn_received conformant",
          "NEW_SYN_RECV -> SYN_RECV child_from_request deviation L12",
          "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant"};
}

Which active(std::uint16_t remote_port, std::uint16_t local_port) {
  return {tracker::Role::Active, local_port, remote_port, 0};
}

Which passive(std::uint16_t local_port, std::uint16_t remote_port) {
  return {tracker::Role::Passive, local_port, remote_port, 0};
}

Which listener(std::uint16_t local_port) {
  return {tracker::Role::Listener, local_port, 0, 0};
}

}  // namespace tcptwin::testing
