// SPDX-License-Identifier: MIT
// Where a sink writes: a file descriptor that gets whole lines only. Lines are gathered and
// written at the end of each delivery, so a pipe or terminal sees them at once and a burst costs
// few system calls.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tcptwin::sinks {

class Output {
 public:
  // Borrows the descriptor. SIGPIPE must be ignored by the program.
  explicit Output(int descriptor) : descriptor_(descriptor) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { flush(); }

  // `lines` ends with a newline. After a failure everything is dropped.
  void write(std::string_view lines);
  void flush();

  // The reader went away (EPIPE): no error, but nobody is left to write for.
  bool reader_is_gone() const { return reader_is_gone_; }
  // errno of a real failure (ENOSPC, EIO ...), 0 if there was none.
  int error() const { return error_; }
  bool is_usable() const { return !reader_is_gone_ && error_ == 0; }

 private:
  void write_out(std::string_view bytes);

  int descriptor_;
  std::string pending_;
  bool reader_is_gone_ = false;
  int error_ = 0;
};

}  // namespace tcptwin::sinks
