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

    @Test("lengths without a unit are none where the page has a type")
    func lengths() {
        for style in [
            "text-indent:-9999", "position:absolute;left:-9999", "font-size:1", "margin-left:-9999",
            "height:1;overflow:hidden", "letter-spacing:-20",
        ] {
            let html = "<p style='\(style)'>word</p>"
            #expect(Self.content("<!DOCTYPE html>" + html) == ("word", ""), "\(style)")
            #expect(Self.content("<!DOCTYPE html><style>p{\(style)}</style><p>word") == ("word", ""), "\(style)")
            #expect(Self.content(html) == ("", "word"), "\(style)")
        }
        for style in [
            "font-size:0", "text-indent:-9999px", "height:0;overflow:hidden", "line-height:0;overflow:hidden",
        ] {
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
        "<table><col style='background:#000'><td style='color:#fff'>word</table>",
        "<table><colgroup bgcolor=black><tr><td><font color=white>word</table>",
        "<body><style style='display:block'>word</style>", "<p><script style='display:inline'>word</script>",
        "<style>p{color:red} style{display:block}</style><p><style>word</style>",
    ])
    func ownLooks(_ html: String) {
        #expect(Self.content(html) == ("word", ""), "\(html)")
    }

    @Test(arguments: [
        "<font color=white><a>word</a></font>", "<font color=white><a href=x style='color:inherit'>word</a></font>",
        "<style>a{color:#fff}</style><a href=x>word</a>", "<p style='display:none'><button>word</button>",
        "<body bgcolor='#0000ee'><a href=x>word</a>", "<mark style='color:yellow;background:#ff0'>word</mark>",
        "<datalist><option>word</datalist>", "<p style='height:0;padding:0;overflow:hidden'>word",
        "<p style='height:0;padding-top:30px;overflow:hidden'>word", "<p style='width:0%;overflow:hidden'>word",
        "<p style='height:0;padding-bottom:1px;overflow:hidden'>word",
        "<style>a{color:inherit}</style><font color=white><a href=x>word</a></font>",
        "<table><col><td style='color:#fff'>word</table>",
        "<table><col style='background:none'><td><font color=white>word</table>",
        "<col style='background:#000'><font color=white>word",
    ])
    func lookedAfterAll(_ html: String) {
        #expect(Self.content(html) == ("", "word"), "\(html)")
    }

    /// The head is shown to nobody.
    @Test func codeInTheHead() {
        let content = Self.content("<html><head><style style='display:block'>word</style></head><body>")
        #expect(content == ("", ""))
    }
}
