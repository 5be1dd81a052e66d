import MIME
import Testing

/// Text that style sheets hide, and honest text that looks like it.
@Suite struct HidingStyleTests {
    @Test(
        arguments: [
            "font:0/0 a", "font:0 a", "font-size:2px;line-height:0", "line-height:0;overflow:hidden",
            "position:absolute;clip:rect(0,0,0,0)", "position:absolute;clip:rect(1px 1px 1px 1px)",
            "clip-path:inset(100%)",
            "clip-path:inset(0 50% 0 50%)", "clip-path:circle(0)", "clip-path:polygon(0 0,0 0,0 0)",
            "transform:scale(0)",
            "transform:rotate(3deg) scaleY(0.0)", "transform:translateX(-9999px)", "transform:scale3d(1,0,1)",
            "filter:opacity(0)", "filter:opacity(0%)", "content-visibility:hidden", "-webkit-transform:scale(0,0)",
        ])
    func declarationsThatHide(_ style: String) {
        #expect(textIsHidden("<p style='\(style)'>text"))
    }

    @Test(
        arguments: [
            "font:400 14px/0 a", "font:14px a", "font:bold", "font-size:3px", "line-height:0", "clip:rect(0,0,0,0)",
            "position:absolute;clip:rect(0,100px,20px,0)", "clip-path:inset(10%)", "clip-path:circle(50%)",
            "clip-path:none",
            "clip-path:polygon(0 0,100% 0,0 100%)", "transform:scale(1.2)", "transform:translate(-50%,-50%)",
            "transform:none",
            "filter:opacity(0.9)", "filter:none", "filter:opacity()", "content-visibility:auto", "transform:scale",
            "clip:rect",
            "clip-path:inset(", "transform:scale()",
        ])
    func declarationsThatDoNot(_ style: String) {
        #expect(!textIsHidden("<p style='\(style)'>text"))
    }

    /// Letters nearly of the background's colour are not read; grey and coloured letters are, from where they can be.
    @Test(
        arguments: [
            ("#fff", "#f6f6f6", true), ("#fff", "#f0f0f0", true), ("#fff", "#efefef", true), ("#fff", "#eee", false),
            ("#fff", "#ddd", false), ("#fff", "#ccc", false), ("#fff", "#999", false), ("#fff", "#fffff0", true),
            ("#fff", "#ffffcc", true), ("#fff", "#ffff59", true), ("#fff", "#ffff58", false), ("#fff", "yellow", false),
            ("#fff", "#ffefff", true), ("#fff", "#ffeeff", false), ("#fff", "#c7ffff", true),
            ("#fff", "#c6ffff", false),
            ("#000", "#0a0a0a", true), ("#000", "#101010", true), ("#000", "#111", false), ("#000", "#333", false),
            ("#000", "#0000a6", true), ("#000", "#0000a7", false), ("#000", "#001000", true),
            ("#000", "#001100", false),
            ("#000", "#380000", true), ("#000", "#390000", false), ("#808080", "#8f8f8f", true),
            ("#808080", "#919191", false), ("#f0f0f0", "#fff", true), ("#eee", "#fff", false),
        ])
    func lettersLikeTheBackground(_ background: String, _ color: String, _ isHidden: Bool) {
        #expect(textIsHidden("<body bgcolor='\(background)'><p style='color:\(color)'>text") == isHidden)
        #expect(textIsHidden("<p style='background:\(background);-webkit-text-fill-color:\(color)'>text") == isHidden)
    }

