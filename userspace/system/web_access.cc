// SPDX-License-Identifier: MIT
#include "system/web_access.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"
#include "system/config_file.h"

namespace tcptwin::system {
namespace {

constexpr std::string_view kUsers = "basic_auth_users.";
constexpr std::string_view kTls = "tls_server_config.";
constexpr std::array<std::string_view, 5> kTlsKeys = {"cert_file", "key_file", "client_auth_type",
                                                      "client_ca_file", "min_version"};
constexpr std::size_t kLongestHeader = 1024;
constexpr std::size_t kMostRemembered = 256;
// Of no password: an unknown user takes as long as a known one.
constexpr const char* kNobody = "$2b$10$abcdefghijklmnopqrstuuqWzthOc/CMPtNxYntHsWp5xL7qoYKxS";

Error wrong(const ConfigFile& file, const ConfigEntry& entry, const std::string& what) {
  return {ErrorCode::Usage, place(file, entry) + ": " + what, ""};
}

// Relative to the file that names it.
std::string beside(const std::string& file, const std::string& path) {
  if (path.starts_with('/')) return path;
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? path : file.substr(0, slash + 1) + path;
}

std::optional<Error> take_tls(WebConfig& config, const ConfigFile& file, const ConfigEntry& entry) {
  const std::string key = entry.key.substr(kTls.size());
  const std::string& value = entry.values.front();
  if (key == "cert_file") {
    config.certificate = beside(file.name, value);
  } else if (key == "key_file") {
    config.key = beside(file.name, value);
  } else if (key == "client_ca_file") {
    config.client_authority = beside(file.name, value);
  } else if (key == "client_auth_type") {
    if (value != "NoClientCert" && value != "RequireAndVerifyClientCert") {
      return wrong(file, entry, "client_auth_type is NoClientCert or RequireAndVerifyClientCert");
    }
    config.needs_client_certificate = value == "RequireAndVerifyClientCert";
  } else if (key == "min_version") {
    if (value != "TLS12" && value != "TLS13") {
      return wrong(file, entry, "min_version is TLS12 or TLS13");
    }
    config.needs_tls13 = value == "TLS13";
  } else {
    const auto near = nearest(key, kTlsKeys);
    return wrong(file, entry,
                 "unknown or not supported: " + entry.key +
                     (near ? "; did you mean " + std::string{*near} + "?" : ""));
  }
  return std::nullopt;
}

std::optional<Error> take_user(WebConfig& config, const ConfigFile& file,
                               const ConfigEntry& entry) {
  const std::string& hash = entry.values.front();
  const bool is_bcrypt = hash.size() == 60 && hash.starts_with("$2");
  if (!is_bcrypt) return wrong(file, entry, entry.key + " wants a bcrypt hash ($2y$...)");
  config.users.emplace(entry.key.substr(kUsers.size()), hash);
  return std::nullopt;
}

std::optional<Error> incomplete(const WebConfig& config, const std::string& path) {
  const auto error = [&](const char* what) { return Error{ErrorCode::Usage, path + what, ""}; };
  if (config.certificate.empty() != config.key.empty()) {
    return error(": tls_server_config wants both cert_file and key_file");
  }
  if (config.needs_client_certificate != !config.client_authority.empty()) {
    return error(": RequireAndVerifyClientCert and client_ca_file want each other");
  }
  if (config.needs_client_certificate && config.certificate.empty()) {
    return error(": client certificates want cert_file and key_file");
  }
  return std::nullopt;
}

using TlsContext = std::shared_ptr<SSL_CTX>;

Result<TlsContext> tls_context(const WebConfig& config) {
  if (config.certificate.empty()) return TlsContext{};
  const TlsContext context{::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free};
  if (!context) return Error{ErrorCode::Failed, "cannot begin with TLS", ""};
  const auto unusable = [](const std::string& path, const char* as) {
    return Error{ErrorCode::Failed, "cannot use " + path + " as " + as,
                 "it must be readable, in PEM, and certificate and key must fit"};
  };
  ::SSL_CTX_set_min_proto_version(context.get(),
                                  config.needs_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (::SSL_CTX_use_certificate_chain_file(context.get(), config.certificate.c_str()) != 1) {
    return unusable(config.certificate, "certificate");
  }
  if (::SSL_CTX_use_PrivateKey_file(context.get(), config.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      ::SSL_CTX_check_private_key(context.get()) != 1) {
    return unusable(config.key, "key");
  }
  if (config.needs_client_certificate) {
    if (::SSL_CTX_load_verify_locations(context.get(), config.client_authority.c_str(), nullptr) !=
        1) {
      return unusable(config.client_authority, "authority of client certificates");
    }
    ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

// What tells whether a file is another than before.
std::string fingerprint(const std::string& path) {
  struct stat file {};
  if (path.empty() || ::stat(path.c_str(), &file) != 0) return "-";
  return std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino) + ":" +
         std::to_string(file.st_size) + ":" + std::to_string(file.st_mtim.tv_sec) + "." +
         std::to_string(file.st_mtim.tv_nsec);
}

std::string fingerprint(const std::string& path, const WebConfig& config) {
  return fingerprint(path) + " " + fingerprint(config.certificate) + " " + fingerprint(config.key) +
         " " + fingerprint(config.client_authority);
}

// "user:password" of "Basic dXNlcjpwYXNzd29yZA=="; "" if it is none.
std::string credentials_of(std::string_view authorization) {
  constexpr std::string_view kBasic = "Basic ";
  if (authorization.size() > kLongestHeader || !authorization.starts_with(kBasic)) return "";
  const std::string_view encoded = authorization.substr(kBasic.size());
  if (encoded.empty() || encoded.size() % 4 != 0) return "";
  std::array<unsigned char, kLongestHeader> bytes{};
  const int size =
      ::EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(encoded.data()),
                        static_cast<int>(encoded.size()));
  if (size < 0) return "";
  const auto padding = static_cast<std::size_t>(std::ranges::count(encoded, '='));
  if (padding > 2) return "";
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size) - padding};
}

bool is_password_of(const std::string& password, const std::string& hash) {
  const auto data = std::make_unique<crypt_data>();
  const char* made = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  return made != nullptr && hash.size() == std::string_view{made}.size() &&
         ::CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
}

std::string digest_of(const std::string& secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  ::EVP_Digest(secret.data(), secret.size(), bytes.data(), &size, ::EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace

struct WebAccess::State {
  WebConfig config;
  TlsContext tls;
  std::string fingerprint;
  std::mutex bcrypt;  // one at a time: nobody takes all processors by guessing
  std::mutex memory;
  std::set<std::string> remembered;  // digests of credentials that were right

  bool remembers(const std::string& digest) {
    const std::scoped_lock lock{memory};
    return remembered.contains(digest);
  }
  void remember(const std::string& digest) {
    const std::scoped_lock lock{memory};
    if (remembered.size() >= kMostRemembered) remembered.clear();
    remembered.insert(digest);
  }
};

Result<WebConfig> read_web_config(const std::string& path) {
  const auto file = read_config(path, ConfigShape::Sections);
  if (!file) return file.error();
  WebConfig config;
  for (const ConfigEntry& entry : file.value().entries) {
    std::optional<Error> error;
    if (entry.values.size() != 1) {
      error = wrong(file.value(), entry, entry.key + " wants one value");
    } else if (entry.key.starts_with(kTls)) {
      error = take_tls(config, file.value(), entry);
    } else if (entry.key.starts_with(kUsers)) {
      error = take_user(config, file.value(), entry);
    } else {
      error = wrong(file.value(), entry,
                    "unknown or not supported: " + entry.key +
                        "; there are tls_server_config and basic_auth_users");
    }
    if (error) return *error;
  }
  if (const auto error = incomplete(config, path)) return *error;
  return config;
}

WebAccess::~WebAccess() = default;

Result<std::unique_ptr<WebAccess>> WebAccess::open(const std::string& path) {
  std::unique_ptr<WebAccess> access{new WebAccess{path}};
  auto state = access->load();
  if (!state) return state.error();
  access->state_ = std::move(state.value());
  return access;
}

Result<std::shared_ptr<WebAccess::State>> WebAccess::load() const {
  auto config = read_web_config(path_);
  if (!config) return config.error();
  auto tls = tls_context(config.value());
  if (!tls) return tls.error();
  auto state = std::make_shared<State>();
  state->fingerprint = fingerprint(path_, config.value());
  state->config = std::move(config.value());
  state->tls = std::move(tls.value());
  return state;
}

std::shared_ptr<WebAccess::State> WebAccess::current() {
  const std::scoped_lock lock{mutex_};
  if (fingerprint(path_, state_->config) != state_->fingerprint) {
    if (auto changed = load()) state_ = std::move(changed.value());
  }
  return state_;
}

std::shared_ptr<ssl_ctx_st> WebAccess::tls() {
  return current()->tls;
}

bool WebAccess::admits(std::string_view authorization) {
  const std::shared_ptr<State> state = current();
  if (state->config.users.empty()) return true;
  const std::string credentials = credentials_of(authorization);
  const std::size_t colon = credentials.find(':');
  if (colon == std::string::npos) return false;
  const std::string digest = digest_of(credentials);
  if (state->remembers(digest)) return true;
  const std::scoped_lock lock{state->bcrypt};
  const auto user = state->config.users.find(credentials.substr(0, colon));
  const bool is_known = user != state->config.users.end();
  const bool is_right =
      is_password_of(credentials.substr(colon + 1), is_known ? user->second : kNobody) && is_known;
  if (!is_right) return false;
  state->remember(digest);
  return true;
}

}  // namespace tcptwin::system
