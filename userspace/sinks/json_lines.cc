// SPDX-License-Identifier: MIT
#include "sinks/json_lines.h"

#include "sinks/summary_text.h"

namespace tcptwin::sinks {
namespace {

constexpr int kSchemaVersion = 1;

std::string_view reset_word(model::ResetSent reset) {
  switch (reset) {
    case model::ResetSent::None:
      return "none";
    case model::ResetSent::Active:
      return "active";
    case model::ResetSent::AnsweringSegment:
      return "answer";
  }
  return "none";
}

std::string_view minisocket_word(model::MinisocketStarted minisocket) {
  switch (minisocket) {
    case model::MinisocketStarted::None:
      return "none";
    case model::MinisocketStarted::FinWait2:
      return "fin_wait2";
    case model::MinisocketStarted::TimeWait:
      return "time_wait";
  }
  return "none";
}

std::string_view shutdown_word(const model::Snapshot& snapshot) {
  if (snapshot.receive_shutdown && snapshot.send_shutdown) return "both";
  if (snapshot.receive_shutdown) return "receive";
  return snapshot.send_shutdown ? "send" : "none";
}

void add_error(JsonText& line, std::string_view key, std::uint16_t error) {
  if (error == 0) {
    line.null(key);
  } else {
    line.string(key, errno_name(error));
  }
}

void add_flags(JsonText& line, const model::Snapshot& snapshot) {
  line.boolean("fin_received", snapshot.done);
  line.boolean("orphan", snapshot.dead);
  line.boolean("has_socket", snapshot.has_socket);
  line.boolean("keepalive", snapshot.keepopen);
  line.boolean("linger_zero", snapshot.linger_zero);
  line.boolean("linger2_negative", snapshot.linger2_negative);
  line.boolean("user_timeout", snapshot.user_timeout);
  line.boolean("repair", snapshot.repair);
  line.boolean("fastopen_connect", snapshot.fastopen_connect);
  line.boolean("fastopen_request", snapshot.fastopen_request);
  line.boolean("fastopen_child", snapshot.fastopen_child);
  line.boolean("syn_data", snapshot.syn_data);
  line.boolean("syn_data_acked", snapshot.syn_data_acked);
  line.boolean("syn_fastopen", snapshot.syn_fastopen);
  line.boolean("timestamps", snapshot.timestamps);
  line.boolean("sack", snapshot.sack);
  line.boolean("window_scale", snapshot.window_scale);
}

void add_numbers(JsonText& line, const model::Snapshot& snapshot) {
  line.number("snd_una", snapshot.snd_una.value());
  line.number("snd_nxt", snapshot.snd_nxt.value());
  line.number("write_seq", snapshot.write_seq.value());
  line.number("rcv_nxt", snapshot.rcv_nxt.value());
  line.number("copied_seq", snapshot.copied_seq.value());
  line.number("segs_in", snapshot.segs_in);
  line.number("segs_out", snapshot.segs_out);
  line.number("bytes_acked", snapshot.bytes_acked);
  line.number("bytes_received", snapshot.bytes_received);
  line.number("retransmits_total", snapshot.total_retrans);
  line.number("retransmits_now", snapshot.retransmits);
  line.number("probes_out", snapshot.probes_out);
  line.number("srtt_us", snapshot.srtt_us);
  line.number("mss_bytes", snapshot.mss);
}

}  // namespace

void JsonLinesSink::begin(std::string_view type, KernelTime time) {
  line_.clear();
  line_.begin_object();
  line_.number("schema", kSchemaVersion);
  line_.word("type", type);
  add_time(time);
}

void JsonLinesSink::end() {
  line_.end_object();
  line_.end_line();
  out_.write(line_.view());
}

void JsonLinesSink::add_time(KernelTime time) {
  line_.word("time", rfc3339_time(options_.clock, time).view());
  line_.number("mono_ns", to_ns(time));
}

void JsonLinesSink::add_endpoint(std::string_view key, const Endpoint& endpoint) {
  line_.begin_object(key);
  line_.word("addr", AddressText{endpoint.address}.view());
  line_.number("port", endpoint.port);
  line_.end_object();
}

void JsonLinesSink::add_tuple(const Tuple& tuple) {
  line_.word("family", tuple.local.address.family == Family::Inet ? "inet" : "inet6");
  add_endpoint("local", tuple.local);
  add_endpoint("remote", tuple.remote);
  line_.number("netns", tuple.netns);
}

void JsonLinesSink::add_identity(const tracker::ConnectionIdentity& connection) {
  line_.word("conn", connection_text(connection.id).view());
  line_.word("role", label(connection.role));
  add_tuple(connection.tuple);
  if (connection.mptcp) line_.boolean("mptcp", true);
  if (connection.adopted) line_.boolean("adopted", true);
}

void JsonLinesSink::add_owner(const tracker::Owner& owner, std::string_view key) {
  line_.begin_object(key);
  if (owner.confidence == tracker::OwnerConfidence::None) {
    line_.null("pid");
    line_.null("comm");
  } else {
    line_.number("pid", owner.actor.pid);
    line_.string("comm", owner.actor.comm.view());
  }
  line_.word("confidence", label(owner.confidence));
  line_.end_object();
}

void JsonLinesSink::add_cgroup(std::uint64_t cgroup) {
  line_.hex("cgroup", cgroup);
  const CgroupName* name = options_.cgroups == nullptr ? nullptr : options_.cgroups->find(cgroup);
  if (name == nullptr) return;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) line_.string(key, value);
  };
  add("cgroup_path", name->path);
  add("unit", name->unit);
  add("container", name->container);
  add("container_runtime", name->runtime);
}

