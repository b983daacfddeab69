// SPDX-License-Identifier: MIT
// A small HTTP server for what a service shows of itself. cpp-httplib reads requests and writes
// answers; connections, deadlines and bounds are ours, so that nobody can hold the door shut. Runs
// on threads of its own, with low priority.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "system/unique_fd.h"
#include "system/web_access.h"

namespace tcptwin::system {

struct HttpRequest {
  std::string method;  // "GET" or "HEAD"
  std::string path;    // without query
};

struct HttpAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Called on several threads at once.
using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;

struct HttpLimits {
  // Over the network, and as many over unix sockets. At the bound the one that has waited longest
  // without sending a whole request is closed; new ones wait outside until it has had its chance.
  std::size_t connections = 128;
  std::size_t request_bytes = 16 * 1024;         // request line and headers
  std::chrono::milliseconds request_time{5000};  // from a request's first byte to its last
  std::chrono::milliseconds answer_time{10'000};
  std::chrono::milliseconds idle_time{90'000};  // between two requests of a connection
};

class HttpServer {
 public:
  // Begins to answer at once. To be called when the process is as privileged as its threads may be.
  // `access`, which may be null, is asked for all but unix sockets, which files protect.
  HttpServer(std::vector<UniqueFd> listeners, HttpHandler handler, HttpLimits limits = {},
             std::unique_ptr<WebAccess> access = nullptr);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Closes all connections and waits for the threads.
  ~HttpServer();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tcptwin::system
