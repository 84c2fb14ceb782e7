// The few thousand commonest English words, to tell a name ("sid", "dpkg") from a synonym ("stays"). Pure.
#pragma once
#include <string_view>

namespace docmind::agents {

// `stem`: as text::terms() gives it; of a compound, its parts.
bool is_ordinary_word(std::string_view stem);

}  // namespace docmind::agents
