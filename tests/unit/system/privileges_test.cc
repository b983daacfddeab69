// SPDX-License-Identifier: MIT
#include "system/privileges.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <unistd.h>
#include "system/capabilities.h"

#include "system/unique_fd.h"

namespace tcptwin::system {
namespace {

constexpr std::uint64_t bit(Right right) {
  return std::uint64_t{1} << static_cast<unsigned>(right);
}

TEST(PrivilegesTest, right_is_held_only_if_its_bit_is_set) {
  const Privileges privileges{bit(Right::Bpf), false};
  EXPECT_TRUE(privileges.has(Right::Bpf));
  EXPECT_FALSE(privileges.has(Right::Perfmon));
  EXPECT_FALSE(privileges.has(Right::Syslog));
}

TEST(PrivilegesTest, system_administration_includes_tracing_but_not_everything) {
  const Privileges privileges{bit(Right::SysAdmin), true};
  EXPECT_TRUE(privileges.has(Right::Bpf));
  EXPECT_TRUE(privileges.has(Right::Perfmon));
  EXPECT_FALSE(privileges.has(Right::Syslog));
  EXPECT_FALSE(privileges.has(Right::NetAdmin));
}

TEST(PrivilegesTest, own_privileges_can_be_read) {
  EXPECT_EQ(Privileges::read().is_root(), ::geteuid() == 0);
}

TEST(UniqueFdTest, descriptor_is_closed_with_its_last_owner) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  UniqueFd reader{ends[0]};
  {
    UniqueFd writer{ends[1]};
    UniqueFd moved = std::move(writer);
    EXPECT_FALSE(writer.is_open());
    EXPECT_TRUE(moved.is_open());
  }
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0);  // end of file: no writer is left
}

// In a child: what is given up does not come back.
TEST(CapabilitiesDeathTest, what_is_given_up_is_gone_and_what_is_kept_stays) {
  if (!Privileges::read().has(Right::SysAdmin)) GTEST_SKIP() << "needs CAP_SYS_ADMIN";
  const auto give_up = [] {
    const Right kept = Right::NetAdmin;
    const bool given_up = static_cast<bool>(give_up_capabilities({&kept, 1}));
    const Privileges left = Privileges::read();
    ::_exit(given_up && left.has(Right::NetAdmin) && !left.has(Right::SysAdmin) ? 0 : 1);
  };
  EXPECT_EXIT(give_up(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tcptwin::system
