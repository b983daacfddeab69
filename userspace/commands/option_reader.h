// SPDX-License-Identifier: MIT
// Reads the options of one command and keeps the first error, so that each option needs one line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "commands/command.h"

namespace tcptwin::commands {

class OptionReader {
 public:
  explicit OptionReader(const Arguments& arguments) : arguments_(arguments) {}

  bool has(std::string_view option) const { return arguments_.has(option); }

  // One value; `set` gets it if it is right.
  template <typename Parse, typename Set>
  void value(std::string_view option, Parse parse, Set set) {
    if (!arguments_.has(option) || error_) return;
    auto parsed = parse(arguments_.value(option));
    if (!parsed) {
      error_ = parsed.error();
      return;
    }
    set(std::move(parsed.value()));
  }

  // A list; a repeated option adds to it.
  template <typename Parse, typename T>
  void list(std::string_view option, Parse parse, std::vector<T>& all) {
    for (const std::string& text : arguments_.values(option)) {
      if (error_) return;
      auto parsed = parse(text);
      if (!parsed) {
        error_ = parsed.error();
        return;
      }
      all.insert(all.end(), parsed.value().begin(), parsed.value().end());
    }
  }

  void exclude(std::string_view first, std::string_view second) {
    if (error_ || !has(first) || !has(second)) return;
    error_ = Error{
        ErrorCode::Usage,
        "--" + std::string{first} + " and --" + std::string{second} + " exclude each other", ""};
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const Arguments& arguments_;
  std::optional<Error> error_;
};

}  // namespace tcptwin::commands
