// SPDX-License-Identifier: MIT
// A value or the reason why there is none. For failures of the world (open, load, parse), which
// travel to the command, which alone prints them and picks the exit code.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace tcptwin {

// What a caller can do about it; commands map these to exit codes.
enum class ErrorCode {
  Failed,        // exit 1
  Usage,         // exit 2
  NotPermitted,  // exit 77: rights or kernel support are missing
};

struct Error {
  ErrorCode code = ErrorCode::Failed;
  std::string what;  // what failed, and where
  std::string hint;  // what to do instead; may be empty
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : content_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return std::holds_alternative<T>(content_); }
  T& value() { return std::get<T>(content_); }
  const T& value() const { return std::get<T>(content_); }
  const Error& error() const { return std::get<Error>(content_); }

 private:
  std::variant<T, Error> content_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace tcptwin
