// SPDX-License-Identifier: MIT
#include "pipeline.h"

#include <variant>

#include "sources/decode.h"

namespace tcptwin {

void Pipeline::on_record(std::span<const std::byte> record) {
  auto decoded = sources::decode(record);
  auto* observation = std::get_if<tracker::Observation>(&decoded);
  if (observation == nullptr) {
    ++malformed_;  // reaches the tracker with the next status, as a loss
    return;
  }
  if (auto* status = std::get_if<tracker::StreamStatus>(observation)) {
    status->malformed += malformed_;
    status->unrecorded = unrecorded_;
    status_ = *status;
  }
  tracker_.observe(*observation, findings_);
  const auto* mark = std::get_if<tracker::CensusMark>(observation);
  const bool pauses = std::holds_alternative<tracker::StreamStatus>(*observation) ||
                      (mark != nullptr && mark->phase == tracker::CensusPhase::Ended);
  if (pauses) tracker_.advance(status_.time, findings_);
}

void Pipeline::end() {
  if (unrecorded_ == status_.unrecorded) return;
  status_.unrecorded = unrecorded_;
  tracker_.observe(status_, findings_);
}

}  // namespace tcptwin
