// SPDX-License-Identifier: MIT
// A command's side of a service's control socket: finds the service, asks, reads the answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "commands/control_request.h"
#include "commands/live_options.h"
#include "sinks/finding_bytes.h"
#include "system/unique_fd.h"

namespace tcptwin::commands {

// TCPTWIN_CONTROL_SOCKET, or /run/tcptwin/control.sock.
std::string usual_control_socket();

class ServiceClient {
 public:
  // Connects, asks, and reads the first word of the answer.
  static Result<ServiceClient> ask(const std::string& path, const ControlRequest& request);

  const sinks::ServiceHead& head() const { return head_; }
  const std::string& path() const { return path_; }

  // The next message; nullopt if none came within `wait`. An Error once the service is gone.
  Result<std::optional<sinks::ServiceMessage>> next(std::chrono::milliseconds wait);

 private:
  ServiceClient(std::string path, system::UniqueFd socket)
      : path_(std::move(path)), socket_(std::move(socket)) {}
  Status read_head();
  Error gone(std::string_view how) const;

  std::string path_;
  system::UniqueFd socket_;
  sinks::FrameReader frames_;
  sinks::ServiceHead head_;
};

// Asks if that is what shall be, and can be done. No client and no Error: watch ourselves;
// `why_not`, if set, is why the service did not answer, in case that we cannot watch either.
struct FoundService {
  std::optional<ServiceClient> client;
  std::optional<Error> why_not;
};
Result<FoundService> find_service(const ServiceChoice& choice, const ControlRequest& request);

// What to say if we cannot watch ourselves: the better of two reasons.
Error cannot_watch(const Error& ours, const std::optional<Error>& why_not_asked);

}  // namespace tcptwin::commands
