// German as it differs from English where sentences are compared. Pure; valid UTF-8 in.
#pragma once
#include <string_view>

namespace docmind::agents {

// Lower case in. Some are English words, too ("in", "die").
bool is_german_function_word(std::string_view lower);

// Whether a sentence reads like German: by function words that English does not have, and letters.
bool is_german(std::string_view sentence);

}  // namespace docmind::agents
