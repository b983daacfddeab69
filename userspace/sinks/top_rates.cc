// SPDX-License-Identifier: MIT
#include "sinks/top_rates.h"

#include <chrono>

namespace tcptwin::sinks {
namespace {

constexpr Duration kSecond = std::chrono::seconds{1};

constexpr std::size_t index(TopRate rate) {
  return static_cast<std::size_t>(rate);
}

}  // namespace

std::string_view name(TopRate rate) {
  switch (rate) {
    case TopRate::Opened:
      return "opened";
    case TopRate::Established:
      return "established";
    case TopRate::Closed:
      return "closed";
    case TopRate::ResetByPeer:
      return "reset by peer";
    case TopRate::ResetHere:
      return "reset by host";
    case TopRate::Refused:
      return "refused";
    case TopRate::TimedOut:
      return "timed out";
    case TopRate::Unreachable:
      return "unreachable";
  }
  return "";
}

bool is_failure(TopRate rate) {
  switch (rate) {
    case TopRate::Opened:
    case TopRate::Established:
    case TopRate::Closed:
      return false;
    case TopRate::ResetByPeer:
    case TopRate::ResetHere:
    case TopRate::Refused:
    case TopRate::TimedOut:
    case TopRate::Unreachable:
      return true;
  }
  return false;
}

TopRate rate_of(const model::Ending& ending) {
  switch (ending.how) {
    case model::EndedHow::ResetSent:
      return TopRate::ResetHere;
    case model::EndedHow::ResetReceived:
      return TopRate::ResetByPeer;
    case model::EndedHow::Refused:
      return TopRate::Refused;
    case model::EndedHow::Unreachable:
      return TopRate::Unreachable;
    case model::EndedHow::Timeout:
      return TopRate::TimedOut;
    case model::EndedHow::Unknown:  // an end all the same
    case model::EndedHow::Fin:
    case model::EndedHow::Silent:
      return TopRate::Closed;
  }
  return TopRate::Closed;
}

RateView sum(const RateView& a, const RateView& b) {
  RateView sum;
  sum.per_second = a.per_second + b.per_second;
  sum.total = a.total + b.total;
  for (std::size_t i = 0; i < kTopSeconds; ++i) sum.seconds[i] = a.seconds[i] + b.seconds[i];
  return sum;
}

void TopRates::count(TopRate rate) {
  ++second_[index(rate)];
  ++total_[index(rate)];
}

void TopRates::advance(KernelTime now) {
  // After a long pause (a stopped program) the minute is empty; no need to count it out.
  if (now - second_began_ > 2 * kTopSeconds * kSecond) {
    minute_ = {};
    second_ = {};
    second_began_ = now;
  }
  while (now - second_began_ >= kSecond) {
    minute_[oldest_] = second_;
    oldest_ = (oldest_ + 1) % kTopSeconds;
    second_ = {};
    second_began_ += kSecond;
  }
}

void TopRates::end_interval(KernelTime now) {
  advance(now);
  const double seconds = std::chrono::duration<double>(now - interval_began_).count();
  if (seconds <= 0) return;
  for (std::size_t i = 0; i < kTopRateCount; ++i) {
    per_second_[i] = static_cast<double>(total_[i] - at_interval_[i]) / seconds;
  }
  at_interval_ = total_;
  interval_began_ = now;
}

RateView TopRates::view(TopRate rate) const {
  RateView view;
  view.per_second = per_second_[index(rate)];
  view.total = total_[index(rate)];
  for (std::size_t i = 0; i < kTopSeconds; ++i) {
    view.seconds[i] = minute_[(oldest_ + i) % kTopSeconds][index(rate)];
  }
  return view;
}

RateView TopRates::failures() const {
  RateView all;
  for (std::size_t i = 0; i < kTopRateCount; ++i) {
    const auto rate = static_cast<TopRate>(i);
    if (is_failure(rate)) all = sum(all, view(rate));
  }
  return all;
}

}  // namespace tcptwin::sinks
