// SPDX-License-Identifier: MIT
#include "sinks/stuck_table.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/life_text.h"
#include "sinks/table_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

constexpr std::size_t kKindWidth = 21;  // "close_wait_unaccepted"
constexpr std::size_t kAdviceColumns = 100;

}  // namespace

StuckTable::StuckTable(Output& out, Output& diagnostics, const TableOptions& options,
                       CgroupDirectory* cgroups)
    : out_(out),
      diagnostics_(out, diagnostics),
      options_(options),
      address_width_(options.wide_addresses ? kWideAddressWidth : kAddressWidth),
      cgroups_(cgroups) {}

void StuckTable::on_start() {
  if (!options_.header) return;
  std::string line;
  append_time_heading(line, options_.times);
  append_column(line, "KIND", kKindWidth);
  line += fmt::format("{:>7} ", "PID");
  append_column(line, "COMM", kCommWidth);
  append_column(line, "LADDR", address_width_);
  append_column(line, "LPORT", 5);
  append_column(line, "RADDR", address_width_);
  append_column(line, "RPORT", 5);
  out_.write(line + "SINCE\n");
}

void StuckTable::append_extended(const tracker::Stuck& stuck) {
  const tracker::ConnectionIdentity& connection = stuck.connection;
  fmt::format_to(std::back_inserter(line_), "    creator={} last_user={} role={} threshold={}",
                 owner_text(stuck.owners.creator), owner_text(stuck.owners.last_user),
                 label(connection.role), span_text(stuck.threshold));
  const CgroupName* name = cgroups_ == nullptr ? nullptr : cgroups_->find(connection.cgroup);
  if (name != nullptr && !cgroup_words(*name).empty()) line_ += ' ' + cgroup_words(*name);
  fmt::format_to(std::back_inserter(line_), " conn={:#x}.{} netns={}{}\n", connection.id.cookie,
                 connection.id.generation, connection.tuple.netns,
                 connection.adopted ? " adopted" : "");
}

void StuckTable::on_stuck(const tracker::Stuck& stuck) {
  const Tuple& tuple = stuck.connection.tuple;
  const bool coloured = options_.colour == Colour::Always;
  line_.clear();
  append_times(line_, options_, stuck.time);
  if (coloured) line_ += kYellow;
  append_column(line_, label(stuck.kind), kKindWidth);
  if (coloured) line_ += kNormal;
  append_owner(line_, stuck.owners.best(), kCommWidth);
  append_column(line_, AddressText{tuple.local.address}.view(), address_width_);
  fmt::format_to(std::back_inserter(line_), "{:<5} ", tuple.local.port);
  append_column(line_, AddressText{tuple.remote.address}.view(), address_width_);
  fmt::format_to(std::back_inserter(line_), "{:<5} {}{}\n", tuple.remote.port, stuck_text(stuck),
                 stuck.is_repeated ? " (still)" : "");
  // A leak of thousands shall not repeat the same sentence thousands of times.
  bool& advised = advised_[static_cast<std::size_t>(stuck.kind)];
  if (!advised) {
    append_wrapped(line_, "    ", "    ",
                   fmt::format("{} {}", summary(stuck.kind), advice(stuck.kind)), kAdviceColumns);
    advised = true;
  }
  if (options_.evidence) append_extended(stuck);
  out_.write(line_);
}

}  // namespace tcptwin::sinks
