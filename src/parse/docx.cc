// The main part is a list of blocks: paragraphs (w:p), tables (w:tbl) and wrappers around them (w:sdt, w:ins ...). Runs
// inside a paragraph are read in order; what stands beside the line (footnotes, text boxes) is put aside and follows as
// blocks of its own. Recursion follows the nesting of the XML and stops at kMaxDepth.
#include "parse/docx.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "parse/clean_text.h"
#include "parse/docx_styles.h"
#include "parse/flow.h"
#include "parse/xml.h"

namespace docmind::parse {
namespace {

constexpr int kMaxDepth = 100;

template <std::size_t N>
bool among(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Elements whose content is not shown, or is shown elsewhere.
bool is_silent(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kSilent = {"del",          "moveFrom", "instrText", "delText",
                                                               "delInstrText", "rPr",      "pPr",       "sdtPr",
                                                               "sdtEndPr",     "tblPr",    "fldData",   "object"};
  return among(name, kSilent);
}

bool is_code_style(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "html preformatted", "preformatted text", "source code", "code", "macro", "plain code", "code block"};
  return among(name, kNames);
}

class Reader {
 public:
  Reader(DocxStyles& styles, Flow& flow) : styles_(styles), flow_(flow) {}

  // Footnotes or endnotes, by id. The document must outlive the reader.
  void notes(const pugi::xml_node& root, std::string_view kind);
  void blocks(const pugi::xml_node& parent, int depth);
  void end();  // The document's end.
  bool too_deep() const { return too_deep_; }

 private:
  struct Aside {
    pugi::xml_node node;
    std::string mark;  // "[1]" for a note, empty for a text box.
  };

  void paragraph(const pugi::xml_node& p, int depth);
  void content(const pugi::xml_node& p, const pugi::xml_node& properties, const DocxStyle& style, int depth);
  void runs(const pugi::xml_node& parent, int depth);
  void run_item(const pugi::xml_node& node, std::string_view name, int depth);
  void note_reference(const pugi::xml_node& node, std::string_view kind);
  void asides(int depth);
  void table(const pugi::xml_node& tbl, int depth);
  void rows(const pugi::xml_node& parent, bool first_is_header, int depth);
  void cells(const pugi::xml_node& parent, int depth);
  void leave_code();
  void leave_list();

