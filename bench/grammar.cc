// Times token masks of a JSON schema over Qwen's vocabulary, ours and libllama's grammar sampler, along one text.
//
//   grammar VOCABULARY.gguf REPEATS [BYTES_OF_TOOLS] -> one JSON object on stdout; times in microseconds.
#include <llama.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "grammar/tokens.h"
#include "sys/clock.h"

namespace {

using namespace docmind;
namespace json = boost::json;

constexpr const char* kSchema = R"({
  "type": "object", "required": ["status", "answer", "claims", "note"], "additionalProperties": false,
  "properties": {
    "status": {"enum": ["answered", "abstained", "partial"]},
    "answer": {"type": "string"},
    "claims": {"type": "array", "items": {
      "type": "object", "required": ["text", "supported", "page", "score", "quotes"], "additionalProperties": false,
      "properties": {"text": {"type": "string"}, "supported": {"type": "boolean"}, "page": {"type": "integer"},
                     "score": {"type": "number"}, "quotes": {"type": "array", "items": {"type": "string"}}}}},
    "note": {"type": ["string", "null"]}}})";

// The same language, as llama.cpp's own converter would write it.
constexpr const char* kGbnf = R"GBNF(
root ::= "{\"status\": " status ", \"answer\": " string ", \"claims\": " claims ", \"note\": " ( string | "null" ) "}"
status ::= "\"answered\"" | "\"abstained\"" | "\"partial\""
claims ::= "[" ( claim ( ", " claim )* )? "]"
claim ::= "{\"text\": " string ", \"supported\": " ( "true" | "false" ) ", \"page\": " integer ", \"score\": " number ", \"quotes\": " quotes "}"
quotes ::= "[" ( string ( ", " string )* )? "]"
string ::= "\"" char* "\""
char ::= [^"\\\x7F\x00-\x1F] | "\\" ( ["\\bfnrt] | "u" [0-9a-fA-F]{4} )
integer ::= "-"? ( "0" | [1-9] [0-9]{0,15} )
number ::= "-"? ( "0" | [1-9] [0-9]{0,15} ) ( "." [0-9]{1,16} )? ( [eE] [-+]? [0-9]{1,2} )?
)GBNF";

constexpr const char* kText =
    R"({"status": "partial", "answer": "The watch on the bridge changes every four hours; the chief mate has the morning )"
    R"(watch (04:00 to 08:00).\nWhere the pilot is on board, the master stays on the bridge.", "claims": [{"text": "The watch )"
    R"(changes every \"four\" hours.", "supported": true, "page": 12, "score": 0.8725, "quotes": ["The officers of the watch are )"
    R"(relieved every four hours", "at 00:00, 04:00, 08:00, 12:00, 16:00 and 20:00"]}, {"text": "值班驾驶员每四小时交接一次。", )"
    R"("supported": true, "page": 3, "score": 0.75, "quotes": ["值班驾驶员每四小时交接一次，交接时应当面说明航向、航速和能见度。"]}, )"
    R"({"text": "Nothing is said about the anchor watch.", "supported": false, "page": 0, "score": -1e-3, "quotes": []}], )"
    R"("note": null})";

struct Samples {
  std::vector<double> microseconds;
  double mean() const {
    double sum = 0;
    for (const double m : microseconds) sum += m;
    return sum / static_cast<double>(microseconds.size());
  }
  double at(double share) {
    std::sort(microseconds.begin(), microseconds.end());
    return microseconds[static_cast<std::size_t>(share * static_cast<double>(microseconds.size() - 1))];
  }
};

class Bench {
 public:
  Bench(const llama_vocab* vocab, std::vector<llama_token> text) : vocab_(vocab), text_(std::move(text)) {
    const int size = llama_vocab_n_tokens(vocab);
    std::vector<std::string> tokens(static_cast<std::size_t>(size));
    for (int t = 0; t < size; ++t) {
      if ((llama_vocab_get_attr(vocab, t) & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNUSED)) == 0)
        tokens[t] = piece(t);
    }
    const std::vector<grammar::Token> ends = {llama_vocab_eos(vocab)};
    trie_ = *grammar::TokenTrie::build(tokens, ends);
    logits_.resize(tokens.size());
  }

  std::string piece(llama_token token) const {
    std::string out(256, '\0');
    const int size = llama_token_to_piece(vocab_, token, out.data(), static_cast<int>(out.size()), 0, false);
    out.resize(static_cast<std::size_t>(std::max(size, 0)));
    return out;
  }

  // A mask at each place of the text, applied to the logits. True: every token of the text was allowed.
  bool ours(grammar::Masker& masker, const std::shared_ptr<const grammar::Grammar>& grammar, Samples& masks,
            Samples& made, Samples& single) {
    grammar::Matcher matcher(grammar);
    grammar::TokenMask mask(trie_->size());
    for (const llama_token token : text_) {
      std::fill(logits_.begin(), logits_.end(), 0.0F);
      auto begin = clock_.now();
      const bool alone = masker.allowed(matcher, token);
      single.microseconds.push_back(since(begin));
      begin = clock_.now();
      masker.allowed(matcher, mask);
      made.microseconds.push_back(since(begin));
      mask.forbid(logits_);
      masks.microseconds.push_back(since(begin));
      if (!alone || !mask.test(token) || !matcher.advance(trie_->bytes(token))) return false;
    }
    return matcher.finished();
  }

  bool theirs(Samples& masks, Samples& single) {
    const std::unique_ptr<llama_sampler, void (*)(llama_sampler*)> sampler(
        llama_sampler_init_grammar(vocab_, kGbnf, "root"), llama_sampler_free);
    if (!sampler) return false;
    std::vector<llama_token_data> data(logits_.size());
    for (const llama_token token : text_) {
      for (std::size_t t = 0; t < data.size(); ++t) data[t] = {static_cast<llama_token>(t), 0.0F, 0.0F};
      llama_token_data one = data[static_cast<std::size_t>(token)];
      llama_token_data_array few{&one, 1, -1, false};
      auto begin = clock_.now();
      llama_sampler_apply(sampler.get(), &few);
      single.microseconds.push_back(since(begin));
      llama_token_data_array all{data.data(), data.size(), -1, false};
      begin = clock_.now();
      llama_sampler_apply(sampler.get(), &all);
      masks.microseconds.push_back(since(begin));
      if (std::isinf(data[static_cast<std::size_t>(token)].logit)) return false;
      llama_sampler_accept(sampler.get(), token);
    }
    return true;
  }

  // Bytes of the text that were forced.
  std::size_t forced(const std::shared_ptr<const grammar::Grammar>& grammar) const {
    const std::string text = kText;
    grammar::Matcher matcher(grammar);
    std::size_t forced = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::string run = matcher.forced();
      forced += run.size();
      const std::string step = run.empty() ? text.substr(at, 1) : run;
      if (!matcher.advance(step)) return 0;
      at += step.size();
    }
    return forced;
  }

  const std::shared_ptr<const grammar::TokenTrie>& trie() const { return trie_; }
  double since(TimePoint begin) const {
    return std::chrono::duration<double, std::micro>(clock_.now() - begin).count();
  }
  const Clock& clock() const { return clock_; }

 private:
  const llama_vocab* vocab_;
  std::vector<llama_token> text_;
  std::shared_ptr<const grammar::TokenTrie> trie_;
  std::vector<float> logits_;
  sys::RealClock clock_;
};

