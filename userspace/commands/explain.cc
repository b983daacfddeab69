// SPDX-License-Identifier: MIT
// `tcptwin explain WHAT`: finds what is meant and prints its article.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "commands/article_index.h"
#include "commands/articles.h"
#include "commands/command.h"
#include "commands/connection_name.h"
#include "commands/explain_connection.h"

namespace tcptwin::commands {
namespace {

// Pages whose name has the word in it: "keepalive" is a part of several.
std::vector<std::string_view> names_with(const std::string& word,
                                         const std::vector<std::string_view>& words) {
  constexpr std::size_t kShortest = 3;
  constexpr std::size_t kMany = 6;
  std::vector<std::string_view> names;
  std::string part = to_lower(word);
  std::ranges::replace(part, '-', '_');
  if (part.size() < kShortest) return names;
  for (const std::string_view name : words) {
    if (to_lower(name).find(part) != std::string::npos) names.push_back(name);
  }
  return names.size() > kMany ? std::vector<std::string_view>{} : names;
}

Error not_known(const std::string& word) {
  const auto words = explainable_words();
  std::string hint = "tcptwin explain --list shows what can be explained";
  if (const auto names = names_with(word, words); !names.empty()) {
    hint = fmt::format("did you mean {}?", fmt::join(names, ", "));
  } else if (const auto near = nearest(word, words)) {
    hint = fmt::format("did you mean {}?", *near);
  }
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
  const std::string all = fmt::format("{}", fmt::join(words, " "));
  if (const auto page = find_page(all)) return article_of(*page);
  if (words.size() > 2) {
    return Error{ErrorCode::Usage,
                 "explain takes one word, its kind and a word, or the two states of a state change",
                 "tcptwin explain --list shows what can be explained"};
  }
  if (words.size() == 1) return not_known(words[0]);
  if (parse_page_kind(words[0])) return not_known(words[1]);
  const auto from = model::parse_state(words[0]);
  const auto to = model::parse_state(words[1]);
  if (!from) return not_known(words[0]);
  if (!to) return not_known(words[1]);
  return article_of_edge(*from, *to);
}

}  // namespace

int run_explain(const Arguments& arguments) {
  if (arguments.has("markdown")) return print(reference_document());
  if (arguments.has("list")) return print(list_of_pages());
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
  if (words.empty()) return print(list_of_pages());
  const auto article = find_article(words);
  if (!article) return report(article.error());
  return print(plain_text(article.value()));
}

}  // namespace tcptwin::commands
