// SPDX-License-Identifier: MIT
// Every name that the program can print has a page, whole, with facts that hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex.h>
#include <sys/utsname.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "commands/article_index.h"
#include "commands/articles.h"
#include "commands/command_line.h"
#include "commands/edge_facts.h"
#include "model/reference_fsm.h"

namespace tcptwin::test {
namespace {

using namespace commands;
using ::testing::HasSubstr;

constexpr std::array kAllKinds = {PageKind::Cause,     PageKind::State,      PageKind::Deviation,
                                  PageKind::Verdict,   PageKind::Divergence, PageKind::Doubt,
                                  PageKind::Stuck,     PageKind::Loss,       PageKind::EndedBy,
                                  PageKind::EndedHow,  PageKind::Lab,        PageKind::Setting,
                                  PageKind::RfcSection};

std::vector<Page> all_pages() {
  std::vector<Page> pages;
  for (const PageKind kind : kAllKinds) {
    for (const Page& page : pages_of(kind)) pages.push_back(page);
  }
  return pages;
}

// A loss and a reason for doubt are tcptwin's own: RFC 9293 says nothing of them.
std::vector<std::string_view> parts_of(PageKind kind) {
  switch (kind) {
    case PageKind::Setting:
      return {kWhatToDo};
    case PageKind::RfcSection:
      return {};
    case PageKind::Doubt:
    case PageKind::Loss:
      return {kInLinux, kSeenHere, kWhatToDo};
    default:
      return {kInRfc, kInLinux, kSeenHere, kWhatToDo};
  }
}

void expect_parts(const Article& article, PageKind kind) {
  SCOPED_TRACE(article.title);
  EXPECT_FALSE(article.lead.empty());
  for (const std::string_view part : parts_of(kind)) {
    const auto section = std::ranges::find(article.sections, part, &Section::heading);
    ASSERT_NE(section, article.sections.end()) << part;
    for (const std::string& item : section->items) EXPECT_FALSE(item.empty()) << part;
  }
}

std::vector<Article> edges() {
  std::vector<Article> articles;
  for (std::size_t from = 0; from < model::kLabelledStateCount; ++from) {
    for (std::size_t to = 0; to < model::kLabelledStateCount; ++to) {
      articles.push_back(article_of_edge(model::labelled_state(from), model::labelled_state(to)));
    }
  }
  return articles;
}

std::string all_text() {
  std::string text;
  for (const Page& page : all_pages()) text += markdown(article_of(page));
  for (const Article& edge : edges()) text += markdown(edge);
  return text;
}

// What the first group of a POSIX expression takes, wherever it matches.
std::set<std::string> matches(const std::string& text, const char* pattern) {
  regex_t expression;
  EXPECT_EQ(::regcomp(&expression, pattern, REG_EXTENDED), 0) << pattern;
  std::set<std::string> found;
  std::array<regmatch_t, 2> groups{};
  const char* rest = text.c_str();
  while (::regexec(&expression, rest, groups.size(), groups.data(), 0) == 0) {
    found.emplace(rest + groups[1].rm_so, rest + groups[1].rm_eo);
    rest += groups[0].rm_eo;
  }
  ::regfree(&expression);
  return found;
}

TEST(Pages, every_page_has_all_its_parts) {
  for (const Page& page : all_pages()) expect_parts(article_of(page), page.kind);
  for (const Article& edge : edges()) expect_parts(edge, PageKind::State);
}

TEST(Pages, every_kind_has_as_many_pages_as_its_enumeration_has_names) {
  EXPECT_EQ(pages_of(PageKind::Cause).size(), model::kCauseCount);
  EXPECT_EQ(pages_of(PageKind::State).size(), model::kLabelledStateCount);
  EXPECT_EQ(pages_of(PageKind::Deviation).size(), model::kDialectCount);
  EXPECT_EQ(pages_of(PageKind::Verdict).size(), model::kVerdictCount);
  EXPECT_EQ(pages_of(PageKind::Divergence).size(), model::kDivergenceKindCount);
  EXPECT_EQ(pages_of(PageKind::Doubt).size(), model::kDoubtCount);
  EXPECT_EQ(pages_of(PageKind::Stuck).size(), tracker::kStuckKindCount);
  EXPECT_EQ(pages_of(PageKind::Loss).size(), tracker::kLossPlaceCount);
  EXPECT_EQ(pages_of(PageKind::EndedBy).size(), model::kEndedByCount);
  EXPECT_EQ(pages_of(PageKind::EndedHow).size(), model::kEndedHowCount);
  EXPECT_EQ(pages_of(PageKind::Lab).size(), lab::topics().size());
}

// A row whose name is misspelt would never be found.
TEST(Pages, no_fact_is_without_its_page) {
  const auto expect_known = [](std::span<const PageFacts> rows, PageKind kind) {
    for (const PageFacts& row : rows) EXPECT_TRUE(find_page(kind, row.name)) << row.name;
    EXPECT_EQ(rows.size(), pages_of(kind).size()) << word(kind);
  };
  expect_known(state_facts(), PageKind::State);
  expect_known(deviation_facts(), PageKind::Deviation);
  expect_known(verdict_facts(), PageKind::Verdict);
  expect_known(divergence_facts(), PageKind::Divergence);
  expect_known(doubt_facts(), PageKind::Doubt);
  expect_known(stuck_facts(), PageKind::Stuck);
  expect_known(loss_facts(), PageKind::Loss);
  expect_known(ended_by_facts(), PageKind::EndedBy);
  expect_known(ended_how_facts(), PageKind::EndedHow);
  expect_known(lab_facts(), PageKind::Lab);
  EXPECT_EQ(opening_cause_facts().size() + ending_cause_facts().size(), model::kCauseCount);
  for (const EdgeFacts& edge : edge_facts()) {
    EXPECT_TRUE(find_page(PageKind::State, edge.from)) << edge.from;
    EXPECT_TRUE(find_page(PageKind::State, edge.to)) << edge.to;
  }
}

TEST(Pages, every_title_finds_its_page_again) {
  for (const Page& page : all_pages()) {
    const auto found = find_page(page.title());
    ASSERT_TRUE(found) << page.title();
    EXPECT_EQ(found->title(), page.title());
    EXPECT_EQ(article_of(page).title, page.title());
    const auto with_kind = find_page(std::string{word(page.kind)} + ' ' + std::string{page.name});
    ASSERT_TRUE(with_kind) << page.title();
    EXPECT_EQ(with_kind->kind, page.kind);
  }
}

TEST(Pages, every_reference_leads_to_a_page) {
  std::vector<Article> articles = edges();
  for (const Page& page : all_pages()) articles.push_back(article_of(page));
  for (const Article& article : articles) {
    for (const std::string& title : article.see) {
      const auto page = find_page(title);
      ASSERT_TRUE(page) << article.title << " -> " << title;
      EXPECT_NE(page->title(), article.title) << "refers to itself as " << title;
    }
    for (const std::string& topic : article.lab) {
      EXPECT_NE(lab::topic_named(topic), nullptr) << article.title << " -> " << topic;
    }
  }
}

TEST(Pages, every_deviation_that_a_text_names_exists) {
  for (const std::string& id : matches(all_text(), "(L[0-9][0-9])")) {
    EXPECT_TRUE(find_page(PageKind::Deviation, id)) << id;
  }
}

TEST(Pages, every_section_that_a_text_cites_is_one_of_rfc_9293) {
  std::string text = all_text();
  const std::string_view other = "RFC 5961 3.2";
  for (auto at = text.find(other); at != std::string::npos; at = text.find(other)) {
    text.erase(at, other.size());
  }
  const auto numbers = matches(text, "[ (](3[.][0-9.]*[0-9])");
  EXPECT_GT(numbers.size(), 15u);
  for (const std::string& number : numbers) {
    EXPECT_TRUE(find_page(PageKind::RfcSection, number)) << number;
  }
  for (const model::TransitionRow& row : model::kArrows) {
    EXPECT_TRUE(find_page(PageKind::RfcSection, row.section.substr(9))) << row.section;
  }
}

TEST(Pages, every_setting_that_a_text_names_is_described) {
  for (const std::string& name : matches(all_text(), "(net[.](ipv4|core)[.][a-z0-9_]+)")) {
    // A whole family: net.ipv4.tcp_keepalive_*
    const std::string known = name.ends_with('_') ? name + "time" : name;
    EXPECT_TRUE(find_page(PageKind::Setting, known)) << name;
  }
}

bool runs_before(const KernelVersion& version) {
  utsname system{};
  int major = 0;
  int minor = 0;
  char dot = 0;
  if (::uname(&system) != 0) return true;
  std::istringstream{system.release} >> major >> dot >> minor;
  return std::pair{major, minor} < std::pair{version.major, version.minor};
}

TEST(Pages, every_setting_exists_on_this_kernel_or_is_newer) {
  if (!std::filesystem::exists("/proc/sys/net/ipv4/tcp_fin_timeout")) {
    GTEST_SKIP() << "/proc/sys/net is not there";
  }
  for (const KernelSetting& setting : kernel_settings()) {
    if (runs_before(setting.since) || setting.host_only) continue;
    std::string path{setting.name};
    std::ranges::replace(path, '.', '/');
    EXPECT_TRUE(std::filesystem::exists("/proc/sys/" + path)) << setting.name;
  }
}

TEST(Pages, every_counter_that_a_text_names_exists) {
  std::ifstream file{"/proc/net/netstat"};
  if (!file) GTEST_SKIP() << "/proc/net/netstat is not there";
  std::string names;
  std::getline(file, names);
  for (const std::string& name : matches(all_text(), "TcpExt([A-Za-z0-9]+)")) {
    EXPECT_THAT(names + " ", HasSubstr(" " + name + " "));
  }
}

// What stands between backquotes and begins with tcptwin.
TEST(Pages, every_command_that_a_text_gives_is_a_right_command_line) {
  const auto commands = matches(all_text(), "`tcptwin ([^`]*)`");
  EXPECT_GT(commands.size(), 40u);
  for (const std::string& command : commands) {
    std::istringstream stream{command};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    const auto parsed = parse_command_line(words);
    EXPECT_TRUE(parsed) << command << ": " << (parsed ? "" : parsed.error().what);
  }
}

TEST(Pages, no_line_exceeds_80_columns) {
  std::vector<Article> articles = edges();
  for (const Page& page : all_pages()) articles.push_back(article_of(page));
  for (const Article& article : articles) {
    std::istringstream lines{plain_text(article)};
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(Pages, an_edge_is_legal_here_where_it_is_legal_for_the_judge) {
  for (std::size_t from = 0; from < model::kLabelledStateCount; ++from) {
    for (std::size_t to = 0; to < model::kLabelledStateCount; ++to) {
      const model::MirrorState left = model::labelled_state(from);
      const model::MirrorState right = model::labelled_state(to);
      // The judge's row is that of a request socket, which has a name of its own here.
      if (left == right && left.state == model::State::SynReceived) continue;
      const bool is_legal = model::is_legal_pair(left, right) ||
                            model::is_legal_pair(left, {right.state, model::Holder::Minisocket});
      const Article article = article_of_edge(left, right);
      const bool is_illegal = plain_text(article).find("illegal_edge") != std::string::npos;
      EXPECT_TRUE(!is_legal || !is_illegal) << article.title;
    }
  }
}

TEST(Pages, a_word_is_found_in_every_spelling_that_is_printed) {
  const auto title = [](std::string_view word) {
    const auto page = find_page(word);
    return page ? page->title() : "";
  };
  EXPECT_EQ(title("syn_received"), "syn_received");
  EXPECT_EQ(title("SYN-RECEIVED"), "SYN_RECV");
  EXPECT_EQ(title("close_wait"), "CLOSE_WAIT");
  EXPECT_EQ(title("stuck close_wait"), "stuck close_wait");
  EXPECT_EQ(title("close-wait-unaccepted"), "stuck close_wait_unaccepted");
  EXPECT_EQ(title("rst_received"), "rst_received");
  EXPECT_EQ(title("how rst_received"), "how rst_received");
  EXPECT_EQ(title("closed-by local"), "closed_by local");
  EXPECT_EQ(title("l7"), "L07");
  EXPECT_EQ(title("tcp_fin_timeout"), "net.ipv4.tcp_fin_timeout");
  EXPECT_EQ(title("an event was lost before this one"), "unverified lost_before");
  EXPECT_EQ(title("third-ack"), "lab third-ack");
  EXPECT_EQ(title("3.10.4"), "3.10.4");
  EXPECT_EQ(title("nonsense"), "");
  EXPECT_EQ(title("stuck nonsense"), "");
}

// A page of each kind, as it is printed: tests/golden/pages/.
TEST(Pages, some_pages_are_the_golden_ones) {
  for (const char* name : {"close_unread_abort", "L07", "CLOSE_WAIT", "timer_violation",
                           "stuck close_wait", "how timeout"}) {
    std::string path = std::string{TCPTWIN_SOURCE_DIR "/tests/golden/pages/"} + name + ".txt";
    std::ranges::replace(path, ' ', '_');
    std::ifstream file{path};
    std::stringstream golden;
    golden << file.rdbuf();
    EXPECT_EQ(plain_text(article_of(*find_page(name))), golden.str()) << path;
  }
}

}  // namespace
}  // namespace tcptwin::test
