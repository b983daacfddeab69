// SPDX-License-Identifier: MIT
#include "sources/live_bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include "sources/call_path_symbols.h"
#include "sources/census.h"
#include "sources/kernel_btf.h"
#include "sources/kernel_symbols.h"
#include "sources/libbpf_log.h"
#include "sources/live_knobs.h"
#include "sources/polling_pace.h"
#include "sources/prerequisites.h"
#include "sources/process_listeners.h"
#include "sources/program_facts.h"
#include "sources/program_plan.h"
#include "sources/ring_reader.h"
#include "sources/stream_counters.h"
#include "tcptwin/wire.h"
// The generated skeleton names these; they live in the kernel side only.
#include "tcptwin.skel.h"

namespace tcptwin::sources {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

struct DestroySkeleton {
  void operator()(tcptwin_bpf* skeleton) const { tcptwin_bpf::destroy(skeleton); }
};
using Skeleton = std::unique_ptr<tcptwin_bpf, DestroySkeleton>;

struct DestroyLink {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, DestroyLink>;

// What was found out before loading.
struct Findings {
  KernelBtf kernel;
  KernelSymbols symbols;
  ProgramFacts facts;
};

KernelTime monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return KernelTime{std::chrono::seconds{now.tv_sec} + nanoseconds{now.tv_nsec}};
}

void sleep_for(nanoseconds duration) {
  if (duration <= nanoseconds::zero()) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  timespec rest{seconds.count(), (duration - seconds).count()};
  ::nanosleep(&rest, nullptr);  // a signal may cut it short, which is right
}

Findings look_around(const LiveOptions& options) {
  Findings findings{
      KernelBtf::load(), options.traces ? read_kernel_symbols() : KernelSymbols{}, {}};
  const bool may_hook = options.traces && options.tiers != TierChoice::TracepointsOnly;
  findings.facts =
      gather_facts(findings.kernel, findings.symbols, may_hook ? HookProbe::One : HookProbe::None);
  for (const PlannedProgram& planned : kPlannedPrograms) {
    const bool is_unwanted = planned.part == Part::Wire && !options.segments;
    if (is_unwanted || (!options.traces && !planned.is_iterator())) {
      findings.facts.useless.emplace(planned.name);
    }
  }
  if (!options.use_side_program) {
    findings.facts.obstacles["state_changes_nested"] = "switched off";
  }
  return findings;
}

// Opens the object and sets everything that is fixed once it is loaded.
Skeleton prepare(const LiveOptions& options, const Findings& findings, const TierPlan& plan,
                 std::size_t ring_bytes) {
  Skeleton skeleton{tcptwin_bpf::open()};
  if (!skeleton) return skeleton;
  skeleton->rodata->knobs = knobs_for(options, findings.kernel, findings.symbols, plan);
  bpf_map__set_max_entries(skeleton->maps.records, static_cast<std::uint32_t>(ring_bytes));
  if (!options.segments) {
    bpf_map__set_max_entries(skeleton->maps.expected_answers, 1);
    bpf_map__set_max_entries(skeleton->maps.sent_fins, 1);
  }
  const std::size_t ports = listed_ports(options.filter).size();
  bpf_map__set_max_entries(skeleton->maps.port_filter,
                           static_cast<std::uint32_t>(std::max<std::size_t>(ports, 1)));
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) bpf_program__set_autoload(program, false);
  for (const std::string& name : plan.chosen) {
    bpf_program__set_autoload(bpf_object__find_program_by_name(skeleton->obj, name.c_str()), true);
  }
  return skeleton;
}

void fill_filter_maps(const tcptwin_bpf& skeleton, const KernelFilter& filter) {
  for (const auto& [port, lists] : listed_ports(filter)) {
    bpf_map__update_elem(skeleton.maps.port_filter, &port, sizeof port, &lists, sizeof lists,
                         BPF_ANY);
  }
  if (!filter.pid) return;
  for (const ListeningPlace& place : listening_places(*filter.pid)) {
    const std::array<std::uint32_t, 2> key = {place.netns, place.port};  // struct listener_key
    const std::uint8_t present = 1;
    bpf_map__update_elem(skeleton.maps.selected_listeners, key.data(), sizeof key, &present,
                         sizeof present, BPF_ANY);
  }
}

const PlannedProgram* find_planned(const std::string& name) {
  const auto* found =
      std::find_if(kPlannedPrograms.begin(), kPlannedPrograms.end(),
                   [&name](const PlannedProgram& planned) { return planned.name == name; });
  return found == kPlannedPrograms.end() ? nullptr : found;
}

// Without events a ring is a formality; the kernel wants a page.
std::size_t ring_bytes_for(const LiveOptions& options) {
  if (!options.traces) return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return options.ring_bytes != 0 ? options.ring_bytes : default_ring_bytes();
}

bool is_filtered(const KernelFilter& filter) {
  return port_lists(filter) != 0 || filter.family || filter.pid || filter.cgroup;
}

}  // namespace

