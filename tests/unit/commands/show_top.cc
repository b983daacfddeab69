// SPDX-License-Identifier: MIT
// show_top [--busy|--idle|--divergence|--throw]: the screen of `tcptwin top` before a made-up host,
// where no kernel is needed. For top_terminal_test.py, and to look at.
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "commands/surroundings.h"
#include "commands/top_session.h"
#include "system/signals.h"
#include "unit/sinks/made_up_host.h"

namespace {

using namespace tcptwin;

int show(std::string_view what) {
  auto signals = system::TerminationSignals::open();
  if (!signals) return 1;
  auto screen = system::TerminalScreen::open(commands::wants_colour(commands::ColourChoice::Auto, 1)
                                                 ? system::ScreenColour::On
                                                 : system::ScreenColour::Off);
  if (!screen) {
    std::cerr << "tcptwin: " << screen.error().what << "\n  " << screen.error().hint << "\n";
    return 2;
  }
  const KernelTime start = commands::monotonic_now();
  sinks::TopModel model{start};
  test::MadeUpHost host{start, what};
  commands::TopSession session{model, host.sources(),  {"web-01", "6.18.44", ""},
                               {},    *screen.value(), commands::monotonic_now};
  while (session.turn()) {
    if (signals.value().wait(std::chrono::milliseconds{20})) return 0;
    host.live_until(commands::monotonic_now(), model);
    if (what == "--throw") throw std::runtime_error{"made up"};
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return show(count > 1 ? words[1] : "--busy");
  } catch (const std::exception& exception) {
    std::cerr << "tcptwin: top failed: " << exception.what() << "\n";
    return 1;
  }
}