  DocxStyles& styles_;
  Flow& flow_;
  std::map<std::pair<std::string, std::string>, pugi::xml_node> notes_;
  std::vector<Aside> asides_;
  std::size_t notes_seen_ = 0;
  std::size_t rows_seen_ = 0;
  int list_depth_ = 0;
  bool code_ = false;
  bool too_deep_ = false;
};

void Reader::notes(const pugi::xml_node& root, std::string_view kind) {
  for (const pugi::xml_node& note : root.children()) {
    const std::string_view type = attribute(note, "type");
    if (type.empty() || type == "normal") notes_[{std::string(kind), std::string(attribute(note, "id"))}] = note;
  }
}

void Reader::blocks(const pugi::xml_node& parent, int depth) {
  if (depth > kMaxDepth) {
    too_deep_ = true;
    return;
  }
  for (const pugi::xml_node& node : parent.children()) {
    if (flow_.builder().full()) return;
    const std::string_view name = local_name(node);
    if (name == "p") {
      paragraph(node, depth + 1);
    } else if (name == "tbl") {
      table(node, depth + 1);
    } else if (name == "sdt") {
      const std::string_view gallery = child_value(child(child(node, "sdtPr"), "docPartObj"), "docPartGallery");
      const bool contents = gallery == "Table of Contents" && flow_.is_source();
      if (contents) flow_.source(false);
      blocks(child(node, "sdtContent"), depth + 1);
      if (contents) flow_.source(true);
    } else if (name == "AlternateContent") {
      const pugi::xml_node choice = child(node, "Choice");
      blocks(choice ? choice : child(node, "Fallback"), depth + 1);
    } else if (!is_silent(name)) {
      blocks(node, depth + 1);
    }
  }
}

void Reader::leave_code() {
  if (std::exchange(code_, false)) flow_.end_code();
}

void Reader::end() {
  leave_code();
  leave_list();
  flow_.end_block();
}

void Reader::leave_list() {
  for (; list_depth_ > 0; --list_depth_) flow_.end_list();
}

void Reader::paragraph(const pugi::xml_node& p, int depth) {
  const pugi::xml_node properties = child(p, "pPr");
  const DocxStyle style = styles_.style(child_value(properties, "pStyle"));
  const bool contents =
      (style.name.starts_with("toc ") || style.name.starts_with("index ") || style.name == "table of figures") &&
      flow_.is_source();
  if (!is_code_style(style.name)) {
    leave_code();
  } else if (!code_ && !flow_.in_cell()) {
    leave_list();
    flow_.begin_code();
    code_ = true;
  }
  if (contents) flow_.source(false);
  content(p, properties, style, depth);
  if (contents) flow_.source(true);
  asides(depth);
}

// The text of one paragraph as a heading, list item, line of code or paragraph.
void Reader::content(const pugi::xml_node& p, const pugi::xml_node& properties, const DocxStyle& style, int depth) {
  if (code_ || flow_.in_cell()) {
    runs(p, depth);
    return flow_.end_block();
  }
  const pugi::xml_node own = child(properties, "numPr");
  const std::string numbering(child(own, "numId") ? child_value(own, "numId") : std::string_view(style.numbering));
  const int level = child(own, "ilvl") ? number(child_value(own, "ilvl"), 0) : style.level;
  const int outline = number(child_value(properties, "outlineLvl"), style.outline);
  const bool heading = (outline >= 0 && outline <= 8) || style.name == "title";
  DocxStyles::Number count;
  if (!numbering.empty()) count = styles_.next_number(numbering, level, child_value(properties, "pStyle"));
  if (heading) {
    leave_list();
    flow_.begin_heading(static_cast<std::uint8_t>(std::clamp(outline + 1, 1, 6)));
    if (!count.text.empty()) flow_.text(count.text + " ");
    runs(p, depth);
    return flow_.end_heading();
  }
  if (!count.exists) {
    leave_list();
    runs(p, depth);
    return flow_.end_block();
  }
  while (list_depth_ > count.level + 1) {
    flow_.end_list();
    --list_depth_;
  }
  for (; list_depth_ <= count.level; ++list_depth_) flow_.begin_list();
  flow_.begin_item(count.text);
  runs(p, depth);
  flow_.end_item();
}

void Reader::runs(const pugi::xml_node& parent, int depth) {
  if (depth > kMaxDepth) {
    too_deep_ = true;
    return;
  }
  if (is_on(child(parent, "rPr"), "vanish")) return;
  for (const pugi::xml_node& node : parent.children()) {
    const std::string_view name = local_name(node);
    if (!is_silent(name)) run_item(node, name, depth);
  }
}

void Reader::run_item(const pugi::xml_node& node, std::string_view name, int depth) {
  if (name == "t") {
    flow_.text(node.text().get());
  } else if (name == "tab" || name == "ptab") {
    flow_.text("\t");
  } else if (name == "br" || name == "cr") {
    flow_.line_break();
  } else if (name == "noBreakHyphen") {
    flow_.text("-");
  } else if (name == "footnoteReference" || name == "endnoteReference") {
    note_reference(node, name == "footnoteReference" ? "footnote" : "endnote");
  } else if (name == "txbxContent") {
    asides_.push_back({node, {}});
  } else if (name == "AlternateContent") {  // The same picture twice, for new and old programs.
    const pugi::xml_node choice = child(node, "Choice");
    runs(choice ? choice : child(node, "Fallback"), depth + 1);
  } else if (name != "p" && name != "tbl") {
    runs(node, depth + 1);
  }
}

void Reader::note_reference(const pugi::xml_node& node, std::string_view kind) {
  const auto found = notes_.find({std::string(kind), std::string(attribute(node, "id"))});
  if (found == notes_.end()) return;
  const std::string mark = "[" + std::to_string(++notes_seen_) + "]";
  flow_.text(mark);
  asides_.push_back({found->second, mark + " "});
  notes_.erase(found);  // Once, so that a note cannot hold itself.
}

void Reader::asides(int depth) {
  if (flow_.in_cell()) return;  // They follow the table.
  for (const Aside& aside : std::exchange(asides_, {})) {
    leave_code();
    leave_list();
    flow_.text(aside.mark);
    blocks(aside.node, depth + 1);
  }
}

// Whether the table only draws a box or places things: one column.
bool is_layout(const pugi::xml_node& tbl) {
  for (const pugi::xml_node& row : tbl.children()) {
    std::size_t cells = 0;
    for (const pugi::xml_node& cell : row.children())
      cells += local_name(cell) == "tc" || local_name(cell) == "sdt" ? 1 : 0;
    if (cells > 1) return false;
  }
  return true;
}

void Reader::table(const pugi::xml_node& tbl, int depth) {
  leave_code();
  if (!flow_.in_cell()) leave_list();
  if (!flow_.in_cell() && is_layout(tbl)) return blocks(tbl, depth);
  const pugi::xml_node look = child(child(tbl, "tblPr"), "tblLook");
  const bool first_row = attribute(look, "firstRow") == "1" || attribute(look, "firstRow") == "true";
  const std::size_t outer_rows = std::exchange(rows_seen_, 0);
  flow_.begin_table();
  rows(tbl, first_row, depth + 1);
  flow_.end_table();
  rows_seen_ = outer_rows;
  asides(depth);
}

void Reader::rows(const pugi::xml_node& parent, bool first_is_header, int depth) {
  if (depth > kMaxDepth) {
    too_deep_ = true;
    return;
  }
  for (const pugi::xml_node& node : parent.children()) {
    const std::string_view name = local_name(node);
    if (name == "tr") {
      const bool marked = is_on(child(node, "trPr"), "tblHeader");
      const bool header = marked || (first_is_header && rows_seen_ == 0);
      ++rows_seen_;
      flow_.begin_row();
      cells(node, depth + 1);
      flow_.end_row(header ? Flow::Row::kHeader : Flow::Row::kData);
    } else if (!is_silent(name)) {
      rows(node, first_is_header, depth + 1);
    }
  }
}

// How many columns of the grid a cell covers.
std::uint32_t columns_of(const pugi::xml_node& cell) {
  const std::string_view span = attribute(child(child(cell, "tcPr"), "gridSpan"), "val");
  std::uint32_t columns = 1;
  std::from_chars(span.data(), span.data() + span.size(), columns);
  return columns;
}

void Reader::cells(const pugi::xml_node& parent, int depth) {
  if (depth > kMaxDepth) {
    too_deep_ = true;
    return;
  }
  for (const pugi::xml_node& node : parent.children()) {
    const std::string_view name = local_name(node);
    if (name == "tc") {
      flow_.begin_cell();
      blocks(node, depth + 1);
      flow_.end_cell({columns_of(node), 1});
    } else if (!is_silent(name)) {
      cells(node, depth + 1);
    }
  }
}

// The part that a relationship of this type leads to, inside the container; `otherwise` when none does.
std::string target(Archive& archive, const std::string& relations, std::string_view folder, std::string_view type,
                   std::string_view otherwise) {
  pugi::xml_document document;
  const Result<std::string> bytes = archive.read(relations);
  if (!bytes || !load_xml(*bytes, relations, document)) return std::string(otherwise);
  for (const pugi::xml_node& relation : child(document, "Relationships").children()) {
    if (!attribute(relation, "Type").ends_with(type) || attribute(relation, "TargetMode") == "External") continue;
    const std::string_view path = attribute(relation, "Target");
    std::string whole = path.starts_with('/') ? std::string(path.substr(1)) : std::string(folder) + std::string(path);
    if (archive.has(whole)) return whole;
  }
  return std::string(otherwise);
}

// An optional part: empty when it is missing or broken, an error only at a limit.
Result<std::string> optional_part(Archive& archive, const std::string& name) {
  Result<std::string> bytes = archive.read(name);
  if (bytes) return bytes;
  if (bytes.error().code == Code::kResourceExhausted) return bytes;
  return std::string();
}

std::string title_of(std::string_view core_xml) {
  pugi::xml_document document;
  if (core_xml.empty() || !load_xml(core_xml, "core", document)) return {};
  return child(child(document, "coreProperties"), "title").text().get();
}

}  // namespace

Result<doc::Parsed> parse_docx(Archive& archive, std::uint64_t max_text) {
  const std::string main = target(archive, "_rels/.rels", "", "/officeDocument", "word/document.xml");
  const std::string folder = main.substr(0, main.rfind('/') + 1);
  const std::string relations = folder + "_rels/" + main.substr(folder.size()) + ".rels";
  const auto part = [&](std::string_view type, std::string_view otherwise) {
    return optional_part(archive, target(archive, relations, folder, type, folder + std::string(otherwise)));
  };
  const std::string bytes = DM_TRY(archive.read(main));
  pugi::xml_document document;
  DM_TRY(load_xml(bytes, main, document));
  const std::string styles_xml = DM_TRY(part("/styles", "styles.xml"));
  const std::string numbering_xml = DM_TRY(part("/numbering", "numbering.xml"));
  const std::string footnotes_xml = DM_TRY(part("/footnotes", "footnotes.xml"));
  const std::string endnotes_xml = DM_TRY(part("/endnotes", "endnotes.xml"));
  DocxStyles styles(styles_xml, numbering_xml);
  pugi::xml_document footnotes;
  pugi::xml_document endnotes;

  DocumentBuilder builder("docx", max_text);
  builder.title(title_of(
      DM_TRY(optional_part(archive, target(archive, "_rels/.rels", "", "/core-properties", "docProps/core.xml")))));
  Flow flow(builder);
  Reader reader(styles, flow);
  if (!footnotes_xml.empty() && load_xml(footnotes_xml, "footnotes", footnotes))
    reader.notes(child(footnotes, "footnotes"), "footnote");
  if (!endnotes_xml.empty() && load_xml(endnotes_xml, "endnotes", endnotes))
    reader.notes(child(endnotes, "endnotes"), "endnote");
  reader.blocks(child(child(document, "document"), "body"), 0);
  reader.end();
  if (reader.too_deep()) builder.warn("Text nested more than 100 deep was left out.");
  return std::move(builder).finish();
}

}  // namespace docmind::parse
