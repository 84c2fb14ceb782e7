#include "sys/rng.h"

#include <sys/random.h>

namespace docmind::sys {

std::uint64_t RealRng::next() {
  std::uint64_t value = 0;
  while (::getrandom(&value, sizeof value, 0) != sizeof value) {
  }  // Up to 256 bytes it fails only by a signal, before the pool is ready at boot.
  return value;
}

}  // namespace docmind::sys
