// docs/settings.md, made from the declarations: what is documented is what the program does.
#pragma once
#include <string>

namespace docmind::config {

std::string reference_page();

}  // namespace docmind::config
