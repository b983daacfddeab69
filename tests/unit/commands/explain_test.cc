// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "commands/article_index.h"
#include "commands/articles.h"

namespace tcptwin::test {
namespace {

using model::MirrorState;
using model::State;

std::string edge(State from, State to) {
  return plain_text(commands::article_of_edge({from}, {to}));
}

TEST(Explain, a_legal_edge_cites_the_rfc_and_names_its_cause) {
  const std::string text = edge(State::FinWait2, State::TimeWait);
  EXPECT_NE(text.find("3.10.7.4"), std::string::npos) << text;
  EXPECT_NE(text.find("time_wait_entered"), std::string::npos) << text;
}

TEST(Explain, an_illegal_edge_is_called_so) {
  EXPECT_NE(edge(State::TimeWait, State::Established).find("illegal_edge"), std::string::npos);
}

TEST(Explain, an_edge_of_linux_only_names_the_deviation) {
  const std::string text = edge(State::CloseWait, State::CloseWait);
  EXPECT_NE(text.find("illegal_edge"), std::string::npos);
  const std::string loop = edge(State::FinWait1, State::FinWait1);
  EXPECT_NE(loop.find("L32"), std::string::npos) << loop;
}

TEST(Explain, every_cause_that_ends_or_changes_something_has_an_arrow) {
  for (const model::CauseRow& row : model::cause_table()) {
    if (row.stimulus == model::Stimulus::Nothing) continue;
    const commands::Article article = commands::article_of(row.cause);
    EXPECT_GE(article.sections.size(), 2u) << row.label;  // arrows, and what to look at
  }
}

TEST(Explain, the_committed_reference_document_is_the_generated_one) {
  std::ifstream file{TCPTWIN_SOURCE_DIR "/docs/causes-and-divergences.md"};
  std::stringstream committed;
  committed << file.rdbuf();
  EXPECT_TRUE(committed.str() == commands::reference_document())
      << "run: tcptwin explain --markdown > docs/causes-and-divergences.md";
}

}  // namespace
}  // namespace tcptwin::test
