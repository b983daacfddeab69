// SPDX-License-Identifier: MIT
#include "sources/helper_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <string.h>

#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "system/unique_fd.h"

namespace tcptwin::sources {

namespace {

using system::UniqueFd;

constexpr bpf_insn kReturnZero = {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0};
constexpr bpf_insn kExit = {BPF_JMP | BPF_EXIT, 0, 0, 0, 0};
constexpr bpf_insn kLoadFirstArgument = {BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, 0, 0};

constexpr bpf_insn call(int helper) {
  return {BPF_JMP | BPF_CALL, 0, 0, 0, helper};
}

UniqueFd load_tracing(const std::vector<bpf_insn>& instructions, bpf_attach_type attach_type,
                      unsigned type) {
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.expected_attach_type = attach_type;
  options.attach_btf_id = type;
  return UniqueFd{bpf_prog_load(BPF_PROG_TYPE_TRACING, "tcptwin_probe", "GPL", instructions.data(),
                                instructions.size(), &options)};
}

ProbeOutcome refused(int error) {
  return {false, strerror(error)};
}

ProbeOutcome probe_load(const std::vector<bpf_insn>& instructions, bpf_attach_type attach_type,
                        std::optional<unsigned> type, const std::string& what) {
  if (!type) return {false, "this kernel has no " + what};
  const UniqueFd program = load_tracing(instructions, attach_type, *type);
  return program.is_open() ? ProbeOutcome{true, ""} : refused(errno);
}

}  // namespace

ProbeOutcome probe_tracepoint(const KernelBtf& kernel, const std::string& tracepoint) {
  return probe_load({kReturnZero, kExit}, BPF_TRACE_RAW_TP, kernel.tracepoint_type(tracepoint),
                    "tracepoint " + tracepoint);
}

bool can_read_socket_cookie(const KernelBtf& kernel) {
  return probe_load({kLoadFirstArgument, call(BPF_FUNC_get_socket_cookie), kReturnZero, kExit},
                    BPF_TRACE_RAW_TP, kernel.tracepoint_type("inet_sock_set_state"), "")
      .allowed;
}

bool can_name_symbols() {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_snprintf, nullptr) == 1;
}

ProbeOutcome probe_function_entry(const KernelBtf& kernel, const std::string& function) {
  const auto type = kernel.function_type(function);
  if (!type) return {false, "this kernel has no function " + function};
  const UniqueFd program = load_tracing({kReturnZero, kExit}, BPF_TRACE_FENTRY, *type);
  if (!program.is_open()) return refused(errno);
  const UniqueFd attachment{bpf_raw_tracepoint_open(nullptr, program.get())};
  return attachment.is_open() ? ProbeOutcome{true, ""} : refused(errno);
}

ProbeOutcome probe_iterator(const KernelBtf& kernel, const std::string& target) {
  return probe_load({kReturnZero, kExit}, BPF_TRACE_ITER,
                    kernel.function_type("bpf_iter_" + target), "iterator " + target);
}

ProbeOutcome probe_ring_buffer() {
  const UniqueFd map{
      bpf_map_create(BPF_MAP_TYPE_RINGBUF, "tcptwin_probe", 0, 0, 64 * 1024, nullptr)};
  return map.is_open() ? ProbeOutcome{true, ""} : refused(errno);
}

}  // namespace tcptwin::sources
