#include "imports/found.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "imports/impl/collect.h"
#include "store/database.h"
#include "store/foreign.h"
#include "sys/files.h"
#include "sys/testing/fault_files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::imports {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ImportsTest : public ::testing::Test {
 protected:
  // A database as its program would have left it: SQL that makes and fills its tables.
  void database(const std::string& name, const std::string& sql) const {
    store::DatabaseOptions options;
    options.path = (folder_.path() / name).string();
    options.migrations = {{.version = 1, .up = sql, .down = ""}};
    ASSERT_TRUE(store::Database::open(std::move(options)));
  }

  Result<Found> found(System system) { return find(system, folder_.path(), {files_, Deadline::never(), {}}); }

  static std::map<std::string, std::string> texts(const Found& found) {
    std::map<std::string, std::string> out;
    for (const Document& one : found.documents) {
      const auto bytes = one.bytes();
      out[one.name + (one.text_only ? " (text)" : "")] = bytes ? *bytes : "error: " + bytes.error().message;
    }
    return out;
  }
  static std::vector<std::string> left(const Found& found) {
    std::vector<std::string> out;
    for (const LeftOut& one : found.left_out) out.push_back(one.what + ": " + one.why);
    return out;
  }

  sys::TempFolder folder_;
  sys::RealFiles files_;
};

using OpenWebUi = ImportsTest;

constexpr const char* kWebUi =
    "CREATE TABLE file(id TEXT PRIMARY KEY, user_id TEXT, hash TEXT, filename TEXT, path TEXT, data JSON, meta JSON, "
    "created_at BIGINT, updated_at BIGINT);"
    "CREATE TABLE chat(id TEXT PRIMARY KEY, user_id TEXT, title TEXT, chat JSON, created_at BIGINT, updated_at "
    "BIGINT);";

TEST_F(OpenWebUi, OriginalsComeAsTheyAreAndOthersAsText) {
  database("webui.db",
           std::string(kWebUi) +
               "INSERT INTO file VALUES('1','u','','合同.md','/app/backend/data/uploads/1_合同.md','{}','{}',1,1),"
               "('2','u','','old.pdf','/app/backend/data/uploads/2_old.pdf','{\"content\":\"Its words.\"}','{}',2,2),"
               "('3','u','','gone.pdf',NULL,NULL,'{}',3,3);");
  folder_.write("uploads/1_合同.md", "# 合同\n");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(texts(*all),
            (std::map<std::string, std::string>{{"合同.md", "# 合同\n"}, {"old.pdf.txt (text)", "Its words."}}));
  EXPECT_THAT(left(*all), ElementsAre("gone.pdf: its file is not in uploads/, and its text was not kept"));
}

TEST_F(OpenWebUi, NoPathLeadsOutOfTheFolder) {
  const fs::path secret = folder_.write("secret", "hush");
  fs::create_directories(folder_.path() / "uploads");
  fs::create_symlink(secret, folder_.path() / "uploads" / "9_link.md");
  database("webui.db",
           std::string(kWebUi) +
               "INSERT INTO file VALUES('8','u','','../secret','../secret',NULL,'{}',1,1),"
               "('9','u','','link.md','/x/9_link.md',NULL,'{}',2,2),('..','u','','..','..',NULL,'{}',3,3);");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all);
  EXPECT_THAT(all->documents, IsEmpty());
  EXPECT_EQ(all->left_out.size(), 3U);
}

