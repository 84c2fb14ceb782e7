// What tools/pack_web.py writes at build time: the table of the packed files.
#pragma once
#include <vector>

#include "web/files.h"

namespace docmind::web {

std::vector<File> packed_files();

}  // namespace docmind::web
