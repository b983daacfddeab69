// SPDX-License-Identifier: MIT
// Records that decode accepts, in an order no kernel would produce: whatever the bytes say is bent
// into a well-formed record, so that the fuzzer spends its time in the tracker.
#include <algorithm>
#include <array>
#include <vector>

#include "pipeline.h"
#include "recorded_stream.h"
#include "sources/decode.h"

namespace {

using namespace tcptwin;

// The well-formed record nearest to some bytes.
class Straightener {
 public:
  std::vector<std::byte> straighten(std::span<const std::byte> bytes) {
    tcptwin_header header{};
    std::memcpy(&header, bytes.data(), std::min(bytes.size(), sizeof(header)));
    header.kind = static_cast<std::uint16_t>(1 + (header.kind - 1u) % kSizes.size());
    header.size = kSizes[header.kind - 1];
    header.version = TCPTWIN_WIRE_VERSION;
    header.time_ns = time_ns_ = later_time(header.time_ns);

    std::vector<std::byte> record(header.size);
    std::copy_n(bytes.begin(), std::min(bytes.size(), record.size()), record.begin());
    std::memcpy(record.data(), &header, sizeof(header));
    switch (header.kind) {
      case TCPTWIN_STATE_CHANGE:
        edit<tcptwin_state_change>(record, [](tcptwin_state_change& change) {
          straighten_socket(change.socket, TCPTWIN_FULL_SOCKET);
          change.old_state = full_socket_state(change.old_state);
          change.new_state = full_socket_state(change.new_state);
          change.evidence.shutdown &= 3;
          change.actor.context %= 3;
        });
        break;
      case TCPTWIN_TIME_WAIT_TIMER:
      case TCPTWIN_REQUEST_TIMER:
        edit<tcptwin_timer_event>(record, [&header](tcptwin_timer_event& timer) {
          straighten_socket(timer.socket, header.kind == TCPTWIN_TIME_WAIT_TIMER
                                              ? TCPTWIN_MINISOCKET
                                              : TCPTWIN_REQUEST_SOCKET);
          timer.operation = static_cast<std::uint8_t>(1 + timer.operation % 3);
        });
        break;
      case TCPTWIN_CALL_PATH:
        edit<tcptwin_call_path>(record, [](tcptwin_call_path& path) {
          path.id |= 1;
          path.frames %= TCPTWIN_CALL_PATH_FRAMES + 1;
          for (auto& name : path.names) name[TCPTWIN_SYMBOL_LENGTH - 1] = '\0';
        });
        break;
      case TCPTWIN_STATUS:
      case TCPTWIN_SOCKET_HOLDER:
        break;
      case TCPTWIN_EXISTING_SOCKET:
        edit<tcptwin_existing_socket>(record, straighten_existing);
        break;
      case TCPTWIN_CENSUS:
        edit<tcptwin_census>(record, [](tcptwin_census& mark) {
          mark.phase = static_cast<std::uint8_t>(1 + mark.phase % TCPTWIN_CENSUS_ENDED);
          mark.is_filtered &= 1;
        });
        break;
      case TCPTWIN_MINISOCKET_SEGMENT:
        edit<tcptwin_socket_event>(record, [](tcptwin_socket_event& event) {
          straighten_socket(event.socket, TCPTWIN_MINISOCKET);
          event.has_segment &= 1;
        });
        break;
      default:
        edit<tcptwin_socket_event>(record, [](tcptwin_socket_event& event) {
          straighten_socket(event.socket, static_cast<tcptwin_socket_kind>(event.socket.kind % 3));
          event.has_segment &= 1;
        });
    }
    return record;
  }

