// Feeds a folder of seeds, and simple mutations of each, to one entry: the fuzz drivers' short check in every build.
//
//   fuzz_replay ENTRY FOLDER
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/rng.h"
#include "driver.h"

namespace {

using Entry = void (*)(std::string_view);

// A few bytes changed, a piece cut out, doubled or cut off.
std::string mutated(std::string bytes, docmind::Rng& rng) {
  if (bytes.empty()) return bytes;
  const std::size_t at = rng.next() % bytes.size();
  const std::size_t size = std::min<std::size_t>(rng.next() % 64 + 1, bytes.size() - at);
  switch (rng.next() % 5) {
    case 0:
      return bytes.substr(0, at);
    case 1:
      return bytes.erase(at, size);
    case 2:
      return bytes.insert(at, bytes.substr(at, size));
    default:
      for (int i = 0; i < 4; ++i) bytes[rng.next() % bytes.size()] = static_cast<char>(rng.next());
      return bytes;
  }
}

}  // namespace

int main(int argc, char** argv) {
  namespace fuzz = docmind::fuzz;
  const std::map<std::string, Entry> entries = {{"text", fuzz::fuzz_text},
                                                {"markdown", fuzz::fuzz_markdown},
                                                {"html", fuzz::fuzz_html},
                                                {"docx", fuzz::fuzz_docx},
                                                {"docx_xml", fuzz::fuzz_docx_xml},
                                                {"epub", fuzz::fuzz_epub},
                                                {"frame", fuzz::fuzz_frame},
                                                {"sse", fuzz::fuzz_sse},
                                                {"multipart", fuzz::fuzz_multipart},
                                                {"target", fuzz::fuzz_target},
                                                {"rerank", fuzz::fuzz_rerank},
                                                {"hub", fuzz::fuzz_hub},
                                                {"schema", fuzz::fuzz_schema},
                                                {"gguf", fuzz::fuzz_gguf},
                                                {"safetensors", fuzz::fuzz_safetensors},
                                                {"chat", fuzz::fuzz_chat},
                                                {"template", fuzz::fuzz_template},
                                                {"answer", fuzz::fuzz_answer},
                                                {"cache_request", fuzz::fuzz_cache_request},
                                                {"cache_record", fuzz::fuzz_cache_record},
                                                {"guards", fuzz::fuzz_guards},
                                                {"lexicon", fuzz::fuzz_lexicon},
                                                {"import_database", fuzz::fuzz_import_database},
                                                {"import_docstore", fuzz::fuzz_import_docstore},
                                                {"traceparent", fuzz::fuzz_traceparent},
                                                {"exposition", fuzz::fuzz_exposition}};
  if (argc != 3 || !entries.contains(argv[1])) return std::fprintf(stderr, "usage: fuzz_replay ENTRY FOLDER\n"), 2;
  docmind::SeededRng rng(1);
  std::size_t seeds = 0;
  for (const auto& file : std::filesystem::directory_iterator(argv[2])) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const Entry entry = entries.at(argv[1]);
    entry(bytes);
    for (int i = 0; i < 200; ++i) entry(mutated(bytes, rng));
    ++seeds;
  }
  std::printf("%s: %zu seeds, 201 inputs each\n", argv[1], seeds);
  return seeds > 0 ? 0 : 1;
}
