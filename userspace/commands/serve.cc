// SPDX-License-Identifier: MIT
// `tcptwin serve`: the service. Watches for as long as it is let, and shows Prometheus what it
// sees.
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/command.h"
#include "commands/live_run.h"
#include "commands/serve_options.h"
#include "commands/serve_settings.h"
#include "commands/service.h"
#include "commands/surroundings.h"
#include "system/http_server.h"
#include "system/signals.h"

namespace tcptwin::commands {
namespace {

Result<std::vector<system::UniqueFd>> open_listeners(const ServeOptions& options) {
  std::vector<system::UniqueFd> listeners;
  for (const system::ListenAddress& address : options.listen) {
    auto listener = system::listen_on(address);
    if (!listener) return listener.error();
    listeners.push_back(std::move(listener.value()));
  }
  return listeners;
}

// Null if nothing was asked for.
Result<std::unique_ptr<system::WebAccess>> open_access(const ServeOptions& options) {
  if (options.web_config.empty()) return std::unique_ptr<system::WebAccess>{};
  return system::WebAccess::open(options.web_config);
}

std::string checked_text(const ServeSettings& settings) {
  return settings.file.empty() ? "no configuration file, and nothing is wrong\n"
                               : settings.file + " is good\n";
}

// An allocator arena for each thread of the HTTP server would only take memory.
void share_memory_between_threads() {
  ::mallopt(M_ARENA_MAX, 2);
}

const char* environment(const char* name) {
  return std::getenv(name);
}

Status serve(const ServeOptions& options, const ServeSettings& settings, const Arguments& flags,
             sinks::Output& diagnostics) {
  // First of all: a port that is taken shall not cost an attached kernel side.
  auto listeners = open_listeners(options);
  if (!listeners) return listeners.error();
  auto access = open_access(options);
  if (!access) return access.error();
  std::optional<ControlListener> control;
  if (!options.control.path.empty()) {
    auto opened = open_control(options.control);
    if (!opened) return opened.error();
    control = std::move(opened.value());
  }
  auto signals = system::CaughtSignals::open({SIGHUP, SIGUSR1});
  if (!signals) return signals.error();
  const auto opened = LiveRun::open(options.run, diagnostics);
  if (!opened) return opened.error();
  LiveRun& run = *opened.value();
  const auto read_again = [&flags] { return gather_settings(flags, environment); };
  Service service{options, settings, read_again, run, signals.value()};
  const Status began = run.begin(service);
  if (!began) return began;
  // The first census was the last thing that takes rights; threads start with what is left.
  const Status given_up = service.give_up_rights();
  if (!given_up) return given_up;
  service.turn(monotonic_now());
  if (control) service.open_control(std::move(*control));
  std::optional<system::HttpServer> server;
  server.emplace(
      std::move(listeners.value()),
      [&service](const system::HttpRequest& request) { return service.answer(request); },
      system::HttpLimits{}, std::move(access.value()));
  service.ready();
  const Status ran = run.run_until([&] {
    service.turn(monotonic_now());
    return false;
  });
  service.stopping();
  server.reset();
  const Status finished = run.finish();
  service.ended();
  return ran ? finished : ran;
}

}  // namespace

int run_serve(const Arguments& arguments) {
  const auto settings = gather_settings(arguments, environment);
  if (!settings) return report(settings.error());
  const auto options = serve_options(settings.value().arguments);
  if (!options) return report(options.error());
  if (arguments.has("print-config")) return print(settings_text(settings.value()));
  if (arguments.has("check-config")) return print(checked_text(settings.value()));
  share_memory_between_threads();
  sinks::Output diagnostics{STDERR_FILENO};
  const Status served = serve(options.value(), settings.value(), arguments, diagnostics);
  diagnostics.flush();
  return served ? kExitOk : report(served.error());
}

}  // namespace tcptwin::commands