 private:
  static constexpr std::uint64_t kSecond = 1'000'000'000;
  // By record kind.
  static constexpr std::array<std::uint16_t, 15> kSizes = {
      sizeof(tcptwin_state_change),    sizeof(tcptwin_socket_event),  sizeof(tcptwin_socket_event),
      sizeof(tcptwin_socket_event),    sizeof(tcptwin_socket_event),  sizeof(tcptwin_socket_event),
      sizeof(tcptwin_socket_event),    sizeof(tcptwin_timer_event),   sizeof(tcptwin_timer_event),
      sizeof(tcptwin_socket_event),    sizeof(tcptwin_call_path),     sizeof(tcptwin_status),
      sizeof(tcptwin_existing_socket), sizeof(tcptwin_socket_holder), sizeof(tcptwin_census)};

  template <typename Record, typename Change>
  static void edit(std::vector<std::byte>& bytes, Change change) {
    Record record{};
    std::memcpy(&record, bytes.data(), sizeof(record));
    change(record);
    std::memcpy(bytes.data(), &record, sizeof(record));
  }

  // A plausible successor of the last time is kept; any other becomes a step of under a second.
  std::uint64_t later_time(std::uint64_t time_ns) const {
    if (time_ns >= time_ns_ && time_ns - time_ns_ < 120 * kSecond) return time_ns;
    return time_ns_ + time_ns % kSecond;
  }

  // Few sockets, so that records meet; addresses as a kernel has them, which no cookie equals.
  static void straighten_socket(tcptwin_socket& socket, tcptwin_socket_kind kind) {
    socket.kind = static_cast<std::uint8_t>(kind);
    socket.substate = static_cast<std::uint8_t>(5 + socket.substate % 2);
    socket.cookie &= 7;
    socket.address = 0xffff'8880'0000'0000u | (socket.address & 7) << 6;
    socket.family = socket.family % 2 == 0 ? 2 : 10;
    socket.state = static_cast<std::uint8_t>(1 + (socket.state - 1u) % 12);
    socket.local_port &= 3;
    socket.remote_port &= 3;
    std::memset(socket.local_address, 0, sizeof(socket.local_address));
    std::memset(socket.remote_address, 0, sizeof(socket.remote_address));
  }

  // A socket that its kind can be, and times within a day.
  static void straighten_existing(tcptwin_existing_socket& existing) {
    constexpr std::uint64_t kDay = 86'400 * kSecond;
    const auto kind = static_cast<tcptwin_socket_kind>(existing.socket.kind % 3);
    straighten_socket(existing.socket, kind);
    existing.socket.state = kind == TCPTWIN_MINISOCKET       ? 6
                            : kind == TCPTWIN_REQUEST_SOCKET ? 12
                                                             : living_state(existing.socket.state);
    existing.evidence.shutdown &= 3;
    existing.timer = static_cast<std::uint8_t>(existing.timer % (TCPTWIN_TIMER_PROBE + 1));
    existing.timer_ns %= static_cast<std::int64_t>(kDay);
    existing.last_segment_ns %= kDay;
    existing.began_ns %= kDay;
  }

  // iter/tcp lists no socket that is closed.
  static std::uint8_t living_state(std::uint8_t state) {
    state = full_socket_state(state);
    return state == 7 ? 1 : state;
  }

  // Any state but TIME_WAIT (6) and NEW_SYN_RECV (12), which no full socket can be in.
  static std::uint8_t full_socket_state(std::uint8_t state) {
    state = static_cast<std::uint8_t>(1 + (state - 1u) % 11);
    return state == 6 ? 7 : state;
  }

  std::uint64_t time_ns_ = kSecond;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tracker::Tracker tracker{fuzz::kTightLimits};
  fuzz::CountingFindings findings;
  Pipeline pipeline{tracker, findings};
  Straightener straightener;
  auto bytes = std::as_bytes(std::span{data, size});
  while (!bytes.empty()) {
    const auto record = fuzz::next_record(bytes);
    const auto straight = straightener.straighten(record);
    fuzz::demand(std::holds_alternative<tracker::Observation>(sources::decode(straight)),
                 "a well-formed record is decoded");
    pipeline.on_record(straight);
    bytes = bytes.subspan(record.size());
  }
  tracker.finish(findings);
  findings.check(tracker);
  return 0;
}
