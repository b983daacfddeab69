// SPDX-License-Identifier: MIT
// How a field becomes bytes. A service writes every finding of its history so, hundreds of
// thousands a second: into memory that is there, and numbers of all sizes without a call. Used by
// finding_bytes.cc alone.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sinks/finding_fields.h"

namespace tcptwin::sinks {

// Of a vector: a prefork server multiplies its listeners by its workers.
inline constexpr std::size_t kElementsLimit = 1024;

template <typename T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;
template <typename T>
concept Enumeration = std::is_enum_v<T>;

// So that small negative numbers are short as well.
constexpr std::uint64_t folded(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0);
}
constexpr std::int64_t unfolded(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ ((value & 1) != 0 ? ~std::uint64_t{0} : 0));
}

// Writes until the room is full; what then is missing makes the whole worthless.
class Writer {
 public:
  explicit Writer(std::span<char> room) : at_(room.data()), end_(at_ + room.size()) {}

  template <typename... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  template <typename T, std::size_t N>
  void first_of(const std::array<T, N>& values, std::size_t count) {
    for (std::size_t i = 0; i < std::min(count, N); ++i) put(values[i]);
  }

  bool is_full() const { return is_full_; }
  char* end() const { return at_; }

 private:
  static constexpr std::size_t kNumberBytes = 10;  // of the greatest

  bool has_room(std::size_t count) {
    if (static_cast<std::size_t>(end_ - at_) >= count) return true;
    is_full_ = true;
    return false;
  }
  void copy(const void* from, std::size_t count) {
    if (count == 0 || !has_room(count)) return;
    std::memcpy(at_, from, count);
    at_ += count;
  }
  // Seven bits a byte, the lowest first; the top bit says that more follow.
  void number(std::uint64_t value) {
    if (!has_room(kNumberBytes)) return;
    while (value >= 0x80) {
      *at_++ = static_cast<char>(0x80u | (value & 0x7fu));
      value >>= 7;
    }
    *at_++ = static_cast<char>(value);
  }
  void byte(std::uint8_t value) {
    if (has_room(1)) *at_++ = static_cast<char>(value);
  }

  void put(bool value) { byte(value ? 1 : 0); }
  void put(Integer auto value) { number(value); }
  void put(Enumeration auto value) { byte(static_cast<std::uint8_t>(value)); }
  void put(Duration value) { number(folded(value.count())); }
  // Times are all about as long, and both sides are this very build.
  void put(KernelTime value) {
    const std::int64_t since = to_ns(value);
    copy(&since, sizeof since);
  }
  void put(SequenceNumber value) { number(value.value()); }
  void put(const tracker::Comm& comm) { put(comm.view()); }
  void put(std::string_view text) {
    number(text.size());
    copy(text.data(), text.size());
  }
  void put(const std::string& text) { put(std::string_view{text}); }
  template <typename T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <std::size_t N>
  void put(const std::array<std::uint8_t, N>& bytes) {
    copy(bytes.data(), N);
  }
  template <typename T, std::size_t N>
  void put(const std::array<T, N>& values) {
    for (const T& value : values) put(value);
  }
  template <typename T>
  void put(const std::vector<T>& values) {
    const std::size_t count = std::min(values.size(), kElementsLimit);
    number(count);
    for (std::size_t i = 0; i < count; ++i) put(values[i]);
  }
  template <typename T>
  requires requires(const T& value, Writer& writer) { fields(value, writer); }
  void put(const T& value) { fields(value, *this); }

  char* at_;
  char* end_;
  bool is_full_ = false;
};

}  // namespace tcptwin::sinks
