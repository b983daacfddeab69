// SPDX-License-Identifier: MIT
#include "sinks/json_text.h"

#include "sinks/words.h"

namespace tcptwin::sinks {

void JsonText::quote(std::string_view value) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD for bytes that are no UTF-8
  text_.push_back('"');
  while (!value.empty()) {
    const auto byte = static_cast<unsigned char>(value[0]);
    const std::size_t length = utf8_length(value);
    if (byte == '"' || byte == '\\') {
      text_.push_back('\\');
      text_.push_back(value[0]);
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(text_), "\\u{:04x}", byte);
    } else if (length == 0) {
      append(kReplacement);
    } else {
      append(value.substr(0, length));
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
  text_.push_back('"');
}

}  // namespace tcptwin::sinks