struct LiveBpf::Implementation {
  explicit Implementation(const LiveOptions& wanted)
      : options(wanted), ring_bytes(ring_bytes_for(wanted)) {}

  const LiveOptions options;
  TierPlan tiers;
  Skeleton skeleton;
  std::vector<Link> links;
  std::map<std::string, int> iterators;  // by program: its link
  std::vector<ProgramReport> programs;
  std::size_t ring_bytes;
  RingMapping mapping;
  RingReader reader;
  StreamCounters counters;
  CallPathSymbols symbols;
  PollingPace pace;
  KernelTime complete_until{};
  std::uint32_t censuses = 0;

  Status load(Findings& findings);
  std::string attach(const PlannedProgram& planned, int& error);
  Result<bool> attach(Findings& findings);
  Status start_reading();
  std::size_t drain(RecordHandler& handler);
  CensusPlan census_plan(RecordHandler& handler);
  OpenListing listing(const std::string& program) const;
  bool catch_up(KernelTime moment, RecordHandler& handler);
};

// A program that this kernel refuses for reasons nobody foresaw is left out, unless it is required;
// what it shows another tier may show in its place.
Status LiveBpf::Implementation::load(Findings& findings) {
  LibbpfLog log;
  for (;;) {
    log.clear();
    tiers = plan_tiers(findings.facts, options.tiers);
    skeleton = prepare(options, findings, tiers, ring_bytes);
    if (!skeleton) return load_refused(errno, log.excerpt());
    const int error = tcptwin_bpf::load(skeleton.get());
    if (error == 0) break;
    const PlannedProgram* refused = find_planned(log.refused_program());
    if (refused == nullptr || refused->required) return load_refused(-error, log.excerpt());
    findings.facts.obstacles[std::string{refused->name}] =
        "refused by the kernel: " + log.excerpt();
  }
  fill_filter_maps(*skeleton, options.filter);
  return Done{};
}

// Attaches one program; why not if it does not work.
std::string LiveBpf::Implementation::attach(const PlannedProgram& planned, int& error) {
  LibbpfLog log;
  bpf_program* program =
      bpf_object__find_program_by_name(skeleton->obj, std::string{planned.name}.c_str());
  bpf_link* link = bpf_program__attach(program);
  error = errno;
  if (link == nullptr) return "cannot be attached: " + log.excerpt();
  links.emplace_back(link);
  if (planned.is_iterator()) {
    iterators[std::string{planned.name}] = bpf_link__fd(link);
  } else {
    counters.watch_program(bpf_program__fd(program), planned.name != "state_changes_nested");
  }
  return "";
}

// From the last row up. Evidence first, state changes last: no change is seen whose evidence could
// not be; the side program follows the main program on the tracepoint, in the order of attaching.
// False if a part of the exact tier turned out not to be permitted: then all begins anew, without
// that part.
Result<bool> LiveBpf::Implementation::attach(Findings& findings) {
  for (auto planned = kPlannedPrograms.rbegin(); planned != kPlannedPrograms.rend(); ++planned) {
    const std::string name{planned->name};
    const auto missing = tiers.missing.find(name);
    if (missing == tiers.missing.end() && !tiers.runs(name)) continue;
    int error = 0;
    const std::string reason =
        missing != tiers.missing.end() ? missing->second : attach(*planned, error);
    if (!reason.empty() && planned->required) return load_refused(error, reason);
    if (!reason.empty() && planned->is_exact()) {
      findings.facts.obstacles[name] = reason;
      return false;
    }
    programs.insert(programs.begin(),
                    {name, std::string{planned->kind} + "/" + std::string{planned->target},
                     reason.empty(), planned->required, reason, std::string{planned->degrades}});
  }
  return true;
}

Status LiveBpf::Implementation::start_reading() {
  ring_bytes =
      bpf_map__max_entries(skeleton->maps.records);  // rounded up where it was no power of 2
  auto opened = RingMapping::open(bpf_map__fd(skeleton->maps.records), ring_bytes);
  if (!opened) return opened.error();
  mapping = std::move(opened.value());
  reader = RingReader{mapping.memory()};
  counters.watch_counters(bpf_map__fd(skeleton->maps.counters));
  pace = PollingPace{ring_bytes};
  complete_until = monotonic_now();
  return Done{};
}

namespace {

// Gives call paths their names on the way; everything else passes untouched.
class NamingHandler final : public RecordHandler {
 public:
  NamingHandler(CallPathSymbols& symbols, RecordHandler& next) : symbols_(symbols), next_(next) {}

  void on_record(std::span<const std::byte> record) override {
    tcptwin_call_path path;
    if (record.size() != sizeof path) {
      next_.on_record(record);
      return;
    }
    std::memcpy(&path, record.data(), sizeof path);
    symbols_.name_frames(path);
    next_.on_record(std::as_bytes(std::span{&path, 1}));
  }

 private:
  CallPathSymbols& symbols_;
  RecordHandler& next_;
};

}  // namespace

