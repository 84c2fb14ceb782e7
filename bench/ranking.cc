// Ranks a collection's documents for its queries through the real index, once by BM25, once by vectors, once by both.
//
// usage: ranking BUILD DATA QUERIES.tsv DEPTH OUT DOCUMENT-FOLDER
// QUERIES.tsv: id and text per line. OUT/run.tsv: mode, query id, rank, document's file name. OUT/terms.jsonl: per
// chunk its file name and the terms the keyword index holds for it (for the independent scorer); OUT/query_terms.jsonl.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

#include "base/json.h"
#include "pipeline.h"
#include "text/terms.h"

namespace docmind::bench {
namespace {

namespace json = boost::json;

struct Query {
  std::string id;
  std::string text;
};

std::vector<Query> read_queries(const char* path) {
  std::vector<Query> queries;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto tab = line.find('\t');
    if (tab != std::string::npos) queries.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  return queries;
}

std::string file_name(const std::string& path) { return std::filesystem::path(path).stem().string(); }

// What the keyword index was given for a text: its terms, and how many of them count for its length.
void add_terms(const std::string& text, json::array& terms, std::uint64_t& length) {
  for (const text::Term& term : text::terms(text)) {
    terms.push_back(json::value(term.text));
    if (!term.colocated) ++length;
  }
}

Result<> write_terms(Pipeline& pipeline, const std::vector<Query>& queries, const std::filesystem::path& out) {
  std::ofstream chunks_file(out / "terms.jsonl");
  auto at = DM_TRY(pipeline.library().read(Deadline::never(), {}));
  for (const std::int64_t key : DM_TRY(at.matching({}))) {
    const library::Document document = DM_TRY(at.document(key));
    for (const library::Chunk& chunk : DM_TRY(at.chunks(key))) {
      json::array terms;
      std::uint64_t length = 0;
      add_terms(chunk.text, terms, length);
      add_terms(chunk.heading, terms, length);
      chunks_file << to_text(json::object{{"document", file_name(document.path)},
                                          {"chunk", chunk.id},
                                          {"length", length},
                                          {"terms", std::move(terms)}})
                  << "\n";
    }
  }
  std::ofstream query_file(out / "query_terms.jsonl");
  for (const Query& query : queries) {
    json::array terms;
    for (const std::string& term : text::query_terms(query.text)) terms.push_back(json::value(term));
    json::array all;  // With function words: to see what leaving them out is worth.
    std::uint64_t length = 0;
    add_terms(query.text, all, length);
    query_file << to_text(json::object{{"query", query.id}, {"terms", std::move(terms)}, {"all", std::move(all)}})
               << "\n";
  }
  return {};
}

Result<> rank(Pipeline& pipeline, const std::vector<Query>& queries, std::uint32_t depth,
              const std::filesystem::path& out) {
  struct Mode {
    const char* name;
    retrieval::IndexOptions options;
  };
  retrieval::IndexOptions words;
  words.dense = retrieval::Stage::kOff;
  retrieval::IndexOptions vectors;
  vectors.bm25 = retrieval::Stage::kOff;
  std::ofstream run(out / "run.tsv");
  for (const Mode& mode : {Mode{"bm25", words}, Mode{"dense", vectors}, Mode{"hybrid", {}}}) {
    auto index = DM_TRY(pipeline.index(mode.options));
    for (const Query& query : queries) {
      const auto found = DM_TRY(index->search({query.text, depth, {}}, Deadline::never(), {}));
      std::set<std::string> seen;  // A document ranks where its best chunk does.
      for (const retrieval::Hit& hit : found.hits) {
        const std::string name = file_name(hit.document);
        if (seen.insert(name).second)
          run << mode.name << '\t' << query.id << '\t' << seen.size() << '\t' << name << '\n';
      }
    }
  }
  return {};
}

Result<> run(char** argv) {
  auto pipeline = DM_TRY(Pipeline::open(argv[1], argv[2]));
  const std::vector<Query> queries = read_queries(argv[3]);
  const std::filesystem::path out = argv[5];
  const ingest::Summary summary = DM_TRY(pipeline->ingest({argv[6]}));
  std::fprintf(stderr, "%llu documents, %llu chunks, %.1f s\n", static_cast<unsigned long long>(summary.documents),
               static_cast<unsigned long long>(summary.chunks), summary.seconds);
  DM_TRY(write_terms(*pipeline, queries, out));
  return rank(*pipeline, queries, static_cast<std::uint32_t>(std::strtoul(argv[4], nullptr, 10)), out);
}

}  // namespace
}  // namespace docmind::bench

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: ranking BUILD DATA QUERIES.tsv DEPTH OUT DOCUMENT-FOLDER\n");
    return 2;
  }
  const auto done = docmind::bench::run(argv);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
