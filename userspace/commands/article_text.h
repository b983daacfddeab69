// SPDX-License-Identifier: MIT
// An article of `explain` and how it becomes text: plain for a terminal, Markdown for docs/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/page_facts.h"

namespace tcptwin::commands {

struct Section {
  std::string heading;             // "In RFC 9293"
  std::vector<std::string> items;  // each a line or a paragraph
};

inline constexpr std::string_view kInRfc = "In RFC 9293";
inline constexpr std::string_view kInLinux = "In Linux";
inline constexpr std::string_view kSeenHere = "Seen here";
inline constexpr std::string_view kWhatToDo = "What to do";
inline constexpr std::string_view kSettings = "Settings";

struct Article {
  std::string title;  // "fin_received", "L12", "FIN_WAIT2 -> TIME_WAIT", "stuck close_wait"
  std::string kind;   // "cause", "deviation of Linux (benign)"
  std::string lead;   // what it is, one sentence
  std::vector<Section> sections;
  std::vector<std::string> see;  // titles of other pages
  std::vector<std::string> lab;  // topics of `lab why`

  // Behind what the section has already; an empty text or list adds nothing.
  void add(std::string_view heading, std::string_view text);
  void add(std::string_view heading, const std::vector<std::string>& items);
  void add(const PageFacts& facts);
  // The five sections that every page has, in the order above; others first.
  void put_in_order();
  // The settings that the page names, each with its default and meaning. Comes last.
  void add_settings();
};

// Wrapped at 80 columns.
std::string plain_text(const Article& article);
// A section of level 3.
std::string markdown(const Article& article);

}  // namespace tcptwin::commands
