// SPDX-License-Identifier: MIT
// Where the settings of `serve` come from, and what is said of those that are wrong.
#include "commands/serve_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "system/config_file.h"

namespace tcptwin::commands {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServeSettingsTest : public ::testing::Test {
 protected:
  ~ServeSettingsTest() override { ::unlink(path.c_str()); }

  void write(std::string_view text) { std::ofstream{path} << text; }
  Result<ServeSettings> gather() {
    flags.add("config", {path});
    return gather_settings(flags, [this](const char* name) -> const char* {
      const auto found = variables.find(name);
      return found == variables.end() ? nullptr : found->second.c_str();
    });
  }
  std::string why() {
    const auto settings = gather();
    return settings ? "" : settings.error().what;
  }

  std::string path = ::testing::TempDir() + "tcptwin-settings-" + std::to_string(::getpid());
  Arguments flags;
  std::map<std::string, std::string> variables;
};

TEST_F(ServeSettingsTest, flags_outweigh_variables_and_those_the_file) {
  write("close-wait: 1s\nfin-wait1: 1s\nfin-wait2: 1s\n");
  variables = {{"TCPTWIN_FIN_WAIT1", "2s"}, {"TCPTWIN_FIN_WAIT2", "2s"}};
  flags.add("fin-wait2", {"3s"});
  const auto settings = gather();
  ASSERT_TRUE(settings);
  const auto options = serve_options(settings.value().arguments);
  ASSERT_TRUE(options);
  EXPECT_EQ(options.value().run.stuck.close_wait, 1s);
  EXPECT_EQ(options.value().run.stuck.fin_wait1, 2s);
  EXPECT_EQ(options.value().run.stuck.fin_wait2, 3s);
  EXPECT_EQ(settings.value().origins.at("close-wait"), path + ":1");
  EXPECT_EQ(settings.value().origins.at("fin-wait1"), "TCPTWIN_FIN_WAIT1");
  EXPECT_EQ(settings.value().origins.at("fin-wait2"), "--fin-wait2");
}

TEST_F(ServeSettingsTest, addresses_may_be_several) {
  write("listen: [\"127.0.0.1:1\", \":2\"]\n");
  const auto from_file = gather();
  ASSERT_TRUE(from_file);
  EXPECT_THAT(from_file.value().arguments.values("listen"), ElementsAre("127.0.0.1:1", ":2"));
  variables = {{"TCPTWIN_LISTEN", ":3,unix:/run/x"}};
  const auto from_variable = gather();
  ASSERT_TRUE(from_variable);
  EXPECT_THAT(from_variable.value().arguments.values("listen"), ElementsAre(":3", "unix:/run/x"));
}

TEST_F(ServeSettingsTest, an_unknown_key_is_refused_with_its_line_and_the_nearest_name) {
  write("# comment\nclose-wiat: 10s\n");
  EXPECT_EQ(why(), path + ":2: unknown key 'close-wiat'; did you mean close-wait?");
  write("config: other.yaml\n");
  EXPECT_THAT(why(), HasSubstr("unknown key 'config'"));
}

TEST_F(ServeSettingsTest, a_wrong_value_is_refused_with_its_place_although_it_is_outweighed) {
  write("reconcile: 30s\nclose-wait: soon\n");
  flags.add("close-wait", {"5s"});
  EXPECT_THAT(why(), StartsWith(path + ":2: --close-wait"));
  write("close-wait: [1s, 2s]\n");
  EXPECT_THAT(why(), HasSubstr(":1: close-wait wants one value"));
  write("");
  variables = {{"TCPTWIN_TIER", "t9"}};
  EXPECT_THAT(why(), StartsWith("TCPTWIN_TIER: --tier"));
}

TEST_F(ServeSettingsTest, a_named_file_must_be_there) {
  EXPECT_THAT(why(), HasSubstr("cannot read " + path));
}

TEST_F(ServeSettingsTest, defaults_in_the_table_are_those_in_force) {
  Arguments said;
  for (const OptionRow* option : serve_settings()) {
    const std::string_view value = default_of(option->name);
    if (!value.empty()) said.add(option->name, {std::string{value}});
  }
  const auto with = serve_options(said);
  const auto without = serve_options({});
  ASSERT_TRUE(with);
  EXPECT_EQ(with.value().run.stuck, without.value().run.stuck);
  EXPECT_EQ(with.value().run.reconcile, without.value().run.reconcile);
  EXPECT_EQ(with.value().run.live.tiers, without.value().run.live.tiers);
  EXPECT_EQ(with.value().listen, without.value().listen);
  EXPECT_EQ(with.value().keep_rights, without.value().keep_rights);
}

TEST_F(ServeSettingsTest, what_is_printed_is_a_file_that_says_the_same) {
  write("listen: [\":1\", \"unix:/a\"]\ndump-file: 'a \"b\" c'\n");
  const auto settings = gather();
  ASSERT_TRUE(settings);
  const std::string text = settings_text(settings.value());
  EXPECT_THAT(text, HasSubstr("close-wait: \"60s\"  # default\n"));
  EXPECT_THAT(text, HasSubstr("# " + path + ":2\n"));
  write(text);
  const auto again = gather();
  ASSERT_TRUE(again);
  EXPECT_THAT(again.value().arguments.values("listen"), ElementsAre(":1", "unix:/a"));
  EXPECT_EQ(again.value().arguments.value("dump-file"), "a \"b\" c");
}

TEST_F(ServeSettingsTest, what_takes_a_restart_is_named) {
  write("close-wait: 1s\nlisten: \":1\"\n");
  const auto before = gather();
  write("close-wait: 2s\nlisten: \":2\"\ntier: t0\n");
  const auto after = gather();
  EXPECT_THAT(changes_for_restart(before.value(), after.value()), ElementsAre("listen", "tier"));
}

TEST_F(ServeSettingsTest, the_document_lists_every_key_with_its_variable_and_default) {
  std::ifstream file{std::string{TCPTWIN_SOURCE_DIR} + "/docs/configuration.md"};
  std::ostringstream document;
  document << file.rdbuf();
  for (const OptionRow* option : serve_settings()) {
    const std::string_view otherwise = default_of(option->name);
    const std::string value = otherwise.empty() ? "" : "`" + std::string{otherwise} + "`";
    EXPECT_THAT(document.str(), HasSubstr("| `" + std::string{option->name} + "` | `" +
                                          variable_of(option->name) + "` | " + value + " |"));
  }
}

}  // namespace
}  // namespace tcptwin::commands
