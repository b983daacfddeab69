// SPDX-License-Identifier: MIT
#include "commands/record_options.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace tcptwin::commands {

Result<std::string> file_operand(const Arguments& arguments, std::string_view command) {
  const std::vector<std::string>& operands = arguments.operands();
  if (operands.size() == 1 && !operands.front().empty()) return operands.front();
  const std::string name{command};
  return Error{ErrorCode::Usage,
               operands.empty() ? name + " wants the name of a file"
                                : name + " takes one file, not " + std::to_string(operands.size()),
               "see tcptwin " + name + " --help"};
}

namespace {

// Sizes have a capital letter, times a small one: 64M is no time.
Result<sources::Rotation> parse_rotation(std::string_view text) {
  sources::Rotation rotation;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const bool is_size =
        !part.empty() && std::string_view{"KMG"}.find(part.back()) != std::string_view::npos;
    const bool has_unit = !part.empty() && (part.back() < '0' || part.back() > '9');
    const auto bytes = is_size ? parse_file_size("rotate", part) : std::size_t{0};
    const auto after = is_size ? Duration{} : parse_duration("rotate", part);
    const bool is_double = is_size ? rotation.bytes.has_value() : rotation.after.has_value();
    if (!has_unit || !bytes || !after || is_double) {
      return Error{ErrorCode::Usage,
                   "--rotate: '" + std::string{text} +
                       "' is not a size such as 512K, 64M or 1G, a time such as 10m or 1h, or both "
                       "(64M,1h)",
                   "see tcptwin record --help"};
    }
    if (is_size) {
      rotation.bytes = bytes.value();
    } else {
      rotation.after = after.value();
    }
    if (comma == std::string_view::npos) return rotation;
    rest.remove_prefix(comma + 1);
  }
}

void read_rotation(OptionReader& reader, sources::RecorderOptions& options) {
  reader.value("rotate", parse_rotation,
               [&](const sources::Rotation& rotation) { options.rotation = rotation; });
  reader.value(
      "keep", [](std::string_view text) { return parse_number("keep", text, 1, 1'000'000); },
      [&](std::uint64_t files) { options.rotation.keep = static_cast<std::uint32_t>(files); });
}

std::optional<Error> refusal(const LiveRunOptions& run) {
  const sources::RecorderOptions& options = run.record;
  if (!run.from.empty() && !run.given.empty()) {
    return Error{ErrorCode::Usage,
                 "record --from takes the whole recording, --" + run.given.front().first +
                     " cannot choose from it",
                 "filters work when it is replayed"};
  }
  std::error_code ignored;
  const auto is_target = [&](const std::string& path) {
    return std::filesystem::equivalent(path, options.path, ignored);
  };
  if (std::ranges::any_of(run.from, is_target)) {
    return Error{ErrorCode::Usage, "a recording cannot be recorded anew into itself",
                 "name another file"};
  }
  if (options.rotation.keep != 0 && !options.rotation.is_on()) {
    return Error{ErrorCode::Usage, "--keep wants --rotate: without it there is one file", ""};
  }
  if (options.path == "-" && options.rotation.is_on()) {
    return Error{ErrorCode::Usage, "--rotate wants the name of a file, not -", ""};
  }
  return std::nullopt;
}

}  // namespace

Result<RecordOptions> record_options(const Arguments& arguments) {
  RecordOptions options;
  OptionReader reader{arguments};
  auto file = file_operand(arguments, "record");
  if (!file) return file.error();
  read_connection_filters(reader, options.run.live.filter, options.conditions);
  if (reader.has("stack")) options.run.live.call_paths = sources::CallPaths::All;
  read_segments(reader, options.run.live);
  read_run(reader, options.run);
  read_recording(reader, arguments, options.conditions, options.run);
  options.run.record.path = std::move(file.value());
  if (reader.has("no-compress")) {
    options.run.record.writer.compression = sources::Compression::None;
  }
  read_rotation(reader, options.run.record);
  constexpr std::array<std::string_view, 2> kAnonymities = {"addresses", "all"};
  reader.value(
      "anonymise",
      [&](std::string_view text) { return parse_choice("anonymise", text, kAnonymities); },
      [&](std::size_t choice) {
        options.run.record.anonymity =
            choice == 0 ? sources::Anonymity::Addresses : sources::Anonymity::All;
      });
  options.strict = reader.has("strict");
  if (reader.error()) return *reader.error();
  if (const auto error = refusal(options.run)) return *error;
  options.filter_words = filter_words(arguments, {});
  return options;
}

}  // namespace tcptwin::commands