void JsonLinesSink::add_dwell(const tracker::Step& step) {
  if (step.dwell) {
    line_.number("dwell_us", to_us(*step.dwell));
    return;
  }
  line_.null("dwell_us");
  if (step.dwell_at_least) line_.number("dwell_at_least_us", to_us(*step.dwell_at_least));
}

void JsonLinesSink::add_evidence(const model::Evidence& evidence) {
  line_.begin_object("evidence");
  add_error(line_, "error", evidence.snapshot.error);
  add_error(line_, "error_soft", evidence.snapshot.error_soft);
  line_.string("shutdown", shutdown_word(evidence.snapshot));
  line_.number("unread_bytes", evidence.unread_bytes());
  line_.boolean("reset_path", evidence.reset_received);
  line_.string("reset_sent_before", reset_word(evidence.reset_sent_before));
  line_.string("reset_sent_after", reset_word(evidence.reset_sent_after));
  line_.string("minisocket", minisocket_word(evidence.minisocket));
  line_.boolean("destroyed", evidence.destroyed_after);
  line_.boolean("history_known", evidence.history_known);
  add_flags(line_, evidence.snapshot);
  add_numbers(line_, evidence.snapshot);
  line_.end_object();
}

void JsonLinesSink::add_call_path(std::uint32_t id) {
  line_.begin_array("call_path");
  const tracker::CallPath* path = paths_.find(id);
  const std::size_t frames = path == nullptr ? 0 : path->frames;
  for (std::size_t i = 0; i < frames && i < path->names.size(); ++i) {
    line_.element(frame_text(*path, i));
  }
  line_.end_array();
}

void JsonLinesSink::on_step(const tracker::Step& step) {
  begin("transition", step.time);
  add_identity(step.connection);
  line_.word("from", label(step.from));
  line_.word("to", label(step.to));
  if (step.to.holder == model::Holder::Minisocket || step.from.holder == model::Holder::Minisocket)
    line_.boolean("minisocket", true);
  add_dwell(step);
  line_.word("cause", label(step.cause));
  line_.word("verdict", label(step.verdict));
  line_.string("rule", step.rule);
  line_.word("confidence", label(step.confidence));
  if (!step.reason.empty()) line_.string("reason", step.reason);
  line_.word("observed", label(step.observed_by));
  line_.word("context", context_word(step.context));
  add_owner(step.owner);
  add_cgroup(step.connection.cgroup);
  if (options_.evidence && step.evidence) add_evidence(*step.evidence);
  if (options_.call_paths && step.call_path != 0) add_call_path(step.call_path);
  end();
}

void JsonLinesSink::add_history(const tracker::Divergence& divergence) {
  line_.begin_array("history");
  for (std::size_t i = 0; i < divergence.history_length; ++i) {
    const tracker::HistoryEntry& entry = divergence.history[i];
    line_.begin_element();
    add_time(entry.time);
    line_.word("to", label(entry.to));
    line_.word("cause", label(entry.cause));
    line_.end_object();
  }
  line_.end_array();
}

void JsonLinesSink::add_timer(const tracker::Divergence& divergence) {
  if (!divergence.measured) return;
  line_.number("measured_us", to_us(*divergence.measured));
  if (divergence.lower_bound) line_.number("lower_bound_us", to_us(*divergence.lower_bound));
  if (divergence.upper_bound) line_.number("upper_bound_us", to_us(*divergence.upper_bound));
}

