#include "parse/docx_styles.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace docmind::parse {
namespace {

constexpr int kMaxInheritance = 20;  // Styles may be based on each other in a circle.
constexpr int kLevels = 9;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string letters(int value) {  // 1 a, 26 z, 27 aa, 28 bb, as Word does.
  if (value < 1 || value > 26 * 30) return std::to_string(value);
  return std::string(static_cast<std::size_t>((value - 1) / 26 + 1), static_cast<char>('a' + (value - 1) % 26));
}

std::string roman(int value) {
  static constexpr std::array<std::pair<int, std::string_view>, 13> kSigns = {{{1000, "m"},
                                                                               {900, "cm"},
                                                                               {500, "d"},
                                                                               {400, "cd"},
                                                                               {100, "c"},
                                                                               {90, "xc"},
                                                                               {50, "l"},
                                                                               {40, "xl"},
                                                                               {10, "x"},
                                                                               {9, "ix"},
                                                                               {5, "v"},
                                                                               {4, "iv"},
                                                                               {1, "i"}}};
  if (value < 1 || value > 3'999) return std::to_string(value);
  std::string out;
  for (const auto& [worth, sign] : kSigns) {
    for (; value >= worth; value -= worth) out += sign;
  }
  return out;
}

std::string chinese(int value) {
  static constexpr std::array<std::string_view, 10> kDigits = {"",   "一", "二", "三", "四",
                                                               "五", "六", "七", "八", "九"};
  if (value < 1 || value > 99) return std::to_string(value);
  const auto tens = static_cast<std::size_t>(value / 10);
  std::string out(tens > 1 ? kDigits[tens] : "");
  if (tens > 0) out += "十";
  out += kDigits[static_cast<std::size_t>(value % 10)];
  return out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

}  // namespace

std::string formatted_number(int value, std::string_view format) {
  if (format == "bullet" || format == "none") return {};
  if (format == "lowerLetter") return letters(value);
  if (format == "upperLetter") return upper(letters(value));
  if (format == "lowerRoman") return roman(value);
  if (format == "upperRoman") return upper(roman(value));
  if (format == "decimalZero" && value >= 0 && value < 10) return "0" + std::to_string(value);
  if (format.starts_with("chineseCounting") || format == "japaneseCounting" || format == "taiwaneseCounting" ||
      format == "ideographTraditional" || format == "taiwaneseCountingThousand") {
    return chinese(value);
  }
  return std::to_string(value);
}

DocxStyles::DocxStyles(std::string_view styles_xml, std::string_view numbering_xml) {
  pugi::xml_document document;
  if (!styles_xml.empty() && load_xml(styles_xml, "styles", document)) read_styles(child(document, "styles"));
  if (!numbering_xml.empty() && load_xml(numbering_xml, "numbering", document))
    read_numbering(child(document, "numbering"));
}

void DocxStyles::read_styles(const pugi::xml_node& root) {
  for (const pugi::xml_node& node : root.children()) {
    if (local_name(node) != "style" || attribute(node, "type") != "paragraph") continue;
    const pugi::xml_node properties = child(node, "pPr");
    const pugi::xml_node numbering = child(properties, "numPr");
    styles_.try_emplace(std::string(attribute(node, "styleId")),
                        DocxStyle{.name = lower(child_value(node, "name")),
                                  .based_on = std::string(child_value(node, "basedOn")),
                                  .outline = number(child_value(properties, "outlineLvl"), -1),
                                  .numbering = std::string(child_value(numbering, "numId")),
                                  .level = number(child_value(numbering, "ilvl"), -1)});
  }
}

void DocxStyles::read_numbering(const pugi::xml_node& root) {
  for (const pugi::xml_node& node : root.children()) {
    if (local_name(node) == "abstractNum") {
      Levels& levels = abstracts_[std::string(attribute(node, "abstractNumId"))];
      for (const pugi::xml_node& lvl : node.children()) {
        const int index = number(attribute(lvl, "ilvl"), -1);
        if (local_name(lvl) != "lvl" || index < 0 || index >= kLevels) continue;
        levels[index] = {.start = number(child_value(lvl, "start"), 1),
                         .format = std::string(child_value(lvl, "numFmt")),
                         .text = std::string(child_value(lvl, "lvlText")),
                         .style = std::string(child_value(lvl, "pStyle"))};
      }
    } else if (local_name(node) == "num") {
      Instance& instance = instances_[std::string(attribute(node, "numId"))];
      instance.abstract = child_value(node, "abstractNumId");
      for (const pugi::xml_node& over : node.children()) {
        const int start = number(child_value(over, "startOverride"), -1);
        if (local_name(over) == "lvlOverride" && start >= 0) {
          instance.start_overrides[number(attribute(over, "ilvl"), 0)] = start;
        }
      }
    }
  }
}

DocxStyle DocxStyles::style(std::string_view id) const {
  DocxStyle out;
  auto found = styles_.find(id);
  for (int depth = 0; found != styles_.end() && depth < kMaxInheritance; ++depth) {
    const DocxStyle& from = found->second;
    if (depth == 0) out = from;
    if (out.outline < 0) out.outline = from.outline;
    if (out.numbering.empty()) {
      out.numbering = from.numbering;
      if (out.level < 0) out.level = from.level;
    }
    // A style that is based on "heading 2" is one, whatever its name.
    if (out.outline < 0 && from.name.starts_with("heading ")) out.outline = number(from.name.substr(8), 0) - 1;
    found = styles_.find(from.based_on);
  }
  return out;
}

int DocxStyles::level_of_style(const Levels& levels, std::string_view style_id) const {
  const auto found =
      std::find_if(levels.begin(), levels.end(), [&](const auto& level) { return level.second.style == style_id; });
  return found == levels.end() || style_id.empty() ? 0 : found->first;
}

DocxStyles::Number DocxStyles::next_number(std::string_view numbering, int level, std::string_view style_id) {
  const auto instance = instances_.find(numbering);
  if (instance == instances_.end() || numbering == "0") return {};  // numId 0 takes the numbering of a style away.
  const auto abstract = abstracts_.find(instance->second.abstract);
  if (abstract == abstracts_.end()) return {.text = {}, .exists = true, .level = std::clamp(level, 0, kLevels - 1)};
  const Levels& levels = abstract->second;
  if (level < 0) level = level_of_style(levels, style_id);
  level = std::min(level, kLevels - 1);
  std::map<int, int>& counters = counters_[abstract->first];
  if (const auto over = instance->second.start_overrides.find(level); over != instance->second.start_overrides.end()) {
    counters[level] = over->second - 1;
    instance->second.start_overrides.erase(over);  // Once, at the instance's first paragraph.
  }
  for (int i = 0; i <= level; ++i) {
    const auto found = levels.find(i);
    const int start = found == levels.end() ? 1 : found->second.start;
    counters.try_emplace(i, i == level ? start - 1 : start);
  }
  counters[level] = std::min(counters[level], 1'000'000) + 1;
  counters.erase(counters.upper_bound(level), counters.end());
  return {.text = printed(levels, counters, level), .exists = true, .level = level};
}

std::string DocxStyles::printed(const Levels& levels, const std::map<int, int>& counters, int level) const {
  const auto found = levels.find(level);
  if (found == levels.end() || found->second.format == "bullet" || found->second.format == "none") return {};
  const std::string& pattern = found->second.text;
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 >= pattern.size() || pattern[i + 1] < '1' || pattern[i + 1] > '9') {
      out += pattern[i];
      continue;
    }
    const int which = pattern[++i] - '1';
    const auto counter = counters.find(which);
    const auto its_level = levels.find(which);
    if (counter == counters.end()) continue;
    out += formatted_number(counter->second, its_level == levels.end() ? "decimal" : its_level->second.format);
  }
  return out;
}

}  // namespace docmind::parse
