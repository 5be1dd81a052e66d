import Foundation
import MIME
import Testing

/// Documents in which a rule, a move or an alignment brings text back that another hides.
@Suite struct DoubtTests {
    /// Shown, for us and for Chromium.
    private static let shown = [
        "<style>.d{font-size:0}.d::first-line{font-size:16px}</style><div class=d>text</div>",
        "<style>.a{display:none}.a:not(.x){display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}.a:defined{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}div:nth-child(1 of .a){display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}:is(.a,.b).a{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}.a[title]{display:block}</style><div class=a title=x>text</div>",
        "<style>.a{display:none}[class^=a][class]{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}p+.a{display:block}</style><p>x</p><div class=a>text</div>",
        "<style>.a{display:none}p~.a{display:block}</style><p>x</p><div class=a>text</div>",
        "<style>.a{display:none}body{.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}.a{&{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}.a{@media all{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}.a{&.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}& .a{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}*|*.a{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}*|div.a{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}html:root .a{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}:root .a{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}@media (width>1px){.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}@media (min-width:500px){.a{display:block}}</style><div class=a>text</div>",
        #"<style>.a{display:none}@container (min-width:1px){.a{display:block}}</style><div style="container-type:inline-size"><div class=a>text</div></div>"#,
        "<style>.a{display:none}@supports not (foo:bar){.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}@supports selector(a){.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}@supports (grid-area:x){.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}@scope (body){.a{display:block}}</style><div class=a>text</div>",
        "<style>@layer b,a;@layer a{.a{display:block}}@layer b{.a{display:none}}</style><div class=a>text</div>",
        "<style>@layer a;@layer b;@layer b{.a{display:block}}@layer a{.a{display:none}}</style><div class=a>text</div>",
        "<style>@layer{.a{display:none}}@layer{.a{display:block}}</style><div class=a>text</div>",
        "<style>@layer a{@layer b{.a{display:none}}.a{display:block}}</style><div class=a>text</div>",
        "<style>@layer a{.a{display:block}@layer b{.a{display:none}}}</style><div class=a>text</div>",
        "<style>@layer x{.a{display:block!important}}.a{display:none!important}</style><div class=a>text</div>",
        "<style>.a{display:none}.a{display:revert-layer}</style><div class=a>text</div>",
        "<!DOCTYPE html><style>.A{display:none}</style><div class=a>text</div>",
        "<!DOCTYPE html><style>#A{display:none}</style><div id=a>text</div>",
        #"<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 3.2//EN"><style>.a{display:none}.A{display:block}</style><div class=a>text</div>"#,
        "<!-- x --> <!doctype html><style>.A{display:none}</style><div class=a>text</div>",
        "<!DOCTYPE html><style>.B .a{display:none}</style><div class=b><div class=a>text</div></div>",
        #"<style>.d:not(.x){background:#000}</style><div class=d><div style="color:#fff">text</div></div>"#,
        #"<style>body:not(.x){background:#000}</style><div style="color:#fff">text</div>"#,
        #"<style>.d:not(.x){color:#000}</style><div style="color:#fff"><div class=d>text</div></div>"#,
        "<style>.d{background:#fff;color:#fff}.d:not(.x){background:none}</style><body bgcolor=black><div class=d>text</div>",
        "<style>.a{position:absolute;left:-9999px}.a:not(.x){position:static}</style><div class=a>text</div>",
        "<style>.a{position:absolute;left:-9999px}.a:not(.x){left:0}</style><div class=a>text</div>",
        "<style>.a{height:0;overflow:hidden}.a:not(.x){height:auto}</style><div class=a>text</div>",
        #"<style>.a{display:none}.\61:not(.x){display:block}</style><div class=a>text</div>"#,
        #"<style>.a{display:none}.\40 b{display:block}</style><div class="a @b">text</div>"#,
        #"<style>.a{display:none}[id="@b"]{display:block}</style><div class=a id="@b">text</div>"#,
        #"<style>[class="@b"].a{display:none}</style><div class=a>text</div>"#,
        #"<style>.a{display:none}</style><style media="(width>1px)">.a{display:block}</style><div class=a>text</div>"#,
        "<style>a{display:none}a:link{display:block}</style><a href=x>text</a>",
        "<style>a{display:none}a:any-link{display:block}</style><a href=x>text</a>",
        "<style>a{display:none}:any-link{display:block}</style><a href=x>text</a>",
        "<style>.a{display:none}.a:lang(en){display:block}</style><div class=a lang=en>text</div>",
        "<style>.a{display:none}.a:dir(ltr){display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}.a:only-of-type{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}:scope .a{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}@media screen{.a:not(b){display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}.a{color:red;& b{x:y}display:block}</style><div class=a>text</div>",
        "<style>.b{display:none}.a:not(.c) .b{display:block}</style><div class=a><div class=b>text</div></div>",
        "<style>.b{display:none}.a:not(.c)>.b{display:block}</style><div class=a><div class=b>text</div></div>",
        "<style>.b{display:none}p+.a .b{display:block}</style><p>x</p><div class=a><div class=b>text</div></div>",
        "<style>.b{display:none}.a > .b,.a ~ .c{display:block}</style><div class=a><div class=b>text</div></div>",
        "<style>.a{visibility:hidden}.a:not(.x){visibility:visible}</style><div class=a>text</div>",
        "<style>.a{opacity:0}.a:not(.x){opacity:1}</style><div class=a>text</div>",
        "<style>.a{font-size:0}.a:not(.x){font-size:16px}</style><div class=a>text</div>",
        "<style>.a{font-size:0}.a:not(.x){font:16px a}</style><div class=a>text</div>",
        "<style>.a{transform:scale(0)}.a:not(.x){transform:none}</style><div class=a>text</div>",
        "<style>.a{display:none}.a:not(.x){all:unset}</style><div class=a>text</div>",
        #"<div style="transform:translateX(-9999px)"><div style="transform:translateX(9999px)">text</div></div>"#,
        #"<div style="transform:translateX(-9999px)"><div style="translate:9999px">text</div></div>"#,
        #"<div style="translate:-9999px"><div style="transform:translateX(9999px)">text</div></div>"#,
        #"<div style="transform:translateX(-9999px);translate:9999px">text</div>"#,
        #"<div style="transform:translateX(-9999px) translateX(9999px)">text</div>"#,
        #"<div style="position:absolute;left:-9999px;transform:translateX(9999px)">text</div>"#,
        #"<div style="position:relative;left:-9999px;translate:9999px">text</div>"#,
        #"<div style="transform:scale(.01) scale(100)">text</div>"#,
        #"<div style="scale:.01;transform:scale(100)">text</div>"#,
        #"<div style="margin-left:-9999px;text-align:right">text</div>"#,
        #"<div style="margin-left:-9999px" align=right>text</div>"#,
        #"<div dir=rtl><div style="margin-left:-9999px">text</div></div>"#,
        #"<div style="text-align:right"><div style="margin-left:-9999px">text</div></div>"#,
        #"<div style="text-indent:-9999px;text-align:right">text</div>"#,
        #"<div style="text-indent:-9999px;direction:rtl">text</div>"#,
        #"<div style="position:relative;left:-9999px;text-indent:9999px">text</div>"#,
        #"<div style="position:relative;left:-9999px"><div style="text-indent:9999px">text</div></div>"#,
        #"<div style="margin-left:-9999px"><div style="float:right">text</div></div>"#,
        #"<div style="margin-left:-9999px"><table align=right><td>text</table></div>"#,
        #"<div style="position:absolute;left:-9999px;right:0;text-align:right">text</div>"#,
        #"<style>body{background:#000}</style><div style="color:#fff">text</div>"#,
        #"<style>html{background:#000}</style><div style="color:#fff">text</div>"#,
        "<style>body.x{display:none}</style><div>text</div>",
        #"<style>body{visibility:hidden}</style><body style="visibility:visible">text"#,
        #"<div style="position:relative;left:9999px"><div style="position:relative;left:-9999px">text</div></div>"#,
        #"<div style="padding-left:9999px"><div style="margin-left:-9999px">text</div></div>"#,
        #"<div style="margin-left:9999px"><div style="transform:translateX(-9999px)">text</div></div>"#,
        #"<div style="position:relative;left:9999px;transform:translateX(-9999px)">text</div>"#,
        #"<div style="text-indent:9999px"><div style="position:relative;left:-9999px">text</div></div>"#,
    ]

