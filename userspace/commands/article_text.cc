// SPDX-License-Identifier: MIT
#include "commands/article_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <string_view>

#include "base/text.h"
#include "commands/kernel_settings.h"
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

// As the viewers of Markdown make it of a heading.
std::string anchor(std::string_view title) {
  std::string result;
  for (const char character : to_lower(title)) {
    if (character == ' ') {
      result += '-';
    } else if (std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_' ||
               character == '-') {
      result += character;
    }
  }
  return result;
}

std::string setting_text(const KernelSetting& setting) {
  std::string text =
      fmt::format("{} (default: {}): {}", setting.name, setting.default_value, setting.meaning);
  if (setting.since.major != 0) {
    fmt::format_to(std::back_inserter(text), "; since {}.{}", setting.since.major,
                   setting.since.minor);
  }
  return text;
}

}  // namespace

void Article::add(std::string_view heading, std::string_view text) {
  if (text.empty()) return;
  const auto known = std::ranges::find(sections, heading, &Section::heading);
  Section& section = known != sections.end() ? *known : sections.emplace_back(std::string{heading});
  section.items.emplace_back(text);
}

void Article::add(std::string_view heading, const std::vector<std::string>& items) {
  for (const std::string& item : items) add(heading, item);
}

void Article::add(const PageFacts& facts) {
  add(kInRfc, facts.rfc);
  add(kInLinux, facts.kernel);
  add(kSeenHere, facts.seen);
  add(kWhatToDo, facts.advice);
  constexpr std::string_view kTopic = "lab:";
  for (std::string_view rest = facts.see; !rest.empty();) {
    const std::size_t comma = rest.find(", ");
    const std::string_view name = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 2);
    if (name.starts_with(kTopic)) {
      lab.emplace_back(name.substr(kTopic.size()));
    } else {
      see.emplace_back(name);
    }
  }
}

void Article::put_in_order() {
  constexpr std::array kOrder = {kInRfc, kInLinux, kSeenHere, kWhatToDo, kSettings};
  std::ranges::stable_sort(sections, {}, [&](const Section& section) {
    const auto place = std::ranges::find(kOrder, section.heading);
    return place == kOrder.end() ? -1 : static_cast<int>(place - kOrder.begin());
  });
}

void Article::add_settings() {
  std::string texts = lead;
  for (const Section& section : sections) {
    for (const std::string& item : section.items) texts += ' ' + item;
  }
  for (const KernelSetting* setting : settings_in(texts)) add(kSettings, setting_text(*setting));
}

std::string plain_text(const Article& article) {
  std::string text = fmt::format("{} ({})\n", article.title, article.kind);
  sinks::append_wrapped(text, "  ", "  ", article.lead, kColumns);
  const auto append = [&](std::string_view heading, const std::vector<std::string>& items) {
    if (items.empty()) return;
    fmt::format_to(std::back_inserter(text), "\n{}\n", heading);
    for (const std::string& item : items) sinks::append_wrapped(text, "  ", "    ", item, kColumns);
  };
  for (const Section& section : article.sections) append(section.heading, section.items);
  std::vector<std::string> others;
  if (!article.see.empty()) {
    others.push_back(fmt::format("tcptwin explain: {}", fmt::join(article.see, ", ")));
  }
  for (const std::string& topic : article.lab) others.push_back("tcptwin lab why " + topic);
  append("See also", others);
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
  std::vector<std::string> links;
  for (const std::string& title : article.see) {
    links.push_back(fmt::format("[{}](#{})", title, anchor(title)));
  }
  for (const std::string& topic : article.lab) {
    links.push_back(fmt::format("[`tcptwin lab why {}`](#{})", topic, anchor("lab " + topic)));
  }
  if (!links.empty()) {
    fmt::format_to(std::back_inserter(text), "\n**See also**: {}\n", fmt::join(links, ", "));
  }
  return text;
}

}  // namespace tcptwin::commands
