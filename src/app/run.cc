#include "app/run.h"

#include <cstdio>
#include <string_view>

namespace docmind::app {

int run(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::printf("docmind %s\n", DOCMIND_VERSION);
    return 0;
  }
  return 2;
}

}  // namespace docmind::app
