// SPDX-License-Identifier: MIT
#include "pipeline.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "sources/decode.h"

namespace tcptwin {

void Pipeline::on_record(std::span<const std::byte> record) {
  if (sources::decode_into(record, observation_)) {
    ++malformed_;  // reaches the tracker with the next status, as a loss
    return;
  }
  auto* status = std::get_if<tracker::StreamStatus>(&observation_);
  if (status != nullptr) {
    status->malformed += malformed_;
    told_malformed_ = malformed_;
    status->unrecorded = unrecorded_;
    status_ = *status;
  }
  const auto time_of = [](const auto& event) { return event.time; };
  latest_ = std::max(latest_, std::visit(time_of, observation_));
  tracker_.observe(observation_, findings_);
  const auto* mark = std::get_if<tracker::CensusMark>(&observation_);
  const bool pauses =
      status != nullptr || (mark != nullptr && mark->phase == tracker::CensusPhase::Ended);
  if (pauses) tracker_.advance(status_.time, findings_);
}

void Pipeline::end() {
  if (unrecorded_ == status_.unrecorded && malformed_ == told_malformed_) return;
  // What is missing at the very end may be evidence of everything since the last status.
  status_.time = std::max(status_.time, latest_);
  status_.malformed += malformed_ - std::exchange(told_malformed_, malformed_);
  status_.unrecorded = unrecorded_;
  tracker_.observe(status_, findings_);
}

}  // namespace tcptwin
