import Foundation
import MIME
import Testing

/// Which values browsers accept, as the installed Chromium says too: what it refuses hides nothing, and what it accepts takes a hiding
/// value before it back. Otherwise those who judge a page do not see what everybody reads (attack).
@Suite struct CSSValueTests {
    private static let accepted = [
        // Colours: with commas, or with blanks and a slash.
        "color:rgb(255,255,255,50%)", "color:rgb(255 , 255 , 255 , 0)", "color:rgb(255 255 255 / 1)",
        "color:rgb(255 255 255/1)", "color:rgb(255 100% 255)", "color:rgb(none 255 255)",
        "color:rgb(255 255 255 / none)",
        "color:rgb(1e2,+255,255.5)", "color:rgb(100%,100%,100%,0)", "color:rgb(255/**/255/**/255)",
        "color:hsl(0 0 100)", "color:hsl(0deg,0%,100%)", "color:hsl(0turn 0% 100%)", "color:hsl(none 0% 100%)",
        "color:hsla(0,0%,100%)", "color:hwb(0 100 0 / 1)", "color:lab(100 0 0 / 0)", "color:lch(100% 0 0deg)",
        "color:oklch(1 0 0 / 0)", "color:color(srgb 1 1 1)", "color:color(srgb 100% 1 1 / 0)",
        "color:rgb(calc(255),255,255)", "color:rgb(min(255,300),255,255)", "color:rgb(min(255, 300) 255 255)",
        "color:hsl(calc(90deg + 1turn),0%,100%)", "color:hsl(calc(0),0%,100%)",
        // What is reckoned.
        "font-size:calc(0px)", "font-size:calc(0*1px)", "font-size:min(0px,1px)", "line-height:calc(0)",
        "opacity:calc(0%)",
        "opacity:calc(pi)", "opacity:calc(infinity)", "opacity:-webkit-calc(1)", "letter-spacing:calc(-5px)",
        "margin-left:calc(1px + 1%)", "zoom:calc(0.01)", "scale:calc(0)", "font:calc(0px) a", "font:12px/calc(0) a",
        // What is not reckoned here.
        "opacity:calc(var(--x))", "color:rgb(var(--x) 1 , 2)", "opacity:env(x,1)", "opacity:attr(x)",
        "opacity:calc(sin(1))", "opacity:round(1,1)", "opacity:pow(1,2)",
        // Shapes, transforms and filters.
        "clip-path:inset(50% round 5px)", "clip-path:circle(0)", "clip-path:circle(0 at 5px 5px)",
        "clip-path:ellipse(0 0)", "clip-path:polygon(0 0, 0 0, 0 0)", "clip-path:polygon(nonzero,0 0,0 0)",
        "clip-path:rect(0 0 auto 0)", "clip-path:xywh(0 0 0 0)", "clip:rect(0,0,0,0)", "clip:rect(0 0 auto 0)",
        "clip:rect(1px,1px,1px,1px)", "transform:translate(0)", "transform:scale(calc(0))", "transform:rotate(0)",
        "transform:rotate(calc(5deg))", "transform:rotate3d(1,1,1,0)", "transform:perspective(none)",
        "transform:translate(min(1px,2px),0)", "filter:opacity(calc(0))", "filter:drop-shadow(1px 1px)",
        "filter:drop-shadow(rgb(0 0 0 / 1) 1px 1px 1px)", "filter:url(x)", "filter:hue-rotate(5deg)",
    ]

