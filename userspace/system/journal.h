// SPDX-License-Identifier: MIT
// Where a service's lines go: into the journal with their fields, if stderr leads there; else as
// plain lines to stderr.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tcptwin::system {

// As syslog(3) numbers them.
enum class Priority : int { Error = 3, Warning = 4, Notice = 5, Info = 6 };

struct JournalLine {
  Priority priority = Priority::Info;
  std::string message;
  std::string message_id;                                   // 32 hexadecimal digits; may be ""
  std::string details;                                      // more lines; field TCPTWIN_REPORT
  std::vector<std::pair<std::string, std::string>> fields;  // names as journald(8) wants them
};

class Journal {
 public:
  // systemd says in JOURNAL_STREAM which file stderr was when it connected it to the journal.
  static Journal of_this_process();

  void write(const JournalLine& line);

 private:
  explicit Journal(bool is_connected) : is_connected_(is_connected) {}

  bool is_connected_;
};

}  // namespace tcptwin::system
