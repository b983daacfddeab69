// SPDX-License-Identifier: MIT
#include "commands/roff_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <vector>

namespace tcptwin::commands {
namespace {

// mandoc -Tlint complains of lines beyond 80.
constexpr std::size_t kWidth = 76;

std::string capitals(std::string_view text) {
  std::string upper;
  for (const char letter : text) {
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return upper;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

// A word of a text; `inside` tells whether a backtick is open.
std::string marked(std::string_view word, bool& inside) {
  std::string text;
  std::string part;
  const auto end_part = [&] {
    if (!part.empty()) text += inside ? bold(part) : roff(part);
    part.clear();
  };
  for (const char character : word) {
    if (character != '`') {
      part += character;
      continue;
    }
    end_part();
    inside = !inside;
  }
  end_part();
  return text;
}

bool ends_a_sentence(std::string_view word) {
  return word.size() > 1 && (word.ends_with('.') || word.ends_with('?')) && !word.ends_with("..");
}

}  // namespace

std::string roff(std::string_view plain) {
  std::string text;
  for (const char character : plain) {
    switch (character) {
      case '\\':
        text += "\\e";
        break;
      case '-':
        text += "\\-";
        break;
      case '\'':
        text += "\\(aq";
        break;
      case '"':
        text += "\\(dq";
        break;
      case '`':
        text += "\\(ga";
        break;
      case '^':
        text += "\\(ha";
        break;
      case '~':
        text += "\\(ti";
        break;
      default:
        text += character;
    }
  }
  return text.starts_with('.') ? "\\&" + text : text;
}

std::string bold(std::string_view plain) {
  return "\\fB" + roff(plain) + "\\fR";
}

std::string italic(std::string_view plain) {
  return "\\fI" + roff(plain) + "\\fR";
}

RoffPage::RoffPage(std::string_view name, int section, std::string_view date,
                   std::string_view summary) {
  // Ragged on the right and without hyphens: labels and options stay whole.
  text_ = fmt::format(
      ".\\\" Made from the program's table of commands.\n"
      ".TH {} {} {} tcptwin\n.ad l\n.nh\n.SH NAME\n{} \\-\n",
      capitals(roff(name)), section, date, roff(name));
  fill(summary);
}

void RoffPage::section(std::string_view heading) {
  text_ += fmt::format(".SH {}\n", capitals(roff(heading)));
  is_after_heading_ = true;
}

void RoffPage::subsection(std::string_view heading) {
  text_ += fmt::format(".SS {}\n", roff(heading));
  is_after_heading_ = true;
}

void RoffPage::synopsis(std::string_view line) {
  is_after_heading_ = false;
  text_ += fmt::format("{}\n", line);
}

void RoffPage::paragraph(std::string_view text) {
  if (!is_after_heading_) text_ += ".PP\n";
  is_after_heading_ = false;
  fill(text);
}

void RoffPage::item(std::string_view tag, std::string_view text) {
  is_after_heading_ = false;
  text_ += fmt::format(".TP\n{}\n", tag);
  fill(text);
}

void RoffPage::verbatim(std::string_view text) {
  is_after_heading_ = false;
  text_ += ".RS 4\n.nf\n";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    text_ += roff(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  text_ += ".fi\n.RE\n";
}

void RoffPage::fill(std::string_view text) {
  std::string line;
  bool inside = false;
  const auto end_line = [&] {
    if (!line.empty()) text_ += line + "\n";
    line.clear();
  };
  for (const std::string_view word : words_of(text)) {
    // Between backticks a font begins and ends in each word, so that a line may end anywhere.
    const std::string next = marked(word, inside);
    if (!line.empty() && line.size() + 1 + next.size() > kWidth) end_line();
    if (!line.empty()) line += ' ';
    line += next;
    if (ends_a_sentence(word) && !inside) end_line();
  }
  end_line();
}

}  // namespace tcptwin::commands
