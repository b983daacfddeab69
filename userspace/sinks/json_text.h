// SPDX-License-Identifier: MIT
// JSON text piece by piece into a reused buffer. Escaping is total: any bytes become valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sinks/short_text.h"

namespace tcptwin::sinks {

// Writes one JSON value; commas are set by the order of the calls.
class JsonText {
 public:
  void clear() {
    size_ = 0;
    needs_comma_ = false;
  }
  std::string_view view() const { return {text_.data(), size_}; }
  void end_line() { put('\n'); }

  void begin_object() { open('{'); }
  void begin_object(std::string_view key_of_it) { key(key_of_it), open('{'); }
  void begin_element() { comma(), open('{'); }
  void end_object() { close('}'); }
  void begin_array(std::string_view key_of_it) { key(key_of_it), open('['); }
  void end_array() { close(']'); }

  void string(std::string_view key_of_it, std::string_view value) { key(key_of_it), quote(value); }
  // The same for text of our own that needs no escaping: labels, times, addresses.
  void word(std::string_view key_of_it, std::string_view value) {
    key(key_of_it);
    char* const to = room(value.size() + 2);
    *to = '"';
    value.copy(to + 1, value.size());
    to[value.size() + 1] = '"';
  }
  void element(std::string_view value) { comma(), quote(value); }
  void null(std::string_view key_of_it) { key(key_of_it), append("null"); }
  void boolean(std::string_view key_of_it, bool value) {
    key(key_of_it), append(value ? "true" : "false");
  }
  template <typename Integer>
  void number(std::string_view key_of_it, Integer value) {
    key(key_of_it);
    if constexpr (std::is_signed_v<Integer>) {
      if (value < 0) put('-');
      const auto magnitude = static_cast<std::uint64_t>(value);
      append(number_text(value < 0 ? 0 - magnitude : magnitude).view());
    } else {
      append(number_text(value).view());
    }
  }
  void hex(std::string_view key_of_it, std::uint64_t value) {
    ShortText text;
    text.append_hex(value);
    word(key_of_it, text.view());
  }

 private:
  // For so many more characters, which the caller fills in.
  char* room(std::size_t count) {
    if (text_.size() - size_ < count) text_.resize(2 * (text_.size() + count));
    char* const at = text_.data() + size_;
    size_ += count;
    return at;
  }
  void put(char character) { *room(1) = character; }
  void append(std::string_view raw) { raw.copy(room(raw.size()), raw.size()); }
  void comma() {
    if (needs_comma_) put(',');
    needs_comma_ = true;
  }
  // Keys are ours and need no escaping.
  void key(std::string_view name) {
    comma();
    char* const to = room(name.size() + 3);
    *to = '"';
    name.copy(to + 1, name.size());
    to[name.size() + 1] = '"';
    to[name.size() + 2] = ':';
  }
  void open(char bracket) {
    put(bracket);
    needs_comma_ = false;
  }
  void close(char bracket) {
    put(bracket);
    needs_comma_ = true;
  }
  void quote(std::string_view value);
  void escape(std::string_view value);

  std::vector<char> text_;  // of which `size_` are written
  std::size_t size_ = 0;
  bool needs_comma_ = false;
};

}  // namespace tcptwin::sinks
