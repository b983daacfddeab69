// SPDX-License-Identifier: MIT
#include "sources/recording_parts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace tcptwin::sources {
namespace {

Error usage(std::string what, std::string hint) {
  return {ErrorCode::Usage, std::move(what), std::move(hint)};
}

}  // namespace

Result<OpenedFile> open_recording(const std::string& path) {
  OpenedFile opened{system::UniqueFd{path == "-"
                                         ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)}};
  const auto refused = [&](int error) {
    return Error{ErrorCode::Failed,
                 "cannot read the recording " + path + ": " + std::strerror(error), ""};
  };
  struct stat status {};
  if (!opened.file.is_open() || ::fstat(opened.file.get(), &status) != 0) return refused(errno);
  if (S_ISDIR(status.st_mode)) return refused(EISDIR);
  if (S_ISREG(status.st_mode)) opened.bytes = static_cast<std::uint64_t>(status.st_size);
  return opened;
}

Result<std::vector<RecordingPart>> order_parts(const std::vector<std::string>& paths) {
  std::vector<RecordingPart> parts;
  std::optional<std::uint64_t> recording;
  for (const std::string& path : paths) {
    if (path == "-") {
      return usage("of several files none can be stdin", "name the files of one recording");
    }
    auto opened = open_recording(path);
    if (!opened) return opened.error();
    const int file = opened.value().file.get();
    RecordingReader reader{
        [file](std::span<std::byte> room) { return ::read(file, room.data(), room.size()); }};
    const auto facts = reader.open(path);
    if (!facts) return facts.error();
    if (opened.value().bytes == 0) {
      return usage("of several files " + path + " cannot be a pipe",
                   "name the files of one recording");
    }
    if (recording && facts.value().recording_id != *recording) {
      return usage(path + " is not of the same recording as " + paths.front(),
                   "several files must be those of one --rotate; replay others one by one");
    }
    recording = facts.value().recording_id;
    parts.push_back({path, facts.value().file_number, opened.value().bytes});
  }
  std::ranges::sort(parts, {}, &RecordingPart::number);
  const auto twice = std::ranges::adjacent_find(parts, {}, &RecordingPart::number);
  if (twice != parts.end()) {
    return usage(twice->path + " and " + (twice + 1)->path + " are the same part of a recording",
                 "name each part once");
  }
  return parts;
}

}  // namespace tcptwin::sources