    @Test(
        arguments: [
            ("div .x", "<div><i class=x>", true), ("div .x", "<i class=x>", false),
            ("div .x", "<div></div><i class=x>", false),
            ("div > .x", "<div><i class=x>", true), ("div>.x", "<div><b><i class=x>", false),
            ("div>.x", "<i class=x>", false),
            ("div b > .x", "<div><u><b><i class=x>", true), ("div b > .x", "<b><i class=x>", false),
            (".a .b i", "<p class=a><b class='c b'><i>", true), (".a .b i", "<p class=a><i>", false),
            ("body .x", "<i class=x>", true), ("html > body > .x", "<i class=x>", true), ("* .x", "<i class=x>", true),
            ("*", "<i>", true), ("i.a.b", "<i class='b a'>", true), ("i.a.b", "<i class=a>", false),
            ("i.a.b", "<p class='a b'>", false), ("p[id=x]", "<p id=X>", true), ("[id='x']", "<i id=x>", true),
            ("p[id=x]", "<i id=x>", false), ("[class~=\"x\"]", "<i class='y x'>", true),
            ("[class=x]", "<i class=x>", true),
            ("#a .b", "<p id=a><i class=b>", true), ("p .b, h1 .b", "<h1><i class=b>", true),
            // What depends on more than elements around.
            ("a:hover", "<a>", false), ("p + .x", "<p></p><i class=x>", false), ("[title=x]", "<i title=x>", false),
            (".x::before", "<i class=x>", false), ("u ~ .x", "<u></u><i class=x>", false),
            ("[class^=x]", "<i class=x>", false),
            ("p[id=x", "<p id=x>", false), ("p..x", "<p class=x>", false), ("> .x", "<i class=x>", false),
            ("div > > .x", "<div><i class=x>", false), (".", "<i>", false), ("#", "<i>", false),
            ("a b c d e f g h .x", "<i class=x>", false),
        ])
    func selectors(_ selector: String, _ html: String, _ isHidden: Bool) {
        #expect(textIsHidden("<style>\(selector){display:none}</style>\(html)text") == isHidden)
    }

    @Test(
        arguments: [
            ("@media all", true), ("@media screen", true), ("@media only screen and (min-width:1px)", true),
            ("@media screen and (min-width: 320px)", true), ("@media print, screen", true),
            ("@supports (display:block)", true),
            ("@layer a", true), ("@media screen and (min-width: 321px)", false), ("@media (max-width:600px)", false),
            ("@media print", false), ("@media not all", false), ("@media (prefers-color-scheme:dark)", false),
            ("@supports not (display:block)", false), ("@font-face", false), ("@media", true), ("@container x", false),
        ])
    func conditions(_ condition: String, _ isHidden: Bool) {
        #expect(textIsHidden("<style>\(condition){ .y{a:b} .x{display:none} }</style><i class=x>text") == isHidden)
        // What stands behind the block is a rule as before.
        #expect(textIsHidden("<style>\(condition){.y{a:b} .z{a:b}} .x{display:none}</style><i class=x>text"))
        #expect(textIsHidden("<style>@media all{\(condition){.x{display:none}}}</style><i class=x>text") == isHidden)
    }

    /// A style at the element outweighs rules that name more.
    @Test func theElementHasTheLastWord() {
        #expect(!textIsHidden("<style>div .x{display:none}</style><div><i class=x style='display:inline'>text"))
    }

    /// 32 rules are kept under one key, and 64 names of elements around.
    @Test func rulesAreBounded() {
        func sheet(_ count: Int, _ rule: (Int) -> String) -> String {
            "<style>" + (0..<count).map { rule($0) + "{display:none}" }.joined() + "</style>"
        }
        for (before, isHidden) in [(31, true), (32, false)] {
            #expect(
                textIsHidden(sheet(before) { ".a\($0) .x" } + "<style>p .x{opacity:0}</style><p><i class=x>text")
                    == isHidden)
        }
        for (before, isHidden) in [(63, true), (64, false)] {
            #expect(
                textIsHidden(sheet(before) { ".a\($0) .y\($0)" } + "<style>p .x{opacity:0}</style><p><i class=x>text")
                    == isHidden)
        }
        // Blocks in blocks, 8 at most.
        for (depth, isHidden) in [(8, true), (9, false)] {
            let blocks =
                String(repeating: "@media all{", count: depth) + ".x{display:none}"
                + String(repeating: "}", count: depth)
            #expect(textIsHidden("<style>\(blocks)</style><i class=x>text") == isHidden)
        }
    }
}
