// SPDX-License-Identifier: MIT
// What is known of one connection, gathered from findings and from the mirror. Used by
// explain_connection.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "commands/connection_name.h"
#include "sinks/finding_bytes.h"
#include "tracker/finding.h"
#include "tracker/snapshot.h"

namespace tcptwin::commands {

struct Story {
  NameMatch match = NameMatch::No;
  tracker::ConnectionIdentity connection;
  std::vector<tracker::Step> steps;  // oldest first
  std::vector<tracker::Divergence> divergences;
  std::optional<tracker::Life> life;
  std::optional<sinks::TableRow> now;  // it is still in the mirror
  std::uint64_t left_out = 0;          // steps beyond the bound
};

class StoryCollector final : public tracker::FindingHandler {
 public:
  explicit StoryCollector(const ConnectionName& name) : name_(name) {}

  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss&) override {}
  void on_call_path(const tracker::CallPath&) override {}
  void on_life(const tracker::Life& life) override;
  void add(const tracker::TwinView& twin);

  // Of all connections that had this name, the earliest first. Of one whose both ends are here only
  // the end that was named, if it was seen.
  std::vector<Story> take();

 private:
  Story* find(const tracker::ConnectionIdentity& connection);
  void keep_nameless(const tracker::Step& step);

  ConnectionName name_;
  std::map<ConnectionId, Story> stories_;
  // Steps of connect() before it has chosen a port, by their connection.
  std::map<ConnectionId, tracker::Step> nameless_;
};

}  // namespace tcptwin::commands
