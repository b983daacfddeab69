// SPDX-License-Identifier: MIT
#include "sinks/life_text.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

using tracker::Life;

double milliseconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

// Collects "key=value" words.
class Words {
 public:
  void add(std::string_view key, std::string_view value) {
    if (!value.empty()) fmt::format_to(std::back_inserter(line_), "{}={} ", key, value);
  }
  void number(std::string_view key, std::uint64_t value) {
    fmt::format_to(std::back_inserter(line_), "{}={} ", key, value);
  }
  void word(std::string_view text) {
    line_ += text;
    line_ += ' ';
  }
  std::string take() {
    if (!line_.empty()) line_.pop_back();
    return std::move(line_);
  }

 private:
  std::string line_;
};

std::string span_word(Duration span) {
  return fmt::format("{:.3f}ms", milliseconds(span));
}

std::string role_text(const tracker::Owner& owner) {
  if (!owner.is_known()) return "-";
  return fmt::format("{}({})", owner_text(owner), label(owner.confidence));
}

// The first sight of a connection by accept() is bounded by looks at its socket.
void add_accept_wait(Words& words, const Life& life) {
  if (life.never_accepted) {
    words.word("never_accepted");
    return;
  }
  if (!life.accept_wait_at_least && !life.accept_wait_at_most) return;
  std::string text;
  if (life.accept_wait_at_least) text += ">=" + span_word(*life.accept_wait_at_least);
  if (life.accept_wait_at_least && life.accept_wait_at_most) text += ',';
  if (life.accept_wait_at_most) text += "<=" + span_word(*life.accept_wait_at_most);
  words.add("accept_wait", text);
}

std::string plural(std::uint64_t count, std::string_view singular, std::string_view several) {
  return fmt::format("{} {}", count, count == 1 ? singular : several);
}

}  // namespace

std::string milliseconds_text(const std::optional<Duration>& span,
                              const std::optional<Duration>& at_least) {
  if (span) return fmt::format("{:.3f}", milliseconds(*span));
  if (at_least) return fmt::format(">={:.3f}", milliseconds(*at_least));
  return "-";
}

std::string span_text(Duration span) {
  const double seconds = static_cast<double>(span.count()) / 1e9;
  const auto whole = static_cast<std::int64_t>(seconds);
  if (seconds < 0) return "-" + span_text(-span);
  if (seconds < 0.001) return fmt::format("{:.0f}us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.0f}ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.1f}s", seconds);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 86'400) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d{:02}h", whole / 86'400, whole / 3600 % 24);
}

