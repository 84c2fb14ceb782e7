// The blanks of a template: "What does {document} say about {topic}?" has two. Pure functions.
//
// A blank is a name in braces: 1 to 64 bytes of letters and digits of any script, "-", "_" and spaces within. Other
// braces are text, so that a template may hold a piece of code.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::templates {

// Their names in the order of the text, each once.
std::vector<std::string> blanks_of(std::string_view text);

// The text with words for its blanks; what stands in the words is no blank. kInvalidArgument for a blank without words
// (blank ones are none) and for words without a blank.
Result<std::string> fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& words);

}  // namespace docmind::templates
