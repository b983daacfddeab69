// SPDX-License-Identifier: MIT
// `top` between the model and the person: asks the model for a view when an interval is over, draws
// it, and does what the keys say. Does not know where findings come from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "sinks/output.h"
#include "sinks/top_model.h"
#include "sinks/top_screen.h"
#include "system/terminal_screen.h"

namespace tcptwin::commands {

class TopSession {
 public:
  TopSession(sinks::TopModel& model, sinks::TopSources sources, sinks::TopHost host,
             sinks::TopChoice choice, system::TerminalScreen& screen,
             std::function<KernelTime()> clock);

  // Does what is due now; false when the person has had enough.
  bool turn();

 private:
  bool take_keys();
  void refresh(KernelTime now);
  void draw();

  sinks::TopModel& model_;
  sinks::TopSources sources_;
  sinks::TopHost host_;
  sinks::TopChoice choice_;
  system::TerminalScreen& screen_;
  std::function<KernelTime()> clock_;
  system::Repertoire repertoire_;
  std::optional<sinks::TopView> view_;
  std::optional<KernelTime> refreshed_;
  Duration cost_{};  // of the latest refresh
  std::size_t page_ = 0;
  std::size_t rows_ = 0;
  bool must_draw_ = false;
};

// Screens as plain text, one an interval, each of exactly `size.height` lines.
class TopBatch {
 public:
  TopBatch(sinks::TopModel& model, sinks::TopSources sources, sinks::TopHost host,
           sinks::TopChoice choice, system::GridSize size, std::uint64_t screens, KernelTime start);

  // False when all were printed.
  bool turn(KernelTime now, sinks::Output& out);

 private:
  sinks::TopModel& model_;
  sinks::TopSources sources_;
  sinks::TopHost host_;
  sinks::TopChoice choice_;
  system::GridSize size_;
  std::uint64_t left_;
  KernelTime last_;
};

}  // namespace tcptwin::commands