std::string span_text(const std::optional<Duration>& span,
                      const std::optional<Duration>& at_least) {
  if (span) return span_text(*span);
  return at_least ? ">=" + span_text(*at_least) : "?";
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{}", bytes);
  constexpr std::string_view kUnits = "KMGTPE";
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  amount /= 1024;
  while (amount >= 999.5 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return amount < 99.95 ? fmt::format("{:.1f}{}", amount, kUnits[unit])
                        : fmt::format("{:.0f}{}", amount, kUnits[unit]);
}

std::string owner_text(const tracker::Owner& owner, std::string_view nobody) {
  if (!owner.is_known()) return std::string{nobody};
  return fmt::format("{}/{}", printable(owner.actor.comm.view()), owner.actor.pid);
}

std::string closer_text(const Life& life) {
  if (life.owners.closer.is_known()) return role_text(life.owners.closer);
  switch (life.ending.by) {
    case model::EndedBy::Remote:
      return "peer";
    case model::EndedBy::Kernel:
      return "kernel";
    case model::EndedBy::Administrator:
      return "admin";
    case model::EndedBy::Unknown:
    case model::EndedBy::Local:
    case model::EndedBy::Both:
      break;
  }
  return "-";
}

std::string ending_text(const LifeRecord& record) {
  const Life& life = record.life;
  std::string text = fmt::format("{} ({})", phrase(life.ending), label(life.ending.why));
  if (record.other_end) {
    fmt::format_to(std::back_inserter(text), ", other end {} ({})",
                   owner_text(record.other_end->owners.best()),
                   label(record.other_end->ending.why));
  } else if (life.other_end && !life.other_end->is_gone) {
    const bool is_closed = life.other_end->state.state == model::State::Closed;
    fmt::format_to(std::back_inserter(text), ", other end {} {} ({})", is_closed ? "also" : "still",
                   name(life.other_end->state), owner_text(life.other_end->owner));
  }
  return text;
}

std::string path_text(const Life& life) {
  std::string text;
  for (std::size_t i = 0; i < life.path_length; ++i) {
    const tracker::PathEntry& entry = life.path[i];
    if (i > 0) text += " > ";
    text += name(entry.state);
    if (entry.state.holder == model::Holder::Minisocket &&
        entry.state.state == model::State::FinWait2) {
      text += "(minisocket)";
    }
    const bool is_last = i + 1 == life.path_length;
    if (entry.span || entry.span_at_least) {
      text += ' ';
      text += milliseconds_text(entry.span, entry.span_at_least);
    } else if (!is_last) {
      text += " -";
    }
  }
  return text;
}

std::string options_text(const model::Snapshot& snapshot) {
  std::string text;
  const auto add = [&](bool agreed, std::string_view word) {
    if (!agreed) return;
    if (!text.empty()) text += ',';
    text += word;
  };
  add(snapshot.timestamps, "timestamps");
  add(snapshot.sack, "sack");
  add(snapshot.window_scale, "window_scale");
  if (snapshot.window_scale) {
    fmt::format_to(std::back_inserter(text), ":{}/{}", snapshot.send_wscale,
                   snapshot.receive_wscale);
  }
  return text;
}

std::string life_words(const Life& life) {
  Words words;
  if (life.handshake) words.add("handshake", span_word(*life.handshake));
  add_accept_wait(words, life);
  if (life.half_closed) {
    words.add("half_closed", fmt::format("{}(by_{},{}_bytes)", span_word(life.half_closed->span),
                                         life.half_closed->by_local ? "local" : "remote",
                                         life.half_closed->bytes));
  }
  if (life.synack_retransmits != 0) words.number("synack_retransmits", life.synack_retransmits);
  if (life.last) {
    words.number("bytes_in", life.bytes_in);
    words.number("bytes_out", life.bytes_out);
    words.number("retransmits", life.last->total_retrans);
    if (life.last->srtt_us != 0) {
      words.add("rtt", span_word(std::chrono::microseconds{life.last->srtt_us}));
    }
    if (life.last->mss != 0) words.number("mss", life.last->mss);
    words.add("options", options_text(*life.last));
  }
  return words.take();
}

std::string cgroup_words(const CgroupName& name) {
  Words words;
  words.add("unit", printable(name.unit));
  if (!name.container.empty()) {
    words.add("container", fmt::format("{}:{}", name.runtime, printable(name.container)));
  }
  return words.take();
}

std::string identity_words(const Life& life, CgroupDirectory* cgroups) {
  const tracker::ConnectionIdentity& connection = life.connection;
  Words words;
  words.add("creator", role_text(life.owners.creator));
  words.add("last_user", role_text(life.owners.last_user));
  words.add("closer", closer_text(life));
  const CgroupName* cgroup = cgroups == nullptr ? nullptr : cgroups->find(connection.cgroup);
  if (cgroup != nullptr) {
    if (const std::string known = cgroup_words(*cgroup); !known.empty()) words.word(known);
  } else if (connection.cgroup != 0) {
    words.number("cgroup", connection.cgroup);
  }
  words.add("role", label(connection.role));
  words.add("verdict", label(life.verdict));
  words.add("conn", fmt::format("{:#x}.{}", connection.id.cookie, connection.id.generation));
  words.number("netns", connection.tuple.netns);
  if (connection.adopted) words.word("adopted");
  if (connection.mptcp) words.word("mptcp");
  return words.take();
}

std::string stuck_text(const tracker::Stuck& stuck) {
  if (stuck.kind == tracker::StuckKind::HalfOpen) {
    return fmt::format("{}, the oldest for {}",
                       plural(stuck.connections, "half-open connection", "half-open connections"),
                       span_text(stuck.age, stuck.age_at_least));
  }
  std::string text =
      fmt::format("{} for {}", name(stuck.state), span_text(stuck.age, stuck.age_at_least));
  if (stuck.unacknowledged != 0) {
    fmt::format_to(std::back_inserter(text), ", {} unacknowledged",
                   plural(stuck.unacknowledged, "byte", "bytes"));
  }
  return text;
}

std::string reconciliation_text(const tracker::Reconciliation& reconciliation,
                                const tracker::Reconciliation* previous) {
  std::string text;
  const auto add = [&](std::string_view words) {
    if (!text.empty()) text += ", ";
    text += words;
  };
  if (previous == nullptr) {
    add(fmt::format("{} there before, in {}", plural(reconciliation.adopted, "socket", "sockets"),
                    plural(reconciliation.namespaces, "network namespace", "network namespaces")));
  }
  if (reconciliation.missing != 0) add(fmt::format("{} missing", reconciliation.missing));
  if (reconciliation.ghosts != 0) add(plural(reconciliation.ghosts, "ghost", "ghosts"));
  if (reconciliation.mismatches != 0) {
    add(fmt::format("{} in another state", reconciliation.mismatches));
  }
  const std::uint64_t refused_before = previous == nullptr ? 0 : previous->refused;
  if (reconciliation.refused > refused_before) {
    add(fmt::format("{} could not be entered",
                    plural(reconciliation.refused, "network namespace", "network namespaces")));
  }
  if (text.empty()) return text;
  const bool healed =
      previous != nullptr &&
      reconciliation.missing + reconciliation.ghosts + reconciliation.mismatches > 0;
  return fmt::format("tcptwin: census {}: {}{}\n", reconciliation.number, text,
                     healed ? "; set right" : "");
}

}  // namespace tcptwin::sinks
