// SPDX-License-Identifier: MIT
// An article of `explain` and how it becomes text: plain for a terminal, Markdown for docs/.
#pragma once

#include <string>
#include <vector>

namespace tcptwin::commands {

struct Section {
  std::string heading;             // "In RFC 9293"
  std::vector<std::string> items;  // each a line or a paragraph
};

struct Article {
  std::string title;  // "fin_received", "L12", "FIN_WAIT2 -> TIME_WAIT"
  std::string kind;   // "cause", "deviation of Linux (benign)"
  std::string lead;   // what it is, one sentence
  std::vector<Section> sections;
};

// Wrapped at 80 columns.
std::string plain_text(const Article& article);
// A section of level 3.
std::string markdown(const Article& article);

}  // namespace tcptwin::commands