    private static let refused = [
        "color:rgb(255,100%,255)", "color:rgb(100%,255,255)", "color:rgba(255,255,255,)", "color:rgb(,255,255,255)",
        "color:rgb(255,,255,255)", "color:rgb(255 255,255)", "color:rgb(255,255 255)", "color:rgb(255,255,255 1)",
        "color:rgb(255,255,255/1)", "color:rgb(255 255 255 1)", "color:rgb(255 255 255 , 1)",
        "color:rgb(255 255 255 / 1 / 1)", "color:rgb(255/255/255)", "color:rgb(255 255 255 /)",
        "color:rgb(/ 255 255 255)", "color:rgb(255 255)", "color:rgb(255,255,255,1,1)", "color:rgb()",
        "color:rgb(none,255,255)", "color:rgb(255,255,255,none)", "color:rgb(255deg,255,255)",
        "color:rgb(255px 255 255)", "color:rgb(255 255 255 / 1px)", "color:rgb(25/**/5,255,255)",
        "color:rgb(calc(255),calc(100%),255)", "color:rgb(calc(1px),255,255)", "color:rgb(calc(100% + 1) 255 255)",
        "color:hsl(0,0,100%)", "color:hsl(0,0%,100)", "color:hsl(0%,0%,100%)", "color:hsl(0% 0% 100%)",
        "color:hsl(0px 0% 100%)", "color:hsl(0deg 0deg 100%)", "color:hsl(none,0%,100%)", "color:hsl(0,0%,100%,1px)",
        "color:hwb(0,100%,0%)", "color:hwb(0 100% 0% 1)", "color:lab(100%,0,0)", "color:lab(100 0)",
        "color:lch(100% 0deg 0)", "color:color(srgb 1 1 1 0)", "color:color(foo 1 1 1)", "color:color(1 1 1 1)",
        "font-size:calc(0)", "font-size:calc(0*1)", "font-size:min(0,1px)", "font-size:min(0)",
        "font-size:clamp(0,0,0)",
        "width:calc(0)", "max-height:calc(0)", "letter-spacing:calc(-5)", "opacity:calc(0px)", "opacity:calc(1,2)",
        "margin-left:calc(-9999)", "padding-left:calc(0)", "left:calc(-9999)", "text-indent:calc(-9999)",
        "scale:calc(0px)", "font:calc(0) a", "inset:calc(0)", "min-height:calc(50)", "opacity:calc(0deg)",
        "clip-path:inset(50% 50)", "clip-path:inset(50%,50%)", "clip-path:inset(calc(0))",
        "clip-path:inset(50% round)", "clip-path:inset(50% round x)", "clip-path:inset(0 0 0 0 0)",
        "clip-path:circle(calc(0))", "clip-path:circle(1)", "clip-path:circle(-1px)", "clip-path:circle(0 at)",
        "clip-path:circle(0 at x)", "clip-path:ellipse(0)", "clip-path:polygon(0 0, 0 1, 0 0)",
        "clip-path:polygon(0,0,0 0)", "clip-path:polygon(0 0 0 0)", "clip-path:polygon(nonzero 0 0,0 0)",
        "clip-path:rect(0,0,0,0)", "clip-path:rect(0 1 0 0)", "clip-path:xywh(0 0 1 1)", "clip-path:xywh(0 0 -1px 0)",
        "clip-path:xywh(0 0 auto 0)", "clip:rect(0 0,0 0)", "clip:rect(calc(0),0,0,0)", "clip:rect(0%,0,0,0)",
        "clip:rect(0,0,0,0,0)", "clip:inset(0 0 0 0)",
        "transform:scale(0) translate(calc(0))", "transform:scale(0) rotate(calc(0))",
        "transform:scale(0) translatez(0%)", "transform:scale(0) translate3d(0,0,1%)",
        "transform:scale(0) perspective(-1px)", "transform:scale(0) rotate3d(1,1,1,5)",
        "transform:scale(0) rotate3d(1px,1,1,0)", "transform:matrix(0,0,0,0,0,0%)", "transform:scale(,0)",
        "filter:opacity(0) blur(calc(0))", "filter:opacity(0) hue-rotate(5)", "filter:opacity(0) hue-rotate(calc(0))",
        "filter:opacity(0) drop-shadow(x)", "filter:opacity(0) drop-shadow(1 1)",
        "filter:opacity(0) drop-shadow(1px,1px)", "filter:opacity(0) drop-shadow(red 1px 1px red)",
    ]

    /// Where a declaration is accepted its condition holds, and the text is hidden.
    private static func accepts(_ declaration: String) -> Bool {
        textIsHidden("<!DOCTYPE html><style>@supports (\(declaration)){p{display:none}}</style><p>text</p>")
    }

