import MIME
import Testing

/// Texts that fields of forms show, which stand in attributes (attack: a spam in fields that are read only).
@Suite struct FormFieldTests {
    private static func read(_ html: String) -> (shown: String, hidden: String) {
        let content = HTMLText.read(Array(html.utf8).span)
        func lines(_ text: [UInt8]) -> String {
            String(decoding: text, as: UTF8.self).split(separator: "\n").joined(separator: "|")
        }
        return (lines(content.fieldTexts), lines(content.hiddenFieldTexts))
    }

    @Test(arguments: [
        "<input value=word>", "<input readonly value=word>", "<input type=TEXT value='word'>",
        "<input type='hidden ' value=word>", "<input type=foo value=word>", "<input type=submit value=word>",
        "<input type=reset value=word>", "<input type=button value=word>", "<input type=search value=word>",
        "<input placeholder=word>", "<input value='' placeholder=word>", "<input type=password placeholder=word>",
        "<input type=number value=x placeholder=word>", "<textarea placeholder=word></textarea>",
        "<textarea placeholder=word>\n</textarea>", "<select><option label=word>x</select>",
        "<select size=4><optgroup label=word><option>x</select>", "<p style='color:#fff'><input value=word>",
        "<p style='font-size:0'><input value=word>", "<input value='&#119;ord'>", "<table><tr><td><input value=word>",
        "<input type=text style='color:#e0e0e0' value=word>", "<input type=submit style='color:#d0d0d0' value=word>",
        "<iframe srcdoc='<input value=word>'></iframe>",
    ])
    func shown(_ html: String) { #expect(Self.read(html) == ("word", "")) }

    @Test(arguments: [
        "<input style='display:none' value=word>", "<div hidden><input value=word></div>",
        "<input style='color:#fff' value=word>", "<input style='background:#000' value=word>",
        "<input style='width:0' value=word>", "<input style='opacity:0' type=submit value=word>",
        "<div style='text-indent:-9999px'><input value=word>", "<datalist><option label=word></datalist>",
        "<template><input value=word></template>", "<textarea placeholder=word> </textarea>",
        // Buttons are grey: white is nearly that.
        "<input type=submit style='color:#fff' value=word>", "<input type=submit style='color:#e0e0e0' value=word>",
        "<input type=image src=x value=word>", "<iframe hidden srcdoc='<input value=word>'></iframe>",
    ])
    func notShown(_ html: String) { #expect(Self.read(html) == ("", "word")) }

    @Test(arguments: [
        "<input type=hidden value=word>", "<input type=password value=word>", "<input type=checkbox value=word>",
        "<input type=number value=word>", "<input type=date placeholder=word>", "<input type=submit placeholder=word>",
        "<button value=word></button>", "<svg><input value=word></svg>", "<input name=word>", "<input value>",
    ])
    func none(_ html: String) { #expect(Self.read(html) == ("", "")) }

    @Test func severalTexts() {
        #expect(Self.read("<input value=one placeholder=two><input value=three>") == ("one|three", "two"))
        #expect(Self.read("<select><optgroup label=one><option label=two>three</select>") == ("one|two", ""))
    }

    /// A field of one line shows no more than that; not within a character.
    @Test func longTexts() {
        let long = String(repeating: "ab ", count: 85) + "ä" + String(repeating: " ab", count: 9)
        let (shown, hidden) = Self.read("<input value='\(long)'>")
        #expect(shown + hidden == long && shown.utf8.count == 255)
        #expect(Self.read("<textarea placeholder='\(long)'></textarea>") == (long, ""))
    }

    /// Text, links and positions of the page are what they were.
    @Test func nothingElseChanges() {
        let with = HTMLText.read(Array("<a href=x>one<input value=word>two</a>".utf8).span)
        #expect(with.visible == Array("onetwo".utf8) && with.hidden.isEmpty && with.notes.isEmpty)
        #expect(with.links.map(\.text) == [Array("onetwo".utf8)])
    }
}
