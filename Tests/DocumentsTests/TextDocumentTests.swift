import Documents
import Foundation
import Members
import Testing

/// Files written out in text, HTML smuggling (attack G1), script in SVG.
@Suite struct TextDocumentTests {
    /// A program's head, and octets enough for several lines.
    static let program = dosProgram((0..<400).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
    private static let base64 = Data(program).base64EncodedString()

    private static func html(_ script: String) -> [UInt8] {
        Array("<html><body><script>\(script)</script></body></html>".utf8)
    }

    private func digits(_ bytes: [UInt8], prefix: String) -> String {
        bytes.map { prefix + String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }

    @Test("G1: files written out in script") func forms() {
        let text = Self.base64
        let middle = text.index(text.startIndex, offsetBy: 200)
        let lines = stride(from: 0, to: text.count, by: 76).map { start in
            String(text.dropFirst(start).prefix(76))
        }
        let hex = digits(Self.program, prefix: "")
        let plain = Self.program.map(String.init).joined(separator: ", ")
        let signed = Self.program.map { String(Int8(bitPattern: $0)) }.joined(separator: ",")
        let prefixed = Self.program.map { "0x" + String($0, radix: 16) }.joined(separator: ",\n")
        let address = text.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        var forms: [String: String] = [:]
        forms["one literal"] = "atob('\(text)')"
        forms["data address"] = "<a href=\"data:application/x;base64,\(text)\">"
        forms["joined"] = "'\(text[..<middle])' +\n \"\(text[middle...])\""
        forms["joined without blanks"] = "\"\(text[..<middle])\"+\"\(text[middle...])\""
        forms["a short piece first"] = "'\(text.prefix(4))' + '\(text.dropFirst(4))'"
        forms["short pieces"] = "'\(text.prefix(40))'+'\(text.dropFirst(40).prefix(8))'+'\(text.dropFirst(48))'"
        forms["behind prose"] = "see the attachment\r\n\r\n\(text)"
        forms["continued lines"] = lines.joined(separator: "\\\n")
        forms["lines"] = lines.joined(separator: "\r\n")
        forms["list of lines"] = "['" + lines.joined(separator: "','") + "']"
        forms["no padding"] = "x='" + text.replacingOccurrences(of: "=", with: "") + "'"
        forms["addresses' alphabet"] = address
        forms["hexadecimal"] = "var a='\(hex)'"
        forms["upper case"] = "var a='\(hex.uppercased())'"
        forms["numbers"] = "[\(plain)]"
        forms["signed numbers"] = "new Int8Array([\(signed)])"
        forms["hexadecimal numbers"] = "(\(prefixed))"
        for (name, size) in [("16", 2), ("32", 4)] {
            let padded = Self.program + [UInt8](repeating: 0, count: -Self.program.count & (size - 1))
            let wide = stride(from: 0, to: padded.count, by: size).map { place in
                String((0..<size).reduce(0) { $0 | Int(padded[place + $1]) << ($1 * 8) })
            }
            forms["numbers of \(name) bits"] = "new Uint\(name)Array([\(wide.joined(separator: ", "))])"
        }
        forms["octal escapes"] =
            "'" + Self.program.map { "\\" + String(UInt16($0) + 512, radix: 8).dropFirst() }.joined() + "'"
        forms["short octal escapes"] = "'" + Self.program.map { "\\" + String($0, radix: 8) }.joined() + "'"
        forms["escapes of unescape"] = "unescape('" + digits(Self.program, prefix: "%u00") + "')"
        forms["base64 in octal escapes"] = "'" + text.utf8.map { "\\" + String($0, radix: 8) }.joined() + "'"
        forms["base64 for unescape"] = "'" + digits(Array(text.utf8), prefix: "%u00") + "'"
        forms["escapes"] = "'" + digits(Self.program, prefix: "\\x") + "'"
        for (name, prefix) in [("pushed", "a.push(\""), ("added", "s+=\"")] {
            let end = prefix.hasSuffix("(\"") ? "\");" : "\";"
            let pieces = lines.map { prefix + $0 + end }
            forms["\(name) in one line"] = "var a=[],s='';" + pieces.joined(separator: " ")
            forms["\(name) in lines"] = pieces.joined(separator: "\r\n")
        }
        let codes = text.utf8.map(Int.init)
        func padded(_ code: Int, _ count: Int) -> String {
            let digits = String(code, radix: 16)
            return String(repeating: "0", count: count - digits.count) + digits
        }
        forms["octets as characters"] = "'" + digits(Self.program, prefix: "\\u00") + "'"
        forms["base64 in references"] =
            "<a href='&#100;ata:application/x;base64,\(codes.map { "&#\($0);" }.joined())'>"
        forms["base64 in hexadecimal references"] =
            "<a href=data:x;base64,\(codes.map { "&#x\(padded($0, 4))" }.joined())>"
        forms["base64 in escapes"] = "atob('\(codes.map { "\\x\(padded($0, 2))" }.joined())')"
        forms["base64 in characters"] = "atob(\"\(codes.map { "\\u\(padded($0, 4))" }.joined())\")"
        forms["base64 behind percent signs"] = "data:x;base64,\(codes.map { "%\(padded($0, 2))" }.joined())"
        forms["named references"] =
            "<a href='data:x;base64,"
            + stride(from: 0, to: text.count, by: 9).map { String(text.dropFirst($0).prefix(9)) }
            .joined(separator: "&Tab;&NewLine;&#10;").replacingOccurrences(of: "+", with: "&plus;")
            .replacingOccurrences(of: "/", with: "&sol;").replacingOccurrences(of: "=", with: "&equals;") + "'>"
        forms["percent signs"] = "unescape('" + digits(Self.program, prefix: "%") + "')"
        for (name, form) in forms {
            #expect(read(Self.html("var before = 'words'; " + form)).has(Self.program), "\(name)")
        }
        // Two signs of addition at the start of a line are two characters, whatever follows: here a line of multipart.
        let signs = dosProgram([UInt8](repeating: 7, count: 25) + [0xFB, 0xEF, 0xBE] + Self.program)
        let mail = Data(signs).base64EncodedString(options: .lineLength76Characters)
        #expect(mail.contains("\r\n++"))
        let found = read(Array((mail.replacingOccurrences(of: "=", with: "") + "\r\n\r\n--outerouter--\r\n").utf8))
        #expect(found.items.contains { $0.content?.starts(with: signs) == true })
        // UTF-16.
        let wide = [0xFF, 0xFE] + [UInt8](utf16: "<html><script>atob('\(text)')</script>")
        #expect(read(wide).has(Self.program))
        for front in ["x = ", "' Ни одной латинской буквы в этих словах\r\nx = "] {
            let unmarked = [UInt8](utf16: "\(front)\"\(text)\"")
            let other = stride(from: 0, to: unmarked.count, by: 2).flatMap { [unmarked[$0 + 1], unmarked[$0]] }
            #expect(read(unmarked).has(Self.program) && read(other).has(Self.program), "\(front)")
        }
        // The file of the anti-virus makers is shorter than a line.
        #expect(read(Self.html("atob('\(Data(eicar).base64EncodedString())')")).has(eicar))
    }

    /// What a page hands to its reader is found whatever format it has.
    @Test func containersInScript() {
        func text(_ head: String, _ size: Int = 200) -> [UInt8] {
            Array(head.utf8) + [UInt8](repeating: 0x41, count: size)
        }
        var image = [UInt8](repeating: 0, count: 40_960)
        image.replaceSubrange(32_769..<32_774, with: Array("CD001".utf8))
        var disk = [UInt8](repeating: 0, count: 1024)
        disk.replaceSubrange(0..<3, with: [0xEB, 0x3C, 0x90])
        disk.replaceSubrange(510..<512, with: [0x55, 0xAA])
        let contents: [String: [UInt8]] = [
            "iso": image, "disk": disk, "lz": text("LZIP\u{1}"), "lz4": [0x04, 0x22, 0x4D, 0x18] + text(""),
            "lzo": [0x89, 0x4C, 0x5A, 0x4F, 0] + text(""), "Z": [0x1F, 0x9D, 0x90] + text(""), "cpio": text("070701"),
            "arc": [0x1A, 8] + Array("A.EXE".utf8) + [UInt8](repeating: 0, count: 8) + text(""),
            "warc": text("WARC/1.0"),
            "mail": text("Received: from x\r\nSubject: y\r\n\r\n"),
            "lha": Array("AA-lh5-".utf8) + [UInt8](repeating: 0, count: 40) + text(""),
            "pak": [0x1A, 11] + Array("A B.EXE".utf8) + [UInt8](repeating: 0, count: 6) + text(""),
            "spark": [0x1A, 0x7F] + Array("A.EXE".utf8) + [UInt8](repeating: 0, count: 8) + text(""),
            "p7m": [0x30, 0x80, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2] + text(""),
        ]
        for (name, content) in contents {
            #expect(read(Self.html("x('\(Data(content).base64EncodedString())')")).has(content), "\(name)")
        }
        // Whatever it is, where a script makes a file of it, or a link saves it.
        let noise = (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 13) }
        let text64 = Data(noise).base64EncodedString()
        #expect(read(Self.html("new Blob([f('\(text64)')])")).has(noise))
        #expect(read(Self.html("f('\(text64)')")).items.isEmpty)
        #expect(read(Array("<html><a download=x.iso href='data:application/x;base64,\(text64)'>".utf8)).has(noise))
        #expect(read(Array("<html><img src='data:image/x;base64,\(text64)'>".utf8)).items.isEmpty)
        // Behind an escape in it, too.
        let escaped = "\(text64.prefix(2000))\\x\(String(Array(text64.utf8)[2000], radix: 16))\(text64.dropFirst(2001))"
        #expect(read(Self.html("new Blob([f('\(escaped)')])")).has(noise))
        // A script is short; it may be quoted by chance.
        for (size, count) in [(95, 0), (96, 1), (1200, 1)] {
            let script = Array(String(repeating: "Set s = 1\r\n", count: 120).utf8.prefix(size))
            let found = read(Self.html("new Blob([atob('\(Data(script).base64EncodedString())')])"))
            #expect(found.members(with: script).count == count, "\(size)")
            #expect(found.items.allSatisfy { $0.member.flags.contains(.quoted) })
        }
        let zeros = [UInt8](repeating: 0, count: 40_960)
        #expect(!read(Self.html("x('\(Data(zeros).base64EncodedString())')")).has(zeros))
    }

    @Test func whatIsNoFileIsLeft() {
        let prose = String(repeating: "internationalisation misunderstanding responsibility ", count: 50)
        #expect(read(Self.html(prose)).items.isEmpty)
        let noise = Data((0..<400).map { UInt8(truncatingIfNeeded: $0 &* 77 &+ 13) }).base64EncodedString()
        #expect(read(Self.html("'\(noise)'")).items.isEmpty)
        let few = (0..<31).map { _ in "77" }.joined(separator: ",")
        #expect(read(Self.html("[\(few)]")).items.isEmpty)
    }

    @Test("G1: script that hands out a file") func smuggling() {
        func isTold(_ script: String) -> Bool {
            read(Self.html(script)).facts.contains { $0.kind == .htmlSmuggling }
        }
        #expect(
            isTold(
                "var b = new Blob([Uint8Array.from(atob(x))]); a.href = URL.createObjectURL(b); a.download = 'a.zip'"))
        #expect(isTold("navigator.msSaveOrOpenBlob(new Blob([f('\(Self.base64)')]))"))
        #expect(!isTold("window.alert(atob('aGVsbG8='))"))
        #expect(!isTold("a.download = 'report.csv'"))
        // Whatever script makes of it.
        let changed = Self.program.prefix(200).map { String($0 ^ 5) }.joined(separator: ",")
        let noise = String(repeating: "kq3Vz0Lw", count: 40)
        for save in ["new Blob([u])", "URL.createObjectURL(u)", "navigator.msSaveBlob(u)", "a.download = 'a.zip'"] {
            #expect(isTold("var u=[\(changed)].map(x=>x^5); \(save)"))
            #expect(isTold("var u=f('\(noise)'); \(save)"))
            #expect(!isTold("var u=[1,2,3]; \(save)"))
            #expect(!isTold("var u=f('\(noise.prefix(200))'); \(save)"))
        }
        // In codings that are not read, and by other ways to save.
        let coded = String(repeating: "!kq3#z0L{", count: 30)
        for save in [
            "new Blob([u])", "new File([u], 'x.zip')", "r.readAsDataURL(u)", "showSaveFilePicker()",
            "f.createWritable()",
        ] {
            #expect(isTold("var u=z85('\(coded)'); \(save)"), "\(save)")
            #expect(!isTold("var u=z85('\(coded.prefix(200))'); \(save)"), "\(save)")
            #expect(!isTold("var u=get('https://example.com/\(coded)'); \(save)"), "\(save)")
        }
        #expect(!isTold("var u=z85('\(coded)'); draw(u)"))
        for array in ["new Float64Array([1.2e-300,3])", "new Float32Array(1)", "new DataView(new ArrayBuffer(n))"] {
            #expect(isTold("var u=\(array); new Blob([u])"), "\(array)")
        }
        #expect(!isTold("var u=[\(changed)]; draw(u)"))
        #expect(!isTold("var u=[\(changed)]; draw(u) // download"))
    }

