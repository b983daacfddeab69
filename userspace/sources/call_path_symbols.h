// SPDX-License-Identifier: MIT
// Names for the frames of kernel call paths, by BCC's symboliser where it works.
#pragma once

#include <memory>
#include <string_view>

#include "tcptwin/wire.h"

namespace tcptwin::sources {

class CallPathSymbols {
 public:
  CallPathSymbols();
  ~CallPathSymbols();
  CallPathSymbols(CallPathSymbols&&) noexcept;
  CallPathSymbols& operator=(CallPathSymbols&&) noexcept;

  // Built with BCC, and allowed: BCC reads kallsyms for effective user id 0 only. If not, the
  // kernel side must name the frames itself.
  static bool can_symbolise();

  // Names the frames that have no name yet, then keeps the part that tells the cause: without the
  // tracing machinery's own frames, and up to the first softirq, beyond which the stack belongs to
  // whoever was interrupted. The symbols are read at the first call (about 0.1 s and 26 MB).
  void name_frames(tcptwin_call_path& path);

 private:
  struct Cache;
  std::unique_ptr<Cache> cache_;
};

// Frames of the tracing machinery.
bool is_tracing_frame(std::string_view name);
// Where the kernel begins to serve a softirq.
bool is_softirq_boundary(std::string_view name);
// Drops both kinds from a path whose frames have names.
void keep_cause(tcptwin_call_path& path);

}  // namespace tcptwin::sources
