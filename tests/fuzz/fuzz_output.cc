// SPDX-License-Identifier: MIT
// Raw bytes as records, through to what is printed: each JSON line is JSON, and no text for people
// holds a control character, whatever a process calls itself.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "pipeline.h"
#include "recorded_stream.h"
#include "sinks/csv.h"
#include "sinks/json_lines.h"
#include "sinks/life_csv.h"
#include "sinks/life_joiner.h"
#include "sinks/life_table.h"
#include "sinks/output.h"
#include "sinks/stuck_table.h"
#include "sinks/terminal.h"
#include "system/unique_fd.h"

namespace tcptwin::fuzz {
namespace {

// A name that holds whatever the id does: cgroups come from outside, too.
class MadeUpCgroups final : public sinks::CgroupDirectory {
 public:
  const sinks::CgroupName* find(std::uint64_t id) override {
    std::string path{"/a.slice/"};
    path.append(reinterpret_cast<const char*>(&id), sizeof id);
    name_ = system::parse_cgroup_path(path + ".service");
    return &name_;
  }

 private:
  sinks::CgroupName name_;
};

class Nobody final : public sinks::LifeReceiver {
 public:
  void on_life_record(const sinks::LifeRecord&) override {}
};

class Printed {
 public:
  Printed() : file_(::memfd_create("printed", MFD_CLOEXEC)), out_(file_.get()) {}
  sinks::Output& out() { return out_; }

  std::string text() {
    out_.flush();
    demand(out_.is_usable(), "memory can be written");
    std::string all(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
    demand(::pread(file_.get(), all.data(), all.size(), 0) == static_cast<ssize_t>(all.size()),
           "memory can be read");
    return all;
  }

 private:
  system::UniqueFd file_;
  sinks::Output out_;
};

void run(std::span<const std::byte> bytes, sinks::Sink& sink, sinks::LifeReceiver& lives) {
  tracker::Tracker tracker{kTightLimits};
  sinks::LifeJoiner joiner{sink, lives};
  Pipeline pipeline{tracker, joiner};
  sink.on_start();
  while (!bytes.empty()) {
    const auto record = next_record(bytes);
    pipeline.on_record(record);
    bytes = bytes.subspan(record.size());
  }
  tracker.finish(joiner);
  joiner.finish();
  sinks::Summary summary;
  summary.counts = tracker.counts();
  summary.stream = pipeline.status();
  sink.on_end(summary);
}

void check_json(const std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    demand(end != std::string::npos, "lines are whole");
    if (!nlohmann::json::accept(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                text.begin() + static_cast<std::ptrdiff_t>(end))) {
      std::cerr << text.substr(begin, end - begin) << '\n';
      demand(false, "a JSON line is JSON");
    }
    begin = end + 1;
  }
}

void check_text(const std::string& text) {
  const auto is_control = [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte < ' ' && byte != '\n') || byte == 0x7f;
  };
  demand(std::ranges::none_of(text, is_control), "a text for people holds no control characters");
}

}  // namespace
}  // namespace tcptwin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tcptwin;
  const auto bytes = std::as_bytes(std::span{data, size});
  fuzz::MadeUpCgroups cgroups;
  fuzz::Nobody nobody;
  sinks::TableOptions look;
  look.evidence = true;
  {
    fuzz::Printed printed;
    fuzz::Printed said;
    sinks::JsonLinesSink sink{
        printed.out(),
        said.out(),
        {.clock = {}, .evidence = true, .call_paths = true, .cgroups = &cgroups}};
    fuzz::run(bytes, sink, sink);
    fuzz::check_json(printed.text());
    fuzz::check_text(said.text());
  }
  fuzz::Printed printed;
  sinks::TerminalSink table{printed.out(), printed.out(), look};
  fuzz::run(bytes, table, nobody);
  sinks::CsvSink csv{printed.out(), printed.out(), look};
  fuzz::run(bytes, csv, nobody);
  sinks::LifeTable lives{printed.out(), printed.out(), look, &cgroups};
  fuzz::run(bytes, lives, lives);
  sinks::LifeCsv lives_csv{printed.out(), printed.out(), look, &cgroups};
  fuzz::run(bytes, lives_csv, lives_csv);
  sinks::StuckTable stuck{printed.out(), printed.out(), look, &cgroups};
  fuzz::run(bytes, stuck, nobody);
  fuzz::check_text(printed.text());
  return 0;
}
