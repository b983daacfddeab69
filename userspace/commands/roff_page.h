// SPDX-License-Identifier: MIT
// A page for man(1), in the macros of man(7). Texts are plain, but for `code` between backticks.
#pragma once

#include <string>
#include <string_view>

namespace tcptwin::commands {

class RoffPage {
 public:
  // `date` as 2026-01-31.
  RoffPage(std::string_view name, int section, std::string_view date, std::string_view summary);

  void section(std::string_view heading);
  void subsection(std::string_view heading);
  // One line that is roff already.
  void synopsis(std::string_view line);
  // Filled; each line of `text` may end anywhere.
  void paragraph(std::string_view text);
  // What is said of `tag`, which is roff already: see bold() and italic().
  void item(std::string_view tag, std::string_view text);
  // Lines as they are, in a fixed width.
  void verbatim(std::string_view text);

  const std::string& text() const { return text_; }

 private:
  void fill(std::string_view text);

  std::string text_;
  bool is_after_heading_ = false;  // where a paragraph needs no space above
};

// As roff takes it: letter by letter, so that options and labels can be copied from the page.
std::string roff(std::string_view plain);
std::string bold(std::string_view plain);
std::string italic(std::string_view plain);

}  // namespace tcptwin::commands
