// SPDX-License-Identifier: MIT
// Every page of `explain`: its kind, its name, and how a word that somebody typed finds it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/article_text.h"

namespace tcptwin::commands {

enum class PageKind : std::uint8_t {
  Cause,
  State,
  Deviation,
  Verdict,
  Divergence,
  Doubt,
  Stuck,
  Loss,
  EndedBy,
  EndedHow,
  Lab,
  Setting,
  RfcSection,
};
inline constexpr std::size_t kPageKindCount = 13;

struct Page {
  PageKind kind;
  std::string_view name;  // "close_wait"
  std::size_t number;     // of its enumeration or table

  // As the page's title has it, and as it is found again: "stuck close_wait".
  std::string title() const;
};

// "cause", "state", "stuck" ...: the word that chooses a kind where several have the name.
std::string_view word(PageKind kind);
std::string_view heading(PageKind kind);

std::vector<Page> pages_of(PageKind kind);
Article article_of(const Page& page);

// In any spelling that is printed somewhere. Without a kind: the first that has the name.
std::optional<Page> find_page(std::string_view name);
std::optional<Page> find_page(PageKind kind, std::string_view name);
std::optional<PageKind> parse_page_kind(std::string_view word);

// Everything that can be explained, as `explain` takes it.
std::vector<std::string_view> explainable_words();
// All pages in groups, one line each.
std::string list_of_pages();
// docs/causes-and-divergences.md.
std::string reference_document();

}  // namespace tcptwin::commands
