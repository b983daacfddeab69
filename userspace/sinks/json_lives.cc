// SPDX-License-Identifier: MIT
// JSON lines about whole connections: close, stuck, adopt, reconcile, socket, snapshot.
#include <fmt/format.h>

#include "sinks/json_lines.h"

namespace tcptwin::sinks {
namespace {

constexpr std::size_t kOwnersListed = 50;

std::string_view timer_label(tracker::PendingTimer timer) {
  switch (timer) {
    case tracker::PendingTimer::None:
      return "none";
    case tracker::PendingTimer::Retransmit:
      return "retransmit";
    case tracker::PendingTimer::Keepalive:
      return "keepalive";
    case tracker::PendingTimer::TimeWait:
      return "time_wait";
    case tracker::PendingTimer::Probe:
      return "probe";
  }
  return "none";
}

// A number, or null where it is not known: a zero would be a claim.
template <typename Number>
void add_known(JsonText& line, std::string_view key, bool is_known, Number value) {
  if (is_known) {
    line.number(key, value);
  } else {
    line.null(key);
  }
}

void add_options(JsonText& line, const model::Snapshot& snapshot) {
  line.begin_object("options");
  line.boolean("timestamps", snapshot.timestamps);
  line.boolean("sack", snapshot.sack);
  line.boolean("window_scale", snapshot.window_scale);
  line.number("send_wscale", snapshot.send_wscale);
  line.number("receive_wscale", snapshot.receive_wscale);
  line.end_object();
}

}  // namespace

void JsonLinesSink::add_owners(const tracker::Owners& owners) {
  add_owner(owners.best());
  line_.begin_object("owners");
  add_owner(owners.creator, "creator");
  add_owner(owners.last_user, "last_user");
  add_owner(owners.closer, "closer");
  line_.end_object();
}

void JsonLinesSink::add_us(std::string_view key, const std::optional<Duration>& span) {
  add_known(line_, key, span.has_value(), span ? to_us(*span) : 0);
}

void JsonLinesSink::add_span(std::string_view key, std::string_view at_least_key,
                             const std::optional<Duration>& span,
                             const std::optional<Duration>& at_least) {
  add_us(key, span);
  if (!span && at_least) line_.number(at_least_key, to_us(*at_least));
}

void JsonLinesSink::add_path(const tracker::Life& life) {
  line_.begin_array("path");
  for (std::size_t i = 0; i < life.path_length; ++i) {
    const tracker::PathEntry& entry = life.path[i];
    line_.begin_element();
    line_.word("state", label(entry.state));
    if (entry.state.holder == model::Holder::Minisocket) line_.boolean("minisocket", true);
    add_span("us", "at_least_us", entry.span, entry.span_at_least);
    line_.end_object();
  }
  line_.end_array();
}

void JsonLinesSink::add_handshake(const tracker::Life& life) {
  add_us("handshake_us", life.handshake);
  if (life.accept_wait_at_least) {
    line_.number("accept_wait_at_least_us", to_us(*life.accept_wait_at_least));
  }
  if (life.accept_wait_at_most) {
    line_.number("accept_wait_at_most_us", to_us(*life.accept_wait_at_most));
  }
  line_.boolean("never_accepted", life.never_accepted);
  if (!life.half_closed) {
    line_.null("half_closed");
    return;
  }
  line_.begin_object("half_closed");
  line_.string("by", life.half_closed->by_local ? "local" : "remote");
  line_.number("us", to_us(life.half_closed->span));
  line_.number("bytes", life.half_closed->bytes);
  line_.end_object();
}

void JsonLinesSink::add_last(const tracker::Life& life) {
  const bool known = life.last.has_value();
  const model::Snapshot last = life.last.value_or(model::Snapshot{});
  add_known(line_, "bytes_in", known, life.bytes_in);
  add_known(line_, "bytes_out", known, life.bytes_out);
  add_known(line_, "retransmits", known, last.total_retrans);
  line_.number("synack_retransmits", life.synack_retransmits);
  add_known(line_, "srtt_us", known && last.srtt_us != 0, last.srtt_us);
  add_known(line_, "mss", known && last.mss != 0, last.mss);
  if (known) {
    add_options(line_, last);
  } else {
    line_.null("options");
  }
  add_known(line_, "iss", life.iss.has_value(), life.iss.value_or(0));
  add_known(line_, "irs", life.irs.has_value(), life.irs.value_or(0));
}

void JsonLinesSink::add_life(const tracker::Life& life) {
  add_identity(life.connection);
  add_span("duration_us", "duration_at_least_us", life.duration, life.duration_at_least);
  add_handshake(life);
  line_.word("closed_by", label(life.ending.by));
  line_.word("how", label(life.ending.how));
  line_.word("why", label(life.ending.why));
  line_.string("ending", phrase(life.ending));
  add_path(life);
  add_last(life);
  line_.word("verdict", label(life.verdict));
  add_owners(life.owners);
  add_cgroup(life.connection.cgroup);
}

void JsonLinesSink::add_other_end(const tracker::OtherEnd& other_end) {
  line_.begin_object("other_end");
  line_.word("conn", connection_text(other_end.id).view());
  add_endpoint("local", other_end.tuple.local);
  add_endpoint("remote", other_end.tuple.remote);
  line_.number("netns", other_end.tuple.netns);
  line_.word("state", label(other_end.state));
  line_.boolean("gone", other_end.is_gone);
  add_owner(other_end.owner);
  line_.end_object();
}

void JsonLinesSink::on_life_record(const LifeRecord& record) {
  begin("close", record.life.ended);
  add_life(record.life);
  if (record.other_end) {
    line_.begin_object("other_end");
    add_time(record.other_end->ended);
    add_life(*record.other_end);
    line_.end_object();
  } else if (record.life.other_end) {
    add_other_end(*record.life.other_end);
  }
  end();
}

void JsonLinesSink::on_stuck(const tracker::Stuck& stuck) {
  begin("stuck", stuck.time);
  line_.word("kind", label(stuck.kind));
  add_identity(stuck.connection);
  line_.word("state", label(stuck.state));
  add_span("age_us", "age_at_least_us", stuck.age, stuck.age_at_least);
  line_.number("threshold_us", to_us(stuck.threshold));
  line_.number("connections", stuck.connections);
  line_.number("unacknowledged_bytes", stuck.unacknowledged);
  line_.boolean("repeated", stuck.is_repeated);
  add_owners(stuck.owners);
  add_cgroup(stuck.connection.cgroup);
  line_.string("summary", summary(stuck.kind));
  line_.string("advice", advice(stuck.kind));
  end();
}

void JsonLinesSink::on_adopted(const tracker::Adopted& adopted) {
  begin("adopt", adopted.time);
  add_identity(adopted.connection);
  line_.word("state", label(adopted.state));
  add_us("age_at_least_us", adopted.age_at_least);
  add_owners(adopted.owners);
  add_cgroup(adopted.connection.cgroup);
  end();
}

void JsonLinesSink::on_reconciliation(const tracker::Reconciliation& reconciliation) {
  begin("reconcile", reconciliation.time);
  line_.number("number", reconciliation.number);
  line_.number("sockets", reconciliation.sockets);
  line_.number("namespaces", reconciliation.namespaces);
  line_.number("refused", reconciliation.refused);
  line_.number("adopted", reconciliation.adopted);
  line_.number("missing", reconciliation.missing);
  line_.number("ghosts", reconciliation.ghosts);
  line_.number("mismatches", reconciliation.mismatches);
  line_.number("suspected", reconciliation.suspected);
  line_.number("unseen_in_mirror", reconciliation.unseen_in_mirror);
  line_.boolean("complete", reconciliation.is_complete);
  end();
}

void JsonLinesSink::add_holders(const SocketRow& row) {
  line_.begin_array("holders");
  for (const Holder& holder : row.holders) {
    line_.begin_element();
    line_.number("pid", holder.actor.pid);
    line_.string("comm", holder.actor.comm.view());
    line_.number("fd", holder.descriptor);
    line_.end_object();
  }
  line_.end_array();
}

void JsonLinesSink::add_kernel_view(const SocketRow& row) {
  const bool known = row.kernel.has_value();
  const tracker::KernelView kernel = row.kernel.value_or(tracker::KernelView{});
  add_known(line_, "receive_queue", known, kernel.receive_queue);
  add_known(line_, "send_queue", known, kernel.send_queue);
  add_known(line_, "uid", known, kernel.uid);
  add_known(line_, "inode", known && kernel.inode != 0, kernel.inode);
  line_.string("timer", timer_label(kernel.timer));
  add_us("timer_us", kernel.timer_left);
}

void JsonLinesSink::add_listener(const SocketRow& row) {
  if (!row.listener) return;
  const tracker::ListenerView& listener = *row.listener;
  line_.begin_object("listener");
  line_.number("half_open", listener.half_open);
  const auto oldest = listener.oldest ? std::optional{row.time - *listener.oldest} : std::nullopt;
  add_us("oldest_us", oldest);
  add_known(line_, "drops", row.kernel.has_value(), row.kernel ? row.kernel->drops : 0);
  line_.number("requests", listener.requests);
  line_.number("accepted_handshakes", listener.accepted_handshakes);
  line_.number("syncookies", listener.syncookies);
  line_.number("synack_retransmits", listener.synack_retransmits);
  line_.number("request_timeouts", listener.request_timeouts);
  line_.number("overflow_resets", listener.overflow_resets);
  line_.end_object();
}

void JsonLinesSink::on_socket(const SocketRow& row) {
  const bool known = row.last.has_value() && row.state.state != model::State::Listen;
  const model::Snapshot last = row.last.value_or(model::Snapshot{});
  begin("socket", row.time);
  add_identity(row.connection);
  line_.word("state", label(row.state));
  if (row.state.holder == model::Holder::Minisocket) line_.boolean("minisocket", true);
  add_span("age_us", "age_at_least_us", row.age, row.age_at_least);
  line_.boolean("orphan", row.is_orphan);
  add_kernel_view(row);
  add_known(line_, "bytes_in", known, last.bytes_received);
  add_known(line_, "bytes_out", known, last.bytes_acked);
  add_known(line_, "retransmits", known, last.total_retrans);
  line_.number("synack_retransmits", row.synack_retransmits);
  add_owners(row.owners);
  add_holders(row);
  add_cgroup(row.connection.cgroup);
  add_listener(row);
  if (row.other_end) add_other_end(*row.other_end);
  end();
}

void JsonLinesSink::on_snapshot(const SnapshotFigures& figures) {
  begin("snapshot", figures.time);
  line_.number("sockets", figures.sockets);
  line_.number("shown", figures.shown);
  line_.string("filter", figures.filter);
  line_.number("orphans", figures.orphans);
  line_.number("namespaces", figures.namespaces);
  line_.number("refused", figures.refused);
  line_.begin_array("refused_namespaces");
  for (const RefusedNamespace& refused : figures.which_refused) {
    line_.begin_element();
    line_.number("netns", refused.netns);
    line_.string("error", errno_name(static_cast<std::uint16_t>(refused.error)));
    line_.end_object();
  }
  line_.end_array();
  line_.begin_object("states");
  for (const auto& [state, count] : figures.states) line_.number(state, count);
  line_.end_object();
  end();
  out_.flush();
  diagnostics_.write(snapshot_text(figures));
  diagnostics_.flush();
}

void JsonLinesSink::add_figures(const LifeFigures& figures) {
  line_.number("open_now", figures.open);
  line_.number("joined", figures.joined);
  line_.number("never_accepted", figures.never_accepted);
  line_.number("not_kept", figures.not_kept);
  line_.begin_array("endings");
  for (const EndingCount& entry : figures.endings) {
    line_.begin_element();
    line_.word("closed_by", label(entry.ending.by));
    line_.word("how", label(entry.ending.how));
    line_.word("why", label(entry.ending.why));
    line_.number("count", entry.count);
    line_.end_object();
  }
  line_.end_array();
  line_.begin_array("owners");
  for (std::size_t i = 0; i < figures.owners.size() && i < kOwnersListed; ++i) {
    line_.begin_element();
    line_.string("comm", figures.owners[i].comm);
    line_.number("count", figures.owners[i].count);
    line_.end_object();
  }
  line_.end_array();
}

}  // namespace tcptwin::sinks
