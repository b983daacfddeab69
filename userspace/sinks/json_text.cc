// SPDX-License-Identifier: MIT
#include "sinks/json_text.h"

#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

bool needs_no_escape(std::string_view value) {
  return is_plain(value) && value.find_first_of("\"\\") == std::string_view::npos;
}

}  // namespace

void JsonText::quote(std::string_view value) {
  put('"');
  if (needs_no_escape(value)) {
    append(value);
  } else {
    escape(value);
  }
  put('"');
}

void JsonText::escape(std::string_view value) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD for bytes that are no UTF-8
  constexpr std::string_view kDigits = "0123456789abcdef";
  while (!value.empty()) {
    const auto byte = static_cast<unsigned char>(value[0]);
    const std::size_t length = utf8_length(value);
    if (byte == '"' || byte == '\\') {
      put('\\');
      put(value[0]);
    } else if (byte < 0x20 || byte == 0x7f) {
      append("\\u00");
      put(kDigits[byte >> 4]);
      put(kDigits[byte & 0xf]);
    } else if (length == 0) {
      append(kReplacement);
    } else {
      append(value.substr(0, length));
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace tcptwin::sinks
