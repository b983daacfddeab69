// SPDX-License-Identifier: MIT
#include "sinks/top_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>

#include "sinks/top_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

using model::State;
using system::CharacterGrid;
using system::columns_of;
using system::cut;
using system::Ink;

// In the order of a connection's life.
constexpr std::array<std::size_t, kTopStateCount> kStateOrder = {
    index(State::Closed),    index(State::Listen),      index(State::SynSent),
    kTopNewSynRecv,          index(State::SynReceived), index(State::Established),
    index(State::FinWait1),  index(State::FinWait2),    kTopOrphanFinWait2,
    index(State::CloseWait), index(State::Closing),     index(State::LastAck),
    index(State::TimeWait)};

// What one looks for first is what wants attention.
Ink state_ink(std::size_t state, std::uint64_t count) {
  if (count == 0) return Ink::Faint;
  if (state == index(State::Established)) return Ink::Good;
  if (state == index(State::CloseWait) || state == index(State::SynSent)) return Ink::Warning;
  if (state == index(State::TimeWait) || state == index(State::Listen)) return Ink::Plain;
  return Ink::Info;
}

constexpr int kStateNameWidth = 13;
constexpr int kStateCountWidth = 9;

void draw_state(CharacterGrid& grid, const TopView& view, std::size_t state, int column, int row) {
  const std::uint64_t count = view.states[state];
  grid.put(column, row, top_state_name(state), count == 0 ? Ink::Faint : Ink::Plain);
  grid.put_right(column + kStateNameWidth + kStateCountWidth, row,
                 count_text(count, kStateCountWidth), state_ink(state, count));
}

void draw_sum(CharacterGrid& grid, std::string_view what, std::uint64_t count, int column,
              int row) {
  grid.put(column, row, what, Ink::Plain);
  grid.put_right(column + kStateNameWidth + kStateCountWidth, row,
                 count_text(count, kStateCountWidth), Ink::Strong);
}

void draw_bars(CharacterGrid& grid, const TopView& view, Box box) {
  const std::uint64_t most = *std::max_element(view.states.begin(), view.states.end());
  const int bar_column = box.column + kStateNameWidth + kStateCountWidth + 1;
  const int bar_width = box.column + box.width - bar_column - 1;
  int row = box.row;
  for (const std::size_t state : kStateOrder) {
    draw_state(grid, view, state, box.column, row);
    grid.put(bar_column, row, bar(view.states[state], most, bar_width, grid.repertoire()),
             state_ink(state, view.states[state]));
    ++row;
  }
}

void draw_two_columns(CharacterGrid& grid, const TopView& view, Box box) {
  const int rows = kTwoColumnsHeight - 1;
  const int second = box.column + kStateNameWidth + kStateCountWidth + 2;
  for (int i = 0; i < static_cast<int>(kStateOrder.size()); ++i) {
    const std::size_t state = kStateOrder[static_cast<std::size_t>(i)];
    draw_state(grid, view, state, i < rows ? box.column : second, box.row + i % rows);
  }
}

