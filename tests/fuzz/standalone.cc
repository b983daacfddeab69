// SPDX-License-Identifier: MIT
// Stands in for libFuzzer where the compiler has none: every file of a folder as one input, then a
// fixed number of alterations of each, the same on every run.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr int kAlterationsPerSeed = 400;

Bytes read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return Bytes{std::istreambuf_iterator<char>{file}, {}};
}

void run(const Bytes& input) {
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

// Flips bytes, then sometimes repeats, drops or cuts off a stretch.
Bytes alter(Bytes bytes, std::mt19937& random) {
  if (bytes.empty()) bytes.resize(64);
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  for (std::size_t flips = below(8); flips > 0; --flips) {
    bytes[below(bytes.size())] = static_cast<std::uint8_t>(random());
  }
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size()));
  const auto last =
      first + static_cast<std::ptrdiff_t>(below(static_cast<std::size_t>(bytes.end() - first) + 1));
  switch (below(4)) {
    case 0:
      bytes.erase(first, last);
      break;
    case 1: {
      const Bytes stretch{first, last};
      bytes.insert(bytes.end(), stretch.begin(), stretch.end());
      break;
    }
    case 2:
      bytes.erase(last, bytes.end());
      break;
    default:
      break;
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Bytes> seeds = {Bytes{}, Bytes(2048)};
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{argv[i]}) {
      if (entry.is_regular_file()) seeds.push_back(read(entry.path()));
    }
  }
  std::mt19937 random{9293};
  for (const Bytes& seed : seeds) {
    run(seed);
    for (int i = 0; i < kAlterationsPerSeed; ++i) run(alter(seed, random));
  }
  std::printf("%zu seeds, %d alterations of each\n", seeds.size(), kAlterationsPerSeed);
  return 0;
}