TEST_F(OpenWebUi, AChatIsTheBranchThatIsShown) {
  database("webui.db", std::string(kWebUi) +
                           R"sql(INSERT INTO chat VALUES('c1','u','Boats','{"history":{"currentId":"d","messages":{
                 "a":{"id":"a","parentId":null,"role":"user","content":"When?","timestamp":1700000000},
                 "b":{"id":"b","parentId":"a","role":"assistant","content":"Never."},
                 "c":{"id":"c","parentId":"a","role":"assistant","content":"<details type=\"reasoning\" done=\"true\">Hm.</details>Tuesday."},
                 "d":{"id":"d","parentId":"c","role":"user","content":[{"type":"text","text":"And then?"},{"type":"image_url"}]}}}}',1,1),
               ('c2','u','Old','{"messages":[{"role":"user","content":"A?"},{"role":"assistant","content":"B."}]}',2,2),
               ('c3','u','Broken','{"messages":',3,3),
               ('c4','u','Round','{"history":{"currentId":"a","messages":{"a":{"parentId":"b","role":"user","content":"x"},"b":{"parentId":"a","role":"user","content":"y"}}}}',4,4);)sql");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->chats.size(), 2U);
  EXPECT_EQ(all->chats[0].title, "Boats");
  ASSERT_EQ(all->chats[0].turns.size(), 1U);
  EXPECT_EQ(all->chats[0].turns[0].question, "When?");
  EXPECT_EQ(all->chats[0].turns[0].answer, "Tuesday.");
  EXPECT_EQ(all->chats[0].turns[0].asked_ms, 1'700'000'000'000);
  EXPECT_EQ(all->chats[1].turns[0].answer, "B.");
  EXPECT_THAT(left(*all), Contains("chat Boats: 1 question without an answer"));
  EXPECT_THAT(left(*all), Contains(HasSubstr("chat Broken: it cannot be read")));
  EXPECT_THAT(left(*all), Contains("chat Round: 2 questions without an answer"));
}

// As newer versions have them.
TEST_F(OpenWebUi, AnAnswerMayBeInTheOutputAlone) {
  database("webui.db", std::string(kWebUi) +
                           R"sql(INSERT INTO chat VALUES('c','u','New','{"history":{"currentId":"b","messages":{
                 "a":{"id":"a","parentId":null,"role":"user","content":"When?","timestamp":1700000000123},
                 "b":{"id":"b","parentId":"a","role":"assistant","content":"","output":[
                   {"type":"reasoning","content":[{"type":"output_text","text":"Hm."}]},
                   {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Tuesday."}]},
                   {"type":"function_call","name":"clock"},
                   {"type":"message","role":"assistant","content":[{"type":"output_text","text":"At nine."}]}]}}}}',1,1);)sql");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all && all->chats.size() == 1U);
  EXPECT_EQ(all->chats[0].turns[0].answer, "Tuesday.\nAt nine.");
  EXPECT_EQ(all->chats[0].turns[0].asked_ms, 1'700'000'000'123);
}

TEST_F(OpenWebUi, SharedCopiesAndWhatItKeepsForItselfStayBehind) {
  const std::string chat = R"('{"messages":[{"role":"user","content":"A?"},{"role":"assistant","content":"B."}]}')";
  database("webui.db",
           "CREATE TABLE chat(id TEXT PRIMARY KEY, user_id TEXT, title TEXT, chat JSON, meta JSON);"
           "INSERT INTO chat VALUES('1','u','Boats'," +
               chat + ",'{}'),('2','shared-1','Boats'," + chat + ",'{}'),('3','u','Inner'," + chat +
               ",'{\"internal\":true}'),('4',NULL,'Old'," + chat + ",NULL);");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->chats.size(), 2U);
  EXPECT_EQ(all->chats[0].id, "1");
  EXPECT_EQ(all->chats[1].id, "4");
  EXPECT_THAT(left(*all), IsEmpty());
}

TEST_F(OpenWebUi, NamesAreNamesAndEachIsThereOnce) {
  const std::string row = "','u','','d/e/..\\a\tb.md',NULL,'{\"content\":\"";
  database("webui.db", std::string(kWebUi) + "INSERT INTO file VALUES('1" + row + "one\"}','{}',1,1),('2" + row +
                           "two\"}','{}',2,2);");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all);
  EXPECT_EQ(texts(*all), (std::map<std::string, std::string>{{"a_b.md (text)", "one"}, {"a_b (2).md (text)", "two"}}));
}

TEST_F(OpenWebUi, WhatIsNoneIsRefused) {
  EXPECT_THAT(found(System::kOpenWebUi).error().message,
              HasSubstr("does not look like the data of Open WebUI: there is no webui.db"));
  folder_.write("webui.db",
                "no database, whatever its name says, and long enough to have a header at its beginning......");
  EXPECT_EQ(found(System::kOpenWebUi).error().code, Code::kDataLoss);
  fs::remove(folder_.path() / "webui.db");
  database("webui.db", "CREATE TABLE other(x); CREATE VIEW chat AS SELECT 1 AS chat;");
  EXPECT_THAT(found(System::kOpenWebUi).error().message, HasSubstr("there is no table chat or file"));
  folder_.write("webui.db-wal", "what was not worked in");
  EXPECT_EQ(found(System::kOpenWebUi).error().code, Code::kConflict);
  EXPECT_EQ(find(System::kOpenWebUi, folder_.path() / "webui.db", {files_, Deadline::never(), {}}).error().code,
            Code::kInvalidArgument);
  EXPECT_EQ(find(System::kOpenWebUi, folder_.path() / "none", {files_, Deadline::never(), {}}).error().code,
            Code::kNotFound);
}

