#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace docmind {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "docmind: bug: %s does not hold (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace docmind