    /// Hidden, for us and for Chromium.
    private static let hidden = [
        "<style>@layer x{.a{display:none}}</style><div class=a>text</div>",
        "<style>.A{display:none}</style><div class=a>text</div>",
        "<p><!doctype html><style>.A{display:none}</style><div class=a>text</div>",
        "<!DOCTYPE html><style>DIV.a{display:none}</style><div class=a>text</div>",
        "<style>.d{color:#fff}.d:hover{color:#000}</style><div class=d>text</div>",
        "<style>.d{color:#fff}.d::before{color:#000}</style><div class=d>text</div>",
        "<style>.a{display:none!important}.a:not(.x){display:block}</style><div class=a>text</div>",
        #"<style media="(min-width:5px)">.a{display:block}</style><style>div.a{display:none}</style><div class=a>text</div>"#,
        #"<style>.a{display:none}</style><style media="print">.a{display:block}</style><div class=a>text</div>"#,
        "<style>a{display:none}a:visited{display:block}</style><a href=x>text</a>",
        "<style>.a{display:none}@media (max-width:600px){.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}@media print{.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}@font-face{.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}@foo{.a{display:block}}</style><div class=a>text</div>",
        "<style>.a{display:none}.a,.b!{display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}div{div{display:block}}</style><div class=a>text</div>",
        #"<style>.b{display:none}</style><style type="text/x">.b{display:block}</style><div class=b>text</div>"#,
        #"<div style="transform:scale(0)">text</div>"#,
        #"<div style="transform:translateX(-9999px)">text</div>"#,
        #"<div style="position:absolute;left:-9999px">text</div>"#,
        #"<div style="text-indent:-9999px;text-align:center">text</div>"#,
        #"<div style="margin-left:-9999px;text-align:left">text</div>"#,
        "<style>body{color:#fff}</style><div>text</div>",
        "<style>body{display:none}</style><div>text</div>",
        #"<div style="padding:20px"><div style="position:absolute;left:-9999px">text</div></div>"#,
    ]

