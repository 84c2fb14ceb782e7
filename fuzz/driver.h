// What a fuzz driver and the replay of its corpus share: one entry per parser, fed any bytes.
//
// An entry must return for every input, without a crash, a leak or an undefined operation; what it finds to be wrong
// with a result (doc::valid() fails) ends the process.
#pragma once
#include <string_view>

namespace docmind::fuzz {

void fuzz_text(std::string_view bytes);
void fuzz_markdown(std::string_view bytes);
void fuzz_html(std::string_view bytes);
void fuzz_docx(std::string_view bytes);
void fuzz_docx_xml(std::string_view bytes);  // The main part alone: mutations of a zip rarely reach it.
void fuzz_epub(std::string_view bytes);
void fuzz_frame(std::string_view bytes);
void fuzz_sse(std::string_view bytes);
void fuzz_multipart(std::string_view bytes);
void fuzz_schema(std::string_view bytes);  // A schema, a line break, a text.
void fuzz_target(std::string_view bytes);  // And the body of an error from elsewhere.
void fuzz_gguf(std::string_view bytes);
void fuzz_safetensors(std::string_view bytes);
void fuzz_chat(std::string_view bytes);      // The body of a request.
void fuzz_template(std::string_view bytes);  // A chat template, a line "---", the text of a message.
void fuzz_rerank(std::string_view bytes);    // The body of a request.
void fuzz_hub(std::string_view bytes);       // What a model hub says.
void fuzz_answer(std::string_view bytes);    // What a model writes.
void fuzz_cache_request(std::string_view bytes);
void fuzz_cache_record(std::string_view bytes);
void fuzz_guards(std::string_view bytes);   // Two questions, a line break between them.
void fuzz_lexicon(std::string_view bytes);  // What follows the hash of the file of words.
void fuzz_import_database(std::string_view bytes);
void fuzz_import_docstore(std::string_view bytes);
void fuzz_traceparent(std::string_view bytes);
void fuzz_exposition(std::string_view bytes);  // Another process's page of metrics.

}  // namespace docmind::fuzz
