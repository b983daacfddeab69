// SPDX-License-Identifier: MIT
#include "sinks/metric_series.h"

#include <array>
#include <set>

#include "model/inference.h"
#include "model/linux_dialect.h"
#include "model/reference_fsm.h"

namespace tcptwin::sinks {
namespace {

using model::Cause;
using model::Holder;
using model::MirrorState;
using model::State;

using Keys = std::set<std::uint32_t>;

// Only a request socket shows these: its SYN_RECV is NEW_SYN_RECV.
bool is_of_request(Cause cause) {
  switch (cause) {
    case Cause::ChildCreated:
    case Cause::ChildFromRequest:
    case Cause::RequestTimeout:
    case Cause::RequestDropped:
    case Cause::RequestResetBadSyn:
    case Cause::AcceptOverflowReset:
      return true;
    default:
      return false;
  }
}

MirrorState shown(State from, Cause cause) {
  const bool is_half_open = from == State::SynReceived && is_of_request(cause);
  return {from, is_half_open ? Holder::RequestSocket : Holder::Socket};
}

void add(Keys& keys, MirrorState from, MirrorState to, Cause cause) {
  keys.insert(packed(TransitionKey{model::labelled_index(from), model::labelled_index(to), cause}));
}

void add_predicted(Keys& keys, State from, const model::Inference& inference) {
  for (const model::Origin origin : {model::Origin::Active, model::Origin::Passive}) {
    const auto prediction = model::predict(from, inference.stimulus, origin);
    if (!prediction || prediction->to == from) continue;
    add(keys, shown(from, inference.cause), {prediction->to, Holder::Socket}, inference.cause);
  }
}

// What timers show, without inference from a socket's evidence.
void add_timed(Keys& keys) {
  constexpr MirrorState kHalfOpen{State::SynReceived, Holder::RequestSocket};
  constexpr MirrorState kGone{State::Closed, Holder::Socket};
  add(keys, {State::Listen, Holder::Socket}, kHalfOpen, Cause::SynReceived);
  add(keys, kHalfOpen, kGone, Cause::RequestDropped);
  add(keys, kHalfOpen, kGone, Cause::RequestTimeout);
  add(keys, {State::TimeWait, Holder::Minisocket}, kGone, Cause::TimeWaitExpired);
}

std::vector<std::uint32_t> sorted(const Keys& keys) {
  return {keys.begin(), keys.end()};
}

// Every way in which the two FINs of an orderly end can have come.
std::vector<model::FinsSeen> fin_histories() {
  std::vector<model::FinsSeen> histories = {{}, {std::nullopt, true}};
  for (const Cause first : {Cause::LocalClose, Cause::LocalShutdown, Cause::CloseInSynReceived,
                            Cause::FinReceived, Cause::FinInSynReceived}) {
    histories.push_back({first, false});
  }
  return histories;
}

}  // namespace

CountedSeries::CountedSeries(std::size_t key_space, const std::vector<std::uint32_t>& known,
                             std::size_t most_unknown)
    : places_(key_space, kNoPlace),
      now_{known, std::vector<std::uint64_t>(known.size()), 0},
      most_(known.size() + most_unknown) {
  for (std::size_t place = 0; place < known.size(); ++place) {
    places_[known[place]] = static_cast<std::uint16_t>(place);
  }
}

// Occurs for the first time; or nobody foresaw it, and there is no room for one more.
void CountedSeries::count_new(std::uint32_t key) {
  if (now_.keys.size() >= most_) {
    ++now_.others;
    return;
  }
  places_[key] = static_cast<std::uint16_t>(now_.keys.size());
  now_.keys.push_back(key);
  now_.counts.push_back(1);
}

TransitionKey unpacked_transition(std::uint32_t key) {
  const std::size_t states = key / model::kCauseCount;
  return {states / model::kLabelledStateCount, states % model::kLabelledStateCount,
          static_cast<Cause>(key % model::kCauseCount)};
}

std::vector<std::uint32_t> possible_transitions() {
  Keys keys;
  for (const model::InferenceRule& rule : model::inference_rules()) {
    if (rule.gives.dialect != model::DialectId::None) continue;
    for (const State from : model::kAllStates) {
      if (rule.from.contains(from)) add_predicted(keys, from, rule.gives);
    }
  }
  for (const model::DialectRow& row : model::dialect_rows()) {
    for (const State from : model::kAllStates) {
      if (row.from.contains(from)) add(keys, shown(from, row.cause), row.to, row.cause);
    }
  }
  add_timed(keys);
  return sorted(keys);
}

model::Ending unpacked_ending(std::uint32_t key) {
  const std::size_t words = key / model::kCauseCount;
  return {static_cast<model::EndedBy>(words / model::kEndedHowCount),
          static_cast<model::EndedHow>(words % model::kEndedHowCount),
          static_cast<Cause>(key % model::kCauseCount)};
}

std::vector<std::uint32_t> possible_endings() {
  Keys keys;
  for (const std::uint32_t transition : possible_transitions()) {
    const TransitionKey key = unpacked_transition(transition);
    const MirrorState from = model::labelled_state(key.from);
    if (!model::ends_connection(model::labelled_state(key.to)) || from.state == State::Closed ||
        from.state == State::Listen || from.state == State::TimeWait) {
      continue;
    }
    for (const model::FinsSeen& fins : fin_histories()) {
      for (const bool has_unsent : {false, true}) {
        keys.insert(packed(model::ending_of(from, key.cause, fins, has_unsent)));
      }
    }
  }
  return sorted(keys);
}

}  // namespace tcptwin::sinks
