#include "engine/prompt.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "llm/document_text.h"
#include "text/normalise.h"

namespace docmind::engine {
namespace {

std::vector<std::string> texts_of(const std::vector<SpecialToken>& special) {
  std::vector<std::string> texts;
  for (const SpecialToken& token : special) texts.push_back(token.text);
  return texts;
}

std::size_t system_messages(std::span<const ChatMessage> messages) {
  const auto other = std::ranges::find_if(messages, [](const ChatMessage& m) { return m.role != Role::kSystem; });
  return static_cast<std::size_t>(other - messages.begin());
}

}  // namespace

// A rendered prompt as one text, and which bytes of it are the template's.
struct PromptRenderer::Text {
  std::string bytes;
  std::vector<std::pair<std::size_t, std::size_t>> own;  // Ranges, in order.

  // The end of the template's text around `at`; `at` itself in the request's.
  std::size_t own_until(std::size_t at) const {
    const auto it = std::ranges::upper_bound(own, at, {}, [](const auto& range) { return range.second; });
    return it != own.end() && it->first <= at ? it->second : at;
  }
};

// Where the shared beginning ends: in the content of a message, or (kBefore) before all of that message.
struct PromptRenderer::Cut {
  enum class Place : std::uint8_t { kBefore, kInside };
  Place place = Place::kBefore;
  std::size_t message = 0;
  std::size_t offset = 0;
};

PromptRenderer::PromptRenderer(const ChatTemplate& chat_template, const Vocabulary& vocabulary)
    : template_(chat_template), vocabulary_(vocabulary), guard_(texts_of(vocabulary.vocabulary().special)) {}

namespace {

Error bad_prefix() {
  return {Code::kInvalidArgument, "\"document_prefix\" does not end on a character of the messages.",
          "Count the bytes of the contents of the messages up to the end of what is shared."};
}

// The message and the place in it where so many bytes of contents end.
Result<std::pair<std::size_t, std::size_t>> place_of(std::span<const ChatMessage> messages, std::uint64_t bytes) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string& content = messages[i].content;
    if (bytes <= content.size()) {
      if (!is_char_border(content, bytes)) return bad_prefix();
      return std::pair(i, static_cast<std::size_t>(bytes));
    }
    bytes -= content.size();
  }
  return bad_prefix();
}

// NFC of both sides of a place in a message, which moves with it.
void compose(ChatMessage& message, std::size_t& place) {
  std::string head = text::nfc(std::string_view(message.content).substr(0, place));
  const std::string tail = text::nfc(std::string_view(message.content).substr(place));
  place = head.size();
  message.content = std::move(head) + tail;
}

}  // namespace

Result<Prompt> PromptRenderer::render(PromptInput input) const {
  std::vector<ChatMessage>& messages = input.messages;
  Cut cut{.message = system_messages(messages)};
  if (input.document_prefix) {
    const auto place = DM_TRY(place_of(messages, *input.document_prefix));
    cut = {.place = Cut::Place::kInside, .message = place.first, .offset = place.second};
  }
  const auto is_user = [](const ChatMessage& m) { return m.role == Role::kUser; };
  const auto first = std::ranges::find_if(messages, is_user);
  const std::string documents = text::nfc(llm::documents_text("document", input.documents));
  const std::string passages = text::nfc(llm::documents_text("passage", input.passages));
  if (first == messages.end() && !(documents.empty() && passages.empty())) {
    return Error{Code::kInvalidArgument, "There are documents but no user message that they could stand in.",
                 "Add a message with the role \"user\"."};
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    std::size_t whole = 0;
    compose(messages[i], i == cut.message ? cut.offset : whole);
    messages[i].reasoning = text::nfc(messages[i].reasoning);
  }
  if (!passages.empty()) {
    const auto last = std::ranges::find_if(messages.rbegin(), messages.rend(), is_user);
    const std::size_t at = static_cast<std::size_t>(messages.rend() - last) - 1;
    // Behind what is shared, should that end in this message.
    last->content.insert(at == cut.message ? cut.offset : 0, passages);
  }
  if (!documents.empty()) {
    first->content.insert(0, documents);
    const std::size_t at = static_cast<std::size_t>(first - messages.begin());
    if (!input.document_prefix)
      cut = {.place = Cut::Place::kInside, .message = at, .offset = documents.size()};
    else if (at == cut.message)
      cut.offset += documents.size();
  }
  const Text text = DM_TRY(text_of(input, messages));
  Prompt prompt = DM_TRY(tokens_of(text, shared_bytes(input, text, cut)));
  prompt.thinking = std::string_view(text.bytes).substr(0, text.bytes.find_last_not_of(" \n") + 1).ends_with("<think>");
  return prompt;
}

Result<PromptRenderer::Text> PromptRenderer::text_of(const PromptInput& input,
                                                     std::span<const ChatMessage> messages) const {
  Text text;
  for (const PromptPart& part :
       DM_TRY(template_.render({.messages = messages, .tools = input.tools, .extra = input.extra}))) {
    const std::size_t begin = text.bytes.size();
    text.bytes += part.text;
    if (part.origin == Origin::kTemplate) text.own.emplace_back(begin, text.bytes.size());
  }
  return text;
}

