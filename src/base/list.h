// Lists as people write them into a setting: words between commas. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace docmind {

// In order, without the spaces around each; empty ones are left out.
std::vector<std::string> words_between_commas(std::string_view list);

}  // namespace docmind
