// SPDX-License-Identifier: MIT
#include "commands/table_answers.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_set>
#include <utility>

#include "commands/surroundings.h"

namespace tcptwin::commands {
namespace {

// Each keeps the memory it was forked with for as long as its client reads.
constexpr std::size_t kChildren = 4;
constexpr std::size_t kTaken = 4;
// To fork takes the longer the larger the table is: at most this part of the time, unless it takes
// so long that everybody would wait in vain.
constexpr int kForkShare = 20;
constexpr Duration kLongestPause = std::chrono::seconds{1};
constexpr Duration kCensusPatience = std::chrono::seconds{10};
constexpr unsigned kAnswerSeconds = 60;
constexpr timeval kStandstill{10, 0};
constexpr int kNiceness = 10;
constexpr std::size_t kPortion = 64 * 1024;

// In the child: all other descriptors would keep connections of the service open that it closes.
void keep_only(int descriptor) {
  const auto kept = static_cast<unsigned>(descriptor);
  if (kept > 0) ::close_range(3, kept - 1, 0);
  ::close_range(kept + 1, ~0u, 0);
}

// Frames to a client that reads, or not: then the process ends.
class Answer {
 public:
  explicit Answer(int client) : client_(client) {
    ::fcntl(client_, F_SETFL, ::fcntl(client_, F_GETFL) & ~O_NONBLOCK);
    ::setsockopt(client_, SOL_SOCKET, SO_SNDTIMEO, &kStandstill, sizeof kStandstill);
  }

  void add(const sinks::ServiceMessage& message) {
    sinks::append_frame(pending_, message);
    if (pending_.size() >= kPortion) send();
  }
  void send() {
    std::string_view rest = pending_;
    while (!rest.empty()) {
      const ssize_t size = ::send(client_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) ::_exit(1);
      rest.remove_prefix(static_cast<std::size_t>(size));
    }
    pending_.clear();
  }

 private:
  int client_;
  std::string pending_;
};

}  // namespace

TableAnswers::~TableAnswers() {
  for (const pid_t child : children_) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

void TableAnswers::reap() {
  std::erase_if(children_, [this](pid_t child) {
    int outcome = 0;
    if (::waitpid(child, &outcome, WNOHANG) != child) return false;
    if (!WIFEXITED(outcome) || WEXITSTATUS(outcome) != 0)
      counts_.refuse(sinks::ControlRefusal::Slow);
    return true;
  });
}

bool TableAnswers::has_its_census(const TableRequest& request, KernelTime now) const {
  if (!request.request.census || !run_.takes_censuses()) return true;
  return run_.census_began() >= request.asked || now - request.asked > kCensusPatience;
}

void TableAnswers::turn(KernelTime now, const sinks::ServiceHead& head) {
  reap();
  while (taken_.size() < kTaken) {
    auto request = waiting_.take();
    if (!request) break;
    taken_.push_back(std::move(*request));
  }
  if (taken_.empty()) {
    if (records_of_ && run_.census_began() >= *records_of_) records_.reset();
    return;
  }
  while (children_.size() < kChildren && (!next_begin_ || now >= *next_begin_)) {
    const auto ready = std::ranges::find_if(
        taken_, [&](const TableRequest& request) { return has_its_census(request, now); });
    if (ready == taken_.end()) break;
    begin(*ready, head);
    taken_.erase(ready);
    now = monotonic_now();
  }
  const bool is_asked = records_of_ && run_.census_began() < *records_of_;
  const bool wants = std::ranges::any_of(
      taken_, [&](const TableRequest& request) { return !has_its_census(request, now); });
  if (!wants || is_asked) return;
  records_.emplace();
  records_of_ = now;
  run_.ask_for_census(*records_);
}

void TableAnswers::begin(const TableRequest& request, const sinks::ServiceHead& head) {
  const KernelTime before = monotonic_now();
  const pid_t child = ::fork();
  if (child == 0) {
    write(request, head);
    ::_exit(0);
  }
  if (child < 0) {
    counts_.refuse(sinks::ControlRefusal::Busy);
    send_refusal(
        request.client.get(),
        {ErrorCode::Failed,
         std::string{"the service cannot start a process that answers: "} + std::strerror(errno),
         "--live watches without it"});
    return;
  }
  children_.push_back(child);
  const KernelTime after = monotonic_now();
  counts_.pause_ns += static_cast<std::uint64_t>((after - before).count());
  next_begin_ = after + std::min<Duration>(kForkShare * (after - before), kLongestPause);
}

// In the child, which has one thread and ends behind it.
void TableAnswers::write(const TableRequest& request, sinks::ServiceHead head) {
  keep_only(request.client.get());
  ::setpriority(PRIO_PROCESS, 0, kNiceness);
  ::alarm(kAnswerSeconds);
  Answer answer{request.client.get()};
  const bool has_records =
      request.request.census && records_ && run_.census_began() >= request.asked;
  if (has_records) head.refused = records_->refused();
  head.now = monotonic_now();
  answer.add(head);
  std::unordered_set<std::uint64_t> named;
  const auto name_cgroup = [&](std::uint64_t id) {
    if (id == 0 || !named.insert(id).second) return;
    if (const auto* name = run_.cgroups().find(id)) answer.add(sinks::NamedCgroup{id, *name});
  };
  if (request.request.ask == Ask::Stuck) {
    run_.tracker().list_stuck(head.now, [&](const tracker::Stuck& stuck) {
      name_cgroup(stuck.connection.cgroup);
      answer.add(stuck);
    });
  } else {
    const auto& wanted = request.request.connection;
    run_.tracker().visit([&](const tracker::TwinView& twin) {
      if (wanted && match(*wanted, twin.connection) == NameMatch::No) return;
      name_cgroup(twin.connection.cgroup);
      sinks::TableRow row = sinks::table_row(twin);
      if (!wanted) row.history.clear();
      if (has_records) {
        row.holders = records_->holders_of(twin);
        if (const model::Snapshot* now = records_->last_of(twin)) row.last = *now;
      }
      answer.add(row);
    });
  }
  answer.add(sinks::ServiceEnd{true});
  answer.send();
}

}  // namespace tcptwin::commands