TEST_F(OpenWebUi, WhatOneMayNotReadIsSaidAsSuch) {
  sys::FaultFiles faults(files_);
  faults.fail(folder_.path() / "webui.db", Error{Code::kUnauthorized, "permission denied"});
  const auto refused = find(System::kOpenWebUi, folder_.path(), {faults, Deadline::never(), {}});
  EXPECT_EQ(refused.error().code, Code::kUnauthorized);
}

// Pictures in it, for instance.
TEST_F(OpenWebUi, AChatThatIsTooLargeTakesNoOtherAlong) {
  database("webui.db",
           std::string(kWebUi) +
               "INSERT INTO chat VALUES('1','u','Large',CAST(zeroblob(68000000) AS TEXT),1,1),('2','u','Boats',"
               R"('{"messages":[{"role":"user","content":"A?"},{"role":"assistant","content":"B."}]}',2,2);)");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->chats.size(), 1U);
  EXPECT_THAT(left(*all), ElementsAre(HasSubstr("chat Large: it cannot be read")));
}

TEST_F(OpenWebUi, AnEmptyOneIsNothing) {
  database("webui.db", kWebUi);
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->documents.empty() && all->chats.empty() && all->left_out.empty());
}

TEST_F(ImportsTest, ALongQuestionIsCutAndALongChatKeepsItsEnd) {
  std::string messages;
  for (int i = 0; i < 1001; ++i)
    messages += R"({"role":"user","content":"Q)" + std::to_string(i) + R"("},{"role":"assistant","content":"A"},)";
  std::string question;
  while (question.size() < kLongestQuestion + 10) question += "船";
  messages += R"({"role":"user","content":")" + question + R"("},{"role":"assistant","content":"B"})";
  database("webui.db",
           std::string(kWebUi) + "INSERT INTO chat VALUES('c','u','Long','{\"messages\":[" + messages + "]}',1,1);");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all && all->chats.size() == 1U);
  EXPECT_EQ(all->chats[0].turns.size(), kMostTurns);
  EXPECT_EQ(all->chats[0].turns[0].question, "Q2");
  EXPECT_EQ(all->chats[0].turns.back().question.size(), kLongestQuestion / 3 * 3);
  EXPECT_THAT(left(*all), UnorderedElementsAre("chat Long: the end of a question of more than 16 KiB",
                                               "chat Long: its first 2 turns: a session has 1000"));
}

TEST_F(OpenWebUi, ATimeThatNoClockTellsIsUnknown) {
  std::string chats;
  for (const char* time : {"18446744073709551615", "9223372036854775807", "253402300800", "-1", "1e300"}) {
    chats +=
        "INSERT INTO chat VALUES('c','u','t','{\"messages\":[{\"role\":\"user\",\"content\":\"A?\",\"timestamp\":" +
        std::string(time) + "},{\"role\":\"assistant\",\"content\":\"B.\"}]}',1,1);";
  }
  database("webui.db", "CREATE TABLE chat(id, user_id, title, chat, created_at, updated_at);" + chats);
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all && all->chats.size() == 5U);
  for (const Chat& chat : all->chats) EXPECT_EQ(chat.turns[0].asked_ms, 0);
}

// What takes time by the square of such a number would not end in an hour.
TEST_F(OpenWebUi, ManyThoughtsAreTakenOutInOneGo) {
  database("webui.db", std::string(kWebUi) +
                           R"sql(INSERT INTO chat VALUES('c','u','t','{"messages":[{"role":"user","content":"When?"},
               {"role":"assistant","content":"Tues' || replace(hex(zeroblob(500000)),'00','<details type=\"reasoning\"></details>') ||
               'day.<details type=\"reasoning\">"}]}',1,1);)sql");
  const auto all = found(System::kOpenWebUi);
  ASSERT_TRUE(all && all->chats.size() == 1U);
  EXPECT_EQ(all->chats[0].turns[0].answer, "Tuesday.");
}

using AnythingLlm = ImportsTest;

