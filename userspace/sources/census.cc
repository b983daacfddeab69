// SPDX-License-Identifier: MIT
#include "sources/census.h"

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tcptwin::sources {

namespace {

// More than the kernel prepares for one read (eight pages).
constexpr std::size_t kReadBytes = 128 * 1024;

KernelTime monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return KernelTime{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

std::span<const std::byte> bytes_of(const tcptwin_census& mark) {
  return std::as_bytes(std::span{&mark, 1});
}

// The record at the front; empty if what is there cannot be one.
std::span<const std::byte> first_record(std::span<const std::byte> bytes) {
  tcptwin_header header;
  if (bytes.size() < sizeof header) return {};
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.size < sizeof header || header.size > bytes.size()) return {};
  return bytes.first(header.size);
}

// As many bytes at the front as are whole records.
std::size_t whole_records(std::span<const std::byte> bytes) {
  std::size_t whole = 0;
  for (;;) {
    const auto record = first_record(bytes.subspan(whole));
    if (record.empty()) return whole;
    whole += record.size();
  }
}

}  // namespace

void Census::mark(tcptwin_census_phase phase, std::uint32_t netns, int error) {
  tcptwin_census mark{};
  ended_ = monotonic_now();
  mark.header.time_ns = static_cast<std::uint64_t>(to_ns(ended_));
  mark.header.kind = TCPTWIN_CENSUS;
  mark.header.size = sizeof mark;
  mark.header.version = TCPTWIN_WIRE_VERSION;
  mark.number = plan_.number;
  mark.netns = netns;
  mark.error = static_cast<std::uint32_t>(error);
  mark.phase = static_cast<std::uint8_t>(phase);
  mark.is_filtered = plan_.is_filtered ? 1 : 0;
  const auto bytes = bytes_of(mark);
  records_.insert(records_.end(), bytes.begin(), bytes.end());
}

bool Census::keep(std::span<const std::byte> records) {
  if (records_.size() + records.size() > plan_.most_bytes) return false;
  records_.insert(records_.end(), records.begin(), records.end());
  return true;
}

// Gives 0, or the errno that ended the listing early.
int Census::read_all(const system::UniqueFd& listing) {
  std::vector<std::byte> block(kReadBytes);
  std::size_t cut = 0;  // bytes at the front of a record whose rest is still to come
  while (cut < block.size()) {
    const ssize_t size = ::read(listing.get(), block.data() + cut, block.size() - cut);
    // EAGAIN: a million objects were passed over without one that is listed.
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return errno;
    if (size == 0) return cut == 0 ? 0 : EPROTO;
    const auto bytes = std::span{block}.first(cut + static_cast<std::size_t>(size));
    const std::size_t whole = whole_records(bytes);
    if (!keep(bytes.first(whole))) return ENOBUFS;
    cut = bytes.size() - whole;
    std::memmove(block.data(), block.data() + whole, cut);
    if (plan_.pause) plan_.pause();
  }
  return EPROTO;
}

// The kernel side remembers what it lists on this way. Nothing of it is kept: after the sockets,
// list_holders() asks again.
void Census::select_by_holders() const {
  if (!plan_.holders_select || !plan_.holders) return;
  const system::UniqueFd listing = plan_.holders();
  std::vector<std::byte> block(kReadBytes);
  for (ssize_t size = 1; listing.is_open() && size != 0;) {
    size = ::read(listing.get(), block.data(), block.size());
    if (size < 0 && errno != EINTR && errno != EAGAIN) return;
  }
}

Status Census::visit(const HomeNamespace& home, const FoundNamespace& there) {
  system::UniqueFd listing;
  int refusal = 0;
  // Only opened there: a listing stays with the namespace it was opened in, and is read at home.
  const auto entered = home.work_in(there, [&] {
    listing = plan_.sockets();
    if (!listing.is_open()) refusal = errno;
  });
  if (!entered) return entered.error();
  if (entered.value() != 0) refusal = entered.value();
  if (refusal == 0) refusal = read_all(listing);
  if (refusal == 0) {
    mark(TCPTWIN_CENSUS_NAMESPACE, there.inode);
  } else {
    mark(TCPTWIN_CENSUS_REFUSED, there.inode, refusal);
  }
  return Done{};
}

void Census::list_holders() {
  if (!plan_.holders) return;
  const system::UniqueFd listing = plan_.holders();
  if (listing.is_open() && read_all(listing) == 0) mark(TCPTWIN_CENSUS_HOLDERS);
}

Status Census::walk() {
  mark(TCPTWIN_CENSUS_BEGAN);
  if (!plan_.sockets) {
    mark(TCPTWIN_CENSUS_REFUSED, 0, ENOSYS);
  } else {
    const auto home = HomeNamespace::open();
    if (!home) return home.error();
    select_by_holders();
    const auto walked = for_each_network_namespace(
        plan_.search, [&](const FoundNamespace& there) { return visit(home.value(), there); });
    if (!walked) return walked.error();
    list_holders();
  }
  mark(TCPTWIN_CENSUS_ENDED);
  return Done{};
}

void Census::deliver(RecordHandler& handler) const {
  std::span<const std::byte> rest{records_};
  while (!rest.empty()) {
    const auto record = first_record(rest);
    handler.on_record(record);
    rest = rest.subspan(record.size());
  }
}

void Census::deliver_refusal(int error, RecordHandler& handler) const {
  std::span<const std::byte> rest{records_};
  while (!rest.empty()) {
    const auto record = first_record(rest);
    rest = rest.subspan(record.size());
    tcptwin_census mark;
    if (record.size() != sizeof mark) continue;
    std::memcpy(&mark, record.data(), sizeof mark);
    if (mark.header.kind != TCPTWIN_CENSUS || mark.phase == TCPTWIN_CENSUS_HOLDERS) continue;
    if (mark.phase == TCPTWIN_CENSUS_NAMESPACE) {
      mark.phase = TCPTWIN_CENSUS_REFUSED;
      mark.error = static_cast<std::uint32_t>(error);
    }
    handler.on_record(bytes_of(mark));
  }
}

}  // namespace tcptwin::sources
