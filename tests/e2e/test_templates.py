"""Templates: questions with blanks, those that come with DocMind and one's own."""
import json
import unittest

from harness import DocMindTest

HARBOUR = """# The harbour of Marrow Point

A slipway is a ramp on which boats are pulled out of the water.

A mooring is a ring of iron that a boat is tied to.

To report a broken mooring, write to the harbour office and name the ring's number.

## Boats

| Boat | Built | Berth |
|---|---|---|
| Petrel | 1902 | 4 |
| Guillemot | 1911 | 7 |
"""


class Templates(DocMindTest):
    def setUp(self):
        super().setUp()
        self.write("harbour.md", HARBOUR)
        self.docmind("ingest", self.work)

    def asked(self, name, **words):
        filled = [argument for blank, value in words.items() for argument in ("--with", f"{blank}={value}")]
        return self.docmind("ask", "--template", name, *filled, "--json").json

    def test_each_that_comes_with_docmind_is_answered(self):
        words = {
            "Explain a term": ({"term": "a slipway"}, "What is a slipway?", "ramp"),
            "Compare two terms": ({"first": "a slipway", "second": "a mooring"}, "What is a slipway, and what is a mooring?",
                                  "ring of iron"),
            "How to": ({"task": "report a broken mooring"}, "How do I report a broken mooring?", "harbour office"),
            "Count": ({"things": "boats"}, "How many boats are there?", "2 rows"),
            "List": ({"things": "boats"}, "List all boats", "Guillemot"),
        }
        listed = self.docmind("templates", "list", "--json").json["templates"]
        self.assertEqual({one["name"] for one in listed}, set(words))
        for one in listed:
            given, question, said = words[one["name"]]
            self.assertEqual(sorted(one["blanks"]), sorted(given))
            answer = self.asked(one["name"], **given)
            self.assertEqual((answer["query_used"], answer["status"]), (question, "answered"))
            self.assertIn(said, answer["answer"], one["name"])

    def test_ones_own_are_kept_used_changed_and_removed(self):
        self.docmind("templates", "add", "wann 船", "When was {ship} built?")
        self.assertIn("wann 船\n  When was {ship} built?\n", self.docmind("templates", "list").out)
        self.assertIn("1911", self.asked("wann 船", ship="the Guillemot")["answer"])
        self.docmind("templates", "add", "wann 船", "Where lies {ship}?")
        self.assertEqual([one["text"] for one in self.docmind("templates", "list", "--json").json["templates"]
                          if not one["built_in"]], ["Where lies {ship}?"])
        self.assertEqual(json.loads((self.data / "templates.json").read_text()),
                         {"templates": [{"name": "wann 船", "text": "Where lies {ship}?"}]})
        self.docmind("templates", "remove", "wann 船")
        self.assertIn("there is no template", self.docmind("templates", "remove", "wann 船", code=1).err)

    def test_what_does_not_fit_is_refused_in_one_sentence(self):
        unfilled = self.docmind("ask", "--template", "Compare two terms", "--with", "first=a", code=1).err
        self.assertIn("nothing was given for the blank {second}", unfilled)
        self.assertIn("there is no template Nope", self.docmind("ask", "--template", "Nope", code=1).err)
        self.assertIn("no blank {x}", self.docmind("ask", "--template", "List", "--with", "x=y", code=1).err)
        self.assertIn("BLANK=WORDS", self.docmind("ask", "--template", "List", "--with", "boats", code=1).err)
        self.assertIn("came with DocMind", self.docmind("templates", "remove", "List", code=1).err)
        self.assertIn("came with DocMind", self.docmind("templates", "add", "List", "x", code=1).err)
        self.docmind("ask", code=2)
        self.docmind("ask", "Why?", "--template", "List", code=2)
        self.docmind("ask", "Why?", "--with", "x=y", code=2)

    def test_a_damaged_file_is_said_and_left(self):
        (self.data / "templates.json").write_text("{")
        self.assertIn("holds no templates that can be read", self.docmind("templates", "list", code=1).err)
        self.assertIn("holds no templates that can be read", self.docmind("templates", "add", "a", "b", code=1).err)
        self.assertEqual((self.data / "templates.json").read_text(), "{")
        self.docmind("ask", "What is a slipway?")


if __name__ == "__main__":
    unittest.main(verbosity=1)