    /// Hidden for Chromium; shown where it is not sure.
    private static let doubtful = [
        "<style>@layer x{.a{display:none}}.a{display:revert-layer}</style><div class=a>text</div>",
        "<!DOCTYPE html><style>.a{display:none}.A{display:block}</style><div class=a>text</div>",
        "<!DOCTYPE html><style>.a{display:none}.B .a{display:block}</style><div class=b><div class=a>text</div></div>",
        "<style>.a.a{display:none}div:not(.x){display:block}</style><div class=a>text</div>",
        "<style>.a{display:none}div:has(b){display:block}</style><div class=a><b>x</b>text</div>",
        "<style>.a{display:none}.z{.a{display:block}}</style><div class=a>text</div>",
        "<style>.a .b:not(.c){display:none}</style><div class=a><div class=b>text</div></div>",
        #"<div style="zoom:.01;scale:100">text</div>"#,
    ]

    private static func shows(_ html: String) -> Bool {
        String(decoding: HTMLText.read(Array(html.utf8).span).visible, as: UTF8.self).contains("text")
    }

    @Test(arguments: shown) func shows(_ html: String) { #expect(Self.shows(html), "\(html)") }

    @Test(arguments: hidden) func hides(_ html: String) { #expect(!Self.shows(html), "\(html)") }

    @Test(arguments: doubtful) func isNotSure(_ html: String) { #expect(Self.shows(html), "\(html)") }

    /// What is not read may show the text.
    @Test func limits() {
        let long = String(repeating: "x:y;", count: 5000)
        let name = String(repeating: "z", count: 200)
        let classes = (0..<40).map { "c\($0)" }.joined(separator: " ")
        for html in [
            "<style>.a{display:none}\(String(repeating: "@media all{", count: 9)).a{display:block}</style><p class=a>text",
            "<p style='display:none;\(long)display:block'>text",
            "<style>.a{display:none;\(long)display:block}</style><p class=a>text",
            "<style>.a{display:none}.a{\(long)display:block}</style><p class=a>text",
            "<style>.a{display:none}</style><p class=a style='\(long)display:block'>text",
            "<style>.a{display:none}.a.z{display:block}</style><p class='a \(classes) z'>text",
            "<style>.a{display:none}.a.\(name){display:block}</style><p class='a \(name)'>text",
            "<p hidden \((0..<200).map { "a\($0)" }.joined(separator: " ")) style=display:block>text",
        ] { #expect(Self.shows(html), "\(html.prefix(80))") }
    }

    /// Looks for the letters of "text": whether they are drawn, where, in which size and colour.
    private static let page = """
        <!DOCTYPE html><pre id=out></pre><iframe id=frame width=1000 height=800></iframe><script>
        const frame = document.getElementById('frame');
        function numbers(colour) {
          const found = colour.match(/[0-9.]+/g).map(Number);
          return found.length < 4 ? [...found, 1] : found }
        function shows(html) {
          const page = frame.contentDocument;
          page.open(); page.write(html); page.close();
          const walker = page.createTreeWalker(page.documentElement, NodeFilter.SHOW_TEXT);
          for (let node; node = walker.nextNode();) {
            const start = node.data.indexOf('text'), element = node.parentElement;
            if (start < 0 || element.nodeName == 'STYLE') continue;
            if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
            const range = page.createRange();
            range.setStart(node, start); range.setEnd(node, start + 4);
            const box = range.getBoundingClientRect();
            const style = frame.contentWindow.getComputedStyle(element), colour = numbers(style.color);
            let back = [255, 255, 255];
            for (let around = element; around; around = around.parentElement) {
              const found = numbers(frame.contentWindow.getComputedStyle(around).backgroundColor);
              if (found[3] > .5) { back = found; break } }
            if (box.width > 3 && box.height > 3 && box.right > 0 && box.bottom > 0 && box.left < 12000
              && colour[3] > .05 && [0, 1, 2].some(part => Math.abs(colour[part] - back[part]) > 8)
              && !(style.overflowY != 'visible' && element.clientHeight < 2)) return 1 }
          return 0 }
        document.getElementById('out').textContent = CASES.map(shows).join(' ');
        </script>
        """

    @Test(.enabled(if: Chromium.isInstalled, "needs chromium"))
    func agreesWithChromium() throws {
        let cases = Self.shown + Self.hidden + Self.doubtful
        let list = String(decoding: try JSONEncoder().encode(cases), as: UTF8.self)
        let found = try Chromium.numbers(Self.page.replacingOccurrences(of: "CASES", with: list))
        try #require(found.count == cases.count)
        for (html, isShown) in zip(cases, found) { #expect((isShown == 1) == Self.shown.contains(html), "\(html)") }
    }
}
