// Reading XML parts of a container (DOCX, EPUB): names without their prefixes, nothing external.
//
// pugixml reads no DTD, resolves no entity but the five of XML, opens no file, and parses without recursion. Node
// handles belong to their document. Pure functions.
#pragma once
#include <pugixml.hpp>
#include <string_view>

#include "base/result.h"

namespace docmind::parse {

// kDataLoss when it is not well-formed; `part` is named in the message.
Result<> load_xml(std::string_view bytes, std::string_view part, pugi::xml_document& out);

// "p" of "w:p".
std::string_view local_name(const pugi::xml_node& node);

// The first child, or attribute, of that local name; empty when there is none.
pugi::xml_node child(const pugi::xml_node& node, std::string_view name);
std::string_view attribute(const pugi::xml_node& node, std::string_view name);

// The value of attribute "val" of the child: <w:ilvl w:val="1"/>.
std::string_view child_value(const pugi::xml_node& node, std::string_view name);

// A property that is on: <w:vanish/> and not <w:vanish w:val="false"/>.
bool is_on(const pugi::xml_node& properties, std::string_view name);

// A number up to 9 digits, else `otherwise`.
int number(std::string_view text, int otherwise);

}  // namespace docmind::parse
