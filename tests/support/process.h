// SPDX-License-Identifier: MIT
// A child process with a name of its own, so that tests can ask whose doing a state change was.
#pragma once

#include <sys/types.h>

#include <array>
#include <functional>
#include <optional>
#include <string>

namespace tcptwin::testing {

class Process {
 public:
  // Runs `body` in a child called `comm`; an exception there ends it with status 1. The child
  // shows that it is ready by calling the function it is given; the constructor waits for that,
  // or for the child's end.
  using Ready = std::function<void()>;
  Process(const std::string& comm, const std::function<void(const Ready&)>& body);
  ~Process();  // kills and reaps
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void kill();  // SIGKILL, and waits for the end
  int wait();   // the exit status, or 128 + signal
  bool has_ended();

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// Holds processes back until the test opens it.
class Gate {
 public:
  Gate();
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void open() const;
  void wait() const;

 private:
  std::array<int, 2> ends_{};
};

}  // namespace tcptwin::testing
