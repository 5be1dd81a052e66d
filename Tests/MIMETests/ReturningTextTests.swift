import MIME
import Testing

/// Text that people see although something around it, or another property, would hide it.
@Suite struct ReturningTextTests {
    /// What the element around says, what the one within does, and whether that brings the text back.
    @Test(
        arguments: [
            ("height:0;overflow:hidden", "position:absolute", true),
            ("height:0;overflow:hidden", "position:fixed", true),
            ("height:0;overflow:hidden", "height:500px", false),
            ("height:0;overflow:hidden", "position:relative", false),
            ("position:relative;height:0;overflow:hidden", "position:absolute", false),
            ("position:relative;height:0;overflow:hidden", "position:fixed", true),
            ("position:absolute;left:-9999px", "position:relative;left:9999px", true),
            ("position:absolute;left:-9999px", "left:9999px", false),
            ("position:absolute;left:-9999px", "position:fixed;left:0", true),
            ("position:absolute;left:-9999px", "margin:1em 0", false),
            ("margin-left:-9999px", "margin-left:9999px", true), ("margin-left:-9999px", "margin-left:99px", false),
            ("position:relative;left:-9999px", "padding-left:9999px", true),
            ("transform:scale(.01)", "transform:scale(100)", true), ("transform:scale(.01)", "transform:none", false),
            ("transform:translateX(-9999px)", "transform:translateX(99px)", true),
            ("scale:.01", "scale:100", true), ("scale:.01", "scale:1", false), ("zoom:.01", "zoom:100", true),
            ("zoom:.01", "zoom:1", false), ("display:none", "position:fixed;transform:scale(100)", false),
            ("opacity:0", "position:fixed", false),
        ])
    func elementsWithin(_ outer: String, _ inner: String, _ isBack: Bool) {
        #expect(textIsHidden("<div style='\(outer)'><div style='\(inner)'>text</div></div>") != isBack)
    }

    @Test(
        arguments: [
            ("color:#fff;text-shadow:0 0 1px #000", false), ("color:#fff;text-shadow:none", true),
            ("color:transparent;text-shadow:0 0 0 #000;box-shadow:none", false),
            ("color:#fff;-webkit-text-stroke:1px #000", false), ("color:#fff;-webkit-text-stroke:0", true),
            ("color:#fff;-webkit-text-stroke-width:1px", false), ("color:#fff;text-emphasis:filled black", false),
            ("color:#fff;filter:invert(1)", false), ("color:#fff;filter:blur(0)", true),
            ("color:#fff;filter:invert(1);filter:none", true), ("filter:invert(1) opacity(0)", true),
            ("color:#fff;mix-blend-mode:difference", false), ("color:#fff;mix-blend-mode:normal", true),
            ("color:#fff;backdrop-filter:invert(1)", false),
            ("color:#fff;box-shadow:inset 0 0 0 999px #000", false), ("color:#fff;box-shadow:0 0 9px #000", true),
            ("color:#fff;background:color-mix(in srgb,black,black)", false),
            ("color:#fff;background:rgb(from black r g b)", false), ("color:#fff;background:var(--b)", false),
            ("opacity:0;animation:k 0s forwards", false), ("opacity:0;animation:none", true),
            ("left:-9999px;position:absolute;animation:k 1s", false), ("display:none;animation:k 1s", true),
            ("font-size:0;text-shadow:0 0 1px #000", true),
        ])
    func paint(_ style: String, _ isHidden: Bool) {
        #expect(textIsHidden("<div style='\(style)'>text</div>") == isHidden)
        #expect(textIsHidden("<div style='\(style)'><b>text</b></div>") == isHidden)
    }

    @Test(
        arguments: [
            // Which rule is the stronger.
            (".a{display:block}@layer x{.a{display:none}}", false), ("@layer x{.a{display:none}}", true),
            ("@layer x{#a{display:none}}div{display:block}", false),
            ("body div.a{display:block}.a{display:none}", false), (".a{display:none}div{display:block}", true),
            ("*{display:none}html,body,div{display:block}", false), ("*{display:none}", true),
            ("div div.a{display:block}.a{display:none}", true), ("#a{display:block}body div.a{display:none}", false),
            (".a{display:none}.b{display:block}.a{display:none}", true), (".a{display:none}.b{display:block}", false),
            ("[hidden]{display:none}", false), (".a,[hidden]{display:none}", true),
            // Selectors that browsers do not know take the whole rule with them.
            (".a,.b:foo{display:none}", false), (".a,!{display:none}", false), (".a,{display:none}", false),
            (".a,::foo(,{display:none}", false), (".a:hover,.a{display:none}", true),
            (".a,.b:is(:foo,!){display:none}", true),
            (#".b\:c,.a{display:none}"#, true), (".b::after,.b>c,.b~c,[d='e,f'],.a{display:none}", true),
            // Conditions.
            ("@supports (foo:bar){.a{display:none}}", false), ("@supports (display:foo){.a{display:none}}", false),
            ("@supports (display:block) and (foo:bar){.a{display:none}}", false),
            ("@supports (display:grid) and (color:red){.a{display:none}}", true),
            ("@supports not (display:grid){.a{display:none}}", false), ("@media not print{.a{display:none}}", true),
            ("@media not screen{.a{display:none}}", false), ("@media not all{.a{display:none}}", false),
            ("@media (color){.a{display:none}}", true),
        ])
    func rules(_ sheet: String, _ isHidden: Bool) {
        #expect(textIsHidden("<style>\(sheet)</style><div class='a b' id=a>text</div>") == isHidden)
    }

    @Test func theHiddenAttributeInSelectors() {
        #expect(!textIsHidden("<style>[hidden]{display:block}</style><div hidden>text</div>"))
        #expect(!textIsHidden("<style>div[hidden]{display:block}</style><div hidden>text</div>"))
        #expect(textIsHidden("<style>p[hidden]{display:block}</style><div hidden>text</div>"))
        #expect(
            textIsHidden("<style>[hidden]{display:none!important}</style><div hidden style='display:block'>text</div>")
        )
    }
}