constexpr const char* kAnything =
    "CREATE TABLE workspaces(id INTEGER PRIMARY KEY, name TEXT, slug TEXT);"
    "CREATE TABLE workspace_threads(id INTEGER PRIMARY KEY, name TEXT, slug TEXT, workspace_id INTEGER, user_id "
    "INTEGER);"
    "CREATE TABLE workspace_chats(id INTEGER PRIMARY KEY, workspaceId INTEGER, prompt TEXT, response TEXT, include "
    "BOOLEAN, "
    "user_id INTEGER, thread_id INTEGER, createdAt DATETIME);";

TEST_F(AnythingLlm, TextsAndAChatForEachThread) {
  database(
      "anythingllm.db",
      std::string(kAnything) +
          R"sql(INSERT INTO workspaces VALUES(1,'Ships','ships'); INSERT INTO workspace_threads VALUES(7,'Crew','c',1,NULL);
               INSERT INTO workspace_chats VALUES(1,1,'When?','{"text":"Tuesday.","sources":[]}',1,NULL,NULL,1700000000000),
               (2,1,'Who?','{"text":"Anna."}',1,NULL,7,'2023-11-14 22:13:20'),(3,1,'Why?','broken',1,NULL,7,1);)sql");
  folder_.write("documents/custom-documents/a-1.json",
                R"({"id":"1","title":"合同.pdf","pageContent":"甲方。","wordCount":1})");
  folder_.write("documents/custom-documents/b-2.json", R"({"title":"empty.pdf","pageContent":""})");
  folder_.write("documents/custom-documents/c-3.json", "{");
  const auto all = found(System::kAnythingLlm);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(texts(*all), (std::map<std::string, std::string>{{"合同.pdf.txt (text)", "甲方。"},
                                                             {"empty.pdf.txt (text)", "error: it has no text"}}));
  ASSERT_EQ(all->chats.size(), 2U);
  EXPECT_EQ(all->chats[0].title, "Ships");
  EXPECT_EQ(all->chats[0].turns[0].asked_ms, 1'700'000'000'000);
  EXPECT_EQ(all->chats[1].title, "Ships: Crew");
  EXPECT_EQ(all->chats[1].turns[0].answer, "Anna.");
  EXPECT_EQ(all->chats[1].turns[0].asked_ms, 1'700'000'000'000);
  EXPECT_THAT(left(*all), Contains("chat Ships: Crew: 1 question without an answer"));
  EXPECT_THAT(left(*all), Contains(HasSubstr("c-3.json: it cannot be read")));
}

TEST_F(AnythingLlm, AWorkspaceThatIsThereTwiceHasItsChatsOnce) {
  database("anythingllm.db",
           R"sql(CREATE TABLE workspaces(id, name); CREATE TABLE workspace_threads(id, name);
               CREATE TABLE workspace_chats(id, workspaceId, prompt, response, user_id, thread_id, createdAt);
               INSERT INTO workspaces VALUES(1,'Ships'),(1,'Ships'); INSERT INTO workspace_threads VALUES(7,'Crew'),(7,'Crew');
               INSERT INTO workspace_chats VALUES(1,1,'When?','{"text":"Tuesday."}',NULL,7,1);)sql");
  const auto all = found(System::kAnythingLlm);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->chats.size(), 1U);
  EXPECT_EQ(all->chats[0].title, "Ships: Crew");
  EXPECT_EQ(all->chats[0].turns.size(), 1U);
}

TEST_F(AnythingLlm, WhatIsNotShownThereStaysBehind) {
  database(
      "anythingllm.db",
      std::string(kAnything) +
          R"sql(ALTER TABLE workspace_chats ADD COLUMN api_session_id TEXT; INSERT INTO workspaces VALUES(1,'Ships','ships');
               INSERT INTO workspace_chats VALUES(1,1,'Forgotten?','{"text":"Yes."}',0,NULL,NULL,1,NULL),
               (2,1,'When?','{"text":"<think>Hm. Hm.</think>\nTuesday. <thought>no</thought>"}',1,NULL,NULL,2,NULL),
               (3,1,'By a program?','{"text":"Yes, <think> is a tag."}',1,NULL,NULL,3,'s-1');)sql");
  const auto all = found(System::kAnythingLlm);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->chats.size(), 2U);
  EXPECT_EQ(all->chats[0].id, "1-0-0");
  ASSERT_EQ(all->chats[0].turns.size(), 1U);
  EXPECT_EQ(all->chats[0].turns[0].answer, "\nTuesday. ");
  EXPECT_EQ(all->chats[1].id, "1-0-0-s-1");
  EXPECT_EQ(all->chats[1].turns[0].answer, "Yes, <think> is a tag.");
}