bool has_text(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

std::string group_name(const GroupRow& row) {
  return row.pid == 0 ? row.name : fmt::format("{} {}", row.name, row.pid);
}

// Both ends; of several connections the one that they share.
std::string ends_text(const tracker::Stuck& stuck, std::uint64_t connections) {
  const Tuple& tuple = stuck.connection.tuple;
  if (stuck.state.state == State::Listen) return endpoint_text(tuple.local);
  if (connections == 1) {
    return fmt::format("{} > {}", endpoint_text(tuple.local), endpoint_text(tuple.remote));
  }
  const bool went_out = stuck.connection.role == tracker::Role::Active;
  return went_out ? fmt::format("> {}", endpoint_text(tuple.remote)) : endpoint_text(tuple.local);
}

// Equal for what is one line in the list.
std::string stuck_key(const tracker::Stuck& stuck) {
  const tracker::Owner& owner = stuck.owners.best();
  return fmt::format("{} {} {} {}", static_cast<int>(stuck.kind),
                     owner.is_known() ? owner.actor.pid : 0, stuck.connection.tuple.netns,
                     ends_text(stuck, 0));
}

bool matches(const tracker::Stuck& stuck, const std::string& filter) {
  if (filter.empty()) return true;
  const std::string text = fmt::format("{} {} {}", tracker::label(stuck.kind),
                                       owner_text(stuck.owners.best()), ends_text(stuck, 1));
  return has_text(text, filter);
}

// A heading, every rate and the sum of the failures.
constexpr int kAllRatesHeight = 1 + static_cast<int>(kTopRateCount) + 1;

// The columns by how much one misses them, most first.
constexpr std::array<TopColumn, kTopColumnCount> kColumnImportance = {
    TopColumn::Total,    TopColumn::Established, TopColumn::CloseWait,
    TopColumn::Stuck,    TopColumn::Failures,    TopColumn::Opens,
    TopColumn::TimeWait, TopColumn::HalfOpen,    TopColumn::SynSent};

constexpr int kShortColumn = 7;
constexpr int kLongColumn = 12;
constexpr int kShortestName = 22;  // most process names, and a number

std::vector<TopColumn> columns_that_fit(int width, TopColumn sort, int column_width) {
  const int room = std::max(1, (width - kShortestName) / column_width);
  std::vector<TopColumn> columns{sort};
  for (const TopColumn column : kColumnImportance) {
    if (static_cast<int>(columns.size()) >= room) break;
    if (column != sort) columns.push_back(column);
  }
  std::sort(columns.begin(), columns.end(),
            [](TopColumn a, TopColumn b) { return static_cast<int>(a) < static_cast<int>(b); });
  return columns;
}

std::string cell_text(const GroupRow& row, TopColumn column, int width) {
  const double number = value(row, column);
  if (is_rate(column)) return rate_text(number);
  return count_text(static_cast<std::uint64_t>(number), width - 1);
}

Ink cell_ink(const GroupRow& row, TopColumn column) {
  if (value(row, column) <= 0) return Ink::Faint;
  if (column == TopColumn::Stuck) return Ink::Alarm;
  if (column == TopColumn::Failures || column == TopColumn::CloseWait) return Ink::Warning;
  return column == TopColumn::Total ? Ink::Strong : Ink::Plain;
}

// Ends with an ellipsis if it had to be cut.
std::string shortened(const CharacterGrid& grid, std::string_view text, int columns) {
  if (columns_of(text) <= columns) return std::string{text};
  const std::string_view dots = grid.repertoire() == system::Repertoire::Unicode ? "…" : "...";
  return fmt::format("{}{}", cut(text, columns - columns_of(dots)), dots);
}

void draw_stuck_line(CharacterGrid& grid, const StuckGroup& group, int column, int end, int row) {
  const tracker::Stuck& stuck = group.worst->finding;
  const bool is_wide = end - column >= 70;
  const std::string age =
      fmt::format("{}{}", group.worst->age_is_exact ? "" : ">=", age_text(group.worst->age));
  const auto put = [&](std::string_view text, int width, Ink ink) {
    grid.put(column, row, cut(text, std::min(width, end - column)), ink);
    column += width + 1;
  };
  const auto put_right = [&](std::string_view text, int width, Ink ink) {
    grid.put_right(column + width, row, cut(text, width), ink);
    column += width + 1;
  };
  put(tracker::label(stuck.kind), is_wide ? 21 : 10, Ink::Warning);
  put_right(count_text(group.connections, 5), is_wide ? 5 : 4, Ink::Alarm);
  put_right(age, 8, Ink::Strong);
  put(owner_text(stuck.owners.best()), is_wide ? 20 : 15, Ink::Plain);
  const std::string where = ends_text(stuck, group.connections);
  put(where, std::max(is_wide ? 22 : 0, columns_of(where)), Ink::Plain);
  if (end - column >= 30)
    put(shortened(grid, tracker::advice(stuck.kind), end - column), end - column, Ink::Faint);
}

std::string_view group_title(GroupBy group_by) {
  switch (group_by) {
    case GroupBy::Process:
      return "PROCESS";
    case GroupBy::Unit:
      return "UNIT";
    case GroupBy::Listener:
      return "LISTENER";
  }
  return "";
}

}  // namespace

