// doc::Parser and doc::PageRenderer that start one child process per document and per picture, so that a hostile
// document costs that child and nothing else.
//
// The child gets the document on its standard input and answers with one frame (frame.h) on its standard output. It has
// an empty environment and limits on wall-clock, CPU, memory, output and file size. What comes back is taken as
// hostile: bounds are checked, the checksum is compared, valid() has to hold; a picture comes as pixels, and its PNG is
// made here. A document is never tried twice. Thread safety: parse() and render() from several threads at once.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/thread_annotations.h"
#include "doc/page_renderer.h"
#include "doc/parser.h"

namespace docmind::parse {

struct ChildParserOptions {
  std::vector<std::string> command = {"/proc/self/exe", "parse"};  // "--name=NAME" is added.
  Duration wall = std::chrono::seconds(120);                       // From start to end of one document,
  Duration picture_wall = std::chrono::seconds(20);                // and of one picture.
  Duration cpu = std::chrono::seconds(60);                         // Processor time.
  std::uint64_t memory = 2ULL << 30U;       // Bytes of address space; not set under AddressSanitizer.
  std::uint64_t max_input = 512ULL << 20U;  // Bytes of the document; more is kResourceExhausted, without a child.
  std::uint64_t max_output = 1ULL << 30U;   // Bytes of the frame.
};

class ChildParser final : public doc::Parser, public doc::PageRenderer {
 public:
  ChildParser(ChildParserOptions options, const Clock& clock);

  Result<doc::Parsed> parse(const std::string& bytes, const std::string& name, Deadline deadline,
                            std::stop_token stop) override;
  std::string version() const override;
  // From the next document or picture on.
  void use(ChildParserOptions options);
  Result<std::string> render(const std::string& bytes, std::uint32_t page, std::uint32_t width, Deadline deadline,
                             std::stop_token stop) override;

 private:
  static Result<std::string> run(const ChildParserOptions& options, const Clock& clock, const std::string& bytes,
                                 std::vector<std::string> arguments, Duration wall, Deadline deadline,
                                 const std::stop_token& stop);
  std::shared_ptr<const ChildParserOptions> options() const;

  mutable Mutex mutex_;
  std::shared_ptr<const ChildParserOptions> options_ DM_GUARDED_BY(mutex_);
  const Clock& clock_;
};

}  // namespace docmind::parse