std::size_t LiveBpf::Implementation::drain(RecordHandler& handler) {
  NamingHandler naming{symbols, handler};
  const KernelTime before = monotonic_now();
  const Drained drained = reader.drain(naming);
  // An unfinished record may be older than `before`; then nothing new can be promised.
  if (drained.is_complete) complete_until = before;
  counters.add_received(drained.records);
  pace.on_drained(before, drained.records);
  tcptwin_status status = counters.status(complete_until, before, drained.records > 0);
  status.counters[TCPTWIN_COUNTED_AT] = static_cast<std::uint64_t>(to_ns(monotonic_now()));
  handler.on_record(std::as_bytes(std::span{&status, 1}));
  return drained.records;
}

Result<std::unique_ptr<LiveBpf>> LiveBpf::open(const LiveOptions& options) {
  if (auto missing = missing_prerequisite()) return *missing;
  Findings findings = look_around(options);
  for (;;) {
    auto implementation = std::make_unique<Implementation>(options);
    if (auto loaded = implementation->load(findings); !loaded) return loaded.error();
    if (auto reading = implementation->start_reading(); !reading) return reading.error();
    const auto attached = implementation->attach(findings);
    if (!attached) return attached.error();
    if (attached.value()) return std::unique_ptr<LiveBpf>{new LiveBpf{std::move(implementation)}};
  }
}

LiveBpf::LiveBpf(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

LiveBpf::~LiveBpf() = default;

// Nobody wakes us (bpf/emit.bpf.h), so we look again and again, as often as the traffic deserves.
Result<std::size_t> LiveBpf::poll(milliseconds timeout, RecordHandler& handler) {
  Implementation& live = *implementation_;
  const KernelTime deadline = monotonic_now() + timeout;
  for (;;) {
    const KernelTime now = monotonic_now();
    sleep_for(std::min(live.pace.next_drain(now), deadline) - now);
    const std::size_t records = live.drain(handler);
    if (records > 0 || monotonic_now() >= deadline) return records;
  }
}

OpenListing LiveBpf::Implementation::listing(const std::string& program) const {
  const auto found = iterators.find(program);
  if (found == iterators.end()) return {};
  return [link = found->second] { return system::UniqueFd{bpf_iter_create(link)}; };
}

CensusPlan LiveBpf::Implementation::census_plan(RecordHandler& handler) {
  CensusPlan plan;
  plan.number = ++censuses;
  plan.sockets = listing("existing_sockets");
  plan.holders = listing("socket_holders");
  plan.search.only = options.filter.netns;
  plan.search.paths = options.namespace_paths;
  plan.search.descriptors = options.namespace_descriptors;
  plan.is_filtered = is_filtered(options.filter);
  plan.holders_select = options.filter.pid.has_value();
  // A long walk must not let the ring fill up. What is delivered early is older than the census.
  if (options.traces) plan.pause = [this, &handler] { drain(handler); };
  return plan;
}

// Drains until everything emitted before that moment has been delivered. A record stays unfinished
// for microseconds, unless its CPU was taken away.
bool LiveBpf::Implementation::catch_up(KernelTime moment, RecordHandler& handler) {
  constexpr int kAttempts = 200;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    drain(handler);
    if (complete_until >= moment) return true;
    sleep_for(milliseconds{1});
  }
  return false;
}

Status LiveBpf::take_census(RecordHandler& handler) {
  Implementation& live = *implementation_;
  Census census{live.census_plan(handler)};
  if (auto walked = census.walk(); !walked) return walked.error();
  if (live.options.traces && !live.catch_up(census.ended(), handler)) {
    census.deliver_refusal(EAGAIN, handler);
  } else {
    census.deliver(handler);
  }
  return Done{};
}

bool LiveBpf::shows_all_evidence() const {
  return std::ranges::all_of(programs(), [](const ProgramReport& program) {
    const PlannedProgram* planned = find_planned(program.name);
    return program.attached || planned == nullptr || !planned->evidence;
  });
}

bool LiveBpf::is_attached(std::string_view name) const {
  return std::ranges::any_of(programs(), [&](const ProgramReport& program) {
    return program.attached && program.name == name;
  });
}

std::vector<std::pair<std::string, ProgramRuns>> LiveBpf::program_runs() const {
  std::vector<std::pair<std::string, ProgramRuns>> runs;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, implementation_->skeleton->obj) {
    const std::string name = bpf_program__name(program);
    if (is_attached(name)) runs.emplace_back(name, read_program_runs(bpf_program__fd(program)));
  }
  return runs;
}

bool LiveBpf::shows_minisocket_segments() const {
  return is_attached("minisocket_segments") || why_inexact(Part::Segments).empty();
}

std::string_view LiveBpf::why_inexact(Part part) const {
  const auto& inexact = implementation_->tiers.inexact;
  const auto found = inexact.find(part);
  return found == inexact.end() ? std::string_view{} : found->second;
}

const std::vector<ProgramReport>& LiveBpf::programs() const {
  return implementation_->programs;
}

std::size_t LiveBpf::ring_bytes() const {
  return implementation_->ring_bytes;
}

}  // namespace tcptwin::sources