void JsonLinesSink::on_divergence(const tracker::Divergence& divergence) {
  begin("divergence", divergence.time);
  line_.word("kind", label(divergence.kind));
  add_identity(divergence.connection);
  line_.word("from", label(divergence.from));
  line_.word("observed_state", label(divergence.observed));
  if (divergence.expected) {
    line_.string("expected", model::label(*divergence.expected));
  } else {
    line_.null("expected");
  }
  line_.word("cause", label(divergence.cause));
  add_timer(divergence);
  add_owner(divergence.owner);
  add_cgroup(divergence.connection.cgroup);
  if (divergence.evidence) {
    add_evidence(*divergence.evidence);
  } else {
    line_.null("evidence");
  }
  if (divergence.segment) {
    line_.begin_object("segment");
    add_segment(*divergence.segment);
    line_.end_object();
  }
  add_history(divergence);
  add_call_path(divergence.call_path);
  line_.string("summary", summary(divergence.kind));
  line_.string("advice", advice(divergence.kind));
  end();
}

void JsonLinesSink::on_loss(const tracker::Loss& loss) {
  begin("loss", loss.time);
  line_.number("lost", loss.lost);
  line_.word("where", label(loss.where));
  end();
}

void JsonLinesSink::add_counts(const Summary& summary) {
  const tracker::TrackerCounts& counts = summary.counts;
  line_.begin_object("verdicts");
  for (std::size_t i = 0; i < counts.verdicts.size(); ++i) {
    line_.number(label(static_cast<model::Verdict>(i)), counts.verdicts[i]);
  }
  line_.end_object();
  line_.begin_object("divergences");
  for (std::size_t i = 0; i < counts.divergences.size(); ++i) {
    line_.number(label(static_cast<model::DivergenceKind>(i)), counts.divergences[i]);
  }
  line_.end_object();
  line_.begin_object("deviations");
  for (std::uint8_t id = 1; id <= model::kDialectCount; ++id) {
    if (counts.deviations[id] == 0) continue;
    line_.number(label(model::dialect(id)), counts.deviations[id]);
  }
  line_.end_object();
  line_.begin_object("stuck");
  for (std::size_t i = 0; i < counts.stuck.size(); ++i) {
    line_.number(label(static_cast<tracker::StuckKind>(i)), counts.stuck[i]);
  }
  line_.end_object();
  line_.begin_object("lost");
  for (std::size_t i = 0; i < summary.lost.size(); ++i) {
    line_.number(label(static_cast<tracker::LossPlace>(i)), summary.lost[i]);
  }
  line_.end_object();
}

void JsonLinesSink::on_end(const Summary& summary) {
  const tracker::TrackerCounts& counts = summary.counts;
  begin("summary", summary.end);
  line_.number("duration_us", to_us(summary.duration));
  line_.number("seen", summary.seen);
  line_.number("shown", summary.shown);
  line_.string("filter", summary.filter);
  line_.number("connections", counts.connections);
  line_.number("adopted", counts.adopted);
  line_.number("gaps", counts.gaps);
  line_.number("healed", counts.healed);
  line_.number("time_wait_now", counts.time_wait);
  line_.number("half_open_now", counts.half_open);
  line_.number("connections_ended", counts.lives);
  line_.number("censuses", counts.censuses);
  line_.number("censuses_failed", summary.failed_censuses);
  line_.number("missing", counts.missing);
  line_.number("ghosts", counts.ghosts);
  line_.number("mismatches", counts.mismatches);
  line_.number("emitted", summary.stream.emitted);
  line_.number("received", summary.stream.received);
  line_.number("filtered_out", summary.stream.filtered_out);
  line_.number("mptcp_skipped", summary.stream.mptcp_skipped);
  line_.number("side_recovered", summary.stream.side_recovered);
  if (counts.segments + counts.segments_crossing + counts.segments_passing > 0) {
    line_.number("segments", counts.segments);
    line_.number("segments_crossing", counts.segments_crossing);
    line_.number("segments_passing", counts.segments_passing);
  }
  add_counts(summary);
  if (summary.lives) add_figures(*summary.lives);
  end();
  out_.flush();
  diagnostics_.write(summary_text(summary));
  diagnostics_.flush();
}

}  // namespace tcptwin::sinks
