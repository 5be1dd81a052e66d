import Testing

@testable import MIME

/// What is no rule or declaration to browsers hides nothing (CSS Syntax 3, Selectors 4): a page that everybody reads would
/// otherwise be empty to those who judge it. Checked against Chromium.
struct CSSSyntaxTests {
    private static func read(_ html: String) -> (visible: String, hidden: String) {
        let bytes = Array(("<!DOCTYPE html><body>" + html).utf8)
        var reader = HTMLReader(limits: HTMLLimits())
        reader.read(bytes.span)
        return (
            String(decoding: reader.content.visible, as: UTF8.self),
            String(decoding: reader.content.hidden, as: UTF8.self)
        )
    }

    private static func sheet(_ rules: String) -> String {
        "<style>\(rules)</style><div class='a b ab 1a' id=1i>text</div>"
    }

    @Test(arguments: [
        ";.a{display:none}", ".z{color:red};.a{display:none}", "}.a{display:none}", ".z{color:red}}.a{display:none}",
        ").a{display:none}", "].a{display:none}", "({}.a{display:none}", "[{}.a{display:none}",
        ".z{} ( {} .a{display:none}", ".a{disp/**/lay:none}", ".a{display:no/**/ne}", ".a/**/b{display:none}",
        "#/**/a{display:none}", "@/**/media all{.a{display:none}}", ".1a{display:none}", "#1i{display:none}",
        "#-1,.a{display:none}", ".a..b{display:none}", "div >{display:none}", "> .a{display:none}",
        "body > > .a{display:none}", ".a,{display:none}", ",.a{display:none}", ".a,.1{display:none}",
        "*div{display:none}", "[class]div{display:none}", ".a,:{display:none}", ".a,div:/**/{display:none}",
        ".a{height:0/**/px;width:1/**/px;font-size:1/**/px}", "+.a{.b &{display:none}}", "& .a{display:none}",
    ])
    func noRule(_ rules: String) {
        #expect(Self.read(Self.sheet(rules)) == ("text", ""), "\(rules)")
    }

    @Test(arguments: [
        ".a{display:none}", "@foo;.a{display:none}", "@foo{}.a{display:none}", ".a/**/.b{display:none}",
        "div/**/.a{display:none}", "/**/.a/**/{display/**/:/**/none/**/}", ".\\31 a{display:none}",
        "#\\31 i{display:none}", ".a:nth-child(n){}.b{display:none}", "<!--.a{display:none}-->",
        ".z{color:(;}.a{display:none}) }.b{display:none}", "body > .a{display:none}", ".z,.a{display:none}",
        "*.a{display:none}", "@media/**/all{.a{display:none}}", "@media all{;.a{display:none}}",
        "[class~=a].b{display:none}", ".a{x:y;;display:none}", "@layer x;.a{display:none}",
    ])
    func rule(_ rules: String) {
        #expect(Self.read(Self.sheet(rules)) == ("", "text"), "\(rules)")
    }

    /// Lengths have units; in the padding of a box without room text is seen; some things have colours of their own.
    @Test(arguments: [
        "<p style='font-size:1'>text", "<p style='text-indent:-9999'>text",
        "<p style='position:absolute;left:-9999'>text",
        "<p style='height:1;overflow:hidden'>text", "<p style='height:calc(0);overflow:hidden'>text",
        "<p style='position:absolute;clip:rect(1,1,1,1)'>text", "<p style='dis/**/play:none'>text",
        "<p style='height:0;padding-bottom:30px;overflow:hidden'>text",
        "<p style='width:0;padding-left:90px;overflow:hidden'>text", "<p style='max-height:0%;overflow:hidden'>text",
        "<p style='mso-hide:all'>text", "<font color=white><a href=x>text</a></font>",
        "<font color=white><button>text</button></font>", "<font color=white><mark>text</mark></font>",
        "<p style='color:#fff'><select><option>text</select>",
        "<table><col style='background:#000'><td style='color:#fff'>text</table>",
        "<table><colgroup bgcolor=black><tr><td><font color=white>text</table>",
        "<style style='display:block'>text</style>", "<p><script style='display:inline'>text</script>",
    ])
    func shown(_ html: String) {
        #expect(Self.read(html) == ("text", ""), "\(html)")
    }

    @Test(arguments: [
        "<p style='height:0;padding-top:30px;overflow:hidden'>text",
        "<p style='height:0;padding-bottom:1px;overflow:hidden'>text", "<p style='line-height:0;overflow:hidden'>text",
        "<p style='width:0%;overflow:hidden'>text", "<font color=white><a name=x>text</a></font>",
        "<style>a{color:inherit}</style><font color=white><a href=x>text</a></font>",
        "<a href=x style='color:#fff'>text</a>", "<table><col><td style='color:#fff'>text</table>",
        "<table><col style='background:none'><td><font color=white>text</table>",
        "<col style='background:#000'><font color=white>text",
    ])
    func hidden(_ html: String) {
        #expect(Self.read(html) == ("", "text"), "\(html)")
    }

    /// The head is shown to nobody.
    @Test func codeInTheHead() {
        var reader = HTMLReader(limits: HTMLLimits())
        reader.read(Array("<html><head><style style='display:block'>text</style></head><body>".utf8).span)
        #expect(reader.content.visible.isEmpty)
    }
}
