// SPDX-License-Identifier: MIT
// Any bytes as a request to the control socket, and as a service's answer.
#include <cstdint>
#include <string>
#include <string_view>

#include "commands/control_request.h"
#include "recorded_stream.h"
#include "sinks/finding_bytes.h"

namespace {

using tcptwin::fuzz::demand;

void ask(std::string_view line) {
  using namespace tcptwin::commands;
  const auto request = parse_request(line.substr(0, kRequestLimit));
  if (!request) {
    demand(!request.error().what.empty(), "a refusal says why");
    return;
  }
  const std::string again = request_line(request.value());
  demand(again.size() <= kRequestLimit, "what is understood can be asked");
  const auto same = parse_request(std::string_view{again}.substr(0, again.size() - 1));
  demand(same && same.value().kinds == request.value().kinds, "and means the same");
}

// What is understood can be sent on, and is the same bytes each time from then on.
void answer(std::string_view bytes) {
  using namespace tcptwin::sinks;
  FrameReader reader;
  reader.add(bytes);
  while (const auto message = reader.next()) {
    std::string once;
    if (!append_frame(once, *message)) continue;
    FrameReader second;
    second.add(once);
    const auto same = second.next();
    demand(same.has_value(), "what was written is read");
    std::string twice;
    append_frame(twice, *same);
    demand(once == twice, "and is the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  ask(text);
  // The words behind the build, which no fuzzer guesses.
  std::string line = tcptwin::commands::request_line({});
  line.resize(line.rfind(' ') + 1);
  ask(line.append(text));
  answer(text);
  return 0;
}