    /// Script that stands in numbers or behind escapes is read as script.
    @Test func scriptInNumbers() {
        let script = "var u=atob('\(Self.base64)');a.href=URL.createObjectURL(new Blob([u]))"
        let numbers = script.utf8.map { String($0) }.joined(separator: ",")
        for page in [
            "eval(String.fromCharCode(\(numbers)))", "eval(unescape('\(digits(Array(script.utf8), prefix: "%"))'))",
        ] {
            let found = read(Self.html(page))
            #expect(found.facts.contains { $0.kind == .htmlSmuggling })
            #expect(found.items.contains { $0.content == Array(script.utf8) })
        }
        // Without script nobody runs it.
        #expect(read(Array("<html><p>[\(numbers)]</p></html>".utf8)).items.isEmpty)
    }

    /// A link to a file in the page's own text, saved by its attribute or opened by script.
    @Test func linksToFiles() {
        let noise = Data((0..<900).map { UInt8(truncatingIfNeeded: $0 &* 77 &+ 13) }).base64EncodedString()
        func isTold(_ page: String) -> Bool {
            read(Array("<html><body>\(page)</body></html>".utf8)).facts.contains { $0.kind == .htmlSmuggling }
        }
        #expect(isTold("<a download=\"inv.zip\" href=\"data:application/octet-stream;base64,\(noise)\">x</a>"))
        #expect(isTold("<a href='data:application/zip;name=x;base64,\(noise)' download>x</a>"))
        #expect(isTold("<script>location.href='data:application/zip;base64,\(noise)'</script>"))
        #expect(!isTold("<p>Download our app</p><img src='data:image/png;base64,\(noise)'>"))
        #expect(!isTold("<a href='https://example.com/' download>x</a> \(noise)"))
        #expect(!isTold("<script>1</script><style>src:url(data:application/font-woff;base64,\(noise))</style>"))
    }