std::string_view top_state_name(std::size_t state) {
  if (state == kTopNewSynRecv) return "NEW_SYN_RECV";
  if (state == kTopOrphanFinWait2) return "  + orphans";
  return model::name(model::kAllStates[state]);
}

std::string owner_text(const tracker::Owner& owner) {
  if (!owner.is_known()) return "nobody";
  return fmt::format("{} {}", printable(owner.actor.comm.view()), owner.actor.pid);
}

void draw_states(CharacterGrid& grid, const TopView& view, StatesShape shape, Box box) {
  grid.put(box.column, box.row, "STATES", Ink::Key);
  const std::string total = fmt::format("{} sockets", count_text(view.sockets, 11));
  const int behind = box.column + kStateNameWidth + kStateCountWidth;
  grid.put(std::max(behind - columns_of(total), box.column + 7), box.row, total, Ink::Strong);
  ++box.row;
  if (shape == StatesShape::Bars) {
    draw_bars(grid, view, box);
    return;
  }
  draw_two_columns(grid, view, box);
  const int second = behind + 2;
  draw_sum(grid, "orphans", view.orphans, second, box.row + kTwoColumnsHeight - 2);
}

void draw_rates(CharacterGrid& grid, const TopView& view, Box box) {
  constexpr int kName = 14;
  constexpr int kRate = 7;
  constexpr int kTotal = 10;
  const int end = box.column + box.width;
  const int spark = box.column + kName + kRate + 2;
  const int spark_width = end - kTotal - spark;
  const bool has_spark = spark_width >= 6;
  grid.put(box.column, box.row, "RATES", Ink::Key);
  grid.put_right(box.column + kName + kRate, box.row, "per second", Ink::Faint);
  if (spark_width >= 11) grid.put(spark, box.row, "last minute", Ink::Faint);
  grid.put_right(end, box.row, "so far", Ink::Faint);

  int row = box.row + 1;
  const auto draw = [&](std::string_view what, const RateView& rate, bool bad) {
    if (row >= box.row + box.height) return;
    const Ink active = bad ? Ink::Warning : Ink::Good;
    grid.put(box.column, row, what, rate.total == 0 ? Ink::Faint : Ink::Plain);
    grid.put_right(box.column + kName + kRate, row, rate_text(rate.per_second),
                   rate.per_second > 0 ? active : Ink::Faint);
    if (has_spark) {
      const auto columns = std::min<int>(spark_width, static_cast<int>(kTopSeconds));
      const std::string line = sparkline(rate.seconds, columns, grid.repertoire());
      grid.put(spark, row, line, active);
    }
    grid.put_right(end, row, count_text(rate.total, kTotal - 1),
                   rate.total == 0 ? Ink::Faint : Ink::Plain);
    ++row;
  };
  const auto of = [&](TopRate rate) { return view.rates[static_cast<std::size_t>(rate)]; };
  const bool is_short = box.height < kAllRatesHeight;
  for (std::size_t i = 0; i < kTopRateCount; ++i) {
    const auto rate = static_cast<TopRate>(i);
    if (is_short && rate == TopRate::TimedOut) break;
    draw(name(rate), of(rate), is_failure(rate));
  }
  if (is_short) {
    draw("no answer", sum(of(TopRate::TimedOut), of(TopRate::Unreachable)), true);
  } else {
    draw("all failures", view.failures, true);
  }
}

std::vector<StuckGroup> stuck_groups(const TopView& view, const TopChoice& choice) {
  std::vector<StuckGroup> groups;
  std::unordered_map<std::string, std::size_t> places;
  for (const StuckRow& row : view.stuck) {
    if (!matches(row.finding, choice.filter)) continue;
    const auto [place, is_new] = places.try_emplace(stuck_key(row.finding), groups.size());
    if (is_new) groups.push_back({&row, 0});
    groups[place->second].connections += row.finding.connections;
  }
  return groups;
}