// Found by rendering a twin that is different from the cut on: what both have in common is the beginning, whatever the
// template does to it. Where the twin cannot be rendered nothing is shared.
std::size_t PromptRenderer::shared_bytes(const PromptInput& input, const Text& text, const Cut& cut) const {
  std::vector<ChatMessage> twin(
      input.messages.begin(),
      input.messages.begin() + static_cast<std::ptrdiff_t>(std::min(cut.message + 1, input.messages.size())));
  if (cut.message == input.messages.size()) twin.push_back({.role = Role::kUser});
  std::string& content = twin.back().content;
  const bool is_x = cut.offset < content.size() && content[cut.offset] == 'x';
  content.resize(cut.offset);
  content += is_x ? 'y' : 'x';
  const auto other = text_of(input, twin);
  if (!other) return 0;
  const auto ends = std::ranges::mismatch(text.bytes, other->bytes);
  auto shared = static_cast<std::size_t>(ends.in1 - text.bytes.begin());
  while (!is_char_border(text.bytes, shared)) --shared;
  if (cut.place == Cut::Place::kInside) return shared;
  // The cut is before a message: give back what the template writes before its content, from its special token on.
  constexpr std::size_t kHead = 64;
  for (std::size_t at = shared; at > 0 && at + kHead > shared; --at) {
    const std::size_t length = guard_.length_at(text.bytes, at - 1);
    if (length != 0 && at - 1 + length <= text.own_until(at - 1)) return at - 1;
  }
  return shared;
}

// Text that holds no special token, whatever it looks like: a user-defined token (<tool_call>) is found by every
// tokenizer, so its text is cut in two.
Result<> PromptRenderer::append_plain(std::string_view text, std::vector<std::int32_t>& tokens) const {
  const auto append = [&](std::string_view piece) -> Result<> {
    if (piece.empty()) return {};
    const auto ids = DM_TRY(vocabulary_.tokenise(piece, Specials::kText));
    tokens.insert(tokens.end(), ids.begin(), ids.end());
    return {};
  };
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (guard_.length_at(text, i) == 0) continue;
    const std::size_t cut = i + code_point_at(text, i).length;
    DM_TRY(append(text.substr(begin, cut - begin)));
    begin = cut;
    i = cut - 1;
  }
  return append(text.substr(begin));
}

// Cuts at the template's special tokens and at the end of what is shared.
class PromptRenderer::Cutter {
 public:
  Cutter(const PromptRenderer& renderer, std::string_view bytes, std::size_t shared)
      : renderer_(renderer), bytes_(bytes), shared_(shared) {
    mark(0);
  }

  void add(std::int32_t token) { prompt_.tokens.push_back(token); }

  Result<> text_until(std::size_t end) {
    if (begin_ < shared_ && shared_ < end) {
      DM_TRY(renderer_.append_plain(bytes_.substr(begin_, shared_ - begin_), prompt_.tokens));
      begin_ = shared_;
    }
    mark(begin_);
    DM_TRY(renderer_.append_plain(bytes_.substr(begin_, end - begin_), prompt_.tokens));
    begin_ = end;
    mark(end);
    return {};
  }

  Result<> special(std::size_t at, std::size_t length, std::int32_t token) {
    DM_TRY(text_until(at));
    if (at + length > shared_) mark(shared_);  // A beginning that ends inside a token ends before it.
    add(token);
    begin_ = at + length;
    mark(begin_);
    return {};
  }

  Prompt take() && { return std::move(prompt_); }

 private:
  void mark(std::size_t at) {
    if (marked_ || at < shared_) return;
    marked_ = true;
    prompt_.shared = static_cast<std::uint32_t>(prompt_.tokens.size());
  }

  const PromptRenderer& renderer_;
  std::string_view bytes_;
  std::size_t shared_;
  std::size_t begin_ = 0;
  bool marked_ = false;
  Prompt prompt_;
};

Result<Prompt> PromptRenderer::tokens_of(const Text& text, std::size_t shared) const {
  const VocabularyFacts& facts = vocabulary_.vocabulary();
  const std::string_view bytes = text.bytes;
  Cutter cutter(*this, bytes, shared);
  if (facts.begin && !(bytes.starts_with(facts.begin_text) && text.own_until(0) >= facts.begin_text.size())) {
    cutter.add(*facts.begin);
  }
  for (const auto& [own_begin, own_end] : text.own) {
    for (std::size_t at = own_begin; at < own_end; ++at) {
      const std::size_t length = guard_.length_at(bytes.substr(0, own_end), at);
      if (length == 0) continue;
      const auto special = std::ranges::find(facts.special, bytes.substr(at, length), &SpecialToken::text);
      DM_TRY(cutter.special(at, length, special->id));
      at += length - 1;
    }
  }
  DM_TRY(cutter.text_until(bytes.size()));
  return std::move(cutter).take();
}

Result<Prompt> PromptRenderer::tokenise(std::string_view text) const {
  const VocabularyFacts& facts = vocabulary_.vocabulary();
  Prompt prompt;
  if (facts.begin && !text.starts_with(facts.begin_text)) prompt.tokens.push_back(*facts.begin);
  const auto ids = DM_TRY(vocabulary_.tokenise(text::nfc(text), Specials::kParse));
  prompt.tokens.insert(prompt.tokens.end(), ids.begin(), ids.end());
  return prompt;
}

}  // namespace docmind::engine
