// SPDX-License-Identifier: MIT
#include "sinks/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "sinks/top_sections.h"
#include "sinks/top_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

using model::State;
using model::Verdict;
using system::CharacterGrid;
using system::columns_of;
using system::Ink;

// From here on everything has its place; below, numbers come one after the other.
constexpr int kFullWidth = 76;
constexpr int kFullHeight = 20;
// And from here on states have a line and a bar each, and sections a blank between them.
constexpr int kTallHeight = 34;

struct Piece {
  std::string text;
  Ink ink = Ink::Plain;
};

// The first of `choices`, best first, that fits; the last one if none does.
std::string fitting(const std::vector<std::string>& choices, int columns) {
  for (const std::string& choice : choices) {
    if (columns_of(choice) <= columns) return choice;
  }
  return choices.back();
}

std::uint64_t verdict_count(const TopView& view, Verdict verdict) {
  return view.verdicts[static_cast<std::size_t>(verdict)];
}

void draw_header(CharacterGrid& grid, const TopView& view, const TopChoice& choice,
                 const TopHost& host) {
  grid.colour_row(0, Ink::Title);
  const std::string running = running_text(view.running);
  const std::string every = choice.is_paused ? "PAUSED" : "every " + interval_text(choice.interval);
  const std::string on = host.name.empty() ? "" : "  " + host.name;
  const std::string system = "  Linux " + host.kernel;
  const std::string filter = host.filter.empty() ? "" : "  " + host.filter;
  const int room = grid.width() - 1 - (choice.is_paused ? 7 : 0);
  const std::string tail = "  watching for " + running;
  const std::string rate = choice.is_paused ? "" : "  " + every;
  grid.put(1, 0,
           fitting({"tcptwin top" + on + system + tail + rate + filter,
                    "tcptwin top" + on + tail + rate + filter, "tcptwin top" + tail + rate + filter,
                    "tcptwin top  " + running + filter, "tcptwin top  " + running, "tcptwin top",
                    "tcptwin"},
                   room),
           Ink::Title);
  if (choice.is_paused) grid.put_right(grid.width(), 0, " PAUSED ", Ink::Selected);
}

// From the most that can be said to the least.
std::vector<std::string> divergence_words(const TopView& view) {
  const std::string count = fmt::format("{} divergence{}", count_text(view.divergences, 12),
                                        view.divergences == 1 ? "" : "s");
  if (!view.last_divergence) return {count};
  const tracker::Divergence& last = *view.last_divergence;
  const std::string all = fmt::format("{} in {} steps; the last: {}", count,
                                      count_text(view.steps, 12), model::label(last.kind));
  const std::string owner = owner_text(last.owner);
  const std::string edge =
      fmt::format("{} -> {}", model::name(last.from), model::name(last.observed));
  const Tuple& tuple = last.connection.tuple;
  const std::string ends =
      fmt::format("{} > {}", endpoint_text(tuple.local), endpoint_text(tuple.remote));
  return {fmt::format("{}, {} {}, {}", all, owner, ends, edge),
          fmt::format("{}, {}, {}", all, owner, edge),
          fmt::format("{}: {}, {}, {}", count, model::label(last.kind), owner, edge),
          all,
          fmt::format("{}: {}", count, model::label(last.kind)),
          count};
}

std::string loss_words(const TopView& view) {
  std::string places;
  for (std::size_t i = 0; i < view.lost.size(); ++i) {
    if (view.lost[i] == 0) continue;
    places += fmt::format("{}{} {}", places.empty() ? "" : ", ",
                          tracker::label(static_cast<tracker::LossPlace>(i)),
                          count_text(view.lost[i], 12));
  }
  return fmt::format("{} events lost ({})", count_text(view.lost_in_all(), 12), places);
}

