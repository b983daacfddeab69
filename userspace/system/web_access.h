// SPDX-License-Identifier: MIT
// Who may read a service's pages over the network: TLS and passwords, from a file in the format of
// Prometheus' own exporters (`--web.config.file`). A file that changes holds from the next
// connection on; one that becomes wrong does not, the former one stays.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;  // of OpenSSL

namespace tcptwin::system {

struct WebConfig {
  std::string certificate;  // files; "": no TLS
  std::string key;
  std::string client_authority;
  bool needs_client_certificate = false;
  bool needs_tls13 = false;
  std::map<std::string, std::string, std::less<>> users;  // bcrypt hashes
};
// A Usage error with its line for what is wrong, unknown or not supported.
Result<WebConfig> read_web_config(const std::string& path);

class WebAccess {
 public:
  static Result<std::unique_ptr<WebAccess>> open(const std::string& path);
  ~WebAccess();

  // For a new connection; null: without TLS.
  std::shared_ptr<ssl_ctx_st> tls();
  // Whether the header Authorization names a user and the right password. Safe on any thread; a
  // password that was seen before costs nothing, a new one as much as bcrypt wants.
  bool admits(std::string_view authorization);

 private:
  struct State;
  explicit WebAccess(std::string path) : path_(std::move(path)) {}
  Result<std::shared_ptr<State>> load() const;
  std::shared_ptr<State> current();

  const std::string path_;
  std::mutex mutex_;
  std::shared_ptr<State> state_;
};

}  // namespace tcptwin::system