TEST_F(AnythingLlm, OneFromBeforeThreadsIsReadToo) {
  database("anythingllm.db",
           "CREATE TABLE workspaces(id INTEGER PRIMARY KEY, name TEXT);"
           "CREATE TABLE workspace_chats(id INTEGER PRIMARY KEY, workspaceId INTEGER, prompt TEXT, response TEXT, "
           "user_id INTEGER, createdAt DATETIME); INSERT INTO workspaces VALUES(1,'Ships');"
           "INSERT INTO workspace_chats VALUES(1,1,'When?','{\"text\":\"Tuesday.\"}',NULL,1700000000000);");
  const auto all = found(System::kAnythingLlm);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->chats.size(), 1U);
  EXPECT_EQ(all->chats[0].turns[0].answer, "Tuesday.");
}

TEST_F(AnythingLlm, WhatIsNoneIsRefused) {
  EXPECT_THAT(found(System::kAnythingLlm).error().message, HasSubstr("there is no anythingllm.db"));
  database("anythingllm.db", "CREATE TABLE x(y);");
  EXPECT_THAT(found(System::kAnythingLlm).error().message, HasSubstr("there is no table workspace_chats"));
}

using PrivateGpt = ImportsTest;

TEST_F(PrivateGpt, ThePiecesOfAFileBecomeItsText) {
  folder_.write("docstore.json", R"({"docstore/data":{
      "n1":{"__data__":{"text":"One. Two.","metadata":{"file_name":"船.pdf","original_text":"One. "}},"__type__":"1"},
      "n2":{"__data__":"{\"text\":\"Two.\",\"metadata\":{\"file_name\":\"船.pdf\"}}","__type__":"1"},
      "n3":{"__data__":{"text":"Page two.","metadata":{"file_name":"船.pdf"}},"__type__":"1"}},
    "docstore/metadata":{},
    "docstore/ref_doc_info":{"d1":{"node_ids":["n1","n2"],"metadata":{"file_name":"船.pdf"}},
                             "d2":{"node_ids":["n3"],"metadata":{}},
                             "d3":{"node_ids":["gone"],"metadata":{"file_name":"lost.txt"}}}})");
  const auto all = found(System::kPrivateGpt);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(texts(*all), (std::map<std::string, std::string>{{"船.pdf.txt (text)", "One. Two. \n\nPage two. \n\n"}}));
  EXPECT_THAT(left(*all), ElementsAre("lost.txt: its text was not kept"));
}

// Else a small file could name a large piece until no memory is left.
TEST_F(PrivateGpt, APieceIsTakenOnce) {
  folder_.write("docstore.json",
                R"({"docstore/data":{"n1":{"__data__":{"text":"One."}},"n2":{"__data__":{"text":"Two."}}},
    "docstore/ref_doc_info":{"d1":{"node_ids":["n1","n1","n1"],"metadata":{"file_name":"a.txt"}},
                             "d2":{"node_ids":["n1","n2"],"metadata":{"file_name":"b.txt"}}}})");
  const auto all = found(System::kPrivateGpt);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(texts(*all),
            (std::map<std::string, std::string>{{"a.txt (text)", "One. \n\n"}, {"b.txt (text)", "Two. \n\n"}}));
}

TEST_F(PrivateGpt, WhatIsNoneIsRefused) {
  EXPECT_THAT(found(System::kPrivateGpt).error().message, HasSubstr("there is no docstore.json"));
  folder_.write("docstore.json", "{");
  EXPECT_EQ(found(System::kPrivateGpt).error().code, Code::kDataLoss);
  folder_.write("docstore.json", std::string(1000, '['));
  EXPECT_EQ(found(System::kPrivateGpt).error().code, Code::kDataLoss);
  folder_.write("docstore.json", R"({"other":1})");
  EXPECT_THAT(found(System::kPrivateGpt).error().message, HasSubstr("does not look like"));
  folder_.write("docstore.json", "{}");
  EXPECT_TRUE(found(System::kPrivateGpt));
}

