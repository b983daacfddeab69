// SPDX-License-Identifier: MIT
#include "commands/record_options.h"

namespace tcptwin::commands {

Result<std::string> file_operand(const Arguments& arguments, std::string_view command) {
  const std::vector<std::string>& operands = arguments.operands();
  if (operands.size() == 1 && !operands.front().empty()) return operands.front();
  const std::string name{command};
  return Error{ErrorCode::Usage,
               operands.empty() ? name + " wants the name of a file"
                                : name + " takes one file, not " + std::to_string(operands.size()),
               "see tcptwin " + name + " --help"};
}

Result<RecordOptions> record_options(const Arguments& arguments) {
  RecordOptions options;
  OptionReader reader{arguments};
  auto file = file_operand(arguments, "record");
  if (!file) return file.error();
  read_connection_filters(reader, options.run.live.filter, options.conditions);
  if (reader.has("stack")) options.run.live.call_paths = sources::CallPaths::All;
  read_run(reader, options.run);
  read_recording(reader, arguments, options.conditions, options.run);
  options.run.record.path = std::move(file.value());
  options.strict = reader.has("strict");
  if (reader.error()) return *reader.error();
  options.filter_words = filter_words(arguments, {});
  return options;
}

}  // namespace tcptwin::commands
