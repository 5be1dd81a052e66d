import Testing

import MIME

/// What is no rule to browsers hides nothing (CSS Syntax 3, Selectors 4): a page that everybody reads would otherwise be empty
/// to those who judge it. Checked against Chromium.
@Suite struct CSSSyntaxTests {
    private static func read(_ rules: String) -> (visible: String, hidden: String) {
        let html = "<!DOCTYPE html><style>\(rules)</style><div class='a b ab 1a -1a' id=1i>text</div>"
        let content = HTMLText.read(Array(html.utf8).span, limits: HTMLLimits())
        return (
            String(decoding: content.visible, as: UTF8.self), String(decoding: content.hidden, as: UTF8.self)
        )
    }

    @Test(arguments: [
        // What is no selector says nothing, to the end of its block.
        ";.a{display:none}", ".z{color:red};.a{display:none}", "}.a{display:none}", ".z{color:red}}.a{display:none}",
        "<!--;.a{display:none}", "@foo } .a{display:none}", "@import 'x' } .a{display:none}", ").a{display:none}",
        "].a{display:none}",
        // What is open swallows the rest.
        "({}.a{display:none}", "[{}.a{display:none}", ".z{} ( {} .a{display:none}",
        // Comments part names.
        ".a/**/b{display:none}", "#/**/a{display:none}", ".a/**//**/b{display:none}", ".a{disp/**/lay:none}",
        ".a{display:no/**/ne}", "@/**/media all{.a{display:none}}", ".a{font-size:1/**/px}",
        // No name begins with a digit.
        ".1a{display:none}", "#1i{display:none}", ".-1a{display:none}", ".a, .1a{display:none}",
        // An element is missing, or named too late.
        ".a..b{display:none}", "div >{display:none}", "> .a{display:none}", "body > > .a{display:none}",
        ".a,{display:none}", ",.a{display:none}", "*div{display:none}", "[class]div{display:none}",
        ".a,:{display:none}", "+.a{.b &{display:none}}", "& .a{display:none}",
    ])
    func noRule(_ rules: String) {
        #expect(Self.read(rules) == ("text", ""), "\(rules)")
    }

    @Test(arguments: [
        ".a{display:none}", "@foo;.a{display:none}", "@foo{}.a{display:none}", ".a/**/.b{display:none}",
        "div/**/.a{display:none}", "/**/.a/**/{display/**/:/**/none/**/}", "./**/a{display:none}",
        ".\\31 a{display:none}", "#\\31 i{display:none}", "#\\31 i, .z{display:none}",
        ".a:nth-child(n){}.b{display:none}",
        "<!--.a{display:none}-->", "--><!--.a{display:none}", ".z{color:(;}.a{display:none}) }.b{display:none}",
        "body > .a{display:none}", ".z,.a{display:none}", "*.a{display:none}", "@media/**/all{.a{display:none}}",
        "@media all{;.a{display:none}}", "[class~=a].b{display:none}", ".a{x:y;;display:none}",
        "@layer x;.a{display:none}", "@charset \"x\";.a{display:none}", "@import url(a;b);.a{display:none}",
        ".a1{} .a{display:none}",
    ])
    func rule(_ rules: String) {
        #expect(Self.read(rules) == ("", "text"), "\(rules)")
    }
}
