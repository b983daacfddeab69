// SPDX-License-Identifier: MIT
// JSON text piece by piece into a reused buffer. Escaping is total: any bytes become valid UTF-8.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace tcptwin::sinks {

// Writes one JSON value; commas are set by the order of the calls.
class JsonText {
 public:
  void clear() {
    text_.clear();
    needs_comma_ = false;
  }
  std::string_view view() const { return {text_.data(), text_.size()}; }
  void end_line() { text_.push_back('\n'); }

  void begin_object() { open('{'); }
  void begin_object(std::string_view key_of_it) { key(key_of_it), open('{'); }
  void begin_element() { comma(), open('{'); }
  void end_object() { close('}'); }
  void begin_array(std::string_view key_of_it) { key(key_of_it), open('['); }
  void end_array() { close(']'); }

  void string(std::string_view key_of_it, std::string_view value) { key(key_of_it), quote(value); }
  void element(std::string_view value) { comma(), quote(value); }
  void null(std::string_view key_of_it) { key(key_of_it), append("null"); }
  void boolean(std::string_view key_of_it, bool value) {
    key(key_of_it), append(value ? "true" : "false");
  }
  template <typename Integer>
  void number(std::string_view key_of_it, Integer value) {
    key(key_of_it);
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  template <typename Integer>
  void hex(std::string_view key_of_it, Integer value) {
    key(key_of_it);
    fmt::format_to(std::back_inserter(text_), "\"{:#x}\"", value);
  }

 private:
  void append(std::string_view raw) { text_.append(raw.data(), raw.data() + raw.size()); }
  void comma() {
    if (needs_comma_) text_.push_back(',');
    needs_comma_ = true;
  }
  // Keys are ours and need no escaping.
  void key(std::string_view name) {
    comma();
    text_.push_back('"');
    append(name);
    append("\":");
  }
  void open(char bracket) {
    text_.push_back(bracket);
    needs_comma_ = false;
  }
  void close(char bracket) {
    text_.push_back(bracket);
    needs_comma_ = true;
  }
  void quote(std::string_view value);

  fmt::memory_buffer text_;
  bool needs_comma_ = false;
};

}  // namespace tcptwin::sinks
