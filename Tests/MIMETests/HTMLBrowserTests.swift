import Testing

import MIME

/// What looks as if it were hidden and is not, in Chromium: words that a filter does not see there are a spam's own (attack).
@Suite struct HTMLBrowserTests {
    private static func content(_ html: String) -> (visible: String, hidden: String) {
        let content = HTMLText.read(Array(html.utf8).span, limits: HTMLLimits())
        return (
            String(decoding: content.visible, as: UTF8.self), String(decoding: content.hidden, as: UTF8.self)
        )
    }

    @Test(arguments: [
        // What is no selector says nothing, to the end of its block (CSS Syntax 3, section 5.4.3).
        ";.a{display:none}", ".z{color:red};.a{display:none}", "}.a{display:none}", ".z{color:red}}.a{display:none}",
        "<!--;.a{display:none}", "@foo } .a{display:none}", "@import 'x' } .a{display:none}",
        // Comments part names, and what begins with a digit is none.
        ".a/**/b{display:none}", "#/**/i{display:none}", ".a/**//**/b{display:none}", ".a{disp/**/lay:none}",
        ".1a{display:none}", "#1i{display:none}", ".-1a{display:none}", ".a, .1a{display:none}",
        "@/**/media all{.a{display:none}}",
    ])
    func rulesThatAreNone(_ rule: String) {
        let html = "<style>\(rule)</style><p class='a ab 1a -1a b' id=i>word</p><p id=1i>other</p>"
        #expect(Self.content(html) == ("word\nother", ""), "\(rule)")
    }

    @Test(arguments: [
        ".a/**/{display:none}", "/**/.a{display:none}", "<!-- .a{display:none} -->", "--><!--.a{display:none}",
        "p/**/.a{display:none}", "./**/a{display:none}", "@charset \"x\";.a{display:none}",
        "@import url(a;b);.a{display:none}", ".a{display/**/:none}", ".\\31 a{display:none}", "#\\31 i, .a{display:none}",
        "@media/**/all{.a{display:none}}", "@media all{;.a{display:none}}", ".a1{} .a{display:none}",
    ])
    func rulesThatAreRules(_ rule: String) {
        let html = "<style>\(rule)</style><p class='a 1a'>word</p>"
        #expect(Self.content(html) == ("", "word"), "\(rule)")
    }

    @Test("lengths without a unit are none where the page has a type")
    func lengths() {
        for style in [
            "text-indent:-9999", "position:absolute;left:-9999", "font-size:1", "margin-left:-9999",
            "height:1;overflow:hidden", "letter-spacing:-20", "position:absolute;left:calc(-9999)",
        ] {
            let html = "<p style='\(style)'>word</p>"
            #expect(Self.content("<!DOCTYPE html>" + html) == ("word", ""), "\(style)")
            #expect(Self.content("<!DOCTYPE html><style>p{\(style)}</style><p>word") == ("word", ""), "\(style)")
            #expect(Self.content(html) == ("", "word"), "\(style)")
        }
        for style in ["font-size:0", "text-indent:-9999px", "height:0;overflow:hidden", "line-height:0;overflow:hidden"] {
            #expect(Self.content("<!DOCTYPE html><p style='\(style)'>word</p>") == ("", "word"), "\(style)")
        }
    }

    @Test(arguments: [
        "<font color=white><a href=x>word</a></font>", "<p style='color:transparent'><a href=x>word</a>",
        "<p style='color:#fff'><button>word</button>", "<p style='font-size:0'><button>word</button>",
        "<font color=white><mark>word</mark></font>", "<font color=white><select><option>word</select></font>",
        "<p style='height:0;padding-bottom:30px;overflow:hidden'>word", "<p style='mso-hide:all'>word",
        "<p style='width:0;padding-left:90px;overflow:hidden'>word", "<p style='max-height:0%;overflow:hidden'>word",
        "<style>datalist{display:block}</style><datalist><option>word</datalist>",
    ])
    func ownLooks(_ html: String) {
        #expect(Self.content(html) == ("word", ""), "\(html)")
    }

    @Test(arguments: [
        "<font color=white><a>word</a></font>", "<font color=white><a href=x style='color:inherit'>word</a></font>",
        "<style>a{color:#fff}</style><a href=x>word</a>", "<p style='display:none'><button>word</button>",
        "<body bgcolor='#0000ee'><a href=x>word</a>", "<mark style='color:yellow;background:#ff0'>word</mark>",
        "<datalist><option>word</datalist>", "<p style='height:0;padding:0;overflow:hidden'>word",
    ])
    func lookedAfterAll(_ html: String) {
        #expect(Self.content(html) == ("", "word"), "\(html)")
    }
}
