// SPDX-License-Identifier: MIT
#include <array>
#include <cstddef>

#include "commands/command.h"
#include "commands/filter_rows.h"
#include "commands/serve_rows.h"

namespace tcptwin::commands {
namespace {

constexpr std::string_view kThresholds = "Stuck after (0: never)";
constexpr std::string_view kLook = "How it looks";
constexpr std::string_view kFile = "The file";
constexpr std::string_view kRun = "How long, and what then";

// The rows of a command, from those it shares with others and its own.
template <std::size_t... Sizes>
constexpr auto joined(const std::array<OptionRow, Sizes>&... parts) {
  std::array<OptionRow, (Sizes + ...)> rows{};
  std::size_t next = 0;
  const auto add = [&](const auto& part) {
    for (const OptionRow& row : part) rows[next++] = row;
  };
  (add(parts), ...);
  return rows;
}

constexpr std::array kTimeRows = {
    OptionRow{'T', "time", "", "time of day (the default; with -t: as well)", kLook},
    OptionRow{'t', "timestamp", "", "seconds since the start instead of the time of day", kLook},
    OptionRow{'w', "wide", "", "all columns, wide enough for any IPv6 address", kLook},
};

constexpr std::array kEvidenceRows = {
    OptionRow{'x', "extended", "", "show the evidence for each verdict", kLook},
    OptionRow{0, "stack", "", "show the kernel's call path of each state change", kLook},
};

constexpr std::array kLifeLookRows = {
    OptionRow{'x', "extended", "", "below each line: every state's span, handshake, RTT, owners",
              kLook},
    OptionRow{0, "sort", "KEY", "at the end, by duration, bytes, retransmits, rtt or handshake",
              kLook},
    OptionRow{0, "open", "", "at the end, show the connections that are still open", kLook},
    OptionRow{0, "both-ends-apart", "", "two lines where both ends are on this host", kLook},
};

constexpr std::array kExtendedRow = {
    OptionRow{'x', "extended", "", "below each line: identity, owners, unit and container", kLook},
};

constexpr std::array kSocketSortRow = {
    OptionRow{0, "sort", "KEY", "state (default), localport, remote, age, recv-q, send-q, process",
              kLook},
};

constexpr std::array kCsvRow = {
    OptionRow{'s', "csv", "", "comma-separated values", kLook},
};

constexpr std::array kFormatRows = {
    OptionRow{0, "json", "", "one JSON object a line (docs/json-lines.md)", kLook},
    OptionRow{0, "no-header", "", "leave the header line out", kLook},
};

constexpr std::array kColourRow = {
    OptionRow{0, "color", "WHEN", "auto, always or never (default auto; NO_COLOR is heeded)",
              kLook},
};

constexpr std::array kThresholdRows = {
    OptionRow{0, "close-wait", "TIME", "CLOSE_WAIT, the process does not close (default 60s)",
              kThresholds},
    OptionRow{0, "fin-wait1", "TIME", "FIN_WAIT1, LAST_ACK, CLOSING: no progress (default 30s)",
              kThresholds},
    OptionRow{0, "fin-wait2", "TIME", "FIN_WAIT2, the peer does not close (default 120s)",
              kThresholds},
    OptionRow{0, "syn-sent", "TIME", "SYN_SENT, no answer (default 10s)", kThresholds},
    OptionRow{0, "half-open", "TIME", "half-open connections of a listener (default 10s)",
              kThresholds},
    OptionRow{0, "other-end-gone", "TIME", "the other end was on this host and is gone (10s)",
              kThresholds},
};

constexpr std::array kDurationRow = {
    OptionRow{0, "duration", "TIME", "end after this time: 10, 10s, 500ms, 2m, 1h", kRun},
};

constexpr std::array kOnceRow = {
    OptionRow{0, "once", "", "end when all that is stuck now has shown: the longest threshold",
              kRun},
};

constexpr std::array kStepCountRow = {
    OptionRow{0, "count", "N", "end after N state changes were shown", kRun},
};

constexpr std::array kCountRow = {
    OptionRow{0, "count", "N", "end after N of them were shown", kRun},
};

constexpr std::array kReconcileRow = {
    OptionRow{0, "reconcile", "TIME",
              "compare with the kernel this often (60s; 0: at the start only)", kRun},
};

constexpr std::array kDivergenceExitRow = {
    OptionRow{0, "exit-code", "", "exit with 3 if a divergence was found", kRun},
};

constexpr std::array kStuckExitRow = {
    OptionRow{0, "exit-code", "", "exit with 3 if anything was stuck", kRun},
};

constexpr std::array kStrictRow = {
    OptionRow{0, "strict", "", "exit with 4 if any event was lost", kRun},
};

constexpr std::array kSourceRows = {
    OptionRow{0, "buffer-size", "BYTES",
              "of the ring buffer, such as 512K or 64M (default: by machine)", kRun},
    OptionRow{0, "tier", "TIER", "best (hooks where permitted, the default) or t0 (tracepoints)",
              kRun},
};

constexpr auto kStreamRows = joined(kStrictRow, kSourceRows);

constexpr std::array kSegmentsRows = {
    OptionRow{0, "segments", "",
              "show each SYN, FIN, RST and what answers it (a look at every packet)", kLook},
    OptionRow{0, "all-segments", "",
              "every segment, data and pure ACKs as well (a record of every packet)", kLook},
};

constexpr std::array kRecordRow = {
    OptionRow{0, "record", "FILE", "record as well: what is printed can be printed again", kRun},
};

// Who watches.
constexpr std::array kServiceChoiceRows = {
    OptionRow{0, "live", "", "watch this host ourselves, also where a service could be asked",
              kRun},
    OptionRow{0, "service", "PATH",
              "ask the service whose control socket this is (default: one that runs)", kRun},
};

constexpr std::array kPastRow = {
    OptionRow{0, "past", "", "only what a service has seen end already, and end", kRun},
};

constexpr std::array kFromRow = {
    OptionRow{0, "from", "FILE",
              "replay a recording instead of this host; - is stdin; once for each part", kRun},
};

constexpr auto kTraceOptions =
    joined(kFilterRows, kStepRows, kTimeRows, kEvidenceRows, kSegmentsRows, kCsvRow, kFormatRows,
           kColourRow, kDurationRow, kStepCountRow, kReconcileRow, kDivergenceExitRow, kStreamRows,
           kRecordRow, kFromRow);
constexpr auto kLifeOptions =
    joined(kFilterRows, kEndingRows, kTimeRows, kLifeLookRows, kCsvRow, kFormatRows, kColourRow,
           kPastRow, kDurationRow, kCountRow, kReconcileRow, kDivergenceExitRow, kStreamRows,
           kServiceChoiceRows, kRecordRow, kFromRow);
constexpr auto kStuckOptions =
    joined(kFilterRows, kStateRow, kThresholdRows, kTimeRows, kExtendedRow, kFormatRows, kColourRow,
           kDurationRow, kOnceRow, kCountRow, kReconcileRow, kStuckExitRow, kStreamRows,
           kServiceChoiceRows, kRecordRow, kFromRow);
constexpr auto kSnapshotOptions = joined(kFilterRows, kStateRow, kExtendedRow, kSocketSortRow,
                                         kCsvRow, kFormatRows, kServiceChoiceRows);

constexpr std::array kStackRow = {
    OptionRow{0, "stack", "", "take the kernel's call path of every state change, for --stack",
              kLook},
};

constexpr std::array kFileRows = {
    OptionRow{0, "rotate", "WHEN", "begin a new file at this size or age: 64M, 1h, or 64M,1h",
              kFile},
    OptionRow{0, "keep", "N", "with --rotate: delete all files but the latest N", kFile},
    OptionRow{0, "anonymise", "WHAT",
              "addresses: and the host's name; all: names of processes and cgroups too", kFile},
    OptionRow{0, "no-compress", "", "store the records as they are", kFile},
};

constexpr std::array kMetricsRow = {
    OptionRow{0, "metrics", "", "print what `serve` would show on /metrics instead of lines",
              kLook},
};

constexpr std::array kPcapngRow = {
    OptionRow{0, "pcapng", "OUT", "write the segments for Wireshark instead, - is stdout", kLook},
};

constexpr auto kRecordOptions = joined(kFilterRows, kStackRow, kSegmentsRows, kFileRows,
                                       kDurationRow, kReconcileRow, kStreamRows, kFromRow);
constexpr auto kReplayOptions =
    joined(kFilterRows, kStepRows, kTimeRows, kEvidenceRows, kCsvRow, kFormatRows, kPcapngRow,
           kMetricsRow, kColourRow, kDurationRow, kStepCountRow, kDivergenceExitRow, kStrictRow);
constexpr auto kServeOptions =
    joined(kConfigRows, kServeRows, kServiceRows, kThresholdRows, kReconcileRow, kSourceRows);

constexpr std::array kTopRows = {
    OptionRow{0, "interval", "TIME", "a new screen this often (default 1s)", kLook},
    OptionRow{0, "group", "WHAT", "by process, unit or listener (default process)", kLook},
    OptionRow{0, "sort", "COLUMN",
              "by total, established, close-wait, time-wait, half-open, stuck ...", kLook},
    OptionRow{0, "batch", "N", "N screens as plain text on stdout, no terminal needed", kLook},
    OptionRow{0, "size", "WxH", "of a screen with --batch (default 120x40)", kLook},
};

constexpr auto kTopOptions = joined(kFilterRows, kTopRows, kColourRow, kDurationRow, kReconcileRow,
                                    kSourceRows, kServiceChoiceRows);

constexpr std::array kDiagramRows = {
    OptionRow{0, "live", "", "count what this host does, until Ctrl-C or --duration", kRun},
    OptionRow{0, "format", "FORMAT", "text (default), svg, or dot for Graphviz", kLook},
    OptionRow{0, "ascii", "", "draw with ASCII only (the default outside a UTF-8 locale)", kLook},
};

constexpr auto kDiagramOptions = joined(kFilterRows, kDiagramRows, kColourRow, kDurationRow,
                                        kReconcileRow, kStrictRow, kSourceRows, kFromRow);

constexpr std::array kLadderRows = {
    OptionRow{0, "svg", "OUT", "write the ladders as a picture to this file, - is stdout", kLook},
    OptionRow{0, "width", "N", "columns, from 80 (default: the terminal's, else 80)", kLook},
    OptionRow{0, "ascii", "", "draw with ASCII only (the default outside a UTF-8 locale)", kLook},
    OptionRow{0, "json", "", "one JSON object a ladder (docs/json-lines.md)", kLook},
    OptionRow{0, "no-data", "", "only SYN, FIN, RST and what answers them, on a busy host", kRun},
};

constexpr auto kLadderOptions =
    joined(kFilterRows, kLadderRows, kColourRow, kDurationRow, kCountRow, kReconcileRow,
           kDivergenceExitRow, kStreamRows, kFromRow);

constexpr std::array kDoctorRows = {
    OptionRow{0, "watch", "",
              "hold all state changes against the kernel's own counters, every second", kLook},
    OptionRow{0, "json", "", "one JSON object; with --watch, one a line", kLook},
};

constexpr std::array kWatchRows = {
    OptionRow{'N', "netns", "NETNS", "with --watch: this network namespace only", kRun},
    OptionRow{0, "exit-code", "", "with --watch: exit with 3 if a counter differs", kRun},
};

constexpr auto kDoctorOptions =
    joined(kDoctorRows, kColourRow, kWatchRows, kDurationRow, kSourceRows);

constexpr std::array kExplainOptions = {
    OptionRow{0, "list", "", "every page, in groups", kLook},
    OptionRow{0, "from", "FILE", "a connection's story from a recording; - is stdin", kRun},
    OptionRow{0, "service", "PATH",
              "from the service whose control socket this is (default: one that runs)", kRun},
    OptionRow{0, "json", "", "a connection's story as JSON lines (docs/json-lines.md)", kLook},
    OptionRow{0, "markdown", "", "everything, as docs/causes-and-divergences.md", kLook,
              Visibility::Hidden},
};

constexpr std::array kLabRows = {
    OptionRow{0, "json", "", "one JSON object", kLook},
};
constexpr auto kLabOptions = joined(kLabRows, kColourRow);

constexpr std::array kDemoRows = {
    OptionRow{0, "scenario", "NAME", "only this one; may be repeated", kRun},
    OptionRow{0, "list", "", "tell the scenarios and play none", kRun},
    OptionRow{0, "live", "", "never the recordings: exit with 77 if this host does not allow it",
              kRun},
    OptionRow{0, "recorded", "", "the recordings that come with tcptwin, also as root", kRun},
    OptionRow{0, "record-to", "FOLDER", "record each scenario as FOLDER/NAME.twin", kRun,
              Visibility::Hidden},
    OptionRow{0, "json", "", "one JSON object a scenario (docs/json-lines.md)", kLook},
};
constexpr auto kDemoOptions = joined(kDemoRows, kColourRow);

constexpr std::array kCommands = {
    CommandRow{
        "demo", "", "show TCP's whole life on this machine: where to begin",
        "Plays real connections through every phase of TCP's life, from the handshake to the last\n"
        "ACK that got lost, and tells and draws each. As root they are played on this kernel, in "
        "a\n"
        "network namespace of their own whose wire is tcptwin itself: it can lose packets and "
        "hold\n"
        "them back, and nothing of it is left behind. Without root, recordings of the same are\n"
        "shown. Exits with 3 if a scenario went otherwise than the reference says, and with 1 if\n"
        "one could not be played or wholly seen.",
        "  sudo tcptwin demo\n"
        "  tcptwin demo --list\n"
        "  tcptwin demo --scenario lost-last-ack      why there is TIME_WAIT\n"
        "  sudo tcptwin demo --live --json            a self-test of this kernel\n",
        kDemoOptions, run_demo},
    CommandRow{
        "trace", "", "show every TCP state change of this host, with its cause and a verdict",
        "Prints one line per state change: when, which process, which connection, what "
        "changed, how\nlong the old state was held (ms; >= if its beginning was not seen), "
        "why, and the verdict:\n"
        "  conformant   RFC 9293 explains it\n"
        "  deviation    a documented habit of Linux explains it; `tcptwin explain L12` tells "
        "which\n"
        "  divergence   nothing explains it\n"
        "  unverified   the evidence is incomplete (after a loss, or older than the trace)\n"
        "  gap          an event was missed just before; the twin was set right\n"
        "Within an option any value may match, between options all must. Ctrl-C ends it with "
        "a summary.",
        "  tcptwin trace -L 443                     what happens on the HTTPS port\n"
        "  tcptwin trace --comm curl -x             curl's connections, with evidence\n"
        "  tcptwin trace --state TIME_WAIT          who enters and leaves TIME_WAIT\n"
        "  tcptwin trace --cause rst_received --json --duration 1m\n"
        "  tcptwin trace --exit-code --duration 10m  exit with 3 if TCP misbehaved\n",
        kTraceOptions, run_trace},
    CommandRow{
        "life", "", "show each connection that ends: whose it was, how long, who ended it and why",
        "Prints one line per connection when it is over: process, ends, bytes, milliseconds, and\n"
        "the ending: who (this host, the peer, the kernel), how (FIN, RST, time-out) and why. A\n"
        "connection with both ends on this host is one line that names both processes. What began\n"
        "before the trace is taken over by a census; its spans are lower bounds (>=). On a narrow\n"
        "terminal the columns that matter least are left out; -w shows all.",
        "  tcptwin life -L 443 -x                    the HTTPS server's connections, in full\n"
        "  tcptwin life --how rst_sent,rst_received  who resets whom\n"
        "  tcptwin life --closed-by kernel           what timed out\n"
        "  tcptwin life --sort retransmits --duration 1m\n"
        "  tcptwin life --comm postgres --min-duration 1h --open\n",
        kLifeOptions, run_life},
    CommandRow{
        "stuck", "", "find connections that stay in a state for too long, and the process to blame",
        "Prints a connection when it has been in CLOSE_WAIT, FIN_WAIT1, FIN_WAIT2, SYN_SENT,\n"
        "half-open ... for longer than is healthy, again at each doubling, with one sentence of\n"
        "advice per kind. What is stuck already is found by a census; its age is then a lower\n"
        "bound (>=). Ctrl-C ends it with a summary.",
        "  tcptwin stuck                             until Ctrl-C\n"
        "  tcptwin stuck --once --exit-code          for a health check: 3 if anything is stuck\n"
        "  tcptwin stuck --close-wait 10s --fin-wait2 0 --duration 15\n"
        "  tcptwin stuck -L 5432 --json\n",
        kStuckOptions, run_stuck},
    CommandRow{
        "snapshot", "", "list all TCP sockets now, with TIME_WAIT, half-open, orphans and owners",
        "What `ss -tanp` shows, in every network namespace that may be entered, with the age of\n"
        "each state, TIME_WAIT's time left, the SYN+ACK retries of half-open connections, what\n"
        "became of orphans, and a listener's queues. Sockets are counted by state on stderr.",
        "  tcptwin snapshot                          everything\n"
        "  tcptwin snapshot --state close-wait,time-wait\n"
        "  tcptwin snapshot -L 443 --sort age -x\n"
        "  tcptwin snapshot --json\n",
        kSnapshotOptions, run_snapshot},
    CommandRow{
        "top", "", "watch states, rates, failures and what is stuck, live",
        "One screen of the whole host: sockets by state, how many connections are opened, closed\n"
        "and fail each second, what is stuck and since when, and a table by process, systemd unit\n"
        "or listening port. The first line that is not the title says whether every step of the\n"
        "kernel was as RFC 9293 has it. Keys are on the screen; h explains the words, q quits.",
        "  tcptwin top                               the whole host\n"
        "  tcptwin top -L 443 --group unit           the HTTPS port's connections, by unit\n"
        "  tcptwin top --sort close-wait --interval 5s\n"
        "  tcptwin top --batch 3 --size 100x30       three screens as text\n",
        kTopOptions, run_top},
    CommandRow{
        "record", "FILE", "store what the kernel shows, to be replayed later and elsewhere",
        "Stores the records of the kernel side as they come; prints nothing but a summary. "
        "Tracing\n"
        "never waits for the disk: what cannot be stored is counted, said, and known to a replay.\n"
        "Ctrl-C leaves a complete file; if the program is killed, all but the last second is "
        "there.\n"
        "FILE may be a pipe, or - for stdout.",
        "  tcptwin record today.twin                 until Ctrl-C\n"
        "  tcptwin record -L 443 --duration 10m https.twin\n"
        "  tcptwin record --from today.twin --anonymise all to-send.twin\n"
        "  tcptwin record --rotate 64M,1h --keep 24 day  day.000001, day.000002 ...\n"
        "  ssh server tcptwin record - | tcptwin replay -\n",
        kRecordOptions, run_record},
    CommandRow{
        "replay", "FILE...", "print what `trace` printed, from a recording; no rights needed",
        "Takes the records through the same steps as `trace` took them live and prints the same,\n"
        "byte for byte, with the options of `trace`. `life --from FILE` and `stuck --from FILE`\n"
        "replay as those commands. A filter that was in force when it was recorded stays in "
        "force.\n"
        "The parts of a recording that was rotated are replayed as one; connections go on from\n"
        "part to part. What is missing or damaged is said, with its place.",
        "  tcptwin replay today.twin\n"
        "  tcptwin replay day.*                      all parts of `record --rotate`\n"
        "  tcptwin replay today.twin --cause rst_received -x\n"
        "  tcptwin life --from today.twin --sort bytes\n"
        "  tcptwin replay today.twin --pcapng today.pcapng  recorded with --segments\n",
        kReplayOptions, run_replay},
    CommandRow{
        "serve", "", "run as a service, with metrics for Prometheus",
        "Watches the whole host until SIGTERM or Ctrl-C and shows what it sees as metrics:\n"
        "  /metrics   for Prometheus; docs/metrics.md describes each\n"
        "  /healthz   200 while it is at work\n"
        "  /readyz    200 once it sees the kernel's events\n"
        "No address, connection or process stands in a metric, and their number is bounded. What "
        "matters "
        "at\nonce is a line in the journal (or on stderr). Once all is attached it gives its "
        "rights up.\nSIGHUP reads the configuration again, SIGUSR1 writes the table of connections "
        "to a "
        "file.\nEvery setting is an option, a key of the file (close-wait: 10s) and a variable\n"
        "(TCPTWIN_CLOSE_WAIT); options outweigh variables, variables the file.",
        "  tcptwin serve                             on port 9293, all addresses\n"
        "  tcptwin serve --listen 127.0.0.1:9293 --listen unix:/run/tcptwin/http\n"
        "  tcptwin serve --close-wait 10s --reconcile 30s\n",
        kServeOptions, run_serve},
    CommandRow{
        "diagram", "", "draw TCP's state machine, with what a run or a recording did on its arrows",
        "Draws the state diagram of RFC 9293 (figure 5) from the table that judges the kernel, "
        "and\n"
        "below it the ways that the figure leaves out: resets, time-outs, aborts, and what Linux "
        "does\n"
        "by its documented deviations (L01 ...). With --live or --from each arrow carries how "
        "often\n"
        "it was taken; what neither the RFC nor Linux' deviations explain is red.",
        "  tcptwin diagram                                 the machine as it should be\n"
        "  tcptwin diagram --live --duration 1m            what this host did in a minute\n"
        "  tcptwin diagram --from today.twin --comm nginx  one program's share of a recording\n"
        "  tcptwin diagram --format svg                    for a document\n"
        "  tcptwin diagram --format dot | dot -Tpng -o tcp.png\n",
        kDiagramOptions, run_diagram},
    CommandRow{
        "ladder", "[CONNECTION]", "draw what passed between the two ends of a connection",
        "Draws each connection when it is over, or when the run ends: a rail with states at either "
        "side,\n"
        "between them the segments with flags, numbers counted from the SYNs, options and lengths, "
        "and\n"
        "the cause of each state change. Where both ends are on this host an arrow begins where "
        "the "
        "\n"
        "segment was sent and ends where it arrived; what was sent again or got lost is marked. "
        "Data\n"
        "that flows is one line. Only what was seen is drawn.",
        "  tcptwin ladder                            each connection of this host, as it ends\n"
        "  tcptwin ladder -P 8080 --count 1          the next one of port 8080, both ends\n"
        "  tcptwin ladder --from today.twin          recorded with --all-segments\n"
        "  tcptwin ladder 10.0.0.1:80-10.0.0.9:4711 --from today.twin\n"
        "  tcptwin ladder -P 8080 --count 1 --svg handshake.svg\n",
        kLadderOptions, run_ladder},
    CommandRow{"doctor", "",
               "tell what this kernel allows, tier by tier, and what is lost without it",
               "Tries what tcptwin needs and changes nothing. Exits with 77 if `tcptwin trace` "
               "cannot run here.",
               "  tcptwin doctor\n"
               "  tcptwin doctor --json\n"
               "  tcptwin doctor --watch                   do our labels agree with the kernel?\n"
               "  tcptwin doctor --watch --duration 1m --exit-code\n",
               kDoctorOptions, run_doctor},
    CommandRow{
        "lab", "verify|why [TOPIC]",
        "prove the reference's table, and see what breaks without one of its rules",
        "verify walks through every world of two TCPs within bounds (segments lost, delayed, "
        "copied\n"
        "and reordered, old incarnations, timers), run by the very table that judges the kernel,\n"
        "and proves its properties: docs/lab.md. Exits with 1 if one fails.\n"
        "why TOPIC takes a rule away and shows the shortest way into trouble as a ladder; then\n"
        "it proves that with the rule there is none. Topics: third-ack, time-wait, two-msl,\n"
        "simultaneous-open, half-close, rst-in-time-wait.",
        "  tcptwin lab verify\n"
        "  tcptwin lab why third-ack                why three segments, and not two?\n"
        "  tcptwin lab why time-wait                why wait at all?\n"
        "  tcptwin lab why                          the topics\n",
        kLabOptions, run_lab},
    CommandRow{
        "explain", "[WHAT...]", "explain any name that is printed, a state change, or a connection",
        "What RFC 9293 says in plain words, what Linux does, how it is seen here, and what to\n"
        "do. Where several pages have a name, its kind chooses: `stuck close_wait`. Of a\n"
        "connection: its story so far, from a service that runs or from a recording.\n"
        "Without WHAT: everything that can be explained.",
        "  tcptwin explain close_unread_abort       a cause\n"
        "  tcptwin explain fin-wait-2 time-wait     a state change (or "
        "'FIN_WAIT2->TIME_WAIT', quoted)\n"
        "  tcptwin explain CLOSE_WAIT               a state\n"
        "  tcptwin explain L12                      a documented habit of Linux\n"
        "  tcptwin explain unjustified_edge         a kind of divergence\n"
        "  tcptwin explain how timeout              a word of an ending\n"
        "  tcptwin explain tcp_fin_timeout          a setting of the kernel\n"
        "  tcptwin explain 10.0.0.1:80-10.0.0.9:4711   a connection's story so far\n"
        "  tcptwin explain 0x1f.1 --from today.twin    by the id of JSON lines\n",
        kExplainOptions, run_explain},
};

}  // namespace

std::span<const CommandRow> command_table() {
  return kCommands;
}

}  // namespace tcptwin::commands
