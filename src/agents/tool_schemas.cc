// What each tool takes and gives, as JSON Schema. Places are byte spans of the stored text, as in citations.
#include <array>

#include "agents/toolbox.h"

namespace docmind::agents {
namespace {

#define DM_DOCUMENTS                                                                          \
  R"("documents":{"type":"array","items":{"type":"string","maxLength":4096},"maxItems":100,)" \
  R"("description":"Only these: ids or paths; a path ending in / means all below it."})"
#define DM_WHERE                                                                                         \
  R"("where":{"type":"array","maxItems":16,"items":{"type":"object","properties":{)"                     \
  R"("column":{"type":"string","maxLength":256,"description":"Words of its name; empty: any column."},)" \
  R"("test":{"enum":["is","has","is_not","more","at_least","less","at_most"]},)"                         \
  R"("value":{"type":"string","maxLength":256}},"required":["column","test","value"],)"                  \
  R"("additionalProperties":false},"description":"Conditions on rows; each must hold."})"
#define DM_NAME                                               \
  R"("name":{"type":"string","minLength":1,"maxLength":512,)" \
  R"("description":"Words of its caption, heading, columns or document."})"
#define DM_HITS                                                                                                  \
  R"("hits":{"type":"array","items":{"type":"object","properties":{"document":{"type":"string"},)"               \
  R"("document_id":{"type":"string"},"page":{"type":["integer","null"]},"start":{"type":"integer"},)"            \
  R"("end":{"type":"integer"},"heading":{"type":"string"},"text":{"type":"string"},"score":{"type":"number"}},)" \
  R"("required":["document","document_id","page","start","end","heading","text","score"],)"                      \
  R"("additionalProperties":false}})"
#define DM_READ \
  R"("documents_read":{"type":"integer"},"documents_total":{"type":"integer"},"complete":{"type":"boolean"})"

constexpr auto kTools = std::to_array<Tool>({
    {"search", "Finds the passages nearest to a question, by words and by meaning. Not for counting.",
     R"({"type":"object","properties":{"query":{"type":"string","minLength":1,"maxLength":8192},)"
     R"("k":{"type":"integer","minimum":1,"maximum":50},)" DM_DOCUMENTS
     R"(},"required":["query"],"additionalProperties":false})",
     R"({"type":"object","properties":{)" DM_HITS R"(},"required":["hits"],"additionalProperties":false})"},
    {"exact_find", "Every place where a phrase stands, in all documents, without regard to case; whole words.",
     R"({"type":"object","properties":{"phrase":{"type":"string","minLength":1,"maxLength":1024},)"
     R"("limit":{"type":"integer","minimum":1,"maximum":1000},)" DM_DOCUMENTS
     R"(},"required":["phrase"],"additionalProperties":false})",
     R"({"type":"object","properties":{"total":{"type":"integer"},"documents_holding":{"type":"integer"},)" DM_READ
     R"(,"places":{"type":"array","items":{"type":"object","properties":{"document":{"type":"string"},)"
     R"("document_id":{"type":"string"},"start":{"type":"integer"},"end":{"type":"integer"}},)"
     R"("required":["document","document_id","start","end"],"additionalProperties":false}}},)"
     R"("required":["total","documents_holding","documents_read","documents_total","complete","places"],)"
     R"("additionalProperties":false})"},
    {"read_page", "The text of one page of a document; of a format without pages, of one piece of about 8 KiB.",
     R"({"type":"object","properties":{"document":{"type":"string","minLength":1,"maxLength":4096},)"
     R"("page":{"type":"integer","minimum":1,"maximum":1000000}},"required":["document","page"],)"
     R"("additionalProperties":false})",
     R"({"type":"object","properties":{"document":{"type":"string"},"document_id":{"type":"string"},)"
     R"("page":{"type":"integer"},"pages":{"type":"integer"},"start":{"type":"integer"},"end":{"type":"integer"},)"
     R"("text":{"type":"string"}},"required":["document","document_id","page","pages","start","end","text"],)"
     R"("additionalProperties":false})"},
    {"table_query", "Rows of tables and items of lists, found by name, filtered by conditions, with chosen columns.",
     R"({"type":"object","properties":{)" DM_NAME "," DM_WHERE
     R"(,"columns":{"type":"array","items":{"type":"string","maxLength":256},"maxItems":64},)"
     R"("limit":{"type":"integer","minimum":1,"maximum":1000},)" DM_DOCUMENTS
     R"(},"required":["name"],"additionalProperties":false})",
     R"({"type":"object","properties":{"sets":{"type":"array","items":{"type":"object","properties":{)"
     R"("kind":{"enum":["table","list","headings"]},"name":{"type":"string"},"document":{"type":"string"},)"
     R"("document_id":{"type":"string"},"heading":{"type":"string"},)"
     R"("columns":{"type":"array","items":{"type":"string"}},"matching":{"type":"integer"},"read":{"type":"integer"},)"
     R"("rows":{"type":"array","items":{"type":"object","properties":{"start":{"type":"integer"},)"
     R"("end":{"type":"integer"},"cells":{"type":"array","items":{"type":"string"}}},)"
     R"("required":["start","end","cells"],"additionalProperties":false}}},"required":["kind","name","document",)"
     R"("document_id","heading","columns","matching","read","rows"],"additionalProperties":false}},)"
     R"("left_out":{"type":"integer"},)" DM_READ
     R"(},"required":["sets","left_out","documents_read","documents_total","complete"],"additionalProperties":false})"},
    {"count", "How many rows of tables or items of lists meet conditions, or how many different values a column has.",
     R"({"type":"object","properties":{)" DM_NAME "," DM_WHERE
     R"(,"different":{"type":"string","minLength":1,"maxLength":256,"description":"A column's name."},)" DM_DOCUMENTS
     R"(},"required":["name"],"additionalProperties":false})",
     R"({"type":"object","properties":{"count":{"type":"integer"},"sets":{"type":"array","items":{"type":"object",)"
     R"("properties":{"kind":{"enum":["table","list","headings"]},"name":{"type":"string"},)"
     R"("document":{"type":"string"},"document_id":{"type":"string"},"count":{"type":"integer"},)"
     R"("read":{"type":"integer"}},"required":["kind","name","document","document_id","count","read"],)"
     R"("additionalProperties":false}},"left_out":{"type":"integer"},)" DM_READ
     R"(},"required":["count","sets","left_out","documents_read","documents_total","complete"],)"
     R"("additionalProperties":false})"},
    {"compare", "The passages of each of several documents that are nearest to one question, side by side.",
     R"({"type":"object","properties":{"query":{"type":"string","minLength":1,"maxLength":8192},)"
     R"("documents":{"type":"array","items":{"type":"string","minLength":1,"maxLength":4096},"minItems":2,)"
     R"("maxItems":8},"k":{"type":"integer","minimum":1,"maximum":10}},"required":["query","documents"],)"
     R"("additionalProperties":false})",
     R"({"type":"object","properties":{"sides":{"type":"array","items":{"type":"object","properties":{)"
     R"("document":{"type":"string"},)" DM_HITS R"(},"required":["document","hits"],"additionalProperties":false}}},)"
     R"("required":["sides"],"additionalProperties":false})"},
    {"arithmetic", "Computes + - * / and brackets exactly; numbers may have separators, units, currencies, percent.",
     R"({"type":"object","properties":{"expression":{"type":"string","minLength":1,"maxLength":1024}},)"
     R"("required":["expression"],"additionalProperties":false})",
     R"({"type":"object","properties":{"value":{"type":"string"},"unit":{"type":"string"},)"
     R"("exact":{"type":"boolean"}},"required":["value","unit","exact"],"additionalProperties":false})"},
});

}  // namespace

std::span<const Tool> tools() { return kTools; }

}  // namespace docmind::agents
