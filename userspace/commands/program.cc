// SPDX-License-Identifier: MIT
// The program behind main(): parse, run one command, turn errors into messages and exit codes.
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "commands/command_line.h"
#include "commands/service.h"
#include "sinks/output.h"

namespace tcptwin::commands {
namespace {

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::Failed:
      return kExitFailed;
    case ErrorCode::Usage:
      return kExitUsage;
    case ErrorCode::NotPermitted:
      return kExitNotPermitted;
  }
  return kExitFailed;
}

std::string version_text() {
  const sinks::BuildFacts build = build_facts();
  return fmt::format("tcptwin {} (revision {}, libbpf {})\n", build.version, build.revision,
                     build.libbpf);
}

// A descriptor below 3 that the caller closed would go to the next file that is opened, and our
// lines with it. A place that refuses to be written keeps it taken.
void occupy_standard_descriptors() {
  int descriptor = 0;
  while (descriptor >= 0 && descriptor < 3) descriptor = ::open("/dev/null", O_RDONLY);
  if (descriptor >= 3) ::close(descriptor);
}

}  // namespace

sinks::BuildFacts build_facts() {
  return {TCPTWIN_VERSION, TCPTWIN_REVISION, ::libbpf_version_string()};
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::vector<std::string>{} : found->second;
}

std::string Arguments::value(std::string_view option, std::string_view otherwise) const {
  const auto found = options_.find(option);
  return found == options_.end() || found->second.empty() ? std::string{otherwise}
                                                          : found->second.back();
}

int print(std::string_view text) {
  sinks::Output out{STDOUT_FILENO};
  out.write(text);
  out.flush();
  if (out.error() == 0) return kExitOk;
  return report({ErrorCode::Failed,
                 fmt::format("writing the output failed: {}", std::strerror(out.error())), ""});
}

int report(const Error& error) {
  sinks::Output diagnostics{STDERR_FILENO};
  diagnostics.write(fmt::format("tcptwin: {}\n", error.what));
  if (!error.hint.empty()) diagnostics.write(fmt::format("  {}\n", error.hint));
  return exit_code(error.code);
}

int run(int count, const char* const* words) {
  occupy_standard_descriptors();
  // A reader that goes away ends the output quietly (Output sees EPIPE), not the process.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments{words + (count > 0 ? 1 : 0), words + count};
  const auto line = parse_command_line(arguments);
  if (!line) return report(line.error());
  switch (line.value().request) {
    case Request::Help:
      return print(help_text(line.value().command));
    case Request::Version:
      return print(version_text());
    case Request::Run:
      return line.value().command->run(line.value().arguments);
  }
  return kExitFailed;
}

}  // namespace tcptwin::commands
