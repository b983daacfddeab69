// SPDX-License-Identifier: MIT
// Passwords and what a web configuration may say; TLS itself is tested with curl
// (kernel.serve_web).
#include "system/web_access.h"

#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace tcptwin::system {
namespace {

using ::testing::HasSubstr;

std::string hash_of(const char* password) {
  crypt_data data{};
  return ::crypt_r(password, "$2b$04$abcdefghijklmnopqrstuu", &data);
}

class WebAccessTest : public ::testing::Test {
 protected:
  ~WebAccessTest() override { ::unlink(path.c_str()); }

  void write(const std::string& text) {
    std::ofstream{path + ".new"} << text;
    ASSERT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
  }
  std::string why(const std::string& text) {
    write(text);
    const auto config = read_web_config(path);
    return config ? "" : config.error().what;
  }

  std::string path = ::testing::TempDir() + "tcptwin-web-" + std::to_string(::getpid());
};

TEST_F(WebAccessTest, only_the_right_password_of_a_known_user_is_admitted) {
  write("basic_auth_users:\n  alice: " + hash_of("secret") + "\n  o.k: " + hash_of("x:y") + "\n");
  const auto access = WebAccess::open(path);
  ASSERT_TRUE(access) << access.error().what;
  const auto admits = [&](const char* header) { return access.value()->admits(header); };
  EXPECT_TRUE(admits("Basic YWxpY2U6c2VjcmV0"));   // alice:secret
  EXPECT_TRUE(admits("Basic YWxpY2U6c2VjcmV0"));   // remembered
  EXPECT_TRUE(admits("Basic by5rOng6eQ=="));       // o.k:x:y
  EXPECT_FALSE(admits("Basic YWxpY2U6U2VjcmV0"));  // alice:Secret
  EXPECT_FALSE(admits("Basic Ym9iOnNlY3JldA=="));  // bob:secret
  EXPECT_FALSE(admits("Basic YWxpY2U="));          // alice
  for (const char* nonsense : {"", "Basic ", "Basic ====", "Basic YWxp*2U6c2VjcmV0", "Bearer x",
                               "basic", "Basic YWxpY2U6c2VjcmV"}) {
    EXPECT_FALSE(admits(nonsense)) << nonsense;
  }
  EXPECT_FALSE(admits(("Basic " + std::string(100'000, 'A')).c_str()));
}

TEST_F(WebAccessTest, without_users_everybody_is_admitted_and_without_files_there_is_no_tls) {
  write("");
  const auto access = WebAccess::open(path);
  ASSERT_TRUE(access);
  EXPECT_TRUE(access.value()->admits(""));
  EXPECT_EQ(access.value()->tls(), nullptr);
}

TEST_F(WebAccessTest, a_changed_file_holds_and_a_wrong_one_does_not) {
  write("basic_auth_users: {alice: " + hash_of("secret") + "}\n");
  const auto access = WebAccess::open(path);
  ASSERT_TRUE(access);
  write("basic_auth_users: {bob: " + hash_of("secret") + "}\n");
  EXPECT_FALSE(access.value()->admits("Basic YWxpY2U6c2VjcmV0"));
  EXPECT_TRUE(access.value()->admits("Basic Ym9iOnNlY3JldA=="));
  write("basic_auth_users: {bob: }\n");
  EXPECT_TRUE(access.value()->admits("Basic Ym9iOnNlY3JldA=="));
  EXPECT_FALSE(access.value()->admits("")) << "a broken file opens no door";
}

TEST_F(WebAccessTest, what_is_wrong_or_not_supported_is_refused_with_its_line) {
  EXPECT_THAT(why("basic_auth_users:\n  a: plain\n"), HasSubstr(":2: basic_auth_users.a wants a"));
  EXPECT_THAT(why("tls_server_config:\n  cert_fiel: x\n"), HasSubstr("did you mean cert_file?"));
  EXPECT_THAT(why("rate_limit: {interval: 1s}\n"), HasSubstr("unknown or not supported"));
  EXPECT_THAT(why("tls_server_config: {min_version: TLS10}\n"), HasSubstr("TLS12 or TLS13"));
  EXPECT_THAT(why("tls_server_config: {client_auth_type: RequestClientCert}\n"),
              HasSubstr("NoClientCert or"));
  EXPECT_THAT(why("tls_server_config: {cert_file: x}\n"), HasSubstr("both cert_file and key_file"));
  EXPECT_THAT(why("tls_server_config: {cert_file: x, key_file: y, client_ca_file: z}\n"),
              HasSubstr("want each other"));
}

TEST_F(WebAccessTest, files_that_are_no_certificate_are_named) {
  write("tls_server_config: {cert_file: /dev/null, key_file: /dev/null}\n");
  const auto access = WebAccess::open(path);
  ASSERT_FALSE(access);
  EXPECT_THAT(access.error().what, HasSubstr("cannot use /dev/null as certificate"));
}

}  // namespace
}  // namespace tcptwin::system
