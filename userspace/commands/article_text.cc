// SPDX-License-Identifier: MIT
#include "commands/article_text.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "sinks/words.h"

namespace tcptwin::commands {
namespace {

constexpr std::size_t kColumns = 80;

// What Markdown would take for markup: '<', '*' and '_' inside words stay as they are in code
// spans, which our texts mark with backquotes themselves.
std::string escaped(std::string_view text) {
  std::string result;
  bool in_code = false;
  for (const char character : text) {
    if (character == '`') in_code = !in_code;
    if (!in_code && (character == '<' || character == '*')) result += '\\';
    result += character;
  }
  return result;
}

}  // namespace

std::string plain_text(const Article& article) {
  std::string text = fmt::format("{} ({})\n", article.title, article.kind);
  sinks::append_wrapped(text, "  ", "  ", article.lead, kColumns);
  for (const Section& section : article.sections) {
    fmt::format_to(std::back_inserter(text), "\n{}\n", section.heading);
    for (const std::string& item : section.items)
      sinks::append_wrapped(text, "  ", "    ", item, kColumns);
  }
  return text;
}

std::string markdown(const Article& article) {
  std::string text = fmt::format("### {}\n\n{}\n", article.title, escaped(article.lead));
  for (const Section& section : article.sections) {
    if (section.items.size() == 1) {
      fmt::format_to(std::back_inserter(text), "\n**{}**: {}\n", section.heading,
                     escaped(section.items.front()));
      continue;
    }
    fmt::format_to(std::back_inserter(text), "\n**{}**:\n\n", section.heading);
    for (const std::string& item : section.items) {
      fmt::format_to(std::back_inserter(text), "- {}\n", escaped(item));
    }
  }
  return text;
}

}  // namespace tcptwin::commands
