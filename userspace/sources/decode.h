// SPDX-License-Identifier: MIT
// Wire records (include/tcptwin/wire.h) to observations. Total: bytes are never trusted, anything
// that is not a well-formed record of this version gives a reason instead of an observation.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <variant>

#include "tracker/observation.h"

namespace tcptwin::sources {

enum class DecodeError {
  Truncated,  // shorter than a header, or than its kind demands
  WrongSize,  // header.size is not the number of bytes
  UnknownVersion,
  UnknownKind,
  BadState,  // a state outside 1..12, or one a full socket cannot be in
  BadField,  // an enumerated field with a value that has no meaning
};
std::string_view label(DecodeError error);

std::variant<tracker::Observation, DecodeError> decode(std::span<const std::byte> record);
// The same into what is there already; after a refusal its content means nothing.
std::optional<DecodeError> decode_into(std::span<const std::byte> record,
                                       tracker::Observation& out);

}  // namespace tcptwin::sources
