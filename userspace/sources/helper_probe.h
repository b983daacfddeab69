// SPDX-License-Identifier: MIT
// Tries out what the running kernel lets a BPF program do, by loading programs of a few
// instructions. Nothing is attached and nothing runs.
#pragma once

#include <string>

#include "sources/kernel_btf.h"

namespace tcptwin::sources {

struct ProbeOutcome {
  bool allowed = false;
  std::string reason;  // why not, else ""
};

// A tp_btf program on `tracepoint` that does nothing.
ProbeOutcome probe_tracepoint(const KernelBtf& kernel, const std::string& tracepoint);
// bpf_get_socket_cookie in a tp_btf program (5.12).
bool can_read_socket_cookie(const KernelBtf& kernel);
// bpf_snprintf with %ps (5.13).
bool can_name_symbols();
// An fentry program on `function`, attached for a moment: some hosts refuse the attachment only.
ProbeOutcome probe_function_entry(const KernelBtf& kernel, const std::string& function);
// An iterator program over `target` ("tcp", "task_file").
ProbeOutcome probe_iterator(const KernelBtf& kernel, const std::string& target);
ProbeOutcome probe_ring_buffer();

}  // namespace tcptwin::sources
