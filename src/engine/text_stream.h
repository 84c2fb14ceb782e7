// The bytes of tokens as text that can be sent: whole characters, and nothing that may belong to a stop string.
//
// Ill-formed UTF-8 becomes U+FFFD as soon as it is known to be; a character's missing end only at the end of the text.
// The stop string that is complete first ends the text; it and what follows are never given out. Holds back at most the
// longest stop string and three bytes. Belongs to one thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace docmind::engine {

class TextStream {
 public:
  explicit TextStream(std::vector<std::string> stops = {});  // None empty; UTF-8.

  std::string push(std::string_view bytes);  // What can be sent now. Nothing more after stopped().
  std::string finish();                      // The rest.
  bool stopped() const { return stopped_; }

 private:
  void take_characters(std::string_view bytes);
  std::size_t held() const;

  std::vector<std::string> stops_;
  std::string broken_;  // The beginning of a character.
  std::string text_;    // Characters not sent yet.
  bool stopped_ = false;
};

// How many bytes at the end of `text` are the beginning of `word`, which may go on in the next piece.
std::size_t begun(std::string_view text, std::string_view word);

}  // namespace docmind::engine
