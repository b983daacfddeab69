// SPDX-License-Identifier: MIT
#include "commands/top_session.h"

#include <algorithm>
#include <utility>

namespace tcptwin::commands {
namespace {

using system::KeyName;

// A walk over a large mirror takes time that records need: at most this part of it.
constexpr int kWalkShare = 10;

}  // namespace

TopSession::TopSession(sinks::TopModel& model, sinks::TopSources sources, sinks::TopHost host,
                       sinks::TopChoice choice, system::TerminalScreen& screen,
                       std::function<KernelTime()> clock)
    : model_(model),
      sources_(std::move(sources)),
      host_(std::move(host)),
      choice_(std::move(choice)),
      screen_(screen),
      clock_(std::move(clock)),
      repertoire_(system::locale_repertoire()) {}

bool TopSession::turn() {
  const KernelTime now = clock_();
  model_.advance(now);
  const sinks::GroupBy grouped = choice_.group_by;
  const bool was_paused = choice_.is_paused;
  if (!take_keys()) return false;

  const Duration pause = std::max(choice_.interval, kWalkShare * cost_);
  const bool is_due = !refreshed_ || now - *refreshed_ >= pause;
  const bool goes_on = was_paused && !choice_.is_paused;
  if ((is_due && !choice_.is_paused) || goes_on) {
    model_.end_interval(now);
    refreshed_ = now;
    refresh(now);
  } else if (grouped != choice_.group_by || !view_) {
    refresh(now);
  }
  if (must_draw_) draw();
  return true;
}

bool TopSession::take_keys() {
  while (const auto pressed = screen_.read_key()) {
    if (pressed->name == KeyName::Redraw || pressed->name == KeyName::Resize) {
      screen_.forget();  // terminals do not agree on what a change of size leaves where
      must_draw_ = true;
    }
    switch (sinks::press(choice_, *pressed, page_, rows_)) {
      case sinks::TopReaction::Nothing:
        break;
      case sinks::TopReaction::Redraw:
        must_draw_ = true;
        break;
      case sinks::TopReaction::Quit:
        return false;
    }
  }
  return true;
}

void TopSession::refresh(KernelTime now) {
  view_ = model_.view(now, choice_.group_by, sources_);
  cost_ = clock_() - now;
  must_draw_ = true;
}

void TopSession::draw() {
  const sinks::TopScreen drawn =
      sinks::top_screen(*view_, choice_, host_, screen_.size(), repertoire_);
  page_ = drawn.page;
  rows_ = drawn.rows;
  screen_.draw(drawn.grid);
  must_draw_ = false;
}

TopBatch::TopBatch(sinks::TopModel& model, sinks::TopSources sources, sinks::TopHost host,
                   sinks::TopChoice choice, system::GridSize size, std::uint64_t screens,
                   KernelTime start)
    : model_(model),
      sources_(std::move(sources)),
      host_(std::move(host)),
      choice_(std::move(choice)),
      size_(size),
      left_(screens),
      last_(start) {}

bool TopBatch::turn(KernelTime now, sinks::Output& out) {
  model_.advance(now);
  if (now - last_ < choice_.interval) return true;
  last_ = now;
  model_.end_interval(now);
  const sinks::TopView view = model_.view(now, choice_.group_by, sources_);
  const sinks::TopScreen drawn =
      sinks::top_screen(view, choice_, host_, size_, system::locale_repertoire());
  for (int row = 0; row < drawn.grid.height(); ++row) out.write(drawn.grid.row_text(row) + "\n");
  out.flush();
  return --left_ > 0;
}

}  // namespace tcptwin::commands
