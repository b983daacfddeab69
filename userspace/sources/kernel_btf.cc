// SPDX-License-Identifier: MIT
#include "sources/kernel_btf.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

namespace tcptwin::sources {

namespace {

std::optional<unsigned> find(const btf* content, const std::string& name, unsigned kind) {
  if (content == nullptr) return std::nullopt;
  const int id = btf__find_by_name_kind(content, name.c_str(), kind);
  if (id <= 0) return std::nullopt;
  return static_cast<unsigned>(id);
}

}  // namespace

void KernelBtf::Free::operator()(btf* content) const {
  btf__free(content);
}

KernelBtf KernelBtf::load() {
  btf* content = btf__load_vmlinux_btf();
  return KernelBtf{libbpf_get_error(content) == 0 ? content : nullptr};
}

std::optional<unsigned> KernelBtf::tracepoint_type(const std::string& tracepoint) const {
  return find(btf_.get(), "btf_trace_" + tracepoint, BTF_KIND_TYPEDEF);
}

std::optional<unsigned> KernelBtf::function_type(const std::string& function) const {
  return find(btf_.get(), function, BTF_KIND_FUNC);
}

const btf_type* KernelBtf::prototype(const std::string& function) const {
  const auto id = function_type(function);
  if (!id) return nullptr;
  const btf_type* type = btf__type_by_id(btf_.get(), *id);
  type = btf__type_by_id(btf_.get(), type->type);
  return type != nullptr && btf_is_func_proto(type) ? type : nullptr;
}

std::optional<unsigned> KernelBtf::function_arguments(const std::string& function) const {
  const btf_type* type = prototype(function);
  if (type == nullptr) return std::nullopt;
  return btf_vlen(type);
}

bool KernelBtf::function_returns(const std::string& function) const {
  const btf_type* type = prototype(function);
  return type != nullptr && type->type != 0;
}

// typedef void (*btf_trace_X)(void *, arguments...): the first one is the tracepoint's own.
std::optional<unsigned> KernelBtf::tracepoint_arguments(const std::string& tracepoint) const {
  const auto id = tracepoint_type(tracepoint);
  if (!id) return std::nullopt;
  const btf_type* type = btf__type_by_id(btf_.get(), *id);
  type = btf__type_by_id(btf_.get(), type->type);
  if (type == nullptr || !btf_is_ptr(type)) return std::nullopt;
  type = btf__type_by_id(btf_.get(), type->type);
  if (type == nullptr || !btf_is_func_proto(type) || btf_vlen(type) == 0) return std::nullopt;
  return btf_vlen(type) - 1u;
}

}  // namespace tcptwin::sources
