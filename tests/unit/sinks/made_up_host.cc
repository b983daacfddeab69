// SPDX-License-Identifier: MIT
#include "unit/sinks/made_up_host.h"

#include <string>

namespace tcptwin::test {
namespace {

using model::EndedHow;
using model::Holder;
using model::State;
using std::chrono::minutes;
using std::chrono::seconds;
using tracker::Role;

constexpr std::uint32_t kNamespace = 4026531840u;

Address address(std::uint8_t last) {
  Address result;
  result.bytes[0] = 10;
  result.bytes[3] = last;
  return result;
}

tracker::Owner owner(std::uint32_t pid, std::string_view comm) {
  if (pid == 0) return {};
  return {{pid, pid, 33, tracker::Comm{comm}}, tracker::OwnerConfidence::LastUser};
}

MadeUpTwin listener(std::uint64_t cookie, std::uint16_t port, std::uint32_t pid,
                    std::string_view comm, KernelTime start) {
  MadeUpTwin twin = made_up_twin(cookie, State::Listen, pid, comm, start);
  twin.connection.role = Role::Listener;
  twin.connection.tuple.local.port = port;
  twin.connection.tuple.remote = {};
  twin.listener = tracker::ListenerView{};
  return twin;
}

}  // namespace

tracker::TwinView MadeUpTwin::view() const {
  return {connection,   state,   entered,  known_since,
          owners,       nullptr, nullptr,  listener ? &*listener : nullptr,
          std::nullopt, 0,       is_orphan};
}

MadeUpTwin made_up_twin(std::uint64_t cookie, State state, std::uint32_t pid, std::string_view comm,
                        KernelTime entered) {
  MadeUpTwin twin;
  twin.connection.id = {cookie, 1};
  twin.connection.role = Role::Passive;
  twin.connection.cgroup = 100 + pid % 3;
  twin.connection.tuple = {kNamespace,
                           {address(1), 443},
                           {address(9), static_cast<std::uint16_t>(20'000 + cookie % 40'000)}};
  twin.state = {state, state == State::TimeWait ? Holder::Minisocket : Holder::Socket};
  twin.entered = entered;
  twin.known_since = entered;
  twin.owners.last_user = owner(pid, comm);
  return twin;
}

tracker::Step opened_step(const MadeUpTwin& twin, KernelTime time) {
  tracker::Step step{};
  step.time = time;
  step.connection = twin.connection;
  step.from = {State::Listen, Holder::Socket};
  step.to = {State::SynReceived, Holder::RequestSocket};
  step.cause = model::Cause::SynReceived;
  step.verdict = model::Verdict::Conformant;
  step.owner = twin.owners.best();
  return step;
}

tracker::Life ended_life(const MadeUpTwin& twin, KernelTime time, EndedHow how) {
  tracker::Life life;
  life.ended = time;
  life.connection = twin.connection;
  life.owners = twin.owners;
  life.ending.how = how;
  return life;
}

tracker::Stuck stuck_finding(const MadeUpTwin& twin, KernelTime time, tracker::StuckKind kind,
                             Duration threshold) {
  tracker::Stuck stuck;
  stuck.time = time;
  stuck.kind = kind;
  stuck.connection = twin.connection;
  stuck.state = twin.state;
  stuck.owners = twin.owners;
  stuck.threshold = threshold;
  return stuck;
}

MadeUpHost::MadeUpHost(KernelTime start, std::string_view what)
    : start_(start), is_busy_(what != "--idle"), diverges_(what == "--divergence") {
  std::uint64_t cookie = 1;
  twins_.push_back(listener(cookie++, 22, 612, "sshd", start));
  if (!is_busy_) return;
  twins_.push_back(listener(cookie++, 443, 811, "nginx", start));
  twins_.push_back(listener(cookie++, 8080, 1402, "leaky-service", start));
  twins_.back().listener->half_open = 12;
  twins_.back().listener->oldest = start - seconds{40};
  const auto add = [&](int count, State state, std::uint32_t pid, std::string_view comm,
                       Duration age) {
    for (int i = 0; i < count; ++i) {
      twins_.push_back(made_up_twin(cookie++, state, pid, comm, start - age));
      if (comm == "leaky-service") twins_.back().connection.tuple.local.port = 8080;
      if (comm == "curl" || comm == "postgres") twins_.back().connection.role = Role::Active;
    }
  };
  add(1204, State::Established, 812, "nginx", minutes{3});
  add(987, State::Established, 813, "nginx", minutes{3});
  add(42, State::Established, 2201, "postgres", minutes{90});
  add(3, State::SynSent, 40'112, "curl", seconds{12});
  add(2, State::FinWait1, 812, "nginx", seconds{1});
  add(17, State::FinWait2, 813, "nginx", seconds{20});
  twins_.back().state.holder = Holder::Minisocket;
  twins_.back().is_orphan = true;
  add(23, State::CloseWait, 1402, "leaky-service", minutes{72});
  add(1, State::LastAck, 812, "nginx", seconds{2});
  add(640, State::TimeWait, 812, "nginx", seconds{30});
  add(318, State::TimeWait, 0, "", seconds{30});
  add(1, State::Established, 666, "\x1b[31mevil\x07\xe4\xb8\xad", seconds{5});
  for (int i = 0; i < 12; ++i) {
    add(1, State::SynReceived, 1402, "leaky-service", seconds{40});
    twins_.back().state.holder = Holder::RequestSocket;
  }
}

sinks::TopSources MadeUpHost::sources() {
  sinks::TopSources sources;
  sources.visit = [this](const tracker::TwinVisitor& visitor) {
    for (const MadeUpTwin& twin : twins_) visitor(twin.view());
  };
  sources.unit_of = [](std::uint64_t cgroup) {
    return cgroup == 100   ? std::string{"nginx.service"}
           : cgroup == 101 ? std::string{"docker 3f2a9c41be77"}
                           : std::string{};
  };
  return sources;
}

void MadeUpHost::live_until(KernelTime now, tracker::FindingHandler& findings) {
  while (start_ + turns_ * std::chrono::milliseconds{100} <= now) {
    if (is_busy_) turn(findings);
    ++turns_;
  }
}

void MadeUpHost::turn(tracker::FindingHandler& findings) {
  const KernelTime now = start_ + turns_ * std::chrono::milliseconds{100};
  const std::int64_t wave = 8 + (turns_ / 10 * 7) % 13 + (turns_ / 10 % 11);
  for (const MadeUpTwin& twin : twins_) {
    if (turns_ == 0 && twin.state.state == State::CloseWait) {
      findings.on_stuck(stuck_finding(twin, now, tracker::StuckKind::CloseWait, seconds{60}));
    }
    if (turns_ == 0 && twin.listener && twin.listener->half_open > 0) {
      auto stuck = stuck_finding(twin, now, tracker::StuckKind::HalfOpen, seconds{10});
      stuck.connections = twin.listener->half_open;
      findings.on_stuck(stuck);
    }
  }
  const MadeUpTwin& nginx = twins_[4];
  for (std::int64_t i = 0; i < wave; ++i) {
    tracker::Step step = opened_step(nginx, now);
    findings.on_step(step);
    step.from = step.to;
    step.to = {State::Established, Holder::Socket};
    step.verdict = i % 4 == 0 ? model::Verdict::Deviation : model::Verdict::Conformant;
    findings.on_step(step);
    if (i % 9 != 0) findings.on_life(ended_life(nginx, now, EndedHow::Fin));
  }
  if (turns_ % 7 == 0) findings.on_life(ended_life(nginx, now, EndedHow::ResetReceived));
  if (turns_ % 30 == 0) findings.on_life(ended_life(nginx, now, EndedHow::ResetSent));
  for (const MadeUpTwin& twin : twins_) {
    if (twin.state.state != State::SynSent || turns_ % 5 != 0) continue;
    findings.on_life(ended_life(twin, now, EndedHow::Refused));
  }
  if (turns_ == 5) {
    tracker::Reconciliation found;
    found.time = now;
    found.number = 1;
    found.namespaces = 3;
    found.is_complete = true;
    findings.on_reconciliation(found);
  }
  if (diverges_ && turns_ == 3) {
    tracker::Divergence divergence{};
    divergence.time = now;
    divergence.kind = model::DivergenceKind::UnjustifiedEdge;
    divergence.connection = nginx.connection;
    divergence.owner = nginx.owners.best();
    divergence.from = {State::SynSent, Holder::Socket};
    divergence.observed = {State::Established, Holder::Socket};
    findings.on_divergence(divergence);
  }
}

}  // namespace tcptwin::test
