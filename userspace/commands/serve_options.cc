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

// Each is worth 17 series.
constexpr std::uint64_t kMostOwners = 1000;

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
  options.dump_file = arguments.value("dump-file", default_dump_path());
  read_thresholds(reader, options.run.stuck);
  read_run(reader, options.run);
  if (reader.error()) return *reader.error();
  return options;
}

}  // namespace tcptwin::commands
