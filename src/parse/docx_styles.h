// What the styles and the numbering of a DOCX say about a paragraph: its role, and the number Word prints before it.
//
// ECMA-376 part 1, 17.7 (styles) and 17.9 (numbering). Numbers are counters: ask for each numbered paragraph once and
// in order. Not thread-safe.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parse/xml.h"

namespace docmind::parse {

struct DocxStyle {
  std::string name;       // Lower-case: "heading 1", "toc 2"; built-in names are English in every language.
  std::string based_on;   // Style id.
  int outline = -1;       // 0 to 8, or -1.
  std::string numbering;  // numId, or empty.
  int level = -1;         // ilvl, or -1.
};

class DocxStyles {
 public:
  // Either part may be empty. Broken parts count as absent: the text is worth more than its numbers.
  DocxStyles(std::string_view styles_xml, std::string_view numbering_xml);

  // The style with what it inherits. An unknown id is a plain paragraph.
  DocxStyle style(std::string_view id) const;

  struct Number {
    std::string text;     // "1.2", "a)"; empty for bullets.
    bool exists = false;  // The paragraph is numbered or has a bullet.
    int level = 0;        // From 0.
  };
  // Counts one up. `level` -1: the level that belongs to the style.
  Number next_number(std::string_view numbering, int level, std::string_view style_id);

 private:
  struct Level {
    int start = 1;
    std::string format = "decimal";
    std::string text;   // "%1.%2."
    std::string style;  // The style this level belongs to.
  };
  using Levels = std::map<int, Level>;
  struct Instance {
    std::string abstract;
    std::map<int, int> start_overrides;
  };

  void read_styles(const pugi::xml_node& root);
  void read_numbering(const pugi::xml_node& root);
  int level_of_style(const Levels& levels, std::string_view style_id) const;
  std::string printed(const Levels& levels, const std::map<int, int>& counters, int level) const;

  std::map<std::string, DocxStyle, std::less<>> styles_;
  std::map<std::string, Levels, std::less<>> abstracts_;
  std::map<std::string, Instance, std::less<>> instances_;
  std::map<std::string, std::map<int, int>, std::less<>> counters_;  // By abstract numbering.
};

// A counter as Word prints it: "decimal" 3, "lowerRoman" iii, "upperLetter" C, "chineseCounting" 三; others as decimal.
std::string formatted_number(int value, std::string_view format);

}  // namespace docmind::parse
