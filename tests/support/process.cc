// SPDX-License-Identifier: MIT
#include "support/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>

namespace tcptwin::testing {
namespace {

[[noreturn]] void run_child(const std::string& comm,
                            const std::function<void(const Process::Ready&)>& body, int ready) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, comm.c_str());
  try {
    body([ready] {
      const char mark = 'r';
      if (write(ready, &mark, 1) != 1) throw std::system_error(errno, std::generic_category());
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", comm.c_str(), error.what());
    _exit(1);
  }
  _exit(0);
}

int status_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Process::Process(const std::string& comm, const std::function<void(const Ready&)>& body) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    close(ends[0]);
    run_child(comm, body, ends[1]);
  }
  close(ends[1]);
  char mark = 0;
  while (read(ends[0], &mark, 1) < 0 && errno == EINTR) continue;
  close(ends[0]);
}

Process::~Process() {
  kill();
}

void Process::kill() {
  if (has_ended()) return;
  ::kill(pid_, SIGKILL);
  wait();
}

int Process::wait() {
  while (!status_) {
    int status = 0;
    if (waitpid(pid_, &status, 0) == pid_) status_ = status_of(status);
  }
  return *status_;
}

bool Process::has_ended() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status_of(status);
  return status_.has_value();
}

Gate::Gate() {
  if (pipe(ends_.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
}

Gate::~Gate() {
  for (const int end : ends_) close(end);
}

void Gate::open() const {
  const char mark = 'o';
  if (write(ends_[1], &mark, 1) != 1) throw std::system_error(errno, std::generic_category());
}

void Gate::wait() const {
  char mark = 0;
  while (read(ends_[0], &mark, 1) < 0 && errno == EINTR) continue;
}

}  // namespace tcptwin::testing
