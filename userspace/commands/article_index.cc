// SPDX-License-Identifier: MIT
#include "commands/article_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "commands/articles.h"

namespace tcptwin::commands {
namespace {

struct KindRow {
  PageKind kind;
  std::string_view word;
  std::string_view heading;
  bool in_title;  // the names are those of other kinds as well, so the title has both
};

// In the order in which a word without its kind is looked for.
constexpr std::array<KindRow, kPageKindCount> kKinds = {{
    {PageKind::Cause, "cause", "Causes", false},
    {PageKind::State, "state", "States", false},
    {PageKind::Deviation, "deviation", "Deviations of Linux", false},
    {PageKind::Verdict, "verdict", "Verdicts", false},
    {PageKind::Divergence, "divergence", "Divergences", false},
    {PageKind::Doubt, "unverified", "Why a step is unverified, or a gap", true},
    {PageKind::Stuck, "stuck", "Stuck connections", true},
    {PageKind::Loss, "loss", "Losses", true},
    {PageKind::EndedBy, "closed_by", "Who ended a connection", true},
    {PageKind::EndedHow, "how", "How a connection ended", true},
    {PageKind::Lab, "lab", "Questions of the lab", true},
    {PageKind::Setting, "setting", "Settings of the kernel", false},
    {PageKind::RfcSection, "section", "Sections of RFC 9293", false},
}};

// The order of a table of contents: what a line says, from left to right, comes first.
constexpr std::array<PageKind, kPageKindCount> kReadingOrder = {
    PageKind::State,     PageKind::Verdict,   PageKind::Divergence, PageKind::Doubt,
    PageKind::Cause,     PageKind::EndedBy,   PageKind::EndedHow,   PageKind::Stuck,
    PageKind::Loss,      PageKind::Deviation, PageKind::Lab,        PageKind::Setting,
    PageKind::RfcSection};

const KindRow& row(PageKind kind) {
  return *std::ranges::find(kKinds, kind, &KindRow::kind);
}

template <typename Enumeration>
void add_labels(std::vector<Page>& pages, PageKind kind, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    pages.push_back({kind, label(static_cast<Enumeration>(i)), i});
  }
}

// As the labels are spelled: lower case, '_' for '-'.
std::string as_label(std::string_view name) {
  std::string text = to_lower(name);
  std::ranges::replace(text, '-', '_');
  return text;
}

std::size_t number_of(model::MirrorState state) {
  return model::labelled_index(state);
}

// Kernel settings without "net.ipv4.", doubts as they stand behind a verdict.
bool has_name(const Page& page, std::string_view name) {
  if (page.name == name || page.name == as_label(name)) return true;
  if (page.kind == PageKind::Doubt) {
    return model::reason(static_cast<model::Doubt>(page.number)) == name;
  }
  if (page.kind == PageKind::Lab) return as_label(page.name) == as_label(name);
  return page.kind == PageKind::Setting && !name.empty() &&
         page.name.ends_with(fmt::format(".{}", name));
}

}  // namespace

std::string Page::title() const {
  return row(kind).in_title ? fmt::format("{} {}", row(kind).word, name) : std::string{name};
}

std::string_view word(PageKind kind) {
  return row(kind).word;
}

std::string_view heading(PageKind kind) {
  return row(kind).heading;
}

std::vector<Page> pages_of(PageKind kind) {
  std::vector<Page> pages;
  switch (kind) {
    case PageKind::Cause:
      add_labels<model::Cause>(pages, kind, model::kCauseCount);
      break;
    case PageKind::State:
      for (std::size_t i = 0; i < model::kLabelledStateCount; ++i) {
        pages.push_back({kind, name(model::labelled_state(i)), i});
      }
      break;
    case PageKind::Deviation:
      for (const model::DialectEntry& deviation : model::dialect_catalogue()) {
        pages.push_back({kind, label(deviation.id), number(deviation.id)});
      }
      break;
    case PageKind::Verdict:
      add_labels<model::Verdict>(pages, kind, model::kVerdictCount);
      break;
    case PageKind::Divergence:
      add_labels<model::DivergenceKind>(pages, kind, model::kDivergenceKindCount);
      break;
    case PageKind::Doubt:
      add_labels<model::Doubt>(pages, kind, model::kDoubtCount);
      break;
    case PageKind::Stuck:
      add_labels<tracker::StuckKind>(pages, kind, tracker::kStuckKindCount);
      break;
    case PageKind::Loss:
      add_labels<tracker::LossPlace>(pages, kind, tracker::kLossPlaceCount);
      break;
    case PageKind::EndedBy:
      add_labels<model::EndedBy>(pages, kind, model::kEndedByCount);
      break;
    case PageKind::EndedHow:
      add_labels<model::EndedHow>(pages, kind, model::kEndedHowCount);
      break;
    case PageKind::Lab:
      for (const lab::Topic& topic : lab::topics())
        pages.push_back({kind, topic.name, pages.size()});
      break;
    case PageKind::Setting:
      for (const KernelSetting& setting : kernel_settings()) {
        pages.push_back({kind, setting.name, pages.size()});
      }
      break;
    case PageKind::RfcSection:
      for (const RfcSection& section : rfc_sections()) {
        pages.push_back({kind, section.number, pages.size()});
      }
      break;
  }
  return pages;
}