std::string step_words(const TopView& view) {
  const std::string steps = count_text(view.steps, 12);
  if (view.steps == 0) return "no state change yet";
  if (verdict_count(view, Verdict::Conformant) == view.steps) {
    return fmt::format("all {} steps conformant", steps);
  }
  std::string words = fmt::format("no divergence in {} steps: {} conformant", steps,
                                  count_text(verdict_count(view, Verdict::Conformant), 12));
  const auto add = [&](Verdict verdict, std::string_view what) {
    if (verdict_count(view, verdict) == 0) return;
    words += fmt::format(", {} {}", count_text(verdict_count(view, verdict), 12), what);
  };
  add(Verdict::Deviation, "by documented deviations");
  add(Verdict::Unverified, "unverified");
  add(Verdict::Gap, "gap");
  return words;
}

// How the mirror compares with the kernel's own table; "" before the first census.
Piece census_piece(const TopView& view) {
  if (!view.reconciliation) return {};
  const tracker::Reconciliation& found = *view.reconciliation;
  const std::string ago = fmt::format("{} ago", age_text(view.now - found.time));
  if (found.refused > 0) {
    return {
        fmt::format("{} of {} namespaces unseen", found.refused, found.refused + found.namespaces),
        Ink::Warning};
  }
  const std::uint64_t healed = found.missing + found.ghosts + found.mismatches;
  if (healed > 0) return {fmt::format("census {}: {} set right", ago, healed), Ink::Warning};
  return {
      fmt::format("census {}: {}", ago, found.is_complete ? "mirror = kernel" : "no difference"),
      Ink::Faint};
}

void draw_verdict(CharacterGrid& grid, const TopView& view, int row) {
  const int room = grid.width() - 1;
  int end = 0;
  if (view.divergences > 0) {
    end = grid.put(1, row, fitting(divergence_words(view), room), Ink::Alarm);
  } else if (view.lost_in_all() > 0) {
    const std::string losses = loss_words(view);
    const std::string brief = fmt::format("{} events lost", count_text(view.lost_in_all(), 12));
    const std::string all = fmt::format("{}; {}", losses, step_words(view));
    end = grid.put(1, row, fitting({all, losses, brief}, room), Ink::Warning);
  } else {
    const std::string fine = fmt::format("{} steps fine", count_text(view.steps, 7));
    const std::string words = step_words(view);
    const std::string brief = words.substr(0, words.find(':'));
    end = grid.put(1, row, fitting({words, brief, fine, "fine"}, room),
                   view.steps == 0 ? Ink::Faint : Ink::Good);
  }
  const Piece census = census_piece(view);
  if (end + 2 + columns_of(census.text) < grid.width()) {
    grid.put_right(grid.width() - 1, row, census.text, census.ink);
  }
}

// Pieces one after the other, each followed by two blanks; what does not fit into a line goes on in
// the next. Gives the row behind.
int flow(CharacterGrid& grid, const std::vector<std::vector<Piece>>& groups, int column, int row,
         int behind) {
  int at = column;
  for (const auto& pieces : groups) {
    int width = 0;
    for (const Piece& piece : pieces) width += columns_of(piece.text);
    if (at > column && at + width > grid.width()) {
      at = column;
      ++row;
    }
    if (row >= behind) return row;
    for (const Piece& piece : pieces) at = grid.put(at, row, piece.text, piece.ink);
    at += 2;
  }
  return row + 1;
}

void draw_keys(CharacterGrid& grid, const TopChoice& choice) {
  const int row = grid.height() - 1;
  grid.clear_rows(row, row + 1);
  std::vector<std::vector<Piece>> keys;
  const auto add = [&](std::string key, std::string_view what) {
    keys.push_back({{std::move(key), Ink::Key}, {fmt::format(" {}", what), Ink::Plain}});
  };
  if (choice.is_typing) {
    keys.push_back({{fmt::format("/{}", choice.filter), Ink::Strong}, {"_", Ink::Key}});
    add("Enter", "keep");
    add("Esc", "clear");
    add("Ctrl-C", "quit");
  } else if (choice.shows_help) {
    add("q", "quit");
    add("any other key", "back");
  } else {
    add("q", "quit");
    add("h", "help");
    add("space", choice.is_paused ? "go on" : "pause");
    keys.push_back({{"p", Ink::Key},
                    {"/", Ink::Faint},
                    {"u", Ink::Key},
                    {"/", Ink::Faint},
                    {"l", Ink::Key},
                    {grid.width() < 96 ? " group" : " by process/unit/listener", Ink::Plain}});
    add("s", "sort");
    add("/", "filter");
    add("+ -", interval_text(choice.interval));
  }
  // 'q' stays on a screen that has room for nothing else.
  flow(grid, keys, grid.width() > 10 ? 1 : 0, row, row + 1);
}

