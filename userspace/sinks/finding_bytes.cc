// SPDX-License-Identifier: MIT
#include "sinks/finding_bytes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "sinks/finding_fields.h"
#include "sinks/finding_writer.h"

namespace tcptwin::sinks {
namespace {

// To be counted up when a field is written in another way, so that no two builds mistake each
// other.
constexpr std::size_t kLayout = 2;

// Words that findings point to are few and fixed ("RFC 9293 3.10.4"); who sends others is no
// friend.
constexpr std::size_t kWordsLimit = 4096;
class Reader {
 public:
  using Words = std::set<std::string, std::less<>>;
  Reader(std::string_view bytes, Words& words) : bytes_(bytes), words_(words) {}

  template <typename... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  template <typename T, std::size_t N>
  void first_of(std::array<T, N>& values, std::size_t count) {
    if (count > N) is_good_ = false;
    for (std::size_t i = 0; i < std::min(count, N); ++i) get(values[i]);
  }
  bool is_good() const { return is_good_ && bytes_.empty(); }

 private:
  std::uint8_t byte() {
    if (bytes_.empty()) {
      is_good_ = false;
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      value |= std::uint64_t{part & 0x7fu} << shift;
      if ((part & 0x80u) == 0) return value;
    }
    is_good_ = false;
    return 0;
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > bytes_.size()) {
      is_good_ = false;
      return {};
    }
    const std::string_view found = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return found;
  }

  void copy(void* to, std::size_t count) {
    if (count > bytes_.size()) {
      is_good_ = false;
      return;
    }
    std::memcpy(to, bytes_.data(), count);
    bytes_.remove_prefix(count);
  }

  void get(bool& value) {
    const std::uint8_t found = byte();
    if (found > 1) is_good_ = false;
    value = found == 1;
  }
  template <Integer T>
  void get(T& value) {
    const std::uint64_t found = number();
    if (found > std::numeric_limits<T>::max()) is_good_ = false;
    value = static_cast<T>(found);
  }
  template <Enumeration T>
  void get(T& value) {
    const std::uint8_t found = byte();
    if (found > static_cast<std::uint8_t>(kLastOf<T>)) {
      is_good_ = false;
      return;
    }
    value = static_cast<T>(found);
  }
  void get(Duration& value) { value = Duration{unfolded(number())}; }
  void get(KernelTime& value) {
    std::int64_t since = 0;
    copy(&since, sizeof since);
    value = KernelTime{Duration{since}};
  }
  void get(SequenceNumber& value) {
    std::uint32_t number = 0;
    get(number);
    value = SequenceNumber{number};
  }
  void get(tracker::Comm& comm) { comm = tracker::Comm{text()}; }
  void get(std::string& value) { value = text(); }
  void get(std::string_view& value) {
    const std::string_view found = text();
    auto word = words_.find(found);
    if (word == words_.end() && words_.size() >= kWordsLimit) {
      is_good_ = false;
      return;
    }
    if (word == words_.end()) word = words_.emplace(found).first;
    value = *word;
  }
  template <typename T>
  void get(std::optional<T>& value) {
    bool is_there = false;
    get(is_there);
    if (is_there) get(value.emplace());
  }
  template <std::size_t N>
  void get(std::array<std::uint8_t, N>& bytes) {
    copy(bytes.data(), N);
  }
  template <typename T, std::size_t N>
  void get(std::array<T, N>& values) {
    for (T& value : values) get(value);
  }
  template <typename T>
  void get(std::vector<T>& values) {
    const std::uint64_t count = number();
    if (count > kElementsLimit) is_good_ = false;
    for (std::uint64_t i = 0; i < count && is_good_; ++i) get(values.emplace_back());
  }
  template <typename T>
  requires requires(T& value, Reader& reader) { fields(value, reader); }
  void get(T& value) { fields(value, *this); }

  std::string_view bytes_;
  Words& words_;
  bool is_good_ = true;
};

// What the fields are, one after the other, as a number (FNV-1a).
class Shape {
 public:
  template <typename... T>
  void operator()(const T&... values) {
    (take(values), ...);
  }
  template <typename T, std::size_t N>
  void first_of(const std::array<T, N>& values, std::size_t) {
    mark(0x600);
    take(values);
  }
  void mark(std::size_t value) { hash_ = (hash_ ^ static_cast<std::uint32_t>(value)) * 16777619u; }
  std::uint32_t hash() const { return hash_; }

 private:
  template <typename T>
  void take(const T&) {
    mark(sizeof(T));
  }
  template <Enumeration T>
  void take(const T&) {
    mark(0x100 + static_cast<std::size_t>(kLastOf<T>));
  }
  template <typename T>
  void take(const std::optional<T>&) {
    mark(0x200);
    take(T{});
  }
  template <typename T, std::size_t N>
  void take(const std::array<T, N>&) {
    mark(0x300 + N);
    take(T{});
  }
  template <typename T>
  void take(const std::vector<T>&) {
    mark(0x400);
    take(T{});
  }
  template <typename T>
  requires requires(const T& value, Shape& shape) { fields(value, shape); }
  void take(const T& value) {
    mark(0x500);
    fields(value, *this);
  }

