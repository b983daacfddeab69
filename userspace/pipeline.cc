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
    status_ = *status;
  }
  tracker_.observe(*observation, findings_);
}

}  // namespace tcptwin
