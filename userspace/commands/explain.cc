// SPDX-License-Identifier: MIT
// `tcptwin explain WHAT`: finds what is meant and prints its article.
#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "commands/articles.h"
#include "commands/command.h"
#include "commands/connection_name.h"
#include "commands/explain_connection.h"

namespace tcptwin::commands {
namespace {

template <typename Enumeration>
std::optional<Enumeration> parse_label(std::string_view text, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<Enumeration>(i);
    if (label(value) == text) return value;
  }
  return std::nullopt;
}

// `syn_received` as it stands in a line is the cause; SYN-RECEIVED in any other spelling is the
// state. Apart from that, labels may be written with '-' and in capitals.
std::optional<Article> article_of_word(std::string_view word) {
  if (const auto exact = model::parse_cause(word)) return article_of(*exact);
  if (const auto state = model::parse_state(word)) return article_of(*state);
  if (const auto dialect = model::parse_dialect(word)) return article_of(*dialect);
  std::string text = to_lower(word);
  for (char& character : text) {
    if (character == '-') character = '_';
  }
  if (const auto cause = model::parse_cause(text)) return article_of(*cause);
  if (const auto kind = parse_label<model::DivergenceKind>(text, model::kDivergenceKindCount)) {
    return article_of(*kind);
  }
  if (const auto verdict = parse_label<model::Verdict>(text, model::kVerdictCount)) {
    return article_of(*verdict);
  }
  return std::nullopt;
}

Error not_known(const std::string& word) {
  const auto words = explainable_words();
  std::string hint = "tcptwin explain, without anything, lists what can be explained";
  if (const auto near = nearest(word, words)) hint = fmt::format("did you mean {}?", *near);
  // The shell took the rest of FIN_WAIT2->TIME_WAIT for a redirection.
  if (word.ends_with('-')) hint = "quote the arrow: tcptwin explain 'FIN_WAIT2->TIME_WAIT'";
  return {ErrorCode::Usage, fmt::format("nothing is known about '{}'", word), hint};
}

// "A->B" is two words, as "A B" is.
std::vector<std::string> words_of(const Arguments& arguments) {
  std::vector<std::string> words;
  for (const std::string& operand : arguments.operands()) {
    const std::size_t arrow = operand.find("->");
    words.push_back(operand.substr(0, arrow));
    if (arrow != std::string::npos) words.push_back(operand.substr(arrow + 2));
  }
  std::erase(words, "");
  return words;
}

Result<Article> find_article(const std::vector<std::string>& words) {
  if (words.size() > 2) {
    return Error{ErrorCode::Usage, "explain takes one word, or the two states of a state change",
                 ""};
  }
  if (words.size() == 1) {
    auto article = article_of_word(words[0]);
    if (!article) return not_known(words[0]);
    return *article;
  }
  const auto from = model::parse_state(words[0]);
  const auto to = model::parse_state(words[1]);
  if (!from) return not_known(words[0]);
  if (!to) return not_known(words[1]);
  return article_of_edge(*from, *to);
}

void append_group(std::string& text, std::string_view heading,
                  const std::vector<std::string>& lines) {
  fmt::format_to(std::back_inserter(text), "\n{}\n", heading);
  for (const std::string& line : lines) fmt::format_to(std::back_inserter(text), "  {}\n", line);
}

std::string list_text() {
  std::string text = "tcptwin explain WHAT, where WHAT is one of these or two states:\n";
  std::vector<std::string> lines;
  for (const model::State state : model::kAllStates) {
    const Article article = article_of(model::MirrorState{state});
    lines.push_back(fmt::format("{:<27} {}", article.title, article.lead));
  }
  append_group(text, "States", lines);
  lines.clear();
  for (std::size_t i = 0; i < model::kVerdictCount; ++i) {
    const Article article = article_of(static_cast<model::Verdict>(i));
    lines.push_back(fmt::format("{:<27} {}", article.title, article.lead));
  }
  append_group(text, "Verdicts", lines);
  lines.clear();
  for (std::size_t i = 0; i < model::kDivergenceKindCount; ++i) {
    const auto kind = static_cast<model::DivergenceKind>(i);
    lines.push_back(fmt::format("{:<27} {}", label(kind), summary(kind)));
  }
  append_group(text, "Divergences", lines);
  lines.clear();
  for (const model::CauseRow& row : model::cause_table()) {
    lines.push_back(fmt::format("{:<27} {}", row.label, row.summary));
  }
  append_group(text, "Causes", lines);
  lines.clear();
  for (const model::DialectEntry& entry : model::dialect_catalogue()) {
    lines.push_back(fmt::format("{:<4} {}", label(entry.id), entry.title));
  }
  append_group(text, "Deviations of Linux", lines);
  return text;
}

}  // namespace

int run_explain(const Arguments& arguments) {
  if (arguments.has("markdown")) return print(reference_document());
  const auto& operands = arguments.operands();
  if (operands.size() == 1 && looks_like_connection(operands.front())) {
    return run_explain_connection(arguments);
  }
  for (const char* const option : {"from", "service", "json"}) {
    if (!arguments.has(option)) continue;
    return report({ErrorCode::Usage, fmt::format("--{} is for a connection's story", option),
                   "tcptwin explain 10.0.0.1:80-10.0.0.9:4711, or an id such as 0x1f.1"});
  }
  const std::vector<std::string> words = words_of(arguments);
  if (words.empty()) return print(list_text());
  const auto article = find_article(words);
  if (!article) return report(article.error());
  return print(plain_text(article.value()));
}

}  // namespace tcptwin::commands
