#include "cache/entries/testing/conformance.h"
#include "cache/entries/testing/kept_file.h"

namespace docmind::cache {
namespace {

struct FileSubject {
  static constexpr std::uint64_t kMaxValue = 1U << 20U;
  FileSubject() {
    kept.options.max_value_bytes = kMaxValue;
    kept.open();
  }
  Entries& entries() { return *kept.file; }
  void pass(std::chrono::milliseconds time) { kept.clock.go_on(time); }
  testing::KeptFile kept;
};

INSTANTIATE_TYPED_TEST_SUITE_P(File, EntriesConformance, FileSubject);

}  // namespace
}  // namespace docmind::cache
