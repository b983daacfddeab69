// SPDX-License-Identifier: MIT
#include "commands/control_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace tcptwin::commands {
namespace {

constexpr std::string_view kProgram = "tcptwin";
constexpr std::array<std::string_view, kAskCount> kAsks = {"table", "stuck", "findings"};

constexpr std::array<std::pair<std::string_view, sinks::KindSet>, 6> kKinds = {{
    {"steps", sinks::kinds_of<tracker::Step>()},
    {"lives", sinks::kinds_of<tracker::Life>()},
    {"stuck", sinks::kinds_of<tracker::Stuck>()},
    {"divergences", sinks::kinds_of<tracker::Divergence>()},
    {"losses", sinks::kinds_of<tracker::Loss>()},
    {"reconciliations", sinks::kinds_of<tracker::Reconciliation>()},
}};

// Both ends must be the same build: what follows has no version of its own.
std::string own_build() {
  return fmt::format("{}/{:08x}", TCPTWIN_VERSION, sinks::message_shape());
}

Error malformed(std::string_view what) {
  return {ErrorCode::Failed, fmt::format("the service does not understand the request: {}", what),
          ""};
}

Error other_build(std::string_view theirs) {
  return {ErrorCode::Failed,
          fmt::format("the service is tcptwin {} and this command tcptwin {}", own_build(),
                      theirs.substr(0, 64)),
          "restart the service after an update; --live watches without it"};
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return words;
    line.remove_prefix(space + 1);
  }
}

Result<sinks::KindSet> parse_kinds(std::string_view text) {
  sinks::KindSet kinds = 0;
  for (;;) {
    const std::size_t comma = text.find(',');
    const auto kind = std::ranges::find(kKinds, text.substr(0, comma),
                                        &std::pair<std::string_view, sinks::KindSet>::first);
    if (kind == kKinds.end()) return malformed("an unknown kind of finding");
    kinds |= kind->second;
    if (comma == std::string_view::npos) return kinds;
    text.remove_prefix(comma + 1);
  }
}

Status read_word(std::string_view word, ControlRequest& request) {
  constexpr std::string_view kKindsWord = "kinds=";
  constexpr std::string_view kConnectionWord = "connection=";
  const bool is_findings = request.ask == Ask::Findings;
  if (word == "census" && request.ask == Ask::Table) {
    request.census = true;
  } else if (word == "past" && is_findings) {
    request.past = true;
  } else if (word == "follow" && is_findings) {
    request.follow = true;
  } else if (word.starts_with(kKindsWord) && is_findings) {
    const auto kinds = parse_kinds(word.substr(kKindsWord.size()));
    if (!kinds) return kinds.error();
    request.kinds = kinds.value();
  } else if (word.starts_with(kConnectionWord) && request.ask == Ask::Table) {
    const auto connection = parse_connection(word.substr(kConnectionWord.size()));
    if (!connection) return connection.error();
    request.connection = connection.value();
  } else {
    return malformed("an unknown word");
  }
  return Done{};
}

}  // namespace

std::string_view label(Ask ask) {
  return kAsks[static_cast<std::size_t>(ask)];
}

std::string request_line(const ControlRequest& request) {
  std::string line = fmt::format("{} {} {}", kProgram, own_build(), label(request.ask));
  if (request.census) line += " census";
  if (request.past) line += " past";
  if (request.follow) line += " follow";
  std::string kinds;
  for (const auto& [name, kind] : kKinds) {
    if ((request.kinds & kind) != 0) kinds += fmt::format("{}{}", kinds.empty() ? "" : ",", name);
  }
  if (!kinds.empty()) line += " kinds=" + kinds;
  if (request.connection) line += " connection=" + text(*request.connection);
  return line + "\n";
}

Result<ControlRequest> parse_request(std::string_view line) {
  const auto words = words_of(line);
  if (words.size() < 3 || words[0] != kProgram) return malformed("it is not one of tcptwin");
  if (words[1] != own_build()) return other_build(words[1]);
  const auto ask = std::ranges::find(kAsks, words[2]);
  if (ask == kAsks.end()) return malformed("it asks for nothing that is there");
  ControlRequest request;
  request.ask = static_cast<Ask>(ask - kAsks.begin());
  for (std::size_t i = 3; i < words.size(); ++i) {
    const Status read = read_word(words[i], request);
    if (!read) return read.error();
  }
  if (request.ask == Ask::Findings && request.kinds == 0) return malformed("it wants no findings");
  return request;
}

}  // namespace tcptwin::commands
