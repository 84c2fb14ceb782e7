// Where everything lies: the data directory's files, the socket, and what came with the binary.
//
// Values. docs/formats/data-directory.md describes them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "sys/environment.h"

namespace docmind::app {

struct Layout {
  std::filesystem::path binary;  // This program.
  std::filesystem::path share;   // share/docmind beside it: built-in models.
  std::filesystem::path lib;     // lib/docmind beside it: PDFium.
  std::filesystem::path data;    // The data directory, absolute.
  std::filesystem::path lock;
  std::filesystem::path library;
  std::filesystem::path sessions;   // Chats; made when first needed.
  std::filesystem::path answers;    // Kept answers; may be deleted.
  std::filesystem::path originals;  // Files that were uploaded and have pages; made when first needed.
  std::filesystem::path keys;       // Who may come from other machines; made with the first key.
  std::filesystem::path templates;  // One's own forms of questions; made with the first.
  std::filesystem::path models;     // The user's own models.
  std::filesystem::path cards;      // What is known of models.
  std::filesystem::path runtime;    // Private folder for sockets.
  std::filesystem::path socket;     // Of whoever holds the data directory.
};

// Who only looks at what is there has no folder made where a name was mistyped.
enum class DataFolder : std::uint8_t { kMade, kThere };

// Makes the data directory and the runtime folder. `data` may be empty: the default. kNotFound: it is to be there.
Result<Layout> lay_out(const std::string& data, const sys::Environment& environment,
                       DataFolder folder = DataFolder::kMade);

// Of the purges that a shared store was not told of yet, one for each: what one was not told is nothing to another.
std::filesystem::path purge_journal(const Layout& layout, const std::string& of, const std::string& store);

// PDFium beside the binary.
Result<std::filesystem::path> pdf_library();

// The file of a model, absolute: a path or a file name as it is, else NAME.gguf among the user's models, else among the
// built-in ones. kNotFound with what to do.
Result<std::filesystem::path> find_model(const Layout& layout, const std::string& name);

}  // namespace docmind::app