std::vector<std::vector<Piece>> key_numbers(const TopView& view) {
  const auto state = [&](State which) { return view.states[index(which)]; };
  std::vector<std::vector<Piece>> numbers;
  const auto add = [&](std::string_view what, std::string number, Ink ink) {
    numbers.push_back({{fmt::format("{} ", what), Ink::Plain}, {std::move(number), ink}});
  };
  const auto count = [&](std::string_view what, std::uint64_t number, Ink ink) {
    add(what, count_text(number, 9), number == 0 ? Ink::Faint : ink);
  };
  count("ESTAB", state(State::Established), Ink::Good);
  count("STUCK", view.stuck_connections, Ink::Alarm);
  count("CLOSE_WAIT", state(State::CloseWait), Ink::Warning);
  add("fail/s", rate_text(view.failures.per_second),
      view.failures.per_second > 0 ? Ink::Warning : Ink::Faint);
  const double opens = view.rates[static_cast<std::size_t>(TopRate::Opened)].per_second;
  add("open/s", rate_text(opens), opens > 0 ? Ink::Good : Ink::Faint);
  count("half-open", view.states[kTopNewSynRecv] + state(State::SynReceived), Ink::Info);
  count("SYN_SENT", state(State::SynSent), Ink::Warning);
  count("TIME_WAIT", state(State::TimeWait), Ink::Strong);
  count("FIN_WAIT",
        state(State::FinWait1) + state(State::FinWait2) + view.states[kTopOrphanFinWait2],
        Ink::Info);
  count("LAST_ACK", state(State::LastAck), Ink::Info);
  count("CLOSING", state(State::Closing), Ink::Info);
  count("LISTEN", state(State::Listen), Ink::Strong);
  return numbers;
}

