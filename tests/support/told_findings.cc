// SPDX-License-Identifier: MIT
#include "support/told_findings.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <system_error>
#include <utility>

namespace tcptwin::testing {
namespace {

constexpr std::size_t kKeptBytes = 4 * 1024 * 1024;

system::UniqueFd open_memory() {
  system::UniqueFd file{::memfd_create("told", MFD_CLOEXEC)};
  if (!file.is_open()) throw std::system_error(errno, std::generic_category(), "memfd_create");
  return file;
}

}  // namespace

void Lines::add(std::string_view text) {
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    hashes_.push_back(std::hash<std::string_view>{}(line));
    if (kept_.size() + line.size() <= kKeptBytes && ends_.size() + 1 == hashes_.size()) {
      kept_ += line;
      ends_.push_back(kept_.size());
    }
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
}

std::string_view Lines::line(std::size_t number) const {
  if (number >= hashes_.size()) return "(nothing)";
  if (number >= ends_.size()) return "(a line that was not kept)";
  const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
  return std::string_view{kept_}.substr(begin, ends_[number] - begin);
}

std::string Lines::difference(const Lines& other) const {
  if (hashes_ == other.hashes_) return "";
  const auto [mine, theirs] = std::ranges::mismatch(hashes_, other.hashes_);
  const auto number = static_cast<std::size_t>(mine - hashes_.begin());
  return "line " + std::to_string(number + 1) + " of " + std::to_string(size()) + " and " +
         std::to_string(other.size()) + "\n    " + std::string{line(number)} + "\n    " +
         std::string{other.line(number)} + "\n";
}

ToldFindings::ToldFindings(const sinks::ClockMapping& clock, FindCgroup find_cgroup,
                           tracker::FindingHandler* next)
    : start_(clock.start),
      file_(open_memory()),
      cgroups_(std::move(find_cgroup)),
      out_(file_.get()),
      diagnostics_(file_.get()),
      sink_(out_, diagnostics_,
            {.clock = clock, .evidence = true, .call_paths = true, .cgroups = &cgroups_}),
      filter_({}, sink_, &sink_),
      joiner_(filter_, filter_),
      next_(next) {}

void ToldFindings::on_step(const tracker::Step& step) {
  joiner_.on_step(step);
  if (next_ != nullptr) next_->on_step(step);
}

void ToldFindings::on_divergence(const tracker::Divergence& divergence) {
  joiner_.on_divergence(divergence);
  if (next_ != nullptr) next_->on_divergence(divergence);
}

void ToldFindings::on_loss(const tracker::Loss& loss) {
  joiner_.on_loss(loss);
  if (next_ != nullptr) next_->on_loss(loss);
}

void ToldFindings::on_call_path(const tracker::CallPath& path) {
  joiner_.on_call_path(path);
  if (next_ != nullptr) next_->on_call_path(path);
}

void ToldFindings::on_life(const tracker::Life& life) {
  joiner_.on_life(life);
  if (next_ != nullptr) next_->on_life(life);
}

void ToldFindings::on_stuck(const tracker::Stuck& stuck) {
  joiner_.on_stuck(stuck);
  if (next_ != nullptr) next_->on_stuck(stuck);
}

void ToldFindings::on_adopted(const tracker::Adopted& adopted) {
  joiner_.on_adopted(adopted);
  if (next_ != nullptr) next_->on_adopted(adopted);
}

void ToldFindings::on_segment(const tracker::SegmentFound& segment) {
  joiner_.on_segment(segment);
  if (next_ != nullptr) next_->on_segment(segment);
}

void ToldFindings::on_reconciliation(const tracker::Reconciliation& found) {
  joiner_.on_reconciliation(found);
  if (next_ != nullptr) next_->on_reconciliation(found);
}

void ToldFindings::end_turn(KernelTime now) {
  joiner_.advance(now);
  take_in();
}

void ToldFindings::finish(KernelTime end, const tracker::Tracker& tracker,
                          const tracker::StreamStatus& stream) {
  joiner_.finish();
  sinks::Summary summary;
  summary.end = end;
  summary.duration = end - start_;
  summary.seen = filter_.seen();
  summary.shown = filter_.shown();
  summary.counts = tracker.counts();
  summary.stream = stream;
  summary.lost = filter_.lost();
  sink_.on_end(summary);
  take_in();
}

void ToldFindings::take_in() {
  out_.flush();
  diagnostics_.flush();
  std::array<char, 64 * 1024> part;
  std::string text;
  ::lseek(file_.get(), 0, SEEK_SET);
  ssize_t size = 0;
  while ((size = ::read(file_.get(), part.data(), part.size())) > 0) {
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  const bool is_emptied =
      ::ftruncate(file_.get(), 0) == 0 && ::lseek(file_.get(), 0, SEEK_SET) == 0;
  if (size < 0 || !is_emptied || out_.error() != 0 || diagnostics_.error() != 0) {
    throw std::system_error(errno, std::generic_category(), "what was told");
  }
  lines_.add(text);
}

}  // namespace tcptwin::testing
