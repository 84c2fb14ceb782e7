// An EntryFile in a folder of its own, for tests: opened, closed, opened again.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cache/entries/entry_file.h"
#include "cache/entries/testing/settable_clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::cache::testing {

struct KeptFile {
  sys::TempFolder folder;
  SettableClock clock;
  sys::RealFiles files;
  obs::Log log;
  EntryFileOptions options{.path = folder / "cache.db"};
  std::unique_ptr<EntryFile> file;

  EntryFile& open() {
    close();
    auto opened = EntryFile::open(options, {clock, files, log});
    EXPECT_TRUE(opened) << opened.error().message;
    file = *std::move(opened);
    return *file;
  }
  void close() { file.reset(); }
  EntryFile& get() { return file == nullptr ? open() : *file; }

  void put(std::string_view key, std::string value, std::vector<std::string> tags = {}, Duration ttl = kForever,
           double cost = 0) {
    const Result<> done =
        get().put(key, {.value = std::move(value), .ttl = ttl, .cost = cost, .tags = std::move(tags)}, {}, {});
    EXPECT_TRUE(done) << done.error().message;
  }
  std::optional<std::string> value(std::string_view key) {
    const auto got = get().get(key, {}, {});
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : std::nullopt;
  }
  EntriesStats stats() { return *get().stats(); }
};

}  // namespace docmind::cache::testing
