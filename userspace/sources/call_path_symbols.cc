// SPDX-License-Identifier: MIT
#include "sources/call_path_symbols.h"

#include <string.h>

#include <algorithm>
#include <array>

#ifdef TCPTWIN_WITH_BCC
#include <unistd.h>

#include <bcc/bcc_syms.h>
#endif

namespace tcptwin::sources {

namespace {

std::string_view name_of(const tcptwin_call_path& path, std::size_t frame) {
  return {path.names[frame], ::strnlen(path.names[frame], TCPTWIN_SYMBOL_LENGTH)};
}

template <std::size_t N>
bool begins_with_any(std::string_view name, const std::array<std::string_view, N>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

#ifdef TCPTWIN_WITH_BCC

// BCC's symbol cache of the kernel (process id -1).
struct CallPathSymbols::Cache {
  struct Free {
    void operator()(void* symbols) const { bcc_free_symcache(symbols, -1); }
  };
  std::unique_ptr<void, Free> content{bcc_symcache_new(-1, nullptr)};
};

bool CallPathSymbols::can_symbolise() {
  return ::geteuid() == 0;
}

void CallPathSymbols::name_frames(tcptwin_call_path& path) {
  const std::size_t frames = std::min<std::size_t>(path.frames, TCPTWIN_CALL_PATH_FRAMES);
  for (std::size_t i = 0; i < frames; ++i) {
    if (path.names[i][0] != '\0' || !can_symbolise()) continue;
    if (!cache_) cache_ = std::make_unique<Cache>();
    bcc_symbol symbol{};
    if (bcc_symcache_resolve_no_demangle(cache_->content.get(), path.addresses[i], &symbol) != 0 ||
        symbol.name == nullptr) {
      continue;
    }
    ::strncpy(path.names[i], symbol.name, TCPTWIN_SYMBOL_LENGTH - 1);
  }
  keep_cause(path);
}

#else

struct CallPathSymbols::Cache {};

bool CallPathSymbols::can_symbolise() {
  return false;
}

void CallPathSymbols::name_frames(tcptwin_call_path& path) {
  keep_cause(path);
}

#endif

CallPathSymbols::CallPathSymbols() = default;
CallPathSymbols::~CallPathSymbols() = default;
CallPathSymbols::CallPathSymbols(CallPathSymbols&&) noexcept = default;
CallPathSymbols& CallPathSymbols::operator=(CallPathSymbols&&) noexcept = default;

bool is_tracing_frame(std::string_view name) {
  constexpr std::array<std::string_view, 6> kMachinery = {"bpf_prog_",     "bpf_trampoline_",
                                                          "bpf_trace_run", "__bpf_trace_",
                                                          "__traceiter_",  "bpf_get_stack"};
  return begins_with_any(name, kMachinery);
}

bool is_softirq_boundary(std::string_view name) {
  constexpr std::array<std::string_view, 7> kEntries = {
      "__do_softirq", "handle_softirqs", "do_softirq",          "__irq_exit_rcu",
      "irq_exit",     "run_ksoftirqd",   "__local_bh_enable_ip"};
  return begins_with_any(name, kEntries);
}

void keep_cause(tcptwin_call_path& path) {
  const std::size_t frames = std::min<std::size_t>(path.frames, TCPTWIN_CALL_PATH_FRAMES);
  std::size_t first = 0;
  while (first < frames && is_tracing_frame(name_of(path, first))) ++first;
  std::size_t end = first;
  while (end < frames && !is_softirq_boundary(name_of(path, end))) ++end;
  tcptwin_call_path kept = path;
  ::memset(kept.addresses, 0, sizeof kept.addresses);
  ::memset(kept.names, 0, sizeof kept.names);
  kept.frames = static_cast<std::uint32_t>(end - first);
  for (std::size_t i = first; i < end; ++i) {
    kept.addresses[i - first] = path.addresses[i];
    ::memcpy(kept.names[i - first], path.names[i], sizeof kept.names[0]);
  }
  path = kept;
}

}  // namespace tcptwin::sources
