// SPDX-License-Identifier: MIT
// The Linux dialect: documented deviations from RFC 9293, each with an id (linux-tcp-fsm section
// 4), and the rows that let one of them explain a step the reference does not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/cause.h"
#include "model/state.h"

namespace tcptwin::model {

// L01 ... L56; the numbers are the catalogue's and never reused.
enum class DialectId : std::uint8_t { None = 0 };
inline constexpr std::uint8_t kDialectCount = 56;

constexpr DialectId dialect(std::uint8_t number) {
  return static_cast<DialectId>(number);
}
constexpr std::uint8_t number(DialectId id) {
  return static_cast<std::uint8_t>(id);
}

enum class Severity : std::uint8_t {
  Benign,    // documented and conforming in spirit
  Notable,   // operators care
  Violates,  // violates a MUST or SHOULD of the text
};
std::string_view label(Severity severity);  // "benign", "notable", "violates"

struct DialectEntry {
  DialectId id;
  Severity severity;
  std::string_view title;       // what Linux does
  std::string_view why;         // its reason
  std::string_view rfc;         // what the RFC says, with section or requirement
  std::string_view where;       // kernel functions and sysctls
  std::string_view recognised;  // how tcptwin tells
};

// The catalogue, L01 first. Every id has exactly one entry.
const std::array<DialectEntry, kDialectCount>& dialect_catalogue();
const DialectEntry& entry(DialectId id);                        // id must not be None
std::string_view label(DialectId id);                           // "L07"; "" for None
std::optional<DialectId> parse_dialect(std::string_view text);  // "L07", "l7"

// One arrow of the dialect: in these states this cause leads there.
struct DialectRow {
  StateSet from;
  Cause cause;
  MirrorState to;
  DialectId id;
  std::string_view reason;
};
std::span<const DialectRow> dialect_rows();
const DialectRow* find_dialect_row(State from, Cause cause, DialectId id);

}  // namespace tcptwin::model