using UpstreamDocMind = ImportsTest;

TEST_F(UpstreamDocMind, SessionsAndWhatWasCachedOfDocuments) {
  database(
      "会话.db",
      R"sql(CREATE TABLE sessions(id TEXT PRIMARY KEY, user_id TEXT, created_at TIMESTAMP, updated_at TIMESTAMP, data JSON NOT NULL);
           CREATE TABLE chat_history(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, role TEXT NOT NULL, content TEXT NOT NULL,
             timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, metadata JSON);
           CREATE TABLE document_cache(file_hash TEXT PRIMARY KEY, file_name TEXT NOT NULL, processed_at TIMESTAMP, chunks JSON NOT NULL, metadata JSON);
           INSERT INTO chat_history(session_id,role,content,timestamp) VALUES('s1','user','When?','2023-11-14 22:13:20'),
             ('s2','user','Who?',1700000000),('s1','assistant','Tuesday.',''),('s2','assistant','Anna.',''),('s3','user','Lost?','');
           INSERT INTO document_cache VALUES('h','a.pdf','','[{"text":"One."},"Two."]','{}'),('i','b.pdf','','{}','{}');)sql");
  const auto all = found(System::kDocMind);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->chats.size(), 2U);
  EXPECT_EQ(all->chats[0].id, "s1");
  EXPECT_EQ(all->chats[0].turns[0].asked_ms, 1'700'000'000'000);
  EXPECT_EQ(all->chats[1].turns[0].asked_ms, 1'700'000'000'000);
  EXPECT_EQ(texts(*all), (std::map<std::string, std::string>{{"a.pdf.txt (text)", "One.\n\nTwo.\n\n"}}));
  EXPECT_EQ(left(*all).size(), 2U);
}

// What takes time by the square of their number would not end in an hour.
TEST_F(UpstreamDocMind, AsManyDocumentsAsCanBeMayHaveOneName) {
  database("x.db", R"sql(CREATE TABLE chat_history(id, session_id, role, content, timestamp);
           CREATE TABLE document_cache(file_hash INTEGER PRIMARY KEY, file_name, chunks);
           WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<100001)
           INSERT INTO document_cache SELECT i, 'a.md', '["x"]' FROM n;)sql");
  const auto all = found(System::kDocMind);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->documents.size(), kMostDocuments);
  EXPECT_EQ(all->documents.front().name, "a.md");
  EXPECT_EQ(all->documents.back().name, "a (100000).md");
  EXPECT_THAT(left(*all), ElementsAre("a.md: these are too many documents for one import"));
}

TEST_F(UpstreamDocMind, WhatIsNoneIsRefused) {
  database(
      "library.db",
      "CREATE TABLE library_state(generation); CREATE TABLE chat_history(id, session_id, role, content, timestamp);");
  EXPECT_THAT(found(System::kDocMind).error().message, HasSubstr("is a data directory of this docmind"));
  fs::remove(folder_.path() / "library.db");
  database("other.db", "CREATE TABLE chat_history(x);");
  EXPECT_THAT(found(System::kDocMind).error().message, HasSubstr("there is no database with the table chat_history"));
}

TEST(Collected, WordsThatAreTooManyAreNamed) {
  Collect collect(20);
  collect.add_text("a.pdf", "ten bytes.");
  collect.add_text("b.pdf", "eleven byte");
  collect.add_chat("1", "Boats", {{Message::Role::kUser, "When?", 0}, {Message::Role::kAssistant, "Tuesday.", 0}});
  collect.add_text("c.pdf", "ten bytes.");
  const Found all = collect.take();
  EXPECT_EQ(all.documents.size(), 2U);
  EXPECT_THAT(all.chats, IsEmpty());
  ASSERT_EQ(all.left_out.size(), 2U);
  EXPECT_EQ(all.left_out[0].what, "b.pdf.txt");
  EXPECT_EQ(all.left_out[1].what, "chat Boats");
}

TEST(Systems, EachHasItsWord) {
  for (const System one : {System::kOpenWebUi, System::kAnythingLlm, System::kPrivateGpt, System::kDocMind})
    EXPECT_EQ(system_named(named(one).word), one);
  EXPECT_FALSE(system_named("chatgpt"));
  EXPECT_THAT(system_words(), HasSubstr("anything-llm"));
}

}  // namespace
}  // namespace docmind::imports
