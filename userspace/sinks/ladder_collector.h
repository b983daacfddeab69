// SPDX-License-Identifier: MIT
// Gathers the findings of each connection, both ends where both are on this host, into exchanges.
// Bounded: beyond the bounds something is left out and counted. Used by `ladder` and `demo`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "sinks/exchange.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

class ExchangeReceiver {
 public:
  virtual ~ExchangeReceiver() = default;
  virtual void on_exchange(const Exchange& exchange) = 0;
};

struct LadderBounds {
  std::size_t ends = 1024;  // at once
  // Of an end, half of them its first, half its latest; and as many of its segments that tell
  // nothing of the states: however many there are, they displace none of the others.
  std::size_t events = 256;
  // An exchange goes out when its ends are over and nothing came for so long, in the kernel's time;
  // nullopt: only at finish().
  std::optional<Duration> linger = std::chrono::seconds{1};
};

class LadderCollector final : public tracker::FindingHandler {
 public:
  explicit LadderCollector(ExchangeReceiver& receiver, const LadderBounds& bounds = {})
      : receiver_(receiver), bounds_(bounds) {}

  void on_step(const tracker::Step& step) override;
  void on_segment(const tracker::SegmentFound& segment) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_life(const tracker::Life& life) override;
  void on_loss(const tracker::Loss& loss) override { lost_ += loss.lost; }
  void on_call_path(const tracker::CallPath&) override {}

  // Hands out what is over at `now`. Findings do so as well.
  void advance(KernelTime now);
  // Hands out everything, also what is not over: the run has ended.
  void finish();

  // Ends that had to go for newer ones before they were over.
  std::uint64_t left_out() const { return left_out_; }

 private:
  // The first and the latest of many.
  struct Kept {
    std::vector<ExchangeEvent> first;
    std::deque<ExchangeEvent> latest;
    ExchangeOmission omitted;
    KernelTime omitted_until;
    std::uint64_t omitted_order = 0;

    void append(ExchangeEvent event, std::size_t bound);
    void hand_over(std::vector<ExchangeEvent>& events, std::size_t end);
  };
  // What was seen at one end. Without an id: segments that belong to no connection.
  struct End {
    std::optional<tracker::ConnectionIdentity> connection;
    Tuple tuple;
    tracker::Owner owner;
    std::optional<tracker::Life> life;
    std::optional<std::uint32_t> iss;
    std::optional<std::uint32_t> irs;
    Kept events;
    Kept traffic;
    KernelTime began;
    KernelTime touched;
    std::uint64_t lost_before = 0;
    bool is_over = false;
    bool has_segments = false;
    bool sent_first_syn = false;  // before it received one
    bool received_first_syn = false;
  };
  using Ends = std::list<End>;

  End* find(const tracker::ConnectionIdentity& connection, KernelTime time);
  End* find_nobodys(const tracker::SegmentFound& segment);
  End& add(const Tuple& tuple, KernelTime time);
  void make_room(KernelTime now);
  void append(End& end, KernelTime time, decltype(ExchangeEvent::what) what);
  void set_tuple(Ends::iterator end, const Tuple& tuple);
  void note_numbers(End& end, const tracker::SegmentFound& segment);
  void release(Ends::iterator end);
  void remove(Ends::iterator end);
  Ends::iterator other_end_of(const End& end);
  bool is_quiet(const End& end, KernelTime now) const;
  static bool belong_together(const End& one, const End& other);
  static bool has_connected(const End& one, const End& other);

  ExchangeReceiver& receiver_;
  LadderBounds bounds_;
  Ends ends_;  // oldest first
  std::map<ConnectionId, Ends::iterator> by_id_;
  std::unordered_multimap<Tuple, Ends::iterator, TupleHash> by_tuple_;  // netns 0: in any
  std::set<ConnectionId> told_;  // what comes later of these is no new exchange
  std::deque<ConnectionId> told_order_;
  KernelTime now_;
  KernelTime next_look_;
  std::uint64_t order_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace tcptwin::sinks
