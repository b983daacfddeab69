// SPDX-License-Identifier: MIT
// Recordings for tests: made by the real recorder, read by the real source.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sources/recorder.h"
#include "sources/recording_source.h"
#include "unit/sources/golden_record.h"

namespace tcptwin::testing {

using sources::Bytes;

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tcptwin-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline Bytes read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

inline void write_file(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream file{path, std::ios::binary};
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// Everything a handler was given.
struct Delivered final : sources::RecordHandler {
  std::vector<Bytes> records;
  std::uint64_t lost = 0;
  void on_record(std::span<const std::byte> record) override {
    records.emplace_back(record.begin(), record.end());
  }
  void on_lost(std::uint64_t count) override { lost += count; }
};

inline sources::RecordingFacts some_facts() {
  sources::RecordingFacts facts;
  facts.start = facts.opened = KernelTime{std::chrono::seconds{100}};
  facts.realtime_minus_monotonic = std::chrono::hours{24 * 365 * 50};
  facts.utc_offset = std::chrono::hours{1};
  facts.host = "web1";
  facts.kernel = "6.1.0-18-amd64";
  return facts;
}

// All golden records, over and over.
inline std::vector<Bytes> golden_stream(std::size_t rounds) {
  std::vector<Bytes> all;
  for (const std::string& name : golden_record_names()) all.push_back(read_golden_record(name));
  std::vector<Bytes> stream;
  for (std::size_t round = 0; round < rounds; ++round) {
    stream.insert(stream.end(), all.begin(), all.end());
  }
  return stream;
}

// Records a stream, a turn after each `per_turn` records.
inline sources::RecordingReport record(const std::vector<Bytes>& stream,
                                       sources::RecorderOptions options,
                                       const sources::RecordingFacts& facts = some_facts(),
                                       std::size_t per_turn = 10) {
  auto recorder = sources::Recorder::open(std::move(options), facts);
  if (!recorder) throw std::runtime_error{recorder.error().what};
  KernelTime now = facts.start;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    recorder.value()->on_record(stream[i]);
    now += std::chrono::milliseconds{1};
    if (i % per_turn == per_turn - 1) recorder.value()->end_turn(now);
  }
  recorder.value()->begin_finish(now);
  return recorder.value()->finish(now + std::chrono::seconds{1}, 0);
}

inline sources::RecordingReport record(const std::vector<Bytes>& stream, const std::string& path) {
  sources::RecorderOptions options;
  options.path = path;
  return record(stream, std::move(options));
}

// Bytes as a source would read them, in odd portions.
inline sources::ReadBytes reader_of(const Bytes& bytes) {
  return [&bytes, at = std::size_t{0}](std::span<std::byte> room) mutable -> std::ptrdiff_t {
    const std::size_t size = std::min({room.size(), bytes.size() - at, std::size_t{4093}});
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, room.begin());
    at += size;
    return static_cast<std::ptrdiff_t>(size);
  };
}

// Replays to the end; every turn once.
inline void replay(sources::RecordingSource& source, sources::RecordHandler& handler) {
  while (!source.is_exhausted() && !source.is_finishing()) {
    static_cast<void>(source.poll(std::chrono::milliseconds{0}, handler));
  }
  source.finish(handler);
}

}  // namespace tcptwin::testing
