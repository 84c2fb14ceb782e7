#include "cache/testing/fake_entries.h"

#include "cache/entries/testing/conformance.h"

namespace docmind::cache {
namespace {

struct FakeSubject {
  static constexpr std::uint64_t kMaxValue = FakeEntries::kMaxValue;
  Entries& entries() { return kept; }
  void pass(std::chrono::milliseconds time) { kept.pass(time); }
  FakeEntries kept;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, EntriesConformance, FakeSubject);

}  // namespace
}  // namespace docmind::cache