void draw_only_row(CharacterGrid& grid, const TopView& view, const TopChoice& choice) {
  grid.clear_rows(0, 1);
  std::vector<std::vector<Piece>> numbers = key_numbers(view);
  if (choice.shows_keys) numbers.insert(numbers.begin(), {{"q", Ink::Key}, {" quit", Ink::Plain}});
  flow(grid, numbers, 0, 0, 1);
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kHelp = {{
    {"q", "quit (as Ctrl-C does)"},
    {"space", "pause and go on; counting never stops"},
    {"p u l", "group by process, systemd unit or container, listening port"},
    {"s", "sort by the next column (the one that is lit)"},
    {"/", "show only rows with this text; Enter keeps it, Esc clears it"},
    {"+ -", "a longer, a shorter interval"},
    {"arrows", "scroll the table; also PgUp, PgDn, Home, End"},
    {"h ?", "this help"},
    {"", ""},
    {"OPEN/s", "connects, and SYNs that reached a listener, in the last interval"},
    {"FAIL/s", "connections that were reset, refused, timed out or found no way"},
    {"HALFOP", "SYN received, handshake not finished"},
    {"CLOSEW", "CLOSE_WAIT: the peer closed, the process has not"},
    {"STUCK", "in one state for longer than is healthy; tcptwin stuck says more"},
    {">=", "at least: it was in this state before tcptwin looked"},
    {"no answer", "timed out, or the network said that there is no way"},
    {"+ orphans", "FIN_WAIT2 kept by the kernel, no process holds the socket"},
    {"deviation", "documented by Linux; tcptwin explain L12 tells what"},
    {"divergence", "neither RFC 9293 nor Linux's documentation explains it"},
    {"unverified", "evidence is missing: older than tcptwin, or after a loss"},
    {"census", "comparison of the mirror with the kernel's own table"},
}};

void draw_help(CharacterGrid& grid, int first) {
  grid.clear_rows(first, grid.height());
  int row = first + (grid.height() >= kFullHeight ? 1 : 0);
  for (const auto& [key, text] : kHelp) {
    grid.put(1, row, key, Ink::Key);
    grid.put(13, row, text);
    ++row;
  }
}

struct Rows {
  std::vector<StuckGroup> stuck;
  std::vector<const GroupRow*> groups;
};

// Gives the height of the table of groups.
int draw_lists(CharacterGrid& grid, const TopView& view, const TopChoice& choice, const Rows& rows,
               int first, int behind, int gap) {
  const int room = behind - first;
  const auto wanted = static_cast<int>(std::min<std::size_t>(rows.stuck.size(), 1000));
  // The list gets what it needs, but a third of the room at most: the table is the rest.
  const int least = std::min(room >= 5 ? 1 : 0, wanted);
  const int stuck_height =
      rows.stuck.empty() ? std::min(room, 1) : 1 + std::clamp(room / 3 - 1, least, wanted);
  const int column = 1;
  const int width = grid.width() - 2;
  draw_stuck(grid, view, rows.stuck, {column, first, width, std::min(stuck_height, room)});
  const int table = first + stuck_height + gap;
  const int height = std::max(0, behind - table);
  draw_groups(grid, choice, rows.groups, {column, table, width, height});
  return height;
}

int draw_full(CharacterGrid& grid, const TopView& view, const TopChoice& choice, const Rows& rows,
              int behind) {
  const bool is_tall = grid.height() >= kTallHeight;
  const int gap = is_tall ? 1 : 0;
  const int first = 2 + gap;
  const StatesShape shape = is_tall ? StatesShape::Bars : StatesShape::TwoColumns;
  const int height = is_tall ? kBarsHeight : kTwoColumnsHeight;
  const int states_width = is_tall ? (grid.width() - 4) * 2 / 5 : 47;
  const int rates_column = 1 + states_width + 1;
  const int rates_width = std::min(grid.width() - 1 - rates_column, 14 + 7 + 2 + 60 + 10);
  draw_states(grid, view, shape, {1, first, states_width, height});
  draw_rates(grid, view, {rates_column, first, rates_width, height});
  return draw_lists(grid, view, choice, rows, first + height + gap, behind, gap);
}

int draw_compact(CharacterGrid& grid, const TopView& view, const TopChoice& choice,
                 const Rows& rows, int behind) {
  const int height = behind;
  int row = 0;
  if (height >= 3) draw_header(grid, view, choice, TopHost{}), ++row;
  if (height >= 2) draw_verdict(grid, view, row++);
  // The table wants a heading and three rows, or it is not worth its heading.
  const bool has_lists = height - row >= 6;
  const int numbers_behind = has_lists ? std::min(row + 3, behind) : behind;
  row = flow(grid, key_numbers(view), grid.width() > 10 ? 1 : 0, row, numbers_behind);
  if (!has_lists) return 0;
  return draw_lists(grid, view, choice, rows, row, behind, 0);
}

}  // namespace

TopScreen top_screen(const TopView& view, const TopChoice& choice, const TopHost& host,
                     system::GridSize size, system::Repertoire repertoire) {
  TopScreen screen{CharacterGrid{size, repertoire}, 0, 0};
  CharacterGrid& grid = screen.grid;
  if (grid.width() == 0 || grid.height() == 0) return screen;
  const Rows rows{stuck_groups(view, choice), filtered_groups(view, choice)};
  const int behind = grid.height() - (choice.shows_keys ? 1 : 0);
  const bool is_full = grid.width() >= kFullWidth && grid.height() >= kFullHeight;
  int table = 0;
  if (is_full) {
    draw_header(grid, view, choice, host);
    draw_verdict(grid, view, 1);
    table = draw_full(grid, view, choice, rows, behind);
  } else {
    table = draw_compact(grid, view, choice, rows, behind);
  }
  if (choice.shows_help) draw_help(grid, std::min(2, grid.height() - 1));
  if (grid.height() == 1) {
    draw_only_row(grid, view, choice);
  } else if (choice.shows_keys) {
    draw_keys(grid, choice);
  }
  screen.page = static_cast<std::size_t>(std::max(0, table - 1));
  screen.rows = rows.groups.size();
  return screen;
}

}  // namespace tcptwin::sinks
