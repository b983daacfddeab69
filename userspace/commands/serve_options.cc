// SPDX-License-Identifier: MIT
#include "commands/serve_options.h"

#include "commands/stuck_options.h"
#include "commands/table_dump.h"
#include "system/web_access.h"

namespace tcptwin::commands {
namespace {

// No registered port: the number of the RFC that the connections are held against.
constexpr std::string_view kDefaultListen = ":9293";

Result<std::string> parse_web_config(std::string_view text) {
  const std::string path{text};
  const auto config = system::read_web_config(path);
  if (!config) return config.error();
  return path;
}

Result<std::string> parse_control_socket(std::string_view text) {
  if (text == "none") return std::string{};
  const auto address = system::parse_listen_address("unix:" + std::string{text});
  if (address) return address.value().path;
  return Error{ErrorCode::Usage,
               "--control-socket wants an absolute path of at most 107 characters, or none, not '" +
                   std::string{text} + "'",
               ""};
}

// Whether there is such a group is found when the socket is made.
Result<std::string> parse_group(std::string_view text) {
  if (!text.empty()) return std::string{text};
  return Error{ErrorCode::Usage, "--control-group wants the name or number of a group", ""};
}

constexpr std::size_t kLeastHistory = std::size_t{1} << 20;
constexpr std::size_t kMostHistory = std::size_t{1} << 30;

Result<std::size_t> parse_history(std::string_view text) {
  const auto bytes = parse_file_size("history", text);
  if (!bytes) return bytes.error();
  if (bytes.value() >= kLeastHistory && bytes.value() <= kMostHistory) {
    return static_cast<std::size_t>(bytes.value());
  }
  return Error{ErrorCode::Usage,
               "--history wants from 1M to 1G, such as 64M, not '" + std::string{text} + "'", ""};
}

// Each is worth 19 series.
constexpr std::uint64_t kMostOwners = 1000;
constexpr std::uint64_t kSmallestTable = 1000;
constexpr std::uint64_t kLargestTable = 1u << 24;

Result<std::vector<system::ListenAddress>> parse_listen(std::string_view text) {
  auto address = system::parse_listen_address(text);
  if (!address) return address.error();
  return std::vector{std::move(address.value())};
}

}  // namespace

Result<ServeOptions> serve_options(const Arguments& arguments) {
  ServeOptions options;
  OptionReader reader{arguments};
  reader.list("listen", parse_listen, options.listen);
  if (options.listen.empty()) options.listen = parse_listen(kDefaultListen).value();
  reader.value("netns", parse_netns,
               [&](std::uint32_t netns) { options.run.live.filter.netns = netns; });
  reader.value("web-config", parse_web_config,
               [&](std::string file) { options.web_config = std::move(file); });
  reader.value("keep-rights", parse_kept_rights,
               [&](KeptRights kept) { options.keep_rights = kept; });
  reader.value(
      "owners", [](std::string_view text) { return parse_number("owners", text, 0, kMostOwners); },
      [&](std::uint64_t owners) { options.owners = owners; });
  options.control.path = default_control_path();
  reader.value("control-socket", parse_control_socket,
               [&](std::string path) { options.control.path = std::move(path); });
  reader.value("control-group", parse_group, [&](std::string group) {
    options.control.group = std::move(group);
    options.control.group_is_named = true;
  });
  reader.value("history", parse_history,
               [&](std::size_t bytes) { options.control.history_bytes = bytes; });
  reader.value(
      "table",
      [](std::string_view text) {
        return parse_number("table", text, kSmallestTable, kLargestTable);
      },
      [&](std::uint64_t table) { options.run.table = table; });
  options.dump_file = arguments.value("dump-file", default_dump_path());
  read_thresholds(reader, options.run.stuck);
  read_run(reader, options.run);
  if (reader.error()) return *reader.error();
  return options;
}

}  // namespace tcptwin::commands
