// SPDX-License-Identifier: MIT
// Keeps what libbpf would print, so that it can become part of an error instead.
#pragma once

#include <string>

namespace tcptwin::sources {

// While one lives, libbpf's warnings in this thread are collected and nothing is printed.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  const std::string& text() const { return text_; }
  void clear() { text_.clear(); }
  // The program that the kernel refused last, as libbpf names it; "" if none.
  std::string refused_program() const;
  // The lines that say most, in at most `limit` characters.
  std::string excerpt(std::size_t limit = 300) const;

  void append(std::string_view line) { text_ += line; }

 private:
  std::string text_;
};

}  // namespace tcptwin::sources
