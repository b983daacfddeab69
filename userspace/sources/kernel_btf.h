// SPDX-License-Identifier: MIT
// What the running kernel's type information says about tracepoints and types.
#pragma once

#include <memory>
#include <optional>
#include <string>

struct btf;
struct btf_type;

namespace tcptwin::sources {

class KernelBtf {
 public:
  // From /sys/kernel/btf/vmlinux; is_present() is false if the kernel has none.
  static KernelBtf load();

  bool is_present() const { return btf_ != nullptr; }
  // The number of arguments of a tracepoint's prototype; nullopt if it does not exist.
  std::optional<unsigned> tracepoint_arguments(const std::string& tracepoint) const;
  // The type by which a tp_btf program names its tracepoint; nullopt if it does not exist.
  std::optional<unsigned> tracepoint_type(const std::string& tracepoint) const;
  std::optional<unsigned> function_type(const std::string& function) const;
  // The number of arguments of a function; nullopt if it does not exist, or only inside others.
  std::optional<unsigned> function_arguments(const std::string& function) const;
  // It exists and returns something.
  bool function_returns(const std::string& function) const;

 private:
  struct Free {
    void operator()(btf* content) const;
  };
  explicit KernelBtf(btf* content) : btf_(content) {}

  const btf_type* prototype(const std::string& function) const;

  std::unique_ptr<btf, Free> btf_;
};

}  // namespace tcptwin::sources
