// SPDX-License-Identifier: MIT
#include "system/journal.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cstdlib>

namespace tcptwin::system {
namespace {

bool stderr_is_the_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &file) != 0) return false;
  return std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino) == stream;
}

bool send_to_journal(const JournalLine& line) {
  std::vector<std::string> fields = {"MESSAGE=" + line.message,
                                     "PRIORITY=" + std::to_string(static_cast<int>(line.priority))};
  if (!line.message_id.empty()) fields.push_back("MESSAGE_ID=" + line.message_id);
  if (!line.details.empty()) fields.push_back("TCPTWIN_REPORT=" + line.details);
  for (const auto& [name, value] : line.fields) fields.push_back(name + "=" + value);
  std::vector<iovec> parts;
  for (std::string& field : fields) parts.push_back({field.data(), field.size()});
  return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) >= 0;
}

void write_to_stderr(const JournalLine& line) {
  const std::string text = "tcptwin: " + line.message + '\n' + line.details;
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written <= 0) return;  // nobody to tell
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Journal Journal::of_this_process() {
  return Journal{stderr_is_the_journal()};
}

void Journal::write(const JournalLine& line) {
  if (is_connected_ && send_to_journal(line)) return;
  write_to_stderr(line);
}

}  // namespace tcptwin::system