std::vector<grammar::Tool> tools_of(std::size_t bytes) {
  std::vector<grammar::Tool> tools;
  for (std::size_t made = 0; made < bytes;) {
    json::object properties;
    for (int p = 0; p < 20; ++p) {
      properties["parameter_" + std::to_string(p)] = *parse_json(
          R"({"type":["string","null"],"description":"What the caller wants to have in this place","maxLength":2000})");
    }
    json::value schema = json::object{{"type", "object"}, {"properties", properties}, {"required", {"parameter_3"}}};
    made += to_text(schema).size();
    tools.push_back({"tool_" + std::to_string(tools.size()), std::move(schema)});
  }
  return tools;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: grammar VOCABULARY.gguf REPEATS\n"), 2;
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_model_params parameters = llama_model_default_params();
  parameters.vocab_only = true;
  const std::unique_ptr<llama_model, void (*)(llama_model*)> model(llama_model_load_from_file(argv[1], parameters),
                                                                   llama_model_free);
  if (!model) return std::fprintf(stderr, "%s does not load\n", argv[1]), 1;
  const llama_vocab* vocab = llama_model_get_vocab(model.get());
  const std::string text = kText;
  std::vector<llama_token> tokens(text.size());
  tokens.resize(static_cast<std::size_t>(llama_tokenize(vocab, text.data(), static_cast<int>(text.size()),
                                                        tokens.data(), static_cast<int>(tokens.size()), false, false)));
  Bench bench(vocab, tokens);

  json::array ours;
  json::array theirs;
  Samples masks, made, single, their_masks, their_single, cold, compile;
  double walks = 0;
  bool right = true;
  const auto schema = *parse_json(kSchema);
  std::shared_ptr<const grammar::Grammar> compiled;
  for (int i = 0; i < std::stoi(argv[2]); ++i) {
    const auto begin = bench.clock().now();
    compiled = *grammar::Grammar::of_schema(schema);
    compile.microseconds.push_back(bench.since(begin));
    grammar::Masker masker(bench.trie());  // Nothing remembered: the first request with this schema.
    Samples first, again, unused, their;
    right = bench.ours(masker, compiled, first, unused, unused) && right;
    right = bench.ours(masker, compiled, again, made, single) && right;
    right = bench.theirs(their, their_single) && right;
    walks = static_cast<double>(masker.counts().walked);
    cold.microseconds.push_back(first.mean());
    ours.push_back(first.mean());
    theirs.push_back(their.mean());
    masks.microseconds.insert(masks.microseconds.end(), again.microseconds.begin(), again.microseconds.end());
    their_masks.microseconds.insert(their_masks.microseconds.end(), their.microseconds.begin(),
                                    their.microseconds.end());
  }
  const std::vector<grammar::Tool> tools = tools_of(120'000);
  const auto begin = bench.clock().now();
  const auto many = grammar::Grammar::of_tools(tools);
  const double tools_time = bench.since(begin);
  json::object out{{"right", right && many},
                   {"vocabulary", bench.trie()->size()},
                   {"tokens", tokens.size()},
                   {"first", ours},
                   {"theirs", theirs},
                   {"walks", walks},
                   {"mean", masks.mean()},
                   {"p99", masks.at(0.99)},
                   {"made_mean", made.mean()},
                   {"made_p50", made.at(0.5)},
                   {"made_p99", made.at(0.99)},
                   {"their_mean", their_masks.mean()},
                   {"their_p99", their_masks.at(0.99)},
                   {"single", single.mean()},
                   {"their_single", their_single.mean()},
                   {"compile", compile.at(0.5)},
                   {"tools_compile", tools_time},
                   {"tools_states", many ? (*many)->states() : 0},
                   {"forced", static_cast<double>(bench.forced(compiled)) / static_cast<double>(text.size())}};
  std::printf("%s\n", to_text(out).c_str());
  return 0;
}
