// SPDX-License-Identifier: MIT
#include "commands/table_dump.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sinks/json_lines.h"
#include "sinks/output.h"
#include "sinks/socket_row.h"
#include "system/unique_fd.h"

namespace tcptwin::commands {
namespace {

// Written beside it and put in its place at once: nobody reads half a table.
std::string unfinished(const std::string& path) {
  return path + ".new";
}

// errno of what failed; 0 if nothing did.
int write_table(const std::string& path, const tracker::Tracker& tracker,
                const sinks::ClockMapping& clock, KernelTime now) {
  const std::string beside = unfinished(path);
  const system::UniqueFd file{::open(
      beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)};
  if (!file.is_open()) return errno;
  sinks::Output out{file.get()};
  sinks::Output nowhere{-1};
  sinks::JsonLinesSink sink{out, nowhere, {.clock = clock}};
  constexpr std::size_t kRowsAWrite = 256;
  std::size_t rows = 0;
  tracker.visit([&](const tracker::TwinView& twin) {
    sink.on_socket(sinks::socket_row(twin, now));
    if (++rows % kRowsAWrite == 0) out.flush();
  });
  out.flush();
  if (out.error() != 0) return out.error();
  return std::rename(beside.c_str(), path.c_str()) == 0 ? 0 : errno;
}

Error failed(const std::string& what) {
  return {ErrorCode::Failed, what, ""};
}

}  // namespace

TableDump::~TableDump() {
  if (child_ == 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

Status TableDump::begin(const tracker::Tracker& tracker, const sinks::ClockMapping& clock,
                        KernelTime now) {
  if (path_.empty()) {
    return Error{ErrorCode::Failed, "there is no file to write the table of connections to",
                 "name one with --dump-file"};
  }
  if (child_ != 0) return failed("the former table is still being written");
  child_ = ::fork();
  if (child_ == 0) ::_exit(write_table(path_, tracker, clock, now));
  if (child_ > 0) return Done{};
  child_ = 0;
  return failed(std::string{"cannot start a process that writes the table: "} +
                std::strerror(errno));
}

std::optional<Status> TableDump::take_outcome() {
  int outcome = 0;
  if (child_ == 0 || ::waitpid(child_, &outcome, WNOHANG) != child_) return std::nullopt;
  child_ = 0;
  if (!WIFEXITED(outcome)) return failed("the process that wrote the table was killed");
  if (WEXITSTATUS(outcome) == 0) return Done{};
  return failed("cannot write " + path_ + ": " + std::strerror(WEXITSTATUS(outcome)));
}

std::string default_dump_path() {
  const char* folders = std::getenv("STATE_DIRECTORY");
  if (folders == nullptr || *folders == '\0') return "";
  const std::string all{folders};
  return all.substr(0, all.find(':')) + "/sockets.jsonl";
}

}  // namespace tcptwin::commands
