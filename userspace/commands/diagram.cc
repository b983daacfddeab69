// SPDX-License-Identifier: MIT
// `tcptwin diagram`: the state machine as a picture; with --live or --from, how often each way was
// taken.
#include <unistd.h>

#include "commands/command.h"
#include "commands/diagram_options.h"
#include "commands/live_run.h"
#include "commands/surroundings.h"
#include "sinks/diagnostics.h"
#include "sinks/diagram_dot.h"
#include "sinks/diagram_svg.h"
#include "sinks/diagram_text.h"
#include "system/terminal_screen.h"

namespace tcptwin::commands {
namespace {

std::string drawn(const DiagramOptions& options, const sinks::DiagramCounts* counts) {
  switch (options.format) {
    case DiagramFormat::Svg:
      return sinks::diagram_svg(counts);
    case DiagramFormat::Dot:
      return sinks::diagram_dot(counts);
    case DiagramFormat::Text:
      break;
  }
  return sinks::diagram_text(
      counts, options.ascii ? system::Repertoire::Ascii : system::locale_repertoire(),
      wants_colour(options.colour, STDOUT_FILENO) ? sinks::Colour::Always : sinks::Colour::Never);
}

int count_and_draw(DiagramOptions& options) {
  sinks::Output diagnostics{STDERR_FILENO};
  const auto opened = LiveRun::open(options.run, diagnostics);
  if (!opened) return report(opened.error());
  LiveRun& run = *opened.value();
  run.fill_in_filter(options.conditions, options.filter_words);
  sinks::DiagramCounts counts;
  sinks::FindingFilter filter{options.conditions, counts};
  const Status ran = run.run_through(filter, [] { return false; });
  run.tracker().visit([&](const tracker::TwinView& twin) {
    if (filter.matches(twin)) counts.on_open(twin);
  });
  const int shown = print(drawn(options, &counts));
  sinks::Summary summary = run.summary(filter);
  summary.filter = options.filter_words;
  sinks::Output out{STDOUT_FILENO};
  sinks::Diagnostics{out, diagnostics}.end(summary);
  diagnostics.flush();
  if (!ran) return report(ran.error());
  return shown != kExitOk ? shown : exit_code_of(summary, false, options.strict);
}

}  // namespace

int run_diagram(const Arguments& arguments) {
  auto options = diagram_options(arguments);
  if (!options) return report(options.error());
  if (!options.value().counts) return print(drawn(options.value(), nullptr));
  return count_and_draw(options.value());
}

}  // namespace tcptwin::commands