static Article written(const Page& page) {
  switch (page.kind) {
    case PageKind::Cause:
      return article_of(static_cast<model::Cause>(page.number));
    case PageKind::State:
      return article_of(model::labelled_state(page.number));
    case PageKind::Deviation:
      return article_of(model::dialect(static_cast<std::uint8_t>(page.number)));
    case PageKind::Verdict:
      return article_of(static_cast<model::Verdict>(page.number));
    case PageKind::Divergence:
      return article_of(static_cast<model::DivergenceKind>(page.number));
    case PageKind::Doubt:
      return article_of(static_cast<model::Doubt>(page.number));
    case PageKind::Stuck:
      return article_of(static_cast<tracker::StuckKind>(page.number));
    case PageKind::Loss:
      return article_of(static_cast<tracker::LossPlace>(page.number));
    case PageKind::EndedBy:
      return article_of(static_cast<model::EndedBy>(page.number));
    case PageKind::EndedHow:
      return article_of(static_cast<model::EndedHow>(page.number));
    case PageKind::Lab:
      return article_of(lab::topics()[page.number]);
    case PageKind::Setting:
      return article_of(kernel_settings()[page.number]);
    case PageKind::RfcSection:
      return article_of(rfc_sections()[page.number]);
  }
  return {};
}

// Pages that say when a setting matters.
static std::vector<std::string> pages_that_name(const KernelSetting& setting) {
  std::vector<std::string> titles;
  for (const PageKind kind : kReadingOrder) {
    if (kind == PageKind::Setting) continue;
    for (const Page& page : pages_of(kind)) {
      const auto named = settings_in(markdown(written(page)));
      if (std::ranges::find(named, &setting) != named.end()) titles.push_back(page.title());
    }
  }
  return titles;
}

// Other pages by the titles under which they stand in the document.
Article article_of(const Page& page) {
  Article article = written(page);
  if (page.kind == PageKind::Setting) article.see = pages_that_name(kernel_settings()[page.number]);
  for (std::string& title : article.see) {
    if (const auto other = find_page(title)) title = other->title();
  }
  return article;
}

std::optional<Page> find_page(PageKind kind, std::string_view name) {
  const auto pages = pages_of(kind);
  if (kind == PageKind::State) {
    const auto state = model::parse_state(name);
    if (!state) return std::nullopt;
    return pages[number_of(*state)];
  }
  if (kind == PageKind::Deviation) {
    const auto id = model::parse_dialect(name);
    if (!id) return std::nullopt;
    return pages[number(*id) - std::size_t{1}];
  }
  const auto found =
      std::ranges::find_if(pages, [&](const Page& page) { return has_name(page, name); });
  if (found == pages.end()) return std::nullopt;
  return *found;
}

// `syn_received` as it stands in a line is the cause; SYN-RECEIVED in any other spelling is the
// state. "stuck close_wait" names its kind.
std::optional<Page> find_page(std::string_view name) {
  const std::size_t blank = name.find(' ');
  if (blank != std::string_view::npos) {
    if (const auto kind = parse_page_kind(name.substr(0, blank))) {
      return find_page(*kind, name.substr(blank + 1));
    }
  }
  if (const auto cause = model::parse_cause(name)) {
    return pages_of(PageKind::Cause)[model::index(*cause)];
  }
  if (const auto state = find_page(PageKind::State, name)) return state;
  for (const KindRow& kind : kKinds) {
    if (const auto page = find_page(kind.kind, name)) return page;
  }
  return std::nullopt;
}

std::optional<PageKind> parse_page_kind(std::string_view text) {
  const auto found = std::ranges::find(kKinds, as_label(text), &KindRow::word);
  if (found == kKinds.end()) return std::nullopt;
  return found->kind;
}

std::vector<std::string_view> explainable_words() {
  std::vector<std::string_view> words;
  for (const PageKind kind : kReadingOrder) {
    for (const Page& page : pages_of(kind)) {
      if (std::ranges::find(words, page.name) == words.end()) words.push_back(page.name);
    }
  }
  for (const KindRow& kind : kKinds) {
    if (kind.in_title && std::ranges::find(words, kind.word) == words.end()) {
      words.push_back(kind.word);
    }
  }
  return words;
}

std::string list_of_pages() {
  std::string text =
      "tcptwin explain WHAT, where WHAT is one of these, two states, or a connection:\n";
  for (const PageKind kind : kReadingOrder) {
    fmt::format_to(std::back_inserter(text), "\n{}\n", heading(kind));
    for (const Page& page : pages_of(kind)) {
      fmt::format_to(std::back_inserter(text), "  {:<27} {}\n", page.title(),
                     article_of(page).lead);
    }
  }
  return text;
}

std::string reference_document() {
  std::string text =
      "# Causes, deviations and divergences\n\n"
      "What stands in the columns of `tcptwin trace` and of the other commands, in the fields of "
      "JSON lines\nand in the labels of metrics. This page is made from the program's tables by\n"
      "`tcptwin explain --markdown`, and a test compares the two. In a terminal, `tcptwin explain "
      "WHAT`\nshows one section, and of two states what leads from one to the other.\n";
  for (const PageKind kind : kReadingOrder) {
    fmt::format_to(std::back_inserter(text), "\n## {}\n", heading(kind));
    for (const Page& page : pages_of(kind)) text += '\n' + markdown(article_of(page));
  }
  return text;
}

}  // namespace tcptwin::commands