std::vector<const GroupRow*> filtered_groups(const TopView& view, const TopChoice& choice) {
  std::vector<const GroupRow*> rows;
  for (const GroupRow& row : view.groups) {
    if (has_text(group_name(row), choice.filter)) rows.push_back(&row);
  }
  std::sort(rows.begin(), rows.end(), [&](const GroupRow* a, const GroupRow* b) {
    const double first = value(*a, choice.sort);
    const double second = value(*b, choice.sort);
    if (first != second) return first > second;
    if (a->total != b->total) return a->total > b->total;
    return a->name != b->name ? a->name < b->name : a->pid < b->pid;
  });
  return rows;
}

void draw_stuck(CharacterGrid& grid, const TopView& view, const std::vector<StuckGroup>& groups,
                Box box) {
  if (box.height <= 0) return;
  const int end = box.column + box.width;
  int column = grid.put(box.column, box.row, "STUCK", Ink::Key) + 1;
  if (groups.empty()) {
    grid.put(column, box.row, view.stuck.empty() ? "nothing" : "nothing that matches the filter",
             Ink::Faint);
    return;
  }
  const std::size_t shown = std::min(groups.size(), static_cast<std::size_t>(box.height - 1));
  column = grid.put(column, box.row, count_text(view.stuck_connections, 12), Ink::Alarm) + 2;
  std::string more;
  if (shown < groups.size()) more = fmt::format("the worst {} of {} places", shown, groups.size());
  if (view.stuck_not_kept > 0) more += fmt::format("  ({} more not kept)", view.stuck_not_kept);
  grid.put(column, box.row, more, Ink::Faint);
  for (std::size_t i = 0; i < shown; ++i) {
    draw_stuck_line(grid, groups[i], box.column, end, box.row + 1 + static_cast<int>(i));
  }
}

void draw_groups(CharacterGrid& grid, const TopChoice& choice,
                 const std::vector<const GroupRow*>& rows, Box box) {
  if (box.height <= 0) return;
  const bool is_long = box.width >= static_cast<int>(kTopColumnCount) * kLongColumn + kShortestName;
  const int width = is_long ? kLongColumn : kShortColumn;
  const auto columns = columns_that_fit(box.width, choice.sort, width);
  const int table = static_cast<int>(columns.size()) * width;
  const int name_width = std::max(0, box.width - table - 1);

  grid.colour_row(box.row, Ink::Title);
  std::string heading{group_title(choice.group_by)};
  if (!choice.filter.empty()) heading += fmt::format(" has '{}'", choice.filter);
  grid.put(box.column, box.row, cut(heading, name_width), Ink::Title);
  int end = box.column + box.width - table;
  for (const TopColumn column : columns) {
    end += width;
    const bool sorts = column == choice.sort;
    grid.put_right(end, box.row, is_long ? title(column) : short_title(column),
                   sorts ? Ink::Selected : Ink::Title);
  }

  const auto page = static_cast<std::size_t>(box.height - 1);
  const std::size_t first =
      std::min(choice.scrolled, rows.size() > page ? rows.size() - page : std::size_t{0});
  for (std::size_t i = 0; i < page && first + i < rows.size(); ++i) {
    const GroupRow& group = *rows[first + i];
    const int row = box.row + 1 + static_cast<int>(i);
    // A number that is cut would be another process: the name gives way.
    const std::string pid = group.pid == 0 ? "" : fmt::format(" {}", group.pid);
    const std::string_view name = cut(group.name, name_width - columns_of(pid));
    const int behind = grid.put(box.column, row, name, Ink::Strong);
    if (columns_of(pid) < name_width) grid.put(behind, row, pid, Ink::Faint);
    end = box.column + box.width - table;
    for (const TopColumn column : columns) {
      end += width;
      grid.put_right(end, row, cell_text(group, column, width), cell_ink(group, column));
    }
  }
  if (rows.empty() && page > 0) {
    grid.put(box.column, box.row + 1,
             choice.filter.empty() ? "no sockets yet" : "nothing matches the filter", Ink::Faint);
  }
}

}  // namespace tcptwin::sinks
