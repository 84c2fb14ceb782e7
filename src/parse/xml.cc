#include "parse/xml.h"

#include <fmt/format.h>

#include <charconv>

namespace docmind::parse {

Result<> load_xml(std::string_view bytes, std::string_view part, pugi::xml_document& out) {
  const pugi::xml_parse_result result =
      out.load_buffer(bytes.data(), bytes.size(), pugi::parse_default | pugi::parse_ws_pcdata);
  if (result) return {};
  return Error{Code::kDataLoss,
               fmt::format("part {} is broken: {} at byte {}", part, result.description(), result.offset),
               "Open the document in the program that made it, save it again and add that file."};
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& c : node.children()) {
    if (local_name(c) == name) return c;
  }
  return {};
}

std::string_view attribute(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_attribute& a : node.attributes()) {
    const std::string_view full = a.name();
    if (full == name || (full.ends_with(name) && full[full.size() - name.size() - 1] == ':')) return a.value();
  }
  return {};
}

std::string_view child_value(const pugi::xml_node& node, std::string_view name) {
  return attribute(child(node, name), "val");
}

bool is_on(const pugi::xml_node& properties, std::string_view name) {
  const pugi::xml_node property = child(properties, name);
  if (!property) return false;
  const std::string_view value = attribute(property, "val");
  return value != "false" && value != "0" && value != "off";
}

int number(std::string_view text, int otherwise) {
  int value = otherwise;
  if (text.empty() || text.size() > 9) return otherwise;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() ? value : otherwise;
}

}  // namespace docmind::parse
