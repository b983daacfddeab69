// SPDX-License-Identifier: MIT
#include "sinks/life_csv.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/divergence_text.h"
#include "sinks/life_text.h"
#include "sinks/table_text.h"

namespace tcptwin::sinks {
namespace {

constexpr std::string_view kColumns =
    "PID,COMM,UID,LADDR,LPORT,RADDR,RPORT,ROLE,BYTES_IN,BYTES_OUT,MS,MS_AT_LEAST,CLOSED_BY,HOW,WHY,"
    "HANDSHAKE_MS,ACCEPT_WAIT_MS_AT_LEAST,ACCEPT_WAIT_MS_AT_MOST,NEVER_ACCEPTED,HALF_CLOSED_MS,"
    "HALF_CLOSED_BY,HALF_CLOSED_BYTES,PATH,RETRANSMITS,SYNACK_RETRANSMITS,SRTT_US,MSS,OPTIONS,"
    "ISS,IRS,CREATOR_PID,CREATOR_COMM,LAST_USER_PID,LAST_USER_COMM,CLOSER_PID,CLOSER_COMM,VERDICT,"
    "CONN,NETNS,CGROUP,UNIT,CONTAINER,OTHER_CONN,OTHER_PID,OTHER_COMM,OTHER_STATE,OTHER_CLOSED_BY,"
    "OTHER_HOW,OTHER_WHY,";

template <typename Number>
void append_number(std::string& row, const std::optional<Number>& number) {
  if (number) fmt::format_to(std::back_inserter(row), "{}", *number);
  row += ',';
}

void append_process(std::string& row, const tracker::Owner& owner) {
  if (!owner.is_known()) {
    row += ",,";
    return;
  }
  fmt::format_to(std::back_inserter(row), "{},", owner.actor.pid);
  append_field(row, printable(owner.actor.comm.view()));
}

void append_ending(std::string& row, const model::Ending& ending) {
  fmt::format_to(std::back_inserter(row), "{},{},{},", label(ending.by), label(ending.how),
                 label(ending.why));
}

void append_id(std::string& row, const ConnectionId& id) {
  fmt::format_to(std::back_inserter(row), "{:#x}.{},", id.cookie, id.generation);
}

}  // namespace

void LifeCsv::on_start() {
  if (!options_.header) return;
  std::string header;
  if (options_.times != TimeColumns::SinceStart) header += "TIME,";
  if (options_.times != TimeColumns::WallClock) header += "SECONDS,";
  header += kColumns;
  finish_row(header);
  out_.write(header);
}

void LifeCsv::append_spans(const tracker::Life& life) {
  append_csv_milliseconds(row_, life.handshake);
  append_csv_milliseconds(row_, life.accept_wait_at_least);
  append_csv_milliseconds(row_, life.accept_wait_at_most);
  row_ += life.never_accepted ? "yes," : "no,";
  if (life.half_closed) {
    append_csv_milliseconds(row_, life.half_closed->span);
    fmt::format_to(std::back_inserter(row_), "{},{},",
                   life.half_closed->by_local ? "local" : "remote", life.half_closed->bytes);
  } else {
    row_ += ",,,";
  }
  append_field(row_, path_text(life));
}

void LifeCsv::append_counters(const tracker::Life& life) {
  if (life.last) {
    fmt::format_to(std::back_inserter(row_), "{},{},", life.last->total_retrans,
                   life.synack_retransmits);
    append_number(row_, life.last->srtt_us == 0 ? std::nullopt : std::optional{life.last->srtt_us});
    append_number(row_, life.last->mss == 0 ? std::nullopt : std::optional{life.last->mss});
    append_field(row_, options_text(*life.last));
  } else {
    fmt::format_to(std::back_inserter(row_), ",{},,,,", life.synack_retransmits);
  }
  append_number(row_, life.iss);
  append_number(row_, life.irs);
}

void LifeCsv::append_owners(const tracker::Life& life) {
  append_process(row_, life.owners.creator);
  append_process(row_, life.owners.last_user);
  append_process(row_, life.owners.closer);
}

void LifeCsv::append_identity(const tracker::Life& life) {
  fmt::format_to(std::back_inserter(row_), "{},", label(life.verdict));
  append_id(row_, life.connection.id);
  fmt::format_to(std::back_inserter(row_), "{},{},", life.connection.tuple.netns,
                 life.connection.cgroup);
  const CgroupName* name = cgroups_ == nullptr ? nullptr : cgroups_->find(life.connection.cgroup);
  append_field(row_, name == nullptr ? "" : printable(name->unit));
  append_field(row_, name == nullptr ? "" : printable(name->container));
}

void LifeCsv::append_other_end(const LifeRecord& record) {
  if (record.other_end) {
    append_id(row_, record.other_end->connection.id);
    append_process(row_, record.other_end->owners.best());
    const tracker::Life& other = *record.other_end;
    append_field(row_, other.path_length == 0 ? "" : name(other.path[other.path_length - 1].state));
    append_ending(row_, record.other_end->ending);
  } else if (record.life.other_end) {
    append_id(row_, record.life.other_end->id);
    append_process(row_, record.life.other_end->owner);
    fmt::format_to(std::back_inserter(row_), "{},,,,", name(record.life.other_end->state));
  } else {
    row_ += ",,,,,,,";
  }
}

void LifeCsv::on_life_record(const LifeRecord& record) {
  const tracker::Life& life = record.life;
  const tracker::Owner& owner = life.owners.best();
  row_.clear();
  append_csv_times(row_, options_, life.ended);
  append_process(row_, owner);
  append_number(row_, owner.is_known() ? std::optional{owner.actor.uid} : std::nullopt);
  append_csv_endpoint(row_, life.connection.tuple.local);
  append_csv_endpoint(row_, life.connection.tuple.remote);
  fmt::format_to(std::back_inserter(row_), "{},", label(life.connection.role));
  append_number(row_, bytes_are_known(life) ? std::optional{life.bytes_in} : std::nullopt);
  append_number(row_, bytes_are_known(life) ? std::optional{life.bytes_out} : std::nullopt);
  append_csv_milliseconds(row_, life.duration);
  append_csv_milliseconds(row_, life.duration_at_least);
  append_ending(row_, life.ending);
  append_spans(life);
  append_counters(life);
  append_owners(life);
  append_identity(life);
  append_other_end(record);
  finish_row(row_);
  out_.write(row_);
}

void LifeCsv::on_divergence(const tracker::Divergence& divergence) {
  diagnostics_.text(divergence_text(divergence, options_.clock, paths_, DivergenceStyle{}));
}

}  // namespace tcptwin::sinks
