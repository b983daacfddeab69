// SPDX-License-Identifier: MIT
// The only file that includes yaml-cpp. Its exceptions end here.
#include "system/config_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace tcptwin::system {
namespace {

// Far more than anybody writes by hand, and a bound for the parser's memory.
constexpr std::size_t kMostBytes = 256 * 1024;
// yaml-cpp recurses: deeper than any file of ours by far, and no danger to the stack.
constexpr std::size_t kDeepest = 32;

std::size_t line_of(const YAML::Mark& mark) {
  return mark.line < 0 ? 1 : static_cast<std::size_t>(mark.line) + 1;
}

Error wrong(const std::string& name, std::size_t line, const std::string& what) {
  return {ErrorCode::Usage, name + ":" + std::to_string(line) + ": " + what, ""};
}

// How many brackets are open at once, or how far a line is indented by dashes, at most.
std::size_t nesting(std::string_view text) {
  std::size_t deepest = 0;
  std::size_t open = 0;
  std::size_t dashes = 0;
  for (const char character : text) {
    if (character == '[' || character == '{') deepest = std::max(deepest, ++open);
    if ((character == ']' || character == '}') && open > 0) --open;
    dashes = character == '\n' ? 0 : dashes + (character == '-' || character == '?' ? 1 : 0);
    deepest = std::max(deepest, dashes / 2);
  }
  return deepest;
}

// Only looks whether anything begins.
class Beginnings final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { line = line_of(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::size_t line = 1;
};

// Where it begins. (YAML::LoadAll() does not come to an end with some files.)
std::optional<std::size_t> second_document(const std::string& yaml) {
  std::istringstream stream{yaml};
  YAML::Parser parser{stream};
  Beginnings beginnings;
  const bool has_second =
      parser.HandleNextDocument(beginnings) && parser.HandleNextDocument(beginnings);
  return has_second ? std::optional{beginnings.line} : std::nullopt;
}

Result<std::vector<std::string>> values_of(const YAML::Node& node, const std::string& key,
                                           const std::string& name, std::size_t line) {
  std::vector<std::string> values;
  if (node.IsScalar()) values.push_back(node.Scalar());
  if (node.IsSequence()) {
    for (const YAML::Node& element : node) {
      if (!element.IsScalar()) {
        return wrong(name, line_of(element.Mark()), key + " wants plain values in its list");
      }
      values.push_back(element.Scalar());
    }
  }
  if (values.empty()) {
    return wrong(name, line, key + " wants a value or a list of values");
  }
  return values;
}

Status add_entries(ConfigFile& file, const YAML::Node& map, const std::string& section,
                   ConfigShape shape) {
  for (const auto& pair : map) {
    const std::size_t line = line_of(pair.first.Mark());
    if (!pair.first.IsScalar()) return wrong(file.name, line, "a key must be one word");
    const std::string key = section + pair.first.Scalar();
    if (std::ranges::any_of(file.entries, [&](const auto& other) { return other.key == key; })) {
      return wrong(file.name, line, key + " was given before");
    }
    if (shape == ConfigShape::Sections && section.empty() && pair.second.IsMap()) {
      const Status added = add_entries(file, pair.second, key + ".", shape);
      if (!added) return added;
      continue;
    }
    auto values = values_of(pair.second, key, file.name, line);
    if (!values) return values.error();
    file.entries.push_back({key, std::move(values.value()), line});
  }
  return Done{};
}

Result<ConfigFile> entries_of(const YAML::Node& root, std::string name, ConfigShape shape) {
  ConfigFile file{std::move(name), {}};
  if (root.IsNull()) return file;
  if (!root.IsMap()) return wrong(file.name, line_of(root.Mark()), "expected `key: value` lines");
  const Status added = add_entries(file, root, "", shape);
  if (!added) return added.error();
  return file;
}

}  // namespace

std::string place(const ConfigFile& file, const ConfigEntry& entry) {
  return file.name + ":" + std::to_string(entry.line);
}

Result<ConfigFile> parse_config(std::string_view text, std::string name, ConfigShape shape) {
  if (text.size() > kMostBytes) return wrong(name, 1, "the file is longer than 256 KB");
  if (text.find('\0') != std::string_view::npos) return wrong(name, 1, "this is no text");
  if (nesting(text) > kDeepest) return wrong(name, 1, "lists and maps are nested too deeply");
  try {
    const std::string yaml{text};
    if (const auto line = second_document(yaml)) {
      return wrong(name, *line, "there is a second document (`---`)");
    }
    return entries_of(YAML::Load(yaml), name, shape);
  } catch (const YAML::Exception& error) {
    return wrong(name, line_of(error.mark), "not YAML: " + error.msg);
  } catch (const std::exception& error) {
    return wrong(name, 1, std::string{"not YAML: "} + error.what());
  }
}

Result<ConfigFile> read_config(const std::string& path, ConfigShape shape) {
  std::ifstream file{path, std::ios::binary};
  std::string text;
  if (file) {
    text.resize(kMostBytes + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
  }
  if (!file && !file.eof()) {
    return Error{ErrorCode::Failed, "cannot read " + path + ": " + std::strerror(errno), ""};
  }
  return parse_config(text, path, shape);
}

}  // namespace tcptwin::system
