// SPDX-License-Identifier: MIT
// The one table of commands and options. The parser, --help, the man pages and the completions are
// all made from it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tcptwin::commands {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDivergence = 3;  // found, and --exit-code was given
inline constexpr int kExitLost = 4;        // events were lost, and --strict was given
inline constexpr int kExitNotPermitted = 77;

// What was given on the command line, by the long names of the table.
class Arguments {
 public:
  void add(std::string_view option, std::vector<std::string> values) {
    options_.emplace(option, std::move(values));
  }
  void add_operands(std::vector<std::string> operands) { operands_ = std::move(operands); }

  bool has(std::string_view option) const { return options_.contains(option); }
  // All values of an option that may be repeated; empty if it was not given.
  std::vector<std::string> values(std::string_view option) const;
  // The last value given; `otherwise` if it was not.
  std::string value(std::string_view option, std::string_view otherwise = "") const;
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> options_;
  std::vector<std::string> operands_;
};

enum class Visibility { Shown, Hidden };

struct OptionRow {
  char letter;                  // 0 if it has none
  std::string_view name;        // "local-port", without dashes
  std::string_view value;       // "PORTS"; "" for a flag
  std::string_view text;        // one line of help
  std::string_view group = {};  // heading in --help
  Visibility visibility = Visibility::Shown;
};

struct CommandRow {
  std::string_view name;
  std::string_view operands;  // "[WHAT...]"; "" if it takes none
  std::string_view summary;   // one line
  std::string_view description;
  std::string_view examples;
  std::span<const OptionRow> options;
  int (*run)(const Arguments&);  // the exit code
};

std::span<const CommandRow> command_table();

// The commands; each lives in a file of its own name.
int run_trace(const Arguments& arguments);
int run_life(const Arguments& arguments);
int run_stuck(const Arguments& arguments);
int run_snapshot(const Arguments& arguments);
int run_top(const Arguments& arguments);
int run_serve(const Arguments& arguments);
int run_record(const Arguments& arguments);
int run_replay(const Arguments& arguments);
int run_diagram(const Arguments& arguments);
int run_ladder(const Arguments& arguments);
int run_doctor(const Arguments& arguments);
int run_explain(const Arguments& arguments);
int run_lab(const Arguments& arguments);
int run_demo(const Arguments& arguments);

// Prints a text on stdout. Ok also if the reader has gone away; Failed, with a message, if the text
// could not be written for any other reason.
int print(std::string_view text);

// Prints "tcptwin: what" and the hint on stderr; returns the exit code of the error.
int report(const Error& error);

// The whole program behind main().
int run(int count, const char* const* words);

}  // namespace tcptwin::commands
