// SPDX-License-Identifier: MIT
// Golden records through decode(): as they are, and with some fields altered.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sources/decode.h"
#include "unit/sources/golden_record.h"

namespace tcptwin::testing {

template <typename T>
T decoded(std::span<const std::byte> record) {
  const auto result = sources::decode(record);
  if (const auto* error = std::get_if<sources::DecodeError>(&result)) {
    ADD_FAILURE() << "not decoded: " << label(*error);
    return T{};
  }
  const auto* observation = std::get_if<T>(&std::get<tracker::Observation>(result));
  if (observation == nullptr) {
    ADD_FAILURE() << "decoded as another kind";
    return T{};
  }
  return *observation;
}

template <typename T>
T decoded(const std::string& name) {
  return decoded<T>(read_golden_record(name));
}

inline std::optional<sources::DecodeError> error_of(std::span<const std::byte> record) {
  const auto result = sources::decode(record);
  const auto* error = std::get_if<sources::DecodeError>(&result);
  return error == nullptr ? std::nullopt : std::optional{*error};
}

// A golden record with one field changed.
template <typename Record>
std::vector<std::byte> altered(const std::string& name, const std::function<void(Record&)>& alter) {
  std::vector<std::byte> bytes = read_golden_record(name);
  Record record;
  EXPECT_EQ(bytes.size(), sizeof record);
  std::memcpy(&record, bytes.data(), sizeof record);
  alter(record);
  std::memcpy(bytes.data(), &record, sizeof record);
  return bytes;
}

}  // namespace tcptwin::testing