  std::uint32_t hash_ = 2166136261u;
};

template <std::size_t... I>
std::uint32_t shape_of_all(std::index_sequence<I...>) {
  Shape shape;
  shape.mark(kLayout);
  (shape(std::variant_alternative_t<I, ServiceMessage>{}), ...);
  return shape.hash();
}

template <std::size_t... I>
void emplace_kind(ServiceMessage& message, std::size_t kind, std::index_sequence<I...>) {
  ((kind == I ? static_cast<void>(message.emplace<I>()) : static_cast<void>(0)), ...);
}

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = kFrameLength; i-- > 0;) {
    length = (length << 8) | static_cast<std::uint8_t>(bytes[i]);
  }
  return length;
}

// Counts that lengths and arrays are walked by.
bool is_sound(const ServiceMessage& message) {
  if (const auto* life = std::get_if<tracker::Life>(&message)) {
    return life->path_length <= life->path.size();
  }
  if (const auto* divergence = std::get_if<tracker::Divergence>(&message)) {
    return divergence->history_length <= divergence->history.size();
  }
  return true;
}

}  // namespace

TableRow table_row(const tracker::TwinView& twin) {
  TableRow row;
  row.connection = twin.connection;
  row.state = twin.state;
  row.entered = twin.entered;
  row.known_since = twin.known_since;
  row.owners = twin.owners;
  if (twin.last != nullptr) row.last = *twin.last;
  if (twin.kernel != nullptr) row.kernel = *twin.kernel;
  if (twin.listener != nullptr) row.listener = *twin.listener;
  row.other_end = twin.other_end;
  row.synack_retransmits = twin.synack_retransmits;
  row.is_orphan = twin.is_orphan;
  row.history.assign(twin.history.begin(), twin.history.end());
  return row;
}

tracker::TwinView view_of(const TableRow& row) {
  return {.connection = row.connection,
          .state = row.state,
          .entered = row.entered,
          .known_since = row.known_since,
          .owners = row.owners,
          .last = row.last ? &*row.last : nullptr,
          .kernel = row.kernel ? &*row.kernel : nullptr,
          .listener = row.listener ? &*row.listener : nullptr,
          .other_end = row.other_end,
          .synack_retransmits = row.synack_retransmits,
          .is_orphan = row.is_orphan,
          .history = row.history};
}

template <typename T>
std::size_t write_frame(std::span<char> room, const T& content) {
  constexpr std::size_t kHead = kFrameLength + 1;
  if (room.size() < kHead) return 0;
  room = room.first(std::min(room.size(), kFrameLength + kFrameLimit));
  Writer writer{room.subspan(kHead)};
  fields(content, writer);
  if (writer.is_full()) return 0;
  const auto size = static_cast<std::size_t>(writer.end() - room.data());
  room[kFrameLength] = static_cast<char>(kind_of<T>());
  std::size_t length = size - kFrameLength;
  for (std::size_t i = 0; i < kFrameLength; ++i, length >>= 8) {
    room[i] = static_cast<char>(length & 0xffu);
  }
  return size;
}
template std::size_t write_frame(std::span<char>, const NamedCgroup&);
template std::size_t write_frame(std::span<char>, const tracker::Step&);
template std::size_t write_frame(std::span<char>, const tracker::Life&);
template std::size_t write_frame(std::span<char>, const tracker::Stuck&);
template std::size_t write_frame(std::span<char>, const tracker::Divergence&);
template std::size_t write_frame(std::span<char>, const tracker::Loss&);
template std::size_t write_frame(std::span<char>, const tracker::Reconciliation&);

bool append_frame(std::string& bytes, const ServiceMessage& message) {
  const std::size_t begin = bytes.size();
  std::size_t size = 0;
  // Nearly all are short; room is cleared, so that little of it is quicker.
  for (const std::size_t room : {std::size_t{1024}, kFrameLength + kFrameLimit}) {
    bytes.resize(begin + room);
    const std::span<char> rest{bytes.data() + begin, room};
    size = std::visit([&](const auto& content) { return write_frame(rest, content); }, message);
    if (size != 0) break;
  }
  bytes.resize(begin + size);
  return size != 0;
}

std::optional<ServiceMessage> FrameReader::next() {
  const std::string_view rest = std::string_view{pending_}.substr(at_);
  if (is_damaged_ || rest.size() < kFrameLength) return std::nullopt;
  const std::size_t length = length_at(rest);
  if (length == 0 || length > kFrameLimit) {
    is_damaged_ = true;
    return std::nullopt;
  }
  if (rest.size() < kFrameLength + length) {
    pending_.erase(0, at_);
    at_ = 0;
    return std::nullopt;
  }
  auto message = read(rest.substr(kFrameLength, length));
  is_damaged_ = !message.has_value();
  at_ += kFrameLength + length;
  return message;
}

std::optional<ServiceMessage> FrameReader::read(std::string_view frame) {
  const auto kind = static_cast<std::uint8_t>(frame.front());
  if (kind >= kMessageKinds) return std::nullopt;
  ServiceMessage message;
  emplace_kind(message, kind, std::make_index_sequence<kMessageKinds>{});
  Reader reader{frame.substr(1), words_};
  std::visit([&](auto& content) { fields(content, reader); }, message);
  if (!reader.is_good() || !is_sound(message)) return std::nullopt;
  return message;
}

std::uint32_t message_shape() {
  return shape_of_all(std::make_index_sequence<kMessageKinds>{});
}

}  // namespace tcptwin::sinks
