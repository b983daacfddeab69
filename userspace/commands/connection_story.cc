// SPDX-License-Identifier: MIT
#include "commands/connection_story.h"

#include <algorithm>
#include <utility>

namespace tcptwin::commands {
namespace {

// A connection has about ten steps; a listener, or a recording of years, may have any number.
constexpr std::size_t kStepsLimit = 10'000;
constexpr std::size_t kStoriesLimit = 1000;
constexpr std::size_t kNamelessLimit = 100'000;

// What a twin's history keeps of a step.
tracker::Step remembered(const tracker::TwinView& twin, std::size_t place) {
  const tracker::HistoryEntry& entry = twin.history[place];
  tracker::Step step{};
  step.time = entry.time;
  step.connection = twin.connection;
  step.to = entry.to;
  step.cause = entry.cause;
  step.verdict = entry.verdict;
  step.dialect = entry.dialect;
  step.rule = label(entry.dialect);
  if (place > 0) {
    step.from = twin.history[place - 1].to;
    step.dwell = entry.time - twin.history[place - 1].time;
  } else if (entry.to.holder == model::Holder::RequestSocket) {
    step.from = {model::State::Listen, model::Holder::Socket};
  }
  return step;
}

}  // namespace

Story* StoryCollector::find(const tracker::ConnectionIdentity& connection) {
  const NameMatch matched = match(name_, connection);
  const auto known = stories_.find(connection.id);
  if (known != stories_.end()) {
    if (matched != NameMatch::No) known->second.connection = connection;
    return &known->second;
  }
  if (matched == NameMatch::No || stories_.size() >= kStoriesLimit) return nullptr;
  Story& story = stories_[connection.id];
  story.match = matched;
  story.connection = connection;
  const auto nameless = nameless_.find(connection.id);
  if (nameless != nameless_.end()) story.steps.push_back(nameless->second);
  return &story;
}

void StoryCollector::on_step(const tracker::Step& step) {
  Story* const story = find(step.connection);
  if (story == nullptr) return keep_nameless(step);
  if (story->steps.size() < kStepsLimit) {
    story->steps.push_back(step);
  } else {
    ++story->left_out;
  }
}

void StoryCollector::keep_nameless(const tracker::Step& step) {
  const bool has_no_port = step.connection.tuple.local.port == 0;
  if (!has_no_port || step.to.state != model::State::SynSent || name_.id) return;
  if (nameless_.size() >= kNamelessLimit) nameless_.clear();
  nameless_.insert_or_assign(step.connection.id, step);
}

void StoryCollector::on_divergence(const tracker::Divergence& divergence) {
  Story* const story = find(divergence.connection);
  if (story != nullptr && story->divergences.size() < kStepsLimit) {
    story->divergences.push_back(divergence);
  }
}

void StoryCollector::on_life(const tracker::Life& life) {
  if (Story* const story = find(life.connection)) story->life = life;
}

// The steps that no finding told: they are older than the service's history, or than the recording.
void StoryCollector::add(const tracker::TwinView& twin) {
  Story* const story = find(twin.connection);
  if (story == nullptr) return;
  story->now = sinks::table_row(twin);
  const KernelTime first = story->steps.empty() ? KernelTime::max() : story->steps.front().time;
  std::vector<tracker::Step> older;
  for (std::size_t i = 0; i < twin.history.size() && twin.history[i].time < first; ++i) {
    older.push_back(remembered(twin, i));
  }
  story->steps.insert(story->steps.begin(), older.begin(), older.end());
}

std::vector<Story> StoryCollector::take() {
  std::vector<Story> stories;
  const bool is_exact = std::ranges::any_of(
      stories_, [](const auto& entry) { return entry.second.match == NameMatch::Exact; });
  for (auto& [id, story] : stories_) {
    if (!is_exact || story.match == NameMatch::Exact) stories.push_back(std::move(story));
  }
  const auto began = [](const Story& story) {
    if (!story.steps.empty()) return story.steps.front().time;
    return story.life ? story.life->ended : story.now->known_since;
  };
  std::ranges::sort(stories, {}, began);
  stories_.clear();
  return stories;
}

}  // namespace tcptwin::commands
