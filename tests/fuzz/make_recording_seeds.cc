// SPDX-License-Identifier: MIT
// make_recording_seeds FOLDER: recordings for the fuzzers, made by the real recorder.
#include <iostream>

#include "unit/sources/recording_bytes.h"

int main(int count, char** words) {
  using namespace tcptwin;
  if (count != 2) {
    std::cerr << "usage: make_recording_seeds FOLDER\n";
    return 2;
  }
  const std::string folder{words[1]};
  const auto stream = testing::golden_stream(1);
  testing::record(stream, folder + "/recording_packed");
  sources::RecorderOptions options;
  options.path = folder + "/recording_plain";
  options.writer.compression = sources::Compression::None;
  sources::RecordingFacts facts = testing::some_facts();
  facts.filter.local_ports = {80, 443};
  facts.comms = {"curl"};
  testing::record(stream, options, facts);
  return 0;
}
