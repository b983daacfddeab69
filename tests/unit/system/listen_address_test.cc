// SPDX-License-Identifier: MIT
#include "system/listen_address.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

namespace tcptwin::system {
namespace {

using ::testing::HasSubstr;

std::string socket_path() {
  return ::testing::TempDir() + "tcptwin-listen-" + std::to_string(::getpid());
}

TEST(ListenAddressTest, every_form_is_read_and_written_alike) {
  for (const char* form : {":9293", "127.0.0.1:9293", "[::1]:0", "unix:/run/tcptwin/http"}) {
    const auto address = parse_listen_address(form);
    ASSERT_TRUE(address) << form;
    EXPECT_EQ(text(address.value()), form);
  }
}

TEST(ListenAddressTest, what_is_wrong_is_said) {
  const auto why = [](const char* form) {
    const auto address = parse_listen_address(form);
    return address ? std::string{} : address.error().what;
  };
  EXPECT_THAT(why("9293"), HasSubstr("--listen wants"));
  EXPECT_THAT(why(":99999"), HasSubstr("the port is a number"));
  EXPECT_THAT(why(":"), HasSubstr("the port is a number"));
  EXPECT_THAT(why("::1:80"), HasSubstr("needs brackets"));
  EXPECT_THAT(why("example.org:80"), HasSubstr("must be a number"));
  EXPECT_THAT(why("unix:relative"), HasSubstr("absolute"));
  EXPECT_THAT(why(("unix:/" + std::string(200, 'x')).c_str()), HasSubstr("too long"));
}

TEST(ListenAddressTest, a_port_that_is_taken_is_named) {
  const auto first = listen_on(parse_listen_address("127.0.0.1:0").value());
  ASSERT_TRUE(first);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ASSERT_EQ(::getsockname(first.value().get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
  const auto* bytes = reinterpret_cast<const unsigned char*>(&bound);
  const std::string taken = "127.0.0.1:" + std::to_string(bytes[2] << 8 | bytes[3]);
  const auto second = listen_on(parse_listen_address(taken).value());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr(taken));
  EXPECT_THAT(second.error().hint, HasSubstr("another program"));
}

TEST(ListenAddressTest, a_unix_socket_left_behind_is_replaced_and_one_in_use_is_not) {
  const ListenAddress address{"", "", socket_path()};
  {
    const auto first = listen_on(address);
    ASSERT_TRUE(first);
    EXPECT_FALSE(listen_on(address));
  }
  EXPECT_TRUE(listen_on(address)) << "the former process is gone";
  std::filesystem::remove(address.path);
}

TEST(ListenAddressTest, a_file_that_is_no_socket_is_left_alone) {
  const std::string path = socket_path() + ".txt";
  const UniqueFd file{::creat(path.c_str(), 0600)};
  EXPECT_FALSE(listen_on({"", "", path}));
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace tcptwin::system
