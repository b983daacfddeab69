// SPDX-License-Identifier: MIT
#include "commands/manual_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "commands/command_line.h"
#include "commands/option_vocabulary.h"
#include "commands/roff_page.h"
#include "commands/serve_settings.h"

namespace tcptwin::commands {
namespace {

// Two parts of a line that two spaces or more keep apart; the second may be empty.
struct Columns {
  std::string_view left;
  std::string_view right;
};

Columns columns_of(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::size_t gap = line.find("  ");
  if (gap == std::string_view::npos) return {line, {}};
  const std::size_t right = std::min(line.find_first_not_of(' ', gap), line.size());
  return {line.substr(0, gap), line.substr(right)};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// --help's text: what is indented there is a list here, the rest is filled.
void describe(RoffPage& page, std::string_view description) {
  std::string prose;
  const auto end_prose = [&] {
    if (!prose.empty()) page.paragraph(prose);
    prose.clear();
  };
  for (const std::string_view line : lines_of(description)) {
    if (line.starts_with("  ")) {
      end_prose();
      const Columns columns = columns_of(line);
      page.item(bold(columns.left), columns.right);
    } else {
      prose += std::string{line} + "\n";
    }
  }
  end_prose();
}

std::string synopsis_of(const CommandRow& command) {
  std::string text = bold(fmt::format("tcptwin {}", command.name)) + " [" + italic("OPTIONS") + "]";
  if (!command.operands.empty()) text += " " + italic(command.operands);
  return text;
}

std::string tag_of(const OptionRow& option) {
  std::string tag = option.letter == 0 ? "" : bold(fmt::format("-{}", option.letter)) + ", ";
  tag += bold(fmt::format("--{}", option.name));
  return option.value.empty() ? tag : tag + " " + italic(option.value);
}

// At most as many words as a reader wants to see; `tcptwin explain` lists the rest.
constexpr std::size_t kFewWords = 16;

std::string syntax_with_words(std::string_view command, const OptionRow& option) {
  std::string text{syntax_of(option.value)};
  const Vocabulary vocabulary = vocabulary_of(command, option);
  const bool is_list = vocabulary.shape == ValueShape::Words;
  if (text.empty() || !is_list || vocabulary.words.size() > kFewWords) return text;
  return text + fmt::format(" They are `{}`.", fmt::join(vocabulary.words, "`, `"));
}

void add_values(RoffPage& page, std::string_view command,
                const std::vector<const OptionRow*>& options) {
  std::vector<std::string_view> said;
  for (const OptionRow* option : options) {
    const bool is_new = std::ranges::find(said, option->value) == said.end();
    const std::string text = syntax_with_words(command, *option);
    if (!is_new || text.empty()) continue;
    if (said.empty()) page.section("Values");
    said.push_back(option->value);
    page.item(italic(option->value), text);
  }
}

std::vector<const OptionRow*> shown_options(const CommandRow& command) {
  std::vector<const OptionRow*> options;
  for (const OptionRow& option : command.options) {
    if (option.visibility == Visibility::Shown) options.push_back(&option);
  }
  return options;
}

void add_options(RoffPage& page, const CommandRow& command) {
  page.section("Options");
  std::string_view group;
  for (const OptionRow* option : shown_options(command)) {
    if (option->group != group) page.subsection(group = option->group);
    page.item(tag_of(*option), option->text);
  }
  page.subsection("Help");
  page.item(bold("-h") + ", " + bold("--help"), "a short form of this page");
}

void add_exit_status(RoffPage& page) {
  page.section("Exit status");
  for (const ExitCode& row : exit_codes()) page.item(bold(std::to_string(row.code)), row.text);
}

void add_environment(RoffPage& page, const CommandRow& command) {
  const bool is_coloured = std::ranges::find(command.options, std::string_view{"color"},
                                             &OptionRow::name) != command.options.end();
  if (!is_coloured && command.name != "serve") return;
  page.section("Environment");
  if (is_coloured) page.item(bold("NO_COLOR"), "If it is set, `--color auto` means `never`.");
  if (command.name != "serve") return;
  page.item(bold("TCPTWIN_CONFIG"), "The configuration file, where `--config` is not given.");
  page.item(bold("TCPTWIN_") + italic("KEY"),
            "Each setting of tcptwin.yaml(5): capitals, and `_` for `-`.");
  page.section("Files");
  page.item(bold(kDefaultConfig), "The settings: tcptwin.yaml(5).");
}

void add_examples(RoffPage& page, std::string_view examples) {
  page.section("Examples");
  for (const std::string_view line : lines_of(examples)) {
    const Columns columns = columns_of(line);
    page.item(bold(columns.left), columns.right);
  }
}

std::string page_name(const CommandRow& command) {
  return fmt::format("tcptwin-{}", command.name);
}

// Every page but the one that refers.
void refer(RoffPage& page, std::string_view from) {
  page.section("See also");
  std::string text = from == "tcptwin" ? "" : "`tcptwin`(1)";
  for (const CommandRow& command : command_table()) {
    if (page_name(command) == from) continue;
    text += fmt::format("{}`{}`(1)", text.empty() ? "" : ", ", page_name(command));
  }
  if (from != "tcptwin.yaml") text += ", `tcptwin.yaml`(5)";
  page.paragraph(text + ", `ss`(8), `tcp`(7)");
  page.paragraph(
      "RFC 9293, Transmission Control Protocol (TCP). The documents of this program are "
      "installed in its folder below /usr/share/doc.");
}

std::string meaning_of(const OptionRow& option) {
  const std::string_view otherwise = default_of(option.name);
  std::string text = fmt::format("Variable: `{}`.", variable_of(option.name));
  if (!otherwise.empty()) text += fmt::format(" Default: `{}`.", otherwise);
  if (option.name == "web-config") return text + " Its content is read again when it changes.";
  return text + (takes_effect_at_reload(option.name) ? " A reload is enough to change it."
                                                     : " A change takes a restart.");
}

}  // namespace

std::string_view program_examples() {
  return "  tcptwin trace -L 443                       what happens on the HTTPS port, and why\n"
         "  tcptwin life --how rst_sent,rst_received   who resets whom\n"
         "  tcptwin stuck --once --exit-code           for a health check: 3 if anything is stuck\n"
         "  tcptwin snapshot --state close-wait -x     which sockets wait for their process\n"
         "  tcptwin record --duration 10m today.twin   what happens now, to look at it later\n"
         "  tcptwin replay today.twin --cause rst_received\n"
         "  tcptwin explain CLOSE_WAIT                 what that state means\n";
}

std::string program_page(std::string_view date) {
  RoffPage page{"tcptwin", 1, date, "why TCP connections change their state, and whether rightly"};
  page.section("Synopsis");
  page.paragraph("`tcptwin` COMMAND [OPTIONS]");
  page.section("Description");
  page.paragraph(program_description());
  page.paragraph(
      "It needs root, or CAP_BPF and CAP_PERFMON, and Linux 5.8 or later with BTF; "
      "`tcptwin doctor` tells what is missing.");
  page.section("Commands");
  for (const CommandRow& command : command_table()) {
    page.item(bold(page_name(command)) + "(1)", command.summary);
  }
  page.section("Options");
  page.item(bold("-h") + ", " + bold("--help"),
            "the list of commands; `tcptwin COMMAND --help` describes one");
  page.item(bold("-V") + ", " + bold("--version"), "version, revision and libbpf's version");
  add_exit_status(page);
  page.section("Files");
  page.item(bold(kDefaultConfig), "The settings of the service: tcptwin.yaml(5).");
  add_examples(page, program_examples());
  refer(page, "tcptwin");
  return page.text();
}

std::string command_page(const CommandRow& command, std::string_view date) {
  RoffPage page{page_name(command), 1, date, command.summary};
  page.section("Synopsis");
  page.synopsis(synopsis_of(command));
  page.section("Description");
  describe(page, command.description);
  add_options(page, command);
  add_values(page, command.name, shown_options(command));
  add_exit_status(page);
  add_environment(page, command);
  add_examples(page, command.examples);
  refer(page, page_name(command));
  return page.text();
}

std::string settings_page(std::string_view date) {
  RoffPage page{"tcptwin.yaml", 5, date, "settings of the tcptwin service"};
  page.section("Description");
  page.paragraph(
      "`tcptwin serve` reads " + std::string{kDefaultConfig} +
      ", or the file that `--config` or the variable `TCPTWIN_CONFIG` names. It is YAML: "
      "a key and its value on each line. A key that may have several values takes a "
      "list.");
  page.paragraph(
      "Every key is an option and a variable as well. An option outweighs a variable, a "
      "variable the file. An unknown key, a key given twice or a wrong value is refused, "
      "with its line and the nearest right name: `tcptwin serve --check-config` tries it, "
      "`--print-config` shows what holds and where it comes from.");
  page.paragraph(
      "SIGHUP (`systemctl reload tcptwin`) has the file read again. If anything in it is "
      "wrong, the former settings stay in force.");
  page.section("Keys");
  for (const OptionRow* option : serve_settings()) {
    page.item(bold(fmt::format("{}:", option->name)) + " " + italic(option->value),
              fmt::format("{}. {}", option->text, meaning_of(*option)));
  }
  add_values(page, "serve", serve_settings());
  page.section("Examples");
  page.verbatim(
      "# a line or a list for each key\n"
      "listen: [\"127.0.0.1:9293\", \"unix:/run/tcptwin/http\"]\n"
      "close-wait: 10s\n"
      "reconcile: 30s\n");
  refer(page, "tcptwin.yaml");
  return page.text();
}

}  // namespace tcptwin::commands