    @Test("G2: script in vector images") func scriptInVectorImages() {
        func isTold(_ text: String) -> Bool {
            let padded = text + String(repeating: " ", count: 100)
            return read(Array(padded.utf8)).facts.contains { $0.kind == .svgScript }
        }
        #expect(isTold("<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"))
        #expect(isTold("<?xml version='1.0'?>\n<svg:svg xmlns:svg='x'><svg:g onload ='f()'/></svg:svg>"))
        #expect(isTold("<svg><a xlink:href='javascript:f()'/></svg>"))
        #expect(isTold("<svg:SVG\n><svg:script/></svg:SVG>"))
        #expect(!isTold("<svg><path d='M0 0'/><text>one = two</text></svg>"))
        // OpenDocument has these names as prefixes.
        let spaces = "xmlns:svg='urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0' xmlns:script='x'"
        #expect(
            !isTold(
                "<?xml version='1.0'?><office:document-content \(spaces)><office:scripts><office:script "
                    + "script:language='ooo:Basic'/></office:scripts><svg:title>one</svg:title></office:document-content>"
            ))
        #expect(!isTold("<svgs><script>1</script></svgs>"))
        #expect(!isTold("<svg><scripts>1</scripts></svg>"))
        #expect(!isTold("<html><script>1</script></html>"))
        // What stands in front of the image; in a page it is a picture of many.
        let image = "<svg><script>1</script></svg>"
        for front in [" ", "\r\n"] { #expect(isTold(String(repeating: front, count: 5_000) + image)) }
        let words = String(repeating: "words ", count: 900)
        #expect(isTold("<!-- \(words) -->" + image))
        #expect(!isTold("<html><p>\(words)</p>" + image))
        let named = read(Array("<!-- <div> \(words) -->\(image)".utf8), DocumentOptions(namedPage: .vectorImage))
        #expect(named.facts.contains { $0.kind == .svgScript })
    }

    @Test func formulasInTables() {
        let table = "name,value\r\na,=cmd|'/k calc.exe'!A0\r\n\"+MSEXCEL|'x'!a\";b|'c'!d\n"
        #expect(Set(read(Array(table.utf8)).texts(.dde)) == ["=cmd|'/k calc.exe'", "+MSEXCEL|'x'"])
    }
}