    @Test(arguments: accepted) func accepts(_ declaration: String) { #expect(Self.accepts(declaration)) }

    @Test(arguments: refused) func refuses(_ declaration: String) { #expect(!Self.accepts(declaration)) }

    @Test(.enabled(if: Chromium.isInstalled, "needs chromium"))
    func agreesWithChromium() throws {
        let all = Self.accepted + Self.refused
        let list = String(decoding: try JSONEncoder().encode(all), as: UTF8.self)
        let answers = try Chromium.numbers(
            """
            <!DOCTYPE html><pre id=out></pre><script>
            document.getElementById('out').textContent =
              \(list).map(text => CSS.supports(`(${text})`) ? 1 : 0).join(' ')
            </script>
            """)
        try #require(answers.count == all.count)
        for (declaration, answer) in zip(all, answers) {
            #expect((answer == 1) == Self.accepted.contains(declaration), "\(declaration)")
        }
    }

    @Test("what looks as if it hid is no value, and is read")
    func shown() {
        for style in [
            "color:rgb(255,100%,255)", "color:rgba(255,255,255,)", "color:rgb(255 255,255)", "color:hsl(0,0,100%)",
            "font-size:calc(0)", "font-size:calc(0*1)", "width:calc(0);overflow:hidden", "clip-path:inset(50% 50)",
            "position:absolute;left:calc(-9999)", "text-indent:calc(-9999)",
            "height:0;overflow:hidden;height:calc(50px)", "transform:scale(0) translate(calc(0))",
            "filter:opacity(0) drop-shadow(x)", "position:absolute;clip:rect(0 0,0 0)",
        ] {
            // A length that is reckoned needs its unit in documents without a type, too.
            for type in ["<!DOCTYPE html>", ""] {
                #expect(!textIsHidden("\(type)<div style='\(style)'>text</div>"), "\(type) \(style)")
            }
        }
        for style in [
            "color:rgb(100%,100%,100%)", "color:rgb(255 100% 255)", "color:rgba(255,255,255,0)",
            "color:hsl(90deg,0%,100%)",
            "color:hsl(0.5turn,100%,50%);background:#0ff", "font-size:calc(1px - 1px)",
            "width:calc(0px);overflow:hidden", "color:#fff;color:rgb(0,0%,0)", "font-size:0;font-size:calc(12)",
            "position:absolute;clip:rect(1px,1px,1px,1px)", "clip-path:inset(50% round 9px)",
        ] {
            #expect(textIsHidden("<!DOCTYPE html><div style='\(style)'>text</div>"), "\(style)")
        }
        let clip = "<div style='position:absolute;clip:rect(1,1,1,1)'>text</div>"
        #expect(textIsHidden(clip) && !textIsHidden("<!DOCTYPE html>" + clip))
    }

    /// What a variable stands for, or a function that is not reckoned here, may show.
    @Test(
        arguments: [
            ("opacity:0", "", "opacity:calc(var(--x))"), ("opacity:0", "", "opacity:env(x, 1)"),
            ("opacity:0", "", "opacity:abs(1)"), ("opacity:0", "", "opacity:--f()"),
            ("color:#fff", "", "color:rgb(var(--x))"),
            ("", "color:#fff", "color:var(--x)"), ("", "font-size:0", "font-size:var(--x)"),
            ("", "font-size:0", "font-size:calc(1px*abs(16))"), ("", "visibility:hidden", "visibility:var(--x)"),
            ("height:0;overflow:hidden", "", "min-height:var(--x)"),
            ("height:0;overflow:hidden", "", "padding:var(--x)"),
            ("margin-left:-9999px", "", "padding-left:var(--x)"), ("", "margin-left:-9999px", "margin-left:var(--x)"),
            ("position:absolute;left:-9999px", "", "position:var(--x)"),
            ("color:#fff", "", "-webkit-text-fill-color:var(--x)"), ("color:#fff", "", "background:rgb(var(--x))"),
            ("position:absolute;clip:rect(0,0,0,0)", "", "position:var(--x)"),
        ])
    func unknown(_ before: String, _ around: String, _ style: String) {
        func isHidden(_ style: String) -> Bool {
            textIsHidden("<!DOCTYPE html><div style='\(around)'><p style='\(before);\(style)'>text</p></div>")
        }
        #expect(isHidden("--x:1") && !isHidden(style))
    }

    @Test func whatIsNotToBeKnownHidesNothing() {
        #expect(textIsHidden("<p style='display:none;opacity:var(--x)'>text</p>"))
        #expect(!textIsHidden("<p style='display:var(--x);opacity:calc(0*sin(1))'>text</p>"))
    }

    /// Numbers at their limits in places where they are made whole: nothing traps.
    @Test func odd() {
        let huge = "calc(\(Array(repeating: "1e12", count: 60).joined(separator: "*")))"
        for number in [
            huge, "calc(\(huge) - \(huge))", "calc(infinity*infinity)", "calc(nan)", "calc(-infinity)", "1e30",
        ] {
            for style in [
                "color:rgb(N,N,N,N)", "color:hsl(N 0% N)", "color:hsl(calc(1turn*N) N% N / N)", "color:hwb(N N N)",
                "transform:matrix(N,0,0,N,N,0)", "margin-left:calc(-1px*N)", "text-indent:calc(-1px*N)",
                "font-size:calc(1px*N)", "opacity:N",
            ] {
                let style = style.replacingOccurrences(of: "N", with: number)
                _ = HTMLText.read(Array("<p style='\(style);margin-left:var(--x)'><b style='\(style)'>x".utf8).span)
            }
        }
    }
}
