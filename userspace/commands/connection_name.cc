// SPDX-License-Identifier: MIT
#include "commands/connection_name.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tcptwin::commands {
namespace {

Error not_a_connection(std::string_view text) {
  return {ErrorCode::Usage, fmt::format("'{}' names no connection", text),
          "as 10.0.0.1:80-10.0.0.9:4711, [::1]:80-[::1]:4711 or an id such as 0x1f.1"};
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string word{text};
  Address address;
  if (::inet_pton(AF_INET, word.c_str(), address.bytes.data()) == 1) return address;
  address.family = Family::Inet6;
  if (::inet_pton(AF_INET6, word.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 10);
  if (!address || !port) return std::nullopt;
  return Endpoint{*address, *port};
}

std::optional<ConnectionId> parse_id(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  const std::size_t dot = text.find('.');
  const auto cookie =
      parse_number<std::uint64_t>(text.substr(2, dot == text.npos ? dot : dot - 2), 16);
  if (!cookie) return std::nullopt;
  if (dot == text.npos) return ConnectionId{*cookie, 0};
  const auto generation = parse_number<std::uint32_t>(text.substr(dot + 1), 10);
  if (!generation) return std::nullopt;
  return ConnectionId{*cookie, *generation};
}

// An IPv6 socket that talks to ::ffff:a.b.c.d carries an IPv4 connection.
Endpoint plain(const Endpoint& endpoint) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const auto& bytes = endpoint.address.bytes;
  if (endpoint.address.family == Family::Inet ||
      !std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    return endpoint;
  }
  Endpoint result;
  result.port = endpoint.port;
  std::copy(bytes.begin() + 12, bytes.end(), result.address.bytes.begin());
  return result;
}

std::string endpoint_text(const Endpoint& endpoint) {
  const bool is_ipv6 = endpoint.address.family == Family::Inet6;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", to_string(endpoint.address),
                     is_ipv6 ? "]" : "", endpoint.port);
}

}  // namespace

bool looks_like_connection(std::string_view text) {
  return text.starts_with("0x") || text.find(':') != std::string_view::npos;
}

Result<ConnectionName> parse_connection(std::string_view text) {
  if (const auto id = parse_id(text)) return ConnectionName{id, {}, {}};
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return not_a_connection(text);
  const auto local = parse_endpoint(text.substr(0, dash));
  const auto remote = parse_endpoint(text.substr(dash + 1));
  if (!local || !remote) return not_a_connection(text);
  return ConnectionName{std::nullopt, *local, *remote};
}

std::string text(const ConnectionName& name) {
  if (!name.id) return endpoint_text(name.local) + "-" + endpoint_text(name.remote);
  if (name.id->generation == 0) return fmt::format("{:#x}", name.id->cookie);
  return fmt::format("{:#x}.{}", name.id->cookie, name.id->generation);
}

NameMatch match(const ConnectionName& name, const tracker::ConnectionIdentity& connection) {
  if (name.id) {
    const bool is_it =
        name.id->cookie == connection.id.cookie &&
        (name.id->generation == 0 || name.id->generation == connection.id.generation);
    return is_it ? NameMatch::Exact : NameMatch::No;
  }
  const Endpoint local = plain(connection.tuple.local);
  const Endpoint remote = plain(connection.tuple.remote);
  const Endpoint wanted_local = plain(name.local);
  const Endpoint wanted_remote = plain(name.remote);
  if (local == wanted_local && remote == wanted_remote) return NameMatch::Exact;
  return local == wanted_remote && remote == wanted_local ? NameMatch::OtherEnd : NameMatch::No;
}

}  // namespace tcptwin::commands
